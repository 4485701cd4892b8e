//! What follows every event.
//!
//! Owns the way from the ledger's answers to those who asked, and from its deadlines into the
//! calendar. Must not know what happened.
#![expect(clippy::inline_always, reason = "every event ends here, mostly with nothing to hand out")]

use super::event::ServiceEvent;
use super::world::World;
use crate::facts::observer::Observer;
use crate::kernel::time::Time;
use crate::ledger::config::QueueId;

impl<O: Observer> World<O> {
    /// Hands out what the ledger has answered, and notes when it next needs the clock.
    #[inline(always)]
    pub(super) fn settle(&mut self) {
        while let Some(served) = self.ledger.next_served() {
            self.accept(served);
        }
        if self.ledger.lists_stirred() {
            return self.look_at_stirred();
        }
        for number in 0..self.looks.len() as u32 {
            self.plan_look(QueueId(number));
        }
    }

    #[inline(always)]
    fn plan_look(&mut self, queue: QueueId) {
        let look = &mut self.looks[queue.0 as usize];
        let due = self.ledger.due(queue);
        if due < *look {
            *look = due;
            self.calendar.schedule(due.max(self.now), ServiceEvent::Due(queue));
        }
    }

    /// Of many queues, those that something was done to.
    #[inline(never)]
    fn look_at_stirred(&mut self) {
        self.ledger.begin_look();
        while let Some(queue) = self.ledger.next_stirred() {
            self.plan_look(queue);
        }
        let missed =
            |(number, look): (usize, &Time)| self.ledger.due(QueueId(number as u32)) < *look;
        debug_assert!(!self.looks.iter().enumerate().any(missed), "a queue without a look");
    }
}
