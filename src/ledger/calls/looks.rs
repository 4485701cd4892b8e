//! When the clock has to look at the queues.
//!
//! Owns the report of the queues whose next deadline has come forward, from which the calendar
//! learns when to look. Must not know what a deadline is for.
//!
//! A queue is asked once, at the end of the call that may have moved its deadline; the calendar
//! asks none. So what it costs does not grow with the number of queues.

use super::service::Ledger;
use crate::kernel::time::Time;
use crate::ledger::config::QueueId;

impl Ledger {
    /// A call to `queue` is over: it is reported if the clock would look at it too late.
    #[inline]
    pub(super) fn heed(&mut self, queue: QueueId) {
        let q = &self.queues[queue.0 as usize];
        if q.due < q.look {
            self.report(queue);
        }
    }

    #[inline(never)]
    fn report(&mut self, queue: QueueId) {
        if self.reports.last() != Some(&queue) {
            self.reports.push(queue);
        }
    }

    /// Whether the clock has to look at a queue earlier than [`Ledger::next_look`] said before.
    #[inline]
    pub fn has_looks(&self) -> bool {
        !self.reports.is_empty()
    }

    /// Begins to tell of looks: what is told then comes in the order of the queues.
    pub fn begin_looks(&mut self) {
        self.reports.sort_unstable_by(|a, b| b.cmp(a));
    }

    /// The next queue that the clock has to look at earlier than was said before, and when: by
    /// [`Ledger::advance`], which may be too early, and never is too late.
    pub fn next_look(&mut self) -> Option<(QueueId, Time)> {
        while let Some(queue) = self.reports.pop() {
            let q = &mut self.queues[queue.0 as usize];
            if q.due < q.look {
                q.look = q.due;
                return Some((queue, q.due));
            }
        }
        None
    }

    /// A queue that the clock would look at too late, if there is one once all are told, which is a
    /// bug.
    pub fn missed_look(&self) -> Option<QueueId> {
        self.queues.iter().find(|q| q.due < q.look).map(|q| q.id)
    }
}
