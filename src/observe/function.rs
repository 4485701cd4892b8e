//! What a run measured of a function.
//!
//! Owns the plain result, and what is made of it. Must not know how it is measured or printed.

use super::counts::FunctionCounts;
use super::levels::Level;
use super::series::{FunctionWindow, Series};

/// Bytes of what a second of memory is billed in.
const GB: f64 = 1_024.0;

/// One function, over the measured window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FunctionMeasured {
    /// Invocations at once: environments at work.
    pub concurrency: Level,
    /// Batches that have their place within the limit: invoked, throttled, being deleted, resting.
    pub in_use: Level,
    /// How many of these the mapping may have.
    pub limit: Level,
    /// Environments, those that are idle included.
    pub environments: Level,
    /// One entry a window of `Scenario::window`, over the whole run.
    pub series: Series<FunctionWindow>,
    /// Counters over the window.
    pub counts: FunctionCounts,
    /// Nanoseconds that are billed, cold starts included, in whole milliseconds each.
    pub billed: u128,
    /// Memory of an environment, in MB.
    pub memory: u32,
}

impl FunctionMeasured {
    /// Seconds of 1 GB of memory that are billed.
    pub fn gb_seconds(&self) -> f64 {
        self.billed as f64 / 1e9 * f64::from(self.memory) / GB
    }

    /// The share of the places within the limit that were taken; `None` if there was none.
    pub fn utilisation(&self) -> Option<f64> {
        (self.limit.area > 0).then(|| self.in_use.area as f64 / self.limit.area as f64)
    }

    /// Messages of an invocation on average; `None` without one.
    pub fn batch_size(&self) -> Option<f64> {
        let FunctionCounts { messages, invocations, .. } = self.counts;
        (invocations > 0).then(|| messages as f64 / invocations as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 512 MB for 90 s are 45 GB-seconds; 3 places of 12 are a quarter; 30 messages in 4.
    #[test]
    fn what_is_made_of_it_follows_from_its_sums() {
        let level = |area| Level { area, ..Level::default() };
        let counts = FunctionCounts { messages: 30, invocations: 4, ..FunctionCounts::default() };
        let (in_use, limit) = (level(3), level(12));
        let billed = 90_000_000_000;
        let of =
            FunctionMeasured { counts, in_use, limit, billed, memory: 512, ..Default::default() };
        assert_eq!(
            (of.gb_seconds(), of.utilisation(), of.batch_size()),
            (45.0, Some(0.25), Some(7.5))
        );
        let none = FunctionMeasured::default();
        assert_eq!((none.gb_seconds(), none.utilisation(), none.batch_size()), (0.0, None, None));
    }
}
