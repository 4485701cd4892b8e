//! What stands in quotes.
//!
//! Owns texts, their escapes and raw texts, as
//! [RON](https://github.com/ron-rs/ron/blob/master/docs/grammar.md) writes them. Must not know what
//! a text means.

use super::Parser;
use crate::scenario::fault::Fault;

impl Parser<'_> {
    pub(super) fn quoted(&mut self) -> Result<String, Fault> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let c = self.peek();
            let at = self.at;
            self.at = self.next_end();
            match c {
                Some('"') => {
                    if text.contains('\n') {
                        self.long_text = Some(start);
                    }
                    return Ok(text);
                }
                Some('\\') => text.push(self.escape(at)?),
                Some(c) => text.push(c),
                None => {
                    return Err(self.fault("this text is never closed by `\"`", start, start + 1));
                }
            }
        }
    }

    /// The character that an escape stands for; the backslash at `start` is already read.
    fn escape(&mut self, start: usize) -> Result<char, Fault> {
        let c = self.peek();
        self.at = self.next_end();
        let code = match c {
            Some('n') => return Ok('\n'),
            Some('t') => return Ok('\t'),
            Some('r') => return Ok('\r'),
            Some('0') => return Ok('\0'),
            Some(c @ ('"' | '\'' | '\\')) => return Ok(c),
            Some('x') => self.rest().get(..2).inspect(|_| self.at += 2),
            Some('u') if self.eat("{") => {
                let length = self.rest().find('}');
                let code = length.and_then(|length| self.rest().get(..length));
                self.at += length.map_or(0, |length| length + 1);
                code
            }
            _ => None,
        };
        code.and_then(|code| u32::from_str_radix(code, 16).ok())
            .and_then(char::from_u32)
            .ok_or_else(|| {
                self.fault("this escape is unknown", start, self.at)
                    .help("known are \\n \\t \\r \\0 \\\" \\\\ \\x41 and \\u{e4}")
            })
    }

    /// `r"…"` or `r#"…"#` with any number of `#`.
    pub(super) fn raw_quoted(&mut self) -> Result<String, Fault> {
        let start = self.at;
        let rest = &self.rest()[1..];
        let hashes = rest.len() - rest.trim_start_matches('#').len();
        let close = format!("\"{}", "#".repeat(hashes));
        self.at += hashes + 2;
        let Some(length) = self.rest().find(&close) else {
            return Err(self.fault(
                format!("this text is never closed by `{close}`"),
                start,
                self.at,
            ));
        };
        let text = &self.rest()[..length];
        self.at += length + close.len();
        Ok(text.into())
    }
}
