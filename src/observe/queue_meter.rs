//! One queue's metrics while a run goes on.
//!
//! Owns its counters, levels, latencies and series. Must not know clients, nor when windows begin
//! and end: [`super::metrics`] tells.
#![expect(
    clippy::inline_always,
    reason = "a change is known where it is told: all but its own arm folds away there"
)]

use super::cells::Cells;
use super::level::{AgeMeter, Meter};
use super::measured::{
    Level, LoadSample, PartitionLife, QueueCounts, QueueMeasured, Redelivered, SplitEvent,
    Unfinished, Window,
};
use crate::clients::deed::Ending;
use crate::kernel::time::{Span, Time};
use crate::ledger::journal::{Action, Change, Held, KeySpace, PartitionId, State};
use crate::ledger::service::Leftover;

/// Entries of `receives_per_message`.
const RECEIVES: usize = 32;

#[derive(Clone, Debug)]
pub(super) struct QueueMeter {
    /// The measured window: a latency belongs to the window in which its message was sent.
    window: (Time, Time),
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
    sent_to_received: Cells,
    sent_to_deleted: Cells,
    processing: Cells,
    receives: Vec<u64>,
    windows: Vec<Window>,
    lives: Vec<PartitionLife>,
    /// Messages sent to each partition in the current window of the series.
    sends: Vec<u64>,
    loads: Vec<LoadSample>,
    splits: Vec<(Time, SplitEvent)>,
}

impl QueueMeter {
    pub(super) fn new(window: (Time, Time), partitions: u32, windows: usize) -> QueueMeter {
        QueueMeter {
            window,
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
            sent_to_received: Cells::new(),
            sent_to_deleted: Cells::new(),
            processing: Cells::new(),
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

    pub(super) fn begin(&mut self, now: Time) {
        self.at_begin = self.counts;
        for meter in
            [&mut self.visible, &mut self.in_flight, &mut self.delayed, &mut self.partitions]
        {
            meter.begin(now);
        }
        self.age.begin(now);
    }

    pub(super) fn end(&mut self, now: Time, over: Span) {
        self.measured = self.counts.since(&self.at_begin);
        self.levels = [
            self.visible.end(now, over),
            self.in_flight.end(now, over),
            self.delayed.end(now, over),
            self.age.end(now, over),
            self.partitions.end(now, over),
        ];
    }

    pub(super) fn close_window(&mut self, at: Time) {
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
                let partition = PartitionId(number);
                self.loads.push(LoadSample { at, partition, sends: *sends });
                *sends = 0;
            }
        }
    }

    pub(super) fn into_measured(self, leftover: Leftover) -> QueueMeasured {
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
            sent_to_received: self.sent_to_received.into_latency(),
            sent_to_deleted: self.sent_to_deleted.into_latency(),
            processing: self.processing.into_latency(),
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

    /// Whether a message that was sent then counts for the latencies.
    #[inline]
    fn measures(&self, sent: Time) -> bool {
        self.window.0 <= sent && sent < self.window.1
    }

    /// The oldest message whose age counts has changed.
    #[inline]
    pub(super) fn oldest_changed(&mut self, now: Time, sent: Option<Time>) {
        self.age.set(now, sent);
    }

    /// Takes the end of the work on a message in.
    #[inline]
    pub(super) fn end_work(&mut self, sent: Time, took: Span, how: Ending) {
        self.counts.duplicates += u64::from(how == Ending::Duplicate);
        let worked = how != Ending::Recognised && how != Ending::Crashed;
        if worked && self.measures(sent) {
            self.processing.record(took);
        }
    }

    /// Takes a change of the queue in.
    #[inline(always)]
    pub(super) fn change(&mut self, now: Time, change: &Change) {
        match *change {
            Change::Sent { partition, state, .. } => {
                self.counts.sent += 1;
                self.level(state).add(now, 1);
                self.sends[partition.0 as usize] += 1;
            }
            Change::Received { receives, sent, cause, .. } => {
                self.counts.received += 1;
                self.visible.sub(now, 1);
                self.in_flight.add(now, 1);
                if receives == 1 && self.measures(sent) {
                    self.sent_to_received.record(now.since(sent));
                }
                if let Some(cause) = cause {
                    self.counts.redelivered.count(cause);
                }
            }
            Change::Deleted { sent, receives, from, .. } => {
                self.counts.deleted += 1;
                self.level(from).sub(now, 1);
                if self.measures(sent) {
                    self.sent_to_deleted.record(now.since(sent));
                    self.receives[(receives as usize - 1).min(RECEIVES - 1)] += 1;
                }
            }
            Change::Called { action } => match action {
                Action::Send => self.counts.calls.send += 1,
                Action::Receive => self.counts.calls.receive += 1,
                Action::Delete => self.counts.calls.delete += 1,
                Action::ChangeVisibility => self.counts.calls.change_visibility += 1,
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
            | Change::KeySpace(_) => self.rare(now, change),
        }
    }

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
            Change::KeySpace(ref change) => self.key_space(now, change),
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

    /// Partitions come, go, or stay though they are hot. Sealed ones count no more: their range is
    /// that of others.
    fn key_space(&mut self, now: Time, change: &KeySpace) {
        match *change {
            KeySpace::Opened { first, last, .. } => {
                self.partitions.add(now, 1);
                self.lives.push(PartitionLife { first, last, from: now, to: None });
                self.sends.push(0);
            }
            KeySpace::Closed { partition } | KeySpace::Sealed { partition } => {
                self.partitions.sub(now, 1);
                self.lives[partition.0 as usize].to = Some(now);
            }
            KeySpace::Split { parent, at, .. } => {
                self.splits.push((now, SplitEvent::Split { parent, at }));
            }
            KeySpace::Merged { right, into, .. } => {
                let at = self.lives[right.0 as usize].first;
                self.splits.push((now, SplitEvent::Merged { into, at }));
            }
            KeySpace::Recut { old, new } => {
                self.splits.push((now, SplitEvent::Recut { old, new }));
            }
            KeySpace::Refused { partition, reason } => {
                self.splits.push((now, SplitEvent::Refused { partition, reason }));
            }
            KeySpace::Begun { .. } | KeySpace::Ended { .. } | KeySpace::Drained { .. } => {}
        }
    }
}

impl Redelivered {
    #[inline(never)]
    fn count(&mut self, cause: Held) {
        let count = match cause {
            Held::Working => &mut self.outlived_timeout,
            Held::Buffered => &mut self.prefetched,
            Held::Failed => &mut self.failed,
            Held::Crashed => &mut self.crashed,
            Held::Deleting => &mut self.delete_lost,
        };
        *count += 1;
    }
}
