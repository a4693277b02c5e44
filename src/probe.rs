//! `probe`: what does a running server really serve?
//!
//! [`talk()`] connects and shakes hands; what it saw is a [`Seen`]. [`judge`] compares that with what is on
//! disk: it is pure, as is [`answer`], which reads what is no TLS. All that comes from the network is bounded
//! in size, and by one deadline.

pub mod answer;
mod disk;
pub mod judge;
mod talk;
mod target;
mod wire;

use std::net::SocketAddr;
use std::time::Duration;

use crate::finding::{Finding, Severity};
use crate::pki::tls::Identity;
use answer::Language;

pub use disk::Disk;
pub use judge::{Expected, Judged, OnDisk};
pub use talk::talk;
pub use target::{Target, TargetError};

/// How to speak to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// As a SQL client: pgwire's request for TLS, then TLS.
    Pgwire,
    /// As a browser: TLS from the start.
    Http,
    /// As another node: TLS from the start, with a client certificate.
    Rpc,
}

impl Protocol {
    /// The port that servers have unless they are told otherwise.
    pub fn port(self) -> u16 {
        match self {
            Self::Http => 8080,
            Self::Pgwire | Self::Rpc => 26257,
        }
    }

    /// The protocol as a word for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pgwire => "pgwire",
            Self::Http => "http",
            Self::Rpc => "rpc",
        }
    }
}

/// How to connect.
pub struct Manner {
    /// What to speak.
    pub protocol: Protocol,
    /// The certificate to show, and its file.
    pub client: Option<(String, Identity)>,
    /// How long to stay with one address, all in all.
    pub timeout: Duration,
}

/// What was seen of a server that was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The address that took the connection.
    pub address: SocketAddr,
    /// The version of TLS and the cipher suite, if there was an agreement.
    pub agreed: Option<(String, String)>,
    /// The certificates that were served, as encoded. There may be some even if the handshake failed later.
    pub chain: Vec<Vec<u8>>,
    /// Why there is no TLS connection, if there is none.
    pub failure: Option<Failure>,
    /// What became of the client certificate.
    pub client: Client,
}

/// Why there is no TLS connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The server refuses TLS, as pgwire can.
    NoTls,
    /// It speaks something else.
    Speaks(Language),
    /// It said nothing, or not all, in time.
    Silent,
    /// It closed the connection.
    Closed,
    /// It sent more than a handshake takes.
    TooMuch,
    /// It objected, with an alert.
    Alert(String),
    /// OpenSSL or the socket gave up: why.
    Other(String),
}

/// What became of the client certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Client {
    /// None was shown, or the handshake did not get that far.
    NotShown,
    /// The server went on.
    Taken,
    /// The server refused it, for this reason.
    Refused(String),
    /// The server gave no answer: what it did instead.
    Unsure(&'static str),
}

/// All that is known of a server in the end.
pub struct Probed {
    /// Which one.
    pub target: Target,
    /// What was spoken.
    pub protocol: Protocol,
    /// What was seen, or why the server could not be reached.
    pub seen: anyhow::Result<Seen>,
    /// What that means.
    pub judged: Judged,
    /// The file of the client certificate that was to be shown.
    pub client: Option<String>,
}

impl Probed {
    /// The worst that was found.
    pub fn severity(&self) -> Option<Severity> {
        self.findings().iter().map(|finding| finding.check.severity).max()
    }

    /// What is wrong.
    pub fn findings(&self) -> &[Finding] {
        &self.judged.findings
    }
}
