//! The way of findings to the caller: in the order of lines, and no more than are wanted.

use super::finding::Finding;

/// Up to this number, the findings of a file are held until its end, and are then in the order of
/// lines, whenever they were found. If there are more, each is delivered when it is found.
const MAX_HELD: usize = 1_024;

/// Delivers the findings of one file.
pub(super) struct Delivery<'a> {
    on_finding: &'a mut dyn FnMut(Finding),
    /// How many findings of records are still wanted.
    wanted: u64,
    held: Option<Vec<Finding>>,
}

impl<'a> Delivery<'a> {
    pub(super) fn new(max: Option<u64>, on_finding: &'a mut dyn FnMut(Finding)) -> Self {
        Self {
            on_finding,
            wanted: max.unwrap_or(u64::MAX),
            held: Some(Vec::new()),
        }
    }

    /// How many findings of records are still wanted.
    pub(super) fn wanted(&self) -> u64 {
        self.wanted
    }

    /// Delivers a finding of a record or a line.
    pub(super) fn of_record(&mut self, finding: Finding) {
        if self.wanted > 0 {
            self.wanted -= 1;
            self.of_column(finding);
        }
    }

    /// Delivers a finding of a whole file or column, which is always wanted.
    pub(super) fn of_column(&mut self, finding: Finding) {
        match &mut self.held {
            Some(held) if held.len() < MAX_HELD => held.push(finding),
            Some(_) => {
                self.release();
                (self.on_finding)(finding);
            }
            None => (self.on_finding)(finding),
        }
    }

    fn release(&mut self) {
        let mut held = self.held.take().unwrap_or_default();
        held.sort_by_key(|finding| {
            let is_of_file = finding.line == 0;
            (is_of_file, finding.line, finding.first_line, finding.column)
        });
        for finding in held {
            (self.on_finding)(finding);
        }
    }

    /// Delivers the findings that were kept.
    pub(super) fn finish(&mut self) {
        self.release();
    }
}
