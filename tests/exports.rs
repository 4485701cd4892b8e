//! Data files as people have them, through a whole scenario: what becomes of them, and what is
//! told.

use std::io;
use std::sync::atomic::AtomicBool;

use sqsim::engine::run::run;
use sqsim::kernel::time::{Span, Time};
use sqsim::model::clients::ArrivalProcess;
use sqsim::scenario::load::from_text;
use sqsim::scenario::{Faults, Loaded};

/// Loads a scenario of ten minutes whose arrivals are read from this file.
fn load(arrivals: &str, file: &str) -> Result<Loaded, Faults> {
    load_bytes(arrivals, file.as_bytes())
}

fn load_bytes(arrivals: &str, file: &[u8]) -> Result<Loaded, Faults> {
    let text = format!(
        "(duration: \"10m\", queues: {{\"jobs\": ()}},
          producers: {{\"web\": (queue: \"jobs\", arrivals: {arrivals})}},
          consumers: {{\"workers\": (queue: \"jobs\", count: 9, processing: Constant(\"1ms\"))}})"
    );
    let read = |_: &str| Ok::<_, io::Error>(file.to_vec());
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

/// Two queues in one table: their stamps interleave, or one follows the other, and never meet.
#[test]
fn several_series_in_one_table_are_refused_with_their_column() {
    let told = |file: &str| load(COUNTS, file).expect_err("two series").render(false);
    let day = |name: &str, day: u32| {
        (0..3)
            .map(|hour| format!("2026-03-0{day} 0{hour}:00,{name},5\n"))
            .collect::<Vec<_>>()
            .concat()
    };
    let blocks = format!("time,QueueName,count\n{}{}", day("jobs", 1), day("mails", 2));
    let refused = told(&blocks);
    let says = "column `QueueName` tells several series apart: `jobs` in line 2, `mails` in line 5";
    for says in [says, "x.csv:5:18", "keep the rows of one series, or a file for each"] {
        assert!(refused.contains(says), "{refused}");
    }
    let cases = [
        ("time,label,count\n0,a,1\n60,b,2\n120,a,3\n", "column `label`", "`b` in line 3"),
        // Without names, and behind the counts.
        ("2026-03-01,1,a\n2026-03-02,2,b\n", "column 3", "`b` in line 2"),
        ("a\t2026-03-01\t1\nb\t2026-03-02\t2\n", "column 1", "`b` in line 2"),
        // The whole of something, and a part of it.
        ("time,queue,count\n0,,1\n60,a,2\n", "column `queue`", "`` in line 2"),
        // Two statistics of one metric.
        ("time,stat,value\n0,Sum,1\n60,Maximum,2\n", "column `stat`", "`Maximum` in line 3"),
        // Numbers that count nothing.
        ("time,shard_id,count\n0,1,1\n60,2,2\n", "column `shard_id`", "`2` in line 3"),
        ("time,status,count\n0,2xx,1\n60,5xx,2\n", "column `status`", "`5xx` in line 3"),
        // Words of which nobody knows what they are.
        ("time,count,why\n0,1,quiet\n60,2,a sale\n", "call it `comment`", "`a sale` in line 3"),
    ];
    for (file, column, value) in cases {
        let refused = told(file);
        assert!(refused.contains(column) && refused.contains(value), "{file}: {refused}");
    }
    // Beyond the rows that columns are learnt from, in a column that was empty until then.
    let row = |n: usize| format!("{},1,{}\n", 60 * n, ["", "b"][n / 1_500]);
    let rows = (0..2_000).map(row).collect::<Vec<_>>().concat();
    let refused = told(&format!("time,count,queue\n{rows}"));
    assert!(refused.contains("`` in line 2, `b` in line 1502"), "{refused}");
    // A total of two series is told, too: adding up is meant for one.
    let sum = "Counts(file: \"x.csv\", duplicates: Sum)";
    assert!(load(sum, "time,queue,count\n0,a,1\n0,b,2\n60,a,1\n").is_err());
}

#[test]
fn a_column_that_tells_no_series_apart_is_passed_over() {
    let files = [
        "time,QueueName,count\n0,jobs,60\n60,jobs,40\nTotal,,100\n",
        "time,count,unit\n0,60,Count\n60,40,None\n",
        "time,count,comment\n0,60,quiet\n60,40,\n",
        "time,weekday,count\n0,Monday,60\n60,Tuesday,40\n",
        "time,sum,samplecount,average\n0,60,3,20\n60,40,2,20\n",
        "time,count,latency,errors\n0,60,12ms,1\n60,40,7ms,2\n",
        "start,end,count\n1970-01-01,1970-01-02,60\n1970-01-02,1970-01-03,40\n",
    ];
    for file in files {
        let exact = "Counts(file: \"x.csv\", period: \"1m\", gaps: Skip, replay: Exact)";
        let loaded = load(exact, file).unwrap_or_else(|faults| panic!("{file}: {faults}"));
        assert_eq!(sent(&loaded), 100, "{file}");
    }
}

/// What PowerShell's `>` writes, and the same the other way round.
#[test]
fn files_in_utf_16_are_read_as_their_mark_says() {
    let text = "\u{feff}Zeit;Stück\r\n0;60\r\n60;40\r\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let exact = "Counts(file: \"x.csv\", replay: Exact)";
    for file in [text.as_bytes(), &little, &big] {
        assert_eq!(sent(&load_bytes(exact, file).expect("it is text")), 100);
    }
    // A fault in it has its place in characters.
    let wrong: Vec<u8> =
        "\u{feff}Zeit;Stück\n0;viele\n60;1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let told = load_bytes(exact, &wrong).expect_err("no count").render(false);
    assert!(told.contains("x.csv:2:3") && told.contains("`viele`"), "{told}");

    let faults = [
        (&little[..little.len() - 1], "`x.csv` is not text in UTF-16, from byte 50 on, in line 3"),
        (&little[2..], "`x.csv` is text in UTF-16 without a byte order mark"),
        (&big[2..], "`x.csv` is text in UTF-16 without a byte order mark"),
    ];
    for (file, says) in faults {
        let told = load_bytes(exact, file).expect_err("no text").render(false);
        assert!(told.contains(says) && told.contains("save it as UTF-8"), "{told}");
    }
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
