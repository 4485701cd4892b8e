//! A scenario for the tests of this room: ten seconds in which messages fail and return.

use std::io;

use crate::model::scenario::Scenario;
use crate::scenario::load::from_text;

/// The scenario, with more settings at its top level.
pub(super) fn scenario(more: &str) -> Scenario {
    let text = format!(
        "(duration: \"9s\", drain: \"1s\", queues: {{\"jobs\": (visibility_timeout: \"1s\")}},
          producers: {{\"web\": (queue: \"jobs\", arrivals: Poisson(\"50/s\"))}},
          consumers: {{\"workers\": (queue: \"jobs\", count: 3, processing: Exponential(\"40ms\"),
            failure: (probability: \"10%\", then: LetExpire))}}, {more})"
    );
    let no_files = |_: &str| Err(io::ErrorKind::NotFound.into());
    let loaded = from_text("fixture.ron", &text, &[], &no_files);
    loaded.unwrap_or_else(|faults| panic!("{faults}")).scenario
}

/// The scenario with this seed.
pub(super) fn seeded(seed: u64) -> Scenario {
    scenario(&format!("seed: {seed}"))
}
