//! Arrivals that begin anew every so often.
//!
//! Owns where each turn begins. Must not know what arrives in one.
//!
//! Invariant: turns without an arrival cost nothing: a rate skips them by division, and what has no
//! arrival in its first turn has none ever.

use super::listed::Listed;
use super::{Clock, Piece, Piecewise};
use crate::kernel::time::{Span, Time};
use crate::model::clients::ArrivalProcess;

/// The turns of pieces of a rate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    every: u64,
    /// The area under the rate in one turn, above 0.
    area: f64,
}

impl Turn {
    /// Where the turn begins in which this instant lies.
    pub(super) fn begin_of(self, nanos: u64) -> u64 {
        nanos / self.every * self.every
    }

    /// Behind the turn that begins at `begin`, with `need` left to be spent: the beginning of the
    /// turn in which it will be, and what is left then. `None` past the end of time.
    #[expect(clippy::cast_sign_loss, reason = "areas are not negative")]
    pub(super) fn after(self, begin: u64, need: f64) -> Option<(u64, f64)> {
        let whole = (need / self.area) as u64;
        let begin = self.every.checked_mul(whole.checked_add(1)?)?.checked_add(begin)?;
        Some((begin, (need - whole as f64 * self.area).max(0.0)))
    }
}

impl Piecewise {
    /// The same again every so often; `None` if nothing ever arrives.
    pub(super) fn repeated(self, every: Span) -> Option<Piecewise> {
        let every = every.as_nanos();
        let within = self.pieces.into_iter().filter(|piece| piece.from < every);
        let cut = within.map(|piece| Piece { until: piece.until.min(every), ..piece });
        let mut cut = Piecewise { pieces: cut.collect(), ..self };
        let area = cut.area_between(0, Clock::at(every));
        cut.turn = (area > 0.0).then_some(Turn { every, area });
        cut.turn.map(|_| cut)
    }

    /// The area under the rate from `begin` to the clock.
    pub(super) fn area_since(&self, begin: u64) -> f64 {
        let Some(turn) = self.turn else { return self.area_between(begin, self.clock) };
        let first = turn.begin_of(begin);
        let local = Clock { nanos: self.clock.nanos - self.begin, ..self.clock };
        if first == self.begin {
            return self.area_between(begin - first, local);
        }
        let whole = (self.begin - first) / turn.every - 1;
        let rest = self.area_between(begin - first, Clock::at(turn.every));
        rest + whole as f64 * turn.area + self.area_between(0, local)
    }

    /// The same within one turn, both counted from its beginning.
    fn area_between(&self, begin: u64, end: Clock) -> f64 {
        let area = |piece: &Piece| {
            let from = begin.max(piece.from);
            let length = if end.nanos < piece.until {
                if end.nanos < from {
                    return 0.0;
                }
                end.since(from)
            } else {
                piece.until.saturating_sub(from) as f64
            };
            let rate = (piece.rate + piece.slope * from.saturating_sub(piece.from) as f64).max(0.0);
            (length * (rate + 0.5 * piece.slope * length)).max(0.0)
        };
        self.pieces.iter().map(area).sum()
    }
}

/// Listed arrivals, again and again.
#[derive(Clone, Debug)]
pub(super) struct Repeated {
    every: u64,
    /// Where the turn at hand begins.
    begin: u64,
    of: Listed,
}

impl Repeated {
    /// The arrivals from `from` on; `None` if there is none ever.
    pub(super) fn new(of: &ArrivalProcess, every: Span, from: Time) -> Option<Repeated> {
        let nanos = every.as_nanos();
        let first = Listed::new(of, Time::ZERO)?.next();
        if nanos == 0 || first.is_none_or(|first| first.as_nanos() >= nanos) {
            return None;
        }
        let begin = from.as_nanos() / nanos * nanos;
        let of = Listed::new(of, Time::from_nanos(from.as_nanos() - begin))?;
        Some(Repeated { every: nanos, begin, of })
    }

    /// The next arrival.
    pub(super) fn next(&mut self) -> Option<Time> {
        let mut next = self.of.next().filter(|next| next.as_nanos() < self.every);
        if next.is_none() {
            self.begin = self.begin.checked_add(self.every)?;
            self.of.rewind();
            next = self.of.next();
        }
        let local = next?;
        let nanos = local.as_nanos().checked_add(self.begin)?;
        (nanos < u64::MAX).then_some(Time::from_nanos(nanos))
    }

    /// The arrival that was given last.
    pub(super) fn pending(&self) -> Option<Time> {
        let local = self.of.pending()?;
        Some(Time::from_nanos(local.as_nanos().saturating_add(self.begin)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Arrivals;
    use super::*;
    use crate::kernel::rng::Streams;
    use crate::model::clients::CountPeriod;

    fn seconds(seconds: u64) -> Time {
        Time::ZERO + Span::from_secs(seconds)
    }

    fn arrivals(of: ArrivalProcess, every: u64) -> Arrivals {
        let every = Span::from_secs(every);
        let process = ArrivalProcess::Repeated { every, of: Box::new(of) };
        Arrivals::new(&[process], Streams::new(1, 0), "producers.web")
    }

    #[test]
    fn what_is_listed_comes_again() {
        let burst = ArrivalProcess::Burst { at: seconds(10), count: 2 };
        let found: Vec<Time> = arrivals(burst, 60).take(5).collect();
        assert_eq!(found, [10, 10, 70, 70, 130].map(seconds));
        let times = ArrivalProcess::Times { at: [0, 59].map(seconds).into() };
        let found: Vec<Time> = arrivals(times, 60).take(5).collect();
        assert_eq!(found, [0, 59, 60, 119, 120].map(seconds));
        let period = CountPeriod { from: seconds(0), length: Span::from_secs(20), expected: 2.0 };
        let exact = ArrivalProcess::Exact { periods: [period].into() };
        let found: Vec<Time> = arrivals(exact, 30).take(4).collect();
        assert_eq!(found, [5, 15, 35, 45].map(seconds));
    }

    #[test]
    fn what_never_comes_does_not_come_again() {
        let late = ArrivalProcess::Burst { at: seconds(60), count: 2 };
        assert_eq!(arrivals(late, 60).next(), None);
        let none = ArrivalProcess::Times { at: [].into() };
        assert_eq!(arrivals(none, 60).next(), None);
        let silent = ArrivalProcess::Profile { points: vec![(seconds(0), 0.0)] };
        assert_eq!(arrivals(silent, 60).next(), None);
        // The rate begins when the turn has ended.
        let points = vec![(seconds(60), 0.0), (seconds(60), 9.0)];
        assert_eq!(arrivals(ArrivalProcess::Profile { points }, 60).next(), None);
    }

    /// Turns of a minute as one profile over all of them: the same arrivals, but for rounding.
    #[test]
    fn a_profile_that_comes_again_is_the_profile_written_out() {
        let turn = [(0, 1.0), (20, 1.0), (20, 50.0), (40, 50.0), (40, 5.0), (60, 1.0)];
        let points = |begin: u64| turn.map(|(at, rate)| (seconds(begin + at), rate)).to_vec();
        let written: Vec<(Time, f64)> = (0..50).flat_map(|turn| points(60 * turn)).collect();
        let written = ArrivalProcess::Profile { points: written };
        let (streams, end) = (Streams::new(1, 0), seconds(3_000));
        let expected: Vec<Time> = Arrivals::new(&[written], streams, "producers.web")
            .take_while(|&at| at < end)
            .collect();
        let repeated = ArrivalProcess::Profile { points: points(0) };
        let found: Vec<Time> = arrivals(repeated, 60).take_while(|&at| at < end).collect();
        assert!(found.len() > 50_000 && found.len() == expected.len(), "{}", found.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert!(found.as_nanos().abs_diff(expected.as_nanos()) <= 64, "{found} {expected}");
        }
    }

    /// One message in a million turns of a second, on average: skipped, not walked through.
    #[test]
    fn turns_without_an_arrival_are_skipped() {
        let rare = ArrivalProcess::Profile { points: vec![(seconds(0), 1e-6)] };
        let last = arrivals(rare, 1).take(1_000).last().expect("it goes on");
        assert!((seconds(850_000_000)..seconds(1_150_000_000)).contains(&last), "{last}");
    }

    /// A turn that is cut by a change goes on where it was.
    #[test]
    fn a_change_begins_in_the_middle_of_a_turn() {
        let process = |count| {
            let burst = ArrivalProcess::Burst { at: seconds(30), count };
            [ArrivalProcess::Repeated { every: Span::from_secs(60), of: Box::new(burst) }]
        };
        let (streams, path) = (Streams::new(1, 0), "producers.web");
        let mut all = Arrivals::new(&process(1), streams, path);
        assert_eq!([all.next(), all.next()], [Some(seconds(30)), Some(seconds(90))]);
        assert_eq!(
            all.change(seconds(60), &process(1), &process(2), streams, path),
            Some(seconds(90))
        );
        assert_eq!([all.next(), all.next()], [Some(seconds(90)), Some(seconds(150))]);
    }

    #[test]
    fn the_area_over_several_turns_is_the_sum_of_theirs() {
        let points = [(seconds(0), 1.0), (seconds(10), 3.0), (seconds(10), 0.0)];
        let mut pieces = Piecewise::profile(&points).repeated(Span::from_secs(60)).expect("a rate");
        // 20 in each turn; from 5 s on 12.5 of it; until 5 s 7.5.
        for (clock, expected) in [(10, 12.5), (60, 12.5), (65, 20.0), (185, 60.0)] {
            pieces.clock = Clock::at(seconds(clock).as_nanos());
            pieces.begin = pieces.turn.map_or(0, |turn| turn.begin_of(pieces.clock.nanos));
            let area = pieces.area_since(seconds(5).as_nanos());
            assert!((area - expected).abs() < 1e-6, "{clock}: {area}");
        }
    }
}
