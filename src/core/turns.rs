//! What is moved at a fork keeps its turn.
//!
//! Owns the order in which events of one rank are scheduled anew. Must not know why they move.
//!
//! What is due at one instant comes in the order in which it was scheduled. An event that another
//! setting moves would fall behind all others; in a run that had the setting from the start it
//! would not. So all events of its rank are scheduled anew, each in the turn that it had.

use std::collections::BTreeMap;

use super::event::Event;
use super::shared::Core;
use crate::facts::observer::Observer;
use crate::kernel::calendar::Ranked as _;
use crate::kernel::time::Time;

impl<O: Observer> Core<O> {
    /// Moves events of one rank to other instants, or takes them off: by the number of whose they
    /// are, as `number_of` tells of the pending ones. One that was not pending has its turn behind
    /// those of lower numbers, as where all are scheduled at the start.
    pub fn move_in_turn<E: Into<Event> + Copy>(
        &mut self,
        moved: &BTreeMap<u32, (E, Option<Time>)>,
        number_of: impl Fn(Event) -> Option<u32>,
    ) {
        let Some((_, &(one, _))) = moved.first_key_value() else { return };
        let mut all = Vec::new();
        let mut last = BTreeMap::new();
        let mut own = BTreeMap::new();
        for (turn, (at, event)) in (1_usize..).zip(self.calendar.in_turn(one.into().rank())) {
            let Some(number) = number_of(event) else { continue };
            last.insert(number, turn);
            if moved.get(&number).is_some_and(|&(moved, _)| moved.into() == event) {
                own.insert(number, turn);
            } else {
                all.push((turn, number, at, event));
            }
        }
        let (mut last, mut behind) = (last.into_iter().peekable(), 0);
        for (&number, &(event, at)) in moved {
            while let Some((_, turn)) = last.next_if(|&(lower, _)| lower < number) {
                behind = behind.max(turn);
            }
            self.calendar.cancel(event);
            if let Some(at) = at {
                let turn = own.get(&number).copied().unwrap_or(behind);
                all.push((turn, number, at, event.into()));
            }
        }
        all.sort_unstable_by_key(|&(turn, number, ..)| (turn, number));
        for (.., at, event) in all {
            self.calendar.schedule(at, event);
        }
    }
}
