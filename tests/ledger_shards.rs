//! Partitions of the ledger: what a poll asks, and what a partition admits.
//!
//! The random cases are the same in every run. More of them: `PROPTEST_CASES=5000`; others:
//! `PROPTEST_RNG_SEED=7`.
#![expect(clippy::wildcard_enum_match_arm, reason = "each test looks for a few kinds of change")]

#[path = "reference/rig.rs"]
mod rig;
#[path = "reference/setup.rs"]
mod setup;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::select;
use rig::{FOR_EVER, Rig, runner};
use sqsim::kernel::rng::{Fate, Luck, Source as _, mix};
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::Received;
use sqsim::ledger::config::{Capacity, LedgerConfig, ReceiveRouting};
use sqsim::ledger::journal::{Action, Call, Caller, Change, MessageId, PartitionId, Step};

fn sharding(partitions: u32) -> LedgerConfig {
    LedgerConfig { partitions, ..setup::queue().ledger }
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
                Change::Message(_, Step::Received { partition, .. }) => {
                    counts[partition.0 as usize] += 1;
                }
                Change::Call(Call::ReceivedNothing { .. }) => empty += 1,
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
            let nothing = Change::Call(Call::ReceivedNothing {
                caller: Caller(0),
                falsely: true,
                over_limit: false,
            });
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
        Change::Call(Call::ReceivedNothing { caller, falsely, .. }) => Some((caller, falsely)),
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
        if let Change::Message(_, Step::Received { partition, .. }) = change {
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
                Change::Message(message, Step::Sent { partition, .. }) => {
                    self.home.insert(message, partition);
                    *self.visible.entry(partition).or_default() += 1;
                    calls.insert((partition, Action::Send, None));
                }
                Change::Message(_, Step::Received { caller, partition, .. }) => {
                    *self.visible.entry(partition).or_default() -= 1;
                    calls.insert((partition, Action::Receive, Some(caller)));
                }
                Change::Message(message, Step::Deleted { .. }) => {
                    calls.insert((self.home[&message], Action::Delete, None));
                }
                Change::Call(Call::Throttled { action, partition, .. }) => {
                    refused.push((partition, action));
                }
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
