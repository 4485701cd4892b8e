//! The answers to `plan --advise`.
//!
//! Owns their order: what was asked, the curve, the answer, the commands to copy. Must not print.

use super::fold;
use super::grid::Grid;
use super::written::Written;
use super::{Answer, Style, growing};
use crate::kernel::time::Span;
use crate::outcome::{
    AdviceVerdict, EstimatedMeasure, LengthAdvice, Limit, PilotLength, TheoryLength, TimeoutAdvice,
    TimeoutPoint,
};
use crate::render::units;
use crate::scenario::visible::brief;

/// The visibility timeout. `file` is the scenario as it was named, `command` gives the answer
/// again.
pub fn timeout_advice(file: &str, command: &str, advice: &TimeoutAdvice, style: Style) -> Answer {
    let reps = advice.replications;
    let mut lines = vec![
        format!("{}   seed {}   {reps} replications at each timeout", brief(file), advice.seed),
        format!("  {}: duplicates against recovery from a crash", advice.path),
        String::new(),
    ];
    curve(advice, style, &mut lines);
    lines.push(String::new());
    let mut said = Said { style, lines };
    said.say("Crashes", &crashes(advice));
    if advice.heartbeat {
        let sentence = "workers extend the timeout while they work: recovery follows the heartbeat";
        said.say("Heartbeat", sentence);
    }
    for sentence in notes(advice) {
        said.say("Note", &sentence);
    }
    let nearest = advice.nearest.as_ref().and_then(|nearest| advice.at(nearest));
    match advice.verdict {
        Some(AdviceVerdict::Yes) => {
            let timeout = advice.answer.as_deref().unwrap_or_default();
            said.say("Answer", &format!("{} = {timeout}", advice.path));
            if let Some(point) = advice.at(timeout) {
                said.say(
                    "Margin",
                    &format!("at the ends of the intervals {}", ends(advice, point)),
                );
            }
        }
        Some(AdviceVerdict::No) => {
            said.say("Answer", &format!("no timeout has {}", wanted(advice)));
            if let Some(point) = nearest {
                said.say("Nearest", &format!("{}: {}", point.timeout, means(advice, point)));
            }
            if !advice.heartbeat {
                said.say("Remedy", HEARTBEAT);
            }
        }
        Some(AdviceVerdict::Open) => {
            said.say("Answer", &format!("open: these runs cannot say whether {}", may(advice)));
            if let Some(point) = nearest {
                said.say("Open", &format!("at {} {}", point.timeout, undecided(advice, point)));
            }
            said.say("Decides", &decides(advice));
        }
        None => said.say("Knee", &knee(advice)),
    }
    let held = matches!(advice.verdict, Some(AdviceVerdict::Yes) | None);
    said.done(command, held)
}

/// The question, about the timeout that may be the answer.
fn may(advice: &TimeoutAdvice) -> String {
    let timeout = advice.nearest.as_deref().unwrap_or("a timeout");
    format!("{timeout} has {}", wanted(advice))
}

/// What takes runs to decide.
fn decides(advice: &TimeoutAdvice) -> String {
    let now = advice.replications;
    match advice.replications_to_decide {
        Some(needs) => {
            let times = needs as f64 / now as f64;
            format!("about `--reps {needs}`, or a `duration` {times:.1} times as long")
        }
        None => format!("more than these {now} replications: nobody can tell how many"),
    }
}

/// What is known of the limits that are open.
fn undecided(advice: &TimeoutAdvice, point: &TimeoutPoint) -> String {
    if let Some(partial) = &point.partial {
        return format!("the runs are partial: {partial}");
    }
    let open = |limit: Option<Limit>| limit == Some(Limit::Open);
    let duplicates = advice.duplicates_below.filter(|_| open(point.duplicates_limit));
    let duplicates = duplicates.map(|limit| {
        let upper = upper(point.duplicates).map_or_else(unknown, small);
        let limit = units::exact_percent(limit);
        match point.duplicates {
            Some(of) if of.mean == 0.0 => {
                format!("no duplicate in {} messages: up to {upper}, of {limit}", point.deleted)
            }
            _ => format!("duplicates may be {upper} of {limit}"),
        }
    });
    let recovery = advice.recovery_below_ns.filter(|_| open(point.recovery_limit));
    let recovery = recovery.map(|limit| {
        let limit = Span::from_nanos(limit);
        match upper(point.recovery_p95_ns) {
            Some(upper) => format!("recovery (p95) may be {} of {limit}", units::length(upper)),
            None => format!("{} recoveries say too little of p95, below {limit}", point.lost),
        }
    });
    duplicates.into_iter().chain(recovery).collect::<Vec<_>>().join(", ")
}

/// What takes the trade away.
const HEARTBEAT: &str = "a heartbeat decouples the two: it extends a short timeout as long as the \
                         worker lives (`consumers.NAME.heartbeat`)";

/// How long a run must be. `commands` do as advised.
pub fn length_advice(
    file: &str,
    commands: &[String],
    command: &str,
    advice: &LengthAdvice,
    style: Style,
) -> Answer {
    let precision = units::exact_percent(advice.precision);
    let of = format!("the mean time from send to first receive of {}", advice.queue);
    let mut said = Said {
        style,
        lines: vec![
            format!("{}   seed {}", brief(file), advice.seed),
            format!("  {of}, ±{precision} with 95 % confidence"),
            String::new(),
        ],
    };
    let mut held = true;
    match (&advice.theory, &advice.pilot) {
        (Some(theory), _) => from_theory(theory, &mut said),
        (None, Some(pilot)) => held = from_pilot(pilot, &mut said),
        (None, None) => {}
    }
    if !commands.is_empty() {
        said.lines.push(String::new());
        said.lines.extend(commands.iter().map(|command| format!("  {command}")));
        said.lines.push(String::new());
    }
    said.done(command, held)
}

/// Sentences with an opening each.
struct Said {
    style: Style,
    lines: Vec<String>,
}

impl Said {
    fn say(&mut self, opening: &str, sentence: &str) {
        let blanks = " ".repeat(12_usize.saturating_sub(opening.chars().count()));
        self.lines.push(format!("{}{blanks}{sentence}", self.style.heading(opening)));
    }

    fn done(mut self, command: &str, held: bool) -> Answer {
        self.lines.push(format!("repeat: {command}"));
        Answer { stdout: fold::text(&self.lines, self.style), warnings: Vec::new(), held }
    }
}

/// A line a timeout.
fn curve(advice: &TimeoutAdvice, style: Style, lines: &mut Vec<String>) {
    let mut grid = Grid::default();
    for head in ["timeout", "duplicates", "recovery mean", "p95"] {
        grid.numbers(head);
    }
    grid.words("");
    let points = advice.points.iter();
    let lengths = points.flat_map(|point| [point.recovery_mean_ns, point.recovery_p95_ns]);
    let written = Written::of("ns", lengths.flatten().map(|length| length.mean));
    let length =
        |of: Option<EstimatedMeasure>| of.map_or_else(|| "-".to_owned(), |of| written.estimate(of));
    for point in &advice.points {
        let mark = if advice.answer.as_ref() == Some(&point.timeout) { "  <- answer" } else { "" };
        grid.line(vec![
            point.timeout.clone(),
            point.duplicates.map_or_else(|| "-".to_owned(), share),
            length(point.recovery_mean_ns),
            length(point.recovery_p95_ns),
            format!("{}{mark}", verdict(point)),
        ]);
    }
    grid.write(style, lines);
}

/// `0.67% ±0.05%`; where none was seen, how many there may be.
fn share(of: EstimatedMeasure) -> String {
    let mean = small(of.mean);
    let Some([_, upper]) = of.ci95 else { return mean };
    if of.mean == 0.0 {
        return format!("0% (<{})", units::percent(upper.max(LEAST)));
    }
    format!("{mean} ±{}", small(upper - of.mean))
}

/// The least share whose digits are written.
const LEAST: f64 = 0.000_01;

/// A share that is never shown as nothing where it is not.
fn small(share: f64) -> String {
    if share > 0.0 && share < LEAST { "<0.001%".to_owned() } else { units::percent(share) }
}

fn verdict(point: &TimeoutPoint) -> String {
    if let Some(partial) = &point.partial {
        return format!("partial: {partial}");
    }
    if !point.unstable.is_empty() {
        return growing(&point.unstable);
    }
    let both = [("duplicates", point.duplicates_limit), ("recovery", point.recovery_limit)];
    let told = both.into_iter().filter_map(|(name, limit)| match limit? {
        Limit::Meets => None,
        Limit::Open => Some(format!("{name} open")),
        Limit::Misses => Some(format!("misses {name}")),
    });
    let told: Vec<String> = told.collect();
    let met = if point.limits.is_some() { "meets" } else { "" };
    if told.is_empty() { met.to_owned() } else { told.join(", ") }
}

fn crashes(advice: &TimeoutAdvice) -> String {
    let Some(added) = advice.added_crashes else {
        return "those of the scenario, in both columns".to_owned();
    };
    let [between, restart] = [added.mean_time_between_ns, added.restart_ns].map(Span::from_nanos);
    format!(
        "none in the scenario: added for the recovery alone, every {between} a worker, back after \
         {restart}"
    )
}

/// What a reader should know of the numbers.
fn notes(advice: &TimeoutAdvice) -> Vec<String> {
    /// Below it an interval of a 95 % quantile says little.
    const FEW: u64 = 100;
    let mut notes = Vec::new();
    let fewest = advice.points.iter().map(|point| point.lost).min().unwrap_or(0);
    // What is asked says itself where too few were lost.
    if fewest < FEW && advice.verdict != Some(AdviceVerdict::Open) {
        notes.push(format!(
            "only {fewest} messages were worked on when a worker crashed: a longer `duration` or \
             more `--reps` know the recovery better"
        ));
    }
    let open: u64 = advice.points.iter().map(|point| point.not_back).sum();
    if open > 0 {
        notes.push(format!(
            "{open} messages were not back when their run ended; they count with the time until \
             then, so the recovery is longer than it says"
        ));
    }
    if let Some([shorter, longer]) = &advice.rises {
        notes.push(format!(
            "duplicates rise from {shorter} to {longer}: a timeout between those looked at may do \
             better than this says"
        ));
    }
    notes
}

fn wanted(advice: &TimeoutAdvice) -> String {
    let duplicates = advice
        .duplicates_below
        .map(|limit| format!("duplicates below {}", units::exact_percent(limit)));
    let recovery = advice.recovery_below_ns.map(Span::from_nanos);
    let recovery = recovery.map(|limit| format!("a recovery (p95) below {limit}"));
    duplicates.into_iter().chain(recovery).collect::<Vec<_>>().join(" and ")
}

fn upper(of: Option<EstimatedMeasure>) -> Option<f64> {
    of.and_then(|of| of.ci95).map(|[_, upper]| upper)
}

fn unknown() -> String {
    "unknown".to_owned()
}

/// The upper ends of the intervals against the limits.
fn ends(advice: &TimeoutAdvice, point: &TimeoutPoint) -> String {
    against(advice, upper(point.duplicates), upper(point.recovery_p95_ns))
}

/// The estimates against the limits.
fn means(advice: &TimeoutAdvice, point: &TimeoutPoint) -> String {
    let mean = |of: Option<EstimatedMeasure>| of.map(|of| of.mean);
    against(advice, mean(point.duplicates), mean(point.recovery_p95_ns))
}

fn against(advice: &TimeoutAdvice, duplicates: Option<f64>, recovery: Option<f64>) -> String {
    let duplicates = advice.duplicates_below.map(|limit| {
        let found = duplicates.map_or_else(unknown, small);
        format!("duplicates {found} of {}", units::exact_percent(limit))
    });
    let recovery = advice.recovery_below_ns.map(|limit| {
        let found = recovery.map_or_else(unknown, units::length);
        format!("recovery (p95) {found} of {}", Span::from_nanos(limit))
    });
    duplicates.into_iter().chain(recovery).collect::<Vec<_>>().join(", ")
}

fn knee(advice: &TimeoutAdvice) -> String {
    let knee = advice.knee.as_deref().unwrap_or_default();
    let place = advice.points.iter().position(|point| point.timeout == knee);
    let next = place.and_then(|place| advice.points.get(place + 1));
    let Some(next) = next else {
        return format!("none up to {knee}: every longer timeout saves duplicates");
    };
    format!(
        "{knee}: going on to {} saves less than one duplicate in a thousand messages; \
         `--duplicates` and `--recovery` ask for an answer",
        next.timeout
    )
}

fn from_theory(theory: &TheoryLength, said: &mut Said) {
    let TheoryLength { queue, load, messages, .. } = theory;
    let [warm_up, duration, own] =
        [theory.warm_up_ns, theory.duration_ns, theory.own_duration_ns].map(Span::from_nanos);
    said.say("Theory", &format!("{queue} at a load of {}", units::percent(*load)));
    said.say("One run", &format!("{messages} messages: {duration}, first {warm_up} discarded"));
    let many = match theory.replications {
        Some(many) => format!("{many} of {own}, first {warm_up} of each discarded"),
        None => format!("not of {own}: the start is felt for {warm_up}"),
    };
    said.say("Or runs", &many);
}

/// Whether it is an answer.
fn from_pilot(pilot: &PilotLength, said: &mut Said) -> bool {
    let runs = pilot.runs;
    let found = match (pilot.mean_ns, &pilot.unstable) {
        (Some(mean), _) => Written::of("ns", std::iter::once(mean.mean)).estimate(mean),
        (None, Some(_)) => "no mean".to_owned(),
        (None, None) => "no message was received".to_owned(),
    };
    said.say("Theory", "does not know this queue: pilot runs");
    said.say("Pilot", &format!("{found} over {runs} replications"));
    if let Some(partial) = &pilot.partial {
        said.say("PARTIAL", partial);
    }
    if let Some(unstable) = &pilot.unstable {
        let growth = units::number(unstable.growth_per_second);
        said.say(
            "NOT STABLE",
            &format!("it grows by {growth} messages per second: no length of run gives a mean"),
        );
        return false;
    }
    let Some(needs) = pilot.replications else {
        said.say("Runs", "open: a longer `duration` or more `--reps` would say how many");
        return false;
    };
    said.say("Runs", &format!("about {needs} replications of the scenario's own length"));
    let start = "whether the start is discarded is not judged by this: see `--warm-up mser5`";
    said.say("Start", start);
    true
}
