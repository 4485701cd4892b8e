//! What a run is foreseen to need is what it takes, and one that outgrows its limit ends.
//!
//! What is counted is what the program asks of its allocator. Of tables that grew by doubling a
//! part is empty and costs nothing: numbers here are powers of two, so that there is no such part.

#![expect(clippy::print_stdout, reason = "a test tells how close it was")]

#[expect(dead_code, reason = "shared by several test binaries, none of which needs all of it")]
mod support;

#[expect(dead_code, reason = "of the two counts each test binary needs one")]
mod counting;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use sqsim::ScenarioFile;
use sqsim::engine::lockstep::Stepper;
use sqsim::engine::memory::{Needed, Occupant, PROGRAM};
use sqsim::engine::run::{Run, run};
use sqsim::engine::saved::Saved;
use sqsim::engine::world::Ended;
use sqsim::experiment::replicate::{ReplicationPlan, replicate};
use sqsim::kernel::dist::Dist;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::{
    Capacity, Failures, MidpointDoubling, Naive, Nodes, Placement, QueueId, ReceiveRouting,
    SplitPolicy,
};
use sqsim::model::clients::{ArrivalProcess, CountPeriod, WorkUnit};
use sqsim::model::course::{Course, Fork};
use sqsim::model::scenario::Scenario;
use sqsim::outcome::{Estimate, Outcome};
use sqsim::scenario::load::from_text;

use counting::{Counting, most_bytes};
use support::{fleet, named, poisson, producer, queue, scenario, secs};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static GO_ON: AtomicBool = AtomicBool::new(false);

/// One second of little, in two windows.
fn plain() -> Scenario {
    let mut scenario = scenario(
        queue(),
        producer(poisson(50.0)),
        fleet(1, Dist::Constant(secs(0))),
        secs(1),
        secs(0),
    );
    scenario.window = Span::from_millis(500);
    scenario
}

fn assert_foreseen(name: &str, scenario: &Scenario) {
    assert_all_foreseen(name, || scenario.clone());
}

/// The same, with all that `make` takes.
fn assert_all_foreseen(name: &str, make: impl Fn() -> Scenario) {
    let foreseen = Needed::of(&make()).bytes() - PROGRAM;
    let taken = most_bytes(|| drop(run(&make(), 0, &GO_ON)));
    let share = foreseen as f64 / taken as f64;
    println!("{name}: {foreseen} foreseen, {taken} taken, {share:.2}");
    assert!((0.9..1.2).contains(&share), "{name}: {foreseen} foreseen, {taken} taken");
}

#[test]
fn plain_runs() {
    assert_foreseen("plain", &plain());
}

#[test]
fn many_queues() {
    let mut scenario = plain();
    for number in 0..200 {
        scenario.queues.push(named(&format!("more-{number}"), queue()));
    }
    assert_foreseen("idle queues", &scenario);
    for number in 1..=200 {
        let mut producer = scenario.producers[0].clone();
        producer.config.queue = QueueId(number);
        scenario.producers.push(producer);
        let mut fleet = scenario.fleets[0].clone();
        fleet.config.queue = QueueId(number);
        scenario.fleets.push(fleet);
    }
    assert_foreseen("queues", &scenario);
}

#[test]
fn many_windows() {
    let mut scenario = plain();
    scenario.window = Span::from_nanos(10_000);
    // Work that takes time: windows of a fleet in which nothing lasts are all alike.
    scenario.fleets[0].config.processing = Dist::Constant(Span::from_millis(1));
    assert_foreseen("windows", &scenario);
    for number in 0..3 {
        scenario.queues.push(named(&format!("more-{number}"), queue()));
    }
    assert_foreseen("windows, some of idle queues", &scenario);
    for number in 1..4 {
        let (mut producer, mut fleet) = (scenario.producers[0].clone(), scenario.fleets[0].clone());
        (producer.config.queue, fleet.config.queue) = (QueueId(number), QueueId(number));
        scenario.producers.push(producer);
        scenario.fleets.push(fleet);
    }
    assert_foreseen("windows of several", &scenario);
}

#[test]
fn many_windows_of_functions_and_of_downstreams() {
    let file: ScenarioFile = r#"(
        duration: "1s",
        queues: {"jobs": (), "tasks": ()},
        producers: {
            "web": (queue: "jobs", arrivals: Poisson("50/s")),
            "app": (queue: "tasks", arrivals: Poisson("50/s")),
        },
        consumers: {
            "workers": (queue: "jobs", processing: Constant("1ms"), calls: (to: "db")),
            "handler": Lambda(queue: "tasks", timeout: "5s", processing: Constant("1ms"),
                              max_concurrency: 2, batch: 1),
        },
        downstream: {"db": Pool(connections: 1, work: Constant("1ms"))},
    )"#
    .parse()
    .unwrap();
    let mut scenario = file.check().unwrap().scenario;
    scenario.window = Span::from_nanos(10_000);
    assert_foreseen("windows of functions and downstreams", &scenario);
}

#[test]
fn many_partitions() {
    let mut scenario = plain();
    scenario.producers[0].config.arrivals[0] = poisson(100_000.0);
    scenario.fleets[0].config.size = 0.into();
    scenario.queues[0].config.ledger.partitions = 1 << 13;
    assert_foreseen("partitions", &scenario);
    scenario.window = Span::from_millis(2);
    assert_foreseen("partitions in windows", &scenario);
    scenario.queues[0].config.ledger.receive = ReceiveRouting::PowerOfTwo;
    scenario.queues[0].config.ledger.nodes = Some(nodes(12, Placement::EqualPartitions));
    assert_foreseen("partitions on nodes", &scenario);
}

#[test]
fn many_workers() {
    let mut scenario = plain();
    scenario.fleets[0].config.size = (1 << 14).into();
    assert_foreseen("workers", &scenario);
    let fleet = &mut scenario.fleets[0].config;
    fleet.size = (1 << 11).into();
    fleet.threads = 1 << 5;
    assert_foreseen("threads", &scenario);
    let fleet = &mut scenario.fleets[0].config;
    (fleet.per, fleet.receive.max, fleet.receive.prefetch) = (WorkUnit::Batch, 10, 200);
    assert_foreseen("threads that hold several", &scenario);
}

#[test]
fn many_closed_clients() {
    let mut scenario = plain();
    let think = Dist::Exponential { mean: secs(100) };
    scenario.producers[0].config.arrivals[0] = ArrivalProcess::Closed { clients: 1 << 16, think };
    assert_foreseen("closed clients", &scenario);
}

#[test]
fn many_tokens() {
    let mut scenario = plain();
    let nodes = nodes(1_000, Placement::Ring { tokens: 1_024 });
    scenario.queues[0].config.ledger.nodes = Some(nodes);
    assert_foreseen("tokens", &scenario);
}

#[test]
fn many_listed_arrivals() {
    let made = |of: &dyn Fn() -> ArrivalProcess| {
        let mut scenario = plain();
        scenario.producers[0].config.arrivals[0] = of();
        scenario
    };
    let instants: Arc<[Time]> = (0..2_000_000).map(|n| Time::ZERO + secs(2 + n)).collect();
    // A list that others hold is copied once here, as a file's is read once.
    let times = || ArrivalProcess::Times { at: instants.iter().copied().collect() };
    assert_all_foreseen("instants", || made(&times));
    let period =
        |n: u64| CountPeriod { from: Time::ZERO + secs(2 + n), length: secs(1), expected: 1.0 };
    let periods: Arc<[CountPeriod]> = (0..1_000_000).map(period).collect();
    let counts = || ArrivalProcess::Counts { periods: periods.iter().copied().collect() };
    assert_all_foreseen("periods", || made(&counts));
    let points = |n: u64| (Time::ZERO + secs(2 + n), n as f64);
    let profile = || ArrivalProcess::Profile { points: (0..1_000_000).map(points).collect() };
    assert_all_foreseen("points", || made(&profile));
}

fn nodes(count: u32, placement: Placement) -> Nodes {
    Nodes {
        count,
        zones: 1,
        capacity: None,
        replicas: 3,
        write_quorum: 2,
        read_quorum: 2,
        placement,
        outages: Vec::new(),
        failures: None,
        suspect_after: secs(10),
        replicate_after: secs(300),
        copy: secs(20),
        copy_share: 0.3,
        catch_up: 10,
    }
}

/// A scenario that may take `more` bytes beyond what is foreseen.
fn within(mut scenario: Scenario, more: u64) -> Scenario {
    scenario.limits.memory = Needed::of(&scenario).bytes() + more;
    scenario
}

/// A run that grows by more than so many MiB ends there, and not before.
fn assert_ends(name: &str, scenario: &Scenario, room: u64) {
    let room = room << 20;
    let free = run(scenario, 0, &GO_ON);
    assert_eq!(free.ended, Ended::Completed, "{name}");
    let whole = within(scenario.clone(), 16 * room);
    assert_eq!(run(&whole, 0, &GO_ON).ended, Ended::Completed, "{name} has room");
    let scenario = within(scenario.clone(), room);
    let mut measured = None;
    let taken = most_bytes(|| measured = Some(run(&scenario, 0, &GO_ON)));
    let Run { measured, ended, .. } = measured.expect("it ran");
    assert_eq!(ended, Ended::MemoryLimit, "{name}");
    assert!(measured.end < scenario.end() && measured.events < free.measured.events, "{name}");
    // Tables that doubled may be twice as large as what is in them, and are counted so.
    let grown = taken.saturating_sub(scenario.limits.memory - PROGRAM - room) as f64 / room as f64;
    println!("{name}: ended at {} when it had grown by {grown:.2} of its room", measured.end);
    assert!((0.3..1.1).contains(&grown), "{name}: {grown}");
}

/// A backlog grows by a million messages.
fn backlog() -> Scenario {
    let mut scenario = plain();
    scenario.producers[0].config.arrivals[0] = poisson(1_000_000.0);
    scenario.fleets[0].config.size = 0.into();
    scenario
}

#[test]
fn messages_that_wait() {
    assert_ends("a backlog", &backlog(), 8);
}

#[test]
fn messages_in_flight() {
    let mut scenario = backlog();
    scenario.producers[0].config.arrivals[0] = poisson(300_000.0);
    let fleet = &mut scenario.fleets[0].config;
    (fleet.size, fleet.receive.max, fleet.receive.prefetch) = (10.into(), 10, 100_000);
    fleet.processing = Dist::Constant(secs(100));
    assert_ends("messages in buffers", &scenario, 8);
}

#[test]
fn calls_under_way() {
    let mut scenario = backlog();
    let producer = &mut scenario.producers[0].config;
    producer.arrivals[0] = poisson(100_000.0);
    producer.call_latency = Dist::Constant(secs(100));
    assert_ends("calls under way", &scenario, 8);
}

#[test]
fn partitions_that_split() {
    let mut scenario = plain();
    (scenario.duration, scenario.window) = (secs(20 * 60), secs(60));
    scenario.producers[0].config.arrivals[0] = poisson(200.0);
    scenario.producers[0].config.retry.attempts = Some(1);
    scenario.fleets[0].config.size = 0.into();
    let ledger = &mut scenario.queues[0].config.ledger;
    ledger.capacity = Some(Capacity { per_second: 0.001, burst: 1.0 });
    let naive = Naive { threshold: 0.5, merge: 0.0, max_partitions: 4_096 };
    ledger.split = SplitPolicy::Naive(naive);
    assert_ends("partitions", &scenario, 4);
}

/// Each failure and each return is listed for those who draw them.
#[test]
fn nodes_that_fail() {
    let mut scenario = plain();
    scenario.queues[0].config.ledger.nodes = Some(Nodes {
        failures: Some(Failures {
            of_zones: false,
            mean_time_between: Span::from_nanos(40_000),
            repair: Dist::Constant(Span::from_nanos(1_000)),
        }),
        ..nodes(3, Placement::EqualPartitions)
    });
    assert_ends("failures", &scenario, 1);
}

/// Hot partitions of a queue that has its most are refused, each at every look: 1,024 a second.
#[test]
fn splits_that_are_refused() {
    let mut scenario = plain();
    (scenario.duration, scenario.window) = (secs(400), secs(100));
    scenario.producers[0].config.arrivals[0] = poisson(200.0);
    scenario.fleets[0].config.size = 0.into();
    let ledger = &mut scenario.queues[0].config.ledger;
    ledger.capacity = Some(Capacity { per_second: 1.0, burst: 100.0 });
    ledger.partitions = 1 << 10;
    ledger.split = SplitPolicy::MidpointDoubling(MidpointDoubling {
        evaluate: secs(1),
        threshold: 0.05,
        delay: secs(1),
        max_partitions: 1 << 10,
    });
    assert_ends("refusals", &scenario, 8);
}

/// The end is the same, to the event, for a run that is stepped, forked or begun by another.
#[test]
fn the_end_does_not_depend_on_how_a_run_is_made() {
    let scenario = within(backlog(), 8 << 20);
    let whole = run(&scenario, 0, &GO_ON);
    assert_eq!(whole.ended, Ended::MemoryLimit);
    let last = Stepper::new(&scenario, 0).last().expect("a fact").0;
    assert_eq!(last, whole.measured.end, "stepped");
    let mut more = within(backlog(), 9 << 20);
    let halfway = Time::ZERO + (whole.measured.end - Time::ZERO) / 2;
    for (began, then) in [(&scenario, &scenario), (&more, &scenario), (&scenario, &more)] {
        let direct = run(then, 0, &GO_ON).measured;
        let at = halfway;
        let course = Course { scenario: began, fork: Some(Fork { at, then }) };
        let forked = run(course, 0, &GO_ON);
        assert_eq!(forked.ended, Ended::MemoryLimit);
        assert_eq!(forked.measured.fingerprint, direct.fingerprint, "forked");
        assert_eq!(forked.measured.end, direct.end, "forked");
        let saved = Saved::at(at, began, 0, &GO_ON).run(then, &GO_ON);
        assert_eq!(saved.measured.fingerprint, direct.fingerprint, "saved");
        assert_eq!(saved.measured.end, direct.end, "saved");
        let stepped = Stepper::new(course, 0).last().expect("a fact").0;
        assert_eq!(stepped, direct.end, "stepped and forked");
    }
    // Behind the end of the first, the other has a future of its own.
    let at = whole.measured.end + Span::from_nanos(1);
    more.limits.memory = u64::MAX;
    let saved = Saved::at(at, &scenario, 0, &GO_ON).run(&more, &GO_ON);
    assert_eq!((saved.ended, saved.measured.end), (Ended::Completed, more.end()));
}

/// Nothing is laid out for a scenario that does not fit, whatever its size.
#[test]
fn what_cannot_be_is_foreseen_too() {
    let mut scenario = plain();
    scenario.duration = Span::MAX;
    scenario.window = Span::from_nanos(1);
    scenario.queues[0].config.ledger.partitions = u32::MAX;
    (scenario.fleets[0].config.size, scenario.fleets[0].config.threads) =
        (u32::MAX.into(), u32::MAX);
    assert_eq!(Needed::of(&scenario).bytes(), u64::MAX);
    assert_eq!(Needed::of(&scenario).most().0, Occupant::Windows);
    scenario.duration = secs(1);
    scenario.window = secs(1);
    assert_eq!(Needed::of(&scenario).most().0, Occupant::Workers);
}

/// What is kept of each replication: half of the most that there ever is belongs to those of the
/// second half. Lengths spread, so that distributions are a large part of it.
#[test]
fn what_is_kept_of_replications_is_counted() {
    let mut small = plain();
    for number in 1..30 {
        let name = format!("more-{number}");
        let (mut producer, mut fleet) =
            (producer(poisson(50.0)), fleet(1, Dist::Constant(secs(0))));
        (producer.queue, fleet.queue) = (QueueId(number), QueueId(number));
        small.queues.push(named(&name, queue()));
        small.producers.push(named(&name, producer));
        small.fleets.push(named(&name, fleet));
    }
    let mut large = plain();
    large.producers[0].config.arrivals[0] = poisson(2_000.0);
    large.fleets[0].config.processing = Dist::Exponential { mean: secs(1) };
    large.fleets[0].config.size = 3_000.into();
    for (name, scenario) in [("outcomes", small), ("distributions", large)] {
        let mut kept = 0;
        let mut peak = |replications| {
            most_bytes(|| {
                let plan =
                    ReplicationPlan { replications, threads: 1, interrupt: &GO_ON, progress: None };
                let runs = replicate(&scenario, plan);
                kept = runs.outcomes.iter().map(Outcome::bytes).sum();
                drop(Estimate::of(&runs.outcomes));
            })
        };
        // As powers of two: tables that doubled are full.
        let taken = peak(256) - peak(128);
        let share = kept as f64 / taken as f64;
        println!("{name}: {kept} of 128 runs counted, {taken} taken, {share:.2}");
        assert!((0.85..1.2).contains(&share), "{name}: {kept} counted, {taken} taken");
    }
}

/// What loading a text from memory says.
fn told(text: &str) -> Result<Scenario, String> {
    let no_files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
    match from_text("large.ron", text, &[], &no_files) {
        Ok(loaded) => Ok(loaded.scenario),
        Err(faults) => Err(faults.to_string()),
    }
}

/// Each at the setting that takes most, before anything is laid out.
#[test]
fn what_does_not_fit_is_refused_at_what_takes_most() {
    // A queue of which nothing is ever told takes little: these are purged.
    let queues = |count: u32, each: &str| {
        let queue = |at| format!("\"q{at}\": (purge: [\"1s\"], {each})");
        let queues: Vec<String> = (0..count).map(queue).collect();
        format!("queues: {{{}}}", queues.join(", "))
    };
    let one = queues(1, "");
    let many = "ledger: (partitions: 65536)";
    let ring = "ledger: (nodes: (count: 4096, placement: Ring(tokens: 1024)))";
    let cases = [
        (format!("window: \"1ms\", {}", queues(1, many)), "at window", "loads of 65536 partitions"),
        (format!("window: \"1ms\", {}", queues(400, "")), "at window", "100001 windows"),
        (queues(10_000, ""), "at queues", "10000 queues"),
        (queues(40, many), "at queues.q0.ledger.partitions", "65536 partitions in 501 windows"),
        (
            format!("window: \"100s\", {}", queues(40, many)),
            "at queues.q0.ledger.partitions",
            "partitions, 65536 of them in `q0`",
        ),
        (queues(100, ring), "at queues.q0.ledger.nodes", "nodes with their tokens"),
        (
            format!(
                "{one}, consumers: {{\"w\": (queue: \"q0\", count: 5000000, \
                 processing: Constant(\"1s\"))}}"
            ),
            "at consumers.w.count",
            "workers, 5000000 with 1 threads each in `w`",
        ),
        (
            format!(
                "{one}, producers: {{\"p\": (queue: \"q0\", \
                 arrivals: Closed(clients: 10000000, think: Exponential(\"1s\")))}}"
            ),
            "at producers.p.arrivals",
            "closed clients, most of them in `p`",
        ),
    ];
    for (text, place, part) in cases {
        let text = format!("(duration: \"100s\", {text}, limits: (memory: \"3GiB\"))");
        let fault = told(&text).map(drop).expect_err(place);
        assert!(fault.contains("more than the 3GiB of `limits.memory`"), "{place}: {fault:.600}");
        assert!(fault.contains(place) && fault.contains(part), "{place}: {fault:.600}");
        let suggested = fault.split("`limits: ").nth(1).and_then(|rest| rest.split('`').next());
        let allowed = text.replace("(memory: \"3GiB\")", suggested.expect("what allows it"));
        assert!(told(&allowed).is_ok(), "{place}: what is suggested does not allow it");
    }
}
