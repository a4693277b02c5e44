//! `create-ca`: a CA certificate and its key (REFERENCE.md section 2, the table).

use anyhow::{Context, Result, anyhow};

use super::{announce, values};
use crate::certs_dir::commit::{Contents, Existing, Plan, Target};
use crate::certs_dir::layout::CertificateName;
use crate::certs_dir::{authority, certificate};
use crate::cli::CreateCa;
use crate::error::Advice;
use crate::pki::issue::{Request, issue};
use crate::pki::key::PrivateKey;
use crate::usage::Usage;

/// Makes the CA.
pub fn run(args: &CreateCa) -> Result<()> {
    create(args, Usage::Ca).context("failed to generate CA cert and key")
}

fn create(args: &CreateCa, usage: Usage) -> Result<()> {
    let key_path = args.ca_key.path()?;
    let certs_dir = args.dir.path()?;
    let validity = values::validity(&args.lifetime)?;
    let spec = args.key.spec()?;
    let profile = usage.kind().profile;
    let subject = values::subject(args.subject.as_deref(), profile.subject_of(""))?;
    if certificate::exists(&key_path) && !args.allow_ca_key_reuse {
        let hint =
            "pass --allow-ca-key-reuse to make a certificate with this key, or name a new file in --ca-key";
        return Err(Advice::new(
            format!("CA key {} exists, but key reuse is disabled", key_path.display()),
            hint,
        )
        .into());
    }

    let certificate_path = certs_dir.join(CertificateName::of(usage).certificate_file());
    let existing = if args.overwrite { Existing::KeepBehind } else { Existing::Refuse };
    let certificate_target = Target { path: certificate_path.clone(), existing };
    let reused = authority::existing_key(&key_path)?;
    // The key comes first, so that no certificate is ever there without its key.
    let key_target = reused.is_none().then(|| Target { path: key_path.clone(), existing: Existing::Refuse });
    let plan = Plan::new(&certs_dir, key_target.into_iter().chain([certificate_target]).collect())?;

    let reuses = reused.is_some();
    let key = match reused {
        Some(key) => key,
        None => {
            PrivateKey::generate(spec).map_err(|reason| anyhow!("could not generate new CA key: {reason}"))?
        }
    };
    let request = Request { profile, subject: &subject, alt_names: &[], validity, key: &key };
    let issued =
        issue(&request, None).map_err(|reason| anyhow!("could not generate CA certificate: {reason}"))?;

    let mut contents = vec![Contents::Certificates(issued.pem)];
    if !reuses {
        contents.insert(
            0,
            Contents::Key(key.to_pem().map_err(|reason| anyhow!("could not encode the CA key: {reason}"))?),
        );
    }
    plan.commit(contents)?;

    if reuses {
        log::info!("using CA key from file {}", key_path.display());
    } else {
        log::info!("generated CA key {}", key_path.display());
        announce::key(&key_path);
    }
    log::info!(
        "wrote {} certificates to {}",
        authority::count_certificates(&certificate_path),
        certificate_path.display()
    );
    announce::certificate(&certificate_path, validity);
    Ok(())
}
