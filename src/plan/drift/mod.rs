//! What is wrong on the live side: what an apply would change, and what no apply mends.

mod access;
mod traces;

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use self::traces::{JOINS, LEAVES, deleted, of_path, undone_by};
use super::Action;
use super::file::changed;
use super::slot::SlotWork;
use super::spared::SparedReason;
use super::whole_plan::Plan;
use crate::access::{Broken, Everything, HeldGrant, Path, broken_assertions, judge_guardrails, sentence};
use crate::model::{
    Address, Attribution, Catalogue, Desired, DriftKind, IgnoredBy, IgnoredFinding, Key, Kind, Membership,
    MissingKind, Place, Rule, SlotName, User, Where, WriteKind, WriteTrace,
};

/// Everything that differs from the files, or that the files forbid.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// What was found, by kind and object.
    pub findings: Vec<DriftFinding>,
    /// The access that objects give which the files do not declare, by principal.
    pub undeclared: Vec<HeldGrant>,
    /// Grants that would be escalations, were the stack that owns them not trusted.
    pub trusted: usize,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DriftFinding {
    /// What it is about.
    pub kind: DriftKind,
    /// The live object, where it is about one.
    pub object: Option<Address>,
    /// The object, in words.
    pub subject: String,
    /// Why the person that it is about cannot log in, to be put behind the name; empty for everybody else.
    pub mark: &'static str,
    /// What is wrong, in words.
    pub what: String,
    /// Whether the steps of a plan, or the objects that it leaves alone, show it too.
    pub in_plan: bool,
    /// The way of the access, in words.
    pub way: Option<String>,
    /// The place in the files.
    pub place: Option<Place>,
    /// The same from run to run: 12 hexadecimal digits.
    pub fingerprint: String,
    /// Why it does not count, and until when.
    pub ignored: Option<(String, jiff::Timestamp)>,
    /// The writes that can have led to it.
    pub traces: BTreeSet<WriteTrace>,
    /// Who did it; `None` until it is looked up, and if no write leads to it.
    pub done_by: Option<Attribution>,
}

impl Findings {
    /// Sorts what a plan compared. `keys` holds the access keys of applications, where they were read.
    #[must_use]
    pub fn of(plan: &Plan, desired: &Desired, keys: &BTreeMap<Address, Vec<String>>) -> Self {
        let everything = Everything::of(plan.before());
        let mut sorting = Sorting { plan, desired, everything: &everything, drift: Self::default() };
        sorting.steps();
        sorting.broken();
        sorting.gone();
        sorting.hidden();
        sorting.due();
        sorting.slots();
        sorting.access(keys);
        let stale = sorting.drift.ignore(plan, desired);
        stale.into_iter().for_each(|(entry, why)| sorting.stale(entry, why));
        let mut drift = sorting.drift;
        drift.findings.sort();
        drift.findings.dedup_by(|a, b| a.fingerprint == b.fingerprint);
        drift
    }

    /// Marks what is ignored. Returns the entries that have ended and those that no finding matches, each with why.
    fn ignore<'d>(&mut self, plan: &Plan, desired: &'d Desired) -> Vec<(&'d IgnoredFinding, &'static str)> {
        let mut stale = Vec::new();
        for entry in &desired.settings.drift.ignore {
            let mut found =
                self.findings.iter_mut().filter(|finding| finding.is_named_by(&entry.by)).peekable();
            let why = match found.peek() {
                Some(_) if entry.until <= plan.created_at() => "has ended",
                Some(_) => {
                    found.for_each(|it| it.ignored = Some((entry.reason.clone(), entry.until)));
                    continue;
                }
                None => "matches no finding",
            };
            stale.push((entry, why));
        }
        stale
    }

    /// Returns the findings that count.
    pub fn counted(&self) -> impl Iterator<Item = &DriftFinding> {
        self.findings.iter().filter(|finding| finding.ignored.is_none())
    }

    /// Returns whether anything was found that counts.
    #[must_use]
    pub fn fails(&self, on: &BTreeSet<DriftKind>) -> bool {
        self.counted().any(|finding| on.contains(&finding.kind))
    }
}

impl DriftFinding {
    fn is_named_by(&self, by: &IgnoredBy) -> bool {
        match by {
            IgnoredBy::Fingerprint(fingerprint) => self.fingerprint == *fingerprint,
            IgnoredBy::Object { object, findings } => {
                self.object.as_ref() == Some(object) && findings.contains(&self.kind)
            }
        }
    }
}

struct Sorting<'a> {
    plan: &'a Plan,
    desired: &'a Desired,
    everything: &'a Everything<'a>,
    drift: Findings,
}

impl Sorting<'_> {
    /// Adds a finding. `told_apart` is what two findings about one object differ in.
    fn add(
        &mut self,
        kind: DriftKind,
        subject: &Address,
        what: String,
        told_apart: &[&str],
    ) -> &mut DriftFinding {
        let id = self.plan.ids().get(subject).map_or_else(|| subject.key_text(), |id| id.to_string());
        let fixed = [kind.as_str(), &self.plan.organization().to_string(), subject.kind().word(), &id]
            .map(str::to_owned);
        let person = subject.principal().filter(|it| it.kind() == Kind::User);
        let mark = person.and_then(|it| self.plan.before().user(it.key())).map_or("", User::mark);
        let object = Some(subject.clone()).filter(|object| self.plan.before().has(object));
        let place = self.plan.place(&Where::Object(subject.clone())).cloned();
        let finding = self.push(kind, subject.to_string(), what, &fixed, told_apart);
        (finding.object, finding.mark, finding.place) = (object, mark, place);
        finding
    }

    fn push(
        &mut self,
        kind: DriftKind,
        subject: String,
        what: String,
        fixed: &[String],
        told_apart: &[&str],
    ) -> &mut DriftFinding {
        let mut hash = Sha256::new();
        for part in fixed.iter().map(String::as_str).chain(told_apart.iter().copied()) {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let fingerprint: String = hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        let (in_plan, object, way, place, ignored, mark) = (false, None, None, None, None, "");
        self.drift.findings.push(DriftFinding {
            kind,
            object,
            subject,
            mark,
            what,
            in_plan,
            way,
            place,
            fingerprint,
            ignored,
            traces: BTreeSet::new(),
            done_by: None,
        });
        self.drift.findings.last_mut().expect("one was just added")
    }

    /// What an apply would do, and what it would leave alone.
    fn steps(&mut self) {
        let plan = self.plan;
        let made: BTreeSet<Address> = plan
            .steps()
            .iter()
            .filter(|step| step.action.creates().is_some())
            .map(|step| step.action.address())
            .collect();
        let mut seen = BTreeSet::new();
        let mut writes: BTreeMap<Address, BTreeSet<WriteKind>> = BTreeMap::new();
        // A difference that grows is a new finding, and so is an extra object that does.
        let mut differences: BTreeMap<Address, BTreeSet<String>> = BTreeMap::new();
        for step in plan.steps().iter().filter(|step| step.action.creates().is_none()) {
            writes.entry(step.action.address()).or_default().extend(undone_by(&step.action));
            differences.entry(step.action.address()).or_default().insert(changed(step).to_string());
        }
        let traces = |kind: DriftKind, address: &Address| -> BTreeSet<WriteTrace> {
            let of = |kinds: BTreeSet<WriteKind>| [WriteTrace::Object(address.clone(), kinds)].into();
            match kind {
                DriftKind::Missing => [deleted(address.kind(), address.key(), &self.desired.state)].into(),
                DriftKind::Changed => {
                    let any = || {
                        [WriteKind::Fields, WriteKind::Rules].into_iter().chain(JOINS).chain(LEAVES).collect()
                    };
                    of(writes.get(address).filter(|kinds| !kinds.is_empty()).cloned().unwrap_or_else(any))
                }
                DriftKind::Extra
                | DriftKind::Unmanaged
                | DriftKind::Broken
                | DriftKind::Escalation
                | DriftKind::Gone
                | DriftKind::Locked
                | DriftKind::Due
                | DriftKind::StaleIgnore => of([WriteKind::Create].into()),
            }
        };
        for step in plan.steps() {
            let address = step.action.address();
            let (kind, what) = match &step.action {
                Action::Create { .. } => (DriftKind::Missing, "is declared, and does not exist"),
                Action::Delete { .. } => (DriftKind::Extra, "belongs to this stack, and is not declared"),
                Action::Update { .. }
                | Action::AddMembers { .. }
                | Action::RemoveMember { .. }
                | Action::SetMembers { .. }
                | Action::SetRules { .. } => (DriftKind::Changed, "differs from the files"),
            };
            let part_of_new = kind == DriftKind::Changed && made.contains(&address);
            if !part_of_new && seen.insert((kind, address.clone())) {
                let differs = differences.get(&address).into_iter().flatten();
                let told_apart: Vec<&str> = differs.map(String::as_str).collect();
                let finding = self.add(kind, &address, what.to_owned(), &told_apart);
                (finding.in_plan, finding.traces) = (true, traces(kind, &address));
            }
        }
        for conflict in plan.conflicts() {
            if seen.insert((DriftKind::Changed, conflict.address.clone())) {
                let what = "is declared, and must not be changed".to_owned();
                let finding = self.add(DriftKind::Changed, &conflict.address, what, &[]);
                (finding.in_plan, finding.traces) = (true, traces(DriftKind::Changed, &conflict.address));
            }
        }
        // What cannot be rewritten is in no step.
        for blocked in plan.blocked() {
            if seen.insert((DriftKind::Changed, blocked.address.clone())) {
                let what = "differs from the files, and cannot be rewritten".to_owned();
                let finding = self.add(DriftKind::Changed, &blocked.address, what, &[]);
                finding.place.clone_from(&blocked.at);
                finding.traces = traces(DriftKind::Changed, &blocked.address);
            }
        }
        for spared in plan.spared() {
            let (kind, what) = match &spared.reason {
                reason if !reason.differs().is_empty() => {
                    (DriftKind::Changed, "differs from the files, and no plan changes it")
                }
                SparedReason::PruneNone | SparedReason::NotDeletable => {
                    (DriftKind::Extra, "belongs to this stack, and is not declared")
                }
                SparedReason::SectionAbsent
                | SparedReason::NoStack
                | SparedReason::NotOwned
                | SparedReason::Other(_)
                | SparedReason::Unclear => (DriftKind::Unmanaged, "is not declared"),
                // No plan deletes the owner or the caller; their entry is missing all the same.
                SparedReason::Owner(_) | SparedReason::Caller(_) | SparedReason::Provisioned(_)
                    if self.is_extra(&spared.address) =>
                {
                    (DriftKind::Extra, "belongs to this stack, and is not declared")
                }
                SparedReason::Managed
                | SparedReason::External
                | SparedReason::Renamed
                | SparedReason::Owner(_)
                | SparedReason::Caller(_)
                | SparedReason::Provisioned(_) => continue,
            };
            let finding = self.add(kind, &spared.address, what.to_owned(), spared.reason.differs());
            // The counts of a plan have no place for what differs and stays.
            finding.in_plan = kind == DriftKind::Unmanaged;
            // What another stack declares is as somebody meant it.
            if !matches!(spared.reason, SparedReason::Other(_)) {
                finding.traces = traces(kind, &spared.address);
            }
        }
    }

    /// Whether an object belongs to the stack of the files, which do not declare it.
    fn is_extra(&self, address: &Address) -> bool {
        let owner = self.plan.before().get(address).and_then(|object| object.meta()?.owner.as_ref());
        let owned = owner.zip(self.plan.stack()).is_some_and(|(owner, stack)| owner.is(stack));
        owned && !self.desired.state.has(address)
    }

    /// Assertions and guardrails that live violates, and guardrails without an answer.
    fn broken(&mut self) {
        let (desired, catalogue, everything) = (self.desired, Catalogue::published(), self.everything);
        for broken in broken_assertions(everything, catalogue, &desired.assertions) {
            let Some(assertion) = desired.assertions.get(broken.sentence) else { continue };
            let words = sentence(self.plan.before(), assertion);
            let what = match &broken.by {
                Some(held) => format!("is violated: {}", self.grant(held)),
                None => "is violated: nothing grants it without a condition".to_owned(),
            };
            let way = broken.by.as_ref().map(|held| held.path.to_string());
            let finding = self.sentence("assertion", &words, &broken, what);
            (finding.place, finding.way) = (Some(assertion.at.clone()), way);
            finding.traces = broken.by.as_ref().map(|held| of_path(&held.path)).unwrap_or_default();
        }
        let judgement = judge_guardrails(everything, catalogue, &desired.guardrails);
        for broken in judgement.broken {
            let Some(guardrail) = desired.guardrails.get(broken.sentence) else { continue };
            let Some(held) = &broken.by else { continue };
            let person = Some(&broken.principal).filter(|it| it.kind() == Kind::User);
            let mark = person.and_then(|it| self.plan.before().user(it.key())).map_or("", User::mark);
            let what = format!("is violated: {}{mark} has {}", broken.principal, self.grant(held));
            let way = held.path.to_string();
            let finding = self.sentence("guardrail", &guardrail.name, &broken, what);
            (finding.place, finding.way) = (Some(guardrail.at.clone()), Some(way));
            finding.traces = of_path(&held.path);
        }
        for unjudged in judgement.unjudged {
            let Some(guardrail) = desired.guardrails.get(unjudged.sentence) else { continue };
            let fixed = ["guardrail".to_owned(), guardrail.name.clone()];
            let subject = format!("guardrail `{}`", guardrail.name);
            let finding = self.push(DriftKind::Broken, subject, unjudged.to_string(), &fixed, &["unjudged"]);
            finding.place = Some(guardrail.at.clone());
        }
    }

    fn sentence(&mut self, kind: &str, name: &str, broken: &Broken, what: String) -> &mut DriftFinding {
        let organization = self.plan.organization().to_string();
        let principal = broken.principal.to_string();
        let by = broken.by.as_ref().map(|held| told_apart(held).join("\n")).unwrap_or_default();
        let fixed = [DriftKind::Broken.as_str().to_owned(), organization, kind.to_owned(), name.to_owned()];
        self.push(DriftKind::Broken, format!("{kind} `{name}`"), what, &fixed, &[&principal, &by])
    }

    /// What the files name and the organization no longer has.
    fn gone(&mut self) {
        let organization = self.plan.organization().to_string();
        for missing in self.plan.missing() {
            let kind = match missing.kind {
                MissingKind::Object(_) | MissingKind::PermissionSet => DriftKind::Gone,
                MissingKind::Project => DriftKind::Broken,
            };
            let word = missing.kind.word().to_owned();
            let subject = format!("{word} {}", missing.name);
            let fixed = [kind.as_str().to_owned(), organization.clone(), word, missing.name.clone()];
            let what = format!("is named by {}, and is not in the organization", missing.by);
            let traces = match missing.kind {
                MissingKind::Object(kind) => {
                    let key = match kind {
                        Kind::User => Key::of_person(&missing.name).ok(),
                        _ => missing.name.parse().ok().map(Key::Named),
                    };
                    key.map(|key| deleted(kind, &key, &self.desired.state)).into_iter().collect()
                }
                MissingKind::PermissionSet | MissingKind::Project => BTreeSet::new(),
            };
            let finding = self.push(kind, subject, what, &fixed, &[&missing.by]);
            finding.place = Some(missing.at.clone());
            finding.traces = traces;
        }
    }

    /// Members that no list shows: they stay, and an exact list does not have them.
    fn hidden(&mut self) {
        for (key, hidden) in self.plan.hidden_members() {
            let address = Address::group(key.clone());
            if self.desired.memberships.get(&address) != Some(&Membership::Exact) {
                continue;
            }
            let listed = self.desired.state.group(key).map(|group| &group.members);
            for member in hidden.into_iter().filter(|it| !listed.is_some_and(|listed| listed.contains(*it))) {
                let what = format!("has the member {member}, which no list of the API shows; it stays in it");
                let finding = self.add(DriftKind::Changed, &address, what, &[&member.to_string()]);
                finding.traces = [WriteTrace::Object(address.clone(), JOINS.into())].into();
            }
        }
    }

    /// What has ended and is still live.
    fn due(&mut self) {
        let before = self.plan.before();
        for expiry in self.desired.expiries.iter().filter(|expiry| expiry.expired) {
            let (what, told_apart) = match (&expiry.member, expiry.rule) {
                (Some(member), _) => {
                    let key = expiry.address.key();
                    if !before.group(key).is_some_and(|group| group.members.contains(member)) {
                        continue;
                    }
                    (
                        format!("has the member {member}, whose membership ended at {}", expiry.until),
                        member.to_string(),
                    )
                }
                (None, Some(rule)) => {
                    let end = format!("request.time < timestamp(\"{}\")", expiry.until);
                    let ended =
                        |rule: &Rule| rule.condition.as_ref().is_some_and(|it| it.as_str().ends_with(&end));
                    if !before
                        .policy(expiry.address.key())
                        .is_some_and(|policy| policy.rules.0.iter().any(ended))
                    {
                        continue;
                    }
                    (format!("has a rule that ended at {}", expiry.until), format!("{rule}"))
                }
                (None, None) => continue,
            };
            let address = expiry.address.clone();
            let finding = self.add(DriftKind::Due, &address, what, &[&told_apart, &expiry.until.to_string()]);
            finding.place = Some(expiry.at.clone());
        }
    }

    /// Slots in which anything is to be done, and those without a key that another run may be making.
    fn slots(&mut self) {
        for slot in &self.plan.keys().slots {
            let made = slot.work.iter().find(|work| matches!(work, SlotWork::Make { .. }));
            let due = made.or(slot.work.first()).map(|work| due_words(work, &slot.slot));
            let unmade = slot.lacks_a_key().then(|| {
                format!(
                    "has no key in slot {} yet: another run makes one, or could not deliver it",
                    slot.slot
                )
            });
            if let Some(what) = due.or(unmade) {
                self.add(DriftKind::Due, &slot.application, what, &["slot", slot.slot.as_str()]);
            }
        }
    }

    /// An entry that ignores nothing.
    fn stale(&mut self, entry: &IgnoredFinding, why: &str) {
        let subject = format!("the entry {} of `settings.drift.ignore`", entry.by);
        let fixed = [DriftKind::StaleIgnore.as_str().to_owned(), entry.by.to_string()];
        self.push(DriftKind::StaleIgnore, subject, why.to_owned(), &fixed, &[]).place =
            Some(entry.at.clone());
    }

    fn grant(&self, held: &HeldGrant) -> String {
        held.grant.words(|id| self.plan.before().projects.get(&id))
    }
}

/// Says of an application what is due in a slot of it.
fn due_words(work: &SlotWork, slot: &SlotName) -> String {
    match work {
        SlotWork::Make { why } => format!("is due for a key in slot {slot}: {why}"),
        SlotWork::Adopt { .. } => format!("has not adopted the key of slot {slot} yet"),
        SlotWork::Finish { key } => format!("has key {key} in slot {slot}, whose delivery is not finished"),
        SlotWork::Rename { key, .. } => format!("has key {key} marked with the old name of slot {slot}"),
        SlotWork::Discard { key } => format!("has key {key} in slot {slot}, which was never delivered"),
        SlotWork::Retire { key } => {
            format!("has key {key} in slot {slot}, which was replaced and whose overlap has ended")
        }
        SlotWork::Sweep { secret, .. } => {
            format!("has versions of secret {secret} in slot {slot} whose key no longer exists")
        }
        SlotWork::Deduplicate { secret, .. } => {
            format!("delivers slot {slot} to secret {secret}, beside which an empty one has the same name")
        }
    }
}

/// What tells the grants of one principal apart.
fn told_apart(held: &HeldGrant) -> Vec<String> {
    let Path { group, policy, rule: _ } = &held.path;
    let group = group.as_ref().map(ToString::to_string).unwrap_or_default();
    vec![held.grant.words(|_| None), group, policy.to_string()]
}
