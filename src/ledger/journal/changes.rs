//! The closed list of what happens in the ledger.
//!
//! Owns [`Change`] and what it is a change of: a message, a call, the key space, a node. Each fact
//! stands here once, with its words for machines. Must not know who is told.
#![expect(
    clippy::inline_always,
    reason = "a fact is known where it is told: all but its own row folds away there"
)]

use super::ids::{Caller, MessageId, PartitionId};
use super::vocabulary::{Listed, Scribe, facts};
use super::words::{Action, Held, Refusal, State};
use crate::kernel::time::Time;
use crate::ledger::config::{NodeId, QueueId};

/// One change of the ledger.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Something happened to a message.
    Message(MessageId, Step),
    /// Something came of a call.
    Call(Call),
    /// The key space changed, or did not though a partition is hot.
    KeySpace(KeySpace),
    /// Something happened to a node or a replica.
    Node(NodeChange),
    /// From now on the age of the oldest message counts from this instant; `None` if there is no
    /// message. Those that came back from their third receive do not count. It follows from what
    /// happens to messages, at a cost that the ledger can spare its listeners.
    Oldest(Option<Time>),
}

facts! {
    /// What happened to a message.
    pub enum Step {
        /// A message was stored.
        1 "sent" Sent {
            /// Its partition.
            partition: PartitionId = tell "partition",
            /// `visible`, or `delayed`.
            state: State = tell "state",
        },
        /// A delay ended: the message is visible.
        2 "delay_ended" DelayEnded {},
        /// A message was returned by a receive.
        3 "received" Received {
            /// Who received it.
            caller: Caller = tell "worker",
            /// From which partition.
            partition: PartitionId = imply "partition",
            /// How often it has been received now, from 1.
            receives: u32 = tell "receives",
            /// When it was sent to (or, in a dead-letter queue, moved to) this queue.
            sent: Time = imply "sent_ns",
            /// When the visibility timeout ends.
            until: Time = tell "until_ns",
            /// For a redelivery: why it had come back, as its return or the undoing of its delete
            /// told.
            cause: Option<Held> = imply "cause",
        },
        /// A message was deleted by its holder.
        5 "deleted" Deleted {
            /// When it was sent to, or moved to, this queue.
            sent: Time = imply "sent_ns",
            /// Receives in all.
            receives: u32 = imply "receives",
            /// Its state: `in_flight`, or `visible` when its visibility timeout had passed.
            from: State = tell "from",
        },
        /// A delete was answered with success and changed nothing: the receipt was no longer the
        /// latest, or the message was gone.
        6 "deleted_nothing" DeletedNothing {},
        /// A delete was answered with success, and the service lost it.
        7 "delete_lost" DeleteLost {},
        /// A call used a receipt more than 12 h after its receive.
        8 "receipt_expired" ReceiptExpired {},
        /// The visibility timeout of a message in flight was set anew.
        9 "visibility_changed" VisibilityChanged {
            /// When it ends now.
            until: Time = tell "until_ns",
        },
        /// A change of visibility was refused: not in flight for this receipt, or beyond 12 h.
        10 "visibility_refused" VisibilityRefused {},
        /// A message in flight is visible again.
        11 "returned" Returned {
            /// Receives so far.
            receives: u32 = tell "receives",
            /// What its holder had last said by then.
            cause: Held = tell "cause",
        },
        /// A receive moved the message to the dead-letter queue instead of returning it.
        12 "dead_lettered" DeadLettered {
            /// The dead-letter queue.
            to: QueueId = tell "to",
            /// Receives in all.
            receives: u32 = tell "receives",
            /// Why it had last come back.
            cause: Held = tell "cause",
        },
        /// A message arrived from a queue whose dead-letter queue this is.
        13 "moved_in" MovedIn {
            /// Where it came from.
            from: QueueId = tell "from",
        },
        /// A message reached its retention period.
        15 "expired" Expired {
            /// The state it was in.
            from: State = tell "from",
        },
        /// A message was removed by a purge.
        16 "purged" Purged {
            /// The state it was in.
            from: State = tell "from",
        },
        /// None of the replicas that had a delete answers any more, and others do: the message is
        /// visible again.
        30 "delete_undone" Undone {
            /// When it was sent to, or moved to, this queue.
            sent: Time = imply "sent_ns",
            /// Receives before the delete.
            receives: u32 = tell "receives",
        },
    }
}

facts! {
    /// What came of a call.
    pub enum Call {
        /// A call reached the ledger, whatever its answer. Told when all is done that it does at
        /// once.
        14 "called" Made {
            /// Which kind.
            action: Action = tell "action",
            /// Partitions that it asked for messages.
            asked: u32 = tell "asked",
            /// Chunks of 64 KiB of its payload, one at least: AWS bills a request for each.
            chunks: u32 = tell "chunks",
        },
        /// A poll that waits asked again, or got messages.
        18 "poll_went_on" WentOn {
            /// Partitions that it asked.
            asked: u32 = tell "asked",
            /// Chunks of 64 KiB of what it got, beyond the first.
            chunks: u32 = tell "chunks",
        },
        /// A receive returned nothing, after waiting if it was a long poll.
        4 "received_nothing" ReceivedNothing {
            /// Who asked.
            caller: Caller = tell "worker",
            /// Messages were visible, in partitions that were not asked or did not answer.
            falsely: bool = tell "falsely",
            /// The in-flight cap was the reason (an error for a short poll, `OverLimit`).
            over_limit: bool = tell "over_limit",
        },
        /// A partition refused a call for lack of capacity.
        17 "throttled" Throttled {
            /// Which kind of call.
            action: Action = tell "action",
            /// Where.
            partition: PartitionId = tell "partition",
            /// Messages of the call that were refused (1 for a receive).
            messages: u32 = tell "messages",
        },
        /// Too few replicas of a partition answered a call.
        29 "unavailable" Unavailable {
            /// Which kind of call.
            action: Action = tell "action",
            /// Where.
            partition: PartitionId = tell "partition",
            /// Messages of the call that were refused (1 for a receive).
            messages: u32 = tell "messages",
        },
    }
}

facts! {
    /// A change of the key space.
    pub enum KeySpace {
        /// A partition came to be: at the start, by a split or by a merge.
        19 "partition_opened" Opened {
            /// The partition.
            partition: PartitionId = tell "partition",
            /// Its first key.
            first: u64 = tell "first",
            /// Its last key.
            last: u64 = imply "last",
        },
        /// A partition ended, by a split or by a merge.
        20 "partition_closed" Closed {
            /// The partition.
            partition: PartitionId = tell "partition",
        },
        /// A partition was cut in two.
        21 "split" Split {
            /// The partition that was cut.
            parent: PartitionId = tell "parent",
            /// The child with the lower keys.
            left: PartitionId = imply "left",
            /// The child with the higher keys.
            right: PartitionId = imply "right",
            /// First key of the right child.
            at: u64 = tell "at",
        },
        /// Two neighbours became one.
        22 "merged" Merged {
            /// The one with the lower keys.
            left: PartitionId = tell "left",
            /// The one with the higher keys.
            right: PartitionId = imply "right",
            /// What they became.
            into: PartitionId = tell "into",
        },
        /// Partitions became others in another way than by a split in two or a merge of two.
        24 "recut" Recut {
            /// How many ended.
            old: u32 = tell "old",
            /// How many came to be.
            new: u32 = tell "new",
        },
        /// A change of partitions that takes time has begun.
        25 "reshard_begun" Begun {
            /// Its number within the queue, from 0.
            reshard: u32 = tell "reshard",
            /// Partitions that end.
            old: u32 = tell "old",
            /// Partitions that come to be.
            new: u32 = tell "new",
        },
        /// A change of partitions that takes time has ended.
        26 "reshard_ended" Ended {
            /// Its number within the queue.
            reshard: u32 = tell "reshard",
        },
        /// A partition takes no sends any more, and is received from until it holds nothing.
        27 "partition_sealed" Sealed {
            /// The partition.
            partition: PartitionId = tell "partition",
        },
        /// A sealed partition holds nothing any more: it ended.
        28 "partition_drained" Drained {
            /// The partition.
            partition: PartitionId = tell "partition",
        },
        /// A hot partition was not split.
        23 "split_refused" Refused {
            /// The partition.
            partition: PartitionId = tell "partition",
            /// Why; a hot key has its `permille` of the sampled requests beside it.
            reason: Refusal = tell "reason",
        },
    }
}

facts! {
    /// What happens to nodes and replicas.
    pub enum NodeChange {
        /// A node is down.
        31 "node_failed" Failed {
            /// The node.
            node: NodeId = tell "node",
        },
        /// A node has been down for so long that others take its place as primaries.
        32 "node_suspected" Suspected {
            /// The node.
            node: NodeId = tell "node",
        },
        /// A node has been down for so long that its replicas are made anew.
        33 "node_given_up" GivenUp {
            /// The node.
            node: NodeId = tell "node",
        },
        /// A node is up again, and does not answer before it has the writes it missed.
        34 "node_returned" Returned {
            /// The node.
            node: NodeId = tell "node",
        },
        /// A node that was down answers again.
        35 "node_caught_up" CaughtUp {
            /// The node.
            node: NodeId = tell "node",
        },
        /// A partition has another primary.
        36 "primary_changed" Led {
            /// The partition.
            partition: PartitionId = tell "partition",
            /// The node that leads it now.
            by: NodeId = tell "node",
        },
        /// A copy of a partition has begun.
        37 "copy_begun" CopyBegun {
            /// The partition.
            partition: PartitionId = tell "partition",
            /// The node that sends it.
            source: NodeId = tell "from",
            /// The node that gets it.
            to: NodeId = tell "to",
        },
        /// A copy has ended before it was there: a node at one of its ends failed, or the node that
        /// it was to replace has returned.
        38 "copy_dropped" CopyDropped {
            /// The partition.
            partition: PartitionId = tell "partition",
            /// The node that was to get it.
            to: NodeId = tell "to",
        },
        /// A copy is there: the replica on one node is replaced by one on another.
        39 "replica_moved" Moved {
            /// The partition.
            partition: PartitionId = tell "partition",
            /// The node that held it.
            from: NodeId = tell "from",
            /// The node that holds it now.
            to: NodeId = tell "to",
        },
        /// How many partitions lack replicas is no longer what it was.
        40 "replicas_counted" Counted {
            /// Partitions in all.
            partitions: u32 = tell "partitions",
            /// Fewer replicas answer than the queue is to have.
            under_replicated: u32 = tell "under_replicated",
            /// Too few answer for a send or a delete.
            without_write_quorum: u32 = tell "without_write_quorum",
            /// Too few answer for a receive.
            without_read_quorum: u32 = tell "without_read_quorum",
        },
    }
}

/// How many partitions lack what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Partitions in all.
    pub partitions: u32,
    /// Fewer replicas answer than the queue is to have.
    pub under_replicated: u32,
    /// Too few answer for a send or a delete.
    pub without_write_quorum: u32,
    /// Too few answer for a receive.
    pub without_read_quorum: u32,
}

impl From<Census> for NodeChange {
    fn from(census: Census) -> NodeChange {
        let Census { partitions, under_replicated, without_write_quorum, without_read_quorum } =
            census;
        NodeChange::Counted {
            partitions,
            under_replicated,
            without_write_quorum,
            without_read_quorum,
        }
    }
}

impl From<Call> for Change {
    #[inline]
    fn from(call: Call) -> Change {
        Change::Call(call)
    }
}

impl From<KeySpace> for Change {
    #[inline]
    fn from(change: KeySpace) -> Change {
        Change::KeySpace(change)
    }
}

impl From<NodeChange> for Change {
    #[inline]
    fn from(change: NodeChange) -> Change {
        Change::Node(change)
    }
}

impl Step {
    /// The states that the message leaves and comes to, where it does; in none it is in no queue.
    #[inline]
    pub fn moves(&self) -> (Option<State>, Option<State>) {
        match *self {
            Step::Sent { state, .. } => (None, Some(state)),
            Step::MovedIn { .. } | Step::Undone { .. } => (None, Some(State::Visible)),
            Step::DelayEnded {} => (Some(State::Delayed), Some(State::Visible)),
            Step::Received { .. } => (Some(State::Visible), Some(State::InFlight)),
            Step::Returned { .. } => (Some(State::InFlight), Some(State::Visible)),
            Step::DeadLettered { .. } => (Some(State::Visible), None),
            Step::Deleted { from, .. } | Step::Expired { from } | Step::Purged { from } => {
                (Some(from), None)
            }
            Step::DeletedNothing {}
            | Step::DeleteLost {}
            | Step::ReceiptExpired {}
            | Step::VisibilityChanged { .. }
            | Step::VisibilityRefused {} => (None, None),
        }
    }
}

impl Change {
    /// Tells `scribe` the fact that it is, without the message that it is about; of the oldest
    /// message nothing, as that follows from facts.
    #[inline(always)]
    pub fn write<S: Scribe>(&self, scribe: &mut S) {
        match self {
            Change::Message(_, step) => step.write(scribe),
            Change::Call(call) => call.write(scribe),
            Change::KeySpace(change) => change.write(scribe),
            Change::Node(change) => change.write(scribe),
            Change::Oldest(_) => {}
        }
    }

    /// The message that it is about.
    #[inline]
    pub fn message(&self) -> Option<MessageId> {
        match *self {
            Change::Message(message, _) => Some(message),
            Change::Call(_) | Change::KeySpace(_) | Change::Node(_) | Change::Oldest(_) => None,
        }
    }
}
