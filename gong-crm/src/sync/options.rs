//! The options of a sync.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Deletions, Limit};
use crate::ObjectType;
use crate::push::{self, CheckMode};
use crate::source::Source;

/// Which records of a type a sync looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Only {
    /// All of the type.
    All,
    /// Those with these ids.
    Ids(Vec<String>),
}

/// One source of a sync.
#[derive(Debug, Clone)]
pub(super) struct TypeSource {
    pub(super) source: Arc<dyn Source>,
    pub(super) deletions: Deletions,
}

/// The options of a sync.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SyncOptions {
    /// The name that owns the records of this sync. It deletes only records that an earlier read
    /// with the same name had.
    pub scope: String,
    /// How records are checked, sent and awaited; `paths` and the settings of sources are not used.
    pub push: push::Options,
    /// How many records of a type may be deleted within 24 hours.
    pub max_deletions: Limit,
    /// How many records of a type may be created or changed within 24 hours.
    pub max_changes: Limit,
    /// In how many complete reads a record must be absent before it is deleted.
    pub delete_after: u8,
    /// Delete vanished records although others in the sources refer to them.
    pub delete_referenced: bool,
    /// A list of held-back deletions that the user confirmed, as a sync wrote it.
    pub confirm_deletions: Option<PathBuf>,
    /// The path for the list of held-back deletions.
    pub held_deletions: Option<PathBuf>,
    /// The only types, and records, that are looked at; all if there are none.
    pub only: BTreeMap<ObjectType, Only>,
    /// A plan that [`SyncPlan::write`](super::SyncPlan::write) wrote: exactly its actions are done.
    pub plan_file: Option<PathBuf>,
    /// Send nothing if a record has an error, or if an action of the plan file is not possible as
    /// planned.
    pub strict: bool,
    pub(super) sources: BTreeMap<ObjectType, TypeSource>,
}

impl SyncOptions {
    /// A sync under this name, without sources yet, with the settings for the real Gong.
    pub fn new(scope: impl Into<String>) -> Self {
        Self {
            scope: scope.into(),
            push: push::Options::default(),
            max_deletions: Limit::Default,
            max_changes: Limit::Default,
            delete_after: 1,
            delete_referenced: false,
            confirm_deletions: None,
            held_deletions: None,
            only: BTreeMap::new(),
            plan_file: None,
            strict: false,
            sources: BTreeMap::new(),
        }
    }

    /// The same with a source for a type. Vanished records are deleted within limits; business
    /// users are deleted only if the user confirms it.
    #[must_use]
    pub fn source(self, object_type: ObjectType, source: Arc<dyn Source>) -> Self {
        let deletions = match object_type {
            ObjectType::BusinessUser => Deletions::Ask,
            _ => Deletions::WithinLimits,
        };
        self.source_with(object_type, source, deletions)
    }

    /// The same with a source for a type, and what becomes of records that vanish from it.
    #[must_use]
    pub fn source_with(
        mut self,
        object_type: ObjectType,
        source: Arc<dyn Source>,
        deletions: Deletions,
    ) -> Self {
        self.sources
            .insert(object_type, TypeSource { source, deletions });
        self
    }

    /// The settings for a simulator, which processes at once.
    #[must_use]
    pub fn simulator(mut self) -> Self {
        self.push = self.push.simulator();
        self
    }

    /// The options of the push that does the work.
    pub(super) fn push_options(&self) -> push::Options {
        let mut options = self.push.clone();
        options.paths = Vec::new();
        options.check = match (options.check, self.strict) {
            (CheckMode::Strict(check), false) => CheckMode::SkipInvalid(check),
            (CheckMode::SkipInvalid(check), true) => CheckMode::Strict(check),
            (check, _) => check,
        };
        options
    }

    /// The source of a type.
    pub(crate) fn source_of(&self, object_type: ObjectType) -> Option<Arc<dyn Source>> {
        let of_type = self.sources.get(&object_type)?;
        Some(Arc::clone(&of_type.source))
    }

    /// The types that have a source.
    pub(crate) fn source_types(&self) -> Vec<ObjectType> {
        self.sources.keys().copied().collect()
    }

    /// Reads a type from another source, with the same rule for vanished records.
    pub(crate) fn replace_source(&mut self, object_type: ObjectType, source: Arc<dyn Source>) {
        if let Some(of_type) = self.sources.get_mut(&object_type) {
            of_type.source = source;
        }
    }

    /// Whether a type has a source.
    pub(crate) fn has_source(&self, object_type: ObjectType) -> bool {
        self.sources.contains_key(&object_type)
    }

    /// Whether a type is looked at.
    pub(super) fn includes(&self, object_type: ObjectType) -> bool {
        self.only.is_empty() || self.only.contains_key(&object_type)
    }
}
