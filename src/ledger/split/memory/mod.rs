//! What split policies remember beside the load itself.
//!
//! Owns what is remembered of a partition and of a queue. Must not know partitions, nor judge.
//!
//! | module | owns |
//! |---|---|
//! | `finder` | sampled keys, and which of them is a balanced cut |
//! | `key_sample` | the keys of the last minute |
//! | `rates` | exponentially weighted rates |

pub(in crate::ledger) mod finder;
pub(in crate::ledger) mod key_sample;
pub(in crate::ledger) mod rates;

use self::finder::Finder;
use self::key_sample::KeySample;
use self::rates::Rates;
use crate::kernel::time::Time;
use crate::ledger::config::SplitPolicy;

/// What is remembered of one partition.
#[derive(Clone, Debug, Default)]
pub(in crate::ledger) struct Memory {
    /// Of `Reservoir`, while the partition is hot.
    pub(in crate::ledger) finder: Option<Box<Finder>>,
    /// Of `HeatMedian`, while the partition is getting hot.
    pub(in crate::ledger) sample: Option<Box<KeySample>>,
    /// Of `Ewma`.
    pub(in crate::ledger) rates: Rates,
}

impl Memory {
    /// Bytes that stand apart from it, where a partition is hot.
    pub(in crate::ledger) fn bytes(policy: &SplitPolicy) -> usize {
        match policy {
            SplitPolicy::Reservoir(_) => Finder::BYTES,
            SplitPolicy::HeatMedian(_) => KeySample::BYTES,
            SplitPolicy::Static
            | SplitPolicy::MidpointDoubling(_)
            | SplitPolicy::ScalableTopic(_)
            | SplitPolicy::CountScaler(_)
            | SplitPolicy::Ewma(_)
            | SplitPolicy::Naive(_) => 0,
        }
    }

    /// A call with this key came in.
    pub(in crate::ledger) fn observe(&mut self, key: u64) {
        if let Some(finder) = &mut self.finder {
            finder.observe(key);
        }
        if let Some(sample) = &mut self.sample {
            sample.observe(key);
        }
    }
}

/// What is remembered of the whole queue.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::ledger) struct Totals {
    /// Sends since the last evaluation.
    pub(in crate::ledger) sends: u64,
    /// Sends per second up to the last evaluation.
    pub(in crate::ledger) rate: f64,
    /// Since when all evaluations were above the threshold.
    pub(in crate::ledger) above: Option<Time>,
    /// Since when all were below the level at which one partition less would do.
    pub(in crate::ledger) below: Option<Time>,
}

/// The most common of sorted keys, and how often it occurs.
pub(in crate::ledger) fn most_common(sorted: &[u64]) -> (u64, usize) {
    let groups = sorted.chunk_by(|a, b| a == b).map(|group| (group[0], group.len()));
    groups.max_by_key(|&(_, len)| len).unwrap_or_default()
}
