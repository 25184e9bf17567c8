use super::case::{Hands, MOST_VERSIONS, SlotCase, UNDER_WAY, after};
use super::{SlotWait, SlotWork};
use crate::model::{AccessKeyId, Delivery, FoundSecret, LiveSecret, SecretPlace, VersionState};

/// The deliveries of a slot, and what is live of them.
pub(super) struct Deliveries<'a> {
    all: &'a [Delivery],
    secrets: Vec<(&'a Delivery, &'a SecretPlace, &'a FoundSecret)>,
    blocks: Vec<SlotWait>,
}

impl<'a> Deliveries<'a> {
    pub(super) fn of(case: &SlotCase<'a>) -> Self {
        let all = case.slot.deliver.as_slice();
        let found = |place| case.live.secrets.get(place).unwrap_or(&FoundSecret::None);
        let secrets: Vec<_> =
            all.iter().filter_map(|it| it.secret().map(|place| (it, place, found(place)))).collect();
        let mut blocks = Vec::new();
        for delivery in all {
            let named = match (delivery, case.hands) {
                (_, Hands::Unasked) | (Delivery::SecretManager { .. }, Hands::Named { .. }) => true,
                (Delivery::File(_), Hands::Named { files, .. }) => *files,
                (Delivery::Command(label), Hands::Named { commands, .. }) => commands.contains(label),
            };
            if !named {
                blocks.push(SlotWait::Unnamed(delivery.clone()));
            }
        }
        for (delivery, place, found) in &secrets {
            match found {
                FoundSecret::Several(number) => blocks.push(SlotWait::Several((*place).clone(), *number)),
                // The run that made the other one may still be at work.
                FoundSecret::One(LiveSecret { twins, .. })
                    if twins.iter().any(|twin| after(twin.created_at, UNDER_WAY) > case.now) =>
                {
                    blocks.push(SlotWait::Several((*place).clone(), twins.len() + 1));
                }
                FoundSecret::One(LiveSecret { owner, .. }) if owner.as_ref() != Some(case.stack) => {
                    let adopted =
                        owner.is_none() && matches!(delivery, Delivery::SecretManager { adopt: true, .. });
                    if !adopted {
                        blocks.push(SlotWait::Foreign((*place).clone(), owner.clone()));
                    }
                }
                FoundSecret::One(_) | FoundSecret::None => {}
            }
        }
        Self { all, secrets, blocks }
    }

    /// Returns what keeps the slot from being touched at all.
    pub(super) fn blocks(&self) -> impl Iterator<Item = SlotWait> {
        self.blocks.iter().cloned()
    }

    /// Returns the deliveries that the person who starts an apply has to name.
    pub(super) fn to_be_named(&self) -> impl Iterator<Item = &'a Delivery> {
        self.all.iter().filter(|delivery| delivery.secret().is_none())
    }

    fn stored(&self) -> impl Iterator<Item = (&'a Delivery, &'a SecretPlace, Option<&'a LiveSecret>)> {
        self.secrets.iter().map(|(delivery, place, found)| {
            let stored = match found {
                FoundSecret::One(stored) => Some(stored),
                FoundSecret::None | FoundSecret::Several(_) => None,
            };
            (*delivery, *place, stored)
        })
    }

    /// Returns a secret whose newest version does not give a key.
    pub(super) fn without(&self, key: &AccessKeyId) -> Option<&'a Delivery> {
        let mut lacking = self.stored().filter(|(_, _, it)| !it.is_some_and(|it| it.gives(key)));
        lacking.next().map(|(delivery, ..)| delivery)
    }

    /// Says whether no delivery can hold a key. Secret Manager comes first, so that nothing was delivered where no version
    /// names it; nobody can tell of files and commands alone.
    pub(super) fn never_had(&self, key: &AccessKeyId) -> bool {
        let mut stored = self.stored();
        !self.secrets.is_empty() && stored.all(|(_, _, it)| it.is_none_or(|it| it.of(key).next().is_none()))
    }

    /// Says whether the secret half of a key can be read.
    pub(super) fn can_give(&self, key: &AccessKeyId) -> bool {
        let mut versions = self.stored().filter_map(|(_, _, it)| it).flat_map(|it| it.of(key));
        versions.any(|version| version.state == VersionState::Enabled)
    }

    /// Returns the secrets that take no further version, of those that need one for a key, or for a new one.
    pub(super) fn full(&self, key: Option<&AccessKeyId>) -> impl Iterator<Item = &'a SecretPlace> {
        let full = self.stored().filter(move |(_, _, it)| {
            let needs = |it: &LiveSecret| key.is_none_or(|key| !it.gives(key));
            it.is_some_and(|it| needs(it) && it.versions.len() >= MOST_VERSIONS)
        });
        full.map(|(_, place, _)| place)
    }

    /// Returns the secrets that hold none of these keys.
    pub(super) fn new_to(&self, keys: &[&AccessKeyId]) -> impl Iterator<Item = &'a Delivery> {
        let knows = |it: &LiveSecret| keys.iter().any(|key| it.of(key).next().is_some());
        let new = self.stored().filter(move |(_, _, it)| !it.is_some_and(knows));
        new.map(|(delivery, ..)| delivery)
    }

    /// Returns what is to be taken away of the versions whose key is gone. The newest one stays, so that whoever reads it is
    /// told that it is disabled.
    pub(super) fn sweeps(&self, gone: impl Fn(&AccessKeyId) -> bool) -> Vec<SlotWork> {
        let mut sweeps = Vec::new();
        for (_, place, stored) in self.stored() {
            let (mut disable, mut delete) = (Vec::new(), Vec::new());
            for (at, version) in stored.iter().flat_map(|it| &it.versions).enumerate() {
                if !version.key.as_ref().is_some_and(&gone) || version.state == VersionState::Going {
                    continue;
                }
                if version.state == VersionState::Enabled {
                    disable.push(version.revision);
                }
                if at > 0 {
                    delete.push(version.revision);
                }
            }
            if !disable.is_empty() || !delete.is_empty() {
                sweeps.push(SlotWork::Sweep { secret: place.clone(), disable, delete });
            }
        }
        sweeps
    }

    /// Returns the empty secrets that are to go.
    pub(super) fn twins(&self) -> impl Iterator<Item = SlotWork> {
        let stored = self.stored().filter_map(|(_, place, stored)| Some((place, stored?)));
        stored.filter(|(_, stored)| !stored.twins.is_empty()).map(|(place, stored)| SlotWork::Deduplicate {
            secret: place.clone(),
            empty: stored.twins.iter().map(|twin| twin.id.clone()).collect(),
        })
    }
}
