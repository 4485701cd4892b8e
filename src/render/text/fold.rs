//! Lines that fit a terminal of 80 columns.
//!
//! Owns where a line that is longer goes on below. The width is always the same, so that an answer
//! has the same bytes whoever reads it. Must not know what a line says.
//!
//! Invariant: a line is broken at blanks only; a single word that is longer stays whole. A command
//! stays one to copy: it goes on behind a backslash, nothing inside quotes is broken, and what is
//! said behind it comes before it.

use super::Style;
use crate::scenario::visible::visible_line;

/// Columns of a terminal.
pub(super) const COLUMNS: usize = 80;

/// Where a sentence stands behind the word that opens it, and an expectation behind its verdict.
const HANGING: [usize; 2] = [12, 8];
/// Between a command and what is said behind it.
const BEHIND: &str = "        ";

/// All lines as one text, each at most as wide as a terminal. Nothing in them is obeyed by it but
/// the colours of a style that has them.
pub(super) fn text(lines: &[String], style: Style) -> String {
    let shown = lines.iter().flat_map(|line| fold(&visible_line(line, style.colour)));
    shown.map(|line| line + "\n").collect()
}

/// A line that is too long, as several.
pub fn fold(line: &str) -> Vec<String> {
    if width(line) <= COLUMNS {
        return vec![line.to_owned()];
    }
    if !is_command(line) {
        return broken(&words(line, false), hanging(line), COLUMNS, "");
    }
    // What the line is set in by is no gap behind a command.
    let behind = line.trim_start().split_once(BEHIND).map_or("", |(_, behind)| behind);
    let command = line.strip_suffix(behind).unwrap_or(line).trim_end();
    let said = (!behind.is_empty()).then(|| behind.to_owned());
    let command = if width(command) <= COLUMNS {
        vec![command.to_owned()]
    } else {
        let inset = leading(command) + 4;
        broken(&words(command, true), inset, COLUMNS - 2, " \\")
    };
    said.into_iter().chain(command).collect()
}

/// A text as lines of at most `to` columns.
pub(super) fn within(text: &str, to: usize) -> Vec<String> {
    broken(&words(text, false), 0, to, "")
}

/// The columns of a text; colours take none.
pub(super) fn width(text: &str) -> usize {
    let mut escaped = false;
    let shown = text.chars().filter(|&c| {
        let shows = !escaped && c != '\x1b';
        escaped = if escaped { c != 'm' } else { c == '\x1b' };
        shows
    });
    shown.count()
}

fn leading(line: &str) -> usize {
    line.chars().take_while(|c| *c == ' ').count()
}

fn is_command(line: &str) -> bool {
    let line = line.trim_start();
    ["repeat: sqsim ", "look: sqsim ", "sqsim "].iter().any(|start| line.starts_with(start))
}

/// How far a line's continuation is set in.
fn hanging(line: &str) -> usize {
    let mut column = 0;
    let starts = words(line, false).into_iter().skip(1).map(|(gap, word)| {
        let start = column + gap;
        column = start + width(word);
        (gap, start)
    });
    let first = words(line, false).first().map_or(0, |(gap, word)| gap + width(word));
    let starts: Vec<(usize, usize)> = starts.map(|(gap, start)| (gap, start + first)).collect();
    let behind = HANGING.iter().find(|to| starts.iter().any(|(gap, at)| *gap > 1 && at == *to));
    behind.copied().unwrap_or(leading(line) + 2)
}

/// The words of a line, each with the number of blanks before it.
fn words(line: &str, quotes: bool) -> Vec<(usize, &str)> {
    let (mut found, mut gap, mut start, mut inside) = (Vec::new(), 0, None, false);
    for (at, c) in line.char_indices() {
        match (c, start) {
            (' ', Some(from)) if !inside => {
                found.push((gap, &line[from..at]));
                (gap, start) = (1, None);
            }
            (' ', None) => gap += 1,
            (_, from) => {
                inside ^= quotes && c == '\'';
                start = from.or(Some(at));
            }
        }
    }
    found.extend(start.map(|from| (gap, &line[from..])));
    found
}

/// Words as lines of at most `to` columns, those behind the first set in, those before the last
/// with `end` behind them.
fn broken(words: &[(usize, &str)], inset: usize, to: usize, end: &str) -> Vec<String> {
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for (at, (gap, word)) in words.iter().enumerate() {
        let fits = used + gap + width(word) <= to;
        if at > 0 && used > inset && !fits {
            lines.push(std::mem::take(&mut line) + end);
            line = " ".repeat(inset);
            used = inset;
        } else {
            line += &" ".repeat(*gap);
            used += gap;
        }
        line += word;
        used += width(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_as_it_is() {
        let line = "x".repeat(80);
        assert_eq!(fold(&line), std::slice::from_ref(&line));
        let coloured = format!("\x1b[1m{line}\x1b[0m");
        assert_eq!(fold(&coloured), std::slice::from_ref(&coloured), "colours take no columns");
    }

    /// The 16 words "nine…" of 9 letters and a blank each: behind an opening of 12 columns six fit
    /// (12 + 6 · 10 - 1 = 71), and six below.
    #[test]
    fn a_sentence_goes_on_under_its_beginning() {
        let line = format!("Consumers   {}", ["nineletts"; 16].join(" "));
        let six = ["nineletts"; 6].join(" ");
        let expected = [
            format!("Consumers   {six}"),
            format!("{:12}{six}", ""),
            format!("{:12}{}", "", ["nineletts"; 4].join(" ")),
        ];
        assert_eq!(fold(&line), expected);
        let bold = line.replace("Consumers", "\x1b[1mConsumers\x1b[0m");
        assert_eq!(fold(&bold)[1..], expected[1..]);
        let judged = format!("  ok    {}", ["nineletts"; 10].join(" "));
        assert!(fold(&judged)[1].starts_with("        nine"));
        assert!(fold(&["nineletts"; 10].join(" "))[1].starts_with("  nine"));
    }

    #[test]
    fn a_command_stays_one_to_copy() {
        let set = "--set 'expect=[\"p99(sent_to_deleted) < 30s\"]'";
        let line = format!("repeat: sqsim run models/x.ron {set} {set} --seed 1        outcome ab");
        let folded = fold(&line);
        assert!(folded.iter().all(|line| width(line) <= 80), "{folded:#?}");
        assert_eq!(folded[0], "outcome ab");
        let command = folded[1..].join("\n").replace(" \\\n   ", "");
        assert_eq!(command + "        outcome ab", line);
    }

    #[test]
    fn a_command_that_is_set_in_is_broken_as_well() {
        let set = "--set 'producers.web.arrivals=Poisson(\"1/s\")'";
        let line = format!("{:12}look: sqsim trace models/x.ron --message 10 --seed 42 {set}", "");
        let folded = fold(&line);
        let first =
            format!("{:12}look: sqsim trace models/x.ron --message 10 --seed 42 --set \\", "");
        assert_eq!(folded, [first, format!("{:16}{}", "", &set[6..])]);
    }

    #[test]
    fn a_word_without_end_stays_whole() {
        let word = "y".repeat(100);
        assert_eq!(
            fold(&format!("Note        {word} z")),
            [format!("Note        {word}"), format!("{:12}z", "")]
        );
    }
}
