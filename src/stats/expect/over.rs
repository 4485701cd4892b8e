//! An expression over several runs.
//!
//! Owns what is kept of a run so that expressions can be computed over many: a reading of each
//! measure. Must not know how readings merge: [`crate::stats::pool`] does.
//!
//! Invariant: readings stand in the order of the measures in the text.

use super::parse::Expr;
use super::{Comparison, Expectation, Names, Quantity};
use crate::observe::measured::Measured;
use crate::stats::pool::{Pooled, Reading, Runs, Sampled, tail};
use crate::stats::tail::Tail;

/// What one run tells of an expression: a reading of each measure in it, or why there is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told(pub Vec<Result<Reading, String>>);

impl Told {
    /// Whether it tells of every measure.
    pub fn is_whole(&self) -> bool {
        self.missing().is_none()
    }

    /// In the run itself, where the expression is one measure; `None` if it has no value there.
    pub fn alone(&self) -> Option<f64> {
        let [Ok(reading)] = &self.0[..] else { return None };
        reading.value()
    }

    /// Why it does not tell of every measure.
    pub fn missing(&self) -> Option<&String> {
        self.0.iter().find_map(|reading| reading.as_ref().err())
    }
}

/// Both sides of an expectation over several runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// The measured side.
    pub value: Sampled,
    /// The other one.
    pub limit: Sampled,
    /// By how much it holds: negative where it does not. For `==` and `!=` the distance.
    pub margin: Sampled,
    comparison: Comparison,
    /// A percentile against a constant, by counting.
    tail: Option<Tail>,
}

impl Compared {
    /// Whether it surely holds or surely does not, with this confidence: the interval of its margin
    /// lies on one side of zero, or, where a percentile has none, messages beyond the limit decide
    /// it. `None` where neither does.
    pub fn surely(&self, confidence: f64) -> Option<bool> {
        let margin = self.margin.value;
        match self.margin.cautious_half_width_at(confidence) {
            Some(half) if half < margin.abs() => return Some(margin > 0.0),
            // Every run lies on the limit.
            Some(0.0) if self.margin.is_backed() => {
                return Some(self.comparison.holds(self.value.value, self.limit.value));
            }
            _ => {}
        }
        let tail = self.tail.filter(|_| !self.margin.is_backed())?;
        let below = tail.is_below((1.0 - confidence) / 2.0)?;
        Some(below == self.comparison.is_below()?)
    }
}

/// The measures of expressions in all runs together, and without each.
struct Measures {
    pooled: Vec<Pooled>,
    runs: usize,
}

impl Measures {
    /// Of runs that tell of every measure; `None` where parts of a run do not.
    fn of(told: &[&Told], runs: Runs) -> Option<Measures> {
        let width = told.first()?.0.len();
        let pooled = (0..width).map(|at| {
            let readings = told.iter().filter_map(|told| told.0.get(at)?.as_ref().ok());
            Pooled::of(&readings.collect::<Vec<_>>(), runs)
        });
        Some(Measures { pooled: pooled.collect::<Option<_>>()?, runs: told.len() })
    }

    /// An expression of the measures from place `from` on, or why it has no value.
    fn sampled(&self, of: &Expr, from: usize) -> Result<Sampled, String> {
        let computed = |value: &dyn Fn(&Pooled) -> Option<f64>| {
            let mut at = from;
            of.computed(&mut |measure| {
                at += 1;
                value(&self.pooled[at - 1]).ok_or_else(|| measure.no_value())
            })
        };
        let all = computed(&|pooled| pooled.all)?;
        let measures = &self.pooled[from..from + count(of)];
        let own = |run: usize| {
            let own = |pooled: &Pooled| pooled.own.as_ref().map(|own| own[run]);
            computed(&own).ok()
        };
        let averages = of.is_linear() && measures.iter().all(|pooled| pooled.own.is_some());
        let sampled = if averages {
            let own: Option<Vec<f64>> = (0..self.runs).map(own).collect();
            own.and_then(Sampled::of_own)
        } else {
            let without: Vec<Option<f64>> =
                (0..self.runs).map(|run| computed(&|pooled| pooled.without[run]).ok()).collect();
            let beyond = measures.iter().filter_map(|pooled| pooled.beyond);
            Sampled::of(Some(all), &without, beyond.reduce(f64::min))
        };
        sampled.ok_or_else(|| "no run tells of it".to_owned())
    }
}

/// Measures in an expression.
fn count(of: &Expr) -> usize {
    let mut count = 0;
    of.each_measure(&mut |_| count += 1);
    count
}

fn told<'e>(
    of: impl IntoIterator<Item = &'e Expr>,
    names: &Names<'_>,
    measured: &Measured,
) -> Told {
    let mut readings = Vec::new();
    for expr in of {
        expr.each_measure(&mut |measure| readings.push(measure.reading(names, measured)));
    }
    Told(readings)
}

/// Parts of a run do not tell of an extreme, nor of what is left at the end.
const NOT_OF_PARTS: &str = "parts of a run do not tell of it";

impl Quantity {
    /// How many measures are in it.
    pub fn measures(&self) -> usize {
        count(&self.value)
    }

    /// What one run tells of it.
    pub fn told(&self, names: &Names<'_>, measured: &Measured) -> Told {
        told([&self.value], names, measured)
    }

    /// Over the runs that tell of it, and how many those are.
    ///
    /// # Errors
    /// Why none does, or why it has no value over all of them.
    pub fn over(&self, told: &[&Told], runs: Runs) -> Result<(Sampled, u64), String> {
        let whole: Vec<&Told> = told.iter().copied().filter(|told| told.is_whole()).collect();
        if whole.is_empty() {
            let why = told.iter().find_map(|told| told.missing());
            return Err(why.cloned().unwrap_or_else(|| "there is no run".to_owned()));
        }
        let measures = Measures::of(&whole, runs).ok_or(NOT_OF_PARTS)?;
        Ok((measures.sampled(&self.value, 0)?, whole.len() as u64))
    }
}

impl Expectation {
    /// What one run tells of both sides.
    pub fn told(&self, names: &Names<'_>, measured: &Measured) -> Told {
        told([&self.value, &self.limit], names, measured)
    }

    /// Both sides over all runs.
    ///
    /// # Errors
    /// Why some run does not tell of it, or why it has no value over all of them.
    pub fn over(&self, told: &[&Told], runs: Runs) -> Result<Compared, String> {
        if let Some(why) = told.iter().find_map(|told| told.missing()) {
            return Err(why.clone());
        }
        let measures = Measures::of(told, runs).ok_or(NOT_OF_PARTS)?;
        let value = measures.sampled(&self.value, 0)?;
        let limit = measures.sampled(&self.limit, count(&self.value))?;
        let limited = [&self.value, &self.limit].map(count) == [1, 0];
        let readings = told.iter().filter_map(|told| told.0.first()?.as_ref().ok());
        let readings: Vec<&Reading> = readings.collect();
        let tail =
            (limited && self.value.is_alone()).then(|| tail(&readings, limit.value)).flatten();
        let margin = value.less(&limit).map(|difference| match self.comparison {
            Comparison::Less | Comparison::LessOrEqual => -difference,
            Comparison::Greater | Comparison::GreaterOrEqual => difference,
            Comparison::Equal => -difference.abs(),
            Comparison::NotEqual => difference.abs(),
        });
        Ok(Compared { value, limit, margin, comparison: self.comparison, tail })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Take, parse, parse_quantity};
    use super::*;
    use crate::kernel::time::Span;
    use crate::observe::measured::Latency;
    use crate::stats::fixture;

    fn told(text: &str, change: impl Fn(&mut Measured)) -> Told {
        let mut measured = fixture::measured(0);
        change(&mut measured);
        parse_quantity(text).expect(text).told(&Names::of(&fixture::scenario()), &measured)
    }

    fn over(text: &str, told: &[Told]) -> Sampled {
        let told: Vec<&Told> = told.iter().collect();
        parse_quantity(text).expect(text).over(&told, Runs::Replications).expect("has a value").0
    }

    /// 1 of 10 and 90 of 100: 91 of 110, and not the mean of 0.1 and 0.9.
    #[test]
    fn a_share_is_one_of_sums() {
        let text = "redelivered.failed / received";
        let run = |failed, received| {
            told(text, |measured| {
                let counts = &mut measured.queues[0].counts;
                (counts.redelivered.failed, counts.received) = (failed, received);
            })
        };
        let found = over(text, &[run(1, 10), run(90, 100)]);
        assert!((found.value - 91.0 / 110.0).abs() < 1e-12, "{}", found.value);
        // Without the first 0.9, without the second 0.1.
        let pseudo = [0.9, 0.1].map(|without| 2.0 * 91.0 / 110.0 - without);
        assert!((found.pseudo[0] - pseudo[0]).abs() < 1e-12);
        assert!((found.pseudo[1] - pseudo[1]).abs() < 1e-12);
    }

    /// A run without its measure tells nothing of a share, but its messages count.
    #[test]
    fn a_run_that_divides_by_nothing_does_not_spoil_a_share() {
        let text = "dead_lettered / received";
        let run = |dead, received| {
            told(text, |measured| {
                let counts = &mut measured.queues[0].counts;
                (counts.dead_lettered, counts.received) = (dead, received);
            })
        };
        assert!((over(text, &[run(2, 10), run(0, 0), run(4, 20)]).value - 0.2).abs() < 1e-12);
    }

    /// What is linear keeps each run's own value to the last bit.
    #[test]
    fn sums_of_counts_are_averaged() {
        let text = "(sent - deleted) * 3";
        let run = |sent| told(text, |measured| measured.queues[0].counts.sent = sent);
        let found = over(text, &[run(36_001), run(36_004)]);
        assert_eq!((found.value, found.pseudo), (7.5, vec![3.0, 12.0]));
    }

    #[test]
    fn what_parts_do_not_tell_is_said() {
        let text = "max(visible)";
        let run = told(text, |_| {});
        let quantity = parse_quantity(text).expect(text);
        let parts = quantity.over(&[&run, &run], Runs::Parts);
        assert_eq!(parts.expect_err("an extreme"), NOT_OF_PARTS);
        assert!(quantity.over(&[&run, &run], Runs::Replications).is_ok());
        assert!(parse("max(visible) < 3").is_ok());
    }

    #[test]
    fn one_measure_alone_has_a_value_in_the_run() {
        let sent = |measured: &mut Measured| measured.queues[0].counts.sent = 7;
        assert_eq!(told("sent", sent).alone(), Some(7.0));
        assert_eq!(told("sent + received", sent).alone(), None);
        let nothing = |measured: &mut Measured| measured.queues[0] = fixture::idle_queue();
        assert_eq!(told("mean(sent_to_deleted)", nothing).alone(), None);
    }

    /// A third of the runs' own values, to the last bit; a product has none of its own.
    #[test]
    fn a_product_of_measures_is_no_mean_of_products() {
        let run = |sent, deleted| {
            move |measured: &mut Measured| {
                let counts = &mut measured.queues[0].counts;
                (counts.sent, counts.deleted) = (sent, deleted);
            }
        };
        let runs = [1, 2, 4].map(|sent| told("rate(sent) * 0.3", run(sent, 0)));
        let own = [1.0, 2.0, 4.0].map(|sent: f64| sent / 900.0 * 0.3);
        assert_eq!(over("rate(sent) * 0.3", &runs).pseudo, own);
        // Means of 2 and 3, and not (1 · 2 + 3 · 4)/2; 2 + (2 · 3 - 3 · 4), 6 + (6 - 1 · 2).
        let runs =
            [(1, 2), (3, 4)].map(|(sent, deleted)| told("sent * deleted", run(sent, deleted)));
        let found = over("sent * deleted", &runs);
        assert_eq!((found.value, found.pseudo), (6.0, vec![0.0, 10.0]));
        for (text, value) in [("sent * deleted + sent", 8.0), ("sent * deleted * 2", 12.0)] {
            let runs = [(1, 2), (3, 4)].map(|(sent, deleted)| told(text, run(sent, deleted)));
            assert_eq!(over(text, &runs).value.to_bits(), f64::to_bits(value), "{text}");
        }
    }

    fn compared(text: &str, readings: impl IntoIterator<Item = Reading>) -> Compared {
        let told: Vec<Told> = readings.into_iter().map(|of| Told(vec![Ok(of)])).collect();
        let told: Vec<&Told> = told.iter().collect();
        parse(text).expect(text).over(&told, Runs::Replications).expect("has a value")
    }

    /// 80 and 90: 85 ± 5 with a confidence of one half, where t is 1.
    #[test]
    fn an_interval_on_one_side_of_the_limit_decides() {
        let surely = |text: &str, values: [f64; 2], confidence: f64| {
            compared(text, values.map(Reading::Count)).surely(confidence)
        };
        for (text, sure) in [
            ("sent < 100", Some(true)),
            ("sent > 100", Some(false)),
            ("sent < 70", Some(false)),
            ("sent > 70", Some(true)),
            ("sent < 89", None),
            ("sent > 89", None),
        ] {
            assert_eq!(surely(text, [80.0, 90.0], 0.5), sure, "{text}");
        }
        assert_eq!(surely("sent < 100", [80.0, 90.0], 0.95), None, "± 64");
        // Every run on the limit.
        let on = [100.0, 100.0];
        assert_eq!(surely("sent <= 100", on, 0.95), Some(true));
        assert_eq!(surely("sent < 100", on, 0.95), Some(false));
        assert_eq!(surely("sent >= 100", on, 0.95), Some(true));
        let margin = |text: &str| compared(text, [90.0, 90.0].map(Reading::Count)).margin.value;
        let margins = ["sent == 100", "sent != 100", "sent < 100", "sent > 100"].map(margin);
        assert_eq!(margins.to_vec(), [-10.0, 10.0, 10.0, -10.0]);
    }

    fn lengths(runs: &[Vec<u64>]) -> Vec<Reading> {
        let reading = |run: &Vec<u64>| {
            let lengths: Vec<Span> = run.iter().map(|&secs| Span::from_secs(secs)).collect();
            let of = Latency::of(&lengths).reading(Take::Quantile(0.99));
            of.expect("is a percentile")
        };
        runs.iter().map(reading).collect()
    }

    /// Ten runs of 98 short messages and two long ones each, that take 1,000 to 5,000 s in half of
    /// the runs and a million in the others: p99 is 5,000 s, and without one of the former a
    /// million, so that its interval tells nothing. But no message is longer than 1,100,000 s: of
    /// 891 independent ones half count, and 0.99⁴⁴⁵ is 0.011.
    #[test]
    fn where_an_interval_is_too_wide_messages_beyond_the_limit_decide() {
        let run = |at: u64| {
            let long = if at < 5 { 1_000 * (at + 1) } else { 1_000_000 + at };
            (1..=98).chain([long; 2]).collect::<Vec<u64>>()
        };
        let runs: Vec<Vec<u64>> = (0..10).map(run).collect();
        let surely =
            |text: &str, confidence: f64| compared(text, lengths(&runs)).surely(confidence);
        assert_eq!(surely("p99(sent_to_deleted) < 1100000s", 0.95), Some(true));
        assert_eq!(surely("p99(sent_to_deleted) > 1100000s", 0.95), Some(false));
        let errors = [0.99, 0.98].map(|sure| surely("p99(sent_to_deleted) < 1100000s", sure));
        assert_eq!(errors, [None; 2], "more than 0.005 and 0.01");
        assert_eq!(surely("p99(sent_to_deleted) < 10ms", 0.95), Some(false), "all are beyond it");
        assert_eq!(surely("p99(sent_to_deleted) > 10ms", 0.95), Some(true));
        // What is computed with it is no percentile.
        assert_eq!(surely("p99(sent_to_deleted) * 1 < 1100000s", 0.95), None);
    }

    /// Twelve runs of 1 to 100 s: a hundredth lies beyond a p99 of 99 s, as it should, so that a
    /// limit there is open although all runs agree.
    #[test]
    fn a_percentile_with_little_beyond_it_is_open_on_its_limit() {
        let runs = vec![(1..=100).collect::<Vec<u64>>(); 12];
        let compared = compared("p99(sent_to_deleted) <= 99s", lengths(&runs));
        assert_eq!((compared.margin.value, compared.surely(0.95)), (0.0, None));
    }

    /// Of 80 s up 60 are busy, 20 of them in calls, and 20 s are spent down.
    #[test]
    fn shares_of_time_add_up() {
        let share = |text: &str, up: u128| {
            told(text, |measured| {
                let fleet = &mut measured.fleets[0];
                (fleet.busy.area, fleet.calling.area) = (60 * up / 80, 20 * up / 80);
                (fleet.up.area, fleet.down.area) = (up, 20 * up / 80);
            })
        };
        let shares =
            [("busy", 0.75), ("working", 0.4), ("calling", 0.2), ("idle", 0.2), ("down", 0.2)];
        for (text, value) in shares {
            assert_eq!(share(text, 80).alone(), Some(value), "{text}");
            assert!(!share(text, 0).is_whole(), "{text} of no time");
        }
    }
}
