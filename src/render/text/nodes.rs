//! What the nodes of a queue did, in a sentence.
//!
//! Owns its words; a queue whose nodes all answered, or that has none, has none. Must not know
//! where the sentence stands.

use super::estimated::Estimated;
use crate::outcome::{Nodes, Outage, Outcome, QueueOutcome, Sample};
use crate::render::units;

/// Failures that are told one by one, those of one instant together.
const FEW: usize = 3;

/// `node 0 failed at 60s; 64 of 256 partitions lacked a replica, for 500s; 11 lacked a write
/// quorum, for 180s: 1204 calls failed; 64 replicas made anew`.
pub(super) fn sentence(outcomes: Sample<'_>, queue: usize) -> Option<String> {
    let mean = |count: fn(&Nodes) -> u64| {
        Estimated::total(outcomes, |outcome| of(outcome, queue).map_or(0, count)).mean
    };
    let last = |level: fn(&QueueOutcome) -> u64| {
        outcomes.iter().any(|outcome| outcome.queues.at(queue).is_some_and(|it| level(it) > 0))
    };
    let failures = mean(|nodes| nodes.failures);
    let mut words = Vec::new();
    if failures > 0.0 {
        words.push(failed(outcomes, queue, failures));
    }
    let several = failures > 1.0;
    let most = mean(|nodes| nodes.under_replicated.most);
    if most > 0.0 {
        let all = outcomes.iter().filter_map(|outcome| of(outcome, queue));
        let all = all.map(|nodes| nodes.under_replicated.of).max().unwrap_or(0);
        let some = format!("{} of {all} partitions", units::number(most));
        let time = mean(|nodes| nodes.under_replicated.for_ns);
        let open = last(|queue| queue.levels.under_replicated.map_or(0, |level| level.last));
        words.push(lacked(&some, "a replica", time, several, open));
    }
    let unavailable = mean(|nodes| nodes.unavailable);
    let calls = (unavailable > 0.0).then(|| format!("{} failed", counted(unavailable, "call")));
    let most = mean(|nodes| nodes.without_quorum.most);
    if most > 0.0 {
        let time = mean(|nodes| nodes.without_quorum.for_ns);
        let open = last(|queue| queue.levels.without_quorum.map_or(0, |level| level.last));
        let lack = lacked(&units::number(most), "a write quorum", time, several, open);
        words.push(match calls {
            Some(calls) => format!("{lack}: {calls}"),
            None => lack,
        });
    } else {
        words.extend(calls);
    }
    let (copies, dropped) = (mean(|nodes| nodes.copies), mean(|nodes| nodes.copies_dropped));
    if copies > 0.0 {
        let how = if failures > 0.0 { "made anew" } else { "moved" };
        words.push(format!("{} {how}", counted(copies, "replica")));
    }
    if dropped > 0.0 {
        let number = units::number(dropped);
        let copies = if number == "1" { "copy" } else { "copies" };
        words.push(format!("{number} unfinished {copies} dropped"));
    }
    let average = if outcomes.len() > 1 { " (on average)" } else { "" };
    (!words.is_empty()).then(|| words.join("; ") + average)
}

fn of(outcome: &Outcome, queue: usize) -> Option<&Nodes> {
    outcome.queues.at(queue)?.nodes.as_ref()
}

fn counted(count: f64, what: &str) -> String {
    let number = units::number(count);
    let s = if number == "1" { "" } else { "s" };
    format!("{number} {what}{s}")
}

/// Which nodes failed when, if these are few and the same in all runs, else how often.
fn failed(outcomes: Sample<'_>, queue: usize, failures: f64) -> String {
    let mut all = outcomes.iter().filter_map(|outcome| Some(&of(outcome, queue)?.outages[..]));
    let first = all.next().unwrap_or_default();
    let instants: Vec<&[Outage]> = first.chunk_by(|a, b| a.from_ns == b.from_ns).collect();
    if instants.len() > FEW || all.any(|other| other != first) {
        return match units::number(failures).as_str() {
            "1" => "a node failed".to_owned(),
            number => format!("nodes failed {number} times"),
        };
    }
    let mut verb = " failed";
    let words = instants.into_iter().map(|together| {
        let said = format!("{}{verb} at {}", named(together), at(together));
        verb = "";
        said
    });
    words.collect::<Vec<_>>().join(", ")
}

fn at(outages: &[Outage]) -> String {
    units::length(outages.first().map_or(0, |outage| outage.from_ns) as f64)
}

/// `node 0`, `nodes 0, 4 and 8`, `16 nodes`.
fn named(outages: &[Outage]) -> String {
    let numbers: Vec<String> = outages.iter().map(|outage| outage.node.to_string()).collect();
    match &numbers[..] {
        [one] => format!("node {one}"),
        [before @ .., last] if before.len() < FEW => {
            format!("nodes {} and {last}", before.join(", "))
        }
        many => format!("{} nodes", many.len()),
    }
}

/// How many lacked `what` for how long; `several` failures may be the reason.
fn lacked(some: &str, what: &str, nanos: f64, several: bool, open: bool) -> String {
    let (most, sum) = if several { ("at most ", " in all") } else { ("", "") };
    let open = if open { ", and at the end still" } else { "" };
    format!("{most}{some} lacked {what}, for {}{sum}{open}", units::length(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::{Span, Time};
    use crate::ledger::config::NodeId;
    use crate::observe::measured::{Lack, NodeEvent, NodesMeasured, QueueMeasured, Window};
    use crate::stats::fixture;

    fn sentence(outcomes: &[Outcome], queue: usize) -> Option<String> {
        super::sentence(Sample::of_replications(outcomes), queue)
    }

    /// A run of the fixture whose first queue has nodes, in which nothing happened but `change`.
    fn outcome(change: impl FnOnce(&mut QueueMeasured)) -> Outcome {
        let (scenario, _) = fixture::with_nodes();
        let mut measured = fixture::measured(0);
        measured.queues[0].series = std::iter::once(Window::default()).collect();
        change(&mut measured.queues[0]);
        Outcome::from_run(&scenario, 42, 0, &measured, None)
    }

    /// Nodes fail, each at its second.
    fn failing(queue: &mut QueueMeasured, failures: &[(u64, u32)]) {
        let at = |secs| Time::ZERO + Span::from_secs(secs);
        let failed = |&(secs, node): &(u64, u32)| (at(secs), NodeEvent::Failed(NodeId(node)));
        queue.nodes.events = failures.iter().map(failed).collect();
        queue.series.each_mut()[0].counts.nodes.failures = failures.len() as u64;
    }

    fn lack(most: u64, secs: u64) -> Lack {
        Lack { most, of: 256, time: Span::from_secs(secs) }
    }

    /// One node fails, and nothing else does.
    fn one_loss(queue: &mut QueueMeasured) {
        failing(queue, &[(60, 0)]);
        queue.nodes.under_replicated = lack(64, 500);
        queue.series.each_mut()[0].counts.nodes.copies = 64;
    }

    fn said(change: impl FnOnce(&mut QueueMeasured)) -> Option<String> {
        sentence(&[outcome(change)], 0)
    }

    #[test]
    fn nodes_that_all_answer_have_no_sentence_nor_has_a_queue_without_nodes() {
        assert_eq!(said(|_| {}), None);
        let (mut scenario, measured) = fixture::with_nodes();
        scenario.queues[0].config.ledger.nodes = None;
        let outcome = Outcome::from_run(&scenario, 42, 0, &measured, None);
        assert_eq!(sentence(&[outcome], 0), None);
    }

    #[test]
    fn a_failure_is_told_with_what_was_lacking_and_what_was_repaired() {
        assert_eq!(
            said(one_loss).as_deref(),
            Some(
                "node 0 failed at 60s; 64 of 256 partitions lacked a replica, for 500s; \
                 64 replicas made anew"
            )
        );
    }

    #[test]
    fn several_failures_are_told_together_with_the_calls_that_failed() {
        let (scenario, measured) = fixture::with_nodes();
        let outcome = Outcome::from_run(&scenario, 42, 0, &measured, None);
        assert_eq!(
            sentence(&[outcome], 0).as_deref(),
            Some(
                "node 0 failed at 600s, node 7 at 630s; \
                 at most 117 of 256 partitions lacked a replica, for 300s in all; \
                 at most 11 lacked a write quorum, for 180s in all: 1204 calls failed; \
                 64 replicas made anew; 1 unfinished copy dropped"
            )
        );
    }

    #[test]
    fn failures_are_named_as_long_as_they_are_few() {
        let told = |failures: &[(u64, u32)]| said(|queue| failing(queue, failures)).unwrap();
        let zone: Vec<(u64, u32)> = (0..8).map(|node| (60, node * 3)).collect();
        assert_eq!(told(&zone), "8 nodes failed at 60s");
        assert_eq!(told(&zone[..3]), "nodes 0, 3 and 6 failed at 60s");
        assert_eq!(
            told(&[(60, 2), (60, 4), (70, 1)]),
            "nodes 2 and 4 failed at 60s, node 1 at 70s"
        );
        let many: Vec<(u64, u32)> = (0..4).map(|number| (60 * number, 1)).collect();
        assert_eq!(told(&many), "nodes failed 4 times");
    }

    #[test]
    fn what_is_still_lacking_and_what_fails_without_it_is_told() {
        let read_quorum = said(|queue| {
            failing(queue, &[(60, 0)]);
            queue.nodes.under_replicated = lack(64, 500);
            queue.levels.under_replicated.last = 64;
            queue.series.each_mut()[0].counts.unavailable = 1;
        });
        assert_eq!(
            read_quorum.as_deref(),
            Some(
                "node 0 failed at 60s; 64 of 256 partitions lacked a replica, for 500s, and at \
                 the end still; 1 call failed"
            )
        );
        let moved = said(|queue| queue.series.each_mut()[0].counts.nodes.copies = 1);
        assert_eq!(moved.as_deref(), Some("1 replica moved"));
    }

    #[test]
    fn of_several_runs_the_mean_is_told() {
        let same = [outcome(one_loss), outcome(one_loss)];
        assert_eq!(
            sentence(&same, 0).as_deref(),
            Some(
                "node 0 failed at 60s; 64 of 256 partitions lacked a replica, for 500s; \
                 64 replicas made anew (on average)"
            )
        );
        let twice = outcome(|queue| {
            failing(queue, &[(90, 0), (400, 3), (700, 5)]);
            queue.nodes.under_replicated = lack(32, 300);
        });
        let unhurt = outcome(|queue| queue.nodes = NodesMeasured::default());
        let said = sentence(&[outcome(one_loss), twice, unhurt.clone(), unhurt], 0);
        assert_eq!(
            said.as_deref(),
            Some(
                "a node failed; 24 of 256 partitions lacked a replica, for 200s; \
                 16 replicas made anew (on average)"
            )
        );
    }
}
