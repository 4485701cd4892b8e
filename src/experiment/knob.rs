//! A setting and the values it is given, as `--vary` and `--find` write them.
//!
//! Owns the notation. Must not know whether the setting exists or takes the values: that is found
//! where a point is loaded.
//!
//! ```text
//! knob  = PATH "=" item ("," item)*
//! item  = range | value as in --set
//! range = FROM ".." TO [":" STEP | ":x" FACTOR]     both ends belong to it
//! ```
//!
//! Invariant: values are steps of whole numbers (nanoseconds, or units of the last decimal
//! written), so that `0.1..0.3:0.1` is three values on every machine.

use crate::kernel::time::Span;
use crate::scenario::fault::{Fault, FaultSource, Faults, Place};
use crate::scenario::units::parse_span;

/// Most values of one knob.
const MOST_VALUES: usize = 100_000;

/// A setting with the values to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knob {
    /// As `--set` takes it: `consumers.workers.count`.
    pub path: String,
    /// As `--set` takes them, in the order given.
    pub values: Vec<String>,
}

impl Knob {
    /// Reads a knob. `option` is what it was written for, such as `--vary`, for messages.
    ///
    /// # Errors
    /// Its text has no value, or a range that makes no sense.
    pub fn parse(option: &str, text: &str, faults: &mut Faults) -> Result<Knob, Fault> {
        let source =
            faults.add_source(FaultSource { name: option.to_owned(), text: text.to_owned() });
        let form = format!(
            "such as `{option} consumers.workers.count=4..64:4` or \
             `{option} queues.jobs.visibility_timeout=5s,10s,30s`"
        );
        let all = Place { source, start: 0, end: text.len() };
        let Some((path, _)) = text.split_once('=') else {
            return Err(Fault::new(format!("`{text}` is not PATH=VALUES")).at(all, "").help(form));
        };
        let mut values: Vec<String> = Vec::new();
        let mut start = path.len() + 1;
        for item in items(&text[start..]) {
            let place = Place { source, start, end: start + item.len() };
            start = place.end + 1;
            let fault = |what: String| Fault::new(what).at(place, path).help(form.clone());
            if item.trim().is_empty() {
                return Err(fault("a value is missing here".to_owned()));
            }
            if let Some(meant) = meant_as_range(item.trim()) {
                let what = format!("`{}` is no value and no range", item.trim());
                return Err(Fault::new(what).at(place, path).help(format!("write `{meant}`")));
            }
            match range(item.trim()) {
                None => values.push(item.trim().to_owned()),
                Some(range) => values.extend(range.map_err(fault)?),
            }
            if values.len() > MOST_VALUES {
                return Err(fault(format!("these are more than {MOST_VALUES} values")));
            }
        }
        if let Some(twice) = first_repeated(&values) {
            let what = format!("`{path}` is given the value `{twice}` twice");
            return Err(Fault::new(what).at(all, path).help("name each value once"));
        }
        Ok(Knob { path: path.to_owned(), values })
    }

    /// The change that gives it the value at `place`: `PATH=VALUE`.
    pub fn set(&self, place: usize) -> String {
        format!("{}={}", self.path, self.values[place])
    }

    /// Whether its values are numbers or lengths of one kind that grow from each to the next.
    pub fn ascends(&self) -> bool {
        let texts: Vec<&str> = self.values.iter().map(String::as_str).collect();
        let numbers = if texts.is_empty() { None } else { alike(&texts) };
        numbers.is_some_and(|(_, numbers)| numbers.windows(2).all(|pair| pair[0] < pair[1]))
    }

    /// The last step of its path, for the head of a column: `count`.
    pub fn short(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or(&self.path)
    }
}

fn first_repeated(values: &[String]) -> Option<&String> {
    let mut sorted: Vec<&String> = values.iter().collect();
    sorted.sort();
    sorted.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

/// The parts between commas that stand outside brackets and quotes.
fn items(text: &str) -> Vec<&str> {
    let mut items = Vec::new();
    let (mut depth, mut quoted, mut from) = (0_u32, false, 0);
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                items.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    items.push(&text[from..]);
    items
}

/// The range that was probably meant by `2-8`, `2:8`, `2 to 8` or `2…8`.
fn meant_as_range(item: &str) -> Option<String> {
    let number = |text: &str| {
        let text = text.trim();
        let digits = text.starts_with(|c: char| c.is_ascii_digit());
        (digits && alike(&[text]).is_some()).then(|| text.to_owned())
    };
    if let Some((from, to)) = item.split_once("..=") {
        return Some(format!("{from}..{to}"));
    }
    if item.contains("..") || item.parse::<f64>().is_ok() {
        return None;
    }
    for mark in [" to ", "…", "–", "-", ":"] {
        let mut parts = item.split(mark).map(number);
        let (Some(from), Some(to)) = (parts.next(), parts.next()) else { continue };
        let (from, to) = (from?, to?);
        let descends = alike(&[&from, &to]).is_some_and(|(_, ends)| ends[0] > ends[1]);
        let range = if descends { format!("{to}..{from}") } else { format!("{from}..{to}") };
        return match (parts.next(), parts.next()) {
            (None, _) => Some(range),
            (Some(step), None) => Some(format!("{range}:{}", step?)),
            _ => None,
        };
    }
    None
}

/// The values of a range; `None` for an item that is none.
fn range(item: &str) -> Option<Result<Vec<String>, String>> {
    if item.starts_with(['"', '(', '[', '{']) || item.ends_with(')') {
        return None;
    }
    let (from, rest) = item.split_once("..")?;
    let (to, step) = match rest.split_once(':') {
        Some((to, step)) => (to, Some(step)),
        None => (rest, None),
    };
    Some(steps(item, from, to, step))
}

/// How a number of a range counts.
#[derive(Clone, Debug, PartialEq)]
enum Count {
    /// Nanoseconds.
    Length,
    /// Units of the last of so many decimals, with what follows the number: `/s`, `%`.
    Number(u32, String),
}

impl Count {
    fn write(&self, value: u128) -> String {
        match self {
            Count::Length => Span::from_nanos(u64::try_from(value).unwrap_or(u64::MAX)).to_string(),
            Count::Number(0, suffix) => format!("{value}{suffix}"),
            Count::Number(decimals, suffix) => {
                let one = 10_u128.pow(*decimals);
                let width = *decimals as usize;
                let text = format!("{}.{:0width$}", value / one, value % one);
                format!("{}{suffix}", text.trim_end_matches('0').trim_end_matches('.'))
            }
        }
    }
}

fn steps(item: &str, from: &str, to: &str, step: Option<&str>) -> Result<Vec<String>, String> {
    let factor = step.and_then(|step| step.strip_prefix('x'));
    let added = step.filter(|_| factor.is_none());
    let written: Vec<&str> = [from, to].into_iter().chain(added).collect();
    let (count, numbers) = alike(&written).ok_or_else(|| {
        format!("`{item}` is not a range of whole numbers, numbers of one unit or lengths of time")
    })?;
    let (first, last) = (numbers[0], numbers[1]);
    if first > last {
        return Err(format!("`{item}` begins after its end"));
    }
    let next: Box<dyn Fn(u128) -> u128> = match (factor, numbers.get(2)) {
        (Some(factor), _) => {
            let (Some((Count::Number(decimals, _), parts)), false) =
                (alike(&[factor]), factor.is_empty())
            else {
                return Err(format!("`x{factor}` is not a factor, such as `x2` or `x1.5`"));
            };
            let (times, of) = (parts[0], 10_u128.pow(decimals));
            if times <= of || first == 0 {
                return Err(format!(
                    "`{item}` does not grow: begin above 0, with a factor above 1"
                ));
            }
            // Rounded up, so that it grows.
            Box::new(move |value| (value * times).div_ceil(of))
        }
        (None, Some(&0)) => return Err(format!("the step of `{item}` is 0")),
        (None, Some(&step)) => Box::new(move |value| value + step),
        (None, None) if matches!(&count, Count::Number(0, unit) if unit.is_empty()) => {
            Box::new(|value| value + 1)
        }
        (None, None) => {
            let example = format!("`{item}:x2` doubles, `{item}:{from}` adds {from} each time");
            return Err(format!("`{item}` does not say its step; {example}"));
        }
    };
    let values = std::iter::successors(Some(first), |&value| Some(next(value)));
    let values = values.take_while(|&value| value <= last).take(MOST_VALUES + 1);
    Ok(values.map(|value| count.write(value)).collect())
}

/// Numbers that count alike, or `None`.
fn alike(texts: &[&str]) -> Option<(Count, Vec<u128>)> {
    let lengths: Result<Vec<Span>, _> = texts.iter().map(|text| parse_span(text)).collect();
    if let Ok(lengths) = lengths {
        let nanos = lengths.into_iter().map(|length| u128::from(length.as_nanos()));
        return Some((Count::Length, nanos.collect()));
    }
    let parts: Vec<(&str, &str, &str)> =
        texts.iter().map(|text| decimal(text)).collect::<Option<_>>()?;
    let suffix = parts[0].2;
    if parts.iter().any(|part| part.2 != suffix) {
        return None;
    }
    let decimals = parts.iter().map(|part| part.1.len()).max()?;
    let numbers = parts.iter().map(|(whole, fraction, _)| {
        format!("{whole}{fraction:0<decimals$}").parse::<u64>().ok().map(u128::from)
    });
    Some((Count::Number(decimals as u32, suffix.to_owned()), numbers.collect::<Option<_>>()?))
}

/// `1.50/s` is `1`, `50` and `/s`.
fn decimal(text: &str) -> Option<(&str, &str, &str)> {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (whole, rest) = text.split_at(digits(text));
    let (fraction, suffix) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    let pointed = rest.starts_with('.') != fraction.is_empty();
    let numeric = suffix.chars().all(|c| c == '%' || c == '/' || c.is_alphabetic());
    (!whole.is_empty() && pointed && numeric).then_some((whole, fraction, suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        let knob = Knob::parse("--vary", &format!("a.b={text}"), &mut Faults::default());
        knob.unwrap_or_else(|fault| panic!("{text}: {fault:?}")).values
    }

    fn refused(text: &str) -> String {
        Knob::parse("--vary", text, &mut Faults::default()).expect_err(text).what
    }

    #[test]
    fn lists_ranges_and_both() {
        assert_eq!(values("4..16:4"), ["4", "8", "12", "16"]);
        assert_eq!(values("4..15:4"), ["4", "8", "12"]);
        assert_eq!(values("1..3"), ["1", "2", "3"]);
        assert_eq!(values("1, 2,8..64:x2"), ["1", "2", "8", "16", "32", "64"]);
        assert_eq!(values("5s,10s,30s"), ["5s", "10s", "30s"]);
        assert_eq!(values("30s..2m:30s"), ["30s", "1m", "1m30s", "2m"]);
        assert_eq!(values("100ms..1s:x3"), ["100ms", "300ms", "900ms"]);
        assert_eq!(values("100/s..200/s:50/s"), ["100/s", "150/s", "200/s"]);
        assert_eq!(values("0.5%..2%:0.5%"), ["0.5%", "1%", "1.5%", "2%"]);
        assert_eq!(values("0.1..0.3:0.1"), ["0.1", "0.2", "0.3"]);
        // A factor that rounds still grows.
        assert_eq!(values("1..6:x1.2"), ["1", "2", "3", "4", "5", "6"]);
        let dists = values("Exponential(\"40ms\"),LogNormal(p50: \"1ms\", p99: \"2ms\")");
        assert_eq!(dists, ["Exponential(\"40ms\")", "LogNormal(p50: \"1ms\", p99: \"2ms\")"]);
        assert_eq!(values("\"a,b..c\""), ["\"a,b..c\""]);
        // Brackets in quotes are none.
        assert_eq!(values("\"(\",x"), ["\"(\"", "x"]);
        assert_eq!(values("F(\")\",2),3"), ["F(\")\",2)", "3"]);
        assert_eq!(values("5..5"), ["5"], "begins at its end");
        assert_eq!(values("1..100000").len(), 100_000, "as many as may be");
    }

    #[test]
    fn a_knob_sets_its_path_and_is_called_by_its_last_step() {
        let text = "consumers.workers.count=4,8";
        let knob = Knob::parse("--vary", text, &mut Faults::default()).expect("two values");
        assert_eq!([knob.set(0), knob.set(1)], [4, 8].map(|n| format!("{}={n}", knob.path)));
        assert_eq!((knob.path.as_str(), knob.short()), ("consumers.workers.count", "count"));
        let seed = Knob::parse("--vary", "seed=1", &mut Faults::default()).expect("one value");
        assert_eq!(seed.short(), "seed");
    }

    #[test]
    fn values_of_one_kind_may_ascend() {
        let ascends = |text: &str| {
            let knob = Knob::parse("--find", &format!("a.b={text}"), &mut Faults::default());
            knob.unwrap_or_else(|fault| panic!("{text}: {fault:?}")).ascends()
        };
        assert!(ascends("1..8") && ascends("2,10") && ascends("1s,1500ms") && ascends("0.5%,1%"));
        assert!(!ascends("8,4,2") && !ascends("1,3,2") && !ascends("Static,Ewma()"));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_place() {
        assert_eq!(refused("workers"), "`workers` is not PATH=VALUES");
        assert_eq!(refused("a="), "a value is missing here");
        assert_eq!(refused("a=1,,2"), "a value is missing here");
        assert_eq!(refused("a=5..1"), "`5..1` begins after its end");
        assert_eq!(refused("a=1..5:0"), "the step of `1..5:0` is 0");
        for other in ["2-8", "2–8", "2:8", "2 to 8", "2…8", "2..=8", "2 - 8", "8-2"] {
            let mut faults = Faults::default();
            let fault = Knob::parse("--vary", &format!("a={other}"), &mut faults).unwrap_err();
            assert_eq!(fault.help, ["write `2..8`"], "{other}");
            assert_eq!(fault.place.map(|place| place.start), Some(2), "{other}");
        }
        for (other, range) in [("5s-30s", "5s..30s"), ("2:8:2", "2..8:2"), ("1%-5%", "1%..5%")] {
            let mut faults = Faults::default();
            let fault = Knob::parse("--find", &format!("a={other}"), &mut faults).unwrap_err();
            assert_eq!(fault.help, [format!("write `{range}`")], "{other}");
        }
        assert_eq!(values("1e-3,Sticky(\"60s\"),us-east"), ["1e-3", "Sticky(\"60s\")", "us-east"]);
        assert!(refused("a=1s..5s").contains("`1s..5s:x2` doubles, `1s..5s:1s` adds 1s"));
        assert!(refused("a=1s..5/s").contains("numbers of one unit"));
        assert!(refused("a=0..5:x2").contains("begin above 0"));
        assert!(refused("a=1..5:x1").contains("a factor above 1"));
        assert!(refused("a=1..5:xy").contains("is not a factor"));
        assert_eq!(refused("a=1,2,1"), "`a` is given the value `1` twice");
        assert!(refused("a=0..1000000").contains("more than 100000 values"));
        assert!(refused("a=1..100001").contains("more than 100000 values"));
        for number in [".5", "2.", "2#", "-2"] {
            let what = refused(&format!("a=0..{number}:1"));
            assert!(what.contains("is not a range of whole numbers"), "{number}: {what}");
        }
        let mut faults = Faults::default();
        let fault = Knob::parse("--vary", "a=1,9..2", &mut faults).unwrap_err();
        let (name, line, column) = faults.position(&fault).unwrap();
        assert_eq!((name, line, column), ("--vary", 1, 5));
    }
}
