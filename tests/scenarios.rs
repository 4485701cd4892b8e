//! Good input: what may be written, what it becomes, what `--set` changes and what is warned of.

use std::fs;
use std::io;

use proptest::prelude::*;
use sqsim::kernel::dist::Dist;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::{
    Capacity, FailureDomain, Failures, Keys, MessageSize, Naive, Nodes, Outage, Placement,
    ReceiveRouting, SplitPolicy, WeightedMove,
};
use sqsim::model::clients::{ArrivalProcess, OnFailure, WorkUnit};
use sqsim::model::functions::FunctionPrices;
use sqsim::model::scenario::{Prices, Scenario, Tier};
use sqsim::scenario::load::from_text;
use sqsim::scenario::{Faults, Loaded, templates, topics};

/// The data files that the tests' scenarios name.
fn data(file: &str) -> io::Result<Vec<u8>> {
    match file {
        "counts.csv" => Ok(b"time,count\n0,60\n60,120\n240,30\n".to_vec()),
        "times.txt" => Ok(b"0.5s\n2s\n".to_vec()),
        "unsorted.txt" => Ok(b"2s\n0.5s\n".to_vec()),
        "sizes.txt" => Ok(b"2KiB\n300B\n".to_vec()),
        "lengths.txt" => Ok(b"30ms\n10ms\n".to_vec()),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

fn try_load(text: &str, sets: &[&str]) -> Result<Loaded, Faults> {
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    from_text("models/jobs.ron", text, &sets, &data)
}

fn loaded(text: &str, sets: &[&str]) -> Loaded {
    try_load(text, sets).unwrap_or_else(|faults| panic!("{text}\n{faults}"))
}

/// A scenario with these settings added to its queue, its producer and its consumer.
fn with(queue: &str, arrivals: &str, consumer: &str) -> String {
    format!(
        "(duration: \"20m\", allow: [\"overload\"],
          queues: {{\"jobs\": ({queue}), \"dead\": ()}},
          producers: {{\"web\": (queue: \"jobs\", arrivals: {arrivals})}},
          consumers: {{\"workers\": (queue: \"jobs\", {consumer})}})"
    )
}

const ARRIVALS: &str = "Poisson(\"400/s\")";
const WORK: &str = "processing: Exponential(\"20ms\")";

fn told(text: &str, sets: &[&str]) -> String {
    try_load(text, sets).expect_err("it is at fault").render(false)
}

#[test]
fn the_scenario_of_the_design_becomes_what_it_says() {
    let text = fs::read_to_string("tests/good/signup.ron").unwrap();
    let Loaded { scenario, warnings } = loaded(&text, &[]);
    assert!(warnings.is_empty(), "{warnings}");
    let Scenario { name, duration, drain, warm_up, seed, window, .. } = &scenario;
    assert_eq!((name.as_str(), *seed), ("jobs", 42));
    let minutes = |minutes: u64| Span::from_secs(60 * minutes);
    assert_eq!((*duration, *drain, *warm_up), (minutes(20), minutes(5), minutes(5)));
    assert_eq!(*window, Span::from_secs(5), "1500 s in at most 600 windows");

    let queue = &scenario.queues[0].config;
    assert_eq!(scenario.queues[1].name, "signups-dlq");
    let redrive = queue.redrive.unwrap();
    assert_eq!((redrive.to.0, redrive.max_receives), (1, 5));
    assert_eq!(queue.retention, Span::from_secs(4 * 86_400));
    assert_eq!(queue.ledger.partitions, 4);
    assert_eq!(queue.ledger.capacity, Some(Capacity { per_second: 3_000.0, burst: 3_000.0 }));
    let SplitPolicy::Reservoir(reservoir) = queue.ledger.split else {
        panic!("{:?}", queue.ledger)
    };
    assert_eq!((reservoir.hold, reservoir.cooldown), (Span::from_secs(10), minutes(1)));

    let fleet = &scenario.fleets[0].config;
    assert_eq!((&fleet.size, fleet.threads, fleet.receive.max), (&12.into(), 1, 10));
    assert_eq!(fleet.receive.wait, Span::from_secs(20));
    assert_eq!(fleet.failure.probability.to_bits(), 0.01_f64.to_bits());
    assert_eq!(fleet.failure.then, OnFailure::LetExpire);
    assert_eq!((fleet.per, fleet.idempotent), (WorkUnit::Message, false));
    let (p50, p99) = (Span::from_millis(20), Span::from_millis(200));
    assert_eq!(fleet.processing, Dist::log_normal_from_p50_p99(p50, p99));
    assert_eq!(scenario.limits.events, 1_000_000_000);
    assert_eq!(scenario.expect.len(), 3);
}

#[test]
fn every_distribution_can_be_written() {
    let s = Span::from_secs;
    let cases = [
        ("Constant(\"1s\")", Dist::Constant(s(1))),
        ("Uniform(min: \"1s\", max: \"3s\")", Dist::Uniform { min: s(1), max: s(3) }),
        ("Exponential(\"1s\")", Dist::Exponential { mean: s(1) }),
        ("Erlang(k: 3, mean: \"1s\")", Dist::Erlang { k: 3, mean: s(1) }),
        ("Gamma(shape: 2.5, mean: \"1s\")", Dist::Gamma { shape: 2.5, mean: s(1) }),
        ("HyperExponential(mean: \"1s\", cv: 3)", Dist::hyper_exponential_balanced(s(1), 3.0)),
        ("LogNormal(p50: \"1s\", p99: \"3s\")", Dist::log_normal_from_p50_p99(s(1), s(3))),
        ("LogNormal(mean: \"1s\", cv: 0.5)", Dist::log_normal_from_mean_cv(s(1), 0.5)),
        ("Weibull(shape: 0.7, scale: \"1s\")", Dist::Weibull { shape: 0.7, scale: s(1) }),
        (
            "Pareto(shape: 1.5, min: \"1s\", max: \"60s\")",
            Dist::Pareto { shape: 1.5, min: s(1), max: s(60) },
        ),
        ("Normal(mean: \"1s\", sd: \"2s\")", Dist::Normal { mean: s(1), sd: s(2) }),
        (
            "Triangular(min: \"1s\", mode: \"2s\", max: \"4s\")",
            Dist::Triangular { min: s(1), mode: s(2), max: s(4) },
        ),
        (
            "Percentiles({\"50%\": \"1s\", \"99%\": \"3s\"})",
            Dist::Percentiles(vec![(0.0, s(1)), (0.5, s(1)), (0.99, s(3)), (1.0, s(3))]),
        ),
        (
            "Percentiles({\"0%\": \"1s\", \"100%\": \"3s\"})",
            Dist::Percentiles(vec![(0.0, s(1)), (1.0, s(3))]),
        ),
        (
            "Empirical(\"lengths.txt\")",
            Dist::Empirical([Span::from_millis(10), Span::from_millis(30)].into()),
        ),
        (
            "Mix([(3, Constant(\"1s\")), (1.0, Exponential(\"2s\"))])",
            Dist::Mix(vec![(0.75, Dist::Constant(s(1))), (0.25, Dist::Exponential { mean: s(2) })]),
        ),
        (
            "Shifted(by: \"1s\", dist: Exponential(\"2s\"))",
            Dist::Shifted { by: s(1), dist: Box::new(Dist::Exponential { mean: s(2) }) },
        ),
    ];
    for (text, expected) in cases {
        let loaded = loaded(&with("", ARRIVALS, &format!("processing: {text}")), &[]);
        assert_eq!(loaded.scenario.fleets[0].config.processing, expected, "{text}");
    }
}

#[test]
fn every_arrival_process_can_be_written_and_scaled() {
    let at = |seconds| Time::ZERO + Span::from_secs(seconds);
    let think = Dist::Constant(Span::from_secs(1));
    let second = || Dist::Constant(Span::from_secs(1));
    let poisson = |rate| ArrivalProcess::Poisson { rate };
    let cases = [
        ("Poisson(\"90/min\"), scale: 2", vec![poisson(3.0)]),
        ("Constant(\"10/s\"), scale: 0.5", vec![ArrivalProcess::Constant { rate: 5.0 }]),
        (
            "Profile([(\"0s\", \"0/s\"), (\"5m\", \"10/s\")]), scale: 3",
            vec![ArrivalProcess::Profile { points: vec![(at(0), 0.0), (at(300), 30.0)] }],
        ),
        (
            "OnOff(rate: \"10/s\", on: Constant(\"1s\"), off: Constant(\"1s\")), scale: 2",
            vec![ArrivalProcess::OnOff { rate: 20.0, on: second(), off: second() }],
        ),
        (
            "Burst(at: \"2m\", count: 5), scale: 0.5",
            vec![ArrivalProcess::Burst { at: at(120), count: 2 }],
        ),
        ("Times(file: \"times.txt\")", vec![times()]),
        ("Times(\"times.txt\")", vec![times()]),
        (
            "Closed(clients: 3, think: Constant(\"1s\"))",
            vec![ArrivalProcess::Closed { clients: 3, think }],
        ),
        ("Sum([Poisson(\"1/s\"), Poisson(\"2/s\")])", vec![poisson(1.0), poisson(2.0)]),
        ("[Poisson(\"1/s\"), [Poisson(\"2/s\")]], scale: 2", vec![poisson(2.0), poisson(4.0)]),
    ];
    for (text, expected) in cases {
        let loaded = loaded(&with("", text, WORK), &[]);
        assert_eq!(loaded.scenario.producers[0].config.arrivals, expected, "{text}");
    }
}

fn times() -> ArrivalProcess {
    let at = [500, 2_000].map(|millis| Time::ZERO + Span::from_millis(millis));
    ArrivalProcess::Times { at: at.into() }
}

#[test]
fn missing_periods_follow_the_gap_rule_and_are_told() {
    // Two of five minutes are missing: 60, 120, –, –, 30.
    let cases = [
        ("Counts(file: \"counts.csv\")", vec![(0, 60.0), (60, 120.0), (240, 30.0)], "count as 0"),
        (
            "Counts(file: \"counts.csv\", gaps: Skip), scale: 10",
            vec![(0, 600.0), (60, 1_200.0), (120, 300.0)],
            "cut out",
        ),
        (
            "Counts(file: \"counts.csv\", period: \"1m\", gaps: Interpolate)",
            vec![(0, 60.0), (60, 120.0), (120, 90.0), (180, 60.0), (240, 30.0)],
            "interpolated",
        ),
    ];
    for (text, expected, done) in cases {
        let loaded = loaded(&with("", text, WORK), &[]);
        let ArrivalProcess::Counts { periods } = &loaded.scenario.producers[0].config.arrivals[0]
        else {
            panic!("{text}")
        };
        let found: Vec<(u64, f64)> = periods
            .iter()
            .map(|p| ((p.from - Time::ZERO).as_nanos() / 1_000_000_000, p.expected))
            .collect();
        assert_eq!(found, expected, "{text}");
        let warnings = loaded.warnings.render(false);
        assert!(warnings.contains("lacks 2 periods of 1m"), "{warnings}");
        assert!(warnings.contains(done), "{warnings}");
    }
}

#[test]
fn the_ledger_can_be_written_in_all_its_forms() {
    let ledger = |text: &str| {
        let loaded = loaded(&with(&format!("ledger: ({text})"), ARRIVALS, WORK), &[]);
        loaded.scenario.queues[0].config.ledger.clone()
    };
    let capacity = |per_second, burst| Some(Capacity { per_second, burst });
    let capacities = [
        ("", None),
        ("capacity: Unlimited", None),
        ("capacity: \"30/min\"", capacity(0.5, 1.0)),
        ("capacity: \"3000/s\"", capacity(3_000.0, 3_000.0)),
        ("capacity: (rate: \"3000/s\")", capacity(3_000.0, 3_000.0)),
        ("capacity: (rate: \"3000/s\", burst: 10)", capacity(3_000.0, 10.0)),
    ];
    for (text, expected) in capacities {
        assert_eq!(ledger(text).capacity, expected, "{text}");
    }
    let keys = [
        ("", Keys::Uniform),
        ("keys: PerCall", Keys::PerCall),
        ("keys: Sticky(\"60s\")", Keys::Sticky(Span::from_secs(60))),
        ("keys: Group(count: 10)", Keys::Group { count: 10, zipf: 0.0, hot: 0.0 }),
        ("keys: Group(count: 10, zipf: 1.1)", Keys::Group { count: 10, zipf: 1.1, hot: 0.0 }),
        ("keys: Group(count: 9, hot: \"60%\")", Keys::Group { count: 9, zipf: 0.0, hot: 0.6 }),
        (
            "keys: Sequential()",
            Keys::Sequential { pass: Span::from_secs(3_600), spread: Span::from_millis(1) },
        ),
        (
            "keys: Sequential(pass: \"1m\", spread: \"2s\")",
            Keys::Sequential { pass: Span::from_secs(60), spread: Span::from_secs(2) },
        ),
        ("keys: HotRange(share: \"60%\")", Keys::HotRange { share: 0.6, from: 0.0, width: 0.0625 }),
        (
            "keys: HotRange(share: 0.6, from: \"5/8\", width: \"10%\")",
            Keys::HotRange { share: 0.6, from: 0.625, width: 0.1 },
        ),
        ("keys: LeastBacklog()", Keys::LeastBacklog(2)),
        ("keys: LeastBacklog(choices: 3)", Keys::LeastBacklog(3)),
    ];
    for (text, expected) in keys {
        assert_eq!(ledger(text).keys, expected, "{text}");
    }
    let routings = [
        ("", ReceiveRouting::RegisterAll),
        ("receive: Sample(8)", ReceiveRouting::Sample(8)),
        ("receive: WeightedSample(8)", ReceiveRouting::WeightedSample(8)),
        ("receive: Uniform", ReceiveRouting::Uniform),
        ("receive: PowerOfTwo", ReceiveRouting::PowerOfTwo),
        ("receive: BacklogWeighted", ReceiveRouting::BacklogWeighted),
        ("receive: ForwardingTree", ReceiveRouting::ForwardingTree),
        ("receive: Assigned", ReceiveRouting::Assigned),
    ];
    for (text, expected) in routings {
        assert_eq!(ledger(text).receive, expected, "{text}");
    }
    assert_eq!(ledger("split: Static").split, SplitPolicy::Static);
}

#[test]
fn a_scalable_topic_knows_its_consumers_if_it_is_to_split_for_them() {
    let consumers = |split: &str, others: &str| {
        let ledger = format!("ledger: (capacity: \"9/s\", split: ScalableTopic({split}))");
        let others = format!("consumers: {{\"others\": (queue: \"{others}\", count: 3, {WORK}), ");
        let text = with(&ledger, ARRIVALS, WORK).replace("consumers: {", &others);
        let scenario = loaded(&text, &[]).scenario;
        let SplitPolicy::ScalableTopic(policy) = &scenario.queues[0].config.ledger.split else {
            panic!("it is what is written")
        };
        policy.consumers
    };
    assert_eq!(consumers("", "jobs"), None);
    assert_eq!(consumers("consumer_split: false", "jobs"), None);
    assert_eq!(consumers("consumer_split: true", "jobs"), Some(4), "of both fleets");
    assert_eq!(consumers("consumer_split: true", "dead"), Some(1), "of this queue");
}

/// The nodes of a queue with this ledger.
fn nodes(ledger: &str) -> Nodes {
    let loaded = loaded(&with(&format!("ledger: ({ledger})"), ARRIVALS, WORK), &[]);
    loaded.scenario.queues[0].config.ledger.nodes.clone().expect("they are written")
}

#[test]
fn a_queue_has_no_nodes_unless_they_are_written_and_then_those_of_the_reference() {
    let plain = loaded(&with("", ARRIVALS, WORK), &[]).scenario;
    let queue = &plain.queues[0].config;
    assert_eq!((&queue.ledger.nodes, queue.duplicates.to_bits()), (&None, 0));

    let s = Span::from_secs;
    let of_the_reference = Nodes {
        count: 12,
        zones: 1,
        capacity: None,
        replicas: 3,
        write_quorum: 2,
        read_quorum: 2,
        placement: Placement::EqualPartitions,
        outages: Vec::new(),
        failures: None,
        suspect_after: s(10),
        replicate_after: s(300),
        copy: s(20),
        copy_share: 0.3,
        catch_up: 10,
    };
    assert_eq!(nodes("nodes: (count: 12)"), of_the_reference);
}

#[test]
fn every_setting_of_the_nodes_is_read() {
    let s = Span::from_secs;
    let duplicates = loaded(&with("duplicates: \"1/50\"", ARRIVALS, WORK), &[]).scenario;
    assert_eq!(duplicates.queues[0].config.duplicates.to_bits(), 0.02_f64.to_bits());

    let text = "nodes: (count: 9, zones: 4, capacity: (rate: \"40/s\", burst: 9), replicas: 5,
        write_quorum: 3, read_quorum: 4, placement: Rendezvous,
        outages: [(at: \"60s\", node: 8, for: \"5m\"), (at: \"2m\", zone: 3),
            (zone: 0, at: \"20m\")],
        failures: (mean_time_between: \"30d\", repair: Exponential(\"1h\"), of: Zone),
        suspect_after: \"1s\", replicate_after: \"60s\", copy: \"7s\", copy_share: \"20%\",
        catch_up: 2)";
    let outage = |at, domain, lasts| Outage { at: Time::ZERO + s(at), domain, lasts };
    let expected = Nodes {
        count: 9,
        zones: 4,
        capacity: Some(Capacity { per_second: 40.0, burst: 9.0 }),
        replicas: 5,
        write_quorum: 3,
        read_quorum: 4,
        placement: Placement::Rendezvous,
        outages: vec![
            outage(60, FailureDomain::Node(8), s(300)),
            outage(120, FailureDomain::Zone(3), Span::MAX),
            outage(1_200, FailureDomain::Zone(0), Span::MAX),
        ],
        failures: Some(Failures {
            of_zones: true,
            mean_time_between: s(30 * 86_400),
            repair: Dist::Exponential { mean: s(3_600) },
        }),
        suspect_after: s(1),
        replicate_after: s(60),
        copy: s(7),
        copy_share: 0.2,
        catch_up: 2,
    };
    assert_eq!(nodes(text), expected);

    let failures = nodes("nodes: (count: 9, failures: (mean_time_between: \"1d\"))").failures;
    let repair = Dist::Constant(s(600));
    let by_default = Failures { of_zones: false, mean_time_between: s(86_400), repair };
    assert_eq!(failures, Some(by_default));
    let placements = [
        ("EqualPartitions", Placement::EqualPartitions),
        ("Ring()", Placement::Ring { tokens: 16 }),
        ("Ring(tokens: 256)", Placement::Ring { tokens: 256 }),
        ("Rendezvous", Placement::Rendezvous),
        ("WeightedMove()", Placement::WeightedMove(WeightedMove { every: s(60), churn: 0.09 })),
        (
            "WeightedMove(every: \"5s\", churn: 1)",
            Placement::WeightedMove(WeightedMove { every: s(5), churn: 1.0 }),
        ),
    ];
    for (text, expected) in placements {
        assert_eq!(nodes(&format!("nodes: (count: 3, placement: {text})")).placement, expected);
    }
    let set = loaded(&with("", ARRIVALS, WORK), &["queues.jobs.ledger.nodes.count=7"]).scenario;
    let count = set.queues[0].config.ledger.nodes.as_ref().map(|nodes| nodes.count);
    assert_eq!(count, Some(7), "`--set` makes them");
}

#[test]
fn the_control_may_be_told_never_to_merge() {
    let text = with("ledger: (capacity: \"9/s\", split: Naive(merge: 0))", ARRIVALS, WORK);
    let split = loaded(&text, &[]).scenario.queues[0].config.ledger.split;
    assert_eq!(
        split,
        SplitPolicy::Naive(Naive { threshold: 0.5, merge: 0.0, max_partitions: 256 })
    );
}

#[test]
fn the_ledgers_of_the_topics_are_read_without_a_warning() {
    for name in ["ledger", "splits", "nodes"] {
        let text = topics::topic(name).unwrap();
        let lines = text.lines().skip_while(|line| *line != "    ledger: (");
        let example: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
        assert!(example.len() > 3, "{name} has an example");
        let example = example.join("\n");
        let queue = format!("redrive: (to: \"dead\"), {}", example.trim_end_matches(','));
        let text = with(&queue, ARRIVALS, WORK);
        let warnings = loaded(&text, &[]).warnings;
        assert!(warnings.is_empty(), "{name}: {warnings}");
    }
}

#[test]
fn a_set_changes_what_is_written_and_what_is_not() {
    let text = with("", ARRIVALS, "processing: LogNormal(p50: \"1s\", p99: \"3s\")");
    let sets = [
        "seed=7",
        "queues.jobs.visibility_timeout=45s",
        "queues.jobs.redrive.to=dead",
        "queues.jobs.ledger.capacity.rate=\"10/s\"",
        "consumers.workers.count=3",
        "consumers.workers.count = 4",
        "consumers.workers.processing.p99=5s",
        "consumers.workers.failure.probability=2%",
        "producers.web.arrivals=[Poisson(\"1/s\"), Burst(at: \"1m\", count: 9)]",
        "producers.web.arrivals.1.count=8",
        "expect=[\"sent > 0\"]",
    ];
    let error = told(&text, &sets);
    assert!(error.contains("unknown setting `count ` for a consumer"), "{error}");
    let sets: Vec<&str> = sets.into_iter().filter(|set| !set.contains(" = ")).collect();
    let scenario = loaded(&text, &sets).scenario;
    let queue = &scenario.queues[0].config;
    assert_eq!(scenario.seed, 7);
    assert_eq!(queue.visibility_timeout, Span::from_secs(45));
    assert_eq!(queue.redrive.map(|redrive| (redrive.to.0, redrive.max_receives)), Some((1, 10)));
    assert_eq!(queue.ledger.capacity, Some(Capacity { per_second: 10.0, burst: 10.0 }));
    let fleet = &scenario.fleets[0].config;
    assert_eq!((&fleet.size, fleet.failure.probability), (&3.into(), 0.02));
    let law = Dist::log_normal_from_p50_p99(Span::from_secs(1), Span::from_secs(5));
    assert_eq!(fleet.processing, law);
    let at = Time::ZERO + Span::from_secs(60);
    let arrivals = [ArrivalProcess::Poisson { rate: 1.0 }, ArrivalProcess::Burst { at, count: 8 }];
    assert_eq!(scenario.producers[0].config.arrivals, arrivals);
    assert_eq!(scenario.expect, ["sent > 0"]);
}

#[test]
fn a_wrong_set_is_explained_in_its_own_text() {
    let text = with("", ARRIVALS, WORK);
    let cases = [
        ("consumers.worker.count=3", "--set:1:11", "did you mean `workers`?"),
        ("consumers.workers.cuont=3", "--set:1:19", "did you mean `count`?"),
        ("consumer.workers.count=3", "--set:1:1", "did you mean `consumers`?"),
        ("consumers.workers.count=three", "--set:1:25", "unknown count `three`"),
        ("consumers.workers.count=0", "--set:1:25", "at least 1"),
        ("consumers.workers.count.x=0", "--set:1:19", "expected a count"),
        ("queues.jobs.delay=1h", "--set:1:19", "outside 0s to 15m"),
        ("queues.jobs.redrive=(to: \"dead\"", "--set:1:21", "never closed"),
        ("queues.jobs.purge=[1m]", "--set:1:20", "without quotes"),
        ("queues..delay=1s", "--set:1:1", "empty"),
        ("seed", "--set:1:1", "not PATH=VALUE"),
        ("=1", "--set:1:1", "empty"),
        ("seed=", "--set:1:6", "whole number"),
        ("producers.web.arrivals.3=1", "--set:1:24", "no part `3`"),
    ];
    for (set, place, part) in cases {
        let error = told(&text, &[set]);
        assert!(error.contains(place) && error.contains(part), "{set}: {error}");
        assert!(error.contains(&format!("1 | {set}\n")), "{set}: {error}");
    }
}

#[test]
fn a_path_that_an_error_prints_can_be_set() {
    let text = with("", "Poisson(40)", "processing: Mix([(1, Constant(5))])");
    let faults = try_load(&text, &[]).expect_err("two faults");
    let paths: Vec<&str> = faults.iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(paths, ["producers.web.arrivals", "consumers.workers.processing.0.1"]);
    let sets = [
        "producers.web.arrivals=Poisson(\"40/s\")",
        "consumers.workers.processing.0.1=Constant(\"5s\")",
    ];
    loaded(&text, &sets);
}

#[test]
fn sizes_have_the_laws_of_lengths() {
    let bytes = Span::from_nanos;
    let cases = [
        ("Constant(\"64KiB\")", Dist::Constant(bytes(65_536))),
        (
            "Shifted(by: \"1KiB\", dist: Uniform(min: \"1B\", max: \"1.5KiB\"))",
            Dist::Shifted {
                by: bytes(1_024),
                dist: Box::new(Dist::Uniform { min: bytes(1), max: bytes(1_536) }),
            },
        ),
        (
            "LogNormal(p50: \"2KiB\", p99: \"20KiB\")",
            Dist::log_normal_from_p50_p99(bytes(2_048), bytes(20_480)),
        ),
        ("Empirical(\"sizes.txt\")", Dist::Empirical([bytes(300), bytes(2_048)].into())),
    ];
    for (text, dist) in cases {
        let text = with(&format!("message_size: {text}"), ARRIVALS, WORK);
        let queues = loaded(&text, &[]).scenario.queues;
        assert_eq!(queues[0].config.message_size, MessageSize::new(dist));
        assert_eq!(queues[1].config.message_size, MessageSize::constant(1_024), "the default");
    }
}

#[test]
fn prices_are_billionths_of_a_dollar() {
    let text = with("", ARRIVALS, &format!("{WORK}, price_per_hour: \"$0.0425\""));
    let prices = loaded(&text, &["prices.free_requests=1000000"]).scenario.prices;
    let tier = |from, per_million| Tier { from, per_million };
    let billions = 1_000_000_000;
    assert_eq!(
        prices,
        Prices {
            requests: vec![
                tier(0, 400_000_000),
                tier(100 * billions, 300_000_000),
                tier(200 * billions, 240_000_000),
            ],
            free_requests: 1_000_000,
            worker_hour: vec![Some(42_500_000)],
            functions: FunctionPrices {
                per_million: 200_000_000,
                per_million_gb_seconds: 16_666_700_000,
                poller_hour: 9_250_000,
            },
            every: None,
        }
    );
}

fn is_warned_of(text: &str, part: &str, path: &str) {
    let warnings = loaded(text, &[]).warnings;
    let warning = warnings.iter().find(|fault| fault.what.contains(part));
    assert_eq!(warning.map(|fault| fault.path.as_str()), Some(path), "{text}\n{warnings}");
    assert!(warnings.render(false).starts_with("warning: "), "{warnings}");
}

#[test]
fn what_may_not_be_meant_is_warned_of() {
    let cases = [
        (with("", ARRIVALS, WORK), "nobody receives from the queue `dead`", "queues.dead"),
        (
            with(
                "ledger: (capacity: \"9/s\", split: ScalableTopic(consumer_split: true))",
                ARRIVALS,
                WORK,
            )
            .replace("workers\": (queue: \"jobs", "workers\": (queue: \"dead"),
            "no worker receives from this queue",
            "queues.jobs.ledger.split.consumer_split",
        ),
        (
            with("redrive: (to: \"dead\")", ARRIVALS, WORK)
                .replace("web\": (queue: \"jobs", "web\": (queue: \"dead"),
            "nothing is ever sent to the queue `jobs`",
            "consumers.workers.queue",
        ),
        (
            with(
                "",
                ARRIVALS,
                "heartbeat: (every: \"30s\", extend: \"30s\"), processing: Constant(\"1s\")",
            ),
            "lets messages return between two beats",
            "consumers.workers.heartbeat.extend",
        ),
        (
            with("", "Times(\"unsorted.txt\")", WORK),
            "not ascending; they were sorted",
            "producers.web.arrivals.file",
        ),
        (
            with("message_size: Exponential(\"200KiB\")", ARRIVALS, WORK),
            // e to the power of -1024/200.
            "0.6 % of the messages would be larger than the 1MiB that SQS takes",
            "queues.jobs.message_size",
        ),
        (
            with("message_size: Uniform(min: \"1KiB\", max: \"150KiB\")", ARRIVALS, WORK)
                .replace("arrivals", "batch: 10, arrivals"),
            "a batch of 10 can be larger than the 1MiB that SQS takes",
            "producers.web.batch",
        ),
    ];
    for (text, part, path) in cases {
        is_warned_of(&text, part, path);
    }
    let short = with("redrive: (to: \"dead\")", "Counts(file: \"counts.csv\")", WORK);
    let warnings = loaded(&short, &["duration=299s"]).warnings.render(false);
    assert!(warnings.contains("goes on until 5m, producers only until 4m59s"), "{warnings}");
    assert!(!loaded(&short, &["duration=300s"]).warnings.render(false).contains("goes on"));

    let clean = with("redrive: (to: \"dead\")", ARRIVALS, WORK);
    assert!(loaded(&clean, &[]).warnings.is_empty(), "a dead-letter queue needs no consumers");
}

#[test]
fn what_does_nothing_in_a_ledger_is_warned_of_and_what_does_is_not() {
    let cases = [
        ("split: Reservoir()", "unlimited capacity never split", "split"),
        ("partitions: 8, receive: Assigned", "leave 7 of 8 partitions without one", "receive"),
        (
            "capacity: \"9/s\", split: Ewma(max_partitions: 2), receive: Assigned",
            "may make 2 partitions, more than there are workers (1)",
            "receive",
        ),
        (
            "capacity: \"9/s\", split: ScalableTopic(merge: 0.41)",
            "below 0.41 can be above the threshold of 0.8 together",
            "split.merge",
        ),
        ("nodes: (count: 3)", "change nothing", "nodes"),
        (
            "nodes: (count: 3, outages: [(at: \"1s\", node: 0)], copy_share: 0.1)",
            "copies take nothing",
            "nodes.copy_share",
        ),
        (
            "partitions: 11, nodes: (count: 9, placement: WeightedMove())",
            "one of 11 partitions is more of the key space",
            "nodes.placement.churn",
        ),
    ];
    for (ledger, part, path) in cases {
        let text = with(&format!("ledger: ({ledger})"), ARRIVALS, WORK);
        is_warned_of(&text, part, &format!("queues.jobs.ledger.{path}"));
    }
    for ledger in [
        // As many workers as there come to be partitions; partitions that never split.
        "capacity: \"9/s\", split: Ewma(max_partitions: 1), receive: Assigned",
        "receive: Assigned",
        // Two cold partitions have the threshold of a hot one together, and not more.
        "capacity: \"9/s\", split: ScalableTopic(merge: 0.4)",
        // 12 partitions of 8 % of the keys, sooner or later.
        "partitions: 12, nodes: (count: 9, capacity: \"9/s\", placement: WeightedMove())",
        "capacity: \"9/s\", split: Ewma(max_partitions: 12),
            nodes: (count: 9, capacity: \"9/s\", placement: WeightedMove())",
        "nodes: (count: 3, outages: [(at: \"1s\", node: 0)])",
        "nodes: (count: 3, capacity: \"9/s\", copy_share: 0.1)",
        // As many as there can be of everything, and as few.
        "nodes: (count: 3, capacity: \"9/s\", zones: 3, write_quorum: 3, read_quorum: 3,
            suspect_after: \"5m\", copy_share: 0, failures: (mean_time_between: \"1ns\"))",
        "partitions: 8000, nodes: (count: 3125, capacity: \"9/s\", replicas: 4)",
        "nodes: (count: 4096, capacity: \"9/s\", replicas: 64, placement: Ring(tokens: 1024))",
        "nodes: (count: 1, replicas: 1, write_quorum: 1, read_quorum: 1, capacity: \"9/s\",
            suspect_after: \"0s\", replicate_after: \"0s\", copy: \"0s\", catch_up: 1)",
        // A choice that one may want to see: quorums that need not meet.
        "nodes: (count: 3, capacity: \"9/s\", zones: 2, read_quorum: 1)",
    ] {
        let text = with(&format!("redrive: (to: \"dead\"), ledger: ({ledger})"), ARRIVALS, WORK);
        let warnings = loaded(&text, &[]).warnings;
        assert!(warnings.is_empty(), "{ledger}: {warnings}");
    }
}

#[test]
fn files_of_other_systems_read_the_same() {
    let text = with("redrive: (to: \"dead\")", ARRIVALS, WORK);
    let plain = loaded(&text, &[]).scenario;
    for other in [
        format!("\u{feff}{text}"),
        text.replace('\n', "\r\n"),
        format!("#![enable(implicit_some)]\n{text}"),
        format!("/* a /* nested */ comment */ {text} // end"),
        text.replace("redrive: (to: \"dead\")", "redrive: Some((to: r#\"dead\"#,),)"),
    ] {
        assert_eq!(loaded(&other, &[]).scenario, plain, "{other}");
    }
}

#[test]
fn topics_and_templates_are_found_by_name() {
    assert!(topics::topics().all(|name| topics::topic(name).is_some()));
    assert!(templates::templates().all(|name| templates::template(name).is_some()));
    assert!(templates::template("nonsense").is_none());
    let queue = topics::topic("queue").unwrap();
    assert!(queue.contains("visibility_timeout: \"30s\","), "{queue}");
}

/// A slip of the hand: where, what kind, and a character for it.
fn slip() -> impl Strategy<Value = (prop::sample::Index, usize, char)> {
    (any::<prop::sample::Index>(), 0..6_usize, any::<char>())
}

proptest! {
    /// Whatever a slip of the hand does to a scenario, it is read or explained.
    #[test]
    fn no_text_makes_it_panic(
        template in 0..4_usize,
        slips in prop::collection::vec(slip(), 1..6),
    ) {
        let name = templates::templates().nth(template).unwrap();
        let mut text: Vec<char> = templates::template(name).unwrap().chars().collect();
        for (index, kind, c) in slips {
            let at = index.index(text.len());
            let symbol = ['(', ')', '"', '{', '}', '[', ']', ',', ':', '\\', '/', '-'];
            match kind {
                0 => { text.remove(at); }
                1 => text.insert(at, c),
                2 => text[at] = symbol[c as usize % symbol.len()],
                3 => text.truncate(at.max(1)),
                4 => {
                    let copy = text[at..text.len().min(at + 20)].to_vec();
                    text.splice(at..at, copy);
                }
                _ => { text.drain(at..text.len().min(at + 15)); }
            }
            if text.is_empty() {
                text.push(c);
            }
        }
        let text: String = text.into_iter().collect();
        if let Err(faults) = try_load(&text, &[]) {
            prop_assert!(!faults.is_empty());
            let told = faults.render(false);
            prop_assert!(told.starts_with("error: "), "{}", told);
            prop_assert!(faults.iter().all(|fault| fault.place.is_some()));
        }
    }

    /// Nor does an argument of `--set`.
    #[test]
    fn no_set_makes_it_panic(path in "[a-z.0-9]{0,30}", value in "\\PC{0,20}") {
        let text = templates::template("basic").unwrap();
        if let Err(faults) = try_load(text, &[&format!("{path}={value}")]) {
            prop_assert!(!faults.render(true).is_empty());
        }
    }
}
