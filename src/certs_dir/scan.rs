//! What is in the certs directory, and what is wrong with it (REFERENCE.md section 3).

use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use anyhow::{Result, anyhow};
use walkdir::WalkDir;

use super::inspect::{Inspection, Judge};
use super::layout::CertificateName;
use super::{CertsDir, Reading, is_temporary};
use crate::error::{clipped, printable, reason};
use crate::finding::{Finding, checks};
use crate::usage::Usage;

/// The most bytes that are kept of a note or an error of a kind with one file: a certificate can have as many
/// names as it likes.
const WIDEST: usize = 2000;
/// The same for a kind with any number of files: with the file's name, a row stays under 1 KiB.
const WIDEST_OF_MANY: usize = 300;

/// A certificate of the directory. There may be hundreds of thousands: each keeps a bounded amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The kind.
    pub usage: Usage,
    /// Its file, without directory.
    pub certificate_file: Box<str>,
    /// Can its key be used? CAs have none here.
    pub has_key: bool,
    /// The first second of the first certificate, which is the one in use; `None` if there is none to be read.
    pub not_before: Option<i64>,
    /// The last second of the same.
    pub not_after: Option<i64>,
    /// Who it is for, or how many there are: printable, and cut.
    pub notes: Box<str>,
    /// The first thing that is wrong with it, why it cannot be used: printable, and cut.
    pub error: Option<Box<str>>,
}

impl Entry {
    /// What a look at it found.
    pub fn of(inspection: Inspection<'_>) -> Self {
        let notes = inspection.notes();
        let Inspection { name, certificates, findings, .. } = inspection;
        let (usage, first) = (name.usage, certificates.first());
        Self {
            usage,
            certificate_file: name.certificate_file().into(),
            has_key: !usage.is_ca() && findings.is_empty(),
            not_before: first.and_then(|first| first.not_before),
            not_after: first.and_then(|first| first.not_after),
            notes,
            error: findings.into_iter().next().map(|finding| finding.what.into()),
        }
    }

    /// The file of its key, without directory, if that can be used.
    pub fn key_file(&self) -> Option<String> {
        let name = CertificateName::from_file(&self.certificate_file).filter(|_| self.has_key)?;
        name.ok().map(|name| name.key_file())
    }
}

/// How often certificates are looked at again, in all, if a writer may have changed them meanwhile.
const TRIES: usize = 100;

/// How many certificates a thread looks at before all threads wait for each other: what was found is not kept
/// longer.
const ROUND: usize = 128;

/// How many names that follow no pattern are told one by one.
const BAD_NAMES: usize = 1000;

/// The most bytes that are shown of a name that follows no pattern.
const WIDEST_NAME: usize = 500;

/// What a directory holds.
#[derive(Debug, Default)]
pub struct Scan {
    /// Its certificates, by kind and then by file name.
    pub entries: Vec<Entry>,
    /// What is wrong with other files of it.
    pub findings: Vec<Finding>,
}

/// Looks at all certificates of the directory. A missing directory is empty. A change that was interrupted is
/// read as it will be completed. Files that are not certificates are passed over.
///
/// # Errors
/// If the directory cannot be read.
pub fn scan(certs_dir: &CertsDir, judge: &Judge) -> Result<Scan> {
    let mut scan = Scan::default();
    let names = certificates(certs_dir, &certs_dir.read(), &mut scan.findings)?;
    each(certs_dir, judge, &names, Entry::of, |entry| {
        scan.entries.push(entry);
        Ok(())
    })?;
    Ok(scan)
}

/// Looks at each of these certificates, on all cores; `take` gets what `look` makes of each, in order. Looks
/// again where something is wrong and a writer may have changed it meanwhile.
///
/// # Errors
/// Those of `take`.
pub fn each<T: Send>(
    certs_dir: &CertsDir,
    judge: &Judge,
    names: &[CertificateName],
    look: impl Fn(Inspection<'_>) -> T + Sync,
    mut take: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let tries = AtomicUsize::new(TRIES);
    let look_at = |names: &&[CertificateName]| {
        let mut reading = certs_dir.read();
        let mut looked = Vec::with_capacity(names.len());
        for name in *names {
            let limit = if name.name.is_some() { WIDEST_OF_MANY } else { WIDEST };
            let mut inspection = Inspection::of(&reading, judge, name, limit);
            while !inspection.findings.is_empty() && tries.load(Relaxed) > 0 && reading.is_disturbed() {
                tries.fetch_sub(1, Relaxed);
                reading = certs_dir.read();
                inspection = Inspection::of(&reading, judge, name, limit);
            }
            looked.push(look(inspection));
        }
        looked
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    for round in names.chunks(ROUND * cores) {
        let parts: Vec<_> = round.chunks(round.len().div_ceil(cores)).collect();
        on_threads(&parts, look_at).into_iter().flatten().try_for_each(&mut take)?;
    }
    Ok(())
}

/// What `work` makes of each part, each on a thread of its own but for the first, which is done here. So are
/// those that the system has no thread for.
fn on_threads<P: Sync, T: Send>(parts: &[P], work: impl Fn(&P) -> T + Sync) -> Vec<T> {
    let Some((first, others)) = parts.split_first() else { return Vec::new() };
    let work = &work;
    thread::scope(|scope| {
        let spawn = |part| thread::Builder::new().spawn_scoped(scope, move || work(part));
        let threads: Vec<_> = others.iter().map(|part| spawn(part).map_err(|_| part)).collect();
        let mut done = vec![work(first)];
        done.extend(threads.into_iter().map(|thread| match thread {
            // A panic in a thread is one here.
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(part) => work(part),
        }));
        done
    })
}

/// The certificates of the directory, by kind and then by file name. A missing directory has none.
///
/// # Errors
/// If the directory cannot be read.
pub fn certificates(
    certs_dir: &CertsDir,
    reading: &Reading<'_>,
    findings: &mut Vec<Finding>,
) -> Result<Vec<CertificateName>> {
    let (names, mut bad) = (names(certs_dir, reading)?, 0);
    let known = names.into_iter().filter_map(|name| match name {
        Ok(file) => match CertificateName::from_file(&file)? {
            Ok(name) => Some(name),
            Err(error) => {
                bad += 1;
                if bad <= BAD_NAMES {
                    let path = reading.path(&file).display().to_string();
                    findings.push(bad_name(reading, format_args!("{}: {error}", printable(&path))));
                }
                None
            }
        },
        Err(shown) => {
            bad += 1;
            if bad <= BAD_NAMES {
                findings.push(bad_name(reading, format_args!("{shown}: not UTF-8")));
            }
            None
        }
    });
    let mut known: Vec<_> = known.collect();
    known.sort_by_cached_key(|name| (name.usage, name.certificate_file()));
    if bad > BAD_NAMES {
        let more = bad - BAD_NAMES;
        findings.push(bad_name(reading, format_args!("of {more} more files")));
    }
    Ok(known)
}

fn bad_name(reading: &Reading<'_>, what: fmt::Arguments<'_>) -> Finding {
    let what = clipped(format_args!("bad filename {what}"), WIDEST_NAME);
    checks::FILE_NAME.found(reading.dir_path().display(), what)
}

/// The names of all files that end like a certificate's; one that is not UTF-8 as it can be shown.
fn names(certs_dir: &CertsDir, reading: &Reading<'_>) -> Result<Vec<Result<String, String>>> {
    let ends = |name: &[u8]| name.ends_with(b".crt");
    let pending = reading.pending_names().filter(|name| ends(name.as_bytes()));
    let mut names: Vec<_> = pending.map(|name| Ok(name.to_owned())).collect();
    if !certs_dir.exists() {
        return Ok(names);
    }
    let dir = certs_dir.path();
    // Links to directories are files here, as in the reference: they have a row, with an error.
    for file in WalkDir::new(dir).min_depth(1).max_depth(1) {
        let file = file.map_err(|error| could_not_read(dir, error.into_io_error()))?;
        if file.file_type().is_dir() || is_temporary(file.file_name()) {
            continue;
        }
        if ends(file.file_name().as_bytes()) {
            let name = file.file_name().to_str();
            names.push(name.map(str::to_owned).ok_or_else(|| format!("{:?}", file.path())));
        }
    }
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

fn could_not_read(dir: &Path, error: Option<io::Error>) -> anyhow::Error {
    let why = error.map_or_else(|| "a loop of links".to_owned(), |error| reason(&error));
    anyhow!("could not read the certs directory {}: {why}", dir.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_threads_make_is_in_order() {
        assert_eq!(on_threads(&[1, 2, 3, 4], |part| part * 10), [10, 20, 30, 40]);
        assert_eq!(on_threads(&[0; 0], |part| *part), [0; 0]);
    }

    #[test]
    #[should_panic(expected = "no third")]
    fn a_panic_in_a_thread_is_not_lost() {
        on_threads(&[1, 2, 3], |part| assert!(*part < 3, "no third"));
    }
}
