//! Parse, run, print the error, exit.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::ErrorKind;
use crdb_cert::cli::{self, Cli};
use crdb_cert::{argv, command, error, interrupts, logging};
use rustix::process::{DumpableBehavior, set_dumpable_behavior};

fn main() -> ExitCode {
    // Private keys are in memory from here on. Keep them out of core dumps, and keep the user's other processes
    // from attaching.
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        let _ = writeln!(io::stderr(), "ERROR: could not switch core dumps off: {error}");
        return ExitCode::FAILURE;
    }
    interrupts::survive_file_size_limit();
    let cli = match parse() {
        Ok(cli) => cli,
        Err(answer) => return answer,
    };
    match logging::init(&cli.common.log).and_then(|()| command::run(&cli)) {
        Ok(status) => status,
        Err(error) => {
            // Without stderr, the exit status alone has to tell.
            let _ = writeln!(io::stderr(), "{}", error::render(&error));
            command::failure(&cli.command)
        }
    }
}

/// Parses the command line, or answers it: help on stdout, wrong usage on stderr with status 2.
fn parse() -> Result<Cli, ExitCode> {
    let mut root = cli::command();
    let args = argv::normalize(&root, std::env::args_os());
    let parsed = match argv::misplaced_pin(&args) {
        Some(shown) => {
            let what = format!("a PIN belongs in --ca-key, not in {shown}");
            Err(root.error(ErrorKind::ValueValidation, what))
        }
        None => cli::parse(root, args),
    };
    parsed.map_err(|answer| {
        if answer.use_stderr() {
            let text = answer.to_string();
            let lines = text.lines().map(|line| error::printable(line) + "\n").collect::<String>();
            let _ = write!(io::stderr(), "{}", lines.replacen("error: ", "ERROR: ", 1));
            ExitCode::from(2)
        } else {
            let _ = answer.print();
            ExitCode::SUCCESS
        }
    })
}
