//! Wherever theory speaks of a scenario, it must be right.
//!
//! Owns scenarios with settings drawn from all that there are. Most are one step or two away from
//! the plainest queue, so that each setting is met where the others would let theory speak.

use sqsim::kernel::dist::Dist;
use sqsim::kernel::rng::{Draws, Source};
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::{
    Capacity, CeilingConfig, Ewma, Keys, QueueId, ReceiveRouting, Redrive, SplitPolicy,
};
use sqsim::model::clients::{Failure, Heartbeat, OnFailure, WorkUnit};
use sqsim::model::scenario::Scenario;
use sqsim::observe::measured::Measured;
use sqsim::stats::expect::parse_quantity;
use sqsim::stats::predict::predict;
use sqsim::stats::recognise::{Prediction, recognise};

use crate::book::measure;
use crate::evidence::{Length, Reading, agree, mean, reading, seconds, share_above};
use crate::support::{fleet, named, poisson, producer, queue, scenario, secs};

const DRAWN: u64 = 400;
const REPLICATIONS: u64 = 40;

/// Draws settings.
struct Drawn(Draws);

impl Drawn {
    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.0.below(all.len() as u64) as usize].clone()
    }

    /// Whether a setting leaves its plain value.
    fn strays(&mut self) -> bool {
        self.0.below(10) == 0
    }

    fn work(&mut self) -> Dist {
        let mean = secs(1);
        let exponential = Dist::Exponential { mean };
        self.one_of(&[
            exponential.clone(),
            exponential.clone(),
            exponential,
            Dist::Constant(mean),
            Dist::Erlang { k: 4, mean },
            Dist::hyper_exponential_balanced(mean, 1.5),
            Dist::Uniform { min: Span::ZERO, max: secs(2) },
        ])
    }

    fn receive_rule(&mut self) -> ReceiveRouting {
        self.one_of(&[
            ReceiveRouting::RegisterAll,
            ReceiveRouting::Sample(1),
            ReceiveRouting::WeightedSample(2),
            ReceiveRouting::Uniform,
            ReceiveRouting::PowerOfTwo,
            ReceiveRouting::BacklogWeighted,
            ReceiveRouting::ForwardingTree,
            ReceiveRouting::Assigned,
        ])
    }

    fn keys(&mut self) -> Keys {
        self.one_of(&[
            Keys::Uniform,
            Keys::PerCall,
            Keys::Sticky(secs(10)),
            Keys::Group { count: 7, zipf: 1.5, hot: 0.0 },
            Keys::Sequential { pass: secs(60), spread: secs(1) },
            Keys::HotRange { share: 0.8, from: 0.1, width: 0.2 },
            Keys::LeastBacklog(2),
        ])
    }

    /// A scenario at `load`, long enough for its mean.
    #[expect(clippy::too_many_lines, reason = "a list of what each setting may be")]
    fn scenario(&mut self) -> Scenario {
        let load = self.one_of(&[0.3, 0.5, 0.7, 0.8]);
        let servers = self.one_of(&[1, 1, 2, 4]);
        let length = Length::at(load, 0.05, 1.6);
        let rate = load * f64::from(servers);
        let (mut queue, mut producer) = (queue(), producer(poisson(rate)));
        let mut fleet = fleet(servers, self.work());
        queue.ledger.partitions = self.one_of(&[1, 1, 1, 2, 5]);
        queue.ledger.receive = self.receive_rule();
        queue.ledger.keys = self.keys();
        queue.message_size = self.one_of(&[queue.message_size, message_size()]);
        if servers > 1 && self.strays() {
            (fleet.size, fleet.threads) = (1.into(), servers);
        }
        if self.strays() {
            queue.ledger.capacity = Some(self.one_of(&[
                Capacity { per_second: 1.1 * rate, burst: 1.0 },
                Capacity { per_second: 12.0 * rate, burst: 12.0 },
                Capacity { per_second: 12.0 * rate, burst: 1.0 },
            ]));
        }
        if self.strays() {
            let (lag, memory) = (secs(60), secs(3_600));
            queue.ledger.ceiling =
                Some(CeilingConfig { initial: 1.2 * rate, times: 1.0, lag, memory });
        }
        if self.strays() && queue.ledger.capacity.is_some() {
            queue.ledger.split = SplitPolicy::Ewma(Ewma { target: 0.5, max_partitions: 8 });
        }
        if self.strays() {
            queue.retention = self.one_of(&[secs(60), secs(600)]);
        }
        if self.strays() {
            queue.max_in_flight = self.one_of(&[1, servers, 8]);
        }
        if self.strays() {
            queue.visibility_timeout = self.one_of(&[secs(1), secs(10), secs(30)]);
        }
        if self.strays() {
            queue.delay = secs(1);
        }
        if self.strays() {
            queue.redrive = Some(Redrive { to: QueueId(1), max_receives: 1 });
        }
        if self.strays() {
            producer.call_latency = Dist::Exponential { mean: secs(2) };
        }
        if self.strays() {
            producer.batch = 2;
        }
        if self.strays() {
            let (wait, pause) = (Span::ZERO, Dist::Constant(secs(2)));
            (fleet.receive.wait, fleet.receive.pause) = (wait, pause);
        }
        if self.strays() {
            (fleet.receive.max, fleet.per) =
                (4, self.one_of(&[WorkUnit::Message, WorkUnit::Batch]));
        }
        if self.strays() {
            fleet.receive.prefetch = 1;
        }
        if self.strays() {
            fleet.call_latency = Dist::Constant(Span::from_millis(100));
        }
        if self.one_of(&[true, false, false]) {
            let probability = self.one_of(&[0.05, 0.15]);
            let then = self.one_of(&[
                OnFailure::Release(Span::ZERO),
                OnFailure::Release(secs(5)),
                OnFailure::LetExpire,
            ]);
            fleet.failure = Failure { probability, poison: 0.0, then, whole_batch: false };
        }
        if self.strays() {
            let (every, extend) =
                self.one_of(&[(secs(1), secs(3)), (secs(1), Span::from_millis(500))]);
            fleet.heartbeat = Some(Heartbeat { every, extend });
        }
        if self.strays() {
            fleet.start_up = Dist::Constant(secs(30));
        }
        if self.strays() {
            fleet.delete.batch = 10;
        }
        if self.strays() {
            fleet.forward = Some(QueueId(1));
        }
        fleet.idempotent = self.strays();
        let measured = seconds(length.customers / REPLICATIONS as f64 / rate);
        let mut drawn = scenario(queue, producer, fleet, measured, Span::ZERO);
        drawn.queues.push(named("next", crate::support::queue()));
        if self.strays() {
            drawn.queues[0].config.purges = vec![Time::ZERO + measured / 2];
        }
        drawn
    }
}

fn message_size() -> sqsim::ledger::config::MessageSize {
    sqsim::ledger::config::MessageSize::constant(200_000)
}

/// What the run says of each measure that theory speaks of. A quantile is held by the share of
/// messages above it, which has no bias.
fn readings(scenario: &Scenario, prediction: &Prediction, measured: &Measured) -> Vec<Reading> {
    let told = |text: &str| predict(scenario, &parse_quantity(text).expect(text));
    let queue = &measured.queues[0];
    let fleet = &scenario.fleets[prediction.fleet].config;
    let threads = f64::from(fleet.size.most() * fleet.threads);
    let (wait, time) = (&queue.latencies.sent_to_received, &queue.latencies.sent_to_deleted);
    let means = [
        ("mean(queue.sent_to_received)", 1e9, mean(wait)),
        ("mean(queue.sent_to_deleted)", 1e9, mean(time)),
        ("mean(queue.visible)", 1.0, queue.levels.visible.mean()),
        ("busy(workers)", 1.0, measured.fleets[prediction.fleet].busy.mean() / threads),
    ];
    let mut readings: Vec<Reading> = means
        .into_iter()
        .filter_map(|(text, unit, value)| Some(reading(text, told(text)? / unit, value)))
        .collect();
    for (text, above, latency) in [
        ("p90(queue.sent_to_received)", 0.1, wait),
        ("p95(queue.sent_to_received)", 0.05, wait),
        ("p95(queue.sent_to_deleted)", 0.05, time),
    ] {
        // Where fewer than that wait at all, the quantile is 0 and the share is not that.
        if let Some(nanos) = told(text).filter(|nanos| *nanos > 0.0) {
            readings.push(reading(text, above, share_above(latency, nanos / 1e9)).to(0.2));
        }
    }
    readings
}

#[test]
fn where_theory_speaks_it_is_right() {
    let mut spoken: Vec<String> = Vec::new();
    for number in 0..DRAWN {
        let mut drawn = Drawn(Draws::new(number)).scenario();
        let Some(prediction) = recognise(&drawn, QueueId(0)) else { continue };
        drawn.warm_up = prediction.start;
        drawn.duration = drawn.warm_up + drawn.duration;
        drawn.drain = secs(600);
        let title = format!("{} of draw {number}", prediction.name);
        spoken.push(prediction.name.clone());
        agree(&title, REPLICATIONS, 0.15, |replication| {
            readings(&drawn, &prediction, &measure(&drawn, replication))
        });
    }
    for kind in ["M/M/1", "M/M/4", "M/D/1", "M/G/1", "with nacks", "with short polls"] {
        assert!(spoken.iter().any(|name| name.contains(kind)), "{kind} among {spoken:?}");
    }
}
