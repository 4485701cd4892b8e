//! What was counted between two instants: the parts of [`super::measured::QueueCounts`].
//!
//! Owns their differences. Must not know what is counted, nor when.

use super::measured::{Calls, NodeCounts, Redelivered};

impl Redelivered {
    pub(super) fn since(self, before: Redelivered) -> Redelivered {
        Redelivered {
            outlived_timeout: self.outlived_timeout - before.outlived_timeout,
            prefetched: self.prefetched - before.prefetched,
            failed: self.failed - before.failed,
            crashed: self.crashed - before.crashed,
            delete_lost: self.delete_lost - before.delete_lost,
            delete_undone: self.delete_undone - before.delete_undone,
            not_hidden: self.not_hidden - before.not_hidden,
        }
    }
}

impl Calls {
    pub(super) fn since(self, before: Calls) -> Calls {
        Calls {
            send: self.send - before.send,
            receive: self.receive - before.receive,
            delete: self.delete - before.delete,
            change_visibility: self.change_visibility - before.change_visibility,
        }
    }
}

impl NodeCounts {
    pub(super) fn since(self, before: NodeCounts) -> NodeCounts {
        NodeCounts {
            failures: self.failures - before.failures,
            elections: self.elections - before.elections,
            copies: self.copies - before.copies,
            copies_dropped: self.copies_dropped - before.copies_dropped,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::observe::measured::{Calls, NodeCounts, ProducerMeasured, QueueCounts, Redelivered};

    /// Every counter of its own: the first is one times `times`, the second two times it.
    fn counts(times: u64) -> QueueCounts {
        let mut number = 0;
        let mut next = || {
            number += times;
            number
        };
        QueueCounts {
            sent: next(),
            moved_in: next(),
            received: next(),
            deleted: next(),
            deleted_nothing: next(),
            empty_receives: next(),
            false_empty_receives: next(),
            probes: next(),
            over_limit: next(),
            dead_lettered: next(),
            expired: next(),
            purged: next(),
            throttled: next(),
            throttled_sends: next(),
            unavailable: next(),
            unavailable_sends: next(),
            undone: next(),
            duplicates: next(),
            redelivered: Redelivered {
                outlived_timeout: next(),
                prefetched: next(),
                failed: next(),
                crashed: next(),
                delete_lost: next(),
                delete_undone: next(),
                not_hidden: next(),
            },
            calls: Calls {
                send: next(),
                receive: next(),
                delete: next(),
                change_visibility: next(),
            },
            more_sent_chunks: next(),
            more_received_chunks: next(),
            nodes: NodeCounts {
                failures: next(),
                elections: next(),
                copies: next(),
                copies_dropped: next(),
            },
        }
    }

    #[test]
    fn a_window_counts_what_came_to_each_counter() {
        assert_eq!(counts(13).since(&counts(3)), counts(10));
    }

    /// The eighteen counters before them are 1 to 18, the causes 19 to 25, the calls 26 to 29, the
    /// further requests 30 and 31.
    #[test]
    fn sums_are_those_of_their_parts() {
        let counts = counts(1);
        assert_eq!(counts.redelivered.total(), 7 * 22);
        assert_eq!(counts.calls.total(), 26 + 27 + 28 + 29);
        assert_eq!(counts.offered(), 1 + 14 + 16);
        let requests = Calls { send: 26 + 30, receive: 27 + 31, delete: 28, change_visibility: 29 };
        assert_eq!(counts.requests(), requests);
        assert_eq!(ProducerMeasured::default().held_back, (0, 0));
    }
}
