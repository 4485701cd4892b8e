//! One long run, measured as a whole and in parts.
//!
//! Owns what becomes of a run that ends early. Must not know how parts give an interval.
//!
//! Invariant: the whole is the outcome that a run without parts gives.

use super::replicate::{ReplicationPlan, Replications, why_partial};
use crate::engine::run::{Run, frame, run_with};
use crate::model::course::Course;
use crate::observe::batches::Batches;
use crate::outcome::Outcome;

/// What a run in parts gave.
#[derive(Clone, Debug)]
pub struct Batched {
    /// The whole run.
    pub whole: Replications,
    /// The outcomes of the parts that it completed, in their order.
    pub parts: Vec<Outcome>,
}

/// Runs replication 0 and measures it in `count` parts; of the plan, replications and threads say
/// nothing here.
///
/// # Panics
/// If there is to be no part.
pub fn batches<'a>(
    course: impl Into<Course<'a>>,
    count: u64,
    plan: ReplicationPlan<'_>,
) -> Batched {
    assert!(count > 0, "a run has at least one part");
    let course = course.into();
    let scenario = course.last();
    let observer = Batches::new(&frame(course), count);
    let run = match plan.progress {
        None => run_with(course, 0, plan.interrupt, observer),
        Some(progress) => {
            let both = (observer, progress.pulse(scenario.end()));
            let Run { measured, ended, observer } = run_with(course, 0, plan.interrupt, both);
            Run { measured, ended, observer: observer.0 }
        }
    };
    let Run { measured, ended, observer } = run;
    let outcome =
        |measured: &_, partial| Outcome::from_run(scenario, scenario.seed, 0, measured, partial);
    let parts = observer.finish(measured.end);
    let parts = parts.iter().map(|part| outcome(part, None)).collect();
    let whole = outcome(&measured, why_partial(scenario, ended, &measured));
    Batched { whole: Replications { outcomes: vec![whole], first: measured, ended }, parts }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::experiment::fixture::scenario;
    use crate::experiment::progress::Progress;
    use crate::experiment::replicate::replicate;

    static GO_ON: AtomicBool = AtomicBool::new(false);

    fn plan(progress: Option<&Progress>) -> ReplicationPlan<'_> {
        ReplicationPlan { replications: 1, threads: 1, interrupt: &GO_ON, progress }
    }

    /// Counters and latencies of the parts add up to those of the whole, levels to its mean.
    #[test]
    fn parts_are_the_whole() {
        let scenario = scenario("warm_up: \"2s\"");
        let progress = Progress::default();
        let Batched { whole, parts } = batches(&scenario, 7, plan(Some(&progress)));
        assert_eq!(whole.outcomes, replicate(&scenario, plan(None)).outcomes);
        assert_eq!(parts.len(), 7);
        let queue = |outcome: &Outcome| outcome.queues.at(0).cloned().expect("a queue");
        let of = queue(&whole.outcomes[0]);
        let sum = |number: fn(&crate::outcome::QueueOutcome) -> u64| {
            (number(&of), parts.iter().map(|part| number(&queue(part))).sum::<u64>())
        };
        let sums = [
            sum(|q| q.counts.sent),
            sum(|q| q.counts.received),
            sum(|q| q.counts.deleted),
            sum(|q| q.counts.redelivered.total),
            sum(|q| q.counts.calls.receive),
            sum(|q| q.latency_ns.sent_to_received.count),
            sum(|q| q.latency_ns.sent_to_deleted.count),
            sum(|q| q.latency_ns.processing.count),
            sum(|q| q.receives_per_message.iter().sum()),
        ];
        for (whole, parts) in sums {
            assert!(whole > 0 && whole == parts, "{sums:?}");
        }
        let level = |outcome: &Outcome| queue(outcome).levels;
        let mean = |number: fn(&crate::outcome::Levels) -> f64| {
            let parts: f64 = parts.iter().map(|part| number(&level(part))).sum::<f64>() / 7.0;
            (number(&level(&whole.outcomes[0])) - parts).abs()
        };
        assert!(mean(|of| of.visible.mean) < 1e-6 && mean(|of| of.in_flight.mean) < 1e-6);
        let longest = parts.iter().map(|part| queue(part).latency_ns.sent_to_deleted.max).max();
        assert_eq!(longest, Some(of.latency_ns.sent_to_deleted.max));
        let edges: Vec<[u64; 2]> = parts.iter().map(|part| part.window_ns).collect();
        assert!(edges.windows(2).all(|pair| pair[0][1] == pair[1][0]), "{edges:?}");
        assert_eq!((edges[0][0], edges[6][1]), (2_000_000_000, 9_000_000_000));
    }

    #[test]
    fn a_run_that_ends_early_has_the_parts_it_completed() {
        let short = scenario("limits: (events: 1000)");
        let Batched { whole, parts } = batches(&short, 20, plan(None));
        assert!(whole.outcomes[0].partial.is_some());
        assert!((1..19).contains(&parts.len()), "{}", parts.len());
    }
}
