//! `csr`: a key, made where it will be used, and a request for its certificate (RFC 2986).

use std::ffi::OsStr;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::named::{Named, check_scope};
use super::{announce, create_client, values};
use crate::certificate::AltName;
use crate::certs_dir::batch::{Contents, Existing, Target};
use crate::certs_dir::certificate::{self, CertificateFile};
use crate::certs_dir::layout::CertificateName;
use crate::certs_dir::{CertsDir, Reading};
use crate::cli::Csr;
use crate::error::{Advice, shell_word};
use crate::host::Host;
use crate::pki::key::{PrivateKey, Weakness};
use crate::pki::name::EncodedName;
use crate::pki::request::{self, Wanted};
use crate::store::read::Regular;
use crate::usage::Usage;

/// What is asked for.
struct Asked {
    name: CertificateName,
    subject: EncodedName,
    alt_names: Vec<AltName>,
    hosts: Vec<Host>,
}

/// Makes the request, and the key unless that is there already.
pub fn run(args: &Csr) -> Result<()> {
    let asked = if let Some(file) = &args.from { from(args, Path::new(file)) } else { anew(args) };
    let asked = asked.context("failed to generate a certificate request")?;
    let noun = asked.name.usage.kind().noun;
    create(args, &asked).with_context(|| format!("failed to generate {noun} certificate request and key"))?;
    announce::wildcards(&asked.hosts);
    Ok(())
}

/// As `create-*` would make it.
fn anew(args: &Csr) -> Result<Asked> {
    let usage = args.kind.context("name a kind of certificate, or a certificate in --from")?.usage();
    check_scope(usage, &args.scope)?;
    let Named { name, called, alt_names, hosts } = Named::of_words(usage, &args.names, &args.scope)?;
    let given = args.subject.as_deref();
    if usage == Usage::Client {
        create_client::check_subject(given)?;
    }
    let subject = values::subject(given, usage.kind().profile.subject_of(&called))?;
    Ok(Asked { name, subject: values::encode_subject(given, &subject)?, alt_names, hosts })
}

/// As another certificate is: its subject byte for byte, and its names.
fn from(args: &Csr, path: &Path) -> Result<Asked> {
    let name = name_of(args, path)?;
    let old = CertificateFile::load(path, certificate::LEAF)?.first;
    let subject = EncodedName::from_der(old.subject_name())
        .with_context(|| format!("could not read the subject of {}", path.display()))?;
    Ok(Asked { name, subject, alt_names: old.alt_names().collect(), hosts: Vec::new() })
}

/// The kind of the certificate, and its user or tenant: as the command line says, or as the file is called.
fn name_of(args: &Csr, path: &Path) -> Result<CertificateName> {
    let scope = [&args.scope.tenant_scope, &args.scope.tenant_name_scope];
    if scope.iter().any(|scope| !scope.is_empty()) {
        bail!("with --from, the tenants are those of the certificate");
    }
    let Some(kind) = args.kind else {
        let file = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let name = CertificateName::from_file(file).and_then(Result::ok);
        let is_leaf = |name: &CertificateName| !name.usage.kind().signers.is_empty();
        return name.filter(is_leaf).with_context(|| {
            let path = path.display().to_string();
            let hint = format!(
                "say what it is: csr node --from={0}, or csr client USER --from={0}",
                shell_word(&path)
            );
            Advice::new(format!("{path} is not called like a certificate that a CA signs"), hint)
        });
    };
    match (kind.usage(), args.names.as_slice()) {
        (usage @ (Usage::Node | Usage::Ui), []) => Ok(CertificateName::of(usage)),
        (usage @ (Usage::Client | Usage::TenantClient), [_]) => {
            Ok(Named::of_words(usage, &args.names, &args.scope)?.name)
        }
        (Usage::Client | Usage::TenantClient, _) => {
            bail!("with --from, name the user or the tenant, and nothing else")
        }
        _ => bail!("with --from, the hosts are those of the certificate"),
    }
}

fn create(args: &Csr, asked: &Asked) -> Result<()> {
    let certs_dir = CertsDir::open(&args.dir.path()?)?;
    let writer = certs_dir.writer(args.owner.account()?);
    let spec = args.key.spec()?;
    announce::findings(&writer.prepare(None)?);
    let name = &asked.name;
    let existing = if args.overwrite { Existing::Replace } else { Existing::Refuse };
    let target = |file| Target { file, existing: existing.clone() };
    let pending = (!args.keep_key).then(|| target(name.pending_key_file()));
    let waits = pending.is_some() && certs_dir.read().has(&name.pending_key_file());
    let pending_path = certs_dir.path().join(name.pending_key_file());
    if waits && !args.overwrite {
        let what = format!("{} waits for its certificate already", pending_path.display());
        let hint = "put that certificate in place first; or pass --overwrite, and the key is lost, and with it any certificate that was asked for with it";
        return Err(Advice::new(what, hint).into());
    }
    let targets: Vec<_> = pending.into_iter().chain([target(name.request_file())]).collect();
    writer.check(&targets)?;

    let key = if args.keep_key { existing_key(&certs_dir.read(), name)? } else { PrivateKey::generate(spec)? };
    let profile = name.usage.kind().profile;
    let wanted = Wanted { profile, subject: &asked.subject, alt_names: &asked.alt_names };
    let request = request::make(&wanted, &key).context("could not make the request")?;
    let mut contents = vec![Contents::Request(request)];
    if !args.keep_key {
        contents.insert(0, Contents::Key(key.to_pem()?));
    }
    announce::findings(&writer.commit(targets.into_iter().zip(contents).collect(), None)?);
    if waits {
        log::warn!(
            "replaced the key {}: certificates asked for with the old one are of no use",
            pending_path.display()
        );
    }
    let request = certs_dir.path().join(name.request_file());
    log::info!("generated {} certificate request: {}", name.usage.kind().noun, request.display());
    announce::line(&format!("created {} (send it to the CA)", request.display()));
    if !args.keep_key {
        announce::key(&pending_path);
    }
    Ok(())
}

/// The key that is in use.
fn existing_key(certs_dir: &Reading<'_>, name: &CertificateName) -> Result<PrivateKey> {
    let path = certs_dir.path(&name.key_file());
    let about = || format!("--keep-key: could not use {}", path.display());
    let contents = certs_dir.open(&name.key_file()).and_then(Regular::read).with_context(about)?;
    let key = PrivateKey::from_pem(&contents).with_context(about)?;
    match key.weakness() {
        None => Ok(key),
        Some(Weakness::Refused(why) | Weakness::Weak(why)) => {
            Err(Advice::new(why, "make a new key: leave out --keep-key")).with_context(about)
        }
    }
}
