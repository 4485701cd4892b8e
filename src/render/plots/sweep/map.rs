//! A measure over two settings: a map of coloured cells with their numbers.
//!
//! Owns the picture. Must not know the other pictures.
//!
//! Colours are `YlGnBu` of C. Brewer's [ColorBrewer](https://colorbrewer2.org), from pale yellow
//! to dark blue: it grows darker all the way, so that it is read without seeing hues and in print.

use plotters::style::RGBColor;

use super::scale::{wide, written};
use super::{Series, header, judged, nothing};
use crate::kernel::num;
use crate::outcome::{SweepKnob, SweepMeasure, SweepOutcome};
use crate::render::plots::canvas::{Align, Canvas, Point, Stroke, Type, colour, sheet};
use crate::render::plots::format;
use crate::render::plots::page::{BOTTOM, RIGHT, TOP};

/// From the least to the greatest value.
const COLOURS: [RGBColor; 9] = [
    RGBColor(255, 255, 217),
    RGBColor(237, 248, 177),
    RGBColor(199, 233, 180),
    RGBColor(127, 205, 187),
    RGBColor(65, 182, 196),
    RGBColor(29, 145, 192),
    RGBColor(34, 94, 168),
    RGBColor(37, 52, 148),
    RGBColor(8, 29, 88),
];
/// Left edge of the cells.
const LEFT: i32 = 210;
/// The bar that explains the colours: left and right edge, bottom.
const BAR: (i32, i32, i32) = (RIGHT + 40, RIGHT + 76, TOP + 300);
/// Its labels are so many parts apart.
const BAR_PARTS: i32 = 4;

/// What is drawn.
pub(super) struct Map<'a> {
    pub(super) sweep: &'a SweepOutcome,
    /// To the right.
    pub(super) first: &'a SweepKnob,
    /// Upwards.
    pub(super) second: &'a SweepKnob,
    pub(super) series: &'a Series<'a>,
}

/// Which value has which colour.
struct Colours {
    least: f64,
    most: f64,
    logarithmic: bool,
}

impl Map<'_> {
    /// Draws the picture.
    pub(super) fn draw(&self) -> Result<String, String> {
        let values: Vec<f64> = self.series.values.iter().flatten().map(|v| v.mean).collect();
        let colours = Colours::of(&self.series.measure.unit, &values);
        sheet(|canvas| {
            let SweepMeasure { text, unit } = self.series.measure;
            let text = &format::clipped(text, 50);
            let Some(colours) = colours else {
                header(canvas, self.sweep, text);
                nothing(canvas);
                return;
            };
            let (least, most) = (
                values.iter().copied().fold(f64::INFINITY, f64::min),
                values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            );
            let range = match (written(unit, least), written(unit, most)) {
                (least, most) if least == most => format!("{text} is {least} everywhere"),
                (least, most) => format!("{text} from {least} to {most}"),
            };
            header(canvas, self.sweep, &range);
            self.cells(canvas, &colours);
            self.frames(canvas);
            self.axes(canvas);
            self.legend(canvas, &colours);
            self.remark(canvas, &colours, values.len());
        })
    }

    /// Cells to the right and upwards.
    fn size(&self) -> (usize, usize) {
        (self.first.values.len(), self.second.values.len())
    }

    /// The number of the point in a cell.
    fn point(&self, (column, row): (usize, usize)) -> usize {
        column * self.second.values.len() + row
    }

    /// The corners of a cell: above left, below right.
    fn corners(&self, (column, row): (usize, usize)) -> (Point, Point) {
        let (columns, rows) = self.size();
        let part = |from: i32, to: i32, number: usize, of: usize| {
            from + libm::rint(f64::from(to - from) * number as f64 / of as f64) as i32
        };
        let x = |column| part(LEFT, RIGHT, column, columns);
        let y = |row| part(BOTTOM, TOP, row, rows);
        ((x(column), y(row + 1)), (x(column + 1), y(row)))
    }

    fn all(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (columns, rows) = self.size();
        (0..columns).flat_map(move |column| (0..rows).map(move |row| (column, row)))
    }

    fn text(&self, cell: (usize, usize)) -> Option<String> {
        let value = self.series.values[self.point(cell)]?;
        Some(written(&self.series.measure.unit, value.mean))
    }

    /// Whether the numbers fit into their cells.
    fn has_numbers(&self) -> bool {
        let (above, below) = self.corners((0, 0));
        let width = |cell| self.text(cell).map_or(0, |text| Type::SMALL.width(&text));
        let widest = self.all().map(width).max().unwrap_or(0);
        widest + 8 <= below.0 - above.0 && below.1 - above.1 >= 24
    }

    fn cells(&self, canvas: &mut Canvas<'_>, colours: &Colours) {
        let numbers = self.has_numbers();
        for cell in self.all() {
            let (above, below) = self.corners(cell);
            let middle = (i32::midpoint(above.0, below.0), i32::midpoint(above.1, below.1));
            let (fill, text) = match self.series.values[self.point(cell)] {
                Some(value) => (colours.of_value(value.mean), self.text(cell)),
                None => (colour::WHITE, Some("-".to_owned())),
            };
            // A pixel over the neighbours that follow: no seams where the picture is scaled.
            let over = ((above.0, (above.1 - 1).max(TOP)), ((below.0 + 1).min(RIGHT), below.1));
            canvas.fill(over.0, over.1, fill, 1.0);
            if let Some(text) = text.filter(|_| numbers) {
                canvas.text(&text, middle, Type::SMALL.coloured(legible_on(fill)), Align::Centre);
            }
        }
    }

    fn holds(&self, cell: (usize, usize)) -> bool {
        self.sweep.points[self.point(cell)].holds()
    }

    /// Draws a line round the region where the expectations hold, and marks the first cell of it.
    fn frames(&self, canvas: &mut Canvas<'_>) {
        let (columns, rows) = self.size();
        let mut edges: Vec<(Point, Point)> = Vec::new();
        for (column, row) in self.all().filter(|cell| self.holds(*cell)) {
            let ((left, top), (right, bottom)) = self.corners((column, row));
            let outside = |column: Option<usize>, row: Option<usize>| match (column, row) {
                (Some(column), Some(row)) if column < columns && row < rows => {
                    !self.holds((column, row))
                }
                _ => true,
            };
            let sides = [
                (outside(column.checked_sub(1), Some(row)), (left, top), (left, bottom)),
                (outside(Some(column + 1), Some(row)), (right, top), (right, bottom)),
                (outside(Some(column), Some(row + 1)), (left, top), (right, top)),
                (outside(Some(column), row.checked_sub(1)), (left, bottom), (right, bottom)),
            ];
            let drawn = sides.into_iter().filter(|(drawn, ..)| *drawn);
            edges.extend(drawn.map(|(_, from, to)| (from, to)));
        }
        let edges = joined(edges);
        for (reach, colour) in [(5, colour::WHITE), (3, colour::BLACK)] {
            for (from, to) in &edges {
                let (from, to) = ((from.0 - reach, from.1 - reach), (to.0 + reach, to.1 + reach));
                canvas.fill(from, to, colour, 1.0);
            }
        }
        if let Some(first) = self.sweep.first_that_holds.map(|first| first as usize) {
            let ((left, top), (right, bottom)) = self.corners((first / rows, first % rows));
            let within = |from: i32, to: i32| from + ((to - from) / 2).min(19);
            star(canvas, (within(left, right), within(top, bottom)));
        }
    }

    /// Labels and titles of both settings.
    fn axes(&self, canvas: &mut Canvas<'_>) {
        let (columns, rows) = self.size();
        let pixels = |from: i32, to: i32| (to - from).unsigned_abs() as usize;
        let slot = pixels(LEFT, RIGHT) / columns;
        let label = |value: &String| format::clipped(value, (slot / 9).max(6));
        let labels: Vec<String> = self.first.values.iter().map(label).collect();
        let widths = labels.iter().map(|label| pixels(0, Type::SMALL.width(label) + 8));
        let every = widths.max().unwrap_or(1).div_ceil(slot.max(1));
        for (column, label) in labels.iter().enumerate().step_by(every) {
            let (above, below) = self.corners((column, 0));
            let x = i32::midpoint(above.0, below.0);
            canvas.text(label, (x, BOTTOM + 22), Type::SMALL, Align::Centre);
        }
        let every = (24 * rows).div_ceil(pixels(TOP, BOTTOM)).max(1);
        for (row, label) in self.second.values.iter().enumerate().step_by(every) {
            let (above, below) = self.corners((0, row));
            let at = (LEFT - 12, i32::midpoint(above.1, below.1));
            canvas.text(&format::clipped(label, 15), at, Type::SMALL, Align::Right);
        }
        let title = format::clipped(&self.first.path, 80);
        let middle = i32::midpoint(LEFT, RIGHT);
        canvas.text(&title, (middle, BOTTOM + 49), Type::LABEL, Align::Centre);
        let title = format::clipped(&self.second.path, 48);
        canvas.upright(&title, (24, i32::midpoint(TOP, BOTTOM)), Type::LABEL);
    }

    /// The colours with their values, and what the frame means.
    fn legend(&self, canvas: &mut Canvas<'_>, colours: &Colours) {
        let (left, right, bottom) = BAR;
        let height = bottom - TOP;
        for y in (0..height).step_by(2) {
            let value = colours.at(1.0 - f64::from(y) / f64::from(height - 1));
            canvas.fill((left, TOP + y), (right, bottom), colours.of_value(value), 1.0);
        }
        canvas.outline((left, TOP), (right, bottom), colour::BLACK);
        let mut written_last = String::new();
        for part in 0..=BAR_PARTS {
            let value = colours.at(f64::from(part) / f64::from(BAR_PARTS));
            let label = written(&self.series.measure.unit, value);
            if label != written_last {
                let y = bottom - part * height / BAR_PARTS;
                canvas.line((right, y), (right + 7, y), Stroke::solid(colour::BLACK, 2));
                canvas.text(&label, (right + 14, y), Type::SMALL, Align::Left);
            }
            written_last = label;
        }
        if !judged(self.sweep) {
            return;
        }
        let y = bottom + 60;
        let corners = ((left + 2, y - 14), (right - 2, y + 14));
        for (reach, colour) in [(3, colour::BLACK), (-3, colour::WHITE)] {
            let ((x, top), (to, below)) = corners;
            canvas.fill((x - reach, top - reach), (to + reach, below + reach), colour, 1.0);
        }
        canvas.text("expectations hold", (right + 14, y), Type::LABEL, Align::Left);
        if self.sweep.first_that_holds.is_some() {
            star(canvas, (i32::midpoint(left, right), y + 50));
            canvas.text("the first of them", (right + 14, y + 50), Type::LABEL, Align::Left);
        }
    }

    fn remark(&self, canvas: &mut Canvas<'_>, colours: &Colours, known: usize) {
        let mut remarks: Vec<String> = Vec::new();
        if colours.logarithmic {
            remarks.push("the scale of colours is logarithmic".to_owned());
        }
        if !self.has_numbers() {
            remarks.push("the cells are too small for numbers: see sweep.csv".to_owned());
        }
        let (all, missing) = (self.sweep.points.len(), self.sweep.points.len() - known);
        if missing > 0 {
            remarks.push(format!("{missing} of {all} points have no value: white"));
        }
        let middle = i32::midpoint(LEFT, RIGHT);
        let remark = remarks.join("; ");
        canvas.text(&remark, (middle, BOTTOM + 76), Type::SMALL, Align::Centre);
    }
}

impl Colours {
    /// The scale for these values; `None` for none.
    fn of(unit: &str, values: &[f64]) -> Option<Colours> {
        let least = values.iter().copied().reduce(f64::min)?;
        let most = values.iter().copied().reduce(f64::max)?;
        Some(match wide(unit, values) {
            Some((least, most)) => Colours { least, most, logarithmic: true },
            None => Colours { least, most, logarithmic: false },
        })
    }

    fn of_value(&self, value: f64) -> RGBColor {
        let scaled = |value: f64| {
            if self.logarithmic { num::log10(value.max(self.least)) } else { value }
        };
        let (least, most) = (scaled(self.least), scaled(self.most));
        shade(if most > least { (scaled(value) - least) / (most - least) } else { 0.0 })
    }

    /// The value at this place of the scale, from 0 to 1.
    fn at(&self, place: f64) -> f64 {
        if self.logarithmic {
            return self.least * num::pow(self.most / self.least, place);
        }
        self.least + (self.most - self.least) * place
    }
}

/// The same lines along the axes, those that go on from one another as one.
fn joined(mut edges: Vec<(Point, Point)>) -> Vec<(Point, Point)> {
    let upright = |(from, to): &(Point, Point)| from.0 == to.0;
    edges.sort_by_key(|edge| {
        let ((x, y), _) = *edge;
        if upright(edge) { (true, x, y) } else { (false, y, x) }
    });
    let mut joined: Vec<(Point, Point)> = Vec::new();
    for edge in edges {
        match joined.last_mut() {
            Some(last) if last.1 == edge.0 && upright(last) == upright(&edge) => last.1 = edge.1,
            _ => joined.push(edge),
        }
    }
    joined
}

/// The colour at this place of the scale, from 0 to 1.
fn shade(place: f64) -> RGBColor {
    let along = place.clamp(0.0, 1.0) * (COLOURS.len() - 1) as f64;
    let below = (1..COLOURS.len() - 1).rev().find(|at| *at as f64 <= along).unwrap_or(0);
    let (from, to) = (COLOURS[below], COLOURS[below + 1]);
    let part = libm::rint((along - below as f64) * 256.0) as i32;
    let mix = |a: u8, b: u8| {
        let mixed = (i32::from(a) * (256 - part) + i32::from(b) * part) / 256;
        u8::try_from(mixed).unwrap_or(b)
    };
    RGBColor(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}

/// Black or white, whichever stands out: by the brightness of ITU-R BT.601.
fn legible_on(RGBColor(red, green, blue): RGBColor) -> RGBColor {
    let brightness = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    if brightness < 118_000 { colour::WHITE } else { colour::BLACK }
}

/// A star with a rim, seen on any colour.
fn star(canvas: &mut Canvas<'_>, (x, y): Point) {
    // Ten corners, from the top to the right, outer and inner in turn, in hundredths of the size.
    const CORNERS: [Point; 10] = [
        (0, -100),
        (24, -32),
        (95, -31),
        (38, 12),
        (59, 81),
        (0, 40),
        (-59, 81),
        (-38, 12),
        (-95, -31),
        (-24, -32),
    ];
    for (size, colour) in [(15, colour::WHITE), (11, colour::BLACK)] {
        let corner = |(dx, dy): &Point| (x + dx * size / 100, y + dy * size / 100);
        canvas.polygon(CORNERS.iter().map(corner).collect(), colour, 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_grow_darker_all_the_way_and_numbers_stay_legible() {
        let brightness =
            |RGBColor(r, g, b)| 299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b);
        let shades: Vec<RGBColor> = (0..=100).map(|at| shade(f64::from(at) / 100.0)).collect();
        assert!(shades.windows(2).all(|pair| brightness(pair[0]) > brightness(pair[1])));
        for shade in shades {
            let text = brightness(legible_on(shade));
            assert!(brightness(shade).abs_diff(text) >= 110_000, "{shade:?}");
        }
    }

    #[test]
    fn edges_that_go_on_are_one_line() {
        let edges = vec![((5, 0), (5, 2)), ((0, 0), (5, 0)), ((5, 2), (5, 9)), ((5, 0), (7, 0))];
        assert_eq!(joined(edges), [((0, 0), (7, 0)), ((5, 0), (5, 9))]);
    }

    #[test]
    fn the_scale_of_colours_has_its_ends_and_middle() {
        let linear = Colours::of("number", &[1.0, 3.0]).expect("values");
        assert!(!linear.logarithmic && (linear.at(0.5) - 2.0).abs() < 1e-12);
        assert_eq!((linear.of_value(1.0), linear.of_value(3.0)), (COLOURS[0], COLOURS[8]));
        let wide = Colours::of("ns", &[0.0, 1e6, 1e8]).expect("values");
        assert!(wide.logarithmic && (wide.at(0.5) - 1e7).abs() < 1.0);
        assert_eq!((wide.of_value(0.0), wide.of_value(1e7)), (COLOURS[0], COLOURS[4]));
        assert!(Colours::of("ns", &[]).is_none());
    }
}
