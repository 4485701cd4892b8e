//! How fleets take other settings on.
//!
//! Owns what becomes of those that stay at a fork, and when others leave and join. Must not know
//! which settings may change: `scenario::fork` finds those that may not before anything runs.
//!
//! Invariant: a fleet that takes on what it follows already is not touched. Work, calls and pauses
//! that are under way end as they were begun.

use std::collections::BTreeMap;

use super::Fleets;
use super::worker::{Life, deliveries_per_thread};
use crate::core::Core;
use crate::core::event::{Event, FleetEvent};
use crate::facts::deed::{FleetId, WorkerId};
use crate::facts::observer::Observer;
use crate::kernel::time::Time;
use crate::model::clients::FleetConfig;
use crate::model::scenario::Named;

impl Fleets {
    /// Follows `to` from now on; `from` is what they followed.
    pub fn follow<O: Observer>(
        &mut self,
        core: &mut Core<O>,
        from: &[Named<FleetConfig>],
        to: &[Named<FleetConfig>],
    ) {
        let before = Time::from_nanos(core.now.as_nanos().saturating_sub(1));
        let (mut sizes, mut deploys) = (BTreeMap::new(), BTreeMap::new());
        for (fleet, (from, to)) in (0..).zip(Named::pairs(from, to)) {
            let (from, to) = (&from.config, &to.config);
            if from == to {
                continue;
            }
            self.configs[fleet as usize] = to.clone();
            if from.size != to.size {
                // What the clock says of this instant itself, it says in an event of its own.
                if let Some(count) = to.size.at(before) {
                    self.want(core, fleet, count);
                }
                let next = to.size.next_step(before);
                sizes.insert(fleet, (FleetEvent::Size(FleetId(fleet)), next));
                self.let_leave(core, fleet);
            }
            if from.deploys != to.deploys {
                let next = to.deploys.as_ref().and_then(|deploys| deploys.next(before));
                deploys.insert(fleet, (FleetEvent::Deploy(FleetId(fleet)), next));
            }
            self.reconfigure_workers(core, fleet, from, to);
        }
        for moved in [sizes, deploys] {
            core.move_in_turn(&moved, |event| match event {
                Event::Fleets(FleetEvent::Size(fleet) | FleetEvent::Deploy(fleet)) => Some(fleet.0),
                Event::Fleets(_)
                | Event::Downstreams(_)
                | Event::Producers(_)
                | Event::Functions(_)
                | Event::Service(_) => None,
            });
        }
        let joining: Vec<u32> =
            (0..to.len() as u32).flat_map(|fleet| self.let_join(core, fleet)).collect();
        for number in joining {
            self.settle_in(core, number);
        }
    }

    fn reconfigure_workers<O: Observer>(
        &mut self,
        core: &mut Core<O>,
        fleet: u32,
        from: &FleetConfig,
        to: &FleetConfig,
    ) {
        for number in self.sizes[fleet as usize].places.clone() {
            self.make_room(number, from, to);
            if from.heartbeat.is_some() && to.heartbeat.is_none() {
                let first = self.workers[number as usize].first_thread;
                for thread in first..first + to.threads {
                    core.calendar.cancel(FleetEvent::Heartbeat(thread));
                }
            }
            self.change_life(core, number, from, to);
            let worker = &self.workers[number as usize];
            if worker.wants_messages(to) {
                self.poll_at_once(core, number);
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
    fn change_life<O: Observer>(
        &mut self,
        core: &mut Core<O>,
        number: u32,
        from: &FleetConfig,
        to: &FleetConfig,
    ) {
        let mean = |fleet: &FleetConfig| fleet.crash.as_ref().map(|it| it.mean_time_between);
        let runs = matches!(self.workers[number as usize].life, Life::Up | Life::Leaving);
        if mean(from) == mean(to) || !runs {
            return;
        }
        core.calendar.cancel(FleetEvent::Life(WorkerId(number)));
        self.plan_crash(core, number);
    }
}
