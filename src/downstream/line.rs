//! Calls that wait, in the order in which they came.
//!
//! Owns the line, and that who leaves it is passed over. Must not know what they wait for.

use std::collections::VecDeque;

/// Who left may stand in the line until they are more than those who wait, and this.
const FEW: usize = 16;

/// Calls, each with the turn in which it came: numbers of calls are used again, turns are not.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    turns: VecDeque<(u32, u64)>,
    waiting: u32,
}

impl Line {
    /// How many wait.
    pub(super) fn len(&self) -> u32 {
        self.waiting
    }

    pub(super) fn join(&mut self, call: u32, turn: u64) {
        self.turns.push_back((call, turn));
        self.waiting += 1;
    }

    /// One of those who wait leaves. `waits` tells whether a call of a turn does, and knows it.
    pub(super) fn leave(&mut self, waits: impl Fn(u32, u64) -> bool) {
        self.waiting -= 1;
        if self.turns.len() > 2 * self.waiting as usize + FEW {
            self.turns.retain(|&(call, turn)| waits(call, turn));
        }
    }

    /// The first of those who wait is next.
    pub(super) fn next(&mut self, waits: impl Fn(u32, u64) -> bool) -> Option<u32> {
        loop {
            let (call, turn) = self.turns.pop_front()?;
            if waits(call, turn) {
                self.waiting -= 1;
                return Some(call);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hundred join; the even ones leave, more than may stand in the line.
    #[test]
    fn who_left_is_passed_over_and_forgotten() {
        let mut line = Line::default();
        (0..100).for_each(|call| line.join(call, u64::from(call)));
        let mut left = Vec::new();
        for call in (0..100).step_by(2) {
            left.push(call);
            line.leave(|call, _| !left.contains(&call));
        }
        assert_eq!(line.len(), 50);
        assert!(line.turns.len() <= 2 * 50 + FEW);
        let odd = std::iter::from_fn(|| line.next(|call, _| !left.contains(&call)));
        assert!(odd.eq((1..100).step_by(2)));
        assert_eq!(line.len(), 0);
    }
}
