//! Back-off of calls that were throttled or failed, and what bounds how many are tried again.
//!
//! Owns the wait before a retry, and the budget of one caller. Must not know what is retried.

use crate::kernel::rng::Source;
use crate::kernel::time::Span;
use crate::model::clients::{Retry, RetryBudget};

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
/// What a token, or a retry, counts.
const WHOLE: u64 = 1_000_000;

/// What is left of a budget, in millionths of a token or of a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Credit(u64);

impl RetryBudget {
    /// What a caller may spend at first.
    pub fn full(&self) -> Credit {
        match *self {
            RetryBudget::Unlimited => Credit(0),
            RetryBudget::Tokens { size, .. } => Credit(u64::from(size) * WHOLE),
            RetryBudget::Share { saved, .. } => Credit(u64::from(saved) * WHOLE),
        }
    }

    /// A call is tried for the first time.
    pub fn earn(&self, credit: &mut Credit) {
        if let RetryBudget::Share { millionths, .. } = *self {
            *credit = Credit(credit.0 + u64::from(millionths)).min(self.full());
        }
    }

    /// Pays for a retry after a call that was refused or not; `None` if there is too little.
    pub fn spend(&self, credit: &mut Credit, refused: bool) -> Option<Paid> {
        let price = match *self {
            RetryBudget::Unlimited => 0,
            RetryBudget::Tokens { cost, cost_refused, .. } => {
                u64::from(if refused { cost_refused } else { cost }) * WHOLE
            }
            RetryBudget::Share { .. } => WHOLE,
        };
        *credit = Credit(credit.0.checked_sub(price)?);
        Some(Paid(price))
    }

    /// A call succeeded; the retry that it was, if it was one, had cost so much.
    pub fn succeed(&self, credit: &mut Credit, paid: Option<Paid>) {
        if let RetryBudget::Tokens { .. } = self {
            let back = paid.map_or(WHOLE, |paid| paid.0);
            *credit = Credit(credit.0 + back).min(self.full());
        }
    }
}

/// What a retry cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paid(u64);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::rng::Draws;

    /// A bucket of 500 pays for 35 retries at 14 (490), and for two at 5 with the 10 that are left.
    /// A first try that succeeds brings one token, a retry that does its own price.
    #[test]
    fn a_bucket_pays_for_as_many_retries_as_it_has_tokens_for() {
        let sdk = RetryBudget::Tokens { size: 500, cost: 14, cost_refused: 5 };
        let mut credit = sdk.full();
        assert_eq!((0..40).filter(|_| sdk.spend(&mut credit, false).is_some()).count(), 35);
        let dear = sdk.spend(&mut credit, true);
        assert!(sdk.spend(&mut credit, true).is_some());
        assert_eq!((credit, sdk.spend(&mut credit, true)), (Credit(0), None));
        sdk.succeed(&mut credit, None);
        assert_eq!(credit, Credit(WHOLE));
        sdk.succeed(&mut credit, dear);
        assert_eq!(credit, Credit(6 * WHOLE));
        (0..600).for_each(|_| sdk.succeed(&mut credit, None));
        assert_eq!(credit, sdk.full());
    }

    /// A tenth of a retry for each call, two saved up at first: after those, one in ten.
    #[test]
    fn a_share_allows_so_many_retries_of_a_hundred_calls() {
        let tenth = RetryBudget::Share { millionths: 100_000, saved: 2 };
        let mut credit = tenth.full();
        let mut retried = 0;
        for _ in 0..100 {
            tenth.earn(&mut credit);
            retried += u32::from(tenth.spend(&mut credit, true).is_some());
            tenth.succeed(&mut credit, None);
        }
        // The first call earns nothing: all is saved up already.
        assert_eq!((retried, credit), (2 + 9, Credit(900_000)));
    }

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
