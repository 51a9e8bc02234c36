#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod async_writer;
mod client;
pub mod ledger;
pub mod push;
mod verify;

pub use gong_client::{
    clock, error, integration, meeting, objects, operation, poll, quota, rate_limit, raw, retry,
    status, upload,
};
pub use gong_records::{check, fix, ids, mapping, record, rule, schema, value, write};

pub use async_writer::AsyncEntityWriter;
pub use client::{Client, ClientBuilder};
pub use gong_client::{
    Clock, CreatedMeeting, Credentials, CrmObject, DeletionEvent, Ensured, Error, ErrorKind,
    Integration, Invitee, LineError, MAX_EMAILS, MAX_LISTED_ERRORS, MAX_OBJECTS, Meeting,
    MeetingBuilder, MeetingReadiness, Operation, Patience, Quota, RateLimit, RequestState,
    RequestStatus, SystemClock, Timeouts, Upload, WaitError,
};
pub use gong_records::{
    Account, Amount, BusinessUser, Change, ClientRequestId, CloseDate, Contact, CustomFields,
    CustomInput, Deal, DealStatus, EmailAddress, Entity, EntityFile, EntitySchema,
    EntitySchemaError, EntityWriter, Fault, Field, FieldKind, FieldType, FilesError, Input,
    IntegrationId, InvalidId, InvalidRecord, Lead, LineFormat, MAX_BODY_BYTES, MAX_FILE_BYTES,
    MeetingId, ObjectId, ObjectType, Place, PlannedField, Presence, Rule, SchemaField,
    SchemaFinding, SchemaPlan, SchemaPlanError, SchemaRule, Stage, Timestamp, UnknownObjectType,
    UnknownRule, Url, Violation, WriteError, Written, WrittenFile, builder,
};
#[cfg(feature = "sqlite")]
pub use ledger::SqliteLedger;
pub use ledger::{
    Job, JobContent, JobState, Ledger, LedgerError, LedgerLock, LockOwner, MemoryLedger,
};
pub use verify::{Difference, DifferenceKind, Verification, VerifyError};

/// The programs of the guide compile.
#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/csv.md")]
struct Guide;
