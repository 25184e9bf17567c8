//! The answers of the API, before they are interpreted.
use std::collections::BTreeSet;

use super::any::AnyAnswer;
use super::notice::Notice;
use crate::api::wire::{self, Novel, Novelty};

/// The answers of one refresh.
#[derive(Debug, Default)]
pub(super) struct RefreshAnswers {
    /// The objects, those of one kind together.
    pub(super) objects: Vec<ObjectWithRules>,
    pub(super) projects: Vec<wire::Project>,
    pub(super) permission_sets: Option<Vec<wire::PermissionSet>>,
    pub(super) quota: Vec<wire::Quotum>,
}

/// An object and, of a policy, its rules, which have a list of their own.
#[derive(Debug)]
pub(super) struct ObjectWithRules {
    pub(super) answer: AnyAnswer,
    pub(super) rules: Vec<wire::Rule>,
}

impl RefreshAnswers {
    /// Returns everything in the answers that this version does not know, each once, in a stable order.
    pub(super) fn notices(&self) -> Vec<Notice> {
        fn of<'a>(objects: impl IntoIterator<Item = &'a (impl Novel + 'a)>) -> impl Iterator<Item = Novelty> {
            objects.into_iter().flat_map(Novel::novelties)
        }
        let Self { objects, projects, permission_sets, quota } = self;
        let novelties = objects.iter().flat_map(|it| it.answer.novelties());
        let novelties = novelties
            .chain(of(objects.iter().flat_map(|it| &it.rules)))
            .chain(of(projects))
            .chain(of(permission_sets.iter().flatten()))
            .chain(of(quota));
        notices(novelties)
    }
}

/// Returns what is new, each once, in a stable order.
pub(super) fn notices(novelties: impl Iterator<Item = Novelty>) -> Vec<Notice> {
    novelties.map(Notice::from).collect::<BTreeSet<_>>().into_iter().collect()
}

impl From<Novelty> for Notice {
    fn from(Novelty { kind, field, value }: Novelty) -> Self {
        match value {
            Some(value) => Self::UnknownValue { kind, field, value },
            None => Self::UnknownField { kind, field },
        }
    }
}
