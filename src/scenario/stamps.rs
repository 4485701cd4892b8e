//! Time stamps of data files.
//!
//! Owns the calendar: dates and epoch seconds to nanoseconds since 1970-01-01T00:00:00Z. Must not
//! know which file a stamp stands in.
//!
//! Invariant: reading is exact; digits below a nanosecond are cut off. The calendar is the
//! proleptic Gregorian one without leap seconds, as POSIX counts (H. Hinnant, "chrono-Compatible
//! Low-Level Date Algorithms", <https://howardhinnant.github.io/date_algorithms.html>).

/// What a time stamp may look like, for error messages.
pub(super) const STAMP_FORMS: &str = "`2014-04-10 00:04:00` (UTC), \
     ISO 8601 as `2014-04-10T00:04:00Z`, or seconds as `1397088240`";

const NANOS_PER_SECOND: i128 = 1_000_000_000;

/// Nanoseconds since 1970 of a date or of decimal seconds; `None` where `text` is neither.
pub(super) fn parse_stamp(text: &str) -> Option<i128> {
    parse_date(text).or_else(|| parse_seconds(text))
}

/// Nanoseconds of decimal seconds, `1397088240` or `0.25`.
pub(super) fn parse_seconds(text: &str) -> Option<i128> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    if decimals.is_empty() || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nanos = decimals.bytes().chain(std::iter::repeat(b'0')).take(9);
    let nanos = nanos.fold(0, |sum, digit| sum * 10 + i128::from(digit - b'0'));
    Some(i128::from(digits(whole)?) * NANOS_PER_SECOND + nanos)
}

/// Nanoseconds since 1970 of `2014-04-10`, `2014-04-10 00:04[:00[.000]]` or the same with a `T`,
/// each with `Z`, an offset (`+02:00`) or nothing behind; nothing means UTC.
pub(super) fn parse_date(text: &str) -> Option<i128> {
    let (date, rest) = text.split_at_checked(10)?;
    let [year, month, day] = fields(date, '-', [4, 2, 2])?;
    if !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
        return None;
    }
    let midnight = i128::from(days_from_civil(year, month, day)) * 86_400 * NANOS_PER_SECOND;
    if rest.is_empty() {
        return Some(midnight);
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, offset) = rest.split_at(rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len()));
    Some(midnight + parse_clock(clock)? - parse_offset(offset)?)
}

/// Nanoseconds since midnight of `00:04`, `00:04:00` or `00:04:00.000`.
fn parse_clock(text: &str) -> Option<i128> {
    let (minutes, seconds) = text.split_at_checked(5)?;
    let [hour, minute] = fields(minutes, ':', [2, 2])?;
    let second = match seconds.strip_prefix(':') {
        Some(seconds) if seconds.find('.').unwrap_or(seconds.len()) == 2 => parse_seconds(seconds)?,
        None if seconds.is_empty() => 0,
        Some(_) | None => return None,
    };
    let valid = hour < 24 && minute < 60 && second < 60 * NANOS_PER_SECOND;
    valid.then_some(i128::from(hour * 3600 + minute * 60) * NANOS_PER_SECOND + second)
}

/// Nanoseconds that a clock with this offset (`Z`, `+02:00`, nothing) is ahead of UTC.
fn parse_offset(text: &str) -> Option<i128> {
    if matches!(text, "" | "Z" | "z") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let [hours, minutes] = fields(text.get(1..)?, ':', [2, 2])?;
    let valid = hours < 24 && minutes < 60;
    valid.then_some(sign * i128::from(hours * 3600 + minutes * 60) * NANOS_PER_SECOND)
}

/// Numbers of exactly these widths, parted by `separator`.
fn fields<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut values = [0; N];
    for (value, width) in values.iter_mut().zip(widths) {
        *value = parts.next().filter(|part| part.len() == width).and_then(digits)?;
    }
    parts.next().is_none().then_some(values)
}

/// A number of digits only: no sign, no blank.
fn digits(text: &str) -> Option<i64> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01. Years begin in March here, so that a leap day ends one, and come in eras
/// of 400, each with 146,097 days; (153·m + 2)/5 is the number of days before month m.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values: `date -u -d … +%s` of GNU coreutils.
    #[test]
    fn known_dates_have_their_epoch_seconds() {
        let cases = [
            ("1970-01-01", 0),
            ("1969-12-31 23:59:59", -1),
            ("2000-02-29 12:00:00", 951_825_600),
            ("2000-03-01", 951_868_800),
            ("1900-03-01", -2_203_891_200),
            ("2014-04-10 00:04:00", 1_397_088_240),
            ("2024-02-29T23:59:59Z", 1_709_251_199),
            ("2024-09-29T22:14:00+00:00", 1_727_648_040),
            ("2024-09-29T22:14:00-07:30", 1_727_675_040),
            ("2038-01-19t03:14:08z", 2_147_483_648),
            ("2400-12-31 00:00", 13_601_001_600),
            ("1397088240", 1_397_088_240),
        ];
        for (text, seconds) in cases {
            assert_eq!(parse_stamp(text), Some(seconds * NANOS_PER_SECOND), "{text}");
        }
        assert_eq!(parse_stamp("1970-01-01T00:00:00.25Z"), Some(250_000_000));
        assert_eq!(parse_stamp("1.0000000019"), Some(1_000_000_001));
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut expected = days_from_civil(1896, 1, 1);
        for year in 1896..2104 {
            for month in 1..=12 {
                for day in 1..=days_in_month(year, month) {
                    assert_eq!(days_from_civil(year, month, day), expected, "{year}-{month}-{day}");
                    expected += 1;
                }
            }
        }
    }

    #[test]
    fn what_is_no_stamp_is_refused() {
        let bad = [
            "",
            "-1",
            "+5",
            "1.",
            ".",
            "1e9",
            "yesterday",
            "2014-4-10",
            "2014-13-01",
            "2014-02-29",
            "2014-04-10 24:00",
            "2014-04-10 00:60",
            "2014-04-10 00:00:60",
            "2014-04-10 0:04",
            "2014-04-10X00:04",
            "2014-04-10 00:04:0",
            "2014-04-10 00:04:00.",
            "2014-04-10 00:04+2",
            "10/04/2014 00:04",
            "2014-04-10 00:04:00+25:00",
            "2014-04-1é",
            "2014-04-10T00:00é",
        ];
        for text in bad {
            assert_eq!(parse_stamp(text), None, "{text}");
        }
    }
}
