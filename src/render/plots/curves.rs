//! Panels of step lines.
//!
//! Owns how lines over the same columns share a panel and its axis. Must not know what they are of.

use super::axis;
use super::canvas::{Canvas, Stroke};
use super::page::{self, Panel, Row, Sample};
use crate::kernel::time::Time;

/// A line, and its row of the legend. Lines may lie on each other: the first drawn is the widest.
pub(super) struct Curve {
    /// Its name.
    pub(super) name: String,
    /// Its figure.
    pub(super) figure: String,
    /// How it looks.
    pub(super) stroke: Stroke,
    /// One value a column.
    pub(super) values: Vec<f64>,
}

impl Curve {
    /// Whether it is anything but nothing.
    pub(super) fn is_seen(&self) -> bool {
        self.values.iter().any(|value| *value > 0.0)
    }

    /// Its row of the legend.
    pub(super) fn row(&self) -> Row {
        (Sample::Line(self.stroke), self.name.clone(), self.figure.clone())
    }

    /// Draws it over these columns, on an axis from 0 to `end`.
    pub(super) fn draw(
        &self,
        canvas: &mut Canvas<'_>,
        panel: &Panel,
        columns: &[(Time, Time)],
        end: f64,
    ) {
        let steps = columns.iter().zip(&self.values);
        let points = panel.steps(steps.map(|(&(from, to), v)| (from, to, panel.y(*v, end))));
        canvas.path(&points, self.stroke);
    }
}

/// Draws lines in their panel, with an axis of at most so many ticks, and their legend beside it.
pub(super) fn panel(
    canvas: &mut Canvas<'_>,
    panel: &Panel,
    (title, ticks): (&str, u64),
    columns: &[(Time, Time)],
    curves: &[Curve],
) {
    let values = curves.iter().flat_map(|curve| &curve.values).copied();
    let axis = axis::counts(values.fold(0.0, f64::max), ticks, false);
    panel.values(canvas, &axis, title);
    for curve in curves {
        curve.draw(canvas, panel, columns, axis.end);
    }
    panel.frame(canvas);
    page::legend(canvas, panel.top, &curves.iter().map(Curve::row).collect::<Vec<_>>());
}
