//! Policies: rules for a principal.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::fields::{BodyFields, read_uuid, read_uuid_or_null, set, yes};
use super::organization::{HandlerRequest, Leftovers, NameRule, Needed, Organization, unused_id};
use super::page::{Listing, SortKey, Total};
use super::query::holds;
use super::reply::{ArgumentReason, Handled, Problem, Reply};
use super::rule::{Counters, Rule};
use super::state::Defaults;
use super::table::row;
use super::time::{micros, six_decimals};

/// Whom a policy is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PrincipalKeys", into = "PrincipalKeys")]
pub(super) enum Principal {
    User(String),
    Group(String),
    Application(String),
    #[default]
    Nobody,
}

/// The one-of of a principal as it is written.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct PrincipalKeys {
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "read_uuid_or_null")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "read_uuid_or_null")]
    group_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "read_uuid_or_null")]
    application_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    no_principal: Option<bool>,
}

impl From<Principal> for PrincipalKeys {
    fn from(principal: Principal) -> Self {
        match principal {
            Principal::User(id) => Self { user_id: Some(id), ..Self::default() },
            Principal::Group(id) => Self { group_id: Some(id), ..Self::default() },
            Principal::Application(id) => Self { application_id: Some(id), ..Self::default() },
            Principal::Nobody => Self { no_principal: Some(true), ..Self::default() },
        }
    }
}

impl TryFrom<PrincipalKeys> for Principal {
    type Error = &'static str;

    fn try_from(keys: PrincipalKeys) -> Result<Self, Self::Error> {
        let PrincipalKeys { user_id, group_id, application_id, no_principal } = keys;
        let nobody = no_principal.filter(|&set| set).map(|_| Self::Nobody);
        let ids = [user_id.map(Self::User), group_id.map(Self::Group), application_id.map(Self::Application)];
        let mut set = ids.into_iter().chain([nobody]).flatten();
        match (set.next(), set.next()) {
            (_, Some(_)) => Err("there may be one of user_id, group_id, application_id, no_principal"),
            (one, None) => Ok(one.unwrap_or_default()),
        }
    }
}

impl Principal {
    /// Reads the one-of; `Ok(None)` where no key of it is set.
    fn read(fields: &mut BodyFields<'_>) -> Result<Option<Self>, Problem> {
        let user = fields.id("user_id").map(Self::User);
        let group = fields.id("group_id").map(Self::Group);
        let application = fields.id("application_id").map(Self::Application);
        let nobody = fields.flag("no_principal").filter(|&set| set).map(|_| Self::Nobody);
        let mut set = [user, group, application, nobody].into_iter().flatten();
        match (set.next(), set.next()) {
            (_, Some(_)) => Err(Problem::argument(
                "principal",
                ArgumentReason::Constraint,
                "precisely one of no_principal, user_id, group_id, application_id must be set",
            )),
            (one, None) => Ok(one),
        }
    }
}

/// A policy with its rules, which are served apart from it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Policy {
    #[serde(deserialize_with = "read_uuid")]
    pub(super) id: String,
    name: String,
    description: String,
    #[serde(deserialize_with = "read_uuid")]
    organization_id: String,
    #[serde(with = "micros")]
    created_at: Timestamp,
    #[serde(with = "micros")]
    updated_at: Timestamp,
    #[serde(default = "yes")]
    editable: bool,
    #[serde(default = "yes")]
    deletable: bool,
    managed: bool,
    #[serde(flatten)]
    counters: Counters,
    tags: Vec<String>,
    #[serde(flatten)]
    pub(super) principal: Principal,
    #[serde(skip_serializing)]
    pub(super) rules: Vec<Rule>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

row!(Policy);

const LISTING: Listing<Policy> = Listing {
    items: "policies",
    total: Total::Last,
    size: 20,
    // The published schema's default.
    default: "policy_name_asc",
    orders: &[("policy_name", |policy| SortKey::text(&policy.name))],
};

impl Policy {
    /// Adds to one of a state file what it takes from the state, and to its rules what they lack.
    pub(super) fn complete(policy: &mut Map<String, Value>, defaults: &Defaults) {
        defaults.fill_organization(policy);
        let rules = policy.get_mut("rules").and_then(Value::as_array_mut);
        let rules = rules.into_iter().flatten().filter_map(Value::as_object_mut);
        rules.for_each(|rule| Rule::complete(rule, defaults));
    }

    /// Sets the counters of a state file that say too little. Others may speak of rules that a state taken from recorded
    /// traffic does not have, but those of the answer to a create are all zero and say nothing.
    pub(super) fn settle(&mut self) {
        if self.counters.rules < self.rules.len() as u64 {
            self.counters = Counters::of(&self.rules);
        }
    }

    pub(super) fn json(&self) -> Value {
        json!(self)
    }

    /// Returns the policy as the answer to its making has it: nothing is counted yet (recorded: policy-basic).
    fn made(&self) -> Value {
        json!(Self { counters: Counters::default(), ..self.clone() })
    }

    /// Returns the policy as a state file has it: with its rules.
    pub(super) fn saved(&self) -> Value {
        let mut json = self.json();
        json["rules"] = json!(self.rules);
        json
    }
}

fn not_found(id: String) -> Problem {
    Problem::NotFound { resource: "policy", id }
}

impl Organization {
    pub(super) fn list_policies(&self, ask: &mut HandlerRequest<'_>) -> Handled {
        self.own_list(ask, Needed::Yes, "policy")?;
        let query = &mut ask.query;
        let name = query.text_of("policy_name", 1, usize::MAX);
        let tag = query.text("tag");
        let editable = query.flag("editable");
        let nobody = query.flag("no_principal");
        let users = query.ids("user_ids");
        let groups = query.ids("group_ids");
        let applications = query.ids("application_ids");
        let ids = query.ids("policy_ids");
        let among = |wanted: &Option<Vec<String>>, id: Option<&String>| {
            wanted.as_ref().is_none_or(|wanted| id.is_some_and(|id| wanted.contains(id)))
        };
        LISTING.answer(
            query,
            &self.policies,
            |policy| {
                let (user, group, application) = match &policy.principal {
                    Principal::User(id) => (Some(id), None, None),
                    Principal::Group(id) => (None, Some(id), None),
                    Principal::Application(id) => (None, None, Some(id)),
                    Principal::Nobody => (None, None, None),
                };
                name.as_ref().is_none_or(|name| holds(&policy.name, name))
                    && tag.as_ref().is_none_or(|tag| policy.tags.iter().any(|own| holds(own, tag)))
                    && editable.is_none_or(|editable| policy.editable == editable)
                    && nobody.is_none_or(|nobody| (policy.principal == Principal::Nobody) == nobody)
                    && among(&users, user)
                    && among(&groups, group)
                    && among(&applications, application)
                    && ids.as_ref().is_none_or(|ids| ids.contains(&policy.id))
            },
            Policy::json,
        )
    }

    /// Makes a policy with its rules. The counters of the answer are 0 (recorded: policy-basic).
    pub(super) fn create_policy(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let mut fields = BodyFields::new(&ask.body);
        let name = fields.name();
        let name = fields.require("name", name).unwrap_or_default();
        let description = fields.description().unwrap_or_default();
        let organization_id = fields.id("organization_id");
        let tags = fields.tags().unwrap_or_default();
        let principal = Principal::read(&mut fields);
        if matches!(principal, Ok(None)) {
            fields.refuse("principal", ArgumentReason::Required, "required key not provided");
        }
        let specs = self.rule_specs(&mut fields);
        fields.done()?;
        let principal = principal?.unwrap_or(Principal::Nobody);
        let organization_id = self.own(organization_id, "policy")?;
        self.known_principal(&principal)?;
        let specs = self.resolve_rules(specs)?;
        self.free_policy_name(&name, None)?;
        self.room("policy", self.policies.len())?;
        let id = unused_id(&mut self.rng, &self.policies, &[b"policy", ask.request.body]);
        let rules = self.make_rules(&id, ask.request.body, specs);
        let now = self.stamp(ask);
        let policy = Policy {
            id,
            name,
            description,
            organization_id,
            created_at: now,
            updated_at: now,
            editable: true,
            deletable: true,
            counters: Counters::of(&rules),
            tags,
            principal,
            rules,
            ..Policy::default()
        };
        let reply = Reply::ok(policy.made());
        self.policies.insert(policy);
        Ok(reply)
    }

    pub(super) fn get_policy(&self, ask: &HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("policy_id")?;
        self.policies.get(&id).map(|policy| Reply::ok(policy.json())).ok_or_else(|| not_found(id))
    }

    /// Changes a policy, but not its rules.
    ///
    /// A change of principal does not move `updated_at` (recorded: policy-change-linked-entity); one of tags answers the
    /// old one (recorded: policy-basic) and is taken to move it.
    pub(super) fn update_policy(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("policy_id")?;
        let mut fields = BodyFields::new(&ask.body);
        let name = fields.name();
        let description = fields.description();
        let tags = fields.tags();
        let principal = Principal::read(&mut fields);
        fields.done()?;
        let principal = principal?;
        self.writable_policy(&id)?;
        if let Some(principal) = &principal {
            self.known_principal(principal)?;
        }
        if let Some(name) = &name {
            self.free_policy_name(name, Some(&id))?;
        }
        let now = self.stamp(ask);
        let policy = self.policies.get_mut(&id).ok_or_else(|| not_found(id))?;
        let answered = policy.updated_at;
        if name.is_some() || description.is_some() || tags.is_some() {
            policy.updated_at = now;
        }
        set(&mut policy.name, name);
        set(&mut policy.description, description);
        set(&mut policy.tags, tags);
        if let Some(principal) = principal {
            policy.principal = principal;
        }
        let mut json = policy.json();
        json["updated_at"] = six_decimals(answered);
        Ok(Reply::ok(json))
    }

    pub(super) fn delete_policy(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("policy_id")?;
        let policy = self.policies.get(&id).ok_or_else(|| not_found(id.clone()))?;
        self.unprotected(policy.deletable)?;
        self.policies.remove(&id);
        Ok(Reply::gone())
    }

    /// Copies a policy: its rules and description, for nobody and without tags.
    ///
    /// Reported of the API, never recorded. The body is ignored.
    pub(super) fn clone_policy(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("policy_id")?;
        let mut copy = self.policies.get(&id).ok_or_else(|| not_found(id.clone()))?.clone();
        self.room("policy", self.policies.len())?;
        let name = format!("Copy of {}", copy.name);
        copy.name = name.chars().take(64).collect::<String>().trim_end().to_owned();
        self.free_policy_name(&copy.name, None)?;
        copy.id = unused_id(&mut self.rng, &self.policies, &[b"clone", id.as_bytes()]);
        copy.rules = self.make_rules(&copy.id, b"", copy.rules);
        copy.principal = Principal::Nobody;
        copy.tags = Vec::new();
        (copy.editable, copy.deletable, copy.managed) = (true, true, false);
        copy.created_at = self.stamp(ask);
        copy.updated_at = copy.created_at;
        let reply = Reply::ok(copy.made());
        self.policies.insert(copy);
        Ok(reply)
    }

    /// Replaces the rules of a policy; the answer and later lists keep their order, all of them have new ids.
    ///
    /// Recorded: policy-basic, policy-change-permissions. The answer has no `total_count`.
    pub(super) fn set_rules(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let mut fields = BodyFields::new(&ask.body);
        let id = fields.id("policy_id");
        let id = fields.require("policy_id", id).unwrap_or_default();
        if !ask.body.contains_key("rules") {
            fields.refuse("rules", ArgumentReason::Required, "required key not provided");
        }
        let specs = self.rule_specs(&mut fields);
        fields.done()?;
        self.writable_policy(&id)?;
        let specs = self.resolve_rules(specs)?;
        let rules = self.make_rules(&id, ask.request.body, specs);
        let now = self.stamp(ask);
        let policy = self.policies.get_mut(&id).ok_or_else(|| not_found(id))?;
        policy.updated_at = now;
        policy.counters = Counters::of(&rules);
        policy.rules = rules;
        Ok(Reply::ok(json!({"rules": policy.rules})))
    }

    /// Leaves the policies of a principal without one, and takes it out of the groups and the keys.
    pub(super) fn forget_principal(&mut self, principal: &Principal) {
        for policy in self.policies.each_mut().filter(|policy| policy.principal == *principal) {
            policy.principal = Principal::Nobody;
        }
        let forgets = self.behaviour.leftovers == Leftovers::None;
        for group in self.groups.each_mut().filter(|_| forgets) {
            match principal {
                Principal::User(id) => group.user_ids.remove(id),
                Principal::Application(id) => group.application_ids.remove(id),
                Principal::Group(_) | Principal::Nobody => false,
            };
        }
        self.forget_keys_of(principal);
    }

    /// Takes a project out of the rules; a rule that has no other stays behind without a scope.
    pub(super) fn forget_project(&mut self, id: &str) {
        for policy in self.policies.each_mut() {
            let changed = policy.rules.iter_mut().filter_map(|rule| rule.forget_project(id)).count();
            if changed > 0 {
                policy.counters = Counters::of(&policy.rules);
            }
        }
    }

    fn writable_policy(&self, id: &str) -> Result<(), Problem> {
        let policy = self.policies.get(id).ok_or_else(|| not_found(id.to_owned()))?;
        self.unprotected(policy.editable)
    }

    fn known_principal(&self, principal: &Principal) -> Result<(), Problem> {
        let (known, resource, id) = match principal {
            Principal::User(id) => (self.knows_user(id), "user", id),
            Principal::Group(id) => (self.groups.contains(id), "group", id),
            Principal::Application(id) => (self.applications.contains(id), "application", id),
            Principal::Nobody => return Ok(()),
        };
        if known { Ok(()) } else { Err(Problem::NotFound { resource, id: id.clone() }) }
    }

    fn free_policy_name(&self, name: &str, own: Option<&str>) -> Result<(), Problem> {
        if self.behaviour.names == NameRule::Repeat {
            return Ok(());
        }
        let taken = self.policies.iter().find(|other| other.name == name && Some(other.id.as_str()) != own);
        taken.map_or(Ok(()), |other| {
            Err(Problem::AlreadyExists {
                resource: "policy",
                id: other.id.clone(),
                help: "a policy with this name exists already",
            })
        })
    }
}
