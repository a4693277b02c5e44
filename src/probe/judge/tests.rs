use std::net::{Ipv4Addr, SocketAddr};

use super::*;
use crate::certificate::extension;
use crate::der::{SEQUENCE, tlv};
use crate::login::chain::tests::make::{
    self, AT, ECDSA_SHA1, Make, Numbers, SERVER, ca, leaf, middle, root, usage,
};
use crate::pki::verify::OpenSsl;
use crate::probe::answer::Language;
use crate::probe::{Client, Failure};

fn found(protocol: Protocol, failure: Option<Failure>, client: Client, chain: &[&[u8]]) -> Vec<Finding> {
    let target = Target::parse("db.example.com", 26257).expect("a server");
    let disk = Disk { dir: "my certs".to_owned(), ..Disk::default() };
    let (client_file, chain) = (Some("client.ann.crt"), chain.iter().map(|der| der.to_vec()).collect());
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 26257));
    let seen = Seen { address, agreed: None, chain, failure, client };
    let expected =
        Expected { target: &target, protocol, disk: &disk, client: client_file, expires_within: 0, now: 0 };
    judge(&seen, &expected, &OpenSsl).findings
}

#[test]
fn each_failure_is_one_finding_with_what_to_do() {
    let evil = "a\x1b[2J\u{202e}".repeat(10_000);
    for protocol in [Protocol::Pgwire, Protocol::Http, Protocol::Rpc] {
        for (failure, id) in [
            (Failure::NoTls, "no-tls"),
            (Failure::Speaks(Language::Http), "other-protocol"),
            (Failure::Speaks(Language::Unknown), "other-protocol"),
            (Failure::Silent, "no-answer"),
            (Failure::Closed, "closed"),
            (Failure::TooMuch, "too-much"),
            (Failure::Alert(evil.clone()), "tls-failed"),
            (Failure::Other(evil.clone()), "tls-failed"),
        ] {
            let findings = found(protocol, Some(failure), Client::NotShown, &[]);
            let [finding] = &findings[..] else { panic!("{findings:?}") };
            assert_eq!((finding.check.id, &*finding.file), (id, "db.example.com:26257"));
            assert!(finding.hint.is_some(), "{finding:?}");
            assert!(finding.what.len() < 2000 && !finding.what.contains('\x1b'), "{finding:?}");
        }
    }
}

#[test]
fn a_client_certificate_that_is_refused_is_a_finding_with_the_next_command() {
    for (protocol, client, id, hint) in [
        (
            Protocol::Pgwire,
            Client::Refused("unknown ca".into()),
            "client-refused",
            "crdb-cert check-login ann --certs-dir='my certs'",
        ),
        (
            Protocol::Rpc,
            Client::Refused("unknown ca".into()),
            "client-refused",
            "crdb-cert check-login --rpc --certs-dir='my certs'",
        ),
        (
            Protocol::Pgwire,
            Client::Unsure("said nothing more in time"),
            "client-unsure",
            "see the server's log",
        ),
    ] {
        let findings = found(protocol, None, client, &[]);
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!((finding.check.id, finding.hint.as_deref()), (id, Some(hint)));
    }
    assert_eq!(found(Protocol::Pgwire, None, Client::Taken, &[]), []);
}

#[test]
fn what_is_served_and_is_no_certificate_is_a_finding() {
    let findings = found(Protocol::Pgwire, None, Client::NotShown, &[b"0\x03\x02\x01\x01", b""]);
    let ids: Vec<_> = findings.iter().map(|finding| finding.check.id).collect();
    assert_eq!(ids, ["certificate-invalid"]);
    assert!(
        findings[0].what.starts_with("certificate 1 of those that are served cannot be read: "),
        "{findings:?}"
    );
}

#[test]
fn what_to_do_depends_on_what_was_asked_and_what_answers() {
    use Language::{Greeting, Http, PgwireError, Ssh, Tls};
    let advice = |protocol, failure, chain: &[&[u8]]| {
        let mut findings = found(protocol, Some(failure), Client::NotShown, chain);
        let first = findings.swap_remove(0);
        format!("{}; {}", first.what, first.hint.expect("a hint"))
    };
    for (protocol, language, words) in [
        (Protocol::Pgwire, Http, "speaks HTTP without TLS; if this is the port of the DB Console, add --http"),
        (Protocol::Pgwire, Tls, "speaks TLS from the start; if this is the port of the DB Console, add --http"),
        (Protocol::Pgwire, Ssh, "speaks SSH; check that the port"),
        (
            Protocol::Pgwire,
            PgwireError,
            "speaks pgwire, and answers with an error message; check that the port",
        ),
        (Protocol::Http, Http, "speaks HTTP without TLS; the DB Console is served without TLS"),
        (Protocol::Http, PgwireError, "leave out --http and --rpc"),
        (Protocol::Http, Greeting, "speaks SMTP or FTP; check that the port"),
        (Protocol::Rpc, PgwireError, "leave out --http and --rpc"),
        (Protocol::Rpc, Http, "speaks HTTP without TLS; check that the port"),
        (Protocol::Rpc, Language::Unknown, "neither pgwire nor TLS; check that the port"),
    ] {
        let advice = advice(protocol, Failure::Speaks(language), &[]);
        assert!(advice.contains(words), "{protocol:?}, {language:?}: {advice}");
    }
    for (protocol, words) in [
        (Protocol::Pgwire, "for the DB Console, add --http"),
        (Protocol::Http, "for SQL, leave out --http and --rpc"),
    ] {
        let advice = advice(protocol, Failure::Closed, &[]);
        assert!(advice.contains(words), "{protocol:?}: {advice}");
    }
    let served = server().done();
    let alert = Failure::Alert("certificate required".to_owned());
    let advice = advice(Protocol::Rpc, alert, &[served.der()]);
    assert!(
        advice.contains("(certificate required): it wants a client certificate; show one: --user=USER"),
        "{advice}"
    );
}

/// The certificate of `db.example.com`, good from 2029 to 2031.
fn server() -> Make {
    named(&[(0x82, b"db.example.com")])
}

/// One with these subject alternative names.
fn named(names: &[(u8, &[u8])]) -> Make {
    let names: Vec<_> = names.iter().flat_map(|(tag, name)| tlv(*tag, name)).collect();
    let names = make::extension(extension::SUBJECT_ALT_NAME, false, &tlv(SEQUENCE, &names));
    leaf("root", 1).only(usage(SERVER)).with(names)
}

/// What is served, what is on disk, and what else is looked at.
struct Case {
    served: Vec<Make>,
    own: Option<Make>,
    trusted: Vec<Make>,
    protocol: Protocol,
    expires_within: i64,
}

impl Case {
    fn of(served: impl Into<Vec<Make>>) -> Self {
        let (served, trusted) = (served.into(), vec![root()]);
        Self { served, own: None, trusted, protocol: Protocol::Pgwire, expires_within: 0 }
    }

    fn judge(self) -> Judged {
        let target = Target::parse("db.example.com", 26257).expect("a server");
        let disk = Disk {
            dir: "certs".to_owned(),
            own: self.own.map(|own| ("certs/node.crt".to_owned(), own.done())),
            ca_files: vec!["ca.crt".to_owned()],
            trusted: self.trusted.iter().map(Make::done).collect(),
            findings: Vec::new(),
        };
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 26257));
        let chain = self.served.iter().map(|one| one.done().der().to_vec()).collect();
        let seen = Seen { address, agreed: None, chain, failure: None, client: Client::NotShown };
        let Self { protocol, expires_within, .. } = self;
        let expected =
            Expected { target: &target, protocol, disk: &disk, client: None, expires_within, now: AT };
        judge(&seen, &expected, &Numbers)
    }

    /// What was found, a line each.
    fn lines(self) -> Vec<String> {
        let judged = self.judge();
        judged.findings.iter().map(|one| format!("{}: {}", one.check.id, one.what)).collect()
    }
}

#[test]
fn each_fault_of_what_is_served_is_found_once() {
    let day = 86_400;
    let below = || Make { issuer: "middle", signer: 2, ..server() };
    let chain = |middle| Case::of([below(), middle]);
    let within = |expires_within, case| Case { expires_within, ..case };
    let with_own = |own| Case { own: Some(own), ..Case::of([server()]) };
    let stranger = || Make { issuer: "stranger", ..server() };
    let to_the_day = || server().times("290101000000Z", "300102000000Z");
    for (case, expected) in [
        (Case::of([server()]), &[][..]),
        (chain(middle()), &[]),
        // Time, to the second.
        (Case::of([server().times("290101000000Z", "300101000000Z")]), &[]),
        (
            Case::of([server().times("290101000000Z", "291231235959Z")]),
            &["expired: its certificate expired on 2029-12-31"],
        ),
        (Case::of([server().times("300101000000Z", "310101000000Z")]), &[]),
        (
            Case::of([server().times("300101000001Z", "310101000000Z")]),
            &["not-yet-valid: its certificate is not valid before 2030-01-01"],
        ),
        (within(day, Case::of([to_the_day()])), &[]),
        (within(day + 1, Case::of([to_the_day()])), &["expires-soon: its certificate expires on 2030-01-02"]),
        (
            within(day + 1, chain(middle().times("290101000000Z", "300102000000Z"))),
            &["expires-soon: certificate 2 that it serves expires on 2030-01-02"],
        ),
        // Names.
        (
            Case::of([leaf("root", 1).only(usage(SERVER))]),
            &["no-names: its certificate has no names in its subjectAltName"],
        ),
        (
            Case::of([named(&[(0x82, b"a.example.com"), (0x81, b"a@example.com"), (0x87, b"\x0a\0\0\x01")])]),
            &["host-not-covered: its certificate does not cover db.example.com, but a.example.com, 10.0.0.1"],
        ),
        // The file on disk.
        (with_own(server()), &[]),
        (
            with_own(server().times("290101000000Z", "320101000000Z")),
            &["not-reloaded: the server has not reloaded: it serves a certificate that expires on 2031-01-01"],
        ),
        (with_own(named(&[(0x82, b"a.example.com")])), &[]),
        // The chain.
        (
            Case { trusted: Vec::new(), ..Case::of([server()]) },
            &["ca-missing: there is no CA certificate in certs"],
        ),
        (Case::of([stranger()]), &["not-trusted: its CA (CN=stranger) is not in ca.crt"]),
        (
            Case { protocol: Protocol::Http, ..Case::of([stranger()]) },
            &["ui-other-ca: its CA (CN=stranger) is not in ca.crt: browsers have to trust it"],
        ),
        (
            Case::of([Make { signer: 3, ..server() }]),
            &["not-trusted: its certificate has no chain to ca.crt: "],
        ),
        (
            Case::of([Make { algorithm: ECDSA_SHA1, ..server() }]),
            &["weak-signature: its certificate has no chain to ca.crt: "],
        ),
        (
            chain(ca("middle", 2, "root", 1).version_1()),
            &["not-trusted: its certificate has no chain to ca.crt: certificate 2 that it serves: "],
        ),
        (
            Case { trusted: vec![Make { serial: &[0x80], ..root() }], ..Case::of([server()]) },
            &["chain-doubtful: some clients find no chain to ca.crt: "],
        ),
    ] {
        let lines = case.lines();
        let matches = lines.iter().zip(expected).all(|(line, start)| line.starts_with(start));
        assert!(lines.len() == expected.len() && matches, "{lines:#?} instead of {expected:#?}");
    }
}

#[test]
fn what_is_served_is_compared_with_the_file() {
    let path = || "certs/node.crt".to_owned();
    for (own, expected) in [
        (None, OnDisk::Unknown),
        (Some(server()), OnDisk::Same(path())),
        (Some(Make { serial: &[2], ..server() }), OnDisk::Other(path())),
        (Some(named(&[(0x82, b"a.example.com")])), OnDisk::Unknown),
    ] {
        let judged = Case { own, ..Case::of([server()]) }.judge();
        assert_eq!(judged.on_disk, expected);
    }
}
