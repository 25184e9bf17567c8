//! IAM's own logs: a coarser tale of the same writes.

use serde_json::{Value, json};

use super::organization::{HandlerRequest, Needed, Organization};
use super::page::PageRequest;
use super::reply::{ArgumentReason, Handled, Problem, Reply};

impl Organization {
    /// Lists logs. None was ever recorded; how late they come is taken to be as for Audit Trail.
    pub(super) fn list_logs(&mut self, ask: &mut HandlerRequest<'_>) -> Handled {
        self.own_list(ask, Needed::Yes, "log")?;
        let query = &mut ask.query;
        let after = query.time("created_after");
        let before = query.time("created_before");
        let action = query.choice("action", &["unknown_action", "created", "updated", "deleted"]);
        let kinds = ["unknown_resource_type", "api_key", "user", "application", "group", "policy"];
        let kind = query.choice("resource_type", &kinds);
        let search = query.text("search");
        let order = query.text("order_by").unwrap_or_else(|| "created_at_asc".into());
        if !["created_at_asc", "created_at_desc"].contains(&order.as_str()) {
            query.refuse("order_by", ArgumentReason::Format, "value must be a known order");
        }
        let page = PageRequest::read(query, 20);
        query.done()?;
        let within = self.readable_events(ask.request.now).filter(|event| {
            after.is_none_or(|after| after <= event.recorded_at())
                && before.is_none_or(|before| event.recorded_at() <= before)
        });
        let mut logs: Vec<Value> = within.filter_map(super::event::Event::log).collect();
        logs.retain(|log| {
            action.is_none_or(|action| log["action"] == action)
                && kind.is_none_or(|kind| log["resource_type"] == kind)
                && search.as_ref().is_none_or(|id| log["bearer_id"] == **id || log["resource_id"] == **id)
        });
        if order == "created_at_desc" {
            logs.reverse();
        }
        Ok(page.of("logs", logs.iter(), Value::clone))
    }

    pub(super) fn get_log(&self, ask: &HandlerRequest<'_>) -> Handled {
        let id = ask.uuid("log_id")?;
        let mut logs = self.readable_events(ask.request.now).filter_map(super::event::Event::log);
        let found = logs.find(|log| log["id"] == json!(id));
        found.map(Reply::ok).ok_or(Problem::NotFound { resource: "log", id })
    }
}
