//! The plan as a document, which `-o json` prints and `--out` writes. It never holds a secret.
//!
//! A saved plan holds, beside what it shows, the files that it was made from ([`MadeFrom`]). To apply it, it is planned
//! again from these and from what is live by then, and applied only if the outcome is the same document
//! ([`PlanDocument::check`]). So nothing else in it has to be trusted.

mod basis;
mod compare;
mod document;
mod keys;
mod read;
mod value;

use std::collections::{BTreeMap, BTreeSet};

pub use self::basis::digest;
pub use self::compare::{PartDifference, PlanDifference};
pub use self::document::{
    AccessDocument, AdoptionDocument, AllowanceDocument, BlockedDocument, BlockedRuleDocument,
    ChangesDocument, ConflictDocument, ContentDocument, DeliveriesDocument, ExpiryDocument, FORMAT_VERSION,
    FileDocument, FromTo, GrantChangeDocument, GrantDocument, GuardDocument, HiddenDocument,
    InterruptionDocument, KeyDocument, KeySecretDocument, LeftoverDocument, MadeFrom, MissingDocument,
    ObjectDocument, PartialDocument, PathDocument, PlanDocument, PlanScope, ProjectDocument, RuleDocument,
    SparedDocument, StaysDocument, StepDocument, SummaryDocument, Tool,
};
pub use self::read::{Mismatch, Stale, Standing, Unreadable};
pub(super) use self::value::address;
use self::value::{attachment, description, grant, key, members, own_fields, principal, rules};
use super::blocked::{Blocked, Leftover};
use super::whole_plan::Plan;
use super::{Action, Edge, Effect, PartialScope, Step, Verdict};
use crate::access::{AccessEffect, Grant, GrantScope};
use crate::model::{
    Address, Delivery, Id, Key, Kind, Missing, Object, Owner, Principal, Scope, UserStatus, Where, WriteCall,
};

fn partial(scope: &PartialScope) -> PartialDocument {
    let texts = |of: &[Address]| of.iter().map(Address::text).collect();
    match scope {
        PartialScope::Only { asked, needed } => {
            PartialDocument { only: texts(asked), needed: texts(needed), due: false }
        }
        PartialScope::Due => PartialDocument { only: Vec::new(), needed: Vec::new(), due: true },
    }
}

fn hidden((group, members): (&Key, Vec<&Principal>)) -> HiddenDocument {
    HiddenDocument { group: group.to_string(), members: members.iter().map(ToString::to_string).collect() }
}

fn missing(missing: &Missing) -> MissingDocument {
    MissingDocument {
        kind: missing.kind.word().to_owned(),
        name: missing.name.clone(),
        by: missing.by.clone(),
        place: missing.at.to_string(),
    }
}

impl Plan {
    /// Returns the plan as a document that can be applied later.
    #[must_use]
    pub fn saved(&self, made_from: MadeFrom) -> PlanDocument {
        PlanDocument { made_from: Some(made_from), ..self.document() }
    }

    /// Returns the plan as a document that reports it.
    #[must_use]
    pub fn document(&self) -> PlanDocument {
        let total = self.summary().total();
        PlanDocument {
            format_version: FORMAT_VERSION,
            tool: Tool { name: "scw-iam".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            organization: self.organization().to_string(),
            organization_name: self.organization_name().map(ToOwned::to_owned),
            stack: self.stack().map(ToString::to_string),
            created_at: self.created_at(),
            partial: self.partial().map(partial),
            summary: SummaryDocument {
                created: total.created,
                updated: total.updated,
                deleted: total.deleted,
                adopted: self.summary().adopted,
                steps: self.summary().steps,
                refused: self.refused(),
            },
            weaker: self.weaker().to_vec(),
            access: self.access_documents(),
            steps: self.steps().iter().map(step).collect(),
            keys: keys::documents(self.keys()),
            interruptions: self
                .interruptions()
                .iter()
                .map(|interruption| InterruptionDocument {
                    principal: address(&interruption.principal.address()),
                    grant: grant(&interruption.grant),
                    from_step: interruption.from_step,
                    to_step: interruption.to_step,
                })
                .collect(),
            guards: self.guard_documents(),
            conflicts: self
                .conflicts()
                .iter()
                .map(|conflict| ConflictDocument {
                    address: address(&conflict.address),
                    reason: conflict.kind.word().to_owned(),
                    place: conflict.at.as_ref().map(ToString::to_string),
                })
                .collect(),
            blocked: self.blocked().iter().map(blocked).collect(),
            leftovers: self.leftovers().iter().map(leftover).collect(),
            adoptions: self
                .adoptions()
                .iter()
                .map(|adoption| AdoptionDocument {
                    address: address(&adoption.address),
                    from_stack: adoption.from.as_ref().map(ToString::to_string),
                    api_keys: adoption.api_keys,
                    oldest_api_key: adoption.oldest_key,
                })
                .collect(),
            spared: self
                .spared()
                .iter()
                .map(|spared| SparedDocument {
                    address: address(&spared.address),
                    reason: spared.reason.word().to_owned(),
                    differs: spared.reason.differs().iter().map(ToString::to_string).collect(),
                })
                .collect(),
            not_managed: self.absent().iter().copied().map(Kind::section).map(ToOwned::to_owned).collect(),
            expiries: self
                .ending()
                .map(|expiry| ExpiryDocument {
                    address: address(&expiry.address),
                    member: expiry.member.as_ref().map(principal),
                    rule: expiry.rule.map(|rule| rule + 1),
                    until: expiry.until,
                    expired: expiry.expired,
                    place: expiry.at.to_string(),
                })
                .collect(),
            missing: self.missing().iter().map(missing).collect(),
            hidden_members: self.hidden_members().map(hidden).collect(),
            projects: self.project_documents(),
            objects: basis::objects(self),
            made_from: None,
        }
    }

    fn access_documents(&self) -> Vec<AccessDocument> {
        let place = |policy: &Key, rule: usize| {
            self.place(&Where::Rule(Address::policy(policy.clone()), rule)).map(ToString::to_string)
        };
        self.access()
            .iter()
            .map(|change| AccessDocument {
                principal: address(&change.principal.address()),
                loses_all: change.loses_all,
                locked: change.locked,
                not_activated: self.not_activated(&change.principal),
                changes: change
                    .grants
                    .iter()
                    .map(|changed| GrantChangeDocument {
                        change: match changed.effect {
                            AccessEffect::Gained => "gained",
                            AccessEffect::Loosened => "loosened",
                            AccessEffect::Tightened => "tightened",
                            AccessEffect::Lost => "lost",
                        }
                        .to_owned(),
                        grant: grant(&changed.grant),
                        path: PathDocument {
                            group: changed.path.group.as_ref().map(key),
                            policy: key(&changed.path.policy),
                            rule: changed.path.rule + 1,
                            place: (changed.effect != AccessEffect::Lost)
                                .then(|| place(&changed.path.policy, changed.path.rule))
                                .flatten(),
                        },
                    })
                    .collect(),
            })
            .collect()
    }

    fn not_activated(&self, principal: &Principal) -> bool {
        let Principal::User(key) = principal else { return false };
        let user = self.outcome().user(key).or_else(|| self.before().user(key));
        user.is_some_and(|user| user.status == UserStatus::Invited)
    }

    /// Returns the names of the projects that the plan speaks of.
    fn project_documents(&self) -> Vec<ProjectDocument> {
        let granted =
            self.access().iter().flat_map(|change| &change.grants).map(|changed| &changed.grant.scope);
        let granted =
            granted.chain(self.interruptions().iter().map(|interruption| &interruption.grant.scope));
        let mut ids: BTreeSet<Id> = granted
            .filter_map(|scope| match scope {
                GrantScope::Project(id) => Some(*id),
                GrantScope::Organization | GrantScope::AllProjects | GrantScope::Other(_) => None,
            })
            .collect();
        for step in self.steps() {
            let address = step.action.address();
            let sides = [self.before(), self.outcome()].into_iter();
            let rules =
                sides.filter_map(|side| side.policy(address.key())).flat_map(|policy| &policy.rules.0);
            for rule in rules.filter(|_| address.kind() == Kind::Policy) {
                if let Scope::Projects(projects) = &rule.scope {
                    ids.extend(projects);
                }
            }
        }
        let made = self.keys().slots.iter().filter(|slot| !slot.work.is_empty());
        let delivered = made.flat_map(|slot| &slot.deliver).filter_map(Delivery::secret);
        ids.extend(delivered.map(|secret| secret.project));
        let names = &self.outcome().projects;
        let named = ids.into_iter().filter_map(|id| Some((id, names.get(&id)?)));
        named.map(|(id, name)| ProjectDocument { id: id.to_string(), name: name.to_string() }).collect()
    }

    fn guard_documents(&self) -> Vec<GuardDocument> {
        self.findings()
            .iter()
            .map(|finding| GuardDocument {
                guard: finding.guard.to_string(),
                found: finding.found,
                limit: finding.limit,
                verdict: finding.verdict.word().to_owned(),
                message: finding.message.clone(),
                items: finding.items.clone(),
                of: finding.of.iter().map(Address::text).collect(),
            })
            .collect()
    }
}

fn blocked(of: &Blocked) -> BlockedDocument {
    let rule = |(at, reason): &(usize, String)| BlockedRuleDocument { rule: at + 1, reason: reason.clone() };
    let stays =
        |(who, what): &(Principal, Grant)| StaysDocument { principal: principal(who), grant: grant(what) };
    BlockedDocument {
        address: address(&of.address),
        rules: of.rules.iter().map(rule).collect(),
        place: of.at.as_ref().map(ToString::to_string),
        stays: of.stays.iter().map(stays).collect(),
    }
}

fn leftover(of: &Leftover) -> LeftoverDocument {
    LeftoverDocument {
        policy: address(&of.policy),
        rule: of.rule + 1,
        permission_sets: of.permission_sets.iter().map(ToString::to_string).collect(),
        dropped_by: of.dropped_by,
    }
}

fn made<T>(to: T) -> Option<FromTo<T>> {
    Some(FromTo { from: None, to: Some(to) })
}

fn from_to<T>(from: T, to: T) -> Option<FromTo<T>> {
    Some(FromTo { from: Some(from), to: Some(to) })
}

fn step(step: &Step) -> StepDocument {
    let mut after: Vec<_> = step.after.iter().map(|edge| edge.step).collect();
    after.dedup();
    let safety = step.after.iter().filter(|edge| edge.reason.safety());
    let mut after_for_safety: Vec<_> = safety.map(|Edge { step, .. }| *step).collect();
    after_for_safety.dedup();
    StepDocument {
        id: step.id,
        action: step.action.word().to_owned(),
        address: address(&step.action.address()),
        effect: match step.effect {
            Effect::Neutral => "neutral",
            Effect::Revokes => "revokes",
            Effect::Grants => "grants",
        }
        .to_owned(),
        changes: changes(&step.action),
        after,
        after_for_safety,
    }
}

/// The calls that write fields of an object, but for those that have calls of their own in a plan.
const FIELD_CALLS: [WriteCall; 4] =
    [WriteCall::Patch, WriteCall::Username, WriteCall::Lock, WriteCall::Create];

/// What a new object is made with.
fn created(name: String, object: &Object) -> ChangesDocument {
    let mut changes = ChangesDocument { name: made(name), ..ChangesDocument::default() };
    if let Some(meta) = object.meta() {
        changes.tags = made(meta.wire_tags());
    }
    changes.description = description(object).and_then(made);
    changes.fields = own_fields(object, &FIELD_CALLS)
        .map(|(name, value)| (name, FromTo { from: None, to: Some(value) }))
        .collect();
    if let Object::Policy(policy) = object {
        changes.principal = made(attachment(&policy.attachment));
        changes.rules = made(rules(&policy.rules));
    }
    changes
}

/// What a PATCH changes.
fn updated(from: Option<&Key>, address: &Address, before: &Object, after: &Object) -> ChangesDocument {
    let name = from.and_then(|from| from_to(key(from), address.key_text()));
    let mut changes = ChangesDocument { name, ..ChangesDocument::default() };
    if let (Some(was), Some(is)) = (before.meta(), after.meta()) {
        if was.description != is.description {
            changes.description = from_to(was.description.clone(), is.description.clone());
        }
        if (&was.tags, &was.owner) != (&is.tags, &is.owner) {
            changes.tags = from_to(was.wire_tags(), is.wire_tags());
        }
    }
    let was: BTreeMap<_, _> = own_fields(before, &FIELD_CALLS).collect();
    let fields = own_fields(after, &FIELD_CALLS).map(|(name, is)| (was.get(&name).cloned(), name, is));
    let fields = fields.filter(|(was, _, is)| was.as_ref() != Some(is));
    changes.fields = fields.map(|(from, name, is)| (name, FromTo { from, to: Some(is) })).collect();
    if let (Object::Policy(was), Object::Policy(is)) = (before, after)
        && was.attachment != is.attachment
    {
        changes.principal = from_to(attachment(&was.attachment), attachment(&is.attachment));
    }
    changes
}

/// Returns what a step changes, each field with the value before (`from`) and after (`to`); of an object that it deletes,
/// all that it held.
#[must_use]
pub fn changed(step: &Step) -> serde_json::Value {
    match &step.action {
        Action::Delete { object, .. } => serde_json::json!({"from": basis::content_of(object)}),
        action @ (Action::Create { .. }
        | Action::Update { .. }
        | Action::AddMembers { .. }
        | Action::RemoveMember { .. }
        | Action::SetMembers { .. }
        | Action::SetRules { .. }) => serde_json::json!(changes(action)),
    }
}

fn changes(action: &Action) -> ChangesDocument {
    match action {
        Action::Create { address, object } => created(address.key_text(), object),
        Action::Update { address, from, before, after } => updated(from.as_ref(), address, before, after),
        Action::AddMembers { members: joining, .. } => {
            ChangesDocument { members: made(members(joining)), ..ChangesDocument::default() }
        }
        Action::RemoveMember { member, .. } => ChangesDocument {
            members: Some(FromTo { from: Some(vec![principal(member)]), to: None }),
            ..ChangesDocument::default()
        },
        Action::SetMembers { before, after, .. } => ChangesDocument {
            members: from_to(members(before), members(after)),
            ..ChangesDocument::default()
        },
        Action::SetRules { before, after, .. } => {
            ChangesDocument { rules: from_to(rules(before), rules(after)), ..ChangesDocument::default() }
        }
        Action::Delete { .. } => ChangesDocument::default(),
    }
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Lifted => "allowed",
            Self::Shown => "shown",
        }
    }
}

impl super::ConflictKind {
    const fn word(&self) -> &'static str {
        match self {
            Self::Owned(Owner::Stack(_) | Owner::Unclear(_)) => "owned",
            Self::Managed => "managed",
            Self::ExternalButOwned => "external_but_owned",
            Self::BothLive { .. } => "both_live",
        }
    }
}

impl super::SparedReason {
    const fn word(&self) -> &'static str {
        match self {
            Self::SectionAbsent => "section_absent",
            Self::NoStack => "no_stack",
            Self::NotOwned => "not_owned",
            Self::Other(_) => "other_stack",
            Self::Unclear => "unclear_owner",
            Self::PruneNone => "prune_none",
            Self::Managed => "managed",
            Self::NotDeletable => "not_deletable",
            Self::External => "external",
            Self::Renamed => "previous_name",
            Self::Owner(_) => "organization_owner",
            Self::Caller(_) => "caller",
            Self::Provisioned(_) => "provisioned",
        }
    }
}

/// Returns the schema of the document.
#[must_use]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(PlanDocument)
}
