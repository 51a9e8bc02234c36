//! The records received so far, sent together as sources of a sync.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gong_crm::ObjectType;
use gong_crm::check::{CheckError, FileConverter, LineSource};
use gong_crm::io::discover::CsvHandling;
use gong_crm::mapping::{Conversion, Mapping};
use gong_crm::schema::EntitySchema;
use gong_crm::source::{Read, ReadFuture, Sink, Source, SourceError};
use jiff::Timestamp;
use tempfile::TempDir;

use super::kept::Kept;
use super::streams::{Stream, file_stem, private_file};
use super::wanted::{Wanted, of_deletions};

/// How rows become records.
#[derive(Debug, Clone)]
pub(super) struct Recipe {
    pub(super) mapping: Mapping,
    pub(super) wanted: Wanted,
    pub(super) entity_schema: Option<EntitySchema>,
    /// All that decides which records come, besides the tap.
    pub(super) definition: String,
}

/// The records received so far.
#[derive(Debug)]
pub(super) struct Batch {
    /// Deleted with the batch.
    pub(super) folder: TempDir,
    pub(super) types: BTreeMap<ObjectType, BatchSource>,
    /// The rows of the streams' files: the number of each line's row.
    pub(super) rows: BTreeMap<String, Vec<u64>>,
}

/// The records of one type in a batch.
#[derive(Debug, Clone)]
pub(super) struct BatchSource {
    name: String,
    definition: String,
    pub(super) files: Vec<BatchFile>,
    as_of: Timestamp,
    is_complete: bool,
}

/// One stream, or its deletions, as records of one type.
#[derive(Debug, Clone)]
pub(super) struct BatchFile {
    name: PathBuf,
    pub(super) stream: String,
    pub(super) path: PathBuf,
    pub(super) converter: Arc<dyn FileConverter>,
    pub(super) is_deletions: bool,
}

/// Converts whatever it is given.
#[derive(Debug)]
struct Rows(Conversion);

impl FileConverter for Rows {
    fn csvs(&self) -> CsvHandling {
        CsvHandling::Mapped(None)
    }

    fn convert(
        &self,
        path: &Path,
        object_type: ObjectType,
    ) -> Result<Arc<dyn LineSource>, CheckError> {
        self.0.convert(path, object_type)
    }
}

impl Batch {
    /// Writes unsent records to separate files; of complete streams, all records.
    pub(super) fn make(
        streams: &mut BTreeMap<String, Stream>,
        recipe: &Recipe,
        kept: &mut Kept,
        directory: &Path,
        as_of: Timestamp,
        complete: &BTreeSet<ObjectType>,
    ) -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("batch-")
            .tempdir_in(directory)?;
        let mut batch = Self {
            types: BTreeMap::new(),
            rows: BTreeMap::new(),
            folder,
        };
        let folder = batch.folder.path();
        let wanted = &recipe.wanted;
        let mut deletions = BTreeSet::new();
        for (name, stream) in streams.iter_mut() {
            let mut of_stream = wanted.types.iter().filter(|(_, all)| all.contains(name));
            let is_complete = of_stream.any(|(object_type, _)| complete.contains(object_type));
            let (rows, deleted) = (rows_path(folder, name), deletions_path(folder, name));
            let unsent = stream.write_unsent(&rows, &deleted, is_complete)?;
            if unsent.deletions > 0 {
                deletions.insert(name.clone());
            }
            if wanted.is_reference(name) {
                let to = folder.join(format!("{}.json", file_stem(name)));
                kept.merge(name, &stream.schema.key, Some(&rows), &to)?;
            }
            batch.rows.insert(name.clone(), unsent.rows);
        }
        for stem in wanted.references() {
            let to = folder.join(format!("{stem}.json"));
            if !to.exists() {
                // Not in this run so far: as earlier runs left it, or empty.
                kept.copy(stem, &to)?;
            }
        }
        let lookups = lookup_files(wanted, folder);
        for (object_type, names) in &wanted.types {
            let present: Vec<&String> = names
                .iter()
                .filter(|name| streams.contains_key(*name))
                .collect();
            let has_rows = present.iter().any(|name| {
                batch.rows.get(*name).is_some_and(|rows| !rows.is_empty())
                    || deletions.contains(*name)
            });
            let is_complete = complete.contains(object_type);
            if !has_rows && !is_complete {
                continue;
            }
            let mut files = Vec::new();
            for stream in present {
                let mut file = |mapping: Mapping, path: PathBuf, is_deletions: bool| {
                    let mut conversion = Conversion::new(mapping);
                    conversion.now = Some(as_of);
                    conversion.entity_schema.clone_from(&recipe.entity_schema);
                    conversion.files.clone_from(&lookups);
                    conversion.is_appended = true;
                    let mut name = wanted.name(stream, *object_type);
                    if is_deletions {
                        name += " (deletions)";
                    }
                    files.push(BatchFile {
                        name: name.into(),
                        stream: stream.clone(),
                        path,
                        converter: Arc::new(Rows(conversion)),
                        is_deletions,
                    });
                };
                file(recipe.mapping.clone(), rows_path(folder, stream), false);
                if deletions.contains(stream)
                    && let Some(reduced) = of_deletions(&recipe.mapping, *object_type)
                {
                    file(reduced, deletions_path(folder, stream), true);
                }
            }
            batch.types.insert(
                *object_type,
                BatchSource {
                    name: names.join(", "),
                    definition: recipe.definition.clone(),
                    files,
                    as_of,
                    is_complete,
                },
            );
        }
        Ok(batch)
    }

    /// Takes rows of a stream out of the files of a type.
    pub(super) fn leave_out(
        &mut self,
        object_type: ObjectType,
        stream: &str,
        rows: &BTreeSet<u64>,
    ) -> io::Result<()> {
        let Some(source) = self.types.get_mut(&object_type) else {
            return Ok(());
        };
        let numbers = self.rows.get(stream).map_or(&[][..], Vec::as_slice);
        for file in &mut source.files {
            if file.stream != stream || file.is_deletions {
                continue;
            }
            let stem = format!("{}+{object_type}.json", file_stem(stream));
            let path = self.folder.path().join(stem);
            let text = std::fs::read(&file.path)?;
            let lines = text.split_inclusive(|byte| *byte == b'\n');
            let left = lines.zip(numbers).filter(|(_, row)| !rows.contains(row));
            let mut to = io::BufWriter::new(private_file(&path)?);
            for (line, _) in left {
                io::Write::write_all(&mut to, line)?;
            }
            io::Write::flush(&mut to)?;
            file.path = path;
        }
        Ok(())
    }
}

fn rows_path(folder: &Path, stream: &str) -> PathBuf {
    folder.join(format!("{}+rows.json", file_stem(stream)))
}

fn deletions_path(folder: &Path, stream: &str) -> PathBuf {
    folder.join(format!("{}+deletions.json", file_stem(stream)))
}

/// The files of types that others are looked up in.
fn lookup_files(wanted: &Wanted, folder: &Path) -> Vec<(ObjectType, PathBuf)> {
    let mut files = Vec::new();
    for (object_type, names) in &wanted.types {
        for name in names.iter().filter(|name| wanted.is_reference(name)) {
            let path = folder.join(format!("{}.json", file_stem(name)));
            files.push((*object_type, path));
        }
    }
    files
}

impl Source for BatchSource {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn definition(&self) -> String {
        self.definition.clone()
    }

    fn read<'a>(&'a self, sink: &'a mut Sink) -> ReadFuture<'a> {
        Box::pin(async move {
            // Converting takes long.
            let (files, mut moved) = (self.files.clone(), sink.take());
            let reading = tokio::task::spawn_blocking(move || {
                for file in &files {
                    moved.add_file_named(&file.name, &file.path, Some(&file.converter))?;
                }
                Ok::<Sink, SourceError>(moved)
            });
            *sink = reading.await.map_err(SourceError::failed)??;
            let mut read = if self.is_complete {
                Read::complete(self.as_of)
            } else {
                Read::changes(self.as_of)
            };
            read.alternates = true;
            Ok(read)
        })
    }
}
