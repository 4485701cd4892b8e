//! How precisely means are known, where that was asked for.
//!
//! Owns the sentences. Must not know how many replications are made, nor why.
//!
//! Invariant: where it is not enough, the sentence says what would be.

use super::warnings::thin_words;
use super::written;
use crate::experiment::precision::Known;
use crate::render::units;
use crate::scenario::visible::brief;
use crate::stats::expect::{Unit, parse_quantity};

/// What replications for a precision have reached.
#[derive(Clone, Copy, Debug)]
pub struct PrecisionReached<'a> {
    /// Each quantity.
    pub known: &'a [Known],
    /// Half the width of an interval, as a share of the mean, that was asked for.
    pub asked: f64,
}

impl PrecisionReached<'_> {
    /// One line a quantity.
    pub(super) fn lines(self, replications: usize) -> Vec<String> {
        self.known.iter().map(|known| self.line(known, replications)).collect()
    }

    fn line(self, known: &Known, replications: usize) -> String {
        let (text, asked) = (brief(&known.text), units::percent(self.asked));
        if let Some(why) = &known.note {
            return format!("precision: {why}, so `{text}` cannot be known to ±{asked}");
        }
        let unit = parse_quantity(&known.text).map_or(Unit::Number, |quantity| quantity.unit());
        let mean = written(known.summary.mean, unit, false);
        let half = known.half.map_or_else(String::new, |half| match known.summary.mean.abs() {
            0.0 if half > 0.0 => " with a mean of nothing".to_owned(),
            0.0 => " exactly".to_owned(),
            mean => format!(" to ±{}", units::percent(half / mean)),
        });
        let reached = format!("`{text}` is {mean}, known{half} after {replications} replications");
        if known.enough {
            return format!("precision: {reached} (asked for: ±{asked})");
        }
        if let Some(thin) = known.thin {
            let (words, needs) = (thin_words(thin), known.needs.unwrap_or(0));
            return format!(
                "NOT PRECISE: `{text}` is {mean} after {replications} replications, but {words}; \
                 about {needs} would do: `--max-reps {needs}`"
            );
        }
        let remedy = match known.needs {
            Some(needs) => format!("about {needs} would do: `--max-reps {needs}`"),
            None => "nobody can tell how many would do".to_owned(),
        };
        format!("NOT PRECISE: {reached}, asked for was ±{asked}; {remedy}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::precision::Target;
    use crate::stats::expect::Told;
    use crate::stats::pool::Reading;

    fn line(text: &str, told: &[Told], asked: f64) -> String {
        let target = Target { of: &[], precision: asked, confidence: 0.95 };
        let known = [Known::of(&parse_quantity(text).expect(text), told, target)];
        PrecisionReached { known: &known, asked }.lines(told.len()).concat()
    }

    /// Ten values 90 and 110 ms in turn: standard deviation 10.54, half width 2.262·10.54/√10 =
    /// 7.54 ms, which about 6 replications give to 10 % and 430 to 1 % (1.96²·111/1 = 427).
    #[test]
    fn a_line_says_whether_it_was_enough_and_what_would_be() {
        let wait = |n| Reading::Mean(if n % 2 == 0 { 90e6 } else { 110e6 });
        let values: Vec<Told> = (0..10).map(|n| Told(vec![Ok(wait(n))])).collect();
        let enough = "precision: `mean(sent_to_received)` is 100ms, known to ±7.5% after 10 \
                      replications (asked for: ±10%)";
        assert_eq!(line("mean(sent_to_received)", &values, 0.1), enough);
        let open = line("mean(sent_to_received)", &values, 0.01);
        let expected = "NOT PRECISE: `mean(sent_to_received)` is 100ms, known to ±7.5% after 10 \
                        replications, asked for was ±1.0%; about 430 would do: `--max-reps 430`";
        assert_eq!(open, expected);
        let none =
            line("mean(sent_to_received)", &[Told(vec![Err("no message".to_owned())])], 0.01);
        assert!(none.starts_with("precision: no message, so `mean(sent_to_received)` cannot"));
    }
}
