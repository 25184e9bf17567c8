//! Rules, assertions and guardrails against the permission sets that exist, and where those may be granted.

use super::Check;
use crate::config::decode::Spanned;
use crate::config::mistake::{Mistake, MistakeKind, Span};
use crate::config::section::assertion::OnDocument;
use crate::config::section::rule::{RuleDocument, ScopeDocument};
use crate::model::{Catalogue, PermissionSetName, ScopeType};

pub(super) fn rules(check: &mut Check<'_>, catalogue: &Catalogue, is_live: bool) {
    let document = check.document;
    let mut rules = Rules { check, catalogue, is_live };
    for rule in document.declarations().flat_map(|(_, _, it)| it.rules()) {
        rules.rule(rule);
    }
    for assertion in &document.assertions {
        let Some((_, set)) = assertion.expectation() else { continue };
        let Some(scope_type) = rules.scope_type(set) else { continue };
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
        for set in &guardrail.permission_sets {
            match set.value.parse::<PermissionSetName>() {
                Ok(value) => {
                    rules.scope_type(&Spanned { value, at: set.at });
                }
                Err(why) => {
                    let kind = MistakeKind::BadPermissionSet { text: set.value.clone(), why };
                    rules.check.mistake(set.at, kind);
                }
            }
        }
    }
}

struct Rules<'c, 'a> {
    check: &'c mut Check<'a>,
    catalogue: &'c Catalogue,
    is_live: bool,
}

impl Rules<'_, '_> {
    fn rule(&mut self, rule: &RuleDocument) {
        let mut first: [Option<&Spanned<PermissionSetName>>; 2] = [None, None];
        for set in &rule.permission_sets {
            match self.scope_type(set) {
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

    /// Returns where a set may be granted; a set that nobody knows is a warning, or a mistake when the
    /// organization itself was asked.
    fn scope_type(&mut self, set: &Spanned<PermissionSetName>) -> Option<ScopeType> {
        if let Some(known) = self.catalogue.get(&set.value) {
            return Some(known.scope_type);
        }
        let known = self.catalogue.iter().map(|(name, _)| name.as_str());
        let near = self.check.near(set.value.as_str(), known);
        let kind = MistakeKind::UnknownPermissionSet { name: set.value.to_string(), near };
        let mistake = Mistake::new(set.at, kind);
        self.check.note(if self.is_live { mistake } else { mistake.warning() });
        None
    }
}
