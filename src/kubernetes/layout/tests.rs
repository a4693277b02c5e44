//! What is in each layout.

use super::*;

const USERS: [&str; 1] = ["app"];

fn plan(layout: Layout, ca_key: bool, has: &[&str]) -> String {
    let release = "db".parse().expect("a release");
    let asked = Asked { release: &release, users: &USERS.map(str::to_owned), ca_key };
    let planned = layout.plan(asked, |file| has.contains(&file)).expect("a plan");
    let line = |object: &Planned| {
        let data: Vec<_> = object.data.iter().map(|(key, file)| format!("{key}={file}")).collect();
        format!("{:?} {}: {}\n", object.kind, object.name, data.join(" "))
    };
    planned.iter().map(line).collect()
}

#[test]
fn each_layout_has_its_objects_and_no_key_more() {
    let node = "ca.crt=ca.crt tls.crt=node.crt tls.key=node.key";
    let client = |user: &str| format!("ca.crt=ca.crt tls.crt=client.{user}.crt tls.key=client.{user}.key");
    let (root, app) = (client("root"), client("app"));
    let helm = format!(
        "Tls db-cockroachdb-node: {node}\nTls db-cockroachdb-root: {root}\nTls app-client-secret: {app}\n"
    );
    assert_eq!(plan(Layout::Helm, false, &[]), helm);
    let operator = format!("ConfigMap db-cockroachdb-ca: ca.crt=ca.crt\n{helm}");
    assert_eq!(plan(Layout::Operator, false, &[]), operator);
    let tls = format!("Tls db-node: {node}\nTls db-root: {root}\nTls db-client-app: {app}\n");
    assert_eq!(plan(Layout::Tls, false, &[]), tls);
    let statefulset = "\
Opaque db.node: ca.crt=ca.crt node.crt=node.crt node.key=node.key
Opaque db.client.root: ca.crt=ca.crt client.root.crt=client.root.crt client.root.key=client.root.key
Opaque db.client.app: ca.crt=ca.crt client.app.crt=client.app.crt client.app.key=client.app.key
";
    assert_eq!(plan(Layout::Statefulset, false, &[]), statefulset);
}

#[test]
fn the_ca_key_is_there_only_if_asked_for() {
    for layout in Layout::ALL {
        assert!(!plan(layout, false, &OF_SERVERS).contains(CA_KEY), "{layout:?}");
        assert_eq!(plan(layout, true, &OF_SERVERS).contains(CA_KEY), layout.takes_ca_key(), "{layout:?}");
    }
    assert!(!Layout::Statefulset.takes_ca_key());
}

#[test]
fn no_object_of_a_server_has_a_users_key() {
    for layout in Layout::ALL {
        for line in plan(layout, true, &OF_SERVERS).lines().filter(|line| line.contains("node.key")) {
            assert!(!line.contains("client.root") && !line.contains("client.app"), "{line}");
        }
    }
}

#[test]
fn split_certificates_go_where_they_can() {
    let operator = plan(Layout::Operator, false, &OF_SERVERS);
    for line in [
        "ConfigMap db-cockroachdb-client-ca: ca.crt=ca-client.crt\n",
        "Tls db-cockroachdb-node-client: ca.crt=ca.crt tls.crt=client.node.crt tls.key=client.node.key\n",
        "Tls db-cockroachdb-ui: tls.crt=ui.crt tls.key=ui.key\n",
    ] {
        assert!(operator.contains(line), "{operator}");
    }
    let node = "Opaque db.node: ca.crt=ca.crt ca-client.crt=ca-client.crt ca-ui.crt=ca-ui.crt \
                ca-client-tenant.crt=ca-client-tenant.crt node.crt=node.crt node.key=node.key \
                client.node.crt=client.node.crt client.node.key=client.node.key ui.crt=ui.crt ui.key=ui.key\n";
    assert!(plan(Layout::Statefulset, false, &OF_SERVERS).starts_with(node));
}

#[test]
fn what_a_layout_has_no_place_for_is_named() {
    let release = "db".parse().expect("a release");
    let asked = Asked { release: &release, users: &[], ca_key: false };
    for (layout, expected) in [
        (Layout::Helm, &OF_SERVERS[..]),
        (Layout::Operator, &[UI_CA, TENANT_CLIENT_CA]),
        (Layout::Statefulset, &[]),
        (Layout::Tls, &[CLIENT_CA, UI_CA, TENANT_CLIENT_CA]),
    ] {
        let planned = layout.plan(asked, |_| true).expect("a plan");
        assert!(left_out(&planned, |_| true).eq(expected.iter().copied()), "{layout:?}");
    }
}

#[test]
fn a_user_whose_name_no_object_can_have_is_refused() {
    let release = "db".parse().expect("a release");
    for user in ["app_1", "ren\u{e9}", "a.", "_a"] {
        let users = [user.to_owned()];
        let asked = Asked { release: &release, users: &users, ca_key: false };
        for layout in Layout::ALL {
            let refused = layout.plan(asked, |_| false);
            assert!(
                matches!(refused, Err(NameError::NotASubdomain(name)) if name.contains(user)),
                "{layout:?}"
            );
        }
    }
}
