//! The state of one function and of its mapping.
//!
//! Owns who reads for it, what is gathered, and how many batches are on their way. Must not call
//! the ledger or the calendar: the modules beside this one move it.

use std::collections::VecDeque;

use super::environments::Pool;
use super::mapping::Mapping;
use crate::core::Core;
use crate::facts::deed::{FleetId, FunctionId};
use crate::facts::observer::Observer;
use crate::facts::thread_time::ThreadTime;
use crate::kernel::rng::{Purpose, Stream, Streams};
use crate::kernel::time::Time;
use crate::ledger::config::{MAX_BATCH, MessageSize};
use crate::model::functions::{Account, FunctionConfig, MAX_PAYLOAD, Pollers};

/// One function.
#[derive(Clone, Debug)]
pub(super) struct Function {
    pub(super) id: FunctionId,
    pub(super) config: FunctionConfig,
    pub(super) mapping: Mapping,
    pub(super) chance: Chance,
    /// How large the messages of its queue are.
    pub(super) sizes: MessageSize,
    /// Whether the payload of a batch can be too large, or makes a reader wait.
    pub(super) weighs: bool,
    /// Rows of its readers, by their numbers.
    pub(super) readers: Vec<u32>,
    /// Rows of those that do nothing.
    pub(super) free: Vec<u32>,
    /// Receives under way, and readers that pause before they try again.
    pub(super) reading: u32,
    /// Of these, long polls that wait.
    pub(super) waiting: u32,
    /// Messages that they ask for.
    pub(super) asked: u32,
    /// Readers that may not poll yet.
    pub(super) pacing: u32,
    /// The batch that is gathered, and how many messages it has.
    pub(super) open: Option<u32>,
    pub(super) gathered: u32,
    /// Batches that wait for a place within the limit.
    pub(super) closed: VecDeque<u32>,
    /// Places of the limit that are taken.
    pub(super) in_use: u32,
    /// Most of them that were taken at once since the last review, and when the next one is.
    pub(super) peak: u32,
    pub(super) review_at: Time,
    /// Its limit is going to grow.
    pub(super) growing: bool,
    pub(super) environments: Pool,
}

/// A function's own streams of chance.
#[derive(Clone, Debug)]
pub(super) struct Chance {
    /// Call latencies.
    pub(super) latency: Stream,
    /// Back-off of throttled calls.
    pub(super) backoff: Stream,
    /// Back-off of throttled invocations.
    pub(super) invoke: Stream,
    /// Cold starts.
    pub(super) start_up: Stream,
}

impl Function {
    /// One that has done nothing yet; `path` names its streams (`consumers.handler`).
    pub(super) fn new(
        id: FunctionId,
        path: &str,
        config: &FunctionConfig,
        sizes: &MessageSize,
        account: Account,
        streams: Streams,
    ) -> Function {
        let stream = |purpose| streams.stream(path, purpose);
        let mut function = Function {
            id,
            config: config.clone(),
            mapping: Mapping::new(config, account),
            chance: Chance {
                latency: stream(Purpose::Latency),
                backoff: stream(Purpose::Backoff),
                invoke: stream(Purpose::Pause),
                start_up: stream(Purpose::StartUp),
            },
            sizes: sizes.clone(),
            weighs: false,
            readers: Vec::new(),
            free: Vec::new(),
            reading: 0,
            waiting: 0,
            asked: 0,
            pacing: 0,
            open: None,
            gathered: 0,
            closed: VecDeque::new(),
            in_use: 0,
            peak: 0,
            review_at: Time::ZERO,
            growing: false,
            environments: Pool::NONE,
        };
        function.weigh();
        function
    }

    /// Finds out whether the payload of its batches matters.
    pub(super) fn weigh(&mut self) {
        let largest = self.sizes.largest().map_or(u64::MAX, |bytes| bytes);
        let fits = largest.saturating_mul(u64::from(self.config.batch)) <= MAX_PAYLOAD;
        self.weighs = !fits || matches!(self.config.pollers, Pollers::Provisioned { .. });
    }

    /// A batch takes a place within the limit.
    #[inline]
    pub(super) fn take_place<O: Observer>(&mut self, core: &mut Core<O>) {
        self.in_use += 1;
        self.peak = self.peak.max(self.in_use);
        let (from, to) = (ThreadTime::Idle, ThreadTime::Working);
        core.observer.threads(core.now, FleetId::of_function(self.id), 1, from, to);
    }

    /// A batch leaves its place.
    #[inline]
    pub(super) fn leave_place<O: Observer>(&mut self, core: &mut Core<O>) {
        self.in_use -= 1;
        let (from, to) = (ThreadTime::Working, ThreadTime::Idle);
        core.observer.threads(core.now, FleetId::of_function(self.id), 1, from, to);
    }

    /// For how many messages the next reader may ask; 0 is for none: what it brings must find a
    /// place within the limit, and enough others wait already where nothing comes.
    #[inline]
    pub(super) fn wanted(&self) -> u32 {
        let limit = self.mapping.limit();
        let readers = self.config.readers(limit);
        if self.waiting >= self.config.idle(limit) || self.reading + self.pacing >= readers {
            return 0;
        }
        let taken = self.in_use + self.closed.len() as u32;
        let places = limit.saturating_sub(taken);
        let room = if self.config.window.is_zero() {
            // Each answer is a batch of its own.
            if places > self.reading { self.config.batch } else { 0 }
        } else {
            let messages = u64::from(places) * u64::from(self.config.batch);
            let coming = u64::from(self.gathered) + u64::from(self.asked);
            // No more than a batch, so that as many poll as have a place.
            messages.saturating_sub(coming).min(u64::from(self.config.batch)) as u32
        };
        room.min(MAX_BATCH as u32)
    }
}
