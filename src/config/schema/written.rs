//! The files as they are written: a type for each map of the language. Only their schema is used; what a key
//! means, and which field of the API stands behind it, is said here once for editors and for the manual.

#![expect(dead_code, reason = "these types stand for texts in files; nobody makes a value of one")]

use std::collections::BTreeMap;

use schemars::JsonSchema;

/// What a stack of files says about the access of a Scaleway organization.
#[derive(JsonSchema)]
#[schemars(
    title = "scw-iam",
    deny_unknown_fields,
    extend("patternProperties" = {"^x-": true}),
    extend("dependencies" = {
        "version": ["organization"],
        "organization": ["version"],
        "stack": ["version", "organization"],
        "settings": ["version", "organization"],
    })
)]
pub(super) struct File {
    /// The version of the language.
    ///
    /// Needed in exactly one of the files that are read together, so that a part can never be taken for the whole.
    #[schemars(extend("const" = 1, "x-api" = "–", "x-limits" = "1", "examples" = [1]))]
    version: Option<u32>,
    /// The organization that the files are about. Stands in the file that holds `version`.
    #[schemars(extend("x-api" = "`organization_id` of every request", "examples" = ["105bdce1-64c0-48ab-899d-868455867ecf"]))]
    organization: Option<IdText>,
    /// Who owns what the files declare: the tag `scw-iam=STACK` is put on all that is created or adopted. Without it
    /// nothing is tagged and nothing is ever deleted. Stands in the file that holds `version`.
    #[schemars(extend("x-api" = "one of the `tags` of applications, groups and policies", "examples" = ["platform"]))]
    stack: Option<StackText>,
    /// How plans are made and when they are refused. Stands in the file that holds `version`.
    #[schemars(extend("x-api" = "–", "examples" = [{"min_iam_admins": 2, "limits": {"deletes": 5}}]))]
    settings: Option<SettingsMap>,
    /// A name for a project's id. A name that is pinned here keeps its meaning when the project is renamed in the
    /// console; one that is not is looked up by its live name.
    #[schemars(
        with = "Option<BTreeMap<String, IdText>>",
        extend(
            "propertyNames" = {"minLength": 1, "maxLength": 255},
            "x-api" = "`project_ids` of a rule",
            "examples" = [{"prod": "6b1f5d3c-64c0-48ab-899d-868455867ecf"}]
        )
    )]
    projects: Option<BTreeMap<String, IdText>>,
    /// Objects that are referred to here and not declared: other stacks' objects, built-in groups, products'
    /// applications.
    #[schemars(extend("x-api" = "–", "examples" = [{"groups": ["All Users"]}]))]
    external: Option<ExternalMap>,
    /// The applications, by name. An absent section means that applications are not managed here; `{}` means that
    /// there are none.
    #[schemars(extend("propertyNames" = {"$ref": "#/definitions/name"}, "x-api" = "`name` of an application", "examples" = [{"ci": {"description": "Deploys from CI"}}]))]
    applications: Option<BTreeMap<String, ApplicationMap>>,
    /// The groups, by name. An absent section means that groups are not managed here; `{}` means that there are none.
    #[schemars(extend("propertyNames" = {"$ref": "#/definitions/name"}, "x-api" = "`name` of a group", "examples" = [{"developers": {"members": {"users": ["alice@example.com"]}}}]))]
    groups: Option<BTreeMap<String, GroupMap>>,
    /// The policies, by name. An absent section means that policies are not managed here; `{}` means that there are
    /// none.
    #[schemars(extend("propertyNames" = {"$ref": "#/definitions/name"}, "x-api" = "`name` of a policy", "examples" = [{"everyone-reads": {"principal": {"group": "developers"}, "rules": []}}]))]
    policies: Option<BTreeMap<String, PolicyMap>>,
    /// Sentences about access that must be true. A plan whose outcome breaks one is refused.
    #[schemars(extend("x-api" = "–", "examples" = [[{"principal": {"application": "ci"}, "cannot": "IAMManager", "on": "organization"}]]))]
    assertions: Option<Vec<AssertionMap>>,
    /// What no grant may be. A plan whose outcome breaks one is refused.
    #[schemars(extend("x-api" = "–", "examples" = [[{"name": "no locks on all projects", "forbid": "grant.scope == \"all_projects\""}]]))]
    guardrails: Option<Vec<GuardrailMap>>,
}

/// How plans are made and when they are refused.
#[derive(JsonSchema)]
#[schemars(rename = "settings", deny_unknown_fields)]
pub(super) struct SettingsMap {
    /// What becomes of objects that the stack owns and no file declares: `owned` deletes them, `none` keeps them.
    /// Needs a `stack`.
    #[schemars(extend("enum" = ["owned", "none"], "default" = "owned", "x-api" = "`DELETE` of applications, groups and policies", "examples" = ["none"]))]
    prune: Option<String>,
    /// A plan that lowers the number of people who can administer IAM below this number is refused.
    #[schemars(extend("default" = 2, "x-api" = "–", "examples" = [3]))]
    min_iam_admins: Option<CountNumber>,
    /// Objects that no plan may change: neither themselves, nor their members, nor a policy attached to them.
    #[schemars(extend("uniqueItems" = true, "default" = [], "x-api" = "–", "examples" = [["user:owner@example.com", "group:break-glass"]]))]
    protect: Option<Vec<AddressText>>,
    /// Stacks whose objects this one may adopt. Needs a `stack`.
    #[schemars(extend("uniqueItems" = true, "default" = [], "x-api" = "one of the `tags` of applications, groups and policies", "examples" = [["old-platform"]]))]
    takes_over: Option<Vec<StackText>>,
    /// Numbers for guards, by the guards' names.
    #[schemars(extend("default" = {}, "x-api" = "–", "examples" = [{"deletes": 5, "lost_access": 3}]))]
    limits: Option<LimitsMap>,
}

/// The numbers up to which guards let a plan pass.
#[derive(JsonSchema)]
#[schemars(rename = "limits", deny_unknown_fields)]
pub(super) struct LimitsMap {
    /// How many objects of one kind a plan may delete.
    #[schemars(extend("x-default" = "5, or 20 % of what the stack owns where this is more", "x-api" = "–", "examples" = [5]))]
    deletes: Option<CountNumber>,
    /// How many groups of two or more members may lose all members, and policies with rules all rules.
    #[schemars(extend("default" = 0, "x-api" = "–", "examples" = [1]))]
    emptied: Option<CountNumber>,
    /// How many principals may lose all access.
    #[schemars(extend("default" = 3, "x-api" = "–", "examples" = [10]))]
    lost_access: Option<CountNumber>,
    /// How many objects a plan may adopt once the stack owns anything.
    #[schemars(extend("default" = 0, "x-api" = "–", "examples" = [4]))]
    adoptions: Option<CountNumber>,
    /// How many deletions may look like one half of a rename: of an application with keys, or of a group that shares
    /// a member with a new one.
    #[schemars(extend("default" = 0, "x-api" = "–", "examples" = [1]))]
    rename: Option<CountNumber>,
}

/// Objects that are referred to here and not declared.
#[derive(JsonSchema)]
#[schemars(rename = "external", deny_unknown_fields)]
pub(super) struct ExternalMap {
    /// Groups by name.
    #[schemars(extend("default" = [], "x-api" = "`name` of a group", "examples" = [["All Users"]]))]
    groups: Option<Vec<NameText>>,
    /// Applications by name.
    #[schemars(extend("default" = [], "x-api" = "`name` of an application", "examples" = [["vpn-gateway"]]))]
    applications: Option<Vec<NameText>>,
}

/// A machine's identity.
#[derive(JsonSchema)]
#[schemars(rename = "application", deny_unknown_fields)]
pub(super) struct ApplicationMap {
    /// Free text. Absent means empty.
    #[schemars(extend("default" = "", "x-api" = "`description`", "examples" = ["Deploys from CI"]))]
    description: Option<DescriptionText>,
    /// Tags of one's own. Absent means none. With a `stack` at most nine, for one more says who owns the object.
    #[schemars(extend("default" = [], "x-api" = "`tags`", "examples" = [["team=platform"]]))]
    tags: Option<TagsList>,
    /// The id of the live object that is meant, where the name does not tell.
    #[schemars(extend("x-api" = "`id`", "examples" = ["63310857-3247-4094-bc70-58fd1cd82491"]))]
    id: Option<IdText>,
    /// The name that the object bore before: it is renamed, and not deleted and created. Used when no live
    /// application bears the new name; can be removed once that is done.
    #[schemars(extend("x-api" = "`name` in a `PATCH`", "examples" = ["old-ci"]))]
    previously: Option<NameText>,
}

/// A set of users and applications.
#[derive(JsonSchema)]
#[schemars(rename = "group", deny_unknown_fields, extend("dependencies" = {"membership": ["members"]}))]
pub(super) struct GroupMap {
    /// Free text. Absent means empty.
    #[schemars(extend("default" = "", "x-api" = "`description`", "examples" = ["People who write code"]))]
    description: Option<DescriptionText>,
    /// Tags of one's own. Absent means none. With a `stack` at most nine, for one more says who owns the object.
    #[schemars(extend("default" = [], "x-api" = "`tags`", "examples" = [["team=platform"]]))]
    tags: Option<TagsList>,
    /// The id of the live object that is meant, where the name does not tell.
    #[schemars(extend("x-api" = "`id`", "examples" = ["127d163c-9d46-4e92-879d-53f019ce1047"]))]
    id: Option<IdText>,
    /// The name that the object bore before: it is renamed, and not deleted and created. Used when no live group
    /// bears the new name; can be removed once that is done.
    #[schemars(extend("x-api" = "`name` in a `PATCH`", "examples" = ["devs"]))]
    previously: Option<NameText>,
    /// Who is in it. Absent means that the membership is not managed here; `{}` means nobody.
    #[schemars(extend("x-api" = "`user_ids` and `application_ids`", "examples" = [{"users": ["alice@example.com"], "applications": ["ci"]}]))]
    members: Option<MembersMap>,
    /// `exact`: those listed and nobody else. `at_least`: a member that is not listed is never removed. Needs
    /// `members`.
    #[schemars(extend("enum" = ["exact", "at_least"], "default" = "exact", "x-api" = "`PUT /groups/{id}/members`, or the calls that add one", "examples" = ["at_least"]))]
    membership: Option<String>,
}

/// Who is in a group.
#[derive(JsonSchema)]
#[schemars(rename = "members", deny_unknown_fields)]
pub(super) struct MembersMap {
    /// People, by e-mail address; with `{email: …, until: …}` for one whose membership ends.
    #[schemars(extend("default" = [], "x-api" = "`user_ids`", "examples" = [["alice@example.com", {"email": "bob@example.com", "until": "2027-01-31"}]]))]
    users: Option<Vec<UserMember>>,
    /// Applications, by name; with `{name: …, until: …}` for one whose membership ends.
    #[schemars(extend("default" = [], "x-api" = "`application_ids`", "examples" = [["ci", {"name": "migration", "until": "2027-01-31"}]]))]
    applications: Option<Vec<ApplicationMember>>,
}

/// A person in a group.
#[derive(JsonSchema)]
#[schemars(rename = "user_member", untagged)]
pub(super) enum UserMember {
    /// For as long as it stands here.
    Always(EmailText),
    /// Until a day or an instant.
    Until(UserUntilMap),
}

/// A person whose membership ends.
#[derive(JsonSchema)]
#[schemars(rename = "user_until", deny_unknown_fields)]
pub(super) struct UserUntilMap {
    /// The address.
    #[schemars(extend("x-api" = "`email` of a user", "examples" = ["bob@example.com"]))]
    email: EmailText,
    /// When the membership ends. Nothing on the server ends it: it ends with the next apply after this.
    #[schemars(extend("x-api" = "–", "examples" = ["2027-01-31"]))]
    until: Option<UntilText>,
}

/// An application in a group.
#[derive(JsonSchema)]
#[schemars(rename = "application_member", untagged)]
pub(super) enum ApplicationMember {
    /// For as long as it stands here.
    Always(NameText),
    /// Until a day or an instant.
    Until(ApplicationUntilMap),
}

/// An application whose membership ends.
#[derive(JsonSchema)]
#[schemars(rename = "application_until", deny_unknown_fields)]
pub(super) struct ApplicationUntilMap {
    /// The name.
    #[schemars(extend("x-api" = "`name` of an application", "examples" = ["migration"]))]
    name: NameText,
    /// When the membership ends. Nothing on the server ends it: it ends with the next apply after this.
    #[schemars(extend("x-api" = "–", "examples" = ["2027-01-31"]))]
    until: Option<UntilText>,
}

/// What a principal may do.
#[derive(JsonSchema)]
#[schemars(rename = "policy", deny_unknown_fields)]
pub(super) struct PolicyMap {
    /// Free text. Absent means empty.
    #[schemars(extend("default" = "", "x-api" = "`description`", "examples" = ["What developers need"]))]
    description: Option<DescriptionText>,
    /// Tags of one's own. Absent means none. With a `stack` at most nine, for one more says who owns the object.
    #[schemars(extend("default" = [], "x-api" = "`tags`", "examples" = [["team=platform"]]))]
    tags: Option<TagsList>,
    /// The id of the live object that is meant, where the name does not tell.
    #[schemars(extend("x-api" = "`id`", "examples" = ["aa686c31-13f9-4b02-acc1-d0d2e3d436f5"]))]
    id: Option<IdText>,
    /// The name that the object bore before: it is renamed, and not deleted and created. Used when no live policy
    /// bears the new name; can be removed once that is done.
    #[schemars(extend("x-api" = "`name` in a `PATCH`", "examples" = ["devs-run"]))]
    previously: Option<NameText>,
    /// Who holds what the rules grant: one user, group or application, or `none`.
    #[schemars(extend("x-api" = "`user_id`, `group_id`, `application_id` or `no_principal`", "examples" = [{"group": "developers"}, "none"]))]
    principal: PolicyPrincipal,
    /// What is granted. The order has no meaning. `[]` grants nothing.
    #[schemars(extend("x-api" = "`rules`", "examples" = [[{"permission_sets": ["IAMReadOnly"], "scope": "organization"}]]))]
    rules: Vec<RuleMap>,
}

/// Who holds what a policy grants.
#[derive(JsonSchema)]
#[schemars(rename = "policy_principal", untagged)]
pub(super) enum PolicyPrincipal {
    /// Nobody, for now.
    Nobody(NoneWord),
    /// One user, group or application.
    Somebody(PrincipalMap),
}

/// The word for nobody.
#[derive(JsonSchema)]
#[schemars(rename = "none", extend("const" = "none"))]
pub(super) struct NoneWord(String);

/// One user, group or application.
#[derive(JsonSchema)]
#[schemars(rename = "principal", deny_unknown_fields, extend("minProperties" = 1, "maxProperties" = 1))]
pub(super) struct PrincipalMap {
    /// A person, by e-mail address.
    #[schemars(extend("x-api" = "`user_id`", "examples" = ["alice@example.com"]))]
    user: Option<EmailText>,
    /// A group, declared here or listed under `external`.
    #[schemars(extend("x-api" = "`group_id`", "examples" = ["developers"]))]
    group: Option<NameText>,
    /// An application, declared here or listed under `external`.
    #[schemars(extend("x-api" = "`application_id`", "examples" = ["ci"]))]
    application: Option<NameText>,
}

/// Permission sets that are granted somewhere, perhaps under a condition.
#[derive(JsonSchema)]
#[schemars(rename = "rule", deny_unknown_fields)]
pub(super) struct RuleMap {
    /// What is granted. All sets of one rule have the same scope type.
    #[schemars(extend("minItems" = 1, "uniqueItems" = true, "x-api" = "`permission_set_names`", "examples" = [["InstancesFullAccess", "ObjectStorageReadOnly"]]))]
    permission_sets: Vec<PermissionSetText>,
    /// Where it is granted: a list of projects, by name; `all_projects`, present and future ones; or `organization`,
    /// for sets of that scope type.
    #[schemars(extend("x-api" = "`project_ids`, or `organization_id` for both words", "examples" = [["prod", "staging"], "all_projects", "organization"]))]
    scope: ScopeText,
    /// When it is granted: an expression in CEL. Absent means always. There are `request.ip`, `request.time`,
    /// `request.user_agent`, `resource.name`, `resource.id`, `resource.locality` and the standard functions. With
    /// `until` the two together have to fit into the limit.
    #[schemars(extend("x-api" = "`condition`", "examples" = ["resource.name.startsWith(\"/ci/\") || !has(resource.id)"]))]
    condition: Option<ConditionText>,
    /// When the rule ends. It is sent as a part of the condition, `(CONDITION) && request.time < timestamp("…Z")`, so
    /// that access ends on the server even when nothing runs.
    #[schemars(extend("x-api" = "a part of `condition`", "examples" = ["2026-12-31T18:00:00Z"]))]
    until: Option<UntilText>,
}

/// Where permission sets are granted.
#[derive(JsonSchema)]
#[schemars(rename = "scope", untagged)]
pub(super) enum ScopeText {
    /// The organization itself, or all its projects.
    Word(ScopeWord),
    /// Projects, by name.
    #[schemars(extend("minItems" = 1, "uniqueItems" = true))]
    Projects(Vec<ProjectText>),
}

/// A scope of one word.
#[derive(JsonSchema)]
#[schemars(rename = "scope_word", rename_all = "snake_case")]
pub(super) enum ScopeWord {
    /// The organization itself.
    Organization,
    /// All projects, present and future ones.
    AllProjects,
}

/// A sentence about access that must be true. Has either `can` or `cannot`.
#[derive(JsonSchema)]
#[schemars(rename = "assertion", deny_unknown_fields, extend("oneOf" = [{"required": ["can"]}, {"required": ["cannot"]}]))]
pub(super) struct AssertionMap {
    /// Who: a user or an application.
    #[schemars(extend("x-api" = "–", "examples" = [{"user": "alice@example.com"}]))]
    principal: AssertedPrincipal,
    /// A permission set that the principal must hold there, without a condition.
    #[schemars(extend("x-api" = "–", "examples" = ["InstancesFullAccess"]))]
    can: Option<PermissionSetText>,
    /// A permission set that the principal must not hold there, not even under a condition.
    #[schemars(extend("x-api" = "–", "examples" = ["IAMManager"]))]
    cannot: Option<PermissionSetText>,
    /// Where: `organization`, `all_projects`, or a project by name.
    #[schemars(extend("x-api" = "–", "examples" = ["prod", "organization"]))]
    on: ProjectText,
}

/// A user or an application.
#[derive(JsonSchema)]
#[schemars(rename = "asserted_principal", deny_unknown_fields, extend("minProperties" = 1, "maxProperties" = 1))]
pub(super) struct AssertedPrincipal {
    /// A person, by e-mail address.
    #[schemars(extend("x-api" = "–", "examples" = ["alice@example.com"]))]
    user: Option<EmailText>,
    /// An application, declared here or listed under `external`.
    #[schemars(extend("x-api" = "–", "examples" = ["ci"]))]
    application: Option<NameText>,
}

/// What no grant may be.
#[derive(JsonSchema)]
#[schemars(rename = "guardrail", deny_unknown_fields)]
pub(super) struct GuardrailMap {
    /// What it keeps, in words. Each guardrail has its own.
    #[schemars(extend("x-api" = "–", "examples" = ["people administer IAM through the owners group only"]))]
    name: GuardrailName,
    /// An expression in CEL that is true for each grant that is forbidden. There are `grant.principal`, `grant.kind`,
    /// `grant.permission_set`, `grant.scope`, `grant.condition`, `grant.via_group`, `grant.policy` and
    /// `grant.managed`, and the standard functions.
    #[schemars(extend("x-api" = "–", "examples" = ["grant.permission_set == \"IAMManager\" && grant.via_group != \"owners\""]))]
    forbid: GuardrailExpression,
}

/// The name of an application, a group or a policy: ASCII letters, digits, `_ ( ) . -` and inner spaces.
#[derive(JsonSchema)]
#[schemars(
    rename = "name",
    extend("minLength" = 1, "maxLength" = 64, "pattern" = r"^[0-9A-Za-z_().-]+( +[0-9A-Za-z_().-]+)*$")
)]
pub(super) struct NameText(String);

/// The name of a project.
#[derive(JsonSchema)]
#[schemars(
    rename = "project_name",
    extend(
        "minLength" = 1,
        "maxLength" = 255,
        "not" = {"pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"}
    )
)]
pub(super) struct ProjectText(String);

/// An e-mail address.
#[derive(JsonSchema)]
#[schemars(
    rename = "email",
    extend("maxLength" = 254, "pattern" = r#"^[^@\s<>(),;:"\[\]\\]+@[^@\s<>(),;:"\[\]\\]+$"#)
)]
pub(super) struct EmailText(String);

/// An id: a UUID.
#[derive(JsonSchema)]
#[schemars(rename = "id", extend("pattern" = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"))]
pub(super) struct IdText(String);

/// The name of a stack: small letters, digits and `-`.
#[derive(JsonSchema)]
#[schemars(rename = "stack", extend("pattern" = r"^[a-z0-9][a-z0-9-]{0,30}$"))]
pub(super) struct StackText(String);

/// Free text.
#[derive(JsonSchema)]
#[schemars(
    rename = "description",
    extend("maxLength" = 200, "pattern" = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*$")
)]
pub(super) struct DescriptionText(String);

/// Tags.
#[derive(JsonSchema)]
#[schemars(rename = "tags", extend("maxItems" = 10, "uniqueItems" = true))]
pub(super) struct TagsList(Vec<TagText>);

/// A tag, but for those that the tool and the products write.
#[derive(JsonSchema)]
#[schemars(
    rename = "tag",
    extend(
        "minLength" = 1,
        "maxLength" = 70,
        "pattern" = r"^(?!scw-iam=|iam-managed-)[a-zA-Z0-9._\-/=+@ ]*$"
    )
)]
pub(super) struct TagText(String);

/// A date, which ends at the midnight UTC that ends it, or a time with its offset.
#[derive(JsonSchema)]
#[schemars(
    rename = "until",
    extend(
        "pattern" = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9]))?$"
    )
)]
pub(super) struct UntilText(String);

/// A condition in CEL.
#[derive(JsonSchema)]
#[schemars(rename = "condition", extend("minLength" = 1, "maxLength" = 2048))]
pub(super) struct ConditionText(String);

/// A guardrail's name.
#[derive(JsonSchema)]
#[schemars(rename = "guardrail_name", extend("minLength" = 1, "maxLength" = 200))]
pub(super) struct GuardrailName(String);

/// A guardrail's expression in CEL.
#[derive(JsonSchema)]
#[schemars(rename = "guardrail_expression", extend("minLength" = 1, "maxLength" = 4096))]
pub(super) struct GuardrailExpression(String);

/// An object by kind and name.
#[derive(JsonSchema)]
#[schemars(
    rename = "address",
    extend(
        "pattern" = r"^(user:[^@]+@[^@]+|(application|group|policy):[0-9A-Za-z_().-]+( +[0-9A-Za-z_().-]+)*)$"
    )
)]
pub(super) struct AddressText(String);

/// A whole number.
#[derive(JsonSchema)]
#[schemars(rename = "count", extend("minimum" = 0, "maximum" = 4294967295u32))]
pub(super) struct CountNumber(u32);

/// A permission set. The published ones are offered; others may exist.
#[derive(JsonSchema)]
#[schemars(
    rename = "permission_set",
    extend("minLength" = 1, "maxLength" = 255, "pattern" = "^[A-Za-z0-9_-]+$")
)]
pub(super) struct PermissionSetText(String);
