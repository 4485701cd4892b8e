//! What a run measured of something that workers lean on.
//!
//! Owns the plain result, and what its utilisation is. Must not know how it is measured or printed.

use super::counts::DownstreamCounts;
use super::levels::{Level, WindowLevel};
use super::series::Series;
use crate::kernel::time::Span;
use crate::model::downstream::DownstreamBound;

/// One downstream, over the measured window.
#[derive(Clone, Debug, PartialEq)]
pub struct DownstreamMeasured {
    /// What bounds it, at the end of the run.
    pub bound: DownstreamBound,
    /// Counters over the window.
    pub counts: DownstreamCounts,
    /// Calls that wait.
    pub waiting: Level,
    /// Calls that are worked on.
    pub in_use: Level,
    /// Nanoseconds that the calls that began in the window had waited, in sum.
    pub waited: u128,
    /// The longest of these waits.
    pub longest_wait: Span,
    /// One entry a window of `Scenario::window`, over the whole run.
    pub series: Series<DownstreamWindow>,
}

/// One window of the series of a downstream.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DownstreamWindow {
    /// Calls, each try counted.
    pub calls: u64,
    /// Calls that were refused.
    pub refused: u64,
    /// Calls that were given up after their timeout.
    pub timeouts: u64,
    /// Calls whose work began.
    pub begun: u64,
    /// Calls that were done, and whose workers wanted the answer.
    pub done: u64,
    /// Calls that failed at their end.
    pub failed: u64,
    /// Calls that were worked off for nobody.
    pub unheard: u64,
    /// Calls that wait.
    pub waiting: WindowLevel,
    /// Calls that are worked on.
    pub in_use: WindowLevel,
}

impl DownstreamMeasured {
    /// Of one that is bound so, before anything has happened.
    pub fn new(bound: DownstreamBound) -> DownstreamMeasured {
        DownstreamMeasured {
            bound,
            counts: DownstreamCounts::default(),
            waiting: Level::default(),
            in_use: Level::default(),
            waited: 0,
            longest_wait: Span::ZERO,
            series: Series::default(),
        }
    }

    /// What it does against what it can do: the share of its connections that are in use, or of its
    /// tokens that are taken; `None` where nothing bounds it, or over a window without length.
    pub fn utilisation(&self) -> Option<f64> {
        let seconds = self.in_use.over as f64 / 1e9;
        if seconds == 0.0 {
            return None;
        }
        self.bound.used(self.in_use.mean(), self.counts.begun as f64 / seconds)
    }

    /// How long a call that began had waited, in nanoseconds on average; 0 for none.
    pub fn mean_wait_nanos(&self) -> f64 {
        let begun = self.counts.begun;
        if begun == 0 { 0.0 } else { self.waited as f64 / begun as f64 }
    }
}
