//! What a run would cost.
//!
//! Owns its serialised form. Must not know prices.

use serde::{Deserialize, Serialize};

use crate::stats::cost::Cost;

/// The bill of one run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CostOutcome {
    /// Billed requests in the window, over all queues.
    pub requests: u64,
    /// Dollars of the window.
    pub dollars: f64,
    /// Dollars of a month (730 hours) in which the window comes as often as the scenario says with
    /// `every`; without it, one after the other.
    pub dollars_per_month: f64,
    /// Requests' part of them.
    pub requests_per_month: f64,
    /// Workers' part of them; `None` if no fleet has a price.
    pub workers_per_month: Option<f64>,
    /// Functions' part of them; left out if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub functions_per_month: Option<f64>,
    /// Dollars of a million messages deleted, with what is paid until the window comes again;
    /// `None` if none was.
    pub dollars_per_million: Option<f64>,
}

impl CostOutcome {
    /// `priced` says whether a fleet has a price, `functions` whether there are some.
    pub(super) fn of(cost: &Cost, priced: bool, functions: bool) -> CostOutcome {
        CostOutcome {
            requests: cost.requests,
            dollars: cost.of_window(),
            dollars_per_month: cost.per_month(),
            requests_per_month: cost.requests_per_month,
            workers_per_month: priced.then_some(cost.workers_per_month),
            functions_per_month: functions.then_some(cost.functions_per_month),
            dollars_per_million: cost.per_million().value(),
        }
    }
}
