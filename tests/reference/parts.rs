//! Partitions as placement sees them.
//!
//! Owns what tests of nodes begin with. Must not know any rule.

use sqsim::ledger::journal::PartitionId;
use sqsim::ledger::nodes::placement::Part;

/// `count` equal ranges.
pub(crate) fn parts(count: u32) -> Vec<Part> {
    let start = |i: u32| ((u128::from(i) << 64) / u128::from(count)) as u64;
    let part = |i: u32| Part {
        id: PartitionId(i),
        first: start(i),
        last: start(i + 1).wrapping_sub(1),
        load: 0,
    };
    (0..count).map(part).collect()
}
