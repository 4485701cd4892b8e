//! A finder of balanced cuts among sampled keys.
//!
//! Owns the sample that `Reservoir` cuts by, and which of its keys is a cut. Must not know when one
//! is looked for.
//!
//! Models `CockroachDB`'s `pkg/kv/kvserver/split/unweighted_finder.go` and `decider.go`.

use super::most_common;
use crate::kernel::rng::{Draws, Source};
use crate::kernel::time::Time;
use crate::ledger::journal::Refusal;

/// Sampled keys a finder holds.
const SLOTS: usize = 20;
/// Requests a sampled key must have judged before it may become a cut.
const MIN_JUDGED: u32 = 100;
/// Largest imbalance |left − right| / (left + right) of a cut.
const MAX_IMBALANCE: f64 = 0.25;
/// A key with this share of the samples, in thousandths, is popular (`decider.go`). Shares of the
/// left side from 3/8 to 5/8 are balanced: where no key has one, a single key fills this quarter.
const POPULAR: usize = 250;

/// A reservoir of keys, each with the count of requests on either side of it since it was taken.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct Finder {
    pub(in crate::ledger) born: Time,
    seen: u64,
    /// Requests that were judged by all slots: those that were not sampled themselves.
    judged: u64,
    slots: [Sampled; SLOTS],
    draws: Draws,
}

/// A sampled key. What went to its right is what was judged and did not go to its left.
#[derive(Clone, Copy, Debug, Default)]
struct Sampled {
    key: u64,
    /// Requests that were judged when it was taken.
    before: u64,
    /// Requests since then with lower keys.
    left: u32,
}

impl Finder {
    /// Bytes.
    pub(in crate::ledger) const BYTES: usize = size_of::<Finder>();

    pub(in crate::ledger) fn new(born: Time, draws: Draws) -> Finder {
        Finder { born, seen: 0, judged: 0, slots: [Sampled::default(); SLOTS], draws }
    }

    #[inline(never)]
    pub(in crate::ledger) fn observe(&mut self, key: u64) {
        self.seen += 1;
        let place =
            if self.seen <= SLOTS as u64 { self.seen - 1 } else { self.draws.below(self.seen) };
        if let Some(slot) = self.slots.get_mut(place as usize) {
            *slot = Sampled { key, before: self.judged, left: 0 };
            return;
        }
        self.judged += 1;
        for slot in &mut self.slots {
            slot.left += u32::from(key < slot.key);
        }
    }

    /// Each sampled key with the requests on its left and on its right since it was taken.
    fn sides(&self) -> impl Iterator<Item = (u64, u32, u32)> {
        self.slots.iter().map(|slot| {
            let judged = (self.judged - slot.before) as u32;
            (slot.key, slot.left, judged - slot.left)
        })
    }

    /// The most even cut inside (first, last].
    pub(in crate::ledger) fn best_cut(&self, first: u64) -> Option<u64> {
        let imbalance = |&(_, left, right): &(u64, u32, u32)| {
            f64::from(left.abs_diff(right)) / f64::from(left + right)
        };
        let judged = self.sides().filter(|(_, left, right)| left + right >= MIN_JUDGED);
        judged
            .filter(|slot| slot.0 > first && imbalance(slot) < MAX_IMBALANCE)
            .min_by(|a, b| imbalance(a).total_cmp(&imbalance(b)).then(a.0.cmp(&b.0)))
            .map(|slot| slot.0)
    }

    /// Why there is no cut: most often one key is popular.
    pub(in crate::ledger) fn why_none(&self) -> Refusal {
        let mut keys = self.slots.map(|slot| slot.key);
        let filled = SLOTS.min(self.seen as usize);
        keys[..filled].sort_unstable();
        let (_, samples) = most_common(&keys[..filled]);
        let permille = samples * 1000 / filled.max(1);
        if permille >= POPULAR {
            Refusal::HotKey { permille: permille as u16 }
        } else {
            Refusal::NoBalancedKey
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::rng::mix;

    fn second(secs: u64) -> Time {
        Time::from_nanos(secs * 1_000_000_000)
    }

    #[test]
    fn a_key_is_popular_from_a_quarter_of_the_samples_on() {
        let why = |keys: &mut dyn Iterator<Item = u64>| {
            let mut finder = Finder::new(second(1), Draws::new(7));
            keys.for_each(|key| finder.observe(key));
            finder.why_none()
        };
        // Twenty requests fill the slots, the popular key in any of them.
        let popular =
            |times: u64| (0..20).map(move |i| if i % 4 == 0 && i < 4 * times { 42 } else { i });
        assert_eq!(why(&mut popular(5)), Refusal::HotKey { permille: 250 });
        assert_eq!(why(&mut popular(4)), Refusal::NoBalancedKey);
        assert_eq!(why(&mut [7; 3].into_iter()), Refusal::HotKey { permille: 1000 }, "of three");
        assert_eq!(why(&mut (0..5)), Refusal::NoBalancedKey, "one of five is a fifth");
        assert_eq!(why(&mut std::iter::empty()), Refusal::NoBalancedKey);
    }

    #[test]
    fn a_sampled_key_counts_what_comes_after_it_on_either_side() {
        let mut finder = Finder::new(second(1), Draws::new(7));
        let mut counted: Vec<(u64, u32, u32)> = Vec::new();
        for key in (0..2_000).map(mix) {
            finder.observe(key);
            if finder.slots.iter().any(|slot| slot.key == key) {
                counted.push((key, 0, 0));
                continue;
            }
            for (cut, left, right) in &mut counted {
                *if key < *cut { left } else { right } += 1;
            }
        }
        assert!(counted.len() > SLOTS, "keys were replaced");
        assert!(finder.sides().all(|sides| counted.contains(&sides)));
    }

    #[test]
    fn what_equals_a_sampled_key_lies_on_its_right() {
        let mut finder = Finder::new(second(1), Draws::new(7));
        (0..1_000).for_each(|_| finder.observe(42));
        assert!(finder.sides().all(|(key, left, _)| (key, left) == (42, 0)));
        assert!(finder.sides().any(|(_, _, right)| right > 0));
    }

    /// |left − right| / (left + right) < 1/4 of a hundred requests or more, beyond the first key.
    #[test]
    fn a_cut_is_even_and_has_judged_enough() {
        let cut = |left, right| {
            let mut finder = Finder::new(second(1), Draws::new(7));
            (finder.seen, finder.judged) = (SLOTS as u64 + left + right, left + right);
            finder.slots[3] = Sampled { key: 42, before: 0, left: left as u32 };
            // The others were taken just now.
            for slot in finder.slots.iter_mut().filter(|slot| slot.key != 42) {
                *slot = Sampled { key: 7, before: left + right, left: 0 };
            }
            finder.best_cut(0)
        };
        assert_eq!(cut(50, 50), Some(42));
        assert_eq!(cut(50, 49), None, "99 are too few");
        assert_eq!(cut(124, 76), Some(42), "48/200");
        assert_eq!(cut(125, 75), None, "50/200 is not below a quarter");
        assert_eq!(cut(75, 125), None);
        assert_eq!(cut(150, 50), None);
        let mut finder = Finder::new(second(1), Draws::new(7));
        (finder.seen, finder.judged) = (120, 100);
        finder.slots[3] = Sampled { key: 42, before: 0, left: 50 };
        assert_eq!(finder.best_cut(42), None, "nothing would be left of it");
        assert_eq!(finder.best_cut(41), Some(42));
    }
}
