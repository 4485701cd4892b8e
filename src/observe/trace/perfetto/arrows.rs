//! Arrows between slices.
//!
//! Owns where an arrow begins and how it is written. Must not know what it is about.

use super::event::{Event, Track};
use crate::kernel::time::Time;

/// The start of an arrow: an instant inside a slice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub(super) track: Track,
    pub(super) at: Time,
    pub(super) name: &'static str,
}

/// Parts an entry from the one before.
pub(super) fn separate(out: &mut Vec<u8>) {
    out.extend_from_slice(b",\n");
}

/// Writes both ends of an arrow, after the slice in which it ends: a reader binds an arrow to the
/// slices that are open at its two instants.
pub(super) fn draw_arrow(out: &mut Vec<u8>, id: u64, from: Option<Origin>, to: Origin) {
    if let Some(from) = from {
        separate(out);
        Event::new(out, b's', from.name, from.track).at(from.at).id("flow", id).end();
        separate(out);
        let end = Event::new(out, b'f', from.name, to.track).at(to.at).id("flow", id);
        end.raw("\"bp\":\"e\"").end();
    }
}
