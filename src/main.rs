//! Parse, run, print the error, exit.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::FromArgMatches;
use crdb_cert::cli::{self, Cli};
use crdb_cert::{argv, command, error, logging};
use rustix::process::{DumpableBehavior, set_dumpable_behavior};

fn main() -> ExitCode {
    // Private keys are in memory from here on: no core dump has them, and no other process of the user attaches.
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        let _ = writeln!(io::stderr(), "ERROR: could not switch core dumps off: {error}");
        return ExitCode::FAILURE;
    }
    let cli = match parse() {
        Ok(cli) => cli,
        Err(answer) => return answer,
    };
    match logging::init(&cli.log).and_then(|()| command::run(&cli)) {
        Ok(status) => status,
        Err(error) => {
            // Without a stderr the exit status has to say it.
            let _ = writeln!(io::stderr(), "{}", error::render(&error));
            command::failure(&cli.command)
        }
    }
}

/// The command line; or what to answer to it: help on stdout, wrong usage on stderr with status 2.
fn parse() -> Result<Cli, ExitCode> {
    let root = cli::command();
    let args = argv::normalize(&root, std::env::args_os());
    // What a usage error may quote.
    let quotable: Vec<_> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    root.try_get_matches_from(args).and_then(|matches| Cli::from_arg_matches(&matches)).map_err(|answer| {
        if answer.use_stderr() {
            let text = quotable.iter().fold(answer.to_string(), |text, arg| without_pins_of(&text, arg));
            let lines = text.lines().map(|line| error::printable(line) + "\n").collect::<String>();
            let _ = write!(io::stderr(), "{}", lines.replacen("error: ", "ERROR: ", 1));
            ExitCode::from(2)
        } else {
            let _ = answer.print();
            ExitCode::SUCCESS
        }
    })
}

/// The text without the PINs in this argument, or in a flag's value: there they may hold line ends.
fn without_pins_of(text: &str, arg: &str) -> String {
    let value = arg.split_once('=').map_or(arg, |(_, value)| value);
    [arg, value]
        .into_iter()
        .filter(|arg| error::without_pins(arg) != **arg)
        .fold(text.to_owned(), |text, arg| text.replace(arg, &error::without_pins(arg)))
}
