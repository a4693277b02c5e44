//! Which CA of the certs directory signed a certificate, as far as the directory can be believed.

use anyhow::Result;

use super::authority;
use crate::certificate::Certificate;
use crate::certs_dir::Reading;
use crate::certs_dir::certificate::{self, CertificateFile};
use crate::certs_dir::layout::CertificateName;
use crate::login::chain::{Signatures, leads_to};
use crate::pki::verify::OpenSsl;
use crate::usage::Usage;

/// Who signed a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Who signs certificates of its kind today: the CA in use, or itself.
    Current,
    /// A CA that the directory has from before. It counts only where nobody else can put a CA of their own.
    Older {
        /// Is that so?
        guarded: bool,
    },
    /// Nobody here.
    Foreign,
}

/// Says who signed a certificate of this kind; `others` may lead from it to the CA.
///
/// # Errors
/// If a CA file cannot be read.
pub fn of(certs_dir: &Reading<'_>, usage: Usage, leaf: &Certificate, others: &[Certificate]) -> Result<Origin> {
    // Names do not count: a CA that was renewed with its key may have another one.
    let signed = |issuer: &Certificate| {
        OpenSsl.verify(leaf, issuer) == Some(true)
            || !others.is_empty() && leads_to(leaf, others, issuer, &OpenSsl)
    };
    let signers = usage.kind().signers;
    if signers.is_empty() {
        return Ok(if signed(leaf) { Origin::Current } else { Origin::Foreign });
    }
    let file = authority::certificate_file(certs_dir, usage);
    if signed(&CertificateFile::load_in(certs_dir, &file, certificate::CA)?.first) {
        return Ok(Origin::Current);
    }
    for signer in signers {
        let file = CertificateName::of(*signer).certificate_file();
        if !certs_dir.has(&file) {
            continue;
        }
        let guarded = certs_dir.open(&file).is_ok_and(|open| certs_dir.is_guarded(&open));
        if CertificateFile::load_in(certs_dir, &file, certificate::CA)?.into_all().iter().any(signed) {
            return Ok(Origin::Older { guarded });
        }
    }
    Ok(Origin::Foreign)
}
