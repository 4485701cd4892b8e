//! The plain scenario that tests change.
//!
//! Owns what all of them begin with: every default of a scenario file, checked like one. Must not
//! know what any test is about.

use sqsim::kernel::time::Span;
use sqsim::model::scenario::Scenario;
use sqsim::{
    ArrivalFile, ConsumerFile, DistFile, Length, ProducerFile, QueueFile, Rate, ScenarioFile,
};

/// An hour of one message a second that takes no time, with the defaults of files in all else.
pub(crate) fn plain() -> Scenario {
    let sends = ProducerFile::new("queue", ArrivalFile::Poisson(Rate(1.0)));
    let works = ConsumerFile::new("queue", DistFile::Constant(Length(Span::ZERO)));
    let file = ScenarioFile {
        duration: Length(Span::from_secs(3_600)),
        queues: [("queue", QueueFile::default())].into(),
        producers: [("producer", sends)].into(),
        consumers: [("workers", works)].into(),
        ..ScenarioFile::default()
    };
    file.check().unwrap_or_else(|faults| panic!("{faults}")).scenario
}
