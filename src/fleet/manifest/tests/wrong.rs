//! Manifests that are refused.

/// Who refuses a manifest.
#[derive(PartialEq)]
pub enum Refused {
    /// The parser alone: types and keys are right, values are not.
    ByParser,
    /// The schema too.
    ByBoth,
}
use Refused::{ByBoth, ByParser};

/// What is wrong, where, and who says so.
pub const WRONG: &[(&str, Refused, &[&str])] = &[
    ("", ByBoth, &["1:1: the manifest: expected a mapping, found nothing"]),
    ("[]", ByBoth, &["1:1: the manifest: expected a mapping, found a list"]),
    ("{}", ByBoth, &["1:1: nothing to make: name nodes, clients, ui or tenants"]),
    ("nodes: []", ByBoth, &["1:1: nothing to make"]),
    ("nodes: [a", ByBoth, &["2:1: "]),
    ("nodes: [a]\nclient: [b]", ByBoth, &["2:1: unknown key \"client\"; did you mean \"clients\"?"]),
    ("nodes: [{name: a, host: [b]}]", ByBoth, &["1:19: unknown key \"host\"; did you mean \"hosts\"?"]),
    (
        "nodes: [{name: a, key_size: 2048}]",
        ByBoth,
        &["1:19: unknown key \"key_size\"; did you mean \"key-size\"?"],
    ),
    ("nodes: [{name: a, pkcs8: true}]", ByBoth, &["1:19: unknown key \"pkcs8\"; known are name, hosts, "]),
    ("nodes: [a]\nnodes: [b]", ByParser, &["2:1: nodes is there twice: the first is in line 1"]),
    ("nodes: [a, A]", ByParser, &["1:12: node a is there twice: the first is in line 1"]),
    ("nodes:\n- n1\n- 'n[1:2]'", ByParser, &["3:3: node n1 is there twice: the first is in line 2"]),
    ("clients: [a,\n {user: A}]", ByParser, &["2:9: client a is there twice: the first is in line 1"]),
    ("tenants: [2, {id: 2}]", ByParser, &["1:19: tenant 2 is there twice: the first is in line 1"]),
    ("nodes: a", ByBoth, &["1:8: nodes: expected a list, found text: put it in brackets"]),
    ("nodes:\nclients: [a]", ByBoth, &["1:6: nodes: expected a list, found nothing: write [] for none"]),
    ("nodes: [[a]]", ByBoth, &["1:9: nodes: expected a mapping, found a list"]),
    ("nodes: [7]", ByBoth, &["1:9: name: expected text, found a whole number: put it in quotes"]),
    ("nodes: [null]", ByBoth, &["1:9: name: expected text, found nothing"]),
    ("nodes: [{hosts: [a]}]", ByBoth, &["1:9: nodes: name is missing"]),
    ("clients: [{pkcs8: true}]", ByBoth, &["1:11: clients: user is missing"]),
    ("clients: [{user: a, pkcs8: 'true'}]", ByBoth, &["1:28: pkcs8: expected true or false, found text"]),
    ("clients: [{user: a, pkcs8: [true]}]", ByBoth, &["1:28: pkcs8: expected true or false, found a list"]),
    ("tenants: ['2']", ByBoth, &["1:11: id: expected a whole number, found text"]),
    ("tenants: [{id: [2]}]", ByBoth, &["1:16: id: expected a whole number, found a list"]),
    ("tenants: [1.5]", ByBoth, &["1:11: id: expected a whole number, found a number"]),
    ("tenants: [0]", ByBoth, &["1:11: invalid tenant id 0: tenant ids start at 1"]),
    ("tenants: [{id: 2, client: false}]", ByParser, &["1:16: nothing to make for this tenant"]),
    ("ui: {}", ByBoth, &["1:5: ui: hosts is missing: name what the DB Console is reached at"]),
    ("ui: {hosts: []}", ByBoth, &["1:5: ui: hosts is missing"]),
    ("ui: [c]", ByBoth, &["1:5: ui: expected a mapping, found a list", "1:5: ui: hosts is missing"]),
    ("nodes: ['a b']", ByParser, &["1:9: name: invalid host \"a b\": it has a space"]),
    ("nodes: ['*.a']", ByParser, &["1:9: name: \"*.a\" is no name of one node"]),
    ("nodes: ['../a']", ByParser, &["1:9: name: invalid host"]),
    (
        "nodes: ['n[1..3]']",
        ByParser,
        &[
            "1:9: name: invalid host \"n[1..3]\": a part between its dots is empty; write the name with one dot between parts; ranges are written [1:9] or [a:c]",
        ],
    ),
    ("nodes: ['n[3:1]']", ByParser, &["1:9: name: the range [3:1] ends before it begins"]),
    ("nodes: ['n[1:100000]', x]", ByParser, &["1:24: more than 100000 nodes"]),
    (
        "nodes: [{name: a, hosts: ['b:26257']}]",
        ByParser,
        &["1:27: hosts: invalid host \"b:26257\": a certificate cannot hold a port"],
    ),
    (
        "nodes: [{name: 'n[1:3]', hosts: ['10.0.0.[1:2]']}]",
        ByParser,
        &[
            "1:34: hosts: a range in the hosts runs along with the one in the name, which has 3 values, but has 2",
        ],
    ),
    (
        "nodes: [{name: 'n[1:2]', hosts: [db]}]",
        ByParser,
        &["1:34: hosts: db is a host of n1 too (line 1): if both should have it, put it into shared-hosts"],
    ),
    (
        "nodes:\n- {name: a, hosts: [10.0.0.1]}\n- {name: b, hosts: ['::ffff:10.0.0.1']}",
        ByParser,
        &["3:21: hosts: 10.0.0.1 is a host of a too (line 2)"],
    ),
    ("nodes:\n- {name: a, hosts: [b]}\n- b", ByParser, &["3:3: hosts: b is a host of a too (line 2)"]),
    ("{shared-hosts: ['*.*'], nodes: [a]}", ByParser, &["1:17: shared-hosts: invalid host"]),
    (
        "{defaults: {hosts: ['a b', '{} x']}, clients: [a]}",
        ByParser,
        &["1:21: hosts: invalid host \"a b\"", "1:28: hosts: invalid host \"name x\""],
    ),
    ("{defaults: {lifetime: 0h}, nodes: [a]}", ByParser, &["1:23: lifetime: \"0h\" is not positive"]),
    (
        "{defaults: {lifetime: 24}, nodes: [a]}",
        ByBoth,
        &["1:23: lifetime: expected text, found a whole number: put it in quotes"],
    ),
    (
        "{defaults: {key-algorithm: dsa}, nodes: [a]}",
        ByBoth,
        &["1:28: key-algorithm: \"dsa\" is neither rsa nor ecdsa"],
    ),
    (
        "{defaults: {key-size: 1024}, nodes: [a, b]}",
        ByParser,
        &["1:23: key-size: an RSA key of 1024 bits is too weak"],
    ),
    ("{defaults: {key-size: -1}, nodes: [a]}", ByBoth, &["1:23: key-size: not a number of bits"]),
    (
        "{defaults: {key-size: 20000}, nodes: [a]}",
        ByBoth,
        &["1:23: key-size: an RSA key of 20000 bits is too large"],
    ),
    (
        "{defaults: {key-size: 4096}, nodes: [{name: a, key-algorithm: ecdsa, key-size: 2048}]}",
        ByParser,
        &["1:80: key-size: there is no NIST curve of 2048 bits"],
    ),
    ("{defaults: {subject: 'CN'}, nodes: [a]}", ByParser, &["1:22: subject: "]),
    ("{defaults: {subject: ''}, nodes: [a]}", ByParser, &["1:22: subject: the name is empty"]),
    (
        "clients: [{user: a, subject: 'C=DEU'}]",
        ByParser,
        &["1:30: subject: attribute 1 (C=DEU) cannot be put into a certificate"],
    ),
    (
        "clients: [{user: a, subject: 'OU=Tenants,CN=a'}]",
        ByParser,
        &["1:30: subject: servers refuse it as a tenant client certificate (OU=Tenants)"],
    ),
    ("clients: [{user: a, subject: [CN=a]}]", ByBoth, &["1:30: subject: expected text, found a list"]),
    ("clients: ['a b']", ByParser, &["1:11: user: \"a b\": username is invalid. Usernames are"]),
    ("clients: ['..']", ByParser, &["1:11: user: \"..\": username is invalid"]),
    ("clients: [{user: a, tenant-scope: [0]}]", ByBoth, &["1:36: invalid tenant id 0"]),
    (
        "clients: [{user: a, tenant-scope: [app]}]",
        ByBoth,
        &["1:36: tenant-scope: expected a whole number, found text"],
    ),
    (
        "clients: [{user: a, tenant-name-scope: [App]}]",
        ByParser,
        &["1:41: tenant-name-scope: invalid tenant name"],
    ),
    (
        "{nodes: [node1], clients: [{user: a, nodes: [nod1]}]}",
        ByParser,
        &["1:46: unknown node \"nod1\"; did you mean \"node1\"?"],
    ),
    // Of a range, one speaks for all.
    (
        "{nodes: [n1], clients: [{user: a, nodes: ['x[1:100000]']}]}",
        ByParser,
        &["1:43: unknown node \"x1\"; did you mean \"n1\"?"],
    ),
    ("{defaults: {hosts: ['a b[1:100000]']}, nodes: [a]}", ByParser, &["1:21: hosts: invalid host \"a b1\""]),
    (
        "ui: {hosts: ['a b[1:100000]']}",
        ByParser,
        &["1:5: ui: hosts is missing", "1:14: hosts: invalid host \"a b1\""],
    ),
    ("nodes: [{name: a, hosts: ['a b[1:9]']}]", ByParser, &["1:27: hosts: invalid host \"a b1\""]),
    (
        "{nodes: [n1], clients: [{user: a, nodes: some}]}",
        ByBoth,
        &["1:42: nodes: expected all, or a list of names of nodes"],
    ),
    (
        "# all at once\ndefaults:\n  liftime: 1y\nnodes:\n  - name: a\n    lifetime: 1y\n    subject: CN\n  - a\nclients: [x y]\n",
        ByBoth,
        &[
            "3:3: unknown key \"liftime\"; did you mean \"lifetime\"?",
            "6:15: lifetime: invalid duration \"1y\"",
            "7:14: subject: ",
            "8:5: node a is there twice",
            "9:11: user: \"x y\"",
        ],
    ),
];
