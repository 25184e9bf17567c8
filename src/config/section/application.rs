use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::api_key::{SlotDocument, resolve, slots};
use super::entry::Section;
use super::group::MEMBERSHIPS;
use super::meta::{self, MetaDocument, meta};
use crate::config::decode::{Decoder, Entries, Spanned};
use crate::config::export::{Names, YamlWriter};
use crate::config::fields::{Keyed as _, MapFields, document};
use crate::config::mistake::{MistakeKind, Span};
use crate::config::resolving::Resolving;
use crate::config::tree::Node;
use crate::model::{Address, Application, Flags, Kind, Membership, ProjectName, SlotName};

document! {
    /// A machine's identity.
    #[derive(Default)]
    #[schemars(rename = "application", extend("dependencies" = {"api_keys_membership": ["api_keys"]}))]
    ApplicationDocument: "an application" {
        #[schemars(flatten)]
        @of shared: MetaDocument,
        /// Its API keys, by slot. Absent means that its keys are not managed here; `{}` means that it has none with a slot. Needs
        /// a `stack`.
        #[schemars(with = "Option<BTreeMap<String, SlotDocument>>", extend("propertyNames" = {"pattern": "^[a-z0-9][a-z0-9-]{0,30}$"}, "x-api" = "`description` of an API key", "examples" = [{"deploy": {"expires_after": "90d", "rotate_before": "14d", "overlap": "7d", "deliver": [{"file": "deploy.json"}]}}]))]
        api_keys: Option<Spanned<Entries<SlotName, SlotDocument>>>,
        /// `exact`: every key without a slot is deleted. `at_least`: only keys that had a slot are deleted. Requires `api_keys`.
        #[schemars(with = "Option<String>", extend("enum" = ["exact", "at_least"], "default" = "at_least", "x-api" = "`DELETE /api-keys/{access_key}`", "examples" = ["exact"]))]
        api_keys_membership: Option<Membership>,
    }
}

impl Section for ApplicationDocument {
    type Object = Application;

    const WORDS: &'static str = "The applications, by name. If the section is absent, applications are not managed here; `{}` means that there\nare none.";
    const API: &'static str = "`name` of an application";
    const MAPS: &'static [(&'static str, &'static str)] = &[
        ("application", "`applications.NAME`"),
        ("slot", "`applications.NAME.api_keys.SLOT`"),
        ("delivery", "`applications.NAME.api_keys.SLOT.deliver`, an entry"),
        ("secret", "`secret_manager` of a delivery"),
    ];

    fn example() -> Value {
        json!({"ci": {"description": "Deploys from CI"}})
    }

    fn decode(d: &mut Decoder<'_>, node: &Node<'_>, name: &str, at: Span) -> Option<Self> {
        let mut fields = MapFields::of(d, node, at, name, &Self::SHAPE)?;
        let shared = meta(&mut fields, d, Kind::Application);
        let has_keys = fields.get("api_keys").is_some() || fields.excused("api_keys");
        let api_keys = fields.optional("api_keys", d, |d, node, key| {
            slots(d, node, key).map(|value| Spanned { value, at: key })
        });
        let api_keys_membership = fields.optional("api_keys_membership", d, |d, node, key| {
            if !has_keys {
                d.mistake(key, MistakeKind::KeysMembershipWithoutKeys { application: name.to_owned() });
            }
            d.one_of(node, "api_keys_membership", MEMBERSHIPS, &[Membership::Exact, Membership::AtLeast])
        });
        Some(Self { shared, api_keys, api_keys_membership })
    }

    fn meta(&self) -> &MetaDocument {
        &self.shared
    }

    fn projects(&self) -> Vec<&Spanned<ProjectName>> {
        let slots = self.api_keys.iter().flat_map(|slots| &slots.value);
        slots.flat_map(|(_, slot)| slot.projects()).collect()
    }

    fn api_keys(&self) -> Option<(Span, &Entries<SlotName, SlotDocument>)> {
        self.api_keys.as_ref().map(|slots| (slots.at, &slots.value))
    }

    fn resolve(&self, resolving: &mut Resolving<'_>, address: &Address) -> Option<Application> {
        if let Some(slots) = &self.api_keys {
            let membership = self.api_keys_membership.unwrap_or(Membership::AtLeast);
            let keys = resolve(&slots.value, membership, resolving, address);
            resolving.desired.api_keys.insert(address.clone(), keys);
        }
        Some(Application { meta: resolving.meta(&self.shared), flags: Flags::default(), api_keys: 0 })
    }

    fn write(application: &Application, writer: &mut YamlWriter, _: &Names) {
        meta::write(writer, &application.meta);
    }
}
