//! What a world looks like to one message.
//!
//! Owns the reading: the queue, those who receive from it, the message's own worker. Must not
//! change anything, nor judge what matters.

use super::world::World;
use crate::clients::fleets::worker::{Life, Polling};
use crate::clients::functions::Standing;
use crate::facts::deed::WorkerId;
use crate::facts::fact::Fact;
use crate::facts::observer::Observer;
use crate::kernel::time::Time;
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Caller, Change, MessageId, Step};

/// What was told of one message so far, as far as the present depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Story {
    /// Who received it last.
    pub worker: Option<WorkerId>,
    /// When the visibility timeout of that receive ends, as last set.
    pub until: Option<Time>,
}

impl Story {
    /// Takes in what happened to `message`.
    pub(super) fn hear(&mut self, message: MessageId, fact: &Fact) {
        let Fact::Change(_, change) = fact else { return };
        if let Change::Message(of, Step::Received { caller, until, .. }) = *change
            && of == message
        {
            *self = Story { worker: Some(WorkerId(caller.0)), until: Some(until) };
        }
        if let Change::Message(of, Step::VisibilityChanged { until }) = *change
            && of == message
        {
            self.until = Some(until);
        }
    }
}

/// One worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtWork {
    /// Which.
    pub worker: WorkerId,
    /// Started, and not crashed.
    pub up: bool,
    /// Its threads.
    pub threads: u32,
    /// Those that work or call.
    pub busy: u32,
    /// Its long poll waits.
    pub waits: bool,
    /// An answer with messages is on its way to it.
    pub in_transit: bool,
}

/// A queue and those who receive from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Situation {
    /// The run was over: at its end, or at a limit.
    pub over: bool,
    /// Messages visible.
    pub visible: u64,
    /// Messages in flight.
    pub in_flight: u64,
    /// As many as the queue allows.
    pub full: bool,
    /// Workers of all fleets that receive from it, without those that leave, have left or have not
    /// joined.
    pub workers: u32,
    /// Those that are up.
    pub up: u32,
    /// Threads of those that are up.
    pub threads: u32,
    /// Those that work or call.
    pub busy: u32,
    /// Workers with a free thread or room in their buffer whose long poll waits.
    pub waiting: u32,
    /// Workers that polled, and whose answer is on its way.
    pub answering: u32,
    /// Workers that pause before their next poll.
    pub pausing: u32,
    /// Whom the message is with, or comes to.
    pub worker: Option<AtWork>,
    /// What was told of it.
    pub story: Story,
}

impl Situation {
    /// Reads `world` around `queue` and `worker`.
    pub(super) fn of<O: Observer>(
        world: &World<O>,
        queue: QueueId,
        worker: Option<WorkerId>,
    ) -> Situation {
        let tally = world.core.ledger.tally(queue);
        let cap = u64::from(world.core.ledger.config(queue).max_in_flight);
        let mut seen = Situation {
            visible: tally.visible,
            in_flight: tally.in_flight,
            full: tally.in_flight >= cap,
            worker: worker.map(|worker| at_work(world, worker)),
            ..Situation::default()
        };
        for (number, worker) in (0..).map(WorkerId).zip(world.fleets.workers()) {
            let there = match worker.life {
                Life::Down | Life::Up => true,
                Life::Leaving | Life::Gone => false,
            };
            if !there || !world.fleets.config(worker).receives_from(queue) {
                continue;
            }
            seen.workers += 1;
            let one = at_work(world, number);
            if !one.up {
                continue;
            }
            seen.up += 1;
            seen.threads += one.threads;
            seen.busy += one.busy;
            match worker.polling {
                // It may wait at another of its queues.
                Polling::Called if one.waits => {
                    let there = world.core.ledger.waits_at(Caller(number.0)) == Some(queue);
                    seen.waiting += u32::from(there);
                }
                Polling::Called => seen.answering += 1,
                Polling::Paused => seen.pausing += 1,
                Polling::Idle => {}
            }
        }
        for function in world.functions.standings() {
            if world.functions.config(function.function).queue == queue {
                seen.add_function(&function);
            }
        }
        seen
    }

    /// A function is as a worker whose threads are the places within its limit.
    fn add_function(&mut self, function: &Standing) {
        self.workers += 1;
        self.up += 1;
        self.threads += function.limit;
        self.busy += function.in_use.min(function.limit);
        self.waiting += u32::from(function.waiting > 0);
        self.answering += u32::from(function.waiting == 0 && function.reading > 0);
    }
}

fn at_work<O: Observer>(world: &World<O>, number: WorkerId) -> AtWork {
    if let Some(id) = number.function() {
        let mut standings = world.functions.standings();
        let function = standings.find(|function| function.function == id);
        let function = function.expect("a function that receives is there");
        return AtWork {
            worker: number,
            up: true,
            threads: function.limit,
            busy: function.in_use.min(function.limit),
            waits: function.waiting > 0,
            in_transit: false,
        };
    }
    let worker = &world.fleets.workers()[number.0 as usize];
    AtWork {
        worker: number,
        up: worker.life == Life::Up,
        threads: world.fleets.config(worker).threads,
        busy: worker.busy,
        waits: world.core.ledger.waits_at(Caller(number.0)).is_some(),
        in_transit: worker.in_transit > 0,
    }
}
