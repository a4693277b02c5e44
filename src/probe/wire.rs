//! Sockets that keep to a deadline: the only ones that the program opens.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::Target;
use super::answer::KEPT;
use crate::error::{Advice, reason};
use crate::host::Host;
use crate::interrupts::Interrupts;

/// The most addresses of a name that are tried.
const MOST_ADDRESSES: usize = 16;

/// The most bytes that are taken from a server: OpenSSL lets no handshake come near.
const MOST_BYTES: usize = 1 << 20;

/// How long a wait may last before Ctrl-C is looked for.
const PATIENCE: Duration = Duration::from_millis(200);

/// A connection.
pub struct Wire {
    stream: TcpStream,
    until: Instant,
    received: usize,
    first: Vec<u8>,
}

impl Wire {
    /// Connects to the first address of the server that answers; each has as long as this.
    ///
    /// # Errors
    /// If none does: that of the last.
    pub fn connect(target: &Target, timeout: Duration) -> Result<(Self, SocketAddr)> {
        let mut failures = Vec::new();
        for address in addresses(target, timeout)? {
            let until = Instant::now() + timeout;
            match TcpStream::connect_timeout(&address, timeout) {
                Ok(stream) => {
                    let _ = stream.set_nodelay(true);
                    return Ok((Self { stream, until, received: 0, first: Vec::new() }, address));
                }
                Err(error) => failures.push((address, error)),
            }
        }
        Err(unreached(target, &failures).into())
    }

    /// The first bytes that came.
    pub fn first(&self) -> &[u8] {
        &self.first
    }

    /// Did more come than was taken?
    pub fn is_flooded(&self) -> bool {
        self.received >= MOST_BYTES
    }

    /// Tries until it is done or the time is over.
    fn insist<T>(&mut self, mut work: impl FnMut(&mut TcpStream, Duration) -> io::Result<T>) -> io::Result<T> {
        loop {
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            match work(&mut self.stream, left.min(PATIENCE)) {
                Err(error) if is_wait(&error) => Interrupts::defer().check().map_err(io::Error::other)?,
                result => return result,
            }
        }
    }
}

fn is_wait(error: &io::Error) -> bool {
    [ErrorKind::WouldBlock, ErrorKind::TimedOut, ErrorKind::Interrupted].contains(&error.kind())
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_flooded() {
            return Err(io::Error::other("it sent too much"));
        }
        let length = self.insist(|stream, left| {
            stream.set_read_timeout(Some(left))?;
            stream.read(buffer)
        })?;
        self.received += length;
        let room = KEPT.saturating_sub(self.first.len());
        self.first.extend(buffer.iter().take(length.min(room)));
        Ok(length)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.insist(|stream, left| {
            stream.set_write_timeout(Some(left))?;
            stream.write(bytes)
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The addresses of the server, in the order of the system's resolver, which is asked in a thread of its own:
/// it knows no deadline.
fn addresses(target: &Target, timeout: Duration) -> Result<Vec<SocketAddr>> {
    let name = match &target.host {
        Host::Ip(ip) => return Ok(vec![SocketAddr::new(*ip, target.port)]),
        Host::Dns(name) => name,
    };
    let (sender, answer) = mpsc::channel();
    let question = (name.clone(), target.port);
    let resolve = move || {
        let _ = sender.send(question.to_socket_addrs().map(|all| all.take(MOST_ADDRESSES).collect::<Vec<_>>()));
    };
    let found = thread::Builder::new().name("resolver".to_owned()).spawn(resolve);
    let found =
        found.and_then(|_| answer.recv_timeout(timeout).unwrap_or_else(|_| Err(ErrorKind::TimedOut.into())));
    let why = match found {
        Ok(all) if !all.is_empty() => return Ok(all),
        Ok(_) => "it has no address".to_owned(),
        Err(error) if error.kind() == ErrorKind::TimedOut => "no answer in time".to_owned(),
        Err(error) => {
            let why = reason(&error);
            let why = why.strip_prefix("failed to lookup address information: ").unwrap_or(&why);
            why.replacen("Name or service", "name or service", 1)
        }
    };
    let hint = "check the name, or give the server's address";
    Err(Advice::new(format!("could not find the address of {name}: {why}"), hint).into())
}

fn unreached(target: &Target, failures: &[(SocketAddr, io::Error)]) -> Advice {
    let why = |(address, error): &(SocketAddr, io::Error)| {
        let why = match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => "no answer in time".to_owned(),
            _ => reason(error),
        };
        if failures.len() == 1 && address.to_string() == target.to_string() {
            why
        } else {
            format!("{address}: {why}")
        }
    };
    let reasons: Vec<_> = failures.iter().map(why).collect();
    let hint = if failures.iter().any(|(_, error)| error.kind() == ErrorKind::ConnectionRefused) {
        "check that the server runs, and listens at this port"
    } else {
        "check the name, the port, and what is between: routes and firewalls"
    };
    Advice::new(format!("could not connect to {target}: {}", reasons.join("; ")), hint)
}
