//! Who and what the facts of a queue are about, by number.
//!
//! Owns the numbers of messages and partitions, and of those who call. Must not know what happens
//! to them.

/// The serial number of a message, from 0 in the order of all sends of the run. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u64);

/// A partition, numbered from 0 in the order of creation within its queue. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartitionId(pub u32);

/// Someone who calls receive, chosen by the caller; the ledger only gives it back. Those who come
/// alone are numbered from 0, those of a group by [`grouped`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Caller(pub u32);

/// Bits of the number of a group's member.
const MEMBER_BITS: u32 = 20;

/// Set in the numbers of those who come in groups.
const IN_A_GROUP: u32 = 1 << 31;

/// Most groups.
pub const MOST_GROUPS: u32 = IN_A_GROUP >> MEMBER_BITS;

/// Most members of a group.
pub const MOST_MEMBERS: u32 = 1 << MEMBER_BITS;

/// The number of one of a group: groups and the members of each are numbered from 0. It is above
/// the numbers of all who come alone, so that neither moves the other's, and who joins a group late
/// has the number that it would have had from the start.
///
/// # Panics
/// If there are not so many groups, or members.
#[inline]
pub fn grouped(group: u32, member: u32) -> u32 {
    assert!(group < MOST_GROUPS && member < MOST_MEMBERS, "no number is left for another one");
    IN_A_GROUP | group << MEMBER_BITS | member
}

/// The group and the member of a number; `None` is one who comes alone.
#[inline]
pub const fn group_of(number: u32) -> Option<(u32, u32)> {
    if number & IN_A_GROUP == 0 {
        return None;
    }
    Some(((number & !IN_A_GROUP) >> MEMBER_BITS, number & (MOST_MEMBERS - 1)))
}
