//! Where the key space is cut.
//!
//! Owns the arithmetic of equal ranges. Must not know who holds them.

/// The key that lies `part` / `whole` of the way through the key space; `part` is less.
pub(super) fn key_at(part: u64, whole: u64) -> u64 {
    ((u128::from(part) << 64) / u128::from(whole)) as u64
}

/// The first keys of `count` equal ranges of the key space, but of the first.
pub(in crate::ledger) fn equal_cuts(count: u32) -> Vec<u64> {
    (1..u64::from(count)).map(|i| key_at(i, u64::from(count))).collect()
}
