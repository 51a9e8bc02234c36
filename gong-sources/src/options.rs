//! The common options of all sources.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use gong_crm::check::FileConverter;
use gong_crm::schema::EntitySchema;
use gong_crm::source::{Completeness, Read};
use jiff::{SignedDuration, Timestamp};

/// The common options of all sources: whether they are complete, and how rows become records.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct SourceOptions {
    /// Whether the source has all records that should be in Gong. Without it, it has changes, and
    /// nothing is deleted because it is not in it.
    pub is_complete: bool,
    /// How much older than the time of reading the content may be, for example of a replica.
    pub lag: Duration,
    /// For how long files must not have changed before they are read; other sources do not use it.
    pub stable_for: Duration,
    /// For how long a program may write nothing until it is stopped, an hour if `None`; other
    /// sources do not use it.
    pub timeout: Option<Duration>,
    /// The converter from rows to records. Without it, columns have the names of Gong's fields.
    pub converter: Option<Arc<dyn FileConverter>>,
    /// The text of the mapping, by which a change of it is noticed.
    pub mapping: String,
    /// The declared custom fields, whose types columns need not have.
    pub entity_schema: Option<EntitySchema>,
}

impl fmt::Debug for SourceOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SourceOptions")
            .field("is_complete", &self.is_complete)
            .field("lag", &self.lag)
            .field("is_mapped", &self.converter.is_some())
            .finish_non_exhaustive()
    }
}

impl SourceOptions {
    /// A read that reached its end; `began` is the moment that its records are from.
    pub(crate) fn read(&self, began: Timestamp) -> Read {
        let lag = SignedDuration::try_from(self.lag).unwrap_or(SignedDuration::ZERO);
        let as_of = began.checked_sub(lag).unwrap_or(Timestamp::MIN);
        let mut read = Read::changes(as_of);
        if self.is_complete {
            read.completeness = Completeness::Complete;
        }
        read
    }

    /// What decides which records come, besides where they are.
    pub(crate) fn definition(&self) -> String {
        format!("{}\n{}", self.is_complete, self.mapping)
    }
}
