//! How workers work: what they ask for and when, what they do with what failed and with what comes
//! before its time, followed by hand.
//!
//! Each scenario is so small that every instant follows from its settings; the derivation stands
//! above the test. Where nothing takes time but what is said to, instants are whole seconds.

#[expect(dead_code, reason = "shared by several test binaries, none of which needs all of it")]
mod support;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use sqsim::engine::run::run_with;
use sqsim::facts::deed::{Deed, Ending, WorkerId};
use sqsim::facts::observer::Observer;
use sqsim::kernel::dist::Dist;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::QueueId;
use sqsim::ledger::journal::{Action, Call, Change, Held, Journal, MessageId, Step};
use sqsim::model::clients::{
    ArrivalProcess, Ask, FleetConfig, Jitter, OnFailure, Several, WorkUnit,
};
use sqsim::model::scenario::Scenario;
use sqsim::observe::measured::{Measured, Redelivered};

use support::{fleet, named, poisson, producer, queue, scenario, secs};

fn at(secs: u64) -> Time {
    Time::ZERO + Span::from_secs(secs)
}

fn constant(secs: u64) -> Dist {
    Dist::Constant(Span::from_secs(secs))
}

/// What is looked at here of a run.
#[derive(Default)]
struct Log {
    /// When receives were made.
    polls: Vec<Time>,
    received: Vec<(Time, u64)>,
    /// From which queues.
    from: Vec<(Time, u64)>,
    /// Why what was received again had come back.
    causes: Vec<Held>,
    began: Vec<(Time, u64)>,
    ended: Vec<(Time, WorkerId, u64, Ending)>,
    deleted: Vec<(Time, u64)>,
    refused: u64,
}

impl Journal for Log {
    fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        match *change {
            Change::Call(Call::Made { action: Action::Receive, .. }) => self.polls.push(now),
            Change::Message(MessageId(message), Step::Received { cause, .. }) => {
                self.received.push((now, message));
                self.from.push((now, queue.0.into()));
                self.causes.extend(cause);
            }
            Change::Message(MessageId(message), Step::Deleted { .. }) => {
                self.deleted.push((now, message));
            }
            Change::Message(_, Step::VisibilityRefused {}) => self.refused += 1,
            Change::Message(..)
            | Change::Call(_)
            | Change::KeySpace(_)
            | Change::Node(_)
            | Change::Oldest(_) => {}
        }
    }
}

impl Observer for Log {
    fn deed(&mut self, now: Time, deed: &Deed) {
        if let Deed::Began { message, .. } = *deed {
            self.began.push((now, message.0));
        } else if let Deed::Ended { worker, message, how, .. } = *deed {
            self.ended.push((now, worker, message.0, how));
        }
    }
}

/// The seconds of some events.
fn seconds<'a>(times: impl IntoIterator<Item = &'a (Time, u64)>) -> Vec<u64> {
    times.into_iter().map(|(time, _)| whole(*time)).collect()
}

fn whole(time: Time) -> u64 {
    let nanos = time.as_nanos();
    assert_eq!(nanos % 1_000_000_000, 0, "{nanos} ns are no whole seconds");
    nanos / 1_000_000_000
}

fn logged(scenario: &Scenario) -> (Measured, Log) {
    let run = run_with(scenario, 0, &AtomicBool::new(false), Log::default());
    (run.measured, run.observer)
}

/// So many messages at 1 s, for a fleet that has polled since 0 s.
fn burst_for(count: u32, works: FleetConfig, length: u64) -> Scenario {
    let mut sends = producer(ArrivalProcess::Burst { at: at(1), count: u64::from(count) });
    sends.batch = count;
    scenario(queue(), sends, works, secs(length), Span::ZERO)
}

/// One worker with two threads of 10 s of work, and five messages. It asks for two, since both are
/// idle, and gets them at 1 s. At 11 s each thread that becomes idle asks for one; the last message
/// is received at 21 s. Told to ask for ten, the worker takes all five at once.
#[test]
fn a_worker_may_receive_no_more_than_it_can_work_on() {
    let mut works = fleet(1, constant(10));
    (works.threads, works.receive.max) = (2, 10);
    let (_, log) = logged(&burst_for(5, works.clone(), 60));
    assert_eq!(seconds(&log.received), [1, 1, 1, 1, 1]);
    works.receive.ask = Ask::Room;
    let (measured, log) = logged(&burst_for(5, works.clone(), 60));
    assert_eq!(seconds(&log.received), [1, 1, 11, 11, 21]);
    assert_eq!(measured.queues[0].levels.in_flight.max, 2);
    // With a prefetch of one it has room for one more, and polls while its buffer is empty.
    works.receive.prefetch = 1;
    let (_, log) = logged(&burst_for(5, works.clone(), 60));
    assert_eq!(seconds(&log.received), [1, 1, 1, 11, 11]);
    // A thread that works on a batch takes as many as one receive brings.
    (works.receive.prefetch, works.per) = (0, WorkUnit::Batch);
    let (_, log) = logged(&burst_for(5, works, 60));
    assert_eq!(seconds(&log.received), [1, 1, 1, 1, 1]);
}

/// Under any load no more are in flight than there are threads: nothing waits in a worker.
#[test]
fn what_was_received_by_a_worker_without_a_buffer_is_worked_on() {
    let mut works = fleet(3, Dist::Exponential { mean: secs(1) });
    (works.threads, works.receive.max, works.receive.ask) = (4, 10, Ask::Room);
    let sends = producer(poisson(20.0));
    let mut scenario = scenario(queue(), sends, works, secs(2_000), Span::ZERO);
    let measured = logged(&scenario).0;
    assert_eq!(measured.queues[0].levels.in_flight.max, 12);
    scenario.fleets[0].config.receive.ask = Ask::Most;
    let measured = logged(&scenario).0;
    assert!(measured.queues[0].levels.in_flight.max > 12);
}

/// One thread of 1 s of work and three messages. The receive that began at 0 s is answered at 1 s,
/// the next one is made 5 s later, and so on; a gap that is shorter than the work is over before.
#[test]
fn a_worker_may_wait_between_the_answer_of_a_receive_and_the_next_one() {
    let mut works = fleet(1, constant(1));
    let received = |works: &FleetConfig| {
        let (_, log) = logged(&burst_for(3, works.clone(), 60));
        seconds(&log.received)
    };
    assert_eq!(received(&works), [1, 2, 3]);
    works.receive.gap = Some(constant(5));
    assert_eq!(received(&works), [1, 6, 11]);
    // With calls of 1 s the answer arrives at 2 s, the next receive is made at 7 s.
    works.call_latency = constant(1);
    assert_eq!(received(&works), [1, 7, 13]);
    works.call_latency = constant(0);
    works.receive.gap = Some(Dist::Constant(Span::from_millis(500)));
    assert_eq!(received(&works), [1, 2, 3]);
}

/// Short polls that find nothing, each followed by a pause of 2 s and a gap of 3 s.
#[test]
fn the_gap_comes_beside_the_pause_of_an_empty_poll() {
    let mut works = fleet(1, constant(1));
    works.receive.wait = Span::ZERO;
    (works.receive.pause, works.receive.gap) = (constant(2), Some(constant(3)));
    let mut scenario = burst_for(1, works, 20);
    scenario.producers.clear();
    let polls = logged(&scenario).1.polls;
    assert_eq!(polls, [0, 5, 10, 15].map(at));
}

/// Two threads of 10 s, receives of three, six messages. The third waits in the worker until 11 s
/// and is done at 21 s. A thread that is idle at 11 s receives three more, unless the worker first
/// does all that it has: a cycle takes as long as all of a receive.
#[test]
fn a_worker_may_do_all_that_it_received_before_it_receives_again() {
    let mut works = fleet(1, constant(10));
    (works.threads, works.receive.max) = (2, 3);
    let (_, log) = logged(&burst_for(6, works.clone(), 99));
    assert_eq!(seconds(&log.received), [1, 1, 1, 11, 11, 11]);
    works.receive.barrier = true;
    let (_, log) = logged(&burst_for(6, works.clone(), 99));
    assert_eq!(seconds(&log.received), [1, 1, 1, 21, 21, 21]);
    assert_eq!(seconds(&log.deleted), [11, 11, 21, 31, 31, 41]);
    // Deletes that wait for a full call go when nothing else is left, not after a minute.
    (works.delete.batch, works.delete.linger) = (10, secs(60));
    let (_, log) = logged(&burst_for(6, works.clone(), 99));
    assert_eq!(seconds(&log.received), [1, 1, 1, 21, 21, 21]);
    assert_eq!(seconds(&log.deleted), [21, 21, 21, 41, 41, 41]);
    // Calls of 1 s: answered at 2 s, worked on until 12 s and 22 s, deleted at 23 s.
    works.call_latency = constant(1);
    let (_, log) = logged(&burst_for(6, works, 99));
    assert_eq!(seconds(&log.received), [1, 1, 1, 23, 23, 23]);
    assert_eq!(seconds(&log.deleted), [23, 23, 23, 45, 45, 45]);
}

/// Ten threads and work of random length: each receive is made when the last of the ten that were
/// received before it is done, so that a cycle is the longest of ten works.
#[test]
fn the_cycle_of_a_worker_that_does_all_first_is_the_longest_work() {
    let mut works = fleet(1, Dist::Exponential { mean: secs(1) });
    (works.threads, works.receive.max, works.receive.barrier) = (10, 10, true);
    let mut sends = producer(ArrivalProcess::Burst { at: at(1), count: 20_000 });
    sends.batch = 10;
    let (_, log) = logged(&scenario(queue(), sends, works, secs(9_000), Span::ZERO));
    assert_eq!(log.received.len(), 20_000);
    let cycles: Vec<&[(Time, u64)]> = log.received.chunks(10).collect();
    let ends: Vec<Time> = log.ended.chunks(10).map(|ten| ten[9].0).collect();
    for (cycle, end) in cycles[1..].iter().zip(&ends) {
        assert!(cycle.iter().all(|(received, _)| received == end), "{cycle:?}, not {end:?}");
    }
    // The longest of ten exponential works is 1 + 1/2 + … + 1/10 = 2.92897 s on average; its
    // variance is 1 + 1/4 + … + 1/100 = 1.54977, that of the mean of 2,000 is 0.0278 squared.
    let mean = (ends[1_999] - at(1)).as_secs_f64() / 2_000.0;
    assert!((mean - 2.92897).abs() < 4.0 * 0.0278, "{mean}");
}

/// Batches of three, each message of which fails with 10 %. By itself a tenth of all tries fails,
/// as a whole 1 - 0.9³ = 27.1 %; then no batch is done in part.
#[test]
fn one_failure_may_fail_its_whole_batch() {
    let mut works = fleet(1, constant(1));
    (works.receive.max, works.per) = (3, WorkUnit::Batch);
    works.failure.probability = 0.1;
    works.failure.then = OnFailure::Release(Span::ZERO);
    for (whole_batch, expected) in [(false, 0.1), (true, 0.271)] {
        works.failure.whole_batch = whole_batch;
        let mut sends = producer(ArrivalProcess::Burst { at: at(1), count: 9_000 });
        sends.batch = 10;
        let scenario = scenario(queue(), sends, works.clone(), secs(9_000), Span::ZERO);
        let (measured, log) = logged(&scenario);
        assert_eq!(measured.queues[0].counts.deleted, 9_000);
        assert_eq!(measured.fleets[0].counts.duplicates, 0);
        let failed = log.ended.iter().filter(|(.., how)| *how == Ending::Failed).count();
        let tries = log.ended.len() as f64;
        let (share, error) = (failed as f64 / tries, (expected / (tries / 3.0)).sqrt());
        assert!((share - expected).abs() < 4.0 * error, "{share}, not {expected}");
        let mut batches: BTreeMap<Time, Vec<Ending>> = BTreeMap::new();
        for &(now, .., how) in &log.ended {
            batches.entry(now).or_default().push(how);
        }
        let mixed = batches.values().filter(|batch| batch.iter().any(|how| *how != batch[0]));
        assert_eq!(mixed.count() == 0, whole_batch);
    }
}

/// A message that always fails after 1 s of work, received first at 1 s: the next receive comes
/// when its work and the delay of that failure are over.
#[test]
fn a_message_that_fails_again_and_again_stays_away_longer() {
    let received = |then: OnFailure| {
        let mut works = fleet(1, constant(1));
        (works.failure.poison, works.failure.then) = (1.0, then);
        let (measured, log) = logged(&burst_for(1, works, 30));
        let redelivered = measured.queues[0].counts.redelivered;
        assert_eq!(redelivered.total(), redelivered.failed);
        log.received
    };
    let backoff = |jitter| OnFailure::Backoff { base: secs(1), cap: secs(4), jitter };
    // 1 + (1 + 1), + (1 + 2), + (1 + 4), and 4 s for all further ones.
    assert_eq!(seconds(&received(backoff(Jitter::None))), [1, 3, 6, 11, 16, 21, 26]);
    // 1 + (1 + 1), + (1 + 10), and 10 s for all further ones.
    let delays = OnFailure::Delays([1, 10].map(secs).into());
    assert_eq!(seconds(&received(delays)), [1, 3, 14, 25]);
    let jittered = received(backoff(Jitter::Full));
    let away = |pair: &[(Time, u64)]| pair[1].0 - pair[0].0 - secs(1);
    let aways: Vec<Span> = jittered.windows(2).map(away).collect();
    let ceilings = [1, 2, 4].into_iter().chain([4].into_iter().cycle());
    assert!(aways.len() >= 6 && aways.iter().zip(ceilings).all(|(away, most)| *away <= secs(most)));
    assert!(aways.windows(2).all(|pair| pair[0] != pair[1]), "{aways:?}");
}

/// One message at 1 s, 1 s of work, held for 10 s: received at 1 s, hidden until 11 s, worked on
/// then. With calls of 1 s it is at the worker at 2 s, hidden from 3 s to 11 s, and at the worker
/// again at 12 s.
#[test]
fn a_message_before_its_time_is_hidden_for_the_rest() {
    let mut works = fleet(1, constant(1));
    works.hold = Some(constant(10));
    for (latency, received, began) in [(0, [1, 11], 11), (1, [1, 11], 12)] {
        works.call_latency = constant(latency);
        let (measured, log) = logged(&burst_for(1, works.clone(), 30));
        assert_eq!(seconds(&log.received), received);
        assert_eq!(seconds(&log.began), [began]);
        assert_eq!(seconds(&log.deleted), [began + 1 + latency]);
        assert_eq!((&log.causes[..], log.refused), (&[Held::Early][..], 0));
        let counts = measured.queues[0].counts;
        assert_eq!(counts.redelivered, Redelivered { early: 1, ..Redelivered::default() });
        assert_eq!((counts.calls.change_visibility, counts.calls.delete), (1, 1));
    }
}

/// Held for 20 h from 1 s on: no receive hides it for longer than 12 h, however long its call
/// takes, so it is received at 1 s, 43,201 s and, its time, 72,001 s.
#[test]
fn a_long_hold_takes_a_receive_every_twelve_hours() {
    for latency in [0, 1] {
        let mut works = fleet(1, constant(1));
        (works.hold, works.call_latency) = (Some(constant(20 * 3_600)), constant(latency));
        let (_, log) = logged(&burst_for(1, works, 80_000));
        assert_eq!(seconds(&log.received), [1, 43_201, 72_001]);
        assert_eq!(seconds(&log.began), [72_001 + latency]);
        assert_eq!(log.refused, 0);
    }
}

/// Two messages, sent at 1 s and 6 s and held for 10 s, are received together at 12 s: the first is
/// worked on, the second hidden until 16 s. Its place in the batch does not matter.
#[test]
fn of_a_batch_that_is_worked_on_which_is_due() {
    let mut works = fleet(1, constant(1));
    (works.receive.max, works.per, works.hold) = (2, WorkUnit::Batch, Some(constant(10)));
    works.start_up = constant(12);
    let mut scenario = burst_for(1, works, 30);
    scenario.producers[0].config.arrivals.push(ArrivalProcess::Burst { at: at(6), count: 1 });
    let (_, log) = logged(&scenario);
    assert_eq!(log.received, [(at(12), 0), (at(12), 1), (at(16), 1)]);
    assert_eq!(log.began, [(at(12), 0), (at(16), 1)]);
    assert_eq!(log.deleted, [(at(13), 0), (at(17), 1)]);
}

/// With a worker for each message, every one is received when it is sent and at its time, and
/// worked on once, at its time: an exponential length later, the mean of 20,000 of which has an
/// error of 100 s / √20,000. More workers, or other work, move no due time.
#[test]
fn every_receive_finds_the_same_due_time() {
    let mut works = fleet(50, constant(1));
    works.hold = Some(Dist::Exponential { mean: secs(100) });
    let sends = producer(poisson(2.0));
    let mut scenario = scenario(queue(), sends, works, secs(10_000), Span::ZERO);
    scenario.drain = secs(5_000);
    let (measured, log) = logged(&scenario);
    assert_eq!(log.deleted.len() as u64, measured.queues[0].counts.sent);
    let mut lives: BTreeMap<u64, Vec<Time>> = BTreeMap::new();
    for &(now, message) in &log.received {
        lives.entry(message).or_default().push(now);
    }
    assert!(lives.values().all(|received| received.len() == 2));
    assert!(log.began.iter().all(|&(now, message)| lives[&message][1] == now));
    let held = lives.values().map(|received| (received[1] - received[0]).as_secs_f64());
    let mean = held.sum::<f64>() / lives.len() as f64;
    let error = 100.0 / (lives.len() as f64).sqrt();
    assert!((mean - 100.0).abs() < 4.0 * error, "{mean}");
    (scenario.fleets[0].config.size, scenario.fleets[0].config.processing) =
        (3.into(), constant(0));
    let due = |log: Log| log.began.into_iter().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(due(logged(&scenario).1), due(log));
}

/// Two queues, for a fleet of one thread that goes through both; so many messages at these seconds
/// in each.
fn of_two(works: FleetConfig, sends: [&[(u64, u64)]; 2], length: u64) -> Scenario {
    let mut scenario = burst_for(1, works, length);
    scenario.queues.push(named("second", queue()));
    scenario.producers.clear();
    for (of, sends) in (0..).map(QueueId).zip(sends) {
        let burst = |&(secs, count)| ArrivalProcess::Burst { at: at(secs), count };
        let own = sends.iter().map(burst).collect();
        let mut sends = producer(poisson(1.0));
        sends.arrivals = own;
        (sends.queue, sends.linger) = (of, Span::ZERO);
        scenario.producers.push(named(&format!("to {}", of.0), sends));
    }
    scenario
}

fn from(log: &Log) -> Vec<(u64, u64)> {
    log.from.iter().map(|&(now, queue)| (whole(now), queue)).collect()
}

fn by_rank() -> Several {
    Several::Priority([0, 1].map(QueueId).into())
}

fn by_weight(first: u32, second: u32) -> Several {
    Several::Weighted(vec![(QueueId(0), first), (QueueId(1), second)])
}

/// Work of 10 s. Of three messages of the low queue at 1 s the waiting worker takes one; one of the
/// high queue comes at 5 s and goes before the others.
#[test]
fn a_queue_of_higher_rank_comes_first() {
    let mut works = fleet(1, constant(10));
    works.several = Some(by_rank());
    let (_, log) = logged(&of_two(works, [&[(5, 1)], &[(1, 3)]], 60));
    assert_eq!(from(&log), [(1, 1), (11, 0), (21, 1), (31, 1)]);
}

/// While a worker waits for 20 s at the queue of the lowest rank, it does not see what comes to the
/// one above it.
#[test]
fn a_long_poll_at_the_last_queue_is_blind_to_the_others() {
    let mut works = fleet(1, constant(1));
    works.several = Some(by_rank());
    let (_, log) = logged(&of_two(works.clone(), [&[(5, 1)], &[]], 60));
    assert_eq!(from(&log), [(20, 0)]);
    works.receive.wait = secs(3);
    let (_, log) = logged(&of_two(works, [&[(5, 1)], &[]], 60));
    assert_eq!(from(&log), [(6, 0)]);
}

/// Short polls at two empty queues, and a pause of 2 s when both have had nothing. With calls of
/// 1 s the answer to the first arrives at 1 s, that to the second at 2 s.
#[test]
fn a_worker_pauses_when_all_its_queues_were_empty() {
    let mut works = fleet(1, constant(1));
    (works.several, works.receive.wait, works.receive.pause) =
        (Some(by_rank()), Span::ZERO, constant(2));
    let polls = |works: &FleetConfig| {
        let log = logged(&of_two(works.clone(), [&[], &[]], 9)).1;
        log.polls.into_iter().map(whole).collect::<Vec<_>>()
    };
    assert_eq!(polls(&works), [0, 0, 2, 2, 4, 4, 6, 6, 8, 8]);
    works.call_latency = constant(1);
    assert_eq!(polls(&works), [0, 1, 4, 5, 8]);
}

/// Work of 1 s, and a worker that starts at 2 s, when both queues are full: three turns of four are
/// the first queue's, and every four receives have their share.
#[test]
fn under_saturation_each_queue_is_served_by_its_weight() {
    let mut works = fleet(1, constant(1));
    (works.start_up, works.several) = (constant(2), Some(by_weight(3, 1)));
    let scenario = of_two(works, [&[(1, 400)], &[(1, 400)]], 402);
    let (_, log) = logged(&scenario);
    let served: Vec<u64> = log.from.iter().map(|&(_, queue)| queue).collect();
    assert_eq!(served[..8], [0, 0, 1, 0, 0, 0, 1, 0]);
    assert_eq!(served.len(), 400);
    assert!(served.chunks(4).all(|four| four.iter().sum::<u64>() == 1));
}

/// A queue that is empty at its turn loses it: the other one is served without a pause.
#[test]
fn a_turn_at_an_empty_queue_goes_to_the_next() {
    let mut works = fleet(1, constant(1));
    (works.start_up, works.several) = (constant(2), Some(by_weight(3, 1)));
    let (_, log) = logged(&of_two(works, [&[], &[(1, 5)]], 20));
    assert_eq!(from(&log), [(2, 1), (3, 1), (4, 1), (5, 1), (6, 1)]);
}

/// Under load of 0.9, most of it at the second queue, whichever way the fleet goes through them all
/// is deleted, each message from the queue that it came from.
#[test]
fn what_came_from_a_queue_is_deleted_there() {
    for several in [by_rank(), by_weight(1, 2)] {
        let mut works = fleet(3, Dist::Exponential { mean: secs(1) });
        (works.several, works.receive.max, works.delete.batch) = (Some(several), 4, 10);
        let mut scenario = of_two(works, [&[], &[]], 3_000);
        scenario.drain = secs(1_000);
        for (producer, rate) in scenario.producers.iter_mut().zip([0.7, 2.0]) {
            producer.config.arrivals = vec![poisson(rate)];
        }
        let (measured, log) = logged(&scenario);
        let sent: u64 = measured.queues.iter().map(|queue| queue.counts.sent).sum();
        assert_eq!(log.deleted.len() as u64, sent);
        assert!(measured.queues.iter().all(|queue| queue.unfinished.messages == 0));
    }
}
