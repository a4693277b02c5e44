//! The signers of `contrib`, with stand-ins for the clients of OpenBao and Vault that note how they are called.

use std::fs;
use std::path::Path;

use crate::shell;
use crate::support::{Run, Sandbox};

/// Signs with `openssl`, and answers as `bao write -format=json` does.
const CLIENT: &str = r#"#!/bin/sh
printf '%s\n' "${0##*/} $*" "$BAO_MAX_RETRIES $VAULT_MAX_RETRIES $VAULT_ADDR" >calls
openssl x509 -req -copy_extensions copyall -CA certs/ca.crt -CAkey my-safe-directory/ca.key -days 30 |
    jq --raw-input --slurp '{data: {certificate: ., ca_chain: [$ca]}}' --rawfile ca certs/ca.crt
"#;

/// A CA, and what a signer's PATH has besides the system's programs.
fn sandbox(clients: &[&str]) -> Sandbox {
    let sandbox = Sandbox::with_ca();
    sandbox.make_dir("bin");
    for client in clients {
        sandbox.write(&format!("bin/{client}"), CLIENT);
        sandbox.chmod(&format!("bin/{client}"), 0o755);
    }
    for tool in ["sh", "jq", "openssl"] {
        let path = shell::script(r#"command -v "$1""#, &[tool.as_ref()]);
        std::os::unix::fs::symlink(path.trim(), sandbox.path("bin").join(tool)).expect("a link");
    }
    sandbox
}

fn sign(sandbox: &Sandbox, variables: &[(&str, &str)]) -> Run {
    let signer = shell::project().join("contrib/signers/openbao");
    let with = format!("--sign-with='{}'", signer.display());
    let args = [
        "create-node",
        "localhost",
        "--key-algorithm=ecdsa",
        "--certs-dir=certs",
        "--lifetime=20d",
        "--overwrite",
        &with,
    ];
    let mut command = sandbox.command(&args);
    command.env("PATH", sandbox.path("bin")).env("VAULT_ADDR", "https://vault.example.com");
    Run::of(command.envs(variables.iter().copied()))
}

#[test]
fn the_signer_calls_bao_or_vault_or_what_it_is_told_to() {
    let usual = "15 15 https://vault.example.com";
    for (clients, variables, called, environment) in [
        (&["bao"][..], &[][..], "bao write -format=json pki/sign-verbatim", usual),
        (&["vault"], &[], "vault write -format=json pki/sign-verbatim", usual),
        (&["bao", "vault"], &[], "bao write -format=json pki/sign-verbatim", usual),
        (&["bao", "vault"], &[("SIGN_CLIENT", "vault")], "vault write -format=json pki/sign-verbatim", usual),
        (
            &["vault"],
            &[("SIGN_PATH", "pki_crdb/sign-verbatim"), ("VAULT_MAX_RETRIES", "2")],
            "vault write -format=json pki_crdb/sign-verbatim",
            "15 2 https://vault.example.com",
        ),
    ] {
        let sandbox = sandbox(clients);
        sign(&sandbox, variables).succeeds();
        let calls = fs::read_to_string(sandbox.path("calls")).expect("calls");
        assert_eq!(calls, format!("{called} csr=- ttl=1728000s\n{environment}\n"), "{clients:?} {variables:?}");
        sandbox.verifies("certs/ca.crt", "certs/node.crt", "sslserver");
    }
}

#[test]
fn a_client_that_is_missing_or_fails_is_named() {
    for (client, words) in [
        (None, "neither bao nor vault is in PATH"),
        (Some("#!/bin/sh\necho 'Code: 403. permission denied' >&2\nexit 2\n"), "Code: 403. permission denied"),
        (Some("#!/bin/sh\necho '{}'\n"), "failed with exit status"),
    ] {
        let sandbox = sandbox(&[]);
        if let Some(client) = client {
            sandbox.write("bin/vault", client);
            sandbox.chmod("bin/vault", 0o755);
        }
        let run = sign(&sandbox, &[]);
        assert!(run.status == Some(1) && run.stderr.contains(words), "{words}: {run:?}");
        assert!(!Path::new(&sandbox.path("certs/node.crt")).exists(), "{words}");
    }
}
