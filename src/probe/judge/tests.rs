use std::net::{Ipv4Addr, SocketAddr};

use super::*;
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
