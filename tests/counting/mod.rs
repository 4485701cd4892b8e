//! An allocator that counts: how often it is asked, and how many bytes it has given at most.
//!
//! Owns the one unsafe block of the project. Each thread has counts of its own, as tests run side
//! by side.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// Allocations and growths.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    /// Bytes given and not taken back, and most of them at once.
    static BYTES: Cell<[i64; 2]> = const { Cell::new([0; 2]) };
}

/// The system's allocator, with counts.
pub(crate) struct Counting;

/// Allocations and growths of this thread so far.
pub(crate) fn allocations_so_far() -> u64 {
    ALLOCATIONS.get()
}

/// Most bytes that `work` held at once beyond what there was before it.
pub(crate) fn most_bytes(work: impl FnOnce()) -> u64 {
    let [before, _] = BYTES.get();
    BYTES.set([before; 2]);
    work();
    (BYTES.get()[1] - before).cast_unsigned()
}

/// Cells of latencies: zeros of which a run touches about three eighths.
const CELLS: usize = 43_008 * 24;

fn bytes_of(size: usize) -> i64 {
    let touched = if size == CELLS { CELLS / 8 * 3 } else { size };
    i64::try_from(touched).unwrap_or(i64::MAX)
}

fn count(given: i64, taken: i64) {
    // A thread that is going away has no counts any more, and does not need them.
    let _ = BYTES.try_with(|bytes| {
        let [now, most] = bytes.get();
        let now = now + given - taken;
        bytes.set([now, most.max(now)]);
    });
    if given > 0 {
        let _ = ALLOCATIONS.try_with(|allocations| allocations.set(allocations.get() + 1));
    }
}

// SAFETY: every method hands its arguments to the system's allocator unchanged and returns what it
// returns, so its guarantees hold here. Counting neither allocates, as the cells are initialised in
// place and need no destructor, nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(bytes_of(layout.size()), 0);
        // SAFETY: the caller keeps the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        count(0, bytes_of(layout.size()));
        // SAFETY: `ptr` came from `System` with this layout, as all of ours do.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(bytes_of(layout.size()), 0);
        // SAFETY: the caller keeps the contract of `alloc_zeroed`, which is the same.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count(bytes_of(new_size), bytes_of(layout.size()));
        // SAFETY: `ptr` came from `System` with this layout; the caller keeps the rest.
        unsafe { System.realloc(ptr, layout, new_size) }
    }
}
