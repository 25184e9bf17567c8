//! Rules, assertions and guardrails against the permission sets that exist, and where those may be granted.

use super::context::Check;
use crate::config::decode::Spanned;
use crate::config::mistake::{Mistake, MistakeKind, Severity, Span};
use crate::config::section::assertion::OnDocument;
use crate::config::section::rule::{RuleDocument, ScopeDocument};
use crate::model::{Catalogue, PermissionSetName, ScopeType, State};

/// Checks all permission sets. `live` is the organization whose own list the catalogue is, where it is one.
pub(super) fn rules(check: &mut Check<'_>, catalogue: &Catalogue, live: Option<&State>) {
    let document = check.document;
    let mut rules = RuleCheck { check, catalogue, live };
    let ended = |rule: &&RuleDocument| rule.until.as_ref().is_some_and(|until| until.value <= document.now);
    for rule in document.declarations().flat_map(|(_, _, it)| it.rules()).filter(|rule| !ended(rule)) {
        rules.rule(rule);
    }
    for assertion in &document.assertions {
        let Some((_, set)) = assertion.expectation() else { continue };
        let Some(scope_type) = rules.scope_type(set, Severity::Error) else { continue };
        let needs = match (scope_type, &assertion.on.value) {
            (ScopeType::Organization, OnDocument::AllProjects | OnDocument::Project(_)) => "the organization",
            (ScopeType::Projects, OnDocument::Organization) => "projects",
            (ScopeType::AccountRootUser, _) => "an owner's account",
            (ScopeType::Organization, OnDocument::Organization)
            | (ScopeType::Projects, OnDocument::AllProjects | OnDocument::Project(_))
            | (ScopeType::Other, _) => continue,
        };
        let kind = MistakeKind::AssertionScope { set: set.value.to_string(), needs };
        rules.check.mistake(assertion.on.at, kind);
    }
    for guardrail in &document.guardrails {
        for set in &guardrail.compared.permission_sets {
            match set.value.parse::<PermissionSetName>() {
                Ok(value) => {
                    rules.scope_type(&Spanned { value, at: set.at }, Severity::Error);
                }
                Err(why) => {
                    let kind = MistakeKind::BadPermissionSet { text: set.value.clone(), why };
                    rules.check.mistake(set.at, kind);
                }
            }
        }
    }
}

struct RuleCheck<'c, 'a> {
    check: &'c mut Check<'a>,
    catalogue: &'c Catalogue,
    live: Option<&'c State>,
}

impl RuleCheck<'_, '_> {
    fn rule(&mut self, rule: &RuleDocument) {
        let mut first: [Option<&Spanned<PermissionSetName>>; 2] = [None, None];
        for set in &rule.permission_sets {
            match self.scope_type(set, Severity::Warning) {
                Some(ScopeType::Organization) => {
                    first[0].get_or_insert(set);
                }
                Some(ScopeType::Projects) => {
                    first[1].get_or_insert(set);
                }
                Some(ScopeType::AccountRootUser) => {
                    self.check.mistake(set.at, MistakeKind::SetNotForFiles { set: set.value.to_string() });
                }
                Some(ScopeType::Other) | None => {}
            }
        }
        match first {
            [Some(organization), Some(projects)] => self.mixed(organization, projects),
            [organization, projects] => {
                if let Some(scope) = &rule.scope {
                    self.scope(organization, projects, &scope.value, scope.at);
                }
            }
        }
    }

    fn mixed(&mut self, organization: &Spanned<PermissionSetName>, projects: &Spanned<PermissionSetName>) {
        let kind = MistakeKind::MixedScopes {
            organization: organization.value.to_string(),
            projects: projects.value.to_string(),
        };
        let (first, second) = (organization.at.min(projects.at), organization.at.max(projects.at));
        self.check.note(Mistake::new(second, kind).also(first));
    }

    fn scope(
        &mut self,
        organization: Option<&Spanned<PermissionSetName>>,
        projects: Option<&Spanned<PermissionSetName>>,
        scope: &ScopeDocument,
        at: Span,
    ) {
        match (scope, organization, projects) {
            (ScopeDocument::Organization, None, Some(set)) => {
                self.check.mistake(at, MistakeKind::SetNeedsProjects { set: set.value.to_string() });
            }
            (ScopeDocument::AllProjects | ScopeDocument::Projects(_), Some(set), None) => {
                self.check.mistake(at, MistakeKind::SetNeedsOrganization { set: set.value.to_string() });
            }
            _ => {}
        }
    }

    /// Returns where a set may be granted that a live rule still holds, whatever the API lists.
    fn held(&self, set: &PermissionSetName) -> Option<ScopeType> {
        let mut rules = self.live?.policies().flat_map(|(_, policy)| &policy.rules.0);
        rules.any(|rule| rule.permission_sets.contains(set)).then_some(ScopeType::Other)
    }

    /// Returns where a set may be granted. A set that nobody knows is an error when the organization itself was asked, and
    /// else as severe as `offline`: a sentence about it would say nothing, without a sign of it.
    fn scope_type(&mut self, set: &Spanned<PermissionSetName>, offline: Severity) -> Option<ScopeType> {
        if let Some(known) = self.catalogue.get(&set.value) {
            return Some(known.scope_type);
        }
        let published = Catalogue::published().get(&set.value).map(|known| known.scope_type);
        if let Some(known) = published.or_else(|| self.held(&set.value)) {
            let gone = Mistake::new(set.at, MistakeKind::PermissionSetGone { name: set.value.to_string() });
            self.check.note(gone.warning());
            return Some(known);
        }
        let known = self.catalogue.iter().map(|(name, _)| name.as_str());
        let near = self.check.near(set.value.as_str(), known);
        let kind = MistakeKind::UnknownPermissionSet { name: set.value.to_string(), near };
        let severity = if self.live.is_some() { Severity::Error } else { offline };
        self.check.note(Mistake { severity, ..Mistake::new(set.at, kind) });
        None
    }
}
