//! Files with records of two types: companies and people in one address book.

use std::collections::BTreeSet;

use super::header::Header;
use super::kind::Kind;
use super::roles::count_names;
use super::table::Table;
use super::toml_text::quoted;
use super::words::{plain_words, words};
use crate::record::ObjectType;

/// What a column says of the kinds of a file's records.
pub(super) enum Kinds {
    /// Companies, and people.
    Both([Kind; 2]),
    /// Companies or people, and cells of an unknown meaning: a question.
    Unclear(String),
}

/// The two kinds of a file's records, if a column of few words tells companies and people apart.
pub(super) fn kinds(table: &Table) -> Option<Kinds> {
    let names = count_names(table);
    let mut columns = table.columns.iter().filter(|column| {
        let is_single = names.get(column.name.as_str()) == Some(&1) && !column.name.is_empty();
        is_single && !column.profile.has_more_values && column.profile.values.len() <= 12
    });
    columns.find_map(|column| {
        let header = Header::new(&column.name);
        let is_of = |role| {
            let names = words().role(role);
            header.rank(ObjectType::Account, names).is_some()
        };
        let lists = if is_of("is-company") {
            ["yes", "no"]
        } else if is_of("kind") {
            ["companies", "people"]
        } else {
            return None;
        };
        let [companies, people] = lists.map(|list| {
            let known = words().list(list);
            let cells = column.profile.values.keys();
            cells
                .filter(|cell| {
                    let cell = plain_words(cell);
                    known.iter().any(|word| plain_words(word) == cell)
                })
                .map(|cell| cell.to_lowercase())
                .collect::<BTreeSet<String>>()
        });
        // An empty cell of `is_company` is a no.
        let has_empty = column.profile.filled < table.rows && lists[0] == "yes";
        if companies.is_empty() || (people.is_empty() && !has_empty) {
            return None;
        }
        let mut cells = column.profile.values.keys();
        let unknown = cells.find(|cell| {
            let cell = cell.to_lowercase();
            !companies.contains(&cell) && !people.contains(&cell)
        });
        if let Some(unknown) = unknown {
            return Some(Kinds::Unclear(format!(
                "The column {} says which records are companies and which are people. Which are \
                 {}? Write a mapping for each of ACCOUNT and CONTACT, with where for its rows.",
                quoted(&column.name),
                quoted(unknown)
            )));
        }
        let kind = |object_type| Kind {
            column: column.name.clone(),
            companies: companies.clone(),
            object_type,
        };
        let both = [ObjectType::Account, ObjectType::Contact];
        Some(Kinds::Both(both.map(kind)))
    })
}
