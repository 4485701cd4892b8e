//! What fleets did, in a sentence each: how busy they were, what became of their size, what they
//! did in vain.
//!
//! Owns the words. Must not know where a sentence stands.

use super::estimated::Estimated;
use crate::model::scenario::Scenario;
use crate::outcome::{FleetOutcome, Outcome, Sample, Size, ThreadTime};
use crate::render::units;

/// All of them, each said with the word that opens it; `settled` are the queues that settle.
pub(super) fn sentences(
    scenario: &Scenario,
    outcomes: Sample<'_>,
    settled: &[bool],
    say: &mut impl FnMut(&str, String),
) {
    for (place, fleet) in scenario.fleets.iter().enumerate() {
        let name =
            if scenario.fleets.len() > 1 { format!("{}: ", fleet.name) } else { String::new() };
        let queues: Vec<usize> = fleet.config.queues().map(|queue| queue.0 as usize).collect();
        let grows = queues.iter().any(|queue| settled.get(*queue) == Some(&false));
        say("Consumers", format!("{name}{}", consumers(outcomes, place, &queues, grows)));
    }
    for (place, fleet) in scenario.fleets.iter().enumerate() {
        if let Some(sentence) = scaling(outcomes, place) {
            say("Scaling", format!("{}: {sentence}", fleet.name));
        }
    }
    for (place, fleet) in scenario.fleets.iter().enumerate() {
        if let Some(sentence) = wasted(outcomes, place) {
            say("Wasted", format!("{}: {sentence}", fleet.name));
        }
    }
}

/// How busy a fleet is, and how many messages wait for it where their number has a mean.
fn consumers(outcomes: Sample<'_>, fleet: usize, queues: &[usize], grows: bool) -> String {
    let of = |outcome: &Outcome| outcome.consumers.at(fleet).copied();
    let busy = outcomes.busy(fleet).map(Estimated::from);
    let threads = outcomes.iter().find_map(of).map_or(0, |fleet| fleet.threads);
    let busy = busy.map_or_else(String::new, |busy| busy.inline(2));
    let s = if threads == 1 { "" } else { "s" };
    let parts = thread_time(outcomes, fleet);
    let used = format!("utilisation {busy} of {threads} thread{s}{parts}");
    if grows {
        return format!("{used}; ever more messages waiting");
    }
    let visible = |outcome: &Outcome| {
        let each = queues.iter().map(|queue| Some(outcome.queues.at(*queue)?.levels.visible.mean));
        each.sum()
    };
    let waiting = Estimated::over(outcomes, visible);
    let waiting = waiting.map_or_else(String::new, |waiting| waiting.inline(1));
    format!("{used}; {waiting} messages waiting on average")
}

/// ` (work 0.20, calls 0.60, idle 0.20)`: what the threads did with their time, where that is more
/// than to work or be idle.
fn thread_time(outcomes: Sample<'_>, fleet: usize) -> String {
    type Part = (&'static str, fn(ThreadTime) -> f64);
    const PARTS: [Part; 5] = [
        ("work", |time| time.work),
        ("downstream", |time| time.downstream),
        ("calls", |time| time.calls),
        ("idle", |time| time.idle),
        ("down", |time| time.down),
    ];
    let mean = |part: fn(ThreadTime) -> f64| {
        let time = |outcome: &Outcome| Some(part(outcome.consumers.at(fleet)?.thread_time));
        Estimated::over(outcomes, time).map_or(0.0, |estimated| estimated.mean)
    };
    let parts = PARTS.map(|(name, part)| (name, mean(part)));
    if parts.iter().all(|(name, share)| ["work", "idle"].contains(name) || *share == 0.0) {
        return String::new();
    }
    let words = parts.iter().filter(|(_, share)| *share > 0.0);
    let words: Vec<String> = words.map(|(name, share)| format!("{name} {share:.2}")).collect();
    format!(" ({})", words.join(", "))
}

/// The share of the work that did not complete a message for the first time, by cause.
fn wasted(outcomes: Sample<'_>, fleet: usize) -> Option<String> {
    type Cause = (&'static str, fn(&FleetOutcome) -> u64);
    const CAUSES: [Cause; 3] = [
        ("done before", |fleet| fleet.wasted_by.duplicate_ns),
        ("failed", |fleet| fleet.wasted_by.failed_ns),
        ("crashed", |fleet| fleet.wasted_by.crashed_ns),
    ];
    let share = |cause: fn(&FleetOutcome) -> u64| {
        let shares = Estimated::ratio(outcomes, |outcome| {
            let fleet = outcome.consumers.at(fleet)?;
            Some((cause(fleet) as f64, fleet.work_ns as f64))
        });
        shares.map_or(0.0, |share| share.mean)
    };
    let all = share(|fleet| fleet.wasted_ns);
    if all == 0.0 {
        return None;
    }
    let causes = CAUSES.iter().map(|(word, cause)| (word, share(*cause)));
    let causes = causes.filter(|(_, share)| *share > 0.0);
    let causes: Vec<String> =
        causes.map(|(word, share)| format!("{word} {}", units::percent(share))).collect();
    Some(format!("{} of the work ({})", units::percent(all), causes.join(", ")))
}

/// `wanted 10 → 31 → 12 workers in 6 steps up and 4 down, 14.2 ready on average; the first further
/// one was ready 5 min after the backlog had passed its target; 41 messages were on workers that
/// were killed`; `None` of a fleet whose workers all stayed.
fn scaling(outcomes: Sample<'_>, fleet: usize) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_wanted_is_told_with_the_steps_that_led_there() {
        let of = |mean, half| Estimated { mean, half, thin: None };
        let wanted = ["10", "31", "12"].map(str::to_owned);
        let told = |up, down| wanted_words(wanted.clone(), up, down);
        let [none, one, four] = [0.0, 1.0, 4.0].map(|steps| of(steps, None));
        assert_eq!(told(none, none), "wanted 10 workers all the time");
        assert_eq!(told(four, none), "wanted 10 → 31 workers in 4 steps");
        assert_eq!(told(none, one), "wanted 10 → 12 workers in 1 step down");
        assert_eq!(told(four, one), "wanted 10 → 31 → 12 workers in 4 steps up and 1 down");
        let several = of(1.0, Some(0.5));
        assert!(told(several, none).ends_with(" steps"), "{}", told(several, none));
    }
}
