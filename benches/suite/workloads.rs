//! The workloads of the suite.
//!
//! Owns their list: how long each runs, what it must count, which bars it stands beside. Must not
//! know how it is measured.
//!
//! What a run does does not depend on the machine, so its counts are fixed here. Most follow by
//! reason from how many messages arise: an arrival and an end of work are two events. Where chance
//! decides more than that, as how many works end before the run does, the number is the one that
//! these seeds give, and stands beside the one that reason expects.

use sqsim::model::scenario::Scenario;

use crate::bars::Bar;
use crate::scenarios::{self, HEARTS, IDLE, LONG_IN_FLIGHT, in_flight, waiting};

/// A workload.
#[derive(Debug)]
pub(crate) struct Workload {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// What it is, in a few words.
    pub(crate) about: &'static str,
    /// What is counted.
    pub(crate) unit: Unit,
    /// The scenario of a length.
    pub(crate) scenario: fn(u64) -> Scenario,
    /// What is done with it.
    pub(crate) task: Task,
    /// How often it runs at full length.
    pub(crate) runs: usize,
    /// The lengths that it can have.
    pub(crate) sizes: Sizes,
    /// What the project wants of it.
    pub(crate) bars: &'static [Bar],
}

/// What is done with a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// It is run, and its whole run is timed.
    Run,
    /// It is run; so many events at time zero are left out of the time.
    Primed(u64),
    /// It is run with a trace in JSON lines to a temporary file.
    Traced,
    /// As many replications as its length says are run, on one thread and on two.
    Replicated,
    /// As many points as its length says are swept on two threads, ten replications each, from text
    /// to document; beside it the same runs bare, on one thread.
    Swept,
}

impl Task {
    /// Whether it is done on one thread and on two.
    pub(crate) fn is_parallel(self) -> bool {
        matches!(self, Task::Replicated | Task::Swept)
    }
}

/// What a rate is a rate of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Messages deleted.
    Messages,
    /// Visibility timeouts extended.
    Heartbeats,
}

impl Unit {
    /// In words.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Unit::Messages => "messages",
            Unit::Heartbeats => "heartbeats",
        }
    }
}

/// The lengths of a workload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// As it is timed.
    pub(crate) full: Size,
    /// For a quick look, and the longer of two whose instructions are compared.
    pub(crate) quick: Size,
    /// The shorter of these two.
    pub(crate) short: Size,
}

/// One length, with what a run of it does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// What the scenario's function takes.
    pub(crate) length: u64,
    /// Messages or heartbeats.
    pub(crate) units: u64,
    /// Events.
    pub(crate) events: u64,
    /// Memory that the machine must have, in GiB.
    pub(crate) gib: u64,
}

impl Size {
    /// On a machine with so many GiB to spare.
    const fn needing(self, gib: u64) -> Size {
        Size { gib, ..self }
    }
}

impl Workload {
    /// On a machine with so many GiB to spare, at every length.
    const fn needing(self, gib: u64) -> Workload {
        let Sizes { full, quick, short } = self.sizes;
        let sizes =
            Sizes { full: full.needing(gib), quick: quick.needing(gib), short: short.needing(gib) };
        Workload { sizes, ..self }
    }
}

/// A size of this name: `full`, `quick` or `short`.
pub(crate) fn size<'a>(sizes: &'a Sizes, name: &str) -> Option<&'a Size> {
    match name {
        "full" => Some(&sizes.full),
        "quick" => Some(&sizes.quick),
        "short" => Some(&sizes.short),
        _ => None,
    }
}

/// The workload of this name.
pub(crate) fn find(name: &str) -> Option<&'static Workload> {
    WORKLOADS.iter().find(|workload| workload.name == name)
}

/// With batches of ten, the last messages fill none (no number of ours is a multiple of ten): their
/// send and their delete wait for the linger, an event each.
const LINGERS: u64 = 2;

/// Workers of [`waiting`], whose start is an event each.
const STARTS: u64 = 10;

/// Long polls that end empty every 20 s in [`scenarios::idle_fleets`], an event each.
const IDLE_POLLS: u64 = IDLE as u64;

/// Arrivals of the Poisson process of `tests/support` in so many mean gaps: within two standard
/// deviations, √gaps, of them.
const fn poisson(gaps: u64) -> u64 {
    match gaps {
        20_000 => 20_001,
        100_000 => 100_238,
        500_000 => 500_439,
        1_000_000 => 999_445,
        2_000_000 => 1_998_533,
        4_000_000 => 3_997_387,
        6_000_000 => 5_997_978,
        60_000_000 => 60_005_833,
        _ => panic!("so many gaps were never counted"),
    }
}

/// A run that works off what a Poisson process sent: an arrival and an end of work for each
/// message, the arrival that comes after the end, and `more` events.
const fn worked_off(gaps: u64, more: u64) -> Size {
    let messages = poisson(gaps);
    Size { length: gaps, units: messages, events: 2 * messages + 1 + more, gib: 0 }
}

/// A run of so many mean gaps that ends as it is, with `before` events before the first arrival:
/// the arrivals and the `deleted` ends of work, about as many.
const fn cut_off(gaps: u64, before: u64, deleted: u64) -> Size {
    Size { length: gaps, units: deleted, events: before + poisson(gaps) + deleted, gib: 0 }
}

/// What the cost of a message may grow by, beside the least of its family.
const RESIDENT_GROWTH: &[Bar] = &[Bar::Growth("resident-10k", 2.0)];
const BESIDE_IDLE: &[Bar] = &[Bar::Growth("mm10", 1.05)];
const IN_FLIGHT_GROWTH: &[Bar] = &[Bar::Growth("in-flight-10k", 2.0)];

/// Ten consumers work while `WAITING` messages wait.
const fn resident<const WAITING: u64>(
    name: &'static str,
    about: &'static str,
    bars: &'static [Bar],
) -> Workload {
    let before = WAITING + STARTS;
    let sizes = Sizes {
        full: cut_off(2_000_000, before, 1_999_994),
        quick: cut_off(500_000, before, 500_819),
        short: cut_off(100_000, before, 100_418),
    };
    primed(name, about, waiting::<WAITING>, WAITING, sizes, bars)
}

/// About `IN_FLIGHT` messages are worked on; `deleted` are the ends of work of the three lengths.
const fn busy<const IN_FLIGHT: u64>(
    name: &'static str,
    about: &'static str,
    deleted: [u64; 3],
    bars: &'static [Bar],
) -> Workload {
    let sizes = Sizes {
        full: cut_off(2_000_000, IN_FLIGHT, deleted[0]),
        quick: cut_off(500_000, IN_FLIGHT, deleted[1]),
        short: cut_off(100_000, IN_FLIGHT, deleted[2]),
    };
    primed(name, about, in_flight::<IN_FLIGHT>, IN_FLIGHT, sizes, bars)
}

/// A workload that begins with `first` messages at time zero, which are not timed.
const fn primed(
    name: &'static str,
    about: &'static str,
    scenario: fn(u64) -> Scenario,
    first: u64,
    sizes: Sizes,
    bars: &'static [Bar],
) -> Workload {
    let (unit, task) = (Unit::Messages, Task::Primed(first));
    Workload { name, about, unit, scenario, task, runs: 5, sizes, bars }
}

/// As [`worked_off`], half of all deliveries timing out: a message is delivered twice in the mean,
/// so it has an arrival, a timeout and two ends of work. The seed gives a little less; a delete
/// that comes late, but before the next delivery, counts.
const fn redelivered(gaps: u64, events: u64) -> Size {
    Size { events, ..worked_off(gaps, 0) }
}

/// A run of so many mean gaps against capacities. Beside two events, a message has one for each
/// further try of its send or its delete, and there are those of the lingering batches of deletes;
/// only the seed says how many. A short run ends while some messages are still tried.
const fn throttled(gaps: u64, messages: u64, events: u64) -> Size {
    Size { length: gaps, units: messages, events, gib: 0 }
}

/// 100,000 messages, each with an arrival, its heartbeats and an end of work.
const fn beating(beats: u64) -> Size {
    Size { length: beats, units: HEARTS * beats, events: HEARTS * (beats + 2), gib: 0 }
}

/// So many messages, each with an arrival and an end of work, and 1,000 workers that start.
const fn backlog(messages: u64, gib: u64) -> Size {
    Size { length: messages, units: messages, events: 2 * messages + 1_000, gib }
}

/// So many replications of [`scenarios::REPLICATION_GAPS`] each, that send `messages` in sum. Each
/// has an arrival and an end of work for each message, and the arrival that comes after the end.
const fn replications(count: u64, messages: u64) -> Size {
    Size { length: count, units: messages, events: 2 * messages + count, gib: 0 }
}

/// So many points of ten replications each, that send `messages` in sum; no events are counted.
const fn swept(points: u64, messages: u64) -> Size {
    Size { length: points, units: messages, events: 0, gib: 0 }
}

/// The workloads in the order in which they run.
pub(crate) const WORKLOADS: &[Workload] = &[
    Workload {
        name: "mm10",
        about: "10 consumers at load 0.8",
        unit: Unit::Messages,
        scenario: scenarios::mm10,
        task: Task::Run,
        runs: 7,
        sizes: Sizes {
            full: worked_off(2_000_000, 0),
            quick: worked_off(500_000, 0),
            short: worked_off(100_000, 0),
        },
        bars: &[Bar::PerSecond(8e6)],
    },
    Workload {
        name: "idle-queues",
        about: "mm10 beside 800 queues that nobody uses",
        unit: Unit::Messages,
        scenario: scenarios::idle_queues,
        task: Task::Run,
        runs: 7,
        sizes: Sizes {
            full: worked_off(2_000_000, 0),
            quick: worked_off(500_000, 0),
            short: worked_off(100_000, 0),
        },
        bars: BESIDE_IDLE,
    },
    Workload {
        name: "idle-producers",
        about: "mm10 beside 800 producers without messages",
        unit: Unit::Messages,
        scenario: scenarios::idle_producers,
        task: Task::Run,
        runs: 7,
        sizes: Sizes {
            full: worked_off(2_000_000, 0),
            quick: worked_off(500_000, 0),
            short: worked_off(100_000, 0),
        },
        bars: BESIDE_IDLE,
    },
    Workload {
        name: "idle-fleets",
        about: "mm10 beside 800 fleets at an empty queue",
        unit: Unit::Messages,
        scenario: scenarios::idle_fleets,
        task: Task::Run,
        runs: 7,
        sizes: Sizes {
            full: worked_off(2_000_000, 100 * IDLE_POLLS),
            quick: worked_off(500_000, 25 * IDLE_POLLS),
            short: worked_off(100_000, 5 * IDLE_POLLS),
        },
        bars: BESIDE_IDLE,
    },
    Workload {
        name: "batch10",
        about: "the same in batches of 10",
        unit: Unit::Messages,
        scenario: scenarios::batch10,
        task: Task::Run,
        runs: 7,
        sizes: Sizes {
            full: worked_off(2_000_000, LINGERS),
            quick: worked_off(500_000, LINGERS),
            short: worked_off(100_000, LINGERS),
        },
        bars: &[Bar::PerSecond(8e6)],
    },
    Workload {
        name: "ten-thousand",
        about: "10,000 consumers, 1 million messages a second, 64 partitions",
        unit: Unit::Messages,
        scenario: scenarios::ten_thousand,
        task: Task::Run,
        runs: 7,
        sizes: Sizes {
            full: worked_off(2_000_000, 0),
            quick: worked_off(500_000, 0),
            short: worked_off(100_000, 0),
        },
        bars: &[Bar::PerSecond(8e6)],
    },
    Workload {
        name: "ten-thousand-60s",
        about: "60 virtual seconds of it",
        unit: Unit::Messages,
        scenario: scenarios::ten_thousand,
        task: Task::Run,
        runs: 1,
        sizes: Sizes {
            full: worked_off(60_000_000, 0),
            quick: worked_off(6_000_000, 0),
            short: worked_off(1_000_000, 0),
        },
        bars: &[Bar::Seconds(10.0), Bar::Peak(200e6)],
    },
    Workload {
        name: "functions",
        about: "10,000 invocations at once, 100,000 messages a second",
        unit: Unit::Messages,
        scenario: scenarios::functions,
        task: Task::Run,
        runs: 7,
        sizes: Sizes {
            full: worked_off(2_000_000, 0),
            quick: worked_off(500_000, 0),
            short: worked_off(100_000, 0),
        },
        bars: &[Bar::PerSecond(1e6)],
    },
    Workload {
        name: "many-nodes",
        about: "the same on 1,024 partitions, three replicas each on 256 nodes",
        unit: Unit::Messages,
        scenario: scenarios::many_nodes,
        task: Task::Run,
        runs: 7,
        sizes: Sizes {
            full: worked_off(2_000_000, 0),
            quick: worked_off(500_000, 0),
            short: worked_off(100_000, 0),
        },
        bars: &[Bar::Growth("ten-thousand", 2.0)],
    },
    Workload {
        name: "long-visibility",
        about: "12 h of visibility timeout, 1 million in flight",
        unit: Unit::Messages,
        scenario: scenarios::long_visibility,
        task: Task::Run,
        runs: 3,
        sizes: Sizes {
            full: cut_off(4_000_000, LONG_IN_FLIGHT, 3_998_504),
            quick: cut_off(1_000_000, LONG_IN_FLIGHT, 999_615),
            short: cut_off(100_000, LONG_IN_FLIGHT, 99_960),
        },
        bars: &[Bar::PerSecond(3e6)],
    },
    Workload {
        name: "heartbeats",
        about: "100,000 in flight, each extended every 10 s",
        unit: Unit::Heartbeats,
        scenario: scenarios::heartbeats,
        task: Task::Run,
        runs: 5,
        sizes: Sizes { full: beating(30), quick: beating(10), short: beating(3) },
        bars: &[Bar::PerSecond(3e6)],
    },
    Workload {
        name: "redelivery-storm",
        about: "half of all deliveries time out",
        unit: Unit::Messages,
        scenario: scenarios::redelivery_storm,
        task: Task::Run,
        runs: 5,
        sizes: Sizes {
            full: redelivered(2_000_000, 7_985_393),
            quick: redelivered(500_000, 1_999_477),
            short: redelivered(100_000, 399_405),
        },
        bars: &[Bar::PerSecond(3e6)],
    },
    Workload {
        name: "splitting",
        about: "a flash crowd splits 4 partitions into 256",
        unit: Unit::Messages,
        scenario: scenarios::splitting,
        task: Task::Run,
        runs: 3,
        sizes: Sizes {
            full: throttled(3_000_000, 2_999_678, 8_227_159),
            quick: throttled(2_000_000, 1_998_533, 5_610_383),
            short: throttled(1_600_000, 1_597_962, 4_563_469),
        },
        bars: &[Bar::PerSecond(3e6)],
    },
    Workload {
        name: "traced",
        about: "10 consumers, with a trace in JSON lines to a file",
        unit: Unit::Messages,
        scenario: scenarios::mm10,
        task: Task::Traced,
        runs: 3,
        sizes: Sizes {
            full: worked_off(500_000, 0),
            quick: worked_off(100_000, 0),
            short: worked_off(20_000, 0),
        },
        bars: &[Bar::PerSecond(1e6)],
    },
    resident::<10_000>("resident-10k", "10 consumers, 10,000 messages wait", &[]),
    resident::<100_000>("resident-100k", "10 consumers, 100,000 messages wait", RESIDENT_GROWTH),
    resident::<1_000_000>("resident-1M", "10 consumers, 1,000,000 messages wait", RESIDENT_GROWTH),
    Workload {
        runs: 3,
        ..resident::<10_000_000>(
            "resident-10M",
            "10 consumers, 10,000,000 messages wait",
            RESIDENT_GROWTH,
        )
    }
    .needing(1),
    busy::<10_000>(
        "in-flight-10k",
        "10,000 messages are worked on",
        [1_998_496, 500_406, 100_205],
        &[],
    ),
    busy::<100_000>(
        "in-flight-100k",
        "100,000 messages are worked on",
        [1_998_054, 499_931, 99_931],
        IN_FLIGHT_GROWTH,
    ),
    Workload {
        runs: 3,
        ..busy::<1_000_000>(
            "in-flight-1M",
            "1,000,000 messages are worked on",
            [1_999_449, 499_932, 99_960],
            IN_FLIGHT_GROWTH,
        )
    },
    Workload {
        runs: 1,
        ..busy::<10_000_000>(
            "in-flight-10M",
            "10,000,000 messages are worked on",
            [2_000_398, 500_563, 99_936],
            IN_FLIGHT_GROWTH,
        )
    }
    .needing(4),
    Workload {
        name: "deep-backlog",
        about: "100 million messages wait, then are worked off",
        unit: Unit::Messages,
        scenario: scenarios::deep_backlog,
        task: Task::Run,
        runs: 1,
        sizes: Sizes {
            full: backlog(100_000_000, 8),
            quick: backlog(10_000_000, 1),
            short: backlog(1_000_000, 0),
        },
        bars: &[Bar::BytesEach(40.0)],
    },
    Workload {
        name: "two-cores",
        about: "replications of 20,000 messages on one thread and on two",
        unit: Unit::Messages,
        scenario: scenarios::replication,
        task: Task::Replicated,
        runs: 5,
        sizes: Sizes {
            full: replications(200, 3_999_430),
            quick: replications(50, 998_739),
            short: replications(10, 199_307),
        },
        bars: &[Bar::SpeedUp(1.85)],
    },
    Workload {
        name: "sweep",
        about: "a sweep of runs of 10,000 messages on two threads, beside the bare runs on one",
        unit: Unit::Messages,
        scenario: scenarios::swept,
        task: Task::Swept,
        runs: 5,
        sizes: Sizes {
            full: swept(100, 10_065_500),
            quick: swept(20, 2_013_100),
            short: swept(5, 503_275),
        },
        // At most 1.15 times the bare runs divided by two.
        bars: &[Bar::SpeedUp(2.0 / 1.15)],
    },
];
