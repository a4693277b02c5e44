//! File name <-> usage: the naming conventions of the certs directory (REFERENCE.md sections 1 and 3).

use thiserror::Error;

use crate::error::printable;
use crate::login::NODE_USER;
use crate::usage::{KINDS, Usage};

/// The suffix of certificate files.
const CERTIFICATE: &str = ".crt";
/// The suffix of key files.
const KEY: &str = ".key";
/// The suffix of certificate requests.
const REQUEST: &str = ".csr";
/// What follows the name of a key whose certificate has not arrived.
const PENDING: &str = ".pending";

/// The certificate that a file holds, according to its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CertificateName {
    /// The kind.
    pub usage: Usage,
    /// The user or tenant, for kinds with one file per user or tenant.
    pub name: Option<String>,
}

/// Why a `.crt` file does not follow the directory's naming conventions, in the reference's words.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum LayoutError {
    /// It begins like no kind.
    #[error("unknown prefix \"{}\"", printable(.0))]
    UnknownPrefix(String),
    /// It begins like a kind, but does not match its pattern.
    #[error("{noun} certificate filename should match {pattern}")]
    Pattern {
        /// What the kind is called.
        noun: &'static str,
        /// What the name should look like.
        pattern: String,
    },
}

impl CertificateName {
    /// The one certificate of a kind.
    pub fn of(usage: Usage) -> Self {
        Self { usage, name: None }
    }

    /// The certificate of a user or tenant.
    pub fn named(usage: Usage, name: &str) -> Self {
        Self { usage, name: Some(name.to_owned()) }
    }

    /// The nodes' client certificate, where they have one of their own: `client.node.crt`.
    pub fn client_of_nodes() -> Self {
        Self::named(Usage::Client, NODE_USER)
    }

    /// The file of the certificate: `client.root.crt`.
    pub fn certificate_file(&self) -> String {
        self.stem() + CERTIFICATE
    }

    /// The file of the key that belongs to it: `client.root.key`.
    pub fn key_file(&self) -> String {
        self.stem() + KEY
    }

    /// The file of the same key as PKCS#8: `client.root.key.pk8`.
    pub fn pkcs8_file(&self) -> String {
        self.key_file() + ".pk8"
    }

    /// The file of a request for the certificate: `node.csr`.
    pub fn request_file(&self) -> String {
        self.stem() + REQUEST
    }

    /// The file of a key that waits for its certificate: `node.key.pending`.
    pub fn pending_key_file(&self) -> String {
        self.key_file() + PENDING
    }

    /// The certificate that a key in the directory is for, judging by its name, such as `node.key.pending`.
    pub fn from_key_file(file: &str) -> Option<Self> {
        let key = file.strip_suffix(PENDING).unwrap_or(file);
        let name = Self::from_file(&format!("{}{CERTIFICATE}", key.strip_suffix(KEY)?));
        name.and_then(Result::ok).filter(|name| !name.usage.is_ca())
    }

    fn stem(&self) -> String {
        let prefix = self.usage.kind().prefix;
        self.name.as_ref().map_or_else(|| prefix.to_owned(), |name| format!("{prefix}.{name}"))
    }

    /// What a file is, judging by its name; `None` for files that are not certificates at all.
    pub fn from_file(file: &str) -> Option<Result<Self, LayoutError>> {
        let stem = file.strip_suffix(CERTIFICATE)?;
        let (prefix, middle) = match stem.split_once('.') {
            Some((prefix, middle)) => (prefix, Some(middle)),
            None => (stem, None),
        };
        let Some(kind) = KINDS.iter().find(|kind| kind.prefix == prefix) else {
            return Some(Err(LayoutError::UnknownPrefix(prefix.to_owned())));
        };
        let name = match (kind.middle, middle) {
            (None, None) => None,
            (Some(_), Some(middle)) if !middle.is_empty() => Some(middle.to_owned()),
            _ => {
                let pattern =
                    Self { usage: kind.usage, name: kind.middle.map(str::to_owned) }.certificate_file();
                return Some(Err(LayoutError::Pattern { noun: kind.noun, pattern }));
            }
        };
        Some(Ok(Self { usage: kind.usage, name }))
    }
}

/// Is this the name of a certificate in the directory?
pub fn is_certificate(file: &str) -> bool {
    matches!(CertificateName::from_file(file), Some(Ok(_)))
}

/// Is this the name of a key in the directory? CA keys have no fixed name.
pub fn is_key(file: &str) -> bool {
    let stem = file.strip_suffix(".pk8").unwrap_or(file).strip_suffix(KEY);
    let name = stem.and_then(|stem| CertificateName::from_file(&format!("{stem}{CERTIFICATE}")));
    matches!(name, Some(Ok(name)) if !name.usage.is_ca())
}

/// Is this the name of a key in the directory that waits for its certificate?
pub fn is_pending_key(file: &str) -> bool {
    file.strip_suffix(PENDING).is_some_and(|key| key.ends_with(KEY) && is_key(key))
}

/// Is this the name of a certificate request in the directory?
pub fn is_request(file: &str) -> bool {
    file.strip_suffix(REQUEST).is_some_and(|stem| is_key(&format!("{stem}{KEY}")))
}

/// The file of the certificate that a request in any file becomes: `a.crt` for `a.csr`.
pub fn signed_file(request: &str) -> String {
    let known = [REQUEST, ".pem", ".der", ".req"];
    let stem = known.iter().find_map(|suffix| request.strip_suffix(suffix)).filter(|stem| !stem.is_empty());
    stem.unwrap_or(request).to_owned() + CERTIFICATE
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn file_names_tell_the_usage() {
        for (file, usage, name) in [
            ("ca.crt", Usage::Ca, None),
            ("ca-client.crt", Usage::ClientCa, None),
            ("ca-ui.crt", Usage::UiCa, None),
            ("ca-client-tenant.crt", Usage::TenantClientCa, None),
            ("node.crt", Usage::Node, None),
            ("ui.crt", Usage::Ui, None),
            ("client.root.crt", Usage::Client, Some("root")),
            ("client....a.b....crt", Usage::Client, Some("...a.b...")),
            ("client-tenant.2.crt", Usage::TenantClient, Some("2")),
            ("tenant-signing.2.crt", Usage::TenantSigning, Some("2")),
        ] {
            let expected = CertificateName { usage, name: name.map(str::to_owned) };
            assert_eq!(CertificateName::from_file(file), Some(Ok(expected)), "{file}");
        }
    }

    #[test]
    fn files_that_are_no_certificates_have_no_usage() {
        for file in ["", "crt", "ca.key", "ca.crt.bak", "README", "client.root.key"] {
            assert_eq!(CertificateName::from_file(file), None, "{file}");
        }
    }

    #[test]
    fn names_that_follow_no_pattern_say_which_they_should() {
        for (file, message) in [
            ("ca2.crt", "unknown prefix \"ca2\""),
            (".crt", "unknown prefix \"\""),
            ("a\x1bb.crt", "unknown prefix \"a\\u{1b}b\""),
            ("ca.2.crt", "CA certificate filename should match ca.crt"),
            ("ca-client.2.crt", "client CA certificate filename should match ca-client.crt"),
            ("ca-ui.2.crt", "UI CA certificate filename should match ca-ui.crt"),
            (
                "ca-client-tenant.2.crt",
                "tenant client CA certificate filename should match ca-client-tenant.crt",
            ),
            ("node.2.crt", "node certificate filename should match node.crt"),
            ("ui.2.crt", "UI certificate filename should match ui.crt"),
            ("client.crt", "client certificate filename should match client.<user>.crt"),
            ("client..crt", "client certificate filename should match client.<user>.crt"),
            ("client-tenant.crt", "tenant client certificate filename should match client-tenant.<id>.crt"),
            ("tenant-signing.crt", "tenant signing certificate filename should match tenant-signing.<id>.crt"),
        ] {
            let error = CertificateName::from_file(file).expect(file).expect_err(file);
            assert_eq!(error.to_string(), message, "{file}");
        }
    }

    #[test]
    fn keys_have_names_of_their_own() {
        for file in ["node.key", "ui.key", "client.root.key", "client.root.key.pk8", "client-tenant.2.key"] {
            assert!(is_key(file), "{file}");
        }
        for file in
            ["ca.key", "ca-client.key", "node.crt", "node.key.bak", "my.key", "client.key", ".key", "key"]
        {
            assert!(!is_key(file), "{file}");
        }
    }

    #[test]
    fn requests_and_the_keys_that_wait_have_names_of_their_own() {
        for stem in ["node", "ui", "client.root", "client....a.b...", "client-tenant.2"] {
            let name = CertificateName::from_file(&format!("{stem}.crt")).and_then(Result::ok).expect(stem);
            assert_eq!(name.request_file(), format!("{stem}.csr"));
            assert_eq!(name.pending_key_file(), format!("{stem}.key.pending"));
            assert!(is_request(&name.request_file()) && is_pending_key(&name.pending_key_file()), "{stem}");
            assert!(!is_key(&name.pending_key_file()) && !is_certificate(&name.request_file()), "{stem}");
        }
        for file in ["ca.csr", "x.csr", ".csr", "node.csr.pending", "client.csr"] {
            assert!(!is_request(file), "{file}");
        }
        for file in
            ["ca.key.pending", "node.pending", "node.crt.pending", "client.root.key.pk8.pending", ".pending"]
        {
            assert!(!is_pending_key(file), "{file}");
        }
    }

    #[test]
    fn a_signed_request_is_called_like_the_request() {
        for (request, certificate) in [
            ("node.csr", "node.crt"),
            ("client.a.b.csr", "client.a.b.crt"),
            ("node1.pem", "node1.crt"),
            ("node1", "node1.crt"),
            ("client.a", "client.a.crt"),
            (".csr", ".csr.crt"),
        ] {
            assert_eq!(signed_file(request), certificate);
        }
    }

    proptest! {
        #[test]
        fn a_file_name_and_its_usage_are_two_ways_to_say_one_thing(file in "(ca|ca-ui|node|client|client-tenant|\\PC*)(\\.\\PC*)?\\.crt") {
            if let Some(Ok(name)) = CertificateName::from_file(&file) {
                prop_assert_eq!(name.certificate_file(), file);
            }
        }
    }
}
