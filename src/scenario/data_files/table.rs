//! A text of rows and columns, as spreadsheets and consoles export them.
//!
//! Owns what parts the columns, and which lines stand before the rows: titles, what a console says
//! of itself, the columns' names. Must not know what a cell means beyond whether it could be data.
//!
//! Invariant: a line that could be a row is one. What is passed over is words, or is told.

use super::DataFault;
use super::stamps::{Stamp, parse_stamp};

/// Columns may be parted by one of these, the rarest in other use first.
const SEPARATORS: [char; 3] = ['\t', ';', ','];

/// Lines from which the separator is learnt.
const SAMPLE: usize = 1_000;

/// What columns of time are called.
const TIME_NAMES: [&str; 18] = [
    "time",
    "timestamp",
    "timestamps",
    "date",
    "datetime",
    "when",
    "ts",
    "t",
    "epoch",
    "period",
    "start",
    "from",
    "minute",
    "hour",
    "day",
    "seconds",
    "interval",
    "bucket",
];

/// What consoles write before the rows, a name and a value.
const ABOUT_NAMES: [&str; 28] = [
    "full label",
    "label",
    "id",
    "period",
    "unit",
    "units",
    "stat",
    "statistic",
    "statistics",
    "metric",
    "metric name",
    "metricname",
    "namespace",
    "region",
    "account",
    "account id",
    "title",
    "name",
    "report",
    "query",
    "source",
    "exported",
    "generated",
    "created",
    "start time",
    "end time",
    "date range",
    "time zone",
];

/// A line in its cells.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    /// All of it, without blanks around it.
    pub(super) text: &'a str,
    /// Its cells, without blanks and quotes around them.
    pub(super) cells: Vec<&'a str>,
}

/// The rows of a text.
#[derive(Clone, Debug)]
pub(super) struct Table<'a> {
    /// What parts its columns.
    pub(super) separator: char,
    /// The names of the columns.
    pub(super) header: Option<Line<'a>>,
    /// Lines that were passed over and have digits in them.
    pub(super) passed_over: Vec<&'a str>,
    /// The rows begin here.
    rows: &'a str,
}

/// Lines that are neither blank nor a comment.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(|line| line.trim_start_matches('\u{feff}').trim());
    lines.filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The cells of a line.
fn cells(line: &str, separator: char) -> Vec<&str> {
    let mut cells = Vec::with_capacity(4);
    let mut rest = line;
    loop {
        let cell = rest.trim_start_matches(' ');
        let quoted = cell.strip_prefix('"').and_then(|inside| {
            let (inside, after) = inside.split_at(end_of_quotes(inside)?);
            let after = after[1..].trim_start_matches(' ');
            (after.is_empty() || after.starts_with(separator)).then_some((inside, after))
        });
        let (cell, after) = match quoted {
            Some((inside, after)) => (inside, after),
            None => rest.split_at(rest.find(separator).unwrap_or(rest.len())),
        };
        cells.push(cell.trim());
        match after.strip_prefix(separator) {
            Some(after) => rest = after,
            None => return cells,
        }
    }
}

/// Where a quoted text ends; a quote in it is written twice.
fn end_of_quotes(text: &str) -> Option<usize> {
    let mut quotes = text.match_indices('"').map(|(at, _)| at).peekable();
    while let Some(at) = quotes.next() {
        if quotes.next_if_eq(&(at + 1)).is_none() {
            return Some(at);
        }
    }
    None
}

/// A name without case and blanks around it, and without what stands in brackets.
pub(super) fn plain_name(name: &str) -> String {
    let end = name.find(['(', '[']).unwrap_or(name.len());
    name[..end].trim().to_lowercase().replace('_', " ")
}

fn is_stamp(cell: &str) -> bool {
    parse_stamp(cell, None).is_ok()
}

/// Whether a cell could be a stamp or a count.
fn like_data(cell: &str) -> bool {
    let digits = cell.trim_start_matches(['+', '-', '.', ',']);
    digits.starts_with(|c: char| c.is_ascii_digit()) || is_stamp(cell)
}

impl<'a> Line<'a> {
    fn new(text: &'a str, separator: char) -> Line<'a> {
        Line { text, cells: cells(text, separator) }
    }

    fn filled(&self) -> impl Iterator<Item = &'a str> {
        self.cells.iter().copied().filter(|cell| !cell.is_empty())
    }

    /// Cells up to the last that is filled.
    pub(super) fn filled_width(&self) -> usize {
        self.cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1)
    }

    fn begins_with(&self, names: &[&str]) -> bool {
        self.cells.first().is_some_and(|cell| names.contains(&plain_name(cell).as_str()))
    }

    /// Whether one of the cells is what a column of time is called.
    fn names_time(&self) -> bool {
        self.cells.iter().any(|cell| {
            let name = plain_name(cell);
            TIME_NAMES
                .iter()
                .any(|time| name == *time || name.split([' ', '-']).any(|word| word == *time))
        })
    }
}

impl<'a> Table<'a> {
    /// Finds the separator and the first row.
    pub(super) fn new(text: &'a str) -> Table<'a> {
        let declared = lines(text).next().and_then(|line| {
            let mark = line.trim_matches('"').to_ascii_lowercase();
            mark.strip_prefix("sep=").and_then(|mark| mark.chars().next())
        });
        let text = match declared {
            Some(_) => after(text, lines(text).next().unwrap_or_default()),
            None => text,
        };
        let separator = declared.unwrap_or_else(|| separator(text));
        let mut table = Table { separator, header: None, passed_over: Vec::new(), rows: text };
        table.skip_head();
        table
    }

    /// The rows, those without a filled cell left out.
    pub(super) fn rows(&self) -> impl Iterator<Item = Line<'a>> {
        let separator = self.separator;
        let rows = lines(self.rows).map(move |line| Line::new(line, separator));
        rows.filter(|line| line.filled().next().is_some())
    }

    /// Passes over what stands before the rows.
    fn skip_head(&mut self) {
        let mut passed: Vec<&str> = Vec::new();
        let head: Vec<Line<'a>> = self.rows().take(SAMPLE).collect();
        for line in head {
            let filled = line.filled().count();
            let words = line.filled().all(|cell| !like_data(cell));
            let is_about = filled > 1 && line.begins_with(&ABOUT_NAMES);
            let named = line.names_time() && !is_about && self.header.is_none();
            let is_header = filled > 1 && (words || named);
            let is_title = filled == 1 && words;
            if is_header && (!is_about || line.names_time()) {
                match self.header.take() {
                    // Of two lines of words the one that names a time names the columns.
                    Some(before) if !before.names_time() && line.names_time() => {
                        passed.push(before.text);
                    }
                    None => {}
                    before @ Some(_) => {
                        self.header = before;
                        break;
                    }
                }
                self.header = Some(line.clone());
            } else if (is_title || is_about) && self.header.is_none() {
                passed.push(line.text);
            } else {
                break;
            }
            self.rows = after(self.rows, line.text);
        }
        let digits = |line: &&str| line.contains(|c: char| c.is_ascii_digit());
        self.passed_over = passed.into_iter().filter(digits).collect();
        let header = self.header.as_ref().map(|header| header.text);
        let no_time = self.header.as_ref().is_some_and(|header| !header.names_time());
        self.passed_over.extend(header.filter(|header| no_time && digits(header)));
    }

    /// The fault of a row that has another number of cells than it should.
    pub(super) fn wrong_width(text: &str, line: &Line<'_>, wanted: usize) -> DataFault {
        let found = line.cells.len();
        let message = format!("the row has {found} columns");
        let help = if found == 1 {
            "expected two, parted by a comma, a semicolon or a tab: time stamp and count; begin \
             a line that is no row with `#`"
                .to_owned()
        } else if wanted < found {
            format!(
                "expected {wanted}: time stamp and count; a number with a comma in it stands in \
                 quotes, \"1,234\""
            )
        } else {
            format!("expected {wanted}, as in the other rows")
        };
        DataFault::at(text, line.text, message, &help)
    }
}

/// What of `text` follows the line in which its slice `line` stands.
fn after<'a>(text: &'a str, line: &str) -> &'a str {
    let end = super::offset(text, line) + line.len();
    text[end..].find('\n').map_or("", |newline| &text[end + newline + 1..])
}

/// The separator with which most lines have a stamp among several cells.
fn separator(text: &str) -> char {
    let score = |separator: char| {
        let sample = lines(text).take(SAMPLE);
        let table = sample.filter(|line| {
            let cells = cells(line, separator);
            let number = |cell: &&str| matches!(parse_stamp(cell, None), Ok(Stamp::Number(_)));
            let date = |cell: &&str| is_stamp(cell) && !number(cell);
            cells.len() > 1 && (cells.iter().any(date) || cells.iter().all(|c| like_data(c)))
        });
        table.count()
    };
    let mut best = (',', 0);
    for separator in SEPARATORS {
        let score = score(separator);
        if score > best.1 {
            best = (separator, score);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_parted_outside_of_quotes() {
        assert_eq!(cells("a,b", ','), ["a", "b"]);
        assert_eq!(cells("\"a,b\" , c ,", ','), ["a,b", "c", ""]);
        assert_eq!(cells("\"a \"\"x\"\", b\",c", ','), ["a \"\"x\"\", b", "c"]);
        assert_eq!(cells("\"open,c", ','), ["\"open", "c"]);
        assert_eq!(cells("a;1,5", ';'), ["a", "1,5"]);
        assert_eq!(cells("a\t\tb", '\t'), ["a", "", "b"]);
    }

    #[test]
    fn what_parts_the_columns_is_found() {
        let cases = [
            ("time;count\n2026-03-01 00:00;94,5\n", ';'),
            ("2026-03-01 00:00:00\t1,234\n", '\t'),
            ("2026-03-01 00:00,94\n", ','),
            ("0;1\n60;2\n", ';'),
            ("0,1\n60,2\n", ','),
            ("Requests; all of them\n2026-03-01 00:00,94\n2026-03-01 00:05,94\n", ','),
            ("sep=;\n0;1\n", ';'),
            ("", ','),
        ];
        for (text, expected) in cases {
            assert_eq!(Table::new(text).separator, expected, "{text}");
        }
    }

    /// The first row's text, the header's first name, and how many lines are told.
    fn head(text: &str) -> (Option<&str>, Option<&str>, usize) {
        let table = Table::new(text);
        let header = table.header.as_ref().map(|header| header.cells[0]);
        (table.rows().next().map(|line| line.text), header, table.passed_over.len())
    }

    #[test]
    fn words_before_the_rows_are_passed_over_and_rows_are_not() {
        let row = "2026-03-01 00:00,94";
        let cases = [
            ("", None, 0),
            ("time,count\n", Some("time"), 0),
            ("# 2025\nrequests of web\n\ntime,count\n", Some("time"), 0),
            ("requests since March 2026\ntime,count\n", Some("time"), 1),
            ("Full label,Sent\n\"Period\",300\nTime,Sent\n", Some("Time"), 1),
            ("Requests, all\ntime,count\n", Some("time"), 0),
            (",,\n", None, 0),
            ("time,5xx\n", Some("time"), 0),
            ("sep=,\n", None, 0),
        ];
        for (before, header, told) in cases {
            let text = format!("{before}{row}\n");
            assert_eq!(head(&text), (Some(row), header, told), "{before}");
        }
        // What could be a row stays one, so that its fault is told.
        for first in [
            "2026-03-01 00:00 94",
            "2026-13-01,5",
            "yesterday,300",
            "2026-03-01 00:00,n/a",
            "2026 was better",
        ] {
            let text = format!("{first}\n{row}\n");
            assert_eq!(head(&text), (Some(first), None, 0));
        }
        let twice = "time,count\nyesterday,three\n2026-03-01 00:00,94\n";
        assert_eq!(head(twice).0, Some("yesterday,three"));
    }
}
