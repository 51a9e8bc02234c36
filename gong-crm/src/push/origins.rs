//! Where the records of a file came from that was written from the spool.

use std::collections::HashMap;

use crate::ledger::Milliseconds;

/// Where a record of the spool came from.
#[derive(Debug)]
pub(super) struct Origin {
    /// Its line or row in its source, 1-based; 0 if unknown.
    pub(super) line: u64,
    /// The row of the CSV; empty if there is none.
    pub(super) row: String,
    /// The header row of that CSV.
    pub(super) head: String,
    /// The as-of of the read that it came from.
    pub(super) as_of: Milliseconds,
}

/// The origins of the records of a file that was written from the spool.
#[derive(Debug, Default)]
pub(super) struct Origins {
    by_line: Vec<Origin>,
    by_id: HashMap<String, usize>,
}

impl Origins {
    pub(super) fn add(&mut self, object_id: &str, origin: Origin) {
        self.by_id.insert(object_id.to_owned(), self.by_line.len());
        self.by_line.push(origin);
    }

    fn of_line(&self, line: u64) -> Option<&Origin> {
        let place = usize::try_from(line.checked_sub(1)?).ok()?;
        self.by_line.get(place)
    }

    /// The line in the source of what is now in this line.
    pub(super) fn line(&self, line: u64) -> Option<u64> {
        self.of_line(line).map(|origin| origin.line)
    }

    /// The as-of of the record in this line.
    pub(super) fn as_of(&self, line: u64) -> Option<Milliseconds> {
        self.of_line(line).map(|origin| origin.as_of)
    }

    /// The row and the header row that a record came from.
    pub(super) fn row(&self, object_id: &str) -> Option<(&str, &str)> {
        let origin = self.by_line.get(*self.by_id.get(object_id)?)?;
        Some((&origin.row, &origin.head))
    }
}
