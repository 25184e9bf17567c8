//! What all declared objects have in common.

use crate::config::decode::{Decoder, Spanned};
use crate::config::fields::{MapFields, document};
use crate::config::mistake::{MistakeKind, Span};
use crate::config::schema::text;
use crate::config::tree::Node;
use crate::config::write::YamlWriter;
use crate::model::{Id, Key, Kind, Meta, Name, Tag, check_description};

document! {
    /// What every declared object has.
    #[derive(Default)]
    #[schemars(rename = "meta")]
    MetaDocument: "an object" {
        /// Free text. If absent, it is not managed here: a live object keeps its own, and a new one has none.
        #[schemars(with = "Option<text::Description>", extend("x-api" = "`description`", "examples" = ["Deploys from CI"]))]
        description: Option<String>,
        /// Your own tags. If absent, they are not managed here; `[]` means that there are none. With a `stack` there can be at most nine, because one more names the owner.
        #[schemars(extend("maxItems" = 10, "uniqueItems" = true, "x-api" = "`tags`", "examples" = [["team=platform"]]))]
        tags: Option<Vec<Spanned<Tag>>>,
        /// The id of the live object, if its name is not enough to identify it.
        #[schemars(extend("x-api" = "`id`", "examples" = ["63310857-3247-4094-bc70-58fd1cd82491"]))]
        id: Option<Spanned<Id>>,
        /// The previous name of the object: the object is renamed instead of deleted and created. It is used while no live
        /// object of this kind has the new name; remove it once that is done.
        #[schemars(with = "Option<Name>", extend("x-api" = "`name` in a `PATCH`", "examples" = ["old-name"]))]
        previously: Option<Spanned<Key>>,
    }
}

/// Decodes the keys that every declared object has.
pub(super) fn meta(fields: &mut MapFields<'_, '_>, d: &mut Decoder<'_>, kind: Kind) -> MetaDocument {
    MetaDocument {
        description: fields.optional("description", d, description),
        tags: fields.optional("tags", d, tags),
        id: fields.optional("id", d, |d, node, _| d.id(node, "id")),
        previously: fields.optional("previously", d, |d, node, _| previously(d, node, kind)),
    }
}

/// Decodes what an object went by before.
fn previously(d: &mut Decoder<'_>, node: &Node<'_>, kind: Kind) -> Option<Spanned<Key>> {
    let text = d.text(node, "previously")?;
    let value = d.key_of(text, node.at, kind)?;
    Some(Spanned { value, at: node.at })
}

fn description(d: &mut Decoder<'_>, node: &Node<'_>, _: Span) -> Option<String> {
    let text = d.text(node, "description")?;
    match check_description(text) {
        Ok(()) => Some(text.trim().to_owned()),
        Err(why) => {
            d.mistake(node.at, MistakeKind::BadDescription { why });
            None
        }
    }
}

pub(super) fn tags(d: &mut Decoder<'_>, node: &Node<'_>, _: Span) -> Option<Vec<Spanned<Tag>>> {
    let mut tags = d.each(node, "tags", |d, item| d.tag(item))?;
    d.distinct(&mut tags, "tag", |tag| (tag.value.clone(), tag.at));
    Some(tags)
}

/// Writes the keys that every declared object has, where they say something.
pub(super) fn write(writer: &mut YamlWriter, meta: &Meta) {
    if !meta.description.is_empty() {
        writer.text(2, "description", &meta.description);
    }
    if !meta.tags.is_empty() {
        writer.list(2, "tags", meta.tags.iter().map(String::as_str));
    }
}
