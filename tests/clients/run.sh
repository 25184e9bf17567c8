#!/bin/sh
# Drives the emulator with the official clients of Scaleway, unchanged but for the URL. The Python client also reads the
# key that `scw-iam apply` has delivered, and calls with it.
#
#   tests/clients/run.sh
#
# The clients go into a temporary folder. Without Node or Python, or where the registries cannot be reached, it skips
# that client and says so. SCW_IAM is the program.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
iam=${SCW_IAM:-"$here/../../target/debug/scw-iam"}
organization=105bdce1-64c0-48ab-899d-868455867ecf
work=$(mktemp -d)
pid=
trap 'if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; fi; rm -rf "$work"' EXIT INT TERM

echo "{\"organization\": {\"id\": \"$organization\"}, \"users\": [{\"id\": \"00000001-0000-4000-8000-000000000000\",
    \"email\": \"owner@example.com\", \"type\": \"owner\"}], \"api_keys\": [{\"access_key\": \"SCWEMULATOR000000000\",
    \"secret_key\": \"11111111-1111-1111-1111-111111111111\", \"user_id\": \"00000001-0000-4000-8000-000000000000\"}]}" >"$work/state.json"
"$iam" emulate --state "$work/state.json" --audit-delay 0 >"$work/said" &
pid=$!
for _ in $(seq 100); do
    grep -q listening "$work/said" && break
    sleep 0.1
done
url=$(sed -n 's/^listening on //p' "$work/said")
[ -n "$url" ] || { echo "run.sh: the emulator does not start"; exit 1; }
# What a user's environment says of Scaleway is not for these clients.
for name in $(env | sed -n 's/^\(SCW_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done

cat >"$work/iam.yaml" <<END
version: 1
organization: $organization
stack: clients
projects: {main: $organization}
applications:
  delivered:
    api_keys:
      deploy:
        expires_after: 90d
        rotate_before: 14d
        overlap: 7d
        deliver: [{secret_manager: {project: main, region: fr-par, path: /delivered, name: scw-key}}]
policies:
  delivered-reads:
    principal: {application: delivered}
    rules: [{permission_sets: [IAMReadOnly], scope: organization}]
END
SCW_API_URL=$url SCW_ACCESS_KEY=SCWEMULATOR000000000 SCW_SECRET_KEY=11111111-1111-1111-1111-111111111111 \
    SCW_DEFAULT_ORGANIZATION_ID=$organization XDG_STATE_HOME=$work HOME=$work \
    "$iam" apply --yes "$work/iam.yaml" >"$work/apply.log" 2>&1 || { cat "$work/apply.log"; exit 1; }

ran=0
skipped=0
skip() {
    echo "run.sh: skipped the $1 client: $2"
    skipped=$((skipped + 1))
}

if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
    skip JavaScript "there is no Node"
else
    mkdir "$work/js"
    cp "$here/package.json" "$here/life.mjs" "$work/js"
    if (cd "$work/js" && npm install --no-audit --no-fund --no-package-lock --ignore-scripts --fetch-retries 1 >npm.log 2>&1); then
        (cd "$work/js" && node life.mjs "$url" "$organization")
        ran=$((ran + 1))
    else
        skip JavaScript "npm cannot install it"
    fi
fi

if ! command -v python3 >/dev/null 2>&1; then
    skip Python "there is no Python"
elif python3 -m venv "$work/py" >"$work/py.log" 2>&1 &&
    "$work/py/bin/pip" install -q --retries 1 -r "$here/requirements.txt" >>"$work/py.log" 2>&1; then
    "$work/py/bin/python" "$here/life.py" "$url" "$organization"
    ran=$((ran + 1))
else
    skip Python "pip cannot install it"
fi
echo "$ran passed, 0 failed, $skipped skipped"
