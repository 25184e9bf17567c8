//! The plan as a document, which `-o json` prints and `--out` writes. It never holds a secret.
//!
//! A saved plan holds, beside what it shows, the files that it was made from ([`MadeFrom`]). To apply it, it is planned
//! again from these and from what is live by then, and applied only if the outcome is the same document
//! ([`PlanDocument::check`]). So nothing else in it has to be trusted.

mod basis;
mod compare;
mod keys;
mod read;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::basis::digest;
pub use self::compare::{PartDifference, PlanDifference};
pub use self::keys::KeyDocument;
pub use self::read::{Mismatch, Stale, Standing, Unreadable};
use super::slot::Hands;
use super::{
    Action, Blocked, Edge, Effect, GuardName, GuardOptions, Leftover, PartialScope, Plan, Step, StepId,
    Verdict,
};
use crate::access::{AccessEffect, Grant, GrantScope};
use crate::model::{
    Address, Attachment, BadText, FieldValue, Id, Key, Kind, Missing, Object, Owner, Principal, Rule, Rules,
    Scope, UserStatus, Where, WriteCall,
};

/// The version of the document's shape.
pub const FORMAT_VERSION: u32 = 2;

/// A whole plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanDocument {
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// What made it.
    pub tool: Tool,
    /// The organization's id.
    pub organization: String,
    /// The organization's name, where it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_name: Option<String>,
    /// The stack, or null.
    pub stack: Option<String>,
    /// When it was made.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// The part of the files that it covers, if not all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial: Option<PartialDocument>,
    /// The counts.
    pub summary: SummaryDocument,
    /// What the change of the files weakens; empty if the files before the change were not given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weaker: Vec<String>,
    /// Who gains and who loses.
    pub access: Vec<AccessDocument>,
    /// The calls, in the order in which they are shown.
    pub steps: Vec<StepDocument>,
    /// What is done about API keys after the steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyDocument>,
    /// Access that is kept, but missing temporarily.
    pub interruptions: Vec<InterruptionDocument>,
    /// What the guards found.
    pub guards: Vec<GuardDocument>,
    /// Declared objects that must not be changed.
    pub conflicts: Vec<ConflictDocument>,
    /// Declared policies that hold rules which this version cannot write, so that they keep their rules and principal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocked: Vec<BlockedDocument>,
    /// Rules of declared policies that grant nothing, because their projects were deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leftovers: Vec<LeftoverDocument>,
    /// Objects that the stack adopts.
    pub adoptions: Vec<AdoptionDocument>,
    /// Undeclared objects that stay, and declared ones that no plan changes.
    pub spared: Vec<SparedDocument>,
    /// Kinds that the files have no section for.
    pub not_managed: Vec<String>,
    /// Entries with an end that have ended, or will within a week.
    pub expiries: Vec<ExpiryDocument>,
    /// Names in the files that no longer exist in the organization, and so are left out.
    #[serde(default)]
    pub missing: Vec<MissingDocument>,
    /// The members of groups that the API does not list; they stay.
    #[serde(default)]
    pub hidden_members: Vec<HiddenDocument>,
    /// The names of the projects that access and steps speak of, where they are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub projects: Vec<ProjectDocument>,
    /// The objects that the plan touches or depends on, people and applications whose access it changes included.
    pub objects: Vec<ObjectDocument>,
    /// What the plan was made from; a report is without it, and cannot be applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_from: Option<MadeFrom>,
}

/// What a plan was made from, to make it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MadeFrom {
    /// The desired state: every file, in the order in which they were read.
    pub files: Vec<FileDocument>,
    /// The guards that were lifted.
    pub allow: Vec<AllowanceDocument>,
    /// Whether warnings were treated as errors.
    pub strict: bool,
    /// The deliveries of API keys to files and commands that were planned; absent if none were requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deliveries: Option<DeliveriesDocument>,
    /// The SHA-256 of all that was read of the organization, in hexadecimal digits.
    pub digest: String,
}

/// The deliveries of API keys to files and commands that are planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliveriesDocument {
    /// Whether there is a folder for files (`--deliver-dir`).
    pub files: bool,
    /// The labels of commands (`--deliver-command`).
    pub commands: Vec<String>,
}

/// The part of the files that a plan is about; everything else stays as it is live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartialDocument {
    /// The objects that were asked for, as `--only` takes them.
    pub only: Vec<String>,
    /// The declared objects that these need.
    pub needed: Vec<String>,
    /// Whether it covers what is due (`apply --due`) instead.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub due: bool,
}

fn partial(scope: &PartialScope) -> PartialDocument {
    let texts = |of: &[Address]| of.iter().map(Address::text).collect();
    match scope {
        PartialScope::Only { asked, needed } => {
            PartialDocument { only: texts(asked), needed: texts(needed), due: false }
        }
        PartialScope::Due => PartialDocument { only: Vec::new(), needed: Vec::new(), due: true },
    }
}

impl PartialDocument {
    /// Returns the objects that were asked for.
    ///
    /// # Errors
    /// When one of them is no object.
    pub fn asked(&self) -> Result<Vec<Address>, BadText> {
        self.only.iter().map(|text| text.parse()).collect()
    }
}

/// A file of the desired state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileDocument {
    /// What it was called.
    pub path: String,
    /// Its whole text.
    pub text: String,
}

/// A guard that was lifted for one number, with `--allow`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllowanceDocument {
    /// The guard.
    pub guard: String,
    /// The number.
    pub number: u32,
}

impl MadeFrom {
    /// Returns what a plan was made from.
    #[must_use]
    pub fn new(files: Vec<FileDocument>, options: &GuardOptions, digest: String) -> Self {
        let allow = options.allow.iter();
        let allow =
            allow.map(|(guard, number)| AllowanceDocument { guard: guard.to_string(), number: *number });
        Self { files, allow: allow.collect(), strict: options.strict, deliveries: None, digest }
    }

    /// Returns the same with the deliveries that were planned.
    #[must_use]
    pub fn with_deliveries(self, hands: &Hands) -> Self {
        let deliveries = match hands {
            Hands::Unasked => None,
            Hands::Named { files, commands } => Some(DeliveriesDocument {
                files: *files,
                commands: commands.iter().map(ToString::to_string).collect(),
            }),
        };
        Self { deliveries, ..self }
    }

    /// Returns the deliveries that were planned; `None` where the plan does not say.
    #[must_use]
    pub fn hands(&self) -> Option<Hands> {
        let DeliveriesDocument { files, commands } = self.deliveries.as_ref()?;
        let commands = commands.iter().filter_map(|label| label.parse().ok()).collect();
        Some(Hands::Named { files: *files, commands })
    }

    /// Returns how the plan was judged, with what is allowed today on top; a guard that is unknown is not lifted.
    #[must_use]
    pub fn options(&self, today: &GuardOptions) -> GuardOptions {
        let allowed = |it: &AllowanceDocument| Some((it.guard.parse::<GuardName>().ok()?, it.number));
        let mut allow: BTreeMap<_, _> = self.allow.iter().filter_map(allowed).collect();
        allow.extend(&today.allow);
        GuardOptions { allow, strict: self.strict || today.strict }
    }
}

/// Something that the files name, but that no longer exists in the organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MissingDocument {
    /// `user`, `group`, `application`, `project` or `permission set`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What names it.
    pub by: String,
    /// Where the name is written.
    pub place: String,
}

/// Members of a group that the API does not list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HiddenDocument {
    /// The group's name.
    pub group: String,
    /// The members, as `user ID` and `application ID`.
    pub members: Vec<String>,
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

/// A project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectDocument {
    /// Its id, by which the document speaks of it.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A member or a rule with an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpiryDocument {
    /// The group or the policy.
    pub address: String,
    /// The member, or null for a rule.
    pub member: Option<String>,
    /// The rule, from 1, or null for a member.
    pub rule: Option<usize>,
    /// When it ends.
    #[schemars(with = "String")]
    pub until: Timestamp,
    /// Whether it has ended, so that the plan takes it away.
    pub expired: bool,
    /// Where the end is written.
    pub place: String,
}

/// An object that a plan touches or depends on, as it was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectDocument {
    /// The object, by the name that the plan leads to.
    pub address: String,
    /// Its live name, where it is renamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<String>,
    /// Its id; absent when its name was free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The SHA-256 of its content, in hexadecimal digits; null when its name was free.
    pub hash: Option<String>,
    /// That content, to show it beside what is live later; null when the name was free.
    pub planned_from: Option<ContentDocument>,
    /// The content that the plan leads to; null when there is no such object then.
    pub desired: Option<ContentDocument>,
}

/// What an object holds, without its name; what its kind does not have is absent. Lists are sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContentDocument {
    /// The description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The members of a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<String>>,
    /// What a policy is attached to: `none`, `user …`, `application …` or `group …`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// The rules of a policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<RuleDocument>>,
    /// The tags, the owner's included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// The username of a user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// How many API keys an application has; absent from the content that a plan leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_keys: Option<u32>,
    /// What its kind alone has, by the API's names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Value>,
}

/// The program that made a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// `scw-iam`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Counts of objects and steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SummaryDocument {
    /// Objects that are made.
    pub created: usize,
    /// Objects that change.
    pub updated: usize,
    /// Objects that are deleted.
    pub deleted: usize,
    /// Objects that the stack adopts.
    pub adopted: usize,
    /// Calls.
    pub steps: usize,
    /// Whether a guard or a conflict forbids to apply it.
    pub refused: bool,
}

/// How access changes for one principal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessDocument {
    /// `user alice@example.com`.
    pub principal: String,
    /// Whether nothing is left.
    pub loses_all: bool,
    /// Whether it is a locked user.
    pub locked: bool,
    /// Whether it is a user who has not accepted the invitation yet; absent for everybody else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_activated: bool,
    /// What changes.
    pub changes: Vec<GrantChangeDocument>,
}

/// One grant that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantChangeDocument {
    /// `gained`, `lost`, `loosened` or `tightened`.
    pub change: String,
    /// The grant.
    pub grant: GrantDocument,
    /// The way to it.
    pub path: PathDocument,
}

/// A permission set on a scope under a condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantDocument {
    /// The permission set.
    pub permission_set: String,
    /// `organization`, `all_projects`, a project's id, or words.
    pub scope: String,
    /// The condition, or null.
    pub condition: Option<String>,
}

/// The way of a grant to a principal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PathDocument {
    /// The group in between, or null.
    pub group: Option<String>,
    /// The policy.
    pub policy: String,
    /// The rule, from 1.
    pub rule: usize,
    /// Where the rule is written, or null.
    pub place: Option<String>,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepDocument {
    /// Its number, from 1.
    pub id: StepId,
    /// `create`, `update`, `delete`, `set_rules`, `add_members`, `remove_member` or `set_members`.
    pub action: String,
    /// `group developers`; an object without a valid name is written as `group id:UUID`.
    pub address: String,
    /// `neutral`, `revokes` or `grants`.
    pub effect: String,
    /// What changes, each with the value before (`from`) and after (`to`).
    pub changes: ChangesDocument,
    /// The steps that come before it.
    pub after: Vec<StepId>,
    /// Those of them that keep a law of access.
    pub after_for_safety: Vec<StepId>,
}

/// The changed fields; what does not change is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangesDocument {
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<FromTo<String>>,
    /// The description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<FromTo<String>>,
    /// The tags, the owner's included, sorted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<FromTo<Vec<String>>>,
    /// What a policy is attached to: `none`, `user …`, `application …` or `group …`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<FromTo<String>>,
    /// The rules of a policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<FromTo<Vec<RuleDocument>>>,
    /// The members of a group: those that join or leave, or all of them for `set_members`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<FromTo<Vec<String>>>,
    /// What its kind alone has, by the API's names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, FromTo<Value>>,
}

/// A value before and after; null if it does not exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FromTo<T> {
    /// Before.
    pub from: Option<T>,
    /// After.
    pub to: Option<T>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleDocument {
    /// The permission sets.
    pub permission_sets: Vec<String>,
    /// Where: `organization`, `all_projects`, `gone`, a list of projects' ids, or words.
    pub scope: PlanScope,
    /// When, or null.
    pub condition: Option<String>,
}

/// Where a rule grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PlanScope {
    /// `organization`, `all_projects`, `gone`, or words.
    Word(String),
    /// The ids of projects.
    Projects(Vec<String>),
}

/// Access that is missing for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InterruptionDocument {
    /// Who.
    pub principal: String,
    /// What.
    pub grant: GrantDocument,
    /// The step after which it is missing.
    pub from_step: StepId,
    /// The step after which it is back.
    pub to_step: StepId,
}

/// What a guard found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GuardDocument {
    /// Its name.
    pub guard: String,
    /// The number found; what `--allow` takes.
    pub found: u32,
    /// The number that passes.
    pub limit: u32,
    /// `refused`, `allowed` or `shown`.
    pub verdict: String,
    /// What is wrong.
    pub message: String,
    /// What it is about.
    pub items: Vec<String>,
    /// Their addresses, as `of` of an entry under `allow`; empty when no entry can let them pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<String>,
}

/// A declared object that must not be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConflictDocument {
    /// The object.
    pub address: String,
    /// `owned`, `managed`, `external_but_owned` or `both_live`.
    pub reason: String,
    /// Where it is declared, or null.
    pub place: Option<String>,
}

/// A declared policy that keeps its rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockedDocument {
    /// The policy.
    pub address: String,
    /// The rules in the way.
    pub rules: Vec<BlockedRuleDocument>,
    /// Where the policy is declared, or null.
    pub place: Option<String>,
    /// Access that the files take away, and that stays.
    pub stays: Vec<StaysDocument>,
}

/// A rule that cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockedRuleDocument {
    /// The rule, from 1.
    pub rule: usize,
    /// Why.
    pub reason: String,
}

/// Access that stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StaysDocument {
    /// Who.
    pub principal: String,
    /// What.
    pub grant: GrantDocument,
}

/// A rule that grants nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeftoverDocument {
    /// The policy that holds it.
    pub policy: String,
    /// The rule, from 1.
    pub rule: usize,
    /// What it granted.
    pub permission_sets: Vec<String>,
    /// The step that removes it, or null.
    pub dropped_by: Option<StepId>,
}

/// An object that the stack adopts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdoptionDocument {
    /// The object.
    pub address: String,
    /// The stack that had it, or null.
    pub from_stack: Option<String>,
    /// How many API keys an application has.
    pub api_keys: u32,
    /// When the oldest was made, where that is known.
    #[schemars(with = "Option<String>")]
    pub oldest_api_key: Option<Timestamp>,
}

/// An object that stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SparedDocument {
    /// The object.
    pub address: String,
    /// Why, as a word.
    pub reason: String,
    /// The fields in which a declared one differs from the files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<String>,
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

fn key(key: &Key) -> String {
    match key {
        Key::Id(id) => format!("id:{id}"),
        Key::Named(_) | Key::Email(_) | Key::Username(_) | Key::Project(_) | Key::Child(_) | Key::Only => {
            key.to_string()
        }
    }
}

/// An address as the document writes it.
pub(super) fn address(of: &Address) -> String {
    format!("{} {}", of.kind().word(), key(of.key()))
}

fn principal(principal: &Principal) -> String {
    address(&principal.address())
}

fn attachment(attachment: &Attachment) -> String {
    match attachment {
        Attachment::None => "none".to_owned(),
        Attachment::Principal(to) => principal(to),
        Attachment::Group(group) => address(&Address::group(group.clone())),
    }
}

fn grant(grant: &Grant) -> GrantDocument {
    let scope = match &grant.scope {
        GrantScope::Organization => "organization".to_owned(),
        GrantScope::AllProjects => "all_projects".to_owned(),
        GrantScope::Project(id) => id.to_string(),
        GrantScope::Other(words) => words.clone(),
    };
    GrantDocument {
        permission_set: grant.permission_set.to_string(),
        scope,
        condition: grant.condition.as_ref().map(ToString::to_string),
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

fn rules(rules: &Rules) -> Vec<RuleDocument> {
    let one = |rule: &Rule| RuleDocument {
        permission_sets: rule.permission_sets.iter().map(ToString::to_string).collect(),
        scope: match &rule.scope {
            Scope::Organization => PlanScope::Word("organization".to_owned()),
            Scope::AllProjects => PlanScope::Word("all_projects".to_owned()),
            Scope::Projects(ids) => PlanScope::Projects(ids.iter().map(Id::to_string).collect()),
            Scope::Other(words) => PlanScope::Word(words.clone()),
            Scope::Gone => PlanScope::Word("gone".to_owned()),
        },
        condition: rule.condition.as_ref().map(ToString::to_string),
    };
    rules.0.iter().map(one).collect()
}

fn members(members: &BTreeSet<Principal>) -> Vec<String> {
    members.iter().map(principal).collect()
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

/// The description, of a kind that has one.
fn description(object: &Object) -> Option<String> {
    let has = object.fields().iter().any(|field| field.name == "description");
    object.meta().filter(|_| has).map(|meta| meta.description.clone())
}

/// The fields that a kind has for itself and that these calls write, by the API's names.
fn own_fields<'a>(object: &'a Object, calls: &'a [WriteCall]) -> impl Iterator<Item = (String, Value)> + 'a {
    let fields = object.fields().into_iter().filter(|field| calls.contains(&field.writer));
    fields.filter_map(|field| {
        let value = match field.value {
            FieldValue::Text(_) if field.name == "description" => return None,
            FieldValue::Text(text) => Value::from(text),
            FieldValue::Count(count) => Value::from(count),
            FieldValue::Flag(flag) => Value::from(flag),
            FieldValue::Span(span) => Value::from(format!("{}s", span.as_secs())),
            // These have places of their own, and what is not served has none.
            FieldValue::Unsaid
            | FieldValue::Tags(_)
            | FieldValue::Owner(_)
            | FieldValue::Attachment(_)
            | FieldValue::Members(_)
            | FieldValue::Rules(_) => return None,
        };
        Some((field.name.to_owned(), value))
    })
}

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
