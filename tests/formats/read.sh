#!/usr/bin/env bash
# Writes what commands find in every format, and has a reader of each read it. TOOLS is the folder of the readers that are no
# Debian packages; `.ci/run` installs them.
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${TOOLS:?the folder of the readers}"
iam=${IAM:-$PWD/target/debug/scw-iam}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r examples/team "$work/iam"
mv "$work/iam/organization.json" "$work/state-clean.json"
cd "$work"
git init -q .

# The organization after somebody changed it by hand: everybody is in every group, and names do harm where they can.
python3 - <<'PY'
import json
state = json.load(open("state-clean.json"))
for group in state["groups"]:
    if not group.get("managed"):
        group["user_ids"] = [user["id"] for user in state["users"]]
for number, name in enumerate(["</script><img src=x>", "=1+1", "a\n::add-mask::x", "##[group]x", "[[ATTACHMENT|x]]", "\u202egnp", "a\"b\\c]]>"]):
    policy = dict(state["policies"][0], id=f"7ea30000-0000-4000-9000-{number:012x}", name=name, description=name, tags=[])
    state["policies"].append(policy)
json.dump(state, open("state-drifted.json", "w"))
PY

# Writes every format of a command, which ends with this code.
written() {
  local name=$1 code=$2 ended=0
  shift 2
  "$iam" "$@" --now 2026-11-22T12:00:00Z -o sarif="$name.sarif" -o junit="$name.xml" -o openmetrics="$name.prom" \
    -o gitlab="$name.gitlab.json" -o github="$name.github" -o csv="$name.csv" -o json="$name.json" >/dev/null 2>&1 || ended=$?
  [ "$ended" = "$code" ] || { echo "$*: ended with $ended, not $code" >&2; exit 1; }
}
written clean 2 drift iam --emulate state-clean.json
written drifted 2 drift iam --emulate state-drifted.json
written plan 0 plan iam --emulate state-clean.json
printf 'version: 1\ngroups: 7\n' >bad.yaml
written bad 65 validate bad.yaml
echo '{}' >state-none.json
written failed 1 drift iam --emulate state-none.json

export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
multitool=$TOOLS/npm/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool
for file in *.sarif; do
  # It ends with 0 whatever it finds.
  said=$("$multitool" validate "$file" --rule-kind "Sarif;Ghas" 2>&1)
  if grep -E ': (error|warning) ' <<<"$said" || ! grep -q 'Analysis completed successfully' <<<"$said"; then
    printf '%s\n' "$said" >&2
    exit 1
  fi
done
for file in *.prom; do
  promtool check metrics <"$file"
done
xmllint --noout ./*.xml
"$TOOLS/formats/bin/python" - <<'PY'
import csv, glob, json
import junitparser
from prometheus_client.openmetrics.parser import text_string_to_metric_families

for name in glob.glob("*.prom"):
    families = list(text_string_to_metric_families(open(name).read()))
    assert families and all(family.type == "gauge" for family in families), name
for name in glob.glob("*.xml"):
    suites = junitparser.JUnitXml.fromfile(name)
    cases = [case for suite in suites for case in suite]
    assert cases and suites.tests == len(cases), name
    assert len({(case.classname, case.name) for case in cases}) == len(cases), name
for name in glob.glob("*.gitlab.json"):
    issues = json.load(open(name))
    prints = [issue["fingerprint"] for issue in issues]
    assert len(set(prints)) == len(prints), name
    for issue in issues:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}, issue
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker"), issue
        assert issue["location"]["path"] and issue["location"]["lines"]["begin"] >= 1, issue
for name in glob.glob("*.csv"):
    rows = list(csv.reader(open(name, newline="")))
    assert len({len(row) for row in rows}) == 1, name
PY
echo "$(find . -name '*.sarif' | wc -l) results in every format were read"
