//! Admission of batch calls.
//!
//! Owns which entries of a call its partitions let through, and the payload of all. Must not know
//! what the call does.
//!
//! Invariant: each partition that a call touches gives one token for it, however many entries are
//! its own ([SendMessageBatch](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html)
//! is split by partition).
#![expect(
    clippy::inline_always,
    reason = "a call of one entry is known where it is made: there is nothing to look up there"
)]

use super::answers::Refused;
use crate::kernel::rng::Luck;
use crate::kernel::time::Time;
use crate::ledger::config::{MAX_BATCH, chunks};
use crate::ledger::journal::{Action, Call, Journal};
use crate::ledger::queue::Queue;
use crate::ledger::queue::admission::Admission;

/// What one batch call did to one partition.
#[derive(Clone, Copy, Debug, Default)]
struct Touched {
    at: u32,
    admission: Admission,
    refused: u8,
}

/// Admission of the entries of one batch call: one token for each partition touched.
pub(super) struct Gate {
    action: Action,
    refused: Refused,
    touched: [Touched; MAX_BATCH],
    count: usize,
    /// Bytes that the call carries.
    payload: u64,
}

impl Gate {
    /// The gate of a call; none where everything is admitted and nobody watches.
    #[inline]
    pub(super) fn of(q: &Queue, action: Action) -> Option<Gate> {
        q.guarded.then(|| Gate {
            action,
            refused: Refused(0),
            touched: [Touched::default(); MAX_BATCH],
            count: 0,
            payload: 0,
        })
    }

    /// Whether the partition at index `at`, which holds `key`, lets this entry of the call through.
    #[inline(always)]
    pub(super) fn admit(
        &mut self,
        at: usize,
        q: &mut Queue,
        key: u64,
        entry: usize,
        now: Time,
    ) -> bool {
        let known = self.touched[..self.count].iter().position(|touched| touched.at == at as u32);
        let which = known.unwrap_or_else(|| {
            let admission = q.admits(at, self.action, Some(key), now);
            self.touched[self.count] = Touched { at: at as u32, admission, refused: 0 };
            self.count += 1;
            self.count - 1
        });
        let touched = &mut self.touched[which];
        let admitted = touched.admission == Admission::Admitted;
        if !admitted {
            touched.refused += 1;
            self.refused.0 |= 1 << entry;
        }
        admitted
    }

    /// The call carries the message with this luck, refused or not.
    #[inline(never)]
    pub(super) fn carry(&mut self, q: &Queue, luck: Luck) {
        if let Some(sizes) = &q.sizes {
            self.payload += sizes.of(luck);
        }
    }

    /// Tells what the call carried, and which partitions refused how much; returns the entries that
    /// were refused.
    #[inline(never)]
    pub(super) fn close<J: Journal>(&self, q: &Queue, now: Time, journal: &mut J) -> Refused {
        let made = Call::Made { action: self.action, asked: 0, chunks: chunks(self.payload) };
        journal.change(now, q.id, &made.into());
        if self.refused.0 != 0 {
            self.tell_refusals(q, now, journal);
        }
        self.refused
    }

    #[inline(never)]
    fn tell_refusals<J: Journal>(&self, q: &Queue, now: Time, journal: &mut J) {
        for touched in &self.touched[..self.count] {
            let partition = q.shards.get(touched.at as usize).id;
            let messages = u32::from(touched.refused);
            if let Some(refused) = touched.admission.refusal(self.action, partition, messages) {
                journal.change(now, q.id, &refused.into());
            }
        }
    }
}
