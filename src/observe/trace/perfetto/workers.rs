//! Workers and their fleets in a Perfetto trace.
//!
//! Owns the instants of what happens to them. Must not know messages.

use std::io::Write;

use super::{Perfetto, ledger};
use crate::facts::deed::{FleetId, WorkerId};

impl<W: Write> Perfetto<W> {
    /// A fleet is to have another number of workers, or other workers.
    pub(super) fn fleet_fault(&mut self, fleet: FleetId, what: &str, wanted: Option<u32>) {
        let (name, queue) = self.names.fleets[fleet.0 as usize].clone();
        self.fault(ledger(queue), what, |event| {
            let event = event.text("fleet", &name);
            match wanted {
                Some(wanted) => event.number("wanted", wanted).end(),
                None => event.end(),
            }
        });
    }

    /// A worker started, joined, left or stopped, or an environment.
    pub(super) fn worker_fault(&mut self, worker: WorkerId, what: &str) {
        self.fault_with(worker, what, None);
    }

    /// A worker died, with so many messages where that is told: its work is cut off.
    pub(super) fn worker_dies(&mut self, worker: WorkerId, how: &str, held: Option<u32>) {
        for thread in 0..self.names.places[worker.0 as usize].threads {
            let thread = self.thread(worker, thread);
            for last in (0..self.work(thread).len()).rev() {
                self.end_work(thread, last, how);
            }
        }
        self.fault_with(worker, how, held);
    }

    fn fault_with(&mut self, worker: WorkerId, what: &str, held: Option<u32>) {
        let thread = self.thread(worker, 0);
        if self.filter.about(None) && self.filter.at(self.now) {
            self.name_thread(thread);
        }
        let by = self.names.worker(worker).into_owned();
        self.fault(self.track(thread), what, |event| {
            let event = event.text("worker", &by);
            match held {
                Some(held) => event.number("messages", held).end(),
                None => event.end(),
            }
        });
    }
}
