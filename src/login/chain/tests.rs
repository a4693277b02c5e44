//! One case a line. tests/interop has Go judge such chains, too.

mod constraints;
mod keys;
pub(crate) mod make;
mod parse;

use super::*;
use crate::der::{BIT_STRING, SEQUENCE, tlv};
use make::*;

/// `ok`, or `refused` or `open` with the certificate and the rule.
fn verdict(leaf: &Make, intermediates: &[Make], trusted: &[Make]) -> String {
    let short = |objection: &Objection| {
        let which = match &objection.which {
            Which::Leaf => "leaf".to_owned(),
            Which::Intermediate(place, _) => format!("intermediate {place}"),
            Which::Trusted(place, _) => format!("trusted {place}"),
        };
        format!("{which}: {}", objection.rule.name())
    };
    match outcome(leaf, intermediates, trusted) {
        Outcome::Trusted => "ok".to_owned(),
        Outcome::Refused(objections) => format!("refused: {}", short(&objections[0])),
        Outcome::NotJudged(doubt) => format!("open: {}", short(&doubt)),
    }
}

fn outcome(leaf: &Make, intermediates: &[Make], trusted: &[Make]) -> Outcome {
    let all = |makes: &[Make]| makes.iter().map(Make::done).collect::<Vec<_>>();
    let (leaf, intermediates, trusted) = (leaf.done(), all(intermediates), all(trusted));
    let presented =
        Presented { side: Side::Client, leaf: &leaf, intermediates: &intermediates, trusted: &trusted };
    judge(presented, AT, &Numbers)
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
    let large = |first: u8| rsa(&[&[first][..], &[0xff; 1024]].concat(), &[1, 0, 1]);
    let rsa_8192 = |make| Make { info: Some(large(0)), ..make };
    let rsa_8193 = |make| Make { info: Some(large(1)), ..make };
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
fn who_signed_is_found_by_names_and_signatures() {
    let (user, below, lowest) = (leaf("root", 1), leaf("middle", 2), leaf("low", 5));
    let low = ca("low", 5, "middle", 2);
    let circle = [ca("a", 3, "b", 4), ca("b", 4, "a", 3)];
    for (leaf, others, expected) in [
        (&user, &[][..], true),
        (&leaf("Root", 1), &[], false),
        (&leaf("root", 3), &[], false),
        (&below, &[], false),
        (&below, &[middle()], true),
        (&below, &[ca("middle", 2, "root", 7)], false),
        (&below, &[ca("middle", 7, "root", 1)], false),
        (&lowest, &[low.clone(), middle()], true),
        (&lowest, &[middle(), low.clone()], true),
        (&lowest, &[low], false),
        (&leaf("a", 3), &circle, false),
    ] {
        let made: Vec<_> = others.iter().map(Make::done).collect();
        let found = leads_to(&leaf.done(), &made, &root().done(), &Numbers);
        assert_eq!(found, expected, "below {} and {} others", leaf.issuer, others.len());
    }
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
