//! What workers do in a run.
//!
//! Owns the list. Must not know how many there should be.

use sqsim::facts::deed::Deed;
use sqsim::facts::observer::Observer;
use sqsim::kernel::time::Time;
use sqsim::ledger::config::QueueId;
use sqsim::ledger::journal::{Change, Journal, Step};

/// What workers do, as (second, word, worker), and who receives when.
#[derive(Debug, Default)]
pub(crate) struct Lives {
    pub(crate) turns: Vec<(u64, &'static str, u32)>,
    pub(crate) received: Vec<(u64, u32)>,
    /// Redeliveries: when, and their number of receives.
    pub(crate) again: Vec<(u64, u32)>,
    /// When, who, and how many messages it held.
    pub(crate) killed: Vec<(u64, u32, u32)>,
}

fn second(now: Time) -> u64 {
    now.as_nanos() / 1_000_000_000
}

impl Journal for Lives {
    fn change(&mut self, now: Time, _: QueueId, change: &Change) {
        if let Change::Message(_, Step::Received { caller, receives, .. }) = *change {
            self.received.push((second(now), caller.0));
            if receives > 1 {
                self.again.push((second(now), receives));
            }
        }
    }
}

impl Observer for Lives {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others are no turns of a life")]
    fn deed(&mut self, now: Time, deed: &Deed) {
        let (word, worker) = match *deed {
            Deed::Joined { worker, .. } => ("joined", worker.0),
            Deed::Started { worker } => ("started", worker.0),
            Deed::Left { worker, .. } => ("left", worker.0),
            Deed::Stopped { worker, .. } => ("stopped", worker.0),
            Deed::Resized { wanted, .. } => ("wanted", wanted),
            Deed::Killed { worker, held, .. } => {
                self.killed.push((second(now), worker.0, held));
                return;
            }
            _ => return,
        };
        self.turns.push((second(now), word, worker));
    }
}
