//! What happened, as values to keep and compare.
//!
//! Owns [`Fact`] and an observer that lines facts up. Must not know what they mean. Facts that
//! others imply are left out, as in the [`fingerprint`](super::fingerprint), so numbers of facts
//! agree with its checkpoints.

use std::collections::VecDeque;

use super::fingerprint::Fingerprint;
use super::observer::Observer;
use crate::facts::deed::Deed;
use crate::kernel::time::Time;
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Change, Journal};

/// One thing that happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fact {
    /// In the ledger.
    Change(QueueId, Change),
    /// At a client.
    Deed(Deed),
}

impl Fact {
    /// Tells an observer.
    pub fn tell(&self, now: Time, observer: &mut impl Observer) {
        match self {
            Fact::Change(queue, change) => observer.change(now, *queue, change),
            Fact::Deed(deed) => observer.deed(now, deed),
        }
    }
}

/// Keeps facts until they are taken.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    line: VecDeque<(Time, Fact)>,
    print: Fingerprint,
}

impl Facts {
    /// Takes the oldest.
    pub fn take(&mut self) -> Option<(Time, Fact)> {
        self.line.pop_front()
    }
}

impl Journal for Facts {
    fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        let before = self.print.facts();
        self.print.change(now, queue, change);
        if self.print.facts() > before {
            self.line.push_back((now, Fact::Change(queue, *change)));
        }
    }
}

impl Observer for Facts {
    fn deed(&mut self, now: Time, deed: &Deed) {
        let before = self.print.facts();
        self.print.deed(now, deed);
        if self.print.facts() > before {
            self.line.push_back((now, Fact::Deed(*deed)));
        }
    }
}
