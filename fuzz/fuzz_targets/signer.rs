//! Whatever a signing command answers: it is the certificate that was asked for, signed by a CA of ours, or is
//! refused; the order of the certificates does not matter.
#![no_main]

use std::sync::LazyLock;

use crdb_cert::certificate::Certificate;
use crdb_cert::login::chain::{Side, Signatures};
use crdb_cert::pki::pem;
use crdb_cert::pki::request::SigningRequest;
use crdb_cert::pki::verify::OpenSsl;
use crdb_cert::signing::answer::{Answer, MOST, Wrong};
use libfuzzer_sys::fuzz_target;

const NOW: i64 = 1_800_000_000;

/// What our CAs signed for these keys.
const GENUINE: [&[u8]; 4] = [
    include_bytes!("../seeds/signer/node"),
    include_bytes!("../seeds/signer/node-chain"),
    include_bytes!("../seeds/signer/client"),
    include_bytes!("../seeds/signer/client-old"),
];

struct Known {
    trusted: [Certificate; 2],
    /// Of a node, and of a client.
    requests: [SigningRequest; 2],
    genuine: Vec<Certificate>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let ca = |pem| pem::certificates(pem, "ca.crt").expect("a certificate").remove(0);
    let request = |pem| SigningRequest::read(pem).expect("a request");
    Known {
        trusted: [ca(include_bytes!("signer/ca.crt")), ca(include_bytes!("signer/old.crt"))],
        requests: [
            request(include_bytes!("signer/node.csr")),
            request(include_bytes!("signer/client.app.csr")),
        ],
        genuine: GENUINE.iter().flat_map(|seed| certificates(&seed[1..])).collect(),
    }
});

/// Signatures that are all good, or of which none can be told: behind those of OpenSSL, no changed certificate
/// would get far.
struct All(Option<bool>);

impl Signatures for All {
    fn verify(&self, _: &Certificate, _: &Certificate) -> Option<bool> {
        self.0
    }
}

/// Elements of DER, one behind the other; those that are no certificates are left out. Whether OpenSSL reads
/// them is for the target `certificate`: it takes most of the time.
fn certificates(mut bytes: &[u8]) -> Vec<Certificate> {
    let mut found = Vec::new();
    while !bytes.is_empty() && found.len() <= MOST {
        let length = match bytes {
            [0x30, 0x82, high, low, ..] => 4 + usize::from(u16::from_be_bytes([*high, *low])),
            _ => bytes.len(),
        };
        let (one, rest) = bytes.split_at(length.min(bytes.len()));
        found.extend(Certificate::from_der(one.to_vec()));
        bytes = rest;
    }
    found
}

fuzz_target!(|bytes: &[u8]| {
    let Some((how, answer)) = bytes.split_first() else { return };
    let is_set = |bit: u8| how >> bit & 1 == 1;
    let signatures: &dyn Signatures = match how >> 5 {
        0 => &OpenSsl,
        1 => &All(None),
        _ => &All(Some(true)),
    };
    let Known { trusted: [ca, old], requests, genuine } = &*KNOWN;
    let asked = &requests[usize::from(is_set(1))];
    let trusted = if is_set(2) { [old.clone(), ca.clone()] } else { [ca.clone(), old.clone()] };
    let sides: &[Side] = match (is_set(3), is_set(4)) {
        (false, false) => &[Side::Server, Side::Client],
        (true, false) => &[Side::Server],
        (_, true) => &[Side::Client],
    };
    let check = |certificates| {
        let answer = Answer { certificates, trusted: &trusted, sides, now: NOW };
        answer.check(asked, signatures)
    };
    let mut all = certificates(answer);
    let checked = check(all.clone());
    if is_set(0) {
        all.reverse();
        assert_eq!(
            check(all).map(|sorted| sorted.leaf).ok(),
            checked.as_ref().map(|sorted| sorted.leaf.clone()).ok()
        );
    }
    let is_real = how >> 5 == 0;
    match checked {
        Ok(sorted) => {
            let is_genuine = genuine.iter().any(|one| one.tbs() == sorted.leaf.tbs());
            assert!(!is_real || is_genuine, "a certificate that our CA did not sign");
            assert!(sorted.intermediates.iter().all(|one| !trusted.contains(one)));
        }
        Err(wrong) => wrong.iter().for_each(|wrong: &Wrong| assert!(!wrong.to_string().is_empty())),
    }
});
