//! `list`: what is in the certs directory.

use anyhow::{Context, Result};

use super::values;
use crate::certs_dir::scan::{self, Judge};
use crate::cli::List;
use crate::{account, output};

/// Prints the table.
pub fn run(args: &List) -> Result<()> {
    let dir = args.dir.path()?;
    let server = args.dir.server.settings()?;
    let judge = Judge {
        account: account::judged(args.server_user.as_deref())?,
        principal_map: server.principal_map,
        // A node of the subject that the server was told is let in by it, whatever its names are.
        node_user: if server.node_subject.is_some() { None } else { Some(values::node_user()?) },
    };
    let entries = scan::scan(&dir, &judge).context("cannot load certificates")?;
    output::print(&output::table::render(&dir, &entries)).context("could not print the list")
}
