//! The smallest, or cheapest, settings that meet a target.
//!
//! Owns what is asked and how the way to the answer is chosen: bisection for one setting whose
//! margin grows along its values, ranking and selection otherwise. Must not know arguments or
//! files.
//!
//! Half of the error that the answer may have is spent on whether points meet the targets, half
//! on which of them is the cheapest; without an objective all of it goes to the targets.

mod alike;
mod bill;
mod bisect;
mod candidates;
mod notes;
mod remains;
mod select;
mod short;
mod stuck;
#[cfg(test)]
mod tests;
mod theory;
mod trial;

use std::collections::btree_map::Entry;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::bill::{Bill, unpriced};
use self::bisect::{Found, Stopped, answer, bisect, plateau};
use self::candidates::Candidates;
use self::select::{Selected, preferred, select};
use self::theory::Said;
use self::trial::{Effort, Trial, Tried, Verdict, grow};
use super::fraction::Fraction;
use super::point::Base;
use super::quantities::{self, push};
use super::range;
use super::runs::Runner;
use crate::kernel::time::Time;
use crate::outcome::{PLAN_FORMAT, PlanAnswer, PlanOutcome};
use crate::scenario::fault::{Fault, Faults};
use crate::scenario::load::Text;
use crate::scenario::shared::SharedData;
use crate::stats::expect::{self, Expectation, Names, Quantity};

/// Points that bisection of whole numbers may try: twenty doublings and as many halvings.
const OPEN_POINTS: usize = 40;

const BISECTION: &str = "bisection";
const SELECTION: &str = "ranking and selection";

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
    #[serde(deserialize_with = "range::confidence")]
    pub confidence: Fraction,
    /// Replications of the first look at a point.
    #[serde(deserialize_with = "range::spread")]
    pub reps: u64,
    /// Most replications of one point.
    #[serde(deserialize_with = "range::spread")]
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
    /// What tells that points are alike, and then what is on the bill.
    facts: Vec<Quantity>,
    /// What a month costs, where every worker has a price and it is not to be least itself.
    bill: Option<Bill>,
    /// More of what is looked for could only be idle workers.
    more_are_idle: bool,
    scenario: (String, u64),
    threads: usize,
    data: Arc<SharedData>,
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
    more_are_idle: bool,
    /// The place of the answer by theory.
    theory: Option<usize>,
    runner: &'a Runner<'a>,
    /// Told of each point that is decided.
    told: &'a dyn Fn(&Trial),
}

impl Search<'_> {
    /// Whether there is no last value.
    fn is_open(&self) -> bool {
        matches!(self.candidates, Candidates::Whole(..))
    }

    /// How many quantities of a run stand before those that tell that points are alike.
    fn objectives(&self) -> usize {
        usize::from(self.minimises)
    }

    /// The trial at a place, decided.
    fn at<'t>(&self, place: usize, tried: &'t mut Tried) -> Result<&'t Trial, Stopped> {
        self.say(place, tried)?;
        let entry = match tried.entry(place) {
            Entry::Occupied(entry) => return Ok(entry.into_mut()),
            Entry::Vacant(entry) => entry,
        };
        let point = self.candidates.point(place, self.base).map_err(Stopped::Refused)?;
        let trial = entry.insert(Trial::new(point));
        let decided = trial.decide(self.targets, self.effort, self.runner);
        if decided.is_none() {
            trial.judge(self.targets, self.effort);
            return Err(Stopped::Interrupted);
        }
        self.confirm(trial);
        (self.told)(trial);
        Ok(trial)
    }

    /// Makes the replications of a first look at a place, whatever they decide.
    fn glance(&self, place: usize, tried: &mut Tried) -> Result<(), Stopped> {
        self.say(place, tried)?;
        let Entry::Vacant(entry) = tried.entry(place) else { return Ok(()) };
        let point = self.candidates.point(place, self.base).map_err(Stopped::Refused)?;
        let trial = entry.insert(Trial::new(point));
        let grown = grow(&mut [&mut *trial], self.effort.first, self.runner);
        trial.judge(self.targets, self.effort);
        grown.ok_or(Stopped::Interrupted)
    }

    /// Holds what was decided against the steady state, where theory knows it or at least how far
    /// runs from empty are from it: runs that are too short are wrong however often repeated.
    fn confirm(&self, trial: &mut Trial) {
        let said = theory::said(&trial.point.scenario, self.targets);
        let why = match (trial.verdict, said) {
            (Verdict::Meets, Said::Misses) => "by theory the steady state misses the target",
            (Verdict::Fails, Said::Meets) => "by theory the steady state meets the target",
            (Verdict::Meets, Said::Nothing) => {
                let load = short::too_short(trial, self.objectives(), self.targets);
                let Some(load) = load else { return };
                let note = format!("the runs are too short to show the wait at load {load:.2}");
                return trial.doubt(note);
            }
            _ => return,
        };
        trial.doubt(format!("the runs are too short: {why}"));
    }

    /// Says what is tried now.
    fn say(&self, place: usize, tried: &Tried) -> Result<(), Stopped> {
        let Some(progress) = self.runner.progress else { return Ok(()) };
        let point = self.candidates.point(place, self.base).map_err(Stopped::Refused)?;
        progress.at(format!("{} tried, now {}", tried.len(), point.name));
        Ok(())
    }

    /// Guesses that so many more points will be tried.
    fn expect(&self, points: usize) {
        let (Some(progress), Ok(first)) = (self.runner.progress, self.candidates.first(self.base))
        else {
            return;
        };
        let runs = (points as u64).saturating_mul(self.effort.first);
        progress.expect((first.scenario.end() - Time::ZERO).saturating_mul(runs));
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
        let data = Arc::new(SharedData::default());
        let base = base(&asked, text, threads, &data);
        let (candidates, warnings) = Candidates::read(&asked.find, base)?;
        if asked.minimise.is_some() && matches!(candidates, Candidates::Whole(..)) {
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
        if objective.iter().any(Quantity::is_priced) {
            unpriced(&first, &mut faults);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let (facts, bill) = Bill::with(alike::facts(&first), &first, &objective);
        let path = candidates.path();
        let more_are_idle = objective.is_empty()
            && candidates.ascend()
            && path.is_some_and(|path| alike::more_are_idle(path, &first, &targets));
        let scenario = (first.name.clone(), first.seed);
        let plan = Plan {
            asked,
            text,
            candidates,
            targets,
            objective,
            facts,
            bill,
            more_are_idle,
            scenario,
            threads,
            data,
        };
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

    /// Searches. After an interrupt the document is partial and tells what there is; `None` if that
    /// is nothing. `told` is called with the settings, verdict and replications of each point that
    /// bisection has decided. `runner` measures what the plan needs, whatever its quantities are.
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
            Candidates::Whole(..) => OPEN_POINTS,
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
        let measured = [&self.objective[..], &self.facts].concat();
        let runner = &Runner { quantities: &measured, ..*runner };
        let base = base(asked, self.text, self.threads, &self.data);
        let theory = || theory::first(&self.candidates, base, targets);
        let theory = if selects { None } else { theory() };
        let search = Search {
            candidates: &self.candidates,
            base,
            targets,
            effort: Effort::divided(first, most, on_targets, points, targets.len()),
            selection_error: error / 2.0,
            minimises,
            more_are_idle: self.more_are_idle,
            theory,
            runner,
            told: &told,
        };
        let mut tried = Tried::new();
        let found = if selects {
            self.select(&search, &mut tried)
        } else {
            self.first(&search, &mut tried)
        };
        let (way, partial) = match found {
            Ok(way) => (way, None),
            Err(Stopped::Refused(faults)) => return Err(faults),
            Err(Stopped::Interrupted) => {
                tried.retain(|_, trial| !trial.rows.is_empty());
                if tried.is_empty() {
                    return Ok(None);
                }
                let method = if selects { SELECTION } else { BISECTION };
                let runs: usize = tried.values().map(|trial| trial.rows.len()).sum();
                let partial = format!("interrupted after {runs} runs");
                ((method, None, Vec::new()), Some(partial))
            }
        };
        Ok(Some(self.outcome(&tried, way, partial)))
    }

    /// The first value that meets the targets.
    fn first(&self, search: &Search<'_>, tried: &mut Tried) -> Result<Way, Stopped> {
        let found = bisect(search, tried)?;
        let mut notes = Vec::new();
        notes.extend(search.theory.map(|place| notes::theory(place, tried)));
        let answer = |place: usize, surely: Option<usize>, tried: &Tried| {
            // Where the margin grows, the value just below speaks for all that are below.
            let below = tried.range(..place).next_back().filter(|(_, trial)| trial.is_open());
            answer(place, surely, below.map(|(place, _)| *place), tried)
        };
        match found {
            Found::First { at, surely } => {
                let answer = answer(at, surely, tried);
                return Ok((BISECTION, Some(answer), notes));
            }
            Found::Stuck(stuck) => {
                notes.extend(notes::stuck(search, stuck, tried));
                return Ok((BISECTION, None, notes));
            }
            Found::Neither if search.is_open() => {
                notes.push(notes::none(tried));
                return Ok((BISECTION, None, notes));
            }
            Found::Falls(left, right) if search.is_open() => {
                // There is no trying them all: the answer of bisection, with the warning.
                let first = tried.iter().find(|(_, trial)| trial.holds);
                let sure = |trial: &Trial| trial.verdict == Verdict::Meets;
                let answer =
                    first.map(|(&place, trial)| answer(place, sure(trial).then_some(place), tried));
                let falls = notes::falls(left, right, tried);
                notes.push(format!("{falls}: a smaller value that was not tried may do"));
                return Ok((BISECTION, answer, notes));
            }
            Found::Falls(left, right) => {
                notes.push(format!(
                    "{}, so all values were tried",
                    notes::falls(left, right, tried)
                ));
            }
            Found::Neither => notes.push(
                "neither the first nor the last value meets the targets, so all values were tried"
                    .to_owned(),
            ),
        }
        let (method, answer, more) = self.select(search, tried)?;
        notes.extend(more);
        Ok((method, answer, notes))
    }

    /// The best of all points.
    fn select(&self, search: &Search<'_>, tried: &mut Tried) -> Result<Way, Stopped> {
        let alike = plateau(search, tried)?;
        let Selected { at, like_it, equal } = select(search, alike, tried)?;
        for trial in tried.values_mut() {
            search.confirm(trial);
        }
        let answer = at.map(|place| {
            let meets = tried[&place].verdict == Verdict::Meets;
            answer(place, meets.then_some(place), preferred(search, place, tried), tried)
        });
        let mut notes: Vec<String> = notes::unpriced(search, tried).into_iter().collect();
        if let Some(from) = alike {
            notes.push(notes::alike(search, from, tried));
            if at.is_none() {
                notes.extend(notes::remaining(search, from, tried));
            }
        }
        let least = self.asked.minimise.clone().unwrap_or_default();
        if equal > 0 {
            notes.push(notes::equal(&least, equal, tried));
        }
        if like_it > 0 {
            notes.push(format!(
                "{like_it} more could not be told from it by {least} within {} replications",
                search.effort.most
            ));
        }
        Ok((SELECTION, answer, notes))
    }

    fn outcome(
        &self,
        tried: &Tried,
        (method, answer, notes): Way,
        partial: Option<String>,
    ) -> PlanOutcome {
        let asked = &self.asked;
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
            tried: tried
                .values()
                .map(|trial| trial.told(self.objective.first(), self.bill.as_ref()))
                .collect(),
            answer,
            notes,
            partial,
        }
    }
}

/// The method, the answer, what to know of the way.
type Way = (&'static str, Option<PlanAnswer>, Vec<String>);

fn base<'a>(
    asked: &'a PlanAsked,
    text: &'a Text,
    threads: usize,
    data: &'a SharedData,
) -> Base<'a> {
    let expect = (!asked.such_that.is_empty()).then_some(asked.such_that.as_slice());
    Base { text, sets: &asked.set, option: "--find", expect, seed: asked.seed, threads, data }
}
