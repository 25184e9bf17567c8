//! A plan, complete before anything is changed.

use std::collections::HashMap;

use jiff::Timestamp;

use super::adoption::Adoption;
use super::blocked::{Blocked, Leftover};
use super::conflict::Conflict;
use super::guard::{Finding, Verdict, asks_for_saml};
use super::interruption::Interruption;
use super::only::PartialScope;
use super::slot::{KeysPlan, SlotWork};
use super::spared::Spared;
use super::step::{Action, Step};
use super::summary::Summary;
use crate::access::AccessChange;
use crate::model::{
    Address, AllowEntry, Expiry, Id, Ids, Key, Kind, Missing, Object, Place, Principal, Stack, State, User,
    Where, WriteCall,
};

/// A complete plan, made before anything is changed.
#[must_use = "a plan does nothing until it is applied"]
#[derive(Debug)]
pub struct Plan {
    pub(super) steps: Vec<Step>,
    pub(super) before: State,
    pub(super) outcome: State,
    pub(super) ids: Ids,
    pub(super) titles: HashMap<Id, String>,
    pub(super) stack: Option<Stack>,
    pub(super) partial: Option<PartialScope>,
    pub(super) created_at: Timestamp,
    pub(super) access: Vec<AccessChange>,
    pub(super) interruptions: Vec<Interruption>,
    pub(super) adoptions: Vec<Adoption>,
    pub(super) conflicts: Vec<Conflict>,
    pub(super) blocked: Vec<Blocked>,
    pub(super) leftovers: Vec<Leftover>,
    pub(super) spared: Vec<Spared>,
    pub(super) spent: Vec<Address>,
    pub(super) absent: Vec<Kind>,
    pub(super) expiries: Vec<Expiry>,
    pub(super) missing: Vec<Missing>,
    pub(super) allow: Vec<AllowEntry>,
    pub(super) findings: Vec<Finding>,
    pub(super) weaker: Vec<String>,
    pub(super) keys: KeysPlan,
    /// How many API keys each person has whom the plan removes.
    pub(super) people_keys: HashMap<Address, u32>,
    pub(super) summary: Summary,
    pub(super) places: HashMap<Where, Place>,
    pub(super) live_keys: HashMap<Address, Key>,
    pub(super) organization_name: Option<String>,
}

impl Plan {
    /// Returns how many API keys are deleted together with an object that the plan deletes.
    #[must_use]
    pub fn keys_that_go(&self, address: &Address) -> u32 {
        let of_people = self.people_keys.get(address).copied();
        of_people.unwrap_or_else(|| self.before.get(address).map_or(0, Object::api_keys))
    }

    /// Returns true when the plan removes people, whose keys no list of people counts.
    #[must_use]
    pub fn removes_people(&self) -> bool {
        let mut removed = self.steps.iter().filter_map(|step| step.action.deletes());
        removed.any(|address| address.kind() == Kind::User)
    }

    /// Returns the people whose usernames change.
    pub fn new_usernames(&self) -> impl Iterator<Item = &Address> {
        let changes =
            |step: &&Step| step.action.changes().iter().any(|(field, _)| field.writer == WriteCall::Username);
        self.steps.iter().filter(changes).filter_map(|step| step.action.updates()).map(|(person, ..)| person)
    }

    /// Returns the people who are invited.
    pub fn invitations(&self) -> impl Iterator<Item = (&Key, &User)> {
        self.steps.iter().filter_map(|step| match &step.action {
            Action::Create { address, object: Object::User(user) } => Some((address.key(), &**user)),
            Action::Create { .. }
            | Action::Update { .. }
            | Action::AddMembers { .. }
            | Action::RemoveMember { .. }
            | Action::SetMembers { .. }
            | Action::SetRules { .. }
            | Action::Delete { .. } => None,
        })
    }

    /// Returns the steps, in the order in which they are shown; their edges allow others.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Returns the live side, under the names that the plan leads to.
    #[must_use]
    pub const fn before(&self) -> &State {
        &self.before
    }

    /// Returns the outcome: the organization after the plan, including the objects that it does not change.
    #[must_use]
    pub const fn outcome(&self) -> &State {
        &self.outcome
    }

    /// Returns the ids of the live objects, under the names that the plan leads to.
    #[must_use]
    pub const fn ids(&self) -> &Ids {
        &self.ids
    }

    /// Returns the live name of an object that is keyed by its id.
    #[must_use]
    pub fn title(&self, id: Id) -> Option<&str> {
        self.titles.get(&id).map(String::as_str)
    }

    /// Returns the organization.
    #[must_use]
    pub const fn organization(&self) -> Id {
        self.before.organization
    }

    /// Returns the organization's name, where it was read.
    #[must_use]
    pub fn organization_name(&self) -> Option<&str> {
        self.organization_name.as_deref()
    }

    /// Returns the plan with the name of its organization.
    pub fn named(self, organization_name: Option<String>) -> Self {
        Self { organization_name, ..self }
    }

    /// Returns the stack that owns the objects that the plan creates.
    #[must_use]
    pub const fn stack(&self) -> Option<&Stack> {
        self.stack.as_ref()
    }

    /// Returns the scope of a partial plan.
    #[must_use]
    pub const fn partial(&self) -> Option<&PartialScope> {
        self.partial.as_ref()
    }

    /// Returns the plan as a partial plan of what is due.
    pub fn of_due(self) -> Self {
        // What stays is all the rest.
        Self { partial: Some(PartialScope::Due), spared: Vec::new(), ..self }
    }

    /// Returns when the plan was made.
    #[must_use]
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// Returns the plan with another time at which it was made: that of the saved plan which it is again.
    pub fn dated(self, created_at: Timestamp) -> Self {
        Self { created_at, ..self }
    }

    /// Returns the plan with what is weaker in its files than in those before the change ([`weaker()`](super::weaker())).
    pub fn beside(self, weaker: Vec<String>) -> Self {
        Self { weaker, ..self }
    }

    /// Returns what the change of the files weakens, if the files before the change were given.
    #[must_use]
    pub fn weaker(&self) -> &[String] {
        &self.weaker
    }

    /// Returns who gains and who loses, by principal.
    #[must_use]
    pub fn access(&self) -> &[AccessChange] {
        &self.access
    }

    /// Returns access that is kept, but missing temporarily.
    #[must_use]
    pub fn interruptions(&self) -> &[Interruption] {
        &self.interruptions
    }

    /// Returns the objects that the stack adopts.
    #[must_use]
    pub fn adoptions(&self) -> &[Adoption] {
        &self.adoptions
    }

    /// Returns the declared objects that must not be changed.
    #[must_use]
    pub fn conflicts(&self) -> &[Conflict] {
        &self.conflicts
    }

    /// Returns the policies whose rules are not rewritten, although the files differ.
    #[must_use]
    pub fn blocked(&self) -> &[Blocked] {
        &self.blocked
    }

    /// Returns the rules of declared policies that grant nothing, because their projects were deleted.
    #[must_use]
    pub fn leftovers(&self) -> &[Leftover] {
        &self.leftovers
    }

    /// Returns the undeclared objects that stay, with the reason.
    #[must_use]
    pub fn spared(&self) -> &[Spared] {
        &self.spared
    }

    /// Returns the declared objects whose `previously` is no longer needed.
    #[must_use]
    pub fn spent(&self) -> &[Address] {
        &self.spent
    }

    /// Returns the kinds that the files have no section for.
    #[must_use]
    pub fn absent(&self) -> &[Kind] {
        &self.absent
    }

    /// Returns the entries with an end.
    #[must_use]
    pub fn expiries(&self) -> &[Expiry] {
        &self.expiries
    }

    /// Returns the exceptions from guards in the files.
    #[must_use]
    pub fn allow(&self) -> &[AllowEntry] {
        &self.allow
    }

    /// Returns the entries that have ended, or will within a week.
    pub fn ending(&self) -> impl Iterator<Item = &Expiry> {
        let week = jiff::SignedDuration::from_hours(24 * 7);
        self.expiries
            .iter()
            .filter(move |expiry| expiry.expired || expiry.until.duration_since(self.created_at) <= week)
    }

    /// Returns names in the files that no longer exist in the organization.
    #[must_use]
    pub fn missing(&self) -> &[Missing] {
        &self.missing
    }

    /// Returns the groups with members that the API does not list, and these.
    pub fn hidden_members(&self) -> impl Iterator<Item = (&Key, Vec<&Principal>)> {
        let hidden = |member: &&Principal| !self.before.has(&member.address());
        let groups = self.before.groups();
        let groups =
            groups.map(move |(key, group)| (key, group.members.iter().filter(hidden).collect::<Vec<_>>()));
        groups.filter(|(_, members)| !members.is_empty())
    }

    /// Returns what the guards found: refusals, lifted ones and warnings.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Returns the counts.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Returns where something is declared.
    #[must_use]
    pub fn place(&self, of: &Where) -> Option<&Place> {
        self.places.get(of)
    }

    /// Returns the live key of an object whose key changes in the plan: one that is renamed, one whose name another object
    /// takes, or one of several with the same name that is declared by its id.
    #[must_use]
    pub fn renamed_from(&self, address: &Address) -> Option<&Key> {
        self.live_keys.get(address)
    }

    /// Returns true when the plan has no steps.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.keys.is_empty()
    }

    /// Returns true if it creates anything that a quota may limit.
    #[must_use]
    pub fn creates(&self) -> bool {
        let makes = |work: &SlotWork| matches!(work, SlotWork::Make { .. });
        self.steps.iter().any(|step| step.action.creates().is_some())
            || self.keys.slots.iter().flat_map(|slot| &slot.work).any(makes)
    }

    /// Returns true if people can log in after it only with SAML.
    #[must_use]
    pub fn relies_on_saml(&self) -> bool {
        asks_for_saml(&self.before, &self.outcome)
    }

    /// Returns what is to be done about API keys, after all steps.
    #[must_use]
    pub const fn keys(&self) -> &KeysPlan {
        &self.keys
    }

    /// Returns true when a guard or a conflict forbids to apply it.
    #[must_use]
    pub fn refused(&self) -> bool {
        !self.conflicts.is_empty() || self.findings.iter().any(|finding| finding.verdict == Verdict::Refused)
    }
}
