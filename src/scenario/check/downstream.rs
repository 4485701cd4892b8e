//! Checks of what workers lean on, and of how they call it.
//!
//! Owns their ranges. Must not know the workers.

use super::Check;
use crate::kernel::time::Span;
use crate::model::clients::{CallConfig, RetryBudget};
use crate::model::downstream::{DownstreamBound, DownstreamConfig};
use crate::scenario::file::{
    BudgetFile, CallsFile, CapacityFile, DownstreamFile, GivenUpFile, Length, RetryFile,
};
use crate::scenario::tree::At;

/// Ours: factors of the law of scalability beyond it are a slip.
const MOST_SLOWDOWN: f64 = 1e3;

impl<'a> Check<'a> {
    /// Something that workers lean on.
    pub(super) fn downstream(&mut self, at: &At<'a>, file: &DownstreamFile) -> DownstreamConfig {
        let (bound, waiting) = match file {
            DownstreamFile::Pool { connections, waiting, .. } => {
                self.at_least_one(&at.field("connections"), *connections);
                (DownstreamBound::Pool { connections: *connections }, waiting.number())
            }
            DownstreamFile::Limiter { rate, burst, waiting, .. } => {
                let bucket = CapacityFile::Bucket { rate: *rate, burst: burst.clone() };
                let (per_second, burst) = self
                    .capacity(at, &bucket)
                    .map_or((1.0, 1.0), |bucket| (bucket.per_second, bucket.burst));
                (DownstreamBound::Limiter { per_second, burst }, waiting.number())
            }
            &DownstreamFile::Scalability { a, b, .. } => {
                let why = "each is a share of the work: 0.05 and 0.001 are common";
                self.range(&at.field("a"), a, 0.0, MOST_SLOWDOWN, why);
                self.range(&at.field("b"), b, 0.0, MOST_SLOWDOWN, why);
                (DownstreamBound::Scalability { contention: a, coherency: b }, None)
            }
        };
        let (DownstreamFile::Pool { work, timeout, given_up, failure, .. }
        | DownstreamFile::Limiter { work, timeout, given_up, failure, .. }
        | DownstreamFile::Scalability { work, timeout, given_up, failure, .. }) = file;
        if let Some(timeout) = *timeout {
            self.some_time(&at.field("timeout"), timeout, "`timeout: None` waits for the answer");
        }
        DownstreamConfig {
            bound,
            work: self.dist(&at.field("work"), work),
            failure: failure.0,
            timeout: timeout.map(|timeout| timeout.0),
            goes_on: *given_up == GivenUpFile::GoesOn,
            waiting,
        }
    }

    /// How a fleet calls what it leans on.
    pub(super) fn calls(&mut self, at: &At<'a>, file: &CallsFile) -> CallConfig {
        let retry = &file.retry;
        let retry_at = at.field("retry");
        let plain = RetryFile { base: retry.base, cap: retry.cap, attempts: retry.attempts };
        let Length(base_refused) = retry.base_refused;
        let never_stops = "a client that never waits never stops";
        self.some_time(&retry_at.field("base_refused"), retry.base_refused, never_stops);
        if base_refused > retry.cap.0 {
            let what = format!("a base of {base_refused} is above the cap of {}", retry.cap.0);
            self.push(&retry_at.field("base_refused"), what);
        }
        CallConfig {
            to: self.downstream_named(&at.field("to"), &file.to),
            retry: self.retry(&retry_at, &plain),
            base_refused,
            budget: self.budget(&at.field("budget"), &file.budget),
        }
    }

    fn budget(&mut self, at: &At<'a>, file: &BudgetFile) -> RetryBudget {
        match file {
            BudgetFile::Unlimited => RetryBudget::Unlimited,
            &BudgetFile::Tokens { size, cost, cost_refused } => {
                RetryBudget::Tokens { size, cost, cost_refused }
            }
            &BudgetFile::Share { share, saved } => {
                self.at_least_one(&at.field("saved"), saved);
                let millionths = Span::round_nanos(share.0 * 1e6).as_nanos() as u32;
                RetryBudget::Share { millionths, saved }
            }
        }
    }
}
