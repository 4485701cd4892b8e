//! Checks of split policies, their guards and their mechanics.
//!
//! Owns their ranges, and which of them go together. Must not know what they do.

use super::Check;
use super::queue::MOST_PARTITIONS;
use crate::kernel::time::Span;
use crate::ledger::config::{
    CountScaler, Ewma, Guards, HeatMedian, Mechanics, MidpointDoubling, Naive, Reservoir,
    ScalableTopic, SplitPolicy,
};
use crate::scenario::decode::default_of;
use crate::scenario::file::{
    CapacityFile, ConcurrentFile, GuardsFile, KeysFile, LedgerFile, Length, MechanicsFile,
    Probability, SplitFile,
};
use crate::scenario::tree::At;
use crate::scenario::warnings::Warning;

/// Policies look at the end of a second.
const SECOND: u64 = 1_000_000_000;

impl<'a> Check<'a> {
    /// A policy, and whether the ledger's other settings let it do anything. `workers` receive from
    /// the queue.
    pub(super) fn split(&mut self, at: &At<'a>, file: &LedgerFile, workers: u64) -> SplitPolicy {
        if matches!(file.split, SplitFile::Static) {
            return SplitPolicy::Static;
        }
        if matches!(file.capacity, CapacityFile::Unlimited) {
            self.warn(at, Warning::NoEffect, "partitions of unlimited capacity never split")
                .help
                .push("give the ledger a `capacity`, such as \"3000/s\"".into());
        }
        if matches!(file.keys, KeysFile::Group { count: 1, .. }) {
            self.warn(at, Warning::NoEffect, "one group has one key, which no split divides")
                .help
                .push("give `keys` more groups".into());
        }
        self.policy(at, file, workers)
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each policy")]
    fn policy(&mut self, at: &At<'a>, file: &LedgerFile, workers: u64) -> SplitPolicy {
        match file.split {
            SplitFile::Static => SplitPolicy::Static,
            SplitFile::MidpointDoubling { evaluate, threshold, delay, max_partitions } => {
                self.evaluate(at, evaluate.0);
                self.positive(&at.field("threshold"), threshold);
                self.most(at, max_partitions, file.partitions);
                let (evaluate, delay) = (evaluate.0, delay.0);
                let policy = MidpointDoubling { evaluate, threshold, delay, max_partitions };
                SplitPolicy::MidpointDoubling(policy)
            }
            SplitFile::HeatMedian { evaluate, threshold, isolate_hot, max_partitions } => {
                self.evaluate(at, evaluate.0);
                self.positive(&at.field("threshold"), threshold);
                self.most(at, max_partitions, file.partitions);
                if isolate_hot && !matches!(file.keys, KeysFile::Group { .. }) {
                    let what = "`isolate_hot` needs keys that several messages share";
                    self.push(&at.field("isolate_hot"), what).help =
                        vec!["write `keys: Group(count: 1000)`, or leave `isolate_hot` out".into()];
                }
                let evaluate = evaluate.0;
                let policy = HeatMedian { evaluate, threshold, isolate_hot, max_partitions };
                SplitPolicy::HeatMedian(policy)
            }
            SplitFile::Reservoir {
                threshold,
                hold,
                cooldown,
                merge,
                merge_window,
                max_partitions,
            } => {
                let policy = Reservoir {
                    threshold,
                    hold: hold.0,
                    cooldown: cooldown.0,
                    merge,
                    merge_window: merge_window.0,
                    max_partitions,
                };
                self.reservoir(at, &policy, file.partitions);
                SplitPolicy::Reservoir(policy)
            }
            SplitFile::ScalableTopic {
                evaluate,
                threshold,
                merge,
                merge_window,
                split_cooldown,
                merge_cooldown,
                min_partitions,
                max_partitions,
                depth,
                consumer_split,
            } => {
                if consumer_split && workers == 0 {
                    let what = "no worker receives from this queue, so that none needs a partition";
                    self.warn(&at.field("consumer_split"), Warning::NoEffect, what).help =
                        vec!["add consumers of this queue, or leave `consumer_split` out".into()];
                }
                let consumers = u32::try_from(workers).unwrap_or(u32::MAX);
                let policy = ScalableTopic {
                    evaluate: evaluate.0,
                    threshold,
                    merge,
                    merge_window: merge_window.0,
                    split_cooldown: split_cooldown.0,
                    merge_cooldown: merge_cooldown.0,
                    min_partitions,
                    max_partitions,
                    depth,
                    consumers: consumer_split.then_some(consumers),
                };
                self.scalable_topic(at, &policy, file.partitions);
                SplitPolicy::ScalableTopic(policy)
            }
            SplitFile::CountScaler {
                evaluate,
                threshold,
                sustain_up,
                sustain_down,
                factor,
                min_partitions,
                max_partitions,
            } => {
                let policy = CountScaler {
                    evaluate: evaluate.0,
                    threshold,
                    sustain_up: sustain_up.0,
                    sustain_down: sustain_down.0,
                    factor,
                    min_partitions,
                    max_partitions,
                };
                self.count_scaler(at, &policy, file.partitions);
                SplitPolicy::CountScaler(policy)
            }
            SplitFile::Ewma { target, max_partitions } => {
                self.positive(&at.field("target"), target);
                self.most(at, max_partitions, file.partitions);
                SplitPolicy::Ewma(Ewma { target, max_partitions })
            }
            SplitFile::Naive { threshold, merge, max_partitions } => {
                self.positive(&at.field("threshold"), threshold);
                if !(merge >= 0.0 && merge.is_finite()) {
                    self.push(&at.field("merge"), format!("`{merge}` is below 0")).help =
                        vec!["0 never merges".into()];
                }
                self.most(at, max_partitions, file.partitions);
                SplitPolicy::Naive(Naive { threshold, merge, max_partitions })
            }
        }
    }

    fn reservoir(&mut self, at: &At<'a>, policy: &Reservoir, start: u32) {
        self.positive(&at.field("threshold"), policy.threshold);
        let merge = policy.merge;
        if !(0.0..1.0).contains(&merge) {
            let what = format!("`{merge}` is not from 0 to below 1");
            self.push(&at.field("merge"), what).help =
                vec!["it is a share of the threshold: at 1 what splits would merge again".into()];
        }
        self.merge_window(at, policy.merge_window);
        self.most(at, policy.max_partitions, start);
    }

    fn scalable_topic(&mut self, at: &At<'a>, policy: &ScalableTopic, start: u32) {
        let &ScalableTopic { threshold, merge, .. } = policy;
        self.evaluate(at, policy.evaluate);
        self.positive(&at.field("threshold"), threshold);
        if merge >= threshold {
            let what = format!("`{merge}` is not below the threshold of {threshold}");
            self.push(&at.field("merge"), what).help =
                vec!["what was just split would merge again at once".into()];
        } else if 2.0 * merge > threshold {
            let what = format!(
                "two partitions below {merge} can be above the threshold of {threshold} together"
            );
            self.warn(&at.field("merge"), Warning::MergesSplit, what).help =
                vec!["what was merged may split again at once; write at most half of it".into()];
        }
        self.merge_window(at, policy.merge_window);
        self.bounds(at, policy.min_partitions, policy.max_partitions, start);
    }

    fn count_scaler(&mut self, at: &At<'a>, policy: &CountScaler, start: u32) {
        let factor = policy.factor;
        self.evaluate(at, policy.evaluate);
        self.positive(&at.field("threshold"), policy.threshold);
        if !(0.0..1.0).contains(&factor) {
            self.push(&at.field("factor"), format!("`{factor}` is not from 0 to below 1")).help =
                vec!["at 1 the count would go down where it has just gone up".into()];
        }
        self.bounds(at, policy.min_partitions, policy.max_partitions, start);
    }

    /// The memory of a merge rule.
    fn merge_window(&mut self, at: &At, window: Span) {
        self.some_time(&at.field("merge_window"), Length(window), "`merge: 0` never merges");
    }

    /// How often a policy looks.
    fn evaluate(&mut self, at: &At, every: Span) {
        if every.is_zero() || !every.as_nanos().is_multiple_of(SECOND) {
            let what = format!("`{every}` is not a number of whole seconds");
            self.push(&at.field("evaluate"), what).help =
                vec!["policies look at the end of a second".into()];
        }
    }

    /// The most partitions of a policy.
    fn most(&mut self, at: &At, most: u32, start: u32) {
        let at = &at.field("max_partitions");
        self.range(at, most, 1, MOST_PARTITIONS, "a partition costs memory in the simulator");
        if most < start {
            let what = format!(
                "at most {most} partitions are allowed, but {start} are there at the start"
            );
            self.push(at, what);
        }
    }

    /// The fewest and the most partitions of a policy.
    fn bounds(&mut self, at: &At, fewest: u32, most: u32, start: u32) {
        self.most(at, most, start);
        let at = &at.field("min_partitions");
        self.at_least_one(at, fewest);
        if fewest > start {
            let what = format!(
                "at least {fewest} partitions are wanted, but {start} are there at the start"
            );
            self.push(at, what);
        }
    }

    pub(super) fn guards(&mut self, at: &At, file: &GuardsFile) -> Guards {
        let jitter = file.jitter.0;
        if jitter >= 1.0 {
            self.push(&at.field("jitter"), "a threshold of zero would always be passed").help =
                vec!["write a share below 1, such as \"12.5%\"".into()];
        }
        let concurrent = match file.concurrent {
            ConcurrentFile::Unlimited => None,
            ConcurrentFile::Splits(most) => {
                self.at_least_one(&at.field("concurrent"), most);
                Some(most)
            }
        };
        Guards { jitter, concurrent }
    }

    pub(super) fn mechanics(&mut self, at: &At, file: &LedgerFile) -> Mechanics {
        match file.mechanics {
            MechanicsFile::Auto => default_mechanics(&file.split),
            MechanicsFile::Metadata { pause } => Mechanics::Metadata { pause: pause.0 },
            MechanicsFile::SealAndDrain { pause } => Mechanics::SealAndDrain { pause: pause.0 },
            MechanicsFile::CopyThenCutover { copy, share, pause } => {
                if share.0 >= 1.0 {
                    self.push(&at.field("share"), "the copy would leave no capacity").help =
                        vec!["write a share below 1, such as \"30%\"".into()];
                }
                Mechanics::CopyThenCutover { copy: copy.0, share: share.0, pause: pause.0 }
            }
        }
    }
}

/// What the model of a policy does, with the default figures.
fn default_mechanics(split: &SplitFile) -> Mechanics {
    let length = |section, key| default_of::<Length>(section, key).0;
    match split {
        SplitFile::Static | SplitFile::Reservoir { .. } | SplitFile::Naive { .. } => {
            Mechanics::Metadata { pause: length("Metadata", "pause") }
        }
        SplitFile::HeatMedian { .. } => Mechanics::CopyThenCutover {
            copy: length("CopyThenCutover", "copy"),
            share: default_of::<Probability>("CopyThenCutover", "share").0,
            pause: length("CopyThenCutover", "pause"),
        },
        SplitFile::MidpointDoubling { .. }
        | SplitFile::ScalableTopic { .. }
        | SplitFile::CountScaler { .. }
        | SplitFile::Ewma { .. } => {
            Mechanics::SealAndDrain { pause: length("SealAndDrain", "pause") }
        }
    }
}
