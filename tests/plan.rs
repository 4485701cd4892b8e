//! Plans against exact answers: the c that Erlang's formula gives is the c that a plan finds.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use sqsim::engine::run::run;
use sqsim::experiment::fraction::Fraction;
use sqsim::experiment::plan::{Plan, PlanAsked};
use sqsim::experiment::runs::{Forgetful, Runner};
use sqsim::kernel::time::Span;
use sqsim::outcome::PlanOutcome;
use sqsim::scenario::load::Text;
use sqsim::stats::theory::Mmc;

/// Poisson arrivals, exponential work of 1 s on average, one partition served in order.
fn mmc(erlangs: f64, seconds: u64) -> Text {
    let text = format!(
        "(duration: \"{seconds}s\", warm_up: \"{}s\", queues: {{\"q\": (visibility_timeout: \"1h\",
          ledger: (partitions: 1))}},
          producers: {{\"p\": (queue: \"q\", arrivals: Poisson(\"{erlangs}/s\"),
            call_latency: Constant(\"0s\"))}},
          consumers: {{\"w\": (queue: \"q\", receive: (max: 1), processing: Exponential(\"1s\"),
            call_latency: Constant(\"0s\"))}})",
        seconds / 10
    );
    Text { name: "mmc.ron".to_owned(), directory: PathBuf::new(), text }
}

fn asked(find: &[&str], such_that: &[String]) -> PlanAsked {
    PlanAsked {
        about: String::new(),
        model: "mmc.ron".to_owned(),
        set: Vec::new(),
        find: find.iter().map(|&find| find.to_owned()).collect(),
        such_that: such_that.to_vec(),
        minimise: None,
        confidence: Fraction(0.95),
        reps: 10,
        max_reps: 160,
        seed: None,
    }
}

fn planned(asked: PlanAsked, text: &Text, threads: usize) -> PlanOutcome {
    let (plan, _) = Plan::prepare(asked, text, threads).unwrap_or_else(|faults| panic!("{faults}"));
    let interrupt = AtomicBool::new(false);
    let (quantities, memory, progress) = (plan.objective(), &Forgetful, None);
    let runner = Runner { quantities, threads, interrupt: &interrupt, progress, memory };
    plan.run(&runner, &|_, _, _| {}).expect("whole numbers fit").expect("nobody interrupts")
}

fn answer(outcome: &PlanOutcome) -> u32 {
    let answer = outcome.answer.as_ref().expect("some number of workers is enough");
    answer.at[0].parse().expect("a number")
}

/// The smallest c of which `value` meets the limit: `None` for a queue without a stationary state.
fn smallest(limit: f64, value: impl Fn(u32) -> Option<f64>) -> u32 {
    (1..1_000).find(|&c| value(c).is_some_and(|value| value < limit)).expect("some c")
}

/// Eighteen targets on the mean and the 95 % quantile of the wait, from 0.7 to 45 erlangs.
#[test]
fn the_smallest_c_is_that_of_erlang() {
    // About 40,000 messages each.
    let loads = [(0.7, 57_000), (1.6, 25_000), (4.0, 10_000), (8.0, 5_000), (16.0, 2_500)];
    for (erlangs, seconds) in loads.into_iter().chain([(45.0, 900)]) {
        let text = mmc(erlangs, seconds);
        let mean = |c| Mmc::new(erlangs, 1.0, c).map(|mmc| mmc.mean_wait());
        let p95 = |c| Mmc::new(erlangs, 1.0, c).map(|mmc| mmc.wait_quantile(0.95));
        let cases: [(&str, f64, u32); 3] = [
            ("mean(sent_to_received) < 500ms", 0.5, smallest(0.5, mean)),
            ("mean(sent_to_received) < 50ms", 0.05, smallest(0.05, mean)),
            ("p95(sent_to_received) < 900ms", 0.9, smallest(0.9, p95)),
        ];
        for (target, limit, exact) in cases {
            let asked = asked(&["consumers.w.count"], &[target.to_owned()]);
            let outcome = planned(asked, &text, 2);
            let found = answer(&outcome);
            let sure = outcome.answer.as_ref().is_some_and(|answer| answer.sure);
            // An open margin is one whose interval holds the limit: then the exact value of the
            // answer, or of the one before it, is near.
            assert!(found == exact || !sure, "{erlangs}: {target}: {found}, exactly {exact}");
            let below = outcome.tried_at(&[(found - 1).to_string()]);
            assert!(found == 1 || below.is_some_and(|below| !below.holds), "{erlangs}: {target}");
            if found != exact {
                let value = if target.starts_with("mean") { mean(exact) } else { p95(exact) };
                let off = (value.expect("it is stable") / limit - 1.0).abs();
                assert!(off < 0.1, "{erlangs}: {target}: {found}, exactly {exact}, off by {off}");
            }
        }
    }
}

/// A limit two thousandths above the exact value of ten servers: no affordable run decides it.
#[test]
fn a_margin_inside_its_interval_is_open() {
    let text = mmc(8.0, 1_000);
    let exact = Mmc::new(8.0, 1.0, 10).expect("it is stable").mean_wait();
    let target = format!("mean(sent_to_received) < {:.0}us", exact * 1.002 * 1e6);
    let asked = PlanAsked { max_reps: 40, ..asked(&["consumers.w.count"], &[target]) };
    let outcome = planned(asked, &text, 2);
    let answer = outcome.answer.as_ref().expect("some c is enough");
    assert!(!answer.sure || answer.at == ["11"], "{answer:?}");
    let ten = outcome.tried_at(&["10".to_owned()]).expect("it is tried");
    assert_eq!((ten.verdict.as_str(), ten.replications), ("open", 40));
    if !answer.sure {
        assert_eq!(answer.surely_at.as_deref(), Some(&["11".to_owned()][..]));
    }
}

/// Two knobs with an objective: threads cost less than workers, so they are what is bought.
#[test]
fn the_cheapest_of_a_grid_is_selected() {
    let text = mmc(4.0, 2_000);
    let find = ["consumers.w.count=1..4", "consumers.w.threads=1..4"];
    let target = ["mean(sent_to_received) < 500ms".to_owned()];
    let least = Some("worker_hours + busy * 0.001".to_owned());
    let outcome = planned(PlanAsked { minimise: least, ..asked(&find, &target) }, &text, 2);
    // Five servers are needed (Erlang: four have no stationary state, five wait 0.55 s, six 0.14).
    let servers = smallest(0.5, |c| Mmc::new(4.0, 1.0, c).map(|mmc| mmc.mean_wait()));
    assert_eq!(servers, 6);
    let answer = outcome.answer.expect("sixteen servers are enough");
    // Two workers with three threads each cost the same hours as two with four; the small second
    // part of the objective prefers the idler ones.
    assert_eq!(answer.at, ["2", "4"], "{:#?}", outcome.tried);
    assert_eq!((outcome.method.as_str(), outcome.tried.len()), ("ranking and selection", 16));
}

/// Less is not always worse: with a visibility timeout that is too short messages come twice, with
/// one that is too long a crashed worker's message comes late. Neither end meets the target.
#[test]
fn where_the_margin_is_not_monotone_all_values_are_tried() {
    let text = Text {
        text: "(duration: \"2000s\", drain: \"300s\", queues: {\"q\": ()},
          producers: {\"p\": (queue: \"q\", arrivals: Poisson(\"2/s\"))},
          consumers: {\"w\": (queue: \"q\", count: 10, processing: Exponential(\"1s\"),
            failure: (probability: \"5%\", then: LetExpire))})"
            .to_owned(),
        ..mmc(1.0, 1)
    };
    let targets = ["duplicates / received < 1%", "p99(sent_to_deleted) < 40s"];
    let find = ["queues.q.visibility_timeout=1s,2s,5s,10s,30s,60s,120s"];
    let targets = targets.map(str::to_owned);
    let outcome = planned(asked(&find, &targets), &text, 2);
    assert_eq!(outcome.method, "ranking and selection");
    assert_eq!(outcome.tried.len(), 7);
    // P(S > V) of exponential work is e^-V: 13 % at 2 s, 0.7 % at 5 s.
    assert_eq!(outcome.answer.expect("5 s is enough").at, ["5s"]);
    assert!(outcome.notes[0].contains("neither the first nor the last"), "{:?}", outcome.notes);
}

/// Ten messages a second, one every 100 ms, and calls that take no time: what happens follows by
/// hand. `fleet` are settings of the fleet `w`.
fn regular(fleet: &str) -> Text {
    let text = format!(
        "(duration: \"60s\", drain: \"60s\", queues: {{\"q\": ()}},
          producers: {{\"p\": (queue: \"q\", arrivals: Constant(\"10/s\"),
            call_latency: Constant(\"0s\"))}},
          consumers: {{\"w\": (queue: \"q\", call_latency: Constant(\"0s\"), {fleet})}})"
    );
    Text { text, ..mmc(1.0, 1) }
}

fn values(outcome: &PlanOutcome) -> Vec<&str> {
    outcome.tried.iter().map(|point| point.at[0].as_str()).collect()
}

/// Work of 250 ms and a message every 100 ms keep three workers busy: with three nothing waits,
/// and each message still takes 250 ms. One and two workers fall behind.
#[test]
fn a_target_that_no_number_meets_is_given_up() {
    let text = regular("receive: (max: 1), processing: Constant(\"250ms\")");
    let target = ["p99(sent_to_deleted) < 100ms".to_owned()];
    let outcome = planned(asked(&["consumers.w.count"], &target), &text, 2);
    assert_eq!(outcome.answer, None);
    assert_eq!(values(&outcome), ["1", "2", "3", "4"]);
    assert!(outcome.tried.iter().all(|point| point.verdict == "fails"));
    let [first, second] = &outcome.notes[..] else { panic!("{:?}", outcome.notes) };
    assert!(first.starts_with("from consumers.w.count=3 on nothing waits"), "{first}");
    assert!(second.ends_with("what remains is the work itself, whose p99 is 250ms"), "{second}");

    // A list with an end: neither the first value nor the last will do, and what lies behind the
    // third is like it. Bisection for it takes 200, 100, 50, 25, 12, 6, 3 and 1, then 2 is left.
    let outcome = planned(asked(&["consumers.w.count=1..200"], &target), &text, 2);
    assert_eq!(outcome.answer, None);
    assert!(outcome.tried.len() <= 11, "{:?}", values(&outcome));
    let alike = "from consumers.w.count=3 on nothing waits and more changes nothing";
    assert!(outcome.notes.iter().any(|note| note.starts_with(alike)), "{:?}", outcome.notes);
}

/// What fails is released after 5 s: with one failure in twenty, p99 is above 5 s with any number
/// of workers.
#[test]
fn what_remains_of_failures_is_their_delay() {
    let fleet = "receive: (max: 1), processing: Constant(\"80ms\"),
                 failure: (probability: \"5%\", then: Release(\"5s\"))";
    let target = ["p99(sent_to_deleted) < 1s".to_owned()];
    let outcome = planned(asked(&["consumers.w.count"], &target), &regular(fleet), 2);
    assert_eq!(outcome.answer, None);
    assert!(outcome.tried.len() <= 8, "{:?}", values(&outcome));
    let told = outcome.notes.join("; ");
    assert!(told.contains("nothing waits and more changes nothing"), "{told}");
    assert!(told.contains("what remains is 5s of `consumers.w.failure.then`"), "{told}");
}

/// With random calls two runs differ in polls and in who works, so that no run tells of another;
/// yet a target that has stopped moving is given up. The work is 400 ms, each call 10 ms on
/// average.
#[test]
fn a_target_that_stops_moving_is_given_up() {
    let text = regular("receive: (max: 1), processing: Constant(\"400ms\")");
    let random = "call_latency: Exponential(\"10ms\"), receive";
    let text =
        Text { text: text.text.replace("call_latency: Constant(\"0s\"), receive", random), ..text };
    let target = ["mean(sent_to_deleted) < 200ms".to_owned()];
    let outcome = planned(asked(&["consumers.w.count"], &target), &text, 2);
    assert_eq!(outcome.answer, None);
    // Four are kept busy: 8, 16 and three more doublings at most.
    let last: u32 = outcome.tried.last().expect("some were tried").at[0].parse().expect("a number");
    assert!(last <= 256, "{last}");
    let told = outcome.notes.join("; ");
    assert!(told.contains("the work itself, on average 400ms"), "{told}");
}

/// A receive takes one to ten messages. One worker that takes a second for what it received deletes
/// as many a second at most.
#[test]
fn the_largest_number_that_a_setting_takes_is_the_last() {
    let text = regular("per: Batch, processing: Constant(\"1s\")");
    let text = Text { text: text.text.replace("10/s", "100/s"), ..text };
    let target = ["rate(deleted) > 50/s".to_owned()];
    let outcome = planned(asked(&["consumers.w.receive.max"], &target), &text, 2);
    assert_eq!(outcome.answer, None);
    assert_eq!(values(&outcome), ["1", "2", "4", "8", "10"]);
    assert!(outcome.notes[0].contains("no value up to consumers.w.receive.max=10"));
}

/// At most three messages are in flight, so a cap of a thousand and more is never met: the runs
/// are the same, and so is what they cost.
#[test]
fn of_equal_ones_the_first_is_taken_without_more_runs() {
    let text = regular("receive: (max: 1), count: 3, processing: Constant(\"250ms\")");
    let target = ["dead_lettered == 0".to_owned()];
    let least = Some("requests".to_owned());
    let find = ["queues.q.max_in_flight=1000,2000,3000,4000"];
    let outcome = planned(PlanAsked { minimise: least, ..asked(&find, &target) }, &text, 2);
    assert_eq!(outcome.answer.as_ref().map(|answer| answer.at[0].as_str()), Some("1000"));
    assert!(outcome.tried.iter().all(|point| point.replications == 10), "{:#?}", outcome.tried);
    let told = outcome.notes.join("; ");
    assert!(told.contains("more changes nothing"), "{told}");
    // In another order nothing tells that what lies between is alike: all are run, once.
    let find = ["queues.q.max_in_flight=4000,1000,2000"];
    let least = Some("requests".to_owned());
    let outcome = planned(PlanAsked { minimise: least, ..asked(&find, &target) }, &text, 2);
    assert_eq!(outcome.answer.map(|answer| answer.at), Some(vec!["4000".to_owned()]));
    assert!(outcome.tried.iter().all(|point| point.replications == 10), "{:#?}", outcome.tried);
    assert!(outcome.notes[0].contains("does not depend on what is found"), "{:?}", outcome.notes);
}

/// A dead letter in one run of five, in none, or in several: where what is to be least hangs on a
/// single run nothing stands for that one when it is left out, and there is nothing to choose by.
#[test]
fn what_has_no_value_is_left_out_of_the_choice() {
    let (mut chosen, mut left_out) = (0, 0);
    for rate in ["0%", "0.05%", "0.1%", "0.2%", "0.4%", "50%"] {
        let text = Text {
            text: format!(
                "(duration: \"20s\", queues: {{\"q\": (visibility_timeout: \"1s\",
                    redrive: (to: \"d\", max_receives: 1)), \"d\": ()}},
                  producers: {{\"p\": (queue: \"q\", arrivals: Poisson(\"10/s\"))}},
                  consumers: {{\"w\": (queue: \"q\", processing: Exponential(\"60ms\"),
                      failure: (probability: \"{rate}\", then: LetExpire))}})"
            ),
            ..mmc(1.0, 1)
        };
        for least in ["sent / dead_lettered", "mean(d.visible) / dead_lettered"] {
            let asked = PlanAsked {
                minimise: Some(least.to_owned()),
                reps: 5,
                max_reps: 20,
                ..asked(&["consumers.w.count=2..4"], &["p50(q.sent_to_received) < 5s".to_owned()])
            };
            let outcome = planned(asked, &text, 2);
            let notes = outcome.notes.join("; ");
            let without = outcome.tried.iter().filter(|point| point.minimised.is_none()).count();
            assert!(outcome.tried.iter().all(|point| point.holds), "{outcome:#?}");
            assert_eq!(without > 0, notes.contains("left out of the choice"), "{notes}");
            assert_eq!(without == outcome.tried.len(), outcome.answer.is_none(), "{outcome:#?}");
            (chosen, left_out) = (chosen + usize::from(without == 0), left_out + without);
        }
    }
    assert!(chosen > 0 && left_out > 0, "{chosen}, {left_out}: both are tried");
}

/// M/M/c with 8 erlangs waits 0.65 s on average with 9 servers and 0.20 s with 10 (Erlang's C over
/// c less the load): the search needs no other number.
#[test]
fn theory_says_where_to_begin() {
    let mean = |c| Mmc::new(8.0, 1.0, c).map(|mmc| mmc.mean_wait());
    let exact = smallest(0.5, mean);
    let target = ["mean(sent_to_received) < 500ms".to_owned()];
    let text = mmc(8.0, 5_000);
    for find in ["consumers.w.count", "consumers.w.count=1..64"] {
        let outcome = planned(asked(&[find], &target), &text, 2);
        assert_eq!(answer(&outcome), exact);
        assert_eq!(values(&outcome), [(exact - 1).to_string(), exact.to_string()], "{find}");
        let note = format!("by theory the first is consumers.w.count={exact}");
        assert!(outcome.notes[0].starts_with(&note), "{:?}", outcome.notes);
    }
}

/// One server at load 0.97 makes messages wait 32 s on average, once it is in its steady state:
/// two are needed for 10 s. Twenty seconds from empty do not show it, however many there are of
/// them.
#[test]
fn runs_too_short_for_the_steady_state_decide_nothing() {
    let text = mmc(0.97, 20);
    let target = ["mean(sent_to_received) < 10s".to_owned()];
    let outcome = planned(asked(&["consumers.w.count"], &target), &text, 2);
    assert_eq!(smallest(10.0, |c| Mmc::new(0.97, 1.0, c).map(|mmc| mmc.mean_wait())), 2);
    let answer = outcome.answer.as_ref().expect("one meets it by its means");
    assert!(!answer.sure || answer.at == ["2"], "{answer:?}");
    let one = outcome.tried_at(&["1".to_owned()]).expect("it is tried");
    assert_eq!(one.verdict, "open");
    assert!(one.note.as_ref().is_some_and(|note| note.contains("too short")), "{one:?}");
}

/// With workers that crash in no run, but may: no closed form is recognised, and all that is exact
/// still holds.
fn unrecognised(text: Text) -> Text {
    let crash = "crash: (mean_time_between: \"30000d\", restart: Constant(\"0s\")), receive";
    Text { text: text.text.replace("receive", crash), ..text }
}

/// The same where no closed form is recognised. At 1.9 erlangs messages wait 9.26 s in the steady
/// state, in the five minutes from empty much less.
#[test]
fn runs_too_short_for_their_load_decide_nothing() {
    let text = unrecognised(mmc(1.9, 300));
    assert_eq!(smallest(8.0, |c| Mmc::new(1.9, 1.0, c).map(|mmc| mmc.mean_wait())), 3);
    let target = ["mean(sent_to_received) < 8s".to_owned()];
    for seed in 1..=3 {
        let asked = asked(&["consumers.w.count"], &target);
        let outcome = planned(PlanAsked { seed: Some(seed), ..asked }, &text, 2);
        let answer = outcome.answer.as_ref().expect("three are enough");
        assert!(!answer.sure || answer.at == ["3"], "{answer:?}");
        let two = outcome.tried_at(&["2".to_owned()]).expect("it is tried");
        assert_eq!(two.verdict, "open", "{two:?}");
    }
}

/// What a scaler keeps at least is what there is, where it sees nothing to do: an M/M/c again. The
/// number is that of Erlang, and its bill stands beside it.
#[test]
fn the_least_size_of_a_scaler_is_that_of_erlang() {
    let mut text = mmc(4.0, 10_000);
    let scaler = r#""w": (queue: "q", price_per_hour: "$0.10",
        count: TargetTracking(target: 1000000, max: 40),"#;
    text.text = text.text.replace(r#""w": (queue: "q","#, scaler);
    let target = ["mean(sent_to_received) < 50ms".to_owned()];
    let exact = smallest(0.05, |c| Mmc::new(4.0, 1.0, c).map(|mmc| mmc.mean_wait()));
    let outcome = planned(asked(&["consumers.w.count.min"], &target), &text, 2);
    let sure = outcome.answer.as_ref().is_some_and(|answer| answer.sure);
    assert!(sure && answer(&outcome) == exact, "{exact}: {:?}", outcome.answer);
    for tried in &outcome.tried {
        let workers: f64 = tried.at[0].parse().expect("a number");
        let bill = tried.cost_per_month.expect("every worker has a price").mean;
        // A message is three requests at most, and a worker polls each 20 s at least.
        let requests = (3.0 * 4.0 + workers / 20.0) * 730.0 * 3_600.0 * 0.40 / 1e6;
        let least = workers * 0.10 * 730.0;
        assert!((least..least + requests).contains(&bill), "{workers}: {bill}");
    }
}

/// A burst of a hundred messages that a function works on for a second each: with c at once the
/// last one is done after ⌈100/c⌉ seconds. A mapping has two at least, which is where the search
/// begins; ten are the fewest that need no more than ten seconds.
#[test]
fn the_maximum_concurrency_of_a_function_is_that_of_arithmetic() {
    let text = |most: &str| {
        let text = format!(
            "(duration: \"100s\", queues: {{\"q\": (visibility_timeout: \"1m\")}},
              producers: {{\"p\": (queue: \"q\", call_latency: Constant(\"0s\"),
                arrivals: Burst(at: \"0s\", count: 100))}},
              consumers: {{\"f\": Lambda(queue: \"q\", batch: 1, timeout: \"30s\", {most}
                call_latency: Constant(\"0s\"), scaling: (start: 100),
                environments: (cold_start: Constant(\"0s\")), processing: Constant(\"1s\"))}})"
        );
        Text { name: "burst.ron".to_owned(), directory: PathBuf::new(), text }
    };
    let asked = PlanAsked {
        model: "burst.ron".to_owned(),
        ..asked(&["consumers.f.max_concurrency"], &["max(sent_to_deleted) <= 10s".to_owned()])
    };
    let outcome = planned(asked, &text(""), 2);
    assert_eq!((answer(&outcome), outcome.tried[0].at[0].as_str()), (10, "2"));
    let longest = |most: u64| {
        let loaded = text(&format!("max_concurrency: {most},")).load(&[]);
        let scenario = loaded.unwrap_or_else(|faults| panic!("{faults}")).scenario;
        let measured = run(&scenario, 0, &AtomicBool::new(false)).measured;
        measured.queues[0].latencies.sent_to_deleted.max
    };
    for most in [2, 9, 10, 11] {
        assert_eq!(longest(most), Span::from_secs(100_u64.div_ceil(most)), "{most}");
    }
    let bills = outcome.tried.iter().map(|tried| tried.cost_per_month.expect("none is left out"));
    assert!(bills.map(|bill| bill.mean).all(|bill| bill > 0.0));
}

/// A hundred messages that nobody gets done, and a pod for so many of them: ⌈100/target⌉. The first
/// of the targets, from the largest on, that gives twenty pods is 5.
#[test]
fn the_target_of_pods_is_that_of_arithmetic() {
    let text = "(duration: \"2000s\", queues: {\"q\": (visibility_timeout: \"12h\",
            counters: (lag: Constant(\"0s\")))},
          producers: {\"p\": (queue: \"q\", call_latency: Constant(\"0s\"),
            arrivals: Burst(at: \"1s\", count: 100))},
          consumers: {\"w\": (queue: \"q\", processing: Constant(\"2h\"),
            call_latency: Constant(\"0s\"), price_per_hour: \"$1\",
            count: Keda(target: 5, max: 100, boot: Constant(\"0s\"), phase: \"0s\",
                hpa: (phase: \"0s\")))})";
    let text =
        Text { name: "pods.ron".to_owned(), directory: PathBuf::new(), text: text.to_owned() };
    let target = ["max(wanted_workers) >= 20".to_owned()];
    let find = ["consumers.w.count.target=12,10,8,7,6,5,4,2"];
    let asked = PlanAsked { model: "pods.ron".to_owned(), ..asked(&find, &target) };
    let outcome = planned(asked, &text, 2);
    assert_eq!(answer(&outcome), 5);
    let six = outcome.tried_at(&["6".to_owned()]).expect("the one before is tried");
    let seventeen = six.targets[0].value.map(f64::to_bits);
    assert_eq!((six.holds, seventeen), (false, Some(17_f64.to_bits())));
    // As in oracle 1 of KEDA 1 and 4 pods are wanted at 30 s, 8 at 45, 16 at 60, and 20 from 75 on.
    let own = outcome.tried_at(&["5".to_owned()]).expect("the answer is tried");
    let seconds = 15.0 * (4.0 + 8.0 + 16.0) + 1_925.0 * 20.0;
    // 100 sends, as few receives and 200 looks of the scaler are 17 cents a month.
    let bill = own.cost_per_month.expect("pods have a price").mean;
    let workers = seconds / 2_000.0 * 730.0;
    assert!((bill - workers).abs() < 1.0, "{bill}, not {workers} and the requests");
}

/// What became of many plans.
#[derive(Debug, Default)]
struct Held {
    plans: u64,
    /// Their answer is said to be sure.
    sure: u64,
    /// It is said to be sure and is not the exact one.
    wrong: u64,
}

/// Holds plans against the exact answer, which is Erlang's; loads from 0.35 to 0.95, and runs from
/// too short to long enough.
fn held(cases: &[Case], seeds: u64) -> Held {
    let mut held = Held::default();
    for Case { erlangs, seconds, target, limit, value } in cases {
        let exact = smallest(*limit, |c| Mmc::new(*erlangs, 1.0, c).map(|mmc| value(&mmc)));
        for (text, seed) in (0..seeds).flat_map(|seed| {
            let text = mmc(*erlangs, *seconds);
            [(text.clone(), seed), (unrecognised(text), seed)]
        }) {
            let asked = asked(&["consumers.w.count"], &[(*target).to_owned()]);
            let asked = PlanAsked { seed: Some(seed), max_reps: 80, ..asked };
            let outcome = planned(asked, &text, 2);
            let answer = outcome.answer.as_ref().filter(|answer| answer.sure);
            held.plans += 1;
            held.sure += u64::from(answer.is_some());
            held.wrong += u64::from(answer.is_some_and(|answer| answer.at[0] != exact.to_string()));
        }
    }
    held
}

struct Case {
    erlangs: f64,
    seconds: u64,
    target: &'static str,
    limit: f64,
    value: fn(&Mmc) -> f64,
}

/// Targets on means: (erlangs, seconds, target, limit). With 4 erlangs five workers miss the limit
/// by a tenth of it; 1.9 and 4.75 erlangs are loads of 0.95.
fn means() -> Vec<Case> {
    let mean = |erlangs, seconds, target, limit| {
        let value = |mmc: &Mmc| mmc.mean_wait();
        Case { erlangs, seconds, target, limit, value }
    };
    vec![
        mean(0.7, 100, "mean(sent_to_received) < 500ms", 0.5),
        mean(4.0, 100, "mean(sent_to_received) < 500ms", 0.5),
        mean(1.9, 100, "mean(sent_to_received) < 8s", 8.0),
        mean(4.75, 100, "mean(sent_to_received) < 3s", 3.0),
    ]
}

/// Targets on percentiles of the wait in one line.
fn percentiles() -> Vec<Case> {
    let case =
        |erlangs, seconds, target, limit, value| Case { erlangs, seconds, target, limit, value };
    vec![
        case(0.7, 200, "p95(sent_to_received) < 1500ms", 1.5, |mmc| mmc.wait_quantile(0.95)),
        case(4.0, 200, "p95(sent_to_received) < 900ms", 0.9, |mmc| mmc.wait_quantile(0.95)),
        case(4.0, 400, "p99(sent_to_received) < 3s", 3.0, |mmc| mmc.wait_quantile(0.99)),
        case(1.6, 400, "p50(sent_to_received) < 400ms", 0.4, |mmc| mmc.wait_quantile(0.5)),
    ]
}

/// Of 200 plans that are each right with a probability of 95 % more than 17 are wrong in 1 % of the
/// cases.
#[test]
fn a_sure_answer_is_right_in_95_of_100() {
    let held = held(&means(), 25);
    assert_eq!(held.plans, 200);
    assert!(held.wrong <= 17 && held.sure > 50, "{held:?}");
}

#[test]
fn a_sure_answer_on_a_percentile_is_right_in_95_of_100() {
    let held = held(&percentiles(), 25);
    assert_eq!(held.plans, 200);
    assert!(held.wrong <= 17 && held.sure > 50, "{held:?}");
}

/// As above, 2,000 plans of each kind: at most 5 % and three standard errors (29) are wrong. Takes
/// minutes:
/// `cargo test --release --test plan -- --ignored`.
#[test]
#[ignore = "takes minutes"]
fn a_sure_answer_is_right_in_950_of_1000() {
    for cases in [means(), percentiles()] {
        let held = held(&cases, 250);
        println!("{held:?}");
        assert!(held.wrong <= held.plans / 20 + 29, "{held:?}");
    }
}

#[test]
fn threads_do_not_show() {
    let text = mmc(4.0, 500);
    let target = ["mean(sent_to_received) < 300ms".to_owned()];
    let one = planned(asked(&["consumers.w.count"], &target), &text, 1);
    for threads in [2, 5] {
        assert_eq!(planned(asked(&["consumers.w.count"], &target), &text, threads), one);
    }
}
