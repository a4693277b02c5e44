//! `create-client`: a user's client certificate and key.

use anyhow::{Context, Result, anyhow};

use super::leaf::{self, Leaf};
use super::values;
use crate::certs_dir::layout::CertificateName;
use crate::cli::CreateClient;
use crate::error::{Advice, printable};
use crate::pki::issue::AltName;
use crate::tenant::TenantScope;
use crate::usage::Usage;
use crate::username::{self, Username, UsernameError};

/// The longest common name (RFC 5280 appendix A, ub-common-name), in characters.
const COMMON_NAME_MAX: usize = 64;

/// Makes the user's certificate.
pub fn run(args: &CreateClient) -> Result<()> {
    create(args).context("failed to generate client certificate and key")
}

fn create(args: &CreateClient) -> Result<()> {
    let user = user(args)?;
    let ids =
        args.tenant_scope.iter().map(|id| id.trim().parse().map(TenantScope::Id).context("--tenant-scope"));
    let names = args
        .tenant_name_scope
        .iter()
        .map(|name| name.trim().parse().map(TenantScope::Name).context("--tenant-name-scope"));
    let scopes = ids.chain(names).collect::<Result<Vec<_>>>()?;
    let leaf = Leaf {
        name: CertificateName::named(Usage::Client, user.as_str()),
        subject: user.as_str(),
        alt_names: scopes.iter().map(|scope| AltName::Uri(scope.uri(&user))).collect(),
        pkcs8: args.also_generate_pkcs8_key,
    };
    leaf::create(&leaf, &args.leaf)
}

fn user(args: &CreateClient) -> Result<Username> {
    let text = values::text("username", &args.user)?;
    let with_hint = |error: UsernameError| Advice::new(error.to_string(), username::HINT);
    if !args.disable_username_validation {
        return Ok(text.parse().map_err(with_hint)?);
    }
    let (user, valid) = Username::unvalidated(text).map_err(with_hint)?;
    if !valid {
        let length = user.as_str().chars().count();
        if length > COMMON_NAME_MAX {
            return Err(anyhow!(
                "the identity has {length} characters, and a certificate's common name has at most {COMMON_NAME_MAX}"
            ));
        }
        eprintln!(
            "warning: the specified identity \"{}\" is not a valid SQL username.\n\
             Before it can be used to log in, an identity map rule will need to be set on the server.",
            printable(text)
        );
    }
    Ok(user)
}
