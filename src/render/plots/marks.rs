//! Marks of splits, merges and refusals, and of nodes that fail and return.
//!
//! Owns their shapes: each is told by its form, and has a white rim so that it is seen on any
//! colour. Must not know where they stand.

use super::canvas::{Canvas, Point, colour};

/// A mark.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// Black triangle to the right: one becomes two.
    Split,
    /// White triangle to the left: two become one.
    Merge,
    /// Cross: a hot partition was not cut.
    Refused,
    /// Black disc: a node failed.
    Failed,
    /// Ring: a node is up again.
    Returned,
}

impl Mark {
    /// What it stands for.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Mark::Split => "split",
            Mark::Merge => "merge",
            Mark::Refused => "split refused",
            Mark::Failed => "node failed",
            Mark::Returned => "node returned",
        }
    }

    /// Draws the mark around a point.
    pub(super) fn draw(self, canvas: &mut Canvas<'_>, at: Point) {
        let triangle = |reach: i32, size: i32| {
            vec![(at.0 - reach, at.1 - size), (at.0 - reach, at.1 + size), (at.0 + reach, at.1)]
        };
        match self {
            Mark::Split => {
                canvas.polygon(triangle(10, 12), colour::WHITE, 1.0);
                canvas.polygon(triangle(7, 8), colour::BLACK, 1.0);
            }
            Mark::Merge => {
                canvas.polygon(triangle(-10, 12), colour::BLACK, 1.0);
                canvas.polygon(triangle(-6, 6), colour::WHITE, 1.0);
            }
            Mark::Failed => {
                canvas.circle(at, 9, colour::WHITE, true);
                canvas.circle(at, 7, colour::BLACK, true);
            }
            Mark::Returned => {
                canvas.circle(at, 8, colour::WHITE, true);
                canvas.circle(at, 7, colour::BLACK, false);
            }
            Mark::Refused => {
                for (reach, colour) in [(4, colour::WHITE), (2, colour::BLACK)] {
                    cross(canvas, at, 7, reach, colour);
                }
            }
        }
    }
}

fn cross(
    canvas: &mut Canvas<'_>,
    at: Point,
    arm: i32,
    half: i32,
    colour: plotters::style::RGBColor,
) {
    for side in [-1, 1] {
        let point = |x: i32, y: i32| (at.0 + x, at.1 + side * y);
        let bar = vec![
            point(-arm - half, -arm + half),
            point(-arm + half, -arm - half),
            point(arm + half, arm - half),
            point(arm - half, arm + half),
        ];
        canvas.polygon(bar, colour, 1.0);
    }
}
