//! What Audit Trail recorded of people and applications.

use super::{DossierReport, columns, link};
use crate::model::{Activity, AuditedProduct, Catalogue, ProductFamily, Readout, count, day};
use crate::render::page::{Block, PageSection, PageTable, TableFold, TableRow};
use crate::review::{ActivityRow, FamilyUse};

impl DossierReport<'_> {
    /// What Audit Trail recorded; nothing if nobody asked for it.
    pub(super) fn activity(&self) -> Option<PageSection> {
        let title = "Activity in the last 90 days".to_owned();
        let section = |blocks| Some(PageSection { id: "activity", title, blocks });
        let (rows, activity) = match (self.dossier.activity.as_ref()?, self.inventory.activity.as_ref()?) {
            (Readout::Read(rows), Readout::Read(activity)) => (rows, activity),
            (Readout::Unread { why, helps }, _) | (_, Readout::Unread { why, helps }) => {
                let needs = helps.map(|set| format!("; needs {set}")).unwrap_or_default();
                return section(vec![Block::Words(format!("Not available: {why}{needs}."))]);
            }
        };
        let row = |row: &ActivityRow| {
            let of = |wanted: fn(&FamilyUse) -> bool| {
                let uses = row.uses.iter().filter(|(_, (_, used))| wanted(used));
                let name = |(name, (reads, used)): (&String, &(bool, FamilyUse))| {
                    let reads = if *reads { " (reads)" } else { "" };
                    match used {
                        FamilyUse::Seen(at) => format!("{name}{reads} {}", day(*at)),
                        FamilyUse::NotSeen | FamilyUse::NotRecorded | FamilyUse::NotJudged => {
                            format!("{name}{reads}")
                        }
                    }
                };
                uses.map(name).collect::<Vec<_>>().join(", ")
            };
            let (last, calls, denied) = match &row.activity {
                Some(activity) => {
                    let last = activity.newest().map(|(product, call)| {
                        format!("{} {product} {} in {}", day(call.at), call.method, call.region)
                    });
                    (last.unwrap_or_default(), activity.calls.to_string(), activity.denied.to_string())
                }
                None => ("not looked up".to_owned(), String::new(), String::new()),
            };
            let cells = vec![
                link(&row.principal),
                last.into(),
                calls.into(),
                denied.into(),
                of(|used| matches!(used, FamilyUse::Seen(_))).into(),
                of(|used| *used == FamilyUse::NotSeen).into(),
                of(|used| *used == FamilyUse::NotRecorded).into(),
                of(|used| *used == FamilyUse::NotJudged).into(),
            ];
            TableRow { id: None, cells }
        };
        let table = PageTable {
            id: "activity".to_owned(),
            caption: "Calls that Audit Trail recorded, and the products that each can use".to_owned(),
            columns: columns(&[
                ("who", "Who"),
                ("last_call", "Last call"),
                ("calls", "Calls"),
                ("denied", "Denied"),
                ("seen", "Seen"),
                ("not_seen", "Not seen"),
                ("not_recorded", "Not recorded"),
                ("not_judged", "Not judged"),
            ]),
            rows: rows.iter().map(row).collect(),
            fold: TableFold::Closed,
            lines: |row| {
                let last = match row.get("last_call") {
                    "" => "no call seen".to_owned(),
                    "not looked up" => "not looked up".to_owned(),
                    call => format!("last call {call}"),
                };
                let counts = row.with("; ", "calls", " recorded") + &row.with(", ", "denied", " denied");
                vec![
                    format!("{}: {last}{counts}", row.get("who")),
                    row.with("seen: ", "seen", ""),
                    row.with("not seen: ", "not_seen", ""),
                    row.with("not recorded: ", "not_recorded", ""),
                    row.with("not judged: ", "not_judged", ""),
                ]
            },
        };
        section(vec![Block::Words(about_activity(activity)), Block::Table(table)])
    }
}

/// Says what the recorded activity is about, and what it is not.
fn about_activity(activity: &Activity) -> String {
    let mut words = format!(
        "Audit Trail in {}, since {}. It records mostly changes, and not those of every product: \"not seen\" does not mean \
         unused, and \"not recorded\" means that nothing is known.",
        activity.regions.join(", "),
        day(activity.since)
    );
    for (region, why) in &activity.unread {
        words.push_str(&format!(" Not read in full: {region} ({why})."));
    }
    if activity.left_out > 0 {
        let more = count(activity.left_out, "more principal was", "more principals were");
        let most = Activity::MOST_PRINCIPALS;
        words.push_str(&format!(" {more} not looked up (limit: {},{:03}).", most / 1000, most % 1000));
    }
    let families: Vec<ProductFamily> =
        Catalogue::published().iter().map(|(set, _)| ProductFamily::of(set)).collect();
    let known =
        |product: &&AuditedProduct| families.iter().any(|family| !family.is_all() && family.is(product));
    let strange: Vec<&str> =
        activity.products.iter().filter(|it| !known(it)).map(|product| product.name.as_str()).collect();
    if !strange.is_empty() {
        words.push_str(&format!(" Recorded, but of no known permission set: {}.", strange.join(", ")));
    }
    words
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use jiff::Timestamp;

    use super::*;
    use crate::model::ActivityScope;

    #[test]
    fn those_who_were_not_looked_up_are_counted_beside_the_limit() {
        let activity = |left_out| Activity {
            since: Timestamp::UNIX_EPOCH,
            scope: ActivityScope::Everybody,
            regions: vec!["fr-par".into()],
            unread: BTreeMap::new(),
            products: Vec::new(),
            of: HashMap::new(),
            left_out,
        };
        let ends = |left_out, words: &str| about_activity(&activity(left_out)).ends_with(words);
        assert!(ends(0, "\"not recorded\" means that nothing is known."));
        assert!(ends(1, " 1 more principal was not looked up (limit: 1,000)."));
        assert!(ends(7, " 7 more principals were not looked up (limit: 1,000)."));
    }
}
