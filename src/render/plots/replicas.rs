//! Partitions that lack a replica or a write quorum, with the nodes that are down below on the same
//! time axis.
//!
//! Owns the picture. Must not know the other pictures, nor which node holds what. It is drawn for a
//! queue with nodes only. What lacks a write quorum lacks a replica too: its area is part of the
//! whole one.

use std::collections::BTreeSet;

use super::Subject;
use super::axis;
use super::bands::{self, Band};
use super::canvas::{Canvas, Stroke, colour, sheet};
use super::columns::{Column, Columns};
use super::format;
use super::marks::{self, Mark};
use super::page::{self, BOTTOM, Panel, Row, Sample, TOP};
use super::pattern::Pattern;
use crate::kernel::time::Time;
use crate::observe::measured::{Level, NodeEvent, Window};

/// Bottom of the upper panel and top of the lower one.
const MIDDLE: (i32, i32) = (424, 460);
/// Marks of one kind closer than this many pixels are drawn once.
const APART: i32 = 8;

/// Draws the picture.
pub(super) fn draw(subject: Subject<'_>) -> Result<String, String> {
    let nodes = &subject.measures().nodes;
    let none = nodes.events.is_empty() && nodes.under_replicated.most == 0;
    sheet(|canvas| {
        if page::has_no_time(subject) || none {
            let why = "every partition had all its replicas";
            page::nothing(canvas, subject, "partitions that lack replicas", why);
        } else {
            panels(canvas, subject);
        }
    })
}

fn title(subject: Subject<'_>) -> String {
    let nodes = &subject.measures().nodes;
    let (replicas, quorum) = (nodes.under_replicated, nodes.without_quorum);
    if replicas.most == 0 {
        return "nodes failed, and every partition had all its replicas".to_owned();
    }
    let said = format!("at most {} of {} partitions lacked a replica", replicas.most, replicas.of);
    match quorum.most {
        0 => format!("{said}, none a write quorum"),
        most => format!("{said}, {most} a write quorum"),
    }
}

fn panels(canvas: &mut Canvas<'_>, subject: Subject<'_>) {
    let measures = subject.measures();
    let columns = Columns::new(&measures.series, subject.scenario.window, subject.measured.end);
    page::header(canvas, subject, &title(subject));
    let panel = Panel::new(TOP, MIDDLE.0, subject.measured.end);
    panel.shade(canvas, subject, 1.0);
    let peaks = |level: fn(&Window) -> u64| -> Vec<f64> {
        columns.all.iter().map(|column| level(column.highest(level)) as f64).collect()
    };
    let (lacking, without) =
        (peaks(|w| w.levels.under_replicated.max), peaks(|w| w.levels.without_quorum.max));
    let only = lacking.iter().zip(&without).map(|(all, part)| (all - part).max(0.0)).collect();
    let bands = [
        Band { colour: colour::DEAD, pattern: Pattern::DarkDots, values: without },
        Band { colour: colour::BUFFERED, pattern: Pattern::Plain, values: only },
    ];
    let axis = axis::counts(lacking.into_iter().fold(0.0, f64::max), 5, true);
    panel.values(canvas, &axis, "partitions");
    let spans: Vec<_> = columns.all.iter().map(|column| (column.from, column.to)).collect();
    bands::stack(canvas, &panel, &axis, &spans, &bands);
    panel.frame(canvas);
    let figure = |level: Level| format!("mean {}, max {}", format::count(level.mean()), level.max);
    let [without, only] = bands.map(|band| Sample::Area(band.colour, band.pattern));
    let rows: [Row; 2] = [
        (only, "lack a replica".into(), figure(measures.levels.under_replicated)),
        (without, "lack a quorum".into(), figure(measures.levels.without_quorum)),
    ];
    page::legend(canvas, TOP, &rows);
    outages(canvas, subject, &columns);
}

/// How many nodes are down when something happens to one: before and after.
fn steps(subject: Subject<'_>) -> Vec<(Time, Mark, u64, u64)> {
    let mut down = 0_u64;
    let step = |&(at, event): &(Time, NodeEvent)| {
        let before = down;
        let mark = match event {
            NodeEvent::Failed(_) => Mark::Failed,
            NodeEvent::Returned(_) => Mark::Returned,
        };
        down = if mark == Mark::Failed { down + 1 } else { down.saturating_sub(1) };
        (at, mark, before, down)
    };
    subject.measures().nodes.events.iter().map(step).collect()
}

/// The lower panel: nodes that are down, with a mark for each failure and each return.
fn outages(canvas: &mut Canvas<'_>, subject: Subject<'_>, columns: &Columns<'_>) {
    let steps = steps(subject);
    let panel = Panel::new(MIDDLE.1, BOTTOM, subject.measured.end);
    panel.unnamed_shade(canvas, subject, 1.0);
    let mut down = 0;
    let mut rest = steps.iter().peekable();
    let mut peak = |column: &Column<'_>| {
        let mut peak = down;
        while let Some((at, _, _, after)) = rest.next_if(|(at, ..)| *at < column.to) {
            down = *after;
            // What changes again at the same instant has lasted no time.
            if rest.peek().is_none_or(|(next, ..)| next > at) {
                peak = peak.max(down);
            }
        }
        peak
    };
    let peaks: Vec<u64> = columns.all.iter().map(&mut peak).collect();
    let axis = axis::counts(peaks.iter().copied().max().unwrap_or(0) as f64, 3, true);
    panel.values(canvas, &axis, "nodes down");
    let stroke = Stroke::solid(colour::BLACK, 3);
    let line = columns.all.iter().zip(&peaks);
    let points = panel.steps(line.map(|(c, &peak)| (c.from, c.to, panel.y(peak as f64, axis.end))));
    canvas.path(&points, stroke);
    panel.frame(canvas);
    let mut seen = BTreeSet::new();
    for &(at, mark, before, after) in &steps {
        let point = (panel.x(at), panel.y(before.max(after) as f64, axis.end));
        if seen.insert((mark, point.0 / APART, point.1 / APART)) {
            mark.draw(canvas, point);
        }
    }
    panel.times(canvas, &columns.remark("the peak of", "the peak of"));
    let count = |kind| steps.iter().filter(|(_, mark, ..)| *mark == kind).count() as u64;
    let counts = [Mark::Failed, Mark::Returned].map(|kind| (kind, count(kind)));
    marks::legend(canvas, MIDDLE.1, &counts);
}
