//! Which rows of a file are records: without totals and notes, and of one kind.

use super::Writer;
use crate::mapping::draft::toml_text::in_expression;
use crate::record::ObjectType;

impl Writer<'_> {
    /// An expression that says whether the column's cell has something in it; `0` and `no` are something.
    pub(super) fn is_filled(&self, index: usize) -> String {
        let name = self.in_expression(index);
        if self.document.file.table.is_json {
            name
        } else {
            format!("{name} != ''")
        }
    }

    /// The rows that are records of the type.
    pub(super) fn filter(&self) -> Option<String> {
        let table = &self.document.file.table;
        let of_kind = table.kind.as_ref().map(|kind| kind.filter(table.is_json));
        let of_records = if table.has_header_again {
            let name = self.name(table.key.unwrap_or_default());
            let header = name.replace('\\', "\\\\").replace('\'', "\\'");
            Some(format!("{} not in ['', '{header}']", in_expression(name)))
        } else {
            self.of_records()
        };
        match (of_kind, of_records) {
            (Some(of_kind), Some(of_records)) => Some(format!("{of_kind} and ({of_records})")),
            (of_kind, of_records) => of_kind.or(of_records),
        }
    }

    /// The rows that are records, where totals or notes are below them.
    fn of_records(&self) -> Option<String> {
        let file = self.document.file;
        if file.object_type == ObjectType::BusinessUser
            && let Some(email) = file.roles.column("emailAddress")
            && self
                .profile(email)
                .is_some_and(|profile| profile.filled < file.table.rows)
        {
            return Some(in_expression(self.name(email)));
        }
        if file.table.footers.is_empty() {
            return None;
        }
        // A record has a cell in a column in which no total or note has one. Which notes there are
        // next month, nobody knows.
        let rows = file.table.rows;
        let is_of_records = |index: &usize| {
            let profile = self.profile(*index);
            !file.table.footer_columns.contains(index)
                && !self.name(*index).is_empty()
                && profile.is_some_and(|profile| profile.filled > 0)
        };
        let mut columns: Vec<usize> = file.id().into_iter().chain(file.name()).collect();
        let mut others: Vec<usize> = (0..self.contents.len())
            .filter(|index| !columns.contains(index))
            .collect();
        others.sort_by_key(|index| {
            std::cmp::Reverse(self.profile(*index).map_or(0, |profile| profile.filled))
        });
        columns.extend(others);
        columns.dedup();
        columns.retain(is_of_records);
        let is_full = |index: &usize| {
            let profile = self.profile(*index);
            profile.is_some_and(|profile| profile.filled == rows)
        };
        let needed = columns.iter().position(is_full).map_or(3, |at| at + 1);
        let names: Vec<String> = columns
            .iter()
            .take(needed.max(2))
            .map(|index| self.is_filled(*index))
            .collect();
        if names.is_empty() {
            let footers: Vec<String> = file
                .table
                .footers
                .iter()
                .map(|text| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")))
                .collect();
            let name = in_expression(self.name(0));
            return Some(format!("{name} not in [{}]", footers.join(", ")));
        }
        Some(names.join(" or "))
    }
}
