//! The PEM armor (RFC 7468) around OpenSSL's DER, and the blocks of a certificate file.

use openssl::base64::encode_block;
use openssl::x509::X509;
use thiserror::Error;
use zeroize::Zeroizing;

use super::reason;

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
        /// OpenSSL's reason.
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

/// Reads the certificates of a file; text around the blocks is passed over.
///
/// # Errors
/// If there is none, and if any block is not a certificate. `file` is for the message.
pub fn certificates(contents: &[u8], file: &str) -> Result<Vec<X509>, CertificatesError> {
    if contents.is_empty() {
        return Err(CertificatesError::Empty(file.to_owned()));
    }
    let mut certificates = Vec::new();
    for (index, block) in Blocks(contents).enumerate() {
        if block.label != "CERTIFICATE" {
            return Err(CertificatesError::NotACertificate { index, label: block.label.to_owned() });
        }
        let certificate = X509::from_pem(block.text).map_err(|errors| CertificatesError::Invalid {
            index,
            file: file.to_owned(),
            reason: reason(&errors),
        })?;
        certificates.push(certificate);
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
