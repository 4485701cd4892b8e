//! Areas stacked on one another.
//!
//! Owns how they are laid on one another. Must not know what they are of.

use super::axis::Ticks;
use super::canvas::{Canvas, Point, Stroke, colour};
use super::page::Panel;
use super::pattern::Pattern;
use crate::kernel::time::Time;
use plotters::style::RGBColor;

/// Most columns whose areas get an outline; it would hide narrower ones.
const OUTLINED: usize = 400;

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
