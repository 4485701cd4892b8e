//! What a downstream does against what bounds it, the calls that wait, and what becomes of calls,
//! on one time axis.
//!
//! Owns the picture. Must not know the other pictures. What bounds it is drawn as it is at the end
//! of the run: connections in use stand against all of them, calls that begin against the tokens a
//! second, and where calls slow each other down, those at once against the number that does most.

use super::axis;
use super::bands::{self, Band};
use super::canvas::{Align, Canvas, Stroke, Type, colour, sheet};
use super::columns::Columns;
use super::curves::{self, Curve};
use super::format;
use super::page::{self, BOTTOM, Panel, Row, Sample, TOP};
use super::parts::Part;
use super::pattern::Pattern;
use crate::kernel::time::Time;
use crate::model::downstream::DownstreamBound;
use crate::observe::measured::{DownstreamCounts, DownstreamMeasured, DownstreamWindow};

/// Top and bottom of each panel.
const PANELS: [(i32, i32); 3] = [(TOP, 268), (304, 402), (438, BOTTOM)];

/// What becomes of calls: its name, its line, and where it is counted.
struct Fate {
    name: &'static str,
    stroke: Stroke,
    window: fn(&DownstreamWindow) -> u64,
    count: fn(&DownstreamCounts) -> u64,
}

const FATES: [Fate; 5] = [
    Fate {
        name: "answered",
        stroke: Stroke::solid(colour::DELETED, 6),
        window: |window| window.done,
        count: |counts| counts.done,
    },
    Fate {
        name: "timed out",
        stroke: Stroke::solid(colour::DEAD, 4),
        window: |window| window.timeouts,
        count: |counts| counts.timeouts,
    },
    Fate {
        name: "for nobody",
        stroke: Stroke { colour: colour::IN_FLIGHT, width: 3, dash: Some((16, 6)) },
        window: |window| window.unheard,
        count: |counts| counts.unheard,
    },
    Fate {
        name: "refused",
        stroke: Stroke { colour: colour::OUTLIVED, width: 4, dash: Some((3, 5)) },
        window: |window| window.refused,
        count: |counts| counts.refused,
    },
    Fate {
        name: "failed",
        stroke: Stroke { colour: colour::BLACK, width: 2, dash: Some((9, 6)) },
        window: |window| window.failed,
        count: |counts| counts.failed,
    },
];

/// Draws the picture.
pub(super) fn draw(part: Part<'_>) -> Result<String, String> {
    let none = own(part).series.iter().all(|w| w.calls == 0 && w.begun == 0 && w.waiting.max == 0);
    sheet(|canvas| {
        if page::has_no_time(part) || none {
            page::nothing(canvas, part, "calls", "nobody called it");
        } else {
            panels(canvas, part);
        }
    })
}

fn own(part: Part<'_>) -> &DownstreamMeasured {
    &part.measured.downstreams[part.place]
}

fn title(part: Part<'_>) -> String {
    let of = own(part);
    let rate = |count| format::count(page::measured_rate(part, count));
    let share = |of: &str| {
        let used = own(part).utilisation().unwrap_or(0.0);
        format!("{} of {of}", format::percent(used))
    };
    let used = match of.bound {
        DownstreamBound::Pool { connections } => share(&format!("{connections} connections used")),
        DownstreamBound::Limiter { per_second, .. } => {
            share(&format!("{} tokens/s taken", format::count(per_second)))
        }
        DownstreamBound::Scalability { .. } => {
            format!("up to {} calls at once", format::count(of.in_use.max as f64))
        }
    };
    let (calls, done) = (rate(of.counts.calls), rate(of.counts.done));
    format!("{}: {used}; called {calls}/s, answered {done}/s", format::clipped(part.name, 16))
}

fn panels(canvas: &mut Canvas<'_>, part: Part<'_>) {
    let of = own(part);
    let columns = Columns::new(&of.series, part.scenario.window, part.measured.end);
    let spans: Vec<_> = columns.all.iter().map(|column| (column.from, column.to)).collect();
    page::header(canvas, part, &title(part));
    let [used, waiting, fates] =
        PANELS.map(|(top, bottom)| Panel::new(top, bottom, part.measured.end));
    used.shade(canvas, part, 1.0);
    use_and_limit(canvas, of, &used, &columns, &spans);
    waiting.unnamed_shade(canvas, part, 1.0);
    let mean = |window: &DownstreamWindow| window.waiting.mean;
    let waits = Curve {
        name: "wait".into(),
        figure: page::figure(of.waiting),
        stroke: Stroke::solid(colour::BLACK, 3),
        values: columns.all.iter().map(|column| mean(column.highest(mean))).collect(),
    };
    let none = !waits.is_seen();
    curves::panel(canvas, &waiting, ("calls", 3), &spans, &[waits]);
    if none {
        let middle = (
            i32::midpoint(waiting.left, waiting.right),
            i32::midpoint(waiting.top, waiting.bottom),
        );
        canvas.text("no call waited", middle, Type::LABEL, Align::Centre);
    }
    fates.unnamed_shade(canvas, part, 1.0);
    let curves = FATES.iter().map(|fate| Curve {
        name: fate.name.into(),
        figure: format!("{}/s", format::count(page::measured_rate(part, (fate.count)(&of.counts)))),
        stroke: fate.stroke,
        values: columns.all.iter().map(|column| column.rate(fate.window)).collect(),
    });
    let curves: Vec<_> =
        curves.filter(|curve| curve.name == "answered" || curve.is_seen()).collect();
    curves::panel(canvas, &fates, ("calls per second", 4), &spans, &curves);
    let several = "the highest mean (below: the mean) of";
    fates.times(canvas, &columns.remark("the mean over", several));
}

/// The upper panel: what is used of what there is.
fn use_and_limit(
    canvas: &mut Canvas<'_>,
    of: &DownstreamMeasured,
    panel: &Panel,
    columns: &Columns<'_, DownstreamWindow>,
    spans: &[(Time, Time)],
) {
    let mean = |window: &DownstreamWindow| window.in_use.mean;
    let in_use = || columns.all.iter().map(|column| mean(column.highest(mean))).collect();
    let begun = || columns.all.iter().map(|column| column.rate(|window| window.begun)).collect();
    let (title, name, limit, values): (_, _, _, Vec<f64>) = match of.bound {
        DownstreamBound::Pool { connections } => {
            ("connections", "connections", Some(f64::from(connections)), in_use())
        }
        DownstreamBound::Limiter { per_second, .. } => {
            ("begun per s", "tokens per second", Some(per_second), begun())
        }
        DownstreamBound::Scalability { .. } => {
            ("at once", "most is done at", of.bound.peak(), in_use())
        }
    };
    let values_of_limit = |limit| vec![limit; spans.len()];
    let limit = limit.map(|limit| Curve {
        name: name.into(),
        figure: format::count(limit),
        stroke: Stroke { colour: colour::BLACK, width: 3, dash: Some((9, 6)) },
        values: values_of_limit(limit),
    });
    let largest = values.iter().chain(limit.iter().flat_map(|limit| &limit.values));
    let axis = axis::counts(largest.copied().fold(0.0, f64::max), 4, false);
    panel.values(canvas, &axis, title);
    let (colour, pattern) = (colour::BUFFERED, Pattern::Lines);
    bands::stack(canvas, panel, &axis, spans, &[Band { colour, pattern, values }]);
    if let Some(limit) = &limit {
        limit.draw(canvas, panel, spans, axis.end);
    }
    panel.frame(canvas);
    let area = Sample::Area(colour, pattern);
    let used: Row = match of.bound {
        DownstreamBound::Limiter { .. } => {
            (area, "taken".into(), format!("{} in all", format::count(of.counts.begun as f64)))
        }
        DownstreamBound::Pool { .. } | DownstreamBound::Scalability { .. } => {
            (area, "in use".into(), page::figure(of.in_use))
        }
    };
    let rows: Vec<Row> = limit.iter().map(Curve::row).chain([used]).collect();
    page::legend(canvas, panel.top, &rows);
}
