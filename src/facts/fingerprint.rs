//! The rolling fingerprint of a run.
//!
//! Owns the hash over what happens. Must not depend on addresses, orders of hashing or anything
//! but the facts: equal runs have equal fingerprints on every machine, and runs that differ in one
//! fact differ from there on.
//!
//! Three facts are told to observers and left out here, because others say the same and they would
//! cost every message four more turns of the hash: an arrival ([`Deed::Arrived`]; the send that
//! follows names message, instant and partition), a call ([`Change::Called`]; its answer follows)
//! and the number of busy threads ([`Deed::Busy`]; it is what [`Deed::Began`] and the end of the
//! last call leave).
#![expect(
    clippy::inline_always,
    reason = "a fact is known where it is told: its match and its words fold away there"
)]

use crate::facts::deed::Deed;
use crate::kernel::time::Time;
use crate::ledger::config::{NodeId, QueueId};
use crate::ledger::journal::{Change, KeySpace, NodeChange, Refusal};

/// A hash of all facts so far, but those that others imply.
#[derive(Clone, Debug)]
pub struct Fingerprint {
    hash: u64,
    facts: u64,
    next_checkpoint: u64,
    /// After each power of two of facts: their number, the instant, the hash.
    checkpoints: Vec<(u64, Time, u64)>,
}

impl Default for Fingerprint {
    fn default() -> Fingerprint {
        Fingerprint { hash: 0, facts: 0, next_checkpoint: 1, checkpoints: Vec::with_capacity(64) }
    }
}

impl Fingerprint {
    /// The hash.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// Facts so far.
    pub fn facts(&self) -> u64 {
        self.facts
    }

    /// After each power of two of facts: their number, the instant, the hash.
    pub fn checkpoints(&self) -> &[(u64, Time, u64)] {
        &self.checkpoints
    }

    /// Takes a change of the ledger in.
    #[inline(always)]
    pub fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        if let Some((tag, first, second)) = change_words(change) {
            self.fold(now, (u64::from(queue.0) << 8) | tag, first, second);
        }
    }

    /// Takes a deed of a client in.
    #[inline(always)]
    pub fn deed(&mut self, now: Time, deed: &Deed) {
        if let Some((tag, first, second)) = deed_words(deed) {
            self.fold(now, tag | 0x80, first, second);
        }
    }

    #[inline(always)]
    fn fold(&mut self, now: Time, tag: u64, first: u64, second: u64) {
        // Two independent products a fact: short for the processor, and a lone changed bit of any
        // word changes the hash, as both factors are odd.
        let a = (now.as_nanos() ^ tag.rotate_left(48)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let b = (first ^ second.rotate_left(32)).wrapping_mul(0xd1b5_4a32_d192_ed03);
        self.hash =
            (self.hash.rotate_left(5) ^ a ^ b.rotate_left(29)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        self.facts += 1;
        if self.facts == self.next_checkpoint {
            self.note(now);
        }
    }

    #[cold]
    fn note(&mut self, now: Time) {
        self.checkpoints.push((self.facts, now, self.hash));
        self.next_checkpoint *= 2;
    }
}

/// A change as a tag and two words; `None` for one that others imply.
#[inline(always)]
fn change_words(change: &Change) -> Option<(u64, u64, u64)> {
    Some(match *change {
        Change::Called { .. } => return None,
        Change::Sent { message, partition, state } => {
            (1, message.0, u64::from(partition.0) << 2 | state as u64)
        }
        Change::DelayEnded { message } => (2, message.0, 0),
        Change::Received { message, caller, receives, until, .. } => {
            let who = u64::from(caller.0) << 32 | u64::from(receives);
            (3, message.0, who ^ until.as_nanos())
        }
        Change::ReceivedNothing { caller, falsely, over_limit } => {
            (4, u64::from(caller.0), u64::from(falsely) << 1 | u64::from(over_limit))
        }
        Change::Deleted { message, receives, from, .. } => {
            (5, message.0, u64::from(receives) << 2 | from as u64)
        }
        Change::DeletedNothing { message } => (6, message.0, 0),
        Change::DeleteLost { message } => (7, message.0, 0),
        Change::ReceiptExpired { message } => (8, message.0, 0),
        Change::VisibilityChanged { message, until } => (9, message.0, until.as_nanos()),
        Change::VisibilityRefused { message } => (10, message.0, 0),
        Change::Returned { message, cause, receives } => {
            (11, message.0, u64::from(receives) << 3 | cause as u64)
        }
        Change::DeadLettered { message, to, receives, cause } => {
            (12, message.0, u64::from(to.0) << 35 | u64::from(receives) << 3 | cause as u64)
        }
        Change::MovedIn { message, from } => (13, message.0, u64::from(from.0)),
        Change::Expired { message, from } => (15, message.0, from as u64),
        Change::Purged { message, from } => (16, message.0, from as u64),
        Change::Throttled { action, partition, messages } => {
            (17, u64::from(partition.0), u64::from(messages) << 2 | action as u64)
        }
        Change::KeySpace(ref change) => key_space_words(change),
        Change::Unavailable { action, partition, messages } => {
            (29, u64::from(partition.0), u64::from(messages) << 2 | action as u64)
        }
        Change::Undone { message, receives, .. } => (30, message.0, u64::from(receives)),
        Change::Node(ref change) => node_words(change),
    })
}

/// A change of the key space as a tag and two words.
fn key_space_words(change: &KeySpace) -> (u64, u64, u64) {
    match *change {
        KeySpace::Opened { partition, first, .. } => (19, u64::from(partition.0), first),
        KeySpace::Closed { partition } => (20, u64::from(partition.0), 0),
        KeySpace::Split { parent, at, .. } => (21, u64::from(parent.0), at),
        KeySpace::Merged { left, into, .. } => (22, u64::from(left.0), u64::from(into.0)),
        KeySpace::Refused { partition, reason } => {
            (23, u64::from(partition.0), refusal_word(reason))
        }
        KeySpace::Recut { old, new } => (24, u64::from(old), u64::from(new)),
        KeySpace::Begun { reshard, old, new } => {
            (25, u64::from(reshard), u64::from(old) << 32 | u64::from(new))
        }
        KeySpace::Ended { reshard } => (26, u64::from(reshard), 0),
        KeySpace::Sealed { partition } => (27, u64::from(partition.0), 0),
        KeySpace::Drained { partition } => (28, u64::from(partition.0), 0),
    }
}

/// A change of a node or a replica as a tag and two words.
fn node_words(change: &NodeChange) -> (u64, u64, u64) {
    let two = |high: NodeId, low: NodeId| u64::from(high.0) << 32 | u64::from(low.0);
    match *change {
        NodeChange::Failed(node) => (31, u64::from(node.0), 0),
        NodeChange::Suspected(node) => (32, u64::from(node.0), 0),
        NodeChange::GivenUp(node) => (33, u64::from(node.0), 0),
        NodeChange::Returned(node) => (34, u64::from(node.0), 0),
        NodeChange::CaughtUp(node) => (35, u64::from(node.0), 0),
        NodeChange::Led { partition, by } => (36, u64::from(partition.0), u64::from(by.0)),
        NodeChange::CopyBegun { partition, source, to } => {
            (37, u64::from(partition.0), two(source, to))
        }
        NodeChange::CopyDropped { partition, to } => (38, u64::from(partition.0), u64::from(to.0)),
        NodeChange::Moved { partition, from, to } => (39, u64::from(partition.0), two(from, to)),
        NodeChange::Counted(census) => (
            40,
            u64::from(census.partitions) << 32 | u64::from(census.under_replicated),
            u64::from(census.without_write_quorum) << 32 | u64::from(census.without_read_quorum),
        ),
    }
}

fn refusal_word(reason: Refusal) -> u64 {
    match reason {
        Refusal::NoBalancedKey => 0,
        Refusal::TooManyPartitions => 1,
        Refusal::SingleKey => 2,
        Refusal::HotKey { permille } => 3 | u64::from(permille) << 8,
        Refusal::Sequential => 4,
        Refusal::TooManyAtOnce => 5,
    }
}

/// A deed as a tag and two words; `None` for one that others imply.
#[inline(always)]
fn deed_words(deed: &Deed) -> Option<(u64, u64, u64)> {
    Some(match *deed {
        Deed::Arrived { .. } | Deed::Busy { .. } => return None,
        Deed::SendConfirmed { producer, messages, waited, took } => (
            2,
            u64::from(producer.0) << 32 | u64::from(messages),
            waited.as_nanos() ^ took.as_nanos().rotate_left(32),
        ),
        Deed::SendRetried { producer, messages } => (3, u64::from(producer.0), u64::from(messages)),
        Deed::GivenUp { producer, messages } => (4, u64::from(producer.0), u64::from(messages)),
        Deed::Began { worker, thread, message, receives, .. } => {
            let who = u64::from(worker.0) << 32 | u64::from(thread);
            (5, message.0, who ^ u64::from(receives) << 24)
        }
        Deed::Ended { worker, thread, message, took, how, .. } => {
            let who = u64::from(worker.0) << 32 | u64::from(thread) << 3 | how as u64;
            (6, message.0 ^ took.as_nanos().rotate_left(16), who)
        }
        Deed::Started { worker } => (7, u64::from(worker.0), 0),
        Deed::Crashed { worker } => (8, u64::from(worker.0), 0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::deed::{Ending, FleetId, ProducerId, WorkerId};
    use crate::kernel::time::Span;
    use crate::ledger::journal::{Action, Caller, Census, Held, MessageId, PartitionId, State};

    /// What stands in the first, second, third and fourth word of a fact: single bits, and all at
    /// once, where a word that swallowed another one would hide it. No bit is in two words, for
    /// they are joined by an exclusive or: what changes alike in two of them cancels out.
    const NUMBERS: [[u32; 3]; 4] =
        [[1, 2, u32::MAX], [4, 8, u32::MAX], [16, 32, u32::MAX], [64, 128, u32::MAX]];
    const ACTIONS: [Action; 4] =
        [Action::Send, Action::Receive, Action::Delete, Action::ChangeVisibility];
    const STATES: [State; 3] = [State::Delayed, State::Visible, State::InFlight];
    const CAUSES: [Held; 7] = [
        Held::Buffered,
        Held::Working,
        Held::Failed,
        Held::Crashed,
        Held::Deleting,
        Held::Undone,
        Held::NotHidden,
    ];
    const ENDINGS: [Ending; 5] =
        [Ending::Done, Ending::Duplicate, Ending::Recognised, Ending::Failed, Ending::Crashed];

    /// Each number of a word with each of the next word.
    fn pairs(word: usize) -> impl Iterator<Item = (u32, u32)> {
        NUMBERS[word].into_iter().flat_map(move |one| NUMBERS[word + 1].map(|next| (one, next)))
    }

    fn messages() -> [MessageId; 3] {
        [1, 2, u64::MAX].map(MessageId)
    }

    /// Changes of messages, each unlike all others.
    fn changes_of_messages() -> Vec<Change> {
        let mut all = Vec::new();
        for message in messages() {
            all.extend([
                Change::DelayEnded { message },
                Change::DeletedNothing { message },
                Change::DeleteLost { message },
                Change::ReceiptExpired { message },
                Change::VisibilityRefused { message },
            ]);
            all.extend(STATES.map(|from| Change::Expired { message, from }));
            all.extend(STATES.map(|from| Change::Purged { message, from }));
            for number in NUMBERS[1] {
                let (partition, receives, sent) = (PartitionId(number), number, Time::ZERO);
                let (from, until) = (QueueId(number), Time::from_nanos(u64::from(number)));
                all.extend(STATES.map(|state| Change::Sent { message, partition, state }));
                all.extend(STATES.map(|from| Change::Deleted { message, sent, receives, from }));
                all.extend(CAUSES.map(|cause| Change::Returned { message, cause, receives }));
                all.push(Change::VisibilityChanged { message, until });
                all.push(Change::MovedIn { message, from });
                all.push(Change::Undone { message, sent, receives });
            }
            for (one, receives) in pairs(1) {
                let (caller, partition, to) = (Caller(one), PartitionId(0), QueueId(one));
                all.extend(CAUSES.map(|cause| Change::DeadLettered {
                    message,
                    to,
                    receives,
                    cause,
                }));
                all.extend([0, 1 << 40].map(Time::from_nanos).map(|until| {
                    let (sent, cause) = (Time::ZERO, None);
                    Change::Received { message, caller, partition, receives, sent, until, cause }
                }));
            }
        }
        all
    }

    /// Changes of calls, partitions and nodes, each unlike all others.
    fn other_changes() -> Vec<Change> {
        let mut all = Vec::new();
        for number in NUMBERS[0] {
            let (caller, partition, node) = (Caller(number), PartitionId(number), NodeId(number));
            for (falsely, over_limit) in [(false, false), (false, true), (true, false)] {
                all.push(Change::ReceivedNothing { caller, falsely, over_limit });
            }
            let reasons = [
                Refusal::NoBalancedKey,
                Refusal::TooManyPartitions,
                Refusal::SingleKey,
                Refusal::HotKey { permille: 1 },
                Refusal::HotKey { permille: 2 },
                Refusal::HotKey { permille: 1_000 },
                Refusal::Sequential,
                Refusal::TooManyAtOnce,
            ];
            for reason in reasons {
                all.push(KeySpace::Refused { partition, reason }.into());
            }
            all.extend([
                KeySpace::Closed { partition }.into(),
                KeySpace::Ended { reshard: number }.into(),
                KeySpace::Sealed { partition }.into(),
                KeySpace::Drained { partition }.into(),
                Change::Node(NodeChange::Failed(node)),
                Change::Node(NodeChange::Suspected(node)),
                Change::Node(NodeChange::GivenUp(node)),
                Change::Node(NodeChange::Returned(node)),
                Change::Node(NodeChange::CaughtUp(node)),
            ]);
        }
        for (one, other) in pairs(0) {
            let (partition, node, key) = (PartitionId(one), NodeId(other), u64::from(other));
            for action in ACTIONS {
                all.push(Change::Throttled { action, partition, messages: other });
                all.push(Change::Unavailable { action, partition, messages: other });
            }
            let [left, right] = [PartitionId(0); 2];
            all.extend([
                KeySpace::Opened { partition, first: key, last: u64::MAX }.into(),
                KeySpace::Split { parent: partition, left, right, at: key }.into(),
                KeySpace::Merged { left: partition, right, into: PartitionId(other) }.into(),
                KeySpace::Recut { old: one, new: other }.into(),
                Change::Node(NodeChange::Led { partition, by: node }),
                Change::Node(NodeChange::CopyDropped { partition, to: node }),
            ]);
            for number in NUMBERS[2] {
                let (from, to) = (NodeId(number), node);
                all.push(KeySpace::Begun { reshard: one, old: other, new: number }.into());
                all.push(Change::Node(NodeChange::CopyBegun { partition, source: from, to }));
                all.push(Change::Node(NodeChange::Moved { partition, from, to }));
            }
            all.extend(pairs(2).map(|(without_write_quorum, without_read_quorum)| {
                Change::Node(NodeChange::Counted(Census {
                    partitions: one,
                    under_replicated: other,
                    without_write_quorum,
                    without_read_quorum,
                }))
            }));
        }
        all
    }

    /// Deeds, each unlike all others.
    fn deeds() -> Vec<Deed> {
        let mut all = Vec::new();
        for number in NUMBERS[0] {
            let worker = WorkerId(number);
            all.extend([Deed::Started { worker }, Deed::Crashed { worker }]);
        }
        for (one, messages) in pairs(0) {
            let producer = ProducerId(one);
            all.push(Deed::SendRetried { producer, messages });
            all.push(Deed::GivenUp { producer, messages });
            // A wait and a call that share a bit once the call is turned by half a word.
            for (waited, took) in [
                (1 << 20, 1 << 22),
                (1 << 21, 1 << 22),
                (1 << 20, 1 << 23),
                (1 << 38, 0),
                (1 << 38, 1 << 6),
            ] {
                let [waited, took] = [waited, took].map(Span::from_nanos);
                all.push(Deed::SendConfirmed { producer, messages, waited, took });
            }
        }
        for (message, (one, thread)) in
            messages().into_iter().flat_map(|it| pairs(1).map(move |pair| (it, pair)))
        {
            let (worker, fleet, queue, sent) = (WorkerId(one), FleetId(0), QueueId(0), Time::ZERO);
            all.extend(NUMBERS[3].map(|receives| Deed::Began {
                worker,
                thread,
                queue,
                message,
                receives,
            }));
            // No worker has so many threads that their number would leave its place.
            let thread = thread & 0xffff;
            for took in [0, 1].map(Span::from_nanos) {
                all.extend(ENDINGS.map(|how| Deed::Ended {
                    worker,
                    fleet,
                    thread,
                    queue,
                    message,
                    sent,
                    took,
                    how,
                }));
            }
        }
        all
    }

    /// The fingerprints of all those facts, each alone.
    fn prints(now: Time) -> Vec<Fingerprint> {
        let changes = changes_of_messages().into_iter().chain(other_changes());
        let changes = changes.flat_map(|change| [0, 1, 2].map(|queue| (QueueId(queue), change)));
        let changes = changes.map(|(queue, change)| {
            let mut print = Fingerprint::default();
            print.change(now, queue, &change);
            print
        });
        let deeds = deeds().into_iter().map(|deed| {
            let mut print = Fingerprint::default();
            print.deed(now, &deed);
            print
        });
        changes.chain(deeds).collect()
    }

    #[test]
    fn facts_that_differ_in_one_word_differ() {
        // At the second instant the time has the bits into which tags are turned.
        for now in [Time::ZERO, Time::from_nanos(7 << 48)] {
            let prints = prints(now);
            assert!(prints.iter().all(|print| print.facts() == 1));
            let mut hashes: Vec<u64> = prints.iter().map(Fingerprint::hash).collect();
            hashes.sort_unstable();
            hashes.dedup();
            assert_eq!(hashes.len(), prints.len(), "no two facts are alike");
        }
    }

    /// A fair bit is set 5,000 times of 10,000, with a deviation of 50. Of 64 bits none is 4.5
    /// deviations off in 2,000 tries.
    #[test]
    fn every_bit_of_a_fingerprint_is_fair() {
        let mut print = Fingerprint::default();
        let mut set = [0_u32; 64];
        for at in 0..10_000 {
            let change = Change::DelayEnded { message: MessageId(at % 10) };
            print.change(Time::from_nanos(at), QueueId(0), &change);
            for (bit, set) in set.iter_mut().enumerate() {
                *set += u32::from(print.hash() >> bit & 1 == 1);
            }
        }
        assert!(set.iter().all(|set| set.abs_diff(5_000) < 225), "{set:?}");
    }

    #[test]
    fn checkpoints_stand_after_each_power_of_two() {
        let mut print = Fingerprint::default();
        let after: Vec<_> = (1..=9)
            .map(|at| {
                let change = Change::DelayEnded { message: MessageId(at) };
                print.change(Time::from_nanos(at), QueueId(0), &change);
                (at, Time::from_nanos(at), print.hash())
            })
            .collect();
        assert_eq!(print.checkpoints(), [after[0], after[1], after[3], after[7]]);
    }

    #[test]
    fn one_changed_word_changes_the_fingerprint_for_good() {
        let run = |second: u64| {
            let mut print = Fingerprint::default();
            for message in [1, second, 3] {
                let change = Change::DelayEnded { message: MessageId(message) };
                print.change(Time::from_nanos(7), QueueId(0), &change);
            }
            print
        };
        assert_eq!(run(2).hash(), run(2).hash());
        assert_ne!(run(2).hash(), run(4).hash());
        assert_eq!(run(2).checkpoints()[0], run(4).checkpoints()[0], "equal up to fact 1");
        assert_ne!(run(2).checkpoints()[1].2, run(4).checkpoints()[1].2);
    }

    #[test]
    fn changes_and_deeds_of_equal_words_differ() {
        // Tag 7, one word: a lost delete of message 5, a start of worker 5.
        let (mut a, mut b) = (Fingerprint::default(), Fingerprint::default());
        a.change(Time::ZERO, QueueId(0), &Change::DeleteLost { message: MessageId(5) });
        b.deed(Time::ZERO, &Deed::Started { worker: WorkerId(5) });
        assert_ne!(a.hash(), b.hash());
    }

    #[test]
    fn a_fact_that_others_imply_leaves_it_as_it_was() {
        let mut print = Fingerprint::default();
        print.change(Time::ZERO, QueueId(0), &Change::Called { action: Action::Send });
        print.deed(Time::ZERO, &Deed::Arrived { producer: ProducerId(0) });
        let (worker, fleet) = (WorkerId(0), FleetId(0));
        print.deed(Time::ZERO, &Deed::Busy { worker, fleet, busy: 1, was: 0 });
        assert_eq!((print.hash(), print.facts()), (0, 0));
    }
}
