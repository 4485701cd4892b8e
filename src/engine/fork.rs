//! A run whose settings change at an instant: its past is the one it would have had.
//!
//! Owns how a world follows a [`Course`] and takes other settings on. Must not know which settings
//! may change: `scenario::fork` finds those that may not before anything runs.
//!
//! Invariant: a world that takes on what it follows already is not touched. What is under way at
//! the instant ends as it was begun (work, calls, pauses, messages hidden); what begins at it or
//! later follows the new settings.

use std::sync::atomic::AtomicBool;

use super::event::{FleetEvent, ProducerEvent, ServiceEvent};
use super::world::{Ended, World, producer_path};
use crate::clients::arrivals::Arrivals;
use crate::clients::worker::{Life, deliveries_per_thread};
use crate::facts::deed::{ProducerId, WorkerId};
use crate::facts::observer::Observer;
use crate::ledger::config::{QueueConfig, QueueId};
use crate::model::clients::{FleetConfig, ProducerConfig};
use crate::model::course::{Course, Fork};
use crate::model::scenario::{Named, Scenario};

impl<O: Observer> World<O> {
    /// The world of replication `replication` of a course, run to its end or until a limit, the
    /// interrupt or the observer stops it.
    pub fn follow(
        course: Course<'_>,
        replication: u64,
        interrupt: &AtomicBool,
        observer: O,
    ) -> (World<O>, Ended) {
        let Course { scenario, fork } = course;
        let mut world = World::laid_out(scenario, replication, observer, interrupt);
        world.limit(course.last().limits);
        if let Some(Fork { at, then }) = fork {
            if let Some(ended) = world.run_until(at, interrupt) {
                return (world, ended);
            }
            world.continue_as(scenario, Fork { at, then });
        }
        let ended = world.run(interrupt);
        (world, ended)
    }

    /// All before the fork has happened, under `from`: goes on with other settings.
    pub(super) fn continue_as(&mut self, from: &Scenario, fork: Fork<'_>) {
        let Fork { at, then } = fork;
        if from == then {
            return;
        }
        if !self.go_on_as(then, at) {
            return;
        }
        for (id, (from, to)) in (0..).map(QueueId).zip(pairs(&from.queues, &then.queues)) {
            self.reconfigure_queue(id, &from.config, &to.config);
        }
        let clients =
            by_owner(self.clients.iter().map(|client| client.producer), then.producers.len());
        for (number, (from, to)) in (0..).zip(pairs(&from.producers, &then.producers)) {
            self.reconfigure_producer(number, from, &to.config, &clients[number as usize]);
        }
        let members = by_owner(self.workers.iter().map(|worker| worker.fleet), then.fleets.len());
        let mut joining = Vec::new();
        for (number, (from, to)) in (0..).zip(pairs(&from.fleets, &then.fleets)) {
            self.reconfigure_fleet(number, &from.config, &to.config, &members[number as usize]);
            joining.extend((from.config.count..to.config.count).map(|member| (number, to, member)));
        }
        self.join(&joining);
        self.settle();
    }

    fn reconfigure_queue(&mut self, id: QueueId, from: &QueueConfig, to: &QueueConfig) {
        if from == to {
            return;
        }
        self.ledger.reconfigure(self.now, id, to);
        if from.purges != to.purges {
            self.calendar.cancel(ServiceEvent::Purge(id));
            if let Some(&at) = to.purges.iter().find(|&&at| at >= self.now) {
                self.calendar.schedule(at, ServiceEvent::Purge(id));
            }
        }
    }

    fn reconfigure_producer(
        &mut self,
        number: u32,
        from: &Named<ProducerConfig>,
        to: &ProducerConfig,
        clients: &[u32],
    ) {
        if from.config == *to {
            return;
        }
        let producer = &mut self.producers[number as usize];
        producer.reconfigure(to);
        let (before, after) = (&from.config.arrivals, &to.arrivals);
        if before != after {
            let path = producer_path(&from.name);
            let next = producer.arrivals.change(self.now, before, after, self.streams, &path);
            self.calendar.cancel(ProducerEvent::Arrival(ProducerId(number)));
            if let Some(next) = next {
                self.calendar.schedule(next, ProducerEvent::Arrival(ProducerId(number)));
            }
            let thinks =
                Arrivals::closed(after).flat_map(|(count, think)| (0..count).map(move |_| think));
            for (&client, think) in clients.iter().zip(thinks) {
                self.clients[client as usize].think.clone_from(think);
            }
        }
        self.use_connections(number);
    }

    fn reconfigure_fleet(
        &mut self,
        fleet: u32,
        from: &FleetConfig,
        to: &FleetConfig,
        members: &[u32],
    ) {
        if from == to {
            return;
        }
        self.fleets[fleet as usize] = to.clone();
        for (member, &number) in (0..).zip(members) {
            if member >= to.count {
                self.leave(number);
            }
            self.make_room(number, from, to);
            if from.heartbeat.is_some() && to.heartbeat.is_none() {
                let first = self.workers[number as usize].first_thread;
                for thread in first..first + to.threads {
                    self.calendar.cancel(FleetEvent::Heartbeat(thread));
                }
            }
            self.change_life(number, from, to);
            let worker = &self.workers[number as usize];
            if worker.wants_messages(to) {
                self.poll_at_once(number);
            }
        }
    }

    /// Its threads may hold more than before.
    fn make_room(&mut self, number: u32, from: &FleetConfig, to: &FleetConfig) {
        let stride = deliveries_per_thread(to);
        if stride <= deliveries_per_thread(from) {
            return;
        }
        let first = self.workers[number as usize].first_thread;
        for thread in first..first + to.threads {
            let deliveries = self.place_deliveries(stride);
            let thread = &mut self.threads[thread as usize];
            let held = thread.first as usize..thread.first as usize + usize::from(thread.count);
            self.held.copy_within(held, deliveries as usize);
            thread.first = deliveries;
        }
    }

    /// When it next crashes is drawn anew if that has another law: the law has no memory.
    fn change_life(&mut self, number: u32, from: &FleetConfig, to: &FleetConfig) {
        let mean = |fleet: &FleetConfig| fleet.crash.as_ref().map(|it| it.mean_time_between);
        let runs = matches!(self.workers[number as usize].life, Life::Up | Life::Leaving);
        if mean(from) == mean(to) || !runs {
            return;
        }
        self.calendar.cancel(FleetEvent::Life(WorkerId(number)));
        self.plan_crash(number);
    }

    /// Workers that were not there before start now, or after their delay.
    fn join(&mut self, joining: &[(u32, &Named<FleetConfig>, u32)]) {
        if joining.is_empty() {
            return;
        }
        let first = self.workers.len() as u32;
        self.ledger.make_room(first, joining.len() as u32);
        for &(fleet, named, member) in joining {
            self.place_worker(fleet, named, member);
        }
        self.choose_look_ahead();
        for number in first..self.workers.len() as u32 {
            self.begin_life(number);
        }
    }
}

/// The numbers of what `owners` own, by owner, each in order.
fn by_owner(owners: impl Iterator<Item = u32>, number: usize) -> Vec<Vec<u32>> {
    let mut owned = vec![Vec::new(); number];
    for (place, owner) in (0..).zip(owners) {
        owned[owner as usize].push(place);
    }
    owned
}

/// The parts that two scenarios have in common, by place.
fn pairs<'a, T>(
    from: &'a [Named<T>],
    to: &'a [Named<T>],
) -> impl Iterator<Item = (&'a Named<T>, &'a Named<T>)> {
    assert_eq!(from.len(), to.len(), "a fork adds nothing with a name");
    from.iter().zip(to)
}
