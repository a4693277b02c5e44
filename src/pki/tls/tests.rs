//! Certificates made here, and OpenSSL's verdicts on them.

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, SubjectAlternativeName};
use openssl::x509::{X509Builder, X509Name};

use super::*;
use crate::pki::key::{Curve, KeySpec};

const NOW: i64 = 1_700_000_000;
const EXPIRED: &str = "certificate has expired";

/// What a certificate is for.
#[derive(Clone, Copy, PartialEq)]
enum For {
    Ca,
    Server,
    Client,
}

struct Made {
    certificate: Certificate,
    key: PrivateKey,
    name: &'static str,
}

fn make(name: &'static str, purpose: For, ca: Option<&Made>, lifetime: i64) -> Made {
    let made = build(name, purpose, ca, lifetime);
    made.expect("OpenSSL makes a certificate")
}

fn build(
    name: &'static str,
    purpose: For,
    ca: Option<&Made>,
    lifetime: i64,
) -> Result<Made, Box<dyn std::error::Error>> {
    let key = PrivateKey::generate(KeySpec::Ecdsa(Curve::P256))?;
    let named = |name| {
        let mut subject = X509Name::builder()?;
        subject.append_entry_by_nid(Nid::COMMONNAME, name)?;
        Ok::<_, ErrorStack>(subject.build())
    };
    let mut builder = X509Builder::new()?;
    builder.set_version(2)?;
    let serial = BigNum::from_u32(7)?.to_asn1_integer()?;
    builder.set_serial_number(&serial)?;
    builder.set_subject_name(&*named(name)?)?;
    builder.set_issuer_name(&*named(ca.map_or(name, |ca| ca.name))?)?;
    builder.set_not_before(&*Asn1Time::from_unix(NOW - 60)?)?;
    builder.set_not_after(&*Asn1Time::from_unix(NOW + lifetime)?)?;
    builder.set_pubkey(key.as_pkey())?;
    match purpose {
        For::Ca => builder.append_extension(BasicConstraints::new().critical().ca().build()?)?,
        For::Client => builder.append_extension(ExtendedKeyUsage::new().client_auth().build()?)?,
        For::Server => {
            builder.append_extension(ExtendedKeyUsage::new().server_auth().build()?)?;
            let context = builder.x509v3_context(None, None);
            let names = SubjectAlternativeName::new().dns(name).ip("10.0.0.1").build(&context)?;
            builder.append_extension(names)?;
        }
    }
    builder.sign(ca.map_or(&key, |ca| &ca.key).as_pkey(), MessageDigest::sha256())?;
    let certificate = Certificate::from_der(builder.build().to_der()?)?;
    Ok(Made { certificate, key, name })
}

impl Made {
    fn identity(&self, above: &[&Self]) -> Identity {
        let certificates = [&[self], above].concat();
        let certificates: Vec<_> = certificates.iter().map(|made| made.certificate.clone()).collect();
        Identity::new(&certificates, &self.key).expect("an identity")
    }
}

fn server(ca: &Made) -> Verifier {
    let node = make("node", For::Server, None, 60);
    Verifier::server(node.identity(&[]), std::slice::from_ref(&ca.certificate), NOW).expect("a server")
}

fn client(ca: &Made) -> Verifier {
    Verifier::client(std::slice::from_ref(&ca.certificate), NOW).expect("a client")
}

/// The reason in both versions.
fn refusal(verifier: &Verifier, shown: &Identity, host: Option<&str>) -> Option<String> {
    let host = host.map(|host| host.parse().expect("a host"));
    assert_eq!(verifier.versions(), Version::ALL);
    let [a, b] = Version::ALL
        .map(|version| verifier.verify(shown, host.as_ref(), version).err().map(|why| why.to_string()));
    assert_eq!(a, b);
    a
}

#[test]
fn clients_are_judged_by_the_server() {
    let (ca, other) = (make("ca", For::Ca, None, 60), make("ca", For::Ca, None, 60));
    let server = server(&ca);
    let refusal = |purpose, ca, lifetime| {
        let made = make("alice", purpose, ca, lifetime);
        refusal(&server, &made.identity(&[]), None)
    };
    assert_eq!(refusal(For::Client, Some(&ca), 60), None);
    assert_eq!(refusal(For::Client, Some(&ca), -1).as_deref(), Some(EXPIRED));
    for (purpose, ca) in [(For::Server, &ca), (For::Client, &other)] {
        assert!(refusal(purpose, Some(ca), 60).is_some_and(|why| why != EXPIRED));
    }
    assert!(refusal(For::Client, None, 60).is_some());
}

#[test]
fn servers_are_judged_by_the_client() {
    let (ca, other) = (make("ca", For::Ca, None, 60), make("other", For::Ca, None, 60));
    let client = client(&ca);
    let good = make("a.example.com", For::Server, Some(&ca), 60).identity(&[]);
    for host in [None, Some("a.example.com"), Some("10.0.0.1")] {
        assert_eq!(refusal(&client, &good, host), None, "{host:?}");
    }
    assert_eq!(refusal(&client, &good, Some("b.example.com")).as_deref(), Some("hostname mismatch"));
    assert_eq!(refusal(&client, &good, Some("10.0.0.2")).as_deref(), Some("IP address mismatch"));
    for (purpose, ca) in [(For::Client, &ca), (For::Server, &other)] {
        let bad = make("a.example.com", purpose, Some(ca), 60).identity(&[]);
        assert!(refusal(&client, &bad, None).is_some());
    }
}

#[test]
fn chains_are_as_the_file_has_them() {
    let ca = make("ca", For::Ca, None, 60);
    let between = make("between", For::Ca, Some(&ca), 60);
    let late = make("late", For::Ca, Some(&ca), -1);
    let alice = make("alice", For::Client, Some(&between), 60);
    let server = server(&ca);
    assert_eq!(refusal(&server, &alice.identity(&[&between]), None), None);
    assert_eq!(refusal(&server, &alice.identity(&[&between, &ca, &late]), None), None);
    assert!(refusal(&server, &alice.identity(&[]), None).is_some());
    let below = make("alice", For::Client, Some(&late), 60).identity(&[&late]);
    let expected = "certificate has expired (a CA certificate above it)";
    assert_eq!(refusal(&server, &below, None).as_deref(), Some(expected));
    // Any that is trusted ends a chain.
    assert_eq!(refusal(&self::server(&between), &alice.identity(&[]), None), None);
}

#[test]
fn a_server_does_not_hold_its_own_key_against_clients() {
    let ca = make("ca", For::Ca, None, 60);
    let mut node = make("node", For::Server, None, 60).identity(&[]);
    node.key = make("node", For::Server, None, 60).key.as_pkey().to_owned();
    let server = Verifier::server(node, &[ca.certificate], NOW).expect("a server");
    assert_eq!(server.versions(), []);
}

#[test]
fn one_server_serves_many_threads() {
    let ca = make("ca", For::Ca, None, 60);
    let (server, alice) = (server(&ca), make("alice", For::Client, Some(&ca), 60));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let alice = alice.identity(&[]);
                assert!((0..8).all(|_| refusal(&server, &alice, None).is_none()));
            });
        }
    });
}
