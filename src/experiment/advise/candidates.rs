//! Which visibility timeouts are worth a look.
//!
//! Owns the round lengths and where they begin and end. Must not know what is measured at them.

use crate::kernel::time::Span;
use crate::model::clients::{Ask, FleetConfig, WorkUnit};

/// The longest timeout of SQS
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html>).
pub(super) const LONGEST: Span = Span::from_secs(43_200);

/// Round lengths in seconds, up to the longest.
const ROUND: [u64; 18] =
    [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200];

/// Least and most timeouts of a curve.
const FEWEST: usize = 3;
const MOST: usize = 16;

/// Below the first timeout more than four fifths of the work would be done twice.
const BEGUN: f64 = 0.2;

/// Share of the work that outlives a timeout that is long enough for all.
const HARDLY_EVER: f64 = 1e-6;

/// The timeouts of the curve of this fleet, ascending.
pub(super) fn candidates(fleet: &FleetConfig) -> Vec<Span> {
    let one_by_one = one_by_one(fleet);
    // A heartbeat keeps what it reaches.
    let kept = |timeout: Span| fleet.heartbeat.is_some_and(|beat| timeout > beat.every);
    let done = |timeout: Span| {
        if kept(timeout) { 1.0 } else { fleet.processing.cdf(timeout / one_by_one) }
    };
    let round = ROUND.map(Span::from_secs);
    let place = |enough: &dyn Fn(f64) -> bool| {
        round.iter().position(|&timeout| enough(done(timeout))).unwrap_or(ROUND.len() - 1)
    };
    let first = place(&|done| done >= BEGUN);
    let last = place(&|done| 1.0 - done < HARDLY_EVER);
    let last = last.max(first + FEWEST - 1).min(ROUND.len() - 1);
    let first = first.min(last + 1 - FEWEST).max((last + 1).saturating_sub(MOST));
    round[first..=last].to_vec()
}

/// How many messages a thread may work on while the last of them waits in the worker.
fn one_by_one(fleet: &FleetConfig) -> u64 {
    let waiting = u64::from(fleet.receive.prefetch);
    let received = match fleet.per {
        WorkUnit::Message => match fleet.receive.ask {
            Ask::Most => u64::from(fleet.receive.max),
            Ask::Room => u64::from(fleet.receive.max.min(fleet.threads)),
        },
        WorkUnit::Batch => 1,
    };
    (received + waiting).div_ceil(u64::from(fleet.threads)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::dist::Dist;
    use crate::model::clients::Heartbeat;
    use crate::scenario::load::from_text;

    fn curve(processing: Dist, change: impl Fn(&mut FleetConfig)) -> Vec<u64> {
        let text = "(duration: \"1m\", queues: {\"q\": ()},
            consumers: {\"w\": (queue: \"q\", receive: (max: 1), processing: Constant(\"1s\"))},
            producers: {\"p\": (queue: \"q\",
            arrivals: Poisson(\"1/s\"))})";
        let no_files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
        let loaded = from_text("a.ron", text, &[], &no_files).unwrap_or_else(|f| panic!("{f}"));
        let mut fleet = loaded.scenario.fleets[0].config.clone();
        fleet.processing = processing;
        change(&mut fleet);
        candidates(&fleet).iter().map(|timeout| timeout.as_nanos() / 1_000_000_000).collect()
    }

    fn exponential(secs: u64) -> Dist {
        Dist::Exponential { mean: Span::from_secs(secs) }
    }

    /// e^-V: a fifth of work with mean 1 s is done after 0.22 s, all but a millionth after 13.8 s;
    /// of 10 s after 2.2 s and 138 s.
    #[test]
    fn from_a_fifth_of_the_work_to_nearly_all() {
        assert_eq!(curve(exponential(1), |_| ()), [1, 2, 5, 10, 15]);
        assert_eq!(curve(exponential(10), |_| ()), [5, 10, 15, 20, 30, 60, 120, 300]);
    }

    #[test]
    fn a_curve_has_three_timeouts_at_least_and_none_beyond_twelve_hours() {
        let constant = |secs| Dist::Constant(Span::from_secs(secs));
        assert_eq!(curve(Dist::Constant(Span::from_millis(10)), |_| ()), [1, 2, 5]);
        assert_eq!(curve(constant(40_000), |_| ()), [10_800, 21_600, 43_200]);
        assert_eq!(curve(constant(1_000_000), |_| ()), [10_800, 21_600, 43_200]);
        let wide = Dist::Pareto {
            shape: 0.2,
            min: Span::from_millis(300),
            max: Span::from_secs(1_000_000),
        };
        assert_eq!(curve(wide, |_| ()).len(), MOST);
    }

    /// Ten messages one after the other take ten times as long; two threads share them.
    #[test]
    fn what_waits_in_the_worker_needs_longer_timeouts() {
        let batch = |threads| {
            move |fleet: &mut FleetConfig| (fleet.receive.max, fleet.threads) = (10, threads)
        };
        assert_eq!(curve(exponential(1), batch(1)), curve(exponential(10), |_| ()));
        assert_eq!(curve(exponential(1), batch(10)), curve(exponential(1), |_| ()));
        let together = |fleet: &mut FleetConfig| {
            (fleet.receive.max, fleet.per) = (10, WorkUnit::Batch);
        };
        assert_eq!(curve(exponential(1), together), curve(exponential(1), |_| ()));
        let prefetch = |fleet: &mut FleetConfig| fleet.receive.prefetch = 9;
        assert_eq!(curve(exponential(1), prefetch), curve(exponential(10), |_| ()));
    }

    #[test]
    fn with_a_heartbeat_the_curve_ends_beyond_the_first_beat() {
        let (every, extend) = (Span::from_secs(20), Span::from_secs(60));
        let beats = |fleet: &mut FleetConfig| fleet.heartbeat = Some(Heartbeat { every, extend });
        assert_eq!(curve(exponential(10), beats), [5, 10, 15, 20, 30]);
    }
}
