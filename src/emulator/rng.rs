//! Randomness from a seed: the same words asked for the same time give the same draw, in whatever order requests come.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

/// The most words kept with how often they were asked for; past it all counts start again.
const REMEMBERED: usize = 1 << 20;

/// Where ids, keys and faults are drawn from.
pub(super) struct Rng {
    seed: u64,
    asked: HashMap<[u8; 32], u64>,
    ids: u32,
}

impl Rng {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, asked: HashMap::new(), ids: 0 }
    }

    /// Returns an id for these words, greater than all before it.
    ///
    /// The API's ids are random. Here their first eight digits rise with each object made, so that members, which are
    /// served sorted by id, come in the order of their creation and not in one that changes from run to run (as
    /// recorded in group-applications, by luck). The rest is drawn.
    pub(super) fn rising_id(&mut self, words: &[&[u8]]) -> String {
        const FIRST: u32 = 0x4000_0000;
        const STEP: u32 = 0x400;
        let mut draw = self.draw(words);
        let jitter = u32::try_from(draw.next() % u64::from(STEP)).unwrap_or(0);
        let head = FIRST.wrapping_add(self.ids.wrapping_mul(STEP)).wrapping_add(jitter);
        self.ids = self.ids.wrapping_add(1);
        let random = draw.bits() & u128::MAX >> 32;
        uuid::Builder::from_random_bytes((u128::from(head) << 96 | random).to_be_bytes())
            .into_uuid()
            .to_string()
    }

    /// Returns the draw for these words; each time they are asked for it is another.
    ///
    /// It depends on the words and on how often *they* were asked for, not on what else was asked between: so two runs
    /// that send the same requests with other timing draw the same.
    pub(super) fn draw(&mut self, words: &[&[u8]]) -> Draw {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_le_bytes());
        for word in words {
            hash.update((word.len() as u64).to_le_bytes());
            hash.update(word);
        }
        let about: [u8; 32] = hash.finalize().into();
        if self.asked.len() >= REMEMBERED {
            self.asked.clear();
        }
        let times = self.asked.entry(about).or_default();
        *times += 1;
        let mut hash = Sha256::new();
        hash.update(about);
        hash.update(times.to_le_bytes());
        let start: [u8; 32] = hash.finalize().into();
        let (head, _) = start.split_at(8);
        Draw { state: u64::from_le_bytes(head.try_into().unwrap_or_default()) }
    }
}

/// One source of numbers (splitmix64).
pub(super) struct Draw {
    state: u64,
}

impl Draw {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn bits(&mut self) -> u128 {
        u128::from(self.next()) << 64 | u128::from(self.next())
    }

    /// Returns a number from 0 up to, and without, 1.
    pub(super) fn unit(&mut self) -> f64 {
        let bits = u32::try_from(self.next() >> 32).unwrap_or(0);
        f64::from(bits) / (f64::from(u32::MAX) + 1.0)
    }

    /// Returns a UUID of version 4, as all ids of the API are (recorded).
    pub(super) fn uuid(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.bits().to_be_bytes()).into_uuid().to_string()
    }

    /// Returns an access key: `SCW` and 17 digits and letters without I, L, O and U (recorded).
    pub(super) fn access_key(&mut self) -> String {
        const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let tail = (0..17).map(|_| char::from(DIGITS[(self.next() & 31) as usize]));
        "SCW".chars().chain(tail).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_depends_on_its_words_and_not_on_what_was_asked_between() {
        let mut one = Rng::new(7);
        let first = one.draw(&[b"group", b"ops"]).uuid();
        let second = one.draw(&[b"group", b"ops"]).uuid();
        let mut other = Rng::new(7);
        other.draw(&[b"group", b"dev"]);
        assert_eq!(other.draw(&[b"group", b"ops"]).uuid(), first);
        assert_eq!(other.draw(&[b"group", b"ops"]).uuid(), second);
        assert_ne!(first, second);
        let rising: Vec<String> = (0..9).map(|_| other.rising_id(&[b"group"])).collect();
        assert!(rising.is_sorted(), "{rising:?}");
        assert_ne!(Rng::new(8).draw(&[b"group", b"ops"]).uuid(), first);
    }

    #[test]
    fn ids_have_the_form_of_the_real_ones() {
        let mut draw = Rng::new(0).draw(&[]);
        for _ in 0..50 {
            let id = draw.uuid();
            assert_eq!(super::super::fields::uuid(&id).as_deref(), Some(id.as_str()));
            assert_eq!(&id[14..15], "4");
            assert!("89ab".contains(&id[19..20]));
            let key = draw.access_key();
            assert!(
                key.len() == 20 && key.starts_with("SCW") && !key[3..].contains(['I', 'L', 'O', 'U']),
                "{key}"
            );
        }
    }
}
