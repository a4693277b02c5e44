//! `sign`: certificates for requests that others made, with nothing in them but what the operator allows.

mod allow;
mod confirm;
mod requests;

use anyhow::{Context, Result};

use super::signer::SignedBy;
use super::{announce, values};
use crate::certs_dir::CertsDir;
use crate::certs_dir::layout::CertificateName;
use crate::cli::Sign;
use crate::mint::{Minted, Signer, mint};
use crate::output;
use crate::pki::issue::{KeptExtension, Validity};
use crate::pki::name::EncodedName;
use crate::request::{Request, SubjectKey};
use crate::store::dir::Owner;
use allow::Granted;
use requests::{Incoming, Place};

/// Signs all of the requests, or none in a directory.
pub fn run(args: &Sign) -> Result<()> {
    let ca_dir = CertsDir::open(&args.new.dir.path()?)?;
    let job = Job {
        args,
        granted: allow::granted(args, &ca_dir.read())?,
        owner: args.new.owner.account()?,
        added: values::ocsp_access(args.ocsp_url.as_deref())?,
        validity: values::validity(&args.new.lifetime)?,
        signed_by: SignedBy::Key(args.ca_key.key()?),
        ca_dir,
    };
    let places = Place::of_files(&args.files)?;
    let requests = job.requests(&places)?;
    let signer = job.signer()?;
    let mut signed = Vec::new();
    for (place, requests) in places.iter().zip(requests) {
        let certificates = requests.into_iter().map(|request| job.sign(request, &signer));
        signed.push((place, certificates.collect::<Result<Vec<_>>>()?));
    }
    if args.out.is_some() {
        let pem = signed.iter().flat_map(|(_, all)| all).flat_map(|(_, minted)| minted.pem.clone()).collect();
        return output::print(&String::from_utf8(pem)?).context("could not print the certificates");
    }
    let not_after = job.validity.not_after;
    signed.into_iter().try_for_each(|(place, all)| place.put(all, job.owner, args, not_after))
}

/// What holds for all of the requests.
struct Job<'a> {
    args: &'a Sign,
    granted: Granted,
    owner: Option<Owner>,
    validity: Validity,
    signed_by: SignedBy,
    /// What every certificate says beyond its profile.
    added: Vec<KeptExtension>,
    ca_dir: CertsDir,
}

impl Job<'_> {
    /// The requests of each directory, every one of them checked and allowed.
    fn requests(&self, places: &[Place]) -> Result<Vec<Vec<Incoming>>> {
        let (usage, overwrite) = (self.args.kind.usage(), self.args.new.overwrite);
        let writes = self.args.out.is_none();
        let mut all = Vec::new();
        for place in places {
            if writes {
                announce::findings(&place.dir.writer(self.owner).prepare(None)?);
            }
            all.push(place.read(usage, &self.granted)?);
        }
        for (place, requests) in places.iter().zip(&all).filter(|_| writes) {
            place.check(requests, self.owner, overwrite)?;
        }
        for request in all.iter().flatten() {
            confirm::confirm(request, self.args).with_context(|| request.failure())?;
        }
        Ok(all)
    }

    fn signer(&self) -> Result<Signer> {
        let reading = self.ca_dir.read();
        announce::findings(&reading.findings);
        self.signed_by.load(&reading, self.args.kind.usage()).context("failed to sign")
    }

    /// The file of the certificate, and what goes into it.
    fn sign(&self, incoming: Incoming, signer: &Signer) -> Result<(String, Minted)> {
        let failure = incoming.failure();
        let Incoming { target, request, approval, .. } = incoming;
        let mint = || {
            let request = Request {
                name: CertificateName::of(self.args.kind.usage()),
                subject: EncodedName::from_der(&request.subject_name)?,
                alt_names: approval.alt_names,
                kept: None,
                added: self.added.clone(),
                validity: self.validity,
                key: SubjectKey::Public(request.key),
            };
            mint(request, signer)
        };
        let minted = mint().context(failure)?;
        allow::tell(&self.granted, &minted.certificate);
        Ok((target, minted))
    }
}
