//! What a run would cost.
//!
//! Owns the bill: requests by the tiers of the month that the measured window stands for, and
//! hours of workers; and whether a window looks as if it went on. Must not know how a price was
//! written or a bill is printed.
//!
//! Every call that reached the service is billed, whatever its answer: AWS publishes no exception
//! for calls that are throttled or refused. A month has 730 hours, as in AWS's calculator.
//!
//! A month is made of periods. Where the scenario says how often its window comes again, a period
//! is that long: the window, and then workers that poll an empty queue, as many as there are by the
//! clock, or as their scaler keeps. Otherwise windows follow each other.
//!
//! Invariant: requests stay whole until they are multiplied by a price.

use crate::kernel::dist::Dist;
use crate::kernel::num;
use crate::kernel::time::{Span, Time};
use crate::model::clients::{ArrivalProcess, CountPeriod, FleetConfig};
use crate::model::fleet_size::FleetSize;
use crate::model::functions::{
    FunctionConfig, FunctionPrices, POLLER_INVOCATIONS, Pollers, READER_WAIT,
};
use crate::model::scenario::{Named, Prices, Scenario, Tier};
use crate::observe::measured::{FleetMeasured, FunctionMeasured, Measured};
use crate::stats::pool::Reading;

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
    /// Dollars for the requests of a month.
    pub requests_per_month: f64,
    /// Dollars for the workers of a month.
    pub workers_per_month: f64,
    /// Dollars for the functions of a month: invocations, memory, provisioned pollers.
    pub functions_per_month: f64,
    /// Of these, what the functions of the window cost.
    of_functions: f64,
    /// The period's share of a month.
    period_share: f64,
    /// Of the period, the window's share of the requests.
    window_requests: f64,
    /// Of the period, the window's share of what its workers cost.
    window_workers: f64,
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
        let period = prices.every.map_or(window, |every| part(every, window, scenario).max(window));
        let rest = period.saturating_sub(window);
        let rests: Vec<u128> =
            scenario.fleets.iter().map(|fleet| at_rest(&fleet.config, rest, scenario)).collect();
        let fleets = scenario.fleets.iter().zip(&rests);
        let idle = fleets.map(|(fleet, &time)| idle_calls(&fleet.config, rest, time));
        let idle = idle.fold(0, u64::saturating_add);
        let idle_functions = scenario.functions.iter().map(|of| idle_reads(&of.config, rest));
        let in_period = idle.saturating_add(idle_functions.sum::<u64>()).saturating_add(requests);
        let of_functions = dollars_of_functions(scenario, measured);
        let functions = of_functions + dollars_of_idle_pollers(scenario, rest);
        let (an_hour, window_workers) = dollars_of_workers(scenario, measured, &rests, period);
        let share = |part: u64, of: u64| if of == 0 { 0.0 } else { part as f64 / of as f64 };
        Some(Cost {
            requests,
            deleted: queues().map(|counts| counts.deleted).sum(),
            requests_per_month: month_of_requests(prices, in_period, period),
            workers_per_month: an_hour * HOURS_PER_MONTH as f64,
            functions_per_month: functions * nanos(MONTH) / nanos(period),
            of_functions,
            period_share: share(period.as_nanos(), MONTH.as_nanos()),
            window_requests: share(requests, in_period),
            window_workers,
        })
    }

    /// Dollars of a month.
    pub fn per_month(&self) -> f64 {
        self.requests_per_month + self.workers_per_month + self.functions_per_month
    }

    /// Dollars of the window: its share of the month's requests, and the hours of its workers.
    pub fn of_window(&self) -> f64 {
        let requests = self.requests_per_month * self.window_requests;
        let workers = self.workers_per_month * self.window_workers;
        (requests + workers) * self.period_share + self.of_functions
    }

    /// Dollars of a million messages deleted, what is paid between two windows included; without a
    /// value where none was.
    pub fn per_million(&self) -> Reading {
        let period = self.per_month() * self.period_share;
        Reading::Ratio { sum: period * 1e6, over: self.deleted as f64 }
    }
}

/// The period of a part of the window: as much of it as the part is of the window, so that the
/// month of each part is a month of the whole.
fn part(every: Span, window: Span, scenario: &Scenario) -> Span {
    let whole = scenario.duration.saturating_sub(scenario.warm_up).max(window);
    let of = u128::from(every.as_nanos()) * u128::from(window.as_nanos());
    Span::from_nanos(u64::try_from(of / u128::from(whole.as_nanos())).unwrap_or(u64::MAX))
}

/// Nanoseconds of all workers of a fleet from the end of the window until it comes again, of a part
/// of the window after which `rest` of that is left.
fn at_rest(fleet: &FleetConfig, rest: Span, scenario: &Scenario) -> u128 {
    let whole = scenario.duration.saturating_sub(scenario.warm_up);
    let between = scenario.prices.every.map_or(Span::ZERO, |every| every.saturating_sub(whole));
    let end = Time::ZERO + scenario.duration;
    let time = fleet.size.time_at_rest(end, end.saturating_add(between));
    times(time, u128::from(rest.as_nanos()), between)
}

/// The mean number of workers that are there for `time` in this length, so often.
fn times(time: u128, often: u128, length: Span) -> u128 {
    let over = u128::from(length.as_nanos()).max(1);
    // Whole workers and the rest apart: the product need not fit.
    time / over * often + time % over * often / over
}

/// Dollars of the workers of an hour, on average over the period, in which they are there for so
/// long after the window; and the window's share of them.
fn dollars_of_workers(
    scenario: &Scenario,
    measured: &Measured,
    rests: &[u128],
    period: Span,
) -> (f64, f64) {
    let over = u128::from(period.as_nanos());
    let (mut whole, mut part) = (0, 0.0);
    let (mut in_window, mut in_period) = (0.0, 0.0);
    let prices = scenario.prices.worker_hour.iter().map(|price| price.unwrap_or(0));
    for ((fleet, rest), price) in measured.fleets.iter().zip(rests).zip(prices) {
        let window = fleet.worker_time();
        let time = window + rest;
        // Whole workers and the rest apart: nothing is rounded where none joins or leaves.
        whole += time / over * u128::from(price);
        part += (time % over) as f64 / over as f64 * price as f64;
        in_window += window as f64 * price as f64;
        in_period += time as f64 * price as f64;
    }
    let share = if in_period > 0.0 { in_window / in_period } else { 0.0 };
    ((whole as f64 + part) / 1e9, share)
}

/// Calls for a fleet that finds nothing for this long, in which its workers are there for `time`
/// together: each polls again when its poll has been answered, after its gap, and after a pause if
/// it was a short one. What scales it looks on.
fn idle_calls(fleet: &FleetConfig, length: Span, time: u128) -> u64 {
    let receive = &fleet.receive;
    let waits =
        if receive.wait.is_zero() { receive.pause.mean_nanos() } else { nanos(receive.wait) };
    let gap = receive.gap.as_ref().map_or(0.0, Dist::mean_nanos);
    let each = Span::round_nanos(waits + gap + fleet.call_latency.mean_nanos());
    let of_one = u128::from(length.as_nanos() / each.as_nanos().max(1));
    let polls = times(time, of_one, length);
    let looks = match &fleet.size {
        FleetSize::Scaled(scaler) => scaler.calls_at_rest(length),
        FleetSize::Fixed(_) | FleetSize::Schedule(_) => 0,
    };
    u64::try_from(polls).unwrap_or(u64::MAX).saturating_add(looks)
}

/// Receives of a mapping that finds nothing for this long.
fn idle_reads(function: &FunctionConfig, length: Span) -> u64 {
    let readers = match function.pollers {
        Pollers::OnDemand { idle, max } => idle.min(max.unwrap_or(u32::MAX)),
        Pollers::Provisioned { min, .. } => min,
    };
    let each = nanos(READER_WAIT) + function.call_latency.mean_nanos();
    length.as_nanos() / Span::round_nanos(each).as_nanos() * u64::from(readers)
}

/// Dollars of the functions of a window: their invocations, what these took of memory, and their
/// provisioned pollers, each of which is so many invocations of the limit.
fn dollars_of_functions(scenario: &Scenario, measured: &Measured) -> f64 {
    let prices = &scenario.prices.functions;
    let of = |(named, of): (&Named<FunctionConfig>, &FunctionMeasured)| {
        let pollers = match named.config.pollers {
            Pollers::OnDemand { .. } => 0.0,
            Pollers::Provisioned { .. } => of.limit.area as f64 / f64::from(POLLER_INVOCATIONS),
        };
        let invocations = of.counts.invocations as f64 * prices.per_million as f64;
        let memory = of.gb_seconds() * prices.per_million_gb_seconds as f64;
        (invocations + memory) / 1e15 + poller_dollars(prices, pollers)
    };
    scenario.functions.iter().zip(&measured.functions).map(of).sum()
}

/// Dollars of the pollers that stay where nothing comes for this long.
fn dollars_of_idle_pollers(scenario: &Scenario, length: Span) -> f64 {
    let pollers = scenario.functions.iter().map(|of| match of.config.pollers {
        Pollers::OnDemand { .. } => 0,
        Pollers::Provisioned { min, .. } => min,
    });
    let pollers = pollers.map(f64::from).sum::<f64>();
    poller_dollars(&scenario.prices.functions, pollers * nanos(length))
}

/// Dollars of so many nanoseconds of pollers.
fn poller_dollars(prices: &FunctionPrices, time: f64) -> f64 {
    time / NANOS_PER_HOUR as f64 * prices.poller_hour as f64 / 1e9
}

fn nanos(length: Span) -> f64 {
    length.as_nanos() as f64
}

/// Whether the traffic of the measured window goes up and down so much that a month of such
/// windows is hardly meant: of ten equal parts the busiest is to have half as many messages again
/// as the mean, and more than chance would give it.
pub fn is_steady(scenario: &Scenario) -> bool {
    const PARTS: u64 = 10;
    /// Standard deviations of a Poisson count.
    const CHANCE: f64 = 4.0;
    let measured = scenario.duration.saturating_sub(scenario.warm_up);
    let edge = |part: u64| {
        let into = u128::from(measured.as_nanos()) * u128::from(part) / u128::from(PARTS);
        Time::ZERO + scenario.warm_up + Span::from_nanos(u64::try_from(into).unwrap_or(u64::MAX))
    };
    let processes = || scenario.producers.iter().flat_map(|producer| &producer.config.arrivals);
    let part = |part| {
        let (from, to) = (edge(part), edge(part + 1));
        processes().map(|process| expected(process, from, to, part + 1 == PARTS)).sum::<f64>()
    };
    let parts: Vec<f64> = (0..PARTS).map(part).collect();
    let mean = parts.iter().sum::<f64>() / PARTS as f64;
    let most = parts.iter().copied().fold(0.0, f64::max);
    most <= 1.5 * mean || most - mean <= CHANCE * num::sqrt(mean)
}

/// Messages to expect from an instant on and before another one; those of clients that wait for
/// answers are not known.
pub(crate) fn expected_messages(process: &ArrivalProcess, from: Time, to: Time) -> f64 {
    expected(process, from, to, false)
}

/// Messages to expect from an instant on and before another one, or up to it; those of clients
/// that wait for answers are not known, and come steadily.
fn expected(process: &ArrivalProcess, from: Time, to: Time, last: bool) -> f64 {
    let length = to.since(from).as_secs_f64();
    let within = |at: Time| at >= from && (at < to || (last && at == to));
    match process {
        ArrivalProcess::Poisson { rate } | ArrivalProcess::Constant { rate } => rate * length,
        ArrivalProcess::OnOff { rate, on, off } => {
            let (on, off) = (on.mean_nanos(), off.mean_nanos());
            rate * length * on / (on + off)
        }
        ArrivalProcess::Profile { points } => area(points, from, to),
        ArrivalProcess::Burst { at, count } => {
            if within(*at) {
                *count as f64
            } else {
                0.0
            }
        }
        ArrivalProcess::Counts { periods } | ArrivalProcess::Exact { periods } => {
            let share = |of: &CountPeriod| {
                let (begin, end) = (of.from.max(from), of.from.saturating_add(of.length).min(to));
                if end <= begin { 0.0 } else { nanos(end.since(begin)) / nanos(of.length) }
            };
            periods.iter().map(|period| period.expected * share(period)).sum()
        }
        ArrivalProcess::Times { at } => at.iter().filter(|at| within(**at)).count() as f64,
        ArrivalProcess::Repeated { every, of } => repeated(of, *every, from, to),
        ArrivalProcess::Closed { .. } => 0.0,
    }
}

/// Messages of a process that begins anew again and again.
fn repeated(of: &ArrivalProcess, every: Span, from: Time, to: Time) -> f64 {
    if every.is_zero() || to <= from {
        return 0.0;
    }
    let (first, last) = (from.as_nanos() / every.as_nanos(), to.as_nanos() / every.as_nanos());
    let local = |at: Time| Time::from_nanos(at.as_nanos() % every.as_nanos());
    let end = Time::ZERO + every;
    if first == last {
        return expected(of, local(from), local(to), false);
    }
    let whole = (last - first - 1) as f64 * expected(of, Time::ZERO, end, false);
    expected(of, local(from), end, false) + whole + expected(of, Time::ZERO, local(to), false)
}

/// The integral of a rate that is linear between points, constant before and after them.
fn area(points: &[(Time, f64)], from: Time, to: Time) -> f64 {
    // Two points at one instant are a step: before it the first one's rate holds, then the last's.
    let until = |at: Time| {
        let first = points.partition_point(|(point, _)| *point < at);
        points.get(first).filter(|(point, _)| *point == at).map(|&(_, rate)| rate)
    };
    let rate = |at: Time| {
        let after = points.partition_point(|(point, _)| *point <= at);
        match (after.checked_sub(1).map(|before| points[before]), points.get(after)) {
            (Some((t0, r0)), Some(&(t1, r1))) => {
                r0 + (r1 - r0) * nanos(at.since(t0)) / nanos(t1.since(t0))
            }
            (Some((_, rate)), None) | (None, Some(&(_, rate))) => rate,
            (None, None) => 0.0,
        }
    };
    let inner = points.iter().map(|&(at, _)| at).filter(|at| *at > from && *at < to);
    let edges: Vec<Time> = [from].into_iter().chain(inner).chain([to]).collect();
    let piece = |pair: &[Time]| {
        let last = until(pair[1]).unwrap_or_else(|| rate(pair[1]));
        pair[1].since(pair[0]).as_secs_f64() * f64::midpoint(rate(pair[0]), last)
    };
    edges.windows(2).map(piece).sum()
}

/// Hours of all workers of a fleet over the window, whether they are up or down.
pub fn worker_hours(fleet: &FleetMeasured) -> f64 {
    fleet.worker_time() as f64 / NANOS_PER_HOUR as f64
}

/// Dollars of the requests of a month in which every period of this length has so many.
///
/// The requests of the month need not be whole, but `period` times as many are; so each tier
/// holds a whole number of those.
fn month_of_requests(prices: &Prices, requests: u64, period: Span) -> f64 {
    let period = u128::from(period.as_nanos());
    let in_month = u128::from(requests) * u128::from(MONTH.as_nanos());
    let free = u128::from(prices.free_requests) * period;
    let mut dollars = 0.0;
    for (at, &Tier { from, per_million }) in prices.requests.iter().enumerate() {
        let from = (u128::from(from) * period).max(free);
        let next = prices.requests.get(at + 1);
        let to = next.map_or(in_month, |next| in_month.min(u128::from(next.from) * period));
        let held = to.saturating_sub(from);
        // Billionths of a dollar for a million: 10^-15 dollars each.
        dollars += held as f64 / period as f64 * per_million as f64 / 1e15;
    }
    dollars
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fleet_size::Schedule;
    use crate::stats::fixture;

    const CENT: u64 = 10_000_000;

    fn amazon(free_requests: u64) -> Prices {
        let tier = |from, cents: u64| Tier { from, per_million: cents * CENT };
        let billion = 1_000_000_000;
        Prices {
            requests: vec![tier(0, 40), tier(100 * billion, 30), tier(200 * billion, 24)],
            free_requests,
            worker_hour: Vec::new(),
            functions: FunctionPrices::default(),
            every: None,
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
        close(cost.per_million().value().expect("messages were deleted"), per_message * 1e6);
        close(worker_hours(&measured.fleets[0]), 1.0);
    }

    /// The quarter of an hour above, once a day: 2,920/96 of them in a month. Between two of them,
    /// 23 h 45 min, four workers poll every 20 s: 4 · 4,275 receives. Workers are paid all day.
    #[test]
    fn a_sale_of_a_day_is_no_month_of_sales() {
        let (mut scenario, measured) = (fixture::scenario(), fixture::measured(0));
        let every = Some(Span::from_secs(86_400));
        scenario.prices = Prices { worker_hour: vec![Some(5 * CENT)], every, ..amazon(0) };
        let cost = Cost::of(&scenario, &measured).expect("the window is not empty");
        let day = (108_048.0 + 17_100.0) / 1e6 * 0.40;
        close(cost.requests_per_month, 730.0 / 24.0 * day);
        close(cost.workers_per_month, 4.0 * 0.05 * 730.0);
        close(cost.of_window(), 108_048.0 / 1e6 * 0.40 + 0.05);
        let per_message = (day + 4.0 * 0.05 * 24.0) / 36_000.0;
        close(cost.per_million().value().expect("messages were deleted"), per_message * 1e6);
        // Short polls with a pause of 200 ms, each answered after 50 ms.
        let fleet = &mut scenario.fleets[0].config;
        let millis = |millis| Dist::Constant(Span::from_millis(millis));
        (fleet.receive.wait, fleet.receive.pause) = (Span::ZERO, millis(200));
        fleet.call_latency = millis(50);
        let short = Cost::of(&scenario, &measured).expect("the window is not empty");
        let day = (108_048.0 + 4.0 * 85_500.0 * 4.0) / 1e6 * 0.40;
        close(short.requests_per_month, 730.0 / 24.0 * day);
    }

    /// A quarter of an hour once a day, with four workers in it. By the clock there are two from
    /// the window's end, at 20 min, to 8:20, and six for the 15.75 h that are left of the day.
    #[test]
    fn between_two_windows_there_are_as_many_workers_as_the_clock_says() {
        let (mut scenario, measured) = (fixture::scenario(), fixture::measured(0));
        let every = Some(Span::from_secs(86_400));
        scenario.prices = Prices { worker_hour: vec![Some(5 * CENT)], every, ..amazon(0) };
        let steps = [(at(0), 4), (at(1_200), 2), (at(30_000), 6)].into();
        scenario.fleets[0].config.size = FleetSize::Schedule(Schedule { steps, every: None });
        let cost = Cost::of(&scenario, &measured).expect("the window is not empty");
        let rest = 2.0 * 8.0 + 6.0 * 15.75;
        let day = 4.0 * 0.25 + rest;
        close(cost.workers_per_month, day * 0.05 * 730.0 / 24.0);
        // Each of these 110.5 hours has 180 long polls.
        let polls = rest * 180.0;
        let requests = 730.0 / 24.0 * (108_048.0 + polls) / 1e6 * 0.40;
        assert!((cost.requests_per_month - requests).abs() < 1e-4, "{requests} {cost:?}");
        // What the window costs is the same, whatever comes after it.
        close(cost.of_window(), 108_048.0 / 1e6 * 0.40 + 0.05);
    }

    /// The same, where a scaler keeps one worker, or none: KEDA looks each 30 s, and its pod
    /// autoscaler each 15 s as long as there is a pod.
    #[test]
    fn between_two_windows_a_scaler_keeps_its_fewest() {
        let pods = |rest: &str| {
            let (mut scenario, measured) = (fixture::scenario(), fixture::measured(0));
            let every = Some(Span::from_secs(86_400));
            scenario.prices = Prices { worker_hour: vec![Some(5 * CENT)], every, ..amazon(0) };
            scenario.fleets[0].config.size = fixture::size(rest);
            Cost::of(&scenario, &measured).expect("the window is not empty")
        };
        let hours = 23.75;
        let month = |workers: f64, looks: f64| {
            let calls = hours * (workers * 180.0 + looks);
            let requests = 730.0 / 24.0 * (108_048.0 + calls) / 1e6 * 0.40;
            (730.0 / 24.0 * (1.0 + workers * hours) * 0.05, requests)
        };
        for (rest, workers, looks) in [
            ("Keda(target: 5)", 0.0, 120.0),
            ("Keda(target: 5, min: 1)", 1.0, 120.0 + 240.0),
            ("Keda(target: 5, min: 3, idle: 0)", 0.0, 120.0),
            ("TargetTracking(target: 5, min: 2, max: 9)", 2.0, 0.0),
        ] {
            let (cost, (dollars, requests)) = (pods(rest), month(workers, looks));
            close(cost.workers_per_month, dollars);
            assert!((cost.requests_per_month - requests).abs() < 1e-4, "{rest}: {cost:?}");
        }
    }

    /// A fifth of the window, with a fifth of its requests, stands for the same month: prices below
    /// the first tier are linear. A run that ended early is such a part, too.
    #[test]
    fn the_month_of_a_part_of_the_window_is_that_of_the_whole() {
        let (mut scenario, mut measured) = (fixture::scenario(), fixture::measured(0));
        let every = Some(Span::from_secs(86_400));
        scenario.prices = Prices { worker_hour: vec![Some(5 * CENT)], every, ..amazon(0) };
        let whole = Cost::of(&scenario, &measured).expect("the window is not empty");
        measured.window.1 = measured.window.0 + Span::from_secs(180);
        let counts = &mut measured.queues[0].counts;
        counts.deleted /= 5;
        counts.calls.send /= 5;
        counts.calls.delete /= 5;
        counts.calls.receive = (whole.requests / 5 - counts.calls.send) - counts.calls.delete;
        measured.fleets[0].up.area /= 5;
        let part = Cost::of(&scenario, &measured).expect("the window is not empty");
        // 108,048 is no multiple of five: a fifth has 0.6 of a request less.
        assert_eq!(part.requests, 21_609);
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-4 * b, "{a}, not {b}");
        near(part.per_month(), whole.per_month());
        near(part.of_window() * 5.0, whole.of_window());
        let per_million = |of: Cost| of.per_million().value().expect("messages were deleted");
        near(per_million(part), per_million(whole));
    }

    #[test]
    fn traffic_that_comes_and_goes_is_not_steady() {
        let at = |secs: u64| Time::ZERO + Span::from_secs(secs);
        let steady = |arrivals: Vec<ArrivalProcess>| {
            let mut scenario = fixture::scenario();
            scenario.producers[0].config.arrivals = arrivals;
            is_steady(&scenario)
        };
        let poisson = || ArrivalProcess::Poisson { rate: 40.0 };
        let profile = |points: &[(u64, f64)]| ArrivalProcess::Profile {
            points: points.iter().map(|&(secs, rate)| (at(secs), rate)).collect(),
        };
        // Measured are 900 s from 300 s on: parts of 90 s, 3,600 messages each.
        assert!(steady(vec![poisson()]));
        assert!(steady(vec![poisson(), ArrivalProcess::Burst { at: at(600), count: 1_900 }]));
        assert!(!steady(vec![poisson(), ArrivalProcess::Burst { at: at(600), count: 2_200 }]));
        assert!(steady(vec![poisson(), ArrivalProcess::Burst { at: at(0), count: 9_000 }]));
        assert!(!steady(vec![ArrivalProcess::Burst { at: at(1_200), count: 1_000 }]));
        // From 40/s to 60/s the mean is 50/s and the last part has 59/s; to 160/s 154/s of 100/s.
        assert!(steady(vec![profile(&[(300, 40.0), (1_200, 60.0)])]));
        assert!(!steady(vec![profile(&[(300, 40.0), (1_200, 160.0)])]));
        let expected = |n: u64| if n == 7 { 900.0 } else { 300.0 };
        let period = |n: u64| CountPeriod {
            from: at(60 * n),
            length: Span::from_secs(60),
            expected: expected(n),
        };
        assert!(!steady(vec![ArrivalProcess::Counts { periods: (0..20).map(period).collect() }]));
        // Nine messages at nine instants: that is chance.
        let few: Vec<Time> = (0..9).map(|n| at(300 + 100 * n)).collect();
        assert!(steady(vec![ArrivalProcess::Times { at: few.into() }]));
    }

    #[test]
    fn nothing_costs_nothing() {
        let (mut scenario, mut measured) = (fixture::scenario(), fixture::measured(0));
        scenario.prices = amazon(0);
        measured.queues[0] = fixture::idle_queue();
        let cost = Cost::of(&scenario, &measured).expect("the window is not empty");
        assert!(cost.per_month() == 0.0 && cost.per_million().value().is_none());
        measured.window.1 = measured.window.0;
        assert_eq!(Cost::of(&scenario, &measured), None);
    }

    fn at(secs: u64) -> Time {
        Time::ZERO + Span::from_secs(secs)
    }

    /// Ten parts of 90 s with 40 messages, of which one has twelve: 8 more than the mean of 4, four
    /// standard deviations of 2. Thirteen are too many for chance.
    #[test]
    fn few_messages_may_come_together_by_chance() {
        let steady = |most: u64| {
            let mut scenario = fixture::scenario();
            let others = (0..9).flat_map(|part| vec![at(310 + 90 * part); 3]);
            let busiest = (0..most).map(|_| at(1_150));
            let at: Vec<Time> = others.chain([at(320)]).chain(busiest).collect();
            scenario.producers[0].config.arrivals = vec![ArrivalProcess::Times { at: at.into() }];
            is_steady(&scenario)
        };
        assert!(steady(12) && !steady(14));
    }

    #[test]
    fn messages_are_expected_where_they_fall() {
        let within = |process: &ArrivalProcess, last| expected(process, at(300), at(390), last);
        let burst = |secs| ArrivalProcess::Burst { at: at(secs), count: 5 };
        for (secs, counts) in [(299, [0.0; 2]), (300, [5.0; 2]), (390, [0.0, 5.0]), (391, [0.0; 2])]
        {
            let found = [false, true].map(|last| within(&burst(secs), last));
            assert_eq!(found.map(f64::to_bits), counts.map(f64::to_bits), "{secs}");
        }
        // 10/s for 20 s of 80: a quarter of 900.
        let length = |secs| Dist::Constant(Span::from_secs(secs));
        let on_off = ArrivalProcess::OnOff { rate: 10.0, on: length(20), off: length(60) };
        close(within(&on_off, false), 225.0);
        // Half of the first minute and all of the second.
        let period =
            |secs| CountPeriod { from: at(secs), length: Span::from_secs(60), expected: 300.0 };
        let counts = ArrivalProcess::Counts { periods: [270, 330, 390].map(period).into() };
        close(within(&counts, false), 450.0);
        // From 5.5/s at 25 s to 10/s at 100 s: 7.75 · 75; then to 5/s at 150 s: 7.5 · 50.
        let points = [(at(0), 4.0), (at(100), 10.0), (at(200), 0.0)];
        close(area(&points, at(25), at(150)), 581.25 + 375.0);
        close(area(&points[1..], at(50), at(100)), 500.0);
        close(area(&points[..2], at(100), at(300)), 2_000.0);
        assert_eq!(area(&[], at(0), at(300)).to_bits(), 0.0_f64.to_bits());
    }

    /// Ten a second for a minute, then a hundred: 600 and 6,000.
    #[test]
    fn a_step_has_the_area_of_both_its_sides() {
        let at = |seconds| Time::ZERO + Span::from_secs(seconds);
        let points = vec![(at(0), 10.0), (at(60), 10.0), (at(60), 100.0)];
        let step = ArrivalProcess::Profile { points };
        let expected = |of: &ArrivalProcess, from, to| expected_messages(of, at(from), at(to));
        assert!((expected(&step, 0, 120) - 6_600.0).abs() < 1e-9);
        assert!((expected(&step, 0, 60) - 600.0).abs() < 1e-9);
        assert!((expected(&step, 60, 61) - 100.0).abs() < 1e-9);
        // Two minutes again and again, from a dear one to a cheap one.
        let again = ArrivalProcess::Repeated { every: Span::from_secs(120), of: Box::new(step) };
        assert!((expected(&again, 60, 660) - (6_000.0 + 4.0 * 6_600.0 + 600.0)).abs() < 1e-6);
        assert!((expected(&again, 130, 140) - 100.0).abs() < 1e-9);
    }
}
