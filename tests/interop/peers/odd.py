"""Certificates and chains, each odd in one way.

    odd.py DIRECTORY

Makes a certs directory for each case in DIRECTORY: ca.crt, ca-client-tenant.crt if there is one, client.u.crt with the chain
that the client sends, and client.u.key. DIRECTORY/index names them, one a line. Everything is judged at AT.
"""

import os
import sys
import warnings
from datetime import datetime, timedelta, timezone

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa, x25519

warnings.filterwarnings("ignore")
AT = datetime(2030, 1, 1, tzinfo=timezone.utc)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def tlv(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + body


def seq(*parts):
    return tlv(0x30, *parts)


def integer(number):
    size = max(1, (number if number >= 0 else ~number).bit_length() // 8 + 1)
    return tlv(2, number.to_bytes(size, "big", signed=True))


def oid(text):
    arcs = [int(arc) for arc in text.split(".")]
    out = b""
    for arc in [arcs[0] * 40 + arcs[1]] + arcs[2:]:
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.insert(0, arc & 0x7F | 0x80)
        out += bytes(groups)
    return tlv(6, out)


def bits(body, unused=0):
    return tlv(3, bytes([unused]), body)


NULL = b"\x05\x00"
TRUE = b"\x01\x01\xff"
UTF8, PRINTABLE, IA5, TELETEX, BMP, NUMERIC, UNIVERSAL = 0x0C, 0x13, 0x16, 0x14, 0x1E, 0x12, 0x1C


def attribute(kind, value, tag=UTF8):
    return seq(oid(kind), tlv(tag, value if isinstance(value, bytes) else value.encode()))


def name(*attributes):
    """One attribute an RDN; a list is an RDN of several."""
    rdns = [tlv(0x31, *(each if isinstance(each, list) else [each])) for each in attributes]
    return seq(*rdns)


def cn(text, tag=UTF8):
    return name(attribute("2.5.4.3", text, tag))


def when(time):
    text = time.strftime("%y%m%d%H%M%SZ") if 1950 <= time.year < 2050 else time.strftime("%Y%m%d%H%M%SZ")
    return tlv(0x17 if len(text) == 13 else 0x18, text.encode())


def extension(kind, value, critical=False):
    return seq(oid(kind), TRUE if critical else b"", tlv(4, value))


def basic(ca=True, length=None, critical=True):
    return extension("2.5.29.19", seq(TRUE if ca else b"", b"" if length is None else integer(length)), critical)


def usage(octet, critical=True):
    return extension("2.5.29.15", bits(bytes([octet]), 0), critical)


CLIENT, SERVER, ANY = "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1", "2.5.29.37.0"
EMAIL_USE, UNKNOWN_USE = "1.3.6.1.5.5.7.3.4", "1.2.3.4.5"


def purposes(*kinds, critical=False):
    return extension("2.5.29.37", seq(*map(oid, kinds)), critical)


def alt(*names, critical=False):
    return extension("2.5.29.17", seq(*names), critical)


def dns(text):
    return tlv(0x82, text.encode("latin-1"))


def email(text):
    return tlv(0x81, text.encode("latin-1"))


def uri(text):
    return tlv(0x86, text.encode("latin-1"))


def ip(octets):
    return tlv(0x87, octets)


def spki(key):
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.DER, form)


HASHES = {
    "md5": hashes.MD5, "sha1": hashes.SHA1, "sha224": hashes.SHA224, "sha256": hashes.SHA256, "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
RSA_OIDS = {"md5": 4, "sha1": 5, "sha224": 14, "sha256": 11, "sha384": 12, "sha512": 13}
ECDSA_OIDS = {"sha1": "1", "sha224": "3.1", "sha256": "3.2", "sha384": "3.3", "sha512": "3.4"}
DSA_OIDS = {"sha1": "1.2.840.10040.4.3", "sha224": "2.16.840.1.101.3.4.3.1", "sha256": "2.16.840.1.101.3.4.3.2"}
SHA2_OIDS = {"sha256": 1, "sha384": 2, "sha512": 3, "sha224": 4}


class Scheme:
    """How something is signed: the AlgorithmIdentifier, and the signature."""

    def __init__(self, key, digest="sha256", pss=None):
        self.key, self.digest, self.pss = key, digest, pss
        self.hash = HASHES[digest]()

    def identifier(self):
        key, digest = self.key, self.digest
        if isinstance(key, rsa.RSAPrivateKey) and self.pss is not None:
            sha = seq(oid(f"2.16.840.1.101.3.4.2.{SHA2_OIDS[digest]}"), NULL)
            mask = seq(oid("1.2.840.113549.1.1.8"), sha)
            fields = tlv(0xA0, sha), tlv(0xA1, mask), tlv(0xA2, integer(self.pss))
            return seq(oid("1.2.840.113549.1.1.10"), seq(*fields))
        if isinstance(key, rsa.RSAPrivateKey):
            return seq(oid(f"1.2.840.113549.1.1.{RSA_OIDS[digest]}"), NULL)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return seq(oid(f"1.2.840.10045.4.{ECDSA_OIDS[digest]}"))
        if isinstance(key, dsa.DSAPrivateKey):
            return seq(oid(DSA_OIDS[digest]))
        return seq(oid("1.3.101.112" if isinstance(key, ed25519.Ed25519PrivateKey) else "1.3.101.113"))

    def sign(self, body):
        key = self.key
        if isinstance(key, rsa.RSAPrivateKey) and self.pss is not None:
            return key.sign(body, padding.PSS(padding.MGF1(self.hash), self.pss), self.hash)
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(body, padding.PKCS1v15(), self.hash)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key.sign(body, ec.ECDSA(self.hash))
        if isinstance(key, dsa.DSAPrivateKey):
            return key.sign(body, self.hash)
        return key.sign(body)


P256 = [ec.generate_private_key(ec.SECP256R1()) for _ in range(8)]
CA_KEY, MIDDLE_KEY, LEAF_KEY, OTHER_KEY, LOWER_KEY = P256[:5]
ROOT, MIDDLE, LOWER, USER = cn("Root"), cn("Middle"), cn("Lower"), cn("u")


def certificate(subject, issuer, key, signer, extensions=(), **odd):
    """A certificate; `odd` replaces parts by their DER."""
    scheme = signer if isinstance(signer, Scheme) else Scheme(signer)
    start, end = odd.get("start", AT - 100 * DAY), odd.get("end", AT + 100 * DAY)
    times = odd.get("validity", when(start) + when(end))
    identifier = scheme.identifier()
    body = seq(
        odd.get("version", tlv(0xA0, integer(2))),
        odd.get("serial", integer(int.from_bytes(os.urandom(8), "big") | 1 << 62)),
        odd.get("inner", identifier), issuer, seq(times), subject,
        odd.get("spki", None) or spki(key),
        odd.get("unique", b""),
        tlv(0xA3, seq(*extensions)) if extensions else b"",
    )
    signature = odd.get("signature", bits(scheme.sign(body)))
    return seq(body, odd.get("outer", identifier), signature)


def root(extensions=None, subject=ROOT, key=CA_KEY, issuer=None, signer=None, **odd):
    extensions = [basic()] if extensions is None else extensions
    return certificate(subject, subject if issuer is None else issuer, key, signer or key, extensions, **odd)


def middle(extensions=None, subject=MIDDLE, key=MIDDLE_KEY, issuer=ROOT, signer=CA_KEY, **odd):
    return certificate(subject, issuer, key, signer, [basic()] if extensions is None else extensions, **odd)


def leaf(extensions=None, subject=USER, key=LEAF_KEY, issuer=ROOT, signer=CA_KEY, **odd):
    return certificate(subject, issuer, key, signer, [purposes(CLIENT)] if extensions is None else extensions, **odd)


def below_middle(extensions=None, **odd):
    return leaf(extensions, **{"issuer": MIDDLE, "signer": MIDDLE_KEY, **odd})


CASES = []


def case(title, trusted, sent, key=LEAF_KEY, tenant=()):
    CASES.append((title, trusted, sent, key, tenant))


def everywhere(title, **odd):
    """The same oddity in the leaf, an intermediate, a root that is used, and one that is not."""
    case(f"{title}: leaf", [root()], [leaf(**odd)])
    case(f"{title}: intermediate", [root()], [below_middle(), middle(**odd)])
    case(f"{title}: root", [root(**odd)], [leaf()])
    case(f"{title}: another trusted one", [root(), root(subject=cn("Other"), key=OTHER_KEY, **odd)], [leaf()])
    case(f"{title}: another one sent", [root()], [leaf(), middle(**odd)])


def with_extension(title, *more):
    case(f"{title}: leaf", [root()], [leaf([purposes(CLIENT), *more])])
    case(f"{title}: intermediate", [root()], [below_middle(), middle([basic(), *more])])
    case(f"{title}: root", [root([basic(), *more])], [leaf()])


def algorithms():
    rsa_key = rsa.generate_private_key(65537, 2048)
    signers = [("rsa 2048", rsa_key)]
    for size in (1024, 3072):
        signers.append((f"rsa {size}", rsa.generate_private_key(65537, size)))
    signers.append(("rsa exponent 3", rsa.generate_private_key(3, 2048)))
    curves = {
        "p224": ec.SECP224R1, "p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1, "p192": ec.SECP192R1,
        "secp256k1": ec.SECP256K1, "brainpool256": ec.BrainpoolP256R1, "brainpool384": ec.BrainpoolP384R1,
        "brainpool512": ec.BrainpoolP512R1,
    }
    for title, curve in curves.items():
        try:
            signers.append((title, ec.generate_private_key(curve())))
        except Exception:
            print(f"odd.py: no curve {title} here", file=sys.stderr)
    signers += [("ed25519", ed25519.Ed25519PrivateKey.generate()), ("ed448", ed448.Ed448PrivateKey.generate())]
    signers.append(("dsa 2048", dsa.generate_private_key(2048)))
    for title, key in signers:
        case(f"key of the leaf: {title}", [root()], [leaf(key=key)], key)
        case(f"key of another trusted one: {title}", [root(), root(subject=cn("Other"), key=OTHER_KEY, spki=spki(key))], [leaf()])
        case(f"key of another one sent: {title}", [root()], [leaf(), middle(spki=spki(key))])
        for digest in HASHES:
            try:
                scheme = Scheme(key, digest)
                scheme.identifier()
                made = root(key=key, signer=CA_KEY), leaf(signer=scheme)
                between = middle(key=key), below_middle(signer=scheme)
            except Exception:
                continue
            case(f"signed with {title} {digest}", [made[0]], [made[1]])
            case(f"signed with {title} {digest} by an intermediate", [root()], [between[1], between[0]])
            if title.startswith(("ed", "dsa")):
                break
    for digest, salt in [("sha256", 32), ("sha384", 48), ("sha512", 64), ("sha256", 20), ("sha256", 0), ("sha512", 32), ("sha224", 28)]:
        signed = leaf(signer=Scheme(rsa_key, digest, salt))
        case(f"signed with rsa-pss {digest} salt {salt}", [root(key=rsa_key)], [signed])
    form = seq(seq(oid("1.3.101.110")), bits(b"\x09" + bytes(31)))
    case("key of the leaf: x25519", [root()], [leaf(spki=form)])
    case("key of another trusted one: x25519", [root(), root(subject=cn("Other"), key=OTHER_KEY, spki=form)], [leaf()])
    point = LEAF_KEY.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    p256 = seq(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7"))
    everywhere("compressed point", spki=seq(p256, bits(point)))
    modulus = rsa_key.public_key().public_numbers().n
    numbers = seq(integer(modulus), integer(65537))
    rsa_oid = oid("1.2.840.113549.1.1.1")
    case("rsa without NULL", [root()], [leaf(key=rsa_key, spki=seq(seq(rsa_oid), bits(numbers)))], rsa_key)
    for title, n, e in [
        ("modulus 8192", (1 << 8191) + 1, 65537), ("modulus 8193", (1 << 8192) + 1, 65537), ("modulus 9000", (1 << 8999) + 1, 65537),
        ("modulus 512", (1 << 511) + 1, 65537), ("modulus 1023", (1 << 1022) + 1, 65537), ("modulus even", modulus + 1, 65537),
        ("modulus zero", 0, 65537), ("modulus negative", -modulus, 65537), ("exponent 1", modulus, 1), ("exponent 2", modulus, 2),
        ("exponent even", modulus, 65538), ("exponent of 32 bits", modulus, (1 << 31) + 1), ("exponent of 64 bits", modulus, (1 << 63) + 1),
        ("exponent zero", modulus, 0), ("exponent negative", modulus, -3),
    ]:
        form = seq(seq(rsa_oid, NULL), bits(seq(integer(n), integer(e))))
        case(f"rsa {title}: another one sent", [root()], [leaf(), middle(spki=form)])
        case(f"rsa {title}: another trusted one", [root(), root(subject=cn("Other"), key=OTHER_KEY, spki=form)], [leaf()])
    broken = bytearray(leaf())
    broken[-1] ^= 1
    case("signature changed", [root()], [bytes(broken)])
    case("signature of another key", [root()], [leaf(signer=OTHER_KEY)])
    everywhere("inner and outer algorithm differ", inner=seq(oid("1.2.840.10045.4.3.3")))
    case("ecdsa algorithm with NULL", [root()], [leaf(inner=(a := seq(oid("1.2.840.10045.4.3.2"), NULL)), outer=a)])


def usages():
    kinds = {
        "none": None, "client": [CLIENT], "server": [SERVER], "any": [ANY], "mail": [EMAIL_USE], "both": [CLIENT, SERVER],
        "unknown": [UNKNOWN_USE], "empty": [],
    }
    for low, of_leaf in kinds.items():
        for mid, of_middle in kinds.items():
            for top, of_root in kinds.items():
                if "mail" in (low, mid) and top != "none" or top in ("both", "empty"):
                    continue
                extra = lambda value: [] if value is None else [purposes(*value)]
                certs = below_middle(extra(of_leaf) or [usage(0x80)]), middle([basic(), *extra(of_middle)])
                case(f"usages {low} {mid} {top}", [root([basic(), *extra(of_root)])], list(certs))
    with_extension("critical client usage", purposes(CLIENT, critical=True)) if False else None
    case("critical usage", [root()], [leaf([purposes(CLIENT, critical=True)])])
    case("usage with a large arc", [root()], [leaf([extension("2.5.29.37", seq(oid(CLIENT), oid("1.2.4294967296")))])])
    case("usage with trailing octets", [root()], [leaf([extension("2.5.29.37", seq(oid(CLIENT)) + NULL)])])
    case("usage that is no sequence", [root()], [leaf([extension("2.5.29.37", oid(CLIENT))])])


def names():
    base = [attribute("2.5.4.10", "Acme"), attribute("2.5.4.3", "Root")]
    issuer = name(*base)
    others = {
        "same": issuer,
        "case": name(attribute("2.5.4.10", "ACME"), base[1]),
        "string type": name(attribute("2.5.4.10", "Acme", PRINTABLE), base[1]),
        "bmp": name(attribute("2.5.4.10", "Acme".encode("utf-16-be"), BMP), base[1]),
        "order": name(*reversed(base)),
        "one rdn": name(base),
        "trailing space": name(attribute("2.5.4.10", "Acme "), base[1]),
        "two spaces": name(attribute("2.5.4.10", "Ac  me"), base[1]),
        "more": name(*base, attribute("2.5.4.11", "X")),
        "less": name(base[0]),
        "empty": name(),
        "twice": name(*base, base[1]),
        "normalization": name(attribute("2.5.4.10", "Acm\u0065\u0301"), base[1]),
    }
    for title, subject in others.items():
        case(f"names link: {title}", [root(subject=subject)], [leaf(issuer=issuer)])
        case(f"names link, other way: {title}", [root(subject=issuer)], [leaf(issuer=subject)])
        between = middle(subject=subject)
        case(f"names link to an intermediate: {title}", [root()], [below_middle(issuer=issuer), between])
    values = {
        "utf8": (UTF8, b"\xc3\xb6"), "bad utf8": (UTF8, b"\xff"), "printable": (PRINTABLE, b"a b"), "printable star": (PRINTABLE, b"*&"),
        "printable at": (PRINTABLE, b"a@b"), "ia5": (IA5, b"a@b"), "ia5 high": (IA5, b"\xe9"), "teletex": (TELETEX, b"abc"),
        "teletex high": (TELETEX, b"\xe9"), "bmp": (BMP, b"\0a"), "bmp odd": (BMP, b"\0a\0"), "bmp surrogate": (BMP, b"\xd8\x00\xdc\x00"),
        "bmp noncharacter": (BMP, b"\xff\xfe"), "numeric": (NUMERIC, b"12 3"), "numeric letter": (NUMERIC, b"a"),
        "universal": (UNIVERSAL, b"\0\0\0a"), "bit string": (3, b"\0a"), "integer": (2, b"\1"), "boolean": (1, b"\xff"), "octets": (4, b"a"),
        "null": (5, b""), "time": (0x17, b"300101000000Z"), "visible": (0x1A, b"a"), "empty utf8": (UTF8, b""), "oid": (6, b"\x55\x04"),
        "nul": (UTF8, b"a\0b"), "generalized": (0x18, b"20300101000000Z"),
    }
    for title, (tag, value) in values.items():
        subject = name(attribute("2.5.4.11", value, tag), attribute("2.5.4.3", "u"))
        case(f"value in the subject: {title}", [root()], [leaf(subject=subject)])
        signer = name(attribute("2.5.4.11", value, tag))
        case(f"value in the issuer: {title}", [root(subject=signer)], [leaf(issuer=signer)])
        case(f"value in an intermediate: {title}", [root()], [below_middle(issuer=signer), middle(subject=signer)])
    for title, kind in [("large arc", "1.2.4294967296"), ("31 bits", "1.2.2147483647"), ("many arcs", "1.2." + ".".join("9" * 40))]:
        case(f"attribute type: {title}", [root()], [leaf(subject=name(attribute(kind, "x"), attribute("2.5.4.3", "u")))])


def identifiers():
    right = tlv(0x80, b"0123456789")
    values = {
        "right": seq(right), "wrong": seq(tlv(0x80, b"xxxx")), "empty identifier": seq(tlv(0x80)), "empty": seq(),
        "serial": seq(tlv(0xA1, tlv(0xA4, ROOT)), tlv(0x82, b"\x01")), "wrong serial": seq(right, tlv(0xA1, tlv(0xA4, USER)), tlv(0x82, b"\x63")),
        "octets": tlv(4, b"x"), "trailing": seq(right) + NULL, "nothing": b"", "constructed": seq(tlv(0xA0, tlv(4, b"x"))),
    }
    top = root([basic(), extension("2.5.29.14", tlv(4, b"0123456789"))])
    for title, value in values.items():
        for critical in (False, True):
            added = extension("2.5.29.35", value, critical)
            case(f"authority identifier {title} critical={critical}", [top], [leaf([purposes(CLIENT), added])])
    for title, value in {"other": tlv(4, b"zz"), "empty": tlv(4), "sequence": seq(), "trailing": tlv(4, b"z") + NULL, "nothing": b""}.items():
        for critical in (False, True):
            with_extension(f"subject identifier {title} critical={critical}", extension("2.5.29.14", value, critical))


def path_lengths():
    def chain(lengths, self_issued=False, leaf_extensions=None):
        subjects = [ROOT] + [MIDDLE if self_issued else cn(f"M{i}") for i in range(1, len(lengths))]
        keys = [CA_KEY] + P256[5:5 + len(lengths) - 1]
        certs = []
        for i, length in enumerate(lengths):
            above = max(i - 1, 0)
            certs.append(certificate(subjects[i], subjects[above], keys[i], keys[above], [basic(True, length)]))
        last = leaf(leaf_extensions, issuer=subjects[-1], signer=keys[-1])
        return [certs[0]], [last, *reversed(certs[1:])]

    options = (None, 0, 1, 2)
    for top in options:
        case(f"path length {top}", *chain([top]))
        for second in options:
            case(f"path lengths {top} {second}", *chain([top, second]))
            for third in options:
                case(f"path lengths {top} {second} {third}", *chain([top, second, third]))
                if third != 2:
                    case(f"path lengths, self-issued {top} {second} {third}", *chain([top, second, third], True))
    for length in (-1, 127, 128, 1 << 31, (1 << 63) - 1, 1 << 63, 1 << 64):
        case(f"path length {length}", *chain([length]))
        case(f"path length {length} in an intermediate", *chain([None, length]))
    case("path length on the leaf", *chain([None], leaf_extensions=[basic(False, 0), purposes(CLIENT)]))
    case("a CA as the leaf", *chain([None], leaf_extensions=[basic(True, 0), purposes(CLIENT)]))


def basics():
    values = {
        "missing": None, "empty": seq(), "false": seq(b"\x01\x01\x00"), "true": seq(TRUE), "true as 1": seq(b"\x01\x01\x01"),
        "trailing": seq(TRUE) + NULL, "more inside": seq(TRUE, integer(1), NULL), "nothing": b"", "no sequence": TRUE,
        "long integer": seq(TRUE, b"\x02\x02\x00\x01"), "empty integer": seq(TRUE, b"\x02\x00"),
    }
    for title, value in values.items():
        for critical in (False, True):
            ext = [usage(0x04)] + ([] if value is None else [extension("2.5.29.19", value, critical)])
            case(f"basic constraints {title} critical={critical}: root", [root(ext)], [leaf()])
            case(f"basic constraints {title} critical={critical}: intermediate", [root()], [below_middle(), middle(ext)])
            case(f"basic constraints {title} critical={critical}: leaf", [root()], [leaf([purposes(CLIENT)] + ext)])
    for title, value in {
        "cert sign": bits(b"\x04"), "signature": bits(b"\x80"), "none": bits(b"\x00"), "crl": bits(b"\x02"), "two octets": bits(b"\x04\x80"),
        "empty": bits(b""), "unused": bits(b"\x04", 2), "bad unused": bits(b"\x04", 3), "unused 8": bits(b"\x04", 8), "octets": tlv(4, b"\x04"),
        "no octets": b"\x03\x00", "trailing": bits(b"\x04") + NULL,
    }.items():
        ext = extension("2.5.29.15", value, True)
        case(f"key usage {title}: root", [root([basic(), ext])], [leaf()])
        case(f"key usage {title}: intermediate", [root()], [below_middle(), middle([basic(), ext])])
        case(f"key usage {title}: leaf", [root()], [leaf([purposes(CLIENT), ext])])
    for version in (0, 1, 3, -1, 300):
        explicit = tlv(0xA0, integer(version))
        case(f"version {version}: leaf", [root()], [leaf(version=explicit)])
        case(f"version {version}: leaf without extensions", [root()], [leaf([], version=explicit)])
        case(f"version {version}: root", [root([], version=explicit)], [leaf()])
        case(f"version {version}: intermediate", [root()], [below_middle(), middle([], version=explicit)])
    case("version missing: root", [root([], version=b"")], [leaf()])
    case("version missing: leaf", [root()], [leaf([], version=b"")])
    case("unique identifiers", [root()], [leaf(unique=tlv(0x81, b"\0a") + tlv(0x82, b"\0b"))])
    case("version 2 with unique identifiers", [root()], [leaf([], version=tlv(0xA0, integer(1)), unique=tlv(0x81, b"\0a"))])


def constraints():
    def tree(tag, value):
        return seq(tlv(tag, value if isinstance(value, bytes) else value.encode("latin-1")))

    def extension_of(permitted, excluded, critical=True):
        parts = (tlv(0xA0, *permitted) if permitted else b"") + (tlv(0xA1, *excluded) if excluded else b"")
        return extension("2.5.29.30", seq(parts), critical)

    v4 = bytes([10, 0, 0, 0, 255, 0, 0, 0])
    v6 = bytes.fromhex("20010db8") + bytes(12) + b"\xff" * 4 + bytes(12)
    pairs = [
        (0x82, "example.com", [dns("example.com"), dns("a.example.com"), dns("A.Example.COM"), dns("badexample.com"), dns("com"),
                               dns("*.example.com"), dns("example.com."), dns(""), dns("a b.example.com"), dns(".example.com"), dns("a..example.com")]),
        (0x82, ".example.com", [dns("example.com"), dns("a.example.com"), dns("*.example.com")]),
        (0x82, "", [dns("example.com"), dns("")]),
        (0x82, "a.example.com", [dns("*.example.com"), dns("b.example.com"), dns("*.a.example.com")]),
        (0x82, "example.com.", [dns("example.com")]), (0x82, "exa mple.com", [dns("example.com")]), (0x82, "*.example.com", [dns("a.example.com")]),
        (0x82, "\xe9.com", [dns("example.com")]), (0x82, "..com", [dns("example.com")]), (0x82, ".", [dns("example.com")]),
        (0x81, "example.com", [email("a@example.com"), email("a@b.example.com"), email("A@EXAMPLE.com"), email("a@other.com"), email("bad"), email("\"q\"@example.com")]),
        (0x81, ".example.com", [email("a@example.com"), email("a@b.example.com")]),
        (0x81, "a@example.com", [email("a@example.com"), email("A@example.com"), email("a@EXAMPLE.COM"), email("b@example.com")]),
        (0x81, "a@b@c", [email("a@example.com")]), (0x81, "@", [email("a@example.com")]), (0x81, "\"a b\"@c.com", [email("a@example.com")]),
        (0x86, "example.com", [uri("https://example.com/"), uri("https://a.example.com:8080/x"), uri("https://other.com/"), uri("urn:x"), uri("https://10.0.0.1/"), uri("https://[::1]/"), uri("https://EXAMPLE.com/"), uri("https://u@example.com/")]),
        (0x86, ".example.com", [uri("https://example.com/"), uri("https://a.example.com/")]),
        (0x86, "10.0.0.1", [uri("https://example.com/")]), (0x86, "", [uri("https://example.com/")]),
        (0x87, v4, [ip(bytes([10, 1, 2, 3])), ip(bytes([11, 1, 2, 3])), ip(bytes.fromhex("20010db8") + bytes(12))]),
        (0x87, v6, [ip(bytes.fromhex("20010db8") + bytes(11) + b"\1"), ip(bytes([10, 1, 2, 3]))]),
        (0x87, bytes([10, 0, 0, 0, 255, 0, 255, 0]), [ip(bytes([10, 1, 2, 3]))]), (0x87, bytes([10, 0, 0, 1, 255, 0, 0, 0]), [ip(bytes([10, 1, 2, 3]))]),
        (0x87, bytes(8), [ip(bytes([10, 1, 2, 3]))]), (0x87, bytes(7), [ip(bytes([10, 1, 2, 3]))]), (0x87, bytes([10, 0, 0, 0, 0, 255, 0, 0]), [ip(bytes([10, 1, 2, 3]))]),
        (0x87, bytes(10) + b"\xff\xff" + bytes([10, 0, 0, 0]) + b"\xff" * 13 + bytes(3), [ip(bytes([10, 1, 2, 3]))]),
        (0xA4, cn("u"), [dns("example.com"), tlv(0xA4, cn("u"))]),
    ]
    for tag, value, subjects in pairs:
        for subject in subjects + [None]:
            for title, added in [("permitted", extension_of([tree(tag, value)], [])), ("excluded", extension_of([], [tree(tag, value)]))]:
                own = [purposes(CLIENT)] + ([alt(subject)] if subject else [])
                shown = f"{value!r} for {subject!r}"
                case(f"constraint {title} {shown}", [root([basic(), added])], [leaf(own)])
    both = extension_of([tree(0x82, "example.com")], [tree(0x82, "secret.example.com")])
    for subject in ("a.example.com", "secret.example.com", "x.secret.example.com", "other.com"):
        case(f"constraints, both: {subject}", [root()], [below_middle([purposes(CLIENT), alt(dns(subject))]), middle([basic(), both])])
    dns_only = extension_of([tree(0x82, "example.com")], [])
    for subject in (ip(bytes(4)), uri("https://other.com/"), uri("urn:x"), email("a@b.com"), email("bad"), tlv(0xA4, USER), uri("https://10.0.0.1/")):
        case(f"constraint on DNS for {subject!r}", [root([basic(), dns_only])], [leaf([purposes(CLIENT), alt(subject)])])
    case("constraint not critical", [root([basic(), extension_of([], [tree(0xA4, USER)], False)])], [leaf()])
    case("constraint on the leaf", [root()], [leaf([purposes(CLIENT), dns_only, alt(dns("other.com"))])])
    case("constraint on names of the intermediate", [root([basic(), dns_only])], [below_middle(), middle([basic(), alt(dns("other.com"))])])
    for title, value in {"empty": seq(), "empty trees": seq(tlv(0xA0)), "trailing": seq(tlv(0xA0, tree(0x82, "a.com"))) + NULL, "nothing": b"", "more": seq(tlv(0xA0, tree(0x82, "a.com")), NULL), "maximum": seq(tlv(0xA0, seq(tlv(0x82, b"a.com"), tlv(0x80, b"\0"), tlv(0x81, b"\1"))))}.items():
        with_extension(f"constraint malformed: {title}", extension("2.5.29.30", value, True))


def extensions():
    known = {
        "private": ("1.2.3.4", b"x"), "issuer alternative name": ("2.5.29.18", seq(dns("a.com"))), "freshest": ("2.5.29.46", seq()),
        "subject directory attributes": ("2.5.29.9", seq()), "private usage period": ("2.5.29.16", seq()), "tls feature": ("1.3.6.1.5.5.7.1.24", seq(integer(5))),
        "netscape": ("2.16.840.1.113730.1.1", bits(b"\x80", 7)), "ocsp no check": ("1.3.6.1.5.5.7.48.1.5", NULL), "subject information": ("1.3.6.1.5.5.7.1.11", seq()),
        "policies": ("2.5.29.32", seq(seq(oid("2.5.29.32.0")))), "policies twice": ("2.5.29.32", seq(seq(oid("1.2.3")), seq(oid("1.2.3")))),
        "policies malformed": ("2.5.29.32", seq(oid("1.2.3"))), "policies large": ("2.5.29.32", seq(seq(oid("1.2.99999999999999999999")))), "policies empty": ("2.5.29.32", seq()),
        "policy constraints": ("2.5.29.36", seq(tlv(0x80, b"\0"))), "policy mappings": ("2.5.29.33", seq(seq(oid("1.2.3"), oid("1.2.4")))), "inhibit any policy": ("2.5.29.54", integer(0)),
        "information access": ("1.3.6.1.5.5.7.1.1", seq(seq(oid("1.3.6.1.5.5.7.48.1"), uri("http://ocsp.example.com")))),
        "information access malformed": ("1.3.6.1.5.5.7.1.1", seq(seq(uri("x")))), "information access directory": ("1.3.6.1.5.5.7.1.1", seq(seq(oid("1.2.3"), tlv(0xA4, USER)))),
        "crl points": ("2.5.29.31", seq(seq(tlv(0xA0, tlv(0xA0, uri("http://crl.example.com")))))), "crl points directory": ("2.5.29.31", seq(seq(tlv(0xA0, tlv(0xA0, tlv(0xA4, USER)))))),
        "crl points relative": ("2.5.29.31", seq(seq(tlv(0xA0, tlv(0xA1, USER))))), "crl points malformed": ("2.5.29.31", seq(NULL)), "crl points empty": ("2.5.29.31", seq()),
        "crl points issuer": ("2.5.29.31", seq(seq(tlv(0xA2, tlv(0xA4, USER))))), "large arc": ("1.2.4294967296", b"x"),
    }
    for title, (kind, value) in known.items():
        for critical in (False, True):
            with_extension(f"extension {title} critical={critical}", extension(kind, value, critical))
    with_extension("duplicate extension", extension("1.2.3.4", b"x"), extension("1.2.3.4", b"y"))
    case("critical extension, another trusted one", [root(), root([basic(), extension("1.2.3.4", b"x", True)], subject=cn("Other"), key=OTHER_KEY)], [leaf()])
    case("critical written as 1", [root()], [leaf([purposes(CLIENT), seq(oid("1.2.3.4"), b"\x01\x01\x01", tlv(4, b"x"))])])
    case("critical written out as false", [root()], [leaf([purposes(CLIENT), seq(oid("1.2.3.4"), b"\x01\x01\x00", tlv(4, b"x"))])])


def serials():
    numbers = {
        "zero": integer(0), "one": integer(1), "negative": integer(-1), "negative, long": integer(-(1 << 127)), "20 octets": integer((1 << 158) + 1),
        "21 octets": integer((1 << 160) + 1), "40 octets": integer((1 << 312) + 1), "not the shortest": b"\x02\x02\x00\x01",
        "not the shortest, negative": b"\x02\x02\xff\xff", "no octets": b"\x02\x00",
    }
    for title, number in numbers.items():
        everywhere(f"serial {title}", serial=number)


def alternatives():
    def own(title, *all_names, critical=False):
        case(f"name {title}", [root()], [leaf([purposes(CLIENT), alt(*all_names, critical=critical)])])

    for size in (0, 1, 3, 4, 5, 8, 15, 16, 17, 32):
        own(f"address of {size} octets", ip(bytes(range(size))))
    own("mapped address", ip(bytes(10) + b"\xff\xff" + bytes([10, 0, 0, 1])))
    for text in [
        "", "*", "a", "/", "//", "///", "//a", "//a b", "a b", "a:b", "1a:b", ":a", "a:", "a:%zz", "a:b#%zz", "a:/%zz", "a:/b%2", "a://h/%41", "a://h/%4",
        "https://example.com", "https://example.com.", "https://.example.com", "https://a..b/", "https://ex ample.com/", "https://a%41/", "https://a%20/",
        "https://a_b/", "https://a*b/", "https://a,b/", "https://a\"b/", "https://a<b>/", "https://a|b/", "https://a^b/", "https://[::1]/", "https://[::1",
        "https://[::1]:80/", "https://[::1]x/", "https://::1/", "https://a:80/", "https://a:x/", "https://a:/", "https://a:80:90/", "https://u@a/", "https://u:p@a/",
        "https://u^@a/", "https://a@b@c/", "https://a\x01/", "https://a/\x7f", "https://a/\x00", "https://\xe9/", "https://a/\xe9", "https://a/b c", "https://a/?%zz",
        "https://a?b", "https://a#b", "https://a?b?", "https://a/?", "spiffe://trust/x", "urn:uuid:1", "mailto:a@b", "a/b:c", "./a:b", "a%zz", "HTTPS://A/", "h+t-t.p://a/", "h_t://a/",
        "https://" + "a" * 64 + ".com/", "https://" + ".".join(["a" * 60] * 5) + "/", "https://10.0.0.1/", "https://-a/", "https://a-/", "https://~a/", "https://a(b)/", "https://a;b/",
    ]:
        own(f"URI {text!r}", uri(text))
    for text in ["", ".", "a.", ".a", "a..b", "*", "*.a", "a b", "\xe9", "a\x00b", "A" * 300, "_a", "a@b", "10.0.0.1"]:
        own(f"DNS {text!r}", dns(text))
        own(f"mail {text!r}", email(text))
    own("directory", tlv(0xA4, USER))
    own("directory, critical", tlv(0xA4, USER), critical=True)
    own("registered", tlv(0x88, b"\x2a\x03"))
    own("registered, critical", tlv(0x88, b"\x2a\x03"), critical=True)
    own("registered and DNS, critical", tlv(0x88, b"\x2a\x03"), dns("a"), critical=True)
    own("other name", tlv(0xA0, oid("1.2.3"), tlv(0xA0, tlv(UTF8, b"x"))))
    own("none")
    own("none, critical", critical=True)
    case("names: trailing", [root()], [leaf([purposes(CLIENT), extension("2.5.29.17", seq(dns("a")) + NULL)])])
    case("names: nothing", [root()], [leaf([purposes(CLIENT), extension("2.5.29.17", b"")])])
    case("names: cut off", [root()], [leaf([purposes(CLIENT), extension("2.5.29.17", seq(b"\x82\x05a"))])])
    case("names: DNS constructed", [root()], [leaf([purposes(CLIENT), extension("2.5.29.17", seq(tlv(0xA2, b"a")), True)])])
    case("names of a trusted one: bad address", [root([basic(), alt(ip(b"abc"))])], [leaf()])


def validity():
    for title, odd in {
        "starts now": {"start": AT}, "starts in a second": {"start": AT + SECOND}, "ends now": {"end": AT}, "ended a second ago": {"end": AT - SECOND},
        "ends before it starts": {"start": AT + DAY, "end": AT - DAY}, "until 9999": {"end": datetime(9999, 12, 31, 23, 59, 59)}, "since 1949": {"start": datetime(1949, 12, 31)},
        "generalized before 2050": {"validity": tlv(0x18, b"20290101000000Z") + tlv(0x18, b"20310101000000Z")},
        "without seconds": {"validity": tlv(0x17, b"2901010000Z") + tlv(0x17, b"3101010000Z")},
        "with a zone": {"validity": tlv(0x17, b"290101000000+0100") + tlv(0x17, b"310101000000+0100")},
        "with zone zero": {"validity": tlv(0x17, b"290101000000+0000") + tlv(0x17, b"310101000000+0000")},
        "with a fraction": {"validity": tlv(0x18, b"20290101000000.5Z") + tlv(0x18, b"20310101000000.5Z")},
        "without Z": {"validity": tlv(0x17, b"290101000000") + tlv(0x17, b"310101000000")},
        "february 30": {"validity": tlv(0x17, b"290230000000Z") + tlv(0x17, b"310101000000Z")},
        "second 60": {"validity": tlv(0x17, b"290101000060Z") + tlv(0x17, b"310101000000Z")},
        "year 0": {"validity": tlv(0x18, b"00000101000000Z") + tlv(0x17, b"310101000000Z")},
        "no time": {"validity": tlv(0x0C, b"290101000000Z") + tlv(0x17, b"310101000000Z")},
    }.items():
        everywhere(f"validity {title}", **odd)


def chains():
    own, other = root(), root(key=OTHER_KEY)
    cross = middle(subject=ROOT, key=CA_KEY, issuer=cn("Other"), signer=OTHER_KEY)
    other_root = root(subject=cn("Other"), key=OTHER_KEY)
    case("plain", [own], [leaf()])
    case("same name, another key first", [other, own], [leaf()])
    case("same name, another key last", [own, other], [leaf()])
    case("same name, another key only", [other], [leaf()])
    case("root sent along", [own], [leaf(), own])
    case("root twice", [own, own], [leaf(), own, own])
    case("cross-signed", [other_root], [leaf(), cross])
    case("cross-signed, both", [own, other_root], [leaf(), cross])
    case("cross-signed, expired one", [root(end=AT - DAY), other_root], [leaf(), cross])
    case("cross-signed, expired cross", [own, other_root], [leaf(), middle(subject=ROOT, key=CA_KEY, issuer=cn("Other"), signer=OTHER_KEY, end=AT - DAY)])
    case("cross-signed as trusted, not self-signed", [cross], [leaf()])
    case("intermediate trusted", [middle()], [below_middle()])
    case("intermediate trusted, root not", [middle(), other_root], [below_middle()])
    case("intermediate missing", [own], [below_middle()])
    case("intermediates out of order", [own], [leaf(issuer=LOWER, signer=LOWER_KEY), middle(), middle(subject=LOWER, key=LOWER_KEY, issuer=MIDDLE, signer=MIDDLE_KEY)])
    loop = [middle(subject=cn("A"), key=P256[5], issuer=cn("B"), signer=P256[6]), middle(subject=cn("B"), key=P256[6], issuer=cn("A"), signer=P256[5])]
    case("a circle", [own], [leaf(issuer=cn("A"), signer=P256[5]), *loop])
    case("a circle with a way out", [own], [leaf(issuer=cn("A"), signer=P256[5]), *loop, middle(subject=cn("B"), key=P256[6])])
    case("leaf is trusted", [own, leaf()], [leaf()])
    trusted_leaf = leaf()
    case("the very leaf is trusted", [trusted_leaf], [trusted_leaf])
    expired_leaf = leaf(end=AT - DAY)
    case("the very leaf is trusted, expired", [expired_leaf], [expired_leaf])
    server_leaf = leaf([purposes(SERVER)])
    case("the very leaf is trusted, for servers", [server_leaf], [server_leaf])
    alone = certificate(USER, USER, LEAF_KEY, LEAF_KEY, [purposes(CLIENT)])
    case("self-signed leaf", [own], [alone])
    case("self-signed leaf, trusted", [alone], [alone])
    case("self-signed leaf of the root's name", [own], [certificate(ROOT, ROOT, LEAF_KEY, LEAF_KEY, [purposes(CLIENT)])])
    case("tenant client CA", [other_root], [leaf()], tenant=[own])
    case("tenant client CA, other", [own], [leaf()], tenant=[other_root])
    case("tenant client CA, neither", [other_root], [leaf()], tenant=[other_root])
    case("tenant client CA, bad", [own], [leaf()], tenant=[root(subject=cn("T"), serial=b"\x02\x02\x00\x01")])
    case("tenant client CA across", [other_root], [leaf(), cross], tenant=[root(subject=cn("T"))])
    case("two intermediates of one name", [own], [below_middle(), middle(key=OTHER_KEY), middle()])
    case("expired intermediate, then a good one", [own], [below_middle(), middle(end=AT - DAY), middle()])
    case("expired root, then a good one", [root(end=AT - DAY), own], [leaf()])
    case("good root, then an expired one", [own, root(end=AT - DAY)], [leaf()])
    case("root for servers, then a good one", [root([basic(), purposes(SERVER)]), own], [leaf()])
    case("constrained root, then a good one", [root([basic(0)]), own], [leaf()])
    case("ten intermediates of one name", [own], [below_middle(), *(middle(key=key) for key in P256 if key is not MIDDLE_KEY), middle()])
    wrong = middle(key=OTHER_KEY)
    case("150 intermediates of one name", [own], [below_middle(), *(middle(key=OTHER_KEY) for _ in range(150)), middle()])
    case("99 intermediates of one name", [own], [below_middle(), *(middle(key=OTHER_KEY) for _ in range(50)), middle()])
    case("trailing octets: leaf", [own], [leaf() + b"\0"])
    case("trailing octets: trusted", [own, root(subject=cn("T")) + b"\0"], [leaf()])
    case("signature of odd bits", [own], [leaf(signature=bits(b"\x80", 7))])
    case("signature without octets", [own], [leaf(signature=b"\x03\x00")])


def pem(kind, der):
    import base64

    text = base64.b64encode(der).decode()
    lines = "\n".join(text[i:i + 64] for i in range(0, len(text), 64))
    return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----\n"


def write(directory):
    lines = []
    for number, (title, trusted, sent, key, tenant) in enumerate(CASES):
        place = os.path.join(directory, f"{number:04}")
        os.mkdir(place)
        for file, certs in [("ca.crt", trusted), ("ca-client-tenant.crt", tenant), ("client.u.crt", sent)]:
            if certs:
                with open(os.path.join(place, file), "w") as out:
                    out.write("".join(pem("CERTIFICATE", der) for der in certs))
        form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        with open(os.path.join(place, "client.u.key"), "wb") as out:
            out.write(key.private_bytes(serialization.Encoding.PEM, *form))
        title = title.encode("unicode_escape").decode()
        lines.append(f"{number:04}\t{title}\n")
    with open(os.path.join(directory, "index"), "w") as out:
        out.write("".join(lines))


for make in (algorithms, usages, names, identifiers, path_lengths, basics, constraints, extensions, serials, alternatives, validity, chains):
    make()
write(sys.argv[1])
