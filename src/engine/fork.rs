//! A run whose settings change at an instant: its past is the one it would have had.
//!
//! Owns how a world follows a [`Course`] and hands other settings to each of its parts. Must not
//! know which settings may change (`scenario::fork` finds those that may not before anything runs),
//! nor how a part takes them on.
//!
//! Invariant: a world that takes on what it follows already is not touched. What is under way at
//! the instant ends as it was begun (work, calls, pauses, messages hidden); what begins at it or
//! later follows the new settings.

use std::sync::atomic::AtomicBool;

use super::world::{Ended, World};
use crate::facts::observer::Observer;
use crate::model::course::{Course, Fork};
use crate::model::scenario::Scenario;

impl<O: Observer> World<O> {
    /// The world of replication `replication` of a course, run to its end or until a limit, the
    /// interrupt or the observer stops it.
    pub fn follow(
        course: Course<'_>,
        replication: u64,
        interrupt: &AtomicBool,
        observer: O,
    ) -> (World<O>, Ended) {
        let Course { scenario, fork } = course.with_a_past();
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
        self.core.follow(from, then);
        self.producers.follow(&mut self.core, &from.producers, &then.producers);
        self.fleets.follow(&mut self.core, &from.fleets, &then.fleets);
        self.functions.follow(&mut self.core, &from.functions, &then.functions, then.account);
        self.settle();
    }
}
