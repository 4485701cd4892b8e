//! Replicas on their way from one node to another.
//!
//! Owns what is to be copied, what is being copied, and the cap: a node sends one copy at a time
//! and receives one at a time. Must not know why a replica moves.

use crate::kernel::time::Time;
use crate::ledger::config::NodeId;
use crate::ledger::journal::PartitionId;

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

/// All of them, in the order in which they were wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Transfers(Vec<Transfer>);

impl Transfers {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Transfer> {
        self.0.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Transfer> {
        self.0.iter_mut()
    }

    pub(super) fn get_mut(&mut self, at: usize) -> &mut Transfer {
        &mut self.0[at]
    }

    /// Whether that replica is on its way.
    pub(super) fn has(&self, partition: PartitionId, from: NodeId) -> bool {
        self.0.iter().any(|it| it.partition == partition && it.from == from)
    }

    /// Wants a transfer of a replica that is not on its way.
    pub(super) fn want(&mut self, partition: PartitionId, from: NodeId, to: Option<NodeId>) {
        self.0.push(Transfer { partition, from, to, copying: None });
    }

    /// Forgets all that fulfil a condition.
    pub(super) fn forget(&mut self, condition: impl Fn(&Transfer) -> bool) {
        self.0.retain(|it| !condition(it));
    }

    /// When the next copy is there.
    pub(super) fn due(&self) -> Time {
        let ends = self.0.iter().filter_map(|it| it.copying).map(|copying| copying.ends);
        ends.min().unwrap_or(Time::NEVER)
    }

    /// Takes out one whose copy is there.
    pub(super) fn take_done(&mut self, now: Time) -> Option<Transfer> {
        let done = |it: &Transfer| it.copying.is_some_and(|copying| copying.ends <= now);
        self.0.iter().position(done).map(|at| self.0.remove(at))
    }

    /// Which nodes send a copy, and which receive one.
    pub(super) fn busy(&self, nodes: usize) -> [Vec<bool>; 2] {
        let [mut sending, mut receiving] = [vec![false; nodes], vec![false; nodes]];
        for transfer in &self.0 {
            if let (Some(copying), Some(to)) = (transfer.copying, transfer.to) {
                sending[copying.source.0 as usize] = true;
                receiving[to.0 as usize] = true;
            }
        }
        [sending, receiving]
    }
}
