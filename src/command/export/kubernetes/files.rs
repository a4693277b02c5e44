//! The files that objects hold, as they are known to work: certificates, and the keys that belong to them.

use std::collections::BTreeSet;
use std::ffi::OsString;

use anyhow::{Context, Result};
use zeroize::Zeroizing;

use super::asked::Asked;
use crate::certs_dir::Reading;
use crate::certs_dir::certificate::{self, CertificateFile};
use crate::certs_dir::layout::{self, CertificateName};
use crate::cli::CaKeyArgs;
use crate::cli::export::Kubernetes;
use crate::command::export::out::Out;
use crate::command::export::pair;
use crate::command::{announce, values};
use crate::error::{Advice, shell_word};
use crate::kubernetes::hosts;
use crate::kubernetes::layout::{CA_KEY, Layout, Planned};
use crate::pki::key::PrivateKey;
use crate::usage::Usage;

/// The files of a certs directory, and the CA key.
pub struct Files<'a> {
    reading: &'a Reading<'a>,
    asked: &'a Asked,
    sans_for: &'static str,
    ca_key: Option<(String, PrivateKey)>,
}

impl<'a> Files<'a> {
    /// Reads the CA key if it is asked for.
    pub fn new(reading: &'a Reading<'a>, asked: &'a Asked, args: &Kubernetes) -> Result<Self> {
        let ca_key = asked.ca_key.then(|| ca_key(args)).transpose()?;
        let sans_for = match asked.layout {
            Some(Layout::Operator) => "operator",
            Some(Layout::Statefulset) => "statefulset",
            Some(Layout::Helm | Layout::Tls) | None => "helm",
        };
        Ok(Self { reading, asked, sans_for, ca_key })
    }

    /// The PEM that an object holds: certificates and nothing else, or the key of one, if it may go to `out`.
    pub fn contents(&self, file: &str, out: &Out) -> Result<Zeroizing<Vec<u8>>> {
        if file == CA_KEY {
            return self.ca_key();
        }
        let Some(name) = CertificateName::from_key_file(file) else {
            return Ok(Zeroizing::new(self.certificate(file)?.to_pem()));
        };
        let hint = format!("put the right one there, or make both anew: {} --overwrite", self.command(&name));
        let certificate = self.certificate(&name.certificate_file())?.first;
        let (key, holder) = pair::key(self.reading, &name, &certificate, &hint)?;
        out.check_holder(holder.as_ref())?;
        Ok(key.to_pem()?)
    }

    /// A certificate, and those behind it.
    pub fn certificate(&self, file: &str) -> Result<CertificateFile> {
        if let (false, Some(Ok(name))) = (self.reading.has(file), CertificateName::from_file(file)) {
            let noun = name.usage.kind().noun;
            let what = format!("there is no {noun} certificate {}", self.reading.path(file).display());
            return Err(Advice::new(what, format!("make it: {}", self.command(&name))).into());
        }
        CertificateFile::load_in(self.reading, file, certificate::LEAF)
    }

    fn ca_key(&self) -> Result<Zeroizing<Vec<u8>>> {
        let (shown, key) = self.ca_key.as_ref().context("no CA key was asked for")?;
        let file = CertificateName::of(Usage::Ca).certificate_file();
        let ca = self.certificate(&file)?.first;
        let path = self.reading.path(&file);
        if !pair::belongs(key, &ca, &path)? {
            let what = format!("CA key {shown} does not belong to the first certificate in {}", path.display());
            return Err(Advice::new(what, "name the key that this CA was made with: --ca-key=<file>").into());
        }
        Ok(key.to_pem()?)
    }

    /// What is wrong if the nodes' certificate lacks a name that the layout needs. Who names no namespace is
    /// not told of names with one.
    pub fn uncovered_hosts(&self, layout: Layout) -> Result<Option<String>> {
        if layout == Layout::Tls {
            return Ok(None);
        }
        let node = CertificateName::of(Usage::Node);
        let certificate = self.certificate(&node.certificate_file())?.first;
        let Asked { release, namespace, domain, .. } = self.asked;
        let mut needed = hosts::of_node(layout, release, namespace.as_ref(), domain);
        let addresses = certificate.alt_names().filter_map(|name| name.address());
        let covered: Vec<_> = addresses.chain(certificate.dns_names()).collect();
        needed.retain(|host| !covered.contains(host));
        Ok((!needed.is_empty()).then(|| {
            let path = self.reading.path(&node.certificate_file());
            let (needed, command) = (needed.join(", "), self.command(&node));
            format!("{} does not cover {needed}; make it anew: {command} --overwrite", path.display())
        }))
    }

    /// The certificates of these objects that are of no use any more.
    pub fn expired(&self, planned: &[Planned]) -> Result<Vec<String>> {
        let files: BTreeSet<_> = planned.iter().flat_map(|object| &object.data).map(|(_, file)| file).collect();
        let mut expired = Vec::new();
        for file in files.into_iter().filter(|file| layout::is_certificate(file)) {
            if self.certificate(file)?.first.not_after.is_some_and(|end| end < values::now()) {
                expired.push(format!("{} has expired", self.reading.path(file).display()));
            }
        }
        Ok(expired)
    }

    /// The command that makes a certificate.
    fn command(&self, name: &CertificateName) -> String {
        let whose = match name.usage {
            Usage::Node => {
                let Asked { release, namespace, .. } = self.asked;
                let within = namespace.as_ref().map(|name| format!(" --namespace={name}")).unwrap_or_default();
                format!(
                    " $(crdb-cert export kubernetes --sans-for={} --release={release}{within})",
                    self.sans_for
                )
            }
            Usage::Ui => " <host>".to_owned(),
            _ => name.name.as_deref().map(|name| format!(" {}", shell_word(name))).unwrap_or_default(),
        };
        let dir = shell_word(&self.reading.dir_path().display().to_string());
        format!("crdb-cert {}{whose} --certs-dir={dir} --ca-key=<file>", name.usage.kind().command)
    }
}

/// The CA key, without its passphrase.
fn ca_key(args: &Kubernetes) -> Result<(String, PrivateKey)> {
    let flags = CaKeyArgs {
        ca_key: OsString::clone(&args.ca_key),
        ca_key_passphrase_file: args.ca_key_passphrase_file.clone(),
        ca_key_passphrase_fd: args.ca_key_passphrase_fd,
    };
    let key = flags.key()?;
    if key.file().is_none() {
        let hint = "leave --with-ca-key out, and sign with the token: create-*, renew and apply take it";
        return Err(
            Advice::new(format!("the CA key {key} is in a token, which does not give it away"), hint).into()
        );
    }
    let mut findings = Vec::new();
    let loaded = key.load(&mut findings);
    announce::findings(&findings);
    let loaded =
        loaded?.ok_or_else(|| Advice::new(format!("there is no CA key {key}"), "name it: --ca-key=<file>"))?;
    Ok((key.to_string(), loaded))
}
