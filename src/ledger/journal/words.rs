//! The closed lists of words that facts are told in.
//!
//! Owns each word and its form for machines; sentences for people are of the text trace. Must not
//! know the facts.

use super::vocabulary::{Field, Value, words};

words! {
    /// What the holder of a delivery last said about it while it was in flight, or what the ledger
    /// itself did to the message. An annotation for observers: no decision of the ledger depends on
    /// it.
    ///
    /// Of a message that is visible again it is why it came back. Nothing that happens while it
    /// waits changes it, neither what a late holder does nor other settings.
    pub enum Held {
        /// On its way to, or waiting in, the consumer's buffer.
        Buffered = "prefetched",
        /// Being worked on.
        Working = "outlived_timeout",
        /// The work failed, or what it gave could not be sent on.
        Failed = "failed",
        /// The consumer died with it.
        Crashed = "crashed",
        /// The work is done and the delete is on its way, or was lost.
        Deleting = "delete_lost",
        /// It was deleted, and the replicas that had the delete are gone.
        Undone = "delete_undone",
        /// The receive did not hide it.
        NotHidden = "not_hidden",
        /// Its consumer was stopped: killed with it, or it gave it back.
        Stopped = "stopped",
        /// It was received before its time, and hidden for the rest.
        Early = "early",
        /// No concurrency was free to invoke its function.
        Throttled = "throttled",
    }
}

words! {
    /// The calls a partition's capacity counts.
    pub enum Action {
        /// `SendMessage`, `SendMessageBatch`.
        Send = "send",
        /// `ReceiveMessage`.
        Receive = "receive",
        /// `DeleteMessage`, `DeleteMessageBatch`.
        Delete = "delete",
        /// `ChangeMessageVisibility`.
        ChangeVisibility = "change_visibility",
    }
}

words! {
    /// The state of a resident message.
    pub enum State {
        /// Sent, but its delay is not over.
        Delayed = "delayed",
        /// Waiting to be received.
        Visible = "visible",
        /// Received and hidden.
        InFlight = "in_flight",
    }
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

impl Refusal {
    /// The word for it, for machines.
    pub const fn word(self) -> &'static str {
        match self {
            Refusal::NoBalancedKey => "no_balanced_key",
            Refusal::TooManyPartitions => "too_many_partitions",
            Refusal::SingleKey => "single_key",
            Refusal::HotKey { .. } => "hot_key",
            Refusal::Sequential => "sequential",
            Refusal::TooManyAtOnce => "too_many_at_once",
        }
    }
}

impl Field for Refusal {
    fn hashed(self) -> u64 {
        match self {
            Refusal::NoBalancedKey => 0,
            Refusal::TooManyPartitions => 1,
            Refusal::SingleKey => 2,
            Refusal::HotKey { permille } => 3 | u64::from(permille) << 8,
            Refusal::Sequential => 4,
            Refusal::TooManyAtOnce => 5,
        }
    }

    fn value(self) -> Option<Value> {
        Some(match self {
            Refusal::HotKey { permille } => Value::WordOf(self.word(), permille),
            Refusal::NoBalancedKey
            | Refusal::TooManyPartitions
            | Refusal::SingleKey
            | Refusal::Sequential
            | Refusal::TooManyAtOnce => Value::Word(self.word()),
        })
    }

    fn example(nth: usize) -> Refusal {
        let all = [
            Refusal::NoBalancedKey,
            Refusal::TooManyPartitions,
            Refusal::SingleKey,
            Refusal::HotKey { permille: 1 },
            Refusal::HotKey { permille: 1_000 },
            Refusal::Sequential,
            Refusal::TooManyAtOnce,
        ];
        all[nth % all.len()]
    }
}
