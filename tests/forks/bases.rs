//! The scenarios that are forked.
//!
//! Owns their texts and the data that these name. Must not know what is changed in them.
//!
//! In all but `early` nothing happens before [`FIRST`]: workers start then, and messages come from
//! then on. Queues `a` and `b` do alike at the same instants, so that a change of one of them must
//! not move its ties with the other.

use std::fmt::Write as _;
use std::io;

use sqsim::Faults;
use sqsim::kernel::time::{Span, Time};
use sqsim::model::scenario::Scenario;
use sqsim::scenario::load::from_text;

/// When something first happens.
pub(crate) const FIRST: Time = Time::from_nanos(5_000_000_000);

/// A scenario: its name, its text and what is set in it.
pub(crate) type Base = (&'static str, &'static str, &'static [&'static str]);

const SHARDS: &str = include_str!("shards.ron");
const LONG: &str = include_str!("long.ron");

/// All of them.
pub(crate) const BASES: [Base; 15] = [
    ("plain", include_str!("plain.ron"), &[]),
    ("busy", include_str!("busy.ron"), &[]),
    ("leaning", include_str!("leaning.ron"), &[]),
    ("nodes", include_str!("nodes.ron"), &[]),
    ("laws", include_str!("laws.ron"), &[]),
    ("early", include_str!("early.ron"), &[]),
    ("functions", include_str!("functions.ron"), &[]),
    ("shards", SHARDS, &[]),
    (
        "midpoint",
        SHARDS,
        &["split=MidpointDoubling(evaluate: \"10s\", delay: \"5s\", max_partitions: 8)"],
    ),
    ("heat", SHARDS, &["split=HeatMedian()", "mechanics=CopyThenCutover(copy: \"10s\")"]),
    (
        "reservoir",
        SHARDS,
        &["split=Reservoir(hold: \"4s\", cooldown: \"20s\", merge_window: \"20s\")"],
    ),
    (
        "topic",
        LONG,
        &["split=ScalableTopic(evaluate: \"10s\", merge: 0.3, merge_window: \"70s\", \
           split_cooldown: \"20s\", merge_cooldown: \"20s\", depth: 4)"],
    ),
    (
        "scaler",
        SHARDS,
        &["split=CountScaler(evaluate: \"5s\", sustain_up: \"10s\", sustain_down: \"15s\")"],
    ),
    ("ewma", LONG, &["split=Ewma()"]),
    ("naive", SHARDS, &["split=Naive()"]),
];

/// The scenario of this name.
pub(crate) fn base(name: &str) -> Base {
    *BASES.iter().find(|base| base.0 == name).expect(name)
}

/// It, with this set.
pub(crate) fn load(base: Base, sets: &[String]) -> Result<Scenario, Faults> {
    let (name, text, of_ledgers) = base;
    let own = |set: &&str| ["a", "b"].map(|queue| format!("queues.{queue}.ledger.{set}"));
    let sets: Vec<String> = of_ledgers.iter().flat_map(own).chain(sets.iter().cloned()).collect();
    from_text(name, text, &sets, &read).map(|loaded| loaded.scenario)
}

/// The data files.
fn read(file: &str) -> io::Result<Vec<u8>> {
    let every = |gap: u64, count: u64| {
        (0..count).fold(String::new(), |mut lines, number| {
            let at = FIRST + Span::from_millis(gap) * number;
            let _ = writeln!(lines, "{}s", (at - Time::ZERO).as_secs_f64());
            lines
        })
    };
    let text = match file {
        "late" => every(500, 50),
        "steady" => every(200, 475),
        "long" => every(500, 1_400),
        "counts" => "0,0\n5,10\n10,20\n15,5\n20,10\n".to_owned(),
        "more" => "0,0\n5,20\n10,10\n15,5\n20,10\n".to_owned(),
        "gap" => "0,0\n5,10\n10,20\n20,40\n".to_owned(),
        "twice" => "0,0\n5,10\n5,5\n10,20\n".to_owned(),
        "columns" => "time,few,many\n0,0,0\n5,4,20\n10,8,40\n".to_owned(),
        _ => return Err(io::ErrorKind::NotFound.into()),
    };
    Ok(text.into_bytes())
}
