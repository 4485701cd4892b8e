//! Partitions of the ledger: what a poll asks, what a partition admits, and that splits and merges
//! lose nothing.
//!
//! The random cases are the same in every run. More of them: `PROPTEST_CASES=5000`; others:
//! `PROPTEST_RNG_SEED=7`.
#![expect(clippy::wildcard_enum_match_arm, reason = "each test looks for a few kinds of change")]

#[path = "reference/setup.rs"]
mod setup;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{RngSeed, TestRunner};
use setup::Log;
use sqsim::kernel::rng::{Fate, Luck, Source as _, mix};
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::Ledger;
use sqsim::ledger::config::{
    Capacity, CountScaler, Ewma, Guards, HeatMedian, Keys, LedgerConfig, Mechanics,
    MidpointDoubling, Naive, QueueConfig, QueueId, ReceiveRouting, Reservoir, ScalableTopic,
    SplitPolicy,
};
use sqsim::ledger::journal::{Action, Caller, Change, KeySpace, MessageId, PartitionId};
use sqsim::ledger::polls::Poll;
use sqsim::ledger::receipt::Receipt;
use sqsim::ledger::service::{Outgoing, Received};

const QUEUE: QueueId = QueueId(0);
const FOR_EVER: Span = Span::from_secs(12 * 3600);

/// One queue of the real ledger with its clock.
struct Rig {
    ledger: Ledger,
    now: Time,
    /// What was told since it was last emptied.
    log: Log,
    /// Received and not yet taken.
    receipts: Vec<Receipt>,
    waiting: BTreeSet<Caller>,
    /// What chance does to each message.
    lucks: BTreeMap<MessageId, Luck>,
    /// Steps since the clock last moved.
    rounds: u32,
}

impl Rig {
    fn new(sharding: LedgerConfig, max_in_flight: u32) -> Rig {
        let mut log = Log::default();
        let config = QueueConfig { max_in_flight, ledger: sharding, ..setup::queue() };
        let ledger = setup::ledger(&[config], 8, &mut log);
        let (now, receipts, waiting) = (Time::ZERO, Vec::new(), BTreeSet::new());
        Rig { ledger, now, log, receipts, waiting, lucks: BTreeMap::new(), rounds: 0 }
    }

    /// The next thing that is due by `time` happens; false if there is none.
    fn step(&mut self, time: Time) -> bool {
        let due = self.ledger.due(QUEUE);
        if due > time {
            self.now = time;
            self.rounds = 0;
            return false;
        }
        self.rounds = if due > self.now { 0 } else { self.rounds + 1 };
        assert!(self.rounds < 100, "something falls due for ever at {}", self.now);
        self.now = self.now.max(due);
        self.ledger.advance(self.now, QUEUE, &mut self.log);
        self.collect();
        true
    }

    fn pass(&mut self, span: Span) {
        let time = self.now + span;
        while self.step(time) {}
    }

    fn collect(&mut self) {
        let mut out = VecDeque::new();
        while let Some(served) = self.ledger.next_served() {
            self.ledger.collect(served, &mut out);
            self.waiting.remove(&served.caller);
        }
        self.receipts.extend(out.into_iter().map(|delivery| delivery.receipt));
    }

    /// Sends messages with these lucks; returns how many were refused.
    fn send(&mut self, lucks: impl Iterator<Item = u64>) -> u32 {
        let messages: Vec<Outgoing> =
            lucks.map(|luck| Outgoing { luck: Luck(luck), delay: None }).collect();
        let told = self.log.0.len();
        let refused = self.ledger.send(self.now, QUEUE, 0, &messages, &mut self.log);
        let stored = self.log.0[told..].iter().filter_map(|(.., change)| match change {
            Change::Sent { message, .. } => Some(*message),
            _ => None,
        });
        let lucks = (0..messages.len()).filter(|&i| !refused.has(i)).map(|i| messages[i].luck);
        self.lucks.extend(stored.zip(lucks));
        self.collect();
        refused.count()
    }

    /// Does nothing if the caller waits already.
    fn receive(
        &mut self,
        caller: u32,
        max: u32,
        wait: Span,
        visibility_timeout: Span,
    ) -> Option<Received> {
        let caller = Caller(caller);
        if self.waiting.contains(&caller) {
            return None;
        }
        let poll = Poll { caller, max, wait, visibility_timeout };
        let answer = self.ledger.receive(self.now, QUEUE, poll, &mut self.log);
        if answer == Received::Waiting {
            self.waiting.insert(caller);
        }
        self.collect();
        Some(answer)
    }

    /// Deletes up to 10 of what was received; what is refused stays.
    fn delete(&mut self) {
        let count = self.receipts.len().min(10);
        if count == 0 {
            return;
        }
        let batch: Vec<Receipt> = self.receipts.drain(..count).collect();
        let refused = self.ledger.delete(self.now, &batch, &mut self.log);
        self.collect();
        let kept = (0..count).filter(|&i| refused.has(i)).map(|i| batch[i]);
        self.receipts.extend(kept);
    }

    fn changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.log.0).into_iter().map(|(.., change)| change).collect()
    }
}

fn sharding(partitions: u32) -> LedgerConfig {
    LedgerConfig { partitions, ..setup::queue().ledger }
}

/// Runs `times` as many cases as proptest's own default.
fn runner(times: u32) -> TestRunner {
    let ambient = ProptestConfig::default();
    let rng_seed = match ambient.rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        chosen @ RngSeed::Fixed(_) => chosen,
    };
    let cases = ambient.cases * times;
    TestRunner::new(ProptestConfig {
        cases,
        rng_seed,
        failure_persistence: None,
        max_shrink_time: 20_000,
        ..ambient
    })
}

/// One message in each of `partitions` equal partitions.
fn one_each(partitions: u32) -> Vec<u64> {
    let partition = |luck: u64| {
        let key = Luck(luck).draws(Fate::Key, 0).next_u64();
        ((u128::from(key) * u128::from(partitions)) >> 64) as u32
    };
    let find = |wanted| (0..10_000).map(mix).find(|&luck| partition(luck) == wanted);
    (0..partitions).map(|wanted| find(wanted).expect("some key lies in each partition")).collect()
}

/// Short-polls `polls` times a queue with one message in each partition, which stays there;
/// returns how often each partition answered, and how many polls got nothing.
fn sample(partitions: u32, receive: ReceiveRouting, polls: u32) -> (Vec<u32>, u32) {
    let mut rig = Rig::new(LedgerConfig { receive, ..sharding(partitions) }, 120_000);
    for luck in one_each(partitions) {
        rig.send([luck].into_iter());
    }
    let mut counts = vec![0; partitions as usize];
    let mut empty = 0;
    for _ in 0..polls {
        rig.log.0.clear();
        rig.receive(0, 10, Span::ZERO, Span::ZERO);
        for change in rig.changes() {
            match change {
                Change::Received { partition, .. } => counts[partition.0 as usize] += 1,
                Change::ReceivedNothing { .. } => empty += 1,
                _ => {}
            }
        }
        rig.pass(Span::ZERO);
    }
    (counts, empty)
}

#[test]
fn short_polls_ask_each_partition_equally_often() {
    // 99.9 % quantiles of chi-square with 7 and 4 degrees of freedom.
    let cases = [
        (8, ReceiveRouting::RegisterAll, 2, 24.32),
        (8, ReceiveRouting::Sample(1), 1, 24.32),
        (5, ReceiveRouting::Sample(3), 3, 18.47),
        (8, ReceiveRouting::WeightedSample(2), 2, 24.32),
        (8, ReceiveRouting::Uniform, 1, 24.32),
        (8, ReceiveRouting::PowerOfTwo, 1, 24.32),
        (8, ReceiveRouting::BacklogWeighted, 1, 24.32),
        (8, ReceiveRouting::Assigned, 1, f64::INFINITY),
    ];
    for (partitions, routing, asked, critical) in cases {
        let polls = 10_000;
        let (counts, empty) = sample(partitions, routing, polls);
        assert_eq!(counts.iter().sum::<u32>(), polls * asked, "{routing:?} asks {asked}");
        assert_eq!(empty, 0);
        let expected = f64::from(polls * asked) / f64::from(partitions);
        let squares = counts.iter().map(|&count| {
            let off = f64::from(count) - expected;
            off * off / expected
        });
        // Samples without replacement vary less than independent ones.
        let correction = f64::from(partitions - 1) / f64::from(partitions - asked);
        let chi_square = squares.sum::<f64>() * correction;
        assert!(chi_square < critical, "{routing:?}: chi-square {chi_square} of {counts:?}");
    }
}

#[test]
fn a_short_poll_misses_a_lone_message_as_often_as_its_routing_does_not_ask() {
    // One message in one of 8 partitions. Weights are 2 there and 1 elsewhere, 9 in all.
    let cases = [
        (ReceiveRouting::RegisterAll, 6.0 / 8.0, 2.0),
        (ReceiveRouting::Sample(3), 5.0 / 8.0, 3.0),
        (ReceiveRouting::WeightedSample(2), 7.0 / 9.0 * 6.0 / 8.0, 2.0),
        (ReceiveRouting::Uniform, 7.0 / 8.0, 1.0),
        (ReceiveRouting::PowerOfTwo, 6.0 / 8.0, 2.0),
        (ReceiveRouting::BacklogWeighted, 7.0 / 9.0, 1.0),
    ];
    for (routing, missed, probes) in cases {
        let (told, asked) = miss(routing);
        let polls = f64::from(POLLS);
        let (expected, sd) = (missed * polls, (polls * missed * (1.0 - missed)).sqrt());
        let z = (told - expected) / sd;
        assert!(z.abs() < 4.0, "{routing:?}: {told} of {POLLS} polls missed: z {z}");
        assert!((asked - probes * polls).abs() < 0.5, "{routing:?}: {asked} probes");
    }
}

#[test]
fn a_poll_that_climbs_to_the_root_misses_nothing() {
    let (missed, probes) = miss(ReceiveRouting::ForwardingTree);
    assert!(missed < 0.5, "{missed} polls missed the message");
    // It begins at the root in one of 8, and else asks its partition and, unless the message is
    // there, the root. The message is in one of the others.
    let polls = f64::from(POLLS);
    let expected = polls * (1.0 + 6.0 / 8.0);
    assert!(((probes - expected) / (polls * 12.0 / 64.0).sqrt()).abs() < 4.0, "{probes} probes");
}

const POLLS: u32 = 10_000;

/// Short-polls a queue of 8 partitions with one message; returns how many polls missed it, and how
/// many partitions they asked.
fn miss(receive: ReceiveRouting) -> (f64, f64) {
    let mut rig = Rig::new(LedgerConfig { receive, ..sharding(8) }, 120_000);
    rig.send([one_each(8)[5]].into_iter());
    let mut missed = 0;
    for _ in 0..POLLS {
        if rig.receive(0, 10, Span::ZERO, Span::ZERO) == Some(Received::Empty) {
            missed += 1;
            let nothing =
                Change::ReceivedNothing { caller: Caller(0), falsely: true, over_limit: false };
            assert_eq!(rig.log.0.last().map(|&(.., change)| change), Some(nothing));
        }
        rig.pass(Span::ZERO);
    }
    (f64::from(missed), rig.log.2 as f64)
}

/// What a poll that waits at one partition does not see, and what ends its wait.
#[test]
fn a_long_poll_at_one_partition_waits_for_what_comes_in_there() {
    let sharding = LedgerConfig { receive: ReceiveRouting::Assigned, ..sharding(3) };
    let mut rig = Rig::new(sharding, 120_000);
    let [_, one, two] = one_each(3)[..] else { panic!("three partitions") };
    rig.send([one].into_iter());
    let wait = Span::from_secs(20);
    assert_eq!(rig.receive(2, 10, wait, FOR_EVER), Some(Received::Waiting));
    assert_eq!(rig.receive(5, 10, wait, FOR_EVER), Some(Received::Waiting));
    rig.log.0.clear();
    rig.pass(Span::from_secs(1));
    rig.send([two].into_iter());
    assert_eq!((rig.receipts.len(), rig.waiting.len()), (1, 1), "the first to come is served");
    rig.pass(wait);
    let falsely = rig.changes().into_iter().find_map(|change| match change {
        Change::ReceivedNothing { caller, falsely, .. } => Some((caller, falsely)),
        _ => None,
    });
    assert_eq!(falsely, Some((Caller(5), true)), "the message in the other partition is missed");
    assert_eq!(rig.log.2, 2, "a partition is asked once for each poll");
}

/// A message that comes in anywhere meets a poll that waits at the root.
#[test]
fn a_message_is_forwarded_to_the_polls_at_the_root() {
    let sharding = LedgerConfig { receive: ReceiveRouting::ForwardingTree, ..sharding(50) };
    let mut rig = Rig::new(sharding, 120_000);
    for (place, luck) in (1..).zip(one_each(50)) {
        assert_eq!(rig.receive(3, 1, Span::from_secs(20), FOR_EVER), Some(Received::Waiting));
        rig.send([luck].into_iter());
        assert_eq!(rig.receipts.len(), place, "at once");
    }
}

#[test]
fn a_long_poll_asks_all_partitions() {
    let mut rig = Rig::new(sharding(8), 120_000);
    for luck in one_each(8) {
        rig.send([luck].into_iter());
    }
    rig.receive(0, 10, Span::from_secs(20), FOR_EVER);
    assert_eq!(rig.receipts.len(), 8);
}

#[test]
fn at_the_in_flight_cap_each_partition_has_its_turn() {
    let mut rig = Rig::new(sharding(4), 1);
    for round in 0..60 {
        rig.send((0..10).map(|i| mix(round * 10 + i)));
    }
    let mut counts = [0; 4];
    for _ in 0..40 {
        rig.receive(0, 10, Span::from_secs(20), FOR_EVER);
        rig.receive(1, 10, Span::from_secs(20), FOR_EVER);
        rig.delete();
    }
    for change in rig.changes() {
        if let Change::Received { partition, .. } = change {
            counts[partition.0 as usize] += 1;
        }
    }
    let (least, most) = (counts.iter().min(), counts.iter().max());
    assert!(least >= Some(&10) && most <= least.map(|least| least + 1).as_ref(), "{counts:?}");
}

/// Calls that one partition admitted for one action, and the limit they must keep: never more
/// than burst + rate × time, in any window.
#[derive(Default)]
struct Admitted(Vec<Time>);

impl Admitted {
    /// Whether one more call now keeps the limit in every window that ends now. The bucket's
    /// intervals are whole nanoseconds, so no rounding is forgiven.
    fn has_room(&self, now: Time, per_second: u64, burst: u64) -> bool {
        let calls = self.0.iter().rev().zip(2_u64..);
        let mut windows = calls.map(|(&first, count)| (now.since(first).as_nanos(), count));
        burst >= 1
            && windows.all(|(window, count)| {
                u128::from(count) * 1_000_000_000
                    <= u128::from(burst) * 1_000_000_000
                        + u128::from(per_second) * u128::from(window)
            })
    }
}

/// The calls that each partition admitted, worked out from what was told.
struct Books {
    per_second: u64,
    burst: u64,
    admitted: BTreeMap<(PartitionId, Action), Admitted>,
    home: BTreeMap<MessageId, PartitionId>,
    /// Visible messages.
    visible: BTreeMap<PartitionId, u32>,
}

impl Books {
    fn has_room(&mut self, partition: PartitionId, action: Action, now: Time) -> bool {
        let admitted = self.admitted.entry((partition, action)).or_default();
        admitted.has_room(now, self.per_second, self.burst)
    }

    /// Enters one call and who was served in consequence.
    fn enter(&mut self, now: Time, changes: &[Change]) {
        let mut calls = BTreeSet::new();
        let mut refused = Vec::new();
        for &change in changes {
            match change {
                Change::Sent { message, partition, .. } => {
                    self.home.insert(message, partition);
                    *self.visible.entry(partition).or_default() += 1;
                    calls.insert((partition, Action::Send, None));
                }
                Change::Received { caller, partition, .. } => {
                    *self.visible.entry(partition).or_default() -= 1;
                    calls.insert((partition, Action::Receive, Some(caller)));
                }
                Change::Deleted { message, .. } => {
                    calls.insert((self.home[&message], Action::Delete, None));
                }
                Change::Throttled { action, partition, .. } => refused.push((partition, action)),
                _ => {}
            }
        }
        for (partition, action, _) in calls {
            assert!(
                self.has_room(partition, action, now),
                "{partition:?} admits too many calls of {action:?} at {now}"
            );
            let admitted = self.admitted.entry((partition, action)).or_default();
            admitted.0.push(now);
        }
        for (partition, action) in refused {
            assert!(
                !self.has_room(partition, action, now),
                "{partition:?} refuses {action:?} at {now} without need"
            );
        }
    }

    /// Where polls wait, no partition has both messages and room.
    fn check_waiters(&mut self, now: Time, awaited: impl Fn(PartitionId) -> bool) {
        let visible = self.visible.clone();
        let full = |&(at, count): &(PartitionId, u32)| count > 0 && awaited(at);
        for (partition, _) in visible.into_iter().filter(full) {
            assert!(
                !self.has_room(partition, Action::Receive, now),
                "{partition:?} has messages and room at {now}, and a poll waits"
            );
        }
    }
}

/// A call, after some part of a bucket's interval.
type Beat = (u64, u8, u64);

fn keep_to_capacity(
    receive: ReceiveRouting,
    partitions: u32,
    per_second: u64,
    burst: u64,
    beats: &[Beat],
) -> u64 {
    let capacity = Some(Capacity { per_second: per_second as f64, burst: burst as f64 });
    let assigned = receive == ReceiveRouting::Assigned;
    let mut rig = Rig::new(LedgerConfig { capacity, receive, ..sharding(partitions) }, 120_000);
    rig.log.0.clear();
    let mut books = Books {
        per_second,
        burst,
        admitted: BTreeMap::new(),
        home: BTreeMap::new(),
        visible: BTreeMap::new(),
    };
    let mut throttled = 0;
    for (i, &(eighths, action, size)) in (0_u64..).zip(beats) {
        let time = rig.now + Span::from_nanos(1_000_000_000 / per_second / 8 * eighths);
        while rig.step(time) {
            let changes = rig.changes();
            books.enter(rig.now, &changes);
        }
        let caller = (i % 3) as u32;
        match action {
            0..=3 => throttled += u64::from(rig.send((0..size).map(|j| mix(i * 10 + j)))),
            4..=5 => {
                rig.receive(caller, size as u32, Span::from_secs(20), FOR_EVER);
            }
            6..=7 if partitions == 1 || assigned => {
                rig.receive(caller, size as u32, Span::ZERO, FOR_EVER);
            }
            _ => rig.delete(),
        }
        let changes = rig.changes();
        books.enter(rig.now, &changes);
        if !rig.waiting.is_empty() {
            let at = |caller: &Caller, partition: PartitionId| {
                !assigned || caller.0 % partitions == partition.0
            };
            books.check_waiters(rig.now, |partition| {
                rig.waiting.iter().any(|caller| at(caller, partition))
            });
        }
        rig.ledger.check();
    }
    throttled
}

#[test]
fn a_partition_admits_burst_plus_rate_times_time_in_any_window_and_no_less() {
    let beat = (select(vec![0, 0, 0, 1, 2, 4, 8, 8, 16, 100]), 0..10_u8, 1..=10_u64);
    let beats = prop::collection::vec(beat, 1..=200);
    let routing = select(vec![ReceiveRouting::RegisterAll, ReceiveRouting::Assigned]);
    let settings = (routing, 1..=4_u32, select(vec![10, 100, 1_000]), select(vec![1, 2, 5, 20]));
    let throttled = Cell::new(0);
    let result =
        runner(8).run(&(settings, beats), |((routing, partitions, rate, burst), beats)| {
            let refused = keep_to_capacity(routing, partitions, rate, burst, &beats);
            throttled.set(throttled.get() + refused);
            Ok(())
        });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    assert!(throttled.get() > 10_000, "the calls hardly reach the limit: {}", throttled.get());
}

/// The ranges of all partitions, kept by what was told.
#[derive(Default)]
struct Map {
    open: BTreeMap<PartitionId, (u64, u64)>,
    sealed: BTreeSet<PartitionId>,
    /// Ends of partitions whose successors are being told.
    gone: BTreeMap<PartitionId, (u64, u64)>,
    /// Changes that take time and are under way.
    begun: BTreeSet<u32>,
    splits: u32,
    merges: u32,
    recuts: u32,
    drained: u32,
}

impl Map {
    fn enter(&mut self, change: Change) {
        match change {
            Change::KeySpace(KeySpace::Opened { partition, first, last }) => {
                assert!(first <= last, "{partition:?} is empty");
                assert_eq!(self.open.insert(partition, (first, last)), None, "an id is used again");
            }
            Change::KeySpace(KeySpace::Closed { partition }) => {
                let range = self.open.remove(&partition).expect("it was open");
                self.gone.insert(partition, range);
            }
            Change::KeySpace(KeySpace::Sealed { partition }) => {
                let range = self.open.remove(&partition).expect("it was open");
                self.gone.insert(partition, range);
                self.sealed.insert(partition);
            }
            Change::KeySpace(KeySpace::Drained { partition }) => {
                assert!(self.sealed.remove(&partition), "{partition:?} was sealed");
                self.drained += 1;
            }
            Change::KeySpace(KeySpace::Begun { reshard, .. }) => {
                assert!(self.begun.insert(reshard), "change {reshard} began before");
            }
            Change::KeySpace(KeySpace::Ended { reshard }) => {
                assert!(self.begun.remove(&reshard), "change {reshard} is not under way");
            }
            Change::KeySpace(KeySpace::Split { parent, at, .. }) => {
                let (first, last) = self.open[&parent];
                assert!(first < at && at <= last, "a cut outside of {parent:?}");
                self.splits += 1;
            }
            Change::KeySpace(KeySpace::Merged { left, right, .. }) => {
                assert_eq!(self.open[&left].1 + 1, self.open[&right].0, "not neighbours");
                self.merges += 1;
            }
            Change::KeySpace(KeySpace::Recut { old, new }) => {
                assert!(!matches!((old, new), (1, 2) | (2, 1)), "a split or a merge");
                self.recuts += 1;
            }
            _ => {}
        }
    }

    fn check(&self) {
        let mut ranges: Vec<(u64, u64)> = self.open.values().copied().collect();
        ranges.sort_unstable();
        assert_eq!(ranges.first().map(|range| range.0), Some(0));
        assert_eq!(ranges.last().map(|range| range.1), Some(u64::MAX));
        assert!(ranges.windows(2).all(|pair| pair[0].1 + 1 == pair[1].0), "{ranges:x?}");
    }
}

/// Some seconds of steady traffic.
#[derive(Clone, Copy, Debug)]
struct Phase {
    secs: u64,
    sends: u64,
    receives: u64,
}

#[derive(Clone, Debug)]
struct Traffic {
    sharding: LedgerConfig,
    visibility_timeout: Span,
    phases: Vec<Phase>,
}

/// A policy that acts within seconds.
fn quick_policy() -> impl Strategy<Value = SplitPolicy> {
    (1..=3_u64, 1..=4_u64, select(vec![0.0, 0.5, 1.0]), 2..=6_u64, 3..=12_u32).prop_map(
        |(hold, cooldown, merge, window, max_partitions)| {
            SplitPolicy::Reservoir(Reservoir {
                threshold: 0.5,
                hold: Span::from_secs(hold),
                cooldown: Span::from_secs(cooldown),
                merge,
                merge_window: Span::from_secs(window),
                max_partitions,
            })
        },
    )
}

/// A policy that looks at the last minute or more, with its own figures but for some bounds.
fn slow_policy() -> impl Strategy<Value = SplitPolicy> {
    let (minute, second) = (Span::from_secs(60), Span::from_secs(1));
    let evaluate = select(vec![second, Span::from_secs(10), minute]);
    (0..6, evaluate, any::<bool>(), 3..=12_u32).prop_map(
        move |(kind, evaluate, flag, max_partitions)| match kind {
            0 => SplitPolicy::MidpointDoubling(MidpointDoubling {
                evaluate,
                threshold: 0.5,
                delay: if flag { Span::ZERO } else { minute },
                max_partitions,
            }),
            1 => SplitPolicy::HeatMedian(HeatMedian {
                evaluate,
                threshold: 0.5,
                isolate_hot: flag,
                max_partitions,
            }),
            2 => SplitPolicy::ScalableTopic(ScalableTopic {
                evaluate,
                threshold: 0.5,
                merge: 0.3,
                merge_window: minute,
                split_cooldown: second,
                merge_cooldown: second,
                min_partitions: 1,
                max_partitions,
                depth: 10,
            }),
            3 => SplitPolicy::CountScaler(CountScaler {
                evaluate,
                threshold: 0.5,
                sustain_up: second,
                sustain_down: second,
                factor: 0.75,
                min_partitions: 1,
                max_partitions,
            }),
            4 => SplitPolicy::Ewma(Ewma { target: 0.1, max_partitions }),
            _ => SplitPolicy::Naive(Naive { threshold: 0.5, merge: 0.9, max_partitions }),
        },
    )
}

/// `rates` are calls per second that are about the capacity of a partition.
fn traffic(
    policy: impl Strategy<Value = SplitPolicy>,
    capacity: u64,
    secs: impl Strategy<Value = u64>,
) -> impl Strategy<Value = Traffic> {
    let rates = |hundredths: &[u64]| -> Vec<u64> {
        hundredths.iter().map(|share| share * capacity / 100).collect()
    };
    let (sends, receives) = (rates(&[0, 5, 60, 150, 300]), rates(&[0, 10, 50, 120]));
    let phase = (secs, select(sends), select(receives)).prop_map(|(secs, sends, receives)| Phase {
        secs,
        sends,
        receives,
    });
    let keys = select(vec![
        Keys::Uniform,
        Keys::PerCall,
        Keys::Sticky(Span::from_secs(3)),
        Keys::Group { count: 5, zipf: 0.0, hot: 0.0 },
        Keys::Group { count: 50, zipf: 1.0, hot: 0.0 },
        Keys::Group { count: 50, zipf: 0.0, hot: 0.6 },
        Keys::Sequential(Span::from_secs(100)),
        Keys::LeastBacklog(2),
    ]);
    // Not `Assigned`: there are too few callers for all the partitions.
    let receive = select(vec![
        ReceiveRouting::RegisterAll,
        ReceiveRouting::WeightedSample(2),
        ReceiveRouting::Uniform,
        ReceiveRouting::PowerOfTwo,
        ReceiveRouting::BacklogWeighted,
        ReceiveRouting::ForwardingTree,
    ]);
    let rules = (keys, receive);
    let pause = select(vec![Span::ZERO, Span::from_millis(100), Span::from_millis(1_500)]);
    let mechanics = (0..3, pause).prop_map(|(kind, pause)| match kind {
        0 => Mechanics::Metadata { pause },
        1 => Mechanics::SealAndDrain { pause },
        _ => Mechanics::CopyThenCutover { copy: Span::from_secs(2), share: 0.3, pause },
    });
    let guards = (select(vec![0.0, 0.125]), select(vec![None, Some(1), Some(2)]))
        .prop_map(|(jitter, concurrent)| Guards { jitter, concurrent });
    let visibility_timeout = select(vec![Span::from_secs(2), FOR_EVER]);
    let phases = prop::collection::vec(phase, 1..=6);
    (1..=3_u32, rules, policy, mechanics, guards, visibility_timeout, phases).prop_map(
        move |(
            partitions,
            (keys, receive),
            split,
            mechanics,
            guards,
            visibility_timeout,
            phases,
        )| Traffic {
            sharding: LedgerConfig {
                nodes: None,
                partitions,
                ceiling: None,
                keys,
                capacity: Some(Capacity { per_second: capacity as f64, burst: 10.0 }),
                split,
                guards,
                mechanics,
                receive,
            },
            visibility_timeout,
            phases,
        },
    )
}

/// What was told over a whole run of random traffic.
#[derive(Default)]
struct Story {
    map: Map,
    sent: BTreeSet<MessageId>,
    received: BTreeMap<MessageId, u32>,
    deleted: BTreeSet<MessageId>,
    /// The last message that was received from each partition.
    last: BTreeMap<PartitionId, MessageId>,
    /// Messages were received from one partition in another order than they were sent.
    disordered: bool,
    /// Equal groups, if messages have them.
    groups: Option<u32>,
    /// The last message that was received of each group.
    last_of_group: BTreeMap<u64, MessageId>,
    /// Messages of one group were received in another order than they were sent.
    disordered_groups: bool,
}

impl Story {
    fn enter(&mut self, rig: &mut Rig) {
        let changes = |map: &Map| map.splits + map.merges + map.recuts;
        let before = changes(&self.map);
        for change in rig.changes() {
            self.map.enter(change);
            match change {
                Change::Sent { message, .. } => assert!(self.sent.insert(message)),
                Change::Received { message, partition, .. } => {
                    *self.received.entry(message).or_default() += 1;
                    self.disordered |=
                        self.last.insert(partition, message).is_some_and(|last| last > message);
                    if let Some(count) = self.groups {
                        let group = rig.lucks[&message].draws(Fate::Group, 0).below(count.into());
                        let last = self.last_of_group.insert(group, message);
                        self.disordered_groups |= last.is_some_and(|last| last > message);
                    }
                }
                Change::Deleted { message, .. } => assert!(self.deleted.insert(message)),
                _ => {}
            }
        }
        if before != changes(&self.map) {
            self.map.check();
            rig.ledger.check();
        }
    }
}

fn live_through(traffic: &Traffic) -> Story {
    let groups = match traffic.sharding.keys {
        Keys::Group { count, zipf: 0.0, hot: 0.0 } => Some(count),
        _ => None,
    };
    let mut story = Story { groups, ..Story::default() };
    let mut rig = Rig::new(traffic.sharding.clone(), 120_000);
    let mut luck = (0..).map(mix);
    let wait = Span::from_secs(1);
    for phase in &traffic.phases {
        let calls = phase.sends + phase.receives;
        for i in 0..phase.secs * calls {
            rig.pass(Span::from_nanos(1_000_000_000 / calls));
            if i % calls < phase.sends {
                rig.send(luck.by_ref().take(1 + (i % 3) as usize));
            } else {
                rig.receive((i % 8) as u32, 10, wait, traffic.visibility_timeout);
                if i % 2 == 0 {
                    rig.delete();
                }
            }
            story.enter(&mut rig);
        }
        if calls == 0 {
            rig.pass(Span::from_secs(phase.secs));
            story.enter(&mut rig);
        }
        rig.ledger.check();
    }
    for i in 0..100_000 {
        if rig.ledger.resident() == 0 {
            break;
        }
        rig.pass(Span::from_millis(20));
        // All that was received is deleted before more is, or short timeouts would make it stale.
        if rig.receipts.is_empty() {
            rig.receive(i % 8, 10, wait, traffic.visibility_timeout);
        } else {
            rig.delete();
        }
        story.enter(&mut rig);
    }
    rig.pass(Span::ZERO);
    story.enter(&mut rig);
    rig.ledger.check();
    story.map.check();
    assert_eq!(rig.ledger.resident(), 0, "some message cannot be received and deleted");
    story
}

/// What happened in all cases together.
#[derive(Clone, Copy, Debug, Default)]
struct Reach {
    splits: u32,
    merges: u32,
    recuts: u32,
    drained: u32,
}

/// Splits and merges neither lose nor duplicate nor reorder.
fn keep_the_laws(times: u32, traffic: &impl Strategy<Value = Traffic>) -> Reach {
    let reach = Cell::new(Reach::default());
    let result = runner(times).run(traffic, |traffic| {
        let story = live_through(&traffic);
        assert_eq!(story.sent, story.deleted, "ids sent and ids deleted");
        if traffic.visibility_timeout == FOR_EVER {
            let once = story.sent.iter().map(|&message| (message, 1)).collect();
            assert_eq!(story.received, once, "each is received once");
            let grouped = matches!(traffic.sharding.keys, Keys::Group { .. });
            let seals = matches!(traffic.sharding.mechanics, Mechanics::SealAndDrain { .. });
            if story.map.merges + story.map.recuts == 0 && !(grouped && seals) {
                assert!(!story.disordered, "splits keep the order of each line");
            }
            if seals {
                assert!(!story.disordered_groups, "a group waits until the old partition is empty");
            }
        }
        assert_eq!(story.map.sealed, BTreeSet::new(), "every sealed partition drains");
        let before = reach.get();
        reach.set(Reach {
            splits: before.splits + story.map.splits,
            merges: before.merges + story.map.merges,
            recuts: before.recuts + story.map.recuts,
            drained: before.drained + story.map.drained,
        });
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    reach.get()
}

#[test]
fn a_policy_that_acts_within_seconds_loses_nothing() {
    let reach = keep_the_laws(8, &traffic(quick_policy(), 100, 1..=8_u64));
    assert!(reach.splits >= 500 && reach.merges >= 200, "too few: {reach:?}");
    assert!(reach.drained >= 200, "too few: {reach:?}");
}

#[test]
fn a_policy_that_looks_at_minutes_loses_nothing() {
    let reach = keep_the_laws(2, &traffic(slow_policy(), 20, 60..=400_u64));
    assert!(reach.splits >= 200 && reach.merges >= 50, "too few: {reach:?}");
    assert!(reach.recuts >= 50 && reach.drained >= 100, "too few: {reach:?}");
}
