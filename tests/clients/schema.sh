#!/bin/sh
# Holds the emulator to the published schema: thousands of requests that Schemathesis makes up from it.
#
#   tests/clients/schema.sh SCHEMA.yml [REQUESTS_PER_OPERATION]
#
# SCHEMA.yml is the published OpenAPI document of the IAM API, v1alpha1. Schemathesis is the one on the PATH, else it is
# installed into a temporary folder with pip. EMULATE is the command that starts the emulator.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
schema=${1:?usage: schema.sh SCHEMA.yml [REQUESTS_PER_OPERATION]}
requests=${2:-100}
emulate=${EMULATE:-"$here/../../target/debug/scw-iam emulate"}
work=$(mktemp -d)
pid=
trap 'if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; fi; rm -rf "$work"' EXIT INT TERM

if ! command -v schemathesis >/dev/null 2>&1; then
    command -v python3 >/dev/null 2>&1 || { echo "schema.sh: skipped, there is no Python"; exit 0; }
    if ! { python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q 'schemathesis==4.32.5'; }; then
        echo "schema.sh: skipped, Schemathesis cannot be installed"
        exit 0
    fi
    PATH="$work/venv/bin:$PATH"
fi
python=$(dirname "$(command -v schemathesis)")/python3
[ -x "$python" ] || python=python3
"$python" "$here/schema.py" "$schema" "$work/schema.json" "$work/state.json"

$emulate --state "$work/state.json" --seed 1 >"$work/said" &
pid=$!
for _ in $(seq 100); do
    grep -q listening "$work/said" && break
    sleep 0.1
done
url=$(sed -n 's/^listening on //p' "$work/said")

cd "$work"
schemathesis run "$work/schema.json" --url "$url" --header 'X-Auth-Token: 11111111-1111-1111-1111-111111111111' \
    --checks not_a_server_error,response_schema_conformance --max-examples "$requests" --seed 1 \
    --continue-on-failure --generation-database none --warnings off --suppress-health-check all
