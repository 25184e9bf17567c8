//! Objects that a file names: `group:developers`.

use crate::config::decode::{Decoder, Spanned};
use crate::config::mistake::MistakeKind;
use crate::config::tree::Node;
use crate::model::{Address, Kind};

/// Decodes a list of objects by kind and name. `of` is the word for one of them.
pub(super) fn addresses(
    d: &mut Decoder<'_>,
    node: &Node<'_>,
    what: &str,
    of: &'static str,
) -> Option<Vec<Spanned<Address>>> {
    let mut addresses = d.each(node, what, |d, item| address(d, item, what))?;
    d.distinct(&mut addresses, of, |address| (address.value.clone(), address.at));
    Some(addresses)
}

/// Decodes `user:alice@example.com`.
pub(super) fn address(d: &mut Decoder<'_>, node: &Node<'_>, what: &str) -> Option<Spanned<Address>> {
    let text = d.text(node, what)?;
    let named = text.split_once(':');
    let kind = named.and_then(|(word, _)| Kind::ALL.iter().copied().find(|kind| kind.word() == word));
    let (Some((_, name)), Some(kind)) = (named, kind) else {
        d.mistake(node.at, MistakeKind::BadAddress { text: text.to_owned() });
        return None;
    };
    let key = d.key_of(name, node.at, kind)?;
    Some(Spanned { value: Address::new(kind, key), at: node.at })
}
