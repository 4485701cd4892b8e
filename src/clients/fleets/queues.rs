//! How a worker goes through several queues.
//!
//! Owns the rounds: which queue is asked next, and what it found so far. Must not know what a poll
//! asks for, nor when it is made.
//!
//! A round begins with a queue by its rank or its turn and goes on until one has messages, or the
//! last one has been asked.

use std::cmp::Reverse;

use super::Fleets;
use crate::kernel::time::Span;
use crate::ledger::config::QueueId;
use crate::model::clients::Several;

/// How a worker stands in its round.
#[derive(Clone, Debug, Default)]
pub(super) struct Round {
    /// The queues in the order of this round, by their place; none between two rounds.
    order: Vec<u32>,
    /// So many of them had nothing.
    asked: usize,
    /// What each queue with a weight has saved up for its next turn.
    credits: Vec<i64>,
}

impl Round {
    /// Bytes of that of a worker with so many queues.
    pub(super) const fn bytes(queues: usize) -> usize {
        size_of::<Round>() + queues * (size_of::<u32>() + size_of::<i64>())
    }

    /// The order of the next round. Whose turn it is pays for it, whether it has messages or not.
    fn begin(&mut self, several: &Several) {
        self.order.extend((0..).zip(several.queues()).map(|(place, _)| place));
        let Several::Weighted(queues) = several else { return };
        let weights = || queues.iter().map(|&(_, weight)| i64::from(weight));
        self.credits.resize(queues.len(), 0);
        for (credit, weight) in self.credits.iter_mut().zip(weights()) {
            *credit += weight;
        }
        self.order.sort_by_key(|&place| Reverse(self.credits[place as usize]));
        self.credits[self.order[0] as usize] -= weights().sum::<i64>();
    }

    fn end(&mut self) {
        self.order.clear();
        self.asked = 0;
    }
}

impl Fleets {
    /// The queue that a worker of several asks next, and how long its poll waits there: all but the
    /// last of a round are asked by short polls.
    #[inline(never)]
    pub(super) fn next_queue(&mut self, number: u32) -> (QueueId, Span) {
        let fleet = &self.configs[self.workers[number as usize].fleet as usize];
        let Some(several) = &fleet.several else { return (fleet.queue, fleet.receive.wait) };
        let round = self.rounds.entry(number).or_default();
        if round.order.is_empty() {
            round.begin(several);
        }
        let place = round.order[round.asked] as usize;
        let is_last = round.asked + 1 == round.order.len();
        let wait = if is_last { fleet.receive.wait } else { Span::ZERO };
        (several.queues().nth(place).unwrap_or(fleet.queue), wait)
    }

    /// A worker of several queues found nothing in one of them; whether it asks another one of the
    /// same round next.
    #[inline(never)]
    pub(super) fn goes_round(&mut self, number: u32) -> bool {
        let Some(round) = self.rounds.get_mut(&number) else { return false };
        round.asked += 1;
        if round.asked == round.order.len() {
            round.end();
        }
        round.asked > 0
    }

    /// A worker of several queues has messages, or waits for some at the last one.
    #[inline(never)]
    pub(super) fn end_round(&mut self, number: u32) {
        if let Some(round) = self.rounds.get_mut(&number) {
            round.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The queues that come first in so many rounds in which they always have messages.
    fn firsts(several: &Several, rounds: usize) -> String {
        let mut round = Round::default();
        let first = |_| {
            round.begin(several);
            let first = round.order[0];
            round.end();
            char::from(b'a' + first as u8)
        };
        (0..rounds).map(first).collect()
    }

    /// The example of nginx's commit 52327e0627f4 (2012): weights of 5, 1 and 1 give a, a, b, a, c,
    /// a, a and so on.
    #[test]
    fn turns_are_smooth() {
        let weighted = |weights: &[u32]| {
            Several::Weighted((0..).map(QueueId).zip(weights.iter().copied()).collect())
        };
        assert_eq!(firsts(&weighted(&[5, 1, 1]), 14), "aabacaaaabacaa");
        assert_eq!(firsts(&weighted(&[3, 1]), 8), "aabaaaba");
        assert_eq!(firsts(&weighted(&[1, 1, 1]), 6), "abcabc");
        assert_eq!(firsts(&weighted(&[7]), 3), "aaa");
        let priority = Several::Priority([0, 1].map(QueueId).into());
        assert_eq!(firsts(&priority, 3), "aaa");
    }
}
