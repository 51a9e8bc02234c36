#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "client")]
mod answer;
#[cfg(feature = "client")]
mod base_url;
pub mod check;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod clock;
#[cfg(feature = "convert")]
pub mod convert;
#[cfg(feature = "client")]
mod credentials;
mod entity;
mod entity_schema;
#[cfg(feature = "client")]
mod error;
mod files;
pub mod fix;
mod id;
#[cfg(feature = "client")]
mod integration;
#[cfg(feature = "client")]
mod ledger;
#[cfg(feature = "client")]
mod lifecycle;
#[cfg(feature = "client")]
mod meeting;
#[cfg(feature = "client")]
mod objects;
#[rustfmt::skip]
mod operation;
#[cfg(feature = "client")]
pub mod push;
#[cfg(feature = "client")]
mod quota;
#[cfg(feature = "client")]
mod rate;
#[cfg(feature = "client")]
pub mod raw;
#[cfg(feature = "client")]
pub mod retry;
mod rule;
#[cfg(feature = "client")]
mod server_clock;
#[cfg(feature = "client")]
mod status;
#[cfg(feature = "client")]
mod upload;
mod value;
#[cfg(feature = "client")]
mod verify;
#[cfg(feature = "client")]
mod wait;
mod writer;

#[cfg(feature = "client")]
pub use client::{Client, ClientBuilder, Timeouts};
#[cfg(feature = "client")]
pub use clock::{Clock, SystemClock};
#[cfg(feature = "client")]
pub use credentials::Credentials;
pub use entity::*;
pub use entity_schema::{
    Change, EntitySchema, EntitySchemaError, FieldType, PlannedField, SchemaField, SchemaFinding,
    SchemaPlan, SchemaPlanError, SchemaRule,
};
#[cfg(feature = "client")]
pub use error::{Error, ErrorKind};
pub use files::{FilesError, MAX_BODY_BYTES};
pub use id::{ClientRequestId, IntegrationId, InvalidId, MeetingId};
#[cfg(feature = "client")]
pub use integration::Integration;
#[cfg(feature = "sqlite")]
pub use ledger::SqliteLedger;
#[cfg(feature = "client")]
pub use ledger::{
    Holder, Job, JobContent, JobState, Ledger, LedgerError, LedgerLock, MemoryLedger,
};
#[cfg(feature = "client")]
pub use lifecycle::{DeletionEvent, Ensured};
#[cfg(feature = "client")]
pub use meeting::{CreatedMeeting, Invitee, MAX_EMAILS, Meeting, MeetingBuilder, MeetingReadiness};
#[cfg(feature = "client")]
pub use objects::{CrmObject, MAX_OBJECTS};
pub use operation::Operation;
#[cfg(feature = "client")]
pub use quota::Quota;
#[cfg(feature = "client")]
pub use rate::RateBudget;
pub use rule::{Rule, UnknownRule};
#[cfg(feature = "client")]
pub use status::{LineError, MAX_LISTED_ERRORS, RequestState, RequestStatus};
#[cfg(feature = "client")]
pub use upload::Upload;
pub use value::{Amount, CloseDate, EmailAddress, Fault, ObjectId, Timestamp, Url};
#[cfg(feature = "client")]
pub use verify::{Difference, DifferenceKind, Verification, VerifyError};
#[cfg(feature = "client")]
pub use wait::{Patience, WaitError};
#[cfg(feature = "client")]
pub use writer::AsyncEntityWriter;
pub use writer::{
    EntityFile, EntityWriter, MAX_FILE_BYTES, Place, WriteError, Written, WrittenFile,
};
