//! One file a command: arguments in, domain calls, result out.

mod announce;
mod create_ca;
mod create_client;
mod create_node;
mod leaf;
mod list;
mod values;
mod version;

use anyhow::Result;

use crate::cli::Command;

/// Does what the command line says.
///
/// # Errors
/// If it cannot be done; nothing on disk has changed then.
pub fn run(command: &Command) -> Result<()> {
    match command {
        Command::CreateCa(args) => create_ca::run(args),
        Command::CreateNode(args) => create_node::run(args),
        Command::CreateClient(args) => create_client::run(args),
        Command::List(args) => list::run(args),
        Command::Version(args) => version::run(args),
    }
}
