//! `create-ca`, `create-client-ca`, `create-ui-ca`, `create-tenant-client-ca`: a CA certificate and its key (REFERENCE.md section 2,
//! the table).

use anyhow::{Context, Result, anyhow};

use super::{announce, values};
use crate::certs_dir::commit::{self, Contents, Existing, Plan, Target};
use crate::certs_dir::layout::CertificateName;
use crate::certs_dir::{authority, certificate};
use crate::cli::CreateCa;
use crate::error::Advice;
use crate::pki::issue::{Request, issue};
use crate::pki::key::PrivateKey;
use crate::usage::Usage;

/// Makes the CA.
pub fn run(args: &CreateCa, usage: Usage) -> Result<()> {
    create(args, usage).with_context(|| usage.kind().failure())
}

fn create(args: &CreateCa, usage: Usage) -> Result<()> {
    let key_path = args.ca_key.path()?;
    let certs_dir = args.dir.path()?;
    let validity = values::validity(&args.lifetime)?;
    let spec = args.key.spec()?;
    let kind = usage.kind();
    let mut subject = values::subject(args.subject.as_deref(), kind.profile.subject_of(""))?;
    if args.unique_subject {
        subject.add("UID", &values::random_uuid()?);
    }
    let encoded = values::encode_subject(&subject)?;
    commit::prepare(&certs_dir)?;
    if certificate::exists(&key_path) && !args.allow_ca_key_reuse {
        let what = format!("CA key {} exists, but key reuse is disabled", key_path.display());
        let hint =
            "pass --allow-ca-key-reuse to make a certificate with this key, or name a new file in --ca-key";
        return Err(Advice::new(what, hint).into());
    }

    let certificate_path = certs_dir.join(CertificateName::of(usage).certificate_file());
    let existing = if args.overwrite { Existing::KeepBehind } else { Existing::Refuse };
    let certificate_target = Target { path: certificate_path.clone(), existing };
    let reused = authority::existing_key(&key_path)?;
    // The key comes first, so that no certificate is ever there without its key.
    let key_target = reused.is_none().then(|| Target { path: key_path.clone(), existing: Existing::Refuse });
    let plan = Plan::new(&certs_dir, key_target.into_iter().chain([certificate_target]).collect())?;

    let reuses = reused.is_some();
    let generate =
        || PrivateKey::generate(spec).map_err(|reason| anyhow!("could not generate new CA key: {reason}"));
    let key = reused.map_or_else(generate, Ok)?;
    let request = Request { profile: kind.profile, subject: &encoded, alt_names: &[], validity, key: &key };
    let issued = issue(&request, None)
        .map_err(|reason| anyhow!("could not generate {} certificate: {reason}", kind.noun))?;

    let mut contents = Vec::new();
    if !reuses {
        let pem = key.to_pem().map_err(|reason| anyhow!("could not encode the CA key: {reason}"))?;
        contents.push(Contents::Key(pem));
    }
    contents.push(Contents::Certificates(issued.pem));
    plan.commit(contents)?;

    if reuses {
        log::info!("using CA key from file {}", key_path.display());
    } else {
        log::info!("generated CA key {}", key_path.display());
        announce::key(&key_path);
    }
    let count = authority::count_certificates(&certificate_path);
    log::info!("wrote {count} certificates to {}", certificate_path.display());
    announce::certificate(&certificate_path, validity);
    Ok(())
}
