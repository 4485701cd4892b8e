//! Sends offered: admitted, throttled and unanswered messages per second, stacked.
//!
//! Owns the picture. Must not know the other pictures. A message that is tried again is offered
//! again.

use super::Subject;
use super::axis;
use super::bands::{self, Band};
use super::canvas::{Canvas, colour, sheet};
use super::columns::Columns;
use super::format;
use super::page::{self, BOTTOM, Panel, Row, Sample, TOP};
use super::pattern::Pattern;
use crate::observe::measured::QueueCounts;
use plotters::style::RGBColor;

/// One part of the stack, from below.
struct Layer {
    name: &'static str,
    colour: RGBColor,
    pattern: Pattern,
    count: fn(&QueueCounts) -> u64,
}

const LAYERS: [Layer; 3] = [
    Layer {
        name: "admitted",
        colour: colour::VISIBLE,
        pattern: Pattern::Plain,
        count: |counts| counts.sent,
    },
    Layer {
        name: "throttled",
        colour: colour::DEAD,
        pattern: Pattern::Lines,
        count: |counts| counts.throttled_sends,
    },
    Layer {
        name: "unavailable",
        colour: colour::GREY,
        pattern: Pattern::Dots,
        count: |counts| counts.unavailable_sends,
    },
];

/// Draws the picture.
pub(super) fn draw(subject: Subject<'_>) -> Result<String, String> {
    let none = subject.measures().series.iter().all(|window| window.counts.offered() == 0);
    sheet(|canvas| {
        if page::has_no_time(subject) || none {
            let why = "no message was sent to this queue";
            page::nothing(canvas, subject, "sends offered and admitted", why);
        } else {
            areas(canvas, subject);
        }
    })
}

fn title(subject: Subject<'_>) -> String {
    let measures = subject.measures();
    let (offered, throttled) = (measures.counts.offered(), measures.counts.throttled_sends);
    let rate = page::measured_rate(subject, offered);
    let unavailable = measures.counts.unavailable_sends;
    let refused = [(throttled, "throttled"), (unavailable, "unavailable")];
    let refused = refused
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, how)| format!("{} {how}", format::percent(*count as f64 / offered as f64)));
    let what = match refused.collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => "all admitted".to_owned(),
        refused => refused,
    };
    let said = format!("{}/s offered, {what}", format::count(rate));
    // Both would not fit on one line.
    match measures.throttling.filter(|_| unavailable == 0) {
        Some((_, end)) if end >= subject.measured.window.1 => {
            format!("{said}; throttling did not end")
        }
        Some((since, end)) => {
            let length = format::length(end.since(since).as_nanos() as f64);
            format!("{said}; throttling ended after {length}")
        }
        None => said,
    }
}

fn areas(canvas: &mut Canvas<'_>, subject: Subject<'_>) {
    let measures = subject.measures();
    let columns = Columns::new(&measures.series, subject.scenario.window, subject.measured.end);
    let rates = |count: fn(&QueueCounts) -> u64| -> Vec<f64> {
        columns.all.iter().map(|column| column.rate(|window| count(&window.counts))).collect()
    };
    let bands: Vec<Band> = LAYERS
        .iter()
        .map(|layer| Band {
            colour: layer.colour,
            pattern: layer.pattern,
            values: rates(layer.count),
        })
        .collect();
    let largest = rates(QueueCounts::offered).into_iter().fold(0.0, f64::max);
    let axis = axis::counts(largest, 6, false);
    let spans: Vec<_> = columns.all.iter().map(|column| (column.from, column.to)).collect();
    let panel = Panel::new(TOP, BOTTOM, subject.measured.end);
    page::header(canvas, subject, &title(subject));
    panel.shade(canvas, subject, 1.0);
    panel.values(canvas, &axis, "messages offered per second");
    bands::stack(canvas, &panel, &axis, &spans, &bands);
    panel.frame(canvas);
    panel.times(canvas, &columns.remark("the mean over", "the mean over"));
    let row = |layer: &Layer| -> Row {
        let count = format::count((layer.count)(&measures.counts) as f64);
        let sample = Sample::Area(layer.colour, layer.pattern);
        (sample, layer.name.into(), format!("{count} measured"))
    };
    let happened = |(layer, band): &(&Layer, &Band)| {
        layer.name != "unavailable" || band.values.iter().any(|value| *value > 0.0)
    };
    let layers = LAYERS.iter().zip(&bands).filter(happened).map(|(layer, _)| layer);
    page::legend(canvas, TOP, &layers.rev().map(row).collect::<Vec<_>>());
}
