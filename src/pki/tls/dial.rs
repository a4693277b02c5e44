//! The client's side of TLS with a running server. It accepts whatever certificate is served: to look at it is
//! what it is for.

use std::io::{self, Read, Write};
use std::sync::OnceLock;

use openssl::error::ErrorStack;
use openssl::ssl::{
    Error, ErrorCode, Ssl, SslContext, SslMethod, SslSessionCacheMode, SslStream, SslVerifyMode, SslVersion,
};

use super::Identity;
use crate::host::Host;
use crate::pki::{CryptoError, reason};

/// How OpenSSL begins the reason for an alert of the other side.
const ALERTS: [&str; 3] = ["sslv3 alert ", "tlsv1 alert ", "tlsv13 alert "];

/// Why TLS came to an end.
#[derive(Debug)]
pub enum Stop {
    /// The socket failed, in the way that it says.
    Socket(io::Error),
    /// The other side closed the connection.
    Closed,
    /// The other side sent an alert: what it objects to, in the words of RFC 8446 section 6.2.
    Alert(String),
    /// OpenSSL gave up: why.
    Own(String),
}

/// A connection of a client, before, in and after its handshake.
pub struct Dialled<S>(SslStream<S>);

impl<S: Read + Write> Dialled<S> {
    /// A client of `host` that shows this certificate if it is asked to, and speaks the protocol `alpn` (RFC
    /// 7301), as encoded. The name goes out as server name indication; an address does not (RFC 6066 section
    /// 3).
    ///
    /// # Errors
    /// If OpenSSL has no TLS, or no use for the certificate.
    pub fn new(socket: S, host: &Host, shown: Option<&Identity>, alpn: &[u8]) -> Result<Self, CryptoError> {
        let context = context()?;
        let mut ssl = Ssl::new(context)?;
        if let Host::Dns(name) = host {
            ssl.set_hostname(name)?;
        }
        if !alpn.is_empty() {
            ssl.set_alpn_protos(alpn)?;
        }
        shown.map_or(Ok(()), |identity| identity.show(&mut ssl))?;
        ssl.set_connect_state();
        Ok(Self(SslStream::new(ssl, socket)?))
    }

    /// Shakes hands.
    ///
    /// # Errors
    /// If that fails on either side.
    pub fn shake(&mut self) -> Result<(), Stop> {
        self.0.do_handshake().map_err(stop)
    }

    /// Sends this, and waits for the first bytes of an answer. Before them comes what the server has to say
    /// about the client's certificate: in TLS 1.3 a client is done before the server has seen that.
    ///
    /// # Errors
    /// If the server sends none.
    pub fn ask(&mut self, question: &[u8]) -> Result<(), Stop> {
        // A server that has refused takes no question, and its refusal is still there to be read.
        let asked = self.0.ssl_write(question);
        match self.0.ssl_read(&mut [0; 64]) {
            Ok(0) => Err(Stop::Closed),
            Ok(_) => asked.map(drop).map_err(stop),
            Err(error) => Err(stop(error)),
        }
    }

    /// Is a handshake that the client has completed complete for the server, too? Only up to TLS 1.2.
    pub fn is_settled(&self) -> bool {
        self.0.ssl().version2().is_some_and(|version| version != SslVersion::TLS1_3)
    }

    /// The version of TLS, such as `1.3`, and the cipher suite; `None` before there is one.
    pub fn agreed(&self) -> Option<(String, String)> {
        let cipher = self.0.ssl().current_cipher()?;
        let version = self.0.ssl().version_str();
        Some((version.strip_prefix("TLSv").unwrap_or(version).to_owned(), cipher.name().to_owned()))
    }

    /// The certificates that were served so far, as encoded. OpenSSL takes 100 KiB of them, and no more.
    pub fn chain(&self) -> Vec<Vec<u8>> {
        let served = self.0.ssl().peer_cert_chain();
        served.into_iter().flatten().filter_map(|one| one.to_der().ok()).collect()
    }

    /// The socket.
    pub fn socket(&self) -> &S {
        self.0.get_ref()
    }
}

/// TLS 1.2 or newer, no session that is resumed, and no objection to any certificate. OpenSSL looks up every
/// algorithm of its providers to make one, so all connections share it.
fn context() -> Result<&'static SslContext, ErrorStack> {
    static CONTEXT: OnceLock<SslContext> = OnceLock::new();
    if let Some(context) = CONTEXT.get() {
        return Ok(context);
    }
    let mut context = SslContext::builder(SslMethod::tls_client())?;
    context.set_session_cache_mode(SslSessionCacheMode::OFF);
    context.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    context.set_verify_callback(SslVerifyMode::PEER, |_, _| true);
    Ok(CONTEXT.get_or_init(|| context.build()))
}

fn stop(error: Error) -> Stop {
    let Some(errors) = error.ssl_error() else {
        return match (error.code(), error.into_io_error()) {
            (ErrorCode::ZERO_RETURN, _) | (_, Err(_)) => Stop::Closed,
            (_, Ok(error)) if is_end(&error) => Stop::Closed,
            (_, Ok(error)) => Stop::Socket(error),
        };
    };
    let why = reason(errors);
    match ALERTS.iter().find_map(|prefix| why.strip_prefix(prefix)) {
        Some(alert) => Stop::Alert(alert.to_owned()),
        None if why.starts_with("unexpected eof") => Stop::Closed,
        None => Stop::Own(why),
    }
}

/// Does it mean that the other side has gone?
fn is_end(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    [BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof].contains(&error.kind())
}
