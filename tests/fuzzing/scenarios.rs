//! Random scenarios that a check would let pass.
//!
//! Owns the choice of every setting the engine knows. Must not know what is expected of a run.
//!
//! All lengths are about a tempo that a scenario draws once, so that arrivals, work and timeouts
//! meet; some are far from it.

use sqsim::facts::deed::DownstreamId;
use sqsim::kernel::dist::Dist;
use sqsim::kernel::rng::Source as _;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::{
    Capacity, CeilingConfig, CountScaler, Ewma, FailureDomain, Failures, Guards, HeatMedian, Keys,
    LedgerConfig, Mechanics, MessageSize, MidpointDoubling, Naive, Nodes, Outage, Placement,
    QueueConfig, QueueId, ReceiveRouting, Redrive, Reservoir, ScalableTopic, SplitPolicy,
    WeightedMove,
};
use sqsim::model::clients::{
    ArrivalProcess, Ask, CallConfig, CountPeriod, Crash, DeleteConfig, Deploys, Failure,
    FleetConfig, Heartbeat, Jitter, OnFailure, OnStop, Portion, ProducerConfig, ReceiveConfig,
    Retry, RetryBudget, Several, WorkUnit,
};
use sqsim::model::downstream::{DownstreamBound, DownstreamConfig};
use sqsim::model::fleet_size::{FleetSize, Schedule};
use sqsim::model::functions::{Account, Environments, FunctionConfig, Pollers, Ramp, Slope};
use sqsim::model::scaling::{
    Adjustment, HpaConfig, KedaConfig, MetricConfig, PaceConfig, RoomConfig, ScalerConfig,
    ScalingRule, StepAlarm, StepsConfig, TargetConfig,
};
use sqsim::model::scenario::{Limits, Named, Prices, Scenario};
use sqsim::scenario::data_files::whole;

use crate::fuzzing::Chance;

const HOUR: u64 = 3_600;

/// What one scenario is drawn with.
struct Draw<'a> {
    chance: &'a mut Chance,
    tempo: Span,
    queues: u32,
    downstreams: u32,
    /// Dead letters go to later queues and messages are sent on to earlier ones, or both to later
    /// ones.
    sends_back: bool,
}

/// Some scenario.
pub(crate) fn scenario(chance: &mut Chance) -> Scenario {
    let tempo = *chance.pick(&[
        Span::from_nanos(50),
        Span::from_millis(1),
        Span::from_millis(100),
        Span::from_secs(1),
        Span::from_secs(60),
    ]);
    let duration = tempo * chance.between(1, 400);
    let queues = chance.between(1, 4) as u32;
    let sends_back = chance.one_in(2);
    let downstreams = chance.below(4) as u32;
    let mut draw = Draw { chance, tempo, queues, downstreams, sends_back };
    let drain = if draw.chance.one_in(2) { Span::ZERO } else { draw.length() };
    let warm_up = duration / draw.chance.between(2, 10);
    let mut scenario = Scenario {
        name: "random".to_owned(),
        about: String::new(),
        duration,
        drain,
        warm_up: if draw.chance.one_in(2) { Span::ZERO } else { warm_up },
        seed: draw.chance.next_u64(),
        window: ((duration + drain) / draw.chance.between(1, 600)).max(Span::from_nanos(1)),
        queues: (0..queues).map(|at| named("queue", at, draw.queue(at, duration))).collect(),
        producers: (0..draw.chance.below(4) as u32)
            .map(|at| named("producer", at, draw.producer(duration)))
            .collect(),
        fleets: (0..draw.chance.below(5) as u32)
            .map(|at| named("fleet", at, draw.fleet()))
            .collect(),
        downstreams: (0..downstreams)
            .map(|at| named("downstream", at, draw.downstream()))
            .collect(),
        expect: Vec::new(),
        limits: Limits {
            events: draw.most_events(),
            resident: if draw.chance.one_in(8) { draw.chance.between(1, 50) } else { 1_000_000 },
            trace_bytes: u64::MAX,
            memory: u64::MAX,
        },
        prices: Prices::default(),
        account: Account { concurrency: draw.chance.between(1, 40) as u32 },
        functions: Vec::new(),
    };
    scenario.functions = (0..draw.chance.below(3) as u32)
        .filter_map(|at| Some(named("function", at, draw.function(&scenario.queues)?)))
        .collect();
    scenario
}

/// Some scenario in which everything takes whole seconds.
pub(crate) fn round(chance: &mut Chance) -> Scenario {
    let mut scenario = scenario(chance);
    let secs = |chance: &mut Chance, least, most| Span::from_secs(chance.between(least, most));
    scenario.duration = secs(chance, 2, 40);
    scenario.drain = if chance.one_in(2) { Span::ZERO } else { secs(chance, 1, 20) };
    let longest = scenario.duration.as_nanos() / 1_000_000_000 - 1;
    scenario.warm_up = if chance.one_in(2) { Span::ZERO } else { secs(chance, 1, longest) };
    scenario.window = secs(chance, 1, 7);
    let end = scenario.end() - Time::ZERO;
    for queue in &mut scenario.queues {
        let queue = &mut queue.config;
        queue.visibility_timeout = secs(chance, 0, 6);
        queue.delay = secs(chance, 0, 2);
        queue.retention = secs(chance, 3, 30);
        queue.purges = if chance.one_in(3) { vec![Time::ZERO + end] } else { Vec::new() };
        if chance.one_in(3) {
            queue.purges.insert(0, Time::ZERO + secs(chance, 0, 1));
        }
    }
    for producer in &mut scenario.producers {
        let producer = &mut producer.config;
        producer.arrivals = vec![
            ArrivalProcess::Constant { rate: *chance.pick(&[0.5, 1.0, 2.0]) },
            ArrivalProcess::Burst { at: Time::ZERO + secs(chance, 0, 10), count: 5 },
        ];
        producer.linger = secs(chance, 0, 3);
        producer.call_latency = Dist::Constant(secs(chance, 0, 2));
        producer.delay = None;
        (producer.retry.base, producer.retry.cap) = (Span::from_secs(1), Span::from_secs(1));
    }
    for fleet in &mut scenario.fleets {
        let fleet = &mut fleet.config;
        fleet.processing = Dist::Constant(secs(chance, 0, 8));
        fleet.call_latency = Dist::Constant(secs(chance, 0, 1));
        fleet.start_up = Dist::Constant(secs(chance, 0, 5));
        fleet.receive.wait = secs(chance, 0, 4);
        fleet.receive.pause = Dist::Constant(secs(chance, 1, 3));
        fleet.receive.visibility_timeout = None;
        fleet.receive.gap = chance.one_in(3).then(|| Dist::Constant(secs(chance, 0, 2)));
        fleet.hold = chance.one_in(3).then(|| Dist::Constant(secs(chance, 0, 4)));
        fleet.failure.then = OnFailure::Release(secs(chance, 0, 3));
        fleet.delete.linger = secs(chance, 0, 2);
        fleet.heartbeat = None;
    }
    for downstream in &mut scenario.downstreams {
        downstream.config.work = Dist::Constant(secs(chance, 0, 3));
    }
    scenario
}

fn named<T>(kind: &str, at: u32, config: T) -> Named<T> {
    Named { name: format!("{kind}-{at}"), config }
}

impl Draw<'_> {
    /// A function of one of these queues, whose visibility timeout is no shorter than its own.
    fn function(&mut self, queues: &[Named<QueueConfig>]) -> Option<FunctionConfig> {
        let at = self.chance.below(queues.len());
        let queue = &queues[at].config;
        if queue.visibility_timeout.is_zero() || queue.ledger.receive == ReceiveRouting::Assigned {
            return None;
        }
        let window = if self.chance.one_in(2) { Span::ZERO } else { self.length() };
        let batch = self.chance.between(1, if window.is_zero() { 10 } else { 40 }) as u32;
        let few = |chance: &mut Chance| chance.between(1, 12) as u32;
        let pollers = match self.chance.below(3) {
            0 => Pollers::OnDemand { max: None, idle: few(self.chance) },
            1 => Pollers::OnDemand { max: Some(few(self.chance)), idle: few(self.chance) },
            _ => Pollers::Provisioned { min: 1, max: few(self.chance) },
        };
        let retry = Retry {
            base: self.length().max(Span::from_nanos(1)),
            cap: self.tempo * 20,
            attempts: None,
        };
        Some(FunctionConfig {
            queue: QueueId(at as u32),
            batch,
            window,
            pollers,
            ramp: Ramp {
                start: few(self.chance),
                slope: self.chance.between(1, 1_000_000) as u32,
                shape: *self.chance.pick(&[Slope::Even, Slope::ByTheMinute]),
                ceiling: self.chance.between(1, 60) as u32,
                back_off: self.length().max(Span::from_nanos(1)),
                failing: self.chance.unit(),
            },
            reserved: self.chance.one_in(3).then_some(self.chance.below(5) as u32),
            timeout: self.length().min(queue.visibility_timeout),
            partial: self.chance.one_in(2),
            processing: self.dist(),
            per: *self.chance.pick(&[WorkUnit::Message, WorkUnit::Batch]),
            failure: Failure {
                probability: self.chance.unit() / 2.0,
                poison: if self.chance.one_in(4) { self.chance.unit() } else { 0.0 },
                then: OnFailure::LetExpire,
                whole_batch: false,
            },
            memory: 128,
            environments: Environments {
                cold_start: self.dist(),
                keep_warm: self.length(),
                per_10_s: self.chance.between(1, 100) as u32,
            },
            gap: self.length(),
            call_latency: self.dist(),
            retry: Retry { attempts: Some(few(self.chance)), ..retry },
            invoke_retry: retry,
        })
    }

    fn most_events(&mut self) -> u64 {
        let most = if self.chance.one_in(8) { 100 } else { 8_000 };
        self.chance.between(1, most)
    }

    /// A length that may be anything, zero included.
    fn length(&mut self) -> Span {
        match self.chance.below(10) {
            0 => Span::ZERO,
            1 => Span::from_nanos(self.chance.between(1, 1_000)),
            2 => self.tempo / 10,
            3 => self.tempo * 100,
            4 => Span::from_secs(self.chance.between(1, 86_400)),
            _ => self.some_length(),
        }
    }

    /// A length above zero, about the tempo.
    fn some_length(&mut self) -> Span {
        let tenths = self.chance.between(1, 100);
        (self.tempo * tenths / 10).max(Span::from_nanos(1))
    }

    /// A length of at most `secs` seconds, mostly about the tempo.
    fn up_to(&mut self, secs: u64) -> Span {
        self.length().min(Span::from_secs(secs))
    }

    fn dist(&mut self) -> Dist {
        self.dist_of(2)
    }

    /// A distribution, of others at most `depth` deep.
    fn dist_of(&mut self, depth: u32) -> Dist {
        let mean = self.some_length();
        let shape = self.chance.between(1, 500) as f64 / 100.0;
        let mut three = [self.length(), self.length(), self.length()];
        three.sort_unstable();
        let [min, mode, max] = three;
        match self.chance.below(if depth == 0 { 12 } else { 14 }) {
            0 => Dist::Constant(Span::ZERO),
            1 => Dist::Constant(mean),
            2 => Dist::Uniform { min, max },
            3 => Dist::Exponential { mean },
            4 => Dist::Erlang { k: self.chance.between(1, 5) as u32, mean },
            5 => Dist::Gamma { shape, mean },
            6 => Dist::hyper_exponential_balanced(mean, 1.0 + shape),
            7 => self.log_normal(mean, shape),
            8 => Dist::Weibull { shape, scale: mean },
            9 => Dist::Pareto { shape, min: mean, max: mean * 1_000 },
            10 => Dist::Normal { mean, sd: mode },
            11 => self.by_points(three),
            12 => {
                let parts = [self.dist_of(depth - 1), self.dist_of(depth - 1)];
                let weight = 0.25;
                let [first, second] = parts;
                Dist::Mix(vec![(weight, first), (1.0 - weight, second)])
            }
            _ => Dist::Shifted { by: mode, dist: Box::new(self.dist_of(depth - 1)) },
        }
    }

    fn log_normal(&mut self, mean: Span, shape: f64) -> Dist {
        // The widest that a check lets pass: its draws span hundreds of years.
        let cv = if self.chance.one_in(8) { 1_000.0 } else { shape };
        Dist::log_normal_from_mean_cv(mean, cv)
    }

    fn by_points(&mut self, [min, mode, max]: [Span; 3]) -> Dist {
        match self.chance.below(3) {
            0 => Dist::Triangular { min, mode, max },
            1 => Dist::Percentiles(vec![(0.0, min), (0.5, mode), (1.0, max)]),
            _ => Dist::Empirical([min, mode, max].into()),
        }
    }

    /// A distribution that is not always zero.
    fn some_dist(&mut self) -> Dist {
        let mean = self.some_length();
        if self.chance.one_in(2) { Dist::Constant(mean) } else { Dist::Exponential { mean } }
    }

    /// Zero about every other time.
    fn share(&mut self) -> f64 {
        if self.chance.one_in(2) { 0.0 } else { self.chance.unit() }
    }

    fn retry(&mut self) -> Retry {
        let base = self.some_length();
        let attempts = self.chance.one_in(2).then(|| self.chance.between(1, 4) as u32);
        Retry { base, cap: base.saturating_add(self.length()), attempts }
    }

    fn queue(&mut self, at: u32, duration: Span) -> QueueConfig {
        let later = u64::from(at) + 1;
        let redrive = (later < u64::from(self.queues) && self.chance.one_in(2)).then(|| Redrive {
            to: QueueId(self.chance.between(later, u64::from(self.queues) - 1) as u32),
            max_receives: self.chance.between(1, 4) as u32,
        });
        let purge = Time::ZERO + duration / 2;
        let purges = if self.chance.one_in(6) {
            vec![purge, purge + Span::from_secs(60)]
        } else {
            Vec::new()
        };
        QueueConfig {
            visibility_timeout: self.up_to(12 * HOUR),
            delay: if self.chance.one_in(2) { Span::ZERO } else { self.up_to(900) },
            retention: Span::from_secs(*self.chance.pick(&[60, 61, 600, 14 * 24 * HOUR])),
            max_in_flight: *self.chance.pick(&[1, 2, 7, 120_000, 120_000]),
            redrive,
            purges,
            message_size: MessageSize::constant(self.chance.below(200_000) as u64),
            counter_lag: self.dist(),
            lost_deletes: if self.chance.one_in(4) { self.chance.unit() } else { 0.0 },
            stale_deletes: if self.chance.one_in(4) { self.chance.unit() } else { 0.0 },
            duplicates: if self.chance.one_in(4) { 0.99 * self.chance.unit() } else { 0.0 },
            ledger: self.ledger(duration),
        }
    }

    fn ledger(&mut self, duration: Span) -> LedgerConfig {
        let rate = self.chance.between(1, 100) as f64 / self.tempo.as_secs_f64() / 10.0;
        let burst = 1.0 + self.share() * 20.0;
        let partitions = self.chance.between(1, 8) as u32;
        LedgerConfig {
            nodes: self.chance.one_in(3).then(|| self.nodes(duration)),
            partitions,
            capacity: self.chance.one_in(2).then_some(Capacity { per_second: rate, burst }),
            ceiling: self.chance.one_in(4).then(|| CeilingConfig {
                initial: rate,
                times: 1.0 + self.share(),
                lag: self.length(),
                memory: self.some_length(),
            }),
            keys: match self.chance.below(7) {
                0 => Keys::Uniform,
                1 => Keys::PerCall,
                2 => Keys::Sticky(self.some_length()),
                3 => {
                    let pass = self.seconds();
                    let spread = *self.chance.pick(&[Span::from_millis(1), pass]);
                    Keys::Sequential { pass, spread }
                }
                4 => {
                    let (share, from) = (self.share(), 0.9 * self.share());
                    Keys::HotRange { share, from, width: 0.1 }
                }
                5 => Keys::LeastBacklog(self.chance.between(1, 4) as u32),
                _ => {
                    let count = self.chance.between(2, 50) as u32;
                    let zipf = *self.chance.pick(&[0.0, 1.1, 10.0]);
                    Keys::Group { count, zipf, hot: *self.chance.pick(&[0.0, 0.6]) }
                }
            },
            split: self.split(partitions),
            guards: Guards {
                jitter: *self.chance.pick(&[0.0, 0.125, 0.9]),
                concurrent: self.chance.one_in(2).then(|| self.chance.between(1, 3) as u32),
            },
            mechanics: match self.chance.below(3) {
                0 => Mechanics::Metadata { pause: self.length() },
                1 => Mechanics::SealAndDrain { pause: self.length() },
                _ => Mechanics::CopyThenCutover {
                    copy: self.length(),
                    share: 0.9 * self.share(),
                    pause: self.length(),
                },
            },
            receive: match self.chance.below(10) {
                0 => ReceiveRouting::Sample(self.chance.between(1, 12) as u32),
                1 => ReceiveRouting::WeightedSample(self.chance.between(1, 12) as u32),
                2 => ReceiveRouting::Uniform,
                3 => ReceiveRouting::PowerOfTwo,
                4 => ReceiveRouting::BacklogWeighted,
                5 => ReceiveRouting::ForwardingTree,
                6 => ReceiveRouting::Assigned,
                _ => ReceiveRouting::RegisterAll,
            },
        }
    }

    fn nodes(&mut self, duration: Span) -> Nodes {
        let count = self.chance.between(1, 9) as u32;
        let up_to = |chance: &mut Chance, most: u32| chance.between(1, most.into()) as u32;
        let zones = up_to(self.chance, count);
        let replicas = up_to(self.chance, count.min(5));
        let rate = self.chance.between(1, 100) as f64 / self.tempo.as_secs_f64() / 10.0;
        let capacity = Capacity { per_second: rate, burst: 1.0 + self.share() * 20.0 };
        let suspect_after = self.length();
        Nodes {
            count,
            zones,
            capacity: self.chance.one_in(3).then_some(capacity),
            replicas,
            write_quorum: up_to(self.chance, replicas),
            read_quorum: up_to(self.chance, replicas),
            placement: match self.chance.below(4) {
                0 => Placement::Ring { tokens: *self.chance.pick(&[1, 16]) },
                1 => Placement::EqualPartitions,
                2 => Placement::Rendezvous,
                _ => {
                    let churn = *self.chance.pick(&[0.09, 0.5, 1.0]);
                    Placement::WeightedMove(WeightedMove { every: self.some_length(), churn })
                }
            },
            outages: (0..self.chance.below(4))
                .map(|_| self.outage(count, zones, duration))
                .collect(),
            failures: self.chance.one_in(2).then(|| Failures {
                of_zones: self.chance.one_in(3),
                mean_time_between: self.some_length() * 10,
                repair: self.dist(),
            }),
            suspect_after,
            replicate_after: suspect_after.saturating_add(self.length()),
            copy: self.length(),
            copy_share: 0.9 * self.share(),
            catch_up: *self.chance.pick(&[1, 10, u32::MAX]),
        }
    }

    /// One that may overlap others, and may begin with the run or end with it.
    fn outage(&mut self, count: u32, zones: u32, duration: Span) -> Outage {
        Outage {
            at: Time::from_nanos(self.chance.between(0, duration.as_nanos())),
            domain: if self.chance.one_in(3) {
                FailureDomain::Zone(self.chance.below(zones as usize) as u32)
            } else {
                FailureDomain::Node(self.chance.below(count as usize) as u32)
            },
            lasts: if self.chance.one_in(4) { Span::MAX } else { self.some_length() * 5 },
        }
    }

    /// A number of whole seconds.
    fn seconds(&mut self) -> Span {
        Span::from_secs(self.chance.between(1, 120))
    }

    fn split(&mut self, partitions: u32) -> SplitPolicy {
        let threshold = 0.01 + self.chance.unit();
        let max_partitions = partitions + self.chance.below(20) as u32;
        match self.chance.below(12) {
            0..=4 => SplitPolicy::Static,
            5 => SplitPolicy::MidpointDoubling(MidpointDoubling {
                evaluate: self.seconds(),
                threshold,
                delay: self.length(),
                max_partitions,
            }),
            6 => SplitPolicy::HeatMedian(HeatMedian {
                evaluate: self.seconds(),
                threshold,
                isolate_hot: self.chance.one_in(2),
                max_partitions,
            }),
            7 => SplitPolicy::ScalableTopic(ScalableTopic {
                evaluate: self.seconds(),
                threshold,
                merge: self.share(),
                merge_window: self.some_length(),
                split_cooldown: self.length(),
                merge_cooldown: self.length(),
                min_partitions: 1,
                max_partitions,
                depth: self.chance.below(12) as u32,
                consumers: self.chance.one_in(2).then(|| self.chance.below(20) as u32),
            }),
            8 => SplitPolicy::CountScaler(CountScaler {
                evaluate: self.seconds(),
                threshold,
                sustain_up: self.length(),
                sustain_down: self.length(),
                factor: 0.9 * self.share(),
                min_partitions: 1,
                max_partitions,
            }),
            9 => SplitPolicy::Ewma(Ewma { target: threshold, max_partitions }),
            10 => {
                let merge = self.chance.unit();
                SplitPolicy::Naive(Naive { threshold, merge, max_partitions })
            }
            _ => SplitPolicy::Reservoir(self.reservoir(partitions)),
        }
    }

    fn reservoir(&mut self, partitions: u32) -> Reservoir {
        Reservoir {
            threshold: 0.01 + self.chance.unit(),
            hold: self.length(),
            cooldown: self.length(),
            merge: self.share(),
            merge_window: self.some_length(),
            max_partitions: partitions + self.chance.below(20) as u32,
        }
    }

    fn producer(&mut self, duration: Span) -> ProducerConfig {
        let processes = self.chance.between(1, 3);
        ProducerConfig {
            queue: self.any_queue(),
            arrivals: (0..processes).map(|_| self.arrivals(duration)).collect(),
            batch: self.chance.between(1, 10) as u32,
            linger: self.length(),
            call_latency: self.dist(),
            connections: self.chance.one_in(2).then(|| self.chance.between(1, 5) as u32),
            delay: self.chance.one_in(4).then(|| self.up_to(900)),
            retry: self.retry(),
        }
    }

    fn any_queue(&mut self) -> QueueId {
        // Mostly the first, so that it has something to do.
        let other = self.chance.below(self.queues as usize) as u32;
        QueueId(if self.chance.one_in(2) { 0 } else { other })
    }

    fn arrivals(&mut self, duration: Span) -> ArrivalProcess {
        let rate = self.chance.between(1, 100) as f64 / self.tempo.as_secs_f64() / 10.0;
        let mut at: Vec<Time> = (0..self.chance.between(1, 20))
            .map(|_| Time::from_nanos(self.chance.between(0, duration.as_nanos())))
            .collect();
        at.sort_unstable();
        match self.chance.below(10) {
            0 => ArrivalProcess::Poisson { rate },
            1 => ArrivalProcess::Constant { rate },
            2 => {
                at.dedup();
                let points = at.into_iter().map(|at| (at, rate * self.share())).collect();
                ArrivalProcess::Profile { points }
            }
            3 => ArrivalProcess::OnOff { rate, on: self.some_dist(), off: self.dist() },
            4 => ArrivalProcess::Burst { at: at[0], count: self.chance.between(1, 300) },
            5 => ArrivalProcess::Counts { periods: self.periods(duration).into() },
            6 => ArrivalProcess::Times { at: at.into() },
            7 => ArrivalProcess::Exact { periods: whole(&self.periods(duration)).into() },
            8 => {
                let every = duration / self.chance.between(1, 9) + Span::from_nanos(1);
                at.retain(|&at| at - Time::ZERO < every);
                let of = match self.chance.below(4) {
                    0 => ArrivalProcess::Burst { at: Time::ZERO, count: 9 },
                    1 => ArrivalProcess::Times { at: at.into() },
                    2 => ArrivalProcess::Counts { periods: self.periods(every / 2).into() },
                    _ => ArrivalProcess::Profile { points: vec![(Time::ZERO, rate)] },
                };
                ArrivalProcess::Repeated { every, of: Box::new(of) }
            }
            _ => ArrivalProcess::Closed {
                clients: self.chance.between(1, 10) as u32,
                think: self.some_dist(),
            },
        }
    }

    /// Periods of equal length, some of them missing.
    fn periods(&mut self, duration: Span) -> Vec<CountPeriod> {
        let length = duration / 10 + Span::from_nanos(1);
        let mut periods = Vec::new();
        for at in (0..10).filter(|_| !self.chance.one_in(4)).collect::<Vec<_>>() {
            let expected = self.share() * 100.0;
            periods.push(CountPeriod { from: Time::ZERO + length * at, length, expected });
        }
        periods
    }

    /// One queue, or several in any order.
    fn source(&mut self) -> (QueueId, Option<Several>) {
        let first = self.any_queue();
        if !self.chance.one_in(4) {
            return (first, None);
        }
        let mut queues = vec![first];
        for queue in (0..self.queues).map(QueueId).filter(|queue| *queue != first) {
            if self.chance.one_in(2) {
                let place = self.chance.below(queues.len() + 1);
                queues.insert(place, queue);
            }
        }
        let first = queues[0];
        let several = if self.chance.one_in(2) {
            Several::Priority(queues)
        } else {
            let weighted = |queue| (queue, self.chance.between(1, 5) as u32);
            Several::Weighted(queues.into_iter().map(weighted).collect())
        };
        (first, Some(several))
    }

    fn fleet(&mut self) -> FleetConfig {
        let (queue, several) = self.source();
        let last = several.iter().flat_map(Several::queues).max().unwrap_or(queue);
        let wait = self.up_to(20);
        let call_latency = self.dist();
        let short = wait.is_zero();
        let per = *self.chance.pick(&[WorkUnit::Message, WorkUnit::Message, WorkUnit::Batch]);
        FleetConfig {
            queue,
            several,
            size: self.fleet_size(),
            threads: self.chance.between(1, 4) as u32,
            receive: ReceiveConfig {
                max: self.chance.between(1, 10) as u32,
                wait,
                visibility_timeout: self.chance.one_in(4).then(|| self.up_to(12 * HOUR)),
                prefetch: if self.chance.one_in(2) { 0 } else { self.chance.below(20) as u32 },
                pause: if short { self.some_dist() } else { self.dist() },
                gap: self.chance.one_in(4).then(|| self.dist()),
                ask: *self.chance.pick(&[Ask::Most, Ask::Most, Ask::Room]),
                barrier: self.chance.one_in(4),
            },
            processing: self.dist(),
            per,
            calls: self.calls(),
            call_latency,
            failure: Failure {
                probability: self.share(),
                poison: self.share() / 4.0,
                then: match self.chance.below(5) {
                    0 | 1 => OnFailure::LetExpire,
                    2 => OnFailure::Backoff {
                        base: self.length(),
                        cap: self.up_to(12 * HOUR),
                        jitter: *self.chance.pick(&[Jitter::None, Jitter::Full]),
                    },
                    3 => OnFailure::Delays([0; 3].map(|_| self.up_to(12 * HOUR)).into()),
                    _ => OnFailure::Release(self.up_to(12 * HOUR)),
                },
                whole_batch: per == WorkUnit::Batch && self.chance.one_in(3),
            },
            hold: self.chance.one_in(4).then(|| self.dist()),
            heartbeat: self
                .chance
                .one_in(3)
                .then(|| Heartbeat { every: self.some_length(), extend: self.up_to(12 * HOUR) }),
            crash: self.chance.one_in(3).then(|| Crash {
                mean_time_between: self.some_length() * 10,
                restart: self.dist(),
            }),
            start_up: self.dist(),
            hosts: self.chance.one_in(5).then(|| self.hosts()),
            on_stop: *self.chance.pick(&[OnStop::Finish, OnStop::GiveBack, OnStop::Drop]),
            grace: self.chance.one_in(2).then(|| self.length()),
            deploys: self.chance.one_in(4).then(|| self.deploys()),
            delete: DeleteConfig {
                batch: self.chance.between(1, 10) as u32,
                linger: self.length(),
            },
            idempotent: self.chance.one_in(2),
            forward: self.forward(last),
            retry: self.retry(),
        }
    }

    /// One in two leans on something, if there is something.
    fn calls(&mut self) -> Option<CallConfig> {
        if self.downstreams == 0 || self.chance.one_in(2) {
            return None;
        }
        let to = DownstreamId(self.chance.below(self.downstreams as usize) as u32);
        let retry = self.retry();
        let budget = match self.chance.below(3) {
            0 => RetryBudget::Unlimited,
            1 => RetryBudget::Tokens {
                size: self.chance.below(500) as u32,
                cost: self.chance.below(20) as u32,
                cost_refused: self.chance.below(20) as u32,
            },
            _ => RetryBudget::Share {
                millionths: self.chance.below(1_000_000) as u32,
                saved: self.chance.between(1, 10) as u32,
            },
        };
        Some(CallConfig { to, base_refused: retry.base, retry, budget })
    }

    fn downstream(&mut self) -> DownstreamConfig {
        let bound = match self.chance.below(3) {
            0 => DownstreamBound::Pool { connections: self.chance.between(1, 5) as u32 },
            1 => DownstreamBound::Limiter {
                per_second: self.chance.between(1, 100) as f64 / self.tempo.as_secs_f64() / 10.0,
                burst: 1.0 + self.share() * 5.0,
            },
            _ => DownstreamBound::Scalability {
                contention: self.share(),
                coherency: self.share() / 10.0,
            },
        };
        DownstreamConfig {
            bound,
            work: self.dist(),
            failure: if self.chance.one_in(2) { self.share() } else { 0.0 },
            timeout: self.chance.one_in(2).then(|| self.some_length()),
            goes_on: self.chance.one_in(2),
            waiting: self.chance.one_in(2).then(|| self.chance.below(6) as u32),
        }
    }

    /// A clock of a scaler, as short as the check lets it be: reads are planned as far ahead as
    /// counters may lag.
    fn period(&mut self) -> Span {
        self.some_length().max(Span::from_secs(1))
    }

    fn scaler(&mut self) -> ScalerConfig {
        let rule = match self.chance.below(3) {
            0 => ScalingRule::TargetTracking(TargetConfig {
                metric: self.metric(),
                target: self.share() * 20.0 + 0.1,
                high_points: self.chance.between(1, 3) as u32,
                low_points: self.chance.between(1, 4) as u32,
                low_share: 0.7,
                pace: self.pace(),
            }),
            1 => {
                let threshold = self.share() * 20.0;
                let out = self.step_alarm(threshold);
                let within = self.step_alarm(threshold);
                let (metric, pace) = (self.metric(), self.pace());
                let (out, within) = (Some(out), self.chance.one_in(2).then_some(within));
                ScalingRule::Steps(StepsConfig { metric, out, within, pace })
            }
            _ => ScalingRule::Keda(KedaConfig {
                target: self.share() * 10.0 + 0.1,
                activation: self.chance.below(3) as u64,
                in_flight: self.chance.one_in(2),
                delayed: self.chance.one_in(2),
                polling: self.period(),
                phase: None,
                cooldown: self.some_length(),
                initial_cooldown: self.length(),
                idle: None,
                hpa: HpaConfig {
                    sync: self.period(),
                    phase: None,
                    tolerance: 0.1,
                    window: self.some_length(),
                    behavior: None,
                },
            }),
        };
        let min = self.chance.below(3) as u32;
        let max = min + self.chance.between(1, 8) as u32;
        let start = self.chance.between(min.into(), max.into()) as u32;
        let (boot, protect) = (self.dist(), self.chance.one_in(3));
        ScalerConfig { rule, min, max, start, boot, protect }
    }

    fn metric(&mut self) -> MetricConfig {
        MetricConfig {
            in_flight: self.chance.one_in(2),
            per_worker: self.chance.one_in(2),
            every: self.period(),
            phase: None,
            delay: self.length(),
        }
    }

    fn pace(&mut self) -> PaceConfig {
        PaceConfig {
            repeat: self.some_length(),
            warm_up: self.length(),
            cooldown: self.chance.one_in(2).then(|| self.length()),
        }
    }

    fn step_alarm(&mut self, threshold: f64) -> StepAlarm {
        let points = self.chance.between(1, 3) as u32;
        let steps = vec![(0.0, Adjustment::Workers(1)), (5.0, Adjustment::Percent(40.0))];
        StepAlarm { threshold, points, steps }
    }

    fn hosts(&mut self) -> RoomConfig {
        RoomConfig {
            per_node: self.chance.between(1, 3) as u32,
            nodes: self.chance.below(3) as u32,
            boot: self.dist(),
            batch_idle: self.length(),
            batch_most: self.length(),
            empty: self.chance.one_in(2).then(|| self.length()),
        }
    }

    fn deploys(&mut self) -> Deploys {
        let mut at = Time::ZERO;
        let mut times = Vec::new();
        for _ in 0..self.chance.between(1, 4) {
            at = at.saturating_add(self.some_length());
            times.push(at);
        }
        let batch = match self.chance.below(2) {
            0 => Portion::Share(self.share()),
            _ => Portion::Workers(self.chance.between(1, 4) as u32),
        };
        let start_up = self.chance.one_in(2).then(|| self.dist());
        Deploys { at: times.into(), batch, start_up }
    }

    /// One in three varies, now and then to nothing.
    fn fleet_size(&mut self) -> FleetSize {
        match self.chance.below(6) {
            0 | 1 => {}
            2 => return self.scaler().into(),
            _ => return FleetSize::Fixed(self.chance.between(1, 6) as u32),
        }
        let mut at = Time::ZERO;
        let mut steps = vec![(at, self.chance.below(5) as u32)];
        for _ in 0..self.chance.below(5) {
            at = at.saturating_add(self.some_length());
            steps.push((at, self.chance.below(7) as u32));
        }
        let every = self.chance.one_in(2).then(|| (at - Time::ZERO) + self.some_length());
        FleetSize::Schedule(Schedule { steps: steps.into(), every })
    }

    /// A queue to send on to, in the one direction that makes no circle of sends.
    fn forward(&mut self, from: QueueId) -> Option<QueueId> {
        let (first, after) = if self.sends_back { (0, from.0) } else { (from.0 + 1, self.queues) };
        (first < after && self.chance.one_in(3))
            .then(|| QueueId(self.chance.between(first.into(), u64::from(after) - 1) as u32))
    }
}
