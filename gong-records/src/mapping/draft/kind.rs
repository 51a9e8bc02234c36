//! One of the two kinds of records of a file.

use std::collections::BTreeSet;

use super::toml_text::{in_expression, is_path};
use crate::record::ObjectType;

/// The records of one type in a file that has two.
#[derive(Debug, Clone)]
pub(super) struct Kind {
    /// The column that says which record is which.
    pub(super) column: String,
    /// Its cells of companies, in lower case.
    pub(super) companies: BTreeSet<String>,
    pub(super) object_type: ObjectType,
}

impl Kind {
    /// Whether a record with this cell is one of the type.
    pub(super) fn takes(&self, cell: &str) -> bool {
        let is_company = self.companies.contains(&cell.trim().to_lowercase());
        is_company == (self.object_type == ObjectType::Account)
    }

    /// The expression that is true for records of the type.
    pub(super) fn filter(&self, is_json: bool) -> String {
        let column = if is_json && is_path(&self.column) {
            format!("{} | string | lower", self.column)
        } else {
            format!("{} | lower", in_expression(&self.column))
        };
        let words: Vec<String> = self
            .companies
            .iter()
            .map(|word| format!("'{}'", word.replace('\\', "\\\\").replace('\'', "\\'")))
            .collect();
        let is_company = self.object_type == ObjectType::Account;
        match (words.as_slice(), is_company) {
            ([only], true) => format!("{column} == {only}"),
            ([only], false) => format!("{column} != {only}"),
            (several, true) => format!("{column} in [{}]", several.join(", ")),
            (several, false) => format!("{column} not in [{}]", several.join(", ")),
        }
    }
}
