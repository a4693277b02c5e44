//! The rules as tables: a certificate, what the server was told, who logs in, and what the server says.

mod identity;
mod names;
mod pattern;
mod refusals;
mod rpc;
mod rules;
mod san;
mod versions;

use super::*;

const NOW: i64 = 1_700_000_000;

fn name(text: &str) -> DistinguishedName {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

use crate::dn::DistinguishedName;

/// A valid certificate: a subject, then names such as `dns:x`, `uri:x`, `ip:x`, and what is wrong with it. Words are
/// separated by blanks, `~` stands for a blank in one.
fn certificate(text: &str) -> CertificateFacts {
    let mut words = text.split(' ');
    let subject = name(&words.next().unwrap_or_default().replace('~', " "));
    let values = |wanted: &'static str| {
        let found = subject.attributes().filter(move |a| a.attribute_type() == wanted);
        found.filter_map(|a| a.value().as_str()).map(String::from).collect::<Vec<_>>()
    };
    let tls = TlsFacts {
        unreadable: None,
        chain: Ok(()),
        client_auth: true,
        not_before: NOW - 10,
        not_after: NOW + 10,
    };
    let mut facts = CertificateFacts {
        tls,
        organizational_units: values("OU"),
        common_name: values("CN").pop().unwrap_or_default(),
        dns_names: vec![],
        uris: vec![],
        ip_addresses: vec![],
        ocsp_responders: vec![],
        subject: Ok(subject),
    };
    for word in words {
        let (key, value) = word.split_once(':').unwrap_or((word, ""));
        let value = value.replace('~', " ");
        match key {
            "dns" => facts.dns_names.push(value),
            "uri" => facts.uris.push(value),
            "ip" => facts.ip_addresses.push(value),
            "unreadable-subject" => facts.subject = Err(SubjectProblem::Unreadable(value)),
            "disputed-subject" => facts.subject = Err(SubjectProblem::NotJudged(value)),
            "no-string-in-subject" => facts.subject = Err(SubjectProblem::MayFailHandshake(value)),
            "unreadable" => facts.tls.unreadable = Some(value),
            "no-chain" => facts.tls.chain = Err(value),
            "no-client-auth" => facts.tls.client_auth = false,
            "from" => facts.tls.not_before = NOW + value.parse::<i64>().expect("seconds"),
            "until" => facts.tls.not_after = NOW + value.parse::<i64>().expect("seconds"),
            _ => panic!("{word}"),
        }
    }
    facts
}

/// What the server was told: a version such as `v25.4`, flags and settings.
fn server(text: &str) -> ServerSettings {
    let mut settings = ServerSettings::default();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let value = value.replace('~', " ");
        match key {
            "role" => settings.role_subject = Some(name(&value)),
            "root-dn" => settings.root_subject = Some(name(&value)),
            "node-dn" => settings.node_subject = Some(name(&value)),
            "subject-required" => settings.subject_required = true,
            "root-san" => settings.root_sans = value.parse().expect("a SAN list"),
            "node-san" => settings.node_sans = value.parse().expect("a SAN list"),
            "san-required" => settings.san_required = true,
            "disallow-root" => settings.disallow_root_login = true,
            "allow-debug" => settings.allow_debug_user = true,
            "map" => settings.principal_map = value.parse().expect("a map"),
            "ident" => {
                let text = value.replace('|', "\n");
                settings.identity_map = Some(IdentityMap::read(&text, "m").expect("a map"));
            }
            version => settings.version = version.parse().expect("a version"),
        }
    }
    settings
}

/// Who logs in, and where: `ann`, `ann@2` on tenant 2, `ann@2/app` on tenant 2, which is called app.
fn verdict(cert: &str, told: &str, login: &str) -> Verdict {
    let (user, tenant) = who(login);
    judge(&certificate(cert), &server(told), user, &tenant, NOW)
}

fn who(login: &str) -> (&str, Tenant) {
    let (user, tenant) = login.split_once('@').unwrap_or((login, "1"));
    let (id, name) = tenant.split_once('/').map_or((tenant, None), |(id, name)| (id, Some(name.to_owned())));
    (user, Tenant { id: id.parse().expect("a tenant"), name })
}

/// The verdict in one line. `failed` stands for the server's usual message where it expects no subject.
fn short(verdict: &Verdict) -> String {
    let Verdict::Refused(refusal) = verdict else { return format!("{}: {}", verdict.name(), verdict.reason()) };
    let message = refusal.message.replace("certificate authentication failed for user ", "failed ");
    let message = message.replace(" (DN: <nil>)", "");
    let detail = refusal.detail.iter().map(|detail| {
        let detail = detail.strip_suffix('.').unwrap_or(detail);
        format!("; {}", detail.replace("The client certificate (DN: <nil>) is valid for ", ""))
    });
    format!("{}: {message}{}", refusal.rule.name(), detail.collect::<String>())
}

/// A row: certificate, server, login, verdict.
type Row = [&'static str; 4];

/// Every row holds; the verdict in the table may leave out its end after `...`.
fn hold(rows: &[Row], verdict: impl Fn(&str, &str, &str) -> Verdict) {
    for [cert, told, login, expected] in rows {
        let verdict = verdict(cert, told, login);
        let found = short(&verdict);
        let row = format!("[{cert}] [{told}] [{login}]");
        match expected.strip_suffix("...") {
            Some(start) => assert!(found.starts_with(start), "{row}\n{found}"),
            None => assert_eq!(found, *expected, "{row}"),
        }
        match verdict {
            Verdict::Allowed { .. } => {}
            Verdict::NotJudged(doubt) => assert!(doubt.advice.len() > 10, "{row}"),
            Verdict::Refused(refusal) => {
                assert!(refusal.advice.len() > 10, "{row}");
                let compared = refusal.rule == Rule::SubjectMismatch && refusal.detail.is_some();
                assert_eq!(refusal.comparison.is_some(), compared, "{row}");
            }
        }
    }
}
