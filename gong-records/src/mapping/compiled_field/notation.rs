//! Whether a column is written as the mapping says: an export of another locale has all its dates, or
//! all its numbers, in another notation, and most of their cells can be read in both.

use crate::mapping::cell::{CellKind, Format, Moments, Numbers, Shape, Wrong};
use crate::mapping::model::FieldMapping;
use crate::mapping::row::{Row, RowPlace};
use crate::rule::Rule;

/// What the cells of a column say of its notation.
#[derive(Debug)]
pub(super) struct Notation {
    other: Other,
    /// A cell fits the mapping's notation alone.
    is_certain: bool,
    /// Cells that fit the other notation alone.
    others: u64,
    /// Numbers with exactly three digits after their only sign, as thousands have it; nothing once a
    /// number is written otherwise.
    thousands: Option<u64>,
    first_other: RowPlace,
    first_thousand: RowPlace,
}

/// The other notation.
#[derive(Debug)]
enum Other {
    /// With day and month exchanged.
    Dates { other: Moments, has_time: bool },
    /// With the decimal sign and that of thousands exchanged.
    Numbers { other: Numbers, is_percent: bool },
}

impl Notation {
    /// Nothing if a cell can't be read in two ways.
    pub(super) fn new(
        shape: Shape,
        format: &Format,
        mapping: &FieldMapping,
        is_money: bool,
    ) -> Option<Box<Self>> {
        mapping.from.as_ref()?;
        let other = match shape {
            Shape::Date | Shape::DateTime => Other::Dates {
                other: format.moments().exchanged()?,
                has_time: shape == Shape::DateTime,
            },
            Shape::Number | Shape::Percent => Other::Numbers {
                other: format.numbers().exchanged()?,
                is_percent: shape == Shape::Percent,
            },
            _ => return None,
        };
        let is_number = matches!(other, Other::Numbers { .. });
        let asks_for_thousands = is_number && is_money && mapping.decimal.is_none();
        Some(Box::new(Self {
            other,
            is_certain: false,
            others: 0,
            thousands: asks_for_thousands.then_some(0),
            first_other: RowPlace::default(),
            first_thousand: RowPlace::default(),
        }))
    }

    /// Notes a cell that was converted to the value.
    pub(super) fn note(
        &mut self,
        cell: &str,
        kind: CellKind,
        value: &[u8],
        format: &Format,
        row: &Row,
    ) {
        if kind != CellKind::Text || (self.is_certain && self.thousands.is_none()) {
            return;
        }
        match &self.other {
            Other::Dates { other, has_time } => {
                // Whose day is no month; ISO 8601 has one order.
                let day = value.get(9..11).unwrap_or_default();
                let is_iso = cell.as_bytes().get(4) == Some(&b'-');
                if day > b"12".as_slice() && !is_iso {
                    let reads = |moments: &Moments| reads(moments, cell, *has_time);
                    self.is_certain = reads(format.moments()) && !reads(other);
                }
            }
            Other::Numbers { other, is_percent } => {
                if !cell.bytes().any(|byte| matches!(byte, b'.' | b',')) {
                    return;
                }
                let reads = |numbers: &Numbers| is_number(numbers, cell, *is_percent);
                if !self.is_certain && !reads(other) {
                    self.is_certain = reads(format.numbers());
                }
                if let Some(count) = self.thousands {
                    let is_like_thousands =
                        row.json.is_none() && format.numbers().is_like_thousands(cell);
                    if is_like_thousands && count == 0 {
                        self.first_thousand = row.place;
                    }
                    self.thousands = is_like_thousands.then_some(count + 1);
                }
            }
        }
    }

    /// Notes a cell that can't be converted.
    pub(super) fn note_failed(&mut self, cell: &str, wrong: &Wrong, row: &Row) {
        if self.is_certain || wrong.rule != Rule::Cell {
            return;
        }
        let is_other = match &self.other {
            Other::Dates { other, has_time } => reads(other, cell, *has_time),
            Other::Numbers { other, is_percent } => is_number(other, cell, *is_percent),
        };
        if is_other {
            if self.others == 0 {
                self.first_other = row.place;
            }
            self.others += 1;
        }
    }

    /// What is wrong with the column as a whole, after its last row, and how to fix it.
    pub(super) fn finding(&self, format: &Format) -> Option<(String, String)> {
        if self.others > 0 && !self.is_certain {
            let (count, line) = (self.others, self.first_other.line);
            let cells = if count == 1 {
                "1 cell is".to_owned()
            } else {
                format!("{count} cells are")
            };
            return Some(match &self.other {
                Other::Dates { other, .. } => (
                    format!(
                        "day and month have changed places: {cells} written as {}, the first in line \
                         {line}, and none must be {}, as the mapping has it",
                        other.first_format(),
                        format.moments().first_format()
                    ),
                    "correct dates and date-times in the mapping, or export as before".to_owned(),
                ),
                Other::Numbers { other, .. } => (
                    format!(
                        "the signs of numbers have changed places: {cells} written like {}, the first in \
                         line {line}, and none must be like {}, as the mapping has it",
                        other.example(),
                        format.numbers().example()
                    ),
                    "correct decimal and thousands in the mapping, or export as before".to_owned(),
                ),
            });
        }
        let count = self.thousands.filter(|count| *count > 1)?;
        let line = self.first_thousand.line;
        let sign = format.numbers().decimal();
        Some((
            format!(
                "three digits follow each {sign:?} in {count} cells, the first in line {line}: is it the \
                 decimal sign, as the mapping has it, or between thousands?"
            ),
            format!(
                "correct decimal and thousands in the mapping; if it is the decimal sign, write decimal = \
                 \"{sign}\" in the field itself"
            ),
        ))
    }
}

fn reads(moments: &Moments, cell: &str, has_time: bool) -> bool {
    if has_time {
        moments.date_time(cell).is_ok()
    } else {
        moments.date(cell).is_ok()
    }
}

fn is_number(numbers: &Numbers, cell: &str, is_percent: bool) -> bool {
    if is_percent {
        numbers.percent(cell).is_ok()
    } else {
        numbers.read(cell).is_ok()
    }
}
