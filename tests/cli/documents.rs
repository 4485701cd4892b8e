//! Documents for programs, read as strictly as programs read them.

/// The rows of a table (RFC 4180).
pub(crate) fn csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut chars) = (false, text.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => field.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            c => field.push(c),
        }
    }
    assert!(!quoted && field.is_empty() && row.is_empty(), "the last row ends");
    rows
}

/// Why a picture is no XML, as far as ours use it: elements, attributes and texts.
pub(crate) fn svg(text: &str) -> Result<(), String> {
    let allowed = |c: char| matches!(c, '\n' | '\t') || !(c.is_control() || c == '\u{fffe}');
    if let Some(c) = text.chars().find(|c| !allowed(*c)) {
        return Err(format!("{c:?} is no character of XML"));
    }
    let (mut open, mut rest) = (Vec::new(), text.trim_end());
    while let Some((before, after)) = rest.split_once('<') {
        references(before)?;
        if open.is_empty() && (!before.is_empty() || rest != text.trim_end()) {
            return Err(format!("{before:?} stands outside"));
        }
        let (tag, after) = after.split_once('>').ok_or("a tag does not end")?;
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Err(format!("`{name}` is closed where it is not open"));
            }
        } else {
            let (tag, closed) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
            let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
            self::attributes(attributes)?;
            if !closed {
                open.push(name);
            }
        }
    }
    if open.is_empty() && rest.is_empty() { Ok(()) } else { Err(format!("{open:?} stay open")) }
}

/// `name="value"`, as often as it comes.
fn attributes(text: &str) -> Result<(), String> {
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, value) = rest.split_once("=\"").ok_or(format!("{rest:?} has no value"))?;
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-:_".contains(&b)) {
            return Err(format!("{name:?} is no name"));
        }
        let (value, after) = value.split_once('"').ok_or(format!("{value:?} does not end"))?;
        references(value)?;
        rest = after.trim_start();
    }
    Ok(())
}

/// Every `&` begins a reference that XML knows.
fn references(text: &str) -> Result<(), String> {
    let known = ["amp;", "lt;", "gt;", "quot;", "apos;"];
    let wrong = text.split('&').skip(1).find(|rest| !known.iter().any(|end| rest.starts_with(end)));
    wrong.map_or(Ok(()), |rest| Err(format!("`&{rest}` is no reference")))
}

#[test]
fn what_is_no_picture_is_known() {
    svg("<svg a=\"1\" b-c=\"&lt;\">\n<text x=\"1\">a &amp; b</text><line/></svg>\n")
        .expect("it is one");
    for wrong in [
        "<svg>\u{1b}</svg>",
        "<svg>\u{9b}</svg>",
        "<svg>",
        "</svg>",
        "<svg><a></svg></a>",
        "<svg a=1/>",
        "<svg>a & b</svg>",
        "<svg a=\"&x;\"/>",
        "x<svg/>",
        "<svg/>x",
        "<svg/><svg/>",
        "<svg a=\"<\"/",
    ] {
        assert!(svg(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn quotes_keep_commas_and_lines_in_a_field() {
    assert_eq!(csv("a,\"b,\"\"c\n\"\n"), [["a", "b,\"c\n"]]);
}
