//! Latencies of one window of the series: coarse cells, counted in anew for each.
//!
//! Owns how a length finds its cell, and how a window's percentiles are read. Must not know what is
//! timed, nor when a window ends.
//!
//! Cells are those of [`super::cells`] with a share of the digits: lengths below 256 ns have one
//! each, every octave above has 128, so that a cell is at most 0.8 % wide. A percentile is the
//! middle of its cell, neither its upper nor its lower edge, and no more than the longest nor less
//! than the least of the window: what is equal to all is told exactly.
//!
//! Cells are laid out when something is first counted: most of ten thousand queues may never be
//! used.
//!
//! Invariant: memory is the same however many windows there are, and closing one costs as much as
//! its latencies lie apart.

use super::latencies::WindowLatency;
use crate::kernel::time::Span;

/// Bits of a value that its cell keeps.
const KEPT_BITS: u32 = 8;

/// Cells of an octave.
const HALF: usize = 1 << (KEPT_BITS - 1);

/// Latencies of one kind in the current window.
#[derive(Clone, Debug)]
pub(super) struct WindowCells {
    /// Empty until something is counted.
    counts: Box<[u64]>,
    sum: u128,
    least: u64,
    most: u64,
}

/// The cell of a length.
#[inline]
fn cell(nanos: u64) -> usize {
    let octave = (64 - KEPT_BITS).saturating_sub(nanos.leading_zeros());
    (octave as usize * HALF) + (nanos >> octave) as usize
}

/// The middle of a cell.
fn middle(cell: usize) -> u64 {
    let octave = (cell / HALF).saturating_sub(1);
    let least = ((cell - octave * HALF) as u64) << octave;
    least + ((1 << octave) - 1) / 2
}

impl WindowCells {
    /// Bytes laid out.
    pub(super) const BYTES: usize =
        ((u64::BITS - KEPT_BITS) as usize + 2) * HALF * size_of::<u64>();

    pub(super) fn new() -> WindowCells {
        WindowCells { counts: Box::default(), sum: 0, least: u64::MAX, most: 0 }
    }

    #[cold]
    fn lay_out(&mut self) {
        self.counts = vec![0; cell(u64::MAX) + 1].into();
    }

    /// Counts one.
    #[inline]
    pub(super) fn record(&mut self, span: Span) {
        let nanos = span.as_nanos();
        let Some(count) = self.counts.get_mut(cell(nanos)) else {
            self.lay_out();
            return self.record(span);
        };
        *count += 1;
        self.sum += u128::from(nanos);
        self.least = self.least.min(nanos);
        self.most = self.most.max(nanos);
    }

    /// What was counted in the window that ends; the next one begins.
    pub(super) fn close_window(&mut self) -> WindowLatency {
        let WindowCells { ref mut counts, sum, least, most } = *self;
        if most < least {
            return WindowLatency::default();
        }
        let touched = &mut counts[cell(least)..=cell(most)];
        let count = touched.iter().sum::<u64>();
        // The value at or below which so many of a hundred are.
        let (mut found, mut next) = ([50, 95, 99].map(|percent| (percent, Span::ZERO)), 0);
        let mut below = 0;
        for (cell, of_it) in (cell(least)..).zip(touched) {
            below += *of_it;
            while next < found.len() && below * 100 >= count * found[next].0 {
                found[next].1 = Span::from_nanos(middle(cell).clamp(least, most));
                next += 1;
            }
            *of_it = 0;
        }
        (self.sum, self.least, self.most) = (0, u64::MAX, 0);
        let [p50, p95, p99] = found.map(|(_, value)| value);
        let half = u128::from(count / 2);
        let mean = Span::from_nanos(((sum + half) / u128::from(count)) as u64);
        WindowLatency { count, mean, p50, p95, p99, max: Span::from_nanos(most) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::rng::{Draws, Source};

    fn nanos(latency: WindowLatency) -> [u64; 6] {
        let WindowLatency { count, mean, p50, p95, p99, max } = latency;
        [count, mean.as_nanos(), p50.as_nanos(), p95.as_nanos(), p99.as_nanos(), max.as_nanos()]
    }

    fn window(cells: &mut WindowCells, lengths: impl IntoIterator<Item = u64>) -> [u64; 6] {
        lengths.into_iter().for_each(|length| cells.record(Span::from_nanos(length)));
        nanos(cells.close_window())
    }

    #[test]
    fn small_lengths_have_cells_of_their_own_and_each_window_begins_anew() {
        let mut cells = WindowCells::new();
        assert_eq!(window(&mut cells, 1..=100), [100, 51, 50, 95, 99, 100], "the mean is 50.5");
        assert_eq!(window(&mut cells, [7, 3]), [2, 5, 3, 7, 7, 7]);
        assert_eq!(window(&mut cells, []), [0; 6]);
        assert_eq!(window(&mut cells, [0]), [1, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn what_is_equal_to_all_is_exact() {
        let mut cells = WindowCells::new();
        for length in [0, 255, 256, 2_000_000_000, 86_400_000_000_000, u64::MAX] {
            let [count, rest @ ..] = window(&mut cells, [length; 3]);
            assert_eq!((count, rest), (3, [length; 5]));
        }
    }

    /// Random lengths of every size: each percentile lies within half a cell, 1/256, of the exact
    /// one, on both sides of it.
    #[test]
    fn percentiles_are_as_near_as_cells_are_narrow_and_their_errors_have_no_sign() {
        let mut draws = Draws::new(3);
        let mut cells = WindowCells::new();
        let mut above = 0;
        for _ in 0..400 {
            let bits = 20 + draws.below(30);
            let mut lengths: Vec<u64> = (0..200).map(|_| draws.next_u64() >> bits).collect();
            let [_, _, p50, p95, p99, max] = window(&mut cells, lengths.iter().copied());
            lengths.sort_unstable();
            assert_eq!(max, lengths[199]);
            for (found, exact) in [(p50, lengths[99]), (p95, lengths[189]), (p99, lengths[197])] {
                assert!(found.abs_diff(exact) <= exact / 256 + 1, "{found} for {exact}");
                above += u32::from(found > exact);
            }
        }
        assert!((500..700).contains(&above), "{above} of 1,200 are above");
    }
}
