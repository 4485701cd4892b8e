//! Numbers on pictures, for people: three significant digits and a unit.
//!
//! Owns the short forms `551ms`, `12.3k`, `1.2%`. Must not know where they stand. The exact values
//! are in the outcome.

/// Three significant digits without trailing zeros.
fn short(value: f64) -> String {
    let digits = match value {
        v if v >= 99.95 => 0,
        v if v >= 9.995 => 1,
        v if v >= 0.9995 => 2,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') {
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    text
}

/// A count or rate: `0`, `0.25`, `999`, `12.3k`, `1.5M`, `2G`.
pub(super) fn count(value: f64) -> String {
    match value {
        v if v >= 999.5e6 => format!("{}G", short(v / 1e9)),
        v if v >= 999.5e3 => format!("{}M", short(v / 1e6)),
        v if v >= 999.5 => format!("{}k", short(v / 1e3)),
        v => short(v),
    }
}

/// A length of time in nanoseconds: `17ms`, `1.24s`, `12.5min`, `14d`.
pub(super) fn length(nanos: f64) -> String {
    match nanos {
        0.0 => "0s".to_owned(),
        n if n < 999.5 => format!("{}ns", short(n)),
        n if n < 999.5e3 => format!("{}us", short(n / 1e3)),
        n if n < 999.5e6 => format!("{}ms", short(n / 1e6)),
        n if n < 600e9 => format!("{}s", short(n / 1e9)),
        n if n < 7_200e9 => format!("{}min", short(n / 60e9)),
        n if n < 172_800e9 => format!("{}h", short(n / 3_600e9)),
        n => format!("{}d", short(n / 86_400e9)),
    }
}

/// A share: `1.2%`.
pub(super) fn percent(share: f64) -> String {
    format!("{}%", short(share * 100.0))
}

/// `text`, or its beginning where it is longer than `most` characters.
pub(super) fn clipped(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_short() {
        let cases = [
            (0.0, "0"),
            (0.25, "0.25"),
            (40.02, "40"),
            (999.4, "999"),
            (999.6, "1k"),
            (12_345.0, "12.3k"),
            (1_500_000.0, "1.5M"),
            (2e9, "2G"),
        ];
        for (value, expected) in cases {
            assert_eq!(count(value), expected);
        }
    }

    #[test]
    fn lengths_have_the_unit_people_use() {
        let cases = [
            (0.0, "0s"),
            (551e6, "551ms"),
            (1.2439e9, "1.24s"),
            (90e9, "90s"),
            (127e9, "127s"),
            (750e9, "12.5min"),
            (14.0 * 86_400e9, "14d"),
        ];
        for (nanos, expected) in cases {
            assert_eq!(length(nanos), expected);
        }
    }

    #[test]
    fn long_names_are_clipped_by_characters() {
        assert_eq!(clipped("héllo", 5), "héllo");
        assert_eq!(clipped("héllos", 5), "héll…");
    }
}
