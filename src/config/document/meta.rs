//! What applications, groups and policies have in common.

use crate::config::decode::{Decoder, Spanned};
use crate::config::fields::Fields;
use crate::config::mistake::{MistakeKind, Span};
use crate::config::tree::Node;
use crate::model::{Id, Kind, Name, Tag, check_description};

/// What every declared object has.
#[derive(Debug, Default)]
pub(in crate::config) struct MetaDocument {
    pub(in crate::config) description: Option<String>,
    pub(in crate::config) tags: Vec<Spanned<Tag>>,
    pub(in crate::config) id: Option<Spanned<Id>>,
    pub(in crate::config) previously: Option<Spanned<Name>>,
}

/// Decodes the keys that every declared object has.
pub(super) fn meta(fields: &mut Fields<'_, '_>, d: &mut Decoder<'_>, kind: Kind) -> MetaDocument {
    MetaDocument {
        description: fields.optional("description", d, description),
        tags: fields.optional("tags", d, tags).unwrap_or_default(),
        id: fields.optional("id", d, |d, node, _| d.id(node, "id")),
        previously: fields.optional("previously", d, |d, node, _| d.name(node, "previously", kind)),
    }
}

fn description(d: &mut Decoder<'_>, node: &Node<'_>, _: Span) -> Option<String> {
    let text = d.text(node, "description")?;
    match check_description(text) {
        Ok(()) => Some(text.to_owned()),
        Err(why) => {
            d.mistake(node.at, MistakeKind::BadDescription { why });
            None
        }
    }
}

fn tags(d: &mut Decoder<'_>, node: &Node<'_>, _: Span) -> Option<Vec<Spanned<Tag>>> {
    let mut tags = d.each(node, "tags", |d, item| d.tag(item))?;
    d.distinct(&mut tags, "tag", |tag| (tag.value.clone(), tag.at));
    Some(tags)
}
