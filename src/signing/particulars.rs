//! What a command is told about the request that it gets, in its environment.

use crate::certificate::AltName;
use crate::certs_dir::layout::CertificateName;
use crate::error::printable;
use crate::pki::request::SigningRequest;
use crate::usage::Usage;

/// The variables and their values. All of it is in the request, too, apart from the lifetime.
pub fn environment(
    name: &CertificateName,
    asked: &SigningRequest,
    lifetime: i64,
) -> Vec<(&'static str, String)> {
    let names = &asked.asked.alt_names;
    vec![
        ("CRDB_CERT_USAGE", name.usage.kind().prefix.replace("client-tenant", "tenant-client")),
        ("CRDB_CERT_NAME", printable(&called(name, names))),
        ("CRDB_CERT_LIFETIME_SECONDS", lifetime.to_string()),
        ("CRDB_CERT_KEY_USAGE", asked.asked.key_usage.join(",")),
        ("CRDB_CERT_EXT_KEY_USAGE", asked.asked.purposes.join(",")),
        ("CRDB_CERT_SUBJECT", printable(&asked.subject.name.to_string())),
        // One a line: a URI may have a comma in it, but no line break once it is printable.
        ("CRDB_CERT_ALT_NAMES", names.iter().map(|name| printable(&name.to_string()) + "\n").collect()),
    ]
}

/// What people call it: `node.crt (a.example.com)`, as all nodes have files of the same name.
pub fn label(name: &CertificateName, asked: &SigningRequest) -> String {
    let file = name.certificate_file();
    match name.usage {
        Usage::Node | Usage::Ui => format!("{file} ({})", called(name, &asked.asked.alt_names)),
        _ => file,
    }
}

/// The user or tenant; of a server the first of its names.
fn called(name: &CertificateName, names: &[AltName]) -> String {
    let first = || {
        let text = names.first()?.to_string();
        text.split_once(':').map(|(_, name)| name.to_owned())
    };
    match name.usage {
        Usage::Node | Usage::Ui => first().unwrap_or_default(),
        _ => name.name.clone().unwrap_or_default(),
    }
}
