//! The calls that list who wrote what: Audit Trail (v1alpha1), and IAM's own logs.
use std::collections::HashSet;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::stream::{self, BoxStream, Stream, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;

use super::client::Client;
use super::error::{Error, ErrorKind};
use super::http::Call;
use super::id::Region;
use super::list::{List, Query, orders};
use super::wire::{AuditEvent, AuditProduct, Log, LogAction, LogResource};

/// Fact: IAM's events are here alone, whatever the organization's region.
const HOME: &str = "fr-par";
const LOGS: &str = "/iam/v1alpha1/logs";
/// How many events a page is asked to hold.
const PAGE: usize = 100;
/// A list with more pages than this counts as endless.
const MOST_PAGES: usize = 10_000;

/// Which events to list. There is no filter by project: IAM's events have none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListAuditEvents {
    /// The start of the period; without it the API returns the last hour. About 90 days are kept.
    pub recorded_after: Timestamp,
    /// The end of the period; `None` for now. Fact: an event was missing one second after the write, and present after two.
    pub recorded_before: Option<Timestamp>,
    /// The order.
    pub order_by: AuditEventOrder,
    /// About such objects, `iam_policy` for example.
    pub resource_type: Option<String>,
    /// About this object.
    pub resource_id: Option<String>,
    /// By this method.
    pub method_name: Option<String>,
    /// By this user or application.
    pub principal_id: Option<String>,
    /// Of this product, `iam` for example.
    pub product_name: Option<String>,
    /// With this status: 200 for what was done, 403 for what was refused.
    pub status: Option<u16>,
    /// In this region. Each region has the events of its own resources; those of IAM and of accounts are in `fr-par`.
    pub region: Region,
}

impl ListAuditEvents {
    /// Returns what lists all events of `fr-par` since then.
    pub fn since(recorded_after: Timestamp) -> Self {
        Self {
            recorded_after,
            recorded_before: None,
            order_by: AuditEventOrder::default(),
            resource_type: None,
            resource_id: None,
            method_name: None,
            principal_id: None,
            product_name: None,
            status: None,
            region: HOME.parse().expect("the constant is a region"),
        }
    }
}

orders! {
    /// The orders of the list of events.
    AuditEventOrder {
        RecordedAtDesc = "recorded_at_desc",
        RecordedAtAsc = "recorded_at_asc",
    }
}

/// Which logs to list, and in which order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListLogs {
    /// The order.
    pub order_by: LogOrder,
    /// Since when.
    pub created_after: Option<Timestamp>,
    /// Until when.
    pub created_before: Option<Timestamp>,
    /// Of this action.
    pub action: Option<LogAction>,
    /// About such objects.
    pub resource_type: Option<LogResource>,
    /// By or about this id.
    pub search: Option<String>,
}

orders! {
    /// The orders of the list of logs.
    LogOrder {
        CreatedAtAsc = "created_at_asc",
        CreatedAtDesc = "created_at_desc",
    }
}

/// Events, over all pages: a [`Stream`] that asks for a page when the events of the one before are used up.
///
/// Each page but the last has a token for the next one, so new events do not move any items.
#[must_use = "a list asks for nothing until it is read"]
pub struct AuditEvents {
    stream: BoxStream<'static, Result<AuditEvent, Error>>,
}

impl AuditEvents {
    /// Reads all events.
    ///
    /// # Errors
    /// What any request can meet, [`ErrorKind::ListChanged`] when an event comes twice, [`ErrorKind::TooLarge`] when there is
    /// no end. It is never a part of the list.
    pub async fn all(self) -> Result<Vec<AuditEvent>, Error> {
        self.try_collect().await
    }
}

impl Stream for AuditEvents {
    type Item = Result<AuditEvent, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.stream.as_mut().poll_next(cx)
    }
}

impl fmt::Debug for AuditEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditEvents").finish_non_exhaustive()
    }
}

/// One page. Fact: the token is absent on the last one, and there is no count.
#[derive(Deserialize)]
struct EventsPage {
    events: Vec<AuditEvent>,
    #[serde(default)]
    next_page_token: Option<String>,
}

/// What is recorded in a region, in one answer.
#[derive(Deserialize)]
struct ProductsPage {
    products: Vec<AuditProduct>,
    #[serde(default)]
    total_count: usize,
}

fn path(region: &Region, what: &str) -> String {
    format!("/audit-trail/v1alpha1/regions/{region}/{what}")
}

/// Where a reading stands.
struct EventReading {
    client: Client,
    path: String,
    query: Vec<(&'static str, String)>,
    seen: HashSet<String>,
    pages: usize,
    next: NextPage,
}

enum NextPage {
    First,
    Token(String),
    Nothing,
}

impl EventReading {
    async fn page(mut self) -> Result<Option<(Vec<AuditEvent>, Self)>, Error> {
        let path = self.path.clone();
        let error = |kind| Error::new(&Method::GET, &path, kind);
        let token = match std::mem::replace(&mut self.next, NextPage::Nothing) {
            NextPage::First => None,
            NextPage::Token(token) => Some(token),
            NextPage::Nothing => return Ok(None),
        };
        if self.pages >= MOST_PAGES {
            return Err(error(ErrorKind::TooLarge).with_note("a list without an end"));
        }
        self.pages += 1;
        let mut query = self.query.clone();
        query.extend(token.map(|token| ("page_token", token)));
        let EventsPage { events, next_page_token } =
            self.client.send(Call::get(path.clone()).query(query)).await?;
        for event in &events {
            if !self.seen.insert(event.id.clone()) {
                return Err(error(ErrorKind::ListChanged).with_note("an event comes twice"));
            }
        }
        if let Some(token) = next_page_token.filter(|token| !token.is_empty()) {
            self.next = NextPage::Token(token);
        }
        Ok(Some((events, self)))
    }
}

impl Client {
    /// Lists the events of Audit Trail: who wrote what, and when.
    ///
    /// Source: Audit Trail API v1alpha1, `GET /events` (ListEvents). It needs `AuditTrailReadOnly` on the organization, or
    /// `OrganizationManager`: without it, use the coarser [`Client::list_logs`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs"));
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = example().await?;
    /// use futures::TryStreamExt as _;
    /// use scw_iam::api::ListAuditEvents;
    ///
    /// let yesterday = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24);
    /// let list = ListAuditEvents { product_name: Some("iam".to_owned()), ..ListAuditEvents::since(yesterday) };
    /// let mut events = client.list_audit_events(&list);
    /// while let Some(event) = events.try_next().await? {
    ///     println!("{} {} by {:?}", event.recorded_at, event.method_name, event.principal);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list_audit_events(&self, list: &ListAuditEvents) -> AuditEvents {
        let query = Query::default()
            .one("organization_id", Some(self.organization()))
            .one("order_by", Some(&list.order_by))
            .one("recorded_after", Some(&list.recorded_after))
            .one("recorded_before", list.recorded_before.as_ref())
            .one("resource_type", list.resource_type.as_ref())
            .one("resource_id", list.resource_id.as_ref())
            .one("method_name", list.method_name.as_ref())
            .one("principal_id", list.principal_id.as_ref())
            .one("product_name", list.product_name.as_ref())
            .one("status", list.status.as_ref())
            .one("page_size", Some(&PAGE));
        let reading = EventReading {
            client: self.clone(),
            path: path(&list.region, "events"),
            query: query.done(),
            seen: HashSet::new(),
            pages: 0,
            next: NextPage::First,
        };
        let pages = stream::try_unfold(reading, EventReading::page);
        AuditEvents {
            stream: pages.map_ok(|events| stream::iter(events.into_iter().map(Ok))).try_flatten().boxed(),
        }
    }

    /// Returns the products of which Audit Trail records something in a region, with the methods that are recorded.
    ///
    /// Source: Audit Trail API v1alpha1, `GET /products` (ListProducts). It has no pages, and was never recorded.
    ///
    /// # Errors
    /// [`ErrorKind::Forbidden`] without `AuditTrailReadOnly`; [`ErrorKind::ListChanged`] when the answer has fewer products than
    /// it counts.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/example.rs"));
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (_emulator, client) = example().await?;
    /// for product in client.list_audit_products(&"fr-par".parse()?).await? {
    ///     let methods = product.services.iter().map(|service| service.methods.len()).sum::<usize>();
    ///     println!("{}: {methods} methods are recorded", product.name);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn list_audit_products(&self, region: &Region) -> Result<Vec<AuditProduct>, Error> {
        let path = path(region, "products");
        let query = Query::default().one("organization_id", Some(self.organization()));
        let ProductsPage { products, total_count } =
            self.send(Call::get(path.clone()).query(query.done())).await?;
        if total_count > products.len() {
            let error = Error::new(&Method::GET, &path, ErrorKind::ListChanged);
            return Err(error.with_note("the list of products is not whole"));
        }
        Ok(products)
    }

    /// Lists IAM's own logs: coarser than Audit Trail, and without its permission.
    ///
    /// Source: IAM API v1alpha1, `GET /logs` (ListLogs). None was ever recorded; how long they are kept is not known.
    pub fn list_logs(&self, list: &ListLogs) -> List<Log> {
        let query = Query::default()
            .one("organization_id", Some(self.organization()))
            .one("order_by", Some(&list.order_by))
            .one("created_after", list.created_after.as_ref())
            .one("created_before", list.created_before.as_ref())
            .one("action", list.action.as_ref())
            .one("resource_type", list.resource_type.as_ref())
            .one("search", list.search.as_ref());
        List::new(self, LOGS, query.done())
    }
}
