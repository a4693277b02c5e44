//! The OpenSSL in use, its providers, and FIPS.

use std::fs;

use openssl::version;
use thiserror::Error;

use crate::ffi;

/// Where the kernel says whether the host is in FIPS mode.
const KERNEL: &str = "/proc/sys/crypto/fips_enabled";

/// What enforces FIPS, which means that every fetch from OpenSSL's providers asks for `fips=yes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fips {
    /// Nothing.
    NotEnforced,
    /// `--fips`, its environment variable, or the build.
    Flag,
    /// OpenSSL's configuration.
    Configuration,
    /// The kernel, which OpenSSL follows.
    Kernel,
}

/// Why FIPS cannot be enforced.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FipsError {
    /// OpenSSL has not loaded its FIPS provider.
    #[error("OpenSSL's FIPS provider is not loaded (loaded: {0})")]
    NotLoaded(String),
    /// OpenSSL does not accept the property.
    #[error("OpenSSL does not take fips=yes as its default property")]
    Refused,
}

impl Fips {
    /// The current state, set by OpenSSL's configuration and the kernel.
    pub fn found() -> Self {
        openssl::init();
        let kernel = fs::read_to_string(KERNEL).is_ok_and(|text| text.trim() == "1");
        match ffi::fips_is_default() {
            false => Self::NotEnforced,
            true if kernel => Self::Kernel,
            true => Self::Configuration,
        }
    }

    /// Makes sure that only the FIPS provider does cryptography from now on.
    ///
    /// # Errors
    /// If the FIPS provider is not loaded.
    pub fn enforce() -> Result<Self, FipsError> {
        let found = Self::found();
        if !ffi::fips_provider_is_active() {
            return Err(FipsError::NotLoaded(loaded()));
        }
        if found != Self::NotEnforced {
            return Ok(found);
        }
        ffi::make_fips_default().then_some(Self::Flag).ok_or(FipsError::Refused)
    }

    /// For people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Configuration | Self::Kernel if !ffi::fips_provider_is_active() => {
                "asked for, but the FIPS provider is not loaded"
            }
            Self::NotEnforced => "not enforced",
            Self::Flag => "enforced by --fips",
            Self::Configuration => "enforced by OpenSSL's configuration",
            Self::Kernel => "enforced by the kernel",
        }
    }
}

/// The OpenSSL that the tool was built with, as `3.0.19`.
pub fn built_with() -> String {
    // OpenSSL's number format is 0xMNN00PP0.
    let number = u64::from_str_radix(env!("CRDB_CERT_BUILT_WITH_OPENSSL"), 16).unwrap_or_default();
    format!("{}.{}.{}", number >> 28, (number >> 20) & 0xff, (number >> 4) & 0xff)
}

/// The OpenSSL in use now, in its own words: `OpenSSL 3.0.19 27 Jan 2026`.
pub fn running_with() -> &'static str {
    version::version()
}

/// The loaded providers with their versions: `fips 3.5.7, base 3.0.19`.
pub fn loaded() -> String {
    openssl::init();
    let named = |(name, version): (String, Option<String>)| match version {
        Some(version) => format!("{name} {version}"),
        None => name,
    };
    ffi::active_providers().into_iter().map(named).collect::<Vec<_>>().join(", ")
}
