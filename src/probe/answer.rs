//! What a server says before TLS, or instead of it. Pure: any bytes have a meaning here.

/// pgwire's request for TLS: a length, and the number 80877103 in place of a version.
pub const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// A first message of pgwire in a version, 9.0, that there is not. A server that has taken the client's
/// certificate answers with an error; nobody is logged in, or tries to be.
pub const UNKNOWN_VERSION: [u8; 9] = [0, 0, 0, 9, 0, 9, 0, 0, 0];

/// What a client of HTTP/2 begins with: the preface, and an empty SETTINGS frame (RFC 9113 section 3.4).
pub const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// How many of the first bytes of a server are kept, to tell what it speaks.
pub const KEPT: usize = 16;

/// What a server speaks that does not speak what it was asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// HTTP, not encrypted.
    Http,
    /// SSH.
    Ssh,
    /// TLS, without pgwire's request for it.
    Tls,
    /// pgwire, without its answer to the request for TLS: an error message.
    PgwireError,
    /// SMTP or FTP.
    Greeting,
    /// Something else.
    Unknown,
}

/// How each begins. The types of TLS records that a server begins with are those of alerts and of handshakes
/// (RFC 8446 section 5.1). OpenSSL reads five bytes before it gives up. Some HTTP servers answer what they
/// cannot read with a page, and no more.
const BEGINNINGS: [(&[u8], Language); 8] = [
    (b"HTTP/", Language::Http),
    (b"<!DOC", Language::Http),
    (b"<html", Language::Http),
    (b"SSH-", Language::Ssh),
    (b"\x15\x03", Language::Tls),
    (b"\x16\x03", Language::Tls),
    (b"E\0\0", Language::PgwireError),
    (b"220", Language::Greeting),
];

impl Language {
    /// What this is the beginning of.
    pub fn of(first: &[u8]) -> Self {
        let known = BEGINNINGS.iter().find(|(beginning, _)| first.starts_with(beginning));
        known.map_or(Self::Unknown, |(_, language)| *language)
    }

    /// In words.
    pub fn text(self) -> &'static str {
        match self {
            Self::Http => "HTTP without TLS",
            Self::Ssh => "SSH",
            Self::Tls => "TLS from the start",
            Self::PgwireError => "pgwire, and answers with an error message",
            Self::Greeting => "SMTP or FTP",
            Self::Unknown => "a protocol that is neither pgwire nor TLS",
        }
    }
}

/// The answer to [`SSL_REQUEST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// TLS follows.
    Yes,
    /// The server has no TLS.
    No,
    /// This is not pgwire.
    Other,
}

impl Answer {
    /// What the first byte says.
    pub fn of(first: u8) -> Self {
        match first {
            b'S' => Self::Yes,
            b'N' => Self::No,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_speaks_is_known_by_its_first_bytes() {
        for (first, language) in [
            (&b"HTTP/1.1 400 Bad Request"[..], Language::Http),
            (b"<html>", Language::Http),
            (b"SSH-2.0-OpenSSH_9.2", Language::Ssh),
            (b"\x15\x03\x01\0\x02\x02\x46", Language::Tls),
            (b"E\0\0\0\x50SFATAL", Language::PgwireError),
            (b"220 mail.example.com", Language::Greeting),
            (b"SSL?", Language::Unknown),
            (b"HTTP", Language::Unknown),
            (b"", Language::Unknown),
        ] {
            assert_eq!(Language::of(first), language, "{first:?}");
        }
    }

    #[test]
    fn only_two_bytes_answer_the_request_for_tls() {
        assert_eq!((Answer::of(b'S'), Answer::of(b'N')), (Answer::Yes, Answer::No));
        assert_eq!((0..=u8::MAX).filter(|first| Answer::of(*first) == Answer::Other).count(), 254);
    }
}
