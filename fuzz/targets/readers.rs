//! Everything else that is read: data files, expectations, units, experiments, stored outcomes and
//! the rows of journals. The first byte says which reader a case is for.

#![no_main]

#[path = "../../tests/fuzzing/corpus.rs"]
#[allow(dead_code, reason = "the other target spoils the rest")]
mod corpus;
#[path = "../../tests/fuzzing/mod.rs"]
#[allow(dead_code, reason = "here the fuzzer owns the loop")]
mod fuzzing;
#[path = "../../tests/fuzzing/mutate.rs"]
mod mutate;
mod spoil;

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use sqsim::experiment::row::RunRow;
use sqsim::kernel::time::Span;
use sqsim::outcome::stored::Stored;
use sqsim::scenario::data_files::{
    CountsChoice, Duplicates, Gaps, periods, read_counts, read_lengths, read_times,
};
use sqsim::scenario::load::Text;
use sqsim::scenario::units::{parse_probability, parse_rate, parse_span};
use sqsim::{experiment, stats};

/// How many readers there are.
const READERS: u8 = 6;

/// The corpus of each reader's kind.
static SEEDS: LazyLock<[Vec<String>; READERS as usize]> = LazyLock::new(|| {
    let short = |directory: &str, extension: &str| {
        let mut texts = corpus::texts(directory, &[extension]);
        texts.retain(|text| text.len() < 1 << 15);
        texts
    };
    let row = r#"{"told":[[{"Ok":{"Ratio":{"sum":1.5,"over":3.0}}}]],"expect":[],"expect_told":[],
        "unstable":[],"fingerprint":7,"partial":null}"#;
    [
        corpus::data(),
        corpus::data(),
        corpus::expectations(),
        short("experiments", "ron"),
        short("snapshots/experiments", "snap"),
        vec![row.to_owned()],
    ]
});

fuzz_mutator!(|data: &mut [u8], size: usize, most: usize, seed: u32| {
    let reader = data.first().map_or(0, |first| usize::from(first % READERS));
    spoil::spoil(data, 1, size, most, seed, &SEEDS[reader])
});

fn counts(text: &str) {
    for series in [None, Some("m1")] {
        let period = (text.len() % 3 == 0).then(|| Span::from_secs(300));
        let choice = CountsChoice { series, period, duplicates: Duplicates::Sum };
        let Ok(file) = read_counts(text, choice) else { continue };
        assert!(file.slots.is_sorted_by(|a, b| a.0 < b.0));
        assert!(file.slots.iter().all(|(_, count)| count.is_finite() && *count >= 0.0));
        let last = file.slots.last().map_or(0, |&(slot, _)| slot);
        if last < 10_000 && file.period.as_nanos().checked_mul(last + 1).is_some() {
            let all = periods(&file, Gaps::Interpolate, 2.0);
            assert!(all.is_sorted_by(|a, b| a.from + a.length <= b.from));
        }
    }
}

fn lengths(text: &str) {
    if let Ok(file) = read_times(text) {
        assert!(file.at.is_sorted() && !file.at.is_empty());
    }
    if let Ok(lengths) = read_lengths(text) {
        assert!(lengths.is_sorted() && !lengths.is_empty());
    }
}

fn expectation_or_unit(text: &str) {
    if let Ok(expectation) = stats::expect::parse(text) {
        assert_eq!(expectation.text(), text);
    }
    if let Ok(span) = parse_span(text) {
        assert_eq!(parse_span(&span.to_string()), Ok(span), "a length prints as it is read");
    }
    assert!(parse_rate(text).is_ok_and(|rate| rate >= 0.0) || parse_rate(text).is_err());
    assert!(parse_probability(text).is_ok_and(|p| p <= 1.0) || parse_probability(text).is_err());
}

fn experiment(text: &str) {
    let (name, directory) = ("fuzzed.ron".to_owned(), PathBuf::from("experiments"));
    let text = Text { name, directory, text: text.to_owned() };
    if let Err(faults) = experiment::file::read(&text) {
        assert!(!faults.is_empty() && !faults.render(false).is_empty());
    }
}

fn row(text: &str) {
    let Ok(row) = serde_json::from_str::<RunRow>(text) else { return };
    let again = serde_json::to_string(&row).expect("a row is written");
    let read: RunRow = serde_json::from_str(&again).expect("what was written is read");
    assert_eq!(serde_json::to_string(&read).expect("a row is written"), again);
}

fuzz_target!(|data: &[u8]| {
    let Some((reader, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    match reader % READERS {
        0 => counts(text),
        1 => lengths(text),
        2 => expectation_or_unit(text),
        3 => experiment(text),
        4 => {
            let _ = Stored::parse(text).map(|stored| stored.value());
        }
        _ => row(text),
    }
});
