//! A TLS handshake with each certificate, in process: OpenSSL's own verdict.

use super::Expected;
use super::trust::Trust;
use crate::certs_dir::Reading;
use crate::certs_dir::inspect::Inspection;
use crate::finding::Finding;

/// The node's side of the handshakes.
pub struct Server;

impl Server {
    /// Reads the node's certificate and key; `None` if the directory has none that can be used.
    pub fn read(_reading: &Reading<'_>, _expected: &Expected) -> Option<Self> {
        None
    }

    /// Shakes hands with this certificate: as a client's for those of clients and the node, as a server's for those of servers.
    pub fn try_with(
        &self,
        _inspection: &Inspection<'_>,
        _trust: &Trust,
        _expected: &Expected,
    ) -> Option<Finding> {
        None
    }
}
