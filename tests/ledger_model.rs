//! Random calls to the ledger against a slow, obvious reference (`reference/ledger.rs`): the same
//! answers, the same changes, the same counts.
//!
//! The cases are the same in every run. More of them: `PROPTEST_CASES=20000`; others:
//! `PROPTEST_RNG_SEED=7`.

mod reference;

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{RngSeed, TestRunner};
use reference::duo::{CALLERS, Duo};
use reference::setup;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::Poll;
use sqsim::ledger::config::{Keys, QueueConfig, QueueId, Redrive};
use sqsim::ledger::journal::{Caller, Change, Held};
use sqsim::ledger::{RECEIPT_LIFE, Receipt};

/// How far the clock moves before a call.
#[derive(Clone, Copy, Debug)]
enum Pause {
    None,
    For(Span),
    /// To the next thing that happens by itself, a nanosecond before it, or after it.
    ToNext(Nudge),
    /// To 12 h after a receive.
    ToEndOf(Pick, Nudge),
}

/// At an instant, or a nanosecond beside it.
#[derive(Clone, Copy, Debug)]
enum Nudge {
    Before,
    At,
    After,
}

impl Nudge {
    fn apply(self, nanos: u64) -> u64 {
        match self {
            Nudge::Before => nanos.saturating_sub(1),
            Nudge::At => nanos,
            Nudge::After => nanos + 1,
        }
    }
}

/// A receipt, counted back from the latest.
type Pick = usize;

/// A new visibility timeout.
#[derive(Clone, Copy, Debug)]
enum Timeout {
    Of(Span),
    /// What is left of the 12 h since the receive.
    Rest(Nudge),
}

#[derive(Clone, Debug)]
enum Call {
    Send(QueueId, Vec<Option<Span>>),
    Receive(QueueId, Poll),
    Delete(Vec<Pick>),
    ChangeVisibility(Pick, Timeout),
    Purge(QueueId),
    HangUp(Caller),
    /// The caller and the next one leave and come back, each in the seat of the other.
    ComeBack(Caller),
    Annotate(Pick, Held),
    Complete(Pick),
}

/// More kinds of each length than the ledger keeps lists for.
const VISIBILITY_TIMEOUTS: [u64; 14] =
    [30, 30, 30, 0, 1, 2, 5, 10, 29, 60, 90, 600, 43_195, 43_200];
const WAITS: [u64; 12] = [20, 20, 0, 0, 1, 2, 3, 5, 7, 10, 12, 19];
const DELAYS: [u64; 6] = [0, 1, 5, 30, 60, 900];
const RETENTIONS: [u64; 6] = [60, 600, 86_400, 345_600, 345_600, 1_209_600];

fn secs<const N: usize>(choices: [u64; N]) -> impl Strategy<Value = Span> {
    select(choices.map(Span::from_secs).to_vec())
}

/// The settings of queue `at` of `count`, which may have a later queue for its dead letters.
fn settings(at: u32, count: u32) -> impl Strategy<Value = QueueConfig> {
    let redrive = (any::<bool>(), at + 1..=count, 1..=4_u32).prop_map(move |(has, to, max)| {
        (has && to < count).then_some(Redrive { to: QueueId(to), max_receives: max })
    });
    let delay = secs([0, 0, 0, 5, 900]);
    let in_flight = select(vec![1, 2, 3, 7, 120_000, 120_000, 120_000]);
    let lost = select(vec![0.0, 0.0, 0.3]);
    let chances = (lost, select(vec![0.0, 0.5, 1.0]), select(vec![0.0, 0.0, 0.3]));
    let keys = select(vec![Keys::Uniform, Keys::PerCall]);
    (delay, secs(RETENTIONS), in_flight, redrive, chances, 1..=5_u32, keys).prop_map(
        |(delay, retention, max_in_flight, redrive, chances, partitions, keys)| {
            let (lost_deletes, stale_deletes, duplicates) = chances;
            let mut config = setup::queue();
            config.ledger.partitions = partitions;
            config.ledger.keys = keys;
            let config = QueueConfig { lost_deletes, stale_deletes, duplicates, ..config };
            QueueConfig { delay, retention, max_in_flight, redrive, ..config }
        },
    )
}

fn queues() -> impl Strategy<Value = Vec<QueueConfig>> {
    (1..=3_u32).prop_flat_map(|count| (0..count).map(|at| settings(at, count)).collect::<Vec<_>>())
}

/// Mostly the first queue, so that it has something to do.
fn queue() -> impl Strategy<Value = QueueId> {
    select(vec![0, 0, 0, 1, 1, 2].into_iter().map(QueueId).collect::<Vec<_>>())
}

fn nudge() -> impl Strategy<Value = Nudge> {
    select(vec![Nudge::Before, Nudge::At, Nudge::At, Nudge::After])
}

/// Mostly one of the latest.
fn pick() -> impl Strategy<Value = Pick> {
    prop_oneof![4 => 0..4_usize, 2 => 0..16_usize, 1 => 0..200_usize]
}

fn pause() -> impl Strategy<Value = Pause> {
    let long = secs([60, 600, 900, 43_200, 86_400]);
    prop_oneof![
        20 => Just(Pause::None),
        10 => secs([0, 1, 1, 2, 5, 10, 20, 30]).prop_map(Pause::For),
        10 => nudge().prop_map(Pause::ToNext),
        1 => long.prop_map(Pause::For),
        1 => (pick(), nudge()).prop_map(|(pick, nudge)| Pause::ToEndOf(pick, nudge)),
    ]
}

fn poll() -> impl Strategy<Value = Poll> {
    (0..CALLERS, 1..=10_u32, secs(WAITS), option::of(secs(VISIBILITY_TIMEOUTS))).prop_map(
        |(caller, max, wait, visibility_timeout)| Poll {
            caller: Caller(caller),
            max,
            wait,
            visibility_timeout,
        },
    )
}

fn call() -> impl Strategy<Value = Call> {
    let delay = prop_oneof![3 => Just(None), 1 => secs(DELAYS).prop_map(Some)];
    let delays = prop_oneof![
        3 => prop::collection::vec(delay.clone(), 1..=3),
        1 => prop::collection::vec(delay, 4..=10),
    ];
    let timeout = prop_oneof![
        1 => Just(Timeout::Of(Span::ZERO)),
        2 => secs(VISIBILITY_TIMEOUTS).prop_map(Timeout::Of),
        1 => nudge().prop_map(Timeout::Rest),
    ];
    let held =
        select(vec![Held::Buffered, Held::Working, Held::Failed, Held::Crashed, Held::Deleting]);
    prop_oneof![
        20 => (queue(), delays).prop_map(|(queue, delays)| Call::Send(queue, delays)),
        40 => (queue(), poll()).prop_map(|(queue, poll)| Call::Receive(queue, poll)),
        10 => pick().prop_map(|pick| Call::Delete(vec![pick])),
        4 => prop::collection::vec(pick(), 2..=10).prop_map(Call::Delete),
        14 => (pick(), timeout).prop_map(|(pick, it)| Call::ChangeVisibility(pick, it)),
        1 => queue().prop_map(Call::Purge),
        4 => (0..CALLERS).prop_map(|caller| Call::HangUp(Caller(caller))),
        4 => (0..CALLERS).prop_map(|caller| Call::ComeBack(Caller(caller))),
        4 => (pick(), held).prop_map(|(pick, held)| Call::Annotate(pick, held)),
        4 => pick().prop_map(Call::Complete),
    ]
}

fn picked(duo: &Duo, pick: Pick) -> Option<Receipt> {
    duo.receipts.iter().rev().nth(pick).copied()
}

fn let_pass(duo: &mut Duo, pause: Pause) {
    let now = duo.now().as_nanos();
    let target = match pause {
        Pause::None => now,
        Pause::For(span) => now + span.as_nanos(),
        Pause::ToNext(nudge) => {
            let due = duo.due();
            if due == Time::NEVER { now } else { nudge.apply(due.as_nanos()) }
        }
        Pause::ToEndOf(pick, nudge) => picked(duo, pick)
            .map_or(now, |receipt| nudge.apply((receipt.received + RECEIPT_LIFE).as_nanos())),
    };
    duo.pass(Span::from_nanos(target.saturating_sub(now)));
}

fn make(duo: &mut Duo, configs: &[QueueConfig], call: Call) {
    let known = |queue: QueueId| QueueId(queue.0 % configs.len() as u32);
    match call {
        Call::Send(queue, delays) => duo.send(known(queue), &delays),
        Call::Receive(queue, mut poll) => {
            let queue = known(queue);
            // Short polls of several partitions sample; `ledger_shards.rs` is about them.
            if poll.wait.is_zero() && configs[queue.0 as usize].ledger.partitions > 1 {
                poll.wait = Span::from_secs(1);
            }
            if !duo.waits(poll.caller) {
                duo.receive(queue, poll);
            }
        }
        Call::Delete(picks) => {
            let mut receipts: Vec<Receipt> =
                picks.into_iter().filter_map(|pick| picked(duo, pick)).collect();
            if let Some(&first) = receipts.first() {
                receipts.retain(|receipt| receipt.queue == first.queue);
                duo.delete(&receipts);
            }
        }
        Call::ChangeVisibility(pick, timeout) => {
            if let Some(receipt) = picked(duo, pick) {
                let end = receipt.received + RECEIPT_LIFE;
                let left = end.as_nanos().saturating_sub(duo.now().as_nanos());
                let timeout = match timeout {
                    Timeout::Of(span) => span,
                    Timeout::Rest(nudge) => Span::from_nanos(nudge.apply(left)),
                };
                duo.change_visibility(&receipt, timeout);
            }
        }
        Call::Purge(queue) => duo.purge(known(queue)),
        Call::HangUp(caller) => {
            duo.hang_up(caller);
        }
        Call::ComeBack(caller) => duo.come_back([caller, Caller((caller.0 + 1) % CALLERS)]),
        Call::Annotate(pick, held) => {
            if let Some(receipt) = picked(duo, pick) {
                duo.annotate(&receipt, held);
            }
        }
        Call::Complete(pick) => {
            if let Some(receipt) = picked(duo, pick) {
                duo.complete(&receipt);
            }
        }
    }
}

/// The variant's name.
fn kind(change: &Change) -> String {
    let text = if let Change::Message(_, step) = change {
        format!("{step:?}")
    } else {
        format!("{change:?}")
    };
    text.split(' ').next().unwrap_or_default().to_owned()
}

#[test]
fn random_calls_have_the_reference_ledgers_effects() {
    let ambient = ProptestConfig::default();
    let rng_seed = match ambient.rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        chosen @ RngSeed::Fixed(_) => chosen,
    };
    let cases = ambient.cases * 16;
    let config = ProptestConfig {
        cases,
        rng_seed,
        failure_persistence: None,
        max_shrink_time: 20_000,
        ..ambient
    };
    let calls = prop::collection::vec((pause(), call()), 1..=200);
    let kinds: RefCell<BTreeMap<String, u32>> = RefCell::default();
    let result = TestRunner::new(config).run(&(queues(), calls), |(configs, calls)| {
        let mut duo = Duo::new(&configs);
        for (pause, call) in calls {
            let_pass(&mut duo, pause);
            make(&mut duo, &configs, call);
        }
        for (.., change) in &duo.history {
            *kinds.borrow_mut().entry(kind(change)).or_default() += 1;
        }
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    let kinds = kinds.into_inner();
    for rare in ["ReceiptExpired", "Expired", "Purged", "DeadLettered", "DeleteLost", "DelayEnded"]
    {
        assert!(kinds[rare] >= 100, "the calls reach too little: {kinds:?}");
    }
}
