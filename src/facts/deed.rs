//! What clients do, told to observers.
//!
//! Owns [`Deed`], the closed list of things that happen at producers and workers rather than in
//! the ledger. Must not know who listens.

use crate::kernel::time::{Span, Time};
use crate::ledger::config::QueueId;
use crate::ledger::journal::MessageId;

/// A producer, by its place in the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProducerId(pub u32);

/// A fleet, by its place in the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FleetId(pub u32);

/// A worker, numbered over all fleets in the order of the scenario. It is the ledger's `Caller`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerId(pub u32);

/// How one processing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Ending {
    /// Done, for the first time.
    Done,
    /// Done, and it had been done before: duplicate work.
    Duplicate,
    /// Recognised as done before by an idempotent worker. What it worked before it saw that, where
    /// another completed the message meanwhile, is wasted.
    Recognised,
    /// Failed.
    Failed,
    /// The worker died.
    Crashed,
}

/// One thing a client did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Deed {
    /// A message arose at a producer (before batching, latency or throttling).
    Arrived {
        /// The producer.
        producer: ProducerId,
    },
    /// A producer's call was accepted for this many messages.
    SendConfirmed {
        /// The producer.
        producer: ProducerId,
        /// Messages stored.
        messages: u32,
        /// How long their call had waited for a free connection.
        waited: Span,
        /// How long the call took, tries and back-off included.
        took: Span,
    },
    /// A producer's call was refused for this many messages and will be tried again.
    SendRetried {
        /// The producer.
        producer: ProducerId,
        /// Messages refused.
        messages: u32,
    },
    /// A producer gave messages up after its last try.
    GivenUp {
        /// The producer.
        producer: ProducerId,
        /// Messages lost.
        messages: u32,
    },
    /// A worker began to work on a message. For work per batch, told for each message.
    Began {
        /// The worker.
        worker: WorkerId,
        /// Its thread.
        thread: u32,
        /// The queue the message came from.
        queue: QueueId,
        /// The message.
        message: MessageId,
        /// Which receive this is, from 1.
        receives: u32,
    },
    /// A worker ended work on a message.
    Ended {
        /// The worker.
        worker: WorkerId,
        /// Its fleet.
        fleet: FleetId,
        /// Its thread.
        thread: u32,
        /// The queue the message came from.
        queue: QueueId,
        /// The message.
        message: MessageId,
        /// When it was sent to the queue.
        sent: Time,
        /// How long the work took; for work per batch, this message's equal share.
        took: Span,
        /// How it ended.
        how: Ending,
    },
    /// A worker started: it polls from now on.
    Started {
        /// The worker.
        worker: WorkerId,
    },
    /// A worker died with all it held.
    Crashed {
        /// The worker.
        worker: WorkerId,
    },
    /// The number of busy threads of a worker changed.
    Busy {
        /// The worker.
        worker: WorkerId,
        /// Its fleet.
        fleet: FleetId,
        /// Busy threads now: working, or waiting for a call of their message or, idle, for the
        /// answer of a receive that found messages.
        busy: u32,
        /// Busy threads before.
        was: u32,
    },
}
