//! Areas stacked on one another.
//!
//! Owns their patterns, so that no state is told by its colour alone. Must not know what the
//! states are.

use super::axis::Ticks;
use super::canvas::{Canvas, Point, Stroke, colour};
use super::page::Panel;
use crate::kernel::time::Time;
use plotters::style::RGBColor;

/// Most columns whose areas get an outline; it would hide narrower ones.
const OUTLINED: usize = 400;

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
    fn column(self, canvas: &mut Canvas<'_>, x: i32, top: i32, bottom: i32) {
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

/// One of the stacked areas: its value in each column, from below.
pub(super) struct Band {
    /// Colour.
    pub(super) colour: RGBColor,
    /// Pattern.
    pub(super) pattern: Pattern,
    /// One value a column.
    pub(super) values: Vec<f64>,
}

/// Draws the areas, the first at the bottom, over these columns.
pub(super) fn stack(
    canvas: &mut Canvas<'_>,
    panel: &Panel,
    axis: &Ticks,
    columns: &[(Time, Time)],
    bands: &[Band],
) {
    let mut below = vec![0.0; columns.len()];
    for band in bands {
        let above: Vec<f64> = below.iter().zip(&band.values).map(|(b, v)| b + v).collect();
        let edge = |values: &[f64]| -> Vec<Point> {
            let rows = columns.iter().zip(values);
            panel.steps(rows.map(|((from, to), value)| (*from, *to, panel.y(*value, axis.end))))
        };
        let (top, bottom) = (edge(&above), edge(&below));
        if band.values.iter().any(|value| *value > 0.0) {
            let outline: Vec<Point> = top.iter().chain(bottom.iter().rev()).copied().collect();
            canvas.polygon(outline, band.colour, 1.0);
            for (upper, lower) in top.chunks(2).zip(bottom.chunks(2)) {
                for x in upper[0].0..upper[1].0 {
                    band.pattern.column(canvas, x, upper[0].1, lower[0].1);
                }
            }
            if columns.len() <= OUTLINED {
                canvas.path(&top, Stroke::solid(colour::BLACK, 1));
            }
        }
        below = above;
    }
}
