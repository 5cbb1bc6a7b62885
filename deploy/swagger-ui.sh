#!/usr/bin/env bash
# Fetches the Swagger UI that the gateway serves at /docs/api, and checks its hashes.
#
#     bash deploy/swagger-ui.sh            as recorded in VERSION and SHA256SUMS
#     bash deploy/swagger-ui.sh 5.36.0     another version, whose hashes are recorded: look at the page, then commit
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.venv/bin
folder=services/gateway/src/gateway/pages/static/swagger-ui
files=(LICENSE NOTICE swagger-ui-bundle.js swagger-ui-bundle.js.LICENSE.txt swagger-ui.css)

version=${1:-$(cat "$folder/VERSION")}
download=$(mktemp -d)
trap 'rm -rf "$download"' EXIT
PATH="$bin:$PATH" npm pack --silent --pack-destination "$download" "swagger-ui-dist@$version" > /dev/null
tar -xzf "$download"/*.tgz -C "$folder" --strip-components 1 "${files[@]/#/package/}"
cd "$folder"
if [ "$#" -gt 0 ]; then
    echo "$version" > VERSION
    sha256sum "${files[@]}" > SHA256SUMS
fi
sha256sum --check --quiet SHA256SUMS
echo "Swagger UI $version"
