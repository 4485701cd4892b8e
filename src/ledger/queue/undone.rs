//! Deletes that nodes undo.
//!
//! Owns how a queue notes a delete that some replicas missed, and how its message comes back. Must
//! not know who missed it: [`crate::ledger::replication`] says.

use super::Queue;
use crate::kernel::time::Time;
use crate::ledger::journal::Held;
use crate::ledger::messages::message::{AGE, Message, Slab};
use crate::ledger::replication::Gone;

impl Queue {
    /// When something next happens to a node or a replica.
    #[inline]
    pub(in crate::ledger) fn nodes_due(&self) -> Time {
        self.replication.as_ref().map_or(Time::NEVER, |it| it.due())
    }

    /// The message at `slot` is about to be deleted.
    #[cold]
    pub(in crate::ledger) fn note_delete(&mut self, slab: &Slab, slot: u32) {
        let (row, expires) = (*slab.get(slot), self.expires(slab, slot));
        let at = self.shards.home((&row).into());
        if let Some(replication) = &mut self.replication {
            replication.deleted(at, row, expires);
        }
    }

    /// A deleted message is there again, unless its retention has ended: visible, and as old as it
    /// is, but its age does not count, as if it had been received too often. Its work is done.
    pub(in crate::ledger) fn restore(&mut self, slab: &mut Slab, gone: Gone, now: Time) -> bool {
        let Gone { row, expires } = gone;
        if expires <= now {
            return false;
        }
        let mut message = Message::new(row.id, self.id, row.sent, row.luck, row.key);
        message.receives = row.receives;
        message.set_held(Held::Undone);
        message.set_done();
        let slot = slab.insert(message);
        slab.rows.push_back::<AGE>(self.aside, slot);
        self.shards.count(slab.get(slot).into());
        self.keep_retention(slab, slot, expires);
        self.tally.restored += 1;
        self.show(slab, slot);
        true
    }
}
