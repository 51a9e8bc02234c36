//! Columns of references of which not one leads to a record of the files: said once, with the nearest
//! reason.

use std::collections::BTreeMap;

use super::FileCheck;
use crate::check::block::UnresolvedCount;
use crate::check::context::FieldSet;
use crate::check::finding::{Finding, RawFinding};
use crate::check::ids::{IdIndex, ReferenceLookup, hash};
use crate::object_type::ObjectType;
use crate::rule::Rule;

/// The most findings of a column that are kept until a reference of it leads to a record.
const MAX_HELD: usize = 1_024;

/// The references of a file that lead to no record, as long as no other of their column does.
#[derive(Debug, Default)]
pub(super) struct UnresolvedColumns {
    /// The fields of which a reference leads to a record.
    resolved: FieldSet,
    /// By the index of the field.
    open: BTreeMap<usize, Unresolved>,
}

#[derive(Debug, Default)]
struct Unresolved {
    count: UnresolvedCount,
    held: Vec<Finding>,
}

impl UnresolvedColumns {
    /// Keeps the finding of a reference, or returns it where others of its column lead to records.
    pub(super) fn hold(
        &mut self,
        index: usize,
        mut finding: Finding,
        base: u64,
    ) -> Option<Finding> {
        if self.resolved & (1 << index) != 0 {
            return Some(finding);
        }
        let held = &mut self.open.entry(index).or_default().held;
        if held.len() <= MAX_HELD {
            finding.line += base;
            held.push(finding);
        }
        None
    }
}

impl FileCheck<'_> {
    /// Notes what a block has of references: the fields of which one leads to a record, and how many
    /// lead to none.
    pub(super) fn resolve_columns(
        &mut self,
        resolved: FieldSet,
        counts: BTreeMap<usize, UnresolvedCount>,
        base: u64,
    ) {
        self.unresolved.resolved |= resolved;
        let all = std::mem::take(&mut self.unresolved.open);
        for (index, column) in all {
            if resolved & (1 << index) == 0 {
                self.unresolved.open.insert(index, column);
            } else if column.held.len() <= MAX_HELD {
                for finding in column.held {
                    self.delivery.of_record(finding);
                }
            } else {
                self.unresolved_column(index, column);
            }
        }
        for (index, count) in counts {
            if self.unresolved.resolved & (1 << index) != 0 {
                continue;
            }
            let known = &mut self.unresolved.open.entry(index).or_default().count;
            if known.records == 0 {
                known.first_line = base + count.first_line;
                known.ids = count.ids;
            }
            known.records += count.records;
        }
    }

    /// Reports the columns of which no reference leads to a record of the files.
    pub(super) fn unresolved_columns(&mut self) {
        for (index, column) in std::mem::take(&mut self.unresolved.open) {
            if column.count.records > 1 {
                self.unresolved_column(index, column);
            } else {
                for finding in column.held {
                    self.delivery.of_record(finding);
                }
            }
        }
    }

    fn unresolved_column(&mut self, index: usize, column: Unresolved) {
        let field = &self.settings.context.format.fields[index];
        let Some(target) = field.references else {
            return;
        };
        let rule = Rule::UnresolvedReference;
        let UnresolvedCount {
            records,
            first_line,
            ids,
        } = column.count;
        self.counts[rule as usize] -= records - 1;
        let known_ids = self.settings.context.known_ids;
        let nearest = ids
            .iter()
            .find_map(|id| Some((id, nearest_id(id, target, known_ids)?)));
        let (reason, hint) = match (nearest, ids.first()) {
            (Some((id, known)), _) => (
                format!(": {id:?} is not one, and {known:?} is"),
                "write the ids of both files in the same form, such as by strip or replace in the mapping"
                    .to_owned(),
            ),
            (None, Some(id)) if id.contains(' ') => (
                format!(": {id:?} looks like a name"),
                format!("look the {target} up by its name: lookup in the mapping"),
            ),
            (None, id) => (
                id.map_or_else(String::new, |id| format!(", such as {id:?}")),
                format!("add the {target} records, unless Gong has them already, or correct the column"),
            ),
        };
        let message = format!("no {target} of these files has one of these objectIds{reason}");
        let problem = RawFinding::of_field(rule, 0..0, field.name, &message).with_hint(hint);
        self.column(problem, records, first_line);
    }
}

/// The id of a record of these files that an export may write as this one.
fn nearest_id(id: &str, target: ObjectType, known_ids: &IdIndex) -> Option<String> {
    let bare = |text: &str| {
        text.trim_start_matches('{')
            .trim_end_matches('}')
            .to_owned()
    };
    let mut forms = vec![
        id.strip_suffix(".0").unwrap_or(id).to_owned(),
        bare(id),
        format!("{{{id}}}"),
        id.trim_start_matches('0').to_owned(),
        id.to_lowercase(),
        id.to_uppercase(),
        id.replace('_', "-"),
        id.replace('-', "_"),
    ];
    // Salesforce writes the same id with 15 characters and with 18.
    forms.extend(id.get(..15).map(str::to_owned));
    // The ids of a CRM may have a prefix in one of the files.
    let ends = id.match_indices(['-', '_', '.', ':', '/', '#']);
    forms.extend(ends.map(|(at, sign)| id[at + sign.len()..].to_owned()));
    let letters = id.bytes().take_while(u8::is_ascii_alphabetic).count();
    forms.push(id[letters..].to_owned());
    // Spreadsheets take zeros away.
    forms.extend((id.len() + 1..=12).map(|width| format!("{id:0>width$}")));
    forms
        .into_iter()
        .filter(|form| form != id && !form.is_empty())
        .find(|form| known_ids.look_up(target, hash(form)) == ReferenceLookup::Found)
}
