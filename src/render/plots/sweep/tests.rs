//! What the pictures of sweeps show, and that odd sweeps are drawn too.

use super::*;
use crate::outcome::{ByName, EstimatedExpectation, SWEEP_FORMAT, SweepPoint};
use crate::render::plots::sample::check;

/// A measure: text, unit, its value and what theory says at a combination of values, from 0.
type Told<'a> = (&'a str, &'a str, &'a dyn Fn(&[usize]) -> (Option<f64>, Option<f64>));

/// A sweep of these settings, whose points meet the expectations from `holds` on.
fn sweep(knobs: &[(&str, &str)], told: &[Told<'_>], holds: Option<usize>) -> SweepOutcome {
    let knob = |(path, values): &(&str, &str)| SweepKnob {
        path: (*path).to_owned(),
        values: values.split(", ").map(str::to_owned).collect(),
    };
    let vary: Vec<SweepKnob> = knobs.iter().map(knob).collect();
    let count: usize = vary.iter().map(|knob| knob.values.len()).product();
    let point = |number: usize| {
        let mut rest = number;
        let mut at: Vec<usize> = Vec::new();
        for knob in vary.iter().rev() {
            at.insert(0, rest % knob.values.len());
            rest /= knob.values.len();
        }
        let estimate = |value: Option<f64>| EstimatedMeasure {
            mean: value.unwrap_or(0.0),
            ci95: value.map(|value| [value * 0.9, value * 1.1]),
            n: value.map_or(0, |_| 10),
            thin: None,
        };
        let expectation = EstimatedExpectation {
            text: "p99(sent_to_deleted) < 500ms".to_owned(),
            holds: holds.is_some_and(|first| number >= first),
            value: None,
            ci95: None,
            limit: None,
            held_in: 0,
            note: None,
            undecided: None,
        };
        let theory =
            told.iter().filter_map(|(text, _, value)| Some(((*text).to_owned(), value(&at).1?)));
        SweepPoint {
            at: vary.iter().zip(&at).map(|(knob, at)| knob.values[*at].clone()).collect(),
            measures: told
                .iter()
                .map(|(text, _, value)| ((*text).to_owned(), estimate(value(&at).0)))
                .collect::<ByName<_>>(),
            theory: theory.collect(),
            expect: holds.map(|_| expectation).into_iter().collect(),
            unstable: Vec::new(),
            partial: None,
            fingerprint: format!("{number:016x}"),
        }
    };
    let points: Vec<SweepPoint> = (0..count).map(point).collect();
    let measure = |(text, unit, _): &Told<'_>| SweepMeasure {
        text: (*text).to_owned(),
        unit: (*unit).to_owned(),
    };
    SweepOutcome {
        format: SWEEP_FORMAT.to_owned(),
        version: "0".to_owned(),
        scenario: "checkout".to_owned(),
        about: String::new(),
        seed: 42,
        replications: 10,
        set: Vec::new(),
        measures: told.iter().map(measure).collect(),
        first_that_holds: holds.filter(|first| *first < count).map(|first| first as u64),
        vary,
        points,
    }
}

const MS: f64 = 1e6;

/// Waits that fall as workers are added.
fn fall(from: f64) -> impl Fn(&[usize]) -> (Option<f64>, Option<f64>) {
    move |at| {
        let value = from / (1.0 + at.iter().sum::<usize>() as f64);
        (Some(value), Some(value * 0.97))
    }
}

fn of_workers(values: &str, holds: Option<usize>) -> SweepOutcome {
    let busy = |at: &[usize]| (Some(0.95 - 0.02 * at[0] as f64), None);
    let told: [Told<'_>; 5] = [
        ("p50(sent_to_deleted)", "ns", &fall(200.0 * MS)),
        ("busy", "number", &busy),
        ("p99(sent_to_deleted)", "ns", &fall(2_000.0 * MS)),
        ("p95(sent_to_deleted)", "ns", &fall(900.0 * MS)),
        ("mean(sent_to_received)", "ns", &fall(240.0 * MS)),
    ];
    sweep(&[("consumers.workers.count", values)], &told, holds)
}

fn of_two(holds: Option<usize>) -> SweepOutcome {
    let knobs = [
        ("consumers.workers.count", "4, 8, 12, 16, 20, 24"),
        ("queues.jobs.visibility_timeout", "1s, 10s, 1m, 1h"),
    ];
    let busy = |at: &[usize]| (Some(0.95 - 0.11 * at[0] as f64), None);
    let told: [Told<'_>; 2] =
        [("p99(sent_to_deleted)", "ns", &fall(90_000.0 * MS)), ("busy", "number", &busy)];
    sweep(&knobs, &told, holds)
}

/// Sweeps that are hard to draw.
fn odd() -> Vec<(&'static str, SweepOutcome)> {
    let thirty: Vec<String> = (1..=30).map(|value| value.to_string()).collect();
    let hundreds: Vec<String> = (1..=400).map(|value| value.to_string()).collect();
    let gaps = |at: &[usize]| ((at[0] % 3 != 1).then_some(50.0 * MS), Some(60.0 * MS));
    let huge = |at: &[usize]| (Some(1e2 * libm::pow(10.0, at[0] as f64)), None);
    let zero = |_: &[usize]| (Some(0.0), Some(0.0));
    let none = |_: &[usize]| (None, None);
    let sign = |at: &[usize]| (Some(at[0] as f64 - 2.0), None);
    let few = |at: &[usize]| (Some(1e-5 * (1.0 + at[0] as f64)), None);
    let long = "p99(a-queue-with-a-name-that-never-ends.sent_to_deleted) / mean(another.visible)";
    let one_to_six = "1, 2, 3, 4, 5, 6";
    let told = |text: &'static str, unit: &'static str, value| (text, unit, value);
    let one = |path: &'static str, values: &str, told: Told<'_>, holds| {
        sweep(&[(path, values)], &[told], holds)
    };
    let words = "Exponential(\"10ms\"), LogNormal(p50:\"1ms\",p99:\"20ms\"), Constant(\"10ms\")";
    let grid = |value| {
        let knobs = [("a.b", one_to_six), ("c.d.e.f", "RegisterAll, \"<odd>\" & more and more")];
        sweep(&knobs, &[told("p99(processing)", "ns", value)], Some(9))
    };
    let large = sweep(
        &[("a.b", &thirty.join(", ")), ("c.d", &thirty.join(", "))],
        &[("busy", "number", &fall(1.0))],
        Some(500),
    );
    vec![
        ("one", of_workers("4", Some(0))),
        ("two", of_workers("4, 8", Some(9))),
        ("thirty", of_workers(&thirty.join(", "), Some(12))),
        ("hundreds", of_workers(&hundreds.join(", "), Some(300))),
        ("gaps", one("a.b", one_to_six, told("mean(visible)", "number", &gaps), Some(4))),
        (
            "huge",
            one("a.b", "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12", told("max(x)", "ns", &huge), None),
        ),
        ("zero", one("a.b", one_to_six, told("dead_lettered", "number", &zero), None)),
        ("none", one("a.b", one_to_six, told("max(processing)", "ns", &none), Some(0))),
        ("signs", one("a.b", one_to_six, told("a - b", "number", &sign), None)),
        ("shares", one("a.b", one_to_six, told("failed / sent", "number", &few), None)),
        ("costs", one("a.b", one_to_six, told("cost", "dollars", &few), Some(2))),
        ("long", one(long, one_to_six, told(long, "number", &few), Some(1))),
        ("times", of_workers("1ms, 10ms, 100ms, 1s, 1m, 1h", Some(3))),
        (
            "words",
            one("consumers.w.processing", words, told("busy", "number", &fall(0.9)), Some(1)),
        ),
        ("grid-gaps", grid(&gaps)),
        ("grid-none", grid(&none)),
        ("grid-zero", grid(&zero)),
        ("grid-huge", grid(&huge)),
        ("grid-large", large),
    ]
}

fn files(sweep: &SweepOutcome) -> Vec<String> {
    of_sweep(sweep).unwrap().into_iter().map(|plot| plot.file).collect()
}

fn only(sweep: &SweepOutcome) -> String {
    let mut plots = of_sweep(sweep).unwrap();
    assert_eq!(plots.len(), 1);
    plots.remove(0).svg
}

#[test]
#[ignore = "writes the pictures to target/plots, to be looked at"]
fn write_pictures() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/plots");
    std::fs::create_dir_all(&dir).unwrap();
    let usual = [("usual", of_workers("4, 8, 12, 16, 20, 24", Some(2))), ("map", of_two(Some(10)))];
    for (name, sweep) in usual.into_iter().chain(odd()) {
        for plot in of_sweep(&sweep).unwrap() {
            std::fs::write(dir.join(format!("{name}-{}", plot.file)), plot.svg).unwrap();
        }
    }
}

#[test]
fn quantiles_of_one_latency_share_a_picture() {
    let sweep = of_workers("4, 8, 12", Some(1));
    let expected =
        ["sweep-sent_to_deleted.svg", "sweep-busy.svg", "sweep-mean-sent_to_received.svg"];
    assert_eq!(files(&sweep), expected);
    let svg = &of_sweep(&sweep).unwrap()[0].svg;
    for label in ["p50", "p95", "p99", "theory", "95 % interval", "consumers.workers.count"] {
        assert!(svg.contains(label), "{label}");
    }
    // The highest quantile at the first point and at the last: a third of it.
    assert!(svg.contains("p99(sent_to_deleted): 2s at 4, 667ms at 12"), "{svg}");
}

#[test]
fn two_settings_are_a_map_for_each_measure() {
    assert_eq!(files(&of_two(None)), ["sweep-p99-sent_to_deleted.svg", "sweep-busy.svg"]);
    let svg = &of_sweep(&of_two(Some(10))).unwrap()[1].svg;
    // 0.95 less 0.11 a step.
    for label in ["busy from 0.4 to 0.95", "0.84", "expectations hold", "the first of them"] {
        assert!(svg.contains(label), "{label}");
    }
    // The first setting goes to the right: 0.95 in the four cells above one another at its first
    // value, the middle of 210 and 339.
    let cells = svg.split("<text ").filter(|t| t.contains("0.95\n") && t.contains("x=\"274\""));
    assert_eq!(cells.count(), 4);
    let told: [Told<'_>; 1] = [("busy", "number", &fall(1.0))];
    let third = [("a", "1, 2"), ("b", "1, 2"), ("c", "1, 2")];
    assert!(files(&sweep(&third, &told, None)).is_empty());
    let alone = [("a", "1, 2"), ("b", "7"), ("c", "7")];
    assert_eq!(files(&sweep(&alone, &told, None)), ["sweep-busy.svg"], "one setting varies");
}

#[test]
fn where_the_expectations_hold_is_told_three_ways() {
    let sweep = of_workers("4, 8, 12", Some(1));
    let svg = &of_sweep(&sweep).unwrap()[1].svg;
    assert!(svg.contains("holds first at 8") && svg.contains("expectations fail"));
    assert!(svg.contains("expectations hold first at count = 8"));
    // One hollow mark at the point that fails, one in the legend.
    let white = "<circle ";
    let hollow = svg.split(white).filter(|tag| tag.contains("r=\"5\"") && tag.contains("#FFFFFF"));
    assert_eq!(hollow.count(), 2);
    let nowhere = of_workers("4, 8, 12", Some(99));
    assert!(of_sweep(&nowhere).unwrap()[0].svg.contains("expectations hold nowhere"));
    let unjudged = of_workers("4, 8, 12", None);
    assert!(!of_sweep(&unjudged).unwrap()[0].svg.contains("expectations"));
}

#[test]
fn what_has_no_value_is_a_gap() {
    let gaps = odd().into_iter().find(|(name, _)| *name == "gaps").unwrap().1;
    let svg = only(&gaps);
    assert!(svg.contains("no value at 2 of 6 points"), "{svg}");
    // Of the points 0, 2, 3 and 5 only 2 and 3 are joined: 157 pixels apart, the first at 160.
    let lines = svg.split("stroke-width=\"4\" points=\"").skip(1);
    let starts: Vec<&str> = lines.filter_map(|line| line.split(',').next()).collect();
    assert_eq!(starts, ["474", "1011"], "one between points, one in the legend");
}

#[test]
fn odd_sweeps_are_drawn_too_with_the_same_bytes() {
    for ((name, sweep), (_, again)) in odd().into_iter().zip(odd()) {
        let plots = of_sweep(&sweep).unwrap();
        assert!(!plots.is_empty(), "{name}");
        for plot in &plots {
            check(&plot.svg);
            assert!(plot.svg.len() < 1_000_000, "{name}: {} bytes", plot.svg.len());
        }
        if name.ends_with("none") {
            assert!(plots[0].svg.contains("nothing to show: no run has a value"));
        }
        assert_eq!(plots, of_sweep(&again).unwrap(), "{name}");
    }
}

#[test]
fn names_of_files_are_plain_and_unlike() {
    assert_eq!(file_name("redelivered / received", &[]), "sweep-redelivered-received.svg");
    assert_eq!(file_name("p99(a.b-c)", &[]), "sweep-p99-a-b-c.svg");
    assert_eq!(file_name("a - b", &["sweep-a-b.svg".to_owned()]), "sweep-a-b-2.svg");
    assert_eq!(taken("p99(orders.sent_to_deleted)"), Some(("p99", "orders.sent_to_deleted")));
    for other in ["max(sent_to_deleted)", "busy", "p99(a) - p50(a)", "(mean(a))"] {
        assert_eq!(taken(other), None, "{other}");
    }
}

#[test]
fn a_small_picture() {
    let told: [Told<'_>; 1] =
        [("busy", "number", &|at| (Some(0.9 - 0.3 * at[0] as f64), Some(0.85)))];
    insta::assert_snapshot!(only(&sweep(&[("a.count", "1, 2")], &told, Some(1))));
}
