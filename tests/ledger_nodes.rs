//! The cluster: nodes that fail and return, repair, quorums.
//!
//! Small histories are worked out by hand; random ones are held against a naive recount from what
//! was told and what was scheduled. More of them: `PROPTEST_CASES=5000`; others:
//! `PROPTEST_RNG_SEED=7`.

#[path = "reference/parts.rs"]
mod parts;

use std::collections::{BTreeMap, BTreeSet};

use parts::parts;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{RngSeed, TestRunner};
use sqsim::kernel::dist::Dist;
use sqsim::kernel::rng::Streams;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::{
    FailureDomain, Failures, NodeId, Nodes, Outage, Placement, WeightedMove,
};
use sqsim::ledger::journal::{Census, NodeChange, PartitionId};
use sqsim::ledger::nodes::cluster::{Cluster, Origin};
use sqsim::ledger::nodes::placement::Part;

const WEIGHTED: Placement =
    Placement::WeightedMove(WeightedMove { every: Span::from_secs(60), churn: 0.09 });

/// Copies take 20 s; missed writes are applied ten times as fast as they came.
fn config(count: u32, replicas: u32) -> Nodes {
    Nodes {
        count,
        zones: 1,
        capacity: None,
        replicas,
        write_quorum: replicas / 2 + 1,
        read_quorum: replicas / 2 + 1,
        placement: Placement::EqualPartitions,
        outages: Vec::new(),
        failures: None,
        suspect_after: Span::from_secs(10),
        replicate_after: Span::from_secs(300),
        copy: Span::from_secs(20),
        copy_share: 0.3,
        catch_up: 10,
    }
}

fn second(secs: u64) -> Time {
    Time::ZERO + Span::from_secs(secs)
}

fn seconds(time: Time) -> u64 {
    time.as_nanos() / 1_000_000_000
}

fn node(id: NodeId, at: u64, lasts: u64) -> Outage {
    let (domain, lasts) = (FailureDomain::Node(id.0), Span::from_secs(lasts));
    Outage { at: second(at), domain, lasts }
}

const FOR_EVER: u64 = 1_000_000_000;

/// A cluster, and what it told.
struct Rig {
    cluster: Cluster,
    told: Vec<(u64, NodeChange)>,
}

impl Rig {
    fn with_seed(config: &Nodes, partitions: u32, seed: u64) -> Rig {
        let cluster = Cluster::new(config, "q", Streams::new(seed, 0), &parts(partitions));
        Rig { cluster, told: Vec::new() }
    }

    fn new(config: &Nodes, partitions: u32) -> Rig {
        Rig::with_seed(config, partitions, 1)
    }

    /// Lets time pass until `secs`; returns what was told since the last time.
    fn until(&mut self, secs: u64) -> Vec<(u64, NodeChange)> {
        let told = &mut self.told;
        self.cluster.advance(second(secs), &mut |at, change| {
            if !matches!(change, Counted { .. }) {
                told.push((seconds(at), change));
            }
        });
        self.cluster.check();
        std::mem::take(told)
    }

    fn census(&mut self, secs: u64) -> Census {
        self.until(secs);
        self.cluster.census()
    }

    fn lacks_quorum(&mut self, secs: u64) -> bool {
        self.census(secs).without_write_quorum > 0
    }
}

const P0: PartitionId = PartitionId(0);

/// One partition on three of four nodes; the nodes that hold it, and the one that does not.
fn single(outages: impl Fn([NodeId; 3], NodeId) -> Vec<Outage>) -> (Rig, [NodeId; 3], NodeId) {
    let four = config(4, 3);
    // Where it stands does not depend on what fails.
    let on = <[NodeId; 3]>::try_from(Rig::new(&four, 1).cluster.replicas(P0));
    let on = on.expect("three replicas");
    let spare = (0..4).map(NodeId).find(|id| !on.contains(id)).expect("a fourth");
    let rig = Rig::new(&Nodes { outages: outages(on, spare), ..four }, 1);
    assert_eq!(rig.cluster.replicas(P0), on);
    (rig, on, spare)
}

use NodeChange::{
    CaughtUp, CopyBegun, CopyDropped, Counted, Failed, GivenUp, Led, Moved, Returned, Suspected,
};

#[test]
fn a_node_that_stays_away_is_suspected_given_up_and_replaced() {
    let (mut rig, [a, b, c], d) = single(|[a, ..], _| vec![node(a, 100, FOR_EVER)]);
    let whole = Census { partitions: 1, ..Census::default() };
    assert_eq!(rig.census(99), whole);
    let told = [
        (100, Failed { node: a }),
        (110, Suspected { node: a }),
        (110, Led { partition: P0, by: b }),
        (400, GivenUp { node: a }),
        (400, CopyBegun { partition: P0, source: b, to: d }),
    ];
    assert_eq!(rig.until(419), told);
    assert_eq!(rig.cluster.census(), Census { under_replicated: 1, ..whole });
    assert_eq!(rig.cluster.replicas(P0), [b, a, c]);
    assert_eq!(rig.until(1000), [(420, Moved { partition: P0, from: a, to: d })]);
    assert_eq!(rig.cluster.census(), whole);
    assert_eq!(rig.cluster.replicas(P0), [b, d, c]);
}

#[test]
fn a_node_that_returns_catches_up_and_keeps_its_replicas() {
    let (mut rig, [a, b, c], _) = single(|[a, ..], _| vec![node(a, 100, 60)]);
    let told = [
        (100, Failed { node: a }),
        (110, Suspected { node: a }),
        (110, Led { partition: P0, by: b }),
        (160, Returned { node: a }),
        // A tenth of 60 s.
        (166, CaughtUp { node: a }),
    ];
    assert!(rig.census(165).under_replicated == 1);
    let mut rig = single(|[a, ..], _| vec![node(a, 100, 60)]).0;
    assert_eq!(rig.until(1000), told);
    assert_eq!(rig.cluster.replicas(P0), [b, a, c]);
    assert_eq!(rig.cluster.census().under_replicated, 0);
}

/// It is back at 410, ten seconds into the copy that was to replace it. It would be 31 s behind,
/// but its one replica is copied in 20.
#[test]
fn a_node_that_returns_during_its_repair_ends_it() {
    let (mut rig, [a, b, c], d) = single(|[a, ..], _| vec![node(a, 100, 310)]);
    rig.until(399);
    let told = [
        (400, GivenUp { node: a }),
        (400, CopyBegun { partition: P0, source: b, to: d }),
        (410, Returned { node: a }),
        (410, CopyDropped { partition: P0, to: d }),
        (430, CaughtUp { node: a }),
    ];
    assert_eq!(rig.until(2000), told);
    assert_eq!(rig.cluster.replicas(P0), [b, a, c]);
}

/// All partitions lose a replica that no other node can take; of four nodes one can. Each transfer
/// is found by its partition, and what nodes hold is counted once for all: a list that is searched
/// for each takes minutes for these.
#[test]
fn a_node_that_holds_many_partitions_is_repaired() {
    const ALL: u32 = 1 << 14;
    let first = node(NodeId(0), 100, FOR_EVER);
    // The others' short outages only make it look again.
    let again = (500..510).map(|at| node(NodeId(1), at * 10, 5));
    let outages: Vec<Outage> = again.chain([first]).collect();
    let mut rig = Rig::new(&Nodes { outages, ..config(3, 3) }, ALL);
    let told = rig.until(10_000);
    let count = |is: fn(&NodeChange) -> bool| told.iter().filter(|(_, it)| is(it)).count();
    assert_eq!(count(|it| matches!(it, GivenUp { .. })), 1);
    assert_eq!(count(|it| matches!(it, Returned { .. })), 10);
    assert_eq!(count(|it| matches!(it, CopyBegun { .. })), 0);
    assert_eq!(rig.cluster.census().under_replicated, ALL);

    let mut rig = Rig::new(&Nodes { outages: vec![first], ..config(4, 3) }, ALL);
    assert_eq!(rig.census(400).under_replicated, ALL / 4 * 3);
    // Each of the three that are left sends one copy and receives one, all in 20 s; where two copy
    // to each other, the third has nobody.
    let moved = ALL / 4 * 3 - rig.census(500).under_replicated;
    assert!((2 * 5..=3 * 5).contains(&moved), "{moved} copies in five times 20 s");
}

/// Less than ten seconds away: nobody notices but the calls.
#[test]
fn a_short_outage_is_not_suspected() {
    let (mut rig, [a, ..], _) = single(|[a, ..], _| vec![node(a, 100, 5)]);
    let caught_up = second(105) + Span::from_millis(500);
    assert_eq!(rig.until(104), [(100, Failed { node: a })]);
    assert_eq!(rig.until(105), [(105, Returned { node: a })]);
    assert_eq!(rig.cluster.due(), caught_up);
    assert_eq!(rig.until(1000), [(105, CaughtUp { node: a })]);
    assert_eq!(rig.cluster.replicas(P0)[0], a);
}

#[test]
fn outages_that_adjoin_or_overlap_are_one() {
    let (mut rig, [a, ..], _) = single(|[a, ..], _| {
        vec![node(a, 150, 50), node(a, 100, 50), node(a, 120, 10), node(a, 300, 0)]
    });
    let mut told = rig.until(1000);
    told.retain(|(_, change)| matches!(change, Failed { .. } | Returned { .. }));
    assert_eq!(told, [(100, Failed { node: a }), (200, Returned { node: a })]);
}

/// Lost at 100 and 150: one of three answers from then on. The second is back at 250 and has the
/// writes of its 100 s at 260.
#[test]
fn a_second_loss_inside_the_repair_window_costs_the_quorum() {
    let outages = |[a, b, _]: [NodeId; 3], _| vec![node(a, 100, FOR_EVER), node(b, 150, 100)];
    let (mut rig, ..) = single(outages);
    for (secs, lacks) in [(149, false), (150, true), (250, true), (259, true), (260, false)] {
        assert_eq!(rig.lacks_quorum(secs), lacks, "at {secs}");
    }
    assert!(!rig.lacks_quorum(2000));
}

/// The copy that replaces the first is there at 420.
#[test]
fn a_second_loss_outside_the_repair_window_does_not() {
    let outages = |[a, b, _]: [NodeId; 3], _| vec![node(a, 100, FOR_EVER), node(b, 420, 5000)];
    let (mut rig, ..) = single(outages);
    for secs in [100, 419, 420, 500, 5000, 6000] {
        assert!(!rig.lacks_quorum(secs), "at {secs}");
    }
}

/// Without a replica that answers there is nothing to copy from, until one returns at 1000 (and
/// answers 20 s later, as copying its one replica would take no longer).
/// One replica need not know the last write: two are to be read.
#[test]
fn repair_waits_for_a_read_quorum() {
    let (mut rig, [a, b, c], d) =
        single(|[a, b, c], _| vec![node(a, 100, FOR_EVER), node(b, 100, 900), node(c, 100, 1900)]);
    assert_eq!(rig.census(900).without_read_quorum, 1);
    rig.until(999);
    let told = [
        (1000, Returned { node: b }),
        (1020, CaughtUp { node: b }),
        (1020, Led { partition: P0, by: b }),
        (2000, Returned { node: c }),
        (2020, CaughtUp { node: c }),
        (2020, CopyBegun { partition: P0, source: b, to: d }),
        (2040, Moved { partition: P0, from: a, to: d }),
    ];
    assert_eq!(rig.until(5000), told);
    assert_eq!(rig.cluster.replicas(P0), [b, d, c]);
    assert_eq!(rig.cluster.census().under_replicated, 0);
}

#[test]
fn a_copy_whose_target_fails_goes_to_another_node() {
    let five = config(5, 3);
    let on = Rig::new(&five, 1).cluster.replicas(P0).to_vec();
    let lost = node(on[0], 100, FOR_EVER);
    let first = Rig::new(&Nodes { outages: vec![lost], ..five.clone() }, 1).until(400);
    let Some(&(400, CopyBegun { source, to, .. })) = first.last() else { panic!("{first:?}") };
    let other = (0..5).map(NodeId).find(|id| !on.contains(id) && *id != to).unwrap();
    let mut rig = Rig::new(&Nodes { outages: vec![lost, node(to, 405, 1)], ..five }, 1);
    rig.until(404);
    let mut told = rig.until(1000);
    told.retain(|(_, change)| !matches!(change, Returned { .. } | CaughtUp { .. }));
    let expected = [
        (405, Failed { node: to }),
        (405, CopyDropped { partition: P0, to }),
        (405, CopyBegun { partition: P0, source, to: other }),
        (425, Moved { partition: P0, from: on[0], to: other }),
    ];
    assert_eq!(told, expected);
}

/// Two replicas on three nodes: what the dead node shared with each of the others goes to the
/// third from it, one copy at a time each way.
#[test]
fn a_node_sends_and_receives_one_copy_at_a_time() {
    let three = Nodes { read_quorum: 1, ..config(3, 2) };
    let whole = Rig::new(&three, 30);
    let with = |id: u32| {
        let both = |p: &u32| {
            let on = whole.cluster.replicas(PartitionId(*p));
            on.contains(&NodeId(0)) && on.contains(&NodeId(id))
        };
        (0..30).filter(both).count() as u64
    };
    let most = with(1).max(with(2));
    // 60 replicas on 3 nodes; primaries are spread first, which may leave one more or less.
    assert!((19..=21).contains(&(with(1) + with(2))));
    let mut rig = Rig::new(&Nodes { outages: vec![node(NodeId(0), 100, FOR_EVER)], ..three }, 30);
    for copied in 0..most {
        let left = with(1).saturating_sub(copied) + with(2).saturating_sub(copied);
        assert_eq!(u64::from(rig.census(400 + 20 * copied).under_replicated), left);
        assert_eq!(u64::from(rig.census(419 + 20 * copied).under_replicated), left);
    }
    assert_eq!(rig.census(400 + 20 * most).under_replicated, 0);
}

#[test]
fn a_zone_that_fails_takes_one_replica_of_each_partition() {
    let domain = FailureDomain::Zone(1);
    let outages = vec![Outage { at: second(100), domain, lasts: Span::from_secs(50) }];
    let mut rig = Rig::new(&Nodes { zones: 3, outages, ..config(12, 3) }, 64);
    let census = rig.census(120);
    assert_eq!((census.under_replicated, census.without_write_quorum), (64, 0));
    assert_eq!(rig.census(1000), Census { partitions: 64, ..Census::default() });
}

/// Of 256 partitions on 12 nodes a second loss inside the window blocks one of 22, as the two
/// nodes are among its three with probability (3·2)/(12·11); outside of it none. The repair of 64
/// replicas is over at 400 + 20 × 64 s at the latest.
#[test]
fn a_second_loss_blocks_one_partition_of_22_inside_the_window_and_none_outside() {
    for placement in [Placement::EqualPartitions, Placement::Rendezvous] {
        let blocked = |later: u64, seed: u64| {
            let outages =
                vec![node(NodeId(0), 100, FOR_EVER), node(NodeId(1), 100 + later, FOR_EVER)];
            let config = Nodes { placement, outages, ..config(12, 3) };
            let mut rig = Rig::with_seed(&config, 256, seed);
            rig.census(100 + later).without_write_quorum
        };
        let inside: Vec<f64> = (0..15).map(|seed| f64::from(blocked(120, seed))).collect();
        let mean = inside.iter().sum::<f64>() / 15.0 / 256.0;
        let error = 4.0 * f64::sqrt(1.0 / 22.0 * 21.0 / 22.0 / 256.0 / 15.0);
        assert!((mean - 1.0 / 22.0).abs() < error, "{mean}: {inside:?}");
        assert!((0..15).all(|seed| blocked(2000, seed) == 0));
    }
}

/// 900 s between failures, 100 s of repair: a node is down a tenth of the time. 40 nodes have some
/// 40,000 failures in a million seconds, whose lengths between are exponential.
#[test]
fn failures_by_chance_keep_their_means() {
    for of_zones in [false, true] {
        let mean_time_between = Span::from_secs(900);
        let repair = Dist::Constant(Span::from_secs(100));
        let failures = Some(Failures { of_zones, mean_time_between, repair });
        let mut rig = Rig::new(&Nodes { zones: 40, failures, ..config(40, 1) }, 1);
        let told = rig.until(1_000_000);
        let failed = told.iter().filter(|(_, change)| matches!(change, Failed { .. })).count();
        // Each of 40,000 cycles is 1000 s ± 900 s: the count is known to ± 0.9 × 200.
        assert!((failed as f64 - 40_000.0).abs() < 4.0 * 180.0, "{failed}");
    }
}

#[test]
fn another_node_moves_no_failure_of_the_others() {
    let told = |count| {
        let (of_zones, mean_time_between) = (false, Span::from_secs(900));
        let repair = Dist::Exponential { mean: Span::from_secs(100) };
        let failures = Some(Failures { of_zones, mean_time_between, repair });
        let mut told = Rig::new(&Nodes { failures, ..config(count, 1) }, 1).until(50_000);
        told.retain(
            |(_, it)| matches!(it, Failed { node: id } | Returned { node: id } if id.0 < 5),
        );
        told
    };
    assert_eq!(told(5), told(6));
}

/// The two halves of a partition.
fn halves(part: Part, next: u32) -> [Part; 2] {
    let middle = part.first + (part.last - part.first) / 2;
    [
        Part { id: PartitionId(next), last: middle, ..part },
        Part { id: PartitionId(next + 1), first: middle + 1, ..part },
    ]
}

#[test]
fn children_stay_on_their_parents_nodes_and_equal_partitions_places_one_anew() {
    for placement in [Placement::EqualPartitions, Placement::Rendezvous] {
        let mut rig = Rig::new(&Nodes { placement, ..config(6, 3) }, 1);
        let on = rig.cluster.replicas(P0).to_vec();
        rig.cluster.recut(second(5), P0, &halves(parts(1)[0], 1), Origin::Empty);
        rig.cluster.close(second(5), P0);
        rig.until(5);
        assert_eq!(rig.cluster.replicas(PartitionId(1)), on);
        let right = rig.cluster.replicas(PartitionId(2));
        if placement == Placement::EqualPartitions {
            assert!(right.iter().all(|id| !on.contains(id)), "three nodes held nothing");
        } else {
            assert_eq!(right, on);
        }
    }
}

/// Content that the children share moves by copies, one after the other to and from a node.
#[test]
fn children_that_share_replicas_are_copied_to_their_places() {
    let mut rig = Rig::new(&config(6, 3), 1);
    let on = rig.cluster.replicas(P0).to_vec();
    let children = halves(parts(1)[0], 1);
    let right = children[1].id;
    let places = rig.cluster.places(P0, &children);
    rig.cluster.recut(second(5), P0, &children, Origin::Shared);
    rig.cluster.close(second(5), P0);
    assert_eq!(rig.cluster.replicas(right), on);
    let told = rig.until(100);
    let copies = told.iter().filter(|(_, change)| matches!(change, CopyBegun { .. })).count();
    assert_eq!(copies, 3);
    let moved = [0, 1, 2].map(|i| Moved { partition: right, from: on[i], to: places[1][i] });
    assert!(moved.iter().all(|change| told.contains(&(25, *change))), "{told:?}");
    assert_eq!(rig.cluster.replicas(right), places[1]);
    // Copied beforehand, they are there at once.
    let mut rig = Rig::new(&config(6, 3), 1);
    rig.cluster.recut(second(5), P0, &children, Origin::Copied(&places));
    assert_eq!(rig.cluster.replicas(right), places[1]);
}

/// With a node away the right child must not be put on nodes that never had its content.
#[test]
fn children_of_a_partition_with_a_lost_replica_stay_on_its_nodes() {
    let (mut rig, ..) = single(|[a, ..], _| vec![node(a, 100, FOR_EVER)]);
    rig.until(200);
    rig.cluster.recut(second(200), P0, &halves(parts(1)[0], 1), Origin::Empty);
    assert_eq!(rig.cluster.replicas(PartitionId(2)), rig.cluster.replicas(P0));
}

/// The copy of the parent ends with it; those of the children begin, the one after the other as
/// both come from one node.
#[test]
fn children_of_a_partition_under_repair_are_repaired() {
    let (mut rig, [a, b, c], d) = single(|[a, ..], _| vec![node(a, 100, FOR_EVER)]);
    rig.until(405);
    rig.cluster.recut(second(405), P0, &halves(parts(1)[0], 1), Origin::Empty);
    rig.cluster.close(second(405), P0);
    let [left, right] = [PartitionId(1), PartitionId(2)];
    let told = [
        (405, CopyBegun { partition: left, source: b, to: d }),
        (425, Moved { partition: left, from: a, to: d }),
        (425, CopyBegun { partition: right, source: b, to: d }),
        (445, Moved { partition: right, from: a, to: d }),
    ];
    assert_eq!(rig.until(1000), told);
    assert_eq!(rig.cluster.replicas(right), [b, d, c]);
}

/// Sixteen partitions of 6.25 % of the keys on two nodes, one replica each, eight on a node. The
/// load of 10 on each of two on one node: one of them moves at the first look.
#[test]
fn replicas_move_off_the_hottest_node() {
    let mut rig = Rig::new(&Nodes { placement: WEIGHTED, ..config(2, 1) }, 16);
    let on = |rig: &Rig, p| rig.cluster.replicas(PartitionId(p))[0];
    let hot = on(&rig, 0);
    let other = (1..16).find(|&p| on(&rig, p) == hot).unwrap();
    rig.cluster.set_load(P0, 10);
    rig.cluster.set_load(PartitionId(other), 10);
    let to = NodeId(1 - hot.0);
    let told = [
        (60, CopyBegun { partition: P0, source: hot, to }),
        (80, Moved { partition: P0, from: hot, to }),
    ];
    assert_eq!(rig.until(1000), told);
}

// Random histories

/// What happens from outside.
#[derive(Clone, Copy, Debug)]
enum Deed {
    /// A partition becomes two, which share its replicas or are empty.
    Split(prop::sample::Index, bool),
    /// Two neighbours in the list of partitions become one.
    Merge(prop::sample::Index),
    Load(prop::sample::Index, u64),
    Wait(u64),
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let which = any::<prop::sample::Index>;
    prop_oneof![
        (which(), any::<bool>()).prop_map(|(which, shared)| Deed::Split(which, shared)),
        which().prop_map(Deed::Merge),
        (which(), 0..100_u64).prop_map(|(which, load)| Deed::Load(which, load)),
        (0..300_u64).prop_map(Deed::Wait),
        (0..300_u64).prop_map(Deed::Wait),
        (0..300_u64).prop_map(Deed::Wait),
    ]
}

fn any_config() -> impl Strategy<Value = Nodes> {
    let placement = select(vec![
        Placement::Ring { tokens: 1 },
        Placement::Ring { tokens: 8 },
        Placement::EqualPartitions,
        Placement::Rendezvous,
        Placement::WeightedMove(WeightedMove { every: Span::from_secs(60), churn: 0.5 }),
    ]);
    let domain = (any::<bool>(), 0..8_u32);
    let domain =
        domain.prop_map(
            |(zone, i)| {
                if zone { FailureDomain::Zone(i % 4) } else { FailureDomain::Node(i) }
            },
        );
    let outage = (0..3000_u64, domain, 0..1500_u64).prop_map(|(at, domain, lasts)| Outage {
        at: second(at),
        domain,
        lasts: Span::from_secs(lasts),
    });
    let sizes = (1..8_u32, 1..5_u32, 1..4_u32, 1..4_u32, 1..4_u32);
    let spans = (0..60_u64, 0..500_u64, 1..100_u64);
    let outages = prop::collection::vec(outage, 0..12);
    (sizes, placement, spans, outages).prop_map(
        |((count, zones, replicas, write, read), placement, (suspect, more, copy), outages)| {
            let replicas = replicas.min(count);
            Nodes {
                zones: zones.min(count),
                write_quorum: write.min(replicas),
                read_quorum: read.min(replicas),
                placement,
                outages,
                suspect_after: Span::from_secs(suspect),
                replicate_after: Span::from_secs(suspect + more),
                copy: Span::from_secs(copy),
                ..config(count, replicas)
            }
        },
    )
}

/// What a listener knows.
struct Listener {
    config: Nodes,
    serving: BTreeSet<NodeId>,
    replicas: BTreeMap<PartitionId, Vec<NodeId>>,
    /// Source of each copy under way, by partition and target.
    copies: BTreeMap<(PartitionId, NodeId), NodeId>,
}

impl Listener {
    fn hears(&mut self, at: Time, change: NodeChange) {
        match change {
            Failed { node: id } => assert!(self.is_down(id, at), "{id:?} is up at {at}"),
            Returned { node: id } | CaughtUp { node: id } => {
                assert!(!self.is_down(id, at), "{id:?} is down");
            }
            Suspected { node: id } | GivenUp { node: id } => assert!(!self.serving.contains(&id)),
            Led { .. } | CopyBegun { .. } | CopyDropped { .. } | Moved { .. } | Counted { .. } => {}
        }
        match change {
            Failed { node: id } => drop(self.serving.remove(&id)),
            CaughtUp { node: id } => drop(self.serving.insert(id)),
            Led { partition, by } => {
                let on = self.replicas.get_mut(&partition).expect("it is there");
                assert!(self.serving.contains(&by) && !self.serving.contains(&on[0]));
                on.retain(|&id| id != by);
                on.insert(0, by);
            }
            CopyBegun { partition, source, to } => {
                let on = &self.replicas[&partition];
                assert!(on.contains(&source) && !on.contains(&to));
                assert!(self.serving.contains(&source) && self.serving.contains(&to));
                assert!(!self.copies.values().any(|&it| it == source), "one copy at a time");
                assert!(!self.copies.keys().any(|&(_, it)| it == to), "one copy at a time");
                self.copies.insert((partition, to), source);
            }
            CopyDropped { partition, to } => {
                assert!(self.copies.remove(&(partition, to)).is_some());
            }
            Moved { partition, from, to } => {
                assert!(self.copies.remove(&(partition, to)).is_some());
                let on = self.replicas.get_mut(&partition).expect("it is there");
                let old = on.iter_mut().find(|id| **id == from);
                *old.expect("what moves was there") = to;
            }
            Counted { .. } => assert_eq!(change, self.census().into()),
            Suspected { .. } | GivenUp { .. } | Returned { .. } => {}
        }
    }

    fn is_down(&self, id: NodeId, now: Time) -> bool {
        self.config.outages.iter().any(|outage| {
            let hit = match outage.domain {
                FailureDomain::Node(node) => node == id.0,
                FailureDomain::Zone(zone) => zone == id.0 % self.config.zones,
            };
            hit && (outage.at..outage.at + outage.lasts).contains(&now)
        })
    }

    fn agrees(&self, cluster: &Cluster, now: Time) {
        for id in (0..self.config.count).map(NodeId) {
            assert_eq!(cluster.is_serving(id), self.serving.contains(&id));
            assert!(!self.serving.contains(&id) || !self.is_down(id, now), "{id:?} is down");
        }
        assert_eq!(cluster.census(), self.census());
        for (&partition, on) in &self.replicas {
            assert_eq!(cluster.replicas(partition), on);
            let apart: BTreeSet<NodeId> = on.iter().copied().collect();
            assert_eq!(apart.len(), self.config.replicas as usize, "as many as it was given");
            let [under, write, read] = self.lacks(on);
            assert_eq!(cluster.is_under_replicated(partition), under);
            assert_eq!(cluster.has_write_quorum(partition), !write);
            assert_eq!(cluster.has_read_quorum(partition), !read);
        }
    }

    /// Whether too few of these replicas answer to be all, to take a write, to be read.
    fn lacks(&self, on: &[NodeId]) -> [bool; 3] {
        let serving = on.iter().filter(|id| self.serving.contains(id)).count() as u32;
        [self.config.replicas, self.config.write_quorum, self.config.read_quorum]
            .map(|least| serving < least)
    }

    fn census(&self) -> Census {
        let mut census = Census::default();
        for on in self.replicas.values() {
            let [under, write, read] = self.lacks(on);
            census.partitions += 1;
            census.under_replicated += u32::from(under);
            census.without_write_quorum += u32::from(write);
            census.without_read_quorum += u32::from(read);
        }
        census
    }
}

/// Runs a history; `stepwise` stops at each instant at which something happens.
fn history(config: &Nodes, count: u32, deeds: &[Deed], stepwise: bool) -> Vec<(Time, NodeChange)> {
    let mut all: Vec<Part> = parts(count);
    let mut cluster = Cluster::new(config, "q", Streams::new(3, 0), &all);
    let replicas = all.iter().map(|part| (part.id, cluster.replicas(part.id).to_vec())).collect();
    let serving = (0..config.count).map(NodeId).collect();
    let mut listener =
        Listener { config: config.clone(), serving, replicas, copies: BTreeMap::new() };
    let mut told = Vec::new();
    let (mut now, mut next) = (Time::ZERO, count);
    let rest = [Deed::Wait(10_000)];
    for &deed in deeds.iter().chain(&rest) {
        let mut until = now;
        match deed {
            Deed::Wait(secs) => until = now + Span::from_secs(secs),
            Deed::Load(which, load) => cluster.set_load(which.get(&all).id, load),
            Deed::Split(which, shared) => {
                let at = which.index(all.len());
                let children = halves(all[at], next);
                next += 2;
                let origin = if shared { Origin::Shared } else { Origin::Empty };
                cut(&mut cluster, &mut listener, now, &all[at..=at], &children, origin);
                all.splice(at..=at, children);
            }
            Deed::Merge(which) if all.len() > 1 => {
                let at = which.index(all.len() - 1);
                let last = all[at + 1].last;
                let child = Part { id: PartitionId(next), last, ..all[at] };
                next += 1;
                let parents = &all[at..=at + 1];
                cut(&mut cluster, &mut listener, now, parents, &[child], Origin::Shared);
                all.splice(at..=at + 1, [child]);
            }
            Deed::Merge(_) => {}
        }
        loop {
            now = if stepwise { cluster.due().min(until) } else { until };
            cluster.advance(now, &mut |at, change| {
                listener.hears(at, change);
                told.push((at, change));
            });
            cluster.check();
            listener.agrees(&cluster, now);
            if now == until {
                break;
            }
        }
    }
    let census = Census { partitions: all.len() as u32, ..Census::default() };
    assert_eq!(cluster.census(), census, "all is well when all are back");
    told
}

fn cut(
    c: &mut Cluster,
    listener: &mut Listener,
    now: Time,
    parents: &[Part],
    children: &[Part],
    origin: Origin<'_>,
) {
    c.recut(now, parents[0].id, children, origin);
    for parent in parents {
        c.close(now, parent.id);
        listener.replicas.remove(&parent.id);
        listener.copies.retain(|&(partition, _), _| partition != parent.id);
    }
    let placed = children.iter().map(|child| (child.id, c.replicas(child.id).to_vec()));
    listener.replicas.extend(placed);
}

#[test]
fn random_histories_keep_replicas_and_quorums() {
    let ambient = ProptestConfig::default();
    let rng_seed = match ambient.rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        chosen @ RngSeed::Fixed(_) => chosen,
    };
    let cases = ambient.cases * 4;
    let mut runner =
        TestRunner::new(ProptestConfig { cases, rng_seed, failure_persistence: None, ..ambient });
    let cases = (any_config(), 1..12_u32, prop::collection::vec(any_deed(), 0..30));
    let test = |(config, count, deeds): (Nodes, u32, Vec<Deed>)| {
        let told = history(&config, count, &deeds, true);
        // What happens does not depend on when somebody looks.
        prop_assert_eq!(history(&config, count, &deeds, false), told);
        Ok(())
    };
    runner.run(&cases, test).unwrap();
}
