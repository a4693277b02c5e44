//! The description of a cluster, from a file or stdin.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Result, anyhow};

use super::{announce, values};
use crate::error::{Advice, reason};
use crate::fleet::manifest::{self, Manifest};
use crate::yaml::tree::MAX_LEN;

/// The most errors in a manifest that are printed.
const SHOWN: usize = 100;

/// The description of the cluster. What is wrong with it is printed, each on a line of its own, and what that
/// means: "nothing was made".
pub fn read(file: &OsStr, consequence: &str) -> Result<Manifest> {
    let (shown, text) = if file == "-" {
        ("stdin".to_owned(), contents(io::stdin()))
    } else {
        let path = Path::new(file);
        (path.display().to_string(), File::open(path).and_then(contents))
    };
    let text = text.map_err(|error| {
        let what = format!("could not read the manifest {shown}: {}", reason(&error));
        Advice::new(what, "name a description of the cluster, in YAML or JSON, or - for stdin")
    })?;
    let text = String::from_utf8(text).map_err(|_| anyhow!("the manifest {shown} is not UTF-8"))?;
    manifest::parse(&shown, &text, &values::node_user()?).map_err(|problems| {
        let count = problems.all.len();
        for line in problems.to_string().lines().take(SHOWN) {
            announce::stderr(line);
        }
        let what = match count {
            1 => format!("{shown} has an error"),
            _ => format!("{shown} has {count} errors"),
        };
        Advice::new(format!("{what}; {consequence}"), "correct what the lines above say").into()
    })
}

fn contents(from: impl Read) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    // One more byte than allowed is enough to refuse it.
    from.take(MAX_LEN as u64 + 1).read_to_end(&mut text)?;
    Ok(text)
}
