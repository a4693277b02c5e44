//! Signatures on certificates.

use openssl::x509::X509;

use crate::certificate::Certificate;
use crate::login::chain::Signatures;

/// Has OpenSSL check them.
#[derive(Debug, Clone, Copy)]
pub struct OpenSsl;

impl Signatures for OpenSsl {
    fn verify(&self, child: &Certificate, issuer: &Certificate) -> Option<bool> {
        let key = super::public_key(issuer).ok()?;
        X509::from_der(child.der()).and_then(|child| child.verify(&key)).ok()
    }
}
