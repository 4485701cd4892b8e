//! Where replicas are placed: fleets.md, section 6, and what its rules say by hand.

use sqsim::clients::scaling::room::{HostId, Room};
use sqsim::kernel::dist::Dist;
use sqsim::kernel::rng::Streams;
use sqsim::kernel::time::{Span, Time};
use sqsim::model::scaling::{RoomConfig, ScalingRule};

use crate::fleet::{at, at_once, visible};
use crate::settings::{keda, scaled, secs};

/// Four replicas a node; a node comes 60 s after it is asked for, which is at once.
fn config(nodes: u32) -> RoomConfig {
    RoomConfig {
        per_node: 4,
        nodes,
        boot: Dist::Constant(secs(60)),
        batch_idle: Span::ZERO,
        batch_most: Span::ZERO,
        empty: None,
    }
}

fn room(config: &RoomConfig) -> Room {
    Room::new(config, Streams::new(1, 0), "consumers.pods")
}

/// When replicas have their places that are asked for at `now`, up to `until`.
fn placed(room: &mut Room, now: Time, count: u32, until: Time) -> Vec<Time> {
    let mut all: Vec<Time> = (0..count).filter_map(|_| room.ask(now)).map(|_| now).collect();
    while room.next_at() <= until {
        let now = room.next_at();
        all.extend(room.act(now).iter().map(|_| now));
    }
    all
}

/// 6.1: a message at 1, the poll at 30, 20 s of start, and a node of 60 s if there is no room.
#[test]
fn poll_node_and_start_add_up() {
    let scaler = scaled(ScalingRule::Keda(keda(5.0)), 0, 100);
    let asked = at_once(&scaler, 0, 30, |now| visible(u64::from(now >= at(1))));
    assert_eq!(asked, [(30, 1)]);
    let first_receive = |nodes| {
        let placed = placed(&mut room(&config(nodes)), at(30), 1, at(600));
        placed.iter().map(|&at| at + secs(20)).collect::<Vec<_>>()
    };
    assert_eq!(first_receive(0), [at(110)]);
    assert_eq!(first_receive(1), [at(50)]);
}

/// 6.3: ten replicas, a node with room for four: four at once, six with two nodes.
#[test]
fn as_many_nodes_come_as_the_rest_needs() {
    let mut room = room(&config(1));
    let places: Vec<Option<HostId>> = (0..10).map(|_| room.ask(at(5))).collect();
    assert_eq!(places.iter().flatten().count(), 4);
    assert_eq!((room.waiting(), room.next_at()), (6, at(5)));
    assert!(room.act(at(5)).is_empty());
    assert_eq!((room.coming(), room.next_at()), (2, at(65)));
    let places: Vec<u32> = room.act(at(65)).iter().map(|host| host.0).collect();
    assert_eq!(places, [1, 1, 1, 1, 2, 2]);
    assert_eq!((room.hosts(), room.waiting(), room.next_at()), (3, 0, Time::NEVER));
}

/// A batch ends 1 s after the last replica that came to wait, or 10 s after the first.
#[test]
fn nodes_are_asked_for_in_batches() {
    let config = RoomConfig { batch_idle: secs(1), batch_most: secs(10), ..config(0) };
    let mut quiet = room(&config);
    assert_eq!(quiet.ask(at(0)), None);
    assert_eq!(placed(&mut quiet, at(0), 1, at(100)), [at(61); 2]);
    let mut busy = room(&config);
    for tenth in 0..200 {
        let now = Time::ZERO + Span::from_millis(100) * tenth;
        while busy.next_at() <= now {
            assert!(busy.act(busy.next_at()).is_empty());
        }
        assert_eq!(busy.ask(now), None);
        // At 10 s: those of 0 s to 9.9 s, 100 in 25 nodes.
        assert_eq!(busy.coming(), if tenth < 100 { 0 } else { 25 }, "{now}");
    }
}

#[test]
fn a_place_that_is_left_goes_to_who_waits_longest() {
    let mut room = room(&config(1));
    assert_eq!(placed(&mut room, at(0), 5, at(10)).len(), 4);
    assert_eq!((room.waiting(), room.coming()), (1, 1));
    assert_eq!(room.leave(at(20), HostId(0)), Some(HostId(0)));
    assert_eq!((room.waiting(), room.leave(at(21), HostId(0))), (0, None));
    // The node comes all the same, and finds nobody.
    assert!(room.act(at(60)).is_empty());
    assert_eq!(room.hosts(), 2);
}

#[test]
fn who_is_not_wanted_any_more_needs_no_node() {
    let mut room = room(&config(0));
    assert_eq!(room.ask(at(0)), None);
    room.give_up();
    assert_eq!(placed(&mut room, at(0), 0, at(100)), []);
    assert_eq!((room.hosts(), room.coming()), (0, 0));
}

/// A node that came later goes when it has been empty for 30 s, one of the start stays.
#[test]
fn empty_nodes_go_unless_a_replica_comes() {
    let mut room = room(&RoomConfig { empty: Some(secs(30)), ..config(1) });
    assert_eq!(placed(&mut room, at(0), 5, at(60)).len(), 5);
    assert_eq!(room.leave(at(100), HostId(1)), None);
    assert_eq!(room.next_at(), at(130));
    // The first node is full, so the next replica keeps the second.
    assert_eq!(room.ask(at(120)), Some(HostId(1)));
    assert_eq!(room.next_at(), Time::NEVER);
    for _ in 0..4 {
        assert_eq!(room.leave(at(140), HostId(0)), None);
    }
    assert_eq!(room.leave(at(150), HostId(1)), None);
    assert_eq!((room.next_at(), room.hosts()), (at(180), 2));
    assert!(room.act(at(180)).is_empty());
    assert_eq!((room.next_at(), room.hosts()), (Time::NEVER, 1));
}
