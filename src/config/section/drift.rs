use jiff::Timestamp;

use super::address::address;
use super::rule::until;
use crate::config::decode::{Decoder, Spanned};
use crate::config::fields::{Keyed as _, MapFields, document};
use crate::config::mistake::{MistakeKind, Span};
use crate::config::schema::text;
use crate::config::tree::{Node, Value};
use crate::model::{Address, DriftKind, Stack};

document! {
    /// Which findings `drift` fails on, and which it ignores.
    #[derive(Default)]
    #[schemars(rename = "drift")]
    DriftDocument: "`drift`" {
        /// The findings that make `drift` exit with 2.
        #[schemars(with = "Option<Vec<String>>", extend("items" = {"enum": ["broken", "escalation", "gone", "missing", "extra", "changed", "locked", "due", "stale-ignore", "unmanaged"]}, "uniqueItems" = true, "default" = ["broken", "escalation", "gone", "missing", "extra", "changed"], "x-api" = "–", "examples" = [["broken", "escalation"]]))]
        fail_on: Option<Vec<Spanned<DriftKind>>>,
        /// Known findings: they are shown, but do not affect the exit code until the entry ends. An entry names one finding by its
        /// `fingerprint`, or what is found about one live object by `object` and `findings`.
        #[schemars(default, extend("default" = [], "x-api" = "–", "examples" = [[{"fingerprint": "3f9c0a17d2be", "reason": "the vendor's break-glass access", "until": "2027-01-31"}]]))]
        ignore: Vec<IgnoreDocument>,
        /// Trusted stacks: access through an object that one of them owns is not an escalation.
        #[schemars(default, extend("uniqueItems" = true, "default" = [], "x-api" = "one of the `tags` of groups and policies", "examples" = [["security"]]))]
        stacks: Vec<Spanned<Stack>>,
    }
}

document! {
    /// A known finding.
    #[schemars(rename = "ignored_finding", extend("oneOf" = [{"required": ["fingerprint"]}, {"required": ["object", "findings"]}]))]
    IgnoreDocument: "an ignored finding" {
        /// The fingerprint that `drift` prints: 12 hexadecimal digits.
        #[schemars(with = "Option<String>", extend("pattern" = "^[0-9a-f]{12}$", "x-api" = "–", "examples" = ["3f9c0a17d2be"]))]
        fingerprint: Option<Spanned<String>>,
        /// The object that is known to differ. Exactly one live object has the name.
        #[schemars(extend("x-api" = "–", "examples" = ["policy:vendor-access"]))]
        object: Option<Spanned<Address>>,
        /// The findings about the object that are ignored. Others are named by their fingerprints only.
        #[schemars(with = "Option<Vec<String>>", extend("items" = {"enum": ["changed", "locked", "due", "unmanaged"]}, "minItems" = 1, "uniqueItems" = true, "x-api" = "–", "examples" = [["unmanaged"]]))]
        findings: Option<Vec<Spanned<DriftKind>>>,
        /// Why it is ignored.
        #[schemars(with = "String", extend("minLength" = 1, "maxLength" = 200, "x-api" = "–", "examples" = ["the vendor's break-glass access"]))]
        reason: String,
        /// When the finding counts again.
        #[schemars(with = "text::Until", extend("x-api" = "–", "examples" = ["2027-01-31"]))]
        until: Spanned<Timestamp>,
    }
    beside {
        /// Where the entry stands.
        at: Span,
    }
}

/// The words for `fail_on`.
pub(in crate::config) const FINDINGS: &[&str] = &[
    "broken",
    "escalation",
    "gone",
    "missing",
    "extra",
    "changed",
    "locked",
    "due",
    "stale-ignore",
    "unmanaged",
];

/// The findings that are ignored by object.
const BY_OBJECT: &[DriftKind] =
    &[DriftKind::Changed, DriftKind::Locked, DriftKind::Due, DriftKind::Unmanaged];

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
    d.distinct(&mut ignored, "ignored finding", |it| {
        let fingerprint = it.fingerprint.as_ref().map(|it| it.value.clone());
        let object = it.object.as_ref().map(|it| it.value.text());
        (fingerprint.or(object).unwrap_or_default(), it.at)
    });
    Some(ignored)
}

fn ignore(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<IgnoreDocument> {
    let at = node.head();
    let mut fields = MapFields::of(d, node, at, "ignore", &IgnoreDocument::SHAPE)?;
    let of = || "the ignored finding".to_owned();
    let fingerprint = fields.optional("fingerprint", d, fingerprint);
    let object = fields.optional("object", d, |d, node, _| address(d, node, "object"));
    let findings = fields.optional("findings", d, findings);
    let reason = fields.required("reason", d, of, reason);
    let until = fields.required("until", d, of, until);
    let keys = ["fingerprint", "object", "findings"];
    let said = keys.map(|key| fields.get(key).is_some());
    if said != [true, false, false] && said != [false, true, true] {
        if !keys.iter().any(|key| fields.excused(key)) {
            d.mistake(at, MistakeKind::IgnoreUnclear);
        }
        return None;
    }
    if fingerprint.is_none() && (object.is_none() || findings.is_none()) {
        return None;
    }
    Some(IgnoreDocument { fingerprint, object, findings, reason: reason?, until: until?, at })
}

/// Decodes the findings about one object.
fn findings(d: &mut Decoder<'_>, node: &Node<'_>, _: Span) -> Option<Vec<Spanned<DriftKind>>> {
    let mut kinds = d.each(node, "findings", |d, item| {
        let value = d.one_of(item, "findings", FINDINGS, DriftKind::ALL)?;
        if !BY_OBJECT.contains(&value) {
            d.mistake(item.at, MistakeKind::IgnoredByFingerprint { finding: value.as_str() });
            return None;
        }
        Some(Spanned { value, at: item.at })
    })?;
    d.distinct(&mut kinds, "finding", |kind| (kind.value, kind.at));
    if matches!(&node.value, Value::List(items) if items.is_empty()) {
        d.mistake(node.at, MistakeKind::IgnoresNothing);
    }
    Some(kinds)
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
