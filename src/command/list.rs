//! `list`: the contents of the certs directory.

use std::io;
use std::path::Path;

use anyhow::{Context, Result};

use super::{announce, values};
use crate::certs_dir::inspect::Judge;
use crate::certs_dir::ownership::writable_certs_dir;
use crate::certs_dir::scan::{self, Entry, Scan};
use crate::certs_dir::{CertsDir, layout::CertificateName};
use crate::cli::{List, ListFormat};
use crate::error::printable;
use crate::output::rows::{Form, Rows};
use crate::output::timeline::Screen;
use crate::{account, output};

/// Prints the list.
pub fn run(args: &List) -> Result<()> {
    let dir = args.dir.path()?;
    let server = args.dir.server.settings()?;
    let judge = Judge {
        account: account::judged(args.server_user.as_deref())?,
        principal_map: server.principal_map,
        // The server lets in a node by the subject it was told, whatever the certificate's names are.
        keys: true,
        node_user: if server.node_subject.is_some() { None } else { Some(values::node_user()?) },
    };
    let cannot_load = "cannot load certificates";
    let certs_dir = CertsDir::open(&dir).context(cannot_load)?;
    announce::findings(certs_dir.dir().and_then(writable_certs_dir).as_slice());
    announce::findings(&certs_dir.read().findings);
    let form = match args.format {
        ListFormat::Table => {
            return print_all(args, &dir, scan::scan(&certs_dir, &judge).context(cannot_load)?);
        }
        ListFormat::Tsv => Form::Separated('\t'),
        ListFormat::Csv => Form::Separated(','),
        ListFormat::Json => Form::Array,
        ListFormat::Ndjson => Form::Lines,
    };
    let mut findings = Vec::new();
    let names = scan::certificates(&certs_dir, &certs_dir.read(), &mut findings).context(cannot_load)?;
    announce::findings(&findings);
    print_each(&dir, &certs_dir, &judge, &names, form).context("could not print the list")
}

/// Prints what needs all entries at once: how wide a column is, or what expires first.
fn print_all(args: &List, dir: &Path, Scan { entries, findings }: Scan) -> Result<()> {
    announce::findings(&findings);
    entries.iter().for_each(|entry| log_error(dir, entry));
    output::print_with(|out| match args.timeline {
        true => output::timeline::write(out, dir, &entries, values::now(), Screen::of_stdout()),
        false => output::table::write(out, dir, &entries),
    })
    .context("could not print the list")
}

/// Prints each entry as it comes.
fn print_each(
    dir: &Path,
    certs_dir: &CertsDir,
    judge: &Judge,
    names: &[CertificateName],
    form: Form,
) -> io::Result<()> {
    output::print_with(|out| {
        let mut rows = Rows::begin(out, form)?;
        let print = |entry: Entry| {
            log_error(dir, &entry);
            Ok(rows.row(&entry)?)
        };
        scan::each(certs_dir, judge, names, Entry::of, print)
            .map_err(|error| error.downcast().unwrap_or_else(io::Error::other))?;
        rows.end()
    })
}

fn log_error(dir: &Path, entry: &Entry) {
    if let Some(error) = &entry.error {
        log::info!("{}: {error}", printable(&dir.join(&*entry.certificate_file).display().to_string()));
    }
}
