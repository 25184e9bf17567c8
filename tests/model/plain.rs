//! The organization as a plain model: objects by id, and what each call may not do. Written from the facts alone.
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use scw_iam::api::wire::{
    ApiKey, Application, Bearer, Group, Member, Policy, Principal, Project, Rule, RuleScope, RuleSpec,
    ScopeType, SpecScope, SshKey, User,
};
use scw_iam::api::{
    AccessKey, ApplicationId, ErrorKind, GroupId, OrganizationId, PolicyId, ProjectId, SshKeyId, UserId,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::call::{self, At, NOBODY};

pub(crate) const ORGANIZATION: &str = "105bdce1-64c0-48ab-899d-868455867ecf";
pub(crate) const OWNER: &str = "00000000-0000-4000-8000-0000000000a1";
/// An id that nothing bears.
pub(crate) const UNKNOWN: &str = "ffffffff-ffff-4fff-8fff-ffffffffffff";
/// The caller's own key, which is the owner's.
pub(crate) const OWN_KEY: &str = "SCWA0000000000000001";
pub(crate) const SECRET: &str = "5ec7e700-0000-4000-8000-000000000000";
const UNKNOWN_KEY: &str = "SCWZZZZZZZZZZZZZZZZZ";
const BORN: &str = "2026-01-01T00:00:00.000000Z";

/// What may speak against a call. Where several things do, the facts do not say which one is told.
pub(crate) type Faults = Vec<ErrorKind>;

pub(crate) struct Model {
    pub(crate) organization: OrganizationId,
    pub(crate) users: BTreeMap<UserId, User>,
    pub(crate) projects: BTreeMap<ProjectId, Project>,
    pub(crate) applications: BTreeMap<ApplicationId, Application>,
    pub(crate) groups: BTreeMap<GroupId, Group>,
    pub(crate) policies: BTreeMap<PolicyId, Policy>,
    pub(crate) rules: BTreeMap<PolicyId, Vec<Rule>>,
    pub(crate) api_keys: BTreeMap<AccessKey, ApiKey>,
    pub(crate) ssh_keys: BTreeMap<SshKeyId, SshKey>,
    pub(crate) quota: BTreeMap<String, Option<u64>>,
}

/// A small organization, with what calls cannot make: an owner, an object of a product, and keys of members, one expired.
pub(crate) fn state(quota: &[(&str, u64)]) -> Value {
    let id = |number: &str| format!("00000000-0000-4000-8000-0000000000{number}");
    let object = |number: &str, name: &str| {
        json!({"id": id(number), "name": name, "description": "", "created_at": BORN, "updated_at": BORN,
            "organization_id": ORGANIZATION, "editable": true, "deletable": true, "managed": false, "tags": []})
    };
    let with = |mut object: Value, more: Value| {
        object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        object
    };
    let managed =
        json!({"editable": false, "deletable": false, "managed": true, "tags": ["iam-managed-product=vpn"]});
    let user = |number: &str, name: &str, kind: &str| {
        json!({"id": id(number), "email": format!("{name}@example.com"), "username": name, "first_name": "", "last_name": "",
            "phone_number": "", "locale": "en_US", "created_at": BORN, "updated_at": BORN, "organization_id": ORGANIZATION,
            "deletable": kind != "owner", "last_login_at": null, "type": kind, "two_factor_enabled": false,
            "status": "activated", "mfa": false, "account_root_user_id": "", "tags": [], "locked": false})
    };
    let key = |name: &str, bearer: &str, expires: Option<&str>| {
        json!({"access_key": name, "secret_key": null, "description": "old", "created_at": BORN, "updated_at": BORN,
            "expires_at": expires, "default_project_id": ORGANIZATION, "editable": true, "deletable": true,
            "managed": false, "creation_ip": "203.0.113.7", "user_id": id(bearer)})
    };
    let project = |id: &str, name: &str| {
        json!({"id": id, "name": name, "organization_id": ORGANIZATION, "created_at": BORN, "updated_at": BORN,
            "description": "", "qualification": null})
    };
    let counts = |rules: u64| json!({"nb_rules": rules, "nb_scopes": rules, "nb_permission_sets": rules});
    let rule = |number: &str| {
        json!({"id": id(number), "permission_set_names": ["AllProductsReadOnly"], "permission_sets_scope_type": "projects",
            "condition": "", "project_ids": [id("b1")]})
    };
    let mut ci = with(object("c1", "ci"), json!({"nb_api_keys": 0}));
    let vpn = with(with(object("c2", "vpn"), json!({"nb_api_keys": 0})), managed.clone());
    let ops =
        with(object("d1", "ops"), json!({"user_ids": [id("a2"), id("a3")], "application_ids": [id("c1")]}));
    let run = with(object("e1", "run"), json!({"user_id": id("a2"), "rules": [rule("f1")]}));
    let tunnel = with(object("e2", "tunnel"), json!({"application_id": id("c2"), "rules": [rule("f2")]}));
    let policies = [with(run, counts(1)), with(with(tunnel, counts(1)), managed)];
    ci["tags"] = json!(["team=blue"]);
    let mut state = json!({
        "organization": {"id": ORGANIZATION, "name": "model"},
        "users": [user("a1", "owner", "owner"), user("a2", "alice", "member"), user("a3", "bob", "member")],
        "projects": [project(ORGANIZATION, "default"), project(&id("b1"), "Prod")],
        "applications": [ci, vpn],
        "groups": [ops],
        "policies": policies,
        "api_keys": [
            with(key(OWN_KEY, "a1", None), json!({"secret_key": SECRET})),
            key("SCWA0000000000000002", "a2", None),
            key("SCWA0000000000000003", "a3", Some("2025-01-01T00:00:00Z")),
        ],
        "ssh_keys": [],
    });
    if !quota.is_empty() {
        let quota = quota.iter().map(|(name, limit)| {
            json!({"name": name, "limit": limit, "pretty_name": name, "unit": "", "description": "",
                "locality_type": "global", "limits": [{"global": true, "limit": limit}]})
        });
        state["quota"] = quota.collect();
    }
    state
}

fn read<T: DeserializeOwned, K: Ord>(state: &Value, kind: &str, id: fn(&T) -> K) -> BTreeMap<K, T> {
    let all: Vec<T> = serde_json::from_value(state[kind].clone()).unwrap();
    all.into_iter().map(|object| (id(&object), object)).collect()
}

/// Which of what exists is meant.
pub(crate) fn pick<K: Clone + FromStr, V>(map: &BTreeMap<K, V>, at: At) -> K {
    let found = map.keys().nth(usize::from(at) % map.len().max(1)).filter(|_| at != NOBODY);
    found.cloned().unwrap_or_else(|| UNKNOWN.parse().ok().unwrap())
}

impl Model {
    /// The two groups that every organization has: of all users, and of all applications that no product manages.
    pub(crate) fn computed_groups(&self) -> Vec<Group> {
        let users: Vec<_> = self.users.keys().collect();
        let ordinary = self.applications.values().filter(|application| !application.managed);
        let applications: Vec<_> = ordinary.map(|application| &application.id).collect();
        let born = "2020-01-01T00:00:00.000000Z";
        let group = |id: &str, name: &str, users: Value, applications: Value| {
            json!({"id": id, "name": name, "description": "", "tags": [], "created_at": born, "updated_at": born,
                "organization_id": ORGANIZATION, "user_ids": users, "application_ids": applications,
                "editable": false, "deletable": false, "managed": false,
                "all_users": name == "All Users", "all_applications": name == "All Applications"})
        };
        let groups = json!([
            group("a1105e25-64c0-48ab-899d-868455867ecf", "All Users", json!(users), json!([])),
            group("a110a225-64c0-48ab-899d-868455867ecf", "All Applications", json!([]), json!(applications)),
        ]);
        serde_json::from_value(groups).unwrap()
    }

    /// Reads the same state that the emulator starts with.
    pub(crate) fn of(state: &Value) -> Self {
        let rules = state["policies"].as_array().unwrap().iter().map(|policy| {
            let id: PolicyId = serde_json::from_value(policy["id"].clone()).unwrap();
            (id, serde_json::from_value(policy["rules"].clone()).unwrap())
        });
        let mut policies = read(state, "policies", |policy: &Policy| policy.id.clone());
        for policy in policies.values_mut() {
            policy.unknown = Default::default(); // `rules` is in the state file only
        }
        let quota = state["quota"].as_array().into_iter().flatten();
        let quota =
            quota.map(|quotum| (quotum["name"].as_str().unwrap().to_owned(), quotum["limit"].as_u64()));
        Self {
            organization: ORGANIZATION.parse().unwrap(),
            users: read(state, "users", |user: &User| user.id.clone()),
            projects: read(state, "projects", |project: &Project| project.id.clone()),
            applications: read(state, "applications", |application: &Application| application.id.clone()),
            groups: read(state, "groups", |group: &Group| group.id.clone()),
            rules: rules.collect(),
            policies,
            api_keys: read(state, "api_keys", |key: &ApiKey| key.access_key.clone()),
            ssh_keys: read(state, "ssh_keys", |key: &SshKey| key.id.clone()),
            quota: quota.collect(),
        }
    }

    pub(crate) fn pick_key(&self, at: At) -> AccessKey {
        let found = self.api_keys.keys().nth(usize::from(at) % self.api_keys.len().max(1));
        found.filter(|_| at != NOBODY).cloned().unwrap_or_else(|| UNKNOWN_KEY.parse().unwrap())
    }

    pub(crate) fn pick_member(&self, who: &call::Who) -> Member {
        match who {
            call::Who::User(at) => Member::User(pick(&self.users, *at)),
            call::Who::Application(at) => Member::Application(pick(&self.applications, *at)),
        }
    }

    pub(crate) fn pick_principal(&self, holder: &call::Holder) -> Principal {
        match holder {
            call::Holder::Nobody => Principal::Nobody,
            call::Holder::User(at) => Principal::User(pick(&self.users, *at)),
            call::Holder::Group(at) => Principal::Group(pick(&self.groups, *at)),
            call::Holder::Application(at) => Principal::Application(pick(&self.applications, *at)),
        }
    }

    pub(crate) fn spec(&self, rule: &call::Rule) -> RuleSpec {
        let again = |first: usize| if rule.twice { first } else { 0 };
        let mut sets = unique(rule.sets.iter().map(|at| call::SETS[*at].to_owned()));
        sets.extend_from_within(..again(1).min(sets.len()));
        let scope = match &rule.scope {
            call::Scope::Organization => SpecScope::Organization(self.organization.clone()),
            call::Scope::Projects(projects) => {
                let mut ids = unique(projects.iter().map(|at| pick(&self.projects, *at)));
                ids.extend_from_within(..again(1).min(ids.len()));
                SpecScope::Projects(ids)
            }
        };
        RuleSpec { permission_set_names: sets, condition: call::condition(rule.condition), scope }
    }

    /// A full quota. Facts: 403 `quotas_exceeded`; the names resemble those of an old SDK.
    pub(crate) fn quota_faults(&self, name: &str, count: usize) -> Faults {
        let full = self.quota.get(name).is_some_and(|limit| limit.is_some_and(|limit| count as u64 >= limit));
        fault(full, ErrorKind::QuotaExceeded)
    }

    /// Section 5.9: the name of a group is unique; 409 as safe choice of section 7.
    pub(crate) fn group_name_faults(&self, own: Option<&GroupId>, name: &str) -> Faults {
        let taken = self.groups.values().any(|group| group.name == name && Some(&group.id) != own);
        fault(taken, ErrorKind::Conflict)
    }

    pub(crate) fn member_faults(&self, members: &[Member]) -> Faults {
        let known = |member: &Member| match member {
            Member::User(id) => self.users.contains_key(id),
            Member::Application(id) => self.applications.contains_key(id),
        };
        fault(!members.iter().all(known), ErrorKind::NotFound)
    }

    pub(crate) fn principal_faults(&self, principal: &Principal) -> Faults {
        let known = match principal {
            Principal::Nobody => true,
            Principal::User(id) => self.users.contains_key(id),
            Principal::Group(id) => self.groups.contains_key(id),
            Principal::Application(id) => self.applications.contains_key(id),
        };
        fault(!known, ErrorKind::NotFound)
    }

    /// A project that is not there: nothing says which of the two.
    pub(crate) fn project_faults(&self, project: Option<&ProjectId>) -> Faults {
        let unknown = project.is_some_and(|id| !self.projects.contains_key(id));
        if unknown { vec![ErrorKind::NotFound, ErrorKind::InvalidArguments] } else { vec![] }
    }

    pub(crate) fn user_faults(
        &self,
        own: Option<&UserId>,
        email: Option<&str>,
        username: Option<&str>,
    ) -> Faults {
        let mut others = self.users.values().filter(|user| Some(&user.id) != own);
        let taken = others.any(|user| email == Some(&user.email) || username == Some(&user.username));
        let fits = |name: &str| {
            (2..=150).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"@._-".contains(&byte))
        };
        let mut faults = fault(taken, ErrorKind::Conflict);
        faults.extend(fault(!username.is_none_or(fits), ErrorKind::InvalidArguments));
        faults
    }

    pub(crate) fn rule_faults(&self, rules: &[RuleSpec]) -> Faults {
        rules.iter().flat_map(|rule| self.one_rule_faults(rule)).collect()
    }

    fn one_rule_faults(&self, rule: &RuleSpec) -> Faults {
        let sets = &rule.permission_set_names;
        let mut bad = sets.is_empty()
            || unique(sets.iter()).len() != sets.len()
            || sets.iter().any(|set| set == "NoSuchSet")
            || sets.iter().any(|set| scope_type(set) != scope_type(&sets[0]))
            || rule.condition.chars().count() > 2048
            || rule.condition == "1 ==";
        let mut faults = vec![];
        if let SpecScope::Projects(ids) = &rule.scope {
            bad |= ids.is_empty() || unique(ids.iter()).len() != ids.len();
            bad |= sets.iter().any(|set| scope_type(set) == ScopeType::Organization);
            faults = ids.iter().flat_map(|id| self.project_faults(Some(id))).collect();
        }
        faults.extend(fault(bad, ErrorKind::InvalidArguments));
        faults
    }

    /// The application as it is served: the count of keys is live.
    pub(crate) fn application(&self, id: &ApplicationId) -> Application {
        let mut application = self.applications[id].clone();
        let bearer = Some(Bearer::Application(id.clone()));
        application.nb_api_keys = self.api_keys.values().filter(|key| key.bearer == bearer).count() as u64;
        application
    }

    /// The policy as it is served. Of two counts the facts leave two readings, of which either is right: whether a set
    /// named in two rules counts twice, and whether a scope is the list of projects or each of them.
    pub(crate) fn policy(&self, id: &PolicyId, served: &Policy) -> Policy {
        let (mut policy, rules) = (self.policies[id].clone(), &self.rules[id]);
        let sets = || rules.iter().flat_map(|rule| &rule.permission_set_names);
        let scopes = unique(rules.iter().map(|rule| (&rule.scope, &rule.permission_sets_scope_type)));
        let each = unique(rules.iter().flat_map(each_scope));
        policy.nb_rules = Some(rules.len() as u64);
        policy.nb_scopes = either(served.nb_scopes, scopes.len(), each.len());
        policy.nb_permission_sets = either(served.nb_permission_sets, sets().count(), unique(sets()).len());
        policy
    }

    pub(crate) fn forget_application(&mut self, id: &ApplicationId) {
        self.applications.remove(id);
        self.api_keys.retain(|_, key| key.bearer != Some(Bearer::Application(id.clone())));
        self.groups.values_mut().for_each(|group| group.application_ids.retain(|other| other != id));
        self.orphan(&Principal::Application(id.clone()));
    }

    pub(crate) fn forget_user(&mut self, id: &UserId) {
        self.users.remove(id);
        self.api_keys.retain(|_, key| key.bearer != Some(Bearer::User(id.clone())));
        self.groups.values_mut().for_each(|group| group.user_ids.retain(|other| other != id));
        self.orphan(&Principal::User(id.clone()));
    }

    pub(crate) fn forget_group(&mut self, id: &GroupId) {
        self.groups.remove(id);
        self.orphan(&Principal::Group(id.clone()));
    }

    fn orphan(&mut self, of: &Principal) {
        for policy in self.policies.values_mut().filter(|policy| policy.principal.as_ref() == Some(of)) {
            policy.principal = Some(Principal::Nobody);
        }
    }

    /// Section 7: the project leaves the rules; a rule of no other project stays, without a scope.
    pub(crate) fn forget_project(&mut self, id: &ProjectId) {
        self.projects.remove(id);
        for rule in self.rules.values_mut().flatten() {
            let Some(RuleScope::Projects(ids)) = &mut rule.scope else { continue };
            ids.retain(|other| other != id);
            if ids.is_empty() {
                (rule.scope, rule.permission_sets_scope_type) = (None, ScopeType::Unspecified);
            }
        }
    }
}

fn either(served: Option<u64>, one: usize, other: usize) -> Option<u64> {
    served.filter(|served| [one, other].contains(&(*served as usize))).or(Some(one as u64))
}

/// The scopes of a rule when each project is one.
fn each_scope(rule: &Rule) -> Vec<(Option<RuleScope>, &ScopeType)> {
    let scopes = match &rule.scope {
        Some(RuleScope::Projects(ids)) => {
            ids.iter().map(|id| Some(RuleScope::Projects(vec![id.clone()]))).collect()
        }
        other => vec![other.clone()],
    };
    scopes.into_iter().map(|scope| (scope, &rule.permission_sets_scope_type)).collect()
}

pub(crate) fn fault(is: bool, kind: ErrorKind) -> Faults {
    if is { vec![kind] } else { vec![] }
}

pub(crate) fn unique<T: Ord + Clone>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    all.filter(|one| seen.insert(one.clone())).collect()
}

pub(crate) fn scope_type(set: &str) -> ScopeType {
    if set == "IAMManager" || set == "BillingReadOnly" {
        ScopeType::Organization
    } else {
        ScopeType::Projects
    }
}

/// What speaks against texts: names of words of `[0-9A-Za-z_().-]` with spaces between, descriptions up to 200, 10 tags
/// that differ, of 1 to 70 of `[a-zA-Z0-9._-/=+@ ]`.
pub(crate) fn text_faults(name: Option<&str>, description: Option<&str>, tags: Option<&[String]>) -> Faults {
    let letter = |c: char| c.is_ascii_alphanumeric() || "_().-".contains(c);
    let fits = |name: &str| {
        (1..=64).contains(&name.chars().count())
            && name.chars().all(|c| letter(c) || c == ' ')
            && name.trim_matches(' ') == name
    };
    let tagged = |tags: &[String]| {
        let good = |c: char| c.is_ascii_alphanumeric() || "._-/=+@ ".contains(c);
        tags.len() <= 10
            && tags.iter().all(|tag| (1..=70).contains(&tag.len()) && tag.chars().all(good))
            && tags.iter().collect::<std::collections::HashSet<_>>().len() == tags.len()
    };
    fault(
        !name.is_none_or(fits) || !bounded(description) || !tags.is_none_or(tagged),
        ErrorKind::InvalidArguments,
    )
}

/// The same for a project, whose name is of `[a-zA-Z0-9._- ]`.
pub(crate) fn project_text_faults(name: Option<&str>, description: Option<&str>) -> Faults {
    let letter = |c: char| c.is_ascii_alphanumeric() || "._- ".contains(c);
    let fits = |name: &str| (1..=64).contains(&name.len()) && name.chars().all(letter);
    fault(!name.is_none_or(fits) || !bounded(description), ErrorKind::InvalidArguments)
}

pub(crate) fn bounded(description: Option<&str>) -> bool {
    description.is_none_or(|text| text.chars().count() <= 200)
}
