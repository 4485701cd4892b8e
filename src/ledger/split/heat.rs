//! `HeatMedian`: a hot partition is cut at the median of the sampled keys.
//!
//! Models `DynamoDB`'s split for consumption, whose cut follows the observed key distribution and
//! which refuses a single hot item and sequential access (Elhemali et al., "Amazon DynamoDB",
//! USENIX ATC 2022, 4.4). Its threshold and tests are unpublished: the threshold is ours, the test
//! for a hot key that of YDB (median equal to the 10 % or the 90 % quantile,
//! `schemeshard__table_stats_histogram.cpp`), the test for sequential access ours.
//!
//! Owns the rule. Must not know who applies it.

use super::memory::key_sample::{KeySample, SAMPLES};
use super::memory::most_common;
use super::watched::Watched;
use super::{Decision, MINUTE, Snapshot};
use crate::kernel::rng::Draws;
use crate::kernel::time::{Span, Time};
use crate::ledger::config::HeatMedian;
use crate::ledger::journal::Refusal;

/// A key with this share of the samples, in thousandths, is hot.
const HOT: usize = 500;
/// The load is sequential if this share of the later samples, in thousandths, lies on one side of
/// the median of the earlier ones.
const SEQUENTIAL: usize = 900;

/// Closes a second of one partition: one that is getting hot is sampled.
pub(super) fn sample(policy: &HeatMedian, part: &mut Watched, capacity: f64, now: Time) {
    let half = policy.threshold * part.leniency * capacity / 2.0;
    if f64::from(part.load.rate) < half && part.load.average() < half {
        part.load.memory.sample = None;
        return;
    }
    let draws = Draws::new(part.seed ^ now.as_nanos());
    let sample =
        part.load.memory.sample.get_or_insert_with(|| Box::new(KeySample::new(now, draws)));
    sample.renew(now);
}

pub(super) fn decide(policy: &HeatMedian, snapshot: &Snapshot) -> Vec<Decision> {
    if !snapshot.ends(policy.evaluate) {
        return Vec::new();
    }
    let mut count = snapshot.count;
    let mut decisions = Vec::new();
    for (at, part) in snapshot.parts.iter().enumerate() {
        let threshold = policy.threshold * part.leniency * snapshot.capacity;
        let waits = part.changing || part.suggested_within(MINUTE, snapshot.now);
        if waits || part.load.average() <= threshold {
            continue;
        }
        let Some(keys) =
            part.load.memory.sample.as_ref().and_then(|sample| sample.full(snapshot.now))
        else {
            continue;
        };
        decisions.push(match cuts(policy, part, &keys, count) {
            Ok(cuts) => {
                count += cuts.len();
                Decision::Recut { parts: at..at + 1, cuts, delay: Span::ZERO }
            }
            Err(reason) => Decision::Refuse { part: at, reason },
        });
    }
    decisions
}

/// Where to cut, or why not; `keys` are a full sample in the order of the requests.
fn cuts(
    policy: &HeatMedian,
    part: &Watched,
    keys: &[u64],
    count: usize,
) -> Result<Vec<u64>, Refusal> {
    if part.first == part.last {
        return Err(Refusal::SingleKey);
    }
    let room = (policy.max_partitions as usize).saturating_sub(count);
    if room == 0 {
        return Err(Refusal::TooManyPartitions);
    }
    let mut sorted = keys.to_vec();
    sorted.sort_unstable();
    let [tenth, median, ninetieth] = [10, 50, 90].map(|percent| sorted[SAMPLES * percent / 100]);
    let (hottest, samples) = most_common(&sorted);
    let permille = samples * 1000 / SAMPLES;
    if permille >= HOT || median == tenth || median == ninetieth {
        let apart = around(part, hottest);
        return match policy.isolate_hot {
            false => Err(Refusal::HotKey { permille: permille as u16 }),
            true if apart.len() > room => Err(Refusal::TooManyPartitions),
            true => Ok(apart),
        };
    }
    let (early, late) = keys.split_at(SAMPLES / 2);
    let mut early = early.to_vec();
    early.sort_unstable();
    let middle = early[early.len() / 2];
    let right = late.iter().filter(|&&key| key > middle).count();
    let left = late.iter().filter(|&&key| key < middle).count();
    if left.max(right) * 1000 >= SEQUENTIAL * late.len() {
        return Err(Refusal::Sequential);
    }
    Ok(vec![median])
}

/// Cuts that leave `key` alone in a partition.
fn around(part: &Watched, key: u64) -> Vec<u64> {
    let before = (key > part.first).then_some(key);
    let after = (key < part.last).then(|| key + 1);
    before.into_iter().chain(after).collect()
}

#[cfg(test)]
mod tests {
    use super::super::drive::{Drive, uniform};
    use super::*;
    use crate::kernel::rng::mix;
    use crate::ledger::config::SplitPolicy;

    const POLICY: HeatMedian = HeatMedian {
        evaluate: Span::from_secs(10),
        threshold: 0.8,
        isolate_hot: false,
        max_partitions: 256,
    };

    fn drive(policy: HeatMedian) -> Drive {
        Drive::new(SplitPolicy::HeatMedian(policy), 1)
    }

    #[test]
    fn uniform_heat_is_cut_near_the_middle_after_a_minute() {
        let decided = drive(POLICY).run(60, |_| 801, uniform());
        let [(60, Decision::Recut { parts, cuts, .. })] = &decided[..] else {
            panic!("{decided:?}")
        };
        assert_eq!(parts, &(0..1));
        // The median of 200 has a standard deviation of 1/(2√200): 4 of them are 0.14.
        let share = cuts[0] as f64 / u64::MAX as f64;
        assert!((share - 0.5).abs() < 0.142, "{share}");
    }

    #[test]
    fn the_cut_falls_into_a_hot_range() {
        // Three of four calls go to the last sixteenth of the key space.
        let mut drawn = 0;
        let key = || {
            drawn += 1;
            if drawn % 4 == 0 { mix(drawn) } else { mix(drawn) | 0xf << 60 }
        };
        let decided = drive(POLICY).run(60, |_| 900, key);
        let [(_, Decision::Recut { cuts, .. })] = &decided[..] else { panic!("{decided:?}") };
        assert!(cuts[0] >= 0xf << 60, "{:x}", cuts[0]);
    }

    #[test]
    fn no_more_than_the_threshold_is_not_hot() {
        assert_eq!(drive(POLICY).run(120, |_| 800, uniform()), []);
    }

    #[test]
    fn a_hot_key_is_refused_once_a_minute_with_its_share_or_set_apart() {
        let key = || {
            let mut drawn = 0;
            move || {
                drawn += 1;
                if drawn % 3 == 0 { mix(drawn) } else { 42 }
            }
        };
        let decided = drive(POLICY).run(121, |_| 900, key());
        let seconds: Vec<u64> = decided.iter().map(|(second, _)| *second).collect();
        assert_eq!(seconds, [60], "the next try is more than a minute later: {decided:?}");
        let Decision::Refuse { reason: Refusal::HotKey { permille }, .. } = decided[0].1 else {
            panic!("{decided:?}")
        };
        // Binomial: 2/3 of 200 with a standard deviation of 33 thousandths.
        assert!((f64::from(permille) - 667.0).abs() < 133.0, "{permille}");
        let mut drive = drive(HeatMedian { isolate_hot: true, ..POLICY });
        let decided = drive.run(60, |_| 900, key());
        let delay = Span::ZERO;
        assert_eq!(decided, [(60, Decision::Recut { parts: 0..1, cuts: vec![42, 43], delay })]);
        let later = drive.run(120, |_| 1500, key());
        let reason = Refusal::SingleKey;
        assert_eq!(later[0], (120, Decision::Refuse { part: 1, reason }), "alone, and still hot");
    }

    #[test]
    fn no_more_than_the_most_partitions_are_made() {
        let policy = HeatMedian { max_partitions: 3, ..POLICY };
        let mut drive = Drive::new(SplitPolicy::HeatMedian(policy), 2);
        // 900 each are above 800.
        let decided = drive.run(60, |_| 1800, uniform());
        assert!(matches!(decided[0], (60, Decision::Recut { .. })), "{decided:?}");
        let reason = Refusal::TooManyPartitions;
        assert_eq!(decided[1..], [(60, Decision::Refuse { part: 1, reason })], "a third there is");
        assert_eq!(drive.partitions(), 3);
    }

    /// One that is set apart leaves a partition on either side: two more.
    #[test]
    fn a_key_is_set_apart_only_where_that_makes_no_more_than_the_most_partitions() {
        let refused = |part| Decision::Refuse { part, reason: Refusal::TooManyPartitions };
        let set_apart = |part, cuts: &[u64]| {
            let (cuts, delay) = (cuts.to_vec(), Span::ZERO);
            Decision::Recut { parts: part..part + 1, cuts, delay }
        };
        let decided = |count, max_partitions, keys: [u64; 2]| {
            let policy = HeatMedian { isolate_hot: true, max_partitions, ..POLICY };
            let mut drive = Drive::new(SplitPolicy::HeatMedian(policy), count);
            let mut keys = keys.into_iter().cycle();
            let decided = drive.run(60, |_| 900 * u64::from(count), || keys.next().expect("a key"));
            decided.into_iter().map(|(_, decision)| decision).collect::<Vec<_>>()
        };
        let far = u64::MAX - 7;
        assert_eq!(decided(1, 3, [7, 7]), [set_apart(0, &[7, 8])]);
        assert_eq!(decided(1, 2, [7, 7]), [refused(0)], "three are too many");
        assert_eq!(decided(1, 2, [0, 0]), [set_apart(0, &[1])], "the first key has one neighbour");
        assert_eq!(decided(1, 2, [u64::MAX; 2]), [set_apart(0, &[u64::MAX])], "and so the last");
        assert_eq!(decided(2, 5, [7, far]), [set_apart(0, &[7, 8]), refused(1)]);
        let both = [set_apart(0, &[7, 8]), set_apart(1, &[far, far + 1])];
        assert_eq!(decided(2, 6, [7, far]), both);
    }

    /// Samples are begun at seconds 1, 61, 121, … At second 260 the newest is 19 seconds old, and
    /// the full one before it is of seconds 182 to 241.
    #[test]
    fn a_cut_follows_where_the_load_was_in_the_last_full_sample() {
        let mut drive = drive(POLICY);
        let mut low = uniform();
        assert_eq!(drive.run(181, |_| 750, || low() >> 2), [], "warm, so sampled");
        let mut high = uniform();
        let rate = |second| if second <= 241 { 750 } else { 1_000 };
        let decided = drive.run(79, rate, || 3 << 62 | high() >> 2);
        let [(260, Decision::Recut { cuts, .. })] = &decided[..] else { panic!("{decided:?}") };
        assert!(cuts[0] >= 3 << 62, "{:x}", cuts[0]);
    }

    #[test]
    fn a_partition_is_sampled_while_its_rate_or_average_is_half_of_hot() {
        let sampled = |drive: &Drive| drive.watch.parts()[0].load.memory.sample.is_some();
        let mut drive = drive(POLICY);
        for (calls, expected) in [(399, false), (400, true), (399, false), (401, true)] {
            drive.run(1, |_| calls, uniform());
            assert_eq!(sampled(&drive), expected, "{calls} calls");
        }
        // A minute of 400 on average, an idle second in it or not.
        drive = self::drive(POLICY);
        drive.run(60, |s| [800, 400, 0][usize::from(s > 1) + usize::from(s == 60)], uniform());
        assert!(sampled(&drive), "the average is 400");
        drive.run(1, |_| 399, uniform());
        assert!(!sampled(&drive), "(23,200 + 399) / 60 is less");
    }

    /// What is said of 200 keys in this order of their requests.
    fn of_keys(keys: &[u64]) -> Result<Vec<u64>, Refusal> {
        assert_eq!(keys.len(), SAMPLES);
        cuts(&POLICY, &drive(POLICY).watch.parts()[0], keys, 1)
    }

    /// So many keys below 1,000, equal to it and above it.
    fn around_a_thousand(below: u64, equal: u64, above: u64) -> Vec<u64> {
        let rest = (0..below).chain((0..above).map(|i| 2_000 + i));
        rest.chain((0..equal).map(|_| 1_000)).collect()
    }

    #[test]
    fn a_key_is_hot_that_fills_the_median_and_a_tenth_beside_it() {
        // 77 and 200 have no common divisor: each key once, early and late ones mixed.
        let of = |below, equal, above| {
            let keys = around_a_thousand(below, equal, above);
            of_keys(&(0..SAMPLES).map(|i| keys[i * 77 % SAMPLES]).collect::<Vec<_>>())
        };
        let hot = |permille| Err(Refusal::HotKey { permille });
        assert_eq!(of(16, 90, 94), hot(450), "from the tenth to the median: places 16 to 105");
        assert_eq!(of(94, 90, 16), hot(450), "from the median to the ninetieth: 94 to 183");
        assert_eq!(of(60, 90, 50), Ok(vec![1_000]), "the median alone: 60 to 149");
        assert_eq!(of(50, 100, 50), hot(500), "half of the samples, wherever");
    }

    #[test]
    fn keys_at_the_middle_are_on_neither_side_of_it() {
        // The earlier half has its middle, place 50 of 100, at the key that is a thousand; of the
        // later half 46 lie beyond it and 45 at it: 91, and nine tenths would be sequential.
        let early = around_a_thousand(40, 45, 15);
        let later = |below, equal, above| {
            let mut keys = early.clone();
            keys.extend(around_a_thousand(below, equal, above));
            of_keys(&keys)
        };
        assert_eq!(later(9, 45, 46), Ok(vec![1_000]));
        assert_eq!(later(46, 45, 9), Ok(vec![1_000]));
        assert_eq!(later(0, 10, 90), Err(Refusal::Sequential), "nine tenths beyond it");
        assert_eq!(later(90, 10, 0), Err(Refusal::Sequential), "nine tenths before it");
    }

    #[test]
    fn sequential_keys_are_refused() {
        let mut next = 0;
        let decided = drive(POLICY).run(
            60,
            |_| 900,
            || {
                next += 1 << 40;
                next
            },
        );
        let reason = Refusal::Sequential;
        assert_eq!(decided, [(60, Decision::Refuse { part: 0, reason })]);
    }

    #[test]
    fn a_sample_of_a_moment_does_not_hide_that_the_load_moves() {
        // A window as wide as 20 seconds of its way. The second look comes nine seconds after a
        // new sample was begun.
        let mut calls = 0;
        let key = || {
            calls += 1;
            (calls << 40) + mix(calls) % ((20 * 900) << 40)
        };
        let reason = Refusal::Sequential;
        let refused = |second| (second, Decision::Refuse { part: 0, reason });
        assert_eq!(drive(POLICY).run(130, |_| 900, key), [refused(60), refused(130)]);
    }
}
