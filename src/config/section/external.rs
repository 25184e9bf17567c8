use crate::config::decode::{Decoder, Spanned};
use crate::config::fields::{Keyed as _, MapFields, document};
use crate::config::mistake::Span;
use crate::config::tree::Node;
use crate::model::{Address, Kind, Name};

document! {
    /// Objects that the files refer to but do not declare.
    #[derive(Default)]
    #[schemars(rename = "external")]
    ExternalDocument: "`external`" {
        /// Groups by name.
        #[schemars(default, extend("default" = [], "x-api" = "`name` of a group", "examples" = [["All Users"]]))]
        groups: Vec<Spanned<Name>>,
        /// Applications by name.
        #[schemars(default, extend("default" = [], "x-api" = "`name` of an application", "examples" = [["vpn-gateway"]]))]
        applications: Vec<Spanned<Name>>,
    }
}

impl ExternalDocument {
    /// Returns true for a kind whose objects may be listed.
    pub(in crate::config) fn takes(kind: Kind) -> bool {
        Self::KEYS.contains(&kind.section())
    }

    /// Returns what is listed.
    pub(in crate::config) fn addresses(self) -> impl Iterator<Item = Spanned<Address>> {
        let groups = self.groups.into_iter().map(|name| name.map(Address::group));
        groups.chain(self.applications.into_iter().map(|name| name.map(Address::application)))
    }
}

pub(super) fn external(d: &mut Decoder<'_>, node: &Node<'_>, key: Span) -> Option<ExternalDocument> {
    let mut fields = MapFields::of(d, node, key, "external", &ExternalDocument::SHAPE)?;
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
