#!/usr/bin/env bash
# Runs the gateway's Postman collection with newman: every request, with its checks.
#
#     make postman                                 against what `make up` keeps running
#     SKUWIRE_GATEWAY_URL=… SKUWIRE_EMAIL=… SKUWIRE_PASSWORD=… make postman
set -euo pipefail
cd "$(dirname "$0")/.."
environment=$(mktemp)
trap 'rm -f "$environment"' EXIT
.venv/bin/skuwire postman > "$environment"
address=$(grep -A 1 '"key": "base_url"' "$environment" | grep -o 'http[^"]*')
.venv/bin/node --no-deprecation tests/node/node_modules/newman/bin/newman.js run \
    "$address/postman_collection.json" --environment "$environment" "$@"
