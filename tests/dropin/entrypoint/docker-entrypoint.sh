#!/bin/sh
# The entry point of a container with a secure single node: certificates for it and its users first, then its command.
set -e

# Expanded by cockroach itself.
ca_key='${HOME}/safe/ca.key'

if [ ! -e "$HOME/.cockroach-certs/node.crt" ]; then
    mkdir -p -m 0700 "$HOME/safe"
    ${COCKROACH:-cockroach} cert create-ca --ca-key="$ca_key" --logtostderr=ERROR
    ${COCKROACH:-cockroach} cert create-node localhost 127.0.0.1 ::1 "$NODE_NAME" --ca-key="$ca_key" --logtostderr=ERROR
    for user in $DATABASE_USERS; do
        ${COCKROACH:-cockroach} cert create-client "$user" --ca-key "$ca_key" --also-generate-pkcs8-key
    done
fi

${COCKROACH:-cockroach} cert list
exec "$@"
