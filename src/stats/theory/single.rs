//! One queue, Poisson arrivals: M/M/c, M/G/1, M/D/1.
//!
//! Owns their waiting times. Must not know about visibility timeouts, batches or polling.
//!
//! Invariant: a value of these types is a stable queue.

use crate::kernel::num;

/// M/M/c: Poisson arrivals, exponential work, `servers` equal servers.
///
/// ```
/// use sqsim::stats::theory::Mmc;
///
/// // 15 a second, 100 ms of work, two servers: 1.5 erlangs. Of 1 + 1.5 + 4.5 parts 4.5 wait, each
/// // 100 ms / (2 (1 - 0.75)) on average.
/// let line = Mmc::new(15.0, 0.1, 2).expect("it is stable");
/// assert!((line.wait_probability() - 9.0 / 14.0).abs() < 1e-12);
/// assert!((line.mean_wait() - 9.0 / 70.0).abs() < 1e-12);
/// assert_eq!(Mmc::new(20.0, 0.1, 2), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mmc {
    rate: f64,
    work: f64,
    servers: u32,
    /// Erlang's C, the probability that an arrival has to wait.
    waits: f64,
}

impl Mmc {
    /// Arrivals per unit of time, mean work, servers; `None` unless 0 ≤ load < 1.
    pub fn new(rate: f64, work: f64, servers: u32) -> Option<Mmc> {
        let offered = rate * work;
        let load = offered / f64::from(servers);
        // A NaN (no server at all) is not below 1 either.
        if servers == 0 || !(0.0..1.0).contains(&load) {
            return None;
        }
        // Erlang's B by its recursion over servers, and C from B.
        let blocked = (1..=servers).fold(1.0, |blocked, server| {
            offered * blocked / (f64::from(server) + offered * blocked)
        });
        let waits = blocked / (1.0 - load + load * blocked);
        Some(Mmc { rate, work, servers, waits })
    }

    /// Mean share of busy servers.
    pub fn load(&self) -> f64 {
        self.rate * self.work / f64::from(self.servers)
    }

    /// Probability that an arrival has to wait (Erlang's C).
    pub fn wait_probability(&self) -> f64 {
        self.waits
    }

    /// Mean time between departures in excess of arrivals while all servers are busy: the mean
    /// wait of those that wait.
    fn wait_of_waiting(&self) -> f64 {
        self.work / (f64::from(self.servers) * (1.0 - self.load()))
    }

    /// Mean wait.
    pub fn mean_wait(&self) -> f64 {
        self.waits * self.wait_of_waiting()
    }

    /// Variance of the wait: zero with probability 1 − C, else exponential.
    pub fn wait_variance(&self) -> f64 {
        let scale = self.wait_of_waiting();
        self.waits * (2.0 - self.waits) * scale * scale
    }

    /// The wait that a share `p` (0 ≤ p < 1) does not exceed.
    pub fn wait_quantile(&self, p: f64) -> f64 {
        (num::ln(self.waits / (1.0 - p)) * self.wait_of_waiting()).max(0.0)
    }

    /// Mean number waiting.
    pub fn mean_waiting(&self) -> f64 {
        self.rate * self.mean_wait()
    }

    /// Mean time from arrival to the end of the work.
    pub fn mean_time(&self) -> f64 {
        self.mean_wait() + self.work
    }

    /// Mean number waiting and being worked on.
    pub fn mean_number(&self) -> f64 {
        self.rate * self.mean_time()
    }

    /// The time from arrival to the end of the work that a share `p` does not exceed; for one
    /// server only, where it is exponential.
    pub fn time_quantile(&self, p: f64) -> Option<f64> {
        (self.servers == 1).then(|| num::exponential_quantile(p) * self.mean_time())
    }
}

/// M/G/1 by the first three moments of its work (Pollaczek and Khinchine).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mg1 {
    rate: f64,
    mean: f64,
    second: f64,
}

impl Mg1 {
    /// Arrivals per unit of time, mean and second moment of the work; `None` unless the load is
    /// below 1.
    pub fn new(rate: f64, mean: f64, second: f64) -> Option<Mg1> {
        (0.0..1.0).contains(&(rate * mean)).then_some(Mg1 { rate, mean, second })
    }

    /// Mean share of time the server is busy.
    pub fn load(&self) -> f64 {
        self.rate * self.mean
    }

    /// Mean wait.
    pub fn mean_wait(&self) -> f64 {
        self.rate * self.second / (2.0 * (1.0 - self.load()))
    }

    /// Variance of the wait, from the third moment of the work.
    pub fn wait_variance(&self, third: f64) -> f64 {
        let mean = self.mean_wait();
        mean * mean + self.rate * third / (3.0 * (1.0 - self.load()))
    }
}

/// M/D/1: the probability that the wait is at most `wait`, with work of length 1 and this load
/// below 1 (A. K. Erlang, 1909). The terms alternate and grow like e^`wait`: good to six digits
/// up to a wait of 20.
pub fn md1_wait_cdf(load: f64, wait: f64) -> f64 {
    let mut sum = 0.0;
    let mut j = 0.0;
    // ln j!, along with j.
    let mut ln_factorial = 0.0;
    while j <= wait {
        let x = load * (j - wait);
        // xʲ with x ≤ 0: its size by logarithms, its sign by the parity of j.
        let size = if j == 0.0 {
            num::exp(-x)
        } else if x == 0.0 {
            0.0
        } else {
            num::exp(j * num::ln(-x) - x - ln_factorial)
        };
        sum += if j % 2.0 == 0.0 { size } else { -size };
        j += 1.0;
        ln_factorial += num::ln(j);
    }
    (1.0 - load) * sum
}
