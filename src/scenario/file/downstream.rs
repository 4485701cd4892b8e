//! What workers lean on, and how they call it, as written.
//!
//! Owns the names of these settings; see [`crate::model::downstream`] for what they become. Must
//! not know their ranges.

use serde::{Deserialize, Serialize};

use super::values::{Bound, Length, Probability, Rate};
use super::{BurstFile, DistFile};

/// Something that workers lean on.
///
/// ```
/// # use sqsim::scenario::file::DownstreamFile;
/// let db: DownstreamFile = "Pool(connections: 20, work: Exponential(\"5ms\"))".parse()?;
/// # Ok::<(), sqsim::Faults>(())
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "downstream")]
pub enum DownstreamFile {
    Pool {
        connections: u32,
        work: DistFile,
        waiting: Bound,
        timeout: Option<Length>,
        given_up: GivenUpFile,
        failure: Probability,
    },
    Limiter {
        rate: Rate,
        burst: BurstFile,
        work: DistFile,
        waiting: Bound,
        timeout: Option<Length>,
        given_up: GivenUpFile,
        failure: Probability,
    },
    Scalability {
        work: DistFile,
        a: f64,
        b: f64,
        timeout: Option<Length>,
        given_up: GivenUpFile,
        failure: Probability,
    },
}

/// What becomes of a call that was given up.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "end of what was given up")]
pub enum GivenUpFile {
    Ends,
    GoesOn,
}

/// The call that ends the work of a message.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "calls", deny_unknown_fields)]
pub struct CallsFile {
    pub to: String,
    pub retry: CallRetryFile,
    pub budget: BudgetFile,
}

/// What follows a call that was refused, failed or was given up.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "call_retry", deny_unknown_fields)]
pub struct CallRetryFile {
    pub attempts: Bound,
    pub base: Length,
    pub base_refused: Length,
    pub cap: Length,
}

/// What bounds the retries of a worker.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "budget")]
pub enum BudgetFile {
    Unlimited,
    Tokens { size: u32, cost: u32, cost_refused: u32 },
    Share { share: Probability, saved: u32 },
}
