//! A stand-in for `stats::expect`, which reads expectations, until it is here.
//!
//! Owns its signature only. Must not be used elsewhere.

/// Why an expectation cannot be read.
pub(super) struct ExpectFault {
    /// 1-based column of its text, in characters.
    pub(super) column: usize,
    /// What is wrong.
    pub(super) message: String,
    /// What to do.
    pub(super) help: String,
}

/// Reads an expectation: accepts everything but nothing.
pub(super) fn parse(text: &str) -> Result<(), ExpectFault> {
    if text.trim().is_empty() {
        let message = "an expectation is empty".into();
        return Err(ExpectFault { column: 1, message, help: "see `sqsim help expect`".into() });
    }
    Ok(())
}
