//! The ceiling of a queue: how many sends all its partitions together may admit.
//!
//! Owns the highest rate so far and what it allows, later. Must not know partitions.
//!
//! Models the on-demand modes of Kinesis, which serves up to twice the peak of the last 30 days and
//! may throttle what more than doubles within 15 minutes
//! ([how do I size a stream](https://docs.aws.amazon.com/streams/latest/dev/how-do-i-size-a-stream.html)),
//! and of `DynamoDB`, whose figure is 30 minutes (Elhemali et al., "Amazon DynamoDB", USENIX ATC
//! 2022, 4.5).

use std::collections::VecDeque;

use super::load::{Peaks, Recent};
use crate::kernel::bucket::{Bucket, TokenRate};
use crate::kernel::time::Time;
use crate::ledger::config::{Capacity, CeilingConfig};

/// The ceiling of one queue.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct Ceiling {
    config: CeilingConfig,
    bucket: Bucket,
    rate: TokenRate,
    /// Sends admitted in the current second.
    admitted: u32,
    recent: Recent,
    /// The highest means of a minute, within the memory.
    peaks: Peaks,
    /// Calls per second that will be allowed, and from when on.
    coming: VecDeque<(Time, f64)>,
}

impl Ceiling {
    pub(in crate::ledger) fn new(config: CeilingConfig) -> Ceiling {
        Ceiling {
            config,
            bucket: Bucket::FULL,
            rate: allowed(config.initial),
            admitted: 0,
            recent: Recent::default(),
            peaks: Peaks::default(),
            coming: VecDeque::new(),
        }
    }

    /// Takes a token, or says no.
    pub(in crate::ledger) fn admit(&mut self, now: Time) -> bool {
        let admitted = self.bucket.admit(self.rate, now);
        self.admitted += u32::from(admitted);
        admitted
    }

    /// Closes a second: what is allowed follows the highest mean of a minute, after the lag.
    pub(in crate::ledger) fn close_second(&mut self, now: Time) {
        self.recent.push(std::mem::take(&mut self.admitted));
        self.peaks.note(now, self.config.memory, self.recent.whole_mean());
        let wanted = (f64::from(self.peaks.max()) * self.config.times).max(self.config.initial);
        let last = self.coming.back().map_or(self.rate.per_second, |&(_, rate)| rate);
        if (wanted - last).abs() > f64::EPSILON {
            self.coming.push_back((now.saturating_add(self.config.lag), wanted));
        }
        while let Some(&(from, rate)) = self.coming.front()
            && from <= now
        {
            self.coming.pop_front();
            self.rate = allowed(rate);
        }
    }
}

/// A rate with the burst of one second.
fn allowed(per_second: f64) -> TokenRate {
    TokenRate::from(Capacity { per_second, burst: per_second.max(1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::Span;

    const CONFIG: CeilingConfig = CeilingConfig {
        initial: 100.0,
        times: 2.0,
        lag: Span::from_secs(900),
        memory: Span::from_secs(30 * 86_400),
    };

    /// Offers `calls` evenly in each of `seconds` from second `from` on; returns how many were
    /// admitted in each.
    fn offer(ceiling: &mut Ceiling, from: u64, seconds: u64, calls: u64) -> Vec<u64> {
        let second = 1_000_000_000;
        let counted = (from..from + seconds).map(|s| {
            let at = |call| Time::from_nanos(s * second + call * (second / calls));
            let admitted = (0..calls).filter(|&call| ceiling.admit(at(call))).count() as u64;
            ceiling.close_second(Time::from_nanos((s + 1) * second));
            admitted
        });
        counted.collect()
    }

    #[test]
    fn what_is_above_the_ceiling_is_refused_until_the_lag_is_over() {
        let mut ceiling = Ceiling::new(CONFIG);
        let admitted = offer(&mut ceiling, 0, 1_200, 1_000);
        assert_eq!(admitted[0], 199, "a full bucket, and what comes in meanwhile");
        assert!(admitted[2..955].iter().all(|&count| (99..=101).contains(&count)));
        // The mean of the first minute is 101 to 102: twice that from second 60 + 900 on.
        let after = &admitted[965..];
        assert!(after.iter().all(|&count| (200..=206).contains(&count)), "{after:?}");
    }

    #[test]
    fn a_quiet_queue_keeps_its_first_ceiling() {
        let mut ceiling = Ceiling::new(CONFIG);
        assert!(offer(&mut ceiling, 0, 2_000, 40).iter().all(|&count| count == 40));
        assert_eq!(offer(&mut ceiling, 2_000, 3, 1_000)[2], 100);
    }

    #[test]
    fn a_peak_is_forgotten_with_its_time() {
        let (lag, memory) = (Span::from_secs(10), Span::from_secs(600));
        let config = CeilingConfig { lag, memory, ..CONFIG };
        let mut ceiling = Ceiling::new(config);
        offer(&mut ceiling, 0, 200, 100);
        assert_eq!(offer(&mut ceiling, 200, 3, 1_000)[2], 200);
        offer(&mut ceiling, 203, 1_000, 10);
        assert_eq!(offer(&mut ceiling, 1_203, 3, 1_000)[2], 100);
    }
}
