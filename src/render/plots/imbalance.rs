//! How unevenly the sends fall on the partitions: the highest rate over the mean.
//!
//! Owns the picture. Must not know the other pictures. Of a few sends, chance alone puts most on
//! one partition; windows with so few are not drawn, and the picture says so.

use super::Subject;
use super::axis;
use super::canvas::{Align, Canvas, Point, Stroke, Type, colour, sheet};
use super::columns::Columns;
use super::format;
use super::page::{self, BOTTOM, Panel, RIGHT, Sample, TOP};
use crate::observe::measured::{Series, Window};

/// Sends that a partition must have on average for its window to be drawn. With ten, the busiest of
/// 16 equal partitions has about 1.6 times the mean by chance, with hundred 1.2 times.
const FEW: u64 = 10;

/// In thousandths; 0 where there are too few sends.
fn imbalance(window: &Window) -> u64 {
    let enough = window.counts.offered() >= FEW * window.levels.partitions.max.max(1);
    if enough { window.imbalance } else { 0 }
}

/// Draws the picture.
pub(super) fn draw(subject: Subject<'_>) -> Result<String, String> {
    let none = subject.measures().series.iter().all(|window| imbalance(window) == 0);
    sheet(|canvas| {
        if page::has_no_time(subject) || none {
            let why = format!("no window has {FEW} sends for each partition");
            page::nothing(canvas, subject, "load of the hottest partition", &why);
        } else {
            curve(canvas, subject);
        }
    })
}

/// The mean over all windows that are drawn, each with the weight of its sends.
fn mean(windows: &Series<Window>) -> f64 {
    let drawn = || windows.iter().filter(|window| imbalance(window) > 0);
    let sends: u128 = drawn().map(|window| u128::from(window.counts.offered())).sum();
    let weigh = |w: &Window| u128::from(w.imbalance) * u128::from(w.counts.offered());
    let sum: u128 = drawn().map(weigh).sum();
    sum as f64 / (sends * 1_000) as f64
}

fn curve(canvas: &mut Canvas<'_>, subject: Subject<'_>) {
    let series = &subject.measures().series;
    let columns = Columns::new(series, subject.scenario.window, subject.measured.end);
    let highest = columns.all.iter().map(|column| imbalance(column.highest(imbalance)) as f64);
    let highest: Vec<f64> = highest.map(|thousandths| thousandths / 1e3).collect();
    let largest = highest.iter().copied().fold(1.0, f64::max);
    let (mean, max) = (format::count(mean(series)), format::count(largest));
    let title = if largest > 1.0 {
        format!("the hottest partition has {mean} times the mean load, at most {max} times")
    } else {
        "all partitions have the same load".to_owned()
    };
    page::header(canvas, subject, &title);
    let axis = axis::counts(largest, 6, false);
    let panel = Panel::new(TOP, BOTTOM, subject.measured.end);
    panel.shade(canvas, subject, 1.0);
    panel.values(canvas, &axis, "highest rate of sends over the mean");
    let balance = Stroke { colour: colour::GREY, width: 2, dash: Some((9, 6)) };
    let one = panel.y(1.0, axis.end);
    canvas.line((panel.left, one), (panel.right, one), balance);
    let stroke = Stroke::solid(colour::BLACK, 3);
    let mut line: Vec<Point> = Vec::new();
    for (column, &value) in columns.all.iter().zip(&highest) {
        if value > 0.0 {
            let step = (column.from, column.to, panel.y(value, axis.end));
            line.extend(panel.steps([step].into_iter()));
        } else {
            canvas.path(&std::mem::take(&mut line), stroke);
        }
    }
    canvas.path(&line, stroke);
    panel.frame(canvas);
    panel.times(canvas, &columns.remark("that of", "the highest of"));
    let rows = [
        (Sample::Line(stroke), "hottest partition".into(), format!("mean {mean}, max {max}")),
        (Sample::Line(balance), "balance".into(), "all have the same".into()),
    ];
    page::legend(canvas, TOP, &rows);
    let few = format!("than {FEW} sends a partition");
    for (row, text) in (0..).zip(["not drawn: windows with less", &few]) {
        canvas.text(text, (RIGHT + 26, BOTTOM - 24 + 24 * row), Type::SMALL, Align::Left);
    }
}
