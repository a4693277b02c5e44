//! The rules as tables: a certificate, what the server was told, who logs in, and what the server says.

mod identity;
mod names;
mod pattern;
mod refusals;
mod rpc;
mod rules;
mod san;
mod versions;

use super::chain::Outcome;
use super::*;
use crate::certificate::{AltName, extension};
use crate::der::{BIT_STRING, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, tlv};
use crate::dn::{CertificateSubject, DistinguishedName, UnreadableSubject};

fn name(text: &str) -> DistinguishedName {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A certificate, and what its handshake comes to.
struct Sent {
    certificate: Certificate,
    handshake: Outcome,
}

impl Sent {
    fn client(&self) -> Client<'_> {
        Client { certificate: &self.certificate, handshake: &self.handshake }
    }
}

/// A certificate: a subject, then names such as `dns:x`, `uri:x`, `ip:x`, and what is wrong with it. Words are
/// separated by blanks, `~` stands for a blank in one.
fn sent(text: &str) -> Sent {
    let mut words = text.split(' ');
    let subject = name(&words.next().unwrap_or_default().replace('~', " "));
    let values = |wanted: &'static str| {
        let found = subject.attributes().filter(move |a| a.attribute_type() == wanted);
        found.filter_map(|a| a.value().as_str()).map(String::from).collect::<Vec<_>>()
    };
    let (common_name, organizational_units) = (values("CN").pop().unwrap_or_default(), values("OU"));
    let (mut alt_names, mut purpose, mut against, mut doubt) = (Vec::new(), CLIENT_AUTH, Vec::new(), None);
    let mut unreadable = None;
    let not_judged = |reason: String| UnreadableSubject::NotJudged {
        reason,
        common_name: common_name.clone(),
        organizational_units: organizational_units.clone(),
    };
    for word in words {
        let (key, value) = word.split_once(':').unwrap_or((word, ""));
        let value = value.replace('~', " ");
        let objection = |rule| chain::Objection { which: chain::Which::Leaf, rule, why: value.clone() };
        let ca = || chain::Which::Trusted(1, "CN=CA".into());
        let of_ca = |rule| chain::Objection { which: ca(), ..objection(rule) };
        match key {
            "dns" => alt_names.push(AltName::Dns(value)),
            "uri" => alt_names.push(AltName::Uri(value)),
            "ip" => alt_names.push(AltName::Ip(value.parse().expect("an address"))),
            "unreadable-subject" => {
                let reason = Box::new("CN".parse::<DistinguishedName>().expect_err("no name"));
                let (common_name, organizational_units) = (common_name.clone(), organizational_units.clone());
                unreadable = Some(UnreadableSubject::Text { reason, common_name, organizational_units });
            }
            "disputed-subject" => unreadable = Some(not_judged(value)),
            "doubt" => doubt = Some(objection(chain::Rule::Parse)),
            "unreadable" => against.push(objection(chain::Rule::Parse)),
            "no-chain" => against.push(objection(chain::Rule::Issuer)),
            "no-client-auth" => {
                purpose = SERVER_AUTH;
                against.push(objection(chain::Rule::ExtendedKeyUsage));
            }
            "not-yet" => against.push(objection(chain::Rule::NotYetValid)),
            "expired" => against.push(objection(chain::Rule::Expired)),
            "ca-expired" => against.push(of_ca(chain::Rule::Expired)),
            "ca-not-yet" => against.push(of_ca(chain::Rule::NotYetValid)),
            _ => panic!("{word}"),
        }
    }
    let mut certificate = certificate(&alt_names, purpose);
    let read = CertificateSubject {
        name: subject.clone(),
        peculiarities: vec![],
        common_name: common_name.clone(),
        organizational_units: organizational_units.clone(),
    };
    certificate.subject = unreadable.map_or(Ok(read), Err);
    let handshake = match doubt {
        Some(doubt) => Outcome::NotJudged(doubt),
        None if against.is_empty() => Outcome::Trusted,
        None => Outcome::Refused(against),
    };
    Sent { certificate, handshake }
}

const CLIENT_AUTH: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x02";
const SERVER_AUTH: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x01";

/// As little of a certificate as can be read.
fn certificate(alt_names: &[AltName], purpose: &[u8]) -> Certificate {
    let empty = || tlv(SEQUENCE, &[]);
    let time = tlv(0x17, b"300101000000Z");
    let extension = |oid: &[u8], value: &[u8]| {
        tlv(SEQUENCE, &[tlv(OBJECT_IDENTIFIER, oid), tlv(OCTET_STRING, value)].concat())
    };
    let extensions = [
        extension(extension::SUBJECT_ALT_NAME, &AltName::extension(alt_names)),
        extension(extension::EXTENDED_KEY_USAGE, &tlv(SEQUENCE, &tlv(OBJECT_IDENTIFIER, purpose))),
    ];
    let body = [
        tlv(0xa0, &tlv(INTEGER, &[2])),
        tlv(INTEGER, &[1]),
        empty(),
        empty(),
        tlv(SEQUENCE, &[time.clone(), time].concat()),
        empty(),
        empty(),
        tlv(0xa3, &tlv(SEQUENCE, &extensions.concat())),
    ];
    let whole = [tlv(SEQUENCE, &body.concat()), empty(), tlv(BIT_STRING, &[0])];
    Certificate::from_der(tlv(SEQUENCE, &whole.concat())).expect("a certificate")
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
            "client-ca" => settings.client_ca = true,
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
    judge(sent(cert).client(), &server(told), user, &tenant)
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
        assert_eq!(verdict.is_allowed(), expected.starts_with("allowed: "), "{row}");
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
