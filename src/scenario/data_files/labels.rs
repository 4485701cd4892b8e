//! Several series in one table, told apart by a column.
//!
//! Owns which columns may tell series apart, and the fault where one does. Must not know where
//! stamps and counts stand.
//!
//! Invariant: rows of two series are never taken for those of one. Whether words are the name of a
//! series nobody can know, so that any that change are refused, unless their column's name says
//! that they are none.

use super::numbers::Evidence;
use super::table::Line;
use super::{DataFault, line_of, quote};
use crate::scenario::units::{parse_size, parse_span};

/// Columns of words that name no series. A unit is looked at elsewhere.
const NO_LABELS: [&str; 10] = [
    "unit",
    "units",
    "comment",
    "comments",
    "note",
    "notes",
    "remark",
    "remarks",
    "weekday",
    "day of week",
];

/// Columns that name a series even with a number. Names that are common for counts too, as
/// `customers`, are none of them.
const LABELS: [&str; 13] = [
    "id",
    "shard",
    "partition",
    "instance",
    "account",
    "tenant",
    "status",
    "code",
    "label",
    "series",
    "dimension",
    "key",
    "port",
];

/// Whether a column of this plain name may tell series apart; `is_measured` says that most of its
/// cells are numbers, lengths, sizes or dates.
pub(super) fn may_label(name: &str, is_measured: bool) -> bool {
    let named = |word: &str| LABELS.contains(&word) || LABELS.iter().any(|of| is_id_of(word, of));
    if is_measured { name.split([' ', '-', '.']).any(named) } else { !NO_LABELS.contains(&name) }
}

/// `shardid` is the id of a shard.
fn is_id_of(word: &str, of: &str) -> bool {
    word.strip_prefix(of) == Some("id")
}

/// Whether a cell says how much of something there is.
pub(super) fn is_measure(cell: &str) -> bool {
    let number = cell.trim_start_matches(['+', '-']).trim_end_matches('%').trim_end();
    let is_number = Evidence::default().take(number).is_ok();
    is_number || parse_span(cell).is_ok() || parse_size(cell).is_ok()
}

/// The columns that may tell series apart, each with what its first row says.
#[derive(Debug)]
pub(super) struct Labels<'t, 'a> {
    columns: &'t [usize],
    first: Option<Line<'a>>,
}

impl<'t, 'a> Labels<'t, 'a> {
    /// Of no row yet.
    pub(super) fn new(columns: &'t [usize]) -> Labels<'t, 'a> {
        Labels { columns, first: None }
    }

    /// Takes a row into account.
    ///
    /// # Errors
    /// It belongs to another series than those before it.
    pub(super) fn take(
        &mut self,
        text: &str,
        header: Option<&Line<'_>>,
        row: &Line<'a>,
    ) -> Result<(), DataFault> {
        let first = self.first.get_or_insert_with(|| row.clone());
        for &column in self.columns {
            let (Some(before), Some(cell)) = (first.cells.get(column), row.cells.get(column))
            else {
                continue;
            };
            if before == cell {
                continue;
            }
            let name = header.and_then(|header| header.cells.get(column));
            let name = match name.filter(|name| !name.is_empty()) {
                Some(name) => quote(name),
                None => (column + 1).to_string(),
            };
            let (one, other) = (line_of(text, first.text), line_of(text, row.text));
            let message = format!(
                "column {name} tells several series apart: {} in line {one}, {} in line {other}",
                quote(before),
                quote(cell)
            );
            let help = "keep the rows of one series, or a file for each; if the column tells no \
                        series apart, remove it or call it `comment`";
            return Err(DataFault::at(text, cell, message, help));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_may_label_and_numbers_only_where_they_are_called_so() {
        for name in ["", "queuename", "statistic", "region", "anything"] {
            assert!(may_label(name, false), "{name}");
        }
        for name in ["comment", "unit", "weekday"] {
            assert!(!may_label(name, false), "{name}");
        }
        for name in ["shard", "shard id", "shardid", "status code", "accountid", "id"] {
            assert!(may_label(name, true), "{name}");
        }
        for name in ["", "errors", "paid", "samplecount", "customers", "keyboards"] {
            assert!(!may_label(name, true), "{name}");
        }
    }

    #[test]
    fn measures_are_told_from_words_that_begin_with_a_digit() {
        for cell in ["0", "-3.5", "1,234", "12 %", "12ms", "2KiB", "1e5"] {
            assert!(is_measure(cell), "{cell}");
        }
        for cell in ["5xx", "10.0.0.1", "jobs", "2nd", "", "p99"] {
            assert!(!is_measure(cell), "{cell}");
        }
    }
}
