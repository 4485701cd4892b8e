//! What limited a run, in an outcome and over several.
//!
//! Owns its serialised form. Must not know when something is a limit: `stats::bottleneck` says.

use serde::{Deserialize, Serialize};

use super::Outcome;
use crate::kernel::time::Time;
use crate::stats::bottleneck::{self, Bottleneck, Finding};

/// What limited a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LimitedBy {
    /// What was found: `throttled`, `over_limit`, `unavailable`, `saturated`, `crowded`,
    /// `outlived_timeout`, `prefetched`, `uninvoked`, `full_function`, `busy`, `overrun`,
    /// `in_flight_cap`, `growing`, `unserved`, `backlog`, `backlog_of_function`, `late`, `behind`,
    /// `waited`, `closed_clients`, `room`, `room_of_function` or `quiet`.
    pub kind: String,
    /// Of which queue, fleet, function or producer; empty for none.
    pub of: String,
    /// The figures of the sentence, in the order of [`Finding`]'s documentation.
    pub figures: Vec<f64>,
    /// Of which part of the run: from, to; left out for the whole of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stretch_ns: Option<[u64; 2]>,
}

impl LimitedBy {
    pub(super) fn of(verdict: &Bottleneck) -> LimitedBy {
        LimitedBy {
            kind: verdict.kind.name().to_owned(),
            of: verdict.of.clone(),
            figures: verdict.figures.clone(),
            stretch_ns: verdict.stretch.map(|(from, to)| [from.as_nanos(), to.as_nanos()]),
        }
    }

    fn verdict(&self) -> Option<Bottleneck> {
        let stretch =
            self.stretch_ns.map(|[from, to]| (Time::from_nanos(from), Time::from_nanos(to)));
        let kind = Finding::of_name(&self.kind)?;
        Some(Bottleneck { kind, of: self.of.clone(), figures: self.figures.clone(), stretch })
    }
}

/// What limited most replications (of two as frequent, the one seen first), with the means of its
/// figures.
pub fn commonest_bottleneck(outcomes: &[Outcome]) -> String {
    let verdict = |outcome: &Outcome| outcome.limited_by.as_ref().and_then(LimitedBy::verdict);
    let verdicts: Vec<Bottleneck> = outcomes.iter().filter_map(verdict).collect();
    bottleneck::commonest(&verdicts)
}
