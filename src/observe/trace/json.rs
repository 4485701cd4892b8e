//! Values as JSON: whole numbers, strings, and pieces of text that are written often.
//!
//! Owns how they become bytes, fast: a trace is mostly numbers and the same few names. Must not
//! know which values a format has.

/// Numbers below this have at most eight digits.
const EIGHT_DIGITS: u64 = 100_000_000;

/// Appends a whole number in decimal.
#[inline]
pub(super) fn push_number(out: &mut Vec<u8>, number: u64) {
    if number < 10 {
        out.push(b'0' + number as u8);
    } else {
        push_longer_number(out, number);
    }
}

/// Appends a number that is not zero.
fn push_longer_number(out: &mut Vec<u8>, number: u64) {
    let (rest, last) = (number / EIGHT_DIGITS, number % EIGHT_DIGITS);
    if rest == 0 {
        push_first_digits(out, last);
    } else if rest < EIGHT_DIGITS {
        push_first_digits(out, rest);
        push_eight_digits(out, last);
    } else {
        push_first_digits(out, rest / EIGHT_DIGITS);
        push_eight_digits(out, rest % EIGHT_DIGITS);
        push_eight_digits(out, last);
    }
}

/// The character `0` eight times.
const ZEROS: u64 = u64::from_le_bytes(*b"00000000");

/// Appends the digits of a number below [`EIGHT_DIGITS`], which is not zero.
#[inline]
fn push_first_digits(out: &mut Vec<u8>, number: u64) {
    let digits = eight_digits(number);
    let skipped = digits.trailing_zeros() / 8;
    let end = out.len() + 8 - skipped as usize;
    out.extend_from_slice(&((digits | ZEROS) >> (8 * skipped)).to_le_bytes());
    out.truncate(end);
}

/// Appends a number below [`EIGHT_DIGITS`] with its leading zeros.
#[inline]
fn push_eight_digits(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(&(eight_digits(number) | ZEROS).to_le_bytes());
}

/// The eight digits of a number below [`EIGHT_DIGITS`], the first one in the lowest byte.
///
/// The number is halved into lanes of four, two and one digits, and all lanes of a word at once: a
/// division by 100 or 10 is a multiplication by its reciprocal, exact for what a lane can hold
/// (5243 / 2^19 below 10,000 and 103 / 2^10 below 100).
#[inline]
const fn eight_digits(number: u64) -> u64 {
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((fours * 5243) >> 19) & 0x0000_007f_0000_007f;
    let twos = hundreds | ((fours - 100 * hundreds) << 16);
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((twos - 10 * tens) << 8)
}

/// Appends `text` as a JSON string, quotes included (RFC 8259, section 7).
pub(super) fn push_json_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..=0x1f => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// Bytes that a short piece is copied with.
const SHORT: usize = 48;

/// A text that is written often. A copy of [`SHORT`] bytes, of which the text's own remain, takes
/// a few instructions; a copy whose length is not known before takes a call.
#[derive(Debug)]
pub(super) struct Piece {
    /// The text, filled up to at least [`SHORT`] bytes.
    padded: Vec<u8>,
    length: usize,
}

impl Piece {
    /// The text that `build` appends.
    pub(super) fn new(build: impl FnOnce(&mut Vec<u8>)) -> Piece {
        let mut piece = Piece { padded: Vec::with_capacity(SHORT), length: 0 };
        piece.replace(build);
        piece
    }

    /// Becomes the text that `build` appends.
    pub(super) fn replace(&mut self, build: impl FnOnce(&mut Vec<u8>)) {
        self.padded.clear();
        build(&mut self.padded);
        self.length = self.padded.len();
        self.padded.resize(self.length.max(SHORT), 0);
    }

    /// Appends the text.
    #[inline]
    pub(super) fn push(&self, out: &mut Vec<u8>) {
        match self.padded.first_chunk::<SHORT>() {
            Some(short) if self.length <= SHORT => {
                let end = out.len() + self.length;
                out.extend_from_slice(short);
                out.truncate(end);
            }
            _ => out.extend_from_slice(&self.padded),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_number(number: u64) {
        let mut out = b"before".to_vec();
        push_number(&mut out, number);
        assert_eq!(String::from_utf8(out).unwrap(), format!("before{number}"));
    }

    #[test]
    fn numbers_are_written_as_the_standard_library_does() {
        (0..100_000).for_each(check_number);
        // Every value of every lane, behind digits that are not zero.
        (0..100_000).for_each(|lane| check_number(lane * 10_000));
        (0..100_000).for_each(|lane| check_number(lane * EIGHT_DIGITS + 7));
        for power in (0..20).map(|digits| 10_u64.pow(digits)) {
            [power - 1, power, power + 1].into_iter().for_each(check_number);
        }
        check_number(u64::MAX);
    }

    #[test]
    fn a_piece_of_any_length_is_appended_as_it_is() {
        for length in [0, 1, SHORT - 1, SHORT, SHORT + 1, 5 * SHORT] {
            let text: Vec<u8> = (b'a'..=b'z').cycle().take(length).collect();
            let mut piece = Piece::new(|out| out.extend_from_slice(b"something else"));
            piece.replace(|out| out.extend_from_slice(&text));
            let mut out = b"before".to_vec();
            piece.push(&mut out);
            assert_eq!(out, [b"before", text.as_slice()].concat());
        }
    }

    #[test]
    fn json_strings_survive_a_parser() {
        let text = "a \"quoted\" \\ back\u{1}\nslash é";
        let mut out = Vec::new();
        push_json_string(&mut out, text);
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
    }
}
