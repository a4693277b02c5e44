//! `list`: the contents of the certs directory.

use anyhow::{Context, Result};

use super::{announce, values};
use crate::certs_dir::CertsDir;
use crate::certs_dir::inspect::Judge;
use crate::certs_dir::ownership::writable_certs_dir;
use crate::certs_dir::scan::{self, Scan};
use crate::cli::List;
use crate::error::printable;
use crate::{account, output};

/// Prints the table.
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
    let Scan { entries, findings } = scan::scan(&certs_dir, &judge).context(cannot_load)?;
    announce::findings(&findings);
    for (entry, error) in entries.iter().filter_map(|entry| Some((entry, entry.error.as_ref()?))) {
        log::info!("{}: {error}", printable(&dir.join(&*entry.certificate_file).display().to_string()));
    }
    output::print_with(|out| output::table::write(out, &dir, &entries)).context("could not print the list")
}
