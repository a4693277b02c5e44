//! What a request is to ask for: what `create-*` would make, or what another certificate says.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::certificate::AltName;
use crate::certs_dir::certificate::{self, CertificateFile};
use crate::certs_dir::layout::CertificateName;
use crate::cli::Csr;
use crate::command::named::{Named, check_scope};
use crate::command::{create_client, values};
use crate::error::{Advice, shell_word};
use crate::host::Host;
use crate::pki::name::EncodedName;
use crate::usage::Usage;

/// What is asked for.
pub struct Asked {
    /// The certificate.
    pub name: CertificateName,
    /// Its subject.
    pub subject: EncodedName,
    /// More names of the subject.
    pub alt_names: Vec<AltName>,
    /// The hosts among them that the command line names.
    pub hosts: Vec<Host>,
}

impl Asked {
    /// What the command line says.
    pub fn of(args: &Csr) -> Result<Self> {
        if let Some(file) = &args.from { Self::from(args, Path::new(file)) } else { Self::anew(args) }
    }

    /// As `create-*` would make it.
    fn anew(args: &Csr) -> Result<Self> {
        let usage = args.kind.context("name a kind of certificate, or a certificate in --from")?.usage();
        check_scope(usage, &args.scope)?;
        let Named { name, called, alt_names, hosts } = Named::of_words(usage, &args.names, &args.scope)?;
        let given = args.subject.as_deref();
        if usage == Usage::Client {
            create_client::check_subject(given)?;
        }
        let subject = values::subject(given, usage.kind().profile.subject_of(&called))?;
        Ok(Self { name, subject: values::encode_subject(given, &subject)?, alt_names, hosts })
    }

    /// As another certificate is: its subject byte for byte, and its names.
    fn from(args: &Csr, path: &Path) -> Result<Self> {
        let name = name_of(args, path)?;
        let old = CertificateFile::load(path, certificate::LEAF)?.first;
        let subject = EncodedName::from_der(old.subject_name())
            .with_context(|| format!("could not read the subject of {}", path.display()))?;
        Ok(Self { name, subject, alt_names: old.alt_names().collect(), hosts: Vec::new() })
    }
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
        (Usage::Client, [user]) => Ok(Named::client(user, &args.scope)?.name),
        (usage @ Usage::TenantClient, [id]) => {
            let id = values::tenant_id(values::text("tenant ID", id)?)?;
            Ok(CertificateName::named(usage, &id.to_string()))
        }
        (Usage::Client | Usage::TenantClient, _) => {
            bail!("with --from, name the user or the tenant, and nothing else")
        }
        _ => bail!("with --from, the hosts are those of the certificate"),
    }
}
