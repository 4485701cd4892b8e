//! `Reservoir`: load-based splitting at a sampled key.
//!
//! Models `CockroachDB`'s unweighted split finder (`pkg/kv/kvserver/split/unweighted_finder.go`,
//! `decider.go`) with its merge rule (`merge_queue.go`), and its twin in `TiKV`
//! (`split_controller.rs`); thresholds are shares of a partition's capacity instead of absolute
//! rates.
//!
//! Owns the sampled keys and the rule. Must not know who applies it.

use super::watch::Watched;
use super::{Decision, Snapshot, most_common};
use crate::kernel::rng::{Draws, Source};
use crate::kernel::time::{Span, Time};
use crate::ledger::config::Reservoir;
use crate::ledger::journal::Refusal;

/// One merge at most in this time (`CockroachDB`'s merge queue works through one range at a time).
const MERGE_EVERY: Span = Span::from_secs(5);
/// Sampled keys a finder holds.
const SLOTS: usize = 20;
/// Requests a sampled key must have judged before it may become a cut.
const MIN_JUDGED: u32 = 100;
/// Largest imbalance |left − right| / (left + right) of a cut.
const MAX_IMBALANCE: f64 = 0.25;
/// A key with this share of the samples, in thousandths, is popular (`decider.go`). Shares of the
/// left side from 3/8 to 5/8 are balanced: where no key has one, a single key fills this quarter.
const POPULAR: usize = 250;

/// Closes a second of one partition: a hot one has a finder, one quiet second forgets it.
pub(super) fn sample(policy: &Reservoir, part: &mut Watched, capacity: f64, now: Time) {
    if f64::from(part.load.rate) < policy.threshold * part.leniency * capacity {
        part.load.finder = None;
    } else if part.load.finder.is_none() {
        let draws = Draws::new(part.seed ^ now.as_nanos());
        part.load.finder = Some(Box::new(Finder::new(now, draws)));
    }
}

pub(super) fn decide(policy: &Reservoir, snapshot: &Snapshot) -> Vec<Decision> {
    let mut count = snapshot.count;
    let mut decisions = Vec::new();
    for (at, part) in snapshot.parts.iter().enumerate() {
        let Some(finder) = ripe(policy, part, snapshot.now) else { continue };
        decisions.push(match cut(part, finder, count, policy.max_partitions) {
            Ok(key) => {
                count += 1;
                Decision::split(at, key)
            }
            Err(reason) => Decision::Refuse { part: at, reason },
        });
    }
    decisions.extend(merge(policy, snapshot));
    decisions
}

/// The finder of a partition that was hot for long enough and whose last suggestion is long ago.
fn ripe<'a>(policy: &Reservoir, part: &'a Watched, now: Time) -> Option<&'a Finder> {
    let finder = part.load.finder.as_deref()?;
    let waits = part.changing
        || now.since(finder.born) < policy.hold
        || part.suggested_within(policy.cooldown, now);
    (!waits).then_some(finder)
}

/// Where to cut, or why not.
fn cut(part: &Watched, finder: &Finder, count: usize, most: u32) -> Result<u64, Refusal> {
    if part.first == part.last {
        Err(Refusal::SingleKey)
    } else if count >= most as usize {
        Err(Refusal::TooManyPartitions)
    } else {
        finder.best_cut(part.first).ok_or_else(|| finder.why_none())
    }
}

/// The first two neighbours that are old enough and whose summed peaks are low.
fn merge(policy: &Reservoir, snapshot: &Snapshot) -> Option<Decision> {
    if policy.merge <= 0.0 || !snapshot.ends(MERGE_EVERY) {
        return None;
    }
    let ceiling = policy.merge * policy.threshold * snapshot.capacity;
    let cold = |pair: &[Watched]| {
        let peak: f64 = pair.iter().map(|part| f64::from(part.load.peaks.max())).sum();
        let old = |part: &Watched| part.rests_since(policy.merge_window, snapshot.now);
        pair.iter().all(old) && peak < ceiling
    };
    snapshot.parts.windows(2).position(cold).map(Decision::merge)
}

/// A reservoir of keys, each with the count of requests on either side of it since it was taken.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct Finder {
    born: Time,
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
    pub(super) const BYTES: usize = size_of::<Finder>();

    fn new(born: Time, draws: Draws) -> Finder {
        Finder { born, seen: 0, judged: 0, slots: [Sampled::default(); SLOTS], draws }
    }

    #[inline(never)]
    pub(super) fn observe(&mut self, key: u64) {
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
    fn best_cut(&self, first: u64) -> Option<u64> {
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
    fn why_none(&self) -> Refusal {
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
    use super::super::drive::{CAPACITY, Drive, uniform};
    use super::super::load::Peaks;
    use super::super::watch::History;
    use super::*;
    use crate::kernel::rng::mix;
    use crate::ledger::config::SplitPolicy;

    const POLICY: Reservoir = Reservoir {
        threshold: 0.75,
        hold: Span::from_secs(10),
        cooldown: Span::from_secs(60),
        merge: 0.5,
        merge_window: Span::from_secs(300),
        max_partitions: 256,
    };

    fn drive() -> Drive {
        Drive::new(SplitPolicy::Reservoir(POLICY), 1)
    }

    fn second(secs: u64) -> Time {
        Time::from_nanos(secs * 1_000_000_000)
    }

    #[test]
    fn uniform_heat_is_cut_near_the_middle_after_the_hold() {
        let decided = drive().run(30, |_| 900, uniform());
        let [(when, Decision::Recut { parts, cuts, .. })] = &decided[..] else {
            panic!("{decided:?}")
        };
        assert_eq!(
            (*when, parts),
            (11, &(0..1)),
            "the finder is born in second 1 and must be 10 s old"
        );
        let share = cuts[0] as f64 / u64::MAX as f64;
        assert!((0.35..0.65).contains(&share), "an imbalance below 0.25 lies within 3/8 and 5/8");
    }

    #[test]
    fn one_quiet_second_forgets_the_heat() {
        assert_eq!(drive().run(60, |s| if s % 10 == 0 { 0 } else { 900 }, uniform()), []);
        assert_eq!(drive().run(60, |_| 749, uniform()), [], "below the threshold");
        assert_eq!(drive().run(11, |_| 750, uniform()).len(), 1, "at the threshold");
    }

    #[test]
    fn a_single_hot_key_is_refused() {
        let decided = drive().run(20, |_| 900, || 42);
        let reason = Refusal::HotKey { permille: 1000 };
        assert_eq!(decided, [(11, Decision::Refuse { part: 0, reason })]);
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
    fn no_more_than_the_most_partitions_are_made() {
        let policy = Reservoir { max_partitions: 3, ..POLICY };
        let mut drive = Drive::new(SplitPolicy::Reservoir(policy), 2);
        let decided = drive.run(11, |_| 1800, uniform());
        assert!(matches!(decided[0].1, Decision::Recut { .. }), "{decided:?}");
        let reason = Refusal::TooManyPartitions;
        assert_eq!(decided[1], (11, Decision::Refuse { part: 1, reason }), "in the same second");
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

    #[test]
    fn cold_neighbours_merge_once_they_are_old_and_their_peaks_are_low() {
        let drive = Drive::new(SplitPolicy::Reservoir(POLICY), 3);
        let at = |now, peaks: &[u32]| {
            let mut parts = drive.watch.parts()[..peaks.len()].to_vec();
            for (part, &peak) in parts.iter_mut().zip(peaks) {
                part.load.peaks = Peaks::of(peak);
            }
            let (now, history) = (second(now), &History::default());
            let count = parts.len();
            let snapshot = Snapshot { now, capacity: CAPACITY, parts: &parts, count, history };
            decide(&POLICY, &snapshot)
        };
        assert_eq!(at(300, &[400, 0, 0]), [Decision::merge(1)]);
        assert_eq!(at(295, &[0, 0]), [], "too young");
        assert_eq!(at(301, &[0, 0]), [], "merges come each five seconds");
        assert_eq!(at(300, &[400, 0]), [], "400 is over 375");
        assert_eq!(at(300, &[200, 175]), [], "375 is not below 375");
        assert_eq!(at(300, &[200, 174]), [Decision::merge(0)]);
    }
}
