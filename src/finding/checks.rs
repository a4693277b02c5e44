//! The table of everything that is checked. A new check is a new row here, a line in `docs/verify.md`, and a
//! case in `tests/verify`; tests keep the three equal. Those of [`probe`] are in `docs/probe.md`.

use super::{Check, Severity};

macro_rules! checks {
    ($($name:ident $id:literal $severity:ident $about:literal)*) => {
        $(#[doc = $about] pub static $name: Check = Check { id: $id, severity: Severity::$severity, about: $about };)*
        /// All of them, in the order of the documents.
        pub static ALL: &[&Check] = &[$(&$name),*];
    };
}

checks! {
    DIR_WRITABLE "dir-writable" Warning "Accounts other than the directory's owner can write to the certs directory."
    DIR_OWNER "dir-owner" Warning "The directory belongs to neither you, nor root, nor the account that the files are for."
    DIR_UNREADABLE "dir-unreadable" Error "The account that the database runs under cannot list the certs directory, or open what is in it."
    UNFINISHED_CHANGE "unfinished-change" Warning "A command was interrupted; the next one that writes to the directory completes its change."
    INTERRUPTED_CHANGE "interrupted-change" Note "An interrupted change was completed or undone just now."
    LITTER "litter" Warning "Temporary files of an interrupted command are in the directory."
    FILE_NAME "file-name" Warning "A file ends in `.crt`, but its name follows no pattern: the server skips it."
    NAME_CLASH "name-clash" Error "Two files are for the same user once their names are folded to lower case and normalized."
    CA_MISSING "ca-missing" Error "The CA certificate that the others need is not in the directory."
    CERTIFICATE_MISSING "certificate-missing" Warning "A key has no certificate beside it."

    CERTIFICATE_UNREADABLE "certificate-unreadable" Error "The certificate file cannot be read, or is too large."
    CERTIFICATE_INVALID "certificate-invalid" Error "The file holds something other than certificates, or one that cannot be parsed."
    KEY_MISSING "key-missing" Error "The certificate has no key beside it."
    KEY_UNREADABLE "key-unreadable" Error "The key file cannot be read, or is no regular file."
    KEY_ACCESS "key-access" Error "The server refuses the owner or the mode of the key file."
    KEY_INVALID "key-invalid" Error "The key file holds no private key that the server can load."
    KEY_MISMATCH "key-mismatch" Error "The key does not belong to its certificate."
    PKCS8_MISMATCH "pkcs8-mismatch" Error "The PKCS#8 file holds another key than the key file beside it."

    EXPIRED "expired" Error "The certificate has expired."
    NOT_YET_VALID "not-yet-valid" Error "The certificate is not valid yet, by this host's clock."
    EXPIRES_SOON "expires-soon" Warning "The certificate expires within the time given with --expires-within."
    CA_EXPIRED_OLD "old-ca-expired" Note "An older CA certificate, behind the one in use, has expired."
    OUTLIVES_CA "outlives-ca" Warning "The certificate is valid longer than the CA that signed it."

    CA_NOT_A_CA "not-a-ca" Error "A certificate in a CA file may not sign certificates."
    CA_ORDER "ca-order" Warning "The newest CA certificate is not the first one in its file."
    CA_KEY_MISMATCH "ca-key-mismatch" Error "The CA key does not belong to the first certificate of a CA file in the directory."
    CA_KEY_UNREADABLE "ca-key-unreadable" Error "The CA key cannot be read."
    CA_KEY_WEAK "ca-key-weak" Warning "The CA key is weak."
    CA_KEY_OWNER "ca-key-owner" Warning "The CA key belongs to another account, which can use it."
    CA_KEY_EXPOSED "ca-key-exposed" Error "The account that the database runs under can read the CA key."
    CA_KEY_IN_DIR "ca-key-in-dir" Error "A CA key is in the certs directory, where the database can read it."
    SECRET_READABLE "secret-readable" Warning "Other accounts can read the CA key or its passphrase."

    NOT_TRUSTED "not-trusted" Error "The server's TLS library accepts no chain from the certificate to a CA in the directory."
    CHAIN_INCOMPLETE "chain-incomplete" Error "The certificate of the CA that signed this one is missing from the file."
    CHAIN_DOUBTFUL "chain-doubtful" Warning "Some versions of the server accept the chain, others refuse it."
    SIGNED_BY_OLDER_CA "signed-by-older-ca" Note "An older CA certificate, not the one in use, signed the certificate."
    KEY_USAGE "key-usage" Error "Its key usage or extended key usage does not allow what the certificate is for."
    NO_NAMES "no-names" Error "A server's certificate has no subject alternative names: clients look at nothing else."
    HOST_NOT_COVERED "host-not-covered" Error "The certificate does not cover a host name or address given with --host or --advertise-addr."
    CLIENT_PRINCIPAL "client-principal" Warning "The certificate is not for the user that its file is named after."
    NODE_PRINCIPAL "node-principal" Error "The node's certificate is not for the node user, and no client certificate for it is in the directory."
    ROOT_IN_NAMES "root-in-names" Error "A certificate that is not root's lets its holder log in as root."
    KEY_KIND "key-kind" Error "The server cannot use a key of this kind for this certificate."
    UI_OTHER_CA "ui-other-ca" Note "The DB Console's certificate is from a CA that is not in the directory: browsers have to trust it."
    WEAK_KEY "weak-key" Warning "The key is too small for its kind."
    WEAK_SIGNATURE "weak-signature" Error "The certificate is signed with MD5 or SHA-1."
    DUPLICATE_SERIAL "duplicate-serial" Warning "Two certificates of one CA have the same serial number."
    HANDSHAKE "handshake" Error "A TLS handshake with this certificate fails."
}

/// What only a running server can have wrong.
pub mod probe {
    use super::{Check, Severity};

    checks! {
        NO_TLS "no-tls" Error "The server refuses TLS."
        OTHER_PROTOCOL "other-protocol" Error "What answers at the port speaks another protocol."
        NO_ANSWER "no-answer" Error "The server accepts the connection, but does not finish its answer within --timeout."
        TOO_MUCH "too-much" Error "The server sends more than any TLS handshake takes."
        CLOSED "closed" Error "The server closes the connection before TLS is set up."
        TLS_FAILED "tls-failed" Error "The TLS handshake fails."
        CLIENT_REFUSED "client-refused" Error "The server refuses the client certificate that it was shown."
        CLIENT_UNSURE "client-unsure" Warning "Nothing says whether the server took the client certificate."
        CLIENT_WANTED "client-wanted" Warning "The server wants a client certificate, and was shown none."
        NOT_RELOADED "not-reloaded" Warning "The server serves another certificate than the one on disk."
    }
}
