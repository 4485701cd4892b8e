//! What a worker's threads do with what they got.
//!
//! Owns the way of a delivery from the buffer to its end: work, heartbeat, send on, delete,
//! release, and the background deletes. Must not know polling.
//!
//! A thread passes through the stages working, forwarding, deleting, releasing; each call takes
//! its latency and is tried again when it is throttled. A stage with nothing to do is skipped.

use super::event::Event;
use super::world::{DeleteCall, World};
use crate::clients::config::{FleetConfig, OnFailure};
use crate::clients::deed::{Deed, Ending, WorkerId};
use crate::clients::worker::{Stage, deliveries_per_thread};
use crate::kernel::rng::{Fate, Luck, Source};
use crate::kernel::time::Span;
use crate::ledger::journal::Held;
use crate::ledger::receipt::{Delivery, Receipt};
use crate::ledger::service::{MAX_BATCH, Outgoing, VisibilityAnswer};
use crate::observe::observer::Observer;

impl<O: Observer> World<O> {
    /// An idle thread takes what it can from its worker's buffer.
    #[inline]
    pub(super) fn begin_work(&mut self, worker_number: u32, number: u32) {
        let worker = &mut self.workers[worker_number as usize];
        let thread = &mut self.threads[number as usize];
        let fleet = &self.fleets[worker.fleet as usize];
        let count = worker.available().min(deliveries_per_thread(fleet) as usize);
        assert!(count > 0 && thread.stage == Stage::Idle, "an idle thread takes deliveries");
        worker.make_busy(thread);
        thread.count = count as u8;
        thread.stage = Stage::Working;
        thread.began = self.now;
        thread.completed = 0;
        let first = thread.first as usize;
        for place in &mut self.held[first..first + count] {
            *place = worker.buffer.pop_front().expect("available deliveries are in the buffer");
        }
        self.tell_busy(worker_number);
        self.set_to_work(worker_number, number);
    }

    #[inline]
    fn set_to_work(&mut self, worker_number: u32, number: u32) {
        let thread = &self.threads[number as usize];
        let fleet = &self.fleets[self.workers[worker_number as usize].fleet as usize];
        let range = thread.first as usize..thread.first as usize + usize::from(thread.count);
        let first_thread = self.workers[worker_number as usize].first_thread;
        let recognised = |delivery: &Delivery| self.ledger.is_done(&delivery.receipt);
        let all_known = fleet.idempotent && self.held[range.clone()].iter().all(recognised);
        let head = self.held[range.start];
        let work = if all_known {
            Span::ZERO
        } else {
            fleet.processing.sample(&mut head.luck.draws(Fate::Work, head.receipt.receives))
        };
        let heartbeat = fleet.heartbeat;
        for delivery in &self.held[range] {
            let Receipt { message, receives, queue, .. } = delivery.receipt;
            self.ledger.annotate(&delivery.receipt, Held::Working);
            let (worker, thread) = (WorkerId(worker_number), number - first_thread);
            let began = Deed::Began { worker, thread, queue, message, receives };
            self.observer.deed(self.now, &began);
        }
        let done_at = self.after(work);
        self.calendar.schedule(done_at, Event::Thread(number));
        if let Some(heartbeat) = heartbeat {
            let at = self.after(heartbeat.every);
            self.calendar.schedule(at, Event::Heartbeat(number));
        }
    }

    /// A thread extends the visibility of what it works on.
    pub(super) fn heartbeat(&mut self, number: u32) {
        let thread = &self.threads[number as usize];
        let fleet = &self.fleets[self.workers[thread.worker as usize].fleet as usize];
        let Some(heartbeat) = fleet.heartbeat else { return };
        let mut goes_on = false;
        for at in thread.first..thread.first + u32::from(thread.count) {
            let receipt = self.held[at as usize].receipt;
            let observer = &mut self.observer;
            let answer =
                self.ledger.change_visibility(self.now, &receipt, heartbeat.extend, observer);
            goes_on |= answer == VisibilityAnswer::Changed;
        }
        if goes_on {
            let at = self.after(heartbeat.every);
            self.calendar.schedule(at, Event::Heartbeat(number));
        }
    }

    /// A thread's work, or the call it makes, comes to its end.
    #[inline]
    pub(super) fn thread_due(&mut self, number: u32) {
        match self.threads[number as usize].stage {
            Stage::Idle => unreachable!("an idle thread has nothing due"),
            Stage::Working => self.end_work(number),
            Stage::Forwarding | Stage::Deleting | Stage::Releasing => self.call_due(number),
        }
    }

    /// The work ends: each delivery is completed or has failed.
    fn end_work(&mut self, number: u32) {
        let thread = self.threads[number as usize];
        let worker = &self.workers[thread.worker as usize];
        let fleet = &self.fleets[worker.fleet as usize];
        if fleet.heartbeat.is_some() {
            self.calendar.cancel(Event::Heartbeat(number));
        }
        let took = (self.now - thread.began) / u64::from(thread.count);
        let mut completed = 0_u16;
        for place in 0..u32::from(thread.count) {
            let Delivery { receipt, luck, sent } = self.held[(thread.first + place) as usize];
            let known = fleet.idempotent && self.ledger.is_done(&receipt);
            let how = if known {
                Ending::Recognised
            } else if fails(fleet, luck, receipt.receives) {
                Ending::Failed
            } else if self.ledger.complete(&receipt) {
                Ending::Duplicate
            } else {
                Ending::Done
            };
            if how == Ending::Failed {
                self.ledger.annotate(&receipt, Held::Failed);
            } else {
                completed |= 1 << place;
                self.ledger.annotate(&receipt, Held::Deleting);
            }
            let ended = Deed::Ended {
                worker: WorkerId(thread.worker),
                thread: number - worker.first_thread,
                queue: receipt.queue,
                message: receipt.message,
                sent,
                took,
                how,
            };
            self.observer.deed(self.now, &ended);
        }
        self.threads[number as usize].completed = completed;
        self.enter(number, Stage::Forwarding);
    }

    /// A thread comes to a stage, or to the next one that has something to do.
    fn enter(&mut self, number: u32, mut stage: Stage) {
        loop {
            let thread = &mut self.threads[number as usize];
            let fleet = &self.fleets[self.workers[thread.worker as usize].fleet as usize];
            let (todo, next) = match stage {
                Stage::Forwarding if fleet.forward.is_some() => (thread.completed, Stage::Deleting),
                Stage::Forwarding => (0, Stage::Deleting),
                Stage::Deleting => (thread.completed, Stage::Releasing),
                Stage::Releasing => match fleet.failure.then {
                    OnFailure::LetExpire => (0, Stage::Idle),
                    OnFailure::Release(_) => (thread.failed(), Stage::Idle),
                },
                Stage::Idle | Stage::Working => return self.go_idle(number),
            };
            if todo != 0 {
                thread.stage = stage;
                thread.todo = todo;
                thread.attempts = 0;
                if stage != Stage::Deleting || fleet.delete.batch == 1 {
                    return self.make_call(number, Span::ZERO);
                }
                self.delete_in_background(number);
            }
            stage = next;
        }
    }

    /// The stage's call takes effect after its latency and a back-off.
    fn make_call(&mut self, number: u32, backoff: Span) {
        let worker = self.threads[number as usize].worker;
        let fleet = &self.fleets[self.workers[worker as usize].fleet as usize];
        let latency = fleet.call_latency.sample(&mut self.chances[worker as usize].latency);
        let wait = latency.saturating_add(backoff);
        if wait.is_zero() && self.threads[number as usize].attempts == 0 {
            self.call_due(number);
        } else {
            let at = self.after(wait);
            self.calendar.schedule(at, Event::Thread(number));
        }
    }

    /// The stage's call takes effect.
    fn call_due(&mut self, number: u32) {
        let stage = self.threads[number as usize].stage;
        let (left, throttled) = match stage {
            Stage::Forwarding => self.forward(number),
            Stage::Deleting => self.delete_one(number),
            Stage::Releasing => (self.release(number), false),
            Stage::Idle | Stage::Working => unreachable!("only a calling stage has a call due"),
        };
        let thread = &mut self.threads[number as usize];
        thread.todo = left;
        if left == 0 {
            let next = match stage {
                Stage::Forwarding => Stage::Deleting,
                Stage::Deleting => Stage::Releasing,
                Stage::Releasing | Stage::Idle | Stage::Working => Stage::Idle,
            };
            self.enter(number, next);
        } else if throttled {
            self.back_off(number);
        } else {
            thread.attempts = 0;
            self.make_call(number, Span::ZERO);
        }
    }

    /// A throttled call is tried again, or given up for all it was for.
    fn back_off(&mut self, number: u32) {
        let thread = &mut self.threads[number as usize];
        thread.attempts += 1;
        let retry = self.fleets[self.workers[thread.worker as usize].fleet as usize].retry;
        if retry.goes_on(thread.attempts) {
            let chance = &mut self.chances[thread.worker as usize].backoff;
            let wait = retry.wait(thread.attempts, chance);
            self.make_call(number, wait);
        } else {
            // What could not be sent on must not be deleted: it returns and is tried again.
            if thread.stage == Stage::Forwarding {
                thread.completed &= !thread.todo;
                self.enter(number, Stage::Deleting);
            } else {
                self.enter(number, Stage::Releasing);
            }
        }
    }

    /// Sends what was completed on to the next queue; returns what was refused.
    fn forward(&mut self, number: u32) -> (u16, bool) {
        let thread = self.threads[number as usize];
        let fleet = &self.fleets[self.workers[thread.worker as usize].fleet as usize];
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
        let connection = self.producers.len() as u32 + thread.worker;
        let observer = &mut self.observer;
        let refused = self.ledger.send(self.now, to, connection, &outgoing[..count], observer);
        let left = (0..count).filter(|&i| refused.has(i)).fold(0, |left, i| left | 1 << places[i]);
        (left, left != 0)
    }

    /// Deletes the first delivery that is still to be deleted; returns what is left.
    #[inline]
    fn delete_one(&mut self, number: u32) -> (u16, bool) {
        let thread = self.threads[number as usize];
        let place = thread.todo.trailing_zeros();
        let receipt = self.held[(thread.first + place) as usize].receipt;
        let refused = self.ledger.delete(self.now, &[receipt], &mut self.observer);
        if refused.has(0) { (thread.todo, true) } else { (thread.todo & !(1 << place), false) }
    }

    /// Gives back what failed, all in one batch call.
    fn release(&mut self, number: u32) -> u16 {
        let thread = self.threads[number as usize];
        let fleet = &self.fleets[self.workers[thread.worker as usize].fleet as usize];
        if let OnFailure::Release(delay) = fleet.failure.then {
            for place in
                (0..u32::from(thread.count)).filter(|place| thread.todo & (1 << place) != 0)
            {
                let receipt = self.held[(thread.first + place) as usize].receipt;
                self.ledger.change_visibility(self.now, &receipt, delay, &mut self.observer);
            }
        }
        0
    }

    /// A thread has nothing to do any more; its worker goes on.
    #[inline]
    fn go_idle(&mut self, number: u32) {
        let thread = &mut self.threads[number as usize];
        let worker_number = thread.worker;
        let worker = &mut self.workers[worker_number as usize];
        thread.count = 0;
        worker.busy -= 1;
        worker.make_idle(number, thread);
        self.tell_busy(worker_number);
        self.pump(worker_number);
    }

    /// Adds what a thread completed to its worker's background deletes.
    fn delete_in_background(&mut self, number: u32) {
        let thread = self.threads[number as usize];
        let linger_event = Event::DeleteLinger(WorkerId(thread.worker));
        for place in (0..u32::from(thread.count)).filter(|place| thread.todo & (1 << place) != 0) {
            let receipt = self.held[(thread.first + place) as usize].receipt;
            let worker = &self.workers[thread.worker as usize];
            let delete = self.fleets[worker.fleet as usize].delete;
            let deletes = &mut self.deletes[thread.worker as usize];
            deletes.push(receipt);
            if deletes.len() == delete.batch as usize {
                self.calendar.cancel(linger_event);
                self.flush_deletes(thread.worker);
            } else if deletes.len() == 1 {
                let at = self.after(delete.linger);
                self.calendar.schedule(at, linger_event);
            }
        }
    }

    /// A worker's collected receipts become a call.
    pub(super) fn flush_deletes(&mut self, number: u32) {
        let deletes = &mut self.deletes[number as usize];
        let mut receipts = [Receipt::of_nothing(); MAX_BATCH];
        let count = deletes.len();
        receipts[..count].copy_from_slice(deletes);
        deletes.clear();
        let fresh = DeleteCall { worker: number, attempts: 0, count, receipts };
        let call = self.delete_calls.open(|| fresh);
        *self.delete_calls.get_mut(call) = fresh;
        let fleet = &self.fleets[self.workers[number as usize].fleet as usize];
        let latency = fleet.call_latency.sample(&mut self.chances[number as usize].latency);
        if latency.is_zero() {
            self.background_delete(call);
        } else {
            let at = self.after(latency);
            self.calendar.schedule(at, Event::DeleteCall(call));
        }
    }

    /// A background delete takes effect.
    pub(super) fn background_delete(&mut self, number: u32) {
        let call = self.delete_calls.get_mut(number);
        let receipts = &call.receipts[..call.count];
        let refused = self.ledger.delete(self.now, receipts, &mut self.observer);
        let mut kept = 0;
        for entry in (0..call.count).filter(|&entry| refused.has(entry)) {
            call.receipts[kept] = call.receipts[entry];
            kept += 1;
        }
        call.count = kept;
        call.attempts += 1;
        let retry = self.fleets[self.workers[call.worker as usize].fleet as usize].retry;
        if kept > 0 && retry.goes_on(call.attempts) {
            let chance = &mut self.chances[call.worker as usize].backoff;
            let wait = retry.wait(call.attempts, chance);
            let at = self.after(wait);
            self.calendar.schedule(at, Event::DeleteCall(number));
        } else {
            self.delete_calls.close(number);
        }
    }

    /// The worker dies: its threads lose what they hold.
    pub(super) fn cut_off_threads(&mut self, worker_number: u32) {
        let worker = &self.workers[worker_number as usize];
        let (first, count) = (worker.first_thread, self.fleets[worker.fleet as usize].threads);
        for number in first..first + count {
            let thread = self.threads[number as usize];
            if thread.stage == Stage::Idle {
                continue;
            }
            self.calendar.cancel(Event::Thread(number));
            self.calendar.cancel(Event::Heartbeat(number));
            let took = (self.now - thread.began) / u64::from(thread.count);
            for place in 0..u32::from(thread.count) {
                let Delivery { receipt, sent, .. } = self.held[(thread.first + place) as usize];
                let unfinished = thread.stage == Stage::Working || thread.todo & (1 << place) != 0;
                if unfinished {
                    self.ledger.annotate(&receipt, Held::Crashed);
                }
                if thread.stage == Stage::Working {
                    let (message, queue) = (receipt.message, receipt.queue);
                    let (worker, thread) = (WorkerId(worker_number), number - first);
                    let how = Ending::Crashed;
                    let ended = Deed::Ended { worker, thread, queue, message, sent, took, how };
                    self.observer.deed(self.now, &ended);
                }
            }
            let thread = &mut self.threads[number as usize];
            thread.count = 0;
            let worker = &mut self.workers[worker_number as usize];
            worker.busy -= 1;
            worker.make_idle(number, thread);
        }
    }
}

/// Whether the processing of a message fails at this receive: its luck decides.
#[inline]
fn fails(fleet: &FleetConfig, luck: Luck, receives: u32) -> bool {
    let failure = fleet.failure;
    let falls = |p: f64, fate, receive| p > 0.0 && luck.draws(fate, receive).unit() < p;
    falls(failure.probability, Fate::Failure, receives) || falls(failure.poison, Fate::Poison, 0)
}
