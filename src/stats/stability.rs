//! Whether a queue settles, or grows for as long as it runs.
//!
//! Owns the verdict on one run and its thresholds. Must not know how it is printed.
//!
//! A queue does not settle if work comes in faster than it can be done. What can be done is
//! measured, not assumed: while a backlog stands, the consumers do all they can, so the load is the
//! messages that arrive over those that leave. Work done again after a redelivery, work that failed
//! and work cut off by a crash let fewer leave, so that a queue which its own redeliveries overload
//! is found as well.
//!
//! Chance and transients must not pass for growth. What grows are the visible messages: those that
//! are delayed or hidden become more at the start of any run, until the first come back. Their
//! changes from one window of the series to the next must have a mean above zero by Student's t at
//! 99.9 % (a settled queue gives back what it gained, so that its changes compensate each other and
//! the test rarely errs), over the whole measured time and over its second half alone: a burst that
//! is drained grows only before it shrinks. And the growth must be more than chance gives a queue
//! at load 1 that begins empty: three times the square root of twice the arrivals (independent
//! arrivals and work).
//!
//! Invariant: a pure function of the scenario and what was measured. A queue of closed clients,
//! and one that nobody receives from, is never judged.

use super::by_queue::ByQueue;
use super::student;
use super::summary::Summary;
use crate::model::clients::ArrivalProcess;
use crate::model::scenario::Scenario;
use crate::observe::measured::{Measured, QueueCounts, QueueMeasured};

/// Fewest windows of the series in the measured time.
const WINDOWS: usize = 10;
/// Student's t is below this share of its quantile at 99.9 %, one-sided.
const CONFIDENCE: f64 = 0.998;
/// Standard deviations of a walk without drift that its end exceeds once in a thousand times.
const DEVIATIONS: f64 = 3.0;

/// A queue that does not settle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unstable {
    /// The queue's place in the scenario.
    pub queue: usize,
    /// Messages that arrive over those that leave: the load, redeliveries and failures included.
    pub load: f64,
    /// Messages per second by which the backlog grows.
    pub growth: f64,
}

/// Every queue that does not settle, in the order of the scenario.
pub fn unstable(scenario: &Scenario, measured: &Measured) -> Vec<Unstable> {
    let by_queue = ByQueue::of(scenario);
    let judged = |(at, _): &(usize, _)| is_judged(scenario, &by_queue, *at);
    let queues = measured.queues.iter().enumerate().filter(judged);
    let found = queues.filter_map(|(at, queue)| {
        let levels = backlog(scenario, queue);
        if levels.len() <= WINDOWS || !climbs(&levels) || !climbs(&levels[levels.len() / 2..]) {
            return None;
        }
        let grown = levels[levels.len() - 1] - levels[0];
        let seconds = scenario.window.as_secs_f64() * (levels.len() - 1) as f64;
        let arrivals = (queue.counts.sent + queue.counts.moved_in) as f64;
        let load = arrivals / left(&queue.counts) as f64;
        (grown > DEVIATIONS * (2.0 * arrivals).sqrt() && load >= 1.0).then_some(Unstable {
            queue: at,
            load,
            growth: grown / seconds,
        })
    });
    found.collect()
}

/// Messages that left the queue for good.
fn left(counts: &QueueCounts) -> i64 {
    let left = counts.deleted + counts.dead_lettered + counts.expired + counts.purged;
    left.cast_signed() - counts.undone.cast_signed()
}

/// Whether messages come to a queue no matter how many are there, and somebody receives them.
fn is_judged(scenario: &Scenario, by_queue: &ByQueue, queue: usize) -> bool {
    let closed = |process: &ArrivalProcess| matches!(process, ArrivalProcess::Closed { .. });
    let producers = by_queue.producers(queue);
    let arrivals = |producer: &usize| &scenario.producers[*producer].config.arrivals;
    let open =
        producers.is_empty() || !producers.iter().map(arrivals).all(|of| of.iter().all(closed));
    open && !by_queue.fleets(queue).is_empty()
}

/// The visible messages at the ends of the windows of the series that the measured time covers.
fn backlog(scenario: &Scenario, queue: &QueueMeasured) -> Vec<f64> {
    let window = scenario.window.as_nanos().max(1);
    let from = scenario.warm_up.as_nanos().div_ceil(window) as usize;
    let to = (scenario.duration.as_nanos() / window) as usize;
    let windows = queue.series.iter().take(to).skip(from.saturating_sub(1));
    windows.map(|window| window.levels.visible.last as f64).collect()
}

/// Whether the steps between levels have a mean above zero.
fn climbs(levels: &[f64]) -> bool {
    let steps: Vec<f64> = levels.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let summary = Summary::of(&steps);
    let t = student::quantile(summary.n.saturating_sub(1), CONFIDENCE);
    summary.mean > 0.0 && summary.mean > t * summary.standard_error()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::dist::Dist;
    use crate::kernel::rng::{Draws, Source};
    use crate::kernel::time::Span;
    use crate::observe::measured::Window;
    use crate::stats::fixture;

    /// The checkout with this backlog in windows of ten seconds; as many messages less have left.
    fn judged(backlog: impl Fn(u64) -> u64) -> Vec<Unstable> {
        let deleted = 36_000 - backlog(90);
        counted(backlog, &QueueCounts { sent: 36_000, deleted, ..QueueCounts::default() })
    }

    /// The checkout with this backlog in windows of ten seconds and these counters.
    fn counted(backlog: impl Fn(u64) -> u64, counts: &QueueCounts) -> Vec<Unstable> {
        let (mut scenario, mut measured) = (fixture::scenario(), fixture::measured(0));
        let length = measured.window.1.since(measured.window.0);
        scenario.warm_up = Span::ZERO;
        scenario.duration = length;
        scenario.window = length / 90;
        let queue = &mut measured.queues[0];
        let window = |visible| Window { levels: fixture::waiting(visible), ..Window::default() };
        queue.series = (1..=90).map(|at| window(backlog(at))).collect();
        queue.counts = *counts;
        unstable(&scenario, &measured)
    }

    #[test]
    fn steady_growth_is_told_with_its_rate() {
        let [found] = judged(|at| at * 20)[..] else { panic!("is one queue") };
        assert_eq!(found.queue, 0);
        assert!((found.load - 36_000.0 / 34_200.0).abs() < 1e-9, "{found:?}");
        assert!((found.growth - 2.0).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn what_is_drained_or_comes_at_once_does_not_grow() {
        assert_eq!(judged(|at| 5_000_u64.saturating_sub(at * 100)), [], "drained");
        assert_eq!(judged(|at| if at < 45 { at * 100 } else { 4_500 }), [], "it stays");
        assert_eq!(judged(|at| if at < 90 { 3 } else { 5_000 }), [], "a burst at the end");
        // Three standard deviations of 36,000 arrivals are 805.
        assert_eq!(judged(|at| at * 9), [], "801 messages may be chance");
        assert_eq!(judged(|at| at * 10).len(), 1, "890 may not");
    }

    /// Messages that were delayed or hidden when the measured time began become visible: the
    /// backlog climbs though more leave than come, so that it will not go on.
    #[test]
    fn a_backlog_that_climbs_while_more_leave_than_come_is_not_growth() {
        let all = |deleted| QueueCounts { sent: 36_000, deleted, ..QueueCounts::default() };
        assert_eq!(counted(|at| at * 20, &all(36_001)), [], "a load of 0.99997");
        let [found] = counted(|at| at * 20, &all(36_000))[..] else { panic!("a load of 1") };
        assert!((found.load - 1.0).abs() < 1e-12, "{found:?}");
    }

    /// 36,100 deletes of which 1,900 were undone let 34,200 messages leave; so do deletes, dead
    /// letters, expiries and purges that add up to as many.
    #[test]
    fn what_leaves_is_what_does_not_come_back() {
        let undone = QueueCounts { deleted: 36_100, undone: 1_900, ..QueueCounts::default() };
        let ways = QueueCounts {
            deleted: 34_000,
            dead_lettered: 50,
            expired: 70,
            purged: 80,
            ..QueueCounts::default()
        };
        for (sent, moved_in, counts) in
            [(36_000, 0, undone), (36_000, 0, ways), (30_000, 6_000, ways)]
        {
            let counts = QueueCounts { sent, moved_in, ..counts };
            let [found] = counted(|at| at * 20, &counts)[..] else {
                panic!("it grows: {counts:?}")
            };
            assert!((found.load - 36_000.0 / 34_200.0).abs() < 1e-12, "{found:?}");
        }
    }

    #[test]
    fn noise_does_not_hide_growth() {
        let mut draws = Draws::new(2);
        let noise: Vec<u64> = (0..=90).map(|_| draws.below(40)).collect();
        assert_eq!(judged(|at| at * 20 + noise[at as usize]).len(), 1);
    }

    #[test]
    fn closed_clients_and_queues_that_nobody_serves_are_not_judged() {
        let (mut scenario, measured) = (fixture::scenario(), fixture::measured(0));
        assert_eq!(unstable(&scenario, &measured), [], "as it is, it is quiet");
        assert!(is_judged(&scenario, &ByQueue::of(&scenario), 0));
        assert!(!is_judged(&scenario, &ByQueue::of(&scenario), 1), "nobody receives dead letters");
        let think = Dist::Constant(Span::from_secs(1));
        scenario.producers[0].config.arrivals = vec![ArrivalProcess::Closed { clients: 5, think }];
        assert!(!is_judged(&scenario, &ByQueue::of(&scenario), 0));
    }
}
