//! What happens to partitions and nodes, as instants on the track of their queue.
//!
//! Owns which of it is shown, and with what. Must not know messages.

use std::io::Write;

use super::super::names;
use super::event::Track;
use super::{Perfetto, ledger};
use crate::ledger::config::{NodeId, QueueId};
use crate::ledger::journal::{Change, KeySpace, NodeChange, Refusal};

impl<W: Write> Perfetto<W> {
    pub(super) fn partition_fault(&mut self, queue: QueueId, change: &Change) {
        match *change {
            Change::Throttled { action, partition, messages } => {
                self.fault(ledger(queue), "throttled", |e| {
                    e.text("action", names::action(action))
                        .number("partition", partition.0)
                        .number("messages", messages)
                        .end();
                });
            }
            Change::Unavailable { action, partition, messages } => {
                self.fault(ledger(queue), "unavailable", |e| {
                    e.text("action", names::action(action))
                        .number("partition", partition.0)
                        .number("messages", messages)
                        .end();
                });
            }
            Change::KeySpace(ref change) => self.key_space(ledger(queue), change),
            Change::Node(ref change) => self.node(ledger(queue), change),
            Change::Called { .. }
            | Change::ReceivedNothing { .. }
            | Change::Sent { .. }
            | Change::DelayEnded { .. }
            | Change::Received { .. }
            | Change::Deleted { .. }
            | Change::DeletedNothing { .. }
            | Change::DeleteLost { .. }
            | Change::ReceiptExpired { .. }
            | Change::VisibilityChanged { .. }
            | Change::VisibilityRefused { .. }
            | Change::Returned { .. }
            | Change::DeadLettered { .. }
            | Change::MovedIn { .. }
            | Change::Expired { .. }
            | Change::Purged { .. }
            | Change::Undone { .. } => {}
        }
    }

    fn node(&mut self, track: Track, change: &NodeChange) {
        let mut of_node = |name: &'static str, node: NodeId| {
            self.fault(track, name, |e| e.number("node", node.0).end());
        };
        match *change {
            NodeChange::Failed(node) => of_node("node failed", node),
            NodeChange::Suspected(node) => of_node("node suspected", node),
            NodeChange::GivenUp(node) => of_node("node given up", node),
            NodeChange::Returned(node) => of_node("node returned", node),
            NodeChange::CaughtUp(node) => of_node("node caught up", node),
            NodeChange::Led { partition, by } => self.fault(track, "primary changed", |e| {
                e.number("partition", partition.0).number("node", by.0).end();
            }),
            NodeChange::CopyBegun { partition, source, to } => {
                self.fault(track, "copy begun", |e| {
                    e.number("partition", partition.0)
                        .number("from", source.0)
                        .number("to", to.0)
                        .end();
                });
            }
            NodeChange::CopyDropped { partition, to } => self.fault(track, "copy dropped", |e| {
                e.number("partition", partition.0).number("to", to.0).end();
            }),
            NodeChange::Moved { partition, from, to } => self.fault(track, "replica moved", |e| {
                e.number("partition", partition.0).number("from", from.0).number("to", to.0).end();
            }),
            NodeChange::Counted(census) => self.fault(track, "replicas counted", |e| {
                e.number("under_replicated", census.under_replicated)
                    .number("without_write_quorum", census.without_write_quorum)
                    .number("without_read_quorum", census.without_read_quorum)
                    .end();
            }),
        }
    }

    fn key_space(&mut self, track: Track, change: &KeySpace) {
        match *change {
            KeySpace::Split { parent, left, right, at } => self.fault(track, "split", |e| {
                e.number("parent", parent.0)
                    .number("left", left.0)
                    .number("right", right.0)
                    .text("at", &format!("{at:016x}"))
                    .end();
            }),
            KeySpace::Merged { left, right, into } => self.fault(track, "merge", |e| {
                e.number("left", left.0).number("right", right.0).number("into", into.0).end();
            }),
            KeySpace::Recut { old, new } => self.fault(track, "recut", |e| {
                e.number("old", old).number("new", new).end();
            }),
            KeySpace::Refused { partition, reason } => self.fault(track, "split refused", |e| {
                let e = e.number("partition", partition.0).text("reason", names::refusal(reason));
                match reason {
                    Refusal::HotKey { permille } => e.number("permille", permille).end(),
                    Refusal::NoBalancedKey
                    | Refusal::TooManyPartitions
                    | Refusal::SingleKey
                    | Refusal::Sequential
                    | Refusal::TooManyAtOnce => e.end(),
                }
            }),
            KeySpace::Begun { reshard, old, new } => self.fault(track, "change begun", |e| {
                e.number("change", reshard).number("old", old).number("new", new).end();
            }),
            KeySpace::Ended { reshard } => {
                self.fault(track, "change ended", |e| e.number("change", reshard).end());
            }
            KeySpace::Sealed { partition } => {
                self.fault(track, "sealed", |e| e.number("partition", partition.0).end());
            }
            KeySpace::Drained { partition } => {
                self.fault(track, "drained", |e| e.number("partition", partition.0).end());
            }
            // Said by the split, the merge or the recut.
            KeySpace::Opened { .. } | KeySpace::Closed { .. } => {}
        }
    }
}
