//! What the ledger says about itself while it works.
//!
//! Owns [`Change`], the closed list of things that happen to messages, partitions and nodes, and
//! the trait that receives them. Must not know who listens.

use super::config::{NodeId, QueueId};
use crate::kernel::time::Time;

/// The serial number of a message, from 0 in the order of all sends of the run. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u64);

/// A partition, numbered from 0 in the order of creation within its queue. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartitionId(pub u32);

/// Someone who calls receive, chosen by the caller; the ledger only gives it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Caller(pub u32);

/// What the holder of a delivery last said about it while it was in flight, or what the ledger
/// itself did to the message. An annotation for observers: no decision of the ledger depends on it.
///
/// Of a message that is visible again it is why it came back. Nothing that happens while it waits
/// changes it, neither what a late holder does nor other settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Held {
    /// On its way to, or waiting in, the consumer's buffer.
    Buffered,
    /// Being worked on.
    Working,
    /// The work failed, or what it gave could not be sent on.
    Failed,
    /// The consumer died with it.
    Crashed,
    /// The work is done and the delete is on its way, or was lost.
    Deleting,
    /// It was deleted, and the replicas that had the delete are gone.
    Undone,
    /// The receive did not hide it.
    NotHidden,
}

/// The calls a partition's capacity counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Action {
    /// `SendMessage`, `SendMessageBatch`.
    Send,
    /// `ReceiveMessage`.
    Receive,
    /// `DeleteMessage`, `DeleteMessageBatch`.
    Delete,
    /// `ChangeMessageVisibility`.
    ChangeVisibility,
}

/// The state of a resident message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum State {
    /// Sent, but its delay is not over.
    Delayed,
    /// Waiting to be received.
    Visible,
    /// Received and hidden.
    InFlight,
}

/// Why the split policy did not split a hot partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// No sampled key divides the load evenly.
    NoBalancedKey,
    /// The queue has its most partitions.
    TooManyPartitions,
    /// The range is a single hash value.
    SingleKey,
    /// One key has too much of the load to be divided.
    HotKey {
        /// Its share of the sampled requests, in thousandths.
        permille: u16,
    },
    /// The load moves along the range, so that no cut divides it for long.
    Sequential,
    /// As many splits are under way as the guard allows; it is tried again when one has ended.
    TooManyAtOnce,
}

/// One change of the ledger.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// A message was stored.
    Sent {
        /// The message.
        message: MessageId,
        /// Its partition.
        partition: PartitionId,
        /// `Visible`, or `Delayed`.
        state: State,
    },
    /// A delay ended: the message is visible.
    DelayEnded {
        /// The message.
        message: MessageId,
    },
    /// A message was returned by a receive.
    Received {
        /// The message.
        message: MessageId,
        /// Who received it.
        caller: Caller,
        /// From which partition.
        partition: PartitionId,
        /// How often it has been received now, from 1.
        receives: u32,
        /// When it was sent to (or, in a dead-letter queue, moved to) this queue.
        sent: Time,
        /// When the visibility timeout ends.
        until: Time,
        /// For a redelivery: why it had come back, as [`Change::Returned`] or [`Change::Undone`]
        /// told.
        cause: Option<Held>,
    },
    /// A receive returned nothing, after waiting if it was a long poll.
    ReceivedNothing {
        /// Who asked.
        caller: Caller,
        /// Messages were visible, in partitions that were not asked or did not answer.
        falsely: bool,
        /// The in-flight cap was the reason (an error for a short poll, `OverLimit`).
        over_limit: bool,
    },
    /// A message was deleted by its holder.
    Deleted {
        /// The message.
        message: MessageId,
        /// When it was sent to, or moved to, this queue.
        sent: Time,
        /// Receives in all.
        receives: u32,
        /// Its state: `InFlight`, or `Visible` when its visibility timeout had passed.
        from: State,
    },
    /// A delete was answered with success and changed nothing: the receipt was no longer the
    /// latest, or the message was gone.
    DeletedNothing {
        /// The message the receipt was for.
        message: MessageId,
    },
    /// A delete was answered with success, and the service lost it.
    DeleteLost {
        /// The message.
        message: MessageId,
    },
    /// A call used a receipt more than 12 h after its receive.
    ReceiptExpired {
        /// The message the receipt was for.
        message: MessageId,
    },
    /// The visibility timeout of a message in flight was set anew.
    VisibilityChanged {
        /// The message.
        message: MessageId,
        /// When it ends now.
        until: Time,
    },
    /// A change of visibility was refused: not in flight for this receipt, or beyond 12 h.
    VisibilityRefused {
        /// The message.
        message: MessageId,
    },
    /// A message in flight is visible again.
    Returned {
        /// The message.
        message: MessageId,
        /// What its holder had last said by then.
        cause: Held,
        /// Receives so far.
        receives: u32,
    },
    /// A receive moved the message to the dead-letter queue instead of returning it.
    DeadLettered {
        /// The message.
        message: MessageId,
        /// The dead-letter queue.
        to: QueueId,
        /// Receives in all.
        receives: u32,
        /// Why it had last come back.
        cause: Held,
    },
    /// A message arrived from a queue whose dead-letter queue this is.
    MovedIn {
        /// The message.
        message: MessageId,
        /// Where it came from.
        from: QueueId,
    },
    /// A message reached its retention period.
    Expired {
        /// The message.
        message: MessageId,
        /// The state it was in.
        from: State,
    },
    /// None of the replicas that had a delete answers any more, and others do: the message is
    /// visible again.
    Undone {
        /// The message.
        message: MessageId,
        /// When it was sent to, or moved to, this queue.
        sent: Time,
        /// Receives before the delete.
        receives: u32,
    },
    /// A message was removed by a purge.
    Purged {
        /// The message.
        message: MessageId,
        /// The state it was in.
        from: State,
    },
    /// A partition refused a call for lack of capacity.
    Throttled {
        /// Which kind of call.
        action: Action,
        /// Where.
        partition: PartitionId,
        /// Messages of the call that were refused (1 for a receive).
        messages: u32,
    },
    /// Too few replicas of a partition answered a call.
    Unavailable {
        /// Which kind of call.
        action: Action,
        /// Where.
        partition: PartitionId,
        /// Messages of the call that were refused (1 for a receive).
        messages: u32,
    },
    /// A call reached the ledger (whatever its answer).
    Called {
        /// Which kind.
        action: Action,
    },
    /// The key space changed, or did not though a partition is hot.
    KeySpace(KeySpace),
    /// Something happened to a node or a replica.
    Node(NodeChange),
}

/// A change of the key space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySpace {
    /// A partition came to be: at the start, by a split or by a merge.
    Opened {
        /// The partition.
        partition: PartitionId,
        /// Its first key.
        first: u64,
        /// Its last key.
        last: u64,
    },
    /// A partition ended, by a split or by a merge.
    Closed {
        /// The partition.
        partition: PartitionId,
    },
    /// A partition was cut in two.
    Split {
        /// The partition that was cut.
        parent: PartitionId,
        /// The child with the lower keys.
        left: PartitionId,
        /// The child with the higher keys.
        right: PartitionId,
        /// First key of the right child.
        at: u64,
    },
    /// Two neighbours became one.
    Merged {
        /// The one with the lower keys.
        left: PartitionId,
        /// The one with the higher keys.
        right: PartitionId,
        /// What they became.
        into: PartitionId,
    },
    /// Partitions became others in another way than by a split in two or a merge of two.
    Recut {
        /// How many ended.
        old: u32,
        /// How many came to be.
        new: u32,
    },
    /// A change of partitions that takes time has begun.
    Begun {
        /// Its number within the queue, from 0.
        reshard: u32,
        /// Partitions that end.
        old: u32,
        /// Partitions that come to be.
        new: u32,
    },
    /// A change of partitions that takes time has ended.
    Ended {
        /// Its number within the queue.
        reshard: u32,
    },
    /// A partition takes no sends any more, and is received from until it holds nothing.
    Sealed {
        /// The partition.
        partition: PartitionId,
    },
    /// A sealed partition holds nothing any more: it ended.
    Drained {
        /// The partition.
        partition: PartitionId,
    },
    /// A hot partition was not split.
    Refused {
        /// The partition.
        partition: PartitionId,
        /// Why.
        reason: Refusal,
    },
}

/// What happens to nodes and replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeChange {
    /// A node is down.
    Failed(NodeId),
    /// A node has been down for so long that others take its place as primaries.
    Suspected(NodeId),
    /// A node has been down for so long that its replicas are made anew.
    GivenUp(NodeId),
    /// A node is up again, and does not answer before it has the writes it missed.
    Returned(NodeId),
    /// A node that was down answers again.
    CaughtUp(NodeId),
    /// A partition has another primary.
    Led {
        /// The partition.
        partition: PartitionId,
        /// The node that leads it now.
        by: NodeId,
    },
    /// A copy of a partition has begun.
    CopyBegun {
        /// The partition.
        partition: PartitionId,
        /// The node that sends it.
        source: NodeId,
        /// The node that gets it.
        to: NodeId,
    },
    /// A copy has ended before it was there: a node at one of its ends failed, or the node that it
    /// was to replace has returned.
    CopyDropped {
        /// The partition.
        partition: PartitionId,
        /// The node that was to get it.
        to: NodeId,
    },
    /// A copy is there: the replica on one node is replaced by one on another.
    Moved {
        /// The partition.
        partition: PartitionId,
        /// The node that held it.
        from: NodeId,
        /// The node that holds it now.
        to: NodeId,
    },
    /// How many partitions lack replicas is no longer what it was.
    Counted(Census),
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

impl From<KeySpace> for Change {
    #[inline]
    fn from(change: KeySpace) -> Change {
        Change::KeySpace(change)
    }
}

/// Someone who is told each change, at once and in order.
pub trait Journal {
    /// At `now`, `change` happened in `queue`.
    fn change(&mut self, now: Time, queue: QueueId, change: &Change);

    /// From `now` on the age of the oldest message in `queue` counts from `sent`; `None` if there
    /// is none. Messages that came back from their third receive do not count. It follows from the
    /// changes, at a cost that the ledger can spare its listeners.
    fn oldest_changed(&mut self, _now: Time, _queue: QueueId, _sent: Option<Time>) {}

    /// A poll asked so many partitions of `queue`.
    fn probed(&mut self, _queue: QueueId, _partitions: u32) {}

    /// A call carries more than one chunk of payload: so many more, since it was last told.
    fn more_chunks(&mut self, _queue: QueueId, _action: Action, _chunks: u64) {}
}

/// The journal nobody reads.
impl Journal for () {
    #[inline]
    fn change(&mut self, _now: Time, _queue: QueueId, _change: &Change) {}
}
