//! Tables for spreadsheets (RFC 4180, line feeds).
//!
//! Owns the columns. Must not know files.
//!
//! Where CloudWatch has a metric, a column is headed by our name, its name and its statistic, as in
//! `visible_mean/ApproximateNumberOfMessagesVisible Average` ([Amazon SQS metrics]).
//!
//! [Amazon SQS metrics]: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
//!
//! Invariant: every row has as many fields as the header.

use crate::engine::scenario::Scenario;
use crate::kernel::time::Span;
use crate::observe::measured::{
    FleetWindow, Measured, ProducerWindow, Window, WindowLatency, WindowLevel,
};
use crate::outcome::{Estimate, SweepMeasure, SweepOutcome};

/// A column of the series: its heading and its value.
type Column = (&'static str, fn(&Window) -> String);

/// Counters, after `from_s`, `to_s` and `queue`.
const COUNTERS: &[Column] = &[
    ("sent/NumberOfMessagesSent Sum", |w| w.counts.sent.to_string()),
    ("moved_in", |w| w.counts.moved_in.to_string()),
    ("received/NumberOfMessagesReceived Sum", |w| w.counts.received.to_string()),
    ("deleted/NumberOfMessagesDeleted Sum", |w| w.counts.deleted.to_string()),
    ("empty_receives/NumberOfEmptyReceives Sum", |w| w.counts.empty_receives.to_string()),
    ("redelivered", |w| w.counts.redelivered.total().to_string()),
    ("redelivered.outlived_timeout", |w| w.counts.redelivered.outlived_timeout.to_string()),
    ("redelivered.prefetched", |w| w.counts.redelivered.prefetched.to_string()),
    ("redelivered.failed", |w| w.counts.redelivered.failed.to_string()),
    ("redelivered.crashed", |w| w.counts.redelivered.crashed.to_string()),
    ("redelivered.delete_lost", |w| w.counts.redelivered.delete_lost.to_string()),
    ("dead_lettered", |w| w.counts.dead_lettered.to_string()),
    ("expired", |w| w.counts.expired.to_string()),
    ("purged", |w| w.counts.purged.to_string()),
    ("throttled", |w| w.counts.throttled.to_string()),
    ("over_limit", |w| w.counts.over_limit.to_string()),
    ("duplicates", |w| w.counts.duplicates.to_string()),
    ("calls.send", |w| w.counts.calls.send.to_string()),
    ("calls.receive", |w| w.counts.calls.receive.to_string()),
    ("calls.delete", |w| w.counts.calls.delete.to_string()),
    ("calls.change_visibility", |w| w.counts.calls.change_visibility.to_string()),
    ("throttled_sends", |w| w.counts.throttled_sends.to_string()),
    ("imbalance", |w| thousandths(w.imbalance)),
    ("unavailable", |w| w.counts.unavailable.to_string()),
    ("unavailable_sends", |w| w.counts.unavailable_sends.to_string()),
    ("undone", |w| w.counts.undone.to_string()),
    ("redelivered.delete_undone", |w| w.counts.redelivered.delete_undone.to_string()),
    ("redelivered.not_hidden", |w| w.counts.redelivered.not_hidden.to_string()),
    ("node_failures", |w| w.counts.nodes.failures.to_string()),
    ("elections", |w| w.counts.nodes.elections.to_string()),
    ("copies", |w| w.counts.nodes.copies.to_string()),
    ("copies_dropped", |w| w.counts.nodes.copies_dropped.to_string()),
];

/// A level of the series: its heading, CloudWatch's name, and whether it is a length of time.
type LevelColumn = (&'static str, Option<&'static str>, bool, fn(&Window) -> WindowLevel);

/// Levels, in three columns each: mean over time, highest, at the end of the window.
const LEVELS: &[LevelColumn] = &[
    ("visible", Some("ApproximateNumberOfMessagesVisible"), false, |w| w.visible),
    ("in_flight", Some("ApproximateNumberOfMessagesNotVisible"), false, |w| w.in_flight),
    ("delayed", Some("ApproximateNumberOfMessagesDelayed"), false, |w| w.delayed),
    ("age_of_oldest", Some("ApproximateAgeOfOldestMessage"), true, |w| w.age_of_oldest),
    ("partitions", None, false, |w| w.partitions),
    ("resharding", None, false, |w| w.resharding),
    ("under_replicated", None, false, |w| w.under_replicated),
    ("without_quorum", None, false, |w| w.without_quorum),
];

type LatencyColumns = (&'static str, fn(&Window) -> WindowLatency);

/// Latencies of the series, in six columns each.
const LATENCIES: [LatencyColumns; 2] =
    [("sent_to_received", |w| w.sent_to_received), ("sent_to_deleted", |w| w.sent_to_deleted)];

/// Values of one latency; the first is a number, the rest are lengths of time.
const OF_LATENCY: [&str; 6] = ["count", "mean_s", "p50_s", "p95_s", "p99_s", "max_s"];

type FleetColumns = (&'static str, fn(&FleetWindow) -> WindowLevel);

/// Levels of a fleet, in three columns each.
const OF_FLEET: [FleetColumns; 3] = [
    ("busy_threads", |window| window.busy),
    ("calling_threads", |window| window.calling),
    ("up_threads", |window| window.up),
];

type ProducerColumn = (&'static str, fn(&ProducerWindow) -> u64);

/// What a producer has in its columns, `waited_mean_s` beside it.
const OF_PRODUCER: [ProducerColumn; 4] = [
    ("arrived", |window| window.arrived),
    ("sent", |window| window.sent),
    ("given_up", |window| window.given_up),
    ("held_back_last", |window| window.held_back),
];

/// The headings of the series.
fn headings(scenario: &Scenario) -> Vec<String> {
    let mut heads: Vec<String> = ["from_s", "to_s", "queue"].map(str::to_owned).into();
    heads.extend(COUNTERS.iter().map(|column| column.0.to_owned()));
    for (name, watched, is_length, _) in LEVELS {
        let unit = if *is_length { "_s" } else { "" };
        for (statistic, theirs) in [("mean", "Average"), ("max", "Maximum"), ("last", "")] {
            let theirs = watched.filter(|_| !theirs.is_empty()).map(|name| (name, theirs));
            let theirs = theirs.map_or_else(String::new, |(name, of)| format!("/{name} {of}"));
            heads.push(format!("{name}_{statistic}{unit}{theirs}"));
        }
    }
    for (name, _) in LATENCIES {
        heads.extend(OF_LATENCY.iter().map(|value| format!("{name}_{value}")));
    }
    for fleet in &scenario.fleets {
        for (name, _) in OF_FLEET {
            let of = |statistic| field(&format!("{}.{name}_{statistic}", fleet.name));
            heads.extend(["mean", "max", "last"].map(of));
        }
    }
    for producer in &scenario.producers {
        let of = |name: &str| field(&format!("{}.{name}", producer.name));
        heads.extend(OF_PRODUCER.iter().map(|(name, _)| of(name)));
        heads.push(of("waited_mean_s"));
    }
    heads
}

/// The series of one run: a row per window and queue; times in seconds. Counters are sums over the
/// window; of a level there are the mean over it, the highest value that lasted in it and the one
/// at its end; a latency stands in the window in which it ended. What belongs to a fleet or to a
/// producer stands in the rows of the queue that it receives from or sends to.
pub fn series(scenario: &Scenario, measured: &Measured) -> String {
    let mut text = headings(scenario).join(",") + "\n";
    let windows = measured.queues.iter().map(|queue| queue.series.len()).max().unwrap_or(0);
    let run = measured.end.as_nanos();
    for index in 0..windows {
        let from = scenario.window.saturating_mul(index as u64);
        let to = Span::from_nanos(from.saturating_add(scenario.window).as_nanos().min(run));
        for (place, (named, queue)) in scenario.queues.iter().zip(&measured.queues).enumerate() {
            let Some(window) = queue.series.get(index) else { continue };
            let mut values = vec![seconds(from), seconds(to), field(&named.name)];
            of_queue(window, &mut values);
            for (fleet, measured) in scenario.fleets.iter().zip(&measured.fleets) {
                let own = fleet.config.queue.0 as usize == place;
                of_fleet(measured.series.get(index).filter(|_| own), &mut values);
            }
            for (producer, measured) in scenario.producers.iter().zip(&measured.producers) {
                let own = producer.config.queue.0 as usize == place;
                of_producer(measured.series.get(index).filter(|_| own), &mut values);
            }
            text += &(values.join(",") + "\n");
        }
    }
    text
}

fn of_queue(window: &Window, values: &mut Vec<String>) {
    values.extend(COUNTERS.iter().map(|column| column.1(window)));
    for (_, _, is_length, level) in LEVELS {
        let WindowLevel { mean, max, last } = level(window);
        if *is_length {
            values.push((mean / 1e9).to_string());
            values.extend([max, last].map(|nanos| seconds(Span::from_nanos(nanos))));
        } else {
            values.extend([mean.to_string(), max.to_string(), last.to_string()]);
        }
    }
    for (_, latency) in LATENCIES {
        let WindowLatency { count, mean, p50, p95, p99, max } = latency(window);
        let length = |span| if count > 0 { seconds(span) } else { String::new() };
        values.push(count.to_string());
        values.extend([mean, p50, p95, p99, max].map(length));
    }
}

/// Empty fields where the fleet receives from another queue.
fn of_fleet(window: Option<&FleetWindow>, values: &mut Vec<String>) {
    for (_, level) in OF_FLEET {
        let level = window.map(level);
        let write = |value: fn(WindowLevel) -> String| level.map_or_else(String::new, value);
        let mean = write(|level| level.mean.to_string());
        let (max, last) = (write(|level| level.max.to_string()), write(|l| l.last.to_string()));
        values.extend([mean, max, last]);
    }
}

/// Empty fields where the producer sends to another queue; no wait where none was sent.
fn of_producer(window: Option<&ProducerWindow>, values: &mut Vec<String>) {
    values.extend(
        OF_PRODUCER
            .iter()
            .map(|(_, count)| window.map_or_else(String::new, |window| count(window).to_string())),
    );
    let waited = window.filter(|window| window.sent > 0).map(|window| {
        let mean = window.waited / u128::from(window.sent);
        seconds(Span::from_nanos(u64::try_from(mean).unwrap_or(u64::MAX)))
    });
    values.push(waited.unwrap_or_default());
}

/// The estimates, one a row: `measure,mean,low,high,n` with the 95 % interval, empty where one
/// run gives none. Lengths are nanoseconds, as their names say.
pub fn summary(estimate: &Estimate) -> String {
    let mut text = "measure,mean,ci95_low,ci95_high,n\n".to_owned();
    for (path, measure) in estimate.measures.iter() {
        let (low, high) = measure
            .ci95
            .map_or_else(Default::default, |[low, high]| (low.to_string(), high.to_string()));
        let (mean, n) = (measure.mean.to_string(), measure.n.to_string());
        text.extend([&field(path), ",", &mean, ",", &low, ",", &high, ",", &n, "\n"]);
    }
    text
}

/// A sweep, one row a point: the varied settings, each measure with its 95 % interval, whether the
/// expectations hold. Lengths are nanoseconds; empty is what has no value.
pub fn sweep(sweep: &SweepOutcome) -> String {
    let mut heads: Vec<String> = sweep.vary.iter().map(|knob| field(&knob.path)).collect();
    for SweepMeasure { text, unit } in &sweep.measures {
        let unit = if unit == "ns" { "_ns" } else { "" };
        let head = |part: &str| field(&format!("{text}{unit}{part}"));
        heads.extend(["", " ci95_low", " ci95_high"].map(head));
    }
    heads.extend(["replications", "expectations_hold", "fingerprint"].map(str::to_owned));
    let mut text = heads.join(",") + "\n";
    for point in &sweep.points {
        let mut fields: Vec<String> = point.at.iter().map(|value| field(value)).collect();
        for measure in &sweep.measures {
            let found = point.measures.get(&measure.text).filter(|measure| measure.n > 0);
            let ci95 = found.and_then(|measure| measure.ci95);
            let numbers =
                [found.map(|measure| measure.mean), ci95.map(|ci| ci[0]), ci95.map(|ci| ci[1])];
            let write = |number: Option<f64>| number.map_or_else(String::new, |n| n.to_string());
            fields.extend(numbers.map(write));
        }
        let holds = if point.expect.is_empty() { String::new() } else { point.holds().to_string() };
        fields.extend([sweep.replications.to_string(), holds, point.fingerprint.clone()]);
        text += &(fields.join(",") + "\n");
    }
    text
}

/// Whole seconds, or as many decimals as are needed to be exact.
fn seconds(span: Span) -> String {
    let nanos = span.as_nanos();
    let text = format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// As a decimal.
fn thousandths(value: u64) -> String {
    format!("{}.{:03}", value / 1_000, value % 1_000)
}

/// A field, quoted where it must be.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;
    use crate::stats::fixture;

    #[test]
    fn a_row_for_every_window_and_queue() {
        let (scenario, measured) = (fixture::scenario(), fixture::measured(0));
        let text = series(&scenario, &measured);
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        // Three windows of the first queue, none of the second.
        assert_eq!(rows.len(), 1 + 3);
        assert!(rows.iter().all(|row| row.len() == rows[0].len()));
        let column = |name: &str| rows[0].iter().position(|head| *head == name).expect(name);
        assert_eq!(rows[1][..3], ["0", "450", "orders"]);
        assert_eq!(rows[3][..2], ["900", "1200"], "the run ends within the last window");
        assert_eq!(rows[2][column("visible_last")], "3");
        assert_eq!(rows[2][column("sent/NumberOfMessagesSent Sum")], "36000");
        assert_eq!(rows[2][column("redelivered")], "36");
    }

    /// Ten messages arose and eight were sent after 3 s of waiting in all: 0.375 s each. The second
    /// queue has no producer; in the second window none was sent.
    #[test]
    fn a_producer_has_its_columns_in_the_rows_of_its_queue() {
        let (scenario, mut measured) = (fixture::scenario(), fixture::measured(0));
        let waited = u128::from(Span::from_secs(3).as_nanos());
        measured.producers[0].series = vec![
            ProducerWindow { arrived: 10, sent: 8, given_up: 1, waited, held_back: 1 },
            ProducerWindow { held_back: 1, ..ProducerWindow::default() },
        ];
        measured.queues[1].series = vec![Window::default()];
        let text = series(&scenario, &measured);
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        let first = rows[0].iter().position(|head| *head == "web.arrived").expect("is there");
        let names = ["arrived", "sent", "given_up", "held_back_last", "waited_mean_s"];
        assert_eq!(rows[0][first..], names.map(|name| format!("web.{name}")));
        let of = |window: &str, queue: &str| {
            let row = rows.iter().find(|row| row[0] == window && row[2] == queue);
            row.expect("is there")[first..].to_vec()
        };
        assert_eq!(of("0", "orders"), ["10", "8", "1", "1", "0.375"]);
        assert_eq!(of("0", "orders-dlq"), [""; 5]);
        assert_eq!(of("450", "orders"), ["0", "0", "0", "1", ""]);
    }

    #[test]
    fn what_nodes_did_has_columns_under_the_names_of_the_metrics() {
        let (scenario, measured) = fixture::with_nodes();
        let text = series(&scenario, &measured);
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        let column = |name: &str| rows[0].iter().position(|head| *head == name).expect(name);
        let expected = [
            ("unavailable", "1204"),
            ("unavailable_sends", "800"),
            ("undone", "5"),
            ("redelivered.delete_undone", "5"),
            ("redelivered.not_hidden", "2"),
            ("node_failures", "2"),
            ("elections", "43"),
            ("copies", "64"),
            ("copies_dropped", "1"),
            ("under_replicated_max", "117"),
            ("without_quorum_max", "11"),
        ];
        for (name, value) in expected {
            assert_eq!(rows[2][column(name)], value, "{name}");
        }
    }

    #[test]
    fn the_summary_has_an_interval_only_for_several_runs() {
        let scenario = fixture::scenario();
        let outcome =
            |shift| Outcome::from_run(&scenario, 42, shift, &fixture::measured(shift), None);
        let line = |outcomes: &[Outcome]| {
            let estimate = Estimate::of(outcomes).expect("finite numbers");
            let text = summary(&estimate);
            let found = text.lines().find(|line| line.starts_with("queues.orders.counts.sent,"));
            found.expect("is there").to_owned()
        };
        assert_eq!(line(&[outcome(0)]), "queues.orders.counts.sent,36000,,,1");
        // Values 36000 and 36002: mean 36001, half width 12.706… standard errors of 1.
        let both = line(&[outcome(0), outcome(2)]);
        let fields: Vec<&str> = both.split(',').collect();
        assert_eq!(fields[1], "36001");
        let low: f64 = fields[2].parse().expect("a number");
        assert!((low - (36_001.0 - 12.706_204_7)).abs() < 1e-6, "{both}");
    }

    #[test]
    fn fields_and_seconds_are_written_exactly() {
        assert_eq!(field("plain"), "plain");
        assert_eq!(field("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(seconds(Span::from_millis(1_500)), "1.5");
        assert_eq!(seconds(Span::from_secs(100)), "100");
        assert_eq!(seconds(Span::from_nanos(1)), "0.000000001");
        assert_eq!(seconds(Span::ZERO), "0");
    }
}
