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
use super::measured::{Measured, Unfinished};
use super::metrics::{Frame, Metrics};
use super::observer::Observer;
use super::queue_meter::RECEIVES;
use crate::clients::deed::{Deed, Ending};
use crate::kernel::time::{Span, Time};
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Change, Journal};

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
    sent_to_received: Cells,
    sent_to_deleted: Cells,
    processing: Cells,
    receives: Vec<u64>,
}

impl Latencies {
    fn new() -> Latencies {
        let [sent_to_received, sent_to_deleted, processing] = [(); 3].map(|()| Cells::new());
        Latencies { sent_to_received, sent_to_deleted, processing, receives: vec![0; RECEIVES] }
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
    for (queue, of) in part.queues.iter_mut().zip(latencies) {
        queue.sent_to_received = of.sent_to_received.into_latency();
        queue.sent_to_deleted = of.sent_to_deleted.into_latency();
        queue.processing = of.processing.into_latency();
        queue.receives_per_message = of.receives;
        let messages = queue.visible.last + queue.in_flight.last + queue.delayed.last;
        let oldest = Span::from_nanos(queue.age_of_oldest.last);
        queue.unfinished = Unfinished { messages, oldest, mean_age: 0 };
        queue.series.clear();
    }
    part
}

impl Journal for Batches {
    #[inline]
    fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        self.metrics.change(now, queue, change);
        if let Change::Received { receives: 1, sent, .. } = *change {
            if let Some(part) = self.part(queue, sent) {
                part.sent_to_received.record(now.since(sent));
            }
        } else if let Change::Deleted { sent, receives, .. } = *change
            && let Some(part) = self.part(queue, sent)
        {
            part.sent_to_deleted.record(now.since(sent));
            part.receives[(receives as usize - 1).min(RECEIVES - 1)] += 1;
        }
    }

    #[inline]
    fn oldest_changed(&mut self, now: Time, queue: QueueId, sent: Option<Time>) {
        self.metrics.oldest_changed(now, queue, sent);
    }

    #[inline]
    fn probed(&mut self, queue: QueueId, partitions: u32) {
        self.metrics.probed(queue, partitions);
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
    fn deed(&mut self, now: Time, deed: &Deed) {
        self.metrics.deed(now, deed);
        if let Deed::Ended { queue, sent, took, how, .. } = *deed
            && how != Ending::Recognised
            && how != Ending::Crashed
            && let Some(part) = self.part(queue, sent)
        {
            part.processing.record(took);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        };
        let mut batches = Batches::new(&frame, 3);
        for nanos in 0..20 {
            if let Some(part) = batches.part(QueueId(0), Time::from_nanos(nanos)) {
                part.processing.record(Span::from_nanos(nanos));
            }
        }
        let parts = batches.finish(Time::from_nanos(20));
        let processing = parts.iter().map(|part| &part.queues[0].processing);
        let sums: Vec<(u64, u128)> = processing.map(|of| (of.count(), of.sum)).collect();
        assert_eq!(sums, [(3, 5 + 6 + 7), (3, 8 + 9 + 10), (4, 11 + 12 + 13 + 14)]);
        let windows: Vec<[u64; 2]> =
            parts.iter().map(|part| [part.window.0, part.window.1].map(Time::as_nanos)).collect();
        assert_eq!(windows, [[5, 8], [8, 11], [11, 15]]);
    }
}
