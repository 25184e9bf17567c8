use super::meta::{MetaDocument, meta};
use crate::config::decode::Decoder;
use crate::config::fields::{Fields, document};
use crate::config::mistake::Span;
use crate::config::tree::Node;
use crate::model::Kind;

document! {
    /// A machine's identity.
    #[derive(Default)]
    #[schemars(rename = "application")]
    ApplicationDocument: "an application" {
        ..MetaDocument,
    }
}

pub(super) fn application(
    d: &mut Decoder<'_>,
    node: &Node<'_>,
    name: &str,
    at: Span,
) -> Option<ApplicationDocument> {
    let mut fields = Fields::of(d, node, at, name, &ApplicationDocument::SHAPE)?;
    Some(ApplicationDocument { shared: meta(&mut fields, d, Kind::Application) })
}
