//! `gong-crm check`: every problem of files and folders, before Gong sees them.

use std::path::{Path, PathBuf};

use gong_crm::check::{CheckError, Finding, Options, Severity, Summary, check_paths};
use gong_crm::{EntitySchema, fix};

use crate::arguments::{Check, Format};
use crate::command::convert;
use crate::csvs::{conversion, tell_passed_over};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::finding;
use crate::output::Output;
use crate::table::{count, counted};

pub(crate) fn run(check: &Check, output: Output) -> Result<Exit, Failure> {
    if let Some(rule) = check.explain {
        output.data(rule.page().trim_end());
        return Ok(Exit::Ok);
    }
    let options = options(check)?;
    let paths = match &check.fix {
        Some(folder) => mend(check, &options, folder, output)?,
        None => check.paths.clone(),
    };
    let mut printer = Printer::new(check, output);
    let summary = check_paths(&paths, &options, &mut |found| printer.print(&found))
        .map_err(|error| check_failure(&error))?;
    printer.end(&summary);
    tell_passed_over(&options.passed_over(&check.paths), output);
    Ok(if summary.is_clean() {
        Exit::Ok
    } else {
        Exit::CheckFailed
    })
}

fn options(check: &Check) -> Result<Options, Failure> {
    let mut options = Options::default();
    options.strict = check.strict;
    options.allow = check.allow.iter().copied().collect();
    options.deny = check.deny.iter().copied().collect();
    options.object_type = check.object_type;
    options.entity_schema = check.schema.as_deref().map(read_schema).transpose()?;
    options.conversion = conversion(&check.map, options.entity_schema.as_ref())?;
    Ok(options)
}

/// The entity schema in a file.
pub(crate) fn read_schema(path: &Path) -> Result<EntitySchema, Failure> {
    let file = std::fs::File::open(path).map_err(|error| {
        Failure::new(
            Exit::Usage,
            format!("{} can't be read: {error}", path.display()),
        )
    })?;
    EntitySchema::from_reader(file).map_err(|error| {
        Failure::new(Exit::Usage, format!("{}: {error}", path.display())).with_hint(
            "it holds what GET /v2/crm/entity-schema answers, or the fields by object type",
        )
    })
}

/// Writes mended copies of the files into the folder, says what was done, and returns their paths.
fn mend(
    check: &Check,
    options: &Options,
    folder: &Path,
    output: Output,
) -> Result<Vec<PathBuf>, Failure> {
    let unwritable = |error: &dyn std::fmt::Display| {
        Failure::new(Exit::Unexpected, format!("{}: {error}", folder.display()))
    };
    // A first pass only to learn which files are meant, and as what.
    let found =
        check_paths(&check.paths, options, &mut |_| {}).map_err(|error| check_failure(&error))?;
    std::fs::create_dir_all(folder).map_err(|error| unwritable(&error))?;
    let mut fix_options = fix::Options::default();
    fix_options.entity_schema.clone_from(&options.entity_schema);
    let mut mended = Vec::new();
    for file in &found.files {
        let name = file
            .path
            .file_name()
            .filter(|_| file.path.as_os_str() != "-");
        let Some(name) = name.filter(|_| file.path.extension().is_none_or(|end| end != "gz"))
        else {
            let message = format!("{} can't be mended in place", file.path.display());
            return Err(Failure::new(Exit::Usage, message)
                .with_hint("unpack it into a file first; --fix reads plain files"));
        };
        let conversion = options.conversion.as_ref();
        if conversion.is_some_and(|conversion| conversion.takes(&file.path)) {
            let message = format!("{} is a CSV, and --fix mends lines", file.path.display());
            return Err(Failure::new(Exit::Usage, message).with_hint(
                "mend the CSV or its mapping; or make lines of it first with gong-crm convert",
            ));
        }
        let target = folder.join(name);
        if mended.contains(&target) {
            let message = format!("two of the files are called {}", name.display());
            return Err(
                Failure::new(Exit::Usage, message).with_hint("mend them one after the other")
            );
        }
        let path = file.path.display();
        let mut say = |repair: fix::Repair| output.talk(&format!("{path}: {repair}"));
        let fixed = fix::fix_file(
            &file.path,
            &target,
            file.object_type,
            &fix_options,
            &mut say,
        )
        .map_err(|error| unwritable(&error))?;
        output.talk(&format!(
            "{}: {}",
            target.display(),
            counted(fixed.repairs, "repair")
        ));
        mended.push(target);
    }
    output.talk("");
    Ok(mended)
}

pub(crate) fn check_failure(error: &CheckError) -> Failure {
    match error {
        CheckError::Files(files) => Failure::from_files(files),
        CheckError::Convert { source, .. } => {
            Failure::new(convert::exit_of(source), error.to_string())
        }
        other => Failure::new(Exit::Unexpected, other.to_string()),
    }
}

/// Prints findings in the wanted form, up to the wanted number.
struct Printer {
    output: Output,
    most: u64,
    printed: u64,
    left_out: u64,
}

impl Printer {
    fn new(check: &Check, output: Output) -> Self {
        if output.format() == Format::Sarif {
            output.data(&finding::sarif_head());
        }
        // A program wants them all unless it says otherwise; a person scrolls.
        let most = match (check.max, output.format()) {
            (Some(most), _) => most,
            (None, Format::Text) => 50,
            (None, _) => u64::MAX,
        };
        Self {
            output,
            most,
            printed: 0,
            left_out: 0,
        }
    }

    fn print(&mut self, found: &Finding) {
        if self.printed >= self.most {
            self.left_out += 1;
            return;
        }
        self.printed += 1;
        match self.output.format() {
            Format::Text => {
                for line in finding::text(found) {
                    self.output.data(&line);
                }
            }
            Format::Json => self.output.json(found),
            Format::Github => self.output.data(&finding::github(found)),
            Format::Sarif => self.output.data(&finding::sarif(found, self.printed == 1)),
        }
    }

    fn end(&self, summary: &Summary) {
        if self.output.format() == Format::Sarif {
            self.output.data(finding::SARIF_TAIL);
        }
        let talk = |line: &str| self.output.talk(line);
        if self.left_out > 0 {
            talk(&format!(
                "{} not shown; --max {} shows them all\n",
                counted(self.left_out, "finding"),
                self.printed + self.left_out
            ));
        }
        let by_rule = summary.by_rule();
        if by_rule.len() > 1 {
            for (rule, times) in &by_rule {
                talk(&format!("{:>9}  {rule}", count(*times)));
            }
            talk("");
        }
        let (errors, warnings) = (summary.errors(), summary.warnings());
        let verdict = match (errors, warnings) {
            (0, 0) => "no problem".to_owned(),
            (0, warnings) => format!("no error, {}", counted(warnings, "warning")),
            (errors, 0) => counted(errors, "error"),
            (errors, warnings) => {
                format!(
                    "{}, {}",
                    counted(errors, "error"),
                    counted(warnings, "warning")
                )
            }
        };
        let files = counted(summary.files.len() as u64, "file");
        talk(&format!(
            "{verdict} in {} of {files}",
            counted(summary.records(), "record")
        ));
        if let Some(rule) = by_rule.keys().next() {
            talk(&format!(
                "why a rule is there: gong-crm check --explain {rule}"
            ));
        }
    }
}

/// The word for how bad a finding is.
pub(crate) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
