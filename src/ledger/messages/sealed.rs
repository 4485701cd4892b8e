//! Sealed partitions: they take no sends any more and are received from until they hold nothing.
//!
//! Owns what a sealed partition still holds, and that others wait for its groups. Must not know
//! lines or calls, nor how they wait ([`Groups`]).
//!
//! A message belongs to a sealed partition if its key lies in the range and it came before the
//! sealing. A group can be received in the new partition only after the sealed one holds nothing of
//! it, as consumers of Kinesis finish a parent shard first
//! ([resharding](https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html));
//! until then its messages stand behind the sealed partition.

use super::fresh::Waiting;
use super::groups::Groups;
use super::message::Message;
use crate::kernel::time::Time;
use crate::ledger::journal::MessageId;

/// What tells messages of a partition apart: where they belong and when they came.
#[derive(Clone, Copy, Debug)]
pub(in crate::ledger) struct Came {
    pub(in crate::ledger) key: u64,
    pub(in crate::ledger) id: MessageId,
    /// When it was sent to, or moved to, its queue.
    pub(in crate::ledger) sent: Time,
}

impl From<&Message> for Came {
    #[inline]
    fn from(row: &Message) -> Came {
        Came { key: row.key, id: row.id, sent: row.sent }
    }
}

impl From<&Waiting> for Came {
    fn from(waiting: &Waiting) -> Came {
        Came { key: waiting.key, id: waiting.id, sent: waiting.sent }
    }
}

/// The rest of a partition that was sealed.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct Sealed {
    /// When it was sealed.
    at: Time,
    /// The first serial number that was not given out then.
    next: MessageId,
    /// The change of the key space that sealed it.
    pub(in crate::ledger) reshard: u32,
    /// Messages that belong to it, in any state.
    held: u64,
    /// The groups that its messages hold; `None` where messages have no groups.
    groups: Option<Groups>,
}

impl Sealed {
    /// Nothing is counted yet.
    pub(in crate::ledger) fn new(at: Time, next: MessageId, reshard: u32, grouped: bool) -> Sealed {
        Sealed { at, next, reshard, held: 0, groups: grouped.then(Groups::default) }
    }

    /// Whether a message with a key in the range belongs to it.
    pub(in crate::ledger) fn is_home(&self, came: Came) -> bool {
        came.id < self.next && came.sent <= self.at
    }

    /// Counts a message that belongs to it.
    pub(in crate::ledger) fn count(&mut self, key: u64) {
        self.held += 1;
        if let Some(groups) = &mut self.groups {
            groups.hold(key);
        }
    }

    /// A message that belongs to it has left the queue. True if nobody holds its group back any
    /// more, or nothing is left at all.
    pub(in crate::ledger) fn gone(&mut self, key: u64) -> bool {
        self.held -= 1;
        match &mut self.groups {
            Some(groups) => groups.let_go(key),
            None => self.held == 0,
        }
    }

    pub(in crate::ledger) fn is_empty(&self) -> bool {
        self.held == 0
    }

    /// Its groups, if messages of this one must wait behind it.
    pub(in crate::ledger) fn holding(&mut self, key: u64) -> Option<&mut Groups> {
        self.groups.as_mut().filter(|groups| groups.is_closed(key))
    }

    /// Opens the groups of which it holds nothing any more; returns the lists of those behind.
    pub(in crate::ledger) fn release(&mut self) -> Vec<u32> {
        self.groups.as_mut().map_or(Vec::new(), Groups::release)
    }

    /// Messages that belong to it.
    pub(in crate::ledger) fn held(&self) -> u64 {
        self.held
    }
}
