//! Sealed partitions: they take no sends any more and are received from until they hold nothing.
//!
//! Owns what a sealed partition still holds, and which of its groups others wait for. Must not know
//! lines or calls.
//!
//! A message belongs to a sealed partition if its key lies in the range and it came before the
//! sealing. A group can be received in the new partition only after the sealed one holds nothing of
//! it, as consumers of Kinesis finish a parent shard first
//! ([resharding](https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html));
//! until then its messages stand behind the sealed partition.

use std::collections::BTreeMap;

use super::fresh::Waiting;
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
    /// Its groups by their keys; empty where messages have no groups.
    groups: Option<BTreeMap<u64, Group>>,
}

/// A group of which a sealed partition holds something.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    held: u64,
    /// The list of messages that stand behind it.
    behind: Option<u32>,
}

impl Sealed {
    /// Nothing is counted yet.
    pub(in crate::ledger) fn new(at: Time, next: MessageId, reshard: u32, grouped: bool) -> Sealed {
        Sealed { at, next, reshard, held: 0, groups: grouped.then(BTreeMap::new) }
    }

    /// Whether a message with a key in the range belongs to it.
    pub(in crate::ledger) fn is_home(&self, came: Came) -> bool {
        came.id < self.next && came.sent <= self.at
    }

    /// Counts a message that belongs to it.
    pub(in crate::ledger) fn count(&mut self, key: u64) {
        self.held += 1;
        if let Some(groups) = &mut self.groups {
            groups.entry(key).or_default().held += 1;
        }
    }

    /// A message that belongs to it has left the queue. True if nobody holds its group back any
    /// more, or nothing is left at all.
    pub(in crate::ledger) fn gone(&mut self, key: u64) -> bool {
        self.held -= 1;
        let Some(group) = self.groups.as_mut().and_then(|groups| groups.get_mut(&key)) else {
            return self.held == 0;
        };
        group.held -= 1;
        group.held == 0
    }

    pub(in crate::ledger) fn is_empty(&self) -> bool {
        self.held == 0
    }

    /// Whether messages of this group must wait behind it.
    pub(in crate::ledger) fn holds(&self, key: u64) -> bool {
        self.groups.as_ref().is_some_and(|groups| groups.contains_key(&key))
    }

    /// The place for the list of messages that stand behind a group of which it holds something.
    pub(in crate::ledger) fn behind(&mut self, key: u64) -> &mut Option<u32> {
        let group = self.groups.as_mut().and_then(|groups| groups.get_mut(&key));
        &mut group.expect("the sealed partition holds the group").behind
    }

    /// Forgets the groups of which it holds nothing any more; returns the lists behind them.
    pub(in crate::ledger) fn release(&mut self) -> Vec<u32> {
        let mut lists = Vec::new();
        if let Some(groups) = &mut self.groups {
            groups.retain(|_, group| {
                if group.held == 0 {
                    lists.extend(group.behind);
                }
                group.held > 0
            });
        }
        lists
    }

    /// Messages that belong to it.
    pub(in crate::ledger) fn held(&self) -> u64 {
        self.held
    }
}
