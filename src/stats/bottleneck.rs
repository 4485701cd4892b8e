//! What limited a run.
//!
//! Owns the verdict and its thresholds. Must not know how it is printed.
//!
//! The causes are tried in this order, because each hides behind the ones before it: a ledger
//! that throttles makes messages wait at their producers, a visibility timeout that is too short
//! makes consumers work twice.
//!
//! - **ledger capacity**: at least 1 % of a queue's calls were throttled, or 1 % of its receives
//!   were refused at the in-flight cap.
//! - **nodes**: at least 1 % of a queue's calls were answered by too few replicas.
//! - **visibility timeout**: at least 5 % of a queue's receives were redeliveries of messages
//!   whose timeout ended while they were worked on or waited in a buffer.
//! - **consumers' count**: at least 95 % of a fleet's threads were busy, or the messages waiting
//!   in a queue grew by 5 % of those sent to it.
//! - **producers**: at least 5 % of a producer's messages did not leave it in time, or one waited
//!   as long for a connection as from send to delete, or all are closed clients.
//! - **nothing**: none of these.
//!
//! Invariant: a pure function of the scenario and what was measured.

use crate::clients::config::ArrivalProcess;
use crate::engine::scenario::Scenario;
use crate::observe::measured::{Measured, QueueMeasured};

/// Share of calls throttled above which the ledger is the limit.
const THROTTLED: f64 = 0.01;
/// Share of calls that too few replicas answered above which the nodes are the limit.
const UNAVAILABLE: f64 = 0.01;
/// Share of receives that a timeout caused above which the timeout is the limit.
const TIMED_OUT: f64 = 0.05;
/// Share of busy threads above which a fleet is the limit.
const BUSY: f64 = 0.95;
/// Growth of the waiting messages, as a share of those sent, above which a fleet is the limit.
const GROWTH: f64 = 0.05;
/// Share of a producer's messages left behind above which it is the limit.
const LEFT_BEHIND: f64 = 0.05;

/// What limited a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The partitions' capacity, or the in-flight cap.
    Ledger,
    /// Nodes that were down.
    Nodes,
    /// A visibility timeout too short for the work or the buffer.
    VisibilityTimeout,
    /// Too few consumers.
    Consumers,
    /// Producers that cannot send as fast as messages arise.
    Producers,
    /// There was room everywhere.
    Nothing,
}

impl Limit {
    /// Its name in output.
    pub fn name(self) -> &'static str {
        match self {
            Limit::Ledger => "ledger capacity",
            Limit::Nodes => "nodes",
            Limit::VisibilityTimeout => "visibility timeout",
            Limit::Consumers => "consumers' count",
            Limit::Producers => "producers",
            Limit::Nothing => "nothing",
        }
    }
}

/// The verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What limited the run.
    pub limit: Limit,
    /// The figures that say so: a lower-case fragment.
    pub figures: String,
}

impl Verdict {
    /// `consumers' count: …`
    pub fn sentence(&self) -> String {
        format!("{}: {}", self.limit.name(), self.figures)
    }
}

/// What limited this run.
pub fn verdict(scenario: &Scenario, measured: &Measured) -> Verdict {
    type Rule = fn(&Scenario, &Measured) -> Option<String>;
    const RULES: [(Limit, Rule); 5] = [
        (Limit::Ledger, ledger),
        (Limit::Nodes, nodes),
        (Limit::VisibilityTimeout, visibility),
        (Limit::Consumers, consumers),
        (Limit::Producers, producers),
    ];
    let found = RULES.iter().find_map(|(limit, rule)| {
        rule(scenario, measured).map(|figures| Verdict { limit: *limit, figures })
    });
    found.unwrap_or_else(|| Verdict { limit: Limit::Nothing, figures: room(scenario, measured) })
}

/// Queues with their names.
fn queues<'a>(
    scenario: &'a Scenario,
    measured: &'a Measured,
) -> impl Iterator<Item = (&'a str, &'a QueueMeasured)> {
    scenario.queues.iter().map(|queue| queue.name.as_str()).zip(&measured.queues)
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The greatest by share, if it reaches the threshold.
fn worst<T>(candidates: impl Iterator<Item = (f64, T)>, threshold: f64) -> Option<(f64, T)> {
    candidates
        .filter(|(share, _)| *share >= threshold)
        .reduce(|worst, next| if next.0 > worst.0 { next } else { worst })
}

/// The share of a queue's calls that this counts, with its name.
fn of_calls<'a>((name, queue): (&'a str, &QueueMeasured), count: u64) -> (f64, (&'a str, u64)) {
    let calls = queue.counts.calls;
    (share(count, calls.send + calls.receive + calls.delete), (name, count))
}

fn nodes(scenario: &Scenario, measured: &Measured) -> Option<String> {
    let failed =
        queues(scenario, measured).map(|queue| of_calls(queue, queue.1.counts.unavailable));
    let (share, (name, count)) = worst(failed, UNAVAILABLE)?;
    let share = share * 100.0;
    Some(format!("too few replicas answered {share:.1}% of the calls to `{name}` ({count})"))
}

fn ledger(scenario: &Scenario, measured: &Measured) -> Option<String> {
    let throttled =
        queues(scenario, measured).map(|queue| of_calls(queue, queue.1.counts.throttled));
    if let Some((share, (name, count))) = worst(throttled, THROTTLED) {
        let share = share * 100.0;
        return Some(format!("{share:.1}% of the calls to `{name}` were throttled ({count})"));
    }
    let capped =
        queues(scenario, measured).zip(&scenario.queues).map(|((name, queue), settings)| {
            let share = share(queue.counts.over_limit, queue.counts.calls.receive);
            (share, (name, queue.counts.over_limit, settings.config.max_in_flight))
        });
    let (share, (name, count, cap)) = worst(capped, THROTTLED)?;
    let share = share * 100.0;
    Some(format!(
        "{share:.1}% of the receives from `{name}` were refused at {cap} messages in flight \
         ({count})"
    ))
}

fn visibility(scenario: &Scenario, measured: &Measured) -> Option<String> {
    let timed_out = queues(scenario, measured).map(|(name, queue)| {
        let causes = queue.counts.redelivered;
        let late = causes.outlived_timeout + causes.prefetched;
        (share(late, queue.counts.received), (name, queue))
    });
    let (share, (name, queue)) = worst(timed_out, TIMED_OUT)?;
    let causes = queue.counts.redelivered;
    let by = if causes.outlived_timeout >= causes.prefetched {
        "the work outlived the timeout"
    } else {
        "the timeout ended in a buffer"
    };
    let duplicates = queue.counts.duplicates;
    let share = share * 100.0;
    Some(format!(
        "{share:.1}% of the receives from `{name}` came because {by}; {duplicates} messages were \
         processed again"
    ))
}

fn consumers(scenario: &Scenario, measured: &Measured) -> Option<String> {
    let busy = scenario.fleets.iter().zip(&measured.fleets).map(|(fleet, measured)| {
        let threads = (measured.threads as f64).max(1.0);
        (measured.busy.mean() / threads, (fleet, measured.threads))
    });
    if let Some((share, (fleet, threads))) = worst(busy, BUSY) {
        let queue = fleet.config.queue.0 as usize;
        let waiting = measured.queues.get(queue).map_or(0.0, |queue| queue.visible.mean());
        return Some(format!(
            "{:.0}% of the {threads} threads of `{}` were busy, {waiting:.1} messages waited on \
             average",
            share * 100.0,
            fleet.name
        ));
    }
    let growing = queues(scenario, measured).enumerate().map(|(at, (name, queue))| {
        let growth = growth(scenario, queue);
        let served = scenario.fleets.iter().any(|fleet| fleet.config.queue.0 as usize == at);
        (share(growth, queue.counts.sent), (name, growth, served))
    });
    let (share, (name, growth, served)) = worst(growing, GROWTH)?;
    let share = share * 100.0;
    Some(if served {
        format!(
            "the messages waiting in `{name}` grew by {growth}, {share:.1}% of those sent, though \
             not all threads were busy"
        )
    } else {
        format!("nobody receives from `{name}`, which grew by {growth} messages")
    })
}

/// By how many messages the visible ones grew over the measured window.
fn growth(scenario: &Scenario, queue: &QueueMeasured) -> u64 {
    let window = scenario.window.as_nanos();
    if window == 0 {
        return 0;
    }
    let ended = |nanos: u64| (nanos / window) as usize;
    let before = ended(scenario.warm_up.as_nanos()).checked_sub(1);
    let before = before.and_then(|at| queue.series.get(at)).map_or(0, |window| window.visible);
    let last = ended(scenario.duration.as_nanos().saturating_sub(1)).min(queue.series.len());
    let after = queue.series.get(last).or(queue.series.last()).map_or(0, |window| window.visible);
    after.saturating_sub(before)
}

fn producers(scenario: &Scenario, measured: &Measured) -> Option<String> {
    let both = || scenario.producers.iter().zip(&measured.producers);
    let behind = both().map(|(producer, measured)| {
        let left = measured.arrived.saturating_sub(measured.sent + measured.given_up);
        (share(left, measured.arrived), (producer.name.as_str(), left))
    });
    if let Some((share, (name, left))) = worst(behind, LEFT_BEHIND) {
        let share = share * 100.0;
        return Some(format!(
            "{share:.1}% of the messages of `{name}` ({left}) were still waiting there to be sent"
        ));
    }
    for (producer, of) in both().filter(|(_, of)| of.sent > 0) {
        let waited = of.waited as f64 / of.sent as f64;
        let after = measured
            .queues
            .get(producer.config.queue.0 as usize)
            .map_or(0.0, |queue| queue.sent_to_deleted.mean_nanos());
        if waited > 0.0 && waited >= after {
            let (name, waited, after) = (&producer.name, waited / 1e6, after / 1e6);
            return Some(format!(
                "a message of `{name}` waited {waited:.1}ms for a connection, and then took \
                 {after:.1}ms from send to delete"
            ));
        }
    }
    let closed = |arrivals: &[ArrivalProcess]| {
        arrivals.iter().all(|process| matches!(process, ArrivalProcess::Closed { .. }))
    };
    let all_closed = scenario.producers.iter().all(|producer| closed(&producer.config.arrivals));
    let first = scenario.producers.first().filter(|_| all_closed)?;
    Some(format!("`{}` are closed clients that wait for themselves", first.name))
}

/// Says how much room there was.
fn room(scenario: &Scenario, measured: &Measured) -> String {
    let busiest = scenario.fleets.iter().zip(&measured.fleets).map(|(fleet, measured)| {
        let threads = (measured.threads as f64).max(1.0);
        (measured.busy.mean() / threads, fleet.name.as_str())
    });
    match worst(busiest, 0.0) {
        Some((share, name)) => {
            format!("`{name}` was the busiest fleet with {share:.2} of its threads")
        }
        None => "no figure reached its threshold".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::config::ArrivalProcess;
    use crate::kernel::dist::Dist;
    use crate::kernel::time::Span;
    use crate::observe::measured::Window;
    use crate::stats::fixture;

    fn limit(change: impl FnOnce(&mut Scenario, &mut Measured)) -> Verdict {
        let (mut scenario, mut measured) = (fixture::scenario(), fixture::measured(0));
        change(&mut scenario, &mut measured);
        verdict(&scenario, &measured)
    }

    #[test]
    fn a_quiet_run_is_limited_by_nothing() {
        let verdict = limit(|_, _| {});
        assert_eq!(verdict.limit, Limit::Nothing);
        assert!(verdict.figures.contains("`workers` was the busiest fleet with 0.80"));
    }

    #[test]
    fn each_cause_is_named_with_its_figures() {
        let ledger = limit(|_, m| m.queues[0].counts.throttled = 10_804);
        assert_eq!(ledger.limit, Limit::Ledger);
        assert!(ledger.figures.starts_with("10.0% of the calls to `orders`"), "{ledger:?}");

        let cap = limit(|_, m| m.queues[0].counts.over_limit = 3_605);
        assert_eq!(cap.limit, Limit::Ledger);
        assert!(cap.figures.contains("refused at 120000 messages in flight"), "{cap:?}");

        let nodes = limit(|_, m| m.queues[0].counts.unavailable = 10_804);
        assert_eq!(nodes.limit, Limit::Nodes);
        let said = "too few replicas answered 10.0% of the calls to `orders` (10804)";
        assert_eq!(nodes.figures, said);

        let visibility = limit(|_, m| m.queues[0].counts.redelivered.outlived_timeout = 3_604);
        assert_eq!(visibility.limit, Limit::VisibilityTimeout);
        assert!(visibility.figures.starts_with("10.0% of the receives from `orders`"));
        assert!(visibility.figures.contains("the work outlived the timeout"));

        let busy = limit(|_, m| m.fleets[0].busy.area = u128::from(m.fleets[0].busy.over) * 4);
        assert_eq!(busy.limit, Limit::Consumers);
        assert!(busy.figures.starts_with("100% of the 4 threads of `workers` were busy"));

        let behind = limit(|_, m| m.producers[0].arrived = 40_000);
        assert_eq!(behind.limit, Limit::Producers);
        assert!(behind.figures.starts_with("10.0% of the messages of `web` (4000)"));

        let waited = limit(|_, m| m.producers[0].waited = 36_000 * 2_000_000_000);
        assert_eq!(waited.limit, Limit::Producers);
        assert!(waited.figures.contains("waited 2000.0ms for a connection"));
    }

    #[test]
    fn a_growing_backlog_blames_the_consumers_even_when_threads_idle() {
        let verdict = limit(|_, m| {
            m.queues[0].series[2] = Window { visible: 5_000, ..Window::default() };
        });
        assert_eq!(verdict.limit, Limit::Consumers);
        assert!(verdict.figures.contains("grew by 5000, 13.9% of those sent"), "{verdict:?}");
    }

    #[test]
    fn a_growing_dead_letter_queue_is_no_bottleneck() {
        let verdict = limit(|_, m| {
            m.queues[1].counts.moved_in = 5_000;
            m.queues[1].series = vec![Window { visible: 5_000, ..Window::default() }; 3];
        });
        assert_eq!(verdict.limit, Limit::Nothing);
    }

    #[test]
    fn closed_clients_limit_themselves() {
        let verdict = limit(|scenario, _| {
            let think = Dist::Constant(Span::from_secs(1));
            scenario.producers[0].config.arrivals =
                vec![ArrivalProcess::Closed { clients: 5, think }];
        });
        assert_eq!(verdict.limit, Limit::Producers);
    }

    #[test]
    fn the_first_cause_hides_the_later_ones() {
        let verdict = limit(|_, m| {
            m.queues[0].counts.throttled = 10_804;
            m.producers[0].arrived = 40_000;
        });
        assert_eq!(verdict.limit, Limit::Ledger);
    }
}
