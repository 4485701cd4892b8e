//! The classroom: what each model under `models/classroom/` is there to show, as an inequality.
//!
//! The lessons are those of the systems' rules; the models' rates and periods were chosen, with the
//! program at hand, so that a lesson shows clearly in little time. A comparison must hold for each
//! seed.

#[path = "classroom/nodes.rs"]
mod nodes;

use std::fmt::Debug;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use sqsim::engine::run::run_with;
use sqsim::facts::deed::Deed;
use sqsim::facts::observer::Observer;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::QueueId;
use sqsim::ledger::journal::{Change, Journal, KeySpace};
use sqsim::observe::measured::{QueueMeasured, SplitEvent, Window};
use sqsim::scenario::load::Text;

/// A lesson that holds for one seed only is none.
const SEEDS: [u64; 2] = [42, 7];

const MINUTE: u64 = 60;

/// Counts the splits that are under way.
#[derive(Default)]
struct UnderWay {
    splits: Vec<u32>,
    most: usize,
}

impl Journal for UnderWay {
    fn change(&mut self, _now: Time, _queue: QueueId, change: &Change) {
        let Change::KeySpace(change) = change else { return };
        if let KeySpace::Begun { reshard, old, new } = *change {
            if new > old {
                self.splits.push(reshard);
                self.most = self.most.max(self.splits.len());
            }
        } else if let KeySpace::Ended { reshard } = *change {
            self.splits.retain(|&other| other != reshard);
        }
    }
}

impl Observer for UnderWay {
    fn deed(&mut self, _now: Time, _deed: &Deed) {}
}

/// What one run of a model showed.
struct Lesson {
    queue: QueueMeasured,
    window: Span,
    /// Most splits under way at once.
    at_once: usize,
}

impl Lesson {
    /// Runs `models/classroom/MODEL.ron` with these settings changed.
    fn with(model: &str, seed: u64, sets: &[&str]) -> Lesson {
        let path = format!("models/classroom/{model}.ron");
        let text = Text::of_file(Path::new(&path)).unwrap_or_else(|faults| panic!("{faults}"));
        let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
        let mut scenario = text.load(&sets).unwrap_or_else(|faults| panic!("{faults}")).scenario;
        scenario.seed = seed;
        let mut run = run_with(&scenario, 0, &AtomicBool::new(false), UnderWay::default());
        let queue = run.measured.queues.swap_remove(0);
        Lesson { queue, window: scenario.window, at_once: run.observer.most }
    }

    fn of(model: &str, seed: u64) -> Lesson {
        Lesson::with(model, seed, &[])
    }

    /// The place of the window that begins at this second.
    fn place(&self, second: u64) -> usize {
        (Span::from_secs(second).as_nanos() / self.window.as_nanos()) as usize
    }

    /// The windows from one second to another, or to the end of the run.
    fn windows(&self, from: u64, to: u64) -> impl Iterator<Item = &Window> {
        self.queue.series.iter().take(self.place(to)).skip(self.place(from))
    }

    /// The share of the sends from one second to another that were throttled.
    fn throttled(&self, from: u64, to: u64) -> f64 {
        let calls: u64 = self.windows(from, to).map(|window| window.counts.calls.send).sum();
        let sent: u64 = self.windows(from, to).map(|window| window.counts.sent).sum();
        1.0 - sent as f64 / calls as f64
    }

    /// Seconds from `since` until half a minute begins in which under 1 % is throttled.
    fn until_calm(&self, since: u64) -> Option<u64> {
        let end = self.window.as_nanos() * self.queue.series.len() as u64 / 1_000_000_000;
        let step = self.window.as_nanos() / 1_000_000_000;
        let mut begins = (since..end - 30).step_by(step as usize);
        begins.find(|&begin| self.throttled(begin, begin + 30) < 0.01).map(|begin| begin - since)
    }

    /// The second in which a window begins with 1 % throttled or more.
    fn first_throttled(&self) -> Option<u64> {
        let over = |window: &Window| {
            100 * (window.counts.calls.send - window.counts.sent) >= window.counts.calls.send.max(1)
        };
        let at = self.queue.series.iter().position(over)?;
        Some(at as u64 * self.window.as_nanos() / 1_000_000_000)
    }

    /// Partitions at this second.
    fn partitions(&self, second: u64) -> u64 {
        self.queue.series[self.place(second) - 1].levels.partitions.last
    }

    fn last_partitions(&self) -> u64 {
        self.queue.levels.partitions.last
    }

    fn count(&self, is: impl Fn(SplitEvent) -> bool) -> usize {
        self.queue.split_events.iter().filter(|&&(_, event)| is(event)).count()
    }

    /// Changes that made more partitions.
    fn splits(&self) -> usize {
        self.count(|event| match event {
            SplitEvent::Split { .. } => true,
            SplitEvent::Recut { old, new } => new > old,
            SplitEvent::Merged { .. } | SplitEvent::Refused { .. } => false,
        })
    }

    /// Changes that made fewer partitions.
    fn merges(&self) -> usize {
        self.count(|event| match event {
            SplitEvent::Merged { .. } => true,
            SplitEvent::Recut { old, new } => new < old,
            SplitEvent::Split { .. } | SplitEvent::Refused { .. } => false,
        })
    }

    fn refusals(&self) -> usize {
        self.count(|event| matches!(event, SplitEvent::Refused { .. }))
    }

    /// The share of the windows in which a partition had most sends that was so many seconds old at
    /// the most.
    fn led_by_younger(&self, than: u64) -> f64 {
        let lives = &self.queue.partition_lives;
        let windows = self.queue.loads.chunk_by(|a, b| a.at == b.at);
        let led = windows.clone().filter(|loads| {
            let busiest = loads.iter().max_by_key(|load| load.sends).expect("a window has loads");
            let from = lives[busiest.partition.0 as usize].from;
            busiest.at.since(from) <= Span::from_secs(than)
        });
        led.count() as f64 / windows.count() as f64
    }

    /// The share of the receives that found nothing although messages waited.
    fn missed(&self) -> f64 {
        let counts = &self.queue.counts;
        counts.false_empty_receives as f64 / counts.calls.receive as f64
    }

    /// Partitions asked for each message that was received.
    fn probes(&self) -> f64 {
        self.queue.counts.probes as f64 / self.queue.counts.received as f64
    }

    /// Mean time from send to receive in seconds.
    fn mean_wait(&self) -> f64 {
        self.queue.latencies.sent_to_received.sum as f64 / self.queue.counts.received as f64 / 1e9
    }
}

/// Asserts that the first is less than the second, and says both if not.
#[track_caller]
fn less<T: Copy + PartialOrd + Debug>(less: T, more: T, what: &str) {
    assert!(less < more, "{what}: {less:?} is not less than {more:?}");
}

#[test]
fn a_flash_crowd_is_over_sooner_the_sooner_a_policy_looks_and_acts() {
    const CROWD: u64 = 5 * MINUTE;
    for seed in SEEDS {
        let of = |policy: &str| Lesson::of(&format!("flash-crowd-{policy}"), seed);
        let calm = |policy: &str| of(policy).until_calm(CROWD);
        assert_eq!(calm("static"), None, "four partitions carry 400 of 1200 a second");
        let [reservoir, scaler, median, topic, ewma] =
            ["reservoir", "scaler", "median", "topic", "ewma"]
                .map(|policy| calm(policy).unwrap_or_else(|| panic!("{policy} never is calm")));
        let doubling = of("midpoint");
        let midpoint = doubling.until_calm(CROWD).expect("two doublings carry the crowd");
        less(reservoir, scaler, "ten hot seconds, and one minute");
        less(scaler, median, "one step at once, and two with a copy of three minutes each");
        less(median, midpoint, "three minutes, and fifteen");
        for slow in [topic, ewma] {
            less(scaler, slow, "a step that is large enough");
            less(slow, midpoint, "a quarter of an hour for each doubling");
        }
        // The staircase: the first doubling is planned after a minute and comes 15 later.
        assert_eq!(doubling.partitions(CROWD + 15 * MINUTE), 4);
        assert_eq!(doubling.partitions(CROWD + 17 * MINUTE), 8);
    }
}

#[test]
fn no_policy_helps_a_single_hot_group() {
    // The group has 60 % of 400 a second, and its partition carries 100 of them.
    let floor = 0.6 - 100.0 / 400.0;
    for seed in SEEDS {
        let of = |policy: &str| Lesson::of(&format!("hot-group-{policy}"), seed);
        let late = |lesson: &Lesson| lesson.throttled(50 * MINUTE, 60 * MINUTE);
        let [static_, median, isolated, reservoir, topic] =
            ["static", "median", "isolated", "reservoir", "topic"].map(of);
        for lesson in [&static_, &median, &isolated, &reservoir, &topic] {
            // A new partition begins with a second's worth of tokens: one a minute is 0.4 %.
            less(floor - 0.01, late(lesson), "the hot group stays at capacity");
        }
        for helped in [&isolated, &topic] {
            less(late(helped), floor + 0.01, "the neighbours are freed");
        }
        for unhelped in [&static_, &median, &reservoir] {
            less(floor + 0.03, late(unhelped), "the neighbours suffer");
        }
        for refusing in [&median, &reservoir] {
            // Once a minute for an hour, but for the first.
            less(50, refusing.refusals(), "refusals");
            less(refusing.last_partitions(), 6, "hardly a split");
        }
        less(10 * reservoir.last_partitions(), topic.last_partitions(), "by brute force");
        less(isolated.last_partitions(), 10, "one group set apart");
    }
}

#[test]
fn a_gap_between_the_levels_ends_flapping_at_constant_load() {
    for seed in SEEDS {
        let naive = Lesson::of("flapping-constant-naive", seed);
        let gap = Lesson::of("flapping-constant-gap", seed);
        assert!(naive.splits() >= 20 * gap.splits(), "{} {}", naive.splits(), gap.splits());
        assert_eq!((gap.splits(), gap.merges()), (1, 0));
    }
}

#[test]
fn a_square_wave_is_calm_where_the_memory_outlives_the_low_phase() {
    let short = "producers.clients.arrivals=[Poisson(\"20/s\"), \
                 OnOff(rate: \"280/s\", on: Constant(\"4m\"), off: Constant(\"4m\"))]";
    for seed in SEEDS {
        let of = |policy: &str| Lesson::of(&format!("flapping-wave-{policy}"), seed);
        for forgetful in ["reservoir", "topic", "scaler", "naive"].map(of) {
            // Six low phases in three hours, the last of which ends with the run.
            less(4, forgetful.merges(), "merges in low phases of 15 minutes");
        }
        let memory = of("memory");
        assert_eq!(memory.merges(), 0, "an hour of memory");
        let of = |policy: &str| Lesson::with(&format!("flapping-wave-{policy}"), seed, &[short]);
        for calm in ["reservoir", "topic"] {
            assert_eq!(of(calm).merges(), 0, "{calm}: five minutes of memory, phases of four");
        }
        less(20, of("scaler").merges(), "a merge in each of 22 low phases");
    }
}

#[test]
fn jitter_smears_a_split_storm_and_a_cap_only_serialises_it() {
    // Thresholds of 64 partitions spread over a quarter of the policy's, which the load crosses in
    // ten minutes, so that the 2 minutes of a split meet those of a fifth of them. Without jitter
    // the noise of a minute's mean spreads them, 0.03 at 20 a second: they cross in two minutes.
    for seed in 1..=5 {
        let of = |guard: &str| Lesson::of(&format!("split-storm-{guard}"), seed);
        let [unguarded, jitter] = ["unguarded", "jitter"].map(of);
        less(32, unguarded.at_once, "most of 64 partitions split at once");
        less(2 * jitter.at_once, unguarded.at_once + 1, "at most half as many");
        if seed > 2 {
            continue;
        }
        let [cap, both] = ["cap", "both"].map(of);
        assert_eq!((cap.at_once, both.at_once), (8, 8));
        let all = |lesson: &Lesson| lesson.throttled(0, 25 * MINUTE);
        less(all(&unguarded), all(&cap), "those who wait are throttled");
        less(all(&jitter), all(&cap), "smearing is better than serialising");
        less(all(&both), all(&cap), "smearing helps those who are serialised");
    }
}

#[test]
fn a_night_is_paid_for_in_partitions_or_in_the_morning() {
    const EVENING: u64 = 30 * MINUTE;
    const MORNING: u64 = 150 * MINUTE;
    const END: u64 = 180 * MINUTE;
    for seed in SEEDS {
        let of = |policy: &str| Lesson::of(&format!("night-{policy}"), seed);
        for never_merges in ["midpoint", "median"].map(of) {
            let evening = never_merges.partitions(EVENING);
            assert_eq!(never_merges.partitions(MORNING), evening);
            less(never_merges.throttled(MORNING, END), 0.001, "nothing to grow");
        }
        for merges in ["reservoir", "topic"].map(of) {
            let [evening, morning] = [EVENING, MORNING].map(|at| merges.partitions(at));
            less(2 * morning, evening, "idle partitions are merged");
            less(morning, merges.partitions(END), "they come back");
            less(0.003, merges.throttled(MORNING, END), "a second start-up");
        }
        let naive = of("naive");
        less(200, naive.splits() + naive.merges(), "flapping");
    }
}

#[test]
fn a_burst_bucket_buys_time_and_pre_warming_removes_the_throttling() {
    const FLOOD: u64 = 25 * MINUTE;
    for seed in SEEDS {
        let of = |start: &str| Lesson::of(&format!("cold-start-{start}"), seed);
        let [plain, burst, median, prewarmed] = ["plain", "burst", "median", "prewarmed"].map(of);
        let first = |lesson: &Lesson| lesson.first_throttled();
        let throttled = first(&plain).expect("four partitions carry 200 of 1440 a second");
        let hidden = first(&burst).expect("a bucket runs dry");
        // From 10m on 90 come to each partition that carries 50: 15000 tokens last longer than
        // the five minutes until the load doubles again.
        assert!((10 * MINUTE..10 * MINUTE + 30).contains(&throttled), "{throttled}");
        less(throttled + 5 * MINUTE - 1, hidden, "the bucket hides five minutes of excess");
        less(0.3, plain.throttled(10 * MINUTE, FLOOD), "growing late");
        less(0.3, burst.throttled(hidden, FLOOD), "a burst is no capacity");
        less(median.throttled(0, 45 * MINUTE), 0.01, "four minutes to a doubling keep pace");
        less(prewarmed.throttled(0, 45 * MINUTE), 0.01, "32 partitions carry 1600 a second");
    }
}

#[test]
fn a_sequential_tail_outruns_every_policy_and_hashed_keys_cure_it() {
    const HOUR: u64 = 60 * MINUTE;
    for seed in SEEDS {
        let of = |model: &str| Lesson::of(&format!("tail-{model}"), seed);
        let [median, reservoir, topic, hashed] = ["median", "reservoir", "topic", "hashed"].map(of);
        for lesson in [&median, &reservoir, &topic] {
            less(0.2, lesson.throttled(5 * MINUTE, HOUR), "the tail is ahead of each cut");
        }
        // Ten hot seconds make a partition ripe, one more is for the look.
        less(0.9, reservoir.led_by_younger(30), "the load is in the newest partition");
        less(hashed.throttled(5 * MINUTE, HOUR), 0.01, "the same load, spread");
        // A refusal a minute, at looks that are ten seconds apart.
        less(45, median.refusals(), "the load moves");
        assert_eq!(median.splits(), 0, "no cut would help");
        assert!((58..=60).contains(&topic.splits()), "one a minute: {}", topic.splits());
        less(3 * topic.splits(), reservoir.splits(), "a treadmill");
        less(reservoir.splits() / 2, reservoir.merges(), "what is left behind is merged");
        // Keys that strictly ascend: none has anything on its right when it is sampled, and
        // nothing on its left afterwards.
        let strictly = "queues.events.ledger.keys=Sequential(pass: \"2h\")";
        let strictly = Lesson::with("tail-reservoir", seed, &[strictly]);
        assert_eq!(strictly.splits(), 0);
        less(45, strictly.refusals(), "no sampled key divides the load");
    }
}

#[test]
fn a_hot_range_is_relieved_by_cuts_inside_it() {
    for seed in SEEDS {
        let of = |policy: &str| Lesson::of(&format!("hot-range-{policy}"), seed);
        let [midpoint, median, reservoir, topic, scaler] =
            ["midpoint", "median", "reservoir", "topic", "scaler"].map(of);
        let calm = |lesson: &Lesson| lesson.until_calm(0).expect("it has partitions enough");
        less(calm(&reservoir), calm(&topic), "ten hot seconds, and a minute to a split");
        less(calm(&topic), calm(&median), "a minute, and a minute and a copy of three");
        less(calm(&median), calm(&midpoint), "minutes inside the range, quarters outside of it");
        // From a quarter of the key space to a 64th: four halvings, each 15 minutes late.
        less(60 * MINUTE, calm(&midpoint), "four doublings");
        assert_eq!(scaler.until_calm(0), None, "equal cuts leave the range to one of eight");
        // That one has 60 % and an eighth of the rest, less what the others of 250 carry.
        let floor = (0.6 * 250.0 + 100.0 * 15.0 / 16.0 / 8.0 - 50.0) / 250.0;
        less(floor - 0.05, scaler.throttled(10 * MINUTE, 80 * MINUTE), "the range alone");
        let first_cut = |lesson: &Lesson| {
            let cut = lesson.queue.split_events.iter().find_map(|&(_, event)| match event {
                SplitEvent::Split { at, .. } => Some(at),
                SplitEvent::Merged { .. }
                | SplitEvent::Recut { .. }
                | SplitEvent::Refused { .. } => None,
            });
            cut.expect("it splits")
        };
        // The range begins at 10 and ends at 11 sixteenths; most of its partition's load is there.
        let inside = (10 << 60) + 1..11 << 60;
        for halving in [&midpoint, &topic] {
            assert!(!inside.contains(&first_cut(halving)), "half of a quarter is its edge");
        }
        for looking in [&median, &reservoir] {
            assert!(inside.contains(&first_cut(looking)), "the load says where");
        }
    }
}

#[test]
fn too_many_partitions_hurt_the_receivers_of_a_quiet_queue() {
    for seed in SEEDS {
        let of = |rule: &str, partitions: u32| {
            let set = format!("queues.events.ledger.partitions={partitions}");
            Lesson::with(&format!("quiet-{rule}"), seed, &[&set])
        };
        let counts = [4, 8, 32, 128];
        let missed = |rule| counts.map(|count| of(rule, count).missed());
        let [uniform, two] = ["uniform", "two"].map(missed);
        for rule in [uniform, two] {
            assert!(rule.is_sorted_by(|few, many| few < many), "{rule:?}");
        }
        // A message is found by each of 80 polls a second with a chance of one in P: with 128
        // partitions some wait always, and 5 a second of the 80 find one.
        less(0.9, uniform[3], "of 128 partitions one poll sees one");
        for (one, longer) in uniform.into_iter().zip(two) {
            less(longer, one, "two probes see more than one");
        }
        let [few, many] = [4, 128].map(|count| of("uniform", count).mean_wait());
        less(16.0 * few, many, "32 times the partitions, 32 times the polls");
        assert!(of("sample", 4).missed() == 0.0, "four of four are all");
        less(0.7, of("sample", 128).missed(), "four of 128");
        for partitions in counts {
            let all = of("registered", partitions);
            assert!(all.missed() == 0.0, "a poll that asks all misses none");
            less(f64::from(partitions) - 0.5, all.probes(), "a probe for each partition");
            let tree = of("tree", partitions);
            assert!(tree.missed() == 0.0, "what nobody took meets the poll at the root");
            less(tree.probes(), 6.0, "one partition, its parents and back");
        }
    }
}

#[test]
fn a_hot_partition_drowns_where_few_polls_can_see_it() {
    for seed in SEEDS {
        let left = |rule: &str| {
            Lesson::of(&format!("hot-partition-{rule}"), seed).queue.unfinished.messages
        };
        // Five workers that find ten messages in 50 ms or wait 100 ms poll 10 to 20 times a second
        // each, most of them in vain: 3 to 4 and 7 to 8 of some 55 a second see the hot partition,
        // into which come 87 messages a second for 300 seconds.
        less(9_000, left("uniform"), "one of 16");
        less(1_500, left("two"), "two of 16");
        for rule in ["sample", "weighted", "registered", "tree"] {
            less(left(rule), 500, rule);
        }
    }
}
