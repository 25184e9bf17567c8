//! Names in the files that no longer exist in the organization: they are left out, and the rest stays.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashSet};

use super::merge::Document;
use super::mistake::{Mistake, MistakeKind, Severity};
use super::sources::Sources;
use super::words::by;
use crate::model::{
    Address, Catalogue, Desired, Group, Id, Ids, Kind, Missing, MissingKind, Object, People, Policy, Rule,
    Scim, Scope, State, Where,
};

/// The objects of the organization, to look up names.
#[derive(Debug, Clone, Copy)]
pub struct Present<'a> {
    /// The live objects, and the projects where they were read.
    pub state: &'a State,
    /// The ids of its objects, where they are known.
    pub ids: Option<&'a Ids>,
    /// Names that several live objects share: those are ambiguous, not gone.
    pub duplicates: &'a BTreeMap<Address, Vec<Id>>,
    /// Whether an identity provider provisions people, where that was read.
    pub scim: Scim,
}

/// Objects that files may name, with all of their names.
pub(super) struct Roster<'a> {
    pub(super) live: Present<'a>,
    people: People<'a>,
    /// Objects that live objects refer to, but that the API does not list.
    unlisted: OnceCell<HashSet<Address>>,
}

impl<'a> Roster<'a> {
    pub(super) const fn of(live: Present<'a>) -> Self {
        Self { live, people: People::of(live.state, live.ids), unlisted: OnceCell::new() }
    }

    /// Says whether an identity provider provisions people, as files say: where it is off, they are wrong.
    pub(super) fn provisions(&self, document: &Document) -> bool {
        document.provisioned() && self.live.scim != Scim::Off
    }

    /// Returns the key of a live object that is given by username or id.
    pub(super) fn called(&self, address: &Address) -> Option<Address> {
        self.people.known(address)
    }

    /// Returns true if the object exists, even if the API does not list it.
    pub(super) fn has(&self, address: &Address) -> bool {
        let listed = self.live.state.has(address) || self.called(address).is_some();
        listed || address.key().id().is_some() && self.unlisted().contains(address)
    }

    fn unlisted(&self) -> &HashSet<Address> {
        let state = self.live.state;
        let referred = || {
            let all = state.objects.values().flat_map(Object::refers);
            all.filter(|to| to.key().id().is_some() && !state.has(to)).collect()
        };
        self.unlisted.get_or_init(referred)
    }
}

/// Returns what is gone, out of the findings about it.
pub(super) fn missing(findings: &[Mistake], sources: &Sources) -> Vec<Missing> {
    let gone = findings.iter().filter(|finding| finding.severity != Severity::Error);
    let mut missing: Vec<Missing> = gone
        .filter_map(|finding| {
            let (kind, name, by) = part(&finding.kind)?;
            Some(Missing { kind, name, by, at: sources.place(finding.at) })
        })
        .collect();
    missing.sort();
    missing.dedup();
    missing
}

/// Returns what a finding says is gone, its name, and what names it.
fn part(finding: &MistakeKind) -> Option<(MissingKind, String, String)> {
    if let MistakeKind::UnknownUser { by, name, .. } = finding {
        return Some((MissingKind::Object(Kind::User), name.clone(), by.clone()));
    }
    if let MistakeKind::NotProvisioned { name } = finding {
        return Some((MissingKind::Object(Kind::User), name.clone(), "`users`".to_owned()));
    }
    if let MistakeKind::UnknownId { by, kind, id } = finding {
        return Some((MissingKind::Object(*kind), id.to_string(), by.clone()));
    }
    if let MistakeKind::NoSuchExternal { kind, name, .. } = finding {
        return Some((MissingKind::Object(*kind), name.clone(), "`external`".to_owned()));
    }
    if let MistakeKind::NoSuchProtected { address, .. } = finding {
        let (kind, name) = address.split_once(':')?;
        let kind = Kind::ALL.iter().copied().find(|it| it.word() == kind)?;
        return Some((MissingKind::Object(kind), name.to_owned(), "`protect`".to_owned()));
    }
    if let MistakeKind::NoSuchProject { name, .. } = finding {
        return Some((MissingKind::Project, name.clone(), "`projects`".to_owned()));
    }
    if let MistakeKind::GuardrailProject { name, .. } = finding {
        return Some((MissingKind::Project, name.clone(), "a guardrail".to_owned()));
    }
    if let MistakeKind::PermissionSetGone { name } = finding {
        return Some((MissingKind::PermissionSet, name.clone(), "the files".to_owned()));
    }
    None
}

/// Drops the findings about people in entries that have ended: those need not be in the organization any more.
pub(super) fn excuse(desired: &Desired, findings: &mut Vec<Mistake>) {
    let ended = desired.expiries.iter().filter(|expiry| expiry.expired);
    let ended: HashSet<(String, String)> =
        ended.filter_map(|it| Some((by(Some(&it.address)), it.member.as_ref()?.key().to_string()))).collect();
    findings.retain(|finding| {
        let named = match &finding.kind {
            MistakeKind::UnknownUser { by, name, .. } => (by.clone(), name.clone()),
            MistakeKind::UnknownId { by, id, .. } => (by.clone(), id.to_string()),
            _ => return true,
        };
        !ended.contains(&named)
    });
}

/// Leaves out members, projects, permission sets, rules and assertions that refer to something that no longer exists.
///
/// A rule is left out as a whole when no project or no permission set of it is left: without its list it would grant
/// more than the files say. Rules that are live as they are written stay.
pub(super) fn leave_out(desired: &mut Desired, roster: &Roster<'_>, catalogue: Option<&Catalogue>) {
    if desired.settings.scim.is_some() {
        uninvited(desired, roster);
    }
    let declared: HashSet<Address> = desired.state.objects.keys().cloned().collect();
    let live = roster.live.state;
    let exists = |address: &Address| roster.has(address) || declared.contains(address);
    for (_, group) in desired.state.all_mut::<Group>() {
        group.members.retain(|member| exists(&member.address()));
    }
    desired.assertions.retain(|assertion| exists(&assertion.principal.address()));
    let (places, identities) = (&mut desired.places, &desired.identities);
    for (key, policy) in desired.state.all_mut::<Policy>() {
        let address = Address::policy(key.clone());
        let previously = identities.get(&address).and_then(|identity| identity.previously.clone());
        let mut names = std::iter::once(key.clone()).chain(previously);
        if names.find_map(|name| live.policy(&name)).is_some_and(|it| it.rules == policy.rules) {
            continue;
        }
        let rules = std::mem::take(&mut policy.rules.0);
        let mut kept = Vec::with_capacity(rules.len());
        for (number, mut rule) in rules.into_iter().enumerate() {
            let place = places.remove(&Where::Rule(address.clone(), number));
            if !leave_out_of(&mut rule, live, catalogue) {
                continue;
            }
            if let Some(place) = place {
                places.insert(Where::Rule(address.clone(), kept.len()), place);
            }
            kept.push(rule);
        }
        policy.rules.0 = kept;
    }
}

/// Leaves out people who are declared and absent, if only an identity provider adds people.
fn uninvited(desired: &mut Desired, roster: &Roster<'_>) {
    let identities = &desired.identities;
    let known = |address: &Address| {
        roster.has(address)
            || identities.get(address).is_some_and(|identity| {
                let previous = identity.previously.clone().map(|key| address.sibling(key));
                identity.id.is_some() || previous.is_some_and(|previous| roster.has(&previous))
            })
    };
    desired.state.objects.retain(|address, _| !address.kind().named_undeclared() || known(address));
}

/// Leaves out of a rule what is gone; says whether anything is left of it.
fn leave_out_of(rule: &mut Rule, live: &State, catalogue: Option<&Catalogue>) -> bool {
    if let Some(catalogue) = catalogue {
        rule.permission_sets.retain(|set| catalogue.get(set).is_some());
    }
    if let Scope::Projects(projects) = &mut rule.scope {
        if !live.projects.is_empty() {
            projects.retain(|project| live.projects.contains_key(project));
        }
        if projects.is_empty() {
            return false;
        }
    }
    !rule.permission_sets.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Source;
    use crate::config::read::read;
    use crate::model::{Attachment, Flags, Meta, Name, Rules};

    /// What a policy's rules are to be, in an organization that no longer lists `InstancesReadOnly`.
    fn desired(rules: &str, live: &State) -> Desired {
        let header = "version: 1\norganization: 105bdce1-64c0-48ab-899d-868455867ecf\npolicies:\n  p:\n    principal: none\n    rules:\n";
        let source = Source::Text { name: "a.yaml".into(), bytes: format!("{header}{rules}").into_bytes() };
        let files = read(&[source], "2026-11-22T00:00:00Z".parse().unwrap()).unwrap();
        let listed = Catalogue::published().iter().filter(|(name, _)| name.as_str() != "InstancesReadOnly");
        let catalogue: Catalogue = listed.map(|(name, set)| (name.clone(), set.clone())).collect();
        let present = Present { state: live, ids: None, duplicates: &BTreeMap::new(), scim: Scim::Unread };
        files
            .resolve_in(Some(present), &catalogue, true, crate::config::ResolvePurpose::Change)
            .unwrap()
            .desired
    }

    fn empty() -> State {
        State::empty("105bdce1-64c0-48ab-899d-868455867ecf".parse().unwrap())
    }

    fn key() -> crate::model::Key {
        "p".parse::<Name>().unwrap().into()
    }

    fn sets(desired: &Desired) -> Vec<String> {
        let rules = desired.state.policy(&key()).unwrap().rules.0.iter();
        rules
            .map(|rule| rule.permission_sets.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
            .collect()
    }

    const RULES: &str =
        "      - {permission_sets: [InstancesFullAccess, InstancesReadOnly], scope: all_projects}
      - {permission_sets: [InstancesReadOnly], scope: all_projects}
      - {permission_sets: [ObjectStorageReadOnly], scope: all_projects}
";

    #[test]
    fn a_permission_set_that_is_gone_is_left_out_and_a_rule_of_nothing_else_too() {
        let found = desired(RULES, &empty());
        assert_eq!(sets(&found), ["InstancesFullAccess", "ObjectStorageReadOnly"]);
        assert_eq!(found.missing.len(), 2, "{:?}", found.missing);
        let line = |number| found.places[&Where::Rule(Address::policy(key()), number)].line;
        assert_eq!((line(0), line(1)), (7, 9), "a rule keeps its place in the file");
    }

    #[test]
    fn rules_that_are_live_as_they_are_written_stay() {
        for odd in ["InstancesReadOnly", "NeverPublished"] {
            let rules = RULES.replace("InstancesReadOnly", odd);
            let mut live = empty();
            let rule = |sets: &[&str]| Rule {
                permission_sets: sets.iter().map(|set| set.parse().unwrap()).collect(),
                scope: Scope::AllProjects,
                condition: None,
            };
            let held =
                vec![rule(&[odd]), rule(&["ObjectStorageReadOnly"]), rule(&["InstancesFullAccess", odd])];
            let (meta, flags, attachment) = (Meta::default(), Flags::default(), Attachment::None);
            live.insert(key(), Policy { meta, flags, attachment, rules: Rules(held) });
            assert_eq!(sets(&desired(&rules, &live)).len(), 3, "{odd}");
        }
    }
}
