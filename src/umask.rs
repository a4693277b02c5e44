//! The umask.

use std::sync::LazyLock;

use rustix::fs::Mode;

/// The umask that the process started with. The first call sets one that closes every new file and directory to
/// others, so that none is ever open for a moment; open ones get their mode explicitly.
pub fn umask() -> Mode {
    static BEGUN_WITH: LazyLock<Mode> = LazyLock::new(|| rustix::process::umask(Mode::RWXG | Mode::RWXO));
    *BEGUN_WITH
}
