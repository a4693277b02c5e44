//! What the operator allows by flags, or by the description of a cluster.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::{Result, bail};

use crate::approval::Grant;
use crate::certificate::{AltName, Certificate};
use crate::certs_dir::Reading;
use crate::certs_dir::layout::{CertificateName, signed_file};
use crate::cli::Sign;
use crate::command::named::{Named, check_flags, check_scope};
use crate::command::{announce, manifest, values};
use crate::dn::DistinguishedName;
use crate::fleet::desired;
use crate::usage::Usage;

/// What the flags and the manifest allow.
pub struct Granted {
    /// What the flags allow in every request.
    flags: Vec<Grant>,
    /// What the manifest allows.
    listed: Vec<Listed>,
    users: Vec<String>,
}

/// What a manifest wants in a folder.
struct Listed {
    /// The name of the folder.
    folder: String,
    name: CertificateName,
    grant: Grant,
}

impl Granted {
    /// What a request may ask for. Whoever makes a request decides what is in it, but not what the operator
    /// calls it. A manifest allows a user's or tenant's names to a file that is called like theirs. If the
    /// directory is called like a folder of the manifest, nothing of any other folder is allowed there,
    /// whatever its owner calls the file; else the name of the file says which node it is.
    pub fn of(&self, dir: &Path, request: &str) -> Vec<Grant> {
        let file = signed_file(request);
        // `.` and links have a name, too.
        let real = dir.canonicalize().unwrap_or_default();
        let places = [dir.file_name(), real.file_name(), file.strip_suffix(".crt").map(OsStr::new)];
        let is_folder = |place: &&OsStr| self.listed.iter().any(|one| OsStr::new(&one.folder) == *place);
        let place = places.into_iter().flatten().find(is_folder);
        let listed = self.listed.iter().filter(|one| {
            let is_called = one.name.name.is_none() || one.name.certificate_file() == file;
            is_called && place.is_none_or(|place| OsStr::new(&one.folder) == place)
        });
        self.flags.iter().chain(listed.map(|one| &one.grant)).cloned().collect()
    }
}

/// What the flags and the manifest allow.
pub fn granted(args: &Sign, ca_dir: &Reading<'_>) -> Result<Granted> {
    let usage = args.kind.usage();
    check_scope(usage, &args.scope)?;
    let servers = [Usage::Node, Usage::Ui, Usage::TenantClient];
    check_flags(
        usage,
        &[
            ("--host", !args.host.is_empty(), &servers),
            ("--user", !args.user.is_empty(), &[Usage::Client]),
            ("--tenant-id", !args.tenant_id.is_empty(), &[Usage::TenantClient]),
        ],
    )?;
    let hosts = values::hosts(&args.host)?;
    let names = AltName::of_hosts(&hosts);
    let listed = listed(args, ca_dir, &names)?;
    let called: Vec<(String, Vec<AltName>)> = match usage {
        Usage::Client => {
            let users = args.user.iter().map(|user| Named::client(user, &args.scope));
            users.map(|user| user.map(|user| (user.called, user.alt_names))).collect::<Result<_>>()?
        }
        Usage::TenantClient => {
            let ids = args.tenant_id.iter().map(|id| Ok((values::tenant_id(id)?.to_string(), names.clone())));
            ids.collect::<Result<_>>()?
        }
        Usage::Ui => hosts.iter().map(|host| (host.to_string(), names.clone())).collect(),
        // The manifest says what nodes are called.
        _ if args.manifest.is_some() && hosts.is_empty() => Vec::new(),
        _ => vec![(values::node_user()?, names.clone())],
    };
    if called.is_empty() && !(args.scope.tenant_scope.is_empty() && args.scope.tenant_name_scope.is_empty()) {
        bail!("--tenant-scope and --tenant-name-scope are for a user: name it with --user");
    }
    let given = args.new.subject.as_deref();
    let given = given.map(|_| values::subject(given, DistinguishedName::default())).transpose()?;
    let users =
        if usage == Usage::Client { called.iter().map(|(user, _)| user.clone()).collect() } else { Vec::new() };
    let mut grants: Vec<_> = called
        .into_iter()
        .map(|(called, names)| {
            let subject = given.clone().unwrap_or_else(|| usage.kind().profile.subject_of(&called));
            Grant { subject, names }
        })
        .collect();
    if let (Some(subject), []) = (given, grants.as_slice()) {
        grants.push(Grant { subject, names });
    }
    Ok(Granted { flags: grants, listed, users })
}

/// What the manifest wants of this kind, with these hosts besides.
fn listed(args: &Sign, ca_dir: &Reading<'_>, hosts: &[AltName]) -> Result<Vec<Listed>> {
    let Some(file) = &args.manifest else { return Ok(Vec::new()) };
    let has_client_ca = ca_dir.has(&CertificateName::of(Usage::ClientCa).certificate_file());
    let mut all = Vec::new();
    for folder in desired::folders(&manifest::read(file, "nothing was signed")?, has_client_ca) {
        for wanted in folder.certificates.iter().filter(|wanted| wanted.name.usage == args.kind.usage()) {
            let mut grant = wanted.grant();
            grant.names.extend_from_slice(hosts);
            let (folder, name) = (folder.name.short().to_owned(), wanted.name.clone());
            all.push(Listed { folder, name, grant });
        }
    }
    if all.is_empty() {
        let noun = args.kind.usage().kind().noun;
        bail!("--manifest: there are no {noun} certificates in {}", Path::new(file).display());
    }
    Ok(all)
}

/// Warns of what a new client certificate can be used for besides.
pub fn tell(granted: &Granted, certificate: &Certificate) {
    if let [user] = granted.users.as_slice() {
        announce::other_users(user, certificate);
    }
}
