//! What a queue's nodes do while a run goes on.
//!
//! Owns how many partitions lack replicas, and when nodes failed and returned. Must not know
//! messages or calls, nor who holds what: the ledger's census says how many lack what.

use super::level_meter::Meter;
use super::measured::{Lack, NodeCounts, NodeEvent, NodesMeasured};
use crate::kernel::time::{Span, Time};
use crate::ledger::journal::NodeChange;

#[derive(Clone, Debug)]
pub(super) struct NodeMeter {
    under_replicated: Lacking,
    without_quorum: Lacking,
    events: Vec<(Time, NodeEvent)>,
}

/// Partitions that lack something.
#[derive(Clone, Copy, Debug)]
struct Lacking {
    meter: Meter,
    /// Partitions in all.
    of: u64,
    /// Over the run, up to `since`.
    lack: Lack,
    since: Time,
}

impl NodeMeter {
    /// Bytes of a failure or a return.
    pub(super) const BYTES_PER_EVENT: usize = size_of::<(Time, NodeEvent)>();

    pub(super) const ZERO: NodeMeter = NodeMeter {
        under_replicated: Lacking::NONE,
        without_quorum: Lacking::NONE,
        events: Vec::new(),
    };

    /// Takes a change in; what is counted goes to `counts`.
    pub(super) fn change(&mut self, now: Time, change: &NodeChange, counts: &mut NodeCounts) {
        match *change {
            NodeChange::Failed { node } => {
                counts.failures += 1;
                self.events.push((now, NodeEvent::Failed(node)));
            }
            NodeChange::Returned { node } => self.events.push((now, NodeEvent::Returned(node))),
            NodeChange::Led { .. } => counts.elections += 1,
            NodeChange::Moved { .. } => counts.copies += 1,
            NodeChange::CopyDropped { .. } => counts.copies_dropped += 1,
            NodeChange::Counted { partitions, under_replicated, without_write_quorum, .. } => {
                self.under_replicated.set(now, under_replicated, partitions);
                self.without_quorum.set(now, without_write_quorum, partitions);
            }
            NodeChange::Suspected { .. }
            | NodeChange::GivenUp { .. }
            | NodeChange::CaughtUp { .. }
            | NodeChange::CopyBegun { .. } => {}
        }
    }

    /// The levels of under-replicated partitions and of those without a write quorum.
    pub(super) fn levels(&mut self) -> [&mut Meter; 2] {
        [&mut self.under_replicated, &mut self.without_quorum].map(|lacking| &mut lacking.meter)
    }

    /// What there is to tell of a run that ended at `end`.
    pub(super) fn into_measured(mut self, end: Time) -> NodesMeasured {
        self.under_replicated.pass(end);
        self.without_quorum.pass(end);
        NodesMeasured {
            events: self.events,
            under_replicated: self.under_replicated.lack,
            without_quorum: self.without_quorum.lack,
        }
    }
}

impl Lacking {
    const NONE: Lacking = Lacking {
        meter: Meter::ZERO,
        of: 0,
        lack: Lack { most: 0, of: 0, time: Span::ZERO },
        since: Time::ZERO,
    };

    /// From now on so many of all lack it.
    fn set(&mut self, now: Time, lacking: u32, of: u32) {
        self.pass(now);
        self.meter.set(now, u64::from(lacking));
        self.of = u64::from(of);
    }

    /// Time comes to `now`: what lacks it has lacked it since, unless it is since this instant.
    fn pass(&mut self, now: Time) {
        let lacking = self.meter.value();
        if lacking > 0 && now > self.since {
            self.lack.time += now.since(self.since);
            if lacking > self.lack.most {
                (self.lack.most, self.lack.of) = (lacking, self.of);
            }
        }
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::super::level_meter::Metered;
    use super::super::levels::Level;
    use super::*;
    use crate::ledger::config::NodeId;
    use crate::ledger::journal::Census;
    use crate::ledger::journal::PartitionId;

    const SECOND: u128 = 1_000_000_000;

    fn at(secs: u64) -> Time {
        Time::ZERO + Span::from_secs(secs)
    }

    fn change(meter: &mut NodeMeter, secs: u64, change: NodeChange) -> NodeCounts {
        let mut counts = NodeCounts::default();
        meter.change(at(secs), &change, &mut counts);
        counts
    }

    fn counted(meter: &mut NodeMeter, secs: u64, partitions: u32, lacking: (u32, u32)) {
        let (under_replicated, without_write_quorum) = lacking;
        let census =
            Census { partitions, under_replicated, without_write_quorum, ..Census::default() };
        change(meter, secs, census.into());
    }

    fn window(meter: &mut NodeMeter, end: u64) -> [u64; 2] {
        let over = Span::from_secs(10);
        meter.levels().map(|level| level.close_window(at(end), over).max)
    }

    fn begin(meter: &mut NodeMeter, secs: u64) {
        meter.levels().into_iter().for_each(|level| level.begin(at(secs)));
    }

    fn end(meter: &mut NodeMeter, secs: u64, over: u64) -> [Level; 2] {
        meter.levels().map(|level| level.end(at(secs), Span::from_secs(over)))
    }

    /// A second node fails within the repair window, and one of 20 partitions is cut meanwhile.
    fn two_losses() -> ([Level; 2], NodesMeasured) {
        let mut meter = NodeMeter::ZERO;
        counted(&mut meter, 10, 20, (6, 0));
        begin(&mut meter, 15);
        counted(&mut meter, 20, 20, (11, 2));
        counted(&mut meter, 23, 21, (12, 2));
        counted(&mut meter, 24, 21, (8, 0));
        counted(&mut meter, 30, 21, (0, 0));
        let levels = end(&mut meter, 40, 25);
        (levels, meter.into_measured(at(60)))
    }

    #[test]
    fn levels_hold_from_one_census_to_the_next_within_the_measured_window() {
        let ([replicas, quorum], _) = two_losses();
        assert_eq!(replicas.area, (5 * 6 + 3 * 11 + 12 + 6 * 8) * SECOND);
        assert_eq!((replicas.max, replicas.last), (12, 0));
        assert_eq!((quorum.area, quorum.max, quorum.last), (4 * 2 * SECOND, 2, 0));
        assert!((quorum.mean() - 8.0 / 25.0).abs() < 1e-12);
    }

    #[test]
    fn a_lack_is_told_with_its_peak_and_its_time_over_the_whole_run() {
        let (_, nodes) = two_losses();
        let lack = |most, of, secs| Lack { most, of, time: Span::from_secs(secs) };
        assert_eq!(nodes.under_replicated, lack(12, 21, 20));
        assert_eq!(nodes.without_quorum, lack(2, 20, 4));
    }

    #[test]
    fn a_lack_that_does_not_end_lasts_to_the_end_of_the_run_and_several_add_up() {
        let mut meter = NodeMeter::ZERO;
        for (secs, lacking) in [(10, 1), (12, 0), (20, 1), (25, 0), (50, 1)] {
            counted(&mut meter, secs, 4, (lacking, 0));
        }
        let [replicas, _] = end(&mut meter, 55, 55);
        assert_eq!((replicas.area, replicas.last), ((2 + 5 + 5) * SECOND, 1));
        let nodes = meter.into_measured(at(60));
        assert_eq!(nodes.under_replicated.time, Span::from_secs(2 + 5 + 10));
    }

    #[test]
    fn each_window_has_the_most_that_lacked_it_at_once() {
        let mut meter = NodeMeter::ZERO;
        counted(&mut meter, 1, 8, (5, 0));
        counted(&mut meter, 2, 8, (3, 1));
        assert_eq!(window(&mut meter, 10), [5, 1]);
        counted(&mut meter, 14, 8, (0, 0));
        assert_eq!(window(&mut meter, 20), [3, 1], "what was there when it began");
        assert_eq!(window(&mut meter, 30), [0, 0]);
    }

    /// A node fails and another is up again at one instant: the ten that both together would lack
    /// are never lacking.
    #[test]
    fn what_is_lacking_for_no_time_is_not_lacking() {
        let mut meter = NodeMeter::ZERO;
        counted(&mut meter, 1, 8, (5, 0));
        counted(&mut meter, 4, 8, (10, 2));
        counted(&mut meter, 4, 9, (6, 0));
        counted(&mut meter, 5, 9, (0, 0));
        let [replicas, quorum] = end(&mut meter, 10, 10);
        assert_eq!(window(&mut meter, 10), [6, 0]);
        assert_eq!((replicas.max, quorum.max), (6, 0));
        let nodes = meter.into_measured(at(10));
        let lack = |most, of, secs| Lack { most, of, time: Span::from_secs(secs) };
        assert_eq!(nodes.under_replicated, lack(6, 9, 4));
        assert_eq!(nodes.without_quorum, lack(0, 0, 0));
    }

    #[test]
    fn failures_elections_and_copies_are_counted_and_returns_remembered() {
        let (partition, source, to) = (PartitionId(3), NodeId(0), NodeId(2));
        let mut meter = NodeMeter::ZERO;
        let mut counts = NodeCounts::default();
        let changes = [
            NodeChange::Failed { node: NodeId(1) },
            NodeChange::Suspected { node: NodeId(1) },
            NodeChange::Led { partition, by: source },
            NodeChange::Led { partition: PartitionId(4), by: source },
            NodeChange::GivenUp { node: NodeId(1) },
            NodeChange::CopyBegun { partition, source, to },
            NodeChange::Moved { partition, from: NodeId(1), to },
            NodeChange::CopyBegun { partition: PartitionId(4), source, to },
            NodeChange::CopyDropped { partition: PartitionId(4), to },
            NodeChange::Returned { node: NodeId(1) },
            NodeChange::CaughtUp { node: NodeId(1) },
        ];
        for (secs, change) in (0..).zip(&changes) {
            meter.change(at(secs), change, &mut counts);
        }
        let expected = NodeCounts { failures: 1, elections: 2, copies: 1, copies_dropped: 1 };
        assert_eq!(counts, expected);
        let nodes = meter.into_measured(at(60));
        let failed = (at(0), NodeEvent::Failed(NodeId(1)));
        assert_eq!(nodes.events, [failed, (at(9), NodeEvent::Returned(NodeId(1)))]);
    }
}
