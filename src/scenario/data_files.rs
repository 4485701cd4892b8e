//! Data files: counts per period, instants, lengths and sizes, from text.
//!
//! Owns what is read from them and every complaint about them. Must not open files (the caller
//! hands in their text) nor know which setting named one.
//!
//! Invariant: what is read is in ascending order, whatever the order in the file, and no slot is
//! taken twice.

mod calendar;
mod cloudwatch;
mod columns;
mod labels;
mod numbers;
mod slots;
mod stamps;
mod table;

use std::fmt;

use slots::{Cells, Numbers, Source};
use stamps::{Evidence, Stamp, parse_stamp};
use table::{Table, lines};

use super::units::{parse_size, parse_span};
use crate::kernel::time::{Span, Time};
use crate::model::clients::CountPeriod;

/// Most periods that interpolation makes of what is not in a file: each takes some dozen bytes.
const MOST_INTERPOLATED: u64 = 1_000_000;

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
    fn at(text: &str, part: &str, message: String, help: &str) -> DataFault {
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
fn quote(part: &str) -> String {
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
    /// Id or label of the series, where a CloudWatch export holds several; name of the column,
    /// where a table does.
    pub series: Option<&'a str>,
    /// Length of a slot; `None` infers it from the smallest gap between two rows.
    pub period: Option<Span>,
    /// What a slot that occurs twice is.
    pub duplicates: Duplicates,
}

/// What a slot that occurs twice is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// A fault.
    #[default]
    Refuse,
    /// Two parts of its count, such as both hours of a clock that was put back.
    Sum,
}

/// Counts per period, in slots of equal length.
#[derive(Clone, Debug, PartialEq)]
pub struct CountsFile {
    /// Start of slot 0, the earliest in the file, in whole seconds since 1970 (or since whatever
    /// the file's plain seconds count from).
    pub start_epoch_seconds: i64,
    /// Length of a slot.
    pub period: Span,
    /// The period is the smallest gap between two rows, and most gaps are longer.
    pub is_guessed: bool,
    /// (slot, count), ascending; the first is slot 0.
    pub slots: Vec<(u64, f64)>,
    /// Slots between the first and the last that the file does not have.
    pub missing: u64,
    /// One hour is missing from dates without an offset from UTC, as when clocks go forward.
    pub lost_hour: bool,
    /// Rows that were added to others of their slot.
    pub summed: u64,
    /// Sum of the counts.
    pub total: f64,
    /// Lines before the rows that were passed over though they have digits in them.
    pub passed_over: Vec<String>,
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

/// Whether [`periods`] would make more periods of missing slots than it is worth.
pub fn is_too_much_to_fill(file: &CountsFile, gaps: Gaps) -> bool {
    gaps == Gaps::Interpolate && file.missing > MOST_INTERPOLATED
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

/// The same periods with whole numbers of messages, which differ by less than one from what they
/// were and have the same sum, rounded: what is cut off of one is carried to the next.
pub fn whole(periods: &[CountPeriod]) -> Vec<CountPeriod> {
    let (mut sum, mut given) = (0.0, 0.0);
    let round = |period: &CountPeriod| {
        sum += period.expected;
        let due: f64 = libm::rint(sum) - given;
        given += due;
        CountPeriod { expected: due, ..*period }
    };
    periods.iter().map(round).collect()
}

/// Reads counts per period from a table (time stamp and count, perhaps more columns, perhaps a
/// header) or from the JSON that `aws cloudwatch get-metric-data` or `get-metric-statistics`
/// prints. Rows may come in any order and with gaps. Time is counted from the earliest row.
///
/// # Errors
/// The first fault: a stamp, count or JSON that cannot be read or has several readings, a slot
/// that occurs twice or is off the grid, no rows, or several series and no choice.
pub fn read_counts(text: &str, choice: CountsChoice<'_>) -> Result<CountsFile, DataFault> {
    let content = text.trim_start_matches('\u{feff}').trim_start();
    if content.starts_with('{') {
        let cells = cloudwatch::rows(text, content, choice.series)?;
        let source = Source { text, name: None, cells, total: None, numbers: Numbers::Plain };
        return slots::assemble(&source, choice);
    }
    if content.starts_with('[') {
        let message = "this JSON is a list".to_owned();
        let help = "expected what `aws cloudwatch get-metric-data` or `get-metric-statistics` \
                    prints, or CSV: `jq -r '.[] | [.time, .count] | @csv'` makes it of a list";
        return Err(DataFault::at(text, content, message, help));
    }
    let table = Table::new(text);
    let columns = columns::columns(text, &table, choice.series)?;
    let name = table.header.as_ref().and_then(|header| header.cells.get(columns.stamp).copied());
    let (cells, total) = rows(text, &table, &columns)?;
    let numbers = Numbers::Parted(table.separator);
    let source = Source { text, name, cells, total: total.map(|total| total.count), numbers };
    let mut file = slots::assemble(&source, choice)?;
    file.passed_over = table.passed_over.iter().map(|&line| line.to_owned()).collect();
    Ok(file)
}

/// The cells of all rows, and those of a total behind them.
fn rows<'a>(
    text: &'a str,
    table: &Table<'a>,
    columns: &columns::Columns,
) -> Result<(Vec<Cells<'a>>, Option<Cells<'a>>), DataFault> {
    const TOTALS: [&str; 6] = ["total", "totals", "sum", "grand total", "summe", "gesamt"];
    let (mut all, mut total) = (Vec::new(), None);
    let mut labels = labels::Labels::new(&columns.labels);
    for line in table.rows() {
        let width = line.filled_width();
        let cell = |at: usize| line.cells.get(at).copied();
        if width > columns.width || line.cells.len() < columns.width {
            return Err(Table::wrong_width(text, &line, columns.width));
        }
        let (Some(stamp), Some(count)) = (cell(columns.stamp), cell(columns.count)) else {
            return Err(Table::wrong_width(text, &line, columns.width));
        };
        if total.is_some() {
            let message = "rows follow behind the total".to_owned();
            let help = "one series ends with its total: keep one in a file";
            return Err(DataFault::at(text, line.text, message, help));
        }
        let cells = Cells { stamp, clock: columns.clock.and_then(cell), count };
        if TOTALS.contains(&table::plain_name(stamp).trim_end_matches(':')) {
            total = Some(cells);
        } else {
            labels.take(text, table.header.as_ref(), &line)?;
            all.push(cells);
        }
    }
    Ok((all, total))
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
/// plain seconds, or a date or a number since 1970 (10 digits of seconds, 13 of milliseconds, 16 of
/// microseconds, 19 of nanoseconds), which are counted from the earliest. Blank lines and what
/// follows a `#` are skipped.
///
/// # Errors
/// The first fault: a line that cannot be read, dates among lengths, or no lines.
pub fn read_times(text: &str) -> Result<TimesFile, DataFault> {
    const HELP: &str = "expected one instant a line: `1.5s` or `1.5` since the start, or dates as \
                        `2014-04-10T00:04:00Z`";
    let mut instants: Vec<(Stamp, &str)> = Vec::new();
    let mut evidence = Evidence::new(None);
    for entry in entries(text) {
        let fault =
            |refused: stamps::Refused| DataFault::at(text, entry, refused.message, &refused.help);
        let Ok(stamp) = parse_stamp(entry, None) else {
            let message = format!("{} is not an instant", quote(entry));
            return Err(DataFault::at(text, entry, message, HELP));
        };
        evidence.take(stamp, entry).map_err(fault)?;
        instants.push((stamp, entry));
    }
    let reading = evidence.reading().map_err(|(told, refused)| {
        let entry = instants.iter().find(|(_, entry)| *entry == told);
        let entry = entry.map_or(text, |(_, entry)| entry);
        DataFault::at(text, entry, refused.message, &refused.help)
    })?;
    let read = |(stamp, entry): (Stamp, &'_ str)| {
        let nanos = reading.nanos(stamp).ok_or_else(|| {
            let message = format!("{} is not an instant", quote(entry));
            DataFault::at(text, entry, message, HELP)
        })?;
        Ok((nanos, offset(text, entry)))
    };
    let instants = instants.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let Some(earliest) = instants.iter().map(|&(nanos, _)| nanos).min() else {
        return Err(DataFault::at(text, text, "the file has no instants".to_owned(), HELP));
    };
    let zero = if reading.since_1970 { earliest } else { 0 };
    let since = |(nanos, at): (i128, usize)| {
        let nanos = u64::try_from(nanos - zero).map_err(|_| {
            let entry = entries(&text[at..]).next().unwrap_or(text);
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
            is_guessed: false,
            slots: vec![(0, 94.0), (1, 56.0), (2, 187.0), (5, 7.0)],
            missing: 2,
            lost_hour: false,
            summed: 0,
            total: 344.0,
            passed_over: Vec::new(),
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
        let choice = CountsChoice { period: Some(Span::from_secs(60)), ..CountsChoice::default() };
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
        let help = counts(text).unwrap_err().help;
        assert!(help.ends_with("all stamps are whole numbers of 50s apart"), "{help}");
        let choice = CountsChoice { period: Some(Span::from_secs(300)), ..CountsChoice::default() };
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
            centuries.starts_with("3:1: `99999999999999` is no time from 2001 to 2286"),
            "{centuries}"
        );
        let choice = CountsChoice { series: Some("m1"), ..CountsChoice::default() };
        assert_eq!(fault(read_counts(GAPPY, choice)), "2:1: the file has no column `m1`");
    }

    /// Two periods of five minutes from 2026-03-01T00:00:00Z on, with 1,234 and 94 messages.
    #[test]
    fn counts_are_read_as_programs_export_them() {
        let exports = [
            ("", "2026-03-01T00:00:00Z,1234\n2026-03-01T00:05:00Z,94\n"),
            ("milliseconds", "1772323200000,1234\n1772323500000,94\n"),
            ("microseconds", "time,n\n1772323200000000,1234.0\n1772323500000000,94.0\n"),
            ("slashes", "2026/03/01 00:00:00,1234\n2026/03/01 00:05:00,94\n"),
            ("UTC", "2026-03-01 00:00:00 UTC,1234\n2026-03-01 00:05:00 UTC,94\n"),
            ("GMT", "2026-03-01 00:00:00 GMT,1234\n2026-03-01 00:05:00 GMT,94\n"),
            ("an offset", "2026-03-01 01:00+01:00,1234\n2026-03-01 01:05 +0100,94\n"),
            ("thousands", "t,n\n2026-03-01 00:00,\"1,234\"\n2026-03-01 00:05,94\n"),
            ("semicolons", "Zeit;Anzahl\n01.03.2026 00:00;1.234,0\n01.03.2026 00:05;94,0\n"),
            ("tabs", "2026-03-01 00:00\t1 234\n2026-03-01 00:05\t94\n"),
            ("a unit", "Time,Sum,Unit\n2026-03-01 00:00,1234,Count\n2026-03-01 00:05,94,Count\n"),
            (
                "a mark, CRLF",
                "\u{feff}Time,Sum\r\n2026-03-01 00:00,1234\r\n2026-03-01 00:05,94\r\n",
            ),
            ("a title", "Requests of web\n\nTime,Sum\n2026-03-01 00:00,1234\n2026-03-01 00:05,94"),
            ("a total", "Time,Sum\n2026-03-01 00:00,1234\n2026-03-01 00:05,94\nTotal,1328\n"),
            ("day and time", "date,time,n\n2026-03-01,0:00,1234\n2026-03-01,0:05,94\n"),
            ("descending", "2026-03-01 00:05,94\n2026-03-01 00:00,1234\n"),
            ("samples", "Time,SampleCount,Sum\n2026-03-01 00:00,3,1234\n2026-03-01 00:05,7,94\n"),
            ("the count first", "n,time\n1234,2026-03-01 00:00\n94,2026-03-01 00:05\n"),
            (
                "empty lines and cells",
                "Time,Sum,\n,,\n2026-03-01 00:00,1234,\n\n2026-03-01 00:05,94,",
            ),
            ("Excel's first line", "sep=;\n2026-03-01 00:00;1234\n2026-03-01 00:05;94\n"),
            ("12 hours", "3/1/2026 12:00 AM,1234\n3/1/2026 12:05 AM,94\n3/31/2026 1:00 PM,1\n"),
            ("a mail's dates", "\"Sun, 01 Mar 2026 00:00:00 GMT\",1234\n1 Mar 2026 00:05,94\n"),
        ];
        for (what, text) in exports {
            let file =
                counts(text).unwrap_or_else(|fault| panic!("{what}: {fault}, {}", fault.help));
            assert_eq!(file.slots[..2], [(0, 1_234.0), (1, 94.0)], "{what}");
            assert_eq!(file.period, Span::from_secs(300), "{what}");
            assert_eq!(file.start_epoch_seconds, 1_772_323_200, "{what}");
            assert!(!file.is_guessed && file.passed_over.is_empty(), "{what}");
        }
        let chosen = CountsChoice { series: Some("errors"), ..CountsChoice::default() };
        let several = "time,requests,errors\n0,1,2\n60,3,4\n";
        assert_eq!(read_counts(several, chosen).unwrap().slots, [(0, 2.0), (1, 4.0)]);
        let minutes = counts("minute,count\n0,5\n1,6\n").unwrap();
        assert_eq!(minutes.period, Span::from_secs(60));
    }

    #[test]
    fn what_has_several_readings_is_refused_with_what_would_close_it() {
        let cases = [
            (
                "day,n\n03/04/2026,1\n03/05/2026,2\n",
                "2:1: `03/04/2026` may be two days: which number is the month?",
                "2026-04-03",
            ),
            ("01/03/26,1\n", "1:1: `01/03/26` is not a time stamp", "year with four digits"),
            (
                "2026-03-01 00:00 CET,1\n",
                "1:1: `2026-03-01 00:00 CET` is not a time stamp",
                "+02:00",
            ),
            ("22:05,1\n22:10,2\n", "1:1: `22:05` is not a time stamp", "write the day"),
            ("0;1,234\n60;94\n", "1:3: `1,234` may be thousands or decimals", "`1234`"),
            ("2026-03-01,1,234\n2026-03-02,1,100\n", "1:1: 2 columns hold numbers", "names"),
            ("t,n\n2026-03-01,1,234\n", "2:1: the row has 3 columns", "in quotes"),
            ("t,orders,errors\n0,1,2\n", "2:1: 2 columns hold numbers", "`orders`, `errors`"),
            (
                "t,SampleCount\n0,1\n",
                "1:3: `SampleCount` is no count of messages: it says how \
              many data were put together, whatever they say",
                "`Sum`",
            ),
            ("t,p99\n0,1\n", "1:3: `p99` is no count of messages: it is another statistic", "Sum"),
            ("t,n,unit\n0,1,Count/Second\n", "2:5: `Count/Second` is no unit of counts", "rate"),
            ("t,n\n0,\n", "2:3: `` is not a count: the cell is empty", "`gaps`"),
            (
                "t,n\n0,1\n60,2\nTotal,4\n",
                "4:7: the total of 4 is not the sum of the rows, 3",
                "missing",
            ),
            ("t,n\n0,1\nTotal,1\n60,2\n", "4:1: rows follow behind the total", "one in a file"),
            ("[{\"t\": 0}]", "1:1: this JSON is a list", "jq"),
            ("2026-03-01 00:00|94\n", "1:1: the row has 1 columns", "a semicolon or a tab"),
            ("1.7723E+12,5\n", "1:1: `1.7723E+12` is not a time stamp", "digits are lost"),
            (
                "20260301,5\n20260302,6\n",
                "1:1: `20260301` may be a day or a number of seconds",
                "`2026-03-01`",
            ),
        ];
        for (text, message, help) in cases {
            assert_eq!(fault(counts(text)), message, "{text}");
            let told = counts(text).unwrap_err().help;
            assert!(told.contains(help), "{text}: {told}");
        }
    }

    #[test]
    fn no_first_row_is_lost_in_silence() {
        for first in
            ["2026-13-01 00:00,5", "2026-03-01 00:00 5", "yesterday,5", "2026-03-01,5 or so"]
        {
            let text = format!("{first}\n2026-03-01 00:05,94\n2026-03-01 00:10,95\n");
            assert!(fault(counts(&text)).starts_with("1:"), "{first}");
        }
        let told = counts("Week 9, all\n0,1\n60,2\n").unwrap();
        assert_eq!(told.passed_over, ["Week 9, all"]);
    }

    /// Both clocks that are put back on 2026-10-25: 02:00 comes twice.
    #[test]
    fn the_hour_that_comes_twice_is_named_and_added_up() {
        let text = "2026-10-25 01:00,1\n2026-10-25 02:00,2\n2026-10-25 02:00,3\n\
                    2026-10-25 03:00,4\n";
        let told = counts(text).unwrap_err();
        assert_eq!(told.message, "the slot `2026-10-25 02:00` occurs twice, first in line 2");
        assert!(told.help.contains("daylight saving") && told.help.contains("duplicates: Sum"));
        let both = CountsChoice { duplicates: Duplicates::Sum, ..CountsChoice::default() };
        let file = read_counts(text, both).unwrap();
        assert_eq!(file.slots, [(0, 1.0), (1, 5.0), (2, 4.0)]);
        assert_eq!((file.period, file.summed), (Span::from_secs(3_600), 1));
        // In UTC nothing comes twice: two rows for one slot are a slip.
        let zoned = counts("0,1\n60,2\n60,3\n").unwrap_err();
        assert!(!zoned.help.contains("daylight saving"), "{}", zoned.help);
        let spring = "2026-03-29 00:00,1\n2026-03-29 01:00,2\n2026-03-29 03:00,3\n";
        assert!(counts(spring).unwrap().lost_hour);
        assert!(!counts(&spring.replace(":00,", ":00Z,")).unwrap().lost_hour);
        let days = "2026-03-28 00:00+01:00,1\n2026-03-29 00:00+01:00,2\n2026-03-30 00:00+02:00,3\n";
        assert!(counts(days).unwrap_err().help.contains("23 or 25 hours"));
    }

    /// Gaps of 10, 30, 20 and 40 minutes: all whole numbers of the smallest, which is one of four.
    #[test]
    fn a_sparse_file_does_not_tell_its_period_in_silence() {
        let sparse = counts("0,1\n600,1\n2400,1\n3600,1\n6000,1\n").unwrap();
        assert_eq!((sparse.period, sparse.is_guessed), (Span::from_secs(600), true));
        let given = CountsChoice { period: Some(Span::from_secs(600)), ..CountsChoice::default() };
        assert!(!read_counts("0,1\n600,1\n2400,1\n3600,1\n6000,1\n", given).unwrap().is_guessed);
        assert!(
            !counts("0,1\n600,1\n1200,1\n3600,1\n6000,1\n").unwrap().is_guessed,
            "half of them"
        );
    }

    /// 0.4 + 0.4 + 0.4 + 2.5 + 1 + 1.3 = 6: the sums are 0.4, 0.8, 1.2, 3.7, 4.7, 6.
    #[test]
    fn whole_numbers_have_the_sum_of_what_they_were() {
        let period = |n: u64, expected| CountPeriod {
            from: Time::ZERO + Span::from_secs(60 * n),
            length: Span::from_secs(60),
            expected,
        };
        let counts = [0.4, 0.4, 0.4, 2.5, 1.0, 1.3];
        let periods: Vec<CountPeriod> = (0..).zip(counts).map(|(n, of)| period(n, of)).collect();
        let found: Vec<f64> = whole(&periods).iter().map(|period| period.expected).collect();
        assert_eq!(found, [0.0, 1.0, 0.0, 3.0, 1.0, 1.0]);
    }

    #[test]
    fn ten_million_periods_are_not_interpolated() {
        let file = counts("0,1\n1,1\n9999999,1\n").unwrap();
        assert_eq!(file.missing, 9_999_997);
        assert!(is_too_much_to_fill(&file, Gaps::Interpolate));
        assert!(!is_too_much_to_fill(&file, Gaps::Zero) && !is_too_much_to_fill(&file, Gaps::Skip));
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

        let file = read_times("1772323200000\n1772323200250\n").unwrap();
        assert_eq!(file.at[1], Time::ZERO + Span::from_millis(250), "milliseconds since 1970");
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
