//! `gong-crm check`: every problem of files and folders, before Gong has them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gong_crm::check::{
    FileConverter, Finding, Options, Severities, Summary, check_inputs, check_paths,
};
use gong_crm::io::atomic_file;
use gong_crm::io::discover::SourceFiles;
use gong_crm::mapping::Conversion;
use gong_crm::{ObjectType, Rule, fix};

use crate::args::check::Check;
use crate::args::{Format, Global};
use crate::config::settings::Settings;
use crate::error::CliError;
use crate::exit::Exit;
use crate::mappings::{self, conversion, warn_skipped_csvs};
use crate::output::finding;
use crate::output::html::check::Findings;
use crate::output::sync_report;
use crate::output::table::{count, counted};
use crate::output::{Output, html, json_text};
use crate::schema_file;
use crate::sources::SourceTables;

mod users;

use users::{NOT_IN_FILES, Owned, Users};

pub(crate) async fn run(global: &Global, check: &Check, output: Output) -> Result<Exit, CliError> {
    if let Some(rule) = check.explain {
        output.document(&rule.page());
        return Ok(Exit::Ok);
    }
    let sources = SourceTables::instead_of_paths(global, &check.paths, &check.source.source)?;
    if let Some(sources) = sources {
        return check_sources(global, check, &sources, output).await;
    }
    let mut options = options(global, check)?;
    let (named, types) = mappings::paths(global, &check.paths, check.object_type)?;
    options.types = types;
    let users = match &check.users {
        Some(path) => Some(Users::read(path, &named)?),
        None => None,
    };
    let paths = match &check.fix {
        Some(folder) => {
            let fixed = fix_files(&named, &options, folder, output)?;
            options.types = SourceFiles::new(fixed.iter().cloned(), false);
            fixed.into_iter().map(|(_, path)| path).collect()
        }
        None => named.clone(),
    };
    options.max_findings = max_findings(check, output.format());
    options.without_excerpts = output.format() != Format::Text;
    let mut printer = Printer::new(&options, output);
    let summary = check_paths(&paths, &options, &mut |found| printer.print(&found))
        .map_err(|error| CliError::from_check(&error))?;
    let owned = match &users {
        Some(users) => users.owners(&summary, &options)?,
        None => None,
    };
    if let Some(owned) = &owned {
        printer.owners(owned);
    }
    printer.end(&summary);
    warn_skipped_csvs(&options.passed_over(&named), output);
    if users.is_some() && owned.as_ref().is_none_or(|owned| !owned.has_business_users) {
        let message =
            "whose deals people see is not known: the files have no business users or no deals";
        output.warning(
            message,
            "name the files of both, such as business_users.ldjson and deals.ldjson",
        );
    }
    let hides = owned.is_some_and(|owned| owned.hides());
    Ok(
        if summary.is_clean() && !(hides && check.severities.strict) {
            Exit::Ok
        } else {
            Exit::CheckFailed
        },
    )
}

/// Checks what sources hold, as a push would send it.
async fn check_sources(
    global: &Global,
    check: &Check,
    sources: &SourceTables,
    output: Output,
) -> Result<Exit, CliError> {
    for (flag, is_given) in [
        ("--fix", check.fix.is_some()),
        ("--map", !check.map.is_empty()),
        ("--users", check.users.is_some()),
    ] {
        if is_given {
            let message = format!("{flag} is for files, and the records come from sources");
            return Err(CliError::new(Exit::Usage, message)
                .with_hint("name files, or set `map` in the source's table"));
        }
    }
    let mut options = Options::default();
    let flags = &check.severities;
    options.severities = severities(global, flags.strict, &flags.allow, &flags.deny)?;
    options.entity_schema = match &check.schema {
        Some(path) => Some(schema_file::read(path, check.object_type)?),
        None => None,
    };
    options.max_findings = max_findings(check, output.format());
    options.without_excerpts = output.format() != Format::Text;
    let schema = options.entity_schema.as_ref();
    let records = sources.records(global, check.object_type, schema, output);
    let mut records = records.await?;
    let inputs = records.inputs().map_err(|error| {
        CliError::new(
            Exit::Unexpected,
            format!("the records can't be buffered on disk: {error}"),
        )
    })?;
    let mut printer = Printer::new(&options, output);
    let summary = check_inputs(inputs, &options, &mut |found| printer.print(&found))
        .map_err(|error| CliError::from_check(&error))?;
    printer.end(&summary);
    Ok(if summary.is_clean() {
        Exit::Ok
    } else {
        Exit::CheckFailed
    })
}

fn options(global: &Global, check: &Check) -> Result<Options, CliError> {
    let mut options = Options::default();
    let flags = &check.severities;
    options.severities = severities(global, flags.strict, &flags.allow, &flags.deny)?;
    options.object_type = check.object_type;
    options.entity_schema = match &check.schema {
        Some(path) => Some(schema_file::read(path, check.object_type)?),
        None => None,
    };
    options.converter = converter(conversion(
        global,
        &check.map,
        options.entity_schema.as_ref(),
        &check.paths,
        check.object_type,
    )?);
    Ok(options)
}

/// The severities of rules that the config file and the flags set, the same in every command that
/// checks.
pub(crate) fn severities(
    global: &Global,
    strict: bool,
    allow: &[Rule],
    deny: &[Rule],
) -> Result<Severities, CliError> {
    let mut flags = Severities::default();
    flags.strict = strict;
    flags.allow = allow.iter().copied().collect();
    flags.deny = deny.iter().copied().collect();
    Ok(Settings::severities(global)?.overridden_by(&flags))
}

/// How many findings of records are shown. A program gets all unless it asks for fewer.
fn max_findings(check: &Check, format: Format) -> Option<u64> {
    match (check.max, format) {
        (Some(max), _) => Some(max),
        (None, Format::Text) => Some(50),
        (None, _) => None,
    }
}

/// Writes fixed copies of the files into the folder, prints each fix, and returns their types and
/// paths.
fn fix_files(
    paths: &[PathBuf],
    options: &Options,
    folder: &Path,
    output: Output,
) -> Result<Vec<(ObjectType, PathBuf)>, CliError> {
    let unwritable = |error: &dyn std::fmt::Display| {
        CliError::new(Exit::Unexpected, format!("{}: {error}", folder.display()))
    };
    // The first pass finds the files and their types.
    let found =
        check_paths(paths, options, &mut |_| {}).map_err(|error| CliError::from_check(&error))?;
    let targets = targets(&found, options, folder)?;
    atomic_file::create_private_dir(folder).map_err(|error| unwritable(&error))?;
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
    let types = found.files.iter().map(|file| file.object_type);
    Ok(types.zip(targets).collect())
}

/// The path of each fixed copy. Nothing is written unless all of them can be.
fn targets(found: &Summary, options: &Options, folder: &Path) -> Result<Vec<PathBuf>, CliError> {
    let reject = |message: String, hint: &str| {
        Err(CliError::new(Exit::Usage, message).with_hint(hint.to_owned()))
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
            return reject(
                format!(
                    "{} cannot be fixed: it is not a plain file",
                    file.path.display()
                ),
                "decompress it first, or save the standard input to a file",
            );
        };
        let converter = options.converter.as_ref();
        if converter.is_some_and(|converter| converter.csvs().include(&file.path)) {
            return reject(
                format!(
                    "{} is a CSV, and --fix is for LDJSON files",
                    file.path.display()
                ),
                "correct the CSV or its mapping, or convert it first: gong-crm convert",
            );
        }
        let target = folder.join(name);
        if real(&target).is_some_and(|target| sources.contains(&target)) {
            return reject(
                format!("--fix would overwrite {}", target.display()),
                "name another folder for the fixed copies, such as --fix fixed",
            );
        }
        if targets.contains(&target) {
            return reject(
                format!("two of the files have the name {}", name.display()),
                "fix them one after the other",
            );
        }
        targets.push(target);
    }
    Ok(targets)
}

/// A conversion as the check has it.
pub(crate) fn converter(conversion: Option<Conversion>) -> Option<Arc<dyn FileConverter>> {
    conversion.map(|conversion| Arc::new(conversion) as Arc<dyn FileConverter>)
}

/// Prints findings in the chosen format.
struct Printer {
    output: Output,
    /// JSON of findings, which can be many: written in large blocks.
    json: String,
    max: Option<u64>,
    printed: u64,
    /// For a page: the first findings, and the counts of all.
    page: Findings,
    /// How many findings of whole columns and files there were.
    columns: u64,
    /// How many were printed that are not findings of the check.
    others: u64,
}

/// How much JSON is written at a time.
const BLOCK_BYTES: usize = 64 * 1024;

impl Printer {
    fn new(options: &Options, output: Output) -> Self {
        if output.format() == Format::Sarif {
            output.raw(&finding::sarif_head());
        }
        Self {
            output,
            json: String::new(),
            max: options.max_findings,
            printed: 0,
            page: Findings::default(),
            columns: 0,
            others: 0,
        }
    }

    fn print(&mut self, found: &Finding) {
        // The check itself limits the findings of records.
        if found.line == 0 {
            self.columns += 1;
            if self.max.is_some_and(|max| self.columns > max) {
                return;
            }
        }
        self.printed += 1;
        match self.output.format() {
            Format::Text => {
                for line in finding::text(found) {
                    self.output.stdout(&line);
                }
            }
            Format::Json => {
                if !self.json.is_empty() {
                    self.json.push('\n');
                }
                self.json.push_str(&json_text(found));
                if self.json.len() >= BLOCK_BYTES {
                    self.write_json();
                }
            }
            Format::Html => self.page.add(found),
            Format::Github => self.output.raw(&finding::github(found)),
            Format::Sarif => self.output.raw(&finding::sarif(found, self.printed == 1)),
        }
    }

    /// Whose deals nobody sees.
    fn owners(&mut self, owned: &Owned) {
        match self.output.format() {
            Format::Text => {
                for line in sync_report::owners(&owned.coverage, NOT_IN_FILES) {
                    self.output.stdout(&line);
                }
            }
            Format::Html => {
                let section = html::owners::section(&owned.coverage, NOT_IN_FILES);
                self.page.owners(section);
            }
            Format::Json => {
                for found in owned.findings() {
                    if !self.json.is_empty() {
                        self.json.push('\n');
                    }
                    self.json.push_str(&found.json());
                }
            }
            Format::Github => {
                for found in owned.findings() {
                    let (path, rule) = (found.path.display().to_string(), found.rule);
                    let line = finding::github_of_file(&path, rule, &found.message, found.hint);
                    self.output.raw(&line);
                }
            }
            Format::Sarif => {
                for found in owned.findings() {
                    self.printed += 1;
                    let (path, rule) = (found.path.display().to_string(), found.rule);
                    let text = format!("{} ({})", found.message, found.hint);
                    let result = finding::sarif_of_file(&path, rule, &text, self.printed == 1);
                    self.output.raw(&result);
                    self.others += 1;
                }
            }
        }
    }

    fn write_json(&mut self) {
        if !self.json.is_empty() {
            self.output.raw(&self.json);
            self.json.clear();
        }
    }

    fn end(mut self, summary: &Summary) {
        self.write_json();
        if self.output.format() == Format::Sarif {
            self.output.raw(finding::SARIF_TAIL);
        }
        if self.output.is_html() {
            self.output
                .page(&std::mem::take(&mut self.page).page(summary));
        }
        let talk = |line: &str| self.output.status(line);
        let (errors, warnings) = (summary.errors(), summary.warnings());
        let left = (errors + warnings).saturating_sub(self.printed - self.others);
        if left > 0 {
            talk(&format!(
                "{} not shown; --max {} shows all",
                counted(left, "finding"),
                errors + warnings
            ));
        }
        let by_rule = summary.by_rule();
        if by_rule.len() > 1 {
            for (rule, times) in &by_rule {
                talk(&format!("{:>9}  {rule}", count(*times)));
            }
            talk("");
        }
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
                "to read about a rule: gong-crm check --explain {rule}"
            ));
        }
    }
}
