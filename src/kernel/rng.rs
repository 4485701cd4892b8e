//! Chance: named streams, and a message's luck.
//!
//! Owns the derivation of every random number from (seed, replication, path of the entity,
//! purpose). Must not know what a number is used for.
//!
//! Invariant: a stream depends on its name alone. Adding a consumer, or drawing more from one
//! stream, never moves another (common random numbers by construction; P. L'Ecuyer, "Random
//! number generation with multiple streams", WSC 2015).
//!
//! Streams are `ChaCha8` (D. J. Bernstein, "`ChaCha`, a variant of Salsa20", 2008): the key is
//! (seed, replication), the 64-bit stream number is a hash of (path, purpose). A message carries
//! one `u64` of it, its [`Luck`]; all that chance does to the message later is derived from
//! (luck, purpose, receive count) by `SplitMix64` (Steele, Lea, Flood, OOPSLA 2014).

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng};

/// What a stream is for. The name is part of the stream's identity, so a purpose is never renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Gaps between the arrivals of a producer.
    Arrivals,
    /// The luck of a producer's messages, one number each.
    Luck,
    /// Call latencies of a client.
    Latency,
    /// Back-off of throttled calls.
    Backoff,
    /// Partition keys chosen by the router.
    Keys,
    /// Which partitions a short poll samples.
    Sampling,
    /// The reservoir of a split policy.
    Split,
    /// Crashes and restarts of a worker.
    Crash,
    /// Start-up delay of a worker.
    StartUp,
    /// Pauses between polls.
    Pause,
    /// Think times of closed clients.
    Think,
    /// Where replicas are placed.
    Placement,
    /// Failures and repairs of nodes.
    Failures,
    /// When a scaler reads a queue's counters, and how far they lag.
    Counters,
    /// When a pod autoscaler reads them, and how far they lag then.
    Syncs,
    /// How long the nodes take that replicas are placed on.
    NodeBoot,
    /// How long workers take that a scaler asks for.
    Boot,
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self {
            Purpose::Arrivals => "arrivals",
            Purpose::Luck => "luck",
            Purpose::Latency => "latency",
            Purpose::Backoff => "backoff",
            Purpose::Keys => "keys",
            Purpose::Sampling => "sampling",
            Purpose::Split => "split",
            Purpose::Crash => "crash",
            Purpose::StartUp => "start-up",
            Purpose::Pause => "pause",
            Purpose::Think => "think",
            Purpose::Placement => "placement",
            Purpose::Failures => "failures",
            Purpose::Counters => "counters",
            Purpose::Syncs => "syncs",
            Purpose::NodeBoot => "node boot",
            Purpose::Boot => "boot",
        }
    }
}

/// A source of uniform 64-bit numbers.
pub trait Source {
    /// The next 64 uniform bits.
    fn next_u64(&mut self) -> u64;

    /// A number in the open interval (0, 1): the midpoints of 2^52 equal cells, so that neither
    /// `ln(u)` nor `ln(1 - u)` can meet a zero. With 2^53 cells the midpoints of the upper half
    /// would not fit a double and the last would round to 1; so both `u` and `1 - u` are exact.
    #[inline]
    fn unit(&mut self) -> f64 {
        ((self.next_u64() >> 12) as f64 + 0.5) * (1.0 / 4_503_599_627_370_496.0)
    }

    /// A whole number below `n`, without bias (Lemire, "Fast random integer generation in an
    /// interval", ACM TOMACS 2019).
    ///
    /// # Panics
    /// If `n` is zero.
    #[inline]
    fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "there is no whole number below zero");
        loop {
            let wide = u128::from(self.next_u64()) * u128::from(n);
            let low = wide as u64;
            if low >= n || low >= n.wrapping_neg() % n {
                return (wide >> 64) as u64;
            }
        }
    }
}

/// One named stream of chance.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Source for Stream {
    #[inline]
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// All streams of one replication: a seed and nothing else.
///
/// ```
/// use sqsim::kernel::rng::{Purpose, Source, Streams};
///
/// let streams = Streams::new(42, 0);
/// let first = |path: &str| streams.stream(path, Purpose::Arrivals).next_u64();
/// // A stream is its name: another one beside it moves nothing.
/// assert_eq!(first("producers.web"), first("producers.web"));
/// assert_ne!(first("producers.web"), first("producers.batch"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Streams {
    seed: u64,
    replication: u64,
}

impl Streams {
    /// The streams of replication `replication` (from 0) under `seed`.
    pub const fn new(seed: u64, replication: u64) -> Streams {
        Streams { seed, replication }
    }

    /// The stream of the entity at `path` (`producers.web`, `consumers.workers.3`) for `purpose`.
    pub fn stream(self, path: &str, purpose: Purpose) -> Stream {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8..16].copy_from_slice(&self.replication.to_le_bytes());
        key[16..].copy_from_slice(b"sqsim streams v1");
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(name_hash(path, purpose.name()));
        Stream(rng)
    }
}

/// FNV-1a over `path`, a zero byte and `purpose`, finished by `mix` so that near names part.
fn name_hash(path: &str, purpose: &str) -> u64 {
    let bytes = path.bytes().chain([0]).chain(purpose.bytes());
    mix(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    }))
}

/// The finaliser of `SplitMix64`: a bijection on 64 bits in which every input bit reaches every
/// output bit.
#[inline]
pub const fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// What of a message's life its luck decides. The discriminant is part of the derivation, so a
/// number is never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Fate {
    /// The work of one processing.
    Work = 1,
    /// Whether one processing fails.
    Failure = 2,
    /// Whether every processing fails: a poison message.
    Poison = 3,
    /// Whether the service loses a delete of it.
    LostDelete = 4,
    /// Its partition key, where the router draws one per message.
    Key = 5,
    /// The luck of the message it becomes in the next queue of a pipeline.
    Forward = 6,
    /// The message group it belongs to.
    Group = 7,
    /// Whether a receive does not hide it.
    Duplicate = 8,
    /// How large it is.
    Size = 9,
    /// How long after its send it may be worked on.
    Hold = 10,
    /// How much of a back-off it stays away after one receive.
    Backoff = 11,
    /// Whether a delete with an older receipt deletes it.
    StaleDelete = 12,
    /// The work of a call to a downstream that its processing makes.
    Call = 13,
    /// Whether such a call fails.
    CallFailure = 14,
    /// The luck of another try of such a call.
    CallAgain = 15,
}

/// A message's luck: one uniform `u64`, drawn when it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Luck(pub u64);

impl Luck {
    /// The source of what chance does for `fate` at the `receive`-th receive (0 where the answer
    /// must be the same at every receive).
    #[inline]
    pub const fn draws(self, fate: Fate, receive: u32) -> Draws {
        Draws(mix(self.0 ^ mix(((fate as u64) << 32) | receive as u64)))
    }

    /// Its luck in the `attempt`-th try of a call, from 1: its own in the first.
    #[must_use]
    pub fn in_try(self, attempt: u32) -> Luck {
        match attempt {
            0 | 1 => self,
            _ => Luck(self.draws(Fate::CallAgain, attempt).next_u64()),
        }
    }

    /// Its luck in the next queue: of the message that a pipeline makes of it, and of itself after
    /// a move to a dead-letter queue.
    #[must_use]
    pub fn next_queue(self) -> Luck {
        Luck(self.draws(Fate::Forward, 0).next_u64())
    }
}

/// A short deterministic sequence, derived from a message's luck (`SplitMix64`).
#[derive(Clone, Copy, Debug)]
pub struct Draws(u64);

impl Draws {
    /// The sequence that `seed` starts.
    pub const fn new(seed: u64) -> Draws {
        Draws(mix(seed))
    }
}

impl Source for Draws {
    #[inline]
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stream 0 of the all-zero key is a published test vector of `ChaCha8` (draft-strombergson-
    /// chacha-test-vectors-01, TC1, 256-bit key, 8 rounds): 3e00ef2f895f40d67f5bb8e81f09a5a1 …
    #[test]
    fn the_generator_is_chacha8() {
        let mut rng = ChaCha8Rng::from_seed([0; 32]);
        assert_eq!(rng.next_u64().to_le_bytes(), [0x3e, 0, 0xef, 0x2f, 0x89, 0x5f, 0x40, 0xd6]);
    }

    #[test]
    fn a_stream_depends_on_each_part_of_its_name() {
        let first = |seed, replication, path, purpose| {
            Streams::new(seed, replication).stream(path, purpose).next_u64()
        };
        let base = first(1, 0, "producers.web", Purpose::Arrivals);
        assert_eq!(base, first(1, 0, "producers.web", Purpose::Arrivals));
        assert_ne!(base, first(2, 0, "producers.web", Purpose::Arrivals));
        assert_ne!(base, first(1, 1, "producers.web", Purpose::Arrivals));
        assert_ne!(base, first(1, 0, "producers.wec", Purpose::Arrivals));
        assert_ne!(base, first(1, 0, "producers.web", Purpose::Luck));
    }

    #[test]
    fn units_stay_inside_the_open_interval() {
        struct Same(u64);
        impl Source for Same {
            fn next_u64(&mut self) -> u64 {
                self.0
            }
        }
        let (least, most) = (Same(0).unit(), Same(u64::MAX).unit());
        assert!(0.0 < least && most < 1.0, "{least} {most}");
        assert!((least - (1.0 - most)).abs() < f64::MIN_POSITIVE, "not symmetric");
    }

    #[test]
    fn below_covers_its_range_evenly() {
        let mut source = Luck(7).draws(Fate::Work, 1);
        let mut counts = [0_u32; 7];
        for _ in 0..70_000 {
            counts[source.below(7) as usize] += 1;
        }
        // Chi-square with 6 degrees of freedom: 22.46 is its 99.9 % quantile.
        let chi: f64 =
            counts.iter().map(|&c| (f64::from(c) - 1e4) * (f64::from(c) - 1e4) / 1e4).sum();
        assert!(chi < 22.46, "chi-square {chi} of {counts:?}");
    }
}
