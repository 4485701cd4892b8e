//! Marks of splits, merges and refusals, of nodes that fail and return, and of deploys and kills.
//!
//! Owns their shapes: each is told by its form, and has a white rim so that it is seen on any
//! colour. Must not know where they stand.

use super::canvas::{Align, Canvas, Point, Type, colour};
use super::page::RIGHT;

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
    /// White square: a deploy began.
    Deploy,
    /// Black diamond: a worker was killed.
    Killed,
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
            Mark::Deploy => "deploy",
            Mark::Killed => "killed",
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
            Mark::Deploy => {
                for (half, colour) in [(10, colour::WHITE), (8, colour::BLACK), (5, colour::WHITE)]
                {
                    let corner = (at.0 + half, at.1 + half);
                    canvas.fill((at.0 - half, at.1 - half), corner, colour, 1.0);
                }
            }
            Mark::Killed => {
                for (arm, colour) in [(11, colour::WHITE), (8, colour::BLACK)] {
                    let ends = [(-arm, 0), (0, -arm), (arm, 0), (0, arm)];
                    let ends = ends.map(|(x, y)| (at.0 + x, at.1 + y));
                    canvas.polygon(ends.to_vec(), colour, 1.0);
                }
            }
            Mark::Refused => {
                for (reach, colour) in [(4, colour::WHITE), (2, colour::BLACK)] {
                    cross(canvas, at, 7, reach, colour);
                }
            }
        }
    }
}

/// How often each happened, in rows below each other beside a panel.
pub(super) fn legend(canvas: &mut Canvas<'_>, top: i32, counts: &[(Mark, u64)]) {
    let left = RIGHT + 46;
    for (row, (mark, count)) in (0..).zip(counts) {
        let y = top + 10 + 34 * row;
        mark.draw(canvas, (left, y));
        let text = format!("{}: {count}", mark.name());
        canvas.text(&text, (left + 30, y), Type::LABEL, Align::Left);
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
