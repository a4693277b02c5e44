//! Everything that is known about certificates is asked before any of these is put in place.

use anyhow::{Context, Result};

use super::arrival::Arrival;
use super::roots::Roots;
use crate::ca::authority;
use crate::certificate::{CLIENT_AUTH, Certificate};
use crate::certs_dir::batch::{Contents, Target};
use crate::certs_dir::inspect::Judge;
use crate::certs_dir::layout::CertificateName;
use crate::certs_dir::{CertsDir, Reading};
use crate::cli::Import;
use crate::command::announce;
use crate::command::values::{self, expected_subject};
use crate::error::{Advice, clipped};
use crate::finding::Severity;
use crate::incoming::{self, Asked, more_purposes};
use crate::login::chain::{self, Presented, Side};
use crate::login::{self, Client, NODE_USER, Refusal, Rule, ServerSettings, Tenant, Verdict};
use crate::pki::pem;
use crate::pki::profile::ExtendedKeyUsage;
use crate::pki::verify::OpenSsl;
use crate::store::read::Regular;
use crate::usage::Usage;
use crate::verify::{self, Expected};

/// The most bytes of all that is wrong.
const WIDEST: usize = 8000;
/// Certificates that expire within so many seconds are a warning.
const SOON: i64 = 30 * 24 * 3600;

/// What to do next.
const ASK: &str = "nothing was changed; ask the CA for a certificate with exactly what the request asks for, or make a request for what it issues (csr --overwrite)";
const MEND: &str = "nothing was changed; mend this, and import again (--dry-run shows what would be done)";
const SPLIT: &str = "nothing was changed; where the CA cannot issue such a certificate, make client.node.crt with another CA first, or import it together with this one (docs/outside-ca.md)";

/// What is wrong, and what is only worth knowing.
#[derive(Default)]
struct Judgement {
    wrong: Vec<String>,
    notes: Vec<String>,
}

/// Refuses what was not asked for, or will not work; says what is worth knowing.
pub fn check(
    certs_dir: &CertsDir,
    args: &Import,
    arrivals: &[Arrival],
    roots: &Roots,
    batch: &[(Target, Contents)],
) -> Result<()> {
    let after = certs_dir.read().with(batch).context("could not look at the new files in memory")?;
    let server = args.dir.server.settings()?;
    let settings = ServerSettings {
        role_subject: expected_subject("--role-subject", args.role_subject.as_deref())?,
        root_subject: server.root_subject,
        node_subject: server.node_subject,
        principal_map: server.principal_map,
        ..ServerSettings::default()
    };
    let mut judgement = Judgement::default();
    for arrival in arrivals {
        judgement.compare(arrival, &after);
    }
    let differs = !judgement.wrong.is_empty();
    judgement.verify(arrivals, roots, &after, &settings)?;
    for arrival in arrivals {
        judgement.login(arrival, &after, &settings, args);
    }
    if judgement.wrong.is_empty() {
        judgement.notes.iter().for_each(|note| announce::stderr(&format!("note: {note}")));
        return Ok(());
    }
    let what = clipped(judgement.wrong.join("; "), WIDEST);
    let is_split =
        |arrival: &Arrival| arrival.name().usage == Usage::Node && !arrival.sorted.leaf.allows(CLIENT_AUTH);
    let hint = match roots.hint() {
        _ if arrivals.iter().any(is_split) && !after.has(&node_client()) => SPLIT.to_owned(),
        Some(hint) => hint,
        None if differs => ASK.to_owned(),
        None => MEND.to_owned(),
    };
    Err(Advice::new(what, hint).into())
}

impl Judgement {
    /// With the request.
    fn compare(&mut self, arrival: &Arrival, after: &Reading<'_>) {
        let (leaf, name) = (&arrival.sorted.leaf, arrival.name());
        let mut wrong = incoming::flaws(leaf, &OpenSsl);
        if let Some(request) = &arrival.request {
            let purposes = purposes(name, after);
            let (subject, alt_names) = (&request.asked.subject_name, &request.asked.asked.alt_names);
            wrong.extend(incoming::compare(leaf, &Asked { subject, alt_names, purposes }));
            let more = more_purposes(leaf, name.usage.kind().profile.extended_key_usage);
            if !more.is_empty() {
                let file = name.certificate_file();
                self.notes.push(format!("{file} may be used for more than was asked for: {}", more.join(", ")));
            }
        }
        let file = name.certificate_file();
        self.wrong.extend(wrong.into_iter().map(|difference| format!("{file}: {difference}")));
    }

    /// As `verify` would, with the directory as it would be.
    fn verify(
        &mut self,
        arrivals: &[Arrival],
        roots: &Roots,
        after: &Reading<'_>,
        settings: &ServerSettings,
    ) -> Result<()> {
        let node_user = if settings.node_subject.is_some() { None } else { Some(values::node_user()?) };
        let judge =
            Judge { account: None, principal_map: settings.principal_map.clone(), node_user, keys: true };
        let now = values::now();
        let (settings, hosts) = (settings.clone(), Vec::new());
        let expected =
            Expected { judge, settings, hosts, expires_within: SOON, now, handshake: true, ca_key: None };
        let mut names: Vec<_> = arrivals.iter().map(|arrival| arrival.name().clone()).collect();
        names.extend(roots.names());
        for checked in verify::files(after, &names, &expected)? {
            for finding in checked.findings {
                let text = format!("{}: {}", finding.file, finding.what);
                match finding.check.severity {
                    Severity::Error if self.wrong.contains(&text) => {}
                    Severity::Error => self.wrong.push(text),
                    Severity::Warning | Severity::Note => self.notes.push(text),
                }
            }
        }
        for arrival in arrivals {
            let ca = authority::certificate_file(after, arrival.name().usage);
            if !after.has(&ca) {
                let file = arrival.name().certificate_file();
                self.wrong.push(format!("{file}: there is no {ca} that it could be trusted by"));
            }
        }
        Ok(())
    }

    /// As `check-login` would.
    fn login(&mut self, arrival: &Arrival, after: &Reading<'_>, settings: &ServerSettings, args: &Import) {
        let name = arrival.name();
        let user = match (name.usage, &name.name) {
            (Usage::Client, Some(user)) => user.as_str(),
            (Usage::Node, _) if !after.has(&node_client()) => NODE_USER,
            _ => return,
        };
        let trusted = trusted(after);
        let (leaf, intermediates) = (&arrival.sorted.leaf, &arrival.sorted.intermediates[..]);
        let presented = Presented { side: Side::Client, leaf, intermediates, trusted: &trusted };
        let handshake = chain::judge(presented, values::now(), &OpenSsl);
        let client = Client { certificate: leaf, handshake: &handshake };
        let verdict = match user {
            NODE_USER => login::judge_rpc(client, settings, &Tenant::default()),
            user => login::judge(client, settings, user, &tenant(leaf)),
        };
        let file = name.certificate_file();
        match verdict {
            Verdict::Allowed { .. } => {}
            // The chain has its findings already.
            Verdict::Refused(Refusal { rule: Rule::Tls, .. }) if !self.wrong.is_empty() => {}
            // The role's SUBJECT, or a flag of the server, may say so.
            Verdict::Refused(refusal) if refusal.rule == Rule::Scope && args.role_subject.is_none() => {
                let text = format!("{file} does not let {user} log in by its names: {}", refusal.message);
                self.notes.push(format!("{text}; {}", refusal.advice));
            }
            Verdict::Refused(refusal) => {
                self.wrong.push(format!("{file} would not let {user} in: {}", refusal.message));
            }
            Verdict::NotJudged(doubt) => self.notes.push(format!("{file}: {}; {}", doubt.why, doubt.advice)),
        }
    }
}

/// The purposes that a certificate needs. Beside client.node.crt, a node's certificate is for servers only.
fn purposes(name: &CertificateName, after: &Reading<'_>) -> &'static [ExtendedKeyUsage] {
    match name.usage {
        Usage::Node if after.has(&node_client()) => &[ExtendedKeyUsage::ServerAuth],
        usage => usage.kind().profile.extended_key_usage,
    }
}

/// The certificate that nodes show each other, if it is not node.crt.
fn node_client() -> String {
    CertificateName::client_of_nodes().certificate_file()
}

/// What servers trust for the certificates of their clients.
fn trusted(after: &Reading<'_>) -> Vec<Certificate> {
    let tenants = CertificateName::of(Usage::TenantClientCa).certificate_file();
    let files = [authority::certificate_file(after, Usage::Client), tenants];
    let read = |file: &String| after.open(file).and_then(Regular::read).ok();
    let all = files.iter().filter_map(|file| pem::certificates(&read(file)?, file).ok());
    all.flatten().collect()
}

/// A tenant that the certificate is for, if it is not for all of them.
fn tenant(leaf: &Certificate) -> Tenant {
    let part = |prefix: &str| {
        leaf.uris().find_map(|uri| Some(uri.strip_prefix(prefix)?.split_once("/user/")?.0.to_owned()))
    };
    let id = part("crdb://tenant/").and_then(|id| id.parse().ok());
    let name = part("crdb://tenant-name/");
    // One that has a name has a number that nobody else has.
    let other = if name.is_some() { u64::MAX } else { Tenant::default().id };
    Tenant { id: id.unwrap_or(other), name }
}
