//! Events that are pending nearly all the time and soon, as the next arrival is.
//!
//! Owns the few of them and which is first. Must not know other events.
//!
//! One that is taken is scheduled again at once: it keeps its place here, and a look at each of
//! them costs less than their way through the front.

use super::front::Next;
use super::timers::{Key, TimerId};

/// Most events that stand here. More of them go where all others go.
const MOST: usize = 8;

/// Standing events, pending or not.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    /// [`Key::LAST`] for one that is not pending.
    events: Vec<Next>,
    first: Next,
}

impl Standing {
    pub(super) fn new() -> Standing {
        Standing { events: Vec::with_capacity(MOST), first: Next::NONE }
    }

    /// The first of those that are pending, or [`Next::NONE`].
    #[inline]
    pub(super) fn first(&self) -> Next {
        self.first
    }

    /// Schedules an event, moving it if it is pending; false if there is no place for it.
    #[inline]
    pub(super) fn schedule(&mut self, next: Next) -> bool {
        if let Some(event) = self.events.iter_mut().find(|event| event.id == next.id) {
            event.key = next.key;
        } else if self.events.len() < MOST {
            self.events.push(next);
        } else {
            return false;
        }
        self.find_first();
        true
    }

    /// Takes an event off: whether it was pending, `None` if it has no place here.
    #[inline]
    pub(super) fn cancel(&mut self, id: TimerId) -> Option<bool> {
        let event = self.events.iter_mut().find(|event| event.id == id)?;
        let key = std::mem::replace(&mut event.key, Key::LAST);
        self.find_first();
        Some(key != Key::LAST)
    }

    /// All of them; the key of one that is not pending is [`Key::LAST`].
    pub(super) fn all(&self) -> impl Iterator<Item = Next> {
        self.events.iter().copied()
    }

    #[inline]
    fn find_first(&mut self) {
        let before = |a: Next, &b: &Next| if b.key < a.key { b } else { a };
        self.first = self.events.iter().fold(Next::NONE, before);
    }
}
