//! The PEM armor (RFC 7468) around OpenSSL's DER, and the blocks of a certificate file.

use openssl::base64::{decode_block, encode_block};
use openssl::error::ErrorStack;
use openssl::x509::X509;
use thiserror::Error;
use zeroize::Zeroizing;

use super::{readable, reason};
use crate::certificate::Certificate;
use crate::der::{Reader, has_more_elements};

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
const CERTIFICATE: &str = "CERTIFICATE";

/// The most ASN.1 elements in a certificate that we pass to OpenSSL. A thousand names are 1,050 elements, and
/// each costs hundreds of bytes of memory once read.
const ELEMENTS: usize = 20_000;

/// Why a file's contents are not certificates, in the reference's words.
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
        /// Its label.
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

/// A label, and the text between the lines that begin and end its block.
pub struct Block<'a> {
    /// Its label.
    pub label: &'a str,
    body: &'a [u8],
}

impl Block<'_> {
    /// Do its headers say that it is encrypted as in RFC 1421?
    pub fn has_encryption_header(&self) -> bool {
        let has = |text: &[u8]| self.body.windows(text.len()).any(|window| window == text);
        has(b"Proc-Type:") && has(b"ENCRYPTED")
    }

    /// The decoded contents, without headers (RFC 1421 section 4.6). This buffer and all others on the way wipe
    /// themselves.
    ///
    /// # Errors
    /// If it is not base64.
    pub fn der(&self) -> Result<Zeroizing<Vec<u8>>, ErrorStack> {
        // Allocated at once, so that growing leaves no copy of a key behind. Invalid UTF-8 makes it invalid
        // base64, too.
        let mut base64 = Zeroizing::new(String::with_capacity(self.body.len()));
        for line in self.body.split(|b| *b == b'\n').filter(|line| !line.contains(&b':')) {
            let shown = line.iter().filter(|b| !b.is_ascii_whitespace());
            base64.extend(shown.map(|b| if b.is_ascii() { char::from(*b) } else { '!' }));
        }
        decode_block(&base64).map(Zeroizing::new)
    }
}

/// Reads the certificates in a file; skips text around the blocks.
///
/// # Errors
/// If there is none, or if any block is not a certificate. `file` is for the message.
pub fn certificates(contents: &[u8], file: &str) -> Result<Vec<Certificate>, CertificatesError> {
    if contents.is_empty() {
        return Err(CertificatesError::Empty(file.to_owned()));
    }
    let read = |(index, block): (usize, Block<'_>)| {
        if block.label != CERTIFICATE {
            return Err(CertificatesError::NotACertificate { index, label: block.label.to_owned() });
        }
        let invalid = |reason| CertificatesError::Invalid { index, file: file.to_owned(), reason };
        certificate(&block).map_err(invalid)
    };
    let all = Blocks(contents).enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
    if all.is_empty() { Err(CertificatesError::None(file.to_owned())) } else { Ok(all) }
}

/// Reads a block. OpenSSL, which will work with it, sees nothing that is too large, and must be able to read
/// it, too.
fn certificate(block: &Block<'_>) -> Result<Certificate, String> {
    certificate_from_der(&block.der().map_err(|errors| reason(&errors))?)
}

/// Reads a certificate that anyone may have made, under the same conditions.
///
/// # Errors
/// If it is none, or too large.
pub fn certificate_from_der(der: &[u8]) -> Result<Certificate, String> {
    if has_more_elements(der, ELEMENTS) {
        return Err(format!("it has more than {ELEMENTS} elements"));
    }
    let read = Certificate::from_der(der.to_vec());
    if !read.as_ref().is_ok_and(readable::surely) {
        X509::from_der(der).map_err(|errors| reason(&errors))?;
    }
    read.map_err(|malformed| malformed.to_string())
}

/// The certificates of a file whose position among them, from 0, is to be kept. Nothing else of the file is: no
/// text between blocks, no other block, nothing behind the certificate inside a block.
pub fn certificate_blocks(contents: &[u8], keep: impl Fn(usize) -> bool) -> Vec<u8> {
    let blocks = Blocks(contents).filter(|block| block.label == CERTIFICATE).enumerate();
    let mut kept = Vec::with_capacity(contents.len());
    for (_, block) in blocks.filter(|(position, _)| keep(*position)) {
        let der = block.der().unwrap_or_default();
        // If not in DER, it is kept as it is.
        let certificate = Reader::new(&der).element().map_or(&**der, |certificate| certificate.encoded);
        if !certificate.is_empty() {
            kept.extend_from_slice(&armor(CERTIFICATE, certificate));
        }
    }
    kept
}

/// The blocks in a file, of any kind.
pub fn blocks(contents: &[u8]) -> impl Iterator<Item = Block<'_>> {
    Blocks(contents)
}

/// The first private key in a file, of any kind.
pub fn private_key(contents: &[u8]) -> Option<Block<'_>> {
    Blocks(contents).find(|block| block.label.ends_with("PRIVATE KEY"))
}

/// DER in PEM armor, 64 characters a line.
pub fn armor(label: &str, der: &[u8]) -> Zeroizing<Vec<u8>> {
    let base64 = Zeroizing::new(encode_block(der));
    // Allocated at once, so that growing leaves no copy of a key behind.
    let mut pem = Zeroizing::new(Vec::with_capacity(base64.len() + base64.len() / 64 + 2 * label.len() + 40));
    pem.extend_from_slice(format!("{BEGIN}{label}{DASHES}\n").as_bytes());
    for line in base64.as_bytes().chunks(64) {
        pem.extend_from_slice(line);
        pem.push(b'\n');
    }
    pem.extend_from_slice(format!("{END}{label}{DASHES}\n").as_bytes());
    pem
}

/// These certificates in a file, in this order.
pub fn bundle<'a>(certificates: impl IntoIterator<Item = &'a Certificate>) -> Vec<u8> {
    certificates.into_iter().flat_map(|one| armor(CERTIFICATE, one.der()).to_vec()).collect()
}

/// The blocks in a file, found by the lines that begin and end them.
struct Blocks<'a>(&'a [u8]);

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        loop {
            let begin = find_line(self.0, BEGIN)?;
            let text = &self.0[begin..];
            let label = label_of(text, BEGIN);
            // The nearest end line counts, even if the block turns out not to be one, so every byte is read
            // only once.
            let end = find_line(text, END)?;
            let end_label = label_of(&text[end..], END);
            let after = end + END.len() + end_label.map_or(0, |label| label.len() + DASHES.len());
            self.0 = &text[after..];
            if let Some(label) = label.filter(|_| label == end_label) {
                let begin = BEGIN.len() + label.len() + DASHES.len();
                return Some(Block { label, body: text.get(begin..end).unwrap_or_default() });
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

/// The position of a line that begins with `prefix`.
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
    fn only_certificates_are_kept() {
        let block = |label, der: &[u8]| String::from_utf8(armor(label, der).to_vec()).expect("ASCII");
        let (a, b, c) =
            (block("CERTIFICATE", &[4, 1, 1]), block("CERTIFICATE", &[5, 0]), block("X", &[4, 1, 2]));
        let crlf = b.replace('\n', "\r\n");
        let header = a.replacen('\n', "\nSecret: x\n\n", 1);
        let behind = block("CERTIFICATE", b"\x05\0secret");
        let file = format!("before\n{a}between\n{c}{crlf}{header}{behind}{}", a.trim_end());
        let text = |keep: &dyn Fn(usize) -> bool| {
            String::from_utf8(certificate_blocks(file.as_bytes(), keep)).expect("UTF-8")
        };
        assert_eq!(text(&|_| true), [&*a, &b, &a, &b, &a].concat());
        assert_eq!(text(&|position| position == 1), b);
        assert_eq!(text(&|_| false), "");
    }

    #[test]
    fn the_first_private_key_is_found() {
        let file = "-----BEGIN EC PARAMETERS-----\nBg==\n-----END EC PARAMETERS-----\n\
                    -----BEGIN EC PRIVATE KEY-----\nA: b\n\nAQ\r\nI=\n-----END EC PRIVATE KEY-----\n";
        let block = private_key(file.as_bytes()).expect("a key");
        assert_eq!((block.label, block.has_encryption_header()), ("EC PRIVATE KEY", false));
        assert_eq!(block.der().map(|der| der.to_vec()).ok(), Some(vec![1, 2]));
        assert!(private_key(b"-----BEGIN PRIVATE KEY-----\n").is_none());
        for (header, expected) in
            [("Proc-Type: 4,ENCRYPTED", true), ("Proc-Type: 4,MIC-CLEAR", false), ("A: ENCRYPTED", false)]
        {
            let file = format!("-----BEGIN PRIVATE KEY-----\n{header}\n\nAQI=\n-----END PRIVATE KEY-----\n");
            let block = private_key(file.as_bytes()).expect("a key");
            assert_eq!(block.has_encryption_header(), expected, "{header}");
        }
    }

    #[test]
    fn what_openssl_does_not_read_is_no_certificate() {
        use crate::der::{NULL, tlv};
        use crate::login::chain::tests::make::{Make, root};

        let null = tlv(NULL, &[]);
        let two = [&null[..], &null].concat();
        for (parameters, is_one) in [(null.clone(), true), (two, false)] {
            let made = Make { parameters, ..root() }.done();
            assert_eq!(certificate_from_der(made.der()).is_ok(), is_one);
        }
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
