#!/bin/sh
# Makes what is not there yet; safe to run again.
set -eu

: "${COCKROACH:=cockroach}"
certs=certs
ca_key=ca/ca.key

cert() {
    "$COCKROACH" cert "$@" --certs-dir="$certs"
}

signed() {
    cert "$@" --ca-key="$ca_key"
}

ensure() {
    file=$1
    shift
    [ -e "$certs/$file" ] || signed "$@"
}

ensure_client() {
    user=$1
    ensure "client.$user.crt" create-client "$@"
}

mkdir -p "$certs" "$(dirname "$ca_key")"
chmod 0700 "$certs" "$(dirname "$ca_key")"

ensure ca.crt create-ca --lifetime=52704h
ensure node.crt create-node --lifetime=720h localhost "$@"
ensure_client root
ensure_client app --tenant-scope=2,3 --tenant-scope=5 --tenant-name-scope=blue,green
ensure_client root --lifetime=1h
cert list
