//! Audit Trail (v1alpha1): who wrote what, and when.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::grant::{ResourceWord, Service};
use super::organization::{HandlerRequest, Needed, Organization};
use super::page::PageRequest;
use super::reply::{ArgumentReason, Handled, Problem, Reply};
use super::route::recorded_methods;
use super::time::{self, parse};

/// How many events are kept.
const MOST: usize = 100_000;
/// How long events can be read (documented).
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How far back a list goes that does not say.
const WINDOW: SignedDuration = SignedDuration::from_hours(1);
/// Where the events of what has no region are.
const HOME: &str = "fr-par";

/// One write, as it is served.
#[derive(Serialize)]
pub(super) struct Event {
    id: String,
    #[serde(serialize_with = "nanos")]
    recorded_at: Timestamp,
    /// Where it happened: a region, or `global`.
    locality: String,
    principal: EventPrincipal,
    organization_id: String,
    /// Fact: IAM's events have no project.
    project_id: Option<String>,
    source_ip: String,
    user_agent: String,
    product_name: &'static str,
    service_name: &'static str,
    pub(super) method_name: &'static str,
    request_id: String,
    request_body: Value,
    status_code: u16,
    resources: Vec<Value>,
    #[serde(skip)]
    pub(super) kind: ResourceWord,
}

#[derive(Serialize)]
struct EventPrincipal {
    id: String,
}

fn nanos<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{at:.9}"))
}

impl Event {
    /// Returns the region that serves it.
    fn region(&self) -> &str {
        if self.locality == "global" { HOME } else { &self.locality }
    }

    pub(super) fn recorded_at(&self) -> Timestamp {
        self.recorded_at
    }

    pub(super) fn succeeded(&self) -> bool {
        (200..300).contains(&self.status_code)
    }

    /// Returns the id of what was written.
    pub(super) fn resource_id(&self) -> &str {
        self.resources.first().and_then(|resource| resource["id"].as_str()).unwrap_or_default()
    }

    /// Returns the event as IAM's own logs tell of it; nothing where they do not.
    pub(super) fn log(&self) -> Option<Value> {
        let resource_type = match self.kind {
            ResourceWord::ApiKey => "api_key",
            ResourceWord::User => "user",
            ResourceWord::Application => "application",
            ResourceWord::Group => "group",
            ResourceWord::Policy | ResourceWord::Rule => "policy",
            ResourceWord::PermissionSet
            | ResourceWord::SshKey
            | ResourceWord::Quota
            | ResourceWord::Project
            | ResourceWord::Organization
            | ResourceWord::Saml
            | ResourceWord::SamlCertificate
            | ResourceWord::Scim
            | ResourceWord::ScimToken
            | ResourceWord::GracePeriod
            | ResourceWord::Log
            | ResourceWord::Event
            | ResourceWord::Secret => return None,
        };
        let action = match self.method_name {
            name if name.starts_with("Create") || name.starts_with("Clone") => "created",
            name if name.starts_with("Delete") => "deleted",
            _ => "updated",
        };
        self.succeeded().then(|| {
            json!({
                "id": self.id, "created_at": time::six_decimals(self.recorded_at), "ip": self.source_ip,
                "user_agent": self.user_agent, "action": action, "bearer_id": self.principal.id,
                "organization_id": self.organization_id, "resource_type": resource_type,
                "resource_id": self.resource_id(),
            })
        })
    }
}

/// What an event says of a request's body: its fields by name, without what is secret.
fn body_of(body: &Map<String, Value>) -> Value {
    const SECRET: [&str; 2] = ["data", "password"];
    let mut fields: Vec<(&String, &Value)> =
        body.iter().filter(|(key, _)| !SECRET.contains(&key.as_str())).collect();
    fields.sort_by_key(|(key, _)| *key);
    let shown = fields.into_iter().filter_map(|(key, value)| {
        let value = match value {
            // A list that is null is an empty one (recorded: audit-events-of-a-secret).
            Value::Null if key == "tags" => json!([]),
            Value::Null => return None,
            Value::Object(inner) => body_of(inner),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => value.clone(),
        };
        Some((key.clone(), value))
    });
    Value::Object(shown.collect())
}

/// Returns what an event says of the object that a call was about.
fn resource_of(kind: ResourceWord, object: &Value, deleted_at: Option<Timestamp>) -> Option<Value> {
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    let id = text("access_key").or_else(|| text("id"))?;
    let mut resource = json!({
        "id": id,
        "type": kind.resource_type(),
        "created_at": object.get("created_at"),
        "updated_at": object.get("updated_at"),
        "deleted_at": deleted_at.map(time::six_decimals),
        "name": text("name").or_else(|| text("username")),
    });
    if kind == ResourceWord::Secret {
        resource["secret_manager_secret_info"] = json!({"path": object["path"]});
    }
    Some(resource)
}

/// A write whose event is yet to come: what there was before it.
pub(super) struct Pending {
    method_name: &'static str,
    kind: ResourceWord,
    before: Option<Value>,
}

impl Organization {
    /// Notes what a call is about before it happens.
    pub(super) fn before_event(
        &self,
        method_name: &'static str,
        kind: ResourceWord,
        ask: &HandlerRequest<'_>,
    ) -> Pending {
        let id = ask.id.to_ascii_lowercase();
        let before = match kind {
            ResourceWord::Application => self.applications.get(&id).map(|it| it.json()),
            ResourceWord::Group => self.groups.get(&id).map(|it| it.saved()),
            ResourceWord::Policy => self.policies.get(&id).map(|it| it.json()),
            ResourceWord::Rule => {
                let policy = ask.body.get("policy_id").and_then(Value::as_str).unwrap_or_default();
                self.policies.get(&policy.to_ascii_lowercase()).map(|it| it.json())
            }
            ResourceWord::ApiKey => self.api_keys.get(&self.named_key(ask.id)).map(|it| it.json()),
            ResourceWord::SshKey => self.ssh_keys.get(&id).map(|it| it.json()),
            ResourceWord::User => self.users.get(&id).map(|it| it.json()),
            ResourceWord::Project => self.projects.get(&id).map(|it| it.json()),
            ResourceWord::Secret => self.secret(ask).ok().map(|it| it.json()),
            ResourceWord::Organization => Some(json!({"id": self.id, "name": self.object.get("name")})),
            ResourceWord::Saml
            | ResourceWord::SamlCertificate
            | ResourceWord::Scim
            | ResourceWord::ScimToken => Some(json!({"id": id})),
            ResourceWord::PermissionSet
            | ResourceWord::Quota
            | ResourceWord::GracePeriod
            | ResourceWord::Log
            | ResourceWord::Event => None,
        };
        Pending { method_name, kind, before }
    }

    /// Keeps the event of a call that was done or forbidden; others leave none.
    pub(super) fn keep_event(&mut self, pending: Pending, ask: &HandlerRequest<'_>, answer: &Handled) {
        let (status_code, after) = match answer {
            Ok(reply) => (reply.status, reply.body.as_ref()),
            Err(Problem::Denied(_)) => (403, None),
            Err(_) => return,
        };
        let Pending { method_name, kind, before } = pending;
        let recorded_at = ask.request.now;
        let after = after.map(|body| body.get("token").filter(|token| token.is_object()).unwrap_or(body));
        let whole = |object: &&Value| object.get("id").or_else(|| object.get("access_key")).is_some();
        let object = after.filter(whole).or(before.as_ref());
        let deleted_at = (ask.request.method == "DELETE" && status_code < 300).then_some(recorded_at);
        let service = kind.service();
        let event = Event {
            id: version_7(recorded_at, &self.rng.draw(&[b"event", method_name.as_bytes()]).uuid()),
            recorded_at,
            locality: match service {
                Service::Iam | Service::Account => "global".to_owned(),
                Service::SecretManager => ask.parameters.first().cloned().unwrap_or_default(),
            },
            principal: EventPrincipal { id: self.principal_of(&ask.caller).unwrap_or_default() },
            organization_id: self.id.clone(),
            project_id: match service {
                Service::Iam | Service::Account => None,
                Service::SecretManager => object.and_then(|it| it["project_id"].as_str()).map(str::to_owned),
            },
            source_ip: ask.request.ip.to_owned(),
            user_agent: ask.request.user_agent.to_owned(),
            product_name: service.product(),
            service_name: service.name(),
            method_name,
            request_id: ask.request.request_id.to_owned(),
            request_body: body_of(&ask.body),
            status_code,
            resources: object.and_then(|object| resource_of(kind, object, deleted_at)).into_iter().collect(),
            kind,
        };
        if self.events.len() >= MOST {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    /// Returns the events that can be read now, oldest first: not those of the last moments, nor those of long ago.
    pub(super) fn readable_events(&self, now: Timestamp) -> impl DoubleEndedIterator<Item = &Event> {
        let delay = self.behaviour.audit_delay.0;
        self.events.iter().filter(move |event| {
            let age = now.duration_since(event.recorded_at);
            delay <= age && age <= KEPT
        })
    }

    /// Lists what is recorded: the methods of the calls that leave an event. Never recorded; the fields are those of the
    /// published clients.
    pub(super) fn list_products(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        self.own_list(ask, Needed::Yes, "audit_trail")?;
        ask.region()?;
        ask.query.done()?;
        let product = |service: Service| {
            let services = [json!({"name": service.name(), "methods": recorded_methods(service)})];
            json!({"title": service.title(), "name": service.product(), "services": services})
        };
        let products = Service::ALL.map(product);
        Ok(Reply::ok(json!({"products": products, "total_count": products.len()})))
    }

    /// Lists events. The token of the next page is absent on the last one, and nothing counts them.
    ///
    /// Recorded: audit-events-of-a-secret.
    pub(super) fn list_events(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        self.own_list(ask, Needed::Yes, "audit_trail")?;
        let region = ask.region()?;
        let now = ask.request.now;
        let query = &mut ask.query;
        let project = query.id("project_id");
        let kind = query.text("resource_type").filter(|kind| kind != "unknown_type");
        let resource = query.text("resource_id").map(|id| id.to_ascii_lowercase());
        let texts = ["method_name", "product_name", "service_name"].map(|key| query.text(key));
        let [method, product, service] = texts;
        let principal = query.id("principal_id");
        // Recorders write an address of the documentation's in place of a real one: it stands for any.
        let ip = query.text("source_ip").filter(|ip| !is_of_documentation(ip));
        let status = query.number("status");
        let after = query.time("recorded_after").unwrap_or_else(|| now.checked_sub(WINDOW).unwrap_or(now));
        let before = query.time("recorded_before").unwrap_or(now);
        let descending = match query.text("order_by").as_deref() {
            None | Some("recorded_at_desc") => true,
            Some("recorded_at_asc") => false,
            Some(_) => {
                query.refuse("order_by", ArgumentReason::Format, "value must be a known order");
                true
            }
        };
        let size = PageRequest::read(query, 20).size();
        let start = query.text("page_token").map(|token| {
            let id = URL_SAFE_NO_PAD.decode(&token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            if id.is_none() {
                query.refuse("page_token", ArgumentReason::Format, "value must be a token of this list");
            }
            id.unwrap_or_default()
        });
        query.done()?;
        let is = |wanted: &Option<String>, text: &str| wanted.as_ref().is_none_or(|wanted| wanted == text);
        let resource_is = |event: &Event| {
            let found = |key: &str, wanted: &String| event.resources.iter().any(|it| it[key] == *wanted);
            kind.as_ref().is_none_or(|kind| found("type", kind))
                && resource.as_ref().is_none_or(|id| {
                    event
                        .resources
                        .iter()
                        .any(|it| it["id"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(id)))
                })
        };
        let readable = self.readable_events(now).filter(|event| {
            event.region() == region
                && (after..=before).contains(&event.recorded_at)
                && project.as_ref().is_none_or(|project| event.project_id.as_ref() == Some(project))
                && is(&method, event.method_name)
                && is(&product, event.product_name)
                && is(&service, event.service_name)
                && is(&principal, &event.principal.id)
                && is(&ip, &event.source_ip)
                && status.is_none_or(|status| match status {
                    200 => event.succeeded(),
                    other => other == i64::from(event.status_code),
                })
                && resource_is(event)
        });
        let mut found: Vec<&Event> = if descending { readable.rev().collect() } else { readable.collect() };
        if let Some(start) = start {
            let at = found.iter().position(|event| event.id == start).unwrap_or(found.len());
            found.drain(..at);
        }
        let mut body = Map::new();
        body.insert("events".into(), found.iter().take(size).map(|event| json!(event)).collect());
        if let Some(next) = found.get(size) {
            body.insert("next_page_token".into(), URL_SAFE_NO_PAD.encode(&next.id).into());
        }
        Ok(Reply::ok(Value::Object(body)))
    }
}

/// Says whether an address is one that documentation uses (RFC 5737).
fn is_of_documentation(ip: &str) -> bool {
    ip.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_documentation())
}

/// Returns an id of version 7: it begins with the time, in milliseconds (recorded: audit-events-of-a-secret).
fn version_7(at: Timestamp, random: &str) -> String {
    let millis = at.as_millisecond().max(0) & 0xffff_ffff_ffff;
    format!("{:08x}-{:04x}-7{}", millis >> 16, millis & 0xffff, &random[15..])
}

impl super::query::QueryParameters {
    /// Reads an RFC 3339 time.
    pub(super) fn time(&mut self, key: &str) -> Option<Timestamp> {
        let at = parse(&self.text(key)?);
        if at.is_none() {
            self.refuse(key, ArgumentReason::Format, time::NOT_A_TIME);
        }
        at
    }
}
