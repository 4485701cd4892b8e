//! Deploys: the workers of a fleet are exchanged for others, part by part.
//!
//! Owns whose turn it is. Must not know how a worker leaves or starts (`life`).
//!
//! Invariant: while a part is exchanged, each of its places is one that somebody is to come back
//! to; the next part follows when all of them have started, or are not wanted any more.

use super::Fleets;
use crate::core::Core;
use crate::core::event::FleetEvent;
use crate::facts::deed::{Deed, FleetId, WorkerId};
use crate::facts::observer::Observer;
use crate::kernel::time::Span;

/// A deploy under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Rollout {
    /// Whose turn is still to come, the last one first.
    todo: Vec<u32>,
    /// How many are exchanged at once.
    batch: u32,
    /// Places whose new worker has not started.
    under_way: u32,
}

impl Fleets {
    /// The next deploy of a fleet, after now.
    pub(super) fn plan_deploy<O: Observer>(&self, core: &mut Core<O>, fleet: u32) {
        let deploys = self.configs[fleet as usize].deploys.as_ref();
        if let Some(at) = deploys.and_then(|deploys| deploys.next(core.now)) {
            core.calendar.schedule(at, FleetEvent::Deploy(FleetId(fleet)));
        }
    }

    /// A deploy begins.
    pub(super) fn deploy<O: Observer>(&mut self, core: &mut Core<O>, fleet: u32) {
        core.observer.deed(core.now, &Deed::Deployed { fleet: FleetId(fleet) });
        let mut todo: Vec<u32> = self.staying(fleet).collect();
        todo.reverse();
        if let Some(deploys) = &self.configs[fleet as usize].deploys {
            let rollout = &mut self.rollouts[fleet as usize];
            rollout.batch = deploys.batch.of(todo.len() as u32);
            rollout.todo = todo;
        }
        self.plan_deploy(core, fleet);
        self.roll_out(core, fleet);
    }

    /// The next part is exchanged, if none is.
    pub(super) fn roll_out<O: Observer>(&mut self, core: &mut Core<O>, fleet: u32) {
        let mut left = self.rollouts[fleet as usize].batch;
        if self.rollouts[fleet as usize].under_way > 0 {
            return;
        }
        while left > 0
            && let Some(number) = self.rollouts[fleet as usize].todo.pop()
        {
            // It may have left meanwhile, for good.
            if self.stays(number) {
                left -= 1;
                self.leave(core, number, true);
            }
        }
    }

    /// Whether somebody is to come back to the place of a worker.
    pub(super) fn comes_back<O: Observer>(
        &mut self,
        core: &mut Core<O>,
        number: u32,
        comes_back: bool,
    ) {
        let term = &mut self.terms[number as usize];
        let was = std::mem::replace(&mut term.comes_back, comes_back);
        if was == comes_back {
            return;
        }
        let fleet = self.workers[number as usize].fleet;
        let rollout = &mut self.rollouts[fleet as usize];
        if comes_back {
            rollout.under_way += 1;
        } else {
            rollout.under_way -= 1;
            if rollout.under_way == 0 && !rollout.todo.is_empty() {
                // In an event of its own: thousands of parts must not become a deep recursion.
                core.plan(Span::ZERO, FleetEvent::Rollout(FleetId(fleet)));
            }
        }
    }

    /// A new worker has the place of one that has gone.
    pub(super) fn exchange<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let fleet = self.workers[number as usize].fleet;
        let joined = Deed::Joined { worker: WorkerId(number), fleet: FleetId(fleet) };
        core.observer.deed(core.now, &joined);
        self.take_place(core, number);
        self.settle_in(core, number);
    }
}
