//! How long a run must be for its mean to be worth something.
//!
//! Owns the asymptotic variances of the M/M/1 queue with work of length 1 on average. Must not
//! know how long a run was.
//!
//! Sources: D. J. Daley, "The serial correlation coefficients of waiting times in a stationary
//! single server queue", J. Austral. Math. Soc. 8 (1968); W. Whitt, "Planning queueing
//! simulations", Management Science 35 (1989).
//!
//! Invariant: it all grows like (1 − load)⁻⁴, so a fixed run length is too short somewhere.

/// How long a simulation of M/M/1 must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunLength {
    /// Limit of n times the variance of the mean wait of n customers.
    pub wait_variance: f64,
    /// Limit of T times the variance of the mean number over time T.
    pub number_variance: f64,
    /// Time in which the start is forgotten.
    pub relaxation: f64,
    /// Mean wait.
    wait: f64,
}

/// The figures at this load, 0 < load < 1.
pub fn run_length(load: f64) -> RunLength {
    let room = 1.0 - load;
    let fourth = room * room * room * room;
    let slow = 1.0 - load.sqrt();
    let square = load * load;
    RunLength {
        wait_variance: load * (square * load - 4.0 * square + 5.0 * load + 2.0) / fourth,
        number_variance: 2.0 * load * (1.0 + load) / fourth,
        relaxation: 1.0 / (slow * slow),
        wait: load / room,
    }
}

impl RunLength {
    /// Half the relative width of the 95 % interval of the mean wait over `customers`.
    pub fn relative_half_width(&self, customers: f64) -> f64 {
        1.959_963_984_540_054 * (self.wait_variance / customers).sqrt() / self.wait
    }

    /// Limit of n times the variance of the mean wait of n customers, over the square of its mean.
    pub fn relative_variance(&self) -> f64 {
        self.wait_variance / (self.wait * self.wait)
    }

    /// Customers until that half width is `relative`.
    pub fn customers_for(&self, relative: f64) -> f64 {
        let one = self.relative_half_width(1.0);
        one * one / (relative * relative)
    }
}
