//! `list`

use clap::{Args, ValueEnum};

use super::CertsDirArgs;

/// `list`
#[derive(Debug, Args)]
pub struct List {
    /// Where the certificates are.
    #[command(flatten)]
    pub dir: CertsDirArgs,
    /// Check the owner and mode of keys for this account, the one the database runs under [default: your own]
    #[arg(long, value_name = "NAME")]
    pub server_user: Option<String>,
    /// How to print the list
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: ListFormat,
    /// Show each certificate's validity as a bar over time, what expires first on top
    #[arg(long, conflicts_with = "format")]
    pub timeline: bool,
}

/// The forms of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people.
    Table,
    /// Values separated by tabs.
    Tsv,
    /// Values separated by commas.
    Csv,
    /// An array of objects.
    Json,
    /// An object a line.
    Ndjson,
}
