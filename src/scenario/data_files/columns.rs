//! Which columns of a table hold the stamps and the counts.
//!
//! Owns what columns are called, and which figures are no counts. Must not read a stamp or a
//! count.
//!
//! Invariant: of several columns that could be it one is taken only where its name, or the
//! scenario's choice, says so.

use super::calendar::parse_clock;
use super::labels::{is_measure, may_label};
use super::stamps::{Stamp, parse_stamp};
use super::table::{Line, Table, plain_name};
use super::{DataFault, quote};

/// Rows from which columns are learnt.
const SAMPLE: usize = 1_000;

/// What columns of counts are called, the surest first.
const COUNT_NAMES: [&str; 19] = [
    "sum",
    "count",
    "counts",
    "requests",
    "messages",
    "value",
    "values",
    "sent",
    "total",
    "hits",
    "events",
    "n",
    "number",
    "numberofmessagessent",
    "requestcount",
    "request count",
    "arrivals",
    "invocations",
    "records",
];

/// Statistics that are no number of messages.
const NO_COUNTS: [&str; 12] = [
    "samplecount",
    "sample count",
    "average",
    "avg",
    "mean",
    "minimum",
    "min",
    "maximum",
    "max",
    "median",
    "stddev",
    "rate",
];

/// Where in a row everything stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    /// The stamp.
    pub(super) stamp: usize,
    /// The time of day, where it is not in the stamp.
    pub(super) clock: Option<usize>,
    /// The count.
    pub(super) count: usize,
    /// Those that may tell several series apart.
    pub(super) labels: Vec<usize>,
    /// Cells of a row.
    pub(super) width: usize,
}

/// What was seen of one column.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    filled: usize,
    dates: usize,
    clocks: usize,
    numbers: usize,
    measures: usize,
}

impl Seen {
    fn mostly(self, of: usize) -> bool {
        of > 0 && 2 * of >= self.filled
    }

    /// More than half of the cells say how much of something there is, or when.
    fn is_measured(self) -> bool {
        2 * (self.measures + self.dates + self.clocks) > self.filled
    }
}

fn seen(table: &Table<'_>, width: usize) -> Vec<Seen> {
    let mut all = vec![Seen::default(); width];
    for line in table.rows().take(SAMPLE) {
        for (of, cell) in all.iter_mut().zip(&line.cells).filter(|(_, cell)| !cell.is_empty()) {
            of.filled += 1;
            let date = matches!(parse_stamp(cell, None), Ok(Stamp::Date(_)));
            of.dates += usize::from(date);
            let clock = parse_clock(cell).is_some();
            of.clocks += usize::from(clock);
            of.measures += usize::from(!date && !clock && is_measure(cell));
            let sign = cell.trim_start_matches(['+', '-', '.', ',']);
            let digit = sign.starts_with(|c: char| c.is_ascii_digit());
            of.numbers += usize::from(digit && !date && !clock);
        }
    }
    all
}

/// Finds the columns; `choice` is a column's name.
///
/// # Errors
/// There is none for the stamps or the counts, or there are several.
pub(super) fn columns(
    text: &str,
    table: &Table<'_>,
    choice: Option<&str>,
) -> Result<Columns, DataFault> {
    let Some(first) = table.rows().next() else {
        return Err(no_rows(text, choice));
    };
    let widths = table.rows().take(SAMPLE).map(|line| line.cells.len());
    let of_header = table.header.as_ref().map(Line::filled_width);
    let width = of_header.unwrap_or_else(|| usual(widths));
    if width < 2 {
        return Err(Table::wrong_width(text, &first, 2));
    }
    let names = Names { header: table.header.as_ref(), text };
    let seen = seen(table, width);
    let stamp = names.stamp(&seen).ok_or_else(|| {
        let message = "several columns hold dates".to_owned();
        DataFault::at(text, first.text, message, "keep the one in which a period begins")
    })?;
    let is_clock = |at: usize| seen[at].mostly(seen[at].clocks) && seen[stamp].dates > 0;
    let clock = Some(stamp + 1).filter(|&at| at < width && is_clock(at));
    let others: Vec<usize> = (0..width)
        .filter(|&at| at != stamp && Some(at) != clock && (seen[at].filled > 0 || width == 2))
        .collect();
    let count = names.count(&seen, &others, choice, &first)?;
    names.units(table, &others, count)?;
    // A column that is empty in the sample may name a series further down.
    let label = |&at: &usize| {
        at != stamp
            && Some(at) != clock
            && at != count
            && may_label(&names.name(at), seen[at].is_measured())
    };
    let labels = (0..width).filter(label).collect();
    Ok(Columns { stamp, clock, count, labels, width })
}

fn no_rows(text: &str, choice: Option<&str>) -> DataFault {
    let message = match choice {
        Some(choice) => format!("the file has no counts, and no series `{choice}`"),
        None => "the file has no counts".to_owned(),
    };
    let help = if text.contains('\r') && !text.contains('\n') {
        "its lines end in a lone carriage return: save it with line feeds"
    } else {
        "expected rows of time stamp and count, parted by a comma, a semicolon or a tab"
    };
    DataFault::at(text, text, message, help)
}

/// The most frequent, the smallest of equals.
fn usual(widths: impl Iterator<Item = usize>) -> usize {
    let mut all: Vec<usize> = widths.collect();
    all.sort_unstable();
    let mut best = (0, 0);
    for same in all.chunk_by(|a, b| a == b) {
        if same.len() > best.0 {
            best = (same.len(), same[0]);
        }
    }
    best.1
}

/// The columns' names.
struct Names<'t, 'a> {
    header: Option<&'t Line<'a>>,
    text: &'t str,
}

impl Names<'_, '_> {
    fn written(&self, at: usize) -> Option<&str> {
        self.header.and_then(|header| header.cells.get(at).copied())
    }

    fn name(&self, at: usize) -> String {
        self.written(at).map(plain_name).unwrap_or_default()
    }

    /// The column of dates, else the one that is named for a time, else the first.
    fn stamp(&self, seen: &[Seen]) -> Option<usize> {
        let dates: Vec<usize> =
            (0..seen.len()).filter(|&at| seen[at].mostly(seen[at].dates)).collect();
        if let [only] = dates[..] {
            return Some(only);
        }
        let named = |at: &usize, words: &[&str]| {
            let name = self.name(*at);
            name.split([' ', '-']).any(|word| words.contains(&word))
        };
        if !dates.is_empty() {
            let begins = |at: &&usize| named(at, &["start", "begin", "begins", "from"]);
            let mut starts = dates.iter().filter(begins);
            return starts.next().copied().filter(|_| starts.next().is_none());
        }
        let times =
            ["time", "timestamp", "timestamps", "epoch", "ts", "datetime", "date", "seconds"];
        let found = (0..seen.len()).find(|at| named(at, &times));
        Some(found.unwrap_or(0))
    }

    /// The column of counts.
    fn count(
        &self,
        seen: &[Seen],
        others: &[usize],
        choice: Option<&str>,
        first: &Line<'_>,
    ) -> Result<usize, DataFault> {
        let fault = |message, help: &str| DataFault::at(self.text, first.text, message, help);
        let numbers: Vec<usize> =
            others.iter().copied().filter(|&at| seen[at].mostly(seen[at].numbers)).collect();
        if let Some(choice) = choice {
            let chosen = others.iter().find(|&&at| {
                self.written(at).is_some_and(|name| name == choice || self.name(at) == choice)
            });
            return chosen.copied().ok_or_else(|| {
                let message = format!("the file has no column `{choice}`");
                let help = match self.listed(&numbers) {
                    names if names.is_empty() => {
                        "its columns have no names: leave `metric` out".to_owned()
                    }
                    names => format!("its columns of numbers are {names}"),
                };
                fault(message, &help)
            });
        }
        match (&numbers[..], others) {
            ([only], _) => return self.really(*only, first),
            ([], [only]) => return Ok(*only),
            ([], []) => {
                return Err(fault("no column holds counts".into(), "expected stamp and count"));
            }
            _ => {}
        }
        let real: Vec<usize> =
            numbers.iter().copied().filter(|&at| self.no_count(at).is_none()).collect();
        if let ([only], true) = (&real[..], self.header.is_some()) {
            return Ok(*only);
        }
        for name in COUNT_NAMES {
            let named: Vec<usize> =
                real.iter().copied().filter(|&at| self.name(at) == name).collect();
            if let [only] = named[..] {
                // `count` beside `sum` is another count; `sum` beside anything is the sum.
                let rivals = real.iter().filter(|&&at| at != only && self.is_count(at)).count();
                if name == "sum" || rivals == 0 {
                    return Ok(only);
                }
                break;
            }
        }
        let names = self.listed(&numbers);
        let help = if names.is_empty() {
            "keep two columns, time stamp and count, or give all columns names and choose one \
             with `metric`"
                .to_owned()
        } else {
            format!("choose one with `metric`, by its name: {names}")
        };
        let message = format!("{} columns hold numbers", numbers.len());
        Err(fault(message, &help))
    }

    fn is_count(&self, at: usize) -> bool {
        COUNT_NAMES.contains(&self.name(at).as_str())
    }

    /// The only column of numbers, unless its name says that they are no counts.
    fn really(&self, at: usize, first: &Line<'_>) -> Result<usize, DataFault> {
        let Some(why) = self.no_count(at) else { return Ok(at) };
        let name = self.written(at).unwrap_or(first.text);
        let message = format!("{} is no count of messages: {why}", quote(name));
        Err(DataFault::at(self.text, name, message, "export the statistic `Sum`"))
    }

    /// Why the name of a column is no count's.
    fn no_count(&self, at: usize) -> Option<&'static str> {
        let name = self.name(at);
        let percentile = name.strip_prefix('p').is_some_and(|rest| {
            !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit() || c == '.')
        });
        match name.as_str() {
            "samplecount" | "sample count" => {
                Some("it says how many data were put together, whatever they say")
            }
            name if NO_COUNTS.contains(&name) || percentile => Some("it is another statistic"),
            _ => None,
        }
    }

    fn listed(&self, columns: &[usize]) -> String {
        let names: Vec<String> = columns
            .iter()
            .filter_map(|&at| self.written(at).filter(|name| !name.is_empty()).map(quote))
            .collect();
        names.join(", ")
    }

    /// A column that names the counts' unit must name one that counts.
    fn units(&self, table: &Table<'_>, others: &[usize], count: usize) -> Result<(), DataFault> {
        let unit = others.iter().find(|&&at| matches!(self.name(at).as_str(), "unit" | "units"));
        let Some(&unit) = unit.filter(|&&at| at != count) else { return Ok(()) };
        for line in table.rows() {
            let Some(cell) = line.cells.get(unit) else { continue };
            wrong_unit(self.text, cell)?;
        }
        Ok(())
    }
}

/// A unit of CloudWatch or another one must count something.
///
/// # Errors
/// It does not.
pub(super) fn wrong_unit(text: &str, unit: &str) -> Result<(), DataFault> {
    const COUNTING: [&str; 12] = [
        "", "count", "counts", "none", "-", "messages", "requests", "events", "1", "n", "number",
        "short",
    ];
    if COUNTING.contains(&unit.to_lowercase().as_str()) {
        return Ok(());
    }
    let message = format!("{} is no unit of counts", quote(unit));
    let help = if unit.contains('/') || unit.to_lowercase().contains("per") {
        "a rate is no count of messages: export the statistic `Sum`, in `Count`"
    } else {
        "expected `Count`, the number of messages in each period"
    };
    Err(DataFault::at(text, unit, message, help))
}
