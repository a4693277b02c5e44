//! Chains that are odd in one way each, made by `peers/odd.py`: every Go that a server may be built with and
//! `check-login` agree whether the TLS handshake succeeds.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::peers::{self, Peer};
use crate::sandbox::{Sandbox, answer};

/// The fewest cases that make a test.
const ENOUGH: usize = 500;

/// Servers in support are built with this or newer. Debian 12's Go is older: what it refuses counts, what it
/// allows does not.
const OLDEST: (u32, u32) = (1, 22);

/// What `odd.py` judges by.
const AT: &str = "--at=2030-01-01T00:00:00Z";

/// What somebody says of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Allowed,
    Refused,
    /// We: that is not judged. Go: that depends on the version of TLS.
    Open,
}

use Verdict::{Allowed, Open, Refused};

/// A Go, and what it says of each chain and why.
struct Go {
    version: String,
    counts_in_full: bool,
    verdicts: BTreeMap<String, (Verdict, String)>,
}

#[test]
fn no_server_refuses_what_is_allowed_here_and_none_allows_what_is_refused() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("odd")).expect("a directory");
    sandbox.tell(Peer::PythonOdd, ["odd"]);
    let index = fs::read_to_string(sandbox.path("odd/index")).expect("the index");
    let cases: Vec<(&str, &str)> = index.lines().filter_map(|line| line.split_once('\t')).collect();
    assert!(cases.len() >= ENOUGH, "{} cases", cases.len());

    let ours = ours(&sandbox, &cases);
    let gos: Vec<_> = peers::gos().iter().enumerate().map(|(at, program)| go(&sandbox, at, program)).collect();
    let mut differences = Vec::new();
    for (number, title) in &cases {
        let (verdict, why) = &ours[*number];
        for go in &gos {
            let (theirs, reason) = &go.verdicts[*number];
            let differs = match (verdict, theirs) {
                (Open, _) => false,
                (Refused, Allowed | Open) => go.counts_in_full,
                (ours, theirs) => ours != theirs,
            };
            if differs {
                differences.push(format!(
                    "{number} {title}\n    we: {verdict:?}: {why}\n    {}: {theirs:?}: {reason}",
                    go.version
                ));
            }
        }
    }
    let count = |wanted| ours.values().filter(|(verdict, _)| *verdict == wanted).count();
    println!(
        "{} chains, {} allowed, {} refused, {} not judged; judged by {}",
        cases.len(),
        count(Allowed),
        count(Refused),
        count(Open),
        gos.iter().map(|go| go.version.as_str()).collect::<Vec<_>>().join(", ")
    );
    println!("not judged: {}", table(&cases, &ours, &gos));
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

/// What is not judged, and what each Go says of it.
fn table(cases: &[(&str, &str)], ours: &BTreeMap<String, (Verdict, String)>, gos: &[Go]) -> String {
    let open = cases.iter().filter(|(number, _)| ours[*number].0 == Open);
    let line = |(number, title): &(&str, &str)| {
        let verdicts: Vec<_> =
            gos.iter().map(|go| format!("{} {:?}", go.version, go.verdicts[*number].0)).collect();
        format!("\n{number} {title}: {}", verdicts.join(", "))
    };
    open.map(line).collect()
}

/// What `check-login` says, a process a chain.
fn ours(sandbox: &Sandbox, cases: &[(&str, &str)]) -> BTreeMap<String, (Verdict, String)> {
    let (next, workers) = (AtomicUsize::new(0), thread::available_parallelism().map_or(1, usize::from));
    let work = || {
        let take = || cases.get(next.fetch_add(1, Ordering::Relaxed));
        std::iter::from_fn(take)
            .map(|(number, title)| ((*number).to_owned(), check_login(sandbox, number, title)))
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(|| work().collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a worker")).collect()
    })
}

fn check_login(sandbox: &Sandbox, number: &str, title: &str) -> (Verdict, String) {
    let dir = format!("--certs-dir=odd/{number}");
    let mut command = sandbox.ours(&["check-login", "u", &dir, AT, "--format=json"]);
    let output = command.output().expect("crdb-cert starts");
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).trim().to_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    match output.status.code() {
        Some(0) => (Allowed, stdout),
        Some(1) if stdout.contains("\"rule\":\"tls\"") => (Refused, stdout),
        Some(2) => (Open, stdout + &stderr),
        _ => panic!("{number} {title}: {output:?}"),
    }
}

/// What a Go says. Its own version stands in `go.mod`: with an older one there, it behaves as that one did.
fn go(sandbox: &Sandbox, at: usize, program: &Path) -> Go {
    let module = sandbox.path(&format!("go-{at}"));
    fs::create_dir(&module).expect("a directory");
    let run = |arguments: &[&OsStr]| {
        let mut command = sandbox.command(program);
        command
            .envs(Peer::GoOdd.environment(sandbox))
            .env("GO111MODULE", "on")
            .current_dir(&module)
            .args(arguments);
        let answer = answer(&mut command, Peer::GoOdd);
        assert!(answer.success, "{}: {}", program.display(), answer.stderr);
        answer
    };
    let version = run(&["env".as_ref(), "GOVERSION".as_ref()]).stdout;
    let minor = version.trim().trim_start_matches("go").splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
    fs::write(module.join("go.mod"), format!("module odd\n\ngo {minor}\n")).expect("go.mod");
    fs::write(module.join("odd.go"), include_str!("peers/odd.go")).expect("odd.go");
    let answer = run(&["run".as_ref(), ".".as_ref(), sandbox.path("odd").as_os_str()]);
    let mut lines = answer.stdout.lines();
    let version = lines.next().unwrap_or_default().to_owned();
    let verdict = |line: &str| {
        let mut fields = line.splitn(3, '\t').map(str::to_owned);
        let mut field = || fields.next().unwrap_or_default();
        let (number, verdict, why) = (field(), field(), field());
        let verdict = match verdict.as_str() {
            "allowed" => Allowed,
            "refused" => Refused,
            "depends" => Open,
            other => panic!("{version}: {number}: {other} {why}"),
        };
        (number, (verdict, why))
    };
    let verdicts = lines.map(verdict).collect();
    let numbers: Vec<u32> =
        version.trim_start_matches("go").split('.').map_while(|number| number.parse().ok()).collect();
    let counts_in_full = matches!(numbers[..], [major, minor, ..] if (major, minor) >= OLDEST);
    Go { counts_in_full, version, verdicts }
}
