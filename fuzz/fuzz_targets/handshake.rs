//! Whatever a server sends in a TLS handshake: it comes to an end, and leaves no reasons of OpenSSL behind.
#![no_main]

use std::io::{self, Read, Write};
use std::sync::LazyLock;

use crdb_cert::host::Host;
use crdb_cert::pki::tls::dial::Dialled;
use libfuzzer_sys::fuzz_target;
use openssl::error::ErrorStack;

static HOST: LazyLock<Host> = LazyLock::new(|| "localhost".parse().expect("a host"));

/// A server that says this, whatever it is told, and closes the connection.
struct Server<'a>(&'a [u8]);

impl Read for Server<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Server<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut tls = Dialled::new(Server(bytes), &HOST, None, b"").expect("TLS");
    // Nobody else knows the client's secret.
    assert!(tls.shake().is_err());
    if let Some((version, cipher)) = tls.agreed() {
        assert!(!version.is_empty() && !cipher.is_empty());
    }
    assert!(tls.chain().iter().all(|one| one.first() == Some(&0x30)));
    assert!(ErrorStack::get().errors().is_empty());
});
