//! Counter tracks of fleets whose workers come and go, of functions and of downstreams.
//!
//! Owns their sums, and where they stand: those of a fleet and of a function in the process of
//! their queue, those of a downstream in one of its own, behind those of queues. Must not know
//! messages, nor threads' work. Threads are told as workers: divided by the number that each has,
//! rounded up.

use std::io::Write;

use super::event::{Event, Track};
use super::{Perfetto, ledger};
use crate::facts::deed::{Deed, DownstreamId, FleetId, FunctionId};
use crate::facts::thread_time::ThreadTime;
use crate::model::course::Course;

const WANTED: usize = 0;
const STARTING: usize = 1;
const READY: usize = 2;
const BUSY: usize = 3;
const OF_FLEET: [&str; 4] = ["wanted", "starting", "ready", "busy"];

const LIMIT: usize = 0;
const RUNNING: usize = 1;
const OF_FUNCTION: [&str; 2] = ["limit", "running"];

const IN_USE: usize = 0;
const WAITING: usize = 1;
const OF_DOWNSTREAM: [&str; 2] = ["in use", "waiting"];

/// Whether the time of a thread goes into it.
type Part = fn(ThreadTime) -> bool;

/// One track: several values with their words.
#[derive(Debug)]
struct Counter {
    track: Track,
    name: String,
    words: &'static [&'static str],
    values: [u64; 4],
    /// By what all values but the first are divided.
    each: u64,
    /// It is drawn: that of a fleet from when its workers come and go, which a fork may begin.
    shown: bool,
    /// It stands among those that changed.
    changed: bool,
}

/// All tracks.
#[derive(Debug, Default)]
pub(super) struct Counters {
    all: Vec<Counter>,
    /// The tracks of functions begin here, behind those of all fleets.
    functions: usize,
    /// The tracks of downstreams begin here.
    downstreams: usize,
    /// Those that changed since the last sample.
    changed: Vec<usize>,
}

impl Counters {
    /// Those of a course.
    pub(super) fn of(course: Course<'_>) -> Counters {
        let scenario = course.scenario;
        let mut counters = Counters::default();
        for fleet in &scenario.fleets {
            let start = fleet.config.size.at_start();
            let name = format!("workers of {}", fleet.name);
            let number = counters.add(ledger(fleet.config.queue), name, &OF_FLEET);
            let counter = &mut counters.all[number];
            counter.each = u64::from(fleet.config.threads.max(1));
            counter.shown = fleet.config.comes_and_goes();
            counters.set(number, WANTED, u64::from(start));
        }
        counters.functions = counters.all.len();
        for function in &scenario.functions {
            let name = format!("invocations of {}", function.name);
            counters.add(ledger(function.config.queue), name, &OF_FUNCTION);
        }
        counters.downstreams = counters.all.len();
        for place in 0..scenario.downstreams.len() {
            let track = process_of(scenario.queues.len(), place);
            counters.add(track, "calls".into(), &OF_DOWNSTREAM);
        }
        counters
    }

    fn add(&mut self, track: Track, name: String, words: &'static [&'static str]) -> usize {
        self.all.push(Counter {
            track,
            name,
            words,
            values: [0; 4],
            each: 1,
            shown: true,
            changed: false,
        });
        self.all.len() - 1
    }

    fn value(&mut self, number: usize, which: usize) -> &mut u64 {
        let counter = &mut self.all[number];
        if counter.shown && !std::mem::replace(&mut counter.changed, true) {
            self.changed.push(number);
        }
        &mut counter.values[which]
    }

    fn set(&mut self, number: usize, which: usize, to: u64) {
        *self.value(number, which) = to;
    }

    fn add_to(&mut self, number: usize, which: usize, more: u64) {
        *self.value(number, which) += more;
    }

    fn take_from(&mut self, number: usize, which: usize, less: u64) {
        let value = self.value(number, which);
        *value = value.saturating_sub(less);
    }

    /// The time of so many threads of a fleet goes over from one part to another.
    pub(super) fn threads(
        &mut self,
        fleet: FleetId,
        threads: u32,
        from: ThreadTime,
        to: ThreadTime,
    ) {
        if fleet.function().is_some() {
            return;
        }
        let number = fleet.0 as usize;
        let parts: [(usize, Part); 3] = [
            (STARTING, |time| time == ThreadTime::Down),
            (READY, ThreadTime::is_up),
            (BUSY, ThreadTime::is_busy),
        ];
        for (which, part) in parts {
            match (part(from), part(to)) {
                (false, true) => self.add_to(number, which, u64::from(threads)),
                (true, false) => self.take_from(number, which, u64::from(threads)),
                (true, true) | (false, false) => {}
            }
        }
    }

    /// A client did something.
    #[expect(clippy::wildcard_enum_match_arm, reason = "other deeds move no counter")]
    pub(super) fn hear(&mut self, deed: &Deed) {
        let of_function = |function: FunctionId| self.functions + function.0 as usize;
        let of_downstream = |downstream: DownstreamId| self.downstreams + downstream.0 as usize;
        match *deed {
            Deed::Resized { fleet, wanted } => {
                self.all[fleet.0 as usize].shown = true;
                self.set(fleet.0 as usize, WANTED, u64::from(wanted));
            }
            Deed::LimitChanged { function, limit, .. } => {
                self.set(of_function(function), LIMIT, u64::from(limit));
            }
            Deed::Invoked { function, .. } => self.add_to(of_function(function), RUNNING, 1),
            Deed::InvocationEnded { function, .. } => {
                self.take_from(of_function(function), RUNNING, 1);
            }
            Deed::Called { downstream, .. } => self.add_to(of_downstream(downstream), WAITING, 1),
            Deed::CallBegun { downstream, .. } => {
                let number = of_downstream(downstream);
                self.take_from(number, WAITING, 1);
                self.add_to(number, IN_USE, 1);
            }
            Deed::CallEnded { downstream, .. }
            | Deed::CallGivenUp { downstream, under_way: true, goes_on: false, .. } => {
                self.take_from(of_downstream(downstream), IN_USE, 1);
            }
            Deed::CallRefused { downstream, .. }
            | Deed::CallGivenUp { downstream, under_way: false, goes_on: false, .. } => {
                self.take_from(of_downstream(downstream), WAITING, 1);
            }
            _ => {}
        }
    }
}

/// The process of a downstream. Its thread, on which nothing is drawn, has a number that no thread
/// of a worker or an environment has.
fn process_of(queues: usize, downstream: usize) -> Track {
    const FIRST_THREAD: usize = 1 << 27;
    Track { pid: (queues + 1 + downstream) as u32, tid: (FIRST_THREAD + downstream) as u32 }
}

impl<W: Write> Perfetto<W> {
    /// Names the processes of downstreams.
    pub(super) fn name_downstreams(&mut self) {
        for downstream in 0..self.names.downstreams.len() {
            let track = process_of(self.names.queues.len(), downstream);
            self.write(|out, names| {
                let name = &names.downstreams[downstream];
                Event::new(out, b'M', "process_name", track).text("name", name).end();
            });
        }
    }

    /// Writes the counters that changed at the newest instant.
    pub(super) fn sample_counters(&mut self) {
        let now = self.now;
        for number in std::mem::take(&mut self.counters.changed) {
            let counter = &mut self.counters.all[number];
            counter.changed = false;
            let (track, values, each) = (counter.track, counter.values, counter.each);
            let (name, words) = (counter.name.clone(), counter.words);
            self.write(|out, _| {
                let mut event = Event::new(out, b'C', &name, track).at(now);
                for (which, (word, value)) in words.iter().zip(values).enumerate() {
                    let divided = if which == WANTED { value } else { value.div_ceil(each) };
                    event = event.number(word, divided);
                }
                event.end();
            });
        }
    }
}
