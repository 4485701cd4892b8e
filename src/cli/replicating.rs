//! Options of every command that replicates.
//!
//! Owns their names, help and notations. Must not know what is replicated.

use clap::Args;

use super::exit::Exit;
use super::failure::Failure;
use super::interrupt;
use super::terminal::Terminal;
use super::values::quoted;
use crate::experiment::batches::{Batched, batches};
use crate::experiment::kept;
use crate::experiment::precision::{FIRST, Known, Reached, Target, replicate_until};
use crate::experiment::progress::Progress;
use crate::experiment::range::{REPLICATIONS, SPREAD, is_precision};
use crate::experiment::replicate::{ReplicationPlan, Replications, replicate};
use crate::experiment::warm_up::{TooLong, WarmUp};
use crate::model::course::Course;
use crate::model::scenario::Scenario;
use crate::outcome::{Outcome, Sample};
use crate::render::text::precision;
use crate::scenario::units::{parse_probability, parse_span};
use crate::stats::expect::{Names, Quantity, parse_quantity};

/// How runs are replicated.
#[derive(Debug, Args)]
pub(super) struct Replicating {
    /// Replications; from 2 on, every mean has its 95 % interval
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u64).range(REPLICATIONS))]
    pub(super) reps: u64,
    /// What is discarded of each run: fixed (as the scenario says), none, mser5
    /// (found by pilot runs), or a length
    #[arg(long, value_name = "RULE", default_value = "fixed", value_parser = parse_warm_up)]
    pub(super) warm_up: Rule,
    /// Make one run and cut it into N parts of equal length, whose spread gives
    /// every mean its interval
    #[arg(long, value_name = "N", conflicts_with_all = ["reps", "precision"])]
    #[arg(value_parser = clap::value_parser!(u64).range(5..=100))]
    pub(super) batches: Option<u64>,
    /// Replicate until half the width of the 95 % interval is at most this share
    /// of the mean, as 2%
    #[arg(long, value_name = "SHARE", value_parser = parse_precision, conflicts_with = "reps")]
    pub(super) precision: Option<f64>,
    /// Which mean --precision is about; may be repeated [default:
    /// that of `sent_to_deleted`]
    #[arg(long, value_name = "MEASURE", value_parser = parse_measure, requires = "precision")]
    pub(super) of: Vec<Quantity>,
    /// Most replications that --precision makes
    #[arg(long, value_name = "N", default_value_t = 1000, requires = "precision")]
    #[arg(value_parser = clap::value_parser!(u64).range(SPREAD))]
    pub(super) max_reps: u64,
}

/// What --precision is about if nothing is said.
const USUAL: &str = "mean(sent_to_deleted)";

/// Reads a precision: a share of a mean.
pub(super) fn parse_precision(text: &str) -> Result<f64, String> {
    match parse_probability(text) {
        Ok(share) if is_precision(share) => Ok(share),
        _ => Err("expected a share of the mean above 0 and below 1, such as `2%`".to_owned()),
    }
}

fn parse_measure(text: &str) -> Result<Quantity, String> {
    parse_quantity(text).map_err(|fault| fault.to_string())
}

/// What replications gave, and how precisely means are known if that was asked for.
#[derive(Debug)]
pub(super) struct Replicated {
    pub(super) runs: Replications,
    /// The parts of the one run, where that was asked for.
    batches: Option<Vec<Outcome>>,
    known: Vec<Known>,
    precision: Option<f64>,
}

impl Replicated {
    /// What the answer rests on.
    pub(super) fn sample(&self) -> Sample<'_> {
        match &self.batches {
            Some(parts) => Sample::of_batches(&self.runs.outcomes[0], parts),
            None => Sample::of_replications(&self.runs.outcomes),
        }
    }

    /// How precisely means are known, if that was asked for.
    pub(super) fn precision(&self) -> Option<precision::PrecisionReached<'_>> {
        let known = &self.known;
        self.precision.map(|asked| precision::PrecisionReached { known, asked })
    }
}

/// How much is discarded, as it was typed.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    text: String,
    is: WarmUp,
}

fn parse_warm_up(text: &str) -> Result<Rule, String> {
    let is = match text {
        "fixed" => WarmUp::Fixed,
        "none" => WarmUp::None,
        "mser5" => WarmUp::Mser5,
        _ => WarmUp::Length(parse_span(text).map_err(|fault| {
            format!("expected `fixed`, `none`, `mser5` or a length such as `2m` ({fault})")
        })?),
    };
    Ok(Rule { text: text.to_owned(), is })
}

impl Replicating {
    /// Refuses what does not fit a scenario, before anything runs. `forked` says whether its
    /// settings change on the way.
    ///
    /// # Errors
    /// The warm-up is as long as the run, or a measure names what the scenario does not have, or a
    /// start is to be found of a run that has two.
    pub(super) fn check(
        &self,
        file: &str,
        scenario: &Scenario,
        forked: bool,
    ) -> Result<(), Failure> {
        if forked && self.warm_up.is == WarmUp::Mser5 {
            return Err(Failure::usage(
                "`--warm-up mser5` finds the end of one start, a forked run has two",
                "name a length: `--warm-up 5m`",
            ));
        }
        // How many a precision takes is not known before.
        if self.precision.is_none() {
            let refused = |faults| Failure { exit: Exit::Usage, faults };
            kept::few_enough(scenario, self.reps).map_err(refused)?;
        }
        for quantity in self.measures() {
            if let Err(fault) = quantity.check(&Names::of(scenario)) {
                let text = quantity.text();
                let what = format!("`--of '{text}'` does not fit `{file}`: {}", fault.message);
                return Err(Failure::usage(what, fault.help));
            }
        }
        self.warm_up.is.check(scenario).map_err(|TooLong { duration }| {
            let asked = &self.warm_up.text;
            Failure::usage(
                format!("`--warm-up {asked}` leaves nothing to measure: `{file}` runs {duration}"),
                "discard less, or measure longer with `--set duration=…`",
            )
        })
    }

    /// Most replications there will be.
    fn most(&self) -> u64 {
        if self.precision.is_some() { self.max_reps } else { self.reps }
    }

    /// Whether one outcome is the whole answer.
    pub(super) fn is_single(&self) -> bool {
        self.most() == 1 && self.batches.is_none()
    }

    /// How many replications there are before anybody looks at them.
    pub(super) fn at_first(&self) -> u64 {
        if self.precision.is_some() { FIRST.min(self.max_reps) } else { self.reps }
    }

    fn measures(&self) -> Vec<Quantity> {
        if self.of.is_empty() && self.precision.is_some() {
            return vec![parse_quantity(USUAL).expect("the usual measure is one")];
        }
        self.of.clone()
    }

    /// Replicates as often as asked for.
    pub(super) fn replicate(
        &self,
        course: Course<'_>,
        threads: usize,
        progress: Option<&Progress>,
    ) -> Replicated {
        let plan = ReplicationPlan {
            replications: self.most(),
            threads,
            interrupt: interrupt::flag(),
            progress,
        };
        let of_runs = |runs| Replicated { runs, batches: None, known: Vec::new(), precision: None };
        if let Some(count) = self.batches {
            let Batched { whole, parts } = batches(course, count, plan);
            return Replicated { batches: Some(parts), ..of_runs(whole) };
        }
        let Some(precision) = self.precision else { return of_runs(replicate(course, plan)) };
        let of = self.measures();
        let target = Target { of: &of, precision, confidence: 0.95 };
        let Reached { runs, known } = replicate_until(course, target, plan);
        Replicated { known, precision: Some(precision), ..of_runs(runs) }
    }

    /// Sets the scenario's warm-up, by pilot runs if need be, and says what is doubtful about it.
    pub(super) fn warm_up(&self, scenario: &mut Scenario, threads: usize, terminal: Terminal) {
        let interrupt = interrupt::flag();
        let plan =
            ReplicationPlan { replications: self.at_first(), threads, interrupt, progress: None };
        if let Some(doubt) = self.warm_up.is.apply(scenario, plan) {
            terminal.warn(&doubt);
        }
    }

    /// The rule that found the warm-up; empty where somebody said it.
    pub(super) fn discarded_by(&self) -> &'static str {
        if self.warm_up.is == WarmUp::Mser5 { "MSER-5" } else { "" }
    }

    /// The words that give the same replications again.
    pub(super) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if self.reps > 1 {
            words.push(format!("--reps {}", self.reps));
        }
        if let Some(batches) = self.batches {
            words.push(format!("--batches {batches}"));
        }
        if let Some(precision) = self.precision {
            words.push(format!("--precision {}%", precision * 100.0));
            words.extend(self.of.iter().map(|of| format!("--of {}", quoted(of.text()))));
            words.push(format!("--max-reps {}", self.max_reps));
        }
        if self.warm_up.is != WarmUp::Fixed {
            words.push(format!("--warm-up {}", self.warm_up.text));
        }
        words
    }
}
