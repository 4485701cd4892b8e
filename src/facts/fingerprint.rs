//! The rolling fingerprint of a run.
//!
//! Owns the hash over what happens. Must not depend on addresses, orders of hashing or anything
//! but the facts: equal runs have equal fingerprints on every machine, and runs that differ in one
//! fact differ from there on.
//!
//! Three facts are told to observers and left out here, because others say the same and they would
//! cost every message more turns of the hash: an arrival ([`Deed::Arrived`]; the send that follows
//! names message, instant and partition), the age of the oldest ([`Change::Oldest`]; it follows
//! from the messages) and the number of busy threads ([`Deed::Busy`]; it is what [`Deed::Began`]
//! and the end of the last call leave). So are fields that follow from others; what is billed is
//! not: each call is a fact with its chunks of payload.
#![expect(
    clippy::inline_always,
    reason = "a fact is known where it is told: its match and its words fold away there"
)]

use crate::facts::deed::Deed;
use crate::kernel::time::Time;
use crate::ledger::config::QueueId;
use crate::ledger::journal::Change;
use crate::ledger::journal::vocabulary::{Field, Listed, Scribe};

/// Odd, so that a product tells each bit of what was multiplied; its bits look like chance.
const MIX: u64 = 0xd1b5_4a32_d192_ed03;

/// A hash of all facts so far, but those that others imply.
#[derive(Clone, Debug)]
pub struct Fingerprint {
    hash: u64,
    /// Facts until the next checkpoint, and then.
    left: u64,
    next_checkpoint: u64,
    /// After each power of two of facts: their number, the instant, the hash.
    checkpoints: Vec<(u64, Time, u64)>,
}

impl Default for Fingerprint {
    fn default() -> Fingerprint {
        Fingerprint { hash: 0, left: 1, next_checkpoint: 1, checkpoints: Vec::with_capacity(64) }
    }
}

impl Fingerprint {
    /// The hash.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// Facts so far.
    pub fn facts(&self) -> u64 {
        self.next_checkpoint - self.left
    }

    /// After each power of two of facts: their number, the instant, the hash.
    pub fn checkpoints(&self) -> &[(u64, Time, u64)] {
        &self.checkpoints
    }

    /// Takes a change of the ledger in.
    #[inline(always)]
    pub fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        let mut told = Told::by(0);
        change.write(&mut told);
        if let Some(message) = change.message() {
            told.take(message.0);
        }
        self.fold(now, u64::from(queue.0), told);
    }

    /// Takes a deed of a client in.
    #[inline(always)]
    pub fn deed(&mut self, now: Time, deed: &Deed) {
        let mut told = Told::by(0x80);
        deed.write(&mut told);
        self.fold(now, 0, told);
    }

    /// A queue stands above the time, in bits that no run of 52 days reaches.
    #[inline(always)]
    fn fold(&mut self, now: Time, queue: u64, Told { number, words }: Told) {
        if number == 0 {
            return;
        }
        // A lone changed bit of any word changes the hash, as the factor is odd.
        let about = now.as_nanos() ^ queue.rotate_left(52);
        self.hash = (self.hash.rotate_left(5) ^ about ^ words).wrapping_mul(MIX);
        self.left -= 1;
        if self.left == 0 {
            self.note(now);
        }
    }

    #[cold]
    fn note(&mut self, now: Time) {
        self.checkpoints.push((self.next_checkpoint, now, self.hash));
        self.left = self.next_checkpoint;
        self.next_checkpoint *= 2;
    }
}

/// What is hashed of a fact. A message comes after the fields, as the number and the fields of a
/// call fold to a constant where they are.
struct Told {
    number: u8,
    words: u64,
}

impl Told {
    /// Nothing yet, of someone whose numbers of facts are his own.
    #[inline(always)]
    fn by(whom: u64) -> Told {
        Told { number: 0, words: whom }
    }

    #[inline(always)]
    fn take(&mut self, word: u64) {
        self.words = (self.words ^ word).wrapping_mul(MIX);
    }
}

impl Scribe for Told {
    #[inline(always)]
    fn fact(&mut self, number: u8, _word: &'static str) {
        self.number = number;
        self.take(u64::from(number));
    }

    #[inline(always)]
    fn tell<F: Field>(&mut self, _before: &'static str, field: F) {
        self.take(field.hashed());
    }

    #[inline(always)]
    fn imply<F: Field>(&mut self, _before: &'static str, _field: F) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    use crate::facts::deed::{FleetId, ProducerId, WorkerId};
    use crate::kernel::rng::{Draws, Source};
    use crate::ledger::journal::{Call, KeySpace, MessageId, NodeChange, Step};

    /// What a fact says of itself: its number and what is hashed of it.
    #[derive(Default, PartialEq, Eq, PartialOrd, Ord)]
    struct Heard(u8, Vec<u64>);

    impl Scribe for Heard {
        fn fact(&mut self, number: u8, _word: &'static str) {
            self.0 = number;
        }

        fn tell<F: Field>(&mut self, _before: &'static str, field: F) {
            self.1.push(field.hashed());
        }

        fn imply<F: Field>(&mut self, _before: &'static str, _field: F) {}
    }

    /// Facts of a list that are hashed, no two alike in what is, many that differ in one field.
    fn examples<L: Listed>() -> Vec<L> {
        let mut draws = Draws::new(14);
        let mut choose = || draws.below(8) as usize;
        let mut seen = BTreeSet::new();
        let all = (0..400).flat_map(|_| L::examples(&mut choose)).collect::<Vec<L>>();
        let hashed = |fact: &L| {
            let mut heard = Heard::default();
            fact.write(&mut heard);
            heard.0 != 0 && seen.insert(heard)
        };
        all.into_iter().filter(hashed).collect()
    }

    fn changes() -> Vec<Change> {
        let steps = examples::<Step>().into_iter();
        let of = |step| [0, 1, u64::MAX].map(|id| Change::Message(MessageId(id), step));
        let calls = examples::<Call>().into_iter().map(Change::from);
        let key_space = examples::<KeySpace>().into_iter().map(Change::from);
        let nodes = examples::<NodeChange>().into_iter().map(Change::from);
        steps.flat_map(of).chain(calls).chain(key_space).chain(nodes).collect()
    }

    /// The fingerprints of all those facts, each alone.
    fn prints(now: Time) -> Vec<Fingerprint> {
        let changes = changes().into_iter();
        let changes = changes.flat_map(|change| [0, 1, 2].map(|queue| (QueueId(queue), change)));
        let changes = changes.map(|(queue, change)| {
            let mut print = Fingerprint::default();
            print.change(now, queue, &change);
            print
        });
        let deeds = examples::<Deed>().into_iter().map(|deed| {
            let mut print = Fingerprint::default();
            print.deed(now, &deed);
            print
        });
        changes.chain(deeds).collect()
    }

    #[test]
    fn facts_that_differ_in_one_word_differ() {
        // At the second instant the time has the bits into which queues are turned.
        for now in [Time::ZERO, Time::from_nanos(7 << 52)] {
            let prints = prints(now);
            assert!(prints.len() > 5_000 && prints.iter().all(|print| print.facts() == 1));
            let mut hashes: Vec<u64> = prints.iter().map(Fingerprint::hash).collect();
            hashes.sort_unstable();
            hashes.dedup();
            assert_eq!(hashes.len(), prints.len(), "no two facts are alike");
        }
    }

    /// Numbers of facts are their own: no two rows of the ledger's lists share one.
    #[test]
    fn no_two_facts_have_one_number() {
        fn numbers<L: Listed>() -> Vec<u8> {
            let facts = L::examples(&mut || 0).into_iter();
            let numbers = facts.map(|fact| {
                let mut heard = Heard::default();
                fact.write(&mut heard);
                heard.0
            });
            numbers.filter(|&number| number != 0).collect()
        }
        let ledger = [numbers::<Step>(), numbers::<Call>(), numbers::<KeySpace>()].concat();
        for numbers in [[ledger, numbers::<NodeChange>()].concat(), numbers::<Deed>()] {
            assert!(numbers.iter().all(|&number| number < 0x80));
            assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len());
        }
    }

    /// A fair bit is set 5,000 times of 10,000, with a deviation of 50. Of 64 bits none is 4.5
    /// deviations off in 2,000 tries.
    #[test]
    fn every_bit_of_a_fingerprint_is_fair() {
        let mut print = Fingerprint::default();
        let mut set = [0_u32; 64];
        for at in 0..10_000 {
            let change = Change::Message(MessageId(at % 10), Step::DelayEnded {});
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
                let change = Change::Message(MessageId(at), Step::DelayEnded {});
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
                let change = Change::Message(MessageId(message), Step::DelayEnded {});
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
        // Number 7, one word: a lost delete of message 5, a start of worker 5.
        let (mut a, mut b) = (Fingerprint::default(), Fingerprint::default());
        a.change(Time::ZERO, QueueId(0), &Change::Message(MessageId(5), Step::DeleteLost {}));
        b.deed(Time::ZERO, &Deed::Started { worker: WorkerId(5) });
        assert_ne!(a.hash(), b.hash());
    }

    #[test]
    fn a_fact_that_others_imply_leaves_it_as_it_was() {
        let mut print = Fingerprint::default();
        print.change(Time::ZERO, QueueId(0), &Change::Oldest(Some(Time::ZERO)));
        print.deed(Time::ZERO, &Deed::Arrived { producer: ProducerId(0) });
        let (worker, fleet) = (WorkerId(0), FleetId(0));
        print.deed(Time::ZERO, &Deed::Busy { worker, fleet, busy: 1, was: 0 });
        assert_eq!((print.hash(), print.facts()), (0, 0));
    }
}
