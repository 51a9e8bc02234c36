//! The columns of part files, which must be the same in all of them.

use std::sync::Arc;

use arrow_schema::{DataType, Field};

use gong_crm::schema::FieldType;

use crate::columns::{self, Column};

/// The columns of parts and what they have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Schema(Vec<Found>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    name: String,
    holds: Holds,
    /// The part that shows it.
    part: Arc<str>,
}

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
    /// The columns of a part, with those that its folders name.
    pub(super) fn of(
        schema: &arrow_schema::Schema,
        partitions: &[(String, Option<String>)],
        part: &str,
    ) -> Result<Self, String> {
        let part: Arc<str> = part.into();
        let column = |name: &String, holds: Holds| Found {
            name: name.clone(),
            holds,
            part: Arc::clone(&part),
        };
        let mut found = Vec::new();
        for field in schema.fields() {
            let holds = holds(field.data_type())
                .map_err(|reason| format!("column {:?} {reason}", field.name()))?;
            found.push(column(field.name(), holds));
        }
        for (name, _) in partitions {
            if schema.field_with_name(name).is_err() {
                found.push(column(name, Holds::Text));
            }
        }
        columns::distinct(found.iter().map(|column| column.name.as_str()))
            .map_err(|error| error.to_string())?;
        Ok(Self(found))
    }

    /// Adds what another part shows of the columns. Fails if it has other columns, or another kind of
    /// values in one of them.
    pub(super) fn merge(&mut self, other: &Self) -> Result<(), String> {
        for column in &mut self.0 {
            let (name, first) = (&column.name, &column.part);
            let Some(found) = other.0.iter().find(|found| found.name == *name) else {
                return Err(format!(
                    "it has no column {name:?}, which {first} has; parts of one export have the same \
                     columns"
                ));
            };
            let Some(merged) = column.holds.merged(&found.holds) else {
                return Err(format!(
                    "column {name:?} has {}, but {} in {first}; cast it in the export",
                    found.holds.shown(),
                    column.holds.shown()
                ));
            };
            if merged != column.holds {
                column.holds = merged;
                column.part = Arc::clone(&found.part);
            }
        }
        let is_known = |found: &Found| self.0.iter().any(|column| column.name == found.name);
        match other.0.iter().find(|found| !is_known(found)) {
            None => Ok(()),
            Some(found) => Err(format!(
                "it has a column {:?}, which {} does not have; parts of one export have the same \
                 columns",
                found.name,
                self.0.first().map_or("another part", |column| &column.part)
            )),
        }
    }

    pub(super) fn columns(self) -> Vec<Column> {
        let columns = self.0.into_iter();
        columns
            .map(|Found { name, holds, .. }| Column {
                name,
                kind: holds.kind(),
            })
            .collect()
    }
}

impl Holds {
    /// What two parts have together; `None` if they have different kinds. A column of nothing but nulls
    /// is of the kind that another part shows.
    fn merged(&self, other: &Self) -> Option<Self> {
        Some(match (self, other) {
            (Self::Nothing, of) | (of, Self::Nothing) => of.clone(),
            (Self::Text | Self::Bytes, Self::Text | Self::Bytes) => self.clone(),
            (Self::List(one), Self::List(other)) => Self::List(Box::new(one.merged(other)?)),
            (Self::Map(one), Self::Map(other)) => Self::Map(Box::new(one.merged(other)?)),
            (Self::Object(one), Self::Object(other)) if one.len() == other.len() => {
                let fields = one.iter().map(|(name, holds)| {
                    let (_, found) = other.iter().find(|(known, _)| known == name)?;
                    Some((name.clone(), holds.merged(found)?))
                });
                Self::Object(fields.collect::<Option<_>>()?)
            }
            (one, other) if one == other => one.clone(),
            _ => return None,
        })
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
    use arrow_schema::TimeUnit;

    use super::*;

    fn schema(columns: &[(&str, DataType)]) -> Schema {
        let fields: Vec<Field> = columns
            .iter()
            .map(|(name, of)| Field::new(*name, of.clone(), true))
            .collect();
        Schema::of(&arrow_schema::Schema::new(fields), &[], "a").unwrap()
    }

    #[test]
    fn width_of_a_number_may_change_and_its_meaning_may_not() {
        let first = schema(&[
            ("id", DataType::Int32),
            ("amount", DataType::Decimal128(18, 2)),
        ]);
        let wider = schema(&[("id", DataType::Int64), ("amount", DataType::Float64)]);
        assert_eq!(first.clone().merge(&wider), Ok(()));
        let all_null = schema(&[("id", DataType::Int64), ("amount", DataType::Null)]);
        assert_eq!(first.clone().merge(&all_null), Ok(()));
        let text = schema(&[("id", DataType::Utf8), ("amount", DataType::Float64)]);
        let error = first.clone().merge(&text).unwrap_err();
        assert!(
            error.starts_with("column \"id\" has text, but numbers in a"),
            "{error}"
        );
        let zone = |zone: Option<&str>| {
            let of = DataType::Timestamp(TimeUnit::Microsecond, zone.map(Into::into));
            schema(&[("at", of)])
        };
        assert!(zone(None).merge(&zone(Some("UTC"))).is_err());
    }

    #[test]
    fn column_that_is_missing_or_new_in_a_part_is_an_error() {
        let one = schema(&[("id", DataType::Int32)]);
        let two = schema(&[("id", DataType::Int32), ("x", DataType::Utf8)]);
        assert!(
            one.clone()
                .merge(&two)
                .unwrap_err()
                .contains("has a column \"x\"")
        );
        assert!(
            two.clone()
                .merge(&one)
                .unwrap_err()
                .contains("has no column \"x\"")
        );
    }

    #[test]
    fn column_of_nulls_takes_the_kind_of_the_first_part_that_has_one() {
        let list = |of: DataType| DataType::List(Arc::new(Field::new("item", of, true)));
        let mut first = schema(&[("n", DataType::Null), ("list", list(DataType::Null))]);
        let numbers = schema(&[("n", DataType::Int64), ("list", list(DataType::Int64))]);
        first.merge(&numbers).unwrap();
        let kinds = first.clone().columns().into_iter().map(|of| of.kind);
        assert_eq!(
            kinds.collect::<Vec<_>>(),
            [FieldType::Number, FieldType::StringArray]
        );
        let texts = schema(&[("n", DataType::Utf8), ("list", list(DataType::Int64))]);
        assert!(first.merge(&texts).is_err());
    }
}
