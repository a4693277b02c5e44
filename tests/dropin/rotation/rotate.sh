#!/bin/sh
# Rotates the certificates of a node and of root once a year, each year with a CA key of its own: rotate.sh YEAR...
# The old CA certificate stays in ca.crt, behind the new one, for those who have not got new certificates yet.
set -eu

certs_dir=certs
log=rotation.log

create() {
    "$COCKROACH" cert "$@" --certs-dir "$certs_dir" --ca-key "ca-keys/$year.key" --logtostderr=INFO 2>>"$log"
}

mkdir -p ca-keys
for year; do
    create create-ca --overwrite
    create create-node --overwrite node1.example.com localhost
    create create-client root --overwrite
    "$COCKROACH" cert list --certs-dir "$certs_dir"
done

# A longer life for the last CA, with the same key.
create create-ca --allow-ca-key-reuse --overwrite --lifetime=131760h
"$COCKROACH" cert list --certs-dir "$certs_dir"
