//! A fleet that comes and goes, a function and a downstream in the made-up run, for the tests.
//!
//! Owns their numbers, each so simple that figures follow by hand. Must not know the pictures.

use super::sample;
use crate::facts::deed::DownstreamId;
use crate::kernel::time::{Span, Time};
use crate::model::clients::{CallConfig, Retry, RetryBudget};
use crate::model::downstream::DownstreamBound;
use crate::model::fleet_size::{FleetSize, Schedule};
use crate::model::scenario::Scenario;
use crate::observe::measured::{
    DownstreamCounts, DownstreamMeasured, DownstreamWindow, FleetCounts, FleetMeasured,
    FleetWindow, FunctionCounts, FunctionMeasured, FunctionWindow, Measured, WindowLevel,
};
use crate::stats::fixture;

/// The made-up run of 300 windows of 5 s with a fleet of 4 workers of two threads, from 600 s on
/// 12, that calls a pool of ten connections, and with a function.
pub(super) fn scenario() -> Scenario {
    let mut scenario = sample::scenario();
    let step = |secs, count| (Time::ZERO + Span::from_secs(secs), count);
    let steps = [step(0, 4), step(600, 12)].into();
    let fleet = &mut scenario.fleets[0].config;
    fleet.size = FleetSize::Schedule(Schedule { steps, every: None });
    fleet.calls = Some(CallConfig {
        to: DownstreamId(0),
        retry: Retry { base: Span::ZERO, cap: Span::ZERO, attempts: None },
        base_refused: Span::ZERO,
        budget: RetryBudget::Unlimited,
    });
    scenario
}

/// What was measured in it.
pub(super) fn measured() -> Measured {
    let measured = sample::measured();
    let windows = measured.queues[0].series.len();
    Measured {
        fleets: vec![fleet(windows)],
        functions: vec![function(windows)],
        downstreams: vec![downstream(DownstreamBound::Pool { connections: 10 }, windows)],
        ..measured
    }
}

/// Of the twelve workers that are wanted from 600 s on, eight start for a minute; a deploy begins
/// at 900 s, and three workers are killed in it.
fn fleet(windows: usize) -> FleetMeasured {
    let window = |number: usize| {
        let (wanted, down) = match number * 5 {
            0..600 => (4, 0),
            600..660 => (12, 8),
            _ => (12, 0),
        };
        let up = wanted - down;
        FleetWindow {
            busy: WindowLevel { mean: up as f64, max: 2 * up, last: up },
            up: WindowLevel::steady(2 * up),
            down: WindowLevel::steady(2 * down),
            wanted: WindowLevel::steady(wanted),
            killed: [0, 3][usize::from(number == 181)],
            deploys: u32::from(number == 180),
            ..FleetWindow::default()
        }
    };
    FleetMeasured {
        busy: fixture::level(9, 24, 0),
        up: fixture::level(16, 24, 24),
        down: fixture::level(1, 16, 0),
        wanted: fixture::level(9, 12, 12),
        threads_each: 2,
        counts: FleetCounts { killed: 3, deploys: 1, ..FleetCounts::default() },
        series: (0..windows).map(window).collect(),
        ..FleetMeasured::default()
    }
}

/// From 600 to 700 s a limit of 60 instead of 20, and twelve tries a second that are throttled.
fn function(windows: usize) -> FunctionMeasured {
    let window = |number: usize| {
        let more = (600..700).contains(&(number * 5));
        let (running, limit) = if more { (40, 60) } else { (10, 20) };
        FunctionWindow {
            concurrency: WindowLevel::steady(running),
            in_use: WindowLevel::steady(running + 5),
            limit: WindowLevel::steady(limit),
            invocations: 100,
            throttles: if more { 60 } else { 0 },
            ..FunctionWindow::default()
        }
    };
    FunctionMeasured {
        concurrency: fixture::level(13, 40, 10),
        in_use: fixture::level(18, 45, 15),
        limit: fixture::level(24, 60, 20),
        counts: FunctionCounts { invocation_throttles: 1_200, ..FunctionCounts::default() },
        series: (0..windows).map(window).collect(),
        ..FunctionMeasured::default()
    }
}

/// In the 900 s that are measured 180 calls a second, of which one is answered, and 45 a second
/// begin.
pub(super) fn downstream(bound: DownstreamBound, windows: usize) -> DownstreamMeasured {
    let window = DownstreamWindow {
        calls: 900,
        begun: 225,
        done: 5,
        timeouts: 895,
        unheard: 220,
        waiting: WindowLevel::steady(500),
        in_use: WindowLevel::steady(9),
        ..DownstreamWindow::default()
    };
    DownstreamMeasured {
        counts: DownstreamCounts {
            calls: 162_000,
            begun: 40_500,
            done: 900,
            timeouts: 161_100,
            unheard: 39_600,
            ..DownstreamCounts::default()
        },
        waiting: fixture::level(500, 500, 500),
        in_use: fixture::level(9, 10, 9),
        series: std::iter::repeat_n(window, windows).collect(),
        ..DownstreamMeasured::new(bound)
    }
}
