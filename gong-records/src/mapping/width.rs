//! How many cells the rows of a CSV have, by its header and its first rows.

use std::collections::VecDeque;
use std::io::{self, Read};

use super::csv_rows::Rows;
use super::row::{Row, Width};

/// How many rows are read ahead, and at most how many bytes of them.
const ROWS: usize = 100;
const BYTES: usize = 256 * 1024;

impl Width {
    /// By the rows at the beginning of a file.
    fn of(rows: &[&Row], names: &[String]) -> Self {
        let is_blank = |text: &str| text.trim().is_empty();
        let columns = names.len();
        let named = columns - names.iter().rev().take_while(|name| is_blank(name)).count();
        // Rows without the delimiter that the header has at its end, with it, and with more.
        let (mut short, mut exact, mut wide) = (None::<usize>, Vec::new(), Vec::new());
        let mut has_blank_end = false;
        for row in rows {
            let cells = row.cells.len();
            if cells >= named && cells < columns {
                short = Some(short.map_or(cells, |short| short.min(cells)));
            } else if cells == columns {
                exact.push(row.place.line);
                has_blank_end |= row.cells.iter().skip(named).all(is_blank);
            } else if cells > columns && row.cells.iter().skip(columns).all(is_blank) {
                wide.push((cells, row.place.line));
            }
        }
        if let Some(short) = short
            && !has_blank_end
        {
            return Self::Other(short);
        }
        let Some(least) = wide.iter().map(|(cells, _)| *cells).min() else {
            return Self::Columns;
        };
        match exact.first() {
            Some(without) if wide.len() > exact.len() => Self::Mixed {
                with: wide[0].1,
                without: *without,
            },
            Some(_) => Self::Columns,
            // More cells than others may be due to a delimiter in one of them, never fewer.
            None if wide.iter().filter(|(cells, _)| *cells == least).count() > 1 => {
                Self::Other(least)
            }
            None => Self::Unproven,
        }
    }
}

/// The rows of a file that were read ahead.
#[derive(Debug, Default)]
pub(super) struct FirstRows {
    rows: VecDeque<Row>,
    /// How the file ended after them, if it did.
    end: Option<io::Result<()>>,
}

impl FirstRows {
    /// Reads them, and says how many cells the rows have. `is_usual` says that a row is one of
    /// the data and readable.
    pub(super) fn read<R: Read>(
        &mut self,
        rows: &mut Rows<R>,
        names: &[String],
        is_usual: impl Fn(&Row) -> bool,
    ) -> Width {
        let mut bytes = 0;
        while self.rows.len() < ROWS && bytes < BYTES && self.end.is_none() {
            let mut row = Row::default();
            match rows.next(&mut row) {
                Ok(true) => {
                    bytes += row.bytes();
                    self.rows.push_back(row);
                }
                Ok(false) => self.end = Some(Ok(())),
                Err(error) => self.end = Some(Err(error)),
            }
        }
        let usual: Vec<&Row> = self.rows.iter().filter(|row| is_usual(row)).collect();
        Width::of(&usual, names)
    }

    /// Gives the next row, from those that were read ahead first, and says whether there was one.
    pub(super) fn next<R: Read>(&mut self, rows: &mut Rows<R>, row: &mut Row) -> io::Result<bool> {
        if let Some(first) = self.rows.pop_front() {
            *row = first;
            return Ok(true);
        }
        match self.end.take() {
            Some(end) => end.map(|()| false),
            None => rows.next(row),
        }
    }
}
