//! Plots of a sweep, as SVG text: each measure over the settings that were varied.
//!
//! Owns which pictures there are, their files, and what stands above them. Must not know how a
//! setting or a measure is scaled.
//!
//! Over one setting it is lines, the quantiles of one latency together; over two it is a map of
//! coloured cells for each measure; more cannot be drawn legibly. A setting with one value is
//! none. Invariant: a point without a value is a gap, never a guess.

mod across;
mod lines;
mod map;
mod scale;

#[cfg(test)]
mod tests;

use std::rc::Rc;

use across::Across;

use super::canvas::{Align, Canvas, HEIGHT, Type, WIDTH};
use super::{Plot, PlotError, format, page};
use crate::outcome::{EstimatedMeasure, SweepKnob, SweepMeasure, SweepOutcome};

/// Most lines in one picture.
const MOST_LINES: usize = 6;

/// Every picture of a sweep, in the order of its measures; none for one that varies more than two
/// settings.
///
/// # Errors
/// [`PlotError`] if the drawing library fails, which it does only for lack of memory.
pub fn of_sweep(sweep: &SweepOutcome) -> Result<Vec<Plot>, PlotError> {
    each_of_sweep(sweep).collect()
}

/// Draws a picture, or says why not.
type Draw<'a> = Box<dyn Fn() -> Result<String, String> + 'a>;

/// The same one by one, each drawn when it is asked for.
pub fn each_of_sweep<'a>(
    sweep: &'a SweepOutcome,
) -> impl Iterator<Item = Result<Plot, PlotError>> + 'a {
    let mut varied: Vec<&SweepKnob> = sweep.vary.iter().filter(|k| k.values.len() > 1).collect();
    if varied.is_empty() {
        varied.extend(sweep.vary.first());
    }
    let all = sweep.measures.iter().map(|m| Series::of(sweep, m));
    let pictures: Vec<(String, Draw<'a>)> = match varied[..] {
        [knob] => {
            let across = Rc::new(Across::of(&knob.values));
            let picture = |group: Group<'a>| -> (String, Draw<'a>) {
                let name = group.name.clone();
                let across = Rc::clone(&across);
                let draw =
                    move || lines::Picture { sweep, knob, across: &across, group: &group }.draw();
                (name, Box::new(draw))
            };
            groups(&all.collect::<Vec<_>>()).into_iter().map(picture).collect()
        }
        [first, second] => {
            let map = |series: Series<'a>| -> (String, Draw<'a>) {
                let name = series.measure.text.clone();
                let draw = move || map::Map { sweep, first, second, series: &series }.draw();
                (name, Box::new(draw))
            };
            all.map(map).collect()
        }
        _ => Vec::new(),
    };
    let mut files: Vec<String> = Vec::new();
    pictures.into_iter().map(move |(name, draw)| {
        let file = file_name(&name, &files);
        files.push(file.clone());
        match draw() {
            Ok(svg) => Ok(Plot { file, svg }),
            Err(reason) => Err(PlotError { file, reason }),
        }
    })
}

/// One measure at every point.
#[derive(Clone)]
struct Series<'a> {
    measure: &'a SweepMeasure,
    /// `None` where no run has a value.
    values: Vec<Option<EstimatedMeasure>>,
    /// What theory says.
    theory: Vec<Option<f64>>,
    /// The function and the latency of `p99(sent_to_deleted)`.
    taken: Option<(&'a str, &'a str)>,
}

impl<'a> Series<'a> {
    fn of(sweep: &SweepOutcome, measure: &'a SweepMeasure) -> Series<'a> {
        let SweepMeasure { text, unit } = measure;
        let value = |found: &EstimatedMeasure| found.n > 0 && found.mean.is_finite();
        let points = || sweep.points.iter();
        Series {
            measure,
            values: points().map(|p| p.measures.get(text).copied().filter(value)).collect(),
            theory: points().map(|p| p.theory.get(text).copied()).collect(),
            taken: taken(text).filter(|_| unit == "ns"),
        }
    }

    /// Means, and what theory says.
    fn means(&self) -> impl Iterator<Item = f64> {
        let means = self.values.iter().flatten().map(|value| value.mean);
        means.chain(self.theory.iter().flatten().copied())
    }
}

/// `p99` and `sent_to_deleted`: a mean or a quantile, and of what.
fn taken(text: &str) -> Option<(&str, &str)> {
    let (function, argument) = text.strip_suffix(')')?.split_once('(')?;
    let quantile = function.strip_prefix('p').is_some_and(|p| p.parse::<u32>().is_ok());
    let plain = argument.chars().all(|c| c.is_alphanumeric() || "._-".contains(c));
    ((quantile || function == "mean") && plain).then_some((function, argument))
}

/// Measures in one picture.
struct Group<'a> {
    name: String,
    series: Vec<Series<'a>>,
}

/// The measures in their order, those of one latency together with the first of them: its
/// mean, then its quantiles from the lowest.
fn groups<'a>(all: &[Series<'a>]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for (at, series) in all.iter().enumerate() {
        let alike =
            |other: &Series<'_>| series.taken.zip(other.taken).is_some_and(|(a, b)| a.1 == b.1);
        if all[..at].iter().any(alike) {
            continue;
        }
        let mut members: Vec<Series<'a>> = std::iter::once(series)
            .chain(all[at + 1..].iter().filter(|o| alike(o)))
            .cloned()
            .collect();
        members.sort_by(|a, b| rank(a).total_cmp(&rank(b)));
        for series in members.chunks(MOST_LINES) {
            let name = match (series, series[0].taken) {
                ([_, _, ..], Some((_, latency))) => latency.to_owned(),
                _ => series[0].measure.text.clone(),
            };
            groups.push(Group { name, series: series.to_vec() });
        }
    }
    groups
}

/// The share of a quantile; 0 for a mean, which stands before them.
fn rank(series: &Series<'_>) -> f64 {
    let digits = series.taken.and_then(|(function, _)| function.strip_prefix('p'));
    digits.and_then(|digits| format!("0.{digits}").parse().ok()).unwrap_or(0.0)
}

/// `sweep-p99-sent_to_deleted.svg`: what a name has beside letters, digits and `_` becomes `-`.
fn file_name(name: &str, taken: &[String]) -> String {
    let words = name.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let name: String = words.join("-").chars().take(80).collect();
    let numbered = (2..).map(|number| format!("sweep-{name}-{number}.svg"));
    let mut names = std::iter::once(format!("sweep-{name}.svg")).chain(numbered);
    names.find(|file| !taken.contains(file)).unwrap_or_default()
}

/// Title, which states the finding, and what the picture is of.
fn header(canvas: &mut Canvas<'_>, sweep: &SweepOutcome, title: &str) {
    let SweepOutcome { scenario, seed, replications, .. } = sweep;
    let runs = match replications {
        1 => "one run a point".to_owned(),
        _ => format!("{replications} runs a point"),
    };
    let verdict = match (sweep.first_that_holds, judged(sweep)) {
        (Some(first), _) => {
            let place = sweep.vary.iter().zip(&sweep.points[first as usize].at);
            let short = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
            let place: Vec<String> =
                place.map(|(knob, value)| format!("{} = {value}", short(&knob.path))).collect();
            format!("; expectations hold first at {}", place.join(", "))
        }
        (None, true) => "; expectations hold nowhere".to_owned(),
        (None, false) => String::new(),
    };
    let partial = sweep.points.iter().find_map(|point| point.partial.as_ref());
    let partial = partial.map_or_else(String::new, |why| format!("; PARTIAL: a run {why}"));
    let scenario = format::clipped(scenario, 32);
    let about = format!("{scenario}, seed {seed}, {runs}{partial}{verdict}");
    page::heading(canvas, title, &format::clipped(&about, 130));
}

/// Says why a picture is empty.
fn nothing(canvas: &mut Canvas<'_>) {
    let text = "nothing to show: no run has a value";
    canvas.text(text, (WIDTH / 2, HEIGHT / 2), Type::STRONG, Align::Centre);
}

/// Whether the scenario has expectations.
fn judged(sweep: &SweepOutcome) -> bool {
    sweep.points.iter().any(|point| !point.expect.is_empty())
}
