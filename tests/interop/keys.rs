//! The key files: their form, and whose they are.

use std::fs;

use crate::peers::Peer;
use crate::sandbox::Sandbox;
use crate::sets::{self, AUTHORITIES, KEYS, Key, LEAVES, SIGNING};

/// Every key file of a set but that of the tenant, and its certificate.
fn pairs(key: Key) -> Vec<(String, String)> {
    let cluster = key.cluster();
    let pair = |file: String, name| (file, format!("{cluster}/{name}.crt"));
    let leaves = LEAVES.map(|(leaf, _)| pair(format!("{cluster}/{leaf}.key"), leaf));
    let authorities = AUTHORITIES.map(|ca| pair(format!("{cluster}.{ca}.key"), ca));
    authorities.into_iter().chain(leaves).collect()
}

/// Writes `<name>.key.pk8` beside `<name>.key`, as an operator would for a server in Java.
pub fn as_pkcs8(sandbox: &Sandbox, key: Key, name: &str) {
    let from = format!("{}/{name}.key", key.cluster());
    let to = format!("{from}.pk8");
    let convert = ["pkcs8", "-topk8", "-nocrypt", "-outform", "DER", "-in", &from, "-out", &to];
    sandbox.tell(Peer::Openssl, convert);
}

#[test]
fn a_key_file_has_the_label_that_tools_look_for_and_openssl_finds_it_sound() {
    let sandbox = sets::unpack_all();
    for key in KEYS {
        let (label, check, verdict) = match key {
            Key::Rsa2048 => ("RSA PRIVATE KEY", "rsa", "RSA key ok"),
            _ => ("EC PRIVATE KEY", "ec", "EC Key valid."),
        };
        for (file, _) in pairs(key) {
            let text = fs::read_to_string(sandbox.path(&file)).expect("a key in PEM");
            assert!(text.starts_with(&format!("-----BEGIN {label}-----\n")), "{file}");
            assert!(text.ends_with(&format!("\n-----END {label}-----\n")), "{file}");
            assert_eq!(text.matches("-----BEGIN").count(), 1, "{file}");

            let answer = sandbox.ask(Peer::Openssl, [check, "-check", "-noout", "-in", &file]);
            let said = answer.stdout + &answer.stderr;
            assert!(answer.success && said.contains(verdict), "{file}: {said}");
            let said = sandbox.tell(Peer::Openssl, ["pkey", "-check", "-noout", "-in", &file]);
            assert!(said.contains("Key is valid"), "{file}: {said}");
        }
    }
}

#[test]
fn a_tenants_key_is_a_sound_ed25519_key_in_pkcs8_whatever_the_other_keys() {
    let sandbox = sets::unpack_all();
    for key in KEYS {
        let file = format!("{}/{SIGNING}.key", key.cluster());
        let text = fs::read_to_string(sandbox.path(&file)).expect("a key in PEM");
        assert!(text.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{file}");
        let said = sandbox.tell(Peer::Openssl, ["pkey", "-check", "-noout", "-text", "-in", &file]);
        assert!(said.contains("Key is valid\n") && said.contains("ED25519 Private-Key:\n"), "{file}: {said}");
        let of_key = sandbox.tell(Peer::Openssl, ["pkey", "-pubout", "-in", &file]);
        let certificate = format!("{}/{SIGNING}.crt", key.cluster());
        let of_certificate = sandbox.tell(Peer::Openssl, ["x509", "-noout", "-pubkey", "-in", &certificate]);
        assert_eq!(of_key, of_certificate, "{file}");
    }
}

#[test]
fn a_key_file_holds_the_key_of_its_certificate() {
    let sandbox = sets::unpack_all();
    for key in KEYS {
        let mut seen = Vec::new();
        for (file, certificate) in pairs(key) {
            let of_key = sandbox.tell(Peer::Openssl, ["pkey", "-pubout", "-in", &file]);
            let of_certificate =
                sandbox.tell(Peer::Openssl, ["x509", "-noout", "-pubkey", "-in", &certificate]);
            assert_eq!(of_key, of_certificate, "{file}");
            assert!(!seen.contains(&of_key), "{file} is the key of another");
            seen.push(of_key);
        }
    }
}

#[test]
fn a_pk8_file_is_the_same_key_as_plain_pkcs8_in_der() {
    let sandbox = sets::unpack_all();
    for key in KEYS {
        let pem = format!("{}/client.root.key", key.cluster());
        let der = format!("{pem}.pk8");
        let convert = ["pkcs8", "-inform", "DER", "-nocrypt", "-in", &der];
        let from_der = sandbox.tell(Peer::Openssl, convert);
        // Without -traditional, `pkey` prints PKCS#8: public and private parts are compared.
        let from_pem = sandbox.tell(Peer::Openssl, ["pkey", "-in", &pem]);
        assert_eq!(from_der, from_pem, "{der}");
        assert!(from_der.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{der}");

        let public =
            |form, file| sandbox.tell(Peer::Openssl, ["pkey", "-pubout", "-inform", form, "-in", file]);
        assert_eq!(public("DER", der.as_str()), public("PEM", pem.as_str()), "{der}");
    }
}

#[test]
fn java_loads_a_pk8_file_with_its_own_classes_and_signs_with_it() {
    let sandbox = sets::unpack_all();
    let stems = KEYS.map(|key| format!("{}/client.root", key.cluster()));
    let arguments = ["pkcs8"].into_iter().chain(stems.iter().map(String::as_str));
    assert_eq!(sandbox.tell(Peer::Java, arguments), "RSA signs\nEC signs\nEC signs\nEC signs\n");
}
