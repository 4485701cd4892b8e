//! Random histories of a queue: whatever splits, merges and nodes do, nothing is lost.
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
use rig::{FOR_EVER, QUEUE, Rig, runner};
use sqsim::kernel::rng::{Fate, Source as _, mix};
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::{
    Capacity, CountScaler, Ewma, FailureDomain, Guards, HeatMedian, Keys, LedgerConfig, Mechanics,
    MidpointDoubling, Naive, Nodes, Outage, Placement, ReceiveRouting, Reservoir, ScalableTopic,
    SplitPolicy, WeightedMove,
};
use sqsim::ledger::journal::{Call, Change, KeySpace, MessageId, NodeChange, PartitionId, Step};

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
                consumers: flag.then_some(3),
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
        Keys::Sequential { pass: Span::from_secs(100), spread: Span::from_millis(1) },
        Keys::Sequential { pass: Span::from_secs(100), spread: Span::from_secs(30) },
        Keys::HotRange { share: 0.8, from: 0.6, width: 0.05 },
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

/// The same traffic with nodes that fail and return within `secs`.
fn on_nodes(traffic: impl Strategy<Value = Traffic>, secs: u64) -> impl Strategy<Value = Traffic> {
    let placement = select(vec![
        Placement::Ring { tokens: 4 },
        Placement::EqualPartitions,
        Placement::Rendezvous,
        Placement::WeightedMove(WeightedMove { every: Span::from_secs(5), churn: 0.5 }),
    ]);
    let outage = (0..secs, any::<bool>(), 0..6_u32, 1..15_u64);
    let outages = prop::collection::vec(outage, 0..8);
    let sizes = (1..=6_u32, 1..=3_u32, 1..=3_u32, 1..=3_u32, 1..=3_u32);
    let capacity = select(vec![None, None, Some(Capacity { per_second: 400.0, burst: 20.0 })]);
    (traffic, sizes, placement, outages, capacity).prop_map(
        |(mut traffic, (count, zones, replicas, write, read), placement, outages, capacity)| {
            let (zones, replicas) = (zones.min(count), replicas.min(count));
            let outage = |(at, of_zone, i, lasts)| Outage {
                at: Time::ZERO + Span::from_secs(at),
                domain: if of_zone {
                    FailureDomain::Zone(i % zones)
                } else {
                    FailureDomain::Node(i % count)
                },
                lasts: Span::from_secs(lasts),
            };
            traffic.sharding.nodes = Some(Nodes {
                count,
                zones,
                capacity,
                replicas,
                write_quorum: write.min(replicas),
                read_quorum: read.min(replicas),
                placement,
                outages: outages.into_iter().map(outage).collect(),
                failures: None,
                suspect_after: Span::from_secs(1),
                replicate_after: Span::from_secs(4),
                copy: Span::from_secs(2),
                copy_share: 0.3,
                catch_up: 3,
            });
            traffic
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
    /// How often the delete of a message was undone.
    undone: BTreeMap<MessageId, u32>,
    /// Calls that too few replicas answered.
    unavailable: u32,
    /// Replicas that moved to another node.
    moved: u32,
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
                Change::Message(message, Step::Sent { .. }) => assert!(self.sent.insert(message)),
                Change::Message(message, Step::Received { partition, .. }) => {
                    *self.received.entry(message).or_default() += 1;
                    self.disordered |=
                        self.last.insert(partition, message).is_some_and(|last| last > message);
                    if let Some(count) = self.groups {
                        let group = rig.lucks[&message].draws(Fate::Group, 0).below(count.into());
                        let last = self.last_of_group.insert(group, message);
                        self.disordered_groups |= last.is_some_and(|last| last > message);
                    }
                }
                Change::Message(message, Step::Deleted { .. }) => {
                    assert!(self.deleted.insert(message));
                }
                Change::Message(message, Step::Undone { .. }) => {
                    assert!(self.deleted.remove(&message), "{message:?} was deleted");
                    *self.undone.entry(message).or_default() += 1;
                }
                Change::Call(Call::Unavailable { .. }) => self.unavailable += 1,
                Change::Node(NodeChange::Moved { .. }) => self.moved += 1,
                _ => {}
            }
        }
        assert!(rig.ledger.tally(QUEUE).is_conserved());
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
    undone: u32,
    unavailable: u32,
    moved: u32,
}

/// Splits and merges neither lose nor duplicate nor reorder.
fn keep_the_laws(times: u32, traffic: &impl Strategy<Value = Traffic>) -> Reach {
    let reach = Cell::new(Reach::default());
    let result = runner(times).run(traffic, |traffic| {
        let story = live_through(&traffic);
        assert_eq!(story.sent, story.deleted, "ids sent and ids deleted");
        let meet = |nodes: &Nodes| nodes.read_quorum + nodes.write_quorum > nodes.replicas;
        if traffic.sharding.nodes.as_ref().is_none_or(meet) {
            assert_eq!(story.undone, BTreeMap::new(), "quorums that meet lose no delete");
        }
        if traffic.visibility_timeout == FOR_EVER {
            let once =
                |&message: &MessageId| (message, 1 + story.undone.get(&message).unwrap_or(&0));
            let expected = story.sent.iter().map(once).collect();
            assert_eq!(story.received, expected, "each is received once, and after each undoing");
            let grouped = matches!(traffic.sharding.keys, Keys::Group { .. });
            let seals = matches!(traffic.sharding.mechanics, Mechanics::SealAndDrain { .. });
            let undone = !story.undone.is_empty();
            if story.map.merges + story.map.recuts == 0 && !(grouped && seals) && !undone {
                assert!(!story.disordered, "splits keep the order of each line");
            }
            if seals && !undone {
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
            undone: before.undone + story.undone.values().sum::<u32>(),
            unavailable: before.unavailable + story.unavailable,
            moved: before.moved + story.moved,
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

/// Of 256 cases at a time, 10,240.
#[test]
fn nodes_that_fail_and_return_lose_nothing() {
    let traffic = on_nodes(traffic(quick_policy(), 100, 1..=8_u64), 30);
    let reach = keep_the_laws(40, &traffic);
    assert!(reach.splits >= 500 && reach.merges >= 200 && reach.drained >= 200, "few: {reach:?}");
    assert!(reach.undone >= 100 && reach.unavailable >= 1_000 && reach.moved >= 500, "{reach:?}");
}
