//! `gong-crm convert`: from the CSV that a CRM exports to LDJSON, checked.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gong_crm::ObjectType;
use gong_crm::check::{self, FileSummary, Input, Lines, Severity, check_inputs};
use gong_crm::io::discover::{FilesError, SourceFiles};
use gong_crm::mapping::{
    Conversion, ConvertError, Converted, Omitted, Options, Problem, convert_file, convert_reader,
    modified, open,
};

use serde::Serialize;

use crate::args::convert::Convert;
use crate::args::{Format, Global};
use crate::error::CliError;
use crate::exit::Exit;
use crate::mappings::{Configured, add_looked_up, configured, named};
use crate::output::Output;
use crate::output::escape::{ERROR, FRAME, NORMAL, WARNING};
use crate::output::finding::{self, level};
use crate::output::table::counted;
use crate::schema_file;

/// The path that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// How many problems and findings a person is shown.
const SHOWN: u64 = 50;

pub(crate) fn run(global: &Global, convert: &Convert, output: Output) -> Result<Exit, CliError> {
    let csv = &convert.csv;
    let conversion = conversion(global, convert)?;
    let object_type = object_type(convert, &conversion)?;
    let mapping = conversion.mapping;
    let input;
    let source = if csv.as_os_str() == STANDARD_INPUT {
        input = standard_input().map_err(|error| unexpected(csv, &error))?;
        input.path()
    } else {
        csv
    };
    let mut options = Options::new(modified(source).map_err(|error| failure(&error, csv))?);
    options.keep_rows = convert.keep_rows;
    options.path = Some(source.to_path_buf());
    options.files = conversion.files;
    options.files.extend(conversion.neighbors);
    options.entity_schema = match &convert.schema {
        Some(path) => Some(schema_file::read(path, convert.object_type)?),
        None => None,
    };
    let mut reporter = Reporter::new(convert, csv, output);
    // Checked before they are printed, so they wait in a file that is gone afterwards.
    let waiting;
    let lines = match &convert.to {
        Some(target) => target.as_path(),
        None => {
            waiting = tempfile::NamedTempFile::new().map_err(|error| unexpected(csv, &error))?;
            waiting.path()
        }
    };
    let mut tell = |problem: Problem| reporter.problem(&problem);
    let converted = if convert.to.is_some() {
        convert_file(source, &mapping, object_type, &options, lines, &mut tell)
    } else {
        open(source).and_then(|source| {
            let out = io::BufWriter::new(File::create(lines)?);
            convert_reader(source, &mapping, object_type, &options, out, &mut tell)
        })
    };
    let converted = converted.map_err(|error| failure(&error, csv))?;
    let summary = examine(lines, &options, object_type, &converted, &mut reporter)?;
    if convert.to.is_none() {
        print(lines, output).map_err(|error| unexpected(csv, &error))?;
    }
    reporter.end(convert.to.as_deref(), &converted, &summary);
    let is_clean = converted.problems == 0 && summary.errors == 0;
    Ok(if is_clean {
        Exit::Ok
    } else {
        Exit::CheckFailed
    })
}

/// What standard input holds, in a file.
fn standard_input() -> io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::NamedTempFile::new()?;
    io::copy(&mut io::stdin().lock(), &mut file)?;
    Ok(file)
}

/// By the mappings that were named, or else by those of the config file.
fn conversion(global: &Global, convert: &Convert) -> Result<Conversion, CliError> {
    if let Some(mapping) = named(&convert.map)? {
        let mut conversion = Conversion::new(mapping);
        let csv = std::slice::from_ref(&convert.csv);
        add_looked_up(&mut conversion, global, &convert.map, csv);
        return Ok(conversion);
    }
    let no_mapping = || {
        let path = convert.csv.clone();
        CliError::from_files(&FilesError::NoMapping { path })
    };
    let Configured { mapping, files } = configured(global)?.ok_or_else(no_mapping)?;
    let mut conversion = Conversion::new(mapping);
    conversion.files = files;
    Ok(conversion)
}

/// The type from the command line, a source, the file's name, or the mapping.
fn object_type(convert: &Convert, conversion: &Conversion) -> Result<ObjectType, CliError> {
    let csv = &convert.csv;
    let of_sources = SourceFiles::new(conversion.source_files(), false).types(csv);
    let name = csv.file_name().unwrap_or_default().to_string_lossy();
    let mut mapped = conversion.mapping.object_types();
    let only = mapped.next().filter(|_| mapped.next().is_none());
    let reported = convert.object_type.or(match of_sources.as_slice() {
        [only] => Some(*only),
        [] => ObjectType::from_file_name(&name).or(only),
        _ => None,
    });
    reported.ok_or_else(|| {
        let message = match of_sources.as_slice() {
            [] => format!(
                "{}: the file name does not say which type its rows have",
                csv.display()
            ),
            several => {
                let names: Vec<&str> = several.iter().map(|known| known.as_str()).collect();
                format!("{} has records of {}", csv.display(), names.join(" and "))
            }
        };
        let example = of_sources.last().copied().unwrap_or(ObjectType::Account);
        CliError::new(Exit::Usage, message).with_hint(format!("name the type: --type {example}"))
    })
}

/// Checks the lines, and reports the findings for rows of the CSV.
fn examine(
    lines: &Path,
    options: &Options,
    object_type: ObjectType,
    converted: &Converted,
    reporter: &mut Reporter,
) -> Result<FileSummary, CliError> {
    let mut check_options = check::Options::default();
    check_options
        .entity_schema
        .clone_from(&options.entity_schema);
    if converted.records == 0 {
        // The conversion reports a file without lines.
        check_options
            .severities
            .allow
            .insert(gong_crm::Rule::NoRecords);
    }
    // A push splits what is too large for one upload, and other files bring other types.
    let handled = [gong_crm::Rule::FileSize, gong_crm::Rule::MissingType];
    check_options.severities.allow.extend(handled);
    let csv: Arc<Path> = reporter.csv.as_path().into();
    let mut tell = |found| {
        let found = converted.source_map.finding_in_csv(&csv, found);
        let field = found.field.as_deref();
        let column = field.and_then(|field| converted.source_map.column(field));
        reporter.finding(&found, column);
    };
    // As a file, so that lines which look alike can be compared.
    let input = Input {
        path: csv.to_path_buf(),
        object_type,
        lines: Lines::In(lines.to_path_buf()),
    };
    let summary = check_inputs(vec![input], &check_options, &mut tell)
        .map_err(|error| CliError::from_check(&error))?;
    let mut files = summary.files.into_iter();
    files.next().ok_or_else(|| {
        CliError::new(
            Exit::Unexpected,
            format!("{}: nothing was checked", csv.display()),
        )
    })
}

/// Copies the lines to standard output; a closed pipe is not an error.
fn print(lines: &Path, output: Output) -> io::Result<()> {
    let lines = File::open(lines)?;
    output.lines_of_json(io::BufReader::with_capacity(256 * 1024, lines))
}

fn unexpected(path: &Path, error: &io::Error) -> CliError {
    CliError::new(Exit::Unexpected, format!("{}: {error}", path.display()))
}

fn failure(error: &ConvertError, csv: &Path) -> CliError {
    let message = match error {
        ConvertError::File { .. } => error.to_string(),
        other => format!("{} can't be converted: {other}", csv.display()),
    };
    CliError::new(Exit::of_convert(error), message)
}

/// Tells of problems: as data where the lines go into a file, else beside them.
struct Reporter {
    csv: PathBuf,
    output: Output,
    lines_are_data: bool,
    most: u64,
    reported: u64,
    omitted: u64,
}

impl Reporter {
    fn new(convert: &Convert, csv: &Path, output: Output) -> Self {
        Self {
            csv: csv.to_path_buf(),
            output,
            lines_are_data: convert.to.is_none(),
            most: if output.format() == Format::Text {
                SHOWN
            } else {
                u64::MAX
            },
            reported: 0,
            omitted: 0,
        }
    }

    fn say(&self, line: &str) {
        if self.lines_are_data {
            self.output.message(line);
        } else {
            self.output.stdout(line);
        }
    }

    /// Whether one more may be shown.
    fn may_tell(&mut self) -> bool {
        let may = self.reported < self.most;
        self.reported += u64::from(may);
        self.omitted += u64::from(!may);
        may
    }

    /// The value as one JSON object, with more keys.
    fn say_json(&self, value: &impl Serialize, more: &[(&str, &str)]) {
        let mut json = serde_json::to_value(value).unwrap_or_default();
        for (key, text) in more {
            json[*key] = (*text).into();
        }
        self.say(&json.to_string());
    }

    fn problem(&mut self, problem: &Problem) {
        if !self.may_tell() {
            return;
        }
        if self.output.is_json() {
            let path = self.csv.display().to_string();
            let severity = level(problem.rule.severity());
            self.say_json(problem, &[("path", path.as_str()), ("severity", severity)]);
            return;
        }
        for line in text(&self.csv, problem) {
            self.say(&line);
        }
    }

    fn finding(&mut self, found: &check::Finding, column: Option<&str>) {
        if !self.may_tell() {
            return;
        }
        if self.output.is_json() {
            let column = column.map(|name| ("columnName", name));
            self.say_json(found, column.as_slice());
            return;
        }
        for line in finding::text(found) {
            self.say(&line);
        }
    }

    fn end(&self, target: Option<&Path>, converted: &Converted, summary: &FileSummary) {
        if self.omitted > 0 {
            let more = counted(self.omitted, "more problem");
            self.output
                .status(&format!("{more}, not shown; -o json shows them all"));
        }
        let rows = counted(converted.rows, "row");
        let records = counted(converted.records, "record");
        let into = target
            .map(|path| format!(" in {}", path.display()))
            .unwrap_or_default();
        self.output
            .status(&format!("{rows} became {records}{into}"));
        let errors = converted.problems + summary.errors;
        let warnings = converted.warnings + summary.warnings;
        if errors + warnings > 0 {
            let errors = counted(errors, "error");
            let warnings = counted(warnings, "warning");
            self.output.status(&format!("{errors}, {warnings}"));
        }
    }
}

/// The lines that a person reads: what, where, the cell, what to do.
fn text(csv: &Path, problem: &Problem) -> Vec<String> {
    let about = match &problem.field {
        Some(field) => format!("{field}: {}", problem.message),
        None => problem.message.clone(),
    };
    let mut place = csv.display().to_string();
    if problem.place.line > 0 {
        place += &format!(":{}", problem.place.line);
    }
    if problem.place.row != problem.place.line {
        place += &format!(" (row {})", problem.place.row);
    }
    if let Some(column) = &problem.column {
        place += &format!(", column {column:?}");
    }
    if let Some(cell) = &problem.excerpt {
        place += &format!(": {cell:?}");
    }
    let rule = problem.rule;
    let style = match rule.severity() {
        Severity::Error => ERROR,
        Severity::Warning => WARNING,
    };
    let level = level(rule.severity());
    let mut lines = vec![
        format!("{style}{level}[{rule}]{NORMAL}: {about}"),
        format!(" {FRAME}-->{NORMAL} {place}"),
    ];
    match problem.omitted {
        Omitted::Field => lines.push(format!("  {FRAME}={NORMAL} the field is left out")),
        Omitted::Row => lines.push(format!("  {FRAME}={NORMAL} the row is left out")),
        _ => {}
    }
    if let Some(hint) = &problem.hint {
        lines.push(format!("  {FRAME}={NORMAL} help: {hint}"));
    }
    lines.push(String::new());
    lines
}
