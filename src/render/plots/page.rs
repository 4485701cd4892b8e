//! What every picture shares: title, panels over virtual time, legend.
//!
//! Owns the layout. Must not know what is measured.

use super::axis::{self, Ticks};
use super::canvas::{Align, Canvas, HEIGHT, Point, Stroke, Type, WIDTH, colour};
use super::format;
use super::pattern::Pattern;
use crate::kernel::time::{Span, Time};
use crate::model::scenario::Scenario;
use crate::observe::measured::{Level, Measured};
use crate::scenario::visible::visible;
use plotters::style::RGBColor;

/// Left edge of titles.
const MARGIN: i32 = 40;
/// Left edge of every panel.
pub(super) const LEFT: i32 = 120;
/// Right edge of panels with a legend beside them.
pub(super) const RIGHT: i32 = 985;
/// Top edge of the first panel.
pub(super) const TOP: i32 = 132;
/// Bottom edge of the last panel.
pub(super) const BOTTOM: i32 = 624;
/// From a row of a legend to the next.
const ROW: i32 = 58;

/// What a picture is of: a part of a run.
pub(super) trait Pictured: Copy {
    /// What was simulated.
    fn scenario(&self) -> &Scenario;

    /// What was measured.
    fn measured(&self) -> &Measured;

    /// What kind of part it is, and its name.
    fn part(&self) -> (&'static str, &str);

    /// Whether it has to do with a queue that does not settle.
    fn grows(&self) -> bool;
}

/// Writes the title, which states the finding, and below it what the picture is of.
pub(super) fn header(canvas: &mut Canvas<'_>, of: impl Pictured, title: &str) {
    let (scenario, measured, (kind, name)) = (of.scenario(), of.measured(), of.part());
    let (from, to) = measured.window;
    let partial = if measured.end < scenario.end() {
        format!("; PARTIAL: the run ended at {}", instant(measured.end))
    } else {
        String::new()
    };
    let unstable = if of.grows() { "; NOT STABLE" } else { "" };
    let about = format!(
        "{kind} {} of {}, seed {}; figures from {} to {}{unstable}{partial}",
        format::clipped(name, 32),
        format::clipped(&visible(&scenario.name), 32),
        scenario.seed,
        instant(from),
        instant(to),
    );
    heading(canvas, title, &about);
}

/// Writes a title and a line below it.
pub(super) fn heading(canvas: &mut Canvas<'_>, title: &str, about: &str) {
    let title = format::clipped(title, 76);
    canvas.text(&title, (MARGIN, 38), Type::TITLE, Align::Left);
    canvas.text(about, (MARGIN, 74), Type::SMALL, Align::Left);
}

/// `5m` where it is a whole second, else three digits of it.
pub(super) fn instant(at: Time) -> String {
    match at.as_nanos() {
        nanos if nanos % 1_000_000_000 == 0 => at.since(Time::ZERO).to_string(),
        nanos => format::length(nanos as f64),
    }
}

/// A whole picture that says why it is empty.
pub(super) fn nothing(canvas: &mut Canvas<'_>, of: impl Pictured, what: &str, why: &str) {
    header(canvas, of, what);
    let text = format!("nothing to show: {why}");
    canvas.text(&text, (WIDTH / 2, HEIGHT / 2), Type::STRONG, Align::Centre);
}

/// A rectangle with virtual time to the right.
#[derive(Clone, Copy)]
pub(super) struct Panel {
    /// Left edge.
    pub(super) left: i32,
    /// Right edge.
    pub(super) right: i32,
    /// Top edge.
    pub(super) top: i32,
    /// Bottom edge.
    pub(super) bottom: i32,
    /// The instant at the right edge.
    pub(super) end: Time,
}

impl Panel {
    /// A panel between the standard edges.
    pub(super) fn new(top: i32, bottom: i32, end: Time) -> Panel {
        Panel { left: LEFT, right: RIGHT, top, bottom, end }
    }

    /// Where an instant is.
    pub(super) fn x(&self, at: Time) -> i32 {
        let width = u128::from(self.right.abs_diff(self.left));
        let (at, end) = (u128::from(at.min(self.end).as_nanos()), u128::from(self.end.as_nanos()));
        self.left + ((at * width + end / 2) / end.max(1)) as i32
    }

    /// Where a value is, on an axis from 0 to `end`.
    pub(super) fn y(&self, value: f64, end: f64) -> i32 {
        let share = (value / end).clamp(0.0, 1.0);
        self.bottom - libm::rint(share * f64::from(self.bottom - self.top)) as i32
    }

    /// Shades what is not measured, and names it above the panel. Less than whole `opacity` shades
    /// over the data.
    pub(super) fn shade(&self, canvas: &mut Canvas<'_>, of: impl Pictured, opacity: f64) {
        self.unnamed_shade(canvas, of, opacity);
        for (from, to, name) in self.unmeasured(of) {
            let half = Type::SMALL.width(name) / 2;
            let middle = i32::midpoint(from, to).clamp(self.left + half, self.right - half);
            canvas.text(name, (middle, self.top - 16), Type::SMALL, Align::Centre);
        }
    }

    /// The same without names, for a panel below another.
    pub(super) fn unnamed_shade(&self, canvas: &mut Canvas<'_>, of: impl Pictured, opacity: f64) {
        let colour = if opacity < 1.0 { colour::WHITE } else { colour::SHADE };
        let stroke = Stroke { colour: colour::GREY, width: 1, dash: Some((6, 5)) };
        for (from, to, _) in self.unmeasured(of) {
            canvas.fill((from, self.top), (to, self.bottom), colour, opacity);
            let edge = if from == self.left { to } else { from };
            canvas.line((edge, self.top - 6), (edge, self.bottom), stroke);
        }
    }

    /// Warm-up and drain, in pixels.
    fn unmeasured(&self, of: impl Pictured) -> Vec<(i32, i32, &'static str)> {
        let warm = Time::ZERO + of.scenario().warm_up;
        let over = Time::ZERO + of.scenario().duration;
        let spans = [(Time::ZERO, warm, "warm-up"), (over, self.end, "drain")];
        spans
            .into_iter()
            .filter(|(from, to, _)| from < to)
            .map(|(from, to, name)| (self.x(from), self.x(to), name))
            .collect()
    }

    /// Grid lines, tick labels and title of the vertical axis.
    pub(super) fn values(&self, canvas: &mut Canvas<'_>, axis: &Ticks, title: &str) {
        for (value, label) in &axis.ticks {
            let y = self.y(*value, axis.end);
            canvas.line((self.left, y), (self.right, y), Stroke::solid(colour::GRID, 1));
            canvas.text(label, (self.left - 10, y), Type::SMALL, Align::Right);
        }
        canvas.upright(title, (34, i32::midpoint(self.top, self.bottom)), Type::LABEL);
    }

    /// The frame, drawn over the data.
    pub(super) fn frame(&self, canvas: &mut Canvas<'_>) {
        let stroke = Stroke::solid(colour::BLACK, 2);
        canvas.path(
            &[(self.left, self.top), (self.left, self.bottom), (self.right, self.bottom)],
            stroke,
        );
    }

    /// Ticks and title of the time axis, and below it a remark.
    pub(super) fn times(&self, canvas: &mut Canvas<'_>, remark: &str) {
        let (unit, ticks) = axis::time(self.end);
        for (at, label) in ticks {
            let x = self.x(at);
            canvas.line((x, self.bottom), (x, self.bottom + 7), Stroke::solid(colour::BLACK, 2));
            canvas.text(&label, (x, self.bottom + 22), Type::SMALL, Align::Centre);
        }
        let middle = i32::midpoint(self.left, self.right);
        let title = format!("virtual time, {}", unit.name);
        canvas.text(&title, (middle, self.bottom + 49), Type::LABEL, Align::Centre);
        canvas.text(remark, (middle, self.bottom + 76), Type::SMALL, Align::Centre);
    }

    /// The points of a step line: a value from one instant to the next.
    pub(super) fn steps(&self, values: impl Iterator<Item = (Time, Time, i32)>) -> Vec<Point> {
        values.flat_map(|(from, to, y)| [(self.x(from), y), (self.x(to), y)]).collect()
    }
}

/// What a row of a legend shows beside its name.
#[derive(Clone, Copy)]
pub(super) enum Sample {
    /// A line.
    Line(Stroke),
    /// An area.
    Area(RGBColor, Pattern),
}

/// A row of a legend: sample, name, figure.
pub(super) type Row = (Sample, String, String);

/// Writes a legend to the right of the panels.
pub(super) fn legend(canvas: &mut Canvas<'_>, top: i32, rows: &[Row]) {
    let left = RIGHT + 26;
    let mut y = top + 10;
    for (sample, name, figure) in rows {
        match *sample {
            Sample::Line(stroke) => canvas.path(&[(left, y), (left + 44, y)], stroke),
            Sample::Area(colour, pattern) => {
                pattern.fill(canvas, (left, y - 10), (left + 44, y + 10), colour);
            }
        }
        canvas.text(name, (left + 54, y), Type::STRONG, Align::Left);
        canvas.text(figure, (left + 54, y + 24), Type::SMALL, Align::Left);
        y += ROW;
    }
}

/// True for a run of no length, of which nothing can be drawn over time.
pub(super) fn has_no_time(of: impl Pictured) -> bool {
    of.measured().end == Time::ZERO || of.scenario().window == Span::ZERO
}

/// How many a second of the measured time.
pub(super) fn measured_rate(of: impl Pictured, count: u64) -> f64 {
    let (from, to) = of.measured().window;
    let seconds = to.max(from).since(from).as_secs_f64();
    if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
}

/// The figure of a level: its mean and its highest.
pub(super) fn figure(level: Level) -> String {
    format!("mean {}, max {}", format::count(level.mean()), format::count(level.max as f64))
}
