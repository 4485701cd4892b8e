//! The smallest, or cheapest, settings that meet a target.
//!
//! Owns what is asked and how the way to the answer is chosen: bisection for one setting whose
//! margin grows along its values, ranking and selection otherwise. Must not know arguments or
//! files.
//!
//! Half of the error that the answer may have is spent on whether points meet the targets, half
//! on which of them is the cheapest; without an objective all of it goes to the targets.

mod bisect;
mod candidates;
mod select;
mod trial;

use std::collections::btree_map::Entry;

use serde::{Deserialize, Serialize};

use self::bisect::{Found, Stopped, Tried, bisect};
use self::candidates::Candidates;
use self::select::{Selected, select};
use self::trial::{Effort, Trial, Verdict};
use super::point::Base;
use super::quantities::{self, push};
use super::runs::Runner;
use super::share::Share;
use crate::outcome::{PLAN_FORMAT, PlanAnswer, PlanOutcome};
use crate::scenario::fault::{Fault, Faults};
use crate::scenario::load::Text;
use crate::stats::expect::{self, Expectation, Names, Quantity};

/// Points that bisection of whole numbers may try: twenty doublings and as many halvings.
const OPEN_POINTS: usize = 40;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Plan", deny_unknown_fields)]
pub struct PlanAsked {
    /// The question; may be empty.
    pub about: String,
    /// The scenario's file.
    pub model: String,
    /// Changes that all points share: `PATH=VALUE`.
    pub set: Vec<String>,
    /// What is looked for: `PATH=VALUES`, the wanted values first, or the path of a whole number.
    pub find: Vec<String>,
    /// Expectations that must hold; those of the scenario for none.
    pub such_that: Vec<String>,
    /// What is to be least: an expression of the expectation language.
    pub minimise: Option<String>,
    /// Probability that every decision is right.
    pub confidence: Share,
    /// Replications of the first look at a point.
    pub reps: u64,
    /// Most replications of one point.
    pub max_reps: u64,
    /// The seed, if it is not the scenario's.
    pub seed: Option<u64>,
}

/// A plan that may run.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    asked: PlanAsked,
    text: &'a Text,
    candidates: Candidates,
    targets: Vec<Expectation>,
    objective: Vec<Quantity>,
    scenario: (String, u64),
    threads: usize,
}

/// What every part of a search needs.
struct Search<'a> {
    candidates: &'a Candidates,
    base: Base<'a>,
    targets: &'a [Expectation],
    effort: Effort,
    /// Probability that the cheapest may not be it.
    selection_error: f64,
    minimises: bool,
    runner: &'a Runner<'a>,
    /// Told of each point that is decided.
    told: &'a dyn Fn(&Trial),
}

impl Search<'_> {
    /// Whether there is no last value.
    fn is_open(&self) -> bool {
        matches!(self.candidates, Candidates::Whole(_))
    }

    /// The trial at a place, decided.
    fn at<'t>(&self, place: usize, tried: &'t mut Tried) -> Result<&'t Trial, Stopped> {
        let entry = match tried.entry(place) {
            Entry::Occupied(entry) => return Ok(entry.into_mut()),
            Entry::Vacant(entry) => entry,
        };
        let point = self.candidates.point(place, self.base).map_err(Stopped::Refused)?;
        let mut trial = Trial::new(point);
        let decided = trial.decide(self.targets, self.effort, self.runner);
        decided.ok_or(Stopped::Interrupted)?;
        (self.told)(&trial);
        Ok(entry.insert(trial))
    }
}

impl<'a> Plan<'a> {
    /// Checks every point that can be known before anything runs; the warnings of all of them.
    ///
    /// # Errors
    /// All faults found.
    pub fn prepare(
        asked: PlanAsked,
        text: &'a Text,
        threads: usize,
    ) -> Result<(Plan<'a>, Faults), Faults> {
        if asked.find.is_empty() {
            let help = "such as `--find consumers.workers.count`";
            return Err(Faults::of(Fault::new("a plan finds at least one setting").help(help)));
        }
        if asked.find.len() > 1 && asked.minimise.is_none() {
            let what = "of several settings there is no smallest value";
            let help = "say what is to be least: `--minimise cost_per_month`";
            return Err(Faults::of(Fault::new(what).help(help)));
        }
        let base = base(&asked, text, threads);
        let (candidates, warnings) = Candidates::read(&asked.find, base)?;
        if asked.minimise.is_some() && matches!(candidates, Candidates::Whole(_)) {
            let what = format!("to find what is least, `{}` needs its values", asked.find[0]);
            let help = format!("such as `--find {}=1..20`", asked.find[0]);
            return Err(Faults::of(Fault::new(what).help(help)));
        }
        let first = candidates.first(base)?.scenario;
        let names = Names::of(&first);
        let mut faults = Faults::default();
        let mut targets = Vec::new();
        for text in &first.expect {
            let read = expect::parse(text).and_then(|target| {
                target.check(&names)?;
                Ok(target)
            });
            match read {
                Ok(target) => targets.push(target),
                Err(fault) => push(&mut faults, "--such-that", text, &fault),
            }
        }
        if first.expect.is_empty() {
            let help = "such as `--such-that 'p99(sent_to_deleted) < 30s'`";
            let what = "there is no target: the scenario has no expectation";
            faults.push(Fault::new(what).help(help));
        }
        let minimise: Vec<String> = asked.minimise.iter().cloned().collect();
        let objective = if minimise.is_empty() {
            Vec::new()
        } else {
            let read = quantities::read("--minimise", &minimise, &names);
            read.map_err(|own| faults.absorb(own)).unwrap_or_default()
        };
        if !faults.is_empty() {
            return Err(faults);
        }
        let scenario = (first.name.clone(), first.seed);
        let plan = Plan { asked, text, candidates, targets, objective, scenario, threads };
        Ok((plan, warnings))
    }

    /// What was asked.
    pub fn asked(&self) -> &PlanAsked {
        &self.asked
    }

    /// The seed of every stream.
    pub fn seed(&self) -> u64 {
        self.scenario.1
    }

    /// What is to be least, if anything.
    pub fn objective(&self) -> &[Quantity] {
        &self.objective
    }

    /// The texts of the targets.
    pub fn targets(&self) -> Vec<String> {
        self.targets.iter().map(|target| target.text().to_owned()).collect()
    }

    /// Searches; `None` after an interrupt. `runner` measures [`Plan::objective`]. `told` is called
    /// with the settings, verdict and replications of each point that bisection has decided.
    ///
    /// # Errors
    /// A whole number that the search came to is one that the setting does not take.
    pub fn run(
        &self,
        runner: &Runner<'_>,
        told: &dyn Fn(&str, &str, u64),
    ) -> Result<Option<PlanOutcome>, Faults> {
        let error = 1.0 - self.asked.confidence.0;
        let (minimises, several) = (!self.objective.is_empty(), self.asked.find.len() > 1);
        let selects = minimises || several;
        let count = self.candidates.count();
        let points = match &self.candidates {
            Candidates::Whole(_) => OPEN_POINTS,
            // Bisection may have to give way to trying them all.
            Candidates::Listed(..) => count,
        };
        let on_targets = if minimises { error / 2.0 } else { error };
        let Self { asked, targets, .. } = self;
        let (first, most) = (asked.reps, asked.max_reps.max(asked.reps));
        let told = |trial: &Trial| {
            let verdict = match (trial.verdict, trial.holds) {
                (Verdict::Meets, _) => "meets",
                (Verdict::Fails, _) => "fails",
                (Verdict::Open, true) => "open, its means meet",
                (Verdict::Open, false) => "open, its means fail",
            };
            told(&trial.point.name, verdict, trial.rows.len() as u64);
        };
        let search = Search {
            candidates: &self.candidates,
            base: base(asked, self.text, self.threads),
            targets,
            effort: Effort::divided(first, most, on_targets, points, targets.len()),
            selection_error: error / 2.0,
            minimises,
            runner,
            told: &told,
        };
        let mut tried = Tried::new();
        let found = if selects {
            self.select(&search, &mut tried)
        } else {
            self.first(&search, &mut tried)
        };
        match found {
            Ok((method, answer, notes)) => Ok(Some(self.outcome(&tried, method, answer, notes))),
            Err(Stopped::Interrupted) => Ok(None),
            Err(Stopped::Refused(faults)) => Err(faults),
        }
    }

    /// The first value that meets the targets.
    fn first(&self, search: &Search<'_>, tried: &mut Tried) -> Result<Way, Stopped> {
        let set = |place: usize, tried: &Tried| tried[&place].point.name.clone();
        let note = match bisect(search, tried)? {
            Found::First { at, surely } => {
                let told = |place: usize| tried[&place].told(false).at;
                let sure = surely == Some(at);
                let surely_at = surely.filter(|_| !sure).map(told);
                let answer = PlanAnswer { at: told(at), sure, surely_at };
                return Ok(("bisection", Some(answer), Vec::new()));
            }
            Found::Neither if search.is_open() => {
                let last = tried.last_key_value().map_or(0, |(place, _)| *place);
                let note = format!("no value up to {} meets the targets", set(last, tried));
                return Ok(("bisection", None, vec![note]));
            }
            Found::Neither => "neither the first nor the last value meets the targets".to_owned(),
            Found::Falls(left, right) => {
                let (left, right) = (set(left, tried), set(right, tried));
                let note = format!("the margin falls from {left} to {right}");
                if search.is_open() {
                    // There is no trying them all: the answer of bisection, with the warning.
                    let first = tried.iter().find(|(_, trial)| trial.holds);
                    let answer = first.map(|(_, trial)| PlanAnswer {
                        at: trial.told(false).at,
                        sure: trial.verdict == Verdict::Meets,
                        surely_at: None,
                    });
                    let note = format!("{note}: a smaller value that was not tried may do");
                    return Ok(("bisection", answer, vec![note]));
                }
                note
            }
        };
        let (method, answer, mut notes) = self.select(search, tried)?;
        notes.insert(0, format!("{note}, so all values were tried"));
        Ok((method, answer, notes))
    }

    /// The best of all points.
    fn select(&self, search: &Search<'_>, tried: &mut Tried) -> Result<Way, Stopped> {
        let Selected { at, like_it } = select(search, tried)?;
        let answer = at.map(|place| PlanAnswer {
            at: tried[&place].told(false).at,
            sure: tried[&place].verdict == Verdict::Meets,
            surely_at: None,
        });
        let mut notes = Vec::new();
        if like_it > 0 {
            let least = self.asked.minimise.clone().unwrap_or_default();
            notes.push(format!(
                "{like_it} more could not be told from it by {least} within {} replications",
                search.effort.most
            ));
        }
        Ok(("ranking and selection", answer, notes))
    }

    fn outcome(
        &self,
        tried: &Tried,
        method: &str,
        answer: Option<PlanAnswer>,
        notes: Vec<String>,
    ) -> PlanOutcome {
        let asked = &self.asked;
        let minimises = !self.objective.is_empty();
        PlanOutcome {
            format: PLAN_FORMAT.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: self.scenario.0.clone(),
            about: asked.about.clone(),
            seed: self.seed(),
            set: asked.set.clone(),
            find: self.candidates.told(),
            such_that: self.targets(),
            minimise: asked.minimise.clone(),
            confidence: asked.confidence.0,
            method: method.to_owned(),
            tried: tried.values().map(|trial| trial.told(minimises)).collect(),
            answer,
            notes,
        }
    }
}

/// The method, the answer, what to know of the way.
type Way = (&'static str, Option<PlanAnswer>, Vec<String>);

fn base<'a>(asked: &'a PlanAsked, text: &'a Text, threads: usize) -> Base<'a> {
    let expect = (!asked.such_that.is_empty()).then_some(asked.such_that.as_slice());
    Base { text, sets: &asked.set, expect, seed: asked.seed, threads }
}
