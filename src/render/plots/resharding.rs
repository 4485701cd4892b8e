//! The number of partitions, with the changes under way below on the same time axis.
//!
//! Owns the picture. Must not know the other pictures, nor where in the key space a change is.

use super::Subject;
use super::axis;
use super::canvas::{Align, Canvas, Stroke, Type, colour, sheet};
use super::columns::Columns;
use super::format;
use super::page::{self, BOTTOM, Panel, Sample, TOP};
use crate::kernel::time::Time;
use crate::observe::measured::{PartitionLife, SplitEvent, Window};
use crate::outcome::Partitions;

/// Bottom of the upper panel and top of the lower one.
const MIDDLE: (i32, i32) = (424, 460);

/// Draws the picture.
pub(super) fn draw(subject: Subject<'_>) -> Result<String, String> {
    sheet(|canvas| {
        if page::has_no_time(subject) || subject.measures().partition_lives.is_empty() {
            page::nothing(canvas, subject, "partitions", "no partition was recorded");
        } else {
            panels(canvas, subject);
        }
    })
}

/// How many partitions the run began with, and with how many it ended.
pub(super) fn first_and_last(lives: &[PartitionLife]) -> (usize, usize) {
    let first = lives.iter().filter(|life| life.from == Time::ZERO && life.to != Some(Time::ZERO));
    (first.count(), lives.iter().filter(|life| life.to.is_none()).count())
}

/// Whether partitions became others.
fn changed(subject: Subject<'_>) -> bool {
    let events = &subject.measures().split_events;
    events.iter().any(|(_, event)| !matches!(event, SplitEvent::Refused { .. }))
}

fn title(subject: Subject<'_>) -> String {
    let (first, last) = first_and_last(&subject.measures().partition_lives);
    if !changed(subject) {
        let s = if first == 1 { "" } else { "s" };
        return format!("{first} partition{s} throughout");
    }
    let Partitions { most, most_at_once, .. } = Partitions::of(subject.measures());
    let said = format!("from {first} to {last} partitions, at most {most}");
    match most_at_once {
        0 => said,
        changes => format!("{said}; at most {changes} under way at once"),
    }
}

fn panels(canvas: &mut Canvas<'_>, subject: Subject<'_>) {
    let measures = subject.measures();
    let columns = Columns::new(&measures.series, subject.scenario.window, subject.measured.end);
    page::header(canvas, subject, &title(subject));
    let panel = Panel::new(TOP, MIDDLE.0, subject.measured.end);
    panel.shade(canvas, subject, 1.0);
    let level = measures.levels.partitions;
    let figure = format!("mean {}, max {}", format::count(level.mean()), level.max);
    let stroke = Stroke::solid(colour::IN_FLIGHT, 4);
    steps(canvas, &panel, &columns, "partitions", stroke, |window| window.levels.partitions.max);
    page::legend(canvas, TOP, &[(Sample::Line(stroke), "partitions".into(), figure)]);

    let panel = Panel::new(MIDDLE.1, BOTTOM, subject.measured.end);
    panel.unnamed_shade(canvas, subject, 1.0);
    let stroke = Stroke::solid(colour::BLACK, 3);
    steps(canvas, &panel, &columns, "under way", stroke, |window| window.levels.resharding.max);
    if Partitions::of(measures).most_at_once == 0 {
        let why = if changed(subject) { "every change took effect at once" } else { "no change" };
        let middle = (i32::midpoint(panel.left, panel.right), i32::midpoint(panel.top, BOTTOM));
        canvas.text(why, middle, Type::LABEL, Align::Centre);
    }
    let level = measures.levels.resharding;
    let figure = format!("mean {}, max {}", format::count(level.mean()), level.max);
    page::legend(canvas, MIDDLE.1, &[(Sample::Line(stroke), "splits and merges".into(), figure)]);
    panel.times(canvas, &columns.remark("the peak of", "the peak of"));
}

/// A level in its panel.
fn steps(
    canvas: &mut Canvas<'_>,
    panel: &Panel,
    columns: &Columns<'_>,
    name: &str,
    stroke: Stroke,
    level: fn(&Window) -> u64,
) {
    let highest = columns.all.iter().map(|column| level(column.highest(level)));
    let highest: Vec<u64> = highest.collect();
    let axis = axis::counts(highest.iter().copied().max().unwrap_or(0) as f64, 4, true);
    panel.values(canvas, &axis, name);
    let steps = columns.all.iter().zip(&highest);
    let points = panel.steps(steps.map(|(c, at)| (c.from, c.to, panel.y(*at as f64, axis.end))));
    canvas.path(&points, stroke);
    panel.frame(canvas);
}
