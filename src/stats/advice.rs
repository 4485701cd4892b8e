//! How long a run must be, and how many there must be, for a wanted precision.
//!
//! Owns the advice as numbers. Must not word it.
//!
//! Where a closed form is known the variance of the mean wait is too: exactly for M/M/1 (Daley, see
//! `theory::run_length`), and for the others by what they share with it in heavy traffic (W. Whitt,
//! "Planning queueing simulations", Management Science 35, 1989): M/G/1 needs (1 + cv²)/2 times the
//! messages and the time, cv² being that of the work; M/M/c needs those of a birth-and-death
//! process (W. Whitt, "Asymptotic formulas for Markov processes with applications to simulation",
//! Operations Research 40, 1992), and its start fades c times as fast. Otherwise pilot runs say how
//! many replications it takes.
//!
//! Invariant: in doubt there is no advice from theory.

use super::recognise::recognise;
use super::student;
use super::summary::Summary;
use super::theory::run_length;
use crate::kernel::dist::Dist;
use crate::kernel::time::Span;
use crate::ledger::config::QueueId;
use crate::model::scenario::Scenario;

/// A run that is long enough.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// What the queue is, as `M/M/1`.
    pub name: String,
    /// Share of busy threads in theory.
    pub load: f64,
    /// Messages to measure.
    pub messages: f64,
    /// What to discard of the beginning.
    pub warm_up: Span,
    /// The warm-up, and the time in which so many messages arrive.
    pub duration: Span,
}

/// How long one run must be for half the width of the interval of this queue's mean wait to be
/// `precision` of the mean; `None` if theory does not know the queue.
pub fn from_theory(
    scenario: &Scenario,
    queue: QueueId,
    precision: f64,
    confidence: f64,
) -> Option<Advice> {
    let prediction = recognise(scenario, queue)?;
    let fleet = &scenario.fleets.get(prediction.fleet)?.config;
    let servers = u64::from(fleet.size.fixed()?) * u64::from(fleet.threads);
    let (mean, load) = (fleet.processing.mean_nanos(), prediction.busy);
    if !prediction.plain || load <= 0.0 || load >= 1.0 {
        return None;
    }
    let markov = matches!(fleet.processing, Dist::Exponential { .. });
    let cv2 = if markov { 1.0 } else { fleet.processing.variance_nanos2() / (mean * mean) };
    let per_message = if servers == 1 {
        let one = run_length(load).relative_variance();
        one * f64::midpoint(1.0, cv2)
    } else {
        of_waiting(load, servers)
    };
    let t = student::quantile(u64::MAX, confidence);
    let messages = (t * t * per_message / (precision * precision)).ceil();
    if !messages.is_finite() {
        return None;
    }
    let warm_up = prediction.start;
    let rate = load * servers as f64 / mean;
    let duration = warm_up.saturating_add(Span::round_nanos(messages / rate));
    Some(Advice { name: prediction.name, load, messages, warm_up, duration })
}

/// How many replications like those of the pilot make half the width of the interval of the mean
/// `precision` of it; `None` where nobody can tell: fewer than two, or a mean of zero.
pub fn from_pilot(pilot: &Summary, precision: f64, confidence: f64) -> Option<u64> {
    pilot.replications_for(precision * pilot.mean.abs(), confidence)
}

/// Of M/M/c: limit of n times the variance of the mean number waiting over the time in which n
/// messages arrive, over the square of its mean. For a birth-and-death process the variance of
/// the mean of f over time T is 2/T Σ (Σ_{i ≤ j} (f(i) − mean) p(i))² / (λ p(j)).
fn of_waiting(load: f64, servers: u64) -> f64 {
    let offered = load * servers as f64;
    // Probabilities relative to that of the likeliest number, so that nothing overflows.
    let likeliest = offered.floor();
    let down = std::iter::successors(Some((likeliest, 1.0)), |&(number, weight)| {
        (number > 0.0).then(|| (number - 1.0, weight * number / offered))
    });
    let mut weights: Vec<f64> = down.map(|(_, weight)| weight).collect();
    weights.reverse();
    let mut last = 1.0;
    while last > 1e-18 {
        last *= offered / (weights.len() as f64).min(servers as f64);
        weights.push(last);
    }
    let total: f64 = weights.iter().sum();
    let waiting = |number: usize| (number as u64).saturating_sub(servers) as f64;
    let both = || weights.iter().enumerate();
    let mean = both().map(|(number, weight)| waiting(number) * weight).sum::<f64>() / total;
    let (mut so_far, mut sum) = (0.0, 0.0);
    for (number, weight) in both() {
        so_far += (waiting(number) - mean) * weight;
        if *weight > 0.0 {
            sum += so_far * so_far / weight;
        }
    }
    // In messages instead of time: λT = n.
    2.0 * sum / total / (mean * mean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::clients::ArrivalProcess;
    use crate::stats::fixture;

    fn station(load: f64, servers: u32, work: Dist) -> Scenario {
        let mut scenario = fixture::scenario();
        let rate = load * f64::from(servers) * 1e9 / work.mean_nanos();
        scenario.producers[0].config.arrivals = vec![ArrivalProcess::Poisson { rate }];
        let fleet = &mut scenario.fleets[0].config;
        (fleet.size, fleet.processing) = (servers.into(), work);
        scenario
    }

    fn advice(load: f64, servers: u32, work: Dist) -> Advice {
        from_theory(&station(load, servers, work), QueueId(0), 0.01, 0.95).expect("is known")
    }

    fn exponential() -> Dist {
        Dist::Exponential { mean: Span::from_millis(10) }
    }

    /// The oracle's table: customers for ±1 %, and the relaxation time.
    #[test]
    fn one_server_needs_what_the_table_says() {
        let table = [(0.5, 1.11e6, 11.657), (0.8, 4.74e6, 89.721), (0.95, 6.47e7, 1559.744)];
        for (load, messages, relaxation) in table {
            let found = advice(load, 1, exponential());
            assert!((found.messages / messages - 1.0).abs() < 0.005, "{found:?}");
            let warm_up = found.warm_up.as_secs_f64() / 0.01 / 10.0;
            assert!((warm_up / relaxation - 1.0).abs() < 1e-4, "{found:?}");
            let measured = (found.duration - found.warm_up).as_secs_f64();
            assert!((measured * load / 0.01 / found.messages - 1.0).abs() < 1e-6, "{found:?}");
        }
    }

    #[test]
    fn steadier_work_needs_less() {
        let constant = advice(0.8, 1, Dist::Constant(Span::from_millis(10)));
        assert!((constant.messages / 4.74e6 - 0.5).abs() < 0.003, "{constant:?}");
        let erlang = advice(0.8, 1, Dist::Erlang { k: 4, mean: Span::from_millis(10) });
        assert!((erlang.messages / 4.74e6 - 0.625).abs() < 0.003, "{erlang:?}");
    }

    /// With one server the process gives Whitt's variance of the number in the system when that is
    /// what is looked at; of the number waiting it must agree with Daley's of the waits in heavy
    /// traffic.
    #[test]
    fn several_servers_need_as_many_messages_in_heavy_traffic() {
        for (load, within) in [(0.9, 0.1), (0.95, 0.05), (0.99, 0.02)] {
            let one = run_length(load).relative_variance();
            assert!((of_waiting(load, 1) / one - 1.0).abs() < within, "{load}");
        }
        let [one, ten] = [1, 10].map(|servers| of_waiting(0.99, servers));
        assert!((ten / one - 1.0).abs() < 0.1, "{one} and {ten}");
        // Where few wait, their mean is known less precisely.
        assert!(of_waiting(0.5, 10) > 10.0 * of_waiting(0.5, 1));
        assert!(of_waiting(0.99, 10_000).is_finite(), "nothing overflows");
        let work = exponential();
        let nobody_waits = from_theory(&station(0.5, 10_000, work), QueueId(0), 0.01, 0.95);
        assert_eq!(nobody_waits, None, "a mean of nothing");
    }

    #[test]
    fn what_theory_does_not_know_needs_a_pilot() {
        let mut scenario = station(0.8, 1, exponential());
        scenario.fleets[0].config.receive.prefetch = 1;
        assert_eq!(from_theory(&scenario, QueueId(0), 0.01, 0.95), None);
        // Mean 100 and standard deviation 10: ±1 % takes (1.96 · 10/1)² = 384 and a few.
        let pilot = Summary { n: 10, mean: 100.0, variance: 100.0 };
        let needs = from_pilot(&pilot, 0.01, 0.95).expect("there is a spread");
        assert!((384..390).contains(&needs), "{needs}");
        assert_eq!(from_pilot(&Summary { mean: 0.0, ..pilot }, 0.01, 0.95), None);
    }

    /// The same sum from the empty queue upwards: M/M/c goes from j to j - 1 with min(j, c) μ.
    #[test]
    fn the_process_is_that_of_a_birth_and_a_death() {
        for (load, servers) in [(0.8, 4_u32), (0.6, 7), (0.9, 2)] {
            let offered = load * f64::from(servers);
            let mut p = vec![1.0];
            while p[p.len() - 1] > 1e-14 {
                let busy = f64::from(servers).min(p.len() as f64);
                p.push(p[p.len() - 1] * offered / busy);
            }
            let total: f64 = p.iter().sum();
            let waiting = |j: usize| (j as f64 - f64::from(servers)).max(0.0);
            let mean = p.iter().enumerate().map(|(j, p)| waiting(j) * p).sum::<f64>() / total;
            let (mut below, mut sum) = (0.0, 0.0);
            for (j, p) in p.iter().enumerate() {
                below += (waiting(j) - mean) * p / total;
                sum += below * below / (p / total);
            }
            let found = of_waiting(load, u64::from(servers)) / (2.0 * sum / (mean * mean));
            assert!((found - 1.0).abs() < 1e-6, "{load}, {servers}: {found}");
        }
    }

    /// Two workers with two threads serve as four do, and at four times the rate of one.
    #[test]
    fn threads_are_servers_and_shorten_the_run() {
        let mut scenario = station(0.8, 4, exponential());
        let four = from_theory(&scenario, QueueId(0), 0.01, 0.95).expect("is known");
        let fleet = &mut scenario.fleets[0].config;
        (fleet.size, fleet.threads) = (2.into(), 2);
        assert_eq!(from_theory(&scenario, QueueId(0), 0.01, 0.95), Some(four.clone()));
        let measured = (four.duration - four.warm_up).as_secs_f64();
        assert!((measured * 0.8 * 4.0 / 0.01 / four.messages - 1.0).abs() < 1e-6, "{four:?}");
    }

    /// Work that takes no time waits for nothing; and of batches the variance is not known.
    #[test]
    fn only_plain_queues_that_wait_are_advised() {
        let none = |change: &dyn Fn(&mut Scenario)| {
            let mut scenario = station(0.8, 1, exponential());
            scenario.queues[0].config.ledger.partitions = 1;
            change(&mut scenario);
            assert_eq!(from_theory(&scenario, QueueId(0), 0.01, 0.95), None);
        };
        none(&|scenario| scenario.fleets[0].config.processing = Dist::Constant(Span::ZERO));
        none(&|scenario| {
            let fleet = &mut scenario.fleets[0].config;
            (fleet.receive.max, fleet.per) = (10, crate::model::clients::WorkUnit::Batch);
        });
    }
}
