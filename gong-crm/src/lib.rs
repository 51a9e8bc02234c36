// Of two definitions of a link the first counts. These lead to the same version of the documentation, and
// rustdoc checks them; those of the README serve its other readers.
//! [`Account`]: crate::Account
//! [`BusinessUser`]: crate::BusinessUser
//! [`Contact`]: crate::Contact
//! [`Deal`]: crate::Deal
//! [`Lead`]: crate::Lead
//! [`Stage`]: crate::Stage
//! [`Rule`]: crate::Rule
//! [`EntityFile`]: crate::EntityFile
//! [`check`]: crate::check
//! [`fix`]: crate::fix
//! [`Client`]: crate::Client
//! [`push`]: crate::push
//! [`Ledger`]: crate::Ledger
//! [`sync`]: crate::sync
//! [`source`]: crate::source
//! [`EntitySchema`]: crate::schema::EntitySchema
//! [`SchemaPlan`]: crate::schema::SchemaPlan
//! [`raw`]: crate::raw
//! [`Error`]: crate::Error
//! [`retry`]: crate::retry
//!
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod async_writer;
pub mod client;
mod compare;
pub mod coverage;
pub mod drift;
pub mod ledger;
mod named;
pub mod probe;
pub mod push;
pub mod source;
pub mod sync;
pub mod why;

pub use gong_client::{
    clock, error, integration, meeting, objects, operation, poll, quota, rate_limit, raw, retry,
    status, upload, users,
};
#[cfg(feature = "mapping")]
pub use gong_records::mapping;
pub use gong_records::{check, fix, ids, io, record, rule, schema, value};

/// Writing records of one type as the lines of entity files.
pub mod write {
    pub use crate::async_writer::AsyncEntityWriter;
    pub use gong_records::write::*;
}

pub use client::{Client, ClientBuilder};
pub use gong_client::{Credentials, Error, ErrorKind};
/// Date-times, as a [`source`] and [`value::Timestamp`] have them, and the type of secrets.
pub use gong_client::{jiff, secrecy};
pub use gong_records::{
    Account, BusinessUser, ClientRequestId, Contact, Deal, DealStatus, EntityFile, IntegrationId,
    Lead, ObjectType, Record, Rule, Stage,
};
pub use ledger::Ledger;

/// The programs of the guide compile.
#[cfg(all(doctest, feature = "mapping"))]
#[doc = include_str!("../../docs/guide/csv.md")]
struct Guide;
