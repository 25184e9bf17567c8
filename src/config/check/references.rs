//! References: to declared objects, or to those under `external`.

use std::collections::HashMap;

use super::context::Check;
use crate::config::decode::Spanned;
use crate::config::merge::Document;
use crate::config::mistake::{Meant, MistakeKind};
use crate::config::words::by;
use crate::model::{Address, Kind, Name};

pub(super) fn references(check: &mut Check<'_>) {
    let document = check.document;
    let renamed = renamed(document);
    for (of, to) in document.references() {
        let kind = to.value.kind();
        if to.value.key().id().is_some() || document.knows(&to.value) {
            continue;
        }
        let renamed = renamed.get(&to.value);
        // Whether people who are not declared are there only the organization can tell.
        if kind.named_undeclared() && renamed.is_none() {
            continue;
        }
        let name = to.value.key_text();
        let hint = match renamed {
            Some(now) => Meant::Renamed(now.key_text()),
            None => check.near(&name, document.names(kind)).map_or(Meant::Unknown, Meant::Near),
        };
        let managed = document.sections.contains_key(&kind);
        check.mistake(to.at, MistakeKind::Undeclared { by: by(of), kind, name, hint, managed });
    }
    for group in document.settings.iter().flat_map(|it| &it.scim).flat_map(|scim| scim.value.addresses()) {
        if !document.knows(&group.value) {
            let (kind, name, by) = (Kind::Group, group.value.key_text(), "`settings.scim`".to_owned());
            let hint = check.near(&name, document.names(kind)).map_or(Meant::Unknown, Meant::Near);
            let managed = document.sections.contains_key(&kind);
            check.mistake(group.at, MistakeKind::Undeclared { by, kind, name, hint, managed });
        }
    }
    for guardrail in &document.guardrails {
        for name in &guardrail.compared.groups {
            guardrail_group(check, name);
        }
        for kind in &guardrail.compared.kinds {
            if !matches!(kind.value.as_str(), "user" | "application") {
                let (field, written) = ("kind", "`user` or `application`");
                check.mistake(
                    kind.at,
                    MistakeKind::GuardrailNever { field, text: kind.value.clone(), written },
                );
            }
        }
        for principal in &guardrail.compared.principals {
            if !principal.value.starts_with("user:") && !principal.value.starts_with("application:") {
                let (field, written) = ("principal", "`user:ADDRESS` or `application:NAME`");
                let text = principal.value.clone();
                check.mistake(principal.at, MistakeKind::GuardrailNever { field, text, written });
            }
        }
    }
}

/// Returns the declared objects by what they were before; of two that were the same, the first.
fn renamed(document: &Document) -> HashMap<Address, &Address> {
    let mut by_previous = HashMap::new();
    for (address, _, entry) in document.declarations() {
        if let Some(old) = &entry.meta().previously {
            by_previous.entry(address.sibling(old.value.clone())).or_insert(address);
        }
    }
    by_previous
}

/// A guardrail that compares with a group that does not exist would silently forbid nothing, or everything.
fn guardrail_group(check: &mut Check<'_>, name: &Spanned<String>) {
    let text = name.value.as_str();
    let known = text.parse::<Name>().is_ok_and(|name| check.document.knows(&Address::group(name)));
    if text.is_empty() || known {
        return;
    }
    let near = check.near(text, check.document.names(Kind::Group));
    check.mistake(name.at, MistakeKind::GuardrailGroup { name: text.to_owned(), near });
}
