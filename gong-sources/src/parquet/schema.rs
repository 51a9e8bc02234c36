//! The columns of part files, which must be the same in all of them.

use arrow_schema::{DataType, Field, SchemaRef};

use gong_crm::schema::FieldType;

use crate::columns::{self, Column};

/// The columns of a file and what they have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Schema(Vec<(String, Holds)>);

/// The kind of a column's values. Numbers are one kind, because a value is written the same in all
/// of them.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Holds {
    Nothing,
    Number,
    Boolean,
    Text,
    Bytes,
    Date,
    Time,
    /// A time of day and date without a zone.
    DateTime,
    /// A moment.
    Moment,
    List(Box<Self>),
    Object(Vec<(String, Self)>),
    Map(Box<Self>),
}

impl Schema {
    /// The columns of a file, with those that its folders name.
    pub(super) fn of(schema: &SchemaRef, partitions: &[(String, String)]) -> Result<Self, String> {
        let mut found = Vec::new();
        for field in schema.fields() {
            let holds = holds(field.data_type())
                .map_err(|reason| format!("column {:?} {reason}", field.name()))?;
            found.push((field.name().clone(), holds));
        }
        for (name, _) in partitions {
            if schema.field_with_name(name).is_err() {
                found.push((name.clone(), Holds::Text));
            }
        }
        columns::distinct(found.iter().map(|(name, _)| name.as_str()))
            .map_err(|error| error.to_string())?;
        Ok(Self(found))
    }

    /// Fails if a file has other columns than the first one.
    pub(super) fn fits(&self, other: &Self, first: &str) -> Result<(), String> {
        for (name, expected) in &self.0 {
            match other.0.iter().find(|(known, _)| known == name) {
                None => {
                    return Err(format!(
                        "it has no column {name:?}, which {first} has; parts of one export have the \
                         same columns"
                    ));
                }
                Some((_, found)) if !expected.fits(found) => {
                    return Err(format!(
                        "column {name:?} has {}, but {} in {first}; cast it in the export",
                        found.shown(),
                        expected.shown()
                    ));
                }
                Some(_) => {}
            }
        }
        match other
            .0
            .iter()
            .find(|(name, _)| self.0.iter().all(|(known, _)| known != name))
        {
            None => Ok(()),
            Some((name, _)) => Err(format!(
                "it has a column {name:?}, which {first} does not have; parts of one export have the \
                 same columns"
            )),
        }
    }

    pub(super) fn columns(self) -> Vec<Column> {
        let columns = self.0.into_iter();
        columns
            .map(|(name, holds)| Column {
                name,
                kind: holds.kind(),
            })
            .collect()
    }
}

impl Holds {
    /// A column of nothing but nulls fits any.
    fn fits(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nothing, _)
            | (_, Self::Nothing)
            | (Self::Text | Self::Bytes, Self::Text | Self::Bytes) => true,
            (Self::List(one), Self::List(other)) | (Self::Map(one), Self::Map(other)) => {
                one.fits(other)
            }
            (Self::Object(one), Self::Object(other)) => {
                one.len() == other.len()
                    && one.iter().all(|(name, holds)| {
                        other
                            .iter()
                            .any(|(known, found)| known == name && holds.fits(found))
                    })
            }
            (one, other) => one == other,
        }
    }

    fn shown(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Number => "numbers",
            Self::Boolean => "true or false",
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Date => "dates",
            Self::Time => "times of day",
            Self::DateTime => "times without a zone",
            Self::Moment => "times with a zone",
            Self::List(_) => "lists",
            Self::Object(_) => "objects",
            Self::Map(_) => "maps",
        }
    }

    fn kind(&self) -> FieldType {
        match self {
            Self::Number => FieldType::Number,
            Self::Boolean => FieldType::Boolean,
            Self::Date => FieldType::Date,
            Self::DateTime | Self::Moment => FieldType::DateTime,
            Self::List(_) => FieldType::StringArray,
            _ => FieldType::String,
        }
    }
}

fn holds(of: &DataType) -> Result<Holds, String> {
    Ok(match of {
        DataType::Null => Holds::Nothing,
        DataType::Boolean => Holds::Boolean,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Holds::Text,
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => Holds::Bytes,
        DataType::Date32 | DataType::Date64 => Holds::Date,
        DataType::Time32(_) | DataType::Time64(_) => Holds::Time,
        DataType::Timestamp(_, None) => Holds::DateTime,
        DataType::Timestamp(_, Some(_)) => Holds::Moment,
        DataType::Dictionary(_, of) => holds(of)?,
        DataType::List(of) | DataType::LargeList(of) | DataType::FixedSizeList(of, _) => {
            Holds::List(Box::new(of_field(of)?))
        }
        DataType::Struct(fields) => Holds::Object(
            fields
                .iter()
                .map(|field| Ok((field.name().clone(), of_field(field)?)))
                .collect::<Result<_, String>>()?,
        ),
        DataType::Map(entries, _) => Holds::Map(Box::new(of_field(entries)?)),
        of if of.is_numeric() => Holds::Number,
        other => return Err(format!("has the type {other}, which is not supported")),
    })
}

fn of_field(field: &Field) -> Result<Holds, String> {
    holds(field.data_type())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_schema::TimeUnit;

    use super::*;

    fn schema(columns: &[(&str, DataType)]) -> Schema {
        let fields: Vec<Field> = columns
            .iter()
            .map(|(name, of)| Field::new(*name, of.clone(), true))
            .collect();
        Schema::of(&Arc::new(arrow_schema::Schema::new(fields)), &[]).unwrap()
    }

    #[test]
    fn width_of_a_number_may_change_and_its_meaning_may_not() {
        let first = schema(&[
            ("id", DataType::Int32),
            ("amount", DataType::Decimal128(18, 2)),
        ]);
        let wider = schema(&[("id", DataType::Int64), ("amount", DataType::Float64)]);
        assert_eq!(first.fits(&wider, "a"), Ok(()));
        let all_null = schema(&[("id", DataType::Int64), ("amount", DataType::Null)]);
        assert_eq!(first.fits(&all_null, "a"), Ok(()));
        let text = schema(&[("id", DataType::Utf8), ("amount", DataType::Float64)]);
        let error = first.fits(&text, "a").unwrap_err();
        assert!(
            error.starts_with("column \"id\" has text, but numbers in a"),
            "{error}"
        );
        let zone = |zone: Option<&str>| {
            let of = DataType::Timestamp(TimeUnit::Microsecond, zone.map(Into::into));
            schema(&[("at", of)])
        };
        assert!(zone(None).fits(&zone(Some("UTC")), "a").is_err());
    }

    #[test]
    fn column_that_is_missing_or_new_in_a_part_is_an_error() {
        let one = schema(&[("id", DataType::Int32)]);
        let two = schema(&[("id", DataType::Int32), ("x", DataType::Utf8)]);
        assert!(
            one.fits(&two, "a")
                .unwrap_err()
                .contains("has a column \"x\"")
        );
        assert!(
            two.fits(&one, "a")
                .unwrap_err()
                .contains("has no column \"x\"")
        );
    }
}
