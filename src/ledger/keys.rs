//! Routing of sends: which key of the 64-bit key space a message gets.
//!
//! Owns [`Router`]. Must not know which partition holds a key.
//!
//! Invariant: a key depends on the message's luck, its connection and the clock, never on the
//! partitions, so that a split moves no key.
#![expect(clippy::inline_always, reason = "every message passes here, from one or two places")]

use super::config::Keys;
use crate::kernel::num;
use crate::kernel::rng::{Fate, Luck, Source, mix};
use crate::kernel::time::{Span, Time};

/// Chooses the keys of one queue.
#[derive(Clone, Debug)]
pub(super) struct Router {
    keys: Keys,
    /// Cumulative shares of the groups, for Zipf's law only.
    shares: Vec<f64>,
    /// Sets this queue's keys apart from those of another queue.
    salt: u64,
}

impl Router {
    pub(super) fn new(keys: Keys, salt: u64) -> Router {
        let shares = match keys {
            Keys::Group { count, zipf } if zipf > 0.0 => cumulative_zipf(count, zipf),
            Keys::Group { .. } | Keys::Uniform | Keys::PerCall | Keys::Sticky(_) => Vec::new(),
        };
        Router { keys, shares, salt }
    }

    /// The key of a message. `first` is the luck of the first message of its call, `connection`
    /// the client that calls.
    #[inline(always)]
    pub(super) fn key(&self, luck: Luck, first: Luck, connection: u32, now: Time) -> u64 {
        match self.keys {
            Keys::Uniform | Keys::PerCall => {
                let luck = if self.keys == Keys::PerCall { first } else { luck };
                luck.draws(Fate::Key, 0).next_u64()
            }
            Keys::Sticky(period) => self.sticky_key(period, connection, now),
            Keys::Group { count, .. } => self.group_key(self.group(luck, count)),
        }
    }

    /// The key of a connection in the present period.
    fn sticky_key(&self, period: Span, connection: u32, now: Time) -> u64 {
        let epoch = now.as_nanos() / period.as_nanos().max(1);
        mix(self.salt ^ mix(u64::from(connection) ^ mix(epoch)))
    }

    /// The hash of a group.
    fn group_key(&self, group: u64) -> u64 {
        mix(self.salt ^ mix(group))
    }

    fn group(&self, luck: Luck, count: u32) -> u64 {
        let mut draws = luck.draws(Fate::Group, 0);
        if self.shares.is_empty() {
            draws.below(u64::from(count))
        } else {
            let u = draws.unit();
            self.shares.partition_point(|&share| share < u).min(self.shares.len() - 1) as u64
        }
    }
}

/// Cumulative shares of `count` groups under Zipf's law with this exponent.
fn cumulative_zipf(count: u32, exponent: f64) -> Vec<f64> {
    let weights = (1..=count).map(|rank| num::pow(f64::from(rank), -exponent));
    let total: f64 = weights.clone().sum();
    weights
        .scan(0.0, |sum, weight| {
            *sum += weight / total;
            Some(*sum)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luck(i: u64) -> Luck {
        Luck(mix(i))
    }

    #[test]
    fn zipf_shares_follow_the_law() {
        let router = Router::new(Keys::Group { count: 100, zipf: 1.0 }, 1);
        let draws = 200_000_u64;
        let first = (0..draws).filter(|&i| router.group(luck(i), 100) == 0).count() as f64;
        let harmonic: f64 = (1..=100).map(|k| 1.0 / f64::from(k)).sum();
        let expected = draws as f64 / harmonic;
        let sd = (expected * (1.0 - 1.0 / harmonic)).sqrt();
        assert!(((first - expected) / sd).abs() < 4.0, "{first} of {expected} ± {sd}");
    }

    #[test]
    fn a_call_a_connection_and_a_group_keep_their_keys_together() {
        let now = Time::from_nanos(5);
        let per_call = Router::new(Keys::PerCall, 1);
        assert_eq!(per_call.key(luck(2), luck(1), 0, now), per_call.key(luck(3), luck(1), 0, now));
        let sticky = Router::new(Keys::Sticky(Span::from_nanos(10)), 1);
        let key = |connection, at| sticky.key(luck(1), luck(1), connection, Time::from_nanos(at));
        assert_eq!(key(0, 0), key(0, 9));
        assert_ne!(key(0, 9), key(0, 10));
        assert_ne!(key(0, 0), key(1, 0));
        let group = Router::new(Keys::Group { count: 3, zipf: 0.0 }, 1);
        let keys: std::collections::BTreeSet<u64> =
            (0..1000).map(|i| group.key(luck(i), luck(i), 0, now)).collect();
        assert_eq!(keys.len(), 3);
    }
}
