//! Closed forms for what a queue service adds: nacks with a delay, visibility timeouts that are
//! too short, batches, short polls, backlogs.
//!
//! Owns one function or type for each. Must not know the scenario.
//!
//! Invariant: with its feature switched off, each gives the answer of the plain queue.

use super::single::Mmc;
use crate::kernel::num;

/// Redelivery by an explicit nack: a worker that fails changes the visibility to `delay`, and
/// the message comes back after it. M/M/c with an infinite-server node behind it has product
/// form (Baskett, Chandy, Muntz, Palacios, J. ACM 22, 1975).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nack {
    /// Receives per message.
    pub receives: f64,
    /// Mean share of busy servers.
    pub load: f64,
    /// Mean wait before each receive.
    pub wait: f64,
    /// Mean time from send to delete or to the last failure.
    pub time: f64,
    /// Mean number of visible messages.
    pub ready: f64,
    /// Mean number being worked on.
    pub in_flight: f64,
    /// Mean number waiting for their delay to end.
    pub delayed: f64,
    /// Share of messages that fail `max_receives` times.
    pub dead: f64,
}

impl Nack {
    /// Arrivals at `rate`, exponential `work`, each processing fails with probability `failure`,
    /// at most `max_receives` of them (`None` is no limit); `None` unless stable.
    pub fn new(
        rate: f64,
        work: f64,
        servers: u32,
        failure: f64,
        delay: f64,
        max_receives: Option<u32>,
    ) -> Option<Nack> {
        let dead = max_receives.map_or(0.0, |receives| num::pow(failure, f64::from(receives)));
        let receives = (1.0 - dead) / (1.0 - failure);
        let queue = Mmc::new(rate * receives, work, servers)?;
        let wait = queue.mean_wait();
        Some(Nack {
            receives,
            load: queue.load(),
            wait,
            time: receives * (wait + work) + (receives - 1.0) * delay,
            ready: rate * receives * wait,
            in_flight: rate * receives * work,
            delayed: rate * (receives - 1.0) * delay,
            dead,
        })
    }
}

/// Expected receives of a message whose visibility timeout may end before its work does, with
/// enough consumers: copies start every `timeout` until the first one finishes.
/// `tail(t)` is the probability that work takes longer than `t`.
///
/// `Σ_{n≥0} Π_{k=1..n} P(S > k·timeout)`.
pub fn expected_receives(timeout: f64, tail: impl Fn(f64) -> f64) -> f64 {
    let mut sum = 1.0;
    let mut product = 1.0;
    let mut k = 1.0;
    while product > 1e-18 && k < 1e6 {
        product *= tail(k * timeout);
        sum += product;
        k += 1.0;
    }
    sum
}

/// Expected time until the first copy finishes, for exponential work of mean 1.
pub fn exponential_first_finish(timeout: f64) -> f64 {
    let mut sum = 0.0;
    let mut n = 0.0;
    loop {
        let copies = n + 1.0;
        let reached = num::exp(-timeout * n * copies / 2.0);
        let term = -reached * num::exp_m1(-timeout * copies) / copies;
        sum += term;
        n += 1.0;
        if reached < 1e-18 || n > 1e6 {
            return sum;
        }
    }
}

/// One worker that takes up to `batch` messages at once; exponential work per batch, mean 1
/// (M/M^(1,b)/1; M. F. Neuts, "A general class of bulk queues with Poisson input", Annals of
/// Mathematical Statistics 38, 1967).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bulk {
    /// The root in (0, 1) of r^(b+1) − (rate + 1)·r + rate: each further waiting message is this
    /// much less likely.
    pub ratio: f64,
    /// Share of time the worker is busy.
    pub busy: f64,
    /// Mean wait of a message.
    pub wait: f64,
}

impl Bulk {
    /// Messages per unit of time, most per batch; `None` unless 0 < rate < batch.
    pub fn new(rate: f64, batch: u32) -> Option<Bulk> {
        let b = f64::from(batch);
        if rate <= 0.0 || rate >= b {
            return None;
        }
        let excess = |r: f64| num::pow(r, b + 1.0) - (rate + 1.0) * r + rate;
        // Positive at 0, negative at its lowest point: the root lies between.
        let mut low = 0.0;
        let mut high = num::pow((rate + 1.0) / (b + 1.0), 1.0 / b);
        loop {
            let middle = f64::midpoint(low, high);
            if middle <= low || middle >= high {
                break;
            }
            if excess(middle) > 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        let ratio = f64::midpoint(low, high);
        let normal = 1.0 / (1.0 / rate + 1.0 / (1.0 - ratio));
        Some(Bulk {
            ratio,
            busy: normal / (1.0 - ratio),
            wait: normal * ratio / ((1.0 - ratio) * (1.0 - ratio) * rate),
        })
    }
}

/// Mean wait when the worker sleeps after each empty short poll: that of M/G/1 plus the mean
/// residual sleep, from the sleep's two moments (multiple vacations; B. T. Doshi, Queueing
/// Systems 1, 1986).
pub fn short_poll_wait(wait: f64, sleep_mean: f64, sleep_second: f64) -> f64 {
    if sleep_mean == 0.0 { wait } else { wait + sleep_second / (2.0 * sleep_mean) }
}

/// Mean time from send to delete in M/M/1 with work 1 when the worker stops whenever it is idle
/// and needs an exponential set-up of mean `set_up` to start (P. D. Welch, Operations Research
/// 12, 1964).
pub fn set_up_time(load: f64, set_up: f64) -> Option<f64> {
    (0.0..1.0).contains(&load).then(|| 1.0 / (1.0 - load) + set_up)
}

/// Mean and standard deviation of the time that one worker (exponential work, mean 1) needs to
/// empty a backlog while messages keep arriving at `rate` below 1.
pub fn drain_time(backlog: f64, rate: f64) -> Option<(f64, f64)> {
    let room = 1.0 - rate;
    (0.0..1.0)
        .contains(&rate)
        .then(|| (backlog / room, (backlog * (1.0 + rate) / (room * room * room)).sqrt()))
}

/// Mean time in an M/G/1 queue that shares its server evenly, for any law of the work.
pub fn processor_sharing_time(rate: f64, work: f64) -> Option<f64> {
    let load = rate * work;
    (0.0..1.0).contains(&load).then(|| work / (1.0 - load))
}

/// Probability that a Poisson variable of this mean exceeds `quota`: messages in flight with
/// unlimited workers (M/G/∞), for any law of the work with mean number `mean` at once.
pub fn poisson_tail(mean: f64, quota: u64) -> f64 {
    if mean <= 0.0 {
        return 0.0;
    }
    // P(N ≤ quota) = Q(quota + 1, mean), the upper regularised gamma function.
    num::gamma_cdf(quota as f64 + 1.0, mean)
}

/// Mean time in a system of many M/M/1 queues when each arrival joins the shortest of `choices`
/// sampled ones (M. Mitzenmacher, "The power of two choices in randomized load balancing",
/// IEEE TPDS 12, 2001); work 1, load below 1.
pub fn power_of_choices(load: f64, choices: u32) -> Option<f64> {
    if !(0.0..1.0).contains(&load) || choices == 0 {
        return None;
    }
    if choices == 1 {
        return Some(1.0 / (1.0 - load));
    }
    let d = f64::from(choices);
    let mut sum = 0.0;
    let mut power = d;
    loop {
        let term = num::pow(load, (power - d) / (d - 1.0));
        sum += term;
        power *= d;
        if term < 1e-18 {
            return Some(sum);
        }
    }
}
