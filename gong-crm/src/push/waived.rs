//! Records that somebody waived: they stay as they are in Gong, and are only counted.

use crate::ObjectType;

/// How many records a note names.
const NAMED: usize = 5;

/// Waived records of one type, or their deletions.
#[derive(Debug, Default)]
pub(super) struct Waived {
    named: Vec<String>,
    count: usize,
}

impl Waived {
    pub(super) fn add(&mut self, object_id: &str) {
        if self.named.len() < NAMED {
            self.named.push(object_id.to_owned());
        }
        self.count += 1;
    }

    fn ids(&self) -> String {
        let ids = self.named.join(", ");
        match self.count - self.named.len() {
            0 => ids,
            more => format!("{ids} and {more} more"),
        }
    }

    /// A note about versions that are not sent, if there are any.
    pub(super) fn note(&self, object_type: ObjectType) -> Option<String> {
        let (records, they, change) = match self.count {
            0 => return None,
            1 => ("1 rejected record was".to_owned(), "it is", "it changes"),
            count => (
                format!("{count} rejected records were"),
                "they are",
                "they change",
            ),
        };
        Some(format!(
            "{object_type}: {records} waived ({}): {they} sent again when {change}, or with --resend",
            self.ids()
        ))
    }

    /// A note about deletions of vanished records that are not sent, if there are any.
    pub(super) fn note_of_deletions(&self, object_type: ObjectType) -> Option<String> {
        let (records, they_stay) = match self.count {
            0 => return None,
            1 => (
                "1 record that is".to_owned(),
                "if Gong has it, it stays there",
            ),
            count => (
                format!("{count} records that are"),
                "those that Gong has stay there",
            ),
        };
        Some(format!(
            "{object_type}: the deletion of {records} gone from the source was waived ({}): {they_stay}, \
             unless --resend sends the deletion again",
            self.ids()
        ))
    }
}
