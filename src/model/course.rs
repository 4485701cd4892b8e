//! What a run follows: a scenario, and perhaps another one from an instant on.
//!
//! Owns [`Course`]. Must not know how a world takes other settings on (`engine::fork`), nor which
//! may change (`scenario::fork`).

use super::clients::FleetConfig;
use super::scenario::{Named, Scenario};
use crate::kernel::time::Time;

/// Other settings from an instant on.
#[derive(Clone, Copy, Debug)]
pub struct Fork<'a> {
    /// What happens before it is past, what happens at it is not.
    pub at: Time,
    /// The whole scenario as it is then.
    pub then: &'a Scenario,
}

/// What a run follows: a scenario, and perhaps another one from an instant on.
///
/// ```
/// use std::sync::atomic::AtomicBool;
/// use sqsim::engine::run::run;
/// use sqsim::kernel::time::{Span, Time};
/// use sqsim::model::course::{Course, Fork};
///
/// let text = r#"(
///     duration: "2h",
///     queues: {"jobs": ()},
///     producers: {"site": (queue: "jobs", arrivals: Burst(at: "0s", count: 7200))},
///     consumers: {"workers": (queue: "jobs", count: 1, processing: Constant("1s"),
///                             call_latency: Constant("0s"))},
/// )"#;
/// let scenario = |text: &str| -> Result<_, sqsim::Faults> {
///     let file: sqsim::ScenarioFile = text.parse()?;
///     Ok(file.check()?.scenario)
/// };
/// // A second worker after an hour: the backlog of two hours is gone after an hour and a half.
/// let (one, two) = (scenario(text)?, scenario(&text.replace("count: 1,", "count: 2,"))?);
/// let at = Time::ZERO + Span::from_secs(3_600);
/// let course = Course { scenario: &one, fork: Some(Fork { at, then: &two }) };
/// let jobs = &run(course, 0, &AtomicBool::new(false)).measured.queues[0];
/// assert_eq!(jobs.latencies.sent_to_deleted.max, Span::from_secs(5_400));
/// # Ok::<(), sqsim::Faults>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Course<'a> {
    /// At the start.
    pub scenario: &'a Scenario,
    /// Later.
    pub fork: Option<Fork<'a>>,
}

impl<'a> From<&'a Scenario> for Course<'a> {
    fn from(scenario: &'a Scenario) -> Course<'a> {
        Course { scenario, fork: None }
    }
}

impl<'a> Course<'a> {
    /// What it follows at the end. Its window, limits and expectations hold for the whole run: they
    /// say what is looked at, not what happens.
    pub fn last(self) -> &'a Scenario {
        self.fork.map_or(self.scenario, |fork| fork.then)
    }

    /// The same without a fork that has no past: what happens at its instant is not past, so one at
    /// the start is the other scenario from the start.
    #[must_use]
    pub fn with_a_past(self) -> Course<'a> {
        match self.fork {
            Some(Fork { at: Time::ZERO, then }) => Course::from(then),
            Some(_) | None => self,
        }
    }

    /// The places of workers in the order of their numbers, each by its fleet's place in the
    /// scenario and its number there: as many as each fleet wants at once, then those that a fork
    /// adds. Where workers take long to leave there are more later, with the next numbers.
    pub fn workers(self) -> impl Iterator<Item = (usize, u32)> {
        let this = self.with_a_past();
        let fleets = this.scenario.fleets.iter().zip(&this.last().fleets).enumerate();
        let most = |fleet: &Named<FleetConfig>| fleet.config.size.most();
        let first = fleets
            .clone()
            .flat_map(move |(at, (first, _))| (0..most(first)).map(move |member| (at, member)));
        let more = fleets.flat_map(move |(at, (first, last))| {
            (most(first)..most(last)).map(move |member| (at, member))
        });
        first.chain(more)
    }
}
