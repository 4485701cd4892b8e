//! What clients do in a run, of what may differ after a fork.
//!
//! Owns the list. Must not know what is forked.

use sqsim::engine::run::run_with;
use sqsim::facts::deed::Deed;
use sqsim::facts::observer::Observer;
use sqsim::kernel::time::Time;
use sqsim::ledger::config::QueueId;
use sqsim::ledger::journal::{Change, Journal};
use sqsim::model::course::Course;

use super::GO_ON;

/// What clients did.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) arrived: Vec<(Time, u32)>,
    pub(crate) started: Vec<(Time, u32)>,
    pub(crate) joined: Vec<(Time, u32)>,
    pub(crate) left: Vec<(Time, u32)>,
}

impl Journal for Log {
    fn change(&mut self, _: Time, _: QueueId, _: &Change) {}
}

impl Observer for Log {
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

impl Log {
    /// All of it in a run.
    pub(crate) fn of(course: Course<'_>) -> Log {
        run_with(course, 0, &GO_ON, Log::default()).observer
    }

    /// The arrivals of a producer from `at` on.
    pub(crate) fn from(&self, producer: u32, at: Time) -> Vec<Time> {
        let own = self.arrived.iter().filter(|&&(time, of)| of == producer && time >= at);
        own.map(|&(time, _)| time).collect()
    }
}
