//! Parses the values of flags into types that cannot be wrong; errors name the flag.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};

use super::leaf::{self, Placement};
use super::signer::SignedBy;
use crate::account;
use crate::ca::key::CaKey;
use crate::ca::location::Location;
use crate::ca::passphrase::Source;
use crate::certificate::{AltName, Certificate};
use crate::certs_dir::CertsDir;
use crate::certs_dir::layout::CertificateName;
use crate::cli::{Algorithm, CaKeyArgs, CertsDirArgs, KeyArgs, LeafArgs, NewArgs, OwnerArgs, ServerArgs};
use crate::dn::DistinguishedName;
use crate::due::Due;
use crate::duration::Lifetime;
use crate::error::Advice;
use crate::expand::expand;
use crate::host::{self, Host};
use crate::login::{NODE_USER, PrincipalMap};
use crate::pkcs11::Pkcs11Uri;
use crate::pki;
use crate::pki::issue::{KeptExtension, Validity};
use crate::pki::key::KeySpec;
use crate::pki::name::{self, EncodedName};
use crate::pki::ocsp::OcspUrl;
use crate::request::{Request, SubjectKey};
use crate::store::dir::Owner;
use crate::tenant::TenantId;
use crate::username::{self, Username, UsernameError};

pub use crate::time::now;

impl CertsDirArgs {
    /// The certs directory, with its variables expanded. Every command asks for it, so a bad value of a server
    /// flag is an error in every command.
    pub fn path(&self) -> Result<PathBuf> {
        self.server.settings()?;
        let hint = "name it: --certs-dir=<path-to-certs-directory>";
        let path = path("--certs-dir", &self.certs_dir, "the path to the certs directory is required", hint)?;
        if Pkcs11Uri::has_scheme(path.as_os_str().as_bytes()) {
            bail!("--certs-dir: a PKCS#11 URI is not a directory");
        }
        Ok(path)
    }
}

/// The value of `--ca-key`, with its variables expanded.
pub fn ca_key_path(value: &OsStr) -> Result<PathBuf> {
    let hint = "name it: --ca-key=<path-to-ca-key>";
    path("--ca-key", value, "the path to the CA key is required", hint)
}

/// The values of the server's own flags.
pub struct ServerSettings {
    /// Which users the names in client certificates map to.
    pub principal_map: PrincipalMap,
    /// The subject of root's certificates.
    pub root_subject: Option<DistinguishedName>,
    /// The subject of the nodes' certificates.
    pub node_subject: Option<DistinguishedName>,
}

impl ServerArgs {
    /// The flags' values. An empty subject is not set.
    pub fn settings(&self) -> Result<ServerSettings> {
        Ok(ServerSettings {
            principal_map: self.cert_principal_map.join(",").parse().context("--cert-principal-map")?,
            root_subject: expected_subject(
                "--root-cert-distinguished-name",
                self.root_cert_distinguished_name.as_deref(),
            )?,
            node_subject: expected_subject(
                "--node-cert-distinguished-name",
                self.node_cert_distinguished_name.as_deref(),
            )?,
        })
    }
}

impl CaKeyArgs {
    /// Is there one?
    pub fn is_named(&self) -> bool {
        !self.ca_key.is_empty()
    }

    /// Does a flag say where the passphrase is?
    pub fn names_a_passphrase(&self) -> bool {
        self.ca_key_passphrase_file.is_some() || self.ca_key_passphrase_fd.is_some()
    }

    /// The CA key, with the variables of its path expanded.
    pub fn key(&self) -> Result<CaKey> {
        let path = ca_key_path(&self.ca_key)?;
        let passphrase = match (&self.ca_key_passphrase_file, self.ca_key_passphrase_fd) {
            (Some(file), _) => Source::File(PathBuf::from(file)),
            (None, Some(number)) => Source::Descriptor(number),
            (None, None) => Source::Terminal,
        };
        let location = Location::parse(path.into_os_string()).context("--ca-key")?;
        Ok(CaKey::new(location, passphrase))
    }
}

impl NewArgs {
    /// The request for a certificate; `called` stands for `{}` in the usual subject of its kind.
    pub fn request(
        &self,
        name: CertificateName,
        called: &str,
        alt_names: Vec<AltName>,
        key: KeySpec,
    ) -> Result<Request> {
        let asked = self.subject.as_deref();
        let subject = subject(asked, name.usage.kind().profile.subject_of(called))?;
        let (validity, subject) = (validity(&self.lifetime)?, encode_subject(asked, &subject)?);
        Ok(Request {
            name,
            subject,
            alt_names,
            kept: None,
            added: Vec::new(),
            validity,
            key: SubjectKey::New(key),
        })
    }

    /// Where its files go.
    pub fn placement(&self, pkcs8: bool) -> Result<Placement> {
        let certs_dir = CertsDir::open(&self.dir.path()?)?;
        Ok(Placement { certs_dir, owner: self.owner.account()?, overwrite: self.overwrite, pkcs8 })
    }
}

impl LeafArgs {
    /// Makes a certificate that the CA for its kind signs.
    pub fn create(
        &self,
        name: CertificateName,
        called: &str,
        alt_names: Vec<AltName>,
        pkcs8: bool,
    ) -> Result<Certificate> {
        let signed_by = SignedBy::of(&self.ca_key, &self.sign_with)?;
        let placement = self.new.placement(pkcs8)?;
        let mut request = self.new.request(name, called, alt_names, self.key.spec()?)?;
        request.added = ocsp_access(self.ocsp_url.as_deref())?;
        leaf::create(request, &placement, Some(&signed_by))
    }
}

impl OwnerArgs {
    /// The owner of the new files; `None` for the caller.
    pub fn account(&self) -> Result<Option<Owner>> {
        self.owner.as_deref().filter(|owner| !owner.is_empty()).map(account::owner).transpose()
    }
}

impl KeyArgs {
    /// The key to make.
    pub fn spec(&self) -> Result<KeySpec> {
        let spec = match self.key_algorithm {
            Algorithm::Rsa => KeySpec::rsa(self.key_size),
            Algorithm::Ecdsa => KeySpec::ecdsa(self.key_size),
        };
        spec.context("--key-size")
    }
}

/// The directory of a fleet's folders, with its variables expanded.
pub fn fleet(out: &OsStr) -> Result<PathBuf> {
    if out.is_empty() {
        return Err(Advice::new("--out: the path is empty", "name it: --out=<path-to-the-folders>").into());
    }
    Ok(expand(out, |name| std::env::var_os(name)).context("--out")?.into())
}

fn path(flag: &'static str, value: &OsStr, required: &str, hint: &str) -> Result<PathBuf> {
    if value.is_empty() {
        return Err(Advice::new(required, hint).into());
    }
    let expanded = expand(value, |name| std::env::var_os(name)).map_err(|error| {
        // In a PIN, the text after a dollar sign is part of it.
        if Pkcs11Uri::has_scheme(value.as_bytes()) {
            Advice::new(
                "the PKCS#11 URI has a dollar sign in it, but no such environment variable is set",
                "write a dollar sign as %24",
            )
            .into()
        } else {
            anyhow!(error)
        }
    });
    let expanded = expanded.context(flag)?;
    Ok(PathBuf::from(expanded))
}

/// How long a certificate is valid.
pub fn lifetime(text: &str) -> Result<Lifetime> {
    duration("--lifetime", text)
}

/// The time that a flag gives.
pub fn duration(flag: &str, text: &str) -> Result<Lifetime> {
    text.parse().map_err(|error| {
        let hint = "write it as hours, minutes and seconds, such as 8760h0m0s or 90m, or as days, such as 365d";
        Advice::new(format!("{flag}: {error}"), hint).into()
    })
}

/// When a certificate is due for renewal.
pub fn due(text: &str) -> Result<Due> {
    Due::parse(text).context("--if-due")
}

/// What says where the status of a certificate is asked for, if anywhere.
pub fn ocsp_access(url: Option<&str>) -> Result<Vec<KeptExtension>> {
    let parsed = url.map(|url| {
        url.parse::<OcspUrl>().map_err(|error| {
            Advice::new(format!("--ocsp-url: {error}"), "name the responder as in http://ocsp.example.com:8080")
        })
    });
    Ok(parsed.transpose()?.iter().map(OcspUrl::extension).collect())
}

/// From now for the given lifetime.
pub fn validity(lifetime: &str) -> Result<Validity> {
    Validity::starting(now(), self::lifetime(lifetime)?).ok_or_else(|| {
        let hint = "choose a shorter one: no certificate is valid beyond the year 9999";
        Advice::new(format!("--lifetime: {lifetime:?} is too long"), hint).into()
    })
}

/// A SQL user.
pub fn user(argument: &OsStr) -> Result<Username> {
    Ok(text("username", argument)?.parse().map_err(with_username_hint)?)
}

/// Adds the rule for user names to what is wrong with this one.
pub fn with_username_hint(error: UsernameError) -> Advice {
    Advice::new(error.to_string(), username::HINT)
}

/// A distinguished name; `flag` is for the message.
pub fn distinguished_name(flag: &str, text: &str) -> Result<DistinguishedName> {
    text.parse().with_context(|| flag.to_owned())
}

/// The subject that the server was told to expect. Nothing is trimmed, as the server trims nothing; empty text
/// means that none is set.
pub fn expected_subject(flag: &str, text: Option<&str>) -> Result<Option<DistinguishedName>> {
    text.filter(|text| !text.is_empty()).map(|text| distinguished_name(flag, text)).transpose()
}

/// The subject of a new certificate: the one given, or the default for its kind.
pub fn subject(asked: Option<&str>, usual: DistinguishedName) -> Result<DistinguishedName> {
    let Some(text) = asked else { return Ok(usual) };
    let subject = distinguished_name("--subject", text)?;
    if subject.is_empty() {
        let hint = "give at least one attribute, as in --subject='O=Acme Inc,OU=movr-prod,UID=node'";
        return Err(Advice::new("--subject: the name is empty", hint).into());
    }
    Ok(subject)
}

/// The subject as it will be in the certificate.
pub fn encode_subject(asked: Option<&str>, subject: &DistinguishedName) -> Result<EncodedName> {
    let encoded = name::encode(subject);
    match asked {
        Some(_) => encoded.context("--subject"),
        None => encoded.map_err(|error| {
            Advice::new(error.to_string(), "choose another name for the certificate with --subject").into()
        }),
    }
}

/// A random UUID (RFC 9562 section 5.4).
pub fn random_uuid() -> Result<String> {
    pki::random_uuid().map_err(|reason| anyhow!("could not make a random UUID: {reason}"))
}

/// Names the SQL user that nodes log in as, if not `node` (for testing clusters, as in the reference).
const NODE_USER_VARIABLE: &str = "COCKROACH_CERT_NODE_USER";

/// The SQL user that nodes log in as.
pub fn node_user() -> Result<String> {
    match std::env::var_os(NODE_USER_VARIABLE).filter(|user| !user.is_empty()) {
        Some(user) => Ok(text(NODE_USER_VARIABLE, &user)?.to_owned()),
        None => Ok(NODE_USER.to_owned()),
    }
}

/// The hosts on a command line.
pub fn hosts(arguments: &[OsString]) -> Result<Vec<Host>> {
    let texts = arguments.iter().map(|host| text("host", host)).collect::<Result<Vec<_>>>()?;
    Ok(host::parse_all(texts)?)
}

/// A tenant.
pub fn tenant_id(argument: &str) -> Result<TenantId> {
    Ok(argument.parse()?)
}

/// An argument as text; names in certificates are Unicode.
pub fn text<'a>(what: &str, argument: &'a OsStr) -> Result<&'a str> {
    argument.to_str().ok_or_else(|| anyhow!("{what} {argument:?} is not UTF-8"))
}
