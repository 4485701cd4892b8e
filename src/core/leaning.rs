//! Calls of downstreams, in the hands of the clock.
//!
//! Owns what is told of them, and when a downstream is looked at. Must not know what a caller does
//! with an answer.

use super::downstreams::Calling;
use super::event::DownstreamEvent;
use super::shared::Core;
use crate::downstream::{CallId, CallProgress, Downstream, Entry};
use crate::facts::deed::{Deed, DownstreamId, WorkerId};
use crate::facts::observer::Observer;
use crate::kernel::rng::{Fate, Luck, Source};
use crate::kernel::time::{Span, Time};
use crate::model::downstream::DownstreamConfig;
use crate::model::scenario::Named;

/// One try of a call.
#[derive(Clone, Copy, Debug)]
pub struct Try {
    /// Who calls.
    pub by: Calling,
    /// Which try it is, from 1.
    pub attempt: u32,
    /// The luck of the message that it is for, and which receive of it this is.
    pub of: (Luck, u32),
}

/// What a caller learns of its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallAnswer {
    /// It is done.
    Done,
    /// It failed.
    Failed,
    /// Its caller has waited too long.
    TimedOut,
}

impl<O: Observer> Core<O> {
    /// Somebody calls a downstream; `None` if it refuses.
    pub fn call_downstream(&mut self, id: DownstreamId, one: Try) -> Option<CallId> {
        let Try { by, attempt, of: (luck, receive) } = one;
        let Calling { worker, thread, .. } = by;
        let called = Deed::Called { worker, thread, downstream: id, attempt };
        self.observer.deed(self.now, &called);
        let downstream = &mut self.downstreams.all[id.0 as usize];
        let luck = luck.in_try(attempt);
        let config = downstream.config();
        let work = config.work.sample(&mut luck.draws(Fate::Call, receive));
        let failure = config.failure;
        let fails = failure > 0.0 && luck.draws(Fate::CallFailure, receive).unit() < failure;
        let call = match downstream.call(self.now, by, work, fails) {
            Entry::Begins(call) => {
                let (downstream, waited) = (id, Span::ZERO);
                let begun = Deed::CallBegun { worker, downstream, waited };
                self.observer.deed(self.now, &begun);
                call
            }
            Entry::Waits(call) => call,
            Entry::Refused => {
                let refused = Deed::CallRefused { worker, downstream: id };
                self.observer.deed(self.now, &refused);
                return None;
            }
        };
        self.plan_downstream(id);
        Some(call)
    }

    /// A caller dies whose call was not answered.
    pub fn hang_up_downstream(&mut self, id: DownstreamId, call: CallId, worker: WorkerId) {
        let under_way = self.downstreams.all[id.0 as usize].hang_up(self.now, call);
        let (downstream, dies, goes_on) = (id, true, false);
        let given_up = Deed::CallGivenUp { worker, downstream, dies, under_way, goes_on };
        self.observer.deed(self.now, &given_up);
        self.look_at_downstream(id);
    }

    /// The next answer that a downstream has by now, and for whom; all that happens before it is
    /// told.
    pub fn next_call_answer(&mut self, event: DownstreamEvent) -> Option<(Calling, CallAnswer)> {
        let DownstreamEvent::Downstream(id) = event;
        self.downstreams.planned[id.0 as usize] = None;
        while let Some(step) = self.downstreams.all[id.0 as usize].next(self.now) {
            let (worker, downstream) = (step.caller.worker, id);
            let heard = step.is_heard;
            let (deed, answer) = match step.progress {
                CallProgress::Begins(waited) => {
                    (Deed::CallBegun { worker, downstream, waited }, None)
                }
                CallProgress::Ends { failed, used } => {
                    let answer = if failed { CallAnswer::Failed } else { CallAnswer::Done };
                    let ended = Deed::CallEnded { worker, downstream, used, failed, heard };
                    (ended, heard.then_some(answer))
                }
                CallProgress::GivenUp { under_way, goes_on } => {
                    let dies = false;
                    let given_up =
                        Deed::CallGivenUp { worker, downstream, dies, under_way, goes_on };
                    (given_up, Some(CallAnswer::TimedOut))
                }
            };
            self.observer.deed(self.now, &deed);
            if let Some(answer) = answer {
                return Some((step.caller, answer));
            }
        }
        self.plan_downstream(id);
        None
    }

    /// From now on, downstreams follow `to` instead of `from`.
    pub(super) fn follow_downstreams(
        &mut self,
        from: &[Named<DownstreamConfig>],
        to: &[Named<DownstreamConfig>],
    ) {
        for (number, (from, to)) in (0..).zip(Named::pairs(from, to)) {
            if from.config != to.config {
                self.downstreams.all[number as usize].follow(self.now, &to.config);
                self.look_at_downstream(DownstreamId(number));
            }
        }
    }

    /// Bytes of the calls that ever were there at once.
    pub fn bytes_of_downstreams(&self) -> u64 {
        self.downstreams.all.iter().map(Downstream::bytes).sum()
    }

    /// What happened to it may let others begin.
    fn look_at_downstream(&mut self, id: DownstreamId) {
        if self.downstreams.all[id.0 as usize].can_begin(self.now) {
            self.plan_at(id, Some(self.now));
        } else {
            self.plan_downstream(id);
        }
    }

    fn plan_downstream(&mut self, id: DownstreamId) {
        self.plan_at(id, self.downstreams.all[id.0 as usize].due());
    }

    /// A look that comes too early finds nothing: what is due earlier stays planned.
    fn plan_at(&mut self, id: DownstreamId, due: Option<Time>) {
        let planned = &mut self.downstreams.planned[id.0 as usize];
        if let Some(at) = due
            && planned.is_none_or(|planned| at < planned)
        {
            *planned = Some(at);
            self.calendar.schedule(at.max(self.now), DownstreamEvent::Downstream(id));
        }
    }
}
