//! What becomes of single deliveries: lives of a few messages that are followed by hand.
//!
//! Each scenario is so small that every instant follows from its settings; the derivation stands
//! above the test.

#[expect(dead_code, reason = "shared by several test binaries, none of which needs all of it")]
mod support;

use std::sync::atomic::AtomicBool;

use sqsim::engine::World;
use sqsim::engine::run::run_with;
use sqsim::facts::deed::{Deed, Ending};
use sqsim::facts::observer::Observer;
use sqsim::kernel::dist::Dist;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::{Capacity, QueueConfig, QueueId};
use sqsim::ledger::journal::{Action, Call, Change, Held, Journal, MessageId, Step};
use sqsim::model::clients::{ArrivalProcess, Crash, FleetConfig, OnFailure, Retry, WorkUnit};
use sqsim::model::course::{Course, Fork};
use sqsim::model::scenario::Scenario;
use sqsim::observe::measured::{Measured, Redelivered};

use support::{fleet, measure, named, poisson, producer, queue, scenario, secs};

/// Nanoseconds of a second.
const SECOND: u128 = 1_000_000_000;

const L0: Dist = Dist::Constant(Span::ZERO);
const NEVER_AGAIN: Retry = Retry { base: Span::ZERO, cap: Span::ZERO, attempts: Some(1) };

fn at(secs: u64) -> Time {
    Time::ZERO + Span::from_secs(secs)
}

fn burst(secs: u64, count: u64) -> ArrivalProcess {
    ArrivalProcess::Burst { at: at(secs), count }
}

fn constant(span: Span) -> Dist {
    Dist::Constant(span)
}

fn tokens(per_second: f64, burst: f64) -> Capacity {
    Capacity { per_second, burst }
}

/// All changes and deeds of a run, with their times.
#[derive(Default)]
struct Log {
    changes: Vec<(Time, QueueId, Change)>,
    deeds: Vec<(Time, Deed)>,
}

impl Journal for Log {
    fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        self.changes.push((now, queue, *change));
    }
}

impl Observer for Log {
    fn deed(&mut self, now: Time, deed: &Deed) {
        self.deeds.push((now, *deed));
    }
}

fn logged(scenario: &Scenario) -> (Measured, Log) {
    let run = run_with(scenario, 0, &AtomicBool::new(false), Log::default());
    (run.measured, run.observer)
}

/// One worker sends two messages on, one after the other, to a queue that admits one send and then
/// one more every ten seconds; a send that is refused is given up.
fn narrow_pipeline() -> Scenario {
    let mut works = fleet(1, constant(secs(1)));
    works.forward = Some(QueueId(1));
    works.retry = NEVER_AGAIN;
    let mut first = queue();
    first.visibility_timeout = secs(30);
    let mut scenario = scenario(first, producer(burst(0, 2)), works, secs(40), Span::ZERO);
    let mut second = queue();
    second.ledger.capacity = Some(tokens(0.1, 1.0));
    scenario.queues.push(named("second", second));
    scenario
}

/// The first message is sent on at 1 s. The second would be at 2 s, where a tenth of a token is
/// there: it is given up, so that the message returns 30 s after its receive at 1 s, as one whose
/// work failed, is worked on until 32 s and sent on.
#[test]
fn what_could_not_be_sent_on_is_not_deleted() {
    let (measured, log) = logged(&narrow_pipeline());
    let [first, second] = [0, 1].map(|at| measured.queues[at].counts);
    assert_eq!((first.sent, first.deleted, second.sent), (2, 2, 2));
    assert_eq!((first.redelivered.total(), first.redelivered.failed), (1, 1));
    let deleted = log
        .changes
        .iter()
        .filter(|(.., change)| matches!(change, Change::Message(_, Step::Deleted { .. })));
    assert_eq!(deleted.map(|&(now, ..)| now).collect::<Vec<_>>(), [at(1), at(32)]);
}

/// The same with a release after 9 s: the second message is there again at 11 s, its work ends at
/// 12 s, when the queue has been given a token again.
#[test]
fn what_could_not_be_sent_on_is_given_back_like_what_failed() {
    let mut scenario = narrow_pipeline();
    scenario.fleets[0].config.failure.then = OnFailure::Release(secs(9));
    let (measured, log) = logged(&scenario);
    let [first, second] = [0, 1].map(|at| measured.queues[at].counts);
    assert_eq!((first.sent, first.deleted, second.sent), (2, 2, 2));
    assert_eq!((first.redelivered.total(), first.redelivered.failed), (1, 1));
    let deleted = log
        .changes
        .iter()
        .filter(|(.., change)| matches!(change, Change::Message(_, Step::Deleted { .. })));
    assert_eq!(deleted.map(|&(now, ..)| now).collect::<Vec<_>>(), [at(1), at(12)]);
}

/// Batches of three to a queue of four partitions, each of which refuses on its own, under so much
/// load that most are refused: without latencies and with room for every delete, as many messages
/// are deleted as are sent on, whatever is tried again and given up.
#[test]
fn a_pipeline_deletes_as_many_as_it_sends_on() {
    for batch in [1, 10] {
        let mut works = fleet(4, constant(Span::from_millis(100)));
        works.forward = Some(QueueId(1));
        works.retry = Retry { base: Span::ZERO, cap: Span::ZERO, attempts: Some(2) };
        works.receive.max = 3;
        works.per = WorkUnit::Batch;
        works.delete.batch = batch;
        works.delete.linger = Span::ZERO;
        let mut first = queue();
        first.visibility_timeout = secs(5);
        let mut scenario = scenario(first, producer(poisson(20.0)), works, secs(300), Span::ZERO);
        let mut second = queue();
        second.ledger.partitions = 4;
        second.ledger.capacity = Some(tokens(1.0, 2.0));
        scenario.queues.push(named("second", second));
        let measured = measure(&scenario, 0).measured;
        let [first, second] = [0, 1].map(|at| measured.queues[at].counts);
        assert!(first.redelivered.failed > 1_000, "{first:?}");
        assert!(second.sent > 1_000 && second.sent == first.deleted, "{batch}: {second:?}");
    }
}

/// Workers die every 20 s on average, some of them while part of their batch is sent on and the
/// rest is refused. No call but a send is ever refused or takes time, and nobody waits for the
/// 1,000 s of the timeout: no delete is lost or late, and whatever returns does so because a worker
/// died.
#[test]
fn what_was_sent_on_when_its_worker_died_had_no_delete_to_lose() {
    let mut works = fleet(4, constant(Span::from_millis(100)));
    works.forward = Some(QueueId(1));
    works.retry = Retry { base: secs(1), cap: secs(8), attempts: None };
    works.receive.max = 10;
    works.per = WorkUnit::Batch;
    works.crash = Some(Crash { mean_time_between: secs(20), restart: constant(secs(1)) });
    let mut first = queue();
    first.visibility_timeout = secs(1_000);
    let mut scenario = scenario(first, producer(poisson(4.0)), works, secs(9_000), Span::ZERO);
    let mut second = queue();
    second.ledger.partitions = 4;
    second.ledger.capacity = Some(tokens(1.0, 1.0));
    scenario.queues.push(named("second", second));
    let causes = measure(&scenario, 0).measured.queues[0].counts.redelivered;
    assert!(causes.crashed > 500, "{causes:?}");
    assert_eq!(causes.total(), causes.crashed, "{causes:?}");
}

/// A batch of three whose work ends at 1.3 s, deleted one by one by calls of 0.3 s at a partition
/// that admits one delete a second: the first at 1.6 s, the second at 1.9, 2.2, 2.5 and, with a
/// whole token, at 2.8 s, the third at 3.1, 3.4, 3.7 and 4.0 s. Each is refused three times, which
/// is less than the five tries that a call has.
#[test]
fn a_call_that_got_through_begins_to_count_its_tries_anew() {
    let mut works = fleet(1, constant(secs(1)));
    works.call_latency = constant(Span::from_millis(300));
    works.receive.max = 3;
    works.per = WorkUnit::Batch;
    works.retry = Retry { base: Span::ZERO, cap: Span::ZERO, attempts: Some(5) };
    let mut own = queue();
    own.ledger.capacity = Some(tokens(1.0, 1.0));
    let mut sends = producer(burst(0, 3));
    sends.batch = 3;
    let measured = measure(&scenario(own, sends, works, secs(60), Span::ZERO), 0).measured;
    let queue = &measured.queues[0];
    assert_eq!((queue.counts.deleted, queue.counts.calls.delete), (3, 1 + 4 + 4));
    assert_eq!(queue.counts.throttled, 6);
    assert_eq!(queue.latencies.sent_to_deleted.max, secs(4));
}

/// Ten receives leave no token, and there is a next one after hours only. Of the message that comes
/// at 100 s the worker is refused again and again, so that it waits for up to a minute between two
/// tries, until the purge at 160 s. Then it is answered: there is nothing. When a message comes at
/// 400 s it is refused for the first time in a row, and waits for a second at most, then for two.
#[test]
fn an_empty_receive_ends_a_row_of_throttled_ones() {
    let mut works = fleet(1, L0);
    works.receive.wait = Span::ZERO;
    works.receive.pause = constant(secs(1));
    works.retry = Retry { base: secs(1), cap: secs(64), attempts: None };
    let mut own = queue();
    own.ledger.capacity = Some(tokens(1e-6, 10.0));
    own.purges = vec![at(160)];
    let mut sends = producer(burst(0, 10));
    sends.arrivals.extend([burst(100, 1), burst(400, 1)]);
    sends.batch = 10;
    let (_, log) = logged(&scenario(own, sends, works, secs(500), Span::ZERO));
    let refused = log.changes.iter().filter_map(|&(now, _, change)| {
        let throttled =
            matches!(change, Change::Call(Call::Throttled { action: Action::Receive, .. }));
        (throttled && now >= at(400)).then_some(now)
    });
    let refused: Vec<Time> = refused.take(3).collect();
    assert!(refused[0] <= at(402), "{refused:?}");
    assert!(
        refused[1] - refused[0] <= secs(1) && refused[2] - refused[1] <= secs(2),
        "{refused:?}"
    );
}

/// What of a run tells why messages came back: the causes that receives tell, those that returns
/// told, and the counters.
fn causes(scenario: &Scenario) -> (Vec<Held>, Vec<Held>, Redelivered) {
    let (measured, log) = logged(scenario);
    let (mut told, mut returned) = (Vec::new(), Vec::new());
    for &(.., change) in &log.changes {
        if let Change::Message(_, Step::Received { cause: Some(cause), .. }) = change {
            told.push(cause);
        } else if let Change::Message(_, Step::Returned { cause, .. }) = change {
            returned.push(cause);
        }
    }
    (told, returned, measured.queues[0].counts.redelivered)
}

/// A second worker, which starts after `secs` seconds.
fn joined_after(scenario: &mut Scenario, secs: u64) {
    let mut later = scenario.fleets[0].config.clone();
    later.start_up = constant(Span::from_secs(secs));
    scenario.fleets.push(named("later", later));
}

/// Three messages are received at 0 s with a timeout of 70 s and worked on for 60 s each, one after
/// the other. At 70 s the second, worked on since 60 s, and the third, in the buffer, are visible
/// again. The second is done and deleted at 120 s, before anybody receives it. The third is begun
/// then, and received by the other worker at 125 s: it came back because it waited in a buffer.
#[test]
fn a_message_that_came_back_from_a_buffer_did_so_whoever_begins_to_work_on_it_later() {
    let mut works = fleet(1, constant(secs(60)));
    works.receive.max = 3;
    let own = QueueConfig { visibility_timeout: secs(70), ..queue() };
    let mut sends = producer(burst(0, 3));
    sends.batch = 3;
    let mut scenario = scenario(own, sends, works, secs(300), Span::ZERO);
    joined_after(&mut scenario, 125);
    let (told, returned, counted) = causes(&scenario);
    assert_eq!(returned, [Held::Working, Held::Buffered]);
    assert_eq!(told, [Held::Buffered]);
    assert_eq!(counted, Redelivered { prefetched: 1, ..Redelivered::default() });
}

/// Work of 60 s on a message that is visible again from 30 s on. It fails, or is completed by a
/// worker whose delete takes 20 s: both happens while the message waits for the worker that comes
/// at 70 s, and it has come back because the work outlived the timeout.
#[test]
fn work_that_ends_while_its_message_waits_does_not_change_why_it_came_back() {
    let works = fleet(1, constant(secs(60)));
    let mut fails = works.clone();
    fails.failure.poison = 1.0;
    let deletes_late = FleetConfig { call_latency: constant(secs(20)), ..works };
    for works in [fails, deletes_late] {
        let own = QueueConfig { visibility_timeout: secs(30), ..queue() };
        let mut scenario = scenario(own, producer(burst(0, 1)), works, secs(79), Span::ZERO);
        joined_after(&mut scenario, 70);
        let (told, returned, counted) = causes(&scenario);
        assert_eq!((told, returned), (vec![Held::Working], vec![Held::Working]));
        assert_eq!(counted, Redelivered { outlived_timeout: 1, ..Redelivered::default() });
    }
}

/// One worker fails two messages in 50 s each; the timeout is 70 s. The first, received at 0 s,
/// returns at 70 s and waits until 100 s. From 60 s on, or from 80 s on, nearly every receive does
/// not hide its message; those before did.
#[test]
fn other_settings_do_not_change_why_a_message_came_back() {
    let mut works = fleet(1, constant(secs(50)));
    works.failure.poison = 1.0;
    let own = QueueConfig { visibility_timeout: secs(70), ..queue() };
    let scenario = scenario(own, producer(burst(0, 2)), works, secs(110), Span::ZERO);
    let mut then = scenario.clone();
    then.queues[0].config.duplicates = 0.999_999;
    for fork in [60, 80] {
        let fork = Some(Fork { at: at(fork), then: &then });
        let course = Course { scenario: &scenario, fork };
        let run = run_with(course, 0, &AtomicBool::new(false), Log::default());
        let told = run.observer.changes.iter().find_map(|&(now, _, change)| {
            let Change::Message(_, Step::Received { cause, .. }) = change else { return None };
            Some((now, cause?))
        });
        assert_eq!(told, Some((at(100), Held::Failed)));
    }
}

/// One worker and one message of constant work at each of these instants; the timeout is never
/// over, retention is a minute.
fn outlived(work: Span, sends: &[u64]) -> Scenario {
    let own = QueueConfig { retention: secs(60), ..queue() };
    let mut producer = producer(burst(sends[0], 1));
    producer.arrivals.extend(sends[1..].iter().map(|&secs| burst(secs, 1)));
    scenario(own, producer, fleet(1, constant(work)), secs(300), Span::ZERO)
}

/// Work of 90 s on a message that expires at 60 s, before another comes at 70 s and after it: both
/// are done once, the second from 90 s to 180 s and gone at 130 s. Idempotent workers know neither.
#[test]
fn what_is_done_once_after_its_message_is_gone_is_no_duplicate() {
    for sends in [&[0][..], &[0, 70]] {
        for idempotent in [false, true] {
            let mut scenario = outlived(secs(90), sends);
            scenario.fleets[0].config.idempotent = idempotent;
            let measured = measure(&scenario, 0).measured;
            let (queue, fleet) = (measured.queues[0].counts, measured.fleets[0].clone());
            let messages = sends.len() as u64;
            assert_eq!((queue.expired, queue.duplicates, queue.deleted), (messages, 0, 0));
            assert_eq!((fleet.counts.processed, fleet.counts.duplicates), (messages, 0));
            assert_eq!((fleet.work, fleet.duplicate_work), (u128::from(messages) * 90 * SECOND, 0));
        }
    }
}

/// A purge at 60 s instead, and a thousand messages that come and go on another queue while the
/// work goes on: its message is remembered as long as it is held, not until others come.
#[test]
fn a_message_that_is_gone_is_remembered_while_others_come_and_go() {
    let mut scenario = outlived(secs(90), &[0]);
    scenario.queues[0].config.retention = secs(4 * 86_400);
    scenario.queues[0].config.purges = vec![at(60)];
    let mut other = fleet(1, L0);
    other.queue = QueueId(1);
    scenario.queues.push(named("other", queue()));
    scenario.fleets.push(named("others", other));
    let mut others = producer(burst(65, 1_000));
    others.queue = QueueId(1);
    scenario.producers.push(named("others", others));
    let measured = measure(&scenario, 0).measured;
    let (counts, fleet) = (measured.queues[0].counts, measured.fleets[0].clone());
    assert_eq!((counts.purged, counts.duplicates), (1, 0));
    assert_eq!((fleet.counts.processed, fleet.duplicate_work), (1, 0));
}

/// Three workers hold one message, received at 0, 20 and 40 s; it expires at 60 s and is completed
/// at 90, 110 and 130 s: once, and then twice in vain. Messages that come at 70 s change nothing.
#[test]
fn of_several_holders_of_a_message_that_is_gone_the_first_completes_it() {
    let mut scenario = outlived(secs(90), &[0, 70]);
    scenario.queues[0].config.visibility_timeout = secs(20);
    scenario.fleets[0].config.size = 3.into();
    let (measured, log) = logged(&scenario);
    let endings = log.deeds.iter().filter_map(|&(now, deed)| {
        let Deed::Ended { message: MessageId(0), how, .. } = deed else { return None };
        Some((now, how))
    });
    let expected =
        [(at(90), Ending::Done), (at(110), Ending::Duplicate), (at(130), Ending::Duplicate)];
    assert_eq!(endings.collect::<Vec<_>>(), expected);
    // The other is received at 90 and 110 s, expires at 130 s and is done at 180 and 200 s.
    assert_eq!(measured.queues[0].counts.expired, 2);
    assert_eq!(measured.fleets[0].counts.processed, 2);
}

/// A message that is received, fails and expires in the line is held by nobody: however many there
/// are, what is remembered of them stays within bounds, while the one that is held is remembered.
#[test]
fn what_nobody_holds_is_forgotten() {
    let mut works = fleet(2, constant(secs(1)));
    works.failure.poison = 1.0;
    works.receive.max = 10;
    works.per = WorkUnit::Batch;
    let own = QueueConfig { visibility_timeout: secs(30), retention: secs(60), ..queue() };
    let mut sends = producer(poisson(15.0));
    sends.batch = 10;
    let scenario = scenario(own, sends, works, secs(2_000), Span::ZERO);
    let mut world = World::new(&scenario, 0, ());
    let mut most = 0;
    while world.step().is_some() {
        most = most.max(world.ledger().remembered());
    }
    let expired = world.ledger().tally(QueueId(0)).expired;
    assert!(expired > 20_000 && (1..1_000).contains(&most), "{expired} expired, {most} remembered");
}

/// Two idempotent workers have one message, received at 0 and 20 s, for 30 s each. The second
/// begins before the first is done, at 30 s, and sees at 50 s that it is: it did not do it again,
/// and its 30 s are wasted. A third, at 40 s, sees it at once, and deletes it.
#[test]
fn work_that_turns_out_to_be_done_by_another_is_wasted() {
    let own = QueueConfig { visibility_timeout: secs(20), ..queue() };
    let mut works = fleet(3, constant(secs(30)));
    works.idempotent = true;
    let scenario = scenario(own, producer(burst(0, 1)), works, secs(300), Span::ZERO);
    let (measured, log) = logged(&scenario);
    let endings = log.deeds.iter().filter_map(|&(now, deed)| {
        let Deed::Ended { how, .. } = deed else { return None };
        Some((now, how))
    });
    let recognised = |secs| (at(secs), Ending::Recognised);
    let expected = [(at(30), Ending::Done), recognised(40), recognised(50)];
    assert_eq!(endings.collect::<Vec<_>>(), expected);
    let (counts, fleet) = (measured.queues[0].counts, &measured.fleets[0]);
    assert_eq!((counts.duplicates, fleet.counts.processed, fleet.counts.duplicates), (0, 1, 0));
    assert_eq!((fleet.work, fleet.duplicate_work), (60 * SECOND, 30 * SECOND));
}
