//! The state of everything, and the loop.
//!
//! Owns the core and the clients of one run, and hands each event to the kind it is of. Must not
//! know what they do, nor files, clocks, names or output: a scenario comes in, an observer is told
//! what happens.
//!
//! Invariant: time never goes back; after each event nobody has an unanswered call that the
//! ledger has answered, and each queue's next deadline is in the calendar.

use std::sync::atomic::{AtomicBool, Ordering};

use super::foreseen::Watch;
use crate::clients::fleets::Fleets;
use crate::clients::functions::Functions;
use crate::clients::producers::Producers;
use crate::core::Core;
use crate::core::event::{DownstreamEvent, Event};
use crate::facts::observer::Observer;
use crate::kernel::calendar::{Ranked, TimerId};
use crate::kernel::time::Time;
use crate::ledger::Ledger;
use crate::ledger::config::QueueId;
use crate::ledger::journal::group_of;
use crate::model::scenario::{Limits, Scenario};

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// At its planned end.
    Completed,
    /// After `limits.events` events.
    EventLimit,
    /// With more than `limits.resident` messages at once.
    ResidentLimit,
    /// With more than `limits.memory` bytes.
    MemoryLimit,
    /// Because it was asked to stop.
    Interrupted,
    /// Because the observer had no use for more.
    ObserverStopped,
}

/// So many messages that are gone the ledger may remember in any case.
pub(super) const LEAST_REMEMBERED: usize = 64;

/// Queues of which a look checks the messages, in turn: of ten thousand, all would cost more than
/// the events since.
const LOOK_AT: u32 = 64;

/// The world of one run.
#[derive(Clone, Debug)]
pub struct World<O: Observer> {
    pub(super) core: Core<O>,
    pub(super) producers: Producers,
    pub(super) fleets: Fleets,
    pub(super) functions: Functions,
    pub(super) limits: Limits,
    /// What it may grow beyond.
    pub(super) memory: Watch,
    events: u64,
    /// How many events there are when the loop next looks at what stands around it.
    next_look: u64,
    /// The queue whose messages were checked last.
    looked_at: u32,
    /// The run is over for now when nothing is left before this.
    until: Option<Time>,
    /// The ledger may remember so many messages that are gone before those are looked for that
    /// nobody holds any more.
    pub(super) most_remembered: usize,
}

impl<O: Observer> World<O> {
    /// The world of replication `replication` of a scenario, before its first event.
    pub fn new(scenario: &Scenario, replication: u64, observer: O) -> World<O> {
        World::laid_out(scenario, replication, observer, &AtomicBool::new(false))
    }

    /// The same. A million clients or workers take seconds: after an interrupt some are missing,
    /// and it may not be run.
    pub(super) fn laid_out(
        scenario: &Scenario,
        replication: u64,
        observer: O,
        interrupt: &AtomicBool,
    ) -> World<O> {
        let workers = scenario.fleets.iter().map(|fleet| fleet.config.size.at_start()).sum();
        let mut core = Core::new(scenario, replication, workers, observer);
        let memory = Watch::new(scenario, &core.ledger);
        let producers = Producers::new(&mut core, &scenario.producers, interrupt);
        let fleets = Fleets::new(&mut core, &scenario.fleets, interrupt);
        let functions = Functions::new(&mut core, &scenario.functions, scenario.account);
        let mut world = World {
            core,
            producers,
            fleets,
            functions,
            limits: scenario.limits,
            memory,
            events: 0,
            next_look: 0,
            looked_at: 0,
            until: None,
            most_remembered: LEAST_REMEMBERED,
        };
        world.settle();
        world
    }

    /// Runs until nothing is left to happen before `at`, which is not behind the end; or until a
    /// limit, the interrupt or the observer stops it, and why.
    pub(super) fn run_until(&mut self, at: Time, interrupt: &AtomicBool) -> Option<Ended> {
        self.until = Some(at);
        self.next_look = self.events;
        let ended = self.run(interrupt);
        self.until = None;
        (ended != Ended::Completed).then_some(ended)
    }

    /// Whether anything is left to happen before `at`.
    pub(super) fn has_before(&mut self, at: Time) -> bool {
        self.core.calendar.has_before(at)
    }

    /// Goes on at `at`, before which nothing is left to happen, with the ends and limits of
    /// `scenario`; false if it is over there.
    pub(super) fn go_on_as(&mut self, scenario: &Scenario, at: Time) -> bool {
        self.core.end = scenario.end();
        self.core.duration = Time::ZERO + scenario.duration;
        self.limit(scenario.limits);
        self.memory.go_on_as(scenario);
        if at >= self.core.end {
            return false;
        }
        self.core.now = at;
        self.core.observer.time(at);
        true
    }

    /// Whether these limits would have ended the run before.
    pub(super) fn is_beyond(&self, limits: Limits) -> bool {
        self.events >= limits.events
            || limits.resident < self.limits.resident
            || limits.memory < self.limits.memory
    }

    /// Holds the run to these limits.
    pub(super) fn limit(&mut self, limits: Limits) {
        self.limits = limits;
        self.next_look = self.events;
    }

    /// Runs to the planned end, or until a limit, the interrupt or the observer stops it.
    ///
    /// A function of its own: inlined where a world is made, the loop has fewer registers.
    #[inline(never)]
    pub fn run(&mut self, interrupt: &AtomicBool) -> Ended {
        loop {
            if self.events >= self.next_look
                && let Some(ended) = self.look_around(interrupt)
            {
                return ended;
            }
            if self.resident() > self.limits.resident {
                return Ended::ResidentLimit;
            }
            if self.step().is_none() {
                self.core.now = self.core.end;
                return Ended::Completed;
            }
        }
    }

    /// Why the run must end here, if it must.
    #[cold]
    fn look_around(&mut self, interrupt: &AtomicBool) -> Option<Ended> {
        if interrupt.load(Ordering::Relaxed) {
            return Some(Ended::Interrupted);
        }
        if self.core.observer.stopped() {
            return Some(Ended::ObserverStopped);
        }
        if self.events >= self.limits.events {
            return Some(Ended::EventLimit);
        }
        if self.outgrows_memory() {
            return Some(Ended::MemoryLimit);
        }
        if let Some(at) = self.until {
            // The next look is before the next event: the loop itself need not know of it.
            return (!self.has_before(at)).then_some(Ended::Completed);
        }
        self.check_conservation();
        self.next_look = self.limits.events.min(self.memory.next);
        None
    }

    /// Every message that came into a queue is accounted for; cheap enough to stay on in release,
    /// as each look is at some queues only.
    fn check_conservation(&mut self) {
        let queues = self.core.queues().len() as u32;
        for _ in 0..queues.min(LOOK_AT) {
            self.looked_at = (self.looked_at + 1) % queues;
            let number = self.looked_at;
            let tally = self.core.ledger.tally(QueueId(number));
            assert!(
                tally.is_conserved(),
                "queue {number} lost a message by {}: {tally:?}",
                self.core.now
            );
        }
    }

    /// Handles the next event; `None` when none is left before the end.
    ///
    /// # Panics
    /// If time went back, which is a bug.
    #[inline]
    pub fn step(&mut self) -> Option<(Time, Event)> {
        if self.fleets.looks_ahead() && self.core.calendar.bring_next() {
            self.fleets.look_ahead(&self.core);
        }
        let (at, name) = self.core.calendar.pop_name()?;
        if at >= self.core.end {
            return None;
        }
        assert!(at >= self.core.now, "an event at {at} comes after {}", self.core.now);
        self.core.now = at;
        self.core.observer.time(at);
        self.dispatch(name);
        self.settle();
        Some((at, Event::of_timer(name)))
    }

    /// When [`World::step`] will next do something; `None` when nothing is left before the end.
    pub fn next_at(&mut self) -> Option<Time> {
        let end = self.core.end;
        self.core.calendar.next_at().filter(|&at| at < end)
    }

    #[inline]
    fn dispatch(&mut self, name: TimerId) {
        let core = &mut self.core;
        self.events += 1;
        // Made of its name here, where the ways of the match and of the making are one.
        match Event::of_timer(name) {
            Event::Service(event) => {
                self.events = self.events - 1 + core.handle(event);
                self.forget_unheld();
            }
            Event::Downstreams(event) => self.hand_out_answers(event),
            Event::Producers(event) => self.producers.handle(core, event),
            Event::Fleets(event) => self.fleets.handle(core, event),
            Event::Functions(event) => self.functions.handle(core, event),
        }
    }

    /// Hands out what a downstream has answered.
    #[cold]
    #[inline(never)]
    fn hand_out_answers(&mut self, event: DownstreamEvent) {
        while let Some((caller, answer)) = self.core.next_call_answer(event) {
            self.fleets.call_answered(&mut self.core, caller.number, answer);
        }
    }

    /// Hands out what the ledger has answered, and notes when it next needs the clock.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "every event ends here, mostly with nothing to do")]
    pub(super) fn settle(&mut self) {
        while let Some(served) = self.core.ledger.next_served() {
            match group_of(served.caller.0) {
                None => self.fleets.accept(&mut self.core, served),
                Some(_) => self.functions.accept(&mut self.core, served),
            }
        }
        self.core.plan_looks();
    }

    /// Messages in queues or held back by producers.
    #[inline]
    pub(super) fn resident(&self) -> u64 {
        self.core.ledger.resident() + self.producers.held_back()
    }

    /// The virtual time.
    pub fn now(&self) -> Time {
        self.core.now
    }

    /// Events handled so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The queues.
    pub(super) fn queues(&self) -> impl Iterator<Item = QueueId> + use<O> {
        self.core.queues()
    }

    /// The ledger, to look at.
    pub fn ledger(&self) -> &Ledger {
        &self.core.ledger
    }

    /// Who is told.
    pub fn observer(&self) -> &O {
        &self.core.observer
    }

    /// Who was told.
    pub fn into_observer(self) -> O {
        self.core.observer
    }
}
