//! The scenario of each workload.
//!
//! Owns what is simulated, as a function of its length. Must not know how long the suite makes it,
//! how often it runs, nor what is read off.
//!
//! Each begins with the plainest system of `tests/support` and changes what it is about. Wherever
//! messages arise at random they are the first of one and the same unit Poisson process (the seed
//! and the producer's name are always the same), so a length in mean gaps says how many.

use std::path::PathBuf;

use sqsim::experiment::sweep::SweepAsked;
use sqsim::kernel::dist::Dist;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::{
    Capacity, Nodes, Placement, QueueConfig, QueueId, Reservoir, SplitPolicy,
};
use sqsim::model::clients::{ArrivalProcess, FleetConfig, Heartbeat, ProducerConfig};
use sqsim::model::scenario::Scenario;
use sqsim::scenario::file::ScenarioFile;
use sqsim::scenario::load::Text;

use crate::support::{fleet, named, poisson, producer, queue, scenario, secs};

/// The shortest time: what must come after time zero, but before anything else.
const FIRST_INSTANT: Span = Span::from_nanos(1);

/// In flight in [`long_visibility`].
pub(crate) const LONG_IN_FLIGHT: u64 = 1_000_000;

/// In flight in [`heartbeats`].
pub(crate) const HEARTS: u64 = 100_000;

/// Messages of one replication of [`replication`], in mean gaps.
pub(crate) const REPLICATION_GAPS: u64 = 20_000;

/// M/M/10 at load 0.8: 1,000 messages a second, 8 ms of work each.
pub(crate) fn mm10(gaps: u64) -> Scenario {
    let fleet = fleet(10, exponential(Span::from_millis(8)));
    drained(queue(), producer(poisson(1e3)), fleet, Span::from_millis(gaps))
}

/// Ten thousand invocations of a function at once: 100,000 messages a second, 100 ms of work each,
/// one an invocation. Its environments are there as soon as they are asked for.
pub(crate) fn functions(gaps: u64) -> Scenario {
    let function: ScenarioFile = FUNCTION.parse().expect("the function is whole");
    let function = function.check().expect("the function is in range").scenario;
    let fleet = fleet(0, exponential(Span::from_millis(100)));
    let length = Span::from_nanos(10_000 * gaps);
    let mut scenario = drained(queue(), producer(poisson(1e5)), fleet, length);
    scenario.fleets.clear();
    (scenario.functions, scenario.account) = (function.functions, function.account);
    scenario
}

const FUNCTION: &str = r#"(
    duration: "1s",
    account: (concurrency: 20000),
    queues: {"jobs": ()},
    consumers: {"handler": Lambda(
        queue: "jobs",
        batch: 1,
        timeout: "30s",
        processing: Exponential("100ms"),
        call_latency: Constant("0s"),
        scaling: (start: 20000, ceiling: 20000),
        environments: (cold_start: Constant("0s"), per_10_s: 1000000),
    )},
)"#;

/// Parts that stand idle beside a busy one.
pub(crate) const IDLE: u32 = 800;

/// As [`mm10`], beside queues that nobody uses.
pub(crate) fn idle_queues(gaps: u64) -> Scenario {
    let mut scenario = mm10(gaps);
    scenario.queues.extend((0..IDLE).map(|number| named(&format!("idle-{number}"), queue())));
    scenario
}

/// As [`mm10`], beside producers at which nothing arises.
pub(crate) fn idle_producers(gaps: u64) -> Scenario {
    let mut scenario = mm10(gaps);
    let mut idle = scenario.producers[0].config.clone();
    idle.arrivals.clear();
    let idle = (0..IDLE).map(|number| named(&format!("idle-{number}"), idle.clone()));
    scenario.producers.extend(idle);
    scenario
}

/// As [`mm10`], beside fleets of one worker each that wait at an empty queue.
pub(crate) fn idle_fleets(gaps: u64) -> Scenario {
    let mut scenario = mm10(gaps);
    scenario.queues.push(named("empty", queue()));
    let mut idle = fleet(1, exponential(Span::from_millis(8)));
    idle.queue = QueueId(1);
    let idle = (0..IDLE).map(|number| named(&format!("idle-{number}"), idle.clone()));
    scenario.fleets.extend(idle);
    scenario
}

/// As [`mm10`]; sends, receives and deletes in batches of ten.
pub(crate) fn batch10(gaps: u64) -> Scenario {
    let mut scenario = mm10(gaps);
    scenario.producers[0].config.batch = 10;
    let fleet = &mut scenario.fleets[0].config;
    fleet.receive.max = 10;
    fleet.delete.batch = 10;
    scenario
}

/// 10,000 workers at load 0.8 of a queue with a million messages a second and 64 partitions.
pub(crate) fn ten_thousand(gaps: u64) -> Scenario {
    let mut queue = queue();
    queue.ledger.partitions = 64;
    let fleet = fleet(10_000, exponential(Span::from_millis(8)));
    drained(queue, producer(poisson(1e6)), fleet, Span::from_micros(gaps))
}

/// As [`ten_thousand`], with 1,024 partitions on 256 nodes.
pub(crate) fn many_nodes(gaps: u64) -> Scenario {
    let mut scenario = ten_thousand(gaps);
    let ledger = &mut scenario.queues[0].config.ledger;
    ledger.partitions = 1_024;
    ledger.nodes = Some(Nodes {
        count: 256,
        zones: 3,
        capacity: None,
        replicas: 3,
        write_quorum: 2,
        read_quorum: 2,
        placement: Placement::EqualPartitions,
        outages: Vec::new(),
        failures: None,
        suspect_after: secs(10),
        replicate_after: secs(300),
        copy: secs(20),
        copy_share: 0.3,
        catch_up: 10,
    });
    scenario
}

/// A visibility timeout of 12 hours and a million messages in flight in the mean, from the first
/// moment: see [`in_flight`].
pub(crate) fn long_visibility(gaps: u64) -> Scenario {
    in_flight::<LONG_IN_FLIGHT>(gaps)
}

/// 100,000 messages in flight at once, one every 100 µs for the first 10 s. Each is extended
/// `beats` times, every 10 s, and ends a second later.
pub(crate) fn heartbeats(beats: u64) -> Scenario {
    let at: Vec<Time> =
        (0..HEARTS).map(|number| Time::ZERO + Span::from_micros(100 * number)).collect();
    let every = secs(10);
    let work = every * beats + secs(1);
    let mut fleet = fleet((HEARTS / 1_000) as u32, Dist::Constant(work));
    fleet.threads = 1_000;
    fleet.heartbeat = Some(Heartbeat { every, extend: secs(30) });
    let mut queue = queue();
    queue.visibility_timeout = secs(30);
    undrained(queue, producer(ArrivalProcess::Times { at: at.into() }), fleet, secs(10) + work)
}

/// Half of all deliveries outlive their timeout: the work is exponential, the timeout is its
/// median. A message is delivered about twice, so 100 workers at 5,000 messages a second and 8 ms
/// of work are at load 0.8 and returned messages hardly wait.
pub(crate) fn redelivery_storm(gaps: u64) -> Scenario {
    let mut queue = queue();
    // 8 ms × ln 2.
    queue.visibility_timeout = Span::from_micros(5_545);
    let fleet = fleet(100, exponential(Span::from_millis(8)));
    drained(queue, producer(poisson(5e3)), fleet, Span::from_micros(200 * gaps))
}

/// `messages` are there when 1,000 workers start, who then take 8 µs for each together.
pub(crate) fn deep_backlog(messages: u64) -> Scenario {
    let mut fleet = fleet(1_000, exponential(Span::from_millis(8)));
    fleet.start_up = Dist::Constant(FIRST_INSTANT);
    // The spare time for the last ones is too short for a long poll to end empty.
    let length = Span::from_micros(8 * messages) + secs(10);
    let mut scenario = undrained(queue(), producer(burst(messages)), fleet, length);
    scenario.limits.resident = u64::MAX;
    scenario
}

/// A flash crowd: six times the rate doubles within 20 s and so does, somewhat later, the number of
/// partitions, from 4 to 256. Ten seconds after the last of them about half of the crowd leaves.
/// What comes too early for the partitions is throttled and tried again.
pub(crate) fn splitting(gaps: u64) -> Scenario {
    let mut queue = queue();
    queue.ledger.partitions = 4;
    queue.ledger.capacity = Some(Capacity { per_second: 200.0, burst: 20.0 });
    queue.ledger.split = SplitPolicy::Reservoir(Reservoir {
        threshold: 0.75,
        hold: secs(10),
        cooldown: secs(60),
        merge: 0.5,
        merge_window: secs(120),
        max_partitions: 256,
    });
    let doubled = (0..=6).map(|doublings| (20 * doublings, f64::from(600 << doublings)));
    let points: Vec<(u64, f64)> = doubled.chain([(130, 38_400.0), (131, 20_000.0)]).collect();
    let between = points.windows(2).map(|pair| {
        let [(from, before), (to, after)] = [pair[0], pair[1]];
        (to - from) as f64 * (before + after) / 2.0
    });
    let rest = (gaps as f64 - between.sum::<f64>()) / 20_000.0;
    let length = secs(131) + Span::round_nanos(rest * 1e9);
    let points = points.iter().map(|&(at, rate)| (Time::ZERO + secs(at), rate)).collect();
    let mut fleet = fleet(1_000, exponential(Span::from_millis(10)));
    fleet.receive.max = 10;
    fleet.delete.batch = 10;
    fleet.delete.linger = Span::from_millis(50);
    drained(queue, producer(ArrivalProcess::Profile { points }), fleet, length)
}

/// The same work on each message whatever `WAITING` is: that many wait at the beginning, and ten
/// workers take as many a second as come, so that about as many wait until the end.
pub(crate) fn waiting<const WAITING: u64>(gaps: u64) -> Scenario {
    let mut fleet = fleet(10, exponential(Span::from_millis(10)));
    fleet.start_up = Dist::Constant(FIRST_INSTANT);
    let mut producer = producer(poisson(1e3));
    producer.arrivals.push(burst(WAITING));
    undrained(queue(), producer, fleet, Span::from_millis(gaps))
}

/// `IN_FLIGHT` messages are worked on in the mean, from the first moment: that many begin at once,
/// as many as are worked on in 100 s arise in 100 s, which is the mean work, and exponential work
/// does not remember when it began. A tenth more threads than that, so that none waits.
pub(crate) fn in_flight<const IN_FLIGHT: u64>(gaps: u64) -> Scenario {
    let mut fleet = fleet((IN_FLIGHT / 1_000) as u32, exponential(secs(100)));
    fleet.threads = 1_100;
    let mut producer = producer(poisson(IN_FLIGHT as f64 / 100.0));
    producer.arrivals.push(burst(IN_FLIGHT));
    undrained(queue(), producer, fleet, Span::from_micros(100_000_000 / IN_FLIGHT * gaps))
}

/// A short run of which there are many.
pub(crate) fn replication(_replications: u64) -> Scenario {
    mm10(REPLICATION_GAPS)
}

/// Replications at each point of the sweep.
pub(crate) const SWEPT_REPLICATIONS: u64 = 10;

/// M/M/10 at load 0.8 for 10,000 messages, as a file.
const SWEPT: &str = "(
    duration: \"10s\",
    drain: \"1s\",
    queues: {\"jobs\": ()},
    producers: {\"web\": (queue: \"jobs\", arrivals: Poisson(\"1000/s\"))},
    consumers: {\"workers\": (queue: \"jobs\", count: 10, processing: Exponential(\"8ms\"))},
)";

/// A sweep over so many visibility timeouts, all of which give runs of one cost.
pub(crate) fn sweep(points: u64) -> (SweepAsked, Text) {
    let asked = SweepAsked {
        about: String::new(),
        model: "swept.ron".to_owned(),
        set: Vec::new(),
        vary: vec![format!("queues.jobs.visibility_timeout=30s..{}s:1s", 29 + points)],
        measures: ["sent", "p99(sent_to_deleted)", "busy"].map(str::to_owned).to_vec(),
        reps: SWEPT_REPLICATIONS,
        seed: None,
    };
    let (name, directory) = ("swept.ron".to_owned(), PathBuf::new());
    (asked, Text { name, directory, text: SWEPT.to_owned() })
}

/// The scenario that [`sweep`] sweeps.
pub(crate) fn swept(points: u64) -> Scenario {
    sweep(points).1.load(&[]).expect("the scenario is whole").scenario
}

fn exponential(mean: Span) -> Dist {
    Dist::Exponential { mean }
}

/// `count` messages at time zero.
fn burst(count: u64) -> ArrivalProcess {
    ArrivalProcess::Burst { at: Time::ZERO, count }
}

/// A scenario that is measured from the beginning, and ends as it is.
fn undrained(
    queue: QueueConfig,
    producer: ProducerConfig,
    fleet: FleetConfig,
    duration: Span,
) -> Scenario {
    scenario(queue, producer, fleet, duration, Span::ZERO)
}

/// As [`undrained`], but all messages are worked off. The time for it is too short for a long poll
/// that ends empty.
fn drained(
    queue: QueueConfig,
    producer: ProducerConfig,
    fleet: FleetConfig,
    duration: Span,
) -> Scenario {
    let mut scenario = undrained(queue, producer, fleet, duration);
    scenario.drain = secs(3);
    scenario
}
