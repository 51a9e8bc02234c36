//! A cell or row of a CSV that can't be converted.

use std::fmt;

use serde::Serialize;

use super::row::RowPlace;
use crate::rule::Rule;

/// A cell, or a whole row, that can't be converted, with its position and its fix.
///
/// As JSON it has the keys `line`, `row`, `column` (the column's number), `columnName`, `field`,
/// `rule`, `message`, `hint` and `omitted`. The cell's text, which may be personal data, is only in the
/// messages of lookups, currencies, domains, notations, words, ids that become one, and open questions,
/// which make no sense without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Problem {
    /// Where the row is.
    #[serde(flatten)]
    pub place: RowPlace,
    /// The column's number, from 1; 0 when it is about the row as a whole.
    #[serde(rename = "column")]
    pub column_number: u64,
    /// The column, by its name in the header.
    #[serde(rename = "columnName")]
    pub column: Option<String>,
    /// The field that it should have become.
    pub field: Option<String>,
    /// The rule that is broken.
    pub rule: Rule,
    /// The problem.
    pub message: String,
    /// How to fix it.
    pub hint: Option<String>,
    /// What is missing in the LDJSON because of it.
    pub omitted: Omitted,
    /// The beginning of the cell, for a person to look at.
    #[serde(skip)]
    pub excerpt: Option<String>,
    /// Whether the cell fits another notation than the mapping's: the finding of its column says so.
    #[serde(skip)]
    pub(super) is_other_notation: bool,
    /// Whether other rows have the same problem, so that it is said once.
    #[serde(skip)]
    pub(super) is_of_several: bool,
}

/// What is missing in the LDJSON because of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Omitted {
    /// The whole row.
    Row,
    /// The field alone.
    Field,
    /// Nothing: the value is kept.
    Nothing,
}

/// Where and what: `line 17, column "Betrag": it is not a number … (the row is omitted)`.
impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.line > 0 {
            write!(formatter, "line {}", self.place.line)?;
        } else {
            formatter.write_str("the file")?;
        }
        if self.place.row != self.place.line {
            write!(formatter, " (row {})", self.place.row)?;
        }
        if let Some(column) = &self.column {
            write!(formatter, ", column {column:?}")?;
        }
        let omitted = match self.omitted {
            Omitted::Row => "the row",
            Omitted::Field => "the field",
            Omitted::Nothing => return write!(formatter, ": {}", self.message),
        };
        write!(formatter, ": {} ({omitted} is left out)", self.message)
    }
}
