//! The target types of cells, and the values that a mapping itself names.

use super::Options;
use super::cell::{CellKind, Format, Shape, text};
use super::model::{FieldMapping, MappingError, Words};
use super::nearest::nearest;
use crate::record::{Field, LineFormat, ObjectType};
use crate::schema::FieldType;
use crate::value::Timestamp;

/// The JSON of a value that the mapping names.
pub(super) fn constant(
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
            .append(value.trim(), CellKind::Text, &mut json)
            .map(drop)
            .map_err(|wrong| MappingError::new(format!("{value:?}: {}", wrong.message)))?,
        _ => return Err(MappingError::new("it takes one value, not a list")),
    }
    Ok(json)
}

/// The target form of a field's cells, from Gong's own fields, the mapping or the entity schema.
pub(super) fn shape(
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
            || format!("known: {}", known.join(", ")),
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

pub(super) fn missing(object_type: ObjectType, field: &Field) -> MappingError {
    let advice = if field.name == "modifiedDate" {
        "; if the file has no such column, write modifiedDate = { constant = \"now\" }"
    } else {
        ", which every record must have"
    };
    MappingError::new(format!(
        "the table [{object_type}.fields] lacks {}{advice}",
        field.name
    ))
}
