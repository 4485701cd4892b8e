//! Groups of messages, where those that came first hold back those that came after them.
//!
//! Owns how many messages hold each group, and the lists of those that stand behind them. Must not
//! know why a message holds its group, nor lines.
//!
//! What stands behind is visible, has a row and is in no line. All that hold a group came before
//! all that stand behind them, so how many there are is enough to know.
//!
//! Invariant: nothing overtakes those that stand behind. A group that nothing holds any more stays
//! closed until it is released, and with it all that stand behind.

use std::collections::BTreeMap;

use super::message::{PLACE, Slab};
use super::timers::Slots as _;

/// The groups that are held, by their keys.
#[derive(Clone, Debug, Default)]
pub(in crate::ledger) struct Groups(BTreeMap<u64, Group>);

#[derive(Clone, Copy, Debug, Default)]
struct Group {
    /// Messages that hold it.
    held: u64,
    /// The list of those that stand behind them.
    behind: Option<u32>,
}

impl Groups {
    /// One more message holds its group.
    pub(super) fn hold(&mut self, key: u64) {
        self.0.entry(key).or_default().held += 1;
    }

    /// A message holds its group no longer. True if none does: the group waits for its release.
    pub(super) fn let_go(&mut self, key: u64) -> bool {
        let group = self.0.get_mut(&key).expect("what lets its group go has held it");
        group.held -= 1;
        group.held == 0
    }

    /// Whether messages of this group must stand behind others.
    pub(super) fn is_closed(&self, key: u64) -> bool {
        self.0.contains_key(&key)
    }

    /// A message of a closed group stands behind all that do so already.
    pub(in crate::ledger) fn stand_behind(&mut self, slab: &mut Slab, slot: u32) {
        let group = self.0.get_mut(&slab.get(slot).key).expect("the group is closed");
        let list = *group.behind.get_or_insert_with(|| slab.sentinel());
        slab.get_mut(slot).set_behind(true);
        slab.rows.push_back::<PLACE>(list, slot);
    }

    /// Opens the groups that nothing holds any more; returns the lists of those that stood behind,
    /// which must be emptied by [`next`].
    pub(super) fn release(&mut self) -> Vec<u32> {
        let mut lists = Vec::new();
        self.0.retain(|_, group| {
            if group.held == 0 {
                lists.extend(group.behind);
            }
            group.held > 0
        });
        lists
    }
}

/// Takes a message away from behind others, wherever it stands among those that do.
pub(in crate::ledger) fn step_out(slab: &mut Slab, slot: u32) {
    slab.rows.remove::<PLACE>(slot);
    slab.get_mut(slot).set_behind(false);
}

/// The next message of a list that was released, in no list any more; `None` ends the list.
pub(in crate::ledger) fn next(slab: &mut Slab, list: u32) -> Option<u32> {
    let Some(slot) = slab.rows.first::<PLACE>(list) else {
        slab.retire(list);
        return None;
    };
    step_out(slab, slot);
    Some(slot)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::rng::{Draws, Luck, Source as _};
    use crate::kernel::time::Time;
    use crate::ledger::config::QueueId;
    use crate::ledger::journal::MessageId;
    use crate::ledger::messages::message::Message;

    const KEYS: u64 = 4;

    /// What the model knows: the key of each hold, who stands behind in the order of coming, and
    /// the groups that were held since the last release.
    #[derive(Default)]
    struct Model {
        holds: Vec<u64>,
        behind: Vec<(u64, u32)>,
        closed: [bool; KEYS as usize],
    }

    impl Model {
        fn is_held(&self, key: u64) -> bool {
            self.holds.contains(&key)
        }

        /// Those that stand behind in groups that nothing holds, group by group.
        fn release(&mut self) -> Vec<u32> {
            let free = |key: u64| !self.holds.contains(&key);
            let mut out: Vec<(u64, u32)> =
                self.behind.iter().copied().filter(|&(key, _)| free(key)).collect();
            out.sort_by_key(|&(key, _)| key);
            self.behind.retain(|&(key, _)| self.holds.contains(&key));
            for key in 0..KEYS {
                self.closed[key as usize] = self.is_held(key);
            }
            out.into_iter().map(|(_, slot)| slot).collect()
        }
    }

    /// A visible message that is in no list.
    fn visible(slab: &mut Slab, key: u64) -> u32 {
        let id = slab.give_id();
        slab.insert(Message::new(id, QueueId(0), Time::ZERO, Luck(0), key))
    }

    /// Messages at random hold their groups and let them go, others stand behind and step out.
    #[test]
    fn those_behind_come_out_in_their_order_when_nothing_holds_their_group() {
        let mut draws = Draws::new(3);
        let (mut groups, mut slab) = (Groups::default(), Slab::with_capacity(0));
        let (mut model, mut released, mut most) = (Model::default(), 0, 0);
        for _ in 0..20_000 {
            let key = draws.below(KEYS);
            match draws.below(12) {
                0 | 1 => {
                    groups.hold(key);
                    model.holds.push(key);
                    model.closed[key as usize] = true;
                }
                2..=4 => {
                    if let Some(at) = model.holds.iter().position(|&held| held == key) {
                        model.holds.remove(at);
                        assert_eq!(groups.let_go(key), !model.is_held(key));
                    }
                }
                5..=8 if model.closed[key as usize] => {
                    let slot = visible(&mut slab, key);
                    groups.stand_behind(&mut slab, slot);
                    model.behind.push((key, slot));
                }
                9 if !model.behind.is_empty() => {
                    let at = draws.below(model.behind.len() as u64) as usize;
                    let (_, slot) = model.behind.remove(at);
                    step_out(&mut slab, slot);
                    slab.free(slot);
                }
                10 => {
                    let lists = groups.release();
                    let mut out = Vec::new();
                    for list in lists {
                        out.extend(std::iter::from_fn(|| next(&mut slab, list)));
                    }
                    assert_eq!(out, model.release());
                    released += out.len();
                    for slot in out {
                        slab.free(slot);
                    }
                }
                _ => {}
            }
            for key in 0..KEYS {
                assert_eq!(groups.is_closed(key), model.closed[key as usize], "group {key}");
            }
            most = most.max(model.behind.len());
            assert!(model.behind.iter().all(|&(_, slot)| slab.get(slot).is_behind()));
        }
        assert!(released > 500, "too few came out: {released}");
        let lists = KEYS as usize;
        assert!(slab.rows() <= most + lists, "lists that end are used again: {}", slab.rows());
    }

    /// A list of a group that was let go of stays until the release, and those that come
    /// meanwhile stand at its end.
    #[test]
    fn a_group_that_nothing_holds_is_closed_until_its_release() {
        let (mut groups, mut slab) = (Groups::default(), Slab::with_capacity(0));
        let [first, second] = [0; 2].map(|key| visible(&mut slab, key));
        groups.hold(0);
        groups.stand_behind(&mut slab, first);
        assert!(groups.let_go(0) && groups.is_closed(0));
        groups.stand_behind(&mut slab, second);
        let lists = groups.release();
        assert!(!groups.is_closed(0) && lists.len() == 1);
        assert_eq!([first, second].map(Some), [0; 2].map(|_| next(&mut slab, lists[0])));
        assert_eq!(next(&mut slab, lists[0]), None);
        assert_eq!(slab.get(first).id, MessageId(0));
        assert!(!slab.get(first).is_behind() && !slab.get(second).is_behind());
    }
}
