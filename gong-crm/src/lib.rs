#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod async_writer;
mod client;
mod compare;
pub mod ledger;
pub mod push;
pub mod source;
pub mod sync;
mod verify;

pub use gong_client::{
    clock, error, integration, meeting, objects, operation, poll, quota, rate_limit, raw, retry,
    status, upload, users,
};
pub use gong_records::{check, fix, ids, mapping, record, rule, schema, value, write};

pub use async_writer::AsyncEntityWriter;
pub use client::{Client, ClientBuilder};
pub use gong_client::{
    Clock, CreatedMeeting, Credentials, CrmObject, DeletionEvent, EnsureOutcome, Error, ErrorKind,
    Integration, Invitee, LineError, MAX_EMAILS, MAX_LISTED_ERRORS, MAX_OBJECTS, Meeting,
    MeetingBuilder, MeetingReadiness, Operation, PollError, PollPolicy, Quota, RateLimit,
    RequestState, RequestStatus, SystemClock, Timeouts, Upload, User, UserSettings,
};
pub use gong_records::{
    Account, Amount, BusinessUser, Change, ClientRequestId, CloseDate, Contact, CustomFields,
    CustomInput, Deal, DealStatus, EmailAddress, EntityFile, EntitySchema, EntitySchemaError,
    EntityWriter, Field, FieldKind, FieldType, FilesError, FinishedFile, Input, IntegrationId,
    InvalidId, InvalidRecord, InvalidValue, Lead, LineFormat, MAX_BODY_BYTES, MAX_FILE_BYTES,
    MeetingId, ObjectId, ObjectType, PlannedField, Presence, Record, RecordLocation, Rule,
    SchemaField, SchemaFinding, SchemaPlan, SchemaPlanError, SchemaRule, Stage, Timestamp,
    UnknownObjectType, UnknownRule, Url, Violation, WriteError, WriteSummary, builder,
};
pub use ledger::Ledger;
pub use verify::{Difference, DifferenceKind, Verification, VerifyError};

/// The programs of the guide compile.
#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/csv.md")]
struct Guide;
