//! What functions are told: AWS Lambda behind an event source mapping.
//!
//! Owns the checked settings of a function, of its mapping and of the account that all functions
//! share. Must not know how they were written.
//!
//! LDG is the [developer guide of AWS
//! Lambda](https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html).

use crate::kernel::dist::Dist;
use crate::kernel::time::Span;
use crate::ledger::config::QueueId;
use crate::model::clients::{Failure, Retry, WorkUnit};

/// Bytes that one invocation carries (6 MB; LDG gettingstarted-limits).
pub const MAX_PAYLOAD: u64 = 6 << 20;

/// How long a long poll of a mapping waits (LDG with-sqs).
pub const READER_WAIT: Span = Span::from_secs(20);

/// What one poller of the provisioned mode carries (LDG services-sqs-scaling): invocations at once.
pub const POLLER_INVOCATIONS: u32 = 10;

/// The same: from one poll to the next, at 10 polls a second.
pub const POLLER_GAP: Span = Span::from_millis(100);

/// The same: bytes a second.
pub const POLLER_BYTES: u64 = 1_000_000;

/// The settings of one function and of the mapping that reads its queue.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionConfig {
    /// Where its mapping receives.
    pub queue: QueueId,
    /// Most messages of one invocation, 1 to 10,000.
    pub batch: u32,
    /// How long a batch is gathered after its first message, 0 s to 300 s.
    pub window: Span,
    /// How the mapping reads, and how far it scales.
    pub pollers: Pollers,
    /// How what the mapping may use grows and falls.
    pub ramp: Ramp,
    /// Concurrency that is kept for this function, and which it cannot exceed; `None` shares the
    /// rest of the account's.
    pub reserved: Option<u32>,
    /// An invocation that takes longer fails.
    pub timeout: Span,
    /// Its answers name the messages that failed (`ReportBatchItemFailures`); without it a failure
    /// fails the whole batch.
    pub partial: bool,
    /// The work.
    pub processing: Dist,
    /// Whether `processing` is of each message, one after the other, or of a whole batch.
    pub per: WorkUnit,
    /// How processing fails; what failed comes back when its visibility timeout ends.
    pub failure: Failure,
    /// Memory of an environment, in MB.
    pub memory: u32,
    /// How its environments come and go.
    pub environments: Environments,
    /// From the end of an invocation until its place in the mapping's limit is free.
    pub gap: Span,
    /// Time from a call to its effect (delete) or from its effect to the answer (receive).
    pub call_latency: Dist,
    /// What a throttled call to the queue does.
    pub retry: Retry,
    /// What a throttled invocation does, until the visibility timeout of its batch ends.
    pub invoke_retry: Retry,
}

/// How a mapping reads its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pollers {
    /// As many readers as are needed.
    OnDemand {
        /// Invocations at once that it stops reading at (`MaximumConcurrency`), 2 to 1,000.
        max: Option<u32>,
        /// Long polls that wait while there is nothing to do.
        idle: u32,
    },
    /// The provisioned mode: event pollers that are paid for.
    Provisioned {
        /// Fewest.
        min: u32,
        /// Most.
        max: u32,
    },
}

/// How the concurrency that a mapping may use grows and falls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ramp {
    /// Invocations at once at the start.
    pub start: u32,
    /// More invocations at once a minute, while there is a backlog and no errors.
    pub slope: u32,
    /// How they come.
    pub shape: Slope,
    /// Most that it grows to.
    pub ceiling: u32,
    /// A period of so long in which too many invocations failed or were throttled halves it.
    pub back_off: Span,
    /// Too many: this share of a period's.
    pub failing: f64,
}

/// The shape of a slope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slope {
    /// One by one.
    Even,
    /// A whole minute's at once.
    ByTheMinute,
}

/// How the execution environments of a function come and go.
#[derive(Clone, Debug, PartialEq)]
pub struct Environments {
    /// From an invocation that needs a new one until its work begins.
    pub cold_start: Dist,
    /// One that has been idle for so long is gone.
    pub keep_warm: Span,
    /// New ones in 10 s: as many at once, refilled continuously and not saved up
    /// (LDG lambda-concurrency).
    pub per_10_s: u32,
}

/// What all functions share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Invocations at once, of all functions.
    pub concurrency: u32,
}

impl Default for Account {
    /// An account of AWS as it begins (LDG lambda-concurrency).
    fn default() -> Account {
        Account { concurrency: 1_000 }
    }
}

/// What functions cost, in billionths of a dollar. The default: nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FunctionPrices {
    /// For a million invocations.
    pub per_million: u64,
    /// For a million seconds of 1 GB of memory.
    pub per_million_gb_seconds: u64,
    /// For an hour of one provisioned poller.
    pub poller_hour: u64,
}

impl FunctionConfig {
    /// The concurrency that its mapping begins with.
    pub fn start(&self, account: Account) -> u32 {
        let start = match self.pollers {
            Pollers::OnDemand { .. } => self.ramp.start,
            Pollers::Provisioned { min, .. } => min.saturating_mul(POLLER_INVOCATIONS),
        };
        start.min(self.most(account))
    }

    /// The concurrency that its mapping grows to. It does not see what is reserved.
    pub fn most(&self, account: Account) -> u32 {
        let own = match self.pollers {
            Pollers::OnDemand { max, .. } => max.unwrap_or(u32::MAX),
            Pollers::Provisioned { max, .. } => max.saturating_mul(POLLER_INVOCATIONS),
        };
        own.min(self.ramp.ceiling).min(account.concurrency).max(1)
    }

    /// Readers that may be there with a limit of so many invocations at once.
    pub fn readers(&self, limit: u32) -> u32 {
        match self.pollers {
            Pollers::OnDemand { .. } => limit,
            Pollers::Provisioned { .. } => limit.div_ceil(POLLER_INVOCATIONS),
        }
    }

    /// Readers whose long polls may wait at once with such a limit.
    pub fn idle(&self, limit: u32) -> u32 {
        match self.pollers {
            Pollers::OnDemand { idle, .. } => idle,
            Pollers::Provisioned { .. } => self.readers(limit),
        }
    }
}
