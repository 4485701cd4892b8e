//! Two runs side by side, to the first message whose fate differs.
//!
//! Owns what counts as a message's fate, and the search. Must not know names, nor why two fates
//! part: it hands on what can be read off both worlds.
//!
//! Who received a message and from which partition is no part of its fate, nor is the order of
//! what happens at one instant. The parting is found in one pass; a second one leads both runs to
//! it again, because a world cannot be asked for its past.
//!
//! Invariant: before the instant of the parting every message had the same fate in both runs.

use std::sync::atomic::{AtomicBool, Ordering};

use super::lockstep::Stepper;
use super::situation::{Situation, Story};
use crate::facts::deed::{Deed, Ending, WorkerId};
use crate::facts::fact::Fact;
use crate::kernel::time::Time;
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Change, Held, MessageId, State, Step};
use crate::model::scenario::Scenario;

/// Which of several runs under one seed are compared.
const REPLICATION: u64 = 0;

/// Where the fate of a message parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Parting {
    /// The message. Its number follows the order of the sends.
    pub message: MessageId,
    /// When.
    pub at: Time,
    /// Both runs.
    pub sides: [Side; 2],
}

/// One of two runs where a message's fate parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// The queue, by its number in this run; `None` if this scenario has none of that name.
    pub queue: Option<QueueId>,
    /// What happens to the message next, and when; `None` if nothing does before the run is over.
    pub next: Option<(Time, Fact)>,
    /// All that happened at the instant of the parting.
    pub instant: Vec<Fact>,
    /// What stood around the message: before the step that decided its fate at that instant, or
    /// else after all steps of that instant.
    pub situation: Situation,
}

impl Side {
    /// What happened to the message at `at`, if its fate was decided then.
    pub fn parted(&self, at: Time) -> Option<Fact> {
        self.next.filter(|(when, _)| *when == at).map(|(_, fact)| fact)
    }
}

/// One turn in a message's life, without who and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fate {
    message: MessageId,
    /// The queue's number for both scenarios.
    queue: u32,
    turn: Turn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Sent(State),
    DelayEnded,
    Received { receives: u32, cause: Option<Held> },
    Began { receives: u32 },
    Ended(Ending),
    Deleted { receives: u32, from: State },
    Returned { receives: u32, cause: Held },
    DeadLettered { receives: u32, cause: Held },
    MovedIn,
    Expired(State),
    Purged(State),
    Undone { receives: u32 },
}

/// The turn that a fact is, of which message, and in which queue.
fn turn(fact: &Fact) -> Option<(MessageId, QueueId, Turn)> {
    match *fact {
        Fact::Change(queue, Change::Message(message, ref step)) => {
            turn_of_step(step).map(|turn| (message, queue, turn))
        }
        Fact::Deed(Deed::Began { message, queue, receives, .. }) => {
            Some((message, queue, Turn::Began { receives }))
        }
        Fact::Deed(Deed::Ended { message, queue, how, .. }) => {
            Some((message, queue, Turn::Ended(how)))
        }
        Fact::Change(..) | Fact::Deed(_) => None,
    }
}

/// Until when a message stays hidden is no turn, but a plan: what comes of it is one.
#[expect(clippy::wildcard_enum_match_arm, reason = "what leaves it where it is, is no turn")]
fn turn_of_step(step: &Step) -> Option<Turn> {
    Some(match *step {
        Step::Sent { state, .. } => Turn::Sent(state),
        Step::DelayEnded {} => Turn::DelayEnded,
        Step::Received { receives, cause, .. } => Turn::Received { receives, cause },
        Step::Deleted { receives, from, .. } => Turn::Deleted { receives, from },
        Step::Returned { cause, receives } => Turn::Returned { receives, cause },
        Step::DeadLettered { receives, cause, .. } => Turn::DeadLettered { receives, cause },
        Step::MovedIn { .. } => Turn::MovedIn,
        Step::Expired { from } => Turn::Expired(from),
        Step::Purged { from } => Turn::Purged(from),
        Step::Undone { receives, .. } => Turn::Undone { receives },
        _ => return None,
    })
}

/// One of the two runs, instant by instant.
struct Run<'a> {
    scenario: &'a Scenario,
    stepper: Stepper,
    /// For each queue its number for both scenarios.
    numbers: Vec<u32>,
    /// What happened at the present instant, each with the number of its step, from 1; what came
    /// with the world itself has 0.
    facts: Vec<(u32, Fact)>,
    /// The turns among it, in their order, each with its place there.
    fates: Vec<(Fate, usize)>,
    /// The same, sorted.
    sorted: Vec<Fate>,
}

impl<'a> Run<'a> {
    fn new(scenario: &'a Scenario, numbers: Vec<u32>) -> Run<'a> {
        let stepper = Stepper::new(scenario, REPLICATION);
        let (facts, fates, sorted) = (Vec::new(), Vec::new(), Vec::new());
        Run { scenario, stepper, numbers, facts, fates, sorted }
    }

    /// Does all steps at `at`, before which none is left.
    fn pass(&mut self, at: Time) {
        self.facts.clear();
        let mut step = 0;
        loop {
            self.facts.extend(self.stepper.facts().map(|fact| (step, fact)));
            if self.stepper.next_at().is_none_or(|next| next > at) {
                break;
            }
            self.stepper.step();
            step += 1;
        }
        self.fates.clear();
        for (place, (_, fact)) in self.facts.iter().enumerate() {
            if let Some((message, queue, turn)) = turn(fact) {
                let queue = self.numbers[queue.0 as usize];
                self.fates.push((Fate { message, queue, turn }, place));
            }
        }
    }

    fn turns(&self) -> impl Iterator<Item = &Fate> {
        self.fates.iter().map(|(fate, _)| fate)
    }

    fn sort(&mut self) {
        self.sorted.clear();
        self.sorted.extend(self.fates.iter().map(|(fate, _)| *fate));
        self.sorted.sort_unstable();
    }

    /// How often a turn was taken at this instant.
    fn times(&self, fate: &Fate) -> usize {
        let sorted = &self.sorted;
        sorted.partition_point(|other| other <= fate) - sorted.partition_point(|o| o < fate)
    }

    /// The turns of this instant that were taken more often than in the other run.
    fn unmatched(&self, other: &Run<'_>) -> impl Iterator<Item = (Fate, usize)> {
        let more = |(fate, _): &&(Fate, usize)| self.times(fate) > other.times(fate);
        self.fates.iter().filter(more).copied()
    }
}

/// The first message whose fate differs between the first replications of two scenarios; `None`
/// if none does, or `interrupt` was set.
pub fn first_parting(scenarios: [&Scenario; 2], interrupt: &AtomicBool) -> Option<Parting> {
    let [first, second] = numbers(scenarios);
    let mut a = Run::new(scenarios[0], first);
    let mut b = Run::new(scenarios[1], second);
    let mut at = Time::ZERO;
    while !interrupt.load(Ordering::Relaxed) {
        a.pass(at);
        b.pass(at);
        if !a.turns().eq(b.turns()) {
            a.sort();
            b.sort();
            if a.sorted != b.sorted {
                return parting([&a, &b], at, interrupt);
            }
        }
        let next = [a.stepper.next_at(), b.stepper.next_at()];
        at = next.into_iter().flatten().min()?;
    }
    None
}

/// For each scenario, one number a queue: the same for queues of one name.
fn numbers(scenarios: [&Scenario; 2]) -> [Vec<u32>; 2] {
    let [a, b] = scenarios.map(|scenario| &scenario.queues);
    let (count, own) = (a.len(), (a.len() as u32)..);
    let known = |name: &str| (0..).zip(&a[..count]).find(|(_, queue)| queue.name == name);
    let second = b.iter().zip(own).map(|(queue, own)| known(&queue.name).map_or(own, |(n, _)| n));
    [(0..count as u32).collect(), second.collect()]
}

/// Which message it is: of those that part first in each run, the one that was sent first.
fn parting(runs: [&Run<'_>; 2], at: Time, interrupt: &AtomicBool) -> Option<Parting> {
    let [a, b] = runs;
    let firsts = [a.unmatched(b).next(), b.unmatched(a).next()];
    let (fate, _) = firsts.into_iter().flatten().min()?;
    let (message, queue) = (fate.message, fate.queue);
    let side = |own: &Run<'_>, other: &Run<'_>| {
        let mut unmatched = own.unmatched(other);
        let parted = unmatched.find(|(fate, _)| fate.message == message);
        let parted = parted.map(|(_, place)| own.facts[place]);
        let queue = (0..).zip(&own.numbers).find(|(_, number)| **number == queue);
        let queue = queue.map(|(own, _)| QueueId(own));
        let again = Again { scenario: own.scenario, message, at, interrupt };
        let (next, situation) = again.lead(queue, parted);
        let instant = own.facts.iter().map(|(_, fact)| *fact).collect();
        Side { queue, next, instant, situation }
    };
    let sides = [side(a, b), side(b, a)];
    (!interrupt.load(Ordering::Relaxed)).then_some(Parting { message, at, sides })
}

/// A run that is led to the parting again.
struct Again<'a> {
    scenario: &'a Scenario,
    message: MessageId,
    at: Time,
    interrupt: &'a AtomicBool,
}

impl Again<'_> {
    /// What happens to the message next, and what stood around it. Nothing that counts if
    /// `interrupt` was set.
    fn lead(
        &self,
        queue: Option<QueueId>,
        parted: Option<(u32, Fact)>,
    ) -> (Option<(Time, Fact)>, Situation) {
        let mut stepper = Stepper::new(self.scenario, REPLICATION);
        let mut story = Story::default();
        // Steps of the instant that come before the situation.
        let before = parted.map_or(u32::MAX, |(step, _)| step.saturating_sub(1));
        let mut done = 0;
        loop {
            stepper.facts().for_each(|fact| story.hear(self.message, &fact));
            let Some(next) = stepper.next_at().filter(|next| *next <= self.at) else { break };
            if next == self.at {
                if done == before {
                    break;
                }
                done += 1;
            }
            if self.interrupt.load(Ordering::Relaxed) {
                break;
            }
            stepper.step();
        }
        let worker = parted.and_then(|(_, fact)| receiver(&fact)).or(story.worker);
        let seen = queue.map(|queue| Situation::of(stepper.world(), queue, worker));
        let over = stepper.limit_reached() || self.at >= self.scenario.end();
        let situation = Situation { over, story, ..seen.unwrap_or_default() };
        let next = match parted {
            Some((_, fact)) => Some((self.at, fact)),
            None => self.next(&mut stepper),
        };
        (next, situation)
    }

    /// The next turn of the message.
    fn next(&self, stepper: &mut Stepper) -> Option<(Time, Fact)> {
        while let Some(at) = stepper.next_at()
            && !self.interrupt.load(Ordering::Relaxed)
        {
            stepper.step();
            let own = |fact: &Fact| turn(fact).is_some_and(|(of, ..)| of == self.message);
            if let Some(fact) = stepper.facts().find(own) {
                return Some((at, fact));
            }
        }
        None
    }
}

fn receiver(fact: &Fact) -> Option<WorkerId> {
    match fact {
        Fact::Change(_, Change::Message(_, Step::Received { caller, .. })) => {
            Some(WorkerId(caller.0))
        }
        Fact::Change(..) | Fact::Deed(_) => None,
    }
}
