//! How long a run must be, or how many, for a precision.
//!
//! Owns the choice between theory and pilot runs. How either comes to its numbers is
//! [`crate::stats::advice`]'s. Must not know how it is told.

use std::sync::atomic::AtomicBool;

use super::{CONFIDENCE, first_queue};
use crate::engine::run::run_with;
use crate::engine::world::Ended;
use crate::experiment::in_order::in_order;
use crate::experiment::point::Point;
use crate::experiment::progress::Progress;
use crate::experiment::replicate::why_partial;
use crate::experiment::side_by_side::fitting;
use crate::kernel::time::{Span, Time};
use crate::ledger::config::QueueId;
use crate::model::scenario::Scenario;
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
        let (point, warnings) = Point::alone(text, &asked.set, asked.seed)?;
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
        let threads = fitting(threads, [scenario]);
        let done = in_order(self.asked.reps, threads, |replication| {
            let pulse = progress.pulse(scenario.end());
            let run = run_with(scenario, replication, interrupt, pulse);
            if run.ended == Ended::Interrupted {
                return None;
            }
            let partial = why_partial(scenario, run.ended, &run.measured);
            let wait = &run.measured.queues[queue].latencies.sent_to_received;
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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    static GO_ON: AtomicBool = AtomicBool::new(false);

    /// One worker with 100 ms of work on average.
    fn text(rate: &str, more: &str) -> Text {
        let text = format!(
            "(duration: \"60s\", queues: {{\"q\": (visibility_timeout: \"1h\")}},
              producers: {{\"p\": (queue: \"q\", arrivals: Poisson(\"{rate}\"),
                call_latency: Constant(\"0s\"))}},
              consumers: {{\"w\": (queue: \"q\", receive: (max: 1), call_latency: Constant(\"0s\"),
                processing: Exponential(\"100ms\"){more})}})"
        );
        Text { name: "advised.ron".to_owned(), directory: PathBuf::new(), text }
    }

    fn advisor(text: &Text) -> LengthAdvisor {
        let (model, set) = ("advised.ron".to_owned(), Vec::new());
        let asked = LengthAsked { model, set, precision: 0.1, reps: 3, seed: Some(4) };
        LengthAdvisor::prepare(asked, text).unwrap_or_else(|faults| panic!("{faults}")).0
    }

    const TWO: &str = ", count: 2";

    /// With a prefetch, so that no closed form is known.
    fn piloted(text: &Text) -> PilotLength {
        let mut advisor = advisor(text);
        advisor.scenario.fleets[0].config.receive.prefetch = 1;
        advisor.theory = None;
        assert_eq!(advisor.total(), advisor.scenario.end().since(Time::ZERO).saturating_mul(3));
        let stop = AtomicBool::new(true);
        assert_eq!(advisor.run(1, &stop, None), None);
        let progress = Progress::default();
        let advice = advisor.run(1, &GO_ON, Some(&progress)).expect("nobody interrupts");
        let json = advice.to_json().expect("is finite");
        assert_eq!(serde_json::from_str::<LengthAdvice>(&json).as_ref().ok(), Some(&advice));
        assert!(json.ends_with("}\n") && advice.theory.is_none());
        advice.pilot.expect("theory does not know it")
    }

    #[test]
    fn lengths_are_rounded_up_to_what_one_types() {
        let cases = [
            (1, 1_000),
            (1_000, 1_000),
            (599_001, 600_000),
            (600_000, 600_000),
            (600_001, 660_000),
        ];
        for (millis, up) in cases {
            assert_eq!(round_up(Span::from_millis(millis)), Span::from_millis(up), "{millis}");
        }
    }

    /// What a run measures of its own length is what its warm-up leaves. An interval takes two.
    #[test]
    fn replications_measure_as_much_as_one_long_run() {
        let mut advisor = advisor(&text("8/s", ""));
        assert_eq!(advisor.total(), Span::ZERO, "theory needs no run");
        let advice = advisor.theory.clone().expect("M/M/1");
        let measured = advice.duration - advice.warm_up;
        let warm_up = round_up(advice.warm_up);
        let mut of = |own: Span| {
            advisor.scenario.duration = warm_up.saturating_add(own);
            let told = advisor.run(1, &GO_ON, None).expect("nobody interrupts").theory;
            told.expect("M/M/1")
        };
        let third = Span::from_nanos(measured.as_nanos().div_ceil(3));
        let replications = [
            measured.saturating_mul(9),
            measured,
            third,
            third.saturating_sub(Span::from_nanos(1)),
        ];
        let replications = replications.map(|own| of(own).replications);
        assert_eq!(replications, [2, 2, 3, 4].map(Some));
        assert_eq!(of(Span::ZERO).replications, None);
        let told = of(measured);
        assert_eq!((told.queue.as_str(), told.warm_up_ns), ("M/M/1", warm_up.as_nanos()));
        let one = Span::from_nanos(told.duration_ns - told.warm_up_ns);
        assert!(one >= measured && one < measured.saturating_add(Span::from_secs(60)));
    }

    #[test]
    fn pilots_tell_of_queues_that_settle() {
        let pilot = piloted(&text("5/s", TWO));
        let mean = pilot.mean_ns.expect("messages wait");
        assert!(mean.n == 3 && mean.mean > 0.0 && mean.ci95.is_some());
        assert!(pilot.runs == 3 && pilot.replications.is_some_and(|needs| needs > 3), "{pilot:?}");
        // Two workers do 20/s of 60.
        let pilot = piloted(&text("60/s", TWO));
        assert_eq!((pilot.mean_ns, pilot.replications), (None, None));
        assert!(pilot.unstable.is_some_and(|found| found.growth_per_second > 30.0));
        // One message in three hundred years: in a minute there is none.
        let pilot = piloted(&text("0.0000000001/s", TWO));
        assert_eq!((pilot.mean_ns, pilot.replications, pilot.unstable), (None, None, None));
        let limited = text("5/s", TWO);
        let short = limited.text.replace("(duration", "(limits: (events: 100), duration");
        let pilot = piloted(&Text { text: short, ..limited });
        assert!(pilot.partial.is_some() && pilot.replications.is_none());
    }
}
