//! `verify`: will everything in the certs directory work?

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::values;
use crate::certs_dir::inspect::Judge;
use crate::cli::{ReportFormat, Verify};
use crate::duration::Lifetime;
use crate::output::report::{self, Summary};
use crate::output::terminal::Paint;
use crate::verify::{self, Expected};
use crate::{account, host, output};

/// Prints the report; the status is 0 if all is good, 1 for warnings, 2 for errors, and 3 if a directory could not be looked at.
pub fn run(args: &Verify) -> Result<ExitCode> {
    let (dir, expected) = (args.dir.path()?, expected(args)?);
    let dirs = if args.recursive { verify::tree::certs_dirs(&dir)? } else { vec![dir] };
    let mut status = ExitCode::SUCCESS;
    output::print_with(|out| print(out, args.format, &dirs, &expected).map(|printed| status = printed))
        .context("could not print the report")?;
    Ok(status)
}

fn print(
    out: &mut dyn Write,
    format: ReportFormat,
    dirs: &[PathBuf],
    expected: &Expected,
) -> io::Result<ExitCode> {
    let (mut summary, mut unreadable) = (Summary { now: expected.now, ..Summary::default() }, false);
    let mut report = report::of(format, out, Paint::of_stdout());
    for dir in dirs {
        report.directory(dir)?;
        let looked = verify::directory(dir, expected, &mut |checked| {
            summary.count(dir, &checked);
            Ok(report.checked(&checked)?)
        });
        if let Err(error) = looked {
            // Unless it is the output that fails.
            let error = error.downcast::<io::Error>().map_or_else(Ok, Err)?;
            unreadable = true;
            report.unreadable(dir, &error)?;
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

/// What the flags say.
fn expected(args: &Verify) -> Result<Expected> {
    let server = args.dir.server.settings()?;
    let keys = args.format != ReportFormat::Prometheus;
    let judge = Judge {
        account: account::judged(args.server_user.as_deref())?,
        principal_map: server.principal_map,
        node_user: if server.node_subject.is_some() { None } else { Some(values::node_user()?) },
        keys,
    };
    let mut hosts = values::hosts(&args.host).context("--host")?;
    if let Some(address) = &args.advertise_addr {
        hosts.push(host::without_port(address).parse().context("--advertise-addr")?);
    }
    let lifetime: Lifetime = args.expires_within.parse().context("--expires-within")?;
    Ok(Expected {
        judge,
        hosts,
        expires_within: lifetime.as_seconds(),
        now: values::now(),
        handshake: keys && !args.no_handshake,
        ca_key: args.ca_key.as_deref().map(values::ca_key_path).transpose()?,
    })
}
