//! Little's law and its relatives, exactly: a run that begins and ends empty owes nothing.

use sqsim::model::scenario::Scenario;
use sqsim::observe::measured::Measured;

use crate::book::{Page, measure, measure_with};
use crate::support::features;

/// Little's law `L = λW` (J. D. C. Little, Operations Research 9, 1961), times the length of the
/// run: the integral of the number of messages is the sum of their stays. In a run that begins and
/// ends empty it is an equation between whole numbers.
fn check(scenario: &Scenario, measured: &Measured) {
    let name = &scenario.name;
    for queue in &measured.queues {
        let counts = &queue.counts;
        let removed = counts.dead_lettered + counts.expired + counts.purged;
        assert_eq!(queue.unfinished.messages, 0, "{name} ends empty");
        let came = counts.sent + counts.moved_in + counts.undone;
        assert_eq!(came, counts.deleted + removed, "{name}: flow balance");
        assert_eq!(queue.latencies.sent_to_deleted.count(), counts.deleted, "{name}: a stay each");
        let redelivered = counts.redelivered.total();
        let first = counts.received - redelivered;
        assert_eq!(queue.latencies.sent_to_received.count(), first, "{name}: a wait each");
        // A message whose delete is undone was away for a while.
        if removed + counts.undone == 0 {
            let area =
                queue.levels.visible.area + queue.levels.in_flight.area + queue.levels.delayed.area;
            assert_eq!(
                area, queue.latencies.sent_to_deleted.sum,
                "{name}: Little's law in all states"
            );
            let receives: u64 =
                (1..).zip(&queue.receives_per_message).map(|(n, messages)| n * messages).sum();
            assert_eq!(receives, counts.received, "{name}: receives by message");
        }
        if removed == 0 && redelivered == 0 {
            let area = queue.levels.visible.area + queue.levels.delayed.area;
            assert_eq!(
                area, queue.latencies.sent_to_received.sum,
                "{name}: Little's law of the ready"
            );
        }
    }
    let arrived: u64 = measured.producers.iter().map(|producer| producer.counts.arrived).sum();
    let given_up: u64 = measured.producers.iter().map(|producer| producer.counts.given_up).sum();
    let stored = measured.queues[0].counts.sent;
    assert_eq!(arrived, stored + given_up, "{name}: what arose was stored or given up");
}

#[test]
fn littles_law_holds_to_the_nanosecond() {
    for scenario in features::all() {
        for replication in 0..3 {
            let measured = measure(&scenario, replication);
            assert!(measured.queues[0].counts.sent > 500, "{} is busy", scenario.name);
            // What arises after the window's end is not measured, so the closed clients, who never
            // stop before it, are checked by their books alone.
            if scenario.drain.is_zero() {
                check(&scenario, &measured);
            }
        }
    }
}

/// The scenarios do what they are named after.
#[test]
fn every_feature_shows() {
    let show = |name: &str, shown: &dyn Fn(&Measured) -> u64| {
        let scenarios = features::all();
        let scenario = scenarios.iter().find(|scenario| scenario.name == name);
        let measured = measure(scenario.expect("a scenario of that name"), 0);
        assert!(shown(&measured) > 0, "{name} shows nothing of it");
    };
    show("delay", &|m| m.queues[0].levels.delayed.max);
    show("batch", &|m| m.producers[0].waited as u64);
    show("crash", &|m| m.queues[0].counts.redelivered.crashed);
    show("redrive", &|m| m.queues[0].counts.dead_lettered);
    show("redrive", &|m| m.queues[1].counts.deleted);
    show("splits", &|m| m.queues[0].levels.partitions.max - 1);
    show("splits", &|m| m.queues[0].levels.partitions.max - m.queues[0].levels.partitions.last);
    show("splits", &|m| m.producers[0].counts.retried);
    show("prefetch", &|m| m.queues[0].counts.redelivered.prefetched);
    show("heartbeat", &|m| m.queues[0].counts.redelivered.outlived_timeout);
    show("heartbeat", &|m| m.queues[0].counts.calls.change_visibility);
    show("pipeline", &|m| m.queues[1].counts.deleted);
    show("short-polls", &|m| m.queues[0].counts.false_empty_receives);
    show("short-polls", &|m| m.queues[0].counts.over_limit);
    show("short-polls", &|m| m.queues[0].counts.redelivered.delete_lost);
    show("removal", &|m| m.queues[0].counts.purged.min(m.queues[0].counts.expired));
    show("nodes", &|m| m.queues[0].counts.unavailable.min(m.queues[0].counts.nodes.copies));
    show("nodes", &|m| m.queues[0].counts.redelivered.not_hidden);
    show("nodes", &|m| m.queues[0].counts.throttled);
    show("weak-quorums", &|m| m.queues[0].counts.redelivered.delete_undone);
}

/// The books balance in scenarios that nobody thought of, too.
#[test]
fn the_books_balance_in_random_scenarios() {
    let mut received = 0;
    for seed in 0..300 {
        let (_, book, ()) = measure_with(&features::random(seed), 0, ());
        received += book.pages.iter().map(|page: &Page| page.received).sum::<u64>();
    }
    assert!(received > 100_000, "{received} receives are few");
}
