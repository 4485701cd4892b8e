//! How numbers are written.
//!
//! Owns units and the number of digits. Must not know what a number means.
//!
//! Invariant: one unit and one precision per table, so that its columns can be compared by eye.

/// Units of length with their nanoseconds, ascending.
const UNITS: [(&str, f64); 4] = [("ns", 1.0), ("us", 1e3), ("ms", 1e6), ("s", 1e9)];

/// The unit and the decimals that a table of lengths shares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    unit: &'static str,
    nanos: f64,
    decimals: usize,
}

impl Scale {
    /// The scale for these lengths in nanoseconds: the largest unit in which the greatest is at
    /// least 10 (seconds from 10 s on), and two digits for the smallest that is not zero, as far
    /// as three decimals show them.
    pub fn of(lengths: impl IntoIterator<Item = f64>) -> Scale {
        let mut greatest = 0.0_f64;
        let mut smallest = f64::INFINITY;
        for length in lengths.into_iter().filter(|length| *length > 0.0) {
            greatest = greatest.max(length);
            smallest = smallest.min(length);
        }
        let fits = UNITS.iter().rev().find(|(_, nanos)| greatest >= 10.0 * nanos);
        let (unit, nanos) = *fits.unwrap_or(if greatest > 0.0 { &UNITS[0] } else { &UNITS[2] });
        let in_units = smallest / nanos;
        let decimals = match in_units {
            _ if unit == "ns" || in_units >= 10.0 => 0,
            _ if in_units >= 1.0 => 1,
            _ if in_units >= 0.1 => 2,
            _ => 3,
        };
        Scale { unit, nanos, decimals }
    }

    /// The scale for one length and its interval: three significant digits.
    pub fn of_one(nanos: f64) -> Scale {
        let fits = UNITS.iter().rev().find(|(_, size)| nanos >= *size);
        let (unit, size) = *fits.unwrap_or(if nanos > 0.0 { &UNITS[0] } else { &UNITS[3] });
        let value = nanos / size;
        let decimals = match value {
            _ if unit == "ns" || value >= 100.0 || value <= 0.0 => 0,
            _ if value >= 10.0 => 1,
            _ => 2,
        };
        Scale { unit, nanos: size, decimals }
    }

    /// With a decimal less; `None` if there is none.
    pub fn coarser(self) -> Option<Scale> {
        Some(Scale { decimals: self.decimals.checked_sub(1)?, ..self })
    }

    /// A length with its unit; `<0.01ms` where the digits do not show it.
    pub fn write(self, nanos: f64) -> String {
        let Scale { unit, nanos: size, decimals } = self;
        if nanos == 0.0 {
            return format!("0{unit}");
        }
        let (shown, less) = shown(nanos / size, decimals);
        format!("{}{shown}{unit}", if less { "<" } else { "" })
    }

    /// Half the width of an interval, `±5ms`; `±<1ms` where the digits do not show it.
    pub fn write_half(self, nanos: f64) -> String {
        half(nanos / self.nanos, self.decimals, self.unit)
    }
}

/// `±` and half the width of an interval; `<` and the smallest number shown where it would read
/// as zero and is not.
pub fn half(width: f64, decimals: usize, unit: &str) -> String {
    let (shown, less) = shown(width, decimals);
    format!("±{}{shown}{unit}", if less { "<" } else { "" })
}

/// A number with so many decimals; where it would read as zero and is not, the smallest number that
/// they show, which is more.
fn shown(value: f64, decimals: usize) -> (String, bool) {
    let shown = format!("{value:.decimals$}");
    if value > 0.0 && shown.chars().all(|c| matches!(c, '0' | '.')) {
        let smallest =
            if decimals == 0 { "1".to_owned() } else { format!("0.{}1", "0".repeat(decimals - 1)) };
        return (smallest, true);
    }
    (shown, false)
}

/// One length on its own, three significant digits: `59.6ms`, `2s`.
pub fn length(nanos: f64) -> String {
    let scale = Scale::of_one(nanos);
    let text = format!("{:.*}", scale.decimals, nanos / scale.nanos);
    let shortest = match scale.decimals {
        0 => text.as_str(),
        _ => text.trim_end_matches('0').trim_end_matches('.'),
    };
    format!("{shortest}{}", scale.unit)
}

/// A share as a percentage with two significant digits at least: `11%`, `0.082%`.
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    let decimals = match value {
        _ if value >= 10.0 || value <= 0.0 => 0,
        _ if value >= 1.0 => 1,
        _ if value >= 0.1 => 2,
        _ => 3,
    };
    format!("{value:.decimals$}%")
}

/// A share as it was asked for, with all its digits: `2%`, `0.05%`.
pub fn exact_percent(share: f64) -> String {
    let digits = format!("{:.9}", share * 100.0);
    format!("{}%", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// Dollars with their cents, or two significant digits where it is less than ten: `$12.30`,
/// `$0.043`.
pub fn money(dollars: f64) -> String {
    let size = dollars.abs();
    let decimals = match size {
        _ if size >= 1_000.0 => 0,
        _ if size >= 0.1 || size == 0.0 => 2,
        _ if size >= 0.01 => 3,
        _ if size >= 0.001 => 4,
        _ => 6,
    };
    format!("${dollars:.decimals$}")
}

/// Half the width of an interval about some dollars, in their digits: `±$0.31`, `±<$0.01`.
pub fn money_half(dollars: f64, half: f64) -> String {
    let written = money(dollars);
    let decimals = written.split_once('.').map_or(0, |(_, cents)| cents.len());
    let smallest = 1.0 / f64::from(10_u32.pow(decimals as u32));
    let (sign, shown) = if half < smallest / 2.0 { ("<", smallest) } else { ("", half) };
    format!("±{sign}${shown:.decimals$}")
}

/// A number whose size is unknown: whole if it is whole, else three significant digits.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if size.fract() == 0.0 && size < 1e15 {
        return format!("{value:.0}");
    }
    let decimals = match size {
        _ if size >= 100.0 => 0,
        _ if size >= 10.0 => 1,
        _ if size >= 1.0 => 2,
        _ if size >= 0.1 => 3,
        _ if size >= 0.01 => 4,
        _ => 6,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_shares_one_unit_that_fits_its_values() {
        let cases: [(&[f64], f64, &str); 7] = [
            (&[17e6, 59e6, 409e6], 59.4e6, "59ms"),
            (&[1.7e6, 9e6, 40e6], 9e6, "9.0ms"),
            (&[0.2e6, 40e6], 0.2e6, "0.20ms"),
            (&[12e9, 90e9], 12.4e9, "12s"),
            (&[3e9, 9e9], 3e9, "3000ms"),
            (&[80.0, 200.0], 80.0, "80ns"),
            (&[0.0, 0.0], 0.0, "0ms"),
        ];
        for (table, value, expected) in cases {
            assert_eq!(Scale::of(table.iter().copied()).write(value), expected, "{table:?}");
        }
    }

    #[test]
    fn an_interval_is_never_shown_as_nothing() {
        let scale = Scale::of([17e6, 409e6]);
        assert_eq!(scale.write_half(44.6e6), "±45ms");
        assert_eq!(scale.write_half(0.2e6), "±<1ms");
        assert_eq!(scale.write_half(0.0), "±0ms");
        assert_eq!(half(0.001, 2, ""), "±<0.01");
    }

    #[test]
    fn half_widths_of_money_have_its_digits() {
        assert_eq!(money_half(252.12, 0.312), "±$0.31");
        assert_eq!(money_half(87.08, 0.000_591), "±<$0.01");
        assert_eq!(money_half(2_500.0, 3.2), "±$3");
        assert_eq!(money_half(0.0123, 0.002), "±$0.002");
    }

    #[test]
    fn lengths_shares_and_numbers_on_their_own() {
        assert_eq!(length(59_643_000.0), "59.6ms");
        assert_eq!(length(1_500.0), "1.5us");
        assert_eq!(length(2e9), "2s");
        assert_eq!(length(500e6), "500ms");
        assert_eq!(length(0.0), "0s");
        assert_eq!(Scale::of_one(59_643_000.0).write_half(1_234_000.0), "±1.2ms");
        assert_eq!(length(120e9), "120s");
        assert_eq!(percent(0.114), "11%");
        assert_eq!(percent(0.000_82), "0.082%");
        assert_eq!(percent(0.0), "0%");
        assert_eq!([0.02, 0.07, 0.0005, 1.0].map(exact_percent), ["2%", "7%", "0.05%", "100%"]);
        assert_eq!(number(36_000.0), "36000");
        assert_eq!(number(0.000_999), "0.000999");
        assert_eq!(number(2.345), "2.35");
        let amounts = [(0.0, "$0.00"), (0.524, "$0.52"), (0.0432, "$0.043"), (87.6, "$87.60")];
        for (dollars, text) in amounts {
            assert_eq!(money(dollars), text);
        }
        assert_eq!(money(12_345.6), "$12346");
    }
}
