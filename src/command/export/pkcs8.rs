//! `export pkcs8`: the key alone, for Java.

use anyhow::{Context, Result};

use super::pair::{Pair, named};
use crate::certs_dir::CertsDir;
use crate::cli::export::{KeyForm, Pkcs8};
use crate::pki::pem;

/// Writes the key.
pub fn run(args: &Pkcs8) -> Result<()> {
    let certs_dir = CertsDir::open(&args.whose.dir.path()?)?;
    let pair = Pair::read(&certs_dir, named(&args.whose.who)?)?;
    // The one file that belongs into the directory.
    let own = Some(pair.name.pkcs8_file()).filter(|_| args.format == KeyForm::Der);
    let out = args.out.place_key(&pair, own.as_deref())?;
    let der = pair.key.to_pkcs8_der().context("could not encode the key")?;
    match args.format {
        KeyForm::Der => out.put("key", &der),
        KeyForm::Pem => out.put("key", &pem::armor("PRIVATE KEY", &der)),
    }
}
