//! The state of everything, and the loop.
//!
//! Owns the calendar, the ledger and the clients of one run. Must not know files, clocks, names or
//! output: a scenario comes in, an observer is told what happens.
//!
//! Invariant: time never goes back; after each event nobody has an unanswered call that the
//! ledger has answered, and each queue's next deadline is in the calendar.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use super::calls::{Calls, ClosedClient, DeleteCall};
use super::event::{Event, FleetEvent, ProducerEvent, ServiceEvent};
use super::foreseen::Watch;
use crate::clients::arrivals::Arrivals;
use crate::clients::producer::{Producer, SendCall};
use crate::clients::worker::{Thread, Worker, WorkerChance, buffer, deliveries_per_thread};
use crate::facts::deed::{ProducerId, WorkerId};
use crate::facts::observer::Observer;
use crate::facts::thread_time::ThreadTime;
use crate::kernel::calendar::Calendar;
use crate::kernel::rng::{Luck, Purpose, Streams};
use crate::kernel::time::{Span, Time};
use crate::ledger::Ledger;
use crate::ledger::config::QueueId;
use crate::ledger::{Delivery, Receipt};
use crate::model::clients::FleetConfig;
use crate::model::scenario::{Limits, Named, Scenario};

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

/// Events between two looks at the interrupt, the observer and the conservation of messages.
pub(super) const LOOK_EVERY: u64 = 1024;

/// Queues of which a look checks the messages, in turn: of ten thousand, all would cost more than
/// the events since.
const LOOK_AT: u32 = 64;

/// These numbers, up to an interrupt.
fn uninterrupted(numbers: Range<u32>, interrupt: &AtomicBool) -> impl Iterator<Item = u32> {
    let looks = move |number: &u32| !number.is_multiple_of(LOOK_EVERY as u32);
    numbers.take_while(move |number| looks(number) || !interrupt.load(Ordering::Relaxed))
}

/// The world of one run.
#[derive(Clone, Debug)]
pub struct World<O: Observer> {
    pub(super) now: Time,
    /// Nothing happens here or later.
    end: Time,
    pub(super) streams: Streams,
    /// Producers fall silent here.
    pub(super) duration: Time,
    pub(super) limits: Limits,
    /// What it may grow beyond.
    pub(super) memory: Watch,
    /// Its rows do not fit a near cache.
    pub(super) looks_ahead: bool,
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
    pub(super) calendar: Calendar<Event>,
    pub(super) ledger: Ledger,
    /// When the calendar next looks at each queue.
    pub(super) looks: Vec<Time>,
    pub(super) producers: Vec<Producer>,
    pub(super) clients: Vec<ClosedClient>,
    pub(super) send_calls: Calls<SendCall>,
    /// Messages that producers hold back: in calls under way or waiting for a connection.
    pub(super) held_back: u64,
    pub(super) fleets: Vec<FleetConfig>,
    pub(super) workers: Vec<Worker>,
    /// What each worker holds and no thread works on yet.
    pub(super) buffers: Vec<VecDeque<Delivery>>,
    pub(super) chances: Vec<WorkerChance>,
    /// Receipts that wait for a worker's background delete.
    pub(super) deletes: Vec<Vec<Receipt>>,
    pub(super) threads: Vec<Thread>,
    /// What threads work on.
    pub(super) held: Vec<Delivery>,
    pub(super) delete_calls: Calls<DeleteCall>,
    /// Who is told.
    pub observer: O,
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
        mut observer: O,
        interrupt: &AtomicBool,
    ) -> World<O> {
        let streams = Streams::new(scenario.seed, replication);
        let fleets: Vec<FleetConfig> = scenario.fleets.iter().map(|f| f.config.clone()).collect();
        let workers: u32 = fleets.iter().map(|fleet| fleet.count).sum();
        let paths: Vec<String> =
            scenario.queues.iter().map(|queue| format!("queues.{}", queue.name)).collect();
        let queues =
            paths.iter().map(String::as_str).zip(scenario.queues.iter().map(|q| &q.config));
        observer.time(Time::ZERO);
        let ledger = Ledger::new(queues, workers, streams, &mut observer);
        let memory = Watch::new(scenario, &ledger);
        let mut world = World {
            now: Time::ZERO,
            end: scenario.end(),
            streams,
            duration: Time::ZERO + scenario.duration,
            limits: scenario.limits,
            memory,
            looks_ahead: false,
            events: 0,
            next_look: 0,
            looked_at: 0,
            until: None,
            most_remembered: LEAST_REMEMBERED,
            calendar: Calendar::with_capacity(4 * workers as usize + 64),
            looks: vec![Time::NEVER; scenario.queues.len()],
            ledger,
            producers: Vec::new(),
            clients: Vec::new(),
            send_calls: Calls::new(),
            held_back: 0,
            fleets,
            workers: Vec::new(),
            buffers: Vec::new(),
            chances: Vec::new(),
            deletes: Vec::new(),
            threads: Vec::new(),
            held: Vec::new(),
            delete_calls: Calls::new(),
            observer,
        };
        world.place_producers(scenario, streams, interrupt);
        world.place_workers(scenario, interrupt);
        world.choose_look_ahead();
        for (number, queue) in (0..).zip(&scenario.queues) {
            if let Some(&at) = queue.config.purges.first() {
                world.calendar.schedule(at, ServiceEvent::Purge(QueueId(number)));
            }
        }
        world.settle();
        world
    }

    fn place_producers(&mut self, scenario: &Scenario, streams: Streams, interrupt: &AtomicBool) {
        for (number, named) in (0..).zip(&scenario.producers) {
            let path = producer_path(&named.name);
            let mut producer = Producer::new(&path, &named.config, streams);
            if let Some(at) = producer.arrivals.next_look() {
                self.calendar.schedule(at, ProducerEvent::Arrival(ProducerId(number)));
            }
            self.producers.push(producer);
            for (count, think) in Arrivals::closed(&named.config.arrivals) {
                for _ in uninterrupted(0..count, interrupt) {
                    let name = self.clients.len() as u32;
                    let chance = streams.stream(&format!("{path}.clients.{name}"), Purpose::Think);
                    let think = think.clone();
                    self.clients.push(ClosedClient { producer: number, think, chance });
                    self.think(name);
                }
            }
        }
    }

    fn place_workers(&mut self, scenario: &Scenario, interrupt: &AtomicBool) {
        for (fleet, named) in (0..).zip(&scenario.fleets) {
            for member in uninterrupted(0..named.config.count, interrupt) {
                self.place_worker(fleet, named, member);
            }
        }
        for number in uninterrupted(0..self.workers.len() as u32, interrupt) {
            self.begin_life(number);
        }
    }

    /// Lays out a worker, which has not started.
    pub(super) fn place_worker(&mut self, fleet: u32, named: &Named<FleetConfig>, member: u32) {
        let config = &named.config;
        let stride = deliveries_per_thread(config);
        let number = self.workers.len() as u32;
        let first = self.threads.len() as u32;
        for _ in 0..config.threads {
            let deliveries = self.place_deliveries(stride);
            self.threads.push(Thread::new(number, deliveries));
        }
        let own = &mut self.threads[first as usize..];
        self.workers.push(Worker::new(fleet, own, first));
        self.turn_idle(number, ThreadTime::Gone);
        self.buffers.push(buffer(config));
        self.deletes.push(Vec::new());
        let path = format!("consumers.{}.{member}", named.name);
        self.chances.push(WorkerChance::new(&path, self.streams));
    }

    /// Room for what a thread holds.
    pub(super) fn place_deliveries(&mut self, stride: u32) -> u32 {
        let nothing = Delivery { receipt: Receipt::of_nothing(), luck: Luck(0), sent: Time::ZERO };
        let first = self.held.len();
        self.held.resize(first + stride as usize, nothing);
        first as u32
    }

    /// A worker that was laid out starts, now or after its delay.
    pub(super) fn begin_life(&mut self, number: u32) {
        let fleet = &self.fleets[self.workers[number as usize].fleet as usize];
        let delay = fleet.start_up.sample(&mut self.chances[number as usize].start_up);
        if delay.is_zero() {
            self.start(number);
        } else {
            let at = self.after(delay);
            self.calendar.schedule(at, FleetEvent::Life(WorkerId(number)));
        }
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
        self.calendar.has_before(at)
    }

    /// Goes on at `at`, before which nothing is left to happen, with the ends and limits of
    /// `scenario`; false if it is over there.
    pub(super) fn go_on_as(&mut self, scenario: &Scenario, at: Time) -> bool {
        self.end = scenario.end();
        self.duration = Time::ZERO + scenario.duration;
        self.limit(scenario.limits);
        self.memory.go_on_as(scenario);
        if at >= self.end {
            return false;
        }
        self.now = at;
        self.observer.time(at);
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
            if self.ledger.resident() + self.held_back > self.limits.resident {
                return Ended::ResidentLimit;
            }
            if self.step().is_none() {
                self.now = self.end;
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
        if self.observer.stopped() {
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
        let queues = self.looks.len() as u32;
        for _ in 0..queues.min(LOOK_AT) {
            self.looked_at = (self.looked_at + 1) % queues;
            let number = self.looked_at;
            let tally = self.ledger.tally(QueueId(number));
            assert!(
                tally.is_conserved(),
                "queue {number} lost a message by {}: {tally:?}",
                self.now
            );
        }
    }

    /// Handles the next event; `None` when none is left before the end.
    ///
    /// # Panics
    /// If time went back, which is a bug.
    #[inline]
    pub fn step(&mut self) -> Option<(Time, Event)> {
        if self.looks_ahead && self.calendar.bring_next() {
            self.look_ahead();
        }
        let (at, event) = self.calendar.pop()?;
        if at >= self.end {
            return None;
        }
        assert!(at >= self.now, "an event at {at} comes after {}", self.now);
        self.now = at;
        self.observer.time(at);
        self.dispatch(event);
        self.settle();
        Some((at, event))
    }

    /// When [`World::step`] will next do something; `None` when nothing is left before the end.
    pub fn next_at(&mut self) -> Option<Time> {
        self.calendar.next_at().filter(|&at| at < self.end)
    }

    #[inline]
    fn dispatch(&mut self, event: Event) {
        self.events += 1;
        match event {
            Event::Service(event) => self.service_event(event),
            Event::Producers(event) => self.producer_event(event),
            Event::Fleets(event) => self.fleet_event(event),
        }
    }

    #[inline]
    fn service_event(&mut self, event: ServiceEvent) {
        match event {
            ServiceEvent::Due(queue) => self.look_at_queue(queue),
            ServiceEvent::Purge(queue) => self.purge(queue),
        }
    }

    #[inline]
    fn producer_event(&mut self, event: ProducerEvent) {
        match event {
            ProducerEvent::SendCall(call) => self.take_effect(call),
            ProducerEvent::Arrival(ProducerId(producer)) => self.arrival(producer),
            ProducerEvent::Client(client) => self.client_sends(client),
            ProducerEvent::SendLinger(ProducerId(producer)) => self.flush_batch(producer),
        }
    }

    #[inline]
    fn fleet_event(&mut self, event: FleetEvent) {
        match event {
            FleetEvent::Life(WorkerId(worker)) => self.turn_life(worker),
            FleetEvent::Thread(thread) => self.thread_due(thread),
            FleetEvent::DeleteCall(call) => self.background_delete(call),
            FleetEvent::Heartbeat(thread) => self.heartbeat(thread),
            FleetEvent::DeleteLinger(WorkerId(worker)) => self.flush_deletes(worker),
            FleetEvent::Answer(WorkerId(worker)) => self.answer_arrives(worker),
            FleetEvent::Poll(WorkerId(worker)) => self.poll_due(worker),
        }
    }

    /// The ledger's own deadlines. A look that comes too early is not an event.
    fn look_at_queue(&mut self, queue: QueueId) {
        self.looks[queue.0 as usize] = Time::NEVER;
        let happened = self.ledger.advance(self.now, queue, &mut self.observer);
        self.events = self.events - 1 + happened;
        self.forget_unheld();
    }

    fn purge(&mut self, queue: QueueId) {
        self.ledger.purge(self.now, queue, &mut self.observer);
        let next = self.ledger.config(queue).purges.iter().find(|&&at| at > self.now);
        if let Some(&at) = next {
            self.calendar.schedule(at, ServiceEvent::Purge(queue));
        }
        self.forget_unheld();
    }

    /// The virtual time.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Events handled so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The queues.
    pub(super) fn queues(&self) -> impl Iterator<Item = QueueId> + use<O> {
        (0..self.looks.len() as u32).map(QueueId)
    }

    /// The ledger, to look at.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// A time `span` from now.
    #[inline]
    pub(super) fn after(&self, span: Span) -> Time {
        self.now.saturating_add(span)
    }
}

/// The streams of a producer.
pub(super) fn producer_path(name: &str) -> String {
    format!("producers.{name}")
}
