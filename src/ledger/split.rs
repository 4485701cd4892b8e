//! Split policies: when and where partitions are cut and merged.
//!
//! Owns the load history of a partition and the decisions, which are pure functions of what was
//! observed, the clock and the partition's own draws. Must not cut anything itself.
//!
//! A new policy is a variant of `SplitPolicy`, an arm in [`verdict`] and [`merge`], and what it
//! must remember in [`Load`].
//!
//! The reservoir policy is `CockroachDB`'s unweighted split finder (`pkg/kv/kvserver/split/
//! unweighted_finder.go`, `decider.go`) with its merge rule (`merge_queue.go`); thresholds are
//! shares of a partition's capacity instead of absolute rates.

use super::config::{Reservoir, SplitPolicy};
use super::journal::{Action, Refusal};
use crate::kernel::rng::{Draws, Source};
use crate::kernel::time::{Span, Time};

/// How often policies look at the load.
pub(super) const TICK: Span = Span::from_secs(1);
/// One merge at most in this time (`CockroachDB`'s merge queue works through one range at a time).
const MERGE_EVERY: u64 = 5;
/// Sampled keys a finder holds.
const SLOTS: usize = 20;
/// Requests a sampled key must have judged before it may become a cut.
const MIN_JUDGED: u32 = 100;
/// Largest imbalance |left − right| / (left + right) of a cut.
const MAX_IMBALANCE: f64 = 0.25;
/// Slots of the maximum over the merge window.
const PEAKS: usize = 6;

/// What is remembered of a partition's load.
#[derive(Clone, Debug, Default)]
pub(super) struct Load {
    /// Calls in the current second, by action.
    calls: [u32; 4],
    /// Highest calls per second in each of the last slots of the merge window.
    peaks: [u32; PEAKS],
    peak_slot: u64,
    finder: Option<Finder>,
    /// The last split or refusal.
    suggested: Option<Time>,
}

impl Load {
    /// The load of two partitions that became one: the summed peaks.
    pub(super) fn merged(left: &Load, right: &Load) -> Load {
        let (left_peak, right_peak) = (left.peak(), right.peak());
        let mut load = Load { peak_slot: left.peak_slot.max(right.peak_slot), ..Load::default() };
        load.peaks = [left_peak + right_peak; PEAKS];
        load
    }

    /// A call came in, admitted or not. One without a key, a receive, says nothing about where.
    pub(super) fn observe(&mut self, action: Action, key: Option<u64>) {
        self.calls[action as usize] += 1;
        if let (Some(finder), Some(key)) = (&mut self.finder, key) {
            finder.observe(key);
        }
    }

    fn peak(&self) -> u32 {
        self.peaks.iter().copied().max().unwrap_or(0)
    }

    /// Closes a second: returns the calls of its busiest action.
    fn close_second(&mut self, now: Time, window: Span) -> u32 {
        let rate = self.calls.iter().copied().max().unwrap_or(0);
        self.calls = [0; 4];
        let slot = now.as_nanos() / (window.as_nanos() / PEAKS as u64).max(1);
        for passed in (self.peak_slot + 1..=slot).take(PEAKS) {
            self.peaks[(passed % PEAKS as u64) as usize] = 0;
        }
        self.peak_slot = slot;
        let peak = &mut self.peaks[(slot % PEAKS as u64) as usize];
        *peak = (*peak).max(rate);
        rate
    }
}

/// A reservoir of keys, each with the count of requests on either side of it since it was taken.
#[derive(Clone, Debug)]
struct Finder {
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
    fn new(born: Time, draws: Draws) -> Finder {
        Finder { born, seen: 0, judged: 0, slots: [Sampled::default(); SLOTS], draws }
    }

    #[inline(never)]
    fn observe(&mut self, key: u64) {
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
}

/// What a policy says about one partition at a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Leave it.
    Keep,
    /// Cut it so that the right half begins here.
    Split(u64),
    /// It is hot, and cannot be cut.
    Refuse(Refusal),
}

/// What a verdict depends on, beside the load.
#[derive(Clone, Copy, Debug)]
pub(super) struct Snapshot {
    pub(super) now: Time,
    /// Calls per second that a partition carries.
    pub(super) capacity: f64,
    /// Partitions of the queue.
    pub(super) partitions: usize,
    /// The partition's range.
    pub(super) range: (u64, u64),
    /// Seeds the finder's draws; differs by partition.
    pub(super) seed: u64,
}

/// Closes the second of one partition and judges it.
pub(super) fn verdict(policy: &SplitPolicy, load: &mut Load, snapshot: Snapshot) -> Verdict {
    match policy {
        SplitPolicy::Static => Verdict::Keep,
        SplitPolicy::Reservoir(policy) => reservoir_verdict(policy, load, snapshot),
    }
}

fn reservoir_verdict(policy: &Reservoir, load: &mut Load, snapshot: Snapshot) -> Verdict {
    let Snapshot { now, range: (first, last), .. } = snapshot;
    let rate = load.close_second(now, policy.merge_window);
    if f64::from(rate) < policy.threshold * snapshot.capacity {
        load.finder = None;
        return Verdict::Keep;
    }
    let draws = Draws::new(snapshot.seed ^ now.as_nanos());
    let finder = load.finder.get_or_insert_with(|| Finder::new(now, draws));
    let rests = load.suggested.is_some_and(|at| now.since(at) <= policy.cooldown);
    if now.since(finder.born) < policy.hold || rests {
        return Verdict::Keep;
    }
    load.suggested = Some(now);
    if first == last {
        Verdict::Refuse(Refusal::SingleKey)
    } else if snapshot.partitions >= policy.max_partitions as usize {
        Verdict::Refuse(Refusal::TooManyPartitions)
    } else {
        finder.best_cut(first).map_or(Verdict::Refuse(Refusal::NoBalancedKey), Verdict::Split)
    }
}

/// The index of the partition to merge with its right neighbour, if any; `neighbours` are
/// (opened, load) in the order of keys.
pub(super) fn merge<'a>(
    policy: &SplitPolicy,
    now: Time,
    capacity: f64,
    neighbours: impl Iterator<Item = (Time, &'a Load)>,
) -> Option<usize> {
    let SplitPolicy::Reservoir(policy) = policy else { return None };
    let merges_now = (now.as_nanos() / TICK.as_nanos()).is_multiple_of(MERGE_EVERY);
    if policy.merge <= 0.0 || !merges_now {
        return None;
    }
    let ceiling = policy.merge * policy.threshold * capacity;
    let mut before: Option<(Time, &Load)> = None;
    for (at, part) in neighbours.enumerate() {
        if let Some(left) = before {
            let old = |opened: Time| now.since(opened) >= policy.merge_window;
            let peak = f64::from(left.1.peak()) + f64::from(part.1.peak());
            if old(left.0) && old(part.0) && peak < ceiling {
                return Some(at - 1);
            }
        }
        before = Some(part);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::rng::mix;

    const POLICY: Reservoir = Reservoir {
        threshold: 0.75,
        hold: Span::from_secs(10),
        cooldown: Span::from_secs(60),
        merge: 0.5,
        merge_window: Span::from_secs(300),
        max_partitions: 256,
    };

    fn second(secs: u64) -> Time {
        Time::from_nanos(secs * 1_000_000_000)
    }

    /// Drives one partition with `rate(s)` calls in second s, keys from `key`.
    fn drive(
        rate: impl Fn(u64) -> u64,
        key: impl Fn(u64) -> u64,
        secs: u64,
    ) -> Vec<(u64, Verdict)> {
        let mut load = Load::default();
        let mut calls = 0;
        let mut verdicts = Vec::new();
        for s in 1..=secs {
            for _ in 0..rate(s) {
                calls += 1;
                load.observe(Action::Send, Some(key(calls)));
            }
            let range = (0, u64::MAX);
            let snapshot =
                Snapshot { now: second(s), capacity: 1000.0, partitions: 1, range, seed: 1 };
            let verdict = verdict(&SplitPolicy::Reservoir(POLICY), &mut load, snapshot);
            if verdict != Verdict::Keep {
                verdicts.push((s, verdict));
            }
        }
        verdicts
    }

    #[test]
    fn uniform_heat_is_cut_near_the_middle_after_the_hold() {
        let verdicts = drive(|_| 900, mix, 30);
        let [(when, Verdict::Split(at))] = verdicts[..] else { panic!("{verdicts:?}") };
        assert_eq!(when, 11, "the finder is born in second 1 and must be 10 s old");
        let share = at as f64 / u64::MAX as f64;
        assert!((0.35..0.65).contains(&share), "an imbalance below 0.25 lies within 3/8 and 5/8");
    }

    #[test]
    fn one_quiet_second_forgets_the_heat() {
        assert_eq!(drive(|s| if s % 10 == 0 { 0 } else { 900 }, mix, 60), []);
        assert_eq!(drive(|_| 749, mix, 60), [], "below the threshold");
    }

    #[test]
    fn a_single_hot_key_is_refused() {
        let verdicts = drive(|_| 900, |_| 42, 20);
        assert_eq!(verdicts, [(11, Verdict::Refuse(Refusal::NoBalancedKey))]);
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
    fn cold_neighbours_merge_once_they_are_old_and_their_peaks_are_low() {
        let quiet = Load::default();
        let mut busy = Load::default();
        busy.peaks[0] = 400;
        let policy = SplitPolicy::Reservoir(POLICY);
        let at = |now, parts: &[(Time, &Load)]| {
            merge(&policy, second(now), 1000.0, parts.iter().copied())
        };
        assert_eq!(
            at(300, &[(Time::ZERO, &busy), (Time::ZERO, &quiet), (Time::ZERO, &quiet)]),
            Some(1)
        );
        assert_eq!(at(295, &[(Time::ZERO, &quiet), (Time::ZERO, &quiet)]), None, "too young");
        assert_eq!(
            at(301, &[(Time::ZERO, &quiet), (Time::ZERO, &quiet)]),
            None,
            "not a merge tick"
        );
        assert_eq!(at(300, &[(Time::ZERO, &busy), (Time::ZERO, &quiet)]), None, "400 is over 375");
    }
}
