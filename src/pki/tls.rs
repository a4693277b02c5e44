//! TLS handshakes in process, over a socket pair: OpenSSL's own verdict on a certificate. [`dial`] has those
//! with a real server.

pub mod dial;

use std::fmt;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, OnceLock};

use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{
    Error, ErrorCode, Ssl, SslContext, SslContextBuilder, SslMethod, SslMode, SslRef, SslSessionCacheMode,
    SslStream, SslVerifyMode, SslVersion,
};
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::X509VerifyFlags;
use openssl::x509::{X509, X509StoreContextRef, X509VerifyResult};

use super::key::PrivateKey;
use super::{CryptoError, reason};
use crate::certificate::Certificate;
use crate::host::Host;

/// The curves that Go and OpenSSL have in common and FIPS allows. The first is that of the key exchange.
const GROUPS: &str = "P-256:P-384:P-521";

/// How often each side goes on before the handshake counts as stuck. It takes three turns.
const TURNS: usize = 100;

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// TLS 1.2 (RFC 5246)
    V1_2,
    /// TLS 1.3 (RFC 8446)
    V1_3,
}

impl Version {
    /// Those that servers speak.
    pub const ALL: [Self; 2] = [Self::V1_2, Self::V1_3];

    fn set(self, ssl: &mut SslRef) -> Result<(), ErrorStack> {
        let version = match self {
            Self::V1_2 => SslVersion::TLS1_2,
            Self::V1_3 => SslVersion::TLS1_3,
        };
        ssl.set_min_proto_version(Some(version))?;
        ssl.set_max_proto_version(Some(version))
    }
}

impl fmt::Display for Version {
    /// Its number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1_2 => "1.2",
            Self::V1_3 => "1.3",
        })
    }
}

/// A certificate to show, with what its file has besides, and its key.
pub struct Identity {
    leaf: X509,
    chain: Vec<X509>,
    key: PKey<Private>,
}

impl Identity {
    /// The certificates of a file, the first of which belongs to the key.
    ///
    /// # Errors
    /// If OpenSSL cannot read one, or there is none.
    pub fn new(certificates: &[Certificate], key: &PrivateKey) -> Result<Self, CryptoError> {
        let mut chain =
            certificates.iter().map(|one| X509::from_der(one.der())).collect::<Result<Vec<_>, _>>()?;
        if chain.is_empty() {
            return Err(CryptoError("there is no certificate".to_owned()));
        }
        Ok(Self { leaf: chain.remove(0), chain, key: key.as_pkey().to_owned() })
    }

    fn show(&self, ssl: &mut SslRef) -> Result<(), ErrorStack> {
        ssl.set_certificate(&self.leaf)?;
        self.chain.iter().try_for_each(|above| ssl.add_chain_cert(above.clone()))?;
        ssl.set_private_key(&self.key)
    }
}

/// A side that asks the other for its certificate. Made once, for any number of handshakes, in any thread.
pub struct Verifier {
    own: SslContext,
    other: SslContext,
    server: Option<Identity>,
    versions: Vec<Version>,
}

impl Verifier {
    /// A server with this certificate; clients have to show one that these have signed (REFERENCE.md section
    /// 6). The time is in seconds since 1970 UTC.
    ///
    /// # Errors
    /// If OpenSSL has no TLS, or cannot read a certificate.
    pub fn server(identity: Identity, trusted: &[Certificate], now: i64) -> Result<Self, CryptoError> {
        let (own, other) = (verifying(SslMethod::tls_server(), trusted, now)?, blind(SslMethod::tls_client())?);
        let mut verifier = Self { own, other, server: Some(identity), versions: Vec::new() };
        // What it cannot do itself, it does not hold against its clients.
        let can = |version: &Version| {
            verifier.sides(*version).is_ok_and(|(server, client)| shake(server, client).is_ok())
        };
        verifier.versions = Version::ALL.into_iter().filter(can).collect();
        Ok(verifier)
    }

    /// A client without a certificate; servers have to show one that these have signed.
    ///
    /// # Errors
    /// The same.
    pub fn client(trusted: &[Certificate], now: i64) -> Result<Self, CryptoError> {
        let (own, other) = (verifying(SslMethod::tls_client(), trusted, now)?, blind(SslMethod::tls_server())?);
        Ok(Self { own, other, server: None, versions: Version::ALL.to_vec() })
    }

    /// The versions that it speaks: a server may have a key that is of no use in one of them.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// Shakes hands with one who shows this certificate, which has to cover `host` if that is given. In TLS 1.3
    /// a client is done before it knows: the verdict is that of this side.
    ///
    /// # Errors
    /// Why either side gave up: the first to do so.
    pub fn verify(&self, shown: &Identity, host: Option<&Host>, version: Version) -> Result<(), CryptoError> {
        let (mut own, mut other) = self.sides(version)?;
        shown.show(&mut other).map_err(|errors| CryptoError(in_plain_words(reason(&errors))))?;
        match host {
            Some(Host::Dns(name)) => own.param_mut().set_host(name)?,
            Some(Host::Ip(ip)) => own.param_mut().set_ip(*ip)?,
            None => {}
        }
        let objection = Arc::new(OnceLock::new());
        let required = SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT;
        own.set_verify_callback(required, note_first(objection.clone()));
        shake(own, other).map_err(|why| objection.get().map_or(why, CryptoError::from))
    }

    /// This side, and the other.
    fn sides(&self, version: Version) -> Result<(Ssl, Ssl), ErrorStack> {
        let (mut own, mut other) = (Ssl::new(&self.own)?, Ssl::new(&self.other)?);
        version.set(&mut own)?;
        version.set(&mut other)?;
        self.server.iter().try_for_each(|identity| identity.show(&mut own))?;
        let (server, client) =
            if self.server.is_some() { (&mut own, &mut other) } else { (&mut other, &mut own) };
        server.set_accept_state();
        client.set_connect_state();
        Ok((own, other))
    }
}

/// What OpenSSL has against a certificate of the chain.
struct Objection {
    /// 0 for the one shown.
    depth: u32,
    why: X509VerifyResult,
}

impl From<&Objection> for CryptoError {
    fn from(objection: &Objection) -> Self {
        let of = if objection.depth == 0 { "" } else { " (a CA certificate above it)" };
        Self(format!("{}{of}", objection.why.error_string()))
    }
}

/// Agrees with OpenSSL, and keeps what it said first.
fn note_first(
    objection: Arc<OnceLock<Objection>>,
) -> impl Fn(bool, &mut X509StoreContextRef) -> bool + 'static + Sync + Send {
    move |good, store| {
        if !good {
            objection.get_or_init(|| Objection { depth: store.error_depth(), why: store.error() });
        }
        good
    }
}

/// Both sides in turns, in this thread: neither ever waits for the other.
fn shake(own: Ssl, other: Ssl) -> Result<(), CryptoError> {
    let pair = || {
        let (a, b) = UnixStream::pair()?;
        a.set_nonblocking(true)?;
        b.set_nonblocking(true).map(|()| (a, b))
    };
    let (a, b) = pair().map_err(|error| CryptoError(crate::error::reason(&error)))?;
    let (mut own, mut other) = (SslStream::new(own, a)?, SslStream::new(other, b)?);
    for _ in 0..TURNS {
        // The other side first: one that is judged may give up by itself.
        let done = [step(&mut other)?, step(&mut own)?];
        if done == [true; 2] {
            return Ok(());
        }
    }
    Err(CryptoError("the handshake comes to no end".to_owned()))
}

/// Goes on as far as it goes; is it done?
fn step(side: &mut SslStream<UnixStream>) -> Result<bool, CryptoError> {
    match side.do_handshake() {
        Ok(()) => Ok(true),
        Err(error) if [ErrorCode::WANT_READ, ErrorCode::WANT_WRITE].contains(&error.code()) => Ok(false),
        Err(error) => Err(CryptoError(why(&error))),
    }
}

fn why(error: &Error) -> String {
    let io = || error.io_error().map_or_else(|| "it was cut off".to_owned(), crate::error::reason);
    error.ssl_error().map_or_else(io, |errors| in_plain_words(reason(errors)))
}

/// What OpenSSL means by some of its reasons.
const PLAIN: [(&str, &str); 7] = [
    ("wrong curve", "no curve that both sides know is that of its key"),
    ("no shared cipher", "no cipher suite that both sides know goes with its key"),
    ("no suitable signature algorithm", "no signature algorithm that both sides know goes with its key"),
    ("peer did not return a certificate", "no signature algorithm that both sides know goes with its key"),
    ("unsupported protocol", "this version has no use for its key"),
    ("ee key too small", "its key is too small for OpenSSL's security level"),
    ("ca md too weak", "its signature is too weak for OpenSSL's security level"),
];

fn in_plain_words(reason: String) -> String {
    PLAIN.iter().find(|(of_openssl, _)| *of_openssl == reason).map_or(reason, |(_, plain)| (*plain).to_owned())
}

/// The context of a side that trusts these. As in Go, each ends a chain, whether it is self-signed or not.
fn verifying(method: SslMethod, trusted: &[Certificate], now: i64) -> Result<SslContext, ErrorStack> {
    let mut context = context(method)?;
    context.set_cert_store(store(trusted)?);
    let rules = context.verify_param_mut();
    rules.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
    rules.set_time(now);
    Ok(context.build())
}

fn store(trusted: &[Certificate]) -> Result<X509Store, ErrorStack> {
    let mut store = X509StoreBuilder::new()?;
    trusted.iter().try_for_each(|ca| store.add_cert(X509::from_der(ca.der())?))?;
    Ok(store.build())
}

/// The context of a side that shows a certificate, and looks at none.
fn blind(method: SslMethod) -> Result<SslContext, ErrorStack> {
    let mut context = context(method)?;
    context.set_verify(SslVerifyMode::NONE);
    Ok(context.build())
}

/// What each side has: no session outlives its handshake, and only what is in a file is shown, not what OpenSSL
/// finds elsewhere.
fn context(method: SslMethod) -> Result<SslContextBuilder, ErrorStack> {
    let mut context = SslContext::builder(method)?;
    context.set_session_cache_mode(SslSessionCacheMode::OFF);
    context.set_num_tickets(0)?;
    context.set_mode(SslMode::NO_AUTO_CHAIN);
    context.set_groups_list(GROUPS)?;
    Ok(context)
}

#[cfg(test)]
mod tests;
