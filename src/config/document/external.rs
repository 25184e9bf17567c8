use crate::config::decode::{Decoder, Spanned};
use crate::config::fields::{Fields, Shape};
use crate::config::mistake::Span;
use crate::config::tree::Node;
use crate::model::{Kind, Name};

/// `external`.
#[derive(Debug, Default)]
pub(in crate::config) struct ExternalDocument {
    pub(in crate::config) groups: Vec<Spanned<Name>>,
    pub(in crate::config) applications: Vec<Spanned<Name>>,
}

pub(in crate::config) const SHAPE: Shape =
    Shape { of: "`external`", keys: &["groups", "applications"], top: false };

pub(super) fn external(d: &mut Decoder<'_>, node: &Node<'_>, key: Span) -> Option<ExternalDocument> {
    let mut fields = Fields::of(d, node, key, "external", &SHAPE)?;
    let groups = fields.optional("groups", d, |d, node, _| {
        d.each(node, "groups", |d, item| d.name(item, "groups", Kind::Group))
    });
    let applications = fields.optional("applications", d, |d, node, _| {
        d.each(node, "applications", |d, item| d.name(item, "applications", Kind::Application))
    });
    Some(ExternalDocument {
        groups: groups.unwrap_or_default(),
        applications: applications.unwrap_or_default(),
    })
}
