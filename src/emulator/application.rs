//! Applications.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::fields::{BodyFields, read_uuid, set, yes};
use super::organization::{HandlerRequest, NameRule, Needed, Organization, unused_id};
use super::page::{Listing, SortKey, Total};
use super::policy::Principal;
use super::query::holds;
use super::reply::{Handled, Problem, Reply};
use super::table::row;
use super::time::micros;

/// An application: a principal without a person.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Application {
    #[serde(deserialize_with = "read_uuid")]
    pub(super) id: String,
    pub(super) name: String,
    description: String,
    #[serde(with = "micros")]
    created_at: Timestamp,
    #[serde(with = "micros")]
    updated_at: Timestamp,
    #[serde(deserialize_with = "read_uuid")]
    organization_id: String,
    #[serde(default = "yes")]
    editable: bool,
    #[serde(default = "yes")]
    deletable: bool,
    pub(super) managed: bool,
    pub(super) nb_api_keys: u64,
    tags: Vec<String>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

row!(Application);

const LISTING: Listing<Application> = Listing {
    items: "applications",
    total: Total::Last,
    size: 20,
    default: "created_at_asc",
    orders: &[
        ("name", |application| SortKey::text(&application.name)),
        ("updated_at", |application| SortKey::Time(application.updated_at)),
    ],
};

impl Application {
    pub(super) fn json(&self) -> Value {
        json!(self)
    }
}

fn not_found(id: String) -> Problem {
    Problem::NotFound { resource: "application", id }
}

impl Organization {
    pub(super) fn list_applications(&self, ask: &mut HandlerRequest<'_>) -> Handled {
        self.own_list(ask, Needed::Yes, "application")?;
        let query = &mut ask.query;
        let name = query.name("name");
        let tag = query.text("tag");
        let editable = query.flag("editable");
        let ids = query.ids("application_ids");
        LISTING.answer(
            query,
            &self.applications,
            |application| {
                name.as_ref().is_none_or(|name| holds(&application.name, name))
                    && tag.as_ref().is_none_or(|tag| application.tags.iter().any(|own| holds(own, tag)))
                    && editable.is_none_or(|editable| application.editable == editable)
                    && ids.as_ref().is_none_or(|ids| ids.contains(&application.id))
            },
            Application::json,
        )
    }

    pub(super) fn create_application(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let mut fields = BodyFields::new(&ask.body);
        let name = fields.name();
        let name = fields.require("name", name).unwrap_or_default();
        let organization_id = fields.id("organization_id");
        let description = fields.description().unwrap_or_default();
        let tags = fields.tags().unwrap_or_default();
        fields.done()?;
        let organization_id = self.own(organization_id, "application")?;
        self.free_application_name(&name, None)?;
        self.room("application", self.applications.len())?;
        let id = unused_id(&mut self.rng, &self.applications, &[b"application", ask.request.body]);
        let now = self.stamp(ask);
        let application = Application {
            id,
            name,
            description,
            created_at: now,
            updated_at: now,
            organization_id,
            editable: true,
            deletable: true,
            tags,
            ..Application::default()
        };
        let reply = Reply::ok(application.json());
        self.applications.insert(application);
        Ok(reply)
    }

    pub(super) fn get_application(&self, ask: &HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("application_id")?;
        self.applications
            .get(&id)
            .map(|application| Reply::ok(application.json()))
            .ok_or_else(|| not_found(id))
    }

    pub(super) fn update_application(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("application_id")?;
        let mut fields = BodyFields::new(&ask.body);
        let name = fields.name();
        let description = fields.description();
        let tags = fields.tags();
        fields.done()?;
        let application = self.applications.get(&id).ok_or_else(|| not_found(id.clone()))?;
        self.unprotected(application.editable)?;
        if let Some(name) = &name {
            self.free_application_name(name, Some(&id))?;
        }
        let changed = name.is_some() || description.is_some() || tags.is_some();
        let now = if changed { Some(self.stamp(ask)) } else { None };
        let application = self.applications.get_mut(&id).ok_or_else(|| not_found(id))?;
        set(&mut application.name, name);
        set(&mut application.description, description);
        set(&mut application.tags, tags);
        set(&mut application.updated_at, now);
        Ok(Reply::ok(application.json()))
    }

    /// Deletes an application with its API keys; its policies stay, without a principal.
    ///
    /// Recorded: policy-change-linked-entity, api-key-ephemeral-resource.
    pub(super) fn delete_application(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("application_id")?;
        let application = self.applications.get(&id).ok_or_else(|| not_found(id.clone()))?;
        self.unprotected(application.deletable)?;
        self.applications.remove(&id);
        self.forget_principal(&Principal::Application(id));
        Ok(Reply::gone())
    }

    fn free_application_name(&self, name: &str, own: Option<&str>) -> Result<(), Problem> {
        if self.behaviour.names == NameRule::Repeat {
            return Ok(());
        }
        let taken =
            self.applications.iter().find(|other| other.name == name && Some(other.id.as_str()) != own);
        taken.map_or(Ok(()), |other| {
            Err(Problem::AlreadyExists {
                resource: "application",
                id: other.id.clone(),
                help: "an application with this name exists already",
            })
        })
    }
}
