//! A server in the foreground, which ends with the test.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::net::is_served;
use crate::peers::Peer;
use crate::postgres::Server;

/// A running server, and how much of its log is read.
pub struct Service {
    child: Child,
    log: PathBuf,
    read: AtomicUsize,
}

impl Service {
    /// Runs the peer under the account of the servers until it listens at the port.
    pub fn start(host: &Server, peer: Peer, name: &str, args: &[&str], port: u16) -> Self {
        let log = host.sandbox.path(&format!("{name}.log"));
        let file = File::create(&log).expect("a log");
        let mut command = host.command(peer, args);
        command.stdout(file.try_clone().expect("the log")).stderr(file).stdin(Stdio::null());
        let child = command.spawn().unwrap_or_else(|_| panic!("{}", peer.missing()));
        let service = Self { child, log, read: AtomicUsize::default() };
        assert!(is_served(port), "{name} does not start:\n{}", service.news());
        service
    }

    /// What it has logged since it was asked last.
    pub fn news(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let news = log.get(self.read.swap(log.len(), Ordering::Relaxed)..).unwrap_or_default();
        String::from_utf8_lossy(news).into_owned()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
