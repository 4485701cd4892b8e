//! Values on the command line.
//!
//! Owns their notations. Must not know which argument takes them.

use std::str::FromStr;

use crate::experiment::range::CONFIDENCE;
use crate::kernel::rng::mix;
use crate::kernel::time::{Span, Time};
use crate::ledger::journal::MessageId;
use crate::scenario::units::parse_span;
use crate::scenario::visible::is_visible;

/// A seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seed(pub(super) u64);

/// Digits of a hash that fit a seed.
const HASH_DIGITS: usize = 16;

/// Reads a number, or a commit hash of which the first 16 digits count. What can be read as a
/// number is one.
pub(super) fn parse_seed(text: &str) -> Result<Seed, String> {
    if let Ok(number) = text.parse() {
        return Ok(Seed(number));
    }
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let hash = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_hexdigit());
    let first = digits.get(..HASH_DIGITS).unwrap_or(digits);
    match u64::from_str_radix(first, 16) {
        Ok(number) if hash => Ok(Seed(number)),
        _ => Err("expected a number up to 18446744073709551615 or a hexadecimal hash".to_owned()),
    }
}

/// Reads `312` or `m312`, as traces write it.
pub(super) fn parse_message(text: &str) -> Result<MessageId, String> {
    let number = text.strip_prefix('m').unwrap_or(text);
    match u64::from_str(number) {
        Ok(number) => Ok(MessageId(number)),
        Err(_) => Err("expected a message's number, such as 312 or m312".to_owned()),
    }
}

/// Reads an instant as the length of time since the start.
pub(super) fn parse_instant(text: &str) -> Result<Time, String> {
    parse_span(text).map(|since| Time::ZERO + since)
}

/// Reads a share: `1%` or `0.01`, up to 1.
pub(super) fn parse_share(text: &str) -> Result<f64, String> {
    let share = match text.strip_suffix('%') {
        Some(percent) => percent.parse::<f64>().map(|percent| percent / 100.0),
        None => text.parse(),
    };
    let form = "expected a share from 0 to 1, such as 1% or 0.01".to_owned();
    share.ok().filter(|share| (0.0..=1.0).contains(share)).ok_or(form)
}

/// Reads a share that something stays below: from above 0 to 1.
pub(super) fn parse_limit(text: &str) -> Result<f64, String> {
    let form = "expected a share above 0 and up to 1, such as 0.1% or 0.001".to_owned();
    parse_share(text).ok().filter(|share| *share > 0.0).ok_or(form)
}

/// Reads a length of time that is not zero.
pub(super) fn parse_length(text: &str) -> Result<Span, String> {
    let length = parse_span(text)?;
    if length.is_zero() {
        Err("expected a length above 0, such as 60s".to_owned())
    } else {
        Ok(length)
    }
}

/// Reads a probability to be sure with: from 50% up, and not certain.
pub(super) fn parse_confidence(text: &str) -> Result<f64, String> {
    let form = "expected a probability from 50% to 99.99%, such as 95%".to_owned();
    parse_share(text).ok().filter(|share| CONFIDENCE.contains(share)).ok_or(form)
}

/// A word for a shell: in quotes where it would not be one word otherwise.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,%+@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    if is_visible(word) {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    // As bash and zsh write what a terminal would obey.
    let escaped = word.chars().map(|c| match c {
        '\'' | '\\' => format!("\\{c}"),
        c if is_visible(c.encode_utf8(&mut [0; 4])) => c.to_string(),
        c => format!("\\U{:08x}", u32::from(c)),
    });
    format!("$'{}'", escaped.collect::<String>())
}

/// A hash of a text, to tell two versions apart.
pub(super) fn hash(text: &str) -> u64 {
    hash_on(0, text)
}

/// The hash of a text that goes on with another.
pub(super) fn hash_on(hash: u64, text: &str) -> u64 {
    text.bytes().fold(hash, |hash, byte| mix(hash ^ u64::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_numbers_or_hashes() {
        let cases = [
            ("42", 42),
            ("18446744073709551615", u64::MAX),
            ("0x2a", 42),
            ("9f3c1a72", 0x9f3c_1a72),
            ("9f3c1a7", 0x9f3_c1a7),
            // A whole commit hash: its first 16 digits.
            ("4718e78c0123456789abcdef0123456789abcdef", 0x4718_e78c_0123_4567),
        ];
        for (text, seed) in cases {
            assert_eq!(parse_seed(text), Ok(Seed(seed)), "{text}");
        }
        for text in ["", "-1", "0x", "seed", "1.5", "+0x1", "ab-cd", "+-1"] {
            assert!(parse_seed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shares_are_percentages_or_decimals() {
        assert_eq!(parse_share("2%"), Ok(0.02));
        assert_eq!(parse_share("0.5"), Ok(0.5));
        for text in ["", "-1%", "101%", "nan", "two"] {
            assert!(parse_share(text).is_err(), "{text}");
        }
    }

    #[test]
    fn messages_have_the_number_that_traces_show() {
        assert_eq!(parse_message("m312"), Ok(MessageId(312)));
        assert_eq!(parse_message("0"), Ok(MessageId(0)));
        assert!(parse_message("mm1").is_err());
    }

    #[test]
    fn a_shell_reads_words_back() {
        assert_eq!(quoted("models/signup.ron"), "models/signup.ron");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted("x=Poisson(\"1/s\")"), "'x=Poisson(\"1/s\")'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a'\u{1b}\\b\u{202e}ä"), r"$'a\'\U0000001b\\b\U0000202eä'");
    }
}
