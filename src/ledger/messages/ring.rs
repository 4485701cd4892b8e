//! Intrusive lists: rows whose links form rings around a sentinel.
//!
//! Owns the links of rows and what lists do with them. A list is a sentinel row whose ring closes
//! through itself, so removing a member needs no list and no branch. The links stand in the row
//! that they order: who moves a row has its links at hand. Must not know what else a row holds.
//!
//! Invariant: `next(prev(i)) == i` in each of a row's two rings; a row in no list is a ring of one.

use std::hint::black_box;

/// A row's two neighbours in one ring.
#[derive(Clone, Copy, Debug)]
pub(in crate::ledger) struct Link {
    prev: u32,
    next: u32,
}

/// A row's links: every row can stand in two lists at once.
pub(in crate::ledger) type Links = [Link; 2];

impl Link {
    /// The links of the row at `slot` when it is in no list.
    #[inline]
    pub(in crate::ledger) fn alone(slot: u32) -> Links {
        [Link { prev: slot, next: slot }; 2]
    }
}

/// A row that has links.
pub(in crate::ledger) trait Linked {
    /// Its links.
    fn links(&self) -> &Links;
    /// Its links, to change them.
    fn links_mut(&mut self) -> &mut Links;
}

/// Rows by slot, in lists through the first or the second of their links.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct Rows<R>(Vec<R>);

impl<R: Linked> Rows<R> {
    /// No rows, and room for `capacity` of them.
    pub(in crate::ledger) fn with_capacity(capacity: usize) -> Rows<R> {
        Rows(Vec::with_capacity(capacity))
    }

    /// Rows in lists and in none.
    pub(in crate::ledger) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds a row in no list, which is an empty list if it is used as a sentinel.
    pub(in crate::ledger) fn push(&mut self, row: R) -> u32 {
        let slot = u32::try_from(self.0.len()).expect("there are less than 2^32 rows");
        self.0.push(row);
        *self.get_mut(slot).links_mut() = Link::alone(slot);
        slot
    }

    #[inline]
    pub(in crate::ledger) fn get(&self, slot: u32) -> &R {
        &self.0[slot as usize]
    }

    #[inline]
    pub(in crate::ledger) fn get_mut(&mut self, slot: u32) -> &mut R {
        &mut self.0[slot as usize]
    }

    #[inline]
    fn link<const RING: usize>(&self, slot: u32) -> Link {
        self.get(slot).links()[RING]
    }

    #[inline]
    fn link_mut<const RING: usize>(&mut self, slot: u32) -> &mut Link {
        &mut self.get_mut(slot).links_mut()[RING]
    }

    /// The first member of the list headed by `sentinel`.
    #[inline]
    pub(in crate::ledger) fn first<const RING: usize>(&self, sentinel: u32) -> Option<u32> {
        let next = self.link::<RING>(sentinel).next;
        (next != sentinel).then_some(next)
    }

    /// The member after `slot` in the list headed by `sentinel`.
    #[inline]
    pub(super) fn after<const RING: usize>(&self, slot: u32, sentinel: u32) -> Option<u32> {
        let next = self.link::<RING>(slot).next;
        (next != sentinel).then_some(next)
    }

    /// The member before `slot`, or the last one if `slot` is the sentinel itself.
    #[inline]
    pub(super) fn before<const RING: usize>(&self, slot: u32, sentinel: u32) -> Option<u32> {
        let prev = self.link::<RING>(slot).prev;
        (prev != sentinel).then_some(prev)
    }

    /// The members of the list headed by `sentinel`.
    pub(in crate::ledger) fn list<const RING: usize>(
        &self,
        sentinel: u32,
    ) -> impl Iterator<Item = u32> {
        let after = move |&slot: &u32| self.after::<RING>(slot, sentinel);
        std::iter::successors(self.first::<RING>(sentinel), after)
    }

    /// Puts `slot`, which is in no list, before `place`: at the end of the list if that is its
    /// sentinel.
    #[inline]
    pub(super) fn insert_before<const RING: usize>(&mut self, place: u32, slot: u32) {
        let link = self.link_mut::<RING>(place);
        let last = std::mem::replace(&mut link.prev, slot);
        self.link_mut::<RING>(last).next = slot;
        *self.link_mut::<RING>(slot) = Link { prev: last, next: place };
    }

    /// Appends `slot`, which is in no list.
    #[inline]
    pub(in crate::ledger) fn push_back<const RING: usize>(&mut self, sentinel: u32, slot: u32) {
        self.insert_before::<RING>(sentinel, slot);
    }

    /// Takes `slot` out of its list, if it is in one.
    #[inline]
    pub(in crate::ledger) fn remove<const RING: usize>(&mut self, slot: u32) {
        let link = self.link_mut::<RING>(slot);
        let Link { prev, next } = std::mem::replace(link, Link { prev: slot, next: slot });
        self.link_mut::<RING>(prev).next = next;
        self.link_mut::<RING>(next).prev = prev;
    }

    /// Reads the rows that the removal of `slot` would touch, so that they are near when it comes.
    #[inline]
    pub(super) fn look_at_neighbours<const RING: usize>(&self, slot: u32) {
        let Link { prev, next } = self.link::<RING>(slot);
        black_box((self.link::<RING>(prev).next, self.link::<RING>(next).prev));
    }

    /// Takes the first member out.
    #[inline]
    pub(in crate::ledger) fn pop_front<const RING: usize>(&mut self, sentinel: u32) -> Option<u32> {
        let slot = self.first::<RING>(sentinel)?;
        self.remove::<RING>(slot);
        Some(slot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bare(Links);

    impl Linked for Bare {
        fn links(&self) -> &Links {
            &self.0
        }

        fn links_mut(&mut self) -> &mut Links {
            &mut self.0
        }
    }

    const ONE: usize = 0;
    const OTHER: usize = 1;

    fn rows(count: u32) -> (Rows<Bare>, Vec<u32>) {
        let mut rows = Rows::with_capacity(0);
        let slots = (0..count).map(|_| rows.push(Bare(Link::alone(0)))).collect();
        (rows, slots)
    }

    fn members<const RING: usize>(rows: &Rows<Bare>, sentinel: u32) -> Vec<u32> {
        rows.list::<RING>(sentinel).collect()
    }

    #[test]
    fn members_keep_their_order_through_removals() {
        let (mut rows, slots) = rows(5);
        let (list, slots) = (slots[0], &slots[1..]);
        for &slot in slots {
            rows.push_back::<ONE>(list, slot);
        }
        rows.remove::<ONE>(slots[1]);
        assert_eq!(members::<ONE>(&rows, list), [slots[0], slots[2], slots[3]]);
        rows.push_back::<ONE>(list, slots[1]);
        assert_eq!(rows.pop_front::<ONE>(list), Some(slots[0]));
        assert_eq!(members::<ONE>(&rows, list), [slots[2], slots[3], slots[1]]);
        rows.remove::<ONE>(slots[0]);
        assert_eq!(members::<ONE>(&rows, list).len(), 3, "a row of no list changes nothing");
        rows.insert_before::<ONE>(slots[3], slots[0]);
        assert_eq!(members::<ONE>(&rows, list), [slots[2], slots[0], slots[3], slots[1]]);
        assert_eq!(rows.before::<ONE>(list, list), Some(slots[1]), "the last");
    }

    #[test]
    fn a_row_stands_in_two_lists_at_once() {
        let (mut rows, slots) = rows(4);
        let [one, other, a, b] = slots[..] else { panic!("four rows") };
        for slot in [a, b] {
            rows.push_back::<ONE>(one, slot);
        }
        for slot in [b, a] {
            rows.push_back::<OTHER>(other, slot);
        }
        assert_eq!(members::<ONE>(&rows, one), [a, b]);
        assert_eq!(members::<OTHER>(&rows, other), [b, a]);
        rows.remove::<ONE>(a);
        assert_eq!(members::<ONE>(&rows, one), [b]);
        assert_eq!(members::<OTHER>(&rows, other), [b, a]);
    }
}
