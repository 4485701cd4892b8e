//! Checks of a queue and its ledger.
//!
//! Owns their ranges. Must not know who calls the queue.

use super::Check;
use crate::kernel::time::Span;
use crate::ledger::config::{
    Capacity, CeilingConfig, Keys, LedgerConfig, QueueConfig, ReceiveRouting, Redrive,
};
use crate::scenario::file::{
    BurstFile, CapacityFile, CeilingFile, KeysFile, LedgerFile, QueueFile, RoutingFile,
};
use crate::scenario::tree::At;
use crate::scenario::units;

/// Of a queue and of a receive.
pub(super) const LONGEST_VISIBILITY: Span = Span::from_secs(12 * 3_600);
/// Of a queue and of a message.
pub(super) const LONGEST_DELAY: Span = Span::from_secs(15 * 60);
const SHORTEST_RETENTION: Span = Span::from_secs(60);
const LONGEST_RETENTION: Span = Span::from_secs(14 * 86_400);
/// `PurgeQueueInProgress` before that.
const BETWEEN_PURGES: Span = Span::from_secs(60);
/// Ours: a partition costs some kilobytes.
pub(super) const MOST_PARTITIONS: u32 = 65_536;
/// Ours: virtual time ends after 584 years.
const MOST_YEARS_TO_FILL: f64 = 100.0;
/// Ours: the groups' shares are a table.
const MOST_GROUPS: u32 = 10_000_000;
/// Ours: keys of a millisecond come in random order.
const SHORTEST_PASS: Span = Span::from_secs(1);
/// Ours: each is looked up for every message.
const MOST_CHOICES: u32 = 64;

pub(super) const IN_SQS: &str = "SQS allows no other value";

impl<'a> Check<'a> {
    /// A queue from which `workers` receive; purges and outages begin before `end`.
    pub(super) fn queue(
        &mut self,
        at: &At<'a>,
        file: &QueueFile,
        workers: u64,
        end: Span,
    ) -> QueueConfig {
        self.visibility(&at.field("visibility_timeout"), file.visibility_timeout.0);
        self.delay(&at.field("delay"), file.delay.0);
        let (shortest, longest) = (SHORTEST_RETENTION, LONGEST_RETENTION);
        self.range(&at.field("retention"), file.retention.0, shortest, longest, IN_SQS);
        self.at_least_one(&at.field("max_in_flight"), file.max_in_flight);
        let redrive = file.redrive.as_ref().map(|redrive| {
            let at = at.field("redrive");
            self.range(&at.field("max_receives"), redrive.max_receives, 1, 1_000, IN_SQS);
            let to = self.queue_named(&at.field("to"), &redrive.to);
            Redrive { to, max_receives: redrive.max_receives }
        });
        if file.duplicates.0 >= 1.0 {
            let what = "a queue that never hides a message hands it out for ever";
            self.push(&at.field("duplicates"), what).help =
                vec!["write a probability below 1, such as \"0.1%\"".into()];
        }
        QueueConfig {
            visibility_timeout: file.visibility_timeout.0,
            delay: file.delay.0,
            retention: file.retention.0,
            max_in_flight: file.max_in_flight,
            redrive,
            purges: self.instants(&at.field("purge"), &file.purge, BETWEEN_PURGES, end),
            lost_deletes: file.lost_deletes.0,
            stale_deletes: file.stale_deletes.0,
            duplicates: file.duplicates.0,
            message_size: self.message_size(&at.field("message_size"), &file.message_size),
            counter_lag: self.counters(&at.field("counters"), &file.counters),
            ledger: self.ledger(&at.field("ledger"), &file.ledger, workers, end),
        }
    }

    /// A visibility timeout.
    pub(super) fn visibility(&mut self, at: &At, length: Span) {
        self.range(at, length, Span::ZERO, LONGEST_VISIBILITY, IN_SQS);
    }

    /// A delay.
    pub(super) fn delay(&mut self, at: &At, length: Span) {
        self.range(at, length, Span::ZERO, LONGEST_DELAY, IN_SQS);
    }

    fn ledger(&mut self, at: &At<'a>, file: &LedgerFile, workers: u64, end: Span) -> LedgerConfig {
        let ours = "a partition costs memory in the simulator";
        self.range(&at.field("partitions"), file.partitions, 1, MOST_PARTITIONS, ours);
        let split = self.split(&at.field("split"), file, workers);
        let most = split.max_partitions().unwrap_or(0).max(file.partitions);
        LedgerConfig {
            partitions: file.partitions,
            capacity: self.capacity(&at.field("capacity"), &file.capacity),
            ceiling: self.ceiling(&at.field("ceiling"), &file.ceiling),
            keys: self.keys(&at.field("keys"), &file.keys),
            split,
            guards: self.guards(&at.field("guards"), &file.guards),
            mechanics: self.mechanics(&at.field("mechanics"), file),
            receive: self.routing(&at.field("receive"), &file.receive),
            nodes: (file.nodes.as_ref())
                .map(|nodes| self.nodes(&at.field("nodes"), nodes, most, end)),
        }
    }

    fn routing(&mut self, at: &At, file: &RoutingFile) -> ReceiveRouting {
        match *file {
            RoutingFile::RegisterAll => ReceiveRouting::RegisterAll,
            RoutingFile::Sample(count) => {
                self.at_least_one(at, count);
                ReceiveRouting::Sample(count)
            }
            RoutingFile::WeightedSample(count) => {
                self.at_least_one(at, count);
                ReceiveRouting::WeightedSample(count)
            }
            RoutingFile::Uniform => ReceiveRouting::Uniform,
            RoutingFile::PowerOfTwo => ReceiveRouting::PowerOfTwo,
            RoutingFile::BacklogWeighted => ReceiveRouting::BacklogWeighted,
            RoutingFile::ForwardingTree => ReceiveRouting::ForwardingTree,
            RoutingFile::Assigned => ReceiveRouting::Assigned,
        }
    }

    /// The capacity of a partition or a node.
    pub(super) fn capacity(&mut self, at: &At, file: &CapacityFile) -> Option<Capacity> {
        let (rate, burst, rate_at) = match file {
            CapacityFile::Unlimited => return None,
            CapacityFile::Rate(rate) => (rate.0, None, at.clone()),
            CapacityFile::Bucket { rate, burst: BurstFile::OneSecond } => {
                (rate.0, None, at.field("rate"))
            }
            CapacityFile::Bucket { rate, burst: BurstFile::Calls(calls) } => {
                (rate.0, Some(*calls), at.field("rate"))
            }
        };
        self.positive(&rate_at, rate);
        let burst = burst.unwrap_or(rate.max(1.0));
        if !(burst >= 1.0 && burst.is_finite()) {
            self.push(&at.field("burst"), format!("`{burst}` is not at least 1")).help =
                vec!["an empty bucket never fills up to one call otherwise".into()];
        }
        let years = burst / rate / (365.25 * 86_400.0);
        if rate > 0.0 && years > MOST_YEARS_TO_FILL {
            let what = format!("a bucket of {burst} calls would take {years:.0} years to fill");
            self.push(&rate_at, what).help =
                vec![format!("it may take {MOST_YEARS_TO_FILL}; write a higher rate")];
        }
        Some(Capacity { per_second: rate, burst })
    }

    fn ceiling(&mut self, at: &At, file: &CeilingFile) -> Option<CeilingConfig> {
        let &CeilingFile::Follows { initial, times, lag, memory } = file else { return None };
        self.positive(&at.field("initial"), initial.0);
        if !(times >= 1.0 && times.is_finite()) {
            self.push(&at.field("times"), format!("`{times}` is not at least 1")).help =
                vec!["a queue could not keep what it has".into()];
        }
        self.some_time(&at.field("memory"), memory, "nothing would ever be allowed but `initial`");
        Some(CeilingConfig { initial: initial.0, times, lag: lag.0, memory: memory.0 })
    }

    fn keys(&mut self, at: &At, file: &KeysFile) -> Keys {
        match file {
            KeysFile::Uniform => Keys::Uniform,
            KeysFile::PerCall => Keys::PerCall,
            KeysFile::Sticky(length) => {
                self.some_time(at, *length, "`PerCall` draws a key for each call");
                Keys::Sticky(length.0)
            }
            &KeysFile::Group { count, zipf, hot } => {
                let ours = "every group costs memory in the simulator";
                self.range(&at.field("count"), count, 1, MOST_GROUPS, ours);
                self.range(&at.field("zipf"), zipf, 0.0, 10.0, "0 makes all groups equal");
                if count == 1 && hot.0 > 0.0 {
                    let what = "a hot group needs others to be hotter than: `1` is too few";
                    self.push(&at.field("count"), what).help =
                        vec!["write a higher `count`, or leave `hot` out".into()];
                }
                Keys::Group { count, zipf, hot: hot.0 }
            }
            KeysFile::Sequential { pass, spread } => {
                let (least, most) = (SHORTEST_PASS, units::LONGEST);
                let why = "`Uniform` spreads keys within less than that";
                self.range(&at.field("pass"), pass.0, least, most, why);
                let why = "no time lies further back than one pass";
                self.range(&at.field("spread"), spread.0, Span::ZERO, pass.0.max(least), why);
                Keys::Sequential { pass: pass.0, spread: spread.0 }
            }
            &KeysFile::HotRange { share, from, width } => {
                let (share, from, width) = (share.0, from.0, width.0);
                self.hot_range(at, from, width);
                Keys::HotRange { share, from, width }
            }
            &KeysFile::LeastBacklog { choices } => {
                let why = "1 draws one key, as `Uniform` does; each choice costs the sender a look";
                self.range(&at.field("choices"), choices, 1, MOST_CHOICES, why);
                Keys::LeastBacklog(choices)
            }
        }
    }

    fn hot_range(&mut self, at: &At, from: f64, width: f64) {
        if width <= 0.0 {
            self.push(&at.field("width"), "a range of no width holds no key").help = vec![
                "write a part of the key space, such as \"1/16\", or, for one hot key, \
                      `Group(count: 1000, hot: \"60%\")`"
                    .into(),
            ];
        }
        // The sum of two shares such as 0.7 and 0.3 may be off in the last place.
        if from + width > 1.0 + 1e-9 {
            let what = format!("the range ends at {}, beyond the key space", from + width);
            self.push(&at.field("from"), what).help =
                vec![format!("the key space ends at 1: begin at {} or before", 1.0 - width)];
        }
    }
}
