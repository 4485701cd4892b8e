//! Latencies while a run goes on: cells to count in.
//!
//! Owns the counting. Must not know what is timed, nor what is read off: [`super::distribution`]
//! has the cells' edges and what becomes of them.
//!
//! Counting is two shifts, an increment and two comparisons in one place; what is read off is made
//! once, at the end of the run. Cells are laid out when something is first counted: most of ten
//! thousand queues may never be used.

use std::sync::Arc;

use super::distribution::{CELLS, Cell, Distribution, cell};
use super::latencies::Latency;
use super::squares::Squares;
use crate::kernel::time::Span;

/// Of one cell: how many, the largest complement of a length (that of the shortest), and the
/// longest. Zeros stand for nothing counted, so that memory which is never touched costs nothing.
type Tally = [u64; 3];

/// Latencies of one kind, being counted.
#[derive(Clone, Debug)]
pub(super) struct Cells {
    /// Empty until something is counted.
    tallies: Box<[Tally]>,
    sum: u128,
    squares: Squares,
    /// The bits that any of them has: none is as long as twice the highest.
    bits: u64,
}

impl Cells {
    /// Bytes of memory that a run touches: three eighths of what is laid out. Lengths lie within
    /// some sixteen of the forty-two octaves, and zeros that are never touched cost nothing.
    pub(super) const BYTES: usize = CELLS * size_of::<Tally>() / 8 * 3;

    pub(super) fn new() -> Cells {
        Cells { tallies: Box::default(), sum: 0, squares: Squares::default(), bits: 0 }
    }

    #[cold]
    fn lay_out(&mut self) {
        self.tallies = vec![[0; 3]; CELLS].into();
    }

    /// Counts one.
    #[inline]
    pub(super) fn record(&mut self, span: Span) {
        let nanos = span.as_nanos();
        let Some([count, shortest, longest]) = self.tallies.get_mut(cell(nanos)) else {
            self.lay_out();
            return self.record(span);
        };
        *count += 1;
        *shortest = (*shortest).max(!nanos);
        *longest = (*longest).max(nanos);
        self.sum += u128::from(nanos);
        self.squares.add(nanos);
        self.bits |= nanos;
    }

    /// What was counted.
    pub(super) fn into_latency(self) -> Latency {
        // What lies beyond the longest was never touched: it must not be read.
        let touched = self.tallies.get(..=cell(self.bits)).unwrap_or_default();
        let counted = (0..).zip(touched).filter(|(_, [count, ..])| *count > 0);
        let cells = counted.map(|(number, &[count, shortest, most])| Cell {
            number,
            count,
            least: !shortest,
            most,
        });
        let cells: Vec<Cell> = cells.collect();
        let max = Span::from_nanos(cells.last().map_or(0, |cell| cell.most));
        let distribution = Arc::new(Distribution::of_cells(cells));
        Latency { distribution, sum: self.sum, squares: self.squares, max }
    }
}

#[cfg(test)]
mod tests {
    use hdrhistogram::Histogram;

    use super::*;
    use crate::kernel::rng::{Draws, Source};
    use crate::observe::distribution::Share;

    /// Lengths of every size, counted here and in the library of that name.
    #[test]
    fn cells_are_those_of_hdr_histogram() {
        const LONGEST: u64 = 14 * 86_400 * 1_000_000_000;
        let mut cells = Cells::new();
        let mut histogram = Histogram::<u64>::new_with_bounds(1, LONGEST, 3).unwrap();
        let mut draws = Draws::new(3);
        let edges = (0..50).flat_map(|bit| [(1 << bit) - 1, 1 << bit, (1 << bit) + 1]);
        let random = (0..100_000).map(|_| {
            let bits = draws.below(49);
            draws.next_u64() >> (63 - bits)
        });
        for nanos in edges.chain(random).chain([LONGEST]) {
            cells.record(Span::from_nanos(nanos));
            histogram.record(nanos).unwrap();
        }
        let latency = cells.into_latency();
        let own = latency.distribution.cells();
        let theirs: Vec<(u64, u64)> = histogram
            .iter_recorded()
            .map(|of| (of.value_iterated_to(), of.count_at_value()))
            .collect();
        let edge = |cell: &Cell| (histogram.highest_equivalent(cell.most), cell.count);
        assert_eq!(own.iter().map(edge).collect::<Vec<_>>(), theirs);
        assert!(own.iter().all(|cell| histogram.equivalent(cell.least, cell.most)));
        assert_eq!((latency.count(), latency.max.as_nanos()), (histogram.len(), LONGEST));
    }

    /// Beyond the longest retention lengths share a cell, and both ends are still told.
    #[test]
    fn what_is_too_long_is_counted_too() {
        let mut cells = Cells::new();
        cells.record(Span::from_nanos(u64::MAX));
        cells.record(Span::from_nanos(u64::MAX - 5));
        let latency = cells.into_latency();
        let at = |p| latency.distribution.quantile(Share::of(p));
        assert_eq!([at(0.5), at(1.0)], [u64::MAX - 5, u64::MAX]);
    }
}
