//! A grid of texts under heads, for experiments: one line a point.
//!
//! Owns widths and alignment. Must not know what the texts mean.
//!
//! Invariant: no line ends in a blank.

use super::Style;

/// Blanks between columns.
const GAP: &str = "   ";

/// Lines under heads. Settings stand on the left of their columns, numbers on the right.
#[derive(Clone, Debug, Default)]
pub(super) struct Grid {
    heads: Vec<(String, bool)>,
    lines: Vec<Vec<String>>,
}

impl Grid {
    /// Adds a column of settings or words.
    pub(super) fn words(&mut self, head: impl Into<String>) {
        self.heads.push((head.into(), false));
    }

    /// Adds a column of numbers.
    pub(super) fn numbers(&mut self, head: impl Into<String>) {
        self.heads.push((head.into(), true));
    }

    /// Adds a line: a text for every column.
    pub(super) fn line(&mut self, texts: Vec<String>) {
        debug_assert_eq!(texts.len(), self.heads.len());
        self.lines.push(texts);
    }

    /// The heads and the lines below them.
    pub(super) fn write(&self, style: Style, lines: &mut Vec<String>) {
        let width = |text: &str| text.chars().count();
        let widths = self.heads.iter().enumerate().map(|(at, (head, _))| {
            let texts = self.lines.iter().map(|line| width(&line[at]));
            texts.chain([width(head)]).max().unwrap_or(0)
        });
        let widths: Vec<usize> = widths.collect();
        let laid = |texts: &mut dyn Iterator<Item = &str>| {
            let cells = texts.zip(&widths).zip(&self.heads).map(|((text, to), (_, number))| {
                let blanks = " ".repeat(to - width(text));
                if *number { blanks + text } else { text.to_owned() + &blanks }
            });
            format!("  {}", cells.collect::<Vec<_>>().join(GAP)).trim_end().to_owned()
        };
        lines.push(style.heading(&laid(&mut self.heads.iter().map(|(head, _)| head.as_str()))));
        for line in &self.lines {
            lines.push(laid(&mut line.iter().map(String::as_str)));
        }
    }
}
