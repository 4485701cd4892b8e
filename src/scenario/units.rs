//! Lengths of time, sizes, rates, probabilities and prices as people write them.
//!
//! Owns the five notations. Must not know where they stand in a scenario.
//!
//! Invariant: a length, a size and a price are read exactly, in whole nanoseconds, bytes and
//! billionths of a dollar; no float is involved.

use crate::kernel::time::Span;

/// Units of time with their nanoseconds, longest first.
const UNITS: [(&str, u64); 8] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("ns", 1),
];

/// Units of size with their bytes, largest first.
const SIZE_UNITS: [(&str, u64); 5] =
    [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

/// Parts of a dollar that prices are whole numbers of.
pub const NANOS_PER_DOLLAR: u64 = 1_000_000_000;

/// The highest price that can be written, in billionths of a dollar.
pub const HIGHEST_PRICE: u64 = 1_000_000 * NANOS_PER_DOLLAR;

/// The longest length that can be written: 100 years, so that sums stay far from overflow.
pub(super) const LONGEST: Span = Span::from_secs(36_525 * 86_400);

/// What a length of time looks like, for messages.
pub(super) const LENGTH_FORM: &str = "write a number with its unit, such as \"30s\", \"150ms\" or \
                                      \"2h30m\" (d, h, m, s, ms, us, ns)";

/// What a size looks like, for messages.
pub(super) const SIZE_FORM: &str =
    "write a number with its unit, such as \"300B\", \"64KiB\" or \"3GiB\" (1 KiB = 1024 bytes)";

/// What a price looks like, for messages.
pub(super) const PRICE_FORM: &str = "write dollars, such as \"$0.40\" or 0.4";

/// What a rate looks like, for messages.
pub(super) const RATE_FORM: &str =
    "write a number per unit of time, such as \"400/s\", \"90/min\", \"10/h\" or \"5/d\"";

/// What a probability looks like, for messages.
pub(super) const PROBABILITY_FORM: &str = "write 0.02, \"2%\" or \"1/50\"";

/// Reads a length of time: one or more numbers, each with its unit (`30s`, `1.5s`, `2h30m`).
///
/// # Errors
/// A fragment that says what is wrong: no unit, an unknown one, finer than a nanosecond, longer
/// than 100 years.
pub fn parse_span(text: &str) -> Result<Span, String> {
    if text.is_empty() {
        return Err("a length of time is empty".into());
    }
    if text.starts_with('-') {
        return Err(format!("`{text}` is negative, a length of time is not"));
    }
    let mut rest = text;
    let mut sum = Span::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        if number.is_empty() {
            return Err(format!("`{text}` is not a length of time"));
        }
        if unit.is_empty() {
            return Err(format!("`{text}` has no unit after `{number}`"));
        }
        let Some(&(_, size)) = UNITS.iter().find(|&&(name, _)| name == unit) else {
            return Err(format!("`{unit}` in `{text}` is not a unit of time"));
        };
        sum = sum.saturating_add(scaled(number, size).map_err(|why| format!("`{text}` {why}"))?);
        rest = tail;
    }
    if sum > LONGEST {
        return Err(format!("`{text}` is longer than 100 years"));
    }
    Ok(sum)
}

/// A decimal number of units of `size` nanoseconds, exactly.
fn scaled(number: &str, size: u64) -> Result<Span, &'static str> {
    multiple(number, size).map(Span::from_nanos).map_err(|wrong| match wrong {
        NotWhole::Malformed => "is not a number with a unit",
        NotWhole::TooFine => "is finer than a nanosecond",
        NotWhole::TooLarge => "is longer than 100 years",
    })
}

/// Why a decimal number of units is no whole number of parts.
enum NotWhole {
    Malformed,
    TooFine,
    TooLarge,
}

/// A decimal number of units that have `size` parts each, in parts, exactly.
fn multiple(number: &str, size: u64) -> Result<u64, NotWhole> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.contains('.') || (fraction.is_empty() && number.contains('.')) {
        return Err(NotWhole::Malformed);
    }
    let fraction = fraction.trim_end_matches('0');
    if whole.len() > 20 {
        return Err(NotWhole::TooLarge);
    }
    if fraction.len() > 18 {
        return Err(NotWhole::TooFine);
    }
    let size = u128::from(size);
    let whole: u128 = whole.parse().map_err(|_| NotWhole::Malformed)?;
    let parts: u128 = format!("0{fraction}").parse().map_err(|_| NotWhole::Malformed)?;
    let of = 10_u128.pow(fraction.len() as u32);
    if !(parts * size).is_multiple_of(of) {
        return Err(NotWhole::TooFine);
    }
    u64::try_from(whole * size + parts * size / of).map_err(|_| NotWhole::TooLarge)
}

/// Reads a size in bytes: a number and its unit (`64KiB`, `1.5MiB`, `300B`).
///
/// # Errors
/// A fragment that says what is wrong: no unit, an unknown one, finer than a byte, too large.
pub fn parse_size(text: &str) -> Result<u64, String> {
    if text.starts_with('-') {
        return Err(format!("`{text}` is negative, a size is not"));
    }
    let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err(format!("`{text}` is not a size"));
    }
    if unit.is_empty() {
        return Err(format!("`{text}` has no unit after `{number}`"));
    }
    let Some(&(_, size)) = SIZE_UNITS.iter().find(|&&(name, _)| name == unit) else {
        return Err(format!("`{unit}` in `{text}` is not a unit of size"));
    };
    multiple(number, size).map_err(|wrong| match wrong {
        NotWhole::Malformed => format!("`{text}` is not a number with a unit"),
        NotWhole::TooFine => format!("`{text}` is not a whole number of bytes"),
        NotWhole::TooLarge => format!("`{text}` is more than any memory holds"),
    })
}

/// A size as it is read: in the largest unit of which it is a whole number.
pub fn size_text(bytes: u64) -> String {
    let fits = SIZE_UNITS.iter().find(|(_, size)| bytes > 0 && bytes.is_multiple_of(*size));
    let (unit, size) = fits.unwrap_or(&("B", 1));
    format!("{}{unit}", bytes / size)
}

/// A size as a person writes it: as [`size_text`], but `1.5GiB` rather than `1536MiB`.
pub(super) fn size_with_half(bytes: u64) -> String {
    let halves = |&&(_, size): &&(_, u64)| bytes > size && (bytes % size) * 2 == size;
    match SIZE_UNITS.iter().find(halves) {
        Some((unit, size)) => format!("{}.5{unit}", bytes / size),
        None => size_text(bytes),
    }
}

/// About so many bytes, in words: two digits or three and a unit, never rounded down.
pub fn about_size(bytes: u64) -> String {
    let (unit, size) = SIZE_UNITS.into_iter().find(|&(_, size)| bytes >= size).unwrap_or(("B", 1));
    let tenths = (u128::from(bytes) * 10).div_ceil(u128::from(size));
    match tenths {
        ..100 if tenths % 10 > 0 => format!("{}.{} {unit}", tenths / 10, tenths % 10),
        _ => format!("{} {unit}", tenths.div_ceil(10)),
    }
}

/// Reads a price in billionths of a dollar: `$0.40`.
///
/// # Errors
/// A fragment that says what is wrong: no `$`, negative, finer than a billionth of a dollar, or
/// above [`HIGHEST_PRICE`].
pub fn parse_price(text: &str) -> Result<u64, String> {
    let Some(number) = text.strip_prefix('$') else {
        return Err(format!("`{text}` does not begin with `$`"));
    };
    if number.starts_with('-') {
        return Err(format!("`{text}` is negative, a price is not"));
    }
    let price = multiple(number, NANOS_PER_DOLLAR).map_err(|wrong| match wrong {
        NotWhole::Malformed => format!("`{text}` is not a price"),
        NotWhole::TooFine => format!("`{text}` is finer than a billionth of a dollar"),
        NotWhole::TooLarge => format!("`{text}` is more than $1000000"),
    })?;
    if price > HIGHEST_PRICE {
        return Err(format!("`{text}` is more than $1000000"));
    }
    Ok(price)
}

/// A price as it is read: in dollars, with cents.
pub(super) fn price_text(price: u64) -> String {
    let (dollars, nanos) = (price / NANOS_PER_DOLLAR, price % NANOS_PER_DOLLAR);
    let digits = format!("{nanos:09}");
    let (cents, finer) = digits.split_at(2);
    format!("${dollars}.{cents}{}", finer.trim_end_matches('0'))
}

/// Reads a rate as a number per second: `400/s`, `90/min`, `10/h`, `0.5/d`.
///
/// # Errors
/// A fragment that says what is wrong: no unit, an unknown one, negative or not finite.
pub fn parse_rate(text: &str) -> Result<f64, String> {
    let Some((number, unit)) = text.split_once('/') else {
        return Err(format!("`{text}` does not say per what unit of time"));
    };
    let seconds = match unit.trim() {
        "s" => 1.0,
        "min" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        other => return Err(format!("`{other}` in `{text}` is not a unit of a rate")),
    };
    let number = decimal(number).ok_or_else(|| format!("`{text}` is not a rate"))?;
    if number < 0.0 {
        return Err(format!("`{text}` is negative, a rate is not"));
    }
    Ok(number / seconds)
}

/// Reads a probability: `2%` or `1/50`.
///
/// # Errors
/// A fragment that says what is wrong: neither form, or outside 0 to 1.
pub fn parse_probability(text: &str) -> Result<f64, String> {
    let malformed = || format!("`{text}` is not a probability");
    let value = if let Some(percent) = text.strip_suffix('%') {
        decimal(percent).ok_or_else(malformed)? / 100.0
    } else if let Some((part, whole)) = text.split_once('/') {
        let part = decimal(part).ok_or_else(malformed)?;
        part / decimal(whole).filter(|&whole| whole > 0.0).ok_or_else(malformed)?
    } else {
        return Err(malformed());
    };
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        let (none, all) = if text.ends_with('%') { ("0%", "100%") } else { ("0", "1") };
        Err(format!("`{text}` is not between {none} and {all}"))
    }
}

/// A finite decimal number; only digits, a point, a sign and an exponent.
fn decimal(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = text.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c));
    text.parse().ok().filter(|value: &f64| plain && value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_exactly() {
        let cases = [
            ("30s", 30_000_000_000),
            ("150ms", 150_000_000),
            ("2h30m", 9_000_000_000_000),
            ("4d", 345_600_000_000_000),
            ("1.5s", 1_500_000_000),
            ("0.000000001s", 1),
            ("0s", 0),
            ("1s500ms", 1_500_000_000),
            ("2.50us", 2_500),
            ("7µs", 7_000),
            ("0.1d", 8_640_000_000_000),
        ];
        for (text, nanos) in cases {
            assert_eq!(parse_span(text).map(Span::as_nanos), Ok(nanos), "{text}");
        }
    }

    #[test]
    fn a_length_that_is_printed_is_read_back() {
        for nanos in [1, 999, 1_001, 86_399_999_999_999, 90_061_001_001_001] {
            let span = Span::from_nanos(nanos);
            assert_eq!(parse_span(&span.to_string()), Ok(span));
        }
    }

    #[test]
    fn bad_lengths_say_why() {
        let cases = [
            ("", "empty"),
            ("30", "no unit"),
            ("-5s", "negative"),
            ("30 s", "no unit"),
            ("5min", "not a unit"),
            ("s", "not a length"),
            ("1..5s", "not a number"),
            ("1.s", "not a number"),
            (".5s", "not a number"),
            ("0.5ns", "finer"),
            ("1.0000000001s", "finer"),
            ("101000d", "100 years"),
            ("99999999999999999999d", "100 years"),
            ("999999999999999999999999999999999999999999s", "100 years"),
            ("30S", "not a unit"),
        ];
        for (text, part) in cases {
            let why = parse_span(text).expect_err(text);
            assert!(why.contains(part), "{text}: {why}");
        }
    }

    #[test]
    fn sizes_are_read_exactly_and_read_back() {
        let cases = [
            ("1KiB", 1_024),
            ("256KiB", 262_144),
            ("1MiB", 1_048_576),
            ("1.5KiB", 1_536),
            ("300B", 300),
            ("0B", 0),
            ("0.5KiB", 512),
        ];
        for (text, bytes) in cases {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
            assert_eq!(parse_size(&size_text(bytes)), Ok(bytes), "{text}");
        }
        assert_eq!(size_text(65_536), "64KiB");
        let halves = [(0, "0B"), (512, "512B"), (1_536, "1.5KiB"), (1_537, "1537B")];
        for (bytes, text) in halves {
            assert_eq!(size_with_half(bytes), text);
        }
        assert_eq!(size_text(65_537), "65537B");
        let bad = [
            ("", "not a size"),
            ("64", "no unit"),
            ("64KB", "`KB` in `64KB` is not a unit"),
            ("64 KiB", "not a unit"),
            ("-1KiB", "negative"),
            ("0.3B", "whole number of bytes"),
            ("1..5KiB", "not a number"),
            ("99999999999999MiB", "any memory"),
        ];
        for (text, part) in bad {
            let why = parse_size(text).expect_err(text);
            assert!(why.contains(part), "{text}: {why}");
        }
    }

    #[test]
    fn prices_are_billionths_of_a_dollar() {
        for (nanos, text) in
            [(0, "$0.00"), (400_000_000, "$0.40"), (12_000_000_001, "$12.000000001")]
        {
            assert_eq!(price_text(nanos), text);
            assert_eq!(parse_price(text), Ok(nanos));
        }
        let cases = [("$0.40", 400_000_000), ("$1", 1_000_000_000), ("$0.000000001", 1), ("$0", 0)];
        for (text, nanos) in cases {
            assert_eq!(parse_price(text), Ok(nanos), "{text}");
        }
        let bad = [
            ("0.40", "begin with `$`"),
            ("0.40 EUR", "begin with `$`"),
            ("$-1", "negative"),
            ("$0.0000000001", "finer"),
            ("$1e3", "not a price"),
            ("$1000001", "more than"),
            ("$", "not a price"),
        ];
        for (text, part) in bad {
            let why = parse_price(text).expect_err(text);
            assert!(why.contains(part), "{text}: {why}");
        }
    }

    #[test]
    fn rates_are_per_second() {
        let cases = [("400/s", 400.0), ("90/min", 1.5), ("10/h", 10.0 / 3_600.0), ("0/s", 0.0)];
        for (text, per_second) in cases {
            assert_eq!(parse_rate(text), Ok(per_second), "{text}");
        }
        for text in ["400", "-1/s", "1k/s", "x/s", "1/m", "inf/s", "NaN/s", "1e999/s", "/s"] {
            assert!(parse_rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn probabilities_are_percent_or_ratio() {
        let cases = [("2%", 0.02), ("1/50", 0.02), ("0%", 0.0), ("100%", 1.0), ("0.5%", 0.005)];
        for (text, value) in cases {
            assert_eq!(parse_probability(text), Ok(value), "{text}");
        }
        for text in ["120%", "-1%", "3/2", "1/0", "x", "", "%", "0.5", "inf%"] {
            assert!(parse_probability(text).is_err(), "{text}");
        }
    }
}
