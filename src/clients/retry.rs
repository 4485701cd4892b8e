//! Back-off of throttled calls.
//!
//! Owns the wait before a retry. Must not know what is retried.

use crate::kernel::rng::Source;
use crate::kernel::time::Span;
use crate::model::clients::Retry;

impl Retry {
    /// The wait before retry `attempt` (from 1): uniform in [0, min(cap, base·2^(attempt − 1))].
    pub fn wait<S: Source>(&self, attempt: u32, source: &mut S) -> Span {
        up_to(doubled(self.base, self.cap, attempt), source)
    }

    /// Whether a call that was tried `attempts` times may be tried again.
    pub fn goes_on(&self, attempts: u32) -> bool {
        self.attempts.is_none_or(|most| attempts < most)
    }
}

/// A ceiling that doubles: min(cap, base·2^(n − 1)) for n from 1.
#[inline]
pub(super) fn doubled(base: Span, cap: Span, n: u32) -> Span {
    base.saturating_mul(1 << n.saturating_sub(1).min(40)).min(cap)
}

/// Full jitter: uniform in [0, ceiling].
#[inline]
pub(super) fn up_to<S: Source>(ceiling: Span, source: &mut S) -> Span {
    Span::from_nanos(source.below(ceiling.as_nanos().saturating_add(1).max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::rng::Draws;

    #[test]
    fn waits_double_up_to_the_cap_and_fill_their_range() {
        let (base, cap) = (Span::from_millis(50), Span::from_millis(150));
        let retry = Retry { base, cap, attempts: Some(3) };
        let mut source = Draws::new(1);
        for (attempt, ceiling) in [(1, 50.0), (2, 100.0), (3, 150.0), (9, 150.0)] {
            let waits = (0..10_000).map(|_| retry.wait(attempt, &mut source).as_secs_f64() * 1e3);
            let waits: Vec<f64> = waits.collect();
            let mean = waits.iter().sum::<f64>() / 1e4;
            // A uniform law's mean of 10,000 draws has a standard error of ceiling / √12 / 100.
            let error = (mean - ceiling / 2.0) / (ceiling / 12.0_f64.sqrt() / 100.0);
            assert!(error.abs() < 4.0, "attempt {attempt}: mean {mean} ms");
            assert!(waits.iter().all(|&wait| wait <= ceiling));
        }
        assert!(retry.goes_on(2) && !retry.goes_on(3));
    }
}
