//! Looks up in Audit Trail what people and applications did.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::{StreamExt as _, stream};
use jiff::Timestamp;

use super::attribution::{KEPT, why_unread};
use super::session::Session;
use crate::access::Everything;
use crate::api::{ErrorKind, Region};
use crate::live::{ActivityQuery, Live, REGIONS, principal_activity};
use crate::model::{
    Activity, ActivityScope, AuditedProduct, Id, Principal, PrincipalActivity, ProductFamily, Readout,
};

/// The methods that only read begin with one of these.
const READS: [&str; 5] = ["Get", "List", "Access", "Browse", "Download"];

/// Whose activity is looked up, and how much that takes.
#[derive(Debug, Clone)]
pub struct ActivityLookup {
    scope: ActivityScope,
    principals: Vec<Principal>,
    left_out: usize,
}

impl ActivityLookup {
    /// Returns what looks up everybody, or all applications: applications first, at most 1,000 principals together.
    #[must_use]
    pub fn of(live: &Live, scope: ActivityScope) -> Self {
        let applications = live.state.applications().map(|(key, _)| Principal::Application(key.clone()));
        let mut principals: Vec<Principal> = applications.collect();
        principals.sort_unstable();
        if scope == ActivityScope::Everybody {
            let mut people: Vec<_> =
                live.state.users().map(|(key, _)| Principal::User(key.clone())).collect();
            people.sort_unstable();
            principals.append(&mut people);
        }
        let left_out = principals.len().saturating_sub(Activity::MOST_PRINCIPALS);
        principals.truncate(Activity::MOST_PRINCIPALS);
        Self { scope, principals, left_out }
    }

    /// Returns the number of requests that it takes at least.
    #[must_use]
    pub fn requests(&self) -> usize {
        (self.principals.len() + 1) * REGIONS.len()
    }
}

/// What a region answered.
#[derive(Default)]
struct Recorded {
    regions: Vec<Region>,
    products: BTreeMap<String, AuditedProduct>,
    unread: BTreeMap<String, String>,
}

impl Session {
    /// Looks up in Audit Trail what people and applications did in the last 90 days, in every region.
    ///
    /// It never fails: what cannot be read is noted with the reason.
    pub async fn activity(&self, live: &Live, lookup: &ActivityLookup, now: Timestamp) -> Readout<Activity> {
        let since = now.checked_sub(KEPT).unwrap_or(Timestamp::UNIX_EPOCH);
        let Recorded { regions, products, mut unread } = match self.audited().await {
            Readout::Read(recorded) => recorded,
            Readout::Unread { why, helps } => return Readout::Unread { why, helps },
        };
        let mut queries: Vec<(Principal, ActivityQuery)> = Vec::new();
        let everything = Everything::of(&live.state);
        for principal in &lookup.principals {
            let Some(id) = live.ids.get(&principal.address()) else { continue };
            let wanted = wanted(&everything, principal, products.values());
            let query = |region: &Region| of_region(id, region, since, &wanted);
            queries.extend(regions.iter().map(|region| (principal.clone(), query(region))));
        }
        let ask = |(principal, query): (Principal, ActivityQuery)| async move {
            let answer = principal_activity(&self.client, &query).await;
            (principal, query.region, answer)
        };
        let mut of: HashMap<Principal, PrincipalActivity> = HashMap::new();
        let mut answers =
            stream::iter(queries.into_iter().map(ask)).buffer_unordered(self.client.parallelism());
        while let Some((principal, region, answer)) = answers.next().await {
            match answer {
                Ok(activity) => of.entry(principal).or_default().add(activity),
                Err(error) => {
                    unread.entry(region.to_string()).or_insert_with(|| why_unread(&error));
                }
            }
        }
        Readout::Read(Activity {
            since,
            scope: lookup.scope,
            regions: regions.iter().map(ToString::to_string).collect(),
            unread,
            products: products.into_values().collect(),
            of,
            left_out: lookup.left_out,
        })
    }

    /// Asks each region what it records.
    async fn audited(&self) -> Readout<Recorded> {
        let ask = |name: &'static str| async move {
            let region: Region = name.parse().expect("the regions that are listed are regions");
            let products = self.client.list_audit_products(&region).await;
            (region, products)
        };
        let answers: Vec<_> = futures::future::join_all(REGIONS.map(ask)).await;
        let (mut recorded, mut forbidden) = (Recorded::default(), false);
        for (region, answer) in answers {
            let products = match answer {
                Ok(products) => products,
                Err(error) => {
                    forbidden |= error.kind() == ErrorKind::Forbidden;
                    recorded.unread.insert(region.to_string(), why_unread(&error));
                    continue;
                }
            };
            recorded.regions.push(region);
            for product in products {
                let methods = product.services.iter().flat_map(|service| &service.methods);
                let reads =
                    methods.into_iter().any(|method| READS.iter().any(|start| method.starts_with(start)));
                let known = recorded.products.entry(product.name.clone()).or_insert_with(|| AuditedProduct {
                    name: product.name,
                    title: product.title,
                    reads: false,
                });
                known.reads |= reads;
            }
        }
        match recorded.unread.values().next() {
            Some(_) if recorded.regions.is_empty() && forbidden => {
                Readout::Unread { why: "403 on Audit Trail".to_owned(), helps: Some("AuditTrailReadOnly") }
            }
            Some(why) if recorded.regions.is_empty() => Readout::Unread { why: why.clone(), helps: None },
            Some(_) | None => Readout::Read(recorded),
        }
    }
}

/// Returns the products in events that a principal holds permission sets of.
fn wanted<'p>(
    everything: &Everything<'_>,
    principal: &Principal,
    products: impl Iterator<Item = &'p AuditedProduct> + Clone,
) -> Vec<String> {
    let held = everything.held_by(principal);
    let sets: BTreeSet<_> = held.iter().map(|held| &held.grant.permission_set).collect();
    let families: Vec<ProductFamily> = sets.into_iter().map(ProductFamily::of).collect();
    let held = |product: &&AuditedProduct| families.iter().any(|family| family.is(product));
    products.filter(held).map(|product| product.name.clone()).collect()
}

fn of_region(principal: Id, region: &Region, since: Timestamp, products: &[String]) -> ActivityQuery {
    ActivityQuery { principal, region: region.clone(), since, products: products.to_vec() }
}
