//! `Ewma`: exponentially weighted rates over 2 to 20 minutes.
//!
//! Models Pravega's stream scaling (`AutoScaleProcessor.java`, `SegmentAggregates.java`): the
//! shorter the average, the more it must exceed the target; a segment is cut into as many equal
//! pieces as its rate needs.
//!
//! Owns the rule. Must not know where in a partition the load is.

use super::memory::rates::EVERY;
use super::watched::Watched;
use super::{Decision, Snapshot};
use crate::kernel::time::Span;
use crate::ledger::config::Ewma;
use crate::ledger::journal::Refusal;

/// A younger partition is not cut.
const CUT_AGE: Span = Span::from_secs(600);
/// A younger partition is not merged.
const MERGE_AGE: Span = Span::from_secs(1_200);

#[expect(clippy::cast_sign_loss, reason = "a rate is never negative")]
pub(super) fn decide(policy: &Ewma, snapshot: &Snapshot) -> Vec<Decision> {
    if !snapshot.ends(EVERY) {
        return Vec::new();
    }
    let target = policy.target * snapshot.capacity;
    let mut count = snapshot.count;
    let mut decisions = Vec::new();
    for (at, part) in snapshot.parts.iter().enumerate() {
        let [two, five, ten, _] = part.load.memory.rates.averages();
        let own = target * part.leniency;
        let hot = two > 5.0 * own || five > 2.0 * own || ten > own;
        if !hot
            || !part.rests_since(CUT_AGE, snapshot.now)
            || part.suggested_within(CUT_AGE, snapshot.now)
        {
            continue;
        }
        let wanted = (two.max(five).max(ten) / own) as usize;
        let room = (policy.max_partitions as usize).saturating_sub(count);
        let pieces = wanted.max(2).min(room + 1);
        if pieces < 2 {
            decisions.push(Decision::Refuse { part: at, reason: Refusal::TooManyPartitions });
            continue;
        }
        let cuts = equal(part, pieces);
        if cuts.is_empty() {
            decisions.push(Decision::Refuse { part: at, reason: Refusal::SingleKey });
            continue;
        }
        count += cuts.len();
        decisions.push(Decision::Recut { parts: at..at + 1, cuts, delay: Span::ZERO });
    }
    decisions.extend(merge(target, snapshot));
    decisions
}

/// First keys of equal pieces but of the first; fewer where the range has fewer keys.
fn equal(part: &Watched, pieces: usize) -> Vec<u64> {
    let width = u128::from(part.last - part.first) + 1;
    let start = |i: usize| part.first + (width * i as u128 / pieces as u128) as u64;
    let mut cuts: Vec<u64> = (1..pieces).map(start).filter(|&cut| cut > part.first).collect();
    cuts.dedup();
    cuts
}

/// The first two neighbours that were cold for long enough.
fn merge(target: f64, snapshot: &Snapshot) -> Option<Decision> {
    let cold = |part: &Watched| {
        let [rates @ .., slow] = part.load.memory.rates.averages();
        part.rests_since(MERGE_AGE, snapshot.now)
            && rates.iter().all(|&rate| rate < target)
            && slow < target / 2.0
    };
    snapshot.parts.windows(2).position(|pair| pair.iter().all(cold)).map(Decision::merge)
}

#[cfg(test)]
mod tests {
    use super::super::drive::{Drive, uniform};
    use super::*;
    use crate::ledger::config::SplitPolicy;

    const POLICY: Ewma = Ewma { target: 0.7, max_partitions: 256 };

    fn drive(count: u32) -> Drive {
        Drive::new(SplitPolicy::Ewma(POLICY), count)
    }

    #[test]
    fn a_hot_partition_is_cut_into_as_many_pieces_as_it_needs_after_ten_minutes() {
        let decided = drive(1).run(600, |_| 4000, uniform());
        let [(600, Decision::Recut { cuts, .. })] = &decided[..] else { panic!("{decided:?}") };
        // The two-minute rate has reached 99 % of 4000: 5 times the target of 700.
        assert_eq!(cuts.len() + 1, 5);
        let fifth = |i: u128| ((1 << 64) * i / 5) as u64;
        assert_eq!(cuts[..], [1, 2, 3, 4].map(fifth), "equal pieces");
    }

    #[test]
    fn what_is_not_above_the_target_stays() {
        assert_eq!(drive(1).run(1800, |_| 690, uniform()), []);
    }

    #[test]
    fn cold_neighbours_merge_after_twenty_minutes() {
        let decided = drive(2).run(1200, |_| 10, uniform());
        assert_eq!(decided, [(1200, Decision::merge(0))]);
    }

    /// Of 1,000 calls the ten-minute rate passes 700 when 1 - e^(-t/600) does: after 722 seconds.
    /// The two-minute one, at most 1.4 times the target, would not need two pieces.
    #[test]
    fn what_is_barely_hot_is_halved_where_there_is_room() {
        let decided = |count, max_partitions, calls, key: &mut dyn FnMut() -> u64| {
            let policy = Ewma { max_partitions, ..POLICY };
            Drive::new(SplitPolicy::Ewma(policy), count).run(725, |_| calls, key)
        };
        let refused = |part| (725, Decision::Refuse { part, reason: Refusal::TooManyPartitions });
        let mut left = || 7;
        assert_eq!(decided(1, 2, 1_000, &mut left), [(725, Decision::split(0, 1 << 63))]);
        assert_eq!(decided(1, 1, 1_000, &mut left), [refused(0)]);
        let mut right = || u64::MAX;
        assert_eq!(decided(2, 3, 1_000, &mut right), [(725, Decision::split(1, 3 << 62))]);
        let mut sides = [7, u64::MAX].into_iter().cycle();
        let mut both = || sides.next().expect("it goes on");
        let first = (725, Decision::split(0, 1 << 62));
        assert_eq!(decided(2, 3, 2_000, &mut both), [first, refused(1)]);
    }

    #[test]
    fn a_narrow_range_has_as_many_pieces_as_keys() {
        let mut part = drive(1).watch.parts()[0].clone();
        (part.first, part.last) = (40, 41);
        assert_eq!(equal(&part, 5), [41]);
        part.last = 42;
        assert_eq!(equal(&part, 5), [41, 42]);
        part.last = 40;
        assert_eq!(equal(&part, 5), [0; 0], "a single key");
    }

    #[test]
    fn the_most_partitions_bound_the_pieces() {
        let policy = Ewma { max_partitions: 3, ..POLICY };
        let mut drive = Drive::new(SplitPolicy::Ewma(policy), 1);
        drive.run(600, |_| 4000, uniform());
        assert_eq!(drive.partitions(), 3);
    }
}
