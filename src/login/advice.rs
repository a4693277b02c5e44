//! What to do about a refused login: commands that can be pasted into a shell or a SQL prompt. None weakens the
//! cluster: the next step is a right certificate. Nothing is mapped to root or node, no requirement is switched
//! off, no CA trusted.

use super::{CertificateScope, NODE_USER, ROOT_USER, Rule, ScopeTenant, ServerSettings, Tenant};
use crate::dn::DistinguishedName;
use crate::error::{shell_quoted, shell_word};

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

/// How to make a certificate for `user`: a command, or what to ask a CA for where no command of ours makes it.
fn create(settings: &ServerSettings, user: &str, options: &str) -> String {
    let names = settings.sans_for(user).filter(|names| settings.goes_by_san() && !names.is_empty());
    if let Some(names) = names {
        let names = names.missing_from(&[]).join(", ");
        return format!("ask your CA for one with all names of --{user}-cert-san ({names})");
    }
    match user {
        // Servers take node.crt from clients only if it is of the CA for clients.
        NODE_USER if !settings.client_ca => format!("`crdb-cert create-node HOST...{options}{PATHS}`"),
        _ => format!("`crdb-cert create-client {}{options}{PATHS}`", shell_word(user)),
    }
}

fn create_with_subject(settings: &ServerSettings, user: &str, subject: &DistinguishedName) -> String {
    create(settings, user, &format!(" --subject={}", shell_quoted(&subject.to_string())))
}

pub(super) fn for_new_certificate(settings: &ServerSettings, user: &str) -> String {
    format!("Make a new certificate: {}.", create(settings, user, ""))
}

pub(super) fn for_broken_chain(settings: &ServerSettings, user: &str) -> String {
    format!(
        "Make a certificate with the CA that the server has in ca-client.crt (or ca.crt): {}.",
        create(settings, user, "")
    )
}

pub(super) const CHECK_CLOCK: &str = "Check the clock of the server, or wait.";

/// For a CA that has expired, and perhaps the user's certificate with it.
pub(super) fn for_expired_ca(settings: &ServerSettings, user: &str, leaf_too: bool) -> String {
    let command = if settings.client_ca { "create-client-ca" } else { "create-ca" };
    let leaf = if leaf_too { for_new_certificate(settings, user) } else { String::new() };
    let advice = format!(
        "The CA certificate has expired. Renew it first, for all servers and clients: `crdb-cert {command} \
         --allow-ca-key-reuse{PATHS}`. {leaf}"
    );
    advice.trim_end().to_owned()
}

pub(super) fn for_malformed_scope(settings: &ServerSettings, user: &str) -> String {
    format!(
        "Every crdb: URI has to be crdb://tenant/<id>/user/<user>, the id a number from 1, or \
         crdb://tenant-name/<name>/user/<user>. Make a new certificate: {}.",
        create(settings, user, "")
    )
}

pub(super) fn for_tenant_certificate(settings: &ServerSettings, user: &str) -> String {
    format!(
        "A subject with OU=Tenants is for SQL servers of a tenant. Make a certificate for the user: {}.",
        create(settings, user, "")
    )
}

/// `found` is the subject of the certificate, with its scopes.
pub(super) fn for_missing_subject(
    user: &str,
    found: Option<(&DistinguishedName, &[CertificateScope])>,
) -> String {
    match found.and_then(|(found, scopes)| change_server(user, found, scopes)) {
        Some(change) => format!("If the certificate is {user}'s, make the server expect its subject: {change}"),
        None if is_set_by_flag(user) => format!(
            "Start the server with {}; `crdb-cert subject FILE --flag={user}` prints it for the certificate that {user} \
             is to have.",
            where_set(user)
        ),
        None => format!("Set {} to the subject of a certificate made for {user}.", where_set(user)),
    }
}

pub(super) fn for_other_sans(user: &str, missing: &[&str]) -> String {
    match missing {
        [] => {
            format!("Start the server with --{user}-cert-san, and give {user} a certificate with these names.")
        }
        missing => {
            format!("Give {user} a certificate with the names that this one lacks: {}.", missing.join(", "))
        }
    }
}

pub(super) fn for_banned(settings: &ServerSettings, rule: Rule, user: &str) -> String {
    let banned = if rule == Rule::RootBanned { "root" } else { "debug_user" };
    if user == banned {
        return format!(
            "The server lets no certificate of {user} in. Log in as another user who has the privileges."
        );
    }
    format!(
        "A certificate that is also for {banned} lets nobody in. Make one for {user} alone: {}.",
        create(settings, user, "")
    )
}

pub(super) fn for_unmapped(user: &str) -> String {
    format!("Use a certificate with an identity that the map takes for {user}.")
}

pub(super) fn for_reserved_in_map(line: usize, reserved: &str) -> String {
    format!("Remove line {line} from the identity map: no certificate may be mapped to {reserved}.")
}

pub(super) fn for_unreadable_subject(
    settings: &ServerSettings,
    user: &str,
    wanted: &DistinguishedName,
) -> String {
    let command = create_with_subject(settings, user, wanted);
    format!("Make a certificate with the subject the server expects: {command}.")
}

/// `found` is the subject of the certificate, with its scopes.
pub(super) fn for_other_subject(
    settings: &ServerSettings,
    user: &str,
    wanted: &DistinguishedName,
    (found, scopes): (&DistinguishedName, &[CertificateScope]),
) -> String {
    let change = change_server(user, found, scopes);
    let change =
        change.map(|change| format!(" Or, if this certificate is {user}'s, change the server: {change}"));
    for_unreadable_subject(settings, user, wanted) + &change.unwrap_or_default()
}

/// How to make the server expect `found` of a user whose subject is a role's, if it can: no SUBJECT holds, say,
/// an e-mail address. Whoever's certificate this is would be the user by such advice: it has to name the user,
/// or nobody, and neither root nor node.
fn change_server(user: &str, found: &DistinguishedName, scopes: &[CertificateScope]) -> Option<String> {
    let for_user = scopes.iter().any(|scope| scope.user == user) || names_nobody(scopes);
    let for_user = for_user && !scopes.iter().any(|scope| is_set_by_flag(&scope.user));
    let possible = for_user && !is_set_by_flag(user) && !found.is_empty() && found.check_role_subject().is_ok();
    possible.then(|| server_setting(user, found))
}

/// Does the certificate name no user, as one that goes by its subject?
fn names_nobody(scopes: &[CertificateScope]) -> bool {
    scopes.iter().all(|scope| scope.user.is_empty())
}

/// What to look at before a new certificate is made for one that names nobody.
fn forgotten_subject(user: &str, scopes: &[CertificateScope]) -> String {
    let what = match user {
        _ if !names_nobody(scopes) => return String::new(),
        ROOT_USER | NODE_USER => format!("the server has {}, pass it here too", where_set(user)),
        _ => "the role has a SUBJECT, pass it here too (--role-subject)".into(),
    };
    format!("If {what}. ")
}

/// For a connection between nodes.
pub(super) fn for_other_node(settings: &ServerSettings, scopes: &[CertificateScope]) -> String {
    forgotten_subject(NODE_USER, scopes) + &for_new_certificate(settings, NODE_USER)
}

pub(super) fn for_other_scope(
    settings: &ServerSettings,
    user: &str,
    tenant: &Tenant,
    scopes: &[CertificateScope],
) -> String {
    if !scopes.iter().any(|scope| scope.user == user) {
        let first = forgotten_subject(user, scopes);
        return format!("{first}Make a certificate for {user}: {}.", create(settings, user, ""));
    }
    let by_id = scopes.iter().any(|scope| matches!(scope.tenant, ScopeTenant::Id(_)));
    let option = match tenant.name.as_deref().filter(|_| !by_id) {
        Some(name) => format!(" --tenant-name-scope={}", shell_word(name)),
        None => format!(" --tenant-scope={}", tenant.id),
    };
    let command = create(settings, user, &option);
    format!("The certificate is for {user} on other tenants. Make one for this tenant: {command}.")
}
