//! What the points of a plan cost.
//!
//! Owns when a bill may be told: only if it leaves no worker out. Must not know how costs are
//! computed, nor which points are tried.

use super::super::row::RunRow;
use crate::model::scenario::Scenario;
use crate::outcome::EstimatedMeasure;
use crate::scenario::fault::{Fault, Faults};
use crate::stats::expect::{Quantity, Told, parse_quantity};
use crate::stats::pool::Runs;

/// What a month costs, as a plan tells it of each point beside what decides.
#[derive(Clone, Debug)]
pub(super) struct Bill {
    quantity: Quantity,
    /// Its place among what is measured.
    at: usize,
}

impl Bill {
    /// That of a scenario of which no worker is left out, unless it is what is to be least, and
    /// `facts` with it: it is measured behind them, which stand behind the objective.
    pub(super) fn with(
        mut facts: Vec<Quantity>,
        scenario: &Scenario,
        objective: &[Quantity],
    ) -> (Vec<Quantity>, Option<Bill>) {
        let complete = scenario.prices.worker_hour.iter().all(Option::is_some);
        let told = |of: &Quantity| objective.iter().any(|least| least.text() == of.text());
        let quantity = parse_quantity("cost_per_month").ok().filter(|of| complete && !told(of));
        let bill = quantity.map(|quantity| Bill { quantity, at: objective.len() + facts.len() });
        facts.extend(bill.iter().map(|bill| bill.quantity.clone()));
        (facts, bill)
    }

    /// Over the runs of a point; `None` where it has no value.
    pub(super) fn over(&self, rows: &[RunRow]) -> Option<EstimatedMeasure> {
        let told: Vec<&Told> = rows.iter().filter_map(|row| row.told.get(self.at)).collect();
        let (of, n) = self.quantity.over(&told, Runs::Replications).ok()?;
        Some(EstimatedMeasure::sampled(&of, n))
    }
}

/// A bill that leaves the workers of a fleet out is not least where it is least.
pub(super) fn unpriced(scenario: &Scenario, faults: &mut Faults) {
    for (fleet, price) in scenario.fleets.iter().zip(&scenario.prices.worker_hour) {
        if price.is_none() {
            let setting = format!("consumers.{}.price_per_hour", fleet.name);
            let what =
                format!("the cost that is to be least leaves workers out: `{setting}` is not set");
            let help = format!(
                "say what an hour of one costs: `--set {setting}=$0.05`, or `$0` for nothing"
            );
            faults.push(Fault::new(what).help(help));
        }
    }
}
