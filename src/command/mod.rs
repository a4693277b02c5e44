//! One file per command: arguments in, domain calls, result out.

mod announce;
mod apply;
mod check_login;
mod create_ca;
mod create_client;
mod create_server;
mod create_tenant_client;
mod create_tenant_signing;
mod csr;
mod export;
mod fips;
mod generate;
mod import;
mod leaf;
mod list;
mod manifest;
mod named;
mod probe;
mod remove_ca;
mod renew;
mod sign;
mod signer;
mod status;
mod subject;
mod values;
mod verify;
mod version;

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::{Cli, Command};
use crate::usage::Usage;

/// Runs the command line, and returns the exit status.
///
/// # Errors
/// If the command fails. The certs directory is then unchanged, unless the error says otherwise.
pub fn run(cli: &Cli) -> Result<ExitCode> {
    // Generating takes no cryptography, and a package's build machine may have no FIPS provider.
    let asked = if matches!(cli.command, Command::Generate(_)) { Some(false) } else { cli.common.fips };
    let fips = fips::apply(asked)?;
    match &cli.command {
        Command::CreateCa(args) => create_ca::run(args, Usage::Ca)?,
        Command::CreateClientCa(args) => create_ca::run(args, Usage::ClientCa)?,
        Command::CreateUiCa(args) => create_ca::run(args, Usage::UiCa)?,
        Command::CreateTenantClientCa(args) => create_ca::run(args, Usage::TenantClientCa)?,
        Command::CreateNode(args) => create_server::run(args, Usage::Node)?,
        Command::CreateUi(args) => create_server::run(args, Usage::Ui)?,
        Command::CreateClient(args) => create_client::run(args)?,
        Command::CreateTenantClient(args) => create_tenant_client::run(args)?,
        Command::CreateTenantSigning(args) => create_tenant_signing::run(args)?,
        Command::Apply(args) => apply::run(args)?,
        Command::Csr(args) => csr::run(args)?,
        Command::Sign(args) => sign::run(args)?,
        Command::Import(args) => import::run(args)?,
        Command::Export(what) => export::run(what)?,
        Command::List(args) => list::run(args)?,
        Command::Verify(args) => return verify::run(args),
        Command::Probe(args) => return probe::run(args),
        Command::Status(args) => status::run(args)?,
        Command::RemoveCa(args) => remove_ca::run(args)?,
        Command::Renew(args) => renew::run(args)?,
        Command::Subject(args) => subject::run(args)?,
        Command::CheckLogin(args) => return check_login::run(args),
        Command::Version(args) => version::run(args, fips)?,
        Command::Generate(what) => generate::run(what)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The exit status of a command that failed.
pub fn failure(command: &Command) -> ExitCode {
    match command {
        // 1 is an answer here: the login is refused.
        Command::CheckLogin(_) => ExitCode::from(2),
        // 1 and 2 are answers here: warnings and errors.
        Command::Verify(_) | Command::Probe(_) => ExitCode::from(3),
        _ => ExitCode::FAILURE,
    }
}
