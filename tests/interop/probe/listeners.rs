//! Listeners that serve no TLS, or none that ends: one sentence each, in bounded time and memory.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use super::{findings, only, probe, sandbox};

/// Does this with each connection, until the test ends; the port.
fn listener(talk: impl Fn(TcpStream) + Send + Sync + Clone + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback, which has to be up");
    let at = listener.local_addr().expect("its address").to_string();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let talk = talk.clone();
            thread::spawn(move || talk(stream));
        }
    });
    at
}

/// Says this to whatever comes, and closes the connection when the other side does.
fn says(answer: &'static [u8]) -> impl Fn(TcpStream) + Send + Sync + Clone + 'static {
    move |mut stream| {
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(answer);
        while stream.read(&mut [0; 1024]).is_ok_and(|n| n > 0) {}
    }
}

fn trickles(mut stream: TcpStream) {
    // A record of a handshake message that never comes to its end.
    let _ = stream.read(&mut [0; 8]);
    let start = b"S\x16\x03\x03\x40\x00\x02\x00\x3f\xfc";
    for byte in start.iter().chain(std::iter::repeat(&3)) {
        if stream.write_all(&[*byte]).is_err() {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn floods(mut stream: TcpStream) {
    let _ = stream.read(&mut [0; 8]);
    let _ = stream.write_all(b"S");
    // Warnings that do not end a handshake.
    while stream.write_all(&b"\x15\x03\x03\x00\x02\x01\x5a".repeat(1000)).is_ok() {}
}

#[test]
fn what_is_no_server_of_ours_gets_one_sentence_each() {
    let sandbox = sandbox();
    let pgwire: &[&str] = &["--certs-dir=certs", "--timeout=1s"];
    let http: &[&str] = &["--certs-dir=certs", "--timeout=1s", "--http"];
    let error = b"E\0\0\0\x2dSFATAL\0C53300\0Msorry, too many clients\0\0";
    let closes = |_| {};
    let closes_later = |mut stream: TcpStream| drop(stream.read(&mut [0; 8]));
    let closes_in_tls = |mut stream: TcpStream| {
        let _ = stream.read(&mut [0; 8]);
        let _ = stream.write_all(b"S");
        let _ = stream.read(&mut [0; 4096]);
    };
    for (at, args, id, words) in [
        (listener(says(b"")), pgwire, "no-answer", "did not finish its answer in time"),
        (listener(says(b"")), http, "no-answer", "did not finish its answer in time"),
        (listener(says(b"S")), pgwire, "no-answer", "did not finish its answer in time"),
        (listener(closes), pgwire, "closed", "closed the connection before TLS"),
        (listener(closes), http, "closed", "closed the connection before TLS"),
        (listener(closes_later), pgwire, "closed", "closed the connection before TLS"),
        (listener(closes_in_tls), pgwire, "closed", "closed the connection before TLS"),
        (listener(says(b"N")), pgwire, "no-tls", "the server refuses TLS"),
        (
            listener(says(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
            pgwire,
            "other-protocol",
            "HTTP without TLS; if this is",
        ),
        (
            listener(says(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
            http,
            "other-protocol",
            "HTTP without TLS; the DB",
        ),
        (listener(says(b"SSH-2.0-OpenSSH_9.2\r\n")), pgwire, "other-protocol", "the server speaks SSH"),
        (listener(says(b"SSH-2.0-OpenSSH_9.2\r\n")), http, "other-protocol", "the server speaks SSH"),
        (
            listener(says(b"\x15\x03\x01\x00\x02\x02\x46")),
            pgwire,
            "other-protocol",
            "TLS from the start; if this is",
        ),
        (listener(says(error)), pgwire, "other-protocol", "pgwire, and answers with an error message"),
        (listener(says(error)), http, "other-protocol", "leave out --http"),
        (listener(says(b"\xff\x1b[2J garbage")), pgwire, "other-protocol", "neither pgwire nor TLS"),
        (listener(says(b"\xff\x1b[2J garbage")), http, "other-protocol", "neither pgwire nor TLS"),
        (listener(says(b"S\xff\x1b[2J garbage")), pgwire, "other-protocol", "neither pgwire nor TLS"),
        (
            listener(says(b"\x15\x03\x03\x00\x02\x02\x28")),
            http,
            "tls-failed",
            "ended the TLS handshake: handshake failure",
        ),
        (listener(says(b"\x15\x03\x03\x00\x02\x02\x46")), http, "tls-failed", "protocol version"),
        (listener(says(b"\x16\x03\x03\x00\x05garba")), http, "tls-failed", "the TLS handshake failed: "),
        (listener(trickles), pgwire, "no-answer", "did not finish its answer in time"),
    ] {
        let (found, what, status) = only(&sandbox, &[&[&*at], args].concat());
        assert_eq!((found.as_str(), status), (id, 2), "{what}");
        assert!(what.contains(words), "{words:?} is not in: {what}");
        assert!(!what.ends_with("; "), "there is no hint: {what}");
    }
}

#[test]
fn who_never_stops_is_cut_off() {
    let (sandbox, at) = (sandbox(), listener(floods));
    let (id, what, status) = only(&sandbox, &[&at, "--certs-dir=certs", "--timeout=30s"]);
    assert!(["too-much", "tls-failed"].contains(&id.as_str()), "{id}: {what}");
    assert_eq!(status, 2);
}

#[test]
fn many_servers_are_asked_at_once_and_reported_in_order() {
    let (sandbox, silent) = (sandbox(), listener(says(b"")));
    let port = silent.rsplit(':').next().expect("a port");
    // The whole 127.0.0.0/8 is this host.
    std::fs::write(sandbox.path("cluster.yml"), "nodes: [\"127.0.0.[1:30]\"]\n").expect("the manifest");
    let flags = [format!("--port={port}")];
    let args = ["--manifest=cluster.yml", &flags[0], "--timeout=1s", "--certs-dir=certs"];
    let (report, status) = probe(&sandbox, &args);
    let servers: Vec<_> =
        report["servers"].as_array().expect("servers").iter().map(|it| it["server"].clone()).collect();
    let expected: Vec<_> = (1..=30).map(|n| serde_json::json!(format!("127.0.0.{n}:{port}"))).collect();
    assert_eq!(servers, expected);
    // It listens at the first address only.
    assert_eq!(
        (status, &report["summary"]["unreached"], &report["summary"]["errors"]),
        (3, &29.into(), &1.into())
    );
    assert_eq!(findings(&report).len(), 1);
}
