//! For programs: one object, described by `docs/probe.schema.json`. Servers are printed as they come.

use std::io::{self, Write};

use serde::Serialize;

use super::{Report, Summary};
use crate::certificate::Certificate;
use crate::error::{clipped, hint};
use crate::finding::Severity;
use crate::output::json::harmless;
use crate::output::report::json::{Found, serial};
use crate::probe::{Client, OnDisk, Probed};
use crate::time;

/// Goes up when a key goes away or gets another meaning; not when one is added.
const VERSION: u32 = 1;

/// The most bytes of a name.
const WIDEST: usize = 2000;

/// The form.
pub struct Json<'a> {
    out: &'a mut dyn Write,
    has_servers: bool,
}

#[derive(Serialize)]
struct Server<'a> {
    server: String,
    protocol: &'static str,
    reached: bool,
    address: Option<String>,
    /// `None` if it was not reached.
    status: Option<&'static str>,
    tls_version: Option<&'a str>,
    cipher: Option<&'a str>,
    chain: Vec<Served>,
    on_disk: Option<Disk<'a>>,
    client: Option<Shown<'a>>,
    findings: Vec<Found<'a>>,
    error: Option<Unreached>,
}

#[derive(Serialize)]
struct Served {
    subject: String,
    issuer: String,
    serial: Option<String>,
    not_before: Option<String>,
    not_after: Option<String>,
}

#[derive(Serialize)]
struct Disk<'a> {
    file: &'a str,
    same: bool,
}

#[derive(Serialize)]
struct Shown<'a> {
    file: &'a str,
    /// `None` if nothing says.
    taken: Option<bool>,
}

#[derive(Serialize)]
struct Unreached {
    what: String,
    hint: Option<String>,
}

#[derive(Serialize)]
struct Counts {
    time: Option<String>,
    servers: usize,
    good: usize,
    warnings: usize,
    errors: usize,
    unreached: usize,
}

impl<'a> Json<'a> {
    /// Prints to `out`.
    pub fn new(out: &'a mut dyn Write) -> Self {
        Self { out, has_servers: false }
    }

    /// What comes before a server, or before the end of the list.
    fn start(&mut self) -> io::Result<()> {
        match std::mem::replace(&mut self.has_servers, true) {
            true => writeln!(self.out, ","),
            false => writeln!(self.out, "{{\"version\":{VERSION},\"servers\":["),
        }
    }
}

impl Report for Json<'_> {
    fn server(&mut self, probed: &Probed) -> io::Result<()> {
        self.start()?;
        let text = harmless(&serde_json::to_string(&Server::of(probed))?);
        self.out.write_all(text.as_bytes())
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        if !self.has_servers {
            self.start()?;
        }
        let Summary { good, warnings, errors, unreached, now } = *summary;
        let servers = good + warnings + errors + unreached;
        let counts = Counts { time: time::rfc3339(now), servers, good, warnings, errors, unreached };
        writeln!(self.out, "\n],\"summary\":{}}}", harmless(&serde_json::to_string(&counts)?))
    }
}

impl<'a> Server<'a> {
    fn of(probed: &'a Probed) -> Self {
        let seen = probed.seen.as_ref().ok();
        let agreed = seen.and_then(|seen| seen.agreed.as_ref());
        Self {
            server: probed.target.to_string(),
            protocol: probed.protocol.name(),
            reached: seen.is_some(),
            address: seen.map(|seen| seen.address.to_string()),
            status: probed.seen.as_ref().ok().map(|_| Severity::status(probed.severity())),
            tls_version: agreed.map(|(version, _)| version.as_str()),
            cipher: agreed.map(|(_, cipher)| cipher.as_str()),
            chain: probed.judged.chain.iter().map(Served::of).collect(),
            on_disk: match &probed.judged.on_disk {
                OnDisk::Unknown => None,
                OnDisk::Same(file) => Some(Disk { file, same: true }),
                OnDisk::Other(file) => Some(Disk { file, same: false }),
            },
            client: probed
                .client
                .as_ref()
                .map(|file| Shown { file, taken: seen.and_then(|seen| taken(&seen.client)) }),
            findings: probed.findings().iter().map(Found::of).collect(),
            error: probed
                .seen
                .as_ref()
                .err()
                .map(|error| Unreached { what: format!("{error:#}"), hint: hint(error).map(str::to_owned) }),
        }
    }
}

fn taken(client: &Client) -> Option<bool> {
    match client {
        Client::Taken => Some(true),
        Client::Refused(_) => Some(false),
        Client::NotShown | Client::Unsure(_) => None,
    }
}

impl Served {
    fn of(certificate: &Certificate) -> Self {
        Self {
            subject: clipped(certificate.subject_text(), WIDEST),
            issuer: clipped(certificate.issuer_text(), WIDEST),
            serial: serial(certificate.serial()),
            not_before: certificate.not_before.and_then(time::rfc3339),
            not_after: certificate.not_after.and_then(time::rfc3339),
        }
    }
}
