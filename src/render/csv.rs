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

use crate::kernel::time::Span;
use crate::ledger::config::QueueId;
use crate::model::scenario::Scenario;
use crate::observe::levels::Of;
use crate::observe::measured::{
    Counter, DownstreamWindow, FleetWindow, FunctionWindow, Measured, ProducerWindow, QueueCounts,
    QueueLatency, QueueLevel, Window, WindowLatency, WindowLatencyOf, WindowLevel,
};
use crate::outcome::{Estimate, SweepMeasure, SweepOutcome};
use crate::stats::by_queue::ByQueue;

/// How a counter's column is headed.
fn heading(counter: &Counter<QueueCounts>) -> String {
    let watched = counter.watched.map_or_else(String::new, |metric| format!("/{metric} Sum"));
    format!("{}{watched}", counter.name)
}

/// Latencies that the series has, in six columns each.
fn latencies() -> impl Iterator<Item = (&'static str, WindowLatencyOf)> {
    QueueLatency::ALL.iter().filter_map(|row| Some((row.name, row.window?)))
}

/// Values of one latency; the first is a number, the rest are lengths of time.
const OF_LATENCY: [&str; 6] = ["count", "mean_s", "p50_s", "p95_s", "p99_s", "max_s"];

/// A level of a part, in three columns: its name, and where it is.
type Columns<W> = (&'static str, fn(&W) -> WindowLevel);

/// Levels of a fleet, in three columns each.
const OF_FLEET: [Columns<FleetWindow>; 6] = [
    ("busy_threads", |window| window.busy),
    ("calling_threads", |window| window.calling),
    ("up_threads", |window| window.up),
    ("down_threads", |window| window.down),
    ("wanted_workers", |window| window.wanted),
    ("counted_visible", |window| window.counted),
];

/// A counter of a part, in one column: its name, and where it is.
type Sums<W> = (&'static str, fn(&W) -> u64);

/// Counters of a fleet whose workers come and go.
const OF_VARIED: [Sums<FleetWindow>; 2] =
    [("killed", |window| window.killed.into()), ("deploys", |window| window.deploys.into())];

/// Levels of a function, in three columns each.
const OF_FUNCTION: [Columns<FunctionWindow>; 4] = [
    ("concurrency", |window| window.concurrency),
    ("in_use", |window| window.in_use),
    ("limit", |window| window.limit),
    ("environments", |window| window.environments),
];

/// Counters of a function, in a column each.
const COUNTS_OF_FUNCTION: [Sums<FunctionWindow>; 3] = [
    ("invocations", |window| window.invocations),
    ("invocation_throttles", |window| window.throttles),
    ("invocation_failures", |window| window.failures),
];

/// What a producer has in its columns, `waited_mean_s` beside it.
const OF_PRODUCER: [Sums<ProducerWindow>; 4] = [
    ("arrived", |window| window.arrived),
    ("sent", |window| window.sent),
    ("given_up", |window| window.given_up),
    ("held_back_last", |window| window.held_back),
];

/// Counters of a downstream, in a column each.
const OF_DOWNSTREAM: [Sums<DownstreamWindow>; 7] = [
    ("calls", |window| window.calls),
    ("refused", |window| window.refused),
    ("timeouts", |window| window.timeouts),
    ("begun", |window| window.begun),
    ("done", |window| window.done),
    ("failed", |window| window.failed),
    ("unheard", |window| window.unheard),
];

/// Levels of a downstream, in three columns each.
const LEVELS_OF_DOWNSTREAM: [Columns<DownstreamWindow>; 2] =
    [("waiting", |window| window.waiting), ("in_use", |window| window.in_use)];

/// Most consumers and producers together that have columns of their own: of ten thousand queues
/// with a consumer each, nearly all fields would be empty, a hundred million a window.
const MOST_OWN: usize = 100;

/// Whether consumers and producers have columns of their own.
fn has_own_columns(scenario: &Scenario) -> bool {
    let clients = [scenario.fleets.len(), scenario.producers.len(), scenario.functions.len()];
    clients.into_iter().sum::<usize>() <= MOST_OWN
}

/// What columns are for, and who has rows where.
struct Plan {
    by_queue: ByQueue,
    /// By fleet, whether its workers come and go.
    varied: Vec<bool>,
}

impl Plan {
    fn of(scenario: &Scenario, measured: &Measured) -> Plan {
        let fleets = scenario.fleets.iter().zip(&measured.fleets);
        let varied = fleets.map(|(named, fleet)| fleet.varied(&named.config)).collect();
        Plan { by_queue: ByQueue::of(scenario), varied }
    }

    /// Whether the columns of this fleet, or of all fleets together, have what only those have
    /// whose workers come and go.
    fn has_varied(&self, fleet: Option<usize>) -> bool {
        match fleet {
            Some(fleet) => self.varied.get(fleet).is_some_and(|varied| *varied),
            None => self.varied.contains(&true),
        }
    }
}

/// The headings of the series.
fn headings(scenario: &Scenario, plan: &Plan) -> Vec<String> {
    let mut heads: Vec<String> = ["from_s", "to_s", "queue"].map(str::to_owned).into();
    heads.extend(Counter::all().map(heading));
    heads.extend(["redelivered", "imbalance"].map(str::to_owned));
    for QueueLevel { name, watched, of, .. } in QueueLevel::ALL {
        let unit = match of {
            Of::Nanoseconds => "_s",
            Of::Things => "",
        };
        for (statistic, theirs) in [("mean", "Average"), ("max", "Maximum"), ("last", "")] {
            let theirs = watched.filter(|_| !theirs.is_empty()).map(|name| (name, theirs));
            let theirs = theirs.map_or_else(String::new, |(name, of)| format!("/{name} {of}"));
            heads.push(format!("{name}_{statistic}{unit}{theirs}"));
        }
    }
    for (name, _) in latencies() {
        heads.extend(OF_LATENCY.iter().map(|value| format!("{name}_{value}")));
    }
    let own = has_own_columns(scenario);
    let fleets = scenario.fleets.iter().enumerate().filter(|_| own);
    let fleets = fleets.map(|(place, fleet)| (Some(place), fleet.name.as_str()));
    for (place, fleet) in fleets.chain((!own).then_some((None, "consumer"))) {
        heads.extend((!own).then(|| fleet.to_owned()));
        for (name, _) in OF_FLEET {
            let of = |statistic| field(&format!("{fleet}.{name}_{statistic}"));
            heads.extend(["mean", "max", "last"].map(of));
        }
        if plan.has_varied(place) {
            heads.extend(OF_VARIED.map(|(name, _)| field(&format!("{fleet}.{name}"))));
        }
    }
    let producers = scenario.producers.iter().map(|producer| producer.name.as_str());
    for producer in producers.filter(|_| own).chain((!own).then_some("producer")) {
        heads.extend((!own).then(|| producer.to_owned()));
        let of = |name: &str| field(&format!("{producer}.{name}"));
        heads.extend(OF_PRODUCER.iter().map(|(name, _)| of(name)));
        heads.push(of("waited_mean_s"));
    }
    let functions = scenario.functions.iter().map(|function| function.name.as_str());
    let together = (!own && !scenario.functions.is_empty()).then_some("function");
    for function in functions.filter(|_| own).chain(together) {
        heads.extend((!own).then(|| function.to_owned()));
        for (name, _) in OF_FUNCTION {
            let of = |statistic| field(&format!("{function}.{name}_{statistic}"));
            heads.extend(["mean", "max", "last"].map(of));
        }
        heads.extend(COUNTS_OF_FUNCTION.map(|(name, _)| field(&format!("{function}.{name}"))));
    }
    for downstream in &scenario.downstreams {
        let of = |name: &str| field(&format!("{}.{name}", downstream.name));
        heads.extend(OF_DOWNSTREAM.iter().map(|(name, _)| of(name)));
        for (name, _) in LEVELS_OF_DOWNSTREAM {
            heads.extend(["mean", "max", "last"].map(|part| of(&format!("{name}_{part}"))));
        }
    }
    heads
}

/// The series of one run: a row per window and queue; times in seconds. Counters are sums over the
/// window; of a level there are the mean over it, the highest value that lasted in it and the one
/// at its end; a latency stands in the window in which it ended. What belongs to a fleet or to a
/// producer stands in the rows of the queue that it receives from or sends to, in columns of its
/// own; where there are more than a hundred, under their names, and a queue with several has a row
/// for each. What workers lean on stands in the first row of each window.
pub fn series(scenario: &Scenario, measured: &Measured) -> String {
    series_in_pieces(scenario, measured).collect()
}

/// The same in pieces: the headings, and the rows of each window.
pub fn series_in_pieces<'a>(
    scenario: &'a Scenario,
    measured: &'a Measured,
) -> impl Iterator<Item = String> + 'a {
    let windows = measured.queues.iter().map(|queue| queue.series.len()).max().unwrap_or(0);
    let plan = Plan::of(scenario, measured);
    let headings = headings(scenario, &plan).join(",") + "\n";
    let rows = move |index| rows_of(scenario, measured, &plan, index);
    std::iter::once(headings).chain((0..windows).map(rows))
}

/// The rows of a window.
fn rows_of(scenario: &Scenario, measured: &Measured, plan: &Plan, index: usize) -> String {
    let mut text = String::new();
    let from = scenario.window.saturating_mul(index as u64);
    let to = from.saturating_add(scenario.window).as_nanos().min(measured.end.as_nanos());
    let edges = [from, Span::from_nanos(to)].map(seconds);
    let own = has_own_columns(scenario);
    for (place, (named, queue)) in scenario.queues.iter().zip(&measured.queues).enumerate() {
        let Some(window) = queue.series.get(index) else { continue };
        let [from, to] = edges.clone();
        let mut values = vec![from, to, field(&named.name)];
        if !own {
            let mut rest = values.clone();
            of_queue(window, &mut values);
            rest.resize(values.len(), String::new());
            let (fleets, producers) = (plan.by_queue.fleets(place), plan.by_queue.producers(place));
            let functions = functions_at(scenario, place);
            for row in 0..fleets.len().max(producers.len()).max(functions.len()).max(1) {
                let mut values = if row == 0 { values.clone() } else { rest.clone() };
                let fleet = fleets.get(row).copied();
                values.push(fleet.map_or_else(String::new, |at| field(&scenario.fleets[at].name)));
                let series = fleet.and_then(|at| measured.fleets.get(at)?.series.get(index));
                of_fleet(series, plan.has_varied(None), &mut values);
                let producer = producers.get(row).copied();
                let name = producer.map(|at| field(&scenario.producers[at].name));
                values.push(name.unwrap_or_default());
                let series = producer.and_then(|at| measured.producers.get(at)?.series.get(index));
                of_producer(series, &mut values);
                if !scenario.functions.is_empty() {
                    let function = functions.get(row).copied();
                    let name = function.map(|at| field(&scenario.functions[at].name));
                    values.push(name.unwrap_or_default());
                    let series = function.and_then(|at| measured.functions.get(at));
                    of_function(series.and_then(|of| of.series.get(index)), &mut values);
                }
                of_downstreams(measured, index, text.is_empty(), &mut values);
                text += &(values.join(",") + "\n");
            }
            continue;
        }
        of_queue(window, &mut values);
        for (at, (fleet, measured)) in scenario.fleets.iter().zip(&measured.fleets).enumerate() {
            let own = fleet.config.receives_from(QueueId(place as u32));
            let series = measured.series.get(index).filter(|_| own);
            of_fleet(series, plan.has_varied(Some(at)), &mut values);
        }
        for (producer, measured) in scenario.producers.iter().zip(&measured.producers) {
            let own = producer.config.queue.0 as usize == place;
            of_producer(measured.series.get(index).filter(|_| own), &mut values);
        }
        for (function, measured) in scenario.functions.iter().zip(&measured.functions) {
            let own = function.config.queue.0 as usize == place;
            of_function(measured.series.get(index).filter(|_| own), &mut values);
        }
        of_downstreams(measured, index, text.is_empty(), &mut values);
        text += &(values.join(",") + "\n");
    }
    text
}

fn of_queue(window: &Window, values: &mut Vec<String>) {
    values.extend(Counter::all().map(|counter| (counter.of)(&window.counts).to_string()));
    values.push(window.counts.redelivered.total().to_string());
    values.push(thousandths(window.imbalance));
    for row in QueueLevel::ALL {
        let WindowLevel { mean, max, last } = *(row.window)(&window.levels);
        match row.of {
            Of::Nanoseconds => {
                values.push((mean / 1e9).to_string());
                values.extend([max, last].map(|nanos| seconds(Span::from_nanos(nanos))));
            }
            Of::Things => values.extend([mean.to_string(), max.to_string(), last.to_string()]),
        }
    }
    for (_, latency) in latencies() {
        let WindowLatency { count, mean, p50, p95, p99, max } = *latency(&window.latencies);
        let length = |span| if count > 0 { seconds(span) } else { String::new() };
        values.push(count.to_string());
        values.extend([mean, p50, p95, p99, max].map(length));
    }
}

/// The places of the functions that receive from the queue at this place.
fn functions_at(scenario: &Scenario, queue: usize) -> Vec<usize> {
    let functions = scenario.functions.iter().enumerate();
    let own = functions.filter(|(_, function)| function.config.queue.0 as usize == queue);
    own.map(|(at, _)| at).collect()
}

/// Empty fields where the fleet receives from another queue.
fn of_fleet(window: Option<&FleetWindow>, has_varied: bool, values: &mut Vec<String>) {
    levels(window, &OF_FLEET, values);
    if has_varied {
        sums(window, &OF_VARIED, values);
    }
}

/// Empty fields where the function receives from another queue.
fn of_function(window: Option<&FunctionWindow>, values: &mut Vec<String>) {
    levels(window, &OF_FUNCTION, values);
    sums(window, &COUNTS_OF_FUNCTION, values);
}

/// Counters of a part in a column each; empty fields without a window.
fn sums<W>(window: Option<&W>, columns: &[Sums<W>], values: &mut Vec<String>) {
    let sum =
        |(_, sum): &Sums<W>| window.map_or_else(String::new, |window| sum(window).to_string());
    values.extend(columns.iter().map(sum));
}

/// Levels of a part in three columns each; empty fields without a window.
fn levels<W>(window: Option<&W>, columns: &[Columns<W>], values: &mut Vec<String>) {
    for (_, level) in columns {
        let level = window.map(level);
        let write = |value: fn(WindowLevel) -> String| level.map_or_else(String::new, value);
        let mean = write(|level| level.mean.to_string());
        let (max, last) = (write(|level| level.max.to_string()), write(|l| l.last.to_string()));
        values.extend([mean, max, last]);
    }
}

/// Empty fields where the producer sends to another queue; no wait where none was sent.
fn of_producer(window: Option<&ProducerWindow>, values: &mut Vec<String>) {
    sums(window, &OF_PRODUCER, values);
    let waited = window.filter(|window| window.sent > 0).map(|window| {
        let mean = window.waited / u128::from(window.sent);
        seconds(Span::from_nanos(u64::try_from(mean).unwrap_or(u64::MAX)))
    });
    values.push(waited.unwrap_or_default());
}

/// Empty fields where the row is not the first one of its window.
fn of_downstreams(measured: &Measured, index: usize, first: bool, values: &mut Vec<String>) {
    for downstream in &measured.downstreams {
        let window = downstream.series.get(index).filter(|_| first);
        sums(window, &OF_DOWNSTREAM, values);
        levels(window, &LEVELS_OF_DOWNSTREAM, values);
    }
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
    use crate::model::downstream::DownstreamBound;
    use crate::observe::measured::{DownstreamMeasured, FunctionMeasured};
    use crate::outcome::Outcome;
    use crate::stats::fixture;

    /// As many rows and fields as there are consumers, not their square.
    #[test]
    fn many_consumers_stand_under_their_names() {
        let (mut scenario, mut measured) = (fixture::scenario(), fixture::measured(0));
        let own = series(&scenario, &measured).lines().next().map(|head| head.split(',').count());
        for number in 0..MOST_OWN {
            let mut fleet = scenario.fleets[0].clone();
            fleet.name = format!("more-{number}");
            scenario.fleets.push(fleet);
            measured.fleets.push(measured.fleets[0].clone());
        }
        let text = series(&scenario, &measured);
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        assert!(rows.iter().all(|row| row.len() == rows[0].len()));
        // The names of the two are all that is added.
        assert_eq!(Some(rows[0].len()), own.map(|own| own + 2));
        let column = |name: &str| rows[0].iter().position(|head| *head == name).expect(name);
        let windows = measured.queues[0].series.len();
        let of = |name: &str| rows.iter().filter(|row| row[column("consumer")] == name).count();
        assert_eq!((of("more-0"), of("more-99")), (windows, windows));
        let sent = column("sent/NumberOfMessagesSent Sum");
        let more = rows.iter().find(|row| row[column("consumer")] == "more-7").expect("has a row");
        assert_eq!(more[sent], "", "the queue itself is told once");
    }

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
        let windows = [
            ProducerWindow { arrived: 10, sent: 8, given_up: 1, waited, held_back: 1 },
            ProducerWindow { held_back: 1, ..ProducerWindow::default() },
        ];
        measured.producers[0].series = windows.into_iter().collect();
        measured.queues[1].series = std::iter::once(Window::default()).collect();
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

    /// What only fleets have whose workers come and go, of functions and of downstreams; a fixed
    /// fleet has the columns that it always had.
    #[test]
    fn counts_of_parts_have_columns() {
        let (mut scenario, mut measured) = (fixture::scenario(), fixture::measured(0));
        (scenario.functions, scenario.downstreams) = (Vec::new(), Vec::new());
        let fixed = series(&scenario, &measured);
        assert!(!fixed.contains(".killed") && !fixed.contains(".deploys"), "{fixed}");
        let sample = crate::observe::trace::sample::scenario();
        (scenario.functions, scenario.downstreams) = (sample.functions, sample.downstreams);
        let of = |killed, wanted| {
            let wanted = WindowLevel { max: wanted, ..WindowLevel::default() };
            FleetWindow { killed, deploys: 1, wanted, ..FleetWindow::default() }
        };
        measured.fleets[0].series = [of(2, 4), of(3, 5)].into_iter().collect();
        let window =
            FunctionWindow { invocations: 9, throttles: 4, failures: 5, ..Default::default() };
        let series_of_function = std::iter::once(window).collect();
        measured.functions =
            vec![FunctionMeasured { series: series_of_function, ..Default::default() }];
        let bound = DownstreamBound::Pool { connections: 1 };
        let window = DownstreamWindow { begun: 6, done: 7, failed: 8, ..Default::default() };
        let calls = std::iter::once(window).collect();
        measured.downstreams =
            vec![DownstreamMeasured { series: calls, ..DownstreamMeasured::new(bound) }];
        let text = series(&scenario, &measured);
        let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        assert!(rows.iter().all(|row| row.len() == rows[0].len()));
        let fleet = &scenario.fleets[0].name;
        let expected = [
            (format!("{fleet}.killed"), ["2", "3"]),
            (format!("{fleet}.deploys"), ["1", "1"]),
            ("handler.invocations".to_owned(), ["9", ""]),
            ("handler.invocation_throttles".to_owned(), ["4", ""]),
            ("handler.invocation_failures".to_owned(), ["5", ""]),
            ("db.begun".to_owned(), ["6", ""]),
            ("db.done".to_owned(), ["7", ""]),
            ("db.failed".to_owned(), ["8", ""]),
        ];
        for (name, values) in expected {
            let column = rows[0].iter().position(|head| *head == name).expect(&name);
            assert_eq!([rows[1][column], rows[2][column]], values, "{name}");
        }
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
