//! The conversion of a CSV, row by row.

use std::io::{self, Read};

use super::model::{Mapping, MappingError, TypeMapping};
use super::plan::{self, Plan};
use super::problem::Problem;
use super::rows::{Row, Rows};
use super::source_map::SourceMap;
use super::{ConvertError, Options};
use crate::record::ObjectType;

/// What becomes of a row with a cell that can't be converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// It is left out.
    FlawlessRows,
    /// It is kept without the field, unless every record must have that.
    RowsWithoutField,
    /// It is kept without the field, whichever it is: the check looks at all else in it.
    EveryRow,
}

/// A CSV on its way to lines.
pub(super) struct Converter<R> {
    rows: Rows<R>,
    plan: Plan,
    /// The first row of data, where it had to be read to know how many columns there are.
    first: Option<Row>,
    /// The rows above the first row of data.
    above: Vec<Row>,
}

impl<R: Read> Converter<R> {
    /// Reads the header, and fits the mapping to it.
    pub(super) fn open(
        csv: R,
        mapping: &Mapping,
        object_type: ObjectType,
        options: &Options,
        keep: Keep,
    ) -> Result<Self, ConvertError> {
        let located =
            |error: MappingError| ConvertError::Mapping(mapping.located(object_type, &error));
        let table = mapping.of_type(object_type).ok_or_else(|| {
            located(MappingError::new(format!(
                "it says nothing of {object_type}: it needs a table [{object_type}]"
            )))
        })?;
        let encoding = plan::encoding(table).map_err(located)?;
        let delimiter = plan::delimiter(table).map_err(located)?;
        let mut rows = Rows::new(csv, encoding, delimiter);
        let mut above = Vec::new();
        for _ in 0..table.skip {
            above.extend(rows.next().map_err(ConvertError::Read)?);
        }
        let row = rows
            .next()
            .map_err(ConvertError::Read)?
            .ok_or(ConvertError::Empty)?;
        let names = names(&row, table);
        let plan = Plan::new(table, object_type, &names, options, keep).map_err(located)?;
        let mut first = None;
        if table.header {
            above.push(row);
        } else {
            first = Some(row);
        }
        Ok(Self {
            rows,
            plan,
            first,
            above,
        })
    }

    /// Puts the next row's line in place of the last one, and says whether it is worth keeping.
    /// Rows in which all cells are empty are passed over.
    pub(super) fn next(
        &mut self,
        line: &mut Vec<u8>,
        on_problem: &mut dyn FnMut(Problem),
    ) -> io::Result<Option<(Row, bool)>> {
        loop {
            let row = match self.first.take() {
                Some(row) => row,
                None => match self.rows.next()? {
                    Some(row) => row,
                    None => return Ok(None),
                },
            };
            if row.cells.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            line.clear();
            let is_kept = self.plan.convert(&row, line, on_problem);
            return Ok(Some((row, is_kept)));
        }
    }

    /// A map that knows the columns, and no row yet.
    pub(super) fn source_map(&self) -> SourceMap {
        SourceMap::new(self.plan.columns())
    }

    /// The record's id, where its cell holds one.
    pub(super) fn object_id(&self, row: &Row) -> Option<String> {
        self.plan.object_id(row)
    }

    /// The header and what stands above it.
    pub(super) fn above(&self) -> &[Row] {
        &self.above
    }
}

/// What the columns are called.
fn names(row: &Row, table: &TypeMapping) -> Vec<String> {
    if table.header {
        let names = row.cells.iter().map(|name| name.trim().to_owned());
        return names.collect();
    }
    (1..=row.cells.len())
        .map(|number| number.to_string())
        .collect()
}
