//! A sweep in code: how many workers keep a queue short?
//!
//! ```sh
//! cargo run --release --example sweep
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::sync::atomic::AtomicBool;
use std::thread::available_parallelism;

use sqsim::experiment::runs::{Forgetful, Runner};
use sqsim::experiment::sweep::{Sweep, SweepAsked};
use sqsim::scenario::load::Text;
use sqsim::{
    ArrivalFile, ConsumerFile, DistFile, Faults, ProducerFile, QueueFile, Rate, ScenarioFile,
};

fn main() -> Result<(), Faults> {
    let site = ProducerFile::new("jobs", ArrivalFile::Poisson(Rate(30.0)));
    let work = DistFile::Exponential("100ms".parse()?);
    let at_once = DistFile::Constant("0s".parse()?);
    let workers = ConsumerFile { call_latency: at_once, ..ConsumerFile::new("jobs", work) };
    let file = ScenarioFile {
        duration: "10m".parse()?,
        warm_up: "1m".parse()?,
        queues: [("jobs", QueueFile::default())].into(),
        producers: [("site", site)].into(),
        consumers: [("workers", workers)].into(),
        ..ScenarioFile::default()
    };

    // An experiment is a description. Settings are named by their paths, as `--set` names them.
    let asked = SweepAsked {
        about: "How many workers keep the queue short?".into(),
        model: String::new(),
        set: Vec::new(),
        vary: vec!["consumers.workers.count=2..6".into()],
        measures: vec!["mean(sent_to_received)".into(), "p99(sent_to_deleted)".into()],
        reps: 10,
        seed: None,
    };
    // Every point is checked before the first one runs.
    let threads = available_parallelism().map_or(1, usize::from);
    let (sweep, _warnings) = Sweep::prepare(asked, &Text::from(&file), threads)?;
    let runner = Runner {
        quantities: sweep.quantities(),
        threads,
        interrupt: &AtomicBool::new(false),
        progress: None,
        memory: &Forgetful,
    };
    let outcome = sweep.run(&runner).expect("nothing interrupts it");

    // Replication n has the same arrivals and the same work at every point: what differs is due to
    // the workers. Where theory knows the mean, it stands beside.
    for point in &outcome.points {
        print!("{} workers:", point.at[0]);
        for (text, of) in point.measures.iter() {
            print!("  {text} {:.1} ms", of.mean / 1e6);
            if let Some([low, high]) = of.ci95 {
                print!(" ± {:.1}", (high - low) / 2.0 / 1e6);
            }
            if let Some(theory) = point.theory.get(text) {
                print!(" (theory {:.1} ms)", theory / 1e6);
            }
        }
        for growing in &point.unstable {
            print!("  the queue `{}` grows without end", growing.queue);
        }
        println!();
    }
    Ok(())
}
