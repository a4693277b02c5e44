//! `status`

use std::ffi::OsString;

use clap::Args;

use super::{CertsDirArgs, Format};

/// `status`
#[derive(Debug, Args)]
pub struct Status {
    /// Where the CA certificates are; without --out, the directory to look at.
    #[command(flatten)]
    pub dir: CertsDirArgs,
    /// Look at the folders of a fleet, as apply makes them: all certs directories below DIR
    #[arg(long, value_name = "DIR")]
    pub out: Option<OsString>,
    /// What has no more than this left is due: a part of its lifetime, or a time such as 60d or 1440h [default:
    /// 1/3]
    #[arg(long, value_name = "1/3|60d")]
    pub renew_within: Option<String>,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}
