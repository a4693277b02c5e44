//! What the program makes, read by other people's software: OpenSSL's command line, GnuTLS, NSS, Go, Java,
//! Python's `cryptography`, OpenLDAP, a PKIX linter, PostgreSQL, its drivers, pgbouncer, HAProxy and nginx.
//!
//! A missing peer is a failure that names the package; `tests/interop/install-peers` installs them all. The
//! Python ones are in a virtual environment, `peers-venv` in cargo's target directory or where
//! `CRDB_CERT_PEERS_VENV` says. Run by name, as `cargo test` alone asks for none of this:
//!
//!     cargo test --test interop
//!
//! The programs in `peers/` print what they read in one and the same form, a line a field (see `expected`), and
//! answer `accepted`, `refused: <why>` or `connected: <client>` in the order of their arguments; those for
//! names read them from standard input, one a line (see `names`).

#[path = "../cli/schema.rs"]
mod schema;
#[path = "../support/mod.rs"]
mod support;

mod deployed;
mod expected;
mod export;
mod fields;
mod keys;
mod lint;
mod login;
mod names;
mod net;
mod ocsp;
mod odd;
mod peers;
mod postgres;
mod probe;
mod requests;
mod sandbox;
mod sets;
mod special;
mod tap;
mod text;
mod tls;
mod verdicts;
