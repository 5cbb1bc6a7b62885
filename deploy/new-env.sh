#!/bin/sh
# Writes .env: deploy/env.example with a fresh random value for every secret. Never overwrites one.
set -eu
cd "$(dirname "$0")/.."
if [ -e .env ]; then
    echo ".env is there already; nothing was changed" >&2
    exit 1
fi
umask 077

random_hex() {
    od -An -v -tx1 -N"$1" /dev/urandom | tr -d ' \n' | tr a-f A-F
}

while IFS= read -r line; do
    case $line in
        SIMULATOR_KEY=) line=$line$(random_hex 16) ;; # as long as the keys of PrestaShop's back office
        [A-Z]*=) line=$line$(random_hex 32) ;;
    esac
    printf '%s\n' "$line"
done < deploy/env.example > .env.part
mv .env.part .env
echo "Wrote .env with fresh secrets. The gateway's first user and password are in it."
