//! Changes of the key space: how partitions become others.
//!
//! Owns what is under way and what it costs by the queue's mechanics. Must not know why partitions
//! change: [`crate::ledger::split`] decides.
//!
//! A change waits for its delay, is copied, and takes effect with a pause; sealed partitions are
//! then drained. Where a partition lacks a quorum, its change waits for that too. Which of these
//! stages take time depends on the policy and the mechanics. Ranges are kept as keys, because
//! places move with every change.

use std::ops::Range;

use super::Queue;
use crate::kernel::bucket::TokenRate;
use crate::kernel::time::{Span, Time};
use crate::ledger::config::{Capacity, Mechanics};
use crate::ledger::journal::{Journal, KeySpace, Refusal};
use crate::ledger::keyspace::partition::{Partition, Recut, pieces};
use crate::ledger::messages::message::Slab;
use crate::ledger::nodes::cluster::Origin;
use crate::ledger::nodes::placement::Part;
use crate::ledger::replication::SplitCopy;
use crate::ledger::split::watched::Opened;
use crate::ledger::split::{self, Decision};

/// What a change does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It begins when its delay is over.
    Planned,
    /// It takes effect when the copy is there.
    Copying,
    /// It ends when the pause is over; nobody needs to be told.
    Pausing,
    /// It ends when the sealed partitions hold nothing.
    Draining,
}

/// A range of keys, and what it becomes.
#[derive(Clone, Debug)]
struct Plan {
    first: u64,
    last: u64,
    /// First keys of the new partitions but of the first.
    cuts: Vec<u64>,
}

/// A change that is under way.
#[derive(Clone, Debug)]
struct Reshard {
    id: u32,
    plan: Plan,
    /// How many partitions there will be more, or fewer, when it takes effect.
    growth: i64,
    /// It takes time, so that its beginning and its end are told.
    told: bool,
    /// The copy between nodes that it makes, if there are nodes.
    copy: Option<SplitCopy>,
    stage: Stage,
    due: Time,
}

/// All changes of one queue that are under way, in the order of their beginnings.
#[derive(Clone, Debug, Default)]
pub(in crate::ledger) struct Reshards {
    under_way: Vec<Reshard>,
    next_id: u32,
}

impl Reshards {
    /// When the next stage ends by the clock.
    pub(in crate::ledger) fn due(&self) -> Time {
        let timed = self.under_way.iter().filter(|reshard| reshard.stage != Stage::Pausing);
        timed.map(|reshard| reshard.due).min().unwrap_or(Time::NEVER)
    }

    /// How many partitions there will be more, or fewer, when all that is planned has taken effect.
    fn growth(&self) -> i64 {
        let coming = |reshard: &&Reshard| matches!(reshard.stage, Stage::Planned | Stage::Copying);
        self.under_way.iter().filter(coming).map(|reshard| reshard.growth).sum()
    }

    /// Splits that are under way.
    fn splits(&self) -> usize {
        self.under_way.iter().filter(|reshard| reshard.growth > 0).count()
    }

    fn take_due(&mut self, now: Time) -> Option<Reshard> {
        let due = |reshard: &Reshard| reshard.stage != Stage::Pausing && reshard.due <= now;
        let at = self.under_way.iter().position(due)?;
        Some(self.under_way.remove(at))
    }
}

impl Queue {
    /// The ceiling and the split policy look at the last second's load.
    pub(in crate::ledger) fn look_at_load<J: Journal>(
        &mut self,
        slab: &mut Slab,
        now: Time,
        journal: &mut J,
    ) {
        self.tick = now + split::TICK;
        if let Some(ceiling) = &mut self.ceiling {
            ceiling.close_second(now);
        }
        let Some(watch) = &mut self.watch else { return };
        let policy = &self.config.ledger.split;
        // What carries any load is watched as well: it may get a capacity later.
        let capacity = self.rate.map_or(f64::INFINITY, |rate| rate.per_second);
        watch.close_second(policy, capacity, now);
        let Some(rate) = self.rate else { return };
        let over = |reshard: &Reshard| reshard.stage == Stage::Pausing && reshard.due <= now;
        self.reshards.under_way.retain(|reshard| !over(reshard));
        let snapshot = watch.snapshot(rate.per_second, self.reshards.growth(), now);
        let decisions = split::decide(policy, &snapshot);
        let live = self.shards.live();
        let plans: Vec<_> = decisions
            .into_iter()
            .map(|decision| match decision {
                Decision::Refuse { part, reason } => (Err(reason), live[part].first),
                Decision::Recut { parts, cuts, delay } => {
                    let (first, last) = (live[parts.start].first, live[parts.end - 1].last);
                    (Ok((Plan { first, last, cuts }, delay)), first)
                }
            })
            .collect();
        for (plan, first) in plans {
            match plan {
                Ok((plan, delay)) => self.begin_reshard(slab, plan, delay, now, journal),
                Err(reason) => {
                    let at = self.shards.holder(first);
                    if let Some(watch) = &mut self.watch {
                        watch.suggested(at, now);
                    }
                    let partition = self.shards.get(at).id;
                    self.listed.refusals += 1;
                    journal.change(now, self.id, &KeySpace::Refused { partition, reason }.into());
                }
            }
        }
    }

    /// Begins a change, if the guard against too many at once lets it.
    fn begin_reshard<J: Journal>(
        &mut self,
        slab: &mut Slab,
        plan: Plan,
        delay: Span,
        now: Time,
        journal: &mut J,
    ) {
        let parts = self.places_of(&plan);
        let (old, new) = (parts.len(), plan.cuts.len() + 1);
        let most = self.config.ledger.guards.concurrent.unwrap_or(u32::MAX) as usize;
        let watch = self.watch.as_mut().expect("a queue without a policy does not change");
        if new > old && self.reshards.splits() >= most {
            if watch.put_off(parts.start) {
                let partition = self.shards.get(parts.start).id;
                let reason = Refusal::TooManyAtOnce;
                self.listed.refusals += 1;
                journal.change(now, self.id, &KeySpace::Refused { partition, reason }.into());
            }
            return;
        }
        watch.changing(parts.clone(), new, now);
        let id = self.reshards.next_id;
        self.reshards.next_id += 1;
        let growth = i64::from(new as u32) - i64::from(old as u32);
        let due = now.saturating_add(delay);
        let at_once = matches!(self.config.ledger.mechanics, Mechanics::Metadata { .. });
        let told = !at_once || !delay.is_zero();
        let reshard = Reshard { id, plan, growth, told, copy: None, stage: Stage::Planned, due };
        if told {
            let (old, new) = (old as u32, new as u32);
            journal.change(now, self.id, &KeySpace::Begun { reshard: id, old, new }.into());
        }
        if delay.is_zero() {
            start(self, slab, reshard, now, journal);
        } else {
            self.falls_due(due);
            self.reshards.under_way.push(reshard);
        }
    }

    /// Brings the changes forward whose stage ends; returns how many there were.
    pub(in crate::ledger) fn reshard<J: Journal>(
        &mut self,
        slab: &mut Slab,
        now: Time,
        journal: &mut J,
    ) -> u64 {
        let mut happened = 0;
        while let Some(reshard) = self.reshards.take_due(now) {
            match reshard.stage {
                Stage::Planned => start(self, slab, reshard, now, journal),
                Stage::Copying => take_effect(self, slab, reshard, now, journal),
                Stage::Pausing | Stage::Draining => unreachable!("no clock ends this stage"),
            }
            happened += 1;
        }
        if std::mem::take(&mut self.drained) {
            self.release(slab);
            let retired = self.shards.retire(slab);
            self.recount_held(slab);
            if let Some(replication) = &mut self.replication
                && !retired.is_empty()
            {
                replication.retired(now, &retired, &self.shards);
                self.falls_due(now);
            }
            for partition in retired {
                journal.change(now, self.id, &KeySpace::Drained { partition }.into());
                happened += 1;
            }
            // Several of one change may have been drained at once: its end is told once.
            let sealed = self.shards.sealed();
            self.reshards.under_way.retain(|&Reshard { id, stage, .. }| {
                let of = |part: &Partition| part.sealed.as_ref().is_some_and(|s| s.reshard == id);
                let over = stage == Stage::Draining && !sealed.iter().any(of);
                if over {
                    journal.change(now, self.id, &KeySpace::Ended { reshard: id }.into());
                }
                !over
            });
        }
        happened
    }
}

/// What cannot change because a partition lacks a quorum is tried again after this long.
const RETRY: Span = Span::from_secs(1);

/// The change, if what it changes has the quorums for it; otherwise it waits. So does a split that
/// counts on a merge that waits.
fn unless_held_up(q: &mut Queue, reshard: Reshard, now: Time) -> Option<Reshard> {
    let parts = q.places_of(&reshard.plan);
    let Some(replication) = &q.replication else { return Some(reshard) };
    let count = q.shards.live().len().saturating_add_signed(reshard.growth as isize);
    let most = q.config.ledger.split.max_partitions().unwrap_or(u32::MAX);
    let fits = reshard.growth <= 0 || count <= most as usize;
    if fits && replication.can_change(parts) {
        return Some(reshard);
    }
    let due = now.saturating_add(RETRY);
    q.falls_due(due);
    q.reshards.under_way.push(Reshard { due, ..reshard });
    None
}

impl Queue {
    /// Where the partitions stand that a plan changes.
    fn places_of(&self, plan: &Plan) -> Range<usize> {
        self.shards.holder(plan.first)..self.shards.holder(plan.last) + 1
    }
}

/// The delay is over.
fn start<J: Journal>(q: &mut Queue, slab: &mut Slab, reshard: Reshard, now: Time, journal: &mut J) {
    let Mechanics::CopyThenCutover { copy, share, .. } = q.config.ledger.mechanics else {
        return take_effect(q, slab, reshard, now, journal);
    };
    let Some(mut reshard) = unless_held_up(q, reshard, now) else { return };
    let slowed = q.config.ledger.capacity.map(|capacity| {
        TokenRate::from(Capacity { per_second: capacity.per_second * (1.0 - share), ..capacity })
    });
    let parts = q.places_of(&reshard.plan);
    for at in parts.clone() {
        q.shards.get_mut(at).rate = slowed;
    }
    if let Some(replication) = &mut q.replication {
        let Plan { first, last, ref cuts } = reshard.plan;
        let ranges: Vec<(u64, u64)> = pieces([first, last], cuts).collect();
        reshard.copy = Some(replication.copy(&q.shards.live()[parts], &ranges));
    }
    let due = now.saturating_add(copy);
    q.falls_due(due);
    q.reshards.under_way.push(Reshard { stage: Stage::Copying, due, ..reshard });
}

/// The new partitions take the place of the old ones.
fn take_effect<J: Journal>(
    q: &mut Queue,
    slab: &mut Slab,
    reshard: Reshard,
    now: Time,
    journal: &mut J,
) {
    let Some(reshard) = unless_held_up(q, reshard, now) else { return };
    let Reshard { id, ref plan, told, ref copy, .. } = reshard;
    let parts = q.places_of(plan);
    let old: Vec<Part> = q.shards.live()[parts.clone()].iter().map(Part::from).collect();
    if let (Some(replication), Some(copy)) = (&mut q.replication, copy) {
        replication.copied(copy);
    }
    let (seals, pause) = match q.config.ledger.mechanics {
        Mechanics::Metadata { pause } | Mechanics::CopyThenCutover { pause, .. } => (false, pause),
        Mechanics::SealAndDrain { pause } => (true, pause),
    };
    let recut = if seals {
        q.seal(slab, parts.clone(), &plan.cuts, id, now)
    } else {
        q.shards.recut(slab, parts.clone(), &plan.cuts)
    };
    q.recount_held(slab);
    if let Some(replication) = &mut q.replication {
        let origin = match copy {
            Some(copy) => Origin::Copied(&copy.places),
            None if seals => Origin::Empty,
            None => Origin::Shared,
        };
        replication.recut(now, &old, &q.shards, recut.opened.clone(), origin);
        q.falls_due(now);
    }
    if let Some(watch) = &mut q.watch {
        let opened = &q.shards.live()[recut.opened.clone()];
        watch.recut(parts, opened.iter().map(Opened::from), now);
    }
    tell(q, &recut, &plan.cuts, seals, now, journal);
    let until = now.saturating_add(pause);
    for at in recut.opened {
        q.shards.get_mut(at).paused_until = until;
    }
    q.resettle = q.resettle.min(until);
    q.falls_due(until);
    if seals {
        q.reshards.under_way.push(Reshard { stage: Stage::Draining, due: Time::NEVER, ..reshard });
    } else {
        if told {
            journal.change(now, q.id, &KeySpace::Ended { reshard: id }.into());
        }
        q.reshards.under_way.push(Reshard { stage: Stage::Pausing, due: until, ..reshard });
    }
}

/// Tells what became of which partitions.
fn tell<J: Journal>(
    q: &Queue,
    recut: &Recut,
    cuts: &[u64],
    seals: bool,
    now: Time,
    journal: &mut J,
) {
    let opened = &q.shards.live()[recut.opened.clone()];
    let change = match (&recut.closed[..], opened, cuts) {
        (&[parent], [left, right], &[at]) => {
            KeySpace::Split { parent, left: left.id, right: right.id, at }
        }
        (&[left, right], [into], []) => KeySpace::Merged { left, right, into: into.id },
        (old, new, _) => KeySpace::Recut { old: old.len() as u32, new: new.len() as u32 },
    };
    journal.change(now, q.id, &change.into());
    for &partition in &recut.closed {
        let closed =
            if seals { KeySpace::Sealed { partition } } else { KeySpace::Closed { partition } };
        journal.change(now, q.id, &closed.into());
    }
    for part in opened {
        let (partition, first, last) = (part.id, part.first, part.last);
        journal.change(now, q.id, &KeySpace::Opened { partition, first, last }.into());
    }
}
