//! Finding the known name that is most similar to an unknown one.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

/// The name that is most like the given one, if any is like it.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = plain(name);
    known
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&given, &plain(candidate)), candidate))
        .min_by_key(|(distance, _)| *distance)
        // A third of the letters may differ; with more, it is another word.
        .filter(|(distance, _)| distance * 3 <= given.chars().count())
        .map(|(_, candidate)| candidate)
}

/// The text with composed letters: files from a Mac write `é` as `e` and an accent.
pub(super) fn nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || unicode_normalization::is_nfc(text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// The name without what people vary: case, spaces, punctuation, umlauts.
pub(super) fn plain(name: &str) -> String {
    let mut plain = String::new();
    for character in name.chars().flat_map(char::to_lowercase) {
        match character {
            'ä' => plain.push_str("ae"),
            'ö' => plain.push_str("oe"),
            'ü' => plain.push_str("ue"),
            'ß' => plain.push_str("ss"),
            other if other.is_alphanumeric() => plain.push(other),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_understood_and_other_words_are_not() {
        let known = ["from", "constant", "date-times"];
        for (name, meant) in [
            ("form", Some("from")),
            ("constnat", Some("constant")),
            ("dateTimes", Some("date-times")),
            ("color", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, known), meant, "{name}");
        }
        assert_eq!(plain("Größe (in m²)"), "groesseinm²");
    }
}
