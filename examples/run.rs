//! A run: orders for a few workers, one of whose dependencies fails now and then.
//!
//! ```sh
//! cargo run --release --example run
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use sqsim::scenario::file::{FailureFile, Probability, RedriveFile};
use sqsim::{ConsumerFile, Faults, Loaded, ProducerFile, QueueFile, ScenarioFile, simulate};

fn main() -> Result<(), Faults> {
    // What is not named has its default, the same as in a file. Values are parsed as a file has
    // them, or made of numbers.
    let orders = QueueFile {
        visibility_timeout: "10s".parse()?,
        redrive: Some(RedriveFile { max_receives: 3, ..RedriveFile::new("dead") }),
        ..QueueFile::default()
    };
    let shop = ProducerFile::new("orders", "Poisson(\"40/s\")".parse()?);
    let workers = ConsumerFile {
        count: 8.into(),
        failure: FailureFile { probability: Probability(0.02), ..FailureFile::default() },
        ..ConsumerFile::new("orders", "LogNormal(p50: \"80ms\", p99: \"600ms\")".parse()?)
    };
    let file = ScenarioFile {
        about: "Orders, eight workers".into(),
        duration: "1h".parse()?,
        queues: [("orders", orders), ("dead", QueueFile::default())].into(),
        producers: [("shop", shop)].into(),
        consumers: [("workers", workers)].into(),
        expect: vec![
            "p99(orders.sent_to_deleted) < 12s".into(),
            "orders.dead_lettered < 10".into(),
        ],
        ..ScenarioFile::default()
    };

    // Checked as a file is: all faults at once, each with its setting, and doubts as warnings.
    let Loaded { scenario, warnings } = file.check()?;
    print!("{warnings}");

    let outcome = simulate(&scenario);
    for (name, queue) in outcome.queues.iter() {
        let seconds = |nanos: u64| nanos as f64 / 1e9;
        let (counts, latency) = (queue.counts, queue.latency_ns.sent_to_deleted);
        println!("{name}: {} in, {} deleted", counts.sent + counts.moved_in, counts.deleted);
        if latency.count > 0 {
            let (half, most) = (seconds(latency.p50), seconds(latency.p99));
            println!("  half of them within {half:.3} s, 99 % within {most:.3} s");
        }
    }
    println!("{}", outcome.bottleneck);
    for expect in &outcome.expect {
        println!("{}: {}", if expect.holds { "holds" } else { "does not hold" }, expect.text);
    }

    // The same seed gives the same run, bit by bit, in code and from a file.
    println!("\nfingerprint {} of this scenario, as `sqsim run` takes it:", outcome.fingerprint);
    print!("{file}");
    Ok(())
}
