//! Data files: counts per period, instants, lengths and sizes, from text.
//!
//! Owns what is read from them and every complaint about them. Must not open files (the caller
//! hands in their text) nor know which setting named one.
//!
//! Invariant: what is read is in ascending order, whatever the order in the file, and no slot is
//! taken twice.

use std::fmt;

use super::cloudwatch;
use super::stamps::{self, STAMP_FORMS};
use super::units::{parse_size, parse_span};
use crate::clients::config::CountPeriod;
use crate::kernel::time::{Span, Time};

/// More missing slots than this are taken for a wrong stamp or period.
const MOST_MISSING: u64 = 10_000_000;

/// From here on a bare number of seconds in a file of instants is taken for seconds since 1970
/// (2001-09-09) rather than since the start of the run (31 years).
const FIRST_EPOCH_NANOS: i128 = 1_000_000_000_000_000_000;

/// What is wrong with a data file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFault {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What was expected or can be done.
    pub help: String,
}

impl DataFault {
    /// A fault at `part`, which must be a slice of `text`.
    pub(super) fn at(text: &str, part: &str, message: String, help: &str) -> DataFault {
        let before = &text[..offset(text, part)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        DataFault {
            line: line_of(text, part),
            column: before[line_start..].trim_start_matches('\u{feff}').chars().count() + 1,
            message,
            help: help.to_owned(),
        }
    }
}

impl fmt::Display for DataFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for DataFault {}

/// Where `part`, a slice of `text`, begins in it.
fn offset(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize).min(text.len())
}

/// What a file says, in backticks and in short.
pub(super) fn quote(part: &str) -> String {
    match part.char_indices().nth(40) {
        Some((end, _)) => format!("`{}…`", &part[..end]),
        None => format!("`{part}`"),
    }
}

/// The line of `text` in which its slice `part` begins, from 1.
fn line_of(text: &str, part: &str) -> usize {
    text[..offset(text, part)].matches('\n').count() + 1
}

/// What to take from a counts file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CountsChoice<'a> {
    /// Id or label of the series, where a CloudWatch export holds several.
    pub series: Option<&'a str>,
    /// Length of a slot; `None` infers it from the smallest gap between two rows.
    pub period: Option<Span>,
}

/// Counts per period, in slots of equal length.
#[derive(Clone, Debug, PartialEq)]
pub struct CountsFile {
    /// Start of slot 0, the earliest in the file, in whole seconds since 1970 (or since whatever
    /// the file's plain seconds count from).
    pub start_epoch_seconds: i64,
    /// Length of a slot.
    pub period: Span,
    /// (slot, count), ascending; the first is slot 0.
    pub slots: Vec<(u64, f64)>,
    /// Slots between the first and the last that the file does not have.
    pub missing: u64,
    /// Sum of the counts.
    pub total: f64,
}

/// What a missing slot of a counts file stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gaps {
    /// No traffic (CloudWatch leaves such periods out).
    Zero,
    /// Nothing was recorded: its time is cut out, what follows moves up.
    Skip,
    /// Nothing was recorded: the count lies on the line between its neighbours'.
    Interpolate,
}

/// The periods of an arrival process that replays `file`, each count multiplied by `scale`.
pub fn periods(file: &CountsFile, gaps: Gaps, scale: f64) -> Vec<CountPeriod> {
    let period = |slot: u64, count: f64| CountPeriod {
        from: Time::ZERO + file.period * slot,
        length: file.period,
        expected: count * scale,
    };
    match gaps {
        Gaps::Zero => file.slots.iter().map(|&(slot, count)| period(slot, count)).collect(),
        Gaps::Skip => (0..).zip(&file.slots).map(|(i, &(_, count))| period(i, count)).collect(),
        Gaps::Interpolate => {
            let filled = file.slots.windows(2).flat_map(|pair| {
                let ((from, low), (until, high)) = (pair[0], pair[1]);
                let slope = (high - low) / (until - from) as f64;
                (from..until).map(move |slot| period(slot, low + slope * (slot - from) as f64))
            });
            let last = file.slots.last().map(|&(slot, count)| period(slot, count));
            filled.chain(last).collect()
        }
    }
}

/// One row as written: the slices tell where a fault is.
pub(super) struct Row<'a> {
    stamp: &'a str,
    nanos: i128,
    count: f64,
}

impl<'a> Row<'a> {
    /// Nanoseconds since an earlier row, where they fit 584 years.
    fn nanos_since(&self, earlier: &Row<'_>) -> Option<u64> {
        u64::try_from(self.nanos - earlier.nanos).ok()
    }

    /// Checks one row; `stamp` and `count` are slices of `text`.
    pub(super) fn new(text: &str, stamp: &'a str, count: &str) -> Result<Row<'a>, DataFault> {
        let Some(nanos) = stamps::parse_stamp(stamp) else {
            let message = format!("{} is not a time stamp", quote(stamp));
            return Err(DataFault::at(text, stamp, message, &format!("expected {STAMP_FORMS}")));
        };
        let fault = |what| {
            let message = format!("{} is not a count: {what}", quote(count));
            DataFault::at(
                text,
                count,
                message,
                "expected a number of at least 0, as `94` or `94.0`",
            )
        };
        match count.parse::<f64>() {
            Err(_) => Err(fault("it is not a number")),
            Ok(number) if !number.is_finite() => Err(fault("it is not finite")),
            Ok(number) if number < 0.0 => Err(fault("it is negative")),
            Ok(count) => Ok(Row { stamp, nanos, count }),
        }
    }
}

/// Reads counts per period from CSV (two columns, time stamp and count, a header or none) or from
/// the JSON that `aws cloudwatch get-metric-data` or `get-metric-statistics` prints. Rows may come
/// in any order and with gaps. Time is counted from the earliest row.
///
/// # Errors
/// The first fault: a stamp, count or JSON that cannot be read, a slot that occurs twice or is off
/// the grid, no rows, or several series and no choice.
pub fn read_counts(text: &str, choice: CountsChoice<'_>) -> Result<CountsFile, DataFault> {
    let content = text.trim_start_matches('\u{feff}').trim_start();
    let rows = if content.starts_with('{') {
        cloudwatch::rows(text, content, choice.series)?
    } else if let Some(series) = choice.series {
        let message = format!("a CSV file has no series `{series}`");
        return Err(DataFault::at(text, text, message, "leave the choice of a series out"));
    } else {
        csv_rows(text)?
    };
    assemble(text, rows, choice.period)
}

/// Sorts the rows into slots.
fn assemble(
    text: &str,
    mut rows: Vec<Row<'_>>,
    period: Option<Span>,
) -> Result<CountsFile, DataFault> {
    rows.sort_by_key(|row| (row.nanos, offset(text, row.stamp)));
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        let message = "the file has no counts".to_owned();
        return Err(DataFault::at(text, text, message, "expected rows of time stamp and count"));
    };
    let period = match period.filter(|period| !period.is_zero()) {
        Some(period) => period,
        None => smallest_gap(text, &rows)?,
    };
    let mut slots: Vec<(u64, f64)> = Vec::with_capacity(rows.len());
    for row in &rows {
        let since = row.nanos_since(first).filter(|since| since % period.as_nanos() == 0);
        let Some(since) = since else { return Err(off_grid(text, row, first, period)) };
        let slot = since / period.as_nanos();
        if slots.last().is_some_and(|&(before, _)| before == slot) {
            return Err(occurs_twice(text, row, &rows[slots.len() - 1]));
        }
        slots.push((slot, row.count));
    }
    let missing = slots.last().map_or(0, |&(slot, _)| slot - (slots.len() as u64 - 1));
    if missing > MOST_MISSING {
        let message = format!("{missing} slots are missing before `{}`", last.stamp);
        let help = format!("more than {MOST_MISSING} look like a wrong stamp or period");
        return Err(DataFault::at(text, last.stamp, message, &help));
    }
    let total = slots.iter().map(|&(_, count)| count).sum();
    let start_epoch_seconds = first.nanos.div_euclid(1_000_000_000) as i64;
    Ok(CountsFile { start_epoch_seconds, period, slots, missing, total })
}

/// The smallest gap between two of the sorted rows.
fn smallest_gap(text: &str, rows: &[Row<'_>]) -> Result<Span, DataFault> {
    let mut smallest: Option<Span> = None;
    for pair in rows.windows(2) {
        let gap = pair[1].nanos_since(&pair[0]).map(Span::from_nanos);
        if gap == Some(Span::ZERO) {
            return Err(occurs_twice(text, &pair[1], &pair[0]));
        }
        smallest = smallest.into_iter().chain(gap).min();
    }
    smallest.ok_or_else(|| {
        let message = "one row does not tell how long its period is".to_owned();
        DataFault::at(text, rows[0].stamp, message, "give the period")
    })
}

fn occurs_twice(text: &str, row: &Row<'_>, before: &Row<'_>) -> DataFault {
    let line = line_of(text, before.stamp);
    let message = format!("the slot `{}` occurs twice, first in line {line}", row.stamp);
    DataFault::at(text, row.stamp, message, "keep one of the two rows, or one with their sum")
}

fn off_grid(text: &str, row: &Row<'_>, first: &Row<'_>, period: Span) -> DataFault {
    let (stamp, start, line) = (row.stamp, first.stamp, line_of(text, first.stamp));
    let message = format!(
        "`{stamp}` is not a whole number of periods of {period} after `{start}` in line {line}"
    );
    let help = "correct the stamp, or give the period where the smallest gap is not it";
    DataFault::at(text, stamp, message, help)
}

/// Lines that are neither blank nor a comment.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(|line| line.trim_start_matches('\u{feff}').trim());
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn csv_rows(text: &str) -> Result<Vec<Row<'_>>, DataFault> {
    let mut rows = Vec::new();
    for (i, line) in lines(text).enumerate() {
        let cells: Vec<&str> = line.split(',').map(|cell| cell.trim().trim_matches('"')).collect();
        let [stamp, count] = cells[..] else {
            let message = format!("the row has {} columns", cells.len());
            let help = "expected two, parted by a comma: time stamp and count";
            return Err(DataFault::at(text, line, message, help));
        };
        let header = stamps::parse_stamp(stamp).is_none() && count.parse::<f64>().is_err();
        if !(i == 0 && header) {
            rows.push(Row::new(text, stamp, count)?);
        }
    }
    Ok(rows)
}

/// Instants from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimesFile {
    /// The instants, ascending.
    pub at: Vec<Time>,
    /// False if the file had them in another order.
    pub was_sorted: bool,
}

/// Reads one instant a line: a length since the start of the run with its unit (`1.5s`) or in
/// plain seconds, or a date or seconds since 1970 (from 1000000000 on), which are counted from the
/// earliest. Blank lines and what follows a `#` are skipped.
///
/// # Errors
/// The first fault: a line that cannot be read, dates among lengths, or no lines.
pub fn read_times(text: &str) -> Result<TimesFile, DataFault> {
    const HELP: &str = "expected one instant a line: `1.5s` or `1.5` since the start, or dates as \
                        `2014-04-10T00:04:00Z`";
    let mut instants: Vec<(i128, &str)> = Vec::new();
    let mut dates = None;
    for entry in entries(text) {
        let fault = |message| DataFault::at(text, entry, message, HELP);
        let (nanos, is_date) = parse_instant(entry).map_err(fault)?;
        if *dates.get_or_insert(is_date) != is_date {
            let (this, other) = if is_date { ("a date", "lengths") } else { ("a length", "dates") };
            return Err(fault(format!(
                "{} is {this}, the lines before it are {other}",
                quote(entry)
            )));
        }
        instants.push((nanos, entry));
    }
    let Some(earliest) = instants.iter().map(|&(nanos, _)| nanos).min() else {
        return Err(DataFault::at(text, text, "the file has no instants".to_owned(), HELP));
    };
    let zero = if dates == Some(true) { earliest } else { 0 };
    let since = |(nanos, entry)| {
        let nanos = u64::try_from(nanos - zero).map_err(|_| {
            let message = format!("{} is more than 584 years after the start", quote(entry));
            DataFault::at(text, entry, message, HELP)
        })?;
        Ok(Time::from_nanos(nanos))
    };
    let mut at = instants.into_iter().map(since).collect::<Result<Vec<_>, _>>()?;
    let was_sorted = at.is_sorted();
    at.sort_unstable();
    Ok(TimesFile { at, was_sorted })
}

/// Nanoseconds, and whether they count from 1970.
fn parse_instant(entry: &str) -> Result<(i128, bool), String> {
    if let Some(nanos) = stamps::parse_date(entry) {
        return Ok((nanos, true));
    }
    if let Some(nanos) = stamps::parse_seconds(entry) {
        return Ok((nanos, nanos >= FIRST_EPOCH_NANOS));
    }
    let span = parse_span(entry).map_err(|_| format!("{} is not an instant", quote(entry)))?;
    Ok((i128::from(span.as_nanos()), false))
}

/// Reads one length a line, each with its unit (`12ms`), in ascending order. Blank lines and what
/// follows a `#` are skipped.
///
/// # Errors
/// The first fault: a line that cannot be read or has no unit, or no lines.
pub fn read_lengths(text: &str) -> Result<Vec<Span>, DataFault> {
    const HELP: &str =
        "expected one length a line with its unit (ns, us, ms, s, m, h, d), as `12ms`";
    read_values(text, "length", HELP, parse_span)
}

/// Reads one size a line, each with its unit (`2KiB`), as [`read_lengths`] does.
///
/// # Errors
/// As there.
pub fn read_sizes(text: &str) -> Result<Vec<u64>, DataFault> {
    const HELP: &str = "expected one size a line with its unit (B, KiB, MiB), as `2KiB`";
    read_values(text, "size", HELP, parse_size)
}

/// Reads values of one kind with their units, in ascending order.
fn read_values<T: Ord>(
    text: &str,
    kind: &str,
    help: &str,
    parse: fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, DataFault> {
    let read = |entry: &str| {
        let message = if entry.parse::<f64>().is_ok() {
            format!("{} has no unit", quote(entry))
        } else {
            match parse(entry) {
                Ok(value) => return Ok(value),
                Err(_) => format!("{} is not a {kind}", quote(entry)),
            }
        };
        Err(DataFault::at(text, entry, message, help))
    };
    let mut values = entries(text).map(read).collect::<Result<Vec<_>, _>>()?;
    if values.is_empty() {
        return Err(DataFault::at(text, text, format!("the file has no {kind}s"), help));
    }
    values.sort_unstable();
    Ok(values)
}

/// Lines without their comments, where something is left.
fn entries(text: &str) -> impl Iterator<Item = &str> {
    let content = |line: &'_ str| line.find('#').unwrap_or(line.len());
    lines(text).map(move |line| line[..content(line)].trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(text: &str) -> Result<CountsFile, DataFault> {
        read_counts(text, CountsChoice::default())
    }

    /// The fault as `line:column: message`.
    fn fault<T: fmt::Debug>(result: Result<T, DataFault>) -> String {
        let fault = result.unwrap_err();
        assert!(!fault.help.is_empty(), "{fault} has no help");
        format!("{}:{}: {}", fault.line, fault.column, fault.message)
    }

    const GAPPY: &str = "timestamp,value\n\
        2014-04-10 00:14:00,187.0\n\
        2014-04-10 00:04:00,94.0\n\
        2014-04-10 00:09:00,56.0\n\
        2014-04-10 00:29:00,7.0\n";

    #[test]
    fn rows_out_of_order_and_with_gaps_become_slots() {
        let file = counts(GAPPY).unwrap();
        let expected = CountsFile {
            start_epoch_seconds: 1_397_088_240,
            period: Span::from_secs(300),
            slots: vec![(0, 94.0), (1, 56.0), (2, 187.0), (5, 7.0)],
            missing: 2,
            total: 344.0,
        };
        assert_eq!(file, expected);
    }

    #[test]
    fn every_form_of_stamp_and_header_reads_the_same() {
        let forms = [
            "0,5\n60,6\n",
            "\u{feff}seconds,count\r\n0,5\r\n60,6\r\n",
            "# made by hand\n\n1397088240,5\n1397088300.0,6",
            "\"t\",\"n\"\n\"2024-09-29T22:14:00Z\",\"5\"\n2024-09-29T22:15:00+00:00 , 6",
            "when,requests\n2024-09-29T22:14:00.000Z,5.0\n2024-09-30T00:15:00+02:00,6.0\n",
        ];
        for text in forms {
            let file = counts(text).unwrap();
            assert_eq!(file.slots, [(0, 5.0), (1, 6.0)], "{text}");
            assert_eq!(file.period, Span::from_secs(60), "{text}");
        }
    }

    #[test]
    fn a_given_period_wins_over_the_smallest_gap() {
        let choice = CountsChoice { period: Some(Span::from_secs(60)), series: None };
        let file = read_counts(GAPPY, choice).unwrap();
        assert_eq!(file.slots, [(0, 94.0), (5, 56.0), (10, 187.0), (25, 7.0)]);
        assert_eq!(file.missing, 22);
        assert_eq!(read_counts("7,1\n", choice).unwrap().slots, [(0, 1.0)]);
    }

    #[test]
    fn missing_slots_are_silent_cut_out_or_interpolated() {
        let file = counts("0,10\n60,20\n240,80\n").unwrap();
        let replay = |gaps| {
            let periods = periods(&file, gaps, 10.0);
            assert!(periods.iter().all(|period| period.length == Span::from_secs(60)));
            let seconds = |time: Time| time.as_nanos() / 1_000_000_000;
            periods.iter().map(|p| (seconds(p.from), p.expected)).collect::<Vec<_>>()
        };
        assert_eq!(replay(Gaps::Zero), [(0, 100.0), (60, 200.0), (240, 800.0)]);
        assert_eq!(replay(Gaps::Skip), [(0, 100.0), (60, 200.0), (120, 800.0)]);
        let line = [(0, 100.0), (60, 200.0), (120, 400.0), (180, 600.0), (240, 800.0)];
        assert_eq!(replay(Gaps::Interpolate), line);
    }

    #[test]
    fn a_bad_row_is_named_with_its_place() {
        let stamp = |bad: &str| format!("2014-04-10 00:04:00,1\n2014-04-10 00:09:00,2\n{bad}\n");
        let cases = [
            ("2014-04-31 00:14:00,3", "3:1: `2014-04-31 00:14:00` is not a time stamp"),
            ("2014-04-10 00:14:00,three", "3:21: `three` is not a count: it is not a number"),
            ("2014-04-10 00:14:00, -3", "3:22: `-3` is not a count: it is negative"),
            ("2014-04-10 00:14:00,NaN", "3:21: `NaN` is not a count: it is not finite"),
            ("2014-04-10 00:14:00", "3:1: the row has 1 columns"),
            ("  2014-04-10 00:14:00,3,4", "3:3: the row has 3 columns"),
            (
                "2014-04-10 00:04:00,3",
                "3:1: the slot `2014-04-10 00:04:00` occurs twice, first in line 1",
            ),
        ];
        for (row, expected) in cases {
            assert_eq!(fault(counts(&stamp(row))), expected);
        }
    }

    #[test]
    fn a_stamp_off_the_grid_is_named_with_the_grid() {
        let text = "a,b\n0,1\n300,2\n450,3\n1000,4\n";
        assert_eq!(
            fault(counts(text)),
            "5:1: `1000` is not a whole number of periods of 2m30s after `0` in line 2"
        );
        let choice = CountsChoice { period: Some(Span::from_secs(300)), series: None };
        assert_eq!(
            fault(read_counts(text, choice)),
            "4:1: `450` is not a whole number of periods of 5m after `0` in line 2"
        );
        // The earlier row stands later in the file.
        let twice = read_counts("5,1\n600,1\n0,1\n5,1\n", CountsChoice::default());
        assert_eq!(fault(twice), "4:1: the slot `5` occurs twice, first in line 1");
    }

    #[test]
    fn files_without_a_time_line_are_refused() {
        assert_eq!(fault(counts("")), "1:1: the file has no counts");
        assert_eq!(fault(counts("timestamp,value\n")), "1:1: the file has no counts");
        assert_eq!(
            fault(counts("t,n\n5,1\n")),
            "2:1: one row does not tell how long its period is"
        );
        assert_eq!(
            fault(counts("0,1\n1,1\n20000000,1\n")),
            "3:1: 19999998 slots are missing before `20000000`"
        );
        let centuries = fault(counts("0,1\n1,1\n99999999999999,1\n"));
        assert!(
            centuries.starts_with("3:1: `99999999999999` is not a whole number"),
            "{centuries}"
        );
        let choice = CountsChoice { series: Some("m1"), period: None };
        assert_eq!(fault(read_counts(GAPPY, choice)), "1:1: a CSV file has no series `m1`");
    }

    #[test]
    fn instants_are_sorted_and_say_so() {
        let text = "# arrivals\n1.5s\n\n250ms # early\n2\n0.75\n";
        let file = read_times(text).unwrap();
        let millis: Vec<u64> = file.at.iter().map(|t| t.as_nanos() / 1_000_000).collect();
        assert_eq!((millis, file.was_sorted), (vec![250, 750, 1500, 2000], false));

        let text = "2014-04-10 00:04:00\n2014-04-10T00:04:00.5Z\n1397088241.25\n";
        let file = read_times(text).unwrap();
        let nanos: Vec<u64> = file.at.iter().map(|t| t.as_nanos()).collect();
        assert_eq!((nanos, file.was_sorted), (vec![0, 500_000_000, 1_250_000_000], true));
    }

    #[test]
    fn bad_instants_are_named_with_their_place() {
        let cases = [
            ("1s\nsoon\n", "2:1: `soon` is not an instant"),
            ("1s\n  2014-04-10\n", "2:3: `2014-04-10` is a date, the lines before it are lengths"),
            ("2014-04-10\n\n1s\n", "3:1: `1s` is a length, the lines before it are dates"),
            ("-1\n", "1:1: `-1` is not an instant"),
            ("# nothing\n", "1:1: the file has no instants"),
            (
                "0001-01-01\n2014-04-10\n",
                "2:1: `2014-04-10` is more than 584 years after the start",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(fault(read_times(text)), expected);
        }
    }

    #[test]
    fn lengths_need_units_and_are_sorted() {
        let lengths = read_lengths("20ms\n# slow ones\n1.5s\n12ms\n").unwrap();
        assert_eq!(lengths, [12, 20, 1_500].map(Span::from_millis));
        assert_eq!(fault(read_lengths("12ms\n\n 12\n")), "3:2: `12` has no unit");
        assert_eq!(fault(read_lengths("")), "1:1: the file has no lengths");
        assert_eq!(fault(read_lengths("5 é\n")), "1:1: `5 é` is not a length");
    }
}
