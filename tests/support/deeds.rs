//! What clients do in a run, of what may differ after a fork.
//!
//! Owns the list. Must not know what is forked.

use sqsim::facts::deed::Deed;
use sqsim::facts::observer::Observer;
use sqsim::kernel::time::Time;
use sqsim::ledger::config::QueueId;
use sqsim::ledger::journal::{Change, Journal};

/// Each with its instant, and the number of the producer or worker.
#[derive(Debug, Default)]
pub(crate) struct Deeds {
    pub(crate) arrived: Vec<(Time, u32)>,
    pub(crate) started: Vec<(Time, u32)>,
    pub(crate) joined: Vec<(Time, u32)>,
    pub(crate) left: Vec<(Time, u32)>,
}

impl Journal for Deeds {
    fn change(&mut self, _: Time, _: QueueId, _: &Change) {}
}

impl Observer for Deeds {
    fn deed(&mut self, now: Time, deed: &Deed) {
        if let Deed::Arrived { producer } = *deed {
            self.arrived.push((now, producer.0));
        } else if let Deed::Started { worker } = *deed {
            self.started.push((now, worker.0));
        } else if let Deed::Joined { worker, .. } = *deed {
            self.joined.push((now, worker.0));
        } else if let Deed::Left { worker, .. } = *deed {
            self.left.push((now, worker.0));
        }
    }
}
