//! The shape of the document.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::GuardName;
use crate::model::{Address, BadText};
use crate::plan::guard::GuardOptions;
use crate::plan::slot::Hands;
use crate::plan::step::StepId;

/// Something that is done about an API key. First keys and keys without a slot are a part of a saved plan; a rotation is
/// not, and is only shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyDocument {
    /// The application.
    pub application: String,
    /// The slot, or null for a key without one.
    pub slot: Option<String>,
    /// `make`, `finish`, `retire`, `discard`, `sweep`, `deduplicate`, `adopt`, `rename` or `prune`.
    pub work: String,
    /// The key that is there already, or null.
    pub key: Option<String>,
    /// Where a new key is delivered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deliver: Vec<String>,
    /// The secrets among these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<KeySecretDocument>,
    /// The id of the default project of a new key; null for that of the organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_project: Option<String>,
    /// How long a new key lives, as ISO 8601 has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_after: Option<String>,
    /// Who gains access by reading it there, if no key of the slot was there before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<KeyReaderDocument>,
    /// Whether a saved plan does it.
    pub saved: bool,
}

/// A secret that a key is delivered to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeySecretDocument {
    /// The id of the project.
    pub project: String,
    /// The region.
    pub region: String,
    /// The folder, `/` for none.
    pub path: String,
    /// The name.
    pub name: String,
    /// Whether one that this stack did not make is taken.
    pub adopt: bool,
}

/// Somebody who can read a key where it is delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyReaderDocument {
    /// `user alice@example.com`.
    pub principal: String,
    /// The secret: region, folder and name.
    pub secret: String,
    /// Whether it can be read only under a condition.
    pub conditional: bool,
    /// What the application holds and the reader does not.
    pub gains: Vec<GrantDocument>,
}

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
