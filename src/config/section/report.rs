use std::collections::BTreeMap;

use jiff::SignedDuration;
use schemars::{Schema, SchemaGenerator, json_schema};

use super::assertion::{OnDocument, on};
use super::span::span;
use crate::config::decode::{Decoder, Spanned};
use crate::config::fields::{Keyed as _, MapFields, document};
use crate::config::mistake::{MistakeKind, Span};
use crate::config::schema::text;
use crate::config::tree::Node;
use crate::model::{BadText, FindingId, FindingSeverity, PermissionSetName, ProjectName, check_description};

document! {
    /// What `report --files` reports, and which questions it answers first.
    #[derive(Default)]
    #[schemars(rename = "report")]
    ReportDocument: "`report`" {
        /// Severities that differ from the usual ones, by finding; docs/findings.md lists the findings.
        #[schemars(default, schema_with = "severities", extend("default" = {}, "x-api" = "–", "examples" = [{"person-key": "medium"}]))]
        severity: BTreeMap<FindingId, FindingSeverity>,
        /// The questions that a report answers first. If absent: who administers IAM, who reads secrets in each
        /// project, who has full access to everything, and who reads the audit log.
        #[schemars(with = "Option<Vec<QuestionDocument>>", extend("x-api" = "–", "examples" = [[{"name": "reads secrets in production", "can": "SecretManagerSecretAccess", "on": "prod"}]]))]
        questions: Option<Vec<QuestionDocument>>,
        /// How long new objects are not reported: people who never logged in, and applications, groups and policies that
        /// nothing uses. A number with `d`, `h` or `m` for days, hours or minutes.
        #[schemars(with = "Option<text::SpanText>", extend("default" = "30d", "x-api" = "–", "examples" = ["14d"]))]
        grace: Option<SignedDuration>,
        /// How old an API key may be before it is a finding.
        #[schemars(with = "Option<text::SpanText>", extend("default" = "365d", "x-api" = "–", "examples" = ["180d"]))]
        key_age: Option<SignedDuration>,
    }
}

document! {
    /// A question that a report answers first.
    #[schemars(rename = "question")]
    QuestionDocument: "a question" {
        /// What it asks, in words that follow *who*.
        #[schemars(with = "String", extend("minLength" = 1, "maxLength" = 200, "x-api" = "–", "examples" = ["reads secrets in production"]))]
        name: String,
        /// The permission set.
        #[schemars(extend("x-api" = "–", "examples" = ["SecretManagerSecretAccess"]))]
        can: Spanned<PermissionSetName>,
        /// Where: `organization`, `all_projects`, or a project by name.
        #[schemars(with = "ProjectName", extend("x-api" = "–", "examples" = ["prod", "organization"]))]
        on: Spanned<OnDocument>,
    }
}

fn severities(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "propertyNames": {"enum": FindingId::WORDS},
        "additionalProperties": {"type": "string", "enum": FindingSeverity::WORDS},
    })
}

pub(super) fn report(d: &mut Decoder<'_>, node: &Node<'_>, key: Span) -> Option<ReportDocument> {
    let mut fields = MapFields::of(d, node, key, "report", &ReportDocument::SHAPE)?;
    Some(ReportDocument {
        severity: fields.optional("severity", d, severity).unwrap_or_default(),
        questions: fields.optional("questions", d, questions),
        grace: fields.optional("grace", d, |d, node, _| span(d, node, "grace")).map(|it| it.value),
        key_age: fields.optional("key_age", d, |d, node, _| span(d, node, "key_age")).map(|it| it.value),
    })
}

fn severity(d: &mut Decoder<'_>, node: &Node<'_>, _: Span) -> Option<BTreeMap<FindingId, FindingSeverity>> {
    let map = d.map(node, "severity")?;
    let entry = |(id, severity): &(Node<'_>, Node<'_>)| {
        let id = d.one_of(id, "finding", FindingId::WORDS, FindingId::ALL);
        let severity = d.one_of(severity, "severity", FindingSeverity::WORDS, &FindingSeverity::ALL);
        id.zip(severity)
    };
    Some(map.entries.iter().filter_map(entry).collect())
}

fn questions(d: &mut Decoder<'_>, node: &Node<'_>, _: Span) -> Option<Vec<QuestionDocument>> {
    let items = d.list(node, "questions")?;
    Some(items.iter().filter_map(|item| question(d, item)).collect())
}

fn question(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<QuestionDocument> {
    let at = node.head();
    let mut fields = MapFields::of(d, node, at, "questions", &QuestionDocument::SHAPE)?;
    let of = || "the question".to_owned();
    let name = fields.required("name", d, of, |d, node, _| name(d, node));
    let can = fields.required("can", d, of, |d, node, _| d.permission_set(node, "can"));
    let on = fields.required("on", d, of, |d, node, _| on(d, node));
    Some(QuestionDocument { name: name?, can: can?, on: on? })
}

fn name(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<String> {
    let text = d.text(node, "name")?;
    let checked = if text.trim().is_empty() { Err(BadText::Empty) } else { check_description(text) };
    match checked {
        Ok(()) => Some(text.to_owned()),
        Err(why) => {
            d.mistake(node.at, MistakeKind::BadQuestionName { why });
            None
        }
    }
}
