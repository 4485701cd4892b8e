//! The reference ledger: the rules of a standard queue, as plainly as they can be said.
//!
//! Owns a vector of messages for each queue and walks through all of it whenever it wants to know
//! something. Must not know how the real ledger does anything: it was written from the SQS API
//! reference and developer guide and from the documentation of the ledger's public items.
//!
//! What no rule decides, the order of things that fall due in one queue at one instant, it takes
//! from the real ledger's journal. It has no capacity and no splits, and short polls for queues of
//! one partition only (with more, they sample at random).

use std::collections::BTreeSet;

use sqsim::kernel::rng::{Fate, Luck, Source as _};
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::Poll;
use sqsim::ledger::Receipt;
use sqsim::ledger::Tally;
use sqsim::ledger::config::{Keys, QueueConfig, QueueId};
use sqsim::ledger::journal::{
    Action, Call, Caller, Change, Held, MessageId, PartitionId, State, Step,
};
use sqsim::ledger::{Outgoing, Received, VisibilityAnswer};

/// A receipt dies, and a message returns at the latest, this long after the receive.
const TWELVE_HOURS: Span = Span::from_secs(12 * 60 * 60);
/// A message that was received this often without being deleted goes to the back of the line, and
/// its age no longer counts.
const POISONOUS: u32 = 3;

/// Where a message is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    /// Visible since the place was taken that this number gives.
    Line(u64),
    /// Hidden by its delay until then.
    Delayed(Time),
    /// Received, and hidden until then.
    InFlight(Time),
}

/// A message of one queue.
#[derive(Clone, Debug)]
struct Message {
    id: MessageId,
    luck: Luck,
    key: u64,
    /// When it was sent, to whichever queue: retention counts from here.
    enqueued: Time,
    /// When it was sent, or moved, to this queue: its age counts from here.
    came: Time,
    receives: u32,
    held: Held,
    /// The last receive did not hide it.
    not_hidden: bool,
    place: Place,
}

impl Message {
    fn cause(&self) -> Held {
        if self.not_hidden { Held::NotHidden } else { self.held }
    }

    fn state(&self) -> State {
        match self.place {
            Place::Line(_) => State::Visible,
            Place::Delayed(_) => State::Delayed,
            Place::InFlight(_) => State::InFlight,
        }
    }

    /// When its delay or its visibility timeout ends.
    fn hidden_until(&self) -> Option<Time> {
        match self.place {
            Place::Line(_) => None,
            Place::Delayed(until) | Place::InFlight(until) => Some(until),
        }
    }

    /// It came back after its third receive, or has been received even more often.
    fn is_poison(&self) -> bool {
        self.receives > POISONOUS || (self.receives == POISONOUS && self.state() == State::Visible)
    }

    /// A message that came back from its first or second receive goes before all others; within
    /// each kind, the one that has been in the line for longer.
    fn turn(&self) -> Option<(bool, u64)> {
        match self.place {
            Place::Line(place) => {
                let came_back = (1..POISONOUS).contains(&self.receives);
                Some((!came_back, place))
            }
            Place::Delayed(_) | Place::InFlight(_) => None,
        }
    }
}

/// What a receive hands over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Handed {
    pub(super) queue: QueueId,
    pub(super) message: MessageId,
    pub(super) luck: Luck,
    pub(super) sent: Time,
    pub(super) received: Time,
    pub(super) receives: u32,
}

/// A long poll that waits.
#[derive(Clone, Copy, Debug)]
struct Waiter {
    poll: Poll,
    until: Time,
}

/// One queue.
#[derive(Debug)]
struct Queue {
    config: QueueConfig,
    messages: Vec<Message>,
    waiters: Vec<Waiter>,
    /// The partition that the next long poll asks first.
    turn: u64,
    /// What has gone in and out; what is there is counted when it is asked for.
    gone: Tally,
}

impl Queue {
    fn count(&self, state: State) -> u64 {
        self.messages.iter().filter(|message| message.state() == state).count() as u64
    }

    fn is_full(&self) -> bool {
        self.count(State::InFlight) >= u64::from(self.config.max_in_flight)
    }

    fn find(&mut self, id: MessageId) -> &mut Message {
        self.messages.iter_mut().find(|message| message.id == id).expect("a known message")
    }

    fn take_out(&mut self, id: MessageId) -> Message {
        let at = self.messages.iter().position(|message| message.id == id);
        self.messages.remove(at.expect("a known message"))
    }

    /// The message of a receipt, if it is there and the receipt is its latest.
    fn latest(&mut self, receipt: &Receipt) -> Option<&mut Message> {
        self.messages
            .iter_mut()
            .find(|message| message.id == receipt.message && message.receives == receipt.receives)
    }

    fn expiry(&self, message: &Message) -> Time {
        message.enqueued + self.config.retention
    }

    /// Partitions are equal ranges of the key space.
    fn partition(&self, key: u64) -> u64 {
        let partitions = u128::from(self.config.ledger.partitions);
        ((u128::from(key) * partitions) >> 64) as u64
    }

    /// The first message in the line of a partition.
    fn first_of(&self, partition: u64) -> Option<&Message> {
        let here = self.messages.iter().filter(|message| self.partition(message.key) == partition);
        here.filter(|message| message.turn().is_some()).min_by_key(|message| message.turn())
    }
}

/// All queues.
#[derive(Debug)]
pub(super) struct Reference {
    queues: Vec<Queue>,
    now: Time,
    sends: u64,
    places: u64,
    /// Messages some holder has completed or deleted.
    done: BTreeSet<MessageId>,
    /// What happened since it was last asked.
    pub(super) told: Vec<(Time, QueueId, Change)>,
    /// Who was answered since it was last asked.
    pub(super) served: Vec<(Caller, Vec<Handed>)>,
}

impl Reference {
    pub(super) fn new(configs: &[QueueConfig]) -> Reference {
        let new = |config: &QueueConfig| Queue {
            config: config.clone(),
            messages: Vec::new(),
            waiters: Vec::new(),
            turn: 0,
            gone: Tally::default(),
        };
        Reference {
            queues: configs.iter().map(new).collect(),
            now: Time::ZERO,
            sends: 0,
            places: 0,
            done: BTreeSet::new(),
            told: Vec::new(),
            served: Vec::new(),
        }
    }

    fn queue(&mut self, queue: QueueId) -> &mut Queue {
        &mut self.queues[queue.0 as usize]
    }

    fn tell(&mut self, queue: QueueId, change: Change) {
        self.told.push((self.now, queue, change));
    }

    /// The back of the line.
    fn next_place(&mut self) -> Place {
        self.places += 1;
        Place::Line(self.places)
    }

    pub(super) fn tally(&self, queue: QueueId) -> Tally {
        let queue = &self.queues[queue.0 as usize];
        Tally {
            visible: queue.count(State::Visible),
            delayed: queue.count(State::Delayed),
            in_flight: queue.count(State::InFlight),
            ..queue.gone
        }
    }

    pub(super) fn oldest(&self, queue: QueueId) -> Option<Time> {
        let messages = self.queues[queue.0 as usize].messages.iter();
        messages.filter(|message| !message.is_poison()).map(|message| message.came).min()
    }

    pub(super) fn waits(&self, caller: Caller) -> bool {
        let mut waiters = self.queues.iter().flat_map(|queue| &queue.waiters);
        waiters.any(|waiter| waiter.poll.caller == caller)
    }

    /// When something next happens in `queue` by itself.
    pub(super) fn due(&self, queue: QueueId) -> Time {
        let queue = &self.queues[queue.0 as usize];
        let hidden = queue.messages.iter().filter_map(Message::hidden_until);
        let expiries = queue.messages.iter().map(|message| queue.expiry(message));
        let ends = queue.waiters.iter().map(|waiter| waiter.until);
        // A message was moved here while others wait for one.
        let can_serve =
            !queue.waiters.is_empty() && queue.count(State::Visible) > 0 && !queue.is_full();
        let serve = can_serve.then_some(self.now);
        hidden.chain(expiries).chain(ends).chain(serve).min().unwrap_or(Time::NEVER)
    }

    pub(super) fn send(&mut self, now: Time, queue: QueueId, messages: &[Outgoing]) {
        self.now = now;
        for outgoing in messages {
            let id = MessageId(self.sends);
            self.sends += 1;
            let place = self.next_place();
            let q = self.queue(queue);
            let delay = outgoing.delay.unwrap_or(q.config.delay);
            let luck = match q.config.ledger.keys {
                Keys::Uniform => outgoing.luck,
                Keys::PerCall => messages[0].luck,
                Keys::Sticky(_)
                | Keys::Group { .. }
                | Keys::Sequential { .. }
                | Keys::HotRange { .. }
                | Keys::LeastBacklog(_) => panic!("not of this reference"),
            };
            let message = Message {
                id,
                luck: outgoing.luck,
                key: luck.draws(Fate::Key, 0).next_u64(),
                enqueued: now,
                came: now,
                receives: 0,
                held: Held::Buffered,
                not_hidden: false,
                place: if delay.is_zero() { place } else { Place::Delayed(now + delay) },
            };
            let (state, partition) = (message.state(), q.partition(message.key));
            q.messages.push(message);
            q.gone.sent += 1;
            let partition = PartitionId(partition as u32);
            self.tell(queue, Change::Message(id, Step::Sent { partition, state }));
        }
        self.made(queue, Action::Send, 0);
        self.serve_waiters(queue);
    }

    /// A call was made; messages are too small for more than one chunk.
    fn made(&mut self, queue: QueueId, action: Action, asked: u32) {
        self.tell(queue, Call::Made { action, asked, chunks: 1 }.into());
    }

    pub(super) fn receive(&mut self, now: Time, queue: QueueId, poll: Poll) -> Received {
        self.now = now;
        let got = self.take(queue, poll);
        let asked = self.queue(queue).config.ledger.partitions;
        self.made(queue, Action::Receive, asked);
        let q = self.queue(queue);
        let over_limit = q.is_full();
        if !got.is_empty() {
            self.served.push((poll.caller, got));
            Received::Messages
        } else if poll.wait.is_zero() {
            assert_eq!(q.config.ledger.partitions, 1, "short polls of one partition only");
            let caller = poll.caller;
            self.tell(
                queue,
                Change::Call(Call::ReceivedNothing { caller, falsely: false, over_limit }),
            );
            if over_limit { Received::OverLimit } else { Received::Empty }
        } else {
            q.waiters.push(Waiter { poll, until: now + poll.wait });
            Received::Waiting
        }
    }

    /// Asks all partitions, beginning after the one that last gave a message, until there is
    /// enough, the in-flight cap is reached, or nobody has any more.
    fn take(&mut self, queue: QueueId, poll: Poll) -> Vec<Handed> {
        let mut got = Vec::new();
        let partitions = u64::from(self.queue(queue).config.ledger.partitions);
        let start = self.queue(queue).turn;
        for partition in (start..start + partitions).map(|at| at % partitions) {
            while got.len() < poll.max as usize && !self.queue(queue).is_full() {
                let q = self.queue(queue);
                let Some(first) = q.first_of(partition) else { break };
                let (id, receives) = (first.id, first.receives);
                match q.config.redrive {
                    Some(redrive) if receives >= redrive.max_receives => {
                        self.dead_letter(queue, redrive.to, id);
                    }
                    _ => {
                        q.turn = (partition + 1) % partitions;
                        got.push(self.hand_over(queue, partition, id, poll));
                    }
                }
            }
        }
        got
    }

    fn hand_over(&mut self, queue: QueueId, partition: u64, id: MessageId, poll: Poll) -> Handed {
        let now = self.now;
        let own = &self.queue(queue).config;
        let (duplicates, timeout) = (own.duplicates, own.visibility_timeout);
        let message = self.queue(queue).find(id);
        let cause = (message.receives > 0).then_some(message.cause());
        message.receives += 1;
        let chance = message.luck.draws(Fate::Duplicate, message.receives).unit();
        message.not_hidden = chance < duplicates;
        let timeout = poll.visibility_timeout.unwrap_or(timeout);
        let hidden = if message.not_hidden { Span::ZERO } else { timeout };
        let until = now + hidden;
        message.held = Held::Buffered;
        message.place = Place::InFlight(until);
        let (receives, sent, luck) = (message.receives, message.came, message.luck);
        let (caller, partition) = (poll.caller, PartitionId(partition as u32));
        self.tell(
            queue,
            Change::Message(id, Step::Received { caller, partition, receives, sent, until, cause }),
        );
        Handed { queue, message: id, luck, sent, received: now, receives }
    }

    fn dead_letter(&mut self, from: QueueId, to: QueueId, id: MessageId) {
        let place = self.next_place();
        let source = self.queue(from);
        let message = source.take_out(id);
        source.gone.moved_out += 1;
        let (receives, cause) = (message.receives, message.cause());
        self.tell(from, Change::Message(id, Step::DeadLettered { to, receives, cause }));
        let luck = Luck(message.luck.draws(Fate::Forward, 0).next_u64());
        let came = self.now;
        let (held, not_hidden) = (Held::Buffered, false);
        let target = self.queue(to);
        target.messages.push(Message {
            luck,
            came,
            receives: 0,
            held,
            not_hidden,
            place,
            ..message
        });
        target.gone.moved_in += 1;
        self.tell(to, Change::Message(id, Step::MovedIn { from }));
    }

    /// First come, first served.
    fn serve_waiters(&mut self, queue: QueueId) {
        while let Some(&Waiter { poll, .. }) = self.queue(queue).waiters.first() {
            let got = self.take(queue, poll);
            if got.is_empty() {
                return;
            }
            self.queue(queue).waiters.remove(0);
            self.served.push((poll.caller, got));
        }
    }

    pub(super) fn hang_up(&mut self, caller: Caller) -> bool {
        let waited = self.waits(caller);
        for queue in &mut self.queues {
            queue.waiters.retain(|waiter| waiter.poll.caller != caller);
        }
        waited
    }

    pub(super) fn delete(&mut self, now: Time, receipts: &[Receipt]) {
        self.now = now;
        let queue = receipts[0].queue;
        for receipt in receipts {
            let change = self.delete_one(receipt);
            self.tell(queue, change);
        }
        self.made(queue, Action::Delete, 0);
        self.serve_waiters(queue);
    }

    fn delete_one(&mut self, receipt: &Receipt) -> Change {
        let message = receipt.message;
        if self.now > receipt.received + TWELVE_HOURS {
            return Change::Message(message, Step::ReceiptExpired {});
        }
        let q = self.queue(receipt.queue);
        let stale_deletes = q.config.stale_deletes;
        let Some(there) = q.messages.iter().find(|there| there.id == message) else {
            return Change::Message(message, Step::DeletedNothing {});
        };
        let stale = there.luck.draws(Fate::StaleDelete, receipt.receives).unit();
        if there.receives != receipt.receives && stale >= stale_deletes {
            return Change::Message(message, Step::DeletedNothing {});
        }
        let chance = there.luck.draws(Fate::LostDelete, there.receives).unit();
        if chance < q.config.lost_deletes {
            return Change::Message(message, Step::DeleteLost {});
        }
        let gone = q.take_out(message);
        q.gone.deleted += 1;
        self.done.insert(message);
        Change::Message(
            message,
            Step::Deleted { sent: gone.came, receives: gone.receives, from: gone.state() },
        )
    }

    pub(super) fn change_visibility(
        &mut self,
        now: Time,
        receipt: &Receipt,
        timeout: Span,
    ) -> VisibilityAnswer {
        self.now = now;
        let (queue, id) = (receipt.queue, receipt.message);
        self.made(queue, Action::ChangeVisibility, 0);
        let until = now + timeout;
        let latest = self.queue(queue).latest(receipt);
        let in_flight = latest.filter(|message| message.state() == State::InFlight);
        match in_flight {
            Some(message) if until <= receipt.received + TWELVE_HOURS => {
                message.place = Place::InFlight(until);
                self.tell(queue, Change::Message(id, Step::VisibilityChanged { until }));
                if timeout.is_zero() {
                    self.reappear(queue, id);
                    self.serve_waiters(queue);
                }
                VisibilityAnswer::Changed
            }
            _ => {
                self.tell(queue, Change::Message(id, Step::VisibilityRefused {}));
                VisibilityAnswer::Refused
            }
        }
    }

    /// The change that the end of a message's delay or visibility timeout is.
    fn reappearance(message: &Message) -> Change {
        if message.state() == State::Delayed {
            Change::Message(message.id, Step::DelayEnded {})
        } else {
            let (cause, receives) = (message.cause(), message.receives);
            Change::Message(message.id, Step::Returned { cause, receives })
        }
    }

    fn reappear(&mut self, queue: QueueId, id: MessageId) {
        let place = self.next_place();
        let message = self.queue(queue).find(id);
        let change = Reference::reappearance(message);
        message.place = place;
        self.tell(queue, change);
    }

    /// What is said of a message that has come back does not change why it did.
    pub(super) fn annotate(&mut self, receipt: &Receipt, held: Held) {
        let latest = self.queue(receipt.queue).latest(receipt);
        if let Some(message) = latest.filter(|message| message.state() == State::InFlight) {
            message.held = held;
        }
    }

    /// Whether somebody has completed or deleted the message.
    pub(super) fn is_done(&self, receipt: &Receipt) -> bool {
        self.done.contains(&receipt.message)
    }

    pub(super) fn complete(&mut self, receipt: &Receipt) {
        self.annotate(receipt, Held::Deleting);
        self.done.insert(receipt.message);
    }

    pub(super) fn purge(&mut self, now: Time, queue: QueueId, heard: &[(Time, QueueId, Change)]) {
        self.now = now;
        let all = std::mem::take(&mut self.queue(queue).messages);
        self.queue(queue).gone.purged += all.len() as u64;
        let purged =
            |message: &Message| Change::Message(message.id, Step::Purged { from: message.state() });
        for change in in_order_of(heard, all.iter().map(purged).collect()) {
            self.tell(queue, change);
        }
    }

    /// Ends of retention, then delays and visibility timeouts, then the waiters, then the ends of
    /// their waits; returns how many things happened by themselves.
    pub(super) fn advance(
        &mut self,
        now: Time,
        queue: QueueId,
        heard: &[(Time, QueueId, Change)],
    ) -> u64 {
        self.now = now;
        let before = self.told.len();
        let q = self.queue(queue);
        let (expired, kept) = q
            .messages
            .drain(..)
            .partition::<Vec<_>, _>(|message| message.enqueued + q.config.retention <= now);
        q.messages = kept;
        q.gone.expired += expired.len() as u64;
        let change = |message: &Message| {
            Change::Message(message.id, Step::Expired { from: message.state() })
        };
        for change in in_order_of(heard, expired.iter().map(change).collect()) {
            self.tell(queue, change);
        }

        let due = |message: &&Message| message.hidden_until().is_some_and(|until| until <= now);
        let hidden = self.queue(queue).messages.iter().filter(due);
        let changes = hidden.map(Reference::reappearance).collect();
        for change in in_order_of(heard, changes) {
            if let Change::Message(message, Step::DelayEnded {} | Step::Returned { .. }) = change {
                self.reappear(queue, message);
            }
        }
        let happened = self.told.len() - before;

        self.serve_waiters(queue);

        let q = self.queue(queue);
        let over_limit = q.is_full();
        let (over, waiting) = q.waiters.drain(..).partition::<Vec<_>, _>(|w| w.until <= now);
        q.waiters = waiting;
        let changes = over.iter().map(|waiter| {
            let caller = waiter.poll.caller;
            Change::Call(Call::ReceivedNothing { caller, falsely: false, over_limit })
        });
        for change in in_order_of(heard, changes.collect()) {
            self.tell(queue, change);
            if let Change::Call(Call::ReceivedNothing { caller, .. }) = change {
                self.served.push((caller, Vec::new()));
            }
        }
        (happened + over.len()) as u64
    }
}

/// These changes in the order in which they were heard.
fn in_order_of(heard: &[(Time, QueueId, Change)], mut changes: Vec<Change>) -> Vec<Change> {
    changes.sort_by_key(|change| heard.iter().position(|(_, _, other)| other == change));
    changes
}
