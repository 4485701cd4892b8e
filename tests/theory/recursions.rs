//! Waiting times to the nanosecond.
//!
//! Owns a second implementation of the first-come, first-served queue in a dozen lines: arrivals
//! and work drawn from the same named streams, waits by the recursion of Kiefer and Wolfowitz
//! ("On the theory of queues with many servers", Trans. AMS 78, 1955), of which Lindley's
//! `W' = max(0, W + S − A)` ("The theory of queues with a single server", Proc. Cambridge Phil.
//! Soc. 48, 1952) is the case of one worker.

use sqsim::clients::producers::arrivals::Arrivals;
use sqsim::facts::deed::Deed;
use sqsim::facts::observer::Observer;
use sqsim::kernel::dist::Dist;
use sqsim::kernel::rng::{Fate, Luck, Purpose, Source, Streams};
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::QueueId;
use sqsim::ledger::journal::{Change, Journal, Step};
use sqsim::model::scenario::Scenario;

use crate::book::measure_with;
use crate::servers::exponential;
use crate::support::{fleet, poisson, producer, queue, scenario, secs};

const MESSAGES: usize = 100_000;

/// From send to first receive, by message.
#[derive(Default)]
struct Waits {
    sent: Vec<Time>,
    waited: Vec<Option<Span>>,
}

impl Journal for Waits {
    fn change(&mut self, now: Time, _queue: QueueId, change: &Change) {
        if let Change::Message(message, Step::Sent { .. }) = *change {
            assert_eq!(message.0 as usize, self.sent.len(), "messages are numbered as they come");
            self.sent.push(now);
            self.waited.push(None);
        } else if let Change::Message(message, Step::Received { .. }) = *change {
            let at = message.0 as usize;
            let before = self.waited[at].replace(now - self.sent[at]);
            assert_eq!(before, None, "a message is received once");
        }
    }
}

impl Observer for Waits {
    fn deed(&mut self, _now: Time, _deed: &Deed) {}
}

/// A little more than `MESSAGES` at 0.9 a second.
fn line(workers: u32, work: Dist) -> Scenario {
    let duration = secs(MESSAGES as u64 * 10 / 9 + 2_000);
    scenario(queue(), producer(poisson(0.9)), fleet(workers, work), duration, Span::ZERO)
}

/// The first waits of the simulated line.
fn simulated(scenario: &Scenario, replication: u64) -> Vec<Span> {
    let (_, _, waits) = measure_with(scenario, replication, Waits::default());
    let waited: Vec<Span> = waits.waited.into_iter().take(MESSAGES).flatten().collect();
    assert_eq!(waited.len(), MESSAGES, "the run is long enough");
    waited
}

/// The same waits by recursion, from the streams alone.
fn by_recursion(scenario: &Scenario, replication: u64) -> Vec<Span> {
    let streams = Streams::new(scenario.seed, replication);
    let config = &scenario.producers[0].config;
    let arrivals = Arrivals::new(&config.arrivals, streams, "producers.producer");
    let mut luck = streams.stream("producers.producer", Purpose::Luck);
    let fleet = &scenario.fleets[0].config;
    let servers = fleet.size.fixed().expect("it never changes") * fleet.threads;
    let mut free_at = vec![Time::ZERO; servers as usize];
    let wait = |now: Time| {
        let work = fleet.processing.sample(&mut Luck(luck.next_u64()).draws(Fate::Work, 1));
        let earliest = free_at.iter_mut().min().expect("there is a worker");
        let begins = now.max(*earliest);
        *earliest = begins + work;
        begins - now
    };
    arrivals.take(MESSAGES).map(wait).collect()
}

fn laws() -> [(&'static str, Dist); 5] {
    [
        ("exponential", exponential()),
        ("constant", Dist::Constant(secs(1))),
        ("Erlang", Dist::Erlang { k: 4, mean: secs(1) }),
        ("log-normal", Dist::log_normal_from_mean_cv(secs(1), 1.5)),
        ("hyper-exponential", Dist::hyper_exponential_balanced(secs(1), 2.0)),
    ]
}

#[test]
fn one_worker_is_lindleys_recursion_to_the_nanosecond() {
    for (name, work) in laws() {
        let scenario = line(1, work);
        assert!(simulated(&scenario, 0) == by_recursion(&scenario, 0), "{name}");
    }
}

#[test]
fn several_workers_and_threads_are_the_kiefer_wolfowitz_recursion_to_the_nanosecond() {
    for (name, work) in laws() {
        for (workers, threads) in [(2, 1), (1, 2), (3, 2)] {
            let mut scenario = line(workers, work.clone());
            scenario.fleets[0].config.threads = threads;
            scenario.producers[0].config.arrivals =
                vec![poisson(0.9 * f64::from(workers * threads))];
            let waits = simulated(&scenario, 1);
            assert!(waits == by_recursion(&scenario, 1), "{name}, {workers} of {threads} threads");
            assert!(waits.iter().any(|wait| !wait.is_zero()), "some had to wait");
        }
    }
}

/// Under common random numbers neither another worker nor faster work lengthens any wait.
#[test]
fn no_wait_grows_with_more_workers_or_shorter_work() {
    for replication in 0..4 {
        let mut before = simulated(&line(1, exponential()), replication);
        for workers in [2, 3, 5] {
            let waits = simulated(&line(workers, exponential()), replication);
            let longer = waits.iter().zip(&before).filter(|(now, before)| now > before).count();
            assert_eq!(longer, 0, "waits that grew with {workers} workers");
            assert_ne!(waits, before);
            before = waits;
        }
        let faster = Dist::Exponential { mean: Span::from_millis(950) };
        let (slow, fast) = (
            simulated(&line(1, exponential()), replication),
            simulated(&line(1, faster), replication),
        );
        assert!(fast.iter().zip(&slow).all(|(fast, slow)| fast <= slow), "shorter work");
        assert_ne!(fast, slow);
    }
}
