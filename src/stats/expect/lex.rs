//! Expectations, from characters to tokens.
//!
//! Owns the spelling of numbers, durations, rates, amounts of money and names. Must not know any
//! measure.
//!
//! Invariant: every token knows its columns, so every fault points at its cause.

use super::{Comparison, ExpectFault, Unit};

/// Longer texts are refused, which also bounds the recursion over what was parsed.
const MAX_CHARS: usize = 1_000;

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A number with its unit.
    Literal(f64, Unit),
    /// A measure, a function or a qualified name.
    Name(String),
    /// `+`, `-`, `*`, `/`, `(` or `)`.
    Sign(char),
    /// A comparison.
    Compare(Comparison),
}

/// A token and where it stands: `from` and `to` (exclusive) in characters from 0.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// A fault at characters `from..to`.
pub(super) fn fault(
    from: usize,
    to: usize,
    message: impl Into<String>,
    help: impl Into<String>,
) -> ExpectFault {
    ExpectFault {
        column: from + 1,
        length: (to - from).max(1),
        message: message.into(),
        help: help.into(),
    }
}

/// All tokens of `chars`.
pub(super) fn tokens(chars: &[char]) -> Result<Vec<Token>, ExpectFault> {
    if chars.len() > MAX_CHARS {
        let message = format!("this expectation is {} characters long", chars.len());
        return Err(fault(0, 1, message, format!("at most {MAX_CHARS} are read")));
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let (kind, to) = match chars[at] {
            c if c.is_whitespace() => {
                at += 1;
                continue;
            }
            c if c.is_ascii_digit() || c == '.' => literal(chars, at)?,
            '$' => money(chars, at)?,
            c if c.is_alphabetic() || c == '_' => {
                let to = name_end(chars, at);
                (Kind::Name(chars[at..to].iter().collect()), to)
            }
            c @ ('+' | '-' | '*' | '/' | '(' | ')') => (Kind::Sign(c), at + 1),
            '<' | '>' | '=' | '!' => comparison(chars, at)?,
            c => {
                let message = format!("`{c}` has no meaning here");
                let help = "an expectation is a comparison such as `p99(sent_to_deleted) < 2s`";
                return Err(fault(at, at + 1, message, help));
            }
        };
        tokens.push(Token { kind, from: at, to });
        at = to;
    }
    Ok(tokens)
}

/// The end of the name at `from`: letters, digits and `_`; `-` and `.` only between those.
fn name_end(chars: &[char], from: usize) -> usize {
    let inner = |c: char| c.is_alphanumeric() || c == '_';
    let mut to = from;
    while let Some(&c) = chars.get(to) {
        let joins = matches!(c, '-' | '.') && chars.get(to + 1).is_some_and(|&next| inner(next));
        if !inner(c) && !joins {
            break;
        }
        to += 1;
    }
    to
}

fn comparison(chars: &[char], at: usize) -> Result<(Kind, usize), ExpectFault> {
    let equal = chars.get(at + 1) == Some(&'=');
    let comparison = match (chars[at], equal) {
        ('<', false) => Comparison::Less,
        ('<', true) => Comparison::LessOrEqual,
        ('>', false) => Comparison::Greater,
        ('>', true) => Comparison::GreaterOrEqual,
        ('=', true) => Comparison::Equal,
        ('!', true) => Comparison::NotEqual,
        (sign, _) => {
            let message = format!("`{sign}` alone is not a comparison");
            return Err(fault(at, at + 1, message, format!("write `{sign}=`")));
        }
    };
    Ok((Kind::Compare(comparison), at + 1 + usize::from(equal)))
}

/// A number at `from`, with what its unit makes of it: `0.1%`, `2h30m`, `400/s`, `12`.
fn literal(chars: &[char], from: usize) -> Result<(Kind, usize), ExpectFault> {
    let (number, to) = number(chars, from)?;
    match chars.get(to) {
        Some('%') => Ok((Kind::Literal(number / 100.0, Unit::Number), to + 1)),
        Some('/') => {
            let end = name_end(chars, to + 1);
            let per: String = chars[to + 1..end].iter().collect();
            match per.as_str() {
                "s" => Ok((Kind::Literal(number, Unit::Rate), end)),
                "m" | "min" => Ok((Kind::Literal(number / 60.0, Unit::Rate), end)),
                "h" => Ok((Kind::Literal(number / 3_600.0, Unit::Rate), end)),
                _ => Ok((Kind::Literal(number, Unit::Number), to)),
            }
        }
        Some(c) if c.is_alphabetic() => duration(chars, from),
        _ => Ok((Kind::Literal(number, Unit::Number), to)),
    }
}

/// Dollars, as in `$0.40`.
fn money(chars: &[char], from: usize) -> Result<(Kind, usize), ExpectFault> {
    if !chars.get(from + 1).is_some_and(char::is_ascii_digit) {
        return Err(fault(from, from + 1, "`$` stands alone", "write it as `$5` or `$0.40`"));
    }
    let (number, to) = number(chars, from + 1)?;
    Ok((Kind::Literal(number, Unit::Money), to))
}

fn number(chars: &[char], from: usize) -> Result<(f64, usize), ExpectFault> {
    let end = chars[from..].iter().position(|c| !c.is_ascii_digit() && *c != '.' && *c != '_');
    let to = end.map_or(chars.len(), |length| from + length);
    let written: String = chars[from..to].iter().filter(|c| **c != '_').collect();
    let number = written.parse::<f64>().ok().filter(|_| !written.ends_with('.'));
    number.map(|number| (number, to)).ok_or_else(|| {
        let message = format!("`{written}` is not a number");
        fault(from, to, message, "write it as `12`, `0.5` or `0.1%`")
    })
}

/// One or more numbers with units, as in `2h30m`: whole nanoseconds.
fn duration(chars: &[char], from: usize) -> Result<(Kind, usize), ExpectFault> {
    let mut nanos = 0.0;
    let mut at = from;
    loop {
        let (number, unit_from) = number(chars, at)?;
        let length = chars[unit_from..].iter().take_while(|c| c.is_alphabetic()).count();
        let to = unit_from + length;
        let unit: String = chars[unit_from..to].iter().collect();
        let size = match unit.as_str() {
            "ns" => 1.0,
            "us" | "µs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" | "min" => 60e9,
            "h" => 3_600e9,
            "d" => 86_400e9,
            _ => {
                let written: String = chars[from..to].iter().collect();
                let message = format!("`{written}` is not a duration");
                let help = "its units are `ns`, `us`, `ms`, `s`, `m`, `h` and `d`, as in `1m30s`";
                return Err(fault(from, to, message, help));
            }
        };
        nanos += number * size;
        at = to;
        if !chars.get(at).is_some_and(char::is_ascii_digit) {
            return Ok((Kind::Literal(nanos.round(), Unit::Duration), at));
        }
    }
}
