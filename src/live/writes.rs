//! Who wrote what: the records of the API, as the model takes them.

use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;

use super::any::deleted_by;
use crate::api::wire::{AuditEvent, Log, LogAction};
use crate::api::{self, Client, ListAuditEvents, ListLogs, LogOrder};
use crate::model::{Kind, RecordedWrite, WriteKind};

/// How many events are read about one object, the last ones: one page.
const MOST_OF_ONE: usize = 100;
/// How many deletions of a kind are read.
const MOST_DELETED: usize = 1000;
/// A User-Agent is cut after this many characters.
const LONGEST_CLIENT: usize = 120;

/// Which writes to look for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WriteQuery {
    /// Those to the object with this id, or access key.
    Of(String),
    /// The deletions of objects of a kind.
    Deleted(Kind),
}

/// Reads the last writes from Audit Trail, which needs a permission of its own.
///
/// # Errors
/// What the call returns, [`api::ErrorKind::Forbidden`] in particular.
pub async fn recorded_writes(
    client: &Client,
    query: &WriteQuery,
    since: Timestamp,
) -> Result<Vec<RecordedWrite>, api::Error> {
    let mut list = ListAuditEvents::since(since);
    let most = match query {
        WriteQuery::Of(id) => {
            list.resource_id = Some(id.clone());
            MOST_OF_ONE
        }
        WriteQuery::Deleted(kind) => {
            let Some(method) = deleted_by(*kind) else { return Ok(Vec::new()) };
            list.method_name = Some(method.to_owned());
            MOST_DELETED
        }
    };
    let events: Vec<AuditEvent> = client.list_audit_events(&list).take(most).try_collect().await?;
    Ok(events.iter().filter(|event| event.status_code < 300).map(of_event).collect())
}

/// Reads the writes to one object from IAM's own logs, which have no method and no names of objects.
///
/// # Errors
/// What the call returns.
pub async fn logged_writes(
    client: &Client,
    query: &WriteQuery,
    since: Timestamp,
) -> Result<Vec<RecordedWrite>, api::Error> {
    let WriteQuery::Of(id) = query else { return Ok(Vec::new()) };
    let list = ListLogs {
        order_by: LogOrder::CreatedAtDesc,
        created_after: Some(since),
        search: Some(id.clone()),
        ..ListLogs::default()
    };
    let logs = client.list_logs(&list).all().await?;
    Ok(logs.iter().filter(|log| log.resource_id == *id).filter_map(of_log).collect())
}

fn of_event(event: &AuditEvent) -> RecordedWrite {
    RecordedWrite {
        at: event.recorded_at,
        kind: Some(kind_of(&event.method_name)),
        method: event.method_name.clone(),
        object_id: event.resources.first().map(|resource| resource.id.clone()).unwrap_or_default(),
        name: event.resources.first().and_then(|resource| resource.name.clone()),
        principal_id: event.principal.as_ref().map(|principal| principal.id.clone()).unwrap_or_default(),
        address: event.source_ip.clone(),
        client: cut(&event.user_agent),
        request_id: event.request_id.clone(),
        run_id: event.run_id().map(str::to_owned),
    }
}

fn of_log(log: &Log) -> Option<RecordedWrite> {
    let kind = match log.action {
        LogAction::Created => Some(WriteKind::Create),
        LogAction::Deleted => Some(WriteKind::Delete),
        LogAction::Updated | LogAction::Unspecified | LogAction::Unknown(_) => None,
    };
    Some(RecordedWrite {
        at: log.created_at?,
        kind,
        method: String::new(),
        object_id: log.resource_id.clone(),
        name: None,
        principal_id: log.bearer_id.clone(),
        address: log.ip.clone(),
        client: cut(&log.user_agent),
        request_id: String::new(),
        run_id: log.run_id().map(str::to_owned),
    })
}

/// Returns what a method changes.
///
/// Source: the methods that Audit Trail records. Some are not called as in the published schema (`LockMember`).
fn kind_of(method: &str) -> WriteKind {
    match method {
        "SetRules" => WriteKind::Rules,
        "AddGroupMember" | "AddGroupMembers" => WriteKind::Joins,
        "RemoveGroupMember" => WriteKind::Leaves,
        "SetGroupMembers" => WriteKind::Members,
        "LockMember" | "UnlockMember" => WriteKind::Lock,
        _ if method.starts_with("Create") || method.starts_with("Clone") => WriteKind::Create,
        _ if method.starts_with("Delete") => WriteKind::Delete,
        _ => WriteKind::Fields,
    }
}

fn cut(user_agent: &str) -> String {
    user_agent.chars().take(LONGEST_CLIENT).collect()
}
