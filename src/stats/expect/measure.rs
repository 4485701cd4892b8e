//! One measure of one part of a scenario, and its value.
//!
//! Owns what a name or a function of one means. Must not know the grammar around them.
//!
//! Invariant: a measure's unit is known before any run, so units are checked with the scenario.

use super::Unit;
use super::known::{
    CostOf, Count, Found, LevelOf, OfDownstream, Part, SumOfFunction, WORKER_HOURS, all_names,
    latency, share, split,
};
use super::share::{SHARES, Share};
use crate::model::near::nearest;
use crate::model::scenario::{Named, Scenario};
use crate::observe::measured::{Counter, Measured, QueueLatency};
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
    /// What they lean on.
    pub downstreams: NameList<'a>,
    /// Functions.
    pub functions: NameList<'a>,
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
            downstreams: names(&scenario.downstreams),
            functions: names(&scenario.functions),
            scenario: Some(scenario),
        }
    }

    fn list(&self, part: Part) -> Option<&NameList<'a>> {
        Some(match part {
            Part::Queue => &self.queues,
            Part::Producer => &self.producers,
            Part::Fleet => &self.fleets,
            Part::Downstream => &self.downstreams,
            Part::Function => &self.functions,
            Part::Whole => return None,
        })
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    Count(Count),
    /// A counter per second of the window.
    Rate(Count),
    Latency(Take, &'static QueueLatency),
    Level(Take, LevelOf),
    /// A share of a fleet's time.
    Share(Share),
    /// Hours of all workers.
    WorkerHours,
    /// What is made of the sums of a function.
    OfFunction(SumOfFunction),
    Cost(CostOf),
    /// One number of a downstream.
    Downstream(OfDownstream),
}

/// One measure of one part of the scenario.
#[derive(Clone, Debug)]
pub(super) struct Measure {
    /// As written, for messages.
    pub(super) name: String,
    /// The queue, producer, fleet or downstream; `None` is the first one.
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
    if let Some(count) = Count::named(last) {
        return Ok(measure(What::Count(count)));
    }
    if let Some(cost) = CostOf::named(last) {
        return Ok(measure(What::Cost(cost)));
    }
    if let Some(share) = share(last) {
        return Ok(measure(What::Share(share)));
    }
    if let Some(of) = OfDownstream::named(last) {
        return Ok(measure(What::Downstream(of)));
    }
    if last == WORKER_HOURS {
        return Ok(measure(What::WorkerHours));
    }
    if let Some(sum) = SumOfFunction::named(last) {
        return Ok(measure(What::OfFunction(sum)));
    }
    if latency(last).is_some() {
        let help = format!("say which of its values: `mean({name})`, `p99({name})`, `max({name})`");
        return Err((format!("`{name}` is a latency of many messages"), help));
    }
    if LevelOf::named(last).is_some() {
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
    if let Some(share) = share(function) {
        return Ok(measure(Some(argument), What::Share(share)));
    }
    if function == "rate" {
        let count = Count::named(last).filter(|count| !matches!(count.found, Found::Work(_)));
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
    if let Some(latency) = latency(last) {
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
    if let Some(level) = LevelOf::named(last) {
        return match take {
            Take::Quantile(_) | Take::Count | Take::Stddev => Err(Wrong::Function(
                format!("`{argument}` is a level: its mean, max and last are known"),
                format!("write `mean({argument})`, `max({argument})` or `last({argument})`"),
            )),
            Take::Mean | Take::Max | Take::Last => Ok(measure(of, What::Level(take, level))),
        };
    }
    let one = Count::named(last).map(|_| "a counter");
    let one = one.or_else(|| CostOf::named(last).map(|_| "a cost"));
    let one = one.or_else(|| share(last).map(|_| "a share"));
    let one = one.or_else(|| OfDownstream::named(last).map(|_| "of a downstream"));
    let sum = last == WORKER_HOURS || SumOfFunction::named(last).is_some();
    if let Some(kind) = one.or(sum.then_some("a sum")) {
        let message = format!("`{argument}` is {kind}: it has one value");
        return Err(Wrong::Function(message, format!("write `{argument}` alone")));
    }
    let (message, help) = unknown(argument, last);
    Err(Wrong::Argument(message, help))
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
            What::Count(Count { found: Found::Work(_), .. }) => Unit::Duration,
            What::Level(_, of) => of.unit(),
            What::Downstream(of) => of.unit,
            What::Latency(Take::Count, _)
            | What::Count(_)
            | What::Share(_)
            | What::WorkerHours
            | What::OfFunction(_) => Unit::Number,
            What::Latency(..) => Unit::Duration,
            What::Rate(_) => Unit::Rate,
            What::Cost(_) => Unit::Money,
        }
    }

    fn part(&self) -> Part {
        match self.what {
            What::Count(count) | What::Rate(count) => count.found.part(),
            What::Level(_, LevelOf::Fleet(_)) | What::Share(_) | What::WorkerHours => Part::Fleet,
            What::Level(_, LevelOf::Function(_)) | What::OfFunction(_) => Part::Function,
            What::Cost(_) => Part::Whole,
            What::Downstream(_) | What::Level(_, LevelOf::Downstream(_)) => Part::Downstream,
            What::Latency(..) | What::Level(_, LevelOf::Queue(_)) => Part::Queue,
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
            What::Downstream(_) => "no call was worked on, or nothing bounds it",
            What::OfFunction(_) => "the function was never invoked",
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
                let value = count.found.value(at, measured).ok_or_else(absent)?;
                if count.is_of_an_instant { Reading::Whole(value) } else { Reading::Count(value) }
            }
            What::Rate(count) => {
                let seconds = measured.window.1.since(measured.window.0).as_secs_f64();
                let sum = count.found.value(at, measured).ok_or_else(absent)?;
                Reading::Ratio { sum, over: seconds }
            }
            What::Latency(take, of) => {
                let queue = measured.queues.get(at).ok_or_else(absent)?;
                (of.latency)(&queue.latencies).reading(take).ok_or_else(|| self.no_value())?
            }
            What::Level(take, of) => {
                let level = match of {
                    LevelOf::Queue(row) => {
                        measured.queues.get(at).map(|queue| *(row.level)(&queue.levels))
                    }
                    LevelOf::Fleet(row) => measured.fleets.get(at).map(row.level),
                    LevelOf::Function(row) => measured.functions.get(at).map(|of| *(row.of)(of)),
                    LevelOf::Downstream(row) => {
                        measured.downstreams.get(at).map(|of| *(row.of)(of))
                    }
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
            What::Downstream(of) => {
                let downstream = measured.downstreams.get(at).ok_or_else(absent)?;
                (of.of)(downstream).ok_or_else(|| self.no_value())?
            }
            What::OfFunction(sum) => (sum.of)(measured.functions.get(at).ok_or_else(absent)?),
            What::Cost(of) => {
                let cost = names.scenario.and_then(|scenario| Cost::of(scenario, measured));
                let cost = cost.ok_or_else(|| "the measured window is empty".to_owned())?;
                (of.of)(&cost)
            }
        })
    }
}
