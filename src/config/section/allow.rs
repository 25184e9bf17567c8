use jiff::Timestamp;

use super::address::address;
use super::rule::until;
use crate::config::decode::{Decoder, Spanned};
use crate::config::fields::{Keyed as _, MapFields, document};
use crate::config::mistake::{MistakeKind, Span};
use crate::config::schema::text;
use crate::config::tree::Node;
use crate::model::{Address, BadText, GuardName, check_description};

document! {
    /// Objects or people that a guard lets pass, and nothing else. The entry is reviewed with the change that needs it.
    #[schemars(rename = "allow")]
    AllowDocument: "an entry under `allow`" {
        /// The guard.
        #[schemars(with = "String", extend("enum" = GUARDS, "x-api" = "–", "examples" = ["deletes"]))]
        guard: GuardName,
        /// The objects or people that may pass, all or some of them. A refusal prints them.
        #[schemars(extend("minItems" = 1, "uniqueItems" = true, "x-api" = "–", "examples" = [["group:legacy", "application:legacy-ci"]]))]
        of: Vec<Spanned<Address>>,
        /// When the entry ends, within 30 days.
        #[schemars(with = "text::Until", extend("x-api" = "–", "x-limits" = "within 30 days", "examples" = ["2026-12-01"]))]
        until: Spanned<Timestamp>,
        /// Why this is allowed.
        #[schemars(with = "String", extend("minLength" = 1, "maxLength" = 200, "x-api" = "–", "examples" = ["the legacy team is dissolved"]))]
        reason: Spanned<String>,
    }
    beside {
        /// Where the entry stands.
        at: Span,
    }
}

/// The names of the guards.
const GUARDS: &[&str] = &GuardName::ALL_NAMES;

pub(super) fn allow(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<AllowDocument> {
    let at = node.head();
    let mut fields = MapFields::of(d, node, at, "allow", &AllowDocument::SHAPE)?;
    let entry = || "the entry".to_owned();
    let guard =
        fields.required("guard", d, entry, |d, node, _| d.one_of(node, "guard", GUARDS, &GuardName::ALL));
    let of = fields.required("of", d, entry, |d, node, _| {
        let mut of = d.each(node, "of", |d, item| address(d, item, "of"))?;
        d.distinct(&mut of, "object", |address| (address.value.clone(), address.at));
        if matches!(&node.value, crate::config::tree::Value::List(items) if items.is_empty()) {
            d.mistake(node.at, MistakeKind::AllowsNothing);
        }
        Some(of)
    });
    let until = fields.required("until", d, entry, until);
    let reason = fields.required("reason", d, entry, |d, node, _| reason(d, node));
    Some(AllowDocument { guard: guard?, of: of?, until: until?, reason: reason?, at })
}

fn reason(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<Spanned<String>> {
    let text = d.text(node, "reason")?;
    let checked = if text.trim().is_empty() { Err(BadText::Empty) } else { check_description(text) };
    match checked {
        Ok(()) => Some(Spanned { value: text.to_owned(), at: node.at }),
        Err(why) => {
            d.mistake(node.at, MistakeKind::BadReason { why });
            None
        }
    }
}
