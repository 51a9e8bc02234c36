//! Columns with the names of Gong's fields, where no mapping says which column is which.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use gong_crm::ObjectType;
use gong_crm::check::FileConverter;
use gong_crm::mapping::{Conversion, Mapping};
use gong_crm::record::{Account, BusinessUser, Contact, Deal, Lead, LineFormat, Record, Stage};
use gong_crm::schema::FieldType;
use gong_crm::source::SourceError;

use crate::options::SourceOptions;

/// A column of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// The type of a custom field with these values.
    pub(crate) kind: FieldType,
}

/// Fails if two columns have one name: the values of one of them would be lost.
pub(crate) fn distinct(names: impl Iterator<Item = impl AsRef<str>>) -> Result<(), SourceError> {
    let mut seen = std::collections::HashSet::new();
    for name in names {
        let name = name.as_ref();
        if !seen.insert(name.to_owned()) {
            return Err(SourceError::failed(format!(
                "two columns are called {name:?}; give one of them another name (AS)"
            )));
        }
    }
    Ok(())
}

/// What makes records of rows: the mapping of the options, or else the names of the columns.
pub(crate) fn converter(
    options: &SourceOptions,
    object_type: ObjectType,
    columns: &[Column],
) -> Result<Arc<dyn FileConverter>, SourceError> {
    if let Some(converter) = &options.converter {
        return Ok(Arc::clone(converter));
    }
    let text = mapping(options, object_type, columns)?;
    let mut conversion = Conversion::new(Mapping::from_toml(&text).map_err(SourceError::failed)?);
    conversion.entity_schema.clone_from(&options.entity_schema);
    Ok(Arc::new(conversion))
}

/// The mapping that takes each column for the field of its name. Databases fold names, so letters
/// may be small or capital.
fn mapping(
    options: &SourceOptions,
    object_type: ObjectType,
    columns: &[Column],
) -> Result<String, SourceError> {
    let format = line_format(object_type);
    let mut text = format!("[{object_type}]\nformat = \"json\"\n[{object_type}.fields]\n");
    let mut has_id = false;
    let mut taken = HashMap::new();
    for Column { name, kind } in columns {
        let standard = format
            .fields
            .iter()
            .find(|field| field.name.eq_ignore_ascii_case(name));
        let twice = standard.and_then(|field| taken.insert(field.name, name));
        if let Some(other) = twice {
            return Err(SourceError::failed(format!(
                "the columns {other:?} and {name:?} are the same field of Gong; give one of them \
                 another name (AS)"
            )));
        }
        has_id |= standard.is_some_and(|field| field.name == "objectId");
        let declared = options
            .entity_schema
            .as_ref()
            .is_some_and(|schema| schema.field(object_type, name).is_some());
        if name.is_empty() || name.contains(['[', ']']) {
            return Err(SourceError::failed(format!(
                "the column {name:?} has no name that a field can have; name it (AS), or write a \
                 mapping and set `map`"
            )));
        }
        let from = quoted(name);
        // Writing into a string does not fail.
        let _ = match standard {
            Some(field) => writeln!(text, "{} = {from}", field.name),
            None if declared => writeln!(text, "{from} = {from}"),
            None => writeln!(
                text,
                "{from} = {{ from = {from}, type = \"{}\" }}",
                kind.as_str()
            ),
        };
    }
    if !has_id {
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        return Err(SourceError::failed(format!(
            "no column is called objectId; there are {}. Name the columns as Gong's fields (AS), or \
             write a mapping and set `map`",
            names.join(", ")
        )));
    }
    Ok(text)
}

/// A string of TOML. JSON's escapes are among TOML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn line_format(object_type: ObjectType) -> &'static LineFormat {
    match object_type {
        ObjectType::Stage => Stage::LINE_FORMAT,
        ObjectType::BusinessUser => BusinessUser::LINE_FORMAT,
        ObjectType::Account => Account::LINE_FORMAT,
        ObjectType::Contact => Contact::LINE_FORMAT,
        ObjectType::Deal => Deal::LINE_FORMAT,
        ObjectType::Lead => Lead::LINE_FORMAT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, kind: FieldType) -> Column {
        Column {
            name: name.to_owned(),
            kind,
        }
    }

    #[test]
    fn columns_are_fields_in_any_case_and_others_are_custom() {
        let columns = [
            column("objectid", FieldType::Number),
            column("MODIFIEDDATE", FieldType::DateTime),
            column("Lead \"Score\"", FieldType::Number),
        ];
        let text = mapping(&SourceOptions::default(), ObjectType::Deal, &columns).unwrap();
        assert_eq!(
            text,
            "[DEAL]\nformat = \"json\"\n[DEAL.fields]\nobjectId = \"objectid\"\n\
             modifiedDate = \"MODIFIEDDATE\"\n\"Lead \\\"Score\\\"\" = \
             { from = \"Lead \\\"Score\\\"\", type = \"NUMBER\" }\n"
        );
        Mapping::from_toml(&text).unwrap();
    }

    #[test]
    fn missing_id_and_equal_names_are_errors_that_name_columns() {
        let columns = [
            column("id", FieldType::String),
            column("name", FieldType::String),
        ];
        let error = mapping(&SourceOptions::default(), ObjectType::Deal, &columns).unwrap_err();
        assert!(error.to_string().contains("there are id, name"), "{error}");
        let columns = [
            column("objectId", FieldType::String),
            column("name", FieldType::String),
            column("NAME", FieldType::String),
        ];
        let error = mapping(&SourceOptions::default(), ObjectType::Deal, &columns).unwrap_err();
        let expected = "the columns \"name\" and \"NAME\" are the same field";
        assert!(error.to_string().contains(expected), "{error}");
        let error = distinct(["a", "b", "a"].iter()).unwrap_err();
        assert!(
            error.to_string().contains("two columns are called \"a\""),
            "{error}"
        );
    }
}
