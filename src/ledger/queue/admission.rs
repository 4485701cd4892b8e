//! Whether a partition lets a call through.
//!
//! Owns the answer and what a refusal is called. Must not know what decides:
//! [`Queue`](super::Queue) does.

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
