//! `Reservoir`: load-based splitting at a sampled key.
//!
//! Models `CockroachDB`'s unweighted split finder (`pkg/kv/kvserver/split/unweighted_finder.go`,
//! `decider.go`) with its merge rule (`merge_queue.go`), and its twin in `TiKV`
//! (`split_controller.rs`); thresholds are shares of a partition's capacity instead of absolute
//! rates.
//!
//! Owns the rule. Must not know who applies it.

use super::memory::finder::Finder;
use super::watched::Watched;
use super::{Decision, Snapshot};
use crate::kernel::rng::Draws;
use crate::kernel::time::{Span, Time};
use crate::ledger::config::Reservoir;
use crate::ledger::journal::Refusal;

/// One merge at most in this time (`CockroachDB`'s merge queue works through one range at a time).
const MERGE_EVERY: Span = Span::from_secs(5);

/// Closes a second of one partition: a hot one has a finder, one quiet second forgets it.
pub(super) fn sample(policy: &Reservoir, part: &mut Watched, capacity: f64, now: Time) {
    if f64::from(part.load.rate) < policy.threshold * part.leniency * capacity {
        part.load.memory.finder = None;
    } else if part.load.memory.finder.is_none() {
        let draws = Draws::new(part.seed ^ now.as_nanos());
        part.load.memory.finder = Some(Box::new(Finder::new(now, draws)));
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
    let finder = part.load.memory.finder.as_deref()?;
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

#[cfg(test)]
mod tests {
    use super::super::drive::{CAPACITY, Drive, uniform};
    use super::super::load::Peaks;
    use super::super::watched::History;
    use super::*;
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
    fn no_more_than_the_most_partitions_are_made() {
        let policy = Reservoir { max_partitions: 3, ..POLICY };
        let mut drive = Drive::new(SplitPolicy::Reservoir(policy), 2);
        let decided = drive.run(11, |_| 1800, uniform());
        assert!(matches!(decided[0].1, Decision::Recut { .. }), "{decided:?}");
        let reason = Refusal::TooManyPartitions;
        assert_eq!(decided[1], (11, Decision::Refuse { part: 1, reason }), "in the same second");
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
