//! What the time of workers' threads goes into.
//!
//! Owns [`ThreadTime`], the parts of it. Must not know why it goes over from one to another.

/// What the time of a thread goes into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadTime {
    /// Nothing: its worker is not in the fleet yet, or has left it.
    Gone,
    /// Its worker has crashed, or has not started.
    Down,
    /// It would take a message at once, if there were one.
    Idle,
    /// It works.
    Working,
    /// It waits for a downstream: for the answer to a call, or to try again.
    Leaning,
    /// It waits for a call: that which sends its message on, deletes it or gives it back, or, with
    /// nothing to do, its worker's receive that found messages.
    Calling,
}

impl ThreadTime {
    /// Whether it could not take a message.
    #[inline]
    #[must_use]
    pub fn is_busy(self) -> bool {
        matches!(self, ThreadTime::Working | ThreadTime::Leaning | ThreadTime::Calling)
    }

    /// Whether its worker runs.
    #[inline]
    #[must_use]
    pub fn is_up(self) -> bool {
        !matches!(self, ThreadTime::Gone | ThreadTime::Down)
    }
}
