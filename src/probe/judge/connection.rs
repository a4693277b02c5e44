//! Is there a TLS connection, and did the server take the client's certificate?

use super::Judging;
use crate::error::shell_word;
use crate::finding::checks::probe;
use crate::probe::answer::Language;
use crate::probe::{Client, Failure, Protocol};

impl Judging<'_> {
    /// Is there TLS at all?
    pub(super) fn connection(&mut self) {
        let Some(failure) = &self.seen.failure else { return };
        let protocol = self.expected.protocol;
        match failure {
            Failure::NoTls => self.advise(
                &probe::NO_TLS,
                "the server refuses TLS: all that is sent to it can be read on the way",
                "start the server with --certs-dir=... and without --insecure",
            ),
            Failure::Speaks(language) => {
                let what = format!("the server speaks {}", language.text());
                self.advise(&probe::OTHER_PROTOCOL, what, other_protocol(protocol, *language));
            }
            Failure::Silent => self.advise(
                &probe::NO_ANSWER,
                "the server took the connection, and did not finish its answer in time",
                "see whether the server is overloaded, and whether the port is the right one; --timeout=30s waits longer",
            ),
            Failure::TooMuch => self.advise(
                &probe::TOO_MUCH,
                "the server sent more than any TLS handshake takes, and was cut off",
                "check that the port is the right one",
            ),
            Failure::Closed => self.advise(
                &probe::CLOSED,
                "the server closed the connection before TLS was set up",
                closed(protocol),
            ),
            Failure::Alert(why) if !self.seen.chain.is_empty() => self.advise(
                &probe::CLIENT_WANTED,
                format_args!("the server served its certificate and ended the handshake ({why}): it wants a client certificate"),
                "show one: --user=USER",
            ),
            Failure::Alert(why) => self.advise(
                &probe::TLS_FAILED,
                format_args!("the server ended the TLS handshake: {why}"),
                "see the server's log; TLS 1.2 and 1.3 were offered",
            ),
            Failure::Other(why) => self.advise(
                &probe::TLS_FAILED,
                format_args!("the TLS handshake failed: {why}"),
                "check that the server speaks TLS 1.2 or 1.3, and that the port is the right one",
            ),
        }
    }

    /// What became of the client certificate?
    pub(super) fn client(&mut self) {
        let Some(file) = self.expected.client else { return };
        match &self.seen.client {
            Client::NotShown | Client::Taken => {}
            Client::Refused(why) => {
                let (user, dir) = (file.strip_prefix("client.").unwrap_or(file), self.certs_dir());
                let user = user.strip_suffix(".crt").unwrap_or(user);
                let hint = match self.expected.protocol {
                    Protocol::Rpc => format!("crdb-cert check-login --rpc --certs-dir={dir}"),
                    _ => format!("crdb-cert check-login {} --certs-dir={dir}", shell_word(user)),
                };
                self.advise(&probe::CLIENT_REFUSED, format_args!("the server refuses {file}: {why}"), hint);
            }
            Client::Unsure(what) => self.advise(
                &probe::CLIENT_UNSURE,
                format_args!("nothing says whether the server took {file}: after the handshake it {what}"),
                "see the server's log",
            ),
        }
    }
}

/// What to do where something else answers.
fn other_protocol(protocol: Protocol, language: Language) -> &'static str {
    match (protocol, language) {
        (Protocol::Pgwire, Language::Http | Language::Tls) => {
            "if this is the port of the DB Console, add --http; SQL has a port of its own, 26257 by default"
        }
        (Protocol::Http, Language::Http) => {
            "the DB Console is served without TLS: start the server without --insecure"
        }
        (Protocol::Http | Protocol::Rpc, Language::PgwireError) => {
            "this is the port of SQL: leave out --http and --rpc"
        }
        _ => "check that the port is the right one",
    }
}

/// What to do where nothing answers.
fn closed(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Pgwire => {
            "check that the port is the one for SQL (for the DB Console, add --http), and see the server's log"
        }
        _ => {
            "check that the port is the right one (for SQL, leave out --http and --rpc), and see the server's log"
        }
    }
}
