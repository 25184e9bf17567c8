use serde_json::{Value, json};

use super::Section;
use super::meta::{self, MetaDocument, meta};
use crate::config::decode::Decoder;
use crate::config::export::{Names, YamlWriter};
use crate::config::fields::{Keyed as _, MapFields, document};
use crate::config::mistake::Span;
use crate::config::resolve::Resolving;
use crate::config::tree::Node;
use crate::model::{Address, Application, Flags, Kind};

document! {
    /// A machine's identity.
    #[derive(Default)]
    #[schemars(rename = "application")]
    ApplicationDocument: "an application" {
        #[schemars(flatten)]
        @of shared: MetaDocument,
    }
}

impl Section for ApplicationDocument {
    type Object = Application;

    const WORDS: &'static str = "The applications, by name. An absent section means that applications are not managed here; `{}` means that\nthere are none.";
    const API: &'static str = "`name` of an application";

    fn example() -> Value {
        json!({"ci": {"description": "Deploys from CI"}})
    }

    fn decode(d: &mut Decoder<'_>, node: &Node<'_>, name: &str, at: Span) -> Option<Self> {
        let mut fields = MapFields::of(d, node, at, name, &Self::SHAPE)?;
        Some(Self { shared: meta(&mut fields, d, Kind::Application) })
    }

    fn meta(&self) -> &MetaDocument {
        &self.shared
    }

    fn resolve(&self, resolving: &mut Resolving<'_>, _: &Address) -> Application {
        Application { meta: resolving.meta(&self.shared), flags: Flags::default(), api_keys: 0 }
    }

    fn write(application: &Application, writer: &mut YamlWriter, _: &Names) {
        meta::write(writer, &application.meta);
    }
}
