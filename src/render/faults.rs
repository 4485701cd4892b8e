//! Faults on a terminal: each with the line it stands in, as rustc shows them.
//!
//! Owns the frame around the faulty line and its colours. Must not know what a scenario means; what
//! is told without a frame is said by `Display` of [`Faults`].

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Message, Origin, Renderer, Snippet, Title};

use crate::scenario::fault::{Fault, FaultSource, Faults, Place, Severity};
use crate::scenario::visible::brief;

/// Longest line in bytes that is shown.
const LONGEST_LINE: usize = 2_000;

impl Faults {
    /// All of them as a person reads them, with ANSI colours or without. Ends with a line break.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Ascii);
        let mut blocks: Vec<String> =
            self.iter().map(|fault| self.render_one(fault, &renderer)).collect();
        for note in self.left_out() {
            let note = Group::with_title(Level::NOTE.primary_title(note));
            blocks.push(renderer.render(&[note]) + "\n");
        }
        blocks.join("\n")
    }

    fn render_one(&self, fault: &Fault, renderer: &Renderer) -> String {
        let level = match fault.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(brief(&fault.what));
        let source = fault.place.and_then(|place| Some((place, self.sources().get(place.source)?)));
        let group = match source {
            None => Group::with_title(title).elements(noted(&fault.path)),
            Some((place, source)) => framed(title, &fault.path, place, source),
        };
        let mut out = renderer.render(&[group]) + "\n";
        for (number, help) in fault.advice().enumerate() {
            if number == 0 {
                out.push('\n');
            }
            out += &renderer.render(&[Group::with_title(Level::HELP.primary_title(brief(&help)))]);
            out.push('\n');
        }
        out
    }
}

/// A title over the line of a place; a line too long to be read is only named.
fn framed<'a>(title: Title<'a>, path: &str, place: Place, source: &'a FaultSource) -> Group<'a> {
    let name = brief(&source.name);
    let (line, shift, text) = line_of(&source.text, place);
    if text.len() > LONGEST_LINE {
        let (_, column) = source.line_and_column(place.start);
        let origin = Origin::path(name).line(line).char_column(column);
        return title.element(origin).elements(noted(path));
    }
    let span = place.start - shift..(place.end - shift).min(text.len());
    let mark = AnnotationKind::Primary.span(span).label(at(path));
    title.element(Snippet::source(text).path(name).line_start(line).annotation(mark))
}

/// The setting, where its line is not shown.
fn noted(path: &str) -> Option<Message<'static>> {
    at(path).map(|at| Level::NOTE.message(at))
}

/// `at queues.jobs.delay`; `None` for no path.
fn at(path: &str) -> Option<String> {
    (!path.is_empty()).then(|| format!("at {}", brief(path)))
}

/// The line on which a place begins: its number, the byte where it starts and its text.
fn line_of(text: &str, place: Place) -> (usize, usize, &str) {
    let start = text[..place.start].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[place.start..].find('\n').map_or(text.len(), |length| place.start + length);
    (text[..start].matches('\n').count() + 1, start, text[start..end].trim_end_matches('\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let shown = Faults::unreadable(Fault::new("bad \u{1b}[31mname")).render(false);
        assert_eq!(shown, "error: bad \\u{1b}[31mname\n");
    }

    #[test]
    fn a_line_too_long_to_be_read_is_only_named() {
        let text = format!("a\n{}b", "ä".repeat(2_000));
        let mut faults = Faults::none_in(vec![FaultSource { name: "x.ron".into(), text }]);
        faults.push(Fault::new("wrong").at(Place { source: 0, start: 4_002, end: 4_003 }, "a.b"));
        let shown = faults.render(false);
        assert!(shown.contains("x.ron:2:2001") && shown.contains("at a.b"), "{shown}");
        assert!(shown.len() < 200, "{shown}");
    }

    #[test]
    fn what_stands_in_no_text_is_named_by_its_path() {
        let nowhere = Fault { path: "queues.q.delay".into(), ..Fault::new("wrong") };
        let shown = Faults::of(nowhere.help("change it")).render(false);
        assert_eq!(shown, "error: wrong\n |\n = note: at queues.q.delay\n\nhelp: change it\n");
    }
}
