use jiff::Timestamp;

use super::rule::until;
use crate::config::decode::{Decoder, Spanned};
use crate::config::fields::{Keyed as _, MapFields, document};
use crate::config::mistake::{MistakeKind, Span};
use crate::config::schema::text;
use crate::config::tree::Node;
use crate::model::{DriftKind, Stack};

document! {
    /// What `drift` fails on, and what it leaves out.
    #[derive(Default)]
    #[schemars(rename = "drift")]
    DriftDocument: "`drift`" {
        /// The findings that end with exit code 2.
        #[schemars(with = "Option<Vec<String>>", extend("items" = {"enum": ["broken", "escalation", "gone", "missing", "extra", "changed", "unmanaged"]}, "uniqueItems" = true, "default" = ["broken", "escalation", "gone", "missing", "extra", "changed"], "x-api" = "–", "examples" = [["broken", "escalation"]]))]
        fail_on: Option<Vec<Spanned<DriftKind>>>,
        /// Findings that are known: shown, but without effect on the exit code until they end.
        #[schemars(default, extend("default" = [], "x-api" = "–", "examples" = [[{"fingerprint": "3f9c0a17d2be", "reason": "the vendor's break-glass access", "until": "2027-01-31"}]]))]
        ignore: Vec<IgnoreDocument>,
        /// Stacks that are trusted: access by an object that one of them owns is not an escalation.
        #[schemars(default, extend("uniqueItems" = true, "default" = [], "x-api" = "one of the `tags` of groups and policies", "examples" = [["security"]]))]
        stacks: Vec<Spanned<Stack>>,
    }
}

document! {
    /// A finding that is known.
    #[schemars(rename = "ignored_finding")]
    IgnoreDocument: "an ignored finding" {
        /// The fingerprint that `drift` prints: 12 hexadecimal digits.
        #[schemars(with = "String", extend("pattern" = "^[0-9a-f]{12}$", "x-api" = "–", "examples" = ["3f9c0a17d2be"]))]
        fingerprint: Spanned<String>,
        /// Why it is ignored.
        #[schemars(with = "String", extend("minLength" = 1, "maxLength" = 200, "x-api" = "–", "examples" = ["the vendor's break-glass access"]))]
        reason: String,
        /// When it counts again.
        #[schemars(with = "text::Until", extend("x-api" = "–", "examples" = ["2027-01-31"]))]
        until: Spanned<Timestamp>,
    }
}

/// The words for `fail_on`.
pub(in crate::config) const FINDINGS: &[&str] =
    &["broken", "escalation", "gone", "missing", "extra", "changed", "unmanaged"];

pub(super) fn drift(d: &mut Decoder<'_>, node: &Node<'_>, key: Span) -> Option<DriftDocument> {
    let mut fields = MapFields::of(d, node, key, "drift", &DriftDocument::SHAPE)?;
    Some(DriftDocument {
        fail_on: fields.optional("fail_on", d, |d, node, _| {
            let mut kinds = d.each(node, "fail_on", |d, item| {
                let value = d.one_of(item, "fail_on", FINDINGS, DriftKind::ALL)?;
                Some(Spanned { value, at: item.at })
            })?;
            d.distinct(&mut kinds, "finding", |kind| (kind.value, kind.at));
            Some(kinds)
        }),
        ignore: fields.optional("ignore", d, ignored).unwrap_or_default(),
        stacks: fields
            .optional("stacks", d, |d, node, _| {
                let stack = |text, why| MistakeKind::BadStack { text, why };
                let mut stacks = d.each(node, "stacks", |d, item| d.value::<Stack>(item, "stacks", stack))?;
                d.distinct(&mut stacks, "stack", |stack| (stack.value.clone(), stack.at));
                Some(stacks)
            })
            .unwrap_or_default(),
    })
}

fn ignored(d: &mut Decoder<'_>, node: &Node<'_>, _: Span) -> Option<Vec<IgnoreDocument>> {
    let items = d.list(node, "ignore")?;
    let mut ignored: Vec<IgnoreDocument> = items.iter().filter_map(|item| ignore(d, item)).collect();
    d.distinct(&mut ignored, "ignored finding", |it| (it.fingerprint.value.clone(), it.fingerprint.at));
    Some(ignored)
}

fn ignore(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<IgnoreDocument> {
    let mut fields = MapFields::of(d, node, node.head(), "ignore", &IgnoreDocument::SHAPE)?;
    let of = || "the ignored finding".to_owned();
    let fingerprint = fields.required("fingerprint", d, of, fingerprint);
    let reason = fields.required("reason", d, of, reason);
    let until = fields.required("until", d, of, until);
    Some(IgnoreDocument { fingerprint: fingerprint?, reason: reason?, until: until? })
}

fn fingerprint(d: &mut Decoder<'_>, node: &Node<'_>, _: Span) -> Option<Spanned<String>> {
    let text = d.text(node, "fingerprint")?;
    let digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if text.len() == 12 && text.chars().all(digit) {
        return Some(Spanned { value: text.to_owned(), at: node.at });
    }
    d.mistake(node.at, MistakeKind::BadFingerprint { text: text.to_owned() });
    None
}

fn reason(d: &mut Decoder<'_>, node: &Node<'_>, _: Span) -> Option<String> {
    let text = d.text(node, "reason")?;
    let checked = if text.trim().is_empty() {
        Err(crate::model::BadText::Empty)
    } else {
        crate::model::check_description(text)
    };
    match checked {
        Ok(()) => Some(text.to_owned()),
        Err(why) => {
            d.mistake(node.at, MistakeKind::BadReason { why });
            None
        }
    }
}
