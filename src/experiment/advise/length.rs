//! How long a run must be, or how many, for a precision.
//!
//! Owns the choice between theory and pilot runs. How either comes to its numbers is
//! [`crate::stats::advice`]'s. Must not know how it is told.

use std::sync::atomic::AtomicBool;

use super::{CONFIDENCE, first_queue};
use crate::engine::run::run_with;
use crate::engine::scenario::Scenario;
use crate::engine::world::Ended;
use crate::experiment::in_order::in_order;
use crate::experiment::point::Base;
use crate::experiment::progress::Progress;
use crate::experiment::replicate::why_partial;
use crate::kernel::time::{Span, Time};
use crate::ledger::config::QueueId;
use crate::outcome::{
    ADVICE_FORMAT, EstimatedMeasure, EstimatedUnstable, LengthAdvice, Outcome, PilotLength, Sample,
    TheoryLength,
};
use crate::scenario::fault::Faults;
use crate::scenario::load::Text;
use crate::stats::advice::{Advice, from_pilot, from_theory};
use crate::stats::summary::Summary;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct LengthAsked {
    /// The scenario's file.
    pub model: String,
    /// Changes: `PATH=VALUE`.
    pub set: Vec<String>,
    /// Half the width of the 95 % interval of the mean wait, as a share of it.
    pub precision: f64,
    /// Pilot runs, where theory does not know the queue.
    pub reps: u64,
    /// The seed, if it is not the scenario's.
    pub seed: Option<u64>,
}

/// Advice that may be sought.
#[derive(Clone, Debug)]
pub struct LengthAdvisor {
    asked: LengthAsked,
    scenario: Scenario,
    queue: QueueId,
    theory: Option<Advice>,
}

impl LengthAdvisor {
    /// Checks what was asked; the warnings.
    ///
    /// # Errors
    /// All faults found.
    pub fn prepare(asked: LengthAsked, text: &Text) -> Result<(LengthAdvisor, Faults), Faults> {
        let base = Base { text, sets: &asked.set, expect: None, seed: asked.seed, threads: 1 };
        let (point, warnings) = base.point(Vec::new())?;
        let scenario = point.scenario;
        let queue = first_queue(&scenario)?;
        let theory = from_theory(&scenario, queue, asked.precision, CONFIDENCE);
        Ok((LengthAdvisor { asked, scenario, queue, theory }, warnings))
    }

    /// What was asked.
    pub fn asked(&self) -> &LengthAsked {
        &self.asked
    }

    /// Virtual time of all runs.
    pub fn total(&self) -> Span {
        let runs = if self.theory.is_some() { 0 } else { self.asked.reps };
        (self.scenario.end() - Time::ZERO).saturating_mul(runs)
    }

    /// The advice; `None` after an interrupt.
    pub fn run(
        &self,
        threads: usize,
        interrupt: &AtomicBool,
        progress: Option<&Progress>,
    ) -> Option<LengthAdvice> {
        let theory = self.theory.as_ref().map(|advice| self.theory(advice));
        let pilot = match theory {
            Some(_) => None,
            None => Some(self.pilot(threads, interrupt, progress)?),
        };
        Some(LengthAdvice {
            format: ADVICE_FORMAT.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            advises: "run_length".to_owned(),
            scenario: self.scenario.name.clone(),
            seed: self.scenario.seed,
            set: self.asked.set.clone(),
            queue: self.queue_name().to_owned(),
            precision: self.asked.precision,
            theory,
            pilot,
        })
    }

    fn queue_name(&self) -> &str {
        &self.scenario.queues[self.queue.0 as usize].name
    }

    fn theory(&self, advice: &Advice) -> TheoryLength {
        let Advice { name, load, messages, .. } = advice;
        let measured = advice.duration.saturating_sub(advice.warm_up).as_nanos();
        let warm_up = round_up(advice.warm_up);
        let duration = round_up(warm_up.saturating_add(Span::from_nanos(measured)));
        // What each run measures of its own length, its beginning discarded as advised.
        let own = self.scenario.duration.saturating_sub(warm_up).as_nanos();
        #[expect(clippy::cast_sign_loss, reason = "there are no fewer than none")]
        let messages = *messages as u64;
        TheoryLength {
            queue: name.clone(),
            load: *load,
            messages,
            warm_up_ns: warm_up.as_nanos(),
            duration_ns: duration.as_nanos(),
            own_duration_ns: self.scenario.duration.as_nanos(),
            // An interval takes two.
            replications: (own > 0).then(|| measured.div_ceil(own).max(2)),
        }
    }

    fn pilot(
        &self,
        threads: usize,
        interrupt: &AtomicBool,
        progress: Option<&Progress>,
    ) -> Option<PilotLength> {
        let (scenario, queue) = (&self.scenario, self.queue.0 as usize);
        let nobody = Progress::default();
        let progress = progress.unwrap_or(&nobody);
        let done = in_order(self.asked.reps, threads, |replication| {
            let pulse = progress.pulse(scenario.end());
            let run = run_with(scenario, replication, interrupt, pulse);
            if run.ended == Ended::Interrupted {
                return None;
            }
            let partial = why_partial(scenario, run.ended, &run.measured);
            let wait = &run.measured.queues[queue].sent_to_received;
            let mean = (wait.count() > 0).then(|| wait.mean_nanos());
            let seed = scenario.seed;
            Some((mean, Outcome::from_run(scenario, seed, replication, &run.measured, partial)))
        });
        let done = done.into_iter().collect::<Option<Vec<_>>>()?;
        let (means, outcomes): (Vec<Option<f64>>, Vec<Outcome>) = done.into_iter().unzip();
        let means: Vec<f64> = means.into_iter().flatten().collect();
        let unstable = EstimatedUnstable::all(Sample::of_replications(&outcomes));
        let unstable = unstable.into_iter().find(|found| found.queue == self.queue_name());
        let partial = outcomes.into_iter().find_map(|outcome| outcome.partial);
        let summary = Summary::of(&means);
        let Summary { mean, n, .. } = summary;
        let tells = unstable.is_none() && partial.is_none();
        let needs = from_pilot(&summary, self.asked.precision, CONFIDENCE);
        Some(PilotLength {
            runs: self.asked.reps,
            mean_ns: (n > 0 && unstable.is_none()).then(|| EstimatedMeasure {
                mean,
                ci95: summary.interval(),
                n,
                thin: None,
            }),
            replications: needs.filter(|_| tells),
            unstable,
            partial,
        })
    }
}

/// Up to a whole second, from ten minutes on to a whole minute: a length to type.
fn round_up(length: Span) -> Span {
    let unit = Span::from_secs(if length < Span::from_secs(600) { 1 } else { 60 }).as_nanos();
    Span::from_nanos(length.as_nanos().div_ceil(unit).saturating_mul(unit))
}
