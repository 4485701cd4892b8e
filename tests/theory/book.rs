//! A second bookkeeping of every run, and the identities that must hold in it.
//!
//! Owns [`measure`], which all theory tests run through: it keeps its own integer books of the
//! ledger's changes and compares them with what the metrics and the ledger say at the end. No
//! tolerance anywhere.

use std::sync::atomic::AtomicBool;

use sqsim::engine::run::run_with;
use sqsim::engine::world::Ended;
use sqsim::facts::deed::Deed;
use sqsim::facts::observer::Observer;
use sqsim::kernel::time::Time;
use sqsim::ledger::config::QueueId;
use sqsim::ledger::journal::{Change, Journal, State, Step};
use sqsim::model::scenario::Scenario;
use sqsim::observe::measured::{Level, Measured, QueueMeasured};

/// What went through one queue, over the whole run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    /// Messages in each state now, by `State`.
    here: [u64; 3],
    /// Instants of leaving a state minus instants of entering it, clamped to the measured window:
    /// once those still there are let go at its end, the time spent in that state in all.
    spent: [i128; 3],
    /// Stored by sends.
    pub(crate) sent: u64,
    /// Moved in from another queue.
    pub(crate) moved_in: u64,
    /// Back after their delete was undone.
    pub(crate) undone: u64,
    /// Returned by receives.
    pub(crate) received: u64,
    /// First receives of a message.
    pub(crate) first_received: u64,
    /// Visible again after being in flight.
    pub(crate) returned: u64,
    /// Deleted while in flight, and while visible.
    pub(crate) deleted: [u64; 3],
    /// Moved to the dead-letter queue.
    pub(crate) dead_lettered: u64,
    /// Removed by retention or purge, by state.
    pub(crate) removed: [u64; 3],
}

impl Page {
    fn enter(&mut self, state: State, at: i128) {
        self.here[state as usize] += 1;
        self.spent[state as usize] -= at;
    }

    fn leave(&mut self, state: State, at: i128) {
        let here = &mut self.here[state as usize];
        *here = here.checked_sub(1).expect("no message leaves a state in which none is");
        self.spent[state as usize] += at;
    }

    /// Every message that came in is there or has left by one of the exits.
    fn check_conservation(&self) {
        let here: u64 = self.here.iter().sum();
        let gone = self.deleted.iter().chain(&self.removed).sum::<u64>() + self.dead_lettered;
        let came = self.sent + self.moved_in + self.undone;
        assert_eq!(came, here + gone, "conservation: {self:?}");
        let in_flight = State::InFlight as usize;
        let ended = self.returned + self.deleted[in_flight] + self.removed[in_flight];
        assert_eq!(self.received, ended + self.here[in_flight], "flow balance: {self:?}");
    }

    fn check_level(&self, state: State, level: &Level, window_end: i128, what: &str) {
        let here = self.here[state as usize];
        assert_eq!(level.last, here, "{what} messages at the end");
        let area = self.spent[state as usize] + i128::from(here) * window_end;
        assert_eq!(level.area.cast_signed(), area, "time spent {what}, in all");
    }

    fn check_against(&self, measured: &QueueMeasured, window_end: i128) {
        self.check_conservation();
        self.check_level(State::Visible, &measured.levels.visible, window_end, "visible");
        self.check_level(State::InFlight, &measured.levels.in_flight, window_end, "in flight");
        self.check_level(State::Delayed, &measured.levels.delayed, window_end, "delayed");
        assert_eq!(measured.unfinished.messages, self.here.iter().sum::<u64>(), "the ledger's own");
        let counts = measured.series.iter().map(|window| &window.counts);
        let (mut sent, mut received, mut redelivered, mut deleted) = (0, 0, 0, 0);
        for count in counts {
            sent += count.sent;
            received += count.received;
            redelivered += count.redelivered.total();
            deleted += count.deleted;
        }
        assert_eq!(sent, self.sent, "the series holds every send");
        assert_eq!(received, self.received, "the series holds every receive");
        assert_eq!(received - redelivered, self.first_received, "a redelivery has one cause");
        assert_eq!(deleted, self.deleted.iter().sum::<u64>(), "the series holds every delete");
    }
}

/// The observer that keeps the books.
#[derive(Clone, Debug)]
pub(crate) struct Book {
    window: (Time, Time),
    pub(crate) pages: Vec<Page>,
}

impl Book {
    fn new(scenario: &Scenario) -> Book {
        let window = (Time::ZERO + scenario.warm_up, Time::ZERO + scenario.duration);
        Book { window, pages: vec![Page::default(); scenario.queues.len()] }
    }
}

impl Journal for Book {
    #[inline]
    fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        let at = i128::from(now.clamp(self.window.0, self.window.1).as_nanos());
        let page = &mut self.pages[queue.0 as usize];
        let Change::Message(_, step) = *change else { return };
        match step {
            Step::Sent { state, .. } => {
                page.sent += 1;
                page.enter(state, at);
            }
            Step::Undone { .. } => {
                page.undone += 1;
                page.enter(State::Visible, at);
            }
            Step::DelayEnded { .. } => {
                page.leave(State::Delayed, at);
                page.enter(State::Visible, at);
            }
            Step::Received { receives, .. } => {
                page.received += 1;
                page.first_received += u64::from(receives == 1);
                page.leave(State::Visible, at);
                page.enter(State::InFlight, at);
            }
            Step::Returned { .. } => {
                page.returned += 1;
                page.leave(State::InFlight, at);
                page.enter(State::Visible, at);
            }
            Step::Deleted { from, .. } => {
                page.deleted[from as usize] += 1;
                page.leave(from, at);
            }
            Step::DeadLettered { .. } => {
                page.dead_lettered += 1;
                page.leave(State::Visible, at);
            }
            Step::MovedIn { .. } => {
                page.moved_in += 1;
                page.enter(State::Visible, at);
            }
            Step::Expired { from, .. } | Step::Purged { from, .. } => {
                page.removed[from as usize] += 1;
                page.leave(from, at);
            }
            Step::DeletedNothing { .. }
            | Step::DeleteLost { .. }
            | Step::ReceiptExpired { .. }
            | Step::VisibilityChanged { .. }
            | Step::VisibilityRefused { .. } => {}
        }
    }
}

impl Observer for Book {
    fn deed(&mut self, _now: Time, _deed: &Deed) {}
}

/// Runs replication `replication`, checks the identities and returns what was measured.
pub(crate) fn measure(scenario: &Scenario, replication: u64) -> Measured {
    measure_with(scenario, replication, ()).0
}

/// As [`measure`], with one more observer.
pub(crate) fn measure_with<O: Observer>(
    scenario: &Scenario,
    replication: u64,
    observer: O,
) -> (Measured, Book, O) {
    let both = (Book::new(scenario), observer);
    let run = run_with(scenario, replication, &AtomicBool::new(false), both);
    assert_eq!(run.ended, Ended::Completed);
    let (book, observer) = run.observer;
    let window_end = i128::from(book.window.1.as_nanos());
    assert_eq!(run.measured.window, book.window);
    for (page, measured) in book.pages.iter().zip(&run.measured.queues) {
        page.check_against(measured, window_end);
    }
    (run.measured, book, observer)
}
