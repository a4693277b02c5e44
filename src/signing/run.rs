//! Runs a command of the shell: bounded in time and in output, and never longer than it is waited for.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use thiserror::Error;

use super::SignWith;
use crate::error::reason;
use crate::interrupts::{Interrupted, Interrupts};

/// The most octets of an answer: a certificate with a thousand names and its chain are 100,000.
const LONGEST: u64 = 1 << 20;
/// How much of stderr is shown; the rest is read and forgotten.
const SHOWN: u64 = 1 << 14;
/// How often to look for a signal or the end of the command.
const TICK: Duration = Duration::from_millis(20);

/// Why there is no answer. Each but the last goes on after the command's name.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RunError {
    /// There is no shell, or no more processes.
    #[error("could not be started: {0}")]
    Start(String),
    /// It says that it failed.
    #[error("failed with exit status {0}")]
    Failed(i32),
    /// It was killed.
    #[error("was killed by signal {0}")]
    Killed(i32),
    /// It did not come to an end.
    #[error("did not end within {}s, and was killed", .0.as_secs())]
    TimedOut(Duration),
    /// It says too much.
    #[error("printed more than 1 MiB, and was killed")]
    TooMuch,
    /// It says nothing.
    #[error("printed nothing, but for the certificate to be on its stdout")]
    Nothing,
    /// Ctrl-C, or the like.
    #[error(transparent)]
    Interrupted(Interrupted),
}

/// How long stderr is waited for once the command has ended: a process that left its group, such as the master
/// of `ssh -o ControlPersist`, may keep it open for hours.
const GRACE: Duration = Duration::from_secs(1);

/// What a command left behind.
pub struct Ran {
    /// What it printed.
    pub output: Result<Vec<u8>, RunError>,
    /// The beginning of what it said besides.
    pub stderr: Vec<u8>,
}

/// What a reader has to tell.
enum Event {
    /// All of stdout.
    Output(Vec<u8>),
    /// Some more of stderr.
    Stderr(Vec<u8>),
    /// The end of stderr.
    StderrEnd,
}

/// Runs the command in a process group of its own, in this environment and some more, with this on its stdin.
/// When it ends, so does whatever it left running.
pub fn run(with: &SignWith, environment: &[(&str, String)], input: Vec<u8>) -> Ran {
    let interrupts = Interrupts::defer();
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(&with.command).envs(environment.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Ran { output: Err(RunError::Start(reason(&error))), stderr: Vec::new() },
    };
    let (sender, events) = mpsc::channel();
    if let Some(mut stdin) = child.stdin.take() {
        // A command need not read it: then there is an error that matters to nobody.
        thread::spawn(move || stdin.write_all(&input));
    }
    read_output(child.stdout.take(), &sender);
    read_stderr(child.stderr.take(), sender);
    let mut heard = Heard::default();
    let waited = wait(&child, with.timeout, &events, &interrupts, &mut heard);
    // Not yet waited for, so that its number is nobody else's.
    kill(&child);
    let status = child.wait();
    // What it said before it ended.
    let until = Instant::now() + GRACE;
    while !heard.stderr_ended {
        let Ok(event) = events.recv_timeout(until.saturating_duration_since(Instant::now())) else { break };
        heard.take(event);
    }
    let Heard { output, stderr, .. } = heard;
    let output = waited.and_then(|()| {
        status.map_err(|error| RunError::Start(reason(&error))).and_then(ended)?;
        Ok(output.unwrap_or_default())
    });
    let output = output.and_then(|output| match output.len() {
        0 => Err(RunError::Nothing),
        _ => Ok(output),
    });
    Ran { output, stderr }
}

#[derive(Default)]
struct Heard {
    output: Option<Vec<u8>>,
    stderr: Vec<u8>,
    stderr_ended: bool,
}

impl Heard {
    fn take(&mut self, event: Event) {
        match event {
            Event::Output(octets) => self.output = Some(octets),
            Event::Stderr(octets) => self.stderr.extend(octets),
            Event::StderrEnd => self.stderr_ended = true,
        }
    }

    fn is_too_much(&self) -> bool {
        self.output.as_ref().is_some_and(|output| output.len() as u64 > LONGEST)
    }
}

/// Waits until the command has ended and its stdout is closed.
fn wait(
    child: &Child,
    timeout: Duration,
    events: &Receiver<Event>,
    interrupts: &Interrupts,
    heard: &mut Heard,
) -> Result<(), RunError> {
    let since = Instant::now();
    let mut ended = false;
    while !ended || heard.output.is_none() {
        match events.recv_timeout(TICK) {
            Ok(event) => heard.take(event),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => thread::sleep(TICK),
        }
        if heard.is_too_much() {
            return Err(RunError::TooMuch);
        }
        if !ended && has_ended(child) {
            // What it left in the background holds the pipes.
            kill(child);
            ended = true;
        }
        if interrupts.check().is_err() {
            return Err(RunError::Interrupted(Interrupted));
        }
        if since.elapsed() > timeout {
            return Err(RunError::TimedOut(timeout));
        }
    }
    Ok(())
}

/// Has it ended? It stays a zombie, so that its number, which is that of its group, stays its own.
fn has_ended(child: &Child) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(waitid(WaitId::Pid(Pid::from_child(child)), options), Ok(None))
}

fn kill(child: &Child) {
    // Fails if there is nobody left in the group.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
}

fn ended(status: ExitStatus) -> Result<(), RunError> {
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(()),
        (Some(code), _) => Err(RunError::Failed(code)),
        (None, signal) => Err(RunError::Killed(signal.unwrap_or_default())),
    }
}

/// Reads stdout on a thread of its own, tells, and forgets what is too much.
fn read_output(from: Option<impl Read + Send + 'static>, sender: &Sender<Event>) {
    let (sender, Some(mut from)) = (sender.clone(), from) else { return };
    thread::spawn(move || {
        let mut octets = Vec::new();
        // What was read before an error is all there is.
        let _ = from.by_ref().take(LONGEST + 1).read_to_end(&mut octets);
        let _ = sender.send(Event::Output(octets));
        let _ = std::io::copy(&mut from, &mut std::io::sink());
    });
}

/// Reads stderr on a thread of its own, tells as it comes, and forgets what is too much.
fn read_stderr(from: Option<impl Read + Send + 'static>, sender: Sender<Event>) {
    let Some(mut from) = from else { return };
    thread::spawn(move || {
        let (mut shown, mut buffer) = (from.by_ref().take(SHOWN), [0; 1024]);
        while let Ok(length @ 1..) = shown.read(&mut buffer) {
            let _ = sender.send(Event::Stderr(buffer[..length].to_vec()));
        }
        let _ = sender.send(Event::StderrEnd);
        let _ = std::io::copy(&mut from, &mut std::io::sink());
    });
}
