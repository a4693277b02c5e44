//! Arguments that clap makes only for the command that is used: half of its time would go into those of the
//! others.

use std::ops::Deref;

use clap::builder::StyledStr;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

use super::CommonArgs;
use crate::go_bool::parser as go_bool;

/// The arguments of a command, and [`CommonArgs`] behind them in its help. Its boolean flags also take
/// `--flag=true` and `--flag=false`, as those of `cockroach` do (REFERENCE.md section 2).
#[derive(Debug)]
pub struct Lazy<T>(T);

impl<T> Deref for Lazy<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Args> Args for Lazy<T> {
    fn augment_args(command: Command) -> Command {
        command.defer(|command| {
            // The texts are the command's, not those of the struct.
            let texts = (command.get_about().cloned(), command.get_long_about().cloned());
            finish(T::augment_args(command), texts)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<T: FromArgMatches> FromArgMatches for Lazy<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

fn finish(command: Command, (about, long_about): (Option<StyledStr>, Option<StyledStr>)) -> Command {
    let command = CommonArgs::augment_args(command.mut_args(switch));
    let command = match about {
        Some(about) => command.about(about),
        None => command,
    };
    match long_about {
        Some(long_about) => command.long_about(long_about),
        None => command,
    }
}

fn switch(arg: Arg) -> Arg {
    match arg.get_action() {
        ArgAction::SetTrue => arg
            .action(ArgAction::Set)
            .num_args(0..=1)
            .require_equals(true)
            .value_name("BOOL")
            .value_parser(go_bool())
            .hide_possible_values(true)
            .default_value("false")
            .default_missing_value("true")
            .hide_default_value(true),
        _ => arg,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_lazy() {
        fn check(command: &Command) {
            if command.has_subcommands() {
                return command.get_subcommands().filter(|nested| nested.get_name() != "help").for_each(check);
            }
            let of_command = |name: &str| command.get_arguments().any(|arg| arg.get_id() == name);
            assert!(of_command("fips"), "{} is not Lazy", command.get_name());
        }
        check(&crate::cli::complete());
    }
}
