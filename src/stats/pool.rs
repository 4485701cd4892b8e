//! One number over several runs, and how sure it is.
//!
//! Owns the estimate of whatever can be computed from what runs measured: counts and levels are
//! averaged, sums are divided by sums, and a percentile is that of the lengths of all runs
//! together. A mean of ratios or of percentiles would have a bias that no number of runs takes
//! away. Must not know what was measured, nor how an expression is written.
//!
//! The error is found by leaving each run out in turn (the jackknife of M. H. Quenouille and J. W.
//! Tukey; for sections of a simulation S. Asmussen and P. W. Glynn, *Stochastic Simulation* 2007,
//! III.5b): with θ of all n runs and θ₋ᵢ of all but run i, the pseudo-values θ + (n − 1)(θ − θ₋ᵢ)
//! stand for the runs. For a mean they are the runs' values themselves. Their spread gives the
//! interval (Student's t), their differences those of two systems under the same chance.
//!
//! A percentile needs independent messages beyond it, and those of one run come in crowds. How many
//! messages are as good as independent follows from how much the runs differ in the share of
//! messages that are at or below the median of all (as for proportions: p(1 − p)/n). Below
//! [`ENOUGH`] beyond the percentile intervals err on the short side; then nothing is claimed.
//! `tests/percentiles.rs` holds both against exact answers.
//!
//! Invariant: runs are folded in their order.

use std::sync::Arc;

use super::summary::Summary;
use super::tail::Tail;
use super::take::Take;
use crate::kernel::time::Span;
use crate::observe::distribution::{Distribution, Pool, Share};
use crate::observe::measured::{Latency, Squares};

/// So many independent messages beyond a percentile make its interval cover what it says.
pub const ENOUGH: f64 = 60.0;

/// From so many on, an interval [`CAUTION`] times as wide covers at least as often as a plain one
/// says to: not to be told as an interval, but enough to decide by.
const LITTLE: f64 = 4.0;

/// By how much an interval is widened where little lies beyond a percentile.
const CAUTION: f64 = 3.0;

/// With so few beyond the percentile itself, whatever the median says, there are not enough: a tail
/// may come from crowds that the median does not feel.
const CROWDS: f64 = 5.0;

/// What one run tells of a measure, in a form that merges over runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// It adds up over the parts of a run, and is averaged over runs: a counter.
    Count(f64),
    /// It is averaged over runs and over the parts of one: a rate, a price of a month.
    Mean(f64),
    /// It is averaged over runs, and parts of a run do not tell it: an extreme, what is left at the
    /// end. The mean extreme of runs of this length; longer ones have others.
    Whole(f64),
    /// Sums that are divided by each other over all runs: a mean of messages or over time.
    Ratio {
        /// What is divided.
        sum: f64,
        /// By what.
        over: f64,
    },
    /// The standard deviation of lengths, from their number, sum and sum of squares, which add up.
    Spread {
        /// How many.
        count: u64,
        /// Their sum.
        sum: u128,
        /// The sum of their squares.
        squares: Squares,
    },
    /// The length that a share of all messages is at or below.
    Quantile(Share, Arc<Distribution>),
}

impl Reading {
    /// Of this run alone; `None` where there is nothing to divide by.
    pub fn value(&self) -> Option<f64> {
        match self {
            Reading::Count(value) | Reading::Mean(value) | Reading::Whole(value) => Some(*value),
            Reading::Ratio { sum, over } => (*over != 0.0).then(|| sum / over),
            Reading::Spread { count, sum, squares } => {
                (*count > 0).then(|| squares.stddev(*count, *sum))
            }
            Reading::Quantile(share, distribution) => {
                (distribution.count() > 0).then(|| distribution.quantile(*share) as f64)
            }
        }
    }
}

impl Latency {
    /// What one run tells of it; `None` if there is nothing of the kind, or no message had it.
    pub fn reading(&self, take: Take) -> Option<Reading> {
        let count = self.count() as f64;
        match take {
            Take::Count => Some(Reading::Count(count)),
            Take::Mean => Some(Reading::Ratio { sum: self.sum as f64, over: count }),
            Take::Quantile(p) => {
                Some(Reading::Quantile(Share::of(p), Arc::clone(&self.distribution)))
            }
            Take::Stddev => {
                let (count, sum, squares) = (self.count(), self.sum, self.squares);
                Some(Reading::Spread { count, sum, squares })
            }
            Take::Max if count > 0.0 => Some(Reading::Whole(self.max.as_nanos() as f64)),
            Take::Max | Take::Last => None,
        }
    }
}

impl Reading {
    /// What is averaged.
    fn plain(&self) -> f64 {
        match *self {
            Reading::Count(value) | Reading::Mean(value) | Reading::Whole(value) => value,
            Reading::Ratio { .. } | Reading::Spread { .. } | Reading::Quantile(..) => mixed(),
        }
    }

    /// What is summed.
    fn sums(&self) -> (f64, f64) {
        match *self {
            Reading::Ratio { sum, over } => (sum, over),
            Reading::Count(_)
            | Reading::Mean(_)
            | Reading::Whole(_)
            | Reading::Spread { .. }
            | Reading::Quantile(..) => mixed(),
        }
    }

    /// What is merged.
    fn lengths(&self) -> Option<(Share, &Arc<Distribution>)> {
        match self {
            Reading::Quantile(share, distribution) => Some((*share, distribution)),
            Reading::Count(_)
            | Reading::Mean(_)
            | Reading::Whole(_)
            | Reading::Ratio { .. }
            | Reading::Spread { .. } => None,
        }
    }
}

/// What runs are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// Replications: independent, each a whole.
    Replications,
    /// Parts of one run.
    Parts,
}

/// A measure in all runs together, and with each left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Pooled {
    /// In all; `None` where there is nothing to divide by.
    pub all: Option<f64>,
    /// Without each run in turn.
    pub without: Vec<Option<f64>>,
    /// Each run's own value, where averaging those is the same as pooling.
    pub own: Option<Vec<f64>>,
    /// For a percentile: how many independent messages lie beyond it.
    pub beyond: Option<f64>,
}

impl Pooled {
    /// Of the readings of one measure in every run; `None` if parts of a run do not tell it.
    ///
    /// # Panics
    /// If readings of different kinds are mixed.
    pub fn of(readings: &[&Reading], runs: Runs) -> Option<Pooled> {
        match readings.first()? {
            Reading::Count(_) if runs == Runs::Parts => {
                let parts = readings.len() as f64;
                Some(Pooled::mean(readings.iter().map(|reading| reading.plain() * parts)))
            }
            Reading::Whole(_) if runs == Runs::Parts => None,
            Reading::Count(_) | Reading::Mean(_) | Reading::Whole(_) => {
                Some(Pooled::mean(readings.iter().map(|reading| reading.plain())))
            }
            Reading::Ratio { .. } => Some(Pooled::ratio(readings)),
            Reading::Spread { .. } => Some(Pooled::spread(readings)),
            Reading::Quantile(share, _) => Some(Pooled::quantile(readings, *share)),
        }
    }

    fn mean(values: impl Iterator<Item = f64>) -> Pooled {
        let own: Vec<f64> = values.collect();
        let all = Summary::of(&own).mean;
        let sum: f64 = own.iter().sum();
        let others = (own.len() - 1) as f64;
        let without = own.iter().map(|own| (others > 0.0).then(|| (sum - own) / others)).collect();
        Pooled { all: Some(all), without, own: Some(own), beyond: None }
    }

    fn ratio(readings: &[&Reading]) -> Pooled {
        let sums: Vec<(f64, f64)> = readings.iter().map(|reading| reading.sums()).collect();
        let divided = |(sum, over): (f64, f64)| (over != 0.0).then(|| sum / over);
        // Divided by the same everywhere, as levels are by the length of the window.
        if sums.iter().all(|(_, over)| over.total_cmp(&sums[0].1).is_eq())
            && let Some(own) = sums.iter().map(|&of| divided(of)).collect::<Option<Vec<f64>>>()
        {
            return Pooled::mean(own.into_iter());
        }
        let add = |a: (f64, f64), b: &(f64, f64)| (a.0 + b.0, a.1 + b.1);
        let all = sums.iter().fold((0.0, 0.0), add);
        let without = sums.iter().map(|own| divided((all.0 - own.0, all.1 - own.1))).collect();
        Pooled { all: divided(all), without, own: None, beyond: None }
    }

    fn spread(readings: &[&Reading]) -> Pooled {
        let sums = readings.iter().map(|reading| match **reading {
            Reading::Spread { count, sum, squares } => (count, sum, squares),
            Reading::Count(_)
            | Reading::Mean(_)
            | Reading::Whole(_)
            | Reading::Ratio { .. }
            | Reading::Quantile(..) => mixed(),
        });
        let sums: Vec<(u64, u128, Squares)> = sums.collect();
        let mut all = (0, 0, Squares::default());
        for &(count, sum, squares) in &sums {
            (all.0, all.1) = (all.0 + count, all.1 + sum);
            all.2.merge(squares);
        }
        let of = |(count, sum, squares): (u64, u128, Squares)| {
            (count > 0).then(|| squares.stddev(count, sum))
        };
        let without = sums
            .iter()
            .map(|&(count, sum, squares)| of((all.0 - count, all.1 - sum, all.2.without(squares))));
        Pooled { without: without.collect(), all: of(all), own: None, beyond: None }
    }

    fn quantile(readings: &[&Reading], share: Share) -> Pooled {
        let each = readings.iter().map(|reading| reading.lengths().unwrap_or_else(|| mixed()));
        let each: Vec<Arc<Distribution>> = each.map(|(_, of)| Arc::clone(of)).collect();
        let pool = Pool::of(&each);
        let count = pool.all().count();
        let at = |count: u64, nanos: u64| (count > 0).then_some(nanos as f64);
        let all = pool.all().quantile(share);
        let without = each.iter().zip(pool.quantiles_without(share));
        let without = without.map(|(own, nanos)| at(count - own.count(), nanos));
        Pooled {
            without: without.collect(),
            all: at(count, all),
            own: None,
            beyond: Some(beyond(&each, &pool, share)),
        }
    }
}

fn mixed() -> ! {
    unreachable!("a measure reads alike in every run")
}

/// How many independent messages lie beyond the percentile, or on this side of it if that is less.
fn beyond(each: &[Arc<Distribution>], pool: &Pool<'_>, share: Share) -> f64 {
    let p = share.as_f64();
    let tail = p.min(1.0 - p);
    let at_median = independent(each, pool, Share::HALF) * tail;
    let itself = independent(each, pool, share) * tail;
    if itself < CROWDS { itself.min(at_median) } else { at_median }
}

/// A percentile of all runs against a limit in nanoseconds, by counting; `None` of a single run,
/// and of what is no percentile.
pub fn tail(readings: &[&Reading], limit: f64) -> Option<Tail> {
    let (share, _) = readings.first()?.lengths()?;
    let each = readings.iter().map(|reading| Some(Arc::clone(reading.lengths()?.1)));
    let each: Vec<Arc<Distribution>> = each.collect::<Option<_>>()?;
    let pool = Pool::of(&each);
    let count = pool.all().count();
    if each.len() < 2 || count == 0 {
        return None;
    }
    let within =
        if limit < 0.0 { 0.0 } else { pool.all().up_to(Span::round_nanos(limit).as_nanos()) };
    let at_median = independent(&each, &pool, Share::HALF);
    let independent = at_median.min(independent(&each, &pool, share));
    Some(Tail { share: share.as_f64(), independent, beyond: 1.0 - within / count as f64 })
}

/// How many independent messages would tell the share of messages that are no longer than this
/// percentile of all as surely as these runs do; at most all there are.
fn independent(each: &[Arc<Distribution>], pool: &Pool<'_>, share: Share) -> f64 {
    let (count, runs) = (pool.all().count() as f64, each.len() as f64);
    let at = pool.all().quantile(share);
    let p = pool.all().up_to(at) / count;
    let off = |of: &Arc<Distribution>| {
        let off = of.up_to(at) - p * of.count() as f64;
        off * off
    };
    let squares: f64 = each.iter().map(off).sum();
    let variance = squares / (runs - 1.0) * runs / (count * count);
    // Runs that do not differ at all, and a single run, bound nothing.
    if variance > 0.0 { (p * (1.0 - p) / variance).min(count) } else { count }
}

/// A number over several runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampled {
    /// In all runs together.
    pub value: f64,
    /// What stands for each run: as good as independent values with the mean `value`.
    pub pseudo: Vec<f64>,
    /// Where a percentile is in it: how many independent messages lie beyond, of the rarest.
    pub beyond: Option<f64>,
}

impl Sampled {
    /// Of the values that are the same function of the measures everywhere: in all runs, and
    /// without each. `None` if there is none in all runs; without an interval if one is missing
    /// elsewhere, as it then hangs on a single run.
    pub fn of(all: Option<f64>, without: &[Option<f64>], beyond: Option<f64>) -> Option<Sampled> {
        let value = all?;
        let others = without.len() as f64 - 1.0;
        let pseudo = without.iter().map(|without| Some(value + others * (value - (*without)?)));
        Some(Sampled { value, pseudo: pseudo.collect::<Option<_>>().unwrap_or_default(), beyond })
    }

    /// Of values that are averaged.
    pub fn of_own(own: Vec<f64>) -> Option<Sampled> {
        let Summary { n, mean, .. } = Summary::of(&own);
        (n > 0).then_some(Sampled { value: mean, pseudo: own, beyond: None })
    }

    /// Less another one of the same runs.
    #[must_use]
    pub fn less(&self, other: &Sampled) -> Sampled {
        let pairs = self.pseudo.iter().zip(&other.pseudo);
        let beyond = self.beyond.into_iter().chain(other.beyond);
        Sampled {
            value: self.value - other.value,
            pseudo: pairs.map(|(own, other)| own - other).collect(),
            beyond: beyond.reduce(f64::min),
        }
    }

    /// With every number changed in the same way.
    #[must_use]
    pub fn map(self, change: impl Fn(f64) -> f64) -> Sampled {
        Sampled {
            value: change(self.value),
            pseudo: self.pseudo.into_iter().map(&change).collect(),
            ..self
        }
    }

    /// Value, spread and number of runs.
    pub fn summary(&self) -> Summary {
        Summary::about(self.value, &self.pseudo)
    }

    /// Whether there is enough beyond its percentiles for its interval to cover what it says.
    pub fn is_backed(&self) -> bool {
        self.beyond.is_none_or(|beyond| beyond >= ENOUGH)
    }

    /// Half the width of the interval that covers the truth with probability `confidence`; `None`
    /// for fewer than two runs, and for a percentile with too little beyond it.
    pub fn half_width_at(&self, confidence: f64) -> Option<f64> {
        self.summary().half_width_at(confidence).filter(|_| self.is_backed())
    }

    /// As [`Sampled::half_width_at`], to decide by: of a percentile with little beyond it, wider;
    /// `None` with next to nothing beyond it.
    pub fn cautious_half_width_at(&self, confidence: f64) -> Option<f64> {
        let half = self.summary().half_width_at(confidence)?;
        if self.is_backed() {
            return Some(half);
        }
        self.beyond.filter(|beyond| *beyond >= LITTLE).map(|_| CAUTION * half)
    }

    /// How many times as much would have to be measured for its percentiles to be backed: 1 if
    /// they are.
    pub fn times_for_backing(&self) -> f64 {
        self.beyond.map_or(1.0, |beyond| (ENOUGH / beyond.max(f64::MIN_POSITIVE)).max(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantiles(p: f64, runs: &[Vec<u64>]) -> Vec<Reading> {
        let lengths = |run: &Vec<u64>| run.iter().map(|secs| Span::from_secs(*secs)).collect();
        let reading = |run: &Vec<u64>| {
            let lengths: Vec<Span> = lengths(run);
            Latency::of(&lengths).reading(Take::Quantile(p)).expect("is a percentile")
        };
        runs.iter().map(reading).collect()
    }

    fn sampled(readings: &[Reading], runs: Runs) -> Sampled {
        let of = Pooled::of(&readings.iter().collect::<Vec<_>>(), runs).expect("has a value");
        match of.own {
            Some(own) => Sampled::of_own(own),
            None => Sampled::of(of.all, &of.without, of.beyond),
        }
        .expect("has a value")
    }

    /// Nine messages of 1 s in one run and one of 101 s in the other: a mean of 11 s, not of 51.
    /// Without the first it is 101 s, without the second 1 s: 11 + (11 − 101), 11 + (11 − 1).
    #[test]
    fn a_mean_of_messages_is_their_sum_over_their_number() {
        let ratio = |sum, over| Reading::Ratio { sum, over };
        let found = sampled(&[ratio(9.0, 9.0), ratio(101.0, 1.0)], Runs::Replications);
        assert_eq!((found.value, found.pseudo), (11.0, vec![-79.0, 21.0]));
        let even = sampled(&[ratio(10.0, 4.0), ratio(30.0, 4.0)], Runs::Replications);
        assert_eq!((even.value, even.pseudo), (5.0, vec![2.5, 7.5]), "over the same: plain means");
    }

    /// The median of 1, 2, 3 and 11, 12, 13 is 3 (the third of six), the mean of medians 7.
    #[test]
    fn a_percentile_is_that_of_all_messages() {
        let runs = [vec![1, 2, 3], vec![11, 12, 13]];
        let found = sampled(&quantiles(0.5, &runs), Runs::Replications);
        let pseudo = vec![3e9 + (3e9 - 12e9), 3e9 + (3e9 - 2e9)];
        assert_eq!((found.value, found.pseudo), (3e9, pseudo));
    }

    /// Of 1 and 3 s, and 5 and 7 s, in two runs: the deviation of all four is √5 s, that of each
    /// run 1 s.
    #[test]
    fn a_deviation_is_that_of_all_messages() {
        let spread = |secs: [u64; 2]| {
            let latency = Latency::of(&secs.map(Span::from_secs));
            latency.reading(Take::Stddev).expect("there are messages")
        };
        let found = sampled(&[spread([1, 3]), spread([5, 7])], Runs::Replications);
        let root = 5e18_f64.sqrt();
        assert!((found.value / root - 1.0).abs() < 1e-12, "{}", found.value);
        // Without each there is the other's: √5 + (√5 − 1).
        for pseudo in found.pseudo {
            assert!((pseudo - (2.0 * root - 1e9)).abs() < 1.0, "{pseudo}");
        }
    }

    #[test]
    fn counts_add_up_over_parts_and_extremes_have_none() {
        let counts = [3.0, 5.0].map(Reading::Count);
        let whole = sampled(&counts, Runs::Replications);
        assert_eq!((whole.value, whole.pseudo), (4.0, vec![3.0, 5.0]));
        let parts = sampled(&counts, Runs::Parts);
        assert_eq!((parts.value, parts.pseudo), (8.0, vec![6.0, 10.0]));
        let extremes = [Reading::Whole(3.0), Reading::Whole(5.0)];
        let extremes: Vec<&Reading> = extremes.iter().collect();
        assert_eq!(Pooled::of(&extremes, Runs::Parts), None);
        assert_eq!(Pooled::of(&extremes, Runs::Replications).and_then(|of| of.all), Some(4.0));
    }

    /// What hangs on a single run has no interval.
    #[test]
    fn what_only_one_run_tells_has_no_spread() {
        let one = [Reading::Ratio { sum: 8.0, over: 2.0 }, Reading::Ratio { sum: 0.0, over: 0.0 }];
        let found = sampled(&one, Runs::Replications);
        assert_eq!((found.value, found.pseudo.len()), (4.0, 0));
        assert_eq!(found.half_width_at(0.95), None);
    }

    /// Ten runs of 100 messages that are alike: all of them are independent, 50 beyond p95 and 10
    /// beyond p99. In runs that are constant in themselves there are ten independent ones:
    /// one message a run.
    #[test]
    fn messages_of_one_run_count_as_much_as_they_differ_from_those_of_others() {
        let alike = vec![(1..=100).collect::<Vec<u64>>(); 10];
        let beyond = |p, runs: &[Vec<u64>]| {
            sampled(&quantiles(p, runs), Runs::Replications).beyond.expect("is a percentile")
        };
        assert!((beyond(0.95, &alike) - 50.0).abs() < 1e-9);
        assert!((beyond(0.99, &alike) - 10.0).abs() < 1e-9);
        let crowds: Vec<Vec<u64>> = (1..=10).map(|run| vec![run; 100]).collect();
        // A share of one half in ten runs of zeros and ones: variance 1/4 over 9 a mean.
        assert!((beyond(0.5, &crowds) - 9.0 * 0.5).abs() < 1e-9, "{}", beyond(0.5, &crowds));
    }

    /// As the head of this module says: few beyond, no interval.
    #[test]
    fn a_percentile_with_little_beyond_it_has_no_interval() {
        let alike = vec![(1..=100).collect::<Vec<u64>>(); 12];
        let of = |p| sampled(&quantiles(p, &alike), Runs::Replications);
        assert_eq!((of(0.95).is_backed(), of(0.99).is_backed()), (true, false));
        assert_eq!((of(0.95).half_width_at(0.95), of(0.99).half_width_at(0.95)), (Some(0.0), None));
        assert!((of(0.99).times_for_backing() - 5.0).abs() < 1e-9);
        // Twelve runs, a percentile of which 12 messages are beyond: the interval is trebled.
        let mut runs = alike.clone();
        runs[0].iter_mut().for_each(|secs| *secs += 1);
        let near = sampled(&quantiles(0.99, &runs), Runs::Replications);
        let plain = near.summary().half_width_at(0.95);
        assert!(!near.is_backed() && plain.is_some_and(|half| half > 0.0));
        assert_eq!(near.cautious_half_width_at(0.95), plain.map(|half| 3.0 * half));
        assert_eq!(of(0.999).cautious_half_width_at(0.95), None, "1.2 messages beyond it");
    }

    fn told(latency: &Latency, take: Take) -> Option<f64> {
        latency.reading(take)?.value()
    }

    #[test]
    fn without_a_message_there_is_a_number_of_them_and_nothing_else() {
        let none = Latency::of(&[]);
        assert_eq!(told(&none, Take::Count), Some(0.0));
        for take in [Take::Mean, Take::Stddev, Take::Max, Take::Quantile(0.5)] {
            assert_eq!(told(&none, take), None, "{take:?}");
        }
        assert_eq!(none.reading(Take::Max), None);
        assert_eq!(Sampled::of_own(Vec::new()), None);
    }

    /// (5 + 10)/2, (3 + 10)/2, (3 + 5)/2; of a single run nothing is left.
    #[test]
    fn without_each_run_there_are_the_others() {
        let without = |readings: &[Reading]| {
            let readings: Vec<&Reading> = readings.iter().collect();
            Pooled::of(&readings, Runs::Replications).expect("has a value").without
        };
        let counts = [3.0, 5.0, 10.0].map(Reading::Count);
        assert_eq!(without(&counts), [7.5, 6.5, 4.0].map(Some));
        let latency = Latency::of(&[Span::from_secs(1), Span::from_secs(3)]);
        let single = [Take::Count, Take::Mean, Take::Stddev, Take::Quantile(0.5), Take::Max];
        for take in single {
            let reading = latency.reading(take).expect("there are messages");
            assert_eq!(without(&[reading]), [None], "{take:?}");
        }
    }

    #[test]
    fn a_difference_is_that_of_all_and_of_each() {
        let of = |values: [f64; 2], beyond: Option<f64>| Sampled {
            beyond,
            ..Sampled::of_own(values.to_vec()).expect("there are runs")
        };
        let less = of([5.0, 9.0], Some(80.0)).less(&of([2.0, 4.0], Some(70.0)));
        assert_eq!((less.value, less.pseudo, less.beyond), (4.0, vec![3.0, 5.0], Some(70.0)));
        assert_eq!(of([5.0, 9.0], None).less(&of([2.0, 4.0], Some(70.0))).beyond, Some(70.0));
    }

    /// Ten runs of 100 of which 90 are alike. Ten more are 90 s, but in one run 1,000 s: the share
    /// up to p99 is 0.9 there and 1 elsewhere. Off 99 that is 9² and nine times 1², of a mean over
    /// ten runs of 100 a variance of 90/9/10/100² = 1e-4, as of 0.99 x 0.01/1e-4 = 99 messages, one
    /// of which lies beyond. The median does not feel it.
    #[test]
    fn a_tail_from_one_crowd_is_one_message() {
        let run = |tail: u64| (1..=90).chain([tail; 10]).collect::<Vec<u64>>();
        let mut runs = vec![run(90); 10];
        let alike = sampled(&quantiles(0.99, &runs), Runs::Replications).beyond;
        assert!(alike.is_some_and(|beyond| (beyond - 10.0).abs() < 1e-9), "{alike:?}");
        runs[0] = run(1_000);
        let crowd = sampled(&quantiles(0.99, &runs), Runs::Replications).beyond;
        assert!(crowd.is_some_and(|beyond| (beyond - 0.99).abs() < 1e-9), "{crowd:?}");
    }

    /// Of 1 to 100 s in each of two runs, 5 % take longer than 95 s, and all longer than nothing.
    #[test]
    fn messages_beyond_a_limit_are_counted() {
        let against = |runs: &[Vec<u64>], limit: f64| {
            let readings = quantiles(0.9, runs);
            tail(&readings.iter().collect::<Vec<_>>(), limit)
        };
        let runs = vec![(1..=100).collect::<Vec<u64>>(); 2];
        let Tail { share, independent, beyond } = against(&runs, 95e9).expect("two runs");
        let close = [share - 0.9, independent - 200.0, beyond - 0.05].map(|off| off.abs() < 1e-9);
        assert_eq!(close, [true; 3], "{share} {independent} {beyond}");
        assert_eq!(against(&runs[..1], 95e9), None, "a single run");
        assert_eq!(against(&[Vec::new(), Vec::new()], 95e9), None, "nothing");
        let counts = [Reading::Count(1.0), Reading::Count(2.0)];
        assert_eq!(tail(&counts.iter().collect::<Vec<_>>(), 1.0), None, "no percentile");
        // Half of them take no time: no longer than 0, and longer than less.
        let half = vec![vec![0, 0, 1, 1]; 2];
        let beyond = |limit| against(&half, limit).map(|tail| tail.beyond);
        assert_eq!((beyond(0.0), beyond(-1.0), beyond(1e9)), (Some(0.5), Some(1.0), Some(0.0)));
    }
}
