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
use crate::interrupts::Interrupts;

/// The most octets of an answer: a certificate with a thousand names and its chain are 100,000.
const LONGEST: u64 = 1 << 20;
/// How much of stderr is shown; the rest is read and forgotten.
const SHOWN: u64 = 1 << 14;
/// How often to look for a signal or the end of the command.
const TICK: Duration = Duration::from_millis(20);

/// Why there is no answer. Each goes on after the command's name.
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
    #[error("was interrupted; nothing was changed")]
    Interrupted,
}

/// What a command left behind.
pub struct Ran {
    /// What it printed.
    pub output: Result<Vec<u8>, RunError>,
    /// The beginning of what it said besides.
    pub stderr: Vec<u8>,
}

/// What a reader has to tell.
enum Event {
    Output(Vec<u8>),
    Stderr(Vec<u8>),
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
    read(child.stdout.take(), LONGEST + 1, &sender, Event::Output);
    read(child.stderr.take(), SHOWN, &sender, Event::Stderr);
    drop(sender);
    let mut heard = Heard::default();
    let waited = wait(&child, with.timeout, &events, &interrupts, &mut heard);
    // Not yet waited for, so that its number is nobody else's.
    kill(&child);
    let status = child.wait();
    // What it said before it was killed; a process that left the group may keep the pipe open.
    while heard.stderr.is_none() && events.recv_timeout(5 * TICK).is_ok_and(|event| heard.take(event)) {}
    let Heard { output, stderr } = heard;
    let output = waited.and_then(|()| {
        status.map_err(|error| RunError::Start(reason(&error))).and_then(ended)?;
        Ok(output.unwrap_or_default())
    });
    let output = output.and_then(|output| match output.len() {
        0 => Err(RunError::Nothing),
        _ => Ok(output),
    });
    Ran { output, stderr: stderr.unwrap_or_default() }
}

#[derive(Default)]
struct Heard {
    output: Option<Vec<u8>>,
    stderr: Option<Vec<u8>>,
}

impl Heard {
    fn take(&mut self, event: Event) -> bool {
        match event {
            Event::Output(octets) => self.output = Some(octets),
            Event::Stderr(octets) => self.stderr = Some(octets),
        }
        true
    }

    fn is_too_much(&self) -> bool {
        self.output.as_ref().is_some_and(|output| output.len() as u64 > LONGEST)
    }
}

/// Waits until the command has ended and its pipes are closed.
fn wait(
    child: &Child,
    timeout: Duration,
    events: &Receiver<Event>,
    interrupts: &Interrupts,
    heard: &mut Heard,
) -> Result<(), RunError> {
    let since = Instant::now();
    let mut ended = false;
    while !ended || heard.output.is_none() || heard.stderr.is_none() {
        match events.recv_timeout(TICK) {
            Ok(event) => _ = heard.take(event),
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
            return Err(RunError::Interrupted);
        }
        if since.elapsed() > timeout && !(ended && heard.output.is_some()) {
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

/// Reads so many octets on a thread of its own, tells, and forgets the rest.
fn read(
    from: Option<impl Read + Send + 'static>,
    most: u64,
    sender: &Sender<Event>,
    event: fn(Vec<u8>) -> Event,
) {
    let (sender, Some(mut from)) = (sender.clone(), from) else { return };
    thread::spawn(move || {
        let mut octets = Vec::new();
        // What was read before an error is all there is.
        let _ = from.by_ref().take(most).read_to_end(&mut octets);
        let _ = sender.send(event(octets));
        let _ = std::io::copy(&mut from, &mut std::io::sink());
    });
}
