//! What the policies that look at keys hold under random loads.
//!
//! Owns loads whose true distribution is known. Must not know how a policy samples them.

use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};

use super::Decision;
use super::drive::Drive;
use crate::kernel::rng::{Draws, Source};
use crate::kernel::time::Span;
use crate::ledger::config::{HeatMedian, Reservoir, SplitPolicy};
use crate::ledger::journal::Refusal;

const RESERVOIR: SplitPolicy = SplitPolicy::Reservoir(Reservoir {
    threshold: 0.75,
    hold: Span::from_secs(10),
    cooldown: Span::from_secs(60),
    merge: 0.5,
    merge_window: Span::from_secs(300),
    max_partitions: 256,
});

const MEDIAN: SplitPolicy = SplitPolicy::HeatMedian(HeatMedian {
    evaluate: Span::from_secs(10),
    threshold: 0.8,
    isolate_hot: false,
    max_partitions: 256,
});

/// Standard deviations that a sample may be off. Beyond them lies one of 150,000 samples.
const OFF: f64 = 4.5;
/// Samples of [`MEDIAN`].
const SAMPLES: f64 = 200.0;
/// In this minute [`MEDIAN`] looks for the first time at a load that is hot from the start.
const FIRST_LOOK: u64 = 60;

/// Runs as many cases as proptest's own default, the same in every run.
fn runner() -> TestRunner {
    let ambient = ProptestConfig::default();
    let rng_seed = match ambient.rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        chosen @ RngSeed::Fixed(_) => chosen,
    };
    TestRunner::new(ProptestConfig { rng_seed, failure_persistence: None, ..ambient })
}

/// A distribution without atoms: equal pieces of the key space, each with a share of the keys that
/// is even within the piece.
#[derive(Clone, Debug)]
struct Smooth {
    /// The shares up to and with each piece.
    ends: Vec<f64>,
}

impl Smooth {
    fn new(weights: &[u32]) -> Smooth {
        let all = f64::from(weights.iter().sum::<u32>());
        let mut sum = 0;
        let ends = weights.iter().map(|weight| {
            sum += weight;
            f64::from(sum) / all
        });
        Smooth { ends: ends.collect() }
    }

    /// How wide a piece is.
    fn width(&self) -> u64 {
        u64::MAX / self.ends.len() as u64
    }

    fn key(&self, draws: &mut Draws) -> u64 {
        let u = draws.unit();
        let piece = self.ends.partition_point(|&end| end < u).min(self.ends.len() - 1);
        piece as u64 * self.width() + draws.below(self.width())
    }

    /// The share of the keys below this one.
    fn below(&self, key: u64) -> f64 {
        let piece = ((key / self.width()) as usize).min(self.ends.len() - 1);
        let from = if piece == 0 { 0.0 } else { self.ends[piece - 1] };
        let within = (key - piece as u64 * self.width()) as f64 / self.width() as f64;
        from + within.min(1.0) * (self.ends[piece] - from)
    }
}

/// Even keys and uneven ones, some pieces without any.
fn any_smooth() -> impl Strategy<Value = Smooth> {
    let weights = prop::collection::vec(0..10_u32, 1..12);
    let weights = weights.prop_filter("no keys at all", |weights| weights.iter().any(|&w| w > 0));
    prop_oneof![Just(vec![1]), weights].prop_map(|weights| Smooth::new(&weights))
}

/// What is decided in the first second in which something is.
fn first(
    policy: SplitPolicy,
    seed: u64,
    seconds: u64,
    rate: u64,
    mut key: impl FnMut() -> u64,
) -> Option<Decision> {
    let mut drive = Drive::seeded(policy, 1, seed);
    let mut decided = (0..seconds).map(|_| drive.run(1, |_| rate, &mut key));
    let mut decided = decided.find(|decided| !decided.is_empty())?;
    assert_eq!(decided.len(), 1, "{decided:?}");
    decided.pop().map(|(_, decision)| decision)
}

/// Where it cuts, if it does.
fn cut(decision: Option<&Decision>) -> Option<u64> {
    match decision? {
        Decision::Recut { parts, cuts, .. } => {
            assert_eq!((parts, cuts.len()), (&(0..1), 1), "one split in two");
            Some(cuts[0])
        }
        Decision::Refuse { .. } => None,
    }
}

#[test]
fn a_reservoir_divides_smooth_loads_evenly() {
    // Observed shares of 3/8 to 5/8 are balanced; what is observed of a key may be a hundred
    // requests.
    let bound = 0.125 + OFF * f64::sqrt(0.25 / 100.0);
    let cases = (any_smooth(), 750..3_000_u64, any::<u64>());
    let test = |(load, rate, seed): (Smooth, _, _)| {
        let mut draws = Draws::new(seed);
        let mut drive = Drive::seeded(RESERVOIR, 1, seed);
        // None of twenty samples is in the middle quarter once in 300 tries. It tries once a
        // minute, and meanwhile replaces most of them.
        let decided = drive.run(133, |_| rate, || load.key(&mut draws));
        let key = decided.iter().find_map(|(_, decision)| cut(Some(decision)));
        let share = load.below(key.expect("one of three tries finds a cut"));
        prop_assert!((share - 0.5).abs() < bound, "{share} of the load is left of the cut");
        Ok(())
    };
    runner().run(&cases, test).unwrap();
}

#[test]
fn a_reservoir_refuses_what_a_single_hot_key_leaves_uneven() {
    // A cut is beside the hot key or beyond it, so that one side has at most what lies beyond. A
    // sampled key that saw a hundred requests may take a quarter for three eighths. Of 110,000
    // requests few are the last hundreds: binomial tails give 12 in a million for all samples.
    const UNEVEN: f64 = 0.25;
    let cases = (any_smooth(), 0.6..=1.0, any::<u64>(), any::<u64>());
    let test = |(rest, hot, hot_key, seed): (Smooth, f64, _, _)| {
        let mut draws = Draws::new(seed);
        let key = || if draws.unit() < hot { hot_key } else { rest.key(&mut draws) };
        let decision = first(RESERVOIR, seed, 11, 10_000, key);
        let beyond = [rest.below(hot_key), 1.0 - rest.below(hot_key)].map(|it| it * (1.0 - hot));
        if let Some(Decision::Refuse { reason, .. }) = decision {
            let Refusal::HotKey { permille } = reason else {
                return Err(TestCaseError::fail(format!("{reason:?}")));
            };
            let off = (f64::from(permille) / 1e3 - hot).abs();
            prop_assert!(off < 0.001 + OFF * f64::sqrt(hot * (1.0 - hot) / 20.0), "{permille}");
            return Ok(());
        }
        let key = cut(decision.as_ref()).expect("it looks after eleven seconds");
        let side = if key <= hot_key { beyond[0] } else { beyond[1] };
        prop_assert!(side > UNEVEN, "{hot} at {hot_key}, cut at {key}: {side} on one side");
        Ok(())
    };
    runner().run(&cases, test).unwrap();
}

#[test]
fn a_median_divides_smooth_loads_evenly() {
    // The standard deviation of a sample's median, as a share of the load.
    let bound = OFF * 0.5 / SAMPLES.sqrt();
    let cases = (any_smooth(), 801..3_000_u64, any::<u64>());
    let test = |(load, rate, seed): (Smooth, _, _)| {
        let mut draws = Draws::new(seed);
        let decision = first(MEDIAN, seed, FIRST_LOOK, rate, || load.key(&mut draws));
        let key = cut(decision.as_ref());
        let share = load.below(key.ok_or_else(|| TestCaseError::fail(format!("{decision:?}")))?);
        prop_assert!((share - 0.5).abs() < bound, "{share} of the load is left of the cut");
        Ok(())
    };
    runner().run(&cases, test).unwrap();
}

#[test]
fn a_median_refuses_a_single_hot_key() {
    // It takes half of the samples: 4.5 standard deviations less than 0.66.
    let cases = (any_smooth(), 0.66..=1.0, any::<u64>(), 801..2_000_u64, any::<u64>());
    let test = |(rest, hot, hot_key, rate, seed): (Smooth, f64, _, _, _)| {
        let mut draws = Draws::new(seed);
        let key = || if draws.unit() < hot { hot_key } else { rest.key(&mut draws) };
        let decision = first(MEDIAN, seed, FIRST_LOOK, rate, key);
        let Some(Decision::Refuse { reason: Refusal::HotKey { permille }, .. }) = decision else {
            return Err(TestCaseError::fail(format!("{decision:?}")));
        };
        let off = (f64::from(permille) / 1e3 - hot).abs();
        prop_assert!(off < 0.001 + OFF * f64::sqrt(hot * (1.0 - hot) / SAMPLES), "{permille}");
        Ok(())
    };
    runner().run(&cases, test).unwrap();
}

/// A window of the key space that moves along it, in shares of the key space.
#[derive(Clone, Copy, Debug)]
struct Window {
    width: f64,
    /// What it travels while the policy watches.
    travel: f64,
    /// Where it begins, as a share of what is left to choose from.
    start: f64,
    down: bool,
}

impl Window {
    /// The key at this share of the time.
    #[expect(clippy::cast_sign_loss, reason = "a share is not negative")]
    fn key(&self, time: f64, draws: &mut Draws) -> u64 {
        let at = self.start * (1.0 - self.travel - self.width);
        let place = at + self.travel * time + self.width * draws.unit();
        let place = if self.down { 1.0 - place } else { place };
        (place * u64::MAX as f64) as u64
    }
}

/// Windows that travel so many times their width.
fn any_window(widths: std::ops::Range<f64>) -> impl Strategy<Value = Window> {
    let travel = (0.001..0.9_f64, widths, 0.0..1.0_f64, any::<bool>());
    travel.prop_map(|(path, widths, start, down)| {
        let width = path / (widths + 1.0);
        Window { width, travel: path - width, start, down }
    })
}

/// What is decided in so many seconds of a window that moves.
fn of_window(window: Window, seconds: u64, rate: u64, seed: u64) -> Vec<Decision> {
    let mut draws = Draws::new(seed);
    let mut drive = Drive::seeded(MEDIAN, 1, seed);
    let all = (seconds * rate) as f64;
    let mut calls = 0.0;
    let key = || {
        calls += 1.0;
        window.key(calls / all, &mut draws)
    };
    drive.run(seconds, |_| rate, key).into_iter().map(|(_, decision)| decision).collect()
}

#[test]
fn a_median_refuses_a_load_that_moves_along_the_keys() {
    // Of a window that travels s widths while a sample is taken, the earlier half is spread from 0
    // to s/2 + 1, evenly but for its ends. Its median is s/4 + 1/2, and that of a hundred samples
    // is off by s/40 for each standard deviation. The later half begins at s/2, beyond all that if
    // s > 2/(1 - 4.5/10) = 3.64. A sample is taken for half a minute or more, a tenth of the time.
    let cases = (any_window(37.0..1e6), 801..2_000_u64, any::<u64>());
    let test = |(window, rate, seed): (Window, _, _)| {
        let decided = of_window(window, 5 * FIRST_LOOK, rate, seed);
        let reason = Refusal::Sequential;
        // In seconds 60, 130, 200 and 270: a minute after a refusal, at the next look.
        prop_assert_eq!(decided, vec![Decision::Refuse { part: 0, reason }; 4]);
        Ok(())
    };
    runner().run(&cases, test).unwrap();
}

#[test]
fn a_median_cuts_a_load_that_hardly_moves() {
    // In widths: the median of the later half lies s/2 beyond that of the earlier one, so at most
    // 1/2 + s/2 of the later half does. Both are samples of a hundred: 4.5 standard deviations of
    // their difference are 0.32, and 0.87 is less than nine tenths.
    let cases = (any_window(0.0..0.1), 801..2_000_u64, any::<u64>());
    let test = |(window, rate, seed): (Window, _, _)| {
        let decided = of_window(window, FIRST_LOOK, rate, seed);
        prop_assert!(cut(decided.first()).is_some(), "{decided:?}");
        Ok(())
    };
    runner().run(&cases, test).unwrap();
}
