//! The scenario as written → the checked one.
//!
//! Owns every range and every relation between settings, and the resolution of names. Must not
//! know how a text is read.
//!
//! Ranges are those of the SQS API
//! ([`CreateQueue`](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html)
//! and its neighbours); bounds of our own are constants here, with their reason.
//!
//! Invariant: a check never stops at its first fault. A part at fault still yields a value, which
//! is thrown away with the scenario.

mod clients;
mod dist;
mod downstream;
mod failure;
pub(super) mod files;
mod fleet_size;
mod functions;
mod graph;
mod memory;
mod nodes;
mod prices;
mod queue;
mod scaling;
mod schedule;
mod sense;
mod size;
mod source;
mod split;

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io;

use self::graph::Served;
use super::fault::{Fault, FaultSource, Faults, MOST_FAULTS, Place, Severity};
use super::file::{Length, NamedFile, ReceiverFile, ScenarioFile, WindowFile};
use super::shared::SharedData;
use super::tree::{At, Node};
use super::units;
use super::warnings::{self, Warning};
use crate::facts::deed::DownstreamId;
use crate::kernel::time::Span;
use crate::ledger::config::QueueId;
use crate::model::near::nearest;
use crate::model::scenario::{Limits, Named, Scenario};
use crate::stats::expect::{self, Names};
use crate::stats::listed::NameList;

/// Most windows of a series: each holds some hundred bytes for every queue.
const MOST_WINDOWS: u64 = 100_000;

/// Most queues, producers or consumers: each has a state of its own in every run.
const MOST_NAMED: usize = 10_000;

/// Windows that a plot can show: what `window: Auto` aims at.
const AUTO_WINDOWS: u64 = 600;

/// Where data files come from.
#[derive(Clone, Copy)]
pub(super) struct Data<'a> {
    /// Reads one by the path that stands in the scenario.
    pub(super) read: &'a dyn Fn(&str) -> io::Result<Vec<u8>>,
    /// Where those paths begin.
    pub(super) folder: &'a str,
    /// What others have read.
    pub(super) shared: &'a SharedData,
}

/// Ours: what nanoseconds can tell apart, and what comes within the longest run.
const RATES: (f64, f64) = (1e-10, 1e9);

/// Checks a scenario that was read; faults and warnings join `faults`. The result may only be
/// used where no error is among them; `None` where there is too much to check.
pub(super) fn check(
    name: &str,
    file: &ScenarioFile,
    root: &Node,
    data: Data,
    faults: &mut Faults,
) -> Option<Scenario> {
    let root = At::root(root);
    for kind in ["queues", "producers", "consumers", "downstream"] {
        let at = root.field(kind);
        if at.keys().len() > MOST_NAMED {
            let what = format!("{} {kind} are more than {MOST_NAMED}", at.keys().len());
            faults.push(Fault::new(what).at(at.place(), at.path()));
            return None;
        }
    }
    let mut check = Check {
        queues: root.field("queues").keys().into_iter().collect(),
        downstreams: root.field("downstream").keys().into_iter().collect(),
        allowed: BTreeSet::new(),
        duration: file.duration.0,
        threads: 0,
        instants: 0,
        data,
        faults: Vec::new(),
        errors: 0,
        warnings: 0,
        spare: Fault::new(""),
        first_new_source: faults.sources().len(),
        new_sources: Vec::new(),
        root,
    };
    check.allowed = check.allowed(file);
    let scenario = check.scenario(name, file);
    for source in check.new_sources {
        faults.add_source(source);
    }
    for fault in check.faults {
        faults.push(fault);
    }
    Some(scenario)
}

/// What all checks share.
struct Check<'a> {
    root: At<'a>,
    /// The queues' names, in order, as written: those at fault themselves included.
    queues: NameList<'a>,
    /// The names of what workers lean on.
    downstreams: NameList<'a>,
    /// The warnings that the scenario means.
    allowed: BTreeSet<Warning>,
    /// Producers run until here.
    duration: Span,
    /// Threads of all consumers so far.
    threads: u64,
    /// Instants of all that comes again so far.
    instants: u64,
    data: Data<'a>,
    /// No more of either severity than one above what is told.
    faults: Vec<Fault>,
    /// Errors so far, those that are not kept included.
    errors: usize,
    /// Warnings so far, as well.
    warnings: usize,
    /// Takes the advice for what is not kept.
    spare: Fault,
    first_new_source: usize,
    /// Data files in which faults are shown.
    new_sources: Vec<FaultSource>,
}

impl<'a> Check<'a> {
    fn scenario(&mut self, name: &str, file: &ScenarioFile) -> Scenario {
        let duration = self.duration;
        let root = self.root.clone();
        if duration.is_zero() {
            self.push(&root.field("duration"), "a run of no length shows nothing");
        }
        if file.warm_up.0 >= duration && !duration.is_zero() {
            let what = format!(
                "a warm-up of {} leaves nothing of the {duration} that producers run",
                file.warm_up.0
            );
            self.push(&root.field("warm_up"), what).help =
                vec!["make it shorter than `duration`".into()];
        }
        self.not_empty("queues", file.queues.0.is_empty(), "\"jobs\": ()");
        for kind in ["queues", "producers", "consumers", "downstream"] {
            self.names(&root.field(kind));
        }
        let end = duration.saturating_add(file.drain.0);
        let served = Served::of(file, &self.queues);
        let place = |(name, _): &(String, _)| self.queues.place(name);
        let workers: Vec<u64> =
            file.queues.0.iter().map(|queue| served.workers(place(queue))).collect();
        let mut workers = workers.into_iter();
        let scenario = Scenario {
            name: name.into(),
            about: file.about.clone(),
            duration,
            drain: file.drain.0,
            warm_up: file.warm_up.0,
            seed: file.seed,
            window: self.window(&file.window, end),
            queues: self.each("queues", &file.queues, |check, at, queue| {
                let workers = workers.next().expect("one number for each queue");
                check.queue(at, queue, workers, end)
            }),
            producers: self.each("producers", &file.producers, Check::producer),
            fleets: self.consumers(file, ReceiverFile::workers, |check, at, fleet| {
                check.consumer(at, fleet, end)
            }),
            functions: self.consumers(file, ReceiverFile::function, Check::function),
            account: self.account(file),
            downstreams: self.each("downstream", &file.downstream, Check::downstream),
            expect: file.expect.clone(),
            limits: self.limits(file),
            prices: self.prices(file),
        };
        self.batches(file, &scenario);
        self.expectations(&scenario);
        self.graph(file, &scenario, &served);
        self.functions(&scenario);
        if self.errors == 0 {
            self.memory(&scenario);
            self.sense(&scenario);
        }
        scenario
    }

    /// The warnings that the scenario means.
    fn allowed(&mut self, file: &ScenarioFile) -> BTreeSet<Warning> {
        let all = self.root.field("allow");
        let mut allowed = BTreeSet::new();
        if !all.is_whole(&file.allow) {
            return allowed;
        }
        for (index, name) in file.allow.iter().enumerate() {
            if let Some(warning) = Warning::of_name(name) {
                allowed.insert(warning);
            } else if !self.is_full() {
                let what = format!("there is no warning `{name}`");
                self.push(&all.item(index), what).help = vec![warnings::near(name)];
            }
        }
        allowed
    }

    /// Checks all of one kind.
    fn each<F, C>(
        &mut self,
        kind: &str,
        files: &NamedFile<F>,
        mut one: impl FnMut(&mut Check<'a>, &At<'a>, &F) -> C,
    ) -> Vec<Named<C>> {
        let all = self.root.field(kind);
        let check = |(name, file): &(String, F)| {
            let config = one(self, &all.field(name), file);
            Named { name: name.clone(), config }
        };
        files.0.iter().map(check).collect()
    }

    /// Checks all consumers of one kind.
    fn consumers<F: 'static, C>(
        &mut self,
        file: &ScenarioFile,
        kind: impl Fn(&ReceiverFile) -> Option<&F>,
        mut one: impl FnMut(&mut Check<'a>, &At<'a>, &F) -> C,
    ) -> Vec<Named<C>> {
        let all = self.root.field("consumers");
        let check = |(name, file): &(String, ReceiverFile)| {
            let config = one(self, &all.field(name), kind(file)?);
            Some(Named { name: name.clone(), config })
        };
        file.consumers.0.iter().filter_map(check).collect()
    }

    /// Records a fault at a part; the caller may add advice.
    fn push(&mut self, at: &At, what: impl Into<String>) -> &mut Fault {
        self.keep(Fault::new(what).at(at.place(), at.path()))
    }

    /// Records a warning at a part.
    fn warn(&mut self, at: &At, warning: Warning, what: impl Into<String>) -> &mut Fault {
        self.keep(Fault::new(what).at(at.place(), at.path()).warning(warning))
    }

    /// Keeps a fault while it may still be told, and a warning that is not meant.
    fn keep(&mut self, fault: Fault) -> &mut Fault {
        let count = match fault.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        let is_meant = fault.warning.is_some_and(|warning| self.allowed.contains(&warning));
        if is_meant || *count > MOST_FAULTS {
            self.spare = fault;
            *count += usize::from(!is_meant);
            return &mut self.spare;
        }
        *count += 1;
        self.faults.push(fault);
        let last = self.faults.len() - 1;
        &mut self.faults[last]
    }

    /// Whether another error would not be told: its advice need not be looked for.
    fn is_full(&self) -> bool {
        self.errors > MOST_FAULTS
    }

    /// A value within bounds, both included; `why` completes "… to …,".
    fn range<T: Copy + PartialOrd + Display>(
        &mut self,
        at: &At,
        value: T,
        min: T,
        max: T,
        why: &str,
    ) {
        if value < min || value > max {
            let what = format!("`{value}` is outside {min} to {max}");
            self.push(at, what).help.push(why.into());
        }
    }

    /// A number above 0 and finite.
    fn positive(&mut self, at: &At, value: f64) {
        if !(value > 0.0 && value.is_finite()) {
            self.push(at, format!("`{value}` is not above 0"));
        }
    }

    /// A length above 0.
    fn some_time(&mut self, at: &At, length: Length, help: &str) {
        if length.0.is_zero() {
            self.push(at, "`0s` is too short: it must be longer").help.push(help.into());
        }
    }

    /// At least one of something.
    fn at_least_one<T: Copy + PartialEq + From<u8>>(&mut self, at: &At, value: T) {
        if value == T::from(0) {
            self.push(at, "`0` is too few: at least 1 is needed");
        }
    }

    fn not_empty(&mut self, key: &str, empty: bool, example: &str) {
        let at = self.root.field(key);
        if empty && at.is_written() && at.keys().is_empty() {
            let what = format!("`{key}` is empty: at least one is needed");
            self.push(&at, what).help.push(format!("add, for example, `{example}`"));
        }
    }

    /// Names are what `CreateQueue` allows, so that paths need no quotes.
    fn names(&mut self, at: &At<'a>) {
        for name in at.keys() {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if name.is_empty() || name.len() > 80 || !name.chars().all(plain) {
                self.push(&at.key(name), format!("`{name}` cannot be a name")).help =
                    vec!["names have 1 to 80 of a-z A-Z 0-9 _ and -".into()];
            }
        }
    }

    /// The queue of this name.
    fn queue_named(&mut self, at: &At, name: &str) -> QueueId {
        if let Some(place) = self.queues.place(name) {
            return QueueId(place as u32);
        }
        let queues = self.queues.clone();
        self.unknown(at, name, "queue", "queues", &queues);
        QueueId(0)
    }

    /// What workers lean on by this name.
    fn downstream_named(&mut self, at: &At, name: &str) -> DownstreamId {
        if let Some(place) = self.downstreams.place(name) {
            return DownstreamId(place as u32);
        }
        let downstreams = self.downstreams.clone();
        self.unknown(at, name, "downstream", "downstreams", &downstreams);
        DownstreamId(0)
    }

    /// Nothing of its kind has this name.
    fn unknown(&mut self, at: &At, name: &str, one: &str, many: &str, known: &NameList) {
        let help = match &known[..] {
            _ if self.is_full() => String::new(),
            [] => format!("the scenario has no {many}"),
            names => match nearest(name, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the {many} are {}", known.few("`")),
            },
        };
        self.push(at, format!("unknown {one} `{name}`")).help.push(help);
    }

    fn window(&mut self, window: &WindowFile, end: Span) -> Span {
        let length = match window {
            WindowFile::Auto => return auto_window(end),
            WindowFile::Length(length) => length.0,
        };
        let at = self.root.field("window");
        let too_many = end.as_nanos() / length.as_nanos().max(1) > MOST_WINDOWS;
        if length.is_zero() || (too_many && self.duration < units::LONGEST) {
            let what =
                format!("windows of {length} are too many: a run of {end} may have {MOST_WINDOWS}");
            self.push(&at, what).help = vec![format!("`Auto` takes {}", auto_window(end))];
        }
        length
    }

    fn limits(&mut self, file: &ScenarioFile) -> Limits {
        let at = self.root.field("limits");
        let limits = &file.limits;
        self.at_least_one(&at.field("events"), limits.events);
        self.at_least_one(&at.field("resident"), limits.resident);
        if limits.memory.0 == 0 {
            self.push(&at.field("memory"), "`0B` is too little: the smallest runs need megabytes")
                .help
                .push("`sqsim check` tells what a run needs".into());
        }
        Limits {
            events: limits.events,
            resident: limits.resident,
            trace_bytes: limits.trace_bytes,
            memory: limits.memory.0,
        }
    }

    /// An instant of the run, which is over at `end`.
    fn within_run(&mut self, at: &At, instant: Length, end: Span) {
        if instant.0 > end {
            self.push(at, format!("`{}` is after the end of the run at {end}", instant.0));
        } else if instant.0 == end {
            let what = format!("`{}` is the end of the run, where nothing happens", instant.0);
            self.warn(at, Warning::AtTheEnd, what)
                .help
                .push("make it earlier, or the run longer".into());
        }
    }

    /// Expectations must parse, and name what the scenario has.
    fn expectations(&mut self, scenario: &Scenario) {
        let all = self.root.field("expect");
        let (producers, consumers) = (self.root.field("producers"), self.root.field("consumers"));
        let is_function = |name: &&str| scenario.functions.iter().any(|it| it.name == *name);
        let (functions, fleets): (Vec<&str>, Vec<&str>) =
            consumers.keys().into_iter().partition(is_function);
        let producers = producers.keys().into_iter().collect();
        let [functions, fleets] = [functions, fleets].map(|names| names.into_iter().collect());
        if !all.is_whole(&scenario.expect) {
            return;
        }
        let (queues, downstreams) = (self.queues.clone(), self.downstreams.clone());
        let names = Names { queues, producers, fleets, functions, downstreams, scenario: None };
        for (index, text) in scenario.expect.iter().enumerate() {
            if self.is_full() {
                return;
            }
            let parsed = expect::parse(text);
            let checked =
                parsed.as_ref().map_err(Clone::clone).and_then(|parsed| parsed.check(&names));
            let at = all.item(index);
            let doubt = parsed.ok().and_then(|parsed| parsed.count_against_share());
            if let (Ok(()), Some(doubt)) = (&checked, doubt) {
                let place = within(at.place(), text, doubt.column, doubt.length);
                let fault = Fault::new(doubt.message).at(place, at.path()).help(doubt.help);
                self.keep(fault.warning(Warning::CountAgainstShare));
            }
            let Err(wrong) = checked else { continue };
            let place = within(at.place(), text, wrong.column, wrong.length);
            let fault = Fault::new(wrong.message).at(place, at.path()).help(wrong.help);
            self.keep(fault);
        }
    }
}

/// The place of `length` characters of a quoted text from `column` (from 1) on; the whole text
/// where escapes make the column meaningless.
fn within(quoted: Place, text: &str, column: usize, length: usize) -> Place {
    if quoted.end - quoted.start != text.len() + 2 {
        return quoted;
    }
    let byte = |character: usize| {
        let found = text.char_indices().nth(character);
        quoted.start + 1 + found.map_or(text.len(), |(byte, _)| byte)
    };
    let first = column.saturating_sub(1);
    let start = byte(first);
    Place { start, end: byte(first + length).max(start + 1), ..quoted }
}

/// The shortest round length of which at most [`AUTO_WINDOWS`] cover a run.
fn auto_window(end: Span) -> Span {
    const ROUND: [u64; 13] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600];
    let thousandths = [1, 2, 5, 10, 20, 50, 100, 200, 500].map(Span::from_millis);
    let seconds = ROUND.map(Span::from_secs);
    let rounds = thousandths.into_iter().chain(seconds);
    let hours = (0..24).map(|doublings| Span::from_secs(7_200) * (1 << doublings));
    let fits = |length: &Span| length.as_nanos().saturating_mul(AUTO_WINDOWS) >= end.as_nanos();
    rounds.chain(hours).find(fits).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn automatic_windows_are_round_and_at_most_600() {
        let cases = [
            (Span::ZERO, "1ms"),
            (Span::from_secs(60), "100ms"),
            (Span::from_secs(25 * 60), "5s"),
            (Span::from_secs(600), "1s"),
            (Span::from_secs(601), "2s"),
            (Span::from_secs(14 * 86_400), "1h"),
            (Span::from_secs(100 * 365 * 86_400), "85d8h"),
        ];
        for (end, expected) in cases {
            let window = auto_window(end);
            assert!(end.as_nanos() <= AUTO_WINDOWS * window.as_nanos(), "{end}");
            assert_eq!(window.to_string(), expected, "{end}");
        }
    }

    #[test]
    fn a_column_of_a_text_is_found_in_its_quotes() {
        let quoted = Place { source: 0, start: 10, end: 17 };
        let place = within(quoted, "äbcd", 2, 2);
        assert_eq!((place.start, place.end), (13, 15));
        assert_eq!(within(quoted, "a\\b", 2, 1), quoted, "an escape: the whole text");
        assert_eq!(within(quoted, "abcde", 6, 1).start, 16, "past the end: the closing quote");
    }
}
