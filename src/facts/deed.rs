//! What clients do, told to observers.
//!
//! Owns [`Deed`], the closed list of things that happen at producers and workers rather than in
//! the ledger. Must not know who listens.

use crate::kernel::time::{Span, Time};
use crate::ledger::config::QueueId;
use crate::ledger::journal::MessageId;
use crate::ledger::journal::vocabulary::{Kind, Value, facts, numbers, words};
use crate::ledger::journal::{group_of, grouped};

/// A producer, by its place in the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProducerId(pub u32);

/// A fleet, by its place in the scenario; or a function ([`FleetId::of_function`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FleetId(pub u32);

/// A worker, numbered over all fleets in the order of the scenario. It is the ledger's `Caller`.
/// Or an execution environment of a function ([`WorkerId::of_function`]), which calls nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerId(pub u32);

/// Something that workers lean on, by its place in the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DownstreamId(pub u32);

/// A function, by its place among the functions of the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionId(pub u32);

impl FleetId {
    /// The environments of a function, which work as the workers of a fleet do.
    #[inline]
    pub fn of_function(function: FunctionId) -> FleetId {
        FleetId(grouped(function.0, 0))
    }

    /// The function, if it is one.
    #[inline]
    pub fn function(self) -> Option<FunctionId> {
        group_of(self.0).map(|(function, _)| FunctionId(function))
    }
}

impl WorkerId {
    /// An environment of a function, by its number there. That of one that is gone is given again.
    #[inline]
    pub fn of_function(function: FunctionId, environment: u32) -> WorkerId {
        WorkerId(grouped(function.0, environment))
    }

    /// The function whose environment it is, if it is one.
    #[inline]
    pub fn function(self) -> Option<FunctionId> {
        group_of(self.0).map(|(function, _)| FunctionId(function))
    }
}

numbers! {
    DownstreamId: |it| u64::from(it.0), |of| DownstreamId(of), Value::Name(Kind::Downstream, it.0);
    ProducerId: |it| u64::from(it.0), |of| ProducerId(of), Value::Name(Kind::Producer, it.0);
    FleetId: |it| u64::from(it.0), |of| FleetId(of), Value::Name(Kind::Fleet, it.0);
    WorkerId: |it| u64::from(it.0), |of| WorkerId(of), Value::Name(Kind::Worker, it.0);
    FunctionId: |it| u64::from(it.0), |of| FunctionId(of), Value::Name(Kind::Function, it.0);
}

words! {
    /// How one processing ended.
    pub enum Ending {
        /// Done, for the first time.
        Done = "done",
        /// Done, and it had been done before: duplicate work.
        Duplicate = "duplicate",
        /// Recognised as done before by an idempotent worker. What it worked before it saw that,
        /// where another completed the message meanwhile, is wasted.
        Recognised = "recognised",
        /// Failed.
        Failed = "failed",
        /// The worker died.
        Crashed = "crashed",
        /// The worker was stopped, and killed.
        Killed = "killed",
    }
}

impl Ending {
    /// Whether the worker was gone before the work was over.
    #[inline]
    pub fn is_cut_off(self) -> bool {
        matches!(self, Ending::Crashed | Ending::Killed)
    }
}

words! {
    /// How one invocation of a function ended.
    pub enum Returned {
        /// All of its messages were processed.
        Succeeded = "succeeded",
        /// Its answer named those that were not.
        InPart = "in_part",
        /// It failed, and its whole batch with it.
        Failed = "failed",
        /// It took longer than it may: its whole batch failed, and its environment is gone.
        TimedOut = "timed_out",
    }
}

facts! {
    /// One thing a client did.
    pub enum Deed {
        /// A message arose at a producer (before batching, latency or throttling).
        0 "arrived" Arrived {
            /// The producer.
            producer: ProducerId = tell "producer",
        },
        /// A producer's call was accepted for this many messages.
        2 "send_confirmed" SendConfirmed {
            /// The producer.
            producer: ProducerId = tell "producer",
            /// Messages stored.
            messages: u32 = tell "messages",
            /// How long their call had waited for a free connection.
            waited: Span = tell "waited_ns",
            /// How long the call took, tries and back-off included.
            took: Span = tell "took_ns",
        },
        /// A producer's call was refused for this many messages and will be tried again.
        3 "send_retried" SendRetried {
            /// The producer.
            producer: ProducerId = tell "producer",
            /// Messages refused.
            messages: u32 = tell "messages",
        },
        /// A producer gave messages up after its last try.
        4 "given_up" GivenUp {
            /// The producer.
            producer: ProducerId = tell "producer",
            /// Messages lost.
            messages: u32 = tell "messages",
        },
        /// A worker began to work on a message. For work per batch, told for each message.
        5 "began" Began {
            /// The worker.
            worker: WorkerId = tell "worker",
            /// Its thread.
            thread: u32 = tell "thread",
            /// The queue the message came from.
            queue: QueueId = imply "queue",
            /// The message.
            message: MessageId = tell "message",
            /// Which receive this is, from 1.
            receives: u32 = imply "receives",
        },
        /// A worker ended work on a message.
        6 "ended" Ended {
            /// The worker.
            worker: WorkerId = tell "worker",
            /// Its fleet.
            fleet: FleetId = imply "fleet",
            /// Its thread.
            thread: u32 = tell "thread",
            /// The queue the message came from.
            queue: QueueId = imply "queue",
            /// The message.
            message: MessageId = imply "message",
            /// When it was sent to the queue.
            sent: Time = imply "sent_ns",
            /// How long the work took; for work per batch, this message's equal share.
            took: Span = imply "took_ns",
            /// How it ended.
            how: Ending = tell "how",
        },
        /// A worker started: it polls from now on.
        7 "started" Started {
            /// The worker.
            worker: WorkerId = tell "worker",
        },
        /// A worker died with all it held.
        8 "crashed" Crashed {
            /// The worker.
            worker: WorkerId = tell "worker",
        },
        /// A worker joined its fleet after the start: it is paid from now on.
        9 "joined" Joined {
            /// The worker.
            worker: WorkerId = tell "worker",
            /// Its fleet.
            fleet: FleetId = tell "fleet",
        },
        /// A worker leaves its fleet: it receives no more. Each of its threads is paid until it
        /// has finished what it holds.
        10 "left" Left {
            /// The worker.
            worker: WorkerId = tell "worker",
            /// Its fleet.
            fleet: FleetId = tell "fleet",
        },
        /// A fleet is to have so many workers from now on.
        11 "resized" Resized {
            /// The fleet.
            fleet: FleetId = tell "fleet",
            /// Workers that are wanted.
            wanted: u32 = tell "wanted",
        },
        /// A worker that was leaving is killed with what it still holds.
        13 "killed" Killed {
            /// The worker.
            worker: WorkerId = tell "worker",
            /// Its fleet.
            fleet: FleetId = tell "fleet",
            /// Messages that it holds: received, and neither deleted nor given back.
            held: u32 = tell "held",
        },
        /// A fleet's scaler has read its queue's approximate counters.
        15 "counted" Counted {
            /// The fleet.
            fleet: FleetId = tell "fleet",
            /// The queue.
            queue: QueueId = tell "queue",
            /// Messages visible, as it read.
            visible: u32 = tell "visible",
            /// Messages in flight, as it read.
            in_flight: u32 = tell "in_flight",
            /// Messages delayed, as it read.
            delayed: u32 = tell "delayed",
            /// Calls of `GetQueueAttributes` that took; points of `CloudWatch` take none.
            calls: u32 = tell "calls",
        },
        /// A fleet begins to exchange its workers for others.
        14 "deployed" Deployed {
            /// The fleet.
            fleet: FleetId = tell "fleet",
        },
        /// A worker that left has gone: it holds nothing any more.
        12 "stopped" Stopped {
            /// The worker.
            worker: WorkerId = tell "worker",
            /// Its fleet.
            fleet: FleetId = tell "fleet",
        },
        /// A thread of a worker calls a downstream.
        50 "downstream_called" Called {
            /// The worker.
            worker: WorkerId = tell "worker",
            /// Its thread.
            thread: u32 = tell "thread",
            /// What it calls.
            downstream: DownstreamId = tell "downstream",
            /// Which try this is, from 1.
            attempt: u32 = tell "attempt",
        },
        /// A call has what it waited for: it is worked on.
        51 "call_begun" CallBegun {
            /// The worker that calls.
            worker: WorkerId = tell "worker",
            /// What it calls.
            downstream: DownstreamId = tell "downstream",
            /// How long it waited.
            waited: Span = imply "waited_ns",
        },
        /// The work of a call is over.
        52 "call_ended" CallEnded {
            /// The worker that called.
            worker: WorkerId = tell "worker",
            /// What it called.
            downstream: DownstreamId = tell "downstream",
            /// How long it was worked on.
            used: Span = imply "used_ns",
            /// Whether it failed.
            failed: bool = tell "failed",
            /// Whether the worker wants the answer: it has not given the call up.
            heard: bool = tell "heard",
        },
        /// A downstream refuses a call.
        53 "call_refused" CallRefused {
            /// The worker that called.
            worker: WorkerId = tell "worker",
            /// What it called.
            downstream: DownstreamId = tell "downstream",
        },
        /// A worker gives a call up, after its timeout or because it dies.
        54 "call_given_up" CallGivenUp {
            /// The worker that called.
            worker: WorkerId = tell "worker",
            /// What it called.
            downstream: DownstreamId = tell "downstream",
            /// Whether it dies.
            dies: bool = tell "dies",
            /// Whether the call was worked on; if not, it waited.
            under_way: bool = tell "under_way",
            /// Whether the downstream goes on with it all the same.
            goes_on: bool = tell "goes_on",
        },
        /// A function was invoked with a batch.
        40 "invoked" Invoked {
            /// The environment that runs it.
            environment: WorkerId = tell "worker",
            /// The function.
            function: FunctionId = imply "function",
            /// Messages of the batch.
            messages: u32 = tell "messages",
            /// The environment is new: a cold start.
            cold: bool = tell "cold",
        },
        /// An invocation ended.
        41 "invocation_ended" InvocationEnded {
            /// The environment that ran it.
            environment: WorkerId = tell "worker",
            /// The function.
            function: FunctionId = imply "function",
            /// How it ended.
            how: Returned = tell "how",
            /// What is billed: its cold start and its work, in whole milliseconds.
            billed: Span = imply "billed_ns",
        },
        /// A batch could not be invoked, as no concurrency or no new environment was free.
        42 "invocation_throttled" InvocationThrottled {
            /// The function.
            function: FunctionId = tell "function",
            /// Messages of the batch.
            messages: u32 = tell "messages",
        },
        /// A batch was given up, as the visibility timeout of its messages ended before it could be
        /// invoked: they have been received in vain.
        43 "receives_burnt" ReceivesBurnt {
            /// The function.
            function: FunctionId = tell "function",
            /// Messages of the batch.
            messages: u32 = tell "messages",
        },
        /// An environment is gone: it was idle for long enough, or its invocation timed out.
        44 "environment_gone" EnvironmentGone {
            /// The environment.
            environment: WorkerId = tell "worker",
            /// The function.
            function: FunctionId = imply "function",
        },
        /// The concurrency that the mapping of a function may use changed.
        45 "limit_changed" LimitChanged {
            /// The function.
            function: FunctionId = tell "function",
            /// It now.
            limit: u32 = tell "limit",
            /// It before.
            was: u32 = imply "was",
        },
        /// The number of busy threads of a worker changed.
        0 "busy" Busy {
            /// The worker.
            worker: WorkerId = tell "worker",
            /// Its fleet.
            fleet: FleetId = tell "fleet",
            /// Busy threads now: working, or waiting for a downstream, for a call of their message
            /// or, idle, for the answer of a receive that found messages.
            busy: u32 = tell "busy",
            /// Busy threads before.
            was: u32 = tell "was",
        },
    }
}

impl Deed {
    /// The message that it is about.
    #[inline]
    pub fn message(&self) -> Option<MessageId> {
        if let Deed::Began { message, .. } | Deed::Ended { message, .. } = *self {
            Some(message)
        } else {
            None
        }
    }
}
