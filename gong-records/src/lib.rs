#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod check;
pub mod fix;
pub mod ids;
pub mod io;
#[cfg(feature = "mapping")]
pub mod mapping;
#[rustfmt::skip]
mod object_type;
pub mod record;
pub mod rule;
pub mod schema;
pub mod value;
pub mod write;

pub use ids::{ClientRequestId, IntegrationId, InvalidId, MeetingId};
pub use io::discover::{FilesError, MAX_BODY_BYTES, SourceFiles};
pub use record::*;
pub use rule::{Rule, UnknownRule};
pub use schema::{
    Change, EntitySchema, EntitySchemaError, FieldType, PlannedField, SchemaField, SchemaFinding,
    SchemaPlan, SchemaPlanError, SchemaRule,
};
pub use value::{Amount, CloseDate, EmailAddress, InvalidValue, ObjectId, Timestamp, Url};
pub use write::{
    EntityFile, EntityWriter, FinishedFile, MAX_FILE_BYTES, RecordLocation, WriteError,
    WriteSummary,
};
