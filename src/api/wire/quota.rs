//! Quotas on the wire.
use serde::{Deserialize, Deserializer};

use super::field::nullable;
use super::novelty::{Novel, Novelty, UnknownFields, open_enum};
use crate::api::id::QuotumName;
use crate::api::list::listed;

/// How much of something the organization may have. Fact: no quota was ever recorded, and their names are not documented.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Quotum {
    /// The name, which is the id.
    pub name: QuotumName,
    /// How much, over all places; deprecated in favour of `limits`.
    #[serde(flatten, deserialize_with = "amount")]
    pub amount: Option<QuotaAmount>,
    /// The name for people.
    #[serde(default, deserialize_with = "nullable")]
    pub pretty_name: String,
    /// What is counted.
    #[serde(default, deserialize_with = "nullable")]
    pub unit: String,
    /// The description.
    #[serde(default, deserialize_with = "nullable")]
    pub description: String,
    /// What the limits are for each of.
    #[serde(default)]
    pub locality_type: Option<LocalityType>,
    /// How much, for each place.
    #[serde(default, deserialize_with = "nullable")]
    pub limits: Vec<Limit>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

listed!(Quotum, "quota", name);

impl Novel for Quotum {
    fn novelties(&self) -> Vec<Novelty> {
        let locality = self.locality_type.as_ref().and_then(|it| it.novelty("quota", "locality_type"));
        let limits = self.limits.iter().flat_map(|limit| limit.unknown.novelties("quota limit"));
        self.unknown.novelties("quota").chain(locality).chain(limits).collect()
    }
}

open_enum! {
    /// What a quota's limits are for each of.
    LocalityType {
        /// Everything together.
        Global = "global",
        /// Each region.
        Region = "region",
        /// Each zone.
        Zone = "zone",
    }
}

/// How much. Source: the schema's one-of `value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuotaAmount {
    /// So many.
    Limit(u64),
    /// As many as one likes.
    Unlimited,
}

/// A quota's limit for one place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Limit {
    /// Where it holds; `None` when the answer does not say.
    #[serde(flatten, deserialize_with = "place")]
    pub place: Option<QuotaPlace>,
    /// How much; `None` when the answer does not say.
    #[serde(flatten, deserialize_with = "amount")]
    pub amount: Option<QuotaAmount>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// Where a limit holds. Source: the schema's one-of `locality`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum QuotaPlace {
    /// Everywhere.
    Global,
    /// In a region, `fr-par` for example.
    Region(String),
    /// In a zone, `fr-par-1` for example.
    Zone(String),
}

#[derive(Deserialize)]
struct AmountKeys {
    #[serde(default)]
    limit: Option<u64>,
    #[serde(default, deserialize_with = "nullable")]
    unlimited: bool,
}

fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<QuotaAmount>, D::Error> {
    let AmountKeys { limit, unlimited } = AmountKeys::deserialize(deserializer)?;
    Ok(if unlimited { Some(QuotaAmount::Unlimited) } else { limit.map(QuotaAmount::Limit) })
}

#[derive(Deserialize)]
struct PlaceKeys {
    #[serde(default, deserialize_with = "nullable")]
    global: bool,
    #[serde(default)]
    region: Option<String>,
    #[serde(default)]
    zone: Option<String>,
}

fn place<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<QuotaPlace>, D::Error> {
    let PlaceKeys { global, region, zone } = PlaceKeys::deserialize(deserializer)?;
    let named = zone.map(QuotaPlace::Zone).or(region.map(QuotaPlace::Region));
    Ok(named.or(global.then_some(QuotaPlace::Global)))
}
