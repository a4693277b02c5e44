"""Reads PKCS#12 by `cryptography`: stores.py FILE PASSPHRASE. A MAC is checked, if there is one."""

import sys

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs12


def public(key):
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


path, passphrase = sys.argv[1:]
with open(path, "rb") as file:
    store = pkcs12.load_pkcs12(file.read(), passphrase.encode())
fits = public(store.key.public_key()) == public(store.cert.certificate.public_key())
print("key" if fits else "another key", store.cert.friendly_name.decode(), store.cert.certificate.subject.rfc4514_string())
for other in store.additional_certs:
    print(other.friendly_name and other.friendly_name.decode(), other.certificate.subject.rfc4514_string())
