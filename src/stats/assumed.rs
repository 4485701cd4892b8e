//! What the closed forms assume of a scenario, setting by setting.
//!
//! Owns the decision for every setting: which formula it leaves true. Must not know the formulas.
//!
//! The forms are those of a queue that Poisson arrivals join one at a time, whose servers all take
//! from it, never wait while a message does, and keep what they took until it is done. They speak
//! of the mean wait, the number waiting and the busy share in whatever order messages are taken,
//! as long as it does not depend on their work; of the spread of the wait only in the order of
//! arrival ([`Station::one_line`]).
//!
//! Invariant: in doubt there is no station. Each type of settings is taken apart field by field, so
//! that a new field does not compile until it is decided here.

use super::by_queue::ByQueue;
use super::theory::poisson_tail;
use crate::kernel::dist::Dist;
use crate::kernel::num;
use crate::kernel::time::Span;
use crate::ledger::RECEIPT_LIFE;
use crate::ledger::config::{Capacity, LedgerConfig, QueueConfig, QueueId, SplitPolicy};
use crate::model::clients::{
    ArrivalProcess, Failure, FleetConfig, Heartbeat, OnFailure, ProducerConfig, ReceiveConfig,
    WorkUnit,
};
use crate::model::scenario::Scenario;

/// A chance below this is taken for never.
pub(super) const NEVER: f64 = 1e-6;
/// A capacity this many times the rate, and a burst this large, are taken for unlimited.
const PLENTY: f64 = 10.0;

/// A queue with its servers that keeps to what the forms assume, as far as a setting tells by
/// itself. What depends on how long messages wait is left as a bound.
#[derive(Clone, Debug)]
pub(super) struct Station<'a> {
    /// The place of its fleet in the scenario.
    pub(super) fleet: usize,
    /// Messages sent per second.
    pub(super) rate: f64,
    /// Threads of all workers.
    pub(super) servers: u32,
    /// The length of a service.
    pub(super) work: &'a Dist,
    /// Most messages of one service.
    pub(super) batch: u32,
    /// How long a server sleeps that found nothing; `None` if it is woken by the next message.
    pub(super) sleep: Option<&'a Dist>,
    /// The probability that a service fails, and how long its message stays away then.
    pub(super) nack: Option<(f64, Span)>,
    /// Messages are taken in the order in which they came.
    pub(super) one_line: bool,
    /// How long calls of producers take before they have their effect, in nanoseconds on average.
    pub(super) away_nanos: f64,
    /// All servers are there after this long.
    pub(super) start_up: Span,
    /// Messages older than this are lost.
    retention: Span,
    /// Most messages in service, or away after one that failed.
    max_in_flight: u32,
    /// What the partition that gets all calls carries.
    capacity: Option<Capacity>,
}

/// The station at this queue, if the scenario has one.
pub(super) fn station<'a>(
    scenario: &'a Scenario,
    by_queue: &ByQueue,
    queue: QueueId,
) -> Option<Station<'a>> {
    let Scenario {
        // Names and what is told of a run move no event.
        name: _,
        about: _,
        window: _,
        expect: _,
        prices: _,
        // The forms speak of the long run; whether a run is one, `recognise` says.
        duration: _,
        warm_up: _,
        // Nothing is measured in it.
        drain: _,
        // Whatever chance does.
        seed: _,
        // A run that meets one is partial, and compared with nothing.
        limits: _,
        queues,
        producers,
        fleets,
        // Who calls one is no station.
        downstreams: _,
        // The forms know servers that are there, not some that come as they are needed.
        functions: _,
        account: _,
    } = scenario;
    let at = queue.0 as usize;
    if by_queue.has_function(at) {
        return None;
    }
    let &[place] = by_queue.fleets(at) else { return None };
    let fleet = &fleets[place].config;
    // What comes from another queue is no Poisson process.
    if by_queue.is_fed(at) {
        return None;
    }
    let mut station = of_fleet(fleet, place)?;
    // A thread would wait with its message until the next queue takes it.
    let takes_all = |to: QueueId| queues.get(to.0 as usize).map(|to| takes_all(&to.config));
    if fleet.forward.is_some_and(|to| takes_all(to) != Some(true)) {
        return None;
    }
    for &producer in by_queue.producers(at) {
        let (rate, away) = poisson(&producers[producer].config)?;
        station.rate += rate;
        station.away_nanos = station.away_nanos.max(away);
    }
    let timeout = fleet.receive.visibility_timeout;
    let settings = &queues.get(at)?.config;
    (station.rate > 0.0 && in_queue(&mut station, settings, timeout)).then_some(station)
}

impl Station<'_> {
    /// Whether the bounds of the queue are as good as none, where a message is received `receives`
    /// times on average, its wait before each has an exponential tail of mean `tail` seconds, and
    /// `away` are between two receives on average.
    pub(super) fn has_room(&self, receives: f64, tail: f64, away: f64) -> bool {
        self.carries(receives) && self.keeps_all(tail) && self.takes_in_flight(away)
    }

    /// The calls come as sends and as receives, each as at random.
    fn carries(&self, receives: f64) -> bool {
        let calls = PLENTY * self.rate * receives;
        self.capacity.is_none_or(|of| of.per_second >= calls && of.burst >= PLENTY)
    }

    /// Hardly a message grows older than the retention. An old one has waited long, or one service
    /// or sleep was: the tails of both are looked at apart.
    fn keeps_all(&self, tail: f64) -> bool {
        /// e⁻²⁰ of an exponential law lies beyond so many of its means.
        const FAR: f64 = 20.0;
        let retention = self.retention.as_secs_f64();
        let (tries, away) = self
            .nack
            .map_or((1.0, Span::ZERO), |(failure, away)| (num::ln(NEVER) / num::ln(failure), away));
        let service = self.work.mean_nanos() / 1e9;
        let sleep = self.sleep.map_or(0.0, |sleep| sleep.mean_nanos() / 1e9);
        let old = (1.0 + tries) * (away.as_secs_f64() + FAR * (tail + service + sleep));
        let part = self.retention / 10;
        old <= retention
            && std::iter::once(self.work)
                .chain(self.sleep)
                .all(|law| excess_beyond(law, part) <= NEVER)
    }

    /// What is in service, and Poisson many beside it, are hardly ever more than the cap.
    fn takes_in_flight(&self, away: f64) -> bool {
        let served = u64::from(self.servers) * u64::from(self.batch);
        let room = u64::from(self.max_in_flight).checked_sub(served);
        room.is_some_and(|room| poisson_tail(away, room) <= NEVER)
    }
}

/// The probability that what is left of a length, seen from an instant in it, is longer than `x`,
/// bounded from above by Cauchy and Schwarz: `E[S; S > x]/E[S] ≤ √(E[S²] P(S > x))/E[S]`.
fn excess_beyond(law: &Dist, x: Span) -> f64 {
    let mean = law.mean_nanos();
    if mean == 0.0 {
        return 0.0;
    }
    let second = law.variance_nanos2() + mean * mean;
    num::sqrt(second * (1.0 - law.cdf(x)).max(0.0)) / mean
}

/// Messages per second, and nanoseconds from a call to its effect on average, if they come one at
/// a time as a Poisson process. Random latencies move its points and leave it Poisson.
fn poisson(producer: &ProducerConfig) -> Option<(f64, f64)> {
    let ProducerConfig {
        queue: _,
        arrivals,
        batch,
        // A batch of one is full at once.
        linger: _,
        call_latency,
        connections,
        delay,
        // Nothing is refused.
        retry: _,
    } = producer;
    if *batch != 1 || connections.is_some() || delay.is_some_and(|delay| !delay.is_zero()) {
        return None;
    }
    let rates = arrivals.iter().map(|process| match process {
        ArrivalProcess::Poisson { rate } => Some(*rate),
        ArrivalProcess::Constant { .. }
        | ArrivalProcess::Profile { .. }
        | ArrivalProcess::OnOff { .. }
        | ArrivalProcess::Burst { .. }
        | ArrivalProcess::Counts { .. }
        | ArrivalProcess::Exact { .. }
        | ArrivalProcess::Repeated { .. }
        | ArrivalProcess::Times { .. }
        | ArrivalProcess::Closed { .. } => None,
    });
    let rates: Option<Vec<f64>> = rates.collect();
    Some((rates?.into_iter().sum(), call_latency.mean_nanos()))
}

/// The station as its fleet makes it: without arrivals, and as if the queue had no bounds.
fn of_fleet(fleet: &FleetConfig, place: usize) -> Option<Station<'_>> {
    let FleetConfig {
        queue: _,
        several,
        // One thread is as good as another, whichever worker it belongs to.
        // As many as ever: one that varies is no station.
        size,
        threads,
        receive,
        processing,
        per,
        calls,
        call_latency,
        failure,
        hold,
        heartbeat,
        crash,
        start_up,
        // Who has no room is not there from the start.
        hosts,
        // Nobody leaves.
        on_stop: _,
        grace: _,
        deploys,
        delete,
        // What was done before does not come again.
        idempotent: _,
        // To a queue that takes all: [`station`] looks.
        forward: _,
        // Nothing is refused.
        retry: _,
    } = fleet;
    let ReceiveConfig {
        max,
        wait,
        visibility_timeout: _,
        prefetch,
        pause,
        gap,
        // An idle thread has room for all that one takes.
        ask: _,
        barrier,
    } = receive;
    // Several messages that are worked on one after the other have been received, and wait.
    let together = *max == 1 || matches!(per, WorkUnit::Batch);
    // A thread would be held, or a message be gone, by what is no work.
    let immediate = *call_latency == Dist::Constant(Span::ZERO) && delete.batch == 1;
    // A thread would be idle and not receive, or serve another queue.
    let held_off = gap.is_some() || (*barrier && *threads > 1) || several.is_some();
    // Work that leans on something is as long as that lets it be.
    let unsteady = crash.is_some() || deploys.is_some() || hosts.is_some() || calls.is_some();
    if !together || !immediate || *prefetch != 0 || unsteady || held_off || hold.is_some() {
        return None;
    }
    let Failure { probability, poison, then, whole_batch } = failure;
    let nack = match then {
        _ if *poison > 0.0 => return None,
        _ if *probability == 0.0 => None,
        // The messages of a batch would fail together.
        _ if *whole_batch && *max > 1 => return None,
        OnFailure::Release(away) => Some((*probability, *away)),
        OnFailure::LetExpire | OnFailure::Backoff { .. } | OnFailure::Delays(_) => return None,
    };
    // A refused release lets the message come back when its timeout ends.
    let refused = |away: Span| reaches(processing, RECEIPT_LIFE.saturating_sub(away));
    // A beat that lets go of the message before the next one.
    let lets_go = |beat: Heartbeat| beat.extend <= beat.every && reaches(processing, beat.every);
    if nack.is_some_and(|(_, away)| refused(away)) || heartbeat.is_some_and(lets_go) {
        return None;
    }
    Some(Station {
        fleet: place,
        rate: 0.0,
        servers: size.fixed()?.checked_mul(*threads)?,
        work: processing,
        batch: *max,
        sleep: wait.is_zero().then_some(pause),
        nack,
        one_line: true,
        away_nanos: 0.0,
        start_up: start_up.longest()?,
        retention: Span::MAX,
        max_in_flight: u32::MAX,
        capacity: None,
    })
}

/// What the queue makes of the station; whether it is one. `timeout` is what receives ask for.
fn in_queue(station: &mut Station<'_>, queue: &QueueConfig, timeout: Option<Span>) -> bool {
    let QueueConfig {
        visibility_timeout,
        delay,
        retention,
        max_in_flight,
        redrive,
        purges,
        lost_deletes,
        // Who deletes has the latest receipt.
        stale_deletes: _,
        duplicates,
        // It is paid for, and takes no time.
        message_size: _,
        // A fleet that reads them is no station.
        counter_lag: _,
        ledger,
    } = queue;
    let LedgerConfig {
        partitions,
        capacity,
        ceiling,
        // Whichever partition a message is in: the order does not depend on its work.
        keys: _,
        split,
        // Nothing splits.
        guards: _,
        mechanics: _,
        receive,
        nodes,
    } = ledger;
    station.one_line = *partitions == 1;
    (station.retention, station.max_in_flight) = (*retention, *max_in_flight);
    station.capacity = *capacity;
    // A long poll that waits at one partition misses what is in the others, and a short one what
    // is not in its sample.
    let sees_all = station.one_line || (station.sleep.is_none() && !receive.waits_at_one());
    // A message that failed too often leaves at a receive that finds it.
    let stays = station.nack.is_none() || redrive.is_none();
    // One that came back goes behind those of its own partition only.
    let mixes = station.nack.is_none() || station.one_line;
    // At the same instant the timeout ends first.
    let held = !reaches(station.work, timeout.unwrap_or(*visibility_timeout));
    let kept = purges.is_empty() && *lost_deletes == 0.0 && *duplicates == 0.0 && held;
    // Splits refuse calls, and a policy need not wait for load.
    let whole = ceiling.is_none() && nodes.is_none() && matches!(split, SplitPolicy::Static);
    delay.is_zero() && sees_all && stays && mixes && kept && whole
}

/// Whether a length may be as long as this, or longer.
fn reaches(law: &Dist, length: Span) -> bool {
    length.is_zero() || 1.0 - law.cdf(length.saturating_sub(Span::from_nanos(1))) > NEVER
}

/// A send to this queue is never refused.
fn takes_all(queue: &QueueConfig) -> bool {
    let QueueConfig {
        visibility_timeout: _,
        delay: _,
        retention: _,
        max_in_flight: _,
        redrive: _,
        purges: _,
        lost_deletes: _,
        stale_deletes: _,
        duplicates: _,
        message_size: _,
        counter_lag: _,
        ledger,
    } = queue;
    let LedgerConfig {
        partitions: _,
        capacity,
        ceiling,
        keys: _,
        split,
        guards: _,
        mechanics: _,
        receive: _,
        nodes,
    } = ledger;
    let whole = matches!(split, SplitPolicy::Static);
    whole && capacity.is_none() && ceiling.is_none() && nodes.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn station(work: &Dist) -> Station<'_> {
        Station {
            fleet: 0,
            rate: 40.0,
            servers: 4,
            work,
            batch: 1,
            sleep: None,
            nack: None,
            one_line: true,
            away_nanos: 0.0,
            start_up: Span::ZERO,
            retention: Span::MAX,
            max_in_flight: u32::MAX,
            capacity: None,
        }
    }

    const HALF: Dist = Dist::Constant(Span::from_millis(500));

    /// 40/s, each received 1.25 times, are 50 calls a second: ten times as many are plenty.
    #[test]
    fn plenty_of_capacity_is_as_good_as_none() {
        let carries = |per_second: f64, burst: f64| {
            let capacity = Some(Capacity { per_second, burst });
            Station { capacity, ..station(&HALF) }.carries(1.25)
        };
        assert!(carries(500.0, 10.0) && !carries(499.0, 10.0) && !carries(500.0, 9.9));
        assert!(station(&HALF).carries(1.25));
    }

    /// Twenty times the means of a wait of 1.5 s, of half a second of work and of a quarter of
    /// sleep, and that twice: 90 s. With failures of 10 % there are ln(1e-6)/ln 0.1 = 6 tries more,
    /// each 3 s apart: 7 · (3 + 20 · 2) = 301 s.
    #[test]
    fn retention_is_far_beyond_all_that_makes_a_message_old() {
        let sleep = Dist::Constant(Span::from_millis(250));
        let kept = |millis: u64| {
            let retention = Span::from_millis(millis);
            Station { retention, sleep: Some(&sleep), ..station(&HALF) }.keeps_all(1.5)
        };
        assert!(kept(90_100) && !kept(89_900));
        let kept = |millis: u64| {
            let retention = Span::from_millis(millis);
            let nack = Some((0.1, Span::from_secs(3)));
            Station { nack, retention, ..station(&HALF) }.keeps_all(1.5)
        };
        assert!(kept(301_100) && !kept(300_900));
        // A law with a long tail may be longer than a tenth of the retention: √(2 e^-x) of an
        // exponential one is a millionth at 28.3 of its means.
        let second = Dist::Exponential { mean: Span::from_secs(1) };
        let kept = |secs: u64| {
            let retention = Span::from_secs(secs);
            Station { retention, ..station(&second) }.keeps_all(0.0)
        };
        assert!(kept(284) && !kept(282));
        let kept = |secs: u64| {
            let retention = Span::from_secs(secs);
            Station { retention, sleep: Some(&second), ..station(&HALF) }.keeps_all(0.0)
        };
        assert!(kept(284) && !kept(282));
    }

    /// E[S²] is twice the squared mean of an exponential law, and 5/4 of it of Erlang-4, of which
    /// 0.043 lie beyond twice the mean: e⁻⁸ (1 + 8 + 32 + 85.33) = 0.042380.
    #[test]
    fn what_is_left_of_a_length_is_bounded() {
        let close = |found: f64, expected: f64| {
            assert!((found - expected).abs() <= 1e-4 * expected, "{found}, not {expected}");
        };
        let mean = Span::from_secs(2);
        let exponential = Dist::Exponential { mean };
        let found = excess_beyond(&exponential, Span::from_secs(8));
        close(found, (2.0 * num::exp(-4.0)).sqrt());
        let erlang = Dist::Erlang { k: 4, mean };
        close(excess_beyond(&erlang, Span::from_secs(4)), (1.25 * 0.042_380_f64).sqrt());
        assert_eq!(excess_beyond(&HALF, Span::from_secs(1)).to_bits(), 0.0_f64.to_bits());
        let none = Dist::Constant(Span::ZERO);
        assert_eq!(excess_beyond(&none, Span::from_secs(1)).to_bits(), 0.0_f64.to_bits());
    }

    /// Four servers hold forty messages. Of Poisson 2 beside them more than 10 are 8e-6, and more
    /// than 11 are 1.4e-6, more than 12 are 2e-7.
    #[test]
    fn what_is_in_service_fits_under_the_cap() {
        let takes = |max_in_flight: u32, away: f64| {
            Station { max_in_flight, batch: 10, ..station(&HALF) }.takes_in_flight(away)
        };
        assert!(takes(40, 0.0) && !takes(39, 0.0));
        assert!(takes(52, 2.0) && !takes(51, 2.0));
    }
}
