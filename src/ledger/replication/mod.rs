//! What the nodes mean for the partitions of one queue.
//!
//! Owns which calls the replicas of a partition can answer, what these cost their nodes, and which
//! deletes some replicas missed. Must not know how nodes fail: [`crate::ledger::nodes`] says.
//!
//! A send, a delete or a change of visibility needs a write quorum, a receive a read quorum (D.
//! Gifford, "Weighted voting for replicated data", SOSP 1979). A call costs each node that answers
//! it one token: all replicas that are there for a write, as many as must answer for a receive, the
//! primary first.

mod missed;

use crate::kernel::bucket::{Bucket, TokenRate};
use crate::kernel::num;
use crate::kernel::rng::Streams;
use crate::kernel::time::Time;
use crate::ledger::config::{Capacity, NodeId, Nodes};
use crate::ledger::journal::{Action, NodeChange, PartitionId};
use crate::ledger::keyspace::partition::{Partition, Shards};
use crate::ledger::messages::message::Message;
use crate::ledger::nodes::cluster::{self, Cluster, Origin};
use crate::ledger::nodes::placement::Part;
use missed::Missed;

pub(super) use missed::Gone;

/// A partition, as calls find it.
#[derive(Clone, Debug)]
struct Place {
    id: PartitionId,
    /// The nodes of its replicas that answer, the primary first.
    answering: Vec<NodeId>,
    /// Calls admitted since the loads were last told.
    calls: u64,
}

/// What a node carries.
#[derive(Clone, Copy, Debug)]
struct Meter {
    bucket: Bucket,
    rate: TokenRate,
    /// Copies that splits make from or to it.
    copies: u32,
}

/// The copy that a split makes.
#[derive(Clone, Debug)]
pub(super) struct SplitCopy {
    /// Where the new partitions will be, in the order of their keys.
    pub(super) places: Vec<Vec<NodeId>>,
    /// The nodes that hold the old ones or are to hold the new ones.
    ends: Vec<NodeId>,
}

/// The replicas of all partitions of a queue.
#[derive(Clone, Debug)]
pub(super) struct Replication {
    cluster: Cluster,
    config: Nodes,
    /// In the order of the queue's partitions.
    places: Vec<Place>,
    /// One a node; none if a node carries everything.
    meters: Vec<Meter>,
    /// Deletes that might be undone.
    missed: Option<Missed>,
}

impl Replication {
    /// Bytes of a node beside those of its cluster.
    pub(super) const BYTES_PER_NODE: usize = cluster::BYTES_PER_NODE + size_of::<Meter>();

    /// Bytes of a partition, the numbers of its nodes apart.
    pub(super) const BYTES_PER_PARTITION: usize = cluster::BYTES_PER_PARTITION + size_of::<Place>();

    /// Bytes of the replicas that are to move or on their way.
    pub(super) fn bytes_of_transfers(&self) -> u64 {
        self.cluster.bytes_of_transfers()
    }

    /// All nodes are up. `path` names the streams of chance.
    pub(super) fn new(
        config: &Nodes,
        path: &str,
        streams: Streams,
        shards: &Shards,
    ) -> Replication {
        let parts: Vec<Part> = shards.live().iter().map(Part::from).collect();
        let meter =
            |capacity| Meter { bucket: Bucket::FULL, rate: TokenRate::from(capacity), copies: 0 };
        let meters = config.capacity.map(|it| vec![meter(it); config.count as usize]);
        // Where any two quorums meet, none is ever undone. Debug builds keep them nevertheless, so
        // that tests see it.
        let meet = config.read_quorum + config.write_quorum > config.replicas;
        let keeps = !meet || cfg!(debug_assertions);
        let mut replication = Replication {
            cluster: Cluster::new(config, path, streams, &parts),
            config: config.clone(),
            places: Vec::new(),
            meters: meters.unwrap_or_default(),
            missed: keeps.then(Missed::default),
        };
        replication.find(shards);
        replication
    }

    /// When something next happens to a node or a replica.
    pub(super) fn due(&self) -> Time {
        self.cluster.due()
    }

    /// Lets everything happen to nodes and replicas that is due by `now`, and tells it in order.
    /// Returns the messages whose deletes are undone by it.
    pub(super) fn advance(
        &mut self,
        now: Time,
        shards: &Shards,
        mut tell: impl FnMut(Time, NodeChange),
    ) -> Vec<Gone> {
        let mut undone = Vec::new();
        // Copies come one by one, to one partition of very many; who answers changes seldom.
        let (mut moved, mut anew) = (Vec::new(), false);
        while self.cluster.due() <= now {
            let at = self.cluster.due();
            if self.cluster.looks_at() <= at {
                self.tell_loads();
            }
            let (missed, places) = (&mut self.missed, &self.places);
            self.cluster.advance(at, &mut |at, change| {
                if let (Some(missed), NodeChange::Moved { partition, from, to }) =
                    (&mut *missed, change)
                {
                    let place = places.iter().find(|place| place.id == partition);
                    let sources = place.map_or(&[][..], |place| &place.answering);
                    missed.moved(partition, from, to, sources);
                }
                match change {
                    NodeChange::Moved { partition, .. } => moved.push(partition),
                    NodeChange::Failed { .. }
                    | NodeChange::Suspected { .. }
                    | NodeChange::Returned { .. }
                    | NodeChange::CaughtUp { .. }
                    | NodeChange::Led { .. } => anew = true,
                    NodeChange::GivenUp { .. }
                    | NodeChange::CopyBegun { .. }
                    | NodeChange::CopyDropped { .. }
                    | NodeChange::Counted { .. } => {}
                }
                tell(at, change);
            });
            if let Some(missed) = &mut self.missed {
                missed.settle(&self.cluster, &mut undone);
            }
        }
        if anew {
            self.find(shards);
        } else {
            moved.sort_unstable();
            for place in &mut self.places {
                if moved.binary_search(&place.id).is_ok() {
                    place.answering = self.cluster.answering(place.id).collect();
                }
            }
            self.slow_down();
        }
        undone
    }

    /// The loads by which replicas move off the hottest node are those since the last look.
    fn tell_loads(&mut self) {
        for place in &mut self.places {
            self.cluster.set_load(place.id, std::mem::take(&mut place.calls));
        }
    }

    /// Takes note of where the partitions stand and who answers for them.
    fn find(&mut self, shards: &Shards) {
        let mut before = std::mem::take(&mut self.places);
        before.sort_unstable_by_key(|place| place.id);
        let calls = |id| match before.binary_search_by_key(&id, |place| place.id) {
            Ok(at) => before[at].calls,
            Err(_) => 0,
        };
        let place = |part: &Partition| Place {
            id: part.id,
            answering: self.cluster.answering(part.id).collect(),
            calls: calls(part.id),
        };
        self.places = shards.all().iter().map(place).collect();
        self.slow_down();
    }

    /// Copies take their share of what a node carries.
    fn slow_down(&mut self) {
        let Some(full) = self.config.capacity else { return };
        for (meter, copies) in self.meters.iter_mut().zip(self.cluster.copies()) {
            let left = 1.0 - self.config.copy_share;
            let left = num::pow(left, f64::from(copies + meter.copies));
            meter.rate = TokenRate::from(Capacity { per_second: full.per_second * left, ..full });
        }
    }
}

/// Calls.
impl Replication {
    /// How many replicas must answer.
    fn quorum(&self, action: Action) -> usize {
        let quorum = match action {
            Action::Send | Action::Delete | Action::ChangeVisibility => self.config.write_quorum,
            Action::Receive => self.config.read_quorum,
        };
        quorum as usize
    }

    /// Whether enough replicas of the partition at place `at` answer.
    pub(super) fn has_quorum(&self, at: usize, action: Action) -> bool {
        self.places[at].answering.len() >= self.quorum(action)
    }

    /// The nodes that a call asks.
    fn asked(&self, at: usize, action: Action) -> &[NodeId] {
        let answering = &self.places[at].answering;
        match action {
            Action::Receive => &answering[..self.quorum(action).min(answering.len())],
            Action::Send | Action::Delete | Action::ChangeVisibility => answering,
        }
    }

    /// Whether the nodes let a call through that has its quorum.
    pub(super) fn has_capacity(&self, at: usize, action: Action, now: Time) -> bool {
        self.admits_at(at, action) <= now
    }

    /// When the nodes let a call through, if none comes before.
    fn admits_at(&self, at: usize, action: Action) -> Time {
        if self.meters.is_empty() {
            return Time::ZERO;
        }
        let meters = self.asked(at, action).iter().map(|id| &self.meters[id.0 as usize]);
        meters.map(|meter| meter.bucket.admits_at(meter.rate)).max().unwrap_or(Time::ZERO)
    }

    /// When a receive will next be admitted, if no call comes before and no node fails or returns.
    pub(super) fn receives_at(&self, at: usize) -> Time {
        let quorum = self.has_quorum(at, Action::Receive);
        if quorum { self.admits_at(at, Action::Receive) } else { Time::NEVER }
    }

    /// A call was admitted.
    pub(super) fn take(&mut self, at: usize, action: Action, now: Time) {
        self.places[at].calls += 1;
        if self.meters.is_empty() {
            return;
        }
        let count = self.asked(at, action).len();
        for i in 0..count {
            let id = self.places[at].answering[i];
            let meter = &mut self.meters[id.0 as usize];
            meter.bucket.admit(meter.rate, now);
        }
    }

    /// A message of the partition at place `at` was deleted; its retention would have ended at
    /// `expires`.
    pub(super) fn deleted(&mut self, at: usize, row: Message, expires: Time) {
        let Place { id, answering, .. } = &self.places[at];
        if let Some(missed) = &mut self.missed
            && answering.len() < self.config.replicas as usize
        {
            missed.deleted(*id, answering, Gone { row, expires });
        }
    }

    /// The queue was purged: no delete can be undone.
    pub(super) fn purged(&mut self) {
        if let Some(missed) = &mut self.missed {
            *missed = Missed::default();
        }
    }
}

/// Changes of the key space.
impl Replication {
    /// Whether the partitions at `parts` can change: what each holds can be read and written.
    pub(super) fn can_change(&self, mut parts: std::ops::Range<usize>) -> bool {
        let both = [Action::Receive, Action::Send];
        parts.all(|at| both.iter().all(|&action| self.has_quorum(at, action)))
    }

    /// Begins the copy of what `parts` hold to where the partitions will be that they become; these
    /// have the ranges `ranges`. While it is copied, the nodes at both ends carry less, until
    /// [`Replication::copied`].
    pub(super) fn copy(&mut self, parts: &[Partition], ranges: &[(u64, u64)]) -> SplitCopy {
        let mut places = Vec::new();
        for parent in parts {
            let id = parent.id;
            let mine = ranges.iter().filter(|(first, _)| parent.holds(*first));
            let mine = mine.map(|&(first, last)| Part { id, first, last, load: 0 });
            places.extend(self.cluster.places(id, &mine.collect::<Vec<_>>()));
        }
        let mut ends = places.concat();
        for part in parts {
            ends.extend(self.cluster.replicas(part.id));
        }
        ends.sort_unstable();
        ends.dedup();
        self.count_copies(&ends, |copies| *copies += 1);
        SplitCopy { places, ends }
    }

    /// A copy ended.
    pub(super) fn copied(&mut self, copy: &SplitCopy) {
        self.count_copies(&copy.ends, |copies| *copies -= 1);
    }

    fn count_copies(&mut self, ends: &[NodeId], count: impl Fn(&mut u32)) {
        for id in ends {
            if let Some(meter) = self.meters.get_mut(id.0 as usize) {
                count(&mut meter.copies);
            }
        }
        self.slow_down();
    }

    /// The partitions `old` become the live ones at `opened`. Those of `old` that stay, sealed, are
    /// closed later. `copied` are the places that [`Replication::copy`] gave.
    pub(super) fn recut(
        &mut self,
        now: Time,
        old: &[Part],
        shards: &Shards,
        opened: std::ops::Range<usize>,
        origin: Origin<'_>,
    ) {
        let opened: Vec<Part> = shards.live()[opened].iter().map(Part::from).collect();
        let mut from = 0;
        for parent in old {
            let range = parent.first..=parent.last;
            let mine = opened[from..].iter().take_while(|child| range.contains(&child.first));
            let mine = &opened[from..from + mine.count()];
            let origin = match origin {
                Origin::Copied(places) => Origin::Copied(&places[from..from + mine.len()]),
                Origin::Empty | Origin::Shared => origin,
            };
            from += mine.len();
            self.cluster.recut(now, parent.id, mine, origin);
        }
        if !matches!(origin, Origin::Empty) {
            for parent in old {
                if let Some(missed) = &mut self.missed {
                    missed.recut(&self.cluster, parent.id, &opened);
                }
                self.cluster.close(now, parent.id);
            }
        }
        self.find(shards);
    }

    /// Sealed partitions hold nothing any more: they ended.
    pub(super) fn retired(&mut self, now: Time, retired: &[PartitionId], shards: &Shards) {
        for &partition in retired {
            if let Some(missed) = &mut self.missed {
                missed.forget(partition);
            }
            self.cluster.close(now, partition);
        }
        self.find(shards);
    }

    /// Holds what is derived against what it is derived from; for tests.
    pub(super) fn check(&self, shards: &Shards) {
        self.cluster.check();
        assert_eq!(self.places.len(), shards.all().len(), "every partition has its place");
        for (place, part) in self.places.iter().zip(shards.all()) {
            assert_eq!(place.id, part.id, "places stand in the order of the partitions");
            assert!(self.cluster.answering(part.id).eq(place.answering.iter().copied()));
        }
    }
}

impl From<&Partition> for Part {
    fn from(part: &Partition) -> Part {
        Part { id: part.id, first: part.first, last: part.last, load: 0 }
    }
}
