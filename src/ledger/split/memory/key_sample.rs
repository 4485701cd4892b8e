//! The keys of the last minute, sampled.
//!
//! Owns the sample that `HeatMedian` judges by. Must not know what makes a key hot.

use crate::kernel::rng::{Draws, Source};
use crate::kernel::time::{Span, Time};
use crate::ledger::split::MINUTE;

/// How long a sample is taken at least.
const LEAST: Span = Span::from_secs(30);
/// Sampled keys.
pub(in crate::ledger) const SAMPLES: usize = 200;

/// A reservoir of the keys of the last minute: each request is as likely to be in it.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct KeySample {
    born: Time,
    seen: u64,
    /// Keys, each with the number of its request.
    keys: Vec<(u64, u64)>,
    /// The full sample of the minute before.
    before: Vec<(u64, u64)>,
    draws: Draws,
}

impl KeySample {
    /// Bytes of two samples, that of the minute and that before it.
    pub(in crate::ledger) const BYTES: usize =
        size_of::<KeySample>() + 2 * SAMPLES * size_of::<(u64, u64)>();

    pub(in crate::ledger) fn new(born: Time, draws: Draws) -> KeySample {
        KeySample { born, seen: 0, keys: Vec::with_capacity(SAMPLES), before: Vec::new(), draws }
    }

    pub(in crate::ledger) fn observe(&mut self, key: u64) {
        let sampled = (self.seen, key);
        self.seen += 1;
        if self.keys.len() < SAMPLES {
            self.keys.push(sampled);
        } else if let Some(place) = self.keys.get_mut(self.draws.below(self.seen) as usize) {
            *place = sampled;
        }
    }

    /// Begins a new sample each minute.
    pub(in crate::ledger) fn renew(&mut self, now: Time) {
        if now.since(self.born) >= MINUTE {
            self.born = now;
            self.seen = 0;
            self.before = std::mem::replace(&mut self.keys, Vec::with_capacity(SAMPLES));
        }
    }

    /// The newest full sample of at least half a minute, in the order of the requests. A moment's
    /// sample would not show that the load moves.
    pub(in crate::ledger) fn full(&self, now: Time) -> Option<Vec<u64>> {
        let newest = (now.since(self.born) >= LEAST).then_some(&self.keys);
        let full = newest.into_iter().chain([&self.before]).find(|keys| keys.len() == SAMPLES)?;
        let mut keys = full.clone();
        keys.sort_unstable();
        Some(keys.into_iter().map(|(_, key)| key).collect())
    }
}
