//! Percentiles of latency over time: until the delete above, until the first receive below.
//!
//! Owns the picture. Must not know the other pictures. A latency stands in the window in which it
//! ended, so that a step says what messages had waited that were served then; a window in which
//! none ended has no step. The figures beside the lines are those of the messages sent in the
//! measured time, as everywhere.

use super::axis;
use super::canvas::{Canvas, Stroke, colour, sheet};
use super::columns::Columns;
use super::format;
use super::page::{self, BOTTOM, Panel, Row, Sample, TOP};
use super::{GROWS, Subject};
use crate::kernel::time::{Span, Time};
use crate::observe::measured::{Latency, QueueMeasured, Window, WindowLatency};

/// Bottom of the upper panel and top of the lower one.
const MIDDLE: (i32, i32) = (364, 400);

/// One line; the first drawn is the widest, as they may lie on each other.
struct Curve {
    name: &'static str,
    share: f64,
    stroke: Stroke,
    of: fn(&WindowLatency) -> Span,
}

const CURVES: [Curve; 3] = [
    Curve {
        name: "p99",
        share: 0.99,
        stroke: Stroke::solid(colour::DEAD, 5),
        of: |latency| latency.p99,
    },
    Curve {
        name: "p95",
        share: 0.95,
        stroke: Stroke::solid(colour::IN_FLIGHT, 4),
        of: |latency| latency.p95,
    },
    Curve {
        name: "p50",
        share: 0.5,
        stroke: Stroke { colour: colour::BLACK, width: 3, dash: Some((9, 5)) },
        of: |latency| latency.p50,
    },
];

type Of = fn(&Window) -> &WindowLatency;

/// One latency: its name, where a window has it, and its values in the measured time.
struct Kind<'a> {
    name: &'static str,
    of: Of,
    measured: &'a Latency,
}

/// Until the delete, and until the first receive.
fn kinds(measures: &QueueMeasured) -> [Kind<'_>; 2] {
    [
        Kind {
            name: "sent to deleted",
            of: |window| &window.latencies.sent_to_deleted,
            measured: &measures.latencies.sent_to_deleted,
        },
        Kind {
            name: "sent to received",
            of: |window| &window.latencies.sent_to_received,
            measured: &measures.latencies.sent_to_received,
        },
    ]
}

/// Draws the picture.
pub(super) fn draw(subject: Subject<'_>) -> Result<String, String> {
    let none =
        subject.measures().series.iter().all(|window| window.latencies.sent_to_received.count == 0);
    sheet(|canvas| {
        if page::has_no_time(subject) || none {
            let why = "no message was received";
            page::nothing(canvas, subject, "latency over time", why);
        } else {
            panels(canvas, subject);
        }
    })
}

/// When the window with the highest p99 began and ended, and that p99.
fn worst(subject: Subject<'_>, of: Of) -> Option<(Time, Time, Span)> {
    let windows = subject.measures().series.iter().enumerate();
    let ended = windows.filter(|(_, window)| of(window).count > 0);
    let worst = ended.reduce(|a, b| if of(b.1).p99 > of(a.1).p99 { b } else { a });
    worst.map(|(at, window)| {
        let edge = |number: usize| {
            let edge = subject.scenario.window.saturating_mul(number as u64);
            Time::ZERO.saturating_add(edge).min(subject.measured.end)
        };
        (edge(at), edge(at + 1), of(window).p99)
    })
}

fn title(subject: Subject<'_>) -> String {
    if subject.grows {
        return GROWS.to_owned();
    }
    let worst = |kind: Kind<'_>| Some((kind.name, worst(subject, kind.of)?));
    let found = kinds(subject.measures()).into_iter().find_map(worst);
    let Some((name, (from, to, p99))) = found else { return "latency over time".to_owned() };
    let p99 = format::length(p99.as_nanos() as f64);
    let [from, to] = [from, to].map(page::instant);
    format!("p99 {name} is highest from {from} to {to}: {p99}")
}

fn panels(canvas: &mut Canvas<'_>, subject: Subject<'_>) {
    let measures = subject.measures();
    let columns = Columns::new(&measures.series, subject.scenario.window, subject.measured.end);
    page::header(canvas, subject, &title(subject));
    let deleted = Panel::new(TOP, MIDDLE.0, subject.measured.end);
    let kinds = kinds(measures);
    deleted.shade(canvas, subject, 1.0);
    curves(canvas, &deleted, &columns, &kinds[0], subject.grows);
    let received = Panel::new(MIDDLE.1, BOTTOM, subject.measured.end);
    received.unnamed_shade(canvas, subject, 1.0);
    curves(canvas, &received, &columns, &kinds[1], subject.grows);
    received.times(canvas, &columns.remark("what ended in", "the highest of"));
}

/// The percentiles of one latency in its panel, with their legend.
fn curves(
    canvas: &mut Canvas<'_>,
    panel: &Panel,
    columns: &Columns<'_>,
    kind: &Kind<'_>,
    grows: bool,
) {
    let highest = |curve: &Curve| -> Vec<Option<u64>> {
        let ended = columns.all.iter().map(|column| {
            let windows = column.windows.iter().map(|window| (kind.of)(window));
            let windows = windows.filter(|latency| latency.count > 0);
            windows.map(|latency| (curve.of)(latency).as_nanos()).max()
        });
        ended.collect()
    };
    let lines = CURVES.map(|curve| (highest(&curve), curve));
    let longest = lines.iter().flat_map(|(line, _)| line).flatten().max().copied().unwrap_or(0);
    let (unit, axis) = axis::lengths(Span::from_nanos(longest), 4);
    panel.values(canvas, &axis, &format!("{}, {}", kind.name, unit.name));
    let mut rows: Vec<Row> = Vec::new();
    for (line, curve) in &lines {
        let mut points = Vec::new();
        for (column, value) in columns.all.iter().zip(line) {
            if let Some(value) = value {
                let step = (column.from, column.to, panel.y(*value as f64, axis.end));
                points.extend(panel.steps([step].into_iter()));
            } else {
                canvas.path(&std::mem::take(&mut points), curve.stroke);
            }
        }
        canvas.path(&points, curve.stroke);
        let figure = match kind.measured.count() {
            0 => "not measured".to_owned(),
            _ if grows => "ever longer".to_owned(),
            _ => format::length(kind.measured.quantile_nanos(curve.share) as f64),
        };
        rows.push((Sample::Line(curve.stroke), curve.name.into(), figure));
    }
    panel.frame(canvas);
    page::legend(canvas, panel.top, &rows);
}
