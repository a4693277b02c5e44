//! `verify`: will everything in the certs directory work?

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::check_login::settings::Server;
use super::values;
use crate::certs_dir::inspect::Judge;
use crate::cli::{ReportFormat, Verify};
use crate::error::Advice;
use crate::interrupts::Interrupts;
use crate::login::ServerSettings;
use crate::output::report::prometheus::Metrics;
use crate::output::report::{self, Summary};
use crate::output::terminal::Paint;
use crate::verify::{self, Expected};
use crate::{account, host, output};

/// Prints the report; the status is 0 if all is good, 1 for warnings, 2 for errors, and 3 if a directory could
/// not be looked at.
pub fn run(args: &Verify) -> Result<ExitCode> {
    let Server { certs_dir: dir, settings, .. } = Server::told(&args.dir, &args.start)?;
    let expected = expected(args, settings)?;
    let dirs = if args.recursive { verify::tree::certs_dirs(&dir)? } else { vec![(dir, Ok(()))] };
    let node_user = values::node_user()?;
    let metrics = Metrics { names: args.metric_names, node_user, recursive: args.recursive };
    // A file is no terminal.
    let file = report_file(args.output.as_deref());
    let paint = if file.is_some() { Paint::PLAIN } else { Paint::of_stdout() };
    let job = Job { format: args.format, metrics, paint, dirs, expected };
    let mut status = ExitCode::SUCCESS;
    let Some(file) = file else {
        output::print_with(|out| job.print(out, None).map(|printed| status = printed))
            .context("could not print the report")?;
        return Ok(status);
    };
    check_output(file)?;
    let interrupts = Interrupts::defer();
    output::print_to(file, |out| job.print(out, Some(&interrupts)).map(|printed| status = printed))
        .or_else(|error| interrupts.check().and(Err(error)))?;
    Ok(status)
}

/// The file of `--output`; `None` for stdout, which `-` means, too.
pub fn report_file(output: Option<&OsStr>) -> Option<&Path> {
    output.filter(|file| *file != "-").map(Path::new)
}

/// A report must not take the place of what it is about.
pub fn check_output(path: &Path) -> Result<()> {
    let is_ours = path.extension().is_some_and(|end| ["crt", "key", "pk8"].iter().any(|ours| end == *ours));
    if !is_ours {
        return Ok(());
    }
    let what = format!("--output: {} has the name of a certificate or a key", path.display());
    Err(Advice::new(what, "choose another name, such as crdb-cert.prom").into())
}

/// What is to be done.
struct Job {
    format: ReportFormat,
    metrics: Metrics,
    paint: Paint,
    /// The directories, and whether they can be read at all.
    dirs: Vec<(PathBuf, Result<()>)>,
    expected: Expected,
}

impl Job {
    fn print(self, out: &mut dyn Write, interrupts: Option<&Interrupts>) -> io::Result<ExitCode> {
        let (mut summary, mut unreadable) = (Summary { now: self.expected.now, ..Summary::default() }, false);
        let mut report = report::of(self.format, self.metrics, self.paint, out);
        for (dir, readable) in self.dirs {
            report.directory(&dir)?;
            let looked = readable.and_then(|()| {
                verify::directory(&dir, &self.expected, &mut |checked| {
                    interrupts.map_or(Ok(()), Interrupts::check).map_err(io::Error::other)?;
                    summary.count(&dir, &checked);
                    Ok(report.checked(&checked)?)
                })
            });
            if let Err(error) = looked {
                // Unless it is the output that fails.
                let error = error.downcast::<io::Error>().map_or_else(Ok, Err)?;
                unreadable = true;
                report.unreadable(&dir, &error)?;
            }
        }
        report.end(&summary)?;
        Ok(ExitCode::from(match summary {
            _ if unreadable => 3,
            Summary { errors: 1.., .. } => 2,
            Summary { warnings: 1.., .. } => 1,
            _ => 0,
        }))
    }
}

/// What the flags say.
fn expected(args: &Verify, settings: ServerSettings) -> Result<Expected> {
    let keys = args.format != ReportFormat::Prometheus;
    let judge = Judge {
        account: account::judged(args.server_user.as_deref())?,
        principal_map: settings.principal_map.clone(),
        node_user: if settings.node_subject.is_some() { None } else { Some(values::node_user()?) },
        keys,
    };
    let mut hosts = values::hosts(&args.host).context("--host")?;
    if let Some(address) = &args.advertise_addr {
        hosts.push(host::without_port(address).parse().context("--advertise-addr")?);
    }
    let lifetime = values::duration("--expires-within", &args.expires_within)?;
    Ok(Expected {
        judge,
        settings,
        hosts,
        expires_within: lifetime.as_seconds(),
        now: values::now(),
        handshake: keys && !args.no_handshake,
        ca_key: args.ca_key.as_deref().map(values::ca_key_path).transpose()?.filter(|_| keys),
    })
}
