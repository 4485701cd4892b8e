//! What became of a queue's partitions.
//!
//! Owns the serialised form: changes and refusals in numbers, when sends were throttled, and the
//! tree of splits and merges. Must not know the policy that decided.
//!
//! What is empty or zero is left out, so that a queue whose partitions stay says little here.

use serde::{Deserialize, Serialize};

use crate::kernel::time::Time;
use crate::ledger::journal::Refusal;
use crate::observe::measured::{PartitionLife, QueueMeasured, SplitEvent, Window, WindowLevel};

/// Most entries of [`Partitions::history`].
const MOST: usize = 64;

/// What happened to the partitions, over the whole run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partitions {
    /// Cuts.
    pub splits: u64,
    /// Merges.
    pub merges: u64,
    /// Hot partitions that were not cut.
    pub refusals: u64,
    /// Changes that were neither a cut in two nor a merge of two. What they added or removed is
    /// in `splits` or `merges` too.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub recuts: u64,
    /// Most partitions at once.
    #[serde(default)]
    pub most: u64,
    /// Most changes under way at once, of those that take time.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub most_at_once: u64,
    /// The refusals by reason, the commonest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refused>,
    /// From the beginning of the first window of the series in which more than 1 % of the sends
    /// offered were throttled to the end of the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttled_ns: Option<[u64; 2]>,
    /// Every partition that was, in the order of creation, if any was split or merged; at most
    /// the first 64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Lived>,
    /// Partitions that `history` leaves out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub history_left_out: u64,
}

/// Refusals for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Why.
    pub reason: Reason,
    /// How often.
    pub times: u64,
    /// For a hot key its largest share of the sampled requests, in thousandths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permille: Option<u64>,
}

/// Why a hot partition was not cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No sampled key divides the load evenly.
    NoBalancedKey,
    /// The queue has its most partitions.
    TooManyPartitions,
    /// The range is a single hash value.
    SingleKey,
    /// One key has too much of the load.
    HotKey,
    /// The load moves along the range.
    Sequential,
    /// As many splits were under way as the guard allows.
    TooManyAtOnce,
}

/// The life of one partition: a node of the tree of splits and merges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lived {
    /// The partition.
    pub id: u32,
    /// The partitions whose keys it took over; none at the start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<u32>,
    /// When it came to be.
    pub opened_ns: u64,
    /// When it ended; left out if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_ns: Option<u64>,
    /// Where it was cut or begins: the first key of its range, 16 hexadecimal digits. Its range
    /// ends where the next one of its time begins.
    pub first: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
pub(super) fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl From<Refusal> for Reason {
    fn from(reason: Refusal) -> Reason {
        match reason {
            Refusal::NoBalancedKey => Reason::NoBalancedKey,
            Refusal::TooManyPartitions => Reason::TooManyPartitions,
            Refusal::SingleKey => Reason::SingleKey,
            Refusal::HotKey { .. } => Reason::HotKey,
            Refusal::Sequential => Reason::Sequential,
            Refusal::TooManyAtOnce => Reason::TooManyAtOnce,
        }
    }
}

impl Partitions {
    /// What happened to the partitions of a queue.
    pub(crate) fn of(queue: &QueueMeasured) -> Partitions {
        let mut partitions = Partitions::default();
        for (_, event) in &queue.split_events {
            match *event {
                SplitEvent::Split { .. } => partitions.splits += 1,
                SplitEvent::Merged { .. } => partitions.merges += 1,
                SplitEvent::Recut { old, new } => {
                    partitions.recuts += 1;
                    partitions.splits += u64::from(new.saturating_sub(old));
                    partitions.merges += u64::from(old.saturating_sub(new));
                }
                SplitEvent::Refused { reason, .. } => partitions.refuse(reason),
            }
        }
        partitions.refused.sort_by_key(|refused| (u64::MAX - refused.times, refused.reason));
        let most = |level: fn(&Window) -> WindowLevel| {
            queue.series.iter().map(|window| level(window).max).max().unwrap_or(0)
        };
        partitions.most_at_once = most(|window| window.levels.resharding);
        partitions.most = most(|window| window.levels.partitions);
        let nanos = |(from, to): (Time, Time)| [from.as_nanos(), to.as_nanos()];
        partitions.throttled_ns = queue.throttling.map(nanos);
        if queue.partition_lives.iter().any(|life| life.opened_by.is_some()) {
            partitions.history = history(&queue.partition_lives);
            let left_out = queue.partition_lives.len() - partitions.history.len();
            partitions.history_left_out = left_out as u64;
        }
        partitions
    }

    fn refuse(&mut self, why: Refusal) {
        self.refusals += 1;
        let reason = Reason::from(why);
        let share = match why {
            Refusal::HotKey { permille } => Some(u64::from(permille)),
            Refusal::NoBalancedKey
            | Refusal::TooManyPartitions
            | Refusal::SingleKey
            | Refusal::Sequential
            | Refusal::TooManyAtOnce => None,
        };
        if let Some(known) = self.refused.iter_mut().find(|refused| refused.reason == reason) {
            known.times += 1;
            known.permille = known.permille.max(share);
        } else {
            self.refused.push(Refused { reason, times: 1, permille: share });
        }
    }
}

/// The tree, up to its most entries.
fn history(lives: &[PartitionLife]) -> Vec<Lived> {
    // Partitions by the event that ended them, in the order of both.
    let mut ended: Vec<(u32, u32)> =
        (0..).zip(lives).filter_map(|(id, life)| life.closed_by.map(|event| (event, id))).collect();
    ended.sort_unstable();
    let parents = |life: &PartitionLife| {
        let Some(event) = life.opened_by else { return Vec::new() };
        let from = ended.partition_point(|&(other, _)| other < event);
        let old = ended[from..].iter().take_while(|&&(other, _)| other == event);
        let overlaps = |id: &u32| {
            let old = &lives[*id as usize];
            old.first <= life.last && life.first <= old.last
        };
        old.map(|&(_, id)| id).filter(overlaps).collect()
    };
    let nodes = (0..).zip(lives).take(MOST).map(|(id, life)| Lived {
        id,
        parents: parents(life),
        opened_ns: life.from.as_nanos(),
        closed_ns: life.to.map(Time::as_nanos),
        first: format!("{:016x}", life.first),
    });
    nodes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::journal::PartitionId;
    use crate::observe::measured::Window;
    use crate::stats::fixture;

    const HALF: u64 = 1 << 63;

    fn at(secs: u64) -> Time {
        Time::from_nanos(secs * 1_000_000_000)
    }

    fn refused(reason: Refusal) -> (Time, SplitEvent) {
        (at(9), SplitEvent::Refused { partition: PartitionId(0), reason })
    }

    /// One partition of all keys from `from` on.
    fn life(first: u64, last: u64, from: u64, opened_by: Option<u32>) -> PartitionLife {
        PartitionLife { first, last, from: at(from), to: None, opened_by, closed_by: None }
    }

    fn ended(life: PartitionLife, to: u64, by: u32) -> PartitionLife {
        PartitionLife { to: Some(at(to)), closed_by: Some(by), ..life }
    }

    #[test]
    fn a_queue_whose_partitions_stay_says_only_four_numbers() {
        let mut queue = fixture::idle_queue();
        queue.partition_lives = vec![life(0, u64::MAX, 0, None)];
        let json = serde_json::to_string(&Partitions::of(&queue)).unwrap();
        assert_eq!(json, r#"{"splits":0,"merges":0,"refusals":0,"most":0}"#);
        assert_eq!(serde_json::from_str::<Partitions>(&json).unwrap(), Partitions::default());
    }

    #[test]
    fn refusals_are_counted_by_reason_with_the_hottest_keys_share() {
        let mut queue = fixture::idle_queue();
        queue.split_events = vec![
            refused(Refusal::Sequential),
            refused(Refusal::HotKey { permille: 560 }),
            refused(Refusal::HotKey { permille: 612 }),
            refused(Refusal::HotKey { permille: 601 }),
            refused(Refusal::NoBalancedKey),
        ];
        let partitions = Partitions::of(&queue);
        assert_eq!(partitions.refusals, 5);
        let said: Vec<_> = partitions.refused.iter().map(|r| (r.reason, r.times)).collect();
        let expected = [(Reason::HotKey, 3), (Reason::NoBalancedKey, 1), (Reason::Sequential, 1)];
        assert_eq!(said, expected);
        assert_eq!(partitions.refused[0].permille, Some(612));
        assert_eq!(partitions.refused[1].permille, None);
    }

    #[test]
    fn a_recut_counts_as_what_it_added_and_as_itself() {
        let mut queue = fixture::idle_queue();
        let recut = |old, new| (at(1), SplitEvent::Recut { old, new });
        queue.split_events = vec![recut(4, 18), recut(18, 6)];
        let partitions = Partitions::of(&queue);
        let Partitions { splits, merges, recuts, .. } = partitions;
        assert_eq!((splits, merges, recuts), (14, 12, 2));
    }

    #[test]
    fn the_peak_of_changes_is_that_of_the_whole_run() {
        let mut queue = fixture::idle_queue();
        let window = |under_way| {
            let mut window = Window::default();
            window.levels.resharding = WindowLevel::steady(under_way);
            window.levels.partitions = WindowLevel::steady(9 - under_way);
            window
        };
        queue.series = [1, 3, 0].map(window).into_iter().collect();
        queue.throttling = Some((at(2), at(24)));
        let partitions = Partitions::of(&queue);
        assert_eq!(partitions.most_at_once, 3);
        assert_eq!(partitions.throttled_ns, Some([2_000_000_000, 24_000_000_000]));
    }

    /// 0 is cut, its right half is cut in three, and the first two of all four merge.
    #[test]
    fn the_history_is_a_tree_whose_nodes_name_those_they_took_keys_from() {
        let quarter = HALF / 2;
        let mut queue = fixture::idle_queue();
        queue.partition_lives = vec![
            ended(life(0, u64::MAX, 0, None), 10, 0),
            ended(life(0, HALF - 1, 10, Some(0)), 30, 3),
            ended(life(HALF, u64::MAX, 10, Some(0)), 20, 2),
            ended(life(HALF, HALF + 6, 20, Some(2)), 30, 3),
            life(HALF + 7, HALF + 7, 20, Some(2)),
            life(HALF + 8, u64::MAX, 20, Some(2)),
            life(0, quarter, 30, Some(3)),
            life(quarter + 1, HALF + 6, 30, Some(3)),
        ];
        let history = Partitions::of(&queue).history;
        let parents: Vec<&[u32]> = history.iter().map(|lived| &lived.parents[..]).collect();
        // The last event cuts anew: only the right one of the two new ranges reaches into both.
        let expected: [&[u32]; 8] = [&[], &[0], &[0], &[2], &[2], &[2], &[1], &[1, 3]];
        assert_eq!(parents, expected);
        let closed: Vec<bool> = history.iter().map(|lived| lived.closed_ns.is_some()).collect();
        assert_eq!(closed, [true, true, true, true, false, false, false, false]);
        assert_eq!((history[2].id, history[2].opened_ns), (2, 10_000_000_000));
        assert_eq!(history[4].first, "8000000000000007");
    }

    #[test]
    fn a_long_history_is_cut_off_and_says_so() {
        let mut queue = fixture::idle_queue();
        let flapped = (0..2_500).map(|id| life(0, u64::MAX, id, (id as u32).checked_sub(1)));
        queue.partition_lives = flapped.collect();
        let partitions = Partitions::of(&queue);
        assert_eq!(
            (partitions.history.len(), partitions.history_left_out),
            (MOST, 2_500 - MOST as u64)
        );
        assert_eq!(partitions.history.last().map(|lived| lived.id), Some(MOST as u32 - 1));
    }
}
