//! `strace` as the hand of fate: it counts the program's system calls, and kills it or fails a call at the one
//! that is meant.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use anyhow::{Result, ensure};

use crate::world::{Run, World, program};

/// Calls that are traced because of their class, and have nothing to do with files.
const OTHERS: [&str; 7] = ["clone3", "execve", "fcntl", "ioctl", "mmap", "poll", "prctl"];

/// An injection: a file system that can neither rename without replacing nor exchange.
pub const PLAIN: &str = "renameat2:error=EINVAL";

/// The `nth` call of this name in the life of a thread, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub name: String,
    pub nth: usize,
}

/// A run under `strace`, and the calls it made.
#[derive(Debug)]
pub struct Traced {
    pub run: Run,
    pub log: String,
}

/// Runs the program with these injections: `fsync:error=EIO:when=3`.
pub fn run(world: &World, args: &[String], injections: &[String]) -> Traced {
    let strace = command(world, args, injections);
    // Who runs the tests by nohup has SIGHUP ignored, and so would the program.
    let mut command = world.command("env", &["--default-signal=HUP,INT,QUIT,TERM"]);
    let run = Run::of(command.arg(strace.get_program()).args(strace.get_args()));
    Traced { run, log: fs::read_to_string(log(world)).expect("strace's log") }
}

/// Kills the program with these injections, the last of which does it.
pub fn kill(world: &World, args: &[String], injections: &[String]) -> Result<()> {
    let traced = run(world, args, injections);
    ensure!(traced.was_killed_by("SIGKILL"), "it was not killed: {:?}", traced.run);
    Ok(())
}

/// The command of [`run`].
pub fn command(world: &World, args: &[String], injections: &[String]) -> Command {
    static USABLE: LazyLock<std::result::Result<(), String>> = LazyLock::new(check_usable);
    if let Err(reason) = &*USABLE {
        panic!("{reason}");
    }
    // Threads are followed, and what they start is not.
    let mut strace =
        world.command("strace", &["-f", "-b", "execve", "-qq", "-e", "trace=%file,%desc,clone3,prctl"]);
    strace.arg("-o").arg(log(world));
    for injection in injections {
        strace.args(["-e", &format!("inject={injection}")]);
    }
    strace.args(["--", program()]).args(args);
    strace
}

/// The calls on files of an undisturbed run in a copy of the world, but not those that these injections are
/// about.
pub fn calls(world: &World, args: &[String], injections: &[&str]) -> Vec<Call> {
    let owned: Vec<_> = injections.iter().map(|injection| (*injection).to_owned()).collect();
    let traced = run(&world.copy(), args, &owned);
    assert!(traced.run.success(), "{args:?}: {:?}", traced.run);
    let is_free =
        |call: &Call| !injections.iter().any(|injection| injection.split(':').next() == Some(&call.name));
    traced.calls().into_iter().filter(is_free).collect()
}

/// The calls from the lock on: before it nothing is written, whatever the file system can do.
pub fn calls_under_lock(world: &World, args: &[String], injections: &[&str]) -> Vec<Call> {
    calls(world, args, injections).into_iter().skip_while(|call| call.name != "flock").collect()
}

/// The last `n` calls that put files of the certs directory into their places.
pub fn placing(calls: Vec<Call>, n: usize) -> Vec<Call> {
    // A file that replaces another is renamed; a new one is linked, and nothing is renamed after the commit.
    let last = calls.iter().rfind(|call| call.name == "linkat" || call.name == "renameat").expect("a change");
    let name = last.name.clone();
    let mut placing: Vec<_> = calls.into_iter().filter(|call| call.name == name).collect();
    placing.split_off(placing.len().saturating_sub(n))
}

/// An injection: this signal when the call is made. `SIGKILL` comes before the call does anything, all others
/// after it.
pub fn signal(call: &Call, signal: &str) -> String {
    format!("{}:signal={signal}:when={}", call.name, call.nth)
}

/// Where [`command`] writes what it sees.
pub fn log(world: &World) -> PathBuf {
    world.beside("strace.log")
}

impl Traced {
    /// The calls on files that are the program's own: those after it has switched core dumps off, which is the
    /// first thing it does. Before that the loader and the runtime were at work.
    pub fn calls(&self) -> Vec<Call> {
        let mut counts = HashMap::new();
        let mut own = false;
        let mut calls = Vec::new();
        for line in self.log.lines() {
            let Some(name) = call_in(line) else { continue };
            // strace counts the calls of each thread.
            let thread = line.split(' ').next();
            let nth = counts.entry((thread, name)).and_modify(|count| *count += 1).or_insert(1);
            own |= line.contains("PR_SET_DUMPABLE");
            let call = Call { name: name.to_owned(), nth: *nth };
            if own && !OTHERS.contains(&name) && !calls.contains(&call) {
                calls.push(call);
            }
        }
        calls
    }

    /// The calls from the first one on that was made to fail, without that one.
    pub fn calls_after_fault(&self) -> Vec<Call> {
        let before = self.log.split("(INJECTED)").next().unwrap_or_default();
        let before = before.lines().filter_map(call_in).fold(HashMap::new(), |mut counts, name| {
            *counts.entry(name).or_insert(0) += 1;
            counts
        });
        let is_later = |call: &Call| call.nth > before.get(call.name.as_str()).copied().unwrap_or(0);
        self.calls().into_iter().filter(is_later).collect()
    }

    /// Was the program ended by this signal?
    pub fn was_killed_by(&self, signal: &str) -> bool {
        self.log.contains(&format!("+++ killed by {signal}"))
    }

    /// Was any call made to fail?
    pub fn was_injected(&self) -> bool {
        self.log.contains("(INJECTED)")
    }
}

/// The name of the call in a line of the log, `123 openat(...`; not every line is about a call.
fn call_in(line: &str) -> Option<&str> {
    let (_, call) = line.split_once(' ')?;
    let (name, _) = call.trim_start().split_once('(')?;
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_').then_some(name)
}

/// Says what is missing where there is no strace, or no permission to trace.
fn check_usable() -> std::result::Result<(), String> {
    let output = Command::new("strace").args(["-f", "-qq", "-e", "trace=none", "true"]).output();
    let output =
        output.map_err(|error| format!("these tests need strace ({error}): install the package strace"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "these tests need the permission to trace processes (ptrace): in a container --cap-add=SYS_PTRACE, and the sysctl \
         kernel.yama.ptrace_scope below 3; strace says: {}",
        String::from_utf8_lossy(&output.stderr)
    ))
}
