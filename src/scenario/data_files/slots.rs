//! Rows of stamps and counts → slots of equal length.
//!
//! Owns the grid: where it begins, how long a slot is, and what is not on it. Must not know what
//! kind of file a row comes from.
//!
//! Invariant: slots ascend, none is taken twice, and no length of a slot is taken in silence that
//! most rows do not have between them.

use super::numbers::{self, Reading};
use super::stamps::{self, Evidence, Refused, Stamp, parse_stamp};
use super::{CountsChoice, CountsFile, DataFault, Duplicates, line_of, offset};
use crate::kernel::time::Span;

/// More missing slots than this are taken for a wrong stamp or period.
const MOST_MISSING: u64 = 10_000_000;

/// A total is the sum of the rows up to this share: decimals are rounded.
const ROUNDED: f64 = 1e-6;

const HOUR: Span = Span::from_secs(3_600);

/// The cells of one row, slices of the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cells<'a> {
    /// The stamp.
    pub(super) stamp: &'a str,
    /// The time of day, where it stands apart.
    pub(super) clock: Option<&'a str>,
    /// The count.
    pub(super) count: &'a str,
}

/// How the counts of a file are written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Numbers {
    /// As programming languages do.
    Plain,
    /// As people do, in columns that this separator parts.
    Parted(char),
}

/// One row that was read.
struct Row<'a> {
    stamp: &'a str,
    nanos: i128,
    count: f64,
}

impl Row<'_> {
    /// Nanoseconds since an earlier row, where they fit 584 years.
    fn nanos_since(&self, earlier: &Row<'_>) -> Option<u64> {
        u64::try_from(self.nanos - earlier.nanos).ok()
    }
}

/// What all rows tell of each.
struct Forms {
    stamps: stamps::Reading,
    numbers: Reading,
    /// The stamps are dates without an offset from UTC.
    is_local: bool,
}

/// A file's rows, before they are read.
pub(super) struct Source<'a> {
    /// All of the file.
    pub(super) text: &'a str,
    /// The name of the column of stamps.
    pub(super) name: Option<&'a str>,
    /// The rows.
    pub(super) cells: Vec<Cells<'a>>,
    /// The cell with the sum of all counts.
    pub(super) total: Option<&'a str>,
    /// How counts are written.
    pub(super) numbers: Numbers,
}

fn at(text: &str, part: &str, refused: Refused) -> DataFault {
    DataFault::at(text, part, refused.message, &refused.help)
}

/// The cell of a row in which this text stands first, to point at.
fn place<'a>(rows: &[Cells<'a>], told: &str) -> &'a str {
    let cell = |row: &Cells<'a>| [row.stamp, row.count].into_iter().find(|cell| *cell == told);
    rows.iter().find_map(cell).unwrap_or_default()
}

impl Forms {
    /// What the rows of a file tell, and their stamps in order.
    fn of(source: &Source<'_>) -> Result<(Forms, Vec<Stamp>), DataFault> {
        let &Source { text, cells: ref rows, numbers: counts, .. } = source;
        let mut dates = Evidence::new(source.name);
        let mut numbers = numbers::Evidence::default();
        let mut stamps = Vec::with_capacity(rows.len());
        for row in rows {
            let fault = |refused| at(text, row.stamp, refused);
            let stamp = parse_stamp(row.stamp, row.clock).map_err(fault)?;
            dates.take(stamp, row.stamp).map_err(fault)?;
            stamps.push(stamp);
            match counts {
                Numbers::Plain => numbers::PLAIN.number(row.count).map(|_| ()),
                Numbers::Parted(_) => numbers.take(row.count),
            }
            .map_err(|refused| at(text, row.count, refused))?;
        }
        if let (Some(total), Numbers::Parted(_)) = (source.total, counts) {
            numbers.take(total).map_err(|refused| at(text, total, refused))?;
        }
        let open = |(told, refused): (&str, Refused)| at(text, place(rows, told), refused);
        let numbers = match counts {
            Numbers::Plain => numbers::PLAIN,
            Numbers::Parted(separator) => numbers.reading(separator).map_err(open)?,
        };
        let is_local = dates.is_local();
        Ok((Forms { stamps: dates.reading().map_err(open)?, numbers, is_local }, stamps))
    }

    fn row<'a>(&self, text: &str, cells: Cells<'a>, parsed: Stamp) -> Result<Row<'a>, DataFault> {
        let Cells { stamp, count, .. } = cells;
        let Some(nanos) = self.stamps.nanos(parsed) else {
            let message = format!("{} is not a time stamp", super::quote(stamp));
            let help = "the calendar has no such day in the order of the other dates";
            return Err(DataFault::at(text, stamp, message, help));
        };
        let count = self.numbers.number(count).map_err(|refused| at(text, count, refused))?;
        Ok(Row { stamp, nanos, count })
    }
}

/// Reads the rows and sorts them into slots.
pub(super) fn assemble(
    source: &Source<'_>,
    choice: CountsChoice<'_>,
) -> Result<CountsFile, DataFault> {
    let text = source.text;
    let (forms, stamps) = Forms::of(source)?;
    let read = source.cells.iter().zip(stamps).map(|(&cells, stamp)| forms.row(text, cells, stamp));
    let mut rows = read.collect::<Result<Vec<_>, _>>()?;
    rows.sort_by_key(|row| (row.nanos, offset(text, row.stamp)));
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        let message = "the file has no counts".to_owned();
        return Err(DataFault::at(text, text, message, "expected rows of time stamp and count"));
    };
    let grid = Grid { text, rows: &rows, forms: &forms, duplicates: choice.duplicates };
    let (period, is_guessed) = match choice.period.filter(|period| !period.is_zero()) {
        Some(period) => (period, false),
        None => grid.smallest_gap()?,
    };
    let (slots, summed) = grid.slots(period)?;
    let missing = slots.last().map_or(0, |&(slot, _)| slot - (slots.len() as u64 - 1));
    if missing > MOST_MISSING {
        let message = format!("{missing} slots are missing before `{}`", last.stamp);
        let help = format!("more than {MOST_MISSING} look like a wrong stamp or period");
        return Err(DataFault::at(text, last.stamp, message, &help));
    }
    let total = slots.iter().map(|&(_, count)| count).sum();
    if let Some(cell) = source.total {
        is_sum(&forms, text, cell, total)?;
    }
    let lost_hour = forms.is_local && Grid::lacks_an_hour(&slots, period);
    Ok(CountsFile {
        start_epoch_seconds: first.nanos.div_euclid(1_000_000_000) as i64,
        period,
        is_guessed,
        missing,
        lost_hour,
        summed,
        total,
        slots,
        passed_over: Vec::new(),
    })
}

/// What the file says of the sum of its counts must be true.
fn is_sum(forms: &Forms, text: &str, cell: &str, total: f64) -> Result<(), DataFault> {
    let told = forms.numbers.number(cell).map_err(|refused| at(text, cell, refused))?;
    if (told - total).abs() <= ROUNDED * told.max(total) {
        return Ok(());
    }
    let message = format!("the total of {told} is not the sum of the rows, {total}");
    let help = "look for rows that are missing or written otherwise, or remove this one";
    Err(DataFault::at(text, cell, message, help))
}

/// The sorted rows, and how they were read.
struct Grid<'g, 'a> {
    text: &'a str,
    rows: &'g [Row<'a>],
    forms: &'g Forms,
    duplicates: Duplicates,
}

impl Grid<'_, '_> {
    /// (slot, count) of all rows, and how many rows were added to the one before.
    fn slots(&self, period: Span) -> Result<(Vec<(u64, f64)>, u64), DataFault> {
        let Some(first) = self.rows.first() else { return Ok((Vec::new(), 0)) };
        let mut slots: Vec<(u64, f64)> = Vec::with_capacity(self.rows.len());
        let mut summed = 0;
        let mut before = first;
        for row in self.rows {
            let since = row.nanos_since(first).filter(|since| since % period.as_nanos() == 0);
            let Some(since) = since else { return Err(self.off_grid(row, first, period)) };
            let slot = since / period.as_nanos();
            match slots.last_mut() {
                Some((last, count)) if *last == slot => {
                    if self.duplicates == Duplicates::Refuse {
                        return Err(self.occurs_twice(row, before));
                    }
                    *count += row.count;
                    summed += 1;
                }
                _ => slots.push((slot, row.count)),
            }
            before = row;
        }
        Ok((slots, summed))
    }

    fn gaps(&self) -> impl Iterator<Item = u64> {
        let gaps = self.rows.windows(2).filter_map(|pair| pair[1].nanos_since(&pair[0]));
        gaps.filter(|&gap| gap > 0)
    }

    /// The smallest gap between two rows, and whether fewer than half of all are that long.
    fn smallest_gap(&self) -> Result<(Span, bool), DataFault> {
        if self.duplicates == Duplicates::Refuse {
            let twice = self.rows.windows(2).find(|pair| pair[0].nanos == pair[1].nanos);
            if let Some([first, second]) = twice {
                return Err(self.occurs_twice(second, first));
            }
        }
        let Some(smallest) = self.gaps().min() else {
            let message = "one row does not tell how long its period is".to_owned();
            let place = self.rows.first().map_or(self.text, |row| row.stamp);
            return Err(DataFault::at(self.text, place, message, "give the period"));
        };
        let as_long = self.gaps().filter(|&gap| gap == smallest).count();
        Ok((Span::from_nanos(smallest), 2 * as_long < self.gaps().count()))
    }

    /// Whether a gap is an hour longer than a period, as when clocks go forward.
    fn lacks_an_hour(slots: &[(u64, f64)], period: Span) -> bool {
        let per_hour = HOUR.as_nanos() / period.as_nanos();
        let whole = HOUR.as_nanos().is_multiple_of(period.as_nanos());
        whole && slots.windows(2).any(|pair| pair[1].0 - pair[0].0 == per_hour + 1)
    }

    fn occurs_twice(&self, row: &Row<'_>, before: &Row<'_>) -> DataFault {
        let line = line_of(self.text, before.stamp);
        let message = format!("the slot `{}` occurs twice, first in line {line}", row.stamp);
        let help = if self.forms.is_local {
            "where daylight saving ends an hour comes twice: export in UTC, or write \
             `duplicates: Sum` to add both up; else keep one of the two rows"
        } else {
            "keep one of the two rows, or write `duplicates: Sum` to add both up"
        };
        DataFault::at(self.text, row.stamp, message, help)
    }

    fn off_grid(&self, row: &Row<'_>, first: &Row<'_>, period: Span) -> DataFault {
        let (stamp, start) = (row.stamp, first.stamp);
        let line = line_of(self.text, start);
        let message = format!(
            "`{stamp}` is not a whole number of periods of {period} after `{start}` in line {line}"
        );
        let common = self.gaps().fold(0, greatest_common);
        let hours = period > HOUR && common != 0 && HOUR.as_nanos().is_multiple_of(common);
        let help = if hours && common > 60_000_000_000 {
            "where daylight saving begins or ends, days have 23 or 25 hours: export in UTC"
                .to_owned()
        } else if common >= 1_000_000_000 && Span::from_nanos(common) < period {
            format!(
                "correct the stamp, or give the period where the smallest gap is not it: all \
                 stamps are whole numbers of {} apart",
                Span::from_nanos(common)
            )
        } else {
            "correct the stamp, or give the period where the smallest gap is not it".to_owned()
        };
        DataFault::at(self.text, stamp, message, &help)
    }
}

fn greatest_common(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
