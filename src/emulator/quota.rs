//! Quotas: how many objects of a kind an organization may have.

use serde_json::{Map, Value, json};

use super::fields::BodyFields;
use super::organization::{HandlerRequest, Needed, Organization, Quota};
use super::page::PageRequest;
use super::reply::{ArgumentReason, Handled, Problem, Reply};

/// What is known of the quotas by default: resource, name, what people call it, documented default.
///
/// No quota was ever recorded; the names resemble a list that an old SDK had, the figures are the documentation's.
const DOCUMENTED: &[(&str, &str, &str, u64)] = &[
    ("project", "account_projects", "Projects", 25),
    ("api_key", "iam_api_keys", "API keys", 50),
    ("application", "iam_applications", "Applications", 100),
    ("group", "iam_groups", "Groups", 50),
    ("policy", "iam_policies", "Policies", 50),
    ("secret", "secret_manager_secrets", "Secrets", 100),
    ("ssh_key", "iam_ssh_keys", "SSH keys", 50),
    ("user", "iam_users", "Users", 50),
];

/// The quotas of an organization, sorted by name.
pub(super) struct Quotas {
    quota: Vec<Map<String, Value>>,
    /// Whether the state file had quotas, and so gets them back.
    pub(super) of_state: bool,
}

impl Quotas {
    /// Takes those of a state, or the documented ones.
    pub(super) fn new(of_state: Option<Vec<Map<String, Value>>>, choice: Quota) -> Self {
        let given = of_state.is_some();
        let mut quota = of_state.unwrap_or_else(|| {
            let limit = |number| (choice == Quota::Documented).then_some(number);
            DOCUMENTED.iter().map(|&(_, name, pretty, number)| quotum(name, pretty, limit(number))).collect()
        });
        quota.sort_by(|a, b| name_of(a).cmp(name_of(b)));
        Self { quota, of_state: given }
    }

    /// Checks a quotum of a state file.
    pub(super) fn check(fields: &mut BodyFields<'_>) {
        let name = fields.text("name");
        fields.require("name", name);
        fields.count("limit");
        fields.flag("unlimited");
        fields.list("limits");
    }

    pub(super) fn saved(&self) -> Value {
        self.quota.iter().cloned().map(Value::Object).collect()
    }

    /// Returns the most objects of a kind that there may be; `None` for no limit.
    fn limit(&self, resource: &str) -> Option<u64> {
        let (_, name, ..) = DOCUMENTED.iter().find(|(kind, ..)| *kind == resource)?;
        let quotum = self.quota.iter().find(|quotum| name_of(quotum) == *name)?;
        let within = |quotum: &Map<String, Value>| quotum.get("limit").and_then(Value::as_u64);
        let inner = || quotum.get("limits")?.as_array()?.iter().filter_map(Value::as_object).find_map(within);
        within(quotum).or_else(inner)
    }
}

fn quotum(name: &str, pretty: &str, limit: Option<u64>) -> Map<String, Value> {
    let (key, value) = limit.map_or(("unlimited", Value::Bool(true)), |limit| ("limit", limit.into()));
    let quotum = json!({
        "name": name, key: value, "pretty_name": pretty, "unit": "", "description": "", "locality_type": "global",
        "limits": [{"global": true, key: value}],
    });
    quotum.as_object().cloned().unwrap_or_default()
}

fn name_of(quotum: &Map<String, Value>) -> &str {
    quotum.get("name").and_then(Value::as_str).unwrap_or_default()
}

impl Organization {
    pub(super) fn list_quota(&self, ask: &mut HandlerRequest<'_>) -> Handled {
        self.own_list(ask, Needed::Yes, "quota")?;
        let query = &mut ask.query;
        let names = query.texts("quotum_names");
        let order = query.text("order_by").unwrap_or_else(|| "name_asc".into());
        if !["name_asc", "name_desc"].contains(&order.as_str()) {
            query.refuse("order_by", ArgumentReason::Format, "value must be a known order");
        }
        let page = PageRequest::read(query, 20);
        query.done()?;
        let wanted = |quotum: &&Map<String, Value>| {
            names.as_ref().is_none_or(|names| names.iter().any(|name| name == name_of(quotum)))
        };
        let json = |quotum: &Map<String, Value>| Value::Object(quotum.clone());
        let kept = self.quotas.quota.iter().filter(wanted);
        Ok(if order == "name_desc" {
            page.of("quota", kept.rev(), json)
        } else {
            page.of("quota", kept, json)
        })
    }

    pub(super) fn get_quotum(&self, ask: &mut HandlerRequest<'_>) -> Handled {
        self.own_list(ask, Needed::Yes, "quota")?;
        ask.query.done()?;
        let found = self.quotas.quota.iter().find(|quotum| name_of(quotum) == ask.id);
        found
            .map(|quotum| Reply::ok(Value::Object(quotum.clone())))
            .ok_or_else(|| Problem::NotFound { resource: "quotum", id: ask.id.to_owned() })
    }

    /// Refuses one more object of a kind than there may be.
    pub(super) fn room(&self, resource: &'static str, current: usize) -> Result<(), Problem> {
        let current = current as u64;
        match self.quotas.limit(resource) {
            Some(quota) if current >= quota => Err(Problem::QuotaExceeded { resource, quota, current }),
            _ => Ok(()),
        }
    }
}
