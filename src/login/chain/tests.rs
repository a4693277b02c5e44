//! One case a line. Odd encodings are tests/interop's matter, where Go judges them too.

use super::*;
use crate::der::{
    BIT_STRING, BOOLEAN, INTEGER, NULL, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET, UTF8_STRING, tlv,
};

const AT: i64 = 1_893_456_000; // 2030-01-01T00:00:00Z
const P256: &[u8] = b"\x2a\x86\x48\xce\x3d\x03\x01\x07";
const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
const EC: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
const ECDSA_SHA256: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x02";
const ECDSA_SHA1: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x01";
const CLIENT: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x02";
const SERVER: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x01";
const PRIVATE: &[u8] = b"\x2a\x03\x04";

/// A signature is the number of the key that made it.
struct Numbers;

impl Signatures for Numbers {
    fn verify(&self, child: &Certificate, issuer: &Certificate) -> Option<bool> {
        let key = issuer.public_key().map(|key| key.key.to_vec());
        Some(key.is_some_and(|key| key.last() == child.signature().last()))
    }
}

/// A certificate to make.
#[derive(Clone)]
struct Make {
    subject: &'static str,
    issuer: &'static str,
    key: u8,
    signer: u8,
    curve: &'static [u8],
    /// Of an RSA key, instead of one on the curve.
    modulus: Option<Vec<u8>>,
    algorithm: &'static [u8],
    serial: &'static [u8],
    times: [&'static str; 2],
    /// None in a certificate of version 1.
    extensions: Option<Vec<Vec<u8>>>,
}

fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { tlv(BOOLEAN, &[0xff]) } else { Vec::new() };
    tlv(SEQUENCE, &[tlv(OBJECT_IDENTIFIER, oid), critical, tlv(OCTET_STRING, value)].concat())
}

fn basic(path_length: Option<u8>) -> Vec<u8> {
    let length = path_length.map_or_else(Vec::new, |length| tlv(INTEGER, &[length]));
    extension(extension::BASIC_CONSTRAINTS, true, &tlv(SEQUENCE, &[tlv(BOOLEAN, &[0xff]), length].concat()))
}

fn usage(purpose: &[u8]) -> Vec<u8> {
    extension(extension::EXTENDED_KEY_USAGE, false, &tlv(SEQUENCE, &tlv(OBJECT_IDENTIFIER, purpose)))
}

fn ca(subject: &'static str, key: u8, issuer: &'static str, signer: u8) -> Make {
    let times = ["290101000000Z", "310101000000Z"];
    let (curve, algorithm, serial) = (P256, ECDSA_SHA256, &[1][..]);
    let extensions = Some(vec![basic(None)]);
    Make { subject, issuer, key, signer, curve, modulus: None, algorithm, serial, times, extensions }
}

fn root() -> Make {
    ca("root", 1, "root", 1)
}

fn middle() -> Make {
    ca("middle", 2, "root", 1)
}

fn leaf(issuer: &'static str, signer: u8) -> Make {
    Make { extensions: Some(vec![usage(CLIENT)]), ..ca("user", 9, issuer, signer) }
}

impl Make {
    fn with(mut self, extension: Vec<u8>) -> Self {
        self.extensions.get_or_insert_default().push(extension);
        self
    }
    fn only(mut self, extension: Vec<u8>) -> Self {
        self.extensions = Some(vec![extension]);
        self
    }
    fn version_1(mut self) -> Self {
        self.extensions = None;
        self
    }
    fn times(mut self, start: &'static str, end: &'static str) -> Self {
        self.times = [start, end];
        self
    }
    fn done(&self) -> Certificate {
        let oid = |oid: &[u8]| tlv(OBJECT_IDENTIFIER, oid);
        let name = |text: &str| {
            let attribute = [oid(b"\x55\x04\x03"), tlv(UTF8_STRING, text.as_bytes())].concat();
            tlv(SEQUENCE, &tlv(SET, &tlv(SEQUENCE, &attribute)))
        };
        let algorithm = tlv(SEQUENCE, &oid(self.algorithm));
        let point = [&[0, 4][..], &[self.key; 64]].concat();
        let key = match &self.modulus {
            None => [tlv(SEQUENCE, &[oid(EC), oid(self.curve)].concat()), tlv(BIT_STRING, &point)].concat(),
            Some(modulus) => {
                let numbers = tlv(SEQUENCE, &[tlv(INTEGER, modulus), tlv(INTEGER, &[1, 0, 1])].concat());
                let algorithm = tlv(SEQUENCE, &[oid(RSA), tlv(NULL, &[])].concat());
                [algorithm, tlv(BIT_STRING, &[vec![0], numbers].concat())].concat()
            }
        };
        let extensions = self.extensions.as_deref().unwrap_or_default().concat();
        let version_3 = |field: Vec<u8>| self.extensions.as_ref().map_or_else(Vec::new, |_| field);
        let body = [
            version_3(tlv(0xa0, &tlv(INTEGER, &[2]))),
            tlv(INTEGER, self.serial),
            algorithm.clone(),
            name(self.issuer),
            tlv(SEQUENCE, &self.times.map(|time| tlv(0x17, time.as_bytes())).concat()),
            name(self.subject),
            tlv(SEQUENCE, &key),
            version_3(tlv(0xa3, &tlv(SEQUENCE, &extensions))),
        ];
        let whole = [tlv(SEQUENCE, &body.concat()), algorithm, tlv(BIT_STRING, &[0, self.signer])];
        Certificate::from_der(tlv(SEQUENCE, &whole.concat())).expect("a certificate")
    }
}

/// `ok`, or `refused` or `open` with the certificate and the rule.
fn verdict(leaf: &Make, intermediates: &[Make], trusted: &[Make]) -> String {
    let all = |makes: &[Make]| makes.iter().map(Make::done).collect::<Vec<_>>();
    let (leaf, intermediates, trusted) = (leaf.done(), all(intermediates), all(trusted));
    let presented =
        Presented { side: Side::Client, leaf: &leaf, intermediates: &intermediates, trusted: &trusted };
    let short = |objection: &Objection| {
        let which = match &objection.which {
            Which::Leaf => "leaf".to_owned(),
            Which::Intermediate(place, _) => format!("intermediate {place}"),
            Which::Trusted(place, _) => format!("trusted {place}"),
        };
        format!("{which}: {}", objection.rule.name())
    };
    match judge(presented, AT, &Numbers) {
        Outcome::Trusted => "ok".to_owned(),
        Outcome::Refused(objections) => format!("refused: {}", short(&objections[0])),
        Outcome::NotJudged(doubt) => format!("open: {}", short(&doubt)),
    }
}

#[test]
fn each_rule_refuses_what_it_should() {
    let (user, below) = (leaf("root", 1), leaf("middle", 2));
    let private = |critical| extension(PRIVATE, critical, b"");
    let usages = |bits: u8| extension(extension::KEY_USAGE, true, &tlv(BIT_STRING, &[0, bits]));
    let excluded = |tag, text: &[u8]| {
        let subtree = tlv(0xa1, &tlv(SEQUENCE, &tlv(tag, text)));
        extension(extension::NAME_CONSTRAINTS, true, &tlv(SEQUENCE, &subtree))
    };
    let named = |name: &[u8]| extension(extension::SUBJECT_ALT_NAME, false, &tlv(SEQUENCE, &tlv(0x82, name)));
    let with_serial = |serial| Make { serial, ..root() };
    let rsa = |first: u8, make: Make| Make { modulus: Some([&[first][..], &[0xff; 1024]].concat()), ..make };
    let (rsa_8192, rsa_8193) = (|make| rsa(0, make), |make| rsa(1, make));
    for (leaf, intermediates, trusted, expected) in [
        (&user, &[][..], &[root()][..], "ok"),
        (&user, &[], &[], "refused: leaf: issuer"),
        (&user, &[], &[ca("root", 3, "root", 3)], "refused: trusted 1: signature"),
        (&user, &[], &[ca("root", 3, "root", 3), root()], "ok"),
        (&user, &[], &[ca("Root", 1, "Root", 1)], "refused: leaf: issuer"),
        // Any trusted certificate ends a chain, also one of somebody else's making, and the very leaf.
        (&below, &[], &[middle()], "ok"),
        (&user, &[], std::slice::from_ref(&user), "ok"),
        (&below, &[middle()], &[root()], "ok"),
        (&below, &[], &[root()], "refused: leaf: issuer"),
        (&below, &[ca("middle", 2, "middle", 5), ca("middle", 5, "root", 1)], &[root()], "ok"),
        // Usage: every certificate of the chain has to allow it.
        (&leaf_of(SERVER), &[], &[root()], "refused: leaf: extended-key-usage"),
        (&user, &[], &[root().with(usage(SERVER))], "refused: trusted 1: extended-key-usage"),
        (&below, &[middle().with(usage(SERVER))], &[root()], "refused: intermediate 1: extended-key-usage"),
        (&below, &[middle().with(usage(CLIENT))], &[root()], "ok"),
        // CAs, and how many.
        (&below, &[middle().only(private(false))], &[root()], "refused: intermediate 1: not-a-ca"),
        (&user, &[], &[root().only(private(false))], "refused: trusted 1: not-a-ca"),
        (&user, &[], &[root().version_1()], "ok"),
        (&below, &[middle().version_1()], &[root()], "refused: intermediate 1: not-a-ca"),
        (&below, &[middle()], &[root().only(basic(Some(0)))], "refused: trusted 1: path-length"),
        (&below, &[middle()], &[root().only(basic(Some(1)))], "ok"),
        (&user, &[], &[root().with(usages(0x80))], "refused: trusted 1: not-a-ca"),
        (&user, &[], &[root().with(usages(0x04))], "ok"),
        // Critical extensions count in the chain only.
        (&user.clone().with(private(true)), &[], &[root()], "refused: leaf: critical-extension"),
        (&user.clone().with(private(false)), &[], &[root()], "ok"),
        (&user, &[], &[root().with(private(true))], "refused: trusted 1: critical-extension"),
        (&user, &[], &[root(), ca("other", 3, "other", 3).with(private(true))], "ok"),
        // To the second.
        (&user.clone().times("300101000000Z", "300101000000Z"), &[], &[root()], "ok"),
        (&user.clone().times("300101000001Z", "310101000000Z"), &[], &[root()], "refused: leaf: not-yet-valid"),
        (&user.clone().times("290101000000Z", "291231235959Z"), &[], &[root()], "refused: leaf: expired"),
        (&user, &[], &[root().times("290101000000Z", "291231235959Z")], "refused: trusted 1: expired"),
        (&user, &[], &[root().times("290101000000Z", "291231235959Z"), root()], "ok"),
        // Names.
        (
            &user.clone().with(named(b"a.com")),
            &[],
            &[root().with(excluded(0x82, b"com"))],
            "refused: trusted 1: name-constraints",
        ),
        (&user.clone().with(named(b"a.com")), &[], &[root().with(excluded(0x82, b"org"))], "ok"),
        (
            &user.clone().with(named(b"*.com")),
            &[],
            &[root().with(excluded(0x82, b"a.com"))],
            "open: trusted 1: name-constraints",
        ),
        (&user, &[], &[root().with(excluded(0xa4, b""))], "refused: trusted 1: critical-extension"),
        // RSA keys above 8192 bits in what is sent, whatever for.
        (&rsa_8192(user.clone()), &[], &[root()], "ok"),
        (&rsa_8193(user.clone()), &[], &[root()], "refused: leaf: key"),
        (&user, &[rsa_8192(middle())], &[root()], "ok"),
        (&user, &[rsa_8193(middle())], &[root()], "refused: intermediate 1: key"),
        (&user, &[], &[root(), rsa_8193(middle())], "ok"),
        // Keys, algorithms and what does not parse; also what is sent along or trusted for nothing.
        (&Make { algorithm: ECDSA_SHA1, ..user.clone() }, &[], &[root()], "refused: trusted 1: algorithm"),
        (&user, &[], &[Make { algorithm: ECDSA_SHA1, ..root() }], "ok"),
        (&user, &[], &[root(), Make { curve: PRIVATE, ..middle() }], "refused: trusted 2: parse"),
        (&user, &[Make { curve: PRIVATE, ..middle() }], &[root()], "refused: intermediate 1: parse"),
        (&user.clone().with(private(false)).with(private(false)), &[], &[root()], "refused: leaf: parse"),
        (&user, &[], &[with_serial(&[0x80])], "open: trusted 1: parse"),
        (&user, &[], &[with_serial(&[])], "refused: trusted 1: parse"),
        (&user.clone().with(named(b"\xff")), &[], &[root()], "refused: leaf: parse"),
    ] {
        let shown = format!("{} below {} and {}", leaf.subject, intermediates.len(), trusted.len());
        assert_eq!(verdict(leaf, intermediates, trusted), expected, "{shown}");
    }
}

fn leaf_of(purpose: &[u8]) -> Make {
    leaf("root", 1).only(usage(purpose))
}

#[test]
fn circles_and_crowds_end() {
    let circle = [ca("a", 3, "b", 4), ca("b", 4, "a", 3)];
    assert_eq!(verdict(&leaf("a", 3), &circle, &[root()]), "refused: leaf: issuer");
    let way_out = [&circle[..], &[ca("b", 4, "root", 1)]].concat();
    assert_eq!(verdict(&leaf("a", 3), &way_out, &[root()]), "ok");
    let mut crowd: Vec<_> = (10..130).map(|key| ca("middle", key, "root", 1)).collect();
    assert_eq!(verdict(&leaf("middle", 2), &crowd[..100], &[root()]), "refused: intermediate 1: signature");
    assert_eq!(verdict(&leaf("middle", 2), &crowd[..101], &[root()]), "open: leaf: limit");
    crowd.insert(0, middle());
    assert_eq!(verdict(&leaf("middle", 2), &crowd, &[root()]), "ok");
}

#[test]
fn no_octet_of_a_certificate_can_stop_the_judge() {
    let subtree = tlv(SEQUENCE, &tlv(0x82, b"com"));
    let constraints = extension(extension::NAME_CONSTRAINTS, true, &tlv(SEQUENCE, &tlv(0xa1, &subtree)));
    let names =
        [tlv(0x82, b"a.org"), tlv(0x86, b"a://b.org/c"), tlv(0x87, &[10, 0, 0, 1]), tlv(0x81, b"a@b.org")];
    let names = extension(extension::SUBJECT_ALT_NAME, false, &tlv(SEQUENCE, &names.concat()));
    let (leaf, root) = (leaf("root", 1).with(names).done(), root().with(constraints).done());
    let (mut read, mut refused) = (0, 0);
    for (changed, is_leaf) in [(&leaf, true), (&root, false)] {
        for at in 0..changed.der().len() {
            for octet in [0, 1, 0x7f, 0x80, 0xff] {
                let mut der = changed.der().to_vec();
                der[at] = octet;
                let Ok(odd) = Certificate::from_der(der) else { continue };
                let (leaf, trusted) = if is_leaf { (&odd, &root) } else { (&leaf, &odd) };
                let presented = Presented {
                    side: Side::Client,
                    leaf,
                    intermediates: &[],
                    trusted: std::slice::from_ref(trusted),
                };
                read += 1;
                refused += usize::from(matches!(judge(presented, AT, &Numbers), Outcome::Refused(_)));
            }
        }
    }
    assert!(read > 1000 && refused > 100, "{read} read, {refused} refused");
}
