//! What a refused operator reads, and is told to do.

use super::*;

#[test]
fn a_refusal_shows_both_subjects_and_what_to_do() {
    let case = login("root", "O=Acme Inc,UID=root,OU=movr-prod").root("O=Acme Inc,OU=movr-prod,UID=root");
    assert_eq!(
        case.verdict().to_string(),
        r#"refused: certificate authentication failed for user "root"
DETAIL: The client certificate is valid for "" on all tenants.
       the server expects   the certificate has
    1  O=Acme Inc           O=Acme Inc
>   2! OU=movr-prod         UID=root   <- first difference
    3! UID=root             OU=movr-prod
Positions 2 and 3 have changed places; that is the only difference.
HINT: Make a certificate with the subject the server expects: `crdb-cert create-client root --subject='O=Acme Inc,OU=movr-prod,UID=root' --overwrite --certs-dir=... --ca-key=...`. Or change the server: --root-cert-distinguished-name='O=Acme Inc,UID=root,OU=movr-prod'"#
    );
    assert_eq!(
        login("ann", "CN=ann").verdict().to_string(),
        r#"allowed: the certificate is valid for "ann" on all tenants"#
    );
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

#[test]
fn advice_names_the_next_step() {
    let advice = |case: Case| case.refusal().advice;
    let ann = || login("ann", "O=Cockroach,CN=ann");
    for (case, expected) in [
        (
            ann().tls(|t| t.not_after = 0),
            "Make a new certificate: `crdb-cert create-client ann --overwrite --certs-dir=... --ca-key=...`.",
        ),
        (ann().tls(|t| t.not_before = NOW + 1), "Check the clock of the server, or wait."),
        (
            ann().required(),
            "Make the server expect the certificate's subject: ALTER ROLE \"ann\" WITH SUBJECT 'O=Cockroach,CN=ann'; Or stop requiring subjects: SET CLUSTER SETTING security.client_cert.subject_required.enabled = false;",
        ),
        (
            login("ann", "1.2.3=a").required(),
            "Set the SUBJECT of role \"ann\". Or stop requiring subjects: SET CLUSTER SETTING security.client_cert.subject_required.enabled = false;",
        ),
        (
            login("ann", "1.2.3=a").role("CN=ann"),
            "Make a certificate with the subject the server expects: `crdb-cert create-client ann --subject='CN=ann' --overwrite --certs-dir=... --ca-key=...`.",
        ),
        (
            login("node", "CN=a").node("CN=b"),
            "Make a certificate with the subject the server expects: `crdb-cert create-node HOST... --subject='CN=b' --overwrite --certs-dir=... --ca-key=...`. Or change the server: --node-cert-distinguished-name='CN=a'",
        ),
        (
            login("ann", "CN=a b"),
            "Make a certificate for ann: `crdb-cert create-client ann --overwrite --certs-dir=... --ca-key=...`. Or start the server with --cert-principal-map='a b:ann'",
        ),
        (
            login(",foo", "O=a"),
            "Make a certificate for ,foo: `crdb-cert create-client ',foo' --overwrite --certs-dir=... --ca-key=...`.",
        ),
        (
            ann().uris(&["crdb://tenant/2/user/bob"]),
            "Make a certificate for ann: `crdb-cert create-client ann --overwrite --certs-dir=... --ca-key=...`.",
        ),
        (
            ann().uris(&["crdb://tenant/2/user/ann"]),
            "The certificate is for ann on other tenants. Make one for this tenant: `crdb-cert create-client ann --tenant-scope=1 --overwrite --certs-dir=... --ca-key=...`.",
        ),
        (
            ann().uris(&["crdb://tenant-name/a/user/ann"]).tenant(2, Some("b")),
            "The certificate is for ann on other tenants. Make one for this tenant: `crdb-cert create-client ann --tenant-name-scope=b --overwrite --certs-dir=... --ca-key=...`.",
        ),
    ] {
        assert_eq!(advice(case), expected);
    }
}
