//! How many bytes producers take: foreseen from settings, and counted while they grow.
//!
//! Owns the sums over what is laid out for them. Must not know what is too much. All sums saturate.

use super::Producers;
use super::arrivals::Arrivals;
use super::producer::{ClosedClient, Producer};
use crate::core::event::Event;
use crate::kernel::calendar::Calendar;
use crate::kernel::dist::Dist;
use crate::kernel::time::{Span, Time};
use crate::model::clients::{ArrivalProcess, CountPeriod, ProducerConfig};

impl Producers {
    /// Bytes of a producer. It is told its settings, and each of its arrivals draws from streams of
    /// its own.
    pub fn bytes_of_producer(config: &ProducerConfig) -> u64 {
        let own = size_of::<Producer>() + size_of::<ProducerConfig>();
        let arrivals = config.arrivals.iter().map(of_arrivals).fold(0, u64::saturating_add);
        (own as u64).saturating_add(arrivals)
    }

    /// Bytes of the closed clients of a producer.
    pub fn bytes_of_clients(config: &ProducerConfig) -> u64 {
        let clients = Arrivals::closed(&config.arrivals);
        let bytes = clients.map(|(count, think)| u64::from(count).saturating_mul(of_client(think)));
        bytes.fold(0, u64::saturating_add)
    }

    /// Bytes of the calls that ever were under way at once.
    pub fn bytes_of_calls(&self) -> u64 {
        self.calls.bytes()
    }
}

/// So many of something.
fn times(count: usize, bytes: usize) -> u64 {
    (count as u64).saturating_mul(bytes as u64)
}

fn of_client(think: &Dist) -> u64 {
    let own = size_of::<ClosedClient>() + Calendar::<Event>::BYTES_PER_EVENT;
    (own as u64).saturating_add(of_dist(think))
}

/// What files list stands in memory once, whoever goes through it; what is made of it is each
/// producer's own, and so are the points of a profile, which its settings repeat.
fn of_arrivals(process: &ArrivalProcess) -> u64 {
    let listed = match process {
        ArrivalProcess::Profile { points } => {
            let point = 2 * size_of::<(Time, f64)>() + Arrivals::BYTES_PER_PIECE;
            times(points.len(), point)
        }
        ArrivalProcess::Counts { periods } | ArrivalProcess::Exact { periods } => {
            let period = size_of::<CountPeriod>() + Arrivals::BYTES_PER_PIECE;
            times(periods.len(), period)
        }
        ArrivalProcess::Times { at } => times(at.len(), size_of::<Time>()),
        ArrivalProcess::Repeated { of, .. } => return of_arrivals(of),
        ArrivalProcess::Poisson { .. }
        | ArrivalProcess::Constant { .. }
        | ArrivalProcess::OnOff { .. }
        | ArrivalProcess::Burst { .. }
        | ArrivalProcess::Closed { .. } => 0,
    };
    listed.saturating_add(Arrivals::BYTES_PER_PROCESS as u64)
}

/// What a distribution lists.
fn of_dist(dist: &Dist) -> u64 {
    match dist {
        Dist::Percentiles(points) => times(points.len(), size_of::<(f64, Span)>()),
        Dist::Empirical(lengths) => times(lengths.len(), size_of::<Span>()),
        Dist::Mix(parts) => {
            let each = |(_, part): &(f64, Dist)| size_of::<(f64, Dist)>() as u64 + of_dist(part);
            parts.iter().map(each).fold(0, u64::saturating_add)
        }
        Dist::Shifted { dist, .. } => size_of::<Dist>() as u64 + of_dist(dist),
        Dist::Constant(_)
        | Dist::Uniform { .. }
        | Dist::Exponential { .. }
        | Dist::Erlang { .. }
        | Dist::Gamma { .. }
        | Dist::HyperExponential { .. }
        | Dist::LogNormal { .. }
        | Dist::Weibull { .. }
        | Dist::Pareto { .. }
        | Dist::Normal { .. }
        | Dist::Triangular { .. } => 0,
    }
}
