//! What no range forbids and hardly anybody means.
//!
//! Owns the warnings that follow from several settings together. Must not refuse anything.
//!
//! Invariant: a warning is given where the settings alone decide, whatever chance does: loads are
//! bounded from below, work that is held up is not guessed at.

use super::Check;
use crate::kernel::dist::Dist;
use crate::kernel::time::{Span, Time};
use crate::ledger::config::{Keys, QueueConfig};
use crate::model::clients::{ArrivalProcess, Ask, FleetConfig, OnStop, ReceiveConfig, WorkUnit};
use crate::model::fleet_size::FleetSize;
use crate::model::functions::{Account, FunctionConfig};
use crate::model::scenario::{Named, Scenario};
use crate::scenario::tree::At;
use crate::scenario::warnings::Warning;
use crate::stats::cost::expected_messages;

/// Fewer messages than this in the whole run are hardly meant.
const HARDLY_ANY: f64 = 0.1;
/// A share of the work that may outlive the visibility timeout.
const RARELY: f64 = 0.01;
/// Loads are told from here on: rounding alone gives no more than 1.
const FULL: f64 = 1.0 + 1e-9;

impl<'a> Check<'a> {
    /// All of them but those of single parts.
    pub(super) fn sense(&mut self, scenario: &Scenario) {
        for fleet in &scenario.fleets {
            self.certain_failure(fleet);
            self.leaving(fleet);
            for queue in fleet.config.queues() {
                let Some(queue) = scenario.queues.get(queue.0 as usize) else { continue };
                self.poison(fleet, queue);
                self.timeout(fleet, queue);
            }
        }
        for queue in &scenario.queues {
            self.certain_queue(queue);
            self.dead_letters(scenario, queue);
        }
        self.overload(scenario);
        self.idle_windows(scenario);
    }

    /// Batches that are gathered for a time in which hardly ever a second message comes.
    fn idle_windows(&mut self, scenario: &Scenario) {
        if scenario.duration.is_zero() || scenario.functions.is_empty() {
            return;
        }
        let flows = flows(scenario);
        for function in &scenario.functions {
            let (window, batch) = (function.config.window, function.config.batch);
            let Some(flow) = flows.get(function.config.queue.0 as usize) else { continue };
            let more = flow.rate * window.as_secs_f64();
            if window.is_zero() || batch == 1 || more >= HARDLY_ANY || flow.rate <= 0.0 {
                continue;
            }
            let at = self.root.field("consumers").field(&function.name).field("window");
            let what = format!(
                "{more:.4} messages come within a window of {window}: nearly every batch waits \
                 for nothing"
            );
            self.warn(&at, Warning::IdleWindow, what)
                .help
                .push("leave `window` out, or make it longer".into());
        }
    }

    /// Arrivals that bring nothing before the producers' end.
    pub(super) fn never_sends(&mut self, at: &At<'a>, process: &ArrivalProcess) {
        let end = self.duration;
        let what = match process {
            ArrivalProcess::Constant { rate } => {
                let gap = Span::round_nanos(1e9 / rate);
                if gap < end || *rate <= 0.0 {
                    return;
                }
                format!("the first message would come after {gap}: producers end at {end}")
            }
            ArrivalProcess::Closed { think: Dist::Constant(think), .. } if *think >= end => {
                format!("the first message would come after {think}: producers end at {end}")
            }
            // A burst has a place in time, which is looked at where it is read.
            ArrivalProcess::Closed { .. } | ArrivalProcess::Burst { .. } => return,
            ArrivalProcess::Poisson { .. }
            | ArrivalProcess::Profile { .. }
            | ArrivalProcess::OnOff { .. }
            | ArrivalProcess::Counts { .. }
            | ArrivalProcess::Exact { .. }
            | ArrivalProcess::Repeated { .. }
            | ArrivalProcess::Times { .. } => {
                let number = expected_messages(process, Time::ZERO, Time::ZERO + end);
                if number > HARDLY_ANY {
                    return;
                }
                format!("{number:.2} messages are to be expected until the producers' end at {end}")
            }
        };
        self.warn(at, Warning::NeverSends, what)
            .help
            .push("write a higher rate, or a longer `duration`".into());
    }

    fn certain(&mut self, at: &At<'a>, value: f64, what: &str) {
        if value >= 1.0 {
            self.warn(at, Warning::Certain, what)
                .help
                .push("1 is always; write \"1%\" for one in a hundred".into());
        }
    }

    fn certain_failure(&mut self, fleet: &Named<FleetConfig>) {
        let failure = &fleet.config.failure;
        if failure.probability < 1.0 && failure.poison < 1.0 {
            return;
        }
        let at = self.root.field("consumers").field(&fleet.name).field("failure");
        let what = "every processing fails: no message is ever done";
        self.certain(&at.field("probability"), failure.probability, what);
        let what = "every message fails every time: none is ever done";
        self.certain(&at.field("poison"), failure.poison, what);
    }

    fn certain_queue(&mut self, queue: &Named<QueueConfig>) {
        let (share, key, what) = match queue.config.ledger.keys {
            Keys::Group { hot, .. } => (hot, "hot", "all messages go to one group"),
            Keys::HotRange { share, .. } => (share, "share", "all messages go to one range"),
            Keys::Uniform
            | Keys::PerCall
            | Keys::Sticky(_)
            | Keys::Sequential { .. }
            | Keys::LeastBacklog(_) => (0.0, "", ""),
        };
        if queue.config.lost_deletes < 1.0 && share < 1.0 {
            return;
        }
        let at = self.root.field("queues").field(&queue.name);
        let lost = "every delete leaves a copy: no message ever goes";
        self.certain(&at.field("lost_deletes"), queue.config.lost_deletes, lost);
        self.certain(&at.field("ledger").field("keys").field(key), share, what);
    }

    fn poison(&mut self, fleet: &Named<FleetConfig>, queue: &Named<QueueConfig>) {
        let poison = fleet.config.failure.poison;
        if poison <= 0.0 || poison >= 1.0 || queue.config.redrive.is_some() {
            return;
        }
        let at = self.root.field("consumers").field(&fleet.name).field("failure").field("poison");
        let (name, retention) = (&queue.name, queue.config.retention);
        let what = format!(
            "messages that always fail come back to `{name}` until they are {retention} old"
        );
        self.warn(&at, Warning::PoisonWithoutRedrive, what).help.push(format!(
            "give `queues.{name}` a `redrive: (to: \"…\", max_receives: 10)`, or write \
             `probability` if each try may fail"
        ));
    }

    /// Whether a dead letter is one too early, or for too short a time (Amazon SQS developer guide,
    /// "Using dead-letter queues": enough receives for retries; a retention longer than that of the
    /// queue it came from, as its age goes on).
    fn dead_letters(&mut self, scenario: &Scenario, queue: &Named<QueueConfig>) {
        let Some(redrive) = &queue.config.redrive else { return };
        let at = self.root.field("queues").field(&queue.name).field("redrive");
        if redrive.max_receives == 1 {
            let what = "a message that comes back once is moved: one crash or one deploy is enough";
            self.warn(&at.field("max_receives"), Warning::FewReceives, what).help =
                vec!["AWS advises as many as retries take; 3 or more are common".into()];
        }
        let Some(dead) = scenario.queues.get(redrive.to.0 as usize) else { return };
        let (from, to) = (queue.config.retention, dead.config.retention);
        // Those of one age are as AWS makes them, which a shorter run does not show.
        if to > from || (to == from && scenario.end() < Time::ZERO + from) {
            return;
        }
        let what = format!(
            "dead letters go when they are {to} old, the time before they were moved included: \
             messages may be {from} old by then"
        );
        self.warn(&at.field("to"), Warning::DeadLettersExpire, what).help = vec![format!(
            "make `queues.{}.retention` longer than that of `{}`, as AWS advises",
            dead.name, queue.name
        )];
    }

    /// Whether workers that leave are killed at work: by a scaler that does not protect them, a
    /// schedule or a deploy.
    fn leaving(&mut self, fleet: &Named<FleetConfig>) {
        let config = &fleet.config;
        let some_leave = match &config.size {
            FleetSize::Scaled(scaler) => !scaler.protect,
            size @ (FleetSize::Fixed(_) | FleetSize::Schedule(_)) => size.fixed().is_none(),
        };
        let grace = match config.on_stop {
            OnStop::Drop => Some(Span::ZERO),
            OnStop::Finish => config.grace,
            OnStop::GiveBack => None,
        };
        let Some(grace) = grace.filter(|_| some_leave || config.deploys.is_some()) else { return };
        let share = 1.0 - config.processing.cdf(grace);
        if share <= RARELY {
            return;
        }
        let setting = if config.on_stop == OnStop::Drop { "on_stop" } else { "grace" };
        let at = self.root.field("consumers").field(&fleet.name).field(setting);
        let after = if grace.is_zero() { "at once".to_owned() } else { format!("after {grace}") };
        let what = format!(
            "a worker that leaves is killed {after}, {:.0} % of the work takes longer: its message \
             is back when the visibility timeout ends, received once more",
            share * 100.0
        );
        self.warn(&at, Warning::KilledAtWork, what).help = vec![
            "write `on_stop: GiveBack` or a longer `grace`, or `protect: true` of a scaler".into(),
        ];
    }

    /// Whether the work, or the heartbeat that holds it, ends before the visibility timeout.
    fn timeout(&mut self, fleet: &Named<FleetConfig>, queue: &Named<QueueConfig>) {
        let FleetConfig { receive, processing, heartbeat, .. } = &fleet.config;
        let timeout = receive.visibility_timeout.unwrap_or(queue.config.visibility_timeout);
        let consumer = self.root.field("consumers").field(&fleet.name);
        if let Some(heartbeat) = heartbeat {
            // Work that is done before the first beat needs none.
            if heartbeat.every >= timeout && 1.0 - processing.cdf(timeout) > RARELY {
                let at = consumer.field("heartbeat").field("every");
                let every = heartbeat.every;
                let what = format!(
                    "the first beat comes after {every}, the visibility timeout ends at {timeout}"
                );
                self.warn(&at, Warning::HeartbeatTooLate, what).help =
                    vec!["make `every` shorter than the visibility timeout".into()];
            }
            return;
        }
        let Some(what) = outlived(&fleet.config, timeout) else { return };
        let own = consumer.field("receive").field("visibility_timeout");
        let queue_at = self.root.field("queues").field(&queue.name).field("visibility_timeout");
        let at = [own, queue_at].into_iter().find(At::is_written);
        let at = at.unwrap_or_else(|| consumer.field("processing"));
        self.warn(&at, Warning::TimeoutBelowWork, what).help = vec![format!(
            "make `queues.{}.visibility_timeout` longer than nearly all work, or give \
             `consumers.{}` a `heartbeat`",
            queue.name, fleet.name
        )];
    }

    /// Queues to which more work comes than their workers can do.
    fn overload(&mut self, scenario: &Scenario) {
        if scenario.duration.is_zero() {
            return;
        }
        let flows = flows(scenario);
        // The first fleet of each queue, and how many there are.
        let mut fleets: Vec<(Option<&Named<FleetConfig>>, u32)> = vec![(None, 0); flows.len()];
        for fleet in &scenario.fleets {
            for queue in fleet.config.queues() {
                if let Some((first, number)) = fleets.get_mut(queue.0 as usize) {
                    first.get_or_insert(fleet);
                    *number += 1;
                }
            }
        }
        let length = scenario.duration.as_secs_f64();
        let with_drain = scenario.duration.saturating_add(scenario.drain).as_secs_f64();
        for (place, Flow { rate, capacity }) in flows.into_iter().enumerate() {
            if capacity <= 0.0 || rate <= capacity * FULL || rate * length <= capacity * with_drain
            {
                continue;
            }
            let (Some(fleet), number) = fleets[place] else { continue };
            let load = rate / capacity;
            let name = &scenario.queues[place].name;
            let what = format!(
                "`{name}` gets {} messages a second, its workers do {} at most: \
                 a load of {load:.2}",
                figure(rate),
                figure(capacity)
            );
            let at = self.root.field("consumers").field(&fleet.name).field("count");
            let told = self.warn(&at, Warning::Overload, what);
            if number == 1 {
                let size = &fleet.config.size;
                let count = libm::ceil(f64::from(size.most()) * load);
                let setting =
                    if matches!(size, FleetSize::Scaled(_)) { "count.max" } else { "count" };
                let name = &fleet.name;
                told.help.push(format!("it takes `consumers.{name}.{setting}: {count}` at least"));
            } else {
                told.help.push("it takes more workers, less work or fewer messages".into());
            }
        }
    }
}

/// How work outlives a visibility timeout, if more than rarely.
fn outlived(fleet: &FleetConfig, timeout: Span) -> Option<String> {
    let work = &fleet.processing;
    let mean = rounded(Span::round_nanos(work.mean_nanos()));
    if mean >= timeout {
        return Some(format!(
            "the visibility timeout of {timeout} ends before the work does, {mean} on average"
        ));
    }
    let share = 1.0 - work.cdf(timeout);
    if share > RARELY {
        return Some(format!(
            "{:.1} % of the work takes longer than the visibility timeout of {timeout}",
            share * 100.0
        ));
    }
    let ReceiveConfig { max, prefetch, ask, .. } = fleet.receive;
    let most = u64::from(max.max(prefetch));
    let held = match ask {
        Ask::Most => most,
        Ask::Room => most.min(u64::from(fleet.threads) + u64::from(prefetch)),
    };
    let turns = held.div_ceil(u64::from(fleet.threads.max(1)));
    let last = mean.saturating_mul(turns);
    if matches!(fleet.per, WorkUnit::Message) && turns > 1 && last > timeout {
        return Some(format!(
            "the last of {held} messages that one process holds is done after {last}, its \
             visibility timeout ends at {timeout}"
        ));
    }
    None
}

/// To milliseconds, where that is fine enough to be told.
fn rounded(length: Span) -> Span {
    const MILLISECOND: u64 = 1_000_000;
    let nanos = length.as_nanos();
    if nanos < 100 * MILLISECOND {
        return length;
    }
    Span::from_nanos(nanos.saturating_add(MILLISECOND / 2) / MILLISECOND * MILLISECOND)
}

/// A rate to four decimals, without those that are 0.
fn figure(rate: f64) -> f64 {
    libm::rint(rate * 1e4) / 1e4
}

/// What comes to a queue and what its workers can do, a second.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    rate: f64,
    capacity: f64,
}

/// Bounds of both: of what comes from below, of what can be done from above.
fn flows(scenario: &Scenario) -> Vec<Flow> {
    let mut flows = vec![Flow::default(); scenario.queues.len()];
    let (end, length) = (Time::ZERO + scenario.duration, scenario.duration.as_secs_f64());
    for producer in &scenario.producers {
        let Some(flow) = flows.get_mut(producer.config.queue.0 as usize) else { continue };
        let arrivals = producer.config.arrivals.iter();
        let messages: f64 = arrivals.map(|of| expected_messages(of, Time::ZERO, end)).sum();
        flow.rate += messages / length;
    }
    // Where all fleets of a queue forward to the same one, all that they do goes there.
    let mut next: Vec<Option<Option<usize>>> = vec![None; flows.len()];
    for fleet in &scenario.fleets {
        // Of several queues nobody knows how much is done of each.
        let to = fleet.config.forward.map(|to| to.0 as usize).filter(|_| {
            fleet.config.several.is_none()
                && fleet.config.failure.poison <= 0.0
                && fleet.config.failure.probability < 1.0
        });
        for from in fleet.config.queues().map(|queue| queue.0 as usize) {
            let Some(flow) = flows.get_mut(from) else { continue };
            flow.capacity += most_done(&fleet.config);
            next[from] = Some(match next[from] {
                None => to,
                Some(known) => known.filter(|_| known == to),
            });
        }
    }
    for function in &scenario.functions {
        if let Some(flow) = flows.get_mut(function.config.queue.0 as usize) {
            flow.capacity += most_invoked(&function.config, scenario.account);
        }
    }
    let mut above = vec![0_u32; flows.len()];
    let ways = |next: &Vec<Option<Option<usize>>>, from: usize| next[from].flatten();
    for from in 0..flows.len() {
        if let Some(to) = ways(&next, from).filter(|&to| to < flows.len()) {
            above[to] += 1;
        }
    }
    let mut ready: Vec<usize> = (0..flows.len()).filter(|&at| above[at] == 0).collect();
    while let Some(from) = ready.pop() {
        let Some(to) = ways(&next, from).filter(|&to| to < flows.len()) else { continue };
        flows[to].rate += flows[from].rate.min(flows[from].capacity);
        above[to] -= 1;
        if above[to] == 0 {
            ready.push(to);
        }
    }
    flows
}

/// Messages a second that a function can do if there are always some.
fn most_invoked(function: &FunctionConfig, account: Account) -> f64 {
    let at_once = function.most(account).min(function.reserved.unwrap_or(u32::MAX));
    let batch =
        if matches!(function.per, WorkUnit::Batch) { f64::from(function.batch) } else { 1.0 };
    let each = function.processing.mean_nanos().max(1.0) / 1e9;
    f64::from(at_once) * batch / each
}

/// Messages a second that a fleet can do if there are always some.
fn most_done(fleet: &FleetConfig) -> f64 {
    let call = fleet.call_latency.mean_nanos();
    let max = f64::from(fleet.receive.max.max(1));
    let batch = if matches!(fleet.per, WorkUnit::Batch) { max } else { 1.0 };
    // A worker that keeps none waiting receives while at least one of its threads is idle.
    let received = if fleet.receive.prefetch == 0 { call / max } else { 0.0 };
    // A thread that deletes one by one waits for each answer, and so for one that sends on.
    let deleted = if fleet.delete.batch == 1 { call } else { 0.0 };
    let sent_on = if fleet.forward.is_some() { call / batch } else { 0.0 };
    // What failed is done again, unless it is a dead letter then.
    let fails = fleet.failure.probability;
    let tries = if fails < 1.0 { 1.0 / (1.0 - fails.clamp(0.0, 0.999)) } else { 1.0 };
    let done = if fails < 1.0 { deleted + sent_on } else { 0.0 };
    let each = (fleet.processing.mean_nanos() / batch + received) * tries + done;
    let workers = f64::from(fleet.size.most());
    let by_threads = rate_of(workers * f64::from(fleet.threads), each);
    // One receive at a time, however many threads wait for it.
    let gap = fleet.receive.gap.as_ref().map_or(0.0, Dist::mean_nanos);
    by_threads.min(rate_of(workers * max, (call + gap) * tries))
}

/// So many at once that take so many nanoseconds each.
fn rate_of(at_once: f64, nanos: f64) -> f64 {
    if nanos > 0.0 { at_once * 1e9 / nanos } else { f64::INFINITY }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::fixture::scenario;

    #[test]
    fn what_comes_flows_on_where_all_is_forwarded() {
        let mut scenario = scenario();
        let second = Named { name: "second".into(), ..scenario.queues[0].clone() };
        scenario.queues = vec![scenario.queues[0].clone(), second];
        let mut fleet = scenario.fleets[0].clone();
        fleet.config.processing = Dist::Constant(Span::from_millis(100));
        fleet.config.call_latency = Dist::Constant(Span::ZERO);
        (fleet.config.size, fleet.config.threads) = (2.into(), 1);
        fleet.config.forward = Some(crate::ledger::config::QueueId(1));
        let mut last = fleet.clone();
        (last.config.forward, last.config.queue) = (None, crate::ledger::config::QueueId(1));
        last.config.size = 1.into();
        scenario.fleets = vec![fleet, last];
        scenario.producers[0].config.arrivals = vec![ArrivalProcess::Poisson { rate: 15.0 }];
        let found: Vec<(f64, f64)> =
            flows(&scenario).iter().map(|flow| (flow.rate, flow.capacity)).collect();
        assert_eq!(found, [(15.0, 20.0), (15.0, 10.0)]);
        // No more goes on than is done.
        scenario.producers[0].config.arrivals = vec![ArrivalProcess::Poisson { rate: 50.0 }];
        assert!((flows(&scenario)[1].rate - 20.0).abs() < 1e-9);
        // A retry takes a worker's time again: half of 20.
        scenario.fleets[0].config.failure.probability = 0.5;
        assert!((flows(&scenario)[0].capacity - 10.0).abs() < 1e-9);
    }

    /// One worker with 1 ms of work and calls of 20 ms, by hand: a receive, the work and a delete
    /// take 41 ms; a receive of ten is a tenth of one for each; what is kept waiting costs its
    /// threads nothing, but one receive after the other brings 50 a second at most.
    #[test]
    fn calls_take_time_too() {
        let mut scenario = scenario();
        let fleet = &mut scenario.fleets[0].config;
        fleet.processing = Dist::Constant(Span::from_millis(1));
        fleet.call_latency = Dist::Constant(Span::from_millis(20));
        (fleet.size, fleet.threads, fleet.forward) = (1.into(), 1, None);
        (fleet.receive.max, fleet.receive.prefetch, fleet.delete.batch) = (1, 0, 1);
        let close = |fleet: &FleetConfig, expected: f64| {
            let found = most_done(fleet);
            assert!((found - expected).abs() < 1e-9 * expected, "{found}, not {expected}");
        };
        close(fleet, 1e3 / 41.0);
        fleet.receive.max = 10;
        close(fleet, 1e3 / 23.0);
        fleet.receive.prefetch = 10;
        close(fleet, 1e3 / 21.0);
        fleet.delete.batch = 10;
        close(fleet, 500.0);
        fleet.receive.max = 1;
        close(fleet, 50.0);
        (fleet.receive.prefetch, fleet.threads) = (0, 100);
        close(fleet, 50.0);
        // Half of the receives and of the work is in vain.
        (fleet.threads, fleet.failure.probability) = (1, 0.5);
        close(fleet, 1e3 / 42.0);
        (fleet.delete.batch, fleet.forward) = (1, Some(crate::ledger::config::QueueId(1)));
        close(fleet, 1e3 / 82.0);
        // Ten of a batch share the receive, the work and what sends them on.
        (fleet.per, fleet.receive.max, fleet.failure.probability) = (WorkUnit::Batch, 10, 0.0);
        close(fleet, 1e3 / (0.1 + 2.0 + 2.0 + 20.0));
    }
}
