//! What a worker's threads do with what they got.
//!
//! Owns the way of a delivery from the buffer to its end: work, heartbeat, send on, delete,
//! release. Must not know polling, nor what the work leans on.
//!
//! A thread passes through the stages holding, working, leaning, forwarding, deleting, releasing;
//! each call takes its latency and is tried again when it is throttled. A stage with nothing to do
//! is skipped.
#![expect(
    clippy::inline_always,
    reason = "what every message passes is called from a rare way too"
)]

use super::Fleets;
use super::thread_time::Turn;
use super::worker::{Stage, deliveries_per_thread};
use crate::core::Core;
use crate::core::event::FleetEvent;
use crate::facts::deed::{Deed, Ending, FleetId, WorkerId};
use crate::facts::observer::Observer;
use crate::facts::thread_time::ThreadTime;
use crate::kernel::rng::{Fate, Luck};
use crate::kernel::time::Span;
use crate::ledger::config::MAX_BATCH;
use crate::ledger::journal::Held;
use crate::ledger::{Delivery, Outgoing, Receipt, VisibilityAnswer};
use crate::model::clients::FleetConfig;

impl Fleets {
    /// The worker's next idle thread takes what it can, and works on it; returns how much it took.
    pub(super) fn begin_work<O: Observer>(
        &mut self,
        core: &mut Core<O>,
        worker_number: u32,
        supply: Supply,
    ) -> u32 {
        let worker = &mut self.workers[worker_number as usize];
        let number = worker.idle_thread().expect("work begins in an idle thread");
        let thread = &mut self.threads[number as usize];
        let fleet = &self.configs[worker.fleet as usize];
        let available = match supply {
            Supply::Buffer => worker.available(),
            Supply::Ledger(left) => left,
        };
        let count = available.min(deliveries_per_thread(fleet));
        if let Supply::Buffer = supply {
            worker.buffered -= count;
        }
        assert!(count > 0 && thread.stage == Stage::Idle, "an idle thread takes deliveries");
        let turn = Turn { threads: 1, from: worker.rest(), to: ThreadTime::Working };
        worker.make_busy(thread);
        thread.count = count as u8;
        thread.stage = Stage::Working;
        thread.time = ThreadTime::Working;
        thread.began = core.now;
        thread.completed = 0;
        let first = thread.first as usize;
        let own = &mut self.held[first..first + count as usize];
        let mut next = || {
            let delivery = match supply {
                Supply::Buffer => self.buffers[worker_number as usize].pop_front(),
                Supply::Ledger(_) => core.ledger.next_delivery(),
            };
            delivery.expect("available deliveries are there")
        };
        // Kept at hand beside its place: the work depends on it, and the place may be far.
        let head = next();
        own[0] = head;
        own[1..].fill_with(next);
        let id = WorkerId(worker_number);
        turn.tell(core.now, id, worker, fleet.threads, &mut core.observer);
        if fleet.hold.is_some() {
            self.work_on_what_is_due(core, number);
            return count;
        }
        begin(core, fleet, own, head, id, number - worker.first_thread, number);
        count
    }

    /// A thread begins to work on what it took.
    pub(super) fn work<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let thread = &self.threads[number as usize];
        let worker = &self.workers[thread.worker as usize];
        let fleet = &self.configs[worker.fleet as usize];
        let first = thread.first as usize;
        let own = &self.held[first..first + usize::from(thread.count)];
        let id = WorkerId(thread.worker);
        begin(core, fleet, own, own[0], id, number - worker.first_thread, number);
    }

    /// A thread extends the visibility of what it works on.
    pub(super) fn heartbeat<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let thread = &self.threads[number as usize];
        let fleet = &self.configs[self.workers[thread.worker as usize].fleet as usize];
        let Some(heartbeat) = fleet.heartbeat else { return };
        let mut goes_on = false;
        for at in thread.first..thread.first + u32::from(thread.count) {
            let receipt = self.held[at as usize].receipt;
            let observer = &mut core.observer;
            let answer =
                core.ledger.change_visibility(core.now, &receipt, heartbeat.extend, observer);
            goes_on |= answer == VisibilityAnswer::Changed;
        }
        if goes_on {
            core.plan(heartbeat.every, FleetEvent::Heartbeat(number));
        }
    }

    /// A thread's work, or the call it makes, comes to its end.
    #[inline]
    pub(super) fn thread_due<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        match self.threads[number as usize].stage {
            Stage::Idle => unreachable!("an idle thread has nothing due"),
            Stage::Holding => self.set_aside(core, number),
            Stage::Working => self.end_own_part(core, number),
            Stage::Leaning => self.try_call(core, number),
            Stage::Forwarding | Stage::Deleting | Stage::Releasing => {
                self.go_on(core, number, Next::CallDue);
            }
        }
    }

    /// The work ends, unless it leans on something.
    #[inline]
    fn end_own_part<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let worker = self.threads[number as usize].worker as usize;
        if self.configs[self.workers[worker].fleet as usize].calls.is_some() {
            return self.begin_call(core, number);
        }
        self.end_work(core, number, false);
    }

    /// The work that leaned on something ends, and `fails` or not.
    #[inline(never)]
    pub(super) fn end_called_work<O: Observer>(
        &mut self,
        core: &mut Core<O>,
        number: u32,
        fails: bool,
    ) {
        self.end_work(core, number, fails);
    }

    /// The work ends: each delivery is completed or has failed, all of them if the whole work has.
    #[inline(always)]
    fn end_work<O: Observer>(&mut self, core: &mut Core<O>, number: u32, has_failed: bool) {
        let thread = &mut self.threads[number as usize];
        let worker = &self.workers[thread.worker as usize];
        let fleet = &self.configs[worker.fleet as usize];
        if fleet.heartbeat.is_some() {
            core.calendar.cancel(FleetEvent::Heartbeat(number));
        }
        let (id, of) = (WorkerId(thread.worker), FleetId(worker.fleet));
        let took = match (core.now - thread.began, thread.count) {
            (took, 1) => took,
            (took, count) => took / u64::from(count),
        };
        let mut completed = 0_u16;
        let first = thread.first as usize;
        let own = &self.held[first..first + usize::from(thread.count)];
        let all_fail = has_failed || fleet.failure.whole_batch && any_fails(core, fleet, own);
        for (place, &Delivery { receipt, luck, sent }) in own.iter().enumerate() {
            let known = fleet.idempotent && core.ledger.is_done(&receipt);
            let how = if all_fail || !known && fails(fleet, luck, receipt.receives) {
                core.ledger.annotate(&receipt, Held::Failed);
                Ending::Failed
            } else {
                completed |= 1 << place;
                match core.ledger.complete(&receipt) {
                    _ if known => Ending::Recognised,
                    true => Ending::Duplicate,
                    false => Ending::Done,
                }
            };
            let ended = Deed::Ended {
                worker: id,
                fleet: of,
                thread: number - worker.first_thread,
                queue: receipt.queue,
                message: receipt.message,
                sent,
                took,
                how,
            };
            core.observer.deed(core.now, &ended);
        }
        thread.completed = completed;
        self.go_on(core, number, Next::Stage(Stage::Forwarding));
    }

    /// A thread goes on from here through all stages and calls that take no time.
    fn go_on<O: Observer>(&mut self, core: &mut Core<O>, number: u32, mut next: Next) {
        loop {
            let thread = &mut self.threads[number as usize];
            let worker = thread.worker;
            let fleet = &self.configs[self.workers[worker as usize].fleet as usize];
            if let Next::Stage(stage) = next {
                let Some((stage, todo)) = thread.next_todo(stage, fleet) else {
                    return self.go_idle(core, number);
                };
                thread.stage = stage;
                thread.todo = todo;
                thread.attempts = 0;
                if stage == Stage::Deleting && fleet.delete.batch > 1 {
                    self.delete_in_background(core, number);
                    next = Next::Stage(Stage::Releasing);
                    continue;
                }
            }
            if !matches!(next, Next::CallDue) {
                let chance = &mut self.chances[worker as usize].latency;
                let latency = fleet.call_latency.sample(chance);
                if !latency.is_zero() {
                    self.wait_for_call(core, number);
                    return core.plan(latency, FleetEvent::Thread(number));
                }
            }
            match self.call(core, number) {
                Some(answered) => next = answered,
                None => return self.back_off(core, number),
            }
        }
    }

    /// The stage's call takes effect; `None` if it was throttled.
    #[inline]
    fn call<O: Observer>(&mut self, core: &mut Core<O>, number: u32) -> Option<Next> {
        let stage = self.threads[number as usize].stage;
        let (left, throttled) = if stage == Stage::Deleting {
            self.delete_one(core, number)
        } else {
            self.forward_or_release(core, number, stage)
        };
        let thread = &mut self.threads[number as usize];
        thread.todo = left;
        if left == 0 {
            return Some(Next::Stage(stage.next()));
        }
        if throttled {
            return None;
        }
        thread.attempts = 0;
        Some(Next::Call)
    }

    #[inline(never)]
    fn forward_or_release<O: Observer>(
        &mut self,
        core: &mut Core<O>,
        number: u32,
        stage: Stage,
    ) -> (u16, bool) {
        match stage {
            Stage::Forwarding => self.forward(core, number),
            Stage::Releasing => (self.release(core, number), false),
            Stage::Deleting | Stage::Idle | Stage::Holding | Stage::Working | Stage::Leaning => {
                unreachable!("only a calling stage has a call due")
            }
        }
    }

    /// A throttled call is tried again, or given up for all it was for.
    fn back_off<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let thread = &mut self.threads[number as usize];
        thread.attempts += 1;
        let retry = self.configs[self.workers[thread.worker as usize].fleet as usize].retry;
        if retry.goes_on(thread.attempts) {
            let chance = &mut self.chances[thread.worker as usize].backoff;
            let wait = retry.wait(thread.attempts, chance);
            self.plan_retry(core, number, wait);
        } else {
            // What could not be sent on must not be deleted: it returns and is tried again.
            if thread.stage == Stage::Forwarding {
                thread.completed &= !thread.todo;
                let (first, todo) = (thread.first, thread.todo);
                for place in (0..u32::from(thread.count)).filter(|place| todo & (1 << place) != 0) {
                    let receipt = self.held[(first + place) as usize].receipt;
                    core.ledger.annotate(&receipt, Held::Failed);
                }
                self.go_on(core, number, Next::Stage(Stage::Deleting));
            } else {
                self.go_on(core, number, Next::Stage(Stage::Releasing));
            }
        }
    }

    /// The stage's call takes effect after a back-off and its latency, in an event of its own even
    /// if both are zero: endless retries must not become a deep recursion.
    fn plan_retry<O: Observer>(&mut self, core: &mut Core<O>, number: u32, backoff: Span) {
        let worker = self.threads[number as usize].worker as usize;
        let fleet = &self.configs[self.workers[worker].fleet as usize];
        let latency = fleet.call_latency.sample(&mut self.chances[worker].latency);
        self.wait_for_call(core, number);
        core.plan(latency.saturating_add(backoff), FleetEvent::Thread(number));
    }

    /// Sends what was completed on to the next queue; returns what was refused.
    fn forward<O: Observer>(&mut self, core: &mut Core<O>, number: u32) -> (u16, bool) {
        let thread = self.threads[number as usize];
        let fleet = &self.configs[self.workers[thread.worker as usize].fleet as usize];
        let to = fleet.forward.expect("only a fleet that sends on forwards");
        let mut outgoing =
            [Outgoing { luck: self.held[thread.first as usize].luck, delay: None }; MAX_BATCH];
        let mut places = [0_u32; MAX_BATCH];
        let mut count = 0;
        for place in (0..u32::from(thread.count)).filter(|place| thread.todo & (1 << place) != 0) {
            let luck = self.held[(thread.first + place) as usize].luck;
            outgoing[count].luck = luck.next_queue();
            places[count] = place;
            count += 1;
        }
        let connection = self.connections[thread.worker as usize];
        let observer = &mut core.observer;
        let refused = core.ledger.send(core.now, to, connection, &outgoing[..count], observer);
        let left = (0..count).filter(|&i| refused.has(i)).fold(0, |left, i| left | 1 << places[i]);
        (left, left != 0)
    }

    /// Deletes the first delivery that is still to be deleted; returns what is left.
    #[inline]
    fn delete_one<O: Observer>(&mut self, core: &mut Core<O>, number: u32) -> (u16, bool) {
        let thread = &self.threads[number as usize];
        let place = thread.todo.trailing_zeros();
        let receipt = self.held[(thread.first + place) as usize].receipt;
        let refused = core.ledger.delete(core.now, &[receipt], &mut core.observer);
        if refused.has(0) { (thread.todo, true) } else { (thread.todo & !(1 << place), false) }
    }

    /// Gives back what failed, all in one batch call.
    fn release<O: Observer>(&mut self, core: &mut Core<O>, number: u32) -> u16 {
        let thread = self.threads[number as usize];
        let fleet = &self.configs[self.workers[thread.worker as usize].fleet as usize];
        for place in (0..u32::from(thread.count)).filter(|place| thread.todo & (1 << place) != 0) {
            let Delivery { receipt, luck, .. } = self.held[(thread.first + place) as usize];
            if let Some(away) = fleet.failure.then.away(receipt.receives, luck) {
                core.ledger.change_visibility(core.now, &receipt, away, &mut core.observer);
            }
        }
        0
    }

    /// A thread has nothing to do any more; its worker goes on.
    #[inline(always)]
    pub(super) fn go_idle<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let thread = &mut self.threads[number as usize];
        let worker_number = thread.worker;
        let worker = &mut self.workers[worker_number as usize];
        thread.count = 0;
        let turn = Turn { threads: 1, from: thread.time, to: worker.rest() };
        worker.busy -= 1;
        worker.make_idle(number, thread);
        let all = self.configs[worker.fleet as usize].threads;
        turn.tell(core.now, WorkerId(worker_number), worker, all, &mut core.observer);
        self.pump(core, worker_number);
    }

    /// The worker dies: its threads lose what they hold; `held` is why it returns.
    pub(super) fn cut_off_threads<O: Observer>(
        &mut self,
        core: &mut Core<O>,
        worker_number: u32,
        held: Held,
    ) {
        let worker = &self.workers[worker_number as usize];
        let (first, count) = (worker.first_thread, self.configs[worker.fleet as usize].threads);
        let fleet = FleetId(worker.fleet);
        for number in first..first + count {
            let thread = self.threads[number as usize];
            if thread.stage == Stage::Idle {
                continue;
            }
            core.calendar.cancel(FleetEvent::Thread(number));
            core.calendar.cancel(FleetEvent::Heartbeat(number));
            if thread.stage == Stage::Leaning {
                self.hang_up_call(core, number);
            }
            let took = (core.now - thread.began) / u64::from(thread.count);
            for place in 0..u32::from(thread.count) {
                let Delivery { receipt, sent, .. } = self.held[(thread.first + place) as usize];
                if thread.holds(place as u8) {
                    core.ledger.annotate(&receipt, held);
                }
                if thread.stage.is_work() {
                    let (message, queue) = (receipt.message, receipt.queue);
                    let ended = Deed::Ended {
                        worker: WorkerId(worker_number),
                        fleet,
                        thread: number - first,
                        queue,
                        message,
                        sent,
                        took,
                        how: if held == Held::Crashed { Ending::Crashed } else { Ending::Killed },
                    };
                    core.observer.deed(core.now, &ended);
                }
            }
            let thread = &mut self.threads[number as usize];
            thread.count = 0;
            let worker = &mut self.workers[worker_number as usize];
            let turn = Turn { threads: 1, from: thread.time, to: worker.rest() };
            worker.busy -= 1;
            worker.make_idle(number, thread);
            turn.tell(core.now, WorkerId(worker_number), worker, count, &mut core.observer);
        }
    }
}

/// The work on `own`, of which `head` is the first, begins in a thread of a worker: that of this
/// `number`, the worker's `thread`-th.
#[inline(always)]
fn begin<O: Observer>(
    core: &mut Core<O>,
    fleet: &FleetConfig,
    own: &[Delivery],
    head: Delivery,
    worker: WorkerId,
    thread: u32,
    number: u32,
) {
    let recognised = |delivery: &Delivery| core.ledger.is_done(&delivery.receipt);
    let work = if fleet.idempotent && own.iter().all(recognised) {
        Span::ZERO
    } else {
        fleet.processing.sample(&mut head.luck.draws(Fate::Work, head.receipt.receives))
    };
    for delivery in own {
        let Receipt { message, receives, queue, .. } = delivery.receipt;
        core.ledger.annotate(&delivery.receipt, Held::Working);
        let began = Deed::Began { worker, thread, queue, message, receives };
        core.observer.deed(core.now, &began);
    }
    core.plan(work, FleetEvent::Thread(number));
    if let Some(heartbeat) = &fleet.heartbeat {
        core.plan(heartbeat.every, FleetEvent::Heartbeat(number));
    }
}

/// Where a thread takes deliveries from.
#[derive(Clone, Copy)]
pub(super) enum Supply {
    /// Its worker's buffer.
    Buffer,
    /// The ledger's answer, of which so many are left.
    Ledger(u32),
}

/// Where a thread goes on.
#[derive(Clone, Copy)]
enum Next {
    /// At this stage.
    Stage(Stage),
    /// With another call of its stage.
    Call,
    /// With a call that was under way and takes effect now.
    CallDue,
}

/// Whether the processing of a message fails at this receive: its luck decides.
#[inline]
fn fails(fleet: &FleetConfig, luck: Luck, receives: u32) -> bool {
    fleet.failure.strikes(luck, receives)
}

/// Whether the processing of one of these fails; what is recognised does not.
#[inline(never)]
fn any_fails<O: Observer>(core: &Core<O>, fleet: &FleetConfig, own: &[Delivery]) -> bool {
    own.iter().any(|&Delivery { receipt, luck, .. }| {
        let known = fleet.idempotent && core.ledger.is_done(&receipt);
        !known && fails(fleet, luck, receipt.receives)
    })
}
