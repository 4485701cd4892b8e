//! The time stamps of one file, which are all read alike.
//!
//! Owns what is learnt from all of them before any is read: the order of day and month, and the
//! unit of bare numbers. Must not know where a stamp stands.
//!
//! Invariant: nothing is guessed. What the file leaves open is a fault, with what would close it.

use super::calendar::{
    Date, DayOrder, NANOS_PER_SECOND, billionths, is_digits, parse_clock, parse_date, parse_digits,
};
use super::quote;
use crate::scenario::units::parse_span;

/// What a time stamp may look like, for error messages.
pub(super) const STAMP_FORMS: &str = "`2014-04-10 00:04:00` (UTC), ISO 8601 as \
     `2014-04-10T00:04:00Z`, or seconds as `1397088240`";

/// Days as Excel counts them, of the years 2000 to 2100.
const EXCEL_DAYS: std::ops::Range<i128> = 36_526..73_051;

/// What a stamp says by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stamp {
    /// A day, and a time of it.
    Date(Date),
    /// A number without a unit, in billionths.
    Number(i128),
    /// A length since the start of the run, with its unit, in nanoseconds.
    Length(i128),
}

/// Why something is refused: what is wrong, and what to do.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refused {
    pub(super) message: String,
    pub(super) help: String,
}

/// A stamp by itself; `clock` is the time of day where it stands in a column of its own.
///
/// # Errors
/// It is none, and why.
pub(super) fn parse_stamp(text: &str, clock: Option<&str>) -> Result<Stamp, Refused> {
    let refused = |why: &str| Refused {
        message: format!("{} is not a time stamp", quote(text)),
        help: match why {
            "" => format!("expected {STAMP_FORMS}"),
            why => format!("{why}; expected {STAMP_FORMS}"),
        },
    };
    if let Some(clock_text) = clock {
        let mut date = parse_date(text).map_err(refused)?;
        let Some(clock) = parse_clock(clock_text) else {
            let message = format!("{} is not a time of day", quote(clock_text));
            return Err(Refused { message, help: "expected `00:04` or `00:04:00`".into() });
        };
        date.since_midnight += clock;
        return Ok(Stamp::Date(date));
    }
    if let Some(number) = parse_number(text) {
        return Ok(match parse_digits(text).filter(|_| text.len() > 8) {
            Some(date) => Stamp::Date(date),
            None => Stamp::Number(number),
        });
    }
    let why = match parse_date(text) {
        Ok(date) => return Ok(Stamp::Date(date)),
        Err(why) => why,
    };
    if text.contains(['e', 'E']) && text.parse::<f64>().is_ok() {
        return Err(refused("its last digits are lost: let the program show the whole number"));
    }
    match parse_span(text) {
        Ok(length) => Ok(Stamp::Length(length.as_nanos().into())),
        Err(_) => Err(refused(why)),
    }
}

/// A decimal number in billionths.
fn parse_number(text: &str) -> Option<i128> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    if !is_digits(whole) || !is_digits(decimals) || whole.len() > 24 {
        return None;
    }
    let whole: i128 = whole.parse().ok()?;
    Some(whole * NANOS_PER_SECOND + billionths(decimals))
}

/// A unit of bare numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    name: &'static str,
    nanos: i128,
}

const SECONDS: Unit = Unit { name: "seconds", nanos: NANOS_PER_SECOND };
const MILLIS: Unit = Unit { name: "milliseconds", nanos: 1_000_000 };
const MICROS: Unit = Unit { name: "microseconds", nanos: 1_000 };
const NANOS: Unit = Unit { name: "nanoseconds", nanos: 1 };
const MINUTES: Unit = Unit { name: "minutes", nanos: 60 * NANOS_PER_SECOND };
const HOURS: Unit = Unit { name: "hours", nanos: 3_600 * NANOS_PER_SECOND };
const DAYS: Unit = Unit { name: "days", nanos: 86_400 * NANOS_PER_SECOND };

/// The unit that the name of a column tells: `epoch_ms`, `Time (s)`, `minute`.
pub(super) fn unit_of_name(name: &str) -> Option<Unit> {
    let lower = name.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let alone = lower.chars().all(char::is_alphabetic);
    let mut words = words;
    words.find_map(|word| match word {
        "s" if !alone => Some(SECONDS),
        "sec" | "secs" | "second" | "seconds" => Some(SECONDS),
        "ms" | "msec" | "msecs" | "milli" | "millis" | "millisecond" | "milliseconds" => {
            Some(MILLIS)
        }
        "us" | "µs" | "usec" | "micros" | "microsecond" | "microseconds" => Some(MICROS),
        "ns" | "nsec" | "nanos" | "nanosecond" | "nanoseconds" => Some(NANOS),
        "min" | "mins" | "minute" | "minutes" => Some(MINUTES),
        "h" if !alone => Some(HOURS),
        "hour" | "hours" | "hr" | "hrs" => Some(HOURS),
        "day" | "days" => Some(DAYS),
        _ => None,
    })
}

/// From when a bare number counts, by how large it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Since {
    /// The start of the run: too small for a date.
    Start,
    /// 1970, in this unit: a date from 2001 to 2286.
    Epoch(Unit),
}

impl Since {
    fn of(number: i128) -> Option<Since> {
        const BILLION: i128 = 1_000_000_000;
        let whole = number / NANOS_PER_SECOND;
        let within = |unit: i128| (BILLION * unit..10 * BILLION * unit).contains(&whole);
        if whole < BILLION {
            return Some(Since::Start);
        }
        let units = [(1, SECONDS), (1_000, MILLIS), (1_000_000, MICROS), (BILLION, NANOS)];
        units.into_iter().find(|&(scale, _)| within(scale)).map(|(_, unit)| Since::Epoch(unit))
    }
}

/// Families of stamps that cannot stand in one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Dates,
    Lengths,
    Epoch(Unit),
}

impl Family {
    fn plural(self) -> String {
        match self {
            Family::Dates => "dates".into(),
            Family::Lengths => "lengths".into(),
            Family::Epoch(unit) => format!("{} since 1970", unit.name),
        }
    }
}

/// What the stamps of a file have told so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    /// The unit that the column's name tells.
    named: Option<Unit>,
    family: Option<Family>,
    order: Option<DayOrder>,
    /// A date that has two readings, the first.
    open: Option<String>,
    /// All bare numbers so far are days of the calendar without separators.
    all_eight_digits: Option<bool>,
    /// All bare numbers so far are in [`EXCEL_DAYS`].
    all_excel: Option<bool>,
    /// A bare number, the first.
    number: Option<String>,
    /// A date without an offset from UTC was there.
    local: bool,
}

impl Evidence {
    /// Before any stamp; `name` is that of their column.
    pub(super) fn new(name: Option<&str>) -> Evidence {
        Evidence { named: name.and_then(unit_of_name), ..Evidence::default() }
    }

    /// Whether dates stand there whose clock may be anywhere's, and change twice a year.
    pub(super) fn is_local(&self) -> bool {
        self.local
    }

    /// Takes one stamp, as it is written, into account.
    ///
    /// # Errors
    /// It does not fit to those before it.
    pub(super) fn take(&mut self, stamp: Stamp, text: &str) -> Result<(), Refused> {
        let family = match stamp {
            Stamp::Date(date) => {
                self.local |= !date.is_zoned;
                self.day(date, text)?;
                Family::Dates
            }
            Stamp::Length(_) => Family::Lengths,
            Stamp::Number(number) => {
                let whole = number / NANOS_PER_SECOND;
                let eight = parse_digits(text).is_some();
                self.all_eight_digits = Some(eight && self.all_eight_digits != Some(false));
                let excel = EXCEL_DAYS.contains(&whole);
                self.all_excel = Some(excel && self.all_excel != Some(false));
                self.number.get_or_insert_with(|| text.to_owned());
                self.family_of(number, text)?
            }
        };
        let known = *self.family.get_or_insert(family);
        // Both count from 1970.
        let alike = [Family::Dates, Family::Epoch(SECONDS)];
        if known == family || (alike.contains(&known) && alike.contains(&family)) {
            return Ok(());
        }
        let this = match family {
            Family::Dates => "a date".into(),
            Family::Lengths => "a length".into(),
            Family::Epoch(_) => family.plural(),
        };
        let (text, others) = (quote(text), known.plural());
        Err(Refused {
            message: format!("{text} is {this}, the lines before it are {others}"),
            help: "write all of them in one form".into(),
        })
    }

    fn family_of(&self, number: i128, text: &str) -> Result<Family, Refused> {
        let Some(since) = Since::of(number) else {
            return Err(Refused {
                message: format!("{} is no time from 2001 to 2286 in any unit", quote(text)),
                help: format!(
                    "since 1970 there are 10 digits of seconds, 13 of milliseconds, 16 of \
                     microseconds or 19 of nanoseconds; or expected {STAMP_FORMS}"
                ),
            });
        };
        let Since::Epoch(unit) = since else { return Ok(Family::Lengths) };
        let small = |named: &Unit| named.nanos <= NANOS_PER_SECOND;
        match self.named.filter(small) {
            Some(named) if named != unit => Err(Refused {
                message: format!(
                    "{} is as large as {} since 1970, but its column is named for {}",
                    quote(text),
                    unit.name,
                    named.name
                ),
                help: "correct the column's name, or the numbers".into(),
            }),
            _ => Ok(Family::Epoch(unit)),
        }
    }

    fn day(&mut self, date: Date, text: &str) -> Result<(), Refused> {
        if let Some(order) = date.day.order() {
            if *self.order.get_or_insert(order) != order {
                let (this, other) = match order {
                    DayOrder::DayFirst => ("day", "month"),
                    DayOrder::MonthFirst => ("month", "day"),
                };
                return Err(Refused {
                    message: format!(
                        "{} has the {this} first, the lines before it have the {other} first",
                        quote(text)
                    ),
                    help: "write all dates alike, best as `2026-04-03`".into(),
                });
            }
        } else if !date.day.is_certain() {
            self.open.get_or_insert_with(|| text.to_owned());
        }
        Ok(())
    }

    /// How to read each of the stamps, now that all are known; or the stamp that stays open.
    ///
    /// # Errors
    /// The text of a stamp and why it has several readings.
    pub(super) fn reading(&self) -> Result<Reading, (&str, Refused)> {
        if let (Some(open), None) = (&self.open, self.order) {
            let message = format!("{} may be two days: which number is the month?", quote(open));
            let help = "no date in the file has a day above 12 to tell: write them as \
                        `2026-04-03`, year, month, day";
            return Err((open, Refused { message, help: help.into() }));
        }
        if let (Some(number), None) = (&self.number, self.named) {
            if self.all_eight_digits == Some(true) && self.family == Some(Family::Lengths) {
                let message = format!("{} may be a day or a number of seconds", quote(number));
                let help = format!(
                    "write days as `2026-03-01`, or seconds since the start with their unit, \
                     `{number}s`"
                );
                return Err((number, Refused { message, help }));
            }
            if self.all_excel == Some(true) && self.family == Some(Family::Lengths) {
                let message =
                    format!("{} may be a day as Excel counts them, or seconds", quote(number));
                let help = format!(
                    "let Excel show dates as `2026-03-01 00:05`, or write seconds since the \
                     start with their unit, `{number}s`"
                );
                return Err((number, Refused { message, help }));
            }
        }
        let unit = match (self.family, self.named) {
            (Some(Family::Epoch(unit)), _) => unit,
            (Some(Family::Lengths), Some(named)) => named,
            _ => SECONDS,
        };
        let order = self.order.unwrap_or(DayOrder::DayFirst);
        Ok(Reading { order, unit, since_1970: self.family != Some(Family::Lengths) })
    }
}

/// How the stamps of one file are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    order: DayOrder,
    unit: Unit,
    /// Whether nanoseconds count from 1970 rather than from the start of the run.
    pub(super) since_1970: bool,
}

impl Reading {
    /// Nanoseconds of a stamp; `None` where the calendar has no such day.
    pub(super) fn nanos(self, stamp: Stamp) -> Option<i128> {
        match stamp {
            Stamp::Date(date) => date.nanos(self.order),
            Stamp::Length(nanos) => Some(nanos),
            Stamp::Number(number) => Some(number.checked_mul(self.unit.nanos)? / NANOS_PER_SECOND),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nanoseconds of all, or the first complaint.
    fn read(name: Option<&str>, texts: &[&str]) -> Result<Vec<i128>, String> {
        let mut evidence = Evidence::new(name);
        for text in texts {
            let stamp = parse_stamp(text, None).map_err(|refused| refused.message)?;
            evidence.take(stamp, text).map_err(|refused| refused.message)?;
        }
        let reading = evidence.reading().map_err(|(_, refused)| refused.message)?;
        let nanos = |text| reading.nanos(parse_stamp(text, None).ok()?);
        Ok(texts.iter().map(|text| nanos(text).expect("it is a day")).collect())
    }

    /// 2024-09-29T22:14:00Z and 300 s later.
    #[test]
    fn numbers_since_1970_are_known_by_their_size() {
        let expected = Ok(vec![1_727_648_040_000_000_000, 1_727_648_340_000_000_000]);
        for texts in [
            ["1727648040", "1727648340"],
            ["1727648040.000", "1727648340.0"],
            ["1727648040000", "1727648340000"],
            ["1727648040000.0", "1727648340000.0"],
            ["1727648040000000", "1727648340000000"],
            ["1727648040000000000", "1727648340000000000"],
            ["2024-09-29 22:14", "1727648340"],
            ["20240929221400", "20240929221900"],
        ] {
            assert_eq!(read(None, &texts), expected, "{texts:?}");
        }
        assert_eq!(read(Some("timestamp_ms"), &["1727648040000", "1727648340000"]), expected);
        assert_eq!(read(Some("minute bucket"), &["1727648040", "1727648340"]), expected);
        let wrong = "`1727648040000` is as large as milliseconds since 1970, but its column is \
                     named for seconds";
        assert_eq!(read(Some("time (s)"), &["1727648040000"]), Err(wrong.into()));
    }

    #[test]
    fn small_numbers_have_the_unit_of_their_column() {
        let second = NANOS_PER_SECOND;
        let cases = [
            (None, 1),
            (Some("seconds"), 1),
            (Some("time [s]"), 1),
            (Some("t"), 1),
            (Some("items"), 1),
            (Some("minute"), 60),
            (Some("Hour"), 3_600),
            (Some("day"), 86_400),
        ];
        for (name, unit) in cases {
            assert_eq!(read(name, &["0", "2"]), Ok(vec![0, 2 * unit * second]), "{name:?}");
        }
        for name in ["offset_ms", "Time (ms)", "millis"] {
            assert_eq!(read(Some(name), &["500"]), Ok(vec![second / 2]), "{name}");
        }
        assert_eq!(read(None, &["90s", "2m"]), Ok(vec![90 * second, 120 * second]));
        assert_eq!(read(None, &["0", "1.0000000019"]), Ok(vec![0, second + 1]), "cut off");
    }

    #[test]
    fn a_day_above_12_tells_the_order_of_all() {
        let day = 86_400 * NANOS_PER_SECOND;
        // 2026-04-03 is day 20546, 2026-03-04 is day 20516.
        let european = read(None, &["03/04/2026", "13/04/2026"]);
        assert_eq!(european, Ok(vec![20_546 * day, 20_556 * day]));
        let american = read(None, &["03/04/2026", "03/14/2026"]);
        assert_eq!(american, Ok(vec![20_516 * day, 20_526 * day]));
        assert_eq!(read(None, &["03.04.2026"]), Ok(vec![20_546 * day]), "points: the day first");
        let open = "`03/04/2026 10:00` may be two days: which number is the month?";
        assert_eq!(read(None, &["03/03/2026", "03/04/2026 10:00"]), Err(open.into()));
        let both = "`13/04/2026` has the day first, the lines before it have the month first";
        assert_eq!(read(None, &["04/13/2026", "13/04/2026"]), Err(both.into()));
    }

    #[test]
    fn what_has_two_readings_is_refused() {
        let cases = [
            (vec!["20260301", "20260302"], "`20260301` may be a day or a number of seconds"),
            (vec!["46082.5", "46083"], "`46082.5` may be a day as Excel counts them, or seconds"),
            (vec!["99999999999"], "`99999999999` is no time from 2001 to 2286 in any unit"),
            (
                vec!["1727648040", "1727648040000"],
                "`1727648040000` is milliseconds since 1970, the lines before it are seconds \
                 since 1970",
            ),
            (vec!["2024-09-29", "300"], "`300` is a length, the lines before it are dates"),
            (vec!["1.72765E+12"], "`1.72765E+12` is not a time stamp"),
            (vec!["03/04/26"], "`03/04/26` is not a time stamp"),
        ];
        for (texts, expected) in cases {
            assert_eq!(read(None, &texts), Err(expected.to_owned()), "{texts:?}");
        }
        assert!(read(None, &["20260301", "20260399"]).is_ok(), "no day: they are seconds");
        assert!(read(None, &["0", "46083"]).is_ok(), "Excel's days do not begin at 0");
    }
}
