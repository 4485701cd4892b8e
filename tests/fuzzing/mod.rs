//! Random cases for a bounded time.
//!
//! Owns the loop, its clock and the chance of each case. Must not know what is tested.
//!
//! | variable | means | default |
//! |---|---|---|
//! | `SQSIM_FUZZ_SECONDS` | how long | 2 |
//! | `SQSIM_FUZZ_SEED` | hexadecimal, such as a commit's hash; its first 16 digits count | 1 |
//! | `SQSIM_FUZZ_CASE` | only this case, as a failure names it | all |

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::abort;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use sqsim::kernel::rng::{Draws, Source, mix};

/// A case that takes longer than this hangs, on whatever machine.
const LONGEST_CASE: Duration = Duration::from_secs(600);

/// The chance of one case.
#[derive(Clone, Debug)]
pub(crate) struct Chance(Draws);

impl Chance {
    /// The chance of a case under a seed.
    pub(crate) fn of_case(seed: u64, case: u64) -> Chance {
        Chance(Draws::new(seed ^ mix(case + 1)))
    }

    /// A whole number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0.below(n as u64) as usize
    }

    /// A whole number in `low..=high`.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.0.below(high - low + 1)
    }

    /// True once in `n` times.
    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of these.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}

impl Source for Chance {
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}

/// Runs `case` with ever new chance until the time is over; returns how many there were. A case
/// that panics or hangs is named, with what repeats it.
pub(crate) fn fuzz(test: &'static str, mut case: impl FnMut(&mut Chance)) -> u64 {
    let seed = variable("SQSIM_FUZZ_SEED").map_or(1, |text| seed_of(&text));
    let seconds = variable("SQSIM_FUZZ_SECONDS").map_or(2.0, |text| number(&text));
    let only: Option<u64> = variable("SQSIM_FUZZ_CASE").map(|text| number(&text));
    let until = now() + Duration::from_secs_f64(seconds);
    let repeat = move |case: u64| {
        format!("SQSIM_FUZZ_SEED={seed:016x} SQSIM_FUZZ_CASE={case} cargo test --test {test}")
    };
    let watched = Arc::new(AtomicU64::new(0));
    let watch = watch(Arc::clone(&watched), repeat);
    let mut at = only.unwrap_or(0);
    loop {
        watched.store(at, Ordering::Relaxed);
        let mut chance = Chance::of_case(seed, at);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| case(&mut chance))) {
            tell(&format!("case {at} fails; repeat it: {}", repeat(at)));
            resume_unwind(panic);
        }
        at += 1;
        if only.is_some() || now() >= until {
            drop(watch);
            return at;
        }
    }
}

/// Ends the process when the number of the case stays the same for too long: a case that hangs
/// cannot be ended otherwise. Dropping the sender ends the watch.
fn watch(
    watched: Arc<AtomicU64>,
    repeat: impl Fn(u64) -> String + Send + 'static,
) -> mpsc::Sender<()> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut last = u64::MAX;
        while receiver.recv_timeout(LONGEST_CASE) == Err(mpsc::RecvTimeoutError::Timeout) {
            let case = watched.load(Ordering::Relaxed);
            if case == last {
                tell(&format!("case {case} hangs; repeat it: {}", repeat(case)));
                abort();
            }
            last = case;
        }
    });
    sender
}

#[expect(clippy::print_stderr, reason = "it stands beside the panic's message")]
fn tell(what: &str) {
    eprintln!("{what}");
}

/// The first 16 hexadecimal digits as a number.
fn seed_of(text: &str) -> u64 {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let digits = digits.get(..16).unwrap_or(digits);
    let seed = u64::from_str_radix(digits, 16);
    seed.unwrap_or_else(|_| panic!("SQSIM_FUZZ_SEED is not hexadecimal: {text}"))
}

fn number<T: std::str::FromStr>(text: &str) -> T {
    text.parse().ok().unwrap_or_else(|| panic!("not a number: {text}"))
}

#[expect(clippy::disallowed_methods, reason = "how long to look for faults is no result")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[expect(clippy::disallowed_methods, reason = "how long to look for faults is no result")]
fn now() -> Instant {
    Instant::now()
}
