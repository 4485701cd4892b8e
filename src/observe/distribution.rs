//! Lengths that were counted: how many of which.
//!
//! Owns what is kept of many lengths and how a share of them is read off. Must not know what was
//! timed, nor how it was counted while the run went on: `super::cells` does that.
//!
//! Lengths lie in the cells of `HdrHistogram` (G. Tene, <http://hdrhistogram.org>) with three
//! significant digits, so that distributions of several runs merge exactly. Of each cell the
//! shortest and the longest of its lengths are kept too: a length that many have, one that stands
//! alone, and both ends of all of them come out as they were. Others are taken to lie evenly
//! between the ends of their cell, so that what is read off may be wrong by less than a thousandth,
//! up as often as down.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::kernel::time::Span;

/// Bits of a length that its cell keeps: 2,048 cells for three digits.
const KEPT_BITS: u32 = 11;

/// Cells of an octave.
const HALF: usize = 1 << (KEPT_BITS - 1);

/// Longest length that is told apart: the longest retention, 14 days.
const LONGEST: u64 = 14 * 86_400 * 1_000_000_000;

/// Octaves above the lengths that are told apart exactly.
const OCTAVES: usize = (64 - KEPT_BITS - LONGEST.leading_zeros()) as usize;

/// Number of cells.
pub(super) const CELLS: usize = (OCTAVES + 2) * HALF;

/// The cell of a length: those below 2,048 ns have one each, every octave above has 1,024; what is
/// longer than [`LONGEST`] shares the last one.
#[inline]
pub(super) fn cell(nanos: u64) -> usize {
    let octave = (64 - KEPT_BITS).saturating_sub(nanos.leading_zeros());
    (((octave as usize) * HALF) + (nanos >> octave) as usize).min(CELLS - 1)
}

/// The lengths of one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Its number.
    pub number: u32,
    /// How many, at least one.
    pub count: u64,
    /// The shortest in nanoseconds.
    pub least: u64,
    /// The longest in nanoseconds.
    pub most: u64,
}

impl Cell {
    fn with(self, other: Cell) -> Cell {
        Cell {
            number: self.number,
            count: self.count + other.count,
            least: self.least.min(other.least),
            most: self.most.max(other.most),
        }
    }

    /// The length of this rank in the cell, from 1: all lie evenly between its ends.
    fn ranked(&self, rank: u64) -> u64 {
        let (steps, step) = (u128::from(self.count - 1).max(1), u128::from(rank - 1));
        let width = u128::from(self.most - self.least);
        self.least + ((width * step + steps / 2) / steps) as u64
    }

    /// How many are at most so long.
    fn up_to(&self, nanos: u64) -> f64 {
        if nanos >= self.most {
            return self.count as f64;
        }
        let Some(above) = nanos.checked_sub(self.least) else { return 0.0 };
        1.0 + (self.count - 1) as f64 * (above as f64 / (self.most - self.least) as f64)
    }
}

/// A share of all lengths, in billionths, so that ranks are whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

const WHOLE: u32 = 1_000_000_000;

impl Share {
    /// One half.
    pub const HALF: Share = Share(WHOLE / 2);

    /// The share nearest to `p`, which is cut to 0 and 1.
    #[expect(clippy::cast_sign_loss, reason = "it is cut at zero")]
    pub fn of(p: f64) -> Share {
        Share((p.clamp(0.0, 1.0) * f64::from(WHOLE)).round() as u32)
    }

    /// So many billionths, at most all.
    pub fn of_billionths(billionths: u32) -> Share {
        Share(billionths.min(WHOLE))
    }

    /// In billionths.
    pub fn billionths(self) -> u32 {
        self.0
    }

    /// As a number from 0 to 1.
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / f64::from(WHOLE)
    }

    /// The rank, from 1, of the shortest length that at least this share of `count` are at or
    /// below: the inverse of the empirical distribution function.
    pub fn rank(self, count: u64) -> u64 {
        let rank = (u128::from(count) * u128::from(self.0)).div_ceil(u128::from(WHOLE));
        (rank as u64).max(1)
    }
}

/// How many of which length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    /// Those that hold something, in their order.
    cells: Vec<Cell>,
    count: u64,
}

impl Distribution {
    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        size_of::<Distribution>() + self.cells.capacity() * size_of::<Cell>()
    }

    /// Of these cells, of which any number may have the same number.
    pub fn of_cells(mut cells: Vec<Cell>) -> Distribution {
        cells.sort_by_key(|cell| cell.number);
        cells.dedup_by(|next, kept| {
            let same = next.number == kept.number;
            if same {
                *kept = kept.with(*next);
            }
            same
        });
        let count = cells.iter().map(|cell| cell.count).sum();
        Distribution { cells, count }
    }

    /// Of these lengths.
    pub fn of(lengths: impl IntoIterator<Item = Span>) -> Distribution {
        let one = |length: Span| {
            let nanos = length.as_nanos();
            Cell { number: cell(nanos) as u32, count: 1, least: nanos, most: nanos }
        };
        Distribution::of_cells(lengths.into_iter().map(one).collect())
    }

    /// All of these together.
    pub fn merged<'a>(of: impl IntoIterator<Item = &'a Arc<Distribution>>) -> Distribution {
        let cells = of.into_iter().flat_map(|one| one.cells.iter().copied());
        Distribution::of_cells(cells.collect())
    }

    /// The cells that hold something, in their order.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// How many lengths.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The length, in nanoseconds, that a share of all is at or below; 0 for none.
    pub fn quantile(&self, share: Share) -> u64 {
        let mut rank = share.rank(self.count);
        for cell in &self.cells {
            if rank <= cell.count {
                return cell.ranked(rank);
            }
            rank -= cell.count;
        }
        self.cells.last().map_or(0, |cell| cell.most)
    }

    /// Of each cell its number, and how many there are up to its end.
    fn sums(&self) -> Vec<(u32, u64)> {
        let mut sum = 0;
        let up_to = |cell: &Cell| {
            sum += cell.count;
            (cell.number, sum)
        };
        self.cells.iter().map(up_to).collect()
    }

    /// How many are at most so many nanoseconds long; a part of one where the length lies between
    /// two of a cell.
    pub fn up_to(&self, nanos: u64) -> f64 {
        let number = cell(nanos) as u32;
        let below = self.cells.partition_point(|cell| cell.number < number);
        let whole: u64 = self.cells[..below].iter().map(|cell| cell.count).sum();
        let part = self.cells.get(below).filter(|cell| cell.number == number);
        whole as f64 + part.map_or(0.0, |cell| cell.up_to(nanos))
    }
}

/// Distributions of several runs, together and each left out in turn.
#[derive(Clone, Debug)]
pub struct Pool<'a> {
    each: &'a [Arc<Distribution>],
    all: Distribution,
    /// Those of all together.
    sums: Vec<(u32, u64)>,
}

impl<'a> Pool<'a> {
    /// Of these runs.
    pub fn of(each: &'a [Arc<Distribution>]) -> Pool<'a> {
        let all = Distribution::merged(each);
        Pool { each, sums: all.sums(), all }
    }

    /// All of them together.
    pub fn all(&self) -> &Distribution {
        &self.all
    }

    /// As [`Distribution::quantile`] of all but one run, for each that is left out; 0 where the
    /// others have nothing.
    pub fn quantiles_without(&self, share: Share) -> Vec<u64> {
        let places: Vec<Option<(u32, u64)>> =
            self.each.iter().map(|out| self.place_without(out, share)).collect();
        let mut found = vec![0; places.len()];
        // Most of them lie in the same few cells, each of which is looked at once for all runs.
        let cells: BTreeSet<u32> = places.iter().flatten().map(|&(number, _)| number).collect();
        for number in cells {
            let without = self.cell_without_each(number);
            for ((place, of), found) in places.iter().zip(without).zip(&mut found) {
                if let (Some((_, rank)), Some(of)) = (place.filter(|place| place.0 == number), of) {
                    *found = of.ranked(rank);
                }
            }
        }
        found
    }

    /// The cell in which a share of all but one run lies, and the rank in it.
    fn place_without(&self, out: &Distribution, share: Share) -> Option<(u32, u64)> {
        let rank = share.rank(self.all.count - out.count);
        let own = out.sums();
        let others = |&(number, all): &(u32, u64)| {
            let own = own[..own.partition_point(|of| of.0 <= number)].last();
            all - own.map_or(0, |of| of.1)
        };
        let at = self.sums.partition_point(|of| others(of) < rank);
        let before = self.sums[..at].last().map_or(0, others);
        Some((self.sums.get(at)?.0, rank - before))
    }

    /// A cell of all runs but one, for each that is left out: those before it with those behind it.
    fn cell_without_each(&self, number: u32) -> Vec<Option<Cell>> {
        let own = |of: &Arc<Distribution>| {
            let at = of.cells.binary_search_by_key(&number, |cell| cell.number).ok()?;
            Some(of.cells[at])
        };
        let each: Vec<Option<Cell>> = self.each.iter().map(own).collect();
        let with = |one: Option<Cell>, other: Option<Cell>| match (one, other) {
            (Some(one), Some(other)) => Some(one.with(other)),
            (one, other) => one.or(other),
        };
        let mut without = vec![None; each.len()];
        let mut before = None;
        for (of, own) in without.iter_mut().zip(&each) {
            *of = before;
            before = with(before, *own);
        }
        let mut behind = None;
        for (of, own) in without.iter_mut().zip(&each).rev() {
            *of = with(*of, behind);
            behind = with(behind, *own);
        }
        without
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::rng::{Draws, Source};

    fn nanos(lengths: impl IntoIterator<Item = u64>) -> Distribution {
        Distribution::of(lengths.into_iter().map(Span::from_nanos))
    }

    /// The rank by hand: of ten, a half is the fifth; of eleven, 95 % is the eleventh (10.45).
    #[test]
    fn ranks_are_whole_numbers() {
        let rank = |p, count| Share::of(p).rank(count);
        let ranks = [rank(0.5, 10), rank(0.95, 11), rank(0.95, 20), rank(0.99, 100), rank(0.0, 5)];
        assert_eq!(ranks, [5, 11, 19, 99, 1]);
        assert_eq!((rank(1.0, 7), rank(0.999, 1_000_000_000_000)), (7, 999_000_000_000));
    }

    /// What every length is, and what a part of them is, comes out to the nanosecond, whatever the
    /// edges of the cells: 2 s lies within one that begins at 1.998585856 s.
    #[test]
    fn lengths_that_many_have_come_out_as_they_are() {
        let constant = nanos([2_000_000_000; 1_000]);
        for p in [0.0, 0.001, 0.5, 0.999, 1.0] {
            assert_eq!(constant.quantile(Share::of(p)), 2_000_000_000, "{p}");
        }
        let two = nanos([[2_000_000_000; 6], [3_000_000_001; 6]].concat());
        assert_eq!(two.quantile(Share::of(0.5)), 2_000_000_000);
        assert_eq!(two.quantile(Share::of(0.51)), 3_000_000_001);
        let few = nanos([7_000_000_007, 1, 5_000_000_003]);
        let all = [0.3, 0.6, 0.9].map(|p| few.quantile(Share::of(p)));
        assert_eq!(all, [1, 5_000_000_003, 7_000_000_007]);
        assert_eq!(nanos([]).quantile(Share::HALF), 0);
    }

    /// Against sorted lengths: off by less than a thousandth, and not to one side. The error of one
    /// of n evenly spread in a cell has the standard deviation of an order statistic, less than a
    /// third of the width.
    #[test]
    fn errors_inside_a_cell_have_no_sign() {
        let mut draws = Draws::new(11);
        let (mut sum, mut square, mut n) = (0.0, 0.0, 0.0);
        for _ in 0..40 {
            let mut lengths: Vec<u64> =
                (0..20_000).map(|_| 1_000_000 + draws.below(99_000_000)).collect();
            let of = nanos(lengths.iter().copied());
            lengths.sort_unstable();
            for p in (1..100).map(|p| f64::from(p) / 100.0) {
                let exact = lengths[Share::of(p).rank(20_000) as usize - 1] as f64;
                let error = of.quantile(Share::of(p)) as f64 / exact - 1.0;
                assert!(error.abs() < 1.0 / 1024.0, "{p}: {error}");
                (sum, square, n) = (sum + error, square + error * error, n + 1.0);
            }
        }
        let z = sum / square.sqrt();
        assert!(n > 3_000.0 && square > 0.0 && z.abs() < 4.0, "mean {}, z {z}", sum / n);
    }

    /// `up_to` is the inverse of `quantile`.
    #[test]
    fn a_share_is_found_again() {
        let mut draws = Draws::new(5);
        let of = nanos((0..5_000).map(|_| draws.below(10_000_000_000)));
        for p in [0.01, 0.5, 0.9, 0.99] {
            let at = of.quantile(Share::of(p));
            let rank = Share::of(p).rank(5_000) as f64;
            assert!((of.up_to(at) - rank).abs() < 1e-3, "{p}: {} of {rank}", of.up_to(at));
            assert!(rank - 1.0 <= of.up_to(at - 1) && of.up_to(at - 1) < of.up_to(at));
        }
        assert!(of.up_to(u64::MAX) > 4_999.9 && of.up_to(0) < 1.5);
        let constant = nanos([2_000_000_000; 8]);
        assert!(constant.up_to(1_999_999_999) < 0.1 && constant.up_to(2_000_000_000) > 7.9);
    }

    /// Leaving one out is the same as merging the others.
    #[test]
    fn one_left_out_is_the_others_merged() {
        let mut draws = Draws::new(8);
        let runs: Vec<Arc<Distribution>> = (0..6)
            .map(|run| Arc::new(nanos((0..50 * run).map(|_| draws.below(3_000_000) / 7 * 7))))
            .collect();
        let pool = Pool::of(&runs);
        for p in [0.0, 0.1, 0.5, 0.9, 0.99, 1.0].map(Share::of) {
            let others = |left_out| {
                let others = runs.iter().enumerate().filter(move |(run, _)| *run != left_out);
                Distribution::merged(others.map(|(_, of)| of)).quantile(p)
            };
            assert_eq!(pool.quantiles_without(p), (0..6).map(others).collect::<Vec<u64>>());
        }
        assert_eq!(Pool::of(&runs[3..4]).quantiles_without(Share::of(0.5)), [0], "nothing is left");
    }
}
