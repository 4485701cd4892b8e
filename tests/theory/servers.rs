//! Queues whose waits have textbook laws: M/M/1, M/M/c, M/G/1 and M/G/∞.
//!
//! Run lengths are those for M/M/1 at the same load: ±1 % up to load 0.8 and ±2 % at 0.9 (see
//! `evidence`), over 40 replications.

use sqsim::facts::deed::Deed;
use sqsim::facts::observer::Observer;
use sqsim::kernel::dist::Dist;
use sqsim::kernel::num;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::QueueId;
use sqsim::ledger::journal::{Change, Journal, Step};
use sqsim::model::scenario::Scenario;
use sqsim::observe::measured::{Latency, Measured};

use crate::book::{measure, measure_with};
use crate::evidence::{Length, agree, mean, reading, second_moment, seconds, share_above};
use crate::support::{fleet, poisson, producer, queue, scenario, secs};

const REPLICATIONS: u64 = 40;

/// Exponential work.
pub(crate) fn exponential() -> Dist {
    Dist::Exponential { mean: secs(1) }
}

/// `workers` with this work at load `rho`, one of `REPLICATIONS` runs of this length in all. All
/// messages of the measured window are finished in the drain.
pub(crate) fn station(workers: u32, work: Dist, rho: f64, length: Length) -> Scenario {
    let rate = rho * f64::from(workers);
    let (warm_up, drain) = (seconds(length.warm_up), seconds(length.warm_up));
    let measured = seconds(length.customers / REPLICATIONS as f64 / rate);
    let producer = producer(poisson(rate));
    let mut station =
        scenario(queue(), producer, fleet(workers, work), warm_up + measured, warm_up);
    station.drain = drain;
    station
}

fn half_width(rho: f64) -> f64 {
    if rho > 0.85 { 0.02 } else { 0.01 }
}

/// The share of messages that were received at the instant they were sent.
fn served_at_once(measured: &Measured) -> f64 {
    let wait = &measured.queues[0].latencies.sent_to_received;
    wait.distribution.up_to(0) / wait.count() as f64
}

fn quantile(latency: &Latency, p: f64) -> f64 {
    latency.quantile_nanos(p) as f64 / 1e9
}

/// W = 1/(1−ρ), its law exponential; P(Wq > t) = ρe^−(1−ρ)t (L. Kleinrock, "Queueing Systems",
/// volume 1, 1975, sections 3.2 and 5.7).
fn mm1(rho: f64) {
    let length = Length::at(rho, half_width(rho), 1.0);
    let station = station(1, exponential(), rho, length);
    let spare = 1.0 - rho;
    let [t95, t99, wq95] = [0.05, 0.01, 0.05 / rho].map(|tail| -num::ln(tail) / spare);
    agree(&format!("M/M/1 at load {rho}"), REPLICATIONS, 0.02, |replication| {
        let measured = measure(&station, replication);
        let queue = &measured.queues[0];
        let (wait, stay) = (&queue.latencies.sent_to_received, &queue.latencies.sent_to_deleted);
        let busy = measured.fleets[0].busy.mean();
        vec![
            reading("Wq", rho / spare, mean(wait)),
            reading("W", 1.0 / spare, mean(stay)),
            reading("Lq", rho * rho / spare, queue.levels.visible.mean()),
            reading("L", rho / spare, queue.levels.visible.mean() + queue.levels.in_flight.mean()),
            reading("utilisation", rho, busy),
            reading("in flight", rho, queue.levels.in_flight.mean()),
            reading("P(T > T95)", 0.05, share_above(stay, t95)).to(0.05),
            reading("P(T > T99)", 0.01, share_above(stay, t99)).to(0.1),
            reading("P(Wq > Wq95)", 0.05, share_above(wait, wq95)).to(0.05),
            reading("T95", t95, quantile(stay, 0.95)),
            reading("T99", t99, quantile(stay, 0.99)).to(0.04),
            reading("Wq95", wq95, quantile(wait, 0.95)),
            reading("P(wait)", rho, 1.0 - served_at_once(&measured)),
            reading("E[Wq²]", 2.0 * rho / (spare * spare), second_moment(wait)).to(0.05),
        ]
    });
}

#[test]
fn mm1_at_load_50() {
    mm1(0.5);
}

#[test]
fn mm1_at_load_70() {
    mm1(0.7);
}

#[test]
fn mm1_at_load_80() {
    mm1(0.8);
}

#[test]
fn mm1_at_load_90() {
    mm1(0.9);
}

/// Erlang's C, and percentiles of the wait: P(Wq > t) = C·e^−c(1−ρ)t (A. K. Erlang, 1917).
fn mmc(workers: u32, rho: f64, erlang_c: f64, percentiles: &[(f64, f64)], precision: f64) {
    let station = station(workers, exponential(), rho, Length::at(rho, half_width(rho), 1.0));
    let wq = erlang_c / (f64::from(workers) * (1.0 - rho));
    agree(&format!("M/M/{workers} at load {rho}"), REPLICATIONS, precision, |replication| {
        let measured = measure(&station, replication);
        let queue = &measured.queues[0];
        let busy = measured.fleets[0].busy.mean() / f64::from(workers);
        let mut readings = vec![
            reading("Wq", wq, mean(&queue.latencies.sent_to_received)),
            reading("W", wq + 1.0, mean(&queue.latencies.sent_to_deleted)),
            reading("Lq", wq * rho * f64::from(workers), queue.levels.visible.mean()),
            reading("busy", rho, busy),
            reading("P(wait)", erlang_c, 1.0 - served_at_once(&measured)),
        ];
        readings.extend(percentiles.iter().map(|&(p, t)| {
            let above = share_above(&queue.latencies.sent_to_received, t);
            reading(format!("P(Wq > p{p})"), 1.0 - p / 100.0, above).to(0.15)
        }));
        readings
    });
}

#[test]
fn mm2() {
    mmc(2, 0.5, 0.333_333, &[], 0.01);
    let percentiles = [(50.0, 0.880_552), (90.0, 4.904_146), (95.0, 6.637_014), (99.0, 10.660_61)];
    mmc(2, 0.8, 0.711_111, &percentiles, 0.02);
}

#[test]
fn mm5() {
    mmc(5, 0.7, 0.377_838, &[], 0.02);
    let percentiles = [(50.0, 0.843_971), (90.0, 4.062_847), (95.0, 5.449_141), (99.0, 8.668_017)];
    mmc(5, 0.9, 0.762_493, &percentiles, 0.03);
}

#[test]
fn mm10() {
    mmc(10, 0.5, 0.036_105, &[], 0.05);
    let percentiles = [(90.0, 0.704_493), (95.0, 1.051_066), (99.0, 1.855_785)];
    mmc(10, 0.8, 0.409_180, &percentiles, 0.02);
}

#[test]
fn mm10_at_load_90() {
    let percentiles = [(50.0, 0.290_775), (90.0, 1.900_212), (95.0, 2.593_360), (99.0, 4.202_798)];
    mmc(10, 0.9, 0.668_732, &percentiles, 0.03);
}

/// Mean wait and standard deviation of the wait: `Wq = ρE[S²]/(2(1−ρ))`,
/// `Var Wq = Wq² + ρE[S³]/(3(1−ρ))` (F. Pollaczek, 1930; A. Y. Khinchine, 1932). The second moment
/// is compared rather than the standard deviation, whose estimate from a finite run is too low.
/// It is left out where `moments` is not set: with heavy-tailed work it hangs on a few long busy
/// periods, and a standard error from as few says nothing.
fn mg1(name: &str, work: &Dist, cv2: f64, rho: f64, (wq, sd): (f64, f64), moments: bool) {
    let station = station(1, work.clone(), rho, Length::at(rho, 0.01, cv2));
    agree(&format!("M/{name}/1 at load {rho}"), REPLICATIONS, 0.02, |replication| {
        let measured = measure(&station, replication);
        let queue = &measured.queues[0];
        let wait = &queue.latencies.sent_to_received;
        let mut readings = vec![
            reading("Wq", wq, mean(wait)),
            reading("Lq", wq * rho, queue.levels.visible.mean()),
            reading("W", wq + 1.0, mean(&queue.latencies.sent_to_deleted)),
            reading("work", 1.0, mean(&queue.latencies.processing)),
            reading("P(wait)", rho, 1.0 - served_at_once(&measured)),
            reading("busy", rho, measured.fleets[0].busy.mean()),
        ];
        if moments {
            let squares = reading("E[Wq²]", wq * wq + sd * sd, second_moment(wait));
            readings.push(squares.to(0.05));
        }
        readings
    });
}

#[test]
fn mg1_with_constant_work() {
    let work = Dist::Constant(secs(1));
    mg1("D", &work, 0.0, 0.5, (0.5, 0.763_763), true);
    mg1("D", &work, 0.0, 0.7, (1.166_667, 1.462_494), true);
    mg1("D", &work, 0.0, 0.8, (2.0, 2.309_401), true);
}

#[test]
fn mg1_with_erlang_work() {
    let work = Dist::Erlang { k: 4, mean: secs(1) };
    mg1("E4", &work, 0.25, 0.5, (0.625, 1.007_782), true);
    mg1("E4", &work, 0.25, 0.7, (1.458_333, 1.893_428), true);
    mg1("E4", &work, 0.25, 0.8, (2.5, 2.958_040), true);
}

#[test]
fn mg1_with_log_normal_work() {
    let work = Dist::log_normal_from_mean_cv(secs(1), num::sqrt(2.0));
    mg1("LogN", &work, 2.0, 0.5, (1.5, 3.354_102), false);
    mg1("LogN", &work, 2.0, 0.8, (6.0, 8.485_281), false);
}

#[test]
fn mg1_with_hyper_exponential_work() {
    let work = Dist::hyper_exponential_balanced(secs(1), 2.0);
    mg1("H2", &work, 4.0, 0.5, (2.5, 5.123_475), false);
    mg1("H2", &work, 4.0, 0.8, (10.0, 13.416_408), false);
}

/// P(Wq ≤ t) of M/D/1 (C. D. Crommelin, "Delay probability formulae when the holding times are
/// constant", P.O. Electrical Engineers Journal 25, 1932).
#[test]
fn md1_waits_have_crommelins_law() {
    let laws = [
        (0.5, [(0.5, 0.642_013), (1.0, 0.824_361), (2.0, 0.946_961)]),
        (0.8, [(1.0, 0.445_108), (2.0, 0.634_520), (5.0, 0.899_503)]),
    ];
    for (rho, law) in laws {
        let station = station(1, Dist::Constant(secs(1)), rho, Length::at(rho, 0.01, 0.0));
        agree(&format!("M/D/1 at load {rho}"), REPLICATIONS, 0.03, |replication| {
            let measured = measure(&station, replication);
            let wait = &measured.queues[0].latencies.sent_to_received;
            let above = |(t, p)| reading(format!("P(Wq > {t})"), 1.0 - p, share_above(wait, t));
            law.into_iter().map(above).collect()
        });
    }
}

/// How long more than `quota` messages were in flight, from `from` to `to`.
struct Crowding {
    quota: u64,
    from: Time,
    to: Time,
    in_flight: u64,
    since: Time,
    above: Span,
}

impl Crowding {
    fn turn(&mut self, now: Time, in_flight: u64) {
        let now = now.clamp(self.from, self.to);
        if self.in_flight > self.quota {
            self.above += now - self.since;
        }
        self.since = now;
        self.in_flight = in_flight;
    }
}

impl Journal for Crowding {
    fn change(&mut self, now: Time, _queue: QueueId, change: &Change) {
        if let Change::Message(_, Step::Received { .. }) = change {
            self.turn(now, self.in_flight + 1);
        } else if let Change::Message(_, Step::Deleted { .. }) = change {
            self.turn(now, self.in_flight - 1);
        }
    }
}

impl Observer for Crowding {
    fn deed(&mut self, _now: Time, _deed: &Deed) {}
}

/// With a worker for everybody the number in flight is Poisson with mean λE[S], whatever the law
/// of the work (L. Takács, "Introduction to the Theory of Queues", 1962). P(more than 25) for
/// mean 20 is 0.112185.
#[test]
fn unlimited_workers_hold_a_poisson_number_of_messages() {
    let (rate, length) = (20.0, seconds(3_000.0));
    let laws = [
        ("D", Dist::Constant(secs(1))),
        ("LogN", Dist::log_normal_from_mean_cv(secs(1), num::sqrt(2.0))),
    ];
    for (name, work) in laws {
        // The work has left what it began with after 100 times its mean, whatever its law here.
        let warm_up = secs(100);
        let producer = producer(poisson(rate));
        let scenario = scenario(queue(), producer, fleet(80, work), warm_up + length, warm_up);
        agree(&format!("M/{name}/∞"), REPLICATIONS, 0.01, |replication| {
            let (from, to) = (Time::ZERO + warm_up, Time::ZERO + scenario.duration);
            let above = Span::ZERO;
            let crowding = Crowding { quota: 25, from, to, in_flight: 0, since: from, above };
            let (measured, _, mut crowding) = measure_with(&scenario, replication, crowding);
            crowding.turn(to, 0);
            let above = crowding.above.as_secs_f64() / length.as_secs_f64();
            vec![
                reading("in flight", rate, measured.queues[0].levels.in_flight.mean()),
                reading("busy", rate, measured.fleets[0].busy.mean()),
                reading("P(N > 25)", 0.112_185, above).to(0.02),
                reading(
                    "wait + 1",
                    1.0,
                    1.0 + mean(&measured.queues[0].latencies.sent_to_received),
                ),
            ]
        });
    }
}
