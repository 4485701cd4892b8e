//! Texts that are nearly right.
//!
//! Owns the ways in which a text is spoilt. Must not know its language beyond words, quotes and
//! brackets.

use crate::fuzzing::Chance;

/// Pieces that have meant trouble to some reader of some language.
const SCRAPS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "'",
    "/*",
    "*/",
    "//",
    "\\",
    "#",
    "=",
    "%",
    "\n",
    "\r\n",
    "\u{feff}",
    "\0",
    "\u{1b}[31m",
    "é",
    "🦀",
    "\u{202e}",
    "None",
    "Some(",
    "Standard",
    "Fifo",
    "Poisson(\"1/s\")",
    "Closed(clients: 3, think: Constant(\"0s\"))",
    "Times(file: \"t\")",
    "Counts(file: \"c\")",
    "Mix([])",
    "Percentiles({})",
    "Shifted(by: \"1s\", dist: ",
    "r#\"",
    "\"\"\"",
    "redrive",
    "queue",
    "true",
    "()",
    "{\"a\": ()}",
    "-",
    "+",
    ".",
    "..",
    "_",
    "1_000",
    "0x10",
    "1e9",
    "\"30s\"",
    "\"1/0\"",
    "\"0/s\"",
];

/// Numbers at the edges of what they are kept in.
const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "-1",
    "1",
    "2",
    "10",
    "11",
    "255",
    "256",
    "65536",
    "65537",
    "4294967295",
    "4294967296",
    "18446744073709551615",
    "18446744073709551616",
    "1e308",
    "1e309",
    "-1e308",
    "1e-320",
    "0.1",
    "0.5",
    "0.0000000001",
    "1.5",
    "100",
    "101",
    "NaN",
    "inf",
    "-inf",
    ".5",
    "5.",
    "00",
    "36524",
    "36526",
];

const UNITS: &[&str] =
    &["ns", "us", "ms", "s", "m", "h", "d", "y", "%", "/s", "/min", "/h", "", " s", "S", "/0"];

/// A text with one to `most` faults, made from those of `corpus`.
pub(crate) fn spoilt(corpus: &[String], most: u64, chance: &mut Chance) -> String {
    let mut text = chance.pick(corpus).clone();
    for _ in 0..chance.between(1, most) {
        let next = spoil(&text, corpus, chance);
        // Doubling again and again is no new fault, only a long text.
        if next.len() <= 1 << 16 {
            text = next;
        }
    }
    text
}

fn spoil(text: &str, corpus: &[String], chance: &mut Chance) -> String {
    let tokens = tokens(text);
    if tokens.is_empty() {
        return (*chance.pick(SCRAPS)).to_owned();
    }
    let at = chance.below(tokens.len());
    let mut parts: Vec<&str> = tokens.clone();
    let number;
    match chance.below(10) {
        0 => {
            parts.remove(at);
        }
        1 => {
            let until = (at + chance.below(8)).min(parts.len());
            parts.drain(at..until);
        }
        2 => parts.insert(at, tokens[at]),
        3 => parts.swap(at, chance.below(tokens.len())),
        4 => parts.insert(at, *chance.pick(SCRAPS)),
        5 => {
            let digits = (0..parts.len()).filter(|&i| has_digit(parts[i])).collect::<Vec<_>>();
            number = other_number(chance);
            if let Some(&at) = digits.get(chance.below(digits.len().max(1))) {
                parts[at] = &number;
            }
        }
        6 => return flipped(text, chance),
        7 => {
            let (open, close) = *chance.pick(&[("(", ")"), ("[", "]"), ("{", "}"), ("A(", ")")]);
            let depth = chance.below(200);
            number = format!("{}{}{}", open.repeat(depth), parts[at], close.repeat(depth));
            parts[at] = &number;
        }
        8 => {
            let other = chance.pick(corpus);
            let (head, tail) = (cut(text, chance), cut(other, chance));
            return format!("{}{}", &text[..head], &other[tail..]);
        }
        _ => {
            number = chance.pick(corpus).clone();
            let others = self::tokens(&number);
            if !others.is_empty() {
                parts[at] = others[chance.below(others.len())];
                return parts.concat();
            }
        }
    }
    parts.concat()
}

/// A number, bare or in quotes with a unit.
fn other_number(chance: &mut Chance) -> String {
    let number = *chance.pick(NUMBERS);
    if chance.one_in(2) { number.to_owned() } else { format!("\"{number}{}\"", chance.pick(UNITS)) }
}

fn has_digit(token: &str) -> bool {
    token.contains(|c: char| c.is_ascii_digit())
}

/// One to four bits of the bytes turned; what is no text any more is replaced.
fn flipped(text: &str, chance: &mut Chance) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..chance.between(1, 4) {
        let at = chance.below(bytes.len());
        bytes[at] ^= 1 << chance.below(8);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A place between two characters.
fn cut(text: &str, chance: &mut Chance) -> usize {
    let mut at = chance.below(text.len() + 1);
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

/// Words, quoted texts, blanks and single marks: together they are the text.
fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let of_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let length = if of_word(first) {
            rest.find(|c| !of_word(c)).unwrap_or(rest.len())
        } else if first.is_whitespace() {
            rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len())
        } else if first == '"' {
            rest[1..].find('"').map_or(1, |end| end + 2)
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        found.push(token);
        rest = after;
    }
    found
}
