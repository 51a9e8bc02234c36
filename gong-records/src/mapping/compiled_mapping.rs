//! A mapping that is resolved for the columns of a file, ready to convert rows.

use std::collections::HashSet;
use std::ops::Range;

use super::cell::{CellError, DateTimeFormats, LIST_SEPARATOR, Numbers, Shape, zone};
use super::columns::Column;
use super::compiled_field::{CompiledField, Context};
use super::expression::Compiled;
use super::field_type::{missing, shape};
use super::model::{MappingError, TypeMapping, Words};
use super::problem::{Omitted, Problem};
use super::row::{Defect, Row, RowPlace};
use super::source::{Source, Values};
use super::text::excerpt;
use crate::record::{ObjectType, Presence};
use crate::rule::Rule;

/// What happens to a row with a cell that can't be converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnError {
    /// It is omitted.
    SkipRow,
    /// It is kept without the field, unless every record must have that.
    OmitOptionalField,
    /// It is kept without the field, whichever it is: the check looks at all else in it.
    OmitField,
}

/// The field that a table's `deleted` becomes.
const DELETED: &str = "isDeleted";

/// The conversion of each row.
#[derive(Debug)]
pub(super) struct CompiledMapping {
    fields: Vec<CompiledField>,
    on_error: OnError,
    filter: Option<Compiled>,
    /// How many cells a row must have for the filter; 0 for JSON.
    filter_cells: usize,
    /// Texts for which a row is not wanted, where they are what the filter gives.
    falsy: Vec<String>,
    todo: Words,
    /// Makes values of the rows, if an expression needs them.
    values: Option<Values>,
    /// Where in the line the record's id is.
    id: Range<usize>,
    /// Hashes of the ids so far, where only the first record of each counts.
    seen: Option<HashSet<Vec<u8>>>,
}

/// Whether the table has the fields that every record needs.
pub(super) fn required_fields(
    table: &TypeMapping,
    object_type: ObjectType,
) -> Result<(), MappingError> {
    for field in object_type.line_format().fields {
        if field.presence == Presence::Required && table.field(field.name).is_none() {
            return Err(missing(object_type, field).within("fields"));
        }
    }
    Ok(())
}

/// Whether the table's own formats can be used, which its fields share.
pub(super) fn check_formats(table: &TypeMapping) -> Result<(), MappingError> {
    let zone = zone(table.zone.as_deref())?;
    let language = table.language.as_deref();
    DateTimeFormats::new(&table.dates, &table.date_times, zone, language)?;
    Numbers::new(table.decimal, table.thousands, &table.currency).map(drop)
}

impl CompiledMapping {
    pub(super) fn new(
        table: &TypeMapping,
        object_type: ObjectType,
        context: &mut Context<'_, '_>,
        on_error: OnError,
    ) -> Result<Self, MappingError> {
        let format = object_type.line_format();
        // Standard fields in Gong's order, then the custom ones in that of the mapping.
        let mut named: Vec<_> = table.fields().collect();
        if let Some(deleted) = &table.deleted {
            if table.field(DELETED).is_some() {
                return Err(MappingError::new(
                    "deleted and the field isDeleted say the same; remove one of them",
                )
                .within("deleted"));
            }
            named.push((DELETED, deleted));
        }
        named.sort_by_key(|(name, _)| {
            let place = format.fields.iter().position(|field| field.name == *name);
            place.unwrap_or(usize::MAX)
        });
        let mut fields = Vec::new();
        for (name, field_mapping) in named {
            let is_deleted = name == DELETED && table.deleted.is_some();
            let located = |error: MappingError| {
                if is_deleted {
                    error.within("deleted")
                } else {
                    error.within(name).within("fields")
                }
            };
            let shape = if is_deleted {
                Shape::Deleted
            } else {
                shape(format, name, field_mapping, context.options).map_err(located)?
            };
            let field = CompiledField::new(name, field_mapping, shape, table, context);
            let mut field = field.map_err(|error| {
                located(error).prefixed(&format!("{object_type}, field {name}: "))
            })?;
            field.presence = format.field(name).map(|standard| standard.presence);
            fields.push(field);
        }
        let names = context.source.names();
        let filter = table
            .filter
            .as_deref()
            .map(|text| Compiled::new(text, names.as_ref()));
        let filter = filter.transpose().map_err(|error| {
            error
                .within("where")
                .prefixed(&format!("{object_type}, where: "))
        })?;
        let mut filter_cells = 0;
        if let Some(filter) = &filter {
            for name in &filter.needed {
                context.source.expect(name);
            }
            if names.is_some() {
                let columns = filter.columns.iter();
                let columns = columns.filter_map(|name| context.source.column(name).ok());
                filter_cells = columns.map(|column| column.index + 1).max().unwrap_or(0);
            }
        }
        let falsy = table.no.iter().chain(table.empty.iter()).chain(["0"]);
        let needs_value = filter.is_some() || fields.iter().any(CompiledField::is_expression);
        Ok(Self {
            fields,
            on_error,
            filter,
            filter_cells,
            falsy: falsy.map(str::to_lowercase).collect(),
            todo: table.todo.clone(),
            values: needs_value.then(|| context.source.values()),
            id: 0..0,
            seen: table.distinct.then(HashSet::new),
        })
    }

    /// Whether so many cells have the id of a record.
    fn has_id(&self, cells: usize) -> bool {
        let mut fields = self.fields.iter();
        let id = fields.find(|field| field.is_object_id);
        id.is_some_and(|id| id.columns().iter().all(|column| column.index < cells))
    }

    /// Field, column and the column's number from 1.
    pub(super) fn columns(&self) -> Vec<(String, String, u64)> {
        self.fields
            .iter()
            .filter_map(|field| {
                let column = field.column()?;
                Some((field.name.clone(), column.name.clone(), column.number()))
            })
            .collect()
    }

    /// Appends the row's line; says whether it is worth keeping, or nothing if the row is not wanted.
    pub(super) fn convert(
        &mut self,
        row: &Row,
        line: &mut Vec<u8>,
        on_problem: &mut dyn FnMut(Problem),
    ) -> Option<bool> {
        self.id = 0..0;
        let value = self.values.as_ref().map(|values| values.of(row));
        // Only of a row that is read right it is known that it is not wanted.
        let is_filtered_first = match &row.defect {
            Some(Defect::HeaderAgain) => true,
            // A row with too many cells may have the wrong ones. Totals and notes have few, and a record
            // that is cut off may lack those that say that it is wanted.
            Some(Defect::Cells { cells, columns, .. }) => {
                let is_note = *cells == 1 || !self.has_id(*cells);
                cells < columns && (is_note || *cells >= self.filter_cells)
            }
            _ => false,
        };
        let of_row = row.defect.as_ref().filter(|_| !is_filtered_first);
        let mut defect = row_problem(row, of_row.map(Defect::describe));
        if let (Some(problem), Some(Defect::OtherOrder { .. })) = (&mut defect, of_row) {
            problem.is_of_several = true;
        }
        if let (None, Some(filter), Some(value)) = (&defect, &self.filter, &value) {
            match filter.is_true(value, &self.falsy) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(wrong) => defect = row_problem(row, Some((wrong.message, wrong.hint))),
            }
        }
        let of_wanted = row.defect.as_ref().filter(|_| is_filtered_first);
        let defect = defect.or_else(|| row_problem(row, of_wanted.map(Defect::describe)));
        if let Some(problem) = defect {
            on_problem(problem);
            // The check names the record, if its cell is there.
            if let Some(field) = self
                .fields
                .iter_mut()
                .find(|field| field.name == "objectId")
                && matches!(field.append(row, value.as_ref(), line), Ok((true, _)))
            {
                self.id = 0..line.len();
            }
            return Some(false);
        }
        let mut is_kept = true;
        line.push(b'{');
        for field in &mut self.fields {
            let before = line.len();
            if before > 1 {
                line.push(b',');
            }
            line.extend_from_slice(&field.token);
            let begin = line.len();
            match field.append(row, value.as_ref(), line) {
                Ok((is_there, warning)) => {
                    if let Some(wrong) = warning {
                        on_problem(problem(field, row, wrong, "", Omitted::Nothing));
                    }
                    if is_there {
                        if field.is_object_id {
                            self.id = begin..line.len();
                        }
                        continue;
                    }
                }
                Err((cell, wrong)) => {
                    let loses_row = match self.on_error {
                        OnError::SkipRow => true,
                        OnError::OmitOptionalField => field.presence == Some(Presence::Required),
                        OnError::OmitField => false,
                    };
                    is_kept &= !loses_row;
                    let omitted = if loses_row {
                        Omitted::Row
                    } else {
                        Omitted::Field
                    };
                    on_problem(problem(field, row, wrong, &cell, omitted));
                }
            }
            line.truncate(before);
        }
        line.extend_from_slice(b"}\n");
        if let Some(seen) = &mut self.seen
            && !self.id.is_empty()
            && !seen.insert(line[self.id.clone()].to_vec())
        {
            return None;
        }
        Some(is_kept)
    }

    /// The id of the record that was converted last, if it has one.
    pub(super) fn object_id(&self, line: &[u8]) -> Option<String> {
        serde_json::from_slice(line.get(self.id.clone())?).ok()
    }

    /// The problem with the file as a whole, after its last row; `rows` is how many it has.
    pub(super) fn finish(
        &self,
        source: &Source<'_>,
        rows: u64,
        on_problem: &mut dyn FnMut(Problem),
    ) {
        let mut report =
            |rule, field: Option<&str>, column, message: String, hint: &str, omitted| {
                on_problem(Problem {
                    place: RowPlace::default(),
                    column_number: column,
                    column: None,
                    field: field.map(str::to_owned),
                    rule,
                    message,
                    hint: Some(hint.to_owned()),
                    omitted,
                    excerpt: None,
                    is_other_notation: false,
                    is_of_several: false,
                });
            };
        let remove = "answer it in the mapping, then remove todo";
        for question in self.todo.iter() {
            report(
                Rule::OpenQuestion,
                None,
                0,
                question.to_owned(),
                remove,
                Omitted::Nothing,
            );
        }
        for field in &self.fields {
            if let Some(question) = &field.todo {
                let name = Some(field.name.as_str());
                report(
                    Rule::OpenQuestion,
                    name,
                    0,
                    question.clone(),
                    remove,
                    Omitted::Field,
                );
            }
            if let Some((message, hint)) = field.notation() {
                let column = field.column().map_or(0, Column::number);
                let name = Some(field.name.as_str());
                report(
                    Rule::Notation,
                    name,
                    column,
                    message,
                    &hint,
                    Omitted::Nothing,
                );
            }
            let rounded = field.rounded.as_ref();
            if let Some((rounded, count)) = rounded.and_then(|ids| Some((ids, ids.count()?))) {
                let message = format!(
                    "all {count} long ids end in zeros after their 15th digit: a spreadsheet has \
                     rounded them, and different records may have the same id"
                );
                report(
                    Rule::MangledId,
                    Some(&field.name),
                    rounded.column,
                    message,
                    "export again and don't open the file in a spreadsheet, or import the column as \
                     text",
                    Omitted::Nothing,
                );
            }
        }
        if let Some(encoding) = source.misread_as() {
            let encoding = encoding.to_lowercase();
            report(
                Rule::Encoding,
                None,
                0,
                format!("the file is UTF-8, and read as {encoding} its letters are wrong"),
                "remove encoding from the mapping",
                Omitted::Nothing,
            );
        }
        let garbled = source.garbled();
        let places = |count: u64| match count {
            1 => "1 place".to_owned(),
            count => format!("{count} places"),
        };
        if let Some((count, word)) = garbled.letters {
            report(
                Rule::GarbledText,
                None,
                0,
                format!(
                    "{} of the file: letters as in {word:?}, as where a program has read UTF-8 in another \
                     encoding",
                    places(count)
                ),
                "export again as UTF-8; what the CRM itself shows so, correct there",
                Omitted::Nothing,
            );
        }
        if let Some((count, sign)) = garbled.signs {
            report(
                Rule::GarbledText,
                None,
                0,
                format!(
                    "{} of the file: signs as HTML writes them, such as {sign:?}",
                    places(count)
                ),
                "export again as plain text, or write replace in the mapping of the field, such as \
                 replace = { \"&amp;\" = \"&\" }",
                Omitted::Nothing,
            );
        }
        if rows == 0 {
            return;
        }
        for path in source.never_found() {
            let field = self
                .fields
                .iter()
                .find(|field| field.columns().iter().any(|column| column.name == path));
            let message = format!("none of the records has a value at {path:?}");
            let hint = match source.nearest_key(path) {
                Some(meant) => format!("did you mean {meant:?}?"),
                None => "correct the path in the mapping, or remove the field from it".to_owned(),
            };
            report(
                Rule::EmptyColumn,
                field.map(|field| field.name.as_str()),
                0,
                message,
                &hint,
                Omitted::Nothing,
            );
        }
    }
}

fn row_problem(row: &Row, wrong: Option<(String, String)>) -> Option<Problem> {
    let (message, hint) = wrong?;
    Some(Problem {
        place: row.place,
        column_number: 0,
        column: None,
        field: None,
        rule: Rule::Row,
        message,
        hint: Some(hint),
        omitted: Omitted::Row,
        excerpt: None,
        is_other_notation: false,
        is_of_several: false,
    })
}

fn problem(
    field: &CompiledField,
    row: &Row,
    wrong: CellError,
    cell: &str,
    omitted: Omitted,
) -> Problem {
    let column = field.column();
    // A path has no number that a person could count to.
    let number = if row.json.is_some() {
        0
    } else {
        column.map_or(0, Column::number)
    };
    let shown = excerpt(&cell.replace(LIST_SEPARATOR, ", "));
    Problem {
        place: row.place,
        column_number: number,
        column: column.map(|column| column.name.clone()),
        field: Some(field.name.clone()),
        rule: wrong.rule,
        message: wrong.message,
        hint: Some(wrong.hint),
        omitted,
        excerpt: Some(shown).filter(|shown| !shown.is_empty()),
        is_other_notation: wrong.is_other_notation,
        is_of_several: wrong.is_of_word,
    }
}
