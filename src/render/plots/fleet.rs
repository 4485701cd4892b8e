//! The workers of a fleet that come and go, wanted and there, with the backlog below on the same
//! time axis.
//!
//! Owns the picture. Must not know the other pictures, nor which fleets have one. Threads are told
//! as workers: divided by the number that each has. A worker that leaves counts as ready for as
//! long as it works on what it holds.

use std::collections::BTreeSet;

use super::axis;
use super::bands::{self, Band};
use super::canvas::{Canvas, Stroke, colour, sheet};
use super::columns::{Column, Columns};
use super::curves::{self, Curve};
use super::format;
use super::marks::{self, Mark};
use super::page::{self, BOTTOM, Panel, Row, Sample, TOP};
use super::parts::Part;
use super::pattern::Pattern;
use crate::kernel::time::Time;
use crate::model::clients::FleetConfig;
use crate::model::fleet_size::FleetSize;
use crate::observe::measured::{FleetMeasured, FleetWindow};

/// Bottom of the upper panel and top of the lower one.
const MIDDLE: (i32, i32) = (424, 460);
/// Top of the legend of the marks.
const MARKS: i32 = 364;
/// Marks of one kind closer than this many pixels are drawn once.
const APART: i32 = 8;
/// The line of what is wanted, and the one of what a scaler reads.
const DASHED: Stroke = Stroke { colour: colour::BLACK, width: 3, dash: Some((9, 6)) };

/// A window with the visible messages of the fleet's queues.
type Moment = (FleetWindow, f64);

/// Draws the picture.
pub(super) fn draw(part: Part<'_>) -> Result<String, String> {
    sheet(|canvas| {
        if page::has_no_time(part) {
            page::nothing(canvas, part, "workers", "the run has no length");
        } else {
            panels(canvas, part);
        }
    })
}

fn own(part: Part<'_>) -> (&FleetConfig, &FleetMeasured) {
    (&part.scenario.fleets[part.place].config, &part.measured.fleets[part.place])
}

fn title(part: Part<'_>) -> String {
    let (_, fleet) = own(part);
    let mean = |level| format::count(fleet.workers(level).mean());
    let said = format!(
        "{}: up to {} wanted; on average {} ready, {} busy",
        format::clipped(part.name, 16),
        format::count(fleet.wanted.max as f64),
        mean(fleet.up),
        mean(fleet.busy),
    );
    match fleet.counts.killed {
        0 => said,
        killed => format!("{said}; {} killed", format::count(killed as f64)),
    }
}

fn panels(canvas: &mut Canvas<'_>, part: Part<'_>) {
    let (config, fleet) = own(part);
    let series = part.with_backlog(&fleet.series, config.queues());
    let columns = Columns::new(&series, part.scenario.window, part.measured.end);
    let spans: Vec<_> = columns.all.iter().map(|column| (column.from, column.to)).collect();
    page::header(canvas, part, &title(part));
    let panel = Panel::new(TOP, MIDDLE.0, part.measured.end);
    panel.shade(canvas, part, 1.0);
    workers(canvas, part, &panel, &columns, &spans);
    let panel = Panel::new(MIDDLE.1, BOTTOM, part.measured.end);
    panel.unnamed_shade(canvas, part, 1.0);
    backlog(canvas, part, &panel, &columns, &spans);
    panel.times(canvas, &columns.remark("the mean over", "the highest mean of"));
}

/// The upper panel: who is there, by what they do, and how many are wanted.
fn workers(
    canvas: &mut Canvas<'_>,
    part: Part<'_>,
    panel: &Panel,
    columns: &Columns<'_, Moment>,
    spans: &[(Time, Time)],
) {
    let (config, fleet) = own(part);
    let each = f64::from(fleet.threads_each.max(1));
    let there = |(window, _): &Moment| window.up.mean + window.down.mean;
    let fullest: Vec<&FleetWindow> =
        columns.all.iter().map(|column| &column.highest(there).0).collect();
    let values = |level: fn(&FleetWindow) -> f64| -> Vec<f64> {
        fullest.iter().map(|window| (level(window) / each).max(0.0)).collect()
    };
    let bands = [
        Band {
            colour: colour::DELETED,
            pattern: Pattern::Plain,
            values: values(|window| window.busy.mean),
        },
        Band {
            colour: colour::BUFFERED,
            pattern: Pattern::Lines,
            values: values(|window| window.up.mean - window.busy.mean),
        },
        Band {
            colour: colour::DELAYED,
            pattern: Pattern::DarkDots,
            values: values(|window| window.down.mean),
        },
    ];
    let wanted = |(window, _): &Moment| window.wanted.mean;
    let wanted = Curve {
        name: "wanted".into(),
        figure: page::figure(fleet.wanted),
        stroke: DASHED,
        values: columns.all.iter().map(|column| wanted(column.highest(wanted))).collect(),
    };
    let all = values(|window| window.up.mean + window.down.mean);
    let largest = all.iter().chain(&wanted.values).copied().fold(0.0, f64::max);
    let axis = axis::counts(largest, 5, false);
    panel.values(canvas, &axis, "workers");
    bands::stack(canvas, panel, &axis, spans, &bands);
    wanted.draw(canvas, panel, spans, axis.end);
    panel.frame(canvas);
    let heights: Vec<i32> = all.iter().map(|all| panel.y(*all, axis.end)).collect();
    events(canvas, panel, columns, &heights);
    let figure = |level| page::figure(fleet.workers(level));
    let starting = if config.crash.is_some() { "starting, crashed" } else { "starting" };
    let busy = match fleet.threads_each {
        0 | 1 => "of these, busy".to_owned(),
        threads => format!("busy threads / {threads}"),
    };
    let [working, idle, down] = bands.map(|band| Sample::Area(band.colour, band.pattern));
    let rows: [Row; 4] = [
        wanted.row(),
        (down, starting.into(), figure(fleet.down)),
        (idle, "ready".into(), figure(fleet.up)),
        (working, busy, figure(fleet.busy)),
    ];
    page::legend(canvas, TOP, &rows);
}

/// Marks of deploys, with a line, and of workers that were killed.
fn events(canvas: &mut Canvas<'_>, panel: &Panel, columns: &Columns<'_, Moment>, heights: &[i32]) {
    let count = |column: &Column<'_, Moment>, of: fn(&FleetWindow) -> u32| -> u64 {
        column.sum(|(window, _)| u64::from(of(window)))
    };
    let (mut deploys, mut killed) = (0, 0);
    let mut seen = BTreeSet::new();
    for (column, &height) in columns.all.iter().zip(heights) {
        let begun = count(column, |window| window.deploys);
        let died = count(column, |window| window.killed);
        let x = panel.x(column.from);
        let between = i32::midpoint(MIDDLE.0, MIDDLE.1);
        if begun > 0 && seen.insert((x / APART, between)) {
            canvas.line((x, panel.top), (x, BOTTOM), Stroke::solid(colour::GREY, 1));
            Mark::Deploy.draw(canvas, (x, between));
        }
        if died > 0 && seen.insert((x / APART, height / APART)) {
            Mark::Killed.draw(canvas, (x, height));
        }
        (deploys, killed) = (deploys + begun, killed + died);
    }
    let counts = [(Mark::Deploy, deploys), (Mark::Killed, killed)];
    let counts: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    marks::legend(canvas, MARKS, &counts);
}

/// The lower panel: what waits, and what a scaler believes of it.
fn backlog(
    canvas: &mut Canvas<'_>,
    part: Part<'_>,
    panel: &Panel,
    columns: &Columns<'_, Moment>,
    spans: &[(Time, Time)],
) {
    let (config, fleet) = own(part);
    let highest = |level: fn(&Moment) -> f64| -> Vec<f64> {
        columns.all.iter().map(|column| level(column.highest(level))).collect()
    };
    let mut curves = vec![Curve {
        name: "visible".into(),
        figure: part.visible_figure(config.queues()),
        stroke: Stroke::solid(colour::VISIBLE, 5),
        values: highest(|(_, visible)| *visible),
    }];
    if matches!(config.size, FleetSize::Scaled(_)) {
        let values = highest(|(window, _)| window.counted.mean);
        let (name, figure) = ("as its scaler read".to_owned(), page::figure(fleet.counted));
        let stroke = Stroke { width: 2, ..DASHED };
        curves.push(Curve { name, figure, stroke, values });
    }
    curves::panel(canvas, panel, ("messages", 4), spans, &curves);
}
