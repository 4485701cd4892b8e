//! A short made-up run for the tests of the formats: every kind of fact at least once.
//!
//! Owns the sequence below. Must not know the formats.

use crate::facts::deed::{
    Deed, DownstreamId, Ending, FleetId, FunctionId, ProducerId, Returned, WorkerId,
};
use crate::facts::observer::Observer;
use crate::kernel::dist::Dist;
use crate::kernel::time::{Span, Time};
use crate::ledger::config::{
    Capacity, Guards, Keys, LedgerConfig, Mechanics, MessageSize, NodeId, QueueConfig, QueueId,
    ReceiveRouting, Redrive, Reservoir, SplitPolicy,
};
use crate::ledger::journal::{
    Action, Call, Caller, Change, Held, KeySpace, MessageId, NodeChange, PartitionId, Refusal,
    State, Step,
};
use crate::model::clients::{
    ArrivalProcess, Ask, Crash, DeleteConfig, Failure, FleetConfig, OnFailure, OnStop,
    ProducerConfig, ReceiveConfig, Retry, WorkUnit,
};
use crate::model::downstream::{DownstreamBound, DownstreamConfig};
use crate::model::functions::{Account, Environments, FunctionConfig, Pollers, Ramp, Slope};
use crate::model::scenario::{Limits, Named, Prices, Scenario};

/// Where the sample ends.
pub(super) const END: Time = Time::from_nanos(80_000_000_000);
/// The main queue.
pub(super) const QUEUE: QueueId = QueueId(0);
/// Its dead-letter queue.
pub(super) const DEAD: QueueId = QueueId(1);

/// Something that happened.
#[derive(Clone, Copy)]
pub(super) enum Fact {
    /// In the ledger.
    Change(QueueId, Change),
    /// At a client.
    Deed(Deed),
}

/// A run of the engine in which everything goes wrong now and then.
pub(crate) fn troubled() -> Scenario {
    let mut scenario = scenario();
    let queue = &mut scenario.queues[0].config;
    queue.visibility_timeout = Span::from_secs(2);
    queue.delay = Span::from_millis(100);
    queue.redrive = Some(Redrive { to: DEAD, max_receives: 3 });
    queue.lost_deletes = 0.01;
    let ledger = &mut queue.ledger;
    ledger.partitions = 2;
    ledger.capacity = Some(Capacity { per_second: 30.0, burst: 5.0 });
    ledger.split = SplitPolicy::Reservoir(Reservoir {
        threshold: 0.4,
        hold: Span::from_secs(2),
        cooldown: Span::from_secs(4),
        merge: 0.5,
        merge_window: Span::from_secs(10),
        max_partitions: 8,
    });
    let arrivals = &mut scenario.producers[0].config.arrivals;
    let points = [(0, 5.0), (20, 60.0), (40, 5.0), (70, 1.0)];
    let points = points.map(|(secs, rate)| (Time::ZERO + Span::from_secs(secs), rate)).to_vec();
    *arrivals = vec![ArrivalProcess::Profile { points }];
    scenario.functions.clear();
    let fleet = &mut scenario.fleets[0].config;
    fleet.size = 5.into();
    fleet.receive.prefetch = 4;
    fleet.processing = Dist::Exponential { mean: Span::from_millis(400) };
    fleet.call_latency = Dist::Constant(Span::from_millis(5));
    fleet.failure.probability = 0.1;
    fleet.crash = Some(Crash {
        mean_time_between: Span::from_secs(20),
        restart: Dist::Constant(Span::from_secs(1)),
    });
    scenario.limits.events = 1_000_000;
    scenario.limits.resident = 100_000;
    scenario
}

/// Tells an observer the whole sample.
pub(super) fn play(observer: &mut impl Observer) {
    for (now, fact) in facts() {
        match fact {
            Fact::Change(queue, change) => observer.change(now, queue, &change),
            Fact::Deed(deed) => observer.deed(now, &deed),
        }
    }
}

fn queue(redrive: Option<Redrive>) -> QueueConfig {
    QueueConfig {
        visibility_timeout: Span::from_secs(30),
        delay: Span::ZERO,
        retention: Span::from_secs(345_600),
        max_in_flight: 120_000,
        redrive,
        purges: Vec::new(),
        lost_deletes: 0.0,
        stale_deletes: 0.0,
        message_size: MessageSize::constant(1_024),
        counter_lag: Dist::Constant(Span::ZERO),
        duplicates: 0.0,
        ledger: LedgerConfig {
            partitions: 1,
            capacity: None,
            ceiling: None,
            keys: Keys::Uniform,
            split: SplitPolicy::Static,
            guards: Guards::default(),
            mechanics: Mechanics::Metadata { pause: Span::ZERO },
            receive: ReceiveRouting::RegisterAll,
            nodes: None,
        },
    }
}

/// What workers lean on.
fn pool() -> DownstreamConfig {
    DownstreamConfig {
        bound: DownstreamBound::Pool { connections: 1 },
        work: Dist::Constant(Span::ZERO),
        failure: 0.0,
        timeout: None,
        goes_on: false,
        waiting: None,
    }
}

/// Two queues, one producer, three workers of two threads.
pub(crate) fn scenario() -> Scenario {
    let zero = || Dist::Constant(Span::ZERO);
    let retry = Retry { base: Span::from_millis(50), cap: Span::from_secs(5), attempts: None };
    Scenario {
        name: "sample".into(),
        about: "A made-up run".into(),
        duration: Span::from_secs(70),
        drain: Span::from_secs(10),
        warm_up: Span::ZERO,
        seed: 42,
        window: Span::from_secs(1),
        queues: vec![
            Named {
                name: "signups".into(),
                config: queue(Some(Redrive { to: DEAD, max_receives: 1 })),
            },
            Named { name: "signups-dlq".into(), config: queue(None) },
        ],
        producers: vec![Named {
            name: "web".into(),
            config: ProducerConfig {
                queue: QUEUE,
                arrivals: vec![ArrivalProcess::Poisson { rate: 1.0 }],
                batch: 1,
                linger: Span::ZERO,
                call_latency: zero(),
                connections: None,
                delay: None,
                retry,
            },
        }],
        fleets: vec![Named {
            name: "workers".into(),
            config: FleetConfig {
                queue: QUEUE,
                several: None,
                size: 3.into(),
                threads: 2,
                receive: receive(),
                processing: zero(),
                per: WorkUnit::Message,
                calls: None,
                call_latency: zero(),
                failure: Failure {
                    probability: 0.0,
                    poison: 0.0,
                    then: OnFailure::LetExpire,
                    whole_batch: false,
                },
                hold: None,
                heartbeat: None,
                crash: None,
                hosts: None,
                on_stop: OnStop::Finish,
                grace: None,
                deploys: None,
                start_up: zero(),
                delete: DeleteConfig { batch: 1, linger: Span::ZERO },
                idempotent: false,
                forward: None,
                retry,
            },
        }],
        downstreams: vec![Named { name: "db".into(), config: pool() }],
        expect: Vec::new(),
        limits: Limits { events: 1_000, resident: 1_000, trace_bytes: u64::MAX, memory: u64::MAX },
        prices: Prices::default(),
        functions: vec![Named { name: "handler".into(), config: handler(retry) }],
        account: Account::default(),
    }
}

/// What `handler` is told.
fn handler(retry: Retry) -> FunctionConfig {
    let zero = || Dist::Constant(Span::ZERO);
    FunctionConfig {
        queue: QUEUE,
        batch: 10,
        window: Span::ZERO,
        pollers: Pollers::OnDemand { max: None, idle: 5 },
        ramp: Ramp {
            start: 5,
            slope: 300,
            shape: Slope::Even,
            ceiling: 1_250,
            back_off: Span::from_secs(10),
            failing: 0.5,
        },
        reserved: None,
        timeout: Span::from_secs(1),
        partial: false,
        processing: zero(),
        per: WorkUnit::Message,
        failure: Failure {
            probability: 0.0,
            poison: 0.0,
            then: OnFailure::LetExpire,
            whole_batch: false,
        },
        memory: 128,
        environments: Environments {
            cold_start: zero(),
            keep_warm: Span::from_secs(600),
            per_10_s: 1_000,
        },
        gap: Span::ZERO,
        call_latency: zero(),
        retry,
        invoke_retry: retry,
    }
}

fn receive() -> ReceiveConfig {
    ReceiveConfig {
        max: 10,
        wait: Span::from_secs(20),
        visibility_timeout: None,
        prefetch: 0,
        pause: Dist::Constant(Span::ZERO),
        gap: None,
        ask: Ask::Most,
        barrier: false,
    }
}

fn sent(message: u64, state: State) -> Fact {
    let message = MessageId(message);
    Fact::Change(QUEUE, Change::Message(message, Step::Sent { partition: PartitionId(0), state }))
}

fn received(message: u64, worker: u32, receives: u32, times: (u64, u64), c: Option<Held>) -> Fact {
    Fact::Change(
        QUEUE,
        Change::Message(
            MessageId(message),
            Step::Received {
                caller: Caller(worker),
                partition: PartitionId(0),
                receives,
                sent: Time::from_nanos(times.0 * 1_000_000),
                until: Time::from_nanos(times.1),
                cause: c,
            },
        ),
    )
}

fn began(message: u64, worker: u32, receives: u32) -> Fact {
    let (worker, message) = (WorkerId(worker), MessageId(message));
    Fact::Deed(Deed::Began { worker, thread: 0, queue: QUEUE, message, receives })
}

fn ended(message: u64, worker: u32, sent_ms: u64, took_ms: u64, how: Ending) -> Fact {
    Fact::Deed(Deed::Ended {
        worker: WorkerId(worker),
        fleet: FleetId(0),
        thread: 0,
        queue: QUEUE,
        message: MessageId(message),
        sent: Time::from_nanos(sent_ms * 1_000_000),
        took: Span::from_millis(took_ms),
        how,
    })
}

/// The sample, in order of time.
pub(super) fn facts() -> Vec<(Time, Fact)> {
    let back = [back_again(), function(), calls()];
    let parts = [life_of_312(), others(), faults(), come_and_go(), nodes()];
    let parts = parts.into_iter().chain(back);
    let mut facts: Vec<_> = parts.into_iter().flatten().collect();
    facts.sort_by_key(|(now, _)| *now);
    facts
}

fn at(millis: u64) -> Time {
    Time::from_nanos(millis * 1_000_000)
}

/// A message whose work outlives the timeout, so that it is done twice.
fn life_of_312() -> Vec<(Time, Fact)> {
    let message = MessageId(312);
    let second = Time::from_nanos(41_207_318_500);
    let web = ProducerId(0);
    let change = |change| Fact::Change(QUEUE, change);
    let busy = Deed::Busy { worker: WorkerId(0), fleet: FleetId(0), busy: 1, was: 0 };
    vec![
        (at(990), Fact::Deed(Deed::Arrived { producer: web })),
        (at(1_000), change(Change::Call(Call::Made { action: Action::Send, asked: 0, chunks: 1 }))),
        (at(1_000), sent(312, State::Visible)),
        (
            at(1_000),
            Fact::Deed(Deed::SendConfirmed {
                producer: web,
                messages: 1,
                waited: Span::ZERO,
                took: Span::ZERO,
            }),
        ),
        (at(1_100), received(312, 0, 1, (1_000, 31_100_000_000), None)),
        (at(1_150), began(312, 0, 1)),
        (at(1_150), Fact::Deed(busy)),
        (
            at(31_100),
            change(Change::Message(message, Step::Returned { cause: Held::Working, receives: 1 })),
        ),
        (second, received(312, 1, 2, (1_000, 71_207_318_500), Some(Held::Working))),
        (at(41_250), began(312, 1, 2)),
        (at(45_000), ended(312, 0, 1_000, 43_850, Ending::Done)),
        (at(45_010), change(Change::Message(message, Step::DeletedNothing {}))),
        (at(46_000), ended(312, 1, 1_000, 4_750, Ending::Duplicate)),
        (at(46_010), change(Change::Message(message, Step::DeleteLost {}))),
        (
            at(46_100),
            change(Change::Message(
                message,
                Step::Deleted { sent: at(1_000), receives: 2, from: State::InFlight },
            )),
        ),
    ]
}

/// A failure that ends in the dead-letter queue, and messages that leave in the other ways.
fn others() -> Vec<(Time, Fact)> {
    let change = |change| Fact::Change(QUEUE, change);
    let message = MessageId(313);
    let caller = Caller(2);
    vec![
        (at(2_000), sent(313, State::Delayed)),
        (at(7_000), change(Change::Message(message, Step::DelayEnded {}))),
        (at(7_200), received(313, 2, 1, (2_000, 37_200_000_000), None)),
        (at(7_200), began(313, 2, 1)),
        (at(8_000), ended(313, 2, 2_000, 800, Ending::Failed)),
        (
            at(8_000),
            change(Change::Message(message, Step::VisibilityChanged { until: at(12_000) })),
        ),
        (
            at(12_000),
            change(Change::Message(message, Step::Returned { cause: Held::Failed, receives: 1 })),
        ),
        (
            at(42_000),
            change(Change::Message(
                message,
                Step::DeadLettered { to: DEAD, receives: 1, cause: Held::Failed },
            )),
        ),
        (at(42_000), Fact::Change(DEAD, Change::Message(message, Step::MovedIn { from: QUEUE }))),
        (
            at(43_000),
            change(Change::Call(Call::ReceivedNothing {
                caller,
                falsely: true,
                over_limit: false,
            })),
        ),
        (at(48_000), sent(314, State::Visible)),
        (at(48_000), sent(315, State::Visible)),
        (at(48_000), sent(316, State::Visible)),
        (at(48_000), sent(317, State::Visible)),
        (at(49_000), received(314, 2, 1, (48_000, 79_000_000_000), None)),
        (at(49_000), began(314, 2, 1)),
        (
            at(60_000),
            change(Change::Message(MessageId(315), Step::Expired { from: State::Visible })),
        ),
        (
            at(61_000),
            change(Change::Message(MessageId(316), Step::Purged { from: State::Visible })),
        ),
        (at(79_500), received(317, 1, 1, (48_000, 109_500_000_000), None)),
        (at(79_600), began(317, 1, 1)),
    ]
}

/// Calls of a downstream: one that is done, one that is refused, and then waits, begins and fails
/// after it was given up, one that its worker takes into its grave.
fn calls() -> Vec<(Time, Fact)> {
    let (worker, other, downstream) = (WorkerId(1), WorkerId(2), DownstreamId(0));
    let called = |worker, attempt| Deed::Called { worker, thread: 0, downstream, attempt };
    let begun = |waited| {
        let waited = Span::from_millis(waited);
        Deed::CallBegun { worker, downstream, waited }
    };
    let ended = |failed, heard| {
        let used = Span::from_millis(250);
        Deed::CallEnded { worker, downstream, used, failed, heard }
    };
    let given_up = |worker, dies, under_way, goes_on| Deed::CallGivenUp {
        worker,
        downstream,
        dies,
        under_way,
        goes_on,
    };
    let deeds = [
        called(worker, 1),
        begun(0),
        ended(false, true),
        called(worker, 1),
        Deed::CallRefused { worker, downstream },
        called(worker, 2),
        begun(120),
        given_up(worker, false, true, true),
        ended(true, false),
        called(other, 1),
        given_up(other, true, false, false),
    ];
    (0..).zip(deeds).map(|(n, deed)| (at(77_000 + n), Fact::Deed(deed))).collect()
}

/// Workers that come and go.
fn come_and_go() -> Vec<(Time, Fact)> {
    let (worker, fleet) = (WorkerId(2), FleetId(0));
    let deeds = [
        Deed::Joined { worker, fleet },
        Deed::Left { worker, fleet },
        Deed::Deployed { fleet },
        Deed::Killed { worker, fleet, held: 3 },
        Deed::Stopped { worker, fleet },
        Deed::Counted { fleet, queue: QUEUE, visible: 812, in_flight: 30, delayed: 5, calls: 1 },
        Deed::Resized { fleet, wanted: 7 },
    ];
    (0..).zip(deeds).map(|(number, deed)| (at(51_950 + number), Fact::Deed(deed))).collect()
}

/// What goes wrong, and what partitions do.
fn faults() -> Vec<(Time, Fact)> {
    let change = |change| Fact::Change(QUEUE, change);
    let (web, worker) = (ProducerId(0), WorkerId(2));
    let [p0, p1, p2, p3, p4, p5, p6] = [0, 1, 2, 3, 4, 5, 6].map(PartitionId);
    let (message, middle, last) = (MessageId(314), 1 << 63, u64::MAX);
    let opened = |partition, first, last| {
        change(Change::KeySpace(KeySpace::Opened { partition, first, last }))
    };
    let space = |space| change(Change::KeySpace(space));
    let closed = |partition| space(KeySpace::Closed { partition });
    vec![
        (at(0), opened(p0, 0, last)),
        (at(0), Fact::Deed(Deed::Started { worker })),
        (
            at(50_000),
            change(Change::Call(Call::Throttled {
                action: Action::Send,
                partition: p0,
                messages: 10,
            })),
        ),
        (at(50_000), Fact::Deed(Deed::SendRetried { producer: web, messages: 10 })),
        (
            at(50_500),
            change(Change::KeySpace(KeySpace::Split {
                parent: p0,
                left: p1,
                right: p2,
                at: middle,
            })),
        ),
        (at(50_500), closed(p0)),
        (at(50_500), opened(p1, 0, middle - 1)),
        (at(50_500), opened(p2, middle, last)),
        (
            at(51_000),
            change(Change::KeySpace(KeySpace::Refused {
                partition: p1,
                reason: Refusal::NoBalancedKey,
            })),
        ),
        (
            at(51_500),
            space(KeySpace::Refused { partition: p2, reason: Refusal::HotKey { permille: 612 } }),
        ),
        (at(51_900), change(Change::Call(Call::WentOn { asked: 2, chunks: 1 }))),
        (at(52_000), Fact::Deed(Deed::GivenUp { producer: web, messages: 10 })),
        (at(55_000), ended(314, 2, 48_000, 6_000, Ending::Crashed)),
        (at(55_000), Fact::Deed(Deed::Crashed { worker })),
        (at(56_000), change(Change::Message(message, Step::VisibilityRefused {}))),
        (at(57_000), change(Change::Message(message, Step::ReceiptExpired {}))),
        (at(70_000), change(Change::KeySpace(KeySpace::Merged { left: p1, right: p2, into: p3 }))),
        (at(70_000), closed(p1)),
        (at(70_000), closed(p2)),
        (at(70_000), opened(p3, 0, last)),
        (at(71_000), space(KeySpace::Begun { reshard: 0, old: 1, new: 3 })),
        (at(73_000), space(KeySpace::Recut { old: 1, new: 3 })),
        (at(73_000), space(KeySpace::Sealed { partition: p3 })),
        (at(73_000), opened(p4, 0, middle - 1)),
        (at(73_000), opened(p5, middle, middle)),
        (at(73_000), opened(p6, middle + 1, last)),
        (at(75_000), space(KeySpace::Drained { partition: p3 })),
        (at(75_000), space(KeySpace::Ended { reshard: 0 })),
        (
            at(79_000),
            change(Change::Message(message, Step::Returned { cause: Held::Crashed, receives: 1 })),
        ),
    ]
}

/// A function is throttled twice and gives its batch up, then fails with one.
fn function() -> Vec<(Time, Fact)> {
    let function = FunctionId(0);
    let environment = WorkerId::of_function(function, 3);
    let throttled = Deed::InvocationThrottled { function, messages: 4 };
    let ended = |how, billed| Deed::InvocationEnded { environment, function, how, billed };
    let deed = |millis, deed| (at(millis), Fact::Deed(deed));
    vec![
        deed(0, Deed::LimitChanged { function, limit: 5, was: 0 }),
        deed(76_000, throttled),
        deed(76_100, Deed::ReceivesBurnt { function, messages: 4 }),
        deed(76_200, Deed::Invoked { environment, function, messages: 1, cold: true }),
        deed(76_900, ended(Returned::Failed, Span::from_millis(700))),
        deed(77_000, Deed::Invoked { environment, function, messages: 10, cold: false }),
        deed(78_000, ended(Returned::TimedOut, Span::from_secs(1))),
        deed(78_000, Deed::EnvironmentGone { environment, function }),
        deed(78_200, Deed::LimitChanged { function, limit: 2, was: 5 }),
    ]
}

/// A node fails for good, as far as one knows, and a second one within the repair window.
fn nodes() -> Vec<(Time, Fact)> {
    let change = |change| Fact::Change(QUEUE, change);
    let node = |it| change(Change::Node(it));
    let [p1, p2] = [1, 2].map(PartitionId);
    let [n0, n1, n2, n3] = [0, 1, 2, 3].map(NodeId);
    let counted = |under_replicated, without_write_quorum, without_read_quorum| {
        node(NodeChange::Counted {
            partitions: 2,
            under_replicated,
            without_write_quorum,
            without_read_quorum,
        })
    };
    let unavailable = |action, messages| {
        change(Change::Call(Call::Unavailable { action, partition: p1, messages }))
    };
    vec![
        (at(62_000), node(NodeChange::Failed { node: n1 })),
        (at(62_000), counted(2, 0, 0)),
        (at(63_000), node(NodeChange::Suspected { node: n1 })),
        (at(63_000), node(NodeChange::Led { partition: p1, by: n2 })),
        (at(63_500), node(NodeChange::Failed { node: n2 })),
        (at(63_500), counted(2, 1, 1)),
        (at(64_000), unavailable(Action::Send, 10)),
        (at(64_000), unavailable(Action::Receive, 1)),
        (at(65_500), node(NodeChange::Returned { node: n2 })),
        (at(65_700), node(NodeChange::CaughtUp { node: n2 })),
        (at(65_700), counted(2, 0, 0)),
        (at(66_000), node(NodeChange::GivenUp { node: n1 })),
        (at(66_000), node(NodeChange::CopyBegun { partition: p1, source: n2, to: n3 })),
        (at(67_000), node(NodeChange::Moved { partition: p1, from: n1, to: n3 })),
        (at(67_000), node(NodeChange::CopyBegun { partition: p2, source: n0, to: n3 })),
        (at(67_000), counted(1, 0, 0)),
        (at(67_500), node(NodeChange::Returned { node: n1 })),
        (at(67_500), node(NodeChange::CopyDropped { partition: p2, to: n3 })),
        (at(68_000), node(NodeChange::CaughtUp { node: n1 })),
        (at(68_000), counted(0, 0, 0)),
    ]
}

/// A message whose delete is undone, and one that a receive does not hide.
fn back_again() -> Vec<(Time, Fact)> {
    let change = |change| Fact::Change(QUEUE, change);
    let deleted = |message, sent, receives| {
        change(Change::Message(
            MessageId(message),
            Step::Deleted { sent, receives, from: State::InFlight },
        ))
    };
    let (message, shown) = (MessageId(312), MessageId(318));
    let hidden_until = |secs: u64| secs * 1_000_000_000;
    vec![
        (
            at(64_500),
            change(Change::Message(message, Step::Undone { sent: at(1_000), receives: 2 })),
        ),
        (at(65_000), received(312, 1, 3, (1_000, hidden_until(95)), Some(Held::Undone))),
        (at(65_050), deleted(312, at(1_000), 3)),
        (at(68_100), sent(318, State::Visible)),
        (at(68_200), received(318, 1, 1, (68_100, hidden_until(98)), None)),
        (
            at(68_200),
            change(Change::Message(shown, Step::Returned { cause: Held::NotHidden, receives: 1 })),
        ),
        (at(68_300), received(318, 2, 2, (68_100, hidden_until(98)), Some(Held::NotHidden))),
        (at(68_400), deleted(318, at(68_100), 2)),
    ]
}
