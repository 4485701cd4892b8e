//! Texts of others, as a terminal may show them.
//!
//! Owns which characters are shown as their escapes: those that a terminal obeys, that end a line,
//! that turn the direction of what follows, and that nobody sees. Must not know where a text comes
//! from. Documents for programs (JSON, CSV, SVG) are not its matter: they have escapes of their
//! own.

use std::borrow::Cow;

/// Longest text that a message quotes in full, in characters.
const LONGEST: usize = 500;
/// Of a longer one, the characters that are told of its beginning and its end.
const ENDS: [usize; 2] = [300, 100];

/// Whether a character is shown as it is.
fn is_plain(c: char) -> bool {
    let hidden = matches!(
        c,
        // Soft hyphen, Arabic letter mark, Hangul and Khmer fillers, Mongolian separators.
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        // Zero widths and directions, ends of lines and paragraphs, embeddings, invisible
        // operators.
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        // Hangul fillers, variation selectors, the byte-order mark, annotations, tags.
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}'
    );
    !c.is_control() && !hidden
}

/// Whether a text is shown as it is.
pub fn is_visible(text: &str) -> bool {
    text.chars().all(is_plain)
}

/// A text in which every character is seen, as itself or as its escape.
pub fn visible(text: &str) -> Cow<'_, str> {
    if is_visible(text) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_plain(c) { shown.push(c) } else { shown.extend(c.escape_default()) }
    }
    Cow::Owned(shown)
}

/// The same of several lines, which stay lines; `coloured` keeps ANSI colours.
pub fn visible_lines(text: &str, coloured: bool) -> String {
    let lines: Vec<String> = text.split('\n').map(|line| visible_line(line, coloured)).collect();
    lines.join("\n")
}

/// The same of one line, which stays one: no text in it begins another.
pub fn visible_line(line: &str, coloured: bool) -> String {
    let mut rest = line;
    let mut shown = String::with_capacity(line.len());
    while let Some(at) = rest.find('\u{1b}').filter(|_| coloured) {
        let colour = colour(&rest[at..]);
        shown += &visible(&rest[..at]);
        if colour == 0 {
            shown += &visible("\u{1b}");
        }
        shown += &rest[at..at + colour];
        rest = &rest[at + colour.max(1)..];
    }
    shown + &visible(rest)
}

/// The length of the sequence that sets a colour, at the start of a text; 0 for none.
fn colour(text: &str) -> usize {
    let codes = text.strip_prefix("\u{1b}[").unwrap_or("");
    let end = codes.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(codes.len());
    if codes[end..].starts_with('m') { end + 3 } else { 0 }
}

/// A text of at most some hundred characters: of a longer one the beginning and the end. What is
/// short enough stays what it is, so that twice is as good as once.
pub fn shortened(text: &str) -> Cow<'_, str> {
    // Most texts need not be counted.
    let all = if text.len() <= LONGEST { 0 } else { text.chars().count() };
    if all <= LONGEST {
        return Cow::Borrowed(text);
    }
    let [head, tail] = ENDS;
    let from = |place| text.char_indices().nth(place).map_or(text.len(), |(at, _)| at);
    let left_out = all - head - tail;
    let (start, end) = (&text[..from(head)], &text[from(all - tail)..]);
    Cow::Owned(format!("{start} … ({left_out} characters left out) … {end}"))
}

/// The same as a terminal may show it.
pub fn brief(text: &str) -> String {
    visible(&shortened(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ESC, CSI in eight bits, a line feed, right-to-left override, zero-width joiner, byte-order
    /// mark, line separator, a tag.
    #[test]
    fn what_a_terminal_obeys_or_hides_is_escaped() {
        let cases = [
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
            ("x\u{202e}nor.y", "x\\u{202e}nor.y"),
            ("a\u{2066}b\u{2069}", "a\\u{2066}b\\u{2069}"),
            ("or\u{200d}ders", "or\\u{200d}ders"),
            ("\u{feff}orders", "\\u{feff}orders"),
            ("a\u{2028}b", "a\\u{2028}b"),
            ("\u{e0041}", "\\u{e0041}"),
        ];
        for (text, shown) in cases {
            assert_eq!(visible(text), shown);
            assert!(!is_visible(text) && is_visible(shown));
        }
        for text in ["Bestellungen für Köln", "注文", "naïve – “quoted” … ±5 %", ""] {
            assert_eq!(visible(text), text);
        }
    }

    #[test]
    fn colours_are_kept_where_they_are_ours() {
        let text = "\u{1b}[1mhead\u{1b}[0m\n\u{1b}[2Jx\u{1b}\ry";
        let bare = "\\u{1b}[1mhead\\u{1b}[0m\n\\u{1b}[2Jx\\u{1b}\\ry";
        assert_eq!(visible_lines(text, false), bare);
        let kept = "\u{1b}[1mhead\u{1b}[0m\n\\u{1b}[2Jx\\u{1b}\\ry";
        assert_eq!(visible_lines(text, true), kept);
    }

    #[test]
    fn what_is_long_is_told_by_its_ends() {
        assert_eq!(brief(&"x".repeat(500)), "x".repeat(500));
        let long = format!("{}{}{}", "a".repeat(300), "ä".repeat(1_000_000), "z".repeat(100));
        let told = brief(&long);
        let middle = " … (1000000 characters left out) … ";
        assert_eq!(told, format!("{}{middle}{}", "a".repeat(300), "z".repeat(100)));
        assert_eq!(brief(&told), told);
        let hostile = brief(&"\u{1b}".repeat(1_000));
        assert!(is_visible(&hostile) && hostile.len() < 6_000, "{hostile}");
    }
}
