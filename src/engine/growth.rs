//! What a run takes beyond the memory that was foreseen for it.
//!
//! Owns the count of what has grown: messages, calls under way, partitions, what observers list.
//! Must not know what is foreseen, nor what becomes of a run that takes too much.
//!
//! What is counted depends on what has happened alone, and it is counted at the same events however
//! a run is stepped: so is where it ends.

use super::memory::times;
use super::world::World;
use crate::facts::observer::Observer;
use crate::kernel::time::Time;
use crate::ledger::config::{MAX_BATCH, QueueId};
use crate::ledger::{Delivery, Ledger};
use crate::observe::metrics::Metrics;
use crate::observe::series::LoadSample;

impl<O: Observer> World<O> {
    /// Whether the run takes more memory than it may, which is looked at now and then.
    #[inline]
    pub(super) fn outgrows_memory(&mut self) -> bool {
        self.events() >= self.memory.next && self.look_at_memory()
    }

    #[cold]
    fn look_at_memory(&mut self) -> bool {
        let (events, now) = (self.events(), self.now());
        let outgrown = self.bytes() > self.limits.memory;
        self.memory.looked = (events, now);
        self.memory.next = if outgrown { events } else { events + self.memory.every };
        outgrown
    }

    /// Bytes that the run takes now, in round terms. Tables grow by doubling: each may be twice as
    /// large as what is in it, and so is the next one that will be asked for.
    fn bytes(&mut self) -> u64 {
        let (events, now) = (self.events(), self.now());
        let watch = &mut self.memory;
        let mut foreseen = watch.heads.saturating_add(watch.messages);
        let mut grown = 0_u64;
        let mut add = |more: u64| grown = grown.saturating_add(more);
        add(self.producers.bytes_of_calls());
        add(self.fleets.bytes_of_calls());
        add(self.core.bytes_of_downstreams());
        // A sample is made of each partition to which something was sent in a window.
        let number = |at: Time| at.as_nanos() / watch.window.as_nanos().max(1);
        let passed = number(now) - number(watch.looked.1);
        let sent = (events - watch.looked.0).saturating_mul(MAX_BATCH as u64);
        for (id, (start, (opened, there))) in
            (0..).map(QueueId).zip(watch.queues.iter_mut().zip(self.core.ledger.partitions()))
        {
            start.loads = start.loads.saturating_add(passed.saturating_mul(there).min(sent));
            let more = opened - start.partitions;
            add(times(more, Metrics::BYTES_PER_PARTITION));
            let more = there.saturating_sub(start.partitions);
            add(more.saturating_mul(start.bytes));
            foreseen = foreseen.saturating_add(Ledger::bytes_of_lines(more));
            add(times(start.loads.saturating_sub(start.foreseen), size_of::<LoadSample>()));
            if watch.buffered {
                add(times(self.core.ledger.tally(id).in_flight, size_of::<Delivery>()));
            }
        }
        let listed = self.core.ledger.listed();
        add(times(listed.refusals, Metrics::BYTES_PER_REFUSAL));
        add(times(listed.failures, Metrics::BYTES_PER_FAILURE));
        // They stand in maps, which do not double; what is counted here is.
        add(self.core.ledger.bytes_of_transfers() / 2);
        add(self.core.ledger.bytes_of_messages().saturating_sub(foreseen));
        watch.needed.saturating_add(grown.saturating_mul(2))
    }
}
