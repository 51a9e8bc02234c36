//! Gong's fields of dates and times, each from the columns that say it best.

use std::collections::BTreeSet;

use super::Writer;
use crate::mapping::draft::profile::Profile;
use crate::mapping::draft::settings::Content;
use crate::mapping::draft::toml_text::{quoted, words as one_or_list};
use crate::mapping::draft::words::{plain, plain_words, words};

impl Writer<'_> {
    /// The keys that a date needs where its column counts days or seconds.
    pub(super) fn counted_dates(&self, index: usize, is_time: bool) -> Vec<String> {
        let Some(profile) = self.profile(index) else {
            return Vec::new();
        };
        let key = if is_time { "date-times" } else { "dates" };
        let format = if profile.all(profile.epochs) {
            "epoch"
        } else if let Some(format) = parts_of_seconds(profile) {
            format
        } else if profile.all(profile.serials) {
            "excel"
        } else {
            return Vec::new();
        };
        vec![format!("{key} = \"{format}\"")]
    }

    /// Whether a column can be dates.
    pub(super) fn is_date(&self, index: usize) -> bool {
        matches!(
            self.content(index),
            Content::Date(_) | Content::DateTime { .. }
        ) || self.profile(index).is_some_and(|profile| {
            profile.all(profile.epochs)
                || parts_of_seconds(profile).is_some()
                || profile.all(profile.serials)
        })
    }

    /// Notes that a moment without zone is read.
    pub(super) fn note_zone(&mut self, index: usize) {
        let has_zone = match self.content(index) {
            Content::DateTime { has_zone, .. } => has_zone,
            Content::Date(_) => false,
            _ => {
                let profile = self.profile(index);
                !profile.is_some_and(|profile| profile.all(profile.serials))
            }
        };
        self.needs_zone |= !has_zone;
    }

    pub(super) fn moment(&mut self, name: &str) -> bool {
        let columns = self
            .document
            .file
            .roles
            .fields
            .get(name)
            .cloned()
            .unwrap_or_default();
        let Some(index) = columns.into_iter().find(|index| self.is_date(*index)) else {
            return false;
        };
        self.take_moment(name, index);
        true
    }

    fn take_moment(&mut self, name: &str, index: usize) {
        self.used.insert(index);
        self.note_zone(index);
        let mut keys = vec![format!("from = {}", quoted(self.name(index)))];
        keys.extend(self.counted_dates(index, true));
        keys.extend(self.empty(&[index]));
        self.line(name, &keys);
    }

    pub(super) fn modified(&mut self, is_required: bool) {
        if self.moment("modifiedDate") || !is_required {
            return;
        }
        if let Some(question) = self.unread("modifiedDate", "date-times") {
            self.line(
                "modifiedDate",
                &[
                    "constant = \"now\"".to_owned(),
                    format!("todo = {}", quoted(&question)),
                ],
            );
            return;
        }
        let times = self.unknown_times();
        let changes: Vec<usize> = times
            .iter()
            .copied()
            .filter(|index| self.is_of_change(*index))
            .collect();
        let rows = self.document.file.table.rows;
        let is_full = |index: usize| self.profile(index).is_some_and(|one| one.filled == rows);
        if let [only] = changes.as_slice()
            && is_full(*only)
            && !self.is_of_part(*only)
        {
            self.take_moment("modifiedDate", *only);
            return;
        }
        let candidates = if changes.is_empty() { times } else { changes };
        let mut keys = vec!["constant = \"now\"".to_owned()];
        if candidates.is_empty() {
            self.comment("No column says when a record was changed; this is the modification time of the file.");
        } else {
            keys.push(format!(
                "todo = {}",
                quoted(&format!(
                    "Which column tells when a record was last changed, {}? Write from in place of constant. If \
                     none does, the time of the file counts: every record is then as new as the export.",
                    self.listed(&candidates)
                ))
            ));
        }
        self.line("modifiedDate", &keys);
    }

    /// The question about a column that is called as the field, and whose cells are in no known form.
    pub(super) fn unread(&self, field: &str, key: &str) -> Option<String> {
        let mut columns = self.document.file.roles.fields.get(field)?.iter();
        let index =
            *columns.find(|index| self.profile(**index).is_some_and(|one| one.filled > 0))?;
        let cell = self.profile(index)?.commonest()?;
        let cell: String = cell.chars().take(40).collect();
        Some(format!(
            "The column {} is called like {field}, and its cells, such as {cell:?}, are in no form that a draft \
             knows. Write {field}, with {key} or an expression.",
            quoted(self.name(index))
        ))
    }

    /// The columns of times that are none of Gong's fields.
    fn unknown_times(&self) -> Vec<usize> {
        let roles = &self.document.file.roles;
        let known = ["createdDate", "closeDate", "isDeleted"]
            .iter()
            .flat_map(|field| roles.fields.get(field).into_iter().flatten());
        let others = ["won-time", "lost-time"];
        let others = others.iter().filter_map(|role| roles.others.get(role));
        let known: BTreeSet<usize> = known.chain(others).copied().collect();
        (0..self.contents.len())
            .filter(|index| !known.contains(index) && !self.name(*index).is_empty())
            .filter(|index| match self.content(*index) {
                Content::DateTime { .. } => {
                    self.is_of_change(*index) || !self.is_of_activity(*index)
                }
                Content::Date(_) => self.is_of_change(*index),
                _ => false,
            })
            .collect()
    }

    /// Whether a column's name says that something happened, such as the last call.
    fn is_of_activity(&self, index: usize) -> bool {
        let name = format!(" {} ", plain_words(self.name(index)));
        let mut words = words().list("activities").iter();
        words.any(|word| name.contains(&format!(" {} ", plain_words(word))))
    }

    /// Whether a column's name says that something changed.
    fn is_of_change(&self, index: usize) -> bool {
        let name = plain(self.name(index));
        let mut parts = words().list("changes").iter();
        parts.any(|part| name.contains(part.as_str()))
    }

    /// Whether a column's name says that it is about the stage or the owner alone.
    fn is_of_part(&self, index: usize) -> bool {
        let name = plain(self.name(index));
        let object_type = self.document.file.object_type;
        let mut parts = words()
            .field(object_type, "stage")
            .iter()
            .chain(words().field(object_type, "status"))
            .chain(words().reference("ownerId"));
        parts.any(|part| name.contains(part.as_str()))
    }

    pub(super) fn close_date(&mut self) {
        let roles = &self.document.file.roles;
        // When it was won or lost says more than when that was expected.
        let ended = ["won-time", "lost-time"]
            .iter()
            .filter_map(|role| roles.others.get(role));
        let named = || roles.fields.get("closeDate").into_iter().flatten();
        let is_planned = |index: &&usize| {
            let name = format!(" {} ", plain_words(self.name(**index)));
            let mut planned = words().list("planned").iter();
            planned.any(|word| name.contains(&format!(" {} ", plain_words(word))))
        };
        let columns: Vec<usize> = ended
            .chain(named().filter(|index| !is_planned(index)))
            .chain(named().filter(is_planned))
            .copied()
            .collect();
        // Next month, a column may have dates that has none today.
        let is_empty = |index: usize| self.content(index) == Content::Nothing;
        let Some(first) = columns.iter().copied().find(|index| self.is_date(*index)) else {
            self.questions.extend(self.unread("closeDate", "dates"));
            return;
        };
        let columns: Vec<usize> = columns
            .into_iter()
            .filter(|index| self.is_date(*index) || is_empty(*index))
            .collect();
        self.used.extend(&columns);
        let names: Vec<String> = columns
            .iter()
            .map(|index| self.name(*index).to_owned())
            .collect();
        let mut keys = vec![format!("from = {}", one_or_list(&names))];
        keys.extend(self.counted_dates(first, false));
        keys.extend(self.empty(&columns));
        self.line("closeDate", &keys);
    }
}

/// The format of a column that counts parts of seconds since 1970.
fn parts_of_seconds(profile: &Profile) -> Option<&'static str> {
    let formats = ["epoch-ms", "epoch-us", "epoch-ns"];
    let mut parts = profile.epoch_parts.iter().zip(formats);
    parts.find_map(|(count, format)| profile.all(*count).then_some(format))
}
