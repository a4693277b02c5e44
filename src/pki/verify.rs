//! Does a chain lead from a certificate to a CA?

use openssl::error::ErrorStack;
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509Ref, X509StoreContext};

/// Looks for a chain to any of `roots`, at this time (seconds since 1970). Ignores the certificate's own
/// validity and purpose.
///
/// # Errors
/// If there is none; the text is OpenSSL's reason.
pub fn chain(certificate: &X509Ref, intermediates: &[X509], roots: &[X509], at: i64) -> Result<(), String> {
    let in_any_time = verify(certificate, intermediates, roots, None);
    in_any_time.map_err(|errors| super::reason(&errors))?.map_err(|(_, why)| why)?;
    let at_the_time = verify(certificate, intermediates, roots, Some(at));
    match at_the_time.map_err(|errors| super::reason(&errors))? {
        // Only the CAs of the chain remain.
        Err((depth, why)) if depth > 0 => Err(format!("{why} (a CA certificate)")),
        _ => Ok(()),
    }
}

/// The depth in the chain and the reason of the first failure.
type Failure = (u32, String);

fn verify(
    certificate: &X509Ref,
    intermediates: &[X509],
    roots: &[X509],
    at: Option<i64>,
) -> Result<Result<(), Failure>, ErrorStack> {
    let mut param = X509VerifyParam::new()?;
    // As in Go, any certificate in the CA file ends the chain, even one that is not self-signed.
    param.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
    match at {
        Some(at) => param.set_time(at),
        None => param.set_flags(X509VerifyFlags::NO_CHECK_TIME)?,
    }
    let mut store = X509StoreBuilder::new()?;
    store.set_param(&param)?;
    for root in roots {
        store.add_cert(root.clone())?;
    }
    let mut untrusted = Stack::new()?;
    for intermediate in intermediates {
        untrusted.push(intermediate.clone())?;
    }
    X509StoreContext::new()?.init(&store.build(), certificate, &untrusted, |context| {
        Ok(match context.verify_cert()? {
            true => Ok(()),
            false => Err((context.error_depth(), context.error().error_string().to_owned())),
        })
    })
}
