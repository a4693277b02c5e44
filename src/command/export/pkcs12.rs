//! `export pkcs12`: key, certificate and CA certificates under a passphrase.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use zeroize::Zeroizing;

use super::pair::{Authorities, Pair, named};
use crate::ca::passphrase::{self, Source};
use crate::certs_dir::CertsDir;
use crate::certs_dir::layout::CertificateName;
use crate::cli::export::Pkcs12;
use crate::command::announce;
use crate::error::Advice;
use crate::pki::pkcs12::{Bundle, Encryption, Mac};
use crate::pki::provider::Fips;
use crate::usage::Usage;

/// What PostgreSQL's JDBC driver calls the key, whatever the user is called.
const NAME: &str = "user";

/// Writes the file.
pub fn run(args: &Pkcs12) -> Result<()> {
    let protection = protection(args)?;
    let certs_dir = CertsDir::open(&args.whose.dir.path()?)?;
    let pair = Pair::read(&certs_dir, named(&args.whose.who)?)?;
    let Authorities { root, trusted } = pair.authorities()?;
    let out = args.out.place_key(&pair, None)?;
    let name = args.name.as_deref().unwrap_or_else(|| usual_name(&pair.name));
    if name.is_empty() {
        bail!("--name: the name is empty");
    }
    let passphrase = ask(args, &pair.name.certificate_file())?;
    let chain: Vec<_> = pair.certificates.others.iter().cloned().chain(root).collect();
    let leaf = &pair.certificates.first;
    let bundle = Bundle { name, key: &pair.key, leaf, chain: &chain, trusted: &trusted };
    let encoded = bundle.encode(as_text(&passphrase)?, protection.0, protection.1);
    let encoded = Zeroizing::new(encoded.context("could not make the PKCS#12 file")?);
    out.put("PKCS#12 file", &encoded)?;
    match protection.1 {
        Mac::Usual => {}
        Mac::Pbmac1 => announce::stderr(
            "note: the MAC is PBMAC1 (RFC 9579): OpenSSL 3.4, Java 26, the NSS and GnuTLS of RHEL 10, and newer ones read it; \
             Windows and older programs do not",
        ),
        Mac::None => {
            announce::stderr("note: the file has no MAC, so no program can tell whether somebody changed it")
        }
    }
    Ok(())
}

fn usual_name(name: &CertificateName) -> &'static str {
    if name.usage == Usage::Client { NAME } else { name.usage.kind().prefix }
}

/// How the file is protected: as the flags say, and as the providers can.
fn protection(args: &Pkcs12) -> Result<(Encryption, Mac)> {
    let is_fips = Fips::found() != Fips::NotEnforced;
    let encryption = if args.legacy { Encryption::TripleDes } else { Encryption::Aes };
    if args.legacy && (is_fips || !Mac::Usual.is_possible()) {
        let what =
            "--legacy: FIPS approves neither 3DES nor this use of SHA-1, and OpenSSL's providers here lack it";
        let hint = "leave --legacy out, or run it where OpenSSL is not in FIPS mode";
        return Err(Advice::new(what, hint).into());
    }
    let mac = match () {
        () if args.no_mac => Mac::None,
        () if args.pbmac1 || is_fips || !Mac::Usual.is_possible() => Mac::Pbmac1,
        () => Mac::Usual,
    };
    Ok((encryption, mac))
}

fn ask(args: &Pkcs12, file: &str) -> Result<Zeroizing<Vec<u8>>> {
    let source = match (&args.passphrase_file, args.passphrase_fd) {
        (Some(file), _) => Source::File(PathBuf::from(file)),
        (None, Some(number)) => Source::Descriptor(number),
        (None, None) => Source::Terminal,
    };
    let mut findings = Vec::new();
    let passphrase = source.new_one(&format!("the PKCS#12 file of {file}"), &passphrase::FILE, &mut findings);
    announce::findings(&findings);
    passphrase
}

/// Programs disagree on how other characters become octets.
fn as_text(passphrase: &[u8]) -> Result<&str> {
    let text = std::str::from_utf8(passphrase).ok();
    let text = text.filter(|text| text.bytes().all(|b| b == b' ' || b.is_ascii_graphic()));
    text.ok_or_else(|| {
        let what = "the passphrase has characters in it that are not printable ASCII, which programs read in different ways";
        Advice::new(what, "choose one of letters, digits, spaces and punctuation").into()
    })
}
