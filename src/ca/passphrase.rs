//! A passphrase, such as that of a CA key: from a file, a file descriptor or the terminal, but never from the
//! command line.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use rustix::process::{Signal, kill_current_process_group};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use zeroize::{Zeroize, Zeroizing};

use super::secret_file;
use crate::certs_dir::access::check_passphrase;
use crate::error::{Advice, reason};
use crate::ffi;
use crate::finding::Finding;
use crate::interrupts::{Interrupted, Interrupts};
use crate::store::read::ReadError;

/// The shortest passphrase for a new key, in bytes (NIST SP 800-63B section 3.1.1).
const SHORTEST: usize = 8;
/// The longest one that OpenSSL accepts, in bytes.
const LONGEST: usize = 1024;

/// A passphrase, or a PIN.
pub type Passphrase = Zeroizing<Vec<u8>>;

/// Where the passphrase comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The terminal of the process.
    Terminal,
    /// The first line of a file.
    File(PathBuf),
    /// The first line of a file descriptor.
    Descriptor(i32),
}

/// What the flags are called that say where a passphrase comes from.
pub struct Flags {
    /// The one for a file.
    pub file: &'static str,
    /// The one for a file descriptor.
    pub descriptor: &'static str,
}

/// Those for CA keys.
pub const CA_KEY: Flags = Flags { file: "--ca-key-passphrase-file", descriptor: "--ca-key-passphrase-fd" };
/// Those for files that travel.
pub const FILE: Flags = Flags { file: "--passphrase-file", descriptor: "--passphrase-fd" };

impl Source {
    /// The passphrase of an existing key; `what` names the key in the prompt.
    ///
    /// # Errors
    /// If the source is empty.
    pub fn existing(&self, what: &str, findings: &mut Vec<Finding>) -> Result<Passphrase> {
        match self {
            Self::Terminal => Terminal::open(&CA_KEY)?.ask(&format!("passphrase of {what}: ")),
            Self::File(path) => from_file(path, findings),
            Self::Descriptor(number) => from_descriptor(*number),
        }
    }

    /// A passphrase for a new key; a terminal asks for it twice.
    ///
    /// # Errors
    /// If the source is empty, the passphrase is too short, or the two differ.
    pub fn new_one(&self, what: &str, flags: &Flags, findings: &mut Vec<Finding>) -> Result<Passphrase> {
        let passphrase = match self {
            Self::Terminal => {
                let mut terminal = Terminal::open(flags)?;
                let first = terminal.ask(&format!("passphrase for {what}: "))?;
                self.check_length(&first, flags)?;
                let second = terminal.ask("the same again: ")?;
                if first != second {
                    bail!("the two passphrases differ");
                }
                first
            }
            Self::File(_) | Self::Descriptor(_) => self.existing(what, findings)?,
        };
        self.check_length(&passphrase, flags)?;
        Ok(passphrase)
    }

    fn check_length(&self, passphrase: &Passphrase, flags: &Flags) -> Result<()> {
        if passphrase.len() >= SHORTEST {
            return Ok(());
        }
        let which = match self {
            Self::Terminal => "the passphrase".to_owned(),
            Self::File(path) => format!("{}: the passphrase in {}", flags.file, path.display()),
            Self::Descriptor(number) => {
                format!("{}: the passphrase from file descriptor {number}", flags.descriptor)
            }
        };
        let what = format!("{which} has {} bytes, and at least {SHORTEST} are needed", passphrase.len());
        Err(Advice::new(what, "choose a longer one, such as several random words").into())
    }
}

fn from_file(path: &Path, findings: &mut Vec<Finding>) -> Result<Passphrase> {
    let about = || format!("could not read the passphrase file {}", path.display());
    let contents = match secret_file::read(path, check_passphrase, findings) {
        Err(error @ ReadError::NotFound) => {
            let hint = "write the passphrase into it, or name another file";
            return Err(Advice::new(format!("{}: {error}", about()), hint).into());
        }
        result => result.with_context(about)?,
    };
    first_line(contents).with_context(about)
}

fn from_descriptor(number: i32) -> Result<Passphrase> {
    let about = || format!("could not read the passphrase from file descriptor {number}");
    let file = ffi::inherited(number).map_err(|error| anyhow!("{}", reason(&error))).with_context(about)?;
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST + 2));
    // Byte by byte: the bytes after the line are for another reader, and may not arrive for a long time.
    #[expect(clippy::unbuffered_bytes)]
    for byte in file.bytes().take(LONGEST + 2) {
        let byte = byte.map_err(|error| anyhow!("{}", reason(&error))).with_context(about)?;
        if byte == b'\n' {
            break;
        }
        line.push(byte);
    }
    first_line(line).with_context(about)
}

fn first_line(mut contents: Passphrase) -> Result<Passphrase> {
    let end = contents.iter().position(|b| *b == b'\n').unwrap_or(contents.len());
    contents.truncate(end);
    if contents.last() == Some(&b'\r') {
        contents.pop();
    }
    match contents.len() {
        0 => bail!("its first line is empty"),
        n if n > LONGEST => bail!("its first line has more than {LONGEST} bytes"),
        _ => Ok(contents),
    }
}

/// What was typed at the prompt.
enum Typed {
    /// A line.
    Line(Passphrase),
    /// Ctrl-C or Ctrl-\, or a signal came.
    Interrupt,
    /// Ctrl-D.
    End,
}

/// The terminal, without echo and with Ctrl-C as input. Dropping this restores it; signals wait until then.
struct Terminal {
    file: File,
    before: Termios,
    interrupts: Interrupts,
}

impl Terminal {
    fn open(flags: &Flags) -> Result<Self> {
        let open = || -> io::Result<Self> {
            let file = File::options().read(true).write(true).open("/dev/tty")?;
            let before = tcgetattr(&file)?;
            let terminal = Self { file, before, interrupts: Interrupts::defer() };
            terminal.silence()?;
            Ok(terminal)
        };
        open().map_err(|_| {
            let hint = format!("name it in {} or {}", flags.file, flags.descriptor);
            Advice::new("a passphrase is needed, and there is no terminal to ask for it", hint).into()
        })
    }

    fn silence(&self) -> io::Result<()> {
        let mut silent = self.before.clone();
        // Reads time out, to check for signals.
        silent.special_codes[SpecialCodeIndex::VMIN] = 0;
        silent.special_codes[SpecialCodeIndex::VTIME] = 2;
        silent.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        Ok(tcsetattr(&self.file, OptionalActions::Flush, &silent)?)
    }

    /// Does what Ctrl-Z does in other programs. Returns when the process resumes and has the terminal again.
    fn suspend(&mut self) -> io::Result<()> {
        self.file.write_all(b"\n")?;
        tcsetattr(&self.file, OptionalActions::Flush, &self.before)?;
        kill_current_process_group(Signal::TSTP)?;
        // Another program may have changed the terminal meanwhile. In the background, this waits for the
        // foreground.
        self.before = tcgetattr(&self.file)?;
        self.silence()
    }

    fn ask(&mut self, prompt: &str) -> Result<Passphrase> {
        let line = self
            .line(prompt)
            .map_err(|error| anyhow!("could not ask for the passphrase: {}", reason(&error)))?;
        // The typed characters did not move the cursor.
        let _ = self.file.write_all(b"\n");
        match line {
            Typed::Interrupt => Err(Interrupted.into()),
            Typed::End => bail!("no passphrase was given"),
            Typed::Line(line) if line.is_empty() => bail!("the passphrase is empty"),
            Typed::Line(line) => Ok(line),
        }
    }

    /// Reads a line with the usual editing keys.
    fn line(&mut self, prompt: &str) -> io::Result<Typed> {
        self.file.write_all(prompt.as_bytes())?;
        let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
        let mut byte = Zeroizing::new([0]);
        loop {
            if self.file.read(&mut *byte)? == 0 {
                // Nothing typed yet, or the terminal is gone; reading an attribute tells which.
                tcgetattr(&self.file)?;
                if self.interrupts.check().is_err() {
                    return Ok(Typed::Interrupt);
                }
                continue;
            }
            match byte[0] {
                b'\n' | b'\r' => return Ok(Typed::Line(line)),
                0x03 | 0x1c => return Ok(Typed::Interrupt),
                0x04 => return Ok(Typed::End),
                0x08 | 0x7f => while line.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {},
                0x15 => line.clear(),
                0x1a => {
                    line.zeroize();
                    self.suspend()?;
                    self.file.write_all(prompt.as_bytes())?;
                }
                other if line.len() < LONGEST => line.push(other),
                _ => return Err(io::Error::other(format!("it has more than {LONGEST} bytes"))),
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.file, OptionalActions::Flush, &self.before);
    }
}
