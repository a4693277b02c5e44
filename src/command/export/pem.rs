//! `export pem`: key and certificate chain in one file.

use anyhow::{Context, Result};
use zeroize::Zeroizing;

use super::pair::{Pair, named};
use crate::certs_dir::CertsDir;
use crate::cli::export::Pem;

/// Writes the key, the certificate, and those between it and its root.
pub fn run(args: &Pem) -> Result<()> {
    let certs_dir = CertsDir::open(&args.whose.dir.path()?)?;
    let pair = Pair::read(&certs_dir, named(&args.whose.who)?)?;
    let out = args.out.place_key(&pair, None)?;
    let key = pair.key.to_pem().context("could not encode the key")?;
    // Allocated at once, so that growing leaves no copy of the key behind.
    let all = Zeroizing::new([&key[..], &pair.certificates.to_pem()].concat());
    out.put("key and certificates", &all)
}
