//! Object identifiers, as encoded.

/// Object identifiers of extensions.
pub mod extension {
    /// subjectKeyIdentifier
    pub const SUBJECT_KEY_IDENTIFIER: &[u8] = b"\x55\x1d\x0e";
    /// keyUsage
    pub const KEY_USAGE: &[u8] = b"\x55\x1d\x0f";
    /// subjectAltName
    pub const SUBJECT_ALT_NAME: &[u8] = b"\x55\x1d\x11";
    /// basicConstraints
    pub const BASIC_CONSTRAINTS: &[u8] = b"\x55\x1d\x13";
    /// nameConstraints
    pub const NAME_CONSTRAINTS: &[u8] = b"\x55\x1d\x1e";
    /// authorityKeyIdentifier
    pub const AUTHORITY_KEY_IDENTIFIER: &[u8] = b"\x55\x1d\x23";
    /// extendedKeyUsage
    pub const EXTENDED_KEY_USAGE: &[u8] = b"\x55\x1d\x25";
    /// authorityInfoAccess
    pub const AUTHORITY_INFO_ACCESS: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x01\x01";
}

/// Object identifiers of the algorithms of keys.
pub mod algorithm {
    /// rsaEncryption (RFC 3279 section 2.3.1)
    pub const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
    /// id-ecPublicKey (RFC 5480 section 2.1.1)
    pub const EC: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
    /// id-Ed25519 (RFC 8410 section 3)
    pub const ED25519: &[u8] = b"\x2b\x65\x70";
}

/// Object identifiers of the NIST curves (RFC 5480 section 2.1.1.1).
pub mod curve {
    /// secp224r1, NIST P-224
    pub const P224: &[u8] = b"\x2b\x81\x04\x00\x21";
    /// secp256r1, NIST P-256
    pub const P256: &[u8] = b"\x2a\x86\x48\xce\x3d\x03\x01\x07";
    /// secp384r1, NIST P-384
    pub const P384: &[u8] = b"\x2b\x81\x04\x00\x22";
    /// secp521r1, NIST P-521
    pub const P521: &[u8] = b"\x2b\x81\x04\x00\x23";
}
