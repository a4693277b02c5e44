//! The umask.

use std::sync::LazyLock;

use rustix::fs::Mode;

/// The umask that the process began with. From the first call on the process has one that closes every new file and
/// directory to others, so that none is open for a moment; what is to be open gets its mode by name.
pub fn umask() -> Mode {
    static BEGUN_WITH: LazyLock<Mode> = LazyLock::new(|| rustix::process::umask(Mode::RWXG | Mode::RWXO));
    *BEGUN_WITH
}
