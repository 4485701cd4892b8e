//! What a reader should know about the answer's reliability.
//!
//! Owns the advice and its thresholds. Must not repeat what standard output says.
//!
//! Invariant: every warning says what to do.

use super::estimated::Estimated;
use super::written;
use crate::engine::scenario::Scenario;
use crate::outcome::{EstimatedExpectation, LatencySummary, Outcome};
use crate::render::units;
use crate::stats::expect;

/// Relative half width above which a quantile is called noisy.
const NOISY: f64 = 0.1;
/// Fewer messages have no 99th percentile worth the name.
const FEW: u64 = 100;

type LatencyOf = fn(&Outcome, usize) -> Option<LatencySummary>;

/// The latencies of a queue that a warning may be about.
const LATENCIES: [(&str, LatencyOf); 2] = [
    ("in queue", |outcome, queue| Some(outcome.queues.at(queue)?.latency_ns.sent_to_received)),
    ("sent to deleted", |outcome, queue| {
        Some(outcome.queues.at(queue)?.latency_ns.sent_to_deleted)
    }),
];

/// All warnings, the noisiest quantile first.
pub(super) fn of(
    scenario: &Scenario,
    outcomes: &[Outcome],
    expectations: &[EstimatedExpectation],
) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(noisy(scenario, outcomes));
    warnings.extend(few(scenario, outcomes));
    warnings.extend(expectations.iter().filter_map(|each| undecided(each, outcomes.len())));
    warnings
}

/// Names the queue where there are several.
fn in_queue(scenario: &Scenario, queue: usize) -> String {
    match scenario.queues.get(queue) {
        Some(named) if scenario.queues.len() > 1 => format!(" of `{}`", named.name),
        _ => String::new(),
    }
}

fn noisy(scenario: &Scenario, outcomes: &[Outcome]) -> Option<String> {
    let mut worst: Option<(f64, String)> = None;
    for queue in 0..scenario.queues.len() {
        for (what, latency) in LATENCIES {
            let p99 = Estimated::over(outcomes, |outcome| {
                latency(outcome, queue).filter(|of| of.count > 0).map(|of| of.p99 as f64)
            });
            let Some(Estimated { mean, half: Some(half) }) = p99 else { continue };
            let relative = if mean > 0.0 { half / mean } else { 0.0 };
            if relative > NOISY && worst.as_ref().is_none_or(|(most, _)| relative > *most) {
                worst = Some((relative, format!("p99 {what}{}", in_queue(scenario, queue))));
            }
        }
    }
    let (relative, what) = worst?;
    let more = outcomes.len() * 4;
    let relative = units::percent(relative);
    Some(format!("{what} is known only to ±{relative}; `--reps {more}` would about halve that"))
}

fn few(scenario: &Scenario, outcomes: &[Outcome]) -> Option<String> {
    let least = |queue: usize| {
        let counts = outcomes.iter().filter_map(|outcome| LATENCIES[0].1(outcome, queue));
        counts.map(|latency| latency.count).min().unwrap_or(0)
    };
    let mut queues = (0..scenario.queues.len()).map(|queue| (least(queue), queue));
    let (count, queue) = queues.find(|(count, _)| (1..FEW).contains(count))?;
    let name = in_queue(scenario, queue);
    Some(format!("p99{name} rests on {count} messages only; a longer `duration` measures more"))
}

/// An expectation whose interval reaches across its limit.
fn undecided(expectation: &EstimatedExpectation, replications: usize) -> Option<String> {
    let ([low, high], limit) = (expectation.ci95?, expectation.limit?);
    if !(low < limit && limit < high) {
        return None;
    }
    let text = &expectation.text;
    let unit = expect::parse(text).ok()?.unit();
    let limit = written(limit, unit, text.contains('%'));
    let more = replications * 4;
    Some(format!(
        "`{text}` is undecided: the 95% interval reaches across {limit}; `--reps {more}` would \
         about halve it"
    ))
}
