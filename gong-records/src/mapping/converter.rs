//! The conversion of a file, row by row.

use std::io::{self, Read, Write};

use super::ahead::each_row;
use super::compiled_field::Context;
use super::compiled_mapping::{CompiledMapping, check_formats, required_fields};
use super::join::joins;
use super::model::{Lookup, Mapping, MappingError};
use super::problem::Problem;
use super::row::{Row, RowPlace};
use super::source::{Source, is_json};
use super::source_map::SourceMap;
use super::{ConvertError, Options};
use crate::record::ObjectType;

mod held;
mod lookups;

use held::Held;

pub(super) use super::compiled_mapping::OnError;

/// Gets the line of each row, whether it is worth keeping, and where the row is; appends what is to be
/// written.
pub(super) type OnLine<'a> = dyn FnMut(&[u8], bool, RowPlace, &mut Vec<u8>) + 'a;

/// A file on its way to lines.
pub(super) struct Converter<'a> {
    source: Source<'a>,
    compiled: CompiledMapping,
    rows: u64,
    is_finished: bool,
}

impl<'a> Converter<'a> {
    /// Reads the header, and fits the mapping to it.
    pub(super) fn open(
        input: impl Read + Send + 'a,
        mapping: &Mapping,
        object_type: ObjectType,
        options: &Options,
        on_error: OnError,
    ) -> Result<Self, ConvertError> {
        let located = |error: MappingError| mapping.located(object_type, &error);
        let table = mapping.of_type(object_type).ok_or_else(|| {
            located(MappingError::new(format!(
                "it has no table [{object_type}]"
            )))
        })?;
        required_fields(table, object_type).map_err(located)?;
        check_formats(table)
            .map_err(|error| located(error.prefixed(&format!("{object_type}: "))))?;
        let path = options.path.clone().unwrap_or_default();
        let is_json = is_json(&path, table).map_err(located)?;
        let mut source = Source::open(input, table, is_json).map_err(|error| match error {
            ConvertError::Mapping(error) => ConvertError::Mapping(located(error)),
            other => other,
        })?;
        if !table.join.is_empty() {
            let joins = joins(table, object_type, mapping, options, is_json).map_err(located)?;
            source.set_joins(joins);
        }
        let look_up = |lookup: &Lookup| lookups::table(lookup, object_type, mapping, options);
        let mut context = Context {
            source: &mut source,
            options,
            look_up: &look_up,
        };
        let compiled = CompiledMapping::new(table, object_type, &mut context, on_error);
        Ok(Self {
            source,
            compiled: compiled.map_err(located)?,
            rows: 0,
            is_finished: false,
        })
    }

    /// Puts the next row's line instead of the last one, and says whether it is worth keeping;
    /// nothing at the end, after the problems of the file as a whole.
    pub(super) fn next(
        &mut self,
        line: &mut Vec<u8>,
        on_problem: &mut dyn FnMut(Problem),
    ) -> io::Result<Option<bool>> {
        while self.source.next()? {
            line.clear();
            if let Some(is_kept) = self.compiled.convert(self.source.row(), line, on_problem) {
                self.rows += 1;
                return Ok(Some(is_kept));
            }
        }
        if !std::mem::replace(&mut self.is_finished, true) {
            self.compiled.finish(&self.source, self.rows, on_problem);
        }
        Ok(None)
    }

    /// Converts every row, and writes what `on_line` makes of it; then come the problems of the file as
    /// a whole. With two threads one converts, and one reads and writes.
    pub(super) fn run(
        mut self,
        out: &mut (dyn Write + Send),
        threads: usize,
        on_problem: &mut dyn FnMut(Problem),
        on_line: &mut OnLine<'_>,
    ) -> Result<(), ConvertError> {
        let mut line = Vec::new();
        let mut held = Held::default();
        let (compiled, rows) = (&mut self.compiled, &mut self.rows);
        each_row(&mut self.source, out, threads, &mut |row, lines| {
            line.clear();
            let mut on_problem = |problem| held.take(problem, on_problem);
            if let Some(is_kept) = compiled.convert(row, &mut line, &mut on_problem) {
                *rows += 1;
                on_line(&line, is_kept, row.place, lines);
            }
        })?;
        let mut of_file = |problem| held.take(problem, on_problem);
        self.compiled.finish(&self.source, self.rows, &mut of_file);
        held.finish(on_problem);
        Ok(())
    }

    /// The row that was converted last.
    pub(super) fn row(&self) -> &Row {
        self.source.row()
    }

    /// A map that knows the columns, and no row yet.
    pub(super) fn source_map(&self) -> SourceMap {
        SourceMap::new(self.compiled.columns())
    }

    /// The id of the record that was converted last, if it has one.
    pub(super) fn object_id(&self, line: &[u8]) -> Option<String> {
        self.compiled.object_id(line)
    }

    /// Whether the file is one of JSON.
    pub(super) fn is_json(&self) -> bool {
        self.source.is_json()
    }

    /// The header and what is above it.
    pub(super) fn above(&self) -> &[Row] {
        self.source.above()
    }
}
