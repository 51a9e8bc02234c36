//! Names in several languages and CRMs, read from `words.toml`: months, headers.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use super::model::MappingError;
use super::nearest::nearest;

/// The data file that contributors extend; its head says how.
pub(super) const WORDS: &str = include_str!("words.toml");

/// The languages of the data file.
pub(super) struct Languages {
    months: BTreeMap<String, Arc<MonthNames>>,
    /// In all languages, in lower case without dots.
    weekdays: HashSet<String>,
}

/// The names of months in one language and in English, in lower case without dots.
#[derive(Debug, Default)]
pub(super) struct MonthNames(HashMap<String, u8>);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    months: BTreeMap<String, Vec<Vec<String>>>,
    weekdays: BTreeMap<String, Vec<String>>,
}

static LANGUAGES: LazyLock<Languages> = LazyLock::new(|| {
    // A test reads the file and reports what is wrong with it.
    let file = toml::from_str::<File>(WORDS).ok();
    let (names, weekdays) = file.map_or_else(Default::default, |file| (file.months, file.weekdays));
    let english = MonthNames::default().with(names.get("en"));
    let months = names.iter().map(|(language, names)| {
        let months = MonthNames(english.0.clone()).with(Some(names));
        (language.clone(), Arc::new(months))
    });
    Languages {
        months: months.collect(),
        weekdays: weekdays.into_values().flatten().collect(),
    }
});

/// The languages of the data file.
pub(super) fn languages() -> &'static Languages {
    &LANGUAGES
}

impl Languages {
    /// The names of months of a language, English if none is named.
    pub(super) fn months(&self, language: Option<&str>) -> Result<Arc<MonthNames>, MappingError> {
        let language = language.unwrap_or("en").to_lowercase();
        // `pt-BR` is `pt`.
        let base = language.split(['-', '_']).next().unwrap_or_default();
        self.months.get(base).cloned().ok_or_else(|| {
            let known: Vec<&str> = self.months.keys().map(String::as_str).collect();
            let advice = match nearest(base, known.iter().copied()) {
                Some(meant) => format!("did you mean {meant:?}?"),
                None => format!("known: {}", known.join(", ")),
            };
            MappingError::new(format!(
                "the months of language {language:?} are not known; {advice}"
            ))
            .within("language")
        })
    }

    /// Whether a word is a weekday in any language.
    pub(super) fn is_weekday(&self, word: &str) -> bool {
        self.weekdays.contains(&word.to_lowercase())
    }

    /// The languages whose months are known.
    pub(super) fn of_months(&self) -> impl Iterator<Item = &str> {
        self.months.keys().map(String::as_str)
    }
}

impl MonthNames {
    fn with(mut self, months: Option<&Vec<Vec<String>>>) -> Self {
        for (number, names) in (1..).zip(months.into_iter().flatten()) {
            for name in names {
                self.0.insert(name.clone(), number);
            }
        }
        self
    }

    /// The cell with the month's number instead of its name; nothing without such a name.
    pub(super) fn to_numbers(&self, cell: &str) -> Option<String> {
        // The first of a month, in French.
        let first = cell.strip_prefix("1er ").map(|rest| format!("1 {rest}"));
        let cell = first.as_deref().unwrap_or(cell);
        let mut begin = None;
        let ends = cell.char_indices().chain([(cell.len(), ' ')]);
        for (at, character) in ends {
            match (begin, character.is_alphabetic()) {
                (None, true) => begin = Some(at),
                (Some(start), false) => {
                    let word = cell[start..at].to_lowercase();
                    if let Some(month) = self.0.get(&word) {
                        let rest = &cell[at..];
                        // An abbreviation's dot belongs to the name.
                        let rest = rest.strip_prefix('.').unwrap_or(rest);
                        return Some(format!("{}{month:02}{rest}", &cell[..start]));
                    }
                    begin = None;
                }
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_twelve_months_written_plain() {
        let file: File = toml::from_str(WORDS).unwrap();
        for language in ["de", "en", "es", "fr", "it", "nl", "pt"] {
            assert!(file.months.contains_key(language), "{language}");
        }
        for (language, weekdays) in &file.weekdays {
            assert!(file.months.contains_key(language), "{language}");
            for name in weekdays {
                assert_eq!(*name, name.to_lowercase().replace('.', ""), "{language}");
            }
        }
        for (language, months) in &file.months {
            assert_eq!(months.len(), 12, "{language}");
            for name in months.iter().flatten() {
                assert_eq!(*name, name.to_lowercase().replace('.', ""), "{language}");
            }
        }
    }

    #[test]
    fn names_of_months_become_numbers() {
        let french = languages().months(Some("fr")).unwrap();
        for (cell, expected) in [
            ("15 janv. 2026 09:30", Some("15 01 2026 09:30")),
            ("1er août 2026", Some("1 08 2026")),
            ("Dec-25", Some("12-25")),
            ("30.06.2026", None),
        ] {
            assert_eq!(french.to_numbers(cell).as_deref(), expected, "{cell}");
        }
        let error = languages().months(Some("dee")).map(drop).unwrap_err();
        assert!(error.to_string().contains("known"), "{error}");
    }
}
