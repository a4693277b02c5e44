"""What Python's `cryptography` reads in certificates, and whom it lets in.

See main.rs and expected.rs for the form of the text.
"""

import ipaddress
import sys

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509 import verification
from cryptography.x509.oid import ExtensionOID

CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
STRING_TYPES = {"PrintableString": "PrintableString", "UTF8String": "UTF8String", "IA5String": "IA5String"}
KEY_USAGES = [
    ("digital_signature", "digitalSignature"),
    ("content_commitment", "nonRepudiation"),
    ("key_encipherment", "keyEncipherment"),
    ("data_encipherment", "dataEncipherment"),
    ("key_agreement", "keyAgreement"),
    ("key_cert_sign", "keyCertSign"),
    ("crl_sign", "cRLSign"),
]


def load(path):
    with open(path, "rb") as file:
        return x509.load_pem_x509_certificate(file.read())


def name(attributes):
    # The string type has no public accessor; `_type` is stable in the pinned version.
    return [
        " + ".join(f"{a.oid.dotted_string} {STRING_TYPES[a._type.name]} {a.value}" for a in rdn)
        for rdn in attributes.rdns
    ]


def public_key(key):
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size} {key.public_numbers().e}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {CURVES[key.curve.name]}"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "Ed25519"
    return type(key).__name__


def general_name(name):
    if isinstance(name, x509.DNSName):
        return f"DNS:{name.value}"
    if isinstance(name, x509.IPAddress):
        return f"IP:{name.value.packed.hex()}"
    if isinstance(name, x509.UniformResourceIdentifier):
        return f"URI:{name.value}"
    return repr(name)


def content(value):
    if isinstance(value, x509.SubjectKeyIdentifier):
        return value.digest.hex()
    if isinstance(value, x509.AuthorityKeyIdentifier):
        if value.authority_cert_issuer is None and value.authority_cert_serial_number is None:
            return value.key_identifier.hex()
    if isinstance(value, x509.KeyUsage):
        usages = [text for attribute, text in KEY_USAGES if getattr(value, attribute)]
        if value.key_agreement:
            usages += ["encipherOnly"] * value.encipher_only + ["decipherOnly"] * value.decipher_only
        return ", ".join(usages)
    if isinstance(value, x509.BasicConstraints):
        length = "" if value.path_length is None else f", pathlen:{value.path_length}"
        return f"CA:{str(value.ca).upper()}{length}"
    if isinstance(value, x509.ExtendedKeyUsage):
        return ", ".join(oid.dotted_string for oid in value)
    if isinstance(value, x509.SubjectAlternativeName):
        return ", ".join(general_name(name) for name in value)
    return repr(value)


def fields(path):
    certificate = load(path)
    key = certificate.public_key()
    yield "version", certificate.version.value + 1
    yield "serial", f"{certificate.serial_number:x}"
    yield "signatureAlgorithm", certificate.signature_algorithm_oid.dotted_string
    yield "issuerBytes", certificate.issuer.public_bytes().hex()
    for rdn in name(certificate.issuer):
        yield "issuer", rdn
    yield "notBefore", int(certificate.not_valid_before_utc.timestamp())
    yield "notAfter", int(certificate.not_valid_after_utc.timestamp())
    yield "subjectBytes", certificate.subject.public_bytes().hex()
    for rdn in name(certificate.subject):
        yield "subject", rdn
    yield "publicKey", public_key(key)
    yield "publicKeySha1", x509.SubjectKeyIdentifier.from_public_key(key).digest.hex()
    for extension in sorted(certificate.extensions, key=lambda e: e.oid.dotted_string):
        critical = "critical" if extension.critical else "non-critical"
        yield "extension", f"{extension.oid.dotted_string} {critical} {content(extension.value)}"


def request(path):
    with open(path, "rb") as file:
        request = x509.load_pem_x509_csr(file.read())
    yield "signature", "good" if request.is_signature_valid else "bad"
    for rdn in name(request.subject):
        yield "subject", rdn
    for extension in request.extensions:
        critical = "critical" if extension.critical else "non-critical"
        yield "extension", f"{extension.oid.dotted_string} {critical} {extension.value.public_bytes().hex()}"


def host(text):
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def verify(role, name, ca, path):
    builder = verification.PolicyBuilder().store(verification.Store([load(ca)]))
    if role == "server":
        verifier = builder.build_server_verifier(host(name or "node1.example.com"))
    else:
        # By default a client needs a subjectAltName, as in the web's PKI; a database's users are in the subject.
        leaf = verification.ExtensionPolicy.webpki_defaults_ee().may_be_present(
            x509.SubjectAlternativeName, verification.Criticality.AGNOSTIC, None
        )
        authority = verification.ExtensionPolicy.webpki_defaults_ca()
        verifier = builder.extension_policies(ca_policy=authority, ee_policy=leaf).build_client_verifier()
    try:
        verifier.verify(load(path), [])
    except verification.VerificationError as error:
        return "refused: " + " ".join(str(error).split())
    return "accepted"


def main(verb, arguments):
    if verb == "fields":
        for path in arguments:
            print(f"file: {path}")
            for field, value in fields(path):
                print(f"{field}: {value}")
    elif verb == "request":
        for path in arguments:
            for field, value in request(path):
                print(f"{field}: {value}")
    elif verb == "verify":
        for case in zip(*[iter(arguments)] * 4):
            print(verify(*case))
    else:
        sys.exit(f"unknown verb {verb}")


sys.stdout.reconfigure(encoding="utf-8")
main(sys.argv[1], sys.argv[2:])
