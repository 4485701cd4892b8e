//! Small scenarios that between them use every feature of the ledger and its clients.
//!
//! Owns [`all`], by hand and by name, and [`random`], by chance. All producers fall silent long
//! before the end, so that a scenario without a permanent fault ends empty.

use sqsim::facts::deed::DownstreamId;
use sqsim::kernel::dist::Dist;
use sqsim::kernel::rng::{Draws, Source};
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::{
    Capacity, FailureDomain, Failures, Guards, Keys, LedgerConfig, Mechanics, MessageSize, Nodes,
    Outage, Placement, QueueConfig, QueueId, ReceiveRouting, Redrive, Reservoir, SplitPolicy,
};
use sqsim::model::clients::{
    ArrivalProcess, Ask, CallConfig, Crash, Failure, FleetConfig, Heartbeat, Jitter, OnFailure,
    ProducerConfig, Retry, RetryBudget, Several, WorkUnit,
};
use sqsim::model::downstream::{DownstreamBound, DownstreamConfig};
use sqsim::model::scenario::Scenario;

use super::{fleet, named, poisson, poisson_until, producer, queue, scenario, secs};

const ACTIVE: u64 = 300;
const DURATION: u64 = 900;

fn millis(millis: u64) -> Span {
    Span::from_millis(millis)
}

fn exponential(mean: Span) -> Dist {
    Dist::Exponential { mean }
}

/// A scenario of these parts, named and unmeasured at no time.
fn of(name: &str, queues: Vec<QueueConfig>, sends: ProducerConfig, works: FleetConfig) -> Scenario {
    let mut scenario = scenario(queue(), sends, works, secs(DURATION), Span::ZERO);
    name.clone_into(&mut scenario.name);
    scenario.queues = queues.into_iter().map(|config| named("queue", config)).collect();
    for (number, queue) in scenario.queues.iter_mut().enumerate() {
        queue.name = format!("queue-{number}");
    }
    scenario
}

fn sends(rate: f64) -> ProducerConfig {
    producer(poisson_until(rate, secs(ACTIVE)))
}

fn visible_again(timeout: Span) -> QueueConfig {
    QueueConfig { visibility_timeout: timeout, ..queue() }
}

/// Every feature at least once.
pub(crate) fn all() -> Vec<Scenario> {
    vec![
        plain(),
        delay(),
        batch(),
        crash(),
        redrive(),
        splits(),
        prefetch(),
        heartbeat(),
        leaning(),
        pipeline(),
        short_polls(),
        closed(),
        removal(),
        nodes(),
        weak_quorums(),
    ]
}

/// A pool that is too small for its callers, who give up, fail, try again and die.
pub(crate) fn leaning() -> Scenario {
    let mut fleet = fleet(6, exponential(millis(100)));
    fleet.threads = 3;
    fleet.calls = Some(CallConfig {
        to: DownstreamId(0),
        retry: Retry { base: millis(50), cap: secs(1), attempts: Some(3) },
        base_refused: millis(200),
        budget: RetryBudget::Tokens { size: 60, cost: 14, cost_refused: 5 },
    });
    fleet.crash = Some(Crash { mean_time_between: secs(20), restart: exponential(secs(3)) });
    let mut scenario = of("leaning", vec![visible_again(secs(2))], sends(6.0), fleet);
    let config = DownstreamConfig {
        bound: DownstreamBound::Pool { connections: 2 },
        work: exponential(millis(200)),
        failure: 0.1,
        timeout: Some(millis(900)),
        goes_on: true,
        waiting: Some(6),
    };
    scenario.downstreams = vec![named("db", config)];
    scenario
}

fn plain() -> Scenario {
    of("plain", vec![queue()], sends(8.0), fleet(10, exponential(secs(1))))
}

fn delay() -> Scenario {
    let delayed = QueueConfig { delay: secs(5), ..queue() };
    let mut producer = sends(5.0);
    producer.arrivals.push(ArrivalProcess::Burst { at: Time::ZERO, count: 50 });
    of("delay", vec![delayed], producer, fleet(8, exponential(secs(1))))
}

/// Batches everywhere, latencies, few connections.
pub(crate) fn batch() -> Scenario {
    let mut producer = sends(40.0);
    producer.batch = 10;
    producer.linger = millis(150);
    producer.call_latency = Dist::Uniform { min: millis(5), max: millis(300) };
    producer.connections = Some(2);
    let mut fleet = fleet(3, Dist::Gamma { shape: 0.7, mean: millis(500) });
    fleet.receive.max = 10;
    fleet.per = WorkUnit::Batch;
    fleet.call_latency = exponential(millis(20));
    fleet.delete.batch = 10;
    fleet.delete.linger = millis(200);
    fleet.failure.probability = 0.05;
    of("batch", vec![visible_again(secs(20))], producer, fleet)
}

/// Workers die with what they hold.
pub(crate) fn crash() -> Scenario {
    let mut fleet = fleet(6, exponential(millis(800)));
    fleet.threads = 2;
    fleet.crash = Some(Crash { mean_time_between: secs(20), restart: exponential(secs(3)) });
    fleet.start_up = Dist::Uniform { min: Span::ZERO, max: secs(10) };
    fleet.delete.batch = 4;
    of("crash", vec![visible_again(secs(8))], sends(6.0), fleet)
}

/// Failures and poison messages, a dead-letter queue whose messages are worked off.
pub(crate) fn redrive() -> Scenario {
    let redrive = Some(Redrive { to: QueueId(1), max_receives: 3 });
    let mut works = fleet(8, exponential(secs(1)));
    works.failure =
        Failure { probability: 0.3, poison: 0.05, then: OnFailure::LetExpire, whole_batch: false };
    let queues = vec![QueueConfig { redrive, ..visible_again(secs(4)) }, queue()];
    let mut scenario = of("redrive", queues, sends(4.0), works);
    let mut dead = fleet(1, exponential(secs(2)));
    dead.queue = QueueId(1);
    scenario.fleets.push(named("undertakers", dead));
    scenario
}

/// Partitions with little capacity that split under load and merge after it.
pub(crate) fn splits() -> Scenario {
    let split = SplitPolicy::Reservoir(Reservoir {
        threshold: 0.6,
        hold: secs(3),
        cooldown: secs(5),
        merge: 0.5,
        merge_window: secs(20),
        max_partitions: 16,
    });
    let ledger = LedgerConfig {
        capacity: Some(Capacity { per_second: 40.0, burst: 60.0 }),
        ceiling: None,
        keys: Keys::Group { count: 200, zipf: 0.8, hot: 0.0 },
        split,
        guards: Guards::default(),
        mechanics: Mechanics::Metadata { pause: millis(100) },
        ..queue().ledger
    };
    let mut producer = sends(120.0);
    producer.retry.attempts = Some(6);
    let mut fleet = fleet(20, exponential(millis(100)));
    fleet.receive.max = 5;
    of("splits", vec![QueueConfig { ledger, ..queue() }], producer, fleet)
}

/// Buffers in which messages outlive their visibility timeout.
pub(crate) fn prefetch() -> Scenario {
    let mut fleet = fleet(3, exponential(millis(900)));
    fleet.receive.max = 10;
    fleet.receive.prefetch = 10;
    fleet.call_latency = Dist::Constant(millis(30));
    fleet.idempotent = true;
    let mut sends = sends(2.5);
    sends.arrivals.push(ArrivalProcess::Burst { at: Time::ZERO + secs(100), count: 40 });
    of("prefetch", vec![visible_again(secs(6))], sends, fleet)
}

/// Heartbeats that come in time, mostly.
pub(crate) fn heartbeat() -> Scenario {
    let mut fleet = fleet(20, Dist::log_normal_from_mean_cv(secs(2), 2.0));
    fleet.heartbeat = Some(Heartbeat { every: millis(1_900), extend: secs(2) });
    fleet.call_latency = exponential(millis(40));
    of("heartbeat", vec![visible_again(millis(1_800))], sends(5.0), fleet)
}

/// Two queues in a row.
pub(crate) fn pipeline() -> Scenario {
    let mut first = fleet(4, exponential(millis(500)));
    first.forward = Some(QueueId(1));
    first.failure.probability = 0.1;
    first.failure.then = OnFailure::Release(secs(2));
    let queues = vec![queue(), visible_again(secs(5))];
    let mut scenario = of("pipeline", queues, sends(6.0), first);
    let mut second = fleet(10, exponential(secs(1)));
    second.queue = QueueId(1);
    scenario.fleets.push(named("second", second));
    scenario
}

/// Short polls of a sample of partitions, deletes that get lost, a low in-flight cap.
fn short_polls() -> Scenario {
    let mut fleet = fleet(12, exponential(secs(1)));
    fleet.receive.wait = Span::ZERO;
    let ledger = LedgerConfig {
        partitions: 16,
        ceiling: None,
        keys: Keys::Sticky(secs(7)),
        receive: ReceiveRouting::Sample(5),
        ..queue().ledger
    };
    let lossy =
        QueueConfig { ledger, lost_deletes: 0.1, max_in_flight: 10, ..visible_again(secs(15)) };
    of("short-polls", vec![lossy], sends(6.0), fleet)
}

/// Clients that wait for their answer, and a producer that comes and goes.
fn closed() -> Scenario {
    let think = exponential(secs(1));
    let mut clients = producer(ArrivalProcess::Closed { clients: 5, think });
    clients.call_latency = exponential(millis(50));
    let on_off = ArrivalProcess::OnOff {
        rate: 10.0,
        on: exponential(secs(5)),
        off: Dist::Constant(secs(10)),
    };
    let mut scenario = of("closed", vec![queue()], clients, fleet(12, exponential(secs(1))));
    scenario.producers.push(named("on-off", producer(on_off)));
    scenario.duration = secs(ACTIVE);
    scenario.drain = secs(DURATION - ACTIVE);
    scenario
}

/// Messages that are purged and others that grow too old.
fn removal() -> Scenario {
    let purges = vec![Time::ZERO + secs(70), Time::ZERO + secs(250)];
    let short = QueueConfig { purges, retention: secs(60), ..visible_again(secs(10)) };
    let mut works = fleet(2, exponential(secs(1)));
    works.failure.probability = 0.4;
    of("removal", vec![short], sends(4.0), works)
}

/// Six nodes of three zones with little capacity, of which two fail within one repair and one does
/// for good, and receives that hide nothing now and then.
fn nodes() -> Scenario {
    let nodes = Nodes {
        capacity: Some(Capacity { per_second: 14.0, burst: 14.0 }),
        outages: vec![
            outage(FailureDomain::Node(0), secs(50), secs(1_000)),
            outage(FailureDomain::Node(4), secs(60), secs(30)),
        ],
        ..nodes_of(6, [3, 2, 2])
    };
    let ledger = LedgerConfig { partitions: 12, nodes: Some(nodes), ..queue().ledger };
    let queue = QueueConfig { ledger, duplicates: 0.05, ..visible_again(secs(10)) };
    of("nodes", vec![queue], sends(8.0), fleet(12, exponential(secs(1))))
}

/// A zone that serves alone and then fails as the others return: what was deleted there is not.
fn weak_quorums() -> Scenario {
    let outages = vec![
        outage(FailureDomain::Zone(0), secs(60), secs(30)),
        outage(FailureDomain::Zone(1), secs(60), secs(30)),
        outage(FailureDomain::Zone(2), secs(85), secs(30)),
    ];
    let nodes = Nodes { outages, ..nodes_of(3, [3, 1, 1]) };
    let ledger = LedgerConfig { partitions: 4, nodes: Some(nodes), ..queue().ledger };
    let queue = QueueConfig { ledger, ..visible_again(secs(20)) };
    of("weak-quorums", vec![queue], sends(8.0), fleet(12, exponential(secs(1))))
}

fn nodes_of(count: u32, [replicas, write_quorum, read_quorum]: [u32; 3]) -> Nodes {
    Nodes {
        count,
        zones: 3.min(count),
        capacity: None,
        replicas,
        write_quorum,
        read_quorum,
        placement: Placement::EqualPartitions,
        outages: Vec::new(),
        failures: None,
        suspect_after: secs(5),
        replicate_after: secs(20),
        copy: secs(2),
        copy_share: 0.3,
        catch_up: 10,
    }
}

fn outage(domain: FailureDomain, at: Span, lasts: Span) -> Outage {
    Outage { at: Time::ZERO + at, domain, lasts }
}

/// A scenario in which every setting is drawn: two queues, the second the first's dead-letter
/// queue, pipeline target or neither.
pub(crate) fn random(seed: u64) -> Scenario {
    let mut draws = Draws::new(seed);
    let die = &mut draws;
    let mut first = random_queue(die);
    let forwards = one_in(die, 3);
    if !forwards && one_in(die, 2) {
        first.redrive = Some(Redrive { to: QueueId(1), max_receives: 1 + die.below(4) as u32 });
    }
    let mut works = random_fleet(die);
    works.forward = forwards.then_some(QueueId(1));
    let mut producer = random_producer(die);
    producer.arrivals.push(ArrivalProcess::Burst {
        at: Time::ZERO + millis(die.below(20_000)),
        count: die.below(60),
    });
    let second = random_queue(die);
    let mut scenario = of("random", vec![first, second], producer, works);
    let mut others = random_fleet(die);
    others.queue = QueueId(die.below(2) as u32);
    others.several = match die.below(6) {
        0 => Some(Several::Priority(vec![others.queue, QueueId(1 - others.queue.0)])),
        1 => {
            let weight = |queue| (queue, 1 + die.below(4) as u32);
            others.queue = QueueId(0);
            Some(Several::Weighted([0, 1].map(QueueId).map(weight).into()))
        }
        _ => None,
    };
    scenario.fleets.push(named("others", others));
    scenario.producers.push(named("others", random_producer(die)));
    scenario.duration = secs(60);
    scenario.drain = secs(40);
    scenario.window = secs(5);
    scenario.warm_up = secs(10);
    scenario.seed = seed;
    scenario
}

fn one_in(die: &mut Draws, sides: u64) -> bool {
    die.below(sides) == 0
}

fn random_length(die: &mut Draws, longest: u64) -> Dist {
    let mean = millis(1 + die.below(longest));
    match die.below(5) {
        0 => Dist::Constant(Span::ZERO),
        1 => Dist::Constant(mean),
        2 => Dist::Uniform { min: Span::ZERO, max: mean },
        3 => Dist::hyper_exponential_balanced(mean, 2.0),
        _ => exponential(mean),
    }
}

fn random_queue(die: &mut Draws) -> QueueConfig {
    let keys = match die.below(4) {
        0 => Keys::Uniform,
        1 => Keys::PerCall,
        2 => Keys::Sticky(millis(500 + die.below(9_000))),
        _ => Keys::Group { count: 1 + die.below(30) as u32, zipf: 2.0 * die.unit(), hot: 0.0 },
    };
    let reservoir = Reservoir {
        threshold: 0.2 + die.unit() / 2.0,
        hold: secs(die.below(4)),
        cooldown: secs(1 + die.below(10)),
        merge: die.unit(),
        merge_window: secs(6 + die.below(20)),
        max_partitions: 2 + die.below(20) as u32,
    };
    let per_second = 3.0 + 30.0 * die.unit();
    let capacity = Capacity { per_second, burst: 1.0 + die.below(40) as f64 };
    let purges = (1..=die.below(2)).map(|n| Time::ZERO + secs(20 * n)).collect();
    QueueConfig {
        visibility_timeout: millis(die.below(8_000)),
        delay: if one_in(die, 3) { millis(die.below(5_000)) } else { Span::ZERO },
        retention: if one_in(die, 3) { secs(5 + die.below(30)) } else { secs(86_400) },
        max_in_flight: 1 + die.below(40) as u32,
        redrive: None,
        purges,
        lost_deletes: if one_in(die, 3) { die.unit() / 3.0 } else { 0.0 },
        stale_deletes: if one_in(die, 3) { die.unit() } else { 0.0 },
        duplicates: if one_in(die, 3) { die.unit() / 3.0 } else { 0.0 },
        message_size: MessageSize::constant(if one_in(die, 3) { 100_000 } else { 1_000 }),
        counter_lag: Dist::Constant(Span::ZERO),
        ledger: LedgerConfig {
            nodes: one_in(die, 2).then(|| random_nodes(die)),
            partitions: 1 + die.below(9) as u32,
            capacity: (!one_in(die, 3)).then_some(capacity),
            ceiling: None,
            keys,
            split: if one_in(die, 2) {
                SplitPolicy::Reservoir(reservoir)
            } else {
                SplitPolicy::Static
            },
            guards: Guards::default(),
            mechanics: Mechanics::Metadata { pause: millis(die.below(700)) },
            receive: if one_in(die, 2) {
                ReceiveRouting::RegisterAll
            } else {
                ReceiveRouting::Sample(1 + die.below(5) as u32)
            },
        },
    }
}

/// Nodes that fail at known instants, by chance or not at all, with quorums that meet or do not.
fn random_nodes(die: &mut Draws) -> Nodes {
    let count = 1 + die.below(6) as u32;
    let replicas = 1 + die.below(u64::from(count).min(3)) as u32;
    let mut quorum = || 1 + die.below(u64::from(replicas)) as u32;
    let quorums = [replicas, quorum(), quorum()];
    let outages = (0..die.below(4))
        .map(|_| {
            let node = FailureDomain::Node(die.below(u64::from(count)) as u32);
            let [at, lasts] = [50_000, 20_000].map(|most| millis(die.below(most)));
            outage(node, at, lasts)
        })
        .collect();
    let capacity = Capacity { per_second: 10.0 + 90.0 * die.unit(), burst: 10.0 };
    let placement = match die.below(3) {
        0 => Placement::Ring { tokens: 1 + die.below(9) as u32 },
        1 => Placement::Rendezvous,
        _ => Placement::EqualPartitions,
    };
    let failures = Failures {
        mean_time_between: secs(10 + die.below(90)),
        repair: random_length(die, 5_000),
        of_zones: one_in(die, 2),
    };
    Nodes {
        zones: 1 + die.below(u64::from(count)) as u32,
        capacity: one_in(die, 2).then_some(capacity),
        placement,
        outages,
        failures: one_in(die, 2).then_some(failures),
        suspect_after: secs(die.below(4)),
        replicate_after: secs(4 + die.below(10)),
        copy: millis(die.below(4_000)),
        catch_up: 1 + die.below(10) as u32,
        ..nodes_of(count, quorums)
    }
}

fn random_producer(die: &mut Draws) -> ProducerConfig {
    let mut config = producer(poisson(0.5 + 20.0 * die.unit()));
    config.batch = 1 + die.below(10) as u32;
    config.linger = millis(die.below(1_500));
    config.call_latency = random_length(die, 300);
    config.connections = one_in(die, 2).then(|| 1 + die.below(4) as u32);
    config.delay = one_in(die, 4).then(|| millis(die.below(4_000)));
    config.retry.attempts = one_in(die, 2).then(|| 1 + die.below(5) as u32);
    config.queue = QueueId(die.below(2) as u32);
    config
}

fn random_fleet(die: &mut Draws) -> FleetConfig {
    let mut config = fleet(1 + die.below(6) as u32, random_length(die, 2_000));
    config.threads = 1 + die.below(4) as u32;
    config.receive.max = 1 + die.below(10) as u32;
    config.receive.wait = if one_in(die, 3) { Span::ZERO } else { millis(1 + die.below(20_000)) };
    config.receive.pause = Dist::Constant(millis(50 + die.below(900)));
    config.receive.prefetch = if one_in(die, 2) { die.below(15) as u32 } else { 0 };
    config.receive.visibility_timeout = one_in(die, 3).then(|| millis(die.below(6_000)));
    config.per = if one_in(die, 3) { WorkUnit::Batch } else { WorkUnit::Message };
    config.call_latency = random_length(die, 200);
    config.failure.probability = if one_in(die, 2) { die.unit() / 2.0 } else { 0.0 };
    config.failure.poison = if one_in(die, 3) { die.unit() / 5.0 } else { 0.0 };
    if one_in(die, 2) {
        config.failure.then = OnFailure::Release(millis(die.below(4_000)));
    }
    config.heartbeat = one_in(die, 3).then(|| {
        let every = millis(100 + die.below(3_000));
        Heartbeat { every, extend: millis(die.below(5_000)) }
    });
    config.crash = one_in(die, 3).then(|| Crash {
        mean_time_between: millis(500 + die.below(20_000)),
        restart: random_length(die, 5_000),
    });
    config.start_up = random_length(die, 3_000);
    config.delete.batch = 1 + die.below(10) as u32;
    config.delete.linger = millis(die.below(1_000));
    config.idempotent = one_in(die, 3);
    config.retry.attempts = one_in(die, 2).then(|| 1 + die.below(4) as u32);
    config.receive.gap = one_in(die, 4).then(|| random_length(die, 1_000));
    config.receive.ask = if one_in(die, 4) { Ask::Room } else { Ask::Most };
    config.receive.barrier = one_in(die, 4);
    config.failure.whole_batch = config.per == WorkUnit::Batch && one_in(die, 2);
    config.hold = one_in(die, 4).then(|| random_length(die, 8_000));
    match die.below(6) {
        0 => {
            let (base, cap) = (millis(die.below(1_000)), millis(1_000 + die.below(8_000)));
            let jitter = if one_in(die, 2) { Jitter::Full } else { Jitter::None };
            config.failure.then = OnFailure::Backoff { base, cap, jitter };
        }
        1 => {
            let delays = [100, 1_000, 8_000].map(|most| millis(die.below(most)));
            config.failure.then = OnFailure::Delays(delays.into());
        }
        _ => {}
    }
    config
}
