//! What became of the size of a fleet, in a sentence.
//!
//! Owns its words. Must not know where the sentence stands.

use super::estimated::Estimated;
use crate::outcome::{FleetOutcome, Outcome, Sample, Size};
use crate::render::units;

/// `wanted 10 → 31 → 12 workers in 6 steps up and 4 down, 14.2 ready on average; the first further
/// one was ready 5 min after the backlog had passed its target; 41 messages were on workers that
/// were killed`; `None` of a fleet whose workers all stayed.
pub(super) fn sentence(outcomes: Sample<'_>, fleet: usize) -> Option<String> {
    let of = |outcome: &Outcome| outcome.consumers.at(fleet).copied();
    let size = |number: fn(Size) -> Option<u64>| {
        Estimated::over(outcomes, |outcome| Some(number(of(outcome)?.size?)? as f64))
    };
    let total = |count: fn(FleetOutcome) -> u64| {
        Estimated::total(outcomes, |outcome| of(outcome).map_or(0, count))
    };
    let ready = Estimated::over(outcomes, |outcome| Some(of(outcome)?.size?.ready.mean))?.inline(1);
    let numbers: [fn(Size) -> Option<u64>; 3] =
        [|it| Some(it.wanted_at_begin), |it| Some(it.wanted.max), |it| Some(it.wanted.last)];
    let wanted = numbers.map(|number| size(number).map_or_else(String::new, |it| it.inline(0)));
    let wanted = wanted_words(wanted, total(|it| it.grown), total(|it| it.shrunk));
    let mut words = vec![format!("{wanted}, {ready} ready on average")];
    if let Some(help) = size(|it| it.first_help_ns) {
        let help = units::length(help.mean);
        words.push(format!(
            "the first further one was ready {help} after the backlog had passed its target"
        ));
    }
    let deploys = total(|it| it.deploys);
    if deploys.mean > 0.0 {
        words.push(format!("{} {}", deploys.inline(0), plural("deploy", deploys)));
    }
    let (killed, held) = (total(|it| it.killed), total(|it| it.killed_with));
    if killed.mean > 0.0 {
        words.push(format!(
            "{} {} killed, with {} {}",
            killed.inline(0),
            plural("worker", killed),
            held.inline(0),
            plural("message", held)
        ));
    }
    Some(words.join("; "))
}

/// What was wanted at the beginning, at most and in the end, with the steps that led there.
fn wanted_words([first, most, last]: [String; 3], up: Estimated, down: Estimated) -> String {
    let steps = |of: Estimated| format!("{} {}", of.inline(0), plural("step", of));
    match (up.mean > 0.0, down.mean > 0.0) {
        (false, false) => format!("wanted {first} workers all the time"),
        (true, false) => format!("wanted {first} → {most} workers in {}", steps(up)),
        (false, true) => format!("wanted {first} → {last} workers in {} down", steps(down)),
        (true, true) => format!(
            "wanted {first} → {most} → {last} workers in {} up and {} down",
            steps(up),
            down.inline(0)
        ),
    }
}

fn plural(word: &str, count: Estimated) -> String {
    let one = count.half.is_none() && (count.mean - 1.0).abs() < f64::EPSILON;
    format!("{word}{}", if one { "" } else { "s" })
}
