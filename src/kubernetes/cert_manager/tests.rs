//! What cert-manager reads.

use super::*;
use crate::pki::issue::{self, Template};
use crate::pki::key::{KeySpec, PrivateKey};
use crate::pki::{name, profile};

fn literal_of(subject: &str) -> Result<String, CannotAsk> {
    literal(&subject.parse().expect(subject))
}

#[test]
fn a_literal_subject_begins_with_what_is_encoded_last() {
    for (subject, literal) in [
        ("O=Cockroach,CN=node", "CN=node,O=Cockroach"),
        ("O=Acme Inc,OU=movr-prod,UID=node", "UID=node,OU=movr-prod,O=Acme Inc"),
        ("o=a\\, b\\+c,OU=x+CN=y", "OU=x+CN=y,O=a\\, b\\+c"),
        ("O=\\#1,CN=\\ x\\ ", "CN=\\ x\\ ,O=\\#1"),
        ("1.2.840.113549.1.9.1=a@b,CN=x", "CN=x,1.2.840.113549.1.9.1=a@b"),
        ("1.2.3.4=a,CN=x", "CN=x,1.2.3.4=a"),
    ] {
        assert_eq!(literal_of(subject), Ok(literal.to_owned()), "{subject}");
    }
    assert_eq!(literal_of("FOO=x"), Err(CannotAsk::UnknownType("FOO".to_owned())));
}

#[test]
fn a_resource_asks_for_what_create_node_would_make() {
    let names = vec![
        AltName::Dns("*.db".to_owned()),
        AltName::Ip([127, 0, 0, 1].into()),
        AltName::Uri("crdb://tenant/2/user/app".to_owned()),
    ];
    let asked = Asked::usual(&profile::NODE, "node", names, Lifetime::LEAF).expect("it can be asked for");
    let issuer = Issuer { name: "ca".parse().expect("a name"), kind: "ClusterIssuer" };
    let resource = asked.resource(&"db-node".parse().expect("a name"), None, &issuer);
    let yaml = "\
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: db-node
spec:
  secretName: db-node
  duration: \"43920h\"
  privateKey:
    algorithm: RSA
    size: 2048
    rotationPolicy: Always
  literalSubject: \"CN=node,O=Cockroach\"
  dnsNames:
    - \"*.db\"
  ipAddresses:
    - \"127.0.0.1\"
  uris:
    - \"crdb://tenant/2/user/app\"
  usages:
    - \"digital signature\"
    - \"key encipherment\"
    - \"server auth\"
    - \"client auth\"
  issuerRef:
    name: ca
    kind: ClusterIssuer
    group: cert-manager.io
";
    assert_eq!(*super::super::manifest::yaml(&[resource]), yaml);
}

#[test]
fn what_is_there_is_asked_for_as_what_would_be_made() {
    let names = [AltName::Dns("db".to_owned()), AltName::Ip([10, 0, 0, 1].into())];
    let key = PrivateKey::generate(KeySpec::Rsa(2048)).expect("a key");
    let template = Template {
        profile: &profile::NODE,
        subject: &name::encode(&profile::NODE.subject_of("node")).expect("a subject"),
        alt_names: &names,
        kept: None,
        added: &[],
        validity: issue::Validity::starting(0, Lifetime::LEAF).expect("times"),
        key: issue::SubjectKey::Own(&key),
    };
    let made = issue::issue(&template, issue::Issuer { key: &key, certificate: None }).expect("a certificate");
    let there = Asked::of(&made.certificate).expect("it can be asked for");
    let usual = Asked::usual(&profile::NODE, "node", names.into(), Lifetime::LEAF).expect("so can this");
    let resource = |asked: &Asked| {
        let issuer = Issuer { name: "ca".parse().expect("a name"), kind: "Issuer" };
        super::super::manifest::yaml(&[asked.resource(&"db".parse().expect("a name"), None, &issuer)])
            .to_string()
    };
    assert_eq!(resource(&there), resource(&usual));
}

#[test]
fn what_cert_manager_cannot_make_is_refused() {
    let usual = |names, hours: i64| {
        let lifetime = Lifetime::of_seconds(hours * 1800).expect("a lifetime");
        Asked::usual(&profile::NODE, "node", names, lifetime)
    };
    assert!(matches!(usual(Vec::new(), 1), Err(CannotAsk::TooShort(_))));
    assert!(usual(Vec::new(), 2).is_ok());
    let odd = AltName::Other { tag: 0xa4, contents: Vec::new() };
    assert!(matches!(usual(vec![odd], 2), Err(CannotAsk::AltName(_))));
}
