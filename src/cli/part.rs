//! What an export takes in of an organization, and what it says of the rest.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::ask::meant;
use super::failure::Failure;
use super::output::talk;
use crate::config::{ExportPart, LeftOut, OF_A_STACK};
use crate::live::Live;
use crate::model::{Address, Key, Kind, Object, Owner, People, Stack, count};
use crate::reconcile::{Error, Exported, Session};

/// How many objects are named that are left out for one reason, before the rest is counted.
const MOST_NAMES: usize = 3;

/// Says what no file declares, and why; what belongs to a stack has a hint of its own.
pub(super) fn say_left_out(left_out: &[LeftOut], with_stack: bool) {
    let mut reasons: BTreeMap<(&str, Kind), Vec<String>> = BTreeMap::new();
    for it in left_out {
        let name = it
            .title
            .as_ref()
            .map_or_else(|| it.address.key_text(), |title| format!("{title} ({})", it.address.key()));
        reasons.entry((it.why.as_str(), it.address.kind())).or_default().push(name);
    }
    let others = |why: &str| why.starts_with(OF_A_STACK);
    for ((why, kind), names) in reasons.iter().filter(|((why, _), _)| with_stack || !others(why)) {
        let what = if names.len() == 1 { kind.noun() } else { kind.nouns() };
        let more = match names.len().saturating_sub(MOST_NAMES) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let shown: Vec<_> = names.iter().take(MOST_NAMES).map(String::as_str).collect();
        talk(&format!("not declared: {} {what}: {why}: {}{more}", names.len(), shown.join(", ")));
    }
}

/// The objects that were asked for; `None` for the whole organization.
pub(super) fn part(live: &Live, objects: &[Address]) -> Result<Option<ExportPart>, Failure> {
    if objects.is_empty() {
        return Ok(None);
    }
    let mut only = BTreeSet::new();
    for object in objects {
        let known = known(live, object);
        if !live.state.has(&known) {
            let alike: Vec<_> = live.state.addresses(object.kind()).map(Address::text).collect();
            let hint = meant(&object.text(), alike.iter().map(String::as_str));
            return Err(Failure::usage(format!("there is no {object}")).hints(hint));
        }
        only.insert(known);
    }
    Ok(Some(ExportPart { only, added: true, ..ExportPart::default() }))
}

/// Refuses an export that lacks a requested object, and says what else the stack owns.
pub(super) fn all_written(
    (live, exported): (&Live, &Exported),
    objects: &[Address],
    wanted: Option<&Stack>,
) -> Result<(), Failure> {
    for object in objects.iter().map(|object| known(live, object)) {
        if exported.declared.contains(&object) {
            continue;
        }
        let left = exported.left_out.iter().find(|left| left.address == object);
        let why = left.map_or("files do not declare this kind", |left| left.why.as_str());
        let failure = Failure::error(anyhow::anyhow!("cannot export {object}: {why}"));
        let owner = live.state.get(&object).and_then(|it| it.meta()?.owner.as_ref());
        return Err(match owner {
            Some(Owner::Stack(stack)) if wanted != Some(stack) => {
                failure.hint(format!("pass --stack {stack} to write the files of that stack"))
            }
            Some(_) | None => failure,
        });
    }
    let Some(stack) = wanted else { return Ok(()) };
    let owned = live.state.objects.iter().filter(|(address, object)| {
        let owner = object.meta().and_then(|meta| meta.owner.as_ref());
        owner.is_some_and(|owner| owner.is(stack)) && !exported.declared.contains(*address)
    });
    let owned: BTreeSet<&Address> = owned.map(|(address, _)| address).collect();
    if owned.is_empty() {
        return Ok(());
    }
    let declared = exported.declared.iter().filter_map(|address| live.state.get(address));
    let named = declared.flat_map(Object::refers).filter(|to| owned.contains(to));
    let mut external: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for to in named {
        external.entry(to.kind().section()).or_default().insert(to.key_text());
    }
    let external: Vec<String> = external
        .into_iter()
        .map(|(section, names)| format!("{section}: [{}]", Vec::from_iter(names).join(", ")))
        .collect();
    let except = match external.join(", ") {
        named if named.is_empty() => String::new(),
        named => {
            format!(", and leave out `external: {{{named}}}`, which those files already declare")
        }
    };
    let others = count(owned.len(), "other object", "other objects");
    talk(&format!(
        "note: a plan of this export alone would delete {others} of stack {stack}. Copy the exported entries into the files of {stack}{except}"
    ));
    Ok(())
}

/// What belongs to a stack is only exported as that stack's.
pub(super) fn hint_at_stacks(live: &Live) {
    let metas = live.state.objects.values().filter_map(Object::meta);
    let mut stacks = BTreeMap::new();
    for meta in metas {
        if let Some(Owner::Stack(stack)) = &meta.owner {
            *stacks.entry(stack).or_insert(0usize) += 1;
        }
    }
    for (stack, count) in stacks {
        let objects = if count == 1 { "1 object belongs" } else { &format!("{count} objects belong") };
        talk(&format!("hint: {objects} to stack {stack}; export what it owns with `--stack {stack}`"));
    }
}

/// Returns the live address of an object that is named by its id, of a person named by username, or of an object named with its
/// project's name.
fn known(live: &Live, object: &Address) -> Address {
    if let Key::Child(child) = object.key()
        && let Key::Project(name) = &child.parent
    {
        let of_name = live.state.projects.iter().filter(|(_, known)| *known == name);
        let mut there = of_name.map(|(id, _)| object.sibling(Key::child(Key::Id(*id), child.name.clone())));
        return there.find(|address| live.state.has(address)).unwrap_or_else(|| object.clone());
    }
    People::of(&live.state, Some(&live.ids)).known(object).unwrap_or_else(|| object.clone())
}

/// Reads all that an export has, and says what the key may not read.
pub(super) async fn read_all(session: &Session, now: Timestamp) -> Result<Live, Error> {
    let (live, refused) = session.read_permitted(now).await?;
    if !refused.is_empty() {
        let refused: Vec<_> = refused.into_iter().map(Kind::nouns).collect();
        talk(&format!("hint: this key may not read everything; left out: {}", refused.join(", ")));
    }
    Ok(live)
}
