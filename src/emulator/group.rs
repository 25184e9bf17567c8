//! Groups and their members.

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::fields::{BodyFields, read_uuid, read_uuids, set};
use super::organization::{HandlerRequest, Needed, Organization, unused_id};
use super::page::{Listing, SortKey, Total};
use super::policy::Principal;
use super::query::holds;
use super::reply::{ArgumentReason, Handled, Problem, Reply};
use super::state::Defaults;
use super::table::{Row, row};
use super::time::micros;

/// A group. Its members are sets: a get and a list serve them sorted (recorded: group-users-and-applications). Members that
/// the state does not have are kept: a cluster's nodes are such.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Group {
    #[serde(deserialize_with = "read_uuid")]
    pub(super) id: String,
    #[serde(with = "micros")]
    created_at: Timestamp,
    #[serde(with = "micros")]
    updated_at: Timestamp,
    #[serde(deserialize_with = "read_uuid")]
    organization_id: String,
    pub(super) name: String,
    description: String,
    #[serde(deserialize_with = "read_uuids")]
    pub(super) user_ids: BTreeSet<String>,
    #[serde(deserialize_with = "read_uuids")]
    pub(super) application_ids: BTreeSet<String>,
    tags: Vec<String>,
    editable: bool,
    deletable: bool,
    managed: bool,
    /// Whether it is the built-in group of all users; `None` where the state does not say, as no recording does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) all_users: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) all_applications: Option<bool>,
    /// Whether the state does not have it; it does not get it back then.
    #[serde(skip)]
    pub(super) implied: bool,
    #[serde(flatten)]
    more: Map<String, Value>,
}

const ALL_USERS: &str = "All Users";
const ALL_APPLICATIONS: &str = "All Applications";

row!(Group);

const LISTING: Listing<Group> = Listing {
    items: "groups",
    total: Total::Last,
    size: 20,
    default: "created_at_asc",
    orders: &[
        ("name", |group| SortKey::text(&group.name)),
        ("updated_at", |group| SortKey::Time(group.updated_at)),
    ],
};

impl Group {
    /// Adds to one of a state file what follows from its other fields.
    pub(super) fn complete(group: &mut Map<String, Value>, defaults: &Defaults) {
        defaults.fill_organization(group);
        let built_in =
            ["all_users", "all_applications"].iter().any(|key| group.get(*key) == Some(&true.into()));
        for key in ["editable", "deletable"] {
            defaults.fill(group, key, || (!built_in).into());
        }
    }

    /// Returns a group that every organization has, whatever its state says.
    fn implied(id: String, organization_id: String, name: &str) -> Self {
        let made = Defaults::epoch();
        Self {
            id,
            created_at: made,
            updated_at: made,
            organization_id,
            name: name.to_owned(),
            all_users: Some(name == ALL_USERS),
            all_applications: Some(name == ALL_APPLICATIONS),
            implied: true,
            ..Self::default()
        }
    }

    /// Says whether the service decides who is in it.
    pub(super) fn is_computed(&self) -> bool {
        self.all_users == Some(true) || self.all_applications == Some(true)
    }

    /// Returns the group as a state file has it: with the members that were given.
    pub(super) fn saved(&self) -> Value {
        json!(self)
    }

    fn json_with(&self, users: Vec<String>, applications: Vec<String>) -> Value {
        let mut json = self.saved();
        json["user_ids"] = users.into();
        json["application_ids"] = applications.into();
        json
    }
}

fn not_found(id: String) -> Problem {
    Problem::NotFound { resource: "group", id }
}

impl Organization {
    /// Adds the groups that every organization has since September 2026, where the state has none of their kind.
    ///
    /// Their ids follow from the organization's, so that policies of a saved state find them again.
    pub(super) fn imply_groups(&mut self) {
        let has =
            |flag: fn(&Group) -> Option<bool>| self.groups.iter().any(|group| flag(group) == Some(true));
        let wanted = [
            (ALL_USERS, "a1105e25", has(|group| group.all_users)),
            (ALL_APPLICATIONS, "a110a225", has(|group| group.all_applications)),
        ];
        for (name, digits, _) in wanted.into_iter().filter(|(.., there)| !there) {
            let id = format!("{digits}{}", self.id.get(8..).unwrap_or_default());
            if self.free_group_name(name, None).is_ok() && !self.groups.contains(&id) {
                self.groups.insert(Group::implied(id, self.id.clone(), name));
            }
        }
    }

    /// Returns who is in a group. Those of users and of applications are whoever is there; applications that a product
    /// manages are not in the latter.
    fn members<'a>(&'a self, group: &'a Group) -> (BTreeSet<&'a str>, BTreeSet<&'a str>) {
        let users = match group.all_users {
            Some(true) => self.users.iter().map(Row::id).collect(),
            Some(false) | None => group.user_ids.iter().map(String::as_str).collect(),
        };
        let applications = match group.all_applications {
            Some(true) => {
                let ordinary = self.applications.iter().filter(|application| !application.managed);
                ordinary.map(Row::id).collect()
            }
            Some(false) | None => group.application_ids.iter().map(String::as_str).collect(),
        };
        (users, applications)
    }

    fn group_json(&self, group: &Group) -> Value {
        let (users, applications) = self.members(group);
        let owned = |ids: BTreeSet<&str>| ids.into_iter().map(str::to_owned).collect();
        group.json_with(owned(users), owned(applications))
    }

    pub(super) fn list_groups(&self, ask: &mut HandlerRequest<'_>) -> Handled {
        self.own_list(ask, Needed::Yes, "group")?;
        let query = &mut ask.query;
        let name = query.text_of("name", 1, usize::MAX);
        let tag = query.text("tag");
        let users = query.ids("user_ids");
        let applications = query.ids("application_ids");
        let ids = query.ids("group_ids");
        let among = |wanted: Option<&Vec<String>>, members: &BTreeSet<&str>| {
            wanted.is_none_or(|wanted| wanted.iter().any(|id| members.contains(id.as_str())))
        };
        LISTING.answer(
            query,
            &self.groups,
            |group| {
                name.as_ref().is_none_or(|name| group.name == *name)
                    && tag.as_ref().is_none_or(|tag| group.tags.iter().any(|own| holds(own, tag)))
                    && among(users.as_ref(), &self.members(group).0)
                    && among(applications.as_ref(), &self.members(group).1)
                    && ids.as_ref().is_none_or(|ids| ids.contains(&group.id))
            },
            |group| self.group_json(group),
        )
    }

    pub(super) fn create_group(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let mut fields = BodyFields::new(&ask.body);
        let organization_id = fields.id("organization_id");
        let organization_id = fields.require("organization_id", organization_id);
        let name = fields.name();
        let name = fields.require("name", name).unwrap_or_default();
        let description = fields.description().unwrap_or_default();
        let tags = fields.tags().unwrap_or_default();
        fields.done()?;
        let organization_id = self.own(organization_id, "group")?;
        self.free_group_name(&name, None)?;
        self.room("group", self.groups.iter().filter(|group| !group.is_computed()).count())?;
        let id = unused_id(&mut self.rng, &self.groups, &[b"group", ask.request.body]);
        let now = self.stamp(ask);
        let group = Group {
            id,
            created_at: now,
            updated_at: now,
            organization_id,
            name,
            description,
            tags,
            editable: true,
            deletable: true,
            ..Group::default()
        };
        let reply = Reply::ok(group.saved());
        self.groups.insert(group);
        Ok(reply)
    }

    pub(super) fn get_group(&self, ask: &HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("group_id")?;
        self.groups.get(&id).map(|group| Reply::ok(self.group_json(group))).ok_or_else(|| not_found(id))
    }

    pub(super) fn update_group(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("group_id")?;
        let mut fields = BodyFields::new(&ask.body);
        let name = fields.name();
        let description = fields.description();
        let tags = fields.tags();
        fields.done()?;
        self.writable_group(&id)?;
        if let Some(name) = &name {
            self.free_group_name(name, Some(&id))?;
        }
        let changed = name.is_some() || description.is_some() || tags.is_some();
        let now = if changed { Some(self.stamp(ask)) } else { None };
        let group = self.groups.get_mut(&id).ok_or_else(|| not_found(id.clone()))?;
        set(&mut group.name, name);
        set(&mut group.description, description);
        set(&mut group.tags, tags);
        set(&mut group.updated_at, now);
        let group = self.groups.get(&id).ok_or_else(|| not_found(id))?;
        Ok(Reply::ok(self.group_json(group)))
    }

    /// Deletes a group, members or not; its policies stay, without a principal.
    pub(super) fn delete_group(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("group_id")?;
        let group = self.groups.get(&id).ok_or_else(|| not_found(id.clone()))?;
        self.unprotected(group.deletable)?;
        self.groups.remove(&id);
        self.forget_principal(&Principal::Group(id));
        Ok(Reply::gone())
    }

    /// Replaces the members; answers them in the order of the request (recorded: group-users-and-applications).
    ///
    /// No membership call moves `updated_at` (recorded: all `group-*`).
    pub(super) fn set_members(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("group_id")?;
        let mut fields = BodyFields::new(&ask.body);
        let mut whole = |key: &'static str, body: &Map<String, Value>| {
            if !body.contains_key(key) {
                fields.refuse(key, ArgumentReason::Required, "required key not provided");
            }
            once(fields.ids(key).unwrap_or_default())
        };
        let users = whole("user_ids", &ask.body);
        let applications = whole("application_ids", &ask.body);
        fields.done()?;
        self.open_group(&id)?;
        self.known_members(&users, &applications)?;
        let group = self.groups.get_mut(&id).ok_or_else(|| not_found(id))?;
        group.user_ids = users.iter().cloned().collect();
        group.application_ids = applications.iter().cloned().collect();
        Ok(Reply::ok(group.json_with(users, applications)))
    }

    pub(super) fn add_members(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("group_id")?;
        let mut fields = BodyFields::new(&ask.body);
        let users = fields.ids("user_ids").unwrap_or_default();
        let applications = fields.ids("application_ids").unwrap_or_default();
        fields.done()?;
        self.join(id, users, applications)
    }

    /// Adds one member; one who is in already changes nothing.
    pub(super) fn add_member(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("group_id")?;
        match member(&ask.body)? {
            Member::User(user) => self.join(id, vec![user], Vec::new()),
            Member::Application(application) => self.join(id, Vec::new(), vec![application]),
        }
    }

    fn join(&mut self, id: String, users: Vec<String>, applications: Vec<String>) -> Handled {
        self.open_group(&id)?;
        self.known_members(&users, &applications)?;
        let group = self.groups.get_mut(&id).ok_or_else(|| not_found(id))?;
        group.user_ids.extend(users);
        group.application_ids.extend(applications);
        Ok(Reply::ok(group.saved()))
    }

    /// Removes one member; for one who is not in, the 404 names no resource (recorded: group-membership-basic).
    pub(super) fn remove_member(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("group_id")?;
        let member = member(&ask.body)?;
        self.open_group(&id)?;
        let group = self.groups.get_mut(&id).ok_or_else(|| not_found(id))?;
        let (was_in, id) = match member {
            Member::User(user) => (group.user_ids.remove(&user), user),
            Member::Application(application) => (group.application_ids.remove(&application), application),
        };
        if was_in { Ok(Reply::ok(group.saved())) } else { Err(Problem::NotFound { resource: "", id }) }
    }

    fn writable_group(&self, id: &str) -> Result<(), Problem> {
        let group = self.groups.get(id).ok_or_else(|| not_found(id.to_owned()))?;
        self.unprotected(group.editable)
    }

    /// Refuses changes of who is in a group where the service decides that.
    fn open_group(&self, id: &str) -> Result<(), Problem> {
        self.writable_group(id)?;
        self.unprotected(!self.groups.get(id).is_some_and(Group::is_computed))
    }

    fn known_members(&self, users: &[String], applications: &[String]) -> Result<(), Problem> {
        if let Some(id) = users.iter().find(|id| !self.knows_user(id)) {
            return Err(Problem::NotFound { resource: "user", id: id.clone() });
        }
        if let Some(id) = applications.iter().find(|id| !self.applications.contains(id)) {
            return Err(Problem::NotFound { resource: "application", id: id.clone() });
        }
        Ok(())
    }

    /// Group names are unique in an organization (SDK, create request); the error of a second one was never recorded.
    fn free_group_name(&self, name: &str, own: Option<&str>) -> Result<(), Problem> {
        let taken = self.groups.iter().find(|other| other.name == name && Some(other.id.as_str()) != own);
        taken.map_or(Ok(()), |other| {
            Err(Problem::AlreadyExists {
                resource: "group",
                id: other.id.clone(),
                help: "a group with this name exists already",
            })
        })
    }
}

enum Member {
    User(String),
    Application(String),
}

/// Reads the one member that add-member and remove-member take.
fn member(body: &Map<String, Value>) -> Result<Member, Problem> {
    let mut fields = BodyFields::new(body);
    let user = fields.id("user_id");
    let application = fields.id("application_id");
    fields.done()?;
    match (user, application) {
        (Some(user), None) => Ok(Member::User(user)),
        (None, Some(application)) => Ok(Member::Application(application)),
        (None, None) => {
            Err(Problem::argument("member", ArgumentReason::Required, "required key not provided"))
        }
        (Some(_), Some(_)) => Err(Problem::argument(
            "member",
            ArgumentReason::Constraint,
            "precisely one of user_id, application_id must be set",
        )),
    }
}

/// Drops repeated ids, keeping the order.
fn once(ids: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    ids.into_iter().filter(|id| seen.insert(id.clone())).collect()
}
