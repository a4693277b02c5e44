//! Ports of the loopback.

use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;

/// How many ports are tried, from one that another run of the tests hardly begins with.
const PORTS: u32 = 20_000;

/// A port that nobody listens at. Nobody gets it twice, and it is below those that the system gives to clients.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(97);
    let next = || start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % PORTS;
    let mut ports = (0..PORTS).filter_map(|_| u16::try_from(10_000 + next()).ok());
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}

/// Somebody listens at the port, or begins to before long.
pub fn is_served(port: u16) -> bool {
    (0..200).any(|_| {
        let connects = TcpStream::connect(("127.0.0.1", port)).is_ok();
        if !connects {
            sleep(Duration::from_millis(50));
        }
        connects
    })
}
