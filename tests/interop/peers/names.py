"""What `cryptography` and OpenLDAP (ldap_str2dn) read in RFC 4514 texts.

Reads texts from standard input, the octets of one in hex a line. Prints what the two make of each, with a tab between
them: "rejected", or the RDNs in the order written, joined by ",", each its attributes, joined by "+", each its type in
capitals and its value, in hex, joined by ":". "unknown" is what cannot be found out.
"""

import sys

import ldap
import ldap.dn
from cryptography import x509

NAMES = {
    "2.5.4.3": "CN",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.6": "C",
    "2.5.4.9": "STREET",
    "0.9.2342.19200300.100.1.25": "DC",
    "0.9.2342.19200300.100.1.1": "UID",
}


def attribute(kind, value):
    return f"{kind.upper().encode().hex()}:{value.hex()}"


def by_cryptography(text):
    try:
        parsed = x509.Name.from_rfc4514_string(text)
    except ValueError:
        return "rejected"
    # It holds encoded order to be the reverse of the order written (RFC 4514 section 2.1); CockroachDB does not.
    return ",".join(
        "+".join(attribute(NAMES.get(a.oid.dotted_string, a.oid.dotted_string), a.value.encode()) for a in rdn)
        for rdn in reversed(parsed.rdns)
    )


def by_openldap(text):
    if "\0" in text:
        return "rejected"  # the C string would end there
    try:
        parsed = ldap.dn.str2dn(text, ldap.DN_FORMAT_LDAPV3)
    except ldap.DECODING_ERROR:
        return "rejected"
    except UnicodeDecodeError:
        return "unknown"  # python-ldap has no way to hand out octets that are not UTF-8
    return ",".join("+".join(attribute(kind, value.encode()) for kind, value, _ in rdn) for rdn in parsed)


for line in sys.stdin:
    text = bytes.fromhex(line).decode()
    print(by_cryptography(text), by_openldap(text), sep="\t")
