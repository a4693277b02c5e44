//! A command line taken apart, and the start of the server in it.

use std::path::PathBuf;

use super::{CERTS_DIR, FlagsError};

/// A word of a command line, and what of it is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// The word as far as it is known.
    pub text: String,
    /// What stands in it for something unknown, such as `${STORE}`. If that may be several words, `text` is
    /// empty.
    pub unknown: Option<String>,
}

/// The words behind `cockroach start` or `cockroach start-single-node`, which begin at `at`; none if the server
/// is not started there.
pub(super) fn start(words: &[Word], at: usize) -> Option<&[Word]> {
    let known = |i: usize| words.get(i).filter(|word| word.unknown.is_none()).map(|word| word.text.as_str());
    let program = known(at)?.rsplit('/').next()?;
    let starts = matches!(known(at + 1)?, "start" | "start-single-node");
    (program == "cockroach" && starts).then(|| &words[at + 2..])
}

/// The value of `COCKROACH_CERTS_DIR`; none if it is empty. The server itself puts variables in.
pub(super) fn known_dir(word: Word, line: usize) -> Result<Option<PathBuf>, FlagsError> {
    let unknown = word.unknown.or_else(|| word.text.contains('$').then(|| word.text.clone()));
    match unknown {
        Some(unknown) => {
            Err(FlagsError::new(line, format!("{CERTS_DIR}: it is not known what {unknown} stands for")))
        }
        None => Ok(Some(word.text).filter(|text| !text.is_empty()).map(PathBuf::from)),
    }
}

/// The one start of the server among several lines.
pub(super) fn only<T>(mut starts: Vec<(usize, T)>) -> Result<(usize, T), FlagsError> {
    match starts.len() {
        0 => Err(FlagsError::new(
            1,
            "nothing here starts a server: no command `cockroach start` or start-single-node",
        )),
        1 => Ok(starts.remove(0)),
        _ => Err(FlagsError::new(starts[1].0, "another server is started here; give one start alone")),
    }
}
