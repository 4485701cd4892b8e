//! Transcendental functions that give the same bits on every machine.
//!
//! Owns the crate's only door to `libm`, pinned in `Cargo.toml`, and the few special functions
//! built on it. Must not know what a number measures.
//!
//! Invariant: every function here is made of IEEE operations in a fixed order, so its bits depend
//! on its arguments alone. `std`'s own differ between platforms (the documentation of
//! [`f64::ln`](https://doc.rust-lang.org/std/primitive.f64.html#method.ln) calls its precision
//! non-deterministic), which is why `clippy.toml` bans them.

use std::f64::consts::SQRT_2;

/// Natural logarithm.
#[inline]
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// Natural logarithm of 1 + x, exact near 0.
#[inline]
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// Logarithm to base 10.
#[inline]
pub fn log10(x: f64) -> f64 {
    libm::log10(x)
}

/// e to the power of x.
#[inline]
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// e to the power of x, less 1; exact near 0.
#[inline]
pub fn exp_m1(x: f64) -> f64 {
    libm::expm1(x)
}

/// `base` to the power of `exponent`.
#[inline]
pub fn pow(base: f64, exponent: f64) -> f64 {
    libm::pow(base, exponent)
}

/// Square root.
#[inline]
pub fn sqrt(x: f64) -> f64 {
    libm::sqrt(x)
}

/// Product and sum `a * b + c` with one rounding, on every machine.
#[inline]
pub fn fused(a: f64, b: f64, c: f64) -> f64 {
    libm::fma(a, b, c)
}

/// The angle whose tangent is `x`, in radians.
#[inline]
pub fn atan(x: f64) -> f64 {
    libm::atan(x)
}

/// The gamma function, Γ(n) = (n − 1)!.
pub fn gamma(x: f64) -> f64 {
    libm::tgamma(x)
}

/// Logarithm of |Γ(x)|.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// The error function.
pub fn erf(x: f64) -> f64 {
    libm::erf(x)
}

/// One less the error function, exact in its far tail.
pub fn erfc(x: f64) -> f64 {
    libm::erfc(x)
}

/// Probability that a standard normal variable is at most `x`.
#[inline]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / SQRT_2)
}

/// Density of the standard normal law.
pub fn normal_density(x: f64) -> f64 {
    const ONE_OVER_ROOT_TAU: f64 = 0.398_942_280_401_432_7;
    ONE_OVER_ROOT_TAU * exp(-0.5 * x * x)
}

/// The `x` that an exponential variable with mean 1 stays below with probability `p`, 0 < p < 1:
/// `-ln(1 - p)`, which loses nothing where `1 - p` is exact, as it is for
/// [`Source::unit`](super::rng::Source::unit).
#[inline]
pub fn exponential_quantile(p: f64) -> f64 {
    -ln(1.0 - p)
}

/// The `x` that a standard normal variable stays below with probability `p`, 0 < p < 1; its
/// relative error is about 1e-16 (M. J. Wichura, "Algorithm AS 241: The Percentage Points of the
/// Normal Distribution", Applied Statistics 37, 1988, routine `PPND16`).
#[inline]
pub fn normal_quantile(p: f64) -> f64 {
    let centred = p - 0.5;
    if centred.abs() <= 0.425 {
        let r = 0.180_625 - centred * centred;
        return centred * (polynomial(&CENTRAL_TOP, r) / polynomial(&CENTRAL_BOTTOM, r));
    }
    let tail = if centred < 0.0 { p } else { 1.0 - p };
    let r = sqrt(-ln(tail));
    let size = if r <= 5.0 {
        polynomial(&MIDDLE_TOP, r - 1.6) / polynomial(&MIDDLE_BOTTOM, r - 1.6)
    } else {
        polynomial(&FAR_TOP, r - 5.0) / polynomial(&FAR_BOTTOM, r - 5.0)
    };
    if centred < 0.0 { -size } else { size }
}

/// Horner's rule, coefficients in ascending powers.
#[inline]
fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

/// Probability that a gamma variable with this shape (above 0) and scale 1 is at most `x`: the
/// regularised lower incomplete gamma function P(shape, x), to about 1e-13. By its power series
/// (DLMF [8.11.4](https://dlmf.nist.gov/8.11#E4)) below the mean, above it by the continued
/// fraction (the even part of DLMF [8.9.2](https://dlmf.nist.gov/8.9#E2)) in Lentz's method.
pub fn gamma_cdf(shape: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let front = exp(shape * ln(x) - x - ln_gamma(shape));
    if x < shape + 1.0 {
        front * gamma_series(shape, x)
    } else {
        1.0 - front * gamma_fraction(shape, x)
    }
}

/// Terms enough for either expansion at shapes up to some millions: both need of the order of
/// the root of the shape where they are used.
const MOST_TERMS: u32 = 100_000;

/// Σ xⁿ / (a (a+1) … (a+n)).
fn gamma_series(a: f64, x: f64) -> f64 {
    let mut term = 1.0 / a;
    let mut sum = term;
    for n in 1..MOST_TERMS {
        term *= x / (a + f64::from(n));
        sum += term;
        if term < sum * f64::EPSILON {
            break;
        }
    }
    sum
}

/// 1/(x+1−a + 1(a−1)/(x+3−a + 2(a−2)/(x+5−a + …))).
fn gamma_fraction(a: f64, x: f64) -> f64 {
    let mut denominator = x + 1.0 - a;
    let mut above = f64::MAX;
    let mut below = 1.0 / denominator;
    let mut value = below;
    for n in (1..MOST_TERMS).map(f64::from) {
        let numerator = n * (a - n);
        denominator += 2.0;
        below = 1.0 / (numerator * below + denominator);
        above = denominator + numerator / above;
        value *= above * below;
        if (above * below - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    value
}

/// Numerator for |p − 1/2| ≤ 0.425, ascending powers.
const CENTRAL_TOP: [f64; 8] = [
    3.387_132_872_796_366_5,
    133.141_667_891_784_38,
    1_971.590_950_306_551_3,
    13_731.693_765_509_46,
    45_921.953_931_549_87,
    67_265.770_927_008_7,
    33_430.575_583_588_13,
    2_509.080_928_730_122_7,
];
/// Its denominator.
const CENTRAL_BOTTOM: [f64; 8] = [
    1.0,
    42.313_330_701_600_91,
    687.187_007_492_057_9,
    5_394.196_021_424_751,
    21_213.794_301_586_597,
    39_307.895_800_092_71,
    28_729.085_735_721_943,
    5_226.495_278_852_854,
];
/// Numerator for tails down to e^-25.
const MIDDLE_TOP: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_546,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    0.241_780_725_177_450_6,
    0.022_723_844_989_269_184,
    0.000_774_545_014_278_341_4,
];
/// Its denominator.
const MIDDLE_BOTTOM: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    0.689_767_334_985_1,
    0.148_103_976_427_480_08,
    0.015_198_666_563_616_457,
    0.000_547_593_808_499_534_5,
    1.050_750_071_644_416_9e-9,
];
/// Numerator for tails beyond e^-25.
const FAR_TOP: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    0.296_560_571_828_504_87,
    0.026_532_189_526_576_124,
    0.001_242_660_947_388_078_4,
    2.711_555_568_743_487_6e-5,
    2.010_334_399_292_288_1e-7,
];
/// Its denominator.
const FAR_BOTTOM: [f64; 8] = [
    1.0,
    0.599_832_206_555_888,
    0.136_929_880_922_735_8,
    0.014_875_361_290_850_615,
    0.000_786_869_131_145_613_3,
    1.846_318_317_510_054_8e-5,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_7e-15,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(actual: f64, expected: f64, relative: f64) {
        let error = (actual - expected).abs();
        assert!(error <= relative * expected.abs(), "{actual} is not {expected} within {relative}");
    }

    /// Expected values: 40-digit arithmetic (mpmath 1.3), rounded to 17 digits.
    #[test]
    fn normal_quantiles_are_exact_to_double_precision() {
        let cases = [
            (1e-300, -37.047_096_299_361_2),
            (1e-20, -9.262_340_089_798_408),
            (1.110_223_024_625_156_5e-16, -8.209_536_151_601_387),
            (0.001, -3.090_232_306_167_813_5),
            (0.01, -2.326_347_874_040_841),
            (0.3, -0.524_400_512_708_040_8),
            (0.5, 0.0),
            (0.75, 0.674_489_750_196_081_7),
            (0.99, 2.326_347_874_040_840_8),
            (0.999_999_999_999_999_9, 8.209_536_151_601_387),
        ];
        for (p, expected) in cases {
            assert_near(normal_quantile(p), expected, 1e-15);
        }
    }

    #[test]
    fn the_normal_law_and_its_quantile_are_inverse() {
        for i in 1..1000 {
            let p = f64::from(i) / 1000.0;
            assert_near(normal_cdf(normal_quantile(p)), p, 4e-15);
        }
        assert_near(normal_density(0.0), 0.398_942_280_401_432_7, 1e-15);
    }

    /// Expected values: mpmath 1.3, `gammainc(a, 0, x, regularized=True)`.
    #[test]
    fn the_incomplete_gamma_function_agrees_with_a_second_implementation() {
        let cases = [
            (0.1, 1e-5, 0.332_398_405_040_503_3),
            (0.5, 0.5, 0.682_689_492_137_085_9),
            (1.0, 1.0, 0.632_120_558_828_557_7),
            (2.5, 1.0, 0.150_854_963_915_390_37),
            (4.0, 6.0, 0.848_796_117_223_352_1),
            (30.0, 20.0, 0.021_818_217_525_557_39),
            (100.0, 110.0, 0.841_721_329_939_912_9),
        ];
        for (shape, x, expected) in cases {
            assert_near(gamma_cdf(shape, x), expected, 1e-12);
        }
        assert!(gamma_cdf(2.0, 0.0).abs() < f64::MIN_POSITIVE);
    }

    /// Bit patterns, so that another machine or another `libm` cannot differ unnoticed.
    #[test]
    fn bits_are_pinned() {
        let bits = |x: f64| format!("{:016x}", x.to_bits());
        let values = [ln(0.3), exp(0.3), pow(0.3, 0.7), ln_1p(0.3), exp_m1(0.3), log10(0.3)];
        insta::assert_snapshot!("bits", values.map(bits).join("\n"));
    }
}
