use super::policy::{PrincipalDocument, principal};
use super::rule::project;
use crate::config::decode::{Decoder, Spanned};
use crate::config::fields::{Fields, Shape};
use crate::config::mistake::{Mistake, MistakeKind, Span};
use crate::config::tree::Node;
use crate::model::{Expectation, PermissionSetName, ProjectName};

/// An entry of `assertions`.
#[derive(Debug)]
pub(in crate::config) struct AssertionDocument {
    pub(in crate::config) principal: PrincipalDocument,
    pub(in crate::config) expectation: Expectation,
    pub(in crate::config) permission_set: Spanned<PermissionSetName>,
    pub(in crate::config) on: Spanned<OnDocument>,
    pub(in crate::config) at: Span,
}

/// `on` of an assertion.
#[derive(Debug)]
pub(in crate::config) enum OnDocument {
    Organization,
    AllProjects,
    Project(ProjectName),
}

pub(in crate::config) const SHAPE: Shape =
    Shape { of: "an assertion", keys: &["principal", "can", "cannot", "on"], top: false };

pub(super) fn assertion(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<AssertionDocument> {
    let at = node.head();
    let mut fields = Fields::of(d, node, at, "assertions", &SHAPE)?;
    let of = || "the assertion".to_owned();
    let principal = fields.required("principal", d, of, |d, node, key| match node.raw() {
        Some("none") => Some(PrincipalDocument::None),
        _ => principal(d, node, key),
    });
    let principal = match principal {
        Some(PrincipalDocument::None) => {
            d.mistake(at, MistakeKind::AssertionOnNobody);
            None
        }
        Some(PrincipalDocument::Group(group)) => {
            d.mistake(group.at, MistakeKind::AssertionOnGroup);
            None
        }
        other => other,
    };
    let can = fields.optional("can", d, set(Expectation::Can));
    let cannot = fields.optional("cannot", d, set(Expectation::Cannot));
    let on = fields.required("on", d, of, |d, node, _| on(d, node));
    let keys = (fields.get("can").map(|(key, _)| key.at), fields.get("cannot").map(|(key, _)| key.at));
    match keys {
        (Some(first), Some(second)) => {
            let (first, second) = (first.min(second), first.max(second));
            d.note(Mistake::new(second, MistakeKind::BothExpectations).also(first));
            return None;
        }
        (None, None) if !fields.excused("can") && !fields.excused("cannot") => {
            d.mistake(at, MistakeKind::NoExpectation);
        }
        _ => {}
    }
    let (expectation, permission_set) = can.or(cannot)?;
    Some(AssertionDocument { principal: principal?, expectation, permission_set, on: on?, at })
}

type Expected = (Expectation, Spanned<PermissionSetName>);

fn set(expectation: Expectation) -> impl FnOnce(&mut Decoder<'_>, &Node<'_>, Span) -> Option<Expected> {
    move |d, node, _| {
        let what = match expectation {
            Expectation::Can => "can",
            Expectation::Cannot => "cannot",
        };
        d.permission_set(node, what).map(|set| (expectation, set))
    }
}

fn on(d: &mut Decoder<'_>, node: &Node<'_>) -> Option<Spanned<OnDocument>> {
    let value = match node.raw() {
        Some("organization") => OnDocument::Organization,
        Some("all_projects") => OnDocument::AllProjects,
        _ => OnDocument::Project(project(d, node, "on")?.value),
    };
    Some(Spanned { value, at: node.at })
}
