//! Measures over one setting: a line each, with its intervals and what theory says.
//!
//! Owns the picture. Must not know which measures stand together.
//!
//! Lines are told apart by colour and by the form of their marks. A full mark is a point at which
//! the expectations hold, a hollow one on grey one at which they fail.

use plotters::style::RGBColor;

use super::across::Across;
use super::scale::{Scale, written};
use super::{Group, Series, header, judged, nothing};
use crate::outcome::{SweepKnob, SweepOutcome};
use crate::render::plots::axis::{self, Decades};
use crate::render::plots::canvas::{Align, Canvas, Point, Stroke, Type, colour, sheet};
use crate::render::plots::format;
use crate::render::plots::page::{BOTTOM, LEFT, RIGHT, TOP};

/// From the frame to the first and the last point.
const PAD: i32 = 40;
/// Half the length of a mark, and of the stroke that theory has where there is no line.
const MARK: i32 = 8;
const ALONE: i32 = 24;
/// More points than this have no marks, and their intervals no ends.
const MOST_MARKS: usize = 150;
/// Theory, over the lines.
const THEORY: Stroke = Stroke { colour: colour::BLACK, width: 2, dash: Some((9, 6)) };
/// The first point at which the expectations hold.
const FIRST: Stroke = Stroke { colour: colour::BLACK, width: 2, dash: Some((3, 4)) };
/// Left edge of the legend.
const LEGEND: i32 = RIGHT + 26;

/// The form of a mark.
#[derive(Clone, Copy)]
enum Form {
    Disc,
    Square,
    Triangle,
    Diamond,
}

/// Colours and forms of the quantiles that are commonly asked for, by name.
const KNOWN: [(&str, RGBColor, Form); 4] = [
    ("p50", colour::IN_FLIGHT, Form::Disc),
    ("p95", colour::DELETED, Form::Square),
    ("p99", colour::DEAD, Form::Triangle),
    ("mean", colour::GREY, Form::Diamond),
];

/// Those of others, in turn.
const OTHERS: [(RGBColor, Form); 3] = [
    (colour::OUTLIVED, Form::Diamond),
    (colour::VISIBLE, Form::Square),
    (colour::BUFFERED, Form::Triangle),
];

/// What is drawn.
pub(super) struct Picture<'a> {
    pub(super) sweep: &'a SweepOutcome,
    /// What was varied.
    pub(super) knob: &'a SweepKnob,
    pub(super) across: &'a Across,
    pub(super) group: &'a Group<'a>,
}

/// How a line looks.
#[derive(Clone, Copy)]
struct Look {
    colour: RGBColor,
    form: Form,
}

impl Picture<'_> {
    /// Draws the picture.
    pub(super) fn draw(&self) -> Result<String, String> {
        sheet(|canvas| {
            header(canvas, self.sweep, &self.title());
            if self.group.series.iter().all(|series| series.means().next().is_none()) {
                nothing(canvas);
                return;
            }
            let scale = self.scale();
            self.failing(canvas);
            self.values(canvas, &scale);
            self.first(canvas);
            for (series, look) in self.group.series.iter().zip(self.looks()) {
                self.line(canvas, &scale, series, look);
            }
            for series in &self.group.series {
                self.theory(canvas, &scale, series);
            }
            for (series, look) in self.group.series.iter().zip(self.looks()) {
                self.marks(canvas, &scale, series, look);
            }
            let frame = [(LEFT, TOP), (LEFT, BOTTOM), (RIGHT, BOTTOM)];
            canvas.path(&frame, Stroke::solid(colour::BLACK, 2));
            self.settings(canvas, &scale);
            self.legend(canvas);
        })
    }

    /// How the highest line goes from the first point to the last.
    fn title(&self) -> String {
        let mut quantiles = self.group.series.iter().filter(|series| name(series) != "mean");
        let Some(series) = quantiles.next_back().or(self.group.series.last()) else {
            return self.group.name.clone();
        };
        let text = format::clipped(&series.measure.text, 40);
        let found = |at: &usize| series.values[*at].map(|value| (*at, value.mean));
        let known: Vec<(usize, f64)> = self.across.order.iter().filter_map(found).collect();
        let at = |(at, mean): &(usize, f64)| {
            let label = format::clipped(&self.across.labels[*at], 20);
            format!("{} at {label}", written(&series.measure.unit, *mean))
        };
        match &known[..] {
            [] => format!("{text}: no run has a value"),
            [one] => format!("{text}: {}", at(one)),
            [first, .., last] => format!("{text}: {}, {}", at(first), at(last)),
        }
    }

    fn scale(&self) -> Scale {
        let series = || self.group.series.iter();
        let means: Vec<f64> = series().flat_map(Series::means).collect();
        let values = series().flat_map(|series| series.values.iter().flatten());
        let limits: Vec<f64> = values.filter_map(|value| value.ci95).flatten().collect();
        Scale::of(&self.group.series[0].measure.unit, &means, &limits)
    }

    fn looks(&self) -> Vec<Look> {
        let mut others = OTHERS.iter().cycle();
        let look = |series: &Series<'_>| {
            // What stands alone is the first of the palette.
            let known = KNOWN.iter().find(|known| match self.group.series.len() {
                1 => known.0 == "p50",
                _ => known.0 == name(series),
            });
            let other = || others.next().map(|(colour, form)| (*colour, *form));
            let look = known.map(|(_, colour, form)| (*colour, *form)).or_else(other);
            let (colour, form) = look.unwrap_or((colour::BLACK, Form::Disc));
            Look { colour, form }
        };
        self.group.series.iter().map(look).collect()
    }

    fn x(&self, at: usize) -> i32 {
        let width = f64::from(RIGHT - LEFT - 2 * PAD);
        LEFT + PAD + libm::rint(self.across.places[at] * width) as i32
    }

    /// Shades the points at which the expectations fail, to half-way to their neighbours.
    fn failing(&self, canvas: &mut Canvas<'_>) {
        let order = &self.across.order;
        let middle = |a: usize, b: usize| i32::midpoint(self.x(order[a]), self.x(order[b]));
        let mut bands: Vec<(i32, i32)> = Vec::new();
        for (at, point) in order.iter().enumerate() {
            let point = &self.sweep.points[*point];
            if !point.expect.is_empty() && !point.holds() {
                let from = if at == 0 { LEFT } else { middle(at - 1, at) };
                let to = if at + 1 == order.len() { RIGHT } else { middle(at, at + 1) };
                match bands.last_mut() {
                    Some(band) if band.1 == from => band.1 = to,
                    _ => bands.push((from, to)),
                }
            }
        }
        for (from, to) in bands {
            canvas.fill((from, TOP), (to, BOTTOM), colour::SHADE, 1.0);
        }
    }

    /// Grid lines, labels and title of the axis of values.
    fn values(&self, canvas: &mut Canvas<'_>, scale: &Scale) {
        for power in scale.decades.into_iter().flat_map(Decades::powers) {
            for multiple in 2..10 {
                let value = axis::power_of_ten(power) * f64::from(multiple);
                if scale.place(value) < 1.0 {
                    let y = y(scale, value);
                    canvas.line((LEFT, y), (RIGHT, y), Stroke::solid(colour::GRID, 1));
                }
            }
        }
        let width = if scale.decades.is_some() { 2 } else { 1 };
        for (value, label) in &scale.ticks {
            let y = y(scale, *value);
            canvas.line((LEFT, y), (RIGHT, y), Stroke::solid(colour::GRID, width));
            canvas.text(label, (LEFT - 10, y), Type::SMALL, Align::Right);
        }
        let unit = if scale.unit.is_empty() { String::new() } else { format!(", {}", scale.unit) };
        let title = format!("{}{unit}", format::clipped(&self.group.name, 40));
        canvas.upright(&title, (18, i32::midpoint(TOP, BOTTOM)), Type::LABEL);
    }

    /// Marks the first point at which the expectations hold.
    fn first(&self, canvas: &mut Canvas<'_>) {
        let Some(first) = self.sweep.first_that_holds.map(|first| first as usize) else { return };
        let x = self.x(first);
        canvas.line((x, TOP - 6), (x, BOTTOM), FIRST);
        let label = format!("holds first at {}", format::clipped(&self.across.labels[first], 28));
        let half = Type::STRONG.width(&label) / 2;
        let middle = x.clamp(LEFT + half, RIGHT - half);
        canvas.text(&label, (middle, TOP - 18), Type::STRONG, Align::Centre);
    }

    /// Intervals, and the line through the means, broken where there is none.
    fn line(&self, canvas: &mut Canvas<'_>, scale: &Scale, series: &Series<'_>, look: Look) {
        let bar = Stroke::solid(look.colour, 2);
        for (at, value) in series.values.iter().enumerate() {
            let Some([low, high]) = value.and_then(|value| value.ci95) else { continue };
            let (x, low, high) = (self.x(at), y(scale, low), y(scale, high));
            canvas.line((x, low), (x, high), bar);
            for end in [low, high].into_iter().filter(|_| self.has_marks()) {
                canvas.line((x - 6, end), (x + 6, end), bar);
            }
        }
        let mean = |at: usize| series.values[at].map(|value| value.mean);
        for piece in self.pieces(scale, mean) {
            canvas.path(&piece, Stroke::solid(look.colour, 4));
        }
    }

    /// What theory says, dashed.
    fn theory(&self, canvas: &mut Canvas<'_>, scale: &Scale, series: &Series<'_>) {
        for piece in self.pieces(scale, |at| series.theory[at]) {
            match piece[..] {
                [(x, y)] => canvas.line((x - ALONE, y), (x + ALONE, y), THEORY),
                _ => canvas.path(&piece, THEORY),
            }
        }
    }

    /// Points from left to right, cut where one has no value; between words there is nothing, so
    /// each is alone.
    fn pieces(&self, scale: &Scale, value: impl Fn(usize) -> Option<f64>) -> Vec<Vec<Point>> {
        let mut pieces: Vec<Vec<Point>> = vec![Vec::new()];
        for at in &self.across.order {
            match (value(*at), pieces.last_mut()) {
                (Some(value), Some(piece)) if piece.is_empty() || !self.across.words => {
                    piece.push((self.x(*at), y(scale, value)));
                }
                (Some(value), _) => pieces.push(vec![(self.x(*at), y(scale, value))]),
                (None, _) => pieces.push(Vec::new()),
            }
        }
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }

    fn has_marks(&self) -> bool {
        self.sweep.points.len() <= MOST_MARKS
    }

    fn marks(&self, canvas: &mut Canvas<'_>, scale: &Scale, series: &Series<'_>, look: Look) {
        if !self.has_marks() {
            return;
        }
        for (at, value) in series.values.iter().enumerate() {
            let Some(value) = value else { continue };
            let point = &self.sweep.points[at];
            let full = point.expect.is_empty() || point.holds();
            look.mark(canvas, (self.x(at), y(scale, value.mean)), full);
        }
    }

    /// Labels and title of the axis of settings, and a remark.
    fn settings(&self, canvas: &mut Canvas<'_>, scale: &Scale) {
        let stressed = self.sweep.first_that_holds.map(|first| first as usize);
        self.across.write(canvas, (LEFT + PAD, RIGHT - PAD), BOTTOM, stressed);
        let Across { wrapper, .. } = self.across;
        let path = &self.knob.path;
        let title = if wrapper.is_empty() { path.clone() } else { format!("{path}, {wrapper}") };
        let middle = i32::midpoint(LEFT, RIGHT);
        let title = format::clipped(&title, 80);
        canvas.text(&title, (middle, BOTTOM + 49), Type::LABEL, Align::Centre);
        let remark = self.remarks(scale).join("; ");
        canvas.text(&remark, (middle, BOTTOM + 76), Type::SMALL, Align::Centre);
    }

    fn remarks(&self, scale: &Scale) -> Vec<String> {
        let mut remarks: Vec<String> = Vec::new();
        match (self.across.logarithmic, scale.decades.is_some()) {
            (true, true) => remarks.push("both axes are logarithmic".to_owned()),
            (true, false) => remarks.push("the axis of settings is logarithmic".to_owned()),
            (false, true) => remarks.push("the axis of values is logarithmic".to_owned()),
            (false, false) => {}
        }
        let below = |value: f64| scale.decades.is_some() && value < scale.ticks[0].0;
        let mut means = self.group.series.iter().flat_map(Series::means);
        if means.any(below) {
            remarks.push(format!("less than {} stands at the lower edge", scale.ticks[0].1));
        }
        let all = self.sweep.points.len();
        let missing = |at: &usize| self.group.series.iter().any(|s| s.values[*at].is_none());
        let missing = (0..all).filter(missing).count();
        if missing > 0 {
            remarks.push(format!("no value at {missing} of {all} points"));
        }
        remarks
    }

    /// The lines, from the highest quantile, and then what the marks mean.
    fn legend(&self, canvas: &mut Canvas<'_>) {
        let mut y = TOP + 10;
        let lines: Vec<(&Series<'_>, Look)> = self.group.series.iter().zip(self.looks()).collect();
        for (series, look) in lines.iter().rev() {
            if !self.across.words {
                canvas.path(&[(LEGEND, y), (LEGEND + 44, y)], Stroke::solid(look.colour, 4));
            }
            look.mark(canvas, (LEGEND + 22, y), true);
            let text = |text: &str, canvas: &mut Canvas<'_>, y: i32, look: Type, most: usize| {
                canvas.text(&format::clipped(text, most), (LEGEND + 54, y), look, Align::Left);
            };
            text(name(series), canvas, y, Type::STRONG, 17);
            text(&range(series), canvas, y + 24, Type::SMALL, 24);
            y += 58;
        }
        y += 8;
        let mut row = |name: &str, sample: &dyn Fn(&mut Canvas<'_>, i32)| {
            sample(canvas, y);
            canvas.text(name, (LEGEND + 54, y), Type::LABEL, Align::Left);
            y += 36;
        };
        let grey =
            Look { colour: colour::GREY, form: lines.last().map_or(Form::Disc, |l| l.1.form) };
        if lines.iter().any(|(series, _)| series.theory.iter().any(Option::is_some)) {
            row("theory", &|canvas, y| canvas.line((LEGEND, y), (LEGEND + 44, y), THEORY));
        }
        let values = || lines.iter().flat_map(|(series, _)| series.values.iter().flatten());
        if values().any(|value| value.ci95.is_some()) {
            row("95 % interval", &|canvas, y| {
                let bar = Stroke::solid(colour::GREY, 2);
                canvas.line((LEGEND + 22, y - 12), (LEGEND + 22, y + 12), bar);
                for end in [y - 12, y + 12] {
                    canvas.line((LEGEND + 16, end), (LEGEND + 28, end), bar);
                }
            });
        }
        if judged(self.sweep) {
            row("expectations hold", &|canvas, y| grey.mark(canvas, (LEGEND + 22, y), true));
            row("expectations fail", &|canvas, y| {
                canvas.fill((LEGEND, y - 16), (LEGEND + 44, y + 16), colour::SHADE, 1.0);
                grey.mark(canvas, (LEGEND + 22, y), false);
            });
        }
    }
}

impl Look {
    /// Draws the mark; not `full`, it is hollow.
    fn mark(self, canvas: &mut Canvas<'_>, at: Point, full: bool) {
        self.form.draw(canvas, at, MARK, self.colour);
        if !full {
            self.form.draw(canvas, at, MARK - 3, colour::WHITE);
        }
    }
}

impl Form {
    fn draw(self, canvas: &mut Canvas<'_>, (x, y): Point, size: i32, colour: RGBColor) {
        let corners = match self {
            Form::Disc => return canvas.circle((x, y), size.unsigned_abs(), colour, true),
            Form::Square => {
                let half = size - 1;
                vec![(-half, -half), (half, -half), (half, half), (-half, half)]
            }
            Form::Triangle => vec![(0, -size - 2), (size + 2, size - 1), (-size - 2, size - 1)],
            Form::Diamond => {
                let reach = size + 2;
                vec![(0, -reach), (reach, 0), (0, reach), (-reach, 0)]
            }
        };
        let corners = corners.into_iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
        canvas.polygon(corners, colour, 1.0);
    }
}

fn y(scale: &Scale, value: f64) -> i32 {
    BOTTOM - libm::rint(scale.place(value) * f64::from(BOTTOM - TOP)) as i32
}

/// `p99`, or the whole measure where it is no quantile and no mean of a latency.
fn name<'a>(series: &Series<'a>) -> &'a str {
    series.taken.map_or(series.measure.text.as_str(), |(function, _)| function)
}

/// `12ms to 1.2s`: the least and the greatest mean.
fn range(series: &Series<'_>) -> String {
    let means = || series.values.iter().flatten().map(|value| value.mean);
    let (least, most) = (means().fold(f64::INFINITY, f64::min), means().fold(f64::MIN, f64::max));
    let text = |value| written(&series.measure.unit, value);
    match (least <= most, text(least) == text(most)) {
        (false, _) => "no value".to_owned(),
        (true, true) => text(least),
        (true, false) => format!("{} to {}", text(least), text(most)),
    }
}
