//! The expectation language by example: what is accepted and what it yields, what is refused
//! and where.

use super::*;
use crate::stats::fixture;

fn judged(text: &str) -> Judged {
    let scenario = fixture::scenario();
    let expectation = parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    evaluate(&expectation, &Names::of(&scenario), &fixture::measured(0))
}

fn value(text: &str) -> f64 {
    let (before, after) = unit_of(text);
    judged(&format!("{text} >= {before}0{after}")).value.expect("has a value")
}

/// What stands before and after a number of this unit.
fn unit_of(text: &str) -> (&'static str, &'static str) {
    let unit = parse(&format!("{text} == {text}")).expect("compares with itself").value.unit;
    match unit {
        Unit::Number => ("", ""),
        Unit::Duration => ("", "s"),
        Unit::Rate => ("", "/s"),
        Unit::Money => ("$", ""),
    }
}

#[test]
fn measures_are_found_where_the_run_put_them() {
    // The expected values are those written down in the fixture.
    let cases = [
        ("sent", 36_000.0),
        ("orders.sent", 36_000.0),
        ("orders-dlq.sent", 0.0),
        ("redelivered", 36.0),
        ("redelivered.failed", 30.0),
        ("orders.redelivered.crashed", 6.0),
        ("calls", 108_048.0),
        ("calls.receive", 36_048.0),
        ("web.arrived", 36_000.0),
        ("workers.processed", 36_000.0),
        ("wasted", 2_700_000_000.0),
        ("rate(sent)", 40.0),
        ("mean(sent_to_received)", 49_500_000.0),
        ("max(orders.sent_to_received)", 99_000_000.0),
        ("count(sent_to_deleted)", 100.0),
        ("mean(visible)", 2.0),
        ("max(in_flight)", 4.0),
        ("last(visible)", 0.0),
        ("max(age_of_oldest)", 900_000_000.0),
        ("busy(workers)", 0.8),
        ("busy", 0.8),
        ("working", 0.8),
        ("calling(workers)", 0.0),
        ("idle", 0.2),
        ("down(workers)", 0.0),
        ("mean(busy_consumers)", 3.2),
        // Of 0 to 99 ms it is √((100² − 1) / 12).
        ("stddev(sent_to_received)", 28_866_070.047_722_12),
        ("requests", 108_048.0),
        ("rate(requests)", 108_048.0 / 900.0),
        ("worker_hours", 1.0),
        ("workers.worker_hours", 1.0),
        // The fixture's price is a dollar a million, and half a dollar an hour of a worker.
        ("cost", 0.108_048 + 0.5),
        ("cost_per_month", 4.0 * 730.0 * 0.608_048),
        ("cost_per_million", 0.608_048 / 0.036),
        ("cost / 2", 0.304_024),
        ("cost_per_month / cost", 2_920.0),
    ];
    for (text, expected) in cases {
        let value = value(text);
        assert!((value - expected).abs() <= 1e-9 * expected.abs(), "{text}: {value}");
    }
    let p99 = value("p99(sent_to_received)");
    assert!((p99 - 98e6).abs() <= 1e-3 * 98e6, "the 99th of 0 to 99 ms is 98 ms: {p99}");
}

#[test]
fn what_nodes_did_has_measures() {
    let (scenario, measured) = fixture::with_nodes();
    let cases = [
        ("unavailable", 1_204.0),
        ("unavailable_sends", 800.0),
        ("orders.undone", 5.0),
        ("redelivered.delete_undone", 5.0),
        ("orders.redelivered.not_hidden", 2.0),
        ("node_failures", 2.0),
        ("elections", 43.0),
        ("copies", 64.0),
        ("orders.copies_dropped", 1.0),
        ("mean(under_replicated)", 30.0),
        ("max(orders.without_quorum)", 11.0),
        ("last(orders-dlq.under_replicated)", 0.0),
    ];
    for (text, expected) in cases {
        let expectation = parse(&format!("{text} == {expected}")).expect(text);
        let judged = evaluate(&expectation, &Names::of(&scenario), &measured);
        assert!(judged.holds, "{text}: {judged:?}");
    }
}

#[test]
fn arithmetic_follows_the_usual_precedence_and_units() {
    let cases = [
        ("sent - sent + 1", 1.0),
        ("2 + 3 * 4 + 0 * sent", 14.0),
        ("(2 + 3) * 4 + 0 * sent", 20.0),
        ("redelivered / received", 36.0 / 36_036.0),
        ("wasted / work", 2.7 / 2_880.0),
        ("mean(sent_to_received) - .0495s", 0.0),
        ("mean(sent_to_received) - 49ms500us", 0.0),
        ("sent / 900s", 40.0),
        ("sent / 40/s", 900e9),
        ("sent / 2400/min", 900e9),
        ("rate(sent) * mean(sent_to_received)", 40.0 * 0.0495),
        ("mean(sent_to_received) * 2 - 99ms", 0.0),
        ("wasted - 2700000000ns", 0.0),
        ("1h / 1s + 0 * sent", 3_600.0),
        ("1d / 1h + 0 * sent", 24.0),
        ("rate(sent) - 144000/h", 0.0),
        ("sent- 1", 35_999.0),
    ];
    for (text, expected) in cases {
        let value = value(text);
        assert!((value - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{text}: {value}");
    }
}

/// Every function is one of the names that a person who typed another is told.
#[test]
fn an_unknown_function_names_those_there_are() {
    let fault = parse("qqqqqq(sent) < 1").expect_err("there is none");
    let known = "there are mean, stddev, max, last, count, rate, busy, working, leaning, calling, \
                 idle, down and p50, p99, p999 …";
    assert_eq!(fault.help, known);
}

#[test]
fn verdicts_and_their_limits() {
    let cases = [
        ("dead_lettered == 0", true),
        ("dead_lettered != 0", false),
        ("redelivered / received < 0.1%", true),
        ("redelivered / received < 0.09%", false),
        ("max(sent_to_received) <= 99ms", true),
        ("max(sent_to_received) < 99ms", false),
        ("rate(sent) >= 40/s", true),
        ("busy(workers)>0.5", true),
    ];
    for (text, holds) in cases {
        assert_eq!(judged(text).holds, holds, "{text}");
    }
    let turned = judged("1m30s > p99(sent_to_deleted)");
    assert!(turned.holds);
    assert_eq!(turned.limit, Some(90e9));
    assert_eq!(turned.comparison, Comparison::Less);
}

#[test]
fn what_has_no_value_does_not_hold_and_says_why() {
    let cases = [
        ("expired / dead_lettered == 0", "0 / 0 has no value"),
        ("expired / dead_lettered != 0", "0 / 0 has no value"),
        ("sent / expired > 1", "36000 / 0 has no value"),
        (
            "p99(orders-dlq.sent_to_deleted) < 1s",
            "`p99(orders-dlq.sent_to_deleted)`: no message has this latency",
        ),
    ];
    for (text, why) in cases {
        let judged = judged(text);
        assert!(!judged.holds, "{text}");
        assert_eq!(judged.value, None, "{text}");
        assert_eq!(judged.note.as_deref(), Some(why), "{text}");
    }
}

#[test]
fn a_cost_without_its_ground_says_why() {
    let scenario = fixture::scenario();
    let note = |text: &str, measured| {
        let judged = evaluate(&parse(text).expect(text), &Names::of(&scenario), &measured);
        assert!(!judged.holds, "{text}");
        judged.note.expect("it has no value")
    };
    let mut idle = fixture::measured(0);
    idle.queues[0] = fixture::idle_queue();
    assert_eq!(note("cost_per_million < $1", idle), "`cost_per_million`: no message was deleted");
    let mut empty = fixture::measured(0);
    empty.window.1 = empty.window.0;
    assert_eq!(note("cost < $1", empty), "the measured window is empty");
}

#[test]
fn faults_point_at_their_cause() {
    let cases = [
        ("", 1, "expected a measure or a value, found the end"),
        ("sent", 5, "expected a comparison (`<`, `<=`, `>`, `>=`, `==` or `!=`), found the end"),
        ("sent = 5", 6, "`=` alone is not a comparison"),
        ("1 < sent < 3", 10, "an expectation is one comparison, this is a second one"),
        ("sent 5 > 3", 6, "expected a comparison (`<`, `<=`, `>`, `>=`, `==` or `!=`), found `5`"),
        ("sent > 5 5", 10, "`5` does not belong here"),
        ("0 == dead_leterd", 6, "unknown measure `dead_leterd`"),
        ("p99(sent_to_delete) < 2s", 5, "unknown measure `sent_to_delete`"),
        ("mea(visible) < 2", 1, "unknown function `mea`"),
        ("p5(processing) < 2s", 1, "unknown function `p5`"),
        ("p9x(processing) < 2s", 1, "unknown function `p9x`"),
        ("p9999999(processing) < 2s", 1, "unknown function `p9999999`"),
        ("p99(visible) < 2", 1, "`visible` is a level: its mean, max and last are known"),
        ("mean(sent) < 2", 1, "`sent` is a counter: it has one value"),
        ("visible < 2", 1, "`visible` is a level that changes over time"),
        ("sent_to_deleted < 2s", 1, "`sent_to_deleted` is a latency of many messages"),
        ("last(processing) < 2s", 1, "`processing` is a latency: it has no last value"),
        ("sent > 2parsecs", 8, "`2parsecs` is not a duration"),
        ("sent > 1.2.3", 8, "`1.2.3` is not a number"),
        ("sent > €5", 8, "`€` has no meaning here"),
        ("cost < $", 8, "`$` stands alone"),
        ("sent > $5", 8, "cannot compare `sent` with `$5`: a bare number with an amount of money"),
        ("mean(cost) < $5", 1, "`cost` is a cost: it has one value"),
        ("max(worker_hours) < 5", 1, "`worker_hours` is a sum: it has one value"),
        ("rate(cost) < 5/s", 6, "`rate` takes a counter, `cost` is none"),
        ("1 < 2", 1, "nothing is measured here"),
        ("(sent > 5", 7, "expected `)`, found `>`"),
        ("p99() < 2s", 5, "expected the name of a measure, found `)`"),
        ("p99(sent_to_deleted", 20, "expected `)`, found the end"),
        ("rate(wasted) < 2/s", 6, "`rate` takes a counter, `wasted` is none"),
        ("2s * 3s < wasted", 1, "cannot multiply a duration by a duration"),
        ("sent < -5", 8, "expected a measure or a value, found `-`"),
    ];
    for (text, column, message) in cases {
        let fault = parse(text).expect_err(text);
        assert_eq!((fault.column, fault.message.as_str()), (column, message), "{text}");
    }
}

#[test]
fn unlike_units_are_refused_with_what_to_write() {
    let fault = parse("p99(sent_to_deleted) < 2").expect_err("a bare number");
    assert_eq!(fault.column, 24);
    assert_eq!(
        fault.message,
        "cannot compare `p99(sent_to_deleted)` with `2`: a duration with a bare number"
    );
    assert_eq!(fault.help, "write `2s` or `2ms`");
    let fault = parse("cost < 5").expect_err("a bare number");
    assert_eq!((fault.column, fault.help.as_str()), (8, "write `$5`"));
    let fault = parse("rate(sent) > 5").expect_err("a bare number");
    assert_eq!((fault.column, fault.help.as_str()), (14, "write `5/s` or `5/min`"));
    for (text, verb) in [("wasted + 1 > 0s", "add"), ("wasted - 1 > 0s", "subtract")] {
        let expected = format!("cannot {verb} `wasted` with `1`: a duration with a bare number");
        assert_eq!(parse(text).expect_err(text).message, expected);
    }
    let fault = parse("sent < 2s").expect_err("a count is no duration");
    assert_eq!((fault.column, fault.help.as_str()), (8, "both sides must be of one kind"));
}

#[test]
fn slips_of_the_fingers_are_named() {
    let help = |text: &str| parse(text).expect_err(text).help;
    assert_eq!(help("dead_leterd == 0"), "did you mean `dead_lettered`?");
    assert_eq!(help("p99(sent_to_delete) < 2s"), "did you mean `sent_to_deleted`?");
    assert_eq!(help("sent-deleted == 0"), "if `-` is meant as a minus, write `sent - deleted`");
    assert_eq!(help("dead-lettered == 0"), "did you mean `dead_lettered`?", "`dead` is no measure");
}

#[test]
fn a_name_is_the_longest_known_measure_behind_what_it_belongs_to() {
    let cases = [
        ("sent", (None, "sent")),
        ("redelivered.failed", (None, "redelivered.failed")),
        ("orders.redelivered.failed", (Some("orders"), "redelivered.failed")),
        ("my.orders.sent", (Some("my.orders"), "sent")),
        ("my.orders.redelivered.failed", (Some("my.orders"), "redelivered.failed")),
        ("nothing", (None, "nothing")),
    ];
    for (name, expected) in cases {
        assert_eq!(known::split(name), expected, "{name}");
    }
}

#[test]
fn what_was_read_keeps_its_text_and_a_fault_is_a_sentence() {
    assert_eq!(parse(" sent  > 0 ").expect("parses").text(), " sent  > 0 ");
    assert_eq!(parse_quantity("busy*2").expect("parses").text(), "busy*2");
    assert_eq!(
        parse("cost < 5").expect_err("a bare number").to_string(),
        "cannot compare `cost` with `5`: an amount of money with a bare number (column 8); write \
         `$5`"
    );
    let names = [Unit::Number, Unit::Duration, Unit::Rate, Unit::Money].map(Unit::name);
    assert_eq!(names, ["number", "ns", "per second", "dollars"]);
}

#[test]
fn names_of_the_scenario_are_looked_up() {
    let scenario = fixture::scenario();
    let names = Names::of(&scenario);
    let check = |text: &str| parse(text).expect(text).check(&names);
    assert_eq!(check("orders.sent > 0"), Ok(()));
    assert_eq!(check("busy(workers) < 1"), Ok(()));
    let fault = check("0 < order.sent").expect_err("misspelt queue");
    assert_eq!((fault.column, fault.length), (5, 10));
    assert_eq!(fault.message, "`order.sent`: there is no queue named `order`");
    assert_eq!(fault.help, "did you mean `orders`?");
    let fault = check("busy(web) < 1").expect_err("a producer is no fleet");
    assert_eq!(fault.help, "the scenario has workers");
    let fault = check("orders.cost < $1").expect_err("of the whole");
    assert_eq!(fault.message, "`cost` is of the whole scenario, not of one part");
    let nobody = Names::default();
    let fault = parse("given_up == 0").expect("parses").check(&nobody).expect_err("no producer");
    assert_eq!(fault.message, "`given_up` needs a producer, the scenario has none");
    let fault = parse("web.arrived == 0").expect("parses").check(&nobody).expect_err("no producer");
    assert_eq!(fault.help, "the scenario has none");
}

#[test]
fn a_quantity_is_a_sum_that_stands_alone() {
    let (scenario, measured) = (fixture::scenario(), fixture::measured(0));
    let value = |text: &str| parse_quantity(text).unwrap().value(&Names::of(&scenario), &measured);
    assert_eq!(value("redelivered / received * 100"), Ok(3_600.0 / 36_036.0));
    assert_eq!(value(" orders.sent "), Ok(36_000.0));
    assert_eq!(parse_quantity("mean(sent_to_received)").unwrap().unit(), Unit::Duration);
    assert!(value("sent / dead_lettered").unwrap_err().contains("/ 0 has no value"));
    let refused = |text: &str| parse_quantity(text).expect_err(text);
    assert_eq!(refused("sent < 3").column, 6);
    assert_eq!(refused("sent < 3").help, "write the measure alone");
    assert_eq!(refused("2s").message, "nothing is measured here");
    assert!(refused("sent +").help.starts_with("a measure is written as"));
    let fault = parse_quantity("odrers.sent").unwrap().check(&Names::of(&scenario)).unwrap_err();
    assert_eq!(fault.help, "did you mean `orders`?");
}

#[test]
fn what_one_wants_of_a_measure() {
    let wanted = |text: &str| parse_quantity(text).unwrap().wanted();
    for text in ["p99(sent_to_deleted)", "redelivered / received", "orders.redelivered.failed"] {
        assert_eq!(wanted(text), Wanted::Less, "{text}");
    }
    for text in ["max(visible)", "wasted", "rate(empty_receives)", "calls.receive * 2"] {
        assert_eq!(wanted(text), Wanted::Less, "{text}");
    }
    for text in ["rate(deleted)", "orders.deleted", "workers.processed"] {
        assert_eq!(wanted(text), Wanted::More, "{text}");
    }
    for text in
        ["busy", "mean(in_flight)", "sent", "deleted - sent", "count(processing)", "wasted * sent"]
    {
        assert_eq!(wanted(text), Wanted::Neither, "{text}");
    }
}

#[test]
fn hostile_texts_are_refused_not_crashed_on() {
    let deep = format!("{}sent{} > 0", "(".repeat(400), ")".repeat(400));
    assert_eq!(parse(&deep).expect_err("deep").message, "more than 32 parentheses are open");
    let long = format!("sent > {}", "1+".repeat(5_000));
    assert_eq!(parse(&long).expect_err("long").help, "at most 1000 are read");
    let widest = format!("sent > 0{}", "+1".repeat(496));
    assert_eq!(widest.len(), 1_000);
    assert!(judged(&widest).holds);
    assert!(parse(&format!("{widest} ")).is_err(), "one character more");
    let nested = |depth| format!("{}sent{} > 0", "(".repeat(depth), ")".repeat(depth));
    assert!(judged(&nested(32)).holds);
    assert_eq!(parse(&nested(33)).expect_err("one more").column, 33);
    let beside = format!("{}0 < sent", "(0)+".repeat(100));
    assert!(judged(&beside).holds, "those that are closed do not count");
}

proptest::proptest! {
    /// Any text is answered: by an expectation that is the same when read again, or by a fault
    /// that points into the text or just behind it.
    #[test]
    fn any_text_is_answered(
        text in concat!(
            "([a-z_.()<>=!+*/% $-]|[0-9]{1,3}(ms|s|%|/s)?|sent|cost|p99\\(processing\\)",
            "|[^a-z]){0,24}",
        )
    ) {
        match parse(&text) {
            Ok(expectation) => {
                let judged = |expectation| {
                    evaluate(&expectation, &Names::of(&fixture::scenario()), &fixture::measured(0))
                };
                let again = parse(expectation.text()).expect("it parsed before");
                proptest::prop_assert_eq!(judged(expectation), judged(again));
            }
            Err(fault) => {
                let length = text.chars().count();
                proptest::prop_assert!((1..=length + 1).contains(&fault.column), "{}", fault);
            }
        }
    }
}

#[test]
fn every_measure_has_a_name_of_its_own() {
    let mut names: Vec<&str> = all_names().collect();
    let number = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), number);
}

/// Against other traffic, and over another time.
#[test]
fn what_follows_traffic_or_time_is_neither_good_nor_bad() {
    use Wanted::{Less, More, Neither};
    let cases = [
        ("dead_lettered", [Less, Neither, Neither]),
        ("deleted", [More, Neither, Neither]),
        ("dead_lettered * 2", [Less, Neither, Neither]),
        ("rate(dead_lettered)", [Less, Neither, Less]),
        ("dead_lettered / received", [Less, Less, Less]),
        ("mean(sent_to_deleted)", [Less, Less, Less]),
        ("mean(visible)", [Less, Less, Less]),
        ("busy", [Neither; 3]),
        ("worker_hours", [Less, Less, Neither]),
        ("cost", [Less, Neither, Neither]),
        ("cost_per_month", [Less, Neither, Less]),
        ("cost_per_million", [Less, Less, Less]),
    ];
    for (text, wanted) in cases {
        let quantity = parse_quantity(text).expect(text);
        let against = [(true, true), (false, true), (true, false)];
        let found = against.map(|(traffic, time)| quantity.wanted_against(traffic, time));
        assert_eq!(found, wanted, "{text}");
    }
}

#[test]
fn what_an_expectation_is_of() {
    let scenario = fixture::scenario();
    let names = Names::of(&scenario);
    let of = |text: &str| parse(text).unwrap_or_else(|fault| panic!("{fault}"));
    let limits = [
        ("p95(sent_to_deleted) < 500ms", Some(5e8)),
        ("500ms > p95(sent_to_deleted)", Some(5e8)),
        ("sent < 3 + 4 * 2", Some(11.0)),
        ("sent == 0", Some(0.0)),
        ("sent < received", None),
    ];
    for (text, limit) in limits {
        assert_eq!(of(text).constant_limit(), limit, "{text}");
    }
    let texts =
        ["p95(sent_to_deleted) < 5s", "5s > p95(sent_to_deleted) ", "   p95(sent_to_deleted) < 5s"];
    for text in texts {
        assert_eq!(of(text).quantity().text().trim(), "p95(sent_to_deleted)");
    }
    let mixed = "p95(sent_to_deleted) < mean(orders-dlq.age_of_oldest)";
    let latencies = ["p95(sent_to_deleted) < mean(processing)", "p95(sent_to_deleted) < 1s"];
    assert!(latencies.iter().all(|text| of(text).is_of_latencies()));
    assert!(!of(mixed).is_of_latencies() && !of("sent < 3").is_of_latencies());
    // The first queue, and the second.
    let grows = |text: &str| [0, 1].map(|queue| of(text).growing(&names).contains(&queue));
    assert_eq!(grows(mixed), [true, true]);
    assert_eq!(grows("mean(sent_to_received) < 1s"), [true, false]);
    assert_eq!(grows("1s > mean(orders-dlq.sent_to_received) + 1s"), [false, true]);
    assert_eq!(grows("mean(processing) < 1s"), [false, false]);
    assert_eq!(grows("sent < 3"), [false, false]);
    let priced = |text: &str| parse_quantity(text).expect(text).is_priced();
    assert!(priced("cost_per_month / deleted") && !priced("deleted") && !priced("worker_hours"));
    let below = |text: &str| of(text).comparison().is_below();
    assert_eq!(["sent < 3", "sent <= 3"].map(below), [Some(true); 2]);
    assert_eq!(["sent > 3", "sent >= 3"].map(below), [Some(false); 2]);
    assert_eq!(["sent == 3", "sent != 3"].map(below), [None; 2]);
}
