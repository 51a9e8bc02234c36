//! Rows of Parquet as JSON objects.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{
    Array as _, ArrayRef, FixedSizeListArray, LargeListArray, ListArray, MapArray, RecordBatch,
    StringArray, StructArray, make_array,
};
use arrow_cast::cast::{CastOptions, cast_with_options};
use arrow_json::writer::{LineDelimited, WriterBuilder};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, TimeUnit};

use super::physical;

/// The largest number up to which every whole number is a float.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

/// The first second of year 1, and the last one of year 9999.
const FIRST_SECOND: i64 = -62_135_596_800;
const LAST_SECOND: i64 = 253_402_300_799;

/// The zone of moments.
const UTC: &str = "+00:00";

/// A value that cannot be written as it is.
struct Inexact {
    row: usize,
    reason: String,
}

impl From<ArrowError> for Inexact {
    fn from(error: ArrowError) -> Self {
        Self {
            row: 0,
            reason: error.to_string(),
        }
    }
}

/// Writes the rows of a batch, one JSON object per line, with the columns that the folders name. The
/// schema has what the file says of its columns; `before` is how many rows of the file were written.
pub(super) fn write(
    batch: &RecordBatch,
    of_file: &Schema,
    partitions: &[(String, Option<String>)],
    before: usize,
    to: &mut impl Write,
) -> Result<(), String> {
    let mut fields = Vec::with_capacity(batch.num_columns());
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(batch.num_columns());
    for (field, column) in of_file.fields().iter().zip(batch.columns()) {
        let column = exact(field, column, false).map_err(|Inexact { row, reason }| {
            let name = field.name();
            if field.data_type().is_nested() {
                return format!("column {name:?}, after row {before}: {reason}");
            }
            format!("column {name:?}, row {}: {reason}", before + row + 1)
        })?;
        fields.push(Field::new(field.name(), column.data_type().clone(), true));
        columns.push(column);
    }
    for (name, value) in partitions {
        if of_file.field_with_name(name).is_err() {
            let same = std::iter::repeat_n(value.as_deref(), batch.num_rows());
            fields.push(Field::new(name, DataType::Utf8, true));
            columns.push(Arc::new(same.collect::<StringArray>()));
        }
    }
    let written = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).and_then(|batch| {
        let mut writer = WriterBuilder::new().build::<_, LineDelimited>(Lines(to));
        writer.write(&batch)?;
        writer.finish()
    });
    written.map_err(|error| format!("after row {before}: {error}"))
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

/// The column with values that lose nothing as JSON: bytes as the text that older writers mean, UUIDs
/// as their text, whole floats as whole numbers, since ids are often floats by accident, and zones as
/// offsets. Decimals are numbers, of which a mapping keeps every digit.
///
/// An error says which row it is, from 0, where the column is not within another.
fn exact(field: &Field, column: &ArrayRef, is_nested: bool) -> Result<ArrayRef, Inexact> {
    let strict = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let inner = |field: &FieldRef, column: &ArrayRef| -> Result<(FieldRef, ArrayRef), Inexact> {
        let column = exact(field, column, true)?;
        let of = column.data_type().clone();
        let field = Field::new(field.name(), of, field.is_nullable());
        Ok((Arc::new(field), column))
    };
    let nulls = column.nulls().cloned();
    Ok(match column.data_type() {
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
            let bytes = cast_with_options(column, &DataType::LargeBinary, &strict)?;
            text(bytes.as_binary::<i64>().iter())?
        }
        DataType::FixedSizeBinary(_) if physical::is_uuid(field) => {
            let uuids = column.as_fixed_size_binary().iter();
            Arc::new(uuids.map(|bytes| bytes.map(uuid)).collect::<StringArray>())
        }
        DataType::FixedSizeBinary(_) => text(column.as_fixed_size_binary().iter())?,
        DataType::Float16 | DataType::Float32 | DataType::Float64 => {
            floats(column, is_nested, &strict)?
        }
        DataType::Timestamp(unit, zone) => {
            if physical::is_int96(field) {
                fail_if_beyond_years(column, *unit, &strict)?;
            }
            match zone {
                Some(zone) if **zone != *UTC => {
                    let of = DataType::Timestamp(*unit, Some(UTC.into()));
                    let data = column.to_data().into_builder().data_type(of);
                    make_array(data.build()?)
                }
                _ => Arc::clone(column),
            }
        }
        DataType::Dictionary(_, of) if !of.is_string() => {
            exact(field, &cast_with_options(column, of, &strict)?, is_nested)?
        }
        DataType::List(_) => {
            let list = column.as_list::<i32>();
            let (item, values) = inner(physical::item(field)?, list.values())?;
            let offsets = list.offsets().clone();
            Arc::new(ListArray::try_new(item, offsets, values, nulls)?)
        }
        DataType::LargeList(_) => {
            let list = column.as_list::<i64>();
            let (item, values) = inner(physical::item(field)?, list.values())?;
            let offsets = list.offsets().clone();
            Arc::new(LargeListArray::try_new(item, offsets, values, nulls)?)
        }
        DataType::FixedSizeList(_, size) => {
            let list = column.as_fixed_size_list();
            let (item, values) = inner(physical::item(field)?, list.values())?;
            Arc::new(FixedSizeListArray::try_new(item, *size, values, nulls)?)
        }
        DataType::Struct(of) if !of.is_empty() => {
            let fields = physical::fields(field)?.iter();
            let columns = fields.zip(column.as_struct().columns());
            let columns = columns.map(|(field, column)| inner(field, column));
            let (fields, columns): (Vec<_>, Vec<_>) =
                columns.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
            Arc::new(StructArray::try_new(fields.into(), columns, nulls)?)
        }
        DataType::Map(_, is_sorted) => {
            let map = column.as_map();
            let entries: ArrayRef = Arc::new(map.entries().clone());
            let (field, entries) = inner(physical::item(field)?, &entries)?;
            let (offsets, entries) = (map.offsets().clone(), entries.as_struct().clone());
            Arc::new(MapArray::try_new(
                field, offsets, entries, nulls, *is_sorted,
            )?)
        }
        _ => Arc::clone(column),
    })
}

/// Bytes as text.
fn text(values: impl Iterator<Item = Option<impl AsRef<[u8]>>>) -> Result<ArrayRef, Inexact> {
    let mut texts = StringBuilder::new();
    for (row, bytes) in values.enumerate() {
        let bytes = bytes.as_ref().map(AsRef::as_ref);
        let text = bytes.map(str::from_utf8).transpose();
        texts.append_option(text.map_err(|_| Inexact {
            row,
            reason: "bytes that are not text in UTF-8; cast it in the export".to_owned(),
        })?);
    }
    Ok(Arc::new(texts.finish()))
}

/// A UUID as all programs write it.
fn uuid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (place, byte) in bytes.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing into a text can't fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Floats, as whole numbers if all are whole.
fn floats(
    column: &ArrayRef,
    is_nested: bool,
    strict: &CastOptions<'_>,
) -> Result<ArrayRef, Inexact> {
    let floats = cast_with_options(column, &DataType::Float64, strict)?;
    let values = floats.as_primitive::<Float64Type>();
    let not_finite = |value: Option<f64>| value.is_some_and(|value| !value.is_finite());
    if let Some(row) = values.iter().position(not_finite)
        && !is_nested
    {
        let reason = format!("{}, which is not a finite number", values.value(row));
        return Err(Inexact { row, reason });
    }
    let is_whole = values
        .iter()
        .flatten()
        .all(|value| value.fract() == 0.0 && value.abs() < MAX_WHOLE);
    if is_whole {
        Ok(cast_with_options(column, &DataType::Int64, strict)?)
    } else {
        Ok(Arc::clone(column))
    }
}

/// INT96 can have times that no date has.
fn fail_if_beyond_years(
    column: &ArrayRef,
    unit: TimeUnit,
    strict: &CastOptions<'_>,
) -> Result<(), Inexact> {
    let per_second = match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    };
    let times = cast_with_options(column, &DataType::Int64, strict)?;
    let is_beyond = |time: Option<i64>| {
        let second = time.map(|time| time.div_euclid(per_second));
        second.is_some_and(|second| !(FIRST_SECOND..=LAST_SECOND).contains(&second))
    };
    match times.as_primitive::<Int64Type>().iter().position(is_beyond) {
        None => Ok(()),
        Some(row) => Err(Inexact {
            row,
            reason: "a time outside of the years 1 to 9999; correct it, or write null".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::builder::{BinaryBuilder, ListBuilder};
    use arrow_array::{
        BinaryArray, Decimal128Array, FixedSizeBinaryArray, Float64Array, Int64Array,
        TimestampMicrosecondArray,
    };

    use super::*;

    fn written(column: ArrayRef) -> String {
        let field = Field::new("c", column.data_type().clone(), true);
        written_as(field, column).unwrap()
    }

    fn written_as(field: Field, column: ArrayRef) -> Result<String, String> {
        let batch = [("c", column)];
        let batch = RecordBatch::try_from_iter_with_nullable(batch.map(|(n, c)| (n, c, true)));
        let schema = Schema::new(vec![field]);
        let partitions = [
            ("region".to_owned(), Some("eu".to_owned())),
            ("country".to_owned(), None),
        ];
        let mut text = Vec::new();
        write(&batch.unwrap(), &schema, &partitions, 10, &mut text)?;
        Ok(String::from_utf8(text).unwrap())
    }

    #[test]
    fn no_digit_is_lost_and_whole_floats_are_whole_numbers() {
        let decimals = Decimal128Array::from(vec![Some(1_234_567_890_123_456_789), None])
            .with_precision_and_scale(38, 2)
            .unwrap();
        assert_eq!(
            written(Arc::new(decimals)),
            "{\"c\":12345678901234567.89,\"region\":\"eu\"}\n{\"region\":\"eu\"}\n"
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

    #[test]
    fn bytes_within_lists_and_objects_are_text_too() {
        let bytes: ArrayRef = Arc::new(BinaryArray::from_vec(vec![b"a.example", b"b.example"]));
        let field: FieldRef = Arc::new(Field::new("b", DataType::Binary, true));
        let object = StructArray::try_new(vec![field].into(), vec![bytes], None).unwrap();
        let object: ArrayRef = Arc::new(object);
        let object = written(object);
        let expected = "{\"c\":{\"b\":\"a.example\"},";
        assert!(object.starts_with(expected), "{object}");
        let mut list = ListBuilder::new(BinaryBuilder::new());
        list.append_value([Some("a.example"), None]);
        let list = written(Arc::new(list.finish()));
        let expected = "{\"c\":[\"a.example\",null],";
        assert!(list.starts_with(expected), "{list}");
    }

    #[test]
    fn uuid_has_hyphens_and_other_fixed_bytes_are_text() {
        let bytes: Vec<u8> = (0x10..0x20).collect();
        let array = FixedSizeBinaryArray::try_from_iter([bytes].into_iter()).unwrap();
        let array: ArrayRef = Arc::new(array);
        let field = Field::new("c", array.data_type().clone(), true);
        let text = written_as(physical::as_uuid(field), array).unwrap();
        let expected = "{\"c\":\"10111213-1415-1617-1819-1a1b1c1d1e1f\",";
        assert!(text.starts_with(expected), "{text}");
        let array = FixedSizeBinaryArray::try_from_iter([b"abcd"].into_iter()).unwrap();
        assert!(written(Arc::new(array)).starts_with("{\"c\":\"abcd\","));
    }

    #[test]
    fn values_that_no_field_has_are_errors_with_column_and_row() {
        let bytes: ArrayRef = Arc::new(BinaryArray::from_vec(vec![b"a", b"\xff"]));
        let floats: ArrayRef = Arc::new(Float64Array::from(vec![1.5, f64::NAN]));
        for column in [bytes, floats] {
            let field = Field::new("c", column.data_type().clone(), true);
            let error = written_as(field, column).unwrap_err();
            assert!(error.starts_with("column \"c\", row 12: "), "{error}");
        }
    }
}
