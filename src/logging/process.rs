//! Who writes: the parts of a log file's name, and of its first lines.

use std::ffi::OsStr;
use std::path::Path;

use crate::error::without_pins;

/// This process, as the names of its log files say it.
pub struct Process {
    /// The name it was called by, so that a link `cockroach` logs to the files of `cockroach`.
    pub program: String,
    /// The whole name of the machine.
    pub machine: String,
    /// The machine's name up to the first period.
    pub host: String,
    /// The account's name.
    pub user: String,
    /// The process id.
    pub pid: u32,
    /// The command line.
    pub arguments: Vec<String>,
}

impl Process {
    pub fn current() -> Self {
        let arguments: Vec<_> =
            std::env::args_os().map(|argument| without_pins(&argument.to_string_lossy())).collect();
        let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let user = users::get_user_by_uid(users::get_current_uid());
        let user = user.map_or("unknownuser".into(), |user| user.name().to_string_lossy().into_owned());
        let program = arguments.first().and_then(|path| Path::new(path).file_name()).and_then(OsStr::to_str);
        Self {
            // A hyphen separates it from the name of the file group.
            program: in_file_name(program.unwrap_or_default(), false),
            host: in_file_name(machine.split('.').next().unwrap_or_default(), true),
            user: in_file_name(&user, true),
            pid: std::process::id(),
            machine,
            arguments,
        }
    }
}

/// The part of a file name that says `text`: periods separate the parts.
pub fn in_file_name(text: &str, keep_hyphens: bool) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || keep_hyphens && *c == '-').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_file_names_have_no_periods_or_slashes() {
        assert_eq!(in_file_name("crdb-cert", false), "crdbcert");
        assert_eq!(in_file_name("../..//node-1\n", true), "node-1");
        assert_eq!(in_file_name("b\u{fc}cher", true), "b\u{fc}cher");
    }
}
