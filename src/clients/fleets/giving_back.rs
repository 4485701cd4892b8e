//! How long what failed stays away.
//!
//! Owns the visibility timeout that a worker sets after a failure. Must not know who failed, nor
//! the ledger.

use crate::clients::retry::{doubled, up_to};
use crate::kernel::rng::{Fate, Luck};
use crate::kernel::time::Span;
use crate::model::clients::{Jitter, OnFailure};

impl OnFailure {
    /// The visibility timeout of a message of this luck that failed after so many receives, from 1;
    /// `None` leaves it as it is.
    pub(super) fn away(&self, receives: u32, luck: Luck) -> Option<Span> {
        match self {
            OnFailure::LetExpire => None,
            OnFailure::Release(away) => Some(*away),
            OnFailure::Backoff { base, cap, jitter } => {
                let longest = doubled(*base, *cap, receives);
                Some(match jitter {
                    Jitter::None => longest,
                    Jitter::Full => up_to(longest, &mut luck.draws(Fate::Backoff, receives)),
                })
            }
            OnFailure::Delays(delays) => {
                let place = receives.saturating_sub(1) as usize;
                delays.get(place).or(delays.last()).copied()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Span = Span::from_secs(1);

    fn away(then: &OnFailure, receives: u32) -> Option<u64> {
        then.away(receives, Luck(7)).map(|away| away.as_nanos() / SECOND.as_nanos())
    }

    #[test]
    fn a_back_off_doubles_with_every_receive_up_to_its_cap() {
        let cap = Span::from_secs(10);
        let then = OnFailure::Backoff { base: SECOND, cap, jitter: Jitter::None };
        let receives = [1, 2, 3, 4, 5, 1_000, u32::MAX];
        let expected = [1, 2, 4, 8, 10, 10, 10].map(Some);
        assert_eq!(receives.map(|receives| away(&then, receives)), expected);
    }

    #[test]
    fn delays_go_on_with_the_last_one() {
        let then = OnFailure::Delays([1, 10, 60].map(Span::from_secs).into());
        let receives = [1, 2, 3, 4, u32::MAX];
        let expected = [1, 10, 60, 60, 60].map(Some);
        assert_eq!(receives.map(|receives| away(&then, receives)), expected);
    }

    /// A uniform law's mean of 10,000 draws has a standard error of ceiling / √12 / 100.
    #[test]
    fn full_jitter_fills_the_range_and_is_the_same_for_the_same_luck() {
        let then = OnFailure::Backoff { base: SECOND, cap: SECOND * 4, jitter: Jitter::Full };
        for (receives, ceiling) in [(1, 1.0), (2, 2.0), (3, 4.0), (9, 4.0)] {
            let draw = |luck| then.away(receives, Luck(luck)).expect("it sets a timeout");
            let all: Vec<f64> = (0..10_000).map(|luck| draw(luck).as_secs_f64()).collect();
            let mean = all.iter().sum::<f64>() / 1e4;
            let error = (mean - ceiling / 2.0) / (ceiling / 12.0_f64.sqrt() / 100.0);
            assert!(error.abs() < 4.0, "receive {receives}: mean {mean} s");
            assert!(all.iter().all(|&away| away <= ceiling));
            assert_eq!(draw(5), draw(5));
        }
    }
}
