//! What redeliveries cost: failures that are given back, a dead-letter queue, and visibility
//! timeouts that are shorter than the work.

use sqsim::facts::deed::{Deed, Ending};
use sqsim::facts::observer::Observer;
use sqsim::kernel::dist::Dist;
use sqsim::kernel::num;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::{QueueId, Redrive};
use sqsim::ledger::journal::{Change, Journal, Step};
use sqsim::model::clients::{Failure, OnFailure};
use sqsim::model::scenario::Scenario;

use crate::book::{measure, measure_with};
use crate::evidence::{Length, agree, mean, reading, seconds};
use crate::servers::exponential;
use crate::support::{fleet, named, poisson, poisson_until, producer, queue, scenario, secs};

const REPLICATIONS: u64 = 40;

/// A row of failures that are given back after a delay.
#[derive(Clone, Copy)]
struct Row {
    /// Messages per second.
    rate: f64,
    workers: u32,
    /// Probability of failure.
    fails: f64,
    /// Seconds until a failed message is visible again.
    delay: u64,
    /// Receives after which the next one moves the message.
    most: Option<u32>,
    /// Mean wait of a receive: that of M/M/c at the load of all receives.
    wait: f64,
}

impl Row {
    /// Receives that are worked on, per message: (1 − pᵐ)/(1 − p).
    fn receives(&self) -> f64 {
        (1.0 - self.dead()) / (1.0 - self.fails)
    }

    /// Share of messages that fail every time they may.
    fn dead(&self) -> f64 {
        self.most.map_or(0.0, |most| (0..most).map(|_| self.fails).product())
    }

    fn load(&self) -> f64 {
        self.rate * self.receives() / f64::from(self.workers)
    }

    fn scenario(&self) -> Scenario {
        let length = Length::at(self.load(), 0.01, 1.0);
        let mut fleet = fleet(self.workers, exponential());
        let then = OnFailure::Release(secs(self.delay));
        fleet.failure = Failure { probability: self.fails, poison: 0.0, then, whole_batch: false };
        let measured = seconds(length.customers / REPLICATIONS as f64 / self.rate);
        // Twenty failures in a row do not happen.
        let warm_up = seconds(length.warm_up) + secs(20 * self.delay);
        let mut queues = vec![queue()];
        if let Some(max_receives) = self.most {
            queues[0].redrive = Some(Redrive { to: QueueId(1), max_receives });
            queues.push(queue());
        }
        let producer = producer(poisson(self.rate));
        let mut scenario = scenario(queue(), producer, fleet, warm_up + measured, warm_up);
        scenario.queues = queues.into_iter().map(|queue| named("queue", queue)).collect();
        scenario.drain = warm_up;
        scenario
    }

    /// Queue and delay are a product-form network (F. Baskett, K. M. Chandy, R. R. Muntz,
    /// F. G. Palacios, "Open, closed, and mixed networks of queues with different classes of
    /// customers", J. ACM 22, 1975): the queue is M/M/c at the load of all receives, the delay
    /// holds λ·(failures per message)·V.
    ///
    /// Two things differ from the textbook, as they do in SQS. A message that may not be received
    /// again is moved by the receive after its last, so it waits once more. And returned messages
    /// go first, which shifts waiting from them to fresh messages without changing its sum, as all
    /// work has one law: those in the back wait 1/(1 − load of the returned) times as long
    /// (A. Cobham, "Priority assignment in waiting line problems", Operations Research 2, 1954).
    fn agrees(&self) {
        let Row { rate, workers, fails, wait, .. } = *self;
        let (receives, dead) = (self.receives(), self.dead());
        let delay = self.delay as f64;
        let in_the_back = wait / (1.0 - rate * (receives - 1.0) / f64::from(workers));
        let again = dead * in_the_back;
        let failures = fails * receives;
        let ready = rate * (receives * wait + again);
        let stay = receives * (wait + 1.0) + failures * delay + again;
        let scenario = self.scenario();
        let title = format!("λ {rate}, c {workers}, p {fails}, V {delay}, m {:?}", self.most);
        agree(&title, REPLICATIONS, 0.03, |replication| {
            let measured = measure(&scenario, replication);
            let queue = &measured.queues[0];
            let counts = &queue.counts;
            let (visible, in_flight) = (queue.levels.visible.mean(), queue.levels.in_flight.mean());
            let busy = measured.fleets[0].busy.mean();
            let sent = counts.sent as f64;
            let areas = (queue.levels.visible.area + queue.levels.in_flight.area) as f64 / 1e9;
            let mut readings = vec![
                reading("receives per message", receives, counts.received as f64 / sent).to(0.001),
                reading("ready", ready, visible),
                reading("busy", rate * receives, busy).to(0.01),
                reading("time in the queue", stay, areas / sent),
            ];
            if self.delay > 0 {
                let hidden = in_flight - busy;
                readings.push(reading("hidden", rate * failures * delay, hidden).to(0.01));
            }
            if dead > 0.0 {
                let moved = counts.dead_lettered as f64 / sent;
                readings.push(reading("dead-lettered", dead, moved).to(0.05));
            } else {
                readings.push(reading(
                    "sent to deleted",
                    stay,
                    mean(&queue.latencies.sent_to_deleted),
                ));
                let first = queue.receives_per_message[0] as f64 / sent;
                readings.push(reading("deleted at once", 1.0 - fails, first).to(0.001));
            }
            readings
        });
    }
}

#[test]
fn failures_return_after_their_delay() {
    let row = Row { rate: 0.5, workers: 1, fails: 0.2, delay: 30, most: None, wait: 1.666_667 };
    row.agrees();
    Row { rate: 4.0, workers: 8, fails: 0.1, wait: 0.027_573, ..row }.agrees();
    Row { rate: 7.0, workers: 10, fails: 0.2, delay: 60, wait: 0.477_624, ..row }.agrees();
}

/// Bernoulli feedback: the time in the queue is 1/((1 − p) − λ) = 5 s.
#[test]
fn failures_return_at_once() {
    Row { rate: 0.7, workers: 1, fails: 0.1, delay: 0, most: None, wait: 3.5 }.agrees();
}

#[test]
fn failures_end_in_the_dead_letter_queue() {
    let row = Row { rate: 0.5, workers: 1, fails: 0.2, delay: 30, most: Some(3), wait: 1.631_579 };
    row.agrees();
    Row { rate: 7.0, workers: 10, delay: 60, wait: 0.437_700, ..row }.agrees();
}

/// When each message's work was first done, and its receives until then.
#[derive(Default)]
struct FirstFinish {
    sent: Vec<Time>,
    receives: Vec<u32>,
    done: Vec<bool>,
    /// Seconds from send to first completion, in sum.
    finish: f64,
    /// Receives until then, in sum.
    until_then: u64,
    finished: u64,
}

impl Journal for FirstFinish {
    fn change(&mut self, now: Time, _queue: QueueId, change: &Change) {
        if let Change::Message(message, Step::Sent { .. }) = *change {
            assert_eq!(message.0 as usize, self.sent.len(), "messages are numbered as they come");
            self.sent.push(now);
            self.receives.push(0);
            self.done.push(false);
        } else if let Change::Message(message, Step::Received { receives, .. }) = *change {
            self.receives[message.0 as usize] = receives;
        }
    }
}

impl Observer for FirstFinish {
    fn deed(&mut self, now: Time, deed: &Deed) {
        if let Deed::Ended { message, how: Ending::Done, .. } = *deed {
            let at = message.0 as usize;
            assert!(!self.done[at], "work is done for the first time once");
            self.done[at] = true;
            self.finished += 1;
            self.finish += (now - self.sent[at]).as_secs_f64();
            self.until_then += u64::from(self.receives[at]);
        }
    }
}

/// A visibility timeout of `timeout` and workers in plenty: copies start at 0, V, 2V … until the
/// message is deleted. Each receive draws its own work, so
///
/// - the first copy to finish does so after min(kV + Sₖ₊₁), having seen Σ Π P(S > kV) receives;
/// - its delete changes nothing if there has been a receive since, as its receipt is no longer the
///   latest. The message goes when a copy finishes within its own timeout: a geometric number of
///   receives, P(S ≤ V) each.
///
/// A receive ends at its delete or at its timeout, so it is in flight for `kept`, E[min(S, V)].
/// All messages are independent and alike, so nothing has to warm up.
fn timeout(work: &Dist, timeout: Span, exceeds: f64, kept: f64, (receives, finish): (f64, f64)) {
    let rate = 10.0;
    let mut queue = queue();
    queue.visibility_timeout = timeout;
    let producer = producer(poisson_until(rate, secs(1_000)));
    let scenario = scenario(queue, producer, fleet(200, work.clone()), secs(1_200), Span::ZERO);
    agree(&format!("visibility timeout {timeout}"), REPLICATIONS, 0.02, |replication| {
        let observer = FirstFinish::default();
        let (measured, _, first) = measure_with(&scenario, replication, observer);
        let queue = &measured.queues[0];
        assert_eq!(queue.unfinished.messages, 0, "the run is long enough");
        assert_eq!(first.finished, queue.counts.sent, "each is finished once");
        let messages = queue.counts.sent as f64;
        let by_receives = |n: usize| queue.receives_per_message[n - 1] as f64;
        let (once, twice) = (by_receives(1), by_receives(2));
        let in_all = queue.counts.received as f64;
        vec![
            reading("receives until finished", receives, first.until_then as f64 / messages),
            reading("time to first finish", finish, first.finish / messages),
            reading("P(duplicate)", exceeds, 1.0 - once / messages),
            reading("P(another | one)", exceeds, 1.0 - twice / (messages - once)).to(0.1),
            reading("receives", 1.0 / (1.0 - exceeds), in_all / messages),
            reading(
                "in flight per receive",
                kept,
                queue.levels.in_flight.area as f64 / 1e9 / in_all,
            ),
        ]
    });
}

#[test]
fn a_timeout_below_exponential_work_duplicates_it() {
    let table = [
        (250, 2.586_197, 0.508_246),
        (500, 1.886_767, 0.655_041),
        (1_000, 1.420_191, 0.807_554),
        (2_000, 1.137_820, 0.931_919),
        (3_000, 1.049_910, 0.975_086),
    ];
    for (millis, receives, finish) in table {
        let exceeds = num::exp(-(millis as f64) / 1e3);
        let visible_after = Span::from_millis(millis);
        timeout(&exponential(), visible_after, exceeds, 1.0 - exceeds, (receives, finish));
    }
}

/// Work even between 0 and 2 s, V = 1.2 s: P(S > V) = 0.4 and E[min(S, V)] = 0.84. A third copy
/// would start when all are done; E[min(S₁, V + S₂)] = 0.84 + 0.138667.
#[test]
fn a_timeout_below_uniform_work_duplicates_it() {
    let work = Dist::Uniform { min: Span::ZERO, max: secs(2) };
    timeout(&work, Span::from_millis(1_200), 0.4, 0.84, (1.4, 0.978_667));
}
