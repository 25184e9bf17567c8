//! Who has what, told whole: questions with their answers, access profiles, people, applications, what ends.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::activity::ActivityRow;
use super::escalation::{EscalationPath, escalation_paths};
use super::examine::{Examined, ends, examine};
use super::finding::Outline;
use crate::access::{
    CanDo, Everything, Grant, GrantScope, HeldGrant, Holds, Path, RequestFacts, ResourceFacts, decide,
    includes, single_scope,
};
use crate::model::{
    ActivityScope, Catalogue, Key, PermissionSetName, Principal, Readout, ReportQuestion, UserStatus,
    UserType,
};

/// A question that every report answers first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingQuestion {
    /// What it asks, in words.
    pub name: String,
    /// The permission set.
    pub can: PermissionSetName,
    /// Where.
    pub on: GrantScope,
}

/// Who can.
#[derive(Debug, Clone)]
pub struct AnsweredQuestion {
    /// The question.
    pub question: StandingQuestion,
    /// The profiles whose holders can, or could were a condition true, by number, with the best way of one holder.
    pub who: Vec<(usize, CanDo)>,
    /// Those who hold everything.
    pub owners: Vec<Principal>,
}

/// One combination of groups and direct policies, and what it grants.
#[derive(Debug, Clone)]
pub struct AccessProfile {
    /// The groups and policies.
    pub ways: BTreeSet<(Option<Key>, Key)>,
    /// What they grant, as one holder has it.
    pub grants: Vec<HeldGrant>,
    /// Who has it.
    pub holders: Vec<Principal>,
    /// How many sets there are on each scope, and the letter of the highest: `F` full, `W` write, `R` read.
    pub cells: BTreeMap<GrantScope, (usize, char)>,
}

/// A person or an application.
#[derive(Debug, Clone)]
pub struct PrincipalRow {
    /// Who.
    pub principal: Principal,
    /// The id.
    pub id: String,
    /// `owner`, `member`, `application`.
    pub kind: &'static str,
    /// The username of a person.
    pub username: String,
    /// `active`, `locked`, `invited`.
    pub status: &'static str,
    /// Whether a person has a second factor; `None` for an application and where it is not known.
    pub mfa: Option<bool>,
    /// The last log-in of a person.
    pub last_login_at: Option<Timestamp>,
    /// The groups.
    pub groups: Vec<String>,
    /// The number of the profile, from 0; `None` for no access.
    pub profile: Option<usize>,
    /// The number of API keys of an application.
    pub api_keys: u32,
    /// Which stack declares it.
    pub stack: String,
    /// What was found about it.
    pub findings: Vec<String>,
}

/// Something that ends by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EndingAccess {
    /// When.
    pub at: Timestamp,
    /// The policy or key.
    pub what: String,
    /// What ends.
    pub gives: String,
}

/// Everything that a report tells.
#[derive(Debug, Clone)]
pub struct Dossier {
    /// What was found.
    pub outline: Outline,
    /// The standing questions.
    pub questions: Vec<AnsweredQuestion>,
    /// Who can escalate, and how.
    pub paths: Vec<EscalationPath>,
    /// The combinations of access, the most common first.
    pub profiles: Vec<AccessProfile>,
    /// People, by address.
    pub people: Vec<PrincipalRow>,
    /// Applications, by name.
    pub applications: Vec<PrincipalRow>,
    /// What ends, by date.
    pub ending: Vec<EndingAccess>,
    /// What everybody was seen doing, applications first; `None` if nobody asked for it.
    pub activity: Option<Readout<Vec<ActivityRow>>>,
}

/// Returns the questions that a report answers: those of the settings, or those that are useful anywhere.
fn standing_questions(of: &Examined<'_>) -> Vec<StandingQuestion> {
    let Some(questions) = &of.settings.questions else { return default_questions(of) };
    let question = |it: &ReportQuestion| {
        let on = single_scope(&it.on)?;
        Some(StandingQuestion { name: it.name.clone(), can: it.can.clone(), on })
    };
    questions.iter().filter_map(question).collect()
}

/// Returns the questions that are asked where none are written: who administers IAM, who reads secrets in each project, who
/// may do everything, and who reads the audit log.
fn default_questions(of: &Examined<'_>) -> Vec<StandingQuestion> {
    let ask = |name: &str, set: &str, on| {
        let can = set.parse().ok()?;
        Some(StandingQuestion { name: name.to_owned(), can, on })
    };
    let mut questions = vec![ask("administers IAM", "IAMManager", GrantScope::Organization)];
    let mut projects: Vec<_> = of.state.projects.iter().collect();
    projects.sort_by_key(|(id, name)| (name.as_str().to_owned(), **id));
    for (id, name) in projects {
        let name = format!("reads secrets in {name}");
        questions.push(ask(&name, "SecretManagerSecretAccess", GrantScope::Project(*id)));
    }
    questions.push(ask("has full access to everything", "AllProductsFullAccess", GrantScope::AllProjects));
    questions.push(ask("reads the audit log", "AuditTrailReadOnly", GrantScope::Organization));
    questions.into_iter().flatten().collect()
}

impl Dossier {
    /// Looks through an organization.
    #[must_use]
    pub fn of(of: &Examined<'_>) -> Self {
        let everything = Everything::of(of.state);
        let delivered = of.inventory.delivered.read().map_or(&[][..], Vec::as_slice);
        let paths = escalation_paths(of.state, &everything, delivered, of.now);
        let activity = activity(of, &everything);
        let outline = examine(of, &everything, &paths, activity.as_ref());
        let request =
            RequestFacts { time: of.now, ip: None, user_agent: None, resource: ResourceFacts::default() };
        let (profiles, profile_of) = profiles(of, &everything);
        let answer = |question| answer(question, &profiles, everything.owners(), &request);
        let questions = standing_questions(of).into_iter().map(answer).collect();
        let mut found: HashMap<(&str, &str), Vec<String>> = HashMap::new();
        for finding in outline.counting() {
            if let Some(id) = &finding.subject.id {
                found
                    .entry((finding.subject.kind.as_str(), id.as_str()))
                    .or_default()
                    .push(finding.id.to_string());
            }
        }
        let groups_of = groups_of(of);
        let row = |principal: &Principal| {
            let groups = groups_of.get(principal).cloned().unwrap_or_default();
            row(of, principal, groups, &found, profile_of.get(principal).copied())
        };
        let people = of.state.users().map(|(key, _)| row(&Principal::User(key.clone()))).collect();
        let applications =
            of.state.applications().map(|(key, _)| row(&Principal::Application(key.clone()))).collect();
        let mut dossier =
            Self { questions, paths, profiles, people, applications, ending: ending(of), activity, outline };
        dossier.people.sort_by(|a, b| a.principal.cmp(&b.principal));
        dossier.applications.sort_by(|a, b| a.principal.cmp(&b.principal));
        dossier
    }
}

/// Compares what everybody was seen doing with what they hold, applications first.
fn activity(of: &Examined<'_>, everything: &Everything<'_>) -> Option<Readout<Vec<ActivityRow>>> {
    let activity = match of.inventory.activity.as_ref()? {
        Readout::Read(activity) => activity,
        Readout::Unread { why, helps } => return Some(Readout::Unread { why: why.clone(), helps: *helps }),
    };
    let applications = of.state.applications().map(|(key, _)| Principal::Application(key.clone()));
    let people = of.state.users().map(|(key, _)| Principal::User(key.clone()));
    let asked = |_: &Principal| activity.scope == ActivityScope::Everybody;
    let mut principals: Vec<Principal> = applications.chain(people.filter(asked)).collect();
    principals.sort_by_key(|it| (matches!(it, Principal::User(_)), it.clone()));
    let row = |principal: &Principal| {
        let held = everything.held_by(principal);
        ActivityRow::of(activity, principal, held.iter().map(|held| &held.grant.permission_set))
    };
    Some(Readout::Read(principals.iter().map(row).collect()))
}

/// Returns who can: those with the same profile hold the same.
fn answer(
    question: StandingQuestion,
    profiles: &[AccessProfile],
    owners: &[Principal],
    request: &RequestFacts,
) -> AnsweredQuestion {
    let catalogue = Catalogue::published();
    let best = |profile: &AccessProfile| {
        let reaches = profile.grants.iter().filter(|held| held.grant.scope.contains(&question.on));
        let can = reaches.filter_map(|held| {
            let set = &held.grant.permission_set;
            let through = includes(catalogue, set, &question.can);
            (through || *set == question.can).then(|| CanDo {
                held: held.clone(),
                through,
                holds: decide(&held.grant, Some(request)),
            })
        });
        let rank = |can: &CanDo| match can.holds {
            Holds::Yes => (0, can.through),
            Holds::Depends(_) => (1, can.through),
            Holds::No | Holds::Ended(_) => (2, can.through),
        };
        can.filter(|can| can.holds != Holds::No).min_by_key(rank)
    };
    let who = profiles.iter().enumerate().filter_map(|(at, profile)| Some((at, best(profile)?)));
    let who = who.collect();
    AnsweredQuestion { question, who, owners: owners.to_vec() }
}

fn profiles(
    of: &Examined<'_>,
    everything: &Everything<'_>,
) -> (Vec<AccessProfile>, BTreeMap<Principal, usize>) {
    let mut by: BTreeMap<BTreeSet<(Option<Key>, Key)>, AccessProfile> = BTreeMap::new();
    let mut principals: Vec<Principal> =
        of.state.objects.keys().filter_map(crate::model::Address::principal).collect();
    principals.sort_unstable();
    for principal in principals {
        let grants = everything.held_by(&principal);
        if grants.is_empty() {
            continue;
        }
        let way = |held: &HeldGrant| (held.path.group.clone(), held.path.policy.clone());
        let ways: BTreeSet<_> = grants.iter().map(way).collect();
        let profile = by.entry(ways.clone()).or_insert_with(|| {
            let cells = cells(&grants);
            AccessProfile { ways, grants, holders: Vec::new(), cells }
        });
        profile.holders.push(principal);
    }
    let mut profiles: Vec<AccessProfile> = by.into_values().collect();
    profiles.sort_by(|a, b| (b.holders.len(), &a.ways).cmp(&(a.holders.len(), &b.ways)));
    let numbered = profiles.iter().enumerate();
    let of =
        numbered.flat_map(|(at, profile)| profile.holders.iter().map(move |holder| (holder.clone(), at)));
    let of = of.collect();
    (profiles, of)
}

/// Returns the letter for how much a set allows.
fn letter(set: &str) -> char {
    if set.ends_with("FullAccess") || set.ends_with("Manager") {
        'F'
    } else if set.ends_with("ReadOnly") || set.ends_with("Read") || set.ends_with("Access") {
        'R'
    } else {
        'W'
    }
}

fn cells(grants: &[HeldGrant]) -> BTreeMap<GrantScope, (usize, char)> {
    let mut sets: BTreeMap<GrantScope, BTreeSet<&PermissionSetName>> = BTreeMap::new();
    for held in grants {
        let Grant { permission_set, scope, condition: _ } = &held.grant;
        sets.entry(scope.clone()).or_default().insert(permission_set);
    }
    let highest = |sets: &BTreeSet<&PermissionSetName>| {
        let letters: BTreeSet<char> = sets.iter().map(|set| letter(set.as_str())).collect();
        ['F', 'W', 'R'].into_iter().find(|letter| letters.contains(letter)).unwrap_or('R')
    };
    sets.into_iter().map(|(scope, sets)| (scope, (sets.len(), highest(&sets)))).collect()
}

/// Returns the names of the groups that each principal is in, the computed ones left out.
fn groups_of<'a>(of: &Examined<'a>) -> HashMap<&'a Principal, Vec<String>> {
    let mut groups_of: HashMap<&Principal, Vec<String>> = HashMap::new();
    for (key, group) in of.state.groups().filter(|(_, group)| group.builtin.is_none()) {
        for member in &group.members {
            groups_of.entry(member).or_default().push(key.to_string());
        }
    }
    groups_of.values_mut().for_each(|groups| groups.sort_unstable());
    groups_of
}

fn row(
    of: &Examined<'_>,
    principal: &Principal,
    groups: Vec<String>,
    found: &HashMap<(&str, &str), Vec<String>>,
    profile: Option<usize>,
) -> PrincipalRow {
    let address = principal.address();
    let id = of.ids.get(&address);
    let facts = id.and_then(|id| of.inventory.people.get(&id));
    let id = id.map(|id| id.to_string()).unwrap_or_default();
    let user = of.state.user(principal.key()).filter(|_| matches!(principal, Principal::User(_)));
    let application =
        of.state.application(principal.key()).filter(|_| matches!(principal, Principal::Application(_)));
    let findings = found.get(&(address.kind().word(), id.as_str())).cloned().unwrap_or_default();
    let owner = of.state.get(&address).and_then(|object| object.meta()).and_then(|meta| meta.owner.as_ref());
    let stack = owner.map(|owner| owner.tags().collect::<Vec<_>>().join(" ")).unwrap_or_default();
    PrincipalRow {
        kind: match user.map(|user| user.kind) {
            Some(UserType::Owner) => "owner",
            Some(UserType::Member | UserType::Other) => "member",
            None => "application",
        },
        username: user.map(|user| user.username.clone()).unwrap_or_default(),
        status: match user {
            Some(user) if user.locked => "locked",
            Some(user) if user.status == UserStatus::Invited => "invited",
            Some(_) | None => "active",
        },
        mfa: facts.map(|facts| facts.mfa),
        last_login_at: facts.and_then(|facts| facts.last_login_at),
        groups,
        profile,
        api_keys: application.map(|application| application.api_keys).unwrap_or_default(),
        stack,
        findings,
        principal: principal.clone(),
        id,
    }
}

fn ending(of: &Examined<'_>) -> Vec<EndingAccess> {
    let mut ending = Vec::new();
    for (key, policy) in of.state.policies() {
        for (at, rule) in policy.rules.0.iter().enumerate() {
            let Some(end) = rule.condition.as_ref().and_then(ends) else { continue };
            let grants: BTreeSet<String> = Grant::of_rule(rule)
                .map(|grant| Grant { condition: None, ..grant }.words(|id| of.state.projects.get(&id)))
                .collect();
            let gives = grants.into_iter().collect::<Vec<_>>().join(", ");
            let what = Path { group: None, policy: key.clone(), rule: at }.to_string();
            ending.push(EndingAccess { at: end, what, gives });
        }
    }
    for key in of.inventory.keys.read().into_iter().flatten() {
        if let Some(at) = key.expires_at {
            let whose =
                key.bearer.as_ref().map_or_else(|| "somebody unknown".to_owned(), ToString::to_string);
            ending.push(EndingAccess {
                at,
                what: format!("API key {}", key.access_key),
                gives: format!("of {whose}"),
            });
        }
    }
    ending.sort();
    ending
}
