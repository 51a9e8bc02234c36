//! The draft of a folder of exports: a mapping per file, and the sources of `gong-crm.toml`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::begin::question_of_header;
use super::document::Document;
use super::files::{Found, Group, files, groups, relative, stems};
use super::header::noun;
use super::ids::Cleaning;
use super::kinds::{Kinds, kinds};
use super::links::{
    Links, TypedFile, cleaning, links_of, name_leads, prefer_referenced_ids, unresolved,
};
use super::object_type::object_type;
use super::owners::{Owners, USERS, with_new_users};
use super::roles::{Reference, Roles};
use super::table::{DraftError, Table};
use super::toml_text::quoted;
use super::words::plain;
use crate::mapping::model::Mapping;
use crate::record::ObjectType;

/// The folder, beside `gong-crm.toml`, that mappings are drafted into.
const MAPPINGS: &str = "mappings";

/// The options of a draft.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct DraftOptions {
    /// The folder that gets `gong-crm.toml`; the paths in it are relative to this one.
    pub folder: PathBuf,
    /// The type of the rows of all files; otherwise taken from each file's name, headers and cells.
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
    /// Earlier exports of the same records, which don't count.
    pub superseded: Vec<SupersededFile>,
    /// Files that were not drafted.
    pub skipped: Vec<SkippedFile>,
    /// How many questions are open in the mappings.
    pub questions: usize,
}

/// One file of a draft.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DraftedFile {
    /// The path to write it to.
    pub path: PathBuf,
    /// Its content.
    pub text: String,
    /// How many questions it leaves open.
    pub questions: usize,
    /// The fields that no column was found for, with what follows from that.
    pub missing: Vec<String>,
}

impl DraftedFile {
    fn new(path: impl Into<PathBuf>, text: String) -> Self {
        let path = path.into();
        let is_mapping =
            path.starts_with(MAPPINGS) && path.extension().is_some_and(|end| end == "toml");
        let questions = if is_mapping {
            questions(&text)
        } else {
            // Users without addresses are one.
            usize::from(path.ends_with(USERS) && text.lines().any(|line| line.ends_with(',')))
        };
        let missing = if is_mapping {
            missing(&text)
        } else {
            Vec::new()
        };
        Self {
            path,
            text,
            questions,
            missing,
        }
    }

    /// An earlier draft of this file, which a person may have filled in, with what is new in this one;
    /// nothing where the two can't be told apart by their rows.
    #[must_use]
    pub fn merged_into(&self, earlier: &str) -> Option<String> {
        self.path
            .ends_with(USERS)
            .then(|| with_new_users(earlier, &self.text))?
    }
}

impl DraftedSource {
    /// Its table in `gong-crm.toml`.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let files = if self.files.contains('*') {
            let take = if self.is_parts { "parts" } else { "latest" };
            format!("{{ glob = {}, take = \"{take}\" }}", quoted(&self.files))
        } else {
            quoted(&self.files)
        };
        let mut text = format!("\n[sources.{}]\nfiles = {files}\n", self.object_type);
        if let Some(map) = &self.map {
            let _ = writeln!(text, "map = {}", quoted(map));
        }
        text
    }
}

/// A source of records.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DraftedSource {
    /// The type of its records.
    pub object_type: ObjectType,
    /// The file, or a pattern.
    pub files: String,
    /// Whether all files that match the pattern are used, as the parts of one export; otherwise the
    /// latest.
    pub is_parts: bool,
    /// The mapping.
    pub map: Option<String>,
    /// How many rows the file has.
    pub rows: u64,
}

/// An earlier export, by its name and its columns.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SupersededFile {
    /// The file.
    pub path: PathBuf,
    /// The file that counts in its place.
    pub by: PathBuf,
}

/// A file that was not drafted.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SkippedFile {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
    /// How to fix it.
    pub hint: String,
}

impl Mapping {
    /// Drafts the mappings of a folder of exports: which file has which records, which column is
    /// which field, how dates and numbers are written, how the files refer to each other.
    ///
    /// Everything that the exports don't say is a `todo`, which the check reports.
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
        Self::draft_with(paths, options, true)
    }

    fn draft_with(
        paths: &[impl AsRef<Path>],
        options: &DraftOptions,
        writes_users: bool,
    ) -> Result<Draft, DraftError> {
        let mut draft = Draft::default();
        let files = files(paths, &mut |error| draft.skip(error))?;
        let is_single = files.len() == 1;
        let mut typed: Vec<TypedFile> = Vec::new();
        for group in groups(files) {
            draft.add_group(group, is_single, options, &mut typed)?;
        }
        if options.object_type.is_none() {
            let mut of_lists = Vec::new();
            for parent in &typed {
                let known = typed.iter().chain(&of_lists);
                let known: Vec<ObjectType> = known.map(|file| file.object_type).collect();
                draft.add_lists(&parent.table, Some(parent), options, &known, &mut of_lists);
            }
            typed.extend(of_lists);
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
                hint: "name the folder with the exports of the CRM; folders within it are not read"
                    .to_owned(),
            });
        }
        name_leads(&mut typed);
        prefer_referenced_ids(&mut typed);
        draft.write(&typed, options, writes_users);
        Ok(draft)
    }

    /// Drafts the mapping of one file, and returns its text.
    ///
    /// # Errors
    ///
    /// [`DraftError`] if the file can't be read, is not a table, or its type is not known.
    pub fn draft_file(path: &Path, options: &DraftOptions) -> Result<String, DraftError> {
        let draft = Self::draft_with(&[path], options, false)?;
        // One file may have records of several types.
        let mappings = draft.files.into_iter().filter(|file| {
            file.path.starts_with(MAPPINGS)
                && file.path.extension().is_some_and(|end| end == "toml")
        });
        let texts: Vec<String> = mappings.map(|file| file.text).collect();
        Ok(texts.join("\n"))
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

    /// Reads the files of a group, one of each type.
    fn add_group(
        &mut self,
        group: Group,
        is_single: bool,
        options: &DraftOptions,
        typed: &mut Vec<TypedFile>,
    ) -> Result<(), DraftError> {
        let mut tables: Vec<(Table, ObjectType, Found)> = Vec::new();
        self.superseded.extend(
            group
                .superseded
                .into_iter()
                .map(|(path, by)| SupersededFile { path, by }),
        );
        for mut found in group.latest {
            let path = found.path.clone();
            let mut table = match Table::read(&path) {
                Ok(table) => table,
                Err(error) if is_single => return Err(error),
                Err(error) => {
                    self.skip(error);
                    continue;
                }
            };
            let Some(object_type) = options.object_type.or_else(|| object_type(&table)) else {
                table.read_parts(&found.parts)?;
                // Pipelines are not records of Gong, and their stages are.
                if table.lists.iter().any(|list| noun(&plain(list)).is_some()) {
                    self.add_lists(&table, None, options, &[], typed);
                    continue;
                }
                let error = DraftError {
                    path,
                    message: "neither its name nor its columns say which type its rows have"
                        .to_owned(),
                    hint: "name the type: gong-crm init --type ACCOUNT FILE".to_owned(),
                };
                if is_single {
                    return Err(error);
                }
                self.skip(error);
                continue;
            };
            // The same export, with other columns than today.
            if let Some((newer, ..)) = tables.iter().find(|(_, known, _)| *known == object_type) {
                self.superseded.push(SupersededFile {
                    path,
                    by: newer.path.clone(),
                });
                continue;
            }
            table.read_parts(&found.parts)?;
            if !table.is_json {
                let names: Vec<String> = table.columns.iter().map(|one| one.name.clone()).collect();
                found.questions.extend(question_of_header(&names));
                found.questions.extend(table.other_order.map(|line| {
                    format!(
                        "Line {line} names the columns again, in another order. Put the rows from that line on \
                         into a file of their own."
                    )
                }));
            }
            let people_or_companies = [ObjectType::Account, ObjectType::Contact, ObjectType::Lead];
            let is_open = options.object_type.is_none();
            let kinds = if is_open && people_or_companies.contains(&object_type) {
                kinds(&table)
            } else {
                None
            };
            match kinds {
                Some(Kinds::Both(both)) => {
                    for kind in both {
                        let object_type = kind.object_type;
                        let mut of_kind = Table::read_kind(&path, Some(kind))?;
                        of_kind.read_parts(&found.parts)?;
                        tables.push((of_kind, object_type, found.clone()));
                    }
                }
                other => {
                    if let Some(Kinds::Unclear(question)) = other {
                        found.questions.push(question);
                    }
                    tables.push((table, object_type, found));
                }
            }
        }
        // A pattern that fits files of several types says of none which it is.
        let mut paths: Vec<&Path> = tables
            .iter()
            .map(|(table, ..)| table.path.as_path())
            .collect();
        paths.dedup();
        let takes_pattern = group.is_dated && paths.len() == 1;
        for (table, object_type, found) in tables {
            if typed.iter().any(|known| known.object_type == object_type) {
                self.skip(DraftError {
                    path: table.path,
                    message: format!("another file already has the records of type {object_type}"),
                    hint: "if they are parts of one export, name both by a pattern with take = \"parts\"; \
                           else write a mapping for it yourself, or draft it alone: gong-crm init --print FILE"
                        .to_owned(),
                });
                continue;
            }
            let files = if takes_pattern {
                &group.pattern
            } else {
                &table.path
            };
            self.sources.push(DraftedSource {
                object_type,
                files: relative(files, &options.folder),
                is_parts: takes_pattern && !found.parts.is_empty(),
                map: None,
                rows: table.rows,
            });
            let mut roles = Roles::of(&table, object_type);
            if table.kind.is_some() {
                roles.tell_ids_apart(&table, object_type);
            }
            typed.push(TypedFile {
                reference: relative(files, &options.folder.join(MAPPINGS)),
                roles,
                table,
                object_type,
                questions: found.questions,
            });
        }
        Ok(())
    }

    /// The records that lists in the records of a file hold, such as the contacts of a company.
    fn add_lists(
        &mut self,
        table: &Table,
        parent: Option<&TypedFile>,
        options: &DraftOptions,
        known: &[ObjectType],
        typed: &mut Vec<TypedFile>,
    ) {
        let id = parent.and_then(|parent| parent.column(parent.id()?));
        for list in &table.lists {
            let Some(object_type) = noun(&plain(list)) else {
                continue;
            };
            // A deal's companies are those that it belongs to.
            let is_reference = parent.is_some_and(|parent| {
                let mut fields = parent.object_type.line_format().fields.iter();
                fields.any(|field| field.references == Some(object_type))
            });
            let is_known = known.contains(&object_type)
                || typed.iter().any(|known| known.object_type == object_type);
            if is_reference || is_known {
                continue;
            }
            let Some(items) = table.items(list, id.map(|id| id.name.as_str())) else {
                continue;
            };
            let mut roles = Roles::of(&items, object_type);
            let format = object_type.line_format();
            let to_parent = format.fields.iter().find(|field| {
                let of_parent = parent.map(|parent| parent.object_type);
                field.references.is_some() && field.references == of_parent
            });
            if let (Some(field), Some(_)) = (to_parent, id) {
                let reference = roles.references.entry(field.name).or_default();
                *reference = Reference {
                    ids: vec![0],
                    names: Vec::new(),
                };
            }
            let mut sources = self.sources.iter();
            let of_parent = parent.map(|parent| parent.object_type);
            let of_parent = sources.find(|source| Some(source.object_type) == of_parent);
            self.sources.push(DraftedSource {
                object_type,
                files: of_parent.map_or_else(
                    || relative(&table.path, &options.folder),
                    |source| source.files.clone(),
                ),
                is_parts: of_parent.is_some_and(|source| source.is_parts),
                map: None,
                rows: items.rows,
            });
            typed.push(TypedFile {
                reference: parent.map_or_else(
                    || relative(&table.path, &options.folder.join(MAPPINGS)),
                    |parent| parent.reference.clone(),
                ),
                roles,
                table: items,
                object_type,
                questions: Vec::new(),
            });
        }
    }

    fn write(&mut self, files: &[TypedFile], options: &DraftOptions, writes_users: bool) {
        let of = |object_type| files.iter().find(|file| file.object_type == object_type);
        let mut links: Vec<Links> = files.iter().map(|file| links_of(file, files)).collect();
        let users = Owners::of(files, &mut links, writes_users);
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
            .map(|target| match &users.cleaning {
                Some(of_users) if target == ObjectType::BusinessUser => (target, of_users.clone()),
                _ => (target, cleaning(files, &links, target)),
            })
            .collect();
        let has_stages = of(ObjectType::Stage).is_some();
        let stems = stems(files);
        let mut mappings = Vec::new();
        for (place, (file, links)) in files.iter().zip(&links).enumerate() {
            let is_deal = file.object_type == ObjectType::Deal;
            let has_stage = file.roles.column("stage").is_some();
            let makes_stages = is_deal && has_stage && !has_stages;
            let makes_users = users.from_emails == Some(place);
            let mut questions = file.questions.clone();
            questions.extend(unresolved(file, links, files, &cleanings));
            let document = Document {
                file,
                links,
                cleanings: &cleanings,
                zone: options.zone.as_deref(),
                questions,
                makes_stages,
                makes_users,
            };
            let name = format!("{MAPPINGS}/{}.toml", stems[place]);
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
            mappings.push(DraftedFile::new(name, text));
        }
        if let Some((csv, mapping)) = users.drafted {
            let name = format!("{MAPPINGS}/users.toml");
            self.sources.push(DraftedSource {
                object_type: ObjectType::BusinessUser,
                files: format!("{MAPPINGS}/{USERS}"),
                is_parts: false,
                map: Some(name.clone()),
                rows: csv.lines().count() as u64 - 1,
            });
            mappings.push(DraftedFile::new(name, mapping));
            mappings.push(DraftedFile::new(format!("{MAPPINGS}/{USERS}"), csv));
        }
        self.sources.sort_by_key(|source| source.object_type);
        self.questions = mappings.iter().map(|file| file.questions).sum();
        let config = DraftedFile::new("gong-crm.toml", self.config());
        self.files = std::iter::once(config).chain(mappings).collect();
    }

    /// The sources, as `gong-crm.toml` has them.
    fn config(&self) -> String {
        let mut text = "# Where the records come from. Drafted by `gong-crm init`.\n\
            # Check them: gong-crm check; send them: gong-crm push.\n\n\
            [sync]\nmax-deletions = \"5%\"\n"
            .to_owned();
        for source in &self.sources {
            text.push_str(&source.to_toml());
        }
        text
    }
}

/// The fields that a mapping says it has no column for, where something follows from that.
fn missing(text: &str) -> Vec<String> {
    let fields = text.lines().filter_map(|line| {
        let (field, rest) = line.strip_prefix("# ")?.split_once(" = \"\"  # ")?;
        let consequence = rest.strip_prefix("no column found. ")?;
        Some(format!("{field}: {}", consequence.trim_end_matches('.')))
    });
    fields.collect()
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
