//! How large messages are, and what that makes of a call.
//!
//! Owns the limits of SQS on sizes, the size of a message and the count of a call's chunks. Must
//! not know what a chunk costs.
//!
//! Invariant: a size follows from a message's luck alone; it is never stored, and no stream of
//! chance is drawn from for it.

use super::MAX_BATCH;
use crate::kernel::dist::Dist;
use crate::kernel::rng::{Fate, Luck};
use crate::kernel::time::Span;

/// Bytes of the largest message, and of the largest sum of a send of several
/// ([quotas](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html)).
pub const MAX_BYTES: u64 = 1_048_576;

/// Payload, in bytes, that is billed as one request ([prices](https://aws.amazon.com/sqs/pricing/)).
pub const CHUNK_BYTES: u64 = 65_536;

/// The law of the sizes of a queue's messages.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageSize(Dist);

impl MessageSize {
    /// Sizes that are drawn as lengths are, a byte for each nanosecond.
    pub const fn new(bytes: Dist) -> MessageSize {
        MessageSize(bytes)
    }

    /// Messages of equal size, in bytes.
    pub const fn constant(bytes: u64) -> MessageSize {
        MessageSize(Dist::Constant(Span::from_nanos(bytes)))
    }

    /// Bytes of the message with this luck: at least 1, at most what SQS takes.
    pub fn of(&self, luck: Luck) -> u64 {
        self.0.sample(&mut luck.draws(Fate::Size, 0)).as_nanos().clamp(1, MAX_BYTES)
    }

    /// Bytes of the largest message that can be drawn; `None` where no bound is set.
    pub fn largest(&self) -> Option<u64> {
        self.0.longest().map(Span::as_nanos)
    }

    /// Mean size in bytes, rounded.
    pub fn mean(&self) -> u64 {
        Span::round_nanos(self.0.mean_nanos()).as_nanos()
    }

    /// The probability that a message has more bytes than this.
    pub fn exceeds(&self, bytes: u64) -> f64 {
        1.0 - self.0.cdf(Span::from_nanos(bytes))
    }

    /// Whether a call may carry more than one chunk.
    pub fn fills_chunks(&self) -> bool {
        self.largest().is_none_or(|largest| largest.saturating_mul(MAX_BATCH as u64) > CHUNK_BYTES)
    }
}

/// Chunks of a call with a payload of so many bytes; one without a payload counts as one.
pub const fn chunks(bytes: u64) -> u32 {
    if bytes == 0 { 1 } else { bytes.div_ceil(CHUNK_BYTES) as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u64 = 1_024;

    /// The examples of the price list: 256 KiB are 4 requests, 1 MiB is 16.
    #[test]
    fn a_call_is_as_many_requests_as_chunks() {
        let cases = [(0, 1), (1, 1), (64 * KIB, 1), (64 * KIB + 1, 2), (256 * KIB, 4)];
        for (bytes, requests) in cases {
            assert_eq!(chunks(bytes), requests, "{bytes}");
        }
        assert_eq!(chunks(MAX_BYTES), 16);
        assert_eq!(chunks(10 * 60 * KIB), 10);
    }

    #[test]
    fn a_size_follows_from_luck_and_stays_within_what_sqs_takes() {
        let uniform = MessageSize::new(Dist::Uniform {
            min: Span::from_nanos(KIB),
            max: Span::from_nanos(3 * KIB),
        });
        let sizes: Vec<u64> = (0..1_000).map(|luck| uniform.of(Luck(luck))).collect();
        assert!(sizes.iter().all(|size| (KIB..=3 * KIB).contains(size)));
        let mean = sizes.iter().sum::<u64>() / 1_000;
        // Four standard errors of the mean of a thousand are 75 bytes.
        assert!(mean.abs_diff(2 * KIB) < 75, "{mean}");
        assert_eq!(uniform.of(Luck(7)), sizes[7]);
        assert_eq!(MessageSize::constant(0).of(Luck(1)), 1);
        assert_eq!(MessageSize::constant(u64::MAX).of(Luck(1)), MAX_BYTES);
    }

    #[test]
    fn ten_messages_that_fit_a_chunk_never_fill_more() {
        assert!(!MessageSize::constant(6_553).fills_chunks(), "65,530 bytes");
        assert!(MessageSize::constant(6_554).fills_chunks(), "65,540 bytes");
        let unbounded = Dist::Exponential { mean: Span::from_nanos(10) };
        assert!(MessageSize::new(unbounded).fills_chunks());
    }
}
