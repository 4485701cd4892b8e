//! What a run would cost and which requests that is for, in a sentence each.
//!
//! Owns their words. Must not know how a cost is made up.

use super::estimated::Estimated;
use crate::model::scenario::Scenario;
use crate::outcome::{Calls, CostOutcome, Outcome, QueueOutcome, Sample};
use crate::render::units;
use crate::stats::cost::is_steady;

/// What a month and a million messages cost, and whose workers are left out; `None` where nothing
/// was measured.
pub(super) fn sentence(scenario: &Scenario, outcomes: Sample<'_>) -> Option<String> {
    let dollars = |of: fn(&CostOutcome) -> Option<f64>| {
        Estimated::over(outcomes, |outcome| outcome.cost.as_ref().and_then(of))
    };
    let month = dollars(|cost| Some(cost.dollars_per_month))?;
    let requests = dollars(|cost| Some(cost.requests_per_month))?;
    let parts = [
        ("functions", dollars(|cost| cost.functions_per_month)),
        ("workers", dollars(|cost| cost.workers_per_month)),
    ];
    let parts = parts.iter().filter_map(|(of, dollars)| {
        dollars.as_ref().map(|dollars| format!(", {of} {}", units::money(dollars.mean)))
    });
    let parts: String = parts.collect();
    let workers = match parts.as_str() {
        "" => String::new(),
        parts => format!(" (requests {}{parts})", units::money(requests.mean)),
    };
    let million = outcomes.per_million().map(Estimated::from);
    let million = million
        .map_or_else(String::new, |million| format!(", {} per million messages", money(million)));
    let prices = scenario.fleets.iter().zip(&scenario.prices.worker_hour);
    let unpriced = prices.filter(|(_, price)| price.is_none()).map(|(fleet, _)| &*fleet.name);
    let unpriced = unpriced.collect::<Vec<&str>>().join(", ");
    let unpriced = match unpriced.as_str() {
        "" => String::new(),
        fleets => format!("; workers left out (no `price_per_hour` for {fleets})"),
    };
    let repeats = scenario.prices.every.is_some();
    let hint = if repeats || is_steady(scenario) {
        ""
    } else {
        "; traffic comes and goes: say how often with `every`"
    };
    let assumed = assumed(scenario, outcomes);
    Some(format!("{} a month{workers}{assumed}{million}{unpriced}{hint}", money(month)))
}

/// What the month is made of.
fn assumed(scenario: &Scenario, outcomes: Sample<'_>) -> String {
    let window = scenario.duration.saturating_sub(scenario.warm_up);
    let Some(every) = scenario.prices.every else {
        return " if it goes on like this".to_owned();
    };
    let left = |outcome: &Outcome| {
        outcome.queues.iter().map(|(_, queue)| queue.unfinished.messages).sum::<u64>()
    };
    let left = Estimated::at_an_instant(outcomes, left);
    let unpaid = if left.mean > 0.0 {
        format!(" (without the {} unfinished at its end)", left.inline(0))
    } else {
        String::new()
    };
    format!(" with this {window} every {every}{unpaid}")
}

fn money(dollars: Estimated) -> String {
    let half = dollars.half.filter(|half| *half > 0.0);
    let half =
        half.map_or_else(String::new, |half| format!(" {}", units::money_half(dollars.mean, half)));
    format!("{}{half}", units::money(dollars.mean))
}

/// `108048: 33% send, 33% receive (12% of them empty), 33% delete`; `None` if there were none.
pub(super) fn requests(outcomes: Sample<'_>) -> Option<String> {
    type Kind = (&'static str, fn(&Calls) -> u64);
    const KINDS: [Kind; 4] = [
        ("send", |calls| calls.send),
        ("receive", |calls| calls.receive),
        ("delete", |calls| calls.delete),
        ("change of visibility", |calls| calls.change_visibility),
    ];
    let total = |count: &dyn Fn(&QueueOutcome) -> u64| {
        let sum = |outcome: &Outcome| outcome.queues.iter().map(|(_, queue)| count(queue)).sum();
        Estimated::total(outcomes, sum)
    };
    let all = total(&|queue| KINDS.iter().map(|(_, of)| of(&queue.counts.requests)).sum());
    if all.mean == 0.0 {
        return None;
    }
    let mut words = Vec::new();
    for (word, of) in KINDS {
        let requests = total(&|queue| of(&queue.counts.requests)).mean;
        if requests == 0.0 {
            continue;
        }
        let empty = total(&|queue| queue.counts.empty_receives).mean;
        let empty = if word == "receive" && empty > 0.0 {
            // A poll that began before the window may end in it.
            format!(" ({} of them empty)", units::percent((empty / requests).min(1.0)))
        } else {
            String::new()
        };
        words.push(format!("{} {word}{empty}", units::percent(requests / all.mean)));
    }
    Some(format!("{}: {}", all.inline(0), words.join(", ")))
}
