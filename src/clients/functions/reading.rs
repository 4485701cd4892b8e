//! How readers poll.
//!
//! Owns the receives of a mapping. Must not know what becomes of what they bring.
//!
//! There are as many readers as are needed: while a place is free for what it may bring, one polls
//! more, until as many wait as a mapping has without work. A poller of the provisioned mode is a
//! reader that is paid for and carries only so much a second.

use super::Functions;
use super::batch::{Batch, Stage};
use crate::core::Core;
use crate::core::event::FunctionEvent;
use crate::facts::deed::{Deed, FunctionId};
use crate::facts::observer::Observer;
use crate::kernel::time::{Span, Time};
use crate::ledger::journal::{Caller, MOST_MEMBERS, group_of, grouped};
use crate::ledger::{Poll, Received, Served};
use crate::model::functions::{POLLER_BYTES, POLLER_GAP, Pollers, READER_WAIT};

/// How often the limit falls to what was in use.
const REVIEW: Span = Span::from_secs(60);

/// No batch.
const NONE: u32 = u32::MAX;

/// One reader.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    caller: Caller,
    function: u32,
    /// Messages that it asks for.
    asked: u32,
    /// Refused receives in a row.
    attempts: u32,
    /// Its long poll waits.
    waits: bool,
    /// It has a receive under way, or will try it again.
    reads: bool,
    /// The answer to its receive is on its way.
    hears: bool,
    /// What the answer brings.
    batch: u32,
    /// A provisioned poller may not poll again before.
    ready_at: Time,
}

impl Functions {
    /// Readers poll, as many as find a place for what they bring.
    #[inline]
    pub(super) fn read<O: Observer>(&mut self, core: &mut Core<O>, function: u32) {
        loop {
            let wanted = self.all[function as usize].wanted();
            if wanted == 0 {
                break;
            }
            let Some(row) = self.free_reader(core, function) else { break };
            self.poll(core, row, wanted);
        }
        self.watch_backlog(core, function);
    }

    /// A reader that does nothing.
    #[inline]
    fn free_reader<O: Observer>(&mut self, core: &mut Core<O>, number: u32) -> Option<u32> {
        let function = &mut self.all[number as usize];
        if let Some(row) = function.free.pop() {
            return Some(row);
        }
        let member = function.readers.len() as u32;
        if member == MOST_MEMBERS {
            return None;
        }
        let caller = Caller(grouped(number, member));
        core.ledger.joined(caller);
        let row = self.readers.len() as u32;
        self.readers.push(Reader {
            caller,
            function: number,
            asked: 0,
            attempts: 0,
            waits: false,
            reads: false,
            hears: false,
            batch: NONE,
            ready_at: Time::ZERO,
        });
        function.readers.push(row);
        // Room for all to be free, so that none costs an allocation later.
        function.free.reserve(function.readers.len());
        Some(row)
    }

    fn poll<O: Observer>(&mut self, core: &mut Core<O>, row: u32, max: u32) {
        let reader = &mut self.readers[row as usize];
        let function = &mut self.all[reader.function as usize];
        (reader.asked, reader.reads) = (max, true);
        function.reading += 1;
        function.asked += max;
        if let Pollers::Provisioned { .. } = function.config.pollers {
            reader.ready_at = core.now.saturating_add(POLLER_GAP);
        }
        let poll = Poll { caller: reader.caller, max, wait: READER_WAIT, visibility_timeout: None };
        match core.ledger.receive(core.now, function.config.queue, poll, &mut core.observer) {
            Received::Messages => {}
            Received::Waiting => {
                reader.waits = true;
                function.waiting += 1;
            }
            Received::Empty | Received::OverLimit | Received::Refused => {
                reader.attempts += 1;
                let chance = &mut function.chance;
                let backoff = function.config.retry.wait(reader.attempts, &mut chance.backoff);
                let latency = function.config.call_latency.sample(&mut chance.latency);
                core.plan(backoff.saturating_add(latency), FunctionEvent::Reader(row));
            }
        }
    }

    /// What a reader waited for has come.
    pub(super) fn reader_due<O: Observer>(&mut self, core: &mut Core<O>, row: u32) {
        if std::mem::take(&mut self.readers[row as usize].hears) {
            self.arrive(core, row);
        } else {
            self.pause_is_over(core, row);
        }
    }

    /// A reader may try again, or may poll again.
    fn pause_is_over<O: Observer>(&mut self, core: &mut Core<O>, row: u32) {
        let reader = &self.readers[row as usize];
        let function = reader.function;
        if reader.reads {
            self.end_read(row);
        } else {
            self.all[function as usize].pacing -= 1;
        }
        self.all[function as usize].free.push(row);
        self.read(core, function);
    }

    /// What a reader reserved is free.
    #[inline]
    fn end_read(&mut self, row: u32) {
        let reader = &mut self.readers[row as usize];
        let function = &mut self.all[reader.function as usize];
        reader.reads = false;
        function.reading -= 1;
        function.asked -= reader.asked;
    }

    /// The ledger has answered a receive.
    ///
    /// # Panics
    /// If it was none of a function's reader.
    pub fn accept<O: Observer>(&mut self, core: &mut Core<O>, served: Served) {
        let (number, member) = group_of(served.caller.0).expect("readers come in groups");
        let row = self.all[number as usize].readers[member as usize];
        let reader = &mut self.readers[row as usize];
        let function = &mut self.all[number as usize];
        reader.attempts = 0;
        if std::mem::take(&mut reader.waits) {
            function.waiting -= 1;
        }
        reader.batch = NONE;
        if served.messages > 0 {
            let batch = self.batches.open(Batch::none);
            reader.batch = batch;
            let batch = self.batches.get_mut(batch);
            batch.begin(number, Stage::Arriving);
            for _ in 0..served.messages {
                batch.deliveries.extend(core.ledger.next_delivery());
            }
            if function.weighs {
                let sizes = batch.deliveries.iter().map(|it| function.sizes.of(it.luck));
                batch.bytes = sizes.sum::<u64>() as u32;
            }
        }
        let latency = function.config.call_latency.sample(&mut function.chance.latency);
        if latency.is_zero() {
            self.arrive(core, row);
        } else {
            self.readers[row as usize].hears = true;
            core.plan(latency, FunctionEvent::Reader(row));
            self.read(core, number);
        }
    }

    /// An answer reaches its reader.
    fn arrive<O: Observer>(&mut self, core: &mut Core<O>, row: u32) {
        self.end_read(row);
        let reader = &mut self.readers[row as usize];
        let (number, batch) = (reader.function, std::mem::replace(&mut reader.batch, NONE));
        let function = &self.all[number as usize];
        if batch == NONE {
            let in_use = function.in_use + function.closed.len() as u32;
            self.fall(core, number, in_use);
        } else {
            if core.now >= function.review_at {
                self.review(core, number);
            }
            let reader = &mut self.readers[row as usize];
            let function = &self.all[number as usize];
            if let Pollers::Provisioned { .. } = function.config.pollers {
                let bytes = u64::from(self.batches.get(batch).bytes);
                let transfer = Span::from_nanos(bytes * 1_000_000_000 / POLLER_BYTES);
                // The gap to the next poll began with this one.
                let began = reader.ready_at.as_nanos() - POLLER_GAP.as_nanos();
                let free_at = Time::from_nanos(began).saturating_add(transfer);
                reader.ready_at = reader.ready_at.max(free_at);
            }
            self.gather(core, number, batch);
        }
        let ready_at = self.readers[row as usize].ready_at;
        let function = &mut self.all[number as usize];
        if ready_at > core.now {
            function.pacing += 1;
            core.plan(ready_at.since(core.now), FunctionEvent::Reader(row));
        } else {
            function.free.push(row);
        }
        self.read(core, number);
    }

    /// Where no poll waits there may be a backlog: then the limit grows after a while.
    #[inline]
    fn watch_backlog<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let function = &mut self.all[number as usize];
        if function.waiting == 0
            && !function.growing
            && let Some(every) = function.mapping.growth()
        {
            function.growing = true;
            core.plan(every, FunctionEvent::Grow(FunctionId(number)));
        }
    }

    /// The limit of a mapping grows, if there was a backlog and there is one.
    pub(super) fn grow<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let function = &mut self.all[number as usize];
        function.growing = false;
        if function.waiting == 0 {
            if core.ledger.tally(function.config.queue).visible > 0 {
                let was = function.mapping.limit();
                function.mapping.grow(core.now);
                self.tell_limit(core, number, was);
            }
            self.fill(core, number);
        }
    }

    /// A minute is over: the limit falls to what was in use at most. AWS says no more than that it
    /// falls with the traffic.
    #[cold]
    fn review<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let function = &mut self.all[number as usize];
        let peak = std::mem::replace(&mut function.peak, function.in_use);
        function.review_at = core.now.saturating_add(REVIEW);
        self.fall(core, number, peak);
    }

    fn fall<O: Observer>(&mut self, core: &mut Core<O>, number: u32, in_use: u32) {
        let mapping = &mut self.all[number as usize].mapping;
        let was = mapping.limit();
        mapping.fall(in_use);
        self.tell_limit(core, number, was);
    }

    /// Tells the limit of a mapping if it was another one.
    #[inline]
    pub(super) fn tell_limit<O: Observer>(&self, core: &mut Core<O>, number: u32, was: u32) {
        let limit = self.all[number as usize].mapping.limit();
        if limit != was {
            let deed = Deed::LimitChanged { function: FunctionId(number), limit, was };
            core.observer.deed(core.now, &deed);
        }
    }
}
