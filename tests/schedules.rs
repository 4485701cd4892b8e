//! What comes again and what jumps: the same words wherever a scenario has instants.

use std::sync::atomic::AtomicBool;

use sqsim::engine::run::run;
use sqsim::kernel::time::{Span, Time};
use sqsim::model::clients::ArrivalProcess;
use sqsim::scenario::load::from_text;
use sqsim::scenario::{Faults, Loaded};

/// A run of an hour with these settings of the queue and these arrivals.
fn try_load(queue: &str, arrivals: &str) -> Result<Loaded, Faults> {
    let text = format!(
        "(duration: \"1h\", queues: {{\"jobs\": ({queue})}},
          producers: {{\"web\": (queue: \"jobs\", arrivals: {arrivals})}},
          consumers: {{\"workers\": (queue: \"jobs\", count: 9, processing: Constant(\"1ms\"))}})"
    );
    let read = |file: &str| match file {
        "counts.csv" => Ok(b"0,5\n60,7\n".to_vec()),
        "times.txt" => Ok(b"1s\n3s\n".to_vec()),
        _ => Err(std::io::ErrorKind::NotFound.into()),
    };
    from_text("jobs.ron", &text, &[], &read)
}

fn load(queue: &str, arrivals: &str) -> Loaded {
    try_load(queue, arrivals).unwrap_or_else(|faults| panic!("{queue} {arrivals}\n{faults}"))
}

fn told(queue: &str, arrivals: &str) -> String {
    try_load(queue, arrivals).expect_err("it is at fault").to_string()
}

fn sent(arrivals: &str) -> u64 {
    let loaded = load("", arrivals);
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
    run(&loaded.scenario, 0, &AtomicBool::new(false)).measured.queues[0].counts.sent
}

fn at(seconds: u64) -> Time {
    Time::ZERO + Span::from_secs(seconds)
}

const ARRIVALS: &str = "Poisson(\"10/s\")";

/// Nothing for half an hour, then 10 a second: 18,000 with a standard error of 134.
#[test]
fn two_points_at_one_instant_are_a_step() {
    let step = "Profile([(\"30m\", \"0/s\"), (\"30m\", \"10/s\")])";
    let ArrivalProcess::Profile { points } =
        &load("", step).scenario.producers[0].config.arrivals[0]
    else {
        panic!("a profile")
    };
    assert_eq!(points, &[(at(1_800), 0.0), (at(1_800), 10.0)]);
    assert!((17_500..18_500).contains(&sent(step)), "{}", sent(step));
    let three = told("", "Profile([(\"5m\", \"1/s\"), (\"5m\", \"2/s\"), (\"5m\", \"3/s\")])");
    assert!(three.contains("three points stand at `5m`: a step has two"), "{three}");
    let back = told("", "Profile([(\"5m\", \"1/s\"), (\"4m\", \"2/s\")])");
    assert!(back.contains("`4m` is not after 5m"), "{back}");
}

#[test]
fn arrivals_come_again_in_one_word() {
    // 60 bursts of 5; 30 times 12; 30 times 2 instants.
    assert_eq!(sent("Burst(at: \"30s\", count: 5, every: \"1m\")"), 300);
    assert_eq!(sent("Counts(file: \"counts.csv\", replay: Exact, every: \"2m\")"), 360);
    assert_eq!(sent("Times(file: \"times.txt\", every: \"2m\")"), 60);
    // Half of each minute at 20 a second: 36,000, standard error 190.
    let wave = "Profile(points: [(\"30s\", \"0/s\"), (\"30s\", \"20/s\")], every: \"1m\")";
    assert!((35_300..36_700).contains(&sent(wave)), "{}", sent(wave));
    let counts = sent("Counts(file: \"counts.csv\", every: \"2m\")");
    assert!((290..430).contains(&counts), "{counts}");
}

#[test]
fn purges_and_outages_come_again_in_the_same_word() {
    let purges = |text: &str| {
        load(&format!("purge: {text}"), ARRIVALS).scenario.queues[0].config.purges.clone()
    };
    assert_eq!(purges("[\"10m\"]"), [at(600)]);
    assert_eq!(purges("[(at: \"10m\", every: \"20m\")]"), [600, 1_800, 3_000].map(at));
    let both = purges("[(at: \"30m\", every: \"20m\"), \"5m\"]");
    assert_eq!(both, [300, 1_800, 3_000].map(at));
    let outages = "ledger: (nodes: (count: 3, outages: [(at: \"1m\", node: 0, for: \"30s\", \
                   every: \"25m\")]))";
    let nodes = load(outages, ARRIVALS).scenario.queues[0].config.ledger.nodes.clone();
    let found: Vec<Time> = nodes.expect("nodes").outages.iter().map(|outage| outage.at).collect();
    assert_eq!(found, [60, 1_560, 3_060].map(at));
}

#[test]
fn what_cannot_come_again_is_refused_with_what_would_do() {
    let cases = [
        ("", "Burst(at: \"1m\", count: 5, every: \"0s\")", "every: None"),
        ("", "Burst(at: \"2m\", count: 5, every: \"1m\")", "begins anew every 1m"),
        ("", "Counts(file: \"counts.csv\", every: \"1m\")", "write at least `every: \"2m\"`"),
        ("", "Times(file: \"times.txt\", every: \"3s\")", "begins anew every 3s"),
        (
            "",
            "Profile(points: [(\"0s\", \"1/s\"), (\"2h\", \"2/s\")], every: \"1h\")",
            "write at least `every: \"2h\"`",
        ),
        ("purge: [(at: \"1m\", every: \"30s\")]", ARRIVALS, "less than 1m after the one before"),
        ("purge: [(at: \"1m\", every: \"1ms\")]", ARRIVALS, "at most 1000000 are kept"),
        (
            "ledger: (nodes: (count: 3, outages: [(at: \"1m\", node: 0, every: \"5m\")]))",
            ARRIVALS,
            "an outage for ever does not come again",
        ),
        (
            "ledger: (nodes: (count: 3, outages: [(at: \"1m\", node: 0, for: \"6m\", \
             every: \"5m\")]))",
            ARRIVALS,
            "goes on until 6m after its beginning",
        ),
    ];
    for (queue, arrivals, says) in cases {
        let told = told(queue, arrivals);
        assert!(told.contains(says), "{queue} {arrivals}: {told}");
    }
}

/// Each entry comes 100,000 times in the hour: ten are what a run may keep, the eleventh and the
/// purge, which all stand in the same memory, are too many.
#[test]
fn entries_that_come_again_share_what_may_be_kept() {
    let outage = "(at: \"0s\", node: 0, for: \"1ms\", every: \"36ms\"),";
    let queue = |outages: usize| {
        let outages = outage.repeat(outages);
        format!("ledger: (nodes: (count: 3, outages: [{outages}]))")
    };
    let loaded = load(&queue(10), ARRIVALS);
    let nodes = loaded.scenario.queues[0].config.ledger.nodes.as_ref().expect("nodes");
    assert_eq!(nodes.outages.len(), 1_000_000);
    let more = told(&queue(11), ARRIVALS);
    assert!(more.contains("every 36ms it comes 100000 times in a run of 1h"), "{more}");
    assert!(more.contains("after 1000000 times that others come"), "{more}");
    let purge = format!("{}, purge: [(at: \"1m\", every: \"2m\")]", queue(10));
    let purge = told(&purge, ARRIVALS);
    assert!(purge.contains("at most 1000000 are kept in all"), "{purge}");
}
