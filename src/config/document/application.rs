use super::meta::{MetaDocument, meta};
use crate::config::decode::Decoder;
use crate::config::fields::{Fields, Shape};
use crate::config::mistake::Span;
use crate::config::tree::Node;
use crate::model::Kind;

/// `applications: {NAME: …}`.
#[derive(Debug, Default)]
pub(in crate::config) struct ApplicationDocument {
    pub(in crate::config) meta: MetaDocument,
}

pub(in crate::config) const SHAPE: Shape =
    Shape { of: "an application", keys: &["description", "tags", "id", "previously"], top: false };

pub(super) fn application(
    d: &mut Decoder<'_>,
    node: &Node<'_>,
    name: &str,
    at: Span,
) -> Option<ApplicationDocument> {
    let mut fields = Fields::of(d, node, at, name, &SHAPE)?;
    Some(ApplicationDocument { meta: meta(&mut fields, d, Kind::Application) })
}
