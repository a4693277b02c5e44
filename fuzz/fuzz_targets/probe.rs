//! Whatever a server sends before TLS, and as its certificates: it is judged and printed, and drives no
//! terminal.
#![no_main]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::LazyLock;

use crdb_cert::cli::ProbeFormat;
use crdb_cert::output::probe::{self as output, Summary};
use crdb_cert::output::terminal::Paint;
use crdb_cert::pki::pem;
use crdb_cert::pki::verify::OpenSsl;
use crdb_cert::probe::answer::{Answer, Language};
use crdb_cert::probe::judge::judge;
use crdb_cert::probe::{Client, Disk, Expected, Failure, Probed, Protocol, Seen, Target};
use libfuzzer_sys::fuzz_target;

static DISK: LazyLock<Disk> = LazyLock::new(|| {
    let read = |file: &[u8]| pem::certificates(file, "x.crt").expect("certificates");
    let own = read(include_bytes!("../seeds/certificate/node.crt")).remove(0);
    let trusted = read(include_bytes!("../seeds/certificate/ca.crt"));
    Disk {
        own: Some(("node.crt".to_owned(), own)),
        ca_files: vec!["ca.crt".to_owned()],
        trusted,
        ..Disk::default()
    }
});

/// The certificates: elements of DER, one behind the other.
fn chain(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut chain = Vec::new();
    while !bytes.is_empty() && chain.len() < 8 {
        let length = match bytes {
            [0x30, 0x82, high, low, ..] => 4 + usize::from(u16::from_be_bytes([*high, *low])),
            _ => bytes.len(),
        };
        let (one, rest) = bytes.split_at(length.min(bytes.len()));
        chain.push(one.to_vec());
        bytes = rest;
    }
    chain
}

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else { return };
    let text = String::from_utf8_lossy(rest).into_owned();
    let (failure, client) = match kind % 6 {
        0 => (None, Client::Taken),
        1 => (None, Client::NotShown),
        2 => (Some(Failure::Speaks(Language::of(rest))), Client::NotShown),
        3 => (Some(Failure::Alert(text)), Client::NotShown),
        4 => (None, Client::Refused(text)),
        _ => (Some(Failure::Other(text)), Client::NotShown),
    };
    let protocol = [Protocol::Pgwire, Protocol::Http, Protocol::Rpc][usize::from(kind / 6 % 3)];
    let _ = Answer::of(*kind);
    let target = Target::parse("localhost", 1).expect("a server");
    let expected = Expected {
        target: &target,
        protocol,
        disk: &DISK,
        client: Some("client.root.crt"),
        expires_within: 60,
        now: 1_800_000_000,
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let seen = Seen { address, agreed: None, chain: chain(rest), failure, client };
    let judged = judge(&seen, &expected, &OpenSsl);
    let probed = Probed {
        target: target.clone(),
        protocol,
        seen: Ok(seen),
        judged,
        client: Some("client.root.crt".to_owned()),
    };
    // One form at a time: writing takes longer than judging.
    let format = [ProbeFormat::Text, ProbeFormat::Json, ProbeFormat::Prometheus][usize::from(kind / 18 % 3)];
    let mut out = Vec::new();
    let mut report = output::of(format, Paint::PLAIN, expected.now, &mut out);
    report.server(&probed).and_then(|()| report.end(&Summary::default())).expect("memory");
    drop(report);
    let out = String::from_utf8(out).expect("UTF-8");
    assert!(out.chars().all(|c| c == '\n' || !c.is_control()), "{out:?}");
    assert!(out.len() < 100_000, "{} bytes", out.len());
});
