//! Checks that need all files: references, name clashes, rules against the catalogue, names against the organization.

mod api_keys;
mod context;
mod live;
mod look_alikes;
mod names;
mod references;
mod rules;

use self::context::Check;
use super::gone::Roster;
use super::merge::Document;
use super::mistake::Mistake;
use crate::model::{Catalogue, State};

/// Checks what the files alone can decide.
pub(super) fn files(document: &Document, mistakes: &mut Vec<Mistake>) {
    let mut check = Check::new(document, mistakes);
    names::names(&mut check);
    api_keys::api_keys(&mut check);
    references::references(&mut check);
}

/// Checks rules, assertions and guardrails against the permission sets that exist.
pub(super) fn catalogue(
    document: &Document,
    catalogue: &Catalogue,
    catalogue_is_live: bool,
    live: Option<&State>,
    mistakes: &mut Vec<Mistake>,
) {
    let mut check = Check::new(document, mistakes);
    rules::rules(&mut check, catalogue, live.filter(|_| catalogue_is_live));
}

/// Checks what is referred to against the organization.
pub(super) fn organization(document: &Document, roster: &Roster<'_>, mistakes: &mut Vec<Mistake>) {
    let mut check = Check::new(document, mistakes);
    live::live(&mut check, roster);
}

/// Points out names that look the same and are not.
pub(super) fn look_alikes(document: &Document, roster: Option<&Roster<'_>>, mistakes: &mut Vec<Mistake>) {
    let mut check = Check::new(document, mistakes);
    look_alikes::look_alikes(&mut check, roster);
}

#[cfg(test)]
mod tests {
    use crate::config::Source;
    use crate::config::check::context::NEAR_LOOKS;
    use crate::config::read::read;
    use crate::model::spent;

    #[test]
    fn a_thousand_unknown_names_beside_very_many_known_ones_cost_no_more_than_the_budget() {
        let mut text =
            "version: 1\norganization: 105bdce1-64c0-48ab-899d-868455867ecf\napplications:\n".to_owned();
        for n in 0..10_000 {
            text.push_str(&format!("  {}{n:014b}: {{}}\n", "ab".repeat(22)));
        }
        text.push_str("groups:\n  g:\n    members:\n      applications:\n");
        for n in 0..1000 {
            text.push_str(&format!("      - {}{n:014b}\n", "ba".repeat(22)));
        }
        let source = Source::Text { name: "a.yaml".into(), bytes: text.into_bytes() };
        _ = spent::take();
        let mistakes = read(&[source], "2026-11-22T00:00:00Z".parse().unwrap()).unwrap_err();
        assert_eq!(mistakes.len(), 1000);
        let spent = spent::take();
        assert!(spent > NEAR_LOOKS / 2, "each name is near to each: {spent}");
        // Once it is spent, each further name costs a look at most.
        assert!(spent <= NEAR_LOOKS + 256 + 1000, "{spent}");
    }
}
