//! Where replicas are placed: nodes with so much room each, and nodes that come when there is none.
//!
//! Owns how many replicas each node has, who waits for room, and which nodes were asked for. Must
//! not know why a replica is wanted, nor how long it starts once it has its place.
//!
//! A replica takes room on the first node that has any. One without room waits; when for a while no
//! further one has come to wait, as many nodes are asked for as those need whom no coming node has
//! room for (Karpenter, "Settings": the batch ends after 1 s without a new pending pod, or after
//! 10 s). Who waited longest is placed first.

use std::collections::{BTreeMap, BTreeSet};

use crate::kernel::rng::{Purpose, Stream, Streams};
use crate::kernel::time::Time;
use crate::model::scaling::RoomConfig;

/// A node, by its number: those of the start first, then in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostId(pub u32);

/// All nodes of a fleet, and the replicas that have no place yet.
#[derive(Clone, Debug)]
pub struct Room {
    config: RoomConfig,
    chance: Stream,
    /// Replicas of each node.
    hosts: BTreeMap<HostId, u32>,
    /// Those with room.
    free: BTreeSet<HostId>,
    /// Those that will go unless a replica comes, by when.
    leaving: BTreeSet<(Time, HostId)>,
    /// When nodes come that were asked for, by the number they will have.
    coming: BTreeSet<(Time, HostId)>,
    next: HostId,
    /// Replicas without a place.
    waiting: u64,
    batch: Option<Batch>,
}

/// Replicas for which nodes will be asked for together.
#[derive(Clone, Copy, Debug)]
struct Batch {
    /// When, if no further one comes.
    ends: Time,
    /// When at the latest.
    latest: Time,
}

impl Room {
    /// The nodes of the start, empty, for the fleet at `path`.
    pub fn new(config: &RoomConfig, streams: Streams, path: &str) -> Room {
        let first = || (0..config.nodes).map(HostId);
        Room {
            chance: streams.stream(path, Purpose::NodeBoot),
            hosts: first().map(|host| (host, 0)).collect(),
            free: first().collect(),
            leaving: BTreeSet::new(),
            coming: BTreeSet::new(),
            next: HostId(config.nodes),
            waiting: 0,
            batch: None,
            config: config.clone(),
        }
    }

    /// A replica is wanted: its place, or `None` if it waits for one.
    pub fn ask(&mut self, now: Time) -> Option<HostId> {
        if let Some(host) = self.take() {
            return Some(host);
        }
        self.waiting += 1;
        if self.uncovered() > 0 {
            let latest = match self.batch {
                Some(batch) => batch.latest,
                None => now.saturating_add(self.config.batch_most),
            };
            let ends = now.saturating_add(self.config.batch_idle).min(latest);
            self.batch = Some(Batch { ends, latest });
        }
        None
    }

    /// A replica is gone from its place. Where another one waits, that has its place now: which is
    /// told.
    pub fn leave(&mut self, now: Time, host: HostId) -> Option<HostId> {
        if let Some(count) = self.hosts.get_mut(&host) {
            *count = count.saturating_sub(1);
            self.free.insert(host);
            self.maybe_leaves(now, host);
        }
        self.place_one()
    }

    /// A replica that waits for a place is not wanted any more: the last that came.
    pub fn give_up(&mut self) {
        self.waiting = self.waiting.saturating_sub(1);
    }

    /// When it next has something to do.
    pub fn next_at(&self) -> Time {
        let first = |set: &BTreeSet<(Time, HostId)>| set.first().map_or(Time::NEVER, |&(at, _)| at);
        let batch = self.batch.map_or(Time::NEVER, |batch| batch.ends);
        batch.min(first(&self.coming)).min(first(&self.leaving))
    }

    /// Does what is due at `now`: the places of the replicas that have one from now on, in the
    /// order in which they were asked for.
    pub fn act(&mut self, now: Time) -> Vec<HostId> {
        while let Some(&(at, host)) = self.coming.first().filter(|&&(at, _)| at <= now) {
            self.coming.remove(&(at, host));
            self.hosts.insert(host, 0);
            self.free.insert(host);
            self.maybe_leaves(now, host);
        }
        let placed: Vec<HostId> = std::iter::from_fn(|| self.place_one()).collect();
        if self.batch.is_some_and(|batch| batch.ends <= now) {
            self.batch = None;
            for _ in 0..self.uncovered().div_ceil(u64::from(self.config.per_node.max(1))) {
                let boot = self.config.boot.sample(&mut self.chance);
                self.coming.insert((now.saturating_add(boot), self.next));
                self.next = HostId(self.next.0.saturating_add(1));
            }
        }
        while let Some(&(at, host)) = self.leaving.first().filter(|&&(at, _)| at <= now) {
            self.leaving.remove(&(at, host));
            self.hosts.remove(&host);
            self.free.remove(&host);
        }
        placed
    }

    /// Nodes that are there.
    pub fn hosts(&self) -> usize {
        self.hosts.len()
    }

    /// Nodes that were asked for and are not there yet.
    pub fn coming(&self) -> usize {
        self.coming.len()
    }

    /// Replicas that have no place.
    pub fn waiting(&self) -> u64 {
        self.waiting
    }

    /// Those of them that no coming node has room for.
    fn uncovered(&self) -> u64 {
        let coming = self.coming.len() as u64;
        self.waiting.saturating_sub(coming.saturating_mul(u64::from(self.config.per_node)))
    }

    /// The place of a replica that waits, if one does and there is room.
    fn place_one(&mut self) -> Option<HostId> {
        let host = if self.waiting > 0 { self.take() } else { None };
        self.waiting -= u64::from(host.is_some());
        host
    }

    /// Room for a replica on the first node that has any.
    fn take(&mut self) -> Option<HostId> {
        let host = *self.free.first()?;
        let count = self.hosts.get_mut(&host)?;
        *count += 1;
        if *count >= self.config.per_node {
            self.free.remove(&host);
        }
        if *count == 1 {
            self.leaving.retain(|&(_, leaves)| leaves != host);
        }
        Some(host)
    }

    /// Plans the end of a node that is empty and was not there at the start.
    fn maybe_leaves(&mut self, now: Time, host: HostId) {
        if let Some(after) = self.config.empty
            && host.0 >= self.config.nodes
            && self.hosts.get(&host) == Some(&0)
        {
            self.leaving.insert((now.saturating_add(after), host));
        }
    }
}
