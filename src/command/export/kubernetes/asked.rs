//! What is asked for, parsed.

use anyhow::{Context, Result};

use crate::certs_dir::Reading;
use crate::certs_dir::layout::CertificateName;
use crate::cli::export::{IssuerKind, Kubernetes};
use crate::command::values;
use crate::error::{Advice, shell_word};
use crate::kubernetes::cert_manager::Issuer;
use crate::kubernetes::layout::{self, Kind, Layout, Planned};
use crate::kubernetes::name::{NameError, Namespace, Release, Subdomain};
use crate::login::NODE_USER;

/// The user whose certificate is always there.
const ROOT: &str = "root";
/// The namespace of those who name none.
const DEFAULT: &str = "default";

/// What is asked for.
pub struct Asked {
    /// What it is for; `None` for cert-manager.
    pub layout: Option<Layout>,
    /// The name that the cluster is installed under.
    pub release: Release,
    /// Where the objects go.
    pub namespace: Option<Namespace>,
    default: Namespace,
    /// The domain of the Kubernetes cluster.
    pub domain: Subdomain,
    /// The users besides root.
    pub users: Vec<String>,
    /// Is the CA key asked for?
    pub ca_key: bool,
    hint: String,
}

impl Asked {
    /// Parses the flags.
    pub fn parse(args: &Kubernetes) -> Result<Self> {
        let asked = Self {
            layout: args.layout.layout(),
            release: args.release.parse().context("--release")?,
            namespace: args.namespace.as_deref().map(str::parse).transpose().context("--namespace")?,
            default: DEFAULT.parse()?,
            domain: args.domain.parse().context("--domain")?,
            users: users(args)?,
            ca_key: args.with_ca_key,
            hint: by_hand(args),
        };
        match asked.layout {
            Some(_) if args.issuer.is_some() || !args.host.is_empty() => {
                let hint = "add --layout=cert-manager, or leave --issuer and --host out";
                Err(Advice::new("--issuer and --host are for cert-manager only", hint).into())
            }
            Some(layout) if asked.ca_key && !layout.takes_ca_key() => {
                let hint = "leave --with-ca-key out; with --layout=helm or operator, the chart signs with it, and with tls cert-manager does";
                Err(Advice::new("--with-ca-key: nothing reads the CA key in this layout", hint).into())
            }
            None if asked.ca_key => {
                let hint = "make the secret that an issuer of cert-manager reads: --layout=tls --with-ca-key";
                Err(Advice::new("--with-ca-key: a Certificate holds no key", hint).into())
            }
            _ => Ok(asked),
        }
    }

    /// The namespace that objects go to if none is named.
    pub fn namespace_or_default(&self) -> Option<&Namespace> {
        Some(self.namespace.as_ref().unwrap_or(&self.default))
    }

    /// The objects to make of a certs directory.
    pub fn plan(&self, layout: Layout, reading: &Reading<'_>) -> Result<Vec<Planned>> {
        self.plan_with(layout, |file| reading.has(file))
    }

    /// The secrets that cert-manager fills, and the certificate in each. The operator has a place for all there
    /// are.
    pub fn certificates(&self, has: impl Fn(&str) -> bool) -> Result<Vec<(Subdomain, CertificateName)>> {
        let planned =
            self.plan_with(Layout::Operator, has)?.into_iter().filter(|object| object.kind == Kind::Tls);
        let held = |object: Planned| {
            let (_, file) = object.data.into_iter().find(|(key, _)| key == "tls.crt")?;
            Some((object.name, CertificateName::from_file(&file)?.ok()?))
        };
        Ok(planned.filter_map(held).collect())
    }

    fn plan_with(&self, layout: Layout, has: impl Fn(&str) -> bool) -> Result<Vec<Planned>> {
        let asked = layout::Asked { release: &self.release, users: &self.users, ca_key: self.ca_key };
        let refused = |error: NameError| Advice::new(format!("--user: {error}"), &self.hint);
        Ok(layout.plan(asked, has).map_err(refused)?)
    }

    /// Who signs for cert-manager.
    pub fn issuer(&self, args: &Kubernetes) -> Result<Issuer> {
        let kind = match args.issuer_kind {
            IssuerKind::Issuer => "Issuer",
            IssuerKind::ClusterIssuer => "ClusterIssuer",
        };
        let name = args.issuer.as_deref().ok_or_else(|| {
            Advice::new("cert-manager needs an issuer to sign the certificates", "name it: --issuer=<name>")
        })?;
        Ok(Issuer { name: name.parse().context("--issuer")?, kind })
    }
}

/// The users besides root, each once.
fn users(args: &Kubernetes) -> Result<Vec<String>> {
    let mut users = Vec::new();
    for argument in &args.user {
        let user = values::user(argument).context("--user")?.to_string();
        if user == NODE_USER {
            let hint = "leave it out: client.node.crt is exported wherever the nodes have a place for it";
            return Err(Advice::new("--user: node is not a user", hint).into());
        }
        if user != ROOT && !users.contains(&user) {
            users.push(user);
        }
    }
    Ok(users)
}

/// How to make the secret of a user whose name cannot be part of one.
fn by_hand(args: &Kubernetes) -> String {
    let dir = args.dir.certs_dir.to_string_lossy();
    let file = |kind: &str| shell_word(&format!("{dir}/client.<user>.{kind}")).replace(['\'', '"'], "");
    format!(
        "choose a name yourself: kubectl create secret tls <name> --cert={} --key={}",
        file("crt"),
        file("key")
    )
}
