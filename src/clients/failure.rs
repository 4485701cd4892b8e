//! Whether the processing of a message fails.
//!
//! Owns the draw. Must not know who processes it, nor what becomes of it then.

use crate::kernel::rng::{Fate, Luck, Source};
use crate::model::clients::Failure;

impl Failure {
    /// Whether it fails at this receive: the message's luck decides.
    #[inline]
    pub fn strikes(&self, luck: Luck, receives: u32) -> bool {
        let falls = |p: f64, fate, receive| p > 0.0 && luck.draws(fate, receive).unit() < p;
        falls(self.probability, Fate::Failure, receives) || falls(self.poison, Fate::Poison, 0)
    }
}
