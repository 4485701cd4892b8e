//! Deletes that some replicas missed.
//!
//! Owns what a delete that did not reach all replicas would bring back, and who knows of it. Must
//! not know what becomes of a message whose delete is undone.
//!
//! A delete is known to the replicas that answered it. Where a read quorum answers, what one of its
//! replicas knows all come to know; if none of them knows a delete, it is undone. So a delete that
//! all replicas know is safe, and where any two quorums meet each is.

use std::collections::BTreeMap;

use crate::kernel::time::Time;
use crate::ledger::config::NodeId;
use crate::ledger::journal::PartitionId;
use crate::ledger::messages::message::Message;
use crate::ledger::nodes::cluster::Cluster;
use crate::ledger::nodes::placement::Part;

/// A message that was deleted.
#[derive(Clone, Copy, Debug)]
pub(in crate::ledger) struct Gone {
    /// Its row as it was.
    pub(in crate::ledger) row: Message,
    /// When its retention ends.
    pub(in crate::ledger) expires: Time,
}

/// Deletes that the same nodes know.
#[derive(Clone, Debug)]
struct Batch {
    known: Vec<NodeId>,
    gone: Vec<Gone>,
}

/// All of a queue, by partition.
#[derive(Clone, Debug, Default)]
pub(super) struct Missed(BTreeMap<PartitionId, Vec<Batch>>);

impl Missed {
    /// A delete was answered by these replicas, which are not all.
    pub(super) fn deleted(&mut self, partition: PartitionId, answering: &[NodeId], gone: Gone) {
        let batches = self.0.entry(partition).or_default();
        match batches.iter_mut().rev().find(|batch| batch.known == answering) {
            Some(batch) => batch.gone.push(gone),
            None => batches.push(Batch { known: answering.to_vec(), gone: vec![gone] }),
        }
    }

    /// The replica on one node was replaced by a copy on another, made of one of `sources`. A copy
    /// begins where a read quorum answers: what one of them knew then, each did.
    pub(super) fn moved(
        &mut self,
        partition: PartitionId,
        from: NodeId,
        to: NodeId,
        sources: &[NodeId],
    ) {
        for batch in self.0.get_mut(&partition).into_iter().flatten() {
            if sources.iter().any(|id| batch.known.contains(id)) {
                batch.known.push(to);
            }
            batch.known.retain(|id| *id != from);
        }
    }

    /// Those who answer have changed: where they are a read quorum, they know what one of them
    /// knows, and undo what none of them does. Appends that to `undone`.
    pub(super) fn settle(&mut self, cluster: &Cluster, undone: &mut Vec<Gone>) {
        for (&partition, batches) in &mut self.0 {
            if !cluster.has_read_quorum(partition) {
                continue;
            }
            let replicas = cluster.replicas(partition);
            batches.retain_mut(|batch| {
                if !cluster.answering(partition).any(|id| batch.known.contains(&id)) {
                    undone.append(&mut batch.gone);
                    return false;
                }
                learn(&mut batch.known, cluster.answering(partition));
                !replicas.iter().all(|id| batch.known.contains(id))
            });
        }
        self.0.retain(|_, batches| !batches.is_empty());
    }

    /// A partition became others, some of `opened`, with its content.
    pub(super) fn recut(&mut self, cluster: &Cluster, partition: PartitionId, opened: &[Part]) {
        for Batch { known, gone } in self.0.remove(&partition).unwrap_or_default() {
            for part in opened {
                let mine = |it: &&Gone| (part.first..=part.last).contains(&it.row.key);
                let gone: Vec<Gone> = gone.iter().filter(mine).copied().collect();
                if gone.is_empty() {
                    continue;
                }
                let mut known = known.clone();
                // What moves to the nodes of another partition moves there from who knows it.
                if cluster.has_read_quorum(partition) {
                    learn(&mut known, cluster.answering(part.id));
                }
                known.retain(|id| cluster.replicas(part.id).contains(id));
                self.0.entry(part.id).or_default().push(Batch { known, gone });
            }
        }
    }

    /// A partition ended with nothing in it.
    pub(super) fn forget(&mut self, partition: PartitionId) {
        self.0.remove(&partition);
    }
}

/// These nodes know it, too.
fn learn(known: &mut Vec<NodeId>, nodes: impl Iterator<Item = NodeId>) {
    for id in nodes {
        if !known.contains(&id) {
            known.push(id);
        }
    }
}
