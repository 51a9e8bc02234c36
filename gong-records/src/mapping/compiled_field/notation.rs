//! Whether a column is written as the mapping says: an export of another locale has all its dates, or
//! all its numbers, in another notation, and most of their cells can be read in both.

use crate::mapping::cell::{CellError, CellKind, DateTimeFormats, Format, Numbers, Shape};
use crate::mapping::model::FieldMapping;
use crate::mapping::row::{Row, RowPlace};
use crate::mapping::text::excerpt;
use crate::rule::Rule;

/// What the cells of a column say of its notation.
#[derive(Debug)]
pub(super) struct Notation {
    other: Other,
    /// A cell fits the mapping's notation alone.
    is_certain: bool,
    /// Cells that fit the other notation alone.
    others: u64,
    first_other: RowPlace,
    /// Of amounts whose decimal sign the field itself does not name.
    decimals: Option<Decimals>,
}

/// Whether the decimal sign of amounts may be one between thousands: three digits follow it.
#[derive(Debug)]
struct Decimals {
    sign: u8,
    /// Cells with three digits after the sign and at most three before it.
    like_thousands: u64,
    first: Option<(u64, String)>,
    /// Whether one of them ends in a zero, which decimals mostly leave out.
    has_zero: bool,
    /// The first number that is written otherwise, and whether one has other than two decimals.
    other: Option<(u64, String)>,
    has_other_than_cents: bool,
    /// How many cells have no sign at all.
    whole: u64,
    /// Whether a cell shows that there are three decimals.
    is_settled: bool,
}

/// The other notation.
#[derive(Debug)]
enum Other {
    /// With day and month exchanged.
    Dates {
        other: DateTimeFormats,
        has_time: bool,
    },
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
        let sign = u8::try_from(format.numbers().decimal()).unwrap_or_default();
        Some(Box::new(Self {
            other,
            is_certain: false,
            others: 0,
            first_other: RowPlace::default(),
            decimals: asks_for_thousands.then(|| Decimals::new(sign)),
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
        if kind != CellKind::Text || (self.is_certain && self.decimals.is_none()) {
            return;
        }
        match &self.other {
            Other::Dates { other, has_time } => {
                // Its day is not a month; ISO 8601 has one order.
                let day = value.get(9..11).unwrap_or_default();
                let is_iso = cell.as_bytes().get(4) == Some(&b'-');
                if day > b"12".as_slice() && !is_iso {
                    let reads = |moments: &DateTimeFormats| reads(moments, cell, *has_time);
                    self.is_certain = reads(format.moments()) && !reads(other);
                }
            }
            Other::Numbers { other, is_percent } => {
                if !cell.bytes().any(|byte| matches!(byte, b'.' | b',')) {
                    if let Some(decimals) = &mut self.decimals {
                        decimals.whole += 1;
                    }
                    return;
                }
                let reads = |numbers: &Numbers| is_number(numbers, cell, *is_percent);
                if !self.is_certain && !reads(other) {
                    self.is_certain = reads(format.numbers());
                }
                // Programs that write JSON know one decimal sign.
                if let (Some(decimals), None) = (&mut self.decimals, &row.json) {
                    decimals.note(cell, row.place.line, format.numbers());
                }
            }
        }
    }

    /// Notes a cell that can't be converted, and says whether it fits the other notation.
    pub(super) fn note_failed(&mut self, cell: &str, wrong: &CellError, row: &Row) -> bool {
        if self.is_certain || wrong.rule != Rule::Cell {
            return false;
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
        is_other
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
        self.decimals.as_ref()?.finding(format.numbers())
    }
}

impl Decimals {
    fn new(sign: u8) -> Self {
        Self {
            sign,
            like_thousands: 0,
            first: None,
            has_zero: false,
            other: None,
            has_other_than_cents: false,
            whole: 0,
            is_settled: false,
        }
    }

    /// Notes a number with a sign in it.
    fn note(&mut self, cell: &str, line: u64, numbers: &Numbers) {
        if self.is_settled {
            return;
        }
        let bytes = cell.as_bytes();
        let last = bytes.iter().rposition(u8::is_ascii_digit);
        let number = last.and_then(|last| bytes.get(..=last)).unwrap_or_default();
        let digits = number
            .iter()
            .rev()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let before = number.len().checked_sub(digits + 1);
        let is_fraction = before.and_then(|at| number.get(at)) == Some(&self.sign);
        if is_fraction && digits > 2 {
            if !numbers.is_like_thousands(cell) {
                self.is_settled = true;
                return;
            }
            self.like_thousands += 1;
            self.has_zero |= number.last() == Some(&b'0');
            self.first.get_or_insert_with(|| (line, excerpt(cell)));
            return;
        }
        self.has_other_than_cents |= is_fraction && digits != 2;
        if self.other.is_none() {
            self.other = Some((line, excerpt(cell)));
        }
    }

    fn finding(&self, numbers: &Numbers) -> Option<(String, String)> {
        let (line, cell) = self.first.as_ref().filter(|_| !self.is_settled)?;
        let sign = numbers.decimal();
        let correct = format!(
            "correct decimal and thousands in the mapping; if it is the decimal sign, write decimal = \
             \"{sign}\" in the field itself"
        );
        if let Some((other_line, other)) = &self.other {
            if !self.has_zero && self.has_other_than_cents {
                return None;
            }
            return Some((
                format!(
                    "{cell:?} in line {line} has three digits after its sign, and {other:?} in line \
                     {other_line} is written otherwise: is {sign:?} the decimal sign in both, as the mapping has \
                     it, or between thousands in the first?"
                ),
                format!("correct the cells, or {correct}"),
            ));
        }
        let count = self.like_thousands;
        if count < 2 && self.whole == 0 {
            return None;
        }
        let cells = if count == 1 { "cell" } else { "cells" };
        Some((
            format!(
                "three digits follow each {sign:?} in {count} {cells}, the first in line {line}: is it the \
                 decimal sign, as the mapping has it, or between thousands?"
            ),
            correct,
        ))
    }
}

fn reads(moments: &DateTimeFormats, cell: &str, has_time: bool) -> bool {
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
