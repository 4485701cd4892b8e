//! One past, several futures.
//!
//! Owns [`Saved`], a run that was stopped at an instant. Must not know which futures there are.
//!
//! Invariant: a future gives what its run from the start gives, past included.

use std::sync::atomic::AtomicBool;

use super::run::{Run, finished, frame, run};
use super::world::{Ended, World};
use crate::kernel::time::Time;
use crate::model::course::{Course, Fork};
use crate::model::scenario::Scenario;
use crate::observe::metrics::Metrics;

/// A run in which all before an instant has happened, to go on from as often as wanted.
#[derive(Clone, Debug)]
pub struct Saved<'a> {
    scenario: &'a Scenario,
    replication: u64,
    at: Time,
    world: World<(Metrics, ())>,
    /// Why it did not come to the instant.
    ended: Option<Ended>,
}

impl<'a> Saved<'a> {
    /// Runs replication `replication` of a scenario up to `at`, which is not behind its end, or
    /// until `interrupt` is set.
    pub fn at(
        at: Time,
        scenario: &'a Scenario,
        replication: u64,
        interrupt: &AtomicBool,
    ) -> Saved<'a> {
        let observers = (Metrics::new(&frame(scenario)), ());
        let mut world = World::laid_out(scenario, replication, observers, interrupt);
        let ended = world.run_until(at, interrupt);
        Saved { scenario, replication, at, world, ended }
    }

    /// The future under `then`. Where there is no past, another window is to be measured, or the
    /// run did not come to the instant, it is run from the start.
    pub fn run(&self, then: &Scenario, interrupt: &AtomicBool) -> Run<()> {
        let Saved { scenario, replication, at, .. } = *self;
        let course = Course { scenario, fork: Some(Fork { at, then }) };
        let (saved, wanted) = (frame(scenario), frame(course));
        let same =
            (saved.window, saved.end, saved.series) == (wanted.window, wanted.end, wanted.series);
        if at == Time::ZERO || !same || self.ended.is_some() || self.world.is_beyond(then.limits) {
            return run(course, replication, interrupt);
        }
        let mut world = self.world.clone();
        world.limit(then.limits);
        world.continue_as(scenario, Fork { at, then });
        let ended = world.run(interrupt);
        finished(world, ended)
    }
}
