//! A grid of texts under heads, for experiments: one line a point.
//!
//! Owns widths and alignment. Must not know what the texts mean.
//!
//! A grid that is wider than a terminal is written in blocks, each with the settings on its left.
//!
//! Invariant: no line ends in a blank.

use super::Style;
use super::fold::{COLUMNS, width, within};
use crate::scenario::visible::brief;

/// Before the first column.
const MARGIN: &str = "  ";
/// Blanks between columns.
const GAP: &str = "   ";
/// Words have a column of their own from this width on.
const LEAST: usize = 16;

/// Lines under heads. Settings stand on the left of their columns, numbers on the right.
#[derive(Clone, Debug, Default)]
pub(super) struct Grid {
    heads: Vec<(String, bool)>,
    lines: Vec<Vec<String>>,
}

impl Grid {
    /// Adds a column of settings or words.
    pub(super) fn words(&mut self, head: impl Into<String>) {
        self.heads.push((brief(&head.into()), false));
    }

    /// Adds a column of numbers.
    pub(super) fn numbers(&mut self, head: impl Into<String>) {
        self.heads.push((brief(&head.into()), true));
    }

    /// Adds a line: a text for every column.
    pub(super) fn line(&mut self, texts: Vec<String>) {
        debug_assert_eq!(texts.len(), self.heads.len());
        self.lines.push(texts.into_iter().map(|text| brief(&text)).collect());
    }

    /// The heads and the lines below them.
    pub(super) fn write(&self, style: Style, lines: &mut Vec<String>) {
        let settings = self.heads.iter().take_while(|(_, number)| !number).count().max(1);
        let widths: Vec<usize> = (0..self.heads.len()).map(|at| self.width(at)).collect();
        let taken = |at: usize| widths[at] + GAP.len();
        let left = MARGIN.len() + (0..settings).map(taken).sum::<usize>();
        let mut blocks: Vec<Vec<usize>> = vec![Vec::new()];
        let mut used = left;
        for (at, width) in widths.iter().enumerate().skip(settings) {
            let block = blocks.last_mut().expect("there is one");
            if !block.is_empty() && used + width > COLUMNS {
                blocks.push(vec![at]);
                used = left + taken(at);
            } else {
                block.push(at);
                used += taken(at);
            }
        }
        for (number, block) in blocks.into_iter().enumerate() {
            if number > 0 {
                lines.push(String::new());
            }
            let columns: Vec<usize> = (0..settings).chain(block).collect();
            let heads: Vec<&str> = columns.iter().map(|at| self.heads[*at].0.as_str()).collect();
            let heads = self.laid(&heads, &columns, &widths);
            lines.extend(heads.iter().map(|head| style.heading(head)));
            for line in &self.lines {
                let texts: Vec<&str> = columns.iter().map(|at| line[*at].as_str()).collect();
                lines.extend(self.laid(&texts, &columns, &widths));
            }
        }
    }

    /// The columns that a column takes.
    fn width(&self, at: usize) -> usize {
        let texts = self.lines.iter().map(|line| width(&line[at]));
        texts.chain([width(&self.heads[at].0)]).max().unwrap_or(0)
    }

    /// Texts in their columns; words in the last one go on below where they are too many.
    fn laid(&self, texts: &[&str], columns: &[usize], widths: &[usize]) -> Vec<String> {
        let last = columns.len() - 1;
        let before: usize = columns[..last].iter().map(|at| widths[*at] + GAP.len()).sum();
        let room = COLUMNS.saturating_sub(MARGIN.len() + before);
        let cells = texts.iter().zip(columns).map(|(text, at)| {
            let blanks = " ".repeat(widths[*at] - width(text));
            if self.heads[*at].1 { blanks + text } else { (*text).to_owned() + &blanks }
        });
        let mut cells: Vec<String> = cells.collect();
        let mut below = Vec::new();
        if !self.heads[columns[last]].1 && width(texts[last]) > room && room >= LEAST {
            let mut parts = within(texts[last], room).into_iter();
            cells[last] = parts.next().unwrap_or_default();
            below = parts.collect();
        }
        let line = format!("{MARGIN}{}", cells.join(GAP)).trim_end().to_owned();
        let inset = " ".repeat(MARGIN.len() + before);
        [line].into_iter().chain(below.iter().map(|part| format!("{inset}{part}"))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A setting of 5 columns and measures of 20: beside the margin and the gaps three of them
    /// take 2 + 5 + 3 · 23 = 76 columns, a fourth is one too many. The words come below them.
    #[test]
    fn a_wide_grid_is_written_in_blocks_that_fit() {
        let mut grid = Grid::default();
        grid.words("count");
        for _ in 0..4 {
            grid.numbers("a measure of 20 char");
        }
        grid.words("expectations");
        let failing = format!("FAIL  {}", ["p99(sent_to_deleted) < 2s"; 4].join(", "));
        for count in ["1", "2"] {
            let mut line = vec![count.to_owned()];
            line.extend((0..4).map(|_| "1.0".to_owned()));
            line.push(failing.clone());
            grid.line(line);
        }
        let mut lines = Vec::new();
        grid.write(Style::default(), &mut lines);
        assert!(lines.iter().all(|line| width(line) <= 80), "{lines:#?}");
        let heads: Vec<&String> = lines.iter().filter(|line| line.contains("count")).collect();
        assert_eq!(heads.len(), 3, "{lines:#?}");
        assert_eq!(heads[0].matches("a measure").count(), 3);
        assert_eq!(heads[1].matches("a measure").count(), 1);
        let said = lines.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(said.matches("p99(sent_to_deleted) < 2s").count(), 8, "nothing is lost");
    }
}
