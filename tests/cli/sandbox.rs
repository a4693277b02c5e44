//! The sandbox of `tests/support`, with a terminal.

use std::fs;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};

use rustix::pty;
use rustix::termios::{Winsize, tcsetwinsize};

pub use crate::support::{DIRS, Run, Sandbox, program};

impl Sandbox {
    /// The same, with stderr on a terminal: what is seen there.
    pub fn create_on_terminal(&self, command: &str, args: &[&str]) -> String {
        self.create_on_terminal_with(&[], command, args)
    }

    /// The same, with environment variables.
    pub fn create_on_terminal_with(&self, env: &[(&str, &str)], command: &str, args: &[&str]) -> String {
        let (controller, user) = terminal();
        let args = [&[command, "--key-algorithm=ecdsa"], args, &DIRS].concat();
        let mut child =
            self.command(&args).envs(env.iter().copied()).stderr(user).spawn().expect("the program");
        assert!(child.wait().expect("the program").success(), "{args:?}");
        seen(controller)
    }

    /// The program, with stdout on a terminal of so many columns: what is seen there, which has to be short.
    pub fn seen_on_terminal(&self, columns: u16, env: &[(&str, &str)], args: &[&str]) -> String {
        let (controller, user) = terminal();
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&user, size).expect("a size");
        let child = self.command(args).envs(env.iter().copied()).stdout(user).stderr(Stdio::piped()).spawn();
        child.and_then(Child::wait_with_output).expect("the program");
        seen(controller)
    }
}

/// A terminal: the side that sees what is printed, and the program's.
fn terminal() -> (OwnedFd, fs::File) {
    let controller = pty::openpt(pty::OpenptFlags::RDWR | pty::OpenptFlags::NOCTTY).expect("a terminal");
    pty::grantpt(&controller).expect("grantpt");
    pty::unlockpt(&controller).expect("unlockpt");
    let name = pty::ptsname(&controller, Vec::new()).expect("ptsname");
    let user =
        fs::File::options().read(true).write(true).open(name.to_str().expect("ASCII")).expect("the terminal");
    (controller, user)
}

/// What was printed, after the program's end.
fn seen(controller: OwnedFd) -> String {
    let mut seen = Vec::new();
    let mut controller = fs::File::from(controller);
    // All of it is in the terminal's buffer; when it is read the terminal hangs up.
    let mut chunk = [0; 4096];
    while let Ok(n @ 1..) = controller.read(&mut chunk) {
        seen.extend_from_slice(&chunk[..n]);
    }
    String::from_utf8(seen).expect("UTF-8").replace("\r\n", "\n")
}

/// Digits of dates become `N`: `2031/11/25` is `NNNN/NN/NN`.
pub fn without_dates(text: &str) -> String {
    let bytes = text.as_bytes();
    let is_date = |at: usize| {
        bytes.get(at..at + 10).is_some_and(|date| {
            date.iter().enumerate().all(|(i, b)| if i == 4 || i == 7 { *b == b'/' } else { b.is_ascii_digit() })
        })
    };
    let mut masked = bytes.to_vec();
    for at in (0..bytes.len()).filter(|at| is_date(*at)) {
        masked[at..at + 10].copy_from_slice(b"NNNN/NN/NN");
    }
    String::from_utf8(masked).expect("UTF-8")
}
