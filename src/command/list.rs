//! `list`: what is in the certs directory.

use anyhow::{Context, Result};

use crate::certs_dir::scan::{self, Judge};
use crate::cli::List;
use crate::{account, output};

/// Prints the table.
pub fn run(args: &List) -> Result<()> {
    let dir = args.dir.path()?;
    let judge = Judge {
        account: account::judged(args.server_user.as_deref())?,
        principal_map: args.dir.principal_map()?,
    };
    let entries = scan::scan(&dir, &judge).context("cannot load certificates")?;
    output::print_with(|out| output::table::write(out, &dir, &entries)).context("could not print the list")
}
