//! The conversation with one server.

use std::io::{self, ErrorKind, Read, Write};

use anyhow::Result;

use super::answer::{Answer, HTTP2_PREFACE, Language, SSL_REQUEST, UNKNOWN_VERSION};
use super::wire::Wire;
use super::{Client, Failure, Manner, Protocol, Seen, Target};
use crate::interrupts::Interrupts;
use crate::pki::tls::Identity;
use crate::pki::tls::dial::{Dialled, Stop};

/// Connects, and sees what is served.
///
/// # Errors
/// If the server cannot be reached, or the command is interrupted.
pub fn talk(target: &Target, manner: &Manner) -> Result<Seen> {
    let (mut wire, address) = Wire::connect(target, manner.timeout)?;
    let mut seen = Seen { address, agreed: None, chain: Vec::new(), failure: None, client: Client::NotShown };
    let begun = match manner.protocol {
        Protocol::Pgwire => ask_for_tls(&mut wire),
        Protocol::Http | Protocol::Rpc => Ok(()),
    };
    match begun {
        Err(failure) => seen.failure = Some(failure),
        Ok(()) => shake(wire, target, manner, &mut seen)?,
    }
    // What Ctrl-C cut off says nothing about the server.
    Interrupts::defer().check()?;
    Ok(seen)
}

/// pgwire's request for TLS. Exactly one byte is read: what follows has to be TLS.
fn ask_for_tls(wire: &mut Wire) -> Result<(), Failure> {
    let mut first = [0];
    wire.write_all(&SSL_REQUEST).and_then(|()| wire.read_exact(&mut first)).map_err(|error| socket(&error))?;
    match Answer::of(first[0]) {
        Answer::Yes => Ok(()),
        Answer::No => Err(Failure::NoTls),
        Answer::Other => {
            // Enough to tell what it is. That there is no more says nothing.
            let _ = wire.read(&mut [0; 16]);
            Err(Failure::Speaks(Language::of(wire.first())))
        }
    }
}

fn shake(wire: Wire, target: &Target, manner: &Manner, seen: &mut Seen) -> Result<()> {
    let shown: Option<&Identity> = manner.client.as_ref().map(|(_, identity)| identity);
    let (question, alpn): (&[u8], &[u8]) = match manner.protocol {
        Protocol::Pgwire => (&UNKNOWN_VERSION, b""),
        Protocol::Http => (b"", b""),
        Protocol::Rpc => (HTTP2_PREFACE, b"\x02h2"),
    };
    let mut tls = Dialled::new(wire, &target.host, shown, alpn)?;
    let shaken = tls.shake();
    seen.agreed = tls.agreed();
    seen.chain = tls.chain();
    match shaken {
        Err(stop) => {
            let is_refusal = shown.is_some() && !seen.chain.is_empty();
            match (failure(stop, tls.socket()), is_refusal) {
                (Failure::Alert(why), true) => seen.client = Client::Refused(why),
                (failure, _) => seen.failure = Some(failure),
            }
        }
        // In TLS 1.2, a server is done only after it has seen the client's certificate.
        Ok(()) if shown.is_some() && tls.is_settled() => seen.client = Client::Taken,
        Ok(()) if shown.is_some() => seen.client = ask(&mut tls, question),
        Ok(()) => {}
    }
    Ok(())
}

/// Has the server taken the client's certificate? It says so by going on.
fn ask(tls: &mut Dialled<Wire>, question: &[u8]) -> Client {
    let Err(stop) = tls.ask(question) else { return Client::Taken };
    match failure(stop, tls.socket()) {
        Failure::Alert(why) => Client::Refused(why),
        Failure::Silent => Client::Unsure("said nothing more in time"),
        Failure::Closed => Client::Unsure("closed the connection without a word"),
        _ => Client::Unsure("broke the connection off"),
    }
}

/// What is behind the end of a handshake.
fn failure(stop: Stop, wire: &Wire) -> Failure {
    let is_tls = Language::of(wire.first().strip_prefix(b"S").unwrap_or(wire.first())) == Language::Tls;
    match stop {
        _ if wire.is_flooded() => Failure::TooMuch,
        Stop::Socket(error) => socket(&error),
        Stop::Closed if wire.first().len() < 2 => Failure::Closed,
        Stop::Own(_) | Stop::Closed if !is_tls => Failure::Speaks(Language::of(wire.first())),
        Stop::Closed => Failure::Closed,
        Stop::Alert(why) => Failure::Alert(why),
        Stop::Own(why) => Failure::Other(why),
    }
}

fn socket(error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::TimedOut => Failure::Silent,
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Failure::Closed,
        _ => Failure::Other(crate::error::reason(error)),
    }
}
