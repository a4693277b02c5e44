//! Certificates in DER, right or odd in any way.

use super::super::{Certificate, Signatures, extension};
use crate::der::{
    BIT_STRING, BOOLEAN, INTEGER, NULL, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, SET, UTF8_STRING, tlv,
};

pub(crate) const AT: i64 = 1_893_456_000; // 2030-01-01T00:00:00Z
pub(crate) const P256: &[u8] = b"\x2a\x86\x48\xce\x3d\x03\x01\x07";
pub(crate) const COMMON_NAME: &[u8] = b"\x55\x04\x03";
pub(crate) const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
pub(crate) const EC: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
pub(crate) const ECDSA_SHA256: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03\x02";
pub(crate) const ECDSA_SHA1: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x01";
pub(crate) const CLIENT: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x02";
pub(crate) const SERVER: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x01";
pub(crate) const PRIVATE: &[u8] = b"\x2a\x03\x04";

/// A signature is the number of the key that made it.
pub(crate) struct Numbers;

impl Signatures for Numbers {
    fn verify(&self, child: &Certificate, issuer: &Certificate) -> Option<bool> {
        let key = issuer.public_key().map(|key| key.key.to_vec());
        Some(key.is_some_and(|key| key.last() == child.signature().last()))
    }
}

pub(crate) fn oid(contents: &[u8]) -> Vec<u8> {
    tlv(OBJECT_IDENTIFIER, contents)
}

pub(crate) fn attribute(of: &[u8], tag: u8, value: &[u8]) -> Vec<u8> {
    [oid(of), tlv(tag, value)].concat()
}

/// What is in a SubjectPublicKeyInfo.
pub(crate) fn info(algorithm: &[u8], parameters: &[u8], key: &[u8]) -> Vec<u8> {
    let algorithm = tlv(SEQUENCE, &[&oid(algorithm), parameters].concat());
    [algorithm, tlv(BIT_STRING, &[&[0], key].concat())].concat()
}

pub(crate) fn rsa(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let numbers = tlv(SEQUENCE, &[tlv(INTEGER, modulus), tlv(INTEGER, exponent)].concat());
    info(RSA, &tlv(NULL, &[]), &numbers)
}

/// A certificate to make.
#[derive(Clone)]
pub(crate) struct Make {
    pub(crate) subject: &'static str,
    pub(crate) issuer: &'static str,
    pub(crate) key: u8,
    pub(crate) signer: u8,
    pub(crate) curve: &'static [u8],
    /// What is in its SubjectPublicKeyInfo, instead of a key on the curve.
    pub(crate) info: Option<Vec<u8>>,
    pub(crate) algorithm: &'static [u8],
    pub(crate) parameters: Vec<u8>,
    /// What is in the one attribute of its subject, instead of the subject as text.
    pub(crate) attribute: Option<Vec<u8>>,
    pub(crate) serial: &'static [u8],
    pub(crate) times: [&'static str; 2],
    pub(crate) version: u8,
    /// The contents of the BIT STRING, instead of the signer's number.
    pub(crate) signature: Option<&'static [u8]>,
    /// None in a certificate of version 1.
    pub(crate) extensions: Option<Vec<Vec<u8>>>,
}

pub(crate) fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { tlv(BOOLEAN, &[0xff]) } else { Vec::new() };
    tlv(SEQUENCE, &[tlv(OBJECT_IDENTIFIER, oid), critical, tlv(OCTET_STRING, value)].concat())
}

pub(crate) fn basic(path_length: Option<u8>) -> Vec<u8> {
    let length = path_length.map_or_else(Vec::new, |length| tlv(INTEGER, &[length]));
    extension(extension::BASIC_CONSTRAINTS, true, &tlv(SEQUENCE, &[tlv(BOOLEAN, &[0xff]), length].concat()))
}

pub(crate) fn usage(purpose: &[u8]) -> Vec<u8> {
    extension(extension::EXTENDED_KEY_USAGE, false, &tlv(SEQUENCE, &tlv(OBJECT_IDENTIFIER, purpose)))
}

pub(crate) fn ca(subject: &'static str, key: u8, issuer: &'static str, signer: u8) -> Make {
    let times = ["290101000000Z", "310101000000Z"];
    let (curve, algorithm, serial) = (P256, ECDSA_SHA256, &[1][..]);
    let extensions = Some(vec![basic(None)]);
    let (info, parameters, attribute, version, signature) = (None, Vec::new(), None, 2, None);
    Make {
        subject,
        issuer,
        key,
        signer,
        curve,
        info,
        algorithm,
        parameters,
        attribute,
        serial,
        times,
        version,
        signature,
        extensions,
    }
}

pub(crate) fn root() -> Make {
    ca("root", 1, "root", 1)
}

pub(crate) fn middle() -> Make {
    ca("middle", 2, "root", 1)
}

pub(crate) fn leaf(issuer: &'static str, signer: u8) -> Make {
    Make { extensions: Some(vec![usage(CLIENT)]), ..ca("user", 9, issuer, signer) }
}

impl Make {
    pub(crate) fn with(mut self, extension: Vec<u8>) -> Self {
        self.extensions.get_or_insert_default().push(extension);
        self
    }
    pub(crate) fn only(mut self, extension: Vec<u8>) -> Self {
        self.extensions = Some(vec![extension]);
        self
    }
    pub(crate) fn version_1(mut self) -> Self {
        self.extensions = None;
        self
    }
    pub(crate) fn times(mut self, start: &'static str, end: &'static str) -> Self {
        self.times = [start, end];
        self
    }
    pub(crate) fn done(&self) -> Certificate {
        let name = |text: &str| attribute(COMMON_NAME, UTF8_STRING, text.as_bytes());
        let whole_name = |attribute: &[u8]| tlv(SEQUENCE, &tlv(SET, &tlv(SEQUENCE, attribute)));
        let subject = self.attribute.clone().unwrap_or_else(|| name(self.subject));
        let algorithm = tlv(SEQUENCE, &[oid(self.algorithm), self.parameters.clone()].concat());
        let point = [&[4][..], &[self.key; 64]].concat();
        let key = self.info.clone().unwrap_or_else(|| info(EC, &oid(self.curve), &point));
        let time = |time: &str| tlv(if time.len() == 15 { 0x18 } else { 0x17 }, time.as_bytes());
        let extensions = self.extensions.as_deref().unwrap_or_default().concat();
        let version_3 = |field: Vec<u8>| self.extensions.as_ref().map_or_else(Vec::new, |_| field);
        let body = [
            version_3(tlv(0xa0, &tlv(INTEGER, &[self.version]))),
            tlv(INTEGER, self.serial),
            algorithm.clone(),
            whole_name(&name(self.issuer)),
            tlv(SEQUENCE, &self.times.map(time).concat()),
            whole_name(&subject),
            tlv(SEQUENCE, &key),
            version_3(tlv(0xa3, &tlv(SEQUENCE, &extensions))),
        ];
        let signature = tlv(BIT_STRING, self.signature.unwrap_or(&[0, self.signer]));
        let whole = [tlv(SEQUENCE, &body.concat()), algorithm, signature];
        Certificate::from_der(tlv(SEQUENCE, &whole.concat())).expect("a certificate")
    }
}
