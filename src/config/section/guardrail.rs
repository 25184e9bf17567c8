use crate::access::cel::Vocabulary;
use crate::config::decode::{Decoder, Spanned};
use crate::config::expression::Compared;
use crate::config::fields::{Keyed as _, MapFields, document};
use crate::config::mistake::{MistakeKind, Span};
use crate::config::tree::Node;
use crate::model::{BadText, check_description};

document! {
    /// Grants that are forbidden.
    #[schemars(rename = "guardrail")]
    GuardrailDocument: "a guardrail" {
        /// What the guardrail ensures, in words. The name must be unique.
        #[schemars(with = "String", extend("minLength" = 1, "maxLength" = 200, "x-api" = "–", "examples" = ["people administer IAM through the owners group only"]))]
        name: Spanned<String>,
        /// A CEL expression that is true for each forbidden grant. The variables are `grant.principal`, `grant.kind`,
        /// `grant.permission_set`, `grant.scope`, `grant.condition`, `grant.via_group`, `grant.policy` and
        /// `grant.managed`; the standard functions are available.
        #[schemars(with = "String", extend("minLength" = 1, "maxLength" = 4096, "x-api" = "–", "examples" = ["grant.permission_set == \"IAMManager\" && grant.via_group != \"owners\""]))]
        forbid: Spanned<String>,
    }
    beside {
        /// What the expression compares with, and where.
        compared: Compared,
    }
}

/// The most characters of a guardrail's expression.
const FORBID_MOST: usize = 4096;

pub(super) fn guardrail(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<GuardrailDocument> {
    let mut fields = MapFields::of(d, node, node.head(), "guardrails", &GuardrailDocument::SHAPE)?;
    let of = || "the guardrail".to_owned();
    let name = fields.required("name", d, of, name);
    let forbid = fields.required("forbid", d, of, |d, node, _| {
        let text = d.text(node, "forbid")?;
        let found = text.chars().count();
        if found > FORBID_MOST {
            d.mistake(node.at, MistakeKind::GuardrailTooLong { found, most: FORBID_MOST });
            return None;
        }
        let compared = d.expression(text, node, Vocabulary::Guardrail);
        Some((Spanned { value: text.to_owned(), at: node.at }, compared))
    });
    let (name, (forbid, compared)) = (name?, forbid?);
    Some(GuardrailDocument { name, forbid, compared })
}

fn name(d: &mut Decoder<'_>, node: &Node<'_>, _: Span) -> Option<Spanned<String>> {
    let text = d.text(node, "name")?;
    let checked = if text.trim().is_empty() { Err(BadText::Empty) } else { check_description(text) };
    match checked {
        Ok(()) => Some(Spanned { value: text.to_owned(), at: node.at }),
        Err(why) => {
            d.mistake(node.at, MistakeKind::BadGuardrailName { why });
            None
        }
    }
}
