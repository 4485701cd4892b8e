//! What a fork makes of every setting that a scenario's file may have.
//!
//! A fork gives the same as a run that had the setting from the start wherever the past cannot tell
//! them apart. `settings.txt` says of each setting whether that is so, and these tests hold it to
//! that, from the text to the outcome, as `--fork-at` and `--set` do it.
//!
//! | module | owns |
//! |---|---|
//! | `settings` | which settings there are |
//! | `bases` | the scenarios that are forked |
//! | `deeds`, `log` | what clients do in them |
//! | `apart` | what holds where the past can tell them apart |
//! | `ties` | what comes first at one instant after a fork |
//! | `loads` | what a split policy knows of the time before it had a capacity |

mod apart;
mod bases;
#[path = "../support/deeds.rs"]
mod deeds;
mod loads;
mod log;
mod settings;
mod ties;

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::thread;

use sqsim::engine::lockstep::{Stepper, first_difference};
use sqsim::experiment::in_order::in_order;
use sqsim::experiment::replicate::{ReplicationPlan, replicate};
use sqsim::kernel::time::Time;
use sqsim::model::course::{Course, Fork};
use sqsim::model::scenario::Scenario;
use sqsim::scenario::fork::check;
use sqsim::{Outcome, ScenarioFile};

use bases::{BASES, Base, base, load};

static GO_ON: AtomicBool = AtomicBool::new(false);

/// Before anything happens: before a split policy has looked for the first time, and later.
const EARLY: [Time; 2] = [Time::from_nanos(500_000_000), Time::from_nanos(4_000_000_000)];

/// A line of `settings.txt`.
#[derive(Clone, Debug)]
struct Row {
    setting: &'static str,
    what: &'static str,
    base: &'static str,
    first: Vec<String>,
    then: Vec<String>,
    why: &'static str,
}

fn rows() -> Vec<Row> {
    let lines = include_str!("settings.txt").lines();
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(row).collect()
}

fn row(line: &'static str) -> Row {
    let columns: Vec<&str> = line.split('|').map(str::trim).collect();
    let [setting, what, base, first, then, why] = columns[..] else { panic!("{line}") };
    let sets = |text: &str| -> Vec<String> {
        let sets = text.split(';').map(str::trim).filter(|set| !set.is_empty());
        sets.map(str::to_owned).collect()
    };
    assert!(["same", "begun", "quiet", "apart", "refused", "only"].contains(&what), "{line}");
    assert_eq!(["same", "only"].contains(&what), why.is_empty(), "{line}");
    Row { setting, what, base, first: sets(first), then: sets(then), why }
}

impl Row {
    /// The rows that say this.
    fn that_are(what: &[&str]) -> Vec<Row> {
        rows().into_iter().filter(|row| what.contains(&row.what)).collect()
    }

    /// What runs before the fork and from it on, in this scenario with `more` set; none where that
    /// is no scenario.
    fn scenarios(&self, base: Base, more: &[&str]) -> Option<[Scenario; 2]> {
        let more: Vec<String> = more.iter().map(|&set| set.to_owned()).collect();
        let own = base.0 == self.base;
        let both =
            [&[][..], &self.then].map(|then| load(base, &[&more, &self.first, then].concat()));
        let [first, then] = both.map(|loaded| match loaded {
            Ok(scenario) => Some(scenario),
            Err(faults) if own => panic!("{self:?}: {faults}"),
            Err(_) => None,
        });
        Some([first?, then?])
    }

    /// The same in its own scenario.
    fn own(&self) -> [Scenario; 2] {
        self.scenarios(base(self.base), &[]).expect("it is one")
    }
}

/// A new setting must be given its line, with what a fork makes of it.
#[test]
fn every_setting_says_what_a_fork_makes_of_it() {
    let there: BTreeSet<String> = settings::of_file::<ScenarioFile>().into_iter().collect();
    let rows = rows();
    let told: BTreeSet<String> = rows.iter().map(|row| row.setting.to_owned()).collect();
    assert!(there.len() > 180, "{} settings", there.len());
    let difference = |a: &BTreeSet<String>, b| a.difference(b).cloned().collect::<Vec<_>>();
    assert_eq!(difference(&there, &told), [""; 0], "have no line in settings.txt");
    assert_eq!(difference(&told, &there), [""; 0], "are no settings");
    for row in rows {
        let path = |name: &str| {
            let forms = row.setting.split('.').map(|step| step.split(':').next().unwrap_or(step));
            let steps: Vec<&str> = forms.filter(|step| !step.starts_with('(')).collect();
            steps.join(".").replacen('*', name, 1)
        };
        let is_set = |set: &String| {
            let set = set.split('=').next().unwrap_or_default();
            let name = set.split('.').nth(1).unwrap_or_default();
            let (set, path) = (set.replace(".0", ""), path(name));
            path.starts_with(&set) || set.starts_with(&path)
        };
        assert!(row.then.iter().any(is_set), "{row:?} changes something else");
    }
}

/// Each in turn, on all cores; what is found is told all at once.
fn assert_all<T: Sync>(all: &[T], faults: impl Fn(&T) -> Vec<String> + Sync) {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let found = in_order(all.len() as u64, threads, |number| faults(&all[number as usize]));
    let found: Vec<String> = found.into_iter().flatten().collect();
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
}

/// The outcome of a run, and everything that was measured in it.
fn result<'a>(course: impl Into<Course<'a>>) -> (Outcome, String) {
    let plan = ReplicationPlan { replications: 1, threads: 1, interrupt: &GO_ON, progress: None };
    let mut runs = replicate(course, plan);
    (runs.outcomes.remove(0), format!("{:?}", runs.first))
}

/// What happens at the instant of a fork is not past: at the start nothing is.
#[test]
fn a_fork_at_the_start_is_the_other_run() {
    assert_all(&Row::that_are(&["same", "begun", "quiet", "apart"]), |row| {
        let [first, then] = row.own();
        let fork = Fork { at: Time::ZERO, then: &then };
        assert!(check(&first, fork, &row.then).is_ok(), "{row:?}");
        let course = Course { scenario: &first, fork: Some(fork) };
        let is_same = result(course) == result(&then);
        if is_same { Vec::new() } else { vec![format!("{row:?}")] }
    });
}

/// Scenarios in which no changes are made but their own.
const ONLY_OWN: [&str; 3] = ["early", "topic", "ewma"];

/// In all scenarios that the change can be made in.
#[test]
fn a_fork_before_the_first_event_is_the_other_run() {
    let mut pairs = Vec::new();
    let mut done = BTreeSet::new();
    for row in Row::that_are(&["same", "begun", "quiet"]) {
        // The parameters of one policy mean little to another, and some runs are long.
        let bases = BASES.iter().filter(|base| {
            base.0 == row.base || (!ONLY_OWN.contains(&base.0) && !row.setting.contains(".split:"))
        });
        for &base in bases {
            let is_new = done.insert((base.0, row.first.clone(), row.then.clone()));
            if (is_new || base.0 == row.base)
                && let Some(scenarios) = row.scenarios(base, &[])
            {
                pairs.push((row.clone(), base, scenarios));
            }
        }
    }
    assert!(pairs.len() > 700, "{} changes", pairs.len());
    assert_all(&pairs, |(row, base, [first, then])| {
        let mut faults = differences(row, base.0, first, then);
        if base.0 == row.base && (result(first) == result(then)) != (row.what == "quiet") {
            faults.push(format!("{row:?}: the run is the same, or is not"));
        }
        faults
    });
}

/// Workers start at once, and wait for the first message.
const AWAKE: [&str; 2] =
    ["consumers.w.start_up=Constant(\"0s\")", "consumers.x.start_up=Constant(\"0s\")"];

/// Polls wait at the fork that were made under the settings before it.
#[test]
fn a_fork_while_workers_wait_for_the_first_message_is_the_other_run() {
    assert_all(&Row::that_are(&["same", "quiet"]), |row| {
        let [first, then] = row.scenarios(base(row.base), &AWAKE).expect("its own");
        differences(row, row.base, &first, &then)
    });
}

#[test]
fn what_workers_have_begun_tells_them_apart() {
    let rows = Row::that_are(&["begun"]);
    assert!(rows.len() > 10);
    for row in rows {
        let [first, then] = row.scenarios(base(row.base), &AWAKE).expect("its own");
        assert_eq!(differences(&row, row.base, &first, &then).len(), EARLY.len(), "{row:?}");
    }
}

/// In what a fork, at each of the instants, is not the other run.
fn differences(row: &Row, base: &str, first: &Scenario, then: &Scenario) -> Vec<String> {
    let expected = result(then);
    let mut found = Vec::new();
    for at in EARLY {
        let fork = Fork { at, then };
        let name = format!("{} of {base} at {at}: {:?}", row.setting, row.then);
        if let Err(faults) = check(first, fork, &row.then) {
            found.push(format!("{name}: {faults}"));
            continue;
        }
        let course = Course { scenario: first, fork: Some(fork) };
        if result(course) != expected {
            let facts = first_difference(Stepper::new(course, 0), Stepper::new(then, 0), &GO_ON);
            found.push(format!("{name}: {facts:?}"));
        }
    }
    found
}

#[test]
fn what_a_fork_cannot_take_on_is_refused() {
    for row in Row::that_are(&["refused"]) {
        let [first, then] = row.own();
        for at in EARLY {
            let faults = check(&first, Fork { at, then: &then }, &row.then);
            let faults = faults.expect_err(row.setting);
            let path = row.then[0].split('=').next().unwrap_or_default();
            assert_eq!(faults.len(), 1, "{row:?}: {faults}");
            let fault = faults.iter().next().expect("there is one");
            let above = path.strip_prefix(fault.path.as_str());
            assert!(above.is_some_and(|rest| rest.is_empty() || rest.starts_with('.')), "{row:?}");
            assert!(fault.what.contains(row.why), "{row:?}: {faults}");
        }
    }
}

#[test]
fn what_has_one_value_takes_no_other() {
    for row in Row::that_are(&["only"]) {
        assert!(load(base(row.base), &row.first).is_ok());
        let faults = load(base(row.base), &row.then).expect_err(row.setting);
        let path = row.then[0].split('=').next().unwrap_or_default();
        assert!(faults.iter().all(|fault| fault.path == path), "{faults}");
    }
}
