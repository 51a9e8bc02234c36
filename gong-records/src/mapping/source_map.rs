//! From a line of the LDJSON back to the row and column of the CSV.

use std::path::Path;
use std::sync::Arc;

use super::row::RowPlace;
use crate::check::Finding;

/// Maps each line of the LDJSON to its row in the CSV, and each field to its column.
///
/// With it, findings of the check and errors of Gong are reported for the CSV, where a person can
/// fix them. It grows only with rows that are not one line after the previous one: after a cell
/// with several lines, or an omitted row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceMap {
    /// The lines at which the distance to the CSV changes, each with its place there.
    runs: Vec<(u64, RowPlace)>,
    /// Field, column and the column's number from 1.
    columns: Vec<(String, String, u64)>,
}

impl SourceMap {
    pub(super) fn new(columns: Vec<(String, String, u64)>) -> Self {
        Self {
            runs: Vec::new(),
            columns,
        }
    }

    /// Stores the origin of the next line of the LDJSON.
    pub(super) fn push(&mut self, line: u64, place: RowPlace) {
        if self.place(line) != Some(place) {
            self.runs.push((line, place));
        }
    }

    /// The position in the CSV of a line of the LDJSON; lines count from 1.
    pub fn place(&self, line: u64) -> Option<RowPlace> {
        let after = self.runs.partition_point(|(first, _)| *first <= line);
        let (first, place) = self.runs.get(after.checked_sub(1)?)?;
        let distance = line - first;
        Some(RowPlace {
            line: place.line + distance,
            row: place.row + distance,
        })
    }

    /// The name of the column of a field.
    pub fn column(&self, field: &str) -> Option<&str> {
        self.entry(field).map(|(_, column, _)| column.as_str())
    }

    fn entry(&self, field: &str) -> Option<&(String, String, u64)> {
        self.columns.iter().find(|(known, ..)| known == field)
    }

    /// Runs of lines: the first of the LDJSON, and the line of the CSV on which its row begins.
    pub fn lines(&self) -> impl Iterator<Item = (u64, u64)> {
        self.runs.iter().map(|(line, place)| (*line, place.line))
    }

    /// The same finding about the CSV: its path, the line on which the row begins, the number of the
    /// column, and the column's name in the message.
    ///
    /// Findings about the whole file, or about a field without a column, keep column 0.
    #[must_use]
    pub fn finding_in_csv(&self, csv: &Arc<Path>, mut finding: Finding) -> Finding {
        finding.path = Arc::clone(csv);
        finding.excerpt = None;
        finding.column = 0;
        let line_in_csv = |line| self.place(line).map_or(line, |place| place.line);
        finding.first_line = finding.first_line.map(line_in_csv);
        if let Some(place) = self.place(finding.line).filter(|_| finding.line > 0) {
            finding.record = Some(finding.line);
            finding.line = place.line;
            finding.row = Some(place.row);
            finding.message = self.with_lines_of_csv(&finding.message);
        }
        let entry = finding.field.as_deref().and_then(|field| self.entry(field));
        if let Some((_, column, number)) = entry {
            finding.column = *number;
            name_place(&mut finding, Some(column));
        } else {
            name_place(&mut finding, None);
        }
        finding
    }

    /// The message with the lines that it speaks of, as that of a repeated id does, as the CSV's.
    fn with_lines_of_csv(&self, message: &str) -> String {
        let mut pieces = message.split("line ");
        let mut text = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            text.push_str("line ");
            let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = piece.split_at(digits);
            match number.parse().ok().and_then(|line| self.place(line)) {
                Some(place) => text.push_str(&place.line.to_string()),
                None => text.push_str(number),
            }
            text.push_str(rest);
        }
        text
    }
}

/// Adds to the message in which column of the CSV it is, and in which row where a spreadsheet counts
/// otherwise than by lines.
pub(super) fn name_place(finding: &mut Finding, column: Option<&str>) {
    let row = finding.row.filter(|row| *row != finding.line);
    let place = match (column, row) {
        (Some(column), Some(row)) => format!(" (column {column:?}, row {row})"),
        (Some(column), None) => format!(" (column {column:?})"),
        (None, Some(row)) => format!(" (row {row})"),
        (None, None) => return,
    };
    finding.message.push_str(&place);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_lead_back_to_rows_and_only_jumps_are_kept() {
        let mut map = SourceMap::new(Vec::new());
        let sources = [(2, 2), (3, 3), (4, 4), (8, 5), (9, 6), (11, 8)];
        for (index, (line, row)) in sources.into_iter().enumerate() {
            map.push(index as u64 + 1, RowPlace { line, row });
        }
        assert_eq!(map.runs.len(), 3);
        for (index, (line, row)) in sources.into_iter().enumerate() {
            assert_eq!(map.place(index as u64 + 1), Some(RowPlace { line, row }));
        }
        assert_eq!(map.place(0), None);
        assert_eq!(
            map.with_lines_of_csv("it stands in line 4 already"),
            "it stands in line 8 already"
        );
        assert_eq!(map.with_lines_of_csv("a line, line x"), "a line, line x");
    }
}
