//! The measures that expectations know.
//!
//! Owns their list and names: those of the tables of counters, latencies and levels, and what is
//! made of them. Must not know the grammar around a name, nor functions.

use super::Unit;
use super::share::{SHARES, Share};
use crate::observe::levels::Of;
use crate::observe::measured::{
    Counter, DownstreamCounts, DownstreamMeasured, FleetCounts, FleetLevel, FleetMeasured,
    FunctionCounts, FunctionMeasured, Level, Measured, ProducerCounts, ProducerMeasured,
    QueueCounts, QueueLatency, QueueLevel, QueueMeasured,
};
use crate::observe::nature::Growth;
use crate::observe::nature::Wanted::{self, Less, Neither};
use crate::stats::cost::Cost;
use crate::stats::pool::Reading;

/// What a measure belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Queue,
    Producer,
    Fleet,
    Downstream,
    Function,
    /// The whole scenario.
    Whole,
}

impl Part {
    pub(super) fn word(self) -> &'static str {
        match self {
            Part::Queue => "queue",
            Part::Producer => "producer",
            Part::Fleet => "fleet of consumers",
            Part::Downstream => "downstream",
            Part::Function => "function",
            Part::Whole => "scenario",
        }
    }
}

/// A counter, and what is made of counters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count {
    pub(super) name: &'static str,
    pub(super) wanted: Wanted,
    /// Whether it is a number of messages at one instant, which does not add up over parts of a
    /// run.
    pub(super) is_of_an_instant: bool,
    pub(super) found: Found,
}

/// Where it is found.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found {
    QueueCounter(fn(&QueueCounts) -> u64),
    Queue(fn(&QueueMeasured) -> u64),
    ProducerCounter(fn(&ProducerCounts) -> u64),
    Producer(fn(&ProducerMeasured) -> u64),
    FleetCounter(fn(&FleetCounts) -> u64),
    DownstreamCounter(fn(&DownstreamCounts) -> u64),
    FunctionCounter(fn(&FunctionCounts) -> u64),
    /// Nanoseconds, not a number of anything.
    Work(fn(&FleetMeasured) -> u128),
}

impl Count {
    const fn new(name: &'static str, wanted: Wanted, found: Found) -> Count {
        Count { name, wanted, is_of_an_instant: false, found }
    }

    /// Messages that somebody has to deal with, at one instant.
    const fn left(name: &'static str, found: Found) -> Count {
        Count { is_of_an_instant: true, ..Count::new(name, Less, found) }
    }

    /// All of them, in the order of a reference page: counters of their tables, and others of the
    /// same part.
    pub(super) fn all() -> impl Iterator<Item = Count> {
        let queue = Counter::all().filter_map(|of| Count::listed(of, Found::QueueCounter));
        let producer = ProducerCounts::ROWS.iter();
        let producer = producer.filter_map(|of| Count::listed(of, Found::ProducerCounter));
        let fleet = FleetCounts::ROWS.iter();
        let fleet = fleet.filter_map(|of| Count::listed(of, Found::FleetCounter));
        let downstream = DownstreamCounts::ROWS.iter();
        let downstream = downstream.filter_map(|of| Count::listed(of, Found::DownstreamCounter));
        let queues = queue.chain(OF_QUEUES.iter().copied());
        let producers = producer.chain(OF_PRODUCERS.iter().copied());
        let function = FunctionCounts::ROWS.iter();
        let function = function.filter_map(|of| Count::listed(of, Found::FunctionCounter));
        let fleets = fleet.chain(OF_FLEETS.iter().copied());
        queues.chain(producers).chain(fleets).chain(function).chain(downstream)
    }

    /// A counter of a table, if expectations know it.
    fn listed<T>(of: &Counter<T>, found: fn(fn(&T) -> u64) -> Found) -> Option<Count> {
        of.is_measure.then(|| Count::new(of.name, of.wanted, found(of.of)))
    }

    pub(super) fn named(name: &str) -> Option<Count> {
        Count::all().find(|count| count.name == name)
    }
}

impl Found {
    pub(super) fn part(self) -> Part {
        match self {
            Found::QueueCounter(_) | Found::Queue(_) => Part::Queue,
            Found::ProducerCounter(_) | Found::Producer(_) => Part::Producer,
            Found::FleetCounter(_) | Found::Work(_) => Part::Fleet,
            Found::DownstreamCounter(_) => Part::Downstream,
            Found::FunctionCounter(_) => Part::Function,
        }
    }

    pub(super) fn value(self, at: usize, measured: &Measured) -> Option<f64> {
        let queue = measured.queues.get(at);
        let producer = measured.producers.get(at);
        let fleet = measured.fleets.get(at);
        let function = measured.functions.get(at);
        match self {
            Found::FunctionCounter(of) => function.map(|part| of(&part.counts) as f64),
            Found::QueueCounter(of) => queue.map(|part| of(&part.counts) as f64),
            Found::Queue(of) => queue.map(|part| of(part) as f64),
            Found::ProducerCounter(of) => producer.map(|part| of(&part.counts) as f64),
            Found::Producer(of) => producer.map(|part| of(part) as f64),
            Found::FleetCounter(of) => fleet.map(|part| of(&part.counts) as f64),
            Found::DownstreamCounter(of) => {
                measured.downstreams.get(at).map(|part| of(&part.counts) as f64)
            }
            Found::Work(of) => fleet.map(|part| of(part) as f64),
        }
    }
}

/// What of a queue is no counter of its table.
const OF_QUEUES: &[Count] = &[
    Count::new("redelivered", Less, Found::QueueCounter(|of| of.redelivered.total())),
    Count::new("calls", Less, Found::QueueCounter(|of| of.calls.total())),
    Count::new("requests", Less, Found::QueueCounter(|of| of.requests().total())),
    Count::left("resident.begin", Found::Queue(|of| of.resident.0)),
    Count::left("resident.end", Found::Queue(|of| of.resident.1)),
    Count::left("unfinished", Found::Queue(|of| of.unfinished.messages)),
];

/// What of a producer is no counter of its table.
const OF_PRODUCERS: &[Count] = &[
    Count::left("held_back.begin", Found::Producer(|of| of.held_back.0)),
    Count::left("held_back.end", Found::Producer(|of| of.held_back.1)),
];

/// What of a fleet is no counter of its table.
const OF_FLEETS: &[Count] = &[
    Count::new("work", Neither, Found::Work(|of| of.work)),
    Count::new("wasted", Less, Found::Work(FleetMeasured::wasted)),
];

#[derive(Clone, Copy, Debug)]
pub(super) enum LevelOf {
    Queue(&'static QueueLevel),
    Fleet(&'static FleetLevel),
    Function(&'static LevelOfFunction),
    Downstream(DownstreamLevel),
}

/// A level of a downstream: calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct DownstreamLevel {
    name: &'static str,
    wanted: Wanted,
    pub(super) of: fn(&DownstreamMeasured) -> &Level,
}

/// Every level of a downstream.
const OF_DOWNSTREAMS: &[DownstreamLevel] = &[
    DownstreamLevel { name: "calls_waiting", wanted: Less, of: |of| &of.waiting },
    DownstreamLevel { name: "calls_in_use", wanted: Neither, of: |of| &of.in_use },
];

/// A level of a function.
#[derive(Debug)]
pub(super) struct LevelOfFunction {
    name: &'static str,
    wanted: Wanted,
    pub(super) of: fn(&FunctionMeasured) -> &Level,
}

/// Every level of a function.
const OF_FUNCTIONS: &[LevelOfFunction] = &[
    LevelOfFunction { name: "concurrency", wanted: Neither, of: |of| &of.concurrency },
    LevelOfFunction { name: "limit", wanted: Neither, of: |of| &of.limit },
    LevelOfFunction { name: "environments", wanted: Less, of: |of| &of.environments },
];

/// What is made of the sums of a function.
#[derive(Clone, Copy, Debug)]
pub(super) struct SumOfFunction {
    pub(super) name: &'static str,
    pub(super) wanted: Wanted,
    /// Whether it is the more, the more messages are sent, and the longer the measured time is.
    pub(super) adds_up: bool,
    pub(super) of: fn(&FunctionMeasured) -> Reading,
}

/// Every one of these.
const SUMS_OF_FUNCTIONS: &[SumOfFunction] = &[
    SumOfFunction {
        name: "batch_size",
        wanted: Neither,
        adds_up: false,
        of: |of| Reading::Ratio {
            sum: of.counts.messages as f64,
            over: of.counts.invocations as f64,
        },
    },
    SumOfFunction {
        name: "gb_seconds",
        wanted: Less,
        adds_up: true,
        of: |of| Reading::Count(of.gb_seconds()),
    },
];

impl SumOfFunction {
    pub(super) fn named(name: &str) -> Option<SumOfFunction> {
        SUMS_OF_FUNCTIONS.iter().find(|sum| sum.name == name).copied()
    }
}

impl LevelOf {
    fn all() -> impl Iterator<Item = LevelOf> {
        const FLEETS: &[FleetLevel] = &FleetLevel::ALL;
        let queues = QueueLevel::ALL.iter().map(LevelOf::Queue);
        let fleets = FLEETS.iter().map(LevelOf::Fleet);
        let downstreams = OF_DOWNSTREAMS.iter().copied().map(LevelOf::Downstream);
        let functions = OF_FUNCTIONS.iter().map(LevelOf::Function);
        queues.chain(fleets).chain(functions).chain(downstreams)
    }

    pub(super) fn named(name: &str) -> Option<LevelOf> {
        LevelOf::all().find(|level| level.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            LevelOf::Queue(row) => row.name,
            LevelOf::Fleet(row) => row.name,
            LevelOf::Function(row) => row.name,
            LevelOf::Downstream(row) => row.name,
        }
    }

    pub(super) fn wanted(self) -> Wanted {
        match self {
            LevelOf::Queue(row) => row.wanted,
            LevelOf::Fleet(_) => Neither,
            LevelOf::Function(row) => row.wanted,
            LevelOf::Downstream(row) => row.wanted,
        }
    }

    pub(super) fn growth(self) -> Growth {
        match self {
            LevelOf::Queue(row) => row.growth,
            LevelOf::Fleet(_) | LevelOf::Function(_) | LevelOf::Downstream(_) => Growth::Settles,
        }
    }

    pub(super) fn unit(self) -> Unit {
        match self {
            LevelOf::Queue(QueueLevel { of: Of::Nanoseconds, .. }) => Unit::Duration,
            LevelOf::Queue(QueueLevel { of: Of::Things, .. })
            | LevelOf::Fleet(_)
            | LevelOf::Function(_)
            | LevelOf::Downstream(_) => Unit::Number,
        }
    }
}

/// The latency of this name.
pub(super) fn latency(name: &str) -> Option<&'static QueueLatency> {
    QueueLatency::ALL.iter().find(|row| row.name == name)
}

/// What a downstream has one number of: how much of it is used, and how long its calls wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct OfDownstream {
    pub(super) name: &'static str,
    pub(super) wanted: Wanted,
    pub(super) unit: Unit,
    pub(super) of: fn(&DownstreamMeasured) -> Option<Reading>,
}

/// Both.
const NUMBERS_OF_DOWNSTREAMS: &[OfDownstream] = &[
    OfDownstream {
        name: "downstream_busy",
        wanted: Neither,
        unit: Unit::Number,
        of: |of| of.utilisation().map(Reading::Mean),
    },
    OfDownstream {
        name: "call_wait",
        wanted: Less,
        unit: Unit::Duration,
        of: |of| {
            let (sum, over) = (of.waited as f64, of.counts.begun as f64);
            (over > 0.0).then_some(Reading::Ratio { sum, over })
        },
    },
];

impl OfDownstream {
    pub(super) fn named(name: &str) -> Option<OfDownstream> {
        NUMBERS_OF_DOWNSTREAMS.iter().find(|of| of.name == name).copied()
    }
}

/// A cost, in dollars.
#[derive(Clone, Copy, Debug)]
pub(super) struct CostOf {
    pub(super) name: &'static str,
    /// Whether it is the more, the more messages are sent.
    pub(super) follows_traffic: bool,
    /// Whether it is the more, the longer the measured time is.
    pub(super) follows_time: bool,
    pub(super) of: fn(&Cost) -> Reading,
}

/// Every cost.
const COSTS: &[CostOf] = &[
    CostOf {
        name: "cost",
        follows_traffic: true,
        follows_time: true,
        of: |cost| Reading::Count(cost.of_window()),
    },
    CostOf {
        name: "cost_per_month",
        follows_traffic: true,
        follows_time: false,
        of: |cost| Reading::Mean(cost.per_month()),
    },
    CostOf {
        name: "cost_per_million",
        follows_traffic: false,
        follows_time: false,
        of: Cost::per_million,
    },
];

impl CostOf {
    pub(super) fn named(name: &str) -> Option<CostOf> {
        COSTS.iter().find(|cost| cost.name == name).copied()
    }
}

/// The share of this name.
pub(super) fn share(name: &str) -> Option<Share> {
    SHARES.iter().find(|entry| entry.0 == name).map(|entry| entry.1)
}

/// The name of the hours of all workers.
pub(super) const WORKER_HOURS: &str = "worker_hours";

/// The part a name belongs to, if it says so, and the measure: the longest known one at its end.
pub(super) fn split(name: &str) -> (Option<&str>, &str) {
    let known = |last: &str| all_names().any(|known| known == last);
    let mut dots = name.rmatch_indices('.').map(|(at, _)| at);
    let last = dots.next();
    if known(name) {
        return (None, name);
    }
    match (dots.next(), last) {
        (Some(at), _) if known(&name[at + 1..]) => (Some(&name[..at]), &name[at + 1..]),
        (_, Some(at)) => (Some(&name[..at]), &name[at + 1..]),
        (_, None) => (None, name),
    }
}

/// The names an expectation may use, functions aside, in the order of a reference page.
pub fn all_names() -> impl Iterator<Item = &'static str> {
    let counts = Count::all().map(|count| count.name);
    let latencies = QueueLatency::ALL.iter().map(|row| row.name);
    let levels = LevelOf::all().map(LevelOf::name);
    let shares = SHARES.iter().map(|entry| entry.0);
    let costs = COSTS.iter().map(|cost| cost.name);
    let sums = SUMS_OF_FUNCTIONS.iter().map(|sum| sum.name);
    let downstreams = NUMBERS_OF_DOWNSTREAMS.iter().map(|of| of.name);
    let others = shares.chain([WORKER_HOURS]).chain(sums).chain(downstreams).chain(costs);
    counts.chain(latencies).chain(levels).chain(others)
}
