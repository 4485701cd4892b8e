//! Token buckets.
//!
//! Owns admission. Must not know what a refused call does next.
//!
//! The bucket is kept as the generic cell rate algorithm (ITU-T I.371): one instant, the
//! theoretical arrival time of the next call of a steady stream. A call is admitted if that
//! instant is not more than the burst's worth ahead. Whole nanoseconds, nothing to refill.

use crate::kernel::time::{Span, Time};

/// A rate and a burst in the form that admission needs.
#[derive(Clone, Copy, Debug)]
pub struct TokenRate {
    /// Between the calls of a steady stream.
    interval: Span,
    /// How far ahead of its time a call may come.
    tolerance: Span,
    /// Calls per second.
    pub per_second: f64,
}

impl TokenRate {
    /// So many calls per second, and so many that an idle bucket admits at once.
    pub fn new(per_second: f64, burst: f64) -> TokenRate {
        let interval = Span::round_nanos(1e9 / per_second);
        let tolerance = Span::round_nanos((burst - 1.0).max(0.0) * 1e9 / per_second);
        TokenRate { interval, tolerance, per_second }
    }
}

/// The state of one token bucket, full at first.
#[derive(Clone, Copy, Debug)]
pub struct Bucket(Time);

impl Bucket {
    /// One that has all its tokens.
    pub const FULL: Bucket = Bucket(Time::ZERO);

    /// When the next call is admitted, if none comes before; [`Time::NEVER`] where the next call of
    /// the steady stream lies behind the end of virtual time.
    pub fn admits_at(self, rate: TokenRate) -> Time {
        if self.0 == Time::NEVER {
            return Time::NEVER;
        }
        Time::from_nanos(self.0.as_nanos().saturating_sub(rate.tolerance.as_nanos()))
    }

    /// The same bucket under another rate: as many tokens are missing as before. One that was not
    /// looked at, without a rate, is full.
    pub fn convert(&mut self, from: Option<TokenRate>, to: Option<TokenRate>, now: Time) {
        let (Some(from), Some(to)) = (from, to) else {
            *self = Bucket::FULL;
            return;
        };
        if self.0 > now {
            let [owed, before, after] =
                [self.0 - now, from.interval, to.interval].map(|span| u128::from(span.as_nanos()));
            let owed = owed * after / before.max(1);
            self.0 = now.saturating_add(Span::from_nanos(owed.try_into().unwrap_or(u64::MAX)));
        }
    }

    /// Takes a token if there is one.
    pub fn admit(&mut self, rate: TokenRate, now: Time) -> bool {
        let admitted = self.admits_at(rate) <= now;
        if admitted {
            self.0 = self.0.max(now).saturating_add(rate.interval);
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bucket of `burst` tokens at `per_second` admits, over any time t from full,
    /// `burst + t × per_second` calls at most; a greedy client gets all of them.
    #[test]
    fn a_greedy_client_gets_the_burst_and_then_the_rate() {
        let rate = TokenRate::new(100.0, 20.0);
        let mut bucket = Bucket::FULL;
        let calls = (0..10_000_u64).map(|ms| Time::from_nanos(ms * 1_000_000));
        let admitted = calls.filter(|&now| bucket.admit(rate, now)).count();
        assert_eq!(admitted, 20 + 999);
    }

    #[test]
    fn an_idle_bucket_fills_no_further_than_its_burst() {
        let rate = TokenRate::new(10.0, 3.0);
        let mut bucket = Bucket::FULL;
        let now = Time::from_nanos(60_000_000_000);
        let admitted = (0..10).filter(|_| bucket.admit(rate, now)).count();
        assert_eq!(admitted, 3);
        assert_eq!(bucket.admits_at(rate), now + Span::from_millis(100));
    }

    /// A bucket of 10 that lacks 4 tokens lacks 4 of 30 at once after a change, and all of them
    /// return at the new rate.
    #[test]
    fn a_bucket_under_another_rate_lacks_as_many_tokens() {
        let slow = TokenRate::new(10.0, 10.0);
        let fast = TokenRate::new(100.0, 30.0);
        let now = Time::from_nanos(5_000_000_000);
        let mut bucket = Bucket::FULL;
        assert!((0..4).all(|_| bucket.admit(slow, now)));
        bucket.convert(Some(slow), Some(fast), now);
        assert_eq!((0..40).filter(|_| bucket.admit(fast, now)).count(), 26);
        let full = now + Span::from_millis(300);
        assert_eq!((0..40).filter(|_| bucket.admit(fast, full)).count(), 30);
        bucket.convert(Some(fast), None, full);
        assert_eq!(bucket.admits_at(slow), Time::ZERO);
    }

    /// A steady stream slower than virtual time is long admits what the bucket holds, and no more.
    #[test]
    fn a_bucket_that_never_fills_again_admits_its_burst() {
        let rate = TokenRate::new(1e-12, 1.0);
        let mut bucket = Bucket::FULL;
        assert!(bucket.admit(rate, Time::ZERO + Span::from_millis(1)));
        assert_eq!(bucket.admits_at(rate), Time::NEVER);
        assert!(!bucket.admit(rate, Time::from_nanos(u64::MAX - 1)));
    }
}
