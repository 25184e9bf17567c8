//! Projects, of the Account API v3.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::fields::{BodyFields, read_uuid, set};
use super::organization::{HandlerRequest, Needed, Organization, unused_id};
use super::page::{Listing, SortKey, Total};
use super::query::{QueryParameters, holds};
use super::reply::{ArgumentReason, Handled, Problem, Reply};
use super::state::Defaults;
use super::table::row;
use super::time::micros;

/// A project. The default one has the organization's own id.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Project {
    #[serde(deserialize_with = "read_uuid")]
    id: String,
    name: String,
    #[serde(deserialize_with = "read_uuid")]
    organization_id: String,
    #[serde(with = "micros")]
    created_at: Timestamp,
    #[serde(with = "micros")]
    updated_at: Timestamp,
    description: String,
    qualification: Option<Map<String, Value>>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

row!(Project);

const LISTING: Listing<Project> = Listing {
    items: "projects",
    // Recorded: account-data-source-project-list, 42 of 42 in one page without `page_size`.
    total: Total::First,
    size: 100,
    default: "created_at_asc",
    orders: &[("name", |project| SortKey::text(&project.name))],
};

impl Project {
    /// Returns the default project of an organization without a state.
    pub(super) fn default_of(organization: &str, at: Timestamp) -> Self {
        Self {
            id: organization.to_owned(),
            name: "default".into(),
            organization_id: organization.to_owned(),
            created_at: at,
            updated_at: at,
            ..Self::default()
        }
    }

    /// Returns the project as a get and a list have it: the qualification is there even where there is none.
    pub(super) fn json(&self) -> Value {
        let mut json = json!(self);
        if self.qualification.is_none() {
            json["qualification"] = json!({"architecture_type": "unknown_architecture_type"});
        }
        json
    }

    /// Returns the project as the answer to a write has it: without a qualification.
    fn written(&self) -> Value {
        let mut json = json!(self);
        json["qualification"] = Value::Null;
        json
    }
}

/// Account names the argument, not the kind (recorded: account-project-basic).
fn not_found(id: String) -> Problem {
    Problem::NotFound { resource: "project_id", id }
}

/// Says what is wrong with a project's name: 1 to 64 of ASCII letters, digits, `. _ -` and spaces.
fn not_a_project_name(name: &str) -> Option<&'static str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ' ');
    if !(1..=64).contains(&name.chars().count()) {
        return Some("value length must be between 1 and 64 runes, inclusive");
    }
    (!name.chars().all(allowed)).then_some(r#"value does not match regex pattern "^[a-zA-Z0-9\\._\\- ]+$""#)
}

fn name_in(fields: &mut BodyFields<'_>) -> Option<String> {
    let name = fields.text("name")?;
    if let Some(help) = not_a_project_name(&name) {
        fields.refuse("name", ArgumentReason::Constraint, help);
    }
    Some(name)
}

fn name_filter(query: &mut QueryParameters) -> Option<String> {
    let name = query.text("name")?;
    if let Some(help) = not_a_project_name(&name) {
        query.refuse("name", ArgumentReason::Constraint, help);
    }
    Some(name)
}

impl Organization {
    pub(super) fn list_projects(&self, ask: &mut HandlerRequest<'_>) -> Handled {
        self.own_list(ask, Needed::Yes, "project")?;
        let query = &mut ask.query;
        let name = name_filter(query);
        let ids = query.ids("project_ids");
        LISTING.answer(
            query,
            &self.projects,
            |project| {
                name.as_ref().is_none_or(|name| holds(&project.name, name))
                    && ids.as_ref().is_none_or(|ids| ids.contains(&project.id))
            },
            Project::json,
        )
    }

    /// Makes a project. Names may repeat (recorded: account-data-source-project-list).
    pub(super) fn create_project(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let mut fields = BodyFields::new(&ask.body);
        let name = name_in(&mut fields);
        let name = fields.require("name", name).unwrap_or_default();
        let organization_id = fields.id("organization_id");
        let description = fields.description().unwrap_or_default();
        fields.done()?;
        let organization_id = self.own(organization_id, "project")?;
        self.room("project", self.projects.len())?;
        let id = unused_id(&mut self.rng, &self.projects, &[b"project", ask.request.body]);
        let now = self.stamp(ask);
        let project = Project {
            id,
            name,
            organization_id,
            created_at: now,
            updated_at: now,
            description,
            ..Project::default()
        };
        let reply = Reply::ok(project.written());
        self.projects.insert(project);
        Ok(reply)
    }

    /// Returns a project; the default one also where the state leaves it out, which no list shows.
    pub(super) fn get_project(&self, ask: &HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("project_id")?;
        let unlisted = || (id == self.id).then(|| Project::default_of(&id, Defaults::epoch()).json());
        let project = self.projects.get(&id).map(Project::json).or_else(unlisted);
        project.map(Reply::ok).ok_or_else(|| not_found(id))
    }

    pub(super) fn update_project(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("project_id")?;
        let mut fields = BodyFields::new(&ask.body);
        let name = name_in(&mut fields);
        let description = fields.description();
        fields.done()?;
        if !self.projects.contains(&id) {
            return Err(not_found(id));
        }
        let changed = name.is_some() || description.is_some();
        let now = if changed { Some(self.stamp(ask)) } else { None };
        let project = self.projects.get_mut(&id).ok_or_else(|| not_found(id))?;
        set(&mut project.name, name);
        set(&mut project.description, description);
        set(&mut project.updated_at, now);
        Ok(Reply::ok(project.written()))
    }

    /// Deletes an empty project; what is left of the rules on it has no scope.
    pub(super) fn delete_project(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("project_id")?;
        if !self.projects.contains(&id) {
            return Err(not_found(id));
        }
        if id == self.id || self.ssh_keys.iter().any(|key| key.project_id == id) {
            let help = if id == self.id { "the default project stays" } else { "the project is not empty" };
            return Err(Problem::Precondition { precondition: "resource_not_usable", help });
        }
        self.projects.remove(&id);
        self.forget_project(&id);
        Ok(Reply::gone())
    }

    /// Checks that a project exists; the default one does even where the state leaves it out.
    pub(super) fn known_project(&self, id: &str) -> Result<(), Problem> {
        let known = id == self.id || self.projects.contains(id);
        if known { Ok(()) } else { Err(Problem::NotFound { resource: "project", id: id.to_owned() }) }
    }
}
