//! `sign`: certificates for requests that others made, with nothing in them but what the operator allows.

mod allow;
mod confirm;
mod requests;

use anyhow::{Context, Result};

use super::{announce, values};
use crate::ca::authority::Authority;
use crate::ca::key::CaKey;
use crate::certs_dir::CertsDir;
use crate::certs_dir::batch::{Contents, Existing, Target};
use crate::certs_dir::layout::CertificateName;
use crate::cli::Sign;
use crate::mint::{Minted, Signer, mint};
use crate::output;
use crate::pki::issue::Validity;
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
        validity: values::validity(&args.new.lifetime)?,
        ca_key: args.ca_key.key()?,
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
    signed.into_iter().try_for_each(|(place, certificates)| job.put(place, certificates))
}

/// What holds for all of the requests.
struct Job<'a> {
    args: &'a Sign,
    granted: Granted,
    owner: Option<Owner>,
    validity: Validity,
    ca_key: CaKey,
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
        let mut findings = Vec::new();
        let authority = Authority::load(&reading, self.args.kind.usage(), &self.ca_key, &mut findings);
        announce::findings(&reading.findings);
        announce::findings(&findings);
        authority.map(|authority| Signer::Ca(Box::new(authority))).context("failed to sign")
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
                added: values::ocsp_access(self.args.ocsp_url.as_deref())?,
                validity: self.validity,
                key: SubjectKey::Public(request.key),
            };
            mint(request, signer)
        };
        let minted = mint().context(failure)?;
        allow::tell(&self.granted, &minted.certificate);
        Ok((target, minted))
    }

    /// Puts the certificates of a directory in place together.
    fn put(&self, place: &Place, certificates: Vec<(String, Minted)>) -> Result<()> {
        let names: Vec<_> = certificates.iter().map(|(file, _)| place.dir.path().join(file)).collect();
        let file = |(file, minted): (String, Minted)| {
            (target(&file, self.args.new.overwrite), Contents::Certificates(minted.pem))
        };
        let batch = certificates.into_iter().map(file).collect();
        announce::findings(&place.dir.writer(self.owner).commit(batch, None).context("failed to sign")?);
        for path in names {
            log::info!("generated {} certificate: {}", self.args.kind.usage().kind().noun, path.display());
            announce::certificate(&path, Some(self.validity.not_after));
        }
        Ok(())
    }
}

/// What may be done about a certificate that is there.
fn target(file: &str, overwrite: bool) -> Target {
    let existing = if overwrite { Existing::Replace } else { Existing::Refuse };
    Target { file: file.to_owned(), existing }
}
