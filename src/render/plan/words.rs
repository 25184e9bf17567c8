//! The pieces of a plan in words, the same in every format. Nothing here is escaped yet.

use std::collections::BTreeMap;

use crate::model::{
    Address, Attachment, Condition, Field, FieldValue, Flags, Id, Key, KeyForm, Kind, Object, Owner,
    Principal, Rule, Rules, Scope, SpanWords, User, joined,
};
use crate::plan::{
    Action, Blocked, Conflict, ConflictKind, Leftover, PartialScope, Plan, Spared, SparedReason, Step,
};
use crate::render::wrap::{TIE, tied};

/// How many of the things that a guard found are named before the rest is counted.
pub(super) const MOST_ITEMS: usize = 10;

/// Returns a step in one line, without its number and not escaped.
#[must_use]
pub fn headline(plan: &Plan, step: &Step) -> String {
    match &step.action {
        Action::Create { address, .. } => address.to_string(),
        Action::Update { address, from: Some(from), .. } => format!("{address} (was {from})"),
        Action::Update { address, .. } if step.action.only_adopts() => format!("{address}: adopted"),
        Action::Update { address, before, after, .. } if before.locks_out(after) => {
            format!("{address} is locked")
        }
        Action::Update { address, .. } => address.to_string(),
        Action::AddMembers { group, members } => {
            let members: Vec<_> = members.iter().map(|member| short(plan, member)).collect();
            let verb = if members.len() == 1 { "joins" } else { "join" };
            format!("{} {verb} group {group}", joined(&members))
        }
        Action::RemoveMember { group, member } => format!("{} leaves group {group}", short(plan, member)),
        Action::SetMembers { group, before, after } => {
            let leavers: Vec<_> = before.difference(after).map(|member| short(plan, member)).collect();
            format!("{} leave group {group}", joined(&leavers))
        }
        Action::SetRules { policy, .. } => format!("rules of policy {policy}"),
        Action::Delete { address, object } => {
            let title = address_title(plan, address).map(|title| format!(" ({title})")).unwrap_or_default();
            let person = matches!(object, Object::User(_));
            let (whose, with) = if person { ("their", "them") } else { ("its", "it") };
            let keys = match plan.keys_that_go(address).max(object.api_keys()) {
                0 => String::new(),
                1 => format!(", and {whose} API key with {with}"),
                keys => format!(", and {whose} {keys} API keys with {with}"),
            };
            format!("{address}{title}{keys}")
        }
    }
}

/// What else a removal of a person changes, apart from their API keys: the policies that lose their principal, and the groups that
/// the person leaves.
pub(super) fn left_behind(plan: &Plan, address: &Address) -> Option<String> {
    let gone = address.principal().filter(|principal| matches!(principal, Principal::User(_)))?;
    let attached = Attachment::Principal(gone.clone());
    let orphaned = plan.before().policies().filter(|(key, policy)| {
        let after = plan.outcome().policy(key).map(|after| &after.attachment);
        policy.attachment == attached && after == Some(&Attachment::None)
    });
    let left = plan
        .before()
        .groups()
        .filter(|(key, group)| group.members.contains(&gone) && plan.outcome().group(key).is_some());
    let orphaned: Vec<String> = orphaned.map(|(key, _)| key.to_string()).collect();
    let left: Vec<String> = left.map(|(key, _)| key.to_string()).collect();
    let orphaned = match orphaned.as_slice() {
        [] => None,
        [one] => Some(format!("policy {one} loses its principal")),
        names => Some(format!("policies {} lose their principal", joined(names))),
    };
    let left = match left.as_slice() {
        [] => None,
        [one] => Some(format!("leaves group {one}")),
        names => Some(format!("leaves groups {}", joined(names))),
    };
    let parts: Vec<String> = orphaned.into_iter().chain(left).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Whom the plan locks out.
pub(super) fn locks(plan: &Plan) -> Vec<String> {
    let updates = plan.steps().iter().filter_map(|step| step.action.updates());
    let locked = updates.filter(|(_, before, after)| before.locks_out(after)).map(|(address, ..)| address);
    let line = |address: &Address| {
        format!(
            "{}: can neither log in nor use API keys until unlocked; policies stay as they are",
            address.key()
        )
    };
    locked.map(line).collect()
}

/// Whom the plan invites: each with the username and the mails that the service sends.
pub(super) fn invitations(plan: &Plan) -> Vec<String> {
    let one = |(key, user): (&Key, &User)| {
        let mails = match (user.mails.welcome, user.mails.password) {
            (false, false) => "no mail is sent",
            (true, false) => "a welcome is sent by e-mail",
            (false, true) => "a password is sent by e-mail",
            (true, true) => "a welcome and a password are sent by e-mail",
        };
        let username =
            if key.to_string() == user.username { String::new() } else { format!(" as {}", user.username) };
        format!("{key}{username}: {mails}")
    };
    plan.invitations().map(one).collect()
}

/// The name of an object; for one that is keyed by its id, the id and the live name.
pub(super) fn named(plan: &Plan, address: &Address) -> String {
    match address_title(plan, address) {
        Some(title) => format!("{} ({title})", address.key_text()),
        None => address.key_text(),
    }
}

fn address_title<'p>(plan: &'p Plan, address: &Address) -> Option<&'p str> {
    plan.title(address.key().id()?)
}

fn short(plan: &Plan, principal: &Principal) -> String {
    match principal {
        Principal::User(key) => format!("{key}{}", asleep(plan, principal)),
        Principal::Application(key) => format!("application {key}"),
    }
}

/// Why somebody cannot log in, and so not use what they hold: ` (locked)`. Empty for everybody else.
pub(super) fn asleep(plan: &Plan, principal: &Principal) -> &'static str {
    let Principal::User(key) = principal else { return "" };
    let user = plan.outcome().user(key).or_else(|| plan.before().user(key));
    user.map_or("", User::mark)
}

/// `a, b, c`.
pub(super) fn listed(items: &[impl ToString]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// What a scope looks like in a file.
fn scope(plan: &Plan, scope: &Scope) -> String {
    let project =
        |id: &Id| plan.outcome().projects.get(id).map_or_else(|| id.to_string(), ToString::to_string);
    match scope {
        Scope::Organization => "organization".to_owned(),
        Scope::AllProjects => "all_projects".to_owned(),
        Scope::Projects(ids) => {
            let mut names: Vec<_> = ids.iter().map(project).collect();
            names.sort_unstable();
            format!("[{}]", names.join(", "))
        }
        Scope::Other(words) => words.clone(),
        Scope::Gone => "[]  # its projects are gone".to_owned(),
    }
}

fn rule(yaml: &mut String, plan: &Plan, rule: &Rule) {
    yaml.push_str("- permission_sets: [");
    for (at, set) in rule.permission_sets.iter().enumerate() {
        yaml.push_str(if at == 0 { "" } else { ", " });
        yaml.push_str(set.as_str());
    }
    yaml.push_str("]\n  scope: ");
    yaml.push_str(&scope(plan, &rule.scope));
    yaml.push('\n');
    if let Some(condition) = &rule.condition {
        yaml.push_str(&condition_lines(condition));
    }
}

fn condition_lines(condition: &Condition) -> String {
    let lines: Vec<_> = condition.as_str().lines().collect();
    match lines.as_slice() {
        [one] => format!("  condition: {one}\n"),
        lines => {
            let block: String = lines.iter().map(|line| format!("    {line}\n")).collect();
            format!("  condition: |\n{block}")
        }
    }
}

/// Rules as a person would write them.
pub(super) fn rules(plan: &Plan, rules: &Rules) -> String {
    let mut yaml = String::new();
    rules.sorted().into_iter().for_each(|one| rule(&mut yaml, plan, one));
    yaml
}

/// A field of a new object, where it says anything.
pub(super) fn value(field: &Field<'_>) -> Option<String> {
    match field.value {
        FieldValue::Text(text) => (!text.is_empty()).then(|| text.to_owned()),
        FieldValue::Attachment(to) => Some(attachment(to)),
        FieldValue::Tags(_)
        | FieldValue::Owner(_)
        | FieldValue::Members(_)
        | FieldValue::Rules(_)
        | FieldValue::Count(_)
        | FieldValue::Span(_)
        | FieldValue::Unsaid => None,
        FieldValue::Flag(flag) => flag.then(|| flag.to_string()),
    }
}

/// A field that is a single word or number.
pub(super) fn plain(value: FieldValue<'_>) -> Option<String> {
    match value {
        FieldValue::Flag(flag) => Some(flag.to_string()),
        FieldValue::Count(count) => Some(count.to_string()),
        FieldValue::Span(span) => Some(SpanWords(span).to_string()),
        FieldValue::Unsaid => Some("not served".to_owned()),
        FieldValue::Text(_)
        | FieldValue::Tags(_)
        | FieldValue::Owner(_)
        | FieldValue::Attachment(_)
        | FieldValue::Members(_)
        | FieldValue::Rules(_) => None,
    }
}

/// What a policy is attached to, as a person would write it.
pub(super) fn attachment(attachment: &Attachment) -> String {
    match attachment {
        Attachment::None => "none".to_owned(),
        Attachment::Principal(principal) => principal.to_string(),
        Attachment::Group(key) => format!("group {key}"),
    }
}

pub(super) fn owner(owner: Option<&Owner>) -> String {
    match owner {
        None => "nobody".to_owned(),
        Some(Owner::Stack(stack)) => format!("stack {stack}"),
        Some(Owner::Unclear(tags)) => {
            format!("unclear ({})", tags.iter().cloned().collect::<Vec<_>>().join(", "))
        }
    }
}

pub(super) fn spared(reason: &SparedReason) -> String {
    match reason {
        SparedReason::SectionAbsent => "the files have no section for this kind".to_owned(),
        SparedReason::NoStack => "the files have no `stack`, so nothing is deleted".to_owned(),
        SparedReason::NotOwned => "not owned by any stack".to_owned(),
        SparedReason::Other(stack) => format!("owned by stack {stack}"),
        SparedReason::Unclear => "no valid owner in the tags".to_owned(),
        SparedReason::PruneNone => "kept because `settings.prune` is `none`".to_owned(),
        SparedReason::Managed => "managed by a product, or built in".to_owned(),
        SparedReason::NotDeletable => "the API does not allow deletion".to_owned(),
        SparedReason::External => "listed under `external`".to_owned(),
        SparedReason::Renamed => "previous name of a declared object".to_owned(),
        SparedReason::Owner(fields) => {
            format!("the owner of the organization, who is never changed{}", differing(fields))
        }
        SparedReason::Caller(fields) => {
            format!("the caller of this plan, who is never changed{}", differing(fields))
        }
        SparedReason::Provisioned(fields) => format!("provisioned by SCIM{}", differing(fields)),
    }
}

/// Which fields of a declared object differ and stay as they are.
fn differing(fields: &[&str]) -> String {
    if fields.is_empty() { String::new() } else { format!("; differs from the files: {}", fields.join(", ")) }
}

/// What to do with an object of another stack that stays that stack's.
const fn otherwise(kind: Kind) -> &'static str {
    match kind {
        Kind::Group => "list it under `external`, and your own members of it under `memberships`",
        Kind::Application => "list it under `external`",
        // Nothing refers to these by a name that has to be declared.
        Kind::User | Kind::Policy | Kind::SshKey | Kind::OrganizationSettings => "leave it out",
    }
}

pub(super) fn conflict(plan: &Plan, conflict: &Conflict) -> String {
    let why = match &conflict.kind {
        ConflictKind::Owned(Owner::Stack(stack)) if plan.stack().is_some() => {
            let otherwise = otherwise(conflict.address.kind());
            format!(
                "belongs to stack {stack}; to take it over, add `{stack}` to `settings.takes_over`, or {otherwise}"
            )
        }
        // Only a stack takes over.
        ConflictKind::Owned(Owner::Stack(stack)) => {
            let instead = match conflict.address.kind() {
                Kind::Group | Kind::Application => "list it under `external`",
                Kind::User | Kind::Policy | Kind::SshKey | Kind::OrganizationSettings => "leave it out",
            };
            format!("belongs to stack {stack}; {instead}")
        }
        ConflictKind::Owned(owned @ Owner::Unclear(_)) => {
            format!("has an owner that is {}; fix its tags first", owner(Some(owned)))
        }
        ConflictKind::Managed => {
            "is managed by a Scaleway product, or built in; list it under `external`".to_owned()
        }
        ConflictKind::ExternalButOwned => {
            "is listed under `external`, but this stack owns it; declare it, list it under `release` to stop managing it, or remove it from `external` to delete it"
                .to_owned()
        }
        ConflictKind::BothLive { previously } => {
            format!(
                "exists alongside {previously}, its previous name, and this stack owns both; declare or delete one of them"
            )
        }
    };
    let place = conflict.at.as_ref().map(|place| format!(" ({}:{})", place.file.display(), place.line));
    format!("{}{} {why}", conflict.address, place.unwrap_or_default())
}

/// Why a policy keeps its rules.
pub(super) fn blocked(of: &Blocked) -> String {
    let rules: Vec<_> = of.rules.iter().map(|(at, why)| format!("rule {} ({why})", at + 1)).collect();
    let place = of.at.as_ref().map(|place| format!(" ({}:{})", place.file.display(), place.line));
    format!(
        "{}{} keeps its rules and its principal, because this version cannot write {}; change the policy in the console",
        of.address,
        place.unwrap_or_default(),
        joined(&rules)
    )
}

/// Says whether a step deletes something that files could name.
pub(super) fn undeclares(step: &Step) -> bool {
    step.action.deletes().is_some_and(|address| address.key().id().is_none())
}

/// Describes what happens to a rule that grants nothing.
pub(super) fn leftover(of: &Leftover) -> String {
    let then = match of.dropped_by {
        Some(step) => format!("step {step} removes it"),
        None => "the next change of the policy's rules removes it".to_owned(),
    };
    let (policy, rule, sets) = (&of.policy, of.rule + 1, listed(&of.permission_sets));
    format!("rule {rule} of {policy} ({sets}) grants nothing, because its projects were deleted; {then}")
}

/// Says whether a person may want to declare or delete an object that is left unchanged. According to the files or the
/// tags, the others belong to somebody else. `None` for the owner and for built-in objects, which every organization has.
pub(super) fn matters(plan: &Plan, spared: &Spared) -> Option<bool> {
    if plan.before().get(&spared.address).is_some_and(Object::is_built_in) {
        return None;
    }
    Some(match spared.reason {
        SparedReason::Managed | SparedReason::External | SparedReason::Other(_) => false,
        // What the stack owns would be deleted if its section were there.
        SparedReason::SectionAbsent => {
            let owner = plan.before().get(&spared.address).and_then(|object| object.meta()?.owner.as_ref());
            owner.zip(plan.stack()).is_some_and(|(owner, stack)| owner.is(stack))
        }
        SparedReason::NoStack
        | SparedReason::NotOwned
        | SparedReason::Unclear
        | SparedReason::PruneNone
        | SparedReason::NotDeletable
        | SparedReason::Renamed => !built_in(plan, &spared.address),
        // Every organization has one.
        SparedReason::Owner(ref fields) if fields.is_empty() => return None,
        SparedReason::Owner(_) | SparedReason::Caller(_) | SparedReason::Provisioned(_) => {
            !spared.reason.differs().is_empty()
        }
    })
}

/// What a partial plan says about everything else.
pub(super) const PARTIAL: &str = "everything else stays as it is, even where the files differ from it";

/// The scope of a partial plan, in words.
pub(super) fn partial(scope: &PartialScope) -> String {
    let names = |of: &[Address]| joined(&of.iter().map(ToString::to_string).collect::<Vec<_>>());
    match scope {
        PartialScope::Only { asked, needed } if needed.is_empty() => {
            format!("Partial plan: only {}", names(asked))
        }
        PartialScope::Only { asked, needed } => {
            format!("Partial plan: only {}, with what is needed for it: {}", names(asked), names(needed))
        }
        PartialScope::Due => {
            "Partial plan: only what is due (access that has ended, API keys to replace)".to_owned()
        }
    }
}

/// A sentence about the live organization if the files ask for no change.
pub(super) fn settled(plan: &Plan) -> String {
    match plan.partial() {
        Some(PartialScope::Only { asked, .. }) => {
            let asked: Vec<_> = asked.iter().map(ToString::to_string).collect();
            return format!("Only {} was compared with the files.", joined(&asked));
        }
        Some(PartialScope::Due) => {
            return "Nothing is due; nothing else was compared with the files.".to_owned();
        }
        None => {}
    }
    if plan.keys().lacks_any() {
        return "The live organization matches the files, except for slots of API keys that are left alone."
            .to_owned();
    }
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    if plan.spared().iter().any(|spared| !spared.reason.differs().is_empty()) {
        return "The live organization matches the files, except for objects that no plan changes."
            .to_owned();
    }
    for spared in plan.spared().iter().filter(|spared| matters(plan, spared) == Some(true)) {
        *kinds.entry(spared.address.kind()).or_default() += 1;
    }
    let parts: Vec<_> = kinds.iter().map(|(kind, number)| many(*number, *kind)).collect();
    let (object, are) = match kinds.values().sum() {
        0 => return "The live organization matches the files.".to_owned(),
        1 => (joined(&parts), "is"),
        _ => (joined(&parts), "are"),
    };
    format!(
        "The live organization has everything the files declare; {object} that no file declares {are} left unchanged."
    )
}

/// Whether files cannot declare an object: a product keeps it, or it is built in.
fn built_in(plan: &Plan, address: &Address) -> bool {
    let flags = plan.before().get(address).map_or_else(Flags::default, Object::flags);
    !flags.ordinary()
}

/// `2 to create, 1 to change`; numbers and words are tied.
pub(super) fn summary(plan: &Plan) -> String {
    let summary = plan.summary();
    let total = summary.total();
    let mut parts = Vec::new();
    let of = |kind: &Kind| summary.kinds.get(kind).copied().unwrap_or_default();
    if total.created > 0 {
        parts.push(tied(&format!("{} to create", total.created)) + &kinds(|kind| of(kind).created));
    }
    if total.updated > 0 {
        parts.push(tied(&format!("{} to change", total.updated)) + &kinds(|kind| of(kind).updated));
    }
    if total.deleted > 0 {
        parts.push(tied(&format!("{} to delete", total.deleted)) + &kinds(|kind| of(kind).deleted));
    }
    if summary.adopted > 0 {
        let adopted = |kind: &Kind| {
            let of_kind = plan.adoptions().iter().filter(|adoption| adoption.address.kind() == *kind);
            of_kind.count()
        };
        parts.push(tied(&format!("{} to adopt", summary.adopted)) + &kinds(adopted));
    }
    let work: usize = plan.keys().slots.iter().map(|slot| slot.work.len()).sum();
    match work + plan.keys().pruned.len() {
        0 => {}
        1 => parts.push(tied("1 change of API keys")),
        changes => parts.push(tied(&format!("{changes} changes of API keys"))),
    }
    let steps = if summary.steps == 1 { "1 step".to_owned() } else { format!("{} steps", summary.steps) };
    let steps = tied(&steps);
    if parts.is_empty() { steps } else { format!("{}; {steps}", parts.join(", ")) }
}

/// `1 group`, `3 policies`, tied.
pub(super) fn many(number: usize, kind: Kind) -> String {
    if kind.form() == KeyForm::Only {
        return tied(kind.noun());
    }
    format!("{number}{TIE}{}", if number == 1 { kind.noun() } else { kind.nouns() })
}

/// ` (1 group, 3 policies)`.
fn kinds(of: impl Fn(&Kind) -> usize) -> String {
    let parts: Vec<_> =
        Kind::ALL.iter().filter(|kind| of(kind) > 0).map(|kind| many(of(kind), *kind)).collect();
    format!(" ({})", parts.join(", "))
}
