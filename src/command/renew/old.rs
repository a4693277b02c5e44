//! A certificate of the directory that may be renewed.

use std::path::Path;

use anyhow::{Context, Result, anyhow};

use crate::ca::origin::{self, Origin};
use crate::certificate::Certificate;
use crate::certs_dir::Reading;
use crate::certs_dir::batch::{Existing, Target};
use crate::certs_dir::certificate::public_key;
use crate::certs_dir::layout::CertificateName;
use crate::duration::Lifetime;
use crate::error::Advice;
use crate::pki::key::PrivateKey;
use crate::pki::pem;
use crate::renew::{self, Refusal};
use crate::request::Request;
use crate::store::read::Regular;
use crate::usage::Usage;

/// A certificate, and what is known about its file.
pub struct Old<'a> {
    reading: &'a Reading<'a>,
    pub name: CertificateName,
    pub certificate: Certificate,
    /// All that is in the file.
    contents: Vec<u8>,
    /// The other certificates there: CAs between it and the root.
    others: Vec<Certificate>,
    /// Can nobody else have put it there? Otherwise it may be a copy of anybody's, which all servers send to
    /// everyone.
    guarded: bool,
}

impl<'a> Old<'a> {
    pub fn read(reading: &'a Reading<'a>, name: CertificateName) -> Result<Self> {
        let file = name.certificate_file();
        let path = reading.path(&file).display().to_string();
        let about = || format!("could not read certificate file {path}");
        let open = reading.open(&file).with_context(about)?;
        let guarded = reading.is_guarded(&open);
        let contents = open.read().with_context(about)?.to_vec();
        let mut all = pem::certificates(&contents, &path).with_context(about)?;
        // There is one at least.
        let certificate = all.remove(0);
        Ok(Self { reading, name, certificate, contents, others: all, guarded })
    }

    pub fn path(&self) -> String {
        self.reading.path(&self.name.certificate_file()).display().to_string()
    }

    pub fn origin(&self) -> Result<Origin> {
        origin::of(self.reading, self.name.usage, &self.certificate, &self.others)
    }

    /// Refuses a certificate that is not the directory's own.
    pub fn check_origin(&self, origin: Origin) -> Result<()> {
        let path = self.path();
        let (why, hint) = match origin {
            Origin::Current => return Ok(()),
            Origin::Older { guarded } if guarded || self.guarded => return Ok(()),
            Origin::Older { .. } => {
                let dir = self.reading.dir_path().display();
                (
                    format!(
                        "an older CA signed it, and accounts that can write to {dir} could have put that CA there"
                    ),
                    format!("run this as the account that owns {dir}, or {}", anew(self.name.usage)),
                )
            }
            Origin::Foreign => (
                "no CA of this directory signed it".to_owned(),
                format!("get it where it came from, or {}", anew(self.name.usage)),
            ),
        };
        Err(Advice::new(format!("{path}: {why}"), hint).into())
    }

    /// The request for its successor, which is signed `elsewhere` or here.
    pub fn request(
        &self,
        now: i64,
        lifetime: Option<Lifetime>,
        keep_key: bool,
        elsewhere: bool,
    ) -> Result<Request> {
        let refused = |why: String, hint| Advice::new(format!("{} {why}", self.path()), hint);
        // Who signs elsewhere answers with the chain.
        if !self.others.is_empty() && !elsewhere {
            let count = self.others.len() + 1;
            let why = format!("holds {count} certificates, and all but the first would be lost");
            return Err(refused(why, anew(self.name.usage)).into());
        }
        // Who has the key has the certificate's powers already.
        let own_key = (keep_key || self.needs_proof()).then(|| self.key()).transpose()?;
        let key = own_key.filter(|_| keep_key);
        let request = renew::request(self.name.clone(), &self.certificate, key, now, lifetime, elsewhere);
        request.map_err(|refusal| {
            let hint = match refusal {
                Refusal::Validity | Refusal::TooLong => "say for how long: --lifetime=<duration>".to_owned(),
                _ => anew(self.name.usage),
            };
            refused(refusal.to_string(), hint).into()
        })
    }

    /// The files of its successor: the key, if that is new, and the certificate, if nobody else replaces it
    /// meanwhile.
    pub fn targets(&self, keep_key: bool) -> Vec<Target> {
        let target = |file, existing| Target { file, existing };
        let unchanged = Existing::ReplaceUnchanged(self.contents.clone());
        let certificate = target(self.name.certificate_file(), unchanged);
        if keep_key {
            return vec![certificate];
        }
        // The key comes first: no certificate is ever there without its key.
        let mut targets = vec![target(self.name.key_file(), Existing::Replace), certificate];
        let pkcs8 = Some(self.name.pkcs8_file()).filter(|file| self.reading.has(file));
        targets.extend(pkcs8.map(|file| target(file, Existing::Replace)));
        targets
    }

    /// A CA file that others can write to may have become another since it was looked at.
    pub fn check_signer(&self, ca: &Path, signed: impl Fn(&Certificate, &[Certificate]) -> bool) -> Result<()> {
        let is_ours = !self.needs_proof() || signed(&self.certificate, &self.others);
        if is_ours || self.origin()? == (Origin::Older { guarded: true }) {
            return Ok(());
        }
        let what = format!("{} was not signed by the CA in {}", self.path(), ca.display());
        Err(Advice::new(what, anew(self.name.usage)).into())
    }

    /// A certificate that signs itself proves nothing to anybody.
    fn needs_proof(&self) -> bool {
        !self.guarded && !self.name.usage.kind().signers.is_empty()
    }

    /// The key beside the certificate, which has to be its own.
    fn key(&self) -> Result<PrivateKey> {
        let file = self.name.key_file();
        let path = self.reading.path(&file);
        let about = || format!("could not load key file {}", path.display());
        let contents = self.reading.open(&file).and_then(Regular::read);
        let key = contents.map_err(|error| anyhow!(error)).and_then(|pem| Ok(PrivateKey::from_pem(&pem)?));
        let key = key.with_context(|| match self.needs_proof() {
            true => Advice::new(
                about(),
                format!("without it this may be anybody's certificate: {}", anew(self.name.usage)),
            ),
            false => Advice::new(about(), "leave --keep-key out to make a new key"),
        })?;
        if key.signs_for(&*public_key(&self.certificate, self.path().as_ref())?) {
            return Ok(key);
        }
        let what = format!("key file {} does not belong to its certificate", path.display());
        Err(Advice::new(what, anew(self.name.usage)).into())
    }
}

/// What to type instead.
fn anew(usage: Usage) -> String {
    let command = usage.kind().command;
    format!("make it anew: {command} --overwrite")
}
