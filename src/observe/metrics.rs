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

use super::fleet_meter::FleetMeter;
use super::measured::Measured;
use super::node_meter::NodeMeter;
use super::producer_meter::ProducerMeter;
use super::queue_meter::QueueMeter;
use crate::facts::deed::{Deed, FleetId};
use crate::facts::fingerprint::Fingerprint;
use crate::facts::observer::Observer;
use crate::facts::thread_time::ThreadTime;
use crate::kernel::time::{Span, Time};
use crate::ledger::Leftover;
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Change, Journal};

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
    /// Threads of a worker, per fleet.
    pub fleets: Vec<u32>,
}

/// Measures one run.
#[derive(Clone, Debug)]
pub struct Metrics {
    window: (Time, Time),
    series: Span,
    /// The next instant at which something is folded.
    boundary: Time,
    next_series: Time,
    /// Where the current window of the series began.
    window_from: Time,
    begun: bool,
    ended: bool,
    queues: Vec<QueueMeter>,
    producers: Vec<ProducerMeter>,
    fleets: Vec<FleetMeter>,
    fingerprint: Fingerprint,
}

impl Metrics {
    /// Bytes that a queue takes beside its series and its partitions.
    pub const BYTES_PER_QUEUE: usize = QueueMeter::BYTES;

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
        let fleet = |&threads: &u32| FleetMeter::new(threads, windows + 1);
        let queue = |&partitions: &u32| QueueMeter::new(frame.window, partitions, windows + 1);
        Metrics {
            window: frame.window,
            series: frame.series,
            boundary: Time::ZERO,
            next_series: Time::ZERO + frame.series,
            window_from: Time::ZERO,
            begun: false,
            ended: false,
            queues: frame.partitions.iter().map(queue).collect(),
            producers: vec![ProducerMeter::new(windows + 1); frame.producers],
            fleets: frame.fleets.iter().map(fleet).collect(),
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
                self.next_series += self.series;
            }
            let edges = [(self.begun, self.window.0), (self.ended, self.window.1)];
            let open = edges.into_iter().filter(|(passed, _)| !passed).map(|(_, edge)| edge);
            self.boundary = open.fold(self.next_series, Time::min);
        }
    }

    /// A window of the series ends.
    fn close_window(&mut self, at: Time) {
        let over = at.since(self.window_from);
        for queue in &mut self.queues {
            queue.close_window(at, over);
        }
        for fleet in &mut self.fleets {
            fleet.close_window(at, over);
        }
        for producer in &mut self.producers {
            producer.close_window();
        }
        self.window_from = at;
    }

    fn begin(&mut self, at: Time) {
        self.begun = true;
        for queue in &mut self.queues {
            queue.begin(at);
        }
        for producer in &mut self.producers {
            producer.begin();
        }
        for fleet in &mut self.fleets {
            fleet.begin(at);
        }
    }

    fn end(&mut self, at: Time) {
        self.ended = true;
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
        let begun = end + self.series == self.next_series;
        self.cross(end);
        if begun || end + self.series > self.next_series {
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
        Measured {
            window: self.window,
            end,
            events,
            queues: queues.map(|(queue, &left)| queue.into_measured(end, left)).collect(),
            producers: self.producers.into_iter().map(ProducerMeter::into_measured).collect(),
            fleets: self.fleets.into_iter().map(FleetMeter::into_measured).collect(),
            fingerprint: self.fingerprint.hash(),
            checkpoints: self.fingerprint.checkpoints().to_vec(),
        }
    }
}

impl Journal for Metrics {
    #[inline(always)]
    fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        self.fingerprint.change(now, queue, change);
        self.queues[queue.0 as usize].change(now, change);
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
        self.fleets[fleet.0 as usize].threads(now, threads, from, to);
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
                self.fleets[fleet.0 as usize].end_work(took, how);
                self.queues[queue.0 as usize].end_work(sent, took, how);
            }
            Deed::Began { .. }
            | Deed::Started { .. }
            | Deed::Joined { .. }
            | Deed::Left { .. }
            | Deed::Crashed { .. }
            | Deed::Busy { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::deed::ProducerId;
    use crate::observe::measured::{ProducerCounts, ProducerMeasured};

    fn at(secs: u64) -> Time {
        Time::ZERO + Span::from_secs(secs)
    }

    /// Measured from 10 to 20 s, in windows of 4 s, of a run of 30 s.
    fn metrics() -> Metrics {
        Metrics::new(&Frame {
            window: (at(10), at(20)),
            end: at(30),
            series: Span::from_secs(4),
            partitions: Vec::new(),
            producers: 1,
            fleets: vec![4],
        })
    }

    fn tell(metrics: &mut Metrics, secs: u64, deed: Deed) {
        metrics.time(at(secs));
        metrics.deed(at(secs), &deed);
    }

    const PRODUCER: ProducerId = ProducerId(0);

    /// Nine messages arise before the window and eleven in it; of calls with three messages each
    /// one is stored before and two are in it, one is tried again and one given up.
    #[test]
    fn producers_are_counted_message_by_message() {
        let mut metrics = metrics();
        let arrived = Deed::Arrived { producer: PRODUCER };
        let (waited, took) = (Span::from_nanos(5), Span::from_nanos(7));
        let sent = Deed::SendConfirmed { producer: PRODUCER, messages: 3, waited, took };
        for _ in 0..9 {
            tell(&mut metrics, 9, arrived);
        }
        tell(&mut metrics, 9, sent);
        for _ in 0..11 {
            tell(&mut metrics, 10, arrived);
        }
        tell(&mut metrics, 12, sent);
        tell(&mut metrics, 13, sent);
        tell(&mut metrics, 14, Deed::SendRetried { producer: PRODUCER, messages: 3 });
        tell(&mut metrics, 15, Deed::GivenUp { producer: PRODUCER, messages: 3 });
        tell(&mut metrics, 20, arrived);
        let print = metrics.fingerprint().hash();
        let measured = metrics.finish(at(30), 99, &[]);
        let expected = ProducerMeasured {
            arrived_in_all: 20,
            counts: ProducerCounts { arrived: 11, sent: 6, throttled: 6, retried: 3, given_up: 3 },
            held_back: (9 - 3, 20 - 9 - 3),
            waited: 2 * 15,
            calling: 2 * 21,
            series: measured.producers[0].series.clone(),
        };
        assert_eq!(measured.producers, [expected]);
        assert_eq!(measured.fleets[0].threads_each, 4);
        assert_eq!((measured.fingerprint, measured.events), (print, 99));
        assert_ne!(print, Fingerprint::default().hash());
    }

    /// How many windows a series has, how much of the measured window there is.
    #[test]
    fn a_run_that_ends_early_has_a_shorter_window() {
        let ended = |told: u64, end: u64| {
            let mut metrics = metrics();
            tell(&mut metrics, told, Deed::Arrived { producer: PRODUCER });
            let measured = metrics.finish(at(end), 0, &[]);
            let (from, to) = measured.window;
            (measured.fleets[0].series.len(), from.since(Time::ZERO), to.since(from))
        };
        let secs = Span::from_secs;
        assert_eq!(ended(1, 30), (8, secs(10), secs(10)), "seven of 4 s and one of 2 s");
        assert_eq!(ended(1, 28), (7, secs(10), secs(10)), "a whole number of windows");
        assert_eq!(ended(1, 17), (5, secs(10), secs(7)));
        assert_eq!(ended(1, 10), (3, secs(10), Span::ZERO));
        assert_eq!(ended(1, 7), (2, secs(7), Span::ZERO), "it has not begun");
        // Something happened at the last instant: the window that begins there has no length.
        assert_eq!(ended(28, 28), (8, secs(10), secs(10)));
    }
}
