//! The checks of the directory itself, and of files in it that are no certificates.

use anyhow::Result;

use super::Expected;
use super::trust::Trust;
use crate::certs_dir::layout::CertificateName;
use crate::certs_dir::ownership::writable_certs_dir;
use crate::certs_dir::{CertsDir, Reading};
use crate::finding::Finding;

/// Looks at the directory.
pub fn look(
    certs_dir: &CertsDir,
    _reading: &Reading<'_>,
    _names: &[CertificateName],
    _expected: &Expected,
    _trust: &Trust,
    findings: &mut Vec<Finding>,
) -> Result<()> {
    findings.extend(certs_dir.dir().and_then(writable_certs_dir));
    Ok(())
}
