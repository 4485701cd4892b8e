//! Exponentially weighted rates over 2 to 20 minutes.
//!
//! Owns the averages that `Ewma` judges by. Must not know what is too much.

use crate::kernel::num;
use crate::kernel::time::{Span, Time};

/// How often the rates are brought up to date.
pub(in crate::ledger) const EVERY: Span = Span::from_secs(5);
/// The time constants of the rates, in minutes.
const MINUTES: [f64; 4] = [2.0, 5.0, 10.0, 20.0];

/// Calls per second, averaged with each of the time constants.
#[derive(Clone, Debug, Default)]
pub(in crate::ledger) struct Rates {
    calls: u64,
    rates: [f64; 4],
}

impl Rates {
    /// Adds the rates of another partition.
    pub(in crate::ledger) fn add(&mut self, other: &Rates) {
        for (rate, more) in self.rates.iter_mut().zip(other.rates) {
            *rate += more;
        }
    }

    /// The averages, the shortest first.
    pub(in crate::ledger) fn averages(&self) -> [f64; 4] {
        self.rates
    }

    /// Closes a second with so many calls.
    pub(in crate::ledger) fn note(&mut self, calls: u32, now: Time) {
        self.calls += u64::from(calls);
        if now.as_nanos().is_multiple_of(EVERY.as_nanos()) {
            let mean = self.calls as f64 / EVERY.as_secs_f64();
            self.calls = 0;
            for (rate, minutes) in self.rates.iter_mut().zip(MINUTES) {
                *rate += (mean - *rate) * (1.0 - num::exp(-EVERY.as_secs_f64() / (60.0 * minutes)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_rate_follows_the_closed_form() {
        let mut rates = Rates::default();
        for second in 1..=120 {
            rates.note(1000, Time::from_nanos(second * 1_000_000_000));
        }
        for (rate, minutes) in rates.averages().into_iter().zip(MINUTES) {
            let expected = 1000.0 * (1.0 - num::exp(-2.0 / minutes));
            assert!((rate - expected).abs() < 1e-6, "{rate} is not {expected}");
        }
    }
}
