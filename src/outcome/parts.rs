//! The parts of an outcome: queues, producers, fleets, what they lean on.
//!
//! Owns their serialised form and how each is read off what was measured. Must not know the
//! scenario.
//!
//! Invariant: a mirror only; nothing is computed here but sums, rounded means and quantiles.

use serde::{Deserialize, Serialize};

use super::fleets::{Size, ThreadTime, WastedBy};
use super::level::{LevelSummary, nanos};
use super::nodes::Nodes;
use super::partitions::{Partitions, is_zero};
use crate::kernel::time::Span;
use crate::ledger;
use crate::observe::counts::{
    call_counters, downstream_counters, fleet_counters, function_counters, producer_counters,
    queue_counters, redelivery_counters,
};
use crate::observe::latencies::queue_latencies;
use crate::observe::levels::queue_levels;
use crate::observe::measured::{
    self, DownstreamMeasured, FleetMeasured, FunctionMeasured, Latency, Level, ProducerMeasured,
    QueueCounts, QueueLatencies, QueueLevels, QueueMeasured,
};

/// One queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueueOutcome {
    /// Counters over the window.
    pub counts: Counts,
    /// Latencies of the messages sent in the window.
    pub latency_ns: Latencies,
    /// Levels over the window.
    pub levels: Levels,
    /// What happened to the partitions, over the whole run.
    pub partitions: Partitions,
    /// What happened to the nodes, over the whole run; left out for a queue without nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Nodes>,
    /// Receives of the deleted messages: how many had one, two, …; the last entry of the
    /// measured list counts all with at least that many. Zeros at the end are left out.
    pub receives_per_message: Vec<u64>,
    /// Messages there when the window began and when it ended. With them counters balance: `begin`
    /// and what was sent, moved in and undone is what was deleted, moved out as dead letters,
    /// expired and purged, and `end`. Without a drain `end` is what is unfinished.
    #[serde(default)]
    pub resident: AtEdges,
    /// Messages left at the end of the run.
    pub unfinished: Unfinished,
    /// Messages moved to the dead-letter queue, over the whole run; left out if none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dead_lettered_in_all: u64,
}

/// A level at the edges of the window: before what happens at its first instant, and after all that
/// happens before its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtEdges {
    /// When it begins.
    pub begin: u64,
    /// When it ends.
    pub end: u64,
}

/// Makes the mirror of a table of counters: what is made of them first, the counters, other parts.
macro_rules! mirrored {
    (
        {
            $(#[$about:meta])*
            $name:ident of $measured:ident $(. $counts:ident)?
            { $($(#[$of_sum:meta])* $sum:ident: $sums:ty = $add:expr,)* }
            { $($(#[$of_part:meta])* $part:ident: $parts:ty = $read:expr,)* }
        }
        $(
            $(#[doc = $doc:literal])*
            $($word:literal)? $field:ident $(: $wanted:ident)?
            $(unless $zero:literal)? $(watched $watched:literal)?,
        )*
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
        pub struct $name {
            $($(#[$of_sum])* pub $sum: $sums,)*
            $(
                $(#[doc = $doc])*
                $(#[serde(default, skip_serializing_if = $zero)])?
                pub $field: u64,
            )*
            $($(#[$of_part])* pub $part: $parts,)*
        }

        impl $name {
            pub(super) fn of(measured: &measured::$measured) -> $name {
                let counts = &measured$(.$counts)?;
                $name {
                    $($sum: $add(measured),)*
                    $($field: counts.$field,)*
                    $($part: $read(measured),)*
                }
            }
        }
    };
}

queue_counters!(mirrored {
    /// Counters of one queue.
    #[derive(Eq)]
    Counts of QueueCounts
    {}
    {
        /// Redeliveries.
        redelivered: Redelivered = |of: &QueueCounts| Redelivered::of(&of.redelivered),
        /// Calls.
        calls: Calls = |of: &QueueCounts| Calls::of(&of.calls),
        /// Requests that are billed: a call is one for each 64 KiB of its payload.
        requests: Calls = |of: &QueueCounts| Calls::of(&of.requests()),
    }
});

redelivery_counters!(mirrored {
    /// Redeliveries by cause: why the message came back, as it was when it did.
    #[derive(Eq)]
    Redelivered of Redelivered
    {
        /// All causes.
        total: u64 = |of: &measured::Redelivered| of.total(),
    }
    {}
});

call_counters!(mirrored {
    /// Calls by kind.
    #[derive(Eq)]
    Calls of Calls {} {}
});

producer_counters!(mirrored {
    /// One producer.
    #[derive(Eq)]
    ProducerOutcome of ProducerMeasured.counts
    {
        /// Messages that arose, over the whole run.
        arrived_in_all: u64 = |of: &ProducerMeasured| of.arrived_in_all,
    }
    {
        /// Messages neither stored nor given up when the window began and when it ended: in an
        /// unfilled batch, waiting for a connection, or in a call under way. With them counters
        /// balance: `begin` and what arrived is what was sent and given up, and `end`.
        #[serde(default)]
        held_back: AtEdges = |of: &ProducerMeasured| AtEdges::of(of.held_back),
        /// Time that messages waited for a free connection, in sum.
        waited_ns: u64 = |of: &ProducerMeasured| nanos(of.waited),
        /// Time that messages spent in calls, tries and back-off included, in sum.
        calling_ns: u64 = |of: &ProducerMeasured| nanos(of.calling),
    }
});

fleet_counters!(mirrored {
    /// One fleet.
    FleetOutcome of FleetMeasured.counts
    {
        /// Utilisation, 0 to 1: the time of busy threads over that of threads that were up.
        busy: f64 = |of: &FleetMeasured| of.utilisation().unwrap_or(0.0),
        /// What the threads did with their time.
        #[serde(default)]
        thread_time: ThreadTime = ThreadTime::of,
        /// Threads in all.
        threads: u64 = FleetMeasured::threads,
        /// Time of all workers over the window, whether they are up or down.
        worker_ns: u64 = |of: &FleetMeasured| nanos(of.worker_time()),
    }
    {
        /// All work.
        work_ns: u64 = |of: &FleetMeasured| nanos(of.work),
        /// Work that did not complete a message for the first time.
        wasted_ns: u64 = |of: &FleetMeasured| nanos(of.wasted()),
        /// The same by cause.
        wasted_by: WastedBy = WastedBy::of,
        /// How many workers there were; left out where nobody joined or left.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size: Option<Size> = Size::of,
    }
});

downstream_counters!(mirrored {
    /// Something that workers lean on.
    DownstreamOutcome of DownstreamMeasured.counts
    {
        /// What it did against what it can do: the share of its connections in use, or of its
        /// tokens taken; `None` where nothing bounds it.
        utilisation: Option<f64> = DownstreamMeasured::utilisation,
    }
    {
        /// Calls that wait.
        waiting: LevelSummary = |of: &DownstreamMeasured| LevelSummary::of(of.waiting),
        /// Calls that are worked on.
        in_use: LevelSummary = |of: &DownstreamMeasured| LevelSummary::of(of.in_use),
        /// How long the calls that were worked on had waited.
        waited_ns: Waited = Waited::of,
    }
});

/// Waits of calls in nanoseconds; zero if there was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waited {
    /// Mean, rounded.
    pub mean: u64,
    /// Longest.
    pub max: u64,
}

impl Waited {
    fn of(downstream: &DownstreamMeasured) -> Waited {
        let mean = Span::round_nanos(downstream.mean_wait_nanos()).as_nanos();
        Waited { mean, max: downstream.longest_wait.as_nanos() }
    }
}

function_counters!(mirrored {
    /// One function.
    FunctionOutcome of FunctionMeasured.counts
    {
        /// The share of the places within its mapping's limit that were taken, 0 to 1.
        busy: f64 = |of: &FunctionMeasured| of.utilisation().unwrap_or(0.0),
        /// Messages of an invocation on average; 0 without one.
        batch_size: f64 = |of: &FunctionMeasured| of.batch_size().unwrap_or(0.0),
        /// Seconds of 1 GB of memory that are billed.
        gb_seconds: f64 = FunctionMeasured::gb_seconds,
    }
    {
        /// Invocations at once.
        concurrency: LevelSummary = |of: &FunctionMeasured| LevelSummary::of(of.concurrency),
        /// Batches that have their place within the limit: invoked, throttled, being deleted.
        in_use: LevelSummary = |of: &FunctionMeasured| LevelSummary::of(of.in_use),
        /// How many of these the mapping may have.
        limit: LevelSummary = |of: &FunctionMeasured| LevelSummary::of(of.limit),
        /// Environments, those that are idle included.
        environments: LevelSummary = |of: &FunctionMeasured| LevelSummary::of(of.environments),
    }
});

/// Makes the mirror of the table of latencies.
macro_rules! latencies {
    ({} $($group:ident {
        $($(#[doc = $doc:literal])* $word:literal $field:ident: $growth:ident,)*
    })*) => {
        /// The latencies of one queue.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub struct Latencies {
            $($($(#[doc = $doc])* pub $field: LatencySummary,)*)*
        }

        impl Latencies {
            fn of(latencies: &QueueLatencies<Latency>) -> Latencies {
                Latencies { $($($field: LatencySummary::of(&latencies.$field),)*)* }
            }
        }
    };
}

queue_latencies!(latencies {});

/// One latency in nanoseconds; all zero if `count` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatencySummary {
    /// Messages.
    pub count: u64,
    /// Mean, rounded.
    pub mean: u64,
    /// Standard deviation of the latencies themselves, rounded.
    #[serde(default)]
    pub stddev: u64,
    /// Median.
    pub p50: u64,
    /// 90 % are at or below.
    pub p90: u64,
    /// 95 % are at or below.
    pub p95: u64,
    /// 99 % are at or below.
    pub p99: u64,
    /// 99.9 % are at or below.
    pub p999: u64,
    /// Longest.
    pub max: u64,
}

/// Makes the mirror of the table of levels.
macro_rules! levels {
    (
        {}
        always {
            $(
                $(#[doc = $doc:literal])*
                $word:literal $field:ident: $of:ident $wanted:ident $growth:ident
                $(watched $watched:literal)?,
            )*
        }
        never { $($never:tt)* }
        with_nodes {
            $(
                $(#[doc = $of_lack:literal])*
                $lack:literal $lacking:ident: $things:ident $wish:ident $grows:ident,
            )*
        }
    ) => {
        /// The levels of one queue.
        #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
        pub struct Levels {
            $($(#[doc = $doc])* pub $field: LevelSummary,)*
            $(
                $(#[doc = $of_lack])*
                #[doc = "Left out without nodes."]
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $lacking: Option<LevelSummary>,
            )*
        }

        impl Levels {
            fn of(levels: &QueueLevels<Level>, nodes: bool) -> Levels {
                Levels {
                    $($field: LevelSummary::of(levels.$field),)*
                    $($lacking: nodes.then(|| LevelSummary::of(levels.$lacking)),)*
                }
            }
        }
    };
}

queue_levels!(levels {});

/// Messages left at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    /// How many.
    pub messages: u64,
    /// Age of the oldest.
    pub oldest_ns: u64,
    /// Mean age.
    pub mean_age_ns: u64,
    /// Those among them that come back again and again; left out if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circulating: Option<Circulating>,
}

/// Messages that were received six times or more and are still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circulating {
    /// How many.
    pub messages: u64,
    /// Age of the oldest.
    pub oldest_ns: u64,
    /// Receives of the one that was received most often.
    pub receives: u64,
}

impl QueueOutcome {
    /// `nodes` says whether the queue has nodes of which one is told.
    pub(super) fn of(queue: &QueueMeasured, nodes: bool) -> QueueOutcome {
        let used = queue.receives_per_message.iter().rposition(|count| *count > 0);
        QueueOutcome {
            counts: Counts::of(&queue.counts),
            latency_ns: Latencies::of(&queue.latencies),
            levels: Levels::of(&queue.levels, nodes),
            partitions: Partitions::of(queue),
            nodes: nodes.then(|| Nodes::of(queue)),
            receives_per_message: queue.receives_per_message[..used.map_or(0, |at| at + 1)]
                .to_vec(),
            resident: AtEdges::of(queue.resident),
            unfinished: Unfinished {
                messages: queue.unfinished.messages,
                oldest_ns: queue.unfinished.oldest.as_nanos(),
                mean_age_ns: queue.unfinished.mean_age,
                circulating: Circulating::of(queue.unfinished.circulating),
            },
            dead_lettered_in_all: queue.dead_lettered_in_all,
        }
    }
}

impl FleetOutcome {
    /// With what is known of a scaler's first help.
    pub(super) fn helped(mut self, first_help: Option<Span>) -> FleetOutcome {
        if let Some(size) = &mut self.size {
            size.first_help_ns = first_help.map(Span::as_nanos);
        }
        self
    }
}

impl AtEdges {
    fn of((begin, end): (u64, u64)) -> AtEdges {
        AtEdges { begin, end }
    }
}

impl QueueOutcome {
    /// Receives of the messages that were deleted, how many messages those are, and whether there
    /// may be more receives, as the last entry of the list counts all with at least as many.
    pub fn receives_of_deleted(&self) -> (u64, u64, bool) {
        /// Entries of the whole list.
        const ALL: usize = 32;
        let list = &self.receives_per_message;
        let messages: u64 = list.iter().sum();
        let receives: u64 =
            (1..).zip(list).map(|(receives, count): (u64, _)| receives * count).sum();
        (receives, messages, list.len() >= ALL)
    }
}

impl Circulating {
    fn of(found: ledger::Circulating) -> Option<Circulating> {
        (found.messages > 0).then(|| Circulating {
            messages: found.messages,
            oldest_ns: found.oldest.as_nanos(),
            receives: u64::from(found.receives),
        })
    }
}

impl LatencySummary {
    pub(super) fn of(latency: &Latency) -> LatencySummary {
        let count = latency.count();
        let at = |p| if count == 0 { 0 } else { latency.quantile_nanos(p) };
        let half = u128::from(count / 2);
        let mean = (latency.sum + half).checked_div(u128::from(count)).unwrap_or(0);
        LatencySummary {
            count,
            mean: nanos(mean),
            stddev: Span::round_nanos(latency.stddev_nanos()).as_nanos(),
            p50: at(0.5),
            p90: at(0.9),
            p95: at(0.95),
            p99: at(0.99),
            p999: at(0.999),
            max: latency.max.as_nanos(),
        }
    }
}
