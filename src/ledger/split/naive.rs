//! `Naive`: splits and merges by the same average, with hardly a gap between the two levels.
//!
//! Models no system: it is the control for the lesson of hysteresis. A split of a partition just
//! above its threshold leaves a pair whose sum is about the threshold; if the merge level for the
//! sum is above that, the pair merges again, at constant load and for ever.
//!
//! Owns the rule. Must not remember anything: that is its lesson.

use super::watched::Watched;
use super::{Decision, Snapshot};
use crate::ledger::config::Naive;

pub(super) fn decide(policy: &Naive, snapshot: &Snapshot) -> Vec<Decision> {
    let [split, merge] = [policy.threshold, policy.merge].map(|level| level * snapshot.capacity);
    let hot = |part: &Watched| {
        (!part.changing && part.load.average() > split * part.leniency).then(|| part.middle())?
    };
    let room = (policy.max_partitions as usize).saturating_sub(snapshot.count);
    let parts = snapshot.parts.iter().enumerate();
    let splits = parts.filter_map(|(at, part)| Some(Decision::split(at, hot(part)?))).take(room);
    let mut decisions: Vec<Decision> = splits.collect();
    let cold = |pair: &[Watched]| {
        let known = |part: &Watched| part.rests_since(super::MINUTE, snapshot.now);
        let sum: f64 = pair.iter().map(|part| part.load.average()).sum();
        pair.iter().all(|part| known(part) && hot(part).is_none()) && sum < merge
    };
    decisions.extend(snapshot.parts.windows(2).position(cold).map(Decision::merge));
    decisions
}

#[cfg(test)]
mod tests {
    use super::super::drive::{Drive, uniform};
    use super::*;
    use crate::ledger::config::SplitPolicy;

    #[test]
    fn it_flaps_at_constant_load() {
        let policy = Naive { threshold: 0.5, merge: 0.95, max_partitions: 256 };
        let mut drive = Drive::new(SplitPolicy::Naive(policy), 1);
        let decided = drive.run(600, |_| 750, uniform());
        let seconds: Vec<u64> = decided.iter().map(|(second, _)| *second).collect();
        assert_eq!(seconds, [60, 120, 180, 240, 300, 360, 420, 480, 540, 600], "{decided:?}");
        let calm = Naive { merge: 0.35, ..policy };
        let mut drive = Drive::new(SplitPolicy::Naive(calm), 1);
        assert_eq!(drive.run(600, |_| 750, uniform()).len(), 1, "a gap between the levels");
    }

    #[test]
    fn what_is_at_a_level_stays() {
        let policy = Naive { threshold: 0.5, merge: 0.95, max_partitions: 256 };
        let decided = |count, calls| {
            let mut sides = [7, u64::MAX].into_iter().cycle();
            let key = || sides.next().expect("it goes on");
            Drive::new(SplitPolicy::Naive(policy), count).run(60, |_| calls, key)
        };
        assert_eq!(decided(1, 500), [], "500 are not above 500");
        assert_eq!(decided(1, 501).len(), 1);
        assert_eq!(decided(2, 950), [], "950 are not below 950");
        assert_eq!(decided(2, 949).len(), 1);
    }
}
