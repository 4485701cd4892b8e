//! What holds of a fork where the past can tell it from the run that had the setting all along.
//!
//! Owns what is held of each such setting, by the words of `sqsim help fork`.

use sqsim::kernel::time::{Span, Time};
use sqsim::model::course::{Course, Fork};
use sqsim::scenario::fork::check;

use super::bases::FIRST;
use super::deeds::Deeds;
use super::log;
use super::{EARLY, Row, result};

/// The producers of `early`, by number.
const POISSON: u32 = 0;
const CONSTANT: u32 = 1;
const ON_OFF: u32 = 2;
const CLOSED: u32 = 3;

/// The workers of the fleets of `plain`: three, and one of the other.
const STAY: u32 = 4;

#[test]
fn where_the_past_tells_them_apart_the_future_follows_the_change() {
    let rows = Row::that_are(&["apart"]);
    assert!(rows.len() > 8);
    for row in rows {
        let [first, then] = row.own();
        for at in EARLY {
            let fork = Fork { at, then: &then };
            check(&first, fork, &row.then).unwrap_or_else(|faults| panic!("{row:?}: {faults}"));
            let course = Course { scenario: &first, fork: Some(fork) };
            assert!(result(course) != result(&then), "{row:?} at {at} is the same");
            held(&row, at, Time::ZERO + then.duration, &log::of(course));
        }
    }
}

fn held(row: &Row, at: Time, end: Time, deeds: &Deeds) {
    let change = row.then[0].split_once('=').expect("it sets something").1;
    let counts = |arrived: usize, mean: f64| {
        // Four standard errors of a Poisson number.
        let off = (arrived as f64 - mean).abs();
        assert!(off < 4.0 * mean.sqrt(), "{row:?} at {at}: {arrived} of {mean}");
    };
    let on_off = |rate: f64, on: u64, off: u64| {
        // It begins anew, on.
        let turn = |time: Time| (time - at).as_nanos() % ((on + off) * 1_000_000_000);
        let arrived = log::arrivals(deeds, ON_OFF, at);
        assert!(arrived.iter().all(|&time| turn(time) < on * 1_000_000_000), "{row:?}");
        let turns = (end - at).as_secs_f64() / (on + off) as f64;
        let length = turns.floor() * on as f64 + (turns.fract() * (on + off) as f64).min(on as f64);
        counts(arrived.len(), rate * length);
    };
    match (row.setting, change) {
        ("producers.*.arrivals:Poisson", _) => {
            counts(log::arrivals(deeds, POISSON, at).len(), 50.0 * (end - at).as_secs_f64());
        }
        // Half of the gap is left at 0.5 s and nothing at 4 s; it is now a tenth of a second.
        ("producers.*.arrivals:Constant", _) => {
            let left = if at == EARLY[0] { Span::from_millis(50) } else { Span::ZERO };
            let arrived = log::arrivals(deeds, CONSTANT, at);
            let expected = (0..).map(|number| at + left + Span::from_millis(100) * number);
            let expected: Vec<Time> = expected.take_while(|&time| time < end).collect();
            assert_eq!(arrived, expected);
        }
        ("producers.*.arrivals:OnOff.rate", _) => on_off(50.0, 5, 5),
        ("producers.*.arrivals:OnOff.on", _) => on_off(5.0, 2, 5),
        ("producers.*.arrivals:OnOff.off", _) => on_off(5.0, 5, 2),
        // Each of three has begun to think for 6 s, and then thinks for half a second.
        ("producers.*.arrivals:Closed.think", _) => {
            let rounds = (0..).map(|round| Time::ZERO + Span::from_millis(6_000 + 500 * round));
            let rounds = rounds.take_while(|&time| time < end);
            let expected: Vec<Time> = rounds.flat_map(|time| [time; 3]).collect();
            assert_eq!(log::arrivals(deeds, CLOSED, Time::ZERO), expected);
        }
        ("consumers.*:(record).count:(number)", "7") => joined(deeds, at, Span::from_secs(5)),
        ("consumers.*:(record).start_up", _) => joined(deeds, at, Span::from_secs(6)),
        ("consumers.*:(record).count:(number)", "1") => {
            assert_eq!(deeds.left, [(at, 1), (at, 2)], "those with the highest numbers");
            assert_eq!(deeds.started, [(FIRST, 0), (FIRST, 3)]);
            assert_eq!(deeds.joined, []);
        }
        // `tests/functions.rs` holds what the future is.
        (
            "consumers.*:Lambda.provisioned.min"
            | "consumers.*:Lambda.scaling.start"
            | "consumers.*:Lambda.scaling.idle",
            _,
        ) => {}
        (setting, _) => panic!("what is held of {setting}?"),
    }
}

/// Four workers join at the fork and start after this; the others do as they would have done.
fn joined(deeds: &Deeds, at: Time, start_up: Span) {
    let new = STAY..STAY + 4;
    let expected: Vec<(Time, u32)> = new.clone().map(|worker| (at, worker)).collect();
    assert_eq!((&deeds.joined, &deeds.left), (&expected, &Vec::new()));
    let first = (0..STAY).map(|worker| (FIRST, worker));
    let started: Vec<(Time, u32)> =
        first.chain(new.map(|worker| (at + start_up, worker))).collect();
    assert_eq!(deeds.started, started);
}
