//! One long run in parts of equal length.
//!
//! Owns where one part ends and the next begins, and to which part a latency belongs: that in which
//! its message was sent, like the window of a whole run. Must not know what is made of the parts.
//!
//! An observer beside the metrics of the whole run, so that a run without parts pays nothing. Parts
//! share the first message's facts with the whole: counters of all parts add up to those of the
//! window, and levels are integrated without a gap.
//!
//! Invariant: memory grows with the parts, a megabyte a queue and part, and not with the messages.

use super::cells::Cells;
use super::latencies::QueueLatencies;
use super::measured::{Measured, Unfinished};
use super::metrics::{Frame, Metrics};
use super::queue_meter::Receives;
use crate::facts::deed::{Deed, Ending, FleetId};
use crate::facts::observer::Observer;
use crate::facts::thread_time::ThreadTime;
use crate::kernel::time::{Span, Time};
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Change, Journal, Step};

/// Measures the parts of a run's window.
#[derive(Clone, Debug)]
pub struct Batches {
    /// The measured window: start and end.
    window: (Time, Time),
    count: u64,
    /// Counters and levels, of the part that time is in.
    metrics: Metrics,
    /// Parts that time has left; without their latencies.
    over: Vec<Measured>,
    /// When it leaves the next one.
    next: Time,
    /// By part, then by queue.
    latencies: Vec<Vec<Latencies>>,
}

/// Latencies of the messages that were sent to one queue in one part.
#[derive(Clone, Debug)]
struct Latencies {
    of: QueueLatencies<Cells>,
    receives: Receives,
}

impl Latencies {
    fn new() -> Latencies {
        let of = QueueLatencies::<()>::default().map(|()| Cells::new());
        Latencies { of, receives: Receives::NONE }
    }
}

/// Where part `part` of `count` begins; `count` is where the last one ends.
fn edge(window: (Time, Time), count: u64, part: u64) -> Time {
    let length = u128::from(window.1.since(window.0).as_nanos());
    let nanos = length * u128::from(part) / u128::from(count);
    window.0 + Span::from_nanos(nanos as u64)
}

impl Batches {
    /// Measures a run of this frame in `count` parts, at least one, before its first event.
    pub fn new(frame: &Frame, count: u64) -> Batches {
        let (from, to) = (frame.window.0, edge(frame.window, count, 1));
        // The series is that of the whole run.
        let series = (frame.end - Time::ZERO).saturating_add(Span::from_secs(1));
        let queues = frame.partitions.len();
        Batches {
            window: frame.window,
            count,
            metrics: Metrics::new(&Frame { window: (from, to), series, ..frame.clone() }),
            over: Vec::with_capacity(count as usize),
            next: to,
            latencies: (0..count).map(|_| vec![Latencies::new(); queues]).collect(),
        }
    }

    /// Closes every part that ends up to `now`; a fact at an edge belongs to what begins there.
    #[cold]
    fn cross(&mut self, now: Time) {
        while self.next <= now {
            let part = self.over.len() as u64 + 1;
            let end = edge(self.window, self.count, part + 1);
            self.over.push(self.metrics.next_window(self.next, end));
            self.next = if part == self.count { Time::NEVER } else { end };
        }
    }

    /// The latencies of the part in which a message was sent; `None` outside the window.
    #[inline]
    fn part(&mut self, queue: QueueId, sent: Time) -> Option<&mut Latencies> {
        if sent < self.window.0 || sent >= self.window.1 {
            return None;
        }
        let length = u128::from(self.window.1.since(self.window.0).as_nanos());
        let since = u128::from(sent.since(self.window.0).as_nanos());
        // The last part that does not begin later: edges are rounded down.
        let part = ((since + 1) * u128::from(self.count)).div_ceil(length) - 1;
        Some(&mut self.latencies[part as usize][queue.0 as usize])
    }

    /// Parts that a run which ended at `end` has completed, in their order.
    pub fn finish(mut self, end: Time) -> Vec<Measured> {
        self.cross(end);
        let parts = self.over.into_iter().zip(self.latencies);
        parts.map(|(part, latencies)| with_latencies(part, latencies)).collect()
    }
}

fn with_latencies(mut part: Measured, latencies: Vec<Latencies>) -> Measured {
    for (queue, Latencies { of, receives }) in part.queues.iter_mut().zip(latencies) {
        queue.latencies = of.map(Cells::into_latency);
        queue.receives_per_message = receives.into_vec();
        let levels = &queue.levels;
        let messages = levels.visible.last + levels.in_flight.last + levels.delayed.last;
        let oldest = Span::from_nanos(levels.age_of_oldest_ns.last);
        queue.unfinished = Unfinished { messages, oldest, ..Unfinished::default() };
        queue.series.clear();
    }
    for fleet in &mut part.fleets {
        fleet.series.clear();
    }
    for function in &mut part.functions {
        function.series.clear();
    }
    part
}

impl Journal for Batches {
    #[inline]
    fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        self.metrics.change(now, queue, change);
        if let Change::Message(_, Step::Received { receives: 1, sent, .. }) = *change {
            if let Some(part) = self.part(queue, sent) {
                part.of.sent_to_received.record(now.since(sent));
            }
        } else if let Change::Message(_, Step::Deleted { sent, receives, .. }) = *change
            && let Some(part) = self.part(queue, sent)
        {
            part.of.sent_to_deleted.record(now.since(sent));
            part.receives.count(receives);
        }
    }
}

impl Observer for Batches {
    #[inline]
    fn time(&mut self, now: Time) {
        if now >= self.next {
            self.cross(now);
        }
        self.metrics.time(now);
    }

    #[inline]
    fn threads(
        &mut self,
        now: Time,
        fleet: FleetId,
        threads: u32,
        from: ThreadTime,
        to: ThreadTime,
    ) {
        self.metrics.threads(now, fleet, threads, from, to);
    }

    #[inline]
    fn deed(&mut self, now: Time, deed: &Deed) {
        self.metrics.deed(now, deed);
        if let Deed::Ended { queue, sent, took, how, .. } = *deed
            && how != Ending::Recognised
            && !how.is_cut_off()
            && let Some(part) = self.part(queue, sent)
        {
            part.of.processing.record(took);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::journal::{Action, Call, Caller, KeySpace, MessageId, PartitionId, State};
    use crate::observe::measured::QueueMeasured;

    /// A window of 100 ns.
    fn frame() -> Frame {
        Frame {
            window: (Time::ZERO, Time::from_nanos(100)),
            end: Time::from_nanos(100),
            series: Span::from_nanos(200),
            partitions: vec![1],
            producers: 0,
            fleets: Vec::new(),
            downstreams: Vec::new(),
            functions: Vec::new(),
        }
    }

    /// The queue's one partition is there from the start.
    fn open(observer: &mut impl Observer) {
        let (partition, first, last) = (PartitionId(0), 0, u64::MAX);
        let opened = KeySpace::Opened { partition, first, last };
        observer.change(Time::ZERO, QueueId(0), &opened.into());
    }

    /// Six messages are sent at 10 ns and one, delayed, at 60 ns. Two are received at 30 ns and one
    /// of them is deleted at 70 ns, when it was received for the third time.
    fn play(observer: &mut impl Observer) {
        let queue = QueueId(0);
        let (message, partition) = (MessageId(0), PartitionId(0));
        let [sent, taken, delayed, deleted] = [10, 30, 60, 70].map(Time::from_nanos);
        let put = |state| Change::Message(message, Step::Sent { partition, state });
        let receive = |receives| {
            let (caller, until, cause) = (Caller(0), Time::NEVER, None);
            Change::Message(
                message,
                Step::Received { caller, partition, receives, sent, until, cause },
            )
        };
        open(observer);
        observer.time(sent);
        let call = |action, asked, chunks| Change::Call(Call::Made { action, asked, chunks });
        observer.change(sent, queue, &Change::Oldest(Some(sent)));
        observer.change(sent, queue, &call(Action::Send, 0, 4));
        (0..6).for_each(|_| observer.change(sent, queue, &put(State::Visible)));
        observer.time(taken);
        observer.change(taken, queue, &call(Action::Receive, 4, 3));
        (0..2).for_each(|_| observer.change(taken, queue, &receive(1)));
        observer.time(delayed);
        observer.change(delayed, queue, &call(Action::Send, 0, 6));
        observer.change(delayed, queue, &put(State::Delayed));
        observer.time(deleted);
        observer.change(deleted, queue, &Call::WentOn { asked: 7, chunks: 0 }.into());
        let from = State::InFlight;
        let change = Change::Message(message, Step::Deleted { sent, receives: 3, from });
        observer.change(deleted, queue, &change);
    }

    fn parts(count: u64) -> Vec<QueueMeasured> {
        let mut batches = Batches::new(&frame(), count);
        play(&mut batches);
        let parts = batches.finish(Time::from_nanos(100));
        parts.into_iter().map(|part| part.queues[0].clone()).collect()
    }

    #[test]
    fn parts_count_together_what_the_whole_counts() {
        let mut whole = Metrics::new(&frame());
        play(&mut whole);
        let end = Time::from_nanos(100);
        let whole = whole.next_window(end, Time::NEVER).queues[0].counts;
        assert_eq!((whole.requests().send, whole.requests().receive), (2 + 3 + 5, 1 + 2));
        let parts = parts(2);
        let sum = |count: fn(&QueueMeasured) -> u64| parts.iter().map(count).sum::<u64>();
        assert_eq!(sum(|part| part.counts.requests().send), whole.requests().send);
        assert_eq!(sum(|part| part.counts.requests().receive), whole.requests().receive);
        assert_eq!(sum(|part| part.counts.probes), 4 + 7);
        assert_eq!(sum(|part| part.counts.sent), whole.sent);
        assert_eq!(sum(|part| part.counts.deleted), whole.deleted);
        let each = parts.iter().map(|part| (part.counts.requests().total(), part.counts.probes));
        assert_eq!(each.collect::<Vec<_>>(), [(1 + 3 + 1 + 2, 4), (1 + 5, 7)]);
    }

    #[test]
    fn a_latency_belongs_to_the_part_of_its_send() {
        let parts = parts(2);
        let waits = parts.iter().map(|part| &part.latencies.sent_to_received);
        assert_eq!(waits.map(|of| (of.count(), of.sum)).collect::<Vec<_>>(), [(2, 40), (0, 0)]);
        let lives = parts.iter().map(|part| &part.latencies.sent_to_deleted);
        assert_eq!(lives.map(|of| (of.count(), of.sum)).collect::<Vec<_>>(), [(1, 60), (0, 0)]);
        assert_eq!(parts[0].receives_per_message[..4], [0, 0, 1, 0], "the third receive");
        assert_eq!(parts[1].receives_per_message.iter().sum::<u64>(), 0);
    }

    /// At 50 ns four wait and two are in flight; at 100 ns one of those is gone, one is delayed.
    #[test]
    fn what_a_part_leaves_unfinished_stands_at_its_end() {
        let unfinished = parts(2).into_iter().map(|part| part.unfinished.messages);
        assert_eq!(unfinished.collect::<Vec<_>>(), [4 + 2, 4 + 1 + 1]);
        // The oldest was sent at 10 ns and is there to the end.
        let oldest = parts(2).into_iter().map(|part| part.levels.age_of_oldest_ns.max);
        assert_eq!(oldest.collect::<Vec<_>>(), [40, 90]);
    }

    /// A window of 10 ns in three parts: 3, 3 and 4 ns, in which each instant has its place.
    #[test]
    fn parts_are_as_equal_as_whole_nanoseconds_allow() {
        let window = (Time::from_nanos(5), Time::from_nanos(15));
        let edges: Vec<u64> = (0..=3).map(|part| edge(window, 3, part).as_nanos()).collect();
        assert_eq!(edges, [5, 8, 11, 15]);
        let frame = Frame {
            window,
            end: Time::from_nanos(20),
            series: Span::from_nanos(20),
            partitions: vec![1],
            producers: 0,
            fleets: Vec::new(),
            downstreams: Vec::new(),
            functions: Vec::new(),
        };
        let mut batches = Batches::new(&frame, 3);
        for nanos in 0..20 {
            if let Some(part) = batches.part(QueueId(0), Time::from_nanos(nanos)) {
                part.of.processing.record(Span::from_nanos(nanos));
            }
        }
        let parts = batches.finish(Time::from_nanos(20));
        let processing = parts.iter().map(|part| &part.queues[0].latencies.processing);
        let sums: Vec<(u64, u128)> = processing.map(|of| (of.count(), of.sum)).collect();
        assert_eq!(sums, [(3, 5 + 6 + 7), (3, 8 + 9 + 10), (4, 11 + 12 + 13 + 14)]);
        let windows: Vec<[u64; 2]> =
            parts.iter().map(|part| [part.window.0, part.window.1].map(Time::as_nanos)).collect();
        assert_eq!(windows, [[5, 8], [8, 11], [11, 15]]);
    }
    /// Of each part the last of the 32 entries counts what was received at least as often.
    #[test]
    fn parts_count_receives_as_the_whole_does() {
        let frame = Frame {
            window: (Time::ZERO, Time::from_nanos(10)),
            end: Time::from_nanos(10),
            series: Span::from_nanos(10),
            partitions: vec![1],
            producers: 0,
            fleets: Vec::new(),
            downstreams: Vec::new(),
            functions: Vec::new(),
        };
        let mut batches = Batches::new(&frame, 2);
        for (nanos, receives) in [(1, 1), (2, 40), (3, 32), (7, 31)] {
            let (at, message, partition) = (Time::from_nanos(nanos), MessageId(0), PartitionId(0));
            batches.time(at);
            let opened = KeySpace::Opened { partition, first: 0, last: u64::MAX };
            batches.change(at, QueueId(0), &opened.into());
            let state = State::Visible;
            batches.change(
                at,
                QueueId(0),
                &Change::Message(message, Step::Sent { partition, state }),
            );
            let deleted =
                Change::Message(message, Step::Deleted { sent: at, receives, from: state });
            batches.change(at, QueueId(0), &deleted);
        }
        let parts = batches.finish(Time::from_nanos(10));
        let found = parts.iter().map(|part| &part.queues[0].receives_per_message);
        let ends: Vec<[u64; 3]> = found.map(|of| [of[0], of[30], of[31]]).collect();
        assert_eq!(ends, [[1, 0, 2], [0, 1, 0]]);
    }
}
