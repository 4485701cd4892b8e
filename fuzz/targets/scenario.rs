//! A scenario's text: it is refused with reasons, or it runs, twice with the same facts.

#![no_main]

#[path = "../../tests/fuzzing/corpus.rs"]
#[allow(dead_code, reason = "the other target spoils the rest")]
mod corpus;
#[path = "../../tests/fuzzing/mod.rs"]
#[allow(dead_code, reason = "here the fuzzer owns the loop")]
mod fuzzing;
#[path = "../../tests/fuzzing/mutate.rs"]
mod mutate;
#[path = "../../tests/fuzzing/shortened.rs"]
mod shortened;
mod spoil;

use std::io;
use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use sqsim::engine::run::run;
use sqsim::scenario::Loaded;
use sqsim::scenario::load::from_text;

static SCENARIOS: LazyLock<Vec<String>> = LazyLock::new(|| corpus::scenarios().1);
static DATA: LazyLock<Vec<String>> = LazyLock::new(corpus::data);

fuzz_mutator!(|data: &mut [u8], size: usize, most: usize, seed: u32| {
    spoil::spoil(data, 0, size, most, seed, &SCENARIOS)
});

fuzz_target!(|text: &str| {
    // The same file for the same text, so that a case repeats.
    let file = DATA[text.len() % DATA.len()].as_bytes();
    let read = |_: &str| -> io::Result<Vec<u8>> { Ok(file.to_vec()) };
    match from_text("fuzzed.ron", text, &[], &read) {
        Ok(Loaded { scenario, warnings }) => {
            let _ = warnings.render(false);
            let Some(scenario) = shortened::shortened(scenario) else { return };
            let hash = || {
                let never = AtomicBool::new(false);
                run(&scenario, 0, &never).measured.fingerprint
            };
            assert_eq!(hash(), hash(), "the same scenario, the same facts");
        }
        Err(faults) => {
            assert!(!faults.is_empty(), "refused without a reason");
            assert!(!faults.render(false).is_empty());
        }
    }
});
