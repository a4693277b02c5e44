//! What came from the CA: the files that the command line names.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use zeroize::Zeroizing;

use crate::ca::passphrase::Source;
use crate::certificate::Certificate;
use crate::certs_dir::batch::Holder;
use crate::certs_dir::ownership;
use crate::cli::Import;
use crate::command::announce;
use crate::error::{Advice, reason};
use crate::pki::container::{Container, ContainerError};
use crate::pki::key::PrivateKey;
use crate::store::read::{LIMIT, ReadError, Regular};

/// The most certificates of all files together.
const CERTIFICATES: usize = 200;

/// All certificates and keys that came.
pub struct Answer {
    /// Each of them once.
    pub certificates: Vec<Certificate>,
    /// Of PKCS#12, for example; and whose each one is, where that matters.
    pub keys: Vec<(PrivateKey, Option<Holder>)>,
    /// The files, for messages.
    pub shown: String,
}

impl Answer {
    /// Reads the files.
    pub fn read(args: &Import) -> Result<Self> {
        let shown: Vec<_> = args.files.iter().map(|file| shown(file)).collect();
        let mut answer = Self { certificates: Vec::new(), keys: Vec::new(), shown: shown.join(", ") };
        for (file, shown) in args.files.iter().zip(shown) {
            let (contents, holder) = contents(file).with_context(|| format!("could not read {shown}"))?;
            let container = Container::read(&contents, || passphrase(args, &shown));
            let container = container.map_err(with_advice);
            answer.add(container.with_context(|| format!("could not read {shown}"))?, holder)?;
        }
        Ok(answer)
    }

    fn add(&mut self, container: Container, holder: Option<Holder>) -> Result<()> {
        for certificate in container.certificates {
            if !self.certificates.contains(&certificate) {
                self.certificates.push(certificate);
            }
        }
        self.keys.extend(container.key.map(|key| (key, holder)));
        if self.certificates.len() > CERTIFICATES {
            bail!("there are more than {CERTIFICATES} certificates in {}", self.shown);
        }
        Ok(())
    }
}

fn shown(file: &OsStr) -> String {
    if file == "-" { "standard input".to_owned() } else { Path::new(file).display().to_string() }
}

/// What is in the file, and whose it is.
fn contents(file: &OsStr) -> Result<(Zeroizing<Vec<u8>>, Option<Holder>)> {
    if file != "-" {
        let path = Path::new(file);
        let read = || {
            let open = Regular::open(path)?;
            let holder = ownership::holder(&open, path.to_owned(), None);
            Ok((open.read()?, holder))
        };
        return read().map_err(|error| match error {
            ReadError::NotFound => {
                Advice::new(error.to_string(), "name the file that the CA sent, or - for stdin").into()
            }
            error => anyhow!(error),
        });
    }
    // Allocated at once, so that growing leaves no copy of a key behind.
    let mut contents = Zeroizing::new(Vec::with_capacity(LIMIT as usize + 2));
    let read = io::stdin().lock().take(LIMIT + 1).read_to_end(&mut contents);
    read.map_err(|error| anyhow!("{}", reason(&error)))?;
    if contents.len() as u64 > LIMIT {
        bail!("it has more than {LIMIT} bytes");
    }
    Ok((contents, None))
}

fn passphrase(args: &Import, shown: &str) -> Result<Zeroizing<Vec<u8>>> {
    let source = match (&args.passphrase_file, args.passphrase_fd) {
        (Some(file), _) => Source::File(PathBuf::from(file)),
        (None, Some(number)) => Source::Descriptor(number),
        (None, None) => Source::Terminal,
    };
    let mut findings = Vec::new();
    let passphrase = source.existing(shown, &mut findings);
    announce::findings(&findings);
    if source != Source::Terminal {
        return passphrase;
    }
    passphrase.map_err(|error| {
        let hint = "name it in --passphrase-file or --passphrase-fd";
        Advice::new(format!("{error:#}"), hint).into()
    })
}

/// What to do about a file that cannot be read.
fn with_advice(error: anyhow::Error) -> anyhow::Error {
    let hint = match error.downcast_ref() {
        None => return error,
        Some(ContainerError::Protection(_)) => {
            "make PEM of it where OpenSSL is not in FIPS mode, and import that: openssl pkcs12 -nodes -in FILE"
        }
        Some(ContainerError::Passphrase(_)) => "give the passphrase of the file: --passphrase-file=<file>",
        Some(_) => "ask the CA for the certificate and its chain as PEM, DER, PKCS#7 or PKCS#12",
    };
    Advice::new(error.to_string(), hint).into()
}
