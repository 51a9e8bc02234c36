//! How does a CSV go the way of all files, and how is what became of it told of its rows?

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::plan::PlannedFile;
use super::rejects::{INFIX, Reasons};
use super::source::Readable;
use super::split::LineMap;
use super::spool::Spool;
use super::{Options, PushError};
use gong_records::check::{self, CheckError, Finding, Input, Lines};
use gong_records::mapping::{CsvInput, CsvLines};

/// Converts the file if it is a CSV and something makes records of it.
pub(super) fn converted(
    file: &PlannedFile,
    options: &Options,
    spool: &Spool,
) -> Result<Option<Readable>, PushError> {
    let conversion = options.conversion.as_ref();
    let Some(conversion) = conversion.filter(|conversion| conversion.takes(&file.path)) else {
        return Ok(None);
    };
    let unreadable = |source| CheckError::Read {
        path: file.path.clone(),
        source,
    };
    let input = if file.is_standard_input() {
        CsvInput::standard_input().map_err(unreadable)?
    } else {
        CsvInput::File(file.path.clone())
    };
    let written = spool.write(|lines, path| {
        CsvLines::make_in(
            lines,
            path.to_path_buf(),
            input,
            file.object_type,
            conversion,
        )
    });
    let (copy, csv) = written.map_err(|source| CheckError::Convert {
        path: file.path.clone(),
        source: Box::new(source),
    })?;
    Ok(Some(Readable::Converted(Arc::new(csv), copy)))
}

impl Readable {
    /// The CSV that the lines were made of.
    pub(super) fn csv(&self) -> Option<&Arc<CsvLines>> {
        match self {
            Self::Converted(csv, _) => Some(csv),
            _ => None,
        }
    }
}

/// Tells of the cells and rows that could not be converted, where nothing is checked.
pub(super) fn problems(
    inputs: &[Input],
    options: &check::Options,
    on_finding: &mut dyn FnMut(Finding),
    records: &mut HashMap<PathBuf, u64>,
) {
    let severity = |rule| options.severities.of(rule);
    for input in inputs {
        if let Lines::Converted(csv) = &input.lines {
            records.insert(input.path.clone(), csv.records());
            csv.locator(input.path.as_path().into(), &severity)
                .remaining(on_finding);
        }
    }
}

/// Reasons by the lines that the rows became, instead of by those of the CSV.
pub(super) fn by_line(csv: &CsvLines, reasons: Reasons) -> Reasons {
    let line_of = |row| csv.source_map().line_of(row);
    let reasons = reasons.into_iter();
    reasons
        .filter_map(|(row, reasons)| Some((line_of(row)?, reasons)))
        .collect()
}

/// On which line of the CSV the row begins that a line was made of.
pub(super) fn rows(csv: &CsvLines) -> LineMap {
    LineMap::of_runs(csv.source_map().lines().collect())
}

/// Writes the refused rows with their header, in UTF-8, and in another file why.
///
/// A byte order mark wins over the encoding that a mapping names, so the rows can be mended and
/// pushed by the same mapping.
pub(super) fn write_rejects(
    csv: &CsvLines,
    named: &Path,
    folder: &Path,
    stem: &str,
    reasons: &Reasons,
) -> io::Result<PathBuf> {
    let path = folder.join(format!("{stem}{INFIX}csv"));
    let mut rows = tempfile::NamedTempFile::new_in(if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    })?;
    let mut texts = BufWriter::new(File::create(folder.join(format!("{stem}{INFIX}txt")))?);
    let mut out = BufWriter::new(rows.as_file_mut());
    let mut walk = csv.walk().map_err(io::Error::other)?;
    write!(out, "\u{feff}{}", walk.head())?;
    let mut rejected = 0_u64;
    let last = reasons.keys().next_back().copied().unwrap_or_default();
    while let Some(row) = walk.next().filter(|row| row.number <= last) {
        let Some(reasons) = reasons.get(&row.number) else {
            continue;
        };
        rejected += 1;
        writeln!(out, "{}", row.text(0).0)?;
        let place = csv.source_map().place(row.number);
        let line = place.map_or(row.number, |place| place.line);
        for reason in reasons {
            writeln!(texts, "{rejected}\t{}:{line}\t{reason}", named.display())?;
        }
    }
    out.flush()?;
    texts.flush()?;
    drop(out);
    // A temporary file is its owner's alone; what stands beside the CSV is not.
    drop(fs::metadata(named).and_then(|data| rows.as_file().set_permissions(data.permissions())));
    rows.persist(&path)?;
    Ok(path)
}
