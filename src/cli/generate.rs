//! What packagers generate; hidden from everyone else.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use clap_complete::Shell;

use super::lazy::Lazy;

/// `generate`
#[derive(Debug, Subcommand)]
pub enum Generate {
    /// Write the man pages into a new directory
    Man(Lazy<Man>),
    /// Print a shell's completions
    Completions(Lazy<Completions>),
}

/// `generate man`
#[derive(Debug, Args)]
pub struct Man {
    /// The directory to make
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

/// `generate completions`
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}
