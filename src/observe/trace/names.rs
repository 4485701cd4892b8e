//! The names behind the ids, and the fixed words of the traces.
//!
//! Owns the tables from dense ids to names, made once from the scenario. Must not know the
//! formats. The words are part of the formats: one that is published is never renamed.

use std::borrow::Cow;

use crate::facts::deed::{FunctionId, WorkerId};
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Action, Caller, Held, Refusal, State, group_of};
use crate::model::course::Course;

/// A worker's place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The queue it polls.
    pub(super) queue: QueueId,
    /// Its threads.
    pub(super) threads: u32,
    /// Its threads' numbers over all workers begin here.
    pub(super) first_thread: u32,
}

/// Names by id.
#[derive(Debug)]
pub(super) struct Names {
    /// Queues.
    pub(super) queues: Vec<String>,
    /// Producers, with the queue they send to.
    pub(super) producers: Vec<(String, QueueId)>,
    /// Workers: `fleet.0`, `fleet.1`, …
    pub(super) workers: Vec<String>,
    /// Fleets.
    pub(super) fleets: Vec<String>,
    /// Where the workers work.
    pub(super) places: Vec<Place>,
    /// Functions, with the queue that they receive from.
    pub(super) functions: Vec<(String, QueueId)>,
}

impl Names {
    /// The names of a course.
    pub(super) fn new(course: Course<'_>) -> Names {
        let scenario = course.scenario;
        let mut workers = Vec::new();
        let mut places = Vec::new();
        let mut first_thread = 0;
        for (fleet, number) in course.workers() {
            let fleet = &scenario.fleets[fleet];
            let (queue, threads) = (fleet.config.queue, fleet.config.threads);
            workers.push(format!("{}.{number}", fleet.name));
            places.push(Place { queue, threads, first_thread });
            first_thread += threads;
        }
        Names {
            queues: scenario.queues.iter().map(|q| q.name.clone()).collect(),
            producers: scenario
                .producers
                .iter()
                .map(|p| (p.name.clone(), p.config.queue))
                .collect(),
            workers,
            fleets: scenario.fleets.iter().map(|f| f.name.clone()).collect(),
            places,
            functions: (scenario.functions.iter())
                .map(|function| (function.name.clone(), function.config.queue))
                .collect(),
        }
    }

    /// The name of a queue.
    #[inline]
    pub(super) fn queue(&self, queue: QueueId) -> &str {
        &self.queues[queue.0 as usize]
    }

    /// The name of a function.
    #[inline]
    pub(super) fn function(&self, function: FunctionId) -> &str {
        &self.functions[function.0 as usize].0
    }

    /// The name of a worker, or of an environment of a function: `handler.3`.
    #[inline]
    pub(super) fn worker(&self, worker: WorkerId) -> Cow<'_, str> {
        match group_of(worker.0) {
            None => Cow::Borrowed(&self.workers[worker.0 as usize]),
            Some((function, number)) => {
                Cow::Owned(format!("{}.{number}", self.function(FunctionId(function))))
            }
        }
    }

    /// The name of a worker that called the ledger, or of a reader of a function:
    /// `handler.poller.3`.
    #[inline]
    pub(super) fn caller(&self, caller: Caller) -> Cow<'_, str> {
        match group_of(caller.0) {
            None => self.worker(WorkerId(caller.0)),
            Some((function, number)) => {
                Cow::Owned(format!("{}.poller.{number}", self.function(FunctionId(function))))
            }
        }
    }

    /// Where a worker works.
    #[inline]
    pub(super) fn place(&self, worker: WorkerId) -> Place {
        self.places[worker.0 as usize]
    }

    /// The queue of a worker, or of the function whose environment it is.
    #[inline]
    pub(super) fn queue_of(&self, worker: WorkerId) -> QueueId {
        match worker.function() {
            None => self.place(worker).queue,
            Some(function) => self.functions[function.0 as usize].1,
        }
    }

    /// All threads of all workers.
    pub(super) fn threads(&self) -> usize {
        self.places.last().map_or(0, |place| (place.first_thread + place.threads) as usize)
    }
}

/// The cause of a redelivery, for people.
pub(super) const fn cause_in_words(held: Held) -> &'static str {
    match held {
        Held::Buffered => "waited in a buffer past the timeout",
        Held::Working => "work outlived the timeout",
        Held::Failed => "work failed",
        Held::Crashed => "worker crashed",
        Held::Deleting => "delete came too late or was lost",
        Held::Undone => "delete was undone by lost replicas",
        Held::NotHidden => "the receive did not hide it",
        Held::Throttled => "no concurrency was free to invoke its function",
    }
}

/// A call's kind, for people.
pub(super) const fn action_in_words(action: Action) -> &'static str {
    match action {
        Action::Send => "send",
        Action::Receive => "receive",
        Action::Delete => "delete",
        Action::ChangeVisibility => "change of visibility",
    }
}

/// A message's state, for people.
pub(super) const fn state_in_words(state: State) -> &'static str {
    match state {
        State::Delayed => "delayed",
        State::Visible => "visible",
        State::InFlight => "in flight",
    }
}

/// Why a hot partition was not split, for people.
pub(super) const fn refusal_in_words(reason: Refusal) -> &'static str {
    match reason {
        Refusal::NoBalancedKey => "no sampled key divides the load evenly",
        Refusal::TooManyPartitions => "the queue has its most partitions",
        Refusal::SingleKey => "its range is a single hash value",
        Refusal::HotKey { .. } => "one key has too much of the load",
        Refusal::Sequential => "the load moves along the range",
        Refusal::TooManyAtOnce => "too many splits are under way",
    }
}
