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
