//! Functions in a Perfetto trace.
//!
//! Owns the places of their environments among the threads, far behind those of all workers, in the
//! order in which they come up; and what happens to their batches. Must not know threads' work.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Range;

use super::{Perfetto, Work, ledger};
use crate::facts::deed::{FunctionId, WorkerId};

/// The place of the first one: behind the threads of all workers, however many join.
const FIRST: usize = 1 << 28;

/// One environment.
#[derive(Debug)]
pub(super) struct Environment {
    name: WorkerId,
    /// It has its name in the trace.
    pub(super) named: bool,
    /// What it works on.
    pub(super) work: Vec<Work>,
}

/// Those that have come up.
#[derive(Debug, Default)]
pub(super) struct Environments {
    all: Vec<Environment>,
    places: BTreeMap<WorkerId, usize>,
}

impl Environments {
    /// The place of one, which comes up if it was not there.
    pub(super) fn thread(&mut self, name: WorkerId) -> usize {
        let next = FIRST + self.all.len();
        *self.places.entry(name).or_insert_with(|| {
            self.all.push(Environment { name, named: false, work: Vec::new() });
            next
        })
    }

    /// All places.
    pub(super) fn threads(&self) -> Range<usize> {
        FIRST..FIRST + self.all.len()
    }

    /// The one at this place; `None` is a thread of a worker.
    pub(super) fn at_mut(&mut self, thread: usize) -> Option<&mut Environment> {
        thread.checked_sub(FIRST).map(|place| &mut self.all[place])
    }

    /// Its name.
    pub(super) fn name(&self, thread: usize) -> Option<WorkerId> {
        thread.checked_sub(FIRST).map(|place| self.all[place].name)
    }
}

impl<W: Write> Perfetto<W> {
    /// Something happened to a batch of a function.
    pub(super) fn function_fault(&mut self, function: FunctionId, what: &str, messages: u32) {
        let (by, queue) = self.names.functions[function.0 as usize].clone();
        self.fault(ledger(queue), what, |event| {
            event.text("function", &by).number("messages", messages).end();
        });
    }
}
