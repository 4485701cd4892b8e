//! What became of the calls to a downstream, in a sentence.
//!
//! Owns its words. Must not know where the sentence stands.

use super::estimated::Estimated;
use crate::model::downstream::DownstreamBound;
use crate::outcome::{DownstreamOutcome, Sample};
use crate::render::units;

/// `utilisation 1.00 of 10 connections; 90.0 calls waiting on average, 900 ms each; 1204 refused,
/// 300 timed out, 250 tried again`; `None` if nobody called.
pub(super) fn sentence(
    bound: DownstreamBound,
    outcomes: Sample<'_>,
    place: usize,
) -> Option<String> {
    let of = |number: fn(&DownstreamOutcome) -> f64| {
        Estimated::over(outcomes, |outcome| Some(number(outcome.downstream.at(place)?)))
    };
    let total = |count: fn(&DownstreamOutcome) -> u64| {
        Estimated::total(outcomes, |outcome| outcome.downstream.at(place).map_or(0, count))
    };
    if total(|of| of.calls).mean == 0.0 {
        return None;
    }
    let busy = of(|of| of.utilisation.unwrap_or(0.0)).map_or_else(String::new, |it| it.inline(2));
    let used = of(|of| of.in_use.mean).map_or_else(String::new, |it| it.inline(1));
    let mut sentence = match bound {
        DownstreamBound::Pool { connections } => {
            let s = if connections == 1 { "" } else { "s" };
            format!("utilisation {busy} of {connections} connection{s}")
        }
        DownstreamBound::Limiter { per_second, .. } => {
            format!("utilisation {busy} of {} calls a second", units::number(per_second))
        }
        DownstreamBound::Scalability { .. } => format!("{used} calls at once on average"),
    };
    if let Some(waiting) = of(|of| of.waiting.mean).filter(|waiting| waiting.mean > 0.0) {
        let each = outcomes.wait_of_call(place);
        let each = each.map_or_else(String::new, |it| format!(", {} each", units::length(it.mean)));
        sentence = format!("{sentence}; {} calls waiting on average{each}", waiting.inline(1));
    }
    let counted = [
        ("refused", total(|of| of.refused)),
        ("timed out", total(|of| of.timeouts)),
        ("failed", total(|of| of.failed)),
        ("tried again", total(|of| of.retries)),
        ("worked off for nobody", total(|of| of.unheard)),
        ("cut off", total(|of| of.hung_up)),
    ];
    let words: Vec<String> = counted
        .iter()
        .filter(|(_, count)| count.mean > 0.0)
        .map(|(word, count)| format!("{} {word}", count.inline(0)))
        .collect();
    if !words.is_empty() {
        let all = total(|of| of.calls).inline(0);
        sentence = format!("{sentence}; of {all} calls {}", words.join(", "));
    }
    Some(sentence)
}
