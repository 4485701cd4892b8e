//! A second book-keeping of a run, from what observers are told.
//!
//! Owns the laws that every sequence of facts must keep: each message passes through its states
//! in order and exactly once, partitions cover the key space, time does not go back. Must not
//! know how the ledger keeps anything.

use std::collections::{BTreeMap, BTreeSet};

use sqsim::facts::deed::{Deed, DownstreamId, FunctionId, WorkerId};
use sqsim::facts::fingerprint::Fingerprint;
use sqsim::facts::observer::Observer;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::Ledger;
use sqsim::ledger::config::{QueueId, SplitPolicy};
use sqsim::ledger::journal::{
    Change, Held, Journal, KeySpace, MessageId, PartitionId, State, Step,
};
use sqsim::model::scenario::Scenario;

/// No message is in flight for longer after one receive.
const TWELVE_HOURS: Span = Span::from_secs(12 * 3_600);

/// A resident message.
#[derive(Clone, Copy, Debug)]
struct Resident {
    queue: QueueId,
    /// `None` between leaving a queue for its dead-letter queue and arriving there.
    state: Option<State>,
    receives: u32,
    received: Time,
    /// Why it last came back.
    cause: Option<Held>,
}

/// What came into a queue and went out of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Book {
    sent: u64,
    moved_in: u64,
    restored: u64,
    deleted: u64,
    moved_out: u64,
    expired: u64,
    purged: u64,
    visible: u64,
    delayed: u64,
    in_flight: u64,
}

/// The watcher.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    pub(crate) fingerprint: Fingerprint,
    now: Time,
    next_id: u64,
    messages: BTreeMap<MessageId, Resident>,
    books: Vec<Book>,
    /// Open partitions of each queue, by their first key: last key, id.
    partitions: Vec<BTreeMap<u64, (u64, PartitionId)>>,
    /// What is being worked on: one thread may hold two deliveries of one message.
    work: BTreeMap<(WorkerId, u32, MessageId), u32>,
    /// Workers that are up.
    up: BTreeSet<WorkerId>,
    threads: Vec<u32>,
    /// Of each worker of a fleet.
    threads_of: Vec<u32>,
    /// Environments of functions that are there, and those that run.
    environments: BTreeSet<WorkerId>,
    running: BTreeSet<WorkerId>,
    limits: BTreeMap<FunctionId, u32>,
    most_in_flight: Vec<u64>,
    most_partitions: Vec<usize>,
    /// Per producer: messages that arose, and those that are stored or given up.
    arrived: Vec<(u64, u64)>,
    /// Per queue: messages that its producers have stored.
    confirmed: Vec<u64>,
    /// The queue of each producer.
    sends_to: Vec<QueueId>,
    /// Where all that is deleted from a queue was sent on before, if all its fleets do so.
    sent_on: Vec<Option<QueueId>>,
    /// Of each downstream the calls that wait and those that are worked on.
    calls: Vec<(u32, u32)>,
    /// How many it works on at once, if it has a pool.
    connections: Vec<Option<u32>>,
}

/// Where the fleets at queue `at` send on what they complete; `None` if one of them does not, there
/// are none, or they do not agree.
fn sent_on(scenario: &Scenario, at: u32) -> Option<QueueId> {
    if scenario.functions.iter().any(|function| function.config.queue == QueueId(at)) {
        return None;
    }
    let fleets = scenario.fleets.iter().map(|fleet| &fleet.config);
    let mut own = fleets.filter(|fleet| fleet.receives_from(QueueId(at)));
    let to = own.next()?.forward?;
    own.all(|fleet| fleet.forward == Some(to)).then_some(to)
}

impl Watch {
    /// The watcher of one run of a scenario.
    pub(crate) fn new(scenario: &Scenario) -> Watch {
        let queues = scenario.queues.iter().map(|queue| &queue.config);
        let fleets = scenario.fleets.iter().map(|fleet| &fleet.config);
        let most = |partitions: u32, split: SplitPolicy| {
            split.max_partitions().unwrap_or(partitions) as usize
        };
        Watch {
            fingerprint: Fingerprint::default(),
            now: Time::ZERO,
            next_id: 0,
            messages: BTreeMap::new(),
            books: vec![Book::default(); scenario.queues.len()],
            partitions: vec![BTreeMap::new(); scenario.queues.len()],
            work: BTreeMap::new(),
            up: BTreeSet::new(),
            environments: BTreeSet::new(),
            running: BTreeSet::new(),
            limits: BTreeMap::new(),
            threads: fleets
                .clone()
                .flat_map(|it| vec![it.threads; it.size.most() as usize])
                .collect(),
            threads_of: fleets.map(|it| it.threads).collect(),
            calls: vec![(0, 0); scenario.downstreams.len()],
            connections: scenario
                .downstreams
                .iter()
                .map(|it| it.config.bound.connections())
                .collect(),
            most_in_flight: queues.clone().map(|it| u64::from(it.max_in_flight)).collect(),
            most_partitions: queues.map(|it| most(it.ledger.partitions, it.ledger.split)).collect(),
            arrived: vec![(0, 0); scenario.producers.len()],
            confirmed: vec![0; scenario.queues.len()],
            sends_to: scenario.producers.iter().map(|it| it.config.queue).collect(),
            sent_on: (0..scenario.queues.len() as u32).map(|at| sent_on(scenario, at)).collect(),
        }
    }

    /// Compares its own books with the ledger's, between two events.
    pub(crate) fn compare(&self, ledger: &Ledger) {
        for (at, book) in self.books.iter().enumerate() {
            let tally = ledger.tally(QueueId(at as u32));
            assert!(tally.is_conserved(), "queue {at} loses messages: {tally:?}");
            let theirs = Book {
                sent: tally.sent,
                moved_in: tally.moved_in,
                restored: tally.restored,
                deleted: tally.deleted,
                moved_out: tally.moved_out,
                expired: tally.expired,
                purged: tally.purged,
                visible: tally.visible,
                delayed: tally.delayed,
                in_flight: tally.in_flight,
            };
            assert_eq!(*book, theirs, "queue {at}: what was told, and what the ledger counts");
            assert!(book.in_flight <= self.most_in_flight[at], "queue {at}: {book:?}");
        }
        assert_eq!(self.messages.len() as u64, ledger.resident());
        for (to, book) in self.books.iter().enumerate() {
            let from = self.books.iter().zip(&self.sent_on);
            let from = from.filter(|(_, target)| **target == Some(QueueId(to as u32)));
            let deleted: u64 = from.map(|(book, _)| book.deleted).sum();
            let sent_on = book.sent - self.confirmed[to];
            assert!(deleted <= sent_on, "queue {to}: {sent_on} sent on, {deleted} deleted before");
        }
    }

    /// What was told of queue `at`: sent, moved in, undone; deleted, moved out, expired, purged;
    /// and what is visible, in flight and delayed after it.
    pub(crate) fn totals(&self, at: usize) -> ([u64; 7], [u64; 3]) {
        let Book { sent, moved_in, restored, deleted, moved_out, expired, purged, .. } =
            self.books[at];
        let Book { visible, in_flight, delayed, .. } = self.books[at];
        let through = [sent, moved_in, restored, deleted, moved_out, expired, purged];
        (through, [visible, in_flight, delayed])
    }

    /// Messages of producer `at` that arose and are neither stored nor given up.
    pub(crate) fn held_back(&self, at: usize) -> u64 {
        let (arrived, settled) = self.arrived[at];
        arrived - settled
    }

    /// Compares the parts that cost more with each other and with the ledger.
    pub(crate) fn compare_all(&self, ledger: &Ledger) {
        ledger.check();
        for (at, open) in self.partitions.iter().enumerate() {
            assert!((1..=self.most_partitions[at]).contains(&open.len()), "queue {at}: {open:?}");
            let mut next = Some(0);
            for (&first, &(last, _)) in open {
                assert_eq!(next, Some(first), "queue {at}: a gap or an overlap in {open:?}");
                next = last.checked_add(1);
            }
            assert_eq!(next, None, "queue {at}: the last keys belong nowhere in {open:?}");
        }
    }

    /// What becomes of a call, none of which is there twice or lost.
    fn call(&mut self, downstream: DownstreamId, waiting: i32, in_use: i32) {
        let (waits, uses) = &mut self.calls[downstream.0 as usize];
        *waits = waits.checked_add_signed(waiting).expect("one that waits does so once");
        *uses = uses.checked_add_signed(in_use).expect("one that ends has begun");
        let most = self.connections[downstream.0 as usize];
        assert!(most.is_none_or(|most| *uses <= most), "{downstream:?} has no such connection");
    }

    fn tick(&mut self, now: Time) {
        assert!(now >= self.now, "{now} is told after {}", self.now);
        self.now = now;
    }

    fn count(&mut self, queue: QueueId, state: State) -> &mut u64 {
        let book = &mut self.books[queue.0 as usize];
        match state {
            State::Delayed => &mut book.delayed,
            State::Visible => &mut book.visible,
            State::InFlight => &mut book.in_flight,
        }
    }

    /// The message passes from one state to another.
    fn pass(
        &mut self,
        queue: QueueId,
        message: MessageId,
        from: State,
        to: State,
    ) -> &mut Resident {
        *self.count(queue, from) -= 1;
        *self.count(queue, to) += 1;
        let row = self.messages.get_mut(&message).expect("the message is resident");
        assert_eq!((row.queue, row.state), (queue, Some(from)), "{message:?} becomes {to:?}");
        row.state = Some(to);
        row
    }

    /// The message leaves for good.
    fn leave(&mut self, queue: QueueId, message: MessageId, from: State) -> Resident {
        *self.count(queue, from) -= 1;
        let row = self.messages.remove(&message).expect("the message is resident");
        assert_eq!((row.queue, row.state), (queue, Some(from)), "{message:?} leaves");
        row
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each change")]
    fn step(&mut self, now: Time, queue: QueueId, message: MessageId, step: &Step) {
        use State::{Delayed, InFlight, Visible};
        let at = queue.0 as usize;
        match *step {
            Step::Sent { state, .. } => {
                assert_eq!(message.0, self.next_id, "numbers are given in order");
                self.next_id += 1;
                self.books[at].sent += 1;
                *self.count(queue, state) += 1;
                let state = Some(state);
                let row = Resident { queue, state, receives: 0, received: Time::ZERO, cause: None };
                self.messages.insert(message, row);
            }
            Step::DelayEnded {} => {
                self.pass(queue, message, Delayed, Visible);
            }
            Step::Received { receives, until, cause, .. } => {
                let row = self.pass(queue, message, Visible, InFlight);
                row.receives += 1;
                row.received = now;
                assert_eq!(row.receives, receives);
                assert_eq!(cause.is_some(), receives > 1, "{message:?}: {cause:?}");
                assert_eq!(cause, row.cause, "{message:?}: why it came back");
                assert!(until >= now && until <= now + TWELVE_HOURS);
            }
            Step::Returned { receives, cause } => {
                let row = self.pass(queue, message, InFlight, Visible);
                assert_eq!(row.receives, receives);
                row.cause = Some(cause);
            }
            Step::VisibilityChanged { until } => {
                let row = self.pass(queue, message, InFlight, InFlight);
                assert!(until >= now && until <= row.received + TWELVE_HOURS, "{message:?}");
            }
            Step::Undone { receives, .. } => {
                let (state, cause) = (Some(Visible), Some(Held::Undone));
                let row = Resident { queue, state, receives, received: Time::ZERO, cause };
                assert!(self.messages.insert(message, row).is_none(), "{message:?} was deleted");
                self.books[at].restored += 1;
                self.books[at].visible += 1;
            }
            Step::Deleted { receives, from, .. } => {
                assert_ne!(from, Delayed);
                assert_eq!(self.leave(queue, message, from).receives, receives);
                self.books[at].deleted += 1;
            }
            Step::Expired { from } => {
                self.leave(queue, message, from);
                self.books[at].expired += 1;
            }
            Step::Purged { from } => {
                self.leave(queue, message, from);
                self.books[at].purged += 1;
            }
            Step::DeadLettered { receives, cause, .. } => {
                let row = self.leave(queue, message, Visible);
                assert_eq!((row.receives, row.cause), (receives, Some(cause)));
                self.messages.insert(message, Resident { state: None, ..row });
                self.books[at].moved_out += 1;
            }
            Step::MovedIn { from } => {
                let row = self.messages.get_mut(&message).expect("the message was moved");
                assert_eq!((row.queue, row.state), (from, None), "{message:?} is moved");
                let (state, receives, cause) = (Some(Visible), 0, None);
                *row = Resident { queue, state, receives, cause, ..*row };
                self.books[at].moved_in += 1;
                self.books[at].visible += 1;
            }
            Step::DeletedNothing { .. }
            | Step::DeleteLost { .. }
            | Step::ReceiptExpired { .. }
            | Step::VisibilityRefused { .. } => {}
        }
    }
}

impl Journal for Watch {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the others leave the partitions and messages as they are"
    )]
    fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        self.tick(now);
        self.fingerprint.change(now, queue, change);
        let open = &mut self.partitions[queue.0 as usize];
        match *change {
            Change::KeySpace(KeySpace::Opened { partition, first, last }) => {
                assert!(first <= last && !open.values().any(|&(_, id)| id == partition));
                assert_eq!(open.insert(first, (last, partition)), None);
            }
            Change::KeySpace(KeySpace::Closed { partition } | KeySpace::Sealed { partition }) => {
                let before = open.len();
                open.retain(|_, (_, id)| *id != partition);
                assert_eq!(open.len() + 1, before, "{partition:?} was open once");
            }
            Change::Message(message, ref step) => self.step(now, queue, message, step),
            _ => {}
        }
    }
}

impl Watch {
    /// What functions do with their environments and limits.
    #[expect(clippy::wildcard_enum_match_arm, reason = "others do nothing with these")]
    fn function(&mut self, deed: &Deed) {
        match *deed {
            Deed::Invoked { environment, cold, .. } => {
                assert!(!self.running.contains(&environment), "{environment:?} runs twice");
                self.running.insert(environment);
                assert_eq!(self.environments.insert(environment), cold, "{environment:?}");
            }
            Deed::InvocationEnded { environment, .. } => {
                assert!(self.running.remove(&environment), "what ends has begun");
                assert!(!self.work.keys().any(|&(of, ..)| of == environment), "it works on");
            }
            Deed::EnvironmentGone { environment, .. } => {
                assert!(self.environments.remove(&environment), "{environment:?} is gone twice");
                assert!(!self.running.contains(&environment), "{environment:?} runs on");
            }
            Deed::LimitChanged { limit, was, function } => {
                let before = self.limits.insert(function, limit).unwrap_or(0);
                assert!(limit != was && before == was, "{function:?} had {before}, not {was}");
            }
            _ => {}
        }
    }
}

impl Observer for Watch {
    fn deed(&mut self, now: Time, deed: &Deed) {
        self.tick(now);
        self.fingerprint.deed(now, deed);
        match *deed {
            Deed::Arrived { producer } => self.arrived[producer.0 as usize].0 += 1,
            Deed::SendConfirmed { producer, messages, .. }
            | Deed::GivenUp { producer, messages } => {
                let (arrived, settled) = &mut self.arrived[producer.0 as usize];
                *settled += u64::from(messages);
                assert!(*settled <= *arrived, "{producer:?} settles what never arose");
                if matches!(deed, Deed::SendConfirmed { .. }) {
                    let queue = self.sends_to[producer.0 as usize];
                    self.confirmed[queue.0 as usize] += u64::from(messages);
                }
            }
            Deed::Invoked { .. }
            | Deed::InvocationEnded { .. }
            | Deed::EnvironmentGone { .. }
            | Deed::LimitChanged { .. } => self.function(deed),
            Deed::Began { worker, message, .. } if worker.function().is_some() => {
                assert!(self.running.contains(&worker), "{worker:?} does not run");
                *self.work.entry((worker, 0, message)).or_default() += 1;
            }
            Deed::Began { worker, thread, message, .. } => {
                assert!(thread < self.threads[worker.0 as usize] && self.up.contains(&worker));
                *self.work.entry((worker, thread, message)).or_default() += 1;
            }
            Deed::Ended { worker, thread, message, .. } => {
                let key = (worker, thread, message);
                let left = self.work.remove(&key).expect("what ends has begun") - 1;
                if left > 0 {
                    self.work.insert(key, left);
                }
            }
            Deed::Joined { worker, fleet } => {
                assert!(!self.up.contains(&worker), "it runs before");
                if worker.0 as usize == self.threads.len() {
                    self.threads.push(self.threads_of[fleet.0 as usize]);
                }
            }
            Deed::Started { worker } => {
                assert!(self.up.insert(worker), "{worker:?} starts twice");
                assert!(!self.work.keys().any(|&(of, ..)| of == worker), "it worked on, dead");
            }
            Deed::Crashed { worker } => assert!(self.up.remove(&worker), "{worker:?} was down"),
            Deed::Stopped { worker, .. } => {
                self.up.remove(&worker);
                assert!(!self.work.keys().any(|&(of, ..)| of == worker), "it worked on, gone");
            }
            Deed::Busy { worker, busy, .. } => assert!(busy <= self.threads[worker.0 as usize]),
            Deed::Called { downstream, .. } => self.call(downstream, 1, 0),
            Deed::CallBegun { downstream, .. } => self.call(downstream, -1, 1),
            Deed::CallEnded { downstream, .. } => self.call(downstream, 0, -1),
            Deed::CallRefused { downstream, .. } => self.call(downstream, -1, 0),
            Deed::CallGivenUp { downstream, under_way, goes_on: false, .. } => {
                self.call(downstream, -i32::from(!under_way), -i32::from(under_way));
            }
            Deed::CallGivenUp { goes_on: true, .. }
            | Deed::InvocationThrottled { .. }
            | Deed::ReceivesBurnt { .. }
            | Deed::SendRetried { .. }
            | Deed::Left { .. }
            | Deed::Killed { .. }
            | Deed::Deployed { .. }
            | Deed::Counted { .. }
            | Deed::Resized { .. } => {}
        }
    }
}
