//! Replicas on their way from one node to another.
//!
//! Owns what is to be copied, what is being copied, and the cap: a node sends one copy at a time
//! and receives one at a time. Must not know why a replica moves.

use std::collections::{BTreeMap, BTreeSet};

use crate::kernel::time::Time;
use crate::ledger::config::NodeId;
use crate::ledger::journal::{NodeChange, PartitionId};

/// A copy under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Copying {
    /// Who sends it.
    pub(super) source: NodeId,
    /// When it is there.
    pub(super) ends: Time,
}

/// The replica of a partition on one node is to be replaced by one on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Transfer {
    pub(super) partition: PartitionId,
    pub(super) from: NodeId,
    /// Unknown while there is no node that could take it.
    pub(super) to: Option<NodeId>,
    pub(super) copying: Option<Copying>,
}

impl Transfer {
    /// Its copy under way has ended before it was there.
    pub(super) fn dropped(&self) -> NodeChange {
        let to = self.to.expect("a copy goes to a node");
        NodeChange::CopyDropped { partition: self.partition, to }
    }
}

/// All of them, in the order in which they were wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Transfers {
    all: BTreeMap<Number, Transfer>,
    /// The same by partition: of 65,536 partitions that lose a node nobody looks through all.
    of: BTreeSet<(PartitionId, Number)>,
    /// How many were ever wanted.
    wanted: Number,
}

/// Which transfer it is, in the order in which they were wanted.
pub(super) type Number = u64;

impl Transfers {
    /// Bytes of all of them; those of ordered maps that are two thirds full.
    pub(super) fn bytes(&self) -> u64 {
        let each = size_of::<(Number, Transfer)>() + size_of::<(PartitionId, Number)>();
        self.all.len() as u64 * (each * 3 / 2) as u64
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Transfer> {
        self.all.values()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Transfer> {
        self.all.values_mut()
    }

    /// The first that was wanted at `from` or later.
    pub(super) fn next(&self, from: Number) -> Option<(Number, Transfer)> {
        self.all.range(from..).next().map(|(&number, &transfer)| (number, transfer))
    }

    /// One that is there.
    pub(super) fn get_mut(&mut self, number: Number) -> &mut Transfer {
        self.all.get_mut(&number).expect("a transfer that is looked at is there")
    }

    /// Those of one partition.
    pub(super) fn of(&self, partition: PartitionId) -> impl Iterator<Item = &Transfer> {
        let mine = self.of.range((partition, Number::MIN)..=(partition, Number::MAX));
        mine.map(|(_, number)| &self.all[number])
    }

    /// Whether that replica is on its way.
    pub(super) fn has(&self, partition: PartitionId, from: NodeId) -> bool {
        self.of(partition).any(|it| it.from == from)
    }

    /// Wants a transfer of a replica that is not on its way.
    pub(super) fn want(&mut self, partition: PartitionId, from: NodeId, to: Option<NodeId>) {
        self.all.insert(self.wanted, Transfer { partition, from, to, copying: None });
        self.of.insert((partition, self.wanted));
        self.wanted += 1;
    }

    /// Forgets all that fulfil a condition.
    pub(super) fn forget(&mut self, condition: impl Fn(&Transfer) -> bool) {
        let Transfers { all, of, .. } = self;
        all.retain(|&number, it| {
            let goes = condition(it);
            if goes {
                of.remove(&(it.partition, number));
            }
            !goes
        });
    }

    /// When the next copy is there.
    pub(super) fn due(&self) -> Time {
        let ends = self.iter().filter_map(|it| it.copying).map(|copying| copying.ends);
        ends.min().unwrap_or(Time::NEVER)
    }

    /// Takes out one whose copy is there.
    pub(super) fn take_done(&mut self, now: Time) -> Option<Transfer> {
        let done = |it: &Transfer| it.copying.is_some_and(|copying| copying.ends <= now);
        let (&number, &transfer) = self.all.iter().find(|(_, it)| done(it))?;
        self.all.remove(&number);
        self.of.remove(&(transfer.partition, number));
        Some(transfer)
    }

    /// Which nodes send a copy, and which receive one.
    pub(super) fn busy(&self, nodes: usize) -> [Vec<bool>; 2] {
        let [mut sending, mut receiving] = [vec![false; nodes], vec![false; nodes]];
        for transfer in self.iter() {
            if let (Some(copying), Some(to)) = (transfer.copying, transfer.to) {
                sending[copying.source.0 as usize] = true;
                receiving[to.0 as usize] = true;
            }
        }
        [sending, receiving]
    }
}
