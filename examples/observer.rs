//! An observer of one's own: how often are two workers at the same message at once?
//!
//! No outcome says that: it counts second deliveries, also those that begin when the first worker
//! has given up. An observer is told everything that happens and counts what it likes.
//!
//! ```sh
//! cargo run --release --example observer
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it found")]

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use sqsim::engine::run::run_with;
use sqsim::facts::deed::Deed;
use sqsim::facts::observer::Observer;
use sqsim::kernel::time::Time;
use sqsim::ledger::config::QueueId;
use sqsim::ledger::journal::{Change, Journal, MessageId};
use sqsim::{
    ArrivalFile, ConsumerFile, DistFile, Faults, ProducerFile, QueueFile, Rate, ScenarioFile,
};

/// Who works on what.
#[derive(Default)]
struct AtWork {
    workers: BTreeMap<MessageId, u32>,
    begun: u64,
    at_once: u64,
}

/// What queues do: messages sent, received, deleted, and when they are visible again.
impl Journal for AtWork {
    fn change(&mut self, _now: Time, _queue: QueueId, _change: &Change) {}
}

/// What clients do.
impl Observer for AtWork {
    fn deed(&mut self, _now: Time, deed: &Deed) {
        if let Deed::Began { message, .. } = deed {
            let workers = self.workers.entry(*message).or_default();
            *workers += 1;
            self.begun += 1;
            self.at_once += u64::from(*workers > 1);
        } else if let Deed::Ended { message, .. } = deed
            && let Some(workers) = self.workers.get_mut(message)
        {
            *workers -= 1;
            if *workers == 0 {
                self.workers.remove(message);
            }
        }
    }
}

fn main() -> Result<(), Faults> {
    for timeout in ["1s", "2s", "5s", "10s"] {
        let jobs = QueueFile { visibility_timeout: timeout.parse()?, ..QueueFile::default() };
        let site = ProducerFile::new("jobs", ArrivalFile::Poisson(Rate(10.0)));
        let work = DistFile::Exponential("1s".parse()?);
        let workers = ConsumerFile { count: 30.into(), ..ConsumerFile::new("jobs", work) };
        let file = ScenarioFile {
            duration: "1h".parse()?,
            queues: [("jobs", jobs)].into(),
            producers: [("site", site)].into(),
            consumers: [("workers", workers)].into(),
            ..ScenarioFile::default()
        };
        let scenario = file.check()?.scenario;
        let run = run_with(&scenario, 0, &AtomicBool::new(false), AtWork::default());
        let AtWork { begun, at_once, .. } = run.observer;
        println!("{timeout} hidden: another was still at it {at_once} times of {begun}");
    }
    Ok(())
}
