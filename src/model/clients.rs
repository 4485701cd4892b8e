//! What the clients are told: producers and fleets of workers.
//!
//! Owns the checked settings of those who call the ledger. Must not know how they were written.

use std::sync::Arc;

use super::fleet_size::FleetSize;
use super::scaling::RoomConfig;
use crate::facts::deed::DownstreamId;
use crate::kernel::dist::Dist;
use crate::kernel::time::{Span, Time};
use crate::ledger::config::QueueId;

/// The settings of one producer.
#[derive(Clone, Debug, PartialEq)]
pub struct ProducerConfig {
    /// Where it sends.
    pub queue: QueueId,
    /// When messages arise; several processes are summed.
    pub arrivals: Vec<ArrivalProcess>,
    /// Messages a call, 1 to 10.
    pub batch: u32,
    /// How long an unfilled batch waits for its next message.
    pub linger: Span,
    /// Time from the call to its effect on the ledger, which is also its answer.
    pub call_latency: Dist,
    /// Calls under way at once; further ones wait at the client. `None` is unlimited.
    pub connections: Option<u32>,
    /// Delay of each message; `None` leaves it to the queue.
    pub delay: Option<Span>,
    /// What a throttled call does.
    pub retry: Retry,
}

/// Exponential back-off with full jitter (AWS Architecture Blog, "Exponential Backoff And
/// Jitter", 2015): before retry n, from 1, the client waits uniformly in
/// [0, min(cap, base·2ⁿ⁻¹)].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The first ceiling.
    pub base: Span,
    /// The last ceiling.
    pub cap: Span,
    /// Tries in all, the first included; `None` never gives up.
    pub attempts: Option<u32>,
}

/// The call to a downstream that ends the work of a message, or of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct CallConfig {
    /// What is called.
    pub to: DownstreamId,
    /// What follows a call that fails or that is given up.
    pub retry: Retry,
    /// The first ceiling of the wait after a call that was refused.
    pub base_refused: Span,
    /// What bounds the retries of a worker.
    pub budget: RetryBudget,
}

/// What bounds the retries of one worker, all its threads together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RetryBudget {
    /// Nothing.
    Unlimited,
    /// A bucket of tokens, full at first: a retry takes some, and a success returns those of the
    /// retry before it, or brings one where there was none (the SDKs' standard mode, see
    /// [Retry behavior](https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html)).
    Tokens {
        /// Tokens of a full bucket.
        size: u32,
        /// Tokens that a retry takes.
        cost: u32,
        /// Tokens that a retry after a refusal takes.
        cost_refused: u32,
    },
    /// Each first try earns a share of a retry, and a retry takes a whole one.
    Share {
        /// The share, in millionths.
        millionths: u32,
        /// Retries that are saved up at most, and at first.
        saved: u32,
    },
}

/// One arrival process. Rates are messages per second.
#[derive(Clone, Debug, PartialEq)]
pub enum ArrivalProcess {
    /// Poisson with a constant rate.
    Poisson {
        /// Messages per second.
        rate: f64,
    },
    /// One message every 1/rate, the first after one gap.
    Constant {
        /// Messages per second.
        rate: f64,
    },
    /// Poisson whose rate is piecewise linear between the points, constant before the first and
    /// after the last.
    Profile {
        /// (instant, messages per second), ascending.
        points: Vec<(Time, f64)>,
    },
    /// Poisson while on, silent while off, starting on.
    OnOff {
        /// Messages per second while on.
        rate: f64,
        /// Length of an on period.
        on: Dist,
        /// Length of an off period.
        off: Dist,
    },
    /// `count` messages at one instant.
    Burst {
        /// When.
        at: Time,
        /// How many.
        count: u64,
    },
    /// A Poisson number of messages in each period, spread evenly in it.
    Counts {
        /// The periods in ascending order, not overlapping; what lies between them is silent.
        periods: Arc<[CountPeriod]>,
    },
    /// Exactly so many messages in each period, a whole number each, spread evenly in it.
    Exact {
        /// The periods in ascending order, not overlapping; what lies between them is silent.
        periods: Arc<[CountPeriod]>,
    },
    /// Messages at exactly these instants, ascending.
    Times {
        /// The instants.
        at: Arc<[Time]>,
    },
    /// What another process does before `every`, again and again.
    Repeated {
        /// From each beginning to the next.
        every: Span,
        /// The process, closed ones and other repeated ones apart.
        of: Box<ArrivalProcess>,
    },
    /// Clients that send one message, wait for the send to be confirmed, think, and begin again.
    /// Each thinks before its first message.
    Closed {
        /// Number of clients.
        clients: u32,
        /// Think time.
        think: Dist,
    },
}

/// One period of a counts file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountPeriod {
    /// Start.
    pub from: Time,
    /// Length.
    pub length: Span,
    /// Number of messages, expected or exact.
    pub expected: f64,
}

/// The settings of one fleet of equal workers.
#[derive(Clone, Debug, PartialEq)]
pub struct FleetConfig {
    /// Where it receives; of several queues the first.
    pub queue: QueueId,
    /// How it goes through several queues, of which `queue` is the first; `None` is one alone.
    pub several: Option<Several>,
    /// Processes.
    pub size: FleetSize,
    /// Messages worked on at once by each.
    pub threads: u32,
    /// How it polls.
    pub receive: ReceiveConfig,
    /// The work.
    pub processing: Dist,
    /// Whether `processing` is per message or per received batch.
    pub per: WorkUnit,
    /// What the work calls at its end.
    pub calls: Option<CallConfig>,
    /// Time from a call to its effect (send, delete, change of visibility) or from its effect to
    /// the answer (receive).
    pub call_latency: Dist,
    /// How processing fails.
    pub failure: Failure,
    /// From a message's send until it may be worked on, drawn from its luck, the same at every
    /// receive. A thread that takes it earlier hides it for the rest instead of working on it.
    pub hold: Option<Dist>,
    /// Extends the visibility timeout of messages being worked on.
    pub heartbeat: Option<Heartbeat>,
    /// How workers die.
    pub crash: Option<Crash>,
    /// From when a worker joins, at the start of the run or later, to its first poll.
    pub start_up: Dist,
    /// The hosts that its workers are placed on; `None` has room for all.
    pub hosts: Option<RoomConfig>,
    /// What a worker that leaves does with what it holds.
    pub on_stop: OnStop,
    /// After so long one that leaves is killed; `None` waits for it.
    pub grace: Option<Span>,
    /// When the workers are exchanged for others.
    pub deploys: Option<Deploys>,
    /// How deletes are sent.
    pub delete: DeleteConfig,
    /// A message that was processed before is recognised and only deleted.
    pub idempotent: bool,
    /// Where a processed message is sent on to, before it is deleted.
    pub forward: Option<QueueId>,
    /// What a throttled call does.
    pub retry: Retry,
}

/// How a worker that receives from several queues goes through them. It asks one after the other
/// until one has messages; only the last of a round is asked by a long poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Several {
    /// The first always comes first: the next is asked only if those before it had nothing.
    Priority(Vec<QueueId>),
    /// They come first in turns, as often as their weights say: smooth weighted round robin, as in
    /// nginx. The others follow, those first that have waited longest by their weights.
    Weighted(Vec<(QueueId, u32)>),
}

impl Several {
    /// The queues, as they are written.
    pub fn queues(&self) -> impl Iterator<Item = QueueId> {
        let (first, second) = match self {
            Several::Priority(queues) => (&queues[..], &[][..]),
            Several::Weighted(queues) => (&[][..], &queues[..]),
        };
        first.iter().copied().chain(second.iter().map(|&(queue, _)| queue))
    }
}

impl FleetConfig {
    /// The queues that it receives from, as they are written.
    pub fn queues(&self) -> impl Iterator<Item = QueueId> {
        let one = self.several.is_none().then_some(self.queue);
        one.into_iter().chain(self.several.iter().flat_map(Several::queues))
    }

    /// Whether its workers come and go by a plan: a schedule, a scaler or deploys.
    pub fn comes_and_goes(&self) -> bool {
        self.size.fixed().is_none() || self.deploys.is_some()
    }

    /// Whether it receives from this queue.
    pub fn receives_from(&self, queue: QueueId) -> bool {
        self.queues().any(|own| own == queue)
    }
}

/// How a worker polls.
#[derive(Clone, Debug, PartialEq)]
pub struct ReceiveConfig {
    /// Most messages a call, 1 to 10.
    pub max: u32,
    /// Long-poll wait, 0 s to 20 s; 0 is a short poll.
    pub wait: Span,
    /// Visibility timeout asked for; `None` is the queue's.
    pub visibility_timeout: Option<Span>,
    /// Messages kept in the worker beyond those being worked on: it polls while it holds fewer.
    /// 0 polls only for idle threads.
    pub prefetch: u32,
    /// Pause after an empty short poll.
    pub pause: Dist,
    /// Pause after the answer of every receive, beside the one after an empty short poll; `None`
    /// is none.
    pub gap: Option<Dist>,
    /// How many messages it asks for.
    pub ask: Ask,
    /// No receive until all that was received is done: worked on, and deleted or given back.
    pub barrier: bool,
}

/// How many messages a receive asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The most of a call, whatever the worker has room for.
    Most,
    /// No more than idle threads can take and the buffer has room for.
    Room,
}

/// What `processing` is the length of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkUnit {
    /// Each message.
    Message,
    /// All messages of one receive together.
    Batch,
}

/// How processing fails; drawn from the message's luck.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Probability that one processing fails.
    pub probability: f64,
    /// Probability that a message fails every time.
    pub poison: f64,
    /// What the worker does then.
    pub then: OnFailure,
    /// One failure fails all messages of its batch: none of them is done.
    pub whole_batch: bool,
}

/// What a worker does with a message it failed to process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// Nothing: it returns when its visibility timeout ends.
    LetExpire,
    /// Sets its visibility timeout to this.
    Release(Span),
    /// Sets its visibility timeout to more with every receive.
    Backoff {
        /// After the first receive.
        base: Span,
        /// The longest.
        cap: Span,
        /// What is drawn of it.
        jitter: Jitter,
    },
    /// Sets its visibility timeout to the n-th after the n-th receive, to the last after all
    /// further ones.
    Delays(Arc<[Span]>),
}

/// What is drawn of a back-off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// Nothing: it is as long as it may be.
    None,
    /// Evenly between none and all of it.
    Full,
}

/// Extends a message's visibility while it is worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// How often.
    pub every: Span,
    /// To how long from then.
    pub extend: Span,
}

/// How workers die.
#[derive(Clone, Debug, PartialEq)]
pub struct Crash {
    /// From each start to the next crash: exponential with this mean.
    pub mean_time_between: Span,
    /// From a crash to the next start.
    pub restart: Dist,
}

/// What a worker that leaves does with what it holds. In each case it receives no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnStop {
    /// It finishes what it holds. What is left when it is killed returns at its timeout.
    Finish,
    /// What no thread works on it gives back at once, and what is left when it is killed then: by
    /// setting the visibility timeout to 0.
    GiveBack,
    /// It is killed at once: what it holds returns at its timeout.
    Drop,
}

/// How the workers of a fleet are exchanged for others: part by part, the next when all of the one
/// before have started again.
#[derive(Clone, Debug, PartialEq)]
pub struct Deploys {
    /// When it begins, ascending. One that begins before the last is over begins with all again.
    pub at: Arc<[Time]>,
    /// How many are exchanged at once.
    pub batch: Portion,
    /// From when a new worker has the place of an old one to its first poll; `None` is the fleet's.
    pub start_up: Option<Dist>,
}

impl Deploys {
    /// When the next one begins, after `now`.
    pub fn next(&self, now: Time) -> Option<Time> {
        self.at.get(self.at.partition_point(|&at| at <= now)).copied()
    }
}

/// A part of a fleet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Portion {
    /// So many workers.
    Workers(u32),
    /// This share of those that are there, rounded up.
    Share(f64),
}

impl Portion {
    /// How many of so many, at least one.
    #[expect(clippy::cast_sign_loss, reason = "it is at least one")]
    pub fn of(self, workers: u32) -> u32 {
        match self {
            Portion::Workers(count) => count.max(1),
            Portion::Share(share) => {
                // What is whole but for the rounding of a product is whole.
                libm::ceil(f64::from(workers) * share - 1e-9).max(1.0) as u32
            }
        }
    }
}

/// How deletes are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeleteConfig {
    /// Receipts a call, 1 to 10. With 1 the thread waits for the answer; with more, the worker
    /// collects receipts and sends them in the background.
    pub batch: u32,
    /// How long an unfilled batch waits.
    pub linger: Span,
}
