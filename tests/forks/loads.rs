//! A queue that gets a capacity is judged by the load that it has then.
//!
//! Owns a load far below what its policy calls hot, before the fork and after it.

use sqsim::engine::lockstep::Stepper;
use sqsim::facts::fact::Fact;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::journal::Change;
use sqsim::model::course::{Course, Fork};
use sqsim::scenario::fork::check;

use super::bases::{base, load};

/// Five calls a second of each kind come to two partitions that carry anything, and from 50 s on a
/// hundred a second each. A tenth of that would be hot: nothing is, in any second.
#[test]
fn what_came_before_a_capacity_is_not_taken_for_the_load_of_a_second() {
    let first = [
        "queues.a.ledger.capacity=Unlimited".to_owned(),
        "queues.b.ledger.capacity=Unlimited".to_owned(),
        "queues.a.ledger.split=Reservoir(threshold: 0.1, hold: \"0s\", merge: 0)".to_owned(),
        "queues.b.ledger.split=Reservoir(threshold: 0.1, hold: \"0s\", merge: 0)".to_owned(),
    ];
    let then = ["queues.a.ledger.capacity=100/s".to_owned()];
    let scenario = load(base("shards"), &first).expect("it is one");
    let later = load(base("shards"), &[&first[..], &then].concat()).expect("it is one");
    let fork = Fork { at: Time::ZERO + Span::from_secs(50), then: &later };
    check(&scenario, fork, &then).expect("it may change");
    let course = Course { scenario: &scenario, fork: Some(fork) };
    let opened = Stepper::new(&scenario, 0).filter(is_of_key_space).count();
    let changes: Vec<(Time, Fact)> = Stepper::new(course, 0).filter(is_of_key_space).collect();
    assert_eq!(changes.len(), opened, "{changes:?}");
}

fn is_of_key_space((_, fact): &(Time, Fact)) -> bool {
    matches!(fact, Fact::Change(_, Change::KeySpace(_)))
}
