//! `gong-crm check`: every problem of files and folders, before Gong sees them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gong_crm::check::{FileConverter, Finding, Options, Summary, check_paths};
use gong_crm::fix;
use gong_crm::mapping::Conversion;

use crate::args::check::Check;
use crate::args::{Format, Global};
use crate::error::CliError;
use crate::exit::Exit;
use crate::mappings::{self, conversion, warn_skipped_csvs};
use crate::output::Output;
use crate::output::finding;
use crate::output::table::{count, counted};
use crate::schema_file;

pub(crate) fn run(global: &Global, check: &Check, output: Output) -> Result<Exit, CliError> {
    if let Some(rule) = check.explain {
        output.document(&rule.page());
        return Ok(Exit::Ok);
    }
    let options = options(global, check)?;
    let named = mappings::paths(global, &check.paths)?;
    let paths = match &check.fix {
        Some(folder) => mend(&named, &options, folder, output)?,
        None => named.clone(),
    };
    let mut printer = Printer::new(check, output);
    let summary = check_paths(&paths, &options, &mut |found| printer.print(&found))
        .map_err(|error| CliError::from_check(&error))?;
    printer.end(&summary);
    warn_skipped_csvs(&options.passed_over(&named), output);
    Ok(if summary.is_clean() {
        Exit::Ok
    } else {
        Exit::CheckFailed
    })
}

fn options(global: &Global, check: &Check) -> Result<Options, CliError> {
    let mut options = Options::default();
    options.strict = check.strict;
    options.allow = check.allow.iter().copied().collect();
    options.deny = check.deny.iter().copied().collect();
    options.object_type = check.object_type;
    options.entity_schema = match &check.schema {
        Some(path) => Some(schema_file::read(path, check.object_type)?),
        None => None,
    };
    options.converter = converter(conversion(
        global,
        &check.map,
        options.entity_schema.as_ref(),
    )?);
    Ok(options)
}

/// Writes mended copies of the files into the folder, says what was done, and returns their paths.
fn mend(
    paths: &[PathBuf],
    options: &Options,
    folder: &Path,
    output: Output,
) -> Result<Vec<PathBuf>, CliError> {
    let unwritable = |error: &dyn std::fmt::Display| {
        CliError::new(Exit::Unexpected, format!("{}: {error}", folder.display()))
    };
    // A first pass only to learn which files are meant, and as what.
    let found =
        check_paths(paths, options, &mut |_| {}).map_err(|error| CliError::from_check(&error))?;
    let targets = targets(&found, options, folder)?;
    std::fs::create_dir_all(folder).map_err(|error| unwritable(&error))?;
    let mut fix_options = fix::Options::default();
    fix_options.entity_schema.clone_from(&options.entity_schema);
    for (file, target) in found.files.iter().zip(&targets) {
        let path = file.path.display();
        let mut say = |repair: fix::Fix| output.status(&format!("{path}: {repair}"));
        let fixed = fix::fix_file(&file.path, target, file.object_type, &fix_options, &mut say)
            .map_err(|error| unwritable(&error))?;
        output.status(&format!(
            "{}: {}",
            target.display(),
            counted(fixed.fixes, "repair")
        ));
    }
    output.status("");
    Ok(targets)
}

/// Where the mended copy of each file goes. Nothing is written unless all of them can be.
fn targets(found: &Summary, options: &Options, folder: &Path) -> Result<Vec<PathBuf>, CliError> {
    let refuse = |message: String, cure: &str| {
        Err(CliError::new(Exit::Usage, message).with_hint(cure.to_owned()))
    };
    let real = |path: &Path| path.canonicalize().ok();
    let sources: Vec<PathBuf> = found
        .files
        .iter()
        .filter_map(|file| real(&file.path))
        .collect();
    let mut targets: Vec<PathBuf> = Vec::new();
    for file in &found.files {
        let name = file
            .path
            .file_name()
            .filter(|_| file.path.as_os_str() != "-");
        let Some(name) = name.filter(|_| file.path.extension().is_none_or(|end| end != "gz"))
        else {
            return refuse(
                format!("{} can't be mended in place", file.path.display()),
                "unpack it into a file first; --fix reads plain files",
            );
        };
        let converter = options.converter.as_ref();
        if converter.is_some_and(|converter| converter.csvs().include(&file.path)) {
            return refuse(
                format!("{} is a CSV, and --fix mends lines", file.path.display()),
                "mend the CSV or its mapping; or make lines of it first with gong-crm convert",
            );
        }
        let target = folder.join(name);
        if real(&target).is_some_and(|target| sources.contains(&target)) {
            return refuse(
                format!("--fix would write over {} itself", target.display()),
                "name a folder of its own for what is mended: --fix mended",
            );
        }
        if targets.contains(&target) {
            return refuse(
                format!("two of the files are called {}", name.display()),
                "mend them one after the other",
            );
        }
        targets.push(target);
    }
    Ok(targets)
}

/// What the check takes the conversion as.
pub(crate) fn converter(conversion: Option<Conversion>) -> Option<Arc<dyn FileConverter>> {
    conversion.map(|conversion| Arc::new(conversion) as Arc<dyn FileConverter>)
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
            output.raw(&finding::sarif_head());
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
                    self.output.stdout(&line);
                }
            }
            Format::Json => self.output.json(found),
            Format::Github => self.output.raw(&finding::github(found)),
            Format::Sarif => self.output.raw(&finding::sarif(found, self.printed == 1)),
        }
    }

    fn end(&self, summary: &Summary) {
        if self.output.format() == Format::Sarif {
            self.output.raw(finding::SARIF_TAIL);
        }
        let talk = |line: &str| self.output.status(line);
        if self.left_out > 0 {
            talk(&format!(
                "{} not shown; --max {} shows them all",
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
