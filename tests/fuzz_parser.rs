//! Readers under fire: texts that are nearly right, for a bounded time (`fuzzing/mod.rs` says how
//! long and how to repeat a case). No reader may panic or hang; every fault says something and
//! has its place; what passes may run.

#[path = "fuzzing/corpus.rs"]
mod corpus;
mod fuzzing;
#[path = "fuzzing/mutate.rs"]
mod mutate;
#[path = "fuzzing/shortened.rs"]
mod shortened;

use std::io;
use std::sync::atomic::AtomicBool;

use corpus::{data, expectations, scenarios};
use fuzzing::{Chance, fuzz};
use mutate::spoilt;
use shortened::shortened;
use sqsim::engine::run::run;
use sqsim::kernel::time::Span;
use sqsim::model::scenario::Scenario;
use sqsim::scenario::data_files::{
    CountsChoice, DataFault, Duplicates, Gaps, periods, read_counts, read_lengths, read_times,
};
use sqsim::scenario::load::from_text;
use sqsim::scenario::units::{parse_probability, parse_rate, parse_span};
use sqsim::scenario::{Faults, Loaded};
use sqsim::stats::expect::{self, Names};

/// Every fault says something, and where; both ways to show it work.
fn told(faults: &Faults, text: &str) {
    assert!(faults.len() >= faults.iter().count());
    for fault in faults.iter() {
        assert!(!fault.what.trim().is_empty(), "a fault without words in:\n{text}");
        assert!(fault.help.iter().all(|help| !help.trim().is_empty()), "{}", fault.what);
        let place = fault.place.unwrap_or_else(|| panic!("{}: where? In:\n{text}", fault.what));
        let source = &faults.sources()[place.source].text;
        assert!(source.get(place.start..place.end).is_some(), "{}: {place:?}", fault.what);
        let (_, line, column) = faults.position(fault).expect("a place has a position");
        let length = source.split('\n').nth(line - 1).map(|line| line.chars().count());
        assert!(length.is_some_and(|most| column <= most + 1), "{}: {line}:{column}", fault.what);
    }
    let plain = faults.render(false);
    assert!(plain.ends_with('\n') && !plain.contains('\u{1b}'), "{plain:?}");
    assert!(!faults.render(true).is_empty());
}

#[test]
fn scenarios_are_read_or_refused_with_reasons() {
    let ((nearly_good, all), data) = (scenarios(), data());
    let (mut good, mut bad, mut warned) = (0_u64, 0_u64, 0_u64);
    let cases = fuzz("fuzz_parser", |chance| {
        let text = if chance.one_in(2) {
            spoilt(&nearly_good, 1, chance)
        } else {
            spoilt(&all, 8, chance)
        };
        let file =
            if chance.one_in(2) { chance.pick(&data).clone() } else { spoilt(&data, 4, chance) };
        let missing = chance.one_in(4);
        let there = if missing { None } else { Some(file.into_bytes()) };
        let read = |_: &str| there.clone().ok_or_else(|| io::ErrorKind::NotFound.into());
        let sets: Vec<String> = (0..chance.below(3)).map(|_| set(&text, chance)).collect();
        match from_text("fuzzed.ron", &text, &sets, &read) {
            Ok(Loaded { scenario, warnings }) => {
                good += 1;
                if !warnings.is_empty() {
                    warned += 1;
                    told(&warnings, &text);
                }
                runs(scenario);
            }
            Err(faults) => {
                bad += 1;
                assert!(!faults.is_empty(), "refused without a reason:\n{text}");
                told(&faults, &text);
            }
        }
    });
    println!("{good} read, {warned} of them with warnings; {bad} refused");
    assert!(cases < 1_000 || good > 0 && warned > 0 && bad > 0, "too few of a kind");
}

/// A `--set` argument, near to what the text has.
fn set(text: &str, chance: &mut Chance) -> String {
    let paths = [
        "seed",
        "duration",
        "warm_up",
        "queues.jobs.delay",
        "producers.web.arrivals",
        "limits",
        "consumers.workers.count",
        "consumers.workers.receive.max",
        "queues",
        "expect",
        "window",
    ];
    let values = ["1", "\"1s\"", "()", "[]", "{}", "None", "Poisson(\"1/s\")", "\"", "((", "x"];
    let argument = format!("{}={}", chance.pick(&paths), chance.pick(&values));
    if chance.one_in(3) {
        return spoilt(&[argument, text.chars().take(40).collect()], 3, chance);
    }
    argument
}

/// Runs a scenario that passed, as far as some hundred events go, unless it is a large one.
fn runs(scenario: Scenario) {
    let Some(scenario) = shortened(scenario) else { return };
    let run = run(&scenario, 0, &AtomicBool::new(false));
    for text in &scenario.expect {
        let expectation = expect::parse(text).expect("a checked scenario's expectations parse");
        expect::evaluate(&expectation, &Names::of(&scenario), &run.measured);
    }
}

/// A fault of a data file says something, and where in the file.
fn told_of_data<T>(result: Result<T, DataFault>, text: &str) -> Option<T> {
    match result {
        Ok(read) => Some(read),
        Err(fault) => {
            assert!(!fault.message.trim().is_empty() && !fault.help.trim().is_empty(), "{fault:?}");
            let line = text.split('\n').nth(fault.line - 1);
            let length = line.map(|line| line.chars().count());
            let inside = length.is_some_and(|most| (1..=most + 1).contains(&fault.column));
            assert!(inside, "{fault} is outside:\n{text}");
            None
        }
    }
}

#[test]
fn data_files_are_read_or_refused_with_reasons() {
    let data = data();
    fuzz("fuzz_parser", |chance| {
        let text = spoilt(&data, 8, chance);
        let series = *chance.pick(&[None, None, Some("m1"), Some("Sent"), Some("")]);
        let period = *chance.pick(&[None, None, Some(60), Some(300), Some(0)]);
        let duplicates = *chance.pick(&[Duplicates::Refuse, Duplicates::Sum]);
        let choice = CountsChoice { series, period: period.map(Span::from_secs), duplicates };
        if let Some(file) = told_of_data(read_counts(&text, choice), &text) {
            assert!(file.slots.is_sorted_by(|a, b| a.0 < b.0), "{text}");
            assert!(file.slots.iter().all(|(_, count)| count.is_finite() && *count >= 0.0));
            assert!(!file.period.is_zero(), "{text}");
            let gaps = *chance.pick(&[Gaps::Zero, Gaps::Skip, Gaps::Interpolate]);
            let last = file.slots.last().map_or(0, |&(slot, _)| slot);
            if last < 100_000 && file.period.as_nanos().checked_mul(last + 1).is_some() {
                let all = periods(&file, gaps, 2.0);
                assert!(all.is_sorted_by(|a, b| a.from + a.length <= b.from), "{text}");
            }
        }
        if let Some(file) = told_of_data(read_times(&text), &text) {
            assert!(file.at.is_sorted() && !file.at.is_empty(), "{text}");
        }
        if let Some(lengths) = told_of_data(read_lengths(&text), &text) {
            assert!(lengths.is_sorted() && !lengths.is_empty(), "{text}");
        }
    });
}

#[test]
fn expectations_and_units_are_read_or_refused_with_reasons() {
    let expectations = expectations();
    let units: Vec<String> = ["30s", "2h30m", "1.5ms", "400/s", "90/min", "2%", "1/50", "0.02"]
        .map(str::to_owned)
        .to_vec();
    fuzz("fuzz_parser", |chance| {
        let text = spoilt(&expectations, 3, chance);
        match expect::parse(&text) {
            Ok(expectation) => assert_eq!(expectation.text(), text),
            Err(fault) => {
                let end = text.chars().count() + 1;
                assert!((1..=end).contains(&fault.column) && fault.length >= 1, "{fault}: {text}");
                assert!(!fault.message.is_empty() && !fault.help.is_empty(), "{fault:?}: {text}");
            }
        }
        let text = spoilt(&units, 3, chance);
        if let Ok(span) = parse_span(&text) {
            assert_eq!(parse_span(&span.to_string()), Ok(span), "a length prints as it is read");
        }
        if let Ok(rate) = parse_rate(&text) {
            assert!(rate.is_finite() && rate >= 0.0, "{text}: {rate}");
        }
        if let Ok(probability) = parse_probability(&text) {
            assert!((0.0..=1.0).contains(&probability), "{text}: {probability}");
        }
        assert_ne!(parse_span(&text).err(), Some(String::new()), "{text}");
    });
}
