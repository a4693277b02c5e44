//! What to do about a refused login: commands that can be pasted into a shell or a SQL prompt.

use super::{CertificateScope, NODE_USER, ROOT_USER, ScopeTenant, Tenant};
use crate::dn::DistinguishedName;

/// `text` as one word for a POSIX shell.
pub fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// `text` as a SQL string literal.
pub fn sql_string(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// `text` as a SQL identifier, quoted always: a user may be called `select`.
pub fn sql_name(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// Is the user's subject a start flag of the server, and not a role's SUBJECT?
pub fn is_set_by_flag(user: &str) -> bool {
    matches!(user, ROOT_USER | NODE_USER)
}

/// The start flag that makes the server expect `subject` of the user `root` or `node`; none for others.
pub fn distinguished_name_flag(user: &str, subject: &DistinguishedName) -> Option<String> {
    match user {
        ROOT_USER | NODE_USER => {
            Some(format!("--{user}-cert-distinguished-name={}", shell_quoted(&subject.to_string())))
        }
        _ => None,
    }
}

/// What makes the server expect `subject` of `user`: a start flag for `root` and `node`, SQL for any other.
pub fn server_setting(user: &str, subject: &DistinguishedName) -> String {
    distinguished_name_flag(user, subject).unwrap_or_else(|| {
        format!("ALTER ROLE {} WITH SUBJECT {};", sql_name(user), sql_string(&subject.to_string()))
    })
}

/// Where the server has the subject of `user` from.
pub(super) fn where_set(user: &str) -> String {
    match user {
        ROOT_USER | NODE_USER => format!("--{user}-cert-distinguished-name"),
        _ => format!("the SUBJECT of role {}", sql_name(user)),
    }
}

/// What the command needs besides: only the operator knows the paths, and the old files are there.
const PATHS: &str = " --overwrite --certs-dir=... --ca-key=...";

fn create(user: &str, options: &str) -> String {
    match user {
        NODE_USER => format!("`crdb-cert create-node HOST...{options}{PATHS}`"),
        _ => format!("`crdb-cert create-client {}{options}{PATHS}`", word(user)),
    }
}

fn create_with_subject(user: &str, subject: &DistinguishedName) -> String {
    create(user, &format!(" --subject={}", shell_quoted(&subject.to_string())))
}

/// A user name for a command line, quoted only where it has to be.
fn word(user: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_.-".contains(c);
    if !user.is_empty() && user.chars().all(plain) { user.into() } else { shell_quoted(user) }
}

pub(super) fn for_new_certificate(user: &str) -> String {
    format!("Make a new certificate: {}.", create(user, ""))
}

pub(super) fn for_broken_chain(user: &str) -> String {
    format!(
        "Add the CA certificate that signed it to ca-client.crt (or ca.crt) on every server, or make a certificate \
         with the CA that is there: {}.",
        create(user, "")
    )
}

pub(super) fn for_malformed_scope(user: &str) -> String {
    format!(
        "Every crdb: URI has to be crdb://tenant/<id>/user/<user>, the id a number from 1, or \
         crdb://tenant-name/<name>/user/<user>. Make a new certificate: {}.",
        create(user, "")
    )
}

pub(super) fn for_tenant_certificate(user: &str) -> String {
    format!(
        "A subject with OU=Tenants is for SQL servers of a tenant. Make a certificate for the user: {}.",
        create(user, "")
    )
}

pub(super) fn for_missing_subject(user: &str, found: Option<&DistinguishedName>) -> String {
    let setting = match found.and_then(|found| change_server(user, found)) {
        Some(change) => format!("Make the server expect the certificate's subject: {change}"),
        None => format!("Set {}.", where_set(user)),
    };
    format!(
        "{setting} Or stop requiring subjects: \
         SET CLUSTER SETTING security.client_cert.subject_required.enabled = false;"
    )
}

pub(super) fn for_unreadable_subject(user: &str, wanted: &DistinguishedName) -> String {
    format!("Make a certificate with the subject the server expects: {}.", create_with_subject(user, wanted))
}

pub(super) fn for_other_subject(user: &str, wanted: &DistinguishedName, found: &DistinguishedName) -> String {
    let change = change_server(user, found).map(|change| format!(" Or change the server: {change}"));
    format!(
        "Make a certificate with the subject the server expects: {}.{}",
        create_with_subject(user, wanted),
        change.unwrap_or_default()
    )
}

/// How to make the server expect `found`, if it can: no role's SUBJECT holds, say, an e-mail address.
fn change_server(user: &str, found: &DistinguishedName) -> Option<String> {
    let is_flag = is_set_by_flag(user);
    let possible = !found.is_empty() && (is_flag || found.check_role_subject().is_ok());
    possible.then(|| server_setting(user, found))
}

/// `principal` is the name in the certificate that a principal map could change.
pub(super) fn for_other_scope(
    user: &str,
    tenant: &Tenant,
    scopes: &[CertificateScope],
    principal: Option<&str>,
) -> String {
    if scopes.iter().any(|scope| scope.user == user) {
        let by_name = tenant
            .name
            .as_deref()
            .filter(|_| !scopes.iter().any(|scope| matches!(scope.tenant, ScopeTenant::Id(_))));
        let option = match by_name {
            Some(name) => format!(" --tenant-name-scope={}", word(name)),
            None => format!(" --tenant-scope={}", tenant.id),
        };
        let command = create(user, &option);
        return format!("The certificate is for {user} on other tenants. Make one for this tenant: {command}.");
    }
    let mapping = principal.map(|principal| {
        let entry = shell_quoted(&format!("{principal}:{user}"));
        format!(" Or start the server with --cert-principal-map={entry}")
    });
    format!("Make a certificate for {user}: {}.{}", create(user, ""), mapping.unwrap_or_default())
}
