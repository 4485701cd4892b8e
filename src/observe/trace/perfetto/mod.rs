//! Chrome trace JSON, for <https://ui.perfetto.dev> and `chrome://tracing`.
//!
//! Owns the mapping below and what it must remember to draw it: messages and slices that are open.
//! Must not know the other formats. Times are virtual: microseconds with three digits, so exact.
//!
//! | here | in the trace |
//! |---|---|
//! | queue | a process, `pid` = place in the scenario + 1 |
//! | its ledger | the first thread of that process |
//! | a worker's thread | a thread of the process of the queue it polls |
//! | work on a message | a complete slice `work` (`X`) on that thread |
//! | a message in a queue | an asynchronous pair `message` (`b`, `e`): lives overlap |
//! | what happens to it | asynchronous instants (`n`) of the same id |
//! | visible, in flight, delayed | counters (`C`) `messages`, a sample per instant with a change |
//! | a fleet that comes and goes | counters `workers of NAME`: wanted, starting, ready, busy |
//! | a function | counters `invocations of NAME`: limit, running |
//! | a downstream | a process, behind those of queues, with counters `calls`: in use, waiting |
//! | redelivery | a flow arrow `redelivery` (`s`, `f`) from the earlier work to the next |
//! | move to the dead-letter queue | a slice `moved in` of 1 ns there, arrows `dead letter` |
//! | crash, start, leave, kill | an instant (`i`) on the worker's first thread |
//! | deploy, another number of workers | an instant on the ledger's thread |
//! | throttled call, change of the key space | an instant (`i`) on the ledger's thread |
//! | call that too few replicas answer, change of a node or a replica | the same |
//! | scenario, seed, version | `otherData` |
//!
//! The `id` of a message's pair is message × queues + queue. An arrow leaves where the receive
//! ended: at the timeout where the work outlived it, else at the end of the work; a receive that
//! never came to work has none. The arrow of a move leads to the slice `moved in` and on from it
//! to later work.
//!
//! Invariant: every `b` has its `e`, every `s` its `f`, and the array is closed, however early the
//! run ends; those closing events are written beyond the limit on the trace's bytes. A message
//! that is still in a queue at the end has its `e` there, with `"end": "unfinished"`. A filter on
//! one message leaves out counters and faults; one on the time still draws what reaches into it
//! from its true start.

mod arrows;
mod counters;
mod environments;
mod event;
mod levels;
mod lives;
mod partitions;
mod workers;

use std::collections::BTreeMap;
use std::io::{self, Write};

use self::arrows::{Origin, draw_arrow, separate};
use self::counters::Counters;
use self::environments::Environments;
use self::event::{Event, Track};
use self::levels::Levels;
use super::Filter;
use super::json::push_json_string;
use super::names::Names;
use super::sink::{Sink, Written};
use crate::facts::deed::{Deed, FleetId, Returned, WorkerId};
use crate::facts::observer::Observer;
use crate::facts::thread_time::ThreadTime;
use crate::kernel::time::Time;
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Change, Journal, MessageId, State};
use crate::model::course::Course;

/// Writes a trace in the Chrome trace format.
#[derive(Debug)]
pub struct Perfetto<W> {
    names: Names,
    filter: Filter,
    sink: Sink<W>,
    over: bool,
    /// No event has been written.
    empty: bool,
    lives: BTreeMap<MessageId, Life>,
    /// Work under way, by thread over all workers.
    work: Vec<Vec<Work>>,
    /// Threads that have their name in the trace.
    named: Vec<bool>,
    /// Environments of functions that have come up.
    environments: Environments,
    levels: Vec<Levels>,
    counters: Counters,
    /// The instant of the newest fact.
    now: Time,
    arrows: u64,
}

/// A message in a queue.
#[derive(Clone, Copy, Debug)]
struct Life {
    queue: QueueId,
    since: Time,
    /// Its `b` has been written.
    shown: bool,
    /// The thread that works on its latest receive.
    holder: Option<usize>,
    /// Where the arrow to its next work starts.
    origin: Option<Origin>,
}

/// Work under way.
#[derive(Clone, Copy, Debug)]
struct Work {
    message: MessageId,
    began: Time,
    receives: u32,
    origin: Option<Origin>,
}

impl<W: Write> Perfetto<W> {
    /// A trace of a run of `course` into `out`, of about `limits.trace_bytes` at most.
    pub fn new<'a>(course: impl Into<Course<'a>>, filter: Filter, out: W) -> Perfetto<W> {
        let course = course.into();
        let scenario = course.last();
        let names = Names::new(course);
        let threads = names.threads();
        let mut sink = Sink::new(out, scenario.limits.trace_bytes);
        let head = sink.record();
        head.extend_from_slice(b"{\"displayTimeUnit\":\"ms\",\"otherData\":{\"scenario\":");
        push_json_string(head, &scenario.name);
        head.extend_from_slice(b",\"seed\":");
        push_json_string(head, &scenario.seed.to_string());
        head.extend_from_slice(b",\"sqsim\":");
        push_json_string(head, env!("CARGO_PKG_VERSION"));
        head.extend_from_slice(b"},\n\"traceEvents\":[\n");
        sink.commit_beyond_limit();
        let mut perfetto = Perfetto {
            levels: vec![Levels::default(); names.queues.len()],
            counters: Counters::of(course),
            work: vec![Vec::new(); threads],
            named: vec![false; threads],
            environments: Environments::default(),
            names,
            filter,
            sink,
            over: false,
            empty: true,
            lives: BTreeMap::new(),
            now: Time::ZERO,
            arrows: 0,
        };
        for queue in 0..perfetto.names.queues.len() {
            let track = ledger(QueueId(queue as u32));
            perfetto.write(|out, names| {
                let name = &names.queues[queue];
                Event::new(out, b'M', "process_name", track).text("name", name).end();
                separate(out);
                Event::new(out, b'M', "thread_name", track).text("name", "ledger").end();
            });
        }
        perfetto.name_downstreams();
        perfetto
    }

    /// Closes everything that is open and ends the trace of a run that ended at `end`.
    ///
    /// # Errors
    /// The writer's first error; a reader that went away is `io::ErrorKind::BrokenPipe`.
    pub fn finish(mut self, end: Time) -> io::Result<Written> {
        self.sample_levels();
        // Beyond a cut nothing is known.
        let end = if self.sink.closed() { self.now } else { end.min(self.filter.to).max(self.now) };
        for thread in (0..self.work.len()).chain(self.environments.threads()) {
            while let Some(work) = self.work(thread).pop() {
                self.slice(thread, work, end, "unfinished", true);
            }
        }
        for (message, life) in std::mem::take(&mut self.lives) {
            if life.shown {
                let id = self.id(message, life.queue);
                self.write_closing(|out, _| {
                    Event::new(out, b'e', "message", ledger(life.queue))
                        .at(end)
                        .id("message", id)
                        .text("end", "unfinished")
                        .end();
                });
            }
        }
        if self.sink.limit_reached() {
            self.write_closing(|out, _| {
                Event::new(out, b'i', "trace limit reached", ledger(QueueId(0)))
                    .at(end)
                    .raw("\"s\":\"g\"")
                    .end();
            });
        }
        self.sink.record().extend_from_slice(b"\n]}\n");
        self.sink.commit_beyond_limit();
        self.sink.finish()
    }

    /// Writes one record of one or more events.
    fn write(&mut self, build: impl FnOnce(&mut Vec<u8>, &Names)) -> bool {
        if self.sink.closed() {
            return false;
        }
        let out = self.sink.record();
        if !self.empty {
            separate(out);
        }
        build(out, &self.names);
        let written = self.sink.commit();
        self.empty &= !written;
        written
    }

    /// The same for what closes something open, for which the limit does not count.
    fn write_closing(&mut self, build: impl FnOnce(&mut Vec<u8>, &Names)) {
        let out = self.sink.record();
        if !self.empty {
            separate(out);
        }
        build(out, &self.names);
        self.empty = false;
        self.sink.commit_beyond_limit();
    }

    fn id(&self, message: MessageId, queue: QueueId) -> u64 {
        message.0 * self.names.queues.len() as u64 + u64::from(queue.0)
    }

    /// The clock moves to `now`. False when nothing more is drawn.
    fn advance(&mut self, now: Time) -> bool {
        self.over |= now > self.filter.to;
        if self.stopped() {
            return false;
        }
        if now > self.now {
            self.sample_levels();
            self.now = now;
        }
        true
    }

    /// Writes the levels and counters that changed at the newest instant.
    fn sample_levels(&mut self) {
        if !self.filter.about(None) || !self.filter.at(self.now) {
            return;
        }
        let now = self.now;
        for queue in 0..self.levels.len() {
            let Levels { visible, in_flight, delayed, changed } = self.levels[queue];
            if changed {
                self.levels[queue].changed = false;
                self.write(|out, _| {
                    Event::new(out, b'C', "messages", ledger(QueueId(queue as u32)))
                        .at(now)
                        .number(State::Visible.word(), visible)
                        .number(State::InFlight.word(), in_flight)
                        .number(State::Delayed.word(), delayed)
                        .end();
                });
            }
        }
        self.sample_counters();
    }

    /// What a thread works on.
    fn work(&mut self, thread: usize) -> &mut Vec<Work> {
        match self.environments.at_mut(thread) {
            Some(environment) => &mut environment.work,
            None => &mut self.work[thread],
        }
    }

    fn track(&self, thread: usize) -> Track {
        let of_function = self.environments.name(thread).and_then(|of| self.names.queue_of(of));
        let queue = if let Some(queue) = of_function {
            queue
        } else {
            let places = &self.names.places;
            places[places.partition_point(|p| p.first_thread as usize <= thread) - 1].queue
        };
        Track { pid: queue.0 + 1, tid: (1 + self.names.queues.len() + thread) as u32 }
    }

    /// Names a thread in the trace, once.
    fn name_thread(&mut self, thread: usize) {
        let named = match self.environments.at_mut(thread) {
            Some(environment) => &mut environment.named,
            None => &mut self.named[thread],
        };
        if std::mem::replace(named, true) {
            return;
        }
        let track = self.track(thread);
        if let Some(environment) = self.environments.name(thread) {
            self.write(|out, names| {
                let name = names.worker(environment);
                Event::new(out, b'M', "thread_name", track).text("name", &name).end();
            });
            return;
        }
        let worker = self.names.places.partition_point(|p| p.first_thread as usize <= thread) - 1;
        let place = self.names.places[worker];
        self.write(|out, names| {
            let mut name = names.workers[worker].clone();
            if place.threads > 1 {
                name = format!("{name} thread {}", thread - place.first_thread as usize);
            }
            Event::new(out, b'M', "thread_name", track).text("name", &name).end();
        });
    }

    /// The place of a worker's thread among all of them.
    fn thread(&mut self, worker: WorkerId, thread: u32) -> usize {
        if worker.function().is_some() {
            return self.environments.thread(worker);
        }
        (self.names.places[worker.0 as usize].first_thread + thread) as usize
    }

    /// Writes the slice of work that ended at `end`, with the arrow that leads to it. An arrow
    /// needs slices that are in the trace at both ends. False when the limit was in the way.
    fn slice(&mut self, thread: usize, work: Work, end: Time, ending: &str, closing: bool) -> bool {
        if end < self.filter.from {
            return true;
        }
        let track = self.track(thread);
        self.name_thread(thread);
        self.arrows += 1;
        let (arrow, from) = (self.arrows, self.filter.from);
        let build = |out: &mut Vec<u8>, _: &Names| {
            Event::new(out, b'X', "work", track)
                .at(work.began)
                .lasting(end.since(work.began))
                .number("message", work.message.0)
                .number("receive", work.receives)
                .text("ending", ending)
                .end();
            if work.began < end {
                let origin = work.origin.filter(|origin| from <= origin.at);
                draw_arrow(out, arrow, origin, Origin { track, at: work.began, name: "" });
            }
        };
        if closing {
            self.write_closing(build);
            return true;
        }
        self.write(build)
    }

    /// Work begins.
    fn begin_work(&mut self, thread: usize, message: MessageId, receives: u32) {
        let mut origin = None;
        if let Some(life) = self.lives.get_mut(&message) {
            origin = life.origin.take();
            life.holder = Some(thread);
        }
        let began = self.now;
        self.work(thread).push(Work { message, began, receives, origin });
    }

    /// Work on the `at`-th open message of a thread ends.
    fn end_work(&mut self, thread: usize, at: usize, ending: &str) {
        let work = self.work(thread).remove(at);
        if !self.slice(thread, work, self.now, ending, false) {
            // `finish` writes it.
            self.work(thread).push(work);
            return;
        }
        // The last nanosecond still lies inside the slice, its end does not.
        let inside = Time::from_nanos(self.now.as_nanos().saturating_sub(1)).max(work.began);
        let origin = Origin { track: self.track(thread), at: inside, name: "redelivery" };
        if let Some(life) = self.lives.get_mut(&work.message)
            && life.holder == Some(thread)
        {
            (life.origin, life.holder) = (Some(origin), None);
        }
    }

    /// Something at a place that is not the life of a message.
    fn fault(&mut self, track: Track, name: &str, details: impl FnOnce(Event<'_>)) {
        if self.filter.about(None) && self.filter.at(self.now) {
            let now = self.now;
            self.write(|out, _| {
                details(Event::new(out, b'i', name, track).at(now).raw("\"s\":\"t\""));
            });
        }
    }
}

/// The thread of a queue's ledger.
const fn ledger(queue: QueueId) -> Track {
    Track { pid: queue.0 + 1, tid: queue.0 + 1 }
}

impl<W: Write> Journal for Perfetto<W> {
    fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        if !self.advance(now) {
            return;
        }
        match *change {
            Change::Message(message, step) => {
                self.levels[queue.0 as usize].apply(&step);
                if self.filter.about(Some(message)) {
                    self.step(queue, message, step);
                }
            }
            Change::Call(call) => self.call(queue, call),
            Change::KeySpace(change) => self.key_space(queue, change),
            Change::Node(change) => self.instant(queue, &change),
            Change::Oldest(_) => {}
        }
    }
}

impl<W: Write> Observer for Perfetto<W> {
    fn threads(
        &mut self,
        now: Time,
        fleet: FleetId,
        threads: u32,
        from: ThreadTime,
        to: ThreadTime,
    ) {
        if self.advance(now) {
            self.counters.threads(fleet, threads, from, to);
        }
    }

    fn deed(&mut self, now: Time, deed: &Deed) {
        if self.names.hear(deed) {
            self.work.resize_with(self.names.threads(), Vec::new);
            self.named.resize(self.names.threads(), false);
        }
        if !self.advance(now) {
            return;
        }
        self.counters.hear(deed);
        match *deed {
            Deed::Began { worker, thread, message, receives, .. }
                if self.filter.about(Some(message)) =>
            {
                let thread = self.thread(worker, thread);
                self.begin_work(thread, message, receives);
            }
            Deed::Ended { worker, thread, message, how, .. } => {
                let thread = self.thread(worker, thread);
                if let Some(at) = self.work(thread).iter().rposition(|w| w.message == message) {
                    self.end_work(thread, at, how.word());
                }
            }
            Deed::Started { worker } => self.worker_fault(worker, "started"),
            Deed::Joined { worker, .. } => self.worker_fault(worker, "joined"),
            Deed::Invoked { environment, cold: true, .. } => {
                self.worker_fault(environment, "cold start");
            }
            Deed::InvocationEnded { environment, how: Returned::TimedOut, .. } => {
                self.worker_fault(environment, "timed out");
            }
            Deed::EnvironmentGone { environment, .. } => self.worker_fault(environment, "gone"),
            Deed::InvocationThrottled { function, messages } => {
                self.function_fault(function, "throttled", messages);
            }
            Deed::ReceivesBurnt { function, messages } => {
                self.function_fault(function, "receives burnt", messages);
            }
            Deed::Left { worker, .. } => self.worker_fault(worker, "left"),
            Deed::Resized { fleet, wanted } => {
                self.fleet_fault(fleet, "fleet resized", Some(wanted));
            }
            Deed::Deployed { fleet } => self.fleet_fault(fleet, "deploy begun", None),
            Deed::Stopped { worker, .. } => self.worker_fault(worker, "stopped"),
            Deed::Crashed { worker } => self.worker_dies(worker, "crashed", None),
            Deed::Killed { worker, held, .. } => self.worker_dies(worker, "killed", Some(held)),
            Deed::Invoked { .. }
            | Deed::InvocationEnded { .. }
            | Deed::LimitChanged { .. }
            | Deed::Began { .. }
            | Deed::Counted { .. }
            | Deed::Arrived { .. }
            | Deed::SendConfirmed { .. }
            | Deed::SendRetried { .. }
            | Deed::GivenUp { .. }
            | Deed::Called { .. }
            | Deed::CallBegun { .. }
            | Deed::CallEnded { .. }
            | Deed::CallRefused { .. }
            | Deed::CallGivenUp { .. }
            | Deed::Busy { .. } => {}
        }
    }

    fn stopped(&self) -> bool {
        self.over || self.sink.closed()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::atomic::AtomicBool;

    use serde_json::{Value, json};

    use super::super::sample;
    use super::*;
    use crate::engine::run::{Run, run_with};
    use crate::kernel::time::Span;

    fn trace_of(filter: Filter, limit: u64, facts: usize) -> (Vec<Value>, Written) {
        let mut scenario = sample::scenario();
        scenario.limits.trace_bytes = limit;
        let mut out = Vec::new();
        let mut trace = Perfetto::new(&scenario, filter, &mut out);
        let mut end = sample::END;
        for (number, (now, fact)) in sample::facts().into_iter().enumerate() {
            if number == facts {
                end = now;
                break;
            }
            match fact {
                sample::Fact::Change(queue, change) => trace.change(now, queue, &change),
                sample::Fact::Deed(deed) => trace.deed(now, &deed),
            }
        }
        let written = trace.finish(end).unwrap();
        let whole: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(whole["otherData"]["seed"], "42");
        (whole["traceEvents"].as_array().unwrap().clone(), written)
    }

    fn phase<'a>(events: &'a [Value], phase: &'a str) -> impl Iterator<Item = &'a Value> {
        events.iter().filter(move |event| event["ph"] == phase)
    }

    /// Nanoseconds of a field in microseconds.
    fn nanos(event: &Value, field: &str) -> u64 {
        let micros = event[field].as_f64().unwrap();
        Span::round_nanos(micros * 1e3).as_nanos()
    }

    fn check(events: &[Value]) {
        let mut open = BTreeSet::new();
        for event in events {
            let id = event["id"].as_str().unwrap_or_default().to_owned();
            match event["ph"].as_str().unwrap() {
                "b" => assert!(open.insert(id), "opened twice: {event}"),
                "n" => assert!(open.contains(&id), "not open: {event}"),
                "e" => assert!(open.remove(&id), "not open: {event}"),
                _ => {}
            }
        }
        assert!(open.is_empty(), "never closed: {open:?}");
        let slices: Vec<_> = phase(events, "X")
            .map(|e| (&e["tid"], nanos(e, "ts"), nanos(e, "ts") + nanos(e, "dur")))
            .collect();
        for (tid, from, to) in &slices {
            for (_, other_from, other_to) in slices.iter().filter(|other| other.0 == *tid) {
                let apart = other_to <= from || to <= other_from;
                let inside = (from <= other_from && other_to <= to)
                    || (other_from <= from && to <= other_to);
                assert!(apart || inside, "{from}..{to} cuts {other_from}..{other_to}");
            }
        }
        let starts: Vec<_> = phase(events, "s").collect();
        assert_eq!(starts.len(), phase(events, "f").count());
        for start in starts {
            let end = phase(events, "f").find(|end| end["id"] == start["id"]).unwrap();
            assert!(nanos(start, "ts") <= nanos(end, "ts"), "{start} {end}");
            for event in [start, end] {
                let (tid, at) = (&event["tid"], nanos(event, "ts"));
                let bound = slices.iter().any(|s| s.0 == tid && s.1 <= at && at < s.2);
                assert!(bound, "no slice under {event}");
            }
        }
    }

    #[test]
    fn pairs_pair_slices_nest_and_arrows_have_slices_at_both_ends() {
        let (events, written) = trace_of(Filter::ALL, u64::MAX, usize::MAX);
        assert!(!written.limit_reached);
        check(&events);
        // 312: outlived. 313: into the dead-letter queue.
        assert_eq!(phase(&events, "s").count(), 2);
        // One slice per processing, 317 cut off by the end, and one for the move.
        assert_eq!(phase(&events, "X").count(), 6);
        // Seven messages, one of which lives in two queues and one twice: its delete is undone.
        assert_eq!(phase(&events, "b").count(), 9);
    }

    #[test]
    fn a_real_run_leaves_a_whole_trace() {
        let scenario = sample::troubled();
        let mut out = Vec::new();
        let trace = Perfetto::new(&scenario, Filter::ALL, &mut out);
        let Run { measured, observer, .. } = run_with(&scenario, 0, &AtomicBool::new(false), trace);
        observer.finish(measured.end).unwrap();
        let whole: Value = serde_json::from_slice(&out).unwrap();
        let events = whole["traceEvents"].as_array().unwrap();
        check(events);
        for name in ["redelivery", "dead letter", "crashed", "split", "throttled"] {
            assert!(events.iter().any(|event| event["name"] == name), "no {name} in the run");
        }
        let entered: u64 = measured
            .queues
            .iter()
            .flat_map(|queue| queue.series.iter())
            .map(|window| window.counts.sent + window.counts.moved_in + window.counts.undone)
            .sum();
        assert_eq!(phase(events, "b").count() as u64, entered);
    }

    #[test]
    fn the_arrow_of_a_redelivery_leaves_where_the_timeout_ended() {
        let (events, _) = trace_of(Filter::ALL, u64::MAX, usize::MAX);
        let start = phase(&events, "s").find(|e| e["name"] == "redelivery").unwrap();
        let end = phase(&events, "f").find(|e| e["id"] == start["id"]).unwrap();
        assert_eq!(nanos(start, "ts"), 31_100_000_000);
        assert_eq!(nanos(end, "ts"), 41_250_000_000);
        assert_ne!(start["tid"], end["tid"]);
    }

    #[test]
    fn every_change_of_the_key_space_is_an_instant() {
        let (events, _) = trace_of(Filter::ALL, u64::MAX, usize::MAX);
        let args = |name: &str| -> Vec<&Value> {
            phase(&events, "i").filter(|e| e["name"] == name).map(|e| &e["args"]).collect()
        };
        assert_eq!((args("split").len(), args("merged").len()), (1, 1));
        assert_eq!(args("reshard begun"), [&json!({ "reshard": 0, "old": 1, "new": 3 })]);
        assert_eq!(args("recut"), [&json!({ "old": 1, "new": 3 })]);
        assert_eq!(args("partition sealed"), [&json!({ "partition": 3 })]);
        assert_eq!(args("partition drained"), [&json!({ "partition": 3 })]);
        assert_eq!(args("reshard ended"), [&json!({ "reshard": 0 })]);
        let refused = args("split refused");
        assert_eq!(refused[0], &json!({ "partition": 1, "reason": "no_balanced_key" }));
        let hot = json!({ "partition": 2, "reason": "hot_key", "permille": 612 });
        assert_eq!(refused[1], &hot);
    }

    #[test]
    fn every_change_of_a_node_is_an_instant() {
        let (events, _) = trace_of(Filter::ALL, u64::MAX, usize::MAX);
        let args = |name: &str| -> Vec<&Value> {
            phase(&events, "i").filter(|e| e["name"] == name).map(|e| &e["args"]).collect()
        };
        let node = |number: u32| json!({ "node": number });
        assert_eq!(args("node failed"), [&node(1), &node(2)]);
        assert_eq!(args("node suspected"), [&node(1)]);
        assert_eq!(args("primary changed"), [&json!({ "partition": 1, "node": 2 })]);
        assert_eq!(args("node given up"), [&node(1)]);
        assert_eq!(args("copy begun")[1], &json!({ "partition": 2, "from": 0, "to": 3 }));
        assert_eq!(args("replica moved"), [&json!({ "partition": 1, "from": 1, "to": 3 })]);
        assert_eq!(args("copy dropped"), [&json!({ "partition": 2, "to": 3 })]);
        assert_eq!(args("node returned"), [&node(2), &node(1)]);
        assert_eq!(args("node caught up"), [&node(2), &node(1)]);
        let send = json!({ "action": "send", "partition": 1, "messages": 10 });
        assert_eq!(args("unavailable")[0], &send);
        let census = json!({
            "partitions": 2,
            "under_replicated": 2,
            "without_write_quorum": 1,
            "without_read_quorum": 1,
        });
        assert_eq!(args("replicas counted")[1], &census);
    }

    #[test]
    fn a_message_whose_delete_is_undone_has_a_second_life() {
        let message = Some(MessageId(312));
        let (events, _) = trace_of(Filter { message, ..Filter::ALL }, u64::MAX, usize::MAX);
        let at =
            |kind| phase(&events, kind).map(|e| nanos(e, "ts") / 1_000_000).collect::<Vec<_>>();
        assert_eq!((at("b"), at("e")), (vec![1_000, 64_500], vec![46_100, 65_050]));
    }

    #[test]
    fn counters_have_one_sample_an_instant() {
        let (events, _) = trace_of(Filter::ALL, u64::MAX, usize::MAX);
        let mut seen = BTreeSet::new();
        for counter in phase(&events, "C") {
            let track = (counter["pid"].as_u64(), counter["name"].as_str());
            assert!(seen.insert((track, nanos(counter, "ts"))), "{counter}");
        }
        // Four messages are sent at 48 s.
        let messages = |event: &&Value| event["name"] == "messages";
        let mut samples = phase(&events, "C").filter(messages);
        let at_48 = samples.find(|e| nanos(e, "ts") == 48_000_000_000).unwrap();
        assert_eq!(at_48["args"]["visible"], 4);
    }

    #[test]
    fn a_run_that_ends_anywhere_leaves_a_whole_trace() {
        for facts in 0..sample::facts().len() {
            check(&trace_of(Filter::ALL, u64::MAX, facts).0);
        }
    }

    #[test]
    fn a_limit_anywhere_leaves_a_whole_trace() {
        let (_, full) = trace_of(Filter::ALL, u64::MAX, usize::MAX);
        for limit in (0..full.bytes).step_by(37) {
            let (events, written) = trace_of(Filter::ALL, limit, usize::MAX);
            check(&events);
            if written.limit_reached {
                assert_eq!(events.last().unwrap()["name"], "trace limit reached");
            }
        }
    }

    #[test]
    fn filters_keep_the_trace_whole() {
        let message = Some(MessageId(313));
        let (events, _) = trace_of(Filter { message, ..Filter::ALL }, u64::MAX, usize::MAX);
        check(&events);
        assert_eq!(phase(&events, "b").count(), 2);
        assert_eq!(phase(&events, "C").count() + phase(&events, "i").count(), 0);
        let instants = [0, 5, 20, 41, 47, 55, 79].map(|s| Time::ZERO + Span::from_secs(s));
        for from in instants {
            for to in instants {
                check(&trace_of(Filter { message: None, from, to }, u64::MAX, usize::MAX).0);
            }
        }
    }

    fn events_of(text: &str) -> Vec<Value> {
        let file: crate::ScenarioFile = text.parse().unwrap();
        let scenario = file.check().unwrap().scenario;
        let mut out = Vec::new();
        let trace = Perfetto::new(&scenario, Filter::ALL, &mut out);
        let Run { measured, observer, .. } = run_with(&scenario, 0, &AtomicBool::new(false), trace);
        observer.finish(measured.end).unwrap();
        let whole: Value = serde_json::from_slice(&out).unwrap();
        let events = whole["traceEvents"].as_array().unwrap();
        check(events);
        events.clone()
    }

    /// The samples of a counter: seconds, and what it shows then.
    fn samples<'a>(events: &'a [Value], name: &str) -> Vec<(u64, &'a Value)> {
        let own = phase(events, "C").filter(|event| event["name"] == name);
        own.map(|event| (nanos(event, "ts") / 1_000_000_000, &event["args"])).collect()
    }

    /// Two workers of two threads, from 10 s on three, whose third one starts for 5 s, and from
    /// 30 s on one: the others hold a message of a minute, and are killed after 4 s of grace. A
    /// deploy at 50 s exchanges the last one, which holds one, too.
    const MOVED: &str = r#"(
        duration: "1m",
        queues: {"jobs": (visibility_timeout: "1h")},
        producers: {"site": (queue: "jobs", arrivals: Burst(at: "0s", count: 6))},
        consumers: {"workers": (
            queue: "jobs", count: Schedule([("0s", 2), ("10s", 3), ("30s", 1)]), threads: 2,
            receive: (max: 1), processing: Constant("1m"), call_latency: Constant("0s"),
            start_up: Constant("5s"), grace: "4s", deploys: (at: ["50s"], batch: 1),
        )},
    )"#;

    #[test]
    fn workers_that_come_and_go_are_counted() {
        let events = events_of(MOVED);
        let shown = samples(&events, "workers of workers");
        let at = |secs: u64| shown.iter().rfind(|(at, _)| *at <= secs).unwrap().1;
        let counts = |wanted: u32, starting: u32, ready: u32, busy: u32| {
            let there = json!({ "starting": starting, "ready": ready, "busy": busy });
            let mut all = json!({ "wanted": wanted });
            all.as_object_mut().unwrap().extend(there.as_object().unwrap().clone());
            all
        };
        assert_eq!(at(0), &counts(2, 2, 0, 0));
        assert_eq!(at(9), &counts(2, 0, 2, 2));
        assert_eq!(at(14), &counts(3, 1, 2, 2));
        assert_eq!(at(29), &counts(3, 0, 3, 3));
        assert_eq!(at(33), &counts(1, 0, 3, 3), "they work on what they hold");
        assert_eq!(at(49), &counts(1, 0, 1, 1));
        assert_eq!(at(55), &counts(1, 1, 0, 0));
        let told = |name: &str| -> Vec<(u64, &Value)> {
            let own = phase(&events, "i").filter(|event| event["name"] == name);
            own.map(|event| (nanos(event, "ts") / 1_000_000_000, &event["args"])).collect()
        };
        let resized = [(10, 3), (30, 1)]
            .map(|(at, wanted): (u64, u32)| (at, json!({ "fleet": "workers", "wanted": wanted })));
        assert!(told("fleet resized").into_iter().eq(resized.iter().map(|(at, args)| (*at, args))));
        assert_eq!(told("deploy begun"), [(50, &json!({ "fleet": "workers" }))]);
        let killed = told("killed");
        assert_eq!(killed.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [34, 34, 54]);
        assert!(killed.iter().all(|(_, args)| args["messages"] == 2), "{killed:?}");
    }

    #[test]
    fn a_fleet_that_stays_has_no_counter() {
        let fixed = MOVED
            .replace(r#"Schedule([("0s", 2), ("10s", 3), ("30s", 1)])"#, "2")
            .replace(r#", deploys: (at: ["50s"], batch: 1)"#, "");
        assert!(samples(&events_of(&fixed), "workers of workers").is_empty());
    }

    /// Three calls of 2 s each on two connections, from the instant that the work of 1 s is over.
    #[test]
    fn calls_of_a_downstream_are_counted_in_a_process_of_its_own() {
        let events = events_of(
            r#"(
                duration: "1m",
                queues: {"jobs": ()},
                producers: {"site": (queue: "jobs", arrivals: Burst(at: "0s", count: 3))},
                consumers: {"workers": (
                    queue: "jobs", count: 3, receive: (max: 1), processing: Constant("1s"),
                    call_latency: Constant("0s"), calls: (to: "db"),
                )},
                downstream: {"db": Pool(connections: 2, work: Constant("2s"))},
            )"#,
        );
        let shown = samples(&events, "calls");
        let calls = |in_use: u32, waiting: u32| json!({ "in use": in_use, "waiting": waiting });
        let expected = [(1, calls(2, 1)), (3, calls(1, 0)), (5, calls(0, 0))];
        assert!(
            shown.iter().copied().eq(expected.iter().map(|(at, args)| (*at, args))),
            "{shown:?}"
        );
        let process = phase(&events, "M").find(|event| event["args"]["name"] == "db").unwrap();
        let counter = phase(&events, "C").find(|event| event["name"] == "calls").unwrap();
        assert_eq!((&process["name"], &process["pid"]), (&json!("process_name"), &counter["pid"]));
        assert_eq!(counter["pid"], 2, "behind the one of the queue");
    }

    /// Two of four messages run at once, for 10 s each.
    #[test]
    fn invocations_are_counted_within_their_limit() {
        let events = events_of(
            r#"(
                duration: "1m",
                queues: {"jobs": (visibility_timeout: "1m")},
                producers: {"site": (queue: "jobs", arrivals: Burst(at: "0s", count: 4))},
                consumers: {"handler": Lambda(
                    queue: "jobs", batch: 1, max_concurrency: 2, timeout: "30s",
                    processing: Constant("10s"),
                )},
            )"#,
        );
        let shown = samples(&events, "invocations of handler");
        assert!(shown.iter().all(|(_, args)| args["limit"] == 2), "{shown:?}");
        let most = shown.iter().filter_map(|(_, args)| args["running"].as_u64()).max();
        assert_eq!((most, &shown.last().unwrap().1["running"]), (Some(2), &json!(0)));
    }
}
