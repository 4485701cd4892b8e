//! Checks of producers and consumers.
//!
//! Owns their ranges, and that no client can act for ever at one instant. Must not know the
//! queues beyond their names.

use super::files::CountsAsked;
use super::queue::IN_SQS;
use super::{Check, RATES};
use crate::kernel::dist::Dist;
use crate::kernel::time::{Span, Time};
use crate::model::clients::{
    ArrivalProcess, Ask, Crash, DeleteConfig, FleetConfig, Heartbeat, OnStop, ProducerConfig,
    ReceiveConfig, Retry, WorkUnit,
};
use crate::scenario::data_files::whole;
use crate::scenario::file::{
    ArrivalFile, AskFile, ConsumerFile, Length, OnStopFile, ProducerFile, Rate, ReceiveFile,
    ReplayFile, RetryFile, WorkUnitFile,
};
use crate::scenario::tree::At;
use crate::scenario::warnings::Warning;

/// `WaitTimeSeconds`.
const LONGEST_WAIT: Span = Span::from_secs(20);
/// Ours: each costs some hundred bytes.
const MOST_THREADS: u64 = 10_000_000;
/// The in-flight cap of AWS: a buffer cannot hold more of a queue.
const MOST_PREFETCH: u32 = 120_000;

/// Ours: a factor beyond these is a slip.
const SCALES: (f64, f64) = (1e-6, 1e6);

/// Multiplies rates and counts, and stops what it cannot multiply.
#[derive(Clone, Copy)]
struct Scale(f64);

impl<'a> Check<'a> {
    /// A producer.
    pub(super) fn producer(&mut self, at: &At<'a>, file: &ProducerFile) -> ProducerConfig {
        let why = "rates and counts are multiplied by it";
        self.range(&at.field("scale"), file.scale, SCALES.0, SCALES.1, why);
        // One that is at fault must not put the rates at fault as well.
        let usable = (SCALES.0..=SCALES.1).contains(&file.scale);
        let scale = Scale(if usable { file.scale } else { 1.0 });
        self.range(&at.field("batch"), file.batch, 1, 10, IN_SQS);
        let call_latency = self.dist(&at.field("call_latency"), &file.call_latency);
        let mut arrivals = Vec::new();
        self.arrivals(&at.field("arrivals"), &file.arrivals, scale, &mut arrivals);
        if is_zero(&call_latency) && arrivals.iter().any(never_thinks) {
            self.push(&at.field("arrivals"), "these clients send for ever without time passing")
                .help = vec!["give them a `think` time, or the producer a `call_latency`".into()];
        }
        if let Some(delay) = file.delay {
            self.delay(&at.field("delay"), delay.0);
        }
        let connections = file.connections.number();
        if let Some(connections) = connections {
            self.at_least_one(&at.field("connections"), connections);
        }
        ProducerConfig {
            queue: self.queue_named(&at.field("queue"), &file.queue),
            arrivals,
            batch: file.batch,
            linger: file.linger.0,
            call_latency,
            connections,
            delay: file.delay.map(|delay| delay.0),
            retry: self.retry(&at.field("retry"), &file.retry),
        }
    }

    pub(super) fn retry(&mut self, at: &At, file: &RetryFile) -> Retry {
        self.some_time(&at.field("base"), file.base, "a client that never waits never stops");
        if file.cap.0 < file.base.0 {
            let what = format!("a cap of {} is below the base of {}", file.cap.0, file.base.0);
            self.push(&at.field("cap"), what);
        }
        let attempts = file.attempts.number();
        if let Some(attempts) = attempts {
            self.at_least_one(&at.field("attempts"), attempts);
        }
        Retry { base: file.base.0, cap: file.cap.0, attempts }
    }

    /// Adds an arrival process, a sum as its parts.
    fn arrivals(
        &mut self,
        at: &At<'a>,
        file: &ArrivalFile,
        scale: Scale,
        out: &mut Vec<ArrivalProcess>,
    ) {
        let process = match file {
            ArrivalFile::Sum(parts) | ArrivalFile::List(parts) => {
                self.sum(at, parts, scale, out);
                return;
            }
            ArrivalFile::Poisson(rate) => {
                ArrivalProcess::Poisson { rate: self.rate(at, *rate, scale) }
            }
            ArrivalFile::Constant(rate) => {
                ArrivalProcess::Constant { rate: self.rate(at, *rate, scale) }
            }
            ArrivalFile::Profile { points, every } => {
                let profile = self.profile(&at.field_or_self("points"), points, scale);
                let last = points.last().map_or(Span::ZERO, |(last, _)| last.0);
                self.again(at, *every, last, profile)
            }
            ArrivalFile::OnOff { rate, on, off } => {
                let rate = self.rate(&at.field("rate"), *rate, scale);
                let on = self.dist(&at.field("on"), on);
                let off = self.dist(&at.field("off"), off);
                if is_zero(&on) {
                    self.push(&at.field("on"), "it is never on");
                }
                ArrivalProcess::OnOff { rate, on, off }
            }
            ArrivalFile::Burst { at: instant, count, every } => {
                let count = scale.count(*count);
                if count == 0 {
                    self.push(&at.field("count"), "`0` is too few: at least 1 is needed");
                }
                self.in_time(&at.field("at"), *instant);
                let burst = ArrivalProcess::Burst { at: Time::ZERO + instant.0, count };
                self.again(at, *every, after(instant.0), burst)
            }
            ArrivalFile::Counts { file, period, gaps, metric, duplicates, replay, every } => {
                let (metric, comes_again) = (metric.as_deref(), every.is_some());
                let (period, duplicates) = (*period, *duplicates);
                let asked = CountsAsked { file, period, gaps, metric, duplicates, comes_again };
                let periods = self.counts(at, &asked, scale.0);
                let end = periods.last().map(|last| last.from.saturating_add(last.length));
                let length = end.map_or(Span::ZERO, |end| end - Time::ZERO);
                let process = match replay {
                    ReplayFile::Poisson => ArrivalProcess::Counts { periods },
                    ReplayFile::Exact => {
                        let asked = format!("{asked:?} {} whole", scale.0);
                        let periods = self.made(file, &asked, || whole(&periods));
                        ArrivalProcess::Exact { periods }
                    }
                };
                self.again(at, *every, length, process)
            }
            ArrivalFile::Times { file, every } => {
                self.unscaled(at, scale, "Times");
                let times = self.times(at, file, every.is_some());
                let length = times.last().map_or(Span::ZERO, |&last| after(last - Time::ZERO));
                self.again(at, *every, length, ArrivalProcess::Times { at: times })
            }
            ArrivalFile::Closed { clients, think } => {
                self.unscaled(at, scale, "Closed");
                let most = MOST_THREADS as u32;
                let ours = "every client costs memory in the simulator";
                self.range(&at.field("clients"), *clients, 1, most, ours);
                let think = self.dist(&at.field("think"), think);
                ArrivalProcess::Closed { clients: *clients, think }
            }
        };
        self.never_sends(at, &process);
        out.push(process);
    }

    fn sum(
        &mut self,
        at: &At<'a>,
        parts: &[ArrivalFile],
        scale: Scale,
        out: &mut Vec<ArrivalProcess>,
    ) {
        if !at.is_whole(parts) {
            return;
        }
        if parts.is_empty() {
            self.push(at, "a sum of no arrivals: at least one is needed");
        }
        for (index, part) in parts.iter().enumerate() {
            self.arrivals(&at.item(index), part, scale, out);
        }
    }

    fn rate(&mut self, at: &At, rate: Rate, scale: Scale) -> f64 {
        let scaled = rate.0 * scale.0;
        if rate.0 <= 0.0 {
            self.push(at, "a rate of 0 never sends: it must be above 0");
        } else if !(RATES.0..=RATES.1).contains(&scaled) {
            let what = format!("{scaled} messages a second are outside {} to {}", RATES.0, RATES.1);
            self.push(at, what).help.push("time is counted in nanoseconds, up to 584 years".into());
        }
        scaled
    }

    fn profile(&mut self, at: &At, points: &[(Length, Rate)], scale: Scale) -> ArrivalProcess {
        if !at.is_whole(points) {
            return ArrivalProcess::Profile { points: Vec::new() };
        }
        if points.iter().all(|(_, rate)| rate.0 <= 0.0) {
            self.push(at, "a profile needs at least one rate above 0")
                .help
                .push("such as `Profile([(\"0s\", \"2000/s\"), (\"5m\", \"12000/s\")])`".into());
        }
        let mut ascending = true;
        for (index, pair) in points.windows(2).enumerate() {
            let (before, next) = (pair[0].0.0, pair[1].0.0);
            let third = points.get(index + 2).is_some_and(|(third, _)| third.0 == next);
            let at = at.item(index + 1).item(0);
            if next < before {
                self.push(&at, format!("`{next}` is not after {before}"));
                ascending = false;
            } else if next == before && third {
                let what = format!("three points stand at `{next}`: a step has two");
                self.push(&at, what).help =
                    vec!["keep the rate before it and the one behind it".into()];
            }
        }
        let mut scaled = Vec::with_capacity(points.len());
        for (index, &(instant, rate)) in points.iter().enumerate() {
            let at = at.item(index).item(1);
            let rate = if rate.0 > 0.0 { self.rate(&at, rate, scale) } else { 0.0 };
            scaled.push((Time::ZERO + instant.0, rate));
        }
        if !ascending {
            scaled.clear();
        }
        ArrivalProcess::Profile { points: scaled }
    }

    fn unscaled(&mut self, at: &At, scale: Scale, process: &str) {
        if scale.0.to_bits() != 1.0_f64.to_bits() {
            let what = format!("`{process}` cannot be scaled by {}", scale.0);
            let help = match process {
                "Closed" => "change the number of `clients` instead",
                _ => "its instants are exact; put it in a producer of its own without `scale`",
            };
            self.push(at, what).help.push(help.into());
        }
    }

    /// An instant while producers run.
    fn in_time(&mut self, at: &At, instant: Length) {
        if instant.0 > self.duration {
            let what = format!("`{}` is after the producers' end at {}", instant.0, self.duration);
            self.push(at, what);
        } else if instant.0 == self.duration {
            let what = format!("`{}` is the producers' end, where none sends", instant.0);
            self.warn(at, Warning::AtTheEnd, what)
                .help
                .push("make it earlier, or `duration` longer".into());
        }
    }

    /// A fleet; deploys begin before `end`.
    pub(super) fn consumer(&mut self, at: &At<'a>, file: &ConsumerFile, end: Span) -> FleetConfig {
        let size = self.fleet_size(&at.field("count"), &file.count);
        self.at_least_one(&at.field("threads"), file.threads);
        let threads = u64::from(size.most()) * u64::from(file.threads);
        self.threads = self.threads.saturating_add(threads);
        if threads > MOST_THREADS {
            let what = format!(
                "{} processes of {} threads are more than {MOST_THREADS} threads",
                size.most(),
                file.threads
            );
            self.push(&at.field("count"), what);
        } else if self.threads > MOST_THREADS {
            let what = format!(
                "with this consumer there are {} threads in all, more than {MOST_THREADS}",
                self.threads
            );
            self.push(&at.field("count"), what);
        }
        let call_latency = self.dist(&at.field("call_latency"), &file.call_latency);
        let receive = self.receive(&at.field("receive"), &file.receive);
        let at_once = is_zero(&receive.pause) && receive.gap.as_ref().is_none_or(is_zero);
        if receive.wait.is_zero() && at_once && is_zero(&call_latency) {
            let what = "short polls without pause and latency poll for ever without time passing";
            self.push(&at.field("receive"), what).help = vec![
                "give `receive` a `wait` or a `pause`, or the consumer a `call_latency`".into(),
            ];
        }
        let delete = at.field("delete");
        self.range(&delete.field("batch"), file.delete.batch, 1, 10, IN_SQS);
        let (queue, several) = self.source(at, &file.queue, &size);
        FleetConfig {
            queue,
            several,
            size,
            threads: file.threads,
            receive,
            processing: self.dist(&at.field("processing"), &file.processing),
            per: match file.per {
                WorkUnitFile::Message => WorkUnit::Message,
                WorkUnitFile::Batch => WorkUnit::Batch,
            },
            calls: file.calls.as_ref().map(|it| self.calls(&at.field("calls"), it)),
            call_latency,
            failure: self.failure(&at.field("failure"), file),
            hold: file.hold.as_ref().map(|hold| self.dist(&at.field("hold"), hold)),
            heartbeat: self.heartbeat(&at.field("heartbeat"), file),
            crash: file.crash.as_ref().map(|crash| {
                let at = at.field("crash");
                let between = crash.mean_time_between;
                self.some_time(&at.field("mean_time_between"), between, "`crash: None` for never");
                let restart = self.dist(&at.field("restart"), &crash.restart);
                Crash { mean_time_between: between.0, restart }
            }),
            start_up: self.dist(&at.field("start_up"), &file.start_up),
            hosts: file.hosts.as_ref().map(|hosts| self.hosts(&at.field("hosts"), hosts)),
            on_stop: match file.on_stop {
                OnStopFile::Finish => OnStop::Finish,
                OnStopFile::GiveBack => OnStop::GiveBack,
                OnStopFile::Drop => OnStop::Drop,
            },
            grace: file.grace.map(|grace| grace.0),
            deploys: file.deploys.as_ref().map(|it| self.deploys(&at.field("deploys"), it, end)),
            delete: DeleteConfig { batch: file.delete.batch, linger: file.delete.linger.0 },
            idempotent: file.idempotent,
            forward: file.forward.as_ref().map(|to| self.queue_named(&at.field("forward"), to)),
            retry: self.retry(&at.field("retry"), &file.retry),
        }
    }

    fn receive(&mut self, at: &At<'a>, file: &ReceiveFile) -> ReceiveConfig {
        self.range(&at.field("max"), file.max, 1, 10, IN_SQS);
        self.range(&at.field("wait"), file.wait.0, Span::ZERO, LONGEST_WAIT, IN_SQS);
        let why = "a queue has no more than 120,000 messages in flight";
        self.range(&at.field("prefetch"), file.prefetch, 0, MOST_PREFETCH, why);
        if let Some(timeout) = file.visibility_timeout {
            self.visibility(&at.field("visibility_timeout"), timeout.0);
        }
        ReceiveConfig {
            max: file.max,
            wait: file.wait.0,
            visibility_timeout: file.visibility_timeout.map(|timeout| timeout.0),
            prefetch: file.prefetch,
            pause: self.dist(&at.field("pause"), &file.pause),
            gap: Some(self.dist(&at.field("gap"), &file.gap)).filter(|gap| !is_zero(gap)),
            ask: match file.ask {
                AskFile::Most => Ask::Most,
                AskFile::Room => Ask::Room,
            },
            barrier: file.barrier,
        }
    }

    fn heartbeat(&mut self, at: &At, file: &ConsumerFile) -> Option<Heartbeat> {
        let heartbeat = file.heartbeat.as_ref()?;
        let (every, extend) = (heartbeat.every, heartbeat.extend);
        self.some_time(&at.field("every"), every, "`heartbeat: None` for never");
        self.visibility(&at.field("extend"), extend.0);
        if extend.0 <= every.0 {
            let what = format!(
                "a heartbeat every {} that extends to {} lets messages return between two beats",
                every.0, extend.0
            );
            self.warn(&at.field("extend"), Warning::HeartbeatTooLate, what)
                .help
                .push("make `extend` longer than `every`".into());
        }
        Some(Heartbeat { every: every.0, extend: extend.0 })
    }
}

/// Just behind an instant.
fn after(instant: Span) -> Span {
    instant.saturating_add(Span::from_nanos(1))
}

impl Scale {
    /// The scaled count, rounded.
    #[expect(clippy::cast_sign_loss, reason = "`as` saturates; a negative scale is a fault")]
    fn count(self, count: u64) -> u64 {
        libm::rint(count as f64 * self.0) as u64
    }
}

/// Whether a draw is always no time at all.
fn is_zero(dist: &Dist) -> bool {
    match dist {
        Dist::Constant(length) => length.is_zero(),
        Dist::Uniform { max, .. } | Dist::Triangular { max, .. } => max.is_zero(),
        Dist::Normal { mean, sd } => mean.is_zero() && sd.is_zero(),
        Dist::Percentiles(points) => points.iter().all(|(_, length)| length.is_zero()),
        Dist::Empirical(lengths) => lengths.iter().all(|length| length.is_zero()),
        Dist::Mix(parts) => parts.iter().all(|(_, part)| is_zero(part)),
        Dist::Shifted { by, dist } => by.is_zero() && is_zero(dist),
        Dist::Exponential { .. }
        | Dist::Erlang { .. }
        | Dist::Gamma { .. }
        | Dist::HyperExponential { .. }
        | Dist::LogNormal { .. }
        | Dist::Weibull { .. }
        | Dist::Pareto { .. } => false,
    }
}

/// Closed clients that begin again at once.
fn never_thinks(process: &ArrivalProcess) -> bool {
    matches!(process, ArrivalProcess::Closed { think, .. } if is_zero(think))
}
