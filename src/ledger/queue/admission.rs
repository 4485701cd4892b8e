//! Whether a partition lets a call through.
//!
//! Owns the answer, what decides and in which order, and what a refusal is called. Must not know
//! what the call does.

use super::Queue;
use crate::kernel::time::Time;
use crate::ledger::journal::{Action, Call, PartitionId};

/// Whether a partition lets a call through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::ledger) enum Admission {
    /// It does.
    #[default]
    Admitted,
    /// It or a node has no capacity left.
    Throttled,
    /// Too few of its replicas answer.
    Unavailable,
}

impl Admission {
    /// What a refusal is called.
    pub(in crate::ledger) fn refusal(
        self,
        action: Action,
        partition: PartitionId,
        messages: u32,
    ) -> Option<Call> {
        match self {
            Admission::Admitted => None,
            Admission::Throttled => Some(Call::Throttled { action, partition, messages }),
            Admission::Unavailable => Some(Call::Unavailable { action, partition, messages }),
        }
    }
}

impl Queue {
    /// Takes a token of partition `at` and its nodes for a call, or says no. `key` is what the call
    /// touches, if it says so.
    #[inline(never)]
    pub(in crate::ledger) fn admits(
        &mut self,
        at: usize,
        action: Action,
        key: Option<u64>,
        now: Time,
    ) -> Admission {
        if let Some(replication) = &self.replication
            && !replication.has_quorum(at, action)
        {
            return Admission::Unavailable;
        }
        if let Some(watch) = &mut self.watch {
            watch.observe(at, action, key);
        }
        if action == Action::Send
            && let Some(ceiling) = &mut self.ceiling
            && !ceiling.admit(now)
        {
            return Admission::Throttled;
        }
        if let Some(replication) = &self.replication
            && !replication.has_capacity(at, action, now)
        {
            return Admission::Throttled;
        }
        if !self.shards.get_mut(at).admit(action, now) {
            return Admission::Throttled;
        }
        if let Some(replication) = &mut self.replication {
            replication.take(at, action, now);
        }
        Admission::Admitted
    }
}
