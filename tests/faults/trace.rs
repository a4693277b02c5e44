//! What a command did to the disk, from strace's record of its system calls.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::disk::{Change, CrossRename, Event, History, Inode, Node, apply};
use crate::world::{Run, World, program};

/// Calls that only look, or have nothing to do with what is on the disk.
const LOOKING: [&str; 29] = [
    "access",
    "chown",
    "execve",
    "faccessat",
    "faccessat2",
    "fadvise64",
    "fchown",
    "fchownat",
    "fcntl",
    "flock",
    "fstat",
    "fstatfs",
    "getcwd",
    "getdents64",
    "ioctl",
    "lchown",
    "lseek",
    "lstat",
    "mmap",
    "newfstatat",
    "poll",
    "pread64",
    "read",
    "readlink",
    "readlinkat",
    "readv",
    "stat",
    "statfs",
    "statx",
];

/// The top directory of the world, where the command runs.
const TOP: Inode = 0;

/// The disk while the trace is read.
struct Reader {
    top: PathBuf,
    /// As it is now.
    nodes: Vec<Node>,
    /// By descriptor, if it is in the world.
    open: HashMap<i64, Inode>,
    /// As it was when each node appeared, and what happened since.
    history: History,
    rename: CrossRename,
}

/// Runs the command in a copy of the world; its history, and the directory it ran in.
pub fn history(world: &World, args: &[String], rename: CrossRename) -> Result<(History, PathBuf)> {
    let world = world.copy();
    let mut reader = Reader::new(&world, rename);
    let log = world.beside("disk.log");
    let mut strace =
        world.command("strace", &["-f", "-qq", "-xx", "-s", "9999999", "-e", "trace=%file,%desc", "-o"]);
    let run = Run::of(strace.arg(&log).args(["--", program()]).args(args));
    ensure!(run.success(), "{run:?}");
    for line in fs::read_to_string(&log)?.lines() {
        reader.line(line).with_context(|| line.chars().take(300).collect::<String>())?;
    }
    let History { nodes, events } = reader.history;
    ensure!(events.iter().any(|event| matches!(event, Event::Sync(_))), "nothing was synced: {args:?}");
    Ok((History { nodes, events }, world.dir().to_owned()))
}

impl Reader {
    fn new(world: &World, rename: CrossRename) -> Self {
        let mut nodes = vec![Node::new(true, 0o755)];
        for (path, item) in world.snapshot() {
            let mut node = Node::new(item.contents.is_none(), item.mode);
            node.contents = item.contents.unwrap_or_default();
            nodes.push(node);
            let (dir, name) = split(&path).expect("a path");
            let dir = walk(&nodes, TOP, dir).expect("its directory comes first");
            let change = Change { dir, name, to: Some(nodes.len() - 1) };
            apply(&mut nodes, &change);
        }
        let history = History { nodes: nodes.clone(), events: Vec::new() };
        Self { top: world.dir().to_owned(), nodes, open: HashMap::new(), history, rename }
    }

    /// `123 openat(AT_FDCWD, "\x2e", O_RDONLY) = 3`
    fn line(&mut self, line: &str) -> Result<()> {
        let (_, call) = line.split_once(' ').context("no process")?;
        let call = call.trim_start();
        if call.starts_with("---") || call.starts_with("+++") {
            return Ok(());
        }
        ensure!(!call.contains("<unfinished") && !call.contains("resumed>"), "two threads at once");
        let (name, rest) = call.split_once('(').context("no call")?;
        let (args, result) = rest.rsplit_once(") ").context("no end")?;
        let result = result.trim_start().trim_start_matches("= ");
        let result = result.split(' ').next().unwrap_or_default();
        match result.parse::<i64>() {
            Ok(result) if result >= 0 => self.call(name, &args.split(", ").collect::<Vec<_>>(), result),
            _ => Ok(()),
        }
    }

    fn call(&mut self, name: &str, args: &[&str], result: i64) -> Result<()> {
        let number = |at: usize| args[at].parse::<i64>().context("a number");
        let mode = |at: usize| u32::from_str_radix(args[at], 8).context("a mode");
        match (name, args.len()) {
            ("open" | "creat", _) => self.opened("AT_FDCWD", args, result),
            ("openat", _) => self.opened(args[0], &args[1..], result),
            ("close", _) => {
                self.open.remove(&number(0)?);
                Ok(())
            }
            ("dup" | "dup2" | "dup3", _) => self.duplicated(number(0)?, result),
            ("fcntl", _) if args[1].starts_with("F_DUPFD") => self.duplicated(number(0)?, result),
            ("write", _) => self.wrote(number(0)?, &bytes(args[1])?[..usize::try_from(result)?]),
            ("fsync" | "fdatasync", _) => {
                self.history.events.extend(self.open.get(&number(0)?).map(|node| Event::Sync(*node)));
                Ok(())
            }
            ("mkdir", _) => self.made("AT_FDCWD", args[0], mode(1)?),
            ("mkdirat", _) => self.made(args[0], args[1], mode(2)?),
            ("rename", _) => self.renamed(["AT_FDCWD", args[0]], ["AT_FDCWD", args[1]], false),
            ("renameat" | "renameat2", _) => {
                let exchange = args.get(4).is_some_and(|flags| flags.contains("EXCHANGE"));
                self.renamed([args[0], args[1]], [args[2], args[3]], exchange)
            }
            ("link", _) => self.linked(["AT_FDCWD", args[0]], ["AT_FDCWD", args[1]]),
            ("linkat", _) => self.linked([args[0], args[1]], [args[2], args[3]]),
            ("unlink" | "rmdir", _) => self.removed("AT_FDCWD", args[0]),
            ("unlinkat", _) => self.removed(args[0], args[1]),
            ("chmod", _) => self.changed_mode("AT_FDCWD", args[0], mode(1)?),
            ("fchmodat", _) => self.changed_mode(args[0], args[1], mode(2)?),
            ("fchmod", _) => {
                let event = self
                    .open
                    .get(&number(0)?)
                    .map(|node| Event::Mode(*node, u32::from_str_radix(args[1], 8).unwrap_or(0)));
                self.history.events.extend(event);
                Ok(())
            }
            _ if LOOKING.contains(&name) => Ok(()),
            _ => bail!("a call that the model does not know: {name}"),
        }
    }

    fn opened(&mut self, dir: &str, args: &[&str], descriptor: i64) -> Result<()> {
        let flags = args.get(1).copied().unwrap_or("O_CREAT|O_TRUNC");
        let Some((at, name)) = self.place(dir, args[0])? else { return Ok(()) };
        let found = if name.is_empty() { Some(at) } else { self.lookup(at, &name) };
        let node = match found {
            Some(node) => {
                if flags.contains("O_TRUNC") {
                    self.history.events.push(Event::Contents(node, Vec::new()));
                    self.nodes[node].contents.clear();
                }
                node
            }
            None => {
                ensure!(flags.contains("O_CREAT"), "it opened what is not there");
                let mode = u32::from_str_radix(args.last().context("a mode")?, 8)?;
                self.create(at, name, Node::new(false, mode))
            }
        };
        self.open.insert(descriptor, node);
        Ok(())
    }

    fn duplicated(&mut self, from: i64, to: i64) -> Result<()> {
        self.open.get(&from).copied().map(|node| self.open.insert(to, node));
        Ok(())
    }

    fn wrote(&mut self, descriptor: i64, bytes: &[u8]) -> Result<()> {
        if let Some(node) = self.open.get(&descriptor) {
            self.nodes[*node].contents.extend(bytes);
            self.history.events.push(Event::Contents(*node, self.nodes[*node].contents.clone()));
        }
        Ok(())
    }

    fn made(&mut self, dir: &str, path: &str, mode: u32) -> Result<()> {
        if let Some((at, name)) = self.place(dir, path)? {
            self.create(at, name, Node::new(true, mode));
        }
        Ok(())
    }

    fn create(&mut self, dir: Inode, name: String, node: Node) -> Inode {
        self.nodes.push(node.clone());
        self.history.nodes.push(node);
        let to = self.nodes.len() - 1;
        self.happened(vec![Change { dir, name, to: Some(to) }]);
        to
    }

    fn renamed(&mut self, from: [&str; 2], to: [&str; 2], exchange: bool) -> Result<()> {
        let (from, to) = (self.place(from[0], from[1])?, self.place(to[0], to[1])?);
        let (Some((from_dir, from)), Some((to_dir, to))) = (from, to) else {
            bail!("a rename out of the world")
        };
        let moved = self.lookup(from_dir, &from).context("nothing to rename")?;
        let other = self.lookup(to_dir, &to);
        if other == Some(moved) {
            return Ok(());
        }
        let back = if exchange { other } else { None };
        let changes =
            [Change { dir: to_dir, name: to, to: Some(moved) }, Change { dir: from_dir, name: from, to: back }];
        if from_dir == to_dir || self.rename == CrossRename::OneChange {
            self.happened(changes.to_vec());
        } else {
            changes.into_iter().for_each(|change| self.happened(vec![change]));
        }
        Ok(())
    }

    fn linked(&mut self, from: [&str; 2], to: [&str; 2]) -> Result<()> {
        let (from, to) = (self.place(from[0], from[1])?, self.place(to[0], to[1])?);
        let (Some((from_dir, from)), Some((dir, name))) = (from, to) else { bail!("a link out of the world") };
        let linked = self.lookup(from_dir, &from).context("nothing to link")?;
        self.happened(vec![Change { dir, name, to: Some(linked) }]);
        Ok(())
    }

    fn removed(&mut self, dir: &str, path: &str) -> Result<()> {
        let (dir, name) = self.place(dir, path)?.context("it removes what is not in the world")?;
        self.happened(vec![Change { dir, name, to: None }]);
        Ok(())
    }

    fn changed_mode(&mut self, dir: &str, path: &str, mode: u32) -> Result<()> {
        if let Some((dir, name)) = self.place(dir, path)? {
            let node = self.lookup(dir, &name).context("nothing there")?;
            self.history.events.push(Event::Mode(node, mode));
        }
        Ok(())
    }

    fn happened(&mut self, changes: Vec<Change>) {
        changes.iter().for_each(|change| apply(&mut self.nodes, change));
        self.history.events.push(Event::Names(changes));
    }

    fn lookup(&self, dir: Inode, name: &str) -> Option<Inode> {
        self.nodes[dir].names.as_ref()?.get(name).copied()
    }

    /// The directory of a path and the name in it, which is empty where the path is a directory's own; `None`
    /// outside the world.
    fn place(&self, dir: &str, path: &str) -> Result<Option<(Inode, String)>> {
        let path = PathBuf::from(String::from_utf8(bytes(path)?)?);
        let (at, path) = match path.strip_prefix(&self.top) {
            Ok(inside) => (TOP, inside),
            Err(_) if path.is_absolute() => return Ok(None),
            Err(_) if dir == "AT_FDCWD" => (TOP, &*path),
            Err(_) => match self.open.get(&dir.parse()?) {
                Some(dir) => (*dir, &*path),
                None => return Ok(None),
            },
        };
        match split(path) {
            None => Ok(Some((at, String::new()))),
            Some((dir, name)) => Ok(Some((walk(&self.nodes, at, dir).context("no such directory")?, name))),
        }
    }
}

fn split(path: &Path) -> Option<(&Path, String)> {
    Some((path.parent()?, path.file_name()?.to_str()?.to_owned()))
}

fn walk(nodes: &[Node], from: Inode, path: &Path) -> Option<Inode> {
    let names = path.components().filter_map(|part| part.as_os_str().to_str()).filter(|name| *name != ".");
    names.into_iter().try_fold(from, |at, name| nodes[at].names.as_ref()?.get(name).copied())
}

/// A string as strace's -xx has it.
fn bytes(text: &str) -> Result<Vec<u8>> {
    let text = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .context("no string, or not all of it")?;
    text.split("\\x").skip(1).map(|byte| Ok(u8::from_str_radix(byte, 16)?)).collect()
}
