//! Decides which objects are declared, which are external, and which are left out, with the reason.

use std::collections::{BTreeMap, BTreeSet};

use super::options::ExportOptions;
use crate::config::section::external::ExternalDocument;
use crate::config::section::unsayable;
use crate::model::{Address, Key, Meta, Object, Owner, State, Tag, check_description};

/// The parts of a state that files declare, in the order in which they are written.
#[derive(Default)]
pub(super) struct Declared<'a> {
    pub(super) objects: BTreeMap<&'a Address, &'a Object>,
    pub(super) external: BTreeSet<Address>,
    pub(super) left_out: BTreeMap<&'a Address, String>,
}

/// Decides for each object whether it is declared. `refused` is what the reader did not take.
pub(super) fn declare<'a>(
    state: &'a State,
    options: &ExportOptions<'_>,
    refused: &BTreeMap<Address, String>,
) -> Declared<'a> {
    let mut declared = Declared::default();
    let asked = |address: &Address| options.part.is_none_or(|part| part.only.contains(address));
    let all = state
        .objects
        .iter()
        .filter(|(address, object)| asked(address) && is_sayable(address, object, options));
    for (address, object) in all {
        match refused.get(address).cloned().or_else(|| reason(address, object, options)) {
            None => _ = declared.objects.insert(address, object),
            Some(why) => _ = declared.left_out.insert(address, why),
        }
    }
    for object in declared.objects.values() {
        let external = object.refers().into_iter().filter(|to| {
            to.key().name().is_some()
                && ExternalDocument::takes(to.kind())
                && !declared.objects.contains_key(to)
        });
        declared.external.extend(external);
    }
    declared
}

/// Says whether the files of a stack include an object. Of people, they include those that the stack already owns. Files can name
/// the others without managing them, and whether to manage them is for a person to decide.
fn is_sayable(address: &Address, object: &Object, options: &ExportOptions<'_>) -> bool {
    let owned = || object.meta().and_then(|meta| meta.owner.as_ref()).is_some();
    !address.kind().named_undeclared() || options.stack.is_none() || options.part.is_some() || owned()
}

/// How the reason begins why an object of another stack is not declared.
pub const OF_A_STACK: &str = "it belongs to the stack ";

/// The most tags that files may give: ten, of which a stack needs one.
const TAGS_MOST: usize = 10;

/// Returns why an object is not declared.
fn reason(address: &Address, object: &Object, options: &ExportOptions<'_>) -> Option<String> {
    if object.is_built_in() {
        return Some("it is built in".to_owned());
    }
    if matches!(address.key(), Key::Id(_)) {
        return Some("its name is not unique, or breaks the rules for names".to_owned());
    }
    if matches!(address.key(), Key::Username(_)) {
        return Some("another person has the same e-mail address".to_owned());
    }
    let flags = object.flags();
    if flags.managed {
        return Some("a product manages it".to_owned());
    }
    if !flags.editable {
        return Some("it is not editable".to_owned());
    }
    object.meta().and_then(|meta| unsayable_meta(meta, options)).or_else(|| unsayable(object))
}

fn unsayable_meta(meta: &Meta, options: &ExportOptions<'_>) -> Option<String> {
    match &meta.owner {
        Some(Owner::Stack(stack)) if options.stack != Some(stack) => {
            return Some(format!("{OF_A_STACK}`{stack}`"));
        }
        Some(Owner::Unclear(tags)) => {
            let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
            return Some(format!("its owner is unclear: {}", tags.join(", ")));
        }
        Some(Owner::Stack(_)) | None => {}
    }
    if let Err(why) = check_description(&meta.description) {
        return Some(format!("its description {why}"));
    }
    let bad = meta.tags.iter().find_map(|tag| tag.parse::<Tag>().err().map(|why| (tag, why)));
    if let Some((tag, why)) = bad {
        return Some(format!("its tag `{tag}` {why}"));
    }
    let most = TAGS_MOST - usize::from(options.stack.is_some());
    (meta.tags.len() > most).then(|| format!("it has {} tags, and files may give {most}", meta.tags.len()))
}
