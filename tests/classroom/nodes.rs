//! Nodes that are lost, repair, and what both mean for messages.
//!
//! Owns these lessons; how one is run is the classroom's. Twelve nodes hold 256 partitions, three
//! replicas each: a node holds a quarter of them on average, and two nodes share 3 · 2 of 12 · 11.

use sqsim::kernel::time::Span;
use sqsim::observe::measured::QueueCounts;

use super::{Lesson, SEEDS, less};

const PARTITIONS: u64 = 256;
/// A node is given up after that, where nothing else is said.
const PATIENCE: Span = Span::from_secs(60);

impl Lesson {
    /// Over the whole run.
    fn sum(&self, count: impl Fn(&QueueCounts) -> u64) -> u64 {
        self.queue.series.iter().map(|window| count(&window.counts)).sum()
    }

    fn redelivered(&self) -> u64 {
        self.sum(|counts| counts.redelivered.total())
    }

    fn under_replicated_for(&self) -> Span {
        self.queue.nodes.under_replicated.time
    }

    /// Seconds of repair for each replica that was lost, all of one node.
    fn repair(&self) -> f64 {
        let copying = self.under_replicated_for().as_nanos() - PATIENCE.as_nanos();
        copying as f64 / 1e9 / self.queue.nodes.under_replicated.most as f64
    }

    /// Whatever comes back is processed again, and nothing gets lost.
    fn everything_is_processed(&self) {
        assert_eq!(self.queue.unfinished.messages, 0);
        let [sent, undone, deleted] =
            [self.sum(|it| it.sent), self.sum(|it| it.undone), self.sum(|it| it.deleted)];
        less(50_000, sent, "100 a second for ten minutes or more");
        assert_eq!(sent + undone, deleted);
    }
}

#[test]
fn a_lost_node_costs_a_quarter_of_the_partitions_a_replica_and_none_its_quorum() {
    for seed in SEEDS {
        let of = |placement: &str| Lesson::of(&format!("node-loss-{placement}"), seed);
        for placement in ["ring-1", "ring-16", "equal", "rendezvous"] {
            let lesson = of(placement);
            let lack = lesson.queue.nodes.under_replicated;
            let spread = match placement {
                // How long three of twelve arcs are is luck.
                "ring-1" => 1..=PARTITIONS,
                // Three standard deviations of a binomial of 256 and a quarter are 21.
                "ring-16" | "rendezvous" => 64 - 21..=64 + 21,
                _ => 64..=64,
            };
            assert!(spread.contains(&lack.most), "{placement}: {lack:?}");
            assert_eq!(lack.of, PARTITIONS);
            assert_eq!(lesson.sum(|counts| counts.nodes.copies), lack.most, "{placement}");
            assert_eq!(lesson.queue.nodes.without_quorum.most, 0, "{placement}");
            assert_eq!(lesson.sum(|counts| counts.unavailable), 0, "{placement}");
            assert_eq!(lesson.redelivered(), 0, "{placement}");
            lesson.everything_is_processed();
        }
    }
}

#[test]
fn with_one_token_few_nodes_help_in_a_repair() {
    for seed in SEEDS {
        let of = |placement: &str| Lesson::of(&format!("node-loss-{placement}"), seed).repair();
        let [one, sixteen, equal, rendezvous] =
            ["ring-1", "ring-16", "equal", "rendezvous"].map(of);
        // A node receives one copy at a time. With one token three nodes receive, the busiest of
        // them a third at least. With equal partitions the busiest receives 16 %.
        less(2.0 * equal, one, "a third, and 16 %");
        for many in [sixteen, rendezvous] {
            less(many, one, "ten help, or eleven");
        }
        // Four seconds a copy, at eleven nodes at most.
        less(4.0 / 11.0, equal, "no faster than all together");
    }
}

#[test]
fn a_second_loss_inside_the_repair_window_costs_partitions_their_quorum() {
    for seed in SEEDS {
        let of = |after: &str| Lesson::of(&format!("second-loss-{after}"), seed);
        let [early, late, latest] = ["60s", "300s", "1800s"].map(of);
        assert_eq!(early.queue.nodes.without_quorum.most, 0, "repaired within two minutes");
        assert_eq!(early.sum(|counts| counts.unavailable), 0);
        assert_eq!(early.redelivered(), 0, "a quorum is there at all times");
        for inside in [&late, &latest] {
            // One in 22 is 11.6; three standard deviations of a binomial are 10.
            let lost = inside.queue.nodes.without_quorum.most;
            assert!((2..=22).contains(&lost), "{lost}");
            less(0, inside.sum(|counts| counts.unavailable), "calls are refused");
            less(0, inside.redelivered(), "acknowledgements are refused");
            let lost = inside.sum(|counts| counts.redelivered.delete_lost);
            assert_eq!(inside.redelivered(), lost, "no other cause");
        }
        for (sooner, later) in [(&early, &late), (&late, &latest)] {
            let [sooner, later] = [sooner, later].map(Lesson::under_replicated_for);
            less(sooner, later, "sooner repaired");
        }
        for lesson in [early, late, latest] {
            lesson.everything_is_processed();
        }
    }
}

#[test]
fn quorums_that_need_not_meet_undo_deletes() {
    for seed in SEEDS {
        let [weak, meet] =
            ["weak", "meet"].map(|quorums| Lesson::of(&format!("quorum-{quorums}"), seed));
        // The third rack serves alone for 55 seconds, at 100 a second. The workers' two seconds
        // shift them, and a little was redelivered or sent late.
        let undone = weak.sum(|counts| counts.undone);
        assert!((5_000..6_000).contains(&undone), "{undone}");
        assert_eq!(weak.sum(|counts| counts.redelivered.delete_undone), undone);
        assert_eq!(meet.sum(|counts| counts.undone), 0);
        // In flight were 100 a second for two seconds; 300 is seven standard deviations more.
        let lost = meet.sum(|counts| counts.redelivered.delete_lost);
        assert_eq!(meet.redelivered(), lost, "no other cause");
        assert!((1..300).contains(&lost), "{lost}");
        less(
            weak.queue.nodes.without_quorum.time,
            meet.queue.nodes.without_quorum.time,
            "one replica answers more often than two",
        );
        weak.everything_is_processed();
        meet.everything_is_processed();
    }
}
