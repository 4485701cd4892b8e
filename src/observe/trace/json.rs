//! Values as JSON: whole numbers and strings.
//!
//! Owns how they become bytes. Must not know which values a format has.

/// Appends a whole number in decimal.
#[inline]
pub(super) fn push_number(buffer: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    buffer.extend_from_slice(&digits[at..]);
}

/// Appends `text` as a JSON string, quotes included (RFC 8259, section 7).
pub(super) fn push_json_string(buffer: &mut Vec<u8>, text: &str) {
    buffer.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => buffer.extend_from_slice(&[b'\\', byte]),
            0..=0x1f => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                buffer.extend_from_slice(b"\\u00");
                buffer.push(HEX[usize::from(byte >> 4)]);
                buffer.push(HEX[usize::from(byte & 15)]);
            }
            _ => buffer.push(byte),
        }
    }
    buffer.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_standard_library_does() {
        for number in [0, 7, 10, 99, 100, 1_234_567_890, u64::MAX] {
            let mut buffer = Vec::new();
            push_number(&mut buffer, number);
            assert_eq!(String::from_utf8(buffer).unwrap(), number.to_string());
        }
    }

    #[test]
    fn json_strings_survive_a_parser() {
        let text = "a \"quoted\" \\ back\u{1}\nslash é";
        let mut buffer = Vec::new();
        push_json_string(&mut buffer, text);
        assert_eq!(serde_json::from_slice::<String>(&buffer).unwrap(), text);
    }
}
