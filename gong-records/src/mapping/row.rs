//! One row of a CSV, or one record of a JSON file, with its position.

use std::ops::Range;

use super::cell::CellKind;
use super::json::Json;

/// How many cells each row has. Some programs write a delimiter after the last cell of each row or
/// of the header. One row alone does not prove that: an unquoted delimiter in a cell of a row whose
/// last cell is empty looks the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// As many as the header has columns.
    Columns,
    /// So many, since there is a delimiter after the last cell of all rows, or of the header alone.
    Other(usize),
    /// As many as the header has columns, but no row has so many: one row seems to have a delimiter
    /// after its last cell, which proves nothing.
    Unproven,
    /// Not known: most rows have a delimiter after their last cell, as the one in the first of these
    /// lines, and others have none, as the one in the second.
    Mixed { with: u64, without: u64 },
}

impl Width {
    /// Whether a row of a file with so many columns has as many cells as it should.
    pub(super) fn fits(self, cells: usize, columns: usize) -> bool {
        match self {
            Self::Columns | Self::Unproven => cells == columns,
            Self::Other(width) => cells == width,
            Self::Mixed { .. } => false,
        }
    }
}

/// One row, and where it is.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub(super) cells: csv::StringRecord,
    /// How many of the cells, at the end, are not in the file, as the item of `each`.
    pub(super) added: usize,
    /// What each cell is; none where all are text, as in a CSV.
    pub(super) kinds: Vec<CellKind>,
    pub(super) place: RowPlace,
    /// What makes the row unusable, whatever its cells hold.
    pub(super) defect: Option<Defect>,
    /// The record that the cells were taken from, and its text.
    pub(super) json: Option<(Json, String)>,
}

/// What makes a row unusable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Defect {
    /// A quote opens in it that never closes.
    OpenQuote,
    /// Text follows a closing quote, so that rows may have been read as one.
    TextAfterQuote { last_line: u64 },
    /// It names the columns once more, as where two files were put together.
    HeaderAgain,
    /// From a line on, which names them, the columns are others than those of the header.
    OtherOrder { line: u64 },
    /// It has another number of cells than the rows of its file should have.
    Cells {
        cells: usize,
        columns: usize,
        width: Width,
    },
    /// A record is not a JSON object.
    Json(String),
}

impl Defect {
    /// What makes a row unusable, and what to do about it.
    pub(super) fn describe(&self) -> (String, String) {
        match self {
            Self::OpenQuote => (
                "a double quote opens in this row and never closes, so that the rest of the file is in \
                 one cell"
                    .to_owned(),
                "close the quote; inside quotes, write \"\" for a double quote".to_owned(),
            ),
            Self::TextAfterQuote { last_line } => (
                format!(
                    "text follows a closing double quote in this row, which ends in line {last_line}: \
                     one of its quotes is probably wrong, and several rows may have been read as one"
                ),
                "remove the quote or close it; inside quotes, write \"\" for a double quote".to_owned(),
            ),
            Self::HeaderAgain => (
                "it is the header again, as where two files were put together".to_owned(),
                "remove the row, or exclude it with where in the mapping: where = \"row['Id'] != 'Id'\""
                    .to_owned(),
            ),
            Self::OtherOrder { line } => (
                format!("line {line} names the columns again, in another order: from there on, the cells are in others than the header says"),
                "put the rows from that line on into a file of their own".to_owned(),
            ),
            Self::Cells {
                cells,
                columns,
                width,
            } => {
                let plural = |noun: &str, count: usize| match count {
                    1 => format!("1 {noun}"),
                    count => format!("{count} {noun}s"),
                };
                let hint = match width {
                    Width::Mixed { .. } => {
                        "put double quotes around cells that contain the delimiter, and write a \
                         delimiter after the last cell of all rows or of none"
                    }
                    Width::Other(_) if cells == columns => {
                        "write a delimiter after the last cell of all rows or of none"
                    }
                    Width::Unproven if cells > columns => {
                        "put double quotes around cells that contain the delimiter; if none does, \
                         write as many delimiters in the header as in the row"
                    }
                    _ if cells > columns => "put double quotes around cells that contain the delimiter",
                    _ => {
                        "complete the row; if it is a total or a note, exclude it with where in the \
                         mapping"
                    }
                };
                let other = match width {
                    Width::Columns | Width::Unproven => {
                        format!("the header names {}", plural("column", *columns))
                    }
                    Width::Other(width) => format!("other rows have {width}"),
                    Width::Mixed { with, without } => format!(
                        "the header names {}; some rows have a delimiter after the last cell, as \
                         in line {with}, and some have none, as in line {without}",
                        plural("column", *columns)
                    ),
                };
                (format!("it has {}, and {other}", plural("cell", *cells)), hint.to_owned())
            }
            Self::Json(message) => (message.clone(), "correct the record".to_owned()),
        }
    }
}

impl Row {
    /// How many bytes its texts have.
    pub(super) fn bytes(&self) -> usize {
        let json = self.json.as_ref().map_or(0, |(_, text)| text.len());
        self.cells.as_slice().len() + json
    }

    /// The kind of the cell.
    pub(super) fn kind(&self, index: usize) -> CellKind {
        self.kinds.get(index).copied().unwrap_or_default()
    }

    /// The row as its file has it, with quotes where they are needed, and where in it one of its
    /// cells is; its beginning, if there is no such cell.
    pub(super) fn text(&self, delimiter: char, index: Option<usize>) -> (String, Range<usize>) {
        if let Some((_, text)) = &self.json {
            let cell = index.and_then(|index| self.cells.get(index));
            let cell = cell.filter(|cell| !cell.is_empty());
            let start = cell.and_then(|cell| Some((text.find(cell)?, cell.len())));
            let (start, length) = start.unwrap_or((0, usize::from(!text.is_empty())));
            return (text.clone(), start..start + length);
        }
        let mut text = String::new();
        let mut marked = 0..usize::from(!self.cells.is_empty());
        let of_file = self.cells.len().saturating_sub(self.added);
        for (at, cell) in self.cells.iter().take(of_file).enumerate() {
            if at > 0 {
                text.push(delimiter);
            }
            let start = text.len();
            if cell.contains([delimiter, '"', '\n']) {
                text.push('"');
                text.push_str(&cell.replace('"', "\"\""));
                text.push('"');
            } else {
                text.push_str(cell);
            }
            if index == Some(at) {
                marked = start..text.len();
            }
        }
        (text, marked)
    }
}

/// Where a row is, as a text editor and as a spreadsheet count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct RowPlace {
    /// The line of the file on which it begins, from 1; 0 when it is about the file as a whole.
    pub line: u64,
    /// The number that a spreadsheet shows for the row, from 1. After cells with several lines, it
    /// is less than the line number. In JSON, the record's number.
    pub row: u64,
}
