#!/usr/bin/env bash
# Writes the page of a report on a hostile organization and on one of 10,000 people, and opens both in a browser; two validators
# read the first one, and those of a plan and of drift. TOOLS is the folder of the validators and of the browser's driver,
# CHROMIUM the browser; `.ci/run` installs them. The time and size of the large page are printed.
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${TOOLS:?the folder of the driver}" "${CHROMIUM:?the browser}"
iam=${IAM:-$PWD/target/debug/scw-iam}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 - "$work" <<'PY'
import json, random, sys
work = sys.argv[1]
random.seed(1)
organization = "ac3e0000-0000-4000-8000-000000000000"
number = lambda kind, at: f"ac3e0000-{kind:04x}-4000-9000-{at:012x}"

def state(people, groups, profiles, projects, names):
    project = [{"id": organization, "name": "default"}] + [{"id": number(9, at), "name": f"project-{at}"} for at in range(projects)]
    users = [{
        "id": number(1, at), "email": f"person{at}@acme.example", "username": names[at % len(names)] if names else f"person{at}",
        "type": "member" if at else "owner", "status": "activated", "mfa": at % 3 > 0, "created_at": "2026-01-12T09:00:00Z",
        "last_login_at": "2026-06-01T08:00:00Z" if at % 5 else None, "tags": [],
    } for at in range(people)]
    group = [{"id": number(2, at), "name": f"group{at}", "user_ids": []} for at in range(groups)]
    combinations = [random.sample(range(groups), random.randint(1, min(4, groups))) for _ in range(profiles)]
    for user in users:
        for at in random.choice(combinations):
            group[at]["user_ids"].append(user["id"])
    sets = ["InstancesFullAccess", "ObjectStorageReadOnly", "SecretManagerSecretAccess", "ContainerRegistryFullAccess"]
    policies = [{
        "id": number(3, at), "name": (names[at % len(names)] if names else "policy") + str(at), "group_id": group[at]["id"],
        "rules": [{"permission_set_names": random.sample(sets, 2), "condition": "",
                   "project_ids": [it["id"] for it in random.sample(project, 2)]}],
    } for at in range(groups)]
    return {"organization": {"id": organization, "name": names[0] if names else "large"}, "users": users, "projects": project,
            "groups": group, "policies": policies}

hostile = ["</title></script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\u202egnp.exe", "=1+1",
           "[[ATTACHMENT|x]]", "👩\u200d🚀" * 21, "a\n::add-mask::x", "\u001b[2J", "\" onmouseover=\"alert(1)"]
json.dump(state(200, 20, 40, 6, hostile), open(f"{work}/hostile.json", "w"))
json.dump(state(10000, 250, 1500, 25, None), open(f"{work}/large.json", "w"))
PY
for name in hostile large; do
  "$iam" report "$work/$name.json" --now 2026-06-15T00:00:00Z -o html="$work/$name.html" >/dev/null
done
"$iam" drift examples/conditions --emulate examples/conditions/organization.json --now 2026-06-15T00:00:00Z \
  -o html="$work/drift.html" >/dev/null 2>&1 || [ $? = 2 ]
"$iam" plan examples/conditions --emulate examples/conditions/organization.json --now 2026-06-15T00:00:00Z \
  -o html="$work/plan.html" >/dev/null 2>&1 || [ $? = 2 ]
pages=("$work/hostile.html" "$work/drift.html" "$work/plan.html")
"$TOOLS/npm/node_modules/.bin/html-validate" --preset standard "${pages[@]}"
java -jar "$TOOLS/npm/node_modules/vnu-jar/build/dist/vnu.jar" --errors-only "${pages[@]}"
node tests/page/page.mjs "$work/hostile.html" "$work/large.html"
