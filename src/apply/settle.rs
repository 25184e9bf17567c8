//! Twins that two runs made at the same time.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::try_join_all;

use super::context::ApplyContext;
use super::create::{age, alike};
use super::send::remove;
use crate::live::{self, LiveObject};
use crate::model::{Address, Id, Kind};

/// Looks at the end of a run whether anything that it made has an older twin, which another run made at the same time, and
/// deletes its own.
pub(super) async fn settle(run: &ApplyContext<'_>) -> Result<Vec<Address>, (Address, Arc<live::Error>)> {
    let mut of_kind: BTreeMap<Kind, Vec<(Address, Id)>> = BTreeMap::new();
    for (address, id) in run.with_shared_names() {
        of_kind.entry(address.kind()).or_default().push((address, id));
    }
    let lists = of_kind
        .iter()
        .map(|(kind, made)| async move { run.all(*kind).await.map_err(|error| (made[0].0.clone(), error)) });
    let lists = try_join_all(lists).await?;
    let mut removed = Vec::new();
    // Objects that refer to others are deleted before these.
    for ((kind, made), all) in of_kind.into_iter().zip(lists).rev() {
        let unplanned_objects: Vec<&LiveObject> = all.iter().filter(|seen| !run.knows(seen.id)).collect();
        for (address, id) in made {
            let mine = all.iter().find(|seen| seen.id == id);
            let older = |mine: &&LiveObject| {
                unplanned_objects
                    .iter()
                    .any(|other| alike(&address, &mine.object, other) && age(other) < age(mine))
            };
            if let Some(mine) = mine.filter(older)
                && remove(&run.client(), kind, mine.id).await.is_ok()
            {
                run.unmade(&address);
                removed.push(address);
            }
        }
    }
    Ok(removed)
}
