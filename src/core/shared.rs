//! What all clients share.
//!
//! Owns [`Core`]: the time, the calendar, the queue service and who is told, what the service does
//! at its own events, and the numbers of connections. Must not know who the clients are.
//!
//! Invariant: time never goes back; after each event each queue's next deadline is in the calendar.
#![expect(clippy::inline_always, reason = "every event ends here, mostly with nothing to plan")]

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use super::downstreams::Downstreams;
use super::event::{Event, ServiceEvent};
use crate::facts::observer::Observer;
use crate::kernel::calendar::Calendar;
use crate::kernel::rng::Streams;
use crate::kernel::time::{Span, Time};
use crate::ledger::Ledger;
use crate::ledger::config::{QueueConfig, QueueId};
use crate::model::scenario::{Named, Scenario};

/// Clients that are laid out between two looks at an interrupt.
const LOOK_EVERY: u32 = 1024;

/// The state that every kind of client works with.
#[derive(Clone, Debug)]
pub struct Core<O: Observer> {
    /// The virtual time.
    pub now: Time,
    /// Nothing happens here or later.
    pub end: Time,
    /// Producers fall silent here.
    pub duration: Time,
    /// Of chance.
    pub streams: Streams,
    /// What is going to happen.
    pub calendar: Calendar<Event>,
    /// The queue service.
    pub ledger: Ledger,
    queues: usize,
    /// Connections that are numbered.
    connections: u32,
    /// What workers lean on.
    pub(super) downstreams: Downstreams,
    /// Who is told.
    pub observer: O,
}

impl<O: Observer> Core<O> {
    /// The queues of replication `replication` of a scenario and their purges, with room for
    /// `callers` who receive, before anything has happened.
    pub fn new(scenario: &Scenario, replication: u64, callers: u32, mut observer: O) -> Core<O> {
        let streams = Streams::new(scenario.seed, replication);
        let paths: Vec<String> =
            scenario.queues.iter().map(|queue| format!("queues.{}", queue.name)).collect();
        let queues =
            paths.iter().map(String::as_str).zip(scenario.queues.iter().map(|q| &q.config));
        observer.time(Time::ZERO);
        let ledger = Ledger::new(queues, callers, streams, &mut observer);
        let mut calendar = Calendar::with_capacity(4 * callers as usize + 64);
        for (number, queue) in (0..).zip(&scenario.queues) {
            if let Some(&at) = queue.config.purges.first() {
                calendar.schedule(at, ServiceEvent::Purge(QueueId(number)));
            }
        }
        Core {
            now: Time::ZERO,
            end: scenario.end(),
            duration: Time::ZERO + scenario.duration,
            streams,
            calendar,
            ledger,
            queues: scenario.queues.len(),
            connections: 0,
            downstreams: Downstreams::new(&scenario.downstreams),
            observer,
        }
    }

    /// The number of a new connection to the queue service, over which somebody sends. Whoever
    /// sends has one, so that no two clients have the same, of whatever kind they are.
    pub fn connect(&mut self) -> u32 {
        self.connections += 1;
        self.connections - 1
    }

    /// Schedules an event `span` from now.
    #[inline(always)]
    pub fn plan(&mut self, span: Span, event: impl Into<Event>) {
        self.calendar.schedule(self.now.saturating_add(span), event);
    }

    /// The queues.
    pub fn queues(&self) -> impl ExactSizeIterator<Item = QueueId> + use<O> {
        (0..self.queues).map(|number| QueueId(number as u32))
    }

    /// From now on, queues and downstreams follow those of `to` instead of `from`.
    pub fn follow(&mut self, from: &Scenario, to: &Scenario) {
        self.follow_downstreams(&from.downstreams, &to.downstreams);
        self.follow_queues(&from.queues, &to.queues);
    }

    fn follow_queues(&mut self, from: &[Named<QueueConfig>], to: &[Named<QueueConfig>]) {
        let mut purges = BTreeMap::new();
        for (id, (from, to)) in self.queues().zip(Named::pairs(from, to)) {
            if from.config != to.config {
                self.ledger.reconfigure(self.now, id, &to.config);
            }
            if from.config.purges != to.config.purges {
                let next = to.config.purges.iter().copied().find(|&at| at >= self.now);
                purges.insert(id.0, (ServiceEvent::Purge(id), next));
            }
        }
        self.move_in_turn(&purges, |event| match event {
            Event::Service(ServiceEvent::Purge(queue)) => Some(queue.0),
            Event::Service(ServiceEvent::Due(_))
            | Event::Downstreams(_)
            | Event::Producers(_)
            | Event::Fleets(_)
            | Event::Functions(_) => None,
        });
    }

    /// Lets an event of the queue service happen; returns how many things happened. A look that
    /// comes too early is none.
    pub fn handle(&mut self, event: ServiceEvent) -> u64 {
        match event {
            ServiceEvent::Due(queue) => self.ledger.advance(self.now, queue, &mut self.observer),
            ServiceEvent::Purge(queue) => {
                self.ledger.purge(self.now, queue, &mut self.observer);
                let next = self.ledger.config(queue).purges.iter().find(|&&at| at > self.now);
                if let Some(&at) = next {
                    self.calendar.schedule(at, ServiceEvent::Purge(queue));
                }
                1
            }
        }
    }

    /// Notes when the ledger next needs the clock.
    #[inline(always)]
    pub fn plan_looks(&mut self) {
        if self.ledger.has_looks() {
            self.plan_reported();
        }
        debug_assert_eq!(self.ledger.missed_look(), None, "it was never reported");
    }

    #[inline(never)]
    fn plan_reported(&mut self) {
        self.ledger.begin_looks();
        while let Some((queue, due)) = self.ledger.next_look() {
            self.calendar.schedule(due.max(self.now), ServiceEvent::Due(queue));
        }
    }
}

/// These numbers, up to an interrupt: a million clients take seconds to be laid out.
pub fn uninterrupted(numbers: Range<u32>, interrupt: &AtomicBool) -> impl Iterator<Item = u32> {
    let looks = move |number: &u32| !number.is_multiple_of(LOOK_EVERY);
    numbers.take_while(move |number| looks(number) || !interrupt.load(Ordering::Relaxed))
}
