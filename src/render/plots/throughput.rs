//! Messages sent, received and deleted per second.
//!
//! Owns the picture. Must not know the other pictures. Lines that lie on each other, as they do in
//! a steady queue, are told apart by width: the first drawn is the widest.

use super::Subject;
use super::axis;
use super::canvas::{Canvas, Stroke, colour, sheet};
use super::columns::Columns;
use super::format;
use super::page::{self, BOTTOM, Panel, Row, Sample, TOP};
use crate::observe::measured::{QueueCounts, Window};

/// Share of what came by which what left may be less before the title says that deletes fall
/// behind; and share of it from which on the title names where else it went.
const BEHIND: f64 = 0.01;

/// Where messages go that are not deleted.
type Elsewhere = (&'static str, fn(&QueueCounts) -> u64);
const ELSEWHERE: [Elsewhere; 3] = [
    ("dead letters", |counts| counts.dead_lettered),
    ("expired", |counts| counts.expired),
    ("purged", |counts| counts.purged),
];

/// One line.
struct Curve {
    name: &'static str,
    stroke: Stroke,
    count: fn(&QueueCounts) -> u64,
}

const CURVES: [Curve; 4] = [
    Curve { name: "sent", stroke: Stroke::solid(colour::VISIBLE, 8), count: arrived },
    Curve { name: "received", stroke: Stroke::solid(colour::IN_FLIGHT, 4), count: |c| c.received },
    Curve {
        name: "deleted",
        stroke: Stroke { colour: colour::BLACK, width: 2, dash: Some((9, 6)) },
        count: |c| c.deleted,
    },
    Curve {
        name: "dead letters",
        stroke: Stroke { colour: colour::DEAD, width: 4, dash: Some((3, 5)) },
        count: |c| c.dead_lettered,
    },
];

/// A dead-letter queue is fed by moves, not by sends.
fn arrived(counts: &QueueCounts) -> u64 {
    counts.sent + counts.moved_in
}

/// What has come, in a word that is true of it.
fn how_arrived(subject: Subject<'_>) -> &'static str {
    let series = &subject.measures().series;
    let some = |count: fn(&QueueCounts) -> u64| series.iter().any(|w| count(&w.counts) > 0);
    match (some(|counts| counts.sent), some(|counts| counts.moved_in)) {
        (_, false) => "sent",
        (false, true) => "moved in",
        (true, true) => "sent or moved in",
    }
}

/// Draws the picture.
pub(super) fn draw(subject: Subject<'_>) -> Result<String, String> {
    let measures = subject.measures();
    let busy = |window: &Window| CURVES.iter().any(|curve| (curve.count)(&window.counts) > 0);
    if page::has_no_time(subject) || !measures.series.iter().any(busy) {
        return sheet(|canvas| {
            let why = "no message was sent to or received from this queue";
            page::nothing(canvas, subject, "messages per second", why);
        });
    }
    sheet(|canvas| curves(canvas, subject))
}

fn title(subject: Subject<'_>) -> String {
    let counts = &subject.measures().counts;
    let rate = |count: u64| format::count(page::measured_rate(subject, count));
    let (sent, deleted) = (arrived(counts), counts.deleted);
    let how = how_arrived(subject);
    let mut words = vec![format!("{how} {}/s, deleted {}/s", rate(sent), rate(deleted))];
    let mut left = deleted;
    for (word, count) in ELSEWHERE {
        let count = count(counts);
        left += count;
        if count as f64 > sent as f64 * BEHIND {
            words.push(format!("{word} {}/s", rate(count)));
        }
    }
    let said = words.join(", ");
    if (left as f64) < (sent + counts.undone) as f64 * (1.0 - BEHIND) {
        format!("deletes fall behind: {said}")
    } else {
        said
    }
}

fn curves(canvas: &mut Canvas<'_>, subject: Subject<'_>) {
    let measures = subject.measures();
    let columns = Columns::new(&measures.series, subject.scenario.window, subject.measured.end);
    let shown: Vec<&Curve> = CURVES
        .iter()
        .filter(|curve| {
            curve.name != "dead letters"
                || measures.series.iter().any(|w| (curve.count)(&w.counts) > 0)
        })
        .collect();
    let rates: Vec<Vec<f64>> = shown
        .iter()
        .map(|curve| columns.all.iter().map(|c| c.rate(|w| (curve.count)(&w.counts))).collect())
        .collect();
    let largest = rates.iter().flatten().copied().fold(0.0, f64::max);
    let axis = axis::counts(largest, 6, false);
    let panel = Panel::new(TOP, BOTTOM, subject.measured.end);
    page::header(canvas, subject, &title(subject));
    panel.shade(canvas, subject, 1.0);
    panel.values(canvas, &axis, "messages per second");
    let mut rows: Vec<Row> = Vec::new();
    for (curve, rates) in shown.iter().zip(&rates) {
        let steps = columns.all.iter().zip(rates);
        let points = panel.steps(steps.map(|(c, rate)| (c.from, c.to, panel.y(*rate, axis.end))));
        canvas.path(&points, curve.stroke);
        let total = format!("{} measured", format::count((curve.count)(&measures.counts) as f64));
        let name = if curve.name == "sent" { how_arrived(subject) } else { curve.name };
        rows.push((Sample::Line(curve.stroke), name.into(), total));
    }
    panel.frame(canvas);
    panel.times(canvas, &columns.remark("the mean over", "the mean over"));
    page::legend(canvas, TOP, &rows);
}
