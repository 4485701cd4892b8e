//! Whole experiments on a small scenario, and their documents over rows that are made up.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::asked::Asked;
use super::compare::{Compare, CompareAsked};
use super::conduct::{Document, conduct};
use super::fraction::Fraction;
use super::plan::PlanAsked;
use super::point::Point;
use super::progress::Progress;
use super::quantities;
use super::regression::{self, Changed, First, differences};
use super::repeat::{Repeat, RepeatAsked};
use super::row::RunRow;
use super::runs::{Job, Memory, Runner};
use super::sweep::{Sweep, SweepAsked};
use crate::kernel::time::Span;
use crate::observe::measured::Latency;
use crate::outcome::stored::{Stored, contents};
use crate::outcome::{ComparedMeasure, Unstable};
use crate::scenario::load::Text;
use crate::stats::expect::{Names, Quantity, Take, Told};
use crate::stats::pool::Reading;

/// Ten seconds in which messages fail and return; `more` are fields at its top level.
fn text(more: &str) -> Text {
    let text = format!(
        "(duration: \"9s\", drain: \"1s\", queues: {{\"jobs\": (visibility_timeout: \"1s\")}},
          producers: {{\"web\": (queue: \"jobs\", arrivals: Poisson(\"50/s\"))}},
          consumers: {{\"workers\": (queue: \"jobs\", count: 6, processing: Exponential(\"40ms\"),
            failure: (probability: \"10%\", then: LetExpire))}}, {more})"
    );
    Text { name: "jobs.ron".to_owned(), directory: PathBuf::new(), text }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

static GO_ON: AtomicBool = AtomicBool::new(false);
static STOP: AtomicBool = AtomicBool::new(true);

/// Recalls what was kept of the same point and replication.
#[derive(Default)]
struct Kept {
    rows: Mutex<Vec<(String, u64, RunRow)>>,
    recalled: AtomicU64,
}

impl Memory for Kept {
    fn recall(&self, job: &Job<'_>) -> Option<RunRow> {
        let rows = self.rows.lock().expect("nobody panics");
        let known = rows
            .iter()
            .find(|(name, number, _)| (name, *number) == (&job.point.name, job.replication));
        let row = known.map(|(.., row)| row.clone())?;
        self.recalled.fetch_add(1, Ordering::Relaxed);
        Some(row)
    }

    fn keep(&self, job: &Job<'_>, row: &RunRow) {
        let kept = (job.point.name.clone(), job.replication, row.clone());
        self.rows.lock().expect("nobody panics").push(kept);
    }
}

fn swept(vary: &[&str], measures: &[&str]) -> SweepAsked {
    SweepAsked {
        about: "How many?".to_owned(),
        model: "jobs.ron".to_owned(),
        set: strings(&["consumers.workers.failure.probability=0%"]),
        vary: strings(vary),
        measures: strings(measures),
        reps: 3,
        seed: Some(5),
    }
}

/// Two settings with two values each are four points, the last setting changing fastest. All meet
/// the same arrivals. What was done before is recalled, and what is recalled need not be run.
#[test]
fn a_sweep_is_a_grid() {
    let text = text("expect: [\"mean(visible) < 1\"]");
    let vary = ["consumers.workers.count=1,6", "queues.jobs.visibility_timeout=2s,3s"];
    let asked = swept(&vary, &["sent", "mean(sent_to_deleted)"]);
    let (sweep, _) = Sweep::prepare(asked, &text, 1).unwrap_or_else(|faults| panic!("{faults}"));
    let names: Vec<&str> = sweep.points().iter().map(|point| point.name.as_str()).collect();
    let expected = [(1, 2), (1, 3), (6, 2), (6, 3)].map(|(count, secs)| {
        format!("consumers.workers.count={count} queues.jobs.visibility_timeout={secs}s")
    });
    assert_eq!(names, expected);
    let jobs: Vec<(&str, u64)> =
        sweep.jobs().iter().map(|job| (job.point.name.as_str(), job.replication)).collect();
    assert_eq!((jobs.len(), jobs[4]), (12, (names[1], 1)));
    assert_eq!(sweep.asked().reps, 3);
    let texts: Vec<&str> = sweep.quantities().iter().map(Quantity::text).collect();
    assert_eq!(texts, ["sent", "mean(sent_to_deleted)"]);

    let (memory, progress) = (Kept::default(), Progress::default());
    let quantities = sweep.quantities();
    let runner = Runner {
        quantities,
        threads: 1,
        interrupt: &GO_ON,
        progress: Some(&progress),
        memory: &memory,
    };
    let outcome = sweep.run(&runner).expect("nobody interrupts");
    assert_eq!((outcome.points.len(), outcome.replications, outcome.seed), (4, 3, 5));
    let at = |point: usize, text: &str| outcome.points[point].measures.get(text).copied();
    assert!((1..4).all(|point| at(point, "sent").is_some_and(|of| at(0, "sent") == Some(of))));
    assert_eq!(outcome.points[3].at, ["6", "3s"]);
    // One worker is not enough for 50/s of 40 ms, six are: the first point that holds is the third.
    assert!(at(0, "mean(sent_to_deleted)").is_none(), "it grows");
    assert!(!outcome.points[0].unstable.is_empty() && outcome.points[2].unstable.is_empty());
    assert_eq!(outcome.first_that_holds, Some(2));
    assert_eq!(memory.recalled.load(Ordering::Relaxed), 0);
    let told = progress.simulated().as_secs_f64();
    assert!((108.0..=120.0).contains(&told), "twelve runs of nine to ten seconds: {told}");
    // Without progress, and from the memory, it is the same.
    let again = Runner { progress: None, ..runner };
    assert_eq!(sweep.run(&again).as_ref(), Some(&outcome));
    assert_eq!(memory.recalled.load(Ordering::Relaxed), 12);
    let again = Runner { progress: None, memory: &Kept::default(), threads: 2, ..runner };
    assert_eq!(sweep.run(&again).as_ref(), Some(&outcome));
    let stopped = Runner { interrupt: &STOP, memory: &Kept::default(), ..runner };
    assert!(sweep.run(&stopped).is_none());
}

#[test]
fn a_sweep_that_makes_no_sense_is_refused() {
    let refused = |vary: &[&str], measures: &[&str]| {
        let prepared = Sweep::prepare(swept(vary, measures), &text(""), 1);
        prepared.err().map(|faults| faults.to_string()).unwrap_or_default()
    };
    let count = "consumers.workers.count=1,2";
    assert_eq!(refused(&[count], &["sent"]), "");
    assert!(refused(&[], &[]).contains("a sweep varies at least one setting"));
    assert!(refused(&["consumers.workers.count"], &[]).contains("is not PATH=VALUES"));
    let twice = refused(&[count, "consumers.workers.count=3,4"], &[]);
    assert!(twice.contains("`consumers.workers.count` is varied twice"), "{twice}");
    let other = ["consumers.workers.threads=1,2", count];
    assert_eq!(refused(&other, &["sent"]), "");
    // 400 times 251 are 100,400.
    let many = ["consumers.workers.count=1..400", "consumers.workers.threads=1..251"];
    assert!(refused(&many, &[]).contains("400 x 251 values are more than 100000 points"));
    assert!(refused(&["consumers.workers.count=0,1"], &[]).contains("count"));
    assert!(refused(&[count], &["sent", "sent"]).contains("`sent` is named twice"));
    assert!(refused(&[count], &["nothing"]).contains("nothing"));
    // The fault of a word in a text stands at that word.
    let at = |measure: &str| {
        let asked = swept(&[count], &[measure]);
        let faults = Sweep::prepare(asked, &text(""), 1).expect_err("it is refused");
        let place = faults.iter().next().and_then(|fault| fault.place).expect("it has a place");
        measure[place.start..place.end].to_owned()
    };
    assert_eq!(at("sent + nowhere.sent"), "nowhere.sent");
    assert_eq!(at("nowhere.sent + sent"), "nowhere.sent");
}

/// Flow and latencies of each queue that somebody receives from, and the load of each fleet.
#[test]
fn the_usual_measures_are_those_of_all_parts() {
    let of = |text: &Text| -> Vec<String> {
        let scenario = text.load(&[]).unwrap_or_else(|faults| panic!("{faults}")).scenario;
        let read = quantities::read("--measure", &[], &Names::of(&scenario));
        let read = read.unwrap_or_else(|faults| panic!("{faults}"));
        read.iter().map(|quantity| quantity.text().to_owned()).collect()
    };
    let one = [
        "rate(deleted)",
        "mean(sent_to_received)",
        "p50(sent_to_deleted)",
        "p95(sent_to_deleted)",
        "p99(sent_to_deleted)",
        "busy",
    ];
    assert_eq!(of(&text("")), one);
    // A queue before it that nobody receives from, and two fleets.
    let text = text("");
    let two = text.text.replace("{\"jobs\": (", "{\"idle\": (), \"jobs\": (");
    let two = two.replace("}, )", ", \"more\": (queue: \"jobs\", processing: Constant(\"1s\"))})");
    let named = of(&Text { text: two, ..text });
    let busy = ["busy(workers)", "busy(more)"].map(str::to_owned);
    assert_eq!(named[0], "rate(jobs.deleted)");
    assert_eq!((named.len(), &named[5..]), (7, &busy[..]));
}

fn compared(measures: &[&str], b: &[&str]) -> CompareAsked {
    CompareAsked {
        about: "Better?".to_owned(),
        model: "jobs.ron".to_owned(),
        other: None,
        set: strings(&["consumers.workers.count=5"]),
        a: Vec::new(),
        b: strings(b),
        measures: strings(measures),
        reps: 10,
        tolerance: None,
        seed: Some(3),
    }
}

fn prepared(asked: CompareAsked) -> Compare {
    let text = text("");
    Compare::prepare(asked, [&text, &text]).unwrap_or_else(|faults| panic!("{faults}")).0
}

fn row(reading: Option<Reading>, fingerprint: u64) -> RunRow {
    RunRow {
        told: vec![Told(vec![reading.ok_or_else(|| "no message".to_owned())])],
        expect: Vec::new(),
        expect_told: Vec::new(),
        unstable: Vec::new(),
        fingerprint,
        partial: None,
    }
}

/// What is said of the one measure, from ten rows of each system.
fn said(asked: CompareAsked, of: impl Fn(usize, u64) -> Option<Reading>) -> ComparedMeasure {
    let compare = prepared(asked);
    // Different runs, but for the first pair: else the first fate is looked for.
    let fingerprint = |at: usize| if at.is_multiple_of(10) { 0 } else { at as u64 };
    let rows: Vec<RunRow> =
        (0..20).map(|at| row(of(at / 10, at as u64 % 10), fingerprint(at))).collect();
    let outcome = compare.outcome(&rows, &GO_ON).expect("nobody interrupts");
    assert_eq!((outcome.measures.len(), outcome.first_fate), (1, None));
    outcome.measures[0].clone()
}

fn in_turn(replication: u64) -> f64 {
    if replication.is_multiple_of(2) { 1.0 } else { -1.0 }
}

/// 10 and 13, both give or take 1 in turn: pair by pair 3 exactly. Unpaired the variance of either
/// is 10/9, so half the interval is 2.262 √(2/9), 1.066.
#[test]
fn two_systems_are_compared_pair_by_pair() {
    let ten = |system: usize, replication: u64| {
        Some(Reading::Count([10.0, 13.0][system] + in_turn(replication)))
    };
    let found = said(compared(&["duplicates"], &[]), ten);
    assert_eq!((found.a.mean, found.b.mean, found.difference.mean), (10.0, 13.0, 3.0));
    assert_eq!((found.difference.ci95, found.verdict.as_str()), (Some([3.0, 3.0]), "worse"));
    let [low, high] = found.unpaired_ci95.expect("ten runs");
    assert!((low + high - 6.0).abs() < 1e-9 && (high - 4.066).abs() < 0.001, "{low} to {high}");
    // With a tolerance of 40 % of 10 it does not matter.
    let tolerant =
        CompareAsked { tolerance: Some(Fraction(0.4)), ..compared(&["duplicates"], &[]) };
    assert_eq!(said(tolerant, ten).verdict, "within the tolerance");
    // Under other traffic, or over another time, it is neither better nor worse.
    for b in ["producers.web.arrivals=Poisson(\"60/s\")", "duration=10s", "warm_up=1s"] {
        assert_eq!(said(compared(&["duplicates"], &[b]), ten).verdict, "higher", "{b}");
    }
    let other = ["consumers.workers.processing=Exponential(\"50ms\")"];
    assert_eq!(said(compared(&["duplicates"], &other), ten).verdict, "worse");
    // A pair of which one side tells nothing does not count.
    let lacking = |system: usize, replication: u64| {
        let lacks = (system, replication) == (1, 0) || (system, replication) == (0, 1);
        ten(system, replication).filter(|_| !lacks)
    };
    assert_eq!(said(compared(&["duplicates"], &[]), lacking).difference.n, 8);
    let nothing = said(compared(&["duplicates"], &[]), |_, _| None);
    assert_eq!((nothing.a.n, nothing.verdict.as_str()), (0, "no difference detected"));
}

/// Of 1 to 100 s in ten runs ten messages lie beyond p99, too few for an interval: only a
/// difference of more than three times half of it is told, and no tolerance is applied.
#[test]
fn a_percentile_with_little_beyond_it_is_told_from_another_with_caution() {
    let p99 = |system: usize, shift: u64| {
        let lengths: Vec<Span> =
            (1..=100).map(|secs| Span::from_secs(secs + shift * system as u64)).collect();
        Latency::of(&lengths)
    };
    let told = |take: f64, text: &str, shift: u64| {
        let asked = CompareAsked { tolerance: Some(Fraction(0.5)), ..compared(&[text], &[]) };
        said(asked, |system, _| p99(system, shift).reading(Take::Quantile(take)))
    };
    let thin = told(0.99, "p99(sent_to_deleted)", 1);
    assert_eq!((thin.verdict.as_str(), thin.unpaired_ci95), ("worse", None));
    assert_eq!(told(0.99, "p99(sent_to_deleted)", 0).verdict, "open");
    assert_eq!(told(0.5, "p50(sent_to_deleted)", 1).verdict, "within the tolerance");
}

#[test]
fn what_grows_is_not_compared() {
    let compare = prepared(compared(&["sent", "mean(visible)"], &[]));
    let mut rows: Vec<RunRow> = (0..20).map(|_| row(Some(Reading::Mean(1.0)), 0)).collect();
    for (at, row) in rows.iter_mut().enumerate() {
        row.told.push(row.told[0].clone());
        let queue = "jobs".to_owned();
        if at >= 10 {
            row.unstable = vec![Unstable { queue, load: 2.0, growth_per_second: 1.0 }];
        }
    }
    let outcome = compare.outcome(&rows, &GO_ON).expect("nobody interrupts");
    assert_eq!(outcome.not_compared, ["mean(visible)"]);
    assert_eq!(outcome.measures.len(), 1);
    assert_eq!((outcome.a.unstable.len(), outcome.b.unstable.len()), (0, 1));
    assert!(compare.outcome(&rows, &STOP).is_none());
}

/// Both systems run under the seed of the first, those of the first before those of the second.
#[test]
fn a_comparison_runs_pairs() {
    let asked = CompareAsked {
        reps: 2,
        seed: None,
        tolerance: Some(Fraction(0.25)),
        ..compared(&["sent"], &["consumers.workers.count=9"])
    };
    let [a, b] = ["seed: 8", "seed: 9"].map(text);
    let (compare, _) = Compare::prepare(asked, [&a, &b]).unwrap_or_else(|f| panic!("{f}"));
    let jobs: Vec<(&str, u64, u64)> = compare
        .jobs()
        .iter()
        .map(|job| (job.point.name.as_str(), job.point.scenario.seed, job.replication))
        .collect();
    assert_eq!(jobs, [("a", 8, 0), ("a", 8, 1), ("b", 8, 0), ("b", 8, 1)]);
    let quantities = compare.quantities();
    let memory = Kept::default();
    let runner =
        Runner { quantities, threads: 1, interrupt: &GO_ON, progress: None, memory: &memory };
    let outcome = compare.run(&runner).expect("nobody interrupts");
    assert_eq!((outcome.seed, outcome.tolerance, outcome.replications), (8, Some(0.25), 2));
    assert_eq!(outcome.measures[0].a, outcome.measures[0].b, "the same messages are sent");
    let set = ["consumers.workers.count=5", "consumers.workers.count=9"];
    assert_eq!(
        (&outcome.a.set[..], &outcome.b.set[..]),
        (&strings(&set[..1])[..], &strings(&set)[..])
    );
    assert_ne!(outcome.a.fingerprint, outcome.b.fingerprint);
    assert!(outcome.first_fate.is_some());
    let stopped = Runner { interrupt: &STOP, memory: &Kept::default(), ..runner };
    assert!(compare.run(&stopped).is_none());
    // What only one of them has is not compared; what neither has is a fault of both.
    let renamed = Text { text: b.text.replace("jobs", "tasks"), ..b.clone() };
    let usual = CompareAsked { set: Vec::new(), ..compared(&[], &[]) };
    let (both, _) = Compare::prepare(usual, [&a, &renamed]).unwrap_or_else(|f| panic!("{f}"));
    assert_eq!(both.quantities().len(), 6, "no name stands in them");
    let idle = b.text.replace("{\"jobs\": (", "{\"idle\": (), \"jobs\": (");
    let named = Text { text: idle, ..b.clone() };
    let usual = CompareAsked { set: Vec::new(), ..compared(&[], &[]) };
    let (both, _) = Compare::prepare(usual, [&a, &named]).unwrap_or_else(|f| panic!("{f}"));
    let texts: Vec<&str> = both.quantities().iter().map(Quantity::text).collect();
    assert_eq!(texts, ["busy"]);
    let unknown = Compare::prepare(compared(&["nothing"], &[]), [&a, &b]).expect_err("unknown");
    assert!(unknown.to_string().contains("nothing"));
    let refused = Compare::prepare(compared(&[], &["duration=0s"]), [&a, &b]);
    assert!(refused.expect_err("no time").to_string().contains("duration"));
}

fn repeated(precision: Option<f64>) -> RepeatAsked {
    RepeatAsked {
        about: String::new(),
        model: "jobs.ron".to_owned(),
        set: Vec::new(),
        measures: strings(&["mean(processing)"]),
        precision: precision.map(Fraction),
        reps: 4,
        max_reps: 30,
        seed: Some(2),
    }
}

#[test]
fn a_scenario_is_repeated_as_often_as_asked_or_as_it_takes() {
    let of = |precision| {
        let prepared = Repeat::prepare(repeated(precision), &text(""));
        prepared.unwrap_or_else(|faults| panic!("{faults}")).0
    };
    let (runs, known) = of(None).run(1, &GO_ON).expect("nobody interrupts");
    assert_eq!((runs.outcomes.len(), known.len()), (4, 0));
    assert_eq!((of(None).point().scenario.seed, of(None).asked().reps), (2, 4));
    let (runs, known) = of(Some(0.5)).run(1, &GO_ON).expect("nobody interrupts");
    assert_eq!((runs.outcomes.len(), known[0].enough), (10, true));
    let (runs, known) = of(Some(1e-6)).run(1, &GO_ON).expect("nobody interrupts");
    assert_eq!((runs.outcomes.len(), known[0].enough), (30, false));
    assert!(of(None).run(1, &STOP).is_none());
}

/// What is written is read back as it was, and ends with a line feed.
#[track_caller]
fn written<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(of: &T, text: &str) {
    assert!(text.starts_with("{\n") && text.ends_with("}\n"), "{text}");
    assert_eq!(&serde_json::from_str::<T>(text).expect("was just written"), of);
}

#[test]
fn every_kind_of_experiment_gives_its_document() {
    let plan = PlanAsked {
        about: String::new(),
        model: "jobs.ron".to_owned(),
        set: Vec::new(),
        find: strings(&["consumers.workers.count=1..6"]),
        such_that: strings(&["rate(deleted) > 10/s"]),
        minimise: None,
        confidence: Fraction(0.95),
        reps: 4,
        max_reps: 8,
        seed: None,
    };
    let two = CompareAsked { other: Some("b.ron".to_owned()), ..compared(&["sent"], &[]) };
    let sweep = swept(&["consumers.workers.count=5,6"], &["sent"]);
    let all = [
        (Asked::Sweep(sweep), vec!["jobs.ron"]),
        (Asked::Compare(CompareAsked { reps: 2, ..compared(&["sent"], &[]) }), vec!["jobs.ron"]),
        (Asked::Compare(CompareAsked { reps: 2, ..two }), vec!["jobs.ron", "b.ron"]),
        (Asked::Plan(plan), vec!["jobs.ron"]),
        (Asked::Replicate(repeated(None)), vec!["jobs.ron"]),
    ];
    for (asked, models) in all {
        assert_eq!(asked.models(), models);
        let texts = vec![text(""); models.len()];
        let given = |interrupt: &AtomicBool| {
            conduct(&asked, &texts, 1, interrupt).unwrap_or_else(|faults| panic!("{faults}"))
        };
        assert_eq!(given(&STOP), None, "{asked:?}");
        match (given(&GO_ON).expect("nobody interrupts"), &asked) {
            (Document::Sweep(of), Asked::Sweep(_)) => {
                written(&of, &of.to_json().expect("is finite"));
                let texts = of.points.iter().map(|point| point.fingerprint.clone());
                assert!(texts.collect::<Vec<_>>().iter().all(|text| text.len() == 16));
                let print = of.fingerprint();
                assert!(print.len() == 16 && print.chars().all(|digit| digit.is_ascii_hexdigit()));
            }
            (Document::Compare(of), Asked::Compare(_)) => {
                written(&of, &of.to_json().expect("is finite"));
            }
            (Document::Plan(of), Asked::Plan(_)) => {
                written(&of, &of.to_json().expect("is finite"));
                let one = ["1".to_owned()];
                assert_eq!(of.tried_at(&one).map(|tried| &tried.at[..]), Some(&one[..]));
                assert!(of.tried_at(&["100".to_owned()]).is_none());
            }
            (Document::Estimate(of), Asked::Replicate(_)) => {
                written(&*of, &of.to_json().expect("is finite"));
                let ron = of.to_ron().expect("is finite");
                assert_eq!(ron::from_str(&ron).as_ref(), Ok(&*of));
                assert!(ron.ends_with(")\n"));
                assert_eq!(of.short_fingerprint(), &of.fingerprint[..8]);
            }
            (other, _) => panic!("{other:?} of {asked:?}"),
        }
    }
}

/// Sixteen messages a second were sent; what was kept is compared with what is.
#[test]
fn a_run_is_compared_with_what_was_kept_of_it() {
    let of = |text: &Text| {
        let scenario = text.load(&[]).unwrap_or_else(|faults| panic!("{faults}")).scenario;
        let outcome = regression::outcome(&scenario, &GO_ON);
        (scenario, outcome)
    };
    let old = text("");
    let (scenario, outcome) = of(&old);
    let kept = contents(&outcome).expect("is finite");
    assert!(kept.starts_with("{\n  \"format\"") && !kept.contains("\"version\""), "{kept}");
    let stored = |contents: &str, scenario: Option<&Text>| Stored {
        scenario: scenario.map(|text| text.text.clone()),
        contents: contents.to_owned(),
    };
    let verdict = |text: &Text, kept: Option<&Stored>| {
        let (scenario, outcome) = of(text);
        regression::compare(text, &scenario, &outcome, kept, &GO_ON).expect("is JSON")
    };
    assert!(matches!(verdict(&old, None), regression::Regression::New));
    let same = stored(&kept, Some(&old));
    assert!(matches!(verdict(&old, Some(&same)), regression::Regression::Same));
    let differs = |text: &Text, kept: &Stored| match verdict(text, Some(kept)) {
        regression::Regression::Differs(differs) => *differs,
        other @ (regression::Regression::Same | regression::Regression::New) => panic!("{other:?}"),
    };
    // Other words for the same events.
    let wanted = text("expect: [\"sent > 1\"]");
    let told = differs(&wanted, &same);
    assert!(matches!(told.first, First::SameEvents), "{:?}", told.first);
    assert!(told.changed.iter().all(|of| of.path.starts_with("expect")), "{:?}", told.changed);
    // Another scenario: both are run side by side.
    let other = text("").text.replace("count: 6", "count: 5");
    let other = Text { text: other, ..old.clone() };
    match differs(&other, &same).first {
        First::At { old, .. } => assert_eq!(old.fleets[0].config.size, 6.into()),
        first @ (First::SameEvents | First::Between { .. }) => panic!("{first:?}"),
    }
    // The old one is not known, or gives something else by now: the checkpoints tell.
    let numbers = |first: First| match first {
        First::Between { equal, unequal, shown } => {
            assert_eq!(shown.len(), 3);
            (equal.map(|of| of.number), unequal.map(|of| of.number))
        }
        first @ (First::SameEvents | First::At { .. }) => panic!("{first:?}"),
    };
    let kept_checkpoint = |at: usize| {
        let mut broken = outcome.clone();
        "0123456789abcdef".clone_into(&mut broken.fingerprint);
        "0".clone_into(&mut broken.checkpoints[at].fingerprint);
        contents(&broken).expect("is finite")
    };
    let number = |at: usize| Some(outcome.checkpoints[at].number);
    let gone = stored(&kept_checkpoint(3), None);
    assert_eq!(numbers(differs(&old, &gone).first), (number(2), number(3)));
    let gone = stored(&kept_checkpoint(0), Some(&other));
    assert_eq!(numbers(differs(&old, &gone).first), (None, number(0)));
    assert_eq!(scenario.fleets[0].config.size, 6.into());
}

#[test]
fn what_changed_is_listed_leaf_by_leaf() {
    let old = "{\"fingerprint\": 1, \"a\": {\"b\": 1, \"c\": [1, 2, 3], \"d\": 4}, \"e\": 5,
        \"checkpoints\": [1]}";
    let new = "{\"fingerprint\": 2, \"a\": {\"b\": 1, \"c\": [1, 9], \"f\": {\"g\": 6}}, \"e\": 5,
        \"checkpoints\": [2]}";
    let kept = Stored { scenario: None, contents: old.to_owned() };
    let changed = differences(&kept, new).expect("is JSON");
    let of = |path: &str, old: Option<u64>, new: Option<u64>| Changed {
        path: path.to_owned(),
        old: old.map(Into::into),
        new: new.map(Into::into),
    };
    let expected = [
        of("a.c.1", Some(2), Some(9)),
        of("a.c.2", Some(3), None),
        of("a.d", Some(4), None),
        of("a.f.g", None, Some(6)),
    ];
    assert_eq!(changed, expected);
}

#[test]
fn a_share_says_how_it_is_written() {
    let fault = serde_json::from_str::<Fraction>("[]").expect_err("a list is no share");
    assert!(fault.to_string().contains("a share such as 0.01 or \"1%\""), "{fault}");
}

#[test]
fn a_point_takes_its_seed_and_expectations_from_its_experiment() {
    let text = text("seed: 4");
    let expect = strings(&["sent > 1"]);
    let data = crate::scenario::shared::SharedData::default();
    let base = |seed, expect| super::point::Base {
        text: &text,
        sets: &[],
        option: "--vary",
        expect,
        seed,
        threads: 1,
        data: &data,
    };
    let of = |seed, expect| {
        let own = strings(&["consumers.workers.count=2"]);
        let Point { name, scenario, .. } =
            base(seed, expect).point(own).unwrap_or_else(|faults| panic!("{faults}")).0;
        (name, scenario.seed, scenario.expect.len())
    };
    let name = "consumers.workers.count=2".to_owned();
    assert_eq!(of(None, None), (name.clone(), 4, 0));
    assert_eq!(of(Some(9), Some(&expect)), (name, 9, 1));
}

/// Points that differ in other settings share what was read from a data file.
#[test]
fn points_share_what_they_read() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("counts.csv"), "0,3\n60,4\n120,5\n").expect("a file");
    let arrivals = "arrivals: Counts(file: \"counts.csv\")";
    let plain = text("");
    let at = plain.text.find("arrivals:").expect("a producer");
    let end = at + plain.text[at..].find(')').expect("of a rate") + 1;
    let replayed = format!("{}{arrivals}{}", &plain.text[..at], &plain.text[end..]);
    let text = Text { text: replayed, directory: folder.path().to_path_buf(), ..plain };
    let data = crate::scenario::shared::SharedData::default();
    let base = super::point::Base {
        text: &text,
        sets: &[],
        option: "--vary",
        expect: None,
        seed: None,
        threads: 2,
        data: &data,
    };
    let periods = |count: u32| {
        let own = vec![format!("consumers.workers.count={count}")];
        let point = base.point(own).unwrap_or_else(|faults| panic!("{faults}")).0;
        match &point.scenario.producers[0].config.arrivals[..] {
            [crate::model::clients::ArrivalProcess::Counts { periods }] => periods.clone(),
            other => panic!("{other:?}"),
        }
    };
    let first = periods(1);
    // What is no longer there is not read again.
    std::fs::remove_file(folder.path().join("counts.csv")).expect("it is there");
    assert!(std::sync::Arc::ptr_eq(&first, &periods(2)));
    assert_eq!(first.len(), 3);
}
