//! How fleets take other settings on.
//!
//! Owns who leaves and who joins at a fork, and what becomes of those that stay. Must not know
//! which settings may change: `scenario::fork` finds those that may not before anything runs.
//!
//! Invariant: a fleet that takes on what it follows already is not touched. Work, calls and pauses
//! that are under way end as they were begun.

use super::Fleets;
use super::worker::{Life, deliveries_per_thread};
use crate::core::Core;
use crate::core::event::FleetEvent;
use crate::facts::deed::{Deed, FleetId, WorkerId};
use crate::facts::observer::Observer;
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
        let mut joining = Vec::new();
        for (number, (from, to)) in (0..).zip(Named::pairs(from, to)) {
            self.reconfigure_fleet(core, number, &from.config, &to.config);
            joining.extend((from.config.count..to.config.count).map(|member| (number, to, member)));
        }
        self.join(core, &joining);
    }

    fn reconfigure_fleet<O: Observer>(
        &mut self,
        core: &mut Core<O>,
        fleet: u32,
        from: &FleetConfig,
        to: &FleetConfig,
    ) {
        if from == to {
            return;
        }
        self.configs[fleet as usize] = to.clone();
        let mut members = std::mem::take(&mut self.members[fleet as usize]);
        for (member, &number) in (0..).zip(&members) {
            if member >= to.count {
                self.leave(core, number);
            }
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
        members.truncate(to.count as usize);
        self.members[fleet as usize] = members;
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

    /// Workers that were not there before start now, or after their delay.
    fn join<O: Observer>(
        &mut self,
        core: &mut Core<O>,
        joining: &[(u32, &Named<FleetConfig>, u32)],
    ) {
        if joining.is_empty() {
            return;
        }
        let first = self.workers.len() as u32;
        for (worker, &(fleet, named, member)) in (first..).zip(joining) {
            let (worker, of) = (WorkerId(worker), FleetId(fleet));
            core.observer.deed(core.now, &Deed::Joined { worker, fleet: of });
            self.place_worker(core, fleet, named, member);
        }
        self.choose_look_ahead();
        for number in first..self.workers.len() as u32 {
            self.begin_life(core, number);
        }
    }
}
