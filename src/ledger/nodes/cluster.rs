//! The cluster: nodes that fail and return, and what becomes of the replicas on them.
//!
//! Owns which node holds which replica, and when something next happens to them. Must not know
//! messages or calls.
//!
//! A replica answers while its node is up and has caught up. A partition has a quorum while enough
//! of its replicas answer, whoever is the primary: the primary, the first replica, is the one that
//! leads, and another takes its place when its node is suspected. A node that is down for longer
//! is given up: each of its replicas is copied from one that answers to a node that placement
//! chooses, and is replaced when the copy is there. If the node returns before that, its replicas
//! are kept. A copy begins only where a read quorum answers, for none of fewer replicas need know
//! the last write (Raft, section 6: a new configuration needs a majority of the old one).
//!
//! At one instant: copies that end; failures and returns; nodes that have caught up, are suspected
//! or are given up, in the order of their numbers; the look of [`Placement::WeightedMove`]; copies
//! that begin.
//!
//! Invariant: a partition has as many replicas at any time as it was given, each on another node.

use std::collections::BTreeMap;

use super::health::{Health, Passed};
use super::placement::{Node, NodeLoad, Part, Placer};
use super::rebalance::rebalance;
use super::schedule::Schedule;
use super::transfers::{Copying, Transfer, Transfers};
use crate::kernel::rng::{Purpose, Source as _, Streams};
use crate::kernel::time::Time;
use crate::ledger::config::{NodeId, Nodes, Placement};
use crate::ledger::journal::{Census, NodeChange, PartitionId};

/// Where the content of partitions comes from that come to be.
#[derive(Clone, Copy, Debug)]
pub enum Origin<'a> {
    /// Nowhere: they are empty.
    Empty,
    /// From the replicas of their parent, which become theirs. From there they are copied to the
    /// places that are theirs.
    Shared,
    /// It was copied to these places beforehand, one list for each.
    Copied(&'a [Vec<NodeId>]),
}

/// Bytes of a node, with its place in the tables that a placement makes.
pub(in crate::ledger) const BYTES_PER_NODE: usize =
    size_of::<Node>() + size_of::<Health>() + Schedule::BYTES_PER_NODE + size_of::<NodeLoad>();

/// Bytes of a token of the ring, which is made in the order of nodes and then sorted.
pub(in crate::ledger) const BYTES_PER_TOKEN: usize = size_of::<(u64, NodeId)>();

/// Bytes of a partition, the numbers of its nodes apart; those of an ordered map that is two
/// thirds full.
pub(in crate::ledger) const BYTES_PER_PARTITION: usize =
    (size_of::<PartitionId>() + size_of::<Placed>()) * 3 / 2;

/// A partition and the nodes of its replicas, the primary first.
#[derive(Clone, Debug)]
struct Placed {
    part: Part,
    replicas: Vec<NodeId>,
}

/// The nodes of one queue.
#[derive(Clone, Debug)]
pub struct Cluster {
    config: Nodes,
    placer: Placer,
    schedule: Schedule,
    /// As placement sees them: up is who answers.
    nodes: Vec<Node>,
    health: Vec<Health>,
    placed: BTreeMap<PartitionId, Placed>,
    transfers: Transfers,
    /// When replicas are next moved off the hottest node.
    look: Time,
    due: Time,
    /// As it was last told.
    counted: Census,
}

impl Cluster {
    /// All nodes up, with these partitions placed on them. `path` names the streams of chance.
    pub fn new(config: &Nodes, path: &str, streams: Streams, parts: &[Part]) -> Cluster {
        let node = |i| Node { zone: i % config.zones, up: true, weight: 1 };
        let nodes: Vec<Node> = (0..config.count).map(node).collect();
        let seed = |purpose| streams.stream(path, purpose).next_u64();
        let placer = Placer::new(config.placement, &nodes, seed(Purpose::Placement));
        let replicas = placer.place(&nodes, parts, config.replicas);
        let look = match config.placement {
            Placement::WeightedMove(policy) => Time::ZERO + policy.every,
            Placement::Ring { .. } | Placement::EqualPartitions | Placement::Rendezvous => {
                Time::NEVER
            }
        };
        let mut cluster = Cluster {
            placer,
            schedule: Schedule::new(config, seed(Purpose::Failures)),
            health: vec![Health::SERVING; nodes.len()],
            nodes,
            placed: parts
                .iter()
                .zip(replicas)
                .map(|(&part, replicas)| (part.id, Placed { part, replicas }))
                .collect(),
            transfers: Transfers::default(),
            look,
            due: Time::NEVER,
            counted: Census::default(),
            config: config.clone(),
        };
        cluster.counted = cluster.census();
        cluster.due = cluster.next_due();
        cluster
    }

    /// When something next happens.
    pub fn due(&self) -> Time {
        self.due
    }

    /// Lets everything happen that is due by `now`, and tells it in order.
    pub fn advance(&mut self, now: Time, tell: &mut impl FnMut(Time, NodeChange)) {
        while self.due <= now {
            let at = self.due;
            self.step(at, &mut |change| tell(at, change));
            let census = self.census();
            if census != self.counted {
                self.counted = census;
                tell(at, census.into());
            }
            self.due = self.next_due();
        }
    }

    fn next_due(&self) -> Time {
        let Nodes { suspect_after, replicate_after, .. } = self.config;
        let health = self.health.iter().map(|it| it.due(suspect_after, replicate_after));
        let others = [self.schedule.due(), self.transfers.due(), self.look];
        health.chain(others).min().unwrap_or(Time::NEVER)
    }

    fn step(&mut self, now: Time, tell: &mut impl FnMut(NodeChange)) {
        while let Some(done) = self.transfers.take_done(now) {
            let (partition, from) = (done.partition, done.from);
            let to = done.to.expect("a copy goes to a node");
            let placed = self.placed.get_mut(&partition).expect("a partition that is copied is");
            let replica = placed.replicas.iter_mut().find(|id| **id == from);
            *replica.expect("the replica that moves is there") = to;
            tell(NodeChange::Moved { partition, from, to });
        }
        self.schedule.advance(now);
        for i in 0..self.nodes.len() {
            match (self.health[i].is_up(), self.schedule.is_down(i)) {
                (true, true) => self.fail(NodeId(i as u32), now, tell),
                (false, false) => self.come_back(NodeId(i as u32), now, tell),
                (true, false) | (false, true) => {}
            }
        }
        for i in 0..self.nodes.len() {
            self.pass(NodeId(i as u32), now, tell);
        }
        if self.look <= now {
            self.rebalance(now);
        }
        self.begin_copies(now, tell);
    }

    fn fail(&mut self, id: NodeId, now: Time, tell: &mut impl FnMut(NodeChange)) {
        tell(NodeChange::Failed { node: id });
        self.health[id.0 as usize].fail(now);
        self.nodes[id.0 as usize].up = false;
        for transfer in self.transfers.iter_mut() {
            let cut = |it: &Copying| it.source == id || transfer.to == Some(id);
            if transfer.copying.take_if(|it| cut(it)).is_some() {
                tell(transfer.dropped());
            }
            transfer.to.take_if(|to| *to == id);
        }
        // What only was to move can stay.
        let health = &self.health;
        let stays = |from: NodeId| !health[from.0 as usize].is_given_up();
        self.transfers.forget(|it| it.to.is_none() && stays(it.from));
    }

    fn come_back(&mut self, id: NodeId, now: Time, tell: &mut impl FnMut(NodeChange)) {
        tell(NodeChange::Returned { node: id });
        let mine = self.placed.values().filter(|placed| placed.replicas.contains(&id)).count();
        let most = self.config.copy.saturating_mul(mine as u64);
        self.health[id.0 as usize].come_back(now, self.config.catch_up, most);
        let back = |it: &&Transfer| it.from == id && it.copying.is_some();
        self.transfers.iter().filter(back).map(Transfer::dropped).for_each(tell);
        self.transfers.forget(|it| it.from == id);
    }

    /// The clock brings a node further.
    fn pass(&mut self, id: NodeId, now: Time, tell: &mut impl FnMut(NodeChange)) {
        let Nodes { suspect_after, replicate_after, .. } = self.config;
        let i = id.0 as usize;
        while self.health[i].due(suspect_after, replicate_after) <= now {
            match self.health[i].pass() {
                Some(Passed::CaughtUp) => {
                    tell(NodeChange::CaughtUp { node: id });
                    self.nodes[i].up = true;
                    self.elect(tell);
                }
                Some(Passed::Suspected) => {
                    tell(NodeChange::Suspected { node: id });
                    self.elect(tell);
                }
                Some(Passed::GivenUp) => {
                    tell(NodeChange::GivenUp { node: id });
                    self.want_repair();
                }
                None => {}
            }
        }
    }

    /// Where the primary is suspected and another replica answers, the first that does takes its
    /// place.
    fn elect(&mut self, tell: &mut impl FnMut(NodeChange)) {
        for (&partition, placed) in &mut self.placed {
            let replicas = &mut placed.replicas;
            if !self.health[replicas[0].0 as usize].is_suspected() {
                continue;
            }
            if let Some(at) = replicas.iter().position(|id| self.nodes[id.0 as usize].up) {
                replicas[..=at].rotate_right(1);
                tell(NodeChange::Led { partition, by: replicas[0] });
            }
        }
    }

    /// Replicas on nodes that are given up are to be replaced, unless they are on their way.
    fn want_repair(&mut self) {
        let mut held = self.held();
        for (&partition, Placed { part, replicas }) in &self.placed {
            for &from in replicas {
                let given_up = self.health[from.0 as usize].is_given_up();
                if !given_up || self.transfers.has(partition, from) {
                    continue;
                }
                let to = self.replacement(&held, part, replicas);
                if let Some(to) = to {
                    held[to.0 as usize].add(part.load, false);
                }
                self.transfers.want(partition, from, to);
            }
        }
    }

    /// The node for one more replica of a partition, beside those that it has and will have.
    fn replacement(&self, held: &[NodeLoad], part: &Part, replicas: &[NodeId]) -> Option<NodeId> {
        let given_up = |id: &NodeId| self.health[id.0 as usize].is_given_up();
        let mut others: Vec<NodeId> = replicas.iter().copied().filter(|id| !given_up(id)).collect();
        others.extend(self.transfers.of(part.id).filter_map(|it| it.to));
        self.placer.choose(&self.nodes, held, part, &others)
    }

    /// What each node holds when all that is on its way has arrived.
    fn held(&self) -> Vec<NodeLoad> {
        let mut held = vec![NodeLoad::default(); self.nodes.len()];
        for Placed { part, replicas } in self.placed.values() {
            for (at, &id) in replicas.iter().enumerate() {
                held[id.0 as usize].add(part.load, at == 0);
            }
        }
        for transfer in self.transfers.iter() {
            let load = self.placed[&transfer.partition].part.load;
            if let Some(to) = transfer.to {
                held[to.0 as usize].add(load, false);
            }
        }
        held
    }

    /// Decides which replicas move off the hottest node, once the last ones have arrived.
    fn rebalance(&mut self, now: Time) {
        let Placement::WeightedMove(policy) = self.config.placement else { return };
        self.look = now + policy.every;
        if !self.transfers.is_empty() {
            return;
        }
        let parts: Vec<Part> = self.placed.values().map(|placed| placed.part).collect();
        let replicas: Vec<Vec<NodeId>> =
            self.placed.values().map(|placed| placed.replicas.clone()).collect();
        for it in rebalance(&policy, &self.nodes, &parts, &replicas) {
            self.transfers.want(it.partition, it.from, Some(it.to));
        }
    }

    /// Copies begin that have a source that answers and a target, both free.
    fn begin_copies(&mut self, now: Time, tell: &mut impl FnMut(NodeChange)) {
        let [mut sending, mut receiving] = self.transfers.busy(self.nodes.len());
        // Made once: where no node can take a replica, all that are lost ask for it each time.
        let mut held = None;
        let mut from = 0;
        while let Some((at, transfer)) = self.transfers.next(from) {
            from = at + 1;
            if transfer.copying.is_some() {
                continue;
            }
            let Placed { part, replicas } = &self.placed[&transfer.partition];
            let target = transfer.to.or_else(|| {
                let held = held.get_or_insert_with(|| self.held());
                let to = self.replacement(held, part, replicas)?;
                held[to.0 as usize].add(part.load, false);
                Some(to)
            });
            let free = |id: &&NodeId| self.nodes[id.0 as usize].up && !sending[id.0 as usize];
            let known = self.has_read_quorum(transfer.partition);
            let source = replicas.iter().find(free).copied().filter(|_| known);
            self.transfers.get_mut(at).to = target;
            let (Some(to), Some(source)) = (target, source) else { continue };
            if receiving[to.0 as usize] {
                continue;
            }
            [sending[source.0 as usize], receiving[to.0 as usize]] = [true, true];
            let ends = now.saturating_add(self.config.copy);
            self.transfers.get_mut(at).copying = Some(Copying { source, ends });
            tell(NodeChange::CopyBegun { partition: transfer.partition, source, to });
        }
    }
}

/// Partitions that come and go, and what they cost.
impl Cluster {
    /// Where the partitions are to be that `parent` becomes: the first stays where it is, and so do
    /// the others, but with [`Placement::EqualPartitions`] they go to the nodes that hold the
    /// fewest, if the parent is whole. With a replica lost, a new place would bring its content
    /// back.
    ///
    /// # Panics
    /// If the parent is not there.
    pub fn places(&self, parent: PartitionId, children: &[Part]) -> Vec<Vec<NodeId>> {
        let replicas = &self.placed[&parent].replicas;
        let whole = replicas.iter().all(|id| self.nodes[id.0 as usize].up);
        let anew = whole && self.config.placement == Placement::EqualPartitions;
        let mut held = self.held();
        let place = |(at, part): (usize, &Part)| {
            if anew && at > 0 {
                self.placer.place_one(&self.nodes, &mut held, part, self.config.replicas)
            } else {
                replicas.clone()
            }
        };
        children.iter().enumerate().map(place).collect()
    }

    /// A split or a merge: partitions come to be in the places of `parent`, for a merge the left of
    /// the two. The parents stay until they are closed, and copies that this makes wanted begin
    /// when the clock is next advanced, at `now`.
    ///
    /// # Panics
    /// If the parent is not there.
    pub fn recut(&mut self, now: Time, parent: PartitionId, children: &[Part], origin: Origin<'_>) {
        let places = match origin {
            Origin::Copied(places) => places.to_vec(),
            Origin::Empty | Origin::Shared => self.places(parent, children),
        };
        let whole = !self.is_under_replicated(parent);
        let replicas = self.placed[&parent].replicas.clone();
        for (&part, places) in children.iter().zip(places) {
            let moves = whole && places.len() == replicas.len() && places != replicas;
            let at_once = moves && !matches!(origin, Origin::Shared);
            let replicas = if at_once { places.clone() } else { replicas.clone() };
            if moves && !at_once {
                let to = places.iter().filter(|id| !replicas.contains(id));
                let from = replicas.iter().filter(|id| !places.contains(id));
                for (&from, &to) in from.zip(to) {
                    self.transfers.want(part.id, from, Some(to));
                }
            }
            self.placed.insert(part.id, Placed { part, replicas });
        }
        self.want_repair();
        self.due = self.due.min(now);
    }

    /// A partition is no more, nor is any copy of it. What it held up begins when the clock is next
    /// advanced, at `now`.
    pub fn close(&mut self, now: Time, partition: PartitionId) {
        self.placed.remove(&partition);
        self.transfers.forget(|it| it.partition == partition);
        self.due = self.due.min(now);
    }

    /// What a partition costs each node that holds it.
    ///
    /// # Panics
    /// If the partition is not there.
    pub fn set_load(&mut self, partition: PartitionId, load: u64) {
        let placed = self.placed.get_mut(&partition);
        placed.expect("a partition that has a load is there").part.load = load;
    }
}

/// What holds now.
impl Cluster {
    /// The nodes of a partition's replicas, the primary first.
    ///
    /// # Panics
    /// If the partition is not there.
    pub fn replicas(&self, partition: PartitionId) -> &[NodeId] {
        &self.placed[&partition].replicas
    }

    /// Those of them that answer.
    ///
    /// # Panics
    /// If the partition is not there.
    pub fn answering(&self, partition: PartitionId) -> impl Iterator<Item = NodeId> {
        let up = |id: &NodeId| self.nodes[id.0 as usize].up;
        self.placed[&partition].replicas.iter().copied().filter(up)
    }

    /// Bytes of the replicas that are to move or on their way.
    pub fn bytes_of_transfers(&self) -> u64 {
        self.transfers.bytes()
    }

    /// How many copies each node sends and receives.
    pub fn copies(&self) -> Vec<u32> {
        let [sending, receiving] = self.transfers.busy(self.nodes.len());
        sending.iter().zip(receiving).map(|(&out, into)| u32::from(out) + u32::from(into)).collect()
    }

    /// When replicas are next moved off the hottest node, by the loads that were set.
    pub fn looks_at(&self) -> Time {
        self.look
    }

    /// Whether a node answers.
    pub fn is_serving(&self, node: NodeId) -> bool {
        self.health[node.0 as usize].is_serving()
    }

    fn serving(&self, placed: &Placed) -> u32 {
        placed.replicas.iter().filter(|id| self.nodes[id.0 as usize].up).count() as u32
    }

    /// Whether enough replicas answer for a send or a delete.
    ///
    /// # Panics
    /// If the partition is not there.
    pub fn has_write_quorum(&self, partition: PartitionId) -> bool {
        self.serving(&self.placed[&partition]) >= self.config.write_quorum
    }

    /// Whether enough replicas answer for a receive.
    ///
    /// # Panics
    /// If the partition is not there.
    pub fn has_read_quorum(&self, partition: PartitionId) -> bool {
        self.serving(&self.placed[&partition]) >= self.config.read_quorum
    }

    /// Whether fewer replicas answer than there are to be.
    ///
    /// # Panics
    /// If the partition is not there.
    pub fn is_under_replicated(&self, partition: PartitionId) -> bool {
        self.serving(&self.placed[&partition]) < self.config.replicas
    }

    /// How many partitions lack what.
    pub fn census(&self) -> Census {
        let mut census = Census::default();
        for placed in self.placed.values() {
            let serving = self.serving(placed);
            census.partitions += 1;
            census.under_replicated += u32::from(serving < self.config.replicas);
            census.without_write_quorum += u32::from(serving < self.config.write_quorum);
            census.without_read_quorum += u32::from(serving < self.config.read_quorum);
        }
        census
    }

    /// Holds what is derived against what it is derived from; for tests.
    ///
    /// # Panics
    /// If they disagree.
    pub fn check(&self) {
        for (node, health) in self.nodes.iter().zip(&self.health) {
            assert_eq!(node.up, health.is_serving(), "placement knows who answers");
        }
        for placed in self.placed.values() {
            let mut on = placed.replicas.clone();
            on.sort_unstable();
            on.dedup();
            assert_eq!(on.len(), placed.replicas.len(), "no two replicas on one node");
        }
        for transfer in self.transfers.iter() {
            let on = &self.placed[&transfer.partition].replicas;
            assert!(on.contains(&transfer.from), "what moves is there");
            assert!(transfer.to.is_none_or(|to| !on.contains(&to)), "it moves to another node");
        }
        assert!(self.due <= self.next_due(), "nothing is due before it is told");
    }
}
