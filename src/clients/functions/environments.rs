//! Which environments of a function are warm.
//!
//! Owns their numbers, who takes which, and how fast new ones come. Must not know what they run.
//!
//! The one that was idle for the shortest time is taken first, so that those that are not needed
//! grow cold; AWS does not say which it takes.

use std::collections::VecDeque;

use crate::kernel::time::{Span, Time};
use crate::ledger::journal::MOST_MEMBERS;

const TEN_SECONDS: Span = Span::from_secs(10);

/// The environments of one function.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    /// At work.
    running: u32,
    /// Idle, with the instant since when, which ascends.
    warm: VecDeque<(u32, Time)>,
    /// Numbers of those that are gone.
    gone: Vec<u32>,
    /// Numbers that were given.
    made: u32,
    /// When all new ones that may come at once may come again.
    full_at: Time,
}

/// An environment that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) number: u32,
    pub(super) is_new: bool,
}

impl Pool {
    /// None yet.
    pub(super) const NONE: Pool =
        Pool { running: 0, warm: VecDeque::new(), gone: Vec::new(), made: 0, full_at: Time::ZERO };

    /// Takes one that is warm, or a new one, if another one may come now; so many may in 10 s.
    #[inline]
    pub(super) fn take(&mut self, now: Time, per_10_s: u32) -> Option<Taken> {
        let taken = match self.warm.pop_back() {
            Some((number, _)) => Taken { number, is_new: false },
            None => Taken { number: self.make(now, per_10_s)?, is_new: true },
        };
        self.running += 1;
        Some(taken)
    }

    #[inline(never)]
    fn make(&mut self, now: Time, per_10_s: u32) -> Option<u32> {
        let each = TEN_SECONDS / u64::from(per_10_s.max(1));
        let full_at = self.full_at.max(now).saturating_add(each);
        let there_is_one = full_at.since(now) <= TEN_SECONDS;
        if per_10_s == 0 || !there_is_one {
            return None;
        }
        let number = match self.gone.pop() {
            Some(number) => number,
            None if self.made == MOST_MEMBERS => return None,
            None => {
                self.made += 1;
                self.made - 1
            }
        };
        self.full_at = full_at;
        Some(number)
    }

    /// One that ran is idle; whether no other one was.
    #[inline]
    pub(super) fn give_back(&mut self, now: Time, number: u32) -> bool {
        self.running -= 1;
        self.warm.push_back((number, now));
        self.warm.len() == 1
    }

    /// One that ran is gone.
    pub(super) fn lose(&mut self, number: u32) {
        self.running -= 1;
        self.gone.push(number);
    }

    /// The next that has been idle since `since` or longer is gone.
    pub(super) fn cool(&mut self, since: Time) -> Option<u32> {
        let &(number, idle) = self.warm.front()?;
        if idle > since {
            return None;
        }
        self.warm.pop_front();
        self.gone.push(number);
        Some(number)
    }

    /// Since when the one that has been idle for longest is.
    pub(super) fn idle_since(&self) -> Option<Time> {
        self.warm.front().map(|&(_, since)| since)
    }

    /// How many are at work.
    #[inline]
    pub(super) fn running(&self) -> u32 {
        self.running
    }

    /// Bytes of the lists.
    pub(super) const BYTES_EACH: usize = size_of::<(u32, Time)>() + size_of::<u32>();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Time {
        Time::ZERO + Span::from_millis(millis)
    }

    #[test]
    fn the_one_that_ended_last_is_taken_first_and_the_oldest_grows_cold() {
        let mut pool = Pool::NONE;
        let take = |pool: &mut Pool, millis| pool.take(at(millis), 1_000);
        let new = |number| Some(Taken { number, is_new: true });
        let warm = |number| Some(Taken { number, is_new: false });
        assert_eq!([take(&mut pool, 0), take(&mut pool, 0)], [new(0), new(1)]);
        assert!(pool.give_back(at(5), 1) && !pool.give_back(at(6), 0));
        assert_eq!(take(&mut pool, 7), warm(0));
        assert!(!pool.give_back(at(8), 0));
        assert_eq!(
            (pool.cool(at(7)), pool.cool(at(7)), pool.idle_since()),
            (Some(1), None, Some(at(8)))
        );
        assert_eq!([take(&mut pool, 9), take(&mut pool, 9)], [warm(0), new(1)], "its number again");
        pool.lose(0);
        assert_eq!((pool.running(), take(&mut pool, 9)), (1, new(0)));
    }

    /// 1,000 at once, then one each 10 ms; what is not taken in a minute is not saved up.
    #[test]
    fn new_ones_come_at_a_rate_that_is_not_saved_up() {
        let mut pool = Pool::NONE;
        let mut come =
            |millis| (0..3_000).take_while(|_| pool.take(at(millis), 1_000).is_some()).count();
        assert_eq!([come(0), come(9), come(10), come(1_010)], [1_000, 0, 1, 100]);
        assert_eq!(come(60_000), 1_000);
    }

    #[test]
    fn a_rate_of_nothing_gives_none() {
        assert_eq!(Pool::NONE.clone().take(at(0), 0), None);
    }
}
