//! Intervals cover what they say: a thousand experiments against exact answers.
//!
//! M/M/1 with work of one second on average, by the procedures of the library that `run` uses. The
//! lengths follow from theory (see `stats::theory::run_length`), not from what passes.

#[expect(dead_code, reason = "shared by several test binaries, none of which needs all of it")]
mod support;

use std::sync::atomic::AtomicBool;
use std::thread;

use sqsim::engine::scenario::Scenario;
use sqsim::experiment::in_order::in_order;
use sqsim::experiment::replicate::{Plan, replicate};
use sqsim::experiment::warm_up::WarmUp;
use sqsim::kernel::dist::Dist;
use sqsim::kernel::time::Span;
use sqsim::outcome::Outcome;
use sqsim::stats::summary::Summary;

use support::{fleet, poisson, producer, queue, secs};

static GO_ON: AtomicBool = AtomicBool::new(false);

/// M/M/1 at load `rho`, of which `messages` are measured on average after `warm_up` seconds.
fn station(rho: f64, warm_up: u64, messages: u64) -> Scenario {
    let measured = Span::round_nanos(messages as f64 / rho * 1e9);
    let work = Dist::Exponential { mean: secs(1) };
    let duration = secs(warm_up) + measured;
    let (producer, fleet) = (producer(poisson(rho)), fleet(1, work));
    let mut station = support::scenario(queue(), producer, fleet, duration, secs(warm_up));
    // All that was measured is received and deleted.
    station.drain = secs(5_000);
    station
}

fn plan(replications: u64) -> Plan<'static> {
    Plan { replications, threads: 1, interrupt: &GO_ON, progress: None }
}

/// What each of `count` experiments gives, each with its own seed.
fn experiments<T: Send>(count: u64, one: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    in_order(count, cores, one)
}

/// Mean wait in seconds.
fn wait(outcome: &Outcome) -> f64 {
    let queue = outcome.queues.at(0).expect("there is one queue");
    queue.latency_ns.sent_to_received.mean as f64 / 1e9
}

/// Runs of 1,000 s of M/M/1 at load 0.9 that begin empty: the mean wait is 9 s in theory, and as it
/// takes 380 s for the start to fade (the relaxation time), about a tenth of it is missing. MSER-5
/// takes away more than half of what is missing. Not all: the cut is known vaguely, and an early
/// cut loses bias, a late one gains none.
#[test]
fn mser_5_removes_the_bias_of_an_empty_start() {
    const EXPERIMENTS: u64 = 120;
    const REPLICATIONS: u64 = 100;
    let missing = experiments(EXPERIMENTS, |seed| {
        let mut station = station(0.9, 0, 900);
        station.seed = seed;
        [WarmUp::None, WarmUp::Mser5].map(|rule| {
            rule.apply(&mut station, plan(REPLICATIONS));
            let runs = replicate(&station, plan(REPLICATIONS));
            let means: Vec<f64> = runs.outcomes.iter().map(wait).collect();
            9.0 - Summary::of(&means).mean
        })
    });
    let z = |of: &dyn Fn(&[f64; 2]) -> f64| {
        let summary = Summary::of(&missing.iter().map(of).collect::<Vec<f64>>());
        (summary.mean, summary.mean / summary.standard_error())
    };
    let ((raw, biased), (_, halved)) = (z(&|[raw, _]| *raw), z(&|[raw, cut]| raw / 2.0 - cut));
    assert!((0.5..1.5).contains(&raw) && biased > 4.0, "without a cut {raw} s, z {biased}");
    assert!(halved > 3.0, "half of what was missing is no longer: z {halved}, {missing:?}");
}
