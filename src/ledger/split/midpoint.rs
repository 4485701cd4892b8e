//! `MidpointDoubling`: every hot partition is halved, after a long delay.
//!
//! Models Kinesis on-demand: "when incoming traffic exceeds 500 KB/s per shard, it splits the shard
//! within 15 minutes", each into even halves of its hash range
//! ([how do I size a stream](https://docs.aws.amazon.com/streams/latest/dev/how-do-i-size-a-stream.html)).
//!
//! Owns the rule. Must not know where in a partition the load is: that is its lesson.

use super::{Decision, Snapshot};
use crate::ledger::config::MidpointDoubling;
use crate::ledger::journal::Refusal;

pub(super) fn decide(policy: &MidpointDoubling, snapshot: &Snapshot) -> Vec<Decision> {
    if !snapshot.ends(policy.evaluate) {
        return Vec::new();
    }
    let mut count = snapshot.count;
    let threshold = policy.threshold * snapshot.capacity;
    let hot = snapshot
        .parts
        .iter()
        .enumerate()
        .filter(|(_, part)| !part.changing && part.load.average() > threshold * part.leniency);
    hot.map(|(at, part)| match part.middle() {
        None => Decision::Refuse { part: at, reason: Refusal::SingleKey },
        Some(_) if count >= policy.max_partitions as usize => {
            Decision::Refuse { part: at, reason: Refusal::TooManyPartitions }
        }
        Some(middle) => {
            count += 1;
            Decision::Recut { parts: at..at + 1, cuts: vec![middle], delay: policy.delay }
        }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::drive::{Drive, uniform};
    use super::*;
    use crate::kernel::time::Span;
    use crate::ledger::config::SplitPolicy;

    const POLICY: MidpointDoubling = MidpointDoubling {
        evaluate: Span::from_secs(60),
        threshold: 0.5,
        delay: Span::from_secs(900),
        max_partitions: 256,
    };

    #[test]
    fn a_hot_partition_is_halved_after_the_delay_wherever_its_load_is() {
        let mut drive = Drive::new(SplitPolicy::MidpointDoubling(POLICY), 2);
        let decided = drive.run(119, |_| 501, || 7);
        let delay = Span::from_secs(900);
        assert_eq!(decided, [(60, Decision::Recut { parts: 0..1, cuts: vec![1 << 62], delay })]);
    }

    #[test]
    fn a_partition_at_the_threshold_is_left_alone() {
        let mut drive = Drive::new(SplitPolicy::MidpointDoubling(POLICY), 2);
        assert_eq!(drive.run(600, |_| 1000, uniform_halves()), [], "500 each is not above 500");
    }

    /// Keys that go to the two halves of the key space in turn.
    fn uniform_halves() -> impl FnMut() -> u64 {
        let mut drawn = 0_u64;
        move || {
            drawn += 1;
            drawn << 63
        }
    }

    #[test]
    fn the_queue_doubles_until_it_has_the_most_partitions() {
        let policy = MidpointDoubling { max_partitions: 3, ..POLICY };
        let mut drive = Drive::new(SplitPolicy::MidpointDoubling(policy), 2);
        let decided = drive.run(60, |_| 2000, uniform());
        let reason = Refusal::TooManyPartitions;
        assert_eq!(decided[1], (60, Decision::Refuse { part: 1, reason }));
        assert_eq!(drive.partitions(), 3);
    }
}
