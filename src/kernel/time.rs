//! Virtual time: [`Time`], an instant, and [`Span`], a length.
//!
//! Owns the two newtypes over whole nanoseconds and only those operations on them that make
//! sense: an instant plus a length is an instant, two instants differ by a length, two instants
//! cannot be added. Must not know what happens at an instant.
//!
//! Invariant: no float ever holds a time. A sampled length is rounded once, in
//! [`Span::round_nanos`], the only door from floating point.
//!
//! ```compile_fail
//! use sqsim::kernel::time::Time;
//! let _ = Time::ZERO + Time::ZERO; // adding two instants means nothing
//! ```
//! ```compile_fail
//! use sqsim::kernel::time::Time;
//! let _ = Time::ZERO * 2; // neither does twice an instant
//! ```

use std::fmt;
use std::ops::{Add, AddAssign, Div, Mul, Sub, SubAssign};

/// An instant of virtual time, in nanoseconds since the start of the run.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

/// A length of virtual time, in nanoseconds.
///
/// ```
/// use sqsim::kernel::time::{Span, Time};
///
/// let sent = Time::ZERO + Span::from_secs(3);
/// let visible = sent + Span::from_millis(1_500);
/// assert_eq!(visible.since(sent) * 2, Span::from_secs(3));
/// assert_eq!(visible.since(sent).to_string(), "1s500ms");
/// assert_eq!(visible.to_string(), "4.500000000s");
/// ```
#[must_use]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

impl Time {
    /// The start of the run.
    pub const ZERO: Time = Time(0);
    /// Later than anything that happens: 584 years.
    pub const NEVER: Time = Time(u64::MAX);

    /// The instant `nanos` nanoseconds after the start.
    pub const fn from_nanos(nanos: u64) -> Time {
        Time(nanos)
    }

    /// Nanoseconds since the start.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The length since `earlier`.
    ///
    /// # Panics
    /// If `earlier` is later: time went backwards, which is a bug.
    #[inline]
    pub fn since(self, earlier: Time) -> Span {
        assert!(earlier.0 <= self.0, "time went backwards: {earlier} is after {self}");
        Span(self.0 - earlier.0)
    }

    /// The instant `span` later, or [`Time::NEVER`] where it would overflow.
    #[inline]
    pub const fn saturating_add(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// The longest length: 584 years.
    pub const MAX: Span = Span(u64::MAX);

    /// A length of `nanos` nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Span {
        Span(nanos)
    }

    /// A length of `micros` microseconds.
    pub const fn from_micros(micros: u64) -> Span {
        Span(micros * 1_000)
    }

    /// A length of `millis` milliseconds.
    pub const fn from_millis(millis: u64) -> Span {
        Span(millis * 1_000_000)
    }

    /// A length of `secs` seconds.
    pub const fn from_secs(secs: u64) -> Span {
        Span(secs * 1_000_000_000)
    }

    /// A sampled length, given in nanoseconds: rounded to the nearest whole one (ties to even),
    /// negative and NaN become zero, what does not fit becomes [`Span::MAX`].
    #[inline]
    #[expect(clippy::cast_sign_loss, reason = "`as` saturates, which is what the doc promises")]
    pub fn round_nanos(nanos: f64) -> Span {
        // Doubles from 2^52 to 2^53 are the whole numbers there: adding 2^52 rounds, ties to even,
        // and leaves the sum's bits that much above those of 2^52 itself.
        const WHOLE: f64 = (1_u64 << 52) as f64;
        if (0.0..WHOLE).contains(&nanos) {
            return Span((nanos + WHOLE).to_bits() - WHOLE.to_bits());
        }
        Span(libm::rint(nanos) as u64)
    }

    /// The length in nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The length in seconds, for printing and for formulas; never for keeping time.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// True for no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or [`Span::MAX`] where it would overflow.
    pub const fn saturating_add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }

    /// The product, or [`Span::MAX`] where it would overflow.
    pub const fn saturating_mul(self, times: u64) -> Span {
        Span(self.0.saturating_mul(times))
    }

    /// The difference, or zero where `other` is longer.
    pub const fn saturating_sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

impl Add<Span> for Time {
    type Output = Time;
    #[inline]
    fn add(self, span: Span) -> Time {
        Time(self.0.checked_add(span.0).expect("virtual time ends after 584 years"))
    }
}

impl AddAssign<Span> for Time {
    #[inline]
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Sub<Time> for Time {
    type Output = Span;
    #[inline]
    fn sub(self, earlier: Time) -> Span {
        self.since(earlier)
    }
}

impl Add for Span {
    type Output = Span;
    #[inline]
    fn add(self, other: Span) -> Span {
        Span(self.0.checked_add(other.0).expect("a length fits 584 years"))
    }
}

impl AddAssign for Span {
    #[inline]
    fn add_assign(&mut self, other: Span) {
        *self = *self + other;
    }
}

impl Sub for Span {
    type Output = Span;
    #[inline]
    fn sub(self, other: Span) -> Span {
        Span(self.0.checked_sub(other.0).expect("a length is not negative"))
    }
}

impl SubAssign for Span {
    #[inline]
    fn sub_assign(&mut self, other: Span) {
        *self = *self - other;
    }
}

impl Mul<u64> for Span {
    type Output = Span;
    #[inline]
    fn mul(self, times: u64) -> Span {
        Span(self.0.checked_mul(times).expect("a length fits 584 years"))
    }
}

impl Div<u64> for Span {
    type Output = Span;
    #[inline]
    fn div(self, parts: u64) -> Span {
        Span(self.0 / parts)
    }
}

/// Seconds with nine digits, `41.207318500s`: the form that traces and errors share.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}s", self.0 / 1_000_000_000, self.0 % 1_000_000_000)
    }
}

/// The shortest exact form the scenario language reads back: `150ms`, `2h30m`, `1s500ms`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(&str, u64); 7] = [
            ("d", 86_400_000_000_000),
            ("h", 3_600_000_000_000),
            ("m", 60_000_000_000),
            ("s", 1_000_000_000),
            ("ms", 1_000_000),
            ("us", 1_000),
            ("ns", 1),
        ];
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (unit, size) in UNITS {
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampled_lengths_round_to_even_and_saturate() {
        let cases = [(0.5, 0), (1.5, 2), (2.5, 2), (-3.0, 0), (f64::NAN, 0), (1e30, u64::MAX)];
        let near = (1_u64 << 52) as f64;
        let edges =
            [-0.0, 0.499_999_999_999_999_94, near - 0.5, near, near + 2.0, near * 2.0 - 1.0];
        let powers = (0..62).map(|bit| (1_u64 << bit) as f64);
        let powers = powers.flat_map(|power| [-0.5, 0.0, 0.5, 1.5].map(|by| power + by));
        for nanos in edges.into_iter().chain(powers) {
            let rounded = Span::round_nanos(nanos).as_nanos();
            assert_eq!((rounded as f64).to_bits(), (libm::rint(nanos) + 0.0).to_bits(), "{nanos}");
        }
        for (nanos, expected) in cases {
            assert_eq!(Span::round_nanos(nanos).as_nanos(), expected, "{nanos}");
        }
    }

    #[test]
    fn instants_and_lengths_print_in_their_own_forms() {
        assert_eq!(Time::from_nanos(41_207_318_500).to_string(), "41.207318500s");
        assert_eq!(Span::from_secs(9_000).to_string(), "2h30m");
        assert_eq!(Span::from_millis(1_500).to_string(), "1s500ms");
        assert_eq!(Span::ZERO.to_string(), "0s");
    }

    #[test]
    #[should_panic(expected = "time went backwards")]
    fn an_earlier_instant_has_no_length_since_a_later_one() {
        let _ = Time::ZERO - Time::from_nanos(1);
    }
}
