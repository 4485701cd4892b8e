//! What functions did, in a sentence each.
//!
//! Owns their words. Must not know how anything is measured.

use super::estimated::Estimated;
use crate::outcome::{FunctionOutcome, Outcome, Sample};
use crate::render::units;

/// `limit taken 0.85 of 66.2; 8600 invocations of 3.5 messages, 55.1 at once, 71 cold starts; …`
pub(super) fn sentence(outcomes: Sample<'_>, function: usize) -> String {
    let of = |outcome: &Outcome| outcome.functions.at(function).copied();
    let busy = outcomes.places_taken(function).map(Estimated::from);
    let busy = busy.map_or_else(String::new, |busy| busy.inline(2));
    let mean = |number: fn(&FunctionOutcome) -> f64| {
        let mean = Estimated::over(outcomes, |outcome| of(outcome).map(|it| number(&it)));
        mean.map_or_else(String::new, |mean| mean.inline(1))
    };
    let total = |count: fn(&FunctionOutcome) -> u64| {
        Estimated::total(outcomes, |outcome| of(outcome).map_or(0, |it| count(&it)))
    };
    let limit = mean(|it| it.limit.mean);
    let invocations = total(|it| it.invocations);
    if invocations.mean == 0.0 {
        return format!("never invoked, though {limit} at once would have been");
    }
    let size = outcomes.batch_size(function).map(Estimated::from);
    let size = size.map_or_else(String::new, |size| size.inline(1));
    let s = if size == "1.0" { "" } else { "s" };
    let invocations = invocations.inline(0);
    let (at_once, seconds) = (mean(|it| it.concurrency.mean), mean(|it| it.gb_seconds));
    let mut words = vec![
        format!("utilisation {busy} of a limit of {limit} on average"),
        format!("{invocations} invocations of {size} message{s}"),
        format!("{at_once} at once"),
        format!("{seconds} GB-seconds"),
    ];
    let counted = [
        ("cold starts", total(|it| it.cold_starts)),
        ("failed", total(|it| it.invocation_failures)),
        ("of these timed out", total(|it| it.timeouts)),
    ];
    let counted = counted.iter().filter(|(_, count)| count.mean > 0.0);
    words.extend(counted.map(|(word, count)| format!("{} {word}", count.inline(0))));
    words.join("; ")
}

/// How often it could not be invoked, and what came of that; `None` if it always could.
pub(super) fn troubles(outcomes: Sample<'_>, function: usize) -> Option<String> {
    let of = |outcome: &Outcome| outcome.functions.at(function).copied();
    let throttled =
        Estimated::total(outcomes, |outcome| of(outcome).map_or(0, |it| it.invocation_throttles));
    if throttled.mean == 0.0 {
        return None;
    }
    let share = Estimated::ratio(outcomes, |outcome| {
        let it = of(outcome)?;
        let (throttled, invoked) = (it.invocation_throttles as f64, it.invocations as f64);
        Some((throttled, throttled + invoked))
    });
    let share = share.map_or(0.0, |share| share.mean);
    let burnt = Estimated::total(outcomes, |outcome| of(outcome).map_or(0, |it| it.receives_burnt));
    let share = units::percent(share);
    let (throttled, burnt) = (throttled.inline(0), burnt.inline(0));
    Some(format!(
        "{throttled} tries to invoke ({share}) found no concurrency; {burnt} receives were burnt"
    ))
}
