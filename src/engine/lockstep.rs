//! Two worlds side by side, to the first fact in which they differ.
//!
//! Owns the comparison. Must not know why two runs should be equal, or why they are not.
//!
//! Invariant: everything before the difference was equal, so it is the first.

use std::iter;
use std::sync::atomic::{AtomicBool, Ordering};

use super::world::World;
use crate::facts::fact::{Fact, Facts};
use crate::kernel::time::Time;
use crate::model::course::{Course, Fork};
use crate::model::scenario::Scenario;

/// The first difference of two runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// The number of the fact, from 1, as the checkpoints of an outcome count.
    pub number: u64,
    /// What happened on the left; `None` if the run was over.
    pub left: Option<(Time, Fact)>,
    /// What happened on the right.
    pub right: Option<(Time, Fact)>,
}

impl Difference {
    /// When the two parted: the earlier of the two facts.
    pub fn at(&self) -> Time {
        let times = [self.left, self.right].into_iter().flatten().map(|(at, _)| at);
        times.min().unwrap_or(Time::ZERO)
    }
}

/// The facts of one run, one after the other.
#[derive(Debug)]
pub struct Stepper {
    world: World<Facts>,
    /// What it follows, when it will be other settings, and which.
    ahead: Option<Box<(Scenario, Time, Scenario)>>,
    over: bool,
}

impl Stepper {
    /// The run of a replication, before its first fact.
    pub fn new<'a>(course: impl Into<Course<'a>>, replication: u64) -> Stepper {
        let course = course.into().with_a_past();
        let mut world = World::new(course.scenario, replication, Facts::default());
        world.limit(course.last().limits);
        let ahead = course
            .fork
            .map(|Fork { at, then }| Box::new((course.scenario.clone(), at, then.clone())));
        Stepper { world, ahead, over: false }
    }

    /// Takes the fork if it is reached; whether it was taken now.
    fn forks(&mut self) -> bool {
        let Some(ahead) = self.ahead.take() else { return false };
        if self.world.has_before(ahead.1) {
            self.ahead = Some(ahead);
            return false;
        }
        let (from, at, then) = &*ahead;
        self.world.continue_as(from, Fork { at: *at, then });
        true
    }

    /// When the run goes on; `None` when it is over.
    pub(super) fn next_at(&mut self) -> Option<Time> {
        if self.over || self.limit_reached() {
            return None;
        }
        self.world.next_at()
    }

    /// Does the next step of a run that goes on.
    pub(super) fn step(&mut self) {
        self.over = self.world.step().is_none();
    }

    /// The facts since the last look, in their order.
    pub(super) fn facts(&mut self) -> impl Iterator<Item = Fact> {
        iter::from_fn(|| self.world.core.observer.take()).map(|(_, fact)| fact)
    }

    /// The state of everything, to look at.
    pub(super) fn world(&self) -> &World<Facts> {
        &self.world
    }

    /// A bound of runs is reached.
    pub(super) fn limit_reached(&mut self) -> bool {
        let world = &mut self.world;
        world.events() >= world.limits.events
            || world.outgrows_memory()
            || world.resident() > world.limits.resident
    }
}

impl Iterator for Stepper {
    type Item = (Time, Fact);

    fn next(&mut self) -> Option<(Time, Fact)> {
        loop {
            let fact = self.world.core.observer.take();
            if fact.is_some() || self.over {
                return fact;
            }
            self.over = self.world.outgrows_memory()
                || (!self.forks() && (self.limit_reached() || self.world.step().is_none()));
        }
    }
}

/// The first difference of two runs; `None` if they have none, or `interrupt` was set.
///
/// ```
/// use std::sync::atomic::AtomicBool;
/// use sqsim::engine::lockstep::{Stepper, first_difference};
/// use sqsim::kernel::time::{Span, Time};
///
/// let text = r#"(
///     duration: "10s",
///     queues: {"jobs": ()},
///     producers: {"site": (queue: "jobs", arrivals: Burst(at: "1s", count: 1))},
///     consumers: {"workers": (queue: "jobs", count: 1, processing: Constant("2s"))},
/// )"#;
/// let run = |text: &str| -> Result<Stepper, sqsim::Faults> {
///     let file: sqsim::ScenarioFile = text.parse()?;
///     Ok(Stepper::new(&file.check()?.scenario, 0))
/// };
/// let longer = text.replace("2s", "3s");
/// let difference = first_difference(run(text)?, run(&longer)?, &AtomicBool::new(false));
/// // Each call takes 20 ms: the message is received at 1.02 s, its answer comes at 1.04 s.
/// let parted = Time::ZERO + Span::from_millis(3_040);
/// assert_eq!(difference.map(|difference| difference.at()), Some(parted));
/// # Ok::<(), sqsim::Faults>(())
/// ```
pub fn first_difference(
    mut left: Stepper,
    mut right: Stepper,
    interrupt: &AtomicBool,
) -> Option<Difference> {
    let mut number = 0;
    while !interrupt.load(Ordering::Relaxed) {
        number += 1;
        match (left.next(), right.next()) {
            (None, None) => return None,
            (left, right) if left == right => {}
            (left, right) => return Some(Difference { number, left, right }),
        }
    }
    None
}
