//! The requests that `sign` is given, directory by directory. Each directory is opened once.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::allow::Granted;
use crate::approval::{self, Approval, Grant};
use crate::certs_dir::batch::{Contents, Existing, Target};
use crate::certs_dir::layout::{CertificateName, signed_file};
use crate::certs_dir::{CertsDir, Reading, parent};
use crate::cli::Sign;
use crate::command::announce;
use crate::error::{Advice, clipped};
use crate::mint::Minted;
use crate::pki::key::PrivateKey;
use crate::pki::request::{RequestError, SigningRequest};
use crate::store::dir::Owner;
use crate::store::read::Regular;
use crate::usage::Usage;

/// The most bytes of what a request asks for that are shown.
const SHOWN: usize = 2000;

/// What to do about a file that is no request.
const OTHER_FILE: &str = "name the file of a request, such as node.csr of crdb-cert csr";

/// What to do about a request that cannot be signed.
const OTHER_REQUEST: &str = "have the request made again, with crdb-cert csr";

/// A directory with requests.
pub struct Place {
    /// The directory.
    pub dir: CertsDir,
    files: Vec<String>,
}

/// A request that may be signed once somebody allows what is still open.
pub struct Incoming {
    /// Its file, as the operator knows it.
    pub path: String,
    /// The file of its certificate.
    pub target: String,
    /// What it says.
    pub request: SigningRequest,
    /// What it may ask for.
    pub grants: Vec<Grant>,
    /// What it gets.
    pub approval: Approval,
}

impl Incoming {
    /// What failed, for an error.
    pub fn failure(&self) -> String {
        failure(&self.path)
    }
}

/// The path as the operator gave it.
fn shown(dir: &Path, file: &str) -> PathBuf {
    if dir == Path::new(".") { PathBuf::from(file) } else { dir.join(file) }
}

fn failure(path: &str) -> String {
    format!("failed to sign {path}")
}

impl Place {
    /// The directories of these files.
    pub fn of_files(paths: &[OsString]) -> Result<Vec<Self>> {
        let mut places: Vec<Self> = Vec::new();
        for path in paths {
            let path = Path::new(path);
            let file = path.file_name().and_then(OsStr::to_str);
            let file =
                file.with_context(|| format!("{path:?} is not the path of a file, in UTF-8"))?.to_owned();
            let dir = CertsDir::open(parent(path)).with_context(|| failure(&path.display().to_string()))?;
            let same = |place: &Self| dir.dir().map_or(Ok(false), |dir| place.dir.is(dir));
            let mut at = None;
            for (index, place) in places.iter().enumerate() {
                at = at.or(same(place)?.then_some(index));
            }
            match at {
                Some(at) if places[at].files.iter().any(|other| signed_file(other) == signed_file(&file)) => {
                    bail!(
                        "{} is the certificate of two of the requests",
                        dir.path().join(signed_file(&file)).display()
                    )
                }
                Some(at) => places[at].files.push(file),
                None => places.push(Self { dir, files: vec![file] }),
            }
        }
        Ok(places)
    }

    /// Reads, checks and shows the requests.
    pub fn read(&self, usage: Usage, granted: &Granted) -> Result<Vec<Incoming>> {
        let reading = self.dir.read();
        let read = |file: &String| {
            let path = shown(reading.dir_path(), file).display().to_string();
            incoming(&reading, file, usage, granted).with_context(|| failure(&path))
        };
        self.files.iter().map(read).collect()
    }

    /// Refuses what can be refused before the CA key is loaded.
    pub fn check(&self, requests: &[Incoming], owner: Option<Owner>, overwrite: bool) -> Result<()> {
        let targets: Vec<_> = requests.iter().map(|request| target(&request.target, overwrite)).collect();
        self.dir.writer(owner).check(&targets)?;
        requests.iter().try_for_each(|request| self.check_pair(request).with_context(|| request.failure()))
    }

    /// Puts the certificates in place together.
    pub fn put(
        &self,
        certificates: Vec<(String, Minted)>,
        owner: Option<Owner>,
        args: &Sign,
        not_after: i64,
    ) -> Result<()> {
        let names: Vec<_> = certificates.iter().map(|(file, _)| shown(self.dir.path(), file)).collect();
        let file = |(file, minted): (String, Minted)| {
            (target(&file, args.new.overwrite), Contents::Certificates(minted.pem))
        };
        let batch = certificates.into_iter().map(file).collect();
        announce::findings(&self.dir.writer(owner).commit(batch, None).context("failed to sign")?);
        for path in names {
            log::info!("generated {} certificate: {}", args.kind.usage().kind().noun, path.display());
            announce::certificate(&path, Some(not_after));
        }
        Ok(())
    }

    /// A certificate beside the key of another one would stop the server that uses them.
    fn check_pair(&self, incoming: &Incoming) -> Result<()> {
        let file = format!("{}.key", incoming.target.strip_suffix(".crt").unwrap_or(&incoming.target));
        let reading = self.dir.read();
        if !reading.has(&file) {
            return Ok(());
        }
        let contents = reading.open(&file).and_then(Regular::read).ok();
        let key = contents.and_then(|contents| PrivateKey::from_pem(&contents).ok());
        if key.is_some_and(|key| key.matches(&incoming.request.key)) {
            return Ok(());
        }
        let path = reading.path(&file).display().to_string();
        let what =
            format!("beside it is {path}, which is not the request's key: the certificate would not fit it");
        Err(Advice::new(
            what,
            "print the certificate with --out=-, or move the request to a directory of its own",
        )
        .into())
    }
}

/// What may be done about a certificate that is there.
fn target(file: &str, overwrite: bool) -> Target {
    let existing = if overwrite { Existing::Replace } else { Existing::Refuse };
    Target { file: file.to_owned(), existing }
}

fn incoming(reading: &Reading<'_>, file: &str, usage: Usage, granted: &Granted) -> Result<Incoming> {
    let path = shown(reading.dir_path(), file).display().to_string();
    let contents = reading.open(file).and_then(Regular::read);
    let contents = contents.map_err(|error| Advice::new(error.to_string(), OTHER_FILE))?;
    let request = SigningRequest::read(&contents).map_err(|error| {
        use RequestError::{Algorithm, Contents, Key, Signature, Subject};
        let is_request = matches!(error, Subject(_) | Contents(_) | Key(_) | Algorithm(_) | Signature);
        Advice::new(error.to_string(), if is_request { OTHER_REQUEST } else { OTHER_FILE })
    })?;
    show(&path, &request);
    let grants = granted.of(reading.dir_path(), file);
    let approval = approve(&request, usage, &grants)?;
    let target = signed_file(file);
    check_name(&target, usage)?;
    Ok(Incoming { path, target, request, grants, approval })
}

/// The names of a directory say what is in its files.
fn check_name(file: &str, usage: Usage) -> Result<()> {
    match CertificateName::from_file(file) {
        Some(Ok(name)) if name.usage != usage => {
            let what = format!("{file} is the name of a {} certificate", name.usage.kind().noun);
            Err(Advice::new(what, format!("rename the request, for example to {}.csr", usage.kind().prefix))
                .into())
        }
        _ => Ok(()),
    }
}

fn approve(request: &SigningRequest, usage: Usage, grants: &[Grant]) -> Result<Approval> {
    if let Some(why) = approval::unusable_subject(request, usage) {
        bail!("the request's subject is {}: {why}", request.subject.name);
    }
    approval::judge(request, usage, grants).map_err(|refused| {
        let what = clipped(format_args!("the request asks for {}", refused.join(", ")), SHOWN);
        let hint = format!(
            "a {} certificate has none of that: have the request made again, with crdb-cert csr",
            usage.kind().noun
        );
        Advice::new(what, hint).into()
    })
}

/// Shows what the request asks for, as far as all profiles know it.
fn show(path: &str, request: &SigningRequest) {
    let asked = &request.asked;
    let names: Vec<_> = asked.alt_names.iter().map(ToString::to_string).collect();
    let none = |text: String| if text.is_empty() { "none".to_owned() } else { text };
    let lines = [
        ("subject", request.subject.name.to_string()),
        ("names", none(names.join(", "))),
        ("key", request.key_kind.clone()),
        ("key usage", none(asked.key_usage.join(", "))),
        ("extended key usage", none(asked.purposes.join(", "))),
    ];
    let lines = lines.iter().map(|(what, text)| format!("  {what}: {}", clipped(text, SHOWN)));
    for line in std::iter::once(format!("{path}:")).chain(lines) {
        log::info!("{line}");
        announce::line(&line);
    }
}
