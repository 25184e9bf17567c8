//! Both sides as YAML, and a plan as short lines.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use scw_iam::access::{AccessEffect, Grant, GrantScope};
use scw_iam::config::{self, Source};
use scw_iam::model::{
    Address, Application, Attachment, Builtin, Catalogue, Desired, Email, FieldValue, Flags, Group, Id, Ids,
    Key, Meta, Object, Owner, Policy, Principal, Rules, State, User, UserType,
};
use scw_iam::plan::file::{MadeFrom, Standing, digest};
use scw_iam::plan::{
    Action, Allowance, Caller, ConflictKind, Error, Facts, Finding, GuardOptions, Plan, Step, Verdict,
    between,
};

use crate::support::oracle::Laws;

const HEADER: &str = "
version: 1
organization: 105bdce1-64c0-48ab-899d-868455867ecf
stack: platform
projects:
  prod: 105bdce1-0000-0000-0000-00000000000a
  dev: 105bdce1-0000-0000-0000-00000000000b
";

/// The live side and what the files say.
pub(crate) struct Trap {
    pub(crate) live: State,
    pub(crate) ids: Ids,
    pub(crate) titles: HashMap<Id, String>,
    pub(crate) duplicates: BTreeMap<Address, Vec<Id>>,
    pub(crate) desired: Desired,
    oldest_keys: HashMap<Address, jiff::Timestamp>,
    caller: Caller,
    options: GuardOptions,
}

/// A live side, of which `stack: platform` owns all that is written.
pub(crate) struct Live(State);

fn desired(text: &str, live: Option<&State>) -> Desired {
    let bytes = format!("{HEADER}{text}").into_bytes();
    let now = "2026-11-22T00:00:00Z".parse().unwrap();
    let source = Source::Text { name: "iam.yaml".into(), bytes };
    let files = config::read(&[source], now).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let resolved = files.resolve(live, Catalogue::published(), false);
    resolved.unwrap_or_else(|mistakes| panic!("{mistakes}")).desired
}

fn users(state: &mut State, text: &str) {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"@._-".contains(c));
    let emails: BTreeSet<&str> = words.filter(|word| word.contains('@')).collect();
    for email in emails {
        let user = User::member(email);
        state.objects.entry(Address::user(email.parse::<Email>().unwrap())).or_insert(user.into());
    }
}

/// Reads a live side. Whoever is mentioned is a user; beside them there is the owner, `owner@x.io`, who plans.
pub(crate) fn live(text: &str) -> Live {
    let mut state = desired(text, None).state;
    users(&mut state, "owner@x.io");
    users(&mut state, text);
    state.all_mut::<User>().next().unwrap().1.kind = UserType::Owner;
    Live(state)
}

impl Live {
    /// Changes what YAML cannot say.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut State)) -> Self {
        change(&mut self.0);
        self
    }

    /// Adds the built-in groups.
    pub(crate) fn with_builtin_groups(self) -> Self {
        self.with(|state| {
            let all = [("All Users", Builtin::AllUsers), ("All Applications", Builtin::AllApplications)];
            for (name, builtin) in all {
                let flags = Flags { editable: false, deletable: false, managed: false };
                let members = BTreeSet::new();
                let group = Group { meta: Meta::default(), flags, builtin: Some(builtin), members };
                state.insert(key(name), group);
            }
        })
    }

    /// Lays files over it.
    pub(crate) fn files(self, text: &str) -> Trap {
        let mut live = self.0;
        users(&mut live, text);
        let mut ids = Ids::default();
        let mut note = |number: usize, address: Address| {
            let id = address.key().id().unwrap_or(Id::from_bits(number as u128));
            ids.insert(address, id);
        };
        (live.users().map(|(key, _)| key).cloned().enumerate())
            .for_each(|(n, key)| note(0x100 + n, Address::user(key)));
        let applications = live.applications().map(|(key, _)| key).cloned().enumerate();
        applications.for_each(|(n, key)| note(0x200 + n, Address::application(key)));
        (live.groups().map(|(key, _)| key).cloned().enumerate())
            .for_each(|(n, key)| note(0x300 + n, Address::group(key)));
        (live.policies().map(|(key, _)| key).cloned().enumerate())
            .for_each(|(n, key)| note(0x400 + n, Address::policy(key)));
        let desired = desired(text, Some(&live));
        Trap {
            live,
            ids,
            titles: HashMap::new(),
            duplicates: BTreeMap::new(),
            desired,
            oldest_keys: HashMap::new(),
            caller: Caller::Known(user("owner@x.io")),
            options: GuardOptions::default(),
        }
    }

    /// Lays the files over it that were exported from it, with another text at each of these places.
    pub(crate) fn files_with(self, text: &str, changes: &[(&str, &str)]) -> Trap {
        let mut text = text.to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replacen(from, to, 1);
        }
        self.files(&text)
    }
}

impl Trap {
    /// Changes what YAML cannot say.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Says who plans.
    pub(crate) fn by(mut self, caller: Principal) -> Self {
        self.caller = Caller::Known(caller);
        self
    }

    /// Says that nobody knows who plans.
    pub(crate) fn by_nobody(mut self) -> Self {
        self.caller = Caller::Unresolved("the key belongs to nobody".to_owned());
        self
    }

    /// Lifts a guard: `deletes=7`.
    pub(crate) fn allow(mut self, text: &str) -> Self {
        let Allowance { guard, number } = text.parse().unwrap();
        self.options.allow.insert(guard, number);
        self
    }

    pub(crate) fn strict(mut self) -> Self {
        self.options.strict = true;
        self
    }

    pub(crate) fn plan(&self) -> Result<Plan, Error> {
        between(&self.facts(), &self.desired, &self.options)
    }

    /// Plans, and reads the plan again as one that was saved, refused or not.
    pub(crate) fn saved(&self) -> Plan {
        let plan = || self.plan().unwrap_or_else(|error| panic!("{error}"));
        let digest = digest(&self.facts(), None);
        let document = plan().saved(MadeFrom::new(Vec::new(), &self.options, digest.clone()));
        let again = plan();
        assert_eq!(document.check(&again, &digest, self.facts().now).unwrap(), Standing::Same);
        again
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            live: &self.live,
            ids: &self.ids,
            titles: &self.titles,
            duplicates: &self.duplicates,
            oldest_keys: &self.oldest_keys,
            keys: scw_iam::plan::slot::KeyFacts::NONE,
            people: scw_iam::plan::PeopleFacts::NONE,
            guards: None,
            caller: &self.caller,
            now: "2026-11-22T00:00:00Z".parse().unwrap(),
        }
    }

    /// Plans, judges every order that the edges allow, and shows the steps, interruptions, conflicts and findings.
    pub(crate) fn show(&self) -> String {
        let plan = match self.plan() {
            Ok(plan) => plan,
            Err(error) => return format!("error: {error}"),
        };
        Laws::of(&plan).judge_all_orders().unwrap_or_else(|broken| panic!("{broken}"));
        let mut text = String::new();
        for step in plan.steps() {
            line(&mut text, &plan, step);
        }
        for interruption in plan.interruptions() {
            let grant = interruption.grant.words(|id| plan.before().projects.get(&id));
            let (who, from, to) = (&interruption.principal, interruption.from_step, interruption.to_step);
            writeln!(text, "interrupted: {who}, {grant}, from step {from} to step {to}").unwrap();
        }
        for conflict in plan.conflicts() {
            writeln!(text, "conflict: {}: {}", conflict.address, why(&conflict.kind)).unwrap();
        }
        for blocked in plan.blocked() {
            let (of, rules) = (&blocked.address, &blocked.rules);
            writeln!(text, "not rewritten: {of}: {rules:?}").unwrap();
            for (who, grant) in &blocked.stays {
                let grant = grant.words(|id| plan.before().projects.get(&id));
                writeln!(text, "  {who} keeps {grant}").unwrap();
            }
        }
        for leftover in plan.leftovers() {
            let (of, rule, by) = (&leftover.policy, leftover.rule + 1, leftover.dropped_by);
            writeln!(text, "rule {rule} of {of} grants nothing, dropped by {by:?}").unwrap();
        }
        plan.findings().iter().for_each(|finding| found(&mut text, finding));
        if text.is_empty() { "nothing to do".to_owned() } else { text }
    }

    /// Plans, and shows who gains and loses.
    pub(crate) fn access(&self) -> String {
        let plan = self.plan().unwrap_or_else(|error| panic!("{error}"));
        let mut text = String::new();
        for change in plan.access() {
            let marks = [
                (change.loses_all, "loses all"),
                (change.from_nothing, "had nothing"),
                (change.locked, "locked"),
            ];
            let marks: Vec<_> = marks.into_iter().filter(|(is, _)| *is).map(|(_, mark)| mark).collect();
            let marks = if marks.is_empty() { String::new() } else { format!(" ({})", marks.join(", ")) };
            writeln!(text, "{}{marks}", change.principal).unwrap();
            for changed in &change.grants {
                let sign = match changed.effect {
                    AccessEffect::Gained => "+",
                    AccessEffect::Lost => "-",
                    AccessEffect::Loosened => "+ loosened:",
                    AccessEffect::Tightened => "- tightened:",
                };
                let grant = changed.grant.words(|id| plan.outcome().projects.get(&id));
                let group = changed.path.group.as_ref().map(|group| format!("group {group} ← "));
                let (group, policy, rule) =
                    (group.unwrap_or_default(), &changed.path.policy, changed.path.rule + 1);
                writeln!(text, "  {sign} {grant} ← {group}policy {policy}, rule {rule}").unwrap();
            }
        }
        if text.is_empty() { "no change in access".to_owned() } else { text }
    }

    /// Plans, and shows what stays though nobody declares it.
    pub(crate) fn spared(&self) -> String {
        let plan = self.plan().unwrap_or_else(|error| panic!("{error}"));
        let lines = plan.spared().iter().map(|spared| format!("{}: {:?}\n", spared.address, spared.reason));
        lines.collect()
    }

    /// Plans what the plan leads to, once more.
    pub(crate) fn again(mut self) -> Self {
        let plan = self.plan().unwrap_or_else(|error| panic!("{error}"));
        let mut ids = plan.ids().clone();
        let outcome = plan.outcome().clone();
        let mut next = 0x900;
        let all = (outcome.applications().map(|(key, _)| key).cloned().map(Address::application))
            .chain(outcome.groups().map(|(key, _)| key).cloned().map(Address::group))
            .chain(outcome.policies().map(|(key, _)| key).cloned().map(Address::policy));
        for address in all {
            if ids.get(&address).is_none() {
                ids.insert(address, Id::from_bits(next));
                next += 1;
            }
        }
        (self.live, self.ids) = (outcome, ids);
        self
    }
}

fn found(text: &mut String, finding: &Finding) {
    let verdict = match finding.verdict {
        Verdict::Refused => "refused",
        Verdict::Lifted => "allowed",
        Verdict::Shown => "shown",
    };
    writeln!(text, "{verdict}: {}={}: {}", finding.guard, finding.found, finding.message).unwrap();
    for item in &finding.items {
        writeln!(text, "  {item}").unwrap();
    }
}

fn why(kind: &ConflictKind) -> String {
    match kind {
        ConflictKind::Owned(Owner::Stack(stack)) => format!("belongs to stack {stack}"),
        ConflictKind::Owned(Owner::Unclear(_)) => "belongs to several stacks".to_owned(),
        ConflictKind::Managed => "a product manages it".to_owned(),
        ConflictKind::ExternalButOwned => "is external, and owned".to_owned(),
        ConflictKind::BothLive { previously } => format!("is live, and so is {previously}"),
    }
}

fn line(text: &mut String, plan: &Plan, step: &Step) {
    let (sign, what) = match &step.action {
        Action::Create { address, object: Object::Policy(policy) } => {
            let rules = rules(plan, &Rules::default(), &policy.rules);
            ("+", format!("{address} of {}: {rules}", policy.attachment))
        }
        Action::Create { address, .. } => ("+", address.to_string()),
        Action::Update { .. } => ("~", patch(&step.action)),
        Action::AddMembers { group, members } => ("+", format!("{} to {group}", names(members))),
        Action::RemoveMember { group, member } => ("-", format!("{} from {group}", name(member))),
        Action::SetMembers { group, before, after } => {
            let gone: BTreeSet<_> = before.difference(after).cloned().collect();
            assert!(after.is_subset(before), "a PUT never adds");
            ("-", format!("{} from {group}, which leaves {}", names(&gone), names(after)))
        }
        Action::SetRules { policy, before, after } => {
            ("~", format!("rules of {policy}: {}", rules(plan, before, after)))
        }
        Action::Delete { address, .. } => ("-", address.to_string()),
    };
    let after: Vec<_> = step
        .after
        .iter()
        .map(|edge| format!("{} {}", edge.step, format!("{:?}", edge.reason).to_lowercase()))
        .collect();
    let after = if after.is_empty() { String::new() } else { format!("   after {}", after.join(", ")) };
    writeln!(text, "{} {sign} {what}{after}", step.id).unwrap();
}

fn patch(action: &Action) -> String {
    let Action::Update { address, from, .. } = action else { panic!("{action:?}") };
    let mut parts = Vec::new();
    parts.extend(from.as_ref().map(|from| format!("{from} is named {}", address.key())));
    parts.extend(action.changes().iter().map(|(from, to)| match (from.value, to.value) {
        (_, FieldValue::Text(to)) => format!("{} {to:?}", from.name),
        (_, FieldValue::Tags(to)) => format!("{} {to:?}", from.name),
        (_, FieldValue::Owner(_)) => "adopted".to_owned(),
        (FieldValue::Attachment(from), FieldValue::Attachment(to)) => format!("{from} → {to}"),
        other => panic!("no PATCH writes {other:?}"),
    }));
    format!("{address}: {}", parts.join(", "))
}

fn name(principal: &Principal) -> String {
    match (principal, principal.key()) {
        (Principal::User(_), Key::Email(email)) => email.as_str().trim_end_matches("@x.io").to_owned(),
        (_, Key::Id(_)) => "somebody hidden".to_owned(),
        (_, key) => key.to_string(),
    }
}

fn names(principals: &BTreeSet<Principal>) -> String {
    principals.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// The grants that rules gain and lose.
fn rules(plan: &Plan, before: &Rules, after: &Rules) -> String {
    let grants = |rules: &Rules| rules.0.iter().flat_map(Grant::of_rule).collect::<BTreeSet<_>>();
    let (before, after) = (grants(before), grants(after));
    let words = |grant: &Grant| {
        let scope = match &grant.scope {
            GrantScope::Project(id) => {
                plan.outcome().projects.get(id).map_or("?".to_owned(), ToString::to_string)
            }
            other => other.to_string(),
        };
        let condition = if grant.condition.is_some() { " if …" } else { "" };
        format!("{} on {scope}{condition}", grant.permission_set)
    };
    let lost = before.difference(&after).map(|grant| format!("-{}", words(grant)));
    let gained = after.difference(&before).map(|grant| format!("+{}", words(grant)));
    let all: Vec<_> = lost.chain(gained).collect();
    if all.is_empty() { "the same grants".to_owned() } else { all.join(" ") }
}

pub(crate) fn key(name: &str) -> Key {
    Key::Named(name.parse().unwrap())
}

pub(crate) fn email(text: &str) -> Key {
    Key::Email(text.parse().unwrap())
}

pub(crate) fn user(text: &str) -> Principal {
    Principal::User(email(text))
}

pub(crate) fn application(name: &str) -> Principal {
    Principal::Application(key(name))
}

/// An application that nobody owns, with keys.
pub(crate) fn foreign(keys: u32) -> Application {
    Application { meta: Meta::default(), flags: Flags::default(), api_keys: keys }
}

/// A policy that nobody owns, with the rules of another.
pub(crate) fn copy(policy: &Policy, attachment: Attachment) -> Policy {
    Policy { meta: Meta::default(), flags: Flags::default(), attachment, rules: policy.rules.clone() }
}
