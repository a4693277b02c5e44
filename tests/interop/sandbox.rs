//! A directory of a test's own, and the program under test and its peers run in it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::ops::Deref;
use std::path::Path;
use std::process::{Command, Output};

use crate::peers::Peer;
use crate::support::{Dir, Run, program};

/// A directory that goes away with the test, an empty home included.
pub struct Sandbox(Dir);

/// How a peer ended, and what it said.
pub struct Answer {
    /// The exit status was 0.
    pub success: bool,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Deref for Sandbox {
    type Target = Dir;

    fn deref(&self) -> &Dir {
        &self.0
    }
}

impl Sandbox {
    /// An empty one.
    pub fn new() -> Self {
        Self::within(&std::env::temp_dir())
    }

    /// An empty one in the given directory.
    pub fn within(parent: &Path) -> Self {
        let sandbox = Self(Dir::within(parent));
        for directory in ["home", "tmp"] {
            fs::create_dir(sandbox.path(directory)).expect("a directory in the sandbox");
        }
        sandbox
    }

    /// Runs `crdb-cert` with nothing but PATH in its environment, on the certs directory `<cluster>` and the CA
    /// key `<cluster>.ca.key`; it has to succeed.
    pub fn create(&self, cluster: &str, args: &[&str]) {
        self.create_by("ca", cluster, args);
    }

    /// The same with the key `<cluster>.<ca>.key` of a CA that may be another.
    pub fn create_by(&self, ca: &str, cluster: &str, args: &[&str]) {
        let key = format!("--ca-key={cluster}.{ca}.key");
        self.create_in(&[], cluster, &[args, &[&key]].concat());
    }

    /// Runs `crdb-cert` with some environment variables and no CA key but that of the arguments.
    pub fn create_in(&self, environment: &[(&str, &str)], cluster: &str, args: &[&str]) {
        let mut command = self.ours(args);
        Run::of(command.arg(format!("--certs-dir={cluster}")).envs(environment.iter().copied())).succeeds();
    }

    /// `crdb-cert`, with nothing but PATH in its environment.
    pub fn ours(&self, args: &[&str]) -> Command {
        self.0.command(program(), args)
    }

    /// Runs a peer; it has to be installed, but may fail.
    pub fn ask<A: AsRef<OsStr>>(&self, peer: Peer, args: impl IntoIterator<Item = A>) -> Answer {
        let mut command = self.command(peer.program());
        command.envs(peer.environment(self)).args(peer.first_arguments(self)).args(args);
        answer(&mut command, peer)
    }

    /// Runs a peer that has to succeed; what it prints.
    pub fn tell<A: AsRef<OsStr>>(&self, peer: Peer, args: impl IntoIterator<Item = A>) -> String {
        let args: Vec<_> = args.into_iter().collect();
        let answer = self.ask(peer, &args);
        let args: Vec<_> = args.iter().map(AsRef::as_ref).collect();
        assert!(answer.success, "{peer:?} failed on {args:?}:\n{}{}", answer.stdout, answer.stderr);
        answer.stdout
    }

    /// Runs a peer that has to succeed on these lines of input; the lines it answers, one for each.
    pub fn translate(&self, peer: Peer, lines: &[String]) -> Vec<String> {
        let input = self.path("input");
        fs::write(&input, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).expect("the input");
        let mut command = self.command(peer.program());
        command.envs(peer.environment(self)).args(peer.first_arguments(self));
        command.stdin(File::open(&input).expect("the input"));
        let answer = answer(&mut command, peer);
        let answers: Vec<_> = answer.stdout.lines().map(str::to_owned).collect();
        assert!(answer.success && answers.len() == lines.len(), "{peer:?} failed:\n{}", answer.stderr);
        answers
    }

    /// A command in the sandbox that knows nothing of the caller's home and settings.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.0.command(program, &[] as &[&str]);
        command.env("HOME", self.path("home")).env("TMPDIR", self.path("tmp")).env("LC_ALL", "C.UTF-8");
        command
    }
}

/// Runs the command; fails with what to install if it is not there.
pub fn answer(command: &mut Command, peer: Peer) -> Answer {
    let Output { status, stdout, stderr } = match command.output() {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => panic!("{}", peer.missing()),
        Err(error) => panic!("{peer:?} does not start: {error}"),
    };
    Answer {
        success: status.success(),
        stdout: String::from_utf8(stdout).expect("UTF-8"),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    }
}
