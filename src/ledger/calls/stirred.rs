//! The queues that something was done to.
//!
//! Owns the list from which the clock learns where a deadline may have come forward. Must not know
//! deadlines.
//!
//! A look at all queues after every event is the fastest way where there are a handful; of ten
//! thousand it would cost ten thousand times what the event does.

use crate::ledger::config::QueueId;

/// Up to so many queues are looked at after every event, without a list.
const HANDFUL: usize = 16;

/// Queues since the last look.
#[derive(Clone, Debug)]
pub(super) struct Stirred {
    /// There are more than a handful.
    pub(super) listed: bool,
    pub(super) list: Vec<QueueId>,
}

impl Stirred {
    /// Of so many queues, at first all of them.
    pub(super) fn of(queues: usize) -> Stirred {
        let listed = queues > HANDFUL;
        let list = (0..queues as u32).map(QueueId).filter(|_| listed).collect();
        Stirred { listed, list }
    }

    /// A deadline of this queue may come forward.
    #[inline]
    pub(super) fn note(&mut self, queue: QueueId) {
        if self.listed && self.list.last() != Some(&queue) {
            self.list.push(queue);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_tells_what_was_stirred_in_the_order_of_the_queues() {
        let mut few = Stirred::of(HANDFUL);
        few.note(QueueId(3));
        assert!(!few.listed && few.list.is_empty(), "all are looked at");
        let mut many = Stirred::of(HANDFUL + 1);
        assert_eq!(many.list.len(), HANDFUL + 1, "at first all of them");
        many.list.clear();
        for number in [7, 7, 2, 7] {
            many.note(QueueId(number));
        }
        assert_eq!(many.list, [7, 2, 7].map(QueueId), "and no other");
    }
}
