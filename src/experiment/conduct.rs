//! An experiment from its description to its document, in one step.
//!
//! Owns the choice among the kinds. Must not know where anything is kept: the result is a value.

use std::sync::atomic::AtomicBool;

use serde::Serialize;

use super::asked::Asked;
use super::compare::Compare;
use super::plan::Plan;
use super::repeat::Repeat;
use super::runs::{Forgetful, Runner};
use super::sweep::Sweep;
use crate::outcome::{CompareOutcome, Estimate, PlanOutcome, SweepOutcome};
use crate::scenario::fault::Faults;
use crate::scenario::load::Text;

/// What an experiment gave.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Document {
    /// `sqsim-sweep/1`
    Sweep(SweepOutcome),
    /// `sqsim-compare/1`
    Compare(CompareOutcome),
    /// `sqsim-plan/1`
    Plan(PlanOutcome),
    /// `sqsim-estimate/1`
    Estimate(Box<Estimate>),
}

/// Conducts an experiment on these scenarios, [`Asked::models`] in their order; `None` after an
/// interrupt. Nothing runs before all is checked.
///
/// # Errors
/// All faults found.
///
/// # Panics
/// If there are not as many texts as models.
pub fn conduct(
    asked: &Asked,
    texts: &[Text],
    threads: usize,
    interrupt: &AtomicBool,
) -> Result<Option<Document>, Faults> {
    assert_eq!(texts.len(), asked.models().len(), "every model has its text");
    let (text, progress, memory) = (&texts[0], None, &Forgetful);
    Ok(match asked.clone() {
        Asked::Sweep(asked) => {
            let (sweep, _) = Sweep::prepare(asked, text, threads)?;
            let quantities = sweep.quantities();
            let runner = Runner { quantities, threads, interrupt, progress, memory };
            sweep.run(&runner).map(Document::Sweep)
        }
        Asked::Compare(asked) => {
            let (compare, _) = Compare::prepare(asked, [text, texts.get(1).unwrap_or(text)])?;
            let quantities = compare.quantities();
            let runner = Runner { quantities, threads, interrupt, progress, memory };
            compare.run(&runner).map(Document::Compare)
        }
        Asked::Plan(asked) => {
            let (plan, _) = Plan::prepare(asked, text, threads)?;
            let quantities = plan.objective();
            let runner = Runner { quantities, threads, interrupt, progress, memory };
            let whole = plan.run(&runner, &|_, _, _| {})?.filter(|plan| plan.partial.is_none());
            whole.map(Document::Plan)
        }
        Asked::Replicate(asked) => {
            let (repeat, _) = Repeat::prepare(asked, text)?;
            let runs = repeat.run(threads, interrupt);
            let estimate = runs.and_then(|(runs, _)| repeat.outcome(&runs).ok());
            estimate.map(|estimate| Document::Estimate(Box::new(estimate)))
        }
    })
}
