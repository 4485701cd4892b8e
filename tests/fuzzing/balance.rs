//! What a run prints balances.
//!
//! Owns the law of conservation over printed figures: the outcome's counters over its window, the
//! rows of the series and the facts that a trace tells over the whole run. Must not know how any
//! of them is counted.

use sqsim::engine::run::Run;
use sqsim::model::scenario::Scenario;
use sqsim::outcome::Outcome;
use sqsim::render::csv;

use crate::watch::Watch;

/// Fails unless the outcome, the series and the facts of a run balance, and agree where they are
/// about the same time.
#[track_caller]
pub(crate) fn balances(scenario: &Scenario, run: &Run<Watch>) {
    let outcome = Outcome::from_run(scenario, scenario.seed, 0, &run.measured, None);
    for (at, of) in scenario.queues.iter().enumerate() {
        let queue = outcome.queues.at(at).expect("every queue is told of");
        let (counts, edges) = (queue.counts, queue.resident);
        assert_eq!(
            edges.begin + counts.sent + counts.moved_in + counts.undone,
            counts.deleted + counts.dead_lettered + counts.expired + counts.purged + edges.end,
            "{}: the window of {queue:?}",
            of.name
        );
        let series = Series::of(scenario, run, &of.name);
        let [sent, moved_in, undone, deleted, dead, expired, purged] = series.sums;
        let came = sent + moved_in + undone;
        let left: u64 = series.last.iter().sum();
        assert_eq!(came, deleted + dead + expired + purged + left, "{}: the series", of.name);
        assert_eq!(left, queue.unfinished.messages, "{}: what is left", of.name);
        let (told, there) = run.observer.totals(at);
        assert_eq!((series.sums, series.last), (told, there), "{}: series and facts", of.name);
        let whole = [scenario.warm_up, scenario.drain].iter().all(|length| length.is_zero());
        if whole {
            assert_eq!((edges.begin, edges.end), (0, queue.unfinished.messages), "{}", of.name);
            assert_eq!([counts.sent, counts.deleted], [sent, deleted], "{}", of.name);
        }
    }
    for (at, of) in scenario.producers.iter().enumerate() {
        let producer = outcome.producers.at(at).expect("every producer is told of");
        assert_eq!(
            producer.held_back.begin + producer.arrived,
            producer.sent + producer.given_up + producer.held_back.end,
            "{}: {producer:?}",
            of.name
        );
        if scenario.drain.is_zero() {
            let held_back = run.observer.held_back(at);
            assert_eq!(producer.held_back.end, held_back, "{}: {producer:?}", of.name);
        }
    }
}

/// The series of one queue, as it is printed.
struct Series {
    /// Sent, moved in, undone; deleted, moved out, expired, purged.
    sums: [u64; 7],
    /// Visible, in flight and delayed at the end of the last row.
    last: [u64; 3],
}

impl Series {
    fn of(scenario: &Scenario, run: &Run<Watch>, queue: &str) -> Series {
        let text = csv::series(scenario, &run.measured);
        let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let heads = lines.next().expect("a table has a header");
        let place = |name: &str| {
            let named = |head: &&str| head.split('/').next() == Some(name);
            heads.iter().position(named).expect(name)
        };
        let sums = ["sent", "moved_in", "undone", "deleted", "dead_lettered", "expired", "purged"];
        let levels = ["visible_last", "in_flight_last", "delayed_last"].map(place);
        let sums = sums.map(place);
        let mut series = Series { sums: [0; 7], last: [0; 3] };
        for row in lines.filter(|row| row[2] == queue) {
            let number = |place: usize| row[place].parse::<u64>().expect("a whole number");
            for (sum, place) in series.sums.iter_mut().zip(sums) {
                *sum += number(place);
            }
            series.last = levels.map(number);
        }
        series
    }
}
