//! From the CSV that a CRM exports to LDJSON, by a small mapping file.
//!
//! A [`Mapping`] says which column becomes which field and how dates, numbers and yes or no are
//! written; [`Mapping::draft`] drafts one from the headers and the cells of exports.
//! [`convert_reader`] and [`convert_file`] write the lines and report each cell
//! that can't be converted as a [`Problem`]. The [`SourceMap`] that they return maps each line to
//! the row and column of the CSV, so that findings of the [check](crate::check) can be reported for
//! the CSV.
//!
//! The same CSV, mapping and time always give the same bytes.
//!
//! ```
//! use gong_records::ObjectType;
//! use gong_records::mapping::{Mapping, Options, convert_reader};
//!
//! let csv = "Nummer;Geändert am;Betrag\nd-1;31.12.2025 09:30;1.250,10\nd-2;gestern;7\n";
//! let mapping = Mapping::from_toml(r#"
//!     [DEAL]
//!     delimiter = ";"
//!     zone = "Europe/Berlin"
//!     date-times = "%d.%m.%Y %H:%M"
//!     decimal = ","
//!     thousands = "."
//!     fields.objectId = "Nummer"
//!     fields.modifiedDate = "Geändert am"
//!     fields.amount = "Betrag"
//! "#)?;
//!
//! let mut lines = Vec::new();
//! let mut problems = Vec::new();
//! let options = Options::new("2026-01-01T00:00:00Z".parse()?);
//! let converted = convert_reader(
//!     csv.as_bytes(),
//!     &mapping,
//!     ObjectType::Deal,
//!     &options,
//!     &mut lines,
//!     &mut |problem| problems.push(problem.to_string()),
//! )?;
//! assert_eq!(
//!     String::from_utf8(lines)?,
//!     r#"{"objectId":"d-1","modifiedDate":"2025-12-31T09:30:00+01:00","amount":1250.10}"#.to_owned() + "\n"
//! );
//! assert_eq!((converted.rows, converted.records), (2, 1));
//! assert!(problems[0].starts_with("line 3, column \"Geändert am\": it is not a date-time"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::io::{self, Read, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use crate::io::atomic_file::{NewFile, Readers};
use crate::record::ObjectType;
use crate::rule::Severity;
use crate::schema::EntitySchema;

mod ahead;
mod cell;
mod columns;
mod compiled_field;
mod compiled_mapping;
mod converter;
mod csv_rows;
mod draft;
mod encoding;
mod expression;
mod field_type;
mod files;
mod garbled;
mod header_watch;
mod join;
mod json;
mod json_path;
mod json_rows;
mod languages;
mod lines;
mod lookup;
mod model;
mod nearest;
mod places;
mod problem;
mod reference;
mod review;
mod row;
mod source;
mod source_map;
mod text;
mod width;

#[cfg(test)]
mod tests;

pub use draft::{
    Draft, DraftError, DraftOptions, DraftedFile, DraftedSource, SkippedFile, SupersededFile,
};
pub use lines::Conversion;
#[doc(hidden)]
pub use lines::{CsvInput, CsvLines, Walk, WalkedRow};
pub use model::{
    FieldMapping, Join, Lookup, Mapping, MappingError, OnlyCurrency, Take, TypeMapping, Words,
};
pub use problem::{Omitted, Problem};
#[doc(hidden)]
pub use reference::reference_page;
pub use row::RowPlace;
pub use source_map::SourceMap;

use converter::{Converter, OnError};

/// The options of a conversion.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// The value of `now` in a mapping. If a CRM has no time of the last change, Gong requires the
    /// time of the call; with the [file's modification time](modified) instead, the same file
    /// always gives the same records.
    pub now: jiff::Timestamp,
    /// The declared custom fields, whose types the mapping need not repeat.
    pub entity_schema: Option<EntitySchema>,
    /// Whether a row with a cell that can't be converted is kept, without that field. A row without
    /// its id is never kept.
    pub keep_rows: bool,
    /// The file's path: its extension distinguishes CSV from JSON, and lookups start in its folder.
    pub path: Option<PathBuf>,
    /// Files of types, in addition to those that the mapping names, for lookups between types.
    pub files: Vec<(ObjectType, PathBuf)>,
    /// How many threads convert a file: one, or two of which one reads and writes; by default two where
    /// the machine has as many cores. The result is the same.
    pub threads: Option<NonZero<usize>>,
    /// Files that are converted beside this one, for lookups among types.
    neighbors: Vec<(ObjectType, PathBuf)>,
    /// Whether files of joined records are written on, so that the last one with a key counts.
    is_appended: bool,
    lookups: lookup::Cache,
    /// How many lookups among types lead here.
    depth: usize,
}

impl Options {
    /// Rows with a problem are omitted, and the mapping says the types of all custom fields.
    pub fn new(now: jiff::Timestamp) -> Self {
        Self {
            now,
            entity_schema: None,
            keep_rows: false,
            path: None,
            files: Vec::new(),
            threads: None,
            neighbors: Vec::new(),
            is_appended: false,
            lookups: lookup::Cache::default(),
            depth: 0,
        }
    }
}

/// The result of a conversion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Converted {
    /// The number of rows in the CSV, without the header and empty rows.
    pub rows: u64,
    /// How many lines were written, one record each.
    pub records: u64,
    /// How many problems there were that left something out.
    pub problems: u64,
    /// How many values are kept although they look wrong.
    pub warnings: u64,
    /// The row of each line.
    pub source_map: SourceMap,
}

/// Why a conversion failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// The mapping can't be used, or does not fit the CSV.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The CSV has no header.
    #[error("the CSV is empty: it has no row that names its columns")]
    Empty,
    /// The CSV can't be read.
    #[error("the file can't be read: {0}")]
    Read(#[source] io::Error),
    /// A file can't be opened or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The lines can't be written.
    #[error("the lines can't be written: {0}")]
    Write(#[from] io::Error),
}

/// Makes LDJSON of a CSV, a few hundred rows at a time, so that the memory does not depend on its size.
///
/// Cells are trimmed, and an empty one produces no field. Every problem is passed to `on_problem`;
/// the row is omitted, or only the field with [`Options::keep_rows`]. Whether Gong accepts the
/// values is up to the [check](crate::check): this function only converts them.
///
/// # Errors
///
/// [`ConvertError`] when the mapping does not fit the CSV, when a row is longer than 64 MiB, or when
/// reading or writing fails; rows before it may have been written. A bad cell is not an error.
pub fn convert_reader(
    csv: impl Read + Send,
    mapping: &Mapping,
    object_type: ObjectType,
    options: &Options,
    mut out: impl Write + Send,
    on_problem: &mut dyn FnMut(Problem),
) -> Result<Converted, ConvertError> {
    let on_error = if options.keep_rows {
        OnError::OmitOptionalField
    } else {
        OnError::SkipRow
    };
    let converter = Converter::open(csv, mapping, object_type, options, on_error)?;
    let mut converted = Converted {
        source_map: converter.source_map(),
        ..Converted::default()
    };
    let (mut problems, mut warnings) = (0, 0);
    let mut tell = |problem: Problem| {
        match problem.omitted {
            Omitted::Nothing if problem.rule.severity() == Severity::Warning => warnings += 1,
            _ => problems += 1,
        }
        on_problem(problem);
    };
    converter.run(
        &mut out,
        threads(options.threads),
        &mut tell,
        &mut |line, is_kept, place, lines| {
            converted.rows += 1;
            if is_kept {
                lines.extend_from_slice(line);
                converted.records += 1;
                converted.source_map.push(converted.records, place);
            }
        },
    )?;
    (converted.problems, converted.warnings) = (problems, warnings);
    out.flush().map_err(ConvertError::Write)?;
    Ok(converted)
}

/// Makes an LDJSON file of a CSV file, which may be compressed as `.gz`. The LDJSON file is complete
/// or not there.
///
/// # Errors
///
/// As [`convert_reader`]; also if a file can't be opened or written.
pub fn convert_file(
    csv: &Path,
    mapping: &Mapping,
    object_type: ObjectType,
    options: &Options,
    target: &Path,
    on_problem: &mut dyn FnMut(Problem),
) -> Result<Converted, ConvertError> {
    let of_target = |source| ConvertError::File {
        path: target.to_path_buf(),
        source,
    };
    let source = open(csv)?;
    let mut options = options.clone();
    options.path = Some(csv.to_path_buf());
    let aside = NewFile::create(target, Readers::Of(csv)).map_err(of_target)?;
    let out = aside.as_file();
    let converted = convert_reader(source, mapping, object_type, &options, out, on_problem)?;
    aside.commit().map_err(of_target)?;
    Ok(converted)
}

/// As many threads as asked for, or as the machine has cores.
fn threads(wanted: Option<NonZero<usize>>) -> usize {
    let cores = || thread::available_parallelism().map_or(1, NonZero::get);
    wanted.map_or_else(cores, NonZero::get)
}

/// Opens a CSV file, which may be compressed as `.gz`.
///
/// # Errors
///
/// [`ConvertError::File`] when it can't be opened.
pub fn open(csv: &Path) -> Result<Box<dyn Read + Send>, ConvertError> {
    crate::io::open::open(csv).map_err(|source| ConvertError::File {
        path: csv.to_path_buf(),
        source,
    })
}

/// When a CSV file was last changed, which is what `now` in a mapping is to mean for it.
///
/// # Errors
///
/// [`ConvertError::File`] if the file does not exist or its modification time is not available.
pub fn modified(csv: &Path) -> Result<jiff::Timestamp, ConvertError> {
    let modified = csv.metadata().and_then(|metadata| metadata.modified());
    modified
        .and_then(|time| jiff::Timestamp::try_from(time).map_err(io::Error::other))
        .map_err(|source| ConvertError::File {
            path: csv.to_path_buf(),
            source,
        })
}
