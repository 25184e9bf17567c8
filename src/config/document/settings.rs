use crate::config::decode::{Decoder, Spanned};
use crate::config::fields::{Fields, Shape};
use crate::config::mistake::{MistakeKind, Span};
use crate::config::tree::Node;
use crate::model::{Address, Key, Kind, Prune, Stack};

/// `settings`.
#[derive(Debug, Default)]
pub(in crate::config) struct SettingsDocument {
    pub(in crate::config) prune: Option<Spanned<Prune>>,
    pub(in crate::config) min_iam_admins: Option<u32>,
    pub(in crate::config) protect: Vec<Spanned<Address>>,
    pub(in crate::config) takes_over: Option<Spanned<Vec<Spanned<Stack>>>>,
    pub(in crate::config) limits: Vec<(&'static str, u32)>,
}

pub(in crate::config) const SHAPE: Shape = Shape {
    of: "`settings`",
    keys: &["prune", "min_iam_admins", "protect", "takes_over", "limits"],
    top: false,
};

/// The guards whose numbers can be set.
pub(in crate::config) const LIMITS: Shape =
    Shape { of: "`limits`", keys: &["deletes", "emptied", "lost_access", "adoptions", "rename"], top: false };

/// The words for `prune`.
pub(in crate::config) const PRUNES: &[&str] = &["owned", "none"];

pub(super) fn settings(d: &mut Decoder<'_>, node: &Node<'_>, key: Span) -> Option<SettingsDocument> {
    let mut fields = Fields::of(d, node, key, "settings", &SHAPE)?;
    Some(SettingsDocument {
        prune: fields.optional("prune", d, |d, node, at| {
            let value = d.one_of(node, "prune", PRUNES, &[Prune::Owned, Prune::None])?;
            Some(Spanned { value, at })
        }),
        min_iam_admins: fields.optional("min_iam_admins", d, |d, node, _| d.count(node, "min_iam_admins")),
        protect: fields.optional("protect", d, protected).unwrap_or_default(),
        takes_over: fields.optional("takes_over", d, |d, node, at| {
            let stack = |text, why| MistakeKind::BadStack { text, why };
            let mut value =
                d.each(node, "takes_over", |d, item| d.value::<Stack>(item, "takes_over", stack))?;
            d.distinct(&mut value, "stack", |stack| (stack.value.clone(), stack.at));
            Some(Spanned { value, at })
        }),
        limits: fields.optional("limits", d, limits).unwrap_or_default(),
    })
}

fn limits(d: &mut Decoder<'_>, node: &Node<'_>, key: Span) -> Option<Vec<(&'static str, u32)>> {
    let mut fields = Fields::of(d, node, key, "limits", &LIMITS)?;
    let mut limits = Vec::new();
    for guard in LIMITS.keys {
        limits.extend(fields.optional(guard, d, |d, node, _| d.count(node, guard)).map(|n| (*guard, n)));
    }
    Some(limits)
}

fn protected(d: &mut Decoder<'_>, node: &Node<'_>, _: Span) -> Option<Vec<Spanned<Address>>> {
    let mut addresses = d.each(node, "protect", address)?;
    d.distinct(&mut addresses, "protected object", |address| (address.value.clone(), address.at));
    Some(addresses)
}

/// Decodes `user:alice@example.com`.
fn address(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<Spanned<Address>> {
    let text = d.text(node, "protect")?;
    let named = text.split_once(':');
    let kind = named.and_then(|(word, _)| Kind::ALL.into_iter().find(|kind| kind.word() == word));
    let (Some((_, name)), Some(kind)) = (named, kind) else {
        d.mistake(node.at, MistakeKind::BadProtect { text: text.to_owned() });
        return None;
    };
    let value = match kind {
        Kind::User => Address::User(Key::Named(d.email_of(name, node.at)?)),
        Kind::Application => Address::Application(Key::Named(d.name_of(name, node.at, kind)?)),
        Kind::Group => Address::Group(Key::Named(d.name_of(name, node.at, kind)?)),
        Kind::Policy => Address::Policy(Key::Named(d.name_of(name, node.at, kind)?)),
    };
    Some(Spanned { value, at: node.at })
}
