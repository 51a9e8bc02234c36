//! The text of a query, and what messages call it.

use std::path::Path;

use crate::open_error::OpenError;

/// How much of a query is its name in messages.
const SHOWN: usize = 40;

/// A query.
///
/// ```
/// use std::path::Path;
///
/// use gong_sources::sql::Query;
///
/// let query = Query::find("select id, name from accounts;", Path::new(""))?;
/// assert_eq!(query.text(), "select id, name from accounts");
/// assert_eq!(query.name(), "select id, name from accounts");
/// # Ok::<(), gong_sources::OpenError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    name: String,
    text: String,
}

impl Query {
    /// Finds a query: that in a file whose name ends in `.sql`, or the text itself.
    ///
    /// # Errors
    ///
    /// [`OpenError::Query`] when the file can't be read.
    pub fn find(text: &str, folder: &Path) -> Result<Self, OpenError> {
        if !Self::is_file(text) {
            let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let mut name: String = one_line.chars().take(SHOWN).collect();
            if name.len() < one_line.len() {
                name.push('…');
            }
            return Ok(Self {
                name: name.trim_end_matches(';').to_owned(),
                text: without_end(text),
            });
        }
        let path = folder.join(text);
        let read = std::fs::read_to_string(&path);
        let read = read.map_err(|source| OpenError::Query { path, source })?;
        Ok(Self {
            name: text.to_owned(),
            text: without_end(read.trim_start_matches('\u{feff}')),
        })
    }

    /// Whether the text is the name of a query file.
    pub fn is_file(text: &str) -> bool {
        Path::new(text)
            .extension()
            .is_some_and(|ending| ending.eq_ignore_ascii_case("sql"))
            && !text.contains(char::is_whitespace)
    }

    /// Its name in messages: its file, or its first words.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its text, without a semicolon at the end.
    pub fn text(&self) -> &str {
        &self.text
    }
}

fn without_end(text: &str) -> String {
    text.trim()
        .trim_end_matches(|letter: char| letter == ';' || letter.is_whitespace())
        .to_owned()
}
