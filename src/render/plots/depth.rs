//! Messages in the queue by state, with the age of the oldest below on the same time axis.
//!
//! Owns the picture. Must not know the other pictures.

use super::Subject;
use super::axis;
use super::bands::{self, Band};
use super::canvas::{Canvas, Stroke, colour, sheet};
use super::columns::Columns;
use super::format;
use super::page::{self, BOTTOM, Panel, Row, Sample, TOP};
use super::pattern::Pattern;
use crate::kernel::time::Span;
use crate::observe::measured::Window;
use plotters::style::RGBColor;

/// Bottom of the upper panel and top of the lower one.
const MIDDLE: (i32, i32) = (424, 460);

/// One state, from the bottom of the stack.
struct Layer {
    name: &'static str,
    colour: RGBColor,
    pattern: Pattern,
    level: fn(&Window) -> f64,
}

const LAYERS: [Layer; 3] = [
    Layer {
        name: "in flight",
        colour: colour::IN_FLIGHT,
        pattern: Pattern::Lines,
        level: |w| w.levels.in_flight.mean,
    },
    Layer {
        name: "visible",
        colour: colour::VISIBLE,
        pattern: Pattern::Plain,
        level: |w| w.levels.visible.mean,
    },
    Layer {
        name: "delayed",
        colour: colour::DELAYED,
        pattern: Pattern::DarkDots,
        level: |w| w.levels.delayed.mean,
    },
];

/// Means add up, other than maxima, which come at different instants.
fn depth(window: &Window) -> f64 {
    LAYERS.iter().map(|layer| (layer.level)(window)).sum()
}

/// Draws the picture.
pub(super) fn draw(subject: Subject<'_>) -> Result<String, String> {
    let empty = |w: &Window| depth(w) == 0.0 && w.levels.age_of_oldest_ns.max == 0;
    let none = subject.measures().series.iter().all(empty);
    sheet(|canvas| {
        if page::has_no_time(subject) || none {
            let why = "the queue was empty all the time";
            page::nothing(canvas, subject, "messages in the queue", why);
        } else {
            panels(canvas, subject);
        }
    })
}

fn title(subject: Subject<'_>) -> String {
    let measures = subject.measures();
    format!(
        "at most {} visible, {} in flight; oldest message {}",
        format::count(measures.levels.visible.max as f64),
        format::count(measures.levels.in_flight.max as f64),
        format::length(measures.levels.age_of_oldest_ns.max as f64),
    )
}

fn panels(canvas: &mut Canvas<'_>, subject: Subject<'_>) {
    let measures = subject.measures();
    let columns = Columns::new(&measures.series, subject.scenario.window, subject.measured.end);
    let fullest: Vec<&Window> = columns.all.iter().map(|c| c.highest(depth)).collect();
    let bands: Vec<Band> = LAYERS
        .iter()
        .map(|layer| Band {
            colour: layer.colour,
            pattern: layer.pattern,
            values: fullest.iter().map(|window| (layer.level)(window)).collect(),
        })
        .collect();
    let largest = fullest.iter().map(|window| depth(window)).fold(0.0, f64::max);
    let spans: Vec<_> = columns.all.iter().map(|c| (c.from, c.to)).collect();
    page::header(canvas, subject, &title(subject));
    let panel = Panel::new(TOP, MIDDLE.0, subject.measured.end);
    let axis = axis::counts(largest, 5, false);
    panel.shade(canvas, subject, 1.0);
    panel.values(canvas, &axis, "messages");
    bands::stack(canvas, &panel, &axis, &spans, &bands);
    panel.frame(canvas);
    let levels = [measures.levels.in_flight, measures.levels.visible, measures.levels.delayed];
    let rows: Vec<Row> = LAYERS
        .iter()
        .zip(levels)
        .rev()
        .map(|(layer, level)| {
            (Sample::Area(layer.colour, layer.pattern), layer.name.into(), page::figure(level))
        })
        .collect();
    page::legend(canvas, TOP, &rows);
    age(canvas, subject, &columns);
}

fn age(canvas: &mut Canvas<'_>, subject: Subject<'_>, columns: &Columns<'_>) {
    let panel = Panel::new(MIDDLE.1, BOTTOM, subject.measured.end);
    let ages: Vec<u64> = columns
        .all
        .iter()
        .map(|column| {
            column.highest(|window| window.levels.age_of_oldest_ns.max).levels.age_of_oldest_ns.max
        })
        .collect();
    let longest = ages.iter().copied().max().unwrap_or(0);
    let (unit, axis) = axis::lengths(Span::from_nanos(longest), 4);
    panel.unnamed_shade(canvas, subject, 1.0);
    panel.values(canvas, &axis, &format!("age, {}", unit.name));
    let steps = columns.all.iter().zip(&ages);
    let points = panel.steps(steps.map(|(c, age)| (c.from, c.to, panel.y(*age as f64, axis.end))));
    let stroke = Stroke::solid(colour::BLACK, 3);
    canvas.path(&points, stroke);
    panel.frame(canvas);
    panel.times(
        canvas,
        &columns.remark("the mean (below: longest) of", "the highest mean (below: longest) of"),
    );
    let figure = format!("max {}", format::length(longest_measured(subject)));
    page::legend(canvas, MIDDLE.1, &[(Sample::Line(stroke), "oldest message".into(), figure)]);
}

fn longest_measured(subject: Subject<'_>) -> f64 {
    subject.measures().levels.age_of_oldest_ns.max as f64
}
