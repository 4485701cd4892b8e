//! What a reader should know about the answer's reliability.
//!
//! Owns the advice and its thresholds. Must not repeat what standard output says.
//!
//! Invariant: every warning says what to do.

use super::blocks::settled;
use super::estimated::Estimated;
use crate::model::scenario::Scenario;
use crate::observe::measured::LatencyOf;
use crate::outcome::{EstimatedUnstable, Sample, Thin};
use crate::render::units;
use crate::stats::batch_means::correlated;
use crate::stats::expect::Take;
use crate::stats::pool::ENOUGH;

/// Relative half width above which a quantile is called noisy.
const NOISY: f64 = 0.1;
/// Fewer messages have no 99th percentile worth the name.
const FEW: u64 = 100;

/// The latencies of a queue that a warning may be about.
const LATENCIES: [(&str, LatencyOf); 2] =
    [("in queue", |of| &of.sent_to_received), ("sent to deleted", |of| &of.sent_to_deleted)];

/// The percentile that a warning is about.
const P99: Take = Take::Quantile(0.99);

/// All warnings, the noisiest quantile first.
pub(super) fn of(
    scenario: &Scenario,
    outcomes: Sample<'_>,
    unstable: &[EstimatedUnstable],
) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(noisy(scenario, outcomes, unstable));
    warnings.extend(few(scenario, outcomes, unstable));
    warnings.extend(alike(scenario, outcomes));
    warnings
}

/// Names the queue where there are several.
fn in_queue(scenario: &Scenario, queue: usize) -> String {
    match scenario.queues.get(queue) {
        Some(named) if scenario.queues.len() > 1 => format!(" of `{}`", named.name),
        _ => String::new(),
    }
}

fn noisy(
    scenario: &Scenario,
    outcomes: Sample<'_>,
    unstable: &[EstimatedUnstable],
) -> Option<String> {
    let mut worst: Option<(f64, String)> = None;
    let mut thinnest: Option<(Thin, String)> = None;
    let all = settled(scenario, unstable);
    let settled = |queue: &usize| all[*queue];
    for queue in (0..scenario.queues.len()).filter(settled) {
        for (what, kind) in LATENCIES {
            let p99 = Estimated::latency(outcomes, queue, kind, P99);
            let Some(Estimated { mean, half, thin }) = p99 else { continue };
            let what = format!("p99 {what}{}", in_queue(scenario, queue));
            if let Some(thin) = thin {
                if thinnest.as_ref().is_none_or(|(known, _)| thin.times > known.times) {
                    thinnest = Some((thin, what));
                }
                continue;
            }
            let relative = half.filter(|_| mean > 0.0).map_or(0.0, |half| half / mean);
            if relative > NOISY && worst.as_ref().is_none_or(|(most, _)| relative > *most) {
                worst = Some((relative, what));
            }
        }
    }
    if let Some((thin, what)) = thinnest {
        return Some(format!("{what} has no interval: {}", too_thin(thin, outcomes)));
    }
    let (relative, what) = worst?;
    let relative = units::percent(relative);
    let more = match outcomes.batches() {
        Some(_) => "a run four times as long".to_owned(),
        None => format!("`--reps {}`", outcomes.len() * 4),
    };
    Some(format!("{what} is known only to ±{relative}; {more} would about halve that"))
}

/// Why a percentile has no interval, and what would give it one.
fn too_thin(thin: Thin, outcomes: Sample<'_>) -> String {
    let more = match outcomes.batches() {
        Some(_) => format!("a run about {:.0} times as long", thin.times.ceil()),
        None => format!("about `--reps {}`", thin.replications(outcomes.len() as u64)),
    };
    format!("{}; {more} would do", thin_words(thin))
}

/// Why a percentile has no interval.
pub(super) fn thin_words(thin: Thin) -> String {
    format!(
        "the messages beyond it are worth {} independent ones, {ENOUGH:.0} are needed",
        units::number(thin.beyond)
    )
}

fn few(
    scenario: &Scenario,
    outcomes: Sample<'_>,
    unstable: &[EstimatedUnstable],
) -> Option<String> {
    let least = |queue: usize| {
        let waits = outcomes.iter().filter_map(|outcome| outcome.queues.at(queue));
        waits.map(|queue| queue.latency_ns.sent_to_received.count).min().unwrap_or(0)
    };
    let all = settled(scenario, unstable);
    let settled = |queue: &usize| all[*queue];
    let mut queues = (0..scenario.queues.len()).filter(settled).map(|queue| (least(queue), queue));
    let (count, queue) = queues.find(|(count, _)| (1..FEW).contains(count))?;
    let name = in_queue(scenario, queue);
    Some(format!("p99{name} rests on {count} messages only; a longer `duration` measures more"))
}

/// A queue whose waits in neighbouring parts of the one run are alike.
fn alike(scenario: &Scenario, outcomes: Sample<'_>) -> Option<String> {
    let parts = outcomes.batches()?;
    (0..scenario.queues.len()).find_map(|queue| {
        let waits = parts.iter().map(|part| {
            let wait = part.queues.at(queue)?.latency_ns.sent_to_received;
            (wait.count > 0).then_some(wait.mean as f64)
        });
        let found = correlated(&waits.collect::<Option<Vec<f64>>>()?)?;
        let name = in_queue(scenario, queue);
        let (count, lag) = (parts.len(), found.lag_1);
        Some(format!(
            "the waits{name} of neighbouring batches are alike (correlation {lag:.2}), so the \
             intervals are too narrow; a run four times as long, or fewer `--batches` than \
             {count}, sets that right"
        ))
    })
}
