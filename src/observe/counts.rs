//! What is counted of a queue, and levels over time.
//!
//! Owns the plain numbers that results and their series are made of. Must not know whose they are.

/// Counters of one queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Messages stored by sends (not by moves to a dead-letter queue).
    pub sent: u64,
    /// Messages moved in from queues whose dead-letter queue this is.
    pub moved_in: u64,
    /// Messages returned by receives, redeliveries included.
    pub received: u64,
    /// Messages deleted.
    pub deleted: u64,
    /// Deletes that succeeded and changed nothing.
    pub deleted_nothing: u64,
    /// Receives that returned nothing.
    pub empty_receives: u64,
    /// Of these, those that missed a visible message.
    pub false_empty_receives: u64,
    /// Partitions asked by receives.
    pub probes: u64,
    /// Receives refused by the in-flight cap.
    pub over_limit: u64,
    /// Messages moved to the dead-letter queue.
    pub dead_lettered: u64,
    /// Messages that reached their retention.
    pub expired: u64,
    /// Messages removed by a purge.
    pub purged: u64,
    /// Calls refused by a partition for lack of capacity.
    pub throttled: u64,
    /// Messages of the sends among them, each try counted.
    pub throttled_sends: u64,
    /// Calls that too few replicas of a partition answered.
    pub unavailable: u64,
    /// Messages of the sends among them, each try counted.
    pub unavailable_sends: u64,
    /// Deletes that were undone: each brought a message back.
    pub undone: u64,
    /// Completed processings of messages that had been completed before.
    pub duplicates: u64,
    /// Redeliveries by cause.
    pub redelivered: Redelivered,
    /// Calls.
    pub calls: Calls,
    /// Chunks of 64 KiB that sends carried beyond the first of each.
    pub more_sent_chunks: u64,
    /// The same of receives.
    pub more_received_chunks: u64,
    /// What nodes did.
    pub nodes: NodeCounts,
}

/// Redeliveries by cause: receives of a message that was received before. The cause is why it came
/// back, as it was when it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redelivered {
    /// The work outlived the visibility timeout.
    pub outlived_timeout: u64,
    /// It waited too long in a buffer, or on its way there.
    pub prefetched: u64,
    /// The work failed, or what it gave could not be sent on.
    pub failed: u64,
    /// The worker crashed.
    pub crashed: u64,
    /// The delete came too late or was lost.
    pub delete_lost: u64,
    /// The delete was undone: the replicas that had it were gone.
    pub delete_undone: u64,
    /// The receive before did not hide it.
    pub not_hidden: u64,
}

impl Redelivered {
    /// All causes.
    pub fn total(self) -> u64 {
        let by_clients = self.outlived_timeout + self.prefetched + self.failed + self.crashed;
        by_clients + self.delete_lost + self.delete_undone + self.not_hidden
    }
}

/// Calls that reached the ledger, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Sends.
    pub send: u64,
    /// Receives.
    pub receive: u64,
    /// Deletes.
    pub delete: u64,
    /// Changes of visibility.
    pub change_visibility: u64,
}

/// What nodes and replicas did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeCounts {
    /// Nodes that went down.
    pub failures: u64,
    /// Partitions that got another primary.
    pub elections: u64,
    /// Copies of partitions that arrived: replicas that were made anew or moved.
    pub copies: u64,
    /// Copies that ended before they were there.
    pub copies_dropped: u64,
}

/// A level over the measured window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Level {
    /// Integral over the window: level × nanoseconds.
    pub area: u128,
    /// Length of the window in nanoseconds.
    pub over: u64,
    /// Highest in the window that lasted; what comes and goes at one instant is not counted.
    pub max: u64,
    /// At the end of the run (after the drain).
    pub last: u64,
}

impl Level {
    /// Time-weighted mean.
    pub fn mean(&self) -> f64 {
        if self.over == 0 { 0.0 } else { self.area as f64 / self.over as f64 }
    }
}

impl QueueCounts {
    /// Messages that producers tried to send, each try counted.
    #[must_use]
    pub fn offered(&self) -> u64 {
        self.sent + self.throttled_sends + self.unavailable_sends
    }

    /// Requests that AWS bills: a call is one for each 64 KiB of its payload.
    #[must_use]
    pub fn requests(&self) -> Calls {
        let send = self.calls.send + self.more_sent_chunks;
        Calls { send, receive: self.calls.receive + self.more_received_chunks, ..self.calls }
    }

    /// What was counted since `before`.
    #[must_use]
    pub fn since(&self, before: &QueueCounts) -> QueueCounts {
        QueueCounts {
            sent: self.sent - before.sent,
            moved_in: self.moved_in - before.moved_in,
            received: self.received - before.received,
            deleted: self.deleted - before.deleted,
            deleted_nothing: self.deleted_nothing - before.deleted_nothing,
            empty_receives: self.empty_receives - before.empty_receives,
            false_empty_receives: self.false_empty_receives - before.false_empty_receives,
            probes: self.probes - before.probes,
            over_limit: self.over_limit - before.over_limit,
            dead_lettered: self.dead_lettered - before.dead_lettered,
            expired: self.expired - before.expired,
            purged: self.purged - before.purged,
            throttled: self.throttled - before.throttled,
            throttled_sends: self.throttled_sends - before.throttled_sends,
            unavailable: self.unavailable - before.unavailable,
            unavailable_sends: self.unavailable_sends - before.unavailable_sends,
            undone: self.undone - before.undone,
            duplicates: self.duplicates - before.duplicates,
            redelivered: self.redelivered.since(before.redelivered),
            calls: self.calls.since(before.calls),
            more_sent_chunks: self.more_sent_chunks - before.more_sent_chunks,
            more_received_chunks: self.more_received_chunks - before.more_received_chunks,
            nodes: self.nodes.since(before.nodes),
        }
    }
}

impl Calls {
    /// All kinds.
    pub fn total(self) -> u64 {
        self.send + self.receive + self.delete + self.change_visibility
    }
}
