//! Latency as a complementary distribution function on logarithmic axes.
//!
//! Owns the picture. Must not know the other pictures. Each point of a curve says which share of
//! the messages took longer; unlike a histogram it shows the tail that people wait in.

use super::axis::{self, Decades};
use super::canvas::{Align, Canvas, Point, Stroke, Type, colour, sheet};
use super::format;
use super::page::{self, BOTTOM, LEFT, RIGHT, TOP};
use super::{GROWS, Subject};
use crate::observe::measured::Latency;

/// Most decades of either axis: what is shorter stands at the left edge, and the axis says so.
const WIDEST: i32 = 7;

/// The marked quantiles: share at or below, name.
const QUANTILES: [(f64, &str); 3] = [(0.5, "p50"), (0.95, "p95"), (0.99, "p99")];

/// One curve.
struct Curve<'a> {
    name: &'static str,
    stroke: Stroke,
    /// Marked by discs, else by rings.
    discs: bool,
    latency: &'a Latency,
}

/// The two axes.
struct Axes {
    length: Decades,
    share: Decades,
}

impl Axes {
    fn x(&self, nanos: f64) -> i32 {
        LEFT + libm::rint(self.length.place(nanos) * f64::from(RIGHT - LEFT)) as i32
    }

    fn y(&self, share: f64) -> i32 {
        BOTTOM - libm::rint(self.share.place(share) * f64::from(BOTTOM - TOP)) as i32
    }
}

/// Draws the picture.
pub(super) fn draw(subject: Subject<'_>) -> Result<String, String> {
    let measures = subject.measures();
    let mut shown = vec![
        Curve {
            name: "sent to received",
            stroke: Stroke::solid(colour::IN_FLIGHT, 4),
            discs: false,
            latency: &measures.latencies.sent_to_received,
        },
        Curve {
            name: "sent to deleted",
            stroke: Stroke { colour: colour::BLACK, width: 4, dash: Some((12, 6)) },
            discs: true,
            latency: &measures.latencies.sent_to_deleted,
        },
    ];
    shown.retain(|curve| curve.latency.count() > 0);
    sheet(|canvas| match shown.last() {
        None => {
            let why = "no message sent in the measured time was received";
            page::nothing(canvas, subject, "latency", why);
        }
        Some(last) => {
            let at = |p| format::length(last.latency.quantile_nanos(p) as f64);
            let title = if subject.grows {
                GROWS.to_owned()
            } else {
                format!("p99 {} {}, median {}", last.name, at(0.99), at(0.5))
            };
            page::header(canvas, subject, &title);
            curves(canvas, &shown, subject.grows);
        }
    })
}

fn axes_of(shown: &[Curve<'_>]) -> Axes {
    let longest = shown.iter().map(|c| c.latency.max.as_nanos()).max().unwrap_or(0).max(1);
    let shortest = shown
        .iter()
        .filter_map(|c| {
            c.latency.distribution.cells().iter().map(|cell| cell.most).find(|most| *most > 0)
        })
        .min()
        .unwrap_or(1)
        .min(longest);
    let count = shown.iter().map(|c| c.latency.count()).max().unwrap_or(1);
    Axes {
        length: Decades::around(shortest as f64, longest as f64, WIDEST),
        // All marks are to be seen, also those beyond the last of a few messages.
        share: Decades::around((1.0 / count as f64).min(0.01), 1.0, WIDEST),
    }
}

fn curves(canvas: &mut Canvas<'_>, shown: &[Curve<'_>], grows: bool) {
    let axes = axes_of(shown);
    grid(canvas, &axes);
    for curve in shown {
        canvas.path(&steps(&axes, curve.latency), curve.stroke);
        for (p, _) in QUANTILES {
            let at = (axes.x(curve.latency.quantile_nanos(p) as f64), axes.y(1.0 - p));
            let down = Stroke { colour: curve.stroke.colour, width: 1, dash: Some((3, 5)) };
            canvas.line(at, (at.0, BOTTOM), down);
            canvas.circle(at, 8, curve.stroke.colour, true);
            if !curve.discs {
                canvas.circle(at, 4, colour::WHITE, true);
            }
        }
    }
    let frame = [(LEFT, TOP), (LEFT, BOTTOM), (RIGHT, BOTTOM)];
    canvas.path(&frame, Stroke::solid(colour::BLACK, 2));
    figures(canvas, shown, grows);
    let middle = i32::midpoint(LEFT, RIGHT);
    canvas.text("latency", (middle, BOTTOM + 49), Type::LABEL, Align::Centre);
    canvas.text(&remark(&axes, shown), (middle, BOTTOM + 76), Type::SMALL, Align::Centre);
    canvas.upright(
        "share of messages that took longer",
        (34, i32::midpoint(TOP, BOTTOM)),
        Type::LABEL,
    );
}

/// The curve: it falls at each recorded latency by the share that took it.
fn steps(axes: &Axes, latency: &Latency) -> Vec<Point> {
    let count = latency.count();
    let mut longer = count;
    let mut points = vec![(LEFT, axes.y(1.0))];
    for cell in latency.distribution.cells() {
        let x = axes.x(cell.most as f64);
        points.push((x, axes.y(longer as f64 / count as f64)));
        longer -= cell.count;
        points.push((x, if longer == 0 { BOTTOM } else { axes.y(longer as f64 / count as f64) }));
    }
    points
}

/// What the axis of lengths leaves out at its left edge.
fn remark(axes: &Axes, shown: &[Curve<'_>]) -> String {
    let start = axis::power_of_ten(axes.length.from);
    let said: Vec<String> = shown
        .iter()
        .filter_map(|curve| {
            let cells = curve.latency.distribution.cells().iter();
            let shorter: u64 =
                cells.take_while(|cell| (cell.most as f64) < start).map(|cell| cell.count).sum();
            let share = shorter as f64 / curve.latency.count() as f64;
            (shorter > 0).then(|| format!("{} of {}", format::percent(share), curve.name))
        })
        .collect();
    if said.is_empty() {
        "both axes are logarithmic".into()
    } else {
        let start = format::length(start);
        format!(
            "both axes are logarithmic; {} is below {start}, at the left edge",
            said.join(" and ")
        )
    }
}

fn grid(canvas: &mut Canvas<'_>, axes: &Axes) {
    let faint = Stroke::solid(colour::SHADE, 1);
    let line = Stroke::solid(colour::GRID, 2);
    for power in axes.length.powers() {
        for multiple in 2..10 {
            let x = axes.x(axis::power_of_ten(power) * f64::from(multiple));
            if power < axes.length.to {
                canvas.line((x, TOP), (x, BOTTOM), faint);
            }
        }
        let x = axes.x(axis::power_of_ten(power));
        canvas.line((x, TOP), (x, BOTTOM + 7), line);
        canvas.text(&decade_of_time(power), (x, BOTTOM + 22), Type::SMALL, Align::Centre);
    }
    for power in axes.share.powers() {
        let y = axes.y(axis::power_of_ten(power));
        canvas.line((LEFT, y), (RIGHT, y), line);
        let label = decade_of_share(power);
        canvas.text(&label, (LEFT - 10, y), Type::SMALL, Align::Right);
    }
    for (p, name) in QUANTILES {
        let y = axes.y(1.0 - p);
        let stroke = Stroke { colour: colour::GREY, width: 1, dash: Some((8, 6)) };
        canvas.line((LEFT, y), (RIGHT, y), stroke);
        canvas.text(name, (RIGHT - 6, y - 13), Type::SMALL, Align::Right);
    }
}

/// `100us`, `1s`, `1000s`: ten to this power of nanoseconds.
pub(super) fn decade_of_time(power: i32) -> String {
    let (unit, start) = match power {
        ..=2 => ("ns", 0),
        3..=5 => ("us", 3),
        6..=8 => ("ms", 6),
        9.. => ("s", 9),
    };
    let zeros = "0".repeat((power - start).unsigned_abs() as usize);
    format!("1{zeros}{unit}")
}

/// `100%`, `1%`, `0.01%`: ten to this power, at most 0.
fn decade_of_share(power: i32) -> String {
    match power {
        0 => "100%".into(),
        -1 => "10%".into(),
        -2 => "1%".into(),
        _ => format!("0.{}1%", "0".repeat((-power - 3).unsigned_abs() as usize)),
    }
}

/// The quantiles in numbers, beside the panel, unless they are those of this run alone.
fn figures(canvas: &mut Canvas<'_>, shown: &[Curve<'_>], grows: bool) {
    let (left, mut y) = (RIGHT + 26, TOP + 10);
    for curve in shown {
        canvas.path(&[(left, y), (left + 44, y)], curve.stroke);
        canvas.circle((left + 22, y), 8, curve.stroke.colour, true);
        if !curve.discs {
            canvas.circle((left + 22, y), 4, colour::WHITE, true);
        }
        canvas.text(curve.name, (left + 54, y), Type::STRONG, Align::Left);
        let latency = curve.latency;
        let quantiles = QUANTILES.map(|(p, name)| (name, latency.quantile_nanos(p) as f64));
        let rest = [("max", latency.max.as_nanos() as f64), ("mean", latency.mean_nanos())];
        let values = quantiles.into_iter().chain(rest);
        for (name, nanos) in values.take_while(|_| !grows) {
            y += 27;
            canvas.text(name, (left + 54, y), Type::LABEL, Align::Left);
            let value = format::length(nanos);
            canvas.text(&value, (left + 190, y), Type::LABEL, Align::Right);
        }
        y += 27;
        let messages = format!("{} messages", format::count(latency.count() as f64));
        canvas.text(&messages, (left + 54, y), Type::SMALL, Align::Left);
        y += 56;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decades_are_written_out() {
        let times = [0, 2, 3, 5, 6, 8, 9, 12].map(decade_of_time);
        assert_eq!(times, ["1ns", "100ns", "1us", "100us", "1ms", "100ms", "1s", "1000s"]);
        let shares = [0, -1, -2, -3, -5].map(decade_of_share);
        assert_eq!(shares, ["100%", "10%", "1%", "0.1%", "0.001%"]);
    }
}
