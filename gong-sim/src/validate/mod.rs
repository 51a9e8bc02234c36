//! One line of an uploaded file: its fields, and whether Gong would accept it.

mod check;
mod fields;
mod formats;
mod line;
mod schema;

pub(crate) use check::{Change, RecordCheck, is_standard};
pub(crate) use fields::{Shape, standard_fields};
pub(crate) use formats::{instant, is_date_time};
pub(crate) use line::{Line, text_of};
pub(crate) use schema::{FieldType, SchemaField};
