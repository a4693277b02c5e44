//! URIs among the alternative names, as Go parses them (`url.Parse`, then `domainNameValid` for the host).
//!
//! What ordinary URIs hold is decided here; what is left, where Go's versions differ in detail, is not.

/// What Go makes of a URI.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading<'a> {
    /// It parses; this is the host, with its port, or empty.
    Fine(&'a str),
    /// It does not, and why.
    Bad(&'static str),
    /// That is not known here.
    Unsure,
}

/// Reads a URI, which is ASCII.
pub(super) fn read(uri: &str) -> Reading<'_> {
    use Reading::{Bad, Fine, Unsure};
    if uri.bytes().any(|octet| octet < b' ' || octet == 0x7f) {
        return Bad("invalid control character in URL");
    }
    let (body, fragment) = uri.split_once('#').unwrap_or((uri, ""));
    if !escapes_are_valid(fragment) {
        return Bad("invalid URL escape");
    }
    let (scheme, rest) = match split_scheme(body) {
        Ok(split) => split,
        Err(why) => return Bad(why),
    };
    let path = rest.split('?').next().unwrap_or_default();
    let Some(hierarchy) = path.strip_prefix("//") else {
        return match () {
            () if !path.starts_with('/') && !scheme.is_empty() => Fine(""),
            () if !path.starts_with('/') && path.split('/').next().is_some_and(|first| first.contains(':')) => {
                Bad("first path segment in URL cannot contain colon")
            }
            () if !escapes_are_valid(path) => Bad("invalid URL escape"),
            () => Fine(""),
        };
    };
    let (host, path) = hierarchy.split_at(hierarchy.find('/').unwrap_or(hierarchy.len()));
    if host.contains(' ') {
        return Bad("invalid character in host name");
    }
    if !escapes_are_valid(path) {
        return Bad("invalid URL escape");
    }
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
    if !name.bytes().all(plain) || !port.bytes().all(|octet| octet.is_ascii_digit()) {
        return Unsure;
    }
    match () {
        () if host.ends_with('.') => Bad("invalid domain"),
        () if host.starts_with('.') => Unsure,
        () if host.contains("..") => Bad("invalid domain"),
        () => Fine(host),
    }
}

/// Everything before the first colon is a scheme if it looks like one, and everything is the rest otherwise.
fn split_scheme(uri: &str) -> Result<(&str, &str), &'static str> {
    let is_scheme = |at: usize, octet: u8| {
        octet.is_ascii_alphabetic() || at > 0 && (octet.is_ascii_digit() || b"+-.".contains(&octet))
    };
    match uri.bytes().enumerate().find(|(at, octet)| !is_scheme(*at, *octet)) {
        Some((0, b':')) => Err("missing protocol scheme"),
        Some((at, b':')) => Ok((&uri[..at], &uri[at + 1..])),
        _ => Ok(("", uri)),
    }
}

fn escapes_are_valid(text: &str) -> bool {
    text.split('%')
        .skip(1)
        .all(|after| after.len() >= 2 && after.bytes().take(2).all(|octet| octet.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_read_as_go_reads_them() {
        for (uri, expected) in [
            ("crdb://tenant/2/user/alice", Reading::Fine("tenant")),
            ("crdb://tenant-name/app/user/%C3%B6", Reading::Fine("tenant-name")),
            ("https://example.com:8080/a?b#c", Reading::Fine("example.com:8080")),
            ("urn:uuid:1", Reading::Fine("")),
            ("mailto:%zz", Reading::Fine("")),
            ("", Reading::Fine("")),
            ("/a", Reading::Fine("")),
            ("//host/a", Reading::Fine("host")),
            ("///a", Reading::Fine("")),
            ("h2c+x.y-z://b", Reading::Fine("b")),
            ("crdb:///a", Reading::Fine("")),
            (":a", Reading::Bad("missing protocol scheme")),
            ("1a:b", Reading::Bad("first path segment in URL cannot contain colon")),
            ("/%zz", Reading::Bad("invalid URL escape")),
            ("a://b/%zz", Reading::Bad("invalid URL escape")),
            ("a://b/c#%", Reading::Bad("invalid URL escape")),
            ("a://b c/", Reading::Bad("invalid character in host name")),
            ("a://b./", Reading::Bad("invalid domain")),
            ("a://b..c/", Reading::Bad("invalid domain")),
            ("a\u{1}b", Reading::Bad("invalid control character in URL")),
            ("a://[::1]/", Reading::Unsure),
            ("a://user@b/", Reading::Unsure),
            ("a://.b/", Reading::Unsure),
        ] {
            assert_eq!(read(uri), expected, "{uri:?}");
        }
    }
}
