//! Rows of a CSV that name the columns again, in the order of the header or in another.

use std::collections::BTreeSet;

use super::row::{Defect, Row};

/// Recognizes rows that name the columns, with a glance at most others.
#[derive(Debug)]
pub(super) struct HeaderWatch {
    /// Whether a name begins with the byte.
    begins: [bool; 256],
    /// The line from which on the columns are in another order.
    other_order: Option<u64>,
}

impl HeaderWatch {
    pub(super) fn new(names: &[String]) -> Self {
        let mut begins = [false; 256];
        for name in names {
            let first = name.as_bytes().first().copied().unwrap_or_default();
            begins[usize::from(first)] = true;
        }
        Self {
            begins,
            other_order: None,
        }
    }

    /// What follows from a row for it, and for those after it.
    pub(super) fn look(&mut self, row: &Row, names: &[String]) -> Option<Defect> {
        if let Some(line) = self.other_order {
            return Some(Defect::OtherOrder { line });
        }
        let is_name = |cell: &str| {
            let first = cell.as_bytes().first().copied().unwrap_or_default();
            // A mark of the encoding may be before the first.
            self.begins[usize::from(first)] || first == 0xef
        };
        if !row.cells.iter().take(2).all(is_name) {
            return None;
        }
        if is_header(row, names) {
            return Some(Defect::HeaderAgain);
        }
        // Most rows whose first cells begin as names do end here.
        let mut first = row.cells.iter().take(2).map(str::trim);
        if !first.all(|cell| names.iter().any(|name| name == cell)) {
            return None;
        }
        let cells = row.cells.iter().map(str::trim);
        let filled: Vec<&str> = cells.filter(|cell| !cell.is_empty()).collect();
        let known: BTreeSet<&str> = filled
            .iter()
            .copied()
            .filter(|cell| names.iter().any(|name| name == cell))
            .collect();
        let is_all = known.len() > 1 && known.len() == names.len();
        let is_other = (known.len() > 2 || is_all)
            && known.len() * 3 >= filled.len() * 2
            && known.len() * 3 >= names.len() * 2;
        if is_other {
            self.other_order = Some(row.place.line);
            return self.other_order.map(|line| Defect::OtherOrder { line });
        }
        None
    }
}

/// Whether all cells of a row are the names of the columns; a mark of the encoding may be before them.
pub(super) fn is_header(row: &Row, names: &[String]) -> bool {
    let mut pairs = row.cells.iter().zip(names);
    row.cells.len() > 1
        && pairs.all(|(cell, name)| cell.trim().trim_start_matches('\u{feff}').trim() == name)
}
