//! The names an expectation may use, and where their values are found.
//!
//! Owns the list of measures and functions. Must not know the grammar around them.
//!
//! Invariant: a measure's unit is known before any run, so units are checked with the scenario.

use super::Unit;
use super::share::{SHARES, Share};
use crate::model::near::nearest;
use crate::model::scenario::{Named, Scenario};
use crate::observe::measured::{
    Counter, FleetMeasured, Latency, Level, Measured, ProducerMeasured, QueueMeasured,
};
use crate::stats::cost::{Cost, worker_hours};
use crate::stats::listed::NameList;
use crate::stats::pool::Reading;
use crate::stats::take::{Take, said_otherwise, take};

/// The names a scenario gives to its parts, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names<'a> {
    /// Queues.
    pub queues: NameList<'a>,
    /// Producers.
    pub producers: NameList<'a>,
    /// Fleets of consumers.
    pub fleets: NameList<'a>,
    /// The scenario that has them, once it is checked: its prices give costs.
    pub scenario: Option<&'a Scenario>,
}

impl<'a> Names<'a> {
    /// The names of a checked scenario.
    pub fn of(scenario: &'a Scenario) -> Names<'a> {
        fn names<T>(parts: &[Named<T>]) -> NameList<'_> {
            parts.iter().map(|part| part.name.as_str()).collect()
        }
        Names {
            queues: names(&scenario.queues),
            producers: names(&scenario.producers),
            fleets: names(&scenario.fleets),
            scenario: Some(scenario),
        }
    }

    fn list(&self, part: Part) -> Option<&NameList<'a>> {
        Some(match part {
            Part::Queue => &self.queues,
            Part::Producer => &self.producers,
            Part::Fleet => &self.fleets,
            Part::Whole => return None,
        })
    }
}

/// What a measure belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Queue,
    Producer,
    Fleet,
    /// The whole scenario.
    Whole,
}

impl Part {
    fn word(self) -> &'static str {
        match self {
            Part::Queue => "queue",
            Part::Producer => "producer",
            Part::Fleet => "fleet of consumers",
            Part::Whole => "scenario",
        }
    }
}

/// Where a counter is found.
#[derive(Clone, Copy, Debug)]
pub(super) enum Count {
    Counter(&'static Counter),
    Queue(fn(&QueueMeasured) -> u64),
    Producer(fn(&ProducerMeasured) -> u64),
    Fleet(fn(&FleetMeasured) -> u64),
    /// Nanoseconds, not a number of anything.
    Work(fn(&FleetMeasured) -> u128),
}

/// What is no counter of a queue's own table, by name.
const COUNTS: &[(&str, Count)] = &[
    ("redelivered", Count::Queue(|q| q.counts.redelivered.total())),
    ("calls", Count::Queue(|q| q.counts.calls.total())),
    ("requests", Count::Queue(|q| q.counts.requests().total())),
    ("resident.begin", Count::Queue(|q| q.resident.0)),
    ("resident.end", Count::Queue(|q| q.resident.1)),
    ("unfinished", Count::Queue(|q| q.unfinished.messages)),
    ("arrived", Count::Producer(|p| p.arrived)),
    ("retried", Count::Producer(|p| p.retried)),
    ("given_up", Count::Producer(|p| p.given_up)),
    ("held_back.begin", Count::Producer(|p| p.held_back.0)),
    ("held_back.end", Count::Producer(|p| p.held_back.1)),
    ("processed", Count::Fleet(|f| f.processed)),
    ("work", Count::Work(|f| f.work)),
    ("wasted", Count::Work(wasted)),
];

/// The count of this name.
fn count(name: &str) -> Option<Count> {
    let own = Counter::all().find(|counter| counter.name == name).map(Count::Counter);
    own.or_else(|| find(COUNTS, name))
}

/// Nanoseconds of work that did not complete a message for the first time.
pub(crate) fn wasted(fleet: &FleetMeasured) -> u128 {
    fleet.duplicate_work + fleet.failed_work + fleet.crashed_work
}

pub(super) type LatencyOf = fn(&QueueMeasured) -> &Latency;

/// Every latency by name.
const LATENCIES: &[(&str, LatencyOf)] = &[
    ("sent_to_received", |q| &q.sent_to_received),
    ("sent_to_deleted", |q| &q.sent_to_deleted),
    ("processing", |q| &q.processing),
];

#[derive(Clone, Copy, Debug)]
pub(super) enum LevelOf {
    Queue(fn(&QueueMeasured) -> &Level, Unit),
    Fleet(fn(&FleetMeasured) -> &Level),
}

/// Every level by name.
const LEVELS: &[(&str, LevelOf)] = &[
    ("visible", LevelOf::Queue(|q| &q.visible, Unit::Number)),
    ("in_flight", LevelOf::Queue(|q| &q.in_flight, Unit::Number)),
    ("delayed", LevelOf::Queue(|q| &q.delayed, Unit::Number)),
    ("age_of_oldest", LevelOf::Queue(|q| &q.age_of_oldest, Unit::Duration)),
    ("partitions", LevelOf::Queue(|q| &q.partitions, Unit::Number)),
    ("resharding", LevelOf::Queue(|q| &q.resharding, Unit::Number)),
    ("under_replicated", LevelOf::Queue(|q| &q.under_replicated, Unit::Number)),
    ("without_quorum", LevelOf::Queue(|q| &q.without_quorum, Unit::Number)),
    ("busy_consumers", LevelOf::Fleet(|f| &f.busy)),
];

pub(super) type CostOf = fn(&Cost) -> Reading;

/// Every cost by name.
const COSTS: &[(&str, CostOf)] = &[
    ("cost", |c| Reading::Count(c.of_window())),
    ("cost_per_month", |c| Reading::Mean(c.per_month())),
    ("cost_per_million", Cost::per_million),
];

#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    Count(Count),
    /// A counter per second of the window.
    Rate(Count),
    Latency(Take, LatencyOf),
    Level(Take, LevelOf),
    /// A share of a fleet's time.
    Share(Share),
    /// Hours of all workers.
    WorkerHours,
    /// Dollars.
    Cost(CostOf),
}

/// One measure of one part of the scenario.
#[derive(Clone, Debug)]
pub(super) struct Measure {
    /// As written, for messages.
    pub(super) name: String,
    /// The queue, producer or fleet; `None` is the first one.
    of: Option<String>,
    pub(super) what: What,
}

/// A message and what to do about it.
pub(super) type Explained = (String, String);

/// Which half of `function(argument)` is wrong.
pub(super) enum Wrong {
    /// The function.
    Function(String, String),
    /// The argument.
    Argument(String, String),
}

/// A measure that stands alone: a counter, a cost, a share of a fleet's time or `worker_hours`.
pub(super) fn plain(name: &str) -> Result<Measure, Explained> {
    let (of, last) = split(name);
    let measure = |what| Measure { name: name.to_owned(), of: of.map(str::to_owned), what };
    if let Some(count) = count(last) {
        return Ok(measure(What::Count(count)));
    }
    if let Some(cost) = find(COSTS, last) {
        return Ok(measure(What::Cost(cost)));
    }
    if let Some(share) = find(SHARES, last) {
        return Ok(measure(What::Share(share)));
    }
    if last == "worker_hours" {
        return Ok(measure(What::WorkerHours));
    }
    if find(LATENCIES, last).is_some() {
        let help = format!("say which of its values: `mean({name})`, `p99({name})`, `max({name})`");
        return Err((format!("`{name}` is a latency of many messages"), help));
    }
    if find(LEVELS, last).is_some() {
        let help =
            format!("say which of its values: `mean({name})`, `max({name})`, `last({name})`");
        return Err((format!("`{name}` is a level that changes over time"), help));
    }
    Err(unknown(name, last))
}

/// A function of a latency, a level, a counter or a fleet.
pub(super) fn applied(function: &str, argument: &str) -> Result<Measure, Wrong> {
    let (of, last) = split(argument);
    let name = format!("{function}({argument})");
    let measure = |of: Option<&str>, what| Measure { name, of: of.map(str::to_owned), what };
    if let Some(share) = find(SHARES, function) {
        return Ok(measure(Some(argument), What::Share(share)));
    }
    if function == "rate" {
        let count = count(last).filter(|count| !matches!(count, Count::Work(_)));
        return count.map(|count| measure(of, What::Rate(count))).ok_or_else(|| {
            let message = format!("`rate` takes a counter, `{argument}` is none");
            Wrong::Argument(message, "write a counter, as in `rate(sent)`".to_owned())
        });
    }
    let take = take(function).ok_or_else(|| {
        let plain = ["mean", "stddev", "max", "last", "count", "rate"].into_iter();
        let known = plain.chain(SHARES.iter().map(|entry| entry.0));
        let percentiles = ["p50", "p95", "p99"];
        let near = || nearest(function, known.clone().chain(percentiles));
        let near = said_otherwise(function).or_else(near);
        let help = near.map_or_else(
            || {
                let known: Vec<&str> = known.clone().collect();
                format!("there are {} and p50, p99, p999 …", known.join(", "))
            },
            |near| format!("did you mean `{near}`?"),
        );
        Wrong::Function(format!("unknown function `{function}`"), help)
    })?;
    if let Some(latency) = find(LATENCIES, last) {
        return match take {
            Take::Last => Err(Wrong::Function(
                format!("`{argument}` is a latency: it has no last value"),
                format!("write `mean({argument})`, `p99({argument})` or `max({argument})`"),
            )),
            Take::Mean | Take::Stddev | Take::Max | Take::Count | Take::Quantile(_) => {
                Ok(measure(of, What::Latency(take, latency)))
            }
        };
    }
    if let Some(level) = find(LEVELS, last) {
        return match take {
            Take::Quantile(_) | Take::Count | Take::Stddev => Err(Wrong::Function(
                format!("`{argument}` is a level: its mean, max and last are known"),
                format!("write `mean({argument})`, `max({argument})` or `last({argument})`"),
            )),
            Take::Mean | Take::Max | Take::Last => Ok(measure(of, What::Level(take, level))),
        };
    }
    let one = if count(last).is_some() { Some("a counter") } else { None };
    let one = one.or_else(|| find(COSTS, last).map(|_| "a cost"));
    let one = one.or_else(|| find(SHARES, last).map(|_| "a share"));
    if let Some(kind) = one.or((last == "worker_hours").then_some("a sum")) {
        let message = format!("`{argument}` is {kind}: it has one value");
        return Err(Wrong::Function(message, format!("write `{argument}` alone")));
    }
    let (message, help) = unknown(argument, last);
    Err(Wrong::Argument(message, help))
}

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
    let own = Counter::all().map(|counter| counter.name);
    let counters = own.chain(COUNTS.iter().map(|entry| entry.0));
    let latencies = LATENCIES.iter().map(|entry| entry.0);
    let levels = LEVELS.iter().map(|entry| entry.0);
    let shares = SHARES.iter().map(|entry| entry.0);
    let costs = COSTS.iter().map(|entry| entry.0);
    counters.chain(latencies).chain(levels).chain(shares).chain(["worker_hours"]).chain(costs)
}

fn find<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|entry| entry.0 == name).map(|entry| entry.1)
}

fn unknown(name: &str, last: &str) -> Explained {
    let minus = name.split_once('-').filter(|(left, _)| all_names().any(|known| known == *left));
    let help = if let Some((left, right)) = minus {
        format!("if `-` is meant as a minus, write `{left} - {right}`")
    } else if let Some(near) = nearest(last, all_names()) {
        format!("did you mean `{near}`?")
    } else {
        let counters: Vec<&str> = Counter::all().map(|counter| counter.name).take(9).collect();
        format!("there are {} …; `sqsim help metrics` lists them all", counters.join(", "))
    };
    (format!("unknown measure `{name}`"), help)
}

impl Measure {
    /// What its value is measured in.
    pub(super) fn unit(&self) -> Unit {
        match self.what {
            What::Count(Count::Work(_)) | What::Level(_, LevelOf::Queue(_, Unit::Duration)) => {
                Unit::Duration
            }
            What::Latency(Take::Count, _)
            | What::Count(_)
            | What::Level(..)
            | What::Share(_)
            | What::WorkerHours => Unit::Number,
            What::Latency(..) => Unit::Duration,
            What::Rate(_) => Unit::Rate,
            What::Cost(_) => Unit::Money,
        }
    }

    fn part(&self) -> Part {
        match self.what {
            What::Count(Count::Producer(_)) | What::Rate(Count::Producer(_)) => Part::Producer,
            What::Count(Count::Fleet(_) | Count::Work(_))
            | What::Rate(Count::Fleet(_) | Count::Work(_))
            | What::Level(_, LevelOf::Fleet(_))
            | What::Share(_)
            | What::WorkerHours => Part::Fleet,
            What::Cost(_) => Part::Whole,
            What::Count(Count::Counter(_) | Count::Queue(_))
            | What::Rate(Count::Counter(_) | Count::Queue(_))
            | What::Latency(..)
            | What::Level(_, LevelOf::Queue(..)) => Part::Queue,
        }
    }

    /// The place of what it belongs to, in the order of the file.
    pub(super) fn place(&self, names: &Names<'_>) -> Result<usize, Explained> {
        let part = self.part();
        let Some(list) = names.list(part) else {
            if self.of.is_none() {
                return Ok(0);
            }
            let cost = split(&self.name).1;
            let message = format!("`{cost}` is of the whole scenario, not of one part");
            return Err((message, format!("write `{cost}` alone")));
        };
        match &self.of {
            None if list.is_empty() => Err((
                format!("`{}` needs a {}, the scenario has none", self.name, part.word()),
                "remove the expectation".to_owned(),
            )),
            None => Ok(0),
            Some(of) => list.place(of).ok_or_else(|| {
                let help = match nearest(of, list.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None if list.is_empty() => "the scenario has none".to_owned(),
                    None => format!("the scenario has {}", list.few("")),
                };
                (format!("`{}`: there is no {} named `{of}`", self.name, part.word()), help)
            }),
        }
    }

    /// Looks up what it belongs to.
    pub(super) fn check(&self, names: &Names<'_>) -> Result<(), Explained> {
        self.place(names).map(|_| ())
    }

    /// Its value in one run, or why it has none.
    pub(super) fn value(&self, names: &Names<'_>, measured: &Measured) -> Result<f64, String> {
        let reading = self.reading(names, measured)?;
        reading.value().ok_or_else(|| self.no_value())
    }

    /// Why it has no value though it was measured.
    pub(super) fn no_value(&self) -> String {
        let what = match self.what {
            What::Cost(_) => "no message was deleted",
            What::Rate(_) | What::Level(..) | What::Share(_) => "the measured window is empty",
            What::Count(_) | What::Latency(..) | What::WorkerHours => "no message has this latency",
        };
        format!("`{}`: {what}", self.name)
    }

    /// What one run tells of it, or why it tells nothing.
    pub(super) fn reading(
        &self,
        names: &Names<'_>,
        measured: &Measured,
    ) -> Result<Reading, String> {
        let at = self.place(names).map_err(|(message, _)| message)?;
        let absent = || format!("`{}` was not measured", self.name);
        Ok(match self.what {
            What::Count(count) => {
                let value = count.value(at, measured).ok_or_else(absent)?;
                if self.is_of_an_instant() { Reading::Whole(value) } else { Reading::Count(value) }
            }
            What::Rate(count) => {
                let seconds = measured.window.1.since(measured.window.0).as_secs_f64();
                let sum = count.value(at, measured).ok_or_else(absent)?;
                Reading::Ratio { sum, over: seconds }
            }
            What::Latency(take, of) => {
                let latency = of(measured.queues.get(at).ok_or_else(absent)?);
                latency.reading(take).ok_or_else(|| self.no_value())?
            }
            What::Level(take, of) => {
                let level = match of {
                    LevelOf::Queue(of, _) => measured.queues.get(at).map(of),
                    LevelOf::Fleet(of) => measured.fleets.get(at).map(of),
                };
                let level = level.ok_or_else(absent)?;
                match take {
                    Take::Last => Reading::Whole(level.last as f64),
                    Take::Max => Reading::Whole(level.max as f64),
                    Take::Mean | Take::Stddev | Take::Count | Take::Quantile(_) => {
                        Reading::Ratio { sum: level.area as f64, over: level.over as f64 }
                    }
                }
            }
            What::Share(share) => {
                let fleet = measured.fleets.get(at).ok_or_else(absent)?;
                let none = || format!("`{}`: no thread of the fleet was there", self.name);
                share.reading(fleet).ok_or_else(none)?
            }
            What::WorkerHours => {
                let fleet = measured.fleets.get(at).ok_or_else(absent)?;
                Reading::Count(worker_hours(fleet))
            }
            What::Cost(of) => {
                let cost = names.scenario.and_then(|scenario| Cost::of(scenario, measured));
                let cost = cost.ok_or_else(|| "the measured window is empty".to_owned())?;
                of(&cost)
            }
        })
    }

    /// Whether it is a number of messages at one instant, which does not add up over parts of a
    /// run.
    pub(super) fn is_of_an_instant(&self) -> bool {
        let last = split(&self.name).1;
        let at_edges = ["resident.", "held_back."].iter().any(|level| last.starts_with(level));
        at_edges || last == "unfinished"
    }
}

impl Count {
    fn value(self, at: usize, measured: &Measured) -> Option<f64> {
        match self {
            Count::Counter(counter) => {
                measured.queues.get(at).map(|part| counter.of(&part.counts) as f64)
            }
            Count::Queue(of) => measured.queues.get(at).map(|part| of(part) as f64),
            Count::Producer(of) => measured.producers.get(at).map(|part| of(part) as f64),
            Count::Fleet(of) => measured.fleets.get(at).map(|part| of(part) as f64),
            Count::Work(of) => measured.fleets.get(at).map(|part| of(part) as f64),
        }
    }
}
