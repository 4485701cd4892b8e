//! Metrics: facts → counters, levels, latencies and series.
//!
//! Owns what is measured while a run goes on, and turns it into [`Measured`] at its end. Must not
//! allocate for a message: what it needs is laid out before the first event.
//!
//! Counters only grow; the measured window and the windows of the series are differences of them
//! at boundaries, so a fact costs one increment however many windows there are. Parts that rest
//! (`super::windows`) are left out at the boundaries of windows.
#![expect(
    clippy::inline_always,
    reason = "a fact is known where it is told: all but its own arm folds away there"
)]

use super::downstream_meter::DownstreamMeter;
use super::fleet_meter::FleetMeter;
use super::function_meter::FunctionMeter;
use super::measured::Measured;
use super::node_meter::NodeMeter;
use super::producer_meter::ProducerMeter;
use super::queue_meter::QueueMeter;
use super::windows::Past;
use crate::facts::deed::{Deed, DownstreamId, FleetId, FunctionId};
use crate::facts::fingerprint::Fingerprint;
use crate::facts::observer::Observer;
use crate::facts::thread_time::ThreadTime;
use crate::kernel::time::{Span, Time};
use crate::ledger::Leftover;
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Change, Journal};
use crate::model::downstream::DownstreamBound;

/// What metrics must know of a run beforehand.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The measured window: start and end.
    pub window: (Time, Time),
    /// The planned end of the run.
    pub end: Time,
    /// Length of a window of the series.
    pub series: Span,
    /// Partitions at the start, per queue.
    pub partitions: Vec<u32>,
    /// Number of producers.
    pub producers: usize,
    /// Threads of a worker, and workers at the start, per fleet.
    pub fleets: Vec<(u32, u32)>,
    /// What bounds it, per downstream.
    pub downstreams: Vec<DownstreamBound>,
    /// Memory of an environment in MB, per function.
    pub functions: Vec<u32>,
}

/// Measures one run.
#[derive(Clone, Debug)]
pub struct Metrics {
    window: (Time, Time),
    /// The next instant at which something is folded.
    boundary: Time,
    next_series: Time,
    /// The windows of the series that have ended.
    past: Past,
    begun: bool,
    ended: bool,
    queues: Vec<QueueMeter>,
    producers: Vec<ProducerMeter>,
    fleets: Vec<FleetMeter>,
    downstreams: Vec<DownstreamMeter>,
    functions: Vec<FunctionMeter>,
    fingerprint: Fingerprint,
}

impl Metrics {
    /// Bytes that a queue takes beside its series and its partitions.
    pub const BYTES_PER_QUEUE: usize = QueueMeter::BYTES;

    /// The same of a queue of which nothing is ever told, with its series.
    pub const BYTES_PER_IDLE_QUEUE: usize = QueueMeter::BYTES_OF_IDLE;

    /// Bytes that a partition takes, and the change that it comes from, beside its loads.
    pub const BYTES_PER_PARTITION: usize =
        QueueMeter::BYTES_PER_PARTITION + QueueMeter::BYTES_PER_CHANGE;

    /// Bytes that a refused split takes.
    pub const BYTES_PER_REFUSAL: usize = QueueMeter::BYTES_PER_CHANGE;

    /// Bytes that a failure or a return of a node takes.
    pub const BYTES_PER_FAILURE: usize = NodeMeter::BYTES_PER_EVENT;

    /// Measures a run of this frame, before its first event.
    pub fn new(frame: &Frame) -> Metrics {
        let windows = frame.end.as_nanos().div_ceil(frame.series.as_nanos().max(1)) as usize;
        let fleet = |&(threads, wanted): &(u32, u32)| FleetMeter::new(threads, wanted, windows + 1);
        let downstream = |&bound: &DownstreamBound| DownstreamMeter::new(bound, windows + 1);
        let queue = |&partitions: &u32| QueueMeter::new(frame.window, partitions, windows + 1);
        Metrics {
            window: frame.window,
            boundary: Time::ZERO,
            next_series: Time::ZERO + frame.series,
            past: Past { windows: 0, at: Time::ZERO, each: frame.series },
            begun: false,
            ended: false,
            queues: frame.partitions.iter().map(queue).collect(),
            producers: vec![ProducerMeter::new(windows + 1); frame.producers],
            fleets: frame.fleets.iter().map(fleet).collect(),
            downstreams: frame.downstreams.iter().map(downstream).collect(),
            functions: (frame.functions.iter())
                .map(|&memory| FunctionMeter::new(memory, windows + 1))
                .collect(),
            fingerprint: Fingerprint::default(),
        }
    }

    /// The fingerprint so far.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// Folds every boundary up to `now`; a fact at a boundary belongs to what begins there.
    #[cold]
    fn cross(&mut self, now: Time) {
        while self.boundary <= now {
            let at = self.boundary;
            if at >= self.window.0 && !self.begun {
                self.begin(at);
            }
            if at >= self.window.1 && !self.ended {
                self.end(at);
            }
            if at == self.next_series {
                self.close_window(at);
                self.next_series += self.past.each;
            }
            let edges = [(self.begun, self.window.0), (self.ended, self.window.1)];
            let open = edges.into_iter().filter(|(passed, _)| !passed).map(|(_, edge)| edge);
            self.boundary = open.fold(self.next_series, Time::min);
        }
    }

    /// A window of the series ends.
    fn close_window(&mut self, at: Time) {
        let over = at.since(self.past.at);
        for queue in self.queues.iter_mut().filter(|queue| !queue.windows.rests()) {
            queue.close_window(at, over);
        }
        for fleet in self.fleets.iter_mut().filter(|fleet| !fleet.windows.rests()) {
            fleet.close_window(at, over);
        }
        for downstream in self.downstreams.iter_mut().filter(|it| !it.windows.rests()) {
            downstream.close_window(at, over);
        }
        for function in self.functions.iter_mut().filter(|function| !function.windows.rests()) {
            function.close_window(at, over);
        }
        for producer in self.producers.iter_mut().filter(|producer| !producer.rests()) {
            producer.close_window(self.past);
        }
        self.past = Past { windows: self.past.windows + 1, at, ..self.past };
    }

    /// All levels are going to be looked at.
    fn wake(&mut self) {
        self.queues.iter_mut().for_each(|queue| queue.wake(self.past));
        self.fleets.iter_mut().for_each(|fleet| fleet.wake(self.past));
        self.downstreams.iter_mut().for_each(|downstream| downstream.wake(self.past));
        self.functions.iter_mut().for_each(|function| function.wake(self.past));
    }

    /// Something became of a call of a downstream.
    #[inline(never)]
    fn downstream(&mut self, now: Time, downstream: DownstreamId, deed: &Deed) {
        let meter = &mut self.downstreams[downstream.0 as usize];
        if meter.windows.rests() {
            meter.wake(self.past);
        }
        meter.deed(now, deed);
    }

    fn begin(&mut self, at: Time) {
        self.begun = true;
        self.wake();
        for queue in &mut self.queues {
            queue.begin(at);
        }
        for producer in &mut self.producers {
            producer.begin();
        }
        for fleet in &mut self.fleets {
            fleet.begin(at);
        }
        for downstream in &mut self.downstreams {
            downstream.begin(at);
        }
        for function in &mut self.functions {
            function.begin(at);
        }
    }

    fn end(&mut self, at: Time) {
        self.ended = true;
        self.wake();
        let over = at.since(self.window.0);
        for queue in &mut self.queues {
            queue.end(at, over);
        }
        for producer in &mut self.producers {
            producer.end();
        }
        for fleet in &mut self.fleets {
            fleet.end(at, over);
        }
        for downstream in &mut self.downstreams {
            downstream.end(at, over);
        }
        for function in &mut self.functions {
            function.end(at, over);
        }
    }

    /// Ends the measured window at `at` and begins the next, which ends at `end`: what was measured
    /// in the one that is over. Of latencies and of what counts the whole run, that is no more than
    /// was known so far.
    pub(super) fn next_window(&mut self, at: Time, end: Time) -> Measured {
        let nothing = Leftover::default();
        let part = self.clone().finish(at, 0, &vec![nothing; self.queues.len()]);
        (self.window, self.begun, self.ended) = ((at, end), false, false);
        self.boundary = at;
        part
    }

    /// What was measured in a run that ended at `end` after `events` events with `leftovers` in
    /// its queues. A run that ended early has a shorter window.
    pub fn finish(mut self, end: Time, events: u64, leftovers: &[Leftover]) -> Measured {
        // A run that a limit or an interrupt ended may have begun a window with its last instant.
        let begun = end + self.past.each == self.next_series;
        self.cross(end);
        self.wake();
        if begun || end + self.past.each > self.next_series {
            // The last window of the series is shorter than the others.
            self.close_window(end);
        }
        if !self.begun {
            self.window.0 = end;
            self.begin(end);
        }
        if !self.ended {
            self.window.1 = end;
            self.end(end);
        }
        let queues = self.queues.into_iter().zip(leftovers);
        let producers = self.producers.into_iter();
        Measured {
            window: self.window,
            end,
            events,
            queues: queues.map(|(queue, &left)| queue.into_measured(end, left)).collect(),
            producers: producers.map(|producer| producer.into_measured(self.past)).collect(),
            fleets: self.fleets.into_iter().map(FleetMeter::into_measured).collect(),
            downstreams: self.downstreams.into_iter().map(DownstreamMeter::into_measured).collect(),
            functions: self.functions.into_iter().map(FunctionMeter::into_measured).collect(),
            fingerprint: self.fingerprint.hash(),
            checkpoints: self.fingerprint.checkpoints().to_vec(),
        }
    }
}

impl Metrics {
    /// The meter of a fleet, awake: for what is told rarely.
    #[inline(never)]
    fn fleet(&mut self, fleet: FleetId) -> &mut FleetMeter {
        let meter = &mut self.fleets[fleet.0 as usize];
        if meter.windows.rests() {
            meter.wake(self.past);
        }
        meter
    }

    /// The meter of a function, awake.
    #[inline]
    fn function(&mut self, function: FunctionId) -> &mut FunctionMeter {
        let meter = &mut self.functions[function.0 as usize];
        if meter.windows.rests() {
            meter.wake(self.past);
        }
        meter
    }
}

impl Journal for Metrics {
    #[inline(always)]
    fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        self.fingerprint.change(now, queue, change);
        let meter = &mut self.queues[queue.0 as usize];
        if meter.windows.rests() {
            meter.wake(self.past);
        }
        meter.change(now, change);
    }
}

impl Observer for Metrics {
    #[inline(always)]
    fn time(&mut self, now: Time) {
        if now >= self.boundary {
            self.cross(now);
        }
    }

    #[inline(always)]
    fn threads(
        &mut self,
        now: Time,
        fleet: FleetId,
        threads: u32,
        from: ThreadTime,
        to: ThreadTime,
    ) {
        if let Some(function) = fleet.function() {
            return self.function(function).places(now, threads, from, to);
        }
        let meter = &mut self.fleets[fleet.0 as usize];
        if meter.windows.rests() {
            meter.wake(self.past);
        }
        meter.threads(now, threads, from, to);
    }

    #[inline(always)]
    fn deed(&mut self, now: Time, deed: &Deed) {
        self.fingerprint.deed(now, deed);
        match *deed {
            Deed::Arrived { producer } => self.producers[producer.0 as usize].arrived(),
            Deed::SendConfirmed { producer, messages, waited, took } => {
                self.producers[producer.0 as usize].confirmed(messages, waited, took);
            }
            Deed::SendRetried { producer, messages } => {
                self.producers[producer.0 as usize].retried(messages);
            }
            Deed::GivenUp { producer, messages } => {
                self.producers[producer.0 as usize].given_up(messages);
            }
            Deed::Ended { fleet, queue, sent, took, how, .. } => {
                match fleet.function() {
                    None => self.fleets[fleet.0 as usize].end_work(took, how),
                    Some(function) => self.function(function).end_work(how),
                }
                let meter = &mut self.queues[queue.0 as usize];
                if meter.windows.rests() {
                    meter.wake(self.past);
                }
                meter.end_work(sent, took, how);
            }
            Deed::Invoked { function, .. }
            | Deed::InvocationEnded { function, .. }
            | Deed::InvocationThrottled { function, .. }
            | Deed::ReceivesBurnt { function, .. }
            | Deed::EnvironmentGone { function, .. }
            | Deed::LimitChanged { function, .. } => self.function(function).deed(now, deed),
            Deed::Resized { fleet, wanted } => self.fleet(fleet).resized(now, wanted),
            Deed::Counted { fleet, queue, visible, calls, .. } => {
                let meter = &mut self.queues[queue.0 as usize];
                if meter.windows.rests() {
                    meter.wake(self.past);
                }
                meter.counted(calls);
                self.fleet(fleet).counted(now, u64::from(visible));
            }
            Deed::Joined { fleet, .. } => self.fleets[fleet.0 as usize].counts().joined += 1,
            Deed::Left { fleet, .. } => self.fleets[fleet.0 as usize].counts().left += 1,
            Deed::Killed { fleet, held, .. } => {
                let counts = self.fleet(fleet).counts();
                counts.killed += 1;
                counts.killed_with += u64::from(held);
            }
            Deed::Deployed { fleet } => self.fleet(fleet).counts().deploys += 1,
            Deed::Called { downstream, .. }
            | Deed::CallBegun { downstream, .. }
            | Deed::CallEnded { downstream, .. }
            | Deed::CallRefused { downstream, .. }
            | Deed::CallGivenUp { downstream, .. } => self.downstream(now, downstream, deed),
            Deed::Began { .. }
            | Deed::Started { .. }
            | Deed::Stopped { .. }
            | Deed::Crashed { .. }
            | Deed::Busy { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests;
