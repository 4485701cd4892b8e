//! What nodes mean for calls: quorums, the capacity of nodes, deletes undone, receives that hide
//! nothing.
//!
//! Small histories are worked out by hand; random ones are held against a model that keeps for each
//! message who knows of its delete. More of them: `PROPTEST_CASES=5000`; others:
//! `PROPTEST_RNG_SEED=7`.
#![expect(clippy::wildcard_enum_match_arm, reason = "each test looks for a few kinds of change")]

#[path = "reference/parts.rs"]
mod parts;
#[path = "reference/rig.rs"]
mod rig;
#[path = "reference/setup.rs"]
mod setup;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use parts::parts;
use proptest::prelude::*;
use rig::{FOR_EVER, QUEUE, Rig, runner};
use sqsim::kernel::rng::{Streams, mix};
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::{
    Capacity, FailureDomain, LedgerConfig, NodeId, Nodes, Outage, Placement, QueueConfig,
    ReceiveRouting,
};
use sqsim::ledger::journal::{
    Action, Call, Change, Held, MessageId, NodeChange, PartitionId, Step,
};
use sqsim::ledger::nodes::cluster::Cluster;
use sqsim::ledger::nodes::placement::Part;
use sqsim::ledger::{Received, VisibilityAnswer};

const P0: PartitionId = PartitionId(0);
const LONG: u64 = 1_000_000;

/// Copies take 20 s; missed writes are applied ten times as fast as they came.
fn nodes(count: u32, [replicas, write_quorum, read_quorum]: [u32; 3]) -> Nodes {
    Nodes {
        count,
        zones: 1,
        capacity: None,
        replicas,
        write_quorum,
        read_quorum,
        placement: Placement::EqualPartitions,
        outages: Vec::new(),
        failures: None,
        suspect_after: Span::from_secs(10),
        replicate_after: Span::from_secs(300),
        copy: Span::from_secs(20),
        copy_share: 0.5,
        catch_up: 10,
    }
}

fn second(secs: u64) -> Time {
    Time::ZERO + Span::from_secs(secs)
}

fn outage(node: u32, at: u64, until: u64) -> Outage {
    let lasts = Span::from_secs(until - at);
    Outage { at: second(at), domain: FailureDomain::Node(node), lasts }
}

fn rig(partitions: u32, nodes: Nodes) -> Rig {
    let receive = ReceiveRouting::Uniform;
    let ledger = LedgerConfig { partitions, receive, nodes: Some(nodes), ..setup::queue().ledger };
    Rig::new(ledger, 120_000)
}

fn until(rig: &mut Rig, secs: u64) {
    rig.pass(second(secs).since(rig.now));
}

fn receive(rig: &mut Rig) -> Received {
    let answer = rig.receive(0, 10, Span::ZERO, FOR_EVER);
    answer.expect("a short poll does not wait")
}

/// What was told of refused calls.
fn unavailable(rig: &mut Rig) -> Vec<(Action, u32)> {
    let refused = rig.changes().into_iter().filter_map(|change| match change {
        Change::Call(Call::Unavailable { action, partition: P0, messages }) => {
            Some((action, messages))
        }
        _ => None,
    });
    refused.collect()
}

/// Three replicas of which two must answer. Without two of them no call is served; with one of them
/// back, each is.
#[test]
fn without_a_quorum_every_call_is_refused() {
    let outages = vec![outage(0, 10, 30), outage(1, 10, LONG)];
    let mut rig = rig(1, Nodes { outages, ..nodes(3, [3, 2, 2]) });
    assert_eq!(rig.send(0..2), 0);
    assert_eq!(rig.receive(0, 1, Span::ZERO, FOR_EVER), Some(Received::Messages));
    until(&mut rig, 12);
    rig.changes();
    assert_eq!(rig.send(2..5), 3);
    assert_eq!(receive(&mut rig), Received::Refused);
    rig.delete();
    assert_eq!(rig.receipts.len(), 1, "the delete was refused");
    let receipt = rig.receipts[0];
    let extend = |rig: &mut Rig| {
        let (now, span) = (rig.now, Span::from_secs(60));
        rig.ledger.change_visibility(now, &receipt, span, &mut rig.log)
    };
    assert_eq!(extend(&mut rig), VisibilityAnswer::Unavailable);
    let refused = [
        (Action::Send, 3),
        (Action::Receive, 1),
        (Action::Delete, 1),
        (Action::ChangeVisibility, 1),
    ];
    assert_eq!(unavailable(&mut rig), refused);
    // It was away for 20 s and applies what it missed in 2 s.
    until(&mut rig, 31);
    assert_eq!(receive(&mut rig), Received::Refused);
    until(&mut rig, 32);
    rig.changes();
    assert_eq!(rig.send(2..5), 0);
    assert_eq!(extend(&mut rig), VisibilityAnswer::Changed);
    rig.delete();
    assert_eq!(receive(&mut rig), Received::Messages);
    assert_eq!(rig.receipts.len(), 4);
    assert_eq!(unavailable(&mut rig), []);
    rig.ledger.check();
}

/// A poll that asks one partition is refused if it could not read what is there; one that asks all
/// does without, and is served at the instant at which the quorum is back.
#[test]
fn who_waits_is_served_when_the_quorum_is_back() {
    // A send needs no other replica, a receive both.
    let nodes = Nodes { outages: vec![outage(0, 10, 14)], catch_up: 4, ..nodes(2, [2, 1, 2]) };
    let wait = Span::from_secs(20);
    let answers = [
        (ReceiveRouting::Uniform, Received::Refused, Received::Refused),
        (ReceiveRouting::RegisterAll, Received::Waiting, Received::Empty),
    ];
    for (receive, long, short) in answers {
        let nodes = Some(nodes.clone());
        let ledger = LedgerConfig { receive, nodes, ..setup::queue().ledger };
        let mut rig = Rig::new(ledger, 120_000);
        until(&mut rig, 11);
        assert_eq!(rig.receive(1, 1, wait, FOR_EVER), Some(Received::Waiting));
        assert_eq!(rig.send(0..1), 0);
        assert_eq!(rig.receive(2, 1, wait, FOR_EVER), Some(long));
        assert_eq!(rig.receive(3, 1, Span::ZERO, FOR_EVER), Some(short));
        until(&mut rig, 20);
        assert_eq!(rig.receipts.len(), 1);
        assert_eq!(rig.receipts[0].received, second(15));
    }
}

/// One replica is enough for each call. Node 2 misses a delete, then is the only one left: the
/// message is there again, and its second delete is final, as all replicas answer it.
#[test]
fn a_delete_that_nobody_knows_is_undone() {
    let outages = vec![outage(2, 10, 30), outage(0, 20, 60), outage(1, 20, 60)];
    let mut rig = rig(1, Nodes { outages, ..nodes(3, [3, 1, 1]) });
    rig.send(0..2);
    receive(&mut rig);
    until(&mut rig, 15);
    rig.delete();
    until(&mut rig, 31);
    rig.changes();
    assert_eq!(rig.ledger.tally(QUEUE).resident(), 0);
    until(&mut rig, 32);
    let undone = rig.changes().into_iter().filter_map(|change| match change {
        Change::Message(message, Step::Undone { sent: Time::ZERO, receives: 1 }) => Some(message.0),
        _ => None,
    });
    assert_eq!(undone.collect::<Vec<_>>(), [0, 1]);
    let tally = rig.ledger.tally(QUEUE);
    assert_eq!((tally.restored, tally.visible, tally.deleted), (2, 2, 2));
    rig.ledger.check();
    until(&mut rig, 100);
    receive(&mut rig);
    let cause = |change| match change {
        Change::Message(_, Step::Received { cause, receives: 2, .. }) => cause,
        _ => None,
    };
    let causes: Vec<Held> = rig.changes().into_iter().filter_map(cause).collect();
    assert_eq!(causes, [Held::Undone; 2]);
    rig.delete();
    until(&mut rig, 1_000);
    assert_eq!(rig.ledger.tally(QUEUE).resident(), 0);
    rig.ledger.check();
}

/// What all come to know before its knowers are gone is safe, what one replica took over by a copy
/// too.
#[test]
fn a_delete_that_has_spread_is_not_undone() {
    // Node 2 catches up from the others before they fail.
    let outages = vec![outage(2, 10, 30), outage(0, 40, 60), outage(1, 40, 60)];
    let mut caught_up = rig(1, Nodes { outages, ..nodes(3, [3, 1, 1]) });
    // Node 2 is replaced by a copy on node 3, which is left alone.
    let place = |outages| Nodes { outages, ..nodes(4, [3, 1, 1]) };
    let on = Cluster::new(&place(Vec::new()), "queues.a", Streams::new(1, 0), &parts(1));
    let &[a, b, c] = on.replicas(P0) else { panic!("three replicas") };
    let outages = vec![outage(c.0, 10, LONG), outage(a.0, 400, 600), outage(b.0, 400, 600)];
    let mut copied = rig(1, place(outages));
    for rig in [&mut caught_up, &mut copied] {
        rig.send(0..2);
        receive(rig);
        until(rig, 15);
        rig.delete();
        until(rig, 1_000);
        assert_eq!(rig.ledger.tally(QUEUE).restored, 0);
    }
}

/// Two of three must answer. A and B know a delete, C missed it. A copy of C to a fourth node while
/// A and B are away would make a quorum of replicas that know nothing; so none is made.
#[test]
fn repair_from_one_replica_would_undo_deletes() {
    let place =
        |outages| Nodes { outages, replicate_after: Span::from_secs(20), ..nodes(4, [3, 2, 2]) };
    let on = Cluster::new(&place(Vec::new()), "queues.a", Streams::new(1, 0), &parts(1));
    let &[a, b, c] = on.replicas(P0) else { panic!("three replicas") };
    let outages = vec![outage(c.0, 10, 25), outage(a.0, 20, 200), outage(b.0, 20, 200)];
    let mut rig = rig(1, place(outages));
    rig.send(0..2);
    receive(&mut rig);
    until(&mut rig, 15);
    rig.delete();
    until(&mut rig, 1_000);
    assert_eq!(rig.ledger.tally(QUEUE).restored, 0);
    rig.ledger.check();
}

/// Two messages, of which one has reached the end of its retention when its delete is undone.
#[test]
fn what_has_expired_or_was_purged_stays_away() {
    let outages = vec![outage(2, 10, 150), outage(0, 120, 400), outage(1, 120, 400)];
    let ledger = LedgerConfig {
        nodes: Some(Nodes { outages, ..nodes(3, [3, 1, 1]) }),
        ..setup::queue().ledger
    };
    let mut rig =
        Rig::with(QueueConfig { retention: Span::from_secs(100), ledger, ..setup::queue() });
    rig.send(0..1);
    until(&mut rig, 70);
    rig.send(1..2);
    receive(&mut rig);
    rig.delete();
    let mut purged = rig.clone();
    until(&mut rig, 165);
    // Away for 140 s, it had 14 s to catch up.
    assert_eq!(rig.ledger.tally(QUEUE).restored, 1);
    assert_eq!(rig.ledger.tally(QUEUE).visible, 1);
    until(&mut rig, 171);
    assert_eq!(rig.ledger.tally(QUEUE).expired, 1);
    let now = purged.now;
    purged.ledger.purge(now, QUEUE, &mut purged.log);
    until(&mut purged, 165);
    assert_eq!(purged.ledger.tally(QUEUE).restored, 0);
}

/// Sends that a greedy client gets through in 100 s to 8 partitions, one message each at a time.
fn admitted(nodes: Nodes) -> u32 {
    let mut rig = rig(8, nodes);
    let mut lucks = (0..).map(mix);
    let mut admitted = 0;
    for _ in 0..10_000 {
        rig.pass(Span::from_millis(10));
        admitted += 1 - rig.send(lucks.by_ref().take(1));
    }
    admitted
}

/// Ten calls a second each: one replica on one node, on eight, one on both of two.
#[test]
fn a_node_carries_what_it_can_over_all_its_partitions() {
    let capacity = Some(Capacity { per_second: 10.0, burst: 1.0 });
    let with = |count, replicas| Nodes { capacity, ..nodes(count, [replicas, replicas, 1]) };
    // The first call comes 10 ms after the start, the others every 100 ms.
    assert_eq!(admitted(with(1, 1)), 1_000);
    assert_eq!(admitted(with(2, 2)), 1_000);
    // A partition on each. After one call the next is let through from ten calls later on, of
    // which one in eight is for it: every 10 + 7 calls, with a variance of 7 × 8, 588 times.
    let spread = f64::from(admitted(with(8, 1)));
    let error = 4.0 * f64::sqrt(8.0 * 588.0 * 56.0) / 17.0;
    assert!((spread - 80_000.0 / 17.0).abs() < error, "{spread}");
}

/// Node 0 fails and is given up at once. Of 16 replicas on three nodes it had five or six, which
/// the other two copy to each other, one each way in 50 s: all the time.
#[test]
fn copies_take_their_share_of_both_ends() {
    let capacity = Some(Capacity { per_second: 10.0, burst: 1.0 });
    let small = Nodes {
        capacity,
        outages: vec![outage(0, 0, LONG)],
        suspect_after: Span::ZERO,
        replicate_after: Span::ZERO,
        copy: Span::from_secs(50),
        ..nodes(3, [2, 1, 1])
    };
    let less = admitted(Nodes { copy_share: 0.9, ..small.clone() });
    let none = admitted(Nodes { copy_share: 0.0, ..small });
    // Each node sends one copy and receives one: a hundredth is left of what it carries.
    assert!(less * 20 < none, "{less} {none}");
}

/// Each receive leaves a message visible with probability p, so that it is received 1 / (1 - p)
/// times before it is hidden, with variance p / (1 - p)².
#[test]
fn a_receive_leaves_messages_visible_as_often_as_it_is_told() {
    let mut rig = Rig::with(QueueConfig { duplicates: 0.3, ..setup::queue() });
    for from in (0..10_000).step_by(10) {
        rig.send((from..from + 10).map(mix));
    }
    while receive(&mut rig) == Received::Messages {
        rig.pass(Span::ZERO);
    }
    let (mut received, mut again) = (0, 0);
    for change in rig.changes() {
        if let Change::Message(_, Step::Received { receives, cause, .. }) = change {
            received += 1;
            again += u32::from(receives > 1);
            assert_eq!(cause, (receives > 1).then_some(Held::NotHidden));
        }
    }
    assert_eq!(received, 10_000 + again);
    let (mean, error) = (10_000.0 * 0.3 / 0.7, f64::sqrt(10_000.0 * 0.3) / 0.7);
    assert!((f64::from(again) - mean).abs() < 4.0 * error, "{again}");
    assert_eq!(rig.ledger.tally(QUEUE).in_flight, 10_000);
    rig.ledger.check();
}

/// Who knows of each delete, kept message by message.
struct Model {
    config: Nodes,
    replicas: BTreeMap<PartitionId, Vec<NodeId>>,
    answers: BTreeSet<NodeId>,
    home: BTreeMap<MessageId, PartitionId>,
    known: BTreeMap<MessageId, BTreeSet<NodeId>>,
    /// Of each copy that began, by partition and target.
    sources: BTreeMap<(PartitionId, NodeId), NodeId>,
}

impl Model {
    fn answering(&self, partition: PartitionId) -> BTreeSet<NodeId> {
        self.replicas[&partition].iter().copied().filter(|id| self.answers.contains(id)).collect()
    }

    /// Takes in what was told up to the end of an instant; returns what it says is undone, and what
    /// the ledger says.
    fn enter(&mut self, changes: Vec<Change>) -> [BTreeSet<MessageId>; 2] {
        let mut told = BTreeSet::new();
        for change in changes {
            match change {
                Change::Message(message, Step::Sent { partition, .. }) => {
                    self.home.insert(message, partition);
                }
                Change::Message(message, Step::Deleted { .. }) => {
                    self.known.insert(message, self.answering(self.home[&message]));
                }
                Change::Node(NodeChange::Failed { node: id }) => drop(self.answers.remove(&id)),
                Change::Node(NodeChange::CaughtUp { node: id }) => drop(self.answers.insert(id)),
                Change::Node(NodeChange::CopyBegun { partition, source, to }) => {
                    self.sources.insert((partition, to), source);
                }
                Change::Node(NodeChange::Moved { partition, from, to }) => {
                    let source = self.sources[&(partition, to)];
                    let on = self.replicas.get_mut(&partition).expect("it is placed");
                    on.retain(|id| *id != from);
                    on.push(to);
                    let here = |message: &MessageId| self.home[message] == partition;
                    for (_, known) in self.known.iter_mut().filter(|(id, _)| here(id)) {
                        if known.contains(&source) {
                            known.insert(to);
                        }
                        known.remove(&from);
                    }
                }
                Change::Message(message, Step::Undone { .. }) => drop(told.insert(message)),
                _ => {}
            }
        }
        let mut undone = BTreeSet::new();
        let mut known = std::mem::take(&mut self.known);
        for (message, known) in &mut known {
            let answering = self.answering(self.home[message]);
            if answering.len() < self.config.read_quorum as usize {
                continue;
            }
            if answering.is_disjoint(known) {
                undone.insert(*message);
            } else {
                known.extend(answering);
            }
        }
        known.retain(|message, _| !undone.contains(message));
        self.known = known;
        [undone, told]
    }
}

/// Nodes, replicas and quorums, outages (which, from, for how long), partitions.
type Case = (u32, (u32, u32, u32), Vec<(u32, u64, u64)>, u32);

/// The ledger undoes what the model says, no less and no more, whatever the quorums are.
#[test]
fn deletes_are_undone_exactly_when_nobody_knows_them() {
    let seen = Cell::new([0, 0]);
    let outages = prop::collection::vec((0..6_u32, 0..200_u64, 1..120_u64), 0..10);
    let quorums = (1..=3_u32, 1..=3_u32, 1..=3_u32);
    let cases = (1..=6_u32, quorums, outages, 1..=4_u32);
    let test = |(count, (replicas, write, read), outages, partitions): Case| {
        let replicas = replicas.min(count);
        let outages =
            outages.into_iter().map(|(node, at, lasts)| outage(node % count, at, at + lasts));
        let quorums = [replicas, write.min(replicas), read.min(replicas)];
        let config = Nodes {
            outages: outages.collect(),
            suspect_after: Span::from_secs(1),
            replicate_after: Span::from_secs(10),
            copy: Span::from_secs(5),
            ..nodes(count, quorums)
        };
        let mut rig = rig(partitions, config.clone());
        let parts = parts(partitions);
        let cluster = Cluster::new(&config, "queues.a", Streams::new(1, 0), &parts);
        let on = |part: &Part| (part.id, cluster.replicas(part.id).to_vec());
        let mut model = Model {
            config,
            replicas: parts.iter().map(on).collect(),
            answers: (0..count).map(NodeId).collect(),
            home: BTreeMap::new(),
            known: BTreeMap::new(),
            sources: BTreeMap::new(),
        };
        let mut lucks = (0..).map(mix);
        for secs in 0..400 {
            while rig.step(second(secs)) {
                let [expected, told] = model.enter(rig.changes());
                prop_assert_eq!(&told, &expected, "at {}", rig.now);
                let [undone, all] = seen.get();
                let meet = quorums[1] + quorums[2] > quorums[0];
                prop_assert!(told.is_empty() || !meet, "quorums that meet lose nothing");
                seen.set([undone + told.len(), all]);
            }
            rig.send(lucks.by_ref().take(3));
            receive(&mut rig);
            rig.delete();
            model.enter(rig.changes());
        }
        rig.ledger.check();
        let [undone, all] = seen.get();
        seen.set([undone, all + model.home.len()]);
        Ok(())
    };
    runner(1).run(&cases, test).unwrap();
    let [undone, all] = seen.get();
    assert!(undone >= 300 && all >= 100_000, "too few: {undone} of {all}");
}
