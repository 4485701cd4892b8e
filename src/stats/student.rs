//! Student's t distribution, for intervals over few replications.
//!
//! Owns its distribution function and its quantiles. Must not know what is estimated.
//!
//! For whole degrees of freedom the incomplete beta function behind it is a finite sum
//! (Abramowitz & Stegun, *Handbook of Mathematical Functions*, 26.7.3 and 26.7.4), so that
//! nothing is approximated but the last bits.
//!
//! Invariant: a quantile falls with the degrees of freedom, that of 95 % from 12.706 towards 1.960.

use crate::kernel::num;

/// P(|T| ≤ t) with `dof` degrees of freedom, for t ≥ 0.
fn two_sided(t: f64, dof: u64) -> f64 {
    let nu = dof as f64;
    let hypotenuse = nu + t * t;
    let sine = t / hypotenuse.sqrt();
    let cosine_squared = nu / hypotenuse;
    // Terms of the sum: each is the former one times cos² and k/(k + 1), from 1/2 for even and
    // from 2/3 for odd degrees of freedom.
    let odd = dof % 2 == 1;
    let mut term = if odd { cosine_squared.sqrt() } else { 1.0 };
    let mut sum = 0.0;
    let terms = dof / 2;
    for k in 0..terms {
        sum += term;
        let step = (2 * k + if odd { 2 } else { 1 }) as f64;
        term *= cosine_squared * step / (step + 1.0);
    }
    if odd {
        let angle = num::atan(t / nu.sqrt());
        (angle + sine * sum) * std::f64::consts::FRAC_2_PI
    } else {
        sine * sum
    }
}

/// Half the width of an interval in standard errors, with `dof` degrees of freedom: |T| is at
/// most this with probability `confidence` (above 0, below 1). Infinite for none.
pub fn quantile(dof: u64, confidence: f64) -> f64 {
    if dof == 0 {
        return f64::INFINITY;
    }
    // Beyond this many the next one changes the fifth digit at most, and the sum gets long.
    let dof = dof.min(100_000);
    let (mut low, mut high) = (1.0, 16.0);
    while two_sided(low, dof) >= confidence {
        low /= 2.0;
    }
    while two_sided(high, dof) < confidence && high < f64::MAX / 2.0 {
        high *= 2.0;
    }
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return middle;
        }
        if two_sided(middle, dof) < confidence {
            low = middle;
        } else {
            high = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, column 0.975.
    #[test]
    fn quantiles_match_the_published_table() {
        let table = [
            (1, 12.706),
            (2, 4.303),
            (3, 3.182),
            (4, 2.776),
            (5, 2.571),
            (6, 2.447),
            (7, 2.365),
            (8, 2.306),
            (9, 2.262),
            (10, 2.228),
            (14, 2.145),
            (19, 2.093),
            (20, 2.086),
            (25, 2.060),
            (29, 2.045),
            (30, 2.042),
            (39, 2.023),
            (50, 2.009),
            (99, 1.984),
            (100, 1.984),
        ];
        for (dof, expected) in table {
            let t = quantile(dof, 0.95);
            assert!((t - expected).abs() <= 0.000_5, "{dof} degrees of freedom: {t}");
        }
        // The normal limit, and the two closed forms: tan(0.475 π) and 0.95·√(2/(1 − 0.95²)).
        assert!((quantile(u64::MAX, 0.95) - 1.959_964).abs() < 3e-5);
        assert!((quantile(1, 0.95) - 12.706_204_736_174_698).abs() < 1e-10);
        let two: f64 = 0.95 * (2.0 / (1.0 - 0.95 * 0.95_f64)).sqrt();
        assert!((quantile(2, 0.95) - two).abs() < 1e-12);
        assert!(quantile(0, 0.95).is_infinite());
    }

    /// The same table, columns 0.95, 0.995 and 0.75 (of Abramowitz & Stegun, table 26.10).
    #[test]
    fn any_level_has_its_quantile() {
        let table = [
            (1, 6.314, 63.657, 1.0),
            (2, 2.920, 9.925, 0.816),
            (9, 1.833, 3.250, 0.703),
            (30, 1.697, 2.750, 0.683),
            (99, 1.660, 2.626, 0.677),
        ];
        for (dof, ninety, ninety_nine, half) in table {
            for (level, expected) in [(0.9, ninety), (0.99, ninety_nine), (0.5, half)] {
                let t = quantile(dof, level);
                assert!((t - expected).abs() <= 0.000_6, "{dof} of {level}: {t}");
            }
        }
        assert!((quantile(1, 0.999_999) / 636_619.772 - 1.0).abs() < 1e-6, "tan(π·0.999999/2)");
    }
}
