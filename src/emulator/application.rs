//! Applications.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::fields::{Fields, set};
use super::organization::{Ask, Names, Needed, Organization, unused_id};
use super::page::{Key, Listing, Total};
use super::policy::Principal;
use super::query::holds;
use super::reply::{Answer, Problem, Reply, object};
use super::state::Defaults;
use super::table::Row;
use super::time::six_decimals;

/// An application: a principal without a person.
pub(super) struct Application {
    pub(super) id: String,
    pub(super) name: String,
    description: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    organization_id: String,
    editable: bool,
    deletable: bool,
    pub(super) managed: bool,
    pub(super) nb_api_keys: u64,
    tags: Vec<String>,
    more: Map<String, Value>,
}

impl Row for Application {
    fn id(&self) -> &str {
        &self.id
    }
    fn created_at(&self) -> Timestamp {
        self.created_at
    }
}

const LISTING: Listing<Application> = Listing {
    items: "applications",
    total: Total::Last,
    size: 20,
    default: "created_at_asc",
    orders: &[
        ("name", |application| Key::text(&application.name)),
        ("updated_at", |application| Key::Time(application.updated_at)),
    ],
};

impl Application {
    /// Reads one of a state file.
    pub(super) fn load(fields: &mut Fields<'_>, defaults: &Defaults) -> Self {
        let created_at = fields.time("created_at").unwrap_or(defaults.epoch);
        let mut application = Self {
            id: defaults.id(fields, "id"),
            name: fields.text("name").unwrap_or_default(),
            description: fields.text("description").unwrap_or_default(),
            created_at,
            updated_at: fields.time("updated_at").unwrap_or(created_at),
            organization_id: fields.id("organization_id").unwrap_or_else(|| defaults.organization.clone()),
            editable: fields.flag("editable").unwrap_or(true),
            deletable: fields.flag("deletable").unwrap_or(true),
            managed: fields.flag("managed").unwrap_or(false),
            nb_api_keys: fields.count("nb_api_keys").unwrap_or(0),
            tags: fields.texts("tags").unwrap_or_default(),
            more: Map::new(),
        };
        application.more = fields.rest();
        application
    }

    pub(super) fn latest(&self) -> Timestamp {
        self.updated_at.max(self.created_at)
    }

    pub(super) fn json(&self) -> Value {
        Value::Object(object(
            [
                ("id", self.id.as_str().into()),
                ("name", self.name.as_str().into()),
                ("description", self.description.as_str().into()),
                ("created_at", six_decimals(self.created_at)),
                ("updated_at", six_decimals(self.updated_at)),
                ("organization_id", self.organization_id.as_str().into()),
                ("editable", self.editable.into()),
                ("deletable", self.deletable.into()),
                ("managed", self.managed.into()),
                ("nb_api_keys", self.nb_api_keys.into()),
                ("tags", self.tags.clone().into()),
            ],
            &self.more,
        ))
    }
}

fn not_found(id: String) -> Problem {
    Problem::NotFound { resource: "application", id }
}

impl Organization {
    pub(super) fn list_applications(&self, ask: &mut Ask<'_>) -> Answer {
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

    pub(super) fn create_application(&mut self, ask: &mut Ask<'_>) -> Answer {
        let mut fields = Fields::new(&ask.body);
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
            managed: false,
            nb_api_keys: 0,
            tags,
            more: Map::new(),
        };
        let reply = Reply::ok(application.json());
        self.applications.insert(application);
        Ok(reply)
    }

    pub(super) fn get_application(&self, ask: &Ask<'_>) -> Answer {
        let id = ask.uuid("application_id")?;
        self.applications
            .get(&id)
            .map(|application| Reply::ok(application.json()))
            .ok_or_else(|| not_found(id))
    }

    pub(super) fn update_application(&mut self, ask: &mut Ask<'_>) -> Answer {
        let id = ask.uuid("application_id")?;
        let mut fields = Fields::new(&ask.body);
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
    pub(super) fn delete_application(&mut self, ask: &mut Ask<'_>) -> Answer {
        let id = ask.uuid("application_id")?;
        let application = self.applications.get(&id).ok_or_else(|| not_found(id.clone()))?;
        self.unprotected(application.deletable)?;
        self.applications.remove(&id);
        self.forget_principal(&Principal::Application(id));
        Ok(Reply::gone())
    }

    fn free_application_name(&self, name: &str, own: Option<&str>) -> Result<(), Problem> {
        if self.behaviour.names == Names::Repeat {
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
