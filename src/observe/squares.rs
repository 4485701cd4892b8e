//! Sums of squares, exact.
//!
//! Owns their addition, and the standard deviation that follows from them. Must not know what is
//! squared.
//!
//! A hundred million latencies of 14 days nearly fill 128 bits: there are 192, and products of 256
//! where the deviation is taken, so that nothing is rounded before the difference of two large
//! sums is known.

use crate::kernel::num;

/// A sum of squares of 64-bit numbers, as many as there may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Squares {
    low: u128,
    high: u64,
}

impl Squares {
    /// Adds the square of a number.
    #[inline]
    pub fn add(&mut self, number: u64) {
        let (low, carry) = self.low.overflowing_add(u128::from(number) * u128::from(number));
        self.low = low;
        self.high += u64::from(carry);
    }

    /// Adds another sum.
    pub fn merge(&mut self, other: Squares) {
        let (low, carry) = self.low.overflowing_add(other.low);
        self.low = low;
        self.high += other.high + u64::from(carry);
    }

    /// Without those of some of the numbers.
    #[must_use]
    pub fn without(self, some: Squares) -> Squares {
        let (low, borrow) = self.low.overflowing_sub(some.low);
        Squares { low, high: self.high - some.high - u64::from(borrow) }
    }

    /// In parts of 64 bits, the highest first.
    pub fn to_parts(self) -> [u64; 3] {
        [self.high, (self.low >> 64) as u64, self.low as u64]
    }

    /// From the parts of [`Squares::to_parts`].
    pub fn of_parts([high, middle, low]: [u64; 3]) -> Squares {
        Squares { low: (u128::from(middle) << 64) | u128::from(low), high }
    }

    /// The standard deviation of `count` numbers with this sum of squares and the sum `sum`: the
    /// root of their mean squared distance from their mean, 0 for none.
    pub fn stddev(self, count: u64, sum: u128) -> f64 {
        if count == 0 {
            return 0.0;
        }
        // count² times the variance is count × Σx² − (Σx)².
        let (high, low) = product(u128::from(count), self.low);
        let high = high + u128::from(count) * u128::from(self.high);
        let (square_high, square_low) = product(sum, sum);
        let (low, borrow) = low.overflowing_sub(square_low);
        let high = high - square_high - u128::from(borrow);
        num::sqrt(high as f64 * TWO_128 + low as f64) / count as f64
    }
}

const TWO_128: f64 = (1_u128 << 127) as f64 * 2.0;

/// The upper and the lower half of a product.
fn product(a: u128, b: u128) -> (u128, u128) {
    let split = |number: u128| (number >> 64, u128::from(number as u64));
    let ((a_high, a_low), (b_high, b_low)) = (split(a), split(b));
    let (low, middle, other) = (a_low * b_low, a_high * b_low, a_low * b_high);
    let carries = (low >> 64) + u128::from(middle as u64) + u128::from(other as u64);
    let high = a_high * b_high + (middle >> 64) + (other >> 64) + (carries >> 64);
    (high, (carries << 64) | u128::from(low as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stddev(numbers: &[u64]) -> f64 {
        let mut squares = Squares::default();
        for &number in numbers {
            squares.add(number);
        }
        let sum = numbers.iter().map(|&number| u128::from(number)).sum();
        squares.stddev(numbers.len() as u64, sum)
    }

    /// Sums that fill more than 128 bits lose some of their numbers, and come back from their
    /// parts.
    #[test]
    fn some_are_taken_away() {
        let mut all = Squares::default();
        let mut some = Squares::default();
        for number in [u64::MAX, u64::MAX - 1, 5] {
            all.add(number);
        }
        some.add(u64::MAX);
        some.add(u64::MAX - 1);
        assert_eq!(all.without(some).to_parts(), [0, 0, 25]);
        assert_eq!(Squares::of_parts(all.to_parts()), all);
        assert_eq!(all.to_parts()[0], 1, "two squares of 128 bits");
    }

    #[test]
    fn the_deviation_is_that_of_the_numbers_themselves() {
        // Mean 5, squared distances 9, 1, 1, 1, 0, 0, 4, 16: in all 32, of 8 numbers.
        assert_eq!(stddev(&[2, 4, 4, 4, 5, 5, 7, 9]).to_bits(), 2.0_f64.to_bits());
        assert_eq!(stddev(&[7]).to_bits(), 0.0_f64.to_bits());
        assert_eq!(stddev(&[]).to_bits(), 0.0_f64.to_bits());
    }

    /// In floating point the squares of such numbers differ by less than their last digit.
    #[test]
    fn a_small_spread_around_a_large_mean_is_not_lost() {
        let fortnight = 14 * 86_400 * 1_000_000_000;
        assert_eq!(stddev(&[fortnight - 1, fortnight + 1]).to_bits(), 1.0_f64.to_bits());
        assert_eq!(stddev(&[fortnight; 3]).to_bits(), 0.0_f64.to_bits());
    }

    /// Half of all are 0 and half are 2⁶⁴ − 1, the largest: the deviation is half of that. The sum
    /// of squares needs 190 bits.
    #[test]
    fn nothing_overflows() {
        let mut squares = Squares::default();
        squares.add(u64::MAX);
        let mut sum = u128::from(u64::MAX);
        for _ in 0..62 {
            squares.merge(squares);
            sum *= 2;
        }
        let half = (u64::MAX / 2) as f64;
        assert_eq!(squares.stddev(1 << 63, sum).to_bits(), half.to_bits());
    }

    #[test]
    fn sums_of_parts_are_the_sum_of_all() {
        let (mut all, mut parts) = (Squares::default(), [Squares::default(); 2]);
        for (place, number) in [u64::MAX, 3, u64::MAX - 5, u64::MAX, 1 << 40].iter().enumerate() {
            all.add(*number);
            parts[place % 2].add(*number);
        }
        let [mut merged, other] = parts;
        merged.merge(other);
        assert_eq!(merged, all);
    }

    /// Taking away needs a borrow of its own: 2¹²⁸ + 3 less 5 is 2¹²⁸ − 2, and the high part
    /// counts.
    #[test]
    fn what_is_taken_away_may_borrow() {
        let all = Squares { low: 3, high: 7 };
        assert_eq!(
            all.without(Squares { low: 5, high: 2 }),
            Squares { low: u128::MAX - 1, high: 4 }
        );
        assert_eq!(all.without(Squares { low: 2, high: 2 }), Squares { low: 1, high: 5 });
    }

    /// Schoolbook: with B = 2⁶⁴, (2B + 3)(5B + 7) = 10 B² + 29 B + 21, and the carries of the
    /// largest.
    #[test]
    fn a_product_has_two_halves() {
        let of = |high: u128, low: u128| (high << 64) | low;
        assert_eq!(product(of(2, 3), of(5, 7)), (10, of(29, 21)));
        // (B² − 1)² = B⁴ − 2 B² + 1.
        assert_eq!(product(u128::MAX, u128::MAX), (u128::MAX - 1, 1));
        // (B − 1 + B)(B − 1) = 2 B² − 3 B + 1: 1, and B² − 3 B + 1.
        let low = u128::from(u64::MAX);
        assert_eq!(product(of(1, low), of(0, low)), (1, of((1 << 64) - 3, 1)));
    }
}
