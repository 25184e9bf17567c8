//! Whether what a plan file says is what its steps do: nothing in it is believed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::read::{Changed, Reread, Stale, Unreadable};
use super::{AccessDocument, Document, ObjectDocument, SummaryDocument, address};
use crate::model::{Address, Flags, Key, Meta, Name, Owner, Rules, Stack, State};
use crate::plan::align::owner;
use crate::plan::{Action, Adoption, Facts, Step};

fn unfit<T>(why: String) -> Result<T, Unreadable> {
    Err(Unreadable::Unfit(why))
}

/// Refuses live names that no rename and no id accounts for: steps would write other objects than they show.
pub(super) fn names(
    facts: &Facts<'_>,
    steps: &[Step],
    live_keys: &HashMap<Address, Key<Name>>,
) -> Result<(), Unreadable> {
    let renames = steps.iter().filter_map(|step| match &step.action {
        Action::Update(update) => Some((&update.address, &update.name.as_ref()?.0)),
        _ => None,
    });
    let renames: HashMap<&Address, &Key<Name>> = renames.collect();
    for (to, from) in live_keys {
        let live = crate::plan::diff::with_key(to, from.clone());
        let accounted = match name_key(to) {
            Some(Key::Id(id)) => facts.ids.get(&live) == Some(*id),
            Some(Key::Named(name)) => renames.get(to) == Some(&from) || bears(facts, from, name),
            None => false,
        };
        if !accounted {
            return unfit(format!("no step makes {to} of the live {live}"));
        }
    }
    match renames.iter().find(|(to, from)| live_keys.get(**to) != Some(**from)) {
        Some((to, from)) => unfit(format!("its objects do not say that {to} is {from} now")),
        None => Ok(()),
    }
}

/// Whether a live object that goes by its id bears a name, as others do.
pub(super) fn bears(facts: &Facts<'_>, live: &Key<Name>, name: &Name) -> bool {
    let title = match live {
        Key::Id(id) => facts.titles.get(id),
        Key::Named(_) => None,
    };
    title.is_some_and(|title| title == name.as_str())
}

const fn name_key(address: &Address) -> Option<&Key<Name>> {
    match address {
        Address::User(_) => None,
        Address::Application(key) | Address::Group(key) | Address::Policy(key) => Some(key),
    }
}

/// Refuses objects that are not all that the steps touch or depend on, or that become something else.
///
/// # Errors
/// [`Stale`] when a policy reaches a group that the steps change and did not when the plan was made.
pub(super) fn covered(
    stated: &[ObjectDocument],
    needed: &[ObjectDocument],
    steps: &[Step],
) -> Result<(), Reread> {
    let by_address: BTreeMap<&str, &ObjectDocument> =
        stated.iter().map(|object| (object.address.as_str(), object)).collect();
    let touched: BTreeSet<String> = steps.iter().map(|step| address(&step.action.address())).collect();
    let mut came = Vec::new();
    for object in needed {
        match by_address.get(object.address.as_str()) {
            Some(stated) if *stated == object => {}
            Some(_) => {
                unfit(format!("its steps do not make of {} what it says", object.address))?;
            }
            None if object.address.starts_with("policy ") && !touched.contains(&object.address) => {
                came.push(Changed {
                    address: object.address.clone(),
                    planned_from: None,
                    now: object.planned_from.clone(),
                    desired: object.desired.clone(),
                });
            }
            None => {
                unfit(format!("its steps depend on {}, which its objects leave out", object.address))?;
            }
        }
    }
    if !came.is_empty() {
        return Err(Stale::Changed(came).into());
    }
    let needed: BTreeSet<&str> = needed.iter().map(|object| object.address.as_str()).collect();
    match stated.iter().find(|object| !needed.contains(object.address.as_str())) {
        Some(object) => unfit(format!("none of its steps depends on {}", object.address))?,
        None => Ok(()),
    }
}

fn facets<'s>(state: &'s State, of: &Address) -> Option<(&'s Meta, Flags)> {
    match of {
        Address::User(_) => None,
        Address::Application(key) => state.applications.get(key).map(|found| (&found.meta, found.flags)),
        Address::Group(key) => state.groups.get(key).map(|found| (&found.meta, found.flags)),
        Address::Policy(key) => state.policies.get(key).map(|found| (&found.meta, found.flags)),
    }
}

/// Refuses steps that write what the stack does not own: another stack's objects that it does not say it adopts, those
/// that a product manages, rules that cannot be written; and deletions of anything that is not its own.
pub(super) fn owned(
    steps: &[Step],
    (before, outcome): (&State, &State),
    stack: Option<&Stack>,
    adoptions: &[Adoption],
) -> Result<(), Unreadable> {
    let ours = stack.cloned().map(Owner::Stack);
    let mut adopted: BTreeMap<&Address, Option<&Stack>> =
        adoptions.iter().map(|adoption| (&adoption.address, adoption.from.as_ref())).collect();
    if adopted.len() != adoptions.len() {
        return unfit("it adopts something twice".to_owned());
    }
    let touched: BTreeSet<Address> = steps.iter().map(|step| step.action.address()).collect();
    for of in &touched {
        if let Some((_, flags)) = facets(before, of) {
            let deleted = facets(outcome, of).is_none();
            let builtin = match of {
                Address::Group(key) => before.groups.get(key).is_some_and(|group| group.builtin.is_some()),
                Address::User(_) | Address::Application(_) | Address::Policy(_) => false,
            };
            if !flags.ordinary() || (deleted && (builtin || !flags.deletable)) {
                return unfit(format!("{of} is managed by a product or built in, and a step writes it"));
            }
            let live = owner(before, of);
            let may = match adopted.remove(of) {
                Some(from) => {
                    !deleted
                        && stack.is_some()
                        && live == from.cloned().map(Owner::Stack).as_ref()
                        && live != ours.as_ref()
                }
                None if deleted => stack.is_some_and(|stack| live.is_some_and(|owner| owner.is(stack))),
                None => live == ours.as_ref(),
            };
            if !may {
                return unfit(format!("{of} is not {}'s, and a step writes it", stack_name(stack)));
            }
        }
        match facets(outcome, of) {
            Some((meta, _)) if meta.owner != ours => {
                return unfit(format!("{of} would not be {}'s", stack_name(stack)));
            }
            None if facets(before, of).is_none() => {
                return unfit(format!("{of} is not there, and a step writes it"));
            }
            _ => {}
        }
    }
    if let Some(of) = adopted.keys().next() {
        return unfit(format!("no step adopts {of}"));
    }
    let writable = |rules: &Rules| rules.0.iter().all(crate::model::Rule::expressible);
    let unwritable = steps.iter().find(|step| match &step.action {
        Action::CreatePolicy { policy, .. } => !writable(&policy.rules),
        Action::SetRules { policy, before: _, after } => {
            !writable(after) || before.policies.get(policy).is_some_and(|live| !writable(&live.rules))
        }
        _ => false,
    });
    match unwritable {
        Some(step) => unfit(format!("step {} writes rules that cannot be written", step.id)),
        None => Ok(()),
    }
}

fn stack_name(stack: Option<&Stack>) -> String {
    stack.map_or_else(|| "nobody".to_owned(), |stack| format!("stack {stack}"))
}

/// Refuses a document that is not what the plan says that was made of it.
pub(super) fn says(read: &Document, made: &Document) -> Result<(), Unreadable> {
    if let Some((_, made)) = read.steps.iter().zip(&made.steps).find(|(read, made)| read != made) {
        return unfit(format!("step {} says what it does not do", made.id));
    }
    if let Some(principal) = misstated(&told(&read.access), &told(&made.access)) {
        return unfit(format!(
            "how the access of {principal} changes is not what its steps do to what is live now: it was edited, or live \
             has changed beside it"
        ));
    }
    if read.interruptions != made.interruptions {
        return unfit("its interruptions are not those of its steps".to_owned());
    }
    // Whether this caller may apply it is another question.
    if read.summary != (SummaryDocument { refused: read.summary.refused, ..made.summary.clone() }) {
        return unfit("its summary does not count what its steps do".to_owned());
    }
    Ok(())
}

/// Who gains and loses what, without places and numbers of rules: those matter to nobody's access.
fn told(access: &[AccessDocument]) -> Vec<AccessDocument> {
    let mut told = access.to_vec();
    for change in told.iter_mut().flat_map(|access| &mut access.changes) {
        (change.path.place, change.path.rule) = (None, 0);
    }
    told
}

/// The first principal of whom two lists say different things.
fn misstated<'d>(read: &'d [AccessDocument], made: &'d [AccessDocument]) -> Option<&'d str> {
    let differs = read.iter().zip(made).find(|(read, made)| read != made).map(|(_, made)| made);
    let rest = read.get(made.len()..).into_iter().chain(made.get(read.len()..)).flatten().next();
    differs.or(rest).map(|access| access.principal.as_str())
}
