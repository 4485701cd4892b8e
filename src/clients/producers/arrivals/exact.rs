//! Exactly so many arrivals in each period.
//!
//! Owns where in a period they lie. Must not know where the periods come from.
//!
//! Invariant: of n arrivals in a period each lies in the middle of one of n equal parts, so that
//! none is at an edge and all gaps of a period are alike.

use crate::kernel::time::Time;
use crate::model::clients::CountPeriod;

/// The arrivals of periods with whole numbers of them.
#[derive(Clone, Debug)]
pub(super) struct Exact {
    /// From, length in nanoseconds and number.
    periods: Vec<(Time, u64, u64)>,
    at: usize,
    /// Arrivals of the period at hand that were given.
    given: u64,
    last: Option<Time>,
}

impl Exact {
    /// The arrivals from `begin` on.
    #[expect(clippy::cast_sign_loss, reason = "a count is not negative")]
    pub(super) fn new(periods: &[CountPeriod], begin: Time) -> Exact {
        let filled = periods.iter().filter(|period| period.expected >= 1.0);
        let periods = filled.map(|of| (of.from, of.length.as_nanos(), of.expected as u64));
        let mut exact = Exact { periods: periods.collect(), at: 0, given: 0, last: None };
        let past = |&(from, length, _): &(Time, u64, u64)| {
            from.as_nanos().saturating_add(length) <= begin.as_nanos()
        };
        exact.at = exact.periods.partition_point(past);
        while exact.peek().is_some_and(|next| next < begin) {
            exact.given += 1;
            exact.turn();
        }
        exact
    }

    /// The next arrival.
    pub(super) fn next(&mut self) -> Option<Time> {
        let next = self.peek()?;
        self.given += 1;
        self.turn();
        self.last = Some(next);
        Some(next)
    }

    /// Begins anew.
    pub(super) fn rewind(&mut self) {
        (self.at, self.given, self.last) = (0, 0, None);
    }

    /// The arrival that was given last.
    pub(super) fn pending(&self) -> Option<Time> {
        self.last
    }

    fn peek(&self) -> Option<Time> {
        let &(from, length, count) = self.periods.get(self.at)?;
        let middle =
            u128::from(length) * (2 * u128::from(self.given) + 1) / (2 * u128::from(count));
        Some(Time::from_nanos(from.as_nanos().saturating_add(middle as u64)))
    }

    fn turn(&mut self) {
        if self.periods.get(self.at).is_some_and(|&(_, _, count)| self.given >= count) {
            (self.at, self.given) = (self.at + 1, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::Span;

    fn seconds(seconds: f64) -> Time {
        Time::ZERO + Span::round_nanos(seconds * 1e9)
    }

    fn period(from: u64, expected: f64) -> CountPeriod {
        let from = Time::ZERO + Span::from_secs(from);
        CountPeriod { from, length: Span::from_secs(60), expected }
    }

    fn all(exact: &mut Exact) -> Vec<Time> {
        std::iter::from_fn(|| exact.next()).collect()
    }

    /// 4 in a minute: at 7.5 s, 22.5 s, 37.5 s and 52.5 s of it.
    #[test]
    fn a_count_lies_evenly_in_its_period() {
        let periods = [period(0, 4.0), period(60, 0.0), period(180, 1.0)];
        let expected = [7.5, 22.5, 37.5, 52.5, 210.0].map(seconds);
        assert_eq!(all(&mut Exact::new(&periods, Time::ZERO)), expected);
        // From an instant on, one at it included.
        for (begin, left) in [(7.5, 5), (7.6, 4), (52.5, 2), (60.0, 1), (210.0, 1), (211.0, 0)] {
            let mut later = Exact::new(&periods, seconds(begin));
            assert_eq!(all(&mut later), expected[5 - left..], "from {begin}");
            assert_eq!(later.pending(), expected[5 - left..].last().copied());
        }
    }

    #[test]
    fn a_million_in_a_nanosecond_are_a_million() {
        let short = CountPeriod { length: Span::from_nanos(1), ..period(0, 1e6) };
        let times = all(&mut Exact::new(&[short], Time::ZERO));
        assert!(times.len() == 1_000_000 && times.is_sorted());
    }
}
