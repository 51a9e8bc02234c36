//! A CSV as lines, for the check and the push: one line a row, and the way back to the cells.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::{NamedTempFile, TempPath};

use super::converter::{Converter, OnError};
use super::lookup::Cache as Lookups;
use super::model::{FieldMapping, paths};
use super::problem::Problem;
use super::row::Row;
use super::{ConvertError, Mapping, Options, SourceMap, modified, open};
use crate::io::discover::{CsvHandling, SourceFiles};
use crate::record::ObjectType;
use crate::rule::Rule;
use crate::schema::EntitySchema;

/// Converts the CSVs among the files of a check or a push to records.
///
/// ```
/// use gong_records::check;
/// use gong_records::mapping::{Conversion, Mapping};
///
/// let folder = tempfile::tempdir()?;
/// let csv = folder.path().join("stages.csv");
/// std::fs::write(&csv, "Id;Name\ns-1;New\ns/2;Won\n")?;
/// let mapping = Mapping::from_toml("[STAGE]\ndelimiter = ';'\n[STAGE.fields]\nobjectId = 'Id'\nname = 'Name'\n\
///     isActive = { constant = 'true' }\nsortOrder = { constant = '1' }")?;
/// let mut options = check::Options::default();
/// options.converter = Some(std::sync::Arc::new(Conversion::new(mapping)));
/// let mut found = Vec::new();
/// check::check_paths(&[&csv], &options, &mut |finding| found.push((finding.line, finding.column)))?;
/// // The third line of the CSV, its first column.
/// assert_eq!(found, [(3, 1)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Conversion {
    /// Which columns become which fields.
    pub mapping: Mapping,
    /// The value of `now` in the mapping; by default each CSV's modification time, so that the same
    /// file always gives the same records. For standard input, it is the time of reading.
    pub now: Option<jiff::Timestamp>,
    /// The declared custom fields, whose types the mapping need not repeat.
    pub entity_schema: Option<EntitySchema>,
    /// Files of types, in addition to those that the mapping names: a path or a pattern each.
    pub files: Vec<(ObjectType, PathBuf)>,
    /// Files that are converted beside each other, in which lookups among types search where nothing
    /// else names the files of a type.
    pub neighbors: Vec<(ObjectType, PathBuf)>,
    /// Whether the files of joined records are written on, as those of a tap: the last record with
    /// a key then counts. Otherwise two different ones are a problem.
    pub is_appended: bool,
    pub(super) lookups: Lookups,
    /// Whether it is for files that are named as CSVs alone (`.csv`, `.tsv`), as fits a mapping that
    /// is always at hand; otherwise for all that are not named as LDJSON, and the standard input.
    pub by_name: bool,
}

impl Conversion {
    /// By this mapping, which says the types of all custom fields.
    pub fn new(mapping: Mapping) -> Self {
        Self {
            mapping,
            now: None,
            entity_schema: None,
            files: Vec::new(),
            neighbors: Vec::new(),
            is_appended: false,
            lookups: Lookups::default(),
            by_name: false,
        }
    }

    /// Whether it makes records of this file.
    pub fn takes(&self, path: impl AsRef<Path>) -> bool {
        self.csvs().include(path.as_ref())
    }

    /// How CSVs are found.
    pub fn csvs(&self) -> CsvHandling {
        let files: Vec<(ObjectType, PathBuf)> = self.source_files().collect();
        let mut types = self.mapping.object_types();
        let only = types.next().filter(|_| types.next().is_none());
        if !files.is_empty() {
            let all = self.mapping.object_types();
            // Types without their own files are found by the names of files.
            let has_others = all
                .into_iter()
                .any(|known| !files.iter().any(|(one, _)| *one == known));
            CsvHandling::Sources(Arc::new(SourceFiles::new(files, has_others)))
        } else if self.by_name {
            CsvHandling::MappedByName(only)
        } else {
            CsvHandling::Mapped(only)
        }
    }

    /// The files that the mapping or the caller names, with their types.
    pub fn source_files(&self) -> impl Iterator<Item = (ObjectType, PathBuf)> {
        let of_mapping = self.mapping.object_types().flat_map(|object_type| {
            let files = self.mapping.files_of(object_type).into_iter();
            files.map(move |path| (object_type, path))
        });
        let named = self.files.iter().flat_map(|(object_type, pattern)| {
            let files = paths(pattern).into_iter();
            files.map(move |path| (*object_type, path))
        });
        of_mapping.chain(named)
    }

    fn options(&self, now: jiff::Timestamp, input: &CsvInput) -> Options {
        let mut options = Options::new(now);
        options.entity_schema.clone_from(&self.entity_schema);
        options.keep_rows = true;
        options.files.clone_from(&self.files);
        options.neighbors.clone_from(&self.neighbors);
        options.is_appended = self.is_appended;
        options.lookups = self.lookups.clone();
        if let CsvInput::File(path) = input {
            options.path = Some(path.clone());
        }
        options
    }
}

/// Where a CSV can be read, as often as needed.
#[derive(Debug)]
pub enum CsvInput {
    /// At its own path; decompressed if its name ends in `.gz`.
    File(PathBuf),
    /// In a temporary file, as for standard input.
    Spooled(TempPath),
}

impl CsvInput {
    /// Takes in the standard input.
    ///
    /// # Errors
    ///
    /// The system's error when it cannot be read or kept.
    pub fn standard_input() -> io::Result<Self> {
        let mut spool = NamedTempFile::with_prefix("gong-crm-")?;
        io::copy(&mut io::stdin().lock(), &mut spool)?;
        Ok(Self::Spooled(spool.into_temp_path()))
    }

    fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Spooled(path) => path,
        }
    }

    fn open(&self) -> Result<Box<dyn Read + Send>, ConvertError> {
        match self {
            Self::File(path) => open(path).map(|csv| csv as Box<dyn Read + Send>),
            Self::Spooled(path) => match File::open(path) {
                Ok(file) => Ok(Box::new(BufReader::new(file))),
                Err(source) => Err(ConvertError::Read(source)),
            },
        }
    }
}

/// A converted CSV: each row that is not empty is one line. Cells that can't be converted are
/// omitted; the line of a row that can't be converted at all is blank.
#[derive(Debug)]
pub struct CsvLines {
    conversion: Conversion,
    pub(super) object_type: ObjectType,
    csv: CsvInput,
    now: jiff::Timestamp,
    lines: PathBuf,
    /// Removes the file of lines with this value; none for a file of the caller's.
    _guard: Option<TempPath>,
    rows: u64,
    problems: u64,
    /// The fields whose column is in another notation than the mapping has it.
    of_other_notation: BTreeSet<String>,
    source_map: SourceMap,
}

impl CsvLines {
    /// Converts the CSV to a file that is deleted with this value.
    ///
    /// # Errors
    ///
    /// [`ConvertError`] when the mapping does not fit, or when reading or writing fails.
    pub fn make(
        csv: CsvInput,
        object_type: ObjectType,
        conversion: &Conversion,
    ) -> Result<Self, ConvertError> {
        let spool = NamedTempFile::with_prefix("gong-crm-").map_err(ConvertError::Write)?;
        let (mut file, path) = spool.into_parts();
        let made = Self::make_in(&mut file, path.to_path_buf(), csv, object_type, conversion)?;
        Ok(Self {
            _guard: Some(path),
            ..made
        })
    }

    /// Converts the CSV into a file of the caller's.
    ///
    /// # Errors
    ///
    /// As [`make`](Self::make).
    pub fn make_in(
        file: &mut File,
        path: PathBuf,
        csv: CsvInput,
        object_type: ObjectType,
        conversion: &Conversion,
    ) -> Result<Self, ConvertError> {
        let now = match conversion.now {
            Some(now) => now,
            None => modified(csv.path())?,
        };
        let mut made = Self {
            conversion: conversion.clone(),
            object_type,
            csv,
            now,
            lines: path,
            _guard: None,
            rows: 0,
            problems: 0,
            of_other_notation: BTreeSet::new(),
            source_map: SourceMap::default(),
        };
        made.convert_into(file)?;
        Ok(made)
    }

    fn convert_into(&mut self, file: &mut File) -> Result<(), ConvertError> {
        let converter = self.converter()?;
        let mut source_map = converter.source_map();
        let (mut rows, mut problems) = (0, 0);
        let mut of_other_notation = BTreeSet::new();
        converter.run(
            file,
            super::threads(None),
            &mut |problem| {
                problems += 1;
                if problem.rule == Rule::Notation {
                    of_other_notation.extend(problem.field);
                }
            },
            &mut |line, is_kept, place, lines| {
                rows += 1;
                source_map.push(rows, place);
                lines.extend_from_slice(if is_kept { line } else { b"\n" });
            },
        )?;
        (self.rows, self.problems) = (rows, problems);
        self.source_map = source_map;
        self.of_other_notation = of_other_notation;
        Ok(())
    }

    fn converter(&self) -> Result<Converter<'static>, ConvertError> {
        Converter::open(
            self.csv.open()?,
            &self.conversion.mapping,
            self.object_type,
            &self.conversion.options(self.now, &self.csv),
            OnError::OmitField,
        )
    }

    /// Where the lines are.
    pub fn path(&self) -> &Path {
        &self.lines
    }

    /// The type of the records.
    pub fn object_type(&self) -> ObjectType {
        self.object_type
    }

    /// How many rows the CSV has, without the header and empty ones; as many as lines.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many cells and rows could not be converted.
    pub fn problems(&self) -> u64 {
        self.problems
    }

    /// Whether the field's column is in another notation than the mapping has it.
    pub(super) fn is_of_other_notation(&self, field: &str) -> bool {
        self.of_other_notation.contains(field)
    }

    /// Whether the mapping asks for the field and says nothing of it yet.
    pub(super) fn is_open(&self, field: &str) -> bool {
        let table = self.conversion.mapping.of_type(self.object_type);
        let field = table.and_then(|table| table.field(field));
        field.is_some_and(FieldMapping::is_open)
    }

    /// Which row each line was made of.
    pub fn source_map(&self) -> &SourceMap {
        &self.source_map
    }

    /// Reads the CSV once more, row by row.
    ///
    /// # Errors
    ///
    /// [`ConvertError`] when the CSV cannot be opened again.
    pub fn walk(&self) -> Result<Walk, ConvertError> {
        let delimiter = self
            .conversion
            .mapping
            .of_type(self.object_type)
            .map_or(',', |table| table.delimiter);
        Ok(Walk {
            converter: self.converter()?,
            delimiter,
            line: Vec::new(),
            number: 0,
            of_file: Vec::new(),
        })
    }
}

/// An iterator over the rows of a CSV, with the cells that can't be converted.
pub struct Walk {
    converter: Converter<'static>,
    delimiter: char,
    line: Vec<u8>,
    number: u64,
    of_file: Vec<Problem>,
}

/// A row of the iteration.
#[derive(Debug)]
pub struct WalkedRow {
    /// The line of the row, from 1.
    pub number: u64,
    /// The cells that can't be converted.
    pub problems: Vec<Problem>,
    /// The record's id, if its cell has one.
    pub object_id: Option<String>,
    row: Row,
    delimiter: char,
}

impl fmt::Debug for Walk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = &self.number;
        formatter
            .debug_struct("Walk")
            .field("number", number)
            .finish_non_exhaustive()
    }
}

impl Walk {
    /// The problem with the file as a whole, once all rows were read.
    pub(super) fn of_file(&self) -> &[Problem] {
        &self.of_file
    }

    /// Whether the file is one of JSON.
    pub fn is_json(&self) -> bool {
        self.converter.is_json()
    }

    /// The header and what is above it, as a CSV.
    pub fn head(&self) -> String {
        let rows = self.converter.above().iter();
        rows.map(|row| row.text(self.delimiter, None).0 + "\n")
            .collect()
    }
}

/// Ends at the end of the CSV, also where the file has become unreadable.
impl Iterator for Walk {
    type Item = WalkedRow;

    fn next(&mut self) -> Option<WalkedRow> {
        let mut problems = Vec::new();
        let next = self
            .converter
            .next(&mut self.line, &mut |problem| problems.push(problem));
        if !matches!(next, Ok(Some(_))) {
            self.of_file.append(&mut problems);
            return None;
        }
        self.number += 1;
        Some(WalkedRow {
            number: self.number,
            problems,
            object_id: self.converter.object_id(&self.line),
            row: self.converter.row().clone(),
            delimiter: self.delimiter,
        })
    }
}

impl WalkedRow {
    /// The row as a CSV has it, and where in it the cell of this column is; columns count from 1.
    pub fn text(&self, column: u64) -> (String, Range<usize>) {
        let index = usize::try_from(column).unwrap_or(usize::MAX).checked_sub(1);
        self.row.text(self.delimiter, index)
    }
}
