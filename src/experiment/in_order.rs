//! Independent jobs on several threads, results in order.
//!
//! Owns the threads. Must not know what a job does. Jobs share nothing; each result is stored at
//! the place of its job, so who computed it, and when, cannot show.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// The results of jobs 0 to `count` - 1 in that order, on at most `threads` threads. With one
/// thread, or one job, all is done by the caller's thread.
///
/// # Panics
/// If a job does.
pub fn in_order<T: Send>(count: u64, threads: usize, job: impl Fn(u64) -> T + Sync) -> Vec<T> {
    if threads <= 1 || count <= 1 {
        return (0..count).map(job).collect();
    }
    let next = AtomicU64::new(0);
    let results: Mutex<Vec<Option<T>>> = Mutex::new((0..count).map(|_| None).collect());
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return;
            }
            let result = job(number);
            results.lock().expect("no job panicked")[number as usize] = Some(result);
        }
    };
    thread::scope(|scope| {
        for _ in 0..threads.min(usize::try_from(count).unwrap_or(usize::MAX)) {
            scope.spawn(work);
        }
    });
    let results = results.into_inner().expect("no job panicked");
    results.into_iter().map(|result| result.expect("every job was done")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_in_the_order_of_their_jobs() {
        // The first jobs are the slowest, so that several threads finish them last.
        let job = |number: u64| {
            (0..(40 - number) * 10_000).fold(number, |sum, n| std::hint::black_box(sum ^ n ^ n))
        };
        let expected: Vec<u64> = (0..40).collect();
        for threads in [0, 1, 2, 7, 100] {
            assert_eq!(in_order(40, threads, job), expected, "{threads} threads");
        }
        assert_eq!(in_order(0, 4, job), Vec::<u64>::new());
    }

    #[test]
    fn one_job_stays_on_the_calling_thread() {
        let here = thread::current().id();
        assert_eq!(in_order(1, 8, |_| thread::current().id()), [here]);
        assert_eq!(in_order(2, 1, |_| thread::current().id()), [here, here]);
    }
}
