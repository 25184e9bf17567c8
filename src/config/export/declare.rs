//! What is declared, what is external, and what is left out for a reason.

use std::collections::{BTreeMap, BTreeSet};

use super::ExportOptions;
use crate::model::{
    Address, Application, Attachment, Flags, Group, Key, Meta, Name, Owner, Policy, Principal, Rule, Scope,
    State, Tag, check_description,
};

/// The parts of a state that files declare, in the order in which they are written.
pub(super) struct Declared<'a> {
    pub(super) applications: BTreeMap<&'a Name, &'a Application>,
    pub(super) groups: BTreeMap<&'a Name, &'a Group>,
    pub(super) policies: BTreeMap<&'a Name, &'a Policy>,
    pub(super) external_applications: BTreeSet<Name>,
    pub(super) external_groups: BTreeSet<Name>,
    pub(super) left_out: BTreeMap<Address, String>,
}

/// Decides for each object whether it is declared. `refused` is what the reader did not take.
pub(super) fn declare<'a>(
    state: &'a State,
    options: &ExportOptions<'_>,
    refused: &BTreeMap<Address, String>,
) -> Declared<'a> {
    let mut declared = Declared {
        applications: BTreeMap::new(),
        groups: BTreeMap::new(),
        policies: BTreeMap::new(),
        external_applications: BTreeSet::new(),
        external_groups: BTreeSet::new(),
        left_out: BTreeMap::new(),
    };
    for (key, application) in state.applications() {
        let address = Address::application(key.clone());
        let why = reason(&address, key, &application.meta, application.flags, options, refused);
        declared.place(address, key, why, |declared, name| {
            declared.applications.insert(name, application);
        });
    }
    for (key, group) in state.groups() {
        let address = Address::group(key.clone());
        let built_in = group.builtin.map(|_| "it is built in".to_owned());
        let why = built_in.or_else(|| reason(&address, key, &group.meta, group.flags, options, refused));
        declared.place(address, key, why, |declared, name| {
            declared.groups.insert(name, group);
        });
    }
    for (key, policy) in state.policies() {
        let address = Address::policy(key.clone());
        let why = reason(&address, key, &policy.meta, policy.flags, options, refused)
            .or_else(|| unnamed(&policy.attachment))
            .or_else(|| policy.rules.0.iter().find_map(unwritable));
        declared.place(address, key, why, |declared, name| {
            declared.policies.insert(name, policy);
        });
    }
    declared.refer();
    declared
}

impl<'a> Declared<'a> {
    fn place(
        &mut self,
        address: Address,
        key: &'a Key,
        why: Option<String>,
        declare: impl FnOnce(&mut Self, &'a Name),
    ) {
        match (why, key) {
            (None, Key::Named(name)) => declare(self, name),
            (why, _) => {
                self.left_out.insert(address, why.unwrap_or_else(|| "it has no name of its own".to_owned()));
            }
        }
    }

    /// Lists what is referred to and not declared.
    fn refer(&mut self) {
        let mut principals: Vec<&Principal> = self.groups.values().flat_map(|group| &group.members).collect();
        for policy in self.policies.values() {
            match &policy.attachment {
                Attachment::Principal(principal) => principals.push(principal),
                Attachment::Group(Key::Named(name)) if !self.groups.contains_key(name) => {
                    self.external_groups.insert(name.clone());
                }
                Attachment::Group(_) | Attachment::None => {}
            }
        }
        for principal in principals {
            if let Principal::Application(Key::Named(name)) = principal
                && !self.applications.contains_key(name)
            {
                self.external_applications.insert(name.clone());
            }
        }
    }
}

/// The most tags that files may give: ten, of which a stack needs one.
const TAGS_MOST: usize = 10;

/// Returns why an object is not declared.
fn reason(
    address: &Address,
    key: &Key,
    meta: &Meta,
    flags: Flags,
    options: &ExportOptions<'_>,
    refused: &BTreeMap<Address, String>,
) -> Option<String> {
    if let Some(why) = refused.get(address) {
        return Some(why.clone());
    }
    if matches!(key, Key::Id(_)) {
        return Some("its name is not unique, or breaks the rules for names".to_owned());
    }
    if flags.managed {
        return Some("a product manages it".to_owned());
    }
    if !flags.editable {
        return Some("it is not editable".to_owned());
    }
    match &meta.owner {
        Some(Owner::Stack(stack)) if options.stack != Some(stack) => {
            return Some(format!("it belongs to the stack `{stack}`"));
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

fn unnamed(attachment: &Attachment) -> Option<String> {
    let address = attachment.address()?;
    let id = address.key().id()?;
    Some(format!("it is attached to {id}, which has no name of its own"))
}

fn unwritable(rule: &Rule) -> Option<String> {
    if rule.expressible() {
        return None;
    }
    Some(match &rule.scope {
        Scope::Other(scope) => format!("a rule has a scope that files cannot say: {scope}"),
        Scope::Gone => "the scope of a rule is gone".to_owned(),
        Scope::Projects(projects) if projects.is_empty() => "a rule has no project".to_owned(),
        Scope::Organization | Scope::AllProjects | Scope::Projects(_) => {
            "a rule grants no permission set".to_owned()
        }
    })
}
