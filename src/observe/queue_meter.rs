//! One queue's metrics while a run goes on.
//!
//! Owns its counters, levels, latencies and series. Must not know clients, nor when windows begin
//! and end: [`super::metrics`] tells.
#![expect(
    clippy::inline_always,
    reason = "a change is known where it is told: all but its own arm folds away there"
)]

use super::cells::Cells;
use super::latencies::{QueueLatencies, SeriesLatencies};
use super::level_meter::{AgeMeter, Meter, Metered};
use super::levels::{Level, QueueLevels};
use super::measured::{
    LoadSample, PartitionLife, QueueCounts, QueueMeasured, Redelivered, SplitEvent, Unfinished,
    Window,
};
use super::node_meter::NodeMeter;
use super::window_cells::WindowCells;
use super::windows::{Past, Windows};
use crate::facts::deed::Ending;
use crate::kernel::time::{Span, Time};
use crate::ledger::Leftover;
use crate::ledger::journal::{Action, Call, Change, Held, KeySpace, PartitionId, State, Step};

/// Receives of each deleted message: how many had one, two, …; the last entry counts all that had
/// at least as many.
#[derive(Clone, Debug)]
pub(super) struct Receives([u64; 32]);

impl Receives {
    pub(super) const NONE: Receives = Receives([0; 32]);

    /// Counts a message that was received so often, at least once.
    #[inline]
    pub(super) fn count(&mut self, receives: u32) {
        let last = self.0.len() - 1;
        self.0[(receives as usize - 1).min(last)] += 1;
    }

    pub(super) fn into_vec(self) -> Vec<u64> {
        self.0.into()
    }
}

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
    /// Messages there at the beginning of the measured window, and at its end.
    resident: (u64, u64),
    visible: Meter,
    in_flight: Meter,
    delayed: Meter,
    partitions: Meter,
    resharding: Meter,
    age: AgeMeter,
    /// Over the measured window, once that has ended.
    levels: QueueLevels<Level>,
    latencies: QueueLatencies<Cells>,
    /// In the current window of the series, whenever the message was sent.
    in_window: SeriesLatencies<WindowCells>,
    receives: Receives,
    /// It rests if nothing is told and no message ages.
    pub(super) windows: Windows<Window>,
    lives: Vec<PartitionLife>,
    /// Messages sent to each partition in the current window of the series.
    sends: Vec<u64>,
    loads: Vec<LoadSample>,
    /// How many loads there will be, if no partition is added.
    most_loads: usize,
    splits: Vec<(Time, SplitEvent)>,
    /// Where the current window of the series began.
    window_from: Time,
    throttling: Option<(Time, Time)>,
    nodes: NodeMeter,
}

impl QueueMeter {
    /// Bytes beside the windows of the series and what there is of each partition.
    pub(super) const BYTES: usize = size_of::<QueueMeter>()
        + QueueLatencies::<()>::LEN * Cells::BYTES
        + SeriesLatencies::<()>::LEN * WindowCells::BYTES;

    /// Bytes of one of which nothing is ever told, with its series.
    pub(super) const BYTES_OF_IDLE: usize = size_of::<QueueMeter>() + Windows::<Window>::LEAST;

    /// Bytes of a partition beside its loads.
    pub(super) const BYTES_PER_PARTITION: usize = size_of::<PartitionLife>() + size_of::<u64>();

    /// Bytes of a change of partitions.
    pub(super) const BYTES_PER_CHANGE: usize = size_of::<(Time, SplitEvent)>();

    pub(super) fn new(window: (Time, Time), partitions: u32, windows: usize) -> QueueMeter {
        QueueMeter {
            window,
            counts: QueueCounts::default(),
            at_begin: QueueCounts::default(),
            at_window: QueueCounts::default(),
            measured: QueueCounts::default(),
            resident: (0, 0),
            visible: Meter::ZERO,
            in_flight: Meter::ZERO,
            delayed: Meter::ZERO,
            partitions: Meter::ZERO,
            resharding: Meter::ZERO,
            age: AgeMeter::NOTHING,
            levels: QueueLevels::default(),
            latencies: QueueLatencies::<()>::default().map(|()| Cells::new()),
            in_window: SeriesLatencies::<()>::default().map(|()| WindowCells::new()),
            receives: Receives::NONE,
            windows: Windows::new(windows),
            lives: Vec::with_capacity(partitions as usize),
            sends: Vec::with_capacity(partitions as usize),
            loads: Vec::new(),
            most_loads: windows * partitions as usize,
            splits: Vec::new(),
            window_from: Time::ZERO,
            throttling: None,
            nodes: NodeMeter::ZERO,
        }
    }

    fn level(&mut self, state: State) -> &mut Meter {
        match state {
            State::Visible => &mut self.visible,
            State::Delayed => &mut self.delayed,
            State::InFlight => &mut self.in_flight,
        }
    }

    /// Who measures each level.
    fn meters(&mut self) -> QueueLevels<&mut dyn Metered> {
        let [under_replicated, without_quorum] = self.nodes.levels();
        QueueLevels {
            visible: &mut self.visible,
            in_flight: &mut self.in_flight,
            delayed: &mut self.delayed,
            age_of_oldest_ns: &mut self.age,
            partitions: &mut self.partitions,
            resharding: &mut self.resharding,
            under_replicated,
            without_quorum,
        }
    }

    /// Messages that are there.
    fn there(&self) -> u64 {
        self.visible.value() + self.in_flight.value() + self.delayed.value()
    }

    /// Something is going to be told, or to be measured: tells the windows that ended meanwhile.
    #[cold]
    #[inline(never)]
    pub(super) fn wake(&mut self, past: Past) {
        if self.windows.wake(past) {
            let levels = self.meters().map(|meter| meter.rested(past.at, past.each));
            self.windows.fill(past, Window { levels, ..Window::default() });
            self.window_from = past.at;
        }
    }

    pub(super) fn begin(&mut self, now: Time) {
        self.at_begin = self.counts;
        self.resident.0 = self.there();
        self.meters().map(|meter| meter.begin(now));
    }

    pub(super) fn end(&mut self, now: Time, over: Span) {
        self.measured = self.counts.since(&self.at_begin);
        self.resident.1 = self.there();
        self.levels = self.meters().map(|meter| meter.end(now, over));
    }

    pub(super) fn close_window(&mut self, at: Time, over: Span) {
        let counts = self.counts.since(&self.at_window);
        if counts.throttled_sends * 100 > counts.offered() {
            let since = self.throttling.map_or(self.window_from, |(since, _)| since);
            self.throttling = Some((since, at));
        }
        let levels = self.meters().map(|meter| meter.close_window(at, over));
        let latencies = self.in_window.as_mut().map(WindowCells::close_window);
        self.windows.push(Window { counts, levels, latencies, imbalance: self.imbalance(at) });
        self.at_window = self.counts;
        self.window_from = at;
        self.windows.rest(self.age.stands_still());
        for (number, sends) in (0..).zip(&mut self.sends) {
            if *sends > 0 {
                if self.loads.is_empty() {
                    self.loads.reserve_exact(self.most_loads);
                }
                let partition = PartitionId(number);
                self.loads.push(LoadSample { at, partition, sends: *sends });
                *sends = 0;
            }
        }
    }

    /// Of the window that ends at `at`. A partition's rate is that over its own time in the window,
    /// the mean that over the time of all partitions together: nothing is above balance because it
    /// came or went in the midst of a window.
    fn imbalance(&self, at: Time) -> u64 {
        let (mut sends, mut time, mut hottest) = (0, 0, (0, 1));
        for (life, &of_it) in self.lives.iter().zip(&self.sends) {
            let (from, to) = (life.from.max(self.window_from), life.to.unwrap_or(at));
            if from < to {
                let (of_it, own) = (u128::from(of_it), u128::from(to.since(from).as_nanos()));
                sends += of_it;
                time += own;
                if of_it * hottest.1 > hottest.0 * own {
                    hottest = (of_it, own);
                }
            }
        }
        let (most, own) = hottest;
        (most * time * 1_000).checked_div(own * sends).unwrap_or(0) as u64
    }

    /// What was measured in a run that ended at `end`.
    pub(super) fn into_measured(mut self, end: Time, leftover: Leftover) -> QueueMeasured {
        let over_window = self.levels;
        let with_last = |(level, meter): (Level, &mut dyn Metered)| {
            let last = meter.last(end);
            Level { last, ..level }
        };
        let mut levels = over_window.zip(self.meters()).map(with_last);
        let Leftover { messages, oldest, mean_age, circulating } = leftover;
        levels.age_of_oldest_ns.last = oldest.as_nanos();
        let mean_age = mean_age.as_nanos();
        QueueMeasured {
            counts: self.measured,
            latencies: self.latencies.map(Cells::into_latency),
            levels,
            receives_per_message: self.receives.into_vec(),
            resident: self.resident,
            unfinished: Unfinished { messages, oldest, mean_age, circulating },
            dead_lettered_in_all: self.counts.dead_lettered,
            series: self.windows.into_series(),
            partition_lives: self.lives,
            loads: self.loads,
            split_events: self.splits,
            throttling: self.throttling,
            nodes: self.nodes.into_measured(end),
        }
    }

    /// Whether a message that was sent then counts for the latencies.
    #[inline]
    fn measures(&self, sent: Time) -> bool {
        self.window.0 <= sent && sent < self.window.1
    }

    /// Takes the end of the work on a message in.
    #[inline]
    pub(super) fn end_work(&mut self, sent: Time, took: Span, how: Ending) {
        self.counts.duplicates += u64::from(how == Ending::Duplicate);
        let worked = how != Ending::Recognised && !how.is_cut_off();
        if worked && self.measures(sent) {
            self.latencies.processing.record(took);
        }
    }

    /// So many calls read its approximate counters.
    pub(super) fn counted(&mut self, calls: u32) {
        self.counts.calls.get_attributes += u64::from(calls);
    }

    /// Takes a change of the queue in.
    #[inline(always)]
    pub(super) fn change(&mut self, now: Time, change: &Change) {
        match *change {
            Change::Message(_, step) => self.step(now, step),
            Change::Call(call) => self.call(call),
            Change::KeySpace(ref change) => self.key_space(now, change),
            Change::Node(ref change) => self.nodes.change(now, change, &mut self.counts.nodes),
            Change::Oldest(sent) => self.age.set(now, sent),
        }
    }

    /// Something happened to a message.
    #[inline(always)]
    fn step(&mut self, now: Time, step: Step) {
        match step {
            Step::Sent { partition, state } => {
                self.counts.sent += 1;
                self.level(state).add(now, 1);
                self.sends[partition.0 as usize] += 1;
            }
            Step::Received { receives, sent, cause, .. } => {
                self.counts.received += 1;
                self.visible.sub(now, 1);
                self.in_flight.add(now, 1);
                if receives == 1 {
                    let took = now.since(sent);
                    self.in_window.sent_to_received.record(took);
                    if self.measures(sent) {
                        self.latencies.sent_to_received.record(took);
                    }
                }
                if let Some(cause) = cause {
                    self.counts.redelivered.count(cause);
                }
            }
            Step::Deleted { sent, receives, from } => {
                self.counts.deleted += 1;
                self.level(from).sub(now, 1);
                let took = now.since(sent);
                self.in_window.sent_to_deleted.record(took);
                if self.measures(sent) {
                    self.latencies.sent_to_deleted.record(took);
                    self.receives.count(receives);
                }
            }
            Step::DelayEnded {} => self.show(now, State::Delayed),
            Step::Returned { .. } => self.show(now, State::InFlight),
            Step::DeletedNothing {} => self.counts.deleted_nothing += 1,
            Step::DeadLettered { .. } => {
                self.counts.dead_lettered += 1;
                self.visible.sub(now, 1);
            }
            Step::MovedIn { .. } => {
                self.counts.moved_in += 1;
                self.visible.add(now, 1);
            }
            Step::Expired { from } => {
                self.counts.expired += 1;
                self.level(from).sub(now, 1);
            }
            Step::Purged { from } => {
                self.counts.purged += 1;
                self.level(from).sub(now, 1);
            }
            Step::Undone { .. } => {
                self.counts.undone += 1;
                self.visible.add(now, 1);
            }
            Step::DeleteLost {}
            | Step::ReceiptExpired {}
            | Step::VisibilityChanged { .. }
            | Step::VisibilityRefused {} => {}
        }
    }

    /// A message becomes visible that was not.
    fn show(&mut self, now: Time, from: State) {
        self.level(from).sub(now, 1);
        self.visible.add(now, 1);
    }

    /// Something came of a call.
    #[inline(always)]
    fn call(&mut self, call: Call) {
        match call {
            Call::Made { action, asked, chunks } => {
                self.counts.probes += u64::from(asked);
                let more = u64::from(chunks - 1);
                match action {
                    Action::Send => {
                        self.counts.calls.send += 1;
                        self.counts.more_chunks.send += more;
                    }
                    Action::Receive => {
                        self.counts.calls.receive += 1;
                        self.counts.more_chunks.receive += more;
                    }
                    Action::Delete => self.counts.calls.delete += 1,
                    Action::ChangeVisibility => self.counts.calls.change_visibility += 1,
                }
            }
            Call::WentOn { asked, chunks } => {
                self.counts.probes += u64::from(asked);
                self.counts.more_chunks.receive += u64::from(chunks);
            }
            Call::ReceivedNothing { falsely, over_limit, .. } => {
                self.counts.empty_receives += 1;
                self.counts.false_empty_receives += u64::from(falsely);
                self.counts.over_limit += u64::from(over_limit);
            }
            Call::Throttled { action, partition, messages } => {
                self.counts.throttled += 1;
                if action == Action::Send {
                    self.counts.throttled_sends += u64::from(messages);
                    self.sends[partition.0 as usize] += u64::from(messages);
                }
            }
            Call::Unavailable { action, partition, messages } => {
                self.counts.unavailable += 1;
                if action == Action::Send {
                    self.counts.unavailable_sends += u64::from(messages);
                    self.sends[partition.0 as usize] += u64::from(messages);
                }
            }
        }
    }

    /// Partitions come, go, or stay though they are hot. Sealed ones count no more: their range is
    /// that of others.
    fn key_space(&mut self, now: Time, change: &KeySpace) {
        match *change {
            KeySpace::Opened { first, last, .. } => {
                self.partitions.add(now, 1);
                let (opened_by, closed_by) = (self.last_change(), None);
                let life = PartitionLife { first, last, from: now, to: None, opened_by, closed_by };
                self.lives.push(life);
                self.sends.push(0);
            }
            KeySpace::Closed { partition } | KeySpace::Sealed { partition } => {
                self.partitions.sub(now, 1);
                let closed_by = self.last_change();
                let life = &mut self.lives[partition.0 as usize];
                (life.to, life.closed_by) = (Some(now), closed_by);
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
            KeySpace::Begun { .. } => self.resharding.add(now, 1),
            KeySpace::Ended { .. } => self.resharding.sub(now, 1),
            KeySpace::Drained { .. } => {}
        }
    }

    /// The event that partitions come and go by: the ledger tells it right before them.
    fn last_change(&self) -> Option<u32> {
        self.splits.len().checked_sub(1).map(|place| place as u32)
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
            Held::Undone => &mut self.delete_undone,
            Held::NotHidden => &mut self.not_hidden,
            Held::Early => &mut self.early,
            Held::Throttled => &mut self.throttled,
            Held::Stopped => &mut self.stopped,
        };
        *count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::config::QueueId;
    use crate::ledger::journal::{Caller, MessageId, Refusal};
    use crate::observe::measured::Calls;

    const HALF: u64 = 1 << 63;

    /// Length of a window of the series.
    const TEN: Span = Span::from_secs(10);

    fn at(secs: u64) -> Time {
        Time::ZERO + Span::from_secs(secs)
    }

    /// A meter of a queue with two partitions, of which all time is measured.
    fn meter() -> QueueMeter {
        let mut meter = QueueMeter::new((Time::ZERO, at(100)), 2, 10);
        meter.begin(Time::ZERO);
        opened(&mut meter, 0, 0, 0, HALF - 1);
        opened(&mut meter, 0, 1, HALF, u64::MAX);
        meter
    }

    fn space(meter: &mut QueueMeter, secs: u64, change: KeySpace) {
        meter.change(at(secs), &change.into());
    }

    fn opened(meter: &mut QueueMeter, secs: u64, id: u32, first: u64, last: u64) {
        space(meter, secs, KeySpace::Opened { partition: PartitionId(id), first, last });
    }

    fn sent(meter: &mut QueueMeter, secs: u64, partition: u32, messages: u32) {
        let partition = PartitionId(partition);
        for id in 0..messages {
            let message = MessageId(u64::from(id));
            meter.change(
                at(secs),
                &Change::Message(message, Step::Sent { partition, state: State::Visible }),
            );
        }
    }

    fn throttled(meter: &mut QueueMeter, secs: u64, action: Action, messages: u32) {
        let partition = PartitionId(0);
        meter.change(at(secs), &Change::Call(Call::Throttled { action, partition, messages }));
    }

    /// Cuts partition 0 in two, 2 and 3.
    fn cut(meter: &mut QueueMeter, secs: u64) {
        let [parent, left, right] = [0, 2, 3].map(PartitionId);
        space(meter, secs, KeySpace::Split { parent, left, right, at: HALF / 2 });
        space(meter, secs, KeySpace::Closed { partition: parent });
        opened(meter, secs, 2, 0, HALF / 2 - 1);
        opened(meter, secs, 3, HALF / 2, HALF - 1);
    }

    fn measured(mut meter: QueueMeter) -> QueueMeasured {
        meter.end(at(100), Span::from_secs(100));
        let left = Leftover::default();
        meter.into_measured(at(100), left)
    }

    /// Messages that had so many receives when they were deleted.
    #[test]
    fn the_last_entry_counts_all_that_were_received_at_least_as_often() {
        let mut meter = meter();
        for receives in [1, 2, 2, 31, 32, 33, 500, u32::MAX] {
            sent(&mut meter, 1, 0, 1);
            let (message, from) = (MessageId(0), State::Visible);
            meter.change(
                at(2),
                &Change::Message(message, Step::Deleted { sent: at(1), receives, from }),
            );
        }
        let mut expected = vec![0; 32];
        (expected[0], expected[1], expected[30], expected[31]) = (1, 2, 1, 4);
        assert_eq!(measured(meter).receives_per_message, expected);
    }

    #[test]
    fn partitions_know_the_change_that_opened_and_the_one_that_closed_them() {
        let mut meter = meter();
        let (partition, reason) = (PartitionId(1), Refusal::NoBalancedKey);
        space(&mut meter, 3, KeySpace::Refused { partition, reason });
        cut(&mut meter, 5);
        space(&mut meter, 6, KeySpace::Refused { partition, reason });
        space(&mut meter, 7, KeySpace::Recut { old: 2, new: 1 });
        space(&mut meter, 7, KeySpace::Sealed { partition: PartitionId(1) });
        space(&mut meter, 7, KeySpace::Sealed { partition: PartitionId(3) });
        opened(&mut meter, 7, 4, HALF / 2, u64::MAX);
        let lives = measured(meter).partition_lives;
        let by: Vec<_> = lives.iter().map(|life| (life.opened_by, life.closed_by)).collect();
        let expected = [
            (None, Some(1)),
            (None, Some(3)),
            (Some(1), None),
            (Some(1), Some(3)),
            (Some(3), None),
        ];
        assert_eq!(by, expected);
    }

    #[test]
    fn changes_under_way_are_a_level_and_each_window_has_its_peak() {
        let mut meter = meter();
        let begun = |meter: &mut QueueMeter, secs, reshard| {
            space(meter, secs, KeySpace::Begun { reshard, old: 1, new: 2 });
        };
        begun(&mut meter, 1, 0);
        begun(&mut meter, 2, 1);
        space(&mut meter, 4, KeySpace::Ended { reshard: 0 });
        meter.close_window(at(10), TEN);
        space(&mut meter, 14, KeySpace::Ended { reshard: 1 });
        meter.close_window(at(20), TEN);
        meter.close_window(at(30), TEN);
        let measured = measured(meter);
        let peaks: Vec<u64> =
            measured.series.iter().map(|window| window.levels.resharding.max).collect();
        assert_eq!(peaks, [2, 1, 0]);
        let Level { area, max, last, .. } = measured.levels.resharding;
        assert_eq!((area, max, last), (15_000_000_000, 2, 0), "3 s and 12 s");
    }

    #[test]
    fn sends_offered_are_those_admitted_and_those_throttled() {
        let mut meter = meter();
        sent(&mut meter, 1, 0, 7);
        throttled(&mut meter, 1, Action::Send, 3);
        throttled(&mut meter, 1, Action::Receive, 1);
        let counts = measured(meter).counts;
        assert_eq!((counts.throttled, counts.throttled_sends, counts.offered()), (2, 3, 10));
    }

    #[test]
    fn sends_that_too_few_replicas_answer_are_offered_and_are_load() {
        let mut meter = meter();
        let mut unavailable = |action, messages| {
            let partition = PartitionId(1);
            meter.change(at(1), &Change::Call(Call::Unavailable { action, partition, messages }));
        };
        unavailable(Action::Send, 6);
        unavailable(Action::Delete, 10);
        unavailable(Action::Receive, 1);
        sent(&mut meter, 1, 0, 2);
        meter.close_window(at(10), TEN);
        let measured = measured(meter);
        let counts = measured.counts;
        assert_eq!((counts.unavailable, counts.unavailable_sends, counts.offered()), (3, 6, 8));
        assert_eq!((counts.throttled, counts.throttled_sends), (0, 0));
        assert_eq!(measured.series[0].imbalance, 1_500, "6 of 8 fell on one of two partitions");
        let of = |partition| LoadSample { at: at(10), partition: PartitionId(partition), sends: 0 };
        let expected = [LoadSample { sends: 2, ..of(0) }, LoadSample { sends: 6, ..of(1) }];
        assert_eq!(measured.loads, expected);
    }

    #[test]
    fn a_delete_undone_brings_a_message_back_and_is_a_cause_of_its_own() {
        let mut meter = meter();
        let (message, partition, sent_at) = (MessageId(0), PartitionId(0), at(1));
        let mut change = |secs, change: Change| meter.change(at(secs), &change);
        let received = |receives, cause| {
            Change::Message(
                message,
                Step::Received {
                    caller: Caller(0),
                    partition,
                    receives,
                    sent: sent_at,
                    until: at(50),
                    cause,
                },
            )
        };
        change(1, Change::Message(message, Step::Sent { partition, state: State::Visible }));
        change(2, received(1, None));
        let from = State::InFlight;
        change(3, Change::Message(message, Step::Deleted { sent: sent_at, receives: 1, from }));
        change(5, Change::Message(message, Step::Undone { sent: sent_at, receives: 1 }));
        change(6, received(2, Some(Held::Undone)));
        change(6, Change::Message(message, Step::Returned { cause: Held::NotHidden, receives: 2 }));
        change(7, received(3, Some(Held::NotHidden)));
        let measured = measured(meter);
        let QueueCounts { sent, undone, deleted, redelivered, .. } = measured.counts;
        let there = measured.levels.visible.last + measured.levels.in_flight.last;
        assert_eq!(sent + undone, there + deleted, "conservation");
        assert_eq!((sent, undone, deleted, there), (1, 1, 1, 1));
        let causes = Redelivered { delete_undone: 1, not_hidden: 1, ..Redelivered::default() };
        assert_eq!((redelivered, redelivered.total()), (causes, 2));
    }

    #[test]
    fn throttling_lasts_while_more_than_one_of_hundred_sends_is_refused() {
        let mut meter = meter();
        // Refused of 100 offered in each window of 10 s.
        for (number, refused) in [(0, 1), (1, 2), (2, 0), (3, 50), (4, 1)] {
            sent(&mut meter, number * 10 + 1, 0, 100 - refused);
            throttled(&mut meter, number * 10 + 1, Action::Send, refused);
            meter.close_window(at(number * 10 + 10), TEN);
        }
        assert_eq!(measured(meter).throttling, Some((at(10), at(40))));
    }

    #[test]
    fn imbalance_is_the_highest_rate_over_the_mean() {
        let mut meter = meter();
        sent(&mut meter, 1, 0, 30);
        sent(&mut meter, 1, 1, 10);
        meter.close_window(at(10), TEN);
        meter.close_window(at(20), TEN);
        // Partition 0 has 40 in 5 s, 2 and 3 after it 20 each; partition 1 has 40 in 10 s. In all
        // 120 in 25 s of partitions: 4.8 a second, and the highest is 8.
        sent(&mut meter, 21, 0, 40);
        sent(&mut meter, 22, 1, 40);
        cut(&mut meter, 25);
        sent(&mut meter, 26, 2, 20);
        sent(&mut meter, 26, 3, 20);
        meter.close_window(at(30), TEN);
        let series = measured(meter).series;
        let imbalances: Vec<u64> = series.iter().map(|window| window.imbalance).collect();
        assert_eq!(imbalances, [1_500, 0, 1_666]);
    }

    /// Two of everything that happens seldom, of calls with several messages where they have them.
    #[test]
    fn what_happens_seldom_is_counted_too() {
        let mut meter = meter();
        let message = MessageId(0);
        sent(&mut meter, 1, 0, 20);
        for falsely in [true, false] {
            let mut change = |change: Change| meter.change(at(2), &change);
            let caller = Caller(0);
            change(Change::Call(Call::ReceivedNothing { caller, falsely, over_limit: false }));
            change(Change::Call(Call::ReceivedNothing { caller, falsely, over_limit: true }));
            change(Change::Call(Call::ReceivedNothing { caller, falsely: true, over_limit: true }));
            change(Change::Message(message, Step::DeletedNothing {}));
            let (to, cause) = (QueueId(1), Held::Failed);
            change(Change::Message(message, Step::DeadLettered { to, receives: 2, cause }));
            change(Change::Message(message, Step::Expired { from: State::Visible }));
            change(Change::Message(message, Step::Purged { from: State::Visible }));
            for action in [Action::Send, Action::Receive, Action::Delete, Action::ChangeVisibility]
            {
                meter.change(at(2), &Call::Made { action, asked: 1, chunks: 5 }.into());
            }
            meter.change(at(2), &Call::WentOn { asked: 3, chunks: 1 }.into());
        }
        for (how, secs) in [
            (Ending::Done, 1),
            (Ending::Duplicate, 2),
            (Ending::Failed, 4),
            (Ending::Recognised, 8),
            (Ending::Crashed, 16),
            (Ending::Duplicate, 32),
        ] {
            meter.end_work(at(1), Span::from_secs(secs), how);
            // It was sent after the measured time.
            meter.end_work(at(100), Span::from_secs(64), how);
        }
        let measured = measured(meter);
        let counts = QueueCounts {
            sent: 20,
            empty_receives: 6,
            false_empty_receives: 4,
            over_limit: 4,
            deleted_nothing: 2,
            dead_lettered: 2,
            expired: 2,
            purged: 2,
            duplicates: 4,
            probes: 2 * (4 + 3),
            more_chunks: Calls { send: 2 * 4, receive: 2 * (4 + 1), ..Calls::default() },
            calls: Calls {
                send: 2,
                receive: 2,
                delete: 2,
                change_visibility: 2,
                get_attributes: 0,
            },
            ..QueueCounts::default()
        };
        assert_eq!(measured.counts, counts);
        assert_eq!(measured.dead_lettered_in_all, 2);
        assert_eq!(measured.levels.visible.last, 20 - 3 * 2);
        // What was recognised and what was cut off is no work on a message.
        let work = &measured.latencies.processing;
        assert_eq!((work.count(), work.sum / 1_000_000_000), (4, 1 + 2 + 4 + 32));
    }

    /// Three visible, two delayed and one in flight at the beginning of the window; at its end two
    /// more were sent, one was deleted and both delays have ended.
    #[test]
    fn what_is_there_at_the_edges_of_the_window_is_all_that_was_not_deleted() {
        let mut meter = QueueMeter::new((at(10), at(20)), 1, 10);
        opened(&mut meter, 0, 0, 0, u64::MAX);
        let (message, partition, caller) = (MessageId(0), PartitionId(0), Caller(0));
        sent(&mut meter, 1, 0, 4);
        for _ in 0..2 {
            meter.change(
                at(1),
                &Change::Message(message, Step::Sent { partition, state: State::Delayed }),
            );
        }
        let (receives, sent_at, until, cause) = (1, at(1), at(99), None);
        let first = Change::Message(
            message,
            Step::Received { caller, partition, receives, sent: sent_at, until, cause },
        );
        meter.change(at(2), &first);
        meter.begin(at(10));
        sent(&mut meter, 12, 0, 2);
        for _ in 0..2 {
            meter.change(at(13), &Change::Message(message, Step::DelayEnded {}));
        }
        let (receives, from) = (1, State::InFlight);
        meter.change(
            at(14),
            &Change::Message(message, Step::Deleted { sent: sent_at, receives, from }),
        );
        meter.end(at(20), TEN);
        let measured = meter.into_measured(at(20), Leftover::default());
        assert_eq!(measured.resident, (6, 7));
        let levels = measured.levels;
        let last = [levels.visible, levels.in_flight, levels.delayed].map(|level| level.last);
        assert_eq!(last, [7, 0, 0]);
        // Sent before the window: neither is measured.
        let none = [
            measured.latencies.sent_to_deleted.count(),
            measured.latencies.sent_to_received.count(),
        ];
        assert_eq!((none, measured.counts.received, measured.counts.deleted), ([0, 0], 0, 1));
    }

    /// A message that was sent as the window begins counts, one that was as it ends does not.
    #[test]
    fn the_window_has_its_first_instant_and_not_its_last() {
        let meter = QueueMeter::new((at(10), at(20)), 1, 10);
        let measures = [9, 10, 19, 20].map(|secs| meter.measures(at(secs)));
        assert_eq!(measures, [false, true, true, false]);
    }
}
