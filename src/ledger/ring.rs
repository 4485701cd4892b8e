//! Intrusive lists: rings of 32-bit links with a sentinel.
//!
//! Owns the links, not the things they order. A list is a sentinel slot whose ring closes through
//! itself, so removing a member needs no list and no branch. Must not know what a slot holds.
//!
//! Invariant: `next(prev(i)) == i` for every slot; a slot in no list is a ring of one.

/// A slot's two neighbours.
#[derive(Clone, Copy, Debug)]
struct Link {
    prev: u32,
    next: u32,
}

/// Links of a slab, by slot.
#[derive(Clone, Debug, Default)]
pub(super) struct Rings(Vec<Link>);

impl Rings {
    /// Adds a slot: a ring of one, which is an empty list if it is used as a sentinel.
    pub(super) fn grow(&mut self) -> u32 {
        let slot = u32::try_from(self.0.len()).expect("a slab holds less than 2^32 slots");
        self.0.push(Link { prev: slot, next: slot });
        slot
    }

    /// The first member of the list headed by `sentinel`.
    #[inline]
    pub(super) fn first(&self, sentinel: u32) -> Option<u32> {
        let next = self.0[sentinel as usize].next;
        (next != sentinel).then_some(next)
    }

    /// The member after `slot` in the list headed by `sentinel`.
    #[inline]
    pub(super) fn after(&self, slot: u32, sentinel: u32) -> Option<u32> {
        let next = self.0[slot as usize].next;
        (next != sentinel).then_some(next)
    }

    /// Appends `slot`, which is in no list.
    #[inline]
    pub(super) fn push_back(&mut self, sentinel: u32, slot: u32) {
        let last = self.0[sentinel as usize].prev;
        self.0[slot as usize] = Link { prev: last, next: sentinel };
        self.0[last as usize].next = slot;
        self.0[sentinel as usize].prev = slot;
    }

    /// Takes `slot` out of its list, if it is in one.
    #[inline]
    pub(super) fn remove(&mut self, slot: u32) {
        let Link { prev, next } = self.0[slot as usize];
        self.0[prev as usize].next = next;
        self.0[next as usize].prev = prev;
        self.0[slot as usize] = Link { prev: slot, next: slot };
    }

    /// Takes the first member out.
    #[inline]
    pub(super) fn pop_front(&mut self, sentinel: u32) -> Option<u32> {
        let slot = self.first(sentinel)?;
        self.remove(slot);
        Some(slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(rings: &Rings, sentinel: u32) -> Vec<u32> {
        std::iter::successors(rings.first(sentinel), |&at| rings.after(at, sentinel)).collect()
    }

    #[test]
    fn members_keep_their_order_through_removals() {
        let mut rings = Rings::default();
        let list = rings.grow();
        let slots: Vec<u32> = (0..4).map(|_| rings.grow()).collect();
        for &slot in &slots {
            rings.push_back(list, slot);
        }
        rings.remove(slots[1]);
        assert_eq!(members(&rings, list), [slots[0], slots[2], slots[3]]);
        rings.push_back(list, slots[1]);
        assert_eq!(rings.pop_front(list), Some(slots[0]));
        assert_eq!(members(&rings, list), [slots[2], slots[3], slots[1]]);
        rings.remove(slots[0]);
        assert_eq!(members(&rings, list).len(), 3, "removing a slot of no list changes nothing");
    }
}
