//! The words behind `cockroach start`, read as its flag library (pflag) does it.

use super::words::Word;
use super::{FlagsError, ServerFlags};
use crate::go_bool;

/// Flags that take no value as a word of their own.
const BARE: [&str; 14] = [
    "accept-sql-without-tls",
    "allow-debug-user",
    "background",
    "disable-max-offset-check",
    "disallow-root-login",
    "external-io-disabled",
    "external-io-enable-non-admin-implicit-access",
    "insecure",
    "logtostderr",
    "no-color",
    "redactable-logs",
    "unencrypted-localhost-http",
    "external-io-disable-http",
    "external-io-disable-implicit-credentials",
];

/// Flags that take the next word as their value.
const WITH_VALUE: [&str; 34] = [
    "advertise-addr",
    "advertise-host",
    "advertise-http-addr",
    "advertise-sql-addr",
    "attrs",
    "cache",
    "cert-principal-map",
    "certs-dir",
    "cluster-name",
    "enterprise-encryption",
    "external-io-dir",
    "host",
    "http-addr",
    "http-host",
    "http-port",
    "join",
    "listen-addr",
    "listening-url-file",
    "locality",
    "locality-advertise-addr",
    "log",
    "log-config-file",
    "log-dir",
    "max-disk-temp-storage",
    "max-go-memory",
    "max-offset",
    "max-sql-memory",
    "node-cert-distinguished-name",
    "node-cert-san",
    "pid-file",
    "root-cert-distinguished-name",
    "root-cert-san",
    "sql-addr",
    "store",
];

/// Reads them all.
pub(super) fn read(words: &[Word], line: usize) -> Result<ServerFlags, FlagsError> {
    let (mut flags, mut words) = (ServerFlags::default(), words.iter());
    while let Some(word) = words.next() {
        let Some((name, value)) = flag(word, line)? else { continue };
        if name == "--" {
            break;
        }
        let unclear = || {
            FlagsError::new(
                line,
                format!("--{name}: it is not known here whether it takes the next word; write --{name}=..."),
            )
        };
        let value = match value {
            Some(value) => Some(value),
            None if BARE.contains(&name) => None,
            None if WITH_VALUE.contains(&name) => {
                let missing = || FlagsError::new(line, format!("--{name} has no value"));
                Some(words.next().cloned().ok_or_else(missing)?)
            }
            None => return Err(unclear()),
        };
        set(&mut flags, name, value, line)?;
    }
    Ok(flags)
}

/// The name of a flag, without dashes, and its value behind a `=`; none for any other word.
fn flag(word: &Word, line: usize) -> Result<Option<(&str, Option<Word>)>, FlagsError> {
    let text = word.text.as_str();
    if text == "--" && word.unknown.is_none() {
        return Ok(Some(("--", None)));
    }
    if let (Some(unknown), false) = (&word.unknown, text.starts_with("--") && text.contains('=')) {
        let why = format!("{unknown}: it is not known what stands there, and it may be any flag");
        return Err(FlagsError::new(line, why));
    }
    let Some(rest) = text.strip_prefix("--") else {
        // Whether a short one takes the next word is a matter of each.
        return match text.strip_prefix('-').filter(|short| !short.is_empty()) {
            Some(_) => Err(FlagsError::new(line, format!("{text}: write the long form of this flag"))),
            None => Ok(None),
        };
    };
    Ok(Some(match rest.split_once('=') {
        Some((name, value)) => (name, Some(Word { text: value.into(), unknown: word.unknown.clone() })),
        None => (rest, None),
    }))
}

fn set(flags: &mut ServerFlags, name: &str, value: Option<Word>, line: usize) -> Result<(), FlagsError> {
    let text = |value: Option<Word>| match value {
        Some(Word { unknown: Some(unknown), .. }) => {
            Err(FlagsError::new(line, format!("--{name}: it is not known what {unknown} stands for")))
        }
        value => Ok(value.map(|value| value.text)),
    };
    let switch = |value: Option<Word>| match text(value)? {
        None => Ok(Some(true)),
        Some(value) => go_bool::parse(&value)
            .map(Some)
            .ok_or_else(|| FlagsError::new(line, format!("--{name}: {value:?} is neither true nor false"))),
    };
    match name {
        "certs-dir" => flags.certs_dir = text(value)?.map(Into::into),
        "cert-principal-map" => flags.cert_principal_map.extend(text(value)?),
        "root-cert-distinguished-name" => flags.root_cert_distinguished_name = text(value)?,
        "node-cert-distinguished-name" => flags.node_cert_distinguished_name = text(value)?,
        "root-cert-san" => flags.root_cert_san = text(value)?,
        "node-cert-san" => flags.node_cert_san = text(value)?,
        "disallow-root-login" => flags.disallow_root_login = switch(value)?,
        "allow-debug-user" => flags.allow_debug_user = switch(value)?,
        "insecure" if switch(value)? == Some(true) => {
            let why = "--insecure: such a server looks at no certificate, and lets everybody in";
            return Err(FlagsError::new(line, why));
        }
        _ => {}
    }
    Ok(())
}
