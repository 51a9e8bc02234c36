//! Records that two systems may be changing in turn.

use crate::ObjectType;

/// Records that go back and forth between two versions.
#[derive(Debug, Default)]
pub(super) struct Alternating {
    first: Option<String>,
    count: u64,
}

impl Alternating {
    pub(super) fn add(&mut self, object_id: &str) {
        self.first.get_or_insert_with(|| object_id.to_owned());
        self.count += 1;
    }

    /// A note about them, if there are any.
    pub(super) fn note(&self, object_type: ObjectType) -> Option<String> {
        let first = self.first.as_deref()?;
        let who = match self.count {
            1 => format!("{first} changed"),
            count => format!("{first} and {} more changed", count - 1),
        };
        Some(format!(
            "{object_type}: {who} 5 times in 2 days between the same two versions: two systems may \
             be changing the same records in turn"
        ))
    }
}
