//! Findings about API keys.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::{Exam, OF_KEYS, days};
use crate::model::{ApiKeyFacts, FindingId, FindingSeverity, Principal, Readout, day};
use crate::review::finding::Subject;

/// How long two keys of one bearer may overlap.
const OVERLAP: SignedDuration = days(7);

impl Exam<'_> {
    pub(super) fn keys(&mut self) {
        let keys = match &self.of.inventory.keys {
            Readout::Read(keys) => keys,
            Readout::Unread { why, helps } => {
                OF_KEYS.into_iter().for_each(|id| self.not_judged(id, why, *helps));
                return;
            }
        };
        let now = self.of.now;
        let mut by: BTreeMap<&Principal, Vec<&ApiKeyFacts>> = BTreeMap::new();
        for key in keys.iter().filter(|key| !key.managed) {
            let subject = Subject {
                kind: "API key".into(),
                name: key.access_key.clone(),
                id: Some(key.access_key.clone()),
            };
            let whose =
                key.bearer.as_ref().map_or_else(|| "somebody unknown".to_owned(), ToString::to_string);
            let owner = key.bearer.as_ref().is_some_and(|bearer| self.everything.owners().contains(bearer));
            if owner {
                let what = format!("belongs to {whose}, the owner");
                self.add(FindingId::OwnerKey, subject.clone(), what, &[]);
            }
            let expired = key.expires_at.is_some_and(|end| end <= now);
            if let Some(end) = key.expires_at.filter(|_| expired) {
                let what = format!("of {whose} expired on {}", day(end));
                self.add(FindingId::ExpiredKey, subject, what, &[]);
                continue;
            }
            if let Some(bearer) = &key.bearer {
                by.entry(bearer).or_default().push(key);
            }
            if key.expires_at.is_none() {
                let privileged = owner || key.bearer.as_ref().is_some_and(|bearer| self.privileged(bearer));
                let finding = self.add(
                    FindingId::KeyWithoutExpiry,
                    subject.clone(),
                    format!("of {whose} never expires"),
                    &[],
                );
                if privileged {
                    finding.severity = FindingSeverity::High;
                }
                if let Some(Principal::User(person)) = &key.bearer {
                    let what = format!("of user {person} never expires; an application would do");
                    self.add(FindingId::PersonKey, subject.clone(), what, &[]);
                }
            }
            if let Some(made) =
                key.created_at.filter(|made| now.duration_since(*made) > self.of.settings.key_age)
            {
                let what = format!("of {whose} was made on {}", day(made));
                self.add(FindingId::OldKey, subject, what, &[]);
            }
        }
        for (bearer, mut keys) in by {
            keys.sort_by(|a, b| (b.created_at, &b.access_key).cmp(&(a.created_at, &a.access_key)));
            let [newest, older @ ..] = keys.as_slice() else { continue };
            let long = newest.created_at.is_some_and(|made| now.duration_since(made) > OVERLAP);
            for key in older.iter().filter(|_| long) {
                let subject = Subject {
                    kind: "API key".into(),
                    name: key.access_key.clone(),
                    id: Some(key.access_key.clone()),
                };
                let what = format!("of {bearer} is kept beside the newer {}", newest.access_key);
                self.add(FindingId::TwoKeys, subject, what, &[]);
            }
        }
    }
}
