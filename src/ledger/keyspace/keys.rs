//! Routing of sends: which key of the 64-bit key space a message gets.
//!
//! Owns [`Router`]. Must not know which partition holds a key, [`Keys::LeastBacklog`] apart.
//!
//! Invariant: a key depends on the message's luck, its connection and the clock, never on the
//! partitions, so that a split moves no key. The one exception is [`Keys::LeastBacklog`], which
//! chooses by what the partitions hold when the message is sent; its key then stays as well.
#![expect(clippy::inline_always, reason = "every message passes here, from one or two places")]

use super::cuts::key_at;
use super::partition::Shards;
use crate::kernel::num;
use crate::kernel::rng::{Draws, Fate, Luck, Source, mix};
use crate::kernel::time::{Span, Time};
use crate::ledger::config::Keys;

/// Chooses the keys of one queue.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct Router {
    keys: Keys,
    /// Cumulative shares of the groups, for Zipf's law only.
    shares: Vec<f64>,
    /// Sets this queue's keys apart from those of another queue.
    salt: u64,
}

impl Router {
    pub(in crate::ledger) fn new(keys: Keys, salt: u64) -> Router {
        let shares = match keys {
            Keys::Group { count, zipf, hot } if zipf > 0.0 => {
                cumulative_zipf(count - u32::from(hot > 0.0), zipf)
            }
            Keys::Group { .. }
            | Keys::Uniform
            | Keys::PerCall
            | Keys::Sticky(_)
            | Keys::Sequential { .. }
            | Keys::HotRange { .. }
            | Keys::LeastBacklog(_) => Vec::new(),
        };
        Router { keys, shares, salt }
    }

    /// The key of a message that goes to one of `shards`. `first` is the luck of the first message
    /// of its call, `connection` the client that calls.
    #[inline(always)]
    pub(in crate::ledger) fn key(
        &self,
        luck: Luck,
        first: Luck,
        connection: u32,
        now: Time,
        shards: &Shards,
    ) -> u64 {
        match self.keys {
            Keys::Uniform | Keys::PerCall => {
                let luck = if self.keys == Keys::PerCall { first } else { luck };
                luck.draws(Fate::Key, 0).next_u64()
            }
            Keys::Sticky(period) => self.sticky_key(period, connection, now),
            Keys::Group { count, hot, .. } => self.group_key(self.group(luck, count, hot)),
            Keys::Sequential { pass, spread } => sequential_key(luck, pass, spread, now),
            Keys::HotRange { share, from, width } => hot_range_key(luck, share, from, width),
            Keys::LeastBacklog(choices) => least_backlog_key(luck, choices, shards),
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

    fn group(&self, luck: Luck, count: u32, hot: f64) -> u64 {
        let mut draws = luck.draws(Fate::Group, 0);
        if hot > 0.0 {
            if draws.unit() < hot {
                return 0;
            }
            return 1 + self.by_zipf(&mut draws, count - 1);
        }
        self.by_zipf(&mut draws, count)
    }

    /// One of `count` groups, by Zipf's law.
    #[inline(always)]
    fn by_zipf(&self, draws: &mut Draws, count: u32) -> u64 {
        if self.shares.is_empty() {
            draws.below(u64::from(count))
        } else {
            let u = draws.unit();
            self.shares.partition_point(|&share| share < u).min(self.shares.len() - 1) as u64
        }
    }
}

/// The place of a moment that is not long ago in the pass through the key space. Before the start
/// was another pass.
#[inline(never)]
fn sequential_key(luck: Luck, pass: Span, spread: Span, now: Time) -> u64 {
    let ago = luck.draws(Fate::Key, 0).below(spread.as_nanos().max(1));
    let pass = pass.as_nanos().max(1);
    let at = now.as_nanos() % pass + pass - ago % pass;
    key_at(at % pass, pass)
}

/// A key of the hot range, or one of the whole key space.
#[expect(clippy::cast_sign_loss, reason = "shares are not negative; `as` saturates at the end")]
#[inline(never)]
fn hot_range_key(luck: Luck, share: f64, from: f64, width: f64) -> u64 {
    const WHOLE: f64 = 18_446_744_073_709_551_616.0; // 2^64
    let mut draws = luck.draws(Fate::Key, 0);
    if draws.unit() < share {
        let (first, keys) = ((from * WHOLE) as u64, (width * WHOLE) as u64);
        first.saturating_add(draws.below(keys.max(1)))
    } else {
        draws.next_u64()
    }
}

/// Of `choices` uniform keys the one whose partition holds the fewest messages; the first of equal
/// ones.
#[inline(never)]
fn least_backlog_key(luck: Luck, choices: u32, shards: &Shards) -> u64 {
    let mut draws = luck.draws(Fate::Key, 0);
    let held = shards.backlogs().held();
    let keys = (0..choices.max(1)).map(|_| draws.next_u64());
    let backlog = |key: &u64| held.get(shards.holder(*key)).copied();
    keys.min_by_key(backlog).expect("at least one key is drawn")
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
    use crate::ledger::journal::MessageId;
    use crate::ledger::keyspace::backlog::Counted;
    use crate::ledger::messages::message::Slab;
    use crate::ledger::messages::sealed::Came;

    /// `count` partitions, of which the first holds `held` messages, the next one less, and so on.
    fn shards(count: u32, held: usize) -> Shards {
        let counted = Counted { waiting: false, held: true };
        let mut shards = Shards::new(count, None, counted, &mut Slab::with_capacity(0));
        for at in 0..held {
            let key = shards.get(at).first;
            for id in 0..held - at {
                shards.count(Came { key, id: MessageId(id as u64), sent: Time::ZERO });
            }
        }
        shards
    }

    fn luck(i: u64) -> Luck {
        Luck(mix(i))
    }

    #[test]
    fn zipf_shares_follow_the_law() {
        let router = Router::new(Keys::Group { count: 100, zipf: 1.0, hot: 0.0 }, 1);
        let draws = 200_000_u64;
        let first = (0..draws).filter(|&i| router.group(luck(i), 100, 0.0) == 0).count() as f64;
        let harmonic: f64 = (1..=100).map(|k| 1.0 / f64::from(k)).sum();
        let expected = draws as f64 / harmonic;
        let sd = (expected * (1.0 - 1.0 / harmonic)).sqrt();
        assert!(((first - expected) / sd).abs() < 4.0, "{first} of {expected} ± {sd}");
    }

    #[test]
    fn a_call_a_connection_and_a_group_keep_their_keys_together() {
        let (now, shards) = (Time::from_nanos(5), shards(1, 0));
        let per_call = Router::new(Keys::PerCall, 1);
        let key = |i| per_call.key(luck(i), luck(1), 0, now, &shards);
        assert_eq!(key(2), key(3));
        let sticky = Router::new(Keys::Sticky(Span::from_nanos(10)), 1);
        let key = |connection, at| {
            sticky.key(luck(1), luck(1), connection, Time::from_nanos(at), &shards)
        };
        assert_eq!(key(0, 0), key(0, 9));
        assert_ne!(key(0, 9), key(0, 10));
        assert_ne!(key(0, 0), key(1, 0));
        let group = Router::new(Keys::Group { count: 3, zipf: 0.0, hot: 0.0 }, 1);
        let keys: std::collections::BTreeSet<u64> =
            (0..1000).map(|i| group.key(luck(i), luck(i), 0, now, &shards)).collect();
        assert_eq!(keys.len(), 3);
    }

    /// The share of one value among many draws, as a number of standard deviations.
    fn deviation(count: usize, draws: u64, share: f64) -> f64 {
        let expected = draws as f64 * share;
        (count as f64 - expected) / (expected * (1.0 - share)).sqrt()
    }

    #[test]
    fn a_hot_group_has_its_share_and_the_others_share_the_rest_by_the_law() {
        let draws = 200_000;
        for zipf in [0.0, 1.0] {
            let router = Router::new(Keys::Group { count: 11, zipf, hot: 0.6 }, 1);
            let groups: Vec<u64> = (0..draws).map(|i| router.group(luck(i), 11, 0.6)).collect();
            let of = |group: u64| groups.iter().filter(|&&it| it == group).count();
            let weight = |rank: u32| num::pow(f64::from(rank), -zipf);
            let total: f64 = (1..=10).map(weight).sum();
            assert!(deviation(of(0), draws, 0.6).abs() < 4.0, "the hot one: {}", of(0));
            for rank in 1..=10 {
                let off = deviation(of(u64::from(rank)), draws, 0.4 * weight(rank) / total);
                assert!(off.abs() < 4.0, "zipf {zipf}: group {rank} is off by {off} deviations");
            }
        }
    }

    #[test]
    fn sequential_keys_ascend_through_the_key_space_and_begin_anew() {
        let shards = shards(1, 0);
        let sequential =
            |spread| Router::new(Keys::Sequential { pass: Span::from_secs(100), spread }, 1);
        let router = sequential(Span::from_millis(1));
        let key = |i, ms: u64| {
            router.key(luck(i), luck(i), 0, Time::ZERO + Span::from_millis(ms), &shards)
        };
        let keys: Vec<u64> = (1..100_001).map(|ms| key(ms, ms)).collect();
        assert!(keys.is_sorted_by(|a, b| a < b), "each millisecond lies behind the one before");
        let hundredth = u64::MAX / 100;
        for (second, &key) in keys.iter().step_by(1_000).enumerate() {
            let from = hundredth * second as u64;
            assert!((from..from + hundredth / 500).contains(&key), "second {second}: {key}");
        }
        assert!(key(1, 100_001) < hundredth, "the next pass begins at the lowest key");
        assert_ne!(key(1, 7), key(2, 7), "messages of one moment have keys of their own");
        let router = sequential(Span::from_secs(20));
        let now = Time::ZERO + Span::from_secs(10);
        let mut counts = [0; 100];
        for i in 0..100_000 {
            let key = router.key(luck(i), luck(i), 0, now, &shards);
            counts[(key / (hundredth + 1)) as usize] += 1;
        }
        // The last ten seconds of the pass before, and ten of this one.
        for (second, count) in counts.into_iter().enumerate() {
            let expected = if (10..90).contains(&second) { 0.0 } else { 0.05 };
            let off =
                if expected > 0.0 { deviation(count, 100_000, expected) } else { count as f64 };
            assert!(off.abs() < 4.0, "second {second}: {count}");
        }
    }

    #[test]
    fn a_hot_range_has_its_share_of_the_keys_and_its_part_of_the_others() {
        let (shards, draws) = (shards(1, 0), 100_000);
        // Shares of the key space: before the range, its two halves, behind it.
        for (share, from, width) in [(0.6, 0.625, 0.0625), (0.0, 0.5, 0.25), (1.0, 0.7, 0.3)] {
            let router = Router::new(Keys::HotRange { share, from, width }, 1);
            let mut counts = [0; 4];
            for i in 0..draws {
                let key = router.key(luck(i), luck(i), 0, Time::ZERO, &shards);
                let place = key as f64 / u64::MAX as f64;
                let ends = [from, from + width / 2.0, from + width];
                counts[ends.iter().filter(|&&end| place >= end).count()] += 1;
            }
            let even = [from, width / 2.0, width / 2.0, 1.0 - from - width];
            let parts = [0, 1, 2, 3].map(|part| {
                let hot = if part == 1 || part == 2 { share / 2.0 } else { 0.0 };
                hot + (1.0 - share) * even[part]
            });
            for (count, expected) in counts.into_iter().zip(parts) {
                if expected < 1e-9 {
                    assert_eq!(count, 0, "share {share}: nothing is to come there");
                } else {
                    let off = deviation(count, draws, expected);
                    assert!(off.abs() < 4.0, "share {share}: {counts:?}: {count} is off by {off}");
                }
            }
        }
    }

    #[test]
    fn the_least_backlog_of_the_drawn_partitions_wins_and_equal_ones_are_as_likely() {
        // Partition 0 holds the most, the last one nothing.
        let (busy, idle) = (shards(4, 3), shards(4, 0));
        assert_eq!(busy.backlogs().held(), [3, 2, 1, 0]);
        let draws = 100_000;
        let count = |shards: &Shards, choices| {
            let router = Router::new(Keys::LeastBacklog(choices), 1);
            let mut counts = [0; 4];
            for i in 0..draws {
                let key = router.key(luck(i), luck(i), 0, Time::ZERO, shards);
                counts[shards.holder(key)] += 1;
            }
            counts
        };
        let cases = [
            // Of two draws with replacement, the place of the higher one.
            (count(&busy, 2), [1.0, 3.0, 5.0, 7.0]),
            (count(&busy, 1), [4.0; 4]),
            (count(&idle, 2), [4.0; 4]),
        ];
        for (counts, sixteenths) in cases {
            for (count, share) in counts.into_iter().zip(sixteenths) {
                let off = deviation(count, draws, share / 16.0);
                assert!(off.abs() < 4.0, "{counts:?}: {count} is off by {off} deviations");
            }
        }
        let (one, uniform) = (Keys::LeastBacklog(1), Keys::Uniform);
        let key = |keys| Router::new(keys, 1).key(luck(7), luck(7), 0, Time::ZERO, &busy);
        assert_eq!(key(one), key(uniform), "one choice is none");
    }
}
