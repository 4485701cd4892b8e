//! Tables with aligned columns, and an interval under each number.
//!
//! Owns widths and alignment. Must not know what the numbers mean.
//!
//! Invariant: no line ends in a blank.

use super::fold::COLUMNS;

/// Least width of the label column, so that tables below each other line up.
const LABELS: usize = 16;
/// Least width of a column of numbers.
const COLUMN: usize = 10;
/// Blanks between columns, and where they are too wide for a terminal.
const GAPS: [usize; 2] = [3, 2];

/// One number, and half the width of its interval if it has one.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) half: Option<String>,
}

/// One line of a table.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) label: String,
    pub(super) cells: Vec<Cell>,
    /// Words behind the last column.
    pub(super) note: String,
}

/// A table with a title where the labels are.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) title: String,
    pub(super) columns: Vec<&'static str>,
    pub(super) rows: Vec<Row>,
}

/// How tables that stand below each other are laid out, so that they line up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    labels: usize,
    gap: usize,
}

impl Layout {
    /// Titles stand where the labels are, if all lines fit a terminal then; else a title that is
    /// longer than the labels has a line of its own, and the columns stand closer if they must.
    pub(super) fn of(tables: &[Table]) -> Layout {
        let labels = tables.iter().map(Table::label_width).max().unwrap_or(LABELS);
        let titled = tables.iter().map(|table| width(&table.title)).max().unwrap_or(0).max(labels);
        let [gap, closer] = GAPS;
        let all = [(titled, gap), (labels, gap), (labels, closer)];
        let all = all.map(|(labels, gap)| Layout { labels, gap });
        let fits = |layout: &Layout, noted| {
            tables.iter().all(|table| table.width(*layout, noted) <= COLUMNS)
        };
        let found = [true, false]
            .into_iter()
            .find_map(|noted| all.iter().find(|layout| fits(layout, noted)));
        *found.unwrap_or(&all[2])
    }
}

impl Table {
    /// The width the labels of its rows need.
    pub(super) fn label_width(&self) -> usize {
        let labels = self.rows.iter().map(|row| width(&row.label) + 2);
        labels.max().unwrap_or(LABELS).max(LABELS)
    }

    /// Whether its rows fit a terminal beside labels of this width, however it is laid out.
    pub(super) fn can_fit(&self, labels: usize) -> bool {
        self.width(Layout { labels, gap: GAPS[1] }, false) <= COLUMNS
    }

    /// The width of its longest line, with the words behind the last column or without.
    fn width(&self, layout: Layout, with_notes: bool) -> usize {
        let widths = (0..self.columns.len()).map(|column| self.column_width(column, layout.gap));
        let columns = layout.labels + widths.sum::<usize>();
        let notes = self.rows.iter().map(|row| width(&row.note)).max().filter(|_| with_notes);
        columns + notes.filter(|notes| *notes > 0).map_or(0, |notes| notes + GAPS[0])
    }

    /// The lines of the table; the title is passed through `heading` after it was aligned.
    pub(super) fn lines(&self, layout: Layout, heading: impl Fn(&str) -> String) -> Vec<String> {
        let Layout { labels, gap } = layout;
        let widths: Vec<usize> =
            (0..self.columns.len()).map(|column| self.column_width(column, gap)).collect();
        let mut lines = Vec::new();
        let heads = self.columns.iter().zip(&widths).map(|(head, width)| right(head, *width));
        let heads = heads.collect::<String>();
        if let Some(blanks) = labels.checked_sub(width(&self.title)) {
            lines.push(format!("{}{}{heads}", heading(&self.title), " ".repeat(blanks)));
        } else {
            lines.push(heading(&self.title));
            lines.push(format!("{}{heads}", " ".repeat(labels)));
        }
        for row in &self.rows {
            let label = left(&format!("  {}", row.label), labels);
            let cells = row.cells.iter().zip(&widths);
            let numbers: String =
                cells.clone().map(|(cell, width)| right(&cell.text, *width)).collect();
            let note = if row.note.is_empty() { String::new() } else { format!("   {}", row.note) };
            lines.push(format!("{label}{numbers}{note}").trim_end().to_owned());
            if row.cells.iter().any(|cell| cell.half.is_some()) {
                let halves: String = cells
                    .map(|(cell, width)| right(cell.half.as_deref().unwrap_or(""), *width))
                    .collect();
                lines.push(format!("{}{halves}", " ".repeat(labels)).trim_end().to_owned());
            }
        }
        lines
    }

    fn column_width(&self, column: usize, gap: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.cells.get(column));
        let widest = cells
            .map(|cell| width(&cell.text).max(cell.half.as_deref().map_or(0, width)))
            .max()
            .unwrap_or(0);
        (widest.max(width(self.columns[column])) + gap).max(COLUMN)
    }
}

/// Characters, which is what a terminal shows of the text written here.
fn width(text: &str) -> usize {
    text.chars().count()
}

fn right(text: &str, to: usize) -> String {
    format!("{}{text}", " ".repeat(to.saturating_sub(width(text))))
}

/// Pads on the right.
pub(super) fn left(text: &str, to: usize) -> String {
    format!("{text}{}", " ".repeat(to.saturating_sub(width(text))))
}
