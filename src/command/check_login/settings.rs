//! The server's settings: by flags here, or by its own start flags in a file.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

use crate::certs_dir::Reading;
use crate::certs_dir::layout::CertificateName;
use crate::cli::{CERTS_DIR, CertsDirArgs, CheckLogin, ServerArgs, StartArgs};
use crate::command::subject::check_role;
use crate::command::values::{self, expected_subject};
use crate::error::{Advice, reason};
use crate::login::{IdentityMap, ROOT_USER, SanList, ServerSettings};
use crate::server_flags::ServerFlags;
use crate::store::read::LIMIT;
use crate::usage::Usage;

/// A server, and where its certificates are.
pub struct Server {
    pub settings: ServerSettings,
    pub certs_dir: PathBuf,
    map_is_for_others: bool,
}

impl Server {
    /// What the operator says of it, and the file of its start flags that may be named.
    pub fn told(dir: &CertsDirArgs, start: &StartArgs) -> Result<Self> {
        let file = match &start.server_flags_from {
            Some(path) => flags_from(Path::new(path))?,
            None => ServerFlags::default(),
        };
        let given_nowhere = dir.certs_dir == CERTS_DIR;
        let certs_dir = match &file.certs_dir {
            // The file's overrides the default only.
            Some(dir) if given_nowhere => dir.clone(),
            // The operator's own default is not the server's.
            None if given_nowhere => match &start.server_flags_from {
                Some(path) => return Err(no_certs_dir(Path::new(path)).into()),
                None => dir.path()?,
            },
            _ => dir.path()?,
        };
        Ok(Self { settings: settings(dir, start, file)?, certs_dir, map_is_for_others: false })
    }

    /// Reads all flags. `user` is whose role SUBJECT is meant.
    pub fn read(args: &CheckLogin, user: Option<&str>) -> Result<Self> {
        let Self { settings, certs_dir, .. } = Self::told(&args.dir, &args.start)?;
        let role_subject = expected_subject("--role-subject", args.role_subject.as_deref())?;
        if let (Some(subject), Some(user)) = (&role_subject, user) {
            check_role(user).context("--role-subject")?;
            subject.check_role_subject().context("--role-subject")?;
        }
        let map = args.hba_map.as_deref().zip(args.ident_map.as_deref().map(Path::new));
        let settings = ServerSettings {
            role_subject,
            subject_required: args.subject_required,
            san_required: args.san_required,
            identity_map: map.map(identity_map).transpose()?,
            ..settings
        };
        let map_is_for_others = settings.identity_map.is_some() && user == Some(ROOT_USER);
        Ok(Self { settings, certs_dir, map_is_for_others })
    }

    /// The settings, with what its certs directory shows.
    pub fn settings_with(&self, reading: &Reading<'_>) -> ServerSettings {
        let client_ca = reading.has(&CertificateName::of(Usage::ClientCa).certificate_file());
        ServerSettings { client_ca, ..self.settings.clone() }
    }

    /// What was given and does nothing.
    pub fn notes(&self) -> Vec<String> {
        let map = "--hba-map has no effect: root's line of the HBA configuration is built in, and has no map";
        let map = self.map_is_for_others.then(|| map.to_owned());
        self.settings.without_effect().into_iter().chain(map).collect()
    }
}

fn settings(dir: &CertsDirArgs, start: &StartArgs, file: ServerFlags) -> Result<ServerSettings> {
    let given = &dir.server;
    let told = ServerArgs {
        cert_principal_map: match given.cert_principal_map[..] {
            [] => file.cert_principal_map,
            _ => given.cert_principal_map.clone(),
        },
        root_cert_distinguished_name: given
            .root_cert_distinguished_name
            .clone()
            .or(file.root_cert_distinguished_name),
        node_cert_distinguished_name: given
            .node_cert_distinguished_name
            .clone()
            .or(file.node_cert_distinguished_name),
    };
    let values::ServerSettings { principal_map, root_subject, node_subject } = told.settings()?;
    Ok(ServerSettings {
        version: match &start.server_version {
            Some(text) => text.parse().context("--server-version")?,
            None => Default::default(),
        },
        root_subject,
        node_subject,
        root_sans: sans("--root-cert-san", start.root_cert_san.as_ref().or(file.root_cert_san.as_ref()))?,
        node_sans: sans("--node-cert-san", start.node_cert_san.as_ref().or(file.node_cert_san.as_ref()))?,
        disallow_root_login: start.disallow_root_login.or(file.disallow_root_login).unwrap_or(false),
        allow_debug_user: start.allow_debug_user.or(file.allow_debug_user).unwrap_or(false),
        principal_map,
        ..ServerSettings::default()
    })
}

fn sans(flag: &str, text: Option<&String>) -> Result<SanList> {
    text.map_or(Ok(SanList::default()), |text| text.parse().with_context(|| flag.to_owned()))
}

fn identity_map((name, path): (&str, &Path)) -> Result<IdentityMap> {
    let text = read(path, "--ident-map")?;
    IdentityMap::read(&text, name).with_context(|| format!("--ident-map: {}", path.display()))
}

fn flags_from(path: &Path) -> Result<ServerFlags> {
    let text = read(path, "--server-flags-from")?;
    ServerFlags::read(&text).map_err(|error| {
        let hint = "give the flags that matter here as flags, or a file with a line that can be read for sure";
        Advice::new(format!("--server-flags-from: {}: {error}", path.display()), hint).into()
    })
}

fn no_certs_dir(path: &Path) -> Advice {
    let what = format!("--server-flags-from: {} names no --certs-dir", path.display());
    Advice::new(what, "give --certs-dir here: the directory that the server uses")
}

/// A file that the operator names; a pipe is fine, too.
fn read(path: &Path, flag: &str) -> Result<String> {
    let mut octets = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut octets));
    read.map_err(|error| anyhow!("{flag}: could not read {}: {}", path.display(), reason(&error)))?;
    if octets.len() as u64 > LIMIT {
        bail!("{flag}: {} has more than {LIMIT} bytes", path.display());
    }
    String::from_utf8(octets).map_err(|_| anyhow!("{flag}: {} is not UTF-8", path.display()))
}
