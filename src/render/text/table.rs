//! Tables with aligned columns, and an interval under each number.
//!
//! Owns widths and alignment. Must not know what the numbers mean.
//!
//! Invariant: no line ends in a blank.

/// Least width of the label column, so that tables below each other line up.
const LABELS: usize = 16;
/// Least width of a column of numbers.
const COLUMN: usize = 10;
/// Blanks between columns.
const GAP: usize = 3;

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

impl Table {
    /// The width its labels need.
    pub(super) fn label_width(&self) -> usize {
        let labels = self.rows.iter().map(|row| width(&row.label) + 2);
        labels.chain([width(&self.title), LABELS]).max().unwrap_or(LABELS)
    }

    /// The lines of the table with labels at least `labels` wide; the title is passed through
    /// `heading` after it was aligned.
    pub(super) fn lines(&self, labels: usize, heading: impl Fn(&str) -> String) -> Vec<String> {
        let labels = labels.max(self.label_width());
        let widths: Vec<usize> =
            (0..self.columns.len()).map(|column| self.column_width(column)).collect();
        let mut lines = Vec::new();
        let blanks = " ".repeat(labels - width(&self.title));
        let heads = self.columns.iter().zip(&widths).map(|(head, width)| right(head, *width));
        lines.push(format!("{}{blanks}{}", heading(&self.title), heads.collect::<String>()));
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

    fn column_width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.cells.get(column));
        let widest = cells
            .map(|cell| width(&cell.text).max(cell.half.as_deref().map_or(0, width)))
            .max()
            .unwrap_or(0);
        (widest.max(width(self.columns[column])) + GAP).max(COLUMN)
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
