//! The counts of one file, which are all written alike.
//!
//! Owns which mark parts thousands and which decimals. Must not know where a count stands.
//!
//! Invariant: `1,234` is never read as another number than the one that was written: where the
//! file does not tell, it is a fault.

use super::quote;
use super::stamps::Refused;

/// What a comma or a point parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parts {
    Thousands,
    Decimals,
}

/// What the counts of a file have told so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    comma: Option<Parts>,
    point: Option<Parts>,
    /// A count with a comma before three digits, the first.
    open_comma: Option<String>,
    /// The same with a point.
    open_point: Option<String>,
}

/// How the counts of a file are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    comma: Parts,
    point: Parts,
}

/// Numbers as programming languages write them.
pub(super) const PLAIN: Reading = Reading { comma: Parts::Thousands, point: Parts::Decimals };

const HELP: &str = "expected a number of at least 0, as `94` or `94.0`";

fn refused(text: &str, why: &str, help: &str) -> Refused {
    Refused {
        message: format!("{} is not a count: {why}", quote(text)),
        help: if help.is_empty() { HELP.into() } else { help.into() },
    }
}

/// Blanks and apostrophes between thousands are nothing else, where three digits follow each.
fn without_blanks(text: &str) -> Option<String> {
    let is_mark = |c: char| " \u{a0}\u{202f}\u{2009}'’_".contains(c);
    if !text.contains(is_mark) {
        return Some(text.to_owned());
    }
    let end = text.find(['.', ',']).unwrap_or(text.len());
    let (whole, rest) = text.split_at(end);
    grouped(whole, is_mark).then(|| whole.replace(is_mark, "") + rest)
}

/// Whether there are one to three digits, and after each mark three.
fn grouped(whole: &str, is_mark: impl Fn(char) -> bool) -> bool {
    let mut groups = whole.split(is_mark);
    let digits = |group: &str| group.bytes().all(|b| b.is_ascii_digit());
    groups.next().is_some_and(|group| (1..=3).contains(&group.len()) && digits(group))
        && groups.all(|group| group.len() == 3 && digits(group))
}

impl Evidence {
    /// Takes one count, as it is written, into account.
    ///
    /// # Errors
    /// It is none, or does not fit to those before it.
    pub(super) fn take(&mut self, text: &str) -> Result<(), Refused> {
        if text.is_empty() {
            return Err(refused(
                text,
                "the cell is empty",
                "write 0 for a period in which there was none, and leave out the line of one in \
                 which nothing was recorded: `gaps` says what that is",
            ));
        }
        let Some(number) = without_blanks(text) else {
            return Err(refused(text, "it is not a number", ""));
        };
        let (commas, points) = (number.matches(',').count(), number.matches('.').count());
        if commas == 0 && points == 0 {
            return plain(text, &number).map(|_| ());
        }
        let last = number.rfind([',', '.']).unwrap_or(0);
        let behind = number.len() - last - 1;
        let lone = commas + points == 1;
        if lone {
            let thousands = behind == 3 && grouped(&number, |c| c == ',' || c == '.');
            // `0,125` and `1234,567` are not grouped in thousands.
            let thousands = thousands && !number.starts_with('0');
            let open = if commas == 1 { &mut self.open_comma } else { &mut self.open_point };
            if thousands {
                open.get_or_insert_with(|| text.to_owned());
                return Ok(());
            }
            let told = if commas == 1 {
                (Some(Parts::Decimals), None)
            } else {
                (None, Some(Parts::Decimals))
            };
            plain(text, &number.replace(',', "."))?;
            return self.agree(text, told.0, told.1);
        }
        // Several marks: the last kind parts decimals if it occurs once after the other.
        let (comma, point) = match (commas, points) {
            (_, 0) => (Some(Parts::Thousands), None),
            (0, _) => (None, Some(Parts::Thousands)),
            _ if number.rfind(',') > number.rfind('.') => {
                (Some(Parts::Decimals), Some(Parts::Thousands))
            }
            _ => (Some(Parts::Thousands), Some(Parts::Decimals)),
        };
        let reading = Reading {
            comma: comma.unwrap_or(Parts::Decimals),
            point: point.unwrap_or(Parts::Decimals),
        };
        reading.number(text)?;
        self.agree(text, comma, point)
    }

    fn agree(
        &mut self,
        text: &str,
        comma: Option<Parts>,
        point: Option<Parts>,
    ) -> Result<(), Refused> {
        let own = [("comma", comma, &mut self.comma), ("point", point, &mut self.point)];
        for (mark, new, known) in own {
            let Some(new) = new else { continue };
            if *known.get_or_insert(new) != new {
                let (this, other) = match new {
                    Parts::Thousands => ("thousands", "decimals"),
                    Parts::Decimals => ("decimals", "thousands"),
                };
                return Err(Refused {
                    message: format!(
                        "the {mark} in {} parts {this}, in the lines before it {other}",
                        quote(text)
                    ),
                    help: "write all numbers alike, without marks between thousands".into(),
                });
            }
        }
        if self.comma.is_some() && self.comma == self.point {
            return Err(Refused {
                message: format!("in {} a comma and a point would mean the same", quote(text)),
                help: "write all numbers alike, without marks between thousands".into(),
            });
        }
        Ok(())
    }

    /// How to read each of the counts, now that all are known; `separator` is that of the columns.
    ///
    /// # Errors
    /// The text of a count and why it has several readings.
    pub(super) fn reading(&self, separator: char) -> Result<Reading, (&str, Refused)> {
        use Parts::{Decimals, Thousands};
        let other = |parts: Parts| if parts == Decimals { Thousands } else { Decimals };
        let comma = self.comma.or(self.point.map(other));
        let point = self.point.or(self.comma.map(other));
        let open = |text: &String, mark: char| Refused {
            message: format!("{} may be thousands or decimals", quote(text)),
            help: format!(
                "no count in the file tells what its `{mark}` parts: write it without, as \
                 `{}`",
                text.replace(mark, "")
            ),
        };
        // Where commas part columns, a comma inside one parts thousands, and a point decimals.
        // Semicolons are written where a comma parts decimals, so a point may part thousands.
        let comma = match (comma, &self.open_comma) {
            (None, Some(text)) if separator != ',' => return Err((text, open(text, ','))),
            (comma, _) => comma.unwrap_or(Thousands),
        };
        let point = match (point, &self.open_point) {
            (None, Some(text)) if separator == ';' => return Err((text, open(text, '.'))),
            (point, _) => point.unwrap_or(Decimals),
        };
        Ok(Reading { comma, point })
    }
}

impl Reading {
    /// The number that a count is.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn number(self, text: &str) -> Result<f64, Refused> {
        let no_number = || refused(text, "it is not a number", "");
        let number = without_blanks(text).ok_or_else(no_number)?;
        let mark = |parts: Parts| match (self.comma == parts, self.point == parts) {
            (true, _) => Some(','),
            (_, true) => Some('.'),
            _ => None,
        };
        let (whole, decimals) = match mark(Parts::Decimals).and_then(|c| number.split_once(c)) {
            Some((whole, decimals)) => (whole, Some(decimals)),
            None => (number.as_str(), None),
        };
        let whole = match mark(Parts::Thousands) {
            Some(c) if whole.contains(c) => {
                if !grouped(whole, |found| found == c) {
                    return Err(no_number());
                }
                whole.replace(c, "")
            }
            _ => whole.to_owned(),
        };
        match decimals {
            Some(decimals) => plain(text, &format!("{whole}.{decimals}")),
            None => plain(text, &whole),
        }
    }
}

/// A number without marks between thousands.
fn plain(text: &str, number: &str) -> Result<f64, Refused> {
    match number.parse::<f64>() {
        Err(_) if number.ends_with(['k', 'K', 'm', 'M']) => {
            Err(refused(text, "it is rounded", "export whole numbers, as `1234`"))
        }
        Err(_) => Err(refused(text, "it is not a number", "")),
        Ok(number) if !number.is_finite() => Err(refused(text, "it is not finite", "")),
        Ok(number) if number < 0.0 => Err(refused(text, "it is negative", "")),
        Ok(number) => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(separator: char, texts: &[&str]) -> Result<Vec<f64>, String> {
        let mut evidence = Evidence::default();
        for text in texts {
            evidence.take(text).map_err(|refused| refused.message)?;
        }
        let reading = evidence.reading(separator).map_err(|(_, refused)| refused.message)?;
        let number = |text: &&str| reading.number(text).map_err(|refused| refused.message);
        texts.iter().map(number).collect()
    }

    #[test]
    fn thousands_and_decimals_are_told_apart() {
        let cases: [(char, &[&str], &[f64]); 14] = [
            (',', &["94", "94.0", "0.5"], &[94.0, 94.0, 0.5]),
            (',', &["1,234"], &[1_234.0]),
            (',', &["1,234.5", "1,234,567"], &[1_234.5, 1_234_567.0]),
            (',', &["1.234"], &[1.234]),
            (';', &["1.234,5"], &[1_234.5]),
            (';', &["94,5", "1,234"], &[94.5, 1.234]),
            (';', &["94,5", "1.234"], &[94.5, 1_234.0]),
            (';', &["94.5", "1,234"], &[94.5, 1_234.0]),
            (';', &["1.234.567"], &[1_234_567.0]),
            (';', &["0,125"], &[0.125]),
            ('\t', &["1234.567"], &[1_234.567]),
            ('\t', &["1 234", "1\u{202f}234", "1'234"], &[1_234.0; 3]),
            (',', &["1e3", "+5"], &[1_000.0, 5.0]),
            (',', &["12,34,567.0"], &[0.0]),
        ];
        for (separator, texts, expected) in cases {
            let found = read(separator, texts);
            if texts == ["12,34,567.0"] {
                assert!(found.is_err(), "{found:?}");
                continue;
            }
            assert_eq!(found.as_deref(), Ok(expected), "{texts:?}");
        }
    }

    #[test]
    fn what_may_be_either_is_refused() {
        let cases: [(char, &[&str], &str); 10] = [
            (';', &["1,234"], "`1,234` may be thousands or decimals"),
            ('\t', &["1,234"], "`1,234` may be thousands or decimals"),
            (';', &["1.234"], "`1.234` may be thousands or decimals"),
            (';', &["94.5", "94,5"], "in `94,5` a comma and a point would mean the same"),
            (
                ',',
                &["1,234,567", "1,5"],
                "the comma in `1,5` parts decimals, in the lines before it thousands",
            ),
            (',', &[""], "`` is not a count: the cell is empty"),
            (',', &["1.2k"], "`1.2k` is not a count: it is rounded"),
            (',', &["-3"], "`-3` is not a count: it is negative"),
            (',', &["inf"], "`inf` is not a count: it is not finite"),
            (',', &["n/a"], "`n/a` is not a count: it is not a number"),
        ];
        for (separator, texts, expected) in cases {
            assert_eq!(read(separator, texts), Err(expected.to_owned()), "{texts:?}");
        }
    }
}
