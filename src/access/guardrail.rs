//! Guardrails: what no grant may be, whoever wrote which policy.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::{
    Broken, Everything, Forbidden, Grant, GrantFacts, GrantScope, GroupId, HeldGrant, Packed, PolicyId,
    PrincipalId, Undecided, includes,
};
use crate::model::{Catalogue, Guardrail, PermissionSetName, Principal};

/// A guardrail that could not be judged for some grant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot be judged: {why}")]
pub struct Unjudged {
    /// Which one, by its position.
    pub sentence: usize,
    /// Why.
    pub why: Undecided,
}

/// What guardrails say of a state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judgement {
    /// The grants that they forbid.
    pub broken: Vec<Broken>,
    /// The guardrails that have no answer for some grant, each with the first reason.
    pub unjudged: Vec<Unjudged>,
}

/// Judges guardrails on everything that is held in a state. A wider set is judged as each set that it takes in, too.
///
/// One that cannot be judged for a grant hides neither another one nor another grant.
#[must_use]
pub fn judge_guardrails(
    everything: &Everything<'_>,
    catalogue: &Catalogue,
    guardrails: &[Guardrail],
) -> Judgement {
    let mut judgement = Judgement::default();
    let mut widened = HashMap::new();
    for (sentence, guardrail) in guardrails.iter().enumerate() {
        let forbidden = match Forbidden::new(&guardrail.forbid) {
            Ok(forbidden) => forbidden,
            Err(why) => {
                judgement.unjudged.push(Unjudged { sentence, why });
                continue;
            }
        };
        let reads = |field| forbidden.reads(field);
        let mut judge = GuardrailCheck {
            everything,
            catalogue,
            reads: FieldsRead {
                principal: reads("principal"),
                kind: reads("kind"),
                set: reads("permission_set"),
                scope: reads("scope"),
                condition: reads("condition"),
                group: reads("via_group"),
                policy: reads("policy"),
                managed: reads("managed"),
            },
            forbidden,
            widened: &mut widened,
            known: HashMap::new(),
            found: Vec::new(),
            unjudged: None,
        };
        judge.all();
        judgement.unjudged.extend(judge.unjudged.take().map(|why| Unjudged { sentence, why }));
        judgement.broken.extend(judge.broken(sentence));
    }
    judgement
}

/// Which fields of a grant the expression asks for.
struct FieldsRead {
    principal: bool,
    kind: bool,
    set: bool,
    scope: bool,
    condition: bool,
    group: bool,
    policy: bool,
    managed: bool,
}

/// Whether a grant is forbidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ruling {
    No,
    /// As itself.
    Yes,
    /// Only as one of the sets that its own takes in.
    Through,
}

/// A grant that somebody holds, by number; without what is not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct NumberedGrant {
    principal: Option<PrincipalId>,
    user: bool,
    grant: Packed,
    group: Option<GroupId>,
    policy: Option<PolicyId>,
    managed: bool,
}

/// A forbidden grant, and whether it is forbidden only as one of the sets that its own takes in.
type ForbiddenGrant = (HeldGrant, bool);

/// Judges one guardrail: once for all grants that are the same in what it asks for.
struct GuardrailCheck<'a> {
    everything: &'a Everything<'a>,
    catalogue: &'a Catalogue,
    forbidden: Forbidden,
    reads: FieldsRead,
    /// The sets that a set takes in.
    widened: &'a mut HashMap<PermissionSetName, Vec<PermissionSetName>>,
    known: HashMap<NumberedGrant, Ruling>,
    found: Vec<ForbiddenGrant>,
    /// Why there was no answer, the first time.
    unjudged: Option<Undecided>,
}

impl GuardrailCheck<'_> {
    fn all(&mut self) {
        let everything = self.everything;
        for (policy, _) in everything.world.all::<PolicyId>() {
            if let Some(held) = everything.holdings.policy(policy) {
                let holders = everything.holdings.holders(held.to);
                for grant in held.grants.iter() {
                    self.grant(policy, held.to.group(), grant, &holders);
                }
            }
        }
    }

    /// Judges a grant for all that hold it by one way.
    fn grant(&mut self, policy: PolicyId, group: Option<GroupId>, grant: Packed, holders: &[PrincipalId]) {
        let key = self.everything.world.name(policy);
        let live = key.and_then(|key| self.everything.state.policy(key));
        let managed = live.is_some_and(|policy| policy.flags.managed);
        let mut last: Option<(NumberedGrant, Ruling)> = None;
        for principal in holders {
            let Some(who) = self.everything.world.name(*principal) else { continue };
            let user = matches!(who, Principal::User(_));
            let held = NumberedGrant {
                principal: Some(*principal),
                user,
                grant,
                group,
                policy: Some(policy),
                managed,
            };
            let asked = self.asked(held);
            let answer = match last {
                Some((same, answer)) if same == asked => answer,
                _ => self.answer(held, asked),
            };
            last = Some((asked, answer));
            if answer != Ruling::No {
                self.note(who, held, answer);
            }
        }
    }

    /// The grant with all that the expression does not ask for made the same.
    fn asked(&self, held: NumberedGrant) -> NumberedGrant {
        let FieldsRead { principal, kind, set, scope, condition, group, policy, managed } = self.reads;
        NumberedGrant {
            principal: held.principal.filter(|_| principal),
            user: kind && held.user,
            grant: held.grant.only(set, scope, condition),
            group: held.group.filter(|_| group),
            policy: held.policy.filter(|_| policy),
            managed: managed && held.managed,
        }
    }

    fn answer(&mut self, held: NumberedGrant, asked: NumberedGrant) -> Ruling {
        if let Some(answer) = self.known.get(&asked) {
            return *answer;
        }
        let answer = self.evaluate(held);
        self.known.insert(asked, answer);
        answer
    }

    fn evaluate(&mut self, held: NumberedGrant) -> Ruling {
        let grant = self.everything.world.symbols.unpack(held.grant);
        let mut facts = self.facts(held, &grant);
        let (forbidden, unjudged) = (&self.forbidden, &mut self.unjudged);
        let mut forbids = |facts: &GrantFacts| {
            forbidden.forbids(facts).unwrap_or_else(|why| {
                unjudged.get_or_insert(why);
                false
            })
        };
        if forbids(&facts) {
            return Ruling::Yes;
        }
        if !self.reads.set {
            return Ruling::No;
        }
        let catalogue = self.catalogue;
        let sets = match self.widened.entry(grant.permission_set) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let inner = catalogue.iter().map(|(inner, _)| inner);
                let inner = inner.filter(|inner| includes(catalogue, new.key(), inner)).cloned().collect();
                new.insert(inner)
            }
        };
        for inner in sets.iter() {
            facts.permission_set = inner.to_string();
            if forbids(&facts) {
                return Ruling::Through;
            }
        }
        Ruling::No
    }

    fn facts(&self, held: NumberedGrant, grant: &Grant) -> GrantFacts {
        let Everything { state, world, .. } = self.everything;
        let (principal, kind) = match held.principal.and_then(|principal| world.name(principal)) {
            Some(Principal::User(key)) => (format!("user:{key}"), "user"),
            Some(Principal::Application(key)) => (format!("application:{key}"), "application"),
            None => (String::new(), ""),
        };
        let scope = match &grant.scope {
            GrantScope::Organization => "organization".to_owned(),
            GrantScope::AllProjects => "all_projects".to_owned(),
            GrantScope::Project(id) => {
                state.projects.get(id).map_or_else(|| id.to_string(), ToString::to_string)
            }
            GrantScope::Other(words) => words.clone(),
        };
        let group = held.group.and_then(|group| world.name(group));
        let policy = held.policy.and_then(|policy| world.name(policy));
        GrantFacts {
            principal,
            kind,
            permission_set: grant.permission_set.to_string(),
            scope,
            condition: grant.condition.as_ref().map(ToString::to_string).unwrap_or_default(),
            via_group: group.map(ToString::to_string).unwrap_or_default(),
            policy: policy.map(ToString::to_string).unwrap_or_default(),
            managed: held.managed,
        }
    }

    fn note(&mut self, who: &Principal, held: NumberedGrant, answer: Ruling) {
        let Some(policy) = held.policy else { return };
        let grant = self.everything.world.symbols.unpack(held.grant);
        let rules = self.everything.rules(policy);
        let rule = rules.iter().position(|rule| Grant::of_rule(rule).any(|one| one == grant));
        let found = rule.and_then(|rule| self.everything.held(who, grant, held.group, (policy, rule)));
        self.found.extend(found.map(|found| (found, answer == Ruling::Through)));
    }

    /// What was found, by principal and grant, each by its first way.
    fn broken(mut self, sentence: usize) -> impl Iterator<Item = Broken> {
        self.found.sort_unstable();
        self.found.dedup_by(|(b, _), (a, _)| a.principal == b.principal && a.grant == b.grant);
        self.found.into_iter().map(move |(held, through)| Broken {
            sentence,
            principal: held.principal.clone(),
            through: through.then(|| held.grant.permission_set.clone()),
            by: Some(held),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::model::{Attachment, Flags, Group, Id, Key, Meta, Place, Policy, Rule, Rules, Scope, State};

    fn key(name: &str) -> Key {
        Key::Named(name.parse().unwrap())
    }

    fn principal(n: u32) -> Principal {
        match n {
            0..3 => Principal::User(Key::Email(format!("u{n}@x.io").parse().unwrap())),
            _ => Principal::Application(key(&format!("a{n}"))),
        }
    }

    /// Three groups that share members, and policies that grant the same in several ways, one of them managed.
    fn state() -> State {
        let mut state = State::empty(Id::from_bits(1));
        state.projects.insert(Id::from_bits(7), "prod".parse().unwrap());
        for (n, name) in (0..).zip(["admins", "dev", "ops"]) {
            let members = (n..n + 4).map(principal).collect();
            let made = Group { meta: Meta::default(), flags: Flags::default(), builtin: None, members };
            state.insert(key(name), made);
        }
        let rule = |sets: &[&str], scope, condition: Option<&str>| Rule {
            permission_sets: sets.iter().map(|set| set.parse().unwrap()).collect(),
            scope,
            condition: condition.map(|text| text.parse().unwrap()),
        };
        let projects = || Scope::Projects(BTreeSet::from([Id::from_bits(7), Id::from_bits(8)]));
        let organization = || rule(&["IAMManager", "IAMReadOnly"], Scope::Organization, None);
        let wide = || rule(&["AllProductsFullAccess"], Scope::AllProjects, Some("request.ip == '192.0.2.1'"));
        let narrow = || rule(&["InstancesFullAccess", "VPCReadOnly"], projects(), None);
        let policies = [
            ("p0", Attachment::Group(key("admins")), vec![organization(), wide()]),
            ("p1", Attachment::Group(key("dev")), vec![narrow(), organization(), narrow()]),
            ("p2", Attachment::Group(key("ops")), vec![wide(), narrow()]),
            ("p3", Attachment::Principal(principal(1)), vec![narrow(), organization()]),
            ("p4", Attachment::Principal(principal(5)), vec![wide()]),
            ("p5", Attachment::None, vec![organization()]),
        ];
        for (name, attachment, rules) in policies {
            let flags = Flags { managed: name == "p2", ..Flags::default() };
            let made = Policy { meta: Meta::default(), flags, attachment, rules: Rules(rules) };
            state.insert(key(name), made);
        }
        state
    }

    /// Judges every grant by itself.
    fn one_by_one(everything: &Everything<'_>, catalogue: &Catalogue, forbid: &str) -> Vec<Broken> {
        let forbidden = Forbidden::new(forbid).unwrap();
        let mut seen = BTreeSet::new();
        let mut broken = Vec::new();
        for held in everything.grants() {
            let state = everything.state;
            let scope = match &held.grant.scope {
                GrantScope::Project(id) => {
                    state.projects.get(id).map_or_else(|| id.to_string(), ToString::to_string)
                }
                GrantScope::AllProjects => "all_projects".to_owned(),
                GrantScope::Organization => "organization".to_owned(),
                GrantScope::Other(words) => words.clone(),
            };
            let (principal, kind) = match &held.principal {
                Principal::User(key) => (format!("user:{key}"), "user"),
                Principal::Application(key) => (format!("application:{key}"), "application"),
            };
            let forbids = |set: &PermissionSetName| {
                let facts = GrantFacts {
                    principal: principal.clone(),
                    kind,
                    permission_set: set.to_string(),
                    scope: scope.clone(),
                    condition: held.grant.condition.as_ref().map(ToString::to_string).unwrap_or_default(),
                    via_group: held.path.group.as_ref().map(ToString::to_string).unwrap_or_default(),
                    policy: held.path.policy.to_string(),
                    managed: held.managed,
                };
                forbidden.forbids(&facts).unwrap()
            };
            let set = held.grant.permission_set.clone();
            let itself = forbids(&set);
            let inner =
                || catalogue.iter().any(|(inner, _)| includes(catalogue, &set, inner) && forbids(inner));
            if (itself || inner()) && seen.insert((held.principal.clone(), held.grant.clone())) {
                let through = (!itself).then_some(set);
                broken.push(Broken {
                    sentence: 0,
                    principal: held.principal.clone(),
                    by: Some(held),
                    through,
                });
            }
        }
        broken
    }

    #[test]
    fn grants_that_are_the_same_in_what_is_asked_for_are_judged_as_one_by_one() {
        let (state, catalogue) = (state(), Catalogue::published());
        let everything = Everything::of(&state);
        for forbid in [
            "true",
            "false",
            "grant.permission_set in ['IAMManager', 'VPCFullAccess'] && grant.via_group != 'admins'",
            "grant.principal == 'user:u2@x.io'",
            "grant.principal.startsWith('application:') && grant.permission_set == 'VPCReadOnly'",
            "grant.kind == 'user' && grant.scope == 'prod'",
            "grant.condition != '' || grant.policy == 'p3'",
            "grant.managed && grant['kind'] == 'application'",
            "grant.via_group == '' && has(grant.scope) && grant.scope != 'organization'",
            "['IAMGroupManager'].exists(set, set == grant.permission_set)",
        ] {
            let at = Place { file: Path::new("iam.yaml").into(), line: 1, column: 1 };
            let guardrail =
                Guardrail { name: "it".to_owned(), forbid: forbid.to_owned(), scopes: Vec::new(), at };
            let found = judge_guardrails(&everything, catalogue, &[guardrail]).broken;
            assert_eq!(found, one_by_one(&everything, catalogue, forbid), "{forbid}");
            assert_eq!(found.is_empty(), forbid == "false", "{forbid}");
        }
    }
}
