//! Metrics: facts → counters, levels, latencies and series.
//!
//! Owns what is measured while a run goes on, and turns it into [`Measured`] at its end. Must not
//! allocate for a message: what it needs is laid out before the first event.
//!
//! Counters only grow; the measured window and the windows of the series are differences of them
//! at boundaries, so a fact costs one increment however many windows there are.
#![expect(
    clippy::inline_always,
    reason = "a fact is known where it is told: all but its own arm folds away there"
)]

use hdrhistogram::Histogram;

use super::fingerprint::Fingerprint;
use super::level::{AgeMeter, Meter};
use super::measured::{
    FleetMeasured, Latency, Level, LoadSample, Measured, PartitionLife, ProducerMeasured,
    QueueCounts, QueueMeasured, SplitEvent, Unfinished, Window,
};
use super::observer::Observer;
use crate::clients::deed::{Deed, Ending};
use crate::kernel::time::{Span, Time};
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Action, Change, Held, Journal, State};
use crate::ledger::service::Leftover;

/// Entries of `receives_per_message`.
const RECEIVES: usize = 32;

/// Longest latency that the histograms tell apart: the longest retention, 14 days.
const LONGEST: u64 = 14 * 86_400 * 1_000_000_000;

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
    /// The fleet of each worker, and threads of each fleet.
    pub fleets: Vec<FleetFrame>,
}

/// What metrics must know of a fleet.
#[derive(Clone, Copy, Debug)]
pub struct FleetFrame {
    /// Workers.
    pub workers: u32,
    /// Threads of each.
    pub threads: u32,
}

/// Measures one run.
#[derive(Clone, Debug)]
pub struct Metrics {
    window: (Time, Time),
    series: Span,
    /// The next instant at which something is folded.
    boundary: Time,
    next_series: Time,
    begun: bool,
    ended: bool,
    queues: Vec<QueueMeter>,
    producers: Vec<ProducerMeter>,
    fleets: Vec<FleetMeter>,
    workers: Vec<WorkerMeter>,
    fingerprint: Fingerprint,
}

#[derive(Clone, Debug)]
struct QueueMeter {
    /// Since the start of the run.
    counts: QueueCounts,
    /// At the beginning of the measured window.
    at_begin: QueueCounts,
    /// At the beginning of the current window of the series.
    at_window: QueueCounts,
    measured: QueueCounts,
    visible: Meter,
    in_flight: Meter,
    delayed: Meter,
    partitions: Meter,
    age: AgeMeter,
    levels: [Level; 5],
    sent_to_received: Latency,
    sent_to_deleted: Latency,
    processing: Latency,
    receives: Vec<u64>,
    windows: Vec<Window>,
    lives: Vec<PartitionLife>,
    /// Messages sent to each partition in the current window of the series.
    sends: Vec<u64>,
    loads: Vec<LoadSample>,
    splits: Vec<(Time, SplitEvent)>,
}

#[derive(Clone, Debug, Default)]
struct ProducerMeter {
    now: ProducerMeasured,
    at_begin: ProducerMeasured,
    measured: ProducerMeasured,
}

#[derive(Clone, Copy, Debug)]
struct WorkerMeter {
    fleet: u32,
    busy: u32,
}

#[derive(Clone, Debug)]
struct FleetMeter {
    now: FleetMeasured,
    at_begin: FleetMeasured,
    measured: FleetMeasured,
    busy: Meter,
}

fn latency() -> Latency {
    let histogram = Histogram::new_with_bounds(1, LONGEST, 3).expect("the bounds are in order");
    Latency { histogram, sum: 0, max: Span::ZERO }
}

impl Latency {
    #[inline]
    fn record(&mut self, span: Span) {
        self.histogram.saturating_record(span.as_nanos());
        self.sum += u128::from(span.as_nanos());
        self.max = self.max.max(span);
    }
}

impl QueueMeter {
    fn new(partitions: u32, windows: usize) -> QueueMeter {
        QueueMeter {
            counts: QueueCounts::default(),
            at_begin: QueueCounts::default(),
            at_window: QueueCounts::default(),
            measured: QueueCounts::default(),
            visible: Meter::ZERO,
            in_flight: Meter::ZERO,
            delayed: Meter::ZERO,
            partitions: Meter::ZERO,
            age: AgeMeter::NOTHING,
            levels: [Level::default(); 5],
            sent_to_received: latency(),
            sent_to_deleted: latency(),
            processing: latency(),
            receives: vec![0; RECEIVES],
            windows: Vec::with_capacity(windows),
            lives: Vec::with_capacity(partitions as usize),
            sends: Vec::with_capacity(partitions as usize),
            loads: Vec::with_capacity(windows * partitions as usize),
            splits: Vec::new(),
        }
    }

    fn level(&mut self, state: State) -> &mut Meter {
        match state {
            State::Visible => &mut self.visible,
            State::Delayed => &mut self.delayed,
            State::InFlight => &mut self.in_flight,
        }
    }

    fn begin(&mut self, now: Time) {
        self.at_begin = self.counts;
        for meter in
            [&mut self.visible, &mut self.in_flight, &mut self.delayed, &mut self.partitions]
        {
            meter.begin(now);
        }
        self.age.begin(now);
    }

    fn end(&mut self, now: Time, over: Span) {
        self.measured = self.counts.since(&self.at_begin);
        self.levels = [
            self.visible.end(now, over),
            self.in_flight.end(now, over),
            self.delayed.end(now, over),
            self.age.end(now, over),
            self.partitions.end(now, over),
        ];
    }

    fn close_window(&mut self, at: Time) {
        self.windows.push(Window {
            counts: self.counts.since(&self.at_window),
            visible: self.visible.value(),
            in_flight: self.in_flight.value(),
            delayed: self.delayed.value(),
            age_of_oldest: self.age.age(at),
            partitions: self.partitions.value(),
        });
        self.at_window = self.counts;
        for (number, sends) in (0..).zip(&mut self.sends) {
            if *sends > 0 {
                let partition = crate::ledger::journal::PartitionId(number);
                self.loads.push(LoadSample { at, partition, sends: *sends });
                *sends = 0;
            }
        }
    }

    fn into_measured(self, leftover: Leftover) -> QueueMeasured {
        let [mut visible, mut in_flight, mut delayed, mut age_of_oldest, mut partitions] =
            self.levels;
        visible.last = self.visible.value();
        in_flight.last = self.in_flight.value();
        delayed.last = self.delayed.value();
        partitions.last = self.partitions.value();
        age_of_oldest.last = leftover.oldest.as_nanos();
        let Leftover { messages, oldest, mean_age } = leftover;
        QueueMeasured {
            counts: self.measured,
            sent_to_received: self.sent_to_received,
            sent_to_deleted: self.sent_to_deleted,
            processing: self.processing,
            receives_per_message: self.receives,
            visible,
            in_flight,
            delayed,
            age_of_oldest,
            partitions,
            unfinished: Unfinished { messages, oldest, mean_age: mean_age.as_nanos() },
            series: self.windows,
            partition_lives: self.lives,
            loads: self.loads,
            split_events: self.splits,
        }
    }
}

impl Metrics {
    /// Measures a run of this frame, before its first event.
    pub fn new(frame: &Frame) -> Metrics {
        let windows = frame.end.as_nanos().div_ceil(frame.series.as_nanos().max(1)) as usize;
        let fleet = |fleet: &FleetFrame| {
            let threads = u64::from(fleet.workers) * u64::from(fleet.threads);
            let now = FleetMeasured { threads, ..FleetMeasured::default() };
            FleetMeter { now, at_begin: now, measured: now, busy: Meter::ZERO }
        };
        let members = |(number, fleet): (u32, &FleetFrame)| {
            std::iter::repeat_n(WorkerMeter { fleet: number, busy: 0 }, fleet.workers as usize)
        };
        let queue = |&partitions: &u32| QueueMeter::new(partitions, windows + 1);
        Metrics {
            window: frame.window,
            series: frame.series,
            boundary: Time::ZERO,
            next_series: Time::ZERO + frame.series,
            begun: false,
            ended: false,
            queues: frame.partitions.iter().map(queue).collect(),
            producers: vec![ProducerMeter::default(); frame.producers],
            fleets: frame.fleets.iter().map(fleet).collect(),
            workers: (0..).zip(&frame.fleets).flat_map(members).collect(),
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
                for queue in &mut self.queues {
                    queue.close_window(at);
                }
                self.next_series += self.series;
            }
            let edges = [(self.begun, self.window.0), (self.ended, self.window.1)];
            let open = edges.into_iter().filter(|(passed, _)| !passed).map(|(_, edge)| edge);
            self.boundary = open.fold(self.next_series, Time::min);
        }
    }

    fn begin(&mut self, at: Time) {
        self.begun = true;
        for queue in &mut self.queues {
            queue.begin(at);
        }
        for producer in &mut self.producers {
            producer.at_begin = producer.now;
        }
        for fleet in &mut self.fleets {
            fleet.at_begin = fleet.now;
            fleet.busy.begin(at);
        }
    }

    fn end(&mut self, at: Time) {
        self.ended = true;
        let over = at.since(self.window.0);
        for queue in &mut self.queues {
            queue.end(at, over);
        }
        for producer in &mut self.producers {
            producer.measured = producer.now.since(&producer.at_begin);
        }
        for fleet in &mut self.fleets {
            fleet.measured = fleet.now.since(&fleet.at_begin);
            fleet.measured.busy = fleet.busy.end(at, over);
        }
    }

    /// What was measured in a run that ended at `end` after `events` events with `leftovers` in
    /// its queues. A run that ended early has a shorter window.
    pub fn finish(mut self, end: Time, events: u64, leftovers: &[Leftover]) -> Measured {
        self.cross(end);
        if end + self.series > self.next_series {
            // The last window of the series is shorter than the others.
            for queue in &mut self.queues {
                queue.close_window(end);
            }
        }
        if !self.begun {
            self.window.0 = end;
            self.begin(end);
        }
        if !self.ended {
            self.window.1 = end;
            self.end(end);
        }
        for (fleet, level) in self.fleets.iter_mut().map(|fleet| (&mut fleet.measured, fleet.busy))
        {
            fleet.busy.last = level.value();
        }
        let queues = self.queues.into_iter().zip(leftovers);
        Measured {
            window: self.window,
            end,
            events,
            queues: queues.map(|(queue, &left)| queue.into_measured(left)).collect(),
            producers: self.producers.into_iter().map(|producer| producer.measured).collect(),
            fleets: self.fleets.into_iter().map(|fleet| fleet.measured).collect(),
            fingerprint: self.fingerprint.hash(),
            checkpoints: self.fingerprint.checkpoints().to_vec(),
        }
    }

    /// A latency belongs to the window in which its message was sent.
    #[inline]
    fn measures(&self, sent: Time) -> bool {
        self.window.0 <= sent && sent < self.window.1
    }
}

impl Journal for Metrics {
    #[inline(always)]
    fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        if now >= self.boundary {
            self.cross(now);
        }
        self.fingerprint.change(now, queue, change);
        let (begin, end) = self.window;
        let measures = |sent: Time| begin <= sent && sent < end;
        let meter = &mut self.queues[queue.0 as usize];
        match *change {
            Change::Sent { partition, state, .. } => {
                meter.counts.sent += 1;
                meter.level(state).add(now, 1);
                meter.sends[partition.0 as usize] += 1;
            }
            Change::Received { receives, sent, cause, .. } => {
                meter.counts.received += 1;
                meter.visible.sub(now, 1);
                meter.in_flight.add(now, 1);
                if receives == 1 && measures(sent) {
                    meter.sent_to_received.record(now.since(sent));
                }
                if let Some(cause) = cause {
                    *meter.counts.redelivered.by(cause) += 1;
                }
            }
            Change::Deleted { sent, receives, from, .. } => {
                meter.counts.deleted += 1;
                meter.level(from).sub(now, 1);
                if measures(sent) {
                    meter.sent_to_deleted.record(now.since(sent));
                    meter.receives[(receives as usize - 1).min(RECEIVES - 1)] += 1;
                }
            }
            Change::Called { action } => match action {
                Action::Send => meter.counts.calls.send += 1,
                Action::Receive => meter.counts.calls.receive += 1,
                Action::Delete => meter.counts.calls.delete += 1,
                Action::ChangeVisibility => meter.counts.calls.change_visibility += 1,
            },
            Change::DelayEnded { .. }
            | Change::ReceivedNothing { .. }
            | Change::DeletedNothing { .. }
            | Change::DeleteLost { .. }
            | Change::ReceiptExpired { .. }
            | Change::VisibilityChanged { .. }
            | Change::VisibilityRefused { .. }
            | Change::Returned { .. }
            | Change::DeadLettered { .. }
            | Change::MovedIn { .. }
            | Change::Expired { .. }
            | Change::Purged { .. }
            | Change::Throttled { .. }
            | Change::PartitionOpened { .. }
            | Change::PartitionClosed { .. }
            | Change::Split { .. }
            | Change::Merged { .. }
            | Change::SplitRefused { .. } => meter.rare(now, change),
        }
    }

    #[inline]
    fn oldest_changed(&mut self, now: Time, queue: QueueId, sent: Option<Time>) {
        if now >= self.boundary {
            self.cross(now);
        }
        self.queues[queue.0 as usize].age.set(now, sent);
    }
}

impl QueueMeter {
    /// Changes that are not on every message's way.
    fn rare(&mut self, now: Time, change: &Change) {
        match *change {
            Change::DelayEnded { .. } => {
                self.delayed.sub(now, 1);
                self.visible.add(now, 1);
            }
            Change::Returned { .. } => {
                self.in_flight.sub(now, 1);
                self.visible.add(now, 1);
            }
            Change::ReceivedNothing { falsely, over_limit, .. } => {
                self.counts.empty_receives += 1;
                self.counts.false_empty_receives += u64::from(falsely);
                self.counts.over_limit += u64::from(over_limit);
            }
            Change::DeletedNothing { .. } => self.counts.deleted_nothing += 1,
            Change::DeadLettered { .. } => {
                self.counts.dead_lettered += 1;
                self.visible.sub(now, 1);
            }
            Change::MovedIn { .. } => {
                self.counts.moved_in += 1;
                self.visible.add(now, 1);
            }
            Change::Expired { from, .. } => {
                self.counts.expired += 1;
                self.level(from).sub(now, 1);
            }
            Change::Purged { from, .. } => {
                self.counts.purged += 1;
                self.level(from).sub(now, 1);
            }
            Change::Throttled { action, partition, messages } => {
                self.counts.throttled += 1;
                if action == Action::Send {
                    self.sends[partition.0 as usize] += u64::from(messages);
                }
            }
            Change::PartitionOpened { first, last, .. } => {
                self.partitions.add(now, 1);
                self.lives.push(PartitionLife { first, last, from: now, to: None });
                self.sends.push(0);
            }
            Change::PartitionClosed { partition } => {
                self.partitions.sub(now, 1);
                self.lives[partition.0 as usize].to = Some(now);
            }
            Change::Split { parent, at, .. } => {
                self.splits.push((now, SplitEvent::Split { parent, at }));
            }
            Change::Merged { right, into, .. } => {
                let at = self.lives[right.0 as usize].first;
                self.splits.push((now, SplitEvent::Merged { into, at }));
            }
            Change::SplitRefused { partition, reason } => {
                self.splits.push((now, SplitEvent::Refused { partition, reason }));
            }
            Change::Sent { .. }
            | Change::Received { .. }
            | Change::Deleted { .. }
            | Change::Called { .. }
            | Change::DeleteLost { .. }
            | Change::ReceiptExpired { .. }
            | Change::VisibilityChanged { .. }
            | Change::VisibilityRefused { .. } => {}
        }
    }
}

impl Observer for Metrics {
    #[inline(always)]
    fn deed(&mut self, now: Time, deed: &Deed) {
        if now >= self.boundary {
            self.cross(now);
        }
        self.fingerprint.deed(now, deed);
        match *deed {
            Deed::Arrived { producer } => {
                let producer = &mut self.producers[producer.0 as usize].now;
                producer.arrived += 1;
                producer.arrived_in_all += 1;
            }
            Deed::SendConfirmed { producer, messages, waited, took } => {
                let producer = &mut self.producers[producer.0 as usize].now;
                producer.sent += u64::from(messages);
                producer.waited += u128::from(waited.as_nanos()) * u128::from(messages);
                producer.calling += u128::from(took.as_nanos()) * u128::from(messages);
            }
            Deed::SendRetried { producer, messages } => {
                let producer = &mut self.producers[producer.0 as usize].now;
                producer.throttled += u64::from(messages);
                producer.retried += u64::from(messages);
            }
            Deed::GivenUp { producer, messages } => {
                let producer = &mut self.producers[producer.0 as usize].now;
                producer.throttled += u64::from(messages);
                producer.given_up += u64::from(messages);
            }
            Deed::Ended { worker, queue, sent, took, how, .. } => {
                let fleet = self.workers[worker.0 as usize].fleet;
                self.fleets[fleet as usize].now.end_work(took, how);
                let worked = how != Ending::Recognised && how != Ending::Crashed;
                let measures = self.measures(sent);
                let meter = &mut self.queues[queue.0 as usize];
                meter.counts.duplicates += u64::from(how == Ending::Duplicate);
                if worked && measures {
                    meter.processing.record(took);
                }
            }
            Deed::Busy { worker, fleet, busy } => {
                let before = &mut self.workers[worker.0 as usize].busy;
                let meter = &mut self.fleets[fleet.0 as usize].busy;
                meter.set(now, meter.value() + u64::from(busy) - u64::from(*before));
                *before = busy;
            }
            Deed::Began { .. } | Deed::Started { .. } | Deed::Crashed { .. } => {}
        }
    }
}

impl FleetMeasured {
    #[inline]
    fn end_work(&mut self, took: Span, how: Ending) {
        let work = u128::from(took.as_nanos());
        self.work += work;
        match how {
            Ending::Done => self.processed += 1,
            Ending::Recognised => {}
            Ending::Duplicate => {
                self.duplicates += 1;
                self.duplicate_work += work;
            }
            Ending::Failed => {
                self.failed += 1;
                self.failed_work += work;
            }
            Ending::Crashed => {
                self.crashed += 1;
                self.crashed_work += work;
            }
        }
    }

    /// What was added since `before`.
    fn since(&self, before: &FleetMeasured) -> FleetMeasured {
        FleetMeasured {
            busy: self.busy,
            threads: self.threads,
            processed: self.processed - before.processed,
            duplicates: self.duplicates - before.duplicates,
            failed: self.failed - before.failed,
            crashed: self.crashed - before.crashed,
            duplicate_work: self.duplicate_work - before.duplicate_work,
            failed_work: self.failed_work - before.failed_work,
            crashed_work: self.crashed_work - before.crashed_work,
            work: self.work - before.work,
        }
    }
}

impl ProducerMeasured {
    /// What was added since `before`; what counts the whole run is kept.
    fn since(&self, before: &ProducerMeasured) -> ProducerMeasured {
        ProducerMeasured {
            arrived_in_all: self.arrived_in_all,
            arrived: self.arrived - before.arrived,
            sent: self.sent - before.sent,
            throttled: self.throttled - before.throttled,
            retried: self.retried - before.retried,
            given_up: self.given_up - before.given_up,
            waited: self.waited - before.waited,
            calling: self.calling - before.calling,
        }
    }
}

impl super::measured::Redelivered {
    #[inline]
    fn by(&mut self, cause: Held) -> &mut u64 {
        match cause {
            Held::Working => &mut self.outlived_timeout,
            Held::Buffered => &mut self.prefetched,
            Held::Failed => &mut self.failed,
            Held::Crashed => &mut self.crashed,
            Held::Deleting => &mut self.delete_lost,
        }
    }
}
