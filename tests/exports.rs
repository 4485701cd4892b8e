//! Data files as people have them, through a whole scenario: what becomes of them, and what is
//! told.

use std::io;
use std::sync::atomic::AtomicBool;

use sqsim::clients::config::ArrivalProcess;
use sqsim::engine::run::run;
use sqsim::kernel::time::{Span, Time};
use sqsim::scenario::load::from_text;
use sqsim::scenario::{Faults, Loaded};

/// Loads a scenario of ten minutes whose arrivals are read from this file.
fn load(arrivals: &str, file: &str) -> Result<Loaded, Faults> {
    let text = format!(
        "(duration: \"10m\", queues: {{\"jobs\": ()}},
          producers: {{\"web\": (queue: \"jobs\", arrivals: {arrivals})}},
          consumers: {{\"workers\": (queue: \"jobs\", count: 9, processing: Constant(\"1ms\"))}})"
    );
    let read = |_: &str| Ok::<_, io::Error>(file.as_bytes().to_vec());
    from_text("jobs.ron", &text, &[], &read)
}

fn warnings(arrivals: &str, file: &str) -> String {
    load(arrivals, file).unwrap_or_else(|faults| panic!("{faults}")).warnings.render(false)
}

fn sent(loaded: &Loaded) -> u64 {
    let run = run(&loaded.scenario, 0, &AtomicBool::new(false));
    run.measured.queues[0].counts.sent
}

const COUNTS: &str = "Counts(file: \"x.csv\")";

/// 7,200 messages in ten minutes of epoch milliseconds: as seconds they lay years apart.
#[test]
fn milliseconds_are_no_seconds() {
    let rows: Vec<String> =
        (0..10).map(|n| format!("{},720\n", 1_772_323_200_000_u64 + 60_000 * n)).collect();
    let loaded = load("Counts(file: \"x.csv\", replay: Exact)", &rows.concat()).expect("it loads");
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
    assert_eq!(sent(&loaded), 7_200);
}

/// 2.5 a minute for ten minutes are 25 messages, two or three in each minute.
#[test]
fn an_exact_replay_sends_the_counts_themselves() {
    let rows: Vec<String> = (0..10).map(|n| format!("{},2.5\n", 60 * n)).collect();
    let loaded = load("Counts(file: \"x.csv\", replay: Exact)", &rows.concat()).expect("it loads");
    let ArrivalProcess::Exact { periods } = &loaded.scenario.producers[0].config.arrivals[0] else {
        panic!("{:?}", loaded.scenario.producers[0].config.arrivals)
    };
    let counts: Vec<f64> = periods.iter().map(|period| period.expected).collect();
    // The sums 2.5, 5, 7.5 … are rounded to even.
    assert_eq!(counts, [2.0, 3.0, 3.0, 2.0, 2.0, 3.0, 3.0, 2.0, 2.0, 3.0]);
    assert_eq!(periods[9].from, Time::ZERO + Span::from_secs(540));
    assert_eq!(sent(&loaded), 25);
}

#[test]
fn what_a_file_leaves_open_is_told() {
    let minutes: Vec<String> = (0..10).map(|n| format!("{},1\n", 60 * n)).collect();
    let whole = minutes.concat();
    assert_eq!(warnings(COUNTS, &whole), "", "a file of ten minutes says all");

    let half = warnings(COUNTS, &minutes[..5].concat());
    assert!(half.contains("`x.csv` ends at 5m, nothing of it is sent until 10m"), "{half}");
    assert!(half.contains("`allow: [\"data-shorter\"]` says so"), "{half}");

    let sparse = warnings(COUNTS, "0,1\n60,1\n240,1\n420,1\n540,1\n");
    assert!(sparse.contains("the smallest gap, 1m, is shorter than most"), "{sparse}");
    assert!(sparse.contains("`period: \"1m\"` confirms it"), "{sparse}");
    let given = warnings("Counts(file: \"x.csv\", period: \"1m\")", "0,1\n60,1\n240,1\n540,1\n");
    assert!(!given.contains("smallest gap"), "{given}");

    let title = warnings(COUNTS, &format!("Requests of week 9\n{whole}"));
    assert!(title.contains("taken for a title: `Requests of week 9`"), "{title}");

    let spring: Vec<String> = [0, 1, 2, 15, 16]
        .map(|n| format!("2026-03-29 {:02}:{:02},1\n", 1 + n / 12, 5 * n % 60))
        .to_vec();
    let spring = warnings(COUNTS, &spring.concat());
    assert!(spring.contains("daylight saving begins"), "{spring}");

    let times = warnings("Times(file: \"x.txt\")", "1s\n2s\n3s\n");
    assert!(times.contains("ends at 3s, nothing of it is sent until 10m"), "{times}");
    assert_eq!(warnings("Times(file: \"x.txt\")", "1m\n4m\n7m\n"), "");
}

#[test]
fn an_hour_that_comes_twice_is_added_up_where_the_scenario_says_so() {
    let file = "2026-10-25 02:00,60\n2026-10-25 02:05,60\n2026-10-25 02:00,30\n";
    let told = load(COUNTS, file).expect_err("it is refused").render(false);
    assert!(told.contains("daylight saving") && told.contains("x.csv:3:1"), "{told}");
    let arrivals = "Counts(file: \"x.csv\", duplicates: Sum, replay: Exact)";
    assert_eq!(sent(&load(arrivals, file).expect("it loads")), 150);
}

#[test]
fn ten_million_missing_periods_are_refused_before_they_are_made() {
    let file = "0,1\n0.001,1\n9999.999,1\n";
    let told = load("Counts(file: \"x.csv\", gaps: Interpolate)", file).expect_err("too many");
    let told = told.render(false);
    assert!(told.contains("lacks 9999997 periods of 1ms: too many to interpolate"), "{told}");
    assert!(told.contains("gaps: Zero"), "{told}");
}

/// What is far beyond a run is read like anything else: five hundred years between two instants,
/// and numbers that no clock shows.
#[test]
fn what_lies_centuries_apart_is_read_or_refused() {
    let told = warnings("Times(\"x.csv\")", "1970-01-01T00:00:00Z\n2469-01-01T00:00:00Z\n");
    assert!(!told.contains("ends at"), "{told}");
    for name in ["seconds", "minutes", "epoch_ms"] {
        let file = format!("{name},n\n{nines},1\n{nines},2\n", nines = "9".repeat(24));
        let refused = load(COUNTS, &file).expect_err("no clock shows it").to_string();
        assert!(refused.contains("x.csv"), "{refused}");
    }
    let far = "Counts(file: \"x.csv\", replay: Exact, gaps: Skip)";
    load(far, "1970-01-01,1\n2469-01-01,1\n").expect("two counts");
}
