//! The PEM armor (RFC 7468) around OpenSSL's DER, and the blocks of a certificate file.

use openssl::base64::{decode_block, encode_block};
use openssl::x509::X509;
use thiserror::Error;
use zeroize::Zeroizing;

use super::reason;
use crate::certificate::Certificate;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// Why a file's contents are not certificates; the words are the reference's.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CertificatesError {
    /// Nothing there.
    #[error("empty certificate file: {0}")]
    Empty(String),
    /// No PEM block.
    #[error("no certificates found in {0}")]
    None(String),
    /// A PEM block of another kind.
    #[error("block #{index} is of type {label}, not CERTIFICATE")]
    NotACertificate {
        /// Which block, from 0.
        index: usize,
        /// What it says it is.
        label: String,
    },
    /// A block that is not a certificate inside.
    #[error("failed to parse certificate {index} in file {file}: {reason}")]
    Invalid {
        /// Which block, from 0.
        index: usize,
        /// The file.
        file: String,
        /// Why not.
        reason: String,
    },
}

/// A label and its block, armor included.
struct Block<'a> {
    label: &'a str,
    text: &'a [u8],
    /// What follows it in the file.
    rest: &'a [u8],
}

impl Block<'_> {
    /// What is in the armor. Headers, which name what they say with a colon, are passed over.
    fn der(&self) -> Vec<u8> {
        let lines = self.text.split(|b| *b == b'\n').skip(1);
        let body =
            lines.take_while(|line| !line.starts_with(DASHES.as_bytes())).filter(|line| !line.contains(&b':'));
        let base64: String =
            body.flatten().filter(|b| !b.is_ascii_whitespace()).map(|b| char::from(*b)).collect();
        decode_block(&base64).unwrap_or_default()
    }
}

/// Reads the certificates of a file; text around the blocks is passed over.
///
/// # Errors
/// If there is none, and if any block is not a certificate. `file` is for the message.
pub fn certificates(contents: &[u8], file: &str) -> Result<Vec<Certificate>, CertificatesError> {
    if contents.is_empty() {
        return Err(CertificatesError::Empty(file.to_owned()));
    }
    let mut certificates = Vec::new();
    for (index, block) in Blocks(contents).enumerate() {
        if block.label != "CERTIFICATE" {
            return Err(CertificatesError::NotACertificate { index, label: block.label.to_owned() });
        }
        let certificate = X509::from_pem(block.text)
            .map_err(|errors| reason(&errors))
            .and_then(|_| Certificate::from_der(block.der()).map_err(|error| error.to_string()));
        certificates.push(certificate.map_err(|reason| CertificatesError::Invalid {
            index,
            file: file.to_owned(),
            reason,
        })?);
    }
    if certificates.is_empty() {
        return Err(CertificatesError::None(file.to_owned()));
    }
    Ok(certificates)
}

/// The file without the blocks at these positions; what stands between blocks stays.
pub fn without(contents: &[u8], positions: &[usize]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(contents.len());
    let mut copied = 0;
    for (_, block) in Blocks(contents).enumerate().filter(|(position, _)| positions.contains(position)) {
        let end = contents.len() - block.rest.len();
        kept.extend_from_slice(&contents[copied..end - block.text.len()]);
        // The line's end belongs to the block.
        copied =
            end + block.rest.strip_prefix(b"\r\n").map_or(usize::from(block.rest.starts_with(b"\n")), |_| 2);
    }
    kept.extend_from_slice(&contents[copied..]);
    kept
}

/// What a file says about its first private key, before OpenSSL looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyBlock {
    /// RSA (PKCS#1), EC (SEC 1), or PKCS#8 of a kind that certificates here have.
    Known,
    /// Under a passphrase.
    Encrypted,
    /// Anything else.
    Unknown,
}

/// Object identifiers of the keys that PKCS#8 may hold here, in DER: RSA, RSASSA-PSS, EC, Ed25519, Ed448.
const KEY_TYPES: [&[u8]; 5] = [
    b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01",
    b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a",
    b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01",
    b"\x06\x03\x2b\x65\x70",
    b"\x06\x03\x2b\x65\x71",
];

/// Looks at the first block of a key file. OpenSSL would work for hours on what a hostile file can ask of it: billions of
/// iterations for a passphrase, or a DSA key of a million bits.
pub fn key_block(contents: &[u8]) -> KeyBlock {
    let Some(block) = Blocks(contents).find(|block| block.label.ends_with("PRIVATE KEY")) else {
        return KeyBlock::Unknown;
    };
    let has = |text: &[u8]| block.text.windows(text.len()).any(|window| window == text);
    match block.label {
        "ENCRYPTED PRIVATE KEY" => KeyBlock::Encrypted,
        _ if has(b"Proc-Type:") && has(b"ENCRYPTED") => KeyBlock::Encrypted,
        "RSA PRIVATE KEY" | "EC PRIVATE KEY" => KeyBlock::Known,
        "PRIVATE KEY" if KEY_TYPES.iter().any(|oid| algorithm(block.text).starts_with(oid)) => KeyBlock::Known,
        _ => KeyBlock::Unknown,
    }
}

/// What comes after SEQUENCE { version, SEQUENCE { in a PKCS#8 key: the algorithm's identifier.
fn algorithm(block: &[u8]) -> Vec<u8> {
    let lines = block.split(|b| *b == b'\n').skip(1);
    let body: String = lines
        .flatten()
        .filter(|b| b.is_ascii_alphanumeric() || b"+/".contains(b))
        .take(64)
        .map(|b| char::from(*b))
        .collect();
    let der = Zeroizing::new(decode_block(&body[..body.len() / 4 * 4]).unwrap_or_default());
    let after_header = |der: &[u8]| match der {
        [_, length, ..] if *length < 0x80 => der.get(2..).map(<[u8]>::to_vec),
        [_, length, ..] => der.get(2 + usize::from(length & 0x7f)..).map(<[u8]>::to_vec),
        _ => None,
    };
    let version = after_header(&der).unwrap_or_default();
    after_header(version.get(3..).unwrap_or_default()).unwrap_or_default()
}

/// DER in PEM armor, 64 characters a line.
pub fn armor(label: &str, der: &[u8]) -> Zeroizing<Vec<u8>> {
    let base64 = Zeroizing::new(encode_block(der));
    // All at once, so that growing leaves no copy of a key behind.
    let mut pem = Zeroizing::new(Vec::with_capacity(base64.len() + base64.len() / 64 + 2 * label.len() + 40));
    pem.extend_from_slice(format!("{BEGIN}{label}{DASHES}\n").as_bytes());
    for line in base64.as_bytes().chunks(64) {
        pem.extend_from_slice(line);
        pem.push(b'\n');
    }
    pem.extend_from_slice(format!("{END}{label}{DASHES}\n").as_bytes());
    pem
}

/// The blocks of a file, found by the lines that begin and end them.
struct Blocks<'a>(&'a [u8]);

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        loop {
            let begin = find_line(self.0, BEGIN)?;
            let text = &self.0[begin..];
            let label = label_of(text, BEGIN);
            // The nearest end line counts, also for a block that is not one after all: every byte is looked at once.
            let end = find_line(text, END)?;
            let end_label = label_of(&text[end..], END);
            let after = end + END.len() + end_label.map_or(0, |label| label.len() + DASHES.len());
            self.0 = &text[after..];
            if let Some(label) = label.filter(|_| label == end_label) {
                return Some(Block { label, text: &text[..after], rest: self.0 });
            }
        }
    }
}

/// The label in the line at the beginning of `text`, which begins with `prefix`.
fn label_of<'a>(text: &'a [u8], prefix: &str) -> Option<&'a str> {
    let line = text.split(|b| *b == b'\n').next()?.trim_ascii_end();
    let label = line.get(prefix.len()..)?.strip_suffix(DASHES.as_bytes())?;
    std::str::from_utf8(label).ok()
}

/// Where a line begins with `prefix`.
fn find_line(text: &[u8], prefix: &str) -> Option<usize> {
    let mut start = 0;
    loop {
        if text[start..].starts_with(prefix.as_bytes()) {
            return Some(start);
        }
        start += text[start..].iter().position(|b| *b == b'\n')? + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<usize, CertificatesError> {
        certificates(text.as_bytes(), "x.crt").map(|certificates| certificates.len())
    }

    #[test]
    fn armor_has_lines_of_64_characters() {
        let pem = armor("X", &[0; 49]);
        let lines: Vec<_> = std::str::from_utf8(&pem).expect("ASCII").lines().map(str::len).collect();
        assert_eq!(lines, [17, 64, 4, 15]);
    }

    #[test]
    fn key_files_are_told_apart_before_openssl_sees_them() {
        use openssl::pkey::PKey;
        let pem = |key: PKey<openssl::pkey::Private>| key.private_key_to_pem_pkcs8().expect("PEM");
        for known in [
            pem(PKey::generate_ed25519().expect("a key")),
            pem(PKey::ec_gen("P-521").expect("a key")),
            pem(PKey::from_rsa(openssl::rsa::Rsa::generate(2048).expect("a key")).expect("a key")),
            PKey::ec_gen("P-256")
                .and_then(|key| key.ec_key())
                .and_then(|key| key.private_key_to_pem())
                .expect("PEM"),
        ] {
            assert_eq!(key_block(&known), KeyBlock::Known, "{}", String::from_utf8_lossy(&known));
        }
        let dsa =
            b"-----BEGIN PRIVATE KEY-----\nMIIBSwIBADCCASsGByqGSM44BAEwggEeAoGB\n-----END PRIVATE KEY-----\n";
        assert_eq!(key_block(dsa), KeyBlock::Unknown);
        for (label, header, expected) in [
            ("ENCRYPTED PRIVATE KEY", "", KeyBlock::Encrypted),
            ("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\n", KeyBlock::Encrypted),
            ("DSA PRIVATE KEY", "", KeyBlock::Unknown),
            ("PRIVATE KEY", "", KeyBlock::Unknown),
            ("CERTIFICATE", "", KeyBlock::Unknown),
        ] {
            let file = format!("-----BEGIN {label}-----\n{header}AA==\n-----END {label}-----\n");
            assert_eq!(key_block(file.as_bytes()), expected, "{label}");
        }
    }

    #[test]
    fn blocks_can_be_taken_out() {
        let block = |label: &str| format!("-----BEGIN {label}-----\nAA==\n-----END {label}-----\n");
        let file = format!("before\n{}between\n{}{}", block("A"), block("B"), block("C"));
        let text = |positions: &[usize]| String::from_utf8(without(file.as_bytes(), positions)).expect("UTF-8");
        assert_eq!(text(&[]), file);
        assert_eq!(text(&[1]), format!("before\n{}between\n{}", block("A"), block("C")));
        assert_eq!(text(&[0, 2]), format!("before\nbetween\n{}", block("B")));
    }

    #[test]
    fn files_without_certificates_are_told_apart() {
        assert_eq!(read(""), Err(CertificatesError::Empty("x.crt".to_owned())));
        for text in
            ["\n", "hello", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\nAA==\n", "-----BEGIN "]
        {
            assert_eq!(read(text), Err(CertificatesError::None("x.crt".to_owned())), "{text}");
        }
        let key = "hello\n-----BEGIN RSA PRIVATE KEY-----\nAA==\n-----END RSA PRIVATE KEY-----\n";
        let expected = CertificatesError::NotACertificate { index: 0, label: "RSA PRIVATE KEY".to_owned() };
        assert_eq!(read(key), Err(expected));
        let bad = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
        assert!(matches!(read(bad), Err(CertificatesError::Invalid { index: 0, .. })));
    }
}
