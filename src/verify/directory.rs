//! The checks of the directory itself, and of files in it that are no certificates.

use std::path::Path;

use anyhow::{Result, anyhow};

use super::Expected;
use super::trust::Trust;
use crate::ca::authority;
use crate::certs_dir::access::{Mode, Ownership, can_enter, can_read, check_ca_key};
use crate::certs_dir::layout::{self, CertificateName};
use crate::certs_dir::ownership::writable_certs_dir;
use crate::certs_dir::{CertsDir, Reading};
use crate::error::{clipped, reason, shell_word};
use crate::finding::{Check, Finding, checks};
use crate::pki::key::{PrivateKey, StoredKeyError, Weakness};
use crate::store::change;
use crate::store::dir::{Dir, euid};
use crate::store::read::{ReadError, Regular};
use crate::usage::KINDS;

/// How many stray files are told one by one.
const STRAYS: usize = 100;
/// The most bytes of a sentence.
const WIDEST: usize = 500;

/// The directory, and what is known of it.
pub struct Directory<'a> {
    /// The directory.
    pub certs_dir: &'a CertsDir,
    /// As it is read.
    pub reading: &'a Reading<'a>,
    /// Its certificates.
    pub names: &'a [CertificateName],
    /// What is expected.
    pub expected: &'a Expected,
    /// Its CAs.
    pub trust: &'a Trust,
}

impl Directory<'_> {
    /// What is wrong with it.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn findings(&self) -> Result<Vec<Finding>> {
        let Some(dir) = self.certs_dir.dir() else { return Ok(Vec::new()) };
        let mut findings: Vec<_> = writable_certs_dir(dir).into_iter().chain(self.owner(dir)).collect();
        findings.extend(self.unreadable(dir));
        findings.extend(self.missing_ca());
        findings.extend(litter(dir));
        findings.extend(self.strays(dir)?);
        findings.extend(self.expected.ca_key.as_deref().map(|path| self.ca_key(path)).unwrap_or_default());
        Ok(findings)
    }

    fn word(&self, file: &str) -> String {
        shell_word(&self.reading.path(file).display().to_string())
    }

    /// Whoever owns the directory can replace what is in it.
    fn owner(&self, dir: &Dir) -> Option<Finding> {
        let judge = &self.expected.judge;
        // Who only looks at certificates, such as an account for metrics, is not the server.
        let account = judge.account.as_ref().filter(|account| judge.keys && !account.any_owner)?;
        let owner = dir.stat().ok()?.st_uid;
        let path = dir.path().display();
        let what = format!("{path} belongs to uid {owner}, who can replace what is in it");
        let is_known = [0, euid(), account.uid].contains(&owner);
        let hint = format!("chown {} {}", account.uid, shell_word(&path.to_string()));
        (!is_known).then(|| checks::DIR_OWNER.found(path, what).hint(hint))
    }

    /// The server has to list the directory, and to open files in it.
    fn unreadable(&self, dir: &Dir) -> Option<Finding> {
        let account = self.expected.judge.account.as_ref()?;
        let stat = dir.stat().ok()?;
        let ownership = Ownership { uid: stat.st_uid, gid: stat.st_gid, mode: stat.st_mode };
        let path = dir.path().display();
        let what = format!(
            "the server's account (uid {}) cannot open what is in {path}, which has permissions {}",
            account.uid,
            Mode(stat.st_mode & 0o7777)
        );
        let hint = format!("chmod a+rx {}", shell_word(&path.to_string()));
        (!can_enter(ownership, account)).then(|| checks::DIR_UNREADABLE.found(path, what).hint(hint))
    }

    /// Certificates that the CA of this directory has to vouch for need it there.
    fn missing_ca(&self) -> Option<Finding> {
        let needs = |name: &&CertificateName| {
            let signers = name.usage.kind().signers;
            !signers.is_empty() && !signers.iter().any(|ca| self.has(&CertificateName::of(*ca)))
        };
        let name = match self.names.iter().find(needs) {
            None if !self.names.is_empty() => return None,
            name => name,
        };
        let ca = name.map_or("ca.crt".to_owned(), |name| authority::certificate_file(self.reading, name.usage));
        let dir = self.reading.dir_path().display();
        let what = match name {
            Some(name) => format!("{ca} is not in {dir}: nothing vouches for {}", name.certificate_file()),
            None => format!("there are no certificates in {dir}"),
        };
        let hint = format!("cp .../{ca} {}", shell_word(&dir.to_string()));
        Some(checks::CA_MISSING.found(ca, what).hint(hint))
    }

    fn has(&self, name: &CertificateName) -> bool {
        self.names.iter().take(KINDS.len()).any(|known| known == name)
    }

    /// Keys without certificates, and CA keys.
    fn strays(&self, dir: &Dir) -> Result<Vec<Finding>> {
        let names = dir.names().map_err(|error| {
            anyhow!("could not read the certs directory {}: {}", dir.path().display(), reason(&error))
        })?;
        let keys = names.iter().filter_map(|name| name.to_str()).filter(|name| name.ends_with(".key"));
        let mut findings: Vec<_> = keys.filter_map(|file| self.stray(file)).take(STRAYS).collect();
        findings.sort_by(|a, b| a.file.cmp(&b.file));
        Ok(findings)
    }

    fn stray(&self, file: &str) -> Option<Finding> {
        if !layout::is_key(file) {
            return self.ca_key_here(file);
        }
        let certificate = format!("{}.crt", file.strip_suffix(".key")?);
        if self.reading.has(&certificate) {
            return None;
        }
        let what = clipped(format_args!("{certificate} is not there: nobody can use the key"), WIDEST);
        let hint = format!("put {} in place, or remove the key", self.word(&certificate));
        Some(checks::CERTIFICATE_MISSING.found(clipped(file, WIDEST), what).hint(hint))
    }

    /// Is it a CA's key, by what it holds, or by its name where that cannot be told?
    fn ca_key_here(&self, file: &str) -> Option<Finding> {
        let is_called = || {
            let stem = file.strip_suffix(".key").unwrap_or(file);
            KINDS.iter().any(|kind| kind.usage.is_ca() && kind.prefix == stem)
        };
        let is_one = match self.expected.judge.keys.then(|| self.reading.open(file).and_then(Regular::read)) {
            Some(Ok(contents)) => match PrivateKey::from_pem(&contents) {
                Ok(key) => is_called() || self.trust.all().any(|ca| key.is_of(ca).unwrap_or(false)),
                Err(StoredKeyError::Encrypted) => is_called(),
                Err(_) => false,
            },
            Some(Err(_)) | None => is_called(),
        };
        let what = "a CA key is in the certs directory: whoever has it can log in as any user";
        let hint = format!("mv {} my-safe-directory/", self.word(file));
        is_one.then(|| checks::CA_KEY_IN_DIR.found(clipped(file, WIDEST), what).hint(hint))
    }

    /// The CA key has to belong to a CA of the directory, and to be out of the server's reach.
    fn ca_key(&self, path: &Path) -> Vec<Finding> {
        let shown = path.display().to_string();
        let found = |check: &'static Check, what: String| check.found(&shown, clipped(what, WIDEST));
        let open = match Regular::open(path) {
            Ok(open) => open,
            Err(why) => return vec![unreadable(&shown, &why)],
        };
        let mut findings = check_ca_key(path, open.metadata());
        let ownership = Ownership::from(open.metadata());
        let account =
            self.expected.judge.account.as_ref().filter(|account| ![0, euid()].contains(&account.uid));
        if account.is_some_and(|account| can_read(ownership, account)) {
            let what = "the account that the database runs under can read the CA key".to_owned();
            let hint = format!("chown 0 {0} && chmod 600 {0}", shell_word(&shown));
            findings.push(found(&checks::CA_KEY_EXPOSED, what).hint(hint));
        }
        if !self.expected.judge.keys {
            return findings;
        }
        let key = match open.read().map(|contents| PrivateKey::from_pem(&contents)) {
            // Its passphrase is not asked for.
            Ok(Err(StoredKeyError::Encrypted)) => return findings,
            Ok(Ok(key)) => key,
            Ok(Err(why)) => {
                findings.push(found(&checks::CA_KEY_UNREADABLE, why.to_string()));
                return findings;
            }
            Err(why) => {
                findings.push(unreadable(&shown, &why));
                return findings;
            }
        };
        if let Some(Weakness::Refused(why) | Weakness::Weak(why)) = key.weakness() {
            findings.push(found(&checks::CA_KEY_WEAK, why));
        }
        let cas = KINDS.iter().map(|kind| kind.usage).filter(|usage| usage.is_ca());
        let place = |usage| {
            self.trust.of(usage).iter().position(|ca| key.is_of(ca).unwrap_or(false)).map(|at| (usage, at))
        };
        let places: Vec<_> = cas.filter_map(place).collect();
        if !places.iter().any(|(_, at)| *at == 0) {
            let what = match places.first() {
                Some((usage, at)) => {
                    let file = CertificateName::of(*usage).certificate_file();
                    format!("it belongs to certificate {} in {file}, not to the first one", at + 1)
                }
                None => "it belongs to no CA certificate of the directory".to_owned(),
            };
            let hint = "name the key of the first certificate in the CA file in --ca-key";
            findings.push(found(&checks::CA_KEY_MISMATCH, what).hint(hint));
        }
        findings
    }
}

fn unreadable(path: &str, why: &ReadError) -> Finding {
    let hint = "name the CA key in --ca-key, and run the command as an account that can read it";
    checks::CA_KEY_UNREADABLE.found(path, format!("could not read it: {why}")).hint(hint)
}

/// What a command left that was killed before it changed anything.
fn litter(dir: &Dir) -> Option<Finding> {
    let path = dir.path().display();
    let what = format!(
        "temporary files of an interrupted command are in {path}; the next command that writes to it removes them"
    );
    change::has_litter(dir).then(|| checks::LITTER.found(&path, what))
}
