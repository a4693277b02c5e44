//! The kinds of certificate that CockroachDB knows: one table for file names, profiles, `list` rows and
//! messages (REFERENCE.md section 1). A new kind of certificate is a new row.

use crate::pki::profile::{self, Profile};

/// A kind of certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Usage {
    /// Signs node certificates, and others that have no CA of their own.
    Ca,
    /// Signs client certificates.
    ClientCa,
    /// Signs the DB Console's certificate.
    UiCa,
    /// Signs tenant client certificates.
    TenantClientCa,
    /// A node's server and client certificate.
    Node,
    /// The DB Console's server certificate.
    Ui,
    /// A SQL user's client certificate.
    Client,
    /// A SQL server process's client certificate.
    TenantClient,
    /// Signs the tokens of a tenant's sessions.
    TenantSigning,
}

/// A row of the table.
#[derive(Debug)]
pub struct Kind {
    /// The kind that this row describes.
    pub usage: Usage,
    /// `Usage` in the output of `list`.
    pub label: &'static str,
    /// Its name in log messages and errors.
    pub noun: &'static str,
    /// The command that makes it.
    pub command: &'static str,
    /// The file name up to the first dot.
    pub prefix: &'static str,
    /// The part between the first dot and `.crt`, in angle brackets; `None` for kinds with one file.
    pub middle: Option<&'static str>,
    /// The certificate's contents.
    pub profile: &'static Profile,
    /// The CAs that may sign it: the first one in the directory does. Empty if it is self-signed.
    pub signers: &'static [Usage],
}

/// All kinds, in the order of `list`.
pub static KINDS: [Kind; 9] = [
    Kind {
        usage: Usage::Ca,
        label: "Certificate Authority",
        noun: "CA",
        command: "create-ca",
        prefix: "ca",
        middle: None,
        profile: &profile::CA,
        signers: &[],
    },
    Kind {
        usage: Usage::ClientCa,
        label: "Client CA",
        noun: "client CA",
        command: "create-client-ca",
        prefix: "ca-client",
        middle: None,
        profile: &profile::CA,
        signers: &[],
    },
    Kind {
        usage: Usage::UiCa,
        label: "UI CA",
        noun: "UI CA",
        command: "create-ui-ca",
        prefix: "ca-ui",
        middle: None,
        profile: &profile::CA,
        signers: &[],
    },
    Kind {
        usage: Usage::TenantClientCa,
        label: "Tenant Client CA",
        noun: "tenant client CA",
        command: "create-tenant-client-ca",
        prefix: "ca-client-tenant",
        middle: None,
        profile: &profile::CA,
        signers: &[],
    },
    Kind {
        usage: Usage::Node,
        label: "Node",
        noun: "node",
        command: "create-node",
        prefix: "node",
        middle: None,
        profile: &profile::NODE,
        signers: &[Usage::Ca],
    },
    Kind {
        usage: Usage::Ui,
        label: "UI",
        noun: "UI",
        command: "create-ui",
        prefix: "ui",
        middle: None,
        profile: &profile::UI,
        signers: &[Usage::UiCa, Usage::Ca],
    },
    Kind {
        usage: Usage::Client,
        label: "Client",
        noun: "client",
        command: "create-client",
        prefix: "client",
        middle: Some("<user>"),
        profile: &profile::CLIENT,
        signers: &[Usage::ClientCa, Usage::Ca],
    },
    Kind {
        usage: Usage::TenantClient,
        label: "Tenant Client",
        noun: "tenant client",
        command: "create-tenant-client",
        prefix: "client-tenant",
        middle: Some("<id>"),
        profile: &profile::TENANT_CLIENT,
        signers: &[Usage::TenantClientCa, Usage::ClientCa, Usage::Ca],
    },
    Kind {
        usage: Usage::TenantSigning,
        label: "Tenant Signing",
        noun: "tenant signing",
        command: "create-tenant-signing",
        prefix: "tenant-signing",
        middle: Some("<id>"),
        profile: &profile::TENANT_SIGNING,
        signers: &[],
    },
];

impl Kind {
    /// What failed, for a certificate that could not be made (REFERENCE.md section 2).
    pub fn failure(&self) -> String {
        let what = if self.usage.is_ca() { "cert and key" } else { "certificate and key" };
        format!("failed to generate {} {what}", self.noun)
    }
}

impl Usage {
    /// This kind's row.
    pub fn kind(self) -> &'static Kind {
        // The table is in the order of the enum; a test checks that.
        &KINDS[self as usize]
    }

    /// Does this kind sign others?
    pub fn is_ca(self) -> bool {
        self.kind().profile.path_length.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_finds_its_own_row() {
        for kind in &KINDS {
            assert_eq!(kind.usage.kind().usage, kind.usage);
        }
    }

    #[test]
    fn every_kind_is_made_by_a_command_that_there_is() {
        let cli = crate::cli::command();
        for kind in &KINDS {
            assert!(cli.find_subcommand(kind.command).is_some(), "{}", kind.command);
        }
    }

    #[test]
    fn signers_are_cas() {
        for kind in &KINDS {
            assert!(kind.signers.iter().all(|signer| signer.is_ca()), "{}", kind.label);
        }
    }
}
