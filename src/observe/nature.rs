//! What kind of thing a measure is, whatever its value.
//!
//! Owns the judgements that stand in a measure's row. Must not know the measures.

/// Which of two values one wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Less is better: a latency.
    Less,
    /// More is better: a throughput.
    More,
    /// Neither: a utilisation.
    Neither,
}

/// What becomes of it where messages become ever more in its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// It grows with them, without end.
    Grows,
    /// It settles all the same.
    Settles,
}
