//! How servers up to 26.2 read a name: their LDAP library (go-ldap 3.4.6) takes texts that later ones refuse,
//! or reads them otherwise (REFERENCE.md section 5). Octet by octet, as it does it.

use super::{Attribute, AttributeValue, DistinguishedName, Rdn, ber, text};

/// A value or type as it is read: spaces at the end count only if something follows them.
#[derive(Default)]
struct Part {
    octets: Vec<u8>,
    spaces_at_end: usize,
}

impl Part {
    fn push(&mut self, octet: u8) {
        self.octets.push(octet);
        self.spaces_at_end = 0;
    }

    fn push_unescaped(&mut self, octet: u8) {
        match octet {
            b' ' if self.octets.is_empty() => {}
            b' ' => {
                self.octets.push(octet);
                self.spaces_at_end += 1;
            }
            _ => self.push(octet),
        }
    }

    fn take(&mut self) -> Vec<u8> {
        let mut octets = std::mem::take(&mut self.octets);
        octets.truncate(octets.len() - std::mem::take(&mut self.spaces_at_end));
        octets
    }
}

#[derive(Default)]
struct Reader {
    rdns: Vec<Rdn>,
    attributes: Vec<Attribute>,
    attribute_type: Vec<u8>,
    part: Part,
}

impl Reader {
    /// Ends an attribute; one without a type is an error.
    fn push(&mut self) -> Option<()> {
        let attribute_type = text::lossy(&std::mem::take(&mut self.attribute_type));
        let value = AttributeValue::text(self.part.take());
        self.attributes.push(Attribute::new(attribute_type, value).ok()?);
        Some(())
    }

    fn end_rdn(&mut self) -> Option<()> {
        self.push()?;
        self.rdns.push(Rdn { attributes: std::mem::take(&mut self.attributes) });
        Some(())
    }
}

/// The name in the text, or none if these servers refuse it.
pub(super) fn name(text: &str) -> Option<DistinguishedName> {
    let octets = text.as_bytes();
    let (mut reader, mut at) = (Reader::default(), 0);
    while let Some(octet) = octets.get(at) {
        at += 1;
        match octet {
            // A lone backslash at the end is not there.
            b'\\' if at == octets.len() => {}
            b'\\' => at += escape(&octets[at..], &mut reader.part)?,
            b'=' if reader.attribute_type.is_empty() => {
                reader.attribute_type = reader.part.take();
                at += hex_value(&octets[at..], &mut reader.part)?;
            }
            b',' | b';' => reader.end_rdn()?,
            b'+' => reader.push()?,
            octet => reader.part.push_unescaped(*octet),
        }
    }
    // An empty value at the end takes its RDN with it.
    if !reader.part.octets.is_empty() {
        reader.end_rdn()?;
    }
    Some(DistinguishedName { rdns: reader.rdns })
}

/// Takes what stands after a backslash, and says how long it is.
fn escape(rest: &[u8], part: &mut Part) -> Option<usize> {
    if br##" "#+,;<=>\"##.contains(&rest[0]) {
        part.push(rest[0]);
        return Some(1);
    }
    part.push(*unhex(rest.get(..2)?)?.first()?);
    Some(2)
}

/// Takes a BER element in hex behind a `=`, whatever follows it, and says how long it is; 0 if there is none.
fn hex_value(rest: &[u8], part: &mut Part) -> Option<usize> {
    let Some(hex) = rest.strip_prefix(b"#") else { return Some(0) };
    let end = hex.iter().position(|octet| b",+".contains(octet)).filter(|end| *end > 0);
    let hex = &hex[..end.unwrap_or(hex.len())];
    part.octets = ber::contents_of_first(&unhex(hex)?)?;
    Some(1 + hex.len())
}

fn unhex(hex: &[u8]) -> Option<Vec<u8>> {
    let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = hex.chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}
