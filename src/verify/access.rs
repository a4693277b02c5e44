//! Files that the server's account has to read, and the key's second file.

use super::Context;
use super::advice::Advice;
use crate::certs_dir::access::{Ownership, can_read};
use crate::certs_dir::inspect::Inspection;
use crate::finding::{Finding, checks};
use crate::pki::key::PrivateKey;
use crate::store::read::ReadError;
use crate::usage::Usage;

/// What is wrong.
pub fn findings(inspection: &Inspection<'_>, context: &Context<'_>, advice: &Advice<'_>) -> Vec<Finding> {
    let account = context.expected.judge.account.as_ref();
    let unreadable = |(file, ownership): &(String, Ownership)| {
        let account = account.filter(|account| !can_read(*ownership, account))?;
        let what = format!("the server's account (uid {}) cannot read it", account.uid);
        let hint = match file.ends_with(".crt") {
            true => format!("chmod a+r {}", advice.word(file)),
            false => format!("chown {} {}", account.uid, advice.word(file)),
        };
        let check =
            if file.ends_with(".crt") { &checks::CERTIFICATE_UNREADABLE } else { &checks::KEY_UNREADABLE };
        Some(inspection.found(check, file, what).hint(hint))
    };
    let pkcs8 = inspection.key.as_ref().and_then(|key| pkcs8(inspection, context, key, advice));
    inspection.opened.iter().filter_map(unreadable).chain(pkcs8).collect()
}

/// The same key for Java has to be the same key.
fn pkcs8(
    inspection: &Inspection<'_>,
    context: &Context<'_>,
    key: &PrivateKey,
    advice: &Advice<'_>,
) -> Option<Finding> {
    if inspection.name.usage != Usage::Client {
        return None;
    }
    let file = inspection.name.pkcs8_file();
    let open = match context.reading.open(&file) {
        Err(ReadError::NotFound) => return None,
        open => open,
    };
    let found =
        |what: String, hint: String| Some(inspection.found(&checks::PKCS8_MISMATCH, &file, what).hint(hint));
    let again = format!(
        "openssl pkcs8 -topk8 -nocrypt -outform DER -in {} -out {}",
        advice.word(&inspection.name.key_file()),
        advice.word(&file)
    );
    let open = match open {
        Ok(open) => open,
        Err(why) => return found(format!("could not open it: {why}"), again),
    };
    let mode = Ownership::from(open.metadata()).mode;
    if mode & 0o077 != 0 && context.expected.judge.account.is_some() {
        let what = format!("other accounts can use the key (mode {mode:04o})");
        return Some(
            inspection
                .found(&checks::KEY_ACCESS, &file, what)
                .hint(format!("chmod 600 {}", advice.word(&file))),
        );
    }
    match open
        .read()
        .map_err(|why| why.to_string())
        .and_then(|der| PrivateKey::from_pkcs8_der(&der).map_err(|why| why.to_string()))
    {
        Ok(other) if key.is_same(&other) => None,
        Ok(_) => found(format!("it holds another key than {}", inspection.name.key_file()), again),
        Err(why) => found(format!("it holds no private key in PKCS#8 form: {why}"), again),
    }
}
