//! What a run of a program left on the screen.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};

/// How a program ended, and what it said.
#[derive(Debug)]
pub struct Run {
    /// `None` after a signal.
    pub status: Option<i32>,
    pub signal: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub fn of(command: &mut Command) -> Self {
        let output = command.output();
        Self::from(output.unwrap_or_else(|error| panic!("{:?}: {error}", command.get_program())))
    }

    pub fn success(&self) -> bool {
        self.status == Some(0)
    }

    pub fn succeeds(self) -> Self {
        assert_eq!(self.status, Some(0), "{self:?}");
        self
    }

    /// Succeeds with nothing on stderr; what it prints.
    pub fn succeeds_silently_but_for_stdout(self) -> String {
        assert_eq!(self.stderr, "");
        self.succeeds().stdout
    }

    /// Succeeds and has nothing to say, as `create-*` away from a terminal.
    pub fn succeeds_silently(self) -> Self {
        assert_eq!((self.stdout.as_str(), self.stderr.as_str()), ("", ""));
        self.succeeds()
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        let (status, signal) = (output.status.code(), output.status.signal());
        Self { status, signal, stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}
