//! The files of a file group: one for each run that has something to say, and a link to the latest.

use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;

use anyhow::{Result, anyhow};
use chrono::{DateTime, TimeDelta, Utc};
use rustix::fs::{self, Access, AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::config::FileGroup;
use super::format::{Entry, Format, PLAIN};
use super::process::{Process, in_file_name};
use crate::cli::logging::Severity;
use crate::error::{printable, reason};

/// How many seconds a file's name may be ahead of the clock. In a container every run has the same process id.
const MAX_AHEAD: i64 = 60;

/// A log file, made when there is a first entry for it.
pub struct LogFile {
    group: FileGroup,
    dir: OwnedFd,
    state: State,
}

enum State {
    Unused,
    Open(File),
    /// It could not be made, which was said once.
    Broken,
}

impl LogFile {
    /// Makes the directory with its parents if it is missing, as the reference does.
    ///
    /// # Errors
    /// If that fails, or if the directory cannot be written to.
    pub fn new(group: &FileGroup) -> Result<Self> {
        let path = &group.dir;
        let failed = |what: &str, error: io::Error| {
            anyhow!("could not {what} the log directory {}: {}", path.display(), reason(&error))
        };
        let made = DirBuilder::new().recursive(true).mode(0o755).create(path);
        made.map_err(|error| failed("create", error))?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = fs::open(path, flags, Mode::empty()).map_err(|error| failed("open", error.into()))?;
        fs::accessat(&dir, ".", Access::WRITE_OK | Access::EXEC_OK, AtFlags::empty())
            .map_err(|error| failed("write to", error.into()))?;
        Ok(Self { group: group.clone(), dir, state: State::Unused })
    }

    /// Adds an entry; one that cannot be written is lost.
    pub fn write(&mut self, text: &str, format: Format, process: &Process, now: DateTime<Utc>) {
        if let State::Unused = self.state {
            self.state = self.create(process, now).map_or_else(
                |error| {
                    let path = printable(&self.group.dir.display().to_string());
                    let _ = writeln!(
                        io::stderr(),
                        "WARNING: could not create a log file in {path}: {}",
                        reason(&error)
                    );
                    State::Broken
                },
                State::Open,
            );
            self.append(&first_lines(format, process, now));
        }
        self.append(text);
    }

    fn append(&mut self, text: &str) {
        if let State::Open(file) = &mut self.state {
            // What a full disk does not take is lost.
            let _ = file.write_all(text.as_bytes());
        }
    }

    /// A file that was not there before, whatever somebody may have put there, and the link to it.
    fn create(&self, process: &Process, now: DateTime<Utc>) -> io::Result<File> {
        let prefix = prefix(&process.program, &self.group.name);
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
        let mode = Mode::from_raw_mode(self.group.mode);
        for ahead in 0..MAX_AHEAD {
            let name = file_name(&prefix, process, now + TimeDelta::seconds(ahead));
            match fs::openat(&self.dir, &name, flags | OFlags::CLOEXEC, mode) {
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
                Ok(file) => {
                    // The link is a convenience.
                    let _ = self.link(&name, &prefix, process.pid);
                    return Ok(file.into());
                }
            }
        }
        Err(Errno::EXIST.into())
    }

    /// Points the group's link to a file, in one step. What is there and no link stays.
    fn link(&self, name: &str, prefix: &str, pid: u32) -> rustix::io::Result<()> {
        let link = format!("{prefix}.log");
        match fs::statat(&self.dir, &link, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) != FileType::Symlink => return Ok(()),
            Ok(_) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error),
        }
        let new = format!(".{prefix}.{pid}.tmp");
        // A killed process can have left one.
        let _ = fs::unlinkat(&self.dir, &new, AtFlags::empty());
        fs::symlinkat(name, &self.dir, &new)?;
        fs::renameat(&self.dir, &new, &self.dir, &link).inspect_err(|_| {
            let _ = fs::unlinkat(&self.dir, &new, AtFlags::empty());
        })
    }
}

/// The program, and the group unless it is the default one.
fn prefix(program: &str, group: &str) -> String {
    if group == "default" { program.to_owned() } else { format!("{program}-{}", in_file_name(group, true)) }
}

fn file_name(prefix: &str, process: &Process, time: DateTime<Utc>) -> String {
    let Process { host, user, pid, .. } = process;
    format!("{prefix}.{host}.{user}.{}.{pid:06}.log", time.format("%Y-%m-%dT%H_%M_%SZ"))
}

/// What the file says before its first entry.
fn first_lines(format: Format, process: &Process, now: DateTime<Utc>) -> String {
    let mut lines = vec![
        format!("file created at: {}", now.format("%Y/%m/%d %H:%M:%S")),
        format!("running on machine: {}", process.machine),
        format!("binary: {} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
        format!("arguments: [{}]", process.arguments.join(" ")),
        format!("log format (utf8=\u{2713}): {}", format.name()),
    ];
    if let Format::Text { .. } = format {
        let layout =
            "[IWEF]yymmdd hh:mm:ss.uuuuuu goid [chan@]file:line redactionmark \\[tags\\] [counter] msg";
        lines.push(format!("line format: {layout}"));
    }
    let render = |message: &String| {
        let (severity, file) = (Severity::Info, "logging/file.rs");
        let program = &process.program;
        let entry = Entry { program, severity, time: now, file, line: line!(), counter: None, message };
        format.render(&entry, &PLAIN)
    };
    lines.iter().map(render).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process() -> Process {
        Process {
            program: "crdbcert".into(),
            machine: "node1.example.com".into(),
            host: "node1".into(),
            user: "ops".into(),
            pid: 42,
            arguments: vec!["crdb-cert".into(), "list\n".into()],
        }
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_610_833_757, 0).expect("a time")
    }

    #[test]
    fn files_are_called_as_those_of_the_reference() {
        let name = |group: &str| file_name(&prefix("crdbcert", group), &process(), now());
        assert_eq!(name("default"), "crdbcert.node1.ops.2021-01-16T21_49_17Z.000042.log");
        assert_eq!(name("my-../group"), "crdbcert-my-group.node1.ops.2021-01-16T21_49_17Z.000042.log");
    }

    #[test]
    fn a_file_begins_with_who_wrote_it() {
        let lines = first_lines(Format::Text { colors: false }, &process(), now());
        let messages: Vec<_> = lines.lines().filter_map(|line| line.split_once("[config]   ")).collect();
        let messages: Vec<_> = messages.into_iter().map(|(_, message)| message).collect();
        assert_eq!(messages[0], "file created at: 2021/01/16 21:49:17");
        assert_eq!(messages[1], "running on machine: node1.example.com");
        // Each line is an entry of its own, so a line break in an argument begins a continuation.
        assert_eq!(messages[3], "arguments: [crdb-cert list");
        let json = first_lines(Format::from_name("json").expect("a format"), &process(), now());
        assert_eq!(json.lines().count(), 5);
    }
}
