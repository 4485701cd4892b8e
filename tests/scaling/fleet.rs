//! Workers that come when they are wanted, and a scaler that is asked in time.

use sqsim::clients::scaling::{Counters, Group, Scaler};
use sqsim::kernel::dist::Dist;
use sqsim::kernel::rng::Streams;
use sqsim::kernel::time::{Span, Time};
use sqsim::model::scaling::ScalerConfig;

pub(crate) fn at(secs: u64) -> Time {
    Time::ZERO + Span::from_secs(secs)
}

pub(crate) fn visible(visible: u64) -> Counters {
    Counters { visible, ..Counters::default() }
}

/// Workers that start equally long, of which the newest goes first.
#[derive(Clone, Debug)]
pub(crate) struct Workers {
    boot: Span,
    warm_up: Span,
    /// When each is ready and warm.
    warm: Vec<Time>,
}

impl Workers {
    /// So many at the start.
    pub(crate) fn new(count: u32, boot: Span, warm_up: Span) -> Workers {
        Workers { boot, warm_up, warm: vec![Time::ZERO; count as usize] }
    }

    pub(crate) fn set(&mut self, now: Time, wanted: u32) {
        let warm = now.saturating_add(self.boot).saturating_add(self.warm_up);
        self.warm.resize(wanted as usize, warm);
    }

    pub(crate) fn group(&self, now: Time) -> Group {
        let warm = self.warm.iter().filter(|&&warm| warm <= now).count() as u32;
        let wanted = self.warm.len() as u32;
        Group { wanted, in_service: warm, warming: wanted - warm }
    }
}

/// When a fleet's size changes, and to what, up to and including `until`.
pub(crate) fn course(
    config: &ScalerConfig,
    lag: Span,
    mut workers: Workers,
    until: Time,
    truth: impl Fn(Time) -> Counters,
) -> Vec<(Time, u32)> {
    let lag = Dist::Constant(lag);
    let mut scaler = Scaler::new(config, &lag, Streams::new(1, 0), "consumers.w");
    let mut changes = Vec::new();
    while scaler.next_at() <= until {
        let now = scaler.next_at();
        if let Some(wanted) = scaler.act(now, truth(now), workers.group(now)) {
            changes.push((now, wanted));
            workers.set(now, wanted);
        }
    }
    changes
}

/// The changes of a fleet of workers that need no time to start, from `start` workers on.
pub(crate) fn at_once(
    config: &ScalerConfig,
    start: u32,
    until: u64,
    truth: impl Fn(Time) -> Counters,
) -> Vec<(u64, u32)> {
    let workers = Workers::new(start, Span::ZERO, Span::ZERO);
    let changes = course(config, Span::ZERO, workers, at(until), truth);
    changes.iter().map(|&(now, wanted)| (now.as_nanos() / 1_000_000_000, wanted)).collect()
}
