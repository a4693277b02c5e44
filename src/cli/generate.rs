//! What packagers generate; hidden from everyone else.

use std::path::PathBuf;

use clap::Subcommand;
use clap_complete::Shell;

/// `generate`
#[derive(Debug, Subcommand)]
pub enum Generate {
    /// Write the man pages into a new directory
    Man {
        /// The directory to make
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// Print a shell's completions
    Completions {
        /// The shell
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
}
