//! `probe`: what do running servers really serve?

mod targets;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};

use super::values;
use super::verify::{check_output, report_file};
use crate::cli::Probe;
use crate::interrupts::Interrupts;
use crate::output;
use crate::output::probe::{self as report, Report, Summary};
use crate::output::terminal::Paint;
use crate::pki::verify::OpenSsl;
use crate::probe::judge::judge;
use crate::probe::{Expected, Judged, Manner, Probed, Protocol, talk};
use crate::threads::each;
use targets::Known;

/// How many servers are asked at the same time: what takes time is the network.
const JOBS: usize = 32;

/// The longest time for one address, in seconds.
const LONGEST: i64 = 3600;

/// Prints the report; the status is 0 if all is good, 1 for warnings, 2 for errors, and 3 if a server could not
/// be reached.
pub fn run(args: &Probe) -> Result<ExitCode> {
    let protocol = match (args.http, args.rpc) {
        (true, _) => Protocol::Http,
        (_, true) => Protocol::Rpc,
        _ => Protocol::Pgwire,
    };
    let seconds = |flag, text| Ok::<_, anyhow::Error>(values::duration(flag, text)?.as_seconds());
    let timeout = seconds("--timeout", &args.timeout)?.clamp(1, LONGEST).unsigned_abs();
    let job = Job {
        expires_within: seconds("--expires-within", &args.expires_within)?,
        known: targets::all(args, protocol)?,
        manner: Manner {
            protocol,
            client: targets::client(args, protocol)?,
            timeout: Duration::from_secs(timeout),
        },
        now: values::now(),
    };
    let (interrupts, mut status) = (Interrupts::defer(), ExitCode::SUCCESS);
    let mut print = |paint, out: &mut dyn Write| {
        job.print(report::of(args.format, paint, job.now, out)).map(|printed| status = printed)
    };
    match report_file(args.output.as_deref()) {
        None => output::print_with(|out| print(Paint::of_stdout(), out)).context("could not print the report"),
        Some(file) => {
            check_output(file)?;
            output::print_to(file, |out| print(Paint::PLAIN, out))
        }
    }
    .or_else(|error| interrupts.check().and(Err(error)))?;
    Ok(status)
}

/// What is to be done.
struct Job {
    known: Vec<Known>,
    manner: Manner,
    expires_within: i64,
    now: i64,
}

impl Job {
    fn print(&self, mut report: Box<dyn Report + '_>) -> io::Result<ExitCode> {
        let interrupts = Interrupts::defer();
        let mut summary = Summary { now: self.now, ..Summary::default() };
        let take = |_, probed| {
            interrupts.check()?;
            summary.count(&probed);
            Ok(report.server(&probed)?)
        };
        each(&self.known, JOBS, |known| self.look(known), take)
            .and_then(|_| interrupts.check())
            .map_err(|error| error.downcast::<io::Error>().unwrap_or_else(io::Error::other))?;
        report.end(&summary)?;
        Ok(ExitCode::from(summary.status()))
    }

    fn look(&self, known: &Known) -> Probed {
        let protocol = self.manner.protocol;
        let client = self.manner.client.as_ref().map(|(file, _)| file.as_str());
        let seen = talk(&known.target, &self.manner);
        let expected = Expected {
            target: &known.target,
            protocol,
            disk: &known.disk,
            client,
            expires_within: self.expires_within,
            now: self.now,
        };
        let judged = seen.as_ref().map_or_else(|_| Judged::default(), |seen| judge(seen, &expected, &OpenSsl));
        Probed { target: known.target.clone(), protocol, seen, judged, client: client.map(str::to_owned) }
    }
}
