//! What a file says of its columns that their Arrow types do not say.

use std::slice::Iter;
use std::sync::Arc;

use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, Schema, TimeUnit};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::{LogicalType, Type};
use parquet::errors::Result;
use parquet::schema::types::ColumnDescPtr;

/// The key under which a field says what its values are.
const VALUES: &str = "gong-crm:values";
const UUID: &str = "uuid";
const INT96: &str = "int96";

/// By what writers of Arrow say that a column has UUIDs.
const EXTENSION: &str = "ARROW:extension:name";

/// A file's columns, in which UUIDs and times of 96 bits are marked. Such times are read in
/// microseconds: in nanoseconds, those before 1677 and after 2262 would become others.
pub(super) fn describe(found: ArrowReaderMetadata) -> Result<(ArrowReaderMetadata, Arc<Schema>)> {
    let leaves = found.parquet_schema().columns().iter();
    let read = fields_of(found.schema().fields(), &mut leaves.clone(), false);
    let marked = fields_of(found.schema().fields(), &mut leaves.clone(), true);
    let marked = Arc::new(Schema::new(marked));
    if read == *found.schema().fields() {
        return Ok((found, marked));
    }
    let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(read)));
    let found = ArrowReaderMetadata::try_new(Arc::clone(found.metadata()), options)?;
    Ok((found, marked))
}

fn fields_of(fields: &Fields, leaves: &mut Iter<'_, ColumnDescPtr>, with_marks: bool) -> Fields {
    let fields = fields.iter();
    fields
        .map(|field| read_as(field, leaves, with_marks))
        .collect()
}

/// The field; each of its innermost columns is a leaf of the file.
fn read_as(field: &FieldRef, leaves: &mut Iter<'_, ColumnDescPtr>, with_marks: bool) -> FieldRef {
    let mut of = |field: &FieldRef| read_as(field, leaves, with_marks);
    let nested = match field.data_type() {
        DataType::List(item) => DataType::List(of(item)),
        DataType::LargeList(item) => DataType::LargeList(of(item)),
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(of(item), *size),
        DataType::Map(entries, is_sorted) => DataType::Map(of(entries), *is_sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(of).collect()),
        _ => return Arc::new(leaf(field, leaves.next(), with_marks)),
    };
    Arc::new(field.as_ref().clone().with_data_type(nested))
}

fn leaf(field: &FieldRef, leaf: Option<&ColumnDescPtr>, with_marks: bool) -> Field {
    let is_int96 = leaf.is_some_and(|leaf| leaf.physical_type() == Type::INT96);
    let logical = leaf.and_then(|leaf| leaf.logical_type_ref());
    let mut field = field.as_ref().clone();
    if let (true, DataType::Timestamp(TimeUnit::Nanosecond, zone)) = (is_int96, field.data_type()) {
        let of = DataType::Timestamp(TimeUnit::Microsecond, zone.clone());
        field = field.with_data_type(of);
    }
    match logical {
        _ if !with_marks => field,
        Some(LogicalType::Uuid) => as_uuid(field),
        _ if is_int96 => with_values(field, INT96),
        _ => field,
    }
}

fn with_values(field: Field, values: &str) -> Field {
    let mut metadata = field.metadata().clone();
    metadata.insert(VALUES.to_owned(), values.to_owned());
    field.with_metadata(metadata)
}

/// The field, marked as one with UUIDs.
pub(super) fn as_uuid(field: Field) -> Field {
    with_values(field, UUID)
}

/// Whether it has UUIDs.
pub(super) fn is_uuid(field: &Field) -> bool {
    let of = |key: &str| field.metadata().get(key).map(String::as_str);
    let is_uuid = of(VALUES) == Some(UUID) || of(EXTENSION) == Some("arrow.uuid");
    is_uuid && *field.data_type() == DataType::FixedSizeBinary(16)
}

/// Whether it has times of 96 bits.
pub(super) fn is_int96(field: &Field) -> bool {
    field.metadata().get(VALUES).is_some_and(|of| of == INT96)
}

/// The field of the items of a list or the entries of a map.
pub(super) fn item(field: &Field) -> std::result::Result<&FieldRef, ArrowError> {
    match field.data_type() {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => Ok(item),
        of => Err(ArrowError::SchemaError(format!("{of} has no items"))),
    }
}

/// The fields of an object.
pub(super) fn fields(field: &Field) -> std::result::Result<&Fields, ArrowError> {
    match field.data_type() {
        DataType::Struct(fields) => Ok(fields),
        of => Err(ArrowError::SchemaError(format!("{of} has no fields"))),
    }
}
