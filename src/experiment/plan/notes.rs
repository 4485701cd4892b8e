//! What a plan says of its way.
//!
//! Owns the sentences. Must not know how anything was decided.

use super::Search;
use super::alike::nothing_waits;
use super::remains::{length, remains};
use super::stuck::Stuck;
use super::trial::Trial;
use super::trial::Tried;
use crate::stats::expect::{Expectation, Unit};
use crate::stats::summary::Summary;

/// The settings at a place.
fn name(place: usize, tried: &Tried) -> &str {
    tried.get(&place).map_or("", |trial| &trial.point.name)
}

/// The search began where theory has its answer.
pub(super) fn theory(place: usize, tried: &Tried) -> String {
    format!("by theory the first is {}: the search began there", name(place, tried))
}

/// The last value that there is misses the targets.
pub(super) fn none(tried: &Tried) -> String {
    let last = tried.last_key_value().map_or(0, |(place, _)| *place);
    format!("no value up to {} meets the targets", name(last, tried))
}

/// Points that meet the targets, but where what is to be least has no value; `None` if it has one
/// at all of them.
pub(super) fn unpriced(search: &Search<'_>, tried: &Tried) -> Option<String> {
    let least = search.runner.quantities.first().filter(|_| search.minimises)?;
    let without = |trial: &&Trial| trial.holds && !trial.is_priced(Some(least));
    let count = tried.values().filter(without).count();
    let first = &tried.values().find(without)?.point.name;
    let more = match count - 1 {
        0 => String::new(),
        1 => " and 1 more value".to_owned(),
        more => format!(" and {more} more values"),
    };
    Some(format!(
        "{} has no value for every replication at {first}{more}: left out of the choice",
        least.text()
    ))
}

/// The margin falls.
pub(super) fn falls(left: usize, right: usize, tried: &Tried) -> String {
    format!("the margin falls from {} to {}", name(left, tried), name(right, tried))
}

/// Why larger values were not tried.
pub(super) fn stuck(search: &Search<'_>, stuck: Stuck, tried: &Tried) -> Vec<String> {
    match stuck {
        Stuck::Alike(from, _) => {
            let same = format!("{}: larger ones were not run", same_from(search, from, tried));
            [Some(same), remaining(search, from, tried)].into_iter().flatten().collect()
        }
        Stuck::Flat { target, moved, from, to } => {
            let target = &search.targets[target];
            let (from_name, to_name) = (name(from, tried), name(to, tried));
            let moved = amount(target, moved.abs());
            let note = format!(
                "from {from_name} to {to_name} {} moved by {moved}: larger ones would not meet it",
                target.text()
            );
            [Some(note), remaining(search, to, tried)].into_iter().flatten().collect()
        }
        Stuck::Limit(at) => {
            let partial = tried[&at].rows.iter().find_map(|row| row.partial.clone());
            let why = partial.unwrap_or_default();
            vec![format!(
                "with {} the runs end early ({why}): larger ones were not run",
                name(at, tried)
            )]
        }
    }
}

/// From which value on all are alike, of a list whose last one was run.
pub(super) fn alike(search: &Search<'_>, from: usize, tried: &Tried) -> String {
    let skipped = (from..search.candidates.count()).filter(|place| !tried.contains_key(place));
    let were = match skipped.count() {
        0 => return same_from(search, from, tried),
        1 => "1 value was".to_owned(),
        skipped => format!("{skipped} values were"),
    };
    format!("{}: {were} not run", same_from(search, from, tried))
}

fn same_from(search: &Search<'_>, from: usize, tried: &Tried) -> String {
    let free = nothing_waits(&tried[&from], search.objectives());
    let what = if free { "nothing waits and more" } else { "more" };
    format!("from {} on {what} changes nothing", name(from, tried))
}

/// What is left of the first target that is missed where larger values change nothing.
pub(super) fn remaining(search: &Search<'_>, place: usize, tried: &Tried) -> Option<String> {
    let trial = &tried[&place];
    let missed = search.targets.iter().enumerate().find_map(|(at, target)| {
        let each = trial.rows.iter().filter_map(|row| row.expect.get(at));
        let (value, limit): (Vec<f64>, Vec<f64>) =
            each.filter_map(|expect| expect.value.zip(expect.limit)).unzip();
        let (value, limit) = (Summary::of(&value).mean, Summary::of(&limit).mean);
        (!target.comparison().holds(value, limit)).then_some((target, value))
    });
    let (target, value) = missed?;
    let quantity = target.quantity();
    let stays = format!("{} stays {}", quantity.text().trim(), amount(target, value));
    Some(match remains(&trial.point.scenario, &quantity, value) {
        Some(words) => format!("{stays}; what remains is {words}"),
        None => stays,
    })
}

/// Points that cost exactly the same.
pub(super) fn equal(least: &str, others: usize, tried: &Tried) -> String {
    let meeting = tried.values().filter(|trial| trial.holds).count();
    if others + 1 == meeting {
        return format!(
            "{least} is the same at all {meeting} that meet the target: it does not depend on \
             what is found, so the first is taken"
        );
    }
    format!("{others} more have the same {least} in every run: the first of them is taken")
}

fn amount(target: &Expectation, size: f64) -> String {
    match target.unit() {
        Unit::Duration => length(size),
        Unit::Rate => format!("{}/s", digits(size)),
        Unit::Money => format!("${size:.2}"),
        Unit::Number if target.text().contains('%') => format!("{}%", digits(size * 100.0)),
        Unit::Number => digits(size),
    }
}

/// A number with three digits.
fn digits(size: f64) -> String {
    let decimals = match size.abs() {
        size if size >= 100.0 || size == 0.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 4,
    };
    format!("{size:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::expect::parse;

    #[test]
    fn amounts_have_three_digits_and_their_unit() {
        let cases = [
            ("sent < 3", 0.0, "0"),
            ("sent < 3", 0.123_45, "0.1235"),
            ("sent < 3", 1.234, "1.23"),
            ("sent < 3", 12.34, "12.3"),
            ("sent < 3", 123.4, "123"),
            ("redelivered / received < 3%", 0.045_6, "4.56%"),
            ("rate(deleted) > 3/s", 12.34, "12.3/s"),
            ("cost < $3", 1.234, "$1.23"),
            ("p99(sent_to_deleted) < 3s", 1.25e9, "1s250ms"),
        ];
        for (text, size, told) in cases {
            assert_eq!(amount(&parse(text).expect(text), size), told, "{text}");
        }
    }
}
