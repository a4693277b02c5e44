# Signing, and nothing else: no roles, no other issuer, no revocation, no keys.
path "pki/sign-verbatim" {
  capabilities = ["create", "update"]
}
