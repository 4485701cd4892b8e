//! The name that was probably meant.
//!
//! Owns when a name is near enough to be worth a question. Must not know what names stand for.

/// Letters of the longest word that is compared with names: nobody mistyped a longer one.
const LONGEST: usize = 200;

/// The nearest of `names` to `typed`, if at most a third of the letters are slips of the fingers:
/// one too many, one too few, another one, two neighbours that changed places (the distance of
/// optimal string alignment). Capitals are no slip.
pub(crate) fn nearest<'a>(
    typed: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let letters = typed.chars().count();
    let far = (letters / 3).max(1);
    let typed = typed.to_lowercase();
    // The distance is no less than the difference in length.
    let comparable =
        |name: &&str| letters <= LONGEST && name.chars().count().abs_diff(letters) <= far;
    names
        .into_iter()
        .filter(comparable)
        .map(|name| (strsim::osa_distance(&typed, &name.to_lowercase()), name))
        .filter(|&(distance, _)| distance <= far)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_names_are_proposed() {
        let names = ["visibility_timeout", "delay", "retention"];
        assert_eq!(nearest("visibility_timeuot", names), Some("visibility_timeout"));
        assert_eq!(nearest("Dealy", names), Some("delay"));
        assert_eq!(nearest("partitions", names), None);
    }

    #[test]
    fn at_most_a_third_of_the_letters_may_differ() {
        assert_eq!(nearest("sett", ["sent", "send"]), Some("sent"));
        assert_eq!(nearest("so", ["sent", "to"]), Some("to"), "one slip is allowed at least");
        assert_eq!(nearest("visbie", ["visible", "invisible"]), Some("visible"), "two of six");
        assert_eq!(nearest("visb", ["visible"]), None, "three of four");
        assert_eq!(nearest("ivs", ["vis"]), Some("vis"), "two that changed places are one slip");
        let long = "a".repeat(LONGEST + 1);
        assert_eq!(nearest(&long, [long.as_str()]), None);
    }
}
