//! Ports of the loopback.

use std::net::{TcpListener, TcpStream};
use std::thread::sleep;
use std::time::Duration;

/// A port that nobody listens at.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a free port").port()
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
