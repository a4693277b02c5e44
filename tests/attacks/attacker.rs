//! Another account, and what it can do to names while a command runs.

use std::ffi::OsString;
use std::fs;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::fs::{CWD, Gid, RenameFlags, Uid, renameat_with};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

/// The attacker's user and group id: it is nobody.
pub const ID: u32 = 65534;

/// While this lasts a command of root's runs.
pub struct Moment {
    begin: Barrier,
    lasts: AtomicBool,
}

impl Moment {
    /// Waits for the command to begin. An attack prepares itself before.
    pub fn begins(&self) {
        self.begin.wait();
    }

    pub fn lasts(&self) -> bool {
        self.lasts.load(Ordering::Relaxed)
    }
}

/// Runs this as the attacker.
pub fn attacker<T: Send>(act: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| scope.spawn(|| in_attackers_skin(act)).join().expect("the attacker"))
}

/// Runs the command as root while the attacker acts.
pub fn while_attacked<R, T: Send>(
    command: impl FnOnce() -> R,
    act: impl FnOnce(&Moment) -> T + Send,
) -> (R, T) {
    let moment = Moment { begin: Barrier::new(2), lasts: AtomicBool::new(true) };
    thread::scope(|scope| {
        let attacker = scope.spawn(|| in_attackers_skin(|| act(&moment)));
        moment.begins();
        let result = command();
        moment.lasts.store(false, Ordering::Relaxed);
        (result, attacker.join().expect("the attacker"))
    })
}

/// Credentials belong to the thread, and so does what the kernel allows it.
fn in_attackers_skin<T>(act: impl FnOnce() -> T) -> T {
    let (user, group) = (Uid::from_raw(ID), Gid::from_raw(ID));
    let changed = set_thread_groups(&[])
        .and_then(|()| set_thread_res_gid(group, group, group))
        .and_then(|()| set_thread_res_uid(user, user, user));
    changed.expect("these tests become another user, and need CAP_SETUID and CAP_SETGID");
    act()
}

/// Exchanges two names as soon as both are there, and again `times` in all; how often it could.
pub fn exchange(moment: &Moment, one: &Path, other: &Path, times: usize) -> usize {
    let mut done = 0;
    while moment.lasts() && done < times {
        done += usize::from(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).is_ok());
    }
    done
}

/// Makes a file and removes it again as long as the command runs, with such a pause between; how often it
/// could.
pub fn come_and_go(moment: &Moment, path: &Path, pause: usize) -> usize {
    let mut done = 0;
    while moment.lasts() {
        let created = fs::File::options().write(true).create_new(true).open(path);
        done += usize::from(created.is_ok());
        let _ = fs::remove_file(path);
        // A file that is there most of the time is seen too early.
        (0..pause).for_each(|_| std::hint::spin_loop());
    }
    done
}

/// What happens to the names in a directory.
pub struct Watch(OwnedFd);

impl Watch {
    pub fn of(dir: &Path) -> Self {
        let fd = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).expect("inotify");
        inotify::add_watch(&fd, dir, WatchFlags::CREATE | WatchFlags::MOVED_TO).expect("a watch");
        Self(fd)
    }

    /// The names that have appeared since this was asked before.
    pub fn appeared(&self) -> Vec<OsString> {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = inotify::Reader::new(&self.0, &mut buffer);
        let mut names = Vec::new();
        while let Ok(event) = events.next() {
            names.extend(event.file_name().map(|name| OsString::from_vec(name.to_bytes().to_vec())));
        }
        names
    }
}
