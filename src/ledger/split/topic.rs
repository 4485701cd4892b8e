//! `ScalableTopic`: one action a minute for the whole queue, at the midpoint.
//!
//! Models Pulsar's scalable topics (PIP-483): split fast, merge slowly; a decision is a pure
//! function of a snapshot; at most one action in each tick. Consumers that are to have a partition
//! each come first, then load.
//!
//! Owns the rule. Must not know where in a partition the load is.

use super::watched::Watched;
use super::{Decision, Snapshot};
use crate::kernel::time::{Span, Time};
use crate::ledger::config::ScalableTopic;
use crate::ledger::journal::Refusal;

pub(super) fn decide(policy: &ScalableTopic, snapshot: &Snapshot) -> Vec<Decision> {
    if !snapshot.ends(policy.evaluate) {
        return Vec::new();
    }
    split_for_consumers(policy, snapshot)
        .or_else(|| split(policy, snapshot))
        .or_else(|| merge(policy, snapshot))
        .into_iter()
        .collect()
}

/// How many partitions the consumers want.
fn wanted(policy: &ScalableTopic) -> usize {
    policy.consumers.unwrap_or(0).min(policy.max_partitions) as usize
}

/// The busiest partition, if there are more consumers than partitions. Of equally busy ones the
/// widest (ours), for an idle queue would halve one and the same range time and again.
fn split_for_consumers(policy: &ScalableTopic, snapshot: &Snapshot) -> Option<Decision> {
    let enough = snapshot.count >= wanted(policy);
    if enough || !elapsed(snapshot.history.split, policy.split_cooldown, snapshot.now) {
        return None;
    }
    let parts = snapshot.parts.iter().enumerate().filter(|(_, part)| !part.changing);
    let cut = |(at, part): (usize, &Watched)| {
        let busy = (part.load.average(), part.last - part.first);
        part.middle().map(|middle| (busy, at, middle))
    };
    let busiest = parts.filter_map(cut).max_by(|(a, a_at, _), (b, b_at, _)| {
        a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(b_at.cmp(a_at))
    });
    busiest.map(|(_, at, middle)| Decision::split(at, middle))
}

fn elapsed(since: Option<Time>, least: Span, now: Time) -> bool {
    since.is_none_or(|since| now.since(since) >= least)
}

/// The hottest partition, if it is hot and the last split is long enough ago.
fn split(policy: &ScalableTopic, snapshot: &Snapshot) -> Option<Decision> {
    let threshold = policy.threshold * snapshot.capacity;
    let hot = |(_, part): &(usize, &Watched)| {
        !part.changing && part.load.average() > threshold * part.leniency
    };
    // Of equals the first: the order is that of the keys.
    let by_heat = |a: &(usize, &Watched), b: &(usize, &Watched)| {
        a.1.load.average().total_cmp(&b.1.load.average()).then(b.0.cmp(&a.0))
    };
    let (at, part) = snapshot.parts.iter().enumerate().filter(hot).max_by(by_heat)?;
    if !elapsed(snapshot.history.split, policy.split_cooldown, snapshot.now) {
        return None;
    }
    if snapshot.count >= policy.max_partitions as usize {
        return Some(Decision::Refuse { part: at, reason: Refusal::TooManyPartitions });
    }
    Some(match part.middle() {
        Some(middle) => Decision::split(at, middle),
        None => Decision::Refuse { part: at, reason: Refusal::SingleKey },
    })
}

/// The coldest two neighbours, if both were cold for long enough. What consumers want is not
/// merged (ours): it would be split again at once.
fn merge(policy: &ScalableTopic, snapshot: &Snapshot) -> Option<Decision> {
    let cold = |part: &Watched| {
        part.rests_since(policy.merge_window, snapshot.now)
            && f64::from(part.load.averages.max()) < policy.merge * snapshot.capacity
            && part.depth < policy.depth
    };
    let few = snapshot.count <= wanted(policy).max(policy.min_partitions as usize);
    if few || !elapsed(snapshot.history.merged, policy.merge_cooldown, snapshot.now) {
        return None;
    }
    let heat = |pair: &[Watched]| pair[0].load.average() + pair[1].load.average();
    let pairs = snapshot.parts.windows(2).enumerate();
    let cold = pairs.filter(|(_, pair)| pair.iter().all(cold));
    let coldest = cold.min_by(|a, b| heat(a.1).total_cmp(&heat(b.1)).then(a.0.cmp(&b.0)));
    coldest.map(|(at, _)| Decision::merge(at))
}

#[cfg(test)]
mod tests {
    use super::super::drive::{Drive, uniform};
    use super::*;
    use crate::ledger::config::SplitPolicy;

    const POLICY: ScalableTopic = ScalableTopic {
        evaluate: Span::from_secs(60),
        threshold: 0.8,
        merge: 0.08,
        merge_window: Span::from_secs(300),
        split_cooldown: Span::from_secs(60),
        merge_cooldown: Span::from_secs(300),
        min_partitions: 1,
        max_partitions: 64,
        depth: 10,
        consumers: None,
    };

    #[test]
    fn the_hottest_partition_is_halved_one_a_minute() {
        let mut drive = Drive::new(SplitPolicy::ScalableTopic(POLICY), 4);
        let decided = drive.run(180, |_| 6000, uniform());
        let seconds: Vec<u64> = decided.iter().map(|(second, _)| *second).collect();
        assert_eq!(seconds, [60, 120, 180], "{decided:?}");
        assert_eq!(drive.partitions(), 7);
    }

    #[test]
    fn two_cold_neighbours_merge_after_five_minutes_and_no_sooner_again() {
        let mut drive = Drive::new(SplitPolicy::ScalableTopic(POLICY), 4);
        let decided = drive.run(900, |_| 40, uniform());
        let seconds: Vec<u64> = decided.iter().map(|(second, _)| *second).collect();
        assert_eq!(seconds, [300, 600, 900], "{decided:?}");
        assert!(
            decided
                .iter()
                .all(|(_, it)| matches!(it, Decision::Recut { cuts, .. } if cuts.is_empty()))
        );
        assert_eq!(drive.run(900, |_| 40, uniform()), [], "one partition is the least");
    }

    #[test]
    fn what_is_at_a_level_stays() {
        let decided = |count, calls| {
            let mut sides = [7, u64::MAX].into_iter().cycle();
            let key = || sides.next().expect("it goes on");
            Drive::new(SplitPolicy::ScalableTopic(POLICY), count).run(300, |_| calls, key)
        };
        assert_eq!(decided(1, 800), [], "800 are not above 800");
        assert_eq!(decided(2, 160), [], "80 each are not below 80");
        assert_eq!(decided(2, 158), [(300, Decision::merge(0))]);
        assert_eq!(decided(2, 1_000), [], "neither hot nor cold");
    }

    #[test]
    fn the_coldest_pair_is_the_one_with_the_least_sum() {
        let third = u64::MAX / 3;
        let mut keys = (0..70).map(|i| if i < 50 { 7 } else { 2 * third + 7 }).cycle();
        let mut drive = Drive::new(SplitPolicy::ScalableTopic(POLICY), 3);
        // 50, none and 20 calls a second.
        let decided = drive.run(300, |_| 70, || keys.next().expect("it goes on"));
        assert_eq!(decided, [(300, Decision::merge(1))]);
    }

    #[test]
    fn what_was_changed_too_often_is_not_merged() {
        let policy = ScalableTopic { depth: 1, ..POLICY };
        let mut drive = Drive::new(SplitPolicy::ScalableTopic(policy), 3);
        drive.run(1800, |_| 40, uniform());
        assert_eq!(drive.partitions(), 2, "the merged one has a depth of 1");
    }

    /// Where each of these decisions cuts, in sixteenths of the key space.
    fn cuts(decided: &[(u64, Decision)]) -> Vec<(u64, u64)> {
        let cut = |(second, decision): &(u64, Decision)| match decision {
            Decision::Recut { cuts, .. } if cuts.len() == 1 => (*second, cuts[0] >> 60),
            Decision::Recut { .. } | Decision::Refuse { .. } => panic!("{decision:?} is no split"),
        };
        decided.iter().map(cut).collect()
    }

    #[test]
    fn consumers_get_a_partition_each_one_a_minute() {
        let policy = ScalableTopic { consumers: Some(5), ..POLICY };
        // The right half is the busiest at 60 s, its right half after that.
        let mut drive = Drive::new(SplitPolicy::ScalableTopic(policy), 2);
        let busy = drive.run(600, |_| 20, || 15 << 60);
        assert_eq!(cuts(&busy), [(60, 12), (120, 14), (180, 15)]);
        assert_eq!(drive.partitions(), 5);
    }

    #[test]
    fn an_idle_queue_is_cut_evenly() {
        let policy = ScalableTopic { consumers: Some(4), ..POLICY };
        let mut drive = Drive::new(SplitPolicy::ScalableTopic(policy), 1);
        assert_eq!(cuts(&drive.run(600, |_| 0, uniform())), [(60, 8), (120, 4), (180, 12)]);
    }

    #[test]
    fn splits_for_consumers_wait_for_the_last_split() {
        let split_cooldown = Span::from_secs(150);
        let policy = ScalableTopic { consumers: Some(9), split_cooldown, ..POLICY };
        let mut drive = Drive::new(SplitPolicy::ScalableTopic(policy), 1);
        assert_eq!(cuts(&drive.run(400, |_| 0, uniform())), [(60, 8), (240, 4)]);
    }

    #[test]
    fn more_consumers_than_the_most_partitions_get_as_many_and_no_refusal() {
        let policy = ScalableTopic { consumers: Some(100), max_partitions: 3, ..POLICY };
        let mut drive = Drive::new(SplitPolicy::ScalableTopic(policy), 2);
        assert_eq!(cuts(&drive.run(1800, |_| 0, uniform())), [(60, 4)]);
    }

    #[test]
    fn what_consumers_want_is_not_merged_and_what_is_more_is() {
        let policy = ScalableTopic { consumers: Some(3), ..POLICY };
        let mut drive = Drive::new(SplitPolicy::ScalableTopic(policy), 5);
        let decided = drive.run(3600, |_| 40, uniform());
        let seconds: Vec<u64> = decided.iter().map(|(second, _)| *second).collect();
        assert_eq!(seconds, [300, 600], "{decided:?}");
        assert_eq!(drive.partitions(), 3);
    }

    #[test]
    fn with_a_partition_for_each_consumer_load_decides() {
        let policy = ScalableTopic { consumers: Some(4), ..POLICY };
        let mut drive = Drive::new(SplitPolicy::ScalableTopic(policy), 4);
        assert_eq!(cuts(&drive.run(60, |_| 1000, || 1 << 63)), [(60, 10)]);
    }

    #[test]
    fn a_hot_partition_at_the_most_is_refused() {
        let policy = ScalableTopic { max_partitions: 2, ..POLICY };
        let mut drive = Drive::new(SplitPolicy::ScalableTopic(policy), 2);
        let reason = Refusal::TooManyPartitions;
        let decided = drive.run(60, |_| 1000, || 1 << 63);
        assert_eq!(decided, [(60, Decision::Refuse { part: 1, reason })]);
    }
}
