//! What a run would cost.
//!
//! Owns the bill: requests by the tiers of the month that the measured window extrapolates to, and
//! hours of workers. Must not know how a price was written or a bill is printed.
//!
//! Every call that reached the service is billed, whatever its answer: AWS publishes no exception
//! for calls that are throttled or refused. A month has 730 hours, as in AWS's calculator.
//!
//! Invariant: requests stay whole until they are multiplied by a price.

use crate::engine::scenario::{Prices, Scenario, Tier};
use crate::kernel::time::{Span, Time};
use crate::observe::measured::Measured;

/// A month, in hours.
pub const HOURS_PER_MONTH: u64 = 730;

const NANOS_PER_HOUR: u64 = 3_600_000_000_000;
const MONTH: Span = Span::from_nanos(HOURS_PER_MONTH * NANOS_PER_HOUR);

/// What a run would cost, in dollars. Workers without a price cost nothing here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Billed requests in the window, over all queues.
    pub requests: u64,
    /// Messages deleted in the window, over all queues.
    pub deleted: u64,
    /// Requests of a month at the window's rate.
    pub requests_per_month: f64,
    /// Workers of a month.
    pub workers_per_month: f64,
    /// The window's share of a month.
    share: f64,
}

impl Cost {
    /// The cost of one run; `None` where nothing was measured.
    pub fn of(scenario: &Scenario, measured: &Measured) -> Option<Cost> {
        let window = measured.window.1.since(measured.window.0);
        if window.is_zero() {
            return None;
        }
        let queues = || measured.queues.iter().map(|queue| &queue.counts);
        let requests = queues().map(|counts| counts.requests().total()).sum();
        let prices = &scenario.prices;
        let fleets = measured.fleets.iter().zip(&prices.worker_hour);
        let an_hour: u128 = fleets
            .map(|(fleet, price)| u128::from(fleet.workers) * u128::from(price.unwrap_or(0)))
            .sum();
        Some(Cost {
            requests,
            deleted: queues().map(|counts| counts.deleted).sum(),
            requests_per_month: month_of_requests(prices, requests, window),
            workers_per_month: an_hour as f64 / 1e9 * HOURS_PER_MONTH as f64,
            share: window.as_nanos() as f64 / MONTH.as_nanos() as f64,
        })
    }

    /// Dollars of a month at the window's rate.
    pub fn per_month(&self) -> f64 {
        self.requests_per_month + self.workers_per_month
    }

    /// Dollars of the window: its share of the month.
    pub fn of_window(&self) -> f64 {
        self.per_month() * self.share
    }

    /// Dollars of a million messages deleted; `None` where none was.
    pub fn per_million(&self) -> Option<f64> {
        (self.deleted > 0).then(|| self.of_window() * 1e6 / self.deleted as f64)
    }
}

/// Hours of all workers of a fleet over the window, whether they are up or down.
pub fn worker_hours(workers: u64, window: (Time, Time)) -> f64 {
    let nanos = u128::from(workers) * u128::from(window.1.since(window.0).as_nanos());
    nanos as f64 / NANOS_PER_HOUR as f64
}

/// Dollars of the requests of a month in which every window of this length has so many.
///
/// The requests of the month need not be whole, but `window` times as many are; so each tier
/// holds a whole number of those.
fn month_of_requests(prices: &Prices, requests: u64, window: Span) -> f64 {
    let window = u128::from(window.as_nanos());
    let in_month = u128::from(requests) * u128::from(MONTH.as_nanos());
    let free = u128::from(prices.free_requests) * window;
    let mut dollars = 0.0;
    for (at, &Tier { from, per_million }) in prices.requests.iter().enumerate() {
        let from = (u128::from(from) * window).max(free);
        let next = prices.requests.get(at + 1);
        let to = next.map_or(in_month, |next| in_month.min(u128::from(next.from) * window));
        let held = to.saturating_sub(from);
        // Billionths of a dollar for a million: 10^-15 dollars each.
        dollars += held as f64 / window as f64 * per_million as f64 / 1e15;
    }
    dollars
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::fixture;

    const CENT: u64 = 10_000_000;

    fn amazon(free_requests: u64) -> Prices {
        let tier = |from, cents: u64| Tier { from, per_million: cents * CENT };
        let billion = 1_000_000_000;
        Prices {
            requests: vec![tier(0, 40), tier(100 * billion, 30), tier(200 * billion, 24)],
            free_requests,
            worker_hour: Vec::new(),
        }
    }

    #[track_caller]
    fn close(value: f64, expected: f64) {
        assert!((value - expected).abs() <= 1e-9 * expected.abs(), "{value}, not {expected}");
    }

    #[test]
    fn tiers_are_those_of_the_month_that_the_window_stands_for() {
        // (requests an hour, dollars a month): 730 million are below all bounds.
        let cases = [
            (0, 0.0),
            (1_000_000, 730.0 * 0.40),
            // 146 billion: 100 at the first price, 46 at the second.
            (200_000_000, 100e3 * 0.40 + 46e3 * 0.30),
            // 730 billion: 100, 100 and 530.
            (1_000_000_000, 100e3 * 0.40 + 100e3 * 0.30 + 530e3 * 0.24),
        ];
        for (requests, dollars) in cases {
            let hour = Span::from_secs(3_600);
            close(month_of_requests(&amazon(0), requests, hour), dollars);
            // The same rate over half an hour.
            let half = Span::from_secs(1_800);
            close(month_of_requests(&amazon(0), requests / 2, half), dollars);
        }
    }

    #[test]
    fn free_requests_come_first() {
        let hour = Span::from_secs(3_600);
        close(month_of_requests(&amazon(1_000_000), 1_000_000, hour), 729.0 * 0.40);
        assert!(month_of_requests(&amazon(730_000_000), 1_000_000, hour) == 0.0);
        // As many as a whole tier: what is left begins in the second.
        close(month_of_requests(&amazon(100_000_000_000), 200_000_000, hour), 46e3 * 0.30);
    }

    /// 108,048 requests and four workers in a quarter of an hour.
    #[test]
    fn a_bill_by_hand() {
        let (mut scenario, measured) = (fixture::scenario(), fixture::measured(0));
        scenario.prices = Prices { worker_hour: vec![Some(5 * CENT)], ..amazon(0) };
        let cost = Cost::of(&scenario, &measured).expect("the window is not empty");
        assert_eq!(cost.requests, 36_000 + 36_048 + 36_000);
        // 2,920 quarters of an hour a month.
        close(cost.requests_per_month, 2_920.0 * 108_048.0 / 1e6 * 0.40);
        close(cost.workers_per_month, 4.0 * 0.05 * 730.0);
        close(cost.of_window(), 108_048.0 / 1e6 * 0.40 + 0.05);
        let per_message = cost.of_window() / 36_000.0;
        close(cost.per_million().expect("messages were deleted"), per_message * 1e6);
        close(worker_hours(4, measured.window), 1.0);
        close(worker_hours(10, measured.window), 2.5);
    }

    #[test]
    fn nothing_costs_nothing() {
        let (mut scenario, mut measured) = (fixture::scenario(), fixture::measured(0));
        scenario.prices = amazon(0);
        measured.queues[0] = fixture::idle_queue();
        let cost = Cost::of(&scenario, &measured).expect("the window is not empty");
        assert!(cost.per_month() == 0.0 && cost.per_million().is_none());
        measured.window.1 = measured.window.0;
        assert_eq!(Cost::of(&scenario, &measured), None);
    }
}
