//! Partitions over time as a strip of the key space, coloured by load.
//!
//! Owns the picture. Must not know the other pictures. A partition is a rectangle from its first to
//! its last key and from its beginning to its end; its colour in each column is the rate of sends
//! to it, as a share of its capacity or, without one, of the highest rate of all.

use std::collections::{BTreeMap, BTreeSet};

use super::Subject;
use super::canvas::{Align, Canvas, Point, Stroke, Type, colour, sheet};
use super::columns::Columns;
use super::format;
use super::marks::Mark;
use super::page::{self, BOTTOM, Panel, RIGHT, TOP};
use super::resharding::first_and_last;
use crate::kernel::time::Time;
use crate::observe::measured::{PartitionLife, SplitEvent};
use crate::outcome::Partitions;
use plotters::style::RGBColor;

/// Rectangles that a picture may have, about.
const CELLS: usize = 40_000;
/// Marks of one kind closer than this many pixels are drawn once.
const APART: i32 = 8;

/// Colours of load, eighths of the whole from light to dark: the sequence `YlGnBu` of C. Brewer's
/// [ColorBrewer](https://colorbrewer2.org/), which is safe for the colour-blind and in grey.
const LOADS: [RGBColor; 8] = [
    RGBColor(255, 255, 217),
    RGBColor(237, 248, 177),
    RGBColor(199, 233, 180),
    RGBColor(127, 205, 187),
    RGBColor(65, 182, 196),
    RGBColor(29, 145, 192),
    RGBColor(34, 94, 168),
    RGBColor(12, 44, 132),
];

/// The colour of a load: an eighth, or beyond the whole.
fn colour_of(load: f64) -> RGBColor {
    if load > 1.0 + 1e-9 {
        return colour::DEAD;
    }
    let bound = |number: usize| (number + 1) as f64 / LOADS.len() as f64;
    let eighth = (0..LOADS.len()).find(|number| load < bound(*number));
    LOADS[eighth.unwrap_or(LOADS.len() - 1)]
}

/// Draws the picture.
pub(super) fn draw(subject: Subject<'_>) -> Result<String, String> {
    sheet(|canvas| {
        if page::has_no_time(subject) || subject.measures().partition_lives.is_empty() {
            page::nothing(canvas, subject, "partitions", "no partition was recorded");
        } else {
            strip(canvas, subject);
        }
    })
}

/// How many there were of what each mark stands for. One mark may stand for several: partitions
/// that became others in one step are as many splits as there are more of them.
fn tally(subject: Subject<'_>) -> [(Mark, u64); 3] {
    let Partitions { splits, merges, refusals, .. } = Partitions::of(subject.measures());
    [(Mark::Split, splits), (Mark::Merge, merges), (Mark::Refused, refusals)]
}

fn mark_of(event: &SplitEvent) -> Mark {
    match event {
        SplitEvent::Merged { .. } => Mark::Merge,
        SplitEvent::Recut { old, new } if new < old => Mark::Merge,
        SplitEvent::Split { .. } | SplitEvent::Recut { .. } => Mark::Split,
        SplitEvent::Refused { .. } => Mark::Refused,
    }
}

fn title(subject: Subject<'_>) -> String {
    let lives = &subject.measures().partition_lives;
    let (first, last) = first_and_last(lives);
    let [(_, splits), (_, merges), (_, refused)] = tally(subject);
    if splits + merges + refused == 0 {
        let s = if first == 1 { "" } else { "s" };
        return format!("{first} partition{s} throughout");
    }
    let part = |count: u64, one: &str, many: &str| match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {many}"),
    };
    format!(
        "from {first} to {last} partitions: {}, {}, {}",
        part(splits, "split", "splits"),
        part(merges, "merge", "merges"),
        part(refused, "split refused", "splits refused"),
    )
}

/// Where a key is; `key` up to 2^64, which is the top edge.
fn y_of(panel: &Panel, key: u128) -> i32 {
    let height = u128::from(panel.bottom.abs_diff(panel.top));
    panel.bottom - ((key * height + (1 << 63)) >> 64) as i32
}

/// Top and bottom edge of a partition.
fn rows(panel: &Panel, life: &PartitionLife) -> (i32, i32) {
    (y_of(panel, u128::from(life.last) + 1), y_of(panel, u128::from(life.first)))
}

/// Rates of sends by partition and column, in messages per second.
fn rates(subject: Subject<'_>, columns: &Columns<'_>) -> Vec<BTreeMap<usize, f64>> {
    let measures = subject.measures();
    let mut sums = vec![BTreeMap::<usize, u64>::new(); measures.partition_lives.len()];
    for sample in &measures.loads {
        let window = sample.at.as_nanos().div_ceil(columns.window.as_nanos()).max(1) - 1;
        let column = window as usize / columns.group;
        if let Some(sums) = sums.get_mut(sample.partition.0 as usize) {
            *sums.entry(column).or_default() += sample.sends;
        }
    }
    let lives = measures.partition_lives.iter();
    lives
        .zip(sums)
        .map(|(life, sums)| {
            sums.into_iter()
                .filter_map(|(number, sum)| {
                    let column = columns.all.get(number)?;
                    let from = life.from.max(column.from);
                    let to = life.to.unwrap_or(column.to).min(column.to);
                    let span = (from < to).then(|| to.since(from).as_secs_f64())?;
                    Some((number, sum as f64 / span))
                })
                .collect()
        })
        .collect()
}

fn strip(canvas: &mut Canvas<'_>, subject: Subject<'_>) {
    let measures = subject.measures();
    let panel = Panel::new(TOP, BOTTOM, subject.measured.end);
    let widest =
        measures.series.iter().map(|window| window.levels.partitions.max).max().unwrap_or(1);
    let most = (CELLS / widest.max(1) as usize).max(40);
    let (window, end) = (subject.scenario.window, subject.measured.end);
    let columns = Columns::at_most(most, &measures.series, window, end);
    let rates = rates(subject, &columns);
    let capacity = subject.scenario.queues[subject.queue].config.ledger.capacity;
    let highest = rates.iter().flat_map(BTreeMap::values).copied().fold(0.0, f64::max);
    let whole = capacity.map_or(highest, |capacity| capacity.per_second);
    page::header(canvas, subject, &title(subject));
    for (life, rates) in measures.partition_lives.iter().zip(&rates) {
        let load = |column: usize| {
            let rate = rates.get(&column).copied().unwrap_or(0.0);
            if whole > 0.0 { rate / whole } else { 0.0 }
        };
        cells(canvas, &panel, life, &columns, load);
    }
    borders(canvas, &panel, &measures.partition_lives);
    panel.shade(canvas, subject, 0.3);
    events(canvas, &panel, subject);
    panel.frame(canvas);
    keys(canvas, &panel);
    panel.times(canvas, &columns.remark("the mean over", "the mean over"));
    bar(canvas, capacity.is_some(), whole);
    counts(canvas, subject);
}

/// Fills one partition, a rectangle for each run of columns of one colour.
fn cells(
    canvas: &mut Canvas<'_>,
    panel: &Panel,
    life: &PartitionLife,
    columns: &Columns<'_>,
    load: impl Fn(usize) -> f64,
) {
    let (top, bottom) = rows(panel, life);
    let end = life.to.unwrap_or(panel.end);
    let mut run: Option<(Time, Time, RGBColor)> = None;
    let mut fill = |(from, to, colour): (Time, Time, RGBColor)| {
        canvas.fill((panel.x(from), top), (panel.x(to), bottom), colour, 1.0);
    };
    let first = columns.all.partition_point(|column| column.to <= life.from);
    for (number, column) in columns.all.iter().enumerate().skip(first) {
        let (from, to) = (column.from.max(life.from), column.to.min(end));
        if from >= to {
            break;
        }
        let colour = colour_of(load(number));
        run = match run {
            Some((start, _, same)) if same == colour => Some((start, to, colour)),
            before => {
                before.into_iter().for_each(&mut fill);
                Some((from, to, colour))
            }
        };
    }
    run.into_iter().for_each(&mut fill);
}

/// Lines between neighbours, where there is room for them.
fn borders(canvas: &mut Canvas<'_>, panel: &Panel, lives: &[PartitionLife]) {
    let stroke = Stroke::solid(colour::GREY, 1);
    for life in lives {
        let (top, bottom) = rows(panel, life);
        let (from, to) = (panel.x(life.from), panel.x(life.to.unwrap_or(panel.end)));
        if bottom - top >= 4 && from < to {
            canvas.line((from, top), (to, top), stroke);
        }
    }
}

/// Splits and merges with the range they concern, and refusals.
fn events(canvas: &mut Canvas<'_>, panel: &Panel, subject: Subject<'_>) {
    let measures = subject.measures();
    let mut seen: BTreeSet<(Mark, i32, i32)> = BTreeSet::new();
    let mut marks: Vec<(Mark, Point)> = Vec::new();
    for (at, event) in &measures.split_events {
        let (partition, key) = match *event {
            SplitEvent::Split { parent, at } => (Some(parent), Some(at)),
            SplitEvent::Merged { into, at } => (Some(into), Some(at)),
            SplitEvent::Recut { .. } => (None, None),
            SplitEvent::Refused { partition, .. } => (Some(partition), None),
        };
        let life = partition.and_then(|id| measures.partition_lives.get(id.0 as usize));
        let (top, bottom) = life.map_or((panel.top, panel.bottom), |life| rows(panel, life));
        let x = panel.x(*at);
        let y = key.map_or(i32::midpoint(top, bottom), |key| y_of(panel, u128::from(key)));
        let mark = mark_of(event);
        if seen.insert((mark, x / APART, y / APART)) {
            if mark != Mark::Refused {
                canvas.line((x, top), (x, bottom), Stroke::solid(colour::WHITE, 5));
                canvas.line((x, top), (x, bottom), Stroke::solid(colour::BLACK, 2));
            }
            marks.push((mark, (x, y)));
        }
    }
    for (mark, at) in marks {
        mark.draw(canvas, at);
    }
}

/// The axis of keys.
fn keys(canvas: &mut Canvas<'_>, panel: &Panel) {
    for (quarter, label) in ["0%", "25%", "50%", "75%", "100%"].into_iter().enumerate() {
        let y = y_of(panel, (quarter as u128) << 62);
        canvas.line((panel.left - 7, y), (panel.left, y), Stroke::solid(colour::BLACK, 2));
        canvas.text(label, (panel.left - 12, y), Type::SMALL, Align::Right);
    }
    let middle = i32::midpoint(panel.top, panel.bottom);
    canvas.upright("key space (64-bit hash)", (34, middle), Type::LABEL);
}

/// The colour bar.
fn bar(canvas: &mut Canvas<'_>, of_capacity: bool, whole: f64) {
    let (left, step) = (RIGHT + 30, 26);
    canvas.text("sends to a partition,", (left, TOP + 8), Type::STRONG, Align::Left);
    let unit = if of_capacity { "of its capacity" } else { "of the highest rate" };
    canvas.text(unit, (left, TOP + 32), Type::LABEL, Align::Left);
    let mut y = TOP + 54;
    if of_capacity {
        canvas.fill((left, y), (left + 34, y + step), colour::DEAD, 1.0);
        canvas.outline((left, y), (left + 34, y + step), colour::GREY);
        canvas.text("over", (left + 44, y + step / 2), Type::SMALL, Align::Left);
        y += step + 14;
    }
    let top = y;
    for colour in LOADS.iter().rev() {
        canvas.fill((left, y), (left + 34, y + step), *colour, 1.0);
        canvas.outline((left, y), (left + 34, y + step), colour::GREY);
        y += step;
    }
    let rate = format!("100% = {}/s", format::count(whole));
    for (quarter, label) in (0..).zip(["0%", "25%", "50%", "75%", rate.as_str()]) {
        let at = top + (4 - quarter) * (y - top) / 4;
        canvas.line((left + 34, at), (left + 40, at), Stroke::solid(colour::BLACK, 1));
        canvas.text(label, (left + 46, at), Type::SMALL, Align::Left);
    }
}

/// What the marks stand for, below the colour bar.
fn counts(canvas: &mut Canvas<'_>, subject: Subject<'_>) {
    let (left, mut y) = (RIGHT + 46, BOTTOM - 80);
    for (mark, count) in tally(subject) {
        mark.draw(canvas, (left, y));
        let text = format!("{}: {count}", mark.name());
        canvas.text(&text, (left + 30, y), Type::LABEL, Align::Left);
        y += 34;
    }
}
