//! Checks of the nodes of a queue.
//!
//! Owns their ranges, and which of them go together. Must not know what a call does with them.
//!
//! Invariant: a number of nodes at fault is the only fault that it makes; what depends on it is
//! then not checked.

use super::Check;
use super::queue::MOST_PARTITIONS;
use crate::kernel::time::Span;
use crate::ledger::config::{FailureDomain, Failures, Nodes, Outage, Placement, WeightedMove};
use crate::scenario::file::{DomainFile, FailuresFile, NodesFile, OutageFile, PlacementFile};
use crate::scenario::tree::At;
use crate::scenario::warnings::Warning;

/// Ours: each is looked at for every replica that is placed.
const MOST_NODES: u32 = 4_096;
/// Ours: the systems that are modelled keep 3 to 7.
const MOST_REPLICAS: u32 = 64;
/// Ours: of a node for a replica of a partition, about 60 ns each: some seconds in all.
const MOST_LOOKS: u64 = 100_000_000;
/// Ours: the ring is a table of the tokens of all nodes.
const MOST_TOKENS: u32 = 1_024;

impl<'a> Check<'a> {
    /// The nodes of a queue that comes to have at most `partitions`; outages begin before `end`.
    pub(super) fn nodes(
        &mut self,
        at: &At<'a>,
        file: &NodesFile,
        partitions: u32,
        end: Span,
    ) -> Nodes {
        let why = "every node is looked at for every replica that is placed";
        self.range(&at.field("count"), file.count, 1, MOST_NODES, why);
        if at.field("count").is_written() && (1..=MOST_NODES).contains(&file.count) {
            self.fit_the_count(at, file, partitions);
        }
        self.quorums(at, file);
        self.delays(at, file);
        let nodes = Nodes {
            count: file.count,
            zones: file.zones,
            capacity: self.capacity(&at.field("capacity"), &file.capacity),
            replicas: file.replicas,
            write_quorum: file.write_quorum,
            read_quorum: file.read_quorum,
            placement: self.placement(&at.field("placement"), &file.placement, partitions),
            outages: self.outages(&at.field("outages"), &file.outages, end),
            failures: (file.failures.as_ref())
                .map(|failures| self.failures(&at.field("failures"), failures)),
            suspect_after: file.suspect_after.0,
            replicate_after: file.replicate_after.0,
            copy: file.copy.0,
            copy_share: file.copy_share.0,
            catch_up: file.catch_up,
        };
        self.without_effect(at, &nodes);
        nodes
    }

    /// What there cannot be more of than nodes.
    fn fit_the_count(&mut self, at: &At<'a>, file: &NodesFile, partitions: u32) {
        let &NodesFile { count, zones, replicas, .. } = file;
        self.at_least_one(&at.field("zones"), zones);
        if zones > count {
            let what = format!("{zones} zones need as many nodes, but `count` is {count}");
            self.push(&at.field("zones"), what).help =
                vec!["write fewer zones, or a higher `count`".into()];
        }
        if replicas > count {
            let what = format!("{replicas} replicas need as many nodes, but `count` is {count}");
            self.push(&at.field("replicas"), what).help = vec![
                "no node holds two replicas of a partition: write a higher `count`, or \
                      fewer `replicas`"
                    .into(),
            ];
        } else if replicas <= MOST_REPLICAS {
            self.looks(at, file, partitions);
        }
        let all = at.field("outages");
        if !all.is_whole(&file.outages) {
            return;
        }
        for (index, outage) in file.outages.iter().enumerate() {
            let at = all.item(index);
            for (key, wanted, of) in [("node", outage.node, count), ("zone", outage.zone, zones)] {
                if let Some(wanted) = wanted.filter(|&wanted| wanted >= of && of > 0) {
                    let what = format!("there is no {key} `{wanted}` among {of}");
                    self.push(&at.field(key), what).help =
                        vec![format!("they are numbered from 0 to {}", of - 1)];
                }
            }
        }
    }

    fn quorums(&mut self, at: &At<'a>, file: &NodesFile) {
        let why = "the systems that are modelled keep 3 to 7";
        self.range(&at.field("replicas"), file.replicas, 1, MOST_REPLICAS, why);
        let quorums = [("write_quorum", file.write_quorum), ("read_quorum", file.read_quorum)];
        for (key, quorum) in quorums {
            let at = at.field(key);
            self.at_least_one(&at, quorum);
            if quorum > file.replicas && file.replicas > 0 {
                let replicas = file.replicas;
                let what = format!(
                    "{quorum} answers are never had, as a partition's `replicas` are {replicas}"
                );
                let majority = replicas / 2 + 1;
                self.push(&at, what).help =
                    vec![format!("a majority of them is `{key}: {majority}`")];
            }
        }
    }

    /// What placing all replicas costs.
    fn looks(&mut self, at: &At, file: &NodesFile, partitions: u32) {
        let &NodesFile { count, replicas, .. } = file;
        let partitions = partitions.min(MOST_PARTITIONS);
        let looks = u64::from(partitions) * u64::from(replicas) * u64::from(count);
        if looks > MOST_LOOKS {
            let what = format!(
                "{replicas} replicas of {partitions} partitions on {count} nodes are too many"
            );
            self.push(&at.field("count"), what).help = vec![
                format!(
                    "every node is looked at for every replica, and there may be {MOST_LOOKS} looks"
                ),
                "write fewer nodes, fewer replicas, or fewer partitions (`partitions`, or \
                 `max_partitions` of `split`)"
                    .into(),
            ];
        }
    }

    fn delays(&mut self, at: &At, file: &NodesFile) {
        let (suspect, replicate) = (file.suspect_after.0, file.replicate_after.0);
        if replicate < suspect {
            let what =
                format!("`{replicate}` is shorter than the {suspect} until a node is suspected");
            self.push(&at.field("replicate_after"), what).help = vec![
                "a node is suspected before its replicas are made anew elsewhere: write at \
                      least as long as `suspect_after`"
                    .into(),
            ];
        }
        if file.copy_share.0 >= 1.0 {
            self.push(&at.field("copy_share"), "the copy would leave no capacity").help =
                vec!["write a share below 1, such as \"30%\"".into()];
        }
        self.at_least_one(&at.field("catch_up"), file.catch_up);
    }

    fn placement(&mut self, at: &At, file: &PlacementFile, partitions: u32) -> Placement {
        match *file {
            PlacementFile::Ring { tokens } => {
                let why = "the ring is a table of the tokens of all nodes";
                self.range(&at.field("tokens"), tokens, 1, MOST_TOKENS, why);
                Placement::Ring { tokens }
            }
            PlacementFile::EqualPartitions => Placement::EqualPartitions,
            PlacementFile::Rendezvous => Placement::Rendezvous,
            PlacementFile::WeightedMove { every, churn } => {
                self.some_time(&at.field("every"), every, "`EqualPartitions` never moves any");
                let (every, churn) = (every.0, churn.0);
                if churn <= 0.0 {
                    let what = "with a churn of 0 nothing ever moves: it must be above 0";
                    self.push(&at.field("churn"), what).help =
                        vec!["write a share of the key space, such as \"9%\"".into()];
                } else if churn * f64::from(partitions) < 1.0 && partitions > 0 {
                    let what = format!(
                        "one of {partitions} partitions is more of the key space than may move at \
                         once: nothing ever does"
                    );
                    self.warn(&at.field("churn"), Warning::NoEffect, what).help =
                        vec!["write a higher `churn`, or give the ledger more partitions".into()];
                }
                Placement::WeightedMove(WeightedMove { every, churn })
            }
        }
    }

    fn outages(&mut self, at: &At<'a>, files: &[OutageFile], end: Span) -> Vec<Outage> {
        if !at.is_whole(files) {
            return Vec::new();
        }
        let mut outages = Vec::with_capacity(files.len());
        for (index, file) in files.iter().enumerate() {
            let at = at.item(index);
            self.within_run(&at.field("at"), file.at, end);
            if let Some(lasts) = file.lasts {
                let help = "an outage without `for` lasts for ever";
                self.some_time(&at.field("for"), lasts, help);
            }
            let domain = match (file.node, file.zone) {
                (Some(node), None) => FailureDomain::Node(node),
                (None, Some(zone)) => FailureDomain::Zone(zone),
                (Some(_), Some(_)) | (None, None) => {
                    self.push(&at, "an outage is of one `node`, or of one `zone`").help =
                        vec!["such as `(at: \"60s\", node: 0, for: \"5m\")`".into()];
                    continue;
                }
            };
            let lasts = file.lasts.map_or(Span::MAX, |length| length.0);
            if file.every.is_some() && file.lasts.is_none() {
                self.push(&at.field("every"), "an outage for ever does not come again").help =
                    vec!["write how long it lasts, such as `for: \"5m\"`".into()];
                continue;
            }
            let every = self.comes_again(&at, file.every, file.lasts.map_or(Span::ZERO, |of| of.0));
            let all = self.occurrences(&at, file.at.0, every, end);
            outages.extend(all.into_iter().map(|at| Outage { at, domain, lasts }));
        }
        outages
    }

    fn failures(&mut self, at: &At<'a>, file: &FailuresFile) -> Failures {
        let between = file.mean_time_between;
        self.some_time(&at.field("mean_time_between"), between, "`failures: None` for never");
        Failures {
            of_zones: matches!(file.of, DomainFile::Zone),
            mean_time_between: between.0,
            repair: self.dist(&at.field("repair"), &file.repair),
        }
    }

    /// Settings that are written and change nothing.
    fn without_effect(&mut self, at: &At, nodes: &Nodes) {
        let Nodes { capacity, outages, failures, .. } = nodes;
        if capacity.is_some() {
            return;
        }
        let share = at.field("copy_share");
        if outages.is_empty() && failures.is_none() && !at.field("outages").is_written() {
            self.warn(
                at,
                Warning::NoEffect,
                "nodes that never fail and carry everything change nothing",
            )
            .help = vec!["give them `outages`, `failures` or a `capacity`".into()];
        } else if share.is_written() {
            self.warn(&share, Warning::NoEffect, "of an unlimited capacity copies take nothing")
                .help = vec!["give the nodes a `capacity`, such as \"4000/s\"".into()];
        }
    }
}
