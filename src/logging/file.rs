//! The files of a file group: one for each run that logs anything, and a link to the latest.

use std::cell::OnceCell;
use std::ffi::OsStr;
use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, anyhow};
use rustix::fs::{self, Access, AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::config::FileGroup;
use super::format::{Entry, Format};
use crate::cli::logging::Severity;
use crate::error::{printable, reason, without_pins};
use crate::time::Utc;
use crate::umask::umask;

/// How many seconds a file's name may be ahead of the clock. In a container, every run has the same process ID.
const MAX_AHEAD: u64 = 60;

/// A log file, created for its first entry.
pub struct LogFile {
    group: FileGroup,
    dir: OwnedFd,
    /// Holds nothing if the file could not be created, so that only the first failure is reported.
    file: OnceCell<Option<File>>,
}

impl LogFile {
    /// Creates the directory and its parents if they are missing, as the reference does.
    ///
    /// # Errors
    /// If that fails, or if the directory is not writable.
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
        Ok(Self { group: group.clone(), dir, file: OnceCell::new() })
    }

    /// Adds an entry with this time. An entry that cannot be written, as on a full disk, is lost.
    pub fn write(&self, text: &str, now: Duration) {
        let file = self.file.get_or_init(|| match self.create(now) {
            Ok(mut file) => {
                let _ = file.write_all(first_lines(self.group.sink.format, now).as_bytes());
                Some(file)
            }
            Err(error) => {
                let (path, error) = (printable(&self.group.dir.display().to_string()), reason(&error));
                let _ = writeln!(io::stderr(), "WARNING: could not create a log file in {path}: {error}");
                None
            }
        });
        let _ = file.as_ref().map(|mut file| file.write_all(text.as_bytes()));
    }

    /// Creates a new file, whatever others may have put there, and the link to it.
    fn create(&self, now: Duration) -> io::Result<File> {
        let prefix = prefix(&self.group.name);
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
        let mode = Mode::from_raw_mode(self.group.mode);
        for ahead in 0..MAX_AHEAD {
            let name = format!("{prefix}.{}", file_name(now + Duration::from_secs(ahead)));
            match fs::openat(&self.dir, &name, flags | OFlags::CLOEXEC, mode) {
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
                Ok(file) => {
                    fs::fchmod(&file, mode.difference(umask()))?;
                    // The link is a convenience.
                    let _ = self.link(&name, &prefix);
                    return Ok(file.into());
                }
            }
        }
        Err(Errno::EXIST.into())
    }

    /// Points the group's link to a file, atomically. Anything there that is not a link stays.
    fn link(&self, name: &str, prefix: &str) -> rustix::io::Result<()> {
        let link = format!("{prefix}.log");
        match fs::statat(&self.dir, &link, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) != FileType::Symlink => return Ok(()),
            Ok(_) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error),
        }
        let new = format!(".{prefix}.{}.tmp", std::process::id());
        // A killed run may have left one.
        let _ = fs::unlinkat(&self.dir, &new, AtFlags::empty());
        fs::symlinkat(name, &self.dir, &new)?;
        fs::renameat(&self.dir, &new, &self.dir, &link).inspect_err(|_| {
            let _ = fs::unlinkat(&self.dir, &new, AtFlags::empty());
        })
    }
}

/// The name the program was called by, so that a link `cockroach` logs to the files of `cockroach`; then the
/// group, unless it is the default one.
fn prefix(group: &str) -> String {
    let path = std::env::args_os().next().unwrap_or_default();
    let program = Path::new(&path).file_name().and_then(OsStr::to_str).unwrap_or_default();
    let program = in_file_name(program).replace('-', "");
    if group == "default" { program } else { format!("{program}-{}", in_file_name(group)) }
}

/// `node1.ops.2021-01-16T21_49_17Z.000042.log`: host, account, time and process id.
fn file_name(time: Duration) -> String {
    let machine = machine();
    let host = in_file_name(machine.split('.').next().unwrap_or_default());
    let user = users::get_user_by_uid(users::get_current_uid());
    let user = user.map_or("unknownuser".into(), |user| in_file_name(&user.name().to_string_lossy()));
    let Utc { year, month, day, hour, minute, second } = Utc::of(time);
    let time = format!("{year:04}-{month:02}-{day:02}T{hour:02}_{minute:02}_{second:02}Z");
    format!("{host}.{user}.{time}.{:06}.log", std::process::id())
}

/// The text as part of a file name: periods separate the parts.
fn in_file_name(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect()
}

fn machine() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The header before a file's first entry.
fn first_lines(format: Format, now: Duration) -> String {
    let Utc { year, month, day, hour, minute, second } = Utc::of(now);
    let arguments: Vec<_> = std::env::args_os().map(|arg| without_pins(&arg.to_string_lossy())).collect();
    let mut lines = vec![
        format!("file created at: {year:04}/{month:02}/{day:02} {hour:02}:{minute:02}:{second:02}"),
        format!("running on machine: {}", machine()),
        concat!("binary: ", env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned(),
        format!("arguments: [{}]", arguments.join(" ")),
        format!("log format (utf8=\u{2713}): {}", format.name()),
    ];
    if format != Format::Json {
        let layout =
            "[IWEF]yymmdd hh:mm:ss.uuuuuu goid [chan@]file:line redactionmark \\[tags\\] [counter] msg";
        lines.push(format!("line format: {layout}"));
    }
    let (severity, file) = (Severity::Info, "logging/file.rs");
    let entry = Entry { severity, time: now, file, line: line!(), counter: None, message: "" };
    lines.iter().map(|message| format.render(&Entry { message, ..entry }, false)).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::logging::config::Sink;

    #[test]
    fn names_of_files_are_those_of_the_reference() {
        let name = file_name(Duration::from_secs(1_610_833_757));
        let [_, _, time, pid, "log"] = name.split('.').collect::<Vec<_>>()[..] else { panic!("{name}") };
        assert_eq!((time, pid), ("2021-01-16T21_49_17Z", format!("{:06}", std::process::id()).as_str()));
        assert_eq!(in_file_name("../..//node-1\n"), "node-1");
        assert_eq!(in_file_name("b\u{fc}cher"), "b\u{fc}cher");
    }

    #[test]
    fn what_is_planted_under_the_name_of_a_file_is_passed_over() {
        let temporary = tempfile::tempdir().expect("a directory");
        let now = Duration::from_secs(1_610_833_757);
        let path = |ahead| {
            let name = file_name(now + Duration::from_secs(ahead));
            temporary.path().join(format!("{}.{name}", prefix("default")))
        };
        symlink("target", path(0)).expect("a link");
        std::fs::write(path(1), "untouched").expect("a file");
        let sink = Sink { filter: Severity::Info, format: Format::CrdbV2 };
        let group = FileGroup { name: "default".into(), dir: temporary.path().into(), mode: 0o640, sink };
        LogFile::new(&group).expect("a log").write("text\n", now);
        assert!(!temporary.path().join("target").exists());
        assert_eq!(std::fs::read_to_string(path(1)).expect("a file"), "untouched");
        assert!(std::fs::read_to_string(path(2)).expect("a log").ends_with("text\n"));
    }
}
