//! How areas are filled.
//!
//! Owns the patterns, so that no state is told by its colour alone. Must not know what the states
//! are.

use super::canvas::{Canvas, Point, Stroke, colour};
use plotters::style::RGBColor;

/// How an area is filled beside its colour.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pattern {
    /// Plain.
    Plain,
    /// White vertical lines.
    Lines,
    /// White dots.
    Dots,
    /// Black dots.
    DarkDots,
    /// White vertical lines, far apart.
    WideLines,
}

impl Pattern {
    /// Fills a rectangle.
    pub(super) fn fill(self, canvas: &mut Canvas<'_>, from: Point, to: Point, colour: RGBColor) {
        canvas.fill(from, to, colour, 1.0);
        for x in from.0..to.0 {
            self.column(canvas, x, from.1, to.1);
        }
    }

    /// Draws the pattern in one column of pixels.
    pub(super) fn column(self, canvas: &mut Canvas<'_>, x: i32, top: i32, bottom: i32) {
        let white = Stroke::solid(colour::WHITE, 1);
        match self {
            Pattern::Lines if x % 7 == 0 => canvas.line((x, top), (x, bottom), white),
            Pattern::WideLines if x % 16 == 0 => canvas.line((x, top), (x, bottom), white),
            Pattern::Dots if x % 12 == 0 => dots(canvas, x, top, bottom, colour::WHITE),
            Pattern::DarkDots if x % 12 == 0 => dots(canvas, x, top, bottom, colour::BLACK),
            Pattern::Plain
            | Pattern::Lines
            | Pattern::WideLines
            | Pattern::Dots
            | Pattern::DarkDots => {}
        }
    }
}

fn dots(canvas: &mut Canvas<'_>, x: i32, top: i32, bottom: i32, colour: RGBColor) {
    let shift = if x % 24 == 0 { 0 } else { 6 };
    for y in (top..bottom - 2).filter(|y| y % 12 == shift) {
        canvas.fill((x, y), (x + 3, y + 3), colour, 1.0);
    }
}
