//! How a slot is judged.

use super::case::{Hands, MARGIN, Occasion, SlotCase, UNDER_WAY, after, since};
use super::deliveries::Deliveries;
use super::{BadAdoption, Due, SlotWait, SlotWork};
use crate::model::{AccessKeyId, Delivery, LiveKey, Marking, SecretPlace};

/// How many keys of a slot may wait for another one to be delivered, before no more are made.
const MOST_STUCK: usize = 3;

/// A look at a slot.
pub(super) struct Look<'a> {
    pub(super) case: SlotCase<'a>,
    pub(super) deliveries: Deliveries<'a>,
    /// The keys of the slot, the oldest first.
    pub(super) keys: Vec<&'a LiveKey>,
    pub(super) work: Vec<SlotWork>,
    pub(super) waits: Vec<SlotWait>,
}

impl<'a> Look<'a> {
    /// Returns the youngest key whose deliveries are confirmed.
    pub(super) fn current(&self) -> Option<&'a LiveKey> {
        self.keys.iter().rev().copied().find(|key| since(key).is_some())
    }

    /// Returns the secrets that the work delivers to and that hold no key of the slot yet.
    pub(super) fn new_places(&self) -> Vec<SecretPlace> {
        let delivers = |work: &SlotWork| matches!(work, SlotWork::Make { .. } | SlotWork::Finish { .. });
        if !self.work.iter().any(delivers) {
            return Vec::new();
        }
        let keys: Vec<_> = self.keys.iter().map(|key| &key.access_key).collect();
        self.deliveries.new_to(&keys).filter_map(Delivery::secret).cloned().collect()
    }

    pub(super) fn judge(&mut self, current: Option<&'a LiveKey>) {
        self.waits.extend(self.deliveries.blocks());
        if !self.waits.is_empty() || self.under_way() {
            return;
        }
        self.shortened();
        if self.case.hands == &Hands::Unasked {
            self.waits.extend(self.deliveries.to_be_named().cloned().map(SlotWait::Unnamed));
        }
        let current = match (current, self.case.occasion) {
            (Some(current), _) => Some(current),
            (None, _) if self.case.slot.adopt.is_none() => None,
            (None, Occasion::Files) => match self.adopt() {
                Some(adopted) => Some(adopted),
                None => return,
            },
            // Which key is the current one is for an apply of the files to settle.
            (None, Occasion::Saved | Occasion::Due | Occasion::Asked) => {
                self.waits.push(SlotWait::NeedsApply(Due::First));
                return;
            }
        };
        if let Some(current) = current {
            self.still_adopts(current);
        }
        match self.case.occasion {
            Occasion::Files => {
                self.rename();
                self.sweep();
                self.clear(current);
                self.renew(current);
            }
            Occasion::Due => {
                self.sweep();
                self.clear(current);
                self.renew(current);
            }
            Occasion::Saved | Occasion::Asked => self.renew(current),
        }
    }

    /// Leaves the slot to a run that may still be at work on it.
    fn under_way(&mut self) -> bool {
        let young = self.keys.iter().filter(|key| since(key).is_none());
        let young = young.map(|key| (key, after(key.created_at, UNDER_WAY)));
        let young = young.filter(|(_, until)| *until > self.case.now).max_by_key(|(_, until)| *until);
        let Some((key, until)) = young else { return false };
        self.waits.push(SlotWait::UnderWay { key: key.access_key.clone(), until });
        true
    }

    /// Takes the key in that `adopt` names, where the slot has none.
    fn adopt(&mut self) -> Option<&'a LiveKey> {
        let wanted = self.case.slot.adopt.as_ref()?;
        let found = self.case.keys.iter().find(|key| key.access_key == *wanted);
        let bad = match found {
            None => BadAdoption::NotThere,
            Some(key) if key.marking != Marking::None => BadAdoption::Marked,
            Some(key) if !key.ordinary => BadAdoption::NotOrdinary,
            Some(key) => {
                self.work.push(SlotWork::Adopt { key: wanted.clone() });
                return Some(key);
            }
        };
        self.waits.push(SlotWait::Adopt(wanted.clone(), bad));
        None
    }

    /// Says of a slot that has a key that it cannot take in another one, unless that one is older: then it had its time.
    fn still_adopts(&mut self, current: &LiveKey) {
        let Some(wanted) = &self.case.slot.adopt else { return };
        let found = self.case.keys.iter().find(|key| key.access_key == *wanted);
        let Some(found) = found.filter(|key| key.age() > current.age()) else { return };
        if !self.case.is_of(found) {
            self.waits.push(SlotWait::Adopt(wanted.clone(), BadAdoption::SlotTaken));
        }
    }

    fn rename(&mut self) {
        for key in &self.keys {
            let Some(mark) = key.marking.mark().filter(|mark| mark.slot != *self.case.name) else { continue };
            self.work.push(SlotWork::Rename { key: key.access_key.clone(), stage: mark.stage });
        }
    }

    /// Takes away versions whose key is gone: nobody can use what they hold.
    fn sweep(&mut self) {
        let dead = |key: &AccessKeyId| !self.case.live.all.contains(key);
        self.work.extend(self.deliveries.sweeps(dead));
        self.work.extend(self.deliveries.twins());
    }

    /// Says which keys may go.
    fn clear(&mut self, current: Option<&'a LiveKey>) {
        let finish = self.to_finish(current);
        for key in self.keys.clone() {
            let name = &key.access_key;
            if current.is_some_and(|it| it.access_key == *name)
                || finish.is_some_and(|it| it.access_key == *name)
            {
                continue;
            }
            let own = self.case.own == Some(name);
            if since(key).is_none() && self.deliveries.never_had(name) {
                self.work.push(SlotWork::Discard { key: name.clone() });
                continue;
            }
            // What nothing has replaced stays.
            let Some(current) = current.filter(|current| current.age() > key.age()) else { continue };
            let successor = self.keys.iter().filter(|it| it.age() > key.age()).find_map(|it| since(it));
            // An adopted key is in use from now on.
            let until = after(successor.unwrap_or(self.case.now), self.case.slot.overlap);
            if until > self.case.now {
                self.waits.push(SlotWait::Overlap { key: name.clone(), until });
            } else if let Some(delivery) = self.deliveries.without(&current.access_key) {
                self.waits.push(SlotWait::Undelivered { key: name.clone(), delivery: delivery.clone() });
            } else if own {
                self.waits.push(SlotWait::OwnKey(name.clone()));
            } else if !key.ordinary {
                self.waits.push(SlotWait::NotOrdinary(name.clone()));
            } else {
                self.work.push(SlotWork::Retire { key: name.clone() });
            }
        }
    }

    /// Returns the key that an earlier run made and did not finish, where its secret half can still be read.
    fn to_finish(&self, current: Option<&LiveKey>) -> Option<&'a LiveKey> {
        let youngest = self.keys.iter().rev().copied().filter(|key| since(key).is_none());
        let mut younger = youngest.filter(|key| current.is_none_or(|current| key.age() > current.age()));
        younger.find(|key| self.due(key).is_none() && self.deliveries.can_give(&key.access_key))
    }

    /// Returns why time asks for another key than this one.
    fn due(&self, key: &LiveKey) -> Option<Due> {
        let (now, slot) = (self.case.now, self.case.slot);
        let expires = key.expires_at.filter(|at| *at <= after(now, slot.rotate_before)).map(Due::Expires);
        let older = Some(after(key.created_at, slot.expires_after)).filter(|at| *at <= now).map(Due::Older);
        let made = slot.made_after.filter(|at| *at <= now && key.created_at < *at).map(Due::MadeBefore);
        expires.or(older).or(made)
    }

    /// Finishes a key, or makes one, where that is due.
    fn renew(&mut self, current: Option<&'a LiveKey>) {
        let occasion = self.case.occasion;
        if let (Some(key), Occasion::Files | Occasion::Due) = (self.to_finish(current), occasion) {
            if current.is_none() && occasion == Occasion::Due {
                self.waits.push(SlotWait::NeedsApply(Due::NoCurrent));
            } else if self.may_deliver(Some(&key.access_key)) {
                self.work.push(SlotWork::Finish { key: key.access_key.clone() });
            }
            return;
        }
        let Some(why) = self.why(current) else { return };
        let done = match occasion {
            Occasion::Files | Occasion::Asked => true,
            Occasion::Saved => why == Due::First,
            Occasion::Due => why.by_time(),
        };
        if !done {
            self.waits.push(SlotWait::NeedsApply(why));
        } else if self.may_deliver(None) && self.lives_long_enough() && !self.is_stuck(current) {
            self.work.push(SlotWork::Make { why });
        }
    }

    fn why(&self, current: Option<&LiveKey>) -> Option<Due> {
        if self.case.occasion == Occasion::Asked {
            return Some(Due::Asked);
        }
        let Some(current) = current else {
            let unfinished = self.keys.iter().any(|key| !self.deliveries.never_had(&key.access_key));
            return Some(if unfinished { Due::NoCurrent } else { Due::First });
        };
        let stuck = || self.stuck(Some(current)).next().map(|key| Due::Unfinished(key.access_key.clone()));
        let lacks = || self.deliveries.without(&current.access_key).cloned().map(Due::NotDelivered);
        self.due(current).or_else(stuck).or_else(lacks)
    }

    /// Returns the unfinished keys that may only go once a younger one is delivered.
    fn stuck(&self, current: Option<&LiveKey>) -> impl Iterator<Item = &'a LiveKey> {
        let younger = move |key: &&LiveKey| current.is_none_or(|current| key.age() > current.age());
        let held = |key: &&LiveKey| since(key).is_none() && !self.deliveries.never_had(&key.access_key);
        self.keys.iter().copied().filter(younger).filter(held).collect::<Vec<_>>().into_iter()
    }

    fn is_stuck(&mut self, current: Option<&LiveKey>) -> bool {
        let stuck: Vec<_> = self.stuck(current).map(|key| key.access_key.clone()).collect();
        let too_many = stuck.len() >= MOST_STUCK;
        if too_many {
            self.waits.push(SlotWait::Stuck(stuck));
        }
        too_many
    }

    /// Says whether all deliveries take another key, or the rest of one that some of them have.
    fn may_deliver(&mut self, key: Option<&AccessKeyId>) -> bool {
        let mut waits: Vec<_> = self.deliveries.full(key).cloned().map(SlotWait::Full).collect();
        if self.case.occasion == Occasion::Due {
            let keys: Vec<_> = self.keys.iter().map(|key| &key.access_key).collect();
            waits.extend(self.deliveries.new_to(&keys).cloned().map(SlotWait::NewPlace));
        }
        let may = waits.is_empty();
        self.waits.extend(waits);
        may
    }

    fn lives_long_enough(&mut self) -> bool {
        let Some(longest) = self.case.live.longest_life else { return true };
        let enough = longest.saturating_sub(MARGIN) > self.case.slot.rotate_before;
        if !enough {
            self.waits.push(SlotWait::TooShort(longest));
        }
        enough
    }

    /// Says that keys live shorter than files say, where the organization does not let them live so long.
    fn shortened(&mut self) {
        let slot = self.case.slot;
        let Some(longest) = self.case.live.longest_life.filter(|longest| *longest < slot.expires_after)
        else {
            return;
        };
        if longest.saturating_sub(MARGIN) > slot.rotate_before {
            self.waits.push(SlotWait::Shortened { longest, at: slot.at.clone() });
        }
    }
}
