//! What callers lean on, as a state machine: calls in, answers out.
//!
//! Owns [`Downstream`]: who waits, who is worked on, and who gives up. Must not know who calls, nor
//! the calendar: whoever owns it asks when it next needs the clock, and lets it go on then.
//!
//! | module | owns |
//! |---|---|
//! | `line` | who waits |
//! | `works` | who is worked on, and how far that is |

mod line;
mod works;

use std::cmp::Reverse;

use priority_queue::PriorityQueue;

use self::line::Line;
use self::works::Works;
use crate::kernel::bucket::{Bucket, TokenRate};
use crate::kernel::calendar::FastHash;
use crate::kernel::time::{Span, Time};
use crate::model::downstream::{DownstreamBound, DownstreamConfig};

/// A call, as its downstream knows it. A number is used again when its call is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallId(pub u32);

/// What becomes of a call at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// It is worked on at once.
    Begins(CallId),
    /// It waits.
    Waits(CallId),
    /// Too many wait.
    Refused,
}

/// What becomes of a call later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallProgress {
    /// It has waited so long, and is worked on from now on.
    Begins(Span),
    /// It is over; whether it failed.
    Ends {
        /// It failed.
        failed: bool,
        /// How long it was worked on.
        used: Span,
    },
    /// Its caller has no answer, and gives it up.
    GivenUp {
        /// It was worked on.
        under_way: bool,
        /// It is worked off all the same.
        goes_on: bool,
    },
}

/// A call that something becomes of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallStep<T> {
    /// Which.
    pub call: CallId,
    /// What its caller said of itself.
    pub caller: T,
    /// Whether its caller still wants the answer.
    pub is_heard: bool,
    /// What becomes of it.
    pub progress: CallProgress,
}

/// How a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Free,
    Waits,
    UnderWay,
}

/// A call.
#[derive(Clone, Copy, Debug)]
struct Row<T> {
    caller: T,
    state: State,
    /// Its caller waits for the answer.
    is_heard: bool,
    fails: bool,
    work: Span,
    /// When it came to be what it is.
    since: Time,
    /// Its place among all calls there ever were.
    turn: u64,
}

/// One downstream, called by whoever says a `T` of himself.
#[derive(Clone, Debug)]
pub struct Downstream<T> {
    config: DownstreamConfig,
    rows: Vec<Row<T>>,
    free: Vec<u32>,
    line: Line,
    works: Works,
    /// When callers give up, each with the turn of its call.
    deadlines: PriorityQueue<u32, Reverse<(Time, u64)>, FastHash>,
    bucket: Bucket,
    turns: u64,
}

impl<T: Copy> Downstream<T> {
    /// One that nobody has called.
    pub fn new(config: DownstreamConfig) -> Downstream<T> {
        Downstream {
            config,
            rows: Vec::new(),
            free: Vec::new(),
            line: Line::default(),
            works: Works::new(),
            deadlines: PriorityQueue::default(),
            bucket: Bucket::FULL,
            turns: 0,
        }
    }

    /// Its settings.
    pub fn config(&self) -> &DownstreamConfig {
        &self.config
    }

    /// Bytes of the calls that ever were there at once, each with its places in the line, among
    /// those that end and among those that are given up.
    pub fn bytes(&self) -> u64 {
        let place = size_of::<(u32, Reverse<(u128, u64)>)>() + 4 * size_of::<usize>();
        let each = size_of::<Row<T>>() + 2 * size_of::<u32>() + 3 * place;
        self.rows.len() as u64 * each as u64
    }

    /// Somebody calls; the call takes `work` once it has what it waits for, and `fails` then or
    /// not. All that was due by now has been let happen.
    pub fn call(&mut self, now: Time, caller: T, work: Span, fails: bool) -> Entry {
        let waiting = self.line.len();
        let begins = waiting == 0 && self.admits(now);
        if !begins && self.config.waiting.is_some_and(|most| waiting >= most) {
            return Entry::Refused;
        }
        let turn = self.turns;
        self.turns += 1;
        let state = State::Waits;
        let row = Row { caller, state, is_heard: true, fails, work, since: now, turn };
        let number = if let Some(number) = self.free.pop() {
            self.rows[number as usize] = row;
            number
        } else {
            self.rows.push(row);
            self.rows.len() as u32 - 1
        };
        if let Some(timeout) = self.config.timeout {
            self.deadlines.push(number, Reverse((now.saturating_add(timeout), turn)));
        }
        if begins {
            self.begin(now, number);
            Entry::Begins(CallId(number))
        } else {
            self.line.join(number, turn);
            Entry::Waits(CallId(number))
        }
    }

    /// The caller of a call that was not answered is gone: it is over, and others may begin now.
    /// Whether it was under way.
    pub fn hang_up(&mut self, now: Time, call: CallId) -> bool {
        let under_way = self.rows[call.0 as usize].state == State::UnderWay;
        self.deadlines.remove(&call.0);
        self.remove(now, call.0);
        under_way
    }

    /// Whether one that waits may begin now.
    pub fn can_begin(&self, now: Time) -> bool {
        self.line.len() > 0 && self.admits(now)
    }

    /// When it next needs the clock, if nobody calls before: to be asked once all that is due has
    /// happened.
    pub fn due(&self) -> Option<Time> {
        let given_up = self.deadlines.peek().map(|(_, &Reverse((at, _)))| at);
        let token = match self.config.bound {
            DownstreamBound::Limiter { .. } if self.line.len() > 0 => {
                Some(self.bucket.admits_at(self.rate()?))
            }
            DownstreamBound::Limiter { .. }
            | DownstreamBound::Pool { .. }
            | DownstreamBound::Scalability { .. } => None,
        };
        [self.works.due(), given_up, token].into_iter().flatten().min()
    }

    /// The next thing that happens by now. At one instant calls end first, then others begin that
    /// waited, then callers give up.
    pub fn next(&mut self, now: Time) -> Option<CallStep<T>> {
        if let Some(number) = self.works.ended(now) {
            self.change_pace(now);
            self.deadlines.remove(&number);
            let row = self.rows[number as usize];
            self.close(number);
            let used = now.since(row.since);
            return Some(step(number, row, CallProgress::Ends { failed: row.fails, used }));
        }
        if self.can_begin(now)
            && let Some(number) = self.line.next(waits(&self.rows))
        {
            let waited = now.since(self.rows[number as usize].since);
            self.begin(now, number);
            return Some(step(number, self.rows[number as usize], CallProgress::Begins(waited)));
        }
        let (&number, &Reverse((at, _))) = self.deadlines.peek()?;
        if at > now {
            return None;
        }
        self.deadlines.pop();
        let row = self.rows[number as usize];
        let (under_way, goes_on) = (row.state == State::UnderWay, self.config.goes_on);
        if goes_on {
            self.rows[number as usize].is_heard = false;
        } else {
            self.remove(now, number);
        }
        Some(step(number, row, CallProgress::GivenUp { under_way, goes_on }))
    }

    /// Follows other settings from now on, of the same kind: others may begin now. What was called
    /// keeps its work and its deadline.
    pub fn follow(&mut self, now: Time, to: &DownstreamConfig) {
        let before = self.rate();
        self.config = to.clone();
        if let (Some(_), Some(_)) = (before, self.rate()) {
            self.bucket.convert(before, self.rate(), now);
        }
        self.change_pace(now);
    }

    /// Whether one more can be worked on now.
    fn admits(&self, now: Time) -> bool {
        match self.config.bound {
            DownstreamBound::Pool { connections } => self.works.len() < connections,
            DownstreamBound::Limiter { .. } => {
                self.rate().is_none_or(|rate| self.bucket.admits_at(rate) <= now)
            }
            DownstreamBound::Scalability { .. } => true,
        }
    }

    fn rate(&self) -> Option<TokenRate> {
        match self.config.bound {
            DownstreamBound::Limiter { per_second, burst } => {
                Some(TokenRate::new(per_second, burst))
            }
            DownstreamBound::Pool { .. } | DownstreamBound::Scalability { .. } => None,
        }
    }

    fn begin(&mut self, now: Time, number: u32) {
        if let Some(rate) = self.rate() {
            self.bucket.admit(rate, now);
        }
        let row = &mut self.rows[number as usize];
        row.state = State::UnderWay;
        row.since = now;
        self.works.begin(now, number, row.work, row.turn);
        self.change_pace(now);
    }

    fn change_pace(&mut self, now: Time) {
        if let DownstreamBound::Scalability { .. } = self.config.bound {
            self.works.slow_down(now, self.config.bound.slowness(self.works.len()));
        }
    }

    /// A call is over before its work is done.
    fn remove(&mut self, now: Time, number: u32) {
        let state = self.rows[number as usize].state;
        self.close(number);
        match state {
            State::UnderWay => {
                self.works.cancel(number);
                self.change_pace(now);
            }
            State::Waits => self.line.leave(waits(&self.rows)),
            State::Free => unreachable!("a call is over once"),
        }
    }

    fn close(&mut self, number: u32) {
        self.rows[number as usize].state = State::Free;
        self.free.push(number);
    }
}

/// Whether a call of a turn waits.
fn waits<T>(rows: &[Row<T>]) -> impl Fn(u32, u64) -> bool {
    |number, turn| {
        let row = &rows[number as usize];
        row.turn == turn && row.state == State::Waits
    }
}

fn step<T: Copy>(number: u32, row: Row<T>, progress: CallProgress) -> CallStep<T> {
    CallStep { call: CallId(number), caller: row.caller, is_heard: row.is_heard, progress }
}

#[cfg(test)]
mod tests;
