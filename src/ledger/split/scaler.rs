//! `CountScaler`: the number of partitions follows the total rate; all ranges are cut anew.
//!
//! Models Cadence's adaptive task-list scaler (`service/matching/tasklist/adaptive_scaler.go`), the
//! nearest public stand-in for SQS FIFO queues, whose "hash function or number of partitions might
//! change at any time". It assumes that the load spreads evenly.
//!
//! Owns the rule and the queue's total rate. Must not know single partitions.

use super::memory::Totals;
use super::watched::Watched;
use super::{Decision, Snapshot};
use crate::kernel::time::{Span, Time};
use crate::ledger::config::CountScaler;
use crate::ledger::keyspace::cuts::equal_cuts;

/// Closes a second of the whole queue.
pub(super) fn note(
    policy: &CountScaler,
    totals: &mut Totals,
    parts: &[Watched],
    capacity: f64,
    now: Time,
) {
    totals.sends += parts.iter().map(|part| u64::from(part.load.sends)).sum::<u64>();
    if !now.as_nanos().is_multiple_of(policy.evaluate.as_nanos()) {
        return;
    }
    totals.rate = totals.sends as f64 / policy.evaluate.as_secs_f64();
    totals.sends = 0;
    let count = parts.len() as f64;
    let (each, threshold) = (totals.rate / count, policy.threshold * capacity);
    let since = |holds: bool, since: Option<Time>| holds.then(|| since.unwrap_or(now));
    totals.above = since(each > threshold, totals.above);
    let low = policy.factor * threshold * (count - 1.0) / count;
    totals.below = since(each < low, totals.below);
}

#[expect(clippy::cast_sign_loss, reason = "a rate is never negative")]
pub(super) fn decide(policy: &CountScaler, snapshot: &Snapshot) -> Vec<Decision> {
    let changing = snapshot.parts.iter().any(|part| part.changing);
    if changing || !snapshot.ends(policy.evaluate) {
        return Vec::new();
    }
    let Totals { rate, above, below, .. } = snapshot.history.totals;
    let (now, old) = (snapshot.now, snapshot.parts.len());
    let held = |since: Option<Time>, least: Span| since.is_some_and(|at| now.since(at) >= least);
    let needed = (rate / (policy.threshold * snapshot.capacity)).ceil();
    let [least, most] = [policy.min_partitions, policy.max_partitions].map(f64::from);
    let new = needed.clamp(least, most) as usize;
    let grows = new > old && held(above, policy.sustain_up);
    let shrinks = new < old && held(below, policy.sustain_down);
    if !grows && !shrinks {
        return Vec::new();
    }
    let cuts = equal_cuts(new as u32);
    vec![Decision::Recut { parts: 0..old, cuts, delay: Span::ZERO }]
}

#[cfg(test)]
mod tests {
    use super::super::drive::{Drive, uniform};
    use super::*;
    use crate::ledger::config::SplitPolicy;

    const POLICY: CountScaler = CountScaler {
        evaluate: Span::from_secs(15),
        threshold: 0.7,
        sustain_up: Span::from_secs(60),
        sustain_down: Span::from_secs(120),
        factor: 0.75,
        min_partitions: 1,
        max_partitions: 256,
    };

    fn drive(count: u32) -> Drive {
        Drive::new(SplitPolicy::CountScaler(POLICY), count)
    }

    #[test]
    fn a_sustained_rate_gets_as_many_partitions_as_it_needs_at_once() {
        let mut drive = drive(4);
        let decided = drive.run(600, |_| 12_000, uniform());
        let [(75, Decision::Recut { parts, cuts, .. })] = &decided[..] else {
            panic!("{decided:?}")
        };
        assert_eq!((parts, cuts.len() + 1), (&(0..4), 18), "12000 / 700, rounded up");
        assert_eq!(cuts[8], 1 << 63, "equal ranges");
    }

    #[test]
    fn a_burst_that_does_not_last_changes_nothing() {
        assert_eq!(drive(1).run(600, |s| if s % 60 < 30 { 2000 } else { 100 }, uniform()), []);
    }

    #[test]
    fn it_shrinks_when_one_partition_less_would_do_with_room() {
        // 0.75 * 700 * 3/4 = 393.75 each: 1575 in all.
        assert_eq!(drive(4).run(600, |_| 1576, uniform()), [], "just above the lower level");
        let decided = drive(4).run(600, |_| 1574, uniform());
        let [(135, Decision::Recut { cuts, .. })] = &decided[..] else { panic!("{decided:?}") };
        assert_eq!(cuts.len() + 1, 3, "1574 / 700, rounded up");
    }

    #[test]
    fn it_keeps_to_its_bounds() {
        let policy = CountScaler { min_partitions: 2, max_partitions: 3, ..POLICY };
        let mut drive = Drive::new(SplitPolicy::CountScaler(policy), 2);
        drive.run(300, |_| 9_000, uniform());
        assert_eq!(drive.partitions(), 3);
        assert_eq!(drive.run(300, |_| 9_000, uniform()), [], "there are as many as may be");
        drive.run(300, |_| 10, uniform());
        assert_eq!(drive.partitions(), 2);
        assert_eq!(drive.run(300, |_| 10, uniform()), [], "there are as few as may be");
    }

    #[test]
    fn a_rate_at_its_level_is_neither_above_nor_below() {
        assert_eq!(drive(4).run(600, |_| 1_575, uniform()), [], "393.75 each");
        // 700 is not above 700: from the fifth look on it is above, at 75 seconds, for a minute.
        let decided = drive(1).run(135, |s| if s <= 60 { 700 } else { 1_400 }, uniform());
        let seconds: Vec<u64> = decided.iter().map(|(second, _)| *second).collect();
        assert_eq!(seconds, [135], "{decided:?}");
    }

    #[test]
    fn it_decides_at_its_looks_and_never_during_a_change() {
        let policy = CountScaler { sustain_up: Span::from_secs(50), ..POLICY };
        let mut drive = Drive::new(SplitPolicy::CountScaler(policy), 1);
        assert_eq!(drive.run(74, |_| 2_000, uniform()), [], "above for 59 s, but no look is due");
        let mut changing = Drive::new(SplitPolicy::CountScaler(policy), 1);
        changing.run(74, |_| 2_000, uniform());
        changing.watch.changing(0..1, 2, changing.now());
        assert_eq!(drive.run(1, |_| 2_000, uniform()).len(), 1);
        assert_eq!(changing.run(30, |_| 2_000, uniform()), []);
    }
}
