//! Text → tree.
//!
//! Owns the grammar of scenario files: [RON](https://github.com/ron-rs/ron/blob/master/docs/grammar.md)
//! without characters, byte strings and extensions (`implicit_some` is always on), the keys of
//! maps being texts. Must not know what the settings mean.
//!
//! Invariant: nesting is bounded by [`DEEPEST`], so that no text can exhaust the stack.

mod texts;

use super::fault::{Fault, Place};
use super::tree::{Entries, Entry, Kind, Node};

/// Brackets within brackets; a scenario needs about ten.
const DEEPEST: usize = 64;

/// A name that was given before.
#[derive(Debug, PartialEq)]
pub(super) struct Repeat {
    /// The fault, at the second one.
    pub(super) fault: Fault,
    /// Where the first one stands, which is kept.
    pub(super) first: Place,
}

/// The tree of a text, with what did not stop the reading.
///
/// # Errors
/// The first place where the text stops making sense.
pub(super) fn parse(text: &str, source: usize) -> Result<(Node, Vec<Repeat>), Fault> {
    parse_from(text, 0, source)
}

/// As [`parse`], beginning at a byte of the text: all places count from the text's own start.
///
/// # Errors
/// As [`parse`].
pub(super) fn parse_from(
    text: &str,
    at: usize,
    source: usize,
) -> Result<(Node, Vec<Repeat>), Fault> {
    let mut parser = Parser { text, at, source, depth: 0, repeated: Vec::new(), long_text: None };
    match parser.whole() {
        Ok(root) => Ok((root, parser.repeated)),
        Err(fault) => match parser.long_text {
            None => Err(fault),
            Some(start) => {
                let line = text[..start].matches('\n').count() + 1;
                Err(fault.help(format!(
                    "the text that begins on line {line} goes on to another line: \
                     is its closing `\"` missing?"
                )))
            }
        },
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    source: usize,
    depth: usize,
    repeated: Vec<Repeat>,
    /// The last text that ran over the end of its line: often one whose end is missing.
    long_text: Option<usize>,
}

impl<'a> Parser<'a> {
    fn whole(&mut self) -> Result<Node, Fault> {
        self.skip_blank()?;
        self.eat("#![enable(implicit_some)]");
        self.skip_blank()?;
        if self.at == self.text.len() {
            return Err(self
                .fault("the scenario is empty", self.at, self.at)
                .help("`sqsim new` prints one to begin with"));
        }
        let root = self.value()?;
        self.skip_blank()?;
        if self.at < self.text.len() {
            let what = "the scenario ended before this; more text follows";
            return Err(self.fault(what, self.at, self.next_end()));
        }
        Ok(root)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The byte after the next character.
    fn next_end(&self) -> usize {
        self.at + self.peek().map_or(0, char::len_utf8)
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn place(&self, start: usize) -> Place {
        Place { source: self.source, start, end: self.at }
    }

    fn fault(&self, what: impl Into<String>, start: usize, end: usize) -> Fault {
        Fault::new(what).at(Place { source: self.source, start, end }, "")
    }

    /// Skips white space and comments; block comments nest.
    fn skip_blank(&mut self) -> Result<(), Fault> {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            let start = self.at;
            if self.rest().starts_with("//") {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            } else if self.eat("/*") {
                let mut open = 1;
                while open > 0 {
                    if self.eat("/*") {
                        open += 1;
                    } else if self.eat("*/") {
                        open -= 1;
                    } else if self.at < self.text.len() {
                        self.at = self.next_end();
                    } else {
                        let what = "this comment is never closed by `*/`";
                        return Err(self.fault(what, start, start + 2));
                    }
                }
            } else {
                return Ok(());
            }
        }
    }

    fn value(&mut self) -> Result<Node, Fault> {
        self.skip_blank()?;
        let start = self.at;
        let kind = match self.peek() {
            Some('(') => self.parentheses()?,
            Some('[') => Kind::List(self.sequence(']', Parser::value)?),
            Some('{') => {
                let entries = self.sequence('}', Parser::map_entry)?;
                Kind::Map(self.without_repeats(entries))
            }
            Some('"') => Kind::Text(self.quoted()?),
            Some('r') if self.rest()[1..].trim_start_matches('#').starts_with('"') => {
                Kind::Text(self.raw_quoted()?)
            }
            Some(c) if c.is_ascii_digit() || "+-.".contains(c) => self.number()?,
            Some(c) if c.is_alphabetic() || c == '_' => self.word()?,
            Some('\'') => {
                let what = "a text stands in double quotes, `\"…\"`";
                return Err(self.fault(what, start, self.next_end()));
            }
            Some(c) => {
                let what = format!("expected a value, found `{c}`");
                return Err(self.fault(what, start, self.next_end()));
            }
            None => return Err(self.fault("expected a value, found the end", start, start)),
        };
        Ok(Node { place: self.place(start), kind })
    }

    /// Items between the bracket at hand and `close`, separated by commas.
    fn sequence<T>(
        &mut self,
        close: char,
        item: fn(&mut Parser<'a>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let open = self.at;
        let bracket = self.peek().unwrap_or(close);
        self.at = self.next_end();
        self.depth += 1;
        if self.depth > DEEPEST {
            let what = format!("brackets are nested more than {DEEPEST} deep");
            return Err(self.fault(what, open, open + 1));
        }
        let mut items = Vec::new();
        loop {
            self.skip_blank()?;
            if self.peek() == Some(close) {
                break;
            }
            self.unless_closed(open, bracket)?;
            items.push(item(self)?);
            self.skip_blank()?;
            self.unless_closed(open, bracket)?;
            if self.peek() != Some(close) && !self.eat(",") {
                return Err(self.no_separator(open, bracket, close));
            }
        }
        self.at += 1;
        self.depth -= 1;
        Ok(items)
    }

    fn unless_closed(&self, open: usize, bracket: char) -> Result<(), Fault> {
        if self.at < self.text.len() {
            return Ok(());
        }
        Err(self.fault(format!("this `{bracket}` is never closed"), open, open + 1))
    }

    fn no_separator(&self, open: usize, bracket: char, close: char) -> Fault {
        let end = self.at + self.word_length().max(self.next_end() - self.at);
        let found = &self.text[self.at..end];
        let what = format!("expected `,` or `{close}` here, found `{found}`");
        let line = self.text[..open].matches('\n').count() + 1;
        let fault = self.fault(what, self.at, end);
        let before = self.text[..self.at].trim_end();
        if let (":", '(', Some(name)) = (found, bracket, last_quoted(before)) {
            let start = before.len() - name.len() - 2;
            let what = format!("a name in quotes, `\"{name}\"`, stands in parentheses");
            return self
                .fault(what, start, before.len())
                .help(format!("a setting's name has no quotes, unlike in JSON: `({name}: …)`"))
                .help(format!(
                    "things that you name yourself stand in braces: `{{\"{name}\": …}}`"
                ));
        }
        if let (":" | "=", '(', Some(name)) = (found, bracket, last_word(before)) {
            let start = before.len() - name.len();
            let what = format!("`{name}` has its name, what stands before it has none");
            return self.fault(what, start, before.len()).help(format!(
                "of the values in one pair of parentheses each has its name or none: \
                 `(name: …, {name}: …)`"
            ));
        }
        if found == "=" {
            return fault.help("a setting is written `name: value`");
        }
        fault.help(format!("the `{bracket}` it stands in was opened on line {line}"))
    }

    /// `(name: value, …)`, `(value, …)` or `()`.
    fn parentheses(&mut self) -> Result<Kind, Fault> {
        if self.names_follow()? {
            let entries = self.sequence(')', Parser::record_entry)?;
            Ok(Kind::Record(self.without_repeats(entries)))
        } else {
            Ok(Kind::Tuple(self.sequence(')', Parser::value)?))
        }
    }

    /// Whether the parenthesis at hand opens settings with names, or is empty.
    fn names_follow(&mut self) -> Result<bool, Fault> {
        let start = self.at;
        self.at += 1;
        self.skip_blank()?;
        let empty = self.peek() == Some(')');
        let length = self.word_length();
        self.at += length;
        self.skip_blank()?;
        let named = length > 0 && matches!(self.peek(), Some(':' | '='));
        self.at = start;
        Ok(empty || named)
    }

    fn record_entry(&mut self) -> Result<Entry, Fault> {
        let start = self.at;
        self.at += self.word_length();
        let place = self.place(start);
        let key = &self.text[start..self.at];
        if key.is_empty() {
            let what = "expected a setting's name";
            let quoted = self.rest().strip_prefix('"').and_then(|rest| rest.split_once('"'));
            if let Some((name, _)) = quoted.filter(|(name, _)| !name.contains('\n')) {
                let end = start + name.len() + 2;
                return Err(self.fault(what, start, end).help(format!(
                    "write `{name}: …`: settings have no quotes around their names, unlike in JSON"
                )));
            }
            return Err(self
                .fault(what, start, self.next_end())
                .help("settings are written `name: value`, the name without quotes"));
        }
        self.colon(place, key)?;
        Ok(Entry { key: key.into(), place, value: self.value()? })
    }

    fn map_entry(&mut self) -> Result<Entry, Fault> {
        let start = self.at;
        if self.peek() != Some('"') {
            let end = start + self.word_length().max(self.next_end() - start);
            let what = "a name in braces stands in double quotes";
            let found = &self.text[start..end];
            return Err(self
                .fault(what, start, end)
                .help(format!("write `\"{found}\": …` for a thing that you name yourself"))
                .help(format!("settings stand in parentheses: `({found}: …)`")));
        }
        let key = self.quoted()?;
        let place = self.place(start);
        self.colon(place, &key)?;
        Ok(Entry { key, place, value: self.value()? })
    }

    fn colon(&mut self, name: Place, key: &str) -> Result<(), Fault> {
        self.skip_blank()?;
        if self.eat(":") {
            return Ok(());
        }
        let rest = &self.text[name.start..];
        let whole = rest.find(|c: char| !(c.is_alphanumeric() || "._-".contains(c)));
        let whole = &rest[..whole.unwrap_or(rest.len())];
        if whole.len() > key.len() && !key.is_empty() && rest.starts_with(key) {
            let what =
                format!("`{whole}` is no setting's name: names have letters, digits and `_`");
            let fault = self.fault(what, name.start, name.start + whole.len());
            return Err(match whole.strip_prefix('p').filter(|rest| rest.parse::<f64>().is_ok()) {
                Some(percent) => fault.help(format!(
                    "write a percentile in a distribution as \"{percent}%\": \
                     `Percentiles({{\"50%\": …, \"{percent}%\": …}})`"
                )),
                None => fault.help(format!("write `{}`", whole.replace(['-', '.'], "_"))),
            });
        }
        let what = format!("expected `:` and a value after `{key}`");
        Err(self.fault(what, name.start, name.end).help("a setting is written `name: value`"))
    }

    /// The first of each name; the others become faults.
    fn without_repeats(&mut self, entries: Vec<Entry>) -> Entries {
        let (kept, repeats) = Entries::of(entries);
        for (entry, first) in repeats {
            let what = format!("`{}` is given twice here", entry.key);
            let fault = Fault::new(what).at(entry.place, "").help("remove one of the two");
            self.repeated.push(Repeat { fault, first });
        }
        kept
    }

    /// Bytes of the word at hand, 0 for none.
    fn word_length(&self) -> usize {
        let rest = self.rest();
        if !rest.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            return 0;
        }
        rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len())
    }

    /// `true`, `Word` or `Word(…)`.
    fn word(&mut self) -> Result<Kind, Fault> {
        let start = self.at;
        self.at += self.word_length();
        let word = &self.text[start..self.at];
        match word {
            "true" => return Ok(Kind::Bool(true)),
            "false" => return Ok(Kind::Bool(false)),
            _ => {}
        }
        let end = self.at;
        self.skip_blank()?;
        if self.peek() != Some('(') {
            self.at = end;
            return Ok(Kind::Word(word.into(), None));
        }
        let body = self.at;
        let kind = self.parentheses()?;
        let body = Node { place: self.place(body), kind };
        Ok(Kind::Word(word.into(), Some(Box::new(body))))
    }

    fn number(&mut self) -> Result<Kind, Fault> {
        let start = self.at;
        let mut before = ' ';
        while let Some(c) = self.peek() {
            let sign = "+-".contains(c) && (self.at == start || "eE".contains(before));
            if !(c.is_alphanumeric() || "_.%/".contains(c) || sign) || self.comment_begins() {
                break;
            }
            before = c;
            self.at = self.next_end();
        }
        let text = &self.text[start..self.at];
        let digits = text.replace('_', "");
        if let Some(value) = whole(&digits) {
            return Ok(Kind::Int(text.into(), value));
        }
        let plain = digits.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c));
        match digits.parse::<f64>() {
            Ok(value) if plain && value.is_finite() => Ok(Kind::Float(text.into(), value)),
            _ if text.chars().any(|c| c.is_alphabetic() || "%/".contains(c)) => Err(self
                .fault(format!("`{text}` stands without quotes"), start, self.at)
                .help(format!("write \"{text}\""))),
            _ => Err(self.fault(format!("`{text}` is not a number"), start, self.at)),
        }
    }

    fn comment_begins(&self) -> bool {
        self.rest().starts_with("//") || self.rest().starts_with("/*")
    }
}

/// The name that ends here.
fn last_word(text: &str) -> Option<&str> {
    let rest = text.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    Some(&text[rest.len()..]).filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// The text in quotes that ends here, if it is plain.
fn last_quoted(text: &str) -> Option<&str> {
    let inside = text.strip_suffix('"')?;
    let start = inside.rfind('"')? + 1;
    Some(&inside[start..]).filter(|name| !name.contains(['\n', '\\']))
}

/// A whole number: decimal, `0x`, `0o` or `0b`, with a sign.
fn whole(digits: &str) -> Option<i128> {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, digits.strip_prefix('+').unwrap_or(digits)),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let value = match digits.get(..2) {
        Some("0x") => i128::from_str_radix(&digits[2..], 16),
        Some("0o") => i128::from_str_radix(&digits[2..], 8),
        Some("0b") => i128::from_str_radix(&digits[2..], 2),
        _ => digits.parse(),
    };
    value.ok().map(|value: i128| value.saturating_mul(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Result<Kind, String> {
        parse(text, 0).map(|(node, _)| node.kind).map_err(|fault| fault.what)
    }

    #[test]
    fn texts_read_as_ron_reads_them() {
        for text in [
            r#""plain""#,
            r#""a\n\t\r\\\"\'\0b""#,
            r#""\x41\u{e4}\u{1F600}""#,
            "\"two\nlines\"",
            "r\"raw \\n\"",
            "r##\"with \"# inside\"##",
            "/* a /* b */ c */ \"x\" // y",
        ] {
            let expected: String = ron::from_str(text).expect(text);
            assert_eq!(kind(text), Ok(Kind::Text(expected)), "{text}");
        }
    }

    #[test]
    fn numbers_read_as_ron_reads_them() {
        for text in ["0", "42", "-7", "+7", "1_000", "0x1F", "0b101", "0o17", "-0x10"] {
            let expected: i64 = ron::from_str(text).expect(text);
            assert_eq!(kind(text), Ok(Kind::Int(text.into(), expected.into())), "{text}");
        }
        for text in ["0.5", "-1.25", ".5", "1e3", "1.5e-3", "2E+2", "1."] {
            let expected: f64 = ron::from_str(text).expect(text);
            assert_eq!(kind(text), Ok(Kind::Float(text.into(), expected)), "{text}");
        }
    }

    #[test]
    fn what_ron_refuses_is_refused() {
        for text in [
            "",
            "(",
            ")",
            "[1 2]",
            "{\"a\" 1}",
            "(a: 1 b: 2)",
            "\"open",
            "\"\\q\"",
            "1 2",
            "0x",
            "--1",
            "/* open",
            "(a: )",
            "[,]",
            "(a: 1,,)",
            "r#\"open\"",
            "1.2.3",
            "@",
            "\"\\u{110000}\"",
            "\"\\x4\"",
            "\"\\u{}\"",
        ] {
            assert!(ron::from_str::<ron::Value>(text).is_err(), "ron reads {text}");
            assert!(kind(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_value_knows_its_place() {
        let text = "(a: \"x\", b: [1, Two(3, 4)], c: {\"d\": ()})";
        let (root, _) = parse(text, 5).expect("it parses");
        let slice = |place: Place| &text[place.start..place.end];
        assert_eq!(slice(root.place), text);
        let [a, b, c] = root.entries() else { panic!("{root:?}") };
        assert_eq!((slice(a.place), slice(a.value.place)), ("a", "\"x\""));
        assert_eq!(slice(b.value.items()[1].place), "Two(3, 4)");
        assert_eq!(slice(b.value.items()[1].items()[0].place), "3");
        assert_eq!(slice(c.value.entries()[0].place), "\"d\"");
        assert_eq!(slice(c.value.entries()[0].value.place), "()");
        assert_eq!(root.path_of(c.value.entries()[0].place), "c.d");
        assert_eq!(root.place.source, 5);
    }

    #[test]
    fn a_name_given_twice_is_told_once_each_time() {
        let (root, repeated) =
            parse("(a: 1, a: 2, b: {\"c\": 1, \"c\": 2, \"c\": 3})", 0).expect("so");
        assert_eq!(repeated.len(), 3);
        assert_eq!(root.get("a").map(|entry| &entry.value.kind), Some(&Kind::Int("1".into(), 1)));
    }

    #[test]
    fn brackets_may_nest_64_deep() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(kind(&nested(DEEPEST)).is_ok());
        assert!(kind(&nested(DEEPEST + 1)).is_err());
    }
}
