//! What a refused operator reads, and is told to do.

use super::*;

#[test]
fn a_refusal_shows_both_subjects_and_what_to_do() {
    assert_eq!(
        verdict("O=Acme~Inc,UID=root,OU=movr-prod", "root-dn=O=Acme~Inc,OU=movr-prod,UID=root", "root")
            .to_string(),
        r#"refused: certificate authentication failed for user "root" (DN: o=Acme Inc,ou=movr-prod,uid=root)
DETAIL: The client certificate (DN: o=Acme Inc,uid=root,ou=movr-prod) is valid for "" on all tenants.
       the server expects   the certificate has
    1  O=Acme Inc           O=Acme Inc
>   2! OU=movr-prod         UID=root   <- first difference
    3! UID=root             OU=movr-prod
Positions 2 and 3 have changed places; that is the only difference.
HINT: Make a certificate with the subject the server expects: `crdb-cert create-client root --subject='O=Acme Inc,OU=movr-prod,UID=root' --overwrite --certs-dir=... --ca-key=...`."#
    );
    assert_eq!(
        verdict("CN=ann", "", "ann").to_string(),
        r#"allowed: the certificate is valid for "ann" on all tenants"#
    );
    let doubt = verdict("CN=ann disputed-subject:why", "role=CN=ann", "ann").to_string();
    assert!(doubt.starts_with("not judged: the subject is not judged, as servers read it differently: why\nHINT: Make a certificate"), "{doubt}");
}

#[test]
fn advice_is_quoted_for_shell_and_sql() {
    let subject = name("O=d'Arc \\\"x\\\" $HOME,UID=a");
    assert_eq!(
        server_setting("an\"n", &subject),
        r#"ALTER ROLE "an""n" WITH SUBJECT 'O=d''Arc \"x\" $HOME,UID=a';"#
    );
    assert_eq!(
        server_setting("node", &subject),
        r#"--node-cert-distinguished-name='O=d'\''Arc \"x\" $HOME,UID=a'"#
    );
    assert_eq!(distinguished_name_flag("ann", &subject), None);
}

/// The advice, without the parts that all commands have.
fn advice(cert: &str, told: &str, login: &str) -> String {
    let text = match verdict(cert, told, login) {
        Verdict::Refused(refusal) => refusal.advice,
        Verdict::NotJudged(doubt) => doubt.advice,
        Verdict::Allowed { because } => panic!("{because}"),
    };
    text.replace(" --overwrite --certs-dir=... --ca-key=...", "").replace("crdb-cert create-", "")
}

#[rustfmt::skip]
const ADVICE: &[Row] = &[
    ["CN=ann expired:expired~then", "", "ann", "Make a new certificate: `client ann`."],
    ["CN=ann not-yet:is~not~valid~before~then", "", "ann", "Check the clock of the server, or wait."],
    ["CN=ann not-yet:is~not~valid~before~then no-chain:x", "", "ann", "Make a certificate with the CA that the server has in ca-client.crt (or ca.crt): `client ann`."],
    ["CN=ann not-yet:is~not~valid~before~then unreadable:x", "", "ann", "Make a new certificate: `client ann`."],
    ["CN=ann unreadable:x no-chain:x", "", "ann", "Make a new certificate: `client ann`."],
    ["CN=ann uri:crdb:", "", "ann", "Every crdb: URI has to be crdb://tenant/<id>/user/<user>, the id a number from 1, or crdb://tenant-name/<name>/user/<user>. Make a new certificate: `client ann`."],
    ["OU=Tenants,CN=ann", "", "ann", "A subject with OU=Tenants is for SQL servers of a tenant. Make a certificate for the user: `client ann`."],
    ["O=Cockroach,CN=ann", "subject-required", "ann", "If the certificate is ann's, make the server expect its subject: ALTER ROLE \"ann\" WITH SUBJECT 'O=Cockroach,CN=ann';"],
    ["1.2.3=a", "subject-required", "ann", "Set the SUBJECT of role \"ann\" to the subject of a certificate made for ann."],
    ["CN=ann", "subject-required", "root", "Start the server with --root-cert-distinguished-name; `crdb-cert subject FILE --flag=root` prints it for the certificate that root is to have."],
    ["1.2.3=a", "role=CN=ann", "ann", "Make a certificate with the subject the server expects: `client ann --subject='CN=ann'`."],
    ["CN=a", "role=CN=ann", "ann", "Make a certificate with the subject the server expects: `client ann --subject='CN=ann'`."],
    ["O=a,CN=ann", "role=CN=ann", "ann", "Make a certificate with the subject the server expects: `client ann --subject='CN=ann'`. Or, if this certificate is ann's, change the server: ALTER ROLE \"ann\" WITH SUBJECT 'O=a,CN=ann';"],
    ["UID=ann", "role=CN=ann", "ann", "Make a certificate with the subject the server expects: `client ann --subject='CN=ann'`. Or, if this certificate is ann's, change the server: ALTER ROLE \"ann\" WITH SUBJECT 'UID=ann';"],
    // Somebody else's certificate.
    ["O=Cockroach,CN=root", "role=CN=ann", "ann", "Make a certificate with the subject the server expects: `client ann --subject='CN=ann'`."],
    ["O=Cockroach,CN=node dns:localhost", "role=CN=ann", "ann", "Make a certificate with the subject the server expects: `client ann --subject='CN=ann'`."],
    ["UID=x dns:root", "role=CN=ann", "ann", "Make a certificate with the subject the server expects: `client ann --subject='CN=ann'`."],
    ["CN=ann dns:node", "role=O=x", "ann", "Make a certificate with the subject the server expects: `client ann --subject='O=x'`."],
    ["CN=ann uri:crdb://tenant/1/user/bob", "role=O=x", "ann", "Make a certificate with the subject the server expects: `client ann --subject='O=x'`."],
    ["CN=root", "subject-required", "ann", "Set the SUBJECT of role \"ann\" to the subject of a certificate made for ann."],
    ["CN=root", "ident=m~root~ann root-dn=UID=root", "ann", "Use a certificate with an identity that the map takes for ann."],
    // A subject that was not given here.
    ["UID=root", "", "root", "If the server has --root-cert-distinguished-name, pass it here too. Make a certificate for root: `client root`."],
    ["UID=ann", "", "ann", "If the role has a SUBJECT, pass it here too (--role-subject). Make a certificate for ann: `client ann`."],
    // Names that no command of ours puts in a certificate.
    ["CN=x", "san-required root-san=DNS=r,URI=s:x root-dn=CN=root", "root", "Make a certificate with the subject the server expects: ask your CA for one with all names of --root-cert-san (SAN:DNS:r, SAN:URI:s:x)."],
    ["CN=root expired:x", "san-required root-san=DNS=r", "root", "Make a new certificate: ask your CA for one with all names of --root-cert-san (SAN:DNS:r)."],
    ["CN=root expired:x", "san-required root-san=DNS=r v26.1", "root", "Make a new certificate: `client root`."],
    // A CA for clients.
    ["CN=node no-chain:x", "client-ca", "node", "Make a certificate with the CA that the server has in ca-client.crt (or ca.crt): `client node`."],
    ["CN=node no-chain:x", "", "node", "Make a certificate with the CA that the server has in ca-client.crt (or ca.crt): `node HOST...`."],
    // Times of the CA.
    ["CN=ann expired:x ca-expired:y", "", "ann", "The CA certificate has expired. Renew it first, for all servers and clients: `ca --allow-ca-key-reuse`. Make a new certificate: `client ann`."],
    ["CN=ann ca-expired:y", "client-ca", "ann", "The CA certificate has expired. Renew it first, for all servers and clients: `client-ca --allow-ca-key-reuse`."],
    ["CN=ann not-yet:x ca-not-yet:y", "", "ann", "Check the clock of the server, or wait."],
    ["", "role=CN=ann", "ann", "Make a certificate with the subject the server expects: `client ann --subject='CN=ann'`."],
    ["CN=a", "node-dn=CN=b", "node", "Make a certificate with the subject the server expects: `node HOST... --subject='CN=b'`."],
    ["CN=a~b", "", "ann", "Make a certificate for ann: `client ann`."],
    ["O=a", "", ",foo", "If the role has a SUBJECT, pass it here too (--role-subject). Make a certificate for ,foo: `client ',foo'`."],
    ["CN=x uri:crdb://tenant/2/user/bob", "", "ann", "Make a certificate for ann: `client ann`."],
    ["CN=x uri:crdb://tenant/2/user/ann", "", "ann", "The certificate is for ann on other tenants. Make one for this tenant: `client ann --tenant-scope=1`."],
    ["CN=x uri:crdb://tenant-name/a/user/ann", "", "ann@2/b", "The certificate is for ann on other tenants. Make one for this tenant: `client ann --tenant-name-scope=b`."],
    ["CN=x uri:crdb://tenant-name/a/user/ann uri:crdb://tenant/9/user/ann", "", "ann@2/b", "The certificate is for ann on other tenants. Make one for this tenant: `client ann --tenant-scope=2`."],
    ["CN=root", "disallow-root", "root", "The server lets no certificate of root in. Log in as another user who has the privileges."],
    ["CN=root dns:ann", "disallow-root", "ann", "A certificate that is also for root lets nobody in. Make one for ann alone: `client ann`."],
    ["CN=debug_user", "", "debug_user", "The server lets no certificate of debug_user in. Log in as another user who has the privileges."],
    ["CN=root dns:x", "san-required root-san=DNS=r,IP=1.2.3.4", "root", "Give root a certificate with the names that this one lacks: SAN:DNS:r, SAN:IP:1.2.3.4."],
    ["CN=root dns:x", "san-required", "root", "Start the server with --root-cert-san, and give root a certificate with these names."],
    ["CN=x", "ident=m~y~ann", "ann", "Use a certificate with an identity that the map takes for ann."],
    ["CN=x", "ident=m~y~bob|m~x~root", "ann", "Remove line 2 from the identity map: no certificate may be mapped to root."],
    ["CN=bob", "san-required", "ann", "Name a map for such users in the HBA configuration, and give it with --hba-map and --ident-map. Make a certificate for ann: `client ann`."],
];

#[test]
fn advice_names_the_next_step() {
    for [cert, told, login, expected] in ADVICE {
        assert_eq!(advice(cert, told, login), *expected, "[{cert}] [{told}] [{login}]");
    }
}

/// Whoever holds a certificate of somebody else does not become root or node by advice, and nothing is switched
/// off.
#[test]
fn advice_never_weakens_the_cluster() {
    let certificates = [
        "CN=ann",
        "CN=node",
        "O=Cockroach,CN=root",
        "CN=x dns:root",
        "O=a,UID=root no-chain:x",
        "1.2.3=x",
        "CN=x uri:crdb:",
    ];
    let servers = [
        "",
        "subject-required",
        "root-dn=CN=y node-dn=CN=y role=CN=y",
        "san-required",
        "san-required root-san=DNS=r",
        "disallow-root",
        "ident=m~y~ann",
        "role=CN=y",
        "v24.1",
    ];
    for cert in certificates {
        for told in servers {
            for user in ["root", "node", "ann", "debug_user"] {
                let text = verdict(cert, told, user).to_string();
                let advice = text.split("HINT: ").nth(1).unwrap_or_default();
                for weak in [
                    "principal-map",
                    "= false",
                    "=false",
                    "off",
                    "--disallow",
                    "--allow",
                    "Add the CA",
                    "distinguished-name='",
                    "to the map",
                ] {
                    assert!(
                        cert.contains("CN=ann") || !advice.contains("ALTER ROLE"),
                        "[{cert}] [{told}] {advice}"
                    );
                    assert!(!advice.contains(weak), "[{cert}] [{told}] [{user}] {advice}");
                }
            }
        }
    }
}
