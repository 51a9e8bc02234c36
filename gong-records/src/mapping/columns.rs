//! Finding the column with a name of the mapping.

use super::model::MappingError;
use super::nearest::{nearest, nfc};
use super::text::excerpt;

/// A column of a CSV, or a path into the records of a JSON file.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) index: usize,
    pub(super) name: String,
}

impl Column {
    /// From 1, as people count.
    pub(super) fn number(&self) -> u64 {
        self.index as u64 + 1
    }
}

/// The delimiter that seems to be between the names of a header that is one cell.
fn other_delimiter(header: &[String]) -> Option<char> {
    let [only] = header else { return None };
    let likely = [';', ',', '\t', '|'];
    let count = |delimiter: &char| only.matches(*delimiter).count();
    likely
        .into_iter()
        .filter(|one| count(one) > 0)
        .max_by_key(count)
}

/// The encoding of a header that was decoded with another one, from its garbled umlauts.
fn encoding_meant(header: &[impl AsRef<str>]) -> Option<&'static str> {
    let holds = |text: &str| header.iter().any(|name| name.as_ref().contains(text));
    if holds("\u{fffd}") {
        Some("windows-1252")
    } else {
        // ä, ö, ü and é in UTF-8, with each byte read as a letter.
        let read_as_letters = ["Ã¤", "Ã¶", "Ã¼", "Ã„", "Ã–", "Ãœ", "ÃŸ", "Ã©"];
        read_as_letters.into_iter().any(holds).then_some("utf-8")
    }
}

/// The column of this name; case counts only where names differ by nothing else.
pub(super) fn find(name: &str, header: &[String]) -> Result<Column, MappingError> {
    let name = &*nfc(name.trim());
    let exact = |known: &&String| nfc(known) == name;
    let lower = name.to_lowercase();
    let alike = |known: &&String| nfc(known).to_lowercase() == lower;
    let count = |is_meant: &dyn Fn(&&String) -> bool| header.iter().filter(is_meant).count();
    let is_meant: &dyn Fn(&&String) -> bool = if count(&exact) > 0 { &exact } else { &alike };
    match count(is_meant) {
        0 => {
            let meant = nearest(name, header.iter().map(String::as_str));
            let meant = meant.filter(|meant| encoding_meant(&[meant]).is_none());
            let advice = if let Some(delimiter) = other_delimiter(header) {
                let only = excerpt(&header[0]);
                format!("its header is one cell, {only:?}: is the delimiter {delimiter:?}?")
            } else if let Some(meant) = meant {
                format!("did you mean {meant:?}?")
            } else if let Some(encoding) = encoding_meant(header) {
                format!("there are {header:?}: is the encoding {encoding:?}?")
            } else {
                format!("there are {header:?}")
            };
            Err(MappingError::new(format!(
                "the file has no column {name:?}; {advice}"
            )))
        }
        1 => {
            let index = header
                .iter()
                .position(|known| is_meant(&known))
                .unwrap_or_default();
            Ok(Column {
                index,
                name: header[index].clone(),
            })
        }
        times => Err(MappingError::new(format!(
            "the file has {times} columns called {name:?}; rename all but one of them"
        ))),
    }
}
