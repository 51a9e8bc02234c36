//! A mapping resolved against a header: what is done with each row.

use encoding_rs::Encoding;

use super::Options;
use super::cell::{Format, Shape, Wrong, text};
use super::converter::Keep;
use super::model::{FieldMapping, MappingError, TypeMapping, Words};
use super::nearest::nearest;
use super::problem::{LeftOut, Problem, excerpt};
use super::rows::Row;
use crate::record::{Field, LineFormat, ObjectType, Presence};
use crate::schema::FieldType;
use crate::value::Timestamp;

/// What is done with each row.
#[derive(Debug)]
pub(super) struct Plan {
    fields: Vec<PlannedField>,
    column_count: usize,
    keep: Keep,
}

/// One field of the lines.
#[derive(Debug)]
struct PlannedField {
    name: String,
    column: Option<Column>,
    format: Format,
    /// The format of what stands in the mapping.
    of_gong: Format,
    /// The JSON of a constant, or of the default.
    otherwise: Option<Vec<u8>>,
    /// Of a field of Gong's own.
    presence: Option<Presence>,
}

#[derive(Debug)]
struct Column {
    index: usize,
    name: String,
}

impl Column {
    /// From 1, as people count.
    fn number(&self) -> u64 {
        self.index as u64 + 1
    }
}

/// The encoding that a mapping names.
pub(super) fn encoding(table: &TypeMapping) -> Result<&'static Encoding, MappingError> {
    Encoding::for_label(table.encoding.as_bytes()).ok_or_else(|| {
        MappingError::new(format!(
            "{:?} is no encoding; write \"utf-8\" or \"windows-1252\"",
            table.encoding
        ))
        .within("encoding")
    })
}

/// The delimiter that a mapping names.
pub(super) fn delimiter(table: &TypeMapping) -> Result<u8, MappingError> {
    u8::try_from(table.delimiter)
        .ok()
        .filter(|byte| byte.is_ascii() && !b"\"\r\n".contains(byte))
        .ok_or_else(|| {
            MappingError::new(format!(
                "{:?} can't be a delimiter; write one ASCII character such as \";\" or \"\\t\"",
                table.delimiter
            ))
            .within("delimiter")
        })
}

impl Plan {
    pub(super) fn new(
        table: &TypeMapping,
        object_type: ObjectType,
        header: &[String],
        options: &Options,
        keep: Keep,
    ) -> Result<Self, MappingError> {
        let format = object_type.line_format();
        for field in format.fields {
            if field.presence == Presence::Required && table.field(field.name).is_none() {
                return Err(missing(object_type, field).within("fields"));
            }
        }
        // Standard fields in Gong's order, then the custom ones in that of the mapping.
        let mut named: Vec<_> = table.fields().collect();
        named.sort_by_key(|(name, _)| {
            let place = format.fields.iter().position(|field| field.name == *name);
            place.unwrap_or(usize::MAX)
        });
        let fields = named
            .into_iter()
            .map(|(name, mapping)| {
                let located = |error: MappingError| error.within(name).within("fields");
                let shape = shape(format, name, mapping, options).map_err(located)?;
                let field = PlannedField::new(name, mapping, shape, table, header, options);
                let mut field = field.map_err(|error| {
                    located(error).prefixed(&format!("{object_type}, field {name}: "))
                })?;
                field.presence = format.field(name).map(|standard| standard.presence);
                Ok(field)
            })
            .collect::<Result<Vec<_>, MappingError>>()?;
        Ok(Self {
            fields,
            column_count: header.len(),
            keep,
        })
    }

    /// Field, column and the column's number from 1.
    pub(super) fn columns(&self) -> Vec<(String, String, u64)> {
        self.fields
            .iter()
            .filter_map(|field| {
                let column = field.column.as_ref()?;
                Some((field.name.clone(), column.name.clone(), column.number()))
            })
            .collect()
    }

    /// Appends the row's line, and says whether it is worth keeping.
    pub(super) fn convert(
        &mut self,
        row: &Row,
        line: &mut Vec<u8>,
        on_problem: &mut dyn FnMut(Problem),
    ) -> bool {
        if let Some(wrong) = self.misfit(row) {
            on_problem(Problem {
                place: row.place,
                column_number: 0,
                column: None,
                field: None,
                message: wrong.0,
                hint: Some(wrong.1.to_owned()),
                left_out: LeftOut::Row,
                excerpt: None,
            });
            return false;
        }
        let mut is_kept = true;
        line.push(b'{');
        for field in &self.fields {
            let before = line.len();
            if before > 1 {
                line.push(b',');
            }
            text(&field.name, line);
            line.push(b':');
            match field.append(row, line) {
                Ok(true) => continue,
                Ok(false) => {}
                Err((cell, wrong)) => {
                    let loses_row = match self.keep {
                        Keep::FlawlessRows => true,
                        Keep::RowsWithoutField => field.presence == Some(Presence::Required),
                        Keep::EveryRow => false,
                    };
                    is_kept &= !loses_row;
                    on_problem(Problem {
                        place: row.place,
                        column_number: field.column.as_ref().map_or(0, Column::number),
                        column: field.column.as_ref().map(|column| column.name.clone()),
                        field: Some(field.name.clone()),
                        message: wrong.message,
                        hint: Some(wrong.hint),
                        left_out: if loses_row {
                            LeftOut::Row
                        } else {
                            LeftOut::Field
                        },
                        excerpt: Some(excerpt(cell)).filter(|shown| !shown.is_empty()),
                    });
                }
            }
            line.truncate(before);
        }
        line.extend_from_slice(b"}\n");
        is_kept
    }

    /// The id of the row's record, where its cell holds one.
    pub(super) fn object_id(&self, row: &Row) -> Option<String> {
        let field = self.fields.iter().find(|field| field.name == "objectId")?;
        let mut json = Vec::new();
        field.append(row, &mut json).ok().filter(|given| *given)?;
        serde_json::from_slice(&json).ok()
    }

    /// What makes the row unusable whatever its cells hold.
    fn misfit(&self, row: &Row) -> Option<(String, &'static str)> {
        if row.is_open {
            return Some((
                "a double quote opens in this row and never closes, so that the rest of the file is \
                 in one cell"
                    .to_owned(),
                "close the quote; inside of quotes, write \"\" for a double quote",
            ));
        }
        let (cells, columns) = (row.cells.len(), self.column_count);
        let extra = row.cells.iter().skip(columns);
        if cells > columns && extra.clone().any(|cell| !cell.trim().is_empty()) {
            return Some((
                format!("it has {cells} cells, and the header names {columns} columns"),
                "put double quotes around cells that hold the delimiter",
            ));
        }
        // Trailing delimiters are often left off; a missing cell among those that are used is not.
        let used = self.fields.iter().filter_map(|field| field.column.as_ref());
        if used.clone().any(|column| column.index >= cells) && cells < columns {
            return Some((
                format!("it has {cells} cells, and the header names {columns} columns"),
                "complete the row",
            ));
        }
        None
    }
}

impl PlannedField {
    fn new(
        name: &str,
        mapping: &FieldMapping,
        shape: Shape,
        table: &TypeMapping,
        header: &[String],
        options: &Options,
    ) -> Result<Self, MappingError> {
        let format = Format::new(shape, table, mapping)?;
        let of_gong = format.of_gong();
        let column = match (&mapping.from, &mapping.constant) {
            (Some(_), Some(_)) => {
                let message = "from and constant exclude each other; where the column is empty, \
                               default stands in";
                return Err(MappingError::new(message));
            }
            (None, None) => {
                return Err(MappingError::new(
                    "it needs from (a column) or constant (a value)",
                ));
            }
            (Some(name), None) => Some(find(name, header).map_err(|error| error.within("from"))?),
            (None, Some(_)) => None,
        };
        let given = mapping.constant.as_ref().or(mapping.default.as_ref());
        let otherwise = given
            .map(|words| constant(words, shape, &of_gong, options))
            .transpose()?;
        for value in mapping.values.values() {
            // An empty one says that the cell means no value.
            if !value.is_empty() {
                of_gong.append(value, &mut Vec::new()).map_err(|wrong| {
                    let message = format!("values, {value:?}: {}", wrong.message);
                    MappingError::new(message).within("values")
                })?;
            }
        }
        Ok(Self {
            name: name.to_owned(),
            column,
            format,
            of_gong,
            otherwise,
            presence: None,
        })
    }

    /// Appends the field's value, and says whether there is one.
    fn append<'a>(&self, row: &'a Row, line: &mut Vec<u8>) -> Result<bool, (&'a str, Wrong)> {
        let column = self.column.as_ref();
        let cell = column.and_then(|column| row.cells.get(column.index));
        let cell = cell.unwrap_or_default().trim();
        let is_given = !self.format.is_empty(cell);
        match self.format.replacement(cell).filter(|_| is_given) {
            Some("") => {}
            Some(value) => {
                return self
                    .of_gong
                    .append(value, line)
                    .map(|()| true)
                    .map_err(|wrong| (cell, wrong));
            }
            None if is_given => {
                return self
                    .format
                    .append(cell, line)
                    .map(|()| true)
                    .map_err(|wrong| (cell, wrong));
            }
            None => {}
        }
        match &self.otherwise {
            Some(json) => {
                line.extend_from_slice(json);
                Ok(true)
            }
            None if self.name == "objectId" => Err((
                cell,
                Wrong {
                    message: "it is empty, and no record goes without an id".to_owned(),
                    hint: "fill the cell".to_owned(),
                },
            )),
            None => Ok(false),
        }
    }
}

/// The JSON of a value that stands in the mapping.
fn constant(
    words: &Words,
    shape: Shape,
    of_gong: &Format,
    options: &Options,
) -> Result<Vec<u8>, MappingError> {
    let mut json = Vec::new();
    let given: Vec<&str> = words.iter().collect();
    match (shape, given.as_slice()) {
        (Shape::DateTime, ["now"]) => {
            let now = Timestamp::from_instant(options.now)
                .map_err(|fault| MappingError::new(format!("now: {fault}")))?;
            text(now.as_str(), &mut json);
        }
        (Shape::Date, ["now"]) => {
            text(
                &options
                    .now
                    .to_zoned(jiff::tz::TimeZone::UTC)
                    .date()
                    .to_string(),
                &mut json,
            );
        }
        (Shape::List, items) => {
            // Writing texts into memory can't fail; an empty list is what is left if it did.
            json = serde_json::to_vec(items).unwrap_or_else(|_| b"[]".to_vec());
        }
        (_, [value]) => of_gong
            .append(value.trim(), &mut json)
            .map_err(|wrong| MappingError::new(format!("{value:?}: {}", wrong.message)))?,
        _ => return Err(MappingError::new("it takes one value, not a list")),
    }
    Ok(json)
}

/// What the cells of a field must become, by Gong's own fields, the mapping or the entity schema.
fn shape(
    format: &'static LineFormat,
    name: &str,
    mapping: &FieldMapping,
    options: &Options,
) -> Result<Shape, MappingError> {
    let object_type = format.object_type;
    if let Some(field) = format.field(name) {
        if mapping.field_type.is_some() {
            return Err(MappingError::new(format!(
                "{object_type}, field {name}: it is one of Gong's own fields, whose type is known; \
                 remove type"
            ))
            .within("type"));
        }
        return Ok(Shape::of_standard(field));
    }
    let declared = options
        .entity_schema
        .as_ref()
        .and_then(|schema| schema.field(object_type, name));
    let field_type = match (&mapping.field_type, declared) {
        (Some(word), _) => FieldType::from(word.to_uppercase()),
        (None, Some(declared)) => declared.field_type.clone(),
        (None, None) => return Err(unknown_field(format, name, options)),
    };
    Shape::of_custom(&field_type).ok_or_else(|| {
        let known = FieldType::ALL.map(|known| known.as_str().to_owned());
        let meant = nearest(field_type.as_str(), known.iter().map(String::as_str));
        let advice = meant.map_or_else(
            || format!("known are {}", known.join(", ")),
            |meant| format!("did you mean {meant}?"),
        );
        MappingError::new(format!(
            "{object_type}, field {name}: there is no type {field_type}; {advice}"
        ))
        .within("type")
    })
}

fn unknown_field(format: &'static LineFormat, name: &str, options: &Options) -> MappingError {
    let object_type = format.object_type;
    let retired = format
        .retired_names
        .iter()
        .find(|(old, _)| old.eq_ignore_ascii_case(name));
    let declared = options
        .entity_schema
        .iter()
        .flat_map(|schema| schema.fields(object_type).unwrap_or_default())
        .map(|field| field.unique_name.as_str());
    let standard = format.fields.iter().map(|field| field.name);
    let meant = retired
        .map(|(_, today)| *today)
        .or_else(|| nearest(name, standard.chain(declared)));
    let question = meant
        .map(|meant| format!(" Did you mean {meant}?"))
        .unwrap_or_default();
    MappingError::new(format!(
        "{object_type} has no field {name}.{question} A custom field says its type: \
         {name} = {{ from = \"…\", type = \"STRING\" }}"
    ))
}

fn missing(object_type: ObjectType, field: &Field) -> MappingError {
    let advice = if field.name == "modifiedDate" {
        "; where the CSV has no such column, write modifiedDate = { constant = \"now\" }"
    } else {
        ", which every record must have"
    };
    MappingError::new(format!(
        "the table [{object_type}.fields] lacks {}{advice}",
        field.name
    ))
}

/// What seems to stand between the names of a header that is one cell.
fn other_delimiter(header: &[String]) -> Option<char> {
    let [only] = header else { return None };
    let likely = [';', ',', '\t', '|'];
    let count = |delimiter: &char| only.matches(*delimiter).count();
    likely
        .into_iter()
        .filter(|one| count(one) > 0)
        .max_by_key(count)
}

/// The encoding of a header that was read in another one, by what becomes of its umlauts.
fn encoding_meant(header: &[impl AsRef<str>]) -> Option<&'static str> {
    let holds = |text: &str| header.iter().any(|name| name.as_ref().contains(text));
    if holds("\u{fffd}") {
        Some("windows-1252")
    } else {
        // ä, ö, ü and é in UTF-8, each byte taken for a letter of its own.
        let read_as_letters = ["Ã¤", "Ã¶", "Ã¼", "Ã„", "Ã–", "Ãœ", "ÃŸ", "Ã©"];
        read_as_letters.into_iter().any(holds).then_some("utf-8")
    }
}

/// The column of this name; case counts only where names differ by nothing else.
fn find(name: &str, header: &[String]) -> Result<Column, MappingError> {
    let name = name.trim();
    let exact = |known: &&String| known.as_str() == name;
    let lower = name.to_lowercase();
    let alike = |known: &&String| known.to_lowercase() == lower;
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
                "the CSV has no column {name:?}; {advice}"
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
            "the CSV has {times} columns called {name:?}; rename all but one of them"
        ))),
    }
}
