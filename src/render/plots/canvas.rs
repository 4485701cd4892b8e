//! The sheet that pictures are drawn on.
//!
//! Owns the drawing library: nobody else calls it. Must not know what is drawn. Coordinates are
//! whole pixels from the top left corner.
//!
//! The library's SVG text is `<text>`, laid out by the reader, so no font is needed to write it.

use std::fmt::Display;

use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, FontTransform, IntoFont, RGBColor, ShapeStyle};

use crate::kernel::num;
use crate::scenario::visible::visible;

/// Width of every picture.
pub(super) const WIDTH: i32 = 1280;
/// Height of every picture.
pub(super) const HEIGHT: i32 = 720;

/// The library draws a font of size s at s / 1.24 pixels.
const FONT_SCALE: f64 = 1.24;

/// Colours: those of Okabe and Ito, and greys.
pub(super) mod colour {
    use plotters::style::RGBColor;

    /// Text and single lines.
    pub(in super::super) const BLACK: RGBColor = RGBColor(0, 0, 0);
    /// Secondary text.
    pub(in super::super) const GREY: RGBColor = RGBColor(85, 85, 85);
    /// Grid lines.
    pub(in super::super) const GRID: RGBColor = RGBColor(222, 222, 222);
    /// Behind time that is not measured.
    pub(in super::super) const SHADE: RGBColor = RGBColor(238, 238, 238);
    /// Paper.
    pub(in super::super) const WHITE: RGBColor = RGBColor(255, 255, 255);
    /// Visible messages, and sends, which make them.
    pub(in super::super) const VISIBLE: RGBColor = RGBColor(230, 159, 0);
    /// Messages in flight, and receives, which make them.
    pub(in super::super) const IN_FLIGHT: RGBColor = RGBColor(0, 114, 178);
    /// Delayed messages.
    pub(in super::super) const DELAYED: RGBColor = RGBColor(240, 228, 66);
    /// Deleted messages.
    pub(in super::super) const DELETED: RGBColor = RGBColor(0, 158, 115);
    /// Dead-lettered messages, and whatever is over a limit.
    pub(in super::super) const DEAD: RGBColor = RGBColor(213, 94, 0);
    /// Work that outlived its timeout.
    pub(in super::super) const OUTLIVED: RGBColor = RGBColor(204, 121, 167);
    /// Messages that waited in a buffer.
    pub(in super::super) const BUFFERED: RGBColor = RGBColor(86, 180, 233);
}

/// Where a text touches its point.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    /// The point is at its left end.
    Left,
    /// The point is at its middle.
    Centre,
    /// The point is at its right end.
    Right,
}

/// How a text looks.
#[derive(Clone, Copy)]
pub(super) struct Type {
    size: f64,
    bold: bool,
    colour: RGBColor,
}

impl Type {
    /// The title.
    pub(super) const TITLE: Type = Type { size: 27.0, bold: true, colour: colour::BLACK };
    /// Axis titles and labels of curves.
    pub(super) const LABEL: Type = Type { size: 19.0, bold: false, colour: colour::BLACK };
    /// The same, stressed.
    pub(super) const STRONG: Type = Type { size: 19.0, bold: true, colour: colour::BLACK };
    /// Ticks and remarks.
    pub(super) const SMALL: Type = Type { size: 17.0, bold: false, colour: colour::GREY };

    /// The same in another colour.
    pub(super) fn coloured(self, colour: RGBColor) -> Type {
        Type { colour, ..self }
    }

    /// Pixels that a text takes, roughly.
    pub(super) fn width(self, text: &str) -> i32 {
        let pixels = text.chars().count() as f64 * self.size * if self.bold { 0.58 } else { 0.53 };
        libm::ceil(pixels) as i32
    }
}

/// A line's look.
#[derive(Clone, Copy)]
pub(super) struct Stroke {
    /// Colour.
    pub(super) colour: RGBColor,
    /// Pixels.
    pub(super) width: u32,
    /// Pixels drawn and pixels left out in turn; `None` is a whole line.
    pub(super) dash: Option<(i32, i32)>,
}

impl Stroke {
    /// A whole line.
    pub(super) const fn solid(colour: RGBColor, width: u32) -> Stroke {
        Stroke { colour, width, dash: None }
    }
}

/// A sheet.
pub(super) struct Canvas<'a> {
    svg: SVGBackend<'a>,
    error: Option<String>,
}

/// Draws a picture: `paint` on a white sheet.
///
/// # Errors
/// The library's first error.
pub(super) fn sheet(paint: impl FnOnce(&mut Canvas<'_>)) -> Result<String, String> {
    let mut text = String::new();
    let mut canvas = Canvas {
        svg: SVGBackend::with_string(&mut text, (WIDTH as u32, HEIGHT as u32)),
        error: None,
    };
    canvas.fill((0, 0), (WIDTH, HEIGHT), colour::WHITE, 1.0);
    paint(&mut canvas);
    let presented = canvas.svg.present().map_err(|error| error.to_string());
    let error = canvas.error.take();
    drop(canvas);
    match (error, presented) {
        (None, Ok(())) => Ok(text),
        (Some(reason), _) | (None, Err(reason)) => Err(reason),
    }
}

/// A point: pixels from the left, pixels from the top.
pub(super) type Point = (i32, i32);

impl Canvas<'_> {
    fn note<E: Display>(&mut self, drawn: Result<(), E>) {
        if let Err(error) = drawn {
            self.error.get_or_insert_with(|| error.to_string());
        }
    }

    /// A filled rectangle, `to` excluded.
    pub(super) fn fill(&mut self, from: Point, to: Point, colour: RGBColor, opacity: f64) {
        if from.0 < to.0 && from.1 < to.1 {
            let drawn = self.svg.draw_rect(from, to, &colour.mix(opacity), true);
            self.note(drawn);
        }
    }

    /// The outline of a rectangle.
    pub(super) fn outline(&mut self, from: Point, to: Point, colour: RGBColor) {
        let drawn = self.svg.draw_rect(from, to, &colour.mix(1.0), false);
        self.note(drawn);
    }

    /// A filled polygon.
    pub(super) fn polygon(&mut self, points: Vec<Point>, colour: RGBColor, opacity: f64) {
        let drawn = self.svg.fill_polygon(points, &colour.mix(opacity));
        self.note(drawn);
    }

    /// A disc or, not `full`, a ring.
    pub(super) fn circle(&mut self, at: Point, radius: u32, colour: RGBColor, full: bool) {
        let style = ShapeStyle { color: colour.mix(1.0), filled: full, stroke_width: 3 };
        let drawn = self.svg.draw_circle(at, radius, &style, full);
        self.note(drawn);
    }

    /// A straight line.
    pub(super) fn line(&mut self, from: Point, to: Point, stroke: Stroke) {
        self.path(&[from, to], stroke);
    }

    /// A line through points.
    pub(super) fn path(&mut self, points: &[Point], stroke: Stroke) {
        let points = straightened(points);
        match stroke.dash {
            None => self.whole_path(points, stroke),
            Some(dash) => {
                for piece in dashed(&points, dash) {
                    self.whole_path(piece, stroke);
                }
            }
        }
    }

    fn whole_path(&mut self, points: Vec<Point>, stroke: Stroke) {
        if points.len() < 2 {
            return;
        }
        let color = stroke.colour.mix(1.0);
        let style = ShapeStyle { color, filled: false, stroke_width: stroke.width };
        let drawn = self.svg.draw_path(points, &style);
        self.note(drawn);
    }

    /// A text; its point is at half its height.
    pub(super) fn text(&mut self, text: &str, at: Point, look: Type, align: Align) {
        self.any_text(text, at, look, align, FontTransform::None);
    }

    /// A text from below to above, with its middle at the point.
    pub(super) fn upright(&mut self, text: &str, at: Point, look: Type) {
        self.any_text(text, at, look, Align::Centre, FontTransform::Rotate270);
    }

    fn any_text(&mut self, text: &str, at: Point, look: Type, align: Align, turn: FontTransform) {
        let horizontal = match align {
            Align::Left => HPos::Left,
            Align::Centre => HPos::Center,
            Align::Right => HPos::Right,
        };
        let weight = if look.bold { FontStyle::Bold } else { FontStyle::Normal };
        let font = ("sans-serif", look.size * FONT_SCALE).into_font().style(weight);
        let style =
            font.transform(turn).color(&look.colour).pos(Pos::new(horizontal, VPos::Center));
        let drawn = self.svg.draw_text(&visible(text), &style, at);
        self.note(drawn);
    }
}

/// The same line without points that lie on the way from their neighbours.
fn straightened(points: &[Point]) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::with_capacity(points.len());
    for &point in points {
        if kept.last() == Some(&point) {
            continue;
        }
        if let [.., before, last] = kept[..] {
            let upright = before.0 == last.0 && last.0 == point.0;
            let level = before.1 == last.1 && last.1 == point.1;
            let onward = (last.0 - before.0).signum() == (point.0 - last.0).signum()
                && (last.1 - before.1).signum() == (point.1 - last.1).signum();
            if (upright || level) && onward {
                kept.pop();
            }
        }
        kept.push(point);
    }
    kept
}

/// The drawn pieces of a dashed line; dashes are measured along it.
fn dashed(points: &[Point], (on, off): (i32, i32)) -> Vec<Vec<Point>> {
    let (on, off) = (f64::from(on), f64::from(off));
    let mut pieces = Vec::new();
    let mut piece: Vec<Point> = points.first().copied().into_iter().collect();
    let (mut drawing, mut left) = (true, on);
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let (across, down) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
        let length = num::sqrt(across * across + down * down);
        let at = |gone: f64| {
            let along = |way: f64| libm::rint(way * gone / length) as i32;
            (from.0 + along(across), from.1 + along(down))
        };
        let mut gone = 0.0;
        while length - gone >= left {
            gone += left;
            if drawing {
                piece.push(at(gone));
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![at(gone)];
            }
            drawing = !drawing;
            left = if drawing { on } else { off };
        }
        left -= length - gone;
        if drawing {
            piece.push(to);
        }
    }
    pieces.push(piece);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_on_the_way_are_left_out_and_turns_are_kept() {
        let points = [(0, 0), (1, 0), (1, 0), (5, 0), (5, 9), (5, 3), (6, 3)];
        assert_eq!(straightened(&points), [(0, 0), (5, 0), (5, 9), (5, 3), (6, 3)]);
    }

    #[test]
    fn dashes_go_round_corners() {
        let pieces = dashed(&[(0, 0), (5, 0), (5, 10)], (4, 3));
        let expected: [&[Point]; 3] = [&[(0, 0), (4, 0)], &[(5, 2), (5, 6)], &[(5, 9), (5, 10)]];
        assert_eq!(pieces, expected);
        // A slope of 3 to 4: five along it are four across and three down.
        let slope = dashed(&[(0, 0), (16, 12)], (10, 5));
        assert_eq!(slope, [[(0, 0), (8, 6)], [(12, 9), (16, 12)]]);
    }

    #[test]
    fn text_is_text_with_its_size_and_escaped() {
        let svg = sheet(|canvas| {
            canvas.text("a < b & c", (10, 10), Type::LABEL, Align::Left);
        })
        .unwrap();
        assert!(svg.contains("a &lt; b &amp; c"), "{svg}");
        let hostile = sheet(|canvas| {
            canvas.text("a\u{1b}\u{202e}b", (10, 10), Type::LABEL, Align::Left);
        });
        assert!(hostile.unwrap().contains("a\\u{1b}\\u{202e}b"), "XML has no such character");
        assert!(svg.contains("font-size=\"19\""), "{svg}");
    }
}
