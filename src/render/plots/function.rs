//! The invocations of a function within the limit of its mapping, the tries that were throttled and
//! those that failed, and the backlog, on one time axis.
//!
//! Owns the picture. Must not know the other pictures. A batch has its place within the limit while
//! it runs, and also while it waits for a try, while its messages are deleted and while its place
//! rests.

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
use crate::observe::measured::{FunctionMeasured, FunctionWindow};

/// Top and bottom of each panel.
const PANELS: [(i32, i32); 3] = [(TOP, 336), (372, 466), (502, BOTTOM)];

/// A window with the visible messages of the function's queue.
type Moment = (FunctionWindow, f64);

/// Draws the picture.
pub(super) fn draw(part: Part<'_>) -> Result<String, String> {
    sheet(|canvas| {
        if page::has_no_time(part) {
            page::nothing(canvas, part, "invocations", "the run has no length");
        } else {
            panels(canvas, part);
        }
    })
}

fn own(part: Part<'_>) -> &FunctionMeasured {
    &part.measured.functions[part.place]
}

fn title(part: Part<'_>) -> String {
    let of = own(part);
    let count = |count: u64| format::count(count as f64);
    let counts =
        [(of.counts.invocation_throttles, "throttled"), (of.counts.invocation_failures, "failed")];
    let some = counts.into_iter().filter(|(count, _)| *count > 0);
    let bad: Vec<_> = some.map(|(number, how)| format!("{} {how}", count(number))).collect();
    let bad = if bad.is_empty() { "none throttled or failed".to_owned() } else { bad.join(", ") };
    format!(
        "{}: up to {} of {} at once; {bad}",
        format::clipped(part.name, 16),
        count(of.concurrency.max),
        count(of.limit.max),
    )
}

fn panels(canvas: &mut Canvas<'_>, part: Part<'_>) {
    let queue = part.scenario.functions[part.place].config.queue;
    let series = part.with_backlog(&own(part).series, std::iter::once(queue));
    let columns = Columns::new(&series, part.scenario.window, part.measured.end);
    let spans: Vec<_> = columns.all.iter().map(|column| (column.from, column.to)).collect();
    page::header(canvas, part, &title(part));
    let [running, tries, backlog] =
        PANELS.map(|(top, bottom)| Panel::new(top, bottom, part.measured.end));
    running.shade(canvas, part, 1.0);
    invocations(canvas, part, &running, &columns, &spans);
    tries.unnamed_shade(canvas, part, 1.0);
    in_vain(canvas, part, &tries, &columns, &spans);
    backlog.unnamed_shade(canvas, part, 1.0);
    let visible = |(_, visible): &Moment| *visible;
    let values: Vec<f64> =
        columns.all.iter().map(|column| visible(column.highest(visible))).collect();
    let visible = Curve {
        name: "visible".into(),
        figure: part.visible_figure(std::iter::once(queue)),
        stroke: Stroke::solid(colour::VISIBLE, 5),
        values,
    };
    curves::panel(canvas, &backlog, ("messages", 3), &spans, &[visible]);
    let several = "the highest mean (in the middle: the mean) of";
    backlog.times(canvas, &columns.remark("the mean over", several));
}

/// The upper panel: places within the limit, by whether an invocation runs.
fn invocations(
    canvas: &mut Canvas<'_>,
    part: Part<'_>,
    panel: &Panel,
    columns: &Columns<'_, Moment>,
    spans: &[(Time, Time)],
) {
    let of = own(part);
    let in_use = |(window, _): &Moment| window.in_use.mean;
    let fullest: Vec<&FunctionWindow> =
        columns.all.iter().map(|column| &column.highest(in_use).0).collect();
    let values = |level: fn(&FunctionWindow) -> f64| -> Vec<f64> {
        fullest.iter().map(|window| level(window).max(0.0)).collect()
    };
    let bands = [
        Band {
            colour: colour::DELETED,
            pattern: Pattern::Plain,
            values: values(|window| window.concurrency.mean),
        },
        Band {
            colour: colour::DELAYED,
            pattern: Pattern::DarkDots,
            values: values(|window| window.in_use.mean - window.concurrency.mean),
        },
    ];
    let limit = |(window, _): &Moment| window.limit.mean;
    let limit = Curve {
        name: "limit".into(),
        figure: page::figure(of.limit),
        stroke: Stroke { colour: colour::BLACK, width: 3, dash: Some((9, 6)) },
        values: columns.all.iter().map(|column| limit(column.highest(limit))).collect(),
    };
    let all = values(|window| window.in_use.mean.max(window.concurrency.mean));
    let largest = all.into_iter().chain(limit.values.iter().copied()).fold(0.0, f64::max);
    let axis = axis::counts(largest, 5, false);
    panel.values(canvas, &axis, "at once");
    bands::stack(canvas, panel, &axis, spans, &bands);
    limit.draw(canvas, panel, spans, axis.end);
    panel.frame(canvas);
    let [running, held] = bands.map(|band| Sample::Area(band.colour, band.pattern));
    let not_running = (of.in_use.mean() - of.concurrency.mean()).max(0.0);
    let rows: [Row; 3] = [
        limit.row(),
        (held, "place held".into(), format!("mean {}", format::count(not_running))),
        (running, "running".into(), page::figure(of.concurrency)),
    ];
    page::legend(canvas, panel.top, &rows);
}

/// The panel in the middle: tries that found no concurrency, and invocations that failed.
fn in_vain(
    canvas: &mut Canvas<'_>,
    part: Part<'_>,
    panel: &Panel,
    columns: &Columns<'_, Moment>,
    spans: &[(Time, Time)],
) {
    let counts = &own(part).counts;
    let curve = |name: &str, count: u64, stroke, of: fn(&FunctionWindow) -> u64| Curve {
        name: name.to_owned(),
        figure: format!("{} measured", format::count(count as f64)),
        stroke,
        values: columns.all.iter().map(|column| column.rate(|(window, _)| of(window))).collect(),
    };
    let failed = Stroke { colour: colour::BLACK, width: 3, dash: Some((3, 5)) };
    let curves = [
        curve("throttled", counts.invocation_throttles, Stroke::solid(colour::DEAD, 5), |window| {
            window.throttles
        }),
        curve("failed", counts.invocation_failures, failed, |window| window.failures),
    ];
    let none = !curves.iter().any(Curve::is_seen);
    curves::panel(canvas, panel, ("per second", 3), spans, &curves);
    if none {
        let middle =
            (i32::midpoint(panel.left, panel.right), i32::midpoint(panel.top, panel.bottom));
        canvas.text("none throttled, none failed", middle, Type::LABEL, Align::Centre);
    }
}
