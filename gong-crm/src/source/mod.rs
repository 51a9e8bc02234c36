//! Sources of the records of a sync.
//!
//! A [`Source`] reads all records of one type and says from which moment they are and whether they
//! are all there are. [`FilesSource`] reads files; the crate `gong-sources` has commands, databases and
//! object stores; an app that has its records elsewhere implements the trait.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;

mod files;
mod rows;
mod sink;

pub use files::{FilesSource, Take};
pub use rows::{RowFormat, Rows};
pub use sink::Sink;

pub(crate) use sink::{SourceFile, Stamp};

/// A boxed future of a source's method.
pub type ReadFuture<'a> = Pin<Box<dyn Future<Output = Result<Read, SourceError>> + Send + 'a>>;

/// A source of records of one type.
///
/// ```
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use std::sync::Arc;
///
/// use gong_crm::source::{Read, ReadFuture, Sink, Source};
/// use gong_crm::sync::SyncOptions;
/// use gong_crm::{Account, ObjectType};
///
/// /// The accounts of a CRM of two companies.
/// #[derive(Debug)]
/// struct Companies;
///
/// impl Source for Companies {
///     fn name(&self) -> String {
///         "companies".to_owned()
///     }
///
///     fn read<'a>(&'a self, sink: &'a mut Sink) -> ReadFuture<'a> {
///         Box::pin(async move {
///             let as_of = jiff::Timestamp::now();
///             for name in ["Analytical Engines", "Difference Machines"] {
///                 let account = Account::builder()
///                     .object_id(name.to_lowercase().replace(' ', "-"))
///                     .modified_date("2026-01-15T09:30:00Z")
///                     .name(name)
///                     .build()
///                     .map_err(|error| gong_crm::source::SourceError::failed(error))?;
///                 sink.add(&account)?;
///             }
///             Ok(Read::complete(as_of))
///         })
///     }
/// }
///
/// # use gong_crm::{Client, Credentials};
/// # let sim = gong_sim::Simulator::builder().start().await?;
/// # let integration_id = sim.register_integration("Acme CRM", "ada@acme.example").into();
/// # let keys = Credentials::access_key(sim.access_key(), sim.access_key_secret());
/// # let client = Client::builder().base_url(sim.base_url()).credentials(keys).build()?;
/// let options = SyncOptions::new("acme")
///     .source(ObjectType::Account, Arc::new(Companies))
///     .simulator();
/// let report = client.sync(integration_id, options).await?;
/// assert_eq!(report.plan.types[0].new, 2);
/// assert!(sim.object("ACCOUNT", "analytical-engines").is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Source: fmt::Debug + Send + Sync {
    /// A name for reports, without secrets: a glob, a query's file, a command.
    fn name(&self) -> String;

    /// All that decides which records come, such as a query with its mapping. When it changes,
    /// records that vanish with the change are not deleted before the user confirms it.
    ///
    /// Only a hash of it is kept.
    fn definition(&self) -> String {
        self.name()
    }

    /// Reads all records of the sink's type into it.
    ///
    /// # Errors
    ///
    /// [`SourceError`]; then nothing of what was read is used.
    fn read<'a>(&'a self, sink: &'a mut Sink) -> ReadFuture<'a>;
}

/// One pass over a source.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Read {
    /// The moment that its records are from: the start of the query or command, the modification
    /// time of a file. A record that Gong has from a later moment is left as it is.
    pub as_of: Timestamp,
    /// Which records it has.
    pub completeness: Completeness,
    /// By what a second read of unchanged content is recognized, such as a file's size and time.
    pub stamp: Option<String>,
    /// The number of its part files: without a new marker, a later complete read never has fewer.
    pub parts: usize,
    /// When the marker was written that says that all parts are there, such as a file `_SUCCESS`. A
    /// complete read with fewer parts than the last one needs a newer marker than the last one had.
    pub marker: Option<Timestamp>,
    /// Whether the source gives now all records, now changes alone, as a tap that is given its state.
    /// What is held back of a complete read is then kept for the reads after it.
    pub alternates: bool,
}

/// Which records a read has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Completeness {
    /// All that should be in Gong: those that are not in it are deleted from Gong.
    Complete,
    /// Some: what changed.
    Changes,
    /// Some of the records instead of all, and the reason.
    Incomplete(String),
}

impl Read {
    /// A read of all records that should be in Gong.
    pub fn complete(as_of: Timestamp) -> Self {
        Self::of(as_of, Completeness::Complete)
    }

    /// A read of records that changed.
    pub fn changes(as_of: Timestamp) -> Self {
        Self::of(as_of, Completeness::Changes)
    }

    /// A read that should have been complete and is not.
    pub fn incomplete(as_of: Timestamp, reason: impl Into<String>) -> Self {
        Self::of(as_of, Completeness::Incomplete(reason.into()))
    }

    fn of(as_of: Timestamp, completeness: Completeness) -> Self {
        Self {
            as_of,
            completeness,
            stamp: None,
            parts: 0,
            marker: None,
            alternates: false,
        }
    }

    /// The same with something by which a second read of unchanged content is recognized.
    #[must_use]
    pub fn with_stamp(mut self, stamp: impl Into<String>) -> Self {
        self.stamp = Some(stamp.into());
        self
    }
}

/// Why a source could not be read. Nothing of its type is sent or deleted in that round.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// There is nothing to read: no file has the name.
    #[error("source missing: {0}")]
    Missing(String),
    /// The source is not ready yet.
    #[error("source not ready: {0}")]
    NotReady(String),
    /// It cannot be read.
    #[error("source cannot be read: {0}")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl SourceError {
    /// An error of an app source.
    pub fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(error.into())
    }
}

impl From<std::io::Error> for SourceError {
    fn from(error: std::io::Error) -> Self {
        Self::failed(error)
    }
}
