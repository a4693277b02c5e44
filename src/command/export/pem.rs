//! `export pem`: key and certificate chain in one file.

use anyhow::{Context, Result};
use zeroize::Zeroizing;

use super::pair::{Pair, named};
use crate::certs_dir::CertsDir;
use crate::cli::export::Pem;
use crate::pki::pem;

/// Writes the key, the certificate, and those between it and its root.
pub fn run(args: &Pem) -> Result<()> {
    let certs_dir = CertsDir::open(&args.whose.dir.path()?)?;
    let pair = Pair::read(&certs_dir, named(&args.whose.who)?)?;
    let out = args.out.place(&pair, None)?;
    let key = pair.key.to_pem().context("could not encode the key")?;
    let chain = std::iter::once(&pair.certificates.first).chain(&pair.certificates.others);
    let chain: Vec<_> = chain.map(|certificate| pem::armor("CERTIFICATE", certificate.der())).collect();
    // Allocated at once, so that growing leaves no copy of the key behind.
    let length = key.len() + chain.iter().map(|block| block.len()).sum::<usize>();
    let mut all = Zeroizing::new(Vec::with_capacity(length));
    all.extend_from_slice(&key);
    chain.iter().for_each(|block| all.extend_from_slice(block));
    out.put("key and certificates", &all)
}
