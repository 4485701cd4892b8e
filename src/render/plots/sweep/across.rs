//! The values of a setting as an axis.
//!
//! Owns their places and labels. Must not know what is drawn over them. The labels are the values
//! as they were written: an axis of settings has no other ticks.

use crate::kernel::num;
use crate::render::plots::canvas::{Align, Canvas, Stroke, Type, colour};
use crate::render::plots::format;
use crate::scenario::units::parse_span;

/// The greatest value is at least so many times the least where an axis is logarithmic.
const LEAST_SPREAD: f64 = 4.0;
/// Two values so far apart are on a logarithmic axis too.
const WIDE: f64 = 100.0;
/// Most characters of a label.
const LONGEST: usize = 28;

/// An axis.
pub(super) struct Across {
    /// As written, without what all share.
    pub(super) labels: Vec<String>,
    /// Where each value is: 0 at the beginning of the axis, 1 at its end.
    pub(super) places: Vec<f64>,
    /// The values' numbers from left to right.
    pub(super) order: Vec<usize>,
    /// Whether they are words, with nothing between one and the next.
    pub(super) words: bool,
    /// Whether equal steps are equal factors.
    pub(super) logarithmic: bool,
    /// What all values are wrapped in: `Exponential(…)`; else empty.
    pub(super) wrapper: String,
}

impl Across {
    /// The axis for these values: of numbers where they are numbers of one unit or lengths of
    /// time, else of words in their order.
    pub(super) fn of(values: &[String]) -> Across {
        let (wrapper, labels) = unwrapped(values);
        let numbers: Option<Vec<f64>> = numbers(&labels);
        let mut order: Vec<usize> = (0..labels.len()).collect();
        let Some(numbers) = numbers else {
            let place = |at: usize| (at as f64 + 0.5) / labels.len() as f64;
            let places = order.iter().map(|at| place(*at)).collect();
            return Across { labels, places, order, words: true, logarithmic: false, wrapper };
        };
        order.sort_by(|a, b| numbers[*a].total_cmp(&numbers[*b]));
        let sorted: Vec<f64> = order.iter().map(|at| numbers[*at]).collect();
        let logarithmic = by_factor(&sorted);
        let scaled = |value: f64| if logarithmic { num::log10(value) } else { value };
        let (low, high) = (scaled(sorted[0]), scaled(sorted[sorted.len() - 1]));
        let place = |value: &f64| {
            if high > low { (scaled(*value) - low) / (high - low) } else { 0.5 }
        };
        let places = numbers.iter().map(place).collect();
        Across { labels, places, order, words: false, logarithmic, wrapper }
    }

    /// Writes the labels below the line from `left` to `right` at `y`, as many as fit: first that
    /// of the value `stressed`, then both ends.
    pub(super) fn write(
        &self,
        canvas: &mut Canvas<'_>,
        (left, right): (i32, i32),
        y: i32,
        stressed: Option<usize>,
    ) {
        let x = |at: usize| left + libm::rint(self.places[at] * f64::from(right - left)) as i32;
        let slot = (right - left).unsigned_abs() as usize / self.labels.len().max(1);
        let most = if self.words { (slot / 10).clamp(5, LONGEST) } else { LONGEST };
        let mut written: Vec<(i32, i32)> = Vec::new();
        let ends = [self.order.first().copied(), self.order.last().copied()];
        let wanted = std::iter::once(stressed).chain(ends).flatten();
        // Every hundredth, …, every second, all: so that those that fit stand evenly.
        let evenly = [100, 50, 20, 10, 5, 2, 1]
            .into_iter()
            .flat_map(|every| self.order.iter().copied().skip(every - 1).step_by(every));
        for at in wanted.chain(evenly) {
            let label = format::clipped(&self.labels[at], most);
            let half = Type::SMALL.width(&label) / 2 + 4;
            let (from, to) = (x(at) - half, x(at) + half);
            if written.iter().all(|(start, end)| to <= *start || from >= *end) {
                written.push((from, to));
                canvas.line((x(at), y), (x(at), y + 7), Stroke::solid(colour::BLACK, 2));
                canvas.text(&label, (x(at), y + 22), Type::SMALL, Align::Centre);
            }
        }
    }
}

/// What all values are wrapped in, `Exponential("8ms")` as `Exponential(…)`, and what is inside.
fn unwrapped(values: &[String]) -> (String, Vec<String>) {
    let parts = |value: &str| -> Option<(String, String)> {
        let (name, inside) = match value.strip_suffix(')') {
            Some(rest) => rest.split_once('(')?,
            None => ("", value),
        };
        let inside = inside.strip_prefix('"').and_then(|i| i.strip_suffix('"')).unwrap_or(inside);
        (!inside.contains(['"', '(', ','])).then(|| (name.to_owned(), inside.to_owned()))
    };
    let all: Option<Vec<(String, String)>> = values.iter().map(|value| parts(value)).collect();
    match all {
        Some(all) if all.iter().all(|(name, _)| *name == all[0].0) => {
            let name = &all[0].0;
            let wrapper = if name.is_empty() { String::new() } else { format!("{name}(…)") };
            (wrapper, all.into_iter().map(|(_, inside)| inside).collect())
        }
        _ => (String::new(), values.to_vec()),
    }
}

/// The values as numbers, if they are lengths of time or numbers of one unit.
fn numbers(labels: &[String]) -> Option<Vec<f64>> {
    let lengths: Result<Vec<f64>, String> =
        labels.iter().map(|label| parse_span(label).map(|span| span.as_nanos() as f64)).collect();
    if let Ok(lengths) = lengths {
        return Some(lengths);
    }
    let digits = |label: &str| {
        let numeric = |c: char| c.is_ascii_digit() || ".-_".contains(c);
        label.find(|c| !numeric(c)).unwrap_or(label.len())
    };
    let unit = |label: &'_ String| label[digits(label)..].to_owned();
    let first = unit(labels.first()?);
    let number = |label: &String| {
        let number: f64 = label[..digits(label)].replace('_', "").parse().ok()?;
        (number.is_finite() && unit(label) == first).then_some(number)
    };
    labels.iter().map(number).collect()
}

/// Whether ascending values are spaced by a factor rather than by a step: their ratios are more
/// alike than their differences.
fn by_factor(sorted: &[f64]) -> bool {
    let (low, high) = (sorted[0], sorted[sorted.len() - 1]);
    if low <= 0.0 || high < LEAST_SPREAD * low {
        return false;
    }
    if sorted.len() < 3 {
        return high >= WIDE * low;
    }
    let unlike = |gap: fn(f64, f64) -> f64| {
        let gaps = sorted.windows(2).map(|pair| gap(pair[0], pair[1]));
        let (least, most) =
            gaps.fold((f64::INFINITY, 0.0_f64), |(l, m), gap| (l.min(gap), m.max(gap)));
        most / least
    };
    unlike(|a, b| num::ln(b / a)) < unlike(|a, b| b - a)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn across(values: &str) -> Across {
        Across::of(&values.split(", ").map(str::to_owned).collect::<Vec<_>>())
    }

    fn assert_places(found: &Across, expected: &[f64]) {
        assert_eq!(found.places.len(), expected.len());
        for (found, expected) in found.places.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-3, "{found}, not {expected}");
        }
    }

    #[test]
    fn steps_are_linear_and_factors_logarithmic() {
        let steps = across("4, 8, 12, 16");
        assert!(!steps.words && !steps.logarithmic);
        assert_places(&steps, &[0.0, 0.333, 0.667, 1.0]);
        for factors in ["1, 10, 100", "1ms, 60ms, 3600ms", "2/s, 4/s, 8/s", "1, 100"] {
            assert!(across(factors).logarithmic, "{factors}");
        }
        assert_places(&across("1, 2, 5, 10"), &[0.0, 0.301, 0.699, 1.0]);
        for even in ["0, 1, 10, 100", "1, 2", "1, 2, 3, 4, 5", "10%, 11%, 12.1%", "-1, 5, 25"] {
            assert!(!across(even).logarithmic, "{even}");
        }
    }

    #[test]
    fn values_stand_by_their_size_and_words_as_given() {
        let lengths = across("1m, 1s, 30s500ms");
        assert_eq!(lengths.order, [1, 2, 0]);
        assert_places(&lengths, &[1.0, 0.0, 0.5]);
        let words = across("RegisterAll, PowerOfTwo, Sampled");
        assert!(words.words);
        assert_eq!(words.order, [0, 1, 2]);
        assert_places(&words, &[0.166_7, 0.5, 0.833_3]);
        assert!(across("4/s, 4").words, "unlike units");
        assert_places(&across("4"), &[0.5]);
    }

    #[test]
    fn what_all_values_share_is_told_once() {
        let rates = across("Poisson(\"40/s\"), Poisson(\"80/s\")");
        assert_eq!((rates.wrapper.as_str(), rates.words), ("Poisson(…)", false));
        assert_eq!(rates.labels, ["40/s", "80/s"]);
        let unlike = across("Poisson(\"40/s\"), Constant(\"80/s\")");
        assert_eq!((unlike.wrapper.as_str(), unlike.words), ("", true));
        let deep = Across::of(&["LogNormal(p50: \"1ms\", p99: \"2ms\")".to_owned()]);
        assert!(deep.words && deep.labels[0].starts_with("LogNormal"));
    }
}
