#!/usr/bin/env python3
"""Prepares the published IAM schema for Schemathesis, and a state to go with it.

  schema.py SCHEMA.yml OUT.json STATE.json

Of the published schema OUT keeps the operations that the emulator does, and every id, in paths, queries and bodies, is
one of STATE's or any string, so that requests reach objects.

Needs PyYAML, which Schemathesis brings.
"""
import json
import re
import sys

import yaml

ORGANIZATION = "105bdce1-64c0-48ab-899d-868455867ecf"
# The published operations that the emulator answers with 501.
NOT_DONE = re.compile(
    r"/(organizations|saml|saml-certificates|jwts|logs|grace-periods|check-permissions)\b"
    r"|/(connections|(initiate|join|remove)-connection|mfa-otp|validate-mfa-otp)$")
RULE_SETS = ["IAMManager", "AllProductsFullAccess", "ObjectStorageReadOnly"]


def uuid(number):
    return "%08x-0000-4000-8000-000000000000" % number


def state():
    """A small organization, with enough of each kind for the deletions of a run."""
    many = range(40)
    users = [{"id": uuid(1), "email": "owner@example.com", "type": "owner"}]
    users += [{"id": uuid(100 + n), "email": "user-%d@example.com" % n} for n in many]
    return {
        "organization": {"id": ORGANIZATION, "name": "emulated"},
        "users": users,
        "projects": [{"id": ORGANIZATION, "name": "default"}, {"id": uuid(2), "name": "prod"}],
        "applications": [{"id": uuid(200 + n), "name": "application-%d" % n} for n in many],
        "groups": [{"id": uuid(300 + n), "name": "group-%d" % n, "user_ids": [uuid(100 + n)]} for n in many],
        "policies": [{"id": uuid(400 + n), "name": "policy-%d" % n, "group_id": uuid(300 + n), "rules": [
            {"id": uuid(500 + n), "permission_set_names": RULE_SETS[1:2], "project_ids": [uuid(2)]}]} for n in many],
        "api_keys": [{"access_key": "SCW%017d" % n, "application_id": uuid(200 + n)} for n in many],
        "ssh_keys": [{"id": uuid(600 + n), "name": "key-%d" % n, "project_id": uuid(2)} for n in many],
    }


def ids(seed):
    """The values that a field of this name may have, by the name without its `_id` or `_ids`."""
    of = lambda kind, key="id": [one[key] for one in seed[kind]][:20]
    return {
        "organization": [ORGANIZATION], "user": of("users"), "project": of("projects"), "default_project": of("projects"),
        "application": of("applications"), "group": of("groups"), "policy": of("policies"), "ssh_key": of("ssh_keys"),
        "bearer": of("users"), "access_key": of("api_keys", "access_key"), "access_keys": of("api_keys", "access_key"),
        "quotum_name": ["iam_groups"], "permission_set_names": RULE_SETS,
    }


def feed(name, schema, known):
    """Lets a field be one of the known values."""
    values = known.get(re.sub(r"_ids?$", "", name))
    if not values:
        return schema
    if schema.get("type") == "array":
        return dict(schema, items=feed(name, schema["items"], known))
    if schema.get("type") != "string":
        return schema
    if name == "organization_id":
        return dict(schema, enum=values)
    known_or_not = {"anyOf": [{"type": "string", "enum": values}, {"type": "string"}]}
    return dict(known_or_not, nullable=True) if schema.get("nullable") else known_or_not


def walk(node, known):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "properties":
                for name in value:
                    value[name] = feed(name, value[name], known)
            walk(value, known)
        if "in" in node and "schema" in node:
            node["schema"] = feed(node["name"], node["schema"], known)
            # Lists without it are refused with 400: it is not required in the document.
            node["required"] = node["in"] == "path" or node["name"] in ("organization_id", "policy_id")
    elif isinstance(node, list):
        for value in node:
            walk(value, known)


def main():
    published, out, state_file = sys.argv[1:]
    with open(published) as file:
        document = yaml.safe_load(file)
    seed = state()
    document["paths"] = {path: item for path, item in document["paths"].items() if not NOT_DONE.search(path)}
    walk(document["paths"], ids(seed))
    requests = [name for name in document["components"]["schemas"] if name.endswith("Specs")]
    for name in requests:
        walk(document["components"]["schemas"][name], ids(seed))
    with open(out, "w") as file:
        json.dump(document, file)
    with open(state_file, "w") as file:
        json.dump(seed, file)
    print("%d operations" % sum(len(item) for item in document["paths"].values()))


main()
