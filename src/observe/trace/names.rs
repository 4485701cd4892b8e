//! The names behind the ids, and the fixed words of the traces.
//!
//! Owns the tables from dense ids to names, made from the scenario; workers that join beyond its
//! places are added as they come. Must not know the formats. The words are part of the formats: one
//! that is published is never renamed.

use std::borrow::Cow;

use crate::facts::deed::{Deed, DownstreamId, FleetId, FunctionId, WorkerId};
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Action, Caller, Held, Refusal, State, group_of};
use crate::model::course::Course;

/// A worker's place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The queue it polls, of several the first.
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
    /// Fleets, with the queue they receive from.
    pub(super) fleets: Vec<(String, QueueId)>,
    /// What they lean on.
    pub(super) downstreams: Vec<String>,
    /// Threads of each worker, and places of workers, by fleet.
    sizes: Vec<(u32, u32)>,
    /// Where the workers work.
    pub(super) places: Vec<Place>,
    /// Functions, with the queue that they receive from.
    pub(super) functions: Vec<(String, QueueId)>,
}

impl Names {
    /// The names of a course.
    pub(super) fn new(course: Course<'_>) -> Names {
        let scenario = course.scenario;
        let fleets = scenario.fleets.iter();
        let mut names = Names {
            queues: scenario.queues.iter().map(|q| q.name.clone()).collect(),
            producers: scenario
                .producers
                .iter()
                .map(|p| (p.name.clone(), p.config.queue))
                .collect(),
            workers: Vec::new(),
            downstreams: scenario.downstreams.iter().map(|it| it.name.clone()).collect(),
            sizes: fleets.clone().map(|fleet| (fleet.config.threads, 0)).collect(),
            fleets: fleets.map(|fleet| (fleet.name.clone(), fleet.config.queue)).collect(),
            places: Vec::new(),
            functions: (scenario.functions.iter())
                .map(|function| (function.name.clone(), function.config.queue))
                .collect(),
        };
        for (fleet, _) in course.workers() {
            names.add_worker(fleet);
        }
        names
    }

    fn add_worker(&mut self, fleet: usize) {
        let first_thread = self.threads() as u32;
        let (name, queue) = &self.fleets[fleet];
        let (threads, count) = &mut self.sizes[fleet];
        self.workers.push(format!("{name}.{count}"));
        self.places.push(Place { queue: *queue, threads: *threads, first_thread });
        *count += 1;
    }

    /// Takes in who joins: one that has none of the places of the start has a new one. Whether
    /// that was so.
    pub(super) fn hear(&mut self, deed: &Deed) -> bool {
        let Deed::Joined { worker, fleet } = *deed else { return false };
        let is_new = worker.0 as usize == self.workers.len();
        if is_new {
            self.add_worker(fleet.0 as usize);
        }
        is_new
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

    /// The name of a fleet.
    pub(super) fn fleet(&self, fleet: FleetId) -> &str {
        &self.fleets[fleet.0 as usize].0
    }

    /// The name of what workers lean on.
    pub(super) fn downstream(&self, downstream: DownstreamId) -> &str {
        &self.downstreams[downstream.0 as usize]
    }

    /// The name of a worker, or of an environment of a function: `handler.3`.
    #[inline]
    pub(super) fn worker(&self, worker: WorkerId) -> Cow<'_, str> {
        match group_of(worker.0) {
            None => {
                let name = self.workers.get(worker.0 as usize);
                Cow::Borrowed(name.map_or("a worker that joined late", String::as_str))
            }
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

    /// Where a worker works, if it has a place or has been heard of.
    #[inline]
    pub(super) fn place(&self, worker: WorkerId) -> Option<Place> {
        self.places.get(worker.0 as usize).copied()
    }

    /// The queue of a worker, or of the function whose environment it is.
    #[inline]
    pub(super) fn queue_of(&self, worker: WorkerId) -> Option<QueueId> {
        match worker.function() {
            None => self.place(worker).map(|place| place.queue),
            Some(function) => Some(self.functions[function.0 as usize].1),
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
        Held::Early => "it was received before its time",
        Held::Throttled => "no concurrency was free to invoke its function",
        Held::Stopped => "worker was stopped",
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
