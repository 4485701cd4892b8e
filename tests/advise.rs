//! Advice against arithmetic: what outlives a timeout, and how long a crash keeps a message away.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use sqsim::experiment::advise::length::{LengthAdvisor, LengthAsked};
use sqsim::experiment::advise::timeout::{TimeoutAdvisor, TimeoutAsked};
use sqsim::kernel::num;
use sqsim::kernel::time::Span;
use sqsim::outcome::{AdviceVerdict, EstimatedMeasure, LengthAdvice, Limit, TimeoutAdvice};
use sqsim::scenario::load::Text;
use sqsim::stats::student;

static GO_ON: AtomicBool = AtomicBool::new(false);

/// Poisson arrivals, no latencies, one message a receive.
fn text(rate: &str, workers: u32, processing: &str, seconds: u64) -> Text {
    let text = format!(
        "(duration: \"{seconds}s\", warm_up: \"100s\", queues: {{\"q\": ()}},
          producers: {{\"p\": (queue: \"q\", arrivals: Poisson(\"{rate}\"),
            call_latency: Constant(\"0s\"))}},
          consumers: {{\"w\": (queue: \"q\", count: {workers}, receive: (max: 1),
            processing: {processing}, call_latency: Constant(\"0s\"))}})"
    );
    Text { name: "advised.ron".to_owned(), directory: PathBuf::new(), text }
}

/// Twenty of a hundred workers are busy.
fn exponential() -> Text {
    text("20/s", 100, "Exponential(\"1s\")", 1_100)
}

fn asked(duplicates: Option<f64>, recovery: Option<u64>, reps: u64) -> TimeoutAsked {
    let recovery = recovery.map(Span::from_secs);
    let (model, set) = ("advised.ron".to_owned(), Vec::new());
    TimeoutAsked { model, set, duplicates, recovery, reps, seed: None }
}

fn timeout(asked: TimeoutAsked, text: &Text, threads: usize) -> TimeoutAdvice {
    let (advisor, _) = TimeoutAdvisor::prepare(asked, text).unwrap_or_else(|f| panic!("{f}"));
    advisor.run(threads, &GO_ON, None).expect("nobody interrupts")
}

/// How many standard errors an estimate is away from the truth.
fn away(of: Option<EstimatedMeasure>, exact: f64) -> f64 {
    let EstimatedMeasure { mean, ci95, n, .. } = of.expect("it was measured");
    let half = ci95.expect("several replications")[1] - mean;
    (mean - exact) / (half / student::quantile(n - 1, 0.95))
}

/// Work outlives its timeout with probability e^-V. Then the message comes again, and only the
/// delete of the latest receive counts: there are geometrically many copies, 1/(1 - e^-V) on
/// average, and each but one is a duplicate.
#[test]
fn duplicates_are_what_outlives_the_timeout() {
    let advice = timeout(asked(None, None, 10), &exponential(), 2);
    let timeouts: Vec<&str> = advice.points.iter().map(|point| point.timeout.as_str()).collect();
    assert_eq!(timeouts, ["1s", "2s", "5s", "10s", "15s"]);
    for (name, v) in [("1s", 1.0_f64), ("2s", 2.0), ("5s", 5.0)] {
        let point = advice.at(name).expect(name);
        let outlives = num::exp(-v);
        let exact = outlives / (1.0 - outlives);
        let off = away(point.duplicates, exact);
        assert!(off.abs() < 4.0, "{name}: {:?}, exactly {exact}: {off}", point.duplicates);
    }
    // From 5 s (0.67 %) to 10 s (0.005 %) more is saved than a thousandth, beyond it less.
    assert_eq!((advice.knee.as_deref(), &advice.answer), (Some("10s"), &None));
}

/// Work of ten seconds is cut off anywhere in it: the message is back when its timeout ends, that
/// is V - U after the crash, with U uniform from 0 to 10 s.
#[test]
fn recovery_is_the_rest_of_the_timeout() {
    let constant = text("2/s", 60, "Constant(\"10s\")", 3_700);
    let advice = timeout(asked(None, None, 20), &constant, 2);
    let added = advice.added_crashes.expect("the scenario has none");
    assert_eq!(added.mean_time_between_ns, 3_600_000_000_000 * 60 / 100, "about 100 a run");
    assert_eq!(advice.points.len(), 3);
    for (name, v) in [("15s", 15.0), ("20s", 20.0)] {
        let point = advice.at(name).expect(name);
        // A third of the workers is busy: about 33 crashes a run hit a message.
        assert!((400..1_000).contains(&point.lost), "{point:?}");
        let off = away(point.recovery_mean_ns, (v - 5.0) * 1e9);
        assert!(off.abs() < 4.0, "{name}: {:?}: {off}", point.recovery_mean_ns);
        let p95 = point.recovery_p95_ns.expect("it was measured").mean / 1e9;
        assert!((v - 1.5..v).contains(&p95), "{name}: {p95}");
        assert_eq!((point.not_back, point.duplicates.expect("measured").mean), (0, 0.0));
    }
}

/// e^-5 = 0.67 %, e^-2 = 14 %: 5 s is the shortest below 1 %, and 95 % are back within 5 s.
#[test]
fn the_shortest_timeout_that_meets_both_is_the_answer() {
    let exponential = exponential();
    let advice = |duplicates, recovery| timeout(asked(duplicates, recovery, 8), &exponential, 2);
    let both = advice(Some(0.01), Some(6));
    assert_eq!(both.answer.as_deref(), Some("5s"), "{:#?}", both.points);
    assert_eq!(both.nearest, None);
    assert_eq!(advice(Some(0.01), None).answer.as_deref(), Some("5s"));
    assert_eq!(advice(None, Some(30)).answer.as_deref(), Some("1s"));
    let none = advice(Some(0.01), Some(3));
    assert_eq!((none.answer.as_deref(), none.nearest.as_deref()), (None, Some("5s")));
    assert_eq!(none.verdict, Some(AdviceVerdict::No));
    let kept = |timeout: &str| {
        let point = none.at(timeout).expect(timeout);
        (point.duplicates_limit, point.recovery_limit)
    };
    assert_eq!(kept("4s").0, Some(Limit::Misses), "1.9 % come again");
    assert_eq!(kept("5s"), (Some(Limit::Meets), Some(Limit::Misses)));
}

/// With work of 10 s there are 1/(e^(V/10) - 1) duplicates a message, below 1 % from V = 10 ln 101,
/// 46.2 s. At 47 s it is 0.917 %: 128,000 messages know it to ±0.056 %, so 47 s or 48 s is proven
/// to be enough. Round lengths have none between 30 s and 60 s.
#[test]
fn the_answer_is_found_to_the_second() {
    let asked = asked(Some(0.01), None, 8);
    let slow = text("4/s", 120, "Exponential(\"10s\")", 4_100);
    let advice = timeout(asked, &slow, 2);
    let answer = advice.answer.as_deref().expect("there is one");
    assert!(["47s", "48s"].contains(&answer), "{answer}");
    assert_eq!((advice.verdict, &advice.rises), (Some(AdviceVerdict::Yes), &None));
    let mut misses = advice.points.iter().filter(|p| p.limits == Some(Limit::Misses));
    let longest = misses.next_back().expect("45 s has 1.12 %");
    assert!(["45s", "46s"].contains(&longest.timeout.as_str()), "{longest:?}");
}

/// Work of 180 s never outlives 181 s, but no duplicate in n messages leaves up to 3.0/n: 0.1 %
/// takes 2,996 messages. At 180 s every message comes again, as the timeout ends first.
#[test]
fn no_duplicate_in_few_messages_is_open_and_in_enough_an_answer() {
    let constant = text("1/s", 400, "Constant(\"180s\")", 800);
    let few = timeout(asked(Some(0.001), None, 3), &constant, 2);
    assert_eq!((few.verdict, &few.answer), (Some(AdviceVerdict::Open), &None));
    assert_eq!(few.nearest.as_deref(), Some("3m1s"));
    let point = few.at("3m1s").expect("the nearest");
    assert!((1_400..2_300).contains(&point.deleted), "{point:?}");
    assert_eq!(few.at("3m").expect("the one before").limits, Some(Limit::Misses));
    let needs = few.replications_to_decide.expect("messages are counted");
    let exact = -num::ln(0.05) / 0.001 * 3.0 / point.deleted as f64;
    assert!((needs as f64 - exact - 0.5).abs() <= 0.5, "{needs}, exactly {exact}");
    // One more, as replications are not equally long.
    let enough = timeout(asked(Some(0.001), None, needs + 1), &constant, 2);
    assert_eq!(enough.answer.as_deref(), Some("3m1s"));
}

/// All are back 15 s after the receive, but 95 % of a few dozen say nothing of 95 % of all: of n
/// the longest is surely above that quantile only if 0.95^n is small.
#[test]
fn few_crashes_leave_the_recovery_open() {
    let constant = text("2/s", 60, "Constant(\"10s\")", 400);
    let few = timeout(asked(None, Some(60), 2), &constant, 2);
    assert_eq!(few.verdict, Some(AdviceVerdict::Open));
    let nearest = few.nearest.as_deref().and_then(|nearest| few.at(nearest)).expect("one");
    assert_eq!(nearest.recovery_limit, Some(Limit::Open));
    let needs = few.replications_to_decide.expect("some were lost");
    assert_eq!(needs, 200_u64.div_ceil(nearest.lost), "a hundred are enough");
    let enough = timeout(asked(None, Some(60), 2 * needs), &constant, 2);
    assert_eq!(enough.verdict, Some(AdviceVerdict::Yes), "{enough:#?}");
}

/// The scenario's own crashes are kept, and a fleet's own timeout is the one advised on.
#[test]
fn what_the_scenario_says_itself_is_used() {
    let sets = [
        "consumers.w.crash=(mean_time_between: \"5m\", restart: Constant(\"10s\"))",
        "consumers.w.receive.visibility_timeout=3s",
        "duration=400s",
    ];
    let set = sets.map(str::to_owned).to_vec();
    let text = exponential();
    let own = || TimeoutAsked { set: set.clone(), ..asked(None, None, 3) };
    let advice = timeout(own(), &text, 1);
    assert_eq!(advice.path, "consumers.w.receive.visibility_timeout");
    assert_eq!(advice.added_crashes, None);
    assert!(advice.points.iter().all(|point| point.lost > 20), "{advice:#?}");
    for threads in [2, 5] {
        assert_eq!(timeout(own(), &text, threads), advice, "{threads} threads");
    }
}

fn length(text: &Text, precision: f64, set: &[&str]) -> LengthAdvice {
    let set = set.iter().map(|&set| set.to_owned()).collect();
    let model = "advised.ron".to_owned();
    let asked = LengthAsked { model, set, precision, reps: 10, seed: None };
    let (advisor, _) = LengthAdvisor::prepare(asked, text).unwrap_or_else(|f| panic!("{f}"));
    advisor.run(2, &GO_ON, None).expect("nobody interrupts")
}

/// M/M/1 at 80 %: 4.74 million messages for 1 % (W. Whitt 1989), a quarter of them for 2 %.
#[test]
fn a_known_queue_is_advised_by_theory() {
    let mm1 = text("0.8/s", 1, "Exponential(\"1s\")", 100_000);
    let advice = length(&mm1, 0.02, &["queues.q.visibility_timeout=12h"]);
    assert_eq!(advice.pilot, None);
    let theory = advice.theory.expect("it is known");
    assert_eq!(theory.queue, "M/M/1");
    assert!((theory.messages as f64 / 4.74e6 * 4.0 - 1.0).abs() < 0.01, "{theory:?}");
    let measured = |length: u64| (length - theory.warm_up_ns) as f64 / 1e9 * 0.8;
    assert!(measured(theory.duration_ns) >= theory.messages as f64 - 1.0, "{theory:?}");
    let many = theory.replications.expect("the start is short");
    let all = |many: u64| many as f64 * measured(theory.own_duration_ns);
    assert!(all(many) >= theory.messages as f64 - 1.0, "{theory:?}");
    assert!(all(many - 1) < theory.messages as f64, "{theory:?}");
    // The start is felt for about 900 works.
    let short = length(&mm1, 0.02, &["queues.q.visibility_timeout=12h", "duration=600s"]);
    assert_eq!(short.theory.expect("it is known").replications, None);
}

#[test]
fn another_queue_is_advised_by_pilot_runs() {
    let bursty = text("4/s", 5, "Exponential(\"1s\")", 1_100);
    let pilot = |precision, sets: &[&str]| {
        let advice = length(&bursty, precision, sets);
        assert_eq!(advice.theory, None);
        advice.pilot.expect("theory does not know it")
    };
    let prefetch = "consumers.w.receive.prefetch=1";
    let [rough, fine] = [0.04, 0.01].map(|precision| pilot(precision, &[prefetch]));
    let [few, many] = [&rough, &fine].map(|pilot| pilot.replications.expect("it settles") as f64);
    // A quarter of the width takes sixteen times as many.
    assert!(few > 2.0 && (10.0..18.0).contains(&(many / few)), "{few} and {many}");
    assert_eq!(rough.mean_ns, fine.mean_ns);
    let overloaded = pilot(0.02, &[prefetch, "consumers.w.count=2"]);
    assert_eq!(overloaded.replications, None);
    assert!(overloaded.unstable.is_some_and(|found| found.growth_per_second > 1.0));
}

/// Two workers of 10/s each, up 600 of 630 s, against 30/s: at every timeout the queue grows by
/// 11/s, so that no recovery has a length to speak of.
#[test]
fn a_queue_that_grows_keeps_no_limit() {
    let advice =
        timeout(asked(None, Some(600), 2), &text("30/s", 2, "Exponential(\"100ms\")", 600), 2);
    assert_eq!(advice.verdict, Some(AdviceVerdict::No));
    for point in &advice.points {
        let [found] = &point.unstable[..] else { panic!("{point:?}") };
        assert!((found.growth_per_second - 11.0).abs() < 1.5, "{found:?}");
        assert_eq!((point.recovery_mean_ns, point.recovery_p95_ns), (None, None));
        assert_eq!(point.recovery_limit, Some(Limit::Misses));
    }
}
