//! A worker's state: what it holds, what its threads do, how it polls.
//!
//! Owns the buffer and the idle threads. Must not know the ledger or the calendar: the
//! modules beside this one move it.
//!
//! Invariant: a thread is idle, or it holds between one and ten deliveries.

use std::collections::VecDeque;

use crate::facts::thread_time::ThreadTime;
use crate::kernel::rng::{Purpose, Stream, Streams};
use crate::kernel::time::Time;
use crate::ledger::Delivery;
use crate::model::clients::{Ask, FleetConfig, OnFailure, WorkUnit};

/// Deliveries that a worker's buffer has room for from the start; a larger one grows when it fills.
const MOST_ROOM: usize = 256;

/// No thread.
const NONE: u32 = u32::MAX;

/// How a worker's receive stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polling {
    /// None is under way.
    Idle,
    /// One is: it waits at the queue, or its answer is on the way.
    Called,
    /// The worker pauses before the next.
    Paused,
}

/// Whether a worker runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It has crashed, or has not started.
    Down,
    /// It runs.
    Up,
    /// It runs until nothing is left of what it holds, and receives no more.
    Leaving,
    /// It has left, or has not joined yet: its place is free.
    Gone,
}

/// What a thread does; calls in the order in which it makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It sets aside those of its deliveries whose time has not come.
    Holding,
    /// It works on its deliveries.
    Working,
    /// It works on, in a call to a downstream.
    Leaning,
    /// It sends what it completed on to the next queue.
    Forwarding,
    /// It deletes what it completed.
    Deleting,
    /// It gives back what it failed.
    Releasing,
    /// Nothing.
    Idle,
}

impl Stage {
    /// Whether the work on its deliveries is not over.
    #[inline]
    pub fn is_work(self) -> bool {
        matches!(self, Stage::Working | Stage::Leaning)
    }

    /// The stage after this one.
    #[inline]
    #[must_use]
    pub fn next(self) -> Stage {
        match self {
            Stage::Holding => Stage::Working,
            Stage::Working | Stage::Leaning => Stage::Forwarding,
            Stage::Forwarding => Stage::Deleting,
            Stage::Deleting => Stage::Releasing,
            Stage::Releasing | Stage::Idle => Stage::Idle,
        }
    }
}

/// One thread of a worker. Ten thousand of them are looked at in random order, so a row lies in one
/// line of the cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub struct Thread {
    /// The worker.
    pub worker: u32,
    /// What it does.
    pub stage: Stage,
    /// What its time goes into; while it is idle, its worker knows ([`Worker::rest`]).
    pub time: ThreadTime,
    /// Tries of the call it makes.
    pub attempts: u32,
    /// Its deliveries begin here in the table of all held deliveries.
    pub first: u32,
    /// Number of its deliveries.
    pub count: u8,
    /// One bit a delivery: completed.
    pub completed: u16,
    /// One bit a delivery: the present stage still has to do it.
    pub todo: u16,
    /// When its work began.
    pub began: Time,
    next_idle: u32,
}

const _: () = assert!(size_of::<Thread>() == 32);

/// One worker, without what it buffers. Ten thousand of them are looked at in random order, so a
/// row lies in one line of the cache, and two in each.
#[derive(Clone, Debug)]
#[repr(align(32))]
pub struct Worker {
    /// Its fleet, by its place in the scenario.
    pub fleet: u32,
    /// Whether it runs.
    pub life: Life,
    /// How its receive stands.
    pub polling: Polling,
    /// Throttled receives in a row.
    pub attempts: u32,
    /// Threads that are not idle.
    pub busy: u32,
    /// Its threads are numbered from here, over all workers.
    pub first_thread: u32,
    /// Deliveries in its buffer, the last `in_transit` of which are still on their way.
    pub buffered: u32,
    /// Deliveries on their way.
    pub in_transit: u32,
    idle: u32,
}

const _: () = assert!(size_of::<Worker>() == 32);

impl Worker {
    /// The row of a worker that is not there yet. `threads` are its own, all idle, numbered from
    /// `first`.
    pub fn new(fleet: u32, threads: &mut [Thread], first: u32) -> Worker {
        let mut worker = Worker {
            fleet,
            life: Life::Gone,
            polling: Polling::Idle,
            attempts: 0,
            busy: 0,
            first_thread: first,
            buffered: 0,
            in_transit: 0,
            idle: NONE,
        };
        for (offset, thread) in threads.iter_mut().enumerate().rev() {
            worker.make_idle(first + offset as u32, thread);
        }
        worker
    }

    /// The idle thread that will work next.
    #[inline]
    pub fn idle_thread(&self) -> Option<u32> {
        (self.idle != NONE).then_some(self.idle)
    }

    /// The idle thread that [`Worker::idle_thread`] named goes to work.
    #[inline]
    pub fn make_busy(&mut self, thread: &Thread) {
        self.idle = thread.next_idle;
        self.busy += 1;
    }

    /// Thread `number` has nothing to do any more.
    #[inline]
    pub fn make_idle(&mut self, number: u32, thread: &mut Thread) {
        thread.stage = Stage::Idle;
        thread.next_idle = self.idle;
        self.idle = number;
    }

    /// What the time of its idle threads goes into.
    #[inline]
    pub fn rest(&self) -> ThreadTime {
        if self.in_transit > 0 {
            return ThreadTime::Calling;
        }
        match self.life {
            Life::Down => ThreadTime::Down,
            Life::Up => ThreadTime::Idle,
            Life::Leaving | Life::Gone => ThreadTime::Gone,
        }
    }

    /// How many of its `threads` could not take a message.
    #[inline]
    pub fn occupied(&self, threads: u32) -> u32 {
        if self.in_transit > 0 { threads } else { self.busy }
    }

    /// Deliveries that a thread can take.
    #[inline]
    pub fn available(&self) -> u32 {
        self.buffered - self.in_transit
    }

    /// Whether a thread can begin to work on something.
    #[inline]
    pub fn can_begin(&self) -> bool {
        self.available() > 0 && self.idle != NONE
    }

    /// Whether a thread can take a delivery that has not been in the buffer.
    #[inline]
    pub fn passes_on(&self) -> bool {
        self.buffered == 0 && self.idle != NONE
    }

    /// Whether it would poll now.
    #[inline]
    pub fn wants_messages(&self, config: &FleetConfig) -> bool {
        let prefetch = config.receive.prefetch;
        let short = if prefetch > 0 { self.buffered < prefetch } else { self.passes_on() };
        short && self.life == Life::Up && self.polling == Polling::Idle
    }

    /// For how many messages it polls, if it [wants](Worker::wants_messages) some.
    #[inline]
    pub fn asks_for(&self, config: &FleetConfig) -> u32 {
        let max = config.receive.max;
        match config.receive.ask {
            Ask::Most => max,
            Ask::Room => {
                let idle =
                    (config.threads - self.busy).saturating_mul(deliveries_per_thread(config));
                let room = idle.saturating_add(config.receive.prefetch) - self.buffered;
                room.min(max)
            }
        }
    }
}

impl Thread {
    /// The stage from `from` on that has something to do, and one bit for each delivery that it has
    /// to do it with; `None` if there is none.
    #[inline]
    pub fn next_todo(&self, from: Stage, fleet: &FleetConfig) -> Option<(Stage, u16)> {
        if from <= Stage::Forwarding && self.completed != 0 && fleet.forward.is_some() {
            return Some((Stage::Forwarding, self.completed));
        }
        if from <= Stage::Deleting && self.completed != 0 {
            return Some((Stage::Deleting, self.completed));
        }
        let failed = self.failed();
        let releases = !matches!(fleet.failure.then, OnFailure::LetExpire);
        (from <= Stage::Releasing && failed != 0 && releases).then_some((Stage::Releasing, failed))
    }

    /// Whether a delivery is still to be worked on, deleted or given back.
    pub fn holds(&self, place: u8) -> bool {
        match self.stage {
            Stage::Holding | Stage::Working | Stage::Leaning => true,
            // What was sent on already waits for the others, and then for its delete.
            Stage::Forwarding => self.completed & (1 << place) != 0,
            Stage::Deleting | Stage::Releasing | Stage::Idle => self.todo & (1 << place) != 0,
        }
    }

    /// One bit a delivery: not completed.
    #[inline]
    fn failed(&self) -> u16 {
        ((1_u32 << self.count) - 1) as u16 & !self.completed
    }

    /// An idle thread of `worker` whose deliveries begin at `first`.
    pub fn new(worker: u32, first: u32) -> Thread {
        Thread {
            worker,
            stage: Stage::Idle,
            time: ThreadTime::Idle,
            attempts: 0,
            first,
            count: 0,
            completed: 0,
            todo: 0,
            began: Time::ZERO,
            next_idle: NONE,
        }
    }
}

/// The buffer of a worker that has none yet.
pub fn buffer(config: &FleetConfig) -> VecDeque<Delivery> {
    VecDeque::with_capacity(room(config))
}

/// Deliveries that a worker's buffer has room for from the start.
pub fn room(config: &FleetConfig) -> usize {
    let room = config.receive.max as usize + config.receive.prefetch as usize;
    room.min(MOST_ROOM)
}

/// Most deliveries that one thread of this fleet holds.
pub fn deliveries_per_thread(config: &FleetConfig) -> u32 {
    match config.per {
        WorkUnit::Message => 1,
        WorkUnit::Batch => config.receive.max,
    }
}

/// A worker's own streams of chance.
#[derive(Clone, Debug)]
pub struct WorkerChance {
    /// Call latencies.
    pub latency: Stream,
    /// Back-off of throttled calls.
    pub backoff: Stream,
    /// Pauses after empty polls.
    pub pause: Stream,
    /// Crashes and restarts.
    pub crash: Stream,
    /// Start-up delay.
    pub start_up: Stream,
}

impl WorkerChance {
    /// The streams of the worker at `path` (`consumers.workers.3`).
    pub fn new(path: &str, streams: Streams) -> WorkerChance {
        let stream = |purpose| streams.stream(path, purpose);
        WorkerChance {
            latency: stream(Purpose::Latency),
            backoff: stream(Purpose::Backoff),
            pause: stream(Purpose::Pause),
            crash: stream(Purpose::Crash),
            start_up: stream(Purpose::StartUp),
        }
    }
}
