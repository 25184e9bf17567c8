"""The official Python client against an emulator: a whole life of a group, an application, a policy, rules, a key that is
delivered to Secret Manager and calls from there, the key that `scw-iam apply` delivered, and who did all that.

  python3 life.py URL ORGANIZATION
"""
import base64
import json
import re
import sys
from datetime import datetime, timezone

from scaleway import Client, ScalewayException
from scaleway.account.v3 import AccountV3ProjectAPI
from scaleway.audit_trail.v1alpha1 import AuditTrailV1Alpha1API
from scaleway.iam.v1alpha1 import IamV1Alpha1API, RuleSpecs
from scaleway.secret.v1beta1 import SecretType, SecretV1Beta1API

url, organization = sys.argv[1:]
client = Client(
    access_key="SCWEMULATOR000000000",
    secret_key="11111111-1111-1111-1111-111111111111",
    default_organization_id=organization,
    default_project_id=organization,
    default_region="fr-par",
    default_zone="fr-par-1",
    api_url=url,
)
iam = IamV1Alpha1API(client)
projects = AccountV3ProjectAPI(client)
secrets = SecretV1Beta1API(client)
# The client adds its default project to the filters, and IAM's events have none.
audit = AuditTrailV1Alpha1API(
    Client(
        access_key="SCWEMULATOR000000000",
        secret_key="11111111-1111-1111-1111-111111111111",
        default_organization_id=organization,
        default_region="fr-par",
        api_url=url,
    )
)


def fails(status, call, **arguments):
    try:
        call(**arguments)
    except ScalewayException as error:
        assert error.status_code == status, error
    else:
        raise AssertionError("%s succeeded" % call.__name__)


def with_key(halves):
    return IamV1Alpha1API(
        Client(
            access_key=halves["access_key"],
            secret_key=halves["secret_key"],
            default_organization_id=organization,
            default_project_id=organization,
            api_url=url,
        )
    )


# What `scw-iam apply` delivered is a key of its application, and calls as that.
given = secrets.access_secret_version_by_path(secret_path="/delivered", secret_name="scw-key", revision="latest")
halves = json.loads(base64.b64decode(given.data))
assert sorted(halves) == ["access_key", "secret_key"], sorted(halves)
[slot] = [one for one in iam.list_applications_all() if one.name == "delivered"]
as_delivered = with_key(halves)
seen = as_delivered.get_api_key(access_key=halves["access_key"])
assert seen.application_id == slot.id and seen.description.startswith("scw-iam=deploy ok "), seen
fails(403, as_delivered.delete_application, application_id=slot.id)
fails(401, with_key(dict(halves, secret_key="22222222-2222-2222-2222-222222222222")).list_groups)

own = iam.get_api_key(access_key="SCWEMULATOR000000000")
assert iam.get_user(user_id=own.user_id).type_ == "owner"

project = projects.create_project(name="py-project", description="")
application = iam.create_application(name="py-ci", description="Deploys", tags=["team=py"])
assert application.organization_id == organization
assert isinstance(application.created_at, datetime)
fails(400, iam.create_application, name="no/slash", description="")

group = iam.create_group(name="py-developers", description="")
fails(409, iam.create_group, name="py-developers", description="")
members = iam.add_group_member(group_id=group.id, application_id=application.id)
assert members.application_ids == [application.id]
members = iam.add_group_members(group_id=group.id, user_ids=[own.user_id], application_ids=[])
assert members.user_ids == [own.user_id]
members = iam.set_group_members(group_id=group.id, user_ids=[], application_ids=[application.id])
assert members.user_ids == []
fails(404, iam.remove_group_member, group_id=group.id, user_id=own.user_id)

in_project = RuleSpecs(condition="", permission_set_names=["InstancesReadOnly"], project_ids=[project.id])
in_organization = RuleSpecs(condition="", permission_set_names=["IAMReadOnly"], project_ids=None, organization_id=organization)
policy = iam.create_policy(name="py-policy", description="", group_id=group.id, rules=[in_project])
assert policy.nb_rules == 0
assert iam.get_policy(policy_id=policy.id).nb_rules == 1
chosen = iam.set_rules(policy_id=policy.id, rules=[in_organization, in_project]).rules
rules = iam.list_rules_all(policy_id=policy.id)
assert [rule.id for rule in rules] == [rule.id for rule in chosen]
assert [rule.permission_sets_scope_type for rule in rules] == ["organization", "projects"]
moved = iam.update_policy(policy_id=policy.id, application_id=application.id)
assert (moved.application_id, moved.group_id) == (application.id, None)

expires_at = datetime(2099, 7, 6, 9, tzinfo=timezone.utc)
key = iam.create_api_key(application_id=application.id, description="py", expires_at=expires_at)
assert re.fullmatch("SCW[0-9A-Z]{17}", key.access_key) and key.secret_key
read = iam.get_api_key(access_key=key.access_key)
assert read.secret_key is None and read.expires_at == expires_at
assert iam.get_application(application_id=application.id).nb_api_keys == 1
iam.update_api_key(access_key=key.access_key, description="changed")

secret = secrets.create_secret(name="scw-key", protected=False, type_=SecretType.KEY_VALUE, path="/ci", tags=["scw-iam=py"])
halves = json.dumps({"access_key": key.access_key, "secret_key": key.secret_key}).encode()
delivered = secrets.create_secret_version(secret_id=secret.id, data=base64.b64encode(halves).decode(), description=key.access_key)
assert (delivered.revision, delivered.latest) == (1, True)
accessed = secrets.access_secret_version_by_path(secret_path="/ci", secret_name="scw-key", revision="latest_enabled")
read_back = json.loads(base64.b64decode(accessed.data))
as_application = with_key(read_back)
assert as_application.get_api_key(access_key=key.access_key).application_id == application.id
fails(403, as_application.delete_group, group_id=group.id)
assert secrets.disable_secret_version(secret_id=secret.id, revision="1").status == "disabled"
fails(412, secrets.access_secret_version, secret_id=secret.id, revision="1")
secrets.delete_secret_version(secret_id=secret.id, revision="1")
assert [one.status for one in secrets.list_secret_versions_all(secret_id=secret.id)] == ["scheduled_for_deletion"]
secrets.delete_secret(secret_id=secret.id)
assert [one.path for one in secrets.list_secrets_all(scheduled_for_deletion=False)] == ["/delivered"]

assert iam.get_organization(organization_id=organization).login_password_enabled
settings = iam.update_organization_security_settings(organization_id=organization, login_attempts_before_locked=7)
assert settings.login_attempts_before_locked == 7
fails(404, iam.get_organization_scim, organization_id=organization)
assert iam.enable_organization_saml(organization_id=organization).status == "missing_certificate"

# The last hour is the default. This client writes a time into a query as Python does, which is no RFC 3339.
events = audit.list_events(organization_id=organization, resource_id=policy.id).events
assert [event.method_name for event in events] == ["UpdatePolicy", "SetRules", "CreatePolicy"], events
assert {event.principal.id for event in events} == {own.user_id}

MANY = 230
for at in range(MANY):
    iam.create_application(name="py-many-%d" % at, description="")
listed = iam.list_applications_all(order_by="name_asc")
assert len({one.id for one in listed}) == len(listed)
ours = [one for one in listed if one.name.startswith("py-many-")]
assert len(ours) == MANY
assert len(iam.list_applications(page_size=100, page=3).applications) == len(listed) - 200
assert len(iam.list_permission_sets_all()) > 150
assert any(quotum.unlimited for quotum in iam.list_quota_all())
assert project.id in [one.id for one in projects.list_projects_all()]

iam.delete_application(application_id=application.id)
fails(404, iam.get_api_key, access_key=key.access_key)
assert iam.get_policy(policy_id=policy.id).no_principal is True
assert iam.get_group(group_id=group.id).application_ids == []
iam.delete_policy(policy_id=policy.id)
iam.delete_group(group_id=group.id)
projects.delete_project(project_id=project.id)
for one in ours:
    iam.delete_application(application_id=one.id)
fails(404, iam.get_group, group_id=group.id)
print("Python client: a delivered key, a whole life, %d applications in pages" % len(listed))
