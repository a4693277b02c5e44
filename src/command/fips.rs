//! `--fips`: OpenSSL's FIPS provider does all cryptography, or nothing is done.

use anyhow::{Result, anyhow};

use crate::error::Advice;
use crate::go_bool;
use crate::pki::provider::{Fips, FipsError};

/// Does the same as the flag.
const VARIABLE: &str = "CRDB_CERT_FIPS";

/// Enforces FIPS if the flag, or else the environment, or else the build asks for it; returns what enforces it.
///
/// # Errors
/// If OpenSSL has no FIPS provider loaded.
pub fn apply(flag: Option<bool>) -> Result<Fips> {
    let asked = match flag {
        Some(asked) => asked,
        None => from_environment()?.unwrap_or(cfg!(feature = "fips-default")),
    };
    if !asked {
        return Ok(Fips::found());
    }
    Fips::enforce().map_err(|error| match error {
        FipsError::NotLoaded(_) => Advice::new(
            format!("--fips: {error}"),
            "run `openssl fipsinstall`, and activate the fips and base providers in the file that OPENSSL_CONF names \
             (OPENSSL_MODULES is where fips.so is); see docs/fips.md",
        )
        .into(),
        FipsError::Refused => anyhow!("--fips: {error}"),
    })
}

fn from_environment() -> Result<Option<bool>> {
    let Some(value) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) else { return Ok(None) };
    match value.to_str().and_then(go_bool::parse) {
        Some(asked) => Ok(Some(asked)),
        None => {
            Err(anyhow!("the environment variable {VARIABLE} is {value:?}, which is neither true nor false"))
        }
    }
}
