//! What Audit Trail recorded of one principal.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;

use crate::api::wire::AuditEvent;
use crate::api::{self, Client, ListAuditEvents, Region};
use crate::model::{Id, LastCall, PrincipalActivity, RecordedCount};

/// How many events are counted at most: one page.
const COUNTED: usize = 100;
/// The status of a call that was denied.
const DENIED: u16 = 403;

/// Whose events to look up, and where.
#[derive(Debug, Clone)]
pub struct ActivityQuery {
    /// The user or application.
    pub principal: Id,
    /// The region.
    pub region: Region,
    /// The start of the period.
    pub since: Timestamp,
    /// The products whose last call matters, by their names in events. Each costs a request where the last events of the
    /// principal do not show it.
    pub products: Vec<String>,
}

/// Looks up what a principal did. The last 100 events are read; where there may be more, the number of denied calls and the
/// last call to each product are asked for.
///
/// # Errors
/// What the calls return, [`api::ErrorKind::Forbidden`] in particular.
pub async fn principal_activity(
    client: &Client,
    query: &ActivityQuery,
) -> Result<PrincipalActivity, api::Error> {
    let ActivityQuery { principal, region, since, products } = query;
    let list = ListAuditEvents {
        principal_id: Some(principal.to_string()),
        region: region.clone(),
        ..ListAuditEvents::since(*since)
    };
    let events = first(client, &list, COUNTED).await?;
    let calls = count(events.len());
    let mut denied = count(events.iter().filter(|event| event.status_code == DENIED).count());
    let mut last = BTreeMap::new();
    for event in &events {
        note(&mut last, region, event);
    }
    if calls.more {
        let refused = ListAuditEvents { status: Some(DENIED), ..list.clone() };
        denied = count(first(client, &refused, COUNTED).await?.len());
        for product in
            products.iter().filter(|product| !last.contains_key(*product)).cloned().collect::<Vec<_>>()
        {
            let of_product =
                ListAuditEvents { product_name: Some(product), status: Some(200), ..list.clone() };
            for event in first(client, &of_product, 1).await? {
                note(&mut last, region, &event);
            }
        }
    }
    Ok(PrincipalActivity { calls, denied, last })
}

/// Reads the last events of a list.
async fn first(client: &Client, list: &ListAuditEvents, most: usize) -> Result<Vec<AuditEvent>, api::Error> {
    client.list_audit_events(list).take(most).try_collect().await
}

const fn count(number: usize) -> RecordedCount {
    RecordedCount { number, more: number >= COUNTED }
}

/// Keeps an event if it is the last call to its product that succeeded. Events come the newest first.
fn note(last: &mut BTreeMap<String, LastCall>, region: &Region, event: &AuditEvent) {
    if !(200..300).contains(&event.status_code) {
        return;
    }
    if let Entry::Vacant(entry) = last.entry(event.product_name.clone()) {
        entry.insert(LastCall {
            at: event.recorded_at,
            method: event.method_name.clone(),
            region: region.to_string(),
        });
    }
}
