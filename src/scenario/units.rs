//! Lengths as people write them.
//!
//! Owns the grammar of durations: `150ms`, `1.5s`, `2h30m`. Must not know what a length is for.
//!
//! Invariant: reading is exact, in whole nanoseconds; what does not come out whole is refused.

use crate::kernel::time::Span;

const UNITS: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

/// Reads a length with its units, as `30s`, `150ms`, `1.5s` or `2h30m`.
///
/// # Errors
/// Says what is wrong with `text`.
pub fn parse_span(text: &str) -> Result<Span, String> {
    let fault = || format!("`{text}` is not a length of time with a unit (ns, us, ms, s, m, h, d)");
    let mut rest = text.trim();
    let mut sum = 0_u64;
    if rest.is_empty() {
        return Err(fault());
    }
    while !rest.is_empty() {
        let number = rest.find(|c: char| c != '.' && !c.is_ascii_digit()).ok_or_else(fault)?;
        let (amount, after) = rest.split_at(number);
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let size = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(fault)?.1;
        let part = scaled(amount, size).ok_or_else(fault)?;
        sum = sum.checked_add(part).ok_or_else(fault)?;
        rest = after;
    }
    Ok(Span::from_nanos(sum))
}

/// A decimal number times `size`, where that is a whole number.
fn scaled(amount: &str, size: u64) -> Option<u64> {
    let (whole, decimals) = amount.split_once('.').unwrap_or((amount, "0"));
    let denominator = 10_u64.checked_pow(u32::try_from(decimals.len()).ok()?)?;
    let numerator = u128::from(decimals.parse::<u64>().ok()?) * u128::from(size);
    let part = u64::try_from(numerator / u128::from(denominator)).ok()?;
    let exact = numerator.is_multiple_of(u128::from(denominator));
    let whole = whole.parse::<u64>().ok()?.checked_mul(size)?.checked_add(part)?;
    exact.then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_exactly() {
        let cases = [("150ms", 150_000_000), ("1.5s", 1_500_000_000), ("2h30m", 9_000_000_000_000)];
        for (text, nanos) in cases {
            assert_eq!(parse_span(text), Ok(Span::from_nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn what_has_no_unit_is_refused() {
        for text in ["", "30", "30 s", "s", "-1s", "1.5ns", "999999999999d", "1x"] {
            assert!(parse_span(text).is_err(), "{text}");
        }
    }
}
