//! Looks through an organization for everything in the catalogue.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::activity::{ActivityRow, FamilyUse};
use super::escalation::{EscalationPath, ReachedPoint};
use super::finding::{FindingResult, Outline, ReportedFinding, Subject, fingerprint};
use crate::access::{
    Everything, Grant, GrantScope, Holds, RequestFacts, ResourceFacts, Undecided, decide, self_escalating,
};
use crate::model::{
    ActivityScope, Address, ApiKeyFacts, Attachment, Builtin, Condition, FindingId, FindingSeverity, Id, Ids,
    Inventory, Key, Object, Policy, Principal, PrincipalActivity, Readout, ReportSettings, State, UserType,
    count, day,
};

/// What is known of an organization, to look through.
#[derive(Debug, Clone, Copy)]
pub struct Examined<'a> {
    /// Its objects.
    pub state: &'a State,
    /// Their ids.
    pub ids: &'a Ids,
    /// The names of objects that go by their ids.
    pub titles: &'a HashMap<Id, String>,
    /// What is known beside access.
    pub inventory: &'a Inventory,
    /// The numbers that decide.
    pub settings: &'a ReportSettings,
    /// What time it is.
    pub now: Timestamp,
}

const fn days(number: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * number)
}

/// After so long without a log-in a person is inactive.
const INACTIVE: SignedDuration = days(90);
/// What ends within this time ends soon.
const SOON: SignedDuration = days(14);
/// How long two keys of one bearer may overlap.
const OVERLAP: SignedDuration = days(7);
/// From this number on, denied requests are reported.
const DENIED_OFTEN: usize = 20;

/// What only Audit Trail can tell.
const OF_ACTIVITY: [FindingId; 2] = [FindingId::IdleApplication, FindingId::DeniedOften];
/// What only the list of API keys can tell.
const OF_KEYS: [FindingId; 6] = [
    FindingId::OwnerKey,
    FindingId::KeyWithoutExpiry,
    FindingId::OldKey,
    FindingId::ExpiredKey,
    FindingId::PersonKey,
    FindingId::TwoKeys,
];
/// What access itself tells.
const OF_ACCESS: [FindingId; 24] = [
    FindingId::Escalation,
    FindingId::AdminWithoutMfa,
    FindingId::AdminsCount,
    FindingId::EverybodyGrant,
    FindingId::AllProducts,
    FindingId::ApplicationAdmin,
    FindingId::MfaOff,
    FindingId::InactivePerson,
    FindingId::NeverLoggedIn,
    FindingId::LockedWithAccess,
    FindingId::UnusedApplication,
    FindingId::OrphanPolicy,
    FindingId::EmptyGroup,
    FindingId::RedundantRule,
    FindingId::DuplicatePolicy,
    FindingId::DirectPolicy,
    FindingId::DeadRule,
    FindingId::ExpiredRule,
    FindingId::EndsSoon,
    FindingId::NeverTrue,
    FindingId::HiddenMembers,
    FindingId::ProductMade,
    FindingId::Unmanaged,
    FindingId::StaleIgnore,
];

/// Returns everything that was found, and what could not be looked for. `paths` are the ways to escalate, and `activity` is what
/// people and applications were seen doing.
#[must_use]
pub fn examine(
    of: &Examined<'_>,
    everything: &Everything<'_>,
    paths: &[EscalationPath],
    activity: Option<&Readout<Vec<ActivityRow>>>,
) -> Outline {
    let outline = Outline { organization: Some(of.state.organization), ..Outline::new("report", of.now) };
    let mut exam = Exam { of, everything, outline };
    exam.escalation(paths);
    exam.people();
    exam.administrators();
    exam.applications();
    exam.groups();
    exam.policies();
    exam.rules();
    exam.repeated();
    exam.objects();
    exam.keys();
    exam.settings();
    exam.activity(activity);
    for finding in &mut exam.outline.findings {
        if let Some(severity) = of.settings.severity.get(&finding.id) {
            finding.severity = *severity;
        }
    }
    let settings = [FindingId::NoKeyMaximum, FindingId::PasswordLogin];
    exam.outline.counted(OF_ACCESS.into_iter().chain(OF_KEYS).chain(settings).chain(OF_ACTIVITY))
}

struct Exam<'a> {
    of: &'a Examined<'a>,
    everything: &'a Everything<'a>,
    outline: Outline,
}

/// Returns when a rule ends by its condition: the comparison with `request.time` that `until` writes.
#[must_use]
pub fn ends(condition: &Condition) -> Option<Timestamp> {
    let (before, after) = condition.as_str().trim().rsplit_once("request.time < timestamp(\"")?;
    let (time, rest) = after.split_once('"')?;
    // Of an alternative or a negation nobody knows when it ends.
    let whole = before.is_empty() || before.trim_end().ends_with(") &&");
    time.parse().ok().filter(|_| whole && rest.trim() == ")")
}

impl Exam<'_> {
    fn add(
        &mut self,
        id: FindingId,
        subject: Subject,
        what: String,
        told_apart: &[&str],
    ) -> &mut ReportedFinding {
        let object = subject.id.clone().unwrap_or_else(|| subject.name.clone());
        let print = fingerprint(id, self.of.state.organization, &subject.kind, &object, told_apart);
        self.outline.findings.push(ReportedFinding {
            id,
            severity: id.text().severity,
            subject,
            what,
            way: None,
            place: None,
            fingerprint: print,
            ignored: None,
            done_by: None,
        });
        self.outline.findings.last_mut().expect("one was just added")
    }

    fn not_judged(&mut self, id: FindingId, why: &str, helps: Option<&'static str>) {
        self.outline.results.insert(id, FindingResult::NotJudged { why: why.to_owned(), helps });
    }

    fn subject(&self, address: &Address) -> Subject {
        let id = self.of.ids.get(address);
        let title = id.and_then(|id| self.of.titles.get(&id));
        let name =
            title.map_or_else(|| address.key_text(), |title| format!("{} ({title})", address.key_text()));
        Subject { kind: address.kind().word().to_owned(), name, id: id.map(|id| id.to_string()) }
    }

    fn words(&self, grant: &Grant) -> String {
        grant.words(|id| self.of.state.projects.get(&id))
    }

    /// Whether an object is older than what findings of absence spare.
    fn settled(&self, address: &Address) -> bool {
        let made = self.of.ids.get(address).and_then(|id| self.of.inventory.created.get(&id));
        made.is_none_or(|made| self.of.now.duration_since(*made) > self.of.settings.grace)
    }

    /// Whether a principal holds a set that can escalate.
    fn privileged(&self, principal: &Principal) -> bool {
        self.everything.held_by(principal).iter().any(|held| self_escalating(&held.grant.permission_set))
    }

    fn escalation(&mut self, paths: &[EscalationPath]) {
        let administers = |paths: &[&EscalationPath]| {
            let one = |path: &&&EscalationPath| path.hops.len() == 1 && path.end == ReachedPoint::Everything;
            let by = paths.iter().find(one).and_then(|path| path.hops.first());
            by.is_some_and(|hop| hop.by != "IAMPolicyManager" && !hop.conditional)
        };
        let mut by: BTreeMap<&Principal, Vec<&EscalationPath>> = BTreeMap::new();
        for path in paths {
            by.entry(&path.from).or_default().push(path);
        }
        for (principal, paths) in by {
            // Whoever administers IAM is meant to; their number has a finding of its own.
            if administers(&paths) {
                continue;
            }
            let best =
                paths.iter().min_by_key(|path| (path.end != ReachedPoint::Everything, path.hops.len()));
            let Some(best) = best else { continue };
            let end = match &best.end {
                ReachedPoint::Everything => "everything".to_owned(),
                other => format!("what {other} holds"),
            };
            let apart: Vec<String> =
                best.hops.iter().map(|hop| format!("{} {} {}", hop.edge, hop.by, hop.to)).collect();
            let apart: Vec<&str> = apart.iter().map(String::as_str).collect();
            let subject = self.subject(&principal.address());
            self.add(FindingId::Escalation, subject, format!("can reach {end}"), &apart).way =
                Some(best.words());
        }
    }

    fn people(&mut self) {
        let now = self.of.now;
        for (key, user) in self.of.state.users() {
            let principal = Principal::User(key.clone());
            let address = principal.address();
            let facts = self.of.ids.get(&address).and_then(|id| self.of.inventory.people.get(&id)).copied();
            let owner = user.kind == UserType::Owner;
            let held = self.everything.held_by(&principal);
            let privileged = owner || held.iter().any(|held| self_escalating(&held.grant.permission_set));
            let holds = owner || !held.is_empty();
            let subject = self.subject(&address);
            if user.locked && holds {
                let what = format!("is locked and holds {}", count(held.len(), "grant", "grants"));
                self.add(FindingId::LockedWithAccess, subject.clone(), what, &[]);
            }
            let Some(facts) = facts else { continue };
            if !facts.mfa && user.can_log_in() {
                let (id, what) = if owner {
                    (FindingId::AdminWithoutMfa, "is the owner, and logs in without a second factor")
                } else if privileged {
                    (FindingId::AdminWithoutMfa, "can escalate, and logs in without a second factor")
                } else {
                    (FindingId::MfaOff, "logs in without a second factor")
                };
                self.add(id, subject.clone(), what.to_owned(), &[]);
            }
            match facts.last_login_at {
                Some(last) if holds && !owner && now.duration_since(last) > INACTIVE => {
                    let grants = count(held.len(), "grant", "grants");
                    let what = format!("last logged in on {}, and holds {grants}", day(last));
                    self.add(FindingId::InactivePerson, subject, what, &[]);
                }
                None if !owner && self.settled(&address) => {
                    let what = "was invited and has never logged in".to_owned();
                    self.add(FindingId::NeverLoggedIn, subject, what, &[]);
                }
                Some(_) | None => {}
            }
        }
    }

    fn administrators(&mut self) {
        let administering = Grant::administering();
        let administers = |grant: &Grant| administering.iter().any(|it| grant.covers(it));
        let mut admins = BTreeSet::new();
        for (key, user) in self.of.state.users().filter(|(_, user)| user.can_log_in()) {
            let principal = Principal::User(key.clone());
            let held = self.everything.held_by(&principal);
            if user.kind == UserType::Owner || held.iter().any(|held| administers(&held.grant)) {
                admins.insert(key.to_string());
            }
        }
        let most = self.of.settings.max_iam_admins;
        if admins.len() >= 2 && admins.len() <= most {
            return;
        }
        let names: Vec<&str> = admins.iter().map(String::as_str).collect();
        let limit = if admins.len() < 2 { "at least 2".to_owned() } else { format!("at most {most}") };
        let people = count(names.len(), "person", "people");
        let mut what = format!("has {people} who can administer IAM ({limit})");
        if !names.is_empty() {
            what.push_str(&format!(": {}", names.join(", ")));
        }
        let subject = Subject { kind: "organization".into(), name: String::new(), id: None };
        let few = names.len() < 2;
        let finding = self.add(FindingId::AdminsCount, subject, what, &names);
        finding.severity = if few { FindingSeverity::High } else { FindingSeverity::Medium };
    }

    fn applications(&mut self) {
        let state = self.of.state;
        let grouped: HashSet<&Principal> = state.groups().flat_map(|(_, group)| &group.members).collect();
        let attached: HashSet<&Attachment> = state.policies().map(|(_, policy)| &policy.attachment).collect();
        for (key, application) in state.applications().filter(|(_, it)| !it.flags.managed) {
            let principal = Principal::Application(key.clone());
            let address = principal.address();
            let held = self.everything.held_by(&principal);
            let sets: BTreeSet<&Grant> = held.iter().map(|held| &held.grant).collect();
            for set in sets.into_iter().filter(|grant| self_escalating(&grant.permission_set)) {
                let (what, subject) = (format!("holds {}", self.words(set)), self.subject(&address));
                self.add(FindingId::ApplicationAdmin, subject, what, &[&set.words(|_| None)]);
            }
            let used = grouped.contains(&principal) || attached.contains(&Attachment::Principal(principal));
            if application.api_keys == 0 && !used && self.settled(&address) {
                let what = "has no API key, is in no group and has no policy".to_owned();
                let subject = self.subject(&address);
                self.add(FindingId::UnusedApplication, subject, what, &[]);
            }
        }
    }

    fn groups(&mut self) {
        let state = self.of.state;
        let mut policies_on: HashMap<&Attachment, usize> = HashMap::new();
        for (_, policy) in state.policies() {
            *policies_on.entry(&policy.attachment).or_default() += 1;
        }
        for (key, group) in state.groups() {
            let address = Address::group(key.clone());
            let policies = policies_on.get(&Attachment::Group(key.clone())).copied().unwrap_or_default();
            let ordinary = group.builtin.is_none() && !group.flags.managed;
            if ordinary && group.members.is_empty() && policies > 0 && self.settled(&address) {
                let what = format!("has no members and {}", count(policies, "policy", "policies"));
                let subject = self.subject(&address);
                self.add(FindingId::EmptyGroup, subject, what, &[]);
            }
            let hidden: Vec<String> = group
                .members
                .iter()
                .filter(|it| !state.has(&it.address()))
                .map(ToString::to_string)
                .collect();
            if !hidden.is_empty() {
                let apart: Vec<&str> = hidden.iter().map(String::as_str).collect();
                let what = format!("has members that no list shows: {}", hidden.join(", "));
                let subject = self.subject(&address);
                self.add(FindingId::HiddenMembers, subject, what, &apart);
            }
        }
    }

    fn policies(&mut self) {
        let state = self.of.state;
        for (key, policy) in state.policies().filter(|(_, policy)| !policy.flags.managed) {
            let address = Address::policy(key.clone());
            let subject = self.subject(&address);
            match &policy.attachment {
                Attachment::None if self.settled(&address) => {
                    let rules = count(policy.rules.0.len(), "rule", "rules");
                    let what = format!("is attached to nobody and has {rules}");
                    self.add(FindingId::OrphanPolicy, subject.clone(), what, &[]);
                }
                Attachment::Principal(Principal::User(person)) => {
                    let what = format!("is attached to user {person}");
                    self.add(FindingId::DirectPolicy, subject.clone(), what, &[&person.to_string()]);
                }
                Attachment::Group(group) => {
                    let everybody = state.group(group).and_then(|group| group.builtin);
                    if let Some(builtin) = everybody.filter(|_| !policy.rules.0.is_empty()) {
                        let whom = match builtin {
                            Builtin::AllUsers => "everybody, now and later",
                            Builtin::AllApplications => "every application, now and later",
                        };
                        let sets = self.sets(policy);
                        let what = format!("gives {sets} to {whom}");
                        self.add(FindingId::EverybodyGrant, subject.clone(), what, &[&group.to_string()]);
                    }
                }
                Attachment::None | Attachment::Principal(Principal::Application(_)) => {}
            }
            self.all_products(&subject, policy);
        }
    }

    fn sets(&self, policy: &Policy) -> String {
        let grants: BTreeSet<String> =
            policy.rules.0.iter().flat_map(Grant::of_rule).map(|grant| self.words(&grant)).collect();
        grants.into_iter().collect::<Vec<_>>().join(", ")
    }

    fn all_products(&mut self, subject: &Subject, policy: &Policy) {
        if policy.attachment == Attachment::None {
            return;
        }
        let direct = matches!(policy.attachment, Attachment::Principal(Principal::User(_)));
        let grants: BTreeSet<Grant> = policy.rules.0.iter().flat_map(Grant::of_rule).collect();
        for grant in grants.iter().filter(|grant| grant.permission_set.as_str() == "AllProductsFullAccess") {
            let wide = match &grant.scope {
                GrantScope::Organization | GrantScope::AllProjects => true,
                GrantScope::Project(_) | GrantScope::Other(_) => direct,
            };
            if wide {
                let whom = policy.attachment.address().map(|to| to.to_string()).unwrap_or_default();
                let what = format!("gives {} to {whom}", self.words(grant));
                self.add(FindingId::AllProducts, subject.clone(), what, &[&grant.words(|_| None)]);
            }
        }
    }

    fn rules(&mut self) {
        let (state, now) = (self.of.state, self.of.now);
        for (key, policy) in state.policies().filter(|(_, policy)| !policy.flags.managed) {
            let subject = self.subject(&Address::policy(key.clone()));
            for (at, rule) in policy.leftovers() {
                let sets: Vec<String> = rule.permission_sets.iter().map(ToString::to_string).collect();
                let what =
                    format!("has a rule ({}) whose projects were all deleted: {}", at + 1, sets.join(", "));
                self.add(FindingId::DeadRule, subject.clone(), what, &[&sets.join(" ")]);
            }
            for (at, rule) in policy.rules.0.iter().enumerate() {
                let Some(condition) = &rule.condition else { continue };
                let (number, apart) = (at + 1, format!("{rule:?}"));
                match ends(condition) {
                    Some(end) if end <= now => {
                        let what = format!("has a rule ({number}) that ended on {}", day(end));
                        self.add(FindingId::ExpiredRule, subject.clone(), what, &[&apart]);
                    }
                    Some(end) if end.duration_since(now) <= SOON => {
                        let what = format!("has a rule ({number}) that ends on {}", day(end));
                        self.add(FindingId::EndsSoon, subject.clone(), what, &[&apart]);
                    }
                    Some(_) | None => {}
                }
                if let Some(why) = never(condition, now) {
                    let what = format!("has a rule ({number}) whose condition can never hold: {why}");
                    self.add(FindingId::NeverTrue, subject.clone(), what, &[&apart]);
                }
            }
        }
    }

    /// Policies that say the same to one principal, and rules that say nothing new.
    fn repeated(&mut self) {
        let mut by: BTreeMap<&Attachment, Vec<(&Key, &Policy)>> = BTreeMap::new();
        for (key, policy) in self.of.state.policies().filter(|(_, policy)| !policy.flags.managed) {
            if policy.attachment != Attachment::None && !policy.rules.0.is_empty() {
                by.entry(&policy.attachment).or_default().push((key, policy));
            }
        }
        for mut policies in by.into_values() {
            policies.sort_by_key(|(key, _)| *key);
            let mut alone: Vec<(&Key, &Policy)> = Vec::new();
            let mut twins: BTreeMap<&Key, Vec<String>> = BTreeMap::new();
            for (key, policy) in policies {
                match alone.iter().find(|(_, other)| other.rules == policy.rules) {
                    Some((first, _)) => twins.entry(first).or_default().push(key.to_string()),
                    None => alone.push((key, policy)),
                }
            }
            for (first, others) in twins {
                let subject = self.subject(&Address::policy(first.clone()));
                let apart: Vec<&str> = others.iter().map(String::as_str).collect();
                let what = format!("says the same to the same principal as {}", others.join(", "));
                self.add(FindingId::DuplicatePolicy, subject, what, &apart);
            }
            self.redundant(&alone);
        }
    }

    fn redundant(&mut self, policies: &[(&Key, &Policy)]) {
        let rules: Vec<(&Key, usize, Vec<Grant>)> = policies
            .iter()
            .flat_map(|(key, policy)| {
                policy.rules.0.iter().enumerate().map(|(at, rule)| (*key, at, Grant::of_rule(rule).collect()))
            })
            .collect();
        let mut dropped = BTreeSet::new();
        for (at, (key, rule, grants)) in rules.iter().enumerate().rev() {
            let others =
                rules.iter().enumerate().filter(|(other, _)| *other != at && !dropped.contains(other));
            let others: Vec<&Grant> = others.flat_map(|(_, (_, _, grants))| grants).collect();
            let covered = |grant: &Grant| others.iter().any(|other| other.covers(grant));
            if !grants.is_empty() && grants.iter().all(covered) {
                dropped.insert(at);
                let subject = self.subject(&Address::policy((*key).clone()));
                let words: Vec<String> = grants.iter().map(|grant| self.words(grant)).collect();
                let fixed: Vec<String> = grants.iter().map(|grant| grant.words(|_| None)).collect();
                let what = format!("has a rule ({}) that grants nothing new: {}", rule + 1, words.join(", "));
                self.add(FindingId::RedundantRule, subject, what, &[&fixed.join("\n")]);
            }
        }
    }

    /// Whose the objects are.
    fn objects(&mut self) {
        for (address, object) in &self.of.state.objects {
            // Files may name people without managing them.
            let person = address.kind().named_undeclared();
            if object.meta().is_none() || object.is_built_in() || person {
                continue;
            }
            let owned = object.meta().is_some_and(|meta| meta.owner.is_some());
            let gives = match object {
                Object::Policy(policy) => Some(self.sets(policy)).filter(|sets| !sets.is_empty()),
                Object::User(_)
                | Object::Application(_)
                | Object::Group(_)
                | Object::SshKey(_)
                | Object::OrganizationSettings(_) => None,
            };
            let gives = gives.map(|sets| format!(" and gives {sets}")).unwrap_or_default();
            let subject = self.subject(address);
            if object.flags().managed {
                self.add(FindingId::ProductMade, subject, format!("is kept by a product{gives}"), &[]);
            } else if !owned {
                self.add(FindingId::Unmanaged, subject, format!("belongs to no stack{gives}"), &[]);
            }
        }
    }

    fn keys(&mut self) {
        let keys = match &self.of.inventory.keys {
            Readout::Read(keys) => keys,
            Readout::Unread { why, helps } => {
                OF_KEYS.into_iter().for_each(|id| self.not_judged(id, why, *helps));
                return;
            }
        };
        let now = self.of.now;
        let mut by: BTreeMap<&Principal, Vec<&ApiKeyFacts>> = BTreeMap::new();
        for key in keys.iter().filter(|key| !key.managed) {
            let subject = Subject {
                kind: "API key".into(),
                name: key.access_key.clone(),
                id: Some(key.access_key.clone()),
            };
            let whose =
                key.bearer.as_ref().map_or_else(|| "somebody unknown".to_owned(), ToString::to_string);
            let owner = key.bearer.as_ref().is_some_and(|bearer| self.everything.owners().contains(bearer));
            if owner {
                let what = format!("belongs to {whose}, the owner");
                self.add(FindingId::OwnerKey, subject.clone(), what, &[]);
            }
            let expired = key.expires_at.is_some_and(|end| end <= now);
            if let Some(end) = key.expires_at.filter(|_| expired) {
                let what = format!("of {whose} expired on {}", day(end));
                self.add(FindingId::ExpiredKey, subject, what, &[]);
                continue;
            }
            if let Some(bearer) = &key.bearer {
                by.entry(bearer).or_default().push(key);
            }
            if key.expires_at.is_none() {
                let privileged = owner || key.bearer.as_ref().is_some_and(|bearer| self.privileged(bearer));
                let finding = self.add(
                    FindingId::KeyWithoutExpiry,
                    subject.clone(),
                    format!("of {whose} never expires"),
                    &[],
                );
                if privileged {
                    finding.severity = FindingSeverity::High;
                }
                if let Some(Principal::User(person)) = &key.bearer {
                    let what = format!("of user {person} never expires; an application would do");
                    self.add(FindingId::PersonKey, subject.clone(), what, &[]);
                }
            }
            if let Some(made) =
                key.created_at.filter(|made| now.duration_since(*made) > self.of.settings.key_age)
            {
                let what = format!("of {whose} was made on {}", day(made));
                self.add(FindingId::OldKey, subject, what, &[]);
            }
        }
        for (bearer, mut keys) in by {
            keys.sort_by(|a, b| (b.created_at, &b.access_key).cmp(&(a.created_at, &a.access_key)));
            let [newest, older @ ..] = keys.as_slice() else { continue };
            let long = newest.created_at.is_some_and(|made| now.duration_since(made) > OVERLAP);
            for key in older.iter().filter(|_| long) {
                let subject = Subject {
                    kind: "API key".into(),
                    name: key.access_key.clone(),
                    id: Some(key.access_key.clone()),
                };
                let what = format!("of {bearer} is kept beside the newer {}", newest.access_key);
                self.add(FindingId::TwoKeys, subject, what, &[]);
            }
        }
    }

    /// What Audit Trail tells, where somebody asked for it.
    fn activity(&mut self, rows: Option<&Readout<Vec<ActivityRow>>>) {
        let (activity, rows) = match (&self.of.inventory.activity, rows) {
            (Some(Readout::Read(activity)), Some(Readout::Read(rows))) => (activity, rows),
            (Some(Readout::Unread { why, helps }), _) | (_, Some(Readout::Unread { why, helps })) => {
                OF_ACTIVITY.into_iter().for_each(|id| self.not_judged(id, why, *helps));
                return;
            }
            (None, _) | (_, None) => {
                let takes = "it takes Audit Trail, which `report --activity` reads";
                for id in OF_ACTIVITY {
                    self.outline.results.insert(id, FindingResult::NotAsked { takes });
                }
                return;
            }
        };
        rows.iter().for_each(|row| self.active(row));
        let partly = activity.unread.iter().next().map(|(region, why)| format!("{why} ({region})"));
        let crowd = (activity.left_out > 0)
            .then(|| count(activity.left_out, "principal was", "principals were") + " not looked up");
        if let Some(why) = partly.or(crowd) {
            OF_ACTIVITY.into_iter().for_each(|id| self.not_judged(id, &why, None));
        } else if activity.scope == ActivityScope::Applications {
            let takes = "only applications were looked up";
            self.outline.results.insert(FindingId::DeniedOften, FindingResult::NotAsked { takes });
        }
    }

    /// What is worth knowing about the recorded activity of one principal.
    fn active(&mut self, row: &ActivityRow) {
        let Some(PrincipalActivity { calls, denied, last }) = &row.activity else { return };
        let address = row.principal.address();
        if denied.number >= DENIED_OFTEN {
            let what = format!("had {denied} requests denied in 90 days");
            let subject = self.subject(&address);
            self.add(FindingId::DeniedOften, subject, what, &[]);
        }
        let of_kind = |wanted: FamilyUse| -> Vec<&str> {
            let uses = row.uses.iter().filter(|(_, (_, used))| *used == wanted);
            uses.map(|(name, _)| name.as_str()).collect()
        };
        let (unseen, unknown) = (of_kind(FamilyUse::NotSeen), of_kind(FamilyUse::NotRecorded));
        let Principal::Application(key) = &row.principal else { return };
        let managed = self.of.state.application(key).is_none_or(|it| it.flags.managed);
        // An application that is denied everything is not idle, and where nothing is recorded, nothing can be seen.
        let called = calls.number > 0 || !last.is_empty();
        if managed || called || unseen.is_empty() || !self.settled(&address) {
            return;
        }
        let mut what = format!("made no call in 90 days that Audit Trail records for {}", unseen.join(", "));
        if !unknown.is_empty() {
            what.push_str(&format!("; not recorded: {}", unknown.join(", ")));
        }
        let subject = self.subject(&address);
        self.add(FindingId::IdleApplication, subject, what, &[]);
    }

    fn settings(&mut self) {
        let subject = || Subject { kind: "organization".into(), name: String::new(), id: None };
        match &self.of.inventory.key_maximum {
            Readout::Read(Some(_)) => {}
            Readout::Read(None) => {
                let what = "does not limit how long API keys live".to_owned();
                self.add(FindingId::NoKeyMaximum, subject(), what, &[]);
            }
            Readout::Unread { why, helps } => self.not_judged(FindingId::NoKeyMaximum, why, *helps),
        }
        match &self.of.inventory.password_beside_saml {
            Readout::Read(false) => {}
            Readout::Read(true) => {
                let what = "has SAML, and people may still log in with a password".to_owned();
                self.add(FindingId::PasswordLogin, subject(), what, &[]);
            }
            Readout::Unread { why, helps } => self.not_judged(FindingId::PasswordLogin, why, *helps),
        }
    }
}

/// Returns why a condition can never hold, where that is sure: it fails whatever the request is.
fn never(condition: &Condition, now: Timestamp) -> Option<String> {
    let request = RequestFacts { time: now, ip: None, user_agent: None, resource: ResourceFacts::default() };
    let grant = Grant {
        permission_set: "IAMReadOnly".parse().ok()?,
        scope: GrantScope::Organization,
        condition: Some(condition.clone()),
    };
    match decide(&grant, Some(&request)) {
        Holds::Depends(Some(why @ (Undecided::Fails(_) | Undecided::NoAnswer))) => Some(why.to_string()),
        Holds::Depends(Some(Undecided::Invalid(_) | Undecided::Unknown(_) | Undecided::TooCostly) | None)
        | Holds::Yes
        | Holds::No
        | Holds::Ended(_) => None,
    }
}
