//! The draft of a folder of exports: a mapping per file, and the sources of `gong-crm.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::document::{Document, Links};
use super::ids::Cleaning;
use super::links::{Link, TypedFile, cleaning, link};
use super::roles::{Roles, object_type};
use super::table::{DraftError, Table};
use super::toml_text::quoted;
use crate::mapping::cell::CellKind;
use crate::mapping::csv_rows::Rows;
use crate::mapping::model::Mapping;
use crate::mapping::row::Row;
use crate::mapping::text::{email_in, slug};
use crate::record::ObjectType;

/// The folder, beside `gong-crm.toml`, that mappings are drafted into.
const MAPPINGS: &str = "mappings";
/// The draft of a file of users, where no export has them.
const USERS: &str = "users.csv";

/// What a draft is made with.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct DraftOptions {
    /// The folder that gets `gong-crm.toml`; the paths in it are relative to this one.
    pub folder: PathBuf,
    /// What the rows of all files are; otherwise each file's name, headers and cells tell.
    pub object_type: Option<ObjectType>,
    /// The zone of times that have none; otherwise the draft asks.
    pub zone: Option<String>,
}

/// A drafted folder.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Draft {
    /// The files to write, relative to [`DraftOptions::folder`]: `gong-crm.toml` first.
    pub files: Vec<DraftedFile>,
    /// Which file feeds which type, by which mapping.
    pub sources: Vec<DraftedSource>,
    /// Files that were not drafted.
    pub skipped: Vec<SkippedFile>,
    /// How many questions are open in the mappings.
    pub questions: usize,
}

/// One file of a draft.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DraftedFile {
    /// Where it goes.
    pub path: PathBuf,
    /// What it holds.
    pub text: String,
}

/// A source of records.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DraftedSource {
    /// What its records are.
    pub object_type: ObjectType,
    /// The file, or a pattern of which the latest file counts.
    pub files: String,
    /// The mapping.
    pub map: Option<String>,
    /// How many rows the file has.
    pub rows: u64,
}

/// A file that was not drafted.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SkippedFile {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
    /// What to do about it.
    pub hint: String,
}

impl Mapping {
    /// Drafts the mappings of a folder of exports: which file holds which records, which column is
    /// which field, how dates and numbers are written, how the files refer to each other.
    ///
    /// What the exports don't say is a `todo`, which the check reports.
    ///
    /// # Errors
    ///
    /// [`DraftError`] when a path can't be read, or the only file is not a table.
    ///
    /// ```
    /// use gong_records::mapping::{DraftOptions, Mapping};
    ///
    /// let folder = tempfile::tempdir()?;
    /// let exports = folder.path().join("exports");
    /// std::fs::create_dir(&exports)?;
    /// std::fs::write(exports.join("Firmen.csv"), "Kundennummer;Firma\nk-1;Müller GmbH\n")?;
    /// let mut options = DraftOptions::default();
    /// options.folder = folder.path().to_path_buf();
    /// let draft = Mapping::draft(&[&exports], &options)?;
    /// assert_eq!(draft.sources[0].object_type, gong_records::ObjectType::Account);
    /// assert!(draft.files[1].text.contains(r#"name = "Firma""#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn draft(paths: &[impl AsRef<Path>], options: &DraftOptions) -> Result<Draft, DraftError> {
        let mut draft = Draft::default();
        let files = files(paths, &mut draft)?;
        let is_single = files.len() == 1;
        let mut typed: Vec<TypedFile> = Vec::new();
        for (files, path) in latest(files) {
            let table = match Table::read(&path) {
                Ok(table) => table,
                Err(error) if is_single => return Err(error),
                Err(error) => {
                    draft.skip(error);
                    continue;
                }
            };
            let Some(object_type) = options.object_type.or_else(|| object_type(&table)) else {
                let error = DraftError {
                    path,
                    message: "neither its name nor its columns tell what its rows are".to_owned(),
                    hint: "name the type: gong-crm init --type ACCOUNT FILE".to_owned(),
                };
                if is_single {
                    return Err(error);
                }
                draft.skip(error);
                continue;
            };
            if typed.iter().any(|known| known.object_type == object_type) {
                draft.skip(DraftError {
                    path,
                    message: format!("another file already has the records of type {object_type}"),
                    hint: "write a mapping for it yourself, or draft it alone: gong-crm init --print FILE".to_owned(),
                });
                continue;
            }
            let reference = relative(&files, &options.folder.join(MAPPINGS));
            let roles = Roles::of(&table, object_type);
            typed.push(TypedFile {
                table,
                object_type,
                roles,
                reference,
            });
            draft.sources.push(DraftedSource {
                object_type,
                files: relative(&files, &options.folder),
                map: None,
                rows: typed.last().map_or(0, |file| file.table.rows),
            });
        }
        if typed.is_empty() {
            let path = paths
                .first()
                .map(|path| path.as_ref().to_path_buf())
                .unwrap_or_default();
            return Err(DraftError {
                path,
                message: match draft.skipped.first() {
                    Some(skipped) => format!(
                        "no file can be drafted; {}: {}",
                        skipped.path.display(),
                        skipped.reason
                    ),
                    None => "there is no CSV or JSON file".to_owned(),
                },
                hint: "name the folder with the exports of the CRM".to_owned(),
            });
        }
        draft.write(&typed, options);
        Ok(draft)
    }

    /// Drafts the mapping of one file, and gives its text.
    ///
    /// # Errors
    ///
    /// [`DraftError`] when the file can't be read or is not a table, or when nothing tells its type.
    pub fn draft_file(path: &Path, options: &DraftOptions) -> Result<String, DraftError> {
        let draft = Self::draft(&[path], options)?;
        let mapping = draft.files.into_iter().find(|file| {
            file.path.starts_with(MAPPINGS)
                && file.path.extension().is_some_and(|end| end == "toml")
        });
        Ok(mapping.map(|file| file.text).unwrap_or_default())
    }
}

impl Draft {
    fn skip(&mut self, error: DraftError) {
        self.skipped.push(SkippedFile {
            path: error.path,
            reason: error.message,
            hint: error.hint,
        });
    }

    fn write(&mut self, files: &[TypedFile], options: &DraftOptions) {
        let of = |object_type| files.iter().find(|file| file.object_type == object_type);
        let mut links: Vec<Links> = files.iter().map(|file| links_of(file, files)).collect();
        let users = Owners::of(files, &mut links);
        let targets = [
            ObjectType::Account,
            ObjectType::BusinessUser,
            ObjectType::Stage,
            ObjectType::Contact,
            ObjectType::Deal,
            ObjectType::Lead,
        ];
        let cleanings: Vec<(ObjectType, Cleaning)> = targets
            .into_iter()
            .map(|target| (target, cleaning(files, &links, target)))
            .collect();
        let has_stages = of(ObjectType::Stage).is_some();
        let mut mappings = Vec::new();
        for (place, (file, links)) in files.iter().zip(&links).enumerate() {
            let is_deal = file.object_type == ObjectType::Deal;
            let has_stage = file.roles.column("stage").is_some();
            let makes_stages = is_deal && has_stage && !has_stages;
            let makes_users = users.from_emails == Some(place);
            let document = Document {
                file,
                links,
                cleanings: &cleanings,
                zone: options.zone.as_deref(),
                questions: Vec::new(),
                makes_stages,
                makes_users,
            };
            let name = format!(
                "{MAPPINGS}/{}.toml",
                stem(&file.table.file_name(), file.object_type)
            );
            let text = document.write();
            self.sources[place].map = Some(name.clone());
            let source = self.sources[place].clone();
            for (object_type, is_made) in [
                (ObjectType::Stage, makes_stages),
                (ObjectType::BusinessUser, makes_users),
            ] {
                if is_made {
                    self.sources.push(DraftedSource {
                        object_type,
                        ..source.clone()
                    });
                }
            }
            mappings.push(DraftedFile {
                path: name.into(),
                text,
            });
        }
        if let Some((csv, mapping)) = users.drafted {
            let name = format!("{MAPPINGS}/{}.toml", stem(USERS, ObjectType::BusinessUser));
            self.sources.push(DraftedSource {
                object_type: ObjectType::BusinessUser,
                files: format!("{MAPPINGS}/{USERS}"),
                map: Some(name.clone()),
                rows: csv.lines().count() as u64 - 1,
            });
            mappings.push(DraftedFile {
                path: name.into(),
                text: mapping,
            });
            mappings.push(DraftedFile {
                path: format!("{MAPPINGS}/{USERS}").into(),
                text: csv,
            });
        }
        self.sources.sort_by_key(|source| source.object_type);
        self.questions = mappings.iter().map(|file| questions(&file.text)).sum();
        let config = DraftedFile {
            path: "gong-crm.toml".into(),
            text: self.config(),
        };
        self.files = std::iter::once(config).chain(mappings).collect();
    }

    /// The sources, as `gong-crm.toml` has them.
    fn config(&self) -> String {
        let mut text = "# Where the records come from. Drafted by `gong-crm init`.\n\
            # Check them: gong-crm check; send them: gong-crm push.\n\n\
            [sync]\nmax-deletions = \"5%\"\n"
            .to_owned();
        for source in &self.sources {
            let files = if source.files.contains('*') {
                format!("{{ glob = {}, take = \"latest\" }}", quoted(&source.files))
            } else {
                quoted(&source.files)
            };
            let _ = write!(
                text,
                "\n[sources.{}]\nfiles = {files}\n",
                source.object_type
            );
            if let Some(map) = &source.map {
                let _ = writeln!(text, "map = {}", quoted(map));
            }
        }
        text
    }
}

/// How many questions a mapping leaves open.
fn questions(text: &str) -> usize {
    let unknown = text
        .lines()
        .filter(|line| line.contains(" = \"?\""))
        .count();
    let document: Result<toml::Table, _> = toml::from_str(text);
    let mut todos = 0;
    for table in document.iter().flat_map(toml::Table::values) {
        todos += match table.get("todo") {
            Some(toml::Value::Array(list)) => list.len(),
            Some(_) => 1,
            None => 0,
        };
        let fields = table.get("fields").and_then(toml::Value::as_table);
        todos += fields
            .into_iter()
            .flat_map(toml::Table::values)
            .filter(|field| field.get("todo").is_some())
            .count();
    }
    unknown + todos
}

/// The links of a file's references, apart from owners without a file of users.
fn links_of(file: &TypedFile, files: &[TypedFile]) -> Links {
    let format = file.object_type.line_format();
    let mut links = Links::new();
    for field in format.fields {
        let Some(target) = field.references else {
            continue;
        };
        let target_file = files.iter().find(|other| other.object_type == target);
        if field.name == "stage" {
            // Stages have names of their own for the column.
            let column = file.roles.column("stage");
            if let (Some(column), Some(stages)) = (column, target_file) {
                links.push((field.name, target, stage_link(file, column, stages)));
            }
            continue;
        }
        if let Some(found) = link(file, field.name, target_file) {
            let found = without_empty(found, file, target_file);
            links.push((field.name, target, found));
        }
    }
    links
}

fn stage_link(file: &TypedFile, column: usize, stages: &TypedFile) -> Link {
    let overlap = |other: Option<usize>| {
        let (Some(own), Some(other)) = (
            file.profile(column),
            other.and_then(|index| stages.profile(index)),
        ) else {
            return 0;
        };
        own.overlap(other).0
    };
    let (by_id, by_name) = (overlap(stages.id()), overlap(stages.name()));
    let name = |index: Option<usize>| {
        index
            .and_then(|index| stages.column(index))
            .map(|column| column.name.clone())
    };
    match (name(stages.name()), name(stages.id())) {
        (Some(key), Some(value)) if by_name > by_id => Link::Name {
            column,
            file: stages.reference.clone(),
            key,
            value,
            empty: Vec::new(),
        },
        _ => Link::Id(column),
    }
}

/// Notes which names lead to nothing in the other file, because their id is empty there.
fn without_empty(link: Link, file: &TypedFile, target: Option<&TypedFile>) -> Link {
    let (
        Link::Name {
            column,
            file: path,
            key,
            value,
            ..
        },
        Some(target),
    ) = (&link, target)
    else {
        return link;
    };
    let index = |name: &str| {
        target
            .table
            .columns
            .iter()
            .position(|column| column.name == name)
    };
    let (Some(key_index), Some(value_index)) = (index(key), index(value)) else {
        return link;
    };
    let is_full = target
        .profile(value_index)
        .is_none_or(|profile| profile.filled == target.table.rows);
    if is_full || target.table.is_json {
        return link;
    }
    let used = file.profile(*column).map(|profile| &profile.values);
    let pairs = pairs(&target.table, key_index, value_index).unwrap_or_default();
    let empty: Vec<String> = pairs
        .into_iter()
        .filter(|(key, value)| value.is_empty() && used.is_some_and(|used| used.contains_key(key)))
        .map(|(key, _)| key)
        .collect();
    Link::Name {
        column: *column,
        file: path.clone(),
        key: key.clone(),
        value: value.clone(),
        empty,
    }
}

/// The different pairs of cells in two columns.
fn pairs(table: &Table, first: usize, second: usize) -> Option<BTreeSet<(String, String)>> {
    let source = crate::mapping::open(&table.path).ok()?;
    let mut rows = Rows::new(source, table.encoding.encoding, table.delimiter);
    let mut row = Row::default();
    let mut pairs = BTreeSet::new();
    let mut above = table.skip + 1;
    while rows.next(&mut row).ok()? {
        if row
            .cells
            .iter()
            .next()
            .is_some_and(crate::mapping::source::is_sep_line)
        {
            continue;
        }
        if above > 0 {
            above -= 1;
            continue;
        }
        let cell = |index: usize| row.cells.get(index).unwrap_or_default().trim().to_owned();
        pairs.insert((cell(first), cell(second)));
    }
    Some(pairs)
}

/// Where the users come from, if no export has them.
#[derive(Default)]
struct Owners {
    /// The file whose column of owners has their addresses.
    from_emails: Option<usize>,
    /// A file of users to fill in, and its mapping.
    drafted: Option<(String, String)>,
}

impl Owners {
    fn of(files: &[TypedFile], links: &mut [Links]) -> Self {
        if files
            .iter()
            .any(|file| file.object_type == ObjectType::BusinessUser)
        {
            return Self::default();
        }
        let mut owners = Self::default();
        // Names by id, where a file has both; else the names alone.
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        for (place, file) in files.iter().enumerate() {
            let Some(reference) = file.roles.references.get("ownerId") else {
                continue;
            };
            let filled = |index: &&usize| {
                file.profile(**index)
                    .is_some_and(|profile| profile.filled > 0)
            };
            let id = reference.ids.iter().find(filled).copied();
            let name = reference.names.iter().find(filled).copied();
            let Some(column) = id.or(name) else { continue };
            let Some(profile) = file.profile(column) else {
                continue;
            };
            // Columns with ids beside names may be called the same; addresses win over both.
            let with_email = [id, name].into_iter().flatten().find(|index| {
                file.profile(*index)
                    .is_some_and(|profile| profile.mostly(profile.with_email))
            });
            let link = links[place]
                .iter_mut()
                .find(|(field, ..)| *field == "ownerId");
            if let Some(email) = with_email {
                if let Some(link) = link {
                    link.2 = Link::Email(email);
                }
                if file.object_type == ObjectType::Deal || owners.from_emails.is_none() {
                    owners.from_emails = Some(place);
                }
                continue;
            }
            match (id, name) {
                (Some(id), Some(name)) if !file.table.is_json => {
                    for (id, name) in pairs(&file.table, id, name).unwrap_or_default() {
                        if !id.is_empty() {
                            found.insert(id, name);
                        }
                    }
                }
                (Some(_), _) => {
                    found.extend(profile.values.keys().map(|id| (id.clone(), String::new())));
                }
                (None, _) => {
                    for name in profile.values.keys() {
                        found.entry(slug(name)).or_insert_with(|| name.clone());
                    }
                    if let Some(link) = link {
                        link.2 = Link::Name {
                            column,
                            file: USERS.to_owned(),
                            key: "Name".to_owned(),
                            value: "Id".to_owned(),
                            empty: Vec::new(),
                        };
                    }
                }
            }
        }
        if !found.is_empty() && owners.from_emails.is_none() {
            owners.drafted = Some(drafted_users(&found));
        }
        owners
    }
}

/// A file of users whose addresses are to be filled in, and its mapping.
fn drafted_users(found: &BTreeMap<String, String>) -> (String, String) {
    let mut profile = super::profile::Profile::default();
    let mut csv = "Id,Name,Email\n".to_owned();
    for (id, name) in found {
        profile.add(id, CellKind::Text);
        let cell = |text: &str| {
            if text.contains([',', '"', '\n']) {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text.to_owned()
            }
        };
        let email = email_in(name).unwrap_or_default();
        let _ = writeln!(csv, "{},{},{email}", cell(id), cell(name));
    }
    let keys = Cleaning::of(&[&profile]).keys();
    let object_id = if keys.is_empty() {
        "\"Id\"".to_owned()
    } else {
        format!("{{ from = \"Id\", {} }}", keys.join(", "))
    };
    let mapping = format!(
        "# The owners that the exports name. Gong knows its users by their email addresses: write them into\n\
         # {USERS}, and remove the rows of people who are not users of Gong.\n\n\
         [BUSINESS_USER]\n\n[BUSINESS_USER.fields]\nobjectId = {object_id}\n\
         modifiedDate = {{ constant = \"now\" }}\nemailAddress = \"Email\"\n"
    );
    (csv, mapping)
}

/// The files at the paths: those named, and those of folders that could be exports.
fn files(paths: &[impl AsRef<Path>], draft: &mut Draft) -> Result<Vec<PathBuf>, DraftError> {
    let mut files = Vec::new();
    for path in paths {
        let path = path.as_ref();
        if !path.is_dir() {
            files.push(path.to_path_buf());
            continue;
        }
        let unreadable = |error: std::io::Error| DraftError {
            path: path.to_path_buf(),
            message: format!("it can't be read: {error}"),
            hint: "check its permissions".to_owned(),
        };
        let mut of_folder = Vec::new();
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .to_lowercase();
            let bare = name.strip_suffix(".gz").unwrap_or(&name);
            let is_export = [".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson"]
                .iter()
                .any(|end| bare.ends_with(end));
            let is_book = [".xlsx", ".xls", ".ods", ".numbers"]
                .iter()
                .any(|end| bare.ends_with(end));
            if !path.is_file() || name.contains(".rejects.") || name.starts_with('.') {
                continue;
            }
            if is_export {
                of_folder.push(path);
            } else if is_book {
                draft.skip(DraftError {
                    path,
                    message: "it is a workbook, and not a CSV".to_owned(),
                    hint: "open it in the program that made it, and save it as CSV (UTF-8)"
                        .to_owned(),
                });
            }
        }
        of_folder.sort();
        files.extend(of_folder);
    }
    Ok(files)
}

/// Files whose names differ in digits alone are one export at several times: the latest counts, and
/// the pattern of all.
fn latest(files: Vec<PathBuf>) -> Vec<(PathBuf, PathBuf)> {
    let key = |path: &Path| {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let digits = name.bytes().filter(u8::is_ascii_digit).count();
        let key: String = name.chars().filter(|one| !one.is_ascii_digit()).collect();
        (path.parent().map(Path::to_path_buf), key, digits)
    };
    let mut groups: BTreeMap<_, Vec<PathBuf>> = BTreeMap::new();
    let mut order = Vec::new();
    for file in files {
        let key = key(&file);
        if !groups.contains_key(&key) {
            order.push(key.clone());
        }
        groups.entry(key).or_default().push(file);
    }
    let mut all = Vec::new();
    for key in order {
        let mut files = groups.remove(&key).unwrap_or_default();
        files.sort();
        let Some(last) = files.pop() else { continue };
        let name = last
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        // A date in the name: next month's file has another one.
        let pattern = if files.is_empty() && key.2 < 8 {
            last.clone()
        } else {
            last.with_file_name(pattern(&name))
        };
        all.push((pattern, last));
    }
    all
}

/// The name with one star for its digits and the signs between them.
fn pattern(name: &str) -> String {
    let first = name.find(|one: char| one.is_ascii_digit());
    let last = name.rfind(|one: char| one.is_ascii_digit());
    match (first, last) {
        (Some(first), Some(last)) => format!("{}*{}", &name[..first], &name[last + 1..]),
        _ => name.to_owned(),
    }
}

/// The name of a mapping: that of the file without digits and endings.
fn stem(name: &str, object_type: ObjectType) -> String {
    let stem = name.split('.').next().unwrap_or_default();
    let plain: String = slug(stem)
        .chars()
        .filter(|one| !one.is_ascii_digit())
        .collect();
    let plain: Vec<&str> = plain.split('-').filter(|part| !part.is_empty()).collect();
    if plain.is_empty() {
        object_type.file_stem().to_owned()
    } else {
        plain.join("-")
    }
}

/// The path from a folder to a file, with `/` between names.
fn relative(path: &Path, folder: &Path) -> String {
    let absolute = |path: &Path| {
        let path = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
    };
    let (path, folder) = (absolute(path), absolute(folder));
    let common = path
        .components()
        .zip(folder.components())
        .take_while(|(one, other)| one == other)
        .count();
    // Another drive.
    if common == 0 {
        return path.display().to_string();
    }
    let up = folder.components().count() - common;
    let names = path
        .components()
        .skip(common)
        .map(|name| name.as_os_str().to_string_lossy().into_owned());
    let all: Vec<String> = std::iter::repeat_n("..".to_owned(), up)
        .chain(names)
        .collect();
    all.join("/")
}
