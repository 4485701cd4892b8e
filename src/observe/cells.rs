//! Latencies while a run goes on: cells to count in.
//!
//! Owns the way from a length to its cell, which is that of `HdrHistogram` (G. Tene,
//! <http://hdrhistogram.org>) with three significant digits from one nanosecond on: lengths below
//! 2,048 ns have a cell each, every octave above has 1,024. Must not know what is timed.
//!
//! Counting is two shifts and an increment; the histogram with its quantiles is filled once, at the
//! end of the run.

use hdrhistogram::Histogram;

use super::measured::Latency;
use crate::kernel::time::Span;

/// Longest latency that is told apart: the longest retention, 14 days.
const LONGEST: u64 = 14 * 86_400 * 1_000_000_000;

/// Bits of a value that its cell keeps: 2,048 cells for three digits.
const KEPT_BITS: u32 = 11;

/// Cells of an octave.
const HALF: usize = 1 << (KEPT_BITS - 1);

/// Octaves above the values that are told apart exactly.
const OCTAVES: usize = (64 - KEPT_BITS - LONGEST.leading_zeros()) as usize;

/// Latencies of one kind, being counted.
#[derive(Clone, Debug)]
pub(super) struct Cells {
    counts: Box<[u64]>,
    sum: u128,
    max: u64,
}

/// The cell of a length.
#[inline]
fn cell(nanos: u64) -> usize {
    let octave = (64 - KEPT_BITS).saturating_sub(nanos.leading_zeros());
    ((octave as usize) * HALF) + (nanos >> octave) as usize
}

/// The least length of a cell.
fn least(cell: usize) -> u64 {
    let octave = (cell / HALF).saturating_sub(1);
    ((cell - octave * HALF) as u64) << octave
}

impl Cells {
    pub(super) fn new() -> Cells {
        Cells { counts: vec![0; (OCTAVES + 2) * HALF].into(), sum: 0, max: 0 }
    }

    /// Counts one; what has no cell counts as the longest.
    #[inline]
    pub(super) fn record(&mut self, span: Span) {
        let nanos = span.as_nanos();
        match self.counts.get_mut(cell(nanos)) {
            Some(count) => *count += 1,
            None => self.counts[cell(LONGEST)] += 1,
        }
        self.sum += u128::from(nanos);
        self.max = self.max.max(nanos);
    }

    /// What was counted.
    pub(super) fn into_latency(self) -> Latency {
        let bounds = Histogram::new_with_bounds(1, LONGEST, 3);
        let mut histogram = bounds.expect("the bounds are in order");
        for (cell, &count) in self.counts.iter().enumerate().filter(|&(_, &count)| count > 0) {
            histogram.record_n(least(cell), count).expect("no cell lies beyond the bounds");
        }
        Latency { histogram, sum: self.sum, max: Span::from_nanos(self.max) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::rng::{Draws, Source};

    /// Lengths of every size, recorded here and in the library's own way.
    #[test]
    fn cells_are_those_of_the_histogram() {
        let mut cells = Cells::new();
        let mut histogram = Histogram::<u64>::new_with_bounds(1, LONGEST, 3).unwrap();
        let mut draws = Draws::new(3);
        let edges = (0..63).flat_map(|bit| [(1 << bit) - 1, 1 << bit, (1 << bit) + 1]);
        let random = (0..100_000).map(|_| {
            let bits = draws.below(52);
            draws.next_u64() >> (63 - bits)
        });
        for nanos in edges.chain(random).chain([LONGEST, LONGEST + 1, u64::MAX]) {
            cells.record(Span::from_nanos(nanos));
            histogram.saturating_record(nanos);
        }
        let latency = cells.into_latency();
        assert_eq!(latency.histogram, histogram);
        assert_eq!(latency.histogram.min(), histogram.min());
        assert_eq!(latency.histogram.max(), histogram.max());
        assert_eq!(latency.max.as_nanos(), u64::MAX);
    }
}
