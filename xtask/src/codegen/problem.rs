//! A mistake in openapi.yaml: where it is, what it is, and how to fix it.

use std::fmt;

/// One mistake.
#[derive(Debug)]
pub(super) struct Problem {
    /// JSON pointer of the place.
    pub(super) pointer: String,
    /// Line of the place in openapi.yaml, counted from 1.
    pub(super) line: usize,
    pub(super) message: String,
    /// What to do about it, as an imperative.
    pub(super) fix: String,
}

/// Mistakes of one stage of the check, at least one.
#[derive(Debug)]
pub(super) struct Problems(pub(super) Vec<Problem>);

impl std::error::Error for Problems {}

/// More than these are counted and not listed.
const LISTED: usize = 20;

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        let noun = if count == 1 { "mistake" } else { "mistakes" };
        write!(formatter, "openapi.yaml has {count} {noun}")?;
        for problem in self.0.iter().take(LISTED) {
            write!(
                formatter,
                "\n\nopenapi.yaml:{}: {}\n  {}\n  fix: {}",
                problem.line,
                if problem.pointer.is_empty() {
                    "/"
                } else {
                    &problem.pointer
                },
                problem.message,
                problem.fix
            )?;
        }
        if count > LISTED {
            write!(formatter, "\n\nand {} more", count - LISTED)?;
        }
        Ok(())
    }
}

/// The pointer of the part under this key.
pub(super) fn child(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// The known word that is most similar.
pub(super) fn nearest<'w>(word: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let limit = (word.chars().count() / 3).max(1);
    words
        .into_iter()
        .map(|candidate| {
            let distance =
                strsim::damerau_levenshtein(&word.to_lowercase(), &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How to fix an unknown word: the most similar known one, or the list.
pub(super) fn choose<'w, W>(word: &str, words: W) -> String
where
    W: IntoIterator<Item = &'w str> + Clone,
{
    match nearest(word, words.clone()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => {
            let listed: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
            format!("use one of {}", listed.join(", "))
        }
    }
}
