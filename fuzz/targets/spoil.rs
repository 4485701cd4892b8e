//! The mutator: the ways in which the tests spoil a text, and the fuzzer's own.
//!
//! Owns the choice between them. Must not know what the text is.

use libfuzzer_sys::fuzzer_mutate;

use crate::fuzzing::Chance;
use crate::mutate::spoilt;

/// Changes the text behind the first `kept` of `size` bytes, to at most `most` in all; the new
/// size. Other texts of its kind lend their words.
pub(crate) fn spoil(
    data: &mut [u8],
    kept: usize,
    size: usize,
    most: usize,
    seed: u32,
    others: &[String],
) -> usize {
    let mut chance = Chance::of_case(u64::from(seed), 0);
    let text = data.get(kept..size).and_then(|text| std::str::from_utf8(text).ok());
    let Some(text) = text.filter(|text| !text.is_empty() && !chance.one_in(3)) else {
        return fuzzer_mutate(data, size, most);
    };
    let own = [text.to_owned()];
    let spoilt = if chance.one_in(8) {
        spoilt(others, 2, &mut chance)
    } else {
        spoilt(&own, 3, &mut chance)
    };
    let length = spoilt.floor_char_boundary(most.min(data.len()) - kept);
    data[kept..kept + length].copy_from_slice(&spoilt.as_bytes()[..length]);
    kept + length
}
