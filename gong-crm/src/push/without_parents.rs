//! Records that Gong was sent without what they refer to, and that nothing was sent of since: each push,
//! plan and sync that names them says so, since Gong may not show them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::PushError;
use super::lines::EntryLines;
use super::parents::{Coming, Parents};
use super::session::Session;
use super::survey::{Entry, TypeFiles};
use crate::ObjectType;
use crate::ledger::{MissingParents, Seconds};

/// A record that is not sent now, and that Gong was sent without what it refers to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Orphan {
    pub(super) entry: Entry,
    pub(super) missing: MissingParents,
    /// Whether that version has no verdict yet.
    pub(super) is_in_flight: bool,
    /// When it was sent.
    pub(super) since: Seconds,
}

/// Records of one type, by the type of what they refer to.
#[derive(Debug, Default)]
pub(super) struct WithoutParents(BTreeMap<ObjectType, Waiting>);

#[derive(Debug)]
struct Waiting {
    count: u64,
    first: First,
    /// When the first of them was sent.
    since: Seconds,
}

/// One of the records: that which was sent first, if its name is known.
#[derive(Debug, Clone)]
enum First {
    Line(Entry),
    /// Its id, if it is known: its line was not looked at.
    Id(Option<String>),
}

impl WithoutParents {
    pub(super) fn add(&mut self, orphan: &Orphan) {
        for parent in orphan.missing.types() {
            self.count(parent, 1, orphan.since, || First::Line(orphan.entry));
        }
    }

    /// Adds records whose lines were not looked at, with the id of the first if that is known.
    pub(super) fn add_known(
        &mut self,
        parent: ObjectType,
        count: u64,
        since: Seconds,
        id: Option<&str>,
    ) {
        if count > 0 {
            self.count(parent, count, since, || First::Id(id.map(str::to_owned)));
        }
    }

    fn count(&mut self, parent: ObjectType, count: u64, since: Seconds, first: impl Fn() -> First) {
        let waiting = self.0.entry(parent).or_insert_with(|| Waiting {
            count: 0,
            first: first(),
            since,
        });
        waiting.count += count;
        if since < waiting.since || matches!(waiting.first, First::Id(None)) {
            let first = first();
            if !matches!(first, First::Id(None)) {
                waiting.first = first;
            }
            waiting.since = waiting.since.min(since);
        }
    }
}

impl Session {
    /// A note about such records of a type for each type that they refer to. It names the record that
    /// was sent first, whose line is read once more for what it refers to.
    pub(super) async fn notes_without_parents(
        &self,
        without_parents: &WithoutParents,
        files: &TypeFiles<'_>,
    ) -> Result<Vec<String>, PushError> {
        let mut notes = Vec::new();
        for (parent, waiting) in &without_parents.0 {
            let (first, missing) = match &waiting.first {
                First::Id(id) => (id.clone(), None),
                First::Line(entry) => self.first_missing(*parent, entry, files).await?,
            };
            notes.push(waiting.note(files.object_type, first, *parent, missing));
        }
        Ok(notes)
    }

    /// The id of a record, and that of what it refers to and Gong may not have.
    async fn first_missing(
        &self,
        parent: ObjectType,
        entry: &Entry,
        files: &TypeFiles<'_>,
    ) -> Result<(Option<String>, Option<String>), PushError> {
        let mut lines = EntryLines::new(files);
        let (_, line) = lines.read(entry)?;
        let mut reader = self.reader(files.object_type);
        let Ok(facts) = reader.read(line) else {
            return Ok((None, None));
        };
        let object_id = facts.object_id.into_owned();
        let references = reader.referred(line);
        let mut parents = Parents::new(self, Coming::default());
        parents.look_up(self, &references).await?;
        let missing = parents.first_missing(parent, &references);
        Ok((Some(object_id), missing.map(str::to_owned)))
    }
}

impl Waiting {
    fn note(
        &self,
        object_type: ObjectType,
        first: Option<String>,
        parent: ObjectType,
        missing: Option<String>,
    ) -> String {
        let since = Timestamp::from_second(self.since).unwrap_or_default();
        let since = since.strftime("%Y-%m-%d");
        let count = self.count;
        if count == 1 {
            let which = first.map_or_else(String::new, |id| format!(" ({id})"));
            let it = missing.as_deref().unwrap_or("that one");
            let parent = match &missing {
                Some(missing) => format!("{parent} {missing}"),
                None => format!("a record of type {parent}"),
            };
            return format!(
                "1 {object_type} record{which}, sent on {since}, refers to {parent}, which is still not \
                 known to be in Gong: Gong may not show it. Once Gong has accepted {it}, the next push or \
                 sync of the record sends it again"
            );
        }
        let more = count - 1;
        let which = first.map_or_else(String::new, |id| format!(" ({id} and {more} more)"));
        let such_as = missing.map_or_else(String::new, |id| format!(", such as {id}"));
        format!(
            "{count} {object_type} records{which}, sent since {since}, refer to {parent} records that are \
             still not known to be in Gong{such_as}: Gong may not show them. Once Gong has accepted those, \
             the next push or sync of the records sends them again"
        )
    }
}
