//! Rows of Parquet as JSON objects.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Float64Type;
use arrow_array::{Array as _, ArrayRef, RecordBatch, StringArray, make_array};
use arrow_cast::cast::{CastOptions, cast_with_options};
use arrow_data::ArrayData;
use arrow_json::writer::{LineDelimited, WriterBuilder};
use arrow_schema::{ArrowError, DataType, Field, Schema};

/// The largest number up to which every whole number is a float.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

/// The zone of moments.
const UTC: &str = "+00:00";

/// Writes the rows of a batch, one JSON object per line, with the columns that the folders name.
pub(super) fn write(
    batch: &RecordBatch,
    partitions: &[(String, String)],
    to: &mut impl Write,
) -> Result<(), ArrowError> {
    let schema = batch.schema();
    let mut fields = Vec::with_capacity(batch.num_columns());
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(batch.num_columns());
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        let column = exact(column)?;
        let of = column.data_type().clone();
        fields.push(Field::new(field.name(), of, true));
        columns.push(column);
    }
    for (name, value) in partitions {
        if schema.field_with_name(name).is_err() {
            let same = std::iter::repeat_n(value.as_str(), batch.num_rows());
            fields.push(Field::new(name, DataType::Utf8, true));
            columns.push(Arc::new(StringArray::from_iter_values(same)));
        }
    }
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
    let mut writer = WriterBuilder::new().build::<_, LineDelimited>(Lines(to));
    writer.write(&batch)?;
    writer.finish()
}

/// The writer of JSON takes what it writes to by value.
struct Lines<'a, W>(&'a mut W);

impl<W: Write> Write for Lines<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The column with values that lose nothing as JSON: decimals as texts, because JSON's numbers are
/// read as floats; bytes as the text that older writers mean; whole floats as whole numbers, since
/// ids are often floats by accident.
fn exact(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let strict = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let of = column.data_type();
    match of {
        of if of.is_decimal() => cast_with_options(column, &DataType::Utf8, &strict),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
            cast_with_options(column, &DataType::Utf8, &strict)
        }
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            let floats = cast_with_options(column, &DataType::Float64, &strict)?;
            let values = floats.as_primitive::<Float64Type>();
            let is_whole = values
                .iter()
                .flatten()
                .all(|value| value.fract() == 0.0 && value.abs() < MAX_WHOLE);
            if is_whole {
                cast_with_options(column, &DataType::Int64, &strict)
            } else {
                Ok(Arc::clone(column))
            }
        }
        of => match in_utc(of) {
            Some(_) => Ok(make_array(data_in_utc(column.to_data())?)),
            None => Ok(Arc::clone(column)),
        },
    }
}

/// The type with all zones as offsets of UTC, if it has other zones: names such as `Europe/Berlin` or
/// `UTC` need a database of zones, and the moment is the same.
fn in_utc(of: &DataType) -> Option<DataType> {
    let of_field = |field: &Arc<Field>| {
        let inner = in_utc(field.data_type())?;
        Some(Arc::new(field.as_ref().clone().with_data_type(inner)))
    };
    match of {
        DataType::Timestamp(unit, Some(zone)) if **zone != *UTC => {
            Some(DataType::Timestamp(*unit, Some(UTC.into())))
        }
        DataType::List(item) => of_field(item).map(DataType::List),
        DataType::LargeList(item) => of_field(item).map(DataType::LargeList),
        DataType::FixedSizeList(item, size) => {
            of_field(item).map(|item| DataType::FixedSizeList(item, *size))
        }
        DataType::Map(entries, is_sorted) => {
            of_field(entries).map(|entries| DataType::Map(entries, *is_sorted))
        }
        DataType::Struct(fields) => {
            let has_zone = fields.iter().any(|field| of_field(field).is_some());
            let same_or_other = fields
                .iter()
                .map(|field| of_field(field).unwrap_or_else(|| Arc::clone(field)));
            has_zone.then(|| DataType::Struct(same_or_other.collect()))
        }
        _ => None,
    }
}

/// The same values with zones as offsets.
fn data_in_utc(data: ArrayData) -> Result<ArrayData, ArrowError> {
    let Some(of) = in_utc(data.data_type()) else {
        return Ok(data);
    };
    let children = data.child_data().iter().cloned().map(data_in_utc);
    let children = children.collect::<Result<Vec<_>, _>>()?;
    data.into_builder()
        .data_type(of)
        .child_data(children)
        .build()
}

#[cfg(test)]
mod tests {
    use arrow_array::{
        BinaryArray, Decimal128Array, Float64Array, Int64Array, TimestampMicrosecondArray,
    };

    use super::*;

    fn written(column: ArrayRef) -> String {
        let field = Field::new("c", column.data_type().clone(), true);
        let batch = RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![column]).unwrap();
        let mut text = Vec::new();
        write(&batch, &[("region".to_owned(), "eu".to_owned())], &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn no_digit_is_lost_and_whole_floats_are_whole_numbers() {
        let decimals = Decimal128Array::from(vec![Some(1_234_567_890_123_456_789), None])
            .with_precision_and_scale(38, 2)
            .unwrap();
        assert_eq!(
            written(Arc::new(decimals)),
            "{\"c\":\"12345678901234567.89\",\"region\":\"eu\"}\n{\"region\":\"eu\"}\n"
        );
        let ids = Float64Array::from(vec![Some(9001.0), None]);
        assert!(written(Arc::new(ids)).starts_with("{\"c\":9001,"));
        let amounts = Float64Array::from(vec![9001.0, 0.5]);
        assert!(written(Arc::new(amounts)).contains("{\"c\":0.5,"));
        let large = Int64Array::from(vec![i64::MAX]);
        assert!(written(Arc::new(large)).starts_with("{\"c\":9223372036854775807,"));
    }

    #[test]
    fn times_say_their_zone_if_they_have_one() {
        let at = TimestampMicrosecondArray::from(vec![1_768_469_400_000_000]);
        assert!(written(Arc::new(at.clone())).starts_with("{\"c\":\"2026-01-15T09:30:00\","));
        for zone in ["UTC", "Europe/Berlin", "+01:00"] {
            let zoned = written(Arc::new(at.clone().with_timezone(zone)));
            let expected = "{\"c\":\"2026-01-15T09:30:00Z\",";
            assert!(zoned.starts_with(expected), "{zone}: {zoned}");
        }
    }

    #[test]
    fn bytes_are_shown_as_text() {
        let bytes = BinaryArray::from_vec(vec![b"a-1"]);
        assert!(written(Arc::new(bytes)).starts_with("{\"c\":\"a-1\","));
    }
}
