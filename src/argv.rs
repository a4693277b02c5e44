//! Puts a command line that `cockroach` accepts into the order that clap accepts.
//!
//! `cockroach` accepts flags anywhere, even before the command's name, and has its commands under `cert` or
//! `mt cert` (REFERENCE.md section 2).

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use clap::Command;

use crate::cli;
use crate::pkcs11::{holds_pin, without_pins};

/// The words that come before certificate commands in `cockroach`.
const LEADING: [&str; 2] = ["mt", "cert"];

/// Moves the command's name to the front and drops a leading `cert` or `mt cert`.
///
/// `root` defines which words are commands; [`cli::complete`], which flags take a value: in `--certs-dir certs
/// list`, the value comes between the flag and the command.
pub fn normalize(root: &Command, args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args = args.into_iter();
    let program = args.next();
    let mut flags = Vec::new();
    let mut command = Vec::new();
    while let Some(arg) = args.next() {
        if arg == "--" {
            flags.push(arg);
            break;
        } else if is_flag(&arg) {
            let value_follows = takes_value(&arg);
            flags.push(arg);
            flags.extend(value_follows.then(|| args.next()).flatten());
        } else if !command.is_empty() || LEADING.iter().all(|word| arg != *word) {
            let asks_for_help = arg == "help";
            let is_last = command.len() == 1 || !has_commands(root, &arg);
            command.push(arg);
            if asks_for_help {
                // `help cert create-ca` asks for the help of `create-ca`.
                flags.extend(args.by_ref().skip_while(|word| LEADING.iter().any(|leading| word == leading)));
            }
            if is_last {
                break;
            }
        }
    }
    program.into_iter().chain(command).chain(flags).chain(args).collect()
}

/// Does the command have commands of its own?
fn has_commands(root: &Command, name: &OsStr) -> bool {
    root.find_subcommand(name).is_some_and(Command::has_subcommands)
}

/// The first argument, other than a CA key, that contains a PIN; returned without the PIN. Nothing reads a PIN
/// there, and an error that quotes part of the argument would show it.
pub fn misplaced_pin(args: &[OsString]) -> Option<String> {
    const CA_KEY: &str = "--ca-key";
    let names_ca_key = |arg: &str| arg.strip_prefix(CA_KEY).is_some_and(|rest| rest.starts_with('='));
    let texts: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
    let before = std::iter::once("").chain(texts.iter().map(AsRef::as_ref));
    let found =
        before.zip(&texts).find(|(before, arg)| holds_pin(arg) && *before != CA_KEY && !names_ca_key(arg));
    found.map(|(_, arg)| without_pins(arg))
}

fn is_flag(arg: &OsStr) -> bool {
    arg.len() > 1 && arg.as_bytes()[0] == b'-'
}

/// Is `arg` a flag, known to any command, whose value is the next word?
fn takes_value(arg: &OsStr) -> bool {
    let name = arg.to_str().and_then(|text| text.strip_prefix("--"));
    let Some(name) = name.filter(|name| !name.contains('=')) else { return false };
    let complete = cli::complete();
    let nested = complete.get_subcommands().flat_map(Command::get_subcommands);
    let all = std::iter::once(&complete).chain(complete.get_subcommands()).chain(nested);
    all.flat_map(Command::get_arguments)
        .find(|known| known.get_long() == Some(name))
        .is_some_and(|known| known.get_action().takes_values() && !known.is_require_equals_set())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalized(line: &str) -> String {
        let root = crate::cli::command();
        let words = normalize(&root, line.split(' ').map(OsString::from));
        words.join(OsStr::new(" ")).into_string().expect("UTF-8")
    }

    #[test]
    fn a_pin_belongs_in_the_ca_key_only() {
        const URI: &str = "pkcs11:token=ca?pin-value=12";
        let misplaced = |line: &str| {
            let line = line.replace('@', URI);
            misplaced_pin(&line.split(' ').map(OsString::from).collect::<Vec<_>>())
        };
        for line in ["x create-ca --ca-key=@", "x create-ca --ca-key @ --overwrite", "x list pkcs11:token=ca"] {
            assert_eq!(misplaced(line), None, "{line}");
        }
        let shown = "pkcs11:token=ca?pin-value=<hidden>";
        for line in ["x @", "x create-node @", "x create-ca --ca-key=@ @", "x create-ca --ca-key @ @"] {
            assert_eq!(misplaced(line).as_deref(), Some(shown), "{line}");
        }
        assert_eq!(misplaced("x --ca-keys=@"), Some(format!("--ca-keys={shown}")));
    }

    #[test]
    fn the_command_comes_first_wherever_it_stood() {
        for (line, expected) in [
            ("x list --certs-dir a", "x list --certs-dir a"),
            ("x cert list", "x list"),
            ("x mt --overwrite cert create-ca", "x create-ca --overwrite"),
            ("x --certs-dir a list", "x list --certs-dir a"),
            ("x --certs-dir=a cert --overwrite create-ca", "x create-ca --certs-dir=a --overwrite"),
            ("x --logtostderr list", "x list --logtostderr"),
            ("x create-client cert", "x create-client cert"),
            ("x help cert create-ca", "x help create-ca"),
            ("x --version", "x --version"),
            ("x -- list", "x -- list"),
            ("x export pem a --out b", "x export pem a --out b"),
            ("x --certs-dir a cert export --out b pem c", "x export pem --certs-dir a --out b c"),
            ("x export --help", "x export --help"),
            ("x export cert", "x export cert"),
            ("x --certs-dir", "x --certs-dir"),
        ] {
            assert_eq!(normalized(line), expected, "{line}");
        }
    }
}
