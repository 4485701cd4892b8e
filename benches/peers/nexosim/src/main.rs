//! M/M/10 in NeXosim: `mmc-nexosim plain|lean MESSAGES SEED [THREADS]`
//!
//! Prints the messages served, the seconds of the run alone, and the mean wait in milliseconds.
//!
//! `plain` is a source and a station, two models joined by a port. `lean` is one model that
//! schedules its own arrivals, so that no message goes through a mailbox.

use std::collections::VecDeque;
use std::env;
use std::error::Error;
use std::time::{Duration, Instant};

use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::{EventSinkReader, EventSource, Output, SinkState, event_slot};
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::{Distribution, Exp1};
use serde::{Deserialize, Serialize};

const WORKERS: u32 = 10;
const GAP: Duration = Duration::from_millis(1);
const WORK: Duration = Duration::from_millis(8);

/// An exponential length of time. NeXosim schedules nothing for the present instant.
fn exponential(mean: Duration, rng: &mut Xoshiro256PlusPlus) -> Duration {
    let draw: f64 = Exp1.sample(rng);
    Duration::from_nanos(((draw * mean.as_nanos() as f64) as u64).max(1))
}

/// The gaps between messages, as many as there shall be messages.
#[derive(Serialize, Deserialize)]
struct Gaps {
    left: u64,
    rng: Xoshiro256PlusPlus,
}

impl Iterator for Gaps {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        Some(exponential(GAP, &mut self.rng))
    }
}

/// Sends each message, its instant, to a port.
#[derive(Serialize, Deserialize)]
struct Source {
    gaps: Gaps,
    out: Output<MonotonicTime>,
}

#[Model]
impl Source {
    #[nexosim(init)]
    async fn init(&mut self, context: &Context<Self>) {
        self.next(context);
    }

    #[nexosim(schedulable)]
    async fn arrive(&mut self, _: (), context: &Context<Self>) {
        self.next(context);
        self.out.send(context.time()).await;
    }

    fn next(&mut self, context: &Context<Self>) {
        if let Some(gap) = self.gaps.next() {
            context.schedule_event(gap, schedulable!(Self::arrive), ()).unwrap();
        }
    }
}

/// The queue and its workers; `gaps` are there if it is its own source.
#[derive(Serialize, Deserialize)]
struct Station {
    gaps: Option<Gaps>,
    waiting: VecDeque<MonotonicTime>,
    idle: u32,
    served: u64,
    waited: Duration,
    rng: Xoshiro256PlusPlus,
    totals: Output<(u64, Duration)>,
}

#[Model]
impl Station {
    #[nexosim(init)]
    async fn init(&mut self, context: &Context<Self>) {
        self.next(context);
    }

    #[nexosim(schedulable)]
    fn arrive(&mut self, _: (), context: &Context<Self>) {
        self.next(context);
        self.accept(context.time(), context);
    }

    fn next(&mut self, context: &Context<Self>) {
        if let Some(gap) = self.gaps.as_mut().and_then(Gaps::next) {
            context.schedule_event(gap, schedulable!(Self::arrive), ()).unwrap();
        }
    }

    fn accept(&mut self, sent: MonotonicTime, context: &Context<Self>) {
        if self.idle > 0 {
            self.idle -= 1;
            self.begin(sent, context);
        } else {
            self.waiting.push_back(sent);
        }
    }

    fn begin(&mut self, sent: MonotonicTime, context: &Context<Self>) {
        self.served += 1;
        self.waited += context.time().duration_since(sent);
        let work = exponential(WORK, &mut self.rng);
        context.schedule_event(work, schedulable!(Self::complete), ()).unwrap();
    }

    #[nexosim(schedulable)]
    fn complete(&mut self, _: (), context: &Context<Self>) {
        match self.waiting.pop_front() {
            Some(sent) => self.begin(sent, context),
            None => self.idle += 1,
        }
    }

    async fn report(&mut self) {
        self.totals.send((self.served, self.waited)).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "how long the run takes is what is asked")]
fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [form, messages, seed, threads @ ..] = args.as_slice() else {
        return Err("usage: mmc-nexosim plain|lean MESSAGES SEED [THREADS]".into());
    };
    // One thread, for which NeXosim has an executor of its own, is what to compare with: a model
    // like this has nothing to do at the same time, and with two threads it is twenty times slower
    // at the least, all of it handing over.
    let threads = threads.first().map_or(Ok(1), |threads| threads.parse())?;

    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed.parse()?);
    let gaps = Gaps { left: messages.parse()?, rng: rng.fork() };
    let mut station = Station {
        gaps: None,
        waiting: VecDeque::new(),
        idle: WORKERS,
        served: 0,
        waited: Duration::ZERO,
        rng,
        totals: Output::default(),
    };
    let station_mailbox = Mailbox::new();
    let (sink, mut totals) = event_slot(SinkState::Enabled);
    station.totals.connect_sink(sink);

    let mut bench = SimInit::with_num_threads(threads);
    let report = EventSource::new().connect(Station::report, &station_mailbox).register(&mut bench);
    match form.as_str() {
        "plain" => {
            let mut source = Source { gaps, out: Output::default() };
            source.out.connect(Station::accept, &station_mailbox);
            bench = bench.add_model(source, Mailbox::new(), "source");
        }
        "lean" => station.gaps = Some(gaps),
        _ => return Err(format!("neither plain nor lean: {form}").into()),
    }
    let mut simulation =
        bench.add_model(station, station_mailbox, "station").init(MonotonicTime::EPOCH)?;

    let began = Instant::now();
    simulation.run()?;
    let seconds = began.elapsed().as_secs_f64();

    simulation.process_event(&report, ())?;
    let (served, waited) = totals.try_read().ok_or("the station reported nothing")?;
    println!("{served} {seconds} {}", 1000.0 * waited.as_secs_f64() / served as f64);
    Ok(())
}
