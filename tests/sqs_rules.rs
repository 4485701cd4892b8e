//! The rules of standard queues, one test each, with the figures of the SQS API reference and
//! developer guide. Each test puts its calls to the real ledger and to the reference ledger at
//! once, so the page holds for both.

mod reference;

use reference::duo::Duo;
use reference::setup;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::Poll;
use sqsim::ledger::Receipt;
use sqsim::ledger::config::{QueueConfig, QueueId, Redrive};
use sqsim::ledger::journal::{Call, Caller, Change, Held, MessageId, State, Step};
use sqsim::ledger::{Received, VisibilityAnswer};

const ORDERS: QueueId = QueueId(0);
const DEAD: QueueId = QueueId(1);
const NANO: Span = Span::from_nanos(1);
const DAY: u64 = 24 * 3600;

const fn secs(secs: u64) -> Span {
    Span::from_secs(secs)
}

fn at(secs: u64) -> Time {
    Time::ZERO + Span::from_secs(secs)
}

fn one_queue() -> Duo {
    Duo::new(&[setup::queue()])
}

/// A queue that moves messages to `DEAD` after so many receives.
fn with_dead_letters(max_receives: u32, retention: u64, dead_retention: u64) -> Duo {
    let redrive = Some(Redrive { to: DEAD, max_receives });
    let orders = QueueConfig { redrive, retention: secs(retention), ..setup::queue() };
    let dead = QueueConfig { retention: secs(dead_retention), ..setup::queue() };
    Duo::new(&[orders, dead])
}

fn poll(caller: u32, max: u32, wait: u64, visibility_timeout: u64) -> Poll {
    let (wait, visibility_timeout) = (secs(wait), Some(secs(visibility_timeout)));
    Poll { caller: Caller(caller), max, wait, visibility_timeout }
}

/// A short poll for 10 messages, hidden for 30 s.
fn get(duo: &mut Duo, queue: QueueId) -> Vec<Receipt> {
    get_hidden(duo, queue, 30)
}

fn get_hidden(duo: &mut Duo, queue: QueueId, visibility_timeout: u64) -> Vec<Receipt> {
    duo.served.clear();
    duo.receive(queue, poll(0, 10, 0, visibility_timeout));
    served(duo, 0)
}

/// What `caller` has got since the last look.
fn served(duo: &mut Duo, caller: u32) -> Vec<Receipt> {
    let (mine, others) = std::mem::take(&mut duo.served)
        .into_iter()
        .partition::<Vec<_>, _>(|(who, _)| *who == Caller(caller));
    duo.served = others;
    mine.iter().flat_map(|(_, got)| got).map(|delivery| delivery.receipt).collect()
}

fn ids(receipts: &[Receipt]) -> Vec<u64> {
    receipts.iter().map(|receipt| receipt.message.0).collect()
}

/// The last thing told but that a call was made.
fn last(duo: &Duo) -> Change {
    let mut told = duo.history.iter().rev().map(|&(.., change)| change);
    let last = told.find(|change| !matches!(change, Change::Call(Call::Made { .. })));
    last.unwrap_or_else(|| panic!("nothing was told"))
}

fn resident(duo: &Duo, queue: QueueId) -> u64 {
    duo.real.tally(queue).resident()
}

// 1.1 Numbers

#[test]
fn a_received_message_is_hidden_for_the_visibility_timeout() {
    let mut duo = one_queue();
    duo.send(ORDERS, &[None]);
    assert_eq!(ids(&get(&mut duo, ORDERS)), [0]);
    duo.pass(Span::from_nanos(29_999_999_999));
    assert_eq!(get(&mut duo, ORDERS), []);
    duo.pass(NANO);
    assert_eq!(ids(&get(&mut duo, ORDERS)), [0]);
}

#[test]
fn a_visibility_timeout_of_zero_hides_a_message_from_nobody_else() {
    let mut duo = one_queue();
    duo.send(ORDERS, &[None]);
    assert_eq!(ids(&get_hidden(&mut duo, ORDERS, 0)), [0], "once in one receive");
    assert_eq!(ids(&get_hidden(&mut duo, ORDERS, 0)), [0], "and again at the same instant");
}

#[test]
fn right_after_the_receive_43_195_s_works() {
    let mut duo = one_queue();
    duo.send(ORDERS, &[None]);
    let receipts = get(&mut duo, ORDERS);
    duo.pass(Span::from_millis(20));
    assert_eq!(duo.change_visibility(&receipts[0], secs(43_195)), VisibilityAnswer::Changed);
    duo.until(duo.due());
    assert_eq!(duo.now(), at(43_195) + Span::from_millis(20), "nothing happens before");
    assert_eq!(ids(&get(&mut duo, ORDERS)), [0]);
}

#[test]
fn more_than_what_is_left_of_12_h_is_an_error_and_is_not_clamped() {
    let mut duo = one_queue();
    duo.send(ORDERS, &[None]);
    let receipts = get(&mut duo, ORDERS);
    duo.pass(Span::from_millis(20));
    assert_eq!(duo.change_visibility(&receipts[0], secs(43_200)), VisibilityAnswer::Refused);
    assert_eq!(last(&duo), Change::Message(MessageId(0), Step::VisibilityRefused {}));
    duo.pass(secs(30));
    assert_eq!(ids(&get(&mut duo, ORDERS)), [0], "the timeout stays what it was");
}

#[test]
fn extending_does_not_reset_the_12_h() {
    let mut duo = one_queue();
    duo.send(ORDERS, &[None]);
    let receipts = get_hidden(&mut duo, ORDERS, 6 * 3600);
    for _ in 0..2 {
        duo.pass(secs(3 * 3600));
        let answer = duo.change_visibility(&receipts[0], secs(5 * 3600));
        assert_eq!(answer, VisibilityAnswer::Changed);
    }
    duo.pass(secs(3 * 3600));
    let three_hours = secs(3 * 3600);
    let answer = duo.change_visibility(&receipts[0], three_hours + NANO);
    assert_eq!(answer, VisibilityAnswer::Refused, "9 h have passed, 3 h are left");
    let answer = duo.change_visibility(&receipts[0], three_hours);
    assert_eq!(answer, VisibilityAnswer::Changed);
}

#[test]
fn a_queues_delay_hides_a_new_message_and_a_messages_own_delay_overrides_it() {
    let mut duo = Duo::new(&[QueueConfig { delay: secs(60), ..setup::queue() }]);
    duo.send(ORDERS, &[None, Some(Span::ZERO), Some(secs(900))]);
    assert_eq!(ids(&get_hidden(&mut duo, ORDERS, 43_200)), [1]);
    assert_eq!(duo.real.tally(ORDERS).delayed, 2);
    duo.pass(secs(60) - NANO);
    assert_eq!(get(&mut duo, ORDERS), []);
    duo.pass(NANO);
    assert_eq!(ids(&get_hidden(&mut duo, ORDERS, 43_200)), [0]);
    duo.pass(secs(840) - NANO);
    assert_eq!(get(&mut duo, ORDERS), []);
    duo.pass(NANO);
    assert_eq!(ids(&get(&mut duo, ORDERS)), [2]);
}

#[test]
fn a_message_expires_at_its_retention_without_being_received() {
    let mut duo = one_queue();
    duo.send(ORDERS, &[None]);
    duo.pass(secs(4 * DAY) - NANO);
    assert_eq!(resident(&duo, ORDERS), 1);
    duo.pass(NANO);
    assert_eq!(resident(&duo, ORDERS), 0);
    assert_eq!(last(&duo), Change::Message(MessageId(0), Step::Expired { from: State::Visible }));
}

#[test]
fn retention_counts_from_the_send_for_delayed_and_received_messages_too() {
    let mut duo = Duo::new(&[QueueConfig { retention: secs(60), ..setup::queue() }]);
    duo.send(ORDERS, &[None, Some(secs(900))]);
    duo.pass(secs(59));
    let receipts = get(&mut duo, ORDERS);
    duo.pass(secs(1));
    assert_eq!(duo.real.tally(ORDERS).expired, 2);
    duo.delete(&receipts);
    assert_eq!(last(&duo), Change::Message(MessageId(0), Step::DeletedNothing {}));
}

/// Received at 0 and, after its timeout of 30 s, at 30 by another.
#[test]
fn a_delete_with_an_older_receipt_deletes_where_the_queue_says_so() {
    for (stale_deletes, left) in [(0.0, 1), (1.0, 0)] {
        let mut duo = Duo::new(&[QueueConfig { stale_deletes, ..setup::queue() }]);
        duo.send(ORDERS, &[None]);
        let old = get(&mut duo, ORDERS);
        duo.pass(secs(30));
        let new = get(&mut duo, ORDERS);
        duo.delete(&old);
        assert_eq!(resident(&duo, ORDERS), left);
        duo.delete(&new);
        assert_eq!(resident(&duo, ORDERS), 0, "the latest one always does");
    }
}

#[test]
fn a_receive_returns_ten_messages_at_most_and_perhaps_fewer_than_asked_for() {
    let mut duo = one_queue();
    for _ in 0..5 {
        duo.send(ORDERS, &[None; 5]);
    }
    let counts: Vec<usize> = (0..4).map(|_| get(&mut duo, ORDERS).len()).collect();
    assert_eq!(counts, [10, 10, 5, 0]);
}

#[test]
fn at_the_in_flight_cap_a_short_poll_gets_over_limit() {
    let mut duo = Duo::new(&[QueueConfig { max_in_flight: 3, ..setup::queue() }]);
    duo.send(ORDERS, &[None; 5]);
    let receipts = get(&mut duo, ORDERS);
    assert_eq!(ids(&receipts), [0, 1, 2], "no more than the cap");
    assert_eq!(duo.receive(ORDERS, poll(0, 10, 0, 30)), Received::OverLimit);
    duo.delete(&receipts[..1]);
    assert_eq!(ids(&get(&mut duo, ORDERS)), [3]);
}

#[test]
fn at_the_in_flight_cap_a_long_poll_is_empty_without_an_error() {
    let mut duo = Duo::new(&[QueueConfig { max_in_flight: 3, ..setup::queue() }]);
    duo.send(ORDERS, &[None; 5]);
    get(&mut duo, ORDERS);
    assert_eq!(duo.receive(ORDERS, poll(1, 10, 20, 30)), Received::Waiting);
    duo.pass(secs(20));
    let over =
        Change::Call(Call::ReceivedNothing { caller: Caller(1), falsely: false, over_limit: true });
    assert_eq!(last(&duo), over);
}

#[test]
fn a_delete_below_the_in_flight_cap_serves_the_long_poll_that_waits() {
    let mut duo = Duo::new(&[QueueConfig { max_in_flight: 3, ..setup::queue() }]);
    duo.send(ORDERS, &[None; 5]);
    let receipts = get(&mut duo, ORDERS);
    duo.receive(ORDERS, poll(1, 10, 20, 30));
    duo.pass(secs(5));
    duo.delete(&receipts[..1]);
    assert_eq!(ids(&served(&mut duo, 1)), [3]);
}

#[test]
fn entries_of_a_batch_delete_succeed_or_fail_individually() {
    let mut duo = one_queue();
    duo.send(ORDERS, &[None; 3]);
    let first = get(&mut duo, ORDERS);
    duo.delete(&first[..1]);
    duo.pass(secs(30));
    let second = get(&mut duo, ORDERS);
    assert_eq!(ids(&second), [1, 2]);
    duo.delete(&[first[0], first[1], second[1]]);
    let tally = duo.real.tally(ORDERS);
    assert_eq!((tally.deleted, tally.in_flight), (2, 1), "gone, stale, latest");
}

#[test]
fn a_purge_removes_what_is_in_flight_and_delayed_too() {
    let mut duo = one_queue();
    duo.send(ORDERS, &[None]);
    let receipts = get(&mut duo, ORDERS);
    duo.send(ORDERS, &[None, Some(secs(60))]);
    duo.purge(ORDERS);
    let tally = duo.real.tally(ORDERS);
    assert_eq!((tally.purged, tally.resident()), (3, 0));
    duo.delete(&receipts);
    assert_eq!(last(&duo), Change::Message(MessageId(0), Step::DeletedNothing {}));
    duo.pass(secs(120));
    assert_eq!(get(&mut duo, ORDERS), [], "nothing comes back");
}

// 1.2 Rules of each action

#[test]
fn each_receive_counts_and_has_a_receipt_of_its_own() {
    let mut duo = one_queue();
    duo.send(ORDERS, &[None]);
    let receipts: Vec<Receipt> = (0..5)
        .flat_map(|_| {
            let got = get(&mut duo, ORDERS);
            duo.pass(secs(30));
            got
        })
        .collect();
    let counts: Vec<u32> = receipts.iter().map(|receipt| receipt.receives).collect();
    assert_eq!(counts, [1, 2, 3, 4, 5]);
    assert!(receipts.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn a_short_poll_of_an_empty_queue_returns_at_once() {
    let mut duo = one_queue();
    assert_eq!(duo.receive(ORDERS, poll(0, 10, 0, 30)), Received::Empty);
}

#[test]
fn a_long_poll_returns_as_soon_as_there_is_a_message() {
    let mut duo = one_queue();
    assert_eq!(duo.receive(ORDERS, poll(0, 10, 20, 30)), Received::Waiting);
    duo.pass(secs(7));
    duo.send(ORDERS, &[None; 2]);
    let got = served(&mut duo, 0);
    assert_eq!(ids(&got), [0, 1], "the messages of one send together");
    assert_eq!(got[0].received, at(7), "in flight from now on, not from the request");
    duo.pass(secs(30) - NANO);
    assert_eq!(duo.real.tally(ORDERS).in_flight, 2);
    duo.pass(NANO);
    assert_eq!(duo.real.tally(ORDERS).in_flight, 0);
}

#[test]
fn a_long_poll_is_empty_only_when_its_wait_is_over() {
    let mut duo = one_queue();
    duo.receive(ORDERS, poll(0, 10, 20, 30));
    duo.pass(secs(20) - NANO);
    assert!(duo.waits(Caller(0)));
    duo.pass(NANO);
    assert!(!duo.waits(Caller(0)));
    assert_eq!(duo.served, [(Caller(0), vec![])]);
    let empty = Change::Call(Call::ReceivedNothing {
        caller: Caller(0),
        falsely: false,
        over_limit: false,
    });
    assert_eq!(last(&duo), empty);
}

#[test]
fn a_message_that_returns_as_the_wait_ends_still_serves_the_long_poll() {
    let mut duo = one_queue();
    duo.send(ORDERS, &[None]);
    get_hidden(&mut duo, ORDERS, 20);
    duo.receive(ORDERS, poll(1, 10, 20, 30));
    duo.pass(secs(20));
    assert_eq!(ids(&served(&mut duo, 1)), [0]);
}

#[test]
fn long_polls_are_served_in_the_order_of_their_arrival() {
    let mut duo = one_queue();
    for caller in [3, 1, 2] {
        duo.receive(ORDERS, poll(caller, 1, 20, 30));
        duo.pass(secs(1));
    }
    assert!(duo.hang_up(Caller(1)));
    duo.send(ORDERS, &[None; 3]);
    assert_eq!(ids(&served(&mut duo, 3)), [0]);
    assert_eq!(ids(&served(&mut duo, 2)), [1]);
    assert_eq!(duo.real.tally(ORDERS).visible, 1);
}

#[test]
fn a_caller_that_left_waits_no_longer_whoever_has_its_seat() {
    let mut duo = one_queue();
    for caller in [3, 1, 2] {
        duo.receive(ORDERS, poll(caller, 1, 20, 30));
    }
    duo.come_back([Caller(1), Caller(2)]);
    duo.receive(ORDERS, poll(2, 1, 20, 30));
    duo.send(ORDERS, &[None; 3]);
    assert_eq!(ids(&served(&mut duo, 3)), [0]);
    assert_eq!(ids(&served(&mut duo, 2)), [1]);
    assert_eq!(duo.real.tally(ORDERS).visible, 1);
}

#[test]
fn delete_after_the_visibility_timeout_with_the_latest_receipt_works() {
    let mut duo = one_queue();
    duo.send(ORDERS, &[None]);
    let receipts = get(&mut duo, ORDERS);
    duo.pass(secs(31));
    duo.delete(&receipts);
    let (message, sent) = (MessageId(0), Time::ZERO);
    assert_eq!(
        last(&duo),
        Change::Message(message, Step::Deleted { sent, receives: 1, from: State::Visible })
    );
    assert_eq!(resident(&duo, ORDERS), 0);
}

#[test]
fn delete_with_an_old_receipt_succeeds_and_the_message_is_not_deleted() {
    let mut duo = one_queue();
    duo.send(ORDERS, &[None]);
    let first = get(&mut duo, ORDERS);
    duo.pass(secs(30));
    let second = get(&mut duo, ORDERS);
    duo.delete(&first);
    assert_eq!(last(&duo), Change::Message(MessageId(0), Step::DeletedNothing {}));
    assert_eq!(duo.real.tally(ORDERS).in_flight, 1);
    duo.delete(&second);
    duo.delete(&second);
    assert_eq!(
        last(&duo),
        Change::Message(MessageId(0), Step::DeletedNothing {}),
        "a second delete"
    );
    assert_eq!(duo.real.tally(ORDERS).deleted, 1);
}

#[test]
fn a_receipt_dies_12_h_after_its_receive() {
    let mut duo = one_queue();
    duo.send(ORDERS, &[None; 2]);
    let receipts = get(&mut duo, ORDERS);
    duo.pass(secs(43_200));
    duo.delete(&receipts[..1]);
    assert_eq!(duo.real.tally(ORDERS).deleted, 1, "at 12 h it still works");
    duo.pass(NANO);
    duo.delete(&receipts[1..]);
    assert_eq!(last(&duo), Change::Message(MessageId(1), Step::ReceiptExpired {}));
    assert_eq!(resident(&duo, ORDERS), 1);
}

#[test]
fn a_new_visibility_timeout_counts_from_the_call_and_for_this_receive_only() {
    let mut duo = one_queue();
    duo.send(ORDERS, &[None]);
    let receipts = get(&mut duo, ORDERS);
    duo.pass(secs(20));
    duo.change_visibility(&receipts[0], secs(60));
    duo.pass(secs(60) - NANO);
    assert_eq!(get(&mut duo, ORDERS), []);
    duo.pass(NANO);
    assert_eq!(ids(&get(&mut duo, ORDERS)), [0]);
    duo.pass(secs(30));
    assert_eq!(ids(&get(&mut duo, ORDERS)), [0], "the next receive has its own timeout");
}

#[test]
fn a_shorter_visibility_timeout_counts_too_and_zero_is_visible_at_once() {
    let mut duo = one_queue();
    duo.send(ORDERS, &[None]);
    let receipts = get(&mut duo, ORDERS);
    duo.annotate(&receipts[0], Held::Failed);
    duo.change_visibility(&receipts[0], secs(5));
    duo.pass(secs(5));
    let receipts = get(&mut duo, ORDERS);
    duo.annotate(&receipts[0], Held::Failed);
    duo.change_visibility(&receipts[0], Span::ZERO);
    let (message, cause) = (MessageId(0), Held::Failed);
    assert_eq!(last(&duo), Change::Message(message, Step::Returned { cause, receives: 2 }));
    assert_eq!(ids(&get(&mut duo, ORDERS)), [0]);
}

#[test]
fn visibility_of_a_message_that_is_not_in_flight_for_the_receipt_is_not_changed() {
    let mut duo = one_queue();
    duo.send(ORDERS, &[None]);
    let first = get(&mut duo, ORDERS);
    duo.pass(secs(30));
    assert_eq!(duo.change_visibility(&first[0], secs(5)), VisibilityAnswer::Refused, "visible");
    let second = get(&mut duo, ORDERS);
    assert_eq!(duo.change_visibility(&first[0], secs(5)), VisibilityAnswer::Refused, "stale");
    duo.delete(&second);
    assert_eq!(duo.change_visibility(&second[0], secs(5)), VisibilityAnswer::Refused, "deleted");
}

#[test]
fn a_copy_that_survives_its_delete_is_returned_later() {
    let mut duo = Duo::new(&[QueueConfig { lost_deletes: 1.0, ..setup::queue() }]);
    duo.send(ORDERS, &[None]);
    let receipts = get(&mut duo, ORDERS);
    duo.delete(&receipts);
    assert_eq!(last(&duo), Change::Message(MessageId(0), Step::DeleteLost {}));
    duo.pass(secs(30));
    assert_eq!(ids(&get(&mut duo, ORDERS)), [0]);
}

#[test]
fn one_partition_is_first_in_first_out() {
    let mut duo = one_queue();
    duo.send(ORDERS, &[None, Some(secs(5)), None]);
    duo.pass(secs(5));
    duo.send(ORDERS, &[None]);
    assert_eq!(ids(&get(&mut duo, ORDERS)), [0, 2, 1, 3], "a delayed one enters after its delay");
}

#[test]
fn after_three_receives_a_message_goes_to_the_back() {
    let mut duo = one_queue();
    duo.send(ORDERS, &[None]);
    for receive in 1..=3 {
        duo.receive(ORDERS, poll(0, 1, 0, 30));
        assert_eq!(ids(&served(&mut duo, 0)), [0], "receive {receive}: first of all");
        duo.send(ORDERS, &[None]);
        duo.pass(secs(30));
    }
    assert_eq!(ids(&get(&mut duo, ORDERS)), [1, 2, 3, 0]);
}

#[test]
fn the_age_of_the_oldest_counts_messages_in_flight_but_none_received_three_times() {
    let mut duo = one_queue();
    duo.send(ORDERS, &[None]);
    duo.pass(secs(10));
    duo.send(ORDERS, &[None]);
    for _ in 0..3 {
        duo.receive(ORDERS, poll(0, 1, 0, 30));
        assert_eq!(ids(&served(&mut duo, 0)), [0]);
        assert_eq!(duo.real.oldest(ORDERS), Some(at(0)), "in flight");
        duo.pass(secs(30));
    }
    assert_eq!(duo.real.oldest(ORDERS), Some(at(10)), "the second-oldest message");
    let both = get(&mut duo, ORDERS);
    duo.delete(&both[..1]);
    assert_eq!(ids(&both), [1, 0]);
    assert_eq!(duo.real.oldest(ORDERS), None, "a poison message has no age");
}

// 2 Dead-letter queues

#[test]
fn n_receives_are_delivered_and_the_next_moves() {
    let mut duo = with_dead_letters(3, 4 * DAY, 14 * DAY);
    duo.send(ORDERS, &[None]);
    for receive in 1..=3 {
        assert_eq!(get(&mut duo, ORDERS)[0].receives, receive);
        duo.pass(secs(30));
    }
    assert_eq!(duo.now(), at(90), "N × the visibility timeout");
    assert_eq!(duo.receive(ORDERS, poll(0, 10, 0, 30)), Received::Empty);
    assert_eq!((resident(&duo, ORDERS), resident(&duo, DEAD)), (0, 1));
    assert_eq!(ids(&get(&mut duo, DEAD)), [0]);
}

#[test]
fn the_receive_that_moves_a_message_returns_others() {
    let mut duo = with_dead_letters(1, 4 * DAY, 14 * DAY);
    duo.send(ORDERS, &[None; 2]);
    get(&mut duo, ORDERS);
    duo.pass(secs(30));
    duo.send(ORDERS, &[None]);
    assert_eq!(ids(&get(&mut duo, ORDERS)), [2]);
    assert_eq!(duo.real.tally(DEAD).visible, 2);
}

#[test]
fn without_another_receive_nothing_moves() {
    let mut duo = with_dead_letters(1, 4 * DAY, 14 * DAY);
    duo.send(ORDERS, &[None]);
    get(&mut duo, ORDERS);
    duo.pass(secs(30 + 60));
    assert_eq!((resident(&duo, ORDERS), resident(&duo, DEAD)), (1, 0));
    duo.pass(secs(4 * DAY));
    let tally = duo.real.tally(ORDERS);
    assert_eq!((tally.expired, tally.moved_out), (1, 0), "it only expires by retention");
}

#[test]
fn a_standard_dead_letter_queue_keeps_the_enqueue_time() {
    let mut duo = with_dead_letters(1, 4 * DAY, 4 * DAY);
    duo.send(ORDERS, &[None]);
    get(&mut duo, ORDERS);
    duo.pass(secs(DAY));
    get(&mut duo, ORDERS);
    assert_eq!(duo.real.tally(DEAD).visible, 1);
    duo.pass(secs(3 * DAY) - NANO);
    assert_eq!(resident(&duo, DEAD), 1);
    duo.pass(NANO);
    let tally = duo.real.tally(DEAD);
    assert_eq!((tally.expired, tally.resident()), (1, 0), "1 day + 3 days");
}

#[test]
fn the_enqueue_time_is_kept_through_two_moves() {
    let redrive = |to| Some(Redrive { to: QueueId(to), max_receives: 1 });
    let retention = secs(14 * DAY);
    let mut duo = Duo::new(&[
        QueueConfig { redrive: redrive(1), retention, ..setup::queue() },
        QueueConfig { redrive: redrive(2), retention: secs(4 * DAY), ..setup::queue() },
        QueueConfig { retention: secs(5 * DAY), ..setup::queue() },
    ]);
    duo.send(ORDERS, &[None]);
    for queue in [ORDERS, DEAD] {
        get(&mut duo, queue);
        duo.pass(secs(DAY));
        get(&mut duo, queue);
    }
    duo.pass(secs(3 * DAY) - NANO);
    assert_eq!(resident(&duo, QueueId(2)), 1);
    duo.pass(NANO);
    assert_eq!(resident(&duo, QueueId(2)), 0, "2 days + 3 days");
}

#[test]
fn a_message_older_than_the_dead_letter_queues_retention_expires_as_it_arrives() {
    let mut duo = with_dead_letters(1, 4 * DAY, 60);
    duo.send(ORDERS, &[None]);
    get(&mut duo, ORDERS);
    duo.pass(secs(DAY));
    get(&mut duo, ORDERS);
    duo.pass(Span::ZERO);
    assert_eq!(duo.real.tally(DEAD).expired, 1);
}

#[test]
fn the_age_in_a_dead_letter_queue_counts_from_the_move() {
    let mut duo = with_dead_letters(1, 4 * DAY, 4 * DAY);
    duo.send(ORDERS, &[None]);
    get(&mut duo, ORDERS);
    duo.pass(secs(DAY));
    get(&mut duo, ORDERS);
    assert_eq!(duo.real.oldest(DEAD), Some(at(DAY)));
    assert_eq!(duo.real.oldest(ORDERS), None);
}

#[test]
fn a_move_is_not_counted_as_sent() {
    let mut duo = with_dead_letters(1, 4 * DAY, 4 * DAY);
    duo.send(ORDERS, &[None]);
    get(&mut duo, ORDERS);
    duo.pass(secs(30));
    get(&mut duo, ORDERS);
    let tally = duo.real.tally(DEAD);
    assert_eq!((tally.sent, tally.moved_in, tally.visible), (0, 1, 1));
}

#[test]
fn a_receipt_of_the_source_has_no_power_in_the_dead_letter_queue() {
    let mut duo = with_dead_letters(1, 4 * DAY, 4 * DAY);
    duo.send(ORDERS, &[None]);
    let receipts = get(&mut duo, ORDERS);
    duo.pass(secs(30));
    get(&mut duo, ORDERS);
    get(&mut duo, DEAD);
    duo.delete(&receipts);
    assert_eq!(last(&duo), Change::Message(MessageId(0), Step::DeletedNothing {}));
    assert_eq!(duo.change_visibility(&receipts[0], Span::ZERO), VisibilityAnswer::Refused);
    assert_eq!(duo.real.tally(DEAD).in_flight, 1);
}

#[test]
fn a_long_poll_at_the_dead_letter_queue_gets_the_message_as_it_arrives() {
    let mut duo = with_dead_letters(1, 4 * DAY, 4 * DAY);
    duo.send(ORDERS, &[None]);
    get(&mut duo, ORDERS);
    duo.pass(secs(25));
    duo.receive(DEAD, poll(1, 10, 20, 30));
    duo.pass(secs(5));
    get(&mut duo, ORDERS);
    duo.pass(Span::ZERO);
    let got = served(&mut duo, 1);
    assert_eq!(ids(&got), [0]);
    assert_eq!(got[0].received, at(30));
}

#[test]
fn work_that_was_done_too_late_stays_done_in_the_dead_letter_queue() {
    let mut duo = with_dead_letters(1, 4 * DAY, 4 * DAY);
    duo.send(ORDERS, &[None]);
    let late = get(&mut duo, ORDERS);
    duo.pass(secs(40));
    assert!(!duo.complete(&late[0]), "the first to complete it");
    get(&mut duo, ORDERS);
    let again = get(&mut duo, DEAD);
    assert!(duo.complete(&again[0]), "a duplicate");
}
